import { throwIfAborted } from '../check/abort.js';
import { isPromise } from '../check/promises.js';
import { type EpochResult, type Epochs, speedOf } from './epochs.js';
import { SLICE_MS, TEAM_SLICE_MS, Yielder } from './event-loop.js';
import type { TrainSettings } from './options.js';
import type { RunPlace } from './place.js';
import type { ProgressReport } from './reports.js';
import { Stepper, type StepperOptions, type Trainee } from './stepper.js';
import { readTimer } from './timer.js';

// Trains an epoch in slices that are short enough for the event loop to run in between.

const MAX_SLICE_CHUNKS = 2 ** 20;

/** The settings of the epochs of a call. */
export type EpochSettings = StepperOptions &
  Pick<TrainSettings, 'signal' | 'onBatch' | 'onProgress' | 'isProgressDue'> & { readonly epochs: number };

/** Epochs of gradient descent: each takes as many steps as there are batches. */
export class EpochRunner implements Epochs {
  readonly #settings: EpochSettings;
  readonly #stepper: Stepper;
  readonly #yielder = new Yielder();
  readonly #sliceMs: number;
  #sliceChunks = 1;
  /** Time spent on the call so far, without callbacks and pauses. */
  #workMs = 0;
  #epoch = 0;
  #costSum = 0;
  /** The samples of this epoch that were done when it started or resumed. */
  #start = 0;
  /** Time spent on this epoch. */
  #elapsedMs = 0;
  /** The samples of the call that were done before this runner started. */
  #doneBefore: number | undefined;

  constructor(trainee: Trainee, settings: EpochSettings) {
    this.#settings = settings;
    this.#stepper = new Stepper(trainee, settings);
    this.#sliceMs = trainee.arena.core.team ? TEAM_SLICE_MS : SLICE_MS;
  }

  get place(): RunPlace {
    return { cost: this.#costSum, ...this.#stepper.place };
  }

  async run(epoch: number, order: number, place?: RunPlace): Promise<EpochResult> {
    const { samples, onBatch, onProgress, isProgressDue } = this.#settings;
    const stepper = this.#stepper;
    this.#startEpoch(epoch, order, place);
    let isStopped = false;
    while (stepper.position < samples && !isStopped) {
      this.#throwIfAborted();
      const now = this.#advance(onBatch ? stepper.chunksToStepEnd : this.#sliceChunks);
      // a slice may end within a step, to take a snapshot; then there is no step to report
      if (onBatch && stepper.isAtStepEnd) {
        const answer = onBatch(this.#report());
        isStopped = (isPromise(answer) ? await answer : answer) === false;
      }
      if (onProgress && isProgressDue(now)) {
        const answer = onProgress(this.#report());
        if (isPromise(answer)) await answer;
      }
      await this.#yielder.yieldIfDue(now);
    }
    this.#throwIfAborted();
    if (isStopped) stepper.check();
    return {
      cost: this.#costSum / stepper.position,
      samples: stepper.position,
      elapsedMs: this.#elapsedMs,
      samplesPerSecond: this.#samplesPerSecond,
      learningRate: stepper.learningRate,
      isStopped,
    };
  }

  /** Mean cost of the first samples that were trained. */
  get firstCost(): number | undefined {
    return this.#stepper.firstCost;
  }

  /** Time spent on the epoch so far, without callbacks and pauses. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  get secondsLeft(): number | undefined {
    const { epochs, samples } = this.#settings;
    // counts an epoch once, although L-BFGS passes over its samples several times
    const done = this.#epoch * samples + this.#stepper.position;
    const left = epochs * samples - done;
    if (left === 0) return 0;
    const speed = speedOf(done - (this.#doneBefore ?? 0), this.#workMs);
    return speed ? left / speed : undefined;
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
    this.#doneBefore ??= epoch * this.#settings.samples + this.#start;
  }

  /** Trains one slice and sets the length of the next. Returns the time at the end. */
  #advance(chunks: number): number {
    const started = readTimer();
    this.#costSum = this.#stepper.advance(chunks, this.#costSum);
    const now = readTimer();
    this.#elapsedMs += now - started;
    this.#workMs += now - started;
    if (now - started < this.#sliceMs) this.#sliceChunks = Math.min(2 * this.#sliceChunks, MAX_SLICE_CHUNKS);
    else this.#sliceChunks = Math.ceil(this.#sliceChunks / 2);
    return now;
  }

  #report(): ProgressReport {
    const stepper = this.#stepper;
    return {
      epoch: this.#epoch,
      epochs: this.#settings.epochs,
      step: stepper.stepsDone + Number(!stepper.isAtStepEnd),
      steps: stepper.steps,
      samples: stepper.position,
      cost: this.#costSum / stepper.position,
      learningRate: stepper.learningRate,
      samplesPerSecond: this.#samplesPerSecond,
      secondsLeft: this.secondsLeft,
    };
  }

  /** The mean over this epoch so far. */
  get #samplesPerSecond(): number | undefined {
    return speedOf(this.#stepper.position - this.#start, this.#elapsedMs);
  }

  /** If the call was aborted, throws a NonFiniteError if parameters are not finite, else the signal's reason. */
  #throwIfAborted(): void {
    const { signal } = this.#settings;
    if (!signal?.aborted) return;
    this.#stepper.check();
    throwIfAborted(signal);
  }
}
