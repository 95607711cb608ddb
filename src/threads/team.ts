import { MAX_THREADS, TEAM_DIED } from '../../assembly/abi.js';
import { checkBoolean, checkInteger, outOfRange, wrongType } from '../check/errors.js';
import { checkSize } from '../core/arena.js';
import type { BuildName, CoreOptions } from '../core/core-options.js';
import {
  type Core,
  type CoreImports,
  compileBytes,
  type Engine,
  importsOf,
  instantiate,
  outOfMemory,
  PAGE_BYTES,
  startEngine,
} from '../core/engine.js';
import { inflate } from '../core/inflate.js';
import { makePlan, type Plan, type Team, writeTables } from '../core/memory-plan.js';
import { code } from '../generated/worker.js';
import type { Spec } from '../spec/spec.js';
import { SHARED_CALLS, shareWhereFaster } from './sharing.js';
import { IS_MEASURED, THREAD_WORK } from './thread-work.js';
import { switchOnWide } from './wide.js';
import type { WorkerMessage } from './worker.js';

// Networks with several threads or with wide registers: a shared memory, the core of the first thread, and workers for
// the others. assembly/team.ts divides the work.

/** The core of one thread of a team: the calls of src/, and the call by which an instance becomes such a core. */
interface TeamCore extends Core {
  join(thread: number): void;
}

/** The parts of a worker that a team uses. It may be a page's worker or one of Node's. */
interface TeamWorker {
  postMessage(message: WorkerMessage): void;
  terminate(): unknown;
  unref?(): void;
  onmessage?: unknown;
  addEventListener?(type: string, listener: (event: unknown) => void): void;
  on?(type: string, listener: (event: unknown) => void): void;
}

/**
 * A network's engine and the plan that it was made for. `wideReason`: why wide registers are not used although they
 * were asked for.
 */
export interface Started {
  readonly engine: Engine;
  readonly plan: Plan;
  readonly wideReason?: string;
}

const HEADERS = 'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';

/**
 * The longest time that one thread may wait for another within a step. The shares of a step in a network of 4 GiB take
 * seconds.
 */
const LONGEST_WAIT_MS = 20_000;
/** The longest time between two checks by a thread that waits. */
const LOOK_MS = 1000;
/**
 * The longest time that a start may take. Workers start within milliseconds, or within seconds if there are many on a
 * busy machine, and their file may come over a slow line. A worker that has not answered by then has loaded another
 * file.
 */
const LONGEST_START_SECONDS = 30;

const WANTED_WORKER = 'a function that returns a Worker';

/** Starts the engine of a network with several threads, or with wide registers. */
export async function startTeam(
  spec: Spec,
  capacity: number,
  build: BuildName,
  options: Pick<CoreOptions, 'threads' | 'wide' | 'wasm' | 'createWorker'>,
  imports: CoreImports | undefined,
): Promise<Started> {
  const { threads = 1, wide = false, wasm, createWorker } = options;
  checkInteger('threads', threads, 1, MAX_THREADS);
  checkBoolean('wide', wide);
  if (createWorker !== undefined && typeof createWorker !== 'function') {
    throw wrongType('createWorker', createWorker, WANTED_WORKER);
  }
  checkHost(threads);
  if (threads > 1 && spec.cost === 'custom') {
    throw outOfRange(
      'threads',
      `${threads} with a cost of your own`,
      '1: its functions are called by one thread alone',
    );
  }
  if (wide && build === 'relaxed') throw outOfRange('wide', "true with build 'relaxed'", "build 'simd'");
  const chosen = wide ? await switchOnWide(wasm ?? (await bytesOf(build))) : undefined;
  const team: Team = { threads, isWide: chosen?.module !== undefined, threadWork: THREAD_WORK };
  const plan = checkSize(makePlan(spec, capacity, undefined, 0, team));
  const wideReason = chosen?.reason;
  if (threads === 1 && !team.isWide) {
    return { engine: await startEngine(build, wasm, plan.bytes, imports), plan, wideReason };
  }
  const module = chosen?.module ?? wasm ?? (await compileBytes(await bytesOf(build)));
  const memory = allocateShared(plan.bytes);
  const died = (plan.teamWords + TEAM_DIED) / 4;
  const core = await instantiateTeam(module, memory, imports, died);
  if (threads === 1) return { engine: { core, memory }, plan, wideReason };
  // must be written before there are threads, because threads read these tables
  writeTables(memory.buffer, spec, plan);
  const crew = new Crew();
  try {
    await inTime(
      Promise.all(
        Array.from({ length: threads - 1 }, (_, i) => crew.hire(createWorker, { module, memory, thread: i + 1, died })),
      ),
    );
  } catch (error) {
    crew.dismiss();
    throw error;
  }
  const sharing = IS_MEASURED ? shareWhereFaster(core, memory, plan) : core;
  const engine = { core: crew.guard(sharing), memory, dispose: () => crew.dismiss() };
  return { engine, plan, wideReason };
}

/** Throws if this page or engine cannot have threads. */
function checkHost(threads: number): void {
  if (threads === 1) return;
  if (globalThis.crossOriginIsolated === false) {
    throw outOfRange(
      'threads',
      `${threads} in a page that is not cross-origin isolated`,
      `1, or a page sent with ${HEADERS}`,
    );
  }
  if (typeof SharedArrayBuffer === 'undefined') {
    throw outOfRange('threads', `${threads} where there is no SharedArrayBuffer`, '1, or an engine that has it');
  }
}

async function bytesOf(build: BuildName): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await (build === 'relaxed'
    ? import('../generated/relaxed-threads.js')
    : import('../generated/threads.js'));
  return await inflate(base64);
}

/**
 * A shared memory must declare how far it may grow. Engines for small machines refuse to promise 4 GiB, so that half as
 * much is tried again and again.
 */
function allocateShared(bytes: number): WebAssembly.Memory {
  const initial = Math.ceil(bytes / PAGE_BYTES);
  for (let maximum = 65_536; maximum >= initial; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared: true });
    } catch {
      // tries half of that
    }
  }
  throw outOfMemory(bytes);
}

async function instantiateTeam(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  imports: CoreImports | undefined,
  died: number,
): Promise<TeamCore> {
  const files = 'simdprop/threads.wasm or simdprop/relaxed-threads.wasm';
  const all = { ...importsOf(memory, imports), team: teamImports(memory, died) };
  const core = (await instantiate(module, all, files, true)) as TeamCore;
  core.join(0);
  return core;
}

/**
 * Returns a function to be called at each check by a thread that waits for a meeting. Each meeting has a number. The
 * function throws once the thread has waited too long for the same meeting. Between two checks, at most a second
 * counts: a process that was stopped, or a computer that slept, has not waited.
 */
export function makeWaitCheck(): (meeting: number, now: number) => void {
  let [waitingFor, waited, last] = [-1, 0, 0];
  return (meeting, now) => {
    waited = waitingFor === meeting ? waited + Math.min(now - last, LOOK_MS) : 0;
    [waitingFor, last] = [meeting, now];
    if (waited > LONGEST_WAIT_MS) throw new Error(`a thread has not come for ${LONGEST_WAIT_MS / 1000} s`);
  };
}

/**
 * The ways in which the first thread waits. It sleeps; in the main thread of a page, where sleeping is forbidden, it
 * checks again and again.
 */
function teamImports(memory: WebAssembly.Memory, died: number) {
  const words = () => new Int32Array(memory.buffer);
  const checkWait = makeWaitCheck();
  return {
    sleep(word: number, old: number) {
      checkWait(old, performance.now());
      try {
        Atomics.wait(words(), word / 4, old, LOOK_MS);
      } catch {
        // sleeping is forbidden in this thread
      }
      if (Atomics.load(words(), died)) throw new Error('a thread has said so');
    },
    idle() {},
    wake(word: number) {
      Atomics.notify(words(), word / 4);
    },
  };
}

function makeWorker(): TeamWorker {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (node) return new node.Worker(code, { eval: true }) as TeamWorker;
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  try {
    return new Worker(url) as TeamWorker;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The result of the user's createWorker. Throws if it is not a worker that a team can use. */
function checkWorker(worker: unknown): TeamWorker {
  const { on, addEventListener, postMessage, terminate } = Object(worker) as Partial<TeamWorker>;
  if (![on ?? addEventListener, postMessage, terminate].every((call) => typeof call === 'function')) {
    throw wrongType('createWorker', worker, WANTED_WORKER);
  }
  return worker as TeamWorker;
}

/**
 * Resolves as `start` does, or rejects after LONGEST_START_SECONDS. Seconds in which this thread itself is busy do not
 * count, because no answers can come then.
 */
async function inTime(start: Promise<unknown>): Promise<void> {
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
    await Promise.race([start, late]);
  } finally {
    clearInterval(clock);
  }
}

/** The workers of one network. */
class Crew {
  readonly #workers: TeamWorker[] = [];
  #death: Error | undefined;
  #isDismissed = false;

  /** Starts a worker. Resolves once it waits for calls. */
  hire(createWorker: (() => unknown) | undefined, message: WorkerMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = createWorker ? checkWorker(createWorker()) : makeWorker();
      this.#workers.push(worker);
      const listen = (type: string, listener: (event: unknown) => void) => {
        if (worker.on) worker.on(type, listener);
        else worker.addEventListener?.(type, listener);
      };
      const die = (why: string) => {
        if (this.#isDismissed) return;
        this.#death ??= new Error(`threads: thread ${message.thread} of ${this.#workers.length} has died: ${why}`);
        reject(this.#death);
      };
      listen('message', () => {
        worker.unref?.();
        resolve();
      });
      listen('error', (event) => die(String((event as { message?: string }).message ?? event)));
      listen('exit', (exitCode) => die(`exit code ${exitCode}`));
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
        // ends the other workers all the same
      }
    }
  }

  /** The core with shared calls that fail once a thread has died, instead of waiting for it. */
  guard(core: TeamCore): TeamCore {
    const guarded = { ...core };
    for (const name of SHARED_CALLS) {
      const call = core[name] as (...numbers: number[]) => number;
      (guarded as unknown as Record<string, unknown>)[name] = (...numbers: number[]) => {
        if (this.#death) throw this.#death;
        try {
          return call(...numbers);
        } catch (cause) {
          this.#death ??= new Error('threads: a thread has died amid a call, want a new network', { cause });
          this.dismiss();
          throw this.#death;
        }
      };
    }
    return guarded;
  }
}
