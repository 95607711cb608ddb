import { checkBoolean, checkCallback, checkInteger, checkObject, outOfRange, wrongType } from '../check/errors.js';
import { type CheckedData, checkData } from '../data/data-set.js';
import { checkOptimizer, isFullBatch } from '../spec/optimizer.js';
import type { Spec } from '../spec/spec.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { TrainOptions } from './options.js';
import type { ProgressReport } from './reports.js';
import type { EarlyStopper } from './early-stopping.js';
import type { RunPlace } from './place.js';
import { Stepper, type Trainee } from './stepper.js';

// The loop over an epoch: the order of the samples, slices short enough to keep the event loop alive, reports.

/** A slice is made about this long: one call into the core, then a look at the clock. */
const SLICE_MS = 4;
/** The event loop gets a turn this often: sixty frames a second have 16 ms each. */
const TURN_MS = 12;
const PROGRESS_MS = 16;
const MAX_SLICE_CHUNKS = 2 ** 20;

const DEFAULT_BATCH_SIZE = 32;
const MAX_COUNT = 2 ** 31 - 1;

export interface TrainPlan {
  readonly ignoreNonFinite: boolean;
  readonly data: CheckedData;
  /** See StepperOptions. */
  readonly trainingSamples?: number;
  readonly epochs: number;
  /** Samples behind one update. */
  readonly stepRows: number;
  readonly optimizer: Optimizer;
  readonly shuffle: boolean;
  readonly standardize: boolean;
  readonly validation: CheckedData | undefined;
  readonly stopper?: EarlyStopper;
  readonly lbfgs?: TrainingParts['lbfgs'];
  readonly signal: AbortSignal | undefined;
  readonly onEpoch: TrainOptions['onEpoch'];
  readonly onBatch: TrainOptions['onBatch'];
  readonly onProgress: TrainOptions['onProgress'];
  /** Whether progress is due by this look at the clock, which is then the last that it was reported at. */
  readonly isProgressDue: (now: number) => boolean;
}

/** Of `fit`. */
export const OPTION_KEYS = [
  'epochs',
  'batchSize',
  'accumulate',
  'optimizer',
  'shuffle',
  'standardize',
  'classWeights',
  'validation',
  'validationSplit',
  'earlyStopping',
  'ignoreNonFinite',
  'signal',
  'onEpoch',
  'onBatch',
  'onProgress',
] as const;

type StepOptions = Pick<TrainOptions, 'batchSize' | 'accumulate' | 'optimizer' | 'shuffle' | 'ignoreNonFinite'>;

/** The options that say what a step is. `current`: the network's optimizer, which is taken where the options have none. */
export function checkSteps(options: StepOptions, current: Optimizer) {
  const { shuffle = true, ignoreNonFinite = false } = options;
  checkBoolean('options.shuffle', shuffle);
  checkBoolean('options.ignoreNonFinite', ignoreNonFinite);
  const optimizer = options.optimizer === undefined ? current : checkOptimizer(options.optimizer);
  const defaultSize = isFullBatch(optimizer) ? MAX_COUNT : DEFAULT_BATCH_SIZE;
  const batchSize = checkInteger('options.batchSize', options.batchSize ?? defaultSize, 1, MAX_COUNT);
  const accumulate = checkInteger('options.accumulate', options.accumulate ?? 1, 1, MAX_COUNT);
  return {
    // the passes of a line search must differ by the weights alone, not by the order of their sums
    shuffle: shuffle && optimizer.name !== 'lbfgs',
    ignoreNonFinite,
    optimizer,
    stepRows: batchSize * accumulate,
  };
}

/** Rows of a step on so many samples. A step of more samples than there are is one of all, the only one for full batches. */
export function rowsOfStep(stepRows: number, samples: number, optimizer: Optimizer): number {
  if (isFullBatch(optimizer) && stepRows < samples) {
    throw outOfRange('options.batchSize', stepRows, `all ${samples} samples for ${optimizer.name}, or none given`);
  }
  return Math.min(stepRows, samples);
}

/** A training plan but for what needs the data. */
export type TrainSettings = Omit<TrainPlan, 'data' | 'stopper' | 'lbfgs'>;

/** Parts that are loaded where the options ask for them. */
export interface TrainingParts {
  readonly split?: typeof import('../data/split.js');
  readonly stopping?: typeof import('./early-stopping.js');
  readonly weighting?: typeof import('../data/class-weights.js');
  readonly lbfgs?: typeof import('./lbfgs.js');
}

export function checkTraining(
  data: unknown,
  options: TrainOptions,
  spec: Spec,
  current: Optimizer,
  { split, stopping, weighting, lbfgs }: TrainingParts,
): TrainPlan {
  checkObject('options', options, OPTION_KEYS);
  const settings = checkSettings(options, spec, current);
  lbfgs?.checkLbfgs(spec);
  let training = checkData('data', data, spec);
  const { classWeights, validationSplit } = options;
  let { validation } = settings;
  if (split) {
    if (validation) throw new TypeError('options.validationSplit: got validation data too, want one of them');
    const share = split.checkSplit('options.validationSplit', validationSplit, training);
    ({ training, validation } = split.splitData(training, share, spec));
  }
  // after the split: validation does not use them
  if (weighting) training = weighting.withClassWeights('options.classWeights', classWeights, training, spec);
  const stopper = stopping?.makeStopper('options.earlyStopping', options.earlyStopping, validation);
  const stepRows = rowsOfStep(settings.stepRows, training.samples, settings.optimizer);
  return { ...settings, data: training, stepRows, validation, stopper, lbfgs };
}

export function checkSettings(options: TrainOptions, spec: Spec, current: Optimizer): TrainSettings {
  const { standardize = false, signal } = options;
  checkBoolean('options.standardize', standardize);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongType('options.signal', signal, 'an AbortSignal');
  }
  for (const name of ['onEpoch', 'onBatch', 'onProgress'] as const) checkCallback(`options.${name}`, options[name]);
  const epochs = checkInteger('options.epochs', options.epochs ?? 1, 1, MAX_COUNT);
  const { validation } = options;
  let lastProgress = 0;
  return {
    ...checkSteps(options, current),
    epochs,
    standardize,
    validation: validation === undefined ? undefined : checkData('options.validation', validation, spec),
    signal,
    onEpoch: options.onEpoch,
    onBatch: options.onBatch,
    onProgress: options.onProgress,
    isProgressDue: (now) => {
      const isDue = now - lastProgress > PROGRESS_MS;
      if (isDue) lastProgress = now;
      return isDue;
    },
  };
}

/** The next turn of the event loop: timers, input and rendering come first. A timer alone would wait 4 ms in a page. */
const nextTurn: () => Promise<void> =
  typeof setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            port1.close();
            resolve();
          };
          port2.postMessage(undefined);
        });

/** For work between slices: a function that gives the event loop a turn where the last is long ago, and notices an abort. */
export function turnTaker(signal: AbortSignal | undefined): () => Promise<void> {
  let lastTurn = performance.now();
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - lastTurn < TURN_MS) return;
    await nextTurn();
    lastTurn = performance.now();
  };
}

/** How an epoch went. */
export interface EpochResult {
  /** Mean over the samples done. */
  readonly cost: number;
  readonly samples: number;
  readonly elapsedMs: number;
  readonly samplesPerSecond: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  /** A callback asked to stop; its epoch may have samples left. */
  readonly isStopped: boolean;
}

/** Runs epochs on the training set that lies in the arena. Keeps what a slice needs to know from one to the next. */
export class EpochRunner {
  readonly #plan: TrainPlan;
  readonly #stepper: Stepper;
  #sliceChunks = 1;
  #lastTurn = performance.now();
  /** Time spent on the call so far, but for callbacks and pauses. */
  #workMs = 0;
  #epoch = 0;
  #costSum = 0;
  /** Samples of the call that were done when this began. */
  #doneBefore: number | undefined;

  constructor(trainee: Trainee, plan: TrainPlan) {
    this.#plan = plan;
    this.#stepper = new Stepper(trainee, {
      ...plan,
      samples: plan.data.samples,
      isTrial: plan.optimizer.name === 'lbfgs',
    });
  }

  /** Where it stands in its epoch. */
  get place(): RunPlace {
    return { cost: this.#costSum, ...this.#stepper.place };
  }

  /** One pass over the samples in an order drawn for `stream`, or what is left of it from a place on. */
  async run(epoch: number, stream: number, place?: RunPlace): Promise<EpochResult> {
    const { data, signal, onBatch, onProgress, isProgressDue, epochs } = this.#plan;
    const stepper = this.#stepper;
    this.#epoch = epoch;
    stepper.startEpoch(epoch, stream, place);
    this.#costSum = place?.cost ?? 0;
    const before = stepper.position;
    this.#doneBefore ??= epoch * data.samples + before;
    let elapsedMs = 0;
    let isStopped = false;
    const stopIfAborted = () => {
      if (!signal?.aborted) return;
      stepper.check();
      signal.throwIfAborted();
    };
    while (stepper.position < data.samples && !isStopped) {
      stopIfAborted();
      const chunks = onBatch ? stepper.chunksToStepEnd : this.#sliceChunks;
      const start = performance.now();
      this.#costSum = stepper.advance(chunks, this.#costSum);
      const now = performance.now();
      elapsedMs += now - start;
      this.#workMs += now - start;
      if (now - start < SLICE_MS) this.#sliceChunks = Math.min(2 * this.#sliceChunks, MAX_SLICE_CHUNKS);
      else this.#sliceChunks = Math.ceil(this.#sliceChunks / 2);

      const report = (): ProgressReport => ({
        epoch,
        epochs,
        step: Math.ceil(stepper.position / this.#plan.stepRows),
        steps: stepper.steps,
        samples: stepper.position,
        cost: this.#costSum / stepper.position,
        learningRate: stepper.learningRate,
        samplesPerSecond: (1000 * (stepper.position - before)) / elapsedMs,
        secondsLeft: this.secondsLeft,
      });
      // a slice that ends within a step, for a snapshot, is not reported as one
      if (onBatch && stepper.isAtStepEnd) isStopped = onBatch(report()) === false;
      if (onProgress && isProgressDue(now)) onProgress(report());
      if (now - this.#lastTurn > TURN_MS) {
        await nextTurn();
        this.#lastTurn = performance.now();
      }
    }
    stopIfAborted();
    if (isStopped) stepper.check();
    const samples = stepper.position;
    return {
      cost: this.#costSum / samples,
      samples,
      elapsedMs,
      // none where only the reports were left of the epoch
      samplesPerSecond: (1000 * (samples - before)) / elapsedMs || 0,
      learningRate: stepper.learningRate,
      isStopped,
    };
  }

  /** What the rest of the call will take at the pace so far. undefined: there is none yet, where only the reports of an epoch were left. */
  get secondsLeft(): number | undefined {
    const { epochs, data } = this.#plan;
    // lbfgs goes through the samples of an epoch several times
    const done = this.#epoch * data.samples + this.#stepper.position;
    const doneHere = done - (this.#doneBefore ?? 0);
    return doneHere ? (this.#workMs / 1000 / doneHere) * (epochs * data.samples - done) : undefined;
  }

  /** Does a part of an epoch's work that is no step, and counts its time. */
  timed<T>(work: () => T): T {
    const start = performance.now();
    const result = work();
    this.#workMs += performance.now() - start;
    return result;
  }
}
