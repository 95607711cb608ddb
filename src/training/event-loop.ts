// The turns of the event loop that training leaves to the rest of a program.

/** The event loop gets a turn this often: sixty frames a second have 16 ms each. */
const TURN_MS = 12;

/** Resolves in the next turn, behind timers, input and rendering. A timer alone would wait 4 ms in a page. */
const nextTurn: () => Promise<void> =
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

/** Between slices of work: gives the event loop a turn where the last is long ago. */
export class Turns {
  #last = performance.now();

  /** `now`: a look at the clock. */
  async take(now = performance.now()): Promise<void> {
    if (now - this.#last < TURN_MS) return;
    await nextTurn();
    this.#last = performance.now();
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
