import { describe, expect, it } from 'vitest';
import {
  adam,
  cosine,
  irprop,
  lbfgs,
  type NetworkOptions,
  type ProgressReport,
  sgd,
  type TrainOptions,
} from '../src/index.js';
import { Steps, sizesOfBatches } from '../src/training/steps.js';
import { createNetwork, loadNetwork } from './build.js';
import { randomFloats, randomLabels } from './random-numbers.js';

// batches: N divides the samples of an epoch into N steps whose sizes differ by one at most.

const OPTIONS: NetworkOptions = {
  inputs: 4,
  layers: [
    { units: 6, activation: 'tanh', dropout: 0.2 },
    { units: 3, activation: 'softmax' },
  ],
  seed: 5,
};
const dataOf = (samples: number) => ({ inputs: randomFloats(samples * 4, 1), targets: randomLabels(samples, 3, 2) });

describe('the steps of an epoch', () => {
  it.each([[10, 3], [9, 3], [7, 7], [1, 1], [523, 2], [1000, 999], [513, 512], [1100, 4]])('%i samples in %i batches', (samples, batches) => {
    const sizes = sizesOfBatches(samples, batches);
    const steps = new Steps(sizes);
    expect(steps.count).toBe(batches);
    // step by step, in plain loops
    const wanted: number[] = [];
    for (let left = samples, n = batches; n > 0; n--) {
      wanted.push(Math.ceil(left / n));
      left -= Math.ceil(left / n);
    }
    let [position, chunks] = [0, 0];
    for (const [step, size] of wanted.entries()) {
      for (let within = 0; within < size; within++, position++) {
        expect([steps.doneAt(position), steps.doneWithin(position)]).toEqual([step, within]);
        expect(steps.endAfter(position)).toBe(position - within + size);
      }
      chunks += Math.ceil(size / 256);
      expect(steps.chunksOf(0, step + 1, 256)).toBe(chunks);
    }
    expect([steps.doneAt(samples), steps.doneWithin(samples)]).toEqual([batches, 0]);
  }); // biome-ignore format: a table
});

describe('batches', () => {
  it.each<[string, number, number, TrainOptions]>([
    ['23 samples in 5 batches', 23, 5, { optimizer: sgd({ learningRate: 0.2 }) }],
    ['as many as samples', 7, 7, { optimizer: adam() }],
    ['3 of 2 and 1 samples', 5, 3, { optimizer: sgd({ learningRate: 0.2 }) }],
    ['chunks of large steps', 1100, 2, { optimizer: adam() }],
    [
      'steps on both sides of a chunk',
      513,
      2,
      { optimizer: adam({ learningRate: cosine({ initial: 0.01, steps: 4 }) }) },
    ],
  ])('of %s have the bits of trainBatch', async (_, samples, batches, training) => {
    const data = dataOf(samples);
    const [net, other] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
    const reports: ProgressReport[] = [];
    const options = { ...training, epochs: 2, batches, shuffle: false };
    const { last } = await net.fit(data, { ...options, onBatch: (report) => void reports.push(report) });
    expect(reports.map(({ step, steps }) => [step, steps])).toEqual(
      Array.from({ length: 2 * batches }, (_x, i) => [(i % batches) + 1, batches]),
    );
    const sizes = reports.slice(0, batches).map(({ samples: done }, i) => done - (i ? reports[i - 1].samples : 0));
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(sizes).toHaveLength(batches);
    other.optimizer = training.optimizer!;
    other.trainingSamples = samples;
    let cost = 0;
    for (let epoch = 0; epoch < 2; epoch++) {
      cost = 0;
      let first = 0;
      for (const size of sizes) {
        const inputs = data.inputs.subarray(4 * first, 4 * (first + size));
        cost += size * other.trainBatch(inputs, data.targets.subarray(first, first + size));
        first += size;
      }
    }
    expect(last!.cost).toBeCloseTo(cost / samples, 6);
    if (samples <= 256) {
      for (const [l, layer] of net.layers.entries()) expect(layer.getWeights()).toEqual(other.layers[l].getWeights());
    } else {
      // a batch of this size is computed in several chunks, whose sums are added, so its roundings differ
      for (const [l, layer] of net.layers.entries()) {
        const wanted = other.layers[l].getWeights();
        for (const [i, w] of layer.getWeights().entries()) expect(w).toBeCloseTo(wanted[i], 4);
      }
    }
  });

  it('that divide the samples are those of batchSize, also in trainFor', async () => {
    const data = dataOf(40);
    const [net, other] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
    await net.fit(data, { epochs: 2, batches: 5 });
    await other.fit(data, { epochs: 2, batchSize: 8 });
    expect((await net.trainFor(data, 1e-30, { batches: 5 })).steps).toBe(5);
    await other.trainFor(data, 1e-30, { batchSize: 8 });
    expect(await net.save()).toEqual(await other.save());
  });

  it('of trainFor are those of its own data, not of the data before', async () => {
    const net = await createNetwork({ ...OPTIONS, layers: [{ units: 3, activation: 'softmax' }] });
    await net.trainFor(dataOf(5), 1e-30, { batches: 5 });
    expect((await net.trainFor(dataOf(40), 1e-30, { batches: 10 })).steps).toBe(10);
    // irprop takes all samples in each step: here, all samples of the new data
    const optimizer = irprop();
    expect((await net.trainFor(dataOf(20), 1e-30, { batchSize: 20, optimizer })).steps).toBe(1);
    expect((await net.trainFor(dataOf(10), 1e-30, { batchSize: 10, optimizer })).steps).toBe(1);
  });

  it('use every sample once in an epoch, shuffled', async () => {
    const data = dataOf(23);
    const net = await createNetwork({ inputs: 4, layers: [{ units: 1, activation: 'linear' }], cost: 'quadratic' });
    const targets = Float32Array.from({ length: 23 }, (_, i) => i + 0.5);
    const still = { epochs: 1, batches: 6, optimizer: sgd({ learningRate: 1e-30 }) };
    const { last } = await net.fit({ inputs: data.inputs, targets }, still);
    expect(last!.cost).toBeCloseTo((await net.evaluate({ inputs: data.inputs, targets })).cost, 10);
    expect(net.steps).toBe(6);
  });

  it('resume from a checkpoint after every step, and are refused with another number', async () => {
    const data = dataOf(600);
    const training = { epochs: 2, batches: 7, optimizer: adam() };
    const net = await createNetwork(OPTIONS);
    const files: Uint8Array[] = [];
    await net.fit(data, { ...training, onBatch: async () => void files.push(await net.save({ training: true })) });
    expect(files).toHaveLength(14);
    for (const file of [files[0], files[5], files[8]]) {
      const resumed = await loadNetwork(file);
      await resumed.fit(data, training);
      expect(await resumed.save()).toEqual(await net.save());
    }
    const other = (await loadNetwork(files[3])).fit(data, { ...training, batches: 8 });
    await expect(other).rejects.toThrow('fit: options.batchSize · accumulate: got 75, want 86');
    const same = (await loadNetwork(files[3])).fit(data, { ...training, batches: undefined, batchSize: 86 });
    await expect(same).rejects.toThrow('fit: options.batches: got undefined, want 5');
  });

  it.each<[string, TrainOptions, string]>([
    ['more than samples', { batches: 41 }, 'options.batches: got 41, want at most one for each of 40 samples'],
    ['none', { batches: 0 }, 'options.batches: got 0, want an integer from 1'],
    ['a batch size too', { batches: 2, batchSize: 20 }, 'options.batches: got batchSize too, want one of them'],
    ['accumulation too', { batches: 2, accumulate: 2 }, 'options.batches: got accumulate too, want one of them'],
    [
      'several for irprop',
      { batches: 2, optimizer: irprop() },
      'options.batches: got 2, want 1 for irprop, or none given',
    ],
    [
      'several for lbfgs',
      { batches: 2, optimizer: lbfgs() },
      'options.batches: got 2, want 1 for lbfgs, or none given',
    ],
  ])('refuse %s', async (_, options, message) => {
    const net = await createNetwork({ ...OPTIONS, layers: [{ units: 3, activation: 'softmax' }] });
    await expect(net.fit(dataOf(40), { epochs: 1, ...options })).rejects.toThrow(message);
    await net.fit(dataOf(40), { epochs: 1, batches: 1, optimizer: irprop() });
  });

  it('are refused for streams, whose length is not known', async () => {
    const net = await createNetwork(OPTIONS);
    await expect(net.fitStream(() => [dataOf(9)], { batches: 3 } as object)).rejects.toThrow(
      'the unknown key "batches"',
    );
  });
});
