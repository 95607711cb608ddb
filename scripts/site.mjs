// Serves, builds or tests the pages of site/. First builds the library, because the pages import it from dist/, as a
// user does, and installs the tools of the pages, if one or the other is missing or older than what it is made from.
//
// node scripts/site.mjs dev|build|test [argument...]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SITE = join(ROOT, 'site');
const LOCK = join(SITE, 'package-lock.json');
/** The lock file that the tools were installed from. */
const INSTALLED = join(SITE, 'node_modules/installed-lock.json');
/** What the library is built from, and the files that its build writes last. */
const SOURCES = [
  'src',
  'assembly',
  'scripts',
  'package.json',
  'tsup.config.ts',
  'tsconfig.json',
  'tsconfig.build.json',
];
const BUILT = ['dist/index.js', 'dist/index.d.ts'];
const COMMANDS = ['dev', 'build', 'test'];

const [command, ...rest] = process.argv.slice(2);
if (!COMMANDS.includes(command)) throw new RangeError(`site: got ${command}, want ${COMMANDS.join(' or ')}`);

/** Runs npm in a folder. It prints what is wrong. Returns whether it succeeds. */
async function npm(cwd, ...args) {
  const [status] = await once(spawn('npm', args, { cwd, stdio: 'inherit' }), 'close');
  return status === 0;
}

/** When a file, or the newest file of a folder, was written. What the build itself generates does not count. */
function writtenAt(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const names = readdirSync(path).filter((name) => name !== 'generated');
  return Math.max(found.mtimeMs, ...names.map((name) => writtenAt(join(path, name))));
}

function isBuilt() {
  const [sources, built] = [SOURCES, BUILT].map((paths) => paths.map((path) => join(ROOT, path)));
  if (!built.every((path) => existsSync(path))) return false;
  return Math.min(...built.map(writtenAt)) > Math.max(...sources.map(writtenAt));
}

/** Checks the pages while they are built. */
const build = async () => (await Promise.all([npm(SITE, 'run', 'check'), npm(SITE, 'run', 'bundle')])).every(Boolean);

async function run() {
  if (!isBuilt() && !(await npm(ROOT, 'run', 'build'))) return false;
  if (!existsSync(INSTALLED) || !readFileSync(INSTALLED).equals(readFileSync(LOCK))) {
    if (!(await npm(SITE, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'))) return false;
    copyFileSync(LOCK, INSTALLED);
  }
  if (command === 'build') return build();
  return (command === 'dev' || (await build())) && npm(SITE, 'run', command, '--', ...rest);
}

if (!(await run())) process.exitCode = 1;
