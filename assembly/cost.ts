import {
  BINARY_CROSS_ENTROPY,
  CATEGORICAL_CROSS_ENTROPY,
  COST_PARAMETER,
  CUSTOM_COST,
  HEADER,
  HINGE,
  HUBER,
  KULLBACK_LEIBLER,
  L1,
  L2,
  LINEAR,
  MEAN_ABSOLUTE_ERROR,
  PARAMETERS,
  PENALIZED_FLOATS,
  POISSON,
  QUADRATIC,
  SEEDED,
  SIGMOID,
  SOFTMAX,
  SOFTPLUS,
  TANH,
  TRAINING_SAMPLES,
} from './abi';
import { exp, log, log1p } from './math';
import { absoluteSum, dot } from './float-arrays';
import { multiplyByLayerSlope } from './layer-activation';
import { narrowCrossEntropies, narrowQuadraticCosts } from './narrow-cost';
import { horizontalMax, horizontalSum64, laneMask, widenAdd } from './simd';

// The cost, BP1 and the penalties. Matrices are [rows x units]; rows of y lie `yStride` bytes apart, rows of all others
// `stride`. Costs are added up in f64.

// A cost of the user's own consists of these two JavaScript functions. Both read y and a of the batch.

/** Returns C_x of a row. */
declare function customCost(row: i32): f64;
/** Writes dC/da of all rows to the delta of the output layer. */
declare function customGradient(rows: i32): void;

/**
 * costs [rows], f64 = C_x of each row, times its weight if `weights` (f32 [rows]) is not 0. Neither fill lanes nor rows
 * of weight 0, whose C_x may be infinite, count.
 */
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
  if (cost == QUADRATIC) quadraticCosts(costs, a, y, stride, yStride, units, rows);
  else if (cost == CATEGORICAL_CROSS_ENTROPY || cost == KULLBACK_LEIBLER) {
    crossEntropies(costs, cost, z, a, y, stride, yStride, units, rows);
  } else {
    for (let row = 0; row < rows; ++row) {
      let value: f64 = 0;
      if (cost != CUSTOM_COST) value = rowCost(cost, z, a, y, units);
      else if (!weights || load<f32>(weights + ((<usize>row) << 2)) != 0) value = customCost(row);
      store<f64>(costs + ((<usize>row) << 3), value);
      z += stride;
      a += stride;
      y += yStride;
    }
  }
  if (!weights) return;
  for (const end = costs + ((<usize>rows) << 3); costs < end; costs += 8) {
    const weight = load<f32>(weights);
    store<f64>(costs, weight == 0 ? 0 : weight * load<f64>(costs));
    weights += 4;
  }
}

/** costs [rows] = |a - y|^2 / 2: the quadratic cost, several times as fast as by rowCost. */
function quadraticCosts(costs: usize, a: usize, y: usize, stride: usize, yStride: usize, units: i32, rows: i32): void {
  const bytes = (<usize>units) << 2;
  let row = units <= 4 ? narrowQuadraticCosts(costs, a, y, stride, yStride, units, rows) : 0;
  a += <usize>row * stride;
  y += <usize>row * yStride;
  for (; row < rows; ++row) {
    let sum = f64x2.splat(0);
    for (let j: usize = 0; j < bytes; j += 16) {
      sum = widenAdd(sum, v128.and(quadraticTerm(v128.load(a + j), v128.load(y + j)), laneMask(units, j)));
    }
    store<f64>(costs + ((<usize>row) << 3), horizontalSum64(sum));
    a += stride;
    y += yStride;
  }
}

function quadraticTerm(a: v128, y: v128): v128 {
  const d = f32x4.sub(a, y);
  return f32x4.mul(f32x4.mul(f32x4.splat(0.5), d), d);
}

/** C_x of one sample. */
function rowCost(cost: i32, z: usize, a: usize, y: usize, units: i32): f64 {
  let sum = f64x2.splat(0);
  for (let j: usize = 0, bytes = (<usize>units) << 2; j < bytes; j += 16) {
    const term = costTerm(cost, v128.load(z + j), v128.load(a + j), v128.load(y + j));
    sum = widenAdd(sum, v128.and(term, laneMask(units, j)));
  }
  return horizontalSum64(sum);
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
function hasPlainSlope(cost: i32): bool {
  return (
    cost == QUADRATIC || cost == BINARY_CROSS_ENTROPY || cost == CATEGORICAL_CROSS_ENTROPY || cost == KULLBACK_LEIBLER
  );
}

/**
 * BP1: delta [rows x units] = grad_a C (.) sigma'(z^L), from z, a and y. `layer` is the output layer's row in the layer
 * table. Fill lanes of delta become 0, because gradients and errors read them. If the cost accepts only one output
 * activation, the layer must have it.
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
  if (cancelsOutputSlope(cost)) return;
  multiplyByLayerSlope(layer, activation, delta, z, a, stride, 0, units, rows);
}

/** delta = dC/da, or delta^L itself if the cost cancels the output's slope. Fill lanes become 0. */
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
  const mask = laneMask(units, full);
  // the slope of most costs is a - y; this loop is several times as fast as the general one
  const isPlain = hasPlainSlope(cost);
  if (isPlain && units <= 4) {
    const all = laneMask(units, 0);
    for (let row = 0; row < rows; ++row) {
      v128.store(delta, v128.and(f32x4.sub(v128.load(a), v128.load(y)), all));
      delta += stride;
      a += stride;
      y += yStride;
    }
    return;
  }
  for (let row = 0; row < rows; ++row) {
    let j: usize = 0;
    if (isPlain) {
      for (; j < full; j += 16) v128.store(delta + j, f32x4.sub(v128.load(a + j), v128.load(y + j)));
      if (j < bytes) v128.store(delta + j, v128.and(f32x4.sub(v128.load(a + j), v128.load(y + j)), mask));
    } else
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

// costTerm is the amount that one output adds to C_x. costSlope is its derivative with respect to a, or, for costs that
// cancel the output's slope, with respect to z. If an output is NaN, so is its term, because a step whose cost is not
// finite must not be taken.

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

/**
 * costs [rows] = -sum_k y_k ln a_k = sum_k y_k (max z - z_k - ln max a). This form is used because ln a_k cannot be
 * computed from an a_k that underflows. Kullback-Leibler adds y_k ln y_k, a constant, so both costs have the same
 * delta. Up to three rows of a beyond the last one are read.
 */
function crossEntropies(
  costs: usize,
  cost: i32,
  z: usize,
  a: usize,
  y: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): void {
  const bytes = (<usize>units) << 2;
  const lowest = f32x4.splat(-Infinity);
  // 0 ln 0 = 0: if a target is below the smallest normal number, the logarithm of that number is multiplied by the
  // target
  const smallest = f32x4.splat(f32.MIN_NORMAL_VALUE);
  let logTops = lowest;
  const isNarrow = units <= 4 && cost == CATEGORICAL_CROSS_ENTROPY;
  let row = isNarrow ? narrowCrossEntropies(costs, z, a, y, stride, yStride, units, rows) : 0;
  z += <usize>row * stride;
  a += <usize>row * stride;
  y += <usize>row * yStride;
  for (; row < rows; ++row) {
    // the logarithms of four rows are computed at once, and each row takes the first one
    if (row & 3) logTops = v128.shuffle<f32>(logTops, logTops, 1, 2, 3, 0);
    else logTops = log(largestOfRows(a, stride, bytes));
    const logTop = v128.shuffle<f32>(logTops, logTops, 0, 0, 0, 0);
    let largest = lowest;
    for (let j: usize = 0; j < bytes; j += 16) {
      largest = f32x4.pmax(largest, v128.bitselect(v128.load(z + j), lowest, laneMask(units, j)));
    }
    const top = horizontalMax(largest);
    let sum = f64x2.splat(0);
    for (let j: usize = 0; j < bytes; j += 16) {
      const target = v128.load(y + j);
      let logarithms = f32x4.sub(f32x4.sub(top, v128.load(z + j)), logTop);
      if (cost == KULLBACK_LEIBLER) logarithms = f32x4.add(logarithms, log(f32x4.max(target, smallest)));
      const term = f32x4.mul(target, logarithms);
      sum = widenAdd(sum, v128.and(term, laneMask(units, j)));
    }
    store<f64>(costs + ((<usize>row) << 3), horizontalSum64(sum));
    z += stride;
    a += stride;
    y += yStride;
  }
}

/** The largest a of each of four rows. Softmax has set the fill lanes to 0. */
function largestOfRows(a: usize, stride: usize, bytes: usize): v128 {
  let all = f32x4.splat(0);
  for (const end = a + (stride << 2); a < end; a += stride) {
    let largest = f32x4.splat(0);
    for (let j: usize = 0; j < bytes; j += 16) largest = f32x4.pmax(largest, v128.load(a + j));
    all = v128.shuffle<f32>(all, horizontalMax(largest), 1, 2, 3, 4);
  }
  return all;
}

/** lambda2 / (2n) times the sum of w^2, plus lambda1 / n times the sum of |w|: training adds this to the mean cost. */
export function penalty(): f64 {
  const w = <usize>load<u32>(HEADER, PARAMETERS);
  const floats = load<i32>(HEADER, PENALIZED_FLOATS);
  const l1 = load<f64>(HEADER, L1);
  const l2 = load<f64>(HEADER, L2);
  let sum: f64 = 0;
  if (l2 != 0) sum += 0.5 * l2 * dot(w, w, floats);
  if (l1 != 0) sum += l1 * absoluteSum(w, floats);
  return sum / load<f64>(HEADER, TRAINING_SAMPLES);
}
