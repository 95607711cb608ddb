// Compiles assembly/ into build/*.wasm and writes the shipped builds and the worker as strings into src/generated/*.ts.
// An output that is newer than all its inputs is not made again.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zopfli from '@gfx/zopfli';
import { transform } from 'esbuild';
import { makeTiles, OUTPUT, SOURCE } from './make-tiles.mjs';
import { strip } from './strip.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SHIPPED = ['simd', 'relaxed', 'threads', 'relaxed-threads'];
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

const entryOf = (target) => `assembly/${target.endsWith('threads') ? 'index-threads' : 'index'}.ts`;

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
      // The note says that the optimizer's third pass still found something. The module is valid, and always the same.
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
for (const target of SHIPPED) {
  const [input, shipped, output] = [
    `build/${target}.wasm`,
    `build/shipped/${target}.wasm`,
    `src/generated/${target}.ts`,
  ];
  if (!stale.includes(target) && isCurrent(output, [input, INTERFACE, 'scripts/build-wasm.mjs', 'scripts/strip.mjs']))
    continue;
  const bytes = strip(readFileSync(join(ROOT, input)), [...coreFunctions(), 'join', 'serve']);
  writeFileSync(join(ROOT, shipped), bytes);
  // as it is, for simdprop/static
  if (target === 'simd') inline(bytes, input, 'src/generated/simd-plain.ts');
  // deflated: base64 that is gzipped on its way would be a third longer. By Zopfli: 5 % shorter than zlib's best
  inline(await promisify(zopfli.zlib)(bytes, { numiterations: 15 }), input, output);
}

function inline(bytes, input, output) {
  const base64 = Buffer.from(bytes).toString('base64');
  // `: string` keeps the literal out of the declarations.
  writeFileSync(
    join(ROOT, output),
    `// generated from ${input} by scripts/build-wasm.mjs; do not edit\nexport const base64: string = '${base64}';\n`,
  );
}

/** The functions of the core that src/ calls. */
function coreFunctions() {
  const [, members] = readFileSync(join(ROOT, INTERFACE), 'utf8').match(/export interface Core \{(.*?)\n\}/s);
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
  const text = JSON.stringify(code.trim());
  writeFileSync(
    join(ROOT, WORKER_STRING),
    `// generated from ${WORKER} by scripts/build-wasm.mjs; do not edit\nexport const code: string = ${text};\n`,
  );
}

for (const target of stale)
  console.log(`build/${target}.wasm  ${statSync(join(ROOT, `build/${target}.wasm`)).size} bytes`);
