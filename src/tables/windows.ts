import { arrayType } from '../check/arrays.js';
import { checkInteger, checkObject, keysOf, outOfRange, quote, wrongType } from '../check/errors.js';
import { columnOf, listNames, type NumberColumn } from './column.js';
import { checkPart, checkSum, type PartOf } from './split.js';
import { Table } from './table.js';

/** Options of `windows`. */
export interface WindowOptions {
  /** The number of rows in a window, from 1 up. The network sees these rows. */
  length: number;
  /** The number of rows after a window that are to be predicted, from 1 up. Default 1. */
  horizon?: number;
  /** The number of rows from the beginning of a window to that of the next, from 1 up. Default 1. */
  step?: number;
  /** The number columns of a table that the network sees. Default: all of them. */
  inputs?: readonly string[];
  /** The number column, or columns, of a table to be predicted. Default: the inputs. */
  target?: string | readonly string[];
}

/** Options of `splitWindows`. */
export interface SplitWindowOptions extends WindowOptions {
  /** The share of the rows for validation, or their number. They come before the rows of the test. Default: none. */
  validation?: number;
  /** The share of the rows for the test, or their number. They are the last ones. Default: none. */
  test?: number;
}

/** The windows of a series, as a data set. */
export interface Windows {
  /** [windows × length × input columns], row after row. */
  inputs: Float64Array;
  /** [windows × horizon × target columns], row after row. */
  targets: Float64Array;
}

/** The windows of the parts of a series. A part that was not asked for is undefined. */
export type SplitWindows<Options extends SplitWindowOptions = SplitWindowOptions> = {
  training: Windows;
  validation: PartOf<Options['validation'], Windows>;
  test: PartOf<Options['test'], Windows>;
};

const WINDOW_KEYS = keysOf<WindowOptions>({ length: true, horizon: true, step: true, inputs: true, target: true });
const SPLIT_KEYS = [...WINDOW_KEYS, ...(['validation', 'test'] satisfies (keyof SplitWindowOptions)[])];

/** A series, and how it is cut into windows. */
interface Series {
  readonly rows: number;
  readonly inputs: readonly ArrayLike<number>[];
  readonly targets: readonly ArrayLike<number>[];
  readonly length: number;
  readonly horizon: number;
  readonly step: number;
}

/**
 * The windows of a series in the order of time: `length` rows as inputs, and the `horizon` rows after them as targets.
 * The series is an array of finite numbers, or a table with number columns. Throws a RangeError for missing values, and
 * if there are too few rows for one window.
 *
 * @example
 * windows([1, 2, 3, 4, 5], { length: 3 }); // inputs 1 2 3, 2 3 4; targets 4, 5
 */
export function windows(series: ArrayLike<number> | Table, options: WindowOptions): Windows {
  checkObject('options', options, WINDOW_KEYS);
  const checked = checkSeries(series, options);
  return cut(checked, 0, checked.rows, 'series');
}

/**
 * The windows of the parts of a series: the last rows are for the test, those before them for validation, the first
 * ones for training. A window belongs to the part that contains all its targets; a window with targets in two parts is
 * left out. The inputs of a window may reach back into the part before, because the past is known when a prediction is
 * made. So no target of validation or test is seen in training, neither as a target nor as an input.
 */
export function splitWindows<const Options extends SplitWindowOptions>(
  series: ArrayLike<number> | Table,
  options: Options,
): SplitWindows<Options> {
  checkObject('options', options, SPLIT_KEYS);
  const checked = checkSeries(series, options);
  const { rows } = checked;
  const validation = checkPart('options.validation', options.validation, rows, 'rows');
  const test = checkPart('options.test', options.test, rows, 'rows');
  checkSum(validation, test, rows, 'rows');
  const firstTest = rows - test;
  const firstValidation = firstTest - validation;
  return {
    training: cut(checked, 0, firstValidation, 'the training part'),
    validation: validation === 0 ? undefined : cut(checked, firstValidation, firstTest, 'the validation part'),
    test: test === 0 ? undefined : cut(checked, firstTest, rows, 'the test part'),
  } as SplitWindows<Options>;
}

function checkSeries(series: unknown, options: WindowOptions): Series {
  const { horizon = 1, step = 1 } = options;
  const length = checkInteger('options.length', options.length, 1, Number.MAX_SAFE_INTEGER);
  checkInteger('options.horizon', horizon, 1, Number.MAX_SAFE_INTEGER);
  checkInteger('options.step', step, 1, Number.MAX_SAFE_INTEGER);
  if (series instanceof Table) {
    const names = options.inputs ?? series.columns.filter((name) => series.column(name).kind === 'number');
    const inputs = checkColumns('options.inputs', series, names);
    const targetNames = typeof options.target === 'string' ? [options.target] : options.target;
    const targets = targetNames === undefined ? inputs : checkColumns('options.target', series, targetNames);
    return { rows: series.rows, inputs, targets, length, horizon, step };
  }
  for (const key of ['inputs', 'target'] as const) {
    if (options[key] !== undefined)
      throw wrongType('series', series, `a table, because options.${key} names its columns`);
  }
  const values = checkNumbers(series);
  return { rows: values.length, inputs: [values], targets: [values], length, horizon, step };
}

function checkNumbers(series: unknown): ArrayLike<number> {
  const isArray = Array.isArray(series) || (arrayType(series) !== undefined && !arrayType(series)?.startsWith('Big'));
  if (!isArray) throw wrongType('series', series, 'an array of numbers, a typed array or a table');
  const values = series as ArrayLike<unknown>;
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] !== 'number') throw wrongType(`series[${i}]`, values[i], 'a finite number');
    if (!Number.isFinite(values[i])) throw outOfRange(`series[${i}]`, values[i], 'a finite number');
  }
  return series as ArrayLike<number>;
}

function checkColumns(where: string, table: Table, names: unknown): Float64Array[] {
  if (!Array.isArray(names)) throw wrongType(where, names, 'an array of names');
  if (names.length === 0) throw outOfRange(where, 'no columns of numbers', 'one or more');
  const columns = new Map(table.columns.map((name) => [name, table.column(name)]));
  return names.map((name: unknown, i) => {
    const column = columnOf(`${where}[${i}]`, name, columns);
    if (column.kind !== 'number') {
      const numbers = [...columns].filter(([, { kind }]) => kind === 'number').map(([other]) => other);
      const got = `${quote(name as string)}, of kind ${column.kind}`;
      throw outOfRange(`${where}[${i}]`, got, `a column of numbers: ${listNames(numbers)}`);
    }
    return checkPresent(name as string, column);
  });
}

function checkPresent(name: string, { values }: NumberColumn): Float64Array {
  const first = values.findIndex((value) => Number.isNaN(value));
  if (first < 0) return values;
  const missing = values.reduce((sum, value) => sum + Number(Number.isNaN(value)), 0);
  const got = `${missing} missing values, the first in row ${first}`;
  throw outOfRange(`column ${quote(name)}`, got, 'none: windows need every value, so fill them in before');
}

/** The windows whose targets lie in the rows [first, end). */
function cut(
  { rows, inputs, targets, length, horizon, step }: Series,
  first: number,
  end: number,
  what: string,
): Windows {
  const start = Math.max(0, first - length);
  const count = Math.max(0, Math.floor((end - horizon - length - start) / step) + 1);
  if (count === 0) {
    const got = `${end - first} of ${rows} rows`;
    throw outOfRange(what, got, `enough for a window of ${length} and a horizon of ${horizon}`);
  }
  const windowsOf = (columns: readonly ArrayLike<number>[], offset: number, size: number) => {
    const values = new Float64Array(count * size * columns.length);
    let at = 0;
    for (let w = 0; w < count; w++) {
      const from = start + w * step + offset;
      for (let row = from; row < from + size; row++) for (const column of columns) values[at++] = column[row];
    }
    return values;
  };
  return { inputs: windowsOf(inputs, 0, length), targets: windowsOf(targets, length, horizon) };
}
