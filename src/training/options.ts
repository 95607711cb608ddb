import { checkSignal } from '../check/abort.js';
import {
  checkBoolean,
  checkCallback,
  checkFinite,
  checkInteger,
  checkObject,
  counted,
  keysOf,
  orDefault,
  outOfRange,
  wrongType,
} from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import type { TeamedCore } from '../core/team-calls.js';
import type { ClassWeights } from '../data/class-weights.js';
import { type CheckedData, checkData, type DataSet, ownData, PreparedData } from '../data/data-set.js';
import { type Preparation, preparationOf, type Standardized } from '../data/inputs.js';
import { own } from '../data/own-arrays.js';
import type { ValidationSplit } from '../data/split.js';
import { checkScalable } from '../data/target-scale.js';
import type { EvaluateOptions } from '../model/evaluate-options.js';
import { checkOptimizer, isFullBatch, type Optimizer } from '../spec/optimizer.js';
import type { Spec } from '../spec/spec.js';
import type { EarlyStopping } from './early-stopping.js';
import type { EpochReport, ProgressReport } from './reports.js';
import { type StepSizes, Steps, sizesOfBatches } from './steps.js';

// The options of the calls that train, and their checks.

/**
 * What a call standardises: the inputs (true means the same), the targets, or both. With standardised targets,
 * `predict` and the errors of `evaluate` are in the units of the targets, and the cost is in standardised units.
 */
export type Standardize = boolean | 'inputs' | 'targets' | 'both';

/** Options of `fit` and `train`. */
export interface TrainOptions {
  /**
   * The number of passes over the samples, 1 to 2³¹ - 1.
   * @defaultValue the fewest that have 1000 steps; 1 for `fitStream`, which does not know the number of samples
   */
  epochs?: number | undefined;
  /**
   * Samples per step, 1 to 2³¹ - 1. The last step of an epoch takes the samples that are left. 1 is online training;
   * the number of all samples is full-batch training, which irprop and lbfgs require.
   * @defaultValue `32`; for irprop and lbfgs, all samples
   */
  batchSize?: number | undefined;
  /**
   * The number of steps of an epoch, instead of `batchSize` and `accumulate`: the samples are divided into this many
   * batches, whose sizes differ by one at most. 1 to the number of samples.
   * @defaultValue none: `batchSize` decides
   */
  batches?: number | undefined;
  /**
   * The number of batches whose gradients are added up before one update, 1 to 2³¹ - 1. A step then has accumulate ·
   * batchSize samples.
   * @defaultValue `1`
   */
  accumulate?: number | undefined;
  /**
   * Replaces the network's optimizer.
   * @defaultValue the network's optimizer, which is Adam at first
   */
  optimizer?: Optimizer | undefined;
  /**
   * true or `'inputs'`: before the first step, measures the mean and the standard deviation of each input column of
   * the training data, and makes them the network's standardisation. The deviation is that of a population (divided by
   * n); sample weights do not count. A constant column gets the deviation 1, and becomes 0. `'targets'`: does the same
   * for the columns of the targets, for networks that learn numbers with linear, leakyRelu or prelu outputs; `'both'`:
   * for inputs and targets. What is already standardised stays as it is, so that a second `fit` continues the first.
   * @defaultValue `false`
   */
  standardize?: Standardize | undefined;
  /**
   * true: each epoch has a new order of the samples, drawn from the network's seed and the number of epochs trained
   * before.
   * @defaultValue `true`
   */
  shuffle?: boolean | undefined;
  /**
   * A weight for each class, 0 or more; one output has two classes. The cost of a sample is multiplied by the weight
   * of its class, and by the sample's own weight if it has one. An array has a number for each label; an object has
   * numbers by the names of the classes, or by their labels if there are no names, and 1 for those that it lacks;
   * `'balanced'`: n / (k · n_c) for a class of n_c of the n training samples and k classes that occur. For networks
   * that learn classes. Validation does not use these weights.
   * @defaultValue 1 for each class
   */
  classWeights?: ClassWeights | undefined;
  /**
   * Data that are evaluated after each epoch. They are copied at the call, if they are not prepared.
   * @defaultValue none
   */
  validation?: DataSet | PreparedData | undefined;
  /**
   * Holds samples back and evaluates them after each epoch. The network's seed determines which ones. Not together
   * with `validation`.
   * @defaultValue none
   */
  validationSplit?: ValidationSplit | undefined;
  /**
   * true: reports have the evaluation of the training data after each epoch, as `training`, which takes about a third
   * of the time of an epoch's steps. Class weights count in its cost.
   * @defaultValue `false`: reports have the cost over the epoch
   */
  trainingMetrics?: boolean | undefined;
  /**
   * Ends training once validation no longer improves. Needs validation data.
   * @defaultValue none: all epochs are trained
   */
  earlyStopping?: EarlyStopping | undefined;
  /**
   * Ends training after the first epoch whose mean cost over the training data, as its report has it, is at most this
   * number.
   * @defaultValue none
   */
  stopAt?: number | undefined;
  /**
   * true: training continues even if costs or weights are no longer finite.
   * @defaultValue `false`: the call throws a NonFiniteError, and the network returns to the start of the call, or to
   *   its best epoch: see NonFiniteError
   */
  ignoreNonFinite?: boolean | undefined;
  /**
   * Aborting it stops training after the step in progress; `fit` then rejects with the signal's reason.
   * @defaultValue none
   */
  signal?: AbortSignal | undefined;
  /**
   * Called after each epoch. If it returns false, training ends. A promise that a callback returns is awaited: a
   * promise of false ends training too, and if it rejects, so does the call.
   * @defaultValue none
   */
  onEpoch?: ((report: EpochReport) => unknown) | undefined;
  /**
   * Called after each step. If it returns false, training ends; the unfinished epoch counts as an epoch.
   * @defaultValue none
   */
  onBatch?: ((report: ProgressReport) => unknown) | undefined;
  /**
   * Called between steps, at most about sixty times a second. It cannot end training.
   * @defaultValue none
   */
  onProgress?: ((report: ProgressReport) => unknown) | undefined;
}

export const TRAIN_KEYS = keysOf<TrainOptions>({
  epochs: true,
  batchSize: true,
  batches: true,
  accumulate: true,
  optimizer: true,
  shuffle: true,
  standardize: true,
  classWeights: true,
  validation: true,
  validationSplit: true,
  earlyStopping: true,
  trainingMetrics: true,
  stopAt: true,
  ignoreNonFinite: true,
  signal: true,
  onEpoch: true,
  onBatch: true,
  onProgress: true,
});

/** Options about a training set as a whole, which a stream never has. */
const WHOLE_SET_KEYS = ['batches', 'classWeights', 'validationSplit', 'earlyStopping', 'trainingMetrics'] as const;

/**
 * Options of `fitStream`: those of `fit` that do not need the whole training set. In progress reports, `steps` counts
 * the steps of the parts that have come so far.
 */
export type StreamOptions = Omit<TrainOptions, (typeof WHOLE_SET_KEYS)[number]>;

export const STREAM_KEYS = TRAIN_KEYS.filter((key) => !WHOLE_SET_KEYS.some((other) => other === key));

export const STEP_KEYS = ['batchSize', 'batches', 'accumulate', 'optimizer', 'shuffle', 'ignoreNonFinite'] as const;

/** Options of `trainFor`: those of `fit` that say what a step is. */
export type TrainForOptions = Pick<TrainOptions, (typeof STEP_KEYS)[number]>;

/** The least time between two reports of progress. */
const PROGRESS_MS = 16;

const DEFAULT_BATCH_SIZE = 32;
const MAX_COUNT = 2 ** 31 - 1;

/** The settings of a step. */
export interface StepSettings {
  readonly optimizer: Optimizer;
  /** Samples per update. */
  readonly stepRows: number;
  /** The number of steps of an epoch, instead of `stepRows`. */
  readonly batches: number | undefined;
  readonly shuffle: boolean;
  readonly ignoreNonFinite: boolean;
}

/** The settings of a call that trains, apart from its data. */
export interface TrainSettings extends StepSettings {
  /** undefined: as many as the call takes by default. */
  readonly epochs: number | undefined;
  readonly standardize: Standardized;
  readonly stopAt: number;
  readonly trainingMetrics: boolean;
  readonly validation: CheckedData | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onEpoch: TrainOptions['onEpoch'];
  readonly onBatch: TrainOptions['onBatch'];
  readonly onProgress: TrainOptions['onProgress'];
  /** True if a report of progress is due at this time, which then counts as the time of the last report. */
  readonly isProgressDue: (now: number) => boolean;
}

/** The most items of an array that an option can have: some for each sample. Longer ones are refused later. */
const LONGEST_LIST = 2 ** 26;

/**
 * A copy of an array, or of a plain object of any realm and the arrays in it. All other values are returned unchanged.
 */
export function copyOfOption(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return copyOfList(value);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return copyOfList(value);
  // spreading also copies keys that are symbols
  const copy: Record<string, unknown> = { ...value };
  for (const key of Object.keys(copy)) copy[key] = copyOfList(copy[key]);
  return copy;
}

function copyOfList(value: unknown): unknown {
  return Array.isArray(value) && value.length <= LONGEST_LIST ? Array.from(value) : own(value);
}

/**
 * Reads the options of a call, the objects and the data in them, before other code can run. Most values are not checked
 * yet.
 */
export function takeOptions<T extends TrainOptions | EvaluateOptions>(
  options: T,
  keys: readonly string[],
  arena: Pick<Arena, 'spec' | 'names'>,
): T {
  checkObject('options', options, keys);
  const read = (key: string, value: unknown) => {
    if (key === 'optimizer' && value !== undefined) return checkOptimizer(value);
    if (key === 'validation' && value !== undefined)
      return ownData('options.validation', PreparedData.open(value), arena);
    return copyOfOption(value);
  };
  return Object.fromEntries(keys.map((key) => [key, read(key, options[key as keyof T])])) as unknown as T;
}

/** Checks the options that say what a step is. `current`: the network's optimizer, which is the default. */
export function checkSteps(options: TrainForOptions, current: Optimizer): StepSettings {
  const { shuffle = true, ignoreNonFinite = false } = options;
  checkBoolean('options.shuffle', shuffle);
  checkBoolean('options.ignoreNonFinite', ignoreNonFinite);
  const optimizer = options.optimizer === undefined ? current : checkOptimizer(options.optimizer);
  const defaultSize = isFullBatch(optimizer) ? MAX_COUNT : DEFAULT_BATCH_SIZE;
  const batchSize = checkInteger('options.batchSize', orDefault(options.batchSize, defaultSize), 1, MAX_COUNT);
  const accumulate = checkInteger('options.accumulate', orDefault(options.accumulate, 1), 1, MAX_COUNT);
  if (isFullBatch(optimizer) && options.accumulate !== undefined && options.batchSize === undefined) {
    throw outOfRange('options.accumulate', `one with ${optimizer.name}`, 'none: each step has all samples');
  }
  const { batches } = options;
  if (batches !== undefined) {
    checkInteger('options.batches', batches, 1, MAX_COUNT);
    const other = (['batchSize', 'accumulate'] as const).find((name) => options[name] !== undefined);
    if (other) throw new TypeError(`options.batches: got ${other} too, want one of them`);
  }
  return {
    // the passes of a line search must differ only by the weights, not by the order of their sums
    shuffle: shuffle && optimizer.name !== 'lbfgs',
    ignoreNonFinite,
    optimizer,
    stepRows: batchSize * accumulate,
    batches,
  };
}

/**
 * The sizes of the steps of an epoch: all samples if there are fewer than in a step. Throws if the optimizer needs full
 * batches and would not get them.
 */
export function stepSizesOf(
  { stepRows, batches }: Pick<StepSettings, 'stepRows' | 'batches'>,
  samples: number,
  optimizer: Optimizer,
): StepSizes {
  if (batches !== undefined && batches > samples) {
    throw outOfRange('options.batches', batches, `at most one for each of ${counted(samples, 'sample')}`);
  }
  const sizes = batches === undefined ? { samples, stepRows } : sizesOfBatches(samples, batches);
  if (isFullBatch(optimizer) && sizes.stepRows < samples) {
    const [name, got] = batches === undefined ? ['batchSize', stepRows] : ['batches', batches];
    const wanted = batches === undefined ? `all ${counted(samples, 'sample')}` : '1';
    throw outOfRange(`options.${name}`, got, `${wanted} for ${optimizer.name}, or none given`);
  }
  return { ...sizes, stepRows: Math.min(sizes.stepRows, samples) };
}

/** Checks the option `standardize`. Returns what is standardised. */
export function checkStandardize(where: string, value: unknown, spec: Spec): Standardized {
  if (value === undefined || value === false) return { inputs: false, targets: false };
  if (value !== true && value !== 'inputs' && value !== 'targets' && value !== 'both') {
    throw wrongType(where, value, 'true, false, "inputs", "targets" or "both"');
  }
  const targets = value === 'targets' || value === 'both';
  if (targets) checkScalable(where, spec);
  return { inputs: value !== 'targets', targets };
}

/** Steps that a call takes at least if it is not told how many epochs. `npm run bench:defaults` measures them. */
const DEFAULT_STEPS = 1000;

/** The number of epochs of a call that is not told any: the fewest with 1000 steps. */
export function defaultEpochs(sizes: StepSizes): number {
  return Math.ceil(DEFAULT_STEPS / new Steps(sizes).count);
}

/** Checks all options that do not need the whole training set. */
export function checkSettings(
  options: StreamOptions & Pick<TrainOptions, 'trainingMetrics'>,
  arena: Preparation & { readonly core?: TeamedCore },
  current: Optimizer,
): TrainSettings {
  const { standardize, signal, validation, onEpoch, onBatch, onProgress } = options;
  const standardized = checkStandardize('options.standardize', standardize, arena.spec);
  checkSignal('options.signal', signal);
  for (const name of ['onEpoch', 'onBatch', 'onProgress'] as const) checkCallback(`options.${name}`, options[name]);
  const { epochs, stopAt = Number.NEGATIVE_INFINITY } = options;
  if (options.stopAt !== undefined) checkFinite('options.stopAt', stopAt);
  if (epochs !== undefined) checkInteger('options.epochs', epochs, 1, MAX_COUNT);
  let lastProgress = 0;
  const settings: TrainSettings = {
    ...checkSteps(options, current),
    epochs,
    standardize: standardized,
    stopAt,
    trainingMetrics: checkBoolean('options.trainingMetrics', orDefault(options.trainingMetrics, false)),
    validation:
      validation === undefined
        ? undefined
        : checkData('options.validation', validation, preparationOf(arena, standardized)),
    signal,
    onEpoch,
    onBatch,
    onProgress,
    isProgressDue: (now) => {
      const isDue = now - lastProgress > PROGRESS_MS;
      if (isDue) lastProgress = now;
      return isDue;
    },
  };
  return arena.core?.team?.agree(options, settings) ?? settings;
}
