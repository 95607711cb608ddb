import { HEADER, WIDE } from './abi';

// Operations on one or a few v128 vectors, which the compiler inlines. Only this file and team.ts know for which build
// they are compiled.

/** True in the build that only predicts, which is to be a small download. */
export const IS_SMALL: bool = isDefined(SMALL);

/** True if the engine keeps two neighbouring vectors in one register. Only builds with threads have tiles for that. */
export function isWide(): bool {
  return ASC_FEATURE_THREADS && load<u32>(HEADER, WIDE) != 0;
}

/** c + a * b, with two roundings in the default build and one where relaxed SIMD fuses the two operations. */
export function madd(c: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** The sum of the four lanes, always as (0 + 2) + (1 + 3). */
export function horizontalSum(v: v128): f32 {
  const pairs = f32x4.add(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/**
 * The largest of the four lanes, in all lanes. NaN may be passed over, and zeros may differ in their signs. There is no
 * branch, whose direction random numbers would make unpredictable.
 */
export function horizontalMax(v: v128): v128 {
  const pairs = f32x4.pmax(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.pmax(pairs, i8x16.shuffle(pairs, pairs, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
}

/**
 * A mask for the vector at byte `at` of a row of `floats` floats: lanes that hold floats of the row are all ones,
 * others 0.
 */
export function laneMask(floats: i32, at: usize): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(floats - <i32>(at >> 2)));
}

/** The sum of both lanes of an f64x2. */
export function horizontalSum64(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** sum + the four lanes of `v`, in f64x2. */
export function widenAdd(sum: v128, v: v128): v128 {
  const high = i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  return f64x2.add(f64x2.add(sum, f64x2.promote_low_f32x4(v)), f64x2.promote_low_f32x4(high));
}

/** The 16 floats at `to` += s (0 + x d), where d is d0 to d3: the outer product of one sample, rounded as in a tile. */
export function addScaledRow(to: usize, s: v128, x: v128, d0: v128, d1: v128, d2: v128, d3: v128): void {
  const zero = f32x4.splat(0);
  const t0 = madd(v128.load(to), s, madd(zero, x, d0));
  const t1 = madd(v128.load(to, 16), s, madd(zero, x, d1));
  const t2 = madd(v128.load(to, 32), s, madd(zero, x, d2));
  const t3 = madd(v128.load(to, 48), s, madd(zero, x, d3));
  v128.store(to, t0);
  v128.store(to, t1, 16);
  v128.store(to, t2, 32);
  v128.store(to, t3, 48);
}

/** Writes the transposed 4 x 4 matrix of the rows r0 to r3 to `target`. Its rows are `stride` bytes apart. */
export function storeTransposed(target: usize, stride: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(target + stride, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(target + 2 * stride, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(target + 3 * stride, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}
