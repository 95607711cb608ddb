import { readTimer } from './timer.js';

// Lets the rest of the program run during training.

/** The longest time between two runs of the event loop. A frame takes 16 ms if there are sixty a second. */
const LONGEST_BLOCK_MS = 12;

/** Resolves once the event loop has run timers, input and rendering. In a page, a timer alone would wait 4 ms. */
function runEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
    } else if (typeof MessageChannel === 'function') {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
    } else {
      // an engine that stands alone has no other tasks
      resolve();
    }
  });
}

/** Lets the event loop run between slices of work, whenever it has not run for a while. */
export class Yielder {
  #last = readTimer();

  /** `now`: the present time. */
  async yieldIfDue(now = readTimer()): Promise<void> {
    if (now - this.#last < LONGEST_BLOCK_MS) return;
    await runEventLoop();
    this.#last = readTimer();
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
