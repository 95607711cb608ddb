// Packs the package as npm would publish it, lints the tarball, installs it into an empty folder and uses all of it
// there, from JavaScript and from TypeScript. Needs dist/: npm run build first.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { checkChunks, librariesIn } from './pack/chunks.mjs';
import { installPacked, ROOT } from './pack/install.mjs';
import { CONSUMER, PAGE } from './pack/types.mjs';

const OLD_FILE = join(ROOT, 'test/golden-saved/version-1-training.simdprop');
const TYPESCRIPT = join(ROOT, 'node_modules/typescript/bin/tsc');

const PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

function run(name, command, args, { cwd, env }) {
  console.log(`test-pack: ${name}`);
  const { status, error } = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' });
  if (status !== 0)
    throw new Error(`test-pack: ${name} failed: ${error?.message ?? `got exit code ${status}, want 0`}`);
}

const { folder, tarball, consumer, filename, files, size } = installPacked();
const installed = join(consumer, 'node_modules/simdprop');
const urlOf = (path) => pathToFileURL(join(ROOT, path)).href;

function runNode(name, args, env) {
  run(name, process.execPath, args, { cwd: consumer, env });
}

function checkContents() {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true }).map((page) => `docs/${page.replaceAll('\\', '/')}`);
  const pages = [...PAGES, ...docs.filter((page) => !statSync(join(ROOT, page)).isDirectory())];
  for (const file of [...pages, 'LICENSE', 'assembly/abi.ts', 'dist/index.js.map'])
    if (!files.includes(file)) throw new Error(`test-pack: ${filename} lacks ${file}`);
  // the files that pages without a bundler preload
  const preloads = readFileSync(join(ROOT, 'docs/downloads.md'), 'utf8').matchAll(/simdprop\/(dist\/[\w/-]+\.js)/g);
  for (const [, file] of preloads)
    if (!files.includes(file))
      throw new Error(`test-pack: docs/downloads.md names ${file}, which is not in the package`);
  const strange = files.filter(
    (file) => !PAGES.includes(file) && !/^(dist|docs|assembly)\/|^LICENSE$|^package\.json$/.test(file),
  );
  if (strange.length > 0) throw new Error(`test-pack: ${filename}: got ${strange.join(', ')} too`);
}

/** Throws unless the licence of every library that is in dist/ is shipped with it, and of no other. */
function checkNotices() {
  const notices = readFileSync(join(installed, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
  const [, ...entries] = notices.split(/^-{80}\n/m);
  const named = entries.map((entry) => /^(\S+) \d+\.\d+\.\d+, /.exec(entry)?.[1]);
  const libraries = librariesIn(join(installed, 'dist'));
  if (named.join() !== libraries.join() || libraries.length === 0)
    throw new Error(`test-pack: THIRD-PARTY-NOTICES.txt: got ${named}, want ${libraries}`);
  for (const [i, entry] of entries.entries())
    if (!/copyright/i.test(entry) || !/permi/i.test(entry))
      throw new Error(`test-pack: THIRD-PARTY-NOTICES.txt: got no licence of ${named[i]}`);
}

/** Uses every feature. Throws if a chunk was not loaded, because then nothing has tested it. */
function runFeatures() {
  const loads = join(folder, 'features.txt');
  const recorder = urlOf('scripts/pack/record-loads.mjs');
  runNode('every feature that is loaded on demand', ['--import', recorder, 'features.mjs', OLD_FILE], {
    LOADS: loads,
  });
  const inNode = readFileSync(loads, 'utf8');
  if (!inNode.includes('/dist/node.js\n') || inNode.includes('/dist/chunks/simd.js\n'))
    throw new Error('test-pack: features.mjs has not read the core from simd.wasm');
  runNode('an entry that imports the core', ['--import', recorder, 'inflated.mjs'], { LOADS: loads });
  const loaded = readFileSync(loads, 'utf8');
  const missing = readdirSync(join(installed, 'dist/chunks')).filter(
    (file) => file.endsWith('.js') && !loaded.includes(`/dist/chunks/${file}`),
  );
  if (missing.length > 0) throw new Error(`test-pack: features.mjs has not loaded ${missing.join(', ')}`);
}

/** Throws unless an error that nobody catches is printed with a short line of code. */
function checkUncaughtError() {
  console.log('test-pack: an uncaught error');
  const code =
    "const { Network } = await import('simdprop'); await Network.create({ inputs: 0, layers: [{ units: 1 }] });";
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: consumer,
    encoding: 'utf8',
  });
  const longest = Math.max(...stderr.split('\n').map((line) => line.length));
  if (!stderr.includes('RangeError: inputs: got 0, want an integer') || longest > 320 || stderr.length > 2000)
    throw new Error(`test-pack: got ${stderr.length} characters, the longest line of ${longest}:\n${stderr}`);
}

/** Throws if a bundler drops the worker's code, as it would if the package declared it free of side effects. */
async function bundleWorker() {
  console.log('test-pack: simdprop/worker in a bundle');
  const stdin = { contents: "import 'simdprop/worker';", resolveDir: consumer };
  const { outputFiles } = await build({ stdin, bundle: true, minify: true, write: false });
  if (!outputFiles[0].text.includes('postMessage'))
    throw new Error('test-pack: the bundle of simdprop/worker is empty');
}

function compileConsumers() {
  writeFileSync(join(consumer, 'consumer.ts'), CONSUMER);
  writeFileSync(join(consumer, 'page.ts'), PAGE);
  // Node's types, for programs without those of the DOM: copies of this project's types
  for (const name of ['@types/node', 'undici-types'])
    cpSync(join(ROOT, 'node_modules', name), join(consumer, 'node_modules', name), { recursive: true });
  const strict = '--noEmit --strict --target es2022 --skipLibCheck false'.split(' ');
  for (const resolution of [
    ['--module', 'nodenext'],
    ['--module', 'node16'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ]) {
    for (const [lib, ...programs] of [
      ['es2022', '--types', 'node', 'consumer.ts'],
      ['es2022,dom', 'consumer.ts', 'page.ts'],
    ]) {
      const args = [...resolution, '--lib', lib, ...programs];
      runNode(`types of a TypeScript consumer: ${args.join(' ')}`, [TYPESCRIPT, ...strict, ...args]);
    }
  }
}

try {
  console.log(`test-pack: ${filename}, ${files.length} files, ${size} bytes`);
  checkContents();
  const chunks = checkChunks(join(installed, 'dist'));
  console.log(`test-pack: ${chunks.modules} modules in ${chunks.files - 1} files, none twice`);
  checkNotices();
  run('publint', join(ROOT, 'node_modules/.bin/publint'), ['run', tarball, '--strict'], { cwd: ROOT });
  // These files are bytes to fetch or read, not modules with types.
  const wasm = [
    '--exclude-entrypoints',
    'simd.wasm',
    'relaxed.wasm',
    'threads.wasm',
    'relaxed-threads.wasm',
    'predict.wasm',
  ];
  run('attw', join(ROOT, 'node_modules/.bin/attw'), [tarball, '--profile', 'esm-only', ...wasm], { cwd: ROOT });

  cpSync(join(ROOT, 'scripts/pack/consumer'), consumer, { recursive: true });
  runNode('XOR in an empty folder', ['smoke.mjs']);
  runFeatures();
  checkUncaughtError();
  runNode('simdprop/static with nothing but the language', ['--experimental-vm-modules', 'static.mjs']);
  runNode('published bits', ['bits.mjs', urlOf('bench/determinism/bits.mjs'), join(ROOT, 'test/hashes.json')]);
  await bundleWorker();
  compileConsumers();

  runNode('the command', ['command.mjs', join(ROOT, 'bench/data/penguins.csv')]);
  runNode('CSV and IDX files', ['data-files.mjs']);
  runNode('snippets of README.md and docs/', ['snippets.mjs', urlOf('scripts/snippets.mjs')]);
} finally {
  rmSync(folder, { recursive: true });
}
console.log('test-pack: the packed tarball installs, trains and type-checks');
