import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: [
      { find: /^simdprop$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      {
        find: /^simdprop\/(graph|cross-validation)$/,
        replacement: fileURLToPath(new URL('src/$1.ts', import.meta.url)),
      },
      { find: /^simdprop\/(idx|csv|files)$/, replacement: fileURLToPath(new URL('src/io/$1.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    env: {
      // Which build the suites run against: simd, relaxed or debug
      SIMDPROP_BUILD: process.env.SIMDPROP_BUILD ?? 'simd',
      // The seed of every random test. Another one: SIMDPROP_SEED=7 npm test
      SIMDPROP_SEED: process.env.SIMDPROP_SEED ?? '1',
    },
    // The debug build is not optimized and checks every assertion.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
