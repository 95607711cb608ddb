// Packs the package as npm would publish it, lints the tarball, installs it into an empty folder and uses it there,
// from JavaScript and from TypeScript. Wants dist/: npm run build first.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TYPESCRIPT = join(ROOT, 'node_modules/typescript/bin/tsc');

const SMOKE = `
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { lbfgs, Network, NonFiniteError, sgd } from 'simdprop';
import { saveFile } from 'simdprop/files';
import { parseIdx } from 'simdprop/idx';
import { unroll } from 'simdprop/graph';

const inputs = new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]);
const targets = new Float32Array([0, 1, 1, 0]);
const options = { inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 };

async function learnXor(network) {
  network.optimizer = sgd({ learningRate: 1 });
  const reports = await network.fit({ inputs, targets }, { epochs: 2000, batchSize: 4 });
  const { cost } = reports.at(-1);
  assert(cost < 0.05, \`cost: got \${cost}, want less than 0.05\`);
  const outputs = network.predict(inputs);
  assert.deepEqual([...outputs].map(Math.round), [...targets]);
  return outputs;
}

const inlined = await learnXor(await Network.create(options));

const network = await Network.create(options);
const { graph, layers, cost } = unroll(network, [0, 1], [1]);
network.forward(inputs.subarray(2, 4));
network.backward(targets.subarray(1, 2));
const bias = layers[0].biases[0];
const bySum = graph.pathSum(bias, cost);
const { delta } = network.layers[0];
// f32 against f64
assert(Math.abs(bySum - delta[0]) < 1e-6, \`sum over paths: got \${bySum}, want delta, \${delta[0]}\`);

const inspector = await network.inspect();
const check = inspector.checkGradients(inputs, targets);
assert(check.error < 1e-3 && check.referenceError < 1e-7, \`gradients: got \${JSON.stringify(check)}\`);
assert.equal(inspector.jacobian(inputs).length, 4 * 2);

const wasm = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('simdprop/simd.wasm'))));
const fromFile = await learnXor(await Network.create({ ...options, wasm }));
assert.deepEqual(fromFile, inlined);

const relaxed = await readFile(new URL(import.meta.resolve('simdprop/relaxed.wasm')));
assert.equal(relaxed.readUInt32LE(), 0x6d736100, 'simdprop/relaxed.wasm is not a WebAssembly file');

const pair = await Network.create({ ...options, threads: 2, wide: true });
assert.deepEqual(await learnXor(pair), inlined);
assert.equal(pair.threads, 2);
pair.dispose();

assert.deepEqual(parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6)), { shape: [2], data: Uint8Array.of(5, 6) });
saveFile('network.simdprop', network.save({ training: true }));
const loaded = await Network.load(await readFile('network.simdprop'));
assert.deepEqual(loaded.predict(inputs), network.predict(inputs));
// parts that are loaded where they are used know the same error
const line = await Network.create({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
const far = { inputs: Float32Array.of(1e30), targets: Float32Array.of(-1e30) };
await assert.rejects(line.fit(far, { optimizer: lbfgs() }), NonFiniteError);
// an optional peer dependency: nothing but this entry asks for it
await assert.rejects(import('simdprop/csv'), /papaparse/);
`;

const CSV_SMOKE = `
import assert from 'node:assert/strict';
import { readCsv } from 'simdprop/csv';

const { inputs, targets, classes } = readCsv('x,y\\n1,b\\n2,a', { target: 'y', labels: true });
assert.deepEqual([[...inputs], [...targets], classes], [[1, 2], [1, 0], ['a', 'b']]);
`;

const CONSUMER = `
import {
  type DataSet,
  type EpochReport,
  type GradientCheck,
  type Layer,
  Network,
  type NetworkOptions,
  sgd,
} from 'simdprop';
import { type CrossValidation, crossValidate } from 'simdprop/cross-validation';
import { type CsvData, readCsv } from 'simdprop/csv';
import { saveFile } from 'simdprop/files';
import { type IdxFile, parseIdx } from 'simdprop/idx';
import { type Graph, type Node, unroll } from 'simdprop/graph';
import 'simdprop/worker';

const options: NetworkOptions = { inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 };
const data: DataSet = { inputs: new Float32Array(8), targets: new Uint8Array(4) };
const network: Network = await Network.create(options);
network.optimizer = sgd({ learningRate: 0.5 });
const reports: EpochReport[] = await network.fit(data, { epochs: 1, batchSize: 4 });
for await (const report of network.train(data)) reports.push(report);
const layer: Layer | undefined = network.layers[0];
const weights: Float32Array | undefined = layer?.weights;
const outputs: Float32Array = network.predict(data.inputs);
const accuracy: number = network.evaluate(data).accuracy;
const images: IdxFile = parseIdx(new Uint8Array(0));
const table: CsvData = readCsv('x,y', { target: 'y' });
await network.fitStream(() => [{ inputs: table.inputs, targets: readCsv('x,y', { target: 'y' }).targets }]);
const { graph, cost }: { graph: Graph; cost: Node } = unroll(network, [0, 1], [1]);
const gradient: Float64Array = graph.reverse(cost);
const { error, worst }: GradientCheck = (await network.inspect()).checkGradients(data.inputs, data.targets);
const folds: CrossValidation = await crossValidate(options, data);
saveFile('network.simdprop', network.save());
export { accuracy, error, folds, gradient, images, outputs, weights, worst };

// @ts-expect-error: without a target there is no cost
const noCost: Node = unroll(network, [0, 1]).cost;
export { noCost };

// @ts-expect-error: an activation that does not exist
await Network.create({ inputs: 2, layers: [{ units: 1, activation: 'step' }] });
`;

// Where the DOM's types are, those of the options are they.
const PAGE = `
import { Network, type NetworkOptions } from 'simdprop';

const options: NetworkOptions = { inputs: 2, layers: [{ units: 1 }] };
const wasm: WebAssembly.Module = await WebAssembly.compile(new Uint8Array(8));
const network = await Network.create({ ...options, threads: 2, wasm, createWorker: () => new Worker('worker.js') });
const worker: Worker | undefined = options.createWorker?.();
const blob = new Blob([network.save()]);
await fetch('network.simdprop', { method: 'PUT', body: network.save({ training: true }) });
export { blob, network, worker };

// @ts-expect-error: the address of a worker
await Network.create({ ...options, threads: 2, createWorker: () => 'worker.js' });
`;

function run(name, command, args, cwd) {
  console.log(`test-pack: ${name}`);
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0)
    throw new Error(`test-pack: ${name} failed: ${error?.message ?? `got exit code ${status}, want 0`}`);
}

const folder = mkdtempSync(join(tmpdir(), 'simdprop-pack-'));
try {
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8' });
  const [{ filename, files, size }] = JSON.parse(packed);
  console.log(`test-pack: ${filename}, ${files.length} files, ${size} bytes`);
  const tarball = join(folder, filename);
  run('publint', join(ROOT, 'node_modules/.bin/publint'), ['run', tarball, '--strict'], ROOT);
  // The raw files are bytes to fetch or read, not modules with types.
  const wasm = ['--exclude-entrypoints', 'simd.wasm', 'relaxed.wasm', 'threads.wasm', 'relaxed-threads.wasm'];
  run('attw', join(ROOT, 'node_modules/.bin/attw'), [tarball, '--profile', 'esm-only', ...wasm], ROOT);

  const consumer = join(folder, 'consumer');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  // offline: the package has no dependency to fetch
  run('install', 'npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], consumer);

  writeFileSync(join(consumer, 'smoke.mjs'), SMOKE);
  run('XOR in an empty folder', process.execPath, ['smoke.mjs'], consumer);

  writeFileSync(join(consumer, 'consumer.ts'), CONSUMER);
  writeFileSync(join(consumer, 'page.ts'), PAGE);
  // Node's types, which a program without the DOM's has: copies of this project's own
  for (const name of ['@types/node', 'undici-types'])
    cpSync(join(ROOT, 'node_modules', name), join(consumer, 'node_modules', name), { recursive: true });
  const strict = '--noEmit --strict --target es2022 --skipLibCheck false'.split(' ');
  for (const resolution of [
    ['--module', 'nodenext'],
    ['--module', 'node16'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ]) {
    for (const [lib, ...files] of [
      ['es2022', '--types', 'node', 'consumer.ts'],
      ['es2022,dom', 'consumer.ts', 'page.ts'],
    ]) {
      const args = [...resolution, '--lib', lib, ...files];
      run(
        `types of a TypeScript consumer: ${args.join(' ')}`,
        process.execPath,
        [TYPESCRIPT, ...strict, ...args],
        consumer,
      );
    }
  }

  // a copy of this project's own: nothing to fetch
  cpSync(join(ROOT, 'node_modules/papaparse'), join(consumer, 'node_modules/papaparse'), { recursive: true });
  writeFileSync(join(consumer, 'csv.mjs'), CSV_SMOKE);
  run('CSV with papaparse beside it', process.execPath, ['csv.mjs'], consumer);
} finally {
  rmSync(folder, { recursive: true });
}
console.log('test-pack: the packed tarball installs, trains and type-checks');
