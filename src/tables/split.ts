import { checkInteger, checkName, checkNumber, checkObject, keysOf, outOfRange, quote } from '../check/errors.js';
import { apportion } from '../data/apportion.js';
import { permutation } from '../data/philox.js';
import { RANDOM_SPLIT } from '../spec/codes.js';
import { type FilledColumn, isMissing, missingIn } from './column.js';

// Decides which rows of a table are for training, for validation and for the test.

/** Options of `table.split`. */
export interface TableSplitOptions {
  /** The share of the rows for validation, above 0 and below 1, or their number, from 1 up. Default: none. */
  validation?: number;
  /** The share of the rows for the test, above 0 and below 1, or their number, from 1 up. Default: none. */
  test?: number;
  /** Decides which rows are drawn. An integer from 0 to 2^53 - 1. Default 0. */
  seed?: number;
  /**
   * A column. In each part, its values have the same shares of the rows, rounded by the method of largest remainders.
   * If the sizes allow it, a value of two rows or more is in the training part and in the part that is drawn.
   */
  stratify?: string;
  /**
   * A column, such as the patient: all rows with the same value are in the same part. The parts come as near to their
   * sizes as whole groups allow.
   */
  group?: string;
  /** `'end'`: the last rows are for the test, those before them for validation. For rows in the order of time. */
  from?: 'end';
}

/** A part of the rows: undefined if its option, of the type `Size`, is not given. */
export type PartOf<Size, Part> = Size extends number ? Part : undefined;

const SPLIT_KEYS = keysOf<TableSplitOptions>({
  validation: true,
  test: true,
  seed: true,
  stratify: true,
  group: true,
  from: true,
});

/** The streams of random numbers, the same as for the validation split of `fit`. */
const ROW_ORDER = 0;
const GROUP_ORDER = 1;

/** The part of a row. */
const VALIDATION = 1;
const TEST = 2;

/** The number of rows of a share, or the given number of rows. */
export function checkPart(where: string, value: unknown, rows: number, what: string): number {
  if (value === undefined) return 0;
  const isWanted = (x: number) => (x > 0 && x < 1) || (Number.isInteger(x) && x >= 1 && x < rows);
  const wanted = `a share above 0 and below 1, or a number of ${what} from 1 to ${rows - 1}`;
  const part = checkNumber(where, value, isWanted, wanted);
  // rounded to the nearest whole number, halves down
  const count = part < 1 ? Math.ceil(rows * part - 0.5) : part;
  if (count === 0) throw outOfRange(where, `${part} of ${rows} ${what}`, 'a part of at least one');
  return count;
}

/** Checks that at least one row is held back, and at least one is left for training. */
export function checkSum(validation: number, test: number, rows: number, what: string): void {
  if (validation + test === 0) throw outOfRange('options', 'neither validation nor test', 'one of them, or both');
  if (validation + test < rows) return;
  const got = `${validation} for validation and ${test} for the test, of ${rows} ${what}`;
  throw outOfRange('options.validation and options.test', got, 'fewer, so that at least one is left for training');
}

/**
 * The part of each row: 0 for training, 1 for validation, 2 for the test. `find` finds the columns that the options
 * name.
 */
export function partsOf(
  rows: number,
  options: TableSplitOptions,
  find: (where: string, name: unknown) => FilledColumn,
): Uint8Array {
  checkObject('options', options, SPLIT_KEYS);
  const { seed = 0, stratify, group, from } = options;
  const validation = checkPart('options.validation', options.validation, rows, 'rows');
  const test = checkPart('options.test', options.test, rows, 'rows');
  checkSum(validation, test, rows, 'rows');
  checkInteger('options.seed', seed, 0, Number.MAX_SAFE_INTEGER);
  if (from !== undefined) checkName('options.from', from, ['end']);
  const ways = Object.entries({ stratify, group, from }).filter(([, value]) => value !== undefined);
  if (ways.length > 1) {
    throw outOfRange(`options.${ways[0][0]}`, `${ways[0][0]} and ${ways[1][0]} together`, 'one of them');
  }

  const parts = new Uint8Array(rows);
  if (from) return parts.fill(VALIDATION, rows - test - validation).fill(TEST, rows - test);
  if (group === undefined) {
    const keys = stratify === undefined ? undefined : strataOf(stratify, find('options.stratify', stratify), rows);
    drawRows(parts, keys, test, validation, seed);
  } else drawGroups(parts, groupsOf(group, find('options.group', group), rows), test, validation, seed);
  return parts;
}

/** A number for each row, the same for all rows with the same value; NaN or -1 for missing values. */
function keysFor(column: FilledColumn): ArrayLike<number> {
  return column.kind === 'category' ? column.codes : column.values;
}

/** The values of the column to stratify by. Missing values form a stratum of their own. */
function strataOf(name: string, column: FilledColumn, rows: number): ArrayLike<number> {
  const keys = keysFor(column);
  const different = new Set(Array.from(keys)).size;
  if (2 * different > rows) {
    const got = `${quote(name)}, with ${different} different values in ${rows} rows`;
    throw outOfRange('options.stratify', got, 'a column whose values occur twice or more, on average');
  }
  return keys;
}

function groupsOf(name: string, column: FilledColumn, rows: number): ArrayLike<number> {
  const missing = missingIn(column, rows);
  if (missing === 0) return keysFor(column);
  const first = Array.from({ length: rows }, (_, row) => row).findIndex((row) => isMissing(column, row));
  const got = `${quote(name)}, with ${missing} missing values, the first in row ${first}`;
  const wanted = `none, as such a row may belong to any group: table.withoutMissing([${quote(name)}]) leaves it out`;
  throw outOfRange('options.group', got, wanted);
}

/** The rows of each key, in the order of `rows`. The keys are sorted. */
function byKey(rows: Uint32Array, keys: ArrayLike<number> | undefined): number[][] {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const key = keys ? keys[row] : 0;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  // that of NaN, the missing values, is the first
  const place = (key: number) => (Number.isNaN(key) ? Number.NEGATIVE_INFINITY : key);
  return [...groups].sort(([p], [q]) => (place(p) < place(q) ? -1 : 1)).map(([, group]) => group);
}

/** Draws the same share of the rows of each key. */
function drawRows(
  parts: Uint8Array,
  keys: ArrayLike<number> | undefined,
  test: number,
  validation: number,
  seed: number,
): void {
  let groups = byKey(permutation(parts.length, seed, RANDOM_SPLIT, ROW_ORDER), keys);
  const order = permutation(groups.length, seed, RANDOM_SPLIT, GROUP_ORDER);
  let ranks = Array.from(order);
  for (const [part, total] of [
    [TEST, test],
    [VALIDATION, validation],
  ]) {
    if (total === 0) continue;
    const counts = apportion(
      groups.map(({ length }) => length),
      total,
      ranks,
    );
    for (const [g, count] of counts.entries()) for (const row of groups[g].slice(0, count)) parts[row] = part;
    const left = groups.map((group, g) => group.slice(counts[g]));
    const kept = [...left.keys()].filter((g) => left[g].length > 0);
    const placeOf = new Map(kept.map((g, place) => [g, place]));
    ranks = ranks.flatMap((g) => placeOf.get(g) ?? []);
    groups = kept.map((g) => left[g]);
  }
}

/**
 * Draws whole groups in random order. A group is added to a part if this brings the part's number of rows nearer to the
 * wanted one; a part that would stay empty gets the smallest group. At least one group is left for training.
 */
function drawGroups(parts: Uint8Array, keys: ArrayLike<number>, test: number, validation: number, seed: number): void {
  const rows = Uint32Array.from({ length: parts.length }, (_, row) => row);
  const groups = byKey(rows, keys);
  const wanted = [
    [TEST, test],
    [VALIDATION, validation],
  ].filter(([, total]) => total > 0);
  if (groups.length <= wanted.length) {
    const got = `${groups.length} ${groups.length === 1 ? 'group' : 'groups'} for ${wanted.length + 1} parts`;
    throw outOfRange('options.group', got, 'a column with at least one group for each part');
  }
  let left = Array.from(permutation(groups.length, seed, RANDOM_SPLIT, GROUP_ORDER), (g) => groups[g]);
  for (const [place, [part, total]] of wanted.entries()) {
    // groups that must be left for training, and for the next part
    const reserve = wanted.length - place;
    const rest: number[][] = [];
    let taken = 0;
    let open = left.length;
    for (const group of left) {
      if (open > reserve && taken + group.length / 2 < total) {
        for (const row of group) parts[row] = part;
        taken += group.length;
        open--;
      } else rest.push(group);
    }
    if (taken === 0) {
      const smallest = rest.reduce((least, group) => (group.length < least.length ? group : least));
      for (const row of smallest) parts[row] = part;
      rest.splice(rest.indexOf(smallest), 1);
    }
    left = rest;
  }
}
