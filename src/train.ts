import * as abi from '../assembly/abi.js';
import type { Arena } from './arena.js';
import { type CheckedData, checkData } from './data.js';
import { checkInteger, checkObject, wrongType } from './errors.js';
import type { Pass } from './layer.js';
import { checkOptimizer } from './optimizer.js';
import type { Spec } from './spec.js';
import type { Optimizer, ProgressReport, TrainOptions } from './types.js';

// The loop over an epoch: the order of the samples, slices of steps short enough to keep the event loop alive, reports.

/** A slice of steps is made about this long: one call into the core, then a look at the clock. */
const SLICE_MS = 4;
/** The event loop gets a turn this often: sixty frames a second have 16 ms each. */
const TURN_MS = 12;
const PROGRESS_MS = 16;

const DEFAULT_BATCH_SIZE = 32;
const MAX_EPOCHS = 2 ** 31 - 1;

export interface TrainPlan {
  readonly data: CheckedData;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer | undefined;
  readonly shuffle: boolean;
  readonly validation: CheckedData | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onEpoch: TrainOptions['onEpoch'];
  readonly onBatch: TrainOptions['onBatch'];
  readonly onProgress: TrainOptions['onProgress'];
}

const OPTION_KEYS = [
  'epochs',
  'batchSize',
  'optimizer',
  'shuffle',
  'validation',
  'signal',
  'onEpoch',
  'onBatch',
  'onProgress',
] as const;

export function checkTraining(data: unknown, options: TrainOptions, spec: Spec): TrainPlan {
  checkObject('options', options, OPTION_KEYS);
  const { shuffle = true, signal } = options;
  if (typeof shuffle !== 'boolean') throw wrongType('options.shuffle', shuffle, 'true or false');
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongType('options.signal', signal, 'an AbortSignal');
  }
  for (const name of ['onEpoch', 'onBatch', 'onProgress'] as const) {
    const callback = options[name];
    if (callback !== undefined && typeof callback !== 'function') {
      throw wrongType(`options.${name}`, callback, 'a function');
    }
  }
  const epochs = checkInteger('options.epochs', options.epochs ?? 1, 1, MAX_EPOCHS);
  const batchSize = checkInteger('options.batchSize', options.batchSize ?? DEFAULT_BATCH_SIZE, 1, 2 ** 31 - 1);
  const optimizer = options.optimizer === undefined ? undefined : checkOptimizer(options.optimizer);
  const checked = checkData('data', data, spec);
  return {
    data: checked,
    epochs,
    // a batch larger than the data is the data
    batchSize: Math.min(batchSize, checked.samples),
    optimizer,
    shuffle,
    validation:
      options.validation === undefined ? undefined : checkData('options.validation', options.validation, spec),
    signal,
    onEpoch: options.onEpoch,
    onBatch: options.onBatch,
    onProgress: options.onProgress,
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

/** Runs epochs on the training set that lies in the arena. Keeps what a slice needs to know from one to the next. */
export class EpochRunner {
  readonly #arena: Arena;
  readonly #plan: TrainPlan;
  readonly #pass: Pass;
  readonly #writeStep: () => void;
  readonly #steps: number;
  #sliceSteps = 1;
  #lastTurn = performance.now();
  #lastProgress = 0;

  /** `writeStep` puts what the optimizer reads into the header. */
  constructor(arena: Arena, plan: TrainPlan, pass: Pass, writeStep: () => void) {
    this.#arena = arena;
    this.#pass = pass;
    this.#writeStep = writeStep;
    this.#plan = plan;
    this.#steps = Math.ceil(plan.data.samples / plan.batchSize);
  }

  /** One pass over the samples in an order drawn for `stream`. Returns the mean cost and the time its steps took. */
  async run(epoch: number, stream: number): Promise<{ cost: number; elapsedMs: number }> {
    const { data, batchSize, shuffle, signal, onBatch, onProgress, epochs } = this.#plan;
    const { core, header, plan } = this.#arena;
    header.setUint32(abi.TRAINING_SET + abi.SET_ORDER, shuffle ? plan.order : 0, true);
    if (shuffle) core.shuffle(plan.order, data.samples, abi.RANDOM_ORDER, stream);
    let costSum = 0;
    let elapsedMs = 0;
    for (let step = 0; step < this.#steps; ) {
      signal?.throwIfAborted();
      const count = onBatch ? 1 : Math.min(this.#sliceSteps, this.#steps - step);
      const start = performance.now();
      costSum += this.#slice(step, count);
      const now = performance.now();
      elapsedMs += now - start;
      step += count;
      if (now - start < SLICE_MS) this.#sliceSteps *= 2;
      else this.#sliceSteps = Math.ceil(this.#sliceSteps / 2);

      const samples = Math.min(step * batchSize, data.samples);
      const report = (): ProgressReport => ({
        epoch,
        epochs,
        step,
        steps: this.#steps,
        samples,
        cost: costSum / samples,
      });
      onBatch?.(report());
      if (onProgress && now - this.#lastProgress > PROGRESS_MS) {
        this.#lastProgress = now;
        onProgress(report());
      }
      if (now - this.#lastTurn > TURN_MS) {
        await nextTurn();
        this.#lastTurn = performance.now();
      }
    }
    signal?.throwIfAborted();
    return { cost: costSum / data.samples, elapsedMs };
  }

  /** Returns the sum of the samples' costs. The header is set anew each time: other calls may have come in between. */
  #slice(first: number, count: number): number {
    const { core, header } = this.#arena;
    const { data, batchSize } = this.#plan;
    this.#writeStep();
    header.setUint32(abi.BATCH_ROWS, batchSize, true);
    header.setFloat64(abi.COST_SUM, 0, true);
    core.trainSteps(first, count);
    this.#pass.rows = Math.min(batchSize, data.samples - (first + count - 1) * batchSize);
    this.#pass.done = 'backward';
    this.#pass.isCurrent = false;
    return header.getFloat64(abi.COST_SUM, true);
  }
}
