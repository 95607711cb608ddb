/**
 * Reads inputs, targets and names from the text of a CSV file. For categories and missing values: `simdprop/tabular`.
 *
 * @module
 */

import { checkBoolean, checkNoMore, checkObject, keysOf, outOfRange, quote, wrongType } from '../check/errors.js';
import { withMeant } from '../check/similar.js';
import { type CsvColumn, columnFinder, type FindColumn, findColumns, listed } from './csv-columns.js';
import { CANDIDATES } from './csv-delimiter.js';
import { type Decimal, numberWanted, sortNames, toNumber } from './csv-numbers.js';
import { type Row, readRows } from './csv-rows.js';
import { checkHeader, checkMarks, checkText, divide, wrongCount } from './csv-text.js';

// Reads comma-separated values as inputs and targets. This file decides what the fields mean.

export type { CsvColumn };

/** Options of `readCsv`. */
export interface CsvOptions {
  /**
   * The column, or columns, of the targets.
   * @defaultValue none, as for data to predict from
   */
  target?: CsvColumn | readonly CsvColumn[] | undefined;
  /**
   * The columns of the inputs, in this order and each only once.
   * @defaultValue all columns except the targets
   */
  inputs?: readonly CsvColumn[] | undefined;
  /**
   * true: the first row contains the names of the columns.
   * @defaultValue `true`; but if a field of the first row is a number, there is no default, because the row may be a
   *   sample that would be lost
   */
  header?: boolean | undefined;
  /**
   * The target column contains names of classes, which become the labels 0, 1, ... With true, the classes are the names
   * that occur, sorted. If all of them are numbers, they are sorted as numbers; names of the same number, such as `1`
   * and `1.0`, are different classes, sorted as text. A list gives the classes in their order, such as the `classes` of
   * the training data.
   * @defaultValue `false`: the target is a number
   */
  labels?: boolean | readonly string[] | undefined;
  /**
   * The character between two fields.
   * @defaultValue the one in a first line such as `sep=;`, or else comma, semicolon, tab or bar, whichever fits; a
   *   RangeError asks for it if two of them fit
   */
  delimiter?: string | undefined;
  /**
   * The character before the fraction of numbers: a point or, as in 0,5, a comma.
   * @defaultValue `'.'`
   */
  decimal?: '.' | ',' | undefined;
  /**
   * A character such as `#`: rows that begin with it are comments and are left out.
   * @defaultValue there are no comments
   */
  comment?: string | undefined;
  /**
   * The beginning of error messages, for example a path.
   * @defaultValue `'csv'`
   */
  name?: string | undefined;
}

/** The result of `readCsv`. */
export interface CsvData {
  /** [rows × input columns]. The numbers are doubles, so that long ones, such as time stamps, keep their digits. */
  inputs: Float64Array;
  /** Numbers [rows × target columns], or labels [rows]; undefined without a target. */
  targets: Float64Array | Int32Array | undefined;
  /** The name of each label, [classes]; undefined without labels. */
  classes: string[] | undefined;
  /** The names of the input columns, or their indices if there is no header. */
  columns: string[];
}

const OPTION_KEYS = keysOf<CsvOptions>({
  target: true,
  inputs: true,
  header: true,
  labels: true,
  delimiter: true,
  decimal: true,
  comment: true,
  name: true,
});

/** The rows of a file and what is known about them. */
interface Table {
  /** The beginning of error messages. */
  readonly name: string;
  readonly rows: readonly Row[];
  /** The names of all columns, or their indices if there is no header. */
  readonly names: readonly string[];
  readonly hasHeader: boolean;
  readonly decimal: Decimal;
  /** The end of messages whose cause may be a wrong delimiter. Empty if the delimiter was given. */
  readonly hint: string;
}

/**
 * Reads inputs and targets from the text of a CSV file. Rows whose fields are all empty are left out. The time is
 * linear in the length of the text.
 *
 * @param text the text of the file
 * @param options which columns are read, and how
 * @returns inputs, targets, and the names of columns and classes
 * @throws RangeError for a field that should be a number and is not: the message names its row and column, and rows are
 *   counted from 1 as in a spreadsheet, with the header and empty rows; TypeError or RangeError for wrong options
 *
 * @example
 * import { readCsv } from 'simdprop/csv';
 *
 * const text = 'length,width,species\n5.1,3.5,setosa\n6.2,2.9,virginica\n';
 * const { inputs, targets, classes } = readCsv(text, { target: 'species', labels: true });
 * console.log(inputs, targets); // Float64Array(4) [ 5.1, 3.5, 6.2, 2.9 ] Int32Array(2) [ 0, 1 ]
 * console.log(classes); // [ 'setosa', 'virginica' ]
 */
export function readCsv(
  text: string,
  options: CsvOptions & { target: CsvColumn | readonly CsvColumn[] },
): CsvData & { targets: Float64Array | Int32Array };
export function readCsv(text: string, options?: CsvOptions): CsvData;
export function readCsv(text: string, options: CsvOptions = {}, none?: undefined): CsvData {
  checkNoMore('readCsv', 3, none);
  withMeant(() => checkOptions(options));
  const { name = 'csv', labels = false, target, inputs } = options;
  checkText(name, text);
  const table = readTable(name, text, options);
  const { names, hasHeader, hint } = table;

  const find = columnFinder(hasHeader ? names : undefined, names.length, hint);
  const targetColumns = checkTargetColumns(target, find, names);
  const inputColumns = checkInputColumns(inputs, find, targetColumns, names);
  let targets: CsvData['targets'];
  let classes: string[] | undefined;
  if (labels !== false) {
    if (targetColumns.length !== 1) {
      const way = targetColumns.length === 0 ? ': options.target names it' : '';
      throw outOfRange('options.labels', `labels of ${targetColumns.length} target columns`, `those of one${way}`);
    }
    classes = labels === true ? findClasses(table, targetColumns[0]) : checkClasses(labels);
    targets = readLabels(table, targetColumns[0], classes);
  } else if (targetColumns.length > 0) {
    targets = readNumbers(table, targetColumns, '{ labels: true } takes names of classes');
  }
  return {
    inputs: readNumbers(table, inputColumns, 'correct it, or leave the column out of options.inputs'),
    targets,
    classes,
    columns: inputColumns.map((column) => names[column]),
  };
}

function checkOptions(options: CsvOptions): void {
  checkObject('options', options, OPTION_KEYS);
  const { header, delimiter, decimal, comment, name } = options;
  if (name !== undefined && typeof name !== 'string') throw wrongType('options.name', name, 'a string');
  if (header !== undefined) checkBoolean('options.header', header);
  checkMarks(delimiter, comment, decimal);
}

function readTable(name: string, text: string, options: CsvOptions): Table {
  const { decimal = '.', comment = '', header } = options;
  const { text: rest, delimiter, hint } = divide(name, text, options.delimiter, comment, decimal);
  const rows = [...readRows(name, rest, { delimiter, comment })];
  if (rows.length === 0) throw outOfRange(name, 'no rows', 'one row of numbers or more');
  const [{ number: first, fields }] = rows;
  const hasHeader = header ?? true;
  const names = fields.map((field, column) => (hasHeader ? field.trim() : String(column)));
  if (header === undefined) checkHeader(`${name}: row ${first}`, names);
  if (hasHeader) rows.shift();
  if (rows.length === 0) throw outOfRange(name, 'a header alone', 'one row of numbers or more');
  const ragged = rows.find(({ fields }) => fields.length !== names.length);
  if (ragged) throw wrongCount(name, ragged.number, ragged.fields, { wanted: names.length, first, comment, hint });
  return { name, rows, names, hasHeader, decimal, hint };
}

function checkTargetColumns(target: unknown, find: FindColumn, names: readonly string[]): number[] {
  if (target === undefined) return [];
  if (!Array.isArray(target)) return [find('options.target', target)];
  if (target.length === 0) throw outOfRange('options.target', 'none', 'one column or more, or no target given');
  return findColumns('options.target', target, find, names);
}

function checkInputColumns(
  inputs: unknown,
  find: FindColumn,
  targets: readonly number[],
  names: readonly string[],
): number[] {
  if (inputs !== undefined && !Array.isArray(inputs)) throw wrongType('options.inputs', inputs, 'an array of columns');
  const isTarget = new Set(targets);
  const columns = inputs
    ? findColumns('options.inputs', inputs, find, names)
    : Array.from(names.keys()).filter((column) => !isTarget.has(column));
  if (columns.length === 0) throw outOfRange('options.inputs', 'none', 'one input column or more');
  const both = columns.findIndex((column) => isTarget.has(column));
  if (both >= 0) {
    throw outOfRange(`options.inputs[${both}]`, `the target ${quote(names[columns[both]])}`, 'another column');
  }
  return columns;
}

/** The numbers of columns, row-major. `advice` is the end of the message for a field that is not a number. */
function readNumbers(table: Table, columns: readonly number[], advice: string): Float64Array {
  const { rows, decimal } = table;
  const values = new Float64Array(rows.length * columns.length);
  let next = 0;
  for (const row of rows) {
    for (const column of columns) {
      const field = row.fields[column].trim();
      const value = toNumber(field, decimal);
      // the network computes in 32 bits
      if (!Number.isFinite(Math.fround(value))) throw noNumber(table, row, column, value, advice);
      values[next++] = value;
    }
  }
  return values;
}

function noNumber(table: Table, row: Row, column: number, value: number, advice: string): RangeError {
  const field = row.fields[column].trim();
  const wanted = Number.isNaN(value) ? wantedIn(table, row, field, advice) : 'a number that is finite in 32 bits';
  return outOfRange(placeOf(table, row, column), shown(field), wanted);
}

function wantedIn({ decimal, hasHeader, hint, rows }: Table, row: Row, field: string, advice: string): string {
  const known = numberWanted(field, decimal);
  if (known !== undefined) return known;
  if (hint !== '' && CANDIDATES.some((delimiter) => field.includes(delimiter))) return `a number${hint}`;
  if (!hasHeader && row === rows[0]) return 'a number: { header: false } says that this row is a sample';
  return `a number: ${advice}`;
}

function findClasses({ rows, decimal }: Table, column: number): string[] {
  return sortNames([...new Set(rows.map(({ fields }) => fields[column].trim()))], decimal);
}

function checkClasses(labels: unknown): string[] {
  if (!Array.isArray(labels)) throw wrongType('options.labels', labels, 'true, false or an array of class names');
  if (labels.length === 0) throw outOfRange('options.labels', 'no names', 'one or more');
  const classes = new Set<string>();
  for (const [i, label] of labels.entries()) {
    if (typeof label !== 'string') throw wrongType(`options.labels[${i}]`, label, 'the name of a class');
    if (classes.has(label)) throw outOfRange(`options.labels[${i}]`, shown(label), 'names that differ');
    classes.add(label);
  }
  return [...classes];
}

function readLabels(table: Table, column: number, classes: readonly string[]): Int32Array {
  const labels = new Map(classes.map((label, i) => [label, i]));
  return Int32Array.from(table.rows, (row) => {
    const field = row.fields[column].trim();
    const label = labels.get(field);
    if (field === '' || label === undefined) {
      const wanted = field === '' ? 'the name of a class' : `one of ${listed(classes)}`;
      throw outOfRange(placeOf(table, row, column), shown(field), wanted);
    }
    return label;
  });
}

const placeOf = ({ name, names }: Table, { number }: Row, column: number) =>
  `${name}: row ${number}, column ${quote(names[column])}`;

const shown = (field: string) => (field === '' ? 'an empty field' : quote(field));
