import type { Counts, LbfgsPlace, RunPlace, TrainedEpoch } from './place.js';

/** The result of an epoch. */
export interface EpochResult extends TrainedEpoch {
  readonly elapsedMs: number;
  readonly samplesPerSecond: number | undefined;
  /** A callback asked to stop; its epoch may have samples left. */
  readonly isStopped: boolean;
}

/** The state at the start of a step that cannot resume in its middle and must be taken again. */
export interface StepStart {
  readonly counts: Counts;
  /** Address of a copy of the parameters. */
  readonly parameters: number;
}

/** Runs the epochs of a call on the training set that lies in the arena. */
export interface Epochs {
  /**
   * Trains one epoch; with `place`, the rest of it. `epoch`: counted from 0 for the call. `order`: the number of the
   * random order of the samples.
   */
  run(epoch: number, order: number, place?: RunPlace): Promise<EpochResult>;
  /** The place within the epoch in progress; undefined: the epoch would start from the beginning. */
  readonly place: RunPlace | undefined;
  /** The seconds that the rest of the call will take at the pace so far; undefined: there is no pace yet. */
  readonly secondsLeft: number | undefined;
  /** Does a part of an epoch's work that is not a step, and counts its time. */
  timed<T>(work: () => T): T;
  /** The costs that L-BFGS has reached; undefined for other optimizers. */
  readonly lbfgs?: LbfgsPlace;
  /** The start of the step in progress, if the step cannot resume in its middle. */
  readonly stepStart?: StepStart;
}

/** Samples per second; undefined if the clock has not moved on. */
export function speedOf(samples: number, elapsedMs: number): number | undefined {
  return elapsedMs > 0 ? (1000 * samples) / elapsedMs : undefined;
}
