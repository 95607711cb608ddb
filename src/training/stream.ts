import { checkObject, outOfRange, wrongType } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { type CheckedData, checkData, checksumOf, checksumOfSet, loadTrainingSet, setSize } from '../data/data-set.js';
import { measure, measured } from '../data/measure-columns.js';
import { NonFiniteError } from '../index.js';
import { isFullBatch, slotsOf } from '../spec/optimizer.js';
import type { Spec } from '../spec/spec.js';
import type { DataSet } from '../data/data-set.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { StreamOptions } from './options.js';
import type { EpochReport, ProgressReport } from './reports.js';
import { checkSettings, type EpochRunner, type TrainPlan, type TrainSettings, turnTaker } from './epoch-runner.js';
import { type CallOptions, checkRun, type PartsPlace, type Place, type RunPlace } from './place.js';
import { MAX_CHUNK_ROWS } from './stepper.js';
import type { Trainer } from './trainer.js';

// Training on data that come in parts: each part takes the place of the one before in the network's memory, and is trained as a whole
// training set is. A step never spans two parts.

/** Starts an epoch's data anew: parts that fit into memory one by one, from a file, a socket or a generator. */
export type DataSource = () => AsyncIterable<DataSet> | Iterable<DataSet>;

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

function checkStream(source: unknown, options: StreamOptions, spec: Spec, current: Optimizer): TrainSettings {
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

/** See Network.fitStream. */
export async function fitStream(trainer: Trainer, source: DataSource, options: StreamOptions): Promise<EpochReport[]> {
  const { spec } = trainer.arena;
  const settings = checkStream(source, options, spec, trainer.optimizer);
  if ((spec.l1 || spec.l2) && trainer.trainingSamples === undefined) {
    throw outOfRange('trainingSamples', 'undefined', 'the number of samples of an epoch, for l1 and l2');
  }
  trainer.checkIdle('fitStream');
  trainer.arena.checkAlive();
  settings.signal?.throwIfAborted();
  const { stepRows, shuffle, ignoreNonFinite, optimizer, validation } = settings;
  const callOptions: CallOptions = {
    call: 'fitStream',
    stepRows,
    shuffle,
    ignoreNonFinite,
    validation: validation && checksumOf(validation),
    optimizer,
  };
  const place = trainer.resumption?.enter(callOptions, trainer.optimizer);
  trainer.isTraining = true;
  try {
    const stream = new Stream(trainer, source, settings, place);
    trainer.describe = () => ({ options: callOptions, ...stream.place });
    return await stream.run();
  } finally {
    trainer.isTraining = false;
    trainer.describe = undefined;
  }
}

/** Neighbouring parts get orders of their own; the first has that of a training set in memory. 2^32 / golden ratio, an odd number. */
const PART_STREAM = 0x9e3779b1;

function otherParts(got: string): RangeError {
  return outOfRange(
    'source',
    got,
    'the parts of the training that was saved, or a network loaded with training: false',
  );
}

const NO_PARTS: PartsPlace = { parts: 0, samples: 0, steps: 0, cost: 0, learningRate: 0 };

class Stream {
  readonly #trainee: Trainer;
  readonly #source: DataSource;
  readonly #plan: TrainSettings;
  readonly #takeTurn: () => Promise<void>;
  #epochs: number;
  #done: PartsPlace;
  /** Until the first part has been found right, unless it goes on with the one it has. */
  #optimizer: Optimizer | undefined;
  /** Of the part in progress, until that has come. */
  #run: RunPlace | undefined;
  #runner: EpochRunner | undefined;
  #data: CheckedData | undefined;
  #stopped: string | undefined;

  /** `place`: where to go on. */
  constructor(trainee: Trainer, source: DataSource, plan: TrainSettings, place?: Place) {
    this.#trainee = trainee;
    this.#source = source;
    this.#plan = plan;
    this.#takeTurn = turnTaker(plan.signal);
    this.#epochs = place?.epoch ?? 0;
    this.#done = place?.parts ?? NO_PARTS;
    this.#run = place?.run;
    this.#stopped = place?.stopped;
    if (!place) this.#optimizer = plan.optimizer;
  }

  get place(): Omit<Place, 'options'> {
    const run = this.#runner?.place ?? this.#run;
    const data = this.#data ? checksumOfSet(this.#trainee.arena) : this.#done.data;
    return { epoch: this.#epochs, parts: { ...this.#done, data }, run, stopped: this.#stopped };
  }

  async run(): Promise<EpochReport[]> {
    const { epochs, standardize, onEpoch } = this.#plan;
    if (standardize && !this.#trainee.standardization) await this.#measure();
    const reports: EpochReport[] = [];
    while (this.#epochs < epochs && !this.#stopped) {
      const report = await this.#epoch(this.#epochs);
      this.#epochs++;
      this.#done = NO_PARTS;
      // before the callback, which may save where the training stands
      this.#stopped = report.stopped;
      if (onEpoch?.(report) === false && this.#epochs < epochs) report.stopped ??= 'callback';
      this.#stopped = report.stopped;
      reports.push(report);
    }
    this.#trainee.resumption = undefined;
    return reports;
  }

  async #measure(): Promise<void> {
    const { arena } = this.#trainee;
    let samples = 0;
    for await (const take of this.#parts()) {
      const data = take();
      this.#load(data);
      await measure(arena, data.samples, samples, this.#takeTurn);
      samples += data.samples;
    }
    this.#trainee.standardize(measured(arena, samples));
  }

  async #epoch(epoch: number): Promise<EpochReport> {
    const trainee = this.#trainee;
    const { epochs, validation } = this.#plan;
    const before = this.#done;
    const samplesBefore = before.samples + (this.#run?.position ?? 0);
    let [part, skipped, elapsedMs] = [0, 0, 0];
    let isStopped = false;
    for await (const take of this.#parts()) {
      const data = take();
      if (part < before.parts) {
        skipped += data.samples;
        part++;
        continue;
      }
      if (part === before.parts) this.#checkSkipped(skipped, before);
      this.#load(data);
      const done = this.#done;
      const partBefore = this.#run?.position ?? 0;
      const elapsedBefore = elapsedMs;
      const stepRows = Math.min(this.#plan.stepRows, data.samples);
      if (this.#run) {
        if (checksumOfSet(trainee.arena) !== done.data) throw otherParts(`another part ${part}`);
        checkRun('load: place.run', this.#run, data.samples, stepRows);
      }
      trainee.resumption = undefined;
      // a report on the part as one on the epoch so far
      const widen = (call: ((report: ProgressReport) => unknown) | undefined) =>
        call &&
        ((report: ProgressReport) =>
          call({
            ...report,
            step: done.steps + report.step,
            steps: done.steps + report.steps,
            samples: done.samples + report.samples,
            cost: (done.cost + report.cost * report.samples) / (done.samples + report.samples),
            samplesPerSecond:
              (1000 * (done.samples + report.samples - samplesBefore)) /
              (elapsedBefore + (1000 * (report.samples - partBefore)) / report.samplesPerSecond),
            secondsLeft: undefined,
          }));
      const { onBatch, onProgress } = this.#plan;
      const plan: TrainPlan = {
        ...this.#plan,
        data,
        // without penalties no step asks for it
        trainingSamples: trainee.trainingSamples ?? 1,
        stepRows,
        onBatch: widen(onBatch),
        onProgress: widen(onProgress),
      };
      const order = (trainee.epochsTrained + part * PART_STREAM) % 2 ** 32;
      this.#data = data;
      this.#runner = trainee.makeRunner(plan);
      const trained = await this.#runner.run(epoch, order, this.#run).catch((error: unknown) => {
        if (!(error instanceof NonFiniteError)) throw error;
        // the step of the epoch, not of the part
        throw new NonFiniteError({ ...error, step: done.steps + error.step });
      });
      part++;
      this.#runner = undefined;
      this.#data = undefined;
      this.#run = undefined;
      this.#done = {
        parts: part,
        samples: done.samples + trained.samples,
        steps: done.steps + Math.ceil(trained.samples / stepRows),
        cost: done.cost + trained.cost * trained.samples,
        learningRate: trained.learningRate,
      };
      elapsedMs += trained.elapsedMs;
      isStopped = trained.isStopped;
      if (isStopped) break;
      await this.#takeTurn();
    }
    if (part <= before.parts) this.#checkSkipped(skipped, before);
    if (this.#run) throw otherParts(`no part ${part}`);
    trainee.resumption = undefined;
    const { samples, cost, learningRate } = this.#done;
    trainee.epochsTrained++;
    const evaluation = validation && !isStopped ? trainee.validate(validation) : undefined;
    if (!isStopped) trainee.clock.endEpoch(evaluation?.cost ?? cost / samples);
    return {
      epoch,
      epochs,
      cost: cost / samples,
      learningRate,
      samples,
      elapsedMs,
      samplesPerSecond: (1000 * (samples - samplesBefore)) / elapsedMs || 0,
      secondsLeft: undefined,
      ...(evaluation && { validation: evaluation }),
      ...(isStopped && { stopped: 'callback' as const }),
    };
  }

  /** The parts that a network which goes on has been trained on, by their number of samples. */
  #checkSkipped(samples: number, before: PartsPlace): void {
    if (samples !== before.samples) throw otherParts(`${samples} samples before part ${before.parts}`);
  }

  /** The memory grows for a part larger than all before, and for no other. */
  #load(data: CheckedData): void {
    if (this.#optimizer) this.#trainee.setOptimizer(this.#optimizer);
    this.#optimizer = undefined;
    const { arena, pass, optimizer } = this.#trainee;
    arena.reserve(Math.min(this.#plan.stepRows, data.samples, MAX_CHUNK_ROWS), slotsOf(optimizer), setSize(data));
    pass.done = 'nothing';
    pass.isCurrent = false;
    loadTrainingSet(arena, data);
  }

  /** The parts of one epoch, each checked when it is taken: in one turn with its copy, since its arrays are the source's. */
  async *#parts(): AsyncGenerator<() => CheckedData, void, undefined> {
    const { arena } = this.#trainee;
    const iterator = iterate(this.#source());
    const { signal, release } = endOf(arena, this.#plan.signal);
    let part = 0;
    let isAtEnd = false;
    try {
      for (; ; part++) {
        signal.throwIfAborted();
        isAtEnd = true;
        const next = await orAborted(iterator.next(), signal);
        if (next.done) break;
        isAtEnd = false;
        const where = `source: part ${part}`;
        yield () => checkData(where, next.value, arena.spec);
      }
    } finally {
      release();
      // the source may have something to close, but for one that has ended or failed; an aborted one may still wait for data that never come
      const closing = isAtEnd && !signal.aborted ? undefined : Promise.resolve(iterator.return?.());
      if (signal.aborted) closing?.catch(() => {});
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

/** A signal that is aborted with the user's own, and where the network is disposed of. */
function endOf(arena: Arena, signal: AbortSignal | undefined) {
  const end = new AbortController();
  const notice = () => {
    try {
      signal?.throwIfAborted();
      arena.checkAlive();
    } catch (error) {
      end.abort(error);
    }
  };
  signal?.addEventListener('abort', notice);
  arena.onDispose = notice;
  // it may have happened since the last part
  notice();
  const release = () => {
    signal?.removeEventListener('abort', notice);
    arena.onDispose = undefined;
  };
  return { signal: end.signal, release };
}

/** What `value` becomes, or a rejection as soon as the signal is aborted. */
function orAborted<T>(value: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    // the source may have done so just now
    if (signal.aborted) abort();
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
