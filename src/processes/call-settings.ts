import { throwIfAborted } from '../check/abort.js';
import { isPromise } from '../check/promises.js';
import { MismatchError } from './agreement.js';
import { addText, addWords, EMPTY } from './fingerprint.js';

// What the options of a call of fit, train or fitStream mean for a team. The options that decide the steps must be the
// same in all processes. Callbacks and signals may differ, so that one process alone can print or save: what the
// callback or the signal of one process says then holds for all.

/** The callbacks after which processes must agree whether training goes on, and the signal that may end it. */
export interface Controls {
  readonly onEpoch?: Callback | undefined;
  readonly onBatch?: Callback | undefined;
  readonly signal?: AbortSignal | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the type of a report depends on the callback
type Callback = (report: any) => unknown;

/** The options that may differ. `onProgress` cannot end training. */
const OWN = ['onEpoch', 'onBatch', 'onProgress', 'signal'];
/** Longer arrays are data, whose text could be too long for one string. */
const LONGEST = 1000;

/** The fingerprint of the options that must be equal. */
export function fingerprintOf(options: object): number {
  const show = (key: string, value: unknown) => {
    if (OWN.includes(key)) return undefined;
    if (typeof value === 'function') return 'a function';
    if (ArrayBuffer.isView(value)) return [value.byteLength, addBytes(value)];
    if (!Array.isArray(value) || value.length <= LONGEST) return value;
    return [value.length, value.reduce((sum: number, item) => addText(sum, `${JSON.stringify(item, show)}`), EMPTY)];
  };
  return addText(EMPTY, JSON.stringify(options, show));
}

function addBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
  // padded, and aligned as words must be
  const bytes = new Uint8Array(4 * Math.ceil(byteLength / 4));
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength));
  return addWords(EMPTY, new Int32Array(bytes.buffer));
}

/** What a process says after its callback: go on, stop, or that the callback has thrown. */
const [GO_ON, STOP, FAILED] = [0, 1, 2];

/** Tells the other processes a number. Returns those of all, by rank. */
export type Tell = (value: number) => readonly number[];

/**
 * Calls a callback, if this process has one, and then waits for those of the others. Returns false if one of them has.
 * If one has thrown, throws: its own error, or one that says which process has failed.
 */
export function answerOfAll(name: string, call: (() => unknown) | undefined, tell: Tell): unknown {
  const accept = (answer: unknown) => {
    const answers = tell(answer === false ? STOP : GO_ON);
    const failed = answers.indexOf(FAILED);
    if (failed >= 0) throw new Error(`team: got an error in ${name} of rank ${failed}, want none in any rank`);
    return answers.includes(STOP) ? false : undefined;
  };
  const fail = (error: unknown) => {
    try {
      // after a mismatch in the callback, the others have left their calls with the same error
      if (!(error instanceof MismatchError)) tell(FAILED);
    } catch {
      // the others were at something else, and know it
    }
    throw error;
  };
  let answer: unknown;
  try {
    answer = call?.();
  } catch (error) {
    return fail(error);
  }
  return isPromise(answer) ? answer.then(accept, fail) : accept(answer);
}

/** A signal that all processes have if one of them was given one. It is aborted in all of them at the same step. */
export class TeamSignal {
  readonly #own: AbortSignal | undefined;
  readonly #controller = new AbortController();

  /** `own`: the signal that this process was given. */
  constructor(own: AbortSignal | undefined) {
    this.#own = own;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 1: the signal of this process is aborted. */
  get wish(): number {
    return Number(this.#own?.aborted === true);
  }

  /** `wishes`: those of all processes. */
  hear(wishes: readonly number[]): void {
    const rank = wishes.indexOf(1);
    if (rank < 0) return;
    this.#controller.abort(this.wish ? reasonOf(this.#own) : abortedIn(rank));
  }
}

function reasonOf(signal: AbortSignal | undefined): unknown {
  try {
    throwIfAborted(signal);
  } catch (reason) {
    return reason;
  }
}

function abortedIn(rank: number): Error {
  return Object.assign(new Error(`team: the signal of rank ${rank} was aborted`), { name: 'AbortError' });
}
