/**
 * Measures how long steps take, by a clock that may be coarse: in pages it moves in ticks of 0.1 to 100 ms, and many
 * steps may fit into one. Steps since the last tick are counted, and their time is estimated.
 */
export class StepTimer {
  /** How long a step seems to take; 0: not known yet. It may be far too long after the first tick of a call. */
  stepMs = 0;
  readonly #start: number;
  /** When the clock was last seen to move. */
  #tick: number;
  /** Steps since then. */
  #steps = 0;
  /** True if `#tick` is the time of a tick. The start of a call lies anywhere between two. */
  #isAtTick = false;
  /**
   * How long a step takes, measured from one tick to another; 0: not known yet. In Firefox, each tick is moved at
   * random, by up to its length, which makes some steps seem long. Therefore the shortest time counts.
   */
  #sureStepMs = 0;

  /**
   * A call starts. It knows nothing of the times of earlier ones: the machine may have been busy with other work then.
   */
  constructor(time: number) {
    this.#start = time;
    this.#tick = time;
  }

  /** To be called after `steps` more steps, when the clock says `time`. */
  addSteps(steps: number, time: number): void {
    this.#steps += steps;
    if (time <= this.#tick) return;
    this.stepMs = (time - this.#tick) / this.#steps;
    if (this.#isAtTick) this.#sureStepMs = Math.min(this.stepMs, this.#sureStepMs || this.stepMs);
    this.#tick = time;
    this.#steps = 0;
    this.#isAtTick = true;
  }

  /** Time since the start of the call, by the clock. */
  get measuredMs(): number {
    return this.#tick - this.#start;
  }

  /** Time since the start of the call, with an estimate for the steps since the last tick. */
  get elapsedMs(): number {
    return this.measuredMs + this.#steps * this.#sureStepMs;
  }
}
