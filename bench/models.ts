import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Encoder, type Table } from '../src/tabular.js';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { median } from './medians.js';
import { Rival } from './rival.js';
import { COMPARED, type DataSet, readSet, splitOf } from './tabular-sets.js';

// npm run bench:models compares TableModel with scikit-learn's MLP, both with their defaults, and with TensorFlow.js
// and brain.js, with the settings of their documentation. It measures accuracy or R² on the rows for the test, and the
// time of fitting, on ten splits of each of seven data sets. Each library has a process of its own. On each split, they
// take turns. The inputs for TensorFlow.js and brain.js, which have no encoders, are encoded and standardised
// beforehand, and this is not part of their time. The libraries are those of bench/peers (npm ci --ignore-scripts
// there); scikit-learn is that of PYTHON, or of /usr/bin/python3.

const SPLITS = Number(process.env.SIMDPROP_ROUNDS ?? 10);

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// every library has one thread; on networks of this size, more threads make scikit-learn slower
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

const CONTESTANTS = [
  { name: 'simdprop', command: process.execPath, args: [here('ours-model.mjs')] },
  {
    name: 'scikit-learn',
    command: process.env.PYTHON ?? '/usr/bin/python3',
    args: [here('peers/sklearn_mlp.py')],
    env: ONE_THREAD,
  },
  { name: 'TensorFlow.js', command: process.execPath, args: [here('peers/tfjs-layers.mjs')] },
  { name: 'brain.js', command: process.execPath, args: [here('peers/brain-model.mjs')] },
];

/** The values of each column. */
function columnsOf(table: Table, names: readonly string[]): Record<string, unknown[]> {
  const records = table.toRecords();
  return Object.fromEntries(
    names.map((name) => [
      name,
      records.map((record) => (record[name] instanceof Date ? record[name].getTime() : record[name])),
    ]),
  );
}

const rowsOf = (values: ArrayLike<number>, width: number) =>
  Array.from({ length: values.length / width }, (_, row) =>
    Array.from({ length: width }, (_, k) => values[row * width + k]),
  );

/** The rows of a split in the two forms that contestants read: with columns, and encoded. */
function jobOf({ target, task }: DataSet, training: Table, test: Table, seed: number): object {
  const encoder = Encoder.fit(training, { target });
  const kinds = Object.fromEntries(encoder.columns.map((name) => [name, training.kinds[name]]));
  const names = [...encoder.columns, target];
  const encoded = (table: Table) => {
    const { inputs, targets } = encoder.encode(table);
    return { x: rowsOf(inputs, encoder.width), y: Array.from(targets) };
  };
  return {
    task,
    target,
    seed,
    kinds,
    training: columnsOf(training, names),
    test: columnsOf(test, names),
    encoded: {
      task,
      seed,
      classes: encoder.classes?.length,
      training: encoded(training),
      test: encoded(test),
    },
  };
}

interface Outcome {
  readonly contestant: string;
  readonly scores: readonly number[];
  readonly seconds: readonly number[];
  readonly mean: number;
  /** The standard deviation of the scores over the splits. */
  readonly deviation: number;
  readonly medianSeconds: number;
}

function outcomeOf(contestant: string, scores: readonly number[], seconds: readonly number[]): Outcome {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  return { contestant, scores, seconds, mean, deviation: Math.sqrt(variance), medianSeconds: median(seconds) };
}

async function measure(set: DataSet, rivals: readonly Rival[], folder: string): Promise<Outcome[]> {
  const table = readSet(set);
  const results = rivals.map(() => ({ scores: [] as number[], seconds: [] as number[] }));
  for (let seed = 1; seed <= SPLITS; seed++) {
    const { training, test } = splitOf(table, set, seed);
    const file = join(folder, 'job.json');
    writeFileSync(file, JSON.stringify(jobOf(set, training, test, seed)));
    for (const [r, rival] of rivals.entries()) {
      const { elapsedMs, value } = await rival.ask(`fit ${file}`);
      results[r].scores.push(value);
      results[r].seconds.push(elapsedMs / 1000);
    }
  }
  return rivals.map(({ name }, r) => outcomeOf(name, results[r].scores, results[r].seconds));
}

const folder = mkdtempSync(join(tmpdir(), 'simdprop-models-'));
const started = await Promise.all(CONTESTANTS.map((contestant) => Rival.start(contestant)));
const rivals = started.filter((rival) => rival instanceof Rival);
try {
  for (const [i, rival] of started.entries()) {
    if (typeof rival === 'string') console.error(`${CONTESTANTS[i].name} does not take part: ${rival}`);
  }
  // the first fit of a process also loads and compiles code
  const [first] = COMPARED;
  const table = readSet(first);
  const file = join(folder, 'warm-up.json');
  const { training, test } = splitOf(table, first, 0);
  writeFileSync(file, JSON.stringify(jobOf(first, training, test, 0)));
  for (const rival of rivals) await rival.ask(`fit ${file}`);

  const machine = describeMachine();
  console.log(machineLine(machine));
  const rows: object[] = [];
  const lines = [['', ...rivals.flatMap(({ name }) => [name, 'seconds'])]];
  for (const set of COMPARED) {
    process.stderr.write(`${set.name} ...\n`);
    const outcomes = await measure(set, rivals, folder);
    rows.push({ name: set.name, metric: set.task === 'classes' ? 'accuracy' : 'R²', outcomes });
    const cells = outcomes.flatMap(({ mean, deviation, medianSeconds }) => [
      `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`,
      medianSeconds.toFixed(3),
    ]);
    lines.push([set.name, ...cells]);
    const [ours, sklearn] = outcomes;
    if (sklearn?.contestant !== 'scikit-learn') continue;
    const isGood = ours.mean >= sklearn.mean - sklearn.deviation && ours.medianSeconds < sklearn.medianSeconds;
    if (!isGood) console.log(`${set.name}: MISSED: worse than scikit-learn by more than its deviation, or slower`);
  }
  console.log(alignTable(lines));
  const versions = Object.fromEntries(rivals.map(({ name, version }) => [name, version]));
  console.log(saveResult(`models-${machine.date}`, machine, { splits: SPLITS, versions, rows }));
} finally {
  for (const rival of rivals) rival.stop();
  rmSync(folder, { recursive: true });
}
