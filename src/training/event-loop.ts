// Lets the rest of the program run during training.

/** The longest time between two runs of the event loop. A frame takes 16 ms if there are sixty a second. */
const LONGEST_BLOCK_MS = 12;

/** Resolves once the event loop has run timers, input and rendering. In a page, a timer alone would wait 4 ms. */
const runEventLoop: () => Promise<void> =
  typeof setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () =>
        new Promise((resolve) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => {
            port1.close();
            resolve();
          };
          port2.postMessage(undefined);
        });

/** Lets the event loop run between slices of work, whenever it has not run for a while. */
export class Yielder {
  #last = performance.now();

  /** `now`: the present time. */
  async yieldIfDue(now = performance.now()): Promise<void> {
    if (now - this.#last < LONGEST_BLOCK_MS) return;
    await runEventLoop();
    this.#last = performance.now();
  }
}

/** Returns a function that lets the event loop run if it is time, and throws if the signal is aborted. */
export function makeYield(signal: AbortSignal | undefined): () => Promise<void> {
  const yielder = new Yielder();
  return async () => {
    signal?.throwIfAborted();
    await yielder.yieldIfDue();
  };
}
