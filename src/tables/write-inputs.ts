import { MAX_FLOAT, outOfRange, quote } from '../check/errors.js';
import type { BooleanColumn, CategoryColumn, DateColumn, FilledColumn, NumberColumn } from './column.js';
import {
  cosine,
  type DatePart,
  type Day,
  datePart,
  dayCircle,
  daysTo,
  findDay,
  isCyclic,
  monthCircle,
  placeOnDayCircle,
  sine,
  timeOfDay,
  weekCircle,
  weekdayOf,
} from './date-parts.js';
import { type DateInput, type EncodedInput, namesOf, type OneHotInput, placesOf } from './encoded-input.js';
import type { PlaceOf } from './row-names.js';
import type { Scale } from './scale.js';

/** The number of rows that are written at a time. They stay in the processor's cache while all columns are written. */
const BLOCK = 512;

/** Inputs, row-major, all 0 at first. */
type Inputs = Float32Array | Float64Array;

/**
 * Writes the inputs that one column makes, for the rows [from, to). It may use `numbers`, which has room for BLOCK
 * numbers.
 */
type Writer = (from: number, to: number, numbers: Float64Array) => void;

/** What messages call the value of a column in a row. */
const placeOfColumn =
  (placeOf: PlaceOf, { column }: EncodedInput): PlaceOf =>
  (row) =>
    `${placeOf(row)}, column ${quote(column)}`;

/**
 * Writes the inputs of all rows to `values`, which is [rows × width]. `columns`: the column of each input; `placeOf`:
 * what messages call a row.
 */
export function writeInputs(
  inputs: readonly EncodedInput[],
  columns: readonly FilledColumn[],
  rows: number,
  values: Inputs,
  width: number,
  placeOf: PlaceOf,
): void {
  const writers: Writer[] = [];
  let first = 0;
  for (const [i, input] of inputs.entries()) {
    writers.push(...writersOf(placeOf, input, columns[i], values, width, first));
    first += namesOf(input).length;
  }
  const numbers = new Float64Array(BLOCK);
  for (let from = 0; from < rows; from += BLOCK) {
    const to = Math.min(from + BLOCK, rows);
    for (const write of writers) write(from, to, numbers);
  }
}

/** `first`: the place in a row of the first input that the column makes. */
function writersOf(
  placeOf: PlaceOf,
  input: EncodedInput,
  column: FilledColumn,
  values: Inputs,
  width: number,
  first: number,
): Writer[] {
  const { length } = namesOf(input);
  const marks = input.marksMissing ? [marksWriter(column, values, width, first + length - 1)] : [];
  if (input.kind === 'oneHot') return [oneHotWriter(input, column as CategoryColumn, values, width, first), ...marks];
  if (input.kind !== 'date') {
    const read =
      input.kind === 'ordinal'
        ? placeReader(column as CategoryColumn, input.categories)
        : valueReader(column as NumberColumn | BooleanColumn);
    return [numberWriter(placeOfColumn(placeOf, input), read, input.scale, values, width, first), ...marks];
  }
  return [dateWriter(placeOfColumn(placeOf, input), input, column as DateColumn, values, width, first), ...marks];
}

/** Copies the numbers of rows [from, to) to the beginning of `numbers`; NaN for missing values. */
type Reader = (from: number, to: number, numbers: Float64Array) => void;

function valueReader({ kind, values }: NumberColumn | BooleanColumn): Reader {
  if (kind === 'number') return (from, to, numbers) => numbers.set(values.subarray(from, to));
  return (from, to, numbers) => {
    for (let row = from; row < to; row++) numbers[row - from] = values[row] < 0 ? Number.NaN : values[row];
  };
}

/** The places of a column's categories in `categories`. A category that is not there counts as missing. */
function placeReader({ codes, categories: names }: CategoryColumn, categories: readonly string[]): Reader {
  const places = Float64Array.from(placesOf(names, categories), (place) => (place < 0 ? Number.NaN : place));
  return (from, to, numbers) => {
    for (let row = from; row < to; row++) numbers[row - from] = codes[row] < 0 ? Number.NaN : places[codes[row]];
  };
}

function numberWriter(
  placeOf: PlaceOf,
  read: Reader,
  { fill, mean, deviation }: Scale,
  values: Inputs,
  width: number,
  first: number,
): Writer {
  const other = fill ?? Number.NaN;
  return (from, to, numbers) => {
    read(from, to, numbers);
    for (let i = 0, at = from * width + first; i < to - from; i++, at += width) {
      const number = numbers[i];
      const value = ((Number.isNaN(number) ? other : number) - mean) / deviation;
      if (!(Math.abs(value) <= MAX_FLOAT)) throw (Number.isNaN(value) ? unknown : tooLarge)(placeOf(from + i), number);
      values[at] = value;
    }
  };
}

/** Missing values that are refused never come here, so only an ordinal category without a place has no number. */
function unknown(where: string): RangeError {
  const got = 'a category that the training rows do not have';
  return outOfRange(where, got, 'one of theirs, or options.missing');
}

function tooLarge(where: string, number: number): RangeError {
  return outOfRange(where, number, 'a number that is finite in 32 bits when it is scaled');
}

/** Writes a part of a date, given by its time and day, to `values[at]`; for a circle, also writes to the next place. */
type PartWriter = (time: number, days: number, day: Day, row: number, at: number) => void;

function partWriter(placeOf: PlaceOf, part: DatePart, { fill, mean, deviation }: Scale, values: Inputs): PartWriter {
  if (!isCyclic(part)) {
    return (time, _days, { year }, row, at) => {
      const number = part === 'year' ? year : datePart(part, time);
      const value = ((Number.isNaN(time) ? (fill as number) : number) - mean) / deviation;
      if (!(Math.abs(value) <= MAX_FLOAT)) throw tooLarge(placeOf(row), number);
      values[at] = value;
    };
  }
  // a missing date is the middle of the circle: sine and cosine are 0
  if (part === 'hour') {
    return (time, _days, _day, _row, at) => {
      if (Number.isNaN(time)) return;
      const share = timeOfDay(time);
      values[at] = sine(share);
      values[at + 1] = cosine(share);
    };
  }
  const { sines, cosines } = part === 'month' ? monthCircle() : part === 'day' ? dayCircle() : weekCircle();
  return (time, days, { month, day, days: length }, _row, at) => {
    if (Number.isNaN(time)) return;
    const place = part === 'month' ? month : part === 'day' ? placeOnDayCircle(day, length) : weekdayOf(days);
    values[at] = sines[place];
    values[at + 1] = cosines[place];
  };
}

function dateWriter(
  placeOf: PlaceOf,
  { parts }: DateInput,
  { values: times }: DateColumn,
  values: Inputs,
  width: number,
  first: number,
): Writer {
  const writers = parts.map(({ part, scale }) => partWriter(placeOf, part, scale, values));
  const sizes = parts.map(({ part }) => (isCyclic(part) ? 2 : 1));
  const day: Day = { year: 0, month: 0, day: 0, days: 28 };
  let last = Number.NaN;
  return (from, to) => {
    for (let row = from; row < to; row++) {
      const time = times[row];
      const days = daysTo(time);
      // neighbouring rows often have the same day
      if (days !== last && !Number.isNaN(days)) {
        findDay(days, day);
        last = days;
      }
      for (let p = 0, at = row * width + first; p < writers.length; at += sizes[p++]) {
        writers[p](time, days, day, row, at);
      }
    }
  };
}

function oneHotWriter(
  input: OneHotInput,
  { codes, categories }: CategoryColumn,
  values: Inputs,
  width: number,
  first: number,
): Writer {
  const other = input.hasOther ? input.categories.length : -1;
  const places = placesOf(categories, input.categories).map((place) => (place < 0 ? other : place));
  // if missing values have no input of their own, they count as "other"
  const missing = input.marksMissing ? -1 : other;
  return (from, to) => {
    for (let row = from, at = from * width + first; row < to; row++, at += width) {
      const code = codes[row];
      const place = code < 0 ? missing : places[code];
      if (place >= 0) values[at + place] = 1;
    }
  };
}

/** Writes 1 where a value is missing. */
function marksWriter(column: FilledColumn, values: Inputs, width: number, place: number): Writer {
  const keys = column.kind === 'category' ? column.codes : column.values;
  return (from, to) => {
    for (let row = from, at = from * width + place; row < to; row++, at += width) {
      const key = keys[row];
      // missing values are -1 in codes and booleans, NaN in numbers and dates
      if (Number.isNaN(key) || (key < 0 && column.kind !== 'number' && column.kind !== 'date')) values[at] = 1;
    }
  };
}
