// Loops that the benchmark measures the machine with, each in a WebAssembly module of its own, from AssemblyScript.

/** More bytes than any third-level cache has. */
export const MANY_BYTES = 6e8;

/** The bytes of a module of these functions, which imports its memory. */
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

/** The module of them. */
export async function compileLoops(source: string): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await compileSource(source, ['simd']));
}

/** An instance with a memory of so many bytes, in which no number is 0: fresh pages are all one page of zeros. */
export function startLoops(module: WebAssembly.Module, bytes: number): WebAssembly.Exports {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) + 1 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
  // not all the same: some divisions are shorter than others
  const values = new Float32Array(memory.buffer);
  for (let i = 0; i < values.length; i++) values[i] = 1 + (i % 1021) / 1021;
  return exports;
}
