// Compiles assembly/ into build/*.wasm and writes the shipped builds and the worker as strings into src/generated/*.ts.
// An output that is newer than all its inputs is not made again.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zopfli from '@gfx/zopfli';
import { transform } from 'esbuild';
import { textOf } from './bytes-as-text.mjs';
import { makeTiles, OUTPUT, SOURCE } from './make-tiles.mjs';
import { strip } from './strip.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PREDICT = 'predict';
const PROCESSES = 'processes';
const SHIPPED = ['simd', 'relaxed', 'threads', 'relaxed-threads', PROCESSES, PREDICT];
const TARGETS = [...SHIPPED, 'debug'];
const ASC = join(ROOT, 'node_modules/assemblyscript/bin/asc.js');
if (!isCurrent(OUTPUT, [SOURCE])) makeTiles();

// The folder itself is an input too, because its time changes when a file is removed.
const sources = [
  'assembly',
  ...readdirSync(join(ROOT, 'assembly')).map((name) => `assembly/${name}`),
  'asconfig.json',
  'package-lock.json',
  OUTPUT,
  'scripts/build-wasm.mjs',
];

function isCurrent(output, inputs) {
  const modified = (path) => statSync(join(ROOT, path)).mtimeMs;
  return existsSync(join(ROOT, output)) && inputs.every((input) => modified(input) <= modified(output));
}

function entryOf(target) {
  if (target === PREDICT) return 'assembly/predict.ts';
  if (target === PROCESSES) return 'assembly/index-process.ts';
  return `assembly/${target.endsWith('threads') ? 'index-threads' : 'index'}.ts`;
}

/** Resolves to true if the target compiled. */
function compile(target) {
  const started = new Date();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ASC, entryOf(target), '--target', target], { cwd: ROOT });
    let messages = '';
    child.stdout.on('data', (data) => (messages += data));
    child.stderr.on('data', (data) => (messages += data));
    child.on('error', reject);
    child.on('close', (code) => {
      // The compiler prints this note if its third optimisation pass still changed something. The module is valid, and
      // the same in every build.
      const shown = messages.replaceAll('Last converge was suboptimal.\n', '').trim();
      if (shown !== '') console.error(`asc --target ${target}:\n${shown}`);
      // A source saved while the compiler ran must count as newer than the output.
      if (code === 0) utimesSync(join(ROOT, `build/${target}.wasm`), started, started);
      else console.error(`asc --target ${target} failed with exit code ${code}`);
      resolve(code === 0);
    });
  });
}

const stale = TARGETS.filter((target) => !isCurrent(`build/${target}.wasm`, sources));
const compiled = await Promise.all(stale.map(compile));
if (compiled.includes(false)) process.exit(1);

mkdirSync(join(ROOT, 'src/generated'), { recursive: true });
mkdirSync(join(ROOT, 'build/shipped'), { recursive: true });
const INTERFACE = 'src/core/engine.ts';
const PREDICT_INTERFACE = 'src/core/predict-core.ts';
for (const target of SHIPPED) {
  const [input, shipped, output] = [
    `build/${target}.wasm`,
    `build/shipped/${target}.wasm`,
    `src/generated/${target}.ts`,
  ];
  const inputs = [
    input,
    INTERFACE,
    PREDICT_INTERFACE,
    ...['build-wasm', 'bytes-as-text', 'strip'].map((name) => `scripts/${name}.mjs`),
  ];
  if (!stale.includes(target) && isCurrent(output, inputs)) continue;
  const functions =
    target === PREDICT
      ? functionsOf(PREDICT_INTERFACE, 'PredictCore')
      : [...functionsOf(INTERFACE, 'Core'), 'join', 'serve', 'addWords'];
  // the predictor never adds a product to earlier values: dae-optimizing removes these parameters and their code
  const bytes = strip(readFileSync(join(ROOT, input)), functions, target === PREDICT ? ['dae-optimizing'] : []);
  writeFileSync(join(ROOT, shipped), bytes);
  // the text for simdprop/static and simdprop/predict, which is not deflated
  const constants = textOf(bytes);
  if (target === PREDICT) {
    generate(output, input, constants);
    continue;
  }
  if (target === 'simd') generate('src/generated/simd-text.ts', input, constants);
  // deflated, because the gzipped base64 of the plain bytes would be a third longer. Zopfli's result is 5 % shorter
  // than the best of zlib
  const deflated = await promisify(zopfli.zlib)(bytes, { numiterations: 15 });
  generate(output, input, { base64: Buffer.from(deflated).toString('base64') });
}

function generate(output, input, constants) {
  // with a type, the declarations do not repeat the value
  const lines = Object.entries(constants).map(
    ([name, value]) => `export const ${name}: ${typeof value} = ${JSON.stringify(value)};\n`,
  );
  const comment = `// generated from ${input} by scripts/build-wasm.mjs; do not edit\n`;
  writeFileSync(join(ROOT, output), comment + lines.join(''));
}

/** The functions of a build that src/ calls: those of an interface in a file. */
function functionsOf(file, name) {
  const [, members] = readFileSync(join(ROOT, file), 'utf8').match(
    new RegExp(`export interface ${name} \\{(.*?)\\n\\}`, 's'),
  );
  return Array.from(members.matchAll(/^ {2}(\w+)\(/gm), ([, name]) => name);
}

const WORKER = 'src/threads/worker.ts';
const WORKER_STRING = 'src/generated/worker.ts';
if (!isCurrent(WORKER_STRING, [WORKER, 'scripts/build-wasm.mjs'])) {
  const { code } = await transform(readFileSync(join(ROOT, WORKER), 'utf8'), {
    loader: 'ts',
    minify: true,
    target: 'es2022',
  });
  generate(WORKER_STRING, WORKER, { code: code.trim() });
}

for (const target of stale)
  console.log(`build/${target}.wasm  ${statSync(join(ROOT, `build/${target}.wasm`)).size} bytes`);
