import {
  checkBoolean,
  checkInteger,
  checkIsObject,
  checkName,
  checkObject,
  keysOf,
  orDefault,
  outOfRange,
  quote,
  wrongType,
} from '../check/errors.js';
import { type ColumnKind, LONGEST_LIST } from './column.js';
import { DATE_PARTS, type DatePart } from './date-parts.js';
import type { MissingRule } from './scale.js';

/** How a column is encoded. */
export type EncodingName = 'scale' | 'asIs' | 'oneHot' | 'ordinal' | 'parts';

/** How one column is encoded, if it differs from the other columns. */
export interface ColumnEncoding {
  /**
   * Numbers: `'scale'` (default), or `'asIs'`. Booleans: `'asIs'`, as 0 and 1 (default), or `'scale'`. Categories:
   * `'oneHot'`, an input for each category (default), or `'ordinal'`, their places 0, 1, ..., scaled. Dates: `'parts'`.
   */
  as?: EncodingName | undefined;
  /** Overrides `missing` of all columns. */
  missing?: 'mean' | 'median' | 'refuse' | number | undefined;
  /** Overrides `markMissing` of all columns. */
  markMissing?: boolean | undefined;
  /** Overrides `rare` of all columns. Only for one-hot encoding. */
  rare?: number | undefined;
  /** The categories in the order of their places. Only for ordinal encoding. Default: the order of `categories`. */
  order?: readonly string[] | undefined;
  /** Which parts of a date are inputs. Default: the time elapsed, and those parts that differ in the training data. */
  parts?: readonly DatePart[] | undefined;
}

/** Options of `Encoder.fit`. */
export interface EncoderOptions {
  /**
   * The columns that become inputs.
   * @defaultValue all that have values, except the targets
   */
  inputs?: readonly string[] | undefined;
  /**
   * The column, or columns, to be learned.
   * @defaultValue none
   */
  target?: string | readonly string[] | undefined;
  /**
   * How columns are encoded, by name: the name of an encoding, or an object with more.
   * @defaultValue what fits the kind of each column: see `Encoder.fit`
   */
  encodings?: Readonly<Record<string, EncodingName | ColumnEncoding>> | undefined;
  /**
   * The number that replaces a missing number: the `'median'` or `'mean'` of the training data, or a given number,
   * which applies only to number columns. `'refuse'`: missing values of any kind are refused, with their number in each
   * column.
   * @defaultValue `'median'`
   */
  missing?: 'mean' | 'median' | 'refuse' | number | undefined;
  /**
   * true: a column with missing values in the training data gets one more input, which is 1 if the value is missing and
   * else 0.
   * @defaultValue `true`
   */
  markMissing?: boolean | undefined;
  /**
   * Categories with fewer rows than this in the training data share one input, "other".
   * @defaultValue 1: none is rare
   */
  rare?: number | undefined;
}

export const ENCODER_KEYS = keysOf<EncoderOptions>({
  target: true,
  inputs: true,
  encodings: true,
  missing: true,
  markMissing: true,
  rare: true,
});
const COLUMN_KEYS = keysOf<ColumnEncoding>({
  as: true,
  missing: true,
  markMissing: true,
  rare: true,
  order: true,
  parts: true,
});

/** The encodings of a kind. The first one is the default. */
const ENCODINGS: Readonly<Record<Exclude<ColumnKind, 'ignored'>, readonly EncodingName[]>> = {
  number: ['scale', 'asIs'],
  boolean: ['asIs', 'scale'],
  category: ['oneHot', 'ordinal'],
  date: ['parts'],
};

/** How a column is encoded, with all defaults. */
export interface Plan {
  readonly as: EncodingName;
  readonly missing: MissingRule;
  readonly markMissing: boolean;
  readonly rare: number;
  readonly order: readonly string[] | undefined;
  readonly parts: readonly DatePart[] | undefined;
}

/** Checks the options that are not about one column. */
export function checkShared({ missing, markMissing, rare }: EncoderOptions): void {
  checkMissingRule('options.missing', missing);
  if (markMissing !== undefined) checkBoolean('options.markMissing', markMissing);
  checkRare('options.rare', rare);
}

/** The encodings by column. Every column must be an input. */
export function checkEncodings(encodings: unknown, inputs: readonly string[]): Map<string, unknown> {
  if (encodings === undefined) return new Map();
  checkIsObject('options.encodings', encodings);
  const known = new Set(inputs);
  for (const name of Object.keys(encodings)) {
    if (known.has(name)) continue;
    throw outOfRange('options.encodings', quote(name), 'the names of inputs');
  }
  return new Map(Object.entries(encodings));
}

/** How a column is encoded. `given`: its entry in `options.encodings`. */
export function planOf(name: string, kind: Exclude<ColumnKind, 'ignored'>, given: unknown, all: EncoderOptions): Plan {
  const where = `options.encodings[${quote(name)}]`;
  const own: ColumnEncoding =
    typeof given === 'string' ? { as: given as EncodingName } : (orDefault(given, {}) as object);
  checkObject(where, own, COLUMN_KEYS);
  const as = orDefault(own.as, ENCODINGS[kind][0]);
  if (!ENCODINGS[kind].includes(as)) {
    const other =
      kind === 'number' && as !== 'parts'
        ? `: the table option { kinds: { ${quote(name)}: "category" } } makes a category`
        : '';
    throw outOfRange(
      where,
      typeof as === 'string' ? quote(as) : as,
      `${ENCODINGS[kind].join(' or ')} for a ${kind}${other}`,
    );
  }
  refuseUnused(where, own, as);
  checkMissingRule(`${where}.missing`, own.missing);
  if (own.markMissing !== undefined) checkBoolean(`${where}.markMissing`, own.markMissing);
  checkRare(`${where}.rare`, own.rare);
  const shared = all.missing ?? 'median';
  return {
    as,
    // a given number replaces missing values of number columns only
    missing: own.missing ?? (typeof shared === 'number' && kind !== 'number' ? 'median' : shared),
    markMissing: own.markMissing ?? all.markMissing ?? true,
    rare: own.rare ?? all.rare ?? 1,
    order: own.order === undefined ? undefined : checkList(`${where}.order`, own.order, undefined),
    parts: own.parts === undefined ? undefined : (checkList(`${where}.parts`, own.parts, DATE_PARTS) as DatePart[]),
  };
}

function refuseUnused(where: string, { missing, rare, order, parts }: ColumnEncoding, as: EncodingName): void {
  const only = (key: string, value: unknown, encoding: EncodingName) => {
    if (value === undefined || as === encoding) return;
    throw outOfRange(`${where}.${key}`, `${key} for the encoding ${as}`, `none: it is for ${encoding} only`);
  };
  only('rare', rare, 'oneHot');
  only('order', order, 'ordinal');
  only('parts', parts, 'parts');
  if (
    missing !== undefined &&
    missing !== 'refuse' &&
    (as === 'oneHot' || (as === 'parts' && typeof missing === 'number'))
  ) {
    const got = typeof missing === 'string' ? quote(missing) : missing;
    throw outOfRange(`${where}.missing`, got, `"refuse", or none, for the encoding ${as}`);
  }
}

function checkMissingRule(where: string, rule: unknown): void {
  if (rule === undefined || (typeof rule === 'number' && Number.isFinite(rule))) return;
  if (typeof rule === 'number') throw outOfRange(where, rule, 'a finite number, or one of mean, median, refuse');
  checkName(where, rule, ['mean', 'median', 'refuse']);
}

function checkRare(where: string, rare: unknown): void {
  if (rare !== undefined) checkInteger(where, rare, 1, Number.MAX_SAFE_INTEGER);
}

/** A copy of a list of texts that differ. */
function checkList(where: string, list: unknown, known: readonly string[] | undefined): string[] {
  if (!Array.isArray(list)) throw wrongType(where, list, 'an array');
  if (list.length === 0) throw outOfRange(where, 'nothing', 'one or more');
  if (list.length > LONGEST_LIST) throw outOfRange(where, list, `at most ${LONGEST_LIST}`);
  const seen = new Set<string>();
  for (const [i, item] of list.entries()) {
    if (known) checkName(`${where}[${i}]`, item, known);
    else if (typeof item !== 'string') throw wrongType(`${where}[${i}]`, item, 'a text');
    if (seen.has(item)) throw outOfRange(`${where}[${i}]`, `${quote(item)} once more`, 'another one');
    seen.add(item);
  }
  return [...seen];
}
