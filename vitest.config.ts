import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';

const isThreaded = process.env.SIMDPROP_BUILD?.endsWith('threads');

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * In the suites with threads, even the smallest networks are to be shared: test/least-work.ts replaces
 * src/threads/thread-work.ts. Throws if this would change nothing, because the module or its imports no longer exist.
 * test/least-work.test.ts checks that networks are shared.
 */
function shareLeastWork(): Plugin {
  const module = pathOf('src/threads/thread-work.ts');
  const isModule = (source: string, importer: string) =>
    source.startsWith('.') && resolve(dirname(importer), source).replace(/\.js$/, '.ts') === module;
  const importers = readdirSync(pathOf('src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => pathOf(`src/${name}`))
    .filter((file) =>
      [...readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)].some(([, source]) => isModule(source, file)),
    );
  if (!existsSync(module) || importers.length === 0) {
    throw new Error(`vitest.config.ts: got nothing in src that imports ${module}, want what threads are worth`);
  }
  return {
    name: 'share least work',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer && isModule(source, importer)) return pathOf('test/least-work.ts');
    },
  };
}

export default defineConfig({
  plugins: isThreaded ? [shareLeastWork()] : [],
  resolve: {
    alias: [
      { find: /^simdprop$/, replacement: pathOf('src/index.ts') },
      { find: /^simdprop\/graph$/, replacement: pathOf('src/graph/index.ts') },
      {
        find: /^simdprop\/(cross-validation|safetensors|onnx|pytorch|brain|fann|export|tfjs|keras|predict)$/,
        replacement: pathOf('src/$1.ts'),
      },
      { find: /^simdprop\/(idx|csv|files)$/, replacement: pathOf('src/io/$1.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    env: {
      // The build that the suites run against: simd, relaxed, threads, relaxed-threads or debug; and the number of
      // threads that share the work
      SIMDPROP_BUILD: process.env.SIMDPROP_BUILD ?? 'simd',
      SIMDPROP_THREADS: process.env.SIMDPROP_THREADS ?? '2',
      // The seed of every random test. Another one: SIMDPROP_SEED=7 npm test
      SIMDPROP_SEED: process.env.SIMDPROP_SEED ?? '1',
    },
    // The debug build is not optimized and checks every assertion. Threads that wait for each other need a core each
    // time, which takes long on a busy machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
