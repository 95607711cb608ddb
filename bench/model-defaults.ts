import { adam } from '../src/index.js';
import { TableModel, type TableModelOptions } from '../src/tabular.js';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { CHOSEN_BY, NUMBERS_CHOSEN_BY, readSet, splitOf } from './tabular-sets.js';

// npm run bench:model-defaults finds the best defaults for TableModel.fit. The first candidate is the default; the name
// of each other candidate says what it changes. All are trained on ten splits of each data set, which are not the
// splits of npm run bench:models. The best candidate has the highest mean of accuracy or R² on the rows for the test.
// The cost, which has standardised units for numbers, shows how good the probabilities are. Of candidates that hardly
// differ, the simpler and faster one should be the default.

const SPLITS = Number(process.env.SIMDPROP_ROUNDS ?? 10);
const FIRST_SEED = 101;

/**
 * By default, training has at least this many epochs, and ends after no fewer epochs without improvement than
 * LEAST_PATIENCE.
 */
const LEAST_EPOCHS = 20;
const LEAST_PATIENCE = 5;

interface Candidate {
  readonly hidden?: readonly number[];
  readonly activation?: TableModelOptions['activation'];
  readonly l2?: number;
  readonly dropout?: number;
  readonly rate?: number;
  readonly batch?: number;
  readonly share?: number | false;
  /** Training has at most `steps` steps, and ends after `wait` steps without improvement. */
  readonly steps?: number;
  readonly wait?: number;
}

const DEFAULT: Required<Candidate> = {
  hidden: [64],
  activation: 'tanh',
  l2: 0.5,
  dropout: 0,
  rate: 0.015,
  batch: 32,
  share: 0.2,
  steps: 2000,
  wait: 100,
};

const CANDIDATES: readonly Candidate[] = [
  {},
  { rate: 0.003, steps: 4000, wait: 200 },
  { wait: 60 },
  { wait: 200 },
  { rate: 0.005 },
  { rate: 0.01 },
  { rate: 0.02 },
  { rate: 0.03 },
  { hidden: [] },
  { hidden: [32] },
  { hidden: [128] },
  { hidden: [64, 32] },
  { activation: 'relu' },
  { activation: 'silu' },
  { l2: 0 },
  { l2: 0.1 },
  { l2: 1 },
  { l2: 3 },
  { dropout: 0.1 },
  { dropout: 0.2 },
  { batch: 16 },
  { batch: 64 },
  { share: 0.1 },
  { share: 0.3 },
  { share: false, steps: 200 },
  { share: false, steps: 400 },
  { share: false, steps: 1000 },
  { steps: 4000 },
];

/** The fewest epochs that make up this number of steps on the rows that are not held back, but at least `least`. */
const epochsOf = (steps: number, rows: number, { batch, share }: Required<Candidate>, least: number) =>
  Math.max(least, Math.ceil(steps / Math.ceil((rows * (1 - Number(share))) / batch)));

function optionsOf(candidate: Required<Candidate>, rows: number): Omit<TableModelOptions, 'target'> {
  const { hidden, activation, l2, dropout, rate, batch, share, steps, wait } = candidate;
  return {
    hidden,
    ...(hidden.length > 0 && { activation, dropout }),
    l2,
    optimizer: adam({ learningRate: rate }),
    batchSize: batch,
    validation: share,
    epochs: epochsOf(steps, rows, candidate, LEAST_EPOCHS),
    ...(share !== false && { patience: epochsOf(wait, rows, candidate, LEAST_PATIENCE) }),
  };
}

const problems = [...CHOSEN_BY, ...NUMBERS_CHOSEN_BY].map((set) => ({ set, table: readSet(set) }));

interface Result {
  readonly name: string;
  readonly score: number;
  readonly cost: number;
  readonly ms: number;
  readonly epochs: number;
}

async function scoreOf(candidate: Required<Candidate>) {
  const results: Result[] = [];
  for (const { set, table } of problems) {
    let [score, cost, ms, epochs] = [0, 0, 0, 0];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SPLITS; seed++) {
      const { training, test } = splitOf(table, set, seed);
      const start = performance.now();
      const model = await TableModel.fit(training, {
        target: set.target,
        seed,
        ...optionsOf(candidate, training.rows),
      });
      ms += (performance.now() - start) / SPLITS;
      const evaluation = await model.evaluate(test);
      score += (evaluation.accuracy ?? evaluation.r2 ?? 0) / SPLITS;
      cost += evaluation.cost / SPLITS;
      epochs += (model.history?.length ?? 0) / SPLITS;
      model.dispose();
    }
    results.push({ name: set.name, score, cost, ms, epochs });
  }
  const mean = (key: 'score' | 'cost' | 'ms') => results.reduce((sum, result) => sum + result[key] / results.length, 0);
  return { score: mean('score'), cost: mean('cost'), ms: mean('ms'), results };
}

const rows: object[] = [];
const table = [['', 'score', 'cost', 'ms', ...problems.map(({ set }) => set.name)]];
for (const candidate of CANDIDATES) {
  const name =
    Object.entries(candidate)
      .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
      .join(', ') || 'default';
  process.stderr.write(`${name} ...\n`);
  const { score, cost, ms, results } = await scoreOf({ ...DEFAULT, ...candidate });
  rows.push({ name, candidate: { ...DEFAULT, ...candidate }, score, cost, ms, results });
  table.push([name, score.toFixed(4), cost.toFixed(4), ms.toFixed(0), ...results.map((r) => r.score.toFixed(3))]);
}
const machine = describeMachine();
console.log(machineLine(machine));
console.log(alignTable(table));
console.log(saveResult(`model-defaults-${machine.date}`, machine, { splits: SPLITS, firstSeed: FIRST_SEED, rows }));
