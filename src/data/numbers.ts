import { arrayType, isFloat32Array, type NumberArray } from '../check/arrays.js';
import { firstInfinite } from '../check/finite.js';

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

/** The place of the first number that is not finite in 32 bits once it is multiplied by `factor`; -1: there is none. */
export function firstUnfit(values: NumberArray, factor = 1): number {
  if (isFloat32Array(values) && factor === 1) return firstInfinite(values);
  // no integer is larger than 2^32; a power of BYTES_PER_ELEMENT would take a tenth of a small prediction
  if (!isFloats(values) && Number.isFinite(Math.fround(2 ** 32 * factor))) return -1;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(Math.fround(values[i] * factor))) return i;
  return -1;
}
