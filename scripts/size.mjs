// Prints how much a page downloads until its first prediction, says which page is over its goal, and fails if one is
// over its ceiling. Small pages that import the packed tarball are bundled, once by Rollup with terser and once by
// esbuild, and run. The sizes of all files that a page fetches, gzipped and with the WebAssembly in them, are added up;
// the larger of the two sums counts. Needs dist/: npm run build first.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { BUNDLERS } from './pack/bundlers.mjs';
import { installPacked } from './pack/install.mjs';

const LOADER = fileURLToPath(new URL('pack/load-page.mjs', import.meta.url));

const LEARN = `
  const inputs = new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]);
  const targets = new Float32Array([0, 1, 1, 0]);
  async function learn(more) {
    const layers = [{ units: 3, activation: 'tanh' }, { units: 1, activation: 'sigmoid' }];
    const net = await Network.create({ inputs: 2, layers, seed: 1 });
    await net.fit({ inputs, targets }, { epochs: 500, batchSize: 4, optimizer: sgd({ learningRate: 2 }), ...more });
    return net;
  }
`;

// `goal`: what the page should weigh at most, in kilobytes of 1024 bytes; four pages exceed it. `ceiling`: what the
// page weighs today, rounded up; by default the goal. The command fails if a page exceeds its ceiling, so that no page
// grows unnoticed. `trips`: the largest number of round trips that follow one another, if the page preloads the chunks
// that page.js imports. (Vite writes such links by itself. Without them, pages of esbuild take one trip more.)
const PAGES = [
  {
    name: 'create, fit, predict',
    goal: 36,
    ceiling: 55,
    trips: 2,
    code: `
      import { Network, sgd } from 'simdprop';
      ${LEARN}
      globalThis.predictions = learn().then((net) => net.predict(inputs));
    `,
  },
  {
    name: 'with save, load, standardisation',
    goal: 42,
    ceiling: 61,
    code: `
      import { Network, sgd } from 'simdprop';
      ${LEARN}
      const trained = learn({ standardize: true });
      const loaded = trained.then(async (net) => Network.load(await net.save()));
      globalThis.predictions = loaded.then((net) => net.predict(inputs));
    `,
  },
  {
    name: 'load, predict',
    trips: 2,
    code: `
      import { Network } from 'simdprop';
      globalThis.predictions = Network.load(globalThis.saved).then((net) => net.predict(new Float32Array(8)));
    `,
  },
  {
    name: 'simdprop/safetensors, read',
    code: `
      import { readSafetensors } from 'simdprop/safetensors';
      globalThis.read = readSafetensors;
      globalThis.predictions = readSafetensors(new Uint8Array(0)).catch(() => new Float32Array(4));
    `,
  },
  {
    name: 'simdprop/onnx, readOnnx',
    code: `
      import { readOnnx } from 'simdprop/onnx';
      // the reader refuses this file; what it has fetched until then is counted
      globalThis.predictions = readOnnx(new Uint8Array(0)).catch(() => new Float32Array(4));
    `,
  },
  {
    name: 'simdprop/pytorch, readPyTorch',
    code: `
      import { readPyTorch } from 'simdprop/pytorch';
      // the reader refuses this file; what it has fetched until then is counted
      globalThis.predictions = readPyTorch(new Uint8Array(0)).catch(() => new Float32Array(4));
    `,
  },
  {
    name: 'simdprop/brain, readBrain',
    code: `
      import { readBrain } from 'simdprop/brain';
      // the reader refuses this file; what it has fetched until then is counted
      globalThis.predictions = readBrain(new Uint8Array(0)).catch(() => new Float32Array(4));
    `,
  },
  {
    name: 'simdprop/fann, readFann',
    code: `
      import { readFann } from 'simdprop/fann';
      // the reader refuses this file; what it has fetched until then is counted
      globalThis.predictions = readFann(new Uint8Array(0)).catch(() => new Float32Array(4));
    `,
  },
  {
    name: 'simdprop/export, writeC',
    code: `
      import { writeC } from 'simdprop/export';
      // the reader refuses this file; what it has fetched until then is counted
      globalThis.predictions = writeC(new Uint8Array(0)).catch(() => new Float32Array(4));
    `,
  },
  {
    name: 'simdprop/tfjs, readTfjs',
    code: `
      import { readTfjs } from 'simdprop/tfjs';
      // the reader refuses this file; what it has fetched until then is counted
      globalThis.predictions = readTfjs(new Uint8Array(0)).catch(() => new Float32Array(4));
    `,
  },
  {
    name: 'simdprop/keras, readKeras',
    code: `
      import { readKeras } from 'simdprop/keras';
      // the reader refuses this file; what it has fetched until then is counted
      globalThis.predictions = readKeras(new Uint8Array(0)).catch(() => new Float32Array(4));
    `,
  },
  {
    name: 'simdprop/predict, load, predict',
    goal: 12,
    ceiling: 12.1,
    trips: 1,
    code: `
      import { loadPredictor } from 'simdprop/predict';
      const loading = loadPredictor(globalThis.saved);
      globalThis.predictions = loading.then((predictor) => predictor.predict(new Float32Array(8)));
    `,
  },
  {
    name: 'simdprop/search, in one thread',
    code: `
      import { oneOf, search } from 'simdprop/search';
      const inputs = new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]);
      const layers = [{ units: oneOf([2, 3]), activation: 'tanh' }, { units: 1 }];
      const data = { inputs, targets: new Float32Array([0, 1, 1, 0]) };
      const searching = search({ inputs: 2, layers }, data, { epochs: 2, folds: 2, workers: 0 });
      // every page must have four predictions
      globalThis.predictions = searching.then(({ best }) => [1, 2, 3, best.score]);
    `,
  },
  {
    name: 'simdprop/static, all of it',
    goal: 60,
    ceiling: 88,
    trips: 1,
    code: `
      import * as simdprop from 'simdprop/static';
      const { Network, sgd } = simdprop;
      ${LEARN}
      globalThis.simdprop = simdprop;
      globalThis.predictions = learn().then((net) => net.predict(inputs));
    `,
  },
  {
    name: 'simdprop/charts, all of it',
    ceiling: 15,
    trips: 1,
    code: `
      import * as charts from 'simdprop/charts';
      globalThis.charts = charts;
      const picture = charts.learningCurve([{ epoch: 0, cost: 1 }]);
      // every page must have four predictions
      globalThis.predictions = Promise.resolve([1, 2, 3, picture.length]);
    `,
  },
];

/**
 * Loads the page. Returns what it has fetched, and how many round trips had to follow one another, without and with
 * preloading.
 */
function measure(page, preloaded, saved) {
  const { files, trips } = run(saved, page);
  const sizes = files.map((file) => gzipSync(readFileSync(file), { level: 9 }).length);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { files: files.length, bytes, trips, preloadedTrips: run(saved, page, ...preloaded).trips };
}

function run(...files) {
  const args = ['--experimental-vm-modules', '--no-warnings', LOADER, ...files];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

/** Makes the file that one of the pages loads. */
async function saveNetwork(consumer) {
  const program = join(consumer, 'save.mjs');
  writeFileSync(
    program,
    `import { Network, sgd } from 'simdprop'; ${LEARN} export default await (await learn()).save();`,
  );
  const file = join(consumer, 'saved');
  writeFileSync(file, (await import(pathToFileURL(program).href)).default);
  return file;
}

function printRow(name, ...columns) {
  console.log(name.padEnd(34) + columns.map((column) => String(column).padStart(15)).join(''));
}

const { folder, consumer } = installPacked();
const failures = [];
try {
  const saved = await saveNetwork(consumer);
  printRow('gzipped bytes', ...Object.keys(BUNDLERS), 'goal', 'files', 'round trips', 'preloading');
  for (const { name, code, goal, ceiling = goal, trips } of PAGES) {
    const entry = join(consumer, 'page.js');
    writeFileSync(entry, code);
    const results = [];
    for (const [bundler, bundle] of Object.entries(BUNDLERS)) {
      const dir = join(consumer, 'pages', name, bundler);
      mkdirSync(dir, { recursive: true });
      const preloaded = await bundle(entry, dir, consumer);
      results.push(measure(join(dir, 'page.js'), preloaded, saved));
    }
    const both = (key) => results.map((result) => result[key]);
    const chains = ['files', 'trips', 'preloadedTrips'].map((key) => both(key).join(', '));
    printRow(name, ...both('bytes'), goal ? 1024 * goal : '-', ...chains);
    const [bytes, chain] = [Math.max(...both('bytes')), Math.max(...both('preloadedTrips'))];
    if (bytes > 1024 * goal) console.log(`  over its goal by ${bytes - 1024 * goal} bytes`);
    if (bytes > 1024 * ceiling) failures.push(`${name}: got ${bytes} bytes, want at most ${1024 * ceiling}`);
    if (chain > trips) failures.push(`${name}: got ${chain} round trips with preloading, want at most ${trips}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
for (const failure of failures) console.error(`size: ${failure}`);
if (failures.length > 0) process.exit(1);
