import { describe, expect, it } from 'vitest';
import type { NetworkOptions, Optimizer, TrainOptions } from '../src/index.js';
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  cosine,
  exponential,
  inverseTime,
  irprop,
  lbfgs,
  lion,
  momentum,
  nadam,
  nesterov,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  rmsprop,
  sgd,
  step,
} from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import { hashOf } from './parameters.js';
import { CLASSES, data, expectExact, INPUTS, network, validation } from './resuming.js';

const OPTIMIZERS: Optimizer[] = [
  sgd({ learningRate: 0.1 }),
  sgd({ learningRate: 0.1, clipNorm: 0.5 }),
  momentum({ learningRate: 0.05 }),
  nesterov({ learningRate: 0.05 }),
  adagrad(),
  adadelta(),
  rmsprop(),
  adam({ learningRate: 0.01, clipValue: 0.1 }),
  adamw({ learningRate: 0.01 }),
  nadam({ learningRate: 0.01 }),
  lion({ learningRate: 0.01 }),
  irprop(),
];

describe.each(OPTIMIZERS.map((optimizer) => [JSON.stringify(optimizer), optimizer] as const))('%s', (_, optimizer) => {
  it('resumes exactly after every fifth step and every epoch', async () => {
    const batchSize = optimizer.name === 'irprop' ? 50 : 8;
    const every = optimizer.name === 'irprop' ? 1 : 5;
    await expectExact(network, { epochs: 4, batchSize, optimizer }, { every });
  });
});

describe('L-BFGS', () => {
  // a network for which L-BFGS does not reach the minimum in this test
  const hard: NetworkOptions = { ...network, l2: 0.01 };

  it('resumes exactly with its pairs after each step, and repeats a line search that was interrupted', async () => {
    const { run, files } = await expectExact(hard, { epochs: 14, optimizer: lbfgs({ history: 3 }) }, { every: 3 });
    // in the middle of a line search: fewer steps than passes
    expect(files.length).toBeGreaterThan(run.epochs.length);
  });

  it('resumes exactly if the next step is the last', async () => {
    const easy: NetworkOptions = { inputs: INPUTS, layers: [{ units: CLASSES, activation: 'softmax' }], l2: 1 };
    const { run } = await expectExact(easy, { epochs: 100, optimizer: lbfgs() }, { every: 2 });
    expect(run.epochs.at(-1)).toContain('"stopped":"converged"');
  });

  it('reports that nothing is left to gain, without a pass over the samples', async () => {
    const easy: NetworkOptions = { inputs: INPUTS, layers: [{ units: CLASSES, activation: 'softmax' }], l2: 1 };
    const optimizer = lbfgs({ tolerance: 1e-3 });
    const whole = await createNetwork(easy);
    const reports = await whole.fit(data, { epochs: 50, optimizer });
    expect(reports.at(-1)?.stopped).toBe('converged');
    const net = await createNetwork(easy);
    let file = await net.save();
    const onEpoch = async () => {
      file = await net.save({ training: true });
    };
    await net.fit(data, { epochs: reports.length - 1, optimizer, onEpoch });
    const loaded = await loadNetwork(file);
    const { length, last } = await loaded.fit(data, { epochs: 50, optimizer });
    expect(length).toBe(1);
    expect(last).toMatchObject({ stopped: 'converged', epoch: reports.length - 1, samples: 50, learningRate: 1 });
    expect(Number.isFinite(last!.cost) && Number.isFinite(last!.samplesPerSecond)).toBe(true);
    expect(hashOf(loaded)).toBe(hashOf(whole));
  });
});

const RATES = {
  step: step({ initial: 0.2, factor: 0.5, steps: 9 }),
  exponential: exponential({ initial: 0.2, factor: 0.5, epochs: 1 }),
  inverseTime: inverseTime({ initial: 0.2, steps: 4 }),
  polynomial: polynomial({ initial: 0.2, power: 2, steps: 25 }),
  cosine: cosine({ initial: 0.2, warmUp: 3, restarts: 2, growth: 2, steps: 5 }),
  oneCycle: oneCycle({ maximum: 0.3, steps: 28 }),
  reduceOnPlateau: reduceOnPlateau({ initial: 0.5, factor: 0.5, patience: 1, minDelta: 0.05, cooldown: 1 }),
};

describe.each(Object.entries(RATES))('the schedule %s', (name, learningRate) => {
  it('resumes exactly, with and without a validation', async () => {
    const training: TrainOptions = { epochs: 5, batchSize: 8, optimizer: momentum({ learningRate }) };
    const { run } = await expectExact(network, training, { every: 6 });
    await expectExact(network, { ...training, validation }, { every: 6 });
    const rates = new Set(run.batches.map((report) => JSON.parse(report).learningRate));
    expect(rates.size, name).toBeGreaterThan(1);
  });
});

describe('a learning rate that is a function', () => {
  const learningRate = (count: number, epoch: number) => 0.2 / (1 + count + epoch);
  const training = { epochs: 4, batchSize: 8, optimizer: adam({ learningRate }) };

  it('resumes exactly if it is given again', async () => {
    await expectExact(network, training, { load: { learningRate } });
  });

  it('resumes exactly without an optimizer in the options of the call', async () => {
    const net = await createNetwork(network);
    let file: Uint8Array | undefined;
    const hash = await net.fit(data, {
      ...training,
      onBatch: async () => {
        if (net.steps === 11) file = await net.save({ training: true });
      },
    });
    expect(hash).toHaveLength(4);
    const loaded = await loadNetwork(file!, { learningRate });
    const { optimizer: _, ...rest } = training;
    await loaded.fit(data, rest);
    expect(hashOf(loaded)).toBe(hashOf(net));
  });

  it('is required, and refused if the training has none', async () => {
    const net = await createNetwork(network);
    await net.fit(data, training);
    const file = await net.save({ training: true });
    await expect(loadNetwork(file)).rejects.toThrow(
      'load: options.learningRate: got none for a training whose learning rate is a function, want that function (or training: false)',
    );
    await expect(loadNetwork(file, { learningRate: 0.1 as never })).rejects.toThrow(
      'load: options.learningRate: got 0.1, want the function of the training that was saved',
    );
    const plain = await loadNetwork(file, { training: false });
    expect(plain.optimizer.learningRate).toBe(learningRate(28, 4));
    const none = 'load: options.learningRate: got one for a training whose learning rate is not a function, want none';
    await expect(loadNetwork(await net.save(), { learningRate })).rejects.toThrow(none);
    await expect(loadNetwork(file, { learningRate, training: false })).rejects.toThrow(none);
  });
});
