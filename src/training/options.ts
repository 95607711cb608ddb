import { checkBoolean, checkCallback, checkInteger, keysOf, outOfRange, wrongType } from '../check/errors.js';
import { type CheckedData, checkData, type DataSet } from '../data/data-set.js';
import type { ValidationSplit } from '../data/split.js';
import { checkOptimizer, isFullBatch, type Optimizer } from '../spec/optimizer.js';
import type { Spec } from '../spec/spec.js';
import type { EarlyStopping } from './early-stopping.js';
import type { EpochReport, ProgressReport } from './reports.js';

// The options of the calls that train: what they are, and what is checked of them before a call takes them.

export interface TrainOptions {
  /** How often every sample is used. Default 1. */
  epochs?: number;
  /**
   * Samples per step; the last step of an epoch takes what is left. Default 32; 1 is online training, the number of samples full batch,
   * which is all that irprop and lbfgs take, and their default.
   */
  batchSize?: number;
  /** Batches whose gradients are added up before one update: a batch of accumulate · batchSize samples. Default 1. */
  accumulate?: number;
  /** Replaces the network's optimizer. */
  optimizer?: Optimizer;
  /**
   * true: before the first step, takes mean and standard deviation (of the population, whatever the samples' weights) of each input
   * column of the training data and makes them the network's `standardization`. A column that is constant gets the deviation 1 and
   * becomes 0. A network that is standardised already stays as it is, so that a second `fit` continues the first. Default false.
   */
  standardize?: boolean;
  /** A new order of the samples for each epoch, drawn from the network's seed and the count of epochs trained so far. Default true. */
  shuffle?: boolean;
  /**
   * [classes], 0 or more each (two classes for one output): what the cost of a sample with that label is multiplied with, beside its own
   * weight. For labels as targets. Validation does not use them.
   */
  classWeights?: readonly number[] | Float32Array;
  /** Evaluated after each epoch. */
  validation?: DataSet;
  /** Holds samples back and evaluates them after each epoch, instead of `validation`. Which ones is drawn from the network's seed. */
  validationSplit?: ValidationSplit;
  /** Ends the training once the validation gets no better. */
  earlyStopping?: EarlyStopping;
  /**
   * true: training goes on where costs or weights are no longer finite. Default false: it throws a NonFiniteError, and the network
   * keeps its last finite weights.
   */
  ignoreNonFinite?: boolean;
  /** Stops training after the step in progress; `fit` then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each epoch. Returning false ends the training. */
  onEpoch?: (report: EpochReport) => unknown;
  /** Called after each step. Returning false ends the training: the epoch stays as it is, and counts as one. */
  onBatch?: (report: ProgressReport) => unknown;
  /** Called some sixty times a second at most, between steps. */
  onProgress?: (report: ProgressReport) => void;
}

export const TRAIN_KEYS = keysOf<TrainOptions>({
  epochs: true,
  batchSize: true,
  accumulate: true,
  optimizer: true,
  shuffle: true,
  standardize: true,
  classWeights: true,
  validation: true,
  validationSplit: true,
  earlyStopping: true,
  ignoreNonFinite: true,
  signal: true,
  onEpoch: true,
  onBatch: true,
  onProgress: true,
});

/** What is said of a training set as a whole, which a stream never has. */
const WHOLE_SET_KEYS = ['classWeights', 'validationSplit', 'earlyStopping'] as const;

/** As for `fit`; in progress reports `steps` counts those of the parts that have come so far. */
export type StreamOptions = Omit<TrainOptions, (typeof WHOLE_SET_KEYS)[number]>;

export const STREAM_KEYS = TRAIN_KEYS.filter((key) => !WHOLE_SET_KEYS.some((other) => other === key));

export const STEP_KEYS = ['batchSize', 'accumulate', 'optimizer', 'shuffle', 'ignoreNonFinite'] as const;

/** What `trainFor` takes of the options of `fit`. */
export type TrainForOptions = Pick<TrainOptions, (typeof STEP_KEYS)[number]>;

/** Progress is reported this often at most. */
const PROGRESS_MS = 16;

const DEFAULT_BATCH_SIZE = 32;
const MAX_COUNT = 2 ** 31 - 1;

/** What a step is. */
export interface StepSettings {
  readonly optimizer: Optimizer;
  /** Samples behind one update. */
  readonly stepRows: number;
  readonly shuffle: boolean;
  readonly ignoreNonFinite: boolean;
}

/** What a call trains with, whatever its data are. */
export interface TrainSettings extends StepSettings {
  readonly epochs: number;
  readonly standardize: boolean;
  readonly validation: CheckedData | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onEpoch: TrainOptions['onEpoch'];
  readonly onBatch: TrainOptions['onBatch'];
  readonly onProgress: TrainOptions['onProgress'];
  /** Whether progress is due by this look at the clock, which is then the last that it was reported at. */
  readonly isProgressDue: (now: number) => boolean;
}

/** The options that say what a step is. `current`: the network's optimizer, which is taken where the options have none. */
export function checkSteps(options: TrainForOptions, current: Optimizer): StepSettings {
  const { shuffle = true, ignoreNonFinite = false } = options;
  checkBoolean('options.shuffle', shuffle);
  checkBoolean('options.ignoreNonFinite', ignoreNonFinite);
  const optimizer = options.optimizer === undefined ? current : checkOptimizer(options.optimizer);
  const defaultSize = isFullBatch(optimizer) ? MAX_COUNT : DEFAULT_BATCH_SIZE;
  const batchSize = checkInteger('options.batchSize', options.batchSize ?? defaultSize, 1, MAX_COUNT);
  const accumulate = checkInteger('options.accumulate', options.accumulate ?? 1, 1, MAX_COUNT);
  return {
    // the passes of a line search must differ by the weights alone, not by the order of their sums
    shuffle: shuffle && optimizer.name !== 'lbfgs',
    ignoreNonFinite,
    optimizer,
    stepRows: batchSize * accumulate,
  };
}

/** Rows of a step on so many samples. A step of more samples than there are is one of all, the only one for full batches. */
export function rowsOfStep(stepRows: number, samples: number, optimizer: Optimizer): number {
  if (isFullBatch(optimizer) && stepRows < samples) {
    throw outOfRange('options.batchSize', stepRows, `all ${samples} samples for ${optimizer.name}, or none given`);
  }
  return Math.min(stepRows, samples);
}

export function checkSettings(options: StreamOptions, spec: Spec, current: Optimizer): TrainSettings {
  const { standardize = false, signal, validation, onEpoch, onBatch, onProgress } = options;
  checkBoolean('options.standardize', standardize);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongType('options.signal', signal, 'an AbortSignal');
  }
  for (const name of ['onEpoch', 'onBatch', 'onProgress'] as const) checkCallback(`options.${name}`, options[name]);
  const epochs = checkInteger('options.epochs', options.epochs ?? 1, 1, MAX_COUNT);
  let lastProgress = 0;
  return {
    ...checkSteps(options, current),
    epochs,
    standardize,
    validation: validation === undefined ? undefined : checkData('options.validation', validation, spec),
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
}
