// Prose and comments have at most 120 columns, so that they can be read beside code; Biome checks only the code. Prints
// each longer line and fails. Code in pages, tables, and lines that an address makes long are left out.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const MOST = 120;

/** The lines of a page that are prose, as [number of the line, line]. */
function proseOf(page) {
  let isCode = false;
  return numbered(page).filter(([, line]) => {
    if (line.trimStart().startsWith('```')) isCode = !isCode;
    return !isCode && !/^\s*(\||<)|\]\([^)]{60,}\)/.test(line);
  });
}

/** The lines of a source that are nothing but a comment. */
const commentsOf = (source) =>
  numbered(source).filter(([, line]) => /^\s*(\/\/|\/?\*)/.test(line) && !/https?:\/\/|biome-ignore/.test(line));

const numbered = (text) => text.split('\n').map((line, i) => [i + 1, line]);

/** The lines of a file that are too long. */
export function longLines(name, text) {
  const lines = name.endsWith('.md') ? proseOf(text) : commentsOf(text);
  return lines.filter(([, line]) => [...line].length > MOST);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = execFileSync('git', ['ls-files', '*.md', '*.ts', '*.mjs', '*.js'], { encoding: 'utf8' }).split('\n');
  let count = 0;
  for (const file of files.filter(Boolean)) {
    for (const [number, line] of longLines(file, readFileSync(file, 'utf8'))) {
      console.error(`${file}:${number}: ${[...line].length} columns, want at most ${MOST}`);
      count++;
    }
  }
  if (count > 0) process.exit(1);
}
