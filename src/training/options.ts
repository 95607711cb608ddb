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

/** As for `fit`; in progress reports `steps` counts those of the parts that have come so far. */
export type StreamOptions = Pick<
  TrainOptions,
  | 'epochs'
  | 'batchSize'
  | 'accumulate'
  | 'optimizer'
  | 'standardize'
  | 'shuffle'
  | 'ignoreNonFinite'
  | 'validation'
  | 'signal'
  | 'onEpoch'
  | 'onBatch'
  | 'onProgress'
>;

/** What `trainFor` takes of the options of `fit`. */
export type TrainForOptions = Pick<
  TrainOptions,
  'batchSize' | 'accumulate' | 'optimizer' | 'shuffle' | 'ignoreNonFinite'
>;
