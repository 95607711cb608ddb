import { expect, test } from 'vitest';
import { soak } from '../bench/soaking.js';

// 40,000 steps: a hundred bytes kept of each step would be 4 MB. `npm run soak` takes a million.

test('training keeps nothing of its steps: the memory of the core stays as it is, the heap within 512 KiB', async () => {
  const { wasmBytes, heapBytes } = await soak(40_000, 4);
  expect(wasmBytes.after).toBe(wasmBytes.before);
  expect(heapBytes.after - heapBytes.before).toBeLessThan(512 * 1024);
});
