import { checkNoMore, counted, orDefault, outOfRange, quote, wrongType } from '../check/errors.js';
import { withMeant } from '../check/similar.js';
import type { Keys } from '../data/parts.js';
import {
  columnsOfNumbers,
  type NumberSeries,
  type WindowOptions as OptionsOf,
  type SeriesColumns,
  type SeriesKinds,
  type SplitWindowOptions as SplitOptionsOf,
  type SplitWindows,
  splitWindowsOf,
  type Windows,
  windowsOf,
} from '../data/windows.js';
import { columnOf, type DateColumn, listNames, type NumberColumn } from './column.js';
import { Table } from './table.js';

// Windows over series that may be tables.

/** Options of `windows`: columns are indices in rows, or names in a table. */
export type WindowOptions = OptionsOf<number | string>;

/** Options of `splitWindows`. */
export type SplitWindowOptions = SplitOptionsOf<number | string>;

/**
 * The windows of a series in the order of time: `length` rows as inputs, and the `horizon` rows after them as targets.
 * Of several series, which `options.series` tells apart, each has its own windows.
 *
 * @param series the rows in the order of time: finite numbers, rows of them, or a table with number columns
 * @param options the windows
 * @returns a data set of windows
 * @throws TypeError or RangeError for missing values and wrong options, if a series has too few rows for one window,
 *   and if the dates of a table run backwards: of several columns of dates, one must be in order
 *
 * @example
 * import { Table, windows } from 'simdprop/tabular';
 *
 * const table = Table.fromColumns({ load: [1, 2, 3, 4], wind: [4, 3, 2, 1] });
 * const { inputs, targets } = windows(table, { length: 2, target: 'load' });
 * console.log(inputs.length, targets); // 8 Float64Array(2) [ 3, 4 ]
 */
export function windows(series: NumberSeries | Table, options: WindowOptions, none?: undefined): Windows {
  checkNoMore('windows', 3, none);
  return withMeant(() => windowsOf(series, options, columnsOfSeries));
}

/**
 * The windows of the parts of a series: the last rows are for the test, those before them for validation, the first
 * ones for training. A window belongs to the part that contains all its targets; a window with targets in two parts is
 * left out. The inputs of a window may reach back into the part before, because the past is known when a prediction is
 * made. So no target of validation or test is seen in training, neither as a target nor as an input. Of several series,
 * each is divided in this way.
 *
 * @param series the rows in the order of time: numbers, rows of them, or a table
 * @param options the windows and the parts
 * @returns a data set for each part; undefined for one that was not asked for
 * @throws TypeError or RangeError for missing values, wrong options, a part that is too short for one window, and dates
 *   that run backwards, as for `windows`
 *
 * @example
 * import { splitWindows, Table } from 'simdprop/tabular';
 *
 * const table = Table.fromColumns({ load: [1, 2, 3, 4, 5, 6], wind: [6, 5, 4, 3, 2, 1] });
 * const { training, test } = splitWindows(table, { length: 2, target: 'load', test: 2 });
 * console.log(training.targets, test.targets); // Float64Array(2) [ 3, 4 ] Float64Array(2) [ 5, 6 ]
 */
export function splitWindows<const Options extends SplitWindowOptions>(
  series: NumberSeries | Table,
  options: Options,
  none?: undefined,
): SplitWindows<Options> {
  checkNoMore('splitWindows', 3, none);
  return withMeant(() => splitWindowsOf(series, options, columnsOfSeries));
}

const KINDS: SeriesKinds = {
  all: 'an array of numbers or of rows, a typed array or a table',
  ofColumns: 'rows or a table',
};

function columnsOfSeries(series: unknown, options: WindowOptions): SeriesColumns {
  if (!(series instanceof Table)) return columnsOfNumbers(series, options, KINDS);
  const { target, series: apart } = options;
  const isNumbers = (name: string) => name !== apart && series.column(name).kind === 'number';
  const inputs = checkColumns('options.inputs', series, orDefault(options.inputs, series.columns.filter(isNumbers)));
  const targets = target === undefined ? inputs : checkColumns('options.target', series, [target].flat());
  const strata = apart === undefined ? undefined : series.strata('options.series', apart);
  checkOrder(series, apart, strata?.keys);
  return { rows: series.rows, inputs, targets, series: strata };
}

/**
 * Refuses a table whose rows are not in the order of time: it has columns of dates, and none of them is in order in
 * each series. `apart`: the column that tells series apart; `keys`: its values.
 */
function checkOrder(table: Table, apart: unknown, keys: Keys | undefined): void {
  const names = table.columns.filter((name) => name !== apart && table.column(name).kind === 'date');
  const falls = names.map((name) => fallIn((table.column(name) as DateColumn).values, keys));
  const [fall] = falls;
  if (fall === undefined || falls.includes(undefined)) return;
  const [last, next] = fall.map((row) => {
    const { values } = table.column(names[0]) as DateColumn;
    return `${new Date(values[row]).toISOString().replace('T00:00:00.000Z', '')} in ${table.placeOf(row)}`;
  });
  const column = `table.column(${quote(names[0])}).values`;
  const sorted = `table.pick([...dates.keys()].sort((p, q) => dates[p] - dates[q])), where dates are ${column}`;
  const other = `if these are not the times of the rows, table.without(${JSON.stringify(names.slice(0, 3))})`;
  const wanted = `rows in the order of time: ${sorted}; ${other}`;
  throw outOfRange(`column ${quote(names[0])}`, `${next} after ${last}`, wanted);
}

/** Two rows of a series that follow one another, of which the second has the earlier date; undefined if none have. */
function fallIn(dates: Float64Array, keys: Keys | undefined): readonly [row: number, next: number] | undefined {
  const lastOf = new Map<number, number>();
  for (const [row, date] of dates.entries()) {
    if (Number.isNaN(date)) continue;
    const last = lastOf.get(keys?.[row] ?? 0);
    if (last !== undefined && date < dates[last]) return [last, row];
    lastOf.set(keys?.[row] ?? 0, row);
  }
  return undefined;
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
  const got = `${counted(missing, 'missing value')}, the first in row ${first}`;
  throw outOfRange(`column ${quote(name)}`, got, 'none: windows need every value, so fill them in before');
}
