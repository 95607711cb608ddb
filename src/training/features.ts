import type { Arena } from '../core/arena.js';
import type { CheckedData } from '../data/data-set.js';
import type { misfitsOf } from '../data/misfit.js';
import type { Splitting } from '../data/split.js';
import type { Goal } from '../data/task.js';
import type { validationMisfits } from '../data/validation-misfits.js';
import { knownNames, type Names } from '../spec/names.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import type { EarlyStopper } from './early-stopping.js';
import type { Epochs } from './epochs.js';
import type { validate } from './evaluation.js';
import type { TrainOptions } from './options.js';
import type { LbfgsPlace } from './place.js';
import type { Trainer } from './trainer.js';

// Options of fit that few calls use: their code is loaded by the first call that asks for it.

/** The functions that are loaded. */
export interface Features {
  weigh: (
    where: string,
    classWeights: unknown,
    data: CheckedData,
    spec: Spec,
    goal: Goal,
    names: Names['classes'],
  ) => CheckedData;
  split: (
    where: string,
    value: unknown,
    data: CheckedData,
    splitting: Splitting,
  ) => { readonly training: CheckedData; readonly validation: CheckedData };
  makeStopper: (
    where: string,
    options: unknown,
    validation: CheckedData | undefined,
    goal: Goal,
    outputs: number,
  ) => EarlyStopper;
  validate: typeof validate;
  compare: typeof validationMisfits;
  findMisfits: typeof misfitsOf;
  lbfgs: {
    readonly checkLbfgs: (spec: Spec, options: TrainOptions) => void;
    readonly makeLbfgs: (trainer: Trainer['state'], passes: Epochs, place?: LbfgsPlace) => Epochs;
  };
}

const LOADERS: { readonly [Name in keyof Features]: () => Promise<Features[Name]> } = {
  weigh: async () => (await import('../data/class-weights.js')).withClassWeights,
  split: async () => (await import('../data/split.js')).holdBack,
  makeStopper: async () => (await import('./early-stopping.js')).makeStopper,
  validate: async () => (await import('./evaluation.js')).validate,
  compare: async () => (await import('../data/validation-misfits.js')).validationMisfits,
  findMisfits: async () => (await import('../data/misfit.js')).misfitsOf,
  lbfgs: () => import('./lbfgs.js'),
};

/**
 * The code that earlier calls have loaded. Later calls need not wait for it, so their data need not be copied first.
 */
export const loaded: Partial<Features> = {};

/**
 * The code that must be loaded for these options, which are not checked yet. `isStandardized`: true for a network that
 * was standardised before the call.
 */
export function missingFor(
  { validation, validationSplit, earlyStopping, classWeights, trainingMetrics }: TrainOptions,
  isLbfgs: boolean,
  isStandardized: boolean,
) {
  const isAsked = {
    weigh: classWeights !== undefined,
    split: validationSplit !== undefined,
    makeStopper: earlyStopping !== undefined,
    validate: validation !== undefined || validationSplit !== undefined || trainingMetrics === true,
    compare: validation !== undefined,
    findMisfits: isStandardized,
    lbfgs: isLbfgs,
  };
  const names = Object.keys(LOADERS) as (keyof Features)[];
  return names.filter((name) => isAsked[name] && !loaded[name]);
}

/** Loads all of it at the same time, because over a slow line each part costs a round trip. */
export async function load(names: readonly (keyof Features)[]): Promise<void> {
  const features = await Promise.all(names.map((name) => LOADERS[name]()));
  names.forEach((name, i) => {
    Object.assign(loaded, { [name]: features[i] });
  });
}

/** The data of a call, as its options divide and weight them, and what ends the call early. */
export interface FitParts {
  readonly data: CheckedData;
  readonly validation: CheckedData | undefined;
  readonly stopper: EarlyStopper | undefined;
}

/** Applies these options to the data. Their functions have been loaded. */
export function applyFeatures(
  { validationSplit, classWeights, earlyStopping }: TrainOptions,
  { data, validation, goal }: Omit<FitParts, 'stopper'> & { readonly goal: Goal },
  { spec, names }: Pick<Arena, 'spec' | 'names'>,
): FitParts {
  const { split, weigh, makeStopper } = loaded as Features;
  let parts = { training: data, validation };
  const { classes } = knownNames(names, data.given);
  if (validationSplit !== undefined) {
    if (validation) throw new TypeError('options.validationSplit: got validation data too, want one of them');
    parts = split('options.validationSplit', validationSplit, data, { spec, goal, classes });
  }
  const { training } = parts;
  // after the split, because validation does not use class weights
  const isWeighed = classWeights !== undefined;
  const isStopped = earlyStopping !== undefined;
  return {
    data: isWeighed ? weigh('options.classWeights', classWeights, training, spec, goal, classes) : training,
    validation: parts.validation,
    stopper: isStopped
      ? makeStopper('options.earlyStopping', earlyStopping, parts.validation, goal, outputsOf(spec))
      : undefined,
  };
}
