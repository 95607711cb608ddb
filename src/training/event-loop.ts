import { readTimer } from './timer.js';

// The turns of the event loop that training leaves to the rest of a program.

/** The event loop gets a turn this often: sixty frames a second have 16 ms each. */
const TURN_MS = 12;

/** Resolves in the next turn, behind timers, input and rendering. A timer alone would wait 4 ms in a page. */
function nextTurn(): Promise<void> {
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

/** Between slices of work: gives the event loop a turn where the last is long ago. */
export class Turns {
  #last = readTimer();

  /** `time`: what the timer shows. */
  async take(time = readTimer()): Promise<void> {
    if (time - this.#last < TURN_MS) return;
    await nextTurn();
    this.#last = readTimer();
  }
}

/** The same as a function, which notices an abort too. */
export function turnTaker(signal: AbortSignal | undefined): () => Promise<void> {
  const turns = new Turns();
  return async () => {
    signal?.throwIfAborted();
    await turns.take();
  };
}
