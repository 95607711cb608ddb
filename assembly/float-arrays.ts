import { horizontalSum64, madd, widenAdd } from './simd';

// Arithmetic on arrays of floats: parameters, gradients and the slots of optimizers. Every array is 16-byte aligned,
// and its number of floats is a multiple of four. Sums are f64 in a fixed order.
//
// Constants are read from memory: inside a loop, V8 would build a splatted constant again at each use.

const SIGN_BIT = memory.data<f32>([-0.0]);
const MAGNITUDE = memory.data<u32>([0x7fffffff]);
/** Optimizers replace numbers of smaller magnitude than this by 0: see update-rules.ts. */
export const TINY = memory.data<f32>([1e-30]);

/** x, or 0 if its magnitude is below `tiny`. NaN stays NaN. f32x4.abs would make its mask again at each use. */
export function flushed(x: v128, tiny: v128): v128 {
  const magnitude = v128.and(x, v128.load32_splat(MAGNITUDE));
  return v128.andnot(x, f32x4.lt(magnitude, tiny));
}

/**
 * w [floats] *= factor. Results below TINY become 0: otherwise, weights that are moved only by their decay would end as
 * subnormal numbers.
 */
export function scaleFloats(w: usize, floats: i32, factor: f32): void {
  const s = f32x4.splat(factor);
  const tiny = v128.load32_splat(TINY);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    v128.store(w, flushed(f32x4.mul(v128.load(w), s), tiny));
  }
}

/** w [floats] += scale g. This is plain descent with scale = -eta. */
export function addScaled(w: usize, g: usize, floats: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    v128.store(w, madd(v128.load(w), s, v128.load(g)));
    g += 16;
  }
}

/** The sum of u v over `floats` numbers. Each product is exact. */
export function dot(u: usize, v: usize, floats: i32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  for (const end = u + ((<usize>floats) << 2); u < end; u += 16) {
    low = f64x2.add(low, f64x2.mul(widened(u), widened(v)));
    high = f64x2.add(high, f64x2.mul(widened(u + 8), widened(v + 8)));
    v += 16;
  }
  return horizontalSum64(f64x2.add(low, high));
}

/** The two floats at p as doubles. */
function widened(p: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(p));
}

/** The sum of |w| over `floats` numbers. */
export function absoluteSum(w: usize, floats: i32): f64 {
  let sum = f64x2.splat(0);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) sum = widenAdd(sum, f32x4.abs(v128.load(w)));
  return horizontalSum64(sum);
}

/** `size`, which is not negative, with the sign of x; 0 if x is 0, NaN if x is NaN. */
export function signed(size: v128, x: v128): v128 {
  const withSign = v128.or(size, v128.and(x, v128.load32_splat(SIGN_BIT)));
  return v128.or(v128.and(withSign, f32x4.ne(x, f32x4.splat(0))), f32x4.ne(x, x));
}
