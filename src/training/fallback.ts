import type { Arena } from '../core/arena.js';
import type { Pass } from '../model/pass.js';
import { RateClock } from '../spec/schedule.js';
import { isStateFinite } from './non-finite.js';
import type { Counts } from './place.js';

/** The things that a fallback keeps: the memory of a network, and the counts of TrainingState. */
interface Kept {
  readonly arena: Arena;
  readonly pass: Pass;
  readonly clock: RateClock;
  counts: Counts;
  epochsTrained: number;
}

/**
 * The state to which a network returns when training fails because numbers are no longer finite. The last finite
 * weights would be useless then, because they have already grown far too large.
 *
 * It is the state at the start of the call, or at the end of the best epoch if early stopping has found one: the
 * parameters, the optimizer's state, and all counts. The memory has room for the copies beside the originals.
 */
export class Fallback {
  readonly #owner: Kept;
  /** The revision of the pass at which the copies were made; undefined: nothing is kept. */
  #revision: number | undefined;
  #timesSet = 0;
  #counts: Counts | undefined;
  #clock: RateClock | undefined;
  #epochsTrained = 0;

  constructor(owner: Kept) {
    this.#owner = owner;
  }

  /** True if the present state is the one that is kept. */
  get isCurrent(): boolean {
    const { pass, clock } = this.#owner;
    return pass.revision === this.#revision && clock === this.#clock;
  }

  /** True if a state is kept, but parameters have been set since then, which must not be undone. */
  get isOutdated(): boolean {
    return this.#revision !== undefined && this.#owner.pass.timesSet !== this.#timesSet;
  }

  /** Address of the parameters that are kept; undefined if there are none. */
  get parameters(): number | undefined {
    return this.#revision === undefined ? undefined : this.#owner.arena.plan.fallback;
  }

  /** Forgets the state that is kept. */
  drop(): void {
    this.#revision = undefined;
  }

  /** Keeps the present state. If it is not finite, keeps nothing: training will refuse it. */
  keep(): void {
    const { arena, pass, clock, counts, epochsTrained } = this.#owner;
    this.#revision = undefined;
    if (!isStateFinite(arena)) return;
    const { parameters, state, fallback, parameterFloats, slots } = arena.plan;
    arena.copy(fallback, parameters, parameterFloats);
    if (slots > 0) arena.copy(fallback + 4 * parameterFloats, state, slots * parameterFloats);
    this.#revision = pass.revision;
    this.#timesSet = pass.timesSet;
    this.#counts = counts;
    this.#clock = clock;
    this.#epochsTrained = epochsTrained;
  }

  /**
   * Keeps parameters that have been set since, because they must not be undone. If the network is not finite with them,
   * it can only return to the state before.
   */
  keepSet(): void {
    if (!this.isOutdated) return;
    const { arena, pass } = this.#owner;
    if (isStateFinite(arena)) this.keep();
    else this.#timesSet = pass.timesSet;
  }

  /** Restores only what a step changes, so that steps can be repeated from here. */
  restoreSteps(): void {
    const { arena, clock } = this.#owner;
    const { parameters, state, fallback, parameterFloats, slots } = arena.plan;
    arena.copy(parameters, fallback, parameterFloats);
    if (slots > 0) arena.copy(state, fallback + 4 * parameterFloats, slots * parameterFloats);
    // a callback may have given another learning rate, whose schedule has begun later
    const kept = this.#clock === clock ? (this.#counts as Counts).clock : new RateClock(clock.rate).state;
    this.#owner.counts = { ...(this.#counts as Counts), clock: kept };
  }

  /**
   * Restores the state that is kept. Returns how many steps that has undone. Does nothing if nothing is kept, or if
   * parameters have been set since.
   */
  restore(): number {
    const { arena, pass } = this.#owner;
    if (this.#revision === undefined || this.isOutdated) return 0;
    const undone = (arena.header.stepCount - (this.#counts as Counts).steps) >>> 0;
    this.restoreSteps();
    this.#owner.epochsTrained = this.#epochsTrained;
    pass.setParameters();
    this.drop();
    return undone;
  }
}
