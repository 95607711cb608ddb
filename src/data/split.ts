import { checkBoolean, checkObject, checkShare, outOfRange, wrongType } from '../check/errors.js';
import { RANDOM_SPLIT } from '../spec/codes.js';
import { outputsOf, type Spec } from '../spec/spec.js';

import { type CheckedData, isFloats } from './data-set.js';
import { permutation } from './philox.js';

// Which samples are held back, drawn from the network's seed; the others keep their order.

/** The share of the samples to hold back, above 0 and below 1. `stratify`: the same share of each label's samples. Default false. */
export type ValidationSplit = number | { share: number; stratify?: boolean };

type SplitSpec = Required<Exclude<ValidationSplit, number>>;

function checkSplit(where: string, value: unknown, data: CheckedData): SplitSpec {
  if (typeof value !== 'number') checkObject(where, value, ['share', 'stratify']);
  const { share, stratify = false } = typeof value === 'number' ? { share: value } : (value as SplitSpec);
  const shareName = typeof value === 'number' ? where : `${where}.share`;
  checkShare(shareName, share);
  checkStratify(`${where}.stratify`, stratify, data);
  const held = Math.floor(data.samples * share);
  if (held === 0) throw outOfRange(shareName, `${share} of ${data.samples} samples`, 'at least one to validate with');
  return { share, stratify };
}

export function checkStratify(where: string, stratify: unknown, { targets }: Pick<CheckedData, 'targets'>): boolean {
  const isStratified = checkBoolean(where, stratify);
  if (isStratified && isFloats(targets))
    throw wrongType(where, stratify, 'false for targets that are rows, not labels');
  return isStratified;
}

/** Training and validation part. Stratified: each class is in the validation part with its share, rounded down or up. */
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
  { share, stratify }: SplitSpec,
  spec: Spec,
): { training: CheckedData; validation: CheckedData } {
  const isHeld = new Uint8Array(data.samples);
  shuffled(data, stratify, spec.seed).forEach((sample, i) => {
    // every 1/share-th: as many as the share of the samples, and of each run of one class
    isHeld[sample] = Number(Math.floor((i + 1) * share) > Math.floor(i * share));
  });
  return { training: pick(data, isHeld, 0, spec), validation: pick(data, isHeld, 1, spec) };
}

/** Samples in random order, or in random order within their class, class by class. */
function shuffled({ samples, targets }: CheckedData, stratify: boolean, seed: number): Uint32Array {
  const order = permutation(samples, seed, RANDOM_SPLIT, 0);
  // sort is stable: samples of a class stay in the order drawn
  return stratify ? order.sort((p, q) => targets[p] - targets[q]) : order;
}

/** The fold that each sample is held back in: folds differ by one sample at most, and so do the samples of a class where stratified. */
export function foldsOf(data: CheckedData, folds: number, stratify: boolean, seed: number): Uint32Array {
  const foldOf = new Uint32Array(data.samples);
  shuffled(data, stratify, seed).forEach((sample, i) => {
    foldOf[sample] = i % folds;
  });
  return foldOf;
}

/** The samples whose entry of `partOf` is `part`, or, with `not`, is not. */
export function pick(
  { samples, inputs, targets, weights }: CheckedData,
  partOf: ArrayLike<number>,
  part: number,
  spec: Spec,
  not = false,
): CheckedData {
  const chosen = Uint32Array.from({ length: samples }, (_, i) => i).filter((i) => (partOf[i] === part) !== not);
  return {
    samples: chosen.length,
    inputs: rowsOf(inputs, chosen, spec.inputs),
    targets: rowsOf(targets, chosen, isFloats(targets) ? outputsOf(spec) : 1),
    weights: weights && rowsOf(weights, chosen, 1),
  };
}

/** A copy of the chosen rows, in an array of the same type. */
function rowsOf<T extends CheckedData['inputs' | 'targets']>(values: T, rows: Uint32Array, width: number): T {
  const copy = new (values.constructor as new (length: number) => T)(rows.length * width);
  rows.forEach((row, i) => {
    copy.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return copy;
}
