import { expect } from 'vitest';
import type { NetworkOptions, TrainOptions, TypedDataSet } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { hashOf } from './parameters.js';
import { randomFloats, randomLabels, randomNumbers } from './random-numbers.js';

// Each test trains once without interruption and saves files on the way. It then resumes from each file in a new
// network. The weights at the end must have the same SHA-256, and every report must be the same except for its times.
export const INPUTS = 5;
export const CLASSES = 3;
export const random = randomNumbers(31);

export function makeData(samples: number): TypedDataSet {
  return {
    inputs: randomFloats(samples * INPUTS, random),
    targets: randomLabels(samples, CLASSES, random),
  };
}

export const data = makeData(50);
export const validation = makeData(20);

export const network: NetworkOptions = {
  inputs: INPUTS,
  layers: [
    { units: 9, activation: 'tanh' },
    { units: 19, activation: 'gelu' },
    { units: CLASSES, activation: 'softmax' },
  ],
  seed: 2 ** 33 + 5,
};

export const TIMES = new Set(['elapsedMs', 'samplesPerSecond', 'secondsLeft']);
/** A report as text, without its times. Equal texts mean equal bits. */
export const text = (report: object) => JSON.stringify(report, (key, value) => (TIMES.has(key) ? undefined : value));

export interface Run {
  hash: string;
  epochs: string[];
  batches: string[];
  file: Uint8Array;
}

export interface Saved {
  bytes: Uint8Array;
  /** How many reports had been given. */
  epochs: number;
  batches: number;
}

/** Trains to the end. `atBatch` is called after each step with the reports so far. */
export async function trainOn(
  net: Network,
  options: TrainOptions,
  atBatch?: (epochs: number, batches: number) => unknown,
  atEpoch?: (epochs: number, batches: number) => unknown,
): Promise<Run> {
  const epochs: string[] = [];
  const batches: string[] = [];
  const history = await net.fit(data, {
    ...options,
    async onBatch(report) {
      batches.push(text(report));
      const answer = options.onBatch?.(report);
      await atBatch?.(epochs.length, batches.length);
      return answer;
    },
    async onEpoch(report) {
      epochs.push(text(report));
      const answer = options.onEpoch?.(report);
      await atEpoch?.(epochs.length, batches.length);
      return answer;
    },
  });
  expect(history).toHaveLength(epochs.length);
  expect(history.last ? [text(history.last)] : []).toEqual(epochs.slice(-1));
  return { hash: hashOf(net), epochs, batches, file: await net.save({ training: true }) };
}

/** Trains without interruption, and then again from the files of every `every`-th step and of the end of each epoch. */
export async function expectExact(
  options: NetworkOptions,
  training: TrainOptions,
  { every = 5, load = {} }: { every?: number; load?: Parameters<typeof loadNetwork>[1] } = {},
): Promise<{ run: Run; files: Saved[] }> {
  const files: Saved[] = [];
  const net = await createNetwork(options);
  const keep = async (epochs: number, batches: number) =>
    files.push({ bytes: await net.save({ training: true }), epochs, batches });
  const run = await trainOn(
    net,
    training,
    async (epochs, batches) => {
      if (batches % every === 0) await keep(epochs, batches);
    },
    keep,
  );
  // saving has no effect: training that is never saved gives the same weights
  const quiet = await createNetwork(options);
  await quiet.fit(data, training);
  expect(hashOf(quiet)).toBe(run.hash);
  expect(files.length).toBeGreaterThan(3);
  for (const { bytes, epochs, batches } of files) {
    const loaded = await loadNetwork(bytes, load);
    expect(await loaded.save({ training: true })).toEqual(bytes);
    const rest = await trainOn(loaded, training);
    expect(rest.epochs).toEqual(run.epochs.slice(epochs));
    if (training.optimizer?.name !== 'lbfgs') expect(rest.batches).toEqual(run.batches.slice(batches));
    expect(rest.hash).toBe(run.hash);
    expect(rest.file).toEqual(run.file);
  }
  return { run, files };
}
