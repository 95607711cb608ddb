// Serves, builds or tests the pages of site/. First installs the tools of the pages there, if they are missing, and
// builds the library, because the pages import it from dist/, as a user does.
//
// node scripts/site.mjs dev|build|test [argument...]
import { execFileSync } from 'node:child_process';
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
const npm = (...args) => execFileSync('npm', args, { cwd: SITE, stdio: 'inherit' });

if (!existsSync(INSTALLED) || !readFileSync(INSTALLED).equals(readFileSync(LOCK))) {
  npm('ci', '--ignore-scripts', '--no-audit', '--no-fund');
  copyFileSync(LOCK, INSTALLED);
}
try {
  if (command === 'test') npm('run', 'build');
  npm('run', command, '--', ...rest);
} catch (error) {
  // the command has printed what is wrong
  process.exitCode = error.status ?? 1;
}
