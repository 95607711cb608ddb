import { PANEL_ROW_BYTES } from './abi';
import { madd } from './vec';

// Register tiles for the three matrix products of back-propagation. Each computes 2 rows by 16 columns: eight
// accumulators, four vectors of the panel and one broadcast, 13 of the 15 registers that V8 leaves free on x64; larger
// tiles spill on Node 20. Every output element is one chain of additions in ascending order, so no choice of tile, no
// blocking and no division of the work can change a bit of the result.

/**
 * c [rows x 16] = init + a [rows x depth] . panel [depth x 16].
 * Forward: a = activations, panel = weights, init = biases (initStride 0).
 * Errors (BP2): a = deltas, panel = transposed weights, init = zeros.
 * Deeper products are added up block by block: init = c. Strides in bytes; c, panel and init 16-byte aligned.
 */
export function product(
  c: usize,
  cStride: usize,
  a: usize,
  aStride: usize,
  panel: usize,
  init: usize,
  initStride: usize,
  depth: i32,
  rows: i32,
): void {
  assert(((c | cStride | panel | init | initStride) & 15) == 0);
  const depthBytes = (<usize>depth) << 2;
  let row = 0;
  for (; row + 2 <= rows; row += 2) {
    const a1 = a + aStride;
    const init1 = init + initStride;
    let c00 = v128.load(init);
    let c01 = v128.load(init, 16);
    let c02 = v128.load(init, 32);
    let c03 = v128.load(init, 48);
    let c10 = v128.load(init1);
    let c11 = v128.load(init1, 16);
    let c12 = v128.load(init1, 32);
    let c13 = v128.load(init1, 48);
    let p0 = a;
    let p1 = a1;
    let w = panel;
    for (const end = a + depthBytes; p0 < end; p0 += 4) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      const w2 = v128.load(w, 32);
      const w3 = v128.load(w, 48);
      const x0 = v128.load32_splat(p0);
      c00 = madd(c00, x0, w0);
      c01 = madd(c01, x0, w1);
      c02 = madd(c02, x0, w2);
      c03 = madd(c03, x0, w3);
      const x1 = v128.load32_splat(p1);
      c10 = madd(c10, x1, w0);
      c11 = madd(c11, x1, w1);
      c12 = madd(c12, x1, w2);
      c13 = madd(c13, x1, w3);
      w += PANEL_ROW_BYTES;
      p1 += 4;
    }
    const c1 = c + cStride;
    v128.store(c, c00);
    v128.store(c, c01, 16);
    v128.store(c, c02, 32);
    v128.store(c, c03, 48);
    v128.store(c1, c10);
    v128.store(c1, c11, 16);
    v128.store(c1, c12, 32);
    v128.store(c1, c13, 48);
    a = a1 + aStride;
    init = init1 + initStride;
    c = c1 + cStride;
  }
  if (row < rows) {
    let c0 = v128.load(init);
    let c1 = v128.load(init, 16);
    let c2 = v128.load(init, 32);
    let c3 = v128.load(init, 48);
    for (const end = a + depthBytes; a < end; a += 4) {
      const x = v128.load32_splat(a);
      c0 = madd(c0, x, v128.load(panel));
      c1 = madd(c1, x, v128.load(panel, 16));
      c2 = madd(c2, x, v128.load(panel, 32));
      c3 = madd(c3, x, v128.load(panel, 48));
      panel += PANEL_ROW_BYTES;
    }
    v128.store(c, c0);
    v128.store(c, c1, 16);
    v128.store(c, c2, 32);
    v128.store(c, c3, 48);
  }
}

/**
 * `product` for 4 columns: c [rows x 4]. Four rows at a time, for layers and panel ends too narrow to fill 16 columns: 20-20-3 at batch 10
 * trains 1.28x as fast with it (Xeon, Node 20 and 24, 2026-11-23). Strides and addresses as there.
 */
export function productNarrow(
  c: usize,
  cStride: usize,
  a: usize,
  aStride: usize,
  panel: usize,
  init: usize,
  initStride: usize,
  depth: i32,
  rows: i32,
): void {
  assert(((c | cStride | panel | init | initStride) & 15) == 0);
  const depthBytes = (<usize>depth) << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let c0 = v128.load(init);
    init += initStride;
    let c1 = v128.load(init);
    init += initStride;
    let c2 = v128.load(init);
    init += initStride;
    let c3 = v128.load(init);
    init += initStride;
    let p0 = a;
    let p1 = p0 + aStride;
    let p2 = p1 + aStride;
    let p3 = p2 + aStride;
    let w = panel;
    for (const end = a + depthBytes; p0 < end; p0 += 4) {
      const w0 = v128.load(w);
      c0 = madd(c0, v128.load32_splat(p0), w0);
      c1 = madd(c1, v128.load32_splat(p1), w0);
      c2 = madd(c2, v128.load32_splat(p2), w0);
      c3 = madd(c3, v128.load32_splat(p3), w0);
      w += PANEL_ROW_BYTES;
      p1 += 4;
      p2 += 4;
      p3 += 4;
    }
    a += aStride << 2;
    v128.store(c, c0);
    c += cStride;
    v128.store(c, c1);
    c += cStride;
    v128.store(c, c2);
    c += cStride;
    v128.store(c, c3);
    c += cStride;
  }
  for (; row < rows; ++row) {
    let sum = v128.load(init);
    let p = a;
    let w = panel;
    for (const end = a + depthBytes; p < end; p += 4) {
      sum = madd(sum, v128.load32_splat(p), v128.load(w));
      w += PANEL_ROW_BYTES;
    }
    v128.store(c, sum);
    a += aStride;
    c += cStride;
    init += initStride;
  }
}

/**
 * The same over the inputs in a list only: c = init + sum over k in `active` of a[.][k] . panel[k]. The list holds `count`
 * byte offsets 4k, ascending. An input left out because it is 0 in every row would add 0 . w, so the bits are those of
 * `product` for finite weights. A kernel of its own because the list costs `product` 3 to 10 % (20 to 30 % in 256-bit mode).
 */
export function productActive(
  c: usize,
  cStride: usize,
  a: usize,
  aStride: usize,
  panel: usize,
  init: usize,
  initStride: usize,
  active: usize,
  count: i32,
  rows: i32,
): void {
  assert(((c | cStride | panel | init | initStride) & 15) == 0);
  const end = active + ((<usize>count) << 2);
  let row = 0;
  for (; row + 2 <= rows; row += 2) {
    const a1 = a + aStride;
    const init1 = init + initStride;
    let c00 = v128.load(init);
    let c01 = v128.load(init, 16);
    let c02 = v128.load(init, 32);
    let c03 = v128.load(init, 48);
    let c10 = v128.load(init1);
    let c11 = v128.load(init1, 16);
    let c12 = v128.load(init1, 32);
    let c13 = v128.load(init1, 48);
    for (let p = active; p < end; p += 4) {
      const k = <usize>load<u32>(p);
      const w = panel + (k << 4);
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      const w2 = v128.load(w, 32);
      const w3 = v128.load(w, 48);
      const x0 = v128.load32_splat(a + k);
      c00 = madd(c00, x0, w0);
      c01 = madd(c01, x0, w1);
      c02 = madd(c02, x0, w2);
      c03 = madd(c03, x0, w3);
      const x1 = v128.load32_splat(a1 + k);
      c10 = madd(c10, x1, w0);
      c11 = madd(c11, x1, w1);
      c12 = madd(c12, x1, w2);
      c13 = madd(c13, x1, w3);
    }
    const c1 = c + cStride;
    v128.store(c, c00);
    v128.store(c, c01, 16);
    v128.store(c, c02, 32);
    v128.store(c, c03, 48);
    v128.store(c1, c10);
    v128.store(c1, c11, 16);
    v128.store(c1, c12, 32);
    v128.store(c1, c13, 48);
    a = a1 + aStride;
    init = init1 + initStride;
    c = c1 + cStride;
  }
  if (row < rows) {
    let c0 = v128.load(init);
    let c1 = v128.load(init, 16);
    let c2 = v128.load(init, 32);
    let c3 = v128.load(init, 48);
    for (let p = active; p < end; p += 4) {
      const k = <usize>load<u32>(p);
      const w = panel + (k << 4);
      const x = v128.load32_splat(a + k);
      c0 = madd(c0, x, v128.load(w));
      c1 = madd(c1, x, v128.load(w, 16));
      c2 = madd(c2, x, v128.load(w, 32));
      c3 = madd(c3, x, v128.load(w, 48));
    }
    v128.store(c, c0);
    v128.store(c, c1, 16);
    v128.store(c, c2, 32);
    v128.store(c, c3, 48);
  }
}

/**
 * panel[k] += scale . sum over rows of a[row][k] . delta[row][0..16), for each k in `active` (BP4).
 * With panel = weights and scale = -eta/m it is the descent itself: no gradient is stored. With panel = gradients, cleared
 * before, and scale = 1/m it is the mean gradient. Strides in bytes; panel, delta and deltaStride 16-byte aligned.
 */
export function addOuterProducts(
  panel: usize,
  a: usize,
  aStride: usize,
  delta: usize,
  deltaStride: usize,
  active: usize,
  count: i32,
  rows: i32,
  scale: f32,
): void {
  assert(((panel | delta | deltaStride) & 15) == 0);
  const s = f32x4.splat(scale);
  const end = active + ((<usize>count) << 2);
  let p = active;
  for (; p + 8 <= end; p += 8) {
    const k0 = <usize>load<u32>(p);
    const k1 = <usize>load<u32>(p, 4);
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c02 = c00;
    let c03 = c00;
    let c10 = c00;
    let c11 = c00;
    let c12 = c00;
    let c13 = c00;
    let a0 = a + k0;
    let a1 = a + k1;
    let d = delta;
    for (let row = 0; row < rows; ++row) {
      const d0 = v128.load(d);
      const d1 = v128.load(d, 16);
      const d2 = v128.load(d, 32);
      const d3 = v128.load(d, 48);
      const x0 = v128.load32_splat(a0);
      c00 = madd(c00, x0, d0);
      c01 = madd(c01, x0, d1);
      c02 = madd(c02, x0, d2);
      c03 = madd(c03, x0, d3);
      const x1 = v128.load32_splat(a1);
      c10 = madd(c10, x1, d0);
      c11 = madd(c11, x1, d1);
      c12 = madd(c12, x1, d2);
      c13 = madd(c13, x1, d3);
      d += deltaStride;
      a0 += aStride;
      a1 += aStride;
    }
    const g0 = panel + (k0 << 4);
    v128.store(g0, madd(v128.load(g0), s, c00));
    v128.store(g0, madd(v128.load(g0, 16), s, c01), 16);
    v128.store(g0, madd(v128.load(g0, 32), s, c02), 32);
    v128.store(g0, madd(v128.load(g0, 48), s, c03), 48);
    const g1 = panel + (k1 << 4);
    v128.store(g1, madd(v128.load(g1), s, c10));
    v128.store(g1, madd(v128.load(g1, 16), s, c11), 16);
    v128.store(g1, madd(v128.load(g1, 32), s, c12), 32);
    v128.store(g1, madd(v128.load(g1, 48), s, c13), 48);
  }
  if (p < end) {
    const k = <usize>load<u32>(p);
    let c0 = f32x4.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    a += k;
    for (let row = 0; row < rows; ++row) {
      const x = v128.load32_splat(a);
      c0 = madd(c0, x, v128.load(delta));
      c1 = madd(c1, x, v128.load(delta, 16));
      c2 = madd(c2, x, v128.load(delta, 32));
      c3 = madd(c3, x, v128.load(delta, 48));
      delta += deltaStride;
      a += aStride;
    }
    const g = panel + (k << 4);
    v128.store(g, madd(v128.load(g), s, c0));
    v128.store(g, madd(v128.load(g, 16), s, c1), 16);
    v128.store(g, madd(v128.load(g, 32), s, c2), 32);
    v128.store(g, madd(v128.load(g, 48), s, c3), 48);
  }
}

/** `addOuterProducts` for 4 columns, two inputs at a time. */
export function addOuterProductsNarrow(
  panel: usize,
  a: usize,
  aStride: usize,
  delta: usize,
  deltaStride: usize,
  active: usize,
  count: i32,
  rows: i32,
  scale: f32,
): void {
  assert(((panel | delta | deltaStride) & 15) == 0);
  const s = f32x4.splat(scale);
  const end = active + ((<usize>count) << 2);
  let p = active;
  for (; p + 8 <= end; p += 8) {
    const k0 = <usize>load<u32>(p);
    const k1 = <usize>load<u32>(p, 4);
    let c0 = f32x4.splat(0);
    let c1 = c0;
    let a0 = a + k0;
    let a1 = a + k1;
    let d = delta;
    for (let row = 0; row < rows; ++row) {
      const d0 = v128.load(d);
      c0 = madd(c0, v128.load32_splat(a0), d0);
      c1 = madd(c1, v128.load32_splat(a1), d0);
      d += deltaStride;
      a0 += aStride;
      a1 += aStride;
    }
    const g0 = panel + (k0 << 4);
    v128.store(g0, madd(v128.load(g0), s, c0));
    const g1 = panel + (k1 << 4);
    v128.store(g1, madd(v128.load(g1), s, c1));
  }
  if (p < end) {
    const k = <usize>load<u32>(p);
    let sum = f32x4.splat(0);
    a += k;
    for (let row = 0; row < rows; ++row) {
      sum = madd(sum, v128.load32_splat(a), v128.load(delta));
      delta += deltaStride;
      a += aStride;
    }
    const g = panel + (k << 4);
    v128.store(g, madd(v128.load(g), s, sum));
  }
}
