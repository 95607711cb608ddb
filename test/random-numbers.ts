/** The seed of tests that try random cases: SIMDPROP_SEED, or 1. */
export const SEED = Number(process.env.SIMDPROP_SEED ?? 1);

/**
 * How many times as many random cases the tests of gradients try: 4 in npm run test:long, else 1. They are slow, since
 * they repeat each case for every parameter.
 */
export const TIMES = Number(process.env.SIMDPROP_TIMES ?? 1);

/** mulberry32: seeded numbers for tests, uniform in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Source = number | (() => number);

const numbersOf = (source: Source) => (typeof source === 'number' ? randomNumbers(source) : source);

/** Numbers that are uniform in [-1, 1). `source` is a seed, or a generator that is already in use. */
export function randomFloats(count: number, source: Source): Float32Array {
  const random = numbersOf(source);
  return Float32Array.from({ length: count }, () => 2 * random() - 1);
}

/** Labels from 0 to classes - 1. `source` is a seed, or a generator that is already in use. */
export function randomLabels(count: number, classes: number, source: Source): Uint8Array {
  const random = numbersOf(source);
  return Uint8Array.from({ length: count }, () => Math.floor(classes * random()));
}
