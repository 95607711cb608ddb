import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import { Header } from '../src/core/header.js';
import { makePlan, writeTables } from '../src/core/memory-plan.js';
import { philox } from '../src/data/philox.js';
import type { NetworkOptions, Optimizer } from '../src/index.js';
import { forward, meanCost, type ReferenceLayer, type ReferenceNetwork } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
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
  numbersOf,
  rmsprop,
  sgd,
  slotsOf,
} from '../src/spec/optimizer.js';
import { checkSpec } from '../src/spec/spec.js';
import { expectWithin, noErrors, passErrors } from './bounds.js';
import { buildName, createNetwork, EPSILON, loadNetwork, randomNumbers, startKernels } from './build.js';
import { type Disturb, flatten, type Penalties, train } from './reference-optimizers.js';
import { editJson } from './saved-files.js';

type Parameters = { weights: Float64Array; biases: Float64Array };

interface Run extends Partial<Pick<Penalties, 'l1' | 'l2' | 'penalizeBiases'>> {
  optimizer: Optimizer;
  afterOneStep: Parameters[];
  afterFiveSteps: Parameters[];
  afterTwentySteps: Parameters[];
}

interface GoldenOptimizers {
  inputs: number;
  x: Float64Array;
  y: Float64Array;
  layers: ReferenceLayer[];
  runs: Run[];
  lbfgs: { l2: number; hidden: boolean; cost: number }[];
}

/** What torch.optim computed in float64: see test/golden-optimizers/generate.py. */
const golden: GoldenOptimizers = JSON.parse(
  readFileSync(new URL('./golden-optimizers/optimizers.json', import.meta.url), 'utf8'),
  (_key, value) => (Array.isArray(value) && typeof value[0] === 'number' ? Float64Array.from(value) : value),
);
const { x, y } = golden;
const rows = x.length / golden.inputs;
const data = { inputs: Float32Array.from(x), targets: Float32Array.from(y) };
const network: ReferenceNetwork = { ...golden, cost: 'binaryCrossEntropy' };
const start = flatten(network.layers);

const none: Penalties = { l1: 0, l2: 0, penalizeBiases: false, maxNorms: [0, 0] };

/** The golden network in the core. */
function createGolden(options: Partial<NetworkOptions> = {}, maxNorms: number[] = [0, 0]): Promise<Network> {
  return createNetwork({
    inputs: golden.inputs,
    layers: golden.layers.map(({ units, activation, weights, biases }, l) => ({
      units,
      activation,
      maxNorm: maxNorms[l],
      initializer: { weights: Float32Array.from(weights), biases: Float32Array.from(biases) },
    })),
    ...options,
  });
}

async function trainCore(optimizer: Optimizer, penalties: Penalties, steps: number): Promise<Float64Array> {
  const { maxNorms, ...options } = penalties;
  const net = await createGolden(options, maxNorms);
  await net.fit(data, { epochs: steps, batchSize: rows, shuffle: false, optimizer });
  return flatten(net.layers);
}

/**
 * How far f32 may be from f64 after each step, by Monte Carlo arithmetic (Parker, 1997): the reference runs again and again, with every
 * gradient disturbed within the bound of its roundings (bounds.ts) and every state, step and parameter within theirs; a bound is
 * three times the largest deviation that any parameter ever showed. No formula would do, for a division by √v carries errors as far as
 * a single gradient is near 0. A mistake in a formula is off by thousands of these.
 */
function boundsOf(optimizer: Optimizer, penalties: Penalties, steps: number): number[] {
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
  // a bound that lets anything pass proves nothing: the steps are a hundred times as large at least
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

  it('the reference does what PyTorch does', () => {
    const states = train(network, x, y, run.optimizer, penalties, 20);
    const wanted = [run.afterOneStep, run.afterFiveSteps, run.afterTwentySteps].map(flatten);
    [1, 5, 20].forEach((steps, i) => {
      // f64 on both sides: the bound of f32, 2^29 times as small, with room for other orders of sums
      expectWithin(`after ${steps}`, states[steps - 1], wanted[i], new Float64Array(start.length).fill(1e-11));
    });
  });

  it('the core does, over 1, 5 and 20 steps', async () => {
    const bounds = boundsOf(run.optimizer, penalties, 20);
    const wanted = { 1: run.afterOneStep, 5: run.afterFiveSteps, 20: run.afterTwentySteps };
    for (const [steps, parameters] of Object.entries(wanted)) {
      const got = await trainCore(run.optimizer, penalties, Number(steps));
      expectClose(`after ${steps}`, got, flatten(parameters), bounds[Number(steps) - 1]);
    }
  });
});

/** For iRPROP+, over which cost and signs decide, runs in which no decision hangs on a rounding. */
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
  it(`moves as the reference does, over ${last} steps`, async () => {
    const penalties = { ...none, ...given };
    const wanted = train(network, x, y, optimizer, penalties, last);
    const bounds = boundsOf(optimizer, penalties, last);
    for (const steps of [1, 2, 5, last]) {
      expectClose(`after ${steps}`, await trainCore(optimizer, penalties, steps), wanted[steps - 1], bounds[steps - 1]);
    }
  });
});

it('irprop takes back steps that made the cost grow, in the run that turns often', () => {
  const states = train(network, x, y, turning, none, 12);
  // a parameter that returns to where it was two steps before
  const returns = states
    .slice(2)
    .filter((state, t) => state.some((value, i) => Math.abs(value - states[t][i]) < 1e-12));
  expect(returns.length).toBeGreaterThan(0);
});

describe('the first steps of irprop', () => {
  const optimizer = irprop({ learningRate: 0.125, spread: 0.6 });
  const moved = async (seed: number, options = {}) => {
    const net = await createGolden({ seed, ...options });
    await net.fit(data, { optimizer, shuffle: false });
    return flatten(net.layers).map((value, i) => Math.abs(value - start[i]));
  };

  it('are drawn for each parameter, from the seed, around the learning rate', async () => {
    const steps = await moved(9);
    // the generator of assembly/random.ts in plain JavaScript, with a purpose of its own
    const words = Array.from({ length: steps.length }, (_, i) => philox([i >> 2, 0, abi.RANDOM_STEPS, 0], 9)[i % 4]);
    const wanted = words.map((word) => 0.125 * (1 + 0.6 * (((word + 0.5) / 2 ** 32) * 2 - 1)));
    steps.forEach((length, i) => {
      expect(Math.abs(length - wanted[i])).toBeLessThan(2 * EPSILON * (1 + Math.abs(start[i])));
    });
    expect(Math.min(...steps)).toBeGreaterThan(0.05 - 1e-6);
    expect(Math.max(...steps)).toBeLessThan(0.2 + 1e-6);
    expect(Math.max(...steps) - Math.min(...steps)).toBeGreaterThan(0.1);
    expect(await moved(9, { batchSize: 1 })).toEqual(steps);
    expect(await moved(10)).not.toEqual(steps);
  });

  it('follow the first rate of a schedule, by hand too', async () => {
    const steps = await moved(9);
    const net = await createGolden({ seed: 9 });
    net.optimizer = irprop({ learningRate: (step) => (step === 0 ? 0.125 : 9), spread: 0.6 });
    for (const count of [1, 2]) {
      net.trainBatch(data.inputs, data.targets);
      if (count === 1) expect(flatten(net.layers).map((value, i) => Math.abs(value - start[i]))).toEqual(steps);
    }
    const fitted = await createGolden({ seed: 9 });
    await fitted.fit(data, { epochs: 2, optimizer, shuffle: false });
    expect(flatten(net.layers)).toEqual(flatten(fitted.layers));
  });

  it('are drawn no second time by a network that was saved', async () => {
    const [net, other] = [await createGolden({ seed: 9 }), await createGolden({ seed: 9 })];
    await net.fit(data, { epochs: 7, optimizer });
    await other.fit(data, { epochs: 3, optimizer });
    const loaded = await loadNetwork(other.save({ training: true }));
    await loaded.fit(data, { epochs: 4, optimizer });
    expect(flatten(loaded.layers)).toEqual(flatten(net.layers));
  });
});

it.each([0, 0.6])('irprop solves XOR from at least 160 of 200 starts in 100 epochs: spread %f', async (spread) => {
  // libfann's example, of which its own RPROP solves 175
  const inputs = new Float32Array([-1, -1, -1, 1, 1, -1, 1, 1]);
  const targets = new Float32Array([-1, 1, 1, -1]);
  const layers = [3, 1].map((units) => ({ units, activation: 'tanh' as const }));
  let solved = 0;
  for (let seed = 0; seed < 200; seed++) {
    const net = await createNetwork({ inputs: 2, layers, cost: 'quadratic', seed });
    await net.fit({ inputs, targets }, { epochs: 100, optimizer: irprop({ learningRate: 0.1, spread }) });
    // half of libfann's mean squared error of 0.004
    if (net.evaluate({ inputs, targets }).cost < 0.002) solved++;
    net.dispose();
  }
  expect(solved).toBeGreaterThanOrEqual(160);
});

describe('a step', () => {
  const all: Optimizer[] = [
    sgd({ learningRate: 0.1 }),
    momentum({ learningRate: 0.1 }),
    nesterov({ learningRate: 0.1 }),
    adagrad(),
    adadelta(),
    rmsprop(),
    adam(),
    adamw(),
    nadam(),
    lion({ weightDecay: 0.5 }),
    irprop(),
  ];

  it.each(all.map((optimizer) => [optimizer.name, optimizer] as const))(
    'of %s leaves the fill lanes of the last panel 0, with every penalty',
    async (_name, optimizer) => {
      const spec = checkSpec({
        inputs: 5,
        layers: [{ units: 3, activation: 'tanh', maxNorm: 0.5 }, { units: 2 }],
        l1: 1,
        l2: 1,
        penalizeBiases: true,
      });
      const plan = makePlan(spec, 4, undefined, slotsOf(optimizer));
      const { core, memory } = await startKernels(plan.bytes);
      writeTables(memory.buffer as ArrayBuffer, spec, plan);
      const header = new Header(memory.buffer as ArrayBuffer);
      header.setOptimizer(numbersOf(optimizer));
      header.learningRate = optimizer.learningRate as number;
      header.trainingSamples = 4;
      header.clipNorm = 0.125;
      const isUsed = new Array<boolean>(plan.parameterFloats).fill(false);
      for (const { weights, biases, fanIn, units } of plan.layers) {
        for (let j = 0; j < units; j++) {
          isUsed[(biases - plan.parameters) / 4 + j] = true;
          for (let k = 0; k < fanIn; k++) isUsed[(weights - plan.parameters) / 4 + k * abi.PANEL_UNITS + j] = true;
        }
      }
      const random = randomNumbers(3);
      const w = new Float32Array(memory.buffer, plan.parameters, plan.parameterFloats);
      const g = new Float32Array(memory.buffer, plan.gradients, plan.parameterFloats);
      w.set(isUsed.map((used) => (used ? random() - 0.5 : 0)));
      const before = w.slice();
      for (let t = 0; t < 3; t++) {
        g.set(isUsed.map((used) => (used ? random() - 0.5 : 0)));
        core.applyGradients();
      }
      isUsed.forEach((used, i) => {
        if (used) expect(w[i]).not.toBe(before[i]);
        else expect(w[i]).toBe(0);
      });
    },
  );

  it('leaves the gradient as it was computed, whatever is clipped or added', async () => {
    const net = await createGolden({ l1: 1, l2: 1 }, [0.5, 0.5]);
    net.optimizer = adam({ clipNorm: 0.01, clipValue: 0.001 });
    net.forward(data.inputs);
    net.backward(data.targets);
    const before = net.layers.map(({ weightGradients, biasGradients }) => [weightGradients, biasGradients]);
    net.applyGradients();
    expect(net.layers.map(({ weightGradients, biasGradients }) => [weightGradients, biasGradients])).toEqual(before);
  });

  it('counts no number that lay where the batch lies after growth in the length of the gradient', async () => {
    const random = randomNumbers(17);
    const numbers = (count: number) => Float32Array.from({ length: count }, () => 100 * random());
    // ten outputs: 12 lanes of a row of errors are written, 16 are read
    const options: NetworkOptions = { inputs: 5, layers: [{ units: 10, activation: 'linear' }], batchSize: 1 };
    const [net, fresh] = [await createNetwork(options), await createNetwork(options)];
    const [weights] = net.layers.map((layer) => layer.weights);
    await net.fit(
      { inputs: numbers(5 * 500), targets: numbers(10 * 500) },
      { batchSize: 1, optimizer: sgd({ learningRate: 1e-9 }) },
    );
    net.layers[0].weights = weights;
    net.layers[0].biases = new Float32Array(10);
    const batch = { inputs: numbers(5 * 60), targets: numbers(10 * 60) };
    for (const each of [net, fresh]) {
      const optimizer = momentum({ learningRate: 0.1, clipNorm: 0.01 });
      await each.fit(batch, { batchSize: 60, shuffle: false, optimizer });
    }
    expect(net.layers[0].weights).toEqual(fresh.layers[0].weights);
  });

  it.each(all.map((optimizer) => [optimizer.name, optimizer] as const))(
    'of %s has the same bits through fit, trainBatch and applyGradients',
    async (_name, optimizer) => {
      const nets = await Promise.all([createGolden(), createGolden(), createGolden()]);
      const [fitted, batched, applied] = nets;
      for (const net of nets) net.optimizer = optimizer;
      await fitted.fit(data, { epochs: 5, batchSize: rows, shuffle: false });
      for (let t = 0; t < 5; t++) {
        batched.trainBatch(data.inputs, data.targets);
        applied.forward(data.inputs);
        applied.backward(data.targets);
        applied.applyGradients();
      }
      expect(flatten(batched.layers)).toEqual(flatten(fitted.layers));
      // plain descent adds its step row by row, where applyGradients has the sum
      if (optimizer.name !== 'sgd') expect(flatten(applied.layers)).toEqual(flatten(fitted.layers));
    },
  );
});

describe('moments', () => {
  const shrinking: [Optimizer, number][] = [
    [momentum({ learningRate: 0.1 }), 1],
    [nesterov({ learningRate: 0.1 }), 1],
    [rmsprop(), 1],
    [adadelta(), 2],
    [adam(), 2],
    [adamw(), 2],
    [nadam(), 2],
    [lion(), 1],
  ];

  it.each(shrinking.map(([optimizer, slots]) => [optimizer.name, optimizer, slots] as const))(
    'of %s are 0 below 1e-30, kept above, and NaN stays NaN',
    async (_name, optimizer, slots) => {
      const spec = checkSpec({ inputs: 16, layers: [{ units: 16, activation: 'linear' }] });
      const plan = makePlan(spec, 1, undefined, slots);
      const { core, memory } = await startKernels(plan.bytes);
      writeTables(memory.buffer as ArrayBuffer, spec, plan);
      const header = new Header(memory.buffer as ArrayBuffer);
      header.setOptimizer(numbersOf(optimizer));
      header.learningRate = 0.1;
      header.trainingSamples = 1;
      const state = new Float32Array(memory.buffer, plan.state, slots * plan.parameterFloats);
      const perSlot = plan.parameterFloats;
      const tried = [0, 1e-45, 1e-40, -1e-40, 1e-35, 0.9e-30, 1e-25, 1, Number.NaN];
      state.set(Float32Array.from(state, (_, i) => tried[(i % perSlot) % tried.length]));
      core.applyGradients();
      state.forEach((moment, i) => {
        const before = Math.fround(tried[(i % perSlot) % tried.length]);
        if (Number.isNaN(before)) expect(moment).toBeNaN();
        else if (Math.abs(before) < 1e-30) expect(moment).toBe(0);
        else expect(moment / before).toBeGreaterThan(0.8);
      });
    },
  );

  // steps that leave more than 0: one more where it is the next that makes it 0
  it.each<[string, Optimizer, Partial<NetworkOptions>, number]>([
    ['adamw', adamw({ learningRate: 1, weightDecay: 0.5 }), {}, 99],
    ['lion', lion({ learningRate: 1, weightDecay: 0.5 }), {}, 99],
    ['sgd with l2', sgd({ learningRate: 1 }), { l2: 0.5 }, 99],
    ['sgd with l2 and clipping', sgd({ learningRate: 1, clipNorm: 1 }), { l2: 0.5 }, 100],
    ['nesterov with l2', nesterov({ learningRate: 1, momentum: 1e-30 }), { l2: 0.5 }, 100],
  ])(
    'are not the only ones: weights that only the decay of %s moves end at 0, none as a subnormal',
    async (_, optimizer, penalties, steps) => {
      const layers: NetworkOptions['layers'] = [{ units: 3, activation: 'linear', initializer: { constant: 1 } }];
      const net = await createNetwork({ inputs: 2, layers, ...penalties });
      net.optimizer = optimizer;
      net.trainingSamples = 1;
      const halves: number[] = [];
      for (let step = 0; step < 160; step++) {
        net.trainBatch(new Float32Array(2), new Float32Array(3));
        const { weights } = net.layers[0];
        expect(new Set(weights).size).toBe(1);
        halves.push(weights[0]);
      }
      expect(halves).toEqual(halves.map((_w, step) => (step < steps ? 2 ** -(step + 1) : 0)));
    },
  );

  it.each([adam(), adamw(), nadam()])('go on past the last step that $name can count', async (optimizer) => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 2 }, { units: 1 }] });
    net.optimizer = optimizer;
    const [x, y] = [Float32Array.of(0, 1, 1, 1), Float32Array.of(1, 0)];
    net.trainBatch(x, y);
    const saved = net.save({ training: true });
    const far = await loadNetwork(
      editJson(saved, 'training', (training) => {
        training.optimizerSteps = 2 ** 32 - 3;
      }),
    );
    const costs = Array.from({ length: 6 }, () => far.trainBatch(x, y));
    expect(costs.map((cost, i) => i === 0 || cost < costs[i - 1])).not.toContain(false);
  });

  it.each([
    [1, 1],
    [3, 1],
    [300, 1],
    [1, 2],
  ])(
    'of an L2 term too small for the factor of a step in f32, at batch size %i, accumulated %i',
    async (batchSize, accumulate) => {
      const layers: NetworkOptions['layers'] = [
        { units: 1, activation: 'linear', bias: false, initializer: { constant: 1 } },
      ];
      const steps = 20_000;
      // nothing but the L2 term moves the weight: eta lambda / n from below 2^-25, where 1 - it is 1, up
      for (const decay of [2e-8, 1e-7, 1e-6, 3.8e-6]) {
        const rows = 10 * batchSize * accumulate;
        const net = await createNetwork({ inputs: 1, layers, l2: (decay * rows) / 0.5 });
        const set = { inputs: new Float32Array(rows), targets: new Float32Array(rows) };
        await net.fit(set, { batchSize, accumulate, epochs: steps / 10, optimizer: sgd({ learningRate: 0.5 }) });
        const lost = 1 - net.layers[0].weights[0];
        expect(lost / (1 - (1 - decay) ** steps)).toBeGreaterThan(0.98);
        expect(lost / (1 - (1 - decay) ** steps)).toBeLessThan(1.02);
      }
    },
  );

  it('survive a second fit, and other numbers of the same optimizer', async () => {
    const [whole, parts] = await Promise.all([createGolden(), createGolden()]);
    const options = { batchSize: rows, shuffle: false };
    await whole.fit(data, { ...options, epochs: 6, optimizer: nadam() });
    await parts.fit(data, { ...options, epochs: 3, optimizer: nadam() });
    await parts.fit(data, { ...options, epochs: 2 });
    parts.evaluate(data);
    await parts.fit(data, { ...options, epochs: 1, optimizer: nadam() });
    expect(flatten(parts.layers)).toEqual(flatten(whole.layers));
    const fresh = await createGolden();
    for (const [l, { weights, biases }] of whole.layers.entries()) Object.assign(fresh.layers[l], { weights, biases });
    await Promise.all([whole, fresh].map((net) => net.fit(data, { ...options, optimizer: nadam({ beta1: 0.5 }) })));
    expect(flatten(whole.layers)).not.toEqual(flatten(fresh.layers));
  });

  it('are gone once another optimizer has been at work, also one with as many slots', async () => {
    const [used, fresh] = await Promise.all([createGolden(), createGolden()]);
    const options = { batchSize: rows, shuffle: false };
    await used.fit(data, { ...options, epochs: 4, optimizer: adam({ learningRate: 0.1 }) });
    used.optimizer = adadelta();
    for (const [l, { weights, biases }] of used.layers.entries()) Object.assign(fresh.layers[l], { weights, biases });
    for (const net of [used, fresh]) await net.fit(data, { ...options, epochs: 3, optimizer: adam() });
    expect(flatten(used.layers)).toEqual(flatten(fresh.layers));
  });
});

describe('lbfgs', () => {
  /** The cost with the L2 term, in f64. */
  function costOf(net: Network, l2: number): number {
    const layers = net.layers.map(({ units, weights, biases }, l) => ({
      units,
      activation: l === net.layers.length - 1 ? ('sigmoid' as const) : ('tanh' as const),
      weights: Float64Array.from(weights),
      biases: Float64Array.from(biases),
    }));
    const now = { ...network, layers };
    const squares = layers.reduce((sum, { weights }) => sum + weights.reduce((s, w) => s + w * w, 0), 0);
    return meanCost(now, forward(now, x), y) + (l2 / (2 * rows)) * squares;
  }

  it.each(golden.lbfgs)('gets as low as torch.optim.LBFGS in float64: l2 $l2, hidden layer $hidden', async (wanted) => {
    const { l2, hidden, cost } = wanted;
    const single = { inputs: golden.inputs, layers: [{ units: 3, initializer: 'zeros' as const }], l2 };
    const net = await (hidden ? createGolden({ l2 }) : createNetwork(single));
    const reports = await net.fit(data, { epochs: 500, optimizer: lbfgs() });
    expect(reports.length).toBeLessThan(100);
    // at a minimum the cost is flat: it tells weights that are off by e apart by e^2 only, and f32 leaves e at about the root of EPSILON
    expect(costOf(net, l2)).toBeLessThanOrEqual(cost * (1 + 4 * EPSILON));
  });

  /** Linear regression on orthogonal columns: the Hessian is diagonal and the solution a quotient of sums. */
  const columns = [1, 1 / 2, 1 / 4].map((size, k) =>
    Array.from({ length: 8 }, (_, i) => (((i >> k) & 1) === 1 ? size : -size)),
  );
  const quadratic = {
    inputs: Float32Array.from({ length: 24 }, (_, i) => columns[i % 3][Math.floor(i / 3)]),
    targets: Float32Array.from([0.5, -1, 2, 0.25, 1.5, -0.75, 3, 1]),
  };

  it('solves a quadratic problem to rounding', async () => {
    const net = await createNetwork({ inputs: 3, layers: [{ units: 1, activation: 'linear' }], seed: 3 });
    await net.fit(quadratic, { epochs: 100, optimizer: lbfgs() });
    const sum = (values: ArrayLike<number>) => Array.from(values).reduce((s, value) => s + value, 0);
    const wanted = columns.map(
      (column) => sum(column.map((c, i) => c * quadratic.targets[i])) / sum(column.map((c) => c * c)),
    );
    const got = [...net.layers[0].weights, net.layers[0].biases[0]];
    // where the computed gradient is 0, the true one is at most its rounding error, and w off by that divided by the curvature
    const solved: ReferenceNetwork = {
      inputs: 3,
      cost: 'quadratic',
      layers: [
        {
          units: 1,
          activation: 'linear',
          weights: Float64Array.from(wanted),
          biases: Float64Array.of(sum(quadratic.targets) / 8),
        },
      ],
    };
    const [{ dW, db }] = passErrors(
      solved,
      noErrors(solved),
      Float64Array.from(quadratic.inputs),
      Float64Array.from(quadratic.targets),
    );
    const curvature = [1, 1 / 4, 1 / 16];
    expectWithin(
      'solution',
      got,
      [...wanted, sum(quadratic.targets) / 8],
      [...dW.map((error, k) => error / curvature[k]), db[0]],
    );
  });

  it('reaches the same weights from any chunking, and takes up where it was in a second fit', async () => {
    const many = 700;
    const random = randomNumbers(4);
    const large = {
      inputs: Float32Array.from({ length: many * golden.inputs }, () => random() - 0.5),
      targets: Uint8Array.from({ length: many }, () => Math.floor(random() * 3)),
    };
    const [once, twice] = await Promise.all([createGolden(), createGolden()]);
    const optimizer = lbfgs({ history: 4 });
    const reports = await once.fit(large, { epochs: 12, optimizer });
    await twice.fit(large, { epochs: 5, optimizer });
    twice.evaluate(large);
    await twice.fit(large, { epochs: 7 });
    expect(flatten(twice.layers)).toEqual(flatten(once.layers));
    // a report's cost is that before its step, on all samples
    const start = await createGolden();
    expect(reports[0].cost).toBeCloseTo(start.evaluate(large).cost, 6);
    reports.slice(1).forEach(({ cost }, i) => {
      expect(cost).toBeLessThan(reports[i].cost);
    });
  });

  it('ends at once where there is nothing to gain, and says so with one report', async () => {
    const net = await createNetwork({ inputs: 3, layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }] });
    const flat = { inputs: quadratic.inputs, targets: new Float32Array(8) };
    expect(await net.fit(flat, { epochs: 50, optimizer: lbfgs() })).toHaveLength(1);
    expect(flatten(net.layers).every((value) => value === 0)).toBe(true);
  });

  it('begins anew from weights that were set between two steps', async () => {
    const net = await createGolden({ l2: 1 });
    let previous = Number.POSITIVE_INFINITY;
    for await (const { epoch, cost } of net.train(data, { epochs: 200, optimizer: lbfgs() })) {
      if (epoch === 4) expect(cost).toBeGreaterThan(previous);
      if (epoch === 3) net.layers[0].weights = new Float32Array(24).fill(3);
      previous = cost;
    }
    const untouched = await createGolden({ l2: 1 });
    expect(costOf(net, 1)).toBeLessThan(costOf(untouched, 1));
  });

  it('puts the weights back to the last step when it is stopped within one', async () => {
    const net = await createGolden();
    const controller = new AbortController();
    let passes = 0;
    let weights: Float64Array | undefined;
    const fit = net.fit(data, {
      epochs: 50,
      batchSize: rows,
      optimizer: lbfgs(),
      signal: controller.signal,
      onEpoch: () => {
        weights = flatten(net.layers);
      },
      onBatch: () => {
        if (++passes > 6) controller.abort();
      },
    });
    await expect(fit).rejects.toThrow(/abort/);
    expect(flatten(net.layers)).toEqual(weights);
  });

  it('ends after the step in which a callback has said so once, and never has less than no time left', async () => {
    const net = await createGolden();
    net.optimizer = lbfgs();
    const left: (number | undefined)[] = [];
    const onProgress = ({ secondsLeft }: { secondsLeft?: number }) => left.push(secondsLeft);
    const reports = await net.fit(data, { epochs: 10, onProgress });
    left.push(...reports.map(({ secondsLeft }) => secondsLeft));
    expect(Math.min(...left.map(Number))).toBeGreaterThanOrEqual(0);
    let passes = 0;
    const stopped = await net.fit(data, { epochs: 10, onBatch: () => ++passes !== 1 });
    expect(stopped.map((report) => report.stopped)).toEqual(['callback']);
  });
});

describe('misuse', () => {
  const wrong: [string, () => unknown, RegExp][] = [
    [
      'momentum 1',
      () => momentum({ learningRate: 1, momentum: 1 }),
      /^momentum\.momentum: got 1, want a number from 0 to below 1$/,
    ],
    [
      'no learning rate',
      () => nesterov({} as never),
      /^nesterov\.learningRate: got undefined, want a positive number$/,
    ],
    ['learning rate 0', () => adam({ learningRate: 0 }), /^adam\.learningRate: got 0, want a positive number/],
    ['beta1 below 0', () => adam({ beta1: -0.1 }), /^adam\.beta1: got -0.1, want a number from 0 to below 1$/],
    ['beta2 NaN', () => nadam({ beta2: Number.NaN }), /^nadam\.beta2: got NaN, want/],
    ['epsilon 0', () => adagrad({ epsilon: 0 }), /^adagrad\.epsilon: got 0, want a positive number from 1e-12 to/],
    [
      'an epsilon below squares that are 0',
      () => adam({ epsilon: 1e-20 }),
      /^adam\.epsilon: got 1e-20, want a positive number from 1e-12/,
    ],
    [
      'epsilon that f32 takes for 0',
      () => rmsprop({ epsilon: 1e-50 }),
      /^rmsprop\.epsilon: got 1e-50, want a positive number from 1e-12/,
    ],
    [
      'rho "0.9"',
      () => adadelta({ rho: '0.9' as never }),
      /^adadelta\.rho: got "0.9", want a number from 0 to below 1$/,
    ],
    ['weight decay below 0', () => adamw({ weightDecay: -1 }), /^adamw\.weightDecay: got -1, want a number from 0 up$/],
    ['infinite weight decay', () => lion({ weightDecay: Infinity }), /^lion\.weightDecay: got Infinity, want/],
    [
      'weight decay of adam',
      () => adam({ weightDecay: 1 } as never),
      /^adam: got the unknown key "weightDecay", want learningRate, beta1, beta2, epsilon, clipValue, clipNorm$/,
    ],
    ['a spread of 1', () => irprop({ spread: 1 }), /^irprop\.spread: got 1, want a number from 0 to below 1$/],
    ['etaPlus 1', () => irprop({ etaPlus: 1 }), /^irprop\.etaPlus: got 1, want a number above 1$/],
    ['etaMinus 1', () => irprop({ etaMinus: 1 }), /^irprop\.etaMinus: got 1, want a number above 0 and below 1$/],
    [
      'steps the wrong way round',
      () => irprop({ stepMin: 2, stepMax: 1 }),
      /^irprop\.stepMin: got 2, want at most stepMax = 1$/,
    ],
    ['history 0', () => lbfgs({ history: 0 }), /^lbfgs\.history: got 0, want an integer from 1 to 100$/],
    ['a tolerance below 0', () => lbfgs({ tolerance: -1 }), /^lbfgs\.tolerance: got -1, want a number from 0 up$/],
    ['clipping with lbfgs', () => lbfgs({ clipNorm: 1 } as never), /^lbfgs: got the unknown key "clipNorm"/],
    ['clipNorm 0', () => sgd({ learningRate: 1, clipNorm: 0 }), /^sgd\.clipNorm: got 0, want a positive number/],
    ['clipValue -1', () => adam({ clipValue: -1 }), /^adam\.clipValue: got -1, want a positive number/],
    ['a name as options', () => adam('fast' as never), /^adam: got "fast", want an object$/],
  ];
  it.each(wrong)('refuses %s', (_name, call, message) => {
    expect(call).toThrow(message);
  });

  it('takes the defaults of PyTorch', () => {
    expect(adam()).toEqual({ name: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    expect(adamw().weightDecay).toBe(0.01);
    expect(nadam()).toMatchObject({ learningRate: 0.002, momentumDecay: 0.004 });
    expect(adagrad()).toEqual({ name: 'adagrad', learningRate: 0.01, epsilon: 1e-10 });
    expect(adadelta()).toEqual({ name: 'adadelta', learningRate: 1, rho: 0.9, epsilon: 1e-6 });
    expect(rmsprop()).toEqual({ name: 'rmsprop', learningRate: 0.01, alpha: 0.99, epsilon: 1e-8 });
    expect(irprop()).toMatchObject({ learningRate: 0.01, etaPlus: 1.2, etaMinus: 0.5, stepMin: 1e-6, stepMax: 50 });
    expect(Object.isFrozen(adam())).toBe(true);
  });

  const refused: [string, (net: Network) => unknown, RegExp][] = [
    [
      'mini-batches with irprop',
      (net) => net.fit(data, { batchSize: 8, optimizer: irprop() }),
      /^options\.batchSize: got 8, want all 9 samples for irprop, or none given$/,
    ],
    [
      'accumulated mini-batches with lbfgs',
      (net) => net.fit(data, { batchSize: 4, accumulate: 2, optimizer: lbfgs() }),
      /^options\.batchSize: got 8, want all 9 samples for lbfgs, or none given$/,
    ],
    [
      'a batch with lbfgs',
      (net) => {
        net.optimizer = lbfgs();
        net.trainBatch(data.inputs, data.targets);
      },
      /^trainBatch: got one batch with lbfgs, want fit for this optimizer$/,
    ],
    [
      'a part of the samples with irprop',
      (net) => {
        net.optimizer = irprop();
        net.trainingSamples = 10;
        net.trainBatch(data.inputs, data.targets);
      },
      /^trainBatch: got 9 rows with irprop, want all 10 \(trainingSamples\) for this optimizer$/,
    ],
    [
      'another optimizer during fit',
      (net) =>
        net.fit(data, {
          onEpoch: () => {
            net.optimizer = adam();
          },
        }),
      /^optimizer: got another one, adam, during fit, want sgd until it ends$/,
    ],
  ];
  it.each(refused)('refuses %s', async (_name, call, message) => {
    const net = await createGolden();
    await expect((async () => call(net))()).rejects.toThrow(message);
  });

  it('wants the batch again after an optimizer that takes another amount of memory', async () => {
    const net = await createGolden();
    net.forward(data.inputs);
    net.optimizer = sgd({ learningRate: 0.5 });
    net.backward(data.targets);
    net.optimizer = adam();
    expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients of the last batch, want forward/);
    expect(() => net.backward(data.targets)).toThrow(/^backward: got no forward pass/);
    expect(() => net.layers[0].z).toThrow(/z: got no batch yet/);
  });

  const unfit: [string, Partial<NetworkOptions>, RegExp][] = [
    [
      'dropout',
      { layers: [{ units: 3, dropout: 0.5 }, { units: 3 }] },
      /^layers\[0\]\.dropout: got 0.5 with lbfgs, want 0/,
    ],
    ['max-norm', { layers: [{ units: 3, maxNorm: 2 }] }, /^layers\[0\]\.maxNorm: got 2 with lbfgs, want none/],
    ['L1', { layers: [{ units: 3 }], l1: 0.5 }, /^l1: got 0.5 with lbfgs, want 0/],
  ];
  it.each(unfit)('refuses lbfgs with %s, and changes nothing', async (_name, options, message) => {
    const net = await createNetwork({ ...(options as NetworkOptions), inputs: golden.inputs });
    const before = flatten(net.layers);
    await expect(net.fit(data, { optimizer: lbfgs() })).rejects.toThrow(message);
    expect(flatten(net.layers)).toEqual(before);
    expect(net.optimizer.name).toBe('sgd');
  });
});

it('a saved network has its optimizer with all of its numbers', async () => {
  const net = await createGolden();
  for (const optimizer of [adamw({ clipNorm: 2 }), lbfgs({ history: 3 }), irprop()]) {
    net.optimizer = optimizer;
    expect((await loadNetwork(net.save())).optimizer).toEqual(optimizer);
  }
});

it.skipIf(buildName === 'relaxed')('iRPROP+ learns from steps of several chunks as from one', async () => {
  const random = randomNumbers(9);
  const many = 600;
  const large = {
    inputs: Float32Array.from({ length: many * golden.inputs }, () => random() - 0.5),
    targets: Uint8Array.from({ length: many }, () => Math.floor(random() * 3)),
  };
  const net = await createGolden();
  const reports = await net.fit(large, { epochs: 60, optimizer: irprop() });
  const start = await createGolden();
  expect(reports[0].cost).toBeCloseTo(start.evaluate(large).cost, 6);
  expect(reports[59].cost).toBeLessThan(0.99 * reports[0].cost);
});
