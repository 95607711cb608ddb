import { arrayType, type NumberArray } from '../check/arrays.js';

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

/** The end of the message for floats that are all NaN: nested rows were probably taken for numbers. */
export function nestedHint(values: NumberArray): string {
  const isAllNaN = values.length > 0 && values.every((value) => Number.isNaN(value));
  return isAllNaN ? ': all are NaN, which is what new Float32Array(rows) makes of nested rows: use rows.flat()' : '';
}

/** The numbers that are measured or standardised between two checks of the clock. */
export const BLOCK_NUMBERS = 2 ** 18;

/**
 * The place of the first of the numbers [start, start + count) that is not finite once it is rounded to 32 bits; -1:
 * there is none.
 */
export function firstInfiniteFloat(values: FloatArray, start: number, count: number): number {
  const { fround } = Math;
  const end = start + count;
  let i = start;
  // 0 times a sum is 0 only if all terms are finite: one test for four numbers, which is faster (docs/kernels.md)
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
