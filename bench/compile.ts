import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Compiles bench/peers/<name>.c with a library, whose version the program gets as VERSION. Returns the path of the
 * program. If the compiler or the library is missing, no file is made, and the error appears where the program is
 * started.
 */
export function compileC(name: string, library: string): string {
  const program = join(mkdtempSync(join(tmpdir(), 'simdprop-peer-')), name);
  const source = fileURLToPath(new URL(`peers/${name}.c`, import.meta.url));
  const version = spawnSync('pkg-config', ['--modversion', library], { encoding: 'utf8' }).stdout?.trim() ?? '';
  const { error, stderr } = spawnSync('cc', [
    '-O3',
    `-DVERSION="${version}"`,
    source,
    `-l${library}`,
    '-lm',
    '-o',
    program,
  ]);
  if (error || stderr.length > 0) process.stderr.write(`${name}: ${error?.message ?? stderr}\n`);
  return program;
}
