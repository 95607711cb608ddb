import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('peers/node_modules/.nodes', import.meta.url));

/**
 * The path of a Node of this major version: the running one if it fits, or else the newest, which npm installs once
 * beside the rivals. Throws if npm cannot install it.
 */
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
