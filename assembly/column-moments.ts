import {
  HEADER,
  INPUTS,
  MOMENT_BYTES,
  MOMENT_MEAN,
  MOMENT_SQUARES,
  RECORD_COLUMNS,
  TRAINING_SET,
  X,
  X_STRIDE,
} from './abi';
import { gatherInputs } from './gather-samples';

// The mean and the variance of each input column over the stored training set, in f64, by Welford's recurrence
// (Technometrics 4, 1962): after n samples m is their mean and s is the sum of (x - m)^2. It takes one pass, nothing
// cancels, and s of a constant column is exactly 0.

/**
 * moments [pairs of inputs, each a record of MOMENT_BYTES] += samples [first, first + rows) of the training set in its
 * order. `seen` is the number of samples that went before, 0 to start again. x is overwritten. Rows are taken one after
 * the other, so that the size of the parts cannot change a bit. The network must not be standardised.
 */
export function measureColumns(moments: usize, first: i32, rows: i32, seen: f64): void {
  const inputs = load<i32>(HEADER, INPUTS);
  const bytes = ((<usize>inputs + RECORD_COLUMNS - 1) / RECORD_COLUMNS) * MOMENT_BYTES;
  const stride = <usize>load<u32>(HEADER, X_STRIDE);
  if (seen == 0) memory.fill(moments, 0, bytes);
  gatherInputs(HEADER + TRAINING_SET, first, 0, rows);
  let x = <usize>load<u32>(HEADER, X);
  for (let row = 0; row < rows; ++row) {
    seen += 1;
    const share = f64x2.splat(1 / seen);
    for (let at = moments, k = x, end = moments + bytes; at < end; at += MOMENT_BYTES) {
      const value = f64x2.promote_low_f32x4(v128.load64_zero(k));
      const mean = v128.load(at, MOMENT_MEAN);
      const away = f64x2.sub(value, mean);
      const next = f64x2.add(mean, f64x2.mul(away, share));
      v128.store(at, next, MOMENT_MEAN);
      const squares = f64x2.add(v128.load(at, MOMENT_SQUARES), f64x2.mul(away, f64x2.sub(value, next)));
      v128.store(at, squares, MOMENT_SQUARES);
      k += 8;
    }
    x += stride;
  }
}
