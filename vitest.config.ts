import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const isThreaded = process.env.SIMDPROP_BUILD?.endsWith('threads');

export default defineConfig({
  resolve: {
    alias: [
      // with threads, the smallest networks are to be shared too
      ...(isThreaded
        ? [
            {
              find: /^\.\/thread-work\.js$/,
              replacement: fileURLToPath(new URL('test/least-work.ts', import.meta.url)),
            },
          ]
        : []),
      { find: /^simdprop$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      { find: /^simdprop\/graph$/, replacement: fileURLToPath(new URL('src/graph/index.ts', import.meta.url)) },
      {
        find: /^simdprop\/cross-validation$/,
        replacement: fileURLToPath(new URL('src/cross-validation.ts', import.meta.url)),
      },
      { find: /^simdprop\/(idx|csv|files)$/, replacement: fileURLToPath(new URL('src/io/$1.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    env: {
      // Which build the suites run against: simd, relaxed, threads, relaxed-threads or debug; and how many threads share its work
      SIMDPROP_BUILD: process.env.SIMDPROP_BUILD ?? 'simd',
      SIMDPROP_THREADS: process.env.SIMDPROP_THREADS ?? '2',
      // The seed of every random test. Another one: SIMDPROP_SEED=7 npm test
      SIMDPROP_SEED: process.env.SIMDPROP_SEED ?? '1',
    },
    // The debug build is not optimized and checks every assertion; threads that meet wait for a core each time, on a machine that is in use.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
