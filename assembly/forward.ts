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
import { product, productAhead, productNarrow, productTwelve, productWide, productWideAhead } from './generated/tile';
import { IS_SMALL, isWide, madd } from './simd';

/** From this depth on, the panel that is needed next is read ahead while one is multiplied. */
const LEAST_AHEAD = 128;
/** So many rows are multiplied while the tiles that read ahead read one panel, by default and in wide registers. */
const AHEAD_ROWS = 8;
const WIDE_AHEAD_ROWS = 40;

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
  const isDeep = depth >= LEAST_AHEAD && rows > 2;
  for (let row = 0; row < rows; row += BLOCK_ROWS) {
    const blockRows = min(BLOCK_ROWS, rows - row);
    let panel = panels;
    for (let column = 0; column < width; column += PANEL_UNITS) {
      const offset = (<usize>column) << 2;
      const next = panel + panelBytes;
      const left = width - column;
      const ahead: usize = isDeep && left > PANEL_UNITS ? next : 0;
      panelTile(c + offset, cStride, a, aStride, panel, init + offset, depth, left, blockRows, false, 0, ahead);
      panel = next;
    }
    c += <usize>blockRows * cStride;
    a += <usize>blockRows * aStride;
  }
}

/**
 * c [rows x columns] = init + a [rows x depth] . panel for the first `columns` columns of the panel, at most 16. If
 * `adds`, c += scale times the product instead. The tile for this number of columns takes as many rows as it can, and
 * `product` takes the others. If there are more than 8 columns, 16 are written. If `ahead` is not 0, it is the panel
 * that is needed next, and the first rows' tiles read it ahead.
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
  ahead: usize,
): void {
  if (!IS_SMALL && !adds && depth <= 2 && columns > 4) {
    for (let j: usize = 0, end = (<usize>min(columns, PANEL_UNITS)) << 2; j < end; j += 32) {
      productShallow(c + j, cStride, a, aStride, panel + j, init + j, depth, rows);
    }
    return;
  }
  if (columns <= NARROW_UNITS) {
    for (let j: usize = 0, end = (<usize>columns) << 2; j < end; j += 16) {
      productNarrow(c + j, cStride, a, aStride, panel + j, init + j, depth, rows, adds, scale);
    }
    return;
  }
  let done = 0;
  if (isWide()) {
    done = rows - (rows % 5);
    const first = ahead ? min(done, WIDE_AHEAD_ROWS) : 0;
    if (first) productWideAhead(c, cStride, a, aStride, panel, init, depth, first, adds, scale, ahead);
    const cRest = c + <usize>first * cStride;
    productWide(cRest, cStride, a + <usize>first * aStride, aStride, panel, init, depth, done - first, adds, scale);
  } else if (columns <= 12) {
    done = rows - (rows % 3);
    productTwelve(c, cStride, a, aStride, panel, init, depth, done, adds, scale);
  } else if (!IS_SMALL && ahead) {
    done = min(rows & ~1, AHEAD_ROWS);
    productAhead(c, cStride, a, aStride, panel, init, depth, done, adds, scale, ahead);
  }
  c += <usize>done * cStride;
  a += <usize>done * aStride;
  product(c, cStride, a, aStride, panel, init, depth, rows - done, adds, scale);
}

/**
 * c [rows x 8] = init + a [rows x depth] . panel [depth x 8] for a depth of 1 or 2. init and the panel stay in
 * registers. The tiles, which take several rows at a time, would spend most of their time on their start and end.
 */
export function productShallow(
  c: usize,
  cStride: usize,
  a: usize,
  aStride: usize,
  panel: usize,
  init: usize,
  depth: i32,
  rows: i32,
): void {
  assert(((c | cStride | panel | init) & 15) == 0 && depth <= 2);
  const c0 = v128.load(init);
  const c1 = v128.load(init, 16);
  const w0 = v128.load(panel);
  const w1 = v128.load(panel, 16);
  if (depth == 1) {
    for (; rows > 0; --rows) {
      const x = v128.load32_splat(a);
      v128.store(c, madd(c0, x, w0));
      v128.store(c, madd(c1, x, w1), 16);
      c += cStride;
      a += aStride;
    }
    return;
  }
  const w2 = v128.load(panel, PANEL_ROW_BYTES);
  const w3 = v128.load(panel, PANEL_ROW_BYTES + 16);
  for (; rows > 0; --rows) {
    const x = v128.load32_splat(a);
    const next = v128.load32_splat(a, 4);
    v128.store(c, madd(madd(c0, x, w0), next, w2));
    v128.store(c, madd(madd(c1, x, w1), next, w3), 16);
    c += cStride;
    a += aStride;
  }
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
