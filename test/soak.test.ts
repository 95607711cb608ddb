import { expect, test } from 'vitest';
import { soak } from '../bench/soaking.js';

// The test takes 40,000 steps, so a hundred bytes kept by each would be 4 MB. `npm run soak` takes a million steps.

test('training keeps no memory of its steps: the memory of the core does not grow, the heap by less than 512 KiB', async () => {
  const { wasmBytes, heapBytes } = await soak(40_000, 4);
  expect(wasmBytes.after).toBe(wasmBytes.before);
  expect(heapBytes.after - heapBytes.before).toBeLessThan(512 * 1024);
});
