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
  /** Over this epoch so far. */
  samplesPerSecond: number;
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
  samplesPerSecond: number;
  /** What the rest of the call will take at its pace so far, 0 in the last report; undefined for a stream, as in progress reports. */
  secondsLeft: number | undefined;
  /** Of the validation data, after the epoch. */
  validation?: Evaluation;
  /** With earlyStopping: the epoch that has been the best so far. */
  bestEpoch?: number;
  /**
   * Why this is the last report although epochs were left: `earlyStopping`, `converged` where lbfgs has nothing left to gain, or a
   * callback that returned false.
   */
  stopped?: 'earlyStopping' | 'converged' | 'callback';
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
  samplesPerSecond: number;
}
