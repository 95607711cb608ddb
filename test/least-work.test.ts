import { expect, it } from 'vitest';
import { isThreaded } from './build.js';
import { threadsOfSmallestNetwork } from './smallest-network.js';

// In the builds with threads, vitest.config.ts replaces src/threads/thread-work.ts by least-work.ts, so that threads
// share the networks of all suites, however small they are. Without this replacement, the suites would pass with one
// thread and prove nothing.

it(`the smallest network is computed by ${isThreaded ? 'every thread' : 'one thread'} in this build`, async () => {
  expect(await threadsOfSmallestNetwork()).toBe(isThreaded ? 2 : 1);
});
