import { ABI_VERSION } from '../../assembly/abi.js';
import { isKind } from '../check/arrays.js';
import { counted, outOfRange, wrongType } from '../check/errors.js';
import { bytesOf } from './builds.js';
import { BUILDS, type BuildName, type CoreOptions } from './core-options.js';
import type { TeamCalls } from './team-calls.js';

/**
 * The functions of the core that src/ calls: the whole interface on one screen. Addresses are in bytes; counts are rows
 * or steps.
 */
export interface Core {
  abiVersion(): number;
  fillNormal(target: number, floats: number, deviation: number, purpose: number, stream: number): void;
  fillUniform(target: number, floats: number, limit: number, purpose: number, stream: number): void;
  shuffle(order: number, count: number, purpose: number, stream: number): void;
  trainChunks(position: number, count: number): number;
  loadWindowTargets(rows: number): void;
  forward(rows: number): void;
  forwardWindow(rows: number, inputType: number): void;
  addCost(rows: number): number;
  backward(rows: number): void;
  meanGradients(rows: number, counted: number, adds?: boolean): void;
  applyGradients(): void;
  trainRows(rows: number): number;
  evaluateRows(rows: number): void;
  largestMagnitude(source: number, floats: number): number;
  penalty(): number;
  addScaled(target: number, source: number, floats: number, factor: number): void;
  dot(u: number, v: number, floats: number): number;
  scaleFloats(target: number, floats: number, factor: number): void;
  transposeRows(
    target: number,
    targetStride: number,
    source: number,
    sourceStride: number,
    columns: number,
    rows: number,
  ): void;
  /** Not the core's, but that of its wrapper in src/processes. Only networks of a team of processes have it. */
  readonly team?: TeamCalls;
}

/** The functions that the core calls: those of a custom cost. */
export type CoreImports = {
  /** Returns C_x of a row of the batch. */
  customCost(row: number): number;
  /** Writes dC/da of the first `rows` rows to delta of the output layer. */
  customGradient(rows: number): void;
};

/** A core and its memory. */
export interface Engine {
  readonly core: Core;
  readonly memory: WebAssembly.Memory;
  /** Ends the other threads, if there are any. */
  dispose?(): void;
}

/** For a network without a custom cost: the core needs these functions, but never calls them. */
const NO_COST: CoreImports = {
  customCost: () => Number.NaN,
  customGradient: () => {},
};

export const PAGE_BYTES = 65_536;

/** Each build is compiled only once in a process or page; instances share its machine code. */
const modules = new Map<BuildName, Promise<WebAssembly.Module>>();

/**
 * True in a page: some browsers accept only small modules synchronously there. Elsewhere modules and instances are made
 * synchronously, which is faster for a core; and in Node 20, waiting for a promise of V8 can hang forever: see
 * docs/kernels.md.
 */
const isInPage = () => 'document' in globalThis;

export async function compileBytes(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return isInPage() ? await WebAssembly.compile(bytes) : new WebAssembly.Module(bytes);
  } catch (error) {
    throw (await import('./no-engine.js')).explain(bytes, error);
  }
}

function compiled(build: BuildName): Promise<WebAssembly.Module> {
  let module = modules.get(build);
  if (!module) {
    module = bytesOf(build).then(compileBytes);
    modules.set(build, module);
    // a failure is not remembered: the next call may succeed
    module.catch(() => modules.delete(build));
  }
  return module;
}

/**
 * Begins to load and compile the core for a network with `options`, while other parts of the library load. `options`
 * are not checked yet. Does not wait: the call that starts the engine gets the module or the error.
 */
export function preload(options: CoreOptions): void {
  const { build = 'simd', wasm, threads, wide } = Object(options) as CoreOptions;
  const isNeeded = wasm === undefined && threads === undefined && wide === undefined;
  if (isNeeded && BUILDS.includes(build)) compiled(build);
}

/**
 * The exports of `module`. Throws if it is not a core, or a core of another version, or if threads are needed and it
 * has none, or the reverse. `files`: the files that have the right core, for the message. `isShared`: true for a core
 * with threads.
 */
export async function instantiate(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
  files: string,
  isShared: boolean,
): Promise<Core> {
  const wanted = `a WebAssembly.Module of ${files} of this version`;
  if (!isKind(module, 'WebAssembly.Module')) throw wrongType('wasm', module, wanted);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const isCore = names.includes('abiVersion') && names.includes('serve') === isShared;
  const instance =
    isCore && (isInPage() ? await WebAssembly.instantiate(module, imports) : new WebAssembly.Instance(module, imports));
  const core = instance && (instance.exports as unknown as Core);
  if (!core || core.abiVersion() !== ABI_VERSION) throw new TypeError(`wasm: got another module, want ${wanted}`);
  return core;
}

/** A core with its own memory of at least `bytes`. */
export async function startEngine(
  build: BuildName,
  wasm: WebAssembly.Module | undefined,
  bytes: number,
  imports?: CoreImports,
): Promise<Engine> {
  const module = wasm === undefined ? await compiled(build) : wasm;
  const memory = allocate(bytes);
  const files = 'simdprop/simd.wasm or simdprop/relaxed.wasm';
  const core = await instantiate(module, importsOf(memory, imports), files, false);
  return { core, memory };
}

/** The imports of an instance of the core. */
export function importsOf(memory: WebAssembly.Memory, imports: CoreImports | undefined): WebAssembly.Imports {
  return { env: { memory }, cost: imports ?? NO_COST };
}

export function allocate(bytes: number): WebAssembly.Memory {
  const initial = Math.ceil(bytes / PAGE_BYTES);
  try {
    return new WebAssembly.Memory({ initial });
  } catch {
    throw outOfMemory(bytes);
  }
}

/** Makes the memory at least `bytes` long. If it grows, earlier views are detached. */
export function growMemory(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
  } catch {
    throw outOfMemory(bytes);
  }
}

/**
 * Engines reserve up to 10 GiB of addresses for each memory, so that addresses can run out before memory does. With
 * this flag, Node reserves no more than the bytes.
 */
const WAYS_TO_MEMORY =
  'less than this process can still get: dispose() of unused networks; under ulimit -v, node --disable-wasm-trap-handler';

export function outOfMemory(bytes: number): RangeError {
  return outOfRange('memory', `a network and data of ${counted(bytes, 'byte')}`, WAYS_TO_MEMORY);
}
