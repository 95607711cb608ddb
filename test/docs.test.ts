import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examplesOf, readApi } from '../scripts/public-api.mjs';
import {
  DATA,
  differencesOf,
  expectedOf,
  fileOf,
  filesBeside,
  matches,
  moduleOf,
  readPages,
  readsData,
  type Snippet,
  snippetsOf,
  TOLERANCE,
} from '../scripts/snippets.mjs';

// Every ```js snippet of README.md and docs/, and every example of a docstring, is run as a module of its own, in which
// imports of simdprop lead to src/. scripts/snippets.mjs describes how the output is compared. Programs that read data
// files run in another process, whose folder is that of these files.

const ROOT = new URL('../', import.meta.url);
const SNIPPETS = new URL('build/docs/', ROOT);
const PROCESS = fileURLToPath(new URL('snippet-process.ts', import.meta.url));

const SOURCES: Readonly<Record<string, string>> = {
  simdprop: 'src/index.ts',
  'simdprop/static': 'src/static.ts',
  'simdprop/graph': 'src/graph/index.ts',
  'simdprop/cross-validation': 'src/cross-validation.ts',
  'simdprop/search': 'src/search.ts',
  'simdprop/idx': 'src/io/idx.ts',
  'simdprop/csv': 'src/io/csv.ts',
  'simdprop/canvas': 'src/io/canvas.ts',
  'simdprop/split': 'src/split.ts',
  'simdprop/tabular': 'src/tabular.ts',
  'simdprop/charts': 'src/charts.ts',
  'simdprop/files': 'src/io/files.ts',
  'simdprop/mpi': 'src/mpi.ts',
  'simdprop/keras': 'src/keras.ts',
  'simdprop/predict': 'src/predict.ts',
  'simdprop/tfjs': 'src/tfjs.ts',
  'simdprop/export': 'src/export.ts',
  'simdprop/fann': 'src/fann.ts',
  'simdprop/brain': 'src/brain.ts',
  'simdprop/pytorch': 'src/pytorch.ts',
  'simdprop/onnx': 'src/onnx.ts',
  'simdprop/safetensors': 'src/safetensors.ts',
};

const pages = readPages(ROOT);

const resolve = (name: string) => `../../${SOURCES[name]}`;

const sourceOf = (name: string) => fileURLToPath(new URL(SOURCES[name], ROOT));

/**
 * Bundles a file that a snippet needs with everything that the file imports, because workers of Node 20 read no
 * TypeScript, even with tsx.
 */
function bundle(contents: string, file: URL): void {
  const stdin = { contents, resolveDir: fileURLToPath(SNIPPETS) };
  buildSync({ stdin, bundle: true, format: 'esm', platform: 'node', outfile: fileURLToPath(file) });
}

let child: ChildProcess;

/**
 * Runs a snippet; `isApart`: in another process, in the folder of the data. Returns what it has printed, in the form
 * that `moduleOf` describes.
 */
async function run(file: URL, isApart: boolean): Promise<Map<number, string[]>> {
  if (!isApart) {
    const { printed } = (await import(/* @vite-ignore */ file.href)) as { printed: Map<number, string[]> };
    return printed;
  }
  child.send(file.href);
  const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (answer?.printed === undefined) throw new Error(answer?.error ?? `the process ended with code ${answer}`);
  return new Map(answer.printed);
}

/** Runs a snippet, and compares what it prints. */
async function check(snippet: Snippet, isApart: boolean): Promise<void> {
  const file = new URL(fileOf(snippet), SNIPPETS);
  writeFileSync(file, moduleOf(snippet, resolve));
  expect(differencesOf(snippet, await run(file, isApart))).toEqual([]);
}

beforeAll(() => {
  rmSync(SNIPPETS, { recursive: true, force: true });
  mkdirSync(SNIPPETS, { recursive: true });
  child = fork(PROCESS, { execArgv: ['--import', 'tsx'], cwd: new URL(DATA, ROOT) });
});

afterAll(() => {
  child.kill();
});

describe.each([...pages])('%s', (page, text) => {
  test.for(snippetsOf(page, text))('the snippet at line $line runs and prints what it says', async (snippet) => {
    for (const [name, code] of filesBeside(text, sourceOf)) bundle(code, new URL(name, SNIPPETS));
    await check(snippet, readsData(page));
  });

  test('links lead to files', () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      const link = new URL(target, new URL(page, ROOT));
      expect(() => readFileSync(link), `${page}: ${target}`).not.toThrow();
    }
  });
});

describe('the example of', () => {
  test.for(examplesOf(readApi(ROOT)))('$page runs and prints what it says', async (snippet) => {
    await check(
      snippet,
      snippet.lines.some((line) => line.includes("from 'node:fs")),
    );
  });
});

test('docs/README.md leads to every page, and so does the README.md of each folder', () => {
  const listed = [...pages.keys()].filter((name) => name.startsWith('docs/') && name !== 'docs/README.md');
  expect(listed.length).toBeGreaterThan(10);
  for (const page of listed) {
    const [, folder, name] = /^(docs\/(?:.*\/)?)([^/]+)$/.exec(page) as RegExpExecArray;
    const index = name === 'README.md' ? 'docs/README.md' : `${folder}README.md`;
    expect(pages.get(index)).toContain(`(${name === 'README.md' ? page.slice('docs/'.length) : name})`);
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
