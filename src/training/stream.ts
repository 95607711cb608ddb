import { throwIfAborted } from '../check/abort.js';
import { counted, outOfRange, wrongType } from '../check/errors.js';
import { isPromise } from '../check/promises.js';
import type { Arena } from '../core/arena.js';
import { checksumOf, checksumOfSet, checksumOfVersion1 } from '../data/checksums.js';
import { type CheckedData, checkSamples, type DataSet } from '../data/data-set.js';
import { type Preparation, preparationOf, scaleOf } from '../data/inputs.js';
import { ColumnMoments } from '../data/measure-columns.js';
import { misfitsOf } from '../data/misfit.js';
import { isFloats } from '../data/numbers.js';
import { noWeight, withoutZeros } from '../data/pick.js';
import { costUnitsOf } from '../data/target-scale.js';
import { checkKnownGoal, checkNamedTask, checkScaledTask, isSettled, TargetSurvey } from '../data/task.js';
import { validationMisfits } from '../data/validation-misfits.js';
import { warningsOf } from '../data/warnings.js';
import type { Evaluation } from '../model/metrics.js';
import { knownNames, namesFor } from '../spec/names.js';
import { isFullBatch, type Optimizer, slotsOf } from '../spec/optimizer.js';
import { outputsOf } from '../spec/spec.js';
import { CallStart } from './call-start.js';
import { CostGrowth } from './cost-growth.js';
import { EpochRunner, type EpochSettings } from './epoch-runner.js';
import { speedOf } from './epochs.js';
import { validate } from './evaluation.js';
import { makeYield } from './event-loop.js';
import { History } from './history.js';
import { checkSettings, type StreamOptions, type TrainSettings } from './options.js';
import { type DataSource, type GivenPart, partsOf } from './parts.js';
import { PendingWarnings } from './pending-warnings.js';
import { type CallOptions, checkRun, type PartsPlace, type Place, type RunPlace } from './place.js';
import type { EpochReport, ProgressReport } from './reports.js';
import type { Trainer } from './trainer.js';

// Trains on data that come in parts. Each part replaces the one before in the network's memory, and is trained as a
// whole training set is. A step never spans two parts. This file is loaded only by `fitStream`.

function checkStream(source: unknown, options: StreamOptions, arena: Arena, current: Optimizer): TrainSettings {
  if (typeof source !== 'function') {
    const wanted = 'a function that returns the parts of an epoch, so that each epoch can start anew';
    throw wrongType('source', source, wanted);
  }
  const settings = checkSettings(options, arena, current);
  const { optimizer } = settings;
  if (isFullBatch(optimizer)) {
    const wanted = 'one for mini-batches: a stream never has all samples at once';
    throw outOfRange('options.optimizer', optimizer.name, wanted);
  }
  return settings;
}

/** See Network.fitStream. */
export async function fitStream(trainer: Trainer, source: DataSource, options: StreamOptions): Promise<History> {
  const { arena, state, call } = trainer;
  const { spec } = arena;
  const settings = checkStream(source, options, arena, state.optimizer);
  if (settings.validation) checkKnownGoal(VALIDATION, settings.validation.targets, trainer.goal, spec);
  if ((spec.l1 || spec.l2) && state.trainingSamples === undefined) {
    throw outOfRange('trainingSamples', 'undefined', 'the number of samples of an epoch, for l1 and l2');
  }
  throwIfAborted(settings.signal);
  const { stepRows, shuffle, ignoreNonFinite, optimizer, validation } = settings;
  const callOptions: CallOptions = {
    call: 'fitStream',
    stepRows,
    shuffle,
    ignoreNonFinite,
    validation: validation && checksumOf(validation),
    optimizer,
  };
  const place = call.placeFor(callOptions, state.optimizer, arena);
  if (!place) state.checkRate(optimizer);
  const start = new CallStart(trainer);
  try {
    const stream = new Stream(trainer, source, settings, callOptions, place);
    call.setRunning(stream);
    return await stream.run();
  } catch (error) {
    start.undo();
    throw error;
  }
}

/** The name that messages give the weights of all parts. */
const SOURCE = 'source: weights';

/** The name that messages give the targets of the validation data. */
const VALIDATION = 'options.validation.targets';

/**
 * The numbers of the orders of neighbouring parts differ by this, so that each part has an order of its own. The first
 * part has the order of a training set in memory. It is 2^32 / golden ratio, rounded to an odd number.
 */
const PART_ORDER = 0x9e3779b1;

function wrongParts(got: string): RangeError {
  const wanted = 'the parts of the training that was saved, or a network loaded with training: false';
  return outOfRange('source', got, wanted);
}

const NO_PARTS: PartsPlace = { parts: 0, samples: 0, steps: 0, cost: 0, learningRate: 0 };

/** The epoch in progress, as far as this call has trained it. */
interface EpochSoFar {
  readonly epoch: number;
  /** Samples of the epoch that an earlier call has trained. */
  readonly samplesBefore: number;
  elapsedMs: number;
}

class Stream {
  readonly #trainer: Trainer;
  readonly #source: DataSource;
  readonly #settings: TrainSettings;
  readonly #options: CallOptions;
  readonly #yieldIfDue: () => Promise<void>;
  /** Epochs done. */
  #epoch: number;
  /** The parts of the epoch in progress that are done. */
  #done: PartsPlace;
  /** The optimizer that the network gets once the first part has been checked; undefined if it already has it. */
  #optimizer: Optimizer | undefined;
  /** The optimizer that the network had at the call. One that is assigned since then replaces that of the call. */
  readonly #atTheCall: Optimizer;
  /** How data were prepared at the call: what it measures itself is not known yet. */
  readonly #atStart: Preparation;
  /** n of the penalties. Without penalties, no step uses it. */
  readonly #trainingSamples: number;
  /** The place at which the part in progress resumes, until that part has come. */
  #runPlace: RunPlace | undefined;
  /** Trains the part in progress; undefined between two parts. */
  #runner: EpochRunner | undefined;
  /** Why training has ended, if the last report has been given. */
  #stopped: string | undefined;
  readonly #growth = new CostGrowth();
  /** Mean cost of the first samples that were trained. */
  #firstCost: number | undefined;
  #hasFallback = false;
  /** Until it is known what the network learns: the targets so far. */
  #survey: TargetSurvey | undefined;
  readonly #warnings = new PendingWarnings();
  /** true until the part in progress has come, if its checksum is that of a file of version 1. */
  #isOfVersion1: true | undefined;

  /** `place`: where to resume. */
  constructor(trainer: Trainer, source: DataSource, settings: TrainSettings, options: CallOptions, place?: Place) {
    this.#trainer = trainer;
    this.#source = source;
    this.#settings = settings;
    this.#options = options;
    this.#yieldIfDue = makeYield(settings.signal);
    this.#epoch = place?.epoch ?? 0;
    this.#done = place?.parts ?? NO_PARTS;
    this.#runPlace = place?.run;
    this.#stopped = place?.stopped;
    this.#isOfVersion1 = place?.isOfVersion1;
    if (!place) this.#optimizer = settings.optimizer;
    this.#atTheCall = trainer.optimizer;
    this.#atStart = preparationOf(trainer.arena, settings.standardize);
    this.#trainingSamples = trainer.state.trainingSamples ?? 1;
    trainer.call.optimizer = settings.optimizer;
    if (!isSettled(trainer.goal)) this.#survey = new TargetSurvey(trainer.arena.spec);
    if (settings.validation) this.#survey?.add(VALIDATION, settings.validation.targets);
  }

  get place(): Place {
    const run = this.#runner?.place ?? this.#runPlace;
    const data = this.#runner ? checksumOfSet(this.#trainer.arena) : this.#done.data;
    return {
      options: this.#options,
      epoch: this.#epoch,
      parts: { ...this.#done, data },
      run,
      stopped: this.#stopped,
      ...(this.#isOfVersion1 && !this.#runner && { isOfVersion1: true }),
    };
  }

  async run(): Promise<History> {
    const { epochs = 1, onEpoch } = this.#settings;
    await this.#standardize();
    const history = new History();
    while (this.#epoch < epochs && !this.#stopped) {
      const report = await this.#trainEpoch();
      // must be set before the callback, which may save the network
      this.#stopped = report.stopped;
      const answer = onEpoch?.(report);
      const isEnd = (isPromise(answer) ? await answer : answer) === false;
      if (isEnd && this.#epoch < epochs) report.stopped ??= 'callback';
      this.#stopped = report.stopped;
      history.add(report);
    }
    this.#trainer.call.resumption = undefined;
    return history;
  }

  /** Standardises what is not standardised yet and shall be, by the columns of an epoch. */
  async #standardize(): Promise<void> {
    const { standardize } = this.#settings;
    const { spec, names, standardization, targetScale } = this.#trainer.arena;
    let known = names;
    const inputMoments = standardize.inputs && !standardization ? new ColumnMoments(spec.inputs) : undefined;
    const targetMoments = standardize.targets && !targetScale ? new ColumnMoments(outputsOf(spec)) : undefined;
    if (!inputMoments && !targetMoments) return;
    let isEmpty = true;
    for await (const { where, given } of this.#parts()) {
      const data = this.#checkPart(where, given);
      if (!data) continue;
      isEmpty = false;
      const { samples, inputs, targets } = data;
      known = knownNames(known, data.given);
      inputMoments?.add(inputs, samples, scaleOf(inputs, spec));
      if (targetMoments && !isFloats(targets)) checkScaledTask('options.standardize', 'classes');
      targetMoments?.add(targets, samples, 1);
      await this.#yieldIfDue();
    }
    if (isEmpty) throw noWeight(SOURCE);
    if (targetMoments)
      checkScaledTask('options.standardize', (this.#survey?.goal(this.#trainer.goal) ?? this.#trainer.goal).task);
    this.#trainer.scaling = {
      standardization: inputMoments?.standardizationOf('inputs', known.columns) ?? standardization,
      targetScale: targetMoments?.standardizationOf('targets') ?? targetScale,
    };
  }

  async #trainEpoch(): Promise<EpochReport> {
    const before = this.#done;
    const samplesBefore = before.samples + (this.#runPlace?.position ?? 0);
    const soFar: EpochSoFar = { epoch: this.#epoch, samplesBefore, elapsedMs: 0 };
    let [part, skipped] = [0, 0];
    let isStopped = false;
    for await (const { where, given } of this.#parts()) {
      const data = this.#checkPart(where, given);
      if (!data) continue;
      if (part < before.parts) {
        skipped += data.samples;
        part++;
        continue;
      }
      if (part === before.parts) checkSkipped(skipped, before);
      isStopped = await this.#trainPart(part, data, soFar);
      part++;
      if (isStopped) break;
      await this.#yieldIfDue();
    }
    if (part === 0) throw noWeight(SOURCE);
    if (part <= before.parts) checkSkipped(skipped, before);
    if (this.#runPlace) throw wrongParts(`no part ${part}`);
    this.#trainer.call.resumption = undefined;
    if (!isStopped) this.#settleGoal();
    return await this.#reportOn(soFar, isStopped);
  }

  /** After the first whole epoch, its targets decide what the network learns. */
  #settleGoal(): void {
    const trainer = this.#trainer;
    const { validation } = this.#settings;
    if (!this.#survey) return;
    const goal = this.#survey.goal(trainer.goal);
    if (validation) checkKnownGoal(VALIDATION, validation.targets, goal, trainer.arena.spec);
    checkNamedTask('source: classes', trainer.arena.names.classes, goal.task, trainer.arena.spec);
    trainer.goal = goal;
    this.#survey = undefined;
  }

  /** Trains one part, or the rest of it. Returns true if a callback has asked to stop. */
  async #trainPart(part: number, data: CheckedData, soFar: EpochSoFar): Promise<boolean> {
    const { state, call, arena } = this.#trainer;
    const done = this.#done;
    const stepRows = Math.min(this.#settings.stepRows, data.samples);
    // only the first part of a call is checked for warnings, because the others are probably like it
    if (!this.#hasFallback) this.#warnings.add(...this.#warningsOf(data));
    this.#load(data, stepRows);
    this.#trainer.takeNames(data.given);
    if (this.#runPlace) {
      const checksum = this.#isOfVersion1 ? checksumOfVersion1(data) : checksumOfSet(arena);
      if (checksum !== done.data) {
        call.resumption?.checkScaling('fitStream', arena);
        throw wrongParts(`another part ${part}`);
      }
      checkRun('load: place.run', this.#runPlace, { samples: data.samples, stepRows });
    }
    call.resumption = undefined;
    const order = (state.epochsTrained + part * PART_ORDER) % 2 ** 32;
    this.#runner = new EpochRunner(state, this.#settingsOf(data, stepRows, soFar));
    const trained = await this.#runner.run(soFar.epoch, order, this.#runPlace);
    this.#firstCost ??= this.#runner.firstCost;
    this.#runner = undefined;
    this.#runPlace = undefined;
    this.#done = {
      parts: part + 1,
      samples: done.samples + trained.samples,
      steps: done.steps + Math.ceil(trained.samples / stepRows),
      cost: done.cost + trained.cost * trained.samples,
      learningRate: trained.learningRate,
    };
    soFar.elapsedMs += trained.elapsedMs;
    return trained.isStopped;
  }

  #warningsOf(data: CheckedData): string[] {
    const { validation } = this.#settings;
    return [
      ...warningsOf(data, this.#atStart),
      ...misfitsOf(data, this.#atStart),
      ...(validation ? validationMisfits(validation, data, this.#atStart) : []),
    ];
  }

  /** The settings for training one part. Its callbacks get reports on the whole epoch so far. */
  #settingsOf(data: CheckedData, stepRows: number, soFar: EpochSoFar): EpochSettings {
    const { onBatch, onProgress } = this.#settings;
    const done = this.#done;
    const elapsedBefore = soFar.elapsedMs;
    const toEpochReport = ({ step, steps, samples, cost, ...report }: ProgressReport): ProgressReport => {
      const all = done.samples + samples;
      const elapsedMs = elapsedBefore + (this.#runner?.elapsedMs ?? 0);
      return {
        ...report,
        step: done.steps + step,
        steps: done.steps + steps,
        samples: all,
        cost: (done.cost + cost * samples) / all,
        samplesPerSecond: speedOf(all - soFar.samplesBefore, elapsedMs),
        secondsLeft: undefined,
      };
    };
    return {
      ...this.#settings,
      epochs: this.#settings.epochs ?? 1,
      samples: data.samples,
      stepRows,
      stepsBefore: done.steps,
      trainingSamples: this.#trainingSamples,
      isTrial: false,
      onBatch: onBatch && ((report) => onBatch(toEpochReport(report))),
      onProgress: onProgress && ((report) => onProgress(toEpochReport(report))),
    };
  }

  /** Validates the network, and makes the report on the epoch whose parts are done. */
  async #reportOn({ epoch, samplesBefore, elapsedMs }: EpochSoFar, isStopped: boolean): Promise<EpochReport> {
    const { epochs = 1, validation, stopAt } = this.#settings;
    const { state } = this.#trainer;
    const { samples, cost: sum, learningRate } = this.#done;
    const cost = sum / samples;
    const evaluation = validation && !isStopped ? await this.#validate(validation) : undefined;
    // from here to the report nothing else can run, so that a checkpoint has all of this or nothing
    state.countEpoch();
    const { arena, fallback } = state;
    this.#warnings.add(this.#growth.observe(epoch, cost, this.#firstCost, arena, fallback.parameters));
    this.#epoch++;
    this.#done = NO_PARTS;
    if (!isStopped) state.clock.endEpoch(evaluation?.cost ?? cost);
    let stopped: EpochReport['stopped'];
    if (cost <= stopAt && this.#epoch < epochs) stopped = 'stopAt';
    if (isStopped) stopped = 'callback';
    return {
      epoch,
      epochs,
      cost,
      ...costUnitsOf(arena),
      learningRate,
      samples,
      elapsedMs,
      samplesPerSecond: speedOf(samples - samplesBefore, elapsedMs),
      secondsLeft: undefined,
      ...(evaluation && { validation: evaluation }),
      ...(stopped && { stopped }),
      ...this.#warnings.take(),
    };
  }

  async #validate(validation: CheckedData): Promise<Evaluation> {
    const { signal, ignoreNonFinite: ignoresNonFinite } = this.#settings;
    const timed = <T>(work: () => T) => work();
    return await validate(this.#trainer, validation, { options: {}, ignoresNonFinite, signal, timed });
  }

  /** Copies a part into the memory, which grows only if the part is larger than all before. */
  #load(data: CheckedData, stepRows: number): void {
    const { state } = this.#trainer;
    this.#trainer.loadRows(data, stepRows, slotsOf(state.optimizer));
    // the state of the optimizer stays until the first part has been checked
    if (this.#optimizer && state.optimizer === this.#atTheCall) state.useOptimizer(this.#optimizer);
    this.#optimizer = undefined;
    if (this.#hasFallback) return;
    this.#hasFallback = true;
    this.#trainer.keepFallback(!this.#settings.ignoreNonFinite);
  }

  #parts(): AsyncGenerator<GivenPart, void, undefined> {
    return partsOf(this.#source, this.#trainer.arena, this.#settings.signal);
  }

  /**
   * The samples of a part that count; undefined if all of its weights are 0, so that it counts nowhere. The data must
   * be copied at once after this call: see partsOf.
   */
  #checkPart(where: string, part: DataSet): CheckedData | undefined {
    const { arena, goal } = this.#trainer;
    const { standardize, validation } = this.#settings;
    const preparation = preparationOf(arena, standardize);
    const names = namesFor('options.validation', validation?.given ?? {}, arena.names);
    const data = withoutZeros(checkSamples(where, part, { ...preparation, names }), arena.spec);
    if (!data) return undefined;
    this.#survey?.add(`${where}.targets`, data.targets);
    // a task that the user has given is known before its targets are
    const known = goal.task && this.#survey ? this.#survey.goal(goal) : goal;
    checkKnownGoal(`${where}.targets`, data.targets, known, arena.spec);
    const task = known.task ?? (this.#survey?.areNumbers ? 'numbers' : undefined);
    checkNamedTask(`${where}.classes`, knownNames(arena.names, data.given).classes, task, arena.spec);
    return data;
  }
}

/** Refuses a source that has another number of samples in the parts to be skipped than the saved training had. */
function checkSkipped(samples: number, before: PartsPlace): void {
  if (samples !== before.samples) throw wrongParts(`${counted(samples, 'sample')} before part ${before.parts}`);
}
