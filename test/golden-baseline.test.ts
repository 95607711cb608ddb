import { describe, expect, it } from 'vitest';
import type { Optimizer } from '../src/index.js';
import { adagrad, adam, momentum, nesterov, rmsprop, sgd } from '../src/spec/optimizer.js';
import { inverseTime } from '../src/spec/schedule.js';
import { expectWithin } from './bounds.js';
import { createNetwork, EPSILON } from './build.js';
import { arraysOf } from './parameters.js';
import { readGolden } from './read-golden.js';
import { flatten } from './reference-optimizers.js';

// The eleven of PyTorch's C++ optimizer tests whose optimizers this library has, over all of their 1,001 steps. The
// last row is compared with PyTorch's header, and every row with torch.optim from the same start
// (test/golden-baseline/generate.py).

interface Baseline {
  samples: Float64Array;
  weights: Float64Array;
  afterSteps: Float64Array;
  runs: Record<string, Float64Array[]>;
}

const golden = readGolden<Baseline>('golden-baseline/baseline.json');
const published = readGolden<Record<string, Float64Array>>('golden-baseline/published.json');
const SAMPLES = 3;

/**
 * PyTorch's weight decay is the gradient of the L2 term for one sample; here, l2 is divided by the number of samples.
 */
const decay = (weightDecay: number) => SAMPLES * weightDecay;

const runs: [name: string, optimizer: Optimizer, l2: number][] = [
  ['Adam', adam({ learningRate: 1 }), 0],
  ['Adam_with_weight_decay', adam({ learningRate: 1 }), decay(1e-2)],
  ['Adagrad', adagrad({ learningRate: 1 }), 0],
  ['Adagrad_with_weight_decay', adagrad({ learningRate: 1 }), decay(1e-2)],
  [
    'Adagrad_with_weight_decay_and_lr_decay',
    adagrad({ learningRate: inverseTime({ initial: 1, decay: 1e-3, steps: 1 }) }),
    decay(1e-6),
  ],
  ['RMSprop', rmsprop({ learningRate: 0.1 }), 0],
  ['RMSprop_with_weight_decay', rmsprop({ learningRate: 0.1 }), decay(1e-2)],
  ['SGD', sgd({ learningRate: 0.1 }), 0],
  ['SGD_with_weight_decay', sgd({ learningRate: 0.1 }), decay(1e-2)],
  ['SGD_with_weight_decay_and_momentum', momentum({ learningRate: 0.1 }), decay(1e-2)],
  ['SGD_with_weight_decay_and_nesterov_momentum', nesterov({ learningRate: 0.1 }), decay(1e-6)],
];

it('covers every run of the golden file', () => {
  expect(runs.map(([name]) => name)).toEqual(Object.keys(golden.runs));
  expect(golden.afterSteps.at(-1)).toBe(1001);
});

/** The parameters after each of golden.afterSteps. */
async function train(optimizer: Optimizer, l2: number): Promise<Float64Array[]> {
  const start = Float32Array.from(golden.weights);
  const net = await createNetwork({
    inputs: 2,
    layers: [
      { units: 3, initializer: { weights: start.slice(0, 6), biases: start.slice(6, 9) } },
      { units: 1, initializer: { weights: start.slice(9, 12), biases: start.slice(12) } },
    ],
    l2,
    penalizeBiases: true,
    // the cost of a sample is the sum of its outputs, as in PyTorch's test
    cost: {
      value: (a) => SAMPLES * a[0],
      gradient: (_a, _y, out) => {
        out[0] = SAMPLES;
      },
    },
  });
  const data = { inputs: Float32Array.from(golden.samples), targets: new Float32Array(SAMPLES) };
  const rows: Float64Array[] = [];
  for (const step of golden.afterSteps) {
    await net.fit(data, { epochs: step - net.steps, batchSize: SAMPLES, shuffle: false, optimizer });
    rows.push(flatten(net.layers.map(arraysOf)));
  }
  return rows;
}

/**
 * The tolerance of PyTorch's test, which starts from weights of four digits, while the header's rows start from all
 * digits.
 */
const fromFourDigits = (w: number) => 5e-4 + 1e-3 * Math.abs(w);

/**
 * f32 against f64: each step rounds a parameter once and its move a few times, by at most 4 units of 2^-24 of 1 + |w|.
 * Roundings go both ways, so the error of n steps grows like √n. This holds if the rule does not drive neighbouring
 * paths apart. RMSprop with weight decay does so: at the minimum, its steps stay as long as its rate, on whichever side
 * it is.
 */
const bound = (name: string, steps: number, w: number) =>
  name === 'RMSprop_with_weight_decay' && steps > 1
    ? fromFourDigits(w)
    : 4 * Math.sqrt(steps) * EPSILON * (1 + Math.abs(w));

describe.each(runs)('%s', (name, optimizer, l2) => {
  it('follows torch.optim in every step, and ends after 1,001 steps where PyTorch says', async () => {
    const rows = await train(optimizer, l2);
    for (const [i, wanted] of golden.runs[name].entries()) {
      const bounds = wanted.map((w) => bound(name, golden.afterSteps[i], w));
      expectWithin(`after ${golden.afterSteps[i]} steps`, rows[i], wanted, bounds);
    }
    expectWithin('in the header', rows[rows.length - 1], published[name], published[name].map(fromFourDigits));
  });
});
