import { counted, outOfRange } from '../check/errors.js';
import { MAX_CHUNK_ROWS } from '../core/memory-plan.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { ClockState } from '../spec/schedule.js';
import { type StepSizes, Steps } from './steps.js';

// The place at which training stood when it was saved, and from which it can resume. Nothing in it depends on time, or
// on how the core arranges its memory.

/** A place within an epoch, or within a part of a stream's epoch. */
export interface RunPlace {
  /** Samples done. */
  readonly position: number;
  /** Sum of the costs of the samples done. */
  readonly cost: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  /** The step in progress: its mean cost and its gradients, added up so far. undefined between two steps. */
  readonly step?: { readonly cost: number; readonly sums: Float32Array };
}

/** The state of early stopping. */
export interface StopperPlace {
  readonly best: number;
  readonly waited: number;
  readonly bestEpoch: number;
  /** The parameters of the best epoch, if they are to be restored. */
  readonly parameters?: Float32Array;
}

/** The cost at the weights that L-BFGS has reached: with penalties, and the mean without. */
export interface LbfgsPlace {
  /** The penalties included. */
  readonly cost: number;
  readonly meanCost: number;
  /** The least cost so far. A step that lowers it only by rounding does not count. */
  readonly leastCost: number;
  /** The length of the shortest gradient so far. */
  readonly leastLength: number;
  /** Steps since the last one that gained something. */
  readonly idle: number;
}

/** The parts of a stream's epoch that are done. */
export interface PartsPlace {
  readonly parts: number;
  readonly samples: number;
  readonly steps: number;
  readonly cost: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  /** Checksum of the part in progress. */
  readonly data?: number;
}

/** The options of a call. It resumes only with equal ones. Checksums stand for data. */
export interface CallOptions {
  readonly call: 'fit' | 'trainFor' | 'fitStream';
  readonly samples?: number;
  readonly data?: number;
  readonly stepRows: number;
  /** See StepSizes. */
  readonly longSteps?: number;
  readonly shuffle: boolean;
  readonly ignoreNonFinite: boolean;
  /** For trainFor, which also resumes with another optimizer that has as many slots. */
  readonly slots?: number;
  readonly validation?: number;
  readonly earlyStopping?: object;
  /** The optimizer of the call. It differs from the network's if a callback has changed the numbers of that. */
  readonly optimizer?: Optimizer;
}

/** The facts about an epoch whose steps are done, before its validation. */
export interface TrainedEpoch {
  /** Mean over the samples done. */
  readonly cost: number;
  readonly samples: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  /** Only for L-BFGS: the length of the gradient at the weights reached, with the penalties. */
  readonly gradientLength?: number;
  /** Only for L-BFGS: the reason why further epochs would change nothing; see EpochReport.stopped. */
  readonly outcome?: 'converged' | 'stalled';
}

/** A place within a call. */
export interface Place {
  readonly options: CallOptions;
  /** Epochs done. */
  readonly epoch: number;
  /** The place within the epoch in progress, or within a part of a stream; undefined between two. */
  readonly run?: RunPlace;
  readonly parts?: PartsPlace;
  /** The epoch in progress, if its steps are done. */
  readonly trained?: TrainedEpoch;
  readonly stopper?: StopperPlace;
  readonly lbfgs?: LbfgsPlace;
  /** Why training has ended, if the last report has been given. */
  readonly stopped?: string;
  /** true: the checksums of data are those of files of version 1. */
  readonly isOfVersion1?: true;
}

/** Counts and numbers that continue from step to step, besides the optimizer's slots. */
export interface Counts {
  readonly steps: number;
  readonly optimizerSteps: number;
  /** L-BFGS: how many pairs have been stored. */
  readonly pairs: number;
  /** iRPROP+: the cost of the last step. */
  readonly previousCost: number;
  /** NAdam: the product of all momenta so far. */
  readonly momentumProduct: number;
  readonly clock: ClockState;
}

/** The part of a file that only save({ training: true }) writes. */
export interface SavedTraining extends Counts {
  /** True if the learning rate is a function, which must be given to `load` again. */
  readonly hasFunction: boolean;
  /** The optimizer's slots, each in the order of the parameters. */
  readonly slots: readonly Float32Array[];
  readonly place?: Place;
}

/**
 * Refuses a place that is neither between two steps nor between two chunks of a step. Within a step, the place must
 * have the step's sums.
 */
export function checkRun(
  where: string,
  { position, step }: { readonly position: number; readonly step?: object },
  sizes: StepSizes,
): void {
  const { samples, stepRows } = sizes;
  const within = position > samples ? 0 : new Steps(sizes).doneWithin(position);
  if (position > samples || within % MAX_CHUNK_ROWS !== 0) {
    throw outOfRange(
      `${where}.position`,
      position,
      `the end of a step of ${stepRows} of ${counted(samples, 'sample')}`,
    );
  }
  if ((step !== undefined) !== within > 0) {
    throw outOfRange(
      `${where}.step`,
      step ? 'one' : 'none',
      within > 0 ? 'one within a step' : 'none between two steps',
    );
  }
}
