import type { Counts, LbfgsPlace, RunPlace } from './place.js';

/** How an epoch went. */
export interface EpochResult {
  /** Mean over the samples done. */
  readonly cost: number;
  readonly samples: number;
  readonly elapsedMs: number;
  readonly samplesPerSecond: number | undefined;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  /** Of L-BFGS: at the weights reached, the penalties included. */
  readonly gradientLength?: number;
  /** A callback asked to stop; its epoch may have samples left. */
  readonly isStopped: boolean;
}

/** What a step began with that cannot be resumed in its middle, but taken again. */
export interface StepStart {
  readonly counts: Counts;
  /** Address of a copy of the parameters. */
  readonly parameters: number;
}

/** Runs the epochs of a call on the training set that lies in the arena. */
export interface Epochs {
  /** One epoch in the `order`-th order of the samples, or what is left of it from a place on. Counted from 0 for the call. */
  run(epoch: number, order: number, place?: RunPlace): Promise<EpochResult>;
  /** Where it stands in its epoch. undefined: an epoch that is under way is begun again. */
  readonly place: RunPlace | undefined;
  /** Of L-BFGS: why further epochs would change nothing; see EpochReport.stopped. */
  readonly outcome?: 'converged' | 'stalled';
  /** What the rest of the call will take at the pace so far, in seconds. undefined: there is no pace yet. */
  readonly secondsLeft: number | undefined;
  /** Does a part of an epoch's work that is no step, and counts its time. */
  timed<T>(work: () => T): T;
  /** Of L-BFGS. */
  readonly lbfgs?: LbfgsPlace;
  /** Amid a step that cannot be resumed. */
  readonly stepStart?: StepStart;
}

/** Samples a second. undefined: no tick of the clock was seen. */
export function speedOf(samples: number, elapsedMs: number): number | undefined {
  return elapsedMs > 0 ? (1000 * samples) / elapsedMs : undefined;
}
