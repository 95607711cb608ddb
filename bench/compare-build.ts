import { pathToFileURL } from 'node:url';
import { makeWorkload } from './workloads.js';

// Runs one build of the library in a process of its own: compare.ts sends one row of the comparison at a time, and this
// process answers with the time that the row took. A row that takes less than MEASURED_US is repeated until it has
// taken that long. Before its first answer, it runs for WARM_UP_US, so that V8 compiles its functions.

const MEASURED_US = 30_000;
const WARM_UP_US = 200_000;

/** A row of the comparison. */
export interface CompareOrder {
  workload: string;
  /** Samples in a call of predict; undefined: the row trains. */
  batch: number | undefined;
}

const library = (await import(pathToFileURL(process.argv[2]).href)) as typeof import('simdprop');

async function prepare({ workload, batch }: CompareOrder): Promise<() => unknown> {
  const { data, epochs, batchSize, learningRate, optimizer, inference, ...network } = makeWorkload(workload);
  const { inputs, layers, cost, scale } = network;
  const options = { inputs, layers, cost, seed: 1, batchSize: batch };
  const net = await library.Network.create({ ...options, scale }).catch((error: Error) => {
    // older builds have no option `scale`: they multiply bytes by 1/255
    if (!error.message.includes('unknown key "scale"')) throw error;
    return library.Network.create(options);
  });
  const descent = optimizer === 'adam' ? library.adam({ learningRate }) : library.sgd({ learningRate });
  if (batch === undefined) return () => net.fit(data, { epochs, batchSize, optimizer: descent });
  const width = batch * inputs;
  const calls = Math.floor(inference.samples / batch);
  const rows = Array.from({ length: calls }, (_, i) => data.inputs.subarray(i * width, (i + 1) * width));
  return () => {
    for (const row of rows) net.predict(row);
  };
}

/** The mean time of a run in µs, over at least `least` µs. */
async function timeOf(run: () => unknown, least: number): Promise<number> {
  // processor time, because it leaves out what other processes do
  const before = process.cpuUsage();
  for (let runs = 1; ; runs++) {
    await run();
    const { user, system } = process.cpuUsage(before);
    if (user + system >= least) return (user + system) / runs;
  }
}

const prepared = new Map<string, () => unknown>();

process.on('message', async (order: CompareOrder) => {
  const key = JSON.stringify(order);
  let run = prepared.get(key);
  if (!run) {
    run = await prepare(order);
    prepared.set(key, run);
    await timeOf(run, WARM_UP_US);
  }
  process.send?.(await timeOf(run, MEASURED_US));
});
process.send?.('ready');
