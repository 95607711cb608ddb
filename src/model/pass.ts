// The state of the batch buffers.

/** The contents of the buffers: nothing; z and a; these and delta; all of these and the mean gradients. */
type Content = 'nothing' | 'forward' | 'backward' | 'gradients';

/** Has a snapshot of the parameters. All changes since then were made by training steps, which it can repeat. */
export interface Guard {
  /** Throws if the parameters are no longer finite. */
  check(): void;
}

/**
 * Knows what the batch buffers hold. Everything that passes a batch through the network tells it; the layers, which
 * read the results, ask it.
 */
export class Pass {
  #rows = 0;
  #counted = 0;
  #content: Content = 'nothing';
  #isCurrent = false;
  #guard: Guard | undefined;
  #keepStep: (() => void) | undefined;
  #revision = 0;
  #timesSet = 0;
  /** Why parameters cannot be set now; undefined: they can. */
  #lock: string | undefined;

  /** The number of rows of the batch. */
  get rows(): number {
    return this.#rows;
  }

  /** The number of rows that the mean gradients are means over: those whose weight is not 0. */
  get counted(): number {
    return this.#counted;
  }

  get hasForward(): boolean {
    return this.#content !== 'nothing';
  }

  get hasDelta(): boolean {
    return this.#content === 'backward' || this.#content === 'gradients';
  }

  get hasGradients(): boolean {
    return this.#content === 'gradients';
  }

  /**
   * True if the batch comes from `forward` and the parameters have not changed since. A backward pass or a step may
   * then follow.
   */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Another number whenever the parameters or the standardisation have changed. */
  get revision(): number {
    return this.#revision;
  }

  /** How many times parameters were set, not trained. */
  get timesSet(): number {
    return this.#timesSet;
  }

  /** To be called before the buffers are overwritten, and after they have moved. */
  clear(): void {
    this.#content = 'nothing';
    this.#isCurrent = false;
  }

  /** The buffers hold z and a of a batch, for reading only. */
  holdForward(rows: number): void {
    this.#hold('forward', rows, false);
  }

  /** The buffers hold z and a of a batch, and a backward pass may follow. */
  holdCurrentForward(rows: number): void {
    this.#hold('forward', rows, true);
  }

  /** The buffers hold z, a and delta of the last batch of a training step, which has already changed the parameters. */
  holdBackward(rows: number): void {
    this.#revision++;
    this.#hold('backward', rows, false);
  }

  /** A backward pass over the current batch begins. */
  startBackward(): void {
    this.keepStep();
    this.#content = 'forward';
  }

  /** The mean gradients of the batch have been computed, over `counted` of its rows. */
  holdGradients(counted: number): void {
    this.#content = 'gradients';
    this.#counted = counted;
  }

  /** The parameters or the standardisation have changed since the batch passed through the network. */
  outdate(): void {
    this.#isCurrent = false;
    this.#revision++;
  }

  /** Parameters were set, not trained. Repeating steps from a snapshot would no longer lead to them. */
  setParameters(): void {
    this.outdate();
    this.#timesSet++;
    this.#guard = undefined;
  }

  /** Until `unlock`, parameters cannot be set. `wanted`: when they can, for messages. */
  lock(wanted: string): void {
    this.#lock = wanted;
  }

  unlock(): void {
    this.#lock = undefined;
  }

  /** Refuses to set parameters that would be lost. */
  checkUnlocked(where: string): void {
    if (this.#lock) throw new Error(`${where}: got new parameters during a step, want them ${this.#lock}`);
  }

  isGuardedBy(guard: Guard): boolean {
    return this.#guard === guard;
  }

  guardBy(guard: Guard): void {
    this.#guard = guard;
  }

  /** Training steps are about to be taken. Only the guard `except` can repeat them: any other one is removed. */
  dropGuards(except?: Guard): void {
    if (this.#guard !== except) this.#guard = undefined;
  }

  /** Lets the guard check the parameters, if there is a guard. */
  checkGuard(): void {
    this.#guard?.check();
  }

  /** A step of several chunks is in progress. Its sums lie in the region of the gradients; `keep` copies them. */
  startStep(keep: () => void): void {
    this.#keepStep = keep;
  }

  /** No step is in progress any longer: it is about to be completed. */
  endStep(): void {
    this.#revision++;
    this.#keepStep = undefined;
  }

  /** To be called before the gradients are overwritten: the step in progress copies its sums, so that it can resume. */
  keepStep(): void {
    const keep = this.#keepStep;
    this.#keepStep = undefined;
    keep?.();
  }

  #hold(content: Content, rows: number, isCurrent: boolean): void {
    this.#content = content;
    this.#rows = rows;
    this.#isCurrent = isCurrent;
  }
}
