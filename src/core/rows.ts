import { firstOf, type NumberArray } from '../check/arrays.js';

// Copies rows of numbers to and from a linear memory. `floats` and `bytes` are views of all of it.

/** Up to this many floats are copied by a loop, because a call of `set` takes longer: see docs/kernels.md. */
const SHORT = 32;

/** Copies `count` numbers to `address`, rounded to f32. */
export function writeFloats(floats: Float32Array, address: number, values: NumberArray, count: number): void {
  if (count <= SHORT) {
    for (let i = 0, k = address / 4; i < count; i++) floats[k + i] = values[i];
  } else floats.set(firstOf(values, count), address / 4);
}

/** Copies `count` bytes to `address`. */
export function writeBytes(bytes: Uint8Array, address: number, values: Uint8Array, count: number): void {
  bytes.set(firstOf(values, count), address);
}

/** A matrix in the memory: the bytes from one row to the next, and the floats of a row. */
export interface Matrix {
  readonly stride: number;
  readonly units: number;
}

/**
 * Copies a matrix [rows × units] from `address` to `target`, from index `start` on, without the lanes that only fill up
 * its rows. Returns true if all numbers are finite.
 */
export function readRows(
  floats: Float32Array,
  address: number,
  { stride, units }: Matrix,
  rows: number,
  target: Float32Array,
  start: number,
): boolean {
  const strideFloats = stride / 4;
  let source = address / 4;
  let next = start;
  // stays 0 as long as all numbers are finite, and is NaN from then on
  let zero = 0;
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < units; j++) {
      const value = floats[source + j];
      target[next++] = value;
      zero += value - value;
    }
    source += strideFloats;
  }
  return zero === 0;
}
