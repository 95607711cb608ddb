// Makes the mutants of a list, one at a time, in a copy of the repository. Runs the tests on each until one fails.
//
//   node scripts/mutate.mjs test/mutations/src.json FOLDER [--order FILE] [--tests A,B] [--without A,B] [ID ...]
//
// FOLDER is a separate checkout with node_modules and a built core. --order names a JSON file: for each id, the tests
// to run, in their order. Without it, or with --tests, all mutants get the same tests. --without leaves tests out: a
// mutant that is not caught without test/bits.test.ts is guarded by hashes alone. For each mutant, a line is printed,
// and a row that says what caught it is appended to FOLDER/mutants.jsonl.

import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const options = { order: { type: 'string' }, tests: { type: 'string' }, without: { type: 'string', default: '' } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [list, folder, ...ids] = positionals;
const { mutants } = JSON.parse(readFileSync(list, 'utf8'));
const orders = values.order ? JSON.parse(readFileSync(values.order, 'utf8')) : {};
const all = readdirSync(join(folder, 'test')).filter((name) => name.endsWith('.test.ts'));
const without = values.without.split(',');

/** The longest processor time of a test run. A mutant with an endless loop exceeds it. */
const LONGEST_SECONDS = 240;
/** The tests that are run before all others of a mutant, so that most runs are short. */
const FIRST_TESTS = 4;

function secondsOf(group) {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pgid=,cputimes='], { encoding: 'utf8' });
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return Math.max(0, ...rows.filter(([pgid]) => pgid === group).map(([, seconds]) => seconds));
}

function end(group) {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // the process has already ended
  }
}

/** Resolves to what caught the mutant, or undefined. */
function run(tests) {
  if (tests.length === 0) return undefined;
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1', '--reporter', 'default', ...tests];
  const env = { ...process.env, NO_COLOR: '1' };
  const child = spawn(process.execPath, args, { cwd: folder, detached: true, env });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      if (secondsOf(child.pid) < LONGEST_SECONDS) return;
      clearInterval(watch);
      end(child.pid);
      resolve('a loop that does not end');
    }, 5000);
    // not 'close': what a test has started may still hold the output
    child.on('exit', (code) => {
      clearInterval(watch);
      end(child.pid);
      const [failed] = output.match(/(?<=FAIL {2}).+/) ?? output.match(/Error: .+/) ?? [output.slice(-300)];
      resolve(code === 0 ? undefined : failed);
    });
  });
}

/**
 * Compiles the core. Makes only the builds that the suite uses, by marking the others as up to date. Returns false if
 * it fails.
 */
function build() {
  const later = Date.now() / 1000 + 3600;
  for (const target of ['relaxed', 'relaxed-threads', 'debug']) {
    for (const name of [`build/${target}.wasm`, `src/generated/${target}.ts`]) {
      if (name !== 'src/generated/debug.ts') utimesSync(join(folder, name), later, later);
    }
  }
  return spawnSync(process.execPath, ['scripts/build-wasm.mjs'], { cwd: folder }).status === 0;
}

const chosen = mutants.filter(({ id }) => ids.length === 0 || ids.includes(String(id)));
const counts = { caught: 0, survived: 0 };
for (const { id, file, line, start, text, replacement, also } of chosen) {
  const path = join(folder, file);
  const content = readFileSync(path, 'utf8');
  const at = start ?? content.indexOf(text);
  if (content.slice(at, at + text.length) !== text) throw new Error(`${id}: got another text, want ${text} in ${file}`);
  let mutated = content.slice(0, at) + replacement + content.slice(at + text.length);
  if (also) mutated = mutated.replace(also[0], () => also[1]);
  writeFileSync(path, mutated);
  const tests = (values.tests?.split(',') ?? orders[id] ?? all).filter((name) => !without.includes(name));
  const paths = tests.map((name) => `test/${name}`);
  let by;
  try {
    const isCompiled = file.startsWith('assembly/') || file === 'src/threads/worker.ts';
    if (isCompiled && !build()) by = 'the compiler';
    by ??= (await run(paths.slice(0, FIRST_TESTS))) ?? (await run(paths.slice(FIRST_TESTS)));
  } finally {
    writeFileSync(path, content);
  }
  counts[by ? 'caught' : 'survived']++;
  appendFileSync(join(folder, 'mutants.jsonl'), `${JSON.stringify({ id, by: by ?? null })}\n`);
  console.log(`${id} ${file}${line ? `:${line}` : ''}: ${by ? `caught by ${by}` : 'SURVIVED'}`);
}
console.log(`${counts.caught} of ${chosen.length} caught`);
