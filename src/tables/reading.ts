import { checkBoolean, checkIsObject, checkName, checkObject, outOfRange, quote, wrongType } from '../check/errors.js';
import { type Decimal, looksMissing, MISSING_TEXTS, toNumber } from '../io/csv-numbers.js';
import { checkMarks } from '../io/csv-text.js';
import { type ColumnKind, columnOf, KINDS, LONGEST_LIST } from './column.js';
import { DATE_ORDERS, type DateOrder, toDate } from './dates.js';

/** Options of every function that makes a table. */
export interface TableOptions {
  /**
   * The kinds of columns: `'number'`, `'category'`, `'date'`, `'boolean'` or `'ignored'`. A column whose kind is given
   * keeps any number of different texts.
   * @defaultValue for each column, the kind that its values have
   */
  kinds?: Readonly<Record<string, ColumnKind>> | undefined;
  /**
   * `'ignored'`: no values are kept of the columns that `kinds` does not name, whatever they hold, so that a file for a
   * model may have any other columns.
   * @defaultValue each has the kind that its values have
   */
  others?: 'ignored' | undefined;
  /**
   * The texts that stand for a missing value, besides empty ones; texts given here must match in capital and small
   * letters, too. Numbers in arrays are compared by their text: `'-999'` also stands for -999.
   * @defaultValue `NA`, `N/A`, `#NA`, `#N/A`, `NaN`, `null`, `none`, `nil`, `?`, `-` and `.`, in capital or small
   *   letters
   */
  missing?: readonly string[] | undefined;
  /**
   * The character before the fraction of numbers in texts: a point or, as in 0,5, a comma.
   * @defaultValue `'.'`
   */
  decimal?: '.' | ',' | undefined;
  /**
   * Also reads dates such as 31.12.2026, 31/12/2026 and 31-12-2026 (`'dmy'`), or 12/31/2026 (`'mdy'`).
   * @defaultValue only those that begin with the year, as 2026-12-31
   */
  dateOrder?: 'dmy' | 'mdy' | undefined;
  /**
   * The beginning of error messages, for example a path.
   * @defaultValue a name for the data, such as `'csv'`
   */
  name?: string | undefined;
}

export const TABLE_KEYS: readonly (keyof TableOptions)[] = [
  'kinds',
  'others',
  'missing',
  'decimal',
  'dateOrder',
  'name',
];

/** How values are read. */
export interface Reading {
  /** The beginning of error messages. */
  readonly name: string;
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  /** The kind that a column must have, or undefined if it follows from its values. */
  readonly kindOf: (column: string) => ColumnKind | undefined;
  readonly isMissing: (text: string) => boolean;
  /**
   * The texts of options.missing, if it is given. They may be numbers or dates, so they are looked for before a value
   * is read; the texts of the default list are neither.
   */
  readonly missing: readonly string[] | undefined;
  readonly decimal: Decimal;
  readonly dateOrder: DateOrder | undefined;
  /** The number that a text stands for, or NaN. */
  readonly numberOf: (text: string) => number;
  readonly isNumber: (text: string) => boolean;
  /** The text that a number would have in a file. */
  readonly textOf: (value: number) => string;
  /** The date that a text stands for, in milliseconds, or NaN. */
  readonly dateOf: (text: string) => number;
  readonly isDate: (text: string) => boolean;
}

/** Checks the options of a table. `name` is the beginning of error messages if the options do not set one. */
export function checkReading(name: string, options: TableOptions, keys: readonly string[] = TABLE_KEYS): Reading {
  checkObject('options', options, keys);
  const { kinds = {}, others, missing, decimal = '.', dateOrder } = options;
  if (options.name !== undefined && typeof options.name !== 'string') {
    throw wrongType('options.name', options.name, 'a string');
  }
  if (others !== undefined) checkName('options.others', others, ['ignored'] as const);
  checkMarks(undefined, undefined, decimal);
  if (dateOrder !== undefined) checkName('options.dateOrder', dateOrder, DATE_ORDERS);
  const given = checkKinds(kinds);
  return {
    name: options.name ?? name,
    kinds: given,
    kindOf: (column) => given.get(column) ?? others,
    isMissing: missing === undefined ? looksMissing : checkMissing(missing),
    missing: missing && Object.freeze([...missing]),
    decimal,
    dateOrder,
    numberOf: (text) => toNumber(text, decimal),
    isNumber: (text) => Number.isFinite(toNumber(text, decimal)),
    textOf: (value) => String(value).replace('.', decimal),
    dateOf: (text) => toDate(text, dateOrder),
    isDate: (text) => !Number.isNaN(toDate(text, dateOrder)),
  };
}

function checkKinds(kinds: unknown): Map<string, ColumnKind> {
  checkIsObject('options.kinds', kinds);
  const entries = Object.entries(kinds);
  for (const [name, kind] of entries) checkName(`options.kinds[${quote(name)}]`, kind, KINDS);
  return new Map(entries as [string, ColumnKind][]);
}

function checkMissing(missing: unknown): (text: string) => boolean {
  if (!Array.isArray(missing)) throw wrongType('options.missing', missing, 'an array of texts, such as ["NA", "-999"]');
  if (missing.length > LONGEST_LIST) throw outOfRange('options.missing', missing, `at most ${LONGEST_LIST} texts`);
  for (const [i, text] of missing.entries()) {
    if (typeof text !== 'string') throw wrongType(`options.missing[${i}]`, text, 'a text');
  }
  const texts = new Set<string>(['', ...missing.map((text: string) => text.trim())]);
  return (text) => texts.has(text);
}

/** The most texts of options.missing that a message shows. */
const MOST_SHOWN = 12;

/**
 * The option of a table that takes one more text as missing: it replaces the list in force, so it repeats that list.
 */
export function alsoMissing({ missing = MISSING_TEXTS }: Reading, field: string): string {
  const shown = missing.slice(0, MOST_SHOWN).map((text) => quote(text));
  if (missing.length > MOST_SHOWN) shown.push('...');
  return `{ missing: [${[...shown, quote(field)].join(', ')}] }`;
}

/** Refuses kinds for columns that do not exist. */
export function checkKindsExist({ kinds }: Reading, names: Iterable<string>): void {
  const columns = new Map([...names].map((name) => [name, { kind: 'ignored', reason: '' } as const]));
  for (const name of kinds.keys()) columnOf('options.kinds', name, columns);
}

export function checkHeaderOption(header: unknown): void {
  if (header !== undefined) checkBoolean('options.header', header);
}
