import Papa from 'papaparse';
import { checkBoolean, checkName, checkObject, outOfRange, wrongType } from '../check/errors.js';

// Reads comma-separated values as inputs and targets. papaparse handles quotes, line ends and delimiters; this file
// decides what the fields mean.

/** A column: its name in the header, or its index, counted from 0. */
export type CsvColumn = string | number;

/** Options of `readCsv`. */
export interface CsvOptions {
  /** The column, or columns, of the targets. Default: none, as for data to predict from. */
  target?: CsvColumn | readonly CsvColumn[];
  /** The columns of the inputs, in this order and each only once. Default: all columns except the targets. */
  inputs?: readonly CsvColumn[];
  /** true: the first row contains the names of the columns. Default true. */
  header?: boolean;
  /**
   * The target column contains names of classes, which become the labels 0, 1, ... With true, the classes are the names
   * that occur, sorted (as numbers if all of them are numbers). A list gives the classes in their order, such as the
   * `classes` of the training data. Default false: the target is a number.
   */
  labels?: boolean | readonly string[];
  /** The character between two fields. Default: comma, tab, bar or semicolon, whichever fits. */
  delimiter?: string;
  /** The beginning of error messages, for example a path. Default `'csv'`. */
  name?: string;
}

/** The result of `readCsv`. */
export interface CsvData {
  /** [rows × input columns] */
  inputs: Float32Array;
  /** Numbers [rows × target columns], or labels [rows]; undefined without a target. */
  targets: Float32Array | Int32Array | undefined;
  /** The name of each label, [classes]; undefined without labels. */
  classes: string[] | undefined;
  /** The names of the input columns, or their indices if there is no header. */
  columns: string[];
}

const OPTION_KEYS = ['target', 'inputs', 'header', 'labels', 'delimiter', 'name'];

/** papaparse would silently use another delimiter instead of these. */
const NO_DELIMITERS = ['\r', '\n', '"', '\ufeff'];

/**
 * Decimal numbers as every CSV writer writes them. Number() alone also accepts empty fields and hexadecimal numbers.
 */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

interface Row {
  /** The number of the row in a spreadsheet: counted from 1, with the header and empty rows. */
  readonly number: number;
  readonly fields: readonly string[];
}

/**
 * Reads inputs and targets from the text of a CSV file. Empty rows are left out. A field that is no number, where one
 * is expected, throws a RangeError that names its row and column; rows are counted from 1 as in a spreadsheet, with the
 * header and empty rows. Other wrong arguments throw a TypeError or RangeError. Needs the package papaparse.
 *
 * @example
 * const iris = readCsv(await file.text(), { target: 'species', labels: true });
 * await net.fit({ inputs: iris.inputs, targets: iris.targets });
 * iris.classes; // ['setosa', 'versicolor', 'virginica']
 */
export function readCsv(
  text: string,
  options: CsvOptions & { target: CsvColumn | readonly CsvColumn[] },
): CsvData & { targets: Float32Array | Int32Array };
export function readCsv(text: string, options?: CsvOptions): CsvData;
export function readCsv(text: string, options: CsvOptions = {}): CsvData {
  checkObject('options', options, OPTION_KEYS);
  const { header = true, labels = false, delimiter = '', name = 'csv' } = options;
  if (typeof name !== 'string') throw wrongType('options.name', name, 'a string');
  checkBoolean('options.header', header);
  checkDelimiter(delimiter);
  if (typeof text !== 'string') throw wrongType(name, text, 'a string: the text of the file');

  const rows = parse(name, text, delimiter);
  if (rows.length === 0) throw outOfRange(name, 'no rows', 'one row of numbers or more');
  const { fields } = rows[0];
  const names = fields.map((field, column) => (header ? field.trim() : String(column)));
  if (header) rows.shift();
  if (rows.length === 0) throw outOfRange(name, 'a header alone', 'one row of numbers or more');
  for (const { number, fields } of rows) {
    if (fields.length !== names.length) {
      throw outOfRange(`${name}: row ${number}`, `${fields.length} fields`, `${names.length}, as in the first row`);
    }
  }

  const find = (where: string, column: unknown) => findColumn(where, column, names, header);
  const targetColumns = checkTargetColumns(options.target, find, names);
  const inputColumns = checkInputColumns(options.inputs, find, targetColumns, names);
  const numbers = (columns: readonly number[]) => readNumbers(name, rows, columns, names);
  let targets: CsvData['targets'];
  let classes: string[] | undefined;
  if (labels !== false) {
    if (targetColumns.length !== 1) {
      throw outOfRange('options.labels', `labels of ${targetColumns.length} target columns`, 'those of one');
    }
    classes = labels === true ? findClasses(rows, targetColumns[0]) : checkClasses(labels);
    targets = readLabels(name, rows, targetColumns[0], names, classes);
  } else if (targetColumns.length > 0) {
    targets = numbers(targetColumns);
  }
  return { inputs: numbers(inputColumns), targets, classes, columns: inputColumns.map((column) => names[column]) };
}

function checkDelimiter(delimiter: unknown): void {
  const wanted = 'one character that is no quote and no line end';
  if (typeof delimiter !== 'string') throw wrongType('options.delimiter', delimiter, wanted);
  if (delimiter.length > 1 || NO_DELIMITERS.includes(delimiter)) {
    throw outOfRange('options.delimiter', JSON.stringify(delimiter), wanted);
  }
}

/** The rows of the file, except the empty ones. */
function parse(name: string, text: string, delimiter: string): Row[] {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter });
  // in a file with one column, papaparse finds no delimiter, which is no error here
  const error = errors.find(({ type }) => type !== 'Delimiter');
  if (error)
    throw outOfRange(`${name}: row ${(error.row ?? 0) + 1}`, error.message, 'quotes that are opened and closed');
  return data
    .map((fields, i): Row => ({ number: i + 1, fields }))
    .filter(({ fields }) => fields.length > 1 || fields[0].trim() !== '');
}

function findColumn(where: string, column: unknown, names: readonly string[], header: boolean): number {
  if (typeof column === 'number') {
    if (Number.isInteger(column) && column >= 0 && column < names.length) return column;
    throw outOfRange(where, column, `a column from 0 to ${names.length - 1}`);
  }
  if (!header) throw wrongType(where, column, `a column from 0 to ${names.length - 1}, where there is no header`);
  const name = checkName(where, column, names);
  const index = names.indexOf(name);
  if (names.lastIndexOf(name) !== index) {
    throw outOfRange(where, `"${name}", the name of more than one column`, `the place of one, such as ${index}`);
  }
  return index;
}

type FindColumn = (where: string, column: unknown) => number;

function checkTargetColumns(target: unknown, find: FindColumn, names: readonly string[]): number[] {
  if (target === undefined) return [];
  if (!Array.isArray(target)) return [find('options.target', target)];
  if (target.length === 0) throw outOfRange('options.target', 'none', 'one column or more, or no target given');
  return findColumns('options.target', target, find, names);
}

/** The indices of columns. Refuses a column that occurs twice. */
function findColumns(where: string, columns: readonly unknown[], find: FindColumn, names: readonly string[]): number[] {
  const found = Array.from(columns, (column, i) => find(`${where}[${i}]`, column));
  const again = found.findIndex((column, i) => found.indexOf(column) < i);
  if (again >= 0) throw outOfRange(`${where}[${again}]`, `"${names[found[again]]}" once more`, 'another column');
  return found;
}

function checkInputColumns(
  inputs: unknown,
  find: FindColumn,
  targets: readonly number[],
  names: readonly string[],
): number[] {
  const wanted = 'one input column or more';
  if (inputs !== undefined && !Array.isArray(inputs)) throw wrongType('options.inputs', inputs, 'an array of columns');
  const columns = inputs
    ? findColumns('options.inputs', inputs, find, names)
    : Array.from(names.keys()).filter((column) => !targets.includes(column));
  if (columns.length === 0) throw outOfRange('options.inputs', 'none', wanted);
  const both = columns.findIndex((column) => targets.includes(column));
  if (both >= 0) throw outOfRange(`options.inputs[${both}]`, `the target "${names[columns[both]]}"`, 'another column');
  return columns;
}

function readNumbers(
  name: string,
  rows: readonly Row[],
  columns: readonly number[],
  names: readonly string[],
): Float32Array {
  const values = new Float32Array(rows.length * columns.length);
  let next = 0;
  for (const { number, fields } of rows) {
    for (const column of columns) {
      const field = fields[column].trim();
      const value = NUMBER.test(field) ? Math.fround(Number(field)) : Number.NaN;
      if (!Number.isFinite(value)) {
        const wanted = Number.isNaN(value) ? 'a number' : 'a number that is finite in 32 bits';
        throw outOfRange(placeOf(name, number, names[column]), shown(field), wanted);
      }
      values[next++] = value;
    }
  }
  return values;
}

function findClasses(rows: readonly Row[], column: number): string[] {
  const classes = [...new Set(rows.map(({ fields }) => fields[column].trim()))];
  return classes.every((name) => NUMBER.test(name))
    ? classes.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1))
    : classes.sort();
}

function checkClasses(labels: unknown): string[] {
  if (!Array.isArray(labels)) throw wrongType('options.labels', labels, 'true, false or an array of class names');
  if (labels.length === 0) throw outOfRange('options.labels', 'no names', 'one or more');
  return Array.from(labels, (label: unknown, i) => {
    if (typeof label !== 'string') throw wrongType(`options.labels[${i}]`, label, 'the name of a class');
    if (labels.indexOf(label) < i) throw outOfRange(`options.labels[${i}]`, shown(label), 'names that differ');
    return label;
  });
}

function readLabels(
  name: string,
  rows: readonly Row[],
  column: number,
  names: readonly string[],
  classes: readonly string[],
): Int32Array {
  const labels = new Map(classes.map((label, i) => [label, i]));
  return Int32Array.from(rows, ({ number, fields }) => {
    const field = fields[column].trim();
    const label = labels.get(field);
    if (field === '' || label === undefined) {
      const wanted = field === '' ? 'the name of a class' : `one of ${classes.join(', ')}`;
      throw outOfRange(placeOf(name, number, names[column]), shown(field), wanted);
    }
    return label;
  });
}

const placeOf = (name: string, row: number, column: string) => `${name}: row ${row}, column "${column}"`;

const shown = (field: string) =>
  field === '' ? 'an empty field' : JSON.stringify(field.length > 40 ? `${field.slice(0, 40)}...` : field);
