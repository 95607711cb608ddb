import {
  COST,
  HEADER,
  HINGE,
  INPUTS,
  INVERSE_DEVIATIONS,
  IS_WEIGHTED,
  LABELS,
  LABEL_SMOOTHING,
  LINE_BYTES,
  MEANS,
  OUTPUTS,
  RANDOM_BLOCK,
  ROW_WEIGHTS,
  SCALE,
  SET_INPUTS,
  SET_INPUT_TYPE,
  SET_ORDER,
  SET_TARGETS,
  SET_TARGET_TYPE,
  SET_WEIGHTS,
  U8,
  X,
  X_STRIDE,
  Y,
  Y_STRIDE,
} from './abi';
import { append, endList, listAll, listOf, masksOf } from './sparse';
import { agree, ownAddress } from './team';

// From stored data to the first layer's input: rows are picked in the order of the epoch, bytes become floats, labels
// become one-hot rows.

/** x and y of the batch's rows [row, row + rows) = samples from `first` on of the data set in its order. */
export function gather(set: usize, first: i32, row: i32, rows: i32): void {
  gatherInputs(set, first, row, rows);
  gatherTargets(set, first, row, rows);
}

/** Whether samples are copied from the set as they are: floats, neither standardized nor smoothed, without weights. */
export function isCopied(set: usize): bool {
  if (load<i32>(set, SET_INPUT_TYPE) == U8 || load<i32>(set, SET_TARGET_TYPE) == LABELS) return false;
  return !load<u32>(HEADER, MEANS) && load<f32>(HEADER, LABEL_SMOOTHING) == 0 && !load<u32>(set, SET_WEIGHTS);
}

/** gather for one sample, the batch's only one, of such a set, with at most 4 outputs and without lists: a step of 2-2-1 takes 0.9 times as long. */
export function copySample(set: usize, position: i32): void {
  const sample = sampleAt(<usize>load<u32>(set, SET_ORDER), position);
  const bytes = (<usize>load<u32>(HEADER, INPUTS)) << 2;
  const source = <usize>load<u32>(set, SET_INPUTS) + sample * bytes;
  const x = <usize>load<u32>(HEADER, X);
  for (let k: usize = 0; k < bytes; k += 16) v128.store(x + k, v128.load(source + k));
  const y = <usize>load<u32>(set, SET_TARGETS) + ((sample * <usize>load<u32>(HEADER, OUTPUTS)) << 2);
  v128.store(<usize>load<u32>(HEADER, Y), v128.load(y));
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
 * Copies the batch's rows to x and lists what in them is not zero. Whole vectors are copied: up to 15 items past a sample's end are read
 * and land in the fill lanes of its row.
 */
export function gatherInputs(set: usize, first: i32, row: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_INPUTS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const inputs = <usize>load<u32>(HEADER, INPUTS);
  const stride = <usize>load<u32>(HEADER, X_STRIDE);
  const isBytes = load<i32>(set, SET_INPUT_TYPE) == U8;
  const sampleBytes = isBytes ? inputs : inputs << 2;
  if (sampleBytes > <usize>LINE_BYTES) touch(source, order, sampleBytes, first, rows);
  let x = <usize>load<u32>(HEADER, X) + <usize>row * stride;
  for (let i = 0; i < rows; ++i) {
    const sample = source + sampleAt(order, first + i) * sampleBytes;
    if (isBytes) convertBytes(x, sample, inputs, row + i);
    else copyFloats(x, sample, inputs, row + i);
    x += stride;
  }
  if (load<u32>(HEADER, MEANS)) standardize(row, rows);
}

/** x [inputs] = scale . bytes; the row's list and masks, if there are to be any. */
function convertBytes(x: usize, bytes: usize, inputs: usize, row: i32): void {
  const scale = v128.load32_splat(HEADER, SCALE);
  const zero = i32x4.splat(0);
  const start = listOf(row);
  let masks = masksOf(row);
  let list = start;
  let first = zero;
  for (let k: usize = 0; k < inputs; k += 16) {
    const values = v128.load(bytes + k);
    const low = i16x8.extend_low_i8x16_u(values);
    const high = i16x8.extend_high_i8x16_u(values);
    // no byte is negative, and V8 makes eight instructions of an unsigned conversion: with these 784-30-10 trains 1.04x as fast
    v128.store(x, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low)), scale));
    v128.store(x, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low)), scale), 16);
    v128.store(x, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high)), scale), 32);
    v128.store(x, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high)), scale), 48);
    x += 64;
    if (start) {
      const bits = onlyInputs(0xffff ^ i8x16.bitmask(i8x16.eq(values, zero)), k, inputs);
      store<u16>(masks, <u16>bits);
      masks += 2;
      list = append(list, bits & 255, first);
      first = i16x8.add(first, i16x8.splat(8));
      list = append(list, bits >> 8, first);
      first = i16x8.add(first, i16x8.splat(8));
    }
  }
  if (start) endList(row, start, list);
}

/** The same for floats, as they are. */
function copyFloats(x: usize, values: usize, inputs: usize, row: i32): void {
  const zero = i32x4.splat(0);
  const start = listOf(row);
  let masks = masksOf(row);
  let list = start;
  let first = zero;
  for (let k: usize = 0; k < inputs; k += 8) {
    const low = v128.load(values);
    const high = v128.load(values, 16);
    v128.store(x, low);
    v128.store(x, high, 16);
    values += 32;
    x += 32;
    if (start) {
      const zeros = i16x8.narrow_i32x4_s(f32x4.eq(low, zero), f32x4.eq(high, zero));
      const bits = onlyInputs(255 ^ i16x8.bitmask(zeros), k, inputs);
      store<u8>(masks, <u8>bits);
      masks += 1;
      list = append(list, bits, first);
      first = i16x8.add(first, i16x8.splat(8));
    }
  }
  if (start) endList(row, start, list);
}

/** The bits from input k on without those past the last input. */
function onlyInputs(bits: u32, k: usize, inputs: usize): u32 {
  const rest = <u32>(inputs - k);
  return rest < 16 ? bits & ((1 << rest) - 1) : bits;
}

/** x = (x - mean) / deviation, column by column. A zero is no longer one. */
function standardize(row: i32, rows: i32): void {
  const means = <usize>load<u32>(HEADER, MEANS);
  const inverses = <usize>load<u32>(HEADER, INVERSE_DEVIATIONS);
  const inputs = load<u32>(HEADER, INPUTS);
  const bytes = (<usize>inputs) << 2;
  const stride = <usize>load<u32>(HEADER, X_STRIDE);
  let x = <usize>load<u32>(HEADER, X) + <usize>row * stride;
  for (const end = row + rows; row < end; ++row) {
    for (let k: usize = 0; k < bytes; k += 16) {
      const centred = f32x4.sub(v128.load(x + k), v128.load(means + k));
      v128.store(x + k, f32x4.mul(centred, v128.load(inverses + k)));
    }
    x += stride;
    listAll(row);
  }
}

function gatherWeights(set: usize, first: i32, row: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_WEIGHTS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const target = <usize>load<u32>(HEADER, ROW_WEIGHTS) + ((<usize>row) << 2);
  for (let i = 0; i < rows; ++i) {
    store<f32>(target + ((<usize>i) << 2), load<f32>(source + (sampleAt(order, first + i) << 2)));
  }
}

/**
 * Reads a word of each cache line of the batch's samples, so that they come from memory side by side instead of one after the
 * other: a step on shuffled MNIST takes 0.81 times as long (Xeon, Node 20, 2026-11-23).
 */
function touch(source: usize, order: usize, sampleBytes: usize, first: i32, rows: i32): void {
  let any: u32 = 0;
  for (let row = 0; row < rows; ++row) {
    const sample = source + sampleAt(order, first + row) * sampleBytes;
    for (let k: usize = 0; k < sampleBytes; k += LINE_BYTES) any |= load<u32>(sample + k);
  }
  // a result that nobody stored would not be computed
  store<u32>(ownAddress(RANDOM_BLOCK), any);
}

/** y, and the samples' weights if there are any. */
export function gatherTargets(set: usize, first: i32, row: i32, rows: i32): void {
  const stride = <usize>load<u32>(HEADER, Y_STRIDE);
  const y = <usize>load<u32>(HEADER, Y) + <usize>row * stride;
  gatherRows(y, stride, set, first, rows);
  if (load<f32>(HEADER, LABEL_SMOOTHING) != 0) smooth(y, stride, rows);
  const isWeighted = load<u32>(set, SET_WEIGHTS) != 0;
  agree(IS_WEIGHTED, u32(isWeighted));
  if (isWeighted) gatherWeights(set, first, row, rows);
}

function gatherRows(y: usize, stride: usize, set: usize, first: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_TARGETS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const outputs = <usize>load<u32>(HEADER, OUTPUTS);
  const bytes = outputs << 2;
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
function smooth(y: usize, stride: usize, rows: i32): void {
  const share = load<f32>(HEADER, LABEL_SMOOTHING);
  const outputs = load<i32>(HEADER, OUTPUTS);
  const keep = f32x4.splat(1 - share);
  const add = f32x4.splat(share / <f32>outputs);
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0, bytes = (<usize>outputs) << 2; j < bytes; j += 16) {
      v128.store(y + j, f32x4.add(f32x4.mul(v128.load(y + j), keep), add));
    }
    y += stride;
  }
}
