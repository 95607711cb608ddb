import {
  BLOCK_ROWS,
  DELTA,
  FAN_IN,
  HAS_BIAS,
  HEADER,
  INPUT,
  INPUT_STRIDE,
  PACKED,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  SLOPE_DELTA,
  STRIDE,
  UNION,
  UNITS,
  ZEROS,
  transposedStride,
} from './abi';
import { panelTile } from './forward';
import { addOuterProductListed, addOuterProductsListed, listUnion } from './sparse';
import { ownAddress, panelEnd, panelStart } from './team';
import { addScaledRow, madd, storeTransposed } from './simd';

/**
 * BP4 and BP3 for this thread's panels of one layer: weights += scale . sum over the rows of delta (a^(l-1))^T, and
 * biases += scale . sum over the rows of delta. The slopes of prelu are like biases, with SLOPE_DELTA in place of
 * delta; `slopes` is 0 for a layer without them. There are two kinds of targets. Gradients start from 0 and become
 * means, with scale = 1/m. Or the targets are the parameters themselves, with scale = -eta/m: a step of descent that
 * stores no gradient. `isListed`: the layer is the first one, and uses the lists of its inputs that are not zero.
 */
export function addGradients(
  layer: usize,
  weights: usize,
  biases: usize,
  slopes: usize,
  rows: i32,
  isListed: bool,
  scale: f32,
): void {
  const all = load<i32>(layer, UNITS);
  const panels = (all + PANEL_UNITS - 1) / PANEL_UNITS;
  const first = panelStart(panels);
  const units = min(panelEnd(panels) * PANEL_UNITS, all) - first * PANEL_UNITS;
  if (units <= 0) return;
  const fanIn = load<i32>(layer, FAN_IN);
  const offset = <usize>first * PANEL_ROW_BYTES;
  const delta = <usize>load<u32>(layer, DELTA) + offset;
  const stride = <usize>load<u32>(layer, STRIDE);
  const input = <usize>load<u32>(layer, INPUT);
  const inputStride = <usize>load<u32>(layer, INPUT_STRIDE);
  weights += <usize>(first * fanIn) * PANEL_ROW_BYTES;
  if (isListed) addSparseProducts(weights, input, inputStride, delta, stride, fanIn, units, rows, scale);
  else addProducts(weights, input, inputStride, delta, stride, fanIn, units, rows, scale);
  if (load<u32>(layer, HAS_BIAS)) addColumnSums(biases + offset, delta, stride, units, rows, scale);
  if (slopes) addColumnSums(slopes + offset, <usize>load<u32>(layer, SLOPE_DELTA) + offset, stride, units, rows, scale);
}

/** panels [fanIn x units] += scale . a [rows x fanIn]^T . delta [rows x units]. */
export function addProducts(
  panels: usize,
  a: usize,
  aStride: usize,
  delta: usize,
  deltaStride: usize,
  fanIn: i32,
  units: i32,
  rows: i32,
  scale: f32,
): void {
  if (rows == 1) addOuterProduct(panels, a, delta, fanIn, units, scale);
  else if (rows == 2) addTwoOuterProducts(panels, a, aStride, delta, deltaStride, fanIn, units, scale);
  else addTransposedProducts(panels, a, aStride, delta, deltaStride, fanIn, units, rows, scale);
}

/**
 * Does what addProducts does, by the product of forward.ts, from copies: a transposed, and delta divided into panels.
 * The copies are contiguous, while in the batch each row is on other pages of memory. This is faster from three rows
 * on.
 */
function addTransposedProducts(
  panels: usize,
  a: usize,
  aStride: usize,
  delta: usize,
  deltaStride: usize,
  fanIn: i32,
  units: i32,
  rows: i32,
  scale: f32,
): void {
  const zeros = <usize>load<u32>(HEADER, ZEROS);
  const deltas = ownAddress(PACKED);
  const deltaBytes = <usize>rows * PANEL_ROW_BYTES;
  const transposed = deltas + <usize>((units + PANEL_UNITS - 1) / PANEL_UNITS) * deltaBytes;
  const rowBytes = <usize>transposedStride(rows);
  const panelBytes = <usize>fanIn * PANEL_ROW_BYTES;
  for (let k = 0; k < fanIn; k += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, fanIn - k);
    transposeRows(transposed, rowBytes, a + ((<usize>k) << 2), aStride, count, rows);
    let target = panels + <usize>k * PANEL_ROW_BYTES;
    let panel = deltas;
    for (let j = 0; j < units; j += PANEL_UNITS) {
      // a panel is copied right before its first product, which then finds it in the cache
      if (k == 0) cutPanel(panel, delta + ((<usize>j) << 2), deltaStride, rows);
      panelTile(target, PANEL_ROW_BYTES, transposed, rowBytes, panel, zeros, rows, units - j, count, true, scale);
      target += panelBytes;
      panel += deltaBytes;
    }
  }
}

/**
 * panel [rows x 16] = 16 neighbouring columns of a matrix. `m` is the address of the first of them; rows are `stride`
 * bytes apart.
 */
function cutPanel(panel: usize, m: usize, stride: usize, rows: i32): void {
  for (const end = panel + <usize>rows * PANEL_ROW_BYTES; panel < end; panel += PANEL_ROW_BYTES) {
    v128.store(panel, v128.load(m));
    v128.store(panel, v128.load(m, 16), 16);
    v128.store(panel, v128.load(m, 32), 32);
    v128.store(panel, v128.load(m, 48), 48);
    m += stride;
  }
}

/**
 * transposed [columns x rows] = m [rows x columns]^T. Both are read and written in groups of four, beyond the last
 * column and the last row too. That is safe because behind every matrix of the batch lies another one of the same size.
 */
function transposeRows(transposed: usize, rowBytes: usize, m: usize, stride: usize, columns: i32, rows: i32): void {
  for (const end = m + ((<usize>columns) << 2); m < end; m += 16) {
    let source = m;
    let target = transposed;
    for (let row = 0; row < rows; row += 4) {
      const r0 = v128.load(source);
      source += stride;
      const r1 = v128.load(source);
      source += stride;
      const r2 = v128.load(source);
      source += stride;
      const r3 = v128.load(source);
      source += stride;
      storeTransposed(target, rowBytes, r0, r1, r2, r3);
      target += 16;
    }
    transposed += rowBytes << 2;
  }
}

/** Does what addProducts does, for one row and in one pass over the panels. */
function addOuterProduct(panels: usize, a: usize, delta: usize, fanIn: i32, units: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  const end = a + ((<usize>fanIn) << 2);
  for (let j = 0; j < units; j += PANEL_UNITS) {
    const d0 = v128.load(delta);
    const d1 = v128.load(delta, 16);
    const d2 = v128.load(delta, 32);
    const d3 = v128.load(delta, 48);
    for (let p = a; p < end; p += 4) {
      const x = v128.load32_splat(p);
      addScaledRow(panels, s, x, d0, d1, d2, d3);
      panels += PANEL_ROW_BYTES;
    }
    delta += PANEL_ROW_BYTES;
  }
}

/**
 * Does what addProducts does, for two rows and in one pass over the panels, which is faster than with copies. It is not
 * used for one row, because a second row of zeros takes longer: see docs/kernels.md.
 */
function addTwoOuterProducts(
  panels: usize,
  a: usize,
  aStride: usize,
  delta: usize,
  deltaStride: usize,
  fanIn: i32,
  units: i32,
  scale: f32,
): void {
  const s = f32x4.splat(scale);
  const zero = f32x4.splat(0);
  const end = a + ((<usize>fanIn) << 2);
  for (let j = 0; j < units; j += PANEL_UNITS) {
    const d0 = v128.load(delta);
    const d1 = v128.load(delta, 16);
    const d2 = v128.load(delta, 32);
    const d3 = v128.load(delta, 48);
    const second = delta + deltaStride;
    const e0 = v128.load(second);
    const e1 = v128.load(second, 16);
    const e2 = v128.load(second, 32);
    const e3 = v128.load(second, 48);
    for (let p = a; p < end; p += 4) {
      const x = v128.load32_splat(p);
      const y = v128.load32_splat(p + aStride);
      const t0 = madd(v128.load(panels), s, madd(madd(zero, x, d0), y, e0));
      const t1 = madd(v128.load(panels, 16), s, madd(madd(zero, x, d1), y, e1));
      const t2 = madd(v128.load(panels, 32), s, madd(madd(zero, x, d2), y, e2));
      const t3 = madd(v128.load(panels, 48), s, madd(madd(zero, x, d3), y, e3));
      v128.store(panels, t0);
      v128.store(panels, t1, 16);
      v128.store(panels, t2, 32);
      v128.store(panels, t3, 48);
      panels += PANEL_ROW_BYTES;
    }
    delta += PANEL_ROW_BYTES;
  }
}

/** Does what addProducts does, with the lists of the first layer's inputs. */
function addSparseProducts(
  panels: usize,
  x: usize,
  xStride: usize,
  delta: usize,
  deltaStride: usize,
  fanIn: i32,
  units: i32,
  rows: i32,
  scale: f32,
): void {
  const union = ownAddress(UNION);
  const unionEnd = rows > 1 ? listUnion(union, rows) : 0;
  for (let j = 0; j < units; j += PANEL_UNITS) {
    if (rows > 1) addOuterProductsListed(panels, x, xStride, delta, deltaStride, union, unionEnd, rows, scale);
    else addOuterProductListed(panels, x, delta, scale);
    panels += <usize>fanIn * PANEL_ROW_BYTES;
    delta += PANEL_ROW_BYTES;
  }
}

/** target [columns] += scale . sum over the rows of m [rows x columns]. Both are read and written in groups of four. */
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

/** Multiplies each row of m [rows x columns] by its number in factors [rows]. */
export function scaleRows(m: usize, factors: usize, stride: usize, columns: i32, rows: i32): void {
  for (let row = 0; row < rows; ++row) {
    const factor = v128.load32_splat(factors);
    const counts = f32x4.ne(factor, f32x4.splat(0));
    for (let j: usize = 0, bytes = (<usize>columns) << 2; j < bytes; j += 16) {
      v128.store(m + j, v128.and(f32x4.mul(v128.load(m + j), factor), counts));
    }
    factors += 4;
    m += stride;
  }
}
