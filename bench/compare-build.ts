import { pathToFileURL } from 'node:url';
import { makeWorkload } from './workloads.js';

// Runs one build of the library in a process of its own: compare.ts sends one row of the comparison at a time, and this
// process answers with the time that the row took.

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
  const net = await library.Network.create({ inputs, layers, cost, scale, seed: 1, batchSize: batch });
  const descent = optimizer === 'adam' ? library.adam({ learningRate }) : library.sgd({ learningRate });
  if (batch === undefined) return () => net.fit(data, { epochs, batchSize, optimizer: descent });
  const width = batch * inputs;
  const calls = Math.floor(inference.samples / batch);
  const rows = Array.from({ length: calls }, (_, i) => data.inputs.subarray(i * width, (i + 1) * width));
  return () => {
    for (const row of rows) net.predict(row);
  };
}

const prepared = new Map<string, () => unknown>();

process.on('message', async (order: CompareOrder) => {
  const key = JSON.stringify(order);
  const run = prepared.get(key) ?? (await prepare(order));
  prepared.set(key, run);
  // processor time, because it leaves out what other processes do
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  process.send?.(user + system);
});
process.send?.('ready');
