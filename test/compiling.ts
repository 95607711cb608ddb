import { vi } from 'vitest';

/** Watches how modules are compiled, which tests can make fail. `restore` must be called at the end. */
export function watchCompiling() {
  const { Module } = WebAssembly;
  const compile = vi.fn((bytes: BufferSource) => new Module(bytes));
  WebAssembly.Module = new Proxy(Module, { construct: (_, [bytes]) => compile(bytes) });
  const restore = () => {
    WebAssembly.Module = Module;
  };
  return { compile, restore };
}
