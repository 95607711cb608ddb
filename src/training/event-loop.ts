import { throwIfAborted } from '../check/abort.js';
import { readTimer } from './timer.js';

// Lets the rest of the program run during training.

/** The longest time between two runs of the event loop. A frame takes 16 ms if there are sixty a second. */
const LONGEST_BLOCK_MS = 12;
/** The longest wait for a frame. A page that is covered or in the background may draw none. */
const LONGEST_WAIT_MS = 50;

type Callback = () => void;

/** Functions that a host may have. Each may be missing: an AudioWorklet has none of them. */
interface Host {
  readonly requestAnimationFrame?: (callback: Callback) => unknown;
  readonly document?: { readonly visibilityState?: string };
  readonly setImmediate?: (callback: Callback) => unknown;
  readonly setTimeout?: (callback: Callback, milliseconds: number) => unknown;
  readonly clearTimeout?: (timer: never) => void;
  readonly MessageChannel?: new () => {
    readonly port1: { onmessage: Callback | null; close(): void };
    readonly port2: { postMessage(message: undefined): void };
  };
}

/** `value`, unless it is one of the timers that Jest and Vitest put in place of the host's: those have a `clock`. */
function real<T extends object>(value: T | undefined): T | undefined {
  return typeof value === 'function' && !('clock' in value) ? value : undefined;
}

/**
 * Returns the function that runs the event loop of a host: it calls back once timers, input and, in a page, rendering
 * have had their turn. The host's functions are looked up now, so that fake timers which a test installs later do not
 * stop training.
 *
 * In a page, messages and timers alone leave Firefox hardly any time to draw: it shows 13 frames a second. If a frame
 * is requested first and a message follows it, it shows 60. Elsewhere a message is faster than a timer, which may wait
 * for 4 ms.
 */
export function eventLoopOf(host: Host): (callback: Callback) => void {
  const { document, clearTimeout = () => {} } = host;
  const requestFrame = real(host.requestAnimationFrame);
  const setImmediate = real(host.setImmediate);
  const setTimeout = real(host.setTimeout);
  const isPage = requestFrame && typeof document === 'object';
  if (setImmediate && !isPage) return setImmediate;
  // not read in Node, which loads its streams for it: 3 ms
  const { MessageChannel: Channel } = host;

  const sendMessage = (callback: Callback): void => {
    if (typeof Channel === 'function') {
      const { port1, port2 } = new Channel();
      port1.onmessage = () => {
        port1.close();
        callback();
      };
      port2.postMessage(undefined);
    } else if (setTimeout) setTimeout(callback, 0);
    // a bare engine has no event loop that could run other tasks
    else callback();
  };

  const awaitFrame = (request: NonNullable<typeof requestFrame>, callback: Callback): void => {
    let isDone = false;
    let timer: unknown;
    const frame = () => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer as never);
      sendMessage(callback);
    };
    timer = setTimeout?.(frame, LONGEST_WAIT_MS);
    request(frame);
  };

  if (!isPage) return sendMessage;
  return (callback) => {
    if (document.visibilityState === 'visible') awaitFrame(requestFrame, callback);
    else sendMessage(callback);
  };
}

const runEventLoop = eventLoopOf(globalThis as Host);

/** The aim for the length of a slice of work, after which the clock is read. */
export const SLICE_MS = 4;
/**
 * The same for a team of processes. Before each slice they compare what they have, and after it they exchange z and a:
 * at 12 ms, a step of two processes takes 3 % longer (784-512-512-10, batch 128, Xeon, Node 20).
 */
export const TEAM_SLICE_MS = 50;

/** Lets the event loop run between slices of work, whenever it has not run for a while. */
export class Yielder {
  #last = readTimer();

  /** True if the event loop has not run for a while. `time`: the present time. */
  isDue(time = readTimer()): boolean {
    return time - this.#last >= LONGEST_BLOCK_MS;
  }

  /** `time`: the present time. */
  async yieldIfDue(time = readTimer()): Promise<void> {
    if (!this.isDue(time)) return;
    await new Promise<void>((resolve) => runEventLoop(resolve));
    this.#last = readTimer();
  }
}

/** Returns a function that lets the event loop run if it is time, and throws if the signal is aborted. */
export function makeYield(signal: AbortSignal | undefined): () => Promise<void> {
  const yielder = new Yielder();
  return async () => {
    throwIfAborted(signal);
    await yielder.yieldIfDue();
  };
}
