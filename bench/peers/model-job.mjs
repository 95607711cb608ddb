// The side of a library for JavaScript in bench/models.ts: it prints `ready VERSION`, and answers each line `fit FILE`
// with `MILLISECONDS SCORE`: the time of training alone, and the accuracy or R² on the rows for the test.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Makes Math.random repeat itself: mulberry32. These libraries draw all their random numbers from it. */
function seedRandom(seed) {
  let state = seed;
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The accuracy of `predictions`, which are labels, or their R². */
function scoreOf(predictions, targets, task) {
  if (task === 'classes') return predictions.filter((label, i) => label === targets[i]).length / targets.length;
  const mean = targets.reduce((sum, y) => sum + y, 0) / targets.length;
  const total = targets.reduce((sum, y) => sum + (y - mean) ** 2, 0);
  return 1 - predictions.reduce((sum, a, i) => sum + (a - targets[i]) ** 2, 0) / total;
}

export const largestOf = (row) => row.indexOf(Math.max(...row));

/**
 * `prepare(job)` returns { train, predict }: `train()` is timed, `predict(rows)` returns labels or numbers. A job is {
 * task, seed, classes, training: { x, y }, test: { x, y } }, with rows of standardised inputs, and labels or numbers.
 */
export async function serveModels(version, prepare) {
  console.log(`ready ${version}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(readFileSync(line.slice('fit '.length), 'utf8')).encoded;
    seedRandom(job.seed);
    const { train, predict } = await prepare(job);
    const start = performance.now();
    await train();
    const ms = performance.now() - start;
    console.log(`${ms} ${scoreOf(await predict(job.test.x), job.test.y, job.task)}`);
  }
}
