// Sends the trainings of a search to the queue and collects their results: node sweep.mjs [LOG] [RESULT]
// If it is killed, the same command continues with what is missing in its log.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Queue, QueueEvents } from 'bullmq';
import { search } from 'simdprop/search';
import { connect, QUEUE } from './queue.mjs';
import { network, options, readData } from './space.mjs';

const [log = 'sweep.jsonl', output = 'sweep.json'] = process.argv.slice(2);
const connections = [connect(), connect()];
const queue = new Queue(QUEUE, { connection: connections[0] });
const events = new QueueEvents(QUEUE, { connection: connections[1] });
// every job in the queue listens to both
queue.setMaxListeners(0);
events.setMaxListeners(0);
await events.waitUntilReady();
// jobs that failed in an earlier run may be sent again
await queue.clean(0, 0, 'failed');

/** Resolves to the result of a job. Equal jobs have equal results, so a job that is in the queue is not sent twice. */
async function train(job) {
  const id = createHash('sha256').update(JSON.stringify(job)).digest('hex');
  const sent = await queue.add('training', job, { jobId: `job-${id}`, removeOnComplete: { age: 24 * 3600 } });
  return await sent.waitUntilFinished(events);
}

const onProgress = ({ done, total, secondsLeft }) =>
  console.log(`${done} of ${total}${secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`}`);

try {
  const result = await search(network, readData(), { ...options, train, log, onProgress });
  for (const { trial, score, values } of result.trials) console.log(trial, score.toFixed(4), JSON.stringify(values));
  console.log(`best: trial ${result.best.trial}`);
  writeFileSync(output, JSON.stringify(result));
} finally {
  await Promise.all([queue.close(), events.close()]);
  for (const connection of connections) connection.disconnect();
}
