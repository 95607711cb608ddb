import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Compiles bench/peers/<name>.c with a library, whose version the program gets as VERSION. `more`: further arguments of
 * the compiler. Returns the path of the program. If the compiler or the library is missing, the program only prints
 * that it is unavailable, and why, as a contestant does that cannot take part (rival.ts).
 */
export function compileC(name: string, library: string, ...more: string[]): string {
  const program = join(mkdtempSync(join(tmpdir(), 'simdprop-peer-')), name);
  const source = fileURLToPath(new URL(`peers/${name}.c`, import.meta.url));
  const version = spawnSync('pkg-config', ['--modversion', library], { encoding: 'utf8' }).stdout?.trim() ?? '';
  const options = ['-O3', `-DVERSION="${version}"`, ...more];
  const { error, status, stderr } = spawnSync('cc', [...options, source, `-l${library}`, '-lm', '-o', program], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    const reason = error?.message ?? stderr.split('\n').find((line) => /error|cannot find/.test(line)) ?? stderr;
    writeFileSync(program, `#!/bin/sh\ncat << 'END'\nunavailable ${reason}\nEND\n`, { mode: 0o755 });
  }
  return program;
}
