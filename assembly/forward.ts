import {
  A,
  ACTIVATION,
  BIASES,
  DROPPED,
  FAN_IN,
  INPUT,
  INPUT_STRIDE,
  MIXED,
  NARROW_UNITS,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  STRIDE,
  UNITS,
  WEIGHTS,
  Z,
} from './abi';
import { activate } from './activation';
import { drop } from './dropout';
import { activateMixed } from './mixed';
import { product, productActive, productNarrow } from './tile';

// z^l = W^l a^(l-1) + b^l and a^l = sigma(z^l), for every row of the batch.

/**
 * Depth of one block of a product: 16 columns x 256 rows x 4 bytes = 16 KiB of a panel stay in the first-level cache beside
 * the rows that stream past it.
 */
const BLOCK_DEPTH = 256;

/**
 * c [rows x width] = init + a [rows x depth] . panels: the product of a whole layer, panel by panel. `init` has `width`
 * floats, added to every row.
 */
export function panelProduct(
  c: usize,
  cStride: usize,
  a: usize,
  aStride: usize,
  panels: usize,
  panelBytes: usize,
  init: usize,
  depth: i32,
  width: i32,
  rows: i32,
): void {
  for (let column = 0; column < width; column += PANEL_UNITS) {
    const columns = min(PANEL_UNITS, width - column);
    let start = init;
    let startStride: usize = 0;
    for (let k = 0; k < depth; k += BLOCK_DEPTH) {
      const block = min(BLOCK_DEPTH, depth - k);
      const panel = panels + <usize>k * PANEL_ROW_BYTES;
      const input = a + ((<usize>k) << 2);
      if (columns > NARROW_UNITS) {
        product(c, cStride, input, aStride, panel, start, startStride, block, rows);
      } else {
        for (let j: usize = 0, end = (<usize>columns) << 2; j < end; j += 16) {
          productNarrow(c + j, cStride, input, aStride, panel + j, start + j, startStride, block, rows);
        }
      }
      start = c;
      startStride = cStride;
    }
    c += PANEL_ROW_BYTES;
    init += PANEL_ROW_BYTES;
    panels += panelBytes;
  }
}

/** The same over the listed inputs only. */
export function panelProductActive(
  c: usize,
  cStride: usize,
  a: usize,
  aStride: usize,
  panels: usize,
  panelBytes: usize,
  init: usize,
  active: usize,
  count: i32,
  width: i32,
  rows: i32,
): void {
  for (let column = 0; column < width; column += PANEL_UNITS) {
    let start = init;
    let startStride: usize = 0;
    // at least one block: with no active input at all, z is the bias
    for (let k = 0; k == 0 || k < count; k += BLOCK_DEPTH) {
      const block = min(BLOCK_DEPTH, count - k);
      productActive(c, cStride, a, aStride, panels, start, startStride, active + ((<usize>k) << 2), block, rows);
      start = c;
      startStride = cStride;
    }
    c += PANEL_ROW_BYTES;
    init += PANEL_ROW_BYTES;
    panels += panelBytes;
  }
}

/** One layer; `active` lists the inputs to use, 0 stands for all. */
export function forwardLayer(layer: usize, rows: i32, active: usize, activeCount: i32): void {
  const fanIn = load<i32>(layer, FAN_IN);
  const units = load<i32>(layer, UNITS);
  const stride = <usize>load<u32>(layer, STRIDE);
  const z = <usize>load<u32>(layer, Z);
  const input = <usize>load<u32>(layer, INPUT);
  const inputStride = <usize>load<u32>(layer, INPUT_STRIDE);
  const weights = <usize>load<u32>(layer, WEIGHTS);
  const biases = <usize>load<u32>(layer, BIASES);
  const panelBytes = <usize>fanIn * PANEL_ROW_BYTES;
  if (active) {
    panelProductActive(z, stride, input, inputStride, weights, panelBytes, biases, active, activeCount, units, rows);
  } else {
    panelProduct(z, stride, input, inputStride, weights, panelBytes, biases, fanIn, units, rows);
  }
  const activation = load<i32>(layer, ACTIVATION);
  const a = <usize>load<u32>(layer, A);
  if (activation == MIXED) activateMixed(layer, a, z, stride, rows);
  else activate(activation, a, z, stride, units, rows);
  if (load<u32>(layer, DROPPED)) drop(layer, rows);
}
