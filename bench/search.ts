import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adam } from '../src/index.js';
import type { SearchOptions } from '../src/search.js';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { median, pairedRatio } from './medians.js';
import { Rival } from './rival.js';

// npm run bench:search: the time of a grid of 20 settings on three folds, with one worker and with two, and that of
// scikit-learn's GridSearchCV with two processes at the same work: the same data in float32, layers, optimizer, epochs,
// batches and number of folds. Ours evaluates six metrics, scikit-learn one. They take turns, and each round compares
// what ran right after each other, so that other work on the machine affects all alike. The start of our workers is
// part of their time; scikit-learn's processes are started before. On a busy machine, the processor times of one
// worker and of two say more: two cannot be faster than twice the ratio of these times. Python is PYTHON, or
// /usr/bin/python3.

const { oneOf, search } = (await import('../dist/search.js' as string)) as typeof import('../src/search.js');

const ROUNDS = Number(process.env.SIMDPROP_ROUNDS ?? 5);
const [SAMPLES, INPUTS, UNITS, CLASSES, EPOCHS, BATCH, FOLDS] = [2000, 64, 64, 10, 40, 32, 3];
const RATES = [0.0003, 0.001, 0.003, 0.01, 0.03];
const L2S = [0, 0.1, 1, 10];

/** Numbers from 0 to 1, the same on every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
}

/** Inputs around a centre for each class, so near each other that no network separates all of them. */
function makeData() {
  const random = randomNumbers(7);
  const centres = Float32Array.from({ length: CLASSES * INPUTS }, () => random() - 0.5);
  const targets = Uint8Array.from({ length: SAMPLES }, () => Math.floor(CLASSES * random()));
  const inputs = Float32Array.from(
    { length: SAMPLES * INPUTS },
    (_, i) => centres[targets[Math.floor(i / INPUTS)] * INPUTS + (i % INPUTS)] + 4 * (random() - 0.5),
  );
  return { inputs, targets };
}

const data = makeData();

async function searchOurs(workers: number) {
  const network = {
    inputs: INPUTS,
    layers: [
      { units: UNITS, activation: 'relu' as const },
      { units: CLASSES, activation: 'softmax' as const },
    ],
    l2: oneOf(L2S),
    seed: 1,
  };
  const options: SearchOptions = {
    optimizer: oneOf(RATES).map((learningRate) => adam({ learningRate })),
    epochs: EPOCHS,
    batchSize: BATCH,
    folds: FOLDS,
    workers,
  };
  const start = performance.now();
  const before = process.cpuUsage();
  const { best } = await search(network, data, options);
  const { user, system } = process.cpuUsage(before);
  return { elapsedMs: performance.now() - start, processorMs: (user + system) / 1000, value: best.score };
}

const folder = mkdtempSync(join(tmpdir(), 'simdprop-search-'));
writeFileSync(join(folder, 'x.bin'), data.inputs);
writeFileSync(join(folder, 'y.bin'), data.targets);
// scikit-learn divides its L2 term by the size of a batch, ours is divided by the number of samples
const alphas = L2S.map((l2) => (l2 * BATCH) / ((SAMPLES * (FOLDS - 1)) / FOLDS));
const job = { inputs: INPUTS, units: UNITS, epochs: EPOCHS, batchSize: BATCH, folds: FOLDS, rates: RATES, alphas };
writeFileSync(join(folder, 'job.json'), JSON.stringify(job));
const sklearn = await Rival.start({
  name: 'scikit-learn',
  command: process.env.PYTHON ?? '/usr/bin/python3',
  args: [fileURLToPath(new URL('peers/sklearn_search.py', import.meta.url)), folder],
  env: { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', PYTHONWARNINGS: 'ignore' },
});
if (typeof sklearn === 'string') console.error(`scikit-learn does not take part: ${sklearn}`);

interface Run {
  readonly elapsedMs: number;
  /** Of all threads of this process. */
  readonly processorMs?: number;
  readonly value: number;
}

const contestants: { readonly name: string; readonly run: () => Promise<Run> }[] = [
  { name: 'simdprop, 1 worker', run: () => searchOurs(1) },
  { name: 'simdprop, 2 workers', run: () => searchOurs(2) },
  ...(typeof sklearn === 'string'
    ? []
    : [{ name: `scikit-learn ${sklearn.version}, n_jobs=2`, run: () => sklearn.ask('search 2') }]),
];
const load = [loadavg()[0]];
const times: number[][] = contestants.map(() => []);
const processorTimes: number[][] = contestants.map(() => []);
const costs: number[] = [];
try {
  // the first round only warms up
  for (let round = -1; round < ROUNDS; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const c = (turn + round + contestants.length) % contestants.length;
      const { elapsedMs, processorMs, value } = await contestants[c].run();
      costs[c] = value;
      if (round < 0) continue;
      times[c].push(elapsedMs);
      if (processorMs !== undefined) processorTimes[c].push(processorMs);
    }
  }
} finally {
  if (typeof sklearn !== 'string') sklearn.stop();
  rmSync(folder, { recursive: true });
}
load.push(loadavg()[0]);

const [one, two, theirs] = times;
const ratios = {
  twoWorkers: pairedRatio(one, two),
  mostOfTwoWorkers: 2 * pairedRatio(processorTimes[0], processorTimes[1]),
  ...(theirs && { scikitLearn: pairedRatio(theirs, two) }),
};
const machine = describeMachine();
const inSeconds = (all: readonly number[]) => all.map((ms) => ms / 1000);
const rows = contestants.map(({ name }, c) => ({
  name,
  seconds: inSeconds(times[c]),
  processorSeconds: inSeconds(processorTimes[c]),
  cost: costs[c],
}));
console.log(machineLine(machine));
console.log(`load ${load.map((value) => value.toFixed(1)).join(' to ')}; medians of ${ROUNDS} rounds`);
console.log(
  alignTable([
    ['20 settings, 3 folds', 'seconds', 'of processors', 'cost of the best'],
    ...rows.map(({ name, seconds, processorSeconds, cost }) => [
      name,
      median(seconds).toFixed(2),
      processorSeconds.length > 0 ? median(processorSeconds).toFixed(2) : '-',
      cost.toFixed(3),
    ]),
  ]),
);
console.log(`two workers are ${ratios.twoWorkers.toFixed(2)} times as fast as one, by processor time at most`);
console.log(`${ratios.mostOfTwoWorkers.toFixed(2)} times`);
if (ratios.scikitLearn) console.log(`and ${ratios.scikitLearn.toFixed(2)} times as fast as scikit-learn`);
console.log(saveResult(`search-${machine.date}`, machine, { job, load, ratios, rows }));
