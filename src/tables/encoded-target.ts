import { arrayType } from '../check/arrays.js';
import { checkInteger, checkNumber, counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { isPlain } from '../check/plain-arrays.js';
import { type CategoryColumn, type FilledColumn, listNames, missingIn } from './column.js';
import type { PlaceOf } from './row-names.js';

// How the columns to be learned become targets, and how a network's outputs become answers.

/** A column to be learned. */
export type EncodedTarget =
  | { readonly column: string; readonly kind: 'number' | 'boolean' }
  | { readonly column: string; readonly kind: 'category'; readonly categories: readonly string[] };

/** What a network learns: see `net.task`. */
export type TargetTask = 'classes' | 'labels' | 'numbers';

/**
 * An answer: the name of a category, true or false, or a number. For several columns, an object with an answer for
 * each.
 */
export type Answer = string | boolean | number | Record<string, boolean> | Record<string, number>;

/** Determines from the training data how a column is learned. */
export function fitTarget(column: string, filled: FilledColumn): EncodedTarget {
  const { kind } = filled;
  if (kind === 'date') {
    const way = `the table option { kinds: { ${quote(column)}: "category" } } makes them classes`;
    throw outOfRange(
      'options.target',
      `${quote(column)}, of dates`,
      `a column of numbers, categories or booleans: ${way}`,
    );
  }
  if (kind !== 'category') return { column, kind };
  const seen = new Uint8Array(filled.categories.length);
  for (const code of filled.codes) if (code >= 0) seen[code] = 1;
  return { column, kind, categories: filled.categories.filter((_, code) => seen[code] === 1) };
}

/** The task of a network with these targets. Refuses targets that no network can learn together. */
export function taskOf(targets: readonly EncodedTarget[]): TargetTask | undefined {
  if (targets.length === 0) return undefined;
  const kinds = new Set(targets.map(({ kind }) => kind));
  if (kinds.size > 1 || (kinds.has('category') && targets.length > 1)) {
    const all = targets.map(({ column, kind }) => `${quote(column)} (${kind})`).join(', ');
    throw outOfRange('options.target', all, 'one category, or columns that are all numbers or all booleans');
  }
  if (kinds.has('number')) return 'numbers';
  return targets.length === 1 ? 'classes' : 'labels';
}

/** The names of the classes, in the order of their labels. */
export function classesOf([target]: readonly EncodedTarget[]): string[] {
  return target.kind === 'category' ? [...target.categories] : ['false', 'true'];
}

/** Refuses missing values. The message has their number in each column. `before`: its beginning. */
export function refuseMissing(
  before: string,
  columns: Iterable<readonly [string, FilledColumn]>,
  rows: number,
  wanted: string,
): void {
  const counts = [...columns].map(([name, column]) => ({ name, missing: missingIn(column, rows) }));
  const missing = counts.filter((count) => count.missing > 0);
  if (missing.length === 0) return;
  const list = missing.slice(0, 20).map((count) => `${count.missing} in ${quote(count.name)}`);
  const more = missing.length > 20 ? `, ... (${counted(missing.length, 'column')})` : '';
  throw outOfRange(`${before}missing values`, list.join(', ') + more, wanted);
}

/**
 * Labels [rows] of classes; rows of 0 and 1 for several booleans; numbers [rows × targets]. `before`: the beginning of
 * messages.
 */
export function writeTargets(
  before: string,
  targets: readonly EncodedTarget[],
  columns: readonly FilledColumn[],
  rows: number,
  placeOf: PlaceOf,
): Int32Array | Float32Array | Float64Array {
  const named = targets.map(({ column }, t) => [column, columns[t]] as const);
  refuseMissing(before, named, rows, 'none in targets: table.withoutMissing(columns) leaves their rows out');
  const [first] = columns;
  if (targets.length === 1 && targets[0].kind === 'category' && first.kind === 'category') {
    return labelsOf(placeOf, targets[0].column, targets[0].categories, first);
  }
  if (targets.length === 1 && first.kind === 'boolean') return Int32Array.from(first.values);
  const values = new (first.kind === 'boolean' ? Float32Array : Float64Array)(rows * targets.length);
  for (const [t, column] of columns.entries()) {
    if (column.kind === 'category') continue;
    for (let row = 0; row < rows; row++) values[row * targets.length + t] = column.values[row];
  }
  return values;
}

function labelsOf(
  placeOf: PlaceOf,
  column: string,
  classes: readonly string[],
  { codes, categories: names }: CategoryColumn,
): Int32Array {
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  return Int32Array.from(codes, (code, row) => {
    const label = labelOf.get(names[code]);
    if (label !== undefined) return label;
    const wanted = `a class of the training data: ${listNames(classes)}`;
    throw outOfRange(`${placeOf(row)}, column ${quote(column)}`, quote(names[code]), wanted);
  });
}

/** The answers that belong to `outputs` [rows × outputs of the network]. */
export function decodeOutputs(
  targets: readonly EncodedTarget[],
  outputs: ArrayLike<number>,
  rows: number,
  threshold: number,
): Answer[] {
  checkInteger('rows', rows, 1, Number.MAX_SAFE_INTEGER);
  checkNumber('threshold', threshold, (x) => x >= 0 && x <= 1, 'a number from 0 to 1');
  const task = taskOf(targets);
  if (task === undefined) throw outOfRange('decode', 'outputs for an encoder without a target', 'one: options.target');
  if (!isPlain(outputs) && arrayType(outputs) === undefined) throw wrongType('outputs', outputs, 'an array of numbers');
  const width = outputs.length / rows;
  const widths = task === 'classes' ? widthsOf(classesOf(targets).length) : [targets.length];
  if (!widths.includes(width)) {
    const got = `${counted(outputs.length, 'output')} for ${counted(rows, 'row')}`;
    throw outOfRange('outputs', got, `${widths.join(' or ')} for each row`);
  }
  // before there is a list of answers: the array may have any length
  for (let i = 0; i < outputs.length; i++) {
    const output: unknown = outputs[i];
    if (typeof output !== 'number') {
      throw wrongType(`outputs[${i}]`, output, `a number${isPlain(output) ? ': outputs.flat()' : ''}`);
    }
    if (Number.isNaN(output)) throw outOfRange(`outputs[${i}]`, output, 'a number');
  }
  return Array.from({ length: rows }, (_, row) => {
    const at = row * width;
    if (task === 'classes') return answerOf(targets[0], labelOf(outputs, at, width, threshold));
    if (task === 'numbers' && width === 1) return outputs[at];
    const entries = targets.map(({ column }, t) => {
      return [column, task === 'numbers' ? outputs[at + t] : outputs[at + t] > threshold] as const;
    });
    // sets properties of the object itself, whatever names they have
    return Object.fromEntries(entries) as Record<string, boolean> | Record<string, number>;
  });
}

/** Two classes can have one output or two. */
const widthsOf = (classes: number): number[] => (classes === 2 ? [1, 2] : [classes]);

/** The class of the largest output. For a single output: 1 if it exceeds the threshold, else 0. */
function labelOf(outputs: ArrayLike<number>, at: number, width: number, threshold: number): number {
  if (width === 1) return Number(outputs[at] > threshold);
  let label = 0;
  for (let k = 1; k < width; k++) if (outputs[at + k] > outputs[at + label]) label = k;
  return label;
}

function answerOf(target: EncodedTarget, label: number): string | boolean {
  return target.kind === 'category' ? target.categories[label] : label === 1;
}
