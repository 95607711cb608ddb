import { checkIsObject, checkObject, checkPositive, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { MAX_CHUNK_ROWS } from '../core/memory-plan.js';
import {
  type CheckedData,
  checkData,
  checkInputs,
  checksumOfSet,
  checkTargets,
  checkWeights,
  type DataSet,
  type Inputs,
  loadTrainingSet,
  setSize,
  type Targets,
  writeWindow,
} from '../data/data-set.js';
import { type Standardization, writeStandardization } from '../data/standardization.js';
import { type Evaluation, evaluate } from '../model/evaluate.js';
import type { Pass } from '../model/pass.js';
import { checkOptimizer, type Optimizer, slotsOf } from '../spec/optimizer.js';
import { CallInProgress } from './call-in-progress.js';
import { BatchGuard } from './non-finite.js';
import { checkSteps, rowsOfStep, STEP_KEYS, type StepSettings, type TrainForOptions } from './options.js';
import type { CallOptions, Place, SavedTraining } from './place.js';
import type { TrainForReport } from './reports.js';
import { TimeBoxedTraining } from './time-boxed.js';
import { TrainingState } from './training-state.js';

/** The training half of a Network: the calls that take steps at once, and what fit and fitStream share with them. */
export class Trainer {
  readonly arena: Arena;
  readonly pass: Pass;
  readonly state: TrainingState;
  readonly call = new CallInProgress();
  readonly #guard = new BatchGuard();
  #standardization: Standardization | undefined;
  /** The last trainFor, which the next one resumes. */
  #timeBoxed: TimeBoxedTraining | undefined;

  constructor(arena: Arena, pass: Pass) {
    this.arena = arena;
    this.pass = pass;
    this.state = new TrainingState(arena, pass);
  }

  get optimizer(): Optimizer {
    return this.state.optimizer;
  }

  set optimizer(optimizer: Optimizer) {
    this.arena.checkAlive();
    const checked = checkOptimizer(optimizer);
    if (this.call.isRunning) {
      if (this.state.isOther(checked)) {
        const wanted = `${this.optimizer.name} until it ends`;
        throw outOfRange('optimizer', `another one, ${checked.name}, during fit`, wanted);
      }
      // the steps before can be repeated with the optimizer they were taken with, and with no other
      this.pass.checkGuard();
    }
    this.state.restartOptimizer(checked);
    this.call.followOptimizer(checked);
  }

  /** What every input becomes before the first layer. */
  get standardization(): Standardization | undefined {
    return this.#standardization;
  }

  standardize(standardization: Standardization | undefined): void {
    writeStandardization(this.arena, standardization);
    this.#standardization = standardization;
    this.pass.outdate();
  }

  trainFor(data: DataSet, milliseconds: number, options: TrainForOptions): TrainForReport {
    this.arena.checkAlive();
    checkObject('options', options, STEP_KEYS);
    checkPositive('milliseconds', milliseconds);
    const settings = checkSteps(options, this.optimizer);
    const { optimizer } = settings;
    if (optimizer.name === 'lbfgs') {
      throw outOfRange('options.optimizer', 'lbfgs', 'one that takes a step at a time: lbfgs needs fit');
    }
    checkIsObject('data', data);
    this.call.checkIdle('trainFor');
    const current = this.#timeBoxed;
    const hasState = slotsOf(optimizer) === this.arena.plan.slots;
    if (current && hasState && current.continues(data, stepsOf(settings, current.samples))) {
      this.state.useOptimizer(optimizer);
      return this.#runFor(current, milliseconds);
    }
    return this.#runFor(this.#startTimeBoxed(data, settings), milliseconds);
  }

  #startTimeBoxed(data: DataSet, settings: StepSettings): TimeBoxedTraining {
    const checked = checkData('data', data, this.arena.spec);
    const steps = stepsOf(settings, checked.samples);
    const slots = slotsOf(settings.optimizer);
    const callOptions = once(() => ({ ...this.optionsOf('trainFor', checked.samples, steps), slots }));
    const place = this.loadSet(checked, steps, callOptions);
    const training = new TimeBoxedTraining(this.state, checked, steps, callOptions);
    if (place) {
      this.state.useOptimizer(settings.optimizer);
      training.resume(place);
    }
    return training;
  }

  /** Another training set has come into the memory: the next trainFor begins anew. */
  endTimeBoxed(): void {
    this.#timeBoxed = undefined;
  }

  /** After an error the next call begins an epoch. */
  #runFor(training: TimeBoxedTraining, milliseconds: number): TrainForReport {
    this.#timeBoxed = undefined;
    const report = training.run(milliseconds);
    this.#timeBoxed = training;
    return report;
  }

  trainBatch(x: Inputs, y: Targets, weights: Float32Array | undefined): number {
    const { arena, pass, state } = this;
    arena.checkAlive();
    const rows = checkInputs('x', x, arena.spec);
    checkTargets('y', y, rows, arena.spec);
    if (weights !== undefined) checkWeights('weights', weights, rows);
    state.checkStep('trainBatch', rows);
    this.#guard.enter(arena, pass, state.clock);
    const rate = state.clock.next();
    this.reserveRows(rows);
    pass.keepStep();
    state.writeStep(state.trainingSamples ?? rows, rate);
    // a cost of one's own may throw: what lies in the batch is then no pass
    pass.clear();
    writeWindow(arena, { samples: rows, inputs: x, targets: y, weights }, 0, rows);
    const { core, header } = arena;
    header.costSum = 0;
    const isTaken = Boolean(core.trainRows(rows));
    if (isTaken) {
      pass.holdBackward(rows);
      state.clock.steps++;
    } else pass.holdForward(rows);
    this.#guard.leave(arena, pass, state.clock, isTaken);
    return header.costSum / rows;
  }

  applyGradients(): void {
    const { arena, pass, state } = this;
    arena.checkAlive();
    if (!pass.hasGradients || !pass.isCurrent) {
      throw new Error('applyGradients: got no gradients of the last batch, want forward(x) and backward(y) first');
    }
    state.checkStep('applyGradients', pass.rows);
    this.#guard.enter(arena, pass, state.clock);
    state.writeStep(state.trainingSamples ?? pass.rows, state.clock.next());
    arena.core.applyGradients();
    pass.outdate();
    state.clock.steps++;
    this.#guard.leave(arena, pass, state.clock, true);
  }

  /** Room for the batch that comes now; a training set in use stays where it is. */
  reserveRows(rows: number): void {
    if (rows <= this.arena.plan.capacity) return;
    if (this.call.isRunning) {
      throw outOfRange('x', `${rows} rows during fit`, `at most batchSize = ${this.arena.plan.capacity}`);
    }
    this.arena.reserve(rows, slotsOf(this.optimizer));
  }

  /**
   * Takes a whole data set into the network's memory, to be trained on by this optimizer. Returns the place from which a call with these
   * options resumes, where the network was loaded into the middle of it.
   */
  loadSet(
    data: CheckedData,
    { stepRows, optimizer }: Pick<StepSettings, 'stepRows' | 'optimizer'>,
    options: () => CallOptions,
  ): Place | undefined {
    if (this.call.hasResumption) {
      this.loadRows(data, stepRows, this.arena.plan.slots);
      const place = this.call.enter(options(), this.optimizer);
      this.call.dropResumption();
      if (place) return place;
    }
    this.loadRows(data, stepRows, slotsOf(optimizer));
    this.state.useOptimizer(optimizer);
    this.state.trainingSamples = data.samples;
    return undefined;
  }

  /** Copies samples to where training reads them. The memory grows where they are more than all before. */
  loadRows(data: CheckedData, stepRows: number, slots: number): void {
    this.arena.reserve(Math.min(stepRows, MAX_CHUNK_ROWS), slots, setSize(data));
    this.pass.clear();
    loadTrainingSet(this.arena, data);
  }

  /** What must be the same where a call on data that lie in the memory resumes. */
  optionsOf(
    call: CallOptions['call'],
    samples: number,
    { stepRows, shuffle, ignoreNonFinite }: Pick<StepSettings, 'stepRows' | 'shuffle' | 'ignoreNonFinite'>,
  ): CallOptions {
    return { call, samples, data: checksumOfSet(this.arena), stepRows, shuffle, ignoreNonFinite };
  }

  validate(data: CheckedData): Evaluation {
    // once more: the caller's arrays may have changed since
    checkTargets('options.validation.targets', data.targets, data.samples, this.arena.spec);
    return evaluate(this.arena, this.pass, data);
  }

  /** Where the call in progress stands, or the one that may be resumed. */
  get place(): Place | undefined {
    return this.call.place ?? this.#timeBoxed?.place;
  }

  /** Address of the parameters that training resumes from. */
  get parameters(): number {
    return this.call.stepStart?.parameters ?? this.arena.plan.parameters;
  }

  /** Everything beside the parameters that training needs to resume. */
  get saved(): SavedTraining {
    return {
      ...(this.call.stepStart?.counts ?? this.state.counts),
      hasFunction: typeof this.optimizer.learningRate === 'function',
      slots: this.state.readSlots(),
      place: this.place,
    };
  }

  /** Puts it into a network that has the parameters and the optimizer already. */
  resume({ slots, place, hasFunction: _, ...counts }: SavedTraining): void {
    this.state.counts = counts;
    this.state.writeSlots(slots);
    this.call.resumeAt(place);
  }
}

/** What a step of trainFor is, on so many samples. */
function stepsOf(settings: StepSettings, samples: number) {
  const { optimizer, shuffle, ignoreNonFinite } = settings;
  const stepRows = rowsOfStep(settings.stepRows, samples, optimizer);
  return { samples, stepRows, optimizer, shuffle, ignoreNonFinite, isTrial: false };
}

/** Calls once, and remembers: checksums of data take their time. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
