import {
  A,
  ACTIVATION,
  DELTA,
  DROPPED,
  FAN_IN,
  HEADER,
  LAYER_BYTES,
  LINE_BYTES,
  NARROW_UNITS,
  PACKED,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  STRIDE,
  UNITS,
  WEIGHTS,
  Z,
  ZEROS,
} from './abi';
import { multiplyByMask } from './dropout';
import { panelTile } from './forward';
import { multiplyByLayerSlope } from './layer-activation';
import { ownAddress } from './team';
import { madd, storeTransposed } from './simd';

/**
 * The bytes of a row of errors that are computed together. The panel rows of these inputs, 8 KiB, then stay in the
 * first-level cache.
 */
const CHUNK_BYTES: usize = 512;

/**
 * BP2: delta^(l-1) = ((W^l)^T delta^l) (.) sigma'(z^(l-1)) for rows [row, row + rows) and `inputs` units of layer
 * l - 1. `layer` is the row of layer l in the layer table; layer l - 1 has the row before it. `first`, the first of the
 * units, is the first unit of a panel. If they are not all units of layer l - 1, its activation must be elementwise.
 */
export function backwardLayer(layer: usize, row: i32, rows: i32, first: i32, inputs: i32): void {
  const before = layer - LAYER_BYTES;
  const fanIn = load<i32>(layer, FAN_IN);
  const units = load<i32>(layer, UNITS);
  const stride = <usize>load<u32>(layer, STRIDE);
  const delta = <usize>load<u32>(layer, DELTA) + <usize>row * stride;
  const strideBefore = <usize>load<u32>(before, STRIDE);
  const offset = <usize>row * strideBefore + ((<usize>first) << 2);
  const deltaBefore = <usize>load<u32>(before, DELTA) + offset;
  const weights = <usize>load<u32>(layer, WEIGHTS) + <usize>first * PANEL_ROW_BYTES;
  if (rows <= 2) errorsOfTwo(deltaBefore, rows == 2 ? strideBefore : 0, delta, stride, weights, fanIn, inputs, units);
  else errorsByPanels(deltaBefore, strideBefore, delta, stride, weights, fanIn, inputs, units, rows);
  if (load<u32>(before, DROPPED)) multiplyByMask(before, row, rows, first, inputs);
  const activation = load<i32>(before, ACTIVATION);
  const z = <usize>load<u32>(before, Z) + offset;
  const a = <usize>load<u32>(before, A) + offset;
  multiplyByLayerSlope(before, activation, deltaBefore, z, a, strideBefore, first, inputs, rows);
}

/**
 * target [rows x inputs] = delta [rows x units] . W^T, by the product of forward.ts, for `inputs` of the layer's
 * `fanIn` inputs. The panels of the weights begin at the first of them. For 16 inputs at a time, the weights are
 * transposed into a panel with a row for each unit. The panel is multiplied while it is in the cache. Fill lanes of
 * target become 0.
 */
function errorsByPanels(
  target: usize,
  targetStride: usize,
  delta: usize,
  stride: usize,
  weights: usize,
  fanIn: i32,
  inputs: i32,
  units: i32,
  rows: i32,
): void {
  const transposed = ownAddress(PACKED);
  const zeros = <usize>load<u32>(HEADER, ZEROS);
  for (; inputs > 0; inputs -= PANEL_UNITS) {
    transposePanel(transposed, weights, fanIn, units, inputs);
    panelTile(target, targetStride, delta, stride, transposed, zeros, units, inputs, rows, false, 0, 0);
    target += PANEL_ROW_BYTES;
    weights += PANEL_UNITS * PANEL_ROW_BYTES;
  }
}

/**
 * transposed [units, rounded up to 4, x 16] = the weights of up to 16 inputs, from panels of 16 units with `fanIn` rows
 * each. `inputs` is the number of inputs that are left. The columns after the last input become 0, as far as panelTile
 * reads.
 */
export function transposePanel(transposed: usize, weights: usize, fanIn: i32, units: i32, inputs: i32): void {
  const width = inputs > NARROW_UNITS ? PANEL_UNITS : (inputs + 3) & ~3;
  let target = transposed;
  for (let panel = 0; panel < units; panel += PANEL_UNITS) {
    let source = weights;
    for (let unit = panel, end = min(panel + PANEL_UNITS, units); unit < end; unit += 4) {
      // inputs are transposed in whole groups of four, beyond the last one too, because checking each input takes
      // longer
      for (let k = 0; k < width; k += 4) {
        const p = source + <usize>k * PANEL_ROW_BYTES;
        const r1 = v128.load(p, PANEL_ROW_BYTES);
        const r2 = v128.load(p, 2 * PANEL_ROW_BYTES);
        const r3 = v128.load(p, 3 * PANEL_ROW_BYTES);
        storeTransposed(target + ((<usize>k) << 2), PANEL_ROW_BYTES, v128.load(p), r1, r2, r3);
      }
      source += 16;
      target += 4 * PANEL_ROW_BYTES;
    }
    weights += <usize>fanIn * PANEL_ROW_BYTES;
  }
  for (; inputs < width; ++inputs) {
    for (let p = transposed + ((<usize>inputs) << 2); p < target; p += PANEL_ROW_BYTES) store<f32>(p, 0);
  }
}

/**
 * target [1 or 2 x inputs] = delta . W^T, with the same arguments and bits as errorsByPanels. If `second` is not 0,
 * there are two rows: `second` bytes apart in target, and `stride` bytes apart in delta. Squares of 4 inputs x 4 units
 * are transposed in registers, which for so few rows is faster than panels: see docs/kernels.md. The sums are in target
 * and grow unit after unit. Fill lanes of target become 0.
 */
export function errorsOfTwo(
  target: usize,
  second: usize,
  delta: usize,
  stride: usize,
  weights: usize,
  fanIn: i32,
  inputs: i32,
  units: i32,
): void {
  const end = target + ((<usize>inputs) << 2);
  // Clears the rows to the end of their last cache lines: a NaN that an earlier overflow has left there would reach the
  // gradients.
  const bytes = (((<usize>inputs) << 2) + LINE_BYTES - 1) & ~(LINE_BYTES - 1);
  memory.fill(target, 0, bytes);
  if (second) memory.fill(target + second, 0, bytes);
  for (let panel = 0; panel < units; panel += PANEL_UNITS) {
    const unitBytes = (<usize>min(PANEL_UNITS, units - panel)) << 2;
    for (let from = target; from < end; ) {
      const to = min(from + CHUNK_BYTES, end);
      for (let unit: usize = 0; unit < unitBytes; unit += 16) {
        const d = delta + unit;
        const d0 = v128.load32_splat(d);
        const d1 = v128.load32_splat(d, 4);
        const d2 = v128.load32_splat(d, 8);
        const d3 = v128.load32_splat(d, 12);
        const e = d + stride;
        const e0 = v128.load32_splat(e);
        const e1 = v128.load32_splat(e, 4);
        const e2 = v128.load32_splat(e, 8);
        const e3 = v128.load32_splat(e, 12);
        let source = weights + ((from - target) << 4) + unit;
        for (let t = from; t < to; t += 16) {
          const r0 = v128.load(source);
          const r1 = v128.load(source, PANEL_ROW_BYTES);
          const r2 = v128.load(source, 2 * PANEL_ROW_BYTES);
          const r3 = v128.load(source, 3 * PANEL_ROW_BYTES);
          const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
          const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
          const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
          const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
          const w0 = v128.shuffle<f32>(low01, low23, 0, 1, 4, 5);
          const w1 = v128.shuffle<f32>(low01, low23, 2, 3, 6, 7);
          const w2 = v128.shuffle<f32>(high01, high23, 0, 1, 4, 5);
          const w3 = v128.shuffle<f32>(high01, high23, 2, 3, 6, 7);
          v128.store(t, madd(madd(madd(madd(v128.load(t), d0, w0), d1, w1), d2, w2), d3, w3));
          const u = t + second;
          if (second) v128.store(u, madd(madd(madd(madd(v128.load(u), e0, w0), e1, w1), e2, w2), e3, w3));
          source += 4 * PANEL_ROW_BYTES;
        }
      }
      from = to;
    }
    weights += <usize>fanIn * PANEL_ROW_BYTES;
    delta += PANEL_ROW_BYTES;
  }
  // the values beyond the last input have been added to the fill lanes
  for (let t = end; t & 15; t += 4) {
    store<f32>(t, 0);
    store<f32>(t + second, 0);
  }
}
