import { wrongType } from '../check/errors.js';

// The workers of the host: those of a page, or Node's threads, which Deno and Bun have too.

/** The parts of a worker that its owner uses. It may be a page's worker or one of Node's. */
export interface HostWorker<Message> {
  postMessage(message: Message, transfer?: Transferable[]): void;
  terminate(): unknown;
  unref?(): void;
  onmessage?: unknown;
  addEventListener?(type: string, listener: (event: unknown) => void): void;
  on?(type: string, listener: (event: unknown) => void): void;
}

const WANTED_WORKER = 'a function that returns a Worker';

/** Checks the user's function that makes workers. `where`: its name in messages. */
export function checkCreateWorker(where: string, createWorker: unknown): void {
  if (createWorker !== undefined && typeof createWorker !== 'function') {
    throw wrongType(where, createWorker, WANTED_WORKER);
  }
}

/** Node's threads; undefined in a page. */
export const nodeThreads = () => globalThis.process?.getBuiltinModule?.('node:worker_threads');

/** True if this host has workers at all. Service workers and AudioWorklets have none. */
export function hasWorkers(): boolean {
  return nodeThreads() !== undefined || typeof Worker === 'function';
}

/** How many threads this host runs at once, as far as it says. */
export function coresOfHost(): number {
  const os = globalThis.process?.getBuiltinModule?.('node:os');
  const cores = os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency;
  return Number.isInteger(cores) && cores > 0 ? cores : 1;
}

/** The result of the user's function that makes workers. Throws if it is not a worker that can be used. */
export function checkWorker<Message>(where: string, worker: unknown): HostWorker<Message> {
  const { on, addEventListener, postMessage, terminate } = Object(worker) as Partial<HostWorker<Message>>;
  if (![on ?? addEventListener, postMessage, terminate].every((call) => typeof call === 'function')) {
    throw wrongType(where, worker, WANTED_WORKER);
  }
  return worker as HostWorker<Message>;
}

/** Calls the listener with each event of a worker, or with what Node's worker has instead of an event. */
export function listenTo(worker: HostWorker<never>, type: string, listener: (event: unknown) => void): void {
  if (worker.on) worker.on(type, listener);
  else worker.addEventListener?.(type, listener);
}
