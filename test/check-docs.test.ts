import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { lacksOf } from '../scripts/check-docs.mjs';
import { entriesOf, readApi } from '../scripts/public-api.mjs';

// `npm run check` refuses exports whose docstrings lack something. Here, an entry of a project of its own lacks one
// thing after the other.

const ROOT = new URL('../', import.meta.url);
const PROJECT = new URL('build/check-docs/', ROOT);

const COMPLETE = `
/** Options of \`double\`. */
export interface DoubleOptions {
  /** What the result is multiplied by. */
  factor: number;
  /**
   * What is added to the result.
   * @defaultValue \`0\`
   */
  shift?: number | undefined;
  /**
   * Where to round.
   * @defaultValue nowhere
   */
  rounding?: Rounding | undefined;
}

interface Rounding {
  /**
   * Digits after the point.
   * @defaultValue \`2\`
   */
  digits?: number | undefined;
}

/**
 * Twice a number.
 *
 * @param x any number
 * @param options what else to do
 * @returns the result
 * @throws RangeError if the number is not finite
 *
 * @example
 * double(1);
 */
export function double(x: number, options: DoubleOptions, none?: undefined): number {
  return x + (options.shift ?? 0);
}

/**
 * Counts.
 *
 * @example
 * new Counter().add(1);
 */
export class Counter {
  /** The sum. */
  sum = 0;
  #secret = 0;

  /**
   * Adds to the sum.
   *
   * @param x any number
   * @throws RangeError if the number is not finite
   */
  add(x: number): void {
    this.sum += x + this.#secret;
  }

  /**
   * What was counted.
   *
   * @returns the sum
   */
  read(): number {
    return this.sum;
  }

  /** @internal */
  reset(x: number): number {
    return x;
  }

  private hide(x: number): number {
    return this.hide(x);
  }
}
`;

/** What the docstrings of an entry with this source lack. */
function lacksIn(source: string): string[] {
  writeFileSync(new URL('entry.ts', PROJECT), source);
  return readApi(PROJECT, new Map([['entry', 'entry.ts']]), 'tsconfig.json').flatMap(lacksOf);
}

beforeAll(() => {
  rmSync(PROJECT, { recursive: true, force: true });
  mkdirSync(PROJECT, { recursive: true });
  const compilerOptions = { strict: true, target: 'ES2022', module: 'ESNext', types: [] };
  writeFileSync(new URL('tsconfig.json', PROJECT), JSON.stringify({ compilerOptions, files: ['entry.ts'] }));
});

it('complete docstrings lack nothing', () => {
  expect(lacksIn(COMPLETE)).toEqual([]);
});

describe('what is missing is found:', () => {
  it.for([
    ['the summary of a function', ' * Twice a number.\n', '', 'double lacks a summary'],
    ['the summary of a class', ' * Counts.\n', '', 'Counter lacks a summary'],
    ['the summary of a method', ' * Adds to the sum.\n', '', 'Counter.add lacks a summary'],
    ['the summary of a property', '/** The sum. */', '', 'Counter.sum lacks a summary'],
    ['the summary of an interface', '/** Options of `double`. */', '', 'DoubleOptions lacks a summary'],
    ['a parameter', ' * @param x any number\n * @param', ' * @param', 'double lacks @param x'],
    ['the text of a parameter', '@param options what else to do', '@param options', 'double lacks @param options'],
    ['the result of a function', ' * @returns the result\n', '', 'double lacks @returns'],
    ['the result of a method', '   * @returns the sum\n', '', 'Counter.read lacks @returns'],
    ['the errors of a function', ' * @throws RangeError if the number is not finite\n *\n', '', 'double lacks @throws'],
    ['the default of an option', '   * @defaultValue `0`\n', '', 'DoubleOptions.shift lacks @defaultValue'],
    ['the default of a nested option', '   * @defaultValue `2`\n', '', 'Rounding.digits lacks @defaultValue'],
    ['the example of a function', ' * @example\n * double(1);\n', '', 'double lacks one @example (it has 0)'],
    ['the example of a class', ' * @example\n * new Counter().add(1);\n', '', 'Counter lacks one @example (it has 0)'],
    [
      'one of two examples too many',
      ' * @example\n * double(1);\n',
      ' * @example\n * double(1);\n * @example\n * double(2);\n',
      'double lacks one @example (it has 2)',
    ],
    [
      'a parameter that is described and is not there',
      ' * @param options',
      ' * @param y another\n * @param options',
      'double lacks a parameter y, which its @param describes',
    ],
    [
      'errors outside of their tag',
      'Twice a number.',
      'Twice a number. Throws a RangeError for others.',
      'double lacks its errors in @throws',
    ],
    [
      'a default outside of its tag',
      'What is added to the result.',
      'What is added to the result. Default 0.',
      'DoubleOptions.shift lacks its default in @defaultValue',
    ],
  ] as const)('%s', ([, whole, part, lack]) => {
    expect(COMPLETE).toContain(whole);
    expect(lacksIn(COMPLETE.replace(whole, part))).toEqual([lack]);
  });
});

it('all entries of the package with types are read', () => {
  const entries = entriesOf(ROOT);
  expect(entries.get('simdprop/tabular')).toBe('src/tabular.ts');
  expect(entries.size).toBeGreaterThan(20);
  const names = new Set(readApi(ROOT).map(({ name }) => name));
  for (const name of ['Network.fit', 'TableModel', 'readCsv', 'Graph.paths', 'Adam.beta1', 'NetworkOptions.l2']) {
    expect(names).toContain(name);
  }
});
