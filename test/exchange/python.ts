import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Runs programs of Python with the packages of the system, where they are installed: other machines skip the tests.

const PYTHON = '/usr/bin/python3';

/** True if Python can import these modules. */
export function hasModules(...modules: readonly string[]): boolean {
  try {
    execFileSync(PYTHON, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The ```python snippet of a page that defines `name`. */
export function snippetOf(page: string, name: string): string {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  const found = [...text.matchAll(/^```python\n([\s\S]*?)^```$/gm)].find(([, code]) => code.includes(`def ${name}(`));
  if (!found) throw new Error(`${page}: got no snippet that defines ${name}, want one`);
  return found[1];
}

/**
 * Runs a program in a folder that has these files. Returns what it has printed, and the files that it has written by
 * name.
 */
export function runPython(
  code: string,
  files: Readonly<Record<string, Uint8Array>> = {},
  wanted: readonly string[] = [],
): { printed: string; written: Record<string, Uint8Array> } {
  const folder = mkdtempSync(join(tmpdir(), 'simdprop-python-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    writeFileSync(join(folder, 'program.py'), code);
    const printed = execFileSync(PYTHON, ['program.py'], { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
    const written = wanted.map((name): [string, Uint8Array] => [
      name,
      new Uint8Array(readFileSync(join(folder, name))),
    ]);
    return { printed, written: Object.fromEntries(written) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
