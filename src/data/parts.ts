import { checkInteger, checkName, checkNumber, counted, outOfRange } from '../check/errors.js';
import { RANDOM_SPLIT } from '../spec/codes.js';
import { apportion } from './apportion.js';
import { permutation } from './philox.js';

// Decides which rows of a set are for training, for validation and for the test, whatever the rows are made of.

/** How large the parts of a set are, and how they are drawn. */
export interface PartOptions {
  /** The share of the rows for validation, above 0 and below 1, or their number, from 1 up. Default: none. */
  validation?: number | undefined;
  /** The share of the rows for the test, above 0 and below 1, or their number, from 1 up. Default: none. */
  test?: number | undefined;
  /** Decides which rows are drawn. An integer from 0 to 2^53 - 1. Default 0. */
  seed?: number | undefined;
  /** `'end'`: the last rows are for the test, those before them for validation. For rows in the order of time. */
  from?: 'end' | undefined;
  /**
   * `'training'`: rows whose value for `stratify` occurs only once stay in the training part. Default: they are
   * refused, because no two parts can have a share of one row.
   */
  singles?: 'training' | undefined;
}

/** A part of the rows: undefined if its option, of the type `Size`, is not given. */
export type PartOf<Size, Part> = Size extends number ? Part : undefined;

/** The streams of random numbers, the same as for the validation split of `fit`. */
const ROW_ORDER = 0;
const GROUP_ORDER = 1;

/** The part of a row. */
export const TRAINING = 0;
export const VALIDATION = 1;
export const TEST = 2;

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

/** A number for each row: rows of equal numbers are alike. */
export type Keys = ArrayLike<number>;

/**
 * The part of each of `rows` rows, which messages call `what`. `stratify` and `group` are ways of drawing that the
 * options ask for, if they are not undefined; `keysOf` finds their keys.
 */
export function drawParts(
  rows: number,
  what: string,
  options: PartOptions & { readonly stratify?: unknown; readonly group?: unknown },
  keysOf: (way: 'stratify' | 'group') => Keys,
): Uint8Array {
  const { seed = 0, stratify, group, from, singles } = options;
  const validation = checkPart('options.validation', options.validation, rows, what);
  const test = checkPart('options.test', options.test, rows, what);
  checkSum(validation, test, rows, what);
  checkInteger('options.seed', seed, 0, Number.MAX_SAFE_INTEGER);
  if (from !== undefined) checkName('options.from', from, ['end']);
  const ways = Object.entries({ stratify, group, from }).filter(([, value]) => value !== undefined);
  if (ways.length > 1) {
    throw outOfRange(`options.${ways[0][0]}`, `${ways[0][0]} and ${ways[1][0]} together`, 'one of them');
  }
  if (singles !== undefined) checkName('options.singles', singles, ['training']);
  if (singles && stratify === undefined) throw outOfRange('options.singles', '"training" without stratify', 'none');
  const parts = new Uint8Array(rows);
  if (from) return parts.fill(VALIDATION, rows - test - validation).fill(TEST, rows - test);
  if (group === undefined)
    drawRows(parts, stratify === undefined ? undefined : keysOf('stratify'), test, validation, seed);
  else drawGroups(parts, keysOf('group'), test, validation, seed);
  return parts;
}

/**
 * Refuses keys to stratify by of which no part can have a share, because they occur only once. `name`: of the values
 * that have the keys; `show`: the value of a place in `keys` and its row, for messages.
 */
export function checkStrata(
  keys: Keys,
  { singles }: PartOptions,
  name: string,
  show: (place: number) => { readonly value: string; readonly row: number },
): void {
  const counts = new Map<number, number>();
  for (let i = 0; i < keys.length; i++) counts.set(keys[i], (counts.get(keys[i]) ?? 0) + 1);
  if (2 * counts.size > keys.length) {
    const got = `${name}${counted(counts.size, 'different value')} in ${counted(keys.length, 'row')}`;
    throw outOfRange('options.stratify', got, 'values that occur twice or more, on average');
  }
  const once = Array.from(keys).flatMap((key, i) => (counts.get(key) === 1 ? [i] : []));
  if (once.length === 0 || singles) return;
  const { value, row } = show(once[0]);
  const more = once.length > 1 ? ` and ${counted(once.length - 1, 'more such value')}` : '';
  const way = '{ singles: "training" } leaves such rows in the training part';
  throw outOfRange('options.stratify', `${value} once (row ${row})${more}`, `each value twice or more; ${way}`);
}

/** The rows of each key, in the order of `rows`. The keys are sorted. */
function byKey(rows: Uint32Array, keys: Keys | undefined): number[][] {
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
function drawRows(parts: Uint8Array, keys: Keys | undefined, test: number, validation: number, seed: number): void {
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
function drawGroups(parts: Uint8Array, keys: Keys, test: number, validation: number, seed: number): void {
  const rows = Uint32Array.from({ length: parts.length }, (_, row) => row);
  const groups = byKey(rows, keys);
  const wanted = [
    [TEST, test],
    [VALIDATION, validation],
  ].filter(([, total]) => total > 0);
  if (groups.length <= wanted.length) {
    const got = `${counted(groups.length, 'group')} for ${counted(wanted.length + 1, 'part')}`;
    throw outOfRange('options.group', got, 'at least one group for each part');
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
