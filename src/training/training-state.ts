import { checkInteger, counted, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { pack, unpack } from '../core/parameters.js';
import type { Pass } from '../model/pass.js';
import { RANDOM_STEPS } from '../spec/codes.js';
import { defaultOptimizer, isFullBatch, isOtherKind, numbersOf, type Optimizer, slotsOf } from '../spec/optimizer.js';
import { type ClockState, RateClock } from '../spec/schedule.js';
import { countParameters } from '../spec/spec.js';
import { Fallback } from './fallback.js';
import type { Counts } from './place.js';
import type { Trainee } from './stepper.js';

/** The slot of the optimizer's state that holds the step lengths of iRPROP+. */
const IRPROP_STEP = 0;

/**
 * The state that training changes besides the parameters: the optimizer, with its state and its schedule, and counts
 * that continue from call to call.
 */
export class TrainingState implements Trainee {
  readonly arena: Arena;
  readonly pass: Pass;
  readonly fallback = new Fallback(this);
  #optimizer: Optimizer = defaultOptimizer();
  #clock = new RateClock(this.#optimizer.learningRate);
  #trainingSamples: number | undefined;
  #epochsTrained = 0;

  constructor(arena: Arena, pass: Pass) {
    this.arena = arena;
    this.pass = pass;
  }

  get optimizer(): Optimizer {
    return this.#optimizer;
  }

  /** Counts the steps and epochs under the optimizer's learning rate. */
  get clock(): RateClock {
    return this.#clock;
  }

  /** Steps taken in the network's life. */
  get steps(): number {
    return this.arena.header.stepCount;
  }

  /** n of the penalties; undefined: the number of rows in a batch. */
  get trainingSamples(): number | undefined {
    return this.#trainingSamples;
  }

  set trainingSamples(samples: number | undefined) {
    this.arena.checkAlive();
    this.#trainingSamples =
      samples === undefined ? undefined : checkInteger('trainingSamples', samples, 1, Number.MAX_SAFE_INTEGER);
  }

  /** Epochs that have been started in the network's life. The number determines the random order of the samples. */
  get epochsTrained(): number {
    return this.#epochsTrained;
  }

  set epochsTrained(count: number) {
    this.#epochsTrained = count;
  }

  countEpoch(): void {
    this.#epochsTrained++;
  }

  /**
   * Changes the optimizer. One of another kind starts with an empty state; one of the same kind, with other numbers,
   * keeps the state.
   */
  useOptimizer(optimizer: Optimizer): void {
    const { arena, pass } = this;
    const isOther = this.isOther(optimizer);
    if (slotsOf(optimizer) !== arena.plan.slots) {
      // its slots start from zeros
      arena.reserve(arena.plan.capacity, slotsOf(optimizer));
      // the batch buffers have moved
      pass.clear();
    } else if (isOther) arena.floats(arena.plan.state, arena.plan.slots * arena.plan.parameterFloats).fill(0);
    this.#optimizer = optimizer;
    if (isOther || !this.#clock.isContinuedBy(optimizer.learningRate))
      this.#clock = new RateClock(optimizer.learningRate);
    pass.dropGuards();
    if (isOther) arena.header.optimizerSteps = 0;
  }

  /**
   * Asks for the learning rate of the first step with this optimizer, before anything has changed. If the rate is a
   * function that throws, throws the same error; if the function returns no rate, throws a RangeError.
   */
  checkRate(optimizer: Optimizer): void {
    const { learningRate } = optimizer;
    const isNew = this.isOther(optimizer) || !this.#clock.isContinuedBy(learningRate);
    (isNew ? new RateClock(learningRate) : this.#clock).next();
  }

  /** Changes the optimizer, and starts the schedule of its learning rate from the beginning. */
  restartOptimizer(optimizer: Optimizer): void {
    new RateClock(optimizer.learningRate).next();
    this.useOptimizer(optimizer);
    this.#clock = new RateClock(optimizer.learningRate);
  }

  /** True if the optimizer is of another kind than the network's, or has another number of slots. */
  isOther(optimizer: Optimizer): boolean {
    return isOtherKind(optimizer, this.#optimizer);
  }

  /** Refuses a step on one batch of `rows` rows if the optimizer cannot take it. */
  checkStep(where: string, rows: number): void {
    const { name } = this.#optimizer;
    if (name === 'lbfgs') throw outOfRange(where, 'one batch with lbfgs', 'fit for this optimizer');
    const samples = this.#trainingSamples ?? rows;
    if (isFullBatch(this.#optimizer) && rows < samples) {
      throw outOfRange(
        where,
        `${counted(rows, 'row')} with ${name}`,
        `all ${samples} (trainingSamples) for this optimizer`,
      );
    }
  }

  /**
   * Writes everything that a step reads of the optimizer into the header. `samples`: n of the penalties. Without
   * `learningRate`, the learning rate stays as it is.
   */
  writeStep(samples: number, learningRate?: number): void {
    const { header } = this.arena;
    header.setOptimizer(numbersOf(this.#optimizer));
    if (learningRate !== undefined) header.learningRate = learningRate;
    header.trainingSamples = samples;
    if (this.#optimizer.name === 'irprop' && this.#optimizer.spread > 0 && header.optimizerSteps === 0) {
      this.#drawSteps(this.#optimizer.spread, learningRate ?? this.#clock.next());
    }
  }

  /** The first steps of iRPROP+, one for each parameter in their order, whatever the layout of the memory. */
  #drawSteps(spread: number, learningRate: number): void {
    const { arena } = this;
    const address = this.#addressOf(IRPROP_STEP);
    const count = countParameters(arena.spec);
    arena.core.fillUniform(address, count, spread, RANDOM_STEPS, 0);
    const drawn = arena.floats(address, count).slice();
    pack(
      arena,
      address,
      drawn.map((share) => learningRate * (1 + share)),
    );
  }

  /**
   * True if the slots have their memory: a network that was loaded has none for them before its first step. Before they
   * are read, the processes of a team bring them together.
   */
  get #hasSlots(): boolean {
    this.arena.core.team?.gatherState();
    return this.arena.plan.slots === slotsOf(this.#optimizer);
  }

  /** One slot of the optimizer: a number for each parameter, in the order of the parameters. */
  readSlot(slot: number): Float32Array {
    const { parameters } = this.arena.plan;
    return this.#hasSlots ? unpack(this.arena, this.#addressOf(slot)) : unpack(this.arena, parameters).fill(0);
  }

  /** All slots of the optimizer; none while they are zeros that no memory has been reserved for. */
  readSlots(): Float32Array[] {
    const length = this.#hasSlots ? this.arena.plan.slots : 0;
    return Array.from({ length }, (_, slot) => this.readSlot(slot));
  }

  writeSlots(slots: readonly Float32Array[]): void {
    if (slots.length > 0) this.arena.reserve(this.arena.plan.capacity, slots.length);
    slots.forEach((values, slot) => {
      pack(this.arena, this.#addressOf(slot), values);
    });
  }

  #addressOf(slot: number): number {
    const { state, parameterFloats } = this.arena.plan;
    return state + 4 * slot * parameterFloats;
  }

  get counts(): Counts {
    const { stepCount, optimizerSteps, pairs, previousCost, momentumProduct } = this.arena.header;
    return { steps: stepCount, optimizerSteps, pairs, previousCost, momentumProduct, clock: this.#clock.state };
  }

  set counts({ steps, optimizerSteps, pairs, previousCost, momentumProduct, clock }: Counts) {
    Object.assign(this.arena.header, { stepCount: steps, optimizerSteps, pairs, previousCost, momentumProduct });
    this.#clock.state = clock;
  }

  /** Puts back the state that every file holds. */
  restore(saved: {
    readonly optimizer: Optimizer;
    readonly schedule: ClockState | undefined;
    readonly trainingSamples: number | undefined;
    readonly epochsTrained: number;
  }): void {
    // no memory for its slots yet: a small file may ask for much, and predictions need none
    this.#optimizer = saved.optimizer;
    this.#clock = new RateClock(saved.optimizer.learningRate);
    if (saved.schedule) this.#clock.state = saved.schedule;
    this.#trainingSamples = saved.trainingSamples;
    this.#epochsTrained = saved.epochsTrained;
  }
}
