// The random numbers of assembly/random.ts, Philox4x32-10 (Salmon et al., 2011), for the few that are drawn without a
// core: those that choose the samples to hold back.

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** The upper 32 bits of a b, where a and b have 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const low = (a >>> 16) * (b & 0xffff) + (((a & 0xffff) * (b & 0xffff)) >>> 16);
  const high = (a & 0xffff) * (b >>> 16) + (low % 2 ** 16);
  return ((a >>> 16) * (b >>> 16) + Math.floor(low / 2 ** 16) + Math.floor(high / 2 ** 16)) >>> 0;
}

/** The four 32-bit words of one block of random numbers. */
export function philox(counter: readonly [number, number, number, number], seed: number): number[] {
  let [c0, c1, c2, c3] = counter;
  let k0 = seed % 2 ** 32;
  let k1 = Math.floor(seed / 2 ** 32);
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * A random permutation of 0 ... count - 1 (Fisher and Yates). It is the one that the core's `shuffle` draws for an
 * equal seed, purpose and stream.
 */
export function permutation(count: number, seed: number, purpose: number, stream: number): Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let block: number[] = [];
  for (let i = count - 1, drawn = 0; i > 0; i--, drawn++) {
    if (drawn % 4 === 0) block = philox([drawn / 4, stream, purpose, 0], seed);
    const j = multiplyHigh(block[drawn % 4], i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
