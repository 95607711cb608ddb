import { madd } from './vec';

// exp, log and tanh of our own: engines may compute Math.exp as they like, these give the same bits everywhere.
// The polynomials are those of Cephes (S. Moshier: expf.c, logf.c, tanhf.c). Largest errors over all floats of the range,
// measured by test/math.test.ts: exp 1.7, log 1.0, log1p 2.1, tanh 1.6 ulp. NaN stays NaN.
//
// Coefficients are read from a table: V8 13 and later build a splatted constant anew at each use inside a loop.

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

/** e^x for each lane; x is held to [-87.3, 87.3], so the result and its inverse are normal numbers. */
export function exp(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, v128.load32_splat(EXP, 44)), v128.load32_splat(EXP, 40));
  // adding 1.5 . 2^23 rounds x / ln 2 to an integer n and leaves n in the low bits: half the instructions of nearest and trunc_sat
  const shifter = v128.load32_splat(EXP, 48);
  const shifted = f32x4.add(f32x4.mul(x, v128.load32_splat(EXP)), shifter);
  const n = f32x4.sub(shifted, shifter);
  let r = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(EXP, 4)));
  r = f32x4.sub(r, f32x4.mul(n, v128.load32_splat(EXP, 8)));
  // in pairs (Estrin): three dependent steps instead of five, which a single small network waits for
  const square = f32x4.mul(r, r);
  let p = madd(v128.load32_splat(EXP, 16), v128.load32_splat(EXP, 12), r);
  p = madd(madd(v128.load32_splat(EXP, 24), v128.load32_splat(EXP, 20), r), p, square);
  p = madd(madd(v128.load32_splat(EXP, 32), v128.load32_splat(EXP, 28), r), p, square);
  const one = v128.load32_splat(EXP, 36);
  p = f32x4.add(madd(r, p, square), one);
  // times 2^n, made from n's bits; a product, so that NaN stays NaN
  return f32x4.mul(p, i32x4.add(i32x4.shl(shifted, 23), one));
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
