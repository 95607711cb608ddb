// What a network's batch buffers hold.

/** From one to the next more is known of the batch: z and a; delta too; the mean gradients too. */
type Content = 'nothing' | 'forward' | 'backward' | 'gradients';

/** Holds a snapshot that the parameters stem from by training steps alone. */
export interface Guard {
  /** Throws where the parameters are no longer finite. */
  check(): void;
}

/** Shared by everything that runs a batch through the network, and by the layers, which read what it left. */
export class Pass {
  #rows = 0;
  #content: Content = 'nothing';
  #isCurrent = false;
  #guard: Guard | undefined;
  #keepStep: (() => void) | undefined;

  /** Rows of the batch. */
  get rows(): number {
    return this.#rows;
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

  /** Whether the batch is that of a `forward` and the parameters are still those it went through: a backward pass or a step may follow. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** The buffers are about to be overwritten, or have moved. */
  clear(): void {
    this.#content = 'nothing';
    this.#isCurrent = false;
  }

  /** z and a of a batch are there, for reading alone. */
  holdForward(rows: number): void {
    this.#hold('forward', rows, false);
  }

  /** z and a of a batch are there, and a backward pass may follow. */
  holdCurrentForward(rows: number): void {
    this.#hold('forward', rows, true);
  }

  /** z, a and delta of a training step's last batch are there, whose update the parameters have had. */
  holdBackward(rows: number): void {
    this.#hold('backward', rows, false);
  }

  /** A backward pass over the current batch begins. */
  startBackward(): void {
    this.keepStep();
    this.#content = 'forward';
  }

  /** The mean gradients of the batch have been computed. */
  holdGradients(): void {
    this.#content = 'gradients';
  }

  /** The inputs' standardisation or the parameters are others than those that the batch went through. */
  outdate(): void {
    this.#isCurrent = false;
  }

  /** Parameters were set, not trained: what they were before cannot be reached by repeating steps. */
  setParameters(): void {
    this.outdate();
    this.#guard = undefined;
  }

  isGuardedBy(guard: Guard): boolean {
    return this.#guard === guard;
  }

  guardBy(guard: Guard): void {
    this.#guard = guard;
  }

  /** Steps other than those of `guard` are taken from now on, or none that could be repeated. */
  dropGuards(but?: Guard): void {
    if (this.#guard !== but) this.#guard = undefined;
  }

  /** Lets the guard look at the parameters, if there is one. */
  checkGuard(): void {
    this.#guard?.check();
  }

  /** A step of several chunks is in progress, whose sums lie among the gradients; `keep` copies them. */
  startStep(keep: () => void): void {
    this.#keepStep = keep;
  }

  /** No step is in progress. */
  endStep(): void {
    this.#keepStep = undefined;
  }

  /** Before the gradients are overwritten: the step in progress copies its sums, so that it can resume. */
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
