import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('peers/node_modules/.nodes', import.meta.url));

/** The binary of the newest Node of a major version: the running one, or installed once from npm beside the rivals. Throws where there is none. */
export function nodeBinary(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(directory, String(major));
  const binary = join(prefix, 'node_modules', name, 'bin', 'node');
  if (!existsSync(binary)) {
    process.stderr.write(`installing Node ${major} ...\n`);
    const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix];
    execFileSync('npm', [...args, `${name}@${major}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  return binary;
}
