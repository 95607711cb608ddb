import { createHash } from 'node:crypto';
import type { Network } from '../src/network.js';

// A network's weights and biases, to be compared with another's.

/** Floats as their bits, so that -0 is not 0 and NaN is NaN. */
export const bits = (values: Float32Array) => new Uint32Array(values.slice().buffer);

/** FNV-1a of the words of floats, going on from the hash of others. */
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
