import {
  BLOCK_INPUTS,
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
  WEIGHTS,
  ZEROS,
  transposedStride,
} from './abi';
import { panelTile } from './forward';
import { addOuterProductListed, addOuterProductsListed, listUnion } from './sparse';
import { ownAddress, unitEnd, unitStart } from './team';
import { addScaledRow, madd, storeTransposed } from './simd';
import { moveWeights } from './update';

/** From this many rows on, if they are at most so many bytes apart, gradients are added without copies. */
const NEAR_ROWS = 16;
const NEAR_BYTES: usize = 128;

/**
 * BP4 and BP3 for this thread's panels of one layer, over rows [row, row + rows) of the batch: weights += scale . sum
 * of delta (a^(l-1))^T, and biases += scale . sum of delta. The slopes of prelu are like biases, with SLOPE_DELTA in
 * place of delta; `slopes` is 0 for a layer without them. There are two kinds of targets. Gradients start from 0 and
 * become means, with scale = 1/m. Or the targets are the parameters themselves, with scale = -eta/m: a step of descent
 * that stores no gradient. `isListed`: the layer is the first one, and uses the lists of its inputs that are not zero.
 * `moves`: the targets are gradients, and the optimizer moves the layer's weights block by block (isMovedInBlocks), so
 * that the gradient of only one block is at `weights` at a time.
 */
export function addGradients(
  layer: usize,
  weights: usize,
  biases: usize,
  slopes: usize,
  row: i32,
  rows: i32,
  isListed: bool,
  scale: f32,
  moves: bool,
): void {
  const all = load<i32>(layer, UNITS);
  const first = unitStart(all);
  const units = unitEnd(all) - first;
  if (units <= 0) return;
  const fanIn = load<i32>(layer, FAN_IN);
  const offset = (<usize>first) << 2;
  const stride = <usize>load<u32>(layer, STRIDE);
  const deltaOffset = <usize>row * stride + offset;
  const delta = <usize>load<u32>(layer, DELTA) + deltaOffset;
  const inputStride = <usize>load<u32>(layer, INPUT_STRIDE);
  const input = <usize>load<u32>(layer, INPUT) + <usize>row * inputStride;
  const before = offset * <usize>fanIn;
  weights += before;
  if (moves) {
    const moved = <usize>load<u32>(layer, WEIGHTS) + before;
    addTransposedProducts(moved, weights, input, inputStride, delta, stride, fanIn, units, rows, scale);
  } else if (isListed) addSparseProducts(weights, input, inputStride, delta, stride, fanIn, units, row, rows, scale);
  else addProducts(weights, input, inputStride, delta, stride, fanIn, units, rows, scale);
  if (load<u32>(layer, HAS_BIAS)) addColumnSums(biases + offset, delta, stride, units, rows, scale);
  if (!slopes) return;
  addColumnSums(slopes + offset, <usize>load<u32>(layer, SLOPE_DELTA) + deltaOffset, stride, units, rows, scale);
}

/**
 * True if the optimizer can move the weights of a layer block by block, each while its gradient is in the first-level
 * cache: if they are added by addTransposedProducts.
 */
export function isMovedInBlocks(layer: usize, rows: i32, isListed: bool): bool {
  return !isListed && rows > 2 && !isNear(load<u32>(layer, INPUT_STRIDE), load<u32>(layer, STRIDE), rows);
}

/** True if the rows of a and delta are so short that addNearProducts is faster. */
function isNear(aStride: usize, deltaStride: usize, rows: i32): bool {
  return rows >= NEAR_ROWS && max(aStride, deltaStride) <= NEAR_BYTES;
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
  else if (isNear(aStride, deltaStride, rows)) {
    addNearProducts(panels, a, aStride, delta, deltaStride, fanIn, units, rows, scale);
  } else addTransposedProducts(panels, 0, a, aStride, delta, deltaStride, fanIn, units, rows, scale);
}

/**
 * Does what addProducts does, for short rows, which lie on few pages of memory, without copies: four inputs and eight
 * units at a time. If at most four units are left, it takes eight inputs, and the sums are transposed.
 */
function addNearProducts(
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
  const factor = f32x4.splat(scale);
  const sums = ownAddress(PACKED);
  for (let j = 0; j < units; j += 8) {
    const isNarrow = units - j <= 4;
    const inputs = isNarrow ? 8 : 4;
    let target = panels;
    for (let k = 0; k < fanIn; k += inputs) {
      const columns = a + ((<usize>k) << 2);
      let from = sums;
      if (isNarrow) {
        outerTile(sums, delta, deltaStride, columns, aStride, rows);
        from += 128;
        transposeRows(from, 32, sums, 32, 8, 4);
      } else outerTile(sums, columns, aStride, delta, deltaStride, rows);
      const end = target + <usize>min(inputs, fanIn - k) * PANEL_ROW_BYTES;
      for (; target < end; target += PANEL_ROW_BYTES) {
        v128.store(target, madd(v128.load(target), factor, v128.load(from)));
        if (!isNarrow) v128.store(target, madd(v128.load(target, 16), factor, v128.load(from, 16)), 16);
        from += 32;
      }
    }
    // the other half of the panel, or the next panel
    panels = j & 8 ? target - 32 : panels + 32;
    delta += 32;
  }
}

/**
 * sums [4 x 8] = the sum over the rows of the outer product of four columns at `s` and eight columns at `v`. The order
 * of the code is that of the tiles: see make-tiles.mjs.
 */
export function outerTile(sums: usize, s: usize, sStride: usize, v: usize, vStride: usize, rows: i32): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (; rows > 0; rows -= 2) {
    let x = v128.load32_splat(s, 12);
    let v1 = v128.load(v, 16);
    c31 = madd(c31, x, v1);
    let v0 = v128.load(v);
    c30 = madd(c30, x, v0);
    x = v128.load32_splat(s, 8);
    c21 = madd(c21, x, v1);
    c20 = madd(c20, x, v0);
    x = v128.load32_splat(s, 4);
    c11 = madd(c11, x, v1);
    c10 = madd(c10, x, v0);
    x = v128.load32_splat(s);
    c01 = madd(c01, x, v1);
    c00 = madd(c00, x, v0);
    s += sStride;
    v += vStride;
    if (rows == 1) break;
    x = v128.load32_splat(s, 12);
    v1 = v128.load(v, 16);
    c31 = madd(c31, x, v1);
    v0 = v128.load(v);
    c30 = madd(c30, x, v0);
    x = v128.load32_splat(s, 8);
    c21 = madd(c21, x, v1);
    c20 = madd(c20, x, v0);
    x = v128.load32_splat(s, 4);
    c11 = madd(c11, x, v1);
    c10 = madd(c10, x, v0);
    x = v128.load32_splat(s);
    c01 = madd(c01, x, v1);
    c00 = madd(c00, x, v0);
    s += sStride;
    v += vStride;
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c10, 32);
  v128.store(sums, c11, 48);
  v128.store(sums, c20, 64);
  v128.store(sums, c21, 80);
  v128.store(sums, c30, 96);
  v128.store(sums, c31, 112);
}

/**
 * Does what addProducts does, by the product of forward.ts, from copies: a transposed, and delta divided into panels.
 * The copies are contiguous, while in the batch each row is on other pages of memory. This is faster from three rows
 * on.
 *
 * If `block` is not 0, it is room for the gradient of BLOCK_INPUTS inputs of a panel. Each such block is then computed
 * there, and the optimizer moves its weights, in `panels`, before the next block takes its place. So the gradient never
 * leaves the first-level cache.
 */
function addTransposedProducts(
  panels: usize,
  block: usize,
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
  for (let k = 0; k < fanIn; k += BLOCK_INPUTS) {
    const count = min(BLOCK_INPUTS, fanIn - k);
    transposeRows(transposed, rowBytes, a + ((<usize>k) << 2), aStride, count, rows);
    let target = panels + <usize>k * PANEL_ROW_BYTES;
    let panel = deltas;
    for (let j = 0; j < units; j += PANEL_UNITS) {
      // a panel is copied right before its first product, which then finds it in the cache
      if (k == 0) cutPanel(panel, delta + ((<usize>j) << 2), deltaStride, rows);
      const sums = block ? block : target;
      if (block) memory.fill(block, 0, <usize>count * PANEL_ROW_BYTES);
      panelTile(sums, PANEL_ROW_BYTES, transposed, rowBytes, panel, zeros, rows, units - j, count, true, scale, 0);
      if (block) moveWeights(target, block, count * PANEL_UNITS);
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
 * column and the last row too. That is safe because behind every matrix of the batch lies another one of the same size;
 * src/core/parameters.ts, which copies weights with it, asks for whole groups.
 */
export function transposeRows(
  transposed: usize,
  rowBytes: usize,
  m: usize,
  stride: usize,
  columns: i32,
  rows: i32,
): void {
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

/** Does what addProducts does, with the lists of the first layer's inputs, from that of `row` on. */
function addSparseProducts(
  panels: usize,
  x: usize,
  xStride: usize,
  delta: usize,
  deltaStride: usize,
  fanIn: i32,
  units: i32,
  row: i32,
  rows: i32,
  scale: f32,
): void {
  const union = ownAddress(UNION);
  const unionEnd = rows > 1 ? listUnion(union, row, rows) : 0;
  for (let j = 0; j < units; j += PANEL_UNITS) {
    if (rows > 1) addOuterProductsListed(panels, x, xStride, delta, deltaStride, union, unionEnd, row, rows, scale);
    else addOuterProductListed(panels, x, delta, row, scale);
    panels += <usize>fanIn * PANEL_ROW_BYTES;
    delta += PANEL_ROW_BYTES;
  }
}

/**
 * target [columns] += scale . sum over the rows of m [rows x columns]. m is read in groups of sixteen columns, whose
 * sums do not wait for each other; the target is read and written in groups of four.
 */
export function addColumnSums(target: usize, m: usize, stride: usize, columns: i32, rows: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  for (; columns > 0; columns -= PANEL_UNITS) {
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    let p = m;
    for (let row = 0; row < rows; ++row) {
      sum0 = f32x4.add(sum0, v128.load(p));
      sum1 = f32x4.add(sum1, v128.load(p, 16));
      sum2 = f32x4.add(sum2, v128.load(p, 32));
      sum3 = f32x4.add(sum3, v128.load(p, 48));
      p += stride;
    }
    v128.store(target, madd(v128.load(target), s, sum0));
    if (columns > 4) v128.store(target, madd(v128.load(target, 16), s, sum1), 16);
    if (columns > 8) v128.store(target, madd(v128.load(target, 32), s, sum2), 32);
    if (columns > 12) v128.store(target, madd(v128.load(target, 48), s, sum3), 48);
    target += PANEL_ROW_BYTES;
    m += PANEL_ROW_BYTES;
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
