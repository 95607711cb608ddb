import { MAX_THREADS } from '../../assembly/abi.js';
import { checkNumber, outOfRange } from '../check/errors.js';
import type { CoreOptions } from '../core/core-options.js';
import { checkCreateWorker } from './host.js';

/** Returns a number of threads that a network can have. `'auto'` is not one. */
export function checkThreads(threads: unknown): number {
  const isWanted = (n: number) => Number.isInteger(n) && n >= 1 && n <= MAX_THREADS;
  return checkNumber('threads', threads, isWanted, `an integer from 1 to ${MAX_THREADS}, or 'auto'`);
}

/** Refuses options of a network that would have no effect together. */
export function refuseUnused({ build, wasm, threads, createWorker }: CoreOptions): void {
  if (build !== undefined && wasm !== undefined) {
    throw outOfRange('build', `"${build}" and a wasm module`, 'one of them');
  }
  checkCreateWorker('createWorker', createWorker);
  if (createWorker === undefined || (threads !== undefined && threads !== 1)) return;
  throw outOfRange('createWorker', 'one for a single thread', "none, or threads: 'auto'");
}
