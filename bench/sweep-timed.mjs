// Measured by bench/sweep.mjs, which copies this file beside the example: node sweep-timed.mjs COMMAND
//   search WORKERS   the search in one process
//   queue            the search by the queue, whose workers are running
//   share            the trials of this process of a job array, to the log in SWEEP_LOG
//   join             the search by the logs of all these processes, whose text is in SWEEP_LOG
//   jobs COUNT       jobs of almost no work, through the queue and here
// Prints { ms, ... }, without the start of the process.
import { search, trainer, trainTrials, trial } from 'simdprop/search';
import { openQueue } from './send.mjs';
import { options as given, network, readData } from './space.mjs';

/** Trainings of about half a second. */
const options = { ...given, epochs: 160 };

const [command, argument] = process.argv.slice(2);
const log = process.env.SWEEP_LOG;
const data = readData();

async function timed(work) {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

async function searchWith(more) {
  const { ms, result } = await timed(() => search(network, data, { ...options, ...more }));
  return { ms, score: result.best.score };
}

async function withQueue(use) {
  const { train, close } = await openQueue();
  try {
    return await use(train);
  } finally {
    await close();
  }
}

/** Trains `count` small networks for one epoch of one step. */
async function measureJobs(count) {
  const small = { ...network, layers: [{ units: 10, activation: 'softmax' }] };
  const trainings = [];
  const collect = (job) => {
    trainings.push(job);
    return Promise.reject(new Error('enough'));
  };
  await search(small, data, { epochs: 1, batchSize: data.targets.length, folds: 2, train: collect }).catch(() => {});
  // all different, so that each is trained
  const jobs = Array.from({ length: count }, (_, i) => ({
    ...trainings[0],
    network: { ...trainings[0].network, seed: i },
  }));
  const here = trainer(data);
  await here(jobs[0]);
  const alone = await timed(async () => {
    for (const job of jobs) await here(job);
  });
  const queued = await withQueue((train) => timed(() => Promise.all(jobs.map(train))));
  return { ms: queued.ms / count, aloneMs: alone.ms / count };
}

const commands = {
  search: () => searchWith({ workers: Number(argument) }),
  queue: () => withQueue((train) => searchWith({ train })),
  share: () => timed(() => trainTrials(network, data, { ...options, workers: 1, only: trial(), log })),
  join: () => searchWith({ workers: 0, log }),
  jobs: () => measureJobs(Number(argument)),
};
const { ms, score, aloneMs } = await commands[command]();
console.log(JSON.stringify({ ms, score, aloneMs }));
