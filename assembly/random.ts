import { HEADER, RANDOM_BLOCK, SEED_HIGH, SEED_LOW } from './abi';
import { log } from './math';

// Random numbers by Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). Every number is
// a function of (seed, purpose, stream, index), so nothing depends on what was drawn before.

const MULTIPLIER_0: u64 = 0xd2511f53;
const MULTIPLIER_1: u64 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;

/** target [4 words] = the block of random words of the counter c0 to c3 under the key k0, k1. */
export function philox(target: usize, c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void {
  for (let round = 0; round < 10; ++round) {
    const p0 = MULTIPLIER_0 * <u64>c0;
    const p1 = MULTIPLIER_1 * <u64>c2;
    c0 = <u32>(p1 >> 32) ^ c1 ^ k0;
    c1 = <u32>p1;
    c2 = <u32>(p0 >> 32) ^ c3 ^ k1;
    c3 = <u32>p0;
    k0 += WEYL_0;
    k1 += WEYL_1;
  }
  store<u32>(target, c0);
  store<u32>(target, c1, 4);
  store<u32>(target, c2, 8);
  store<u32>(target, c3, 12);
}

/**
 * Word number `index` of the stream (purpose, stream) under the network's seed, uniform in 32 bits. Indices must ascend
 * by 1.
 */
function randomWord(purpose: u32, stream: u32, index: u32): u32 {
  const block = <usize>load<u32>(HEADER, RANDOM_BLOCK);
  // a block has four words, so every fourth index needs a new block
  if (!(index & 3)) {
    philox(block, index >> 2, stream, purpose, 0, load<u32>(HEADER, SEED_LOW), load<u32>(HEADER, SEED_HIGH));
  }
  return load<u32>(block + ((<usize>index & 3) << 2));
}

/** A random word as a number in (0, 1), symmetric about 1/2. */
function unit(word: u32): f64 {
  return (<f64>word + 0.5) * 2.3283064365386963e-10;
}

/**
 * The standard normal quantile of p in (0, 1), to 7 digits: algorithm AS 241, PPND7 (M. J. Wichura, Applied Statistics
 * 37, 1988). It makes one normal number from one uniform number, without rejection, as random numbers from counters
 * require.
 */
export function normalQuantile(p: f64): f64 {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    );
  }
  const tail = q < 0 ? p : 1 - p;
  let r = Math.sqrt(-(<f64>f32x4.extract_lane(log(f32x4.splat(<f32>tail)), 0)));
  let x: f64;
  if (r <= 5) {
    r -= 1.6;
    x =
      (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777) /
      ((0.12021132975 * r + 0.7370016425) * r + 1);
  } else {
    r -= 5;
    x =
      (((0.017337203997 * r + 0.42868294337) * r + 3.081226386) * r + 6.657905115) /
      ((0.012258202635 * r + 0.24197894225) * r + 1);
  }
  return q < 0 ? -x : x;
}

/** target [floats] = random numbers, uniform over [-limit, limit]. */
export function fillUniform(target: usize, floats: i32, limit: f64, purpose: u32, stream: u32): void {
  for (let i = 0; i < floats; ++i) {
    store<f32>(target + ((<usize>i) << 2), <f32>(limit * (2 * unit(randomWord(purpose, stream, i)) - 1)));
  }
}

/** target [floats] = random numbers, normal with mean 0 and the given standard deviation. */
export function fillNormal(target: usize, floats: i32, deviation: f64, purpose: u32, stream: u32): void {
  for (let i = 0; i < floats; ++i) {
    store<f32>(target + ((<usize>i) << 2), <f32>(deviation * normalQuantile(unit(randomWord(purpose, stream, i)))));
  }
}

/**
 * order [count] = a permutation of 0 .. count - 1 (Fisher and Yates), the same for the same seed, purpose and stream.
 */
export function shuffle(order: usize, count: i32, purpose: u32, stream: u32): void {
  for (let i = 0; i < count; ++i) store<u32>(order + ((<usize>i) << 2), i);
  for (let i = count - 1, drawn: u32 = 0; i > 0; --i, ++drawn) {
    // word * (i + 1) / 2^32 is uneven by at most (i + 1) / 2^32
    const j = <usize>((<u64>randomWord(purpose, stream, drawn) * <u64>(i + 1)) >> 32);
    const p = order + ((<usize>i) << 2);
    const q = order + (j << 2);
    const swapped = load<u32>(p);
    store<u32>(p, load<u32>(q));
    store<u32>(q, swapped);
  }
}
