// Draws mutants of src/ with a seed and writes test/mutations/src.json. They are made by Stryker's instrumenter, which
// is not a dependency of this package. In an empty folder: npm install @stryker-mutator/instrumenter@9
//
//   node scripts/draw-mutants.mjs FOLDER [COUNT] [SEED]
//
// Mutants of strings are left out: strings that programs see are names, which the compiler checks, and the texts of
// messages have tests of their own.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, count = '150', seed = '17'] = process.argv.slice(2);
const entry = createRequire(`${folder}/`).resolve('@stryker-mutator/instrumenter');
const { Instrumenter } = await import(pathToFileURL(entry).href);

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.ts') && !name.includes('/generated/'))
  .sort()
  .map((name) => ({ name, mutate: true, content: readFileSync(name, 'utf8') }));
const logger = { debug() {}, info() {}, isDebugEnabled: () => false };
const options = { plugins: null, excludedMutations: ['StringLiteral'], ignorers: [], noHeader: true };
const { mutants } = await new Instrumenter(logger).instrument(files, options);

/** A stream of numbers in [0, 1) (mulberry32). */
let state = Number(seed);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let bits = Math.imul(state ^ (state >>> 15), 1 | state);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
}

const valid = mutants.filter(({ status }) => status !== 'Ignored');
for (let i = 0; i < Number(count); i++) {
  const other = i + Math.floor(random() * (valid.length - i));
  [valid[i], valid[other]] = [valid[other], valid[i]];
}

const offset = (lines, { line, column }) => lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, column);
const drawn = valid.slice(0, Number(count)).map(({ fileName, location, mutatorName, replacement }) => {
  const { content } = files.find(({ name }) => name === fileName);
  const lines = content.split('\n');
  const start = offset(lines, location.start);
  const text = content.slice(start, offset(lines, location.end));
  return { file: fileName, line: location.start.line + 1, start, mutator: mutatorName, text, replacement };
});
drawn.sort((a, b) => (a.file === b.file ? a.start - b.start : a.file < b.file ? -1 : 1));
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const list = drawn.map((mutant, i) => ({ id: i + 1, ...mutant }));
const text = JSON.stringify({ commit, seed: Number(seed), of: valid.length, mutants: list }, null, 2);
writeFileSync('test/mutations/src.json', `${text}\n`);
console.log(`${drawn.length} of ${valid.length} mutants of ${files.length} files, seed ${seed}`);
