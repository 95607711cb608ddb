import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileBytes } from '../src/core/engine.js';
import { inflate } from '../src/core/inflate.js';
import { base64 } from '../src/generated/simd.js';
import { createNetwork } from './build.js';

const shipped = new Uint8Array(readFileSync(new URL('../build/shipped/simd.wasm', import.meta.url)));

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('the core that is inlined', () => {
  it('is the file that ships', async () => {
    expect(Buffer.compare(await inflate(base64), shipped)).toBe(0);
  });

  it('is the same without Node: by a stream', async () => {
    const node = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    expect(Buffer.compare(await inflate(base64), shipped)).toBe(0);
    expect(node).toHaveBeenCalled();
  });
});

describe('a core that cannot be compiled', () => {
  const cause = new Error('Wasm code generation disallowed by embedder');

  it.each(['document', 'WorkerGlobalScope'])('says what a page must allow, where there is a %s', async (name) => {
    vi.stubGlobal(name, class {});
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(cause);
    const error = await compileBytes(shipped).catch((reason: Error) => reason);
    expect(error).toMatchObject({
      message: expect.stringContaining(
        "this page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval'",
      ),
      cause,
    });
    // a page cannot have a compiled module either
    expect((error as Error).message).not.toContain('{ wasm }');
  });

  it('says how to pass it where a host wants it compiled beforehand', async () => {
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(cause);
    const refused = { message: expect.stringContaining('import simdprop/simd.wasm as a module'), cause };
    await expect(compileBytes(shipped)).rejects.toMatchObject(refused);
    vi.stubGlobal('WorkerGlobalScope', class {});
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    await expect(compileBytes(shipped)).rejects.toMatchObject(refused);
  });

  it('says so where the engine does not know its instructions', async () => {
    const unknown = Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0);
    await expect(compileBytes(unknown)).rejects.toThrow('this engine lacks WebAssembly SIMD');
  });

  it('says so where there is no memory for it', async () => {
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new RangeError('Out of memory'));
    await expect(compileBytes(shipped)).rejects.toThrow('no memory left to compile the core: dispose() of networks');
  });

  it('says so where WebAssembly is switched off', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    await expect(compileBytes(shipped)).rejects.toThrow('this engine has no WebAssembly: start Node without --jitless');
  });

  it('says what to do where there are no addresses for its memory', async () => {
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

it('makes its instance at once in Node: one that waits for it with nothing else to do may wait for ever', async () => {
  const instantiate = vi.spyOn(WebAssembly, 'instantiate');
  await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
  expect(instantiate).not.toHaveBeenCalled();
  vi.stubGlobal('document', {});
  await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
  expect(instantiate).toHaveBeenCalledTimes(1);
  vi.unstubAllGlobals();
  instantiate.mockRestore();
});
