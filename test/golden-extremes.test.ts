import { describe, expect, test } from 'vitest';
import { createNetwork, EPSILON } from './build.js';

// Outputs whose exponentials exceed the range of f32, and even of f64. Costs, activations and deltas are exact
// nevertheless.

/** Two samples, whose inputs are the logits themselves. */
const logitsAsInputs = () =>
  createNetwork({
    inputs: 1,
    layers: [{ units: 1, initializer: { weights: Float32Array.of(1) } }],
    cost: 'binaryCrossEntropy',
  });

/** The core's exponentials are at least e^-87.3 = 1.22e-38 (test/bounds.ts), which counts as 0 in f32. */
const SMALLEST = 1.3e-38;

function expectValues(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i] - value), `${i}: got ${got[i]}, want ${value}`).toBeLessThanOrEqual(SMALLEST);
  });
}

describe('binary cross-entropy of logits of ±1e9 beside ±1e-9', () => {
  // optax/losses/_classification_test.py (google-deepmind/optax, Apache License 2.0), to its rtol of 1e-6
  const HALF_LN_2 = 0.3465736;
  const cases: [number[], number[], number][] = [
    [[-1e9, -1e-9], [1, 0], 5e8],
    [[-1e9, -1e-9], [0, 1], HALF_LN_2],
    [[1e9, 1e-9], [1, 0], HALF_LN_2],
    [[1e9, 1e-9], [0, 1], 5e8],
    [[-1e9, 1e-9], [1, 0], 5e8],
    [[-1e9, 1e-9], [0, 1], HALF_LN_2],
    [[1e9, -1e-9], [1, 0], HALF_LN_2],
    [[1e9, -1e-9], [0, 1], 5e8],
    [[0, 0], [1, 0], Math.LN2],
    [[0, 0], [0, 1], Math.LN2],
  ];

  test.each(cases)('logits %j, targets %j: %d', async (logits, targets, wanted) => {
    const net = await logitsAsInputs();
    const [inputs, y] = [Float32Array.from(logits), Float32Array.from(targets)];
    const evaluated = (await net.evaluate({ inputs, targets: y })).cost;
    net.forward(inputs);
    for (const cost of [evaluated, net.backward(y)]) {
      expect(Math.abs(cost / wanted - 1), `cost ${cost}`).toBeLessThanOrEqual(1e-6);
    }
    // delta is a - y. A logit of 1e-9 is too small to move a sigmoid in f32 away from 1/2
    const a = logits.map((z) => (z > 1 ? 1 : z < -1 ? 0 : 0.5));
    expectValues(
      net.layers[0].getDelta(),
      a.map((value, i) => value - targets[i]),
    );
  });

  test('a step from there is finite, and as long as the inputs make it', async () => {
    const net = await logitsAsInputs();
    net.optimizer = { name: 'sgd', learningRate: 2 ** -30 };
    expect(net.trainBatch(Float32Array.of(1e9), Float32Array.of(0))).toBe(1e9);
    // w - eta delta x, with delta 1
    expect(net.layers[0].getWeights()[0]).toBe(Math.fround(1 - 2 ** -30 * 1e9));
  });
});

describe('softmax of ±1000', () => {
  const cases: [number[], number[]][] = [
    [
      [1000, 1000],
      [0.5, 0.5],
    ],
    [
      [-1000, -1000],
      [0.5, 0.5],
    ],
    [
      [1000, -1000],
      [1, 0],
    ],
    [
      [-1000, 1000, 1000, -1000],
      [0, 0.5, 0.5, 0],
    ],
    [
      [1000, 0, -1000, -1000, 0],
      [1, 0, 0, 0, 0],
    ],
    [
      [-1000, 0, -1000],
      [0, 1, 0],
    ],
  ];

  test.each(cases)('z = %j: a = %j', async (z, wanted) => {
    const net = await createNetwork({
      inputs: 1,
      layers: [
        {
          units: z.length,
          activation: 'softmax',
          initializer: { weights: new Float32Array(z.length), biases: Float32Array.from(z) },
        },
      ],
    });
    expectValues(net.predict(Float32Array.of(0)), wanted);
    // the cost of every class is ln Σ exp(z_k - z), which is exact even if a has underflowed
    const largest = Math.max(...z);
    const ties = z.filter((value) => value === largest).length;
    for (let label = 0; label < z.length; label++) {
      const cost = largest - z[label] + Math.log(ties);
      const got = (await net.evaluate({ inputs: Float32Array.of(0), targets: Uint8Array.of(label) })).cost;
      // the sum of three numbers, each rounded once, and ln within 2 ulp
      expect(Math.abs(got - cost), `class ${label}: cost ${got}`).toBeLessThanOrEqual(4 * EPSILON * Math.abs(cost));
      net.forward(Float32Array.of(0));
      net.backward(Uint8Array.of(label));
      expectValues(
        net.layers[0].getDelta(),
        wanted.map((a, k) => a - (k === label ? 1 : 0)),
      );
    }
  });
});
