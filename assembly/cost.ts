import {
  BINARY_CROSS_ENTROPY,
  CATEGORICAL_CROSS_ENTROPY,
  COST_PARAMETER,
  CUSTOM_COST,
  HEADER,
  HINGE,
  HUBER,
  KULLBACK_LEIBLER,
  LINEAR,
  MEAN_ABSOLUTE_ERROR,
  MIXED,
  POISSON,
  QUADRATIC,
  SEEDED,
  SIGMOID,
  SOFTMAX,
  SOFTPLUS,
  TANH,
} from './abi';
import { multiplyBySlope } from './activation';
import { exp, log, log1p } from './math';
import { multiplyByMixedSlope } from './mixed';
import { horizontalMax, horizontalSum64, laneMask, widenAdd } from './vec';

// The cost and BP1. Matrices are [rows x units], a row every `stride` bytes, y every `yStride`; costs are added up in f64.

// A cost of the user's own: JavaScript functions, called once a batch. They read y and a and, for the gradient, write dC/da to delta.
declare function customCost(row: i32): f64;
declare function customGradient(rows: i32): void;

/** costs [rows] = C_x of each row, f64, times its weight if there are `weights` (f32 [rows], else 0). Fill lanes do not count. */
export function rowCosts(
  costs: usize,
  cost: i32,
  z: usize,
  a: usize,
  y: usize,
  weights: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): void {
  for (let row = 0; row < rows; ++row) {
    const value = cost == CUSTOM_COST ? customCost(row) : rowCost(cost, z, a, y, units);
    store<f64>(costs, weights ? <f64>load<f32>(weights + ((<usize>row) << 2)) * value : value);
    costs += 8;
    z += stride;
    a += stride;
    y += yStride;
  }
}

/** C_x of one sample. */
function rowCost(cost: i32, z: usize, a: usize, y: usize, units: i32): f64 {
  if (cost == CATEGORICAL_CROSS_ENTROPY || cost == KULLBACK_LEIBLER) return crossEntropy(cost, z, a, y, units);
  let sum = f64x2.splat(0);
  for (let j: usize = 0, bytes = (<usize>units) << 2; j < bytes; j += 16) {
    const term = costTerm(cost, v128.load(z + j), v128.load(a + j), v128.load(y + j));
    sum = widenAdd(sum, v128.and(term, laneMask(units, j)));
  }
  return horizontalSum64(sum);
}

/** Whether costSlope gives delta^L itself: these costs cancel the slope of the one output activation they take. */
export function isFused(cost: i32): bool {
  return cost != QUADRATIC && cost <= POISSON;
}

/**
 * BP1: delta^L = grad_a C (.) sigma'(z^L). Fused costs neither overflow nor vanish where a saturates; the others write dC/da and
 * multiply by the slope. `layer` is the output layer's row in the table. The fill lanes become 0: they reach gradients and errors otherwise.
 */
export function outputError(
  cost: i32,
  activation: i32,
  layer: usize,
  delta: usize,
  z: usize,
  a: usize,
  y: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): void {
  assert(cost != BINARY_CROSS_ENTROPY || activation == SIGMOID);
  assert((cost != CATEGORICAL_CROSS_ENTROPY && cost != KULLBACK_LEIBLER) || activation == SOFTMAX);
  assert(cost != HINGE || activation == LINEAR || activation == TANH);
  assert(cost != POISSON || activation == SOFTPLUS);
  if (cost == CUSTOM_COST) customGradient(rows);
  else if (cost != SEEDED) costGradient(cost, delta, z, a, y, stride, yStride, units, rows);
  if (isFused(cost)) return;
  if (activation == MIXED) multiplyByMixedSlope(layer, delta, z, a, stride, rows);
  else multiplyBySlope(activation, delta, z, a, stride, units, rows);
}

/** delta = dC/da, or delta^L itself where the cost is fused. Fill lanes become 0. */
function costGradient(
  cost: i32,
  delta: usize,
  z: usize,
  a: usize,
  y: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): void {
  const full = (<usize>units >> 2) << 4;
  const bytes = (<usize>units) << 2;
  for (let row = 0; row < rows; ++row) {
    let j: usize = 0;
    // most costs; asked once a row, errors of 128 outputs take a third of the time
    if (isDifference(cost))
      for (; j < full; j += 16) v128.store(delta + j, f32x4.sub(v128.load(a + j), v128.load(y + j)));
    for (; j < bytes; j += 16) {
      const slope = costSlope(cost, v128.load(z + j), v128.load(a + j), v128.load(y + j));
      v128.store(delta + j, v128.and(slope, laneMask(units, j)));
    }
    delta += stride;
    z += stride;
    a += stride;
    y += yStride;
  }
}

/** Whether costSlope is a - y. */
function isDifference(cost: i32): bool {
  return cost <= KULLBACK_LEIBLER;
}

// costTerm and costSlope side by side: what one output adds to C_x, and its derivative by a, or by z in the fused costs. A NaN
// stays one in the term: a step whose cost is not finite is not made.

/** The smallest positive float: d / max(|d|, SMALLEST) is the sign of d, 0 at 0. */
const SMALLEST: f32 = 1.401298464324817e-45;

export function costTerm(cost: i32, z: v128, a: v128, y: v128): v128 {
  if (cost == BINARY_CROSS_ENTROPY) return binaryTerm(z, y);
  if (cost == POISSON) return poissonTerm(z, y);
  if (cost == HINGE) return f32x4.max(f32x4.sub(f32x4.splat(1), f32x4.mul(y, a)), f32x4.splat(0));
  const d = f32x4.sub(a, y);
  const half = f32x4.splat(0.5);
  if (cost == QUADRATIC) return f32x4.mul(f32x4.mul(half, d), d);
  const size = f32x4.abs(d);
  if (cost == MEAN_ABSOLUTE_ERROR) return size;
  assert(cost == HUBER);
  // q (|d| - q / 2) with q = min(|d|, delta): d^2 / 2 up to delta, delta (|d| - delta / 2) beyond
  const q = f32x4.min(size, v128.load32_splat(HEADER, COST_PARAMETER));
  return f32x4.mul(q, f32x4.sub(size, f32x4.mul(half, q)));
}

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
 * (1 - y / a) sigma'(z) = s - y s / a with s = sigmoid(z), the slope of softplus. s / a goes to 1 where both underflow: exp holds e at its
 * smallest normal number there, and their quotient is right.
 */
function poissonDelta(z: v128, y: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp(f32x4.neg(f32x4.abs(z)));
  const numerator = v128.bitselect(e, one, f32x4.lt(z, f32x4.splat(0)));
  const s = f32x4.div(numerator, f32x4.add(one, e));
  return f32x4.sub(s, f32x4.mul(y, f32x4.div(s, softplus(z, e))));
}

/**
 * C_x = -sum_k y_k ln a_k = sum_k y_k (max z - z_k - ln max a): ln a_k itself is lost where a_k underflows. Kullback-Leibler adds y_k ln y_k:
 * a constant, so that both have the same delta.
 */
function crossEntropy(cost: i32, z: usize, a: usize, y: usize, units: i32): f64 {
  const bytes = (<usize>units) << 2;
  const lowest = f32x4.splat(-Infinity);
  let zMax = lowest;
  let aMax = f32x4.splat(0);
  for (let j: usize = 0; j < bytes; j += 16) {
    const v = v128.load(z + j);
    zMax = f32x4.max(zMax, v128.bitselect(v, lowest, laneMask(units, j)));
    aMax = f32x4.max(aMax, v128.load(a + j)); // softmax: the fill lanes of a are 0
  }
  const top = f32x4.splat(horizontalMax(zMax));
  const logTop = log(f32x4.splat(horizontalMax(aMax)));
  // 0 ln 0 = 0: what is smaller than the smallest normal number counts as that
  const smallest = f32x4.splat(f32.MIN_NORMAL_VALUE);
  let sum = f64x2.splat(0);
  for (let j: usize = 0; j < bytes; j += 16) {
    const target = v128.load(y + j);
    let logarithms = f32x4.sub(f32x4.sub(top, v128.load(z + j)), logTop);
    if (cost == KULLBACK_LEIBLER) logarithms = f32x4.add(logarithms, log(f32x4.max(target, smallest)));
    const term = f32x4.mul(target, logarithms);
    sum = widenAdd(sum, v128.and(term, laneMask(units, j)));
  }
  return horizontalSum64(sum);
}
