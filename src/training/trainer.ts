import { counted, outOfRange } from '../check/errors.js';
import type { Arena, Scaling } from '../core/arena.js';
import { MAX_CHUNK_ROWS, type SetSize } from '../core/memory-plan.js';
import { checksumOfSet, checksumOfVersion1 } from '../data/checksums.js';
import {
  type Arrays,
  type CheckedData,
  loadInputsInBlocks,
  loadTrainingSet,
  sameArrays,
  setSize,
  writeWindow,
} from '../data/data-set.js';
import { checkInputShape, checkInputs, type InputArray, type Inputs } from '../data/inputs.js';
import { weighted } from '../data/pick.js';
import { typedInputs, typedTargets, typedWeights } from '../data/plain-data.js';
import { checkTargets, checkWeights, type SampleWeights, type TargetArray, type Targets } from '../data/targets.js';
import { checkKnownGoal, type KnownGoal } from '../data/task.js';
import type { Pass } from '../model/pass.js';
import { type Names, namesFor } from '../spec/names.js';
import { checkOptimizer, type Optimizer, slotsOf } from '../spec/optimizer.js';
import { CallInProgress } from './call-in-progress.js';
import { BatchGuard } from './non-finite.js';
import type { StepSettings } from './options.js';
import type { CallOptions, Place, SavedTraining } from './place.js';
import type { StepSizes } from './steps.js';
import type { TimeBoxedTraining } from './time-boxed.js';
import { TrainingState } from './training-state.js';

/** The names of the parts of a batch in messages. */
const BATCH_NAMES = ['x', 'y', 'weights'] as const;

/**
 * The training half of a Network: the synchronous calls that take steps, and everything that fit and fitStream share
 * with them.
 */
export class Trainer {
  readonly arena: Arena;
  readonly pass: Pass;
  readonly state: TrainingState;
  readonly call: CallInProgress;
  /** The goal of the network, as far as it is known. */
  goal: KnownGoal = {};
  readonly #guard = new BatchGuard();
  /** The training of the last trainFor, which the next one may continue; undefined: its data have been overwritten. */
  timeBoxed: TimeBoxedTraining | undefined;

  /** True for the arrays that the memory holds as the training set; undefined: others may have changed them. */
  #isLoaded: ((arrays: Arrays) => boolean) | undefined;

  constructor(arena: Arena, pass: Pass) {
    this.arena = arena;
    this.pass = pass;
    this.state = new TrainingState(arena, pass);
    this.call = new CallInProgress(arena);
  }

  get optimizer(): Optimizer {
    return this.state.optimizer;
  }

  set optimizer(optimizer: Optimizer) {
    this.arena.checkAlive();
    const checked = checkOptimizer(optimizer);
    if (this.call.isRunning) {
      this.call.checkOptimizer(checked);
      // with another optimizer, earlier steps could no longer be repeated, so the parameters are checked now
      this.pass.checkGuard();
    }
    this.state.restartOptimizer(checked);
    this.call.replaceOptimizer(checked);
  }

  /** How inputs and targets are standardised. */
  get scaling(): Scaling {
    const { standardization, targetScale } = this.arena;
    return { standardization, targetScale };
  }

  set scaling({ standardization, targetScale }: Scaling) {
    const { arena } = this;
    Object.assign(arena, { standardization, targetScale });
    // a training set in the memory keeps its old standardisation, so it must be copied again
    this.timeBoxed = undefined;
    this.#isLoaded = undefined;
    this.pass.outdate();
  }

  /** True if these arrays lie in the memory as the training set, with the present standardisation. */
  readonly isLoaded = (arrays: Arrays): boolean => Boolean(this.#isLoaded?.(arrays));

  /** Takes the names that come with data, where the network has none. */
  takeNames(given: Names = {}): void {
    this.arena.names = namesFor('data', given, this.arena.names);
  }

  /** Puts a scaling back. If it has not changed, nothing else does. */
  restoreScaling(scaling: Scaling): void {
    const { standardization, targetScale } = this.arena;
    if (standardization !== scaling.standardization || targetScale !== scaling.targetScale) this.scaling = scaling;
  }

  /** A call starts to train: should it fail, the network falls back to its present state. */
  keepFallback(isGuarded: boolean): void {
    const { fallback } = this.state;
    if (isGuarded) fallback.keep();
    else fallback.drop();
  }

  /**
   * The targets of a batch in a typed array. Refuses targets that do not fit the network, or contradict what it learns.
   */
  takeTargets(where: string, given: Targets, rows: number): TargetArray {
    const targets = typedTargets(where, given, rows, this.arena) as TargetArray;
    checkTargets(where, targets, rows, this.arena.spec);
    checkKnownGoal(where, targets, this.goal, this.arena.spec);
    return targets;
  }

  trainBatch(given: Inputs, givenTargets: Targets, givenWeights: SampleWeights | undefined): number {
    const { arena, state } = this;
    arena.checkAlive();
    // first of all, because a learning rate that is a function may do anything: use the network, or change the batch
    const rate = state.clock.next();
    const x = typedInputs('x', given, arena) as InputArray;
    const rows = checkInputShape('x', x, arena.spec);
    const y = this.takeTargets('y', givenTargets, rows);
    const weights = typedWeights('weights', givenWeights, rows) as Float32Array | undefined;
    if (weights !== undefined) checkWeights('weights', weights, rows);
    const batch = weighted({ names: BATCH_NAMES, samples: rows, inputs: x, targets: y, weights }, arena.spec);
    return this.#takeStep(batch, rate);
  }

  #takeStep(batch: CheckedData, rate: number): number {
    const { arena, pass, state } = this;
    const { samples: rows } = batch;
    state.checkStep('trainBatch', rows);
    this.#guard.beforeStep(arena, pass, state.clock);
    this.reserveRows(batch.inputs, rows);
    writeWindow(arena, batch, 0, rows);
    pass.keepStep();
    state.writeStep(state.trainingSamples ?? rows, rate);
    // a custom cost may throw, and the buffers then hold no complete pass
    pass.clear();
    const { core, header } = arena;
    header.costSum = 0;
    const isTaken = Boolean(core.trainRows(rows));
    if (isTaken) {
      pass.holdBackward(rows);
      state.clock.steps++;
    } else pass.holdForward(rows);
    this.#guard.afterStep(arena, pass, state.clock, isTaken);
    return header.costSum / rows;
  }

  applyGradients(): void {
    const { arena, pass, state } = this;
    arena.checkAlive();
    if (!pass.hasGradients || !pass.isCurrent) {
      throw new Error('applyGradients: got no gradients of the last batch, want forward(x) and backward(y) first');
    }
    state.checkStep('applyGradients', pass.counted);
    this.#guard.beforeStep(arena, pass, state.clock);
    state.writeStep(state.trainingSamples ?? pass.counted, state.clock.next());
    arena.core.applyGradients();
    pass.outdate();
    state.clock.steps++;
    this.#guard.afterStep(arena, pass, state.clock, true);
  }

  /**
   * Makes room for the batch x and for the optimizer's slots. While a training set is in use, the memory cannot grow:
   * throws instead.
   */
  reserveRows(x: InputArray, rows: number): void {
    const { arena } = this;
    const slots = slotsOf(this.optimizer);
    if (arena.hasRoom(rows, slots)) return;
    const { capacity } = arena.plan;
    if (rows > capacity && this.call.isRunning) {
      throw outOfRange('x', `${counted(rows, 'row')} during fit`, `at most batchSize = ${capacity}`);
    }
    // comes before the memory grows, because the earlier batch is then lost
    checkInputs('x', x, arena);
    arena.reserve(rows, slots);
    this.pass.clear();
  }

  /**
   * Asks for the first learning rate of a call, before the call changes anything. A call that may resume is asked by
   * `loadSet`: it may have no step left.
   */
  checkRate(optimizer: Optimizer): void {
    if (!this.call.resumption) this.state.checkRate(optimizer);
  }

  /**
   * Copies a whole data set into the network's memory, for training with this optimizer. If the network was loaded into
   * the middle of a call with equal options, returns the place at which the call resumes. `hasInputs`: the inputs are
   * in the memory already.
   */
  loadSet(
    data: CheckedData,
    { stepRows, optimizer }: Pick<StepSettings, 'stepRows' | 'optimizer'>,
    options: () => CallOptions,
    hasInputs = false,
  ): Place | undefined {
    if (this.call.resumption) {
      this.loadRows(data, stepRows, slotsOf(this.optimizer));
      const asked = options();
      const isOld = this.call.place?.isOfVersion1;
      const same = isOld ? { ...asked, data: checksumOfVersion1(data) } : asked;
      const place = this.call.placeFor(same, this.optimizer, this.arena);
      this.call.resumption = undefined;
      if (place) return place;
      this.state.checkRate(optimizer);
    }
    // the state of the optimizer stays until the data have been checked
    this.loadRows(data, stepRows, this.arena.plan.slots, hasInputs);
    this.state.useOptimizer(optimizer);
    this.state.trainingSamples = data.samples;
    return undefined;
  }

  /**
   * Copies samples to the place that training steps read, if they are not there. The memory grows if there are more
   * than ever before.
   */
  loadRows(data: CheckedData, stepRows: number, slots: number, hasInputs = false): void {
    const { arena } = this;
    const isLoaded = this.isLoaded(data);
    this.#makeRoom(stepRows, slots, hasInputs || isLoaded ? arena.set : setSize(arena, data));
    if (isLoaded) return;
    loadTrainingSet(arena, data, hasInputs);
    this.#isLoaded = sameArrays(data);
  }

  /**
   * Standardises the inputs of a data set that loadSet will load, in blocks, so that the event loop can run. `data`
   * must not change until then. A call that resumes has its place to find first, so it loads all at once. Returns true
   * if the inputs have been copied into the memory.
   */
  async standardizeInBlocks(data: CheckedData, stepRows: number, pause: () => Promise<void>): Promise<boolean> {
    if (this.call.resumption || this.isLoaded(data)) return false;
    const { arena } = this;
    // the state of the optimizer stays until the call can no longer be refused
    this.#makeRoom(stepRows, arena.plan.slots, setSize(arena, data));
    await loadInputsInBlocks(arena, data, pause);
    return true;
  }

  #makeRoom(stepRows: number, slots: number, set: SetSize | undefined): void {
    // the data of the last trainFor are overwritten, even if one of the new samples is then refused
    this.timeBoxed = undefined;
    if (set !== this.arena.set) this.#isLoaded = undefined;
    this.arena.reserve(Math.min(stepRows, MAX_CHUNK_ROWS), slots, set);
    this.pass.clear();
  }

  /** The options that must be equal for a later call to resume, if its data lie in the memory. */
  optionsOf(
    call: CallOptions['call'],
    samples: number,
    {
      stepRows,
      longSteps,
      shuffle,
      ignoreNonFinite,
    }: Omit<StepSizes, 'samples'> & Pick<StepSettings, 'shuffle' | 'ignoreNonFinite'>,
  ): CallOptions {
    return { call, samples, data: checksumOfSet(this.arena), stepRows, longSteps, shuffle, ignoreNonFinite };
  }

  /** The place of the call in progress, or else the place at which a call may resume. */
  get place(): Place | undefined {
    return this.call.place ?? this.timeBoxed?.place;
  }

  /** Address of the parameters that training resumes from. */
  get parameters(): number {
    return this.call.stepStart?.parameters ?? this.arena.plan.parameters;
  }

  /** Everything that training needs to resume, besides the parameters. */
  get saved(): SavedTraining {
    return {
      ...(this.call.stepStart?.counts ?? this.state.counts),
      hasFunction: typeof this.optimizer.learningRate === 'function',
      slots: this.state.readSlots(),
      place: this.place,
    };
  }
}
