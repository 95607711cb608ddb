import { BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY, LINEAR, QUADRATIC, SIGMOID, SOFTMAX } from './abi';
import { multiplyBySlope } from './activation';
import { exp, log, log1p } from './math';
import { horizontalMax, horizontalSum64, laneMask, widenAdd } from './vec';

// The cost and BP1. Matrices are [rows x units], a row every `stride` bytes, y every `yStride`; costs are added up in f64.

/** Sum over the rows of C_x. The fill lanes of the last vector do not count. */
export function costSum(
  cost: i32,
  z: usize,
  a: usize,
  y: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): f64 {
  if (cost == BINARY_CROSS_ENTROPY) return binaryCrossEntropy(z, y, stride, yStride, units, rows);
  if (cost == CATEGORICAL_CROSS_ENTROPY) return categoricalCrossEntropy(z, a, y, stride, yStride, units, rows);
  return quadratic(a, y, stride, yStride, units, rows);
}

/**
 * BP1: delta^L = grad_a C (.) sigma'(z^L). Both cross-entropies cancel the slope of the output they belong to and leave
 * a - y, which neither overflows nor vanishes where a saturates; the half squared error starts from a - y and multiplies.
 * The fill lanes become 0: they reach gradients and errors otherwise.
 */
export function outputError(
  cost: i32,
  activation: i32,
  delta: usize,
  a: usize,
  y: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): void {
  assert(cost != BINARY_CROSS_ENTROPY || activation == SIGMOID);
  assert(cost != CATEGORICAL_CROSS_ENTROPY || activation == SOFTMAX);
  const full = (<usize>units >> 2) << 4;
  const rest = units & 3;
  const mask = laneMask(rest);
  let d = delta;
  let p = a;
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < full; j += 16) v128.store(d + j, f32x4.sub(v128.load(p + j), v128.load(y + j)));
    if (rest) v128.store(d + full, v128.and(f32x4.sub(v128.load(p + full), v128.load(y + full)), mask));
    d += stride;
    p += stride;
    y += yStride;
  }
  if (cost == QUADRATIC && activation != LINEAR) multiplyBySlope(activation, delta, a, stride, units, rows);
}

/** C_x = 1/2 |y - a|^2 */
function quadratic(a: usize, y: usize, stride: usize, yStride: usize, units: i32, rows: i32): f64 {
  const full = (<usize>units >> 2) << 4;
  const rest = units & 3;
  const mask = laneMask(rest);
  let sum = f64x2.splat(0);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < full; j += 16) {
      const d = f32x4.sub(v128.load(a + j), v128.load(y + j));
      sum = widenAdd(sum, f32x4.mul(d, d));
    }
    if (rest) {
      const d = v128.and(f32x4.sub(v128.load(a + full), v128.load(y + full)), mask);
      sum = widenAdd(sum, f32x4.mul(d, d));
    }
    a += stride;
    y += yStride;
  }
  return 0.5 * horizontalSum64(sum);
}

/** -[y ln a + (1 - y) ln(1 - a)] with a = sigmoid(z), written in z: max(z, 0) - z y + ln(1 + e^-|z|). */
function binaryTerm(z: v128, y: v128): v128 {
  const positive = f32x4.pmax(z, f32x4.splat(0));
  return f32x4.add(f32x4.sub(positive, f32x4.mul(z, y)), log1p(exp(f32x4.neg(f32x4.abs(z)))));
}

/** C_x = -sum_k [ y_k ln a_k + (1 - y_k) ln(1 - a_k) ] */
function binaryCrossEntropy(z: usize, y: usize, stride: usize, yStride: usize, units: i32, rows: i32): f64 {
  const full = (<usize>units >> 2) << 4;
  const rest = units & 3;
  const mask = laneMask(rest);
  let sum = f64x2.splat(0);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < full; j += 16) sum = widenAdd(sum, binaryTerm(v128.load(z + j), v128.load(y + j)));
    if (rest) sum = widenAdd(sum, v128.and(binaryTerm(v128.load(z + full), v128.load(y + full)), mask));
    z += stride;
    y += yStride;
  }
  return horizontalSum64(sum);
}

/** C_x = -sum_k y_k ln a_k = sum_k y_k (max z - z_k - ln max a): ln a_k itself is lost where a_k underflows. */
function categoricalCrossEntropy(
  z: usize,
  a: usize,
  y: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): f64 {
  const full = (<usize>units >> 2) << 4;
  const rest = units & 3;
  const mask = laneMask(rest);
  const lowest = f32x4.splat(-Infinity);
  let sum = f64x2.splat(0);
  for (let row = 0; row < rows; ++row) {
    let zMax = lowest;
    let aMax = f32x4.splat(0);
    for (let j: usize = 0; j < full; j += 16) {
      zMax = f32x4.max(zMax, v128.load(z + j));
      aMax = f32x4.max(aMax, v128.load(a + j));
    }
    if (rest) {
      zMax = f32x4.max(zMax, v128.bitselect(v128.load(z + full), lowest, mask));
      aMax = f32x4.max(aMax, v128.load(a + full));
    }
    const top = f32x4.splat(horizontalMax(zMax));
    const logTop = log(f32x4.splat(horizontalMax(aMax)));
    for (let j: usize = 0; j < full; j += 16) {
      sum = widenAdd(sum, f32x4.mul(v128.load(y + j), f32x4.sub(f32x4.sub(top, v128.load(z + j)), logTop)));
    }
    if (rest) {
      const term = f32x4.mul(v128.load(y + full), f32x4.sub(f32x4.sub(top, v128.load(z + full)), logTop));
      sum = widenAdd(sum, v128.and(term, mask));
    }
    z += stride;
    a += stride;
    y += yStride;
  }
  return horizontalSum64(sum);
}
