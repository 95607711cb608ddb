import type { Core } from '../core/engine.js';
import { Header } from '../core/header.js';

// Whether threads share a call. What a meeting of threads costs depends on the machine: a word takes 25 ns from one core to another of its
// cluster, 250 ns to one of another (AMD EPYC, 2 cores each, 2026-11-26), and 784-30-10 at batch 10 trains 1.45 or 0.78 times as fast with
// two. So it is measured while it runs: now and then the one way and the other, the faster one in between. No bit depends on it.

/** A call is timed for so long at least before its two ways are compared. */
const WINDOW_MS = 4;
/**
 * Of a trial together, so much is not counted: the other threads slept, and may for some ms run on the core of the first, though another
 * is idle (PATIENCE of assembly/team.ts). Counted, trials in such a machine went wrong again and again, and a network stayed alone.
 */
const SETTLING_MS = 8;
/** So many windows at most between two trials of the slower way. */
const MAX_WINDOWS = 256;

/** The ways of a call: together, or the first thread alone. */
export class Sharing {
  isShared = true;
  #ms = 0;
  #rows = 0;
  /** Windows until the other way is tried, of which there are twice as many each time that it was the slower one. */
  #windows = 1;
  #isTrial = false;
  /** Of SETTLING_MS, what is over. */
  #settledMs = 0;
  /** Of the way between trials. */
  #msPerRow = 0;

  /** Takes down a call: how long it took for how many rows. */
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

/** So much work for each thread that there is none for a second. */
const ALONE = 0xffffffff;

/** Calls that all threads take part in. */
export const SHARED_CALLS = ['forward', 'forwardWindow', 'trainChunks', 'trainRows', 'evaluateRows'] as const;

/** The core, whose calls that are work enough for several threads are shared where that is faster. */
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
    // passes of about as many rows share what was measured: batches vary, and each has a rest
    const sharings = Array.from({ length: 32 }, () => new Sharing());
    const share = (first: number, second: number): number => {
      const rows = isEpoch ? header.chunkRows : first;
      if (rows * plan.weightFloats < 2 * threadWork) return call(first, second);
      const sharing = sharings[31 - Math.clz32(rows)];
      header.threadWork = sharing.isShared ? threadWork : ALONE;
      const started = performance.now();
      const result = call(first, second);
      sharing.record(performance.now() - started, isEpoch ? result - first : rows);
      return result;
    };
    (measured as Record<string, unknown>)[name] = share;
  }
  return measured;
}
