import { arrayType } from '../check/arrays.js';
import {
  checkInteger,
  checkNoMore,
  checkObject,
  counted,
  keysOf,
  outOfRange,
  tableHint,
  wrongType,
} from '../check/errors.js';
import { isNested, isPlain, rowNumbers } from '../check/plain-arrays.js';
import { withMeant } from '../check/similar.js';
import { type SampleKeys, strataOf, valuesIn } from './keys.js';
import { ownIfShared } from './own-arrays.js';
import { byKey, type PartOf, type Strata, sizesOf } from './parts.js';

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
  /**
   * For rows of several series, such as those of many shops: what tells them apart, as [rows] values or as the name of
   * a column of a table, which is then no input by default. Rows of equal values are a series, in the order in which
   * they are given; no window has rows of two.
   * @defaultValue all rows are one series
   */
  series?: SampleKeys | undefined;
}

/** Options of `splitWindows`. */
export interface SplitWindowOptions<Column extends number | string = number> extends WindowOptions<Column> {
  /**
   * The share of the rows for validation, or their number, in each series. They come before the rows of the test.
   * @defaultValue none
   */
  validation?: number | undefined;
  /**
   * The share of the rows for the test, or their number, in each series. They are the last ones.
   * @defaultValue none
   */
  test?: number | undefined;
}

/** The windows of a series, or of one series after the other, as a data set. */
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

const WINDOW_KEYS = keysOf<WindowOptions>({
  length: true,
  horizon: true,
  step: true,
  inputs: true,
  target: true,
  series: true,
});
const SPLIT_KEYS = [...WINDOW_KEYS, ...(['validation', 'test'] satisfies (keyof SplitWindowOptions)[])];

/** The columns that windows are made of. */
export interface SeriesColumns {
  readonly rows: number;
  readonly inputs: readonly ArrayLike<number>[];
  readonly targets: readonly ArrayLike<number>[];
  /** The values that tell several series apart. */
  readonly series?: Strata | undefined;
}

/** The rows of a series, and what it is called in messages: '' if it is the only one. */
interface OneSeries {
  readonly name: string;
  readonly rows: Uint32Array;
}

/** Series, and how they are cut into windows. */
interface Series extends Omit<SeriesColumns, 'rows' | 'series'> {
  readonly each: readonly OneSeries[];
  readonly length: number;
  readonly horizon: number;
  readonly step: number;
}

/** The rows [first, end) of a series that have the targets of a part. */
type Place = readonly [first: number, end: number];

/** The columns of a series that is checked with its options. */
type ColumnsOf<Source, Options> = (series: Source, options: Options) => SeriesColumns;

/**
 * The windows of a series in the order of time: `length` rows as inputs, and the `horizon` rows after them as targets.
 * Of several series, which `options.series` tells apart, each has its own windows.
 *
 * @param series the rows in the order of time: finite numbers, or rows of them
 * @param options the windows
 * @returns a data set of windows
 * @throws TypeError or RangeError for missing values and wrong options, and if a series has too few rows for one window
 *
 * @example
 * import { windows } from 'simdprop/split';
 *
 * const { inputs, targets } = windows([1, 2, 3, 4, 5], { length: 3 });
 * console.log(inputs); // Float64Array(6) [ 1, 2, 3, 2, 3, 4 ]
 * console.log(targets); // Float64Array(2) [ 4, 5 ]
 * const two = windows([1, 2, 3, 10, 20, 30], { length: 2, series: ['a', 'a', 'a', 'b', 'b', 'b'] });
 * console.log(two.targets); // Float64Array(2) [ 3, 30 ]
 */
export function windows(series: NumberSeries, options: WindowOptions, none?: undefined): Windows {
  checkNoMore('windows', 3, none);
  return withMeant(() => windowsOf(series, options, columnsOfArrays));
}

/**
 * The windows of the parts of a series: the last rows are for the test, those before them for validation, the first
 * ones for training. A window belongs to the part that contains all its targets; a window with targets in two parts is
 * left out. The inputs of a window may reach back into the part before, because the past is known when a prediction is
 * made. So no target of validation or test is seen in training, neither as a target nor as an input. Of several series,
 * each is divided in this way.
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
  none?: undefined,
): SplitWindows<Options> {
  checkNoMore('splitWindows', 3, none);
  return withMeant(() => splitWindowsOf(series, options, columnsOfArrays));
}

/** What messages say that a series may be: of any kind, and of the kinds that have columns. */
export interface SeriesKinds {
  readonly all: string;
  readonly ofColumns: string;
}

const ARRAYS: SeriesKinds = { all: 'an array of numbers or of rows, or a typed array', ofColumns: 'an array of rows' };

function columnsOfArrays(series: unknown, options: WindowOptions): SeriesColumns {
  return columnsOfNumbers(series, options, ARRAYS);
}

/** The end of the message for a table or records. */
const wayToWindows = (series: unknown) =>
  tableHint(series) && ': windows and splitWindows of simdprop/tabular take tables, such as Table.fromRecords(records)';

/** `windows` of a series whose columns `columnsOf` finds. */
export function windowsOf<Source, Options extends WindowOptions<number | string>>(
  series: Source,
  options: Options,
  columnsOf: ColumnsOf<Source, Options>,
): Windows {
  checkObject('options', options, WINDOW_KEYS);
  const checked = checkSeries(series, options, columnsOf);
  return cut(
    checked,
    checked.each.map(({ rows }) => [0, rows.length]),
    'series',
  );
}

/** `splitWindows` of a series whose columns `columnsOf` finds. */
export function splitWindowsOf<Source, Options extends SplitWindowOptions<number | string>>(
  series: Source,
  options: Options,
  columnsOf: ColumnsOf<Source, Options>,
): SplitWindows<Options> {
  checkObject('options', options, SPLIT_KEYS);
  const checked = checkSeries(series, options, columnsOf);
  const ends = checked.each.map(({ name, rows: { length } }) => {
    const { validation, test } = sizesOf(options, length, name === '' ? 'rows' : `rows of the series ${name}`);
    return [0, length - test - validation, length - test, length];
  });
  const part = (p: number, what: string) => {
    const places = ends.map((end): Place => [end[p], end[p + 1]]);
    return cut(checked, places, `the ${what} part`);
  };
  return {
    training: part(0, 'training'),
    validation: options.validation === undefined ? undefined : part(1, 'validation'),
    test: options.test === undefined ? undefined : part(2, 'test'),
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
  const { rows, series: apart, ...columns } = columnsOf(series, options);
  return { ...columns, each: eachSeries(rows, apart), length, horizon, step };
}

/** The rows of each series, in the order in which the series begin. */
function eachSeries(rows: number, apart: Strata | undefined): OneSeries[] {
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  if (!apart) return [{ name: '', rows: all }];
  const each = byKey(all, apart.keys).sort(([p], [q]) => p - q);
  return each.map((list) => ({ name: apart.show(list[0]).value, rows: Uint32Array.from(list) }));
}

/** The columns of an array of numbers or of rows. `kinds`: what the series may be. */
export function columnsOfNumbers(
  series: unknown,
  options: WindowOptions<number | string>,
  kinds: SeriesKinds,
): SeriesColumns {
  const columns =
    isPlain(series) && isNested(series) ? columnsOfRows(series, options) : columnOf(series, options, kinds);
  const { rows } = columns;
  if (options.series === undefined) return columns;
  const values = valuesIn('options.series', options.series, rows, 'row');
  return {
    ...columns,
    series: strataOf(
      values,
      Uint32Array.from({ length: rows }, (_, row) => row),
    ),
  };
}

function columnOf(series: unknown, options: WindowOptions<number | string>, kinds: SeriesKinds): SeriesColumns {
  const values = checkNumbers(series, kinds);
  for (const key of ['inputs', 'target'] as const) {
    if (options[key] !== undefined)
      throw wrongType('series', series, `${kinds.ofColumns}, because options.${key} names its columns`);
  }
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

function checkNumbers(series: unknown, kinds: SeriesKinds): ArrayLike<number> {
  const isArray = Array.isArray(series) || (arrayType(series) !== undefined && !arrayType(series)?.startsWith('Big'));
  if (!isArray) throw wrongType('series', series, kinds.all + wayToWindows(series));
  const values = ownIfShared(series as ArrayLike<unknown>);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw wrongType(`series[${i}]`, value, `a finite number${wayToWindows(value)}`);
    if (!Number.isFinite(values[i])) throw outOfRange(`series[${i}]`, values[i], 'a finite number');
  }
  return values as ArrayLike<number>;
}

/** The windows of all series whose targets lie in their places. `what`: the part in messages. */
function cut(series: Series, places: readonly Place[], what: string): Windows {
  const { each, inputs, targets, length, horizon, step } = series;
  const starts = places.map(([first]) => Math.max(0, first - length));
  const counts = places.map(([, end], s) => Math.max(0, Math.floor((end - horizon - length - starts[s]) / step) + 1));
  checkCounts(series, places, counts, what);
  const count = counts.reduce((sum, one) => sum + one, 0);
  const windowsOf = (columns: readonly ArrayLike<number>[], offset: number, size: number) => {
    const values = new Float64Array(count * size * columns.length);
    let at = 0;
    for (const [s, { rows }] of each.entries()) {
      for (let w = 0; w < counts[s]; w++) {
        const from = starts[s] + w * step + offset;
        for (let i = from; i < from + size; i++) for (const column of columns) values[at++] = column[rows[i]];
      }
    }
    return values;
  };
  return { inputs: windowsOf(inputs, 0, length), targets: windowsOf(targets, length, horizon) };
}

/** Refuses series that are too short for one window. */
function checkCounts(
  { each, length, horizon }: Series,
  places: readonly Place[],
  counts: readonly number[],
  what: string,
): void {
  const short = [...counts.keys()].filter((s) => counts[s] === 0);
  if (short.length === 0) return;
  const [s] = short;
  const [[first, end], { name, rows }] = [places[s], each[s]];
  const others = short.length > 1 ? ` (and too few in ${short.length - 1} more of ${each.length} series)` : '';
  const got = `${end - first} of ${counted(rows.length, 'row')}${name && ` of the series ${name}`}${others}`;
  const wanted = `enough for a window of ${length} and a horizon of ${horizon}`;
  throw outOfRange(what, got, name ? `${wanted}, or none of such a series` : wanted);
}
