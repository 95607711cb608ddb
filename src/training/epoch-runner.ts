import type { EpochResult, Epochs } from './epochs.js';
import { Turns } from './event-loop.js';
import type { TrainSettings } from './options.js';
import type { RunPlace } from './place.js';
import type { ProgressReport } from './reports.js';
import { Stepper, type StepperOptions, type Trainee } from './stepper.js';
import { readTimer } from './timer.js';

// The loop over an epoch, in slices short enough to keep the event loop alive.

/** A slice is made about this long: one call into the core, then a look at the clock. */
const SLICE_MS = 4;
const MAX_SLICE_CHUNKS = 2 ** 20;

/** What an epoch is trained with. */
export type RunPlan = StepperOptions &
  Pick<TrainSettings, 'epochs' | 'signal' | 'onBatch' | 'onProgress' | 'isProgressDue'>;

/** Epochs by gradient descent: as many steps as there are batches. */
export class EpochRunner implements Epochs {
  readonly isDone = false;
  readonly #plan: RunPlan;
  readonly #stepper: Stepper;
  readonly #turns = new Turns();
  #sliceChunks = 1;
  /** Time spent on the call so far, but for callbacks and pauses. */
  #workMs = 0;
  #epoch = 0;
  #costSum = 0;
  /** Where this epoch began, and the time spent on it. */
  #start = 0;
  #elapsedMs = 0;
  /** Samples of the call that were done before this runner's. */
  #doneBefore: number | undefined;

  constructor(trainee: Trainee, plan: RunPlan) {
    this.#plan = plan;
    this.#stepper = new Stepper(trainee, plan);
  }

  get place(): RunPlace {
    return { cost: this.#costSum, ...this.#stepper.place };
  }

  async run(epoch: number, order: number, place?: RunPlace): Promise<EpochResult> {
    const { samples, onBatch, onProgress, isProgressDue } = this.#plan;
    const stepper = this.#stepper;
    this.#startEpoch(epoch, order, place);
    let isStopped = false;
    while (stepper.position < samples && !isStopped) {
      this.#throwIfAborted();
      const now = this.#advance(onBatch ? stepper.chunksToStepEnd : this.#sliceChunks);
      // a slice that ends within a step, for a snapshot, is not reported as one
      if (onBatch && stepper.isAtStepEnd) isStopped = onBatch(this.#report()) === false;
      if (onProgress && isProgressDue(now)) onProgress(this.#report());
      await this.#turns.take(now);
    }
    this.#throwIfAborted();
    if (isStopped) stepper.check();
    return {
      cost: this.#costSum / stepper.position,
      samples: stepper.position,
      elapsedMs: this.#elapsedMs,
      // none where only the reports were left of the epoch
      samplesPerSecond: this.#samplesPerSecond || 0,
      learningRate: stepper.learningRate,
      isStopped,
    };
  }

  get secondsLeft(): number | undefined {
    const { epochs, samples } = this.#plan;
    // L-BFGS goes through the samples of an epoch several times
    const done = this.#epoch * samples + this.#stepper.position;
    const doneHere = done - (this.#doneBefore ?? 0);
    return doneHere ? (this.#workMs / 1000 / doneHere) * (epochs * samples - done) : undefined;
  }

  timed<T>(work: () => T): T {
    const start = readTimer();
    const result = work();
    this.#workMs += readTimer() - start;
    return result;
  }

  #startEpoch(epoch: number, order: number, place: RunPlace | undefined): void {
    this.#stepper.startEpoch(epoch, order, place);
    this.#epoch = epoch;
    this.#costSum = place?.cost ?? 0;
    this.#start = this.#stepper.position;
    this.#elapsedMs = 0;
    this.#doneBefore ??= epoch * this.#plan.samples + this.#start;
  }

  /** One slice. Returns the time at its end, and settles how long the next one is. */
  #advance(chunks: number): number {
    const started = readTimer();
    this.#costSum = this.#stepper.advance(chunks, this.#costSum);
    const now = readTimer();
    this.#elapsedMs += now - started;
    this.#workMs += now - started;
    if (now - started < SLICE_MS) this.#sliceChunks = Math.min(2 * this.#sliceChunks, MAX_SLICE_CHUNKS);
    else this.#sliceChunks = Math.ceil(this.#sliceChunks / 2);
    return now;
  }

  #report(): ProgressReport {
    const stepper = this.#stepper;
    return {
      epoch: this.#epoch,
      epochs: this.#plan.epochs,
      step: Math.ceil(stepper.position / this.#plan.stepRows),
      steps: stepper.steps,
      samples: stepper.position,
      cost: this.#costSum / stepper.position,
      learningRate: stepper.learningRate,
      samplesPerSecond: this.#samplesPerSecond,
      secondsLeft: this.secondsLeft,
    };
  }

  /** Over this epoch so far; NaN before its first sample. */
  get #samplesPerSecond(): number {
    return (1000 * (this.#stepper.position - this.#start)) / this.#elapsedMs;
  }

  /** The abort, unless the parameters are not finite: that is then what has happened. */
  #throwIfAborted(): void {
    const { signal } = this.#plan;
    if (!signal?.aborted) return;
    this.#stepper.check();
    signal.throwIfAborted();
  }
}
