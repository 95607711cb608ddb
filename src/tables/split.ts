import { checkObject, counted, keysOf, outOfRange, quote } from '../check/errors.js';
import { checkStrata, drawParts, type Keys, type PartOptions } from '../data/parts.js';
import { type FilledColumn, isMissing, missingIn, valueAt } from './column.js';

// Decides which rows of a table are for training, for validation and for the test.

/** Options of `table.split`. */
export interface TableSplitOptions extends PartOptions {
  /**
   * A column. In each part, its values have the same shares of the rows, rounded by the method of largest remainders.
   * If the sizes allow it, each value is in the training part and in the part that is drawn. A value that occurs in one
   * row only is refused, or kept in the training part: see `singles`.
   */
  stratify?: string | undefined;
  /**
   * A column, such as the patient: all rows with the same value are in the same part. The parts come as near to their
   * sizes as whole groups allow.
   */
  group?: string | undefined;
}

const SPLIT_KEYS = keysOf<TableSplitOptions>({
  validation: true,
  test: true,
  seed: true,
  stratify: true,
  singles: true,
  group: true,
  from: true,
});

/** The part of each row, as `drawParts` numbers them. `find` finds the columns that the options name. */
export function partsOf(
  rows: number,
  options: TableSplitOptions,
  find: (where: string, name: unknown) => FilledColumn,
): Uint8Array {
  checkObject('options', options, SPLIT_KEYS);
  return drawParts(rows, 'rows', options, (way) => {
    const name = options[way] as string;
    const column = find(`options.${way}`, name);
    return way === 'stratify' ? strataOf(name, column, options) : groupsOf(name, column, rows);
  });
}

/** A number for each row, the same for all rows with the same value; NaN or -1 for missing values. */
function keysFor(column: FilledColumn): Keys {
  return column.kind === 'category' ? column.codes : column.values;
}

/** The values of the column to stratify by. Missing values form a stratum of their own. */
function strataOf(name: string, column: FilledColumn, options: TableSplitOptions): Keys {
  const keys = keysFor(column);
  checkStrata(keys, options, `${quote(name)}, with `, (row) => {
    const value = valueAt(column, row);
    return { value: value === null ? 'a missing value' : typeof value === 'string' ? quote(value) : `${value}`, row };
  });
  return keys;
}

function groupsOf(name: string, column: FilledColumn, rows: number): Keys {
  const missing = missingIn(column, rows);
  if (missing === 0) return keysFor(column);
  const first = Array.from({ length: rows }, (_, row) => row).findIndex((row) => isMissing(column, row));
  const got = `${quote(name)}, with ${counted(missing, 'missing value')}, the first in row ${first}`;
  const wanted = `none, as such a row may belong to any group: table.withoutMissing([${quote(name)}]) leaves it out`;
  throw outOfRange('options.group', got, wanted);
}
