import { numerator, remainder, shiftedExponent, tailDenominator, tailNumerator, tanhOfHalf, twiceArtanh } from './math';
import { madd } from './simd';

// gelu, geluTanh, silu, softplus, mish and their slopes: functions of one vector, made of z and of a power e^x in a
// form in which nothing cancels. The power is a quotient: with t = tanh(r / 2), e^x = 2^n e^r is e / d, where
// e = 2^n (1 + t) and d = 1 - t. Therefore each function needs only one division.

const CONSTANTS = memory.data<f32>([
  1, 0.5, -0.5, -0, -87.3, 87.3, 20, -14, 14, -10, 10, 1.5957691216057308, 0.0713548162726, 0.2140644488178,
  0.3989422804014327,
]);
const ONE: usize = 0;
const HALF: usize = 4;
const MINUS_HALF: usize = 8;
const SIGN: usize = 12;
const LEAST_EXPONENT: usize = 16;
const LARGEST_EXPONENT: usize = 20;
const LARGEST_MISH: usize = 24; // from here on, mish is z to the last bit
const LEAST_NORMAL: usize = 28;
const LARGEST_NORMAL: usize = 32;
const LEAST_GELU_TANH: usize = 36;
const LARGEST_GELU_TANH: usize = 40;
const GELU_TANH_LINEAR: usize = 44; // 2 sqrt(2 / pi)
const GELU_TANH_CUBIC: usize = 48; // 0.044715 . 2 sqrt(2 / pi)
const GELU_TANH_SLOPE: usize = 52; // 3 . 0.044715 . 2 sqrt(2 / pi)
const NORMAL_PEAK: usize = 56; // 1 / sqrt(2 pi)

function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset);
}

function clamp(x: v128, low: usize, high: usize): v128 {
  return f32x4.pmin(f32x4.pmax(x, constant(low)), constant(high));
}

/** z Phi(z) */
export function gelu(z: v128): v128 {
  const y = clamp(z, LEAST_NORMAL, LARGEST_NORMAL);
  return f32x4.mul(f32x4.pmax(z, y), normal(y, false));
}

/** The slope is Phi(z) + z Phi'(z). */
export function geluSlope(d: v128, z: v128): v128 {
  return f32x4.mul(d, normal(clamp(z, LEAST_NORMAL, LARGEST_NORMAL), true));
}

/** Phi(z) or, if `isSlope`, Phi(z) + z Phi'(z), for |z| up to 14. Below 0, the sum is e^(-z^2 / 2) times a quotient. */
function normal(z: v128, isSlope: bool): v128 {
  const one = constant(ONE);
  const size = f32x4.abs(z);
  const x = f32x4.pmax(f32x4.mul(f32x4.mul(z, constant(MINUS_HALF)), z), constant(LEAST_EXPONENT));
  const shifted = shiftedExponent(x);
  const t = tanhOfHalf(remainder(x, shifted));
  const q = tailDenominator(size);
  let p = tailNumerator(size);
  if (isSlope) p = f32x4.sub(p, f32x4.mul(f32x4.mul(size, constant(NORMAL_PEAK)), q));
  const tail = f32x4.div(f32x4.mul(numerator(t, shifted), p), f32x4.mul(f32x4.sub(one, t), q));
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(z, f32x4.splat(0)));
}

/** 2 sqrt(2 / pi) (z + 0.044715 z^3), for z in [-10, 10], where its magnitude is at most 87.3. */
function geluTanhArgument(z: v128): v128 {
  return f32x4.mul(z, madd(constant(GELU_TANH_LINEAR), f32x4.mul(z, z), constant(GELU_TANH_CUBIC)));
}

/** z (1 + tanh(x / 2)) / 2 = z sigmoid(x) with the x of geluTanhArgument. In this form, nothing cancels below 0. */
export function geluTanh(z: v128): v128 {
  const y = clamp(z, LEAST_GELU_TANH, LARGEST_GELU_TANH);
  return f32x4.mul(f32x4.pmax(z, y), sigmoidOf(geluTanhArgument(y)));
}

/** The slope is s + z s (1 - s) x' with s = sigmoid(x). */
export function geluTanhSlope(d: v128, z: v128): v128 {
  z = clamp(z, LEAST_GELU_TANH, LARGEST_GELU_TANH);
  const slope = madd(constant(GELU_TANH_LINEAR), f32x4.mul(z, z), constant(GELU_TANH_SLOPE));
  return f32x4.mul(d, gatedSlope(geluTanhArgument(z), f32x4.mul(z, slope)));
}

/** z sigmoid(z) */
export function silu(z: v128): v128 {
  z = f32x4.pmax(z, constant(LEAST_EXPONENT));
  return f32x4.mul(z, sigmoidOf(f32x4.pmin(z, constant(LARGEST_EXPONENT))));
}

/** The slope is s + z s (1 - s) with s = sigmoid(z). */
export function siluSlope(d: v128, z: v128): v128 {
  z = clamp(z, LEAST_EXPONENT, LARGEST_EXPONENT);
  return f32x4.mul(d, gatedSlope(z, z));
}

/** 1 / (1 + e^-x), with x limited to [-87.3, 87.3]. */
export function sigmoid(x: v128): v128 {
  return sigmoidOf(clamp(x, LEAST_EXPONENT, LARGEST_EXPONENT));
}

/** 1 / (1 + e^-x) for |x| up to 87.3. */
function sigmoidOf(x: v128): v128 {
  const shifted = shiftedExponent(x);
  const t = tanhOfHalf(remainder(x, shifted));
  const e = numerator(t, shifted);
  return f32x4.div(e, f32x4.add(e, f32x4.sub(constant(ONE), t)));
}

/** s (1 + w (1 - s)) with s = sigmoid(x), for |x| up to 87.3. */
function gatedSlope(x: v128, w: v128): v128 {
  const one = constant(ONE);
  const shifted = shiftedExponent(x);
  const t = tanhOfHalf(remainder(x, shifted));
  const e = numerator(t, shifted);
  const d = f32x4.sub(one, t);
  const inverse = f32x4.div(one, f32x4.add(e, d));
  return f32x4.mul(f32x4.mul(e, inverse), madd(one, w, f32x4.mul(d, inverse)));
}

/**
 * ln(1 + e^z), written so that nothing overflows: max(z, 0) + ln(1 + e^x) with x = -|z|. The logarithm is twice the
 * artanh of s / 2 with s = e / (d + e / 2).
 */
export function softplus(z: v128): v128 {
  const x = f32x4.pmax(v128.or(z, constant(SIGN)), constant(LEAST_EXPONENT));
  const shifted = shiftedExponent(x);
  const t = tanhOfHalf(remainder(x, shifted));
  const e = numerator(t, shifted);
  const s = f32x4.div(e, madd(f32x4.sub(constant(ONE), t), e, constant(HALF)));
  return f32x4.add(f32x4.pmax(z, f32x4.splat(0)), twiceArtanh(s));
}

export function softplusSlope(d: v128, z: v128): v128 {
  return f32x4.mul(d, sigmoid(z));
}

/**
 * z tanh(ln(1 + e^z)). As (1 + e^z)^2 is 1 + n with n = e^z (e^z + 2), the tanh is n / (n + 2), in which nothing
 * cancels. With e and d it is m / (m + 2 d^2), where m = e (e + 2 d).
 */
export function mish(z: v128): v128 {
  z = f32x4.pmax(z, constant(LEAST_EXPONENT));
  const x = f32x4.pmin(z, constant(LARGEST_MISH));
  const shifted = shiftedExponent(x);
  const t = tanhOfHalf(remainder(x, shifted));
  const e = numerator(t, shifted);
  const d = f32x4.sub(constant(ONE), t);
  const twice = f32x4.add(d, d);
  const m = f32x4.mul(e, f32x4.add(e, twice));
  return f32x4.mul(z, f32x4.div(m, madd(m, d, twice)));
}

/**
 * The slope is v + z (1 - v^2) sigmoid(z), where v is the tanh: (m + 4 z e (e + d) d^2 / w) / w with w = m + 2 d^2.
 */
export function mishSlope(delta: v128, z: v128): v128 {
  const one = constant(ONE);
  z = clamp(z, LEAST_EXPONENT, LARGEST_MISH);
  const shifted = shiftedExponent(z);
  const t = tanhOfHalf(remainder(z, shifted));
  const e = numerator(t, shifted);
  const d = f32x4.sub(one, t);
  const twice = f32x4.add(d, d);
  const m = f32x4.mul(e, f32x4.add(e, twice));
  const inverse = f32x4.div(one, madd(m, d, twice));
  const bend = f32x4.mul(f32x4.mul(z, f32x4.mul(e, f32x4.add(e, d))), f32x4.mul(f32x4.mul(twice, twice), inverse));
  return f32x4.mul(delta, f32x4.mul(inverse, f32x4.add(m, bend)));
}
