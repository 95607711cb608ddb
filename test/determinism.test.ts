import { describe, expect, test } from 'vitest';
import type { NetworkOptions, TrainOptions } from '../src/index.js';
import type { Network } from '../src/network.js';
import { sgd } from '../src/spec/optimizer.js';
import { buildName, createNetwork } from './build.js';
import { hashOf } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';

// Equal seeds, data and options give the same bits in a second run, in every engine, and in the optimised and the debug
// build. The hashes in this file hold for all machines; CI compares them in several versions of Node.

const OPTIONS: [string, NetworkOptions, string][] = [
  [
    'sigmoid, quadratic',
    { inputs: 20, layers: [{ units: 17, initializer: 'scaledNormal' }, { units: 5 }], cost: 'quadratic', seed: 1 },
    'd436deccab301f35e0c2220ebbfde949d6d6e83eae28f8354779d07078298f4d',
  ],
  [
    'tanh, binary cross-entropy, L2',
    { inputs: 20, layers: [{ units: 33, activation: 'tanh' }, { units: 5 }], l2: 0.1, seed: 2 ** 40 + 2 },
    '2c67de8702050627fb1c2997f0398cf1a10e47c787f5920df47d5e420658b9ea',
  ],
  [
    'relu, softmax, two hidden layers',
    {
      inputs: 20,
      layers: [
        { units: 24, activation: 'relu' },
        { units: 7, activation: 'relu' },
        { units: 5, activation: 'softmax' },
      ],
      seed: 3,
    },
    '6445c25370347a08fa6bad8bc264dd76ad85292a8db460fcbe248b5085e08fd9',
  ],
];

const SAMPLES = 203;

function makeData() {
  const random = randomNumbers(7);
  // a third of the inputs are zero, as in pictures
  const inputs = Float32Array.from({ length: SAMPLES * 20 }, () => Math.max(0, random() - 1 / 3));
  const targets = randomLabels(SAMPLES, 5, random);
  return { inputs, targets };
}

async function train(options: NetworkOptions): Promise<Network> {
  const net = await createNetwork(options);
  await net.fit(makeData(), { epochs: 5, batchSize: 10, optimizer: sgd({ learningRate: 0.3 }) });
  return net;
}

describe.each(OPTIONS)('%s', (_name, options, hash) => {
  test('two runs have the same bits at the end', async () => {
    expect(hashOf(await train(options))).toBe(hashOf(await train(options)));
  });

  test.skipIf(buildName === 'relaxed')('every engine has these bits at the end', async () => {
    expect(hashOf(await train(options))).toBe(hash);
  });

  test('the capacity of the batch buffers does not change a bit', async () => {
    expect(hashOf(await train({ ...options, batchSize: 300 }))).toBe(hashOf(await train({ ...options, batchSize: 1 })));
  });

  test('a prediction has the same bits alone and in any batch', async () => {
    const net = await train(options);
    const { inputs } = makeData();
    const together = net.predict(inputs);
    for (let i = 0; i < SAMPLES; i++) {
      const alone = net.predict(inputs.subarray(i * 20, (i + 1) * 20));
      expect(alone).toEqual(together.subarray(i * 5, (i + 1) * 5));
    }
  });
});

test('the cost of an epoch has the same bits however its steps are divided into slices', async () => {
  const [, options] = OPTIONS[2];
  const random = randomNumbers(9);
  // weights make the costs of samples numbers whose sum in f64 is rounded; without weights, it would often be exact
  const data = { ...makeData(), weights: Float32Array.from({ length: SAMPLES }, () => random()) };
  const costs = async (training: TrainOptions) => {
    const net = await createNetwork(options);
    const reports = [...(await net.fit(data, { epochs: 20, batchSize: 1, ...training }))];
    return reports.map(({ cost }) => cost);
  };
  const sliced = await costs({});
  // with onBatch, each step is a slice of its own
  expect(await costs({ onBatch: () => true })).toEqual(sliced);
});
