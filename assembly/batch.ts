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
  TOUCHED,
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

/**
 * Copies the batch's rows to x and lists the inputs that are not zero in every one of them: on MNIST half of all at batch 10, a
 * fifth at batch 1; the others cost nothing from here on. Column by column, so that a register holds what the list asks.
 * Whole vectors are copied: up to 15 items past a sample's end are read and land in the fill lanes of its row.
 */
function gatherInputs(set: usize, first: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_INPUTS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const inputs = <usize>load<u32>(HEADER, INPUTS);
  const stride = <usize>load<u32>(HEADER, X_STRIDE);
  const active = <usize>load<u32>(HEADER, ACTIVE);
  const isBytes = load<i32>(set, SET_INPUT_TYPE) == U8;
  const sampleBytes = isBytes ? inputs : inputs << 2;
  if (sampleBytes > 64) touch(source, order, sampleBytes, first, rows);
  const zero = i32x4.splat(0);
  let x = <usize>load<u32>(HEADER, X);
  let next = active;
  if (isBytes) {
    const scale = f32x4.splat(load<f32>(HEADER, SCALE));
    for (let k: usize = 0; k < inputs; k += 16) {
      let used = zero;
      let target = x;
      for (let row = 0; row < rows; ++row) {
        const bytes = v128.load(source + sampleAt(order, first + row) * inputs + k);
        used = v128.or(used, bytes);
        const low = i16x8.extend_low_i8x16_u(bytes);
        const high = i16x8.extend_high_i8x16_u(bytes);
        v128.store(target, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(low)), scale));
        v128.store(target, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(low)), scale), 16);
        v128.store(target, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(high)), scale), 32);
        v128.store(target, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(high)), scale), 48);
        target += stride;
      }
      next = list(next, k << 2, i8x16.bitmask(i8x16.ne(used, zero)), 16);
      x += 64;
    }
  } else {
    const magnitude = i32x4.splat(0x7fffffff);
    for (let k: usize = 0; k < sampleBytes; k += 16) {
      let used = zero;
      let target = x;
      for (let row = 0; row < rows; ++row) {
        const values = v128.load(source + sampleAt(order, first + row) * sampleBytes + k);
        used = v128.or(used, values);
        v128.store(target, values);
        target += stride;
      }
      // -0 is a zero too
      next = list(next, k, i32x4.bitmask(i32x4.ne(v128.and(used, magnitude), zero)), 4);
      x += 16;
    }
  }
  // fill lanes may have been listed: they come last
  while (next > active && <usize>load<u32>(next - 4) >= inputs << 2) next -= 4;
  store<u32>(HEADER, <u32>((next - active) >> 2), ACTIVE_COUNT);
}

/** Appends the offsets of those of `count` neighbouring inputs whose bit is set. Returns the list's new end. */
function list(end: usize, offset: usize, bits: i32, count: i32): usize {
  for (let i = 0; i < count; ++i) {
    store<u32>(end, <u32>offset);
    end += (bits & 1) << 2;
    bits >>= 1;
    offset += 4;
  }
  return end;
}

/**
 * Reads a word of each cache line of the batch's samples, so that they come from memory side by side instead of one after the
 * other: a step on shuffled MNIST takes 0.81 times as long (Xeon, Node 20, 2026-11-23).
 */
function touch(source: usize, order: usize, sampleBytes: usize, first: i32, rows: i32): void {
  let any: u32 = 0;
  for (let row = 0; row < rows; ++row) {
    const sample = source + sampleAt(order, first + row) * sampleBytes;
    for (let k: usize = 0; k < sampleBytes; k += 64) any |= load<u32>(sample + k);
  }
  // a result that nobody stored would not be computed
  store<u32>(HEADER, any, TOUCHED);
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
