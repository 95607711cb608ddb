import { outOfRange } from '../check/errors.js';
import type { WasmModule } from '../core/core-options.js';
import type { Spec } from '../spec/spec.js';
import { checkThreads } from './check-threads.js';
import { coresOfHost, hasWorkers } from './host.js';

// How many threads a network has: what its user says, or with 'auto', what the host allows.

/**
 * The most threads that 'auto' takes. Each has a memory of some megabytes of its own, and few networks can use more.
 */
const MOST_AUTOMATIC = 8;

const HEADERS = 'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';

/** The reason why there can be only one thread: `got` and `wanted` are the two parts of an error message. */
interface Obstacle {
  readonly got: string;
  readonly wanted: string;
}

function findObstacle(cost: Spec['cost'], hasCreateWorker: boolean): Obstacle | undefined {
  if (globalThis.crossOriginIsolated === false) {
    return { got: 'in a page that is not cross-origin isolated', wanted: `a page sent with ${HEADERS}` };
  }
  if (typeof SharedArrayBuffer === 'undefined') {
    return { got: 'where there is no SharedArrayBuffer', wanted: 'an engine that has it' };
  }
  if (!hasCreateWorker && !hasWorkers()) {
    return { got: 'where there are no workers', wanted: 'a page, a worker of a page, or Node' };
  }
  if (cost === 'custom') return { got: 'with a cost of your own', wanted: 'one of the costs that simdprop has' };
  return undefined;
}

/** True if the module has what threads need. */
export function isTeamModule(wasm: WasmModule | undefined): boolean {
  const isModule = wasm !== undefined && Object.prototype.toString.call(wasm) === '[object WebAssembly.Module]';
  return isModule && WebAssembly.Module.exports(wasm).some(({ name }) => name === 'serve');
}

/**
 * The number of threads to start for the option `threads`. With `'auto'`, `reason` says why it is one. Throws if the
 * option is wrong, or if it is a number that the host does not allow.
 */
export function chooseThreads(
  threads: unknown,
  cost: Spec['cost'],
  hasCreateWorker: boolean,
  wasm: WasmModule | undefined,
): { count: number; reason?: string } {
  if (threads === undefined || threads === 1) return { count: 1 };
  const obstacle = findObstacle(cost, hasCreateWorker);
  if (threads !== 'auto') {
    const count = checkThreads(threads);
    if (obstacle) throw outOfRange('threads', `${count} ${obstacle.got}`, `1, or ${obstacle.wanted}`);
    return { count };
  }
  if (obstacle) return { count: 1, reason: `one thread ${obstacle.got}, want ${obstacle.wanted}` };
  if (wasm !== undefined && !isTeamModule(wasm)) {
    return { count: 1, reason: 'one thread with a wasm module that has no threads, want simdprop/threads.wasm' };
  }
  const cores = coresOfHost();
  return cores > 1 ? { count: Math.min(cores, MOST_AUTOMATIC) } : { count: 1, reason: 'one thread on one core' };
}
