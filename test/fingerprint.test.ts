import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importsOf } from '../src/core/engine.js';
import type { WordsCore } from '../src/processes/compared.js';

// The fingerprints by which the processes of a team compare their data: assembly/fingerprint.ts.

const module = new WebAssembly.Module(readFileSync(new URL('../build/processes.wasm', import.meta.url)));
const memory = new WebAssembly.Memory({ initial: 32 });
const never = () => {};
const team = { exchangeRows: never, exchangeGradients: never, exchangeParameters: never };
const { exports } = new WebAssembly.Instance(module, { ...importsOf(memory, undefined), team });
const core = exports as unknown as WordsCore;

// not a multiple of 16 bytes: the arrays of a window begin anywhere
const AT = 2 ** 20 + 4;
const words = new Int32Array(memory.buffer, AT, 100);

function fill(count: number): void {
  for (let i = 0; i < words.length; i++) words[i] = i < count ? Math.imul(i + 1, 0x01000193) : -1;
}

describe('the fingerprint of words', () => {
  // 16 words are read at a time: fewer, all, and all with a rest
  it.each([0, 1, 3, 16, 17, 33, 64, 79])(
    'of %i words changes with each bit of each, and with nothing behind',
    (count) => {
      fill(count);
      const own = core.addWords(1, AT, count);
      const others = new Set([own]);
      for (let i = 0; i < count; i++) {
        for (let bit = 0; bit < 32; bit++) {
          words[i] ^= 1 << bit;
          others.add(core.addWords(1, AT, count));
          words[i] ^= 1 << bit;
        }
      }
      // 2,529 random numbers of 32 bits are all different with a probability of 99.9 %; these words are always the same
      expect(others.size).toBe(1 + 32 * count);
      words.fill(0, count);
      expect(core.addWords(1, AT, count)).toBe(own);
    },
  );

  it('changes with the order of the words, their number and what it is added to', () => {
    fill(64);
    const own = core.addWords(1, AT, 64);
    const swapped = Array.from({ length: 63 }, (_, i) => {
      [words[i], words[i + 1]] = [words[i + 1], words[i]];
      const other = core.addWords(1, AT, 64);
      [words[i], words[i + 1]] = [words[i + 1], words[i]];
      return other;
    });
    words.fill(0);
    const zeros = Array.from({ length: 64 }, (_, count) => core.addWords(1, AT, count));
    const seeds = Array.from({ length: 64 }, (_, seed) => core.addWords(seed, AT, 64));
    expect(new Set([own, ...swapped, ...zeros, ...seeds]).size).toBe(1 + 63 + 64 + 64);
  });
});
