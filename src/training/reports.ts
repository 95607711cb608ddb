import type { Evaluation } from '../model/metrics.js';

// The reports of the calls that train.

/** A report during an epoch, for `onBatch` and `onProgress`. */
export interface ProgressReport {
  /** The epoch in progress, counted from 0 for this call. */
  epoch: number;
  /** Epochs that the call was asked for. */
  epochs: number;
  /** Steps of this epoch done so far. */
  step: number;
  /** Steps of the whole epoch. In a stream, those of the parts that have come so far. */
  steps: number;
  /** Samples of this epoch done so far. */
  samples: number;
  /** Mean cost over these samples, each measured before its own step; without L1 and L2. */
  cost: number;
  /** Learning rate of the last step. */
  learningRate: number;
  /** The mean over this epoch so far; undefined if that was shorter than a tick of the clock. */
  samplesPerSecond: number | undefined;
  /**
   * The time that the rest of the call will take at its pace so far; undefined for a stream, whose length is unknown.
   */
  secondsLeft: number | undefined;
}

/** A report on an epoch. */
export interface EpochReport {
  /** The epoch, counted from 0 for this call. */
  epoch: number;
  /** Epochs that the call was asked for. */
  epochs: number;
  /**
   * Mean cost over the epoch's samples, each measured before its own step; without L1 and L2. If the targets are
   * standardised, it is that of the standardised numbers.
   */
  cost: number;
  /** `'standardized'` if the targets are standardised, and so the cost. Otherwise undefined. */
  costUnits?: 'standardized' | undefined;
  /** Learning rate of the epoch's last step. */
  learningRate: number;
  /** Samples trained: all of them, unless onBatch has ended the epoch. */
  samples: number;
  /** Milliseconds spent on the epoch's steps, without validation and callbacks. */
  elapsedMs: number;
  /** undefined if the epoch was shorter than a tick of the clock, which may take 1 ms in a page. */
  samplesPerSecond: number | undefined;
  /**
   * The time that the rest of the call will take at its pace so far: 0 in the last report; undefined for a stream,
   * whose length is unknown.
   */
  secondsLeft: number | undefined;
  /** With trainingMetrics: the evaluation of the training data after the epoch. */
  training?: Evaluation | undefined;
  /** The evaluation of the validation data after the epoch. */
  validation?: Evaluation | undefined;
  /** With earlyStopping: the best epoch so far. */
  bestEpoch?: number | undefined;
  /**
   * The reason why this is the last report although epochs were left:
   * - `earlyStopping`;
   * - `stopAt`: the cost of the epoch is at most the option `stopAt`;
   * - `callback`: a callback returned false;
   * - `converged`, only with lbfgs: the gradient is at most `tolerance` long;
   * - `stalled`, only with lbfgs: the gradient is longer, but steps no longer lower the cost by more than rounding. If
   *   `gradientLength` is small, the weights are as near to the minimum as 32 bits can tell. If it is large, columns of
   *   the inputs probably lie far from 0 or differ in size: see `standardize`.
   */
  stopped?: 'earlyStopping' | 'stopAt' | 'converged' | 'stalled' | 'callback' | undefined;
  /** With lbfgs: the length of the gradient, penalties included, at the weights that the epoch has reached. */
  gradientLength?: number | undefined;
  /**
   * Sentences that no earlier report of the call had, if there are any. In the first report: about data that are
   * accepted but probably not meant, such as different numbers that become equal in 32 bits. After an epoch whose cost
   * is a hundred times that of an earlier one: that the cost has grown.
   */
  warnings?: readonly string[] | undefined;
}

/** A report on one call of `trainFor`. */
export interface TrainForReport {
  /** Epochs on these data that are done. */
  epoch: number;
  /** Steps of the epoch in progress that are done. */
  step: number;
  /** Steps of a whole epoch. */
  steps: number;
  /** Steps of this call. */
  stepsTaken: number;
  /** Samples of this call. */
  samples: number;
  /** Mean cost over the samples of this call, each measured before its own step; without L1 and L2. */
  cost: number;
  /** As in `EpochReport`. */
  costUnits?: 'standardized' | undefined;
  /** Learning rate of the last step. */
  learningRate: number;
  /** Milliseconds that this call took. */
  elapsedMs: number;
  /** undefined if the call was shorter than a tick of the clock. */
  samplesPerSecond: number | undefined;
  /** Warnings that no earlier report on these data had: see `EpochReport`. */
  warnings?: readonly string[] | undefined;
}
