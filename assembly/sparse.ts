import {
  HEADER,
  INPUTS,
  LISTED_AT_ONCE,
  LISTS,
  LIST_COUNTS,
  LIST_STRIDE,
  MASKS,
  MASK_STRIDE,
  MASK_WORD_INPUTS,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  POSITIONS,
  POSITIONS_ENTRY_BYTES,
  SUMS,
} from './abi';
import { ownAddress } from './team';
import { addScaledRow, madd } from './simd';

// The first layer's products over lists. An input that is 0 adds x w = 0 to z and x delta = 0 to dC/dW. It can be left
// out without changing a bit if the weights are finite, since no sum in the core is ever -0. Each row of the batch has
// a list of the inputs that are not zero, as u16 numbers, and the products of the first layer use only these. A row of
// MNIST has far fewer such inputs than the batch as a whole, so each row has a list of its own: see docs/kernels.md.

/** Lists are used if at most this many of five inputs are not zero. If more are, the tiles are faster. */
const MOST_OF_FIVE = 2;

/** The address of a row's list, or 0 if the network has no lists. */
export function listOf(row: i32): usize {
  const lists = <usize>load<u32>(HEADER, LISTS);
  return lists ? lists + <usize>row * <usize>load<u32>(HEADER, LIST_STRIDE) : 0;
}

/** The address of a row's mask. */
export function masksOf(row: i32): usize {
  return <usize>load<u32>(HEADER, MASKS) + <usize>row * <usize>load<u32>(HEADER, MASK_STRIDE);
}

/** The address of the length of a row's list. */
function countOf(row: i32): usize {
  return <usize>load<u32>(HEADER, LIST_COUNTS) + ((<usize>row) << 2);
}

/** Ends the row's list, which lies from `start` to `end`. */
export function endList(row: i32, start: usize, end: usize): void {
  store<u32>(countOf(row), <u32>((end - start) >> 1));
}

/**
 * Appends the inputs whose bit is set to the list that ends at `end`, and returns its new end. Every lane of `first`
 * holds the number of the input of bit 0. 16 bytes are always written.
 */
export function append(end: usize, bits: u32, first: v128): usize {
  const positions = v128.load64_zero(<usize>load<u32>(HEADER, POSITIONS) + <usize>bits * POSITIONS_ENTRY_BYTES);
  v128.store(end, i16x8.add(i16x8.extend_low_i8x16_u(positions), first));
  return end + ((<usize>popcnt(bits)) << 1);
}

/** True if the lists of these rows are to be used, because few of their inputs are not zero. */
export function isSparse(row: i32, rows: i32): bool {
  if (!load<u32>(HEADER, LISTS)) return false;
  let counts = countOf(row);
  let count: u64 = 0;
  for (const end = counts + ((<usize>rows) << 2); counts < end; counts += 4) count += load<u32>(counts);
  return 5 * count <= <u64>(MOST_OF_FIVE * load<u32>(HEADER, INPUTS)) * <u64>rows;
}

/** c [rows x width] = init + x . panels for rows [row, row + rows), from their lists. */
export function sparseProduct(
  c: usize,
  cStride: usize,
  x: usize,
  xStride: usize,
  panels: usize,
  panelBytes: usize,
  init: usize,
  width: i32,
  row: i32,
  rows: i32,
): void {
  const listStride = <usize>load<u32>(HEADER, LIST_STRIDE);
  const lists = listOf(row);
  const counts = countOf(row);
  for (let column = 0; column < width; column += PANEL_UNITS) {
    productListed(c, cStride, x, xStride, panels, init, lists, listStride, counts, rows);
    c += PANEL_ROW_BYTES;
    init += PANEL_ROW_BYTES;
    panels += panelBytes;
  }
}

/** c [rows x 16] = init + the sum over each row's list of x[k] . panel[k]. */
export function productListed(
  c: usize,
  cStride: usize,
  x: usize,
  xStride: usize,
  panel: usize,
  init: usize,
  lists: usize,
  listStride: usize,
  counts: usize,
  rows: i32,
): void {
  for (let row = 0; row < rows; ++row) {
    let c0 = v128.load(init);
    let c1 = v128.load(init, 16);
    let c2 = v128.load(init, 32);
    let c3 = v128.load(init, 48);
    for (let p = lists, end = lists + ((<usize>load<u32>(counts)) << 1); p < end; p += 2) {
      const k = <usize>load<u16>(p);
      const w = panel + k * PANEL_ROW_BYTES;
      const xk = v128.load32_splat(x + (k << 2));
      c0 = madd(c0, xk, v128.load(w));
      c1 = madd(c1, xk, v128.load(w, 16));
      c2 = madd(c2, xk, v128.load(w, 32));
      c3 = madd(c3, xk, v128.load(w, 48));
    }
    v128.store(c, c0);
    v128.store(c, c1, 16);
    v128.store(c, c2, 32);
    v128.store(c, c3, 48);
    c += cStride;
    x += xStride;
    lists += listStride;
    counts += 4;
  }
}

/** target [inputs x 16] += scale . x^T . delta [16] from the list of a row: a kernel for online training. */
export function addOuterProductListed(target: usize, x: usize, delta: usize, row: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  const d0 = v128.load(delta);
  const d1 = v128.load(delta, 16);
  const d2 = v128.load(delta, 32);
  const d3 = v128.load(delta, 48);
  const list = listOf(row);
  const count = <usize>load<u32>(countOf(row));
  for (let p = list, end = list + (count << 1); p < end; p += 2) {
    const k = <usize>load<u16>(p);
    const to = target + k * PANEL_ROW_BYTES;
    const xk = v128.load32_splat(x + (k << 2));
    addScaledRow(to, s, xk, d0, d1, d2, d3);
  }
}

/**
 * target [inputs x 16] += scale . sum over the rows of x^T . delta [rows x 16], from the lists of rows
 * [row, row + rows). The list from `union` to `unionEnd` has the inputs that are not zero in at least one row. The sums
 * grow row after row in SUMS, as they do in the registers of a tile, and are added to the target at the end, so they
 * have the bits of a tile. SUMS is 0 before and after the call.
 */
export function addOuterProductsListed(
  target: usize,
  x: usize,
  xStride: usize,
  delta: usize,
  deltaStride: usize,
  union: usize,
  unionEnd: usize,
  row: i32,
  rows: i32,
  scale: f32,
): void {
  const sums = ownAddress(SUMS);
  const zero = f32x4.splat(0);
  sumListed(sums, x, xStride, delta, deltaStride, row, rows);
  const s = f32x4.splat(scale);
  for (let p = union; p < unionEnd; p += 2) {
    const offset = <usize>load<u16>(p) * PANEL_ROW_BYTES;
    const sum = sums + offset;
    const to = target + offset;
    const t0 = madd(v128.load(to), s, v128.load(sum));
    const t1 = madd(v128.load(to, 16), s, v128.load(sum, 16));
    const t2 = madd(v128.load(to, 32), s, v128.load(sum, 32));
    const t3 = madd(v128.load(to, 48), s, v128.load(sum, 48));
    v128.store(to, t0);
    v128.store(to, t1, 16);
    v128.store(to, t2, 32);
    v128.store(to, t3, 48);
    v128.store(sum, zero);
    v128.store(sum, zero, 16);
    v128.store(sum, zero, 32);
    v128.store(sum, zero, 48);
  }
}

/** sums [inputs x 16] += x^T . delta [rows x 16] from the lists of rows [row, row + rows), row after row. */
function sumListed(sums: usize, x: usize, xStride: usize, delta: usize, deltaStride: usize, row: i32, rows: i32): void {
  const listStride = <usize>load<u32>(HEADER, LIST_STRIDE);
  let list = listOf(row);
  let counts = countOf(row);
  for (const end = row + rows; row < end; ++row) {
    const d0 = v128.load(delta);
    const d1 = v128.load(delta, 16);
    const d2 = v128.load(delta, 32);
    const d3 = v128.load(delta, 48);
    for (let p = list, end = list + ((<usize>load<u32>(counts)) << 1); p < end; p += 2) {
      const k = <usize>load<u16>(p);
      const sum = sums + k * PANEL_ROW_BYTES;
      const xk = v128.load32_splat(x + (k << 2));
      const s0 = madd(v128.load(sum), xk, d0);
      const s1 = madd(v128.load(sum, 16), xk, d1);
      const s2 = madd(v128.load(sum, 32), xk, d2);
      const s3 = madd(v128.load(sum, 48), xk, d3);
      v128.store(sum, s0);
      v128.store(sum, s1, 16);
      v128.store(sum, s2, 32);
      v128.store(sum, s3, 48);
    }
    delta += deltaStride;
    x += xStride;
    list += listStride;
    counts += 4;
  }
}

/**
 * Writes to `list` the inputs that are not zero in at least one of rows [row, row + rows). Returns the end of the list.
 */
export function listUnion(list: usize, row: i32, rows: i32): usize {
  const masks = masksOf(row);
  const stride = <usize>load<u32>(HEADER, MASK_STRIDE);
  const step = i16x8.splat(<i16>LISTED_AT_ONCE);
  let first = i16x8.splat(0);
  let end = list;
  for (let at = masks, stop = masks + stride; at < stop; at += MASK_WORD_INPUTS >> 3) {
    let bits: u64 = 0;
    let p = at;
    for (let row = 0; row < rows; ++row) {
      bits |= load<u64>(p);
      p += stride;
    }
    for (let i = 0; i < 8; ++i) {
      end = append(end, <u32>bits & 255, first);
      first = i16x8.add(first, step);
      bits >>= 8;
    }
  }
  return end;
}
