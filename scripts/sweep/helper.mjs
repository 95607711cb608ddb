// Asks the queue of a test: node helper.mjs counts|flush|refuse. It is copied beside the example.
import { Queue, QueueEvents } from 'bullmq';
import { search } from 'simdprop/search';
import { connect, QUEUE } from './queue.mjs';
import { network, options, readData } from './space.mjs';

const [command] = process.argv.slice(2);
const connections = [connect(), connect()];
const queue = new Queue(QUEUE, { connection: connections[0] });
const events = new QueueEvents(QUEUE, { connection: connections[1] });
await events.waitUntilReady();

/** A job as `search` makes it. */
async function firstJob() {
  let first;
  const train = (job) => {
    first ??= job;
    return Promise.reject(new Error('enough'));
  };
  await search(network, readData(), { ...options, train }).catch(() => {});
  return first;
}

/** What workers answer to jobs that nobody may send, and to a good one after them. */
async function refuse() {
  const good = await firstJob();
  const { network: net } = good;
  const jobs = [
    { ...good, module: '/tmp/code.mjs' },
    { ...good, network: { ...net, wasm: 'AGFzbQ==' } },
    { ...good, network: { ...net, createWorker: '/tmp/code.mjs' } },
    { ...good, network: { ...net, layers: [{ units: 1e9 }] } },
    { ...good, options: { ...good.options, onEpoch: 'process.exit()' } },
    { ...good, options: { ...good.options, epochs: -1 } },
    { ...good, data: 'others' },
    good,
  ];
  const answers = [];
  for (const job of jobs) {
    const sent = await queue.add('training', job);
    answers.push(
      await sent.waitUntilFinished(events, 60_000).then(
        ({ metrics }) => `accuracy ${typeof metrics.accuracy}`,
        ({ message }) => message,
      ),
    );
  }
  return answers;
}

const commands = { counts: () => queue.getJobCounts(), flush: () => connections[0].flushall(), refuse };
console.log(JSON.stringify(await commands[command]()));
await Promise.all([queue.close(), events.close()]);
for (const connection of connections) connection.disconnect();
