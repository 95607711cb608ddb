import {
  ELU,
  GELU,
  GELU_TANH,
  HARD_SIGMOID,
  HARD_SWISH,
  LEAKY_RELU,
  LINEAR,
  MISH,
  MIXED,
  PRELU,
  RELU,
  RELU6,
  SELU,
  SIGMOID,
  SILU,
  SOFTMAX,
  SOFTPLUS,
  SOFTSIGN,
  TANH,
} from './abi';
import { exp, expm1, tanh } from './math';
import {
  gelu,
  geluSlope,
  geluTanh,
  geluTanhSlope,
  mish,
  mishSlope,
  sigmoid,
  silu,
  siluSlope,
  softplus,
  softplusSlope,
} from './power-activation';
import { IS_SMALL, horizontalMax, horizontalSum, laneMask, madd, storeTransposed } from './simd';

// sigma and sigma' side by side. Matrices are [rows x units]; a row begins every `stride` bytes, a multiple of 16. The
// lanes that fill up a row's last vector are computed like the others and never read. Only softmax, which adds up a
// row, leaves them out.
//
// No finite z makes a value or a slope infinite or NaN, except in selu past 3.2e38, and where leakyRelu or prelu has a
// slope beyond 1: exp limits its argument to 87.3, and where a result is multiplied by z or a, these are limited too.

// Constants are read from a table, like the coefficients of math.ts.
const CONSTANTS = memory.data<f32>([1, 3, 6, 0.16666666666666666, 0.5, 0.3333333333333333, -3]);
const ONE: usize = 0;
const THREE: usize = 4;
const SIX: usize = 8;
const SIXTH: usize = 12;
const HALF: usize = 16;
const THIRD: usize = 20;
const MINUS_THREE: usize = 24;

/** SELU's two scales: lambda and lambda alpha of Klambauer et al. (Self-Normalizing Neural Networks, 2017). */
const SELU_SCALES = memory.data<f32>([1.0507009873554805, 1.7580993408473766]);

function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset);
}

function clamp(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

// Functions of one vector. Each activation has sigma(z) and a slope function, which returns d, that is dC/da, times
// sigma'(z). The slope is computed from a if a determines it and this takes less time. Its error is then a few
// roundings of the largest slope, even where the slope is small.

export function sigmoidSlope(d: v128, a: v128): v128 {
  return f32x4.mul(d, f32x4.mul(a, f32x4.sub(constant(ONE), a)));
}

function tanhSlope(d: v128, a: v128): v128 {
  return f32x4.mul(d, f32x4.sub(constant(ONE), f32x4.mul(a, a)));
}

/** max(z, 0). pmax is z < 0 ? 0 : z: one instruction on x64, and NaN passes through. */
function relu(z: v128): v128 {
  return f32x4.pmax(z, f32x4.splat(0));
}

/** The slope at exactly 0 is 0. */
function reluSlope(d: v128, a: v128): v128 {
  return v128.and(d, f32x4.gt(a, f32x4.splat(0)));
}

/** The larger one of z and slope z. pmax and pmin are one instruction on x64, and NaN passes through. */
function largest(z: v128, slope: v128): v128 {
  return f32x4.pmax(z, f32x4.mul(z, slope));
}

/** The smaller one of z and slope z. */
function least(z: v128, slope: v128): v128 {
  return f32x4.pmin(z, f32x4.mul(z, slope));
}

/** z above 0, and `slope` times z below, for slopes of any size in one vector. */
function leakyRelu(z: v128, slope: v128): v128 {
  return v128.bitselect(z, f32x4.mul(z, slope), f32x4.gt(z, f32x4.splat(0)));
}

/** The slope at exactly 0 is that from below. */
function leakyReluSlope(d: v128, z: v128, slope: v128): v128 {
  return v128.bitselect(d, f32x4.mul(d, slope), f32x4.gt(z, f32x4.splat(0)));
}

/** z limited to [0, 6] */
function relu6(z: v128): v128 {
  return clamp(z, f32x4.splat(0), constant(SIX));
}

/** The slope at exactly 0 and 6 is 0. */
function relu6Slope(d: v128, a: v128): v128 {
  return v128.and(d, v128.and(f32x4.gt(a, f32x4.splat(0)), f32x4.lt(a, constant(SIX))));
}

/**
 * z above 0 and e^z - 1 below, each multiplied by its scale: `above` is the slope above 0, and `below` is the slope at
 * 0 from below, which is also the distance of the lower limit from 0.
 */
function elu(z: v128, above: v128, below: v128): v128 {
  const rising = f32x4.mul(z, above);
  const bent = f32x4.mul(expm1(z), below);
  return v128.bitselect(rising, bent, f32x4.gt(z, f32x4.splat(0)));
}

/** The slope below 0 is scale e^z = a + scale. The slope at exactly 0 is that from below. */
function eluSlope(d: v128, a: v128, above: v128, below: v128): v128 {
  const bent = f32x4.add(a, below);
  return f32x4.mul(d, v128.bitselect(above, bent, f32x4.gt(a, f32x4.splat(0))));
}

/** z / (1 + |z|) */
function softsign(z: v128): v128 {
  return f32x4.div(z, f32x4.add(f32x4.abs(z), constant(ONE)));
}

/** The slope is 1 / (1 + |z|)^2 = (1 - |a|)^2. */
function softsignSlope(d: v128, a: v128): v128 {
  const s = f32x4.sub(constant(ONE), f32x4.abs(a));
  return f32x4.mul(d, f32x4.mul(s, s));
}

/** z / 6 + 1/2, limited to [0, 1] */
function hardSigmoid(z: v128): v128 {
  return f32x4.mul(clamp(f32x4.add(z, constant(THREE)), f32x4.splat(0), constant(SIX)), constant(SIXTH));
}

/** The slope at exactly -3 and 3 is 0. */
function hardSigmoidSlope(d: v128, z: v128): v128 {
  return v128.and(f32x4.mul(d, constant(SIXTH)), f32x4.lt(f32x4.abs(z), constant(THREE)));
}

/** z times hardSigmoid(z). For z up to -3, even for -Infinity, the product is 0. */
function hardSwish(z: v128): v128 {
  return f32x4.mul(f32x4.pmax(z, constant(MINUS_THREE)), hardSigmoid(z));
}

/** The slope is z / 3 + 1/2 between -3 and 3. At exactly -3 and 3, it is the one from outside: 0 and 1. */
function hardSwishSlope(d: v128, z: v128): v128 {
  const middle = madd(constant(HALF), z, constant(THIRD));
  const slope = v128.bitselect(middle, constant(ONE), f32x4.lt(z, constant(THREE)));
  return v128.and(f32x4.mul(d, slope), f32x4.gt(z, constant(MINUS_THREE)));
}

/** True if each unit's a depends only on its own z, by one function for all units of the layer. */
export function isElementwise(activation: i32): bool {
  return activation != SOFTMAX && activation != MIXED;
}

// The activation is chosen once for each row, and each activation has a loop of its own. This takes hardly more time
// than kernels that each contain a loop over the rows. In the small build, a step of a loop computes one vector.

/**
 * a [rows x units] = sigma(z). For a linear layer a and z are the same matrix, and nothing is done. At `constants` are
 * the numbers of the function: the slope of leakyRelu, alpha of elu, or the slopes [units] of prelu. Others have none.
 */
export function activate(
  activation: i32,
  constants: usize,
  a: usize,
  z: usize,
  stride: usize,
  units: i32,
  rows: i32,
): void {
  if (a == z) return;
  if (activation == SOFTMAX) {
    softmaxForward(a, z, stride, units, rows);
    return;
  }
  let bytes = rowBytes(units);
  // rows without gaps between them are one long row, unless each unit has a slope of its own
  if (!IS_SMALL && bytes == stride && activation != PRELU) {
    bytes *= rows;
    rows = 1;
  }
  for (let row = 0; row < rows; ++row) {
    let j: usize = 0;
    if (activation == SIGMOID) {
      for (; !IS_SMALL && j + 16 < bytes; j += 32) {
        const first = sigmoid(v128.load(z + j));
        const second = sigmoid(v128.load(z + j, 16));
        v128.store(a + j, first);
        v128.store(a + j, second, 16);
      }
      for (; j < bytes; j += 16) v128.store(a + j, sigmoid(v128.load(z + j)));
    } else if (activation == RELU) for (; j < bytes; j += 16) v128.store(a + j, relu(v128.load(z + j)));
    else if (activation == TANH) {
      for (; !IS_SMALL && j + 16 < bytes; j += 32) {
        const first = tanh(v128.load(z + j));
        const second = tanh(v128.load(z + j, 16));
        v128.store(a + j, first);
        v128.store(a + j, second, 16);
      }
      for (; j < bytes; j += 16) v128.store(a + j, tanh(v128.load(z + j)));
    } else if (activation == LEAKY_RELU) {
      // a slope above 1 has the smaller one of z and slope z, any other the larger one
      const slope = v128.load32_splat(constants);
      const isSteep = load<f32>(constants) > 1;
      if (isSteep) for (; j < bytes; j += 16) v128.store(a + j, least(v128.load(z + j), slope));
      else for (; j < bytes; j += 16) v128.store(a + j, largest(v128.load(z + j), slope));
    } else if (activation == ELU || activation == SELU) {
      const above = v128.load32_splat(activation == ELU ? CONSTANTS + ONE : SELU_SCALES);
      const below = v128.load32_splat(activation == ELU ? constants : SELU_SCALES + 4);
      for (; j < bytes; j += 16) v128.store(a + j, elu(v128.load(z + j), above, below));
    } else if (activation == GELU) for (; j < bytes; j += 16) v128.store(a + j, gelu(v128.load(z + j)));
    else if (activation == SILU) for (; j < bytes; j += 16) v128.store(a + j, silu(v128.load(z + j)));
    else if (activation == SOFTPLUS) for (; j < bytes; j += 16) v128.store(a + j, softplus(v128.load(z + j)));
    else if (activation == SOFTSIGN) for (; j < bytes; j += 16) v128.store(a + j, softsign(v128.load(z + j)));
    else if (activation == HARD_SIGMOID) for (; j < bytes; j += 16) v128.store(a + j, hardSigmoid(v128.load(z + j)));
    else if (activation == GELU_TANH) for (; j < bytes; j += 16) v128.store(a + j, geluTanh(v128.load(z + j)));
    else if (activation == RELU6) for (; j < bytes; j += 16) v128.store(a + j, relu6(v128.load(z + j)));
    else if (activation == HARD_SWISH) for (; j < bytes; j += 16) v128.store(a + j, hardSwish(v128.load(z + j)));
    else if (activation == MISH) for (; j < bytes; j += 16) v128.store(a + j, mish(v128.load(z + j)));
    else if (activation == PRELU)
      for (; j < bytes; j += 16) v128.store(a + j, leakyRelu(v128.load(z + j), v128.load(constants + j)));
    else for (; j < bytes; j += 16) v128.store(a + j, v128.load(z + j));

    a += stride;
    z += stride;
  }
}

/**
 * delta [rows x units] = dC/da (.) sigma'(z), in place: on entry `delta` holds dC/da. `constants` are those of
 * `activate`. For prelu, multiplyByPreluSlope does this.
 */
export function multiplyBySlope(
  activation: i32,
  constants: usize,
  delta: usize,
  z: usize,
  a: usize,
  stride: usize,
  units: i32,
  rows: i32,
): void {
  assert(activation != PRELU);
  if (activation == LINEAR) return;
  if (activation == SOFTMAX) {
    softmaxBackward(delta, a, stride, units, rows);
    return;
  }
  let bytes = rowBytes(units);
  // as in activate
  if (bytes == stride) {
    bytes *= rows;
    rows = 1;
  }
  for (let row = 0; row < rows; ++row) {
    let j: usize = 0;
    if (activation == SIGMOID)
      for (; j < bytes; j += 16) v128.store(delta + j, sigmoidSlope(v128.load(delta + j), v128.load(a + j)));
    else if (activation == RELU)
      for (; j < bytes; j += 16) v128.store(delta + j, reluSlope(v128.load(delta + j), v128.load(a + j)));
    else if (activation == TANH) {
      for (; j + 16 < bytes; j += 32) {
        const first = tanhSlope(v128.load(delta + j), v128.load(a + j));
        const second = tanhSlope(v128.load(delta + j, 16), v128.load(a + j, 16));
        v128.store(delta + j, first);
        v128.store(delta + j, second, 16);
      }
      for (; j < bytes; j += 16) v128.store(delta + j, tanhSlope(v128.load(delta + j), v128.load(a + j)));
    } else if (activation == LEAKY_RELU) {
      const slope = v128.load32_splat(constants);
      for (; j < bytes; j += 16) v128.store(delta + j, leakyReluSlope(v128.load(delta + j), v128.load(z + j), slope));
    } else if (activation == ELU || activation == SELU) {
      const above = v128.load32_splat(activation == ELU ? CONSTANTS + ONE : SELU_SCALES);
      const below = v128.load32_splat(activation == ELU ? constants : SELU_SCALES + 4);
      for (; j < bytes; j += 16) v128.store(delta + j, eluSlope(v128.load(delta + j), v128.load(a + j), above, below));
    } else if (activation == GELU)
      for (; j < bytes; j += 16) v128.store(delta + j, geluSlope(v128.load(delta + j), v128.load(z + j)));
    else if (activation == SILU)
      for (; j < bytes; j += 16) v128.store(delta + j, siluSlope(v128.load(delta + j), v128.load(z + j)));
    else if (activation == SOFTPLUS)
      for (; j < bytes; j += 16) v128.store(delta + j, softplusSlope(v128.load(delta + j), v128.load(z + j)));
    else if (activation == SOFTSIGN)
      for (; j < bytes; j += 16) v128.store(delta + j, softsignSlope(v128.load(delta + j), v128.load(a + j)));
    else if (activation == HARD_SIGMOID)
      for (; j < bytes; j += 16) v128.store(delta + j, hardSigmoidSlope(v128.load(delta + j), v128.load(z + j)));
    else if (activation == GELU_TANH)
      for (; j < bytes; j += 16) v128.store(delta + j, geluTanhSlope(v128.load(delta + j), v128.load(z + j)));
    else if (activation == RELU6)
      for (; j < bytes; j += 16) v128.store(delta + j, relu6Slope(v128.load(delta + j), v128.load(a + j)));
    else if (activation == HARD_SWISH)
      for (; j < bytes; j += 16) v128.store(delta + j, hardSwishSlope(v128.load(delta + j), v128.load(z + j)));
    else if (activation == MISH)
      for (; j < bytes; j += 16) v128.store(delta + j, mishSlope(v128.load(delta + j), v128.load(z + j)));

    delta += stride;
    z += stride;
    a += stride;
  }
}

/**
 * What multiplyBySlope does, for prelu with `slopes` [units]. Also writes the derivative of C_x with respect to each
 * slope, terms [rows x units] = dC/da (.) min(z, 0). `terms` may be `z`.
 */
export function multiplyByPreluSlope(
  terms: usize,
  slopes: usize,
  delta: usize,
  z: usize,
  stride: usize,
  units: i32,
  rows: i32,
): void {
  const bytes = rowBytes(units);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < bytes; j += 16) {
      const d = v128.load(delta + j);
      const zj = v128.load(z + j);
      v128.store(terms + j, f32x4.mul(d, f32x4.pmin(zj, f32x4.splat(0))));
      v128.store(delta + j, leakyReluSlope(d, zj, v128.load(slopes + j)));
    }
    terms += stride;
    delta += stride;
    z += stride;
  }
}

/** The bytes of a row's vectors that hold units. */
function rowBytes(units: i32): usize {
  return (<usize>(units + 3) >> 2) << 4;
}

/** a_j = e^(z_j - max z) / sum_k e^(z_k - max z), row by row. Fill lanes of a become 0. */
function softmaxForward(a: usize, z: usize, stride: usize, units: i32, rows: i32): void {
  const full = (<usize>units >> 2) << 4;
  const rest = units & 3;
  const mask = laneMask(units, full);
  const lowest = f32x4.splat(-Infinity);
  let row = !IS_SMALL && units <= 4 ? softmaxOfNarrow(a, z, stride, units, rows) : 0;
  a += <usize>row * stride;
  z += <usize>row * stride;
  for (; row < rows; ++row) {
    let largest = lowest;
    for (let j: usize = 0; j < full; j += 16) largest = f32x4.pmax(largest, v128.load(z + j));
    if (rest) largest = f32x4.pmax(largest, v128.bitselect(v128.load(z + full), lowest, mask));
    const top = horizontalMax(largest);
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

/**
 * Does what softmaxForward does for up to four units, four rows at a time, with the same bits: a vector has the same
 * unit of four rows. Returns how many rows it has done; up to three are left over.
 */
function softmaxOfNarrow(a: usize, z: usize, stride: usize, units: i32, rows: i32): i32 {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const z2 = z + 2 * stride;
    storeTransposed(a, stride, v128.load(z), v128.load(z + stride), v128.load(z2), v128.load(z2 + stride));
    let top = v128.load(a);
    const end = a + <usize>units * stride;
    for (let p = a + stride; p < end; p += stride) top = f32x4.pmax(top, v128.load(p));
    for (let p = a; p < end; p += stride) v128.store(p, exp(f32x4.sub(v128.load(p), top)));
    const next = a + 4 * stride;
    for (let p = end; p < next; p += stride) v128.store(p, f32x4.splat(0));
    const e0 = v128.load(a);
    const e1 = v128.load(a + stride);
    const e2 = v128.load(a + 2 * stride);
    const e3 = v128.load(a + 3 * stride);
    const scale = f32x4.div(constant(ONE), f32x4.add(f32x4.add(e0, e2), f32x4.add(e1, e3)));
    storeTransposed(a, stride, f32x4.mul(e0, scale), f32x4.mul(e1, scale), f32x4.mul(e2, scale), f32x4.mul(e3, scale));
    a = next;
    z = z2 + 2 * stride;
  }
  return row;
}

/** dC/dz_j = a_j (dC/da_j - sum_k dC/da_k a_k): every output depends on every weighted input. */
function softmaxBackward(delta: usize, a: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = rowBytes(units);
  for (let row = 0; row < rows; ++row) {
    let sums = f32x4.splat(0);
    // fill lanes add nothing: those of a are 0, and those of delta are finite
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
