import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expectEqual, run, startServing } from './processes.mjs';

// Builds a page with every bundler. The page runs simdprop itself, in its own worker, and with threads whose workers
// come from a file. browsers.mjs opens the results. A page of Next.js is built as a site of files.

/** `searches`: options about workers, for each of which the page searches. */
const resultsWith = (searches) => `
import * as simdprop from 'simdprop';
${searches.length > 0 ? "import * as searching from 'simdprop/search';" : ''}
import { searchScores } from './search.mjs';
import { train } from './train.mjs';
async function results() {
  const createWorker = () => new Worker(new URL('./simdprop-worker.js', import.meta.url), { type: 'module' });
  const worker = new Worker(new URL('./own-worker.js', import.meta.url), { type: 'module' });
  const inWorker = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error('own-worker.js: ' + event.message));
  });
  const hashes = [await train(simdprop), await train(simdprop, { threads: 2, createWorker }), await inWorker];
  const scores = [];
  for (const options of [${searches.join()}]) scores.push(await searchScores(searching, { workers: 2, ...options }));
  return { hashes, scores };
}
const post = () => results().then(
  (result) => parent.postMessage(result, '*'),
  (error) => parent.postMessage({ error: String(error) }, '*'),
);
`;
const BY_DEFAULT = '{}';
/** Rollup and esbuild do not find the worker of a search in the package. */
const FROM_FILE =
  "{ createWorker: () => new Worker(new URL('./search-worker.js', import.meta.url), { type: 'module' }) }";
const pageWith = (searches) => `${resultsWith(searches)}post();\n`;
const OWN_WORKER = (entry) => `
import * as simdprop from '${entry}';
import { train } from './train.mjs';
train(simdprop).then((hash) => postMessage(hash));
`;
const SIMDPROP_WORKER = "import 'simdprop/worker';\n";
const SEARCH_WORKER = "import 'simdprop/search-worker';\n";

const HTML = '<!doctype html><meta charset="utf-8"><script type="module" src="./page.js"></script>\n';

/** `workers`: the setting that Vite needs for a worker with several files. */
const viteBuild = (workers) => `
import { build } from 'vite';
await build({ base: './', logLevel: 'error', build: { outDir: process.argv[2], emptyOutDir: true }, ${workers} });
`;
const WEBPACK = `
import webpack from 'webpack';
const config = { mode: 'production', entry: './page.js', output: { path: process.argv[2], filename: 'page.js' } };
webpack(config, (error, stats) => {
  if (!error && !stats.hasErrors()) return;
  console.error(error ?? stats.toString());
  process.exitCode = 1;
});
`;
const ROLLUP = `
import nodeResolve from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';
const input = ['page.js', 'own-worker.js', 'simdprop-worker.js', 'search-worker.js'];
const bundle = await rollup({ input, plugins: [nodeResolve()] });
await bundle.write({ dir: process.argv[2], format: 'es' });
`;
const ESBUILD = `
import { build } from 'esbuild';
const entryPoints = ['page.js', 'own-worker.js', 'simdprop-worker.js', 'search-worker.js'];
await build({ entryPoints, bundle: true, splitting: true, minify: true, format: 'esm', outdir: process.argv[2] });
`;

/** The same page as a component of Next.js, and a file that its server makes with simdprop while it builds. */
const NEXT_PAGE = `'use client';
import { useEffect } from 'react';
${resultsWith([BY_DEFAULT, FROM_FILE])}
export default function Page() {
  useEffect(() => void post(), []);
  return null;
}
`;
const NEXT_LAYOUT = `
export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;
const NEXT_ROUTE = `
import * as simdprop from 'simdprop';
import { train } from '../train.mjs';
export const dynamic = 'force-static';
export const GET = async () => new Response(await train(simdprop));
`;
/** `root`: the folder that the bundler may read. It contains only the tools and the project. */
const nextConfig = (path, root) =>
  `export default { output: 'export', basePath: '${path}', turbopack: { root: '${root}' } };\n`;

/** Service workers, extension backgrounds and AudioWorklets: one file each. */
const ONE_FILE = `
import { build } from 'esbuild';
const common = { bundle: true, minify: true, outdir: process.argv[2] };
await build({ ...common, entryPoints: ['service-worker.js', 'background.js'], format: 'iife' });
await build({ ...common, entryPoints: ['worklet.js'], format: 'esm' });
`;

const BUNDLERS = [
  ...[5, 6, 7].map((version) => ({
    name: `Vite ${version}`,
    build: viteBuild("worker: { format: 'es' }"),
    modules: { vite: `vite-${version}` },
  })),
  // these need no setting: the worker imports simdprop/static, which is one file
  ...[5, 6, 7].map((version) => ({
    name: `Vite ${version}, simdprop/static in a worker`,
    build: viteBuild(''),
    modules: { vite: `vite-${version}` },
    workerEntry: 'simdprop/static',
    searches: [],
  })),
  { name: 'Vite 8', build: viteBuild(''), modules: { vite: 'vite' } },
  { name: 'webpack 5', build: WEBPACK, modules: { webpack: 'webpack' }, html: true },
  {
    name: 'Rollup 4',
    build: ROLLUP,
    modules: { rollup: 'rollup', '@rollup': '@rollup' },
    html: true,
    searches: [FROM_FILE],
  },
  { name: 'esbuild', build: ESBUILD, modules: { esbuild: 'esbuild' }, html: true, searches: [FROM_FILE] },
];

function makeProject(folder, name, { consumer, tools }, files, modules) {
  const project = join(folder, name);
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  for (const [alias, module] of Object.entries(modules))
    symlinkSync(join(tools, 'node_modules', module), join(project, 'node_modules', alias));
  symlinkSync(join(consumer, 'node_modules/simdprop'), join(project, 'node_modules/simdprop'));
  for (const file of ['train.mjs', 'search.mjs']) cpSync(join(consumer, file), join(project, file));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text);
  return project;
}

/**
 * Builds the page of Next.js with its default bundler, Turbopack, which refuses modules outside of the folder that has
 * the lock file: the project stands among the tools. Returns the path of the page.
 */
async function buildNext({ consumer, tools, built, wanted }) {
  const project = join(tools, 'next-project');
  rmSync(project, { recursive: true, force: true });
  const path = '/built/next';
  const files = {
    'package.json': '{ "type": "module", "private": true }',
    'next.config.mjs': nextConfig(path, tools),
    'jsconfig.json': '{}',
    'app/layout.js': NEXT_LAYOUT,
    'app/page.js': NEXT_PAGE,
    'app/own-worker.js': OWN_WORKER('simdprop'),
    'app/simdprop-worker.js': SIMDPROP_WORKER,
    'app/search-worker.js': SEARCH_WORKER,
    'app/hashes/route.js': NEXT_ROUTE,
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), text);
  }
  for (const file of ['train.mjs', 'search.mjs']) cpSync(join(consumer, file), join(project, 'app', file));
  cpSync(join(consumer, 'node_modules/simdprop'), join(project, 'node_modules/simdprop'), {
    recursive: true,
    dereference: true,
  });
  const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
  await run(process.execPath, [join(tools, 'node_modules/next/dist/bin/next'), 'build'], { cwd: project, env });
  expectEqual('hashes on the server', readFileSync(join(project, 'out/hashes'), 'utf8'), wanted);
  cpSync(join(project, 'out'), join(built, 'next'), { recursive: true });
  return `${path}/index.html`;
}

/**
 * Starts Vite's development server with a page below a path of its own, and prints its port. When it finds further
 * packages, it tells the page by a connection of its own to load again.
 */
const viteServe = (path) => `
import { createServer as createSocket } from 'node:net';
import { createServer } from 'vite';
const socket = createSocket().listen(0, '127.0.0.1');
await new Promise((resolve) => socket.once('listening', resolve));
const { port } = socket.address();
await new Promise((resolve) => socket.close(resolve));
const server = { host: '127.0.0.1', port, strictPort: true, hmr: { host: '127.0.0.1', clientPort: port } };
// or it would not find the worker of a search in the package
const optimizeDeps = { exclude: ['simdprop'] };
await (await createServer({ base: '${path}', logLevel: 'error', server, optimizeDeps })).listen();
console.log(port);
`;

/** Starts the development servers of Vite. Returns their pages: { name, path, proxy, stop }; `proxy` is their port. */
export async function startDevServers(results, context) {
  const pages = [];
  for (const version of [5, 6, 7, 8]) {
    const name = `Vite ${version}, development server`;
    await results.try(`${name}: starts`, async () => {
      const folder = `/vite-dev-${version}/`;
      const files = {
        'package.json': '{ "type": "module", "private": true }',
        'page.js': pageWith([BY_DEFAULT, FROM_FILE]),
        'own-worker.js': OWN_WORKER('simdprop'),
        'simdprop-worker.js': SIMDPROP_WORKER,
        'search-worker.js': SEARCH_WORKER,
        'index.html': HTML,
        'serve.mjs': viteServe(folder),
      };
      const modules = { vite: version === 8 ? 'vite' : `vite-${version}` };
      const project = makeProject(context.folder, `serve-vite-${version}`, context, files, modules);
      // the server gives workers only files of the project
      const installed = join(project, 'node_modules/simdprop');
      rmSync(installed);
      cpSync(join(context.consumer, 'node_modules/simdprop'), installed, { recursive: true });
      const { child, port } = await startServing(process.execPath, ['serve.mjs'], project);
      pages.push({ name, path: `${folder}index.html`, proxy: port, stop: () => child.kill('SIGKILL') });
    });
  }
  return pages;
}

/** Builds the pages into folders of `context.built`. Returns the names of those that were built. */
export async function tryBundlers(results, context) {
  const pages = [];
  for (const { name, build, modules, workerEntry = 'simdprop', html, searches } of BUNDLERS) {
    await results.try(`${name}: builds`, async () => {
      const id = name.replace(/\W+/g, '-').toLowerCase();
      const files = {
        'package.json': '{ "type": "module", "private": true }',
        'page.js': pageWith(searches ?? [BY_DEFAULT, FROM_FILE]),
        'own-worker.js': OWN_WORKER(workerEntry),
        'simdprop-worker.js': SIMDPROP_WORKER,
        'search-worker.js': SEARCH_WORKER,
        'index.html': HTML,
        'build.mjs': build,
      };
      const project = makeProject(context.folder, `build-${id}`, context, files, modules);
      const target = join(context.built, id);
      await run(process.execPath, ['build.mjs', target], { cwd: project });
      if (html) writeFileSync(join(target, 'index.html'), HTML);
      pages.push({ name, path: `/built/${id}/index.html` });
    });
  }
  await results.try('Next.js 16: builds', async () => {
    pages.push({ name: 'Next.js 16', path: await buildNext(context) });
  });
  await results.try('one file by esbuild: builds', async () => {
    const files = {
      'package.json': '{ "type": "module", "private": true }',
      'build.mjs': ONE_FILE,
      'service-worker.js': SERVICE_WORKER,
      'background.js': BACKGROUND,
      'worklet.js': WORKLET,
    };
    const project = makeProject(context.folder, 'build-one-file', context, files, { esbuild: 'esbuild' });
    await run(process.execPath, ['build.mjs', join(context.built, 'one-file')], { cwd: project });
  });
  return pages;
}

const SERVICE_WORKER = `
import * as simdprop from 'simdprop/static';
import { loadPredictor } from 'simdprop/predict';
import { train } from './train.mjs';
self.onmessage = ({ source }) =>
  train({ ...simdprop, loadPredictor }).then(
    (hash) => source.postMessage({ hashes: [hash] }),
    (error) => source.postMessage({ error: String(error) }),
  );
`;

const BACKGROUND = `
import * as simdprop from 'simdprop/static';
import { loadPredictor } from 'simdprop/predict';
import { train } from './train.mjs';
const ready = train({ ...simdprop, loadPredictor }).then(
  (hash) => ({ hashes: [hash] }),
  (error) => ({ error: String(error) }),
);
ready.then((result) => fetch(ORIGIN + '/result?extension', { method: 'POST', body: JSON.stringify(result) }));
`;

const WORKLET = `
import * as simdprop from 'simdprop/static';
import { loadPredictor } from 'simdprop/predict';
import { train } from './train.mjs';
registerProcessor('trainer', class extends AudioWorkletProcessor {
  constructor() {
    super();
    train({ ...simdprop, loadPredictor }).then(
      (hash) => this.port.postMessage({ hashes: [hash] }),
      (error) => this.port.postMessage({ error: String(error) }),
    );
  }
  process() {
    return true;
  }
});
`;
