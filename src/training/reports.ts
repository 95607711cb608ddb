import type { Evaluation } from '../model/evaluate.js';

// What the calls that train tell of their progress.

export interface ProgressReport {
  /** Counted from 0 for this call. */
  epoch: number;
  epochs: number;
  /** Steps of this epoch done so far, of `steps`. */
  step: number;
  steps: number;
  /** Samples of this epoch done so far. */
  samples: number;
  /** Mean cost over these samples, each taken before its own step; without the L2 term. */
  cost: number;
  /** Of the last step. */
  learningRate: number;
  /** Over this epoch so far. undefined where it has been shorter than a tick of the clock. */
  samplesPerSecond: number | undefined;
  /** What the rest of the call will take at its pace so far. undefined where nobody knows: a stream does not say how long it is. */
  secondsLeft: number | undefined;
}

export interface EpochReport {
  /** Counted from 0 for this call. */
  epoch: number;
  epochs: number;
  /** Mean cost over the epoch's samples, each taken before its own step; without the L2 term. */
  cost: number;
  /** Of the epoch's last step. */
  learningRate: number;
  /** Samples trained: all, but where onBatch has ended the epoch. */
  samples: number;
  /** Time spent on the epoch's steps; validation and callbacks are not counted. */
  elapsedMs: number;
  /** undefined where the epoch was shorter than a tick of the clock, which in a page may be of 1 ms. */
  samplesPerSecond: number | undefined;
  /** What the rest of the call will take at its pace so far, 0 in the last report; undefined for a stream, as in progress reports. */
  secondsLeft: number | undefined;
  /** Of the validation data, after the epoch. */
  validation?: Evaluation;
  /** With earlyStopping: the epoch that has been the best so far. */
  bestEpoch?: number;
  /**
   * Why this is the last report although epochs were left: `earlyStopping`, or a `callback` that returned false. With lbfgs also
   * `converged`: the gradient is at most `tolerance` long; and `stalled`: it is not, but no step lowers the cost by more than rounding any
   * more. This may be as near to the minimum as 32 bits can tell, or far from it where columns of the inputs lie far from 0 or differ
   * in size: `gradientLength` and `standardize`.
   */
  stopped?: 'earlyStopping' | 'converged' | 'stalled' | 'callback';
  /** With lbfgs: the length of the gradient, penalties included, at the weights that the epoch has reached. */
  gradientLength?: number;
}

export interface TrainForReport {
  /** Epochs of these data that are done. */
  epoch: number;
  /** Steps of the epoch in progress that are done, of `steps`. */
  step: number;
  steps: number;
  /** Steps and samples of this call. */
  stepsTaken: number;
  samples: number;
  /** Mean cost over the samples of this call, each taken before its own step; without the L2 term. */
  cost: number;
  /** Of the last step. */
  learningRate: number;
  elapsedMs: number;
  /** undefined where the call was shorter than a tick of the clock. */
  samplesPerSecond: number | undefined;
}
