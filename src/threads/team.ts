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

// Networks of several threads, and those of wide registers: one shared memory, the first thread's core, workers for the others. The work
// itself is shared out in assembly/team.ts.

/** A core of several threads: what src/ calls, and what makes an instance one of them. */
interface TeamCore extends Core {
  join(thread: number): void;
}

/** What threads need of a worker, a page's or Node's. */
interface TeamWorker {
  postMessage(message: WorkerMessage): void;
  terminate(): unknown;
  unref?(): void;
  onmessage?: unknown;
  addEventListener?(type: string, listener: (event: unknown) => void): void;
  on?(type: string, listener: (event: unknown) => void): void;
}

/** A network's engine and the plan it was made for. `wideReason`: why wide registers are not used though they were asked for. */
export interface Started {
  readonly engine: Engine;
  readonly plan: Plan;
  readonly wideReason?: string;
}

const HEADERS = 'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';

/** The longest that one thread may work on its share of a step while another waits for it: 4 GiB of network take seconds. */
const LONGEST_WAIT_MS = 20_000;
/** From one look of a thread that waits to the next. */
const LOOK_MS = 1000;
/**
 * The longest that a start may take. Workers are up in milliseconds, many on a machine busy with other things in seconds, and their file
 * may come over a slow line: one that has not answered by then has loaded something else.
 */
const LONGEST_START_SECONDS = 30;

const WANTED_WORKER = 'a function that returns a Worker';

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
  // before there are threads: they look where these tables point
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

/** Throws where threads cannot be had. */
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

/** A shared memory must say how far it may grow; engines for small machines refuse to promise 4 GiB. */
function allocateShared(bytes: number): WebAssembly.Memory {
  const initial = Math.ceil(bytes / PAGE_BYTES);
  for (let maximum = 65_536; maximum >= initial; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared: true });
    } catch {
      // half of that
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
 * A function that is called at each look of a thread that waits, and throws once it has waited too long for the same meeting; each has a
 * number of its own. From look to look a second counts at most: a process that was stopped, or a computer that slept, has not waited.
 */
export function makeWaitCheck(): (meeting: number, now: number) => void {
  let [waitingFor, waited, last] = [-1, 0, 0];
  return (meeting, now) => {
    waited = waitingFor === meeting ? waited + Math.min(now - last, LOOK_MS) : 0;
    [waitingFor, last] = [meeting, now];
    if (waited > LONGEST_WAIT_MS) throw new Error(`a thread has not come for ${LONGEST_WAIT_MS / 1000} s`);
  };
}

/** How the first thread waits: asleep, or, where that is forbidden, in the main thread of a page, looking again and again. */
function teamImports(memory: WebAssembly.Memory, died: number) {
  const words = () => new Int32Array(memory.buffer);
  const checkWait = makeWaitCheck();
  return {
    sleep(word: number, old: number) {
      checkWait(old, performance.now());
      try {
        Atomics.wait(words(), word / 4, old, LOOK_MS);
      } catch {
        // not here
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

/** What the user's function has returned, if a team can talk to it. */
function checkWorker(worker: unknown): TeamWorker {
  const { on, addEventListener, postMessage, terminate } = Object(worker) as Partial<TeamWorker>;
  if (![on ?? addEventListener, postMessage, terminate].every((call) => typeof call === 'function')) {
    throw wrongType('createWorker', worker, WANTED_WORKER);
  }
  return worker as TeamWorker;
}

/** `start`, or an error after so many seconds. While this thread itself is busy, no answers come and none are counted. */
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

  /** Resolves once the worker waits for calls. */
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

  /** Never throws: where something has gone wrong before, that is what to say. */
  dismiss(): void {
    this.#isDismissed = true;
    for (const worker of this.#workers) {
      try {
        worker.terminate();
      } catch {
        // the others, still
      }
    }
  }

  /** The core, whose shared calls fail once a thread has died, instead of waiting for it. */
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
