import { arrayType, isKind, type NumberArray } from '../check/arrays.js';
import { outOfRange } from '../check/errors.js';

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

export function checkAllFinite(where: string, values: FloatArray, width: number): void {
  const { fround } = Math;
  const { length } = values;
  let i = 0;
  // 0 times a sum is 0 only if all its terms are finite; one test for four numbers is faster, see docs/kernels.md
  while (
    i + 4 <= length &&
    0 * (fround(values[i]) + fround(values[i + 1]) + fround(values[i + 2]) + fround(values[i + 3])) === 0
  ) {
    i += 4;
  }
  for (; i < length; i++) {
    if (!Number.isFinite(fround(values[i]))) {
      const wanted = Number.isFinite(values[i]) ? 'a number that is finite in 32 bits' : 'a finite number';
      throw outOfRange(`${where}[${i}] (row ${Math.floor(i / width)})`, values[i], wanted + nestedHint(values));
    }
  }
}
