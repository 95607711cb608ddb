import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DATA } from './snippets.mjs';

// node scripts/run-foreign.mjs PAGE [MODULES]: runs the programs in other libraries on a page of docs/coming-from/, and
// so writes the file of numbers that the page's programs in simdprop are compared with.
//
//   PAGE     such as docs/coming-from/pytorch.md: its ```python blocks are run as one program, or its ```javascript
//            blocks, each on its own
//   MODULES  for ```javascript: a folder where the library is installed
//
// The programs run in the folder of the data. Debian 12: apt-get install python3-sklearn python3-torch.

const [page, modules] = process.argv.slice(2);
const cwd = fileURLToPath(new URL(`../${DATA}`, import.meta.url));
const text = readFileSync(page, 'utf8');
const blocksOf = (language) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\r?\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code);
const run = (command, args) => execFileSync(command, args, { cwd, stdio: 'inherit' });

const python = blocksOf('python').join('\n');
if (python) run('/usr/bin/python3', ['-c', python]);
for (const code of modules ? blocksOf('javascript') : []) {
  const file = join(resolve(modules), 'program.mjs');
  writeFileSync(file, code);
  run(process.execPath, [pathToFileURL(file).pathname]);
}
