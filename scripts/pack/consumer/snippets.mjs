import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

// node snippets.mjs <scripts/snippets.mjs>: runs what README.md and docs/ of the installed package show.
const { differencesOf, fileOf, moduleOf, readPages, snippetsOf } = await import(process.argv[2]);
const root = new URL('node_modules/simdprop/', pathToFileURL(`${process.cwd()}/`));
const folder = new URL('snippets/', import.meta.url);
mkdirSync(folder);
const snippets = [...readPages(root)].flatMap(([page, text]) => snippetsOf(page, text));
const differences = [];
for (const snippet of snippets) {
  const file = new URL(fileOf(snippet), folder);
  writeFileSync(file, moduleOf(snippet));
  try {
    const { printed } = await import(file.href);
    differences.push(...differencesOf(snippet, printed));
  } catch (error) {
    differences.push(`${snippet.page}:${snippet.line}: ${error.stack}`);
  }
}
if (differences.length > 0) throw new Error(differences.join('\n'));
console.log(`${snippets.length} snippets print what they say`);
