import { describe, expect, it } from 'vitest';
import { forward, meanCost } from '../src/inspection/reference.js';
import { EPSILON } from './build.js';
import { expectAllClose, float64, networkOf, numbers, product, referenceOf } from './inspected.js';
import { arraysOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

describe('gradients by input and by sample', () => {
  const net = () =>
    networkOf(
      {
        inputs: 5,
        layers: [
          { units: 9, activation: 'silu' },
          { units: 4, activation: 'softmax' },
        ],
        l2: 0.5,
        labelSmoothing: 0.1,
      },
      4,
    );
  const rows = 6;
  const x = numbers(randomNumbers(9), rows * 5);
  const labels = Uint8Array.of(0, 1, 2, 3, 1, 1);
  const weights = Float32Array.of(1, 2, 0, 0.5, 1, 3);

  it('have the gradient of the batch as their mean, and each is the gradient of the sample alone', async () => {
    const network = await net();
    const inspector = await network.inspect();
    const samples = inspector.sampleGradients(x, labels, weights);
    network.forward(x);
    network.backward(labels, weights);
    const mean = (values: Float32Array) => {
      const width = values.length / rows;
      return Array.from({ length: width }, (_, i) => {
        const own = Array.from({ length: rows }, (_, row) => values[row * width + i]);
        // the sample of weight 0 does not count
        const size = own.reduce((s, g) => s + Math.abs(g), 0) / (rows - 1);
        return { mean: own.reduce((s, g) => s + g, 0) / (rows - 1), size };
      });
    };
    network.layers.map(arraysOf).forEach(({ weightGradients, biasGradients }, l) => {
      for (const [got, own] of [
        [weightGradients, samples[l].weights],
        [biasGradients, samples[l].biases],
      ]) {
        const wanted = mean(own);
        // a product, a sum of six numbers and the factor 1/5 are rounded
        expectAllClose(
          'mean',
          got,
          wanted.map((value) => value.mean),
          (i) => 10 * EPSILON * wanted[i].size,
        );
      }
    });
    network.forward(x.subarray(15, 20));
    network.backward(labels.subarray(3, 4), weights.subarray(3, 4));
    const { weightGradients, biasGradients } = arraysOf(network.layers[1]);
    expect(samples[1].weights.subarray(3 * 36, 4 * 36)).toEqual(weightGradients);
    expect(samples[1].biases.subarray(3 * 4, 4 * 4)).toEqual(biasGradients);
  });

  it('are the slopes of the cost when an input is moved', async () => {
    const network = await net();
    const inspector = await network.inspect();
    network.forward(x);
    network.backward(labels, weights);
    const got = inspector.inputGradients();
    const { network: reference, at } = referenceOf(network);
    const y = Float64Array.from({ length: rows * 4 }, (_, i) => (labels[Math.floor(i / 4)] === i % 4 ? 0.925 : 0.025));
    const h = 2 ** -15;
    const wanted = Array.from(x, (value, i) => {
      const costAt = (moved: number) =>
        meanCost(reference, forward(reference, float64(x).with(i, moved), at), y, float64(weights)) * rows;
      return (costAt(value + h) - costAt(value - h)) / (2 * h);
    });
    expectAllClose('dC_x/dx', got, wanted, () => 1e-5);
  });

  it('agree with the Jacobian: dC/dx = (da^L/dx)^T dC/da', async () => {
    const network = await networkOf(
      { inputs: 5, layers: [{ units: 7, activation: 'gelu' }, { units: 3 }], cost: 'quadratic' },
      6,
    );
    const inspector = await network.inspect();
    const y = numbers(randomNumbers(3), rows * 3);
    const jacobian = inspector.jacobian(x);
    network.forward(x);
    network.backward(y);
    const { a } = arraysOf(network.layers[1]);
    const slopes = a.map((ak, k) => ak - y[k]);
    const wanted = product(slopes, jacobian, rows, 3);
    expectAllClose('dC/dx', inspector.inputGradients(), wanted, () => 1e-5);
  });
});
