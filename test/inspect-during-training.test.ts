import { describe, expect, it } from 'vitest';
import type { NetworkOptions, TrainOptions } from '../src/index.js';
import type { Inspector } from '../src/inspection/inspector.js';
import { gradients } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { adam, sgd } from '../src/spec/optimizer.js';
import { createNetwork, EPSILON } from './build.js';
import { expectAllClose, float64, numbers, referenceOf } from './inspected.js';
import { arraysOf } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';

describe('inspecting', () => {
  const options: NetworkOptions = {
    inputs: 4,
    layers: [
      { units: 8, activation: 'relu', dropout: 0.3 },
      { units: 3, activation: 'softmax' },
    ],
    l1: 1e-4,
    seed: 8,
  };
  const random = randomNumbers(5);
  const data = {
    inputs: numbers(random, 40 * 4),
    targets: randomLabels(40, 3, random),
  };
  const x = data.inputs.slice(0, 12);
  const y = data.targets.slice(0, 3);

  /** Makes all calls that are allowed while fit is running. */
  function look(net: Network, inspector: Inspector) {
    for (const l of [0, 1]) inspector.moments(l);
    inspector.jacobian(x);
    inspector.jacobian(x, { of: 0 });
    inspector.sampleGradients(x, y);
    net.forward(x);
    net.backward(y);
    inspector.perturb({ layer: 0, unit: 2, sample: 1, amount: 0.25 });
    inspector.inputGradients();
  }

  it.each<[string, TrainOptions]>([
    ['mini-batches', { batchSize: 7, epochs: 3, optimizer: adam() }],
    ['accumulated steps', { batchSize: 5, accumulate: 3, epochs: 3, optimizer: adam() }],
    ['plain descent', { batchSize: 7, epochs: 3, optimizer: sgd({ learningRate: 0.1 }) }],
  ])('everything in callbacks does not change the bits of training: %s', async (_, fit) => {
    const [net, quiet] = await Promise.all([createNetwork(options), createNetwork(options)]);
    const inspector = await net.inspect();
    let looked = 0;
    const onBatch = () => {
      look(net, inspector);
      looked++;
    };
    const onProgress = () => look(net, inspector);
    const reports = [...(await net.fit(data, { ...fit, onBatch, onProgress }))];
    const expected = [...(await quiet.fit(data, fit))];
    expect(looked).toBeGreaterThan(8);
    expect(reports.map(({ cost }) => cost)).toEqual(expected.map(({ cost }) => cost));
    expect(await net.save({ training: true })).toEqual(await quiet.save({ training: true }));
  });

  it('a mini-batch during fit shows the z, a, delta and gradients of the reference', async () => {
    const net = await createNetwork({
      ...options,
      layers: [{ units: 8, activation: 'tanh' }, options.layers[1]],
      l1: 0,
    });
    const fit = { epochs: 1, batchSize: 10, shuffle: false, optimizer: adam() } as const;
    let batches = 0;
    await net.fit(data, {
      ...fit,
      onBatch() {
        const [inputs, labels] = [data.inputs.subarray(batches * 40, batches * 40 + 40), data.targets];
        batches++;
        // adam has already moved the weights, but z and a are still those of the step
        const { network, at } = referenceOf(net);
        const delta = net.layers.map((layer) => float64(layer.getDelta()));
        const last = at[1].a.map((ak, i) => ak - Number(labels[(batches - 1) * 10 + Math.floor(i / 3)] === i % 3));
        expectAllClose('delta^L', delta[1], last, () => 4 * EPSILON);
        const wanted = gradients(network, float64(inputs), at, delta);
        net.layers.map(arraysOf).forEach(({ weightGradients, biasGradients }, l) => {
          expectAllClose('dC/dW', weightGradients, wanted[l].dW, () => 1e-6);
          expectAllClose('dC/db', biasGradients, wanted[l].db, () => 1e-6);
        });
      },
    });
    expect(batches).toBe(4);
  });
});
