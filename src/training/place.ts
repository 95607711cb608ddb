import { outOfRange } from '../check/errors.js';
import { MAX_CHUNK_ROWS } from '../core/memory-plan.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { ClockState } from '../spec/schedule.js';

// Where training stood when it was saved, and going on from there. Nothing in it depends on how a core lays out its memory, or on time.

/** A place in an epoch, or in a part of one. */
export interface RunPlace {
  /** Samples done. */
  readonly position: number;
  /** Sum of their costs. */
  readonly cost: number;
  /** Of the last step. */
  readonly learningRate: number;
  /** Amid a step: its mean cost so far and the gradients added up so far. */
  readonly step?: { readonly cost: number; readonly sums: Float32Array };
}

export interface StopperPlace {
  readonly best: number;
  readonly waited: number;
  readonly bestEpoch: number;
  /** The best epoch's, if they are to be restored. */
  readonly parameters?: Float32Array;
}

/** What L-BFGS knows of the weights it has reached. */
export interface LbfgsPlace {
  /** The penalties included. */
  readonly cost: number;
  readonly meanCost: number;
  /** At the last step that has gained something, and the steps since then. */
  readonly leastCost: number;
  readonly leastLength: number;
  readonly idle: number;
}

/** The parts of a stream's epoch that are done. */
export interface PartsPlace {
  readonly parts: number;
  readonly samples: number;
  readonly steps: number;
  readonly cost: number;
  /** Of the last step. */
  readonly learningRate: number;
  /** Checksum of the part in progress. */
  readonly data?: number;
}

/** What must be the same where a call goes on: checksums stand for data. */
export interface CallOptions {
  readonly call: 'fit' | 'trainFor' | 'fitStream';
  readonly samples?: number;
  readonly data?: number;
  readonly stepRows: number;
  readonly shuffle: boolean;
  readonly ignoreNonFinite: boolean;
  /** Of trainFor: another optimizer with as many goes on too. */
  readonly slots?: number;
  readonly validation?: number;
  readonly earlyStopping?: object;
  /** Of the call; where a callback has changed its numbers since, it is no longer the network's. */
  readonly optimizer?: Optimizer;
}

/** A place in a call. */
export interface Place {
  readonly options: CallOptions;
  /** Epochs done. */
  readonly epoch: number;
  /** Amid an epoch, or a stream's part. */
  readonly run?: RunPlace;
  readonly parts?: PartsPlace;
  readonly stopper?: StopperPlace;
  readonly lbfgs?: LbfgsPlace;
  /** The last report has been given, for this reason. */
  readonly stopped?: string;
}

/** What is counted and remembered from step to step, beside the optimizer's slots. */
export interface Counts {
  readonly steps: number;
  readonly optimizerSteps: number;
  /** Of L-BFGS: pairs stored so far. */
  readonly pairs: number;
  /** Of iRPROP+: the last step's cost. */
  readonly previousCost: number;
  /** Of NAdam: the product of all momenta so far. */
  readonly momentumProduct: number;
  readonly clock: ClockState;
}

/** What a file of save({ training: true }) holds beside what every file does. */
export interface SavedTraining extends Counts {
  /** The learning rate is a function: `load` wants it again. */
  readonly hasFunction: boolean;
  /** The optimizer's slots, each in the order of the parameters. */
  readonly slots: readonly Float32Array[];
  readonly place?: Place;
}

/** A run must stand at the end of a step, or of a chunk of one with what has been added up so far. */
export function checkRun(where: string, { position, step }: RunPlace, samples: number, stepRows: number): void {
  const within = position === samples ? 0 : position % stepRows;
  if (position > samples || within % MAX_CHUNK_ROWS !== 0) {
    throw outOfRange(`${where}.position`, position, `the end of a step of ${stepRows} of ${samples} samples`);
  }
  if ((step !== undefined) !== within > 0) {
    throw outOfRange(`${where}.step`, step ? 'one' : 'none', within > 0 ? 'one amid a step' : 'none between two steps');
  }
}
