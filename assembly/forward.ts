import {
  A,
  BIASES,
  BLOCK_ROWS,
  FAN_IN,
  INPUT,
  INPUT_STRIDE,
  NARROW_UNITS,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  STRIDE,
  WEIGHTS,
  Z,
} from './abi';
import { activateLayer } from './layer-activation';
import { sparseProduct } from './sparse';
import { product, productNarrow, productTwelve, productWide } from './generated/tile';
import { isWide } from './simd';

// The forward pass of a layer: z^l = W^l a^(l-1) + b^l and a^l = sigma(z^l) for rows of the batch.

/**
 * c [rows x width] = init + a [rows x depth] . panels: the product of a whole layer. The sums of every row start from
 * the one row init [width].
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
  for (let row = 0; row < rows; row += BLOCK_ROWS) {
    const blockRows = min(BLOCK_ROWS, rows - row);
    let panel = panels;
    for (let column = 0; column < width; column += PANEL_UNITS) {
      const offset = (<usize>column) << 2;
      panelTile(c + offset, cStride, a, aStride, panel, init + offset, depth, width - column, blockRows, false, 0);
      panel += panelBytes;
    }
    c += <usize>blockRows * cStride;
    a += <usize>blockRows * aStride;
  }
}

/**
 * c [rows x columns] = init + a [rows x depth] . panel for the first `columns` columns of the panel, at most 16. If
 * `adds`, c += scale times the product instead. The tile for this number of columns takes as many rows as it can, and
 * `product` takes the others. If there are more than 8 columns, 16 are written.
 */
export function panelTile(
  c: usize,
  cStride: usize,
  a: usize,
  aStride: usize,
  panel: usize,
  init: usize,
  depth: i32,
  columns: i32,
  rows: i32,
  adds: bool,
  scale: f32,
): void {
  if (columns <= NARROW_UNITS) {
    for (let j: usize = 0, end = (<usize>columns) << 2; j < end; j += 16) {
      productNarrow(c + j, cStride, a, aStride, panel + j, init + j, depth, rows, adds, scale);
    }
    return;
  }
  let done = 0;
  if (isWide()) {
    done = rows - (rows % 5);
    productWide(c, cStride, a, aStride, panel, init, depth, done, adds, scale);
  } else if (columns <= 12) {
    done = rows - (rows % 3);
    productTwelve(c, cStride, a, aStride, panel, init, depth, done, adds, scale);
  }
  c += <usize>done * cStride;
  a += <usize>done * aStride;
  product(c, cStride, a, aStride, panel, init, depth, rows - done, adds, scale);
}

/**
 * z and a of rows [row, row + rows) of a layer for `units` of its units, without dropout. The first of them, `first`,
 * is the first unit of a panel. If they are not all units of the layer, its activation must be elementwise. `isListed`:
 * the layer is the first one, and uses the lists of its inputs that are not zero.
 */
export function forwardLayer(layer: usize, row: i32, rows: i32, first: i32, units: i32, isListed: bool): void {
  const fanIn = load<i32>(layer, FAN_IN);
  const stride = <usize>load<u32>(layer, STRIDE);
  const columns = (<usize>first) << 2;
  const offset = <usize>row * stride + columns;
  const z = <usize>load<u32>(layer, Z) + offset;
  const inputStride = <usize>load<u32>(layer, INPUT_STRIDE);
  const input = <usize>load<u32>(layer, INPUT) + <usize>row * inputStride;
  const weights = <usize>load<u32>(layer, WEIGHTS) + columns * <usize>fanIn;
  const biases = <usize>load<u32>(layer, BIASES) + columns;
  const panelBytes = <usize>fanIn * PANEL_ROW_BYTES;
  if (isListed) {
    sparseProduct(z, stride, input, inputStride, weights, panelBytes, biases, units, row, rows);
  } else {
    panelProduct(z, stride, input, inputStride, weights, panelBytes, biases, fanIn, units, rows);
  }
  activateLayer(layer, <usize>load<u32>(layer, A) + offset, z, stride, first, units, rows);
}
