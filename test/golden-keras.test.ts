import { describe, expect, it } from 'vitest';
import type { Optimizer } from '../src/index.js';
import type { Network } from '../src/network.js';
import { adadelta, adagrad, adam, adamw, lion, nadam, nesterov, rmsprop, sgd } from '../src/spec/optimizer.js';
import { exponential } from '../src/spec/schedule.js';
import { createNetwork } from './build.js';

// Expected values from Keras' tests of its own optimizers, which have four digits: keras/src/optimizers/*_test.py and
// schedules/learning_rate_schedule_test.py (keras-team/keras, Apache License 2.0, version 3). Where Keras' definition
// of a rule differs from ours, which is that of PyTorch, the translation is written beside it.

/**
 * Keras' own tolerance is 5e-4 + 5e-4 |wanted|. Here, the tolerance is half a unit of the last of four digits, plus
 * 1e-6 for the roundings of f32. In each of six steps, a dozen roundings of 2^-24 change numbers below 2: by 2^-24 * 12
 * * 6 * 2 < 1e-5, if all went the same way. They go both ways, so a tenth is enough.
 */
const FOUR_DIGITS = 5e-5 + 1e-6;

function expectRow(name: string, got: ArrayLike<number>, wanted: readonly number[], bound: number): void {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i] - value), `${name}, weight ${i}: got ${got[i]}, want ${value}`).toBeLessThanOrEqual(bound);
  });
}

/** A network whose gradient is its input: one linear unit without a bias, and its output as the cost. */
function weightsAlone(weights: readonly number[]): Promise<Network> {
  return createNetwork({
    inputs: weights.length,
    bias: false,
    layers: [{ units: 1, activation: 'linear', initializer: { weights: Float32Array.from(weights) } }],
    cost: {
      value: (a) => a[0],
      gradient: (_a, _y, out) => {
        out[0] = 1;
      },
    },
  });
}

const none = Float32Array.of(0);
const stepAlong = (net: Network, gradient: ArrayLike<number>) => net.trainBatch(Float32Array.from(gradient), none);

/** The gradients: 0.01 for every weight in the first step, then 0.1, 0.2, ... 1. */
const FIRST = new Array<number>(10).fill(0.01);
const NEXT = FIRST.map((_, i) => (i + 1) / 10);
const same = (values: readonly number[]) => values.map((value) => new Array<number>(10).fill(value));

/** Keras adds epsilon to sqrt(v) before the correction of v, so our epsilon is its epsilon / sqrt(1 - beta2^t). */
const kerasEpsilon = (epsilon: number, t: number, beta2 = 0.999) => epsilon / Math.sqrt(1 - beta2 ** t);

interface Golden {
  name: string;
  /** The optimizer of step t = 1, 2, ... */
  at: (t: number) => Optimizer;
  /** Called before the first step. */
  prepare?: (net: Network) => void;
  rows: readonly (readonly number[])[];
  /** The tolerance, in place of FOUR_DIGITS. */
  tolerance?: number;
}

/**
 * Keras' sum of squares does not start at 0. Here, one step at a rate of nearly 0 sets it: its gradient is the root of
 * the sum.
 */
const startAdagrad = (sum: number, count: number) => (net: Network) => {
  net.optimizer = adagrad({ learningRate: 1e-30 });
  stepAlong(net, new Array<number>(count).fill(Math.sqrt(sum)));
};

const golden: Golden[] = [
  {
    name: 'Nadam, whose momentum grows with 0.96^t: momentumDecay 1',
    at: () => nadam({ learningRate: 0.5, beta1: 0.5, beta2: 0.67, epsilon: 1e-5, momentumDecay: 1 }),
    rows: [
      new Array<number>(10).fill(0.4281),
      [-0.1738, -0.1731, -0.1726, -0.1723, -0.1721, -0.172, -0.1719, -0.1718, -0.1718, -0.1717],
      [-0.7115, -0.7103, -0.7096, -0.7092, -0.709, -0.7088, -0.7086, -0.7085, -0.7085, -0.7084],
      [-1.2335, -1.2322, -1.2313, -1.2309, -1.2306, -1.2304, -1.2302, -1.2301, -1.23, -1.2299],
      [-1.7492, -1.7478, -1.7469, -1.7464, -1.7461, -1.7459, -1.7457, -1.7456, -1.7455, -1.7454],
    ],
  },
  {
    name: 'AdamW, with an epsilon of 2 added before the correction',
    at: (t) => adamw({ learningRate: 1, weightDecay: 0.5, epsilon: kerasEpsilon(2, t) }),
    rows: [
      new Array<number>(10).fill(0.4998),
      [0.2486, 0.2475, 0.2463, 0.2451, 0.244, 0.2428, 0.2417, 0.2405, 0.2394, 0.2382],
      [0.1223, 0.1198, 0.1174, 0.1149, 0.1124, 0.11, 0.1075, 0.1051, 0.1027, 0.1003],
      [0.0586, 0.0549, 0.0512, 0.0475, 0.0439, 0.0402, 0.0366, 0.033, 0.0294, 0.0258],
      [0.0263, 0.0215, 0.0167, 0.012, 0.0073, 0.0026, -0.0021, -0.0067, -0.0113, -0.0159],
    ],
  },
  {
    name: 'Adagrad, whose sum of squares starts at 0.3',
    // Keras takes sqrt(v + 1e-6), which differs by less than 2e-6 of the value, since v >= 0.3
    at: () => adagrad({ learningRate: 0.2 }),
    prepare: startAdagrad(0.3, 10),
    rows: [
      new Array<number>(10).fill(0.9963),
      [0.9604, 0.9278, 0.9003, 0.8784, 0.8615, 0.8487, 0.8388, 0.8313, 0.8255, 0.8209],
      [0.9251, 0.8629, 0.8137, 0.7768, 0.7497, 0.7298, 0.7151, 0.704, 0.6956, 0.6891],
      [0.8903, 0.8012, 0.7342, 0.6862, 0.6521, 0.6277, 0.6099, 0.5967, 0.5867, 0.579],
      [0.856, 0.7422, 0.6604, 0.6037, 0.5644, 0.5367, 0.5168, 0.5021, 0.491, 0.4825],
    ],
  },
  {
    name: 'Adadelta',
    at: () => adadelta({ learningRate: 1, rho: 0.8, epsilon: 1e-6 }),
    rows: same([0.9978, 0.9947, 0.9915, 0.9882, 0.9849]),
  },
  {
    name: 'Adam with AMSGrad, which makes no difference while v grows',
    at: (t) => adam({ learningRate: 1e-3, epsilon: kerasEpsilon(1e-7, t) }),
    // Keras' own tolerance: its rows are up to 1e-4 away from its rule, which gives 0.9973 after the third step
    tolerance: 5e-4,
    rows: same([0.999, 0.9982, 0.9974, 0.9965, 0.9955]),
  },
  {
    name: 'Lion, at its default rate of 0.001',
    at: () => lion({ learningRate: 1e-3 }),
    rows: same([0.999, 0.998, 0.997, 0.996, 0.995]),
  },
  {
    name: 'SGD with Nesterov, at its default momentum of 0',
    at: () => nesterov({ learningRate: 0.01, momentum: 0 }),
    rows: [0, 1, 2, 3, 4].map((steps) => NEXT.map((g) => 0.9999 - 0.01 * g * steps)),
  },
];

describe.each(golden)('$name', ({ at, prepare, rows, tolerance = FOUR_DIGITS }) => {
  it('follows Keras step by step', async () => {
    const net = await weightsAlone(new Array<number>(10).fill(1));
    prepare?.(net);
    for (const [i, row] of rows.entries()) {
      net.optimizer = at(i + 1);
      stepAlong(net, i === 0 ? FIRST : NEXT);
      expectRow(`step ${i + 1}`, net.layers[0].getWeights(), row, tolerance);
    }
  });
});

/** One step from the weights 1, 2, 3, 4 with the gradients 1, 6, 7, 2 at the rate 1/2. */
const singles: Omit<Golden, 'name'>[] = [
  { at: () => sgd({ learningRate: 0.5 }), rows: [[0.5, -1, -0.5, 3]] },
  { at: () => adam({ learningRate: 0.5 }), rows: [[0.5, 1.5, 2.5, 3.5]] },
  { at: () => adamw({ learningRate: 0.5, weightDecay: 0.004 }), rows: [[0.498, 1.496, 2.494, 3.492]] },
  { at: () => nadam({ learningRate: 0.5, momentumDecay: 1 }), rows: [[0.4686, 1.4686, 2.4686, 3.4686]] },
  { at: () => rmsprop({ learningRate: 0.5, alpha: 0.9 }), rows: [[-0.5811, 0.4189, 1.4189, 2.4189]] },
  {
    at: () => adagrad({ learningRate: 0.5 }),
    prepare: startAdagrad(0.1, 4),
    rows: [[0.5233, 1.5007, 2.5005, 3.5061]],
  },
  {
    at: () => adadelta({ learningRate: 0.5, rho: 0.95, epsilon: 1e-7 }),
    rows: [[0.9993, 1.9993, 2.9993, 3.9993]],
  },
  { at: () => lion({ learningRate: 0.5 }), rows: [[0.5, 1.5, 2.5, 3.5]] },
];

it.each(singles.map((single) => [single.at(1).name, single] as const))(
  '%s: a single step',
  async (name, { at, prepare, rows }) => {
    const net = await weightsAlone([1, 2, 3, 4]);
    prepare?.(net);
    net.optimizer = at(1);
    stepAlong(net, [1, 6, 7, 2]);
    expectRow(name, net.layers[0].getWeights(), rows[0], FOUR_DIGITS);
  },
);

it('weight decay alone, in three steps with the gradient 0, to 6 decimals', async () => {
  const net = await weightsAlone([2]);
  net.optimizer = adamw({ learningRate: 1, weightDecay: 0.004 });
  for (let t = 0; t < 3; t++) stepAlong(net, [0]);
  // the tolerance of numpy's assert_almost_equal: 1.5 units of the last of 6 decimals
  expect(Math.abs(net.layers[0].getWeights()[0] - 1.9760959)).toBeLessThan(1.5e-6);
});

it('fit with a schedule has the costs of Keras in each epoch, within its tolerance of 5e-5', async () => {
  const numbers = Float32Array.from({ length: 32 }, (_, i) => i);
  const ones = { weights: new Float32Array(4).fill(1), biases: new Float32Array(2).fill(1) };
  const net = await createNetwork({
    inputs: 2,
    // Keras' mean of (a - y)^2 over two outputs is the quadratic cost
    layers: [{ units: 2, activation: 'linear', initializer: ones }],
    cost: 'quadratic',
  });
  const learningRate = exponential({ initial: 0.05, factor: 0.9, steps: 1 });
  const history = await net.fit(
    { inputs: numbers, targets: numbers },
    // correcting epsilon for t would change these costs by less than 1e-6, because gradients are 2 or more
    { epochs: 3, batchSize: 4, shuffle: false, optimizer: adam({ learningRate, epsilon: 1e-7 }) },
  );
  const wanted = [230.79457092285156, 128.30319213867188, 79.33648681640625];
  expect(net.steps).toBe(12);
  history.column('cost').forEach((cost, epoch) => {
    expect(Math.abs(cost / wanted[epoch] - 1), `epoch ${epoch}: cost ${cost}`).toBeLessThanOrEqual(5e-5);
  });
  expect(history).toHaveLength(3);
});
