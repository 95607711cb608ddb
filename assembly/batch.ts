import {
  ACTIVE,
  ACTIVE_COUNT,
  HEADER,
  INPUTS,
  LABELS,
  OUTPUTS,
  SCALE,
  SET_INPUT_TYPE,
  SET_INPUTS,
  SET_ORDER,
  SET_TARGET_TYPE,
  SET_TARGETS,
  U8,
  X,
  X_STRIDE,
  Y,
  Y_STRIDE,
} from './abi';

// From stored data to the first layer's input: rows are picked in the order of the epoch, bytes become floats, labels
// become one-hot rows.

/** x and y of the batch = samples [first, first + rows) of the data set in its order; address 0 leaves x or y as it is. */
export function gather(set: usize, first: i32, rows: i32): void {
  if (load<u32>(set, SET_INPUTS)) gatherInputs(set, first, rows);
  if (load<u32>(set, SET_TARGETS)) gatherTargets(set, first, rows);
}

function sampleAt(order: usize, position: i32): usize {
  return order ? <usize>load<u32>(order + ((<usize>position) << 2)) : <usize>position;
}

/** Whole vectors are copied: up to 15 items past a sample's end are read and land in the fill lanes of its row. */
function gatherInputs(set: usize, first: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_INPUTS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const inputs = <usize>load<u32>(HEADER, INPUTS);
  const stride = <usize>load<u32>(HEADER, X_STRIDE);
  let x = <usize>load<u32>(HEADER, X);
  if (load<i32>(set, SET_INPUT_TYPE) == U8) {
    const scale = f32x4.splat(load<f32>(HEADER, SCALE));
    for (let row = 0; row < rows; ++row) {
      const sample = source + sampleAt(order, first + row) * inputs;
      for (let k: usize = 0; k < inputs; k += 16) {
        const bytes = v128.load(sample + k);
        const low = i16x8.extend_low_i8x16_u(bytes);
        const high = i16x8.extend_high_i8x16_u(bytes);
        const t = x + (k << 2);
        v128.store(t, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(low)), scale));
        v128.store(t, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(low)), scale), 16);
        v128.store(t, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(high)), scale), 32);
        v128.store(t, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(high)), scale), 48);
      }
      x += stride;
    }
  } else {
    const bytes = inputs << 2;
    for (let row = 0; row < rows; ++row) {
      const sample = source + sampleAt(order, first + row) * bytes;
      for (let k: usize = 0; k < bytes; k += 16) v128.store(x + k, v128.load(sample + k));
      x += stride;
    }
  }
}

function gatherTargets(set: usize, first: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_TARGETS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const outputs = <usize>load<u32>(HEADER, OUTPUTS);
  const stride = <usize>load<u32>(HEADER, Y_STRIDE);
  const bytes = outputs << 2;
  let y = <usize>load<u32>(HEADER, Y);
  if (load<i32>(set, SET_TARGET_TYPE) == LABELS) {
    const zero = f32x4.splat(0);
    for (let row = 0; row < rows; ++row) {
      const label = <usize>load<u32>(source + (sampleAt(order, first + row) << 2));
      for (let j: usize = 0; j < bytes; j += 16) v128.store(y + j, zero);
      // one output: the label 0 or 1 is the target itself
      if (outputs == 1) store<f32>(y, <f32>label);
      else store<f32>(y + (label << 2), 1);
      y += stride;
    }
  } else {
    for (let row = 0; row < rows; ++row) {
      const sample = source + sampleAt(order, first + row) * bytes;
      for (let j: usize = 0; j < bytes; j += 16) v128.store(y + j, v128.load(sample + j));
      y += stride;
    }
  }
}

/**
 * Lists the inputs that are not zero in every row of the batch. On MNIST that is half of them at batch 10, a fifth of them
 * at batch 1; the others cost nothing from here on.
 */
export function listActiveInputs(rows: i32): void {
  const x = <usize>load<u32>(HEADER, X);
  const stride = <usize>load<u32>(HEADER, X_STRIDE);
  const bytes = (<usize>load<u32>(HEADER, INPUTS)) << 2;
  const active = <usize>load<u32>(HEADER, ACTIVE);
  const magnitude = i32x4.splat(0x7fffffff);
  const zero = i32x4.splat(0);
  const end = x + <usize>rows * stride;
  let next = active;
  for (let k: usize = 0; k < bytes; k += 16) {
    let bits = zero;
    let used = 0;
    // a dense column is known after its first row
    for (let p = x + k; p < end && used != 15; p += stride) {
      bits = v128.or(bits, v128.load(p));
      used = i32x4.bitmask(i32x4.ne(v128.and(bits, magnitude), zero));
    }
    store<u32>(next, <u32>k);
    next += (used & 1) << 2;
    store<u32>(next, <u32>k + 4);
    next += (used & 2) << 1;
    store<u32>(next, <u32>k + 8);
    next += used & 4;
    store<u32>(next, <u32>k + 12);
    next += (used & 8) >> 1;
  }
  // fill lanes of the last vector may have been listed: they are the last ones
  while (next > active && <usize>load<u32>(next - 4) >= bytes) next -= 4;
  store<u32>(HEADER, <u32>((next - active) >> 2), ACTIVE_COUNT);
}
