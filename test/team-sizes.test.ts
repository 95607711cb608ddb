import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DataSet, NetworkOptions, TrainOptions } from '../src/index.js';
import { adam, NonFiniteError, sgd } from '../src/index.js';
import { Network } from '../src/network.js';
import { hashOf } from './parameters.js';
import { randomFloats, randomLabels, randomNumbers } from './random-numbers.js';

// A call uses more threads the more work it has: in these tests, one for every four rows in a network of 40-33-5. The
// calls differ in size, so some threads sleep during small calls and return for large ones.

vi.mock('../src/threads/thread-work.js', () => ({ THREAD_WORK: 4 * (40 * 48 + 33 * 16), IS_MEASURED: false }));

const options: NetworkOptions = {
  inputs: 40,
  layers: [
    { units: 33, activation: 'tanh', dropout: 0.25 },
    { units: 5, activation: 'softmax' },
  ],
  seed: 8,
  l2: 0.1,
};
const random = randomNumbers(41);
const samplesOf = (rows: number): DataSet & { inputs: Float32Array } => ({
  inputs: randomFloats(40 * rows, random),
  targets: randomLabels(rows, 5, random),
});
const nets: Network[] = [];
afterEach(() => {
  for (const net of nets.splice(0)) net.dispose();
});
async function create(threads: number): Promise<Network> {
  const net = await Network.create({ ...options, ...(threads > 0 && { threads }) });
  nets.push(net);
  return net;
}

const data = samplesOf(150);
const rowsOf = (first: number, rows: number) => data.inputs.subarray(40 * first, 40 * (first + rows));
/** Numbers of rows that are worth 1 to 7 threads, rising and falling. */
const SIZES = [4, 28, 8, 1, 20, 12, 30, 16, 24, 4, 28, 8];

describe('teams between one thread and all', () => {
  it('the work of these calls is worth every size of a team', () => {
    const worth = SIZES.map((rows) => Math.floor(Math.max(1, rows / 4)));
    expect([...new Set(worth)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it.each([3, 7])('of %i threads have the bits of one, call after call', async (threads) => {
    const [alone, team] = [await create(0), await create(threads)];
    for (const net of [alone, team]) net.optimizer = sgd({ learningRate: 0.05 });
    for (const [call, rows] of SIZES.entries()) {
      const first = (7 * call) % 110;
      const x = rowsOf(first, rows);
      const y = (data.targets as Uint8Array).subarray(first, first + rows);
      expect(team.predict(x), `predict ${call}: ${rows} rows`).toEqual(alone.predict(x));
      expect(team.trainBatch(x, y), `trainBatch ${call}`).toBe(alone.trainBatch(x, y));
      expect(await team.evaluate({ inputs: x, targets: y }), `evaluate ${call}`).toEqual(
        await alone.evaluate({ inputs: x, targets: y }),
      );
      expect(hashOf(team), `call ${call}: ${rows} rows`).toBe(hashOf(alone));
    }
  });

  it('of 5 threads, in calls of fit with batches of several sizes', async () => {
    const [alone, team] = [await create(0), await create(5)];
    for (const [i, batchSize] of [4, 28, 8, 20].entries()) {
      const training: TrainOptions = {
        epochs: 1,
        batchSize,
        optimizer: i % 2 ? adam() : sgd({ learningRate: 0.1, clipNorm: 1 }),
      };
      const [a, b] = [await alone.fit(data, training), await team.fit(data, training)];
      expect(b.last?.cost, `batches of ${batchSize}`).toBe(a.last?.cost);
      expect(hashOf(team), `batches of ${batchSize}`).toBe(hashOf(alone));
    }
  });

  it('return after a call that fails, in every size', async () => {
    const [alone, team] = [await create(0), await create(7)];
    for (const rows of [8, 28]) {
      for (const net of [alone, team]) {
        const weights = net.layers[1].getWeights();
        net.layers[1].setWeights(weights.map(() => 3e38));
        expect(() => net.trainBatch(rowsOf(0, rows), new Uint8Array(rows))).toThrow(NonFiniteError);
        net.layers[1].setWeights(weights);
      }
      for (const each of [4, 16, 28, 8]) expect(team.predict(rowsOf(3, each))).toEqual(alone.predict(rowsOf(3, each)));
    }
  });
});
