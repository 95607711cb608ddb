import { arrayType, type NumberArray, newLike } from './arrays.js';
import { counted, outOfRange, quote, tableHint, wrongType } from './errors.js';

// Turns plain arrays of numbers, and arrays of rows, into one typed array. Each number is read once. The message for a
// value that is missing, or is not a finite number, names its row and column.

/** A row of numbers: a plain array or a typed one. */
export type Row = readonly number[] | NumberArray;

/** True for an array that is no typed array: of numbers, or of rows. */
export const isPlain = (values: unknown): values is readonly unknown[] => Array.isArray(values);

/** True for an array of rows. */
export const isNested = (values: readonly unknown[]): boolean => isRow(values[0]);

const isRow = (value: unknown): value is ArrayLike<unknown> => isPlain(value) || arrayType(value) !== undefined;

/** The numbers of a plain array. `width`: the numbers in a row, for messages. */
export function flatNumbers(
  where: string,
  values: readonly unknown[],
  width = 0,
  columns?: readonly string[],
): Float64Array {
  const { length } = values;
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) throw badNumber(`${where}[${i}]${placeOf(i, width, columns)}`, value);
    numbers[i] = value as number;
  }
  return numbers;
}

/**
 * The numbers of rows that have `width` numbers each, one row after another. They keep the type of the rows if all are
 * typed arrays of one type. `each`: what the numbers of a row are, for messages.
 */
export function rowNumbers(
  where: string,
  rows: readonly unknown[],
  width: number,
  each: string,
  columns?: readonly string[],
): NumberArray {
  const { length } = rows;
  const type = arrayType(rows[0]);
  const isOneType = type !== undefined && !type.startsWith('Big') && rows.every((row) => arrayType(row) === type);
  const numbers = isOneType ? newLike(rows[0] as NumberArray, length * width) : new Float64Array(length * width);
  for (let r = 0; r < length; r++) {
    const row = rows[r];
    if (!isRow(row)) throw wrongType(`${where}[${r}]`, row, `a row of ${counted(width, 'number')}, ${each}`);
    if (row.length !== width) {
      throw outOfRange(`${where}[${r}]`, `a row of ${row.length}`, `${counted(width, 'number')}, ${each}`);
    }
    for (let k = 0; k < width; k++) {
      const value = row[k];
      const at = r * width + k;
      if (!Number.isFinite(value)) throw badNumber(`${where}[${r}][${k}]${placeOf(at, width, columns)}`, value);
      numbers[at] = value as number;
    }
  }
  return numbers;
}

/** The numbers of a plain array or of rows, or else `values` as it is. */
export function plainNumbers(
  where: string,
  values: unknown,
  width: number,
  each: string,
  columns?: readonly string[],
): unknown {
  if (!isPlain(values)) return values;
  if (isNested(values)) return rowNumbers(where, values, width, each, columns);
  return flatNumbers(where, values, width, columns);
}

/** Refuses a plain array of more than `count` numbers, in rows of `width`, unread: it may have any length. */
export function checkNotLonger(where: string, values: unknown, count: number, width = 1): void {
  if (!isPlain(values)) return;
  const numbers = isNested(values) ? values.length * width : values.length;
  if (numbers > count) throw outOfRange(where, counted(numbers, 'number'), `${count}`);
}

/**
 * The numbers of a plain array or of rows as a Float32Array; `count` of them are wanted. A number too large for 32 bits
 * becomes an infinity.
 */
export function plainFloats(where: string, values: unknown, count: number, width: number, each: string): unknown {
  checkNotLonger(where, values, count, width);
  return isPlain(values) ? Float32Array.from(plainNumbers(where, values, width, each) as Float64Array) : values;
}

/** How a message calls a column or an output: by its name, if it has one, or else by its number. */
export const nameAt = (place: number, names: readonly string[] | undefined) =>
  names ? quote(names[place]) : `${place}`;

/** Where number `i` of rows of this width stands, as the end of a place in a message. */
export function placeOf(i: number, width: number, columns?: readonly string[]): string {
  if (width === 0) return '';
  const column = width > 1 || columns ? `, column ${nameAt(i % width, columns)}` : '';
  return ` (row ${Math.floor(i / width)}${column})`;
}

function badNumber(place: string, value: unknown): Error {
  if (typeof value === 'number') return outOfRange(place, value, 'a finite number');
  return wrongType(place, value, `a finite number${wayToNumber(value)}`);
}

function wayToNumber(value: unknown): string {
  if (value === null || value === undefined) return ': a value is missing';
  if (typeof value === 'string' || typeof value === 'bigint') return ': Number(value) converts it';
  return tableHint(value);
}
