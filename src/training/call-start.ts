import type { Arena, Scaling } from '../core/arena.js';
import type { KnownGoal } from '../data/task.js';
import type { CallInProgress } from './call-in-progress.js';
import type { TrainingState } from './training-state.js';

/** The parts of a network that a call changes before its first step. */
interface Changed {
  readonly arena: Arena;
  readonly state: TrainingState;
  readonly call: CallInProgress;
  readonly scaling: Scaling;
  goal: KnownGoal;
  restoreScaling(scaling: Scaling): void;
}

/**
 * The state of a network at the start of a call that trains, without its parameters and the state of its optimizer. If
 * the call fails before its first step, or if all its steps have been undone, everything else that it has changed is
 * put back, such as the standardisation and the task.
 */
export class CallStart {
  readonly #network: Changed;
  readonly #steps: number;
  readonly #scaling: Scaling;
  readonly #goal: KnownGoal;
  readonly #names: Arena['names'];
  readonly #trainingSamples: number | undefined;
  readonly #epochsTrained: number;
  readonly #resumption: CallInProgress['resumption'];

  constructor(network: Changed) {
    const { arena, state, call, scaling, goal } = network;
    this.#network = network;
    this.#steps = state.steps;
    this.#scaling = scaling;
    this.#goal = goal;
    this.#names = arena.names;
    this.#trainingSamples = state.trainingSamples;
    this.#epochsTrained = state.epochsTrained;
    this.#resumption = call.resumption;
  }

  /** The call has failed. Undoes what it has changed, if no step of it is left. */
  undo(): void {
    const { arena, state, call } = this.#network;
    if (!arena.isReadable || state.steps !== this.#steps) return;
    this.#network.restoreScaling(this.#scaling);
    this.#network.goal = this.#goal;
    arena.names = this.#names;
    state.trainingSamples = this.#trainingSamples;
    state.epochsTrained = this.#epochsTrained;
    call.resumption = this.#resumption;
  }
}
