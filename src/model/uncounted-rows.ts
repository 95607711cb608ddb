import type { Arena } from '../core/arena.js';

/**
 * Samples of weight 0 must not count, but 0 times infinity is not 0. For a backward pass, this function sets z and a of
 * their rows in hidden layers to 0 where not all numbers are finite. Returns a function that writes them back.
 * `weights` [rows].
 */
export function hideUncounted(arena: Arena, weights: Float32Array): () => void {
  const hidden: [numbers: Float32Array, kept: Float32Array][] = [];
  for (const [row, weight] of weights.entries()) {
    if (weight !== 0) continue;
    for (const { z, a, stride, units } of arena.plan.layers.slice(0, -1)) {
      for (const address of [z, a]) {
        const numbers = arena.floats(address + row * stride, units);
        if (numbers.every(Number.isFinite)) continue;
        hidden.push([numbers, numbers.slice()]);
        numbers.fill(0);
      }
    }
  }
  return () => {
    for (const [numbers, kept] of hidden) numbers.set(kept);
  };
}
