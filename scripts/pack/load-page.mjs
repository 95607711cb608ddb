import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SourceTextModule } from 'node:vm';

// node --experimental-vm-modules load-page.mjs <saved network> <page.js> <preloaded.js>...
//
// Loads a page's modules as a browser does, with a delay for each file, and waits for globalThis.predictions. Prints
// which files were fetched, and the number of round trips that had to follow one another. The files named after the
// page are fetched together with it, as by <link rel="modulepreload">. Node's own loader is not used, because it is a
// matter of chance whether it loads two modules at the same time.

const LATENCY_MS = 20;
const fetches = new Map();
let trips = 0;
/** Links one graph of modules after another. */
let linked = Promise.resolve();

function fetchOnce(path) {
  if (!fetches.has(path)) fetches.set(path, fetchModule(path));
  return fetches.get(path);
}

async function fetchModule(path) {
  const trip = trips + 1;
  await setTimeout(LATENCY_MS);
  trips = Math.max(trips, trip);
  return new SourceTextModule(readFileSync(path, 'utf8'), {
    identifier: path,
    importModuleDynamically: (specifier, { identifier }) => importModule(resolve(dirname(identifier), specifier)),
  });
}

/** Fetches a module and everything that it imports. The imports of a module are fetched at the same time. */
async function fetchGraph(path, seen = new Set()) {
  if (seen.has(path)) return;
  seen.add(path);
  const { dependencySpecifiers } = await fetchOnce(path);
  await Promise.all(dependencySpecifiers.map((specifier) => fetchGraph(resolve(dirname(path), specifier), seen)));
}

async function importModule(path) {
  await fetchGraph(path);
  const module = await fetches.get(path);
  linked = linked.then(async () => {
    if (module.status !== 'unlinked') return;
    await module.link((specifier, { identifier }) => fetches.get(resolve(dirname(identifier), specifier)));
  });
  await linked;
  await module.evaluate();
  return module;
}

const [saved, page, ...preloaded] = process.argv.slice(2);
globalThis.saved = new Uint8Array(readFileSync(saved));
for (const file of [page, ...preloaded]) fetchOnce(file);
await importModule(page);
const predictions = await globalThis.predictions;
if (predictions?.length !== 4 || !predictions.every(Number.isFinite))
  throw new Error(`predictions: got ${predictions}`);
console.log(JSON.stringify({ files: [...fetches.keys()], trips }));
