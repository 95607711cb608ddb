import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CompareOrder } from './compare-build.js';
import { alignTable, describeMachine, machineLine } from './machine.js';
import { median } from './medians.js';
import { makeWorkload, workloadNames } from './workloads.js';

// Compares this build with another one: npm run bench:compare -- ../other/dist/index.js [PAIRS] [TEXT]. With TEXT, only
// the rows whose name contains it are measured.
//
// For each pair, two new processes run all rows, one build each. In a row they take turns, and which one begins
// alternates. A pair's ratio compares the medians of the two. Processes must be new, because one process can be faster
// than another of the same build throughout its life, by up to a half if calls are short. This depends on where its
// code and data are in memory, and on when V8 compiles each function. The interval holds the true median of the ratios
// with 95 % probability, whatever their distribution is.

const OWN = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const TURNS = 5;

const [other, pairs = '31', only = ''] = process.argv.slice(2);
if (!other || !existsSync(other)) throw new Error(`compare: got ${other}, want the path of the other build's index.js`);

async function start(build: string): Promise<ChildProcess> {
  const child = fork(new URL('./compare-build.ts', import.meta.url), [build], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  return child;
}

/** Processor time of the row, in µs. */
async function time(child: ChildProcess, order: CompareOrder): Promise<number> {
  child.send(order);
  const [microseconds] = await once(child, 'message');
  return microseconds as number;
}

/** The ranks (counted from 0) of the two sorted ratios between which the true median lies with 95 % probability. */
function medianRanks(count: number): [number, number] {
  let below = 0;
  let probability = 0.5 ** count;
  let sum = probability;
  // the number of ratios below the true median has a binomial distribution with probability 1/2
  while (sum <= 0.025) {
    below++;
    probability *= (count - below + 1) / below;
    sum += probability;
  }
  return [Math.max(below - 1, 0), Math.min(count - below, count - 1)];
}

function nameOf({ workload, batch }: CompareOrder): string {
  return batch === undefined ? `train ${workload}` : `predict ${workload}, ${batch} per call`;
}

const orders: CompareOrder[] = workloadNames.flatMap((workload) => [
  { workload, batch: undefined },
  ...makeWorkload(workload).inference.batchSizes.map((batch) => ({ workload, batch })),
]);
for (const workload of ['784-128-10 Adam batch 32', '784-512-512-10 Adam batch 128']) {
  orders.push({ workload, batch: undefined });
}

const chosen = orders.map((order) => ({ order, name: nameOf(order) })).filter(({ name }) => name.includes(only));
const ratios = chosen.map((): number[] => []);
for (let pair = 0; pair < Number(pairs); pair++) {
  const first = pair % 2;
  const children: ChildProcess[] = [];
  for (const c of [first, 1 - first]) children[c] = await start([OWN, other][c]);
  for (const [row, { order }] of chosen.entries()) {
    const times: number[][] = [[], []];
    for (let turn = 0; turn < TURNS; turn++) {
      const begins = (first + turn) % 2;
      for (const c of [begins, 1 - begins]) times[c].push(await time(children[c], order));
    }
    ratios[row].push(median(times[1]) / median(times[0]));
  }
  for (const child of children) child.kill();
}

const rows = chosen.map(({ name }, row) => {
  const sorted = ratios[row].toSorted((a, b) => a - b);
  const [low, high] = medianRanks(sorted.length);
  const interval = `${sorted[low].toFixed(3)} to ${sorted[high].toFixed(3)}`;
  return [name, median(sorted).toFixed(3), interval, String(sorted.length)];
});
console.log(machineLine(describeMachine()));
console.log(alignTable([['row', 'speed, this / other', '95 % interval of the median', 'pairs'], ...rows]));
