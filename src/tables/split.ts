import { checkObject, counted, outOfRange, quote } from '../check/errors.js';
import { showKey } from '../data/keys.js';
import {
  drawParts,
  type Found,
  type HoldBack,
  heldOf,
  type Keys,
  PART_KEYS,
  type PartOptions,
  type Strata,
  sizesOf,
} from '../data/parts.js';
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

/** Says which rows are held back for validation: `share` or `count` of them. */
export interface HoldBackOptions extends HoldBack {
  /**
   * A column: the same share of each of its values is held back, rounded by the method of largest remainders. A value
   * that occurs in one row only is refused, or kept for training: see `singles`. false: rows are drawn whatever their
   * classes are.
   * @defaultValue for classes, the target, and rows whose class occurs once are kept for training; false with `group`
   * or `from`, and for other tasks
   */
  stratify?: string | false | undefined;
  /**
   * A column, such as the patient: all rows with the same value are in the same part. The size is met as nearly as
   * whole groups allow. The column is no input, unless `inputs` has it.
   * @defaultValue none
   */
  group?: string | undefined;
}

/**
 * The part of each row if some are held back. `classes`: the column to stratify by, unless the options say otherwise.
 */
export function heldPartsOf(
  where: string,
  rows: number,
  value: number | HoldBackOptions,
  { seed, classes }: { readonly seed: number; readonly classes: string | undefined },
  find: Find,
): Uint8Array {
  const options: HoldBackOptions = typeof value === 'number' ? {} : value;
  const isImplied =
    classes !== undefined && [options.stratify, options.group, options.from].every((way) => way === undefined);
  const ways = {
    ...options,
    ...(isImplied && ({ stratify: classes, singles: 'training' } as const)),
    ...(options.stratify === false && { stratify: undefined }),
  };
  const nameOf = (option: string) => (isImplied && option === 'stratify' ? 'options.target' : `${where}.${option}`);
  const found = foundIn(rows, ways, nameOf, find);
  return drawParts(rows, heldOf(where, value, rows, 'rows'), ways, nameOf, found, seed);
}

/** The part of each row, as `drawParts` numbers them. `find` finds the columns that the options name. */
export function partsOf(rows: number, options: TableSplitOptions, find: Find): Uint8Array {
  checkObject('options', options, PART_KEYS);
  const nameOf = (option: string) => `options.${option}`;
  return drawParts(rows, sizesOf(options, rows, 'rows'), options, nameOf, foundIn(rows, options, nameOf, find));
}

type Find = (where: string, name: unknown) => FilledColumn;

/** The columns that a table is split by. */
function foundIn(
  rows: number,
  { stratify, group }: { readonly stratify?: unknown; readonly group?: unknown },
  nameOf: (option: string) => string,
  find: Find,
): Found {
  return {
    strata: () => strataOf(stratify as string, find(nameOf('stratify'), stratify)),
    groups: () => groupsOf(nameOf('group'), group as string, find(nameOf('group'), group), rows),
  };
}

/** A number for each row, the same for all rows with the same value; NaN or -1 for missing values. */
function keysFor(column: FilledColumn): Keys {
  return column.kind === 'category' ? column.codes : column.values;
}

/** The values of the column to stratify by. Missing values form a stratum of their own. */
function strataOf(name: string, column: FilledColumn): Strata {
  const show = (row: number) => {
    const value = valueAt(column, row);
    return { value: value === null ? 'a missing value' : showKey(value), row };
  };
  return { keys: keysFor(column), name: `${quote(name)}, with `, show };
}

/** The values of a column that tell rows apart. Refuses missing values. */
export function strataIn(where: string, rows: number, name: unknown, find: Find): Strata {
  const column = find(where, name);
  groupsOf(where, name as string, column, rows);
  return strataOf(name as string, column);
}

function groupsOf(where: string, name: string, column: FilledColumn, rows: number): Keys {
  const missing = missingIn(column, rows);
  if (missing === 0) return keysFor(column);
  const first = Array.from({ length: rows }, (_, row) => row).findIndex((row) => isMissing(column, row));
  const got = `${quote(name)}, with ${counted(missing, 'missing value')}, the first in row ${first}`;
  const wanted = `none, as such a row may belong to any group: table.withoutMissing([${quote(name)}]) leaves it out`;
  throw outOfRange(where, got, wanted);
}
