import {
  BINARY_CROSS_ENTROPY,
  CATEGORICAL_CROSS_ENTROPY,
  COST_PARAMETER,
  HEADER,
  HINGE,
  HUBER,
  KULLBACK_LEIBLER,
  MEAN_ABSOLUTE_ERROR,
  POISSON,
  QUADRATIC,
} from './abi';
import { exp, log, log1p } from './math';

// The terms of the costs and their slopes, for four outputs at a time. costTerm is the amount that one output adds to
// C_x. costSlope is its derivative with respect to a, or, for costs that cancel the output's slope, with respect to z.
// If an output is NaN, so is its term, because a step whose cost is not finite must not be taken.

/** The smallest positive float: d / max(|d|, SMALLEST) is the sign of d, 0 at 0. */
const SMALLEST: f32 = 1.401298464324817e-45;

/** The amounts that four outputs add to C_x. */
export function costTerm(cost: i32, z: v128, a: v128, y: v128): v128 {
  if (cost == BINARY_CROSS_ENTROPY) return binaryTerm(z, y);
  if (cost == POISSON) return poissonTerm(z, y);
  if (cost == HINGE) return f32x4.max(f32x4.sub(f32x4.splat(1), f32x4.mul(y, a)), f32x4.splat(0));
  const d = f32x4.sub(a, y);
  if (cost == QUADRATIC) return quadraticTerm(a, y);
  const half = f32x4.splat(0.5);
  const size = f32x4.abs(d);
  if (cost == MEAN_ABSOLUTE_ERROR) return size;
  assert(cost == HUBER);
  // q (|d| - q / 2) with q = min(|d|, delta): d^2 / 2 up to delta, delta (|d| - delta / 2) beyond
  const q = f32x4.min(size, v128.load32_splat(HEADER, COST_PARAMETER));
  return f32x4.mul(q, f32x4.sub(size, f32x4.mul(half, q)));
}

/** The derivative of costTerm with respect to a, or with respect to z for costs that cancel the output's slope. */
export function costSlope(cost: i32, z: v128, a: v128, y: v128): v128 {
  if (cost == POISSON) return poissonDelta(z, y);
  // at the hinge itself, y a = 1, the slope is 0
  if (cost == HINGE) return v128.and(f32x4.neg(y), f32x4.lt(f32x4.mul(y, a), f32x4.splat(1)));
  const d = f32x4.sub(a, y);
  // at d = 0 the slope is 0
  if (cost == MEAN_ABSOLUTE_ERROR) return f32x4.div(d, f32x4.max(f32x4.abs(d), f32x4.splat(SMALLEST)));
  if (cost == HUBER) {
    const limit = v128.load32_splat(HEADER, COST_PARAMETER);
    return f32x4.max(f32x4.min(d, limit), f32x4.neg(limit));
  }
  return d;
}

/**
 * True if costSlope returns delta^L itself. The slope of the one output activation that such a cost accepts cancels, so
 * delta^L neither overflows nor vanishes where a saturates.
 */
export function cancelsOutputSlope(cost: i32): bool {
  return (
    cost == BINARY_CROSS_ENTROPY || cost == CATEGORICAL_CROSS_ENTROPY || cost == KULLBACK_LEIBLER || cost == POISSON
  );
}

/** True if costSlope is a - y. */
export function hasPlainSlope(cost: i32): bool {
  return (
    cost == QUADRATIC || cost == BINARY_CROSS_ENTROPY || cost == CATEGORICAL_CROSS_ENTROPY || cost == KULLBACK_LEIBLER
  );
}

/** (a - y)^2 / 2: the term of the quadratic cost. */
export function quadraticTerm(a: v128, y: v128): v128 {
  const d = f32x4.sub(a, y);
  return f32x4.mul(f32x4.mul(f32x4.splat(0.5), d), d);
}

/** -[y ln a + (1 - y) ln(1 - a)] with a = sigmoid(z), written in z: max(z, 0) - z y + ln(1 + e^-|z|). */
function binaryTerm(z: v128, y: v128): v128 {
  const positive = f32x4.pmax(z, f32x4.splat(0));
  return f32x4.add(f32x4.sub(positive, f32x4.mul(z, y)), log1p(exp(f32x4.neg(f32x4.abs(z)))));
}

/** a = ln(1 + e^z) from z and e = e^-|z|. */
function softplus(z: v128, e: v128): v128 {
  return f32x4.add(f32x4.pmax(z, f32x4.splat(0)), log1p(e));
}

/** a - y ln a with a = ln(1 + e^z): below -30, where ln a = z to the last bit, a may underflow, but z does not. */
function poissonTerm(z: v128, y: v128): v128 {
  const a = softplus(z, exp(f32x4.neg(f32x4.abs(z))));
  const logarithm = v128.bitselect(z, log(a), f32x4.lt(z, f32x4.splat(-30)));
  return f32x4.sub(a, f32x4.mul(y, logarithm));
}

/**
 * (1 - y / a) sigma'(z) = s - y s / a with s = sigmoid(z), the slope of softplus. Where s and a underflow, s / a tends
 * to 1. The quotient is 1 there too, because exp keeps e at its smallest normal number.
 */
function poissonDelta(z: v128, y: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp(f32x4.neg(f32x4.abs(z)));
  const numerator = v128.bitselect(e, one, f32x4.lt(z, f32x4.splat(0)));
  const s = f32x4.div(numerator, f32x4.add(one, e));
  return f32x4.sub(s, f32x4.mul(y, f32x4.div(s, softplus(z, e))));
}
