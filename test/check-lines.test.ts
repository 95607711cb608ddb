import { expect, it } from 'vitest';
import { longLines } from '../scripts/check-lines.mjs';

// `npm run check` refuses prose and comments of more than 120 columns.

const long = 'x '.repeat(61);
const numbersOf = (name: string, lines: string[]) => longLines(name, lines.join('\n')).map(([number]) => number);

it('long lines of prose are found, but not those of tables, code and addresses', () => {
  const page = [
    'short',
    long,
    `| ${long} |`,
    '```js',
    long,
    '```',
    `[name](${'a'.repeat(120)})`,
    long,
    'é'.repeat(120),
  ];
  expect(numbersOf('docs/page.md', page)).toEqual([2, 8]);
});

it('long comments are found, but not code and addresses', () => {
  const source = [`const x = '${long}';`, `// ${long}`, '/**', ` * ${long}`, ' */', `// https://${long}`];
  expect(numbersOf('src/source.ts', source)).toEqual([2, 4]);
});
