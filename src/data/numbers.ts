import { arrayType, isKind, type NumberArray } from '../check/arrays.js';

// Recognises typed arrays of numbers. For other arrays, it has the part of a message that says what to give instead.

export type FloatArray = Float32Array | Float64Array;
export type IntegerArray = Exclude<NumberArray, FloatArray>;

const INTEGERS: readonly unknown[] = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
];

export function isFloats(values: unknown): values is FloatArray {
  const type = arrayType(values);
  return type === 'Float32Array' || type === 'Float64Array';
}

export function isIntegers(values: unknown): values is IntegerArray {
  return INTEGERS.includes(arrayType(values));
}

/** Ends the message for something else than a typed array of numbers, where it is known how to make one of it. */
export function wayOut(value: unknown): string {
  if (isKind(value, 'Promise')) return ': await the promise';
  if (arrayType(value)?.startsWith('Big')) return ': Float64Array.from(values, Number) makes one of BigInts';
  if (!Array.isArray(value)) return '';
  return Array.isArray(value[0])
    ? ': new Float32Array(rows.flat()) makes one of rows'
    : ': Float32Array.from(values) makes one of an array';
}

/** Ends the message for floats all of which are NaN: those are rows that were taken for numbers. */
export function nestedHint(values: NumberArray): string {
  const isAllNaN = values.length > 0 && values.every((value) => Number.isNaN(value));
  return isAllNaN
    ? ': all are NaN, as new Float32Array(rows) makes them of nested rows; rows.flat() has the numbers'
    : '';
}

/**
 * The place of the first of the numbers [start, start + count) that is not finite once it is rounded to 32 bits; -1:
 * there is none.
 */
export function firstInfiniteFloat(values: FloatArray, start: number, count: number): number {
  const { fround } = Math;
  const end = start + count;
  let i = start;
  // 0 times a sum is 0 only if all its terms are finite; one test for four numbers is faster, see docs/kernels.md
  while (
    i + 4 <= end &&
    0 * (fround(values[i]) + fround(values[i + 1]) + fround(values[i + 2]) + fround(values[i + 3])) === 0
  ) {
    i += 4;
  }
  for (; i < end; i++) if (!Number.isFinite(fround(values[i]))) return i;
  return -1;
}

/** The place of the first number that is not finite; -1: there is none. */
export function firstInfinite(values: FloatArray): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
