import type { Core } from '../core/engine.js';
import { code } from '../generated/worker.js';
import { checkWorker, type HostWorker, listenTo, nodeThreads } from './host.js';
import { originOf, watchViolations, whyNotLoaded } from './load-failure.js';
import { SHARED_CALLS } from './sharing.js';
import type { WorkerMessage } from './worker.js';

// The workers of a network with several threads: they are started, watched, and ended.

type CreateWorker = () => unknown;
type TeamWorker = HostWorker<WorkerMessage>;

/**
 * The longest time that a start may take. Workers start within milliseconds, or within seconds if there are many on a
 * busy machine, and their file may come over a slow line. A worker that has not answered by then has loaded another
 * file.
 */
const LONGEST_START_SECONDS = 30;

function makeWorker(): TeamWorker {
  const node = nodeThreads();
  // execArgv: [] keeps the worker from loading the modules of --import, which may take longer than everything else
  if (node) return new node.Worker(code, { eval: true, execArgv: [] }) as TeamWorker;
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  try {
    return new Worker(trusted(url)) as TeamWorker;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The parts of Trusted Types, which TypeScript's DOM has only in its newest versions. */
interface TrustedTypes {
  createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown };
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/**
 * The address as a page with Trusted Types wants it, made by a policy named `simdprop`. If the page does not allow that
 * policy, the address stays a text, and the page's own message says what it wants.
 */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  try {
    policy ??= trustedTypes?.createPolicy('simdprop', { createScriptURL: (text: string) => text });
  } catch {
    // new Worker will throw an error that says so
  }
  return (policy ? policy.createScriptURL(url) : url) as string;
}

/** Makes a worker, by the user's createWorker or by our own code. If the browser refuses, the error says why. */
function newWorker(createWorker: CreateWorker | undefined): TeamWorker {
  if (createWorker) return checkWorker('createWorker', createWorker());
  try {
    return makeWorker();
  } catch (cause) {
    throw new Error(`threads: got no worker (${(cause as Error).message}), want ${whyNotLoaded(false)}`, { cause });
  }
}

/** The workers of one network. It must not refer to the network's core: see dismissWhenCollected. */
export class Crew {
  readonly #workers: TeamWorker[] = [];
  #death: Error | undefined;
  #isDismissed = false;

  /**
   * Starts a worker for each message. Resolves once they wait for calls, or rejects after LONGEST_START_SECONDS.
   * Seconds in which this thread itself is busy do not count, because no answers can come then.
   */
  async hire(createWorker: CreateWorker | undefined, messages: WorkerMessage[]): Promise<void> {
    const violations = watchViolations();
    let clock: ReturnType<typeof setInterval> | undefined;
    const late = new Promise<never>((_, reject) => {
      let seconds = 0;
      clock = setInterval(() => {
        if (++seconds < LONGEST_START_SECONDS) return;
        const wanted = 'workers that run simdprop/worker';
        reject(new Error(`threads: got no answer from a worker for ${seconds} s, want ${wanted}`));
      }, 1000);
    });
    try {
      const all = messages.map((message) => this.#start(createWorker, message, violations.describe));
      await Promise.race([Promise.all(all), late]);
    } finally {
      clearInterval(clock);
      violations.stop();
    }
  }

  /** Starts a worker. Resolves once it waits for calls. */
  #start(
    createWorker: CreateWorker | undefined,
    message: WorkerMessage,
    describeViolation: () => Promise<string>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = newWorker(createWorker);
      this.#workers.push(worker);
      const listen = (type: string, listener: (event: unknown) => void) => listenTo(worker, type, listener);
      const die = (text: string) => {
        if (this.#isDismissed) return;
        this.#death ??= new Error(`threads: ${text}`);
        reject(this.#death);
      };
      const name = () => `thread ${message.thread} of ${this.#workers.length}`;
      let hasAnswered = false;
      listen('message', () => {
        hasAnswered = true;
        worker.unref?.();
        resolve();
      });
      listen('error', async (event) => {
        const { message: why } = event as { message?: string };
        if (why) return die(`${name()} has died: ${why}`);
        // a browser does not say why the file of a worker could not be loaded
        if (hasAnswered) return die(`${name()} has died`);
        const violation = await describeViolation();
        const origin = originOf(createWorker);
        die(`${name()} did not load from ${origin}${violation}, want ${whyNotLoaded(createWorker !== undefined)}`);
      });
      listen('exit', (exitCode) => die(`${name()} has died: exit code ${exitCode}`));
      worker.postMessage(message);
    });
  }

  /** Ends all workers. It never throws, so that an earlier error can be thrown. */
  dismiss(): void {
    this.#isDismissed = true;
    for (const worker of this.#workers) {
      try {
        worker.terminate();
      } catch {
        // the other workers are ended all the same
      }
    }
  }

  /** The core, whose shared calls throw once a thread has died, instead of waiting for it. */
  guard<T extends Core>(core: T): T {
    const guarded = { ...core };
    for (const name of SHARED_CALLS) {
      const call = core[name] as (...numbers: number[]) => number;
      (guarded as unknown as Record<string, unknown>)[name] = (...numbers: number[]) => {
        if (this.#death) throw this.#death;
        try {
          return call(...numbers);
        } catch (cause) {
          this.#death ??= new Error('threads: a thread has died during a call, want a new network', { cause });
          this.dismiss();
          throw this.#death;
        }
      };
    }
    return guarded;
  }
}

const forgotten = new FinalizationRegistry<Crew>((crew) => crew.dismiss());

/**
 * Ends the crew when the garbage collector has found that `core` is no longer used, for networks that are forgotten
 * without `dispose`. Workers have no reference to the core, so they do not keep it alive.
 */
export function dismissWhenCollected(crew: Crew, core: object): void {
  forgotten.register(core, crew, crew);
}

/** Ends the crew of a network that is disposed of. */
export function dismiss(crew: Crew): void {
  forgotten.unregister(crew);
  crew.dismiss();
}
