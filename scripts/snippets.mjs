import { readdirSync, readFileSync } from 'node:fs';

// Makes modules that can be run from the ```js snippets of README.md and docs/*.md. The output of each console.log is
// compared with the comment behind it or on the lines below it:
//
//   console.log(1 + 1); // 2
//   console.log(net.predict(x)); // close to 0, 1
//   console.log(net.predict(x)); // close to 0, 1 (within 0.01)
//   console.log(path); // w -> z -> ...: "..." stands for anything
//
// "close to" lists the numbers printed, in their order. Each must be within TOLERANCE, or within the distance that the
// comment states. A snippet without such a comment only has to run. test/docs.test.ts runs them on src/,
// npm run test:pack on the packed package.
//
// A snippet that needs a second file has it in a block of its own, ```js worker.mjs, which is written beside it. The
// programs of the folders of docs/ read data files: they run in the folder of these files, DATA.

/** How close "close to" is. */
export const TOLERANCE = 0.1;

/** The folder of the data files that the snippets read, from the root of the repository. */
export const DATA = 'bench/data/';

/** True if the snippets of a page read files of DATA. */
export const readsData = (page) => /^docs\/.*\//.test(page);

/** README.md and all pages of docs/, in a folder: path to text. */
export function readPages(root) {
  const names = readdirSync(new URL('docs/', root), { recursive: true }).map((name) => name.replaceAll('\\', '/'));
  const docs = names.filter((name) => name.endsWith('.md')).sort();
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)];
  return new Map(pages.map((page) => [page, readFileSync(new URL(page, root), 'utf8')]));
}

export function snippetsOf(page, text) {
  return [...text.matchAll(/^```js\r?\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    lines: match[1].trimEnd().split('\n'),
  }));
}

/** The blocks of a page that are files beside its snippets: name to code. `resolve` is that of `moduleOf`. */
export function filesBeside(text, resolve = (name) => name) {
  const blocks = [...text.matchAll(/^```js (\S+)\r?\n([\s\S]*?)^```$/gm)];
  return new Map(blocks.map(([, name, code]) => [name, resolveImports(code, resolve)]));
}

const resolveImports = (code, resolve) =>
  code.replace(/from '(simdprop[^']*)'/g, (_, name) => `from '${resolve(name)}'`);

/** A name for the snippet's module. */
export const fileOf = ({ page, line }) => `${page.replaceAll(/\W/g, '-')}-${line}.mjs`;

/** The code of a snippet as a module. `resolve`: maps the name of each import of simdprop to a path. */
export function moduleOf({ lines }, resolve = (name) => name) {
  const code = lines.map((line, i) => resolveImports(line.replaceAll('console.log(', `print(${i}, `), resolve));
  // all on one line, so that the line numbers of errors are those of the snippet plus one
  const head = [
    "import { format } from 'node:util'",
    'export const printed = new Map()',
    "const print = (line, ...values) => printed.set(line, [...(printed.get(line) ?? []), ...format(...values).split('\\n')])",
  ];
  return `${head.join('; ')};\n${code.join('\n')}\n`;
}

/** The differences between a snippet's output and its comments; `printed` is the export of its module. */
export function differencesOf({ page, line, lines }, printed) {
  return [...expectedOf(lines)].flatMap(([log, expected]) => {
    const got = printed.get(log) ?? ['nothing'];
    const where = `${page}:${line + log}`;
    return matches(got, expected) ? [] : [`${where}: got ${got.join('\n')}, want ${expected.join('\n')}`];
  });
}

/** Line of a console.log, counted from 0, to what it should print. */
export function expectedOf(lines) {
  const expected = new Map();
  let log;
  for (const [i, line] of lines.entries()) {
    const isLog = line.includes('console.log(');
    if (isLog) log = i;
    if (log === undefined) continue;
    const comment = /^\s*\/\/ (.*)$/.exec(line)?.[1];
    const behind = /\);\s*\/\/ (.*)$/.exec(line)?.[1];
    if (comment !== undefined) expected.set(log, [...(expected.get(log) ?? []), comment]);
    if (behind !== undefined) expected.set(log, [behind]);
    // the end of a loop or of the call may be in between
    const isOpen = comment !== undefined || isLog || /^\s*[\])}]+[;,]?$/.test(line);
    if (behind !== undefined || !isOpen) log = undefined;
  }
  return expected;
}

const numbersIn = (text) =>
  [...text.replace(/\w+Array\(\d+\)/g, '').matchAll(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g)].map(Number);

export function matches(printed, expected) {
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
