// Serves, builds or tests the pages of site/. First installs the tools of the pages there, if they are missing, and
// builds the library, because the pages import it from dist/, as a user does.
//
// node scripts/site.mjs dev|build|test [argument...]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SITE = fileURLToPath(new URL('../site/', import.meta.url));
const LOCK = join(SITE, 'package-lock.json');
/** The lock file that the tools were installed from. */
const INSTALLED = join(SITE, 'node_modules/installed-lock.json');
const COMMANDS = ['dev', 'build', 'test'];

const [command, ...rest] = process.argv.slice(2);
if (!COMMANDS.includes(command)) throw new RangeError(`site: got ${command}, want ${COMMANDS.join(' or ')}`);

/** Runs npm in site/, which prints what is wrong. Returns whether it succeeds. */
async function npm(...args) {
  const [status] = await once(spawn('npm', args, { cwd: SITE, stdio: 'inherit' }), 'close');
  return status === 0;
}

/** Checks the pages while they are built. */
const build = async () => (await Promise.all([npm('run', 'check'), npm('run', 'bundle')])).every(Boolean);

async function run() {
  if (!existsSync(INSTALLED) || !readFileSync(INSTALLED).equals(readFileSync(LOCK))) {
    if (!(await npm('ci', '--ignore-scripts', '--no-audit', '--no-fund'))) return false;
    copyFileSync(LOCK, INSTALLED);
  }
  if (command === 'build') return build();
  return (command === 'dev' || (await build())) && npm('run', command, '--', ...rest);
}

if (!(await run())) process.exitCode = 1;
