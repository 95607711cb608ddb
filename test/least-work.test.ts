import { expect, it } from 'vitest';
import { isThreaded } from './build.js';
import { threadsOfSmallestNetwork } from './smallest-network.js';

// In the builds with threads vitest.config.ts puts least-work.ts in place of src/threads/thread-work.ts, so that the
// networks of all suites are shared by threads however small they are. If that were lost, the suites would pass with
// one thread and prove nothing.

it(`the smallest network is worth ${isThreaded ? 'every thread' : 'one thread'} in this build`, async () => {
  expect(await threadsOfSmallestNetwork()).toBe(isThreaded ? 2 : 1);
});
