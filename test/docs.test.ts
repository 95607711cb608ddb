import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';

// Every ```js snippet of README.md and docs/*.md is run as a module of its own, its imports resolved to src/. What a
// console.log prints is compared with the comment behind it, or on the lines below it:
//
//   console.log(1 + 1); // 2
//   console.log(net.predict(x)); // close to 0, 1
//   console.log(net.predict(x)); // close to 0, 1 (within 0.01)
//   console.log(path); // w -> z -> ...: "..." stands for anything
//
// "close to" lists the numbers printed, in their order, each within TOLERANCE or what the comment states. Without a
// comment a snippet only has to run.

const ROOT = new URL('../', import.meta.url);
const SNIPPETS = new URL('build/docs/', ROOT);

const SOURCES: Readonly<Record<string, string>> = {
  simdprop: 'src/index.ts',
  'simdprop/graph': 'src/graph/index.ts',
  'simdprop/cross-validation': 'src/cross-validation.ts',
  'simdprop/idx': 'src/io/idx.ts',
  'simdprop/csv': 'src/io/csv.ts',
  'simdprop/files': 'src/io/files.ts',
};

interface Snippet {
  readonly page: string;
  /** Where the snippet begins in its page; the first line is 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

/** docs/README.md names it. */
const TOLERANCE = 0.1;

/** Line of a console.log, counted from 0, to what it should print. */
type Expected = Map<number, string[]>;

function snippetsOf(page: string, text: string): Snippet[] {
  return [...text.matchAll(/^```js\r?\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    lines: match[1].trimEnd().split('\n'),
  }));
}

function expectedOf(lines: readonly string[]): Expected {
  const expected: Expected = new Map();
  let log: number | undefined;
  for (const [i, line] of lines.entries()) {
    const isLog = line.includes('console.log(');
    if (isLog) log = i;
    if (log === undefined) continue;
    const comment = /^\s*\/\/ (.*)$/.exec(line)?.[1];
    const behind = /\);\s*\/\/ (.*)$/.exec(line)?.[1];
    if (comment !== undefined) expected.set(log, [...(expected.get(log) ?? []), comment]);
    if (behind !== undefined) expected.set(log, [behind]);
    // a loop's end, or that of the call, may stand between
    const isOpen = comment !== undefined || isLog || /^\s*[\])}]+[;,]?$/.test(line);
    if (behind !== undefined || !isOpen) log = undefined;
  }
  return expected;
}

function moduleOf({ lines }: Snippet): string {
  const code = lines.map((line, i) =>
    line
      .replaceAll('console.log(', `print(${i}, `)
      .replace(/from '(simdprop[^']*)'/, (_, name) => `from '../../${SOURCES[name]}'`),
  );
  // all on one line: errors then name the snippet's lines, one too high
  const head = [
    "import { format } from 'node:util'",
    'export const printed = new Map()',
    "const print = (line, ...values) => printed.set(line, [...(printed.get(line) ?? []), ...format(...values).split('\\n')])",
  ];
  return `${head.join('; ')};\n${code.join('\n')}\n`;
}

const numbersIn = (text: string) =>
  [...text.replace(/\w+Array\(\d+\)/g, '').matchAll(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g)].map(Number);

function matches(printed: readonly string[], expected: readonly string[]): boolean {
  const text = printed.join('\n');
  const wanted = expected.join('\n');
  if (wanted.startsWith('close to ')) {
    const [stated, within = TOLERANCE] = / \(within (\d+(?:\.\d+)?)\)$/.exec(wanted) ?? [''];
    const values = numbersIn(text);
    const targets = numbersIn(wanted.slice(0, wanted.length - stated.length));
    return values.length === targets.length && values.every((value, i) => Math.abs(value - targets[i]) <= +within);
  }
  const pieces = wanted.split('...').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pieces.join('[^]*')}$`).test(text);
}

const pages = [
  ...readdirSync(ROOT).filter((name) => name === 'README.md'),
  ...readdirSync(new URL('docs/', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const texts = new Map(pages.map((page) => [page, readFileSync(new URL(page, ROOT), 'utf8')]));

beforeAll(() => {
  rmSync(SNIPPETS, { recursive: true, force: true });
  mkdirSync(SNIPPETS, { recursive: true });
});

describe.each([...texts])('%s', (page, text) => {
  test.for(snippetsOf(page, text))('the snippet at line $line runs and prints what it says', async (snippet) => {
    const name = `${page.replaceAll(/\W/g, '-')}-${snippet.line}.mjs`;
    const file = new URL(name, SNIPPETS);
    writeFileSync(file, moduleOf(snippet));
    const { printed } = (await import(/* @vite-ignore */ file.href)) as { printed: Map<number, string[]> };
    for (const [line, expected] of expectedOf(snippet.lines)) {
      const got = printed.get(line) ?? ['nothing'];
      if (!matches(got, expected)) {
        expect.fail(`${page}:${snippet.line + line}: got ${got.join('\n')}, want ${expected.join('\n')}`);
      }
    }
  });

  test('links lead to files', () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
      const link = new URL(target, new URL(page, ROOT));
      expect(() => readFileSync(link), `${page}: ${target}`).not.toThrow();
    }
  });
});

test('docs/README.md leads to every page', () => {
  for (const page of pages.filter((name) => name.startsWith('docs/') && name !== 'docs/README.md')) {
    expect(texts.get('docs/README.md')).toContain(`(${page.slice('docs/'.length)})`);
  }
});

test('docs/README.md states how close "close to" is', () => {
  expect(texts.get('docs/README.md')).toContain(`"close to" means: each number within ${TOLERANCE}`);
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
  expect(matches(['Float32Array(2) [ 0.04, 0.97 ]'], ['close to 0, 1 (within 0.05)'])).toBe(true);
  expect(matches(['Float32Array(2) [ 0.04, 0.94 ]'], ['close to 0, 1 (within 0.05)'])).toBe(false);
  expect(matches(['Float32Array(2) [ 0.14, 0.97 ]'], ['close to 0, 1 (within 0.2)'])).toBe(true);
  expect(matches(['Float32Array(2) [ 0.04, 0.97 ]'], ['close to 1, 0'])).toBe(false);
  expect(matches(['Float32Array(3) [ 0.04, 0.97, 1 ]'], ['close to 0, 1'])).toBe(false);
  expect(matches(['Float32Array(2) [ NaN, 0.97 ]'], ['close to 0, 1'])).toBe(false);
});
