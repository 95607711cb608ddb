import { checkBoolean, checkName, checkObject, checkShare, counted, keysOf, outOfRange } from '../check/errors.js';
import { RANDOM_SPLIT } from '../spec/codes.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import { apportion } from './apportion.js';
import type { CheckedData } from './data-set.js';
import { isFloats } from './numbers.js';
import { permutation } from './philox.js';
import { pick } from './pick.js';
import type { TargetArray } from './targets.js';
import type { Goal } from './task.js';

// Splits a data set into training and validation data, or into folds. All parts keep the order of the samples.

/** Says which samples are held back for validation. */
export interface SplitOptions {
  /**
   * The share of the samples, above 0 and below 1. The number of samples is rounded to the nearest whole number, halves
   * down; at least one sample remains for training.
   */
  share: number;
  /**
   * true: the same share of each class is held back, rounded by the method of largest remainders. If the share allows
   * it for all classes, every class of two samples or more is in both parts. For a network that learns classes.
   * @defaultValue `false`
   */
  stratify?: boolean | undefined;
  /**
   * `'end'`: the last samples are held back. For samples whose order has a meaning, such as those of a time series.
   * @defaultValue they are drawn from the network's seed
   */
  from?: 'end' | undefined;
}

/** The samples that are held back for validation. A number is a share of the samples, drawn from the network's seed. */
export type ValidationSplit = number | SplitOptions;

const SPLIT_KEYS = keysOf<SplitOptions>({ share: true, stratify: true, from: true });

/** The streams of random numbers of a split. */
const SAMPLE_ORDER = 0;
const CLASS_ORDER = 1;

function checkSplit(where: string, value: unknown, { samples }: CheckedData, goal: Goal): SplitOptions {
  if (typeof value !== 'number') checkObject(where, value, SPLIT_KEYS);
  const { share, stratify = false, from } = typeof value === 'number' ? { share: value } : (value as SplitOptions);
  const shareName = typeof value === 'number' ? where : `${where}.share`;
  checkShare(shareName, share);
  checkStratify(`${where}.stratify`, stratify, goal);
  if (from !== undefined) checkName(`${where}.from`, from, ['end']);
  if (from && stratify) throw outOfRange(`${where}.stratify`, 'true with from: "end"', 'one of them');
  if (heldOf(samples, share) === 0) {
    throw outOfRange(shareName, `${share} of ${counted(samples, 'sample')}`, 'at least one to validate with');
  }
  return { share, stratify, from };
}

export function checkStratify(where: string, stratify: unknown, { task }: Goal): boolean {
  const isStratified = checkBoolean(where, stratify);
  if (isStratified && task !== 'classes') {
    throw outOfRange(where, `true for a network that learns ${task}`, 'classes (net.task), or false');
  }
  return isStratified;
}

/** The number of samples that are held back: rounded to the nearest whole number, halves down, and never all. */
function heldOf(samples: number, share: number): number {
  return Math.min(Math.ceil(samples * share - 0.5), samples - 1);
}

/** Training and validation part. */
export function holdBack(
  where: string,
  value: unknown,
  data: CheckedData,
  spec: Spec,
  goal: Goal,
): { training: CheckedData; validation: CheckedData } {
  return splitData(data, checkSplit(where, value, data, goal), spec);
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
    const groups = groupsOf(data, stratify === true, spec);
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

/**
 * The samples in random order, all in one group, or in a group for each class that occurs. The groups are in the order
 * of the classes.
 */
function groupsOf(data: CheckedData, stratify: boolean, spec: Spec): number[][] {
  const order = permutation(data.samples, spec.seed, RANDOM_SPLIT, SAMPLE_ORDER);
  const classOf = classesOf(data.targets, outputsOf(spec));
  const groups = new Map<number, number[]>();
  for (const sample of order) {
    const label = stratify ? classOf(sample) : 0;
    const group = groups.get(label);
    if (group) group.push(sample);
    else groups.set(label, [sample]);
  }
  return Array.from(groups.entries())
    .sort(([p], [q]) => p - q)
    .map(([, group]) => group);
}

/** The class of a sample: its label or the largest target of its row; for one output, 1 if the target exceeds 1/2. */
function classesOf(targets: TargetArray, outputs: number): (sample: number) => number {
  if (!isFloats(targets)) return (sample) => targets[sample];
  if (outputs === 1) return (sample) => Number(targets[sample] > 0.5);
  return (sample) => {
    const row = targets.subarray(sample * outputs, (sample + 1) * outputs);
    return row.indexOf(Math.max(...row));
  };
}

/**
 * The fold of each sample. The sizes of the folds differ by at most one; if stratified, so do the numbers of samples of
 * each class in them. The seed decides which folds get one more.
 */
export function foldsOf(data: CheckedData, folds: number, stratify: boolean, spec: Spec): Uint32Array {
  const groups = groupsOf(data, stratify, spec);
  const foldOf = new Uint32Array(data.samples);
  let dealt = 0;
  for (const group of permutation(groups.length, spec.seed, RANDOM_SPLIT, CLASS_ORDER)) {
    for (const sample of groups[group]) foldOf[sample] = dealt++ % folds;
  }
  return foldOf;
}
