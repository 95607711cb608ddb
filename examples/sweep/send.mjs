// Sends jobs to the queue and waits for their results.
import { createHash } from 'node:crypto';
import { Queue, QueueEvents } from 'bullmq';
import { connect, QUEUE } from './queue.mjs';

const SECONDS_KEPT = 24 * 3600;

/** Opens the queue. Returns what `search` takes as `train`, and a function that closes the queue. */
export async function openQueue() {
  const connections = [connect(), connect()];
  const queue = new Queue(QUEUE, { connection: connections[0] });
  const events = new QueueEvents(QUEUE, { connection: connections[1] });
  // every job that waits for its result listens to both
  queue.setMaxListeners(0);
  events.setMaxListeners(0);
  await events.waitUntilReady();
  // jobs that failed in an earlier run may be sent again
  await queue.clean(0, 0, 'failed');

  /** Resolves to the result of a job. Equal jobs have equal results: one that is in the queue is not sent twice. */
  async function train(job) {
    const jobId = `job-${createHash('sha256').update(JSON.stringify(job)).digest('hex')}`;
    const sent = await queue.add('training', job, { jobId, removeOnComplete: { age: SECONDS_KEPT } });
    return await sent.waitUntilFinished(events);
  }

  async function close() {
    await Promise.all([queue.close(), events.close()]);
    for (const connection of connections) connection.disconnect();
  }

  return { train, close };
}
