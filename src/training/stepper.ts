import type { Arena } from '../core/arena.js';
import { MAX_CHUNK_ROWS, MAX_RATES } from '../core/memory-plan.js';
import { pack, unpack } from '../core/parameters.js';
import type { Guard, Pass } from '../model/pass.js';
import { RANDOM_ORDER } from '../spec/codes.js';
import type { RateClock } from '../spec/schedule.js';
import type { Fallback } from './fallback.js';
import { diagnose, isStateFinite, largestWeightOf, NonFiniteError, Snapshot } from './non-finite.js';
import type { RunPlace } from './place.js';
import { type StepSizes, Steps } from './steps.js';
import { readTimer } from './timer.js';

// Takes steps over the training set that lies in the arena, slice by slice. The caller decides how long a slice is.

/**
 * The least time between two snapshots is SNAPSHOT_MS, and SNAPSHOT_TIMES the time that the last one took, because
 * snapshots of large networks take long: see docs/kernels.md.
 */
const SNAPSHOT_MS = 100;
const SNAPSHOT_TIMES = 100;

/** The parts of a network that a stepper uses. */
export interface Trainee {
  readonly arena: Arena;
  readonly pass: Pass;
  readonly clock: RateClock;
  readonly fallback: Fallback;
  /** Writes everything that a step reads into the header, except the learning rate. `samples`: n of the penalties. */
  writeStep(samples: number): void;
}

export interface StepperOptions extends StepSizes {
  /** n of the penalties, if the training set has more samples than these. Default: `samples`. */
  readonly trainingSamples?: number;
  /** Steps of the epoch that come before these samples; they count in errors. Default 0. */
  readonly stepsBefore?: number;
  readonly shuffle: boolean;
  readonly ignoreNonFinite: boolean;
  /** true: this is a pass of a line search, where a cost that is not finite only means that the step was too long. */
  readonly isTrial: boolean;
}

/** The step at which numbers ceased to be finite, and why. */
type Failure = { readonly step: number } & ReturnType<typeof diagnose>;

/** Takes the steps of epochs, and keeps the parameters finite. */
export class Stepper implements Guard {
  /** Steps of an epoch. */
  readonly steps: number;
  /** Samples of this epoch done so far. */
  position = 0;
  /** Learning rate of the last step. */
  learningRate = 0;
  /** Mean cost of the first samples that were trained; undefined before. */
  firstCost: number | undefined;
  readonly #trainee: Trainee;
  readonly #options: StepperOptions;
  readonly #chunkRows: number;
  readonly #steps: Steps;
  readonly #snapshot = new Snapshot();
  /** True: training falls back to the snapshot itself. */
  #isAtFallback = false;
  /** Where the snapshot was taken; undefined if the steps since then cannot be repeated from it. */
  #snapshotPosition: number | undefined = 0;
  #nextSnapshot = 0;
  #epoch = 0;
  /** The step in progress, if another call has overwritten its sums in the memory. */
  #step: RunPlace['step'];

  constructor(trainee: Trainee, options: StepperOptions) {
    this.#trainee = trainee;
    this.#options = options;
    this.#chunkRows = Math.min(options.stepRows, MAX_CHUNK_ROWS);
    this.#steps = new Steps(options);
    this.steps = this.#steps.count;
  }

  /** Steps of this epoch that are done. */
  get stepsDone(): number {
    return this.#steps.doneAt(this.position);
  }

  get isAtStepEnd(): boolean {
    return this.#steps.doneWithin(this.position) === 0;
  }

  /** Chunks that are left of the step in progress; between two steps, those of a whole step. */
  get chunksToStepEnd(): number {
    return this.chunksOfSteps(1);
  }

  /** The place within the epoch, without its cost. */
  get place(): Omit<RunPlace, 'cost'> {
    const { position, learningRate } = this;
    return this.isAtStepEnd
      ? { position, learningRate }
      : { position, learningRate, step: this.#step ?? this.#stepSoFar };
  }

  /**
   * Starts an epoch, or resumes it at a place. `order`: the number of the random order of the samples. `epoch`: the
   * number that errors name.
   */
  startEpoch(epoch: number, order: number, { position, learningRate, step }: Partial<RunPlace> = {}): void {
    const { samples, shuffle } = this.#options;
    const { core, header, plan } = this.#trainee.arena;
    header.trainingSet.order = shuffle ? plan.order : 0;
    if (shuffle) core.shuffle(plan.order, samples, RANDOM_ORDER, order);
    this.position = position ?? 0;
    this.learningRate = learningRate ?? 0;
    this.#step = step;
    this.#epoch = epoch;
    this.takeSnapshot();
    // parameters do not change within a step, so that the snapshot is one of the step's start
    if (step) this.#snapshotPosition = this.position - this.#steps.doneWithin(this.position);
  }

  /**
   * Trains up to `chunks` chunks, but not past the end of the epoch. Returns `sum` plus the costs of their samples. The
   * costs are added one by one, so that the cost of an epoch does not depend on its slices. Throws a NonFiniteError,
   * and then falls back to the state that is kept.
   */
  advance(chunks: number, sum: number): number {
    const { samples, ignoreNonFinite } = this.#options;
    let count = chunks;
    // a callback may have set other weights or another optimizer: the steps before could not be repeated with those
    const isOther = !this.#trainee.pass.isGuardedBy(this);
    if (!ignoreNonFinite && (isOther || readTimer(this.#trainee.arena.core) > this.#nextSnapshot)) {
      const done = this.#steps.doneWithin(this.position);
      if (done === 0) this.takeSnapshot();
      else {
        // a snapshot does not have the gradients that were added up: it must wait for the end of the step
        count = Math.min(count, this.chunksToStepEnd);
        if (isOther) this.#dropSnapshot();
      }
    }
    const start = this.position;
    const cost = this.#trainChunks(count, sum);
    if (cost === undefined && this.#options.isTrial) {
      this.position = samples;
      return Number.POSITIVE_INFINITY;
    }
    if (cost === undefined) throw this.#failure();
    this.firstCost ??= (cost - sum) / (this.position - start);
    if (this.position === samples) this.check();
    return cost;
  }

  get #isGuarded(): boolean {
    return !this.#options.ignoreNonFinite && !this.#options.isTrial;
  }

  /**
   * Throws a NonFiniteError if the parameters are not finite, after falling back to the state that is kept. To be
   * called wherever training may end.
   */
  check(): void {
    if (this.#isGuarded && !isStateFinite(this.#trainee.arena)) throw this.#failure();
  }

  /** Takes a snapshot, between two steps. Errors then concern only the steps after it. */
  takeSnapshot(): void {
    if (!this.#isGuarded) return;
    const { arena, clock, fallback } = this.#trainee;
    const started = readTimer(arena.core);
    fallback.keepSet();
    this.#isAtFallback = fallback.isCurrent;
    if (!this.#isAtFallback && !this.#snapshot.take(arena, clock)) throw this.#failure();
    this.#snapshotPosition = this.position;
    const ended = readTimer(arena.core);
    this.#nextSnapshot = ended + Math.max(SNAPSHOT_MS, SNAPSHOT_TIMES * (ended - started));
    this.#trainee.pass.guardBy(this);
  }

  /** Within a step, a callback has set other weights or another optimizer: the step can no longer be repeated. */
  #dropSnapshot(): void {
    const { arena, fallback } = this.#trainee;
    if (!isStateFinite(arena)) throw this.#failure();
    // the counts are still those of the start of the step
    fallback.keepSet();
    this.#snapshotPosition = undefined;
  }

  /**
   * Makes one call into the core. Writes the header before, because other calls may have changed it. Returns `sum` plus
   * the costs of the samples; undefined if the cost of the chunk at the position reached is not finite.
   */
  #trainChunks(chunks: number, sum: number): number | undefined {
    const { arena, pass, clock } = this.#trainee;
    const { samples, trainingSamples, stepRows, longSteps, ignoreNonFinite } = this.#options;
    const { core, header, plan } = arena;
    let count = chunks;
    let rates: Float64Array | undefined;
    // comes first, because the function of a learning rate may use the network
    if (typeof clock.rate !== 'number') {
      // no more chunks than there are steps with a rate. If steps have several chunks, these are fewer than possible
      rates = arena.doubles(plan.rateTable, Math.min(count, MAX_RATES, this.steps - this.stepsDone));
      count = Math.min(count, this.chunksOfSteps(clock.fill(rates)));
    }
    this.#trainee.writeStep(trainingSamples ?? samples);
    header.stepRows = stepRows;
    header.longSteps = longSteps ?? 0;
    header.chunkRows = this.#chunkRows;
    header.ignoreNonFinite = Number(ignoreNonFinite);
    header.costSum = sum;
    header.rates = rates ? plan.rateTable : 0;
    if (!rates) header.learningRate = clock.rate as number;
    const stepsBefore = header.stepCount;
    // a custom cost may throw within a step, and the buffers then hold no complete pass
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
    // a step that is not complete has used its rate too
    const isWithin = this.#steps.doneWithin(position) !== 0;
    if (isWithin) {
      pass.startStep(() => {
        this.#step = this.#stepSoFar;
      });
    }
    this.learningRate = rates ? rates[Math.max(taken + Number(isWithin) - 1, 0)] : (clock.rate as number);
    this.position = position;
    // the buffers hold the chunk that has stopped training, or else the last one. z, a, delta and gradients are those
    // of that chunk
    if (isStopped) pass.holdForward(this.#rowsFrom(position));
    else pass.holdBackward(this.#rowsBefore(position));
    return isStopped ? undefined : header.costSum;
  }

  /** The sums of the step in progress that lie in the memory. */
  get #stepSoFar(): RunPlace['step'] {
    const { header, plan } = this.#trainee.arena;
    return { cost: header.stepCost, sums: unpack(this.#trainee.arena, plan.gradients) };
  }

  /** Chunks from here to the end of `steps` steps, of which the step in progress is the first. */
  chunksOfSteps(steps: number): number {
    return this.#steps.chunksOf(this.position, steps, this.#chunkRows);
  }

  /** Rows of the chunk that begins at `position`. */
  #rowsFrom(position: number): number {
    return Math.min(this.#chunkRows, this.#steps.endAfter(position) - position);
  }

  /** Rows of the chunk that ends at `position`. */
  #rowsBefore(position: number): number {
    const inStep = this.#steps.doneWithin(position - 1) + 1;
    return inStep % this.#chunkRows || this.#chunkRows;
  }

  /** The error for the step at which numbers ceased to be finite. The network falls back to the state that is kept. */
  #failure(): NonFiniteError {
    const found = this.#findFailure();
    const { fallback } = this.#trainee;
    return new NonFiniteError({ epoch: this.#epoch, ...found, stepsUndone: fallback.restore() });
  }

  /**
   * Finds the step at which numbers ceased to be finite. If an update has caused that, the steps since the snapshot are
   * taken again one by one, with the same bits. The network then has the parameters before that step.
   */
  #findFailure(): Failure {
    const { arena, pass, clock, fallback } = this.#trainee;
    const failure = (searched: 'z' | 'parameters', step: number, rows = pass.rows) => ({
      step: (this.#options.stepsBefore ?? 0) + step,
      ...diagnose(arena, {
        searched,
        rows,
        set: arena.header.trainingSet,
        samples: this.#options.samples,
        learningRate: searched === 'z' ? this.#rateOfNextStep : this.learningRate || undefined,
        largestWeight: largestWeightOf(arena, fallback.parameters),
      }),
    });
    if (isStateFinite(arena)) return failure('z', this.stepsDone);
    const failed = this.position;
    const start = this.#snapshotPosition;
    if (start === undefined) {
      // training has come no further than to the end of the step in which the snapshot was dropped
      arena.header.stepCount--;
      return failure('parameters', this.stepsDone - 1);
    }
    // the network was not finite when training began
    if (failed === start) return failure('parameters', this.stepsDone, 0);
    this.#restoreSnapshot();
    this.position = start;
    while (this.position < failed) {
      const step = this.stepsDone;
      const cost = this.#trainChunks(this.chunksToStepEnd, 0);
      if (this.#snapshot.take(arena, clock)) {
        this.#isAtFallback = false;
        // this can happen only if a callback has changed the weights in between
        if (cost === undefined) break;
        continue;
      }
      const found = failure('parameters', step);
      this.#restoreSnapshot();
      pass.clear();
      return found;
    }
    return failure('z', this.stepsDone);
  }

  /** The learning rate of the step that could not be taken; undefined if only a function knows it. */
  get #rateOfNextStep(): number | undefined {
    const { clock } = this.#trainee;
    return typeof clock.rate === 'function' ? undefined : clock.next();
  }

  #restoreSnapshot(): void {
    const { arena, clock, fallback } = this.#trainee;
    if (this.#isAtFallback) fallback.restoreSteps();
    else this.#snapshot.restore(arena, clock);
  }
}
