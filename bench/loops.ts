// Compiles AssemblyScript loops that measure the machine itself, each source to a WebAssembly module of its own.

/** More bytes than any third-level cache holds. */
export const MANY_BYTES = 6e8;

/** Compiles a source to the bytes of a module that imports its memory. `enable` lists features, such as simd. */
export async function compileSource(source: string, enable: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const { default: asc } = await import('assemblyscript/asc');
  const { binary, error } = await asc.compileString(source, {
    optimizeLevel: 3,
    runtime: 'stub',
    enable,
    importMemory: true,
  });
  if (error || !binary) throw error ?? new Error('the loops did not compile');
  return binary as Uint8Array<ArrayBuffer>;
}

/** Compiles a source that uses SIMD to a module. `isRelaxed`: it also uses relaxed SIMD. */
export async function compileLoops(source: string, isRelaxed = false): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await compileSource(source, isRelaxed ? ['simd', 'relaxed-simd'] : ['simd']));
}

/**
 * Instantiates the module with a memory of at least this many bytes, in which no number is 0. Without these numbers,
 * all pages of the memory would be one page of zeros, which the system shares until it is written.
 */
export function startLoops(module: WebAssembly.Module, bytes: number): WebAssembly.Exports {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) + 1 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
  // the numbers differ, because some divisions take less time than others
  const values = new Float32Array(memory.buffer);
  for (let i = 0; i < values.length; i++) values[i] = 1 + (i % 1021) / 1021;
  return exports;
}
