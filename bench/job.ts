import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Network } from 'simdprop';
import type { Workload } from './workload.js';

// Writes a workload to files that every language can read, so that all contestants have the same data and start from
// the same weights:
//   job.json        the fields of the interface Job
//   x.bin           [samples x inputs], bytes or float32
//   y.bin           [samples x outputs], float32
//   parameters.bin  for each layer w [units x fanIn] and b [units], float32

export interface Job {
  name: string;
  inputs: number;
  layers: { units: number; activation: string }[];
  cost: string;
  optimizer: 'sgd' | 'adam';
  learningRate: number;
  batchSize: number;
  samples: number;
  /** True if x.bin holds bytes: 255 times the inputs. */
  bytes: boolean;
}

/** Creates the directory and writes the files into it. */
export async function writeJob(directory: string, workload: Workload): Promise<Job> {
  const { name, inputs, layers, cost, optimizer = 'sgd', learningRate, batchSize, data, targetRows } = workload;
  const samples = data.inputs.length / inputs;
  const bytes = data.inputs instanceof Uint8Array;
  const job: Job = { name, inputs, layers, cost, optimizer, learningRate, batchSize, samples, bytes };
  const net = await Network.create({ inputs, layers, cost, seed: 1 });
  const parameters = net.layers.flatMap((layer) => [layer.getWeights(), layer.getBiases()]);
  net.dispose();
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'job.json'), JSON.stringify(job, undefined, 2));
  writeFileSync(join(directory, 'x.bin'), data.inputs);
  writeFileSync(join(directory, 'y.bin'), targetRows);
  writeFileSync(
    join(directory, 'parameters.bin'),
    Buffer.concat(parameters.map((p) => new Uint8Array(p.buffer, p.byteOffset, p.byteLength))),
  );
  return job;
}
