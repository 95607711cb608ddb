import { TEAM_DIED } from '../../assembly/abi.js';
import { checkBoolean, outOfRange, wrongType } from '../check/errors.js';
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
import { START, type StartingTeam } from '../core/process-team.js';
import type { Spec } from '../spec/spec.js';
import { refuseUnused } from './check-threads.js';
import { Crew, dismiss, dismissWhenCollected } from './crew.js';
import { shareWhereFaster } from './sharing.js';
import { chooseThreads, isTeamModule } from './thread-count.js';
import { IS_MEASURED, THREAD_WORK } from './thread-work.js';
import { switchOnWide } from './wide.js';

// Networks with several threads or with wide registers: a shared memory, the core of the first thread, and workers for
// the others. assembly/team.ts divides the work.

/** The core of one thread of a team: the calls of src/, and the call by which an instance becomes such a core. */
interface TeamCore extends Core {
  join(thread: number): void;
}

/**
 * A network's engine and the plan that it was made for. `wideReason`: why wide registers are not used although they
 * were asked for. `threadsReason`: why there is one thread where `'auto'` was asked for.
 */
export interface Started {
  readonly engine: Engine;
  readonly plan: Plan;
  readonly wideReason?: string;
  readonly threadsReason?: string;
}

/**
 * The longest time that one thread may wait for another within a step. The shares of a step in a network of 4 GiB take
 * seconds.
 */
const LONGEST_WAIT_MS = 20_000;
/** The longest time between two checks by a thread that waits. */
const LOOK_MS = 1000;
/** Starts the engine of a network with several threads, or with wide registers. */
export async function startTeam(
  spec: Spec,
  capacity: number,
  build: BuildName,
  options: CoreOptions,
  imports: CoreImports | undefined,
): Promise<Started> {
  if (options.team !== undefined) return await startInTeam(spec, capacity, options);
  const { threads, wide = false, wasm, createWorker } = options;
  checkBoolean('wide', wide);
  refuseUnused(options);
  const isAutomatic = threads === 'auto';
  const { count, reason } = chooseThreads(threads, spec.cost, createWorker !== undefined, wasm);
  const chosen = wide ? await switchOnWide(build, wasm ?? (await bytesOf(build))) : undefined;
  const start = async (among: number): Promise<Started> => {
    const team: Team = { threads: among, isWide: chosen?.module !== undefined, threadWork: THREAD_WORK };
    const plan = checkSize(makePlan(spec, capacity, undefined, 0, team));
    // with 'auto', a module with threads is accepted for one thread too
    const isPlain = among === 1 && !team.isWide && !(isAutomatic && isTeamModule(wasm));
    if (isPlain) return { engine: await startEngine(build, wasm, plan.bytes, imports), plan };
    const module = chosen?.module ?? wasm ?? (await compileBytes(await bytesOf(build)));
    return { engine: await startThreads(spec, plan, module, imports, createWorker), plan };
  };
  const wideReason = chosen?.reason;
  try {
    return { ...(await start(count)), wideReason, threadsReason: reason };
  } catch (error) {
    if (!isAutomatic || count === 1) throw error;
    return { ...(await start(1)), wideReason, threadsReason: (error as Error).message };
  }
}

/** What a network of a team of processes cannot have, and which value means that it has none of it. */
const NOT_IN_TEAM = [
  ['threads', 1],
  ['wide', false],
  ['build', 'simd'],
  ['wasm', undefined],
  ['createWorker', undefined],
] as const;

/** Starts the engine of a network that a team of processes trains. */
async function startInTeam(spec: Spec, capacity: number, { team, ...options }: CoreOptions): Promise<Started> {
  if (typeof Object(team)[START] !== 'function')
    throw wrongType('team', team, 'the result of joinTeam of simdprop/mpi');
  for (const [name, none] of NOT_IN_TEAM) {
    const value = options[name];
    if (value === undefined || value === none) continue;
    const shown = typeof value === 'object' || typeof value === 'function' ? 'one' : value;
    throw outOfRange(name, `${shown} with a team of processes`, `${none ?? 'none'}, or no team`);
  }
  return await (team as StartingTeam)[START](spec, capacity);
}

/** The engine of as many threads as the plan says, the calling thread among them. */
async function startThreads(
  spec: Spec,
  plan: Plan,
  module: WebAssembly.Module,
  imports: CoreImports | undefined,
  createWorker: CoreOptions['createWorker'],
): Promise<Engine> {
  const { threads } = plan.team;
  const memory = allocateShared(plan.bytes);
  const died = (plan.teamWords + TEAM_DIED) / 4;
  const own = await instantiateTeam(module, memory, imports, died);
  if (threads === 1) return { core: own, memory };
  // must be written before the threads start, because threads read these tables
  writeTables(memory.buffer, spec, plan);
  const crew = new Crew();
  try {
    const messages = Array.from({ length: threads - 1 }, (_, i) => ({ module, memory, thread: i + 1, died }));
    await crew.hire(createWorker, messages);
  } catch (error) {
    crew.dismiss();
    throw error;
  }
  const core = crew.guard(IS_MEASURED ? shareWhereFaster(own, memory, plan) : own);
  dismissWhenCollected(crew, core);
  return { core, memory, dispose: () => dismiss(crew) };
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
      // the next attempt promises half as much
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
      if (Atomics.load(words(), died)) throw new Error('another thread has reported that it has died');
    },
    idle() {},
    wake(word: number) {
      Atomics.notify(words(), word / 4);
    },
  };
}
