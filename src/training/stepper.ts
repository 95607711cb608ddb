import type { Arena } from '../core/arena.js';
import { MAX_CHUNK_ROWS, MAX_RATES } from '../core/memory-plan.js';
import { pack, unpack } from '../core/parameters.js';
import type { Guard, Pass } from '../model/pass.js';
import { RANDOM_ORDER } from '../spec/codes.js';
import type { RateClock } from '../spec/schedule.js';
import { diagnose, isStateFinite, NonFiniteError, Snapshot } from './non-finite.js';
import type { RunPlace } from './place.js';
import { readTimer } from './timer.js';

// Steps over the training set that lies in the arena: a place in an epoch, moved on a slice at a time. Who calls decides how long a slice is.

/** The shortest time from one snapshot to the next; and at least so many times what the last one took, which large networks feel. */
const SNAPSHOT_MS = 100;
const SNAPSHOT_TIMES = 100;

/** What a stepper asks of the network whose steps it takes. */
export interface Trainee {
  readonly arena: Arena;
  readonly pass: Pass;
  readonly clock: RateClock;
  /** Puts what a step reads into the header, its learning rate excepted. `samples`: n of the penalties. */
  writeStep(samples: number): void;
}

export interface StepperOptions {
  readonly samples: number;
  /** n of the penalties, where these samples are but a part of those behind the cost. */
  readonly trainingSamples?: number;
  /** Steps of the epoch that went before these samples: an error counts them. Default 0. */
  readonly stepsBefore?: number;
  /** Samples behind one update. */
  readonly stepRows: number;
  readonly shuffle: boolean;
  readonly ignoreNonFinite: boolean;
  /** A pass of a line search: to it a cost that is not finite is one of a step too long, nothing to look into. */
  readonly isTrial: boolean;
}

export class Stepper implements Guard {
  /** Steps of an epoch. */
  readonly steps: number;
  /** Chunks of a full step. */
  readonly chunksPerStep: number;
  /** Samples of this epoch done so far. */
  position = 0;
  /** Learning rate of the last step. */
  learningRate = 0;
  readonly #trainee: Trainee;
  readonly #options: StepperOptions;
  readonly #chunkRows: number;
  readonly #snapshot = new Snapshot();
  #snapshotPosition = 0;
  #nextSnapshot = 0;
  #epoch = 0;
  /** Of the step in progress, where another call has overwritten it in the memory. */
  #step: RunPlace['step'];

  constructor(trainee: Trainee, options: StepperOptions) {
    this.#trainee = trainee;
    this.#options = options;
    this.#chunkRows = Math.min(options.stepRows, MAX_CHUNK_ROWS);
    this.steps = Math.ceil(options.samples / options.stepRows);
    this.chunksPerStep = Math.ceil(options.stepRows / this.#chunkRows);
  }

  /** Steps of this epoch that are done. */
  get stepsDone(): number {
    const { samples, stepRows } = this.#options;
    return this.position === samples ? this.steps : Math.floor(this.position / stepRows);
  }

  get isAtStepEnd(): boolean {
    return this.position % this.#options.stepRows === 0 || this.position === this.#options.samples;
  }

  /** Chunks that are left of the step in progress; those of a whole one between two. */
  get chunksToStepEnd(): number {
    return this.#chunksOfSteps(1);
  }

  /** Where it stands, but for the cost of the epoch. */
  get place(): Omit<RunPlace, 'cost'> {
    const { position, learningRate } = this;
    return this.isAtStepEnd
      ? { position, learningRate }
      : { position, learningRate, step: this.#step ?? this.#stepSoFar };
  }

  /** Begins an epoch in the `order`-th order of the samples, or resumes at a place. `epoch` is what an error names. */
  startEpoch(epoch: number, order: number, { position, learningRate, step }: Partial<RunPlace> = {}): void {
    const { samples, shuffle } = this.#options;
    const { core, header, plan } = this.#trainee.arena;
    header.trainingSet.order = shuffle ? plan.order : 0;
    if (shuffle) core.shuffle(plan.order, samples, RANDOM_ORDER, order);
    this.position = position ?? 0;
    this.learningRate = learningRate ?? 0;
    this.#step = step;
    this.#epoch = epoch;
    this.save();
    // parameters do not change within a step
    if (step) this.#snapshotPosition -= this.position % this.#options.stepRows;
  }

  /**
   * Up to `chunks` chunks, none past the end of the epoch. Returns `sum` and their samples' costs, added up one by one: what an epoch costs
   * must not depend on the slices it was trained in. Throws a NonFiniteError with the last finite parameters in place.
   */
  advance(chunks: number, sum: number): number {
    const { samples, stepRows, ignoreNonFinite } = this.#options;
    let count = chunks;
    // a callback that gives other weights or another optimizer: steps before it cannot be taken again with those
    const isOther = !this.#trainee.pass.isGuardedBy(this);
    if (!ignoreNonFinite && (isOther || readTimer() > this.#nextSnapshot)) {
      const done = this.position % stepRows;
      if (done === 0) this.save();
      // gradients that have been added up are in no snapshot: the next one waits for the end of the step
      else count = Math.min(count, this.chunksToStepEnd);
    }
    const cost = this.#slice(count, sum);
    if (cost === undefined && this.#options.isTrial) {
      this.position = samples;
      return Number.POSITIVE_INFINITY;
    }
    if (cost === undefined) throw this.#failure();
    if (this.position === samples) this.check();
    return cost;
  }

  get #isGuarded(): boolean {
    return !this.#options.ignoreNonFinite && !this.#options.isTrial;
  }

  /** Throws a NonFiniteError unless the parameters are finite, which they are after it. For where training may end. */
  check(): void {
    if (this.#isGuarded && !isStateFinite(this.#trainee.arena)) throw this.#failure();
  }

  /** Takes a snapshot, between two steps: what happened to the parameters before is none of an error's business. */
  save(): void {
    if (!this.#isGuarded) return;
    const started = readTimer();
    if (!this.#snapshot.take(this.#trainee.arena, this.#trainee.clock)) throw this.#failure();
    this.#snapshotPosition = this.position;
    const ended = readTimer();
    this.#nextSnapshot = ended + Math.max(SNAPSHOT_MS, SNAPSHOT_TIMES * (ended - started));
    this.#trainee.pass.guardBy(this);
  }

  /** undefined: the cost of the chunk at the position reached is not finite. The header is set anew: other calls may have come in between. */
  #slice(chunks: number, sum: number): number | undefined {
    const { arena, pass, clock } = this.#trainee;
    const { samples, trainingSamples, stepRows, ignoreNonFinite } = this.#options;
    const { core, header, plan } = arena;
    let count = chunks;
    let rates: Float64Array | undefined;
    // first, since a function may look at the network
    if (typeof clock.rate !== 'number') {
      // no more chunks than steps that have a rate: exact where a step is one chunk, fewer than might be where it is not
      rates = arena.doubles(plan.rateTable, Math.min(count, MAX_RATES, this.steps - this.stepsDone));
      count = Math.min(count, this.#chunksOfSteps(clock.fill(rates)));
    }
    this.#trainee.writeStep(trainingSamples ?? samples);
    header.stepRows = stepRows;
    header.chunkRows = this.#chunkRows;
    header.ignoreNonFinite = Number(ignoreNonFinite);
    header.costSum = sum;
    header.rates = rates ? plan.rateTable : 0;
    if (!rates) header.learningRate = clock.rate as number;
    const stepsBefore = header.stepCount;
    // a cost of one's own may throw amid a step: what lies in the batch is then no pass
    pass.clear();
    pass.dropGuards(this);
    if (this.#step) {
      pack(arena, plan.gradients, this.#step.sums);
      header.stepCost = this.#step.cost;
      this.#step = undefined;
    }
    pass.endStep();
    let position: number;
    let taken: number;
    try {
      position = core.trainChunks(this.position, count);
    } finally {
      header.ignoreNonFinite = 0;
      taken = (header.stepCount - stepsBefore) >>> 0;
      clock.steps += taken;
    }
    const isStopped = header.stopped !== 0;
    // a step that is not at its end has used its rate too
    const isWithin = position % stepRows !== 0 && position !== this.#options.samples;
    if (isWithin) {
      pass.startStep(() => {
        this.#step = this.#stepSoFar;
      });
    }
    this.learningRate = rates ? rates[Math.max(taken + Number(isWithin) - 1, 0)] : (clock.rate as number);
    this.position = position;
    // the chunk that stopped it lies in the buffers; else the last one. Gradients that are asked for are that chunk's, like z, a and delta
    if (isStopped) pass.holdForward(this.#rowsFrom(position));
    else pass.holdBackward(this.#rowsBefore(position));
    return isStopped ? undefined : header.costSum;
  }

  /** The sums of the step in progress, that lie in the memory. */
  get #stepSoFar(): RunPlace['step'] {
    const { header, plan } = this.#trainee.arena;
    return { cost: header.stepCost, sums: unpack(this.#trainee.arena, plan.gradients) };
  }

  /** Chunks from here to the end of the `steps`-th step. */
  #chunksOfSteps(steps: number): number {
    const within = Math.floor((this.position % this.#options.stepRows) / this.#chunkRows);
    return steps * this.chunksPerStep - within;
  }

  /** Rows of the chunk that begins at `position`. */
  #rowsFrom(position: number): number {
    const { samples, stepRows } = this.#options;
    const stepEnd = Math.min((Math.floor(position / stepRows) + 1) * stepRows, samples);
    return Math.min(this.#chunkRows, stepEnd - position);
  }

  /** Rows of the chunk that ends at `position`. */
  #rowsBefore(position: number): number {
    const { stepRows } = this.#options;
    const stepStart = Math.floor((position - 1) / stepRows) * stepRows;
    return (position - stepStart) % this.#chunkRows || this.#chunkRows;
  }

  /**
   * The error for the step that has left the finite numbers. If its update did, it is looked for: the steps since the snapshot are taken
   * again one by one, the same bits as before, up to the one before it.
   */
  #failure(): NonFiniteError {
    const { arena, pass, clock } = this.#trainee;
    const error = (of: 'z' | 'parameters', step: number, rows = pass.rows) =>
      new NonFiniteError({
        epoch: this.#epoch,
        step: (this.#options.stepsBefore ?? 0) + step,
        stepsUndone: 0,
        ...diagnose(arena, rows, of),
      });
    if (isStateFinite(arena)) return error('z', this.stepsDone);
    const failed = this.position;
    // a network that was not finite when it came
    if (failed === this.#snapshotPosition) return error('parameters', this.stepsDone, 0);
    this.#snapshot.restore(arena, clock);
    this.position = this.#snapshotPosition;
    while (this.position < failed) {
      const step = this.stepsDone;
      const cost = this.#slice(this.chunksPerStep, 0);
      if (this.#snapshot.take(arena, clock)) {
        // possible only where a callback has changed the weights in between
        if (cost === undefined) break;
        continue;
      }
      const found = error('parameters', step);
      this.#snapshot.restore(arena, clock);
      pass.clear();
      return found;
    }
    return error('z', this.stepsDone);
  }
}
