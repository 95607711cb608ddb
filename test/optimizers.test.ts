import { describe, expect, it } from 'vitest';
import type { Optimizer } from '../src/index.js';
import type { ReferenceNetwork } from '../src/inspection/reference.js';
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  irprop,
  lbfgs,
  lion,
  momentum,
  nadam,
  nesterov,
  rmsprop,
  sgd,
} from '../src/spec/optimizer.js';
import { expectWithin, noErrors, passErrors } from './bounds.js';
import { buildName, EPSILON, loadNetwork } from './build.js';
import { createGolden, data, golden, network, none, start, trainCore, x, y } from './optimizer-runs.js';
import { arraysOf } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';
import { type Disturb, flatten, type Optimizers, type Penalties, train } from './reference-optimizers.js';

/**
 * How far f32 may be from f64 after each step, by Monte Carlo arithmetic (Parker, 1997). The reference runs many times,
 * with each gradient disturbed within the bound of its roundings (bounds.ts), and each state, step and parameter within
 * theirs. A bound is three times the largest deviation of any parameter in these runs. No formula gives such a bound,
 * because a division by √v enlarges errors more the nearer a gradient is to 0. A mistake in an optimizer's formula
 * would exceed these bounds a thousand times.
 */
function boundsOf(optimizer: Optimizers, penalties: Penalties, steps: number): number[] {
  const random = randomNumbers(5);
  const disturb: Disturb = (value, roundings) => value * (1 + roundings * EPSILON * (2 * random() - 1));
  const exact = train(network, x, y, optimizer, penalties, steps);
  const bounds = new Array<number>(steps).fill(0);
  for (let run = 0; run < 12; run++) {
    const errors = (now: ReferenceNetwork) =>
      flatten(passErrors(now, noErrors(now), x, y).map(({ dW, db }) => ({ weights: dW, biases: db })));
    const disturbed = train(network, x, y, optimizer, penalties, steps, disturb, errors);
    for (let t = 0; t < steps; t++) {
      const deviation = Math.max(...disturbed[t].map((value, i) => Math.abs(value - exact[t][i])));
      bounds[t] = Math.max(bounds[t], 3 * deviation);
    }
  }
  return bounds;
}

function expectClose(name: string, got: Float64Array, wanted: Float64Array, bound: number): void {
  // a bound that accepts everything would prove nothing: the parameters must move by at least a hundred times the bound
  const moved = Math.max(...wanted.map((value, i) => Math.abs(value - start[i])));
  expect(bound, `${name}: bound`).toBeLessThan(moved / 100);
  expectWithin(name, got, wanted, new Float64Array(got.length).fill(bound));
}

function titleOf({ optimizer, ...rest }: { optimizer: Optimizer } & Partial<Penalties>): string {
  const { name, ...options } = optimizer;
  const penalties = (['l1', 'l2', 'penalizeBiases'] as const)
    .filter((key) => rest[key])
    .map((key) => `${key} ${rest[key]}`);
  return [name, ...Object.entries(options).map(([key, value]) => `${key} ${value}`), ...penalties].join(', ');
}

describe.each(golden.runs.map((run) => [titleOf(run), run] as const))('%s', (_title, run) => {
  const penalties = { ...none, l1: run.l1 ?? 0, l2: run.l2 ?? 0, penalizeBiases: run.penalizeBiases ?? false };

  it('the reference agrees with PyTorch', () => {
    const states = train(network, x, y, run.optimizer, penalties, 20);
    const wanted = [run.afterOneStep, run.afterFiveSteps, run.afterTwentySteps].map(flatten);
    [1, 5, 20].forEach((steps, i) => {
      // both sides are in f64, whose roundings are 2^29 times as small as those of f32; 1e-11 leaves room for other
      // orders of sums
      expectWithin(`after ${steps}`, states[steps - 1], wanted[i], new Float64Array(start.length).fill(1e-11));
    });
  });

  it('the core agrees with PyTorch over 1, 5 and 20 steps', async () => {
    const bounds = boundsOf(run.optimizer, penalties, 20);
    const wanted = { 1: run.afterOneStep, 5: run.afterFiveSteps, 20: run.afterTwentySteps };
    for (const [steps, parameters] of Object.entries(wanted)) {
      const got = await trainCore(run.optimizer, penalties, Number(steps));
      expectClose(`after ${steps}`, got, flatten(parameters), bounds[Number(steps) - 1]);
    }
  });
});

/** iRPROP+ decides by the cost and by signs. In these runs, no decision depends on a rounding. */
const turning = irprop({ learningRate: 0.75, etaPlus: 1.5, etaMinus: 0.75, stepMax: 0.5 });

const ownRuns: [string, Optimizer, Partial<Penalties>, number?][] = [
  ['lion', lion({ learningRate: 2 ** -7 }), {}],
  ['lion with weight decay', lion({ learningRate: 2 ** -7, beta1: 0.5, beta2: 0.75, weightDecay: 0.5 }), {}],
  ['lion with L2 on everything', lion({ learningRate: 2 ** -7, weightDecay: 1 }), { l2: 0.5, penalizeBiases: true }],
  ['irprop', irprop(), {}],
  ['irprop that turns often', turning, {}, 12],
  ['irprop with a smallest step', irprop({ etaPlus: 1.5, stepMin: 0.09 }), {}],
  ['irprop with a largest step', irprop({ etaPlus: 1.5, etaMinus: 0.25, stepMax: 0.5 }), {}],
  ['irprop with L1 and L2', irprop({ learningRate: 0.5 }), { l1: 0.25, l2: 0.5 }],
  ['max-norm after sgd', sgd({ learningRate: 0.5 }), { maxNorms: [0.75, 1] }],
  ['max-norm of one layer after adam', adam({ learningRate: 2 ** -5 }), { maxNorms: [0, 0.75] }],
  [
    'L1, L2, max-norm and clipping',
    momentum({ learningRate: 0.25, clipNorm: 0.5, clipValue: 0.25 }),
    { l1: 0.5, l2: 0.5, maxNorms: [1, 1] },
  ],
];

describe.each(ownRuns)('%s', (_title, optimizer, given, last = 20) => {
  it(`moves like the reference, over ${last} steps`, async () => {
    const penalties = { ...none, ...given };
    const wanted = train(network, x, y, optimizer, penalties, last);
    const bounds = boundsOf(optimizer, penalties, last);
    for (const steps of [1, 2, 5, last]) {
      expectClose(`after ${steps}`, await trainCore(optimizer, penalties, steps), wanted[steps - 1], bounds[steps - 1]);
    }
  });
});

describe('an optimizer whose numbers change keeps its moments', () => {
  const pairs: [Optimizer, Optimizer][] = [
    [nadam({ learningRate: 0.05 }), nadam({ learningRate: 0.05, beta1: 0.5, momentumDecay: 1 })],
    [adam({ learningRate: 0.05 }), adam({ learningRate: 0.02, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 })],
    [adamw({ learningRate: 0.05 }), adamw({ learningRate: 0.02, beta1: 0.5, weightDecay: 0.5 })],
    [momentum({ learningRate: 0.25 }), momentum({ learningRate: 0.125, momentum: 0.5 })],
    [nesterov({ learningRate: 0.25 }), nesterov({ learningRate: 0.125, momentum: 0.5 })],
    [adagrad({ learningRate: 0.1 }), adagrad({ learningRate: 0.2, epsilon: 0.125 })],
    [adadelta({ rho: 0.9 }), adadelta({ rho: 0.5, epsilon: 1e-3 })],
    [rmsprop({ learningRate: 0.05 }), rmsprop({ learningRate: 0.02, alpha: 0.5, epsilon: 0.125 })],
    [lion({ learningRate: 2 ** -7 }), lion({ learningRate: 2 ** -8, beta1: 0.5, beta2: 0.75, weightDecay: 0.5 })],
    [irprop(), irprop({ etaPlus: 1.5, stepMax: 0.25 })],
  ];

  it.each(pairs)('$name: its steps are those of the reference', async (before, after) => {
    const optimizers = (t: number) => (t <= 4 ? before : after);
    const wanted = train(network, x, y, optimizers, none, 9);
    const bounds = boundsOf(optimizers, none, 9);
    const net = await createGolden();
    const options = { batchSize: x.length / golden.inputs, shuffle: false };
    await net.fit(data, { ...options, epochs: 4, optimizer: before });
    expectClose('after 4', flatten(net.layers.map(arraysOf)), wanted[3], bounds[3]);
    await net.fit(data, { ...options, epochs: 5, optimizer: after });
    expectClose('after 9', flatten(net.layers.map(arraysOf)), wanted[8], bounds[8]);
  });
});

it('irprop undoes steps that have increased the cost, in the run that turns often', () => {
  const states = train(network, x, y, turning, none, 12);
  // a parameter that returns to where it was two steps before
  const returns = states
    .slice(2)
    .filter((state, t) => state.some((value, i) => Math.abs(value - states[t][i]) < 1e-12));
  expect(returns.length).toBeGreaterThan(0);
});

it('a saved network keeps its optimizer with all of its numbers', async () => {
  const net = await createGolden();
  for (const optimizer of [adamw({ clipNorm: 2 }), lbfgs({ history: 3 }), irprop()]) {
    net.optimizer = optimizer;
    expect((await loadNetwork(await net.save())).optimizer).toEqual(optimizer);
  }
});

it.skipIf(buildName === 'relaxed')('iRPROP+ learns from steps of several chunks as from steps of one', async () => {
  const random = randomNumbers(9);
  const many = 600;
  const large = {
    inputs: Float32Array.from({ length: many * golden.inputs }, () => random() - 0.5),
    targets: randomLabels(many, 3, random),
  };
  const net = await createGolden();
  const reports = [...(await net.fit(large, { epochs: 60, optimizer: irprop() }))];
  const start = await createGolden();
  expect(reports[0].cost).toBeCloseTo((await start.evaluate(large)).cost, 12);
  expect(reports[59].cost).toBeLessThan(0.99 * reports[0].cost);
});
