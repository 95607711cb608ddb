import * as abi from '../../assembly/abi.js';
import { checkIsObject, checkObject, checkPositive, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import {
  type CheckedData,
  checkData,
  checkInputs,
  checksumOf,
  checksumOfSet,
  checkTargets,
  checkWeights,
  loadTrainingSet,
  setSize,
  writeWindow,
} from '../data/data-set.js';
import { writeStandardization } from '../data/standardization.js';
import { evaluate } from '../model/evaluate.js';
import { type Pass, unpack } from '../model/layer.js';
import { checkOptimizer, isFullBatch, sgd, slotsOf, writeOptimizer } from '../spec/optimizer.js';
import { RateClock } from '../spec/schedule.js';
import type { DataSet, Inputs, Targets } from '../data/data-set.js';
import type { Standardization } from '../data/standardization.js';
import type { Evaluation } from '../model/evaluate.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { StreamOptions, TrainForOptions, TrainOptions } from './options.js';
import type { EpochReport, TrainForReport } from './reports.js';
import type { DataSource } from './stream.js';
import { checkSteps, checkTraining, EpochRunner, rowsOfStep, type TrainPlan, turnTaker } from './epoch-runner.js';
import type { LbfgsRunner } from './lbfgs.js';
import { BatchGuard } from './non-finite.js';
import type { CallOptions, Place, Resumption, TrainingState } from './place.js';
import { MAX_CHUNK_ROWS, type Stepper, type StepperOptions, type Trainee } from './stepper.js';
import { TimeBoxedTraining } from './time-boxed.js';

/** What is counted and remembered from step to step, beside the optimizer's slots. */
export type Counts = Omit<TrainingState, 'hasFunction' | 'slots' | 'place'>;

/** Calls once, and remembers: checksums of data take their time. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The training half of a Network: its optimizer, how far that has come, every call that takes a step. What they do is said in network.ts. */
export class Trainer implements Trainee {
  readonly arena: Arena;
  readonly pass: Pass;
  readonly #guard = new BatchGuard();
  #optimizer: Optimizer = sgd({ learningRate: 0.1 });
  #timeBoxed: TimeBoxedTraining | undefined;
  clock = new RateClock(0.1);
  trainingSamples: number | undefined;
  epochsTrained = 0;
  standardization: Standardization | undefined;
  isTraining = false;
  /** Of a network that was loaded into the middle of a call, until that goes on. */
  resumption: Resumption | undefined;
  /** Says where the call in progress stands. */
  describe: (() => Place) | undefined;
  /** In a call with that optimizer. */
  #lbfgs: LbfgsRunner | undefined;

  constructor(arena: Arena, pass: Pass) {
    this.arena = arena;
    this.pass = pass;
  }

  get optimizer(): Optimizer {
    return this.#optimizer;
  }

  set optimizer(optimizer: Optimizer) {
    this.arena.checkAlive();
    const checked = checkOptimizer(optimizer);
    if (this.isTraining && this.#isOther(checked)) {
      throw outOfRange(
        'optimizer',
        `another one, ${checked.name}, during fit`,
        `${this.#optimizer.name} until it ends`,
      );
    }
    // amid a fit, look before: with another one, an overflow could not be looked for any more
    if (this.isTraining) (this.pass.guard as Partial<Stepper> | undefined)?.check?.();
    this.setOptimizer(checked);
    this.clock = new RateClock(checked.learningRate);
    this.resumption?.follow(checked);
  }

  standardize(standardization: Standardization | undefined): void {
    writeStandardization(this.arena, standardization);
    this.standardization = standardization;
    this.pass.isCurrent = false;
  }

  async *train(data: DataSet, options: TrainOptions): AsyncGenerator<EpochReport, void, undefined> {
    const { validationSplit, earlyStopping, classWeights, optimizer } = options ?? {};
    const parts = {
      split: validationSplit === undefined ? undefined : await import('../data/split.js'),
      stopping: earlyStopping === undefined ? undefined : await import('./early-stopping.js'),
      weighting: classWeights === undefined ? undefined : await import('../data/class-weights.js'),
      lbfgs: (optimizer ?? this.#optimizer)?.name === 'lbfgs' ? await import('./lbfgs.js') : undefined,
    };
    const plan = checkTraining(data, options, this.arena.spec, this.#optimizer, parts);
    this.checkIdle('fit');
    plan.signal?.throwIfAborted();
    this.isTraining = true;
    try {
      yield* this.#epochs(plan);
    } finally {
      this.isTraining = false;
      this.describe = undefined;
      this.#lbfgs = undefined;
    }
  }

  async *#epochs(plan: TrainPlan): AsyncGenerator<EpochReport, void, undefined> {
    const { arena, pass } = this;
    const { data, epochs, optimizer, stopper, validation } = plan;
    const options = once(() => ({
      ...this.#optionsOf('fit', data, plan),
      validation: validation && checksumOf(validation),
      earlyStopping: stopper?.spec,
      optimizer,
    }));
    const place = this.#loadSet(data, plan.stepRows, optimizer, options);
    this.#timeBoxed = undefined;
    const runner = new EpochRunner(this, plan);
    const lbfgs = plan.lbfgs?.makeRunner(this, runner, optimizer, place?.lbfgs);
    this.#lbfgs = lbfgs;
    let epoch = place?.epoch ?? 0;
    let { run, stopped } = place ?? {};
    let isWithin = false;
    this.describe = () => ({
      options: options(),
      epoch,
      // the step of a line search is taken again
      run: isWithin && !lbfgs ? runner.place : run,
      stopper: stopper?.place,
      lbfgs: lbfgs?.place,
      stopped,
    });
    if (place?.stopper && stopper) stopper.place = place.stopper;
    const isOver = () => stopped !== undefined || epoch >= epochs;
    const restoreBest = () => {
      if (!isOver() || !stopper) return;
      stopper.restore(arena);
      pass.isCurrent = false;
      pass.guard = undefined;
    };
    if (plan.standardize && !this.standardization) {
      const { measure, measured } = await import('../data/measure-columns.js');
      await measure(arena, data.samples, 0, turnTaker(plan.signal));
      this.standardize(measured(arena, data.samples));
    }
    restoreBest();
    while (!isOver()) {
      isWithin = true;
      const { isStopped, ...result } = lbfgs
        ? await lbfgs.run(epoch)
        : await runner.run(epoch, this.epochsTrained, run);
      isWithin = false;
      run = undefined;
      this.epochsTrained++;
      const report: EpochReport = { epoch, epochs, ...result, secondsLeft: 0 };
      const isWhole = result.samples === data.samples;
      // nothing is left to stop
      const isLast = epoch + 1 === epochs && isWhole;
      if (isWhole) {
        if (validation) report.validation = runner.timed(() => this.validate(validation));
        this.clock.endEpoch((report.validation ?? report).cost);
        const isEnough = report.validation && stopper?.observe(epoch, report.validation, arena);
        if (isEnough && !isLast) report.stopped = 'earlyStopping';
      }
      if (stopper && (epoch > 0 || report.validation)) report.bestEpoch = stopper.bestEpoch;
      if (lbfgs?.isDone && !isLast) report.stopped = 'converged';
      if (isStopped && !isLast) report.stopped = 'callback';
      report.secondsLeft = report.stopped ? 0 : runner.secondsLeft;
      epoch++;
      // before the callback, which may save where the training stands
      stopped = report.stopped;
      if (plan.onEpoch?.(report) === false && !isLast) {
        report.stopped ??= 'callback';
        report.secondsLeft = 0;
      }
      stopped = report.stopped;
      restoreBest();
      yield report;
    }
  }

  async fitStream(source: DataSource, options: StreamOptions): Promise<EpochReport[]> {
    // loaded where it is used: a small network should stay a small page
    const { fitStream } = await import('./stream.js');
    return fitStream(this, source, options);
  }

  trainFor(data: DataSet, milliseconds: number, options: TrainForOptions): TrainForReport {
    this.arena.checkAlive();
    checkObject('options', options, ['batchSize', 'accumulate', 'optimizer', 'shuffle', 'ignoreNonFinite']);
    checkPositive('milliseconds', milliseconds);
    const { stepRows, optimizer, ...rest } = checkSteps(options, this.#optimizer);
    if (optimizer.name === 'lbfgs') {
      throw outOfRange('options.optimizer', 'lbfgs', 'one that takes a step at a time: lbfgs needs fit');
    }
    checkIsObject('data', data);
    this.checkIdle('trainFor');
    const current = this.#timeBoxed;
    const optionsFor = (samples: number) => ({
      ...rest,
      samples,
      stepRows: rowsOfStep(stepRows, samples, optimizer),
      isTrial: false,
    });
    if (slotsOf(optimizer) === this.arena.plan.slots && current?.continues(data, optionsFor(current.samples))) {
      this.setOptimizer(optimizer);
      return this.#timed(current, milliseconds);
    }
    const checked = checkData('data', data, this.arena.spec);
    const stepper = optionsFor(checked.samples);
    const callOptions = once(() => ({
      ...this.#optionsOf('trainFor', checked, stepper),
      slots: slotsOf(optimizer),
    }));
    const place = this.#loadSet(checked, stepper.stepRows, optimizer, callOptions);
    const nextStream = () => this.epochsTrained++;
    const training = new TimeBoxedTraining(this, checked, stepper, nextStream, callOptions);
    if (place) {
      this.setOptimizer(optimizer);
      // an epoch that is begun has been counted
      training.resume(place, this.epochsTrained - 1);
    }
    this.#timeBoxed = training;
    return this.#timed(training, milliseconds);
  }

  /** After an error the next call begins an epoch. */
  #timed(training: TimeBoxedTraining, milliseconds: number): TrainForReport {
    this.#timeBoxed = undefined;
    const report = training.run(milliseconds);
    this.#timeBoxed = training;
    return report;
  }

  trainBatch(x: Inputs, y: Targets, weights: Float32Array | undefined): number {
    this.arena.checkAlive();
    const rows = checkInputs('x', x, this.arena.spec);
    checkTargets('y', y, rows, this.arena.spec);
    if (weights !== undefined) checkWeights('weights', weights, rows);
    this.#checkStep('trainBatch', rows);
    this.#guard.enter(this.arena, this.pass, this.clock);
    const rate = this.clock.next();
    this.reserveRows(rows);
    const { core, header } = this.arena;
    this.pass.keepStep?.();
    this.writeStep(this.trainingSamples ?? rows, rate);
    // a cost of one's own may throw: what lies in the batch is then no pass
    this.pass.done = 'nothing';
    this.pass.isCurrent = false;
    writeWindow(this.arena, { samples: rows, inputs: x, targets: y, weights }, 0, rows);
    header.setFloat64(abi.COST_SUM, 0, true);
    const isTaken = Boolean(core.trainRows(rows));
    this.pass.done = isTaken ? 'backward' : 'forward';
    if (isTaken) this.clock.steps++;
    this.#guard.leave(this.arena, this.pass, this.clock, isTaken);
    return header.getFloat64(abi.COST_SUM, true) / rows;
  }

  applyGradients(): void {
    this.arena.checkAlive();
    if (this.pass.done !== 'gradients' || !this.pass.isCurrent) {
      throw new Error('applyGradients: got no gradients of the last batch, want forward(x) and backward(y) first');
    }
    this.#checkStep('applyGradients', this.pass.rows);
    this.#guard.enter(this.arena, this.pass, this.clock);
    this.writeStep(this.trainingSamples ?? this.pass.rows, this.clock.next());
    this.arena.core.applyGradients();
    this.pass.isCurrent = false;
    this.clock.steps++;
    this.#guard.leave(this.arena, this.pass, this.clock, true);
  }

  /** Room for the batch that comes now; a training set in use stays where it is. */
  reserveRows(rows: number): void {
    if (rows > this.arena.plan.capacity) {
      if (this.isTraining) {
        throw outOfRange('x', `${rows} rows during fit`, `at most batchSize = ${this.arena.plan.capacity}`);
      }
      this.arena.reserve(rows, slotsOf(this.#optimizer));
    }
    this.pass.rows = rows;
  }

  /** Another optimizer starts with an empty state; the same one with other numbers keeps what it has gathered. */
  setOptimizer(optimizer: Optimizer): void {
    const arena = this.arena;
    const isNew = this.#isOther(optimizer);
    if (slotsOf(optimizer) !== arena.plan.slots) {
      arena.reserve(arena.plan.capacity, slotsOf(optimizer));
      // the batch has moved
      this.pass.done = 'nothing';
      this.pass.isCurrent = false;
    }
    this.#optimizer = optimizer;
    if (isNew || !this.clock.isOf(optimizer.learningRate)) this.clock = new RateClock(optimizer.learningRate);
    this.pass.guard = undefined;
    if (!isNew) return;
    arena.floats(arena.plan.state, arena.plan.slots * arena.plan.parameterFloats).fill(0);
    arena.header.setUint32(abi.OPTIMIZER_STEPS, 0, true);
  }

  checkIdle(call: string): void {
    if (this.isTraining) throw new Error(`${call}: got a call while this network is being trained, want one at a time`);
  }

  /**
   * Takes a whole data set into the network's memory, to be trained on by this optimizer. Returns the place from which a call with these
   * options goes on, where the network was loaded into the middle of it.
   */
  #loadSet(data: CheckedData, stepRows: number, optimizer: Optimizer, options: () => CallOptions): Place | undefined {
    const load = (slots: number) => {
      this.arena.reserve(Math.min(stepRows, MAX_CHUNK_ROWS), slots, setSize(data));
      this.pass.done = 'nothing';
      this.pass.isCurrent = false;
      loadTrainingSet(this.arena, data);
    };
    if (this.resumption) {
      load(this.arena.plan.slots);
      const place = this.resumption.enter(options(), this.#optimizer);
      this.resumption = undefined;
      if (place) return place;
    }
    load(slotsOf(optimizer));
    this.setOptimizer(optimizer);
    this.trainingSamples = data.samples;
    return undefined;
  }

  /** What must be the same where a call on data that lie in the memory goes on. */
  #optionsOf(
    call: CallOptions['call'],
    data: CheckedData,
    options: Pick<StepperOptions, 'stepRows' | 'shuffle' | 'ignoreNonFinite'>,
  ): CallOptions {
    const { stepRows, shuffle, ignoreNonFinite } = options;
    const { samples } = data;
    return { call, samples, data: checksumOfSet(this.arena), stepRows, shuffle, ignoreNonFinite };
  }

  /** Steps taken in the network's life. */
  get steps(): number {
    return this.arena.header.getUint32(abi.STEP_COUNT, true);
  }

  /** Where the call in progress stands, or the one that may be gone on with. */
  get place(): Place | undefined {
    return this.describe?.() ?? this.#timeBoxed?.place ?? this.resumption?.place;
  }

  /** Address of the parameters that training goes on from. */
  get parameters(): number {
    return this.#lbfgs?.start?.parameters ?? this.arena.plan.parameters;
  }

  /** All that training on needs beside the parameters. */
  get state(): TrainingState {
    const { slots, state, parameterFloats } = this.arena.plan;
    return {
      ...(this.#lbfgs?.start?.counts ?? this.counts),
      hasFunction: typeof this.#optimizer.learningRate === 'function',
      slots: Array.from({ length: slots }, (_, i) => unpack(this.arena, state + 4 * i * parameterFloats)),
      place: this.place,
    };
  }

  get counts(): Counts {
    const { header } = this.arena;
    return {
      steps: this.steps,
      optimizerSteps: header.getUint32(abi.OPTIMIZER_STEPS, true),
      pairs: header.getUint32(abi.PAIRS, true),
      previousCost: header.getFloat64(abi.PREVIOUS_COST, true),
      momentumProduct: header.getFloat64(abi.MOMENTUM_PRODUCT, true),
      clock: this.clock.state,
    };
  }

  makeRunner(plan: TrainPlan): EpochRunner {
    return new EpochRunner(this, plan);
  }

  validate(data: CheckedData): Evaluation {
    // once more: the caller's arrays may have changed since
    checkTargets('options.validation.targets', data.targets, data.samples, this.arena.spec);
    return evaluate(this.arena, this.pass, data);
  }

  /** Of another kind, or with another number of slots. */
  #isOther(optimizer: Optimizer): boolean {
    return optimizer.name !== this.#optimizer.name || slotsOf(optimizer) !== slotsOf(this.#optimizer);
  }

  /** Whether the optimizer can make a step on one batch of `rows`. */
  #checkStep(where: string, rows: number): void {
    const { name } = this.#optimizer;
    if (name === 'lbfgs') throw outOfRange(where, 'one batch with lbfgs', 'fit for this optimizer');
    const samples = this.trainingSamples ?? rows;
    if (isFullBatch(this.#optimizer) && rows < samples) {
      throw outOfRange(where, `${rows} rows with ${name}`, `all ${samples} (trainingSamples) for this optimizer`);
    }
  }

  /** What the optimizer's step reads from the header. */
  writeStep(samples: number, learningRate?: number): void {
    const { header } = this.arena;
    writeOptimizer(header, this.#optimizer);
    if (learningRate !== undefined) header.setFloat64(abi.LEARNING_RATE, learningRate, true);
    header.setFloat64(abi.TRAINING_SAMPLES, samples, true);
  }
}
