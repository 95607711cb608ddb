import { madd } from './simd';

// exp, log, tanh and their relatives. Engines may compute Math.exp as they like; these functions give the same bits
// everywhere. exp and log are the polynomials of Cephes (S. Moshier: expf.c, logf.c). scripts/fit-activations.mjs makes
// the other coefficients. The largest errors over all floats of the range are: exp 1.7, log 1.0, log1p 2.1
// (test/math.test.ts), tanh 2.8 ulp (npm run bench:ulp). NaN stays NaN, except in log, which is never called with NaN.
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

// c1 and c2 of tanh u = u (1 + c1 u^2 + c2 u^4) up to |u| = ln 2 / 4; 2 / ln 2, ln 2 / 2, the limits of x, 1 and
// 1.5 . 2^23
const TANH = memory.data<f32>([
  -0.3333127200603485, 0.13110630214214325, 2.8853900817779268, 0.34657359027997264, -9.1, 9.1, 1, 12582912.0,
]);

// c1 and c2 of tanh(r / 2) = r (1/2 + c1 r^2 + c2 r^4) up to |r| = ln 2 / 2
const HALF_TANH = memory.data<f32>([-0.041664090007543564, 0.0040970719419419765]);

// the least x, ln 2: the nearest float has only 21 bits, so small multiples of it are exact
const EXPM1 = memory.data<f32>([-18, 0.6931471805599453]);

const ARTANH = memory.data<f32>([
  0.0005471086478792131, 0.0021876415703445673, 0.012506727129220963, 0.08333302289247513,
]);

const TAIL = memory.data<f32>([
  0.00407758541405201, 0.04037239030003548, 0.18246135115623474, 0.4372502565383911, 0.5, 0.010220861993730068,
  0.10120538622140884, 0.4674278199672699, 1.1992887258529663, 1.6723854541778564,
]);

// e^x = 2^n e^r, where n is x / ln 2 rounded to an integer, and r = x - n ln 2. Two forms of e^r are used: a polynomial
// and (1 + t) / (1 - t) with t = tanh(r / 2). The polynomial has no division but more multiplications. Functions that
// end with a division anyway use the quotient, with which they need no second one.

/**
 * n, in the low bits of a float. Adding 1.5 . 2^23 rounds to an integer, with half as many instructions as nearest and
 * trunc_sat.
 */
export function shiftedExponent(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, v128.load32_splat(EXP)), v128.load32_splat(EXP, 48));
}

/** r, from x and shiftedExponent(x). */
export function remainder(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, v128.load32_splat(EXP, 48));
  const r = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(EXP, 4)));
  return f32x4.sub(r, f32x4.mul(n, v128.load32_splat(EXP, 8)));
}

/** e^r - 1, as a polynomial. */
function fraction(r: v128): v128 {
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

/** e^x for each lane, with x limited to [-87.3, 87.3], so that the result and its inverse are normal numbers. */
export function exp(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, v128.load32_splat(EXP, 44)), v128.load32_splat(EXP, 40));
  const shifted = shiftedExponent(x);
  return f32x4.mul(f32x4.add(fraction(remainder(x, shifted)), v128.load32_splat(EXP, 36)), power(shifted));
}

/**
 * e^x - 1 for each lane, x up to 0. With p = 2^n and t = tanh(r / 2), it is ((p + 1) t - (1 - p)) / (1 - t). Down to
 * -ln 2 / 2, p is 1 and nothing cancels; below, the magnitude of the result is at least 0.29.
 */
export function expm1(x: v128): v128 {
  const one = v128.load32_splat(EXP, 36);
  x = f32x4.pmax(x, v128.load32_splat(EXPM1));
  const shifted = shiftedExponent(x);
  const r = f32x4.sub(x, f32x4.mul(f32x4.sub(shifted, v128.load32_splat(EXP, 48)), v128.load32_splat(EXPM1, 4)));
  const t = tanhOfHalf(r);
  const p = power(shifted);
  const difference = f32x4.sub(f32x4.mul(f32x4.add(p, one), t), f32x4.sub(one, p));
  return f32x4.div(difference, f32x4.sub(one, t));
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

/**
 * tanh x for each lane: ((p + 1) t - q) / (p + 1 - q t), where 2x = n ln 2 + 2u, t = tanh u, p = 2^n and q = 1 - p.
 * No result is beyond -1 or 1. From 8.84 on, p + 1 and p - 1 are the same float, and the result is 1. The function is
 * exactly odd.
 */
export function tanh(x: v128): v128 {
  const one = v128.load32_splat(TANH, 24);
  x = f32x4.pmin(f32x4.pmax(x, v128.load32_splat(TANH, 16)), v128.load32_splat(TANH, 20));
  const shifted = f32x4.add(f32x4.mul(x, v128.load32_splat(TANH, 8)), v128.load32_splat(TANH, 28));
  const n = f32x4.sub(shifted, v128.load32_splat(TANH, 28));
  const u = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(TANH, 12)));
  const square = f32x4.mul(u, u);
  const c = madd(v128.load32_splat(TANH), v128.load32_splat(TANH, 4), square);
  const t = f32x4.mul(u, madd(one, c, square));
  const p = power(shifted);
  const sum = f32x4.add(p, one);
  const rest = f32x4.sub(one, p);
  return f32x4.div(f32x4.sub(f32x4.mul(sum, t), rest), f32x4.sub(sum, f32x4.mul(rest, t)));
}

/** tanh(r / 2). With this t, e^r is (1 + t) / (1 - t). */
export function tanhOfHalf(r: v128): v128 {
  const square = f32x4.mul(r, r);
  const c = madd(v128.load32_splat(HALF_TANH), v128.load32_splat(HALF_TANH, 4), square);
  return f32x4.mul(r, madd(v128.load32_splat(EXP, 32), c, square));
}

/** 2^n (1 + t): the numerator of e^x, whose denominator is 1 - t, from tanhOfHalf and shiftedExponent. */
export function numerator(t: v128, shifted: v128): v128 {
  return f32x4.mul(f32x4.add(v128.load32_splat(EXP, 36), t), power(shifted));
}

/** 2 artanh(s / 2) for each lane, s in [0, 2/3], exact for small s. */
export function twiceArtanh(s: v128): v128 {
  const square = f32x4.mul(s, s);
  let p = v128.load32_splat(ARTANH);
  p = madd(v128.load32_splat(ARTANH, 4), p, square);
  p = madd(v128.load32_splat(ARTANH, 8), p, square);
  p = madd(v128.load32_splat(ARTANH, 12), p, square);
  return madd(s, f32x4.mul(p, square), s);
}

/** The numerator of Phi(-t) e^(t^2 / 2) for each lane, t in [0, 14]. Phi is the normal distribution. */
export function tailNumerator(t: v128): v128 {
  let p = v128.load32_splat(TAIL);
  p = madd(v128.load32_splat(TAIL, 4), p, t);
  p = madd(v128.load32_splat(TAIL, 8), p, t);
  p = madd(v128.load32_splat(TAIL, 12), p, t);
  return madd(v128.load32_splat(TAIL, 16), p, t);
}

/** The denominator that belongs to tailNumerator. */
export function tailDenominator(t: v128): v128 {
  let q = v128.load32_splat(TAIL, 20);
  q = madd(v128.load32_splat(TAIL, 24), q, t);
  q = madd(v128.load32_splat(TAIL, 28), q, t);
  q = madd(v128.load32_splat(TAIL, 32), q, t);
  q = madd(v128.load32_splat(TAIL, 36), q, t);
  return madd(v128.load32_splat(EXP, 36), q, t);
}
