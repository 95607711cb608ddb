import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { linesTable } from '../scripts/lines.mjs';

const ROOT = new URL('../', import.meta.url);

/** A table without the spaces and dashes that only align its columns. */
const plain = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

test('docs/recipes/lines.md has the lines that npm run lines counts', () => {
  const page = readFileSync(new URL('docs/recipes/lines.md', ROOT), 'utf8');
  expect(plain(page)).toContain(plain(linesTable(ROOT)));
});
