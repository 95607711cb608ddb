import { expect, it } from 'vitest';
import { MAX_CHUNK_ROWS } from '../src/core/memory-plan.js';
import { irprop, sgd } from '../src/index.js';
import { type ReferenceNetwork, step } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { expectWithin, noErrors, type ParameterErrors, stepErrors } from './bounds.js';
import { createNetwork } from './build.js';
import { parametersOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

// One update for many samples: batches may be added up, or a batch may go through the network in chunks. Both use the
// same code.

const SAMPLES = 1500;
const random = randomNumbers(12);
const signed = (scale: number) => Math.fround((2 * random() - 1) * scale);
const inputs = Float32Array.from({ length: 5 * SAMPLES }, () => (random() < 0.3 ? 0 : signed(1)));
const targets = Float32Array.from({ length: 3 * SAMPLES }, () => Math.fround(random()));

const reference: ReferenceNetwork = {
  inputs: 5,
  cost: 'binaryCrossEntropy',
  layers: [
    {
      units: 19,
      activation: 'tanh',
      weights: Float64Array.from({ length: 19 * 5 }, () => signed(0.8)),
      biases: Float64Array.from({ length: 19 }, () => signed(0.5)),
    },
    {
      units: 3,
      activation: 'sigmoid',
      weights: Float64Array.from({ length: 3 * 19 }, () => signed(0.4)),
      biases: Float64Array.from({ length: 3 }, () => signed(0.5)),
    },
  ],
};
const L2 = 30;
const optimizer = sgd({ learningRate: 0.5 });

async function start(): Promise<Network> {
  const net = await createNetwork({
    inputs: 5,
    layers: reference.layers.map(({ units, activation }) => ({ units, activation })),
    l2: L2,
    seed: 1,
  });
  reference.layers.forEach(({ weights, biases }, l) => {
    net.layers[l].setWeights(Float32Array.from(weights));
    net.layers[l].setBiases(Float32Array.from(biases));
  });
  return net;
}

/** The reference after one epoch in the stored order, and how far the core in f32 may be from it. */
function referenceEpoch(stepRows: number): { network: ReferenceNetwork; errors: ParameterErrors[] } {
  let network = reference;
  let errors = noErrors(reference);
  const settings = { learningRate: 0.5, l2: L2, trainingSamples: SAMPLES };
  for (let first = 0; first < SAMPLES; first += stepRows) {
    const end = Math.min(first + stepRows, SAMPLES);
    const x = Float64Array.from(inputs.subarray(5 * first, 5 * end));
    const y = Float64Array.from(targets.subarray(3 * first, 3 * end));
    errors = stepErrors(network, errors, x, y, settings);
    network = step(network, x, y, settings);
  }
  return { network, errors };
}

function expectReference(net: Network, stepRows: number) {
  const { network, errors } = referenceEpoch(stepRows);
  net.layers.forEach((layer, l) => {
    expectWithin(`layers[${l}].weights`, layer.getWeights(), network.layers[l].weights, errors[l].weights);
    expectWithin(`layers[${l}].biases`, layer.getBiases(), network.layers[l].biases, errors[l].biases);
  });
}

it.each([
  [257, 'one row more than a chunk'],
  [512, 'two chunks'],
  [600, 'two chunks and a part, and a remainder of one chunk and a part'],
  [1500, 'all samples'],
  [9999, 'more than all samples'],
])('a batch of %i (%s) takes the step of the reference, which knows no chunks', async (batchSize) => {
  const net = await start();
  const [report] = await net.fit({ inputs, targets }, { epochs: 1, batchSize, shuffle: false, optimizer });
  expect(batchSize).toBeGreaterThan(MAX_CHUNK_ROWS);
  expect(report.samples).toBe(SAMPLES);
  expectReference(net, Math.min(batchSize, SAMPLES));
});

it('a batch given whole, in one chunk of any size, takes that step too', async () => {
  const net = await start();
  net.optimizer = optimizer;
  net.trainingSamples = SAMPLES;
  for (let first = 0; first < SAMPLES; first += 600) {
    const end = Math.min(first + 600, SAMPLES);
    net.trainBatch(inputs.subarray(5 * first, 5 * end), targets.subarray(3 * first, 3 * end));
  }
  expectReference(net, 600);
});

it.each([
  [10, 4],
  [64, 7],
  [1, 300],
  [200, 3],
  [999, 999],
])(
  'batches of %i, %i of them accumulated, have the bits of one batch of all their samples, also at the end of an epoch',
  async (batchSize, accumulate) => {
    const [net, whole] = [await start(), await start()];
    const steps: number[] = [];
    const fit = { epochs: 2, optimizer };
    await net.fit(
      { inputs, targets },
      { ...fit, batchSize, accumulate, onBatch: ({ samples }) => steps.push(samples) },
    );
    await whole.fit({ inputs, targets }, { ...fit, batchSize: batchSize * accumulate });
    expect(parametersOf(net)).toEqual(parametersOf(whole));
    const stepRows = Math.min(batchSize * accumulate, SAMPLES);
    const ends = Array.from({ length: Math.ceil(SAMPLES / stepRows) }, (_, i) => Math.min((i + 1) * stepRows, SAMPLES));
    expect(steps).toEqual([...ends, ...ends]);

    const ordered = await start();
    await ordered.fit({ inputs, targets }, { epochs: 1, batchSize, accumulate, shuffle: false, optimizer });
    expectReference(ordered, stepRows);
  },
);

it('accepts accumulate from 1 up', async () => {
  const net = await start();
  const wrong: [unknown, RegExp][] = [
    [0, /^options\.accumulate: got 0, want an integer from 1/],
    [2.5, /^options\.accumulate: got 2.5, want an integer/],
    ['2', /^options\.accumulate: got "2", want an integer/],
  ];
  for (const [accumulate, message] of wrong) {
    await expect(net.fit({ inputs, targets }, { epochs: 1, accumulate: accumulate as number })).rejects.toThrow(
      message,
    );
  }
});

it.each<[string, (net: Network) => unknown]>([
  ['reads gradients', (net) => net.layers[0].getWeightGradients()],
  [
    'computes others',
    (net) => {
      net.forward(inputs.subarray(0, 15));
      net.backward(targets.subarray(0, 9));
      return net.layers[1].getBiasGradients();
    },
  ],
  ['predicts and evaluates', async (net) => [net.predict(inputs), await net.evaluate({ inputs, targets })]],
])('the result of a step of several chunks does not change if a callback in the middle of it %s', async (_, look) => {
  for (const own of [sgd({ learningRate: 0.5 }), irprop()]) {
    const [net, other] = [await start(), await start()];
    const fit = { batchSize: SAMPLES, epochs: 30, shuffle: false, optimizer: own };
    let count = 0;
    // the first report comes after one chunk
    const onProgress = ({ samples }: { samples: number }) => {
      if (samples % SAMPLES !== 0) count++;
      return look(net);
    };
    await net.fit({ inputs, targets }, { ...fit, onProgress });
    await other.fit({ inputs, targets }, fit);
    expect(count).toBeGreaterThan(0);
    expect(parametersOf(net)).toEqual(parametersOf(other));
  }
});
