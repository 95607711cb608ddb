import {
  A,
  ACTIVATION,
  BIASES,
  COST,
  CUSTOM_COST,
  DELTA,
  DROPPED,
  FAN_IN,
  HAS_BIAS,
  HEADER,
  INPUT,
  IS_WEIGHTED,
  LAYERS,
  LAYER_BYTES,
  LAYER_COUNT,
  LISTS,
  PANEL_ROW_BYTES,
  ROW_WEIGHTS,
  SIGMOID,
  SLOPES,
  UNITS,
  WEIGHTS,
  X,
  Y,
  Z,
} from './abi';
import { activate, isElementwise, multiplyBySlope, sigmoidSlope } from './activation';
import { cancelsOutputSlope, costSlope, costTerm } from './cost-terms';
import { constantsOf } from './layer-activation';
import { sigmoid } from './power-activation';
import { horizontalSum64, laneMask, madd, widenAdd } from './simd';

// A step or a prediction on one sample, in a network whose layers have at most 4 units, so that each fits into one
// vector. These are the equations of forward.ts, cost.ts, delta.ts and gradient.ts, with each vector in a register and
// with the same bits. Such a step would take less time than the function calls of the general path. What is left is a
// chain in which each equation waits for the one before. Therefore a, and a delta that is still to be multiplied, are
// passed on in registers: see docs/kernels.md.

const VECTOR_UNITS = 4;

/** The end of the layer table. */
function end(): usize {
  return <usize>LAYERS + <usize>load<i32>(HEADER, LAYER_COUNT) * LAYER_BYTES;
}

/**
 * True if this file can compute the network: every layer fits into one vector, has no dropout, and has an elementwise
 * activation without slopes to train; the input has no lists; and the cost is not a custom one.
 */
export function isTinyNetwork(): bool {
  if (load<u32>(HEADER, LISTS) || load<i32>(HEADER, COST) == CUSTOM_COST) return false;
  for (let layer: usize = LAYERS; layer < end(); layer += LAYER_BYTES) {
    if (load<i32>(layer, UNITS) > VECTOR_UNITS || load<u32>(layer, DROPPED)) return false;
    if (!isElementwise(load<i32>(layer, ACTIVATION)) || load<u32>(layer, SLOPES)) return false;
  }
  return true;
}

/** z = W a + b and a = sigma(z) for the batch's first row, layer by layer. Returns a^L. */
export function forwardVectors(): v128 {
  let a = v128.load(<usize>load<u32>(HEADER, X));
  for (let layer: usize = LAYERS, last = end(); layer < last; layer += LAYER_BYTES) {
    let w = <usize>load<u32>(layer, WEIGHTS);
    let z = v128.load(<usize>load<u32>(layer, BIASES));
    const fanIn = load<i32>(layer, FAN_IN);
    for (let k = 0; ; ) {
      z = madd(z, v128.shuffle<f32>(a, a, 0, 0, 0, 0), v128.load(w));
      if (++k == fanIn) break;
      a = k & 3 ? v128.shuffle<f32>(a, a, 1, 2, 3, 0) : v128.load(<usize>load<u32>(layer, INPUT) + ((<usize>k) << 2));
      w += PANEL_ROW_BYTES;
    }
    const at = <usize>load<u32>(layer, Z);
    const target = <usize>load<u32>(layer, A);
    const activation = load<i32>(layer, ACTIVATION);
    v128.store(at, z);
    if (activation == SIGMOID) {
      a = sigmoid(z);
      v128.store(target, a);
    } else {
      activate(activation, constantsOf(layer), target, at, 16, load<i32>(layer, UNITS), 1);
      a = v128.load(target);
    }
  }
  return a;
}

/**
 * Writes delta^L of the sample, from a^L and its y, and returns its C_x. Both are multiplied by the sample's weight.
 */
export function outputVector(a: v128): f64 {
  const layer = end() - LAYER_BYTES;
  const cost = load<i32>(HEADER, COST);
  const mask = laneMask(load<i32>(layer, UNITS), 0);
  const z = v128.load(<usize>load<u32>(layer, Z));
  const y = v128.load(<usize>load<u32>(HEADER, Y));
  const at = <usize>load<u32>(layer, DELTA);
  const slope = v128.and(costSlope(cost, z, a, y), mask);
  if (cancelsOutputSlope(cost)) v128.store(at, slope);
  else if (load<i32>(layer, ACTIVATION) == SIGMOID) v128.store(at, sigmoidSlope(slope, a));
  else multiplyByVectorSlope(slope, layer);
  const value = horizontalSum64(widenAdd(f64x2.splat(0), v128.and(costTerm(cost, z, a, y), mask)));
  if (!load<u32>(HEADER, IS_WEIGHTED)) return value;
  const weight = <usize>load<u32>(HEADER, ROW_WEIGHTS);
  v128.store(at, f32x4.mul(v128.load(at), v128.load32_splat(weight)));
  return <f64>load<f32>(weight) * value;
}

/**
 * delta of a layer = dC/da (.) sigma'(z), where `slope` is dC/da. For the sigmoid, callers compute it themselves,
 * without this call.
 */
function multiplyByVectorSlope(slope: v128, layer: usize): void {
  const delta = <usize>load<u32>(layer, DELTA);
  const z = <usize>load<u32>(layer, Z);
  const a = <usize>load<u32>(layer, A);
  v128.store(delta, slope);
  multiplyBySlope(load<i32>(layer, ACTIVATION), constantsOf(layer), delta, z, a, 16, load<i32>(layer, UNITS), 1);
}

/** BP2: delta of every layer before the output layer, from the last to the first. */
export function backwardVectors(): void {
  const zero = f32x4.splat(0);
  for (let layer = end() - LAYER_BYTES; layer > <usize>LAYERS; layer -= LAYER_BYTES) {
    const before = layer - LAYER_BYTES;
    const fanIn = load<i32>(layer, FAN_IN);
    const units = load<i32>(layer, UNITS);
    const w = <usize>load<u32>(layer, WEIGHTS);
    // the 4 x 4 weights are transposed: rows of inputs become rows of units
    const r0 = v128.load(w);
    const r1 = fanIn > 1 ? v128.load(w, PANEL_ROW_BYTES) : zero;
    const r2 = fanIn > 2 ? v128.load(w, 2 * PANEL_ROW_BYTES) : zero;
    const r3 = fanIn > 3 ? v128.load(w, 3 * PANEL_ROW_BYTES) : zero;
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const delta = <usize>load<u32>(layer, DELTA);
    let sum = madd(zero, v128.load32_splat(delta), v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    if (units > 1) sum = madd(sum, v128.load32_splat(delta, 4), v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
    if (units > 2) {
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      sum = madd(sum, v128.load32_splat(delta, 8), v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
      if (units > 3) sum = madd(sum, v128.load32_splat(delta, 12), v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
    }
    const a = v128.load(<usize>load<u32>(before, A));
    if (load<i32>(before, ACTIVATION) == SIGMOID) v128.store(<usize>load<u32>(before, DELTA), sigmoidSlope(sum, a));
    else multiplyByVectorSlope(sum, before);
  }
}

/** BP3 and BP4, added directly to the parameters: w += scale . delta a^T, b += scale . delta. */
export function addVectorGradients(scale: f32): void {
  const s = f32x4.splat(scale);
  const zero = f32x4.splat(0);
  for (let layer: usize = LAYERS, last = end(); layer < last; layer += LAYER_BYTES) {
    const delta = v128.load(<usize>load<u32>(layer, DELTA));
    let w = <usize>load<u32>(layer, WEIGHTS);
    let p = <usize>load<u32>(layer, INPUT);
    for (const stop = p + ((<usize>load<i32>(layer, FAN_IN)) << 2); p < stop; p += 4) {
      v128.store(w, madd(v128.load(w), s, madd(zero, v128.load32_splat(p), delta)));
      w += PANEL_ROW_BYTES;
    }
    if (!load<u32>(layer, HAS_BIAS)) continue;
    const b = <usize>load<u32>(layer, BIASES);
    v128.store(b, madd(v128.load(b), s, f32x4.add(zero, delta)));
  }
}
