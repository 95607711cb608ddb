import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectEqual, run } from './processes.mjs';

// Tries Node of every supported version, Deno, Bun and workerd: as a module, with require(), in a thread, with wide
// registers, and without WebAssembly.

const NODES = ['22', '24', '26'];

const PROGRAM = `
import * as simdprop from 'simdprop';
import * as inOneFile from 'simdprop/static';
import { loadPredictor } from 'simdprop/predict';
import { train } from './train.mjs';
for (const [library, options] of [
  [{ ...simdprop, loadPredictor }, {}],
  [inOneFile, {}],
  [simdprop, { threads: 2 }],
  [simdprop, { threads: 'auto' }],
  [simdprop, { wide: true }],
]) console.log(await train(library, options));
if (globalThis.Deno) Deno.exit(0);
`;

const REQUIRING = `
const simdprop = require('simdprop');
import('./train.mjs').then(async ({ train }) => console.log(await train(simdprop)));
`;

const THREAD = `
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import * as simdprop from 'simdprop';
import { train } from './train.mjs';
if (isMainThread) new Worker(new URL(import.meta.url)).on('message', (text) => console.log(text));
else parentPort.postMessage(await train(simdprop));
`;

/** A search in this thread and in workers, which do not keep the process alive. */
const SEARCHING = `
import * as searching from 'simdprop/search';
import { searchScores } from './search.mjs';
for (const workers of [0, 1, 2, undefined]) console.log(await searchScores(searching, { workers }));
`;

const WIDE = `
import { Network } from 'simdprop';
const net = await Network.create({ inputs: 2, layers: [{ units: 1 }], wide: true });
console.log(net.wide, net.wideReason);
`;

const JITLESS = `
import { Network } from 'simdprop';
for (const options of [{}, { threads: 2 }, { threads: 'auto' }, { wide: true }, { build: 'relaxed' }]) {
  const error = await Network.create({ inputs: 2, layers: [{ units: 1 }], ...options }).catch((error) => error);
  console.log(error.message);
}
process.exit();
`;

/** Runs with a limit of addresses that leaves room for some memories of WebAssembly, but not for many. */
const CROWDED = `
import { Network } from 'simdprop';
const nets = [];
try {
  for (let i = 0; i < 50; i++) nets.push(await Network.create({ inputs: 2, layers: [{ units: 1 }] }));
  console.log('all');
} catch (error) {
  console.log(error.message);
  for (const net of nets) net.dispose();
}
`;

/** A worker of workerd, the runtime of Cloudflare Workers, which takes WebAssembly only as a module of its own. */
const WORKERD_WORKER = `
import * as simdprop from 'simdprop';
import { loadPredictor } from 'simdprop/predict';
import predictWasm from 'simdprop/predict.wasm';
import wasm from 'simdprop/simd.wasm';
import { train } from './train.mjs';
export default {
  async fetch() {
    return new Response(await train({ ...simdprop, loadPredictor, predictWasm }, { wasm }));
  },
};
`;
const WORKERD = `
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
const [folder] = process.argv.slice(2);
const { outputFiles } = await build({
  absWorkingDir: folder,
  entryPoints: ['workerd-worker.mjs'],
  bundle: true,
  format: 'esm',
  external: ['simdprop/*.wasm'],
  write: false,
});
const worker = outputFiles[0].text.replaceAll(/simdprop\\/(\\w+\\.wasm)/g, './$1');
const moduleOf = (path) => {
  const contents = readFileSync(folder + '/node_modules/simdprop/dist/' + path);
  return { type: 'CompiledWasm', path, contents };
};
const server = new Miniflare({
  modules: [
    { type: 'ESModule', path: 'worker.mjs', contents: worker },
    moduleOf('simd.wasm'),
    moduleOf('predict.wasm'),
  ],
  compatibilityDate: '2026-01-01',
});
try {
  console.log(await (await server.dispatchFetch('http://localhost/')).text());
} finally {
  await server.dispose();
}
`;

/** `args`: those of the runtime. */
async function checkSearch(runtime, args, { consumer, wantedScores }) {
  const { stdout, stderr } = await run(runtime, [...args, 'searching.mjs'], { cwd: consumer });
  expectEqual('stderr', stderr, '');
  expectEqual('scores', stdout, `${wantedScores}\n`.repeat(4));
}

async function checkNode(node, folder, wanted) {
  const { stdout, stderr } = await run(node, ['program.mjs'], { cwd: folder });
  for (const line of stdout.trim().split('\n')) expectEqual('hashes', line, wanted);
  expectEqual('lines', stdout.trim().split('\n').length, 5);
  expectEqual('stderr', stderr, '');
  expectEqual('require()', (await run(node, ['requiring.cjs'], { cwd: folder })).stdout.trim(), wanted);
  expectEqual('worker_threads', (await run(node, ['thread.mjs'], { cwd: folder })).stdout.trim(), wanted);
}

/** Checks that nothing is written to the user's stderr, whatever name the engine has for its flag. */
async function checkWide(node, folder, isWide, args = []) {
  const { stdout, stderr } = await run(node, [...args, 'wide.mjs'], { cwd: folder });
  expectEqual('stderr', stderr, '');
  if (isWide) expectEqual('wide', stdout.trim(), 'true undefined');
  else if (!/^false \S/.test(stdout)) throw new Error(`wide: got ${stdout}, want false and a reason`);
  return stdout.trim();
}

async function checkJitless(node, folder) {
  const { stdout } = await run(node, ['--jitless', 'jitless.mjs'], { cwd: folder });
  const lines = stdout.trim().split('\n');
  expectEqual('messages', lines.length, 5);
  for (const line of lines) {
    if (!line.startsWith('simdprop: this engine has no WebAssembly: start Node without --jitless'))
      throw new Error(`--jitless: got ${line}`);
  }
}

async function checkCrowded(node, folder) {
  const limited = (...args) =>
    run('bash', ['-c', 'ulimit -v 60000000; exec "$@"', 'bash', node, ...args, 'crowded.mjs'], { cwd: folder });
  const { stdout } = await limited();
  if (!/^memory: got .* want .*dispose\(\).*--disable-wasm-trap-handler/.test(stdout))
    throw new Error(`under ulimit -v: got ${stdout}, want the way out`);
  expectEqual('with --disable-wasm-trap-handler', (await limited('--disable-wasm-trap-handler')).stdout.trim(), 'all');
}

export async function tryRuntimes(results, context) {
  const { consumer, tools, wanted } = context;
  const files = {
    program: PROGRAM,
    searching: SEARCHING,
    thread: THREAD,
    wide: WIDE,
    jitless: JITLESS,
    crowded: CROWDED,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(consumer, `${name}.mjs`), text);
  writeFileSync(join(consumer, 'requiring.cjs'), REQUIRING);
  const isX64 = process.arch === 'x64';
  const nodes = [[process.versions.node.split('.')[0], process.execPath]];
  for (const version of NODES)
    nodes.push([version, join(tools, `node_modules/node-${process.platform}-${process.arch}-${version}/bin/node`)]);
  for (const [version, node] of nodes) {
    const onNode = (what, check) =>
      results.try(`Node ${version}: ${what}`, () => {
        if (!existsSync(node)) throw new Error(`got no ${node}, want it installed`);
        return check();
      });
    await onNode('import, require(), worker_threads, threads', () => checkNode(node, consumer, wanted));
    await onNode('simdprop/search in workers', () => checkSearch(node, [], context));
    await onNode('wide registers, and nothing on stderr', () =>
      checkWide(node, consumer, isX64 && Number(version) >= 24),
    );
    await onNode('--jitless', () => checkJitless(node, consumer));
    // only the oldest and the newest, because it takes some seconds
    if (process.platform === 'linux' && (node === process.execPath || version === NODES.at(-1)))
      await onNode('few addresses', () => checkCrowded(node, consumer));
  }
  await results.try('Cloudflare Workers (workerd)', async () => {
    writeFileSync(join(consumer, 'workerd-worker.mjs'), WORKERD_WORKER);
    const program = join(tools, 'workerd.mjs');
    writeFileSync(program, WORKERD);
    const { stdout } = await run(process.execPath, [program, consumer], { cwd: tools });
    expectEqual('hashes', stdout.trim(), wanted);
  });
  for (const [name, args] of [
    ['deno', ['run', '--allow-all']],
    ['bun', []],
  ]) {
    const binary = join(tools, 'node_modules/.bin', name);
    await results.try(name === 'deno' ? 'Deno' : 'Bun', async () => {
      const { stdout } = await run(binary, [...args, 'program.mjs'], { cwd: consumer });
      for (const line of stdout.trim().split('\n')) expectEqual('hashes', line, wanted);
      const wide = await checkWide(binary, consumer, false, args);
      return wide.replace(/^false /, 'wide: ');
    });
    await results.try(`${name === 'deno' ? 'Deno' : 'Bun'}: simdprop/search in workers`, () =>
      checkSearch(binary, args, context),
    );
  }
}
