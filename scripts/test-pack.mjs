// Packs the package as npm would publish it, lints the tarball, installs it into an empty folder and uses it there,
// from JavaScript and from TypeScript. Wants dist/: npm run build first.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TYPESCRIPT = join(ROOT, 'node_modules/typescript/bin/tsc');

const SMOKE = `
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Network, sgd } from 'simdprop';

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

const wasm = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('simdprop/simd.wasm'))));
const fromFile = await learnXor(await Network.create({ ...options, wasm }));
assert.deepEqual(fromFile, inlined);

const relaxed = await readFile(new URL(import.meta.resolve('simdprop/relaxed.wasm')));
assert.equal(relaxed.readUInt32LE(), 0x6d736100, 'simdprop/relaxed.wasm is not a WebAssembly file');
`;

const CONSUMER = `
import { type DataSet, type EpochReport, type Layer, Network, type NetworkOptions, sgd } from 'simdprop';

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
export { accuracy, outputs, weights };

// @ts-expect-error: an activation that does not exist
await Network.create({ inputs: 2, layers: [{ units: 1, activation: 'step' }] });
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
  const wasm = ['--exclude-entrypoints', 'simd.wasm', 'relaxed.wasm'];
  run('attw', join(ROOT, 'node_modules/.bin/attw'), [tarball, '--profile', 'esm-only', ...wasm], ROOT);

  const consumer = join(folder, 'consumer');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  // offline: the package has no dependency to fetch
  run('install', 'npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], consumer);

  writeFileSync(join(consumer, 'smoke.mjs'), SMOKE);
  run('XOR in an empty folder', process.execPath, ['smoke.mjs'], consumer);

  writeFileSync(join(consumer, 'consumer.ts'), CONSUMER);
  const options = '--noEmit --strict --module nodenext --target es2022 --lib es2022,dom --skipLibCheck false'.split(
    ' ',
  );
  run('types of a TypeScript consumer', process.execPath, [TYPESCRIPT, ...options, 'consumer.ts'], consumer);
} finally {
  rmSync(folder, { recursive: true });
}
console.log('test-pack: the packed tarball installs, trains and type-checks');
