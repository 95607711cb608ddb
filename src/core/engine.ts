import { ABI_VERSION } from '../../assembly/abi.js';
import { outOfRange, wrongType } from '../check/errors.js';
import { bytesOf } from './builds.js';
import { BUILDS, type BuildName, type CoreOptions } from './core-options.js';

/** Every function of the core that src/ calls: the ABI on one screen. Addresses are bytes, counts are rows or steps. */
export interface Core {
  abiVersion(): number;
  fillNormal(target: number, floats: number, deviation: number, purpose: number, stream: number): void;
  fillUniform(target: number, floats: number, limit: number, purpose: number, stream: number): void;
  measureColumns(moments: number, first: number, rows: number, seen: number): void;
  shuffle(order: number, count: number, purpose: number, stream: number): void;
  trainChunks(position: number, count: number): number;
  convertIntegers(values: number, count: number, scale: number): void;
  loadWindowTargets(rows: number): void;
  forward(rows: number): void;
  forwardWindow(rows: number, inputType: number): void;
  addCost(rows: number): number;
  backward(rows: number): void;
  meanGradients(rows: number, adds?: boolean): void;
  applyGradients(): void;
  trainRows(rows: number): number;
  evaluateRows(rows: number): void;
  largestMagnitude(source: number, floats: number): number;
  penalty(): number;
  addScaled(target: number, source: number, floats: number, factor: number): void;
  dot(u: number, v: number, floats: number): number;
  scaleFloats(target: number, floats: number, factor: number): void;
}

/** What the core calls back: a cost of the user's own. */
export type CoreImports = {
  /** C_x of a row of the batch. */
  customCost(row: number): number;
  /** Writes dC/da of `rows` rows to the output layer's delta. */
  customGradient(rows: number): void;
};

export interface Engine {
  readonly core: Core;
  readonly memory: WebAssembly.Memory;
  /** Ends its other threads. */
  dispose?(): void;
}

/** The core asks for a cost only where its network has one of its user's own. */
const NO_COST: CoreImports = {
  customCost: () => Number.NaN,
  customGradient: () => {},
};

export const PAGE_BYTES = 65_536;

/** Compiled once a process or page: instances share the machine code. */
const modules = new Map<BuildName, Promise<WebAssembly.Module>>();

export async function compileBytes(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw (await import('./no-engine.js')).explain(WebAssembly.validate(bytes), error);
  }
}

function compiled(build: BuildName): Promise<WebAssembly.Module> {
  let module = modules.get(build);
  if (!module) {
    module = bytesOf(build).then(compileBytes);
    modules.set(build, module);
    // a failure is not kept: the next call may have better luck
    module.catch(() => modules.delete(build));
  }
  return module;
}

/**
 * Begins to load and compile the core that a network with `options`, not checked yet, will run on: it is on its way while other parts of the
 * library are. Nobody waits here: who starts the engine finds the module, or what went wrong.
 */
export function preload(options: CoreOptions): void {
  const { build = 'simd', wasm, threads, wide } = Object(options) as CoreOptions;
  const isNeeded = wasm === undefined && threads === undefined && wide === undefined;
  if (isNeeded && BUILDS.includes(build)) compiled(build);
}

/**
 * The exports of `module`, unless it is another version's, no core at all, or one for threads where there are none, or the other way round.
 * `files`: those that have it, for the message.
 */
export async function instantiate(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
  files: string,
  isShared: boolean,
): Promise<Core> {
  const wanted = `a WebAssembly.Module of ${files} of this version`;
  if (!(module instanceof WebAssembly.Module)) throw wrongType('wasm', module, wanted);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const isCore = names.includes('abiVersion') && names.includes('serve') === isShared;
  // At once but in a page, where some browsers take only small modules so. Node 20 can hang amid a promise that no handle stands behind: it
  // waits for a compiler thread, and that for a collection by the thread that waits (7 of 40 processes of 60 networks each did)
  const instance =
    isCore &&
    ('document' in globalThis
      ? await WebAssembly.instantiate(module, imports)
      : new WebAssembly.Instance(module, imports));
  const core = instance && (instance.exports as unknown as Core);
  if (!core || core.abiVersion() !== ABI_VERSION) throw new TypeError(`wasm: got another module, want ${wanted}`);
  return core;
}

/** A core with a memory of its own, of at least `bytes`. */
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

/** What an instance of the core imports. */
export function importsOf(memory: WebAssembly.Memory, imports: CoreImports | undefined): WebAssembly.Imports {
  return { env: { memory }, cost: imports ?? NO_COST };
}

function allocate(bytes: number): WebAssembly.Memory {
  const initial = Math.ceil(bytes / PAGE_BYTES);
  try {
    return new WebAssembly.Memory({ initial });
  } catch {
    throw outOfMemory(bytes);
  }
}

/** Makes the memory at least `bytes` long. Views made before are detached if it grows. */
export function growMemory(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return;
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES));
  } catch {
    throw outOfMemory(bytes);
  }
}

export function outOfMemory(bytes: number): RangeError {
  return outOfRange('memory', `a network and data of ${bytes} bytes`, 'what this engine can allocate');
}
