import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { median } from './medians.js';
import { nodeBinary } from './nodes.js';

// npm run bench:threads: how much faster two threads train and predict than one, by default and with wide registers,
// which need Node 24. One thread and two take turns. The fastest epoch and the fastest prediction, in streams of 150
// ms, of each count: on a busy machine, two threads that wait for each other lose more to other work than one does. The
// medians are in the results.

const ROUNDS = Number(process.env.SIMDPROP_ROUNDS ?? 20);
const MODES = { default: process.execPath, wide: nodeBinary(24) };

interface Times {
  /** Milliseconds of a step: the mean of an epoch. */
  readonly train: number[];
  /** Milliseconds of a prediction. */
  readonly predict: number[];
}

interface Row {
  readonly name: string;
  readonly node: string;
  readonly batchSize: number;
  readonly isSame: boolean;
  readonly one: Times;
  readonly two: Times;
}

function run(node: string, mode: string): Row[] {
  const job = fileURLToPath(new URL('threads-job.mjs', import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(node, [job, String(ROUNDS), mode], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${node}: exit code ${status}: ${error?.message ?? stderr.slice(-2000)}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

const machine = describeMachine();
const load = [loadavg()[0]];
const rows = Object.entries(MODES).flatMap(([mode, node]) => run(node, mode).map((row) => ({ mode, ...row })));
load.push(loadavg()[0]);
for (const { name, mode, isSame } of rows) {
  if (!isSame) throw new Error(`${name}, ${mode}: got other bits from two threads than from one`);
}
const ratios = rows.map(({ name, mode, one, two }) => {
  const ratio = (kind: keyof Times, of: (times: readonly number[]) => number) => of(one[kind]) / of(two[kind]);
  const least = (times: readonly number[]) => Math.min(...times);
  return {
    name,
    mode,
    train: ratio('train', least),
    predict: ratio('predict', least),
    medians: { train: ratio('train', median), predict: ratio('predict', median) },
  };
});
console.log(machineLine(machine));
console.log(`load ${load.map((value) => value.toFixed(1)).join(' to ')}; wide: Node ${rows[rows.length - 1].node}`);
console.log(
  alignTable([
    ['two threads / one', 'batch', 'registers', 'ms a step, one', 'training', '256 predictions', 'medians', ''],
    ...rows.map(({ name, mode, batchSize, one }, i) => [
      name,
      String(batchSize),
      mode,
      Math.min(...one.train).toFixed(3),
      ratios[i].train.toFixed(2),
      ratios[i].predict.toFixed(2),
      ratios[i].medians.train.toFixed(2),
      ratios[i].medians.predict.toFixed(2),
    ]),
  ]),
);
console.log(saveResult(`threads-${machine.date}`, machine, { rounds: ROUNDS, load, ratios, rows }));
