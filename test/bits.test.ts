import { expect, it } from 'vitest';
import { hashes } from '../bench/determinism/bits.mjs';
import * as library from '../src/index.js';
import { buildName, createNetwork } from './build.js';
import published from './hashes.json' with { type: 'json' };

// The fused build rounds differently, so its bits are not the published ones.
it.skipIf(buildName === 'relaxed')('the small networks have the published bits in this build', async () => {
  const { MNIST, ...small } = published;
  expect(MNIST).toMatch(/^[0-9a-f]{64}$/);
  expect(await hashes(library, createNetwork, undefined)).toEqual(small);
});
