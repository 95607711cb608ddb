import { keysOf } from '../check/errors.js';

// How a network runs: options that change no result, but for the build that gives up reproducibility.

/** Which build of the core runs: `relaxed` fuses multiply and add where the CPU can, and gives up bit-reproducibility. */
export type BuildName = 'simd' | 'relaxed';

/**
 * The DOM's `WebAssembly.Module`, for programs whose TypeScript has the DOM's types. For others, such as those with Node's alone, any
 * object: they compile without, and what is no module is refused when it comes.
 */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object;

/** The DOM's `Worker`; where TypeScript does not have it, any object. */
export type PageWorker = typeof globalThis extends { Worker: { prototype: infer W } } ? W : object;

export const BUILDS: readonly BuildName[] = ['simd', 'relaxed'];

export const DEFAULT_CAPACITY = 128;

/** How a network runs, not what it is. */
export interface CoreOptions {
  /** Rows that one call into the core can hold; larger batches make the network grow. Default 128. */
  batchSize?: number;
  /** Default `'simd'`. */
  build?: BuildName;
  /**
   * The compiled core, where it cannot be compiled from bytes here: the module of `simdprop/simd.wasm` or `simdprop/relaxed.wasm`; with
   * threads, of `simdprop/threads.wasm` or `simdprop/relaxed-threads.wasm`.
   */
  wasm?: WasmModule;
  /**
   * How many threads share the work, this one among them: 1 to 64; more than there are cores are of no use. Default 1. Work too small for
   * them is done by this one alone. The bits are the same for every number. Pages must be cross-origin isolated.
   */
  threads?: number;
  /**
   * Computes in registers of 256 bits, where that can be had: in Node 24 and later on x64, by a flag of V8 that is set for the whole process.
   * The same bits; where a trial finds others, or on other hosts, the network goes without, and `wideReason` says why. Default false.
   */
  wide?: boolean;
  /** Makes a worker of `simdprop/worker`, for pages whose Content-Security-Policy forbids those from a blob. */
  createWorker?: () => PageWorker;
}

export const CORE_KEYS = keysOf<CoreOptions>({
  batchSize: true,
  build: true,
  wasm: true,
  threads: true,
  wide: true,
  createWorker: true,
});
