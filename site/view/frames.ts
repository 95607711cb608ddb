/** Resolves at the next frame. In a hidden page there is none until it is shown again. */
export const nextFrame = (): Promise<number> => new Promise(requestAnimationFrame);

/** Resolves when the page was drawn for the first time, or soon if it is hidden. Work before it would delay it. */
export const painted = (): Promise<unknown> =>
  Promise.race([
    nextFrame().then(() => new Promise((resolve) => setTimeout(resolve))),
    new Promise((resolve) => setTimeout(resolve, 500)),
  ]);

/**
 * Calls `work` once a frame while it runs, and waits for its promise before the next. An error stops it and is given to
 * `fail`.
 */
export class FrameLoop {
  readonly #work: () => Promise<void>;
  readonly #fail: (error: unknown) => void;
  #run = 0;
  #working: Promise<void> = Promise.resolve();
  isRunning = false;

  constructor(work: () => Promise<void>, fail: (error: unknown) => void) {
    this.#work = work;
    this.#fail = fail;
  }

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    void this.#loop(++this.#run);
  }

  stop(): void {
    this.isRunning = false;
  }

  /** Resolves when no work is going on. It does not fail: `fail` has got the error. */
  async idle(): Promise<void> {
    await this.#working.catch(() => {});
  }

  async #loop(run: number): Promise<void> {
    try {
      for (;;) {
        await nextFrame();
        if (!this.isRunning || run !== this.#run) return;
        this.#working = this.#work();
        await this.#working;
      }
    } catch (error) {
      this.stop();
      this.#fail(error);
    }
  }
}
