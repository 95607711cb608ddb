import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileBytes } from '../src/core/engine.js';
import { inflate } from '../src/core/inflate.js';
import { base64 } from '../src/generated/simd.js';
import { createNetwork } from './build.js';

const shipped = new Uint8Array(readFileSync(new URL('../build/shipped/simd.wasm', import.meta.url)));

afterEach(() => {
  vi.restoreAllMocks();
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
  it('says so where a page forbids it', async () => {
    const cause = new Error('Wasm code generation disallowed by embedder');
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(cause);
    await expect(compileBytes(shipped)).rejects.toMatchObject({
      message: expect.stringContaining("this page's Content-Security-Policy forbids WebAssembly"),
      cause,
    });
  });

  it('says so where the engine does not know its instructions', async () => {
    const unknown = Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0);
    await expect(compileBytes(unknown)).rejects.toThrow('this engine lacks WebAssembly SIMD');
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
