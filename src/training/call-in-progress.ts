import { outOfRange } from '../check/errors.js';
import type { Arena, Scaling } from '../core/arena.js';
import { isOtherKind, type Optimizer } from '../spec/optimizer.js';
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
  readonly #arena: Arena;
  /** The name of the call; undefined: none is running. */
  #name: string | undefined;
  #running: RunningCall | undefined;
  /** The optimizer that the running call uses: its numbers can be changed, but not its kind. */
  optimizer: Optimizer | undefined;
  /** Where the next call may resume, in the middle of an earlier one. */
  resumption: Resumption | undefined;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  get isRunning(): boolean {
    return this.#name !== undefined;
  }

  /** Refuses a second call while one is running, and any call after dispose() or from inside the network's cost. */
  checkIdle(call: string): void {
    this.#check(call, 'a call', 'one at a time');
  }

  /**
   * Refuses to change a setting while a call is running, because the reports and files of the call depend on it.
   * Parameters, `trainingSamples` and the numbers of the optimizer may be changed.
   */
  checkChange(where: string): void {
    this.#check(where, 'a new one', 'it before or after');
  }

  /** Refuses an optimizer of another kind than that of the running call. */
  checkOptimizer(optimizer: Optimizer): void {
    const { optimizer: own } = this;
    if (!own) this.checkChange('optimizer');
    else if (isOtherKind(optimizer, own)) {
      throw outOfRange(
        'optimizer',
        `another one, ${optimizer.name}, during ${this.#name}`,
        `${own.name} until it ends`,
      );
    }
  }

  #check(where: string, got: string, wanted: string): void {
    this.#arena.checkAlive();
    if (this.#name) {
      throw new Error(`${where}: got ${got} while this network is being trained by ${this.#name}, want ${wanted}`);
    }
  }

  /** A call starts. Until `end`, no other call may train the network, or change what this one began with. */
  start(call: string): void {
    this.checkIdle(call);
    this.#name = call;
  }

  /** Does the work of a call from start to end. */
  async run<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.start(call);
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** From now on, the running call can be asked where it stands. */
  setRunning(running: RunningCall): void {
    this.#running = running;
  }

  end(): void {
    this.#name = undefined;
    this.#running = undefined;
    this.optimizer = undefined;
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
