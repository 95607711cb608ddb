import { outOfRange, quote } from '../check/errors.js';
import type { CategoryColumn, FilledColumn } from './column.js';
import { type DatePart, datePart, informativeParts, isCyclic } from './date-parts.js';
import type { Plan } from './encoder-options.js';
import { measure, type Scale } from './scale.js';

// How the columns of a table become inputs of a network: the facts found in the training data, and the names of the
// inputs. All of it is plain data, which JSON can hold. write-inputs.ts writes the inputs.

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
  /** True: one more input is 1 for categories that are rare in the training data or do not occur there. */
  readonly hasOther: boolean;
  readonly marksMissing: boolean;
  readonly refusesMissing: boolean;
}

/** A column of dates: an input for each part, or two if the part is a place on a circle. */
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

/** True for a column of numbers that are not scaled. */
export const isAsItIs = (input: EncodedInput) =>
  input.kind === 'number' && input.scale.mean === 0 && input.scale.deviation === 1;

const UNSCALED = { mean: 0, deviation: 1 };

/** The scale of each input that a column makes. `isDay`: the input is a number of days. */
export function scalesOf(
  input: EncodedInput,
): readonly { readonly mean: number; readonly deviation: number; readonly isDay?: boolean }[] {
  const marks = input.marksMissing ? [UNSCALED] : [];
  if ('scale' in input) return [input.scale, ...marks];
  if (input.kind === 'oneHot') return namesOf(input).map(() => UNSCALED);
  const parts = input.parts.flatMap(({ part, scale }) =>
    isCyclic(part) ? [UNSCALED, UNSCALED] : [{ ...scale, isDay: part === 'elapsed' }],
  );
  return [...parts, ...marks];
}

export function refusesMissing(input: EncodedInput): boolean {
  return 'scale' in input ? input.scale.fill === null : input.refusesMissing;
}

/** Determines from the training data how a column is encoded. `missing`: the number of its missing values. */
export function fitInput(
  column: string,
  filled: FilledColumn,
  plan: Plan,
  missing: number,
  rows: number,
): EncodedInput {
  if (missing === rows) {
    const wanted = 'one or more: leave it out of options.inputs';
    throw outOfRange(`column ${quote(column)}`, 'no values in the training data', wanted);
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

/** The categories that occur, with their numbers of rows. */
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

/** The values as numbers; NaN for missing values. */
function toNumbers(column: Exclude<FilledColumn, CategoryColumn>): Float64Array {
  if (column.kind !== 'boolean') return column.values;
  return Float64Array.from(column.values, (value) => (value < 0 ? Number.NaN : value));
}

/** The places of the values in `categories`; NaN for missing values and for those that are not there. */
function numbersOf({ codes, categories: names }: CategoryColumn, categories: readonly string[]): Float64Array {
  const places = placesOf(names, categories);
  return Float64Array.from(codes, (code) => (code < 0 || places[code] < 0 ? Number.NaN : places[code]));
}

/** The place of each of `names` in `categories`; -1 for names that are not there. */
export function placesOf(names: readonly string[], categories: readonly string[]): Int32Array {
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
