import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { Network } from '../src/index.js';
import { ACTIVATIONS } from '../src/spec/activations.js';
import { COSTS } from '../src/spec/spec.js';

// What README.md and docs/features.md state about the code, compared with the code. Their examples are tests of
// docs.test.ts.

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const README = read('README.md');
const HASHES = JSON.parse(read('test/hashes.json'));
const PACKAGE = JSON.parse(read('package.json'));
/** The cells of the rows of the first table below a text. */
function tableAfter(page: string, text: string): string[][] {
  expect(page).toContain(text);
  const lines = page.slice(page.indexOf(text)).split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const rows = lines.slice(first + 2);
  return rows
    .slice(0, rows.findIndex((line) => !line.startsWith('|')))
    .map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim())); // biome-ignore format: short
}
/** The words of a text, with single blanks between them. */
const flat = (text: string) => text.replace(/\s+/g, ' ');

it.each([
  ['activations', 'eighteen activations', Object.keys(ACTIVATIONS).length, 18],
  ['costs, without those of the user', 'eight costs', Object.keys(COSTS).filter((name) => name !== 'custom').length, 8],
  ['hashes', 'of 54 trained networks', Object.keys(HASHES).length, 54],
  ['features', 'a table of 38 features', tableAfter(read('docs/features.md'), '# Features').length, 38],
  ['libraries', 'in simdprop and seven other libraries', tableAfter(read('docs/features.md'), '# Features')[0].length - 2, 7],
])('README.md states the number of %s', (_, words, number, stated) => {
  expect(flat(README)).toContain(words);
  expect(number).toBe(stated);
}); // biome-ignore format: a table

it('README.md names every optimizer', () => {
  const sentence = flat(README).match(/\*\*Optimizers\*\*: (.*?);/)?.[1] ?? '';
  const names = sentence.split(/, | and /).map((name) => name.replace(/\W/g, '').toLowerCase());
  const hashed = Object.keys(HASHES).filter((name) => name.startsWith('optimizer '));
  expect(names.toSorted()).toEqual(hashed.map((name) => name.replace('optimizer ', '')).toSorted());
});

it('README.md lists every entry of the package', () => {
  const entries = Object.keys(PACKAGE.exports).filter((name) => !/\.(wasm|json)$/.test(name));
  const listed = tableAfter(README, '### Entries').map(([cell]) => cell.replaceAll('`', '').replace('simdprop', '.'));
  expect(listed.sort()).toEqual(entries.sort());
  expect(PACKAGE.dependencies).toBeUndefined();
});

it('README.md names every folder of src/ but that of generated files', () => {
  const folders = readdirSync(new URL('src', ROOT), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const diagram = README.slice(README.indexOf('## How it is built'));
  expect(folders.map(({ name }) => name).filter((name) => !diagram.includes(`${name}/`))).toEqual(['generated']);
});

it('every format of docs/exchange.md is in README.md, as read or written', () => {
  const [, into, out] = flat(README).match(/: read from (.*?); written as (.*?)\. /) ?? [];
  for (const [format, reads, writes] of tableAfter(read('docs/exchange.md'), '# Networks')) {
    const name = format.replace(/,.*/, '').replace('C99', 'C');
    expect([name, into.includes(name), out.includes(name)]).toEqual([name, reads !== '', writes !== '']);
  }
  const row = tableAfter(read('docs/features.md'), '# Features').find(([name]) => name.startsWith('Export to ONNX'));
  expect(row?.[1]).toBe('yes');
});

it('every script and file that README.md tells to run or to read exists', () => {
  for (const [, script] of README.matchAll(/npm (?:run )?(start|test|[a-z:]+)(?= |`|$)/gm)) {
    if (['install', 'ci', 'run'].includes(script)) continue;
    expect([script, script in PACKAGE.scripts]).toEqual([script, true]);
  }
  for (const [, path] of README.matchAll(/\]\(((?:bench|src|docs)\/[^)#]+)/g)) {
    expect([path, existsSync(new URL(path, ROOT))]).toEqual([path, true]);
  }
});

test('the speeds of README.md are those of the file of results that it names', () => {
  const [, path] = README.match(/\]\((bench\/results\/[^)]*workload\.json)\)/) ?? [];
  const results = JSON.parse(read(path)).workload as {
    contest: string;
    simdprop: number;
    plain: number;
    ratio: number;
  }[];
  const rows = tableAfter(README, '## How fast it is');
  expect(rows).toHaveLength(5);
  for (const [name, ours, plain, ratio] of rows) {
    const contest = name.replace(',', '').replace('one sample per call', '1 a call');
    const result = results.find((one) => one.contest.replace(',', '') === contest);
    const asShown = (x: number) => Number(x.toPrecision(3)).toLocaleString('en');
    expect([name, ours, plain, ratio]).toEqual([
      name,
      asShown(result?.simdprop ?? 0),
      asShown(result?.plain ?? 0),
      `${result?.ratio.toFixed(1)}x`,
    ]);
  }
});

it('a message has the form that README.md shows', async () => {
  const [, message] = flat(README).match(/`(layers\[1\]\.units: got 0.*?)`/) ?? [];
  const layers = [{ units: 1 }, { units: 0 }];
  await expect(Network.create({ inputs: 1, layers })).rejects.toThrow(message);
});
