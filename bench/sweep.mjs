// npm run bench:sweep: the search of examples/sweep in one process with one worker and with two, by Redis with two
// workers on hosts of their own, and as a job array of two processes. They take turns. Needs redis-server, and root for
// the hosts, which are network namespaces. The start of processes counts for the job array only, whose processes are
// started for it. All ways share the cores of one machine: the figures show what each way costs.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setUpSweep } from '../scripts/sweep/stage.mjs';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { median, pairedRatio } from './medians.js';

const ROUNDS = Number(process.env.SIMDPROP_ROUNDS ?? 5);
const JOBS = 500;

const { folder, hosts, processes, url, startWorker } = await setUpSweep([
  'bench/sweep-timed.mjs',
  'scripts/sweep/helper.mjs',
]);
const ask = async (args, env) => JSON.parse(await processes.output(['sweep-timed.mjs', ...args], url, { env }));

/** The text of a log. */
const logOf = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

async function searchByQueue() {
  // or the results of the round before would be there
  await processes.output(['helper.mjs', 'flush'], url);
  const workers = hosts.map((host) => startWorker(host));
  // the workers are warm
  await ask(['jobs', '20']);
  const answer = await ask(['queue']);
  for (const { child } of workers) child.kill();
  await Promise.all(workers.map(({ ended }) => ended));
  return answer;
}

async function searchByArray() {
  const paths = [0, 1].map((i) => join(folder, `share-${i}.jsonl`));
  const all = join(folder, 'shares.jsonl');
  for (const path of [...paths, all]) rmSync(path, { force: true });
  const start = performance.now();
  await Promise.all(
    paths.map((path, i) => {
      const variables = { SLURM_ARRAY_TASK_ID: i, SLURM_ARRAY_TASK_COUNT: 2, SLURM_ARRAY_TASK_MIN: 0 };
      return ask(['share'], { ...variables, SWEEP_LOG: path });
    }),
  );
  writeFileSync(all, paths.map(logOf).join(''));
  const { score } = await ask(['join'], { SWEEP_LOG: all });
  return { ms: performance.now() - start, score };
}

const contestants = [
  ['search, 1 worker', () => ask(['search', '1'])],
  ['search, 2 workers', () => ask(['search', '2'])],
  ['queue, 2 workers', searchByQueue],
  ['job array, 2 processes', searchByArray],
];
const times = contestants.map(() => []);
const scores = new Set();
const load = [loadavg()[0]];
// the first round only warms up
for (let round = -1; round < ROUNDS; round++) {
  for (let turn = 0; turn < contestants.length; turn++) {
    const c = (turn + round + contestants.length) % contestants.length;
    const { ms, score } = await contestants[c][1]();
    scores.add(score);
    if (round >= 0) times[c].push(ms / 1000);
  }
}
if (scores.size !== 1) throw new Error(`got the scores ${[...scores]}, want one`);

await processes.output(['helper.mjs', 'flush'], url);
const worker = startWorker(hosts[0]);
await ask(['jobs', '20']);
await processes.output(['helper.mjs', 'flush'], url);
const { ms, aloneMs } = await ask(['jobs', String(JOBS)]);
worker.child.kill();
await worker.ended;
load.push(loadavg()[0]);

const machine = describeMachine();
const rows = contestants.map(([name], c) => ({ name, seconds: times[c], ratio: pairedRatio(times[0], times[c]) }));
const job = { ms, aloneMs, jobs: JOBS };
console.log(machineLine(machine));
console.log(`load ${load.map((value) => value.toFixed(1)).join(' to ')}; medians of ${ROUNDS} rounds`);
console.log(
  alignTable([
    ['6 settings, 3 folds', 'seconds', 'times as fast as 1 worker'],
    ...rows.map(({ name, seconds, ratio }) => [name, median(seconds).toFixed(2), ratio.toFixed(2)]),
  ]),
);
console.log(`a job of ${aloneMs.toFixed(2)} ms takes ${ms.toFixed(2)} ms by the queue, one worker`);
console.log(saveResult(`sweep-${machine.date}`, machine, { hosts: hosts.filter(Boolean).length, load, rows, job }));
process.exit();
