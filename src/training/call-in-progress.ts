import type { Optimizer } from '../spec/optimizer.js';
import type { StepStart } from './epochs.js';
import type { CallOptions, Place } from './place.js';
import { Resumption } from './resumption.js';

/** A call that can say where it stands. */
interface Described {
  readonly place: Place;
  readonly stepStart?: StepStart;
}

/** The call that trains a network, of which there is one at a time; or the place that the next call may resume at. */
export class CallInProgress {
  #isRunning = false;
  #described: Described | undefined;
  #resumption: Resumption | undefined;

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Refuses a second call while one is running. */
  checkIdle(call: string): void {
    if (this.#isRunning) {
      throw new Error(`${call}: got a call while this network is being trained, want one at a time`);
    }
  }

  /** Nothing else trains the network until `end`. */
  start(): void {
    this.#isRunning = true;
  }

  /** From now on the place of the running call can be asked for. */
  describeBy(described: Described): void {
    this.#described = described;
  }

  end(): void {
    this.#isRunning = false;
    this.#described = undefined;
  }

  /** Where the running call stands, or the place that the next call may resume at. */
  get place(): Place | undefined {
    return this.#described?.place ?? this.#resumption?.place;
  }

  /** What the step that is under way began with, where it cannot be resumed in its middle. */
  get stepStart(): StepStart | undefined {
    return this.#described?.stepStart;
  }

  /** Whether the next call may resume amid another's work. */
  get hasResumption(): boolean {
    return this.#resumption !== undefined;
  }

  /** The next call may resume there. */
  resumeAt(place: Place | undefined): void {
    this.#resumption = place && new Resumption(place);
  }

  /** The place at which a call with these options resumes, if it does: see Resumption. */
  enter(options: CallOptions, current: Optimizer): Place | undefined {
    return this.#resumption?.enter(options, current);
  }

  /** A call has resumed, or has begun anew: no other one can resume. */
  dropResumption(): void {
    this.#resumption = undefined;
  }

  /** The network has been given this optimizer: no call resumes with the one before. */
  followOptimizer(optimizer: Optimizer): void {
    this.#resumption?.follow(optimizer);
  }
}
