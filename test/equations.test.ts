import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// docs/equations.md: `function` [file](link) must be a function of that file, and "title" ... [file](link) a test of that one.

const page = new URL('../docs/equations.md', import.meta.url);
const rows = readFileSync(page, 'utf8')
  .split('\n')
  .filter((line) => /^\|.*\]\(/.test(line));

const textOf = (link: string) => readFileSync(new URL(link, page), 'utf8');

/** As Markdown's tables want it: the page has no | in its cells. */
const cellsOf = (row: string) =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** A function of the file or a method, not a call. */
function hasFunction(text: string, name: string): boolean {
  return new RegExp(`^(export )?(async )?function ${name}\\(|^  ${name}\\(.*\\{$`, 'm').test(text);
}

function hasTest(text: string, title: string): boolean {
  return [`'${title}'`, `"${title}"`].some((quoted) => text.includes(quoted));
}

test('has an equation in every row, thirty of them at least', () => {
  expect(rows.length).toBeGreaterThanOrEqual(30);
  for (const row of rows) expect(cellsOf(row)).toHaveLength(3);
});

test.each(rows.map((row) => cellsOf(row)))('%s: the function and the test exist', (_, functionCell, testCell) => {
  const [, name, file] = /^`(\w+)` \[[^\]]+\]\(([^)]+)\)$/.exec(functionCell) ?? [];
  expect(name, functionCell).toBeDefined();
  expect(hasFunction(textOf(file), name), `${name} in ${file}`).toBe(true);
  const [, title, testFile] = /^"(.+)".*\[[^\]]+\]\(([^)]+)\)$/.exec(testCell) ?? [];
  expect(title, testCell).toBeDefined();
  expect(hasTest(textOf(testFile), title), `"${title}" in ${testFile}`).toBe(true);
});

test('a function and a test that are not there are noticed', () => {
  expect(hasFunction('export function forward(rows: i32): void {', 'forward')).toBe(true);
  expect(hasFunction('  forward(rows: number): void {', 'forward')).toBe(true);
  expect(hasFunction('export function forwardLayer(layer: usize): void {', 'forward')).toBe(false);
  expect(hasFunction('  forward(rows);', 'forward')).toBe(false);
  expect(hasTest("test('it works', () => {", 'it works')).toBe(true);
  expect(hasTest("test('it works well', () => {", 'it works')).toBe(false);
});
