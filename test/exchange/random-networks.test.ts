import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { hasCompiler } from './compiler.js';
import { hasModules } from './python.js';
import { compareRandom } from './random-networks.js';

// Random networks of the programs that are installed here. random-networks.ts takes those of npm too.

it.skipIf(!hasModules('torch'))('random state dicts predict what PyTorch computes', async () => {
  const { others, worst } = await compareRandom('torch', 7, 60);
  expect(others).toEqual([]);
  expect(worst).toBeLessThan(2e-6);
});

const hasFann = hasCompiler && existsSync('/usr/include/fann.h');

it.skipIf(!hasFann)('random networks predict what FANN computes', async () => {
  const { others, worst } = await compareRandom('fann', 7, 60);
  expect(others).toEqual([]);
  // FANN adds up in 32 bits, in another order
  expect(worst).toBeLessThan(5e-6);
});
