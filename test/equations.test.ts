import { expect, test } from 'vitest';
import { equationRows, textOf } from './equation-rows.js';

// The functions and tests that docs/equations.md names exist. That each test fails without its function takes a minute
// to show: `npm run test:equations` does, see prove-equations.ts.

/** Finds a function or method of this name; a call of it does not count. */
function hasFunction(text: string, name: string): boolean {
  return new RegExp(`^(export )?(async )?function ${name}\\(|^  ${name}\\(.*\\{$`, 'm').test(text);
}

function hasTest(text: string, title: string): boolean {
  return [`'${title}'`, `"${title}"`].some((quoted) => text.includes(quoted));
}

test('has an equation in every row, thirty of them at least', () => {
  expect(equationRows.length).toBeGreaterThanOrEqual(30);
});

test.each(equationRows.map((row) => [row.equation, row] as const))(
  '%s: the function and the test exist',
  (_, { functionName, file, title, testFile }) => {
    expect(hasFunction(textOf(file), functionName), `${functionName} in ${file}`).toBe(true);
    expect(hasTest(textOf(testFile), title), `"${title}" in ${testFile}`).toBe(true);
  },
);

test('a function and a test that are not there are noticed', () => {
  expect(hasFunction('export function forward(rows: i32): void {', 'forward')).toBe(true);
  expect(hasFunction('  forward(rows: number): void {', 'forward')).toBe(true);
  expect(hasFunction('export function forwardLayer(layer: usize): void {', 'forward')).toBe(false);
  expect(hasFunction('  forward(rows);', 'forward')).toBe(false);
  expect(hasTest("test('it works', () => {", 'it works')).toBe(true);
  expect(hasTest("test('it works well', () => {", 'it works')).toBe(false);
});
