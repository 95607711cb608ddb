import { outOfRange, quote } from '../check/errors.js';

/** The most items of a list in an option. Longer ones are refused before they are read. */
export const LONGEST_LIST = 2 ** 20;

/** The kind of the values of a column. */
export type ColumnKind = 'number' | 'category' | 'date' | 'boolean' | 'ignored';

export const KINDS: readonly ColumnKind[] = ['number', 'category', 'date', 'boolean', 'ignored'];

/** A column of numbers. */
export interface NumberColumn {
  readonly kind: 'number';
  /** [rows]; NaN: missing. All others are finite. */
  readonly values: Float64Array;
}

/** A column of texts that occur repeatedly. */
export interface CategoryColumn {
  readonly kind: 'category';
  /** [rows], indices into `categories`; -1: missing. */
  readonly codes: Int32Array;
  /** Sorted, as numbers if all of them are numbers, else as text. In a part of a table, some may occur in no row. */
  readonly categories: readonly string[];
}

/** A column of points in time. */
export interface DateColumn {
  readonly kind: 'date';
  /** [rows], milliseconds since 1970 in UTC, as `Date` counts them; NaN: missing. */
  readonly values: Float64Array;
}

/** A column of true and false. */
export interface BooleanColumn {
  readonly kind: 'boolean';
  /** [rows], 0 or 1; -1: missing. */
  readonly values: Int8Array;
}

/** A column whose values are not kept. */
export interface IgnoredColumn {
  readonly kind: 'ignored';
  /** Why they are not kept. */
  readonly reason: string;
}

/** A column of a table. */
export type Column = NumberColumn | CategoryColumn | DateColumn | BooleanColumn | IgnoredColumn;

/** A column that has values. */
export type FilledColumn = Exclude<Column, IgnoredColumn>;

/** A value of a table as users see it: a Date for dates, the name for categories, null for a missing value. */
export type Value = number | string | boolean | Date | null;

/** Columns by name, in their order. All have `rows` values. */
export interface Columns {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
  readonly origin?: Origin;
}

/** How the values of a table were read. */
export interface Origin {
  /** The option `missing`. */
  readonly missing: readonly string[] | undefined;
  /** Of rows of a CSV file: what messages call it, and the number of each row [rows], as messages count them. */
  readonly file?: { readonly name: string; readonly rows: Int32Array };
}

export function isMissing(column: FilledColumn, row: number): boolean {
  if (column.kind === 'category') return column.codes[row] < 0;
  if (column.kind === 'boolean') return column.values[row] < 0;
  return Number.isNaN(column.values[row]);
}

/** The number of missing values. */
export function missingIn(column: FilledColumn, rows: number): number {
  let missing = 0;
  if (column.kind === 'number' || column.kind === 'date') {
    const { values } = column;
    for (let row = 0; row < rows; row++) if (Number.isNaN(values[row])) missing++;
  } else {
    const codes = column.kind === 'category' ? column.codes : column.values;
    for (let row = 0; row < rows; row++) if (codes[row] < 0) missing++;
  }
  return missing;
}

/** The value of a row as users see it. */
export function valueAt(column: FilledColumn, row: number): Value {
  if (isMissing(column, row)) return null;
  if (column.kind === 'category') return column.categories[column.codes[row]];
  if (column.kind === 'boolean') return column.values[row] === 1;
  return column.kind === 'date' ? new Date(column.values[row]) : column.values[row];
}

/** The rows from `from` to before `to`: a view of the same memory. */
export function viewOf(column: Column, from: number, to: number): Column {
  if (column.kind === 'ignored') return column;
  if (column.kind === 'category') return { ...column, codes: column.codes.subarray(from, to) };
  return { ...column, values: column.values.subarray(from, to) } as Column;
}

/** A copy of the rows `rows`, in their order. */
export function copyOf(column: Column, rows: Uint32Array): Column {
  if (column.kind === 'ignored') return column;
  if (column.kind === 'category') return { ...column, codes: gather(column.codes, rows) };
  if (column.kind === 'boolean') return { ...column, values: gather(column.values, rows) };
  return { ...column, values: gather(column.values, rows) };
}

export function gather<T extends Float64Array | Int32Array | Int8Array>(values: T, rows: Uint32Array): T {
  const picked = new (values.constructor as new (length: number) => T)(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]];
  return picked;
}

/** A list of names for a message. A long list is cut after ten names. */
export function listNames(names: Iterable<string>): string {
  const all = [...names];
  const first = all.slice(0, 10).map((name) => quote(name));
  return all.length > 10 ? `${first.join(', ')}, ... (${all.length} in all)` : first.join(', ');
}

/** Finds the column of a name. */
export function columnOf(where: string, name: unknown, columns: ReadonlyMap<string, Column>): Column {
  const column = columns.get(name as string);
  if (column) return column;
  const got = typeof name === 'string' ? quote(name) : name;
  const plain = (text: string) => text.trim().toLowerCase();
  const near = typeof name === 'string' && [...columns.keys()].find((other) => plain(other) === plain(name));
  const wanted = near ? `${quote(near)}, which differs in case or blanks` : `one of ${listNames(columns.keys())}`;
  throw outOfRange(where, got, wanted);
}

/** Finds a column that has values. */
export function filledColumnOf(where: string, name: unknown, columns: ReadonlyMap<string, Column>): FilledColumn {
  const column = columnOf(where, name, columns);
  if (column.kind !== 'ignored') return column;
  const way = `the table option { kinds: { ${quote(name as string)}: "category" } } keeps them`;
  throw outOfRange(
    where,
    `${quote(name as string)}, which is ignored (${column.reason})`,
    `a column with values: ${way}`,
  );
}
