import type { Scaling } from '../core/arena.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { StepStart } from './epochs.js';
import type { CallOptions, Place } from './place.js';
import type { Resumption } from './resumption.js';

/** A call that can tell where it stands. */
interface RunningCall {
  readonly place: Place;
  readonly stepStart?: StepStart;
}

/**
 * The call that is training a network now, of which there is at most one, and the place at which the next call may
 * resume.
 */
export class CallInProgress {
  #isRunning = false;
  #running: RunningCall | undefined;
  /** Where the next call may resume, in the middle of an earlier one. */
  resumption: Resumption | undefined;

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Refuses a second call while one is running. */
  checkIdle(call: string): void {
    if (this.#isRunning) {
      throw new Error(`${call}: got a call while this network is being trained, want one at a time`);
    }
  }

  /** A call starts. Until `end`, no other call may train the network. */
  start(): void {
    this.#isRunning = true;
  }

  /** From now on, the running call can be asked where it stands. */
  setRunning(running: RunningCall): void {
    this.#running = running;
  }

  end(): void {
    this.#isRunning = false;
    this.#running = undefined;
  }

  /** The place of the running call, or else the place at which the next call may resume. */
  get place(): Place | undefined {
    return this.#running?.place ?? this.resumption?.place;
  }

  /** The start of the step in progress, if the step cannot resume in its middle. */
  get stepStart(): StepStart | undefined {
    return this.#running?.stepStart;
  }

  /**
   * The place at which a call with these options resumes; undefined if it starts from the beginning. See Resumption.
   */
  placeFor(options: CallOptions, current: Optimizer, arena: Scaling): Place | undefined {
    return this.resumption?.placeFor(options, current, arena);
  }

  /** The network has got this optimizer, so that no call can resume with the one before. */
  replaceOptimizer(optimizer: Optimizer): void {
    this.resumption?.replaceOptimizer(optimizer);
  }
}
