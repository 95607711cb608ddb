import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { defineConfig, type Plugin } from 'vitest/config';

const build = process.env.SIMDPROP_BUILD ?? 'simd';

const isThreaded = build.endsWith('threads');

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

const tests = (folder: string) =>
  readdirSync(pathOf(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name}`);

/** True if the file, or one that it imports from test/, loads the build under test: test/build.ts does. */
function loadsBuild(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  const code = readFileSync(file, 'utf8');
  if (code.includes('process.env.SIMDPROP_BUILD')) return true;
  return [...code.matchAll(/from '(\.[^']+)\.js'/g)]
    .map(([, source]) => `${resolve(dirname(file), source)}.ts`)
    .filter((imported) => imported.startsWith(pathOf('test/')) && existsSync(imported))
    .some((imported) => loadsBuild(imported, seen));
}

/**
 * The tests that can differ with the build. In the suites of other builds than the default one, the rest would only
 * repeat what it has done.
 */
const ofBuild = (files: string[]) => (build === 'simd' ? files : files.filter((file) => loadsBuild(pathOf(file))));

const long = tests('test/long');
const unit = tests('test').filter((file) => !long.includes(file));

/** Tests whose number of cases is multiplied by TIMES of test/random-numbers.ts. */
const GRADIENTS = ['check-gradients', 'costs', 'reference'].map((name) => `test/${name}.test.ts`);

/** The worker of a search, bundled: in a worker, Node 20 reads no TypeScript. It is made when a test imports search. */
function bundleSearchWorker(): Plugin {
  const file = 'search-worker.js';
  const outfile = pathOf(`build/test/${file}`);
  return {
    name: 'bundle search worker',
    enforce: 'pre',
    transform(code, id) {
      if (id !== pathOf('src/search.ts')) return undefined;
      const [before, after] = code.split(`'${file}', url`);
      if (after === undefined) throw new Error(`vitest.config.ts: got no '${file}' in ${id}, want it to be replaced`);
      const common = { bundle: true, format: 'esm', platform: 'node', logLevel: 'error' } as const;
      buildSync({ ...common, entryPoints: [pathOf('src/search-worker.ts')], outfile });
      return { code: `${before}${JSON.stringify(pathToFileURL(outfile).href)}${after}`, map: null };
    },
  };
}

export default defineConfig({
  plugins: [bundleSearchWorker(), ...(isThreaded ? [shareLeastWork()] : [])],
  resolve: {
    alias: [
      { find: /^simdprop$/, replacement: pathOf('src/index.ts') },
      { find: /^simdprop\/graph$/, replacement: pathOf('src/graph/index.ts') },
      {
        find: /^simdprop\/(cross-validation|search|mpi|safetensors|onnx|pytorch|brain|fann|export|tfjs|keras|predict)$/,
        replacement: pathOf('src/$1.ts'),
      },
      { find: /^simdprop\/(idx|csv|files)$/, replacement: pathOf('src/io/$1.ts') },
    ],
  },
  test: {
    setupFiles: ['test/equality.ts'],
    // Without this, one core of two would rest.
    maxWorkers: '100%',
    projects: [
      // npm test
      { extends: true, test: { name: 'unit', include: ofBuild(unit) } },
      // npm run test:long: what starts hundreds of processes or networks, or loads thousands of damaged files; and the
      // tests of gradients with four times as many random cases
      {
        extends: true,
        test: {
          name: 'long',
          include: ofBuild([...long, ...GRADIENTS]),
          env: { SIMDPROP_TIMES: '4' },
        },
      },
    ],
    env: {
      // The build that the suites run against: simd, relaxed, threads, relaxed-threads or debug; and the number of
      // threads that share the work
      SIMDPROP_BUILD: build,
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
