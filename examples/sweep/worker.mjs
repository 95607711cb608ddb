// Takes jobs from the queue, one after another, until it gets SIGTERM. Run one of these for each core of each host:
// node worker.mjs
import { Worker } from 'bullmq';
import { trainer } from 'simdprop/search';
import { connect, QUEUE } from './queue.mjs';
import { readData } from './space.mjs';

// a worker that has not renewed its lock for so long counts as dead: another one gets its job
const lockDuration = Number(process.env.LOCK_MS ?? 30_000);

const train = trainer(readData());

async function work({ data: job, stalledCounter }) {
  const name = `trial ${job.trial}, fold ${job.part}`;
  console.log(`${name}: begins${stalledCounter > 0 ? ' again' : ''}`);
  const result = await train(job);
  console.log(`${name}: done`);
  return result;
}

const worker = new Worker(QUEUE, work, {
  connection: connect(),
  lockDuration,
  stalledInterval: lockDuration / 2,
  // a job whose workers die again and again fails in the end, and the sweep with it
  maxStalledCount: 5,
});
worker.on('failed', (job, error) => console.log(`job ${job?.id} failed: ${error.message}`));
worker.on('error', ({ message }) => console.error(message));

process.once('SIGTERM', async () => {
  // the job in progress is finished first
  await worker.close();
  process.exit();
});
