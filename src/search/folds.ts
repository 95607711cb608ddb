import { checkInteger, counted, outOfRange } from '../check/errors.js';
import { type CheckedRows, pick } from '../data/pick.js';
import { foldsOf } from '../data/split.js';
import type { Spec } from '../spec/spec.js';
import { dataOf, type Experiment, type Parts } from './experiment.js';

/** How samples are dealt to folds. */
export interface FoldOptions {
  readonly folds: number;
  /** true, or values that count as classes. */
  readonly stratify: unknown;
  /** Samples with the same value here are all in the same fold. */
  readonly group: unknown;
}

/** The fold of each sample. Throws a TypeError or RangeError if the samples cannot be dealt in this way. */
export function dealFolds(
  { data, spec, goal, network: { classes } }: Pick<Experiment, 'data' | 'spec' | 'goal' | 'network'>,
  { folds, stratify, group }: FoldOptions,
): Uint32Array {
  checkInteger('options.folds', folds, 2, 2 ** 31 - 1);
  if (folds > data.samples) {
    throw outOfRange('options.folds', folds, `at most one for each of ${counted(data.samples, 'sample')}`);
  }
  return foldsOf(data, folds, { stratify, group }, (option) => `options.${option}`, { spec, goal, classes });
}

/** The samples of one fold, for validation, and all others, for training. `foldOf`: the fold of each sample. */
export function partsOfFold(data: CheckedRows, foldOf: Uint32Array, fold: number, spec: Spec): Parts {
  return {
    training: dataOf(pick(data, (sample) => foldOf[sample] !== fold, spec)),
    validation: dataOf(pick(data, (sample) => foldOf[sample] === fold, spec)),
  };
}
