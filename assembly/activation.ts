import { LINEAR, RELU, SIGMOID, SOFTMAX, TANH } from './abi';
import { exp, sigmoid, tanh } from './math';
import { horizontalMax, horizontalSum, laneMask } from './vec';

// sigma and sigma' side by side. Matrices are [rows x units], a row every `stride` bytes (a multiple of 16); the lanes that
// fill a row's last vector are computed like the others and never read, but for softmax, where they must not count.

/** a = sigma(z). */
export function activate(activation: i32, a: usize, z: usize, stride: usize, units: i32, rows: i32): void {
  if (activation == SIGMOID) sigmoidForward(a, z, stride, units, rows);
  else if (activation == TANH) tanhForward(a, z, stride, units, rows);
  else if (activation == RELU) reluForward(a, z, stride, units, rows);
  else if (activation == SOFTMAX) softmaxForward(a, z, stride, units, rows);
  else linearForward(a, z, stride, units, rows);
}

/** delta = dC/da (.) sigma'(z), in place: on entry `delta` holds dC/da. sigma' is taken from a, which says the same as z. */
export function multiplyBySlope(activation: i32, delta: usize, a: usize, stride: usize, units: i32, rows: i32): void {
  if (activation == SIGMOID) sigmoidBackward(delta, a, stride, units, rows);
  else if (activation == TANH) tanhBackward(delta, a, stride, units, rows);
  else if (activation == RELU) reluBackward(delta, a, stride, units, rows);
  else if (activation == SOFTMAX) softmaxBackward(delta, a, stride, units, rows);
  else assert(activation == LINEAR);
}

function rowBytes(units: i32): usize {
  return (<usize>(units + 3) >> 2) << 4;
}

function linearForward(a: usize, z: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < bytes; j += 16) v128.store(a + j, v128.load(z + j));
    a += stride;
    z += stride;
  }
}

function sigmoidForward(a: usize, z: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < bytes; j += 16) v128.store(a + j, sigmoid(v128.load(z + j)));
    a += stride;
    z += stride;
  }
}

function sigmoidBackward(delta: usize, a: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < bytes; j += 16) {
      const v = v128.load(a + j);
      v128.store(delta + j, f32x4.mul(v128.load(delta + j), f32x4.mul(v, f32x4.sub(one, v))));
    }
    delta += stride;
    a += stride;
  }
}

function tanhForward(a: usize, z: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < bytes; j += 16) v128.store(a + j, tanh(v128.load(z + j)));
    a += stride;
    z += stride;
  }
}

function tanhBackward(delta: usize, a: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < bytes; j += 16) {
      const v = v128.load(a + j);
      v128.store(delta + j, f32x4.mul(v128.load(delta + j), f32x4.sub(one, f32x4.mul(v, v))));
    }
    delta += stride;
    a += stride;
  }
}

function reluForward(a: usize, z: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  const zero = f32x4.splat(0);
  for (let row = 0; row < rows; ++row) {
    // pmax(z, 0) is z < 0 ? 0 : z: one instruction on x64, and NaN passes through
    for (let j: usize = 0; j < bytes; j += 16) v128.store(a + j, f32x4.pmax(v128.load(z + j), zero));
    a += stride;
    z += stride;
  }
}

/** The slope at exactly 0 is 0. */
function reluBackward(delta: usize, a: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  const zero = f32x4.splat(0);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(delta + j, v128.and(v128.load(delta + j), f32x4.gt(v128.load(a + j), zero)));
    }
    delta += stride;
    a += stride;
  }
}

/** a_j = e^(z_j - max z) / sum_k e^(z_k - max z), row by row. */
function softmaxForward(a: usize, z: usize, stride: usize, units: i32, rows: i32): void {
  const full = (<usize>units >> 2) << 4;
  const rest = units & 3;
  const mask = laneMask(rest);
  const lowest = f32x4.splat(-Infinity);
  for (let row = 0; row < rows; ++row) {
    let largest = lowest;
    for (let j: usize = 0; j < full; j += 16) largest = f32x4.max(largest, v128.load(z + j));
    if (rest) largest = f32x4.max(largest, v128.bitselect(v128.load(z + full), lowest, mask));
    const top = f32x4.splat(horizontalMax(largest));
    let sums = f32x4.splat(0);
    for (let j: usize = 0; j < full; j += 16) {
      const e = exp(f32x4.sub(v128.load(z + j), top));
      v128.store(a + j, e);
      sums = f32x4.add(sums, e);
    }
    if (rest) {
      const e = v128.and(exp(f32x4.sub(v128.load(z + full), top)), mask);
      v128.store(a + full, e);
      sums = f32x4.add(sums, e);
    }
    const scale = f32x4.splat(1 / horizontalSum(sums));
    for (let j: usize = 0, bytes = rowBytes(units); j < bytes; j += 16) {
      v128.store(a + j, f32x4.mul(v128.load(a + j), scale));
    }
    a += stride;
    z += stride;
  }
}

/** dC/dz_j = a_j (dC/da_j - sum_k dC/da_k a_k): every output depends on every weighted input. */
function softmaxBackward(delta: usize, a: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  for (let row = 0; row < rows; ++row) {
    let sums = f32x4.splat(0);
    // the fill lanes of a are 0 here, those of delta finite
    for (let j: usize = 0; j < bytes; j += 16) {
      sums = f32x4.add(sums, f32x4.mul(v128.load(delta + j), v128.load(a + j)));
    }
    const mean = f32x4.splat(horizontalSum(sums));
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(delta + j, f32x4.mul(v128.load(a + j), f32x4.sub(v128.load(delta + j), mean)));
    }
    delta += stride;
    a += stride;
  }
}
