import { readFileSync } from 'node:fs';

// The rows of docs/equations.md: an equation, `function` [file](link), "title of a test" ... [file](link).

const PAGE = new URL('../docs/equations.md', import.meta.url);
const ROOT = new URL('../', import.meta.url);

export interface EquationRow {
  readonly equation: string;
  readonly functionName: string;
  /** file and testFile are paths from the root of the project. */
  readonly file: string;
  readonly title: string;
  readonly testFile: string;
}

const pathOf = (link: string) => new URL(link, PAGE).pathname.slice(ROOT.pathname.length);

/** Parses a row of the table. No cell contains a |, which ends a cell in Markdown. */
function rowOf(line: string): EquationRow {
  const cells = line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
  const [, functionName, link] = /^`(\w+)` \[[^\]]+\]\(([^)]+)\)$/.exec(cells[1]) ?? [];
  const [, title, testLink] = /^"(.+)".*\[[^\]]+\]\(([^)]+)\)$/.exec(cells[2]) ?? [];
  if (cells.length !== 3 || !functionName || !title) {
    throw new Error(`docs/equations.md: got ${line}, want an equation, \`function\` [file](link), "test" [file](link)`);
  }
  return { equation: cells[0], functionName, file: pathOf(link), title, testFile: pathOf(testLink) };
}

export const equationRows: readonly EquationRow[] = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter((line) => /^\|.*\]\(/.test(line))
  .map(rowOf);

export const textOf = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
