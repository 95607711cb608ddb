import { MAX_FLOAT, outOfRange, quote } from '../check/errors.js';
import type { CategoryColumn, FilledColumn } from './column.js';
import { cosine, type DatePart, datePart, informativeParts, isCyclic, sine } from './date-parts.js';
import type { Plan } from './encoder-options.js';
import { measure, type Scale } from './scale.js';

// How the columns of a table become inputs of a network: what was found in the training data, the names of the inputs,
// and the writing of them. All of it is plain data, which JSON can hold.

/** A column of numbers or booleans: one input. */
export interface NumberInput {
  readonly column: string;
  readonly kind: 'number' | 'boolean';
  readonly scale: Scale;
  /** True: one more input is 1 where the value is missing. */
  readonly marksMissing: boolean;
}

/** A column of categories in an order: one input. */
export interface OrdinalInput {
  readonly column: string;
  readonly kind: 'ordinal';
  readonly categories: readonly string[];
  readonly scale: Scale;
  readonly marksMissing: boolean;
}

/** A column of categories: an input for each. */
export interface OneHotInput {
  readonly column: string;
  readonly kind: 'oneHot';
  readonly categories: readonly string[];
  /** True: one more input is 1 for rare categories and those that the training data do not have. */
  readonly hasOther: boolean;
  readonly marksMissing: boolean;
  readonly refusesMissing: boolean;
}

/** A column of dates: an input for each part, or two for one that is a place on a circle. */
export interface DateInput {
  readonly column: string;
  readonly kind: 'date';
  readonly parts: readonly { readonly part: DatePart; readonly scale: Scale }[];
  readonly marksMissing: boolean;
  readonly refusesMissing: boolean;
}

export type EncodedInput = NumberInput | OrdinalInput | OneHotInput | DateInput;

/** The kind that the column of a table must have. */
export function kindOf({ kind }: EncodedInput): FilledColumn['kind'] {
  return kind === 'ordinal' || kind === 'oneHot' ? 'category' : kind;
}

export function refusesMissing(input: EncodedInput): boolean {
  return 'scale' in input ? input.scale.fill === null : input.refusesMissing;
}

/** Finds in the training data how a column is encoded. `missing`: the number of its missing values. */
export function fitInput(
  column: string,
  filled: FilledColumn,
  plan: Plan,
  missing: number,
  rows: number,
): EncodedInput {
  if (missing === rows) {
    throw outOfRange(`column ${quote(column)}`, 'no values', 'one or more: leave it out of options.inputs');
  }
  const marksMissing = missing > 0 && plan.markMissing;
  const refuses = plan.missing === 'refuse';
  if (filled.kind === 'date') {
    const parts = (plan.parts ?? informativeParts(filled.values)).map((part) => {
      const scale: Scale = { fill: refuses ? null : 0, mean: 0, deviation: 1 };
      if (isCyclic(part)) return { part, scale };
      const values = filled.values.map((time) => (Number.isNaN(time) ? time : datePart(part, time)));
      return { part, scale: measure(column, values, plan.missing, true) };
    });
    return { column, kind: 'date', parts, marksMissing, refusesMissing: refuses };
  }
  if (filled.kind === 'category') {
    if (plan.as === 'oneHot') return fitOneHot(column, filled, plan, marksMissing);
    const categories = plan.order ?? occurring(filled).map(({ name }) => name);
    const strange = plan.order && occurring(filled).find(({ name }) => !categories.includes(name));
    if (strange) {
      const where = `options.encodings[${quote(column)}].order`;
      throw outOfRange(where, `no ${quote(strange.name)}, which the column has`, 'all its categories');
    }
    const values = numbersOf(filled, categories);
    return { column, kind: 'ordinal', categories, scale: measure(column, values, plan.missing, true), marksMissing };
  }
  const scale = measure(column, toNumbers(filled), plan.missing, plan.as === 'scale');
  return { column, kind: filled.kind, scale, marksMissing };
}

/** The categories that have rows, and how many. */
function occurring({ codes, categories }: CategoryColumn): { name: string; count: number }[] {
  const counts = new Uint32Array(categories.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  return categories.map((name, c) => ({ name, count: counts[c] })).filter(({ count }) => count > 0);
}

function fitOneHot(
  column: string,
  filled: CategoryColumn,
  { rare, missing }: Plan,
  marksMissing: boolean,
): OneHotInput {
  const all = occurring(filled);
  const frequent = all.filter(({ count }) => count >= rare);
  return {
    column,
    kind: 'oneHot',
    categories: frequent.map(({ name }) => name),
    hasOther: frequent.length < all.length,
    marksMissing,
    refusesMissing: missing === 'refuse',
  };
}

/** The values as numbers, NaN for missing ones. */
function toNumbers(column: Exclude<FilledColumn, CategoryColumn>): Float64Array {
  if (column.kind !== 'boolean') return column.values;
  return Float64Array.from(column.values, (value) => (value < 0 ? Number.NaN : value));
}

/** The places of the values in `categories`, NaN for missing ones and others. */
function numbersOf({ codes, categories: names }: CategoryColumn, categories: readonly string[]): Float64Array {
  const places = placesOf(names, categories);
  return Float64Array.from(codes, (code) => (code < 0 || places[code] < 0 ? Number.NaN : places[code]));
}

/** The place of each of `names` in `categories`; -1 for those that are not there. */
function placesOf(names: readonly string[], categories: readonly string[]): Int32Array {
  const placeOf = new Map(categories.map((name, place) => [name, place]));
  return Int32Array.from(names, (name) => placeOf.get(name) ?? -1);
}

/** The names of the inputs that a column makes. */
export function namesOf(input: EncodedInput): string[] {
  const { column } = input;
  const missing = input.marksMissing ? [`${column} missing`] : [];
  if (input.kind === 'oneHot') {
    const other = input.hasOther ? [`${column} other`] : [];
    return [...input.categories.map((name) => `${column}=${name}`), ...other, ...missing];
  }
  if (input.kind !== 'date') return [column, ...missing];
  const parts = input.parts.flatMap(({ part }) => {
    const name = `${column} ${part}`;
    return isCyclic(part) ? [`${name} sine`, `${name} cosine`] : [name];
  });
  return [...parts, ...missing];
}

/** Rows of inputs, row-major, of which a column writes its own. They are 0 before. */
export interface Target {
  readonly values: Float32Array | Float64Array;
  readonly width: number;
}

/** Writes the inputs that a column makes. `first`: the place of the first one in a row. */
export function writeInput(input: EncodedInput, column: FilledColumn, target: Target, first: number): void {
  const { values, width } = target;
  let next = first;
  if (input.kind === 'oneHot') writeOneHot(input, column as CategoryColumn, target, first);
  else if (input.kind === 'date') {
    const times = (column as Exclude<FilledColumn, CategoryColumn>).values as Float64Array;
    for (const { part, scale } of input.parts) {
      if (isCyclic(part)) {
        writeNumbers(input.column, circle(times, part, sine), scale, target, next++);
        writeNumbers(input.column, circle(times, part, cosine), scale, target, next++);
      } else {
        const numbers = times.map((time) => (Number.isNaN(time) ? time : datePart(part, time)));
        writeNumbers(input.column, numbers, scale, target, next++);
      }
    }
  } else {
    const numbers =
      column.kind === 'category' ? numbersOf(column, (input as OrdinalInput).categories) : toNumbers(column);
    writeNumbers(input.column, numbers, input.scale, target, next);
  }
  if (!input.marksMissing) return;
  next = first + namesOf(input).length - 1;
  const keys = column.kind === 'category' ? column.codes : column.values;
  // missing are -1 in codes and booleans, NaN in numbers and dates
  const isCode = column.kind === 'category' || column.kind === 'boolean';
  for (let row = 0; row < keys.length; row++) {
    const value = keys[row];
    if (isCode ? value < 0 : Number.isNaN(value)) values[row * width + next] = 1;
  }
}

function circle(times: Float64Array, part: DatePart, turn: (x: number) => number): Float64Array {
  return times.map((time) => (Number.isNaN(time) ? time : turn(datePart(part, time))));
}

function writeNumbers(
  column: string,
  numbers: Float64Array,
  scale: Scale,
  { values, width }: Target,
  first: number,
): void {
  const { mean, deviation } = scale;
  const fill = scale.fill ?? Number.NaN;
  for (let row = 0, at = first; row < numbers.length; row++, at += width) {
    const number = numbers[row];
    const value = ((Number.isNaN(number) ? fill : number) - mean) / deviation;
    if (!(Math.abs(value) <= MAX_FLOAT)) {
      throw outOfRange(
        `row ${row}, column ${quote(column)}`,
        number,
        'a number that is finite in 32 bits when it is scaled',
      );
    }
    values[at] = value;
  }
}

function writeOneHot(input: OneHotInput, { codes, categories }: CategoryColumn, target: Target, first: number): void {
  const { values, width } = target;
  const places = placesOf(categories, input.categories);
  const other = input.hasOther ? input.categories.length : -1;
  // a missing value that has no input of its own is one of the others
  const missing = input.marksMissing ? -1 : other;
  for (let row = 0, at = first; row < codes.length; row++, at += width) {
    const code = codes[row];
    let place = missing;
    if (code >= 0) place = places[code] < 0 ? other : places[code];
    if (place >= 0) values[at + place] = 1;
  }
}
