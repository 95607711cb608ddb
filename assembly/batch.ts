import {
  ACTIVE,
  ACTIVE_COUNT,
  COST,
  HEADER,
  HINGE,
  INPUTS,
  INVERSE_DEVIATIONS,
  IS_WEIGHTED,
  LABELS,
  LABEL_SMOOTHING,
  MEANS,
  OUTPUTS,
  ROW_WEIGHTS,
  SCALE,
  SET_INPUTS,
  SET_INPUT_TYPE,
  SET_ORDER,
  SET_TARGETS,
  SET_TARGET_TYPE,
  SET_WEIGHTS,
  TOUCHED,
  U8,
  X,
  X_STRIDE,
  Y,
  Y_STRIDE,
} from './abi';

// From stored data to the first layer's input: rows are picked in the order of the epoch, bytes become floats, labels
// become one-hot rows.

/** x and y of the batch = samples [first, first + rows) of the data set in its order. */
export function gather(set: usize, first: i32, rows: i32): void {
  gatherInputs(set, first, rows);
  gatherTargets(set, first, rows);
}

/** values [count] = scale . values, i32 to f32 in place: each rounded, then multiplied, as a byte is. The last vector is a whole one. */
export function convertIntegers(values: usize, count: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  for (const end = values + ((<usize>count) << 2); values < end; values += 16) {
    v128.store(values, f32x4.mul(f32x4.convert_i32x4_s(v128.load(values)), factor));
  }
}

function sampleAt(order: usize, position: i32): usize {
  return order ? <usize>load<u32>(order + ((<usize>position) << 2)) : <usize>position;
}

/**
 * Copies the batch's rows to x and lists the inputs that are not zero in every one of them: on MNIST half of all at batch 10, a
 * fifth at batch 1; the others cost nothing from here on. Column by column, so that a register holds what the list asks.
 * Whole vectors are copied: up to 15 items past a sample's end are read and land in the fill lanes of its row.
 */
export function gatherInputs(set: usize, first: i32, rows: i32): void {
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
  if (load<u32>(HEADER, MEANS)) {
    standardize(rows);
    return;
  }
  // fill lanes may have been listed: they come last
  while (next > active && <usize>load<u32>(next - 4) >= inputs << 2) next -= 4;
  store<u32>(HEADER, <u32>((next - active) >> 2), ACTIVE_COUNT);
}

/** x = (x - mean) / deviation, column by column. A zero is no longer one: every input is active. */
function standardize(rows: i32): void {
  const means = <usize>load<u32>(HEADER, MEANS);
  const inverses = <usize>load<u32>(HEADER, INVERSE_DEVIATIONS);
  const inputs = load<u32>(HEADER, INPUTS);
  const bytes = (<usize>inputs) << 2;
  const stride = <usize>load<u32>(HEADER, X_STRIDE);
  let x = <usize>load<u32>(HEADER, X);
  for (let row = 0; row < rows; ++row) {
    for (let k: usize = 0; k < bytes; k += 16) {
      const centred = f32x4.sub(v128.load(x + k), v128.load(means + k));
      v128.store(x + k, f32x4.mul(centred, v128.load(inverses + k)));
    }
    x += stride;
  }
  store<u32>(HEADER, inputs, ACTIVE_COUNT);
}

function gatherWeights(set: usize, first: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_WEIGHTS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const target = <usize>load<u32>(HEADER, ROW_WEIGHTS);
  for (let row = 0; row < rows; ++row) {
    store<f32>(target + ((<usize>row) << 2), load<f32>(source + (sampleAt(order, first + row) << 2)));
  }
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

/** y, and the samples' weights if there are any. */
export function gatherTargets(set: usize, first: i32, rows: i32): void {
  gatherRows(set, first, rows);
  if (load<f32>(HEADER, LABEL_SMOOTHING) != 0) smooth(rows);
  const isWeighted = load<u32>(set, SET_WEIGHTS) != 0;
  store<u32>(HEADER, u32(isWeighted), IS_WEIGHTED);
  if (isWeighted) gatherWeights(set, first, rows);
}

function gatherRows(set: usize, first: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_TARGETS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const outputs = <usize>load<u32>(HEADER, OUTPUTS);
  const stride = <usize>load<u32>(HEADER, Y_STRIDE);
  const bytes = outputs << 2;
  let y = <usize>load<u32>(HEADER, Y);
  if (load<i32>(set, SET_TARGET_TYPE) == LABELS) {
    // what the hinge cost calls the other classes is -1
    const other: f32 = load<i32>(HEADER, COST) == HINGE ? -1 : 0;
    const others = f32x4.splat(other);
    for (let row = 0; row < rows; ++row) {
      const label = <usize>load<u32>(source + (sampleAt(order, first + row) << 2));
      for (let j: usize = 0; j < bytes; j += 16) v128.store(y + j, others);
      // one output: it stands for label 1
      if (outputs == 1) store<f32>(y, label ? 1 : other);
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

/** y = y (1 - s) + s / outputs. */
function smooth(rows: i32): void {
  const share = load<f32>(HEADER, LABEL_SMOOTHING);
  const outputs = load<i32>(HEADER, OUTPUTS);
  const keep = f32x4.splat(1 - share);
  const add = f32x4.splat(share / <f32>outputs);
  const stride = <usize>load<u32>(HEADER, Y_STRIDE);
  let y = <usize>load<u32>(HEADER, Y);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0, bytes = (<usize>outputs) << 2; j < bytes; j += 16) {
      v128.store(y + j, f32x4.add(f32x4.mul(v128.load(y + j), keep), add));
    }
    y += stride;
  }
}
