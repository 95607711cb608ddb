import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CompareOrder } from './compare-build.js';
import { alignTable, describeMachine, machineLine, median } from './machine.js';
import { makeWorkload, workloadNames } from './workloads.js';

// Compares this build with another one: npm run bench:compare -- ../other/dist/index.js [PAIRS] [TEXT]. With TEXT, only
// the rows whose name contains it are measured.
//
// Each build runs in a process of its own. The two take turns, and which one begins alternates from pair to pair. A
// ratio compares the two runs of one pair. The interval holds the true median of the ratios with 95 % probability,
// whatever their distribution is.

const OWN = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const WARM_UP_PAIRS = 3;

const [other, pairs = '31', only = ''] = process.argv.slice(2);
if (!other || !existsSync(other)) throw new Error(`compare: got ${other}, want the path of the other build's index.js`);

function start(build: string): ChildProcess {
  return fork(new URL('./compare-build.ts', import.meta.url), [build], { execArgv: ['--import', 'tsx'] });
}

/** Processor time of one run, in µs. */
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

const orders = workloadNames.flatMap((workload) => [
  { workload, batch: undefined },
  ...makeWorkload(workload).inference.batchSizes.map((batch) => ({ workload, batch })),
]);
for (const workload of ['784-128-10 Adam batch 32', '784-512-512-10 Adam batch 128']) {
  orders.push({ workload, batch: undefined });
}

const children = [start(OWN), start(other)];
await Promise.all(children.map((child) => once(child, 'message')));
const rows: string[][] = [['row', 'speed, this / other', '95 % interval of the median', 'pairs']];
for (const order of orders) {
  const name =
    order.batch === undefined ? `train ${order.workload}` : `predict ${order.workload}, ${order.batch} per call`;
  if (!name.includes(only)) continue;
  const ratios: number[] = [];
  for (let pair = -WARM_UP_PAIRS; pair < Number(pairs); pair++) {
    const first = Math.abs(pair) % 2;
    const times = [0, 0];
    for (const c of [first, 1 - first]) times[c] = await time(children[c], order);
    if (pair >= 0) ratios.push(times[1] / times[0]);
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const [low, high] = medianRanks(sorted.length);
  const interval = `${sorted[low].toFixed(3)} to ${sorted[high].toFixed(3)}`;
  rows.push([name, median(sorted).toFixed(3), interval, String(sorted.length)]);
}
for (const child of children) child.kill();
console.log(machineLine(describeMachine()));
console.log(alignTable(rows));
