import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  differencesOf,
  expectedOf,
  fileOf,
  matches,
  moduleOf,
  readPages,
  snippetsOf,
  TOLERANCE,
} from '../scripts/snippets.mjs';

// Every ```js snippet of README.md and docs/*.md is run as a module of its own, in which imports of simdprop lead to
// src/. scripts/snippets.mjs describes how the output is compared.

const ROOT = new URL('../', import.meta.url);
const SNIPPETS = new URL('build/docs/', ROOT);

const SOURCES: Readonly<Record<string, string>> = {
  simdprop: 'src/index.ts',
  'simdprop/static': 'src/static.ts',
  'simdprop/graph': 'src/graph/index.ts',
  'simdprop/cross-validation': 'src/cross-validation.ts',
  'simdprop/idx': 'src/io/idx.ts',
  'simdprop/csv': 'src/io/csv.ts',
  'simdprop/tabular': 'src/tabular.ts',
  'simdprop/charts': 'src/charts.ts',
  'simdprop/files': 'src/io/files.ts',
};

const pages = readPages(ROOT);

beforeAll(() => {
  rmSync(SNIPPETS, { recursive: true, force: true });
  mkdirSync(SNIPPETS, { recursive: true });
});

describe.each([...pages])('%s', (page, text) => {
  test.for(snippetsOf(page, text))('the snippet at line $line runs and prints what it says', async (snippet) => {
    const file = new URL(fileOf(snippet), SNIPPETS);
    writeFileSync(
      file,
      moduleOf(snippet, (name) => `../../${SOURCES[name]}`),
    );
    const { printed } = (await import(/* @vite-ignore */ file.href)) as { printed: Map<number, string[]> };
    expect(differencesOf(snippet, printed)).toEqual([]);
  });

  test('links lead to files', () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      const link = new URL(target, new URL(page, ROOT));
      expect(() => readFileSync(link), `${page}: ${target}`).not.toThrow();
    }
  });
});

test('docs/README.md leads to every page', () => {
  for (const page of [...pages.keys()].filter((name) => name.startsWith('docs/') && name !== 'docs/README.md')) {
    expect(pages.get('docs/README.md')).toContain(`(${page.slice('docs/'.length)})`);
  }
});

test('docs/README.md states how close "close to" is', () => {
  expect(pages.get('docs/README.md')).toContain(`"close to" means: each number within ${TOLERANCE}`);
});

test('a wrong number, a missing line and a missing print are noticed', () => {
  const expected = expectedOf(['for (;;) {', '  console.log(1);', '}', '// 1', '// 2', 'f();', '// no output']);
  expect([...expected]).toEqual([[1, ['1', '2']]]);
  expect(matches(['1', '2'], ['1', '2'])).toBe(true);
  expect(matches(['1'], ['1', '2'])).toBe(false);
  expect(matches(['1', '3'], ['1', '2'])).toBe(false);
  expect(matches(['a -> b -> c'], ['a -> ...'])).toBe(true);
  expect(matches(['Float32Array(2) [ 0.04, 0.97 ]'], ['close to 0, 1'])).toBe(true);
  expect(matches(['Float32Array(2) [ 0.14, 0.97 ]'], ['close to 0, 1'])).toBe(false);
  expect(matches(['Float32Array(2) [ 0.04, 0.94 ]'], ['close to 0, 1 (within 0.05)'])).toBe(false);
  expect(matches(['Float32Array(2) [ 0.14, 0.97 ]'], ['close to 0, 1 (within 0.2)'])).toBe(true);
  expect(matches(['Float32Array(2) [ 0.04, 0.97 ]'], ['close to 1, 0'])).toBe(false);
  expect(matches(['Float32Array(3) [ 0.04, 0.97, 1 ]'], ['close to 0, 1'])).toBe(false);
  expect(matches(['Float32Array(2) [ NaN, 0.97 ]'], ['close to 0, 1'])).toBe(false);
});
