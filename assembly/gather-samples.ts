import {
  COST,
  HEADER,
  HINGE,
  INPUTS,
  IS_WEIGHTED,
  LABELS,
  LABEL_SMOOTHING,
  LINE_BYTES,
  LISTED_AT_ONCE,
  LISTS,
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
import { IS_SMALL } from './simd';
import { append, endList, listOf, masksOf } from './sparse';
import { agree, ownAddress } from './team';

// Gathers samples of a data set into the batch: takes them in the order of the set, turns bytes into floats and labels
// into one-hot rows, and smooths targets. `set` is the address of WINDOW or of TRAINING_SET.

/** x and y of the batch's rows [row, row + rows) = the samples from `first` on of the data set in its order. */
export function gather(set: usize, first: i32, row: i32, rows: i32): void {
  gatherInputs(set, first, row, rows);
  gatherTargets(set, first, row, rows);
}

/** True if samples are copied from the set as they are: floats, not smoothed, without weights. */
export function isCopied(set: usize): bool {
  if (load<i32>(set, SET_INPUT_TYPE) == U8 || load<i32>(set, SET_TARGET_TYPE) == LABELS) return false;
  return load<f32>(HEADER, LABEL_SMOOTHING) == 0 && !load<u32>(set, SET_WEIGHTS);
}

/**
 * x and y of the batch's first row = a sample of a set for which isCopied is true. The network must have at most 4
 * outputs, and no lists.
 */
export function copySample(set: usize, position: i32): void {
  const sample = sampleAt(<usize>load<u32>(set, SET_ORDER), position);
  const bytes = (<usize>load<u32>(HEADER, INPUTS)) << 2;
  const source = <usize>load<u32>(set, SET_INPUTS) + sample * bytes;
  const x = <usize>load<u32>(HEADER, X);
  for (let k: usize = 0; k < bytes; k += 16) v128.store(x + k, v128.load(source + k));
  const y = <usize>load<u32>(set, SET_TARGETS) + ((sample * <usize>load<u32>(HEADER, OUTPUTS)) << 2);
  v128.store(<usize>load<u32>(HEADER, Y), v128.load(y));
}

/** The number of the sample that stands at `position` of the order. */
function sampleAt(order: usize, position: i32): usize {
  return order ? <usize>load<u32>(order + ((<usize>position) << 2)) : <usize>position;
}

/**
 * x of the batch's rows [row, row + rows) = the inputs of the samples from `first` on, with their lists and masks.
 * Whole vectors are copied: up to 15 items beyond the end of a sample are read, and are written to the fill lanes of
 * its row.
 */
export function gatherInputs(set: usize, first: i32, row: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_INPUTS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const inputs = <usize>load<u32>(HEADER, INPUTS);
  const stride = <usize>load<u32>(HEADER, X_STRIDE);
  const isBytes = load<i32>(set, SET_INPUT_TYPE) == U8;
  // without lists, as small networks are, copies need no code for them
  const isPlain = !IS_SMALL && !load<u32>(HEADER, LISTS);
  const sampleBytes = isBytes ? inputs : inputs << 2;
  if (sampleBytes > <usize>LINE_BYTES) touch(source, order, sampleBytes, first, rows);
  let x = <usize>load<u32>(HEADER, X) + <usize>row * stride;
  for (let i = 0; i < rows; ++i) {
    const sample = source + sampleAt(order, first + i) * sampleBytes;
    if (isBytes) convertBytes(x, sample, inputs, row + i);
    else if (isPlain) for (let k: usize = 0; k < sampleBytes; k += 16) v128.store(x + k, v128.load(sample + k));
    else copyFloats(x, sample, inputs, row + i);
    x += stride;
  }
}

/** x [inputs] = scale . bytes. If the network has lists, writes the list and the mask of the row too. */
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
    // these are signed conversions, since no byte is negative: V8 makes eight instructions of an unsigned conversion
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
      first = i16x8.add(first, i16x8.splat(<i16>LISTED_AT_ONCE));
      list = append(list, bits >> 8, first);
      first = i16x8.add(first, i16x8.splat(<i16>LISTED_AT_ONCE));
    }
  }
  if (start) endList(row, start, list);
}

/** x [inputs] = values. If the network has lists, writes the list and the mask of the row too. */
function copyFloats(x: usize, values: usize, inputs: usize, row: i32): void {
  const zero = i32x4.splat(0);
  const start = listOf(row);
  let masks = masksOf(row);
  let list = start;
  let first = zero;
  for (let k: usize = 0; k < inputs; k += LISTED_AT_ONCE) {
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
      first = i16x8.add(first, i16x8.splat(<i16>LISTED_AT_ONCE));
    }
  }
  if (start) endList(row, start, list);
}

/** The bits of the inputs from k on, without those beyond the last input. */
function onlyInputs(bits: u32, k: usize, inputs: usize): u32 {
  const rest = <u32>(inputs - k);
  return rest < 16 ? bits & ((1 << rest) - 1) : bits;
}

/** ROW_WEIGHTS of rows [row, row + rows) = the weights of samples from `first` on. */
function gatherWeights(set: usize, first: i32, row: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_WEIGHTS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const target = <usize>load<u32>(HEADER, ROW_WEIGHTS) + ((<usize>row) << 2);
  for (let i = 0; i < rows; ++i) {
    store<f32>(target + ((<usize>i) << 2), load<f32>(source + (sampleAt(order, first + i) << 2)));
  }
}

/**
 * Reads a word of each cache line of these samples, so that the lines are loaded from memory at the same time instead
 * of one after another: see docs/kernels.md.
 */
function touch(source: usize, order: usize, sampleBytes: usize, first: i32, rows: i32): void {
  let any: u32 = 0;
  for (let row = 0; row < rows; ++row) {
    const sample = source + sampleAt(order, first + row) * sampleBytes;
    for (let k: usize = 0; k < sampleBytes; k += LINE_BYTES) any |= load<u32>(sample + k);
  }
  // the compiler would leave out the loop if its result were not stored
  store<u32>(ownAddress(RANDOM_BLOCK), any);
}

/**
 * y of the batch's rows [row, row + rows) = the targets of samples from `first` on, and ROW_WEIGHTS if the set has
 * weights.
 */
export function gatherTargets(set: usize, first: i32, row: i32, rows: i32): void {
  const stride = <usize>load<u32>(HEADER, Y_STRIDE);
  const y = <usize>load<u32>(HEADER, Y) + <usize>row * stride;
  gatherRows(y, stride, set, first, rows);
  if (load<f32>(HEADER, LABEL_SMOOTHING) != 0) smooth(y, stride, rows);
  const isWeighted = load<u32>(set, SET_WEIGHTS) != 0;
  agree(IS_WEIGHTED, u32(isWeighted));
  if (isWeighted) gatherWeights(set, first, row, rows);
}

/** y [rows x outputs] = the targets of samples from `first` on, labels as one-hot rows. */
function gatherRows(y: usize, stride: usize, set: usize, first: i32, rows: i32): void {
  const source = <usize>load<u32>(set, SET_TARGETS);
  const order = <usize>load<u32>(set, SET_ORDER);
  const outputs = <usize>load<u32>(HEADER, OUTPUTS);
  const bytes = outputs << 2;
  if (load<i32>(set, SET_TARGET_TYPE) == LABELS) {
    // for the hinge cost, the classes that a sample does not have are -1
    const other: f32 = load<i32>(HEADER, COST) == HINGE ? -1 : 0;
    const others = f32x4.splat(other);
    for (let row = 0; row < rows; ++row) {
      const label = <usize>load<u32>(source + (sampleAt(order, first + row) << 2));
      for (let j: usize = 0; j < bytes; j += 16) v128.store(y + j, others);
      // a single output stands for label 1
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

/** y = y (1 - s) + s / outputs, where s is LABEL_SMOOTHING. */
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
