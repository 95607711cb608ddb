import { outOfRange } from '../check/errors.js';
import type { ClockState } from '../spec/schedule.js';
import type { Optimizer } from '../spec/optimizer.js';
import { MAX_CHUNK_ROWS } from './stepper.js';

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
  readonly cost: number;
  readonly meanCost: number;
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

/** What a file of save({ training: true }) holds beside what every file does. */
export interface TrainingState {
  readonly steps: number;
  readonly optimizerSteps: number;
  /** abi.PAIRS, PREVIOUS_COST and MOMENTUM_PRODUCT. */
  readonly pairs: number;
  readonly previousCost: number;
  readonly momentumProduct: number;
  readonly clock: ClockState;
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

/** What an option of CallOptions is called by users. */
const NAMES: Readonly<Record<keyof CallOptions, string>> = {
  call: 'call',
  samples: 'data: number of samples',
  data: 'data',
  stepRows: 'options.batchSize · accumulate',
  shuffle: 'options.shuffle',
  ignoreNonFinite: 'options.ignoreNonFinite',
  slots: 'options.optimizer',
  validation: 'validation data',
  earlyStopping: 'options.earlyStopping',
  optimizer: 'options.optimizer',
};

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** A call that a network has been loaded, or replayed, into the middle of. */
export class Resumption {
  place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  /** The network has been given this optimizer: no call goes on with the one before. */
  follow(optimizer: Optimizer): void {
    const { options } = this.place;
    if (options.optimizer) this.place = { ...this.place, options: { ...options, optimizer } };
  }

  /**
   * The place, for a call with the same options on the same data. undefined: the call begins anew, as it would where trainFor was the last
   * one. Refuses other data and options for a fit or a stream that was amid its work. `current`: the network's optimizer.
   */
  enter(options: CallOptions, current: Optimizer): Place | undefined {
    const saved = this.place.options;
    const { optimizer } = saved;
    const differs = (Object.keys(NAMES) as (keyof CallOptions)[]).find((key) => {
      if (key !== 'optimizer') return !isSame(saved[key], options[key]);
      // not given, it is the network's, which a callback may have changed
      const isOwn = current.name === optimizer?.name && isSame(options.optimizer, current);
      return !(isSame(options.optimizer, optimizer) || isOwn);
    });
    if (!differs) return this.place;
    if (saved.call === 'trainFor') return undefined;
    const show = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
    const isData = differs === 'data' || differs === 'validation';
    throw outOfRange(
      `${options.call}: ${NAMES[differs]}`,
      isData ? 'others' : show(options[differs]),
      `${isData ? 'those' : show(saved[differs])} of the training that was saved, or a network loaded with training: false`,
    );
  }
}
