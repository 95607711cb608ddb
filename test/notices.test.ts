import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isLibrary, noticesOf } from '../scripts/notices.js';

const inLibrary = (path: string) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));

it('the licences of all bundled libraries are listed once, by name', () => {
  const modules = ['d3-shape/src/line.js', 'd3-array/src/ticks.js', 'd3-array/src/nice.js'].map(inLibrary);
  expect(modules.every(isLibrary)).toBe(true);
  const notices = noticesOf([...modules, fileURLToPath(import.meta.url)]);
  expect(notices.match(/^d3-[a-z]+ \d+\.\d+\.\d+, ISC/gm)?.map((line) => line.split(' ')[0])).toEqual([
    'd3-array',
    'd3-shape',
  ]);
  expect(notices.match(/Permission to use, copy, modify/g)?.length).toBe(2);
});

it('a library without a licence is refused, unless its licence is given', () => {
  const folder = mkdtempSync(join(tmpdir(), 'simdprop-notices-'));
  const library = join(folder, 'node_modules/@scope/library');
  mkdirSync(library, { recursive: true });
  writeFileSync(
    join(library, 'package.json'),
    '{ "name": "@scope/library", "version": "1.0.0", "license": "Apache-2.0" }',
  );
  const modules = [join(library, 'src/index.js')];
  expect(() => noticesOf(modules)).toThrow(/@scope\/library: got no licence, want one/);
  const given = noticesOf(modules, { head: 'The head.\n', licences: { '@scope/library': 'Its licence.' } });
  expect(given).toBe(`The head.\n\n${'-'.repeat(80)}\n@scope/library 1.0.0, Apache-2.0\n\nIts licence.\n`);
  rmSync(folder, { recursive: true });
});
