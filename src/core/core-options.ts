import { keysOf } from '../check/errors.js';

// Options of how a network runs. None of them changes a result, except the build that gives up reproducibility.

/**
 * The builds of the core. `relaxed` fuses multiplications with additions where the processor can, so that its results
 * may differ in their last bits from one processor to another.
 */
export type BuildName = 'simd' | 'relaxed';

/**
 * The type `WebAssembly.Module` of the DOM. Programs whose TypeScript has only, say, Node's types do not know it: for
 * them it is any object, and an object that is not a module is refused at run time.
 */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object;

/** The type `Worker` of the DOM. For programs whose TypeScript does not know it, it is any object. */
export type PageWorker = typeof globalThis extends { Worker: { prototype: infer W } } ? W : object;

export const BUILDS: readonly BuildName[] = ['simd', 'relaxed'];

export const DEFAULT_CAPACITY = 128;

/** A team of processes, of which this process is a member. `joinTeam` of `simdprop/mpi` returns it. */
export interface ProcessTeam {
  /** The number of this process, from 0 on. */
  readonly rank: number;
  /** How many processes the team has. */
  readonly size: number;
}

/** Options of how a network runs, as opposed to what it computes. */
export interface CoreOptions {
  /**
   * The number of rows that one call into the core can hold, 1 to 2³¹ - 1. A larger batch makes the memory grow.
   * @defaultValue `128`
   */
  batchSize?: number | undefined;
  /**
   * The build of the core. Not together with `wasm`, which is one of the builds.
   * @defaultValue `'simd'`
   */
  build?: BuildName | undefined;
  /**
   * The compiled core, for programs that cannot compile it from bytes: the module of `simdprop/simd.wasm` or
   * `simdprop/relaxed.wasm`, or with threads, of `simdprop/threads.wasm` or `simdprop/relaxed-threads.wasm`.
   * @defaultValue the core is compiled from bytes
   */
  wasm?: WasmModule | undefined;
  /**
   * How many threads share the work, 1 to 64, including the calling thread. More threads than cores bring nothing.
   * Work that is too small to share is done by the calling thread alone. The bits of every result are the same for any
   * number of threads. In a page, more than one thread requires cross-origin isolation. `'auto'`: as many as the host
   * has cores, up to 8; one where it allows no more, and then `threadsReason` says why.
   * @defaultValue `1`
   */
  threads?: number | 'auto' | undefined;
  /**
   * true: computes in registers of 256 bits if the engine can, which is so in Node 24 and later on x64. The bits of
   * every result stay those of the `build`: on other hosts, or if a trial finds different bits or no gain in speed, the
   * network runs without wide registers, and `wideReason` says why. While the core is compiled, flags of V8 are set.
   * @defaultValue `false`
   */
  wide?: boolean | undefined;
  /**
   * Returns a worker that runs `simdprop/worker`, for pages whose Content-Security-Policy forbids workers from a
   * blob: see docs/threads.md. Refused for a single thread, which has no workers.
   * @defaultValue workers are made from a blob
   */
  createWorker?: (() => PageWorker) | undefined;
  /**
   * The team of processes that trains the network, in Node: the result of `joinTeam` of `simdprop/mpi`. The bits of
   * every result are the same for any number of processes. See docs/mpi.md.
   * @defaultValue this process alone
   */
  team?: ProcessTeam | undefined;
}

export const CORE_KEYS = keysOf<CoreOptions>({
  batchSize: true,
  build: true,
  wasm: true,
  threads: true,
  wide: true,
  createWorker: true,
  team: true,
});
