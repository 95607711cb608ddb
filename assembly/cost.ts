import {
  BINARY_CROSS_ENTROPY,
  CATEGORICAL_CROSS_ENTROPY,
  CUSTOM_COST,
  HEADER,
  HINGE,
  KULLBACK_LEIBLER,
  L1,
  L2,
  LINEAR,
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
import { cancelsOutputSlope, costSlope, costTerm, hasPlainSlope, quadraticTerm } from './cost-terms';
import { log } from './math';
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
