import type { Core } from '../core/engine.js';
import { Header } from '../core/header.js';

// Decides whether several threads share a call. The cost of their meetings depends on the machine: sharing can be
// faster or slower. The time is therefore measured while the network is used. Both ways are tried now and then, and the
// faster one is used in between. No bit of a result depends on it. See docs/kernels.md.

/** Calls are timed for at least this long before the two ways are compared. */
const WINDOW_MS = 4;
/**
 * The first part of a trial with several threads, which is not counted. The other threads have slept, and may at first
 * run on the core of the first one although another core is idle (see PATIENCE in assembly/team.ts), so that the trial
 * would often choose wrongly. See docs/kernels.md.
 */
const SETTLING_MS = 8;
/** The most windows between two trials of the slower way. */
const MAX_WINDOWS = 256;

/** Chooses for each call between two ways: all threads share it, or the first thread works alone. */
export class Sharing {
  /** True if the next call is to be shared. */
  isShared = true;
  /** Time and rows of the calls that the present measurement has counted. */
  #ms = 0;
  #rows = 0;
  /** Windows until the other way is tried. The number doubles each time that the other way turns out slower. */
  #windows = 1;
  /** True while the other way is tried. */
  #isTrial = false;
  /** How much of SETTLING_MS has passed in this trial. */
  #settledMs = 0;
  /** Time per row of the way that is used between trials. */
  #msPerRow = 0;

  /** Records how long a call took for how many rows. */
  record(ms: number, rows: number): void {
    if (this.#isTrial && this.isShared && this.#settledMs < SETTLING_MS) {
      this.#settledMs += ms;
      return;
    }
    this.#ms += ms;
    this.#rows += rows;
    if (this.#ms < (this.#isTrial ? 1 : this.#windows) * WINDOW_MS) return;
    const msPerRow = this.#ms / this.#rows;
    if (!this.#isTrial) {
      this.#msPerRow = msPerRow;
      this.isShared = !this.isShared;
    } else if (msPerRow < this.#msPerRow) {
      this.#windows = 1;
    } else {
      this.#windows = Math.min(2 * this.#windows, MAX_WINDOWS);
      this.isShared = !this.isShared;
    }
    this.#isTrial = !this.#isTrial;
    this.#settledMs = 0;
    this.#ms = 0;
    this.#rows = 0;
  }
}

/** A value of threadWork that exceeds the work of any call, so that the first thread works alone. */
const ALONE = 0xffffffff;

/** The calls that threads can share. */
export const SHARED_CALLS = ['forward', 'forwardWindow', 'trainChunks', 'trainRows', 'evaluateRows'] as const;

/** The rows for which trainChunks of assembly/step.ts decides how many threads take part. */
function rowsOfMeeting({ stepRows, chunkRows, roundChunks }: Header): number {
  return Math.min(stepRows, Math.max(1, roundChunks) * chunkRows);
}

/** The core with its larger calls timed: they are shared between threads where that is faster. */
export function shareWhereFaster<T extends Core>(
  core: T,
  memory: WebAssembly.Memory,
  plan: { weightFloats: number; team: { threadWork: number } },
): T {
  const header = new Header(memory.buffer as ArrayBuffer);
  const { threadWork } = plan.team;
  const measured = { ...core };
  for (const name of SHARED_CALLS) {
    const call = core[name] as (first: number, second: number) => number;
    const isEpoch = name === 'trainChunks';
    // passes with about equally many rows share one measurement: the sizes of batches vary, and the last one has the
    // rest
    const sharings = Array.from({ length: 32 }, () => new Sharing());
    const timedCall = (first: number, second: number): number => {
      const rows = isEpoch ? rowsOfMeeting(header) : first;
      if (rows * plan.weightFloats < 2 * threadWork) return call(first, second);
      const sharing = sharings[31 - Math.clz32(rows)];
      header.threadWork = sharing.isShared ? threadWork : ALONE;
      const started = performance.now();
      const result = call(first, second);
      sharing.record(performance.now() - started, isEpoch ? result - first : rows);
      return result;
    };
    (measured as Record<string, unknown>)[name] = timedCall;
  }
  return measured;
}
