import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { bytesOf } from '../src/core/builds.js';
import { preload } from '../src/core/engine.js';
import { Network, type NetworkOptions } from '../src/network.js';

// Network.create and Network.load load the core at the same time as their other code.

vi.mock('../src/core/builds.js', () => ({ bytesOf: vi.fn() }));

const wasm = new WebAssembly.Module(readFileSync(new URL('../build/shipped/simd.wasm', import.meta.url)));
const options: NetworkOptions = { inputs: 2, layers: [{ units: 1 }] };
const saved = await (await Network.create({ ...options, wasm })).save();
const failed = new Error('no line');

const unhandled = vi.fn();
process.on('unhandledRejection', unhandled);

afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).not.toHaveBeenCalled();
  vi.mocked(bytesOf).mockReset();
});

it('begins before the file is read', async () => {
  vi.mocked(bytesOf).mockRejectedValue(failed);
  const loading = Network.load(saved);
  expect(bytesOf).toHaveBeenCalledWith('simd');
  await expect(loading).rejects.toBe(failed);
});

it('begins with create, once for each build', async () => {
  vi.mocked(bytesOf).mockRejectedValue(failed);
  await expect(Network.create(options)).rejects.toBe(failed);
  await expect(Network.create({ ...options, build: 'relaxed' })).rejects.toBe(failed);
  expect(vi.mocked(bytesOf).mock.calls).toEqual([['simd'], ['relaxed']]);
});

it('does not report its own failure if the call is refused for another reason', async () => {
  vi.mocked(bytesOf).mockRejectedValue(failed);
  await expect(Network.load(saved.subarray(1))).rejects.toThrow('load: got a file that begins with');
  // @ts-expect-error: what is refused
  await expect(Network.load(saved, null)).rejects.toThrow('options: got null');
  await expect(Network.create({ ...options, inputs: 0 })).rejects.toThrow('inputs: got 0');
  expect(bytesOf).toHaveBeenCalledTimes(3);
});

it('is left out if another core will run, or if there is no such core', async () => {
  await Network.load(saved, { wasm });
  for (const other of [{ wasm }, { threads: 2 }, { wide: true }, { threads: 1 }]) preload(other);
  // @ts-expect-error: what is refused
  await expect(Network.load(saved, { build: 'debug' })).rejects.toThrow('build: got "debug"');
  expect(bytesOf).not.toHaveBeenCalled();
});
