import { expect, test } from 'vitest';
import { PlainSmallNetwork } from '../bench/pure-js-small.js';
import { makeWorkload, workloadNames } from '../bench/workloads.js';
import { adam, Network, sgd } from '../src/index.js';

// The rival of the benchmarks for small networks computes what simdprop computes, and so do the small workloads.

const SMALL = ['2-8-8-1 full batch', '30-16-2 Adam batch 32', 'micro:bit 24-16-4 batch 16'];

test.each(SMALL)('plain JavaScript trains %s to the costs and weights of simdprop', async (name) => {
  expect(workloadNames).toContain(name);
  const { inputs, layers, cost, data, targetRows, learningRate, batchSize, optimizer } = makeWorkload(name);
  const net = await Network.create({ inputs, layers, cost, seed: 1 });
  const start = net.layers.map((layer, l) => ({
    ...layers[l],
    weights: layer.getWeights(),
    biases: layer.getBiases(),
  }));
  const plain = new PlainSmallNetwork(inputs, start);
  const isAdam = optimizer === 'adam';
  const options = { epochs: 3, batchSize, optimizer: (isAdam ? adam : sgd)({ learningRate }), shuffle: false };
  const { last } = await net.fit(data, options);
  const train = () => plain.trainEpoch(data.inputs as Float32Array, targetRows, batchSize, learningRate, isAdam);
  const costs = [train(), train(), train()];
  expect(costs[2]).toBeLessThan(costs[0]);
  expect(Math.abs(costs[2] / (last?.cost ?? 0) - 1)).toBeLessThan(1e-4);
  net.layers.forEach((layer, l) => {
    const weights = layer.getWeights();
    const biases = layer.getBiases();
    // a rounding of Adam's first steps moves a weight whose gradient is almost 0 by up to its rate
    plain.weights(l).forEach((w, i) => {
      expect(Math.abs(w - weights[i])).toBeLessThan(isAdam ? 3e-3 : 1e-5);
    });
    plain.biases(l).forEach((b, i) => {
      expect(Math.abs(b - biases[i])).toBeLessThan(isAdam ? 3e-3 : 1e-5);
    });
  });
  start.forEach(({ weights, biases }, l) => {
    plain.setParameters(l, weights, biases);
  });
  expect(train()).toBe(costs[0]);
  net.dispose();
});

test('refuses activations that it does not know', () => {
  const layer = { units: 1, weights: new Float32Array(1), biases: new Float32Array(1) };
  const linear = { ...layer, activation: 'linear' as const };
  const sigmoid = { ...layer, activation: 'sigmoid' as const };
  expect(() => new PlainSmallNetwork(1, [sigmoid])).toThrow('got sigmoid, want linear or softmax');
  expect(() => new PlainSmallNetwork(1, [linear, linear])).toThrow('layers[0].activation: got linear');
});
