import { madd } from './simd';

// exp, log, tanh and their relatives. Engines may compute Math.exp as they like; these functions give the same bits
// everywhere. The polynomials are those of Cephes (S. Moshier: expf.c, logf.c, tanhf.c), except that of normalCdf. The
// largest errors over all floats of the range, measured by test/math.test.ts and test/activations.test.ts, are: exp
// 1.7, expm1 0.9, log 1.0, log1p 2.1, tanh 1.6 ulp. NaN stays NaN, except in log, which is never called with NaN.
//
// Coefficients are read from a table, because V8 13 and later build a splatted constant again at each use inside a
// loop.

const EXP = memory.data<f32>([
  1.44269504088896341, 0.693359375, -2.1219444e-4, 1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
  1.6666665459e-1, 5.0000001201e-1, 1.0, 87.3, -87.3, 12582912.0,
]);

const LOG = memory.data<f32>([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1, -2.1219444e-4, 0.693359375, 1.0, 0.5, 0.707106781186547524,
]);

const TANH = memory.data<f32>([
  -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1, 0.625, 1.0, 2.0,
]);

const TAIL = memory.data<f32>([
  -2.78093014e-2, 7.86254036e-2, -4.34311476e-2, -2.41464561e-2, -7.23455726e-2, 9.22436105e-2, 2.94541807e-1,
  -6.60558679e-1, 0.5, 0.34375,
]);

// e^x = 2^n e^r, where n is x / ln 2 rounded to an integer, and r = x - n ln 2. exp and expm1 share the next three
// functions.

/**
 * n, in the low bits of a float. Adding 1.5 . 2^23 rounds to an integer, with half as many instructions as nearest and
 * trunc_sat.
 */
function shiftedExponent(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, v128.load32_splat(EXP)), v128.load32_splat(EXP, 48));
}

/** e^r - 1, from x and shiftedExponent(x). */
function fraction(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, v128.load32_splat(EXP, 48));
  let r = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(EXP, 4)));
  r = f32x4.sub(r, f32x4.mul(n, v128.load32_splat(EXP, 8)));
  // terms are added in pairs (Estrin): three dependent operations instead of five, which matters in small networks
  const square = f32x4.mul(r, r);
  let p = madd(v128.load32_splat(EXP, 16), v128.load32_splat(EXP, 12), r);
  p = madd(madd(v128.load32_splat(EXP, 24), v128.load32_splat(EXP, 20), r), p, square);
  p = madd(madd(v128.load32_splat(EXP, 32), v128.load32_splat(EXP, 28), r), p, square);
  return madd(r, p, square);
}

/** 2^n, made from the bits of shiftedExponent(x). Results are multiplied by it, so NaN stays NaN. */
function power(shifted: v128): v128 {
  return i32x4.add(i32x4.shl(shifted, 23), v128.load32_splat(EXP, 36));
}

/** x limited to [-87.3, 87.3], where e^x and its inverse are normal numbers. */
function clampExponent(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, v128.load32_splat(EXP, 44)), v128.load32_splat(EXP, 40));
}

/** e^x for each lane, with x limited to [-87.3, 87.3], so that the result and its inverse are normal numbers. */
export function exp(x: v128): v128 {
  x = clampExponent(x);
  const shifted = shiftedExponent(x);
  return f32x4.mul(f32x4.add(fraction(x, shifted), v128.load32_splat(EXP, 36)), power(shifted));
}

/**
 * e^x - 1 for each lane, with x limited as in exp: 2^n (e^r - 1) + (2^n - 1). Up to |x| = ln 2 / 2, n is 0 and the
 * result is e^r - 1, which the polynomial gives directly, so nothing cancels. For larger |x|, the magnitude of the
 * result is at least 0.29, so nothing cancels.
 */
export function expm1(x: v128): v128 {
  x = clampExponent(x);
  const shifted = shiftedExponent(x);
  const scale = power(shifted);
  return madd(f32x4.sub(scale, v128.load32_splat(EXP, 36)), scale, fraction(x, shifted));
}

/** ln x for each lane; x positive, finite and normal. */
export function log(x: v128): v128 {
  // x = m . 2^e with m in [sqrt(1/2), sqrt(2))
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126)));
  let m = v128.or(v128.and(x, i32x4.splat(0x007fffff)), v128.load32_splat(LOG, 48));
  const small = f32x4.lt(m, v128.load32_splat(LOG, 52));
  const one = v128.load32_splat(LOG, 44);
  e = f32x4.sub(e, v128.and(one, small));
  m = f32x4.sub(f32x4.add(m, v128.and(m, small)), one);
  const square = f32x4.mul(m, m);
  let p = v128.load32_splat(LOG);
  p = madd(v128.load32_splat(LOG, 4), p, m);
  p = madd(v128.load32_splat(LOG, 8), p, m);
  p = madd(v128.load32_splat(LOG, 12), p, m);
  p = madd(v128.load32_splat(LOG, 16), p, m);
  p = madd(v128.load32_splat(LOG, 20), p, m);
  p = madd(v128.load32_splat(LOG, 24), p, m);
  p = madd(v128.load32_splat(LOG, 28), p, m);
  p = madd(v128.load32_splat(LOG, 32), p, m);
  p = f32x4.mul(f32x4.mul(p, m), square);
  p = madd(p, e, v128.load32_splat(LOG, 36));
  p = f32x4.sub(p, f32x4.mul(square, v128.load32_splat(LOG, 48)));
  return madd(f32x4.add(m, p), e, v128.load32_splat(LOG, 40));
}

/** ln(1 + x) for each lane, x in [0, 1], exact for small x: ln u + (x - (u - 1)) / u with u = 1 + x rounded. */
export function log1p(x: v128): v128 {
  const one = v128.load32_splat(LOG, 44);
  const u = f32x4.add(x, one);
  return f32x4.add(log(u), f32x4.div(f32x4.sub(x, f32x4.sub(u, one)), u));
}

/** tanh x for each lane: an odd polynomial below 0.625, 1 - 2 / (e^2|x| + 1) above. */
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = v128.load32_splat(TANH);
  p = madd(v128.load32_splat(TANH, 4), p, square);
  p = madd(v128.load32_splat(TANH, 8), p, square);
  p = madd(v128.load32_splat(TANH, 12), p, square);
  p = madd(v128.load32_splat(TANH, 16), p, square);
  p = madd(x, f32x4.mul(p, square), x);
  const one = v128.load32_splat(TANH, 24);
  const two = v128.load32_splat(TANH, 28);
  let q = f32x4.sub(one, f32x4.div(two, f32x4.add(exp(f32x4.add(size, size)), one)));
  q = v128.or(q, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(q, p, f32x4.gt(size, v128.load32_splat(TANH, 20)));
}

/** 1 / (1 + e^-x) for each lane. */
export function sigmoid(x: v128): v128 {
  const one = v128.load32_splat(EXP, 36);
  return f32x4.div(one, f32x4.add(exp(f32x4.neg(x)), one));
}

/**
 * The normal distribution Phi(x) = (1 + erf(x / sqrt 2)) / 2 for each lane, given e = e^(-x^2 / 2). Its tail Phi(-t)
 * is e u Q(w) for t >= 0, with u = 1 / (1 + 0.34375 t) and w = 1 - u. That is the form of Hastings (Approximations for
 * Digital Computers, 1955), but with a polynomial of degree 8, fitted for the least relative error up to t = 14, which
 * is 2.3e-8. Nothing cancels in the tail. The error, measured as that of x Phi(x) by test/activations.test.ts, is 3.7
 * ulp above -1/2 and 5.7 ulp down to -2; beyond, the rounding of x^2 / 2 adds up to x^2 / 2 ulp through e.
 */
export function normalCdf(x: v128, e: v128): v128 {
  const one = v128.load32_splat(EXP, 36);
  const t = f32x4.mul(v128.load32_splat(TAIL, 36), f32x4.abs(x));
  const u = f32x4.div(one, f32x4.add(t, one));
  const w = f32x4.mul(t, u);
  let q = v128.load32_splat(TAIL);
  q = madd(v128.load32_splat(TAIL, 4), q, w);
  q = madd(v128.load32_splat(TAIL, 8), q, w);
  q = madd(v128.load32_splat(TAIL, 12), q, w);
  q = madd(v128.load32_splat(TAIL, 16), q, w);
  q = madd(v128.load32_splat(TAIL, 20), q, w);
  q = madd(v128.load32_splat(TAIL, 24), q, w);
  q = madd(v128.load32_splat(TAIL, 28), q, w);
  q = madd(v128.load32_splat(TAIL, 32), q, w);
  q = f32x4.mul(e, f32x4.mul(u, q));
  return v128.bitselect(q, f32x4.sub(one, q), f32x4.lt(x, f32x4.splat(0)));
}
