import { expect } from 'vitest';
import type { NetworkOptions } from '../src/index.js';
import type { LayerValues, ReferenceActivation, ReferenceCost, ReferenceNetwork } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { createNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

export const float64 = (values: ArrayLike<number>) => Float64Array.from(values);

/**
 * `net` in f64, and the values by which the core has chosen the pieces of functions with kinks. To be called after a
 * forward pass.
 */
export function referenceOf(net: Network): { network: ReferenceNetwork; at: LayerValues[] } {
  const layers = net.layers.map(arraysOf).map(({ units, activation, weights, biases }) => ({
    units,
    activation: activation as ReferenceActivation,
    weights: float64(weights),
    biases: float64(biases),
  }));
  const at = net.layers.map(arraysOf).map(({ z, a }) => ({ z: float64(z), a: float64(a) }));
  return { network: { inputs: net.inputs, layers, cost: net.cost as ReferenceCost }, at };
}

/** A network whose biases are random too, because initialisers leave them at 0. */
export async function networkOf(options: NetworkOptions, seed: number): Promise<Network> {
  const net = await createNetwork({ seed, ...options });
  const random = randomNumbers(seed);
  for (const [l, layer] of net.layers.entries()) {
    if (options.layers[l].bias !== false) layer.setBiases(layer.getBiases().map(() => random() - 0.5));
  }
  return net;
}

export const numbers = (random: () => number, count: number) =>
  Float32Array.from({ length: count }, () => 3 * random() - 1.5);

export const expectAllClose = (
  where: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  bound: (i: number) => number,
) => {
  expect(got.length, where).toBe(want.length);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= bound(i))) {
      expect.fail(`${where}[${i}]: got ${got[i]}, want ${want[i]} within ${bound(i)}`);
    }
  }
};

/** The product of a [rows × of × by] and b [rows × by × before], in f64. */
export function product(a: ArrayLike<number>, b: ArrayLike<number>, rows: number, by: number): Float64Array {
  const [of, before] = [a.length / rows / by, b.length / rows / by];
  const result = new Float64Array(rows * of * before);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < of; i++) {
      for (let k = 0; k < before; k++) {
        for (let j = 0; j < by; j++) {
          result[(r * of + i) * before + k] += a[(r * of + i) * by + j] * b[(r * by + j) * before + k];
        }
      }
    }
  }
  return result;
}
