/**
 * The code of a thread's worker. It exports nothing: `createWorker` of `NetworkOptions` starts a worker with it.
 *
 * @module
 */

// A thread other than the first. It waits for the core and the memory, and then for calls in the memory, until it is
// ended from outside. It imports nothing, because the build also makes it a string, for workers without a file. As a
// file it is the entry simdprop/worker.

/** @internal The message that starts a worker. */
export interface WorkerMessage {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The number of the thread; the first thread is 0. */
  readonly thread: number;
  /** The index of a word of the memory. The thread sets it to 1 when it dies, so that no other thread waits for it. */
  readonly died: number;
}

interface Port {
  onmessage: ((event: { data: WorkerMessage }) => void) | null;
  postMessage(message: 'ready'): void;
}

const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
const port = (node?.parentPort ?? globalThis) as unknown as Port;

port.onmessage = ({ data: { module, memory, thread, died } }) => {
  const words = () => new Int32Array(memory.buffer);
  const refuse = () => {
    throw new Error('simdprop: a thread got a call that only the first thread can answer');
  };
  const sleep = (word: number, old: number) => {
    Atomics.wait(words(), word / 4, old, 1000);
    if (Atomics.load(words(), died)) throw new Error('simdprop: another thread has died');
  };
  const idle = (word: number, old: number) => {
    Atomics.wait(words(), word / 4, old);
  };
  const wake = (word: number) => {
    Atomics.notify(words(), word / 4);
  };
  const core = new WebAssembly.Instance(module, {
    env: { memory },
    cost: { customCost: refuse, customGradient: refuse },
    team: { sleep, idle, wake },
  }).exports as {
    join(thread: number): void;
    serve(): void;
  };
  core.join(thread);
  port.postMessage('ready');
  try {
    core.serve();
  } finally {
    Atomics.store(words(), died, 1);
  }
};
