import { expect, test } from 'vitest';
import type { ActivationName, NetworkOptions } from '../src/index.js';
import { sgd } from '../src/spec/optimizer.js';
import { createNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

// If all layers of a network have at most 4 units, a step on one sample has kernels of its own, which must give the
// same bits as the general kernels. A limit for clipping selects the general kernels; it is so high that no gradient
// reaches it.

const ACTIVATIONS: ActivationName[] = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'silu',
  'softplus',
  'softsign',
  'hardSigmoid',
];

const NETWORKS: [string, NetworkOptions][] = [
  ...ACTIVATIONS.map((activation): [string, NetworkOptions] => [
    `2-3-1 of ${activation}`,
    { inputs: 2, layers: [{ units: 3, activation }, { units: 1 }] },
  ]),
  ['1-1', { inputs: 1, layers: [{ units: 1, activation: 'linear' }] }],
  ['33-4', { inputs: 33, layers: [{ units: 4 }] }],
  ['3-4-4-2', { inputs: 3, layers: [{ units: 4, activation: 'tanh' }, { units: 4 }, { units: 2 }] }],
  [
    '2-1-2-3 without biases',
    { inputs: 2, layers: [{ units: 1 }, { units: 2, activation: 'tanh' }, { units: 3 }], bias: false },
  ],
  ['2-4-4, quadratic', { inputs: 2, layers: [{ units: 4 }, { units: 4, activation: 'tanh' }], cost: 'quadratic' }],
  ...(['meanAbsoluteError', 'huber'] as const).map((cost): [string, NetworkOptions] => [
    `2-3-2, ${cost}`,
    { inputs: 2, layers: [{ units: 3 }, { units: 2, activation: 'tanh' }], cost },
  ]),
  ['2-3-3, hinge', { inputs: 2, layers: [{ units: 3 }, { units: 3, activation: 'linear' }], cost: 'hinge' }],
  ['2-3-1, poisson', { inputs: 2, layers: [{ units: 3 }, { units: 1, activation: 'softplus' }], cost: 'poisson' }],
  ['9-2 standardised', { inputs: 9, layers: [{ units: 2 }] }],
  // the following networks use the general kernels
  [
    '3-4-3-2 with dropout',
    { inputs: 3, layers: [{ units: 4, dropout: 0.5 }, { units: 3, activation: 'tanh', dropout: 0.25 }, { units: 2 }] },
  ],
  ['3-4-2 with dropout in the first layer', { inputs: 3, layers: [{ units: 4, dropout: 0.5 }, { units: 2 }] }],
];

const CASES = NETWORKS.flatMap(([name, options]) => [
  [name, options, false] as const,
  [`${name}, weighted`, options, true] as const,
]);

test.each(CASES)('%s: online steps have the bits of the general path', async (name, options, isWeighted) => {
  const random = randomNumbers(3);
  const samples = 60;
  const outputs = options.layers[options.layers.length - 1].units;
  const data = {
    // a third of the inputs are zero, which the general kernels leave out
    inputs: Float32Array.from({ length: samples * options.inputs }, () => Math.max(0, random() - 1 / 3)),
    targets: Float32Array.from({ length: samples * outputs }, () =>
      options.cost === 'hinge' ? Math.sign(random() - 0.5) : random(),
    ),
    // a quarter of the samples have the least weight
    ...(isWeighted && { weights: Float32Array.from({ length: samples }, () => Math.max(2 ** -149, random() - 0.25)) }),
  };
  const trained = async (clipValue?: number) => {
    const net = await createNetwork({ ...options, seed: 5 });
    const optimizer = sgd({ learningRate: 0.3, clipValue });
    const reports = [
      ...(await net.fit(data, {
        epochs: 3,
        batchSize: 1,
        optimizer,
        standardize: name.includes('standardised'),
      })),
    ];
    net.forward(data.inputs.subarray(0, options.inputs));
    const cost = net.backward(data.targets.subarray(0, outputs), data.weights?.subarray(0, 1));
    return {
      costs: [...reports.map((report) => report.cost), cost],
      layers: net.layers.map(arraysOf).map(({ weights, biases, delta }) => ({ weights, biases, delta })),
    };
  };
  const online = await trained();
  expect(online).toEqual(await trained(3e38));
  // training has changed the parameters
  expect(online.costs[2]).not.toBe(online.costs[0]);
});
