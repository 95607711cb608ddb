import { outOfRange, wrongType } from './errors.js';
import type { BuildName } from './types.js';

/** Every function of the core that src/ calls: the ABI on one screen. Addresses are bytes, counts are rows or steps. */
export interface Core {
  constantsEnd(): number;
  fillNormal(target: number, floats: number, deviation: number, purpose: number, stream: number): void;
  fillUniform(target: number, floats: number, limit: number, purpose: number, stream: number): void;
  shuffle(order: number, count: number, purpose: number, stream: number): void;
  trainSteps(first: number, count: number): void;
  loadWindow(rows: number): void;
  forward(rows: number): void;
  addCost(rows: number): void;
  backward(rows: number): void;
  computeGradients(rows: number): void;
  applyGradients(): void;
  trainRows(rows: number): void;
  evaluateRows(rows: number): void;
}

/** The names of Core, to know a module of another version or kind. */
export const CORE_FUNCTIONS: readonly (keyof Core)[] = [
  'constantsEnd',
  'fillNormal',
  'fillUniform',
  'shuffle',
  'trainSteps',
  'loadWindow',
  'forward',
  'addCost',
  'backward',
  'computeGradients',
  'applyGradients',
  'trainRows',
  'evaluateRows',
];

export interface Engine {
  readonly core: Core;
  readonly memory: WebAssembly.Memory;
}

const PAGE_BYTES = 65_536;

/** Compiled once a process or page: instances share the machine code. */
const modules = new Map<BuildName, Promise<WebAssembly.Module>>();

async function compile(build: BuildName): Promise<WebAssembly.Module> {
  // two literal imports, so that bundlers split them and a page loads the one it uses
  const { base64 } = await (build === 'relaxed' ? import('./generated/relaxed.js') : import('./generated/simd.js'));
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) {
    throw new Error(
      build === 'relaxed'
        ? "build: got 'relaxed', but this engine lacks relaxed SIMD (Node 21, Chrome 114, Firefox 145 and later have it)"
        : 'simdprop: this engine lacks WebAssembly SIMD (every browser and runtime since 2023 has it)',
    );
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new Error(
      "simdprop: this page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to script-src, or pass a " +
        'compiled module as { wasm }',
      { cause: error },
    );
  }
}

function compiled(build: BuildName): Promise<WebAssembly.Module> {
  let module = modules.get(build);
  if (!module) {
    module = compile(build);
    modules.set(build, module);
    // a failure is not kept: the next call may have better luck
    module.catch(() => modules.delete(build));
  }
  return module;
}

function checkModule(wasm: unknown): void {
  const wanted = 'a WebAssembly.Module of simdprop/simd.wasm or simdprop/relaxed.wasm of this version';
  if (!(wasm instanceof WebAssembly.Module)) throw wrongType('wasm', wasm, wanted);
  const names = WebAssembly.Module.exports(wasm).map(({ name }) => name);
  const missing = CORE_FUNCTIONS.find((name) => !names.includes(name));
  if (missing) throw new TypeError(`wasm: got a module without the function ${missing}, want ${wanted}`);
}

/** A core with a memory of its own, of at least `bytes`. */
export async function startEngine(
  build: BuildName,
  wasm: WebAssembly.Module | undefined,
  bytes: number,
): Promise<Engine> {
  if (wasm !== undefined) checkModule(wasm);
  const module = wasm ?? (await compiled(build));
  const memory = allocate(bytes);
  const abort = (_message: number, _file: number, line: number, column: number) => {
    throw new Error(`simdprop: an assertion of the core failed at ${line}:${column}`);
  };
  const { exports } = await WebAssembly.instantiate(module, { env: { memory, abort } });
  return { core: exports as unknown as Core, memory };
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

function outOfMemory(bytes: number): RangeError {
  return outOfRange('memory', `a network and data of ${bytes} bytes`, 'what this engine can allocate');
}
