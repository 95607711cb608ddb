import { describe, expect, it } from 'vitest';
import type { Activation, CustomCost, NetworkOptions } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

// A sample of weight 0 counts nowhere, as if it had not been given, even if its numbers overflow.

const random = randomNumbers(4);
const ROWS = 7;
const x = randomFloats(3 * ROWS, random);
/** Rows 2 and 5 overflow in every layer, and have no weight. */
const huge = x.slice();
for (const row of [2, 5]) huge.set([3e38, -3e38, 3e38], 3 * row);
const weights = Float32Array.of(1, 0.5, 0, 2, 1, 0, 3);
const kept = [0, 1, 3, 4, 6];
const pick = (values: Float32Array, width: number) =>
  Float32Array.from(kept.flatMap((row) => Array.from(values.subarray(row * width, (row + 1) * width))));

const squares: CustomCost = {
  value: (a, y) => a.reduce((sum, value, k) => sum + (value - y[k]) ** 2, 0),
  gradient: (a, y, out) => {
    for (let k = 0; k < a.length; k++) out[k] = 2 * (a[k] - y[k]);
  },
};

const hidden: (Activation | readonly Activation[])[] = [
  'linear', 'relu', 'tanh', 'sigmoid', 'gelu', 'silu', 'mish', 'softplus', 'elu', 'prelu',
  ['linear', 'tanh', 'prelu', 'gelu'],
]; // biome-ignore format: a list
const costs: [NonNullable<NetworkOptions['cost']>, Activation][] = [
  ['quadratic', 'linear'],
  ['quadratic', 'prelu'],
  ['meanAbsoluteError', 'tanh'],
  [{ name: 'huber', delta: 1 }, 'relu'],
  ['binaryCrossEntropy', 'sigmoid'],
  ['categoricalCrossEntropy', 'softmax'],
  ['poisson', 'softplus'],
  [squares, 'linear'],
];

/** Cost and gradients of a backward pass. */
function backwardOf(net: Network, inputs: Float32Array, targets: Float32Array, w?: Float32Array) {
  net.forward(inputs);
  const cost = net.backward(targets, w);
  return { cost, gradients: net.layers.map(arraysOf).map(({ weightGradients, biasGradients }) => [weightGradients, biasGradients]) }; // biome-ignore format: one idea
}

describe('backward counts no row of weight 0 whose numbers overflow', () => {
  it.each(hidden.flatMap((activation) => costs.map(([cost, output]) => ({ activation, cost, output }))))(
    'hidden $activation, $output under $cost',
    async ({ activation, cost, output }) => {
      const options: NetworkOptions = {
        inputs: 3,
        layers: [
          { units: 4, activation: activation as Activation },
          { units: 4, activation: activation as Activation },
          { units: 2, activation: output },
        ],
        cost,
        seed: 2,
      };
      const [net, other] = [await createNetwork(options), await createNetwork(options)];
      const targets = Float32Array.from({ length: 2 * ROWS }, (_, i) => Number((i >> 1) % 2 === i % 2));
      const got = backwardOf(net, huge, targets, weights);
      const z = net.layers.map((layer) => layer.getZ());
      expect(z[0].subarray(8, 12).every(Number.isFinite)).toBe(false);
      expect(got).toEqual(backwardOf(other, pick(huge, 3), pick(targets, 2), pick(weights, 1)));
      for (const layer of net.layers) {
        const delta = layer.getDelta();
        for (const row of [2, 5]) {
          expect(delta.subarray(row * layer.units, (row + 1) * layer.units).every((value) => value === 0)).toBe(true);
        }
      }
      // the numbers that overflowed can still be read
      net.forward(huge);
      expect(z).toEqual(net.layers.map((layer) => layer.getZ()));
    },
  );

  it('nor one whose cost alone overflows', async () => {
    const options: NetworkOptions = { inputs: 3, layers: [{ units: 2, activation: 'linear' }], cost: 'quadratic' };
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const targets = new Float32Array(2 * ROWS);
    targets[4] = 3e38;
    expect(backwardOf(net, x, targets, weights)).toEqual(
      backwardOf(other, pick(x, 3), pick(targets, 2), pick(weights, 1)),
    );
  });

  it("and a cost of one's own is not called for it", async () => {
    let calls = 0;
    const cost: CustomCost = {
      value: (a, y) => {
        calls++;
        return squares.value(a, y);
      },
      gradient: (a, y, out) => {
        calls++;
        squares.gradient(a, y, out);
      },
    };
    const net = await createNetwork({ inputs: 3, layers: [{ units: 2 }], cost });
    backwardOf(net, x, new Float32Array(2 * ROWS), weights);
    expect(calls).toBe(2 * kept.length);
  });

  it('if that cost throws, z and a are those of forward', async () => {
    let fails = true;
    const cost: CustomCost = {
      value: (a, y) => {
        if (fails) throw new Error('mine');
        return squares.value(a, y);
      },
      gradient: squares.gradient,
    };
    const net = await createNetwork({ inputs: 3, layers: [{ units: 4 }, { units: 2 }], cost });
    net.forward(huge);
    const before = net.layers.map((layer) => layer.getZ());
    expect(() => net.backward(new Float32Array(2 * ROWS), weights)).toThrow('mine');
    expect(net.layers.map((layer) => layer.getZ())).toEqual(before);
    fails = false;
    expect(net.backward(new Float32Array(2 * ROWS), weights)).toBeLessThan(100);
  });
});
