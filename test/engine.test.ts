import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bytesOf } from '../src/core/builds.js';
import { compileBytes } from '../src/core/engine.js';
import { inflate } from '../src/core/inflate.js';
import { base64 } from '../src/generated/simd.js';
import { createNetwork } from './build.js';
import { watchCompiling } from './compiling.js';

const shipped = new Uint8Array(readFileSync(new URL('../build/shipped/simd.wasm', import.meta.url)));

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('the core in the JavaScript files', () => {
  it('is the same as the file that is shipped', async () => {
    expect(Buffer.compare(await inflate(base64), shipped)).toBe(0);
  });

  it('is the same if it is inflated by a stream, as outside Node', async () => {
    const node = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    expect(Buffer.compare(await inflate(base64), shipped)).toBe(0);
    expect(node).toHaveBeenCalled();
  });

  it('is inflated where its file cannot be read', async () => {
    await import('../src/node.js');
    const node = vi.spyOn(process, 'getBuiltinModule');
    // the file is not beside src/node.ts
    expect(Buffer.compare(await bytesOf('simd'), shipped)).toBe(0);
    expect(node.mock.calls).toEqual([['node:fs'], ['node:zlib']]);
  });

  it('is read from its file in Node, by simdprop itself', async () => {
    await import('../src/node.js');
    const readFileSync = vi.fn((_: URL) => shipped);
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ readFileSync } as never);
    expect(await bytesOf('simd')).toBe(shipped);
    expect(readFileSync.mock.calls[0][0].href).toMatch(/^file:.*\/simd\.wasm$/);
  });

  it('is not read from its file in Deno, which would ask for the permission', async () => {
    await import('../src/node.js');
    vi.stubGlobal('Deno', {});
    const node = vi.spyOn(process, 'getBuiltinModule');
    expect(Buffer.compare(await bytesOf('simd'), shipped)).toBe(0);
    expect(node.mock.calls).toEqual([['node:zlib']]);
  });
});

it('is compiled at once, so that Node 20 cannot hang; in a page, which may refuse that, by a promise', async () => {
  const compile = vi.spyOn(WebAssembly, 'compile');
  const { compile: compileAtOnce, restore } = watchCompiling();
  try {
    await compileBytes(shipped);
    expect([compileAtOnce, compile].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
    vi.stubGlobal('document', {});
    await compileBytes(shipped);
    expect([compileAtOnce, compile].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  } finally {
    restore();
  }
});

describe('a core that cannot be compiled', () => {
  const cause = new Error('Wasm code generation disallowed by embedder');
  let restore = () => {};
  afterEach(() => {
    restore();
    restore = () => {};
  });

  /** Lets every way to compile fail. */
  function refuse(error: Error): void {
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(error);
    const watched = watchCompiling();
    restore = watched.restore;
    watched.compile.mockImplementation(() => {
      throw error;
    });
  }

  it.each(['document', 'WorkerGlobalScope'])('says what a page must allow, if there is a %s', async (name) => {
    vi.stubGlobal(name, class {});
    refuse(cause);
    const error = await compileBytes(shipped).catch((reason: Error) => reason);
    expect(error).toMatchObject({
      message: expect.stringContaining(
        "this page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval'",
      ),
      cause,
    });
    // a page that forbids WebAssembly cannot get a compiled module either, so the message must not suggest one
    expect((error as Error).message).not.toContain('{ wasm }');
  });

  it('says how to pass it as a module, in a host that compiles only files', async () => {
    refuse(cause);
    const refused = { message: expect.stringContaining('import simdprop/simd.wasm as a module'), cause };
    await expect(compileBytes(shipped)).rejects.toMatchObject(refused);
    vi.stubGlobal('WorkerGlobalScope', class {});
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    await expect(compileBytes(shipped)).rejects.toMatchObject(refused);
  });

  it('says so if the engine does not know its instructions', async () => {
    const unknown = Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0);
    await expect(compileBytes(unknown)).rejects.toThrow('this engine lacks WebAssembly SIMD');
  });

  it('says so if there is no memory for it', async () => {
    refuse(new RangeError('Out of memory'));
    await expect(compileBytes(shipped)).rejects.toThrow('no memory left to compile the core: dispose() of networks');
  });

  it('says so if WebAssembly is switched off', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    await expect(compileBytes(shipped)).rejects.toThrow('this engine has no WebAssembly: start Node without --jitless');
  });

  it('says what to do if the process has no addresses left for its memory', async () => {
    const NoMemory = class {
      constructor() {
        throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      }
    };
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(NoMemory as never);
    const wanted = /^memory: got a network and data of \d+ bytes, want .*dispose\(\).*--disable-wasm-trap-handler/;
    for (const options of [{}, { threads: 2 }, { threads: 'auto' as const }]) {
      await expect(createNetwork({ inputs: 1, layers: [{ units: 1 }], ...options })).rejects.toThrow(wanted);
    }
  });
});

it('is instantiated synchronously in Node, where waiting for a promise can hang for ever', async () => {
  const instantiate = vi.spyOn(WebAssembly, 'instantiate');
  await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
  expect(instantiate).not.toHaveBeenCalled();
  vi.stubGlobal('document', {});
  await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
  expect(instantiate).toHaveBeenCalledTimes(1);
  vi.unstubAllGlobals();
  instantiate.mockRestore();
});
