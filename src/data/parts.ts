import {
  checkInteger,
  checkName,
  checkNumber,
  checkShare,
  counted,
  keysOf,
  orDefault,
  outOfRange,
} from '../check/errors.js';
import { RANDOM_SPLIT } from '../spec/codes.js';
import { apportion } from './apportion.js';
import { permutation } from './philox.js';

// Decides which rows of a set are for training, for validation and for the test, whatever the rows are made of.

/** How rows are drawn. */
export interface DrawOptions {
  /**
   * Decides which rows are drawn. An integer from 0 to 2^53 - 1.
   * @defaultValue `0`
   */
  seed?: number | undefined;
  /**
   * `'end'`: the last rows are for the test, those before them for validation. For rows in the order of time.
   * @defaultValue they are drawn
   */
  from?: 'end' | undefined;
  /**
   * `'training'`: rows whose value for `stratify` occurs only once stay in the training part.
   * @defaultValue they are refused, because no two parts can have a share of one row
   */
  singles?: 'training' | undefined;
}

/** How large the parts of a set are, and how they are drawn. */
export interface PartOptions extends DrawOptions {
  /**
   * The share of the rows for validation, above 0 and below 1, or their number, from 1 up.
   * @defaultValue none
   */
  validation?: number | undefined;
  /**
   * The share of the rows for the test, above 0 and below 1, or their number, from 1 up.
   * @defaultValue none
   */
  test?: number | undefined;
}

/** The keys of the options of calls that make up to three parts. */
export const PART_KEYS = keysOf<PartOptions & DrawnBy>({
  validation: true,
  test: true,
  seed: true,
  stratify: true,
  singles: true,
  group: true,
  from: true,
});

/** What rows are drawn by, besides the seed. Each kind of data has its own types for these options. */
export interface DrawnBy {
  readonly stratify?: unknown;
  readonly group?: unknown;
}

/** The size of the part that is held back, by one of two options. */
export interface HeldOptions {
  /**
   * The share of the rows, above 0 and below 1. Their number is rounded to the nearest whole one, halves down.
   * @defaultValue none, if there is a count
   */
  share?: number | undefined;
  /**
   * The number of rows, from 1 up.
   * @defaultValue none, if there is a share
   */
  count?: number | undefined;
}

/** Says which rows are held back for validation: `share` or `count` of them. */
export interface HoldBack extends HeldOptions, Omit<DrawOptions, 'seed' | 'from'> {
  /**
   * `'end'`: the last rows are held back. For rows whose order has a meaning, such as those of a time series.
   * @defaultValue they are drawn
   */
  from?: 'end' | undefined;
  /**
   * Decides which rows are drawn. An integer from 0 to 2^53 - 1.
   * @defaultValue the network's seed
   */
  seed?: number | undefined;
}

export const HOLD_BACK_KEYS = keysOf<HoldBack & DrawnBy>({
  share: true,
  count: true,
  stratify: true,
  group: true,
  from: true,
  singles: true,
  seed: true,
});

/** The type of a part of the rows. `Size`: the type of its option; if the option is undefined, so is the part. */
export type PartOf<Size, Part> = Size extends number ? Part : undefined;

/** Something for each part that the options ask for. */
export type PartsOf<Options extends PartOptions, Part> = {
  training: Part;
  validation: PartOf<Options['validation'], Part>;
  test: PartOf<Options['test'], Part>;
};

/** The streams of random numbers, the same as for the validation split of `fit`. */
const ROW_ORDER = 0;
const GROUP_ORDER = 1;

/** The part of a row. */
export const TRAINING = 0;
export const VALIDATION = 1;
export const TEST = 2;

/** The numbers of rows of the parts that are drawn. */
export interface Sizes {
  readonly validation: number;
  readonly test: number;
}

/** The number of rows of a share, or the given number of rows. At least one row is left. */
function sizeOf(where: string, value: unknown, rows: number, what: string): number {
  const isWanted = (x: number) => (x > 0 && x < 1) || isCount(x, rows);
  const part = checkNumber(where, value, isWanted, `a share above 0 and below 1, or ${countsWanted(rows, what)}`);
  return part < 1 ? sizeOfShare(where, part, rows, what) : part;
}

const isCount = (x: number, rows: number) => Number.isInteger(x) && x >= 1 && x < rows;
const countsWanted = (rows: number, what: string) =>
  rows > 1 ? `a number of ${what} from 1 to ${rows - 1}` : `more ${what} than one`;

/** The number of rows of a share, rounded to the nearest whole number, halves down. At least one row is left. */
function sizeOfShare(where: string, share: number, rows: number, what: string): number {
  const size = Math.min(Math.ceil(rows * share - 0.5), rows - 1);
  if (size === 0) throw outOfRange(where, `${share} of ${rows} ${what}`, 'a part of at least one');
  return size;
}

/**
 * The sizes of the parts, of which one or both are asked for. At least one row is left for training. `what`: the rows
 * in messages.
 */
export function sizesOf(options: PartOptions, rows: number, what: string): Sizes {
  const size = (name: 'validation' | 'test') =>
    options[name] === undefined ? 0 : sizeOf(`options.${name}`, options[name], rows, what);
  const [validation, test] = [size('validation'), size('test')];
  if (validation + test === 0) throw outOfRange('options', 'neither validation nor test', 'one of them, or both');
  if (validation + test < rows) return { validation, test };
  const got = `${validation} for validation and ${test} for the test, of ${rows} ${what}`;
  throw outOfRange('options.validation and options.test', got, 'fewer, so that at least one is left for training');
}

/** The size of a part that is held back for validation: `value` is a share, a number of rows, or options. */
export function heldOf(where: string, value: number | HeldOptions, rows: number, what: string): Sizes {
  if (typeof value === 'number') return { validation: sizeOf(where, value, rows, what), test: 0 };
  const { share, count } = value;
  if ((share === undefined) === (count === undefined)) {
    throw outOfRange(where, share === undefined ? 'neither share nor count' : 'share and count', 'one of them');
  }
  const name = `${where}.${share === undefined ? 'count' : 'share'}`;
  const validation =
    share === undefined
      ? checkNumber(name, count, (x) => isCount(x, rows), countsWanted(rows, what))
      : sizeOfShare(name, checkShare(name, share), rows, what);
  return { validation, test: 0 };
}

/** A number for each row. Rows with equal numbers belong together. */
export type Keys = ArrayLike<number>;

/** The values by which rows are stratified. */
export interface Strata {
  readonly keys: Keys;
  /** The beginning of messages about the values: the data to which they belong. */
  readonly name: string;
  /** The value at a place in `keys`, and its row, for messages. */
  readonly show: (place: number) => { readonly value: string; readonly row: number };
}

/** Finds the values that rows are drawn by. */
export interface Found {
  readonly strata: () => Strata;
  readonly groups: () => Keys;
}

/**
 * The part of each of `rows` rows. `stratify` and `group` are ways of drawing that the options ask for, if they are not
 * undefined. `nameOf`: what an option is called in messages; `ownSeed`: the seed if the options have none.
 */
export function drawParts(
  rows: number,
  { validation, test }: Sizes,
  options: DrawOptions & DrawnBy,
  nameOf: (option: string) => string,
  { strata, groups }: Found,
  ownSeed = 0,
): Uint8Array {
  const { stratify, group, from, singles } = options;
  const seed = checkInteger(nameOf('seed'), orDefault(options.seed, ownSeed), 0, Number.MAX_SAFE_INTEGER);
  if (from !== undefined) checkName(nameOf('from'), from, ['end']);
  const ways = Object.entries({ stratify, group, from }).filter(([, value]) => value !== undefined);
  if (ways.length > 1) {
    throw outOfRange(nameOf(ways[0][0]), `${ways[0][0]} and ${ways[1][0]} together`, 'one of them');
  }
  if (from !== undefined && options.seed !== undefined) {
    throw outOfRange(nameOf('seed'), `${seed} with from: "end"`, 'none: the last rows are taken, and nothing is drawn');
  }
  if (singles !== undefined) checkName(nameOf('singles'), singles, ['training']);
  if (singles && stratify === undefined) throw outOfRange(nameOf('singles'), '"training" without stratify', 'none');
  const parts = new Uint8Array(rows);
  if (from) parts.fill(VALIDATION, rows - test - validation).fill(TEST, rows - test);
  else if (group !== undefined) drawGroups(nameOf('group'), parts, groups(), test, validation, seed);
  else {
    const order = permutation(rows, seed, RANDOM_SPLIT, ROW_ORDER);
    const found = stratify === undefined ? undefined : strata();
    if (found && singles) checkRepeated(nameOf('stratify'), found, validation + test);
    else if (found) checkStrata(nameOf('stratify'), found, SINGLES);
    const classes = found ? byKey(order, found.keys) : [Array.from(order)];
    drawRows(parts, classes, test, validation, seed, singles ? 2 : 1);
  }
  return parts;
}

const SINGLES = '; { singles: "training" } leaves such rows in the training part';

/** The number of rows of each key. */
function countsOf(keys: Keys): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < keys.length; i++) counts.set(keys[i], (counts.get(keys[i]) ?? 0) + 1);
  return counts;
}

/** Refuses values of which no two parts can have a share, because they occur only once. `way`: another way out. */
export function checkStrata(where: string, { keys, name, show }: Strata, way = ''): void {
  const counts = countsOf(keys);
  if (2 * counts.size > keys.length) {
    throw outOfRange(where, differing(name, counts, keys), 'values that occur twice or more, on average');
  }
  const once = [...counts.values()].filter((count) => count === 1).length;
  if (once === 0) return;
  let first = 0;
  while (counts.get(keys[first]) !== 1) first++;
  const { value, row } = show(first);
  const more = once > 1 ? ` and ${counted(once - 1, 'more such value')}` : '';
  throw outOfRange(where, `${value} once (row ${row})${more}`, `each value twice or more${way}`);
}

/** Refuses values that occur once in so many rows that the others cannot fill the parts that are drawn. */
function checkRepeated(where: string, { keys, name }: Strata, drawn: number): void {
  const counts = countsOf(keys);
  const once = [...counts.values()].filter((count) => count === 1).length;
  if (drawn <= keys.length - once) return;
  const wanted = `values that repeat: ${counted(drawn, 'row')} or more must have the value of another row`;
  throw outOfRange(where, differing(name, counts, keys), wanted);
}

const differing = (name: string, counts: ReadonlyMap<number, number>, keys: Keys) =>
  `${name}${counted(counts.size, 'different value')} in ${counted(keys.length, 'row')}`;

/** The rows of each key, in the order of `rows`. The keys are sorted. */
export function byKey(rows: Iterable<number>, keys: Keys): number[][] {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const group = groups.get(keys[row]);
    if (group) group.push(row);
    else groups.set(keys[row], [row]);
  }
  // the group of NaN, of the missing values, is the first
  const place = (key: number) => (Number.isNaN(key) ? Number.NEGATIVE_INFINITY : key);
  return [...groups].sort(([p], [q]) => (place(p) < place(q) ? -1 : 1)).map(([, group]) => group);
}

/**
 * What `make` makes of the rows of each part, and these rows. `parts`: the part of each of `rows`, as `drawParts`
 * numbers them.
 */
export function partsOfRows<Options extends PartOptions, Part>(
  parts: Uint8Array,
  rows: Uint32Array,
  make: (rows: Uint32Array) => Part,
): PartsOf<Options, Part> & { rows: PartsOf<Options, Uint32Array> } {
  const rowsOf = (part: number) => {
    const own = rows.filter((_, place) => parts[place] === part);
    return own.length > 0 ? own : undefined;
  };
  const own = { training: rowsOf(TRAINING), validation: rowsOf(VALIDATION), test: rowsOf(TEST) };
  const made = Object.fromEntries(Object.entries(own).map(([name, part]) => [name, part && make(part)]));
  // a part that the options do not ask for has no rows, and all others have some
  return { ...made, rows: own } as unknown as PartsOf<Options, Part> & { rows: PartsOf<Options, Uint32Array> };
}

/** Draws the same share of the rows of each class of `least` rows or more. */
function drawRows(
  parts: Uint8Array,
  classes: readonly number[][],
  test: number,
  validation: number,
  seed: number,
  least = 1,
): void {
  const left = classes.map((rows) => (rows.length < least ? [] : rows));
  // the order of the classes in which equal remainders are rounded up
  const ranks = Array.from(permutation(classes.length, seed, RANDOM_SPLIT, GROUP_ORDER));
  for (const [part, total] of [
    [TEST, test],
    [VALIDATION, validation],
  ]) {
    if (total === 0) continue;
    const open = left.flatMap((rows, c) => (rows.length > 0 ? [c] : []));
    const placeOf = new Map(open.map((c, place) => [c, place]));
    const ties = ranks.flatMap((c) => placeOf.get(c) ?? []);
    const sizes = open.map((c) => left[c].length);
    const counts = apportion(sizes, total, ties);
    for (const [place, c] of open.entries()) for (const row of left[c].splice(0, counts[place])) parts[row] = part;
  }
}

/**
 * Draws whole groups in random order. A group is added to a part if this brings the part's number of rows nearer to the
 * wanted one; a part that would stay empty gets the smallest group. At least one group is left for training.
 */
function drawGroups(
  where: string,
  parts: Uint8Array,
  keys: Keys,
  test: number,
  validation: number,
  seed: number,
): void {
  const groups = byKey(parts.keys(), keys);
  const wanted = [
    [TEST, test],
    [VALIDATION, validation],
  ].filter(([, total]) => total > 0);
  if (groups.length <= wanted.length) {
    const got = `${counted(groups.length, 'group')} for ${counted(wanted.length + 1, 'part')}`;
    throw outOfRange(where, got, 'at least one group for each part');
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
