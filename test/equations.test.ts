import { expect, test } from 'vitest';
import { equationRows, textOf } from './equation-rows.js';

// Checks that the functions and tests in docs/equations.md exist. `npm run test:equations`, which takes a minute, also
// proves that each test fails without its function: see prove-equations.ts.

/** True if the text defines a function or method of this name. A call of it does not count. */
function hasFunction(text: string, name: string): boolean {
  const method = `^  ${name}\\((.*|\\n(    .*\\n)+  \\).*)\\{$`;
  return new RegExp(`^(export )?(async )?function ${name}\\(|${method}`, 'm').test(text);
}

function hasTest(text: string, title: string): boolean {
  return [`'${title}'`, `"${title}"`].some((quoted) => text.includes(quoted));
}

test('has at least thirty rows, each with an equation', () => {
  expect(equationRows.length).toBeGreaterThanOrEqual(30);
});

test.each(equationRows.map((row) => [row.equation, row] as const))(
  '%s: the function and the test exist',
  (_, { functionName, file, title, testFile }) => {
    expect(hasFunction(textOf(file), functionName), `${functionName} in ${file}`).toBe(true);
    expect(hasTest(textOf(testFile), title), `"${title}" in ${testFile}`).toBe(true);
  },
);

test('a function or a test that does not exist is noticed', () => {
  expect(hasFunction('export function forward(rows: i32): void {', 'forward')).toBe(true);
  expect(hasFunction('  forward(rows: number): void {', 'forward')).toBe(true);
  expect(hasFunction('  forward(\n    rows: number,\n  ): void {', 'forward')).toBe(true);
  expect(hasFunction('export function forwardLayer(layer: usize): void {', 'forward')).toBe(false);
  expect(hasFunction('  forward(rows);', 'forward')).toBe(false);
  expect(hasTest("test('it works', () => {", 'it works')).toBe(true);
  expect(hasTest("test('it works well', () => {", 'it works')).toBe(false);
});
