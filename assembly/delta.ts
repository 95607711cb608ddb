import {
  A,
  ACTIVATION,
  DELTA,
  DROPPED,
  FAN_IN,
  HEADER,
  LAYER_BYTES,
  MIXED,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  STRIDE,
  TRANSPOSED,
  UNITS,
  WEIGHTS,
  Z,
  ZEROS,
} from './abi';
import { multiplyBySlope } from './activation';
import { multiplyByMask } from './dropout';
import { panelProduct } from './forward';
import { share } from './team';
import { multiplyByMixedSlope } from './mixed';
import { storeTransposed } from './vec';

/**
 * What BP2 reads of a layer: W^l with its inputs side by side. One pass over the weights, paid back by every row of the batch. Each thread
 * turns its share of the panels.
 */
export function transposeLayer(layer: usize): void {
  const fanIn = load<i32>(layer, FAN_IN);
  const panels = (fanIn + PANEL_UNITS - 1) / PANEL_UNITS;
  const from = share(panels, 0) * PANEL_UNITS;
  const to = min(share(panels, 1) * PANEL_UNITS, fanIn);
  const weights = <usize>load<u32>(layer, WEIGHTS);
  transpose(<usize>load<u32>(layer, TRANSPOSED), weights, fanIn, load<i32>(layer, UNITS), from, to);
}

/**
 * BP2: delta^(l-1) = ((W^l)^T delta^l) (.) sigma'(z^(l-1)) for rows [row, row + rows), from the row of layer l in the layer table to the row
 * before.
 */
export function backwardLayer(layer: usize, row: i32, rows: i32): void {
  const before = layer - LAYER_BYTES;
  const fanIn = load<i32>(layer, FAN_IN);
  const units = load<i32>(layer, UNITS);
  const stride = <usize>load<u32>(layer, STRIDE);
  const delta = <usize>load<u32>(layer, DELTA) + <usize>row * stride;
  const strideBefore = <usize>load<u32>(before, STRIDE);
  const offset = <usize>row * strideBefore;
  const deltaBefore = <usize>load<u32>(before, DELTA) + offset;
  const transposed = <usize>load<u32>(layer, TRANSPOSED);
  const panelBytes = <usize>((units + 3) & ~3) * PANEL_ROW_BYTES;
  const zeros = <usize>load<u32>(HEADER, ZEROS);
  panelProduct(deltaBefore, strideBefore, delta, stride, transposed, panelBytes, zeros, units, fanIn, rows);
  if (load<u32>(before, DROPPED)) multiplyByMask(before, row, rows);
  const activation = load<i32>(before, ACTIVATION);
  const z = <usize>load<u32>(before, Z) + offset;
  const a = <usize>load<u32>(before, A) + offset;
  if (activation == MIXED) multiplyByMixedSlope(before, deltaBefore, z, a, strideBefore, rows);
  else multiplyBySlope(activation, deltaBefore, z, a, strideBefore, fanIn, rows);
}

/**
 * target: panels of 16 inputs, a row for each unit (their number rounded up to 4), from panels of 16 units, a row for each
 * input; the panels of inputs [from, to). Of the last panel, only the inputs rounded up to 4 are written: zeros past fanIn, as what is left is
 * from the start, so that the errors in a row's fill lanes become zeros too.
 */
export function transpose(target: usize, weights: usize, fanIn: i32, units: i32, from: i32, to: i32): void {
  const zero = f32x4.splat(0);
  const panelBytes = <usize>((units + 3) & ~3) * PANEL_ROW_BYTES;
  // what is read lies in one piece, what is written in pieces of 1 KiB
  for (let panel = 0; panel < units; panel += PANEL_UNITS) {
    const lastUnit = min(PANEL_UNITS, units - panel);
    for (let k = from; k < to; k += PANEL_UNITS) {
      const lastRow = min(PANEL_UNITS, fanIn - k);
      let source = weights + (<usize>(panel >> 4) * fanIn + k) * PANEL_ROW_BYTES;
      let t = target + (<usize>k >> 4) * panelBytes + <usize>panel * PANEL_ROW_BYTES;
      for (let unit = 0; unit < lastUnit; unit += 4) {
        for (let row = 0; row < lastRow; row += 4) {
          const p = source + <usize>row * PANEL_ROW_BYTES;
          const r0 = v128.load(p);
          const r1 = row + 1 < lastRow ? v128.load(p, PANEL_ROW_BYTES) : zero;
          const r2 = row + 2 < lastRow ? v128.load(p, 2 * PANEL_ROW_BYTES) : zero;
          const r3 = row + 3 < lastRow ? v128.load(p, 3 * PANEL_ROW_BYTES) : zero;
          const at = t + ((<usize>row) << 2);
          storeTransposed(at, PANEL_ROW_BYTES, r0, r1, r2, r3);
        }
        source += 16;
        t += 4 * PANEL_ROW_BYTES;
      }
    }
  }
}
