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

it('a library without a licence is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'simdprop-notices-'));
  const library = join(folder, 'node_modules/@scope/library');
  mkdirSync(library, { recursive: true });
  writeFileSync(join(library, 'package.json'), '{ "name": "@scope/library", "version": "1.0.0" }');
  expect(() => noticesOf([join(library, 'src/index.js')])).toThrow(/@scope\/library: got no licence, want one/);
  rmSync(folder, { recursive: true });
});
