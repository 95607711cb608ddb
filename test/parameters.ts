import { createHash } from 'node:crypto';
import type { Network } from '../src/network.js';

// A network's weights and biases, in forms that can be compared.

/** The bits of floats, so that -0 differs from 0 and NaN equals NaN. */
export const bits = (values: Float32Array) => new Uint32Array(values.slice().buffer);

/** The FNV-1a hash of the words of floats. `hash`: the hash of earlier floats, which this one continues. */
export function hashOfWords(floats: Float32Array, hash = 2166136261): number {
  return bits(floats).reduce((h, word) => Math.imul(h ^ word, 16777619) >>> 0, hash);
}

/** Weights and biases of each layer. */
export function parametersOf({ layers }: Network): Float32Array[] {
  return layers.flatMap(({ weights, biases }) => [weights, biases]);
}

export const parameterBits = (net: Network): Uint32Array[] => parametersOf(net).map(bits);

/** The SHA-256 of all parameters. */
export function hashOf(net: Network): string {
  const hash = createHash('sha256');
  for (const values of parametersOf(net)) hash.update(values);
  return hash.digest('hex');
}
