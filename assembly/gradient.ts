import {
  DELTA,
  FAN_IN,
  HAS_BIAS,
  INPUT,
  INPUT_STRIDE,
  NARROW_UNITS,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  STRIDE,
  UNITS,
} from './abi';
import { addOuterProducts, addOuterProductsNarrow } from './tile';
import { madd } from './vec';

/**
 * BP4 and BP3 for one layer: weights += scale . sum over the rows of delta (a^(l-1))^T, biases += scale . sum of delta.
 * The targets are either gradients or the weights and biases themselves (see addOuterProducts). `active` lists the
 * inputs that are not zero in every row: the others have no gradient.
 */
export function addGradients(
  layer: usize,
  weights: usize,
  biases: usize,
  rows: i32,
  active: usize,
  activeCount: i32,
  scale: f32,
): void {
  const units = load<i32>(layer, UNITS);
  const input = <usize>load<u32>(layer, INPUT);
  const inputStride = <usize>load<u32>(layer, INPUT_STRIDE);
  const delta = <usize>load<u32>(layer, DELTA);
  const stride = <usize>load<u32>(layer, STRIDE);
  const panelBytes = <usize>load<i32>(layer, FAN_IN) * PANEL_ROW_BYTES;
  let panel = weights;
  let columns = delta;
  for (let j = 0; j < units; j += PANEL_UNITS) {
    if (units - j > NARROW_UNITS) {
      addOuterProducts(panel, input, inputStride, columns, stride, active, activeCount, rows, scale);
    } else {
      for (let i: usize = 0, end = (<usize>(units - j)) << 2; i < end; i += 16) {
        addOuterProductsNarrow(panel + i, input, inputStride, columns + i, stride, active, activeCount, rows, scale);
      }
    }
    panel += panelBytes;
    columns += PANEL_ROW_BYTES;
  }
  if (load<u32>(layer, HAS_BIAS)) addColumnSums(biases, delta, stride, units, rows, scale);
}

/** target [columns] += scale . sum over the rows of m [rows x columns]. */
export function addColumnSums(target: usize, m: usize, stride: usize, columns: i32, rows: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  for (let j = 0; j < columns; j += 4) {
    let sum = f32x4.splat(0);
    let p = m;
    for (let row = 0; row < rows; ++row) {
      sum = f32x4.add(sum, v128.load(p));
      p += stride;
    }
    v128.store(target, madd(v128.load(target), s, sum));
    target += 16;
    m += 16;
  }
}

/** Each row of m [rows x columns] times its factor. */
export function scaleRows(m: usize, factors: usize, stride: usize, columns: i32, rows: i32): void {
  for (let row = 0; row < rows; ++row) {
    const factor = v128.load32_splat(factors);
    for (let j: usize = 0, bytes = (<usize>columns) << 2; j < bytes; j += 16) {
      v128.store(m + j, f32x4.mul(v128.load(m + j), factor));
    }
    factors += 4;
    m += stride;
  }
}
