import { MAX_THREADS } from '../../assembly/abi.js';
import { checkNumber } from '../check/errors.js';

/** Returns a number of threads that a network can have. `'auto'` is not one. */
export function checkThreads(threads: unknown): number {
  const isWanted = (n: number) => Number.isInteger(n) && n >= 1 && n <= MAX_THREADS;
  return checkNumber('threads', threads, isWanted, `an integer from 1 to ${MAX_THREADS}, or 'auto'`);
}
