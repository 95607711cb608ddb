import { arrayType } from '../check/arrays.js';
import { counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { isPlain } from '../check/plain-arrays.js';
import type { Keys, Strata } from './parts.js';

// Values by which samples are grouped or stratified. Samples with equal values belong together.

/** A value for each sample. Samples with equal values belong together. */
export type SampleKeys = ArrayLike<number | string | boolean>;

/** A value for each sample, and what the values are called in messages. */
export interface Values {
  readonly where: string;
  readonly valueAt: (row: number) => unknown;
}

/** An array that has a value for each of `samples` samples, each of which a message calls `one`. */
export function valuesIn(where: string, values: unknown, samples: number, one = 'sample'): Values {
  const type = arrayType(values);
  if (!isPlain(values) && (type === undefined || type.startsWith('Big'))) {
    throw wrongType(where, values, `an array with a value for each of ${counted(samples, one)}`);
  }
  const list = values as ArrayLike<unknown>;
  if (list.length !== samples) {
    throw outOfRange(where, counted(list.length, 'value'), `${samples}, one for each ${one}`);
  }
  return { where, valueAt: (row) => list[row] };
}

/** A number for the value of each of `rows`, the same for the same values. */
export function keysOfValues({ where, valueAt }: Values, rows: Uint32Array): Keys {
  const numbers = new Map<unknown, number>();
  return rows.map((row) => {
    const value = valueAt(row);
    const isKey = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
    if (!isKey) throw wrongType(`${where}[${row}]`, value, 'a text, a boolean or a finite number');
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    return number;
  });
}

/** The values of `rows`, to stratify by. */
export function strataOf(values: Values, rows: Uint32Array): Strata {
  const show = (place: number) => ({ value: showKey(values.valueAt(rows[place])), row: rows[place] });
  return { keys: keysOfValues(values, rows), name: '', show };
}

export const showKey = (value: unknown) => (typeof value === 'string' ? quote(value) : `${value}`);
