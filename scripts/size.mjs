// Prints what dist/ weighs and fails if the default entry does not fit its budget.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// A page that trains a small network should not weigh more than the picture beside it. 30 KB is what a 60-kernel core
// (14 KB inlined) and its wrapper need with room for optimizers; what does not fit belongs behind an import() of its own.
const BUDGET_BYTES = 30 * 1024;

const DIST = new URL('../dist/', import.meta.url);

/** The files that `file` imports, itself included; not those that an import() loads where they are used. */
function closure(file, found = new Set()) {
  found.add(file);
  const text = readFileSync(new URL(file, DIST), 'utf8');
  for (const [, name] of text.matchAll(/\b(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) {
    if (!found.has(name)) closure(name, found);
  }
  return found;
}

// every network loads the core, by an import() too
const loaded = closure('index.js').add('generated/simd.js');

const files = readdirSync(DIST, { recursive: true }).filter((file) => /\.(js|wasm)$/.test(file));
const rows = files.map((file) => {
  const bytes = readFileSync(new URL(file, DIST));
  return { file, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, loaded: loaded.has(file) };
});
const total = { file: 'default entry (*)', raw: 0, gzip: 0, loaded: true };
for (const row of rows.filter((row) => row.loaded)) {
  total.raw += row.raw;
  total.gzip += row.gzip;
}

console.log(`${'file'.padEnd(28)}${'raw'.padStart(10)}${'gzip'.padStart(10)}`);
for (const { file, raw, gzip, loaded } of [...rows, total]) {
  console.log(`${file.padEnd(28)}${String(raw).padStart(10)}${String(gzip).padStart(10)}${loaded ? ' *' : ''}`);
}
if (total.gzip > BUDGET_BYTES) {
  console.error(`size: got ${total.gzip} bytes gzip for the default entry, want at most ${BUDGET_BYTES}`);
  process.exit(1);
}
console.log(`size: ${total.gzip} of ${BUDGET_BYTES} bytes gzip`);
