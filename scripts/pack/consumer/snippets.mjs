import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

// node snippets.mjs <scripts/snippets.mjs>: runs what README.md and docs/ of the installed package show.
const { DATA, differencesOf, fileOf, filesBeside, moduleOf, readPages, readsData, snippetsOf } = await import(
  process.argv[2]
);
const root = new URL('node_modules/simdprop/', pathToFileURL(`${process.cwd()}/`));
const folder = new URL('snippets/', import.meta.url);
mkdirSync(folder);
const pages = [...readPages(root)];
const snippets = pages.flatMap(([page, text]) => snippetsOf(page, text));
for (const [name, code] of pages.flatMap(([, text]) => [...filesBeside(text)])) {
  writeFileSync(new URL(name, folder), code);
}
const here = process.cwd();
const data = new URL(`../${DATA}`, process.argv[2]);
const differences = [];
for (const snippet of snippets) {
  const file = new URL(fileOf(snippet), folder);
  writeFileSync(file, moduleOf(snippet));
  process.chdir(readsData(snippet.page) ? fileURLToPath(data) : here);
  try {
    const { printed } = await import(file.href);
    differences.push(...differencesOf(snippet, printed));
  } catch (error) {
    differences.push(`${snippet.page}:${snippet.line}: ${error.stack}`);
  }
}
if (differences.length > 0) throw new Error(differences.join('\n'));
console.log(`${snippets.length} snippets print what they say`);
