import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Packs simdprop as npm would publish it, and installs it into an empty folder. Needs dist/: npm run build first. */
export function installPacked() {
  const folder = mkdtempSync(join(tmpdir(), 'simdprop-pack-'));
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8' });
  const [{ filename, files, size }] = JSON.parse(packed);
  const tarball = join(folder, filename);
  const consumer = join(folder, 'consumer');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  // offline: the package has no dependency to fetch
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: consumer });
  return { folder, tarball, consumer, filename, files: files.map(({ path }) => path), size };
}
