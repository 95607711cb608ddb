import { arrayType } from '../check/arrays.js';
import { checkInteger, checkObject, counted, keysOf, outOfRange, wrongType } from '../check/errors.js';
import { isNested, isPlain, rowNumbers } from '../check/plain-arrays.js';
import { ownIfShared } from './own-arrays.js';
import { checkPart, checkSum, type PartOf } from './parts.js';

// Cuts series in the order of time into windows: what a network sees, and what it is to predict from that.

/** A series: a number for each time, or a row of numbers for each, in plain or typed arrays. */
export type NumberSeries = ArrayLike<number> | readonly ArrayLike<number>[];

/** Options of `windows`. */
export interface WindowOptions<Column extends number | string = number> {
  /** The number of rows in a window, from 1 up. The network sees these rows. */
  length: number;
  /**
   * The number of rows after a window that are to be predicted, from 1 up.
   * @defaultValue `1`
   */
  horizon?: number | undefined;
  /**
   * The number of rows from the beginning of a window to that of the next, from 1 up.
   * @defaultValue `1`
   */
  step?: number | undefined;
  /**
   * The columns that the network sees: indices in the rows, or names of number columns of a table.
   * @defaultValue all
   */
  inputs?: readonly Column[] | undefined;
  /**
   * The column, or columns, to be predicted.
   * @defaultValue the inputs
   */
  target?: Column | readonly Column[] | undefined;
}

/** Options of `splitWindows`. */
export interface SplitWindowOptions<Column extends number | string = number> extends WindowOptions<Column> {
  /** The share of the rows for validation, or their number. They come before the rows of the test. Default: none. */
  validation?: number | undefined;
  /** The share of the rows for the test, or their number. They are the last ones. Default: none. */
  test?: number | undefined;
}

/** The windows of a series, as a data set. */
export interface Windows {
  /** [windows × length × input columns], row after row. */
  inputs: Float64Array;
  /** [windows × horizon × target columns], row after row. */
  targets: Float64Array;
}

/** The windows of the parts of a series. A part that was not asked for is undefined. */
export type SplitWindows<Options extends SplitWindowOptions<number | string> = SplitWindowOptions> = {
  training: Windows;
  validation: PartOf<Options['validation'], Windows>;
  test: PartOf<Options['test'], Windows>;
};

const WINDOW_KEYS = keysOf<WindowOptions>({ length: true, horizon: true, step: true, inputs: true, target: true });
const SPLIT_KEYS = [...WINDOW_KEYS, ...(['validation', 'test'] satisfies (keyof SplitWindowOptions)[])];

/** The columns of a series that windows are made of. */
export interface SeriesColumns {
  readonly rows: number;
  readonly inputs: readonly ArrayLike<number>[];
  readonly targets: readonly ArrayLike<number>[];
}

/** A series, and how it is cut into windows. */
interface Series extends SeriesColumns {
  readonly length: number;
  readonly horizon: number;
  readonly step: number;
}

/** The columns of a series that is checked with its options. */
type ColumnsOf<Source, Options> = (series: Source, options: Options) => SeriesColumns;

/**
 * The windows of a series in the order of time: `length` rows as inputs, and the `horizon` rows after them as targets.
 *
 * @param series the rows in the order of time: finite numbers, or rows of them
 * @param options the windows
 * @returns a data set of windows
 * @throws TypeError or RangeError for missing values and wrong options, and if there are too few rows for one window
 *
 * @example
 * import { windows } from 'simdprop/split';
 *
 * const { inputs, targets } = windows([1, 2, 3, 4, 5], { length: 3 });
 * console.log(inputs); // Float64Array(6) [ 1, 2, 3, 2, 3, 4 ]
 * console.log(targets); // Float64Array(2) [ 4, 5 ]
 */
export function windows(series: NumberSeries, options: WindowOptions): Windows {
  return windowsOf(series, options, columnsOfNumbers);
}

/**
 * The windows of the parts of a series: the last rows are for the test, those before them for validation, the first
 * ones for training. A window belongs to the part that contains all its targets; a window with targets in two parts is
 * left out. The inputs of a window may reach back into the part before, because the past is known when a prediction is
 * made. So no target of validation or test is seen in training, neither as a target nor as an input.
 *
 * @param series the rows in the order of time
 * @param options the windows and the parts
 * @returns a data set for each part; undefined for one that was not asked for
 * @throws TypeError or RangeError for missing values, wrong options, and a part that is too short for one window
 *
 * @example
 * import { splitWindows } from 'simdprop/split';
 *
 * const { training, test } = splitWindows([1, 2, 3, 4, 5, 6], { length: 2, test: 2 });
 * console.log(training.targets, test.targets); // Float64Array(2) [ 3, 4 ] Float64Array(2) [ 5, 6 ]
 */
export function splitWindows<const Options extends SplitWindowOptions>(
  series: NumberSeries,
  options: Options,
): SplitWindows<Options> {
  return splitWindowsOf(series, options, columnsOfNumbers);
}

/** `windows` of a series whose columns `columnsOf` finds. */
export function windowsOf<Source, Options extends WindowOptions<number | string>>(
  series: Source,
  options: Options,
  columnsOf: ColumnsOf<Source, Options>,
): Windows {
  checkObject('options', options, WINDOW_KEYS);
  const checked = checkSeries(series, options, columnsOf);
  return cut(checked, 0, checked.rows, 'series');
}

/** `splitWindows` of a series whose columns `columnsOf` finds. */
export function splitWindowsOf<Source, Options extends SplitWindowOptions<number | string>>(
  series: Source,
  options: Options,
  columnsOf: ColumnsOf<Source, Options>,
): SplitWindows<Options> {
  checkObject('options', options, SPLIT_KEYS);
  const checked = checkSeries(series, options, columnsOf);
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

function checkSeries<Source, Options extends WindowOptions<number | string>>(
  series: Source,
  options: Options,
  columnsOf: ColumnsOf<Source, Options>,
): Series {
  const { horizon = 1, step = 1 } = options;
  const length = checkInteger('options.length', options.length, 1, Number.MAX_SAFE_INTEGER);
  checkInteger('options.horizon', horizon, 1, Number.MAX_SAFE_INTEGER);
  checkInteger('options.step', step, 1, Number.MAX_SAFE_INTEGER);
  return { ...columnsOf(series, options), length, horizon, step };
}

/** The columns of an array of numbers or of rows. */
export function columnsOfNumbers(series: unknown, options: WindowOptions<number | string>): SeriesColumns {
  if (isPlain(series) && isNested(series)) return columnsOfRows(series, options);
  for (const key of ['inputs', 'target'] as const) {
    if (options[key] !== undefined)
      throw wrongType('series', series, `rows or a table, because options.${key} names its columns`);
  }
  const values = checkNumbers(series);
  return { rows: values.length, inputs: [values], targets: [values] };
}

function columnsOfRows(series: readonly unknown[], options: WindowOptions<number | string>): SeriesColumns {
  const width = (series[0] as ArrayLike<unknown>).length;
  if (width === 0) throw outOfRange('series[0]', 'an empty row', 'one number or more');
  const numbers = rowNumbers('series', series, width, 'as the first row has');
  const columnAt = (column: number) => Float64Array.from(series, (_, row) => numbers[row * width + column]);
  const all = Array.from({ length: width }, (_, column) => columnAt(column));
  const pick = (where: string, given: unknown) => {
    if (!Array.isArray(given)) throw wrongType(where, given, 'an array of the indices of columns');
    if (given.length === 0) throw outOfRange(where, 'no columns', 'one or more');
    return given.map((column: unknown, i) => all[checkInteger(`${where}[${i}]`, column, 0, width - 1)]);
  };
  const { inputs, target } = options;
  const seen = inputs === undefined ? all : pick('options.inputs', inputs);
  const one = target !== undefined && !Array.isArray(target);
  if (one) checkInteger('options.target', target, 0, width - 1);
  const targets = target === undefined ? seen : pick('options.target', one ? [target] : target);
  return { rows: series.length, inputs: seen, targets };
}

function checkNumbers(series: unknown): ArrayLike<number> {
  const isArray = Array.isArray(series) || (arrayType(series) !== undefined && !arrayType(series)?.startsWith('Big'));
  if (!isArray) throw wrongType('series', series, 'an array of numbers or of rows, a typed array or a table');
  const values = ownIfShared(series as ArrayLike<unknown>);
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] !== 'number') throw wrongType(`series[${i}]`, values[i], 'a finite number');
    if (!Number.isFinite(values[i])) throw outOfRange(`series[${i}]`, values[i], 'a finite number');
  }
  return values as ArrayLike<number>;
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
    const got = `${end - first} of ${counted(rows, 'row')}`;
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
