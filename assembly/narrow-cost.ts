import { quadraticTerm } from './cost-terms';
import { log } from './math';
import { horizontalMax, laneMask } from './simd';

// The costs of rows of at most four outputs, which fit into one vector. Compared with the loops of cost.ts, which are
// for rows of any length, this takes a fraction of the time, with the same bits. Each function returns how many rows it
// has done: some may be left over.

/** costs [2] = the sums of the lanes of two vectors, in f64: (0 + 2) + (1 + 3), as in cost.ts. */
function storeSums(costs: usize, first: v128, second: v128): void {
  const low = v128.shuffle<f32>(first, second, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(first, second, 2, 6, 3, 7);
  const even = f64x2.add(f64x2.promote_low_f32x4(low), f64x2.promote_low_f32x4(high));
  const odd = f64x2.add(promoteHigh(low), promoteHigh(high));
  v128.store(costs, f64x2.add(even, odd));
}

function promoteHigh(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
}

/** costs [rows] = |a - y|^2 / 2, two rows at a time. */
export function narrowQuadraticCosts(
  costs: usize,
  a: usize,
  y: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): i32 {
  const mask = laneMask(units, 0);
  let row = 0;
  for (; row + 2 <= rows; row += 2) {
    const first = quadraticTerm(v128.load(a), v128.load(y));
    const second = quadraticTerm(v128.load(a + stride), v128.load(y + yStride));
    storeSums(costs, v128.and(first, mask), v128.and(second, mask));
    costs += 16;
    a += stride << 1;
    y += yStride << 1;
  }
  return row;
}

/** costs [rows] = -sum_k y_k ln a_k, four rows at a time. See crossEntropies in cost.ts. */
export function narrowCrossEntropies(
  costs: usize,
  z: usize,
  a: usize,
  y: usize,
  stride: usize,
  yStride: usize,
  units: i32,
  rows: i32,
): i32 {
  const mask = laneMask(units, 0);
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let logs = log(largestOfFour(a, stride));
    for (const end = costs + 32; costs < end; costs += 16) {
      const first = entropyTerms(z, y, v128.shuffle<f32>(logs, logs, 0, 0, 0, 0), mask);
      const second = entropyTerms(z + stride, y + yStride, v128.shuffle<f32>(logs, logs, 1, 1, 1, 1), mask);
      storeSums(costs, first, second);
      logs = v128.shuffle<f32>(logs, logs, 2, 3, 0, 1);
      z += stride << 1;
      y += yStride << 1;
    }
    a += stride << 2;
  }
  return row;
}

/** The largest a of each of four rows. Softmax has set the fill lanes to 0. */
function largestOfFour(a: usize, stride: usize): v128 {
  const r0 = v128.load(a);
  const r1 = v128.load(a + stride);
  const r2 = v128.load(a + 2 * stride);
  const r3 = v128.load(a + 3 * stride);
  const pairs01 = f32x4.pmax(v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), v128.shuffle<f32>(r0, r1, 2, 6, 3, 7));
  const pairs23 = f32x4.pmax(v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), v128.shuffle<f32>(r2, r3, 2, 6, 3, 7));
  const even = v128.shuffle<f32>(pairs01, pairs23, 0, 1, 4, 5);
  return f32x4.pmax(even, v128.shuffle<f32>(pairs01, pairs23, 2, 3, 6, 7));
}

/** y_k (max z - z_k - logTop) for each class of the row. */
function entropyTerms(z: usize, y: usize, logTop: v128, mask: v128): v128 {
  const values = v128.load(z);
  const top = horizontalMax(v128.bitselect(values, f32x4.splat(-Infinity), mask));
  return v128.and(f32x4.mul(v128.load(y), f32x4.sub(f32x4.sub(top, values), logTop)), mask);
}
