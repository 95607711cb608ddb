import { checkBoolean, checkName, checkObject, checkShare, keysOf, outOfRange, wrongType } from '../check/errors.js';
import { RANDOM_SPLIT } from '../spec/codes.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import { apportion } from './apportion.js';
import type { CheckedData } from './data-set.js';
import { isFloats } from './numbers.js';
import { permutation } from './philox.js';

// Which samples are held back: drawn from the network's seed, or the last ones. All parts keep the order of the samples.

/** Which samples are held back. */
export interface SplitOptions {
  /** The share of the samples, above 0 and below 1. Their number is rounded to the nearest, halves down, and leaves one at least. */
  share: number;
  /**
   * true: the same share of each class's samples, by largest remainders. Every class of two samples or more is in both parts, where the
   * share allows that. For labels as targets. Default false.
   */
  stratify?: boolean;
  /** The last samples, for those whose order means something, as that of a time series does. Default: samples drawn from the seed. */
  from?: 'end';
}

/** A number: the share, drawn from the seed. */
export type ValidationSplit = number | SplitOptions;

const SPLIT_KEYS = keysOf<SplitOptions>({ share: true, stratify: true, from: true });

/** The streams of random numbers of a split. */
const SAMPLE_ORDER = 0;
const CLASS_ORDER = 1;

function checkSplit(where: string, value: unknown, data: CheckedData): SplitOptions {
  if (typeof value !== 'number') checkObject(where, value, SPLIT_KEYS);
  const { share, stratify = false, from } = typeof value === 'number' ? { share: value } : (value as SplitOptions);
  const shareName = typeof value === 'number' ? where : `${where}.share`;
  checkShare(shareName, share);
  checkStratify(`${where}.stratify`, stratify, data);
  if (from !== undefined) checkName(`${where}.from`, from, ['end']);
  if (from && stratify) throw outOfRange(`${where}.stratify`, 'true with from: "end"', 'one of them');
  if (heldOf(data.samples, share) === 0) {
    throw outOfRange(shareName, `${share} of ${data.samples} samples`, 'at least one to validate with');
  }
  return { share, stratify, from };
}

export function checkStratify(where: string, stratify: unknown, { targets }: Pick<CheckedData, 'targets'>): boolean {
  const isStratified = checkBoolean(where, stratify);
  if (isStratified && isFloats(targets))
    throw wrongType(where, stratify, 'false for targets that are rows, not labels');
  return isStratified;
}

/** How many samples are held back: the nearest number, of two the smaller one, and never all. */
function heldOf(samples: number, share: number): number {
  return Math.min(Math.ceil(samples * share - 0.5), samples - 1);
}

/** Training and validation part. */
export function holdBack(
  where: string,
  value: unknown,
  data: CheckedData,
  spec: Spec,
): { training: CheckedData; validation: CheckedData } {
  return splitData(data, checkSplit(where, value, data), spec);
}

export function splitData(
  data: CheckedData,
  { share, stratify, from }: SplitOptions,
  spec: Spec,
): { training: CheckedData; validation: CheckedData } {
  const { samples } = data;
  const held = heldOf(samples, share);
  const isHeld = new Uint8Array(samples);
  if (from) isHeld.fill(1, samples - held);
  else {
    const groups = groupsOf(data, stratify === true, spec.seed);
    const counts = groups.map(({ length }) => length);
    const ties = permutation(groups.length, spec.seed, RANDOM_SPLIT, CLASS_ORDER);
    apportion(counts, held, ties).forEach((count, group) => {
      for (const sample of groups[group].slice(0, count)) isHeld[sample] = 1;
    });
  }
  return {
    training: pick(data, (sample) => isHeld[sample] === 0, spec),
    validation: pick(data, (sample) => isHeld[sample] === 1, spec),
  };
}

/** The samples in random order, all together or those of each class that occurs, in the order of the labels. */
function groupsOf({ samples, targets }: CheckedData, stratify: boolean, seed: number): number[][] {
  const order = permutation(samples, seed, RANDOM_SPLIT, SAMPLE_ORDER);
  const groups = new Map<number, number[]>();
  for (const sample of order) {
    const label = stratify ? targets[sample] : 0;
    const group = groups.get(label);
    if (group) group.push(sample);
    else groups.set(label, [sample]);
  }
  return Array.from(groups.entries())
    .sort(([p], [q]) => p - q)
    .map(([, group]) => group);
}

/**
 * The fold that each sample is held back in: folds differ by one sample at most, and so do the samples of a class where stratified. Which
 * folds have one more is drawn from the seed.
 */
export function foldsOf(data: CheckedData, folds: number, stratify: boolean, seed: number): Uint32Array {
  const groups = groupsOf(data, stratify, seed);
  const foldOf = new Uint32Array(data.samples);
  let dealt = 0;
  for (const group of permutation(groups.length, seed, RANDOM_SPLIT, CLASS_ORDER)) {
    for (const sample of groups[group]) foldOf[sample] = dealt++ % folds;
  }
  return foldOf;
}

/** A copy of the samples for which `isChosen` is true. */
export function pick(
  { samples, inputs, targets, weights }: CheckedData,
  isChosen: (sample: number) => boolean,
  spec: Spec,
): CheckedData {
  const chosen = Uint32Array.from({ length: samples }, (_, i) => i).filter((sample) => isChosen(sample));
  return {
    samples: chosen.length,
    inputs: rowsOf(inputs, chosen, spec.inputs),
    targets: rowsOf(targets, chosen, isFloats(targets) ? outputsOf(spec) : 1),
    weights: weights && rowsOf(weights, chosen, 1),
  };
}

/** Copies rows of `width` numbers to an array of the same type. */
function rowsOf<T extends CheckedData['inputs' | 'targets']>(values: T, rows: Uint32Array, width: number): T {
  const copy = new (values.constructor as new (length: number) => T)(rows.length * width);
  rows.forEach((row, i) => {
    copy.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return copy;
}
