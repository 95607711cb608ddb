import { type CheckedData, checkData, loadTrainingSet, setSize } from './data.js';
import { checkObject, outOfRange, wrongType } from './errors.js';
import { NonFiniteError } from './finite.js';
import { measure, measured } from './measure.js';
import { isFullBatch, slotsOf } from './optimizer.js';
import type { Spec } from './spec.js';
import { MAX_CHUNK_ROWS, type Trainee } from './stepper.js';
import { checkSettings, type EpochResult, type TrainPlan, type TrainSettings, turnTaker } from './train.js';
import type {
  DataSet,
  DataSource,
  EpochReport,
  Evaluation,
  Optimizer,
  ProgressReport,
  Standardization,
  StreamOptions,
} from './types.js';

// Training on data that come in parts: each part takes the place of the one before in the network's memory, and is trained as a whole
// training set is. A step never spans two parts.

/** What a stream asks of the network that it trains, beside its epochs' steps. */
export interface StreamTrainee extends Trainee {
  readonly optimizer: Optimizer;
  readonly standardization: Standardization | undefined;
  readonly trainingSamples: number | undefined;
  epochsTrained: number;
  /** One pass over the samples that lie in the memory, in an order drawn for `order`. */
  runEpoch(plan: TrainPlan, epoch: number, order: number): Promise<EpochResult>;
  standardize(standardization: Standardization): void;
  validate(data: CheckedData): Evaluation;
}

const OPTION_KEYS = [
  'epochs',
  'batchSize',
  'accumulate',
  'optimizer',
  'standardize',
  'shuffle',
  'ignoreNonFinite',
  'validation',
  'signal',
  'onEpoch',
  'onBatch',
  'onProgress',
];

export function checkStream(source: unknown, options: StreamOptions, spec: Spec, current: Optimizer): TrainSettings {
  if (typeof source !== 'function') {
    throw wrongType(
      'source',
      source,
      'a function that returns the parts of an epoch, so that each epoch can start anew',
    );
  }
  checkObject('options', options, OPTION_KEYS);
  const settings = checkSettings(options, spec, current);
  const { optimizer } = settings;
  if (isFullBatch(optimizer)) {
    const wanted = 'one for mini-batches: a stream never has all samples at once';
    throw outOfRange('options.optimizer', optimizer.name, wanted);
  }
  return settings;
}

/** Neighbouring parts get orders of their own; the first has that of a training set in memory. 2^32 / golden ratio, an odd number. */
const PART_STREAM = 0x9e3779b1;

export class Stream {
  readonly #trainee: StreamTrainee;
  readonly #source: DataSource;
  readonly #plan: TrainSettings;
  readonly #takeTurn: () => Promise<void>;

  constructor(trainee: StreamTrainee, source: DataSource, plan: TrainSettings) {
    this.#trainee = trainee;
    this.#source = source;
    this.#plan = plan;
    this.#takeTurn = turnTaker(plan.signal);
  }

  async run(): Promise<EpochReport[]> {
    const { epochs, standardize, onEpoch } = this.#plan;
    if (standardize && !this.#trainee.standardization) await this.#measure();
    const reports: EpochReport[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const report = await this.#epoch(epoch);
      if (onEpoch?.(report) === false) report.stopped ??= 'callback';
      reports.push(report);
      if (report.stopped) break;
    }
    return reports;
  }

  async #measure(): Promise<void> {
    const { arena } = this.#trainee;
    let samples = 0;
    for await (const data of this.#parts()) {
      this.#load(data);
      await measure(arena, data.samples, samples, this.#takeTurn);
      samples += data.samples;
    }
    this.#trainee.standardize(measured(arena, samples));
  }

  async #epoch(epoch: number): Promise<EpochReport> {
    const trainee = this.#trainee;
    const { epochs, validation } = this.#plan;
    let part = 0;
    let [samples, steps, costSum, elapsedMs, learningRate] = [0, 0, 0, 0, 0];
    let isStopped = false;
    for await (const data of this.#parts()) {
      this.#load(data);
      const [samplesBefore, stepsBefore, costBefore] = [samples, steps, costSum];
      // a report on the part as one on the epoch so far
      const widen = (call: ((report: ProgressReport) => unknown) | undefined) =>
        call &&
        ((report: ProgressReport) =>
          call({
            ...report,
            step: stepsBefore + report.step,
            steps: stepsBefore + report.steps,
            samples: samplesBefore + report.samples,
            cost: (costBefore + report.cost * report.samples) / (samplesBefore + report.samples),
            secondsLeft: undefined,
          }));
      const stepRows = Math.min(this.#plan.stepRows, data.samples);
      const { onBatch, onProgress } = this.#plan;
      const plan: TrainPlan = {
        ...this.#plan,
        stopper: undefined,
        data,
        // without penalties no step asks for it
        trainingSamples: trainee.trainingSamples ?? 1,
        stepRows,
        onBatch: widen(onBatch),
        onProgress: widen(onProgress),
      };
      const order = (trainee.epochsTrained + part * PART_STREAM) % 2 ** 32;
      const trained = await trainee.runEpoch(plan, epoch, order).catch((error: unknown) => {
        if (!(error instanceof NonFiniteError)) throw error;
        // the step of the epoch, not of the part
        throw new NonFiniteError({ ...error, step: stepsBefore + error.step });
      });
      samples += trained.samples;
      steps += Math.ceil(trained.samples / stepRows);
      costSum += trained.cost * trained.samples;
      elapsedMs += trained.elapsedMs;
      learningRate = trained.learningRate;
      isStopped = trained.isStopped;
      if (isStopped) break;
      part++;
      await this.#takeTurn();
    }
    trainee.epochsTrained++;
    const evaluation = validation && !isStopped ? trainee.validate(validation) : undefined;
    if (!isStopped) trainee.clock.endEpoch(evaluation?.cost ?? costSum / samples);
    return {
      epoch,
      epochs,
      cost: costSum / samples,
      learningRate,
      samples,
      elapsedMs,
      samplesPerSecond: (1000 * samples) / elapsedMs,
      secondsLeft: undefined,
      ...(evaluation && { validation: evaluation }),
      ...(isStopped && { stopped: 'callback' as const }),
    };
  }

  /** The memory grows for a part larger than all before, and for no other. */
  #load(data: CheckedData): void {
    const { arena, pass, optimizer } = this.#trainee;
    arena.reserve(Math.min(this.#plan.stepRows, data.samples, MAX_CHUNK_ROWS), slotsOf(optimizer), setSize(data));
    pass.done = 'nothing';
    pass.isCurrent = false;
    loadTrainingSet(arena, data);
  }

  /** The parts of one epoch, each checked when it comes. */
  async *#parts(): AsyncGenerator<CheckedData, void, undefined> {
    const { signal } = this.#plan;
    const { spec } = this.#trainee.arena;
    const iterator = iterate(this.#source());
    let part = 0;
    let isAtEnd = false;
    try {
      for (; ; part++) {
        signal?.throwIfAborted();
        const next = await orAborted(iterator.next(), signal);
        if (next.done) {
          isAtEnd = true;
          break;
        }
        yield checkData(`source: part ${part}`, next.value, spec);
      }
    } finally {
      // the source may have something to close; an aborted one may still wait for data that never come
      const closing = isAtEnd ? undefined : Promise.resolve(iterator.return?.());
      if (signal?.aborted) closing?.catch(() => {});
      else await closing;
    }
    if (part === 0) throw outOfRange('source', 'no part', 'one or more each time it is called');
  }
}

function iterate(parts: unknown): AsyncIterator<DataSet> | Iterator<DataSet> {
  const object = Object(parts);
  const method = object[Symbol.asyncIterator] ?? object[Symbol.iterator];
  if (typeof method !== 'function') {
    throw wrongType('source', parts, 'a function that returns an iterable or async iterable of { inputs, targets }');
  }
  return method.call(parts);
}

/** What `value` becomes, or a rejection as soon as the signal is aborted. */
function orAborted<T>(value: T | Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return Promise.resolve(value);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
