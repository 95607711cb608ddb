import {
  A,
  DELTA,
  DROPOUT_MASK,
  DROPOUT_RATE,
  DROPPED,
  HEADER,
  IS_TRAINING,
  LAYERS,
  LAYER_BYTES,
  RANDOM_BLOCK,
  RANDOM_DROPOUT,
  SEED_HIGH,
  SEED_LOW,
  STEP_COUNT,
  STRIDE,
  UNITS,
} from './abi';
import { philox } from './random';
import { ownAddress } from './team';

// Inverted dropout (Srivastava et al., JMLR 15, 2014): in training, a unit's activation becomes 0 with probability
// `rate` and is divided by 1 - rate otherwise, so that predictions need no correction. Whether a unit is dropped is a
// function of the seed, the layer, the step and the sample's place in the step. A mask can therefore be made again at
// any time, and does not depend on how a step is divided into chunks.

/** The place in its step of the sample in row 0 of the batch. It is less than 0 if this thread's rows begin later. */
let firstPlace = 0;

/** Masks are made for rows whose row 0 has this place in the step. Every thread calls it before a forward pass. */
export function startMasks(place: i32): void {
  firstPlace = place;
}

/**
 * DROPPED = a (.) mask for rows [row, row + rows) and `units` units from unit `first` on, which the next layer reads.
 * `first` is the first unit of a panel. Outside training it becomes a itself.
 */
export function drop(layer: usize, row: i32, rows: i32, first: i32, units: i32): void {
  const stride = <usize>load<u32>(layer, STRIDE);
  const offset = <usize>row * stride + ((<usize>first) << 2);
  const a = <usize>load<u32>(layer, A) + offset;
  const dropped = <usize>load<u32>(layer, DROPPED) + offset;
  if (!load<u32>(HEADER, IS_TRAINING)) {
    copyColumns(dropped, a, stride, units, rows);
    return;
  }
  const mask = <usize>load<u32>(layer, DROPOUT_MASK) + offset;
  makeMask(layer, mask, row, rows, first, units);
  multiply(dropped, a, mask, stride, units, rows);
}

/**
 * dC/da = dC/d(dropped) (.) mask for rows [row, row + rows) and `units` units from unit `first` on, in place in the
 * layer's delta. Does nothing if the last forward pass was made without dropout.
 */
export function multiplyByMask(layer: usize, row: i32, rows: i32, first: i32, units: i32): void {
  if (!load<u32>(HEADER, IS_TRAINING)) return;
  const stride = <usize>load<u32>(layer, STRIDE);
  const offset = <usize>row * stride + ((<usize>first) << 2);
  const delta = <usize>load<u32>(layer, DELTA) + offset;
  multiply(delta, delta, <usize>load<u32>(layer, DROPOUT_MASK) + offset, stride, units, rows);
}

/** target [rows x units] = source. */
function copyColumns(target: usize, source: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = (<usize>((units + 3) & ~3)) << 2;
  for (let row = 0; row < rows; ++row) {
    memory.copy(target, source, bytes);
    target += stride;
    source += stride;
  }
}

/**
 * target = source (.) mask, only for the vectors that hold units. The lanes of the mask beyond them are never written,
 * and 0 times NaN is not 0.
 */
function multiply(target: usize, source: usize, mask: usize, stride: usize, units: i32, rows: i32): void {
  const bytes = (<usize>((units + 3) & ~3)) << 2;
  for (let row = 0; row < rows; ++row) {
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(target + j, f32x4.mul(v128.load(source + j), v128.load(mask + j)));
    }
    target += stride;
    source += stride;
    mask += stride;
  }
}

/**
 * mask [rows x units] = 0 with the probability of the layer's rate, else 1 / (1 - rate), for rows [row, row + rows) of
 * the chunk and `units` units of the layer from unit `first` on.
 */
function makeMask(layer: usize, mask: usize, row: i32, rows: i32, first: i32, units: i32): void {
  const block = ownAddress(RANDOM_BLOCK);
  const low = load<u32>(HEADER, SEED_LOW);
  const high = load<u32>(HEADER, SEED_HIGH);
  const step = load<u32>(HEADER, STEP_COUNT);
  const place = firstPlace + row;
  const stream = <u32>(layer - LAYERS) / LAYER_BYTES;
  const rate = load<f64>(layer, DROPOUT_RATE);
  const threshold = i32x4.splat(<u32>(rate * 4294967296.0));
  const kept = f32x4.splat(<f32>(1 / (1 - rate)));
  const stride = <usize>load<u32>(layer, STRIDE);
  const blocks = <u32>(load<i32>(layer, UNITS) + 3) >> 2;
  const firstBlock = <u32>first >> 2;
  const ownBlocks = <u32>(units + 3) >> 2;
  for (let i = 0; i < rows; ++i) {
    const number = <u32>(place + i) * blocks + firstBlock;
    for (let j: u32 = 0; j < ownBlocks; ++j) {
      philox(block, number + j, stream, RANDOM_DROPOUT, step, low, high);
      v128.store(mask + ((<usize>j) << 4), v128.and(kept, i32x4.ge_u(v128.load(block), threshold)));
    }
    mask += stride;
  }
}
