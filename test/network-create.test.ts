import { describe, expect, it } from 'vitest';
import type { ActivationName, InitializerName, NetworkOptions } from '../src/index.js';
import { sgd } from '../src/index.js';
import { createNetwork } from './build.js';
import { classifier, layer } from './classifier.js';
import { arraysOf, bits, parameterBits } from './parameters.js';
import { randomFloats } from './random-numbers.js';

describe('creation', () => {
  it('draws the same weights for the same seed, and others for another seed', async () => {
    const options: NetworkOptions = {
      inputs: 9,
      layers: [layer(17, 'tanh', 'standardNormal'), layer(3, 'sigmoid', 'scaledNormal')],
    };
    const first = await createNetwork({ ...options, seed: 42 });
    const again = await createNetwork({ ...options, seed: 42, batchSize: 1 });
    expect(parameterBits(again)).toEqual(parameterBits(first));
    // the high half of the seed counts too
    for (const seed of [undefined, 43, 42 + 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const other = await createNetwork({ ...options, seed });
      parameterBits(other).forEach((values, i) => {
        expect(values).not.toEqual(parameterBits(first)[i]);
      });
    }
  });

  it('draws other numbers for each layer, and for weights than for biases', async () => {
    const net = await createNetwork({
      inputs: 4,
      layers: [layer(4, 'linear', 'standardNormal'), layer(4, 'linear', 'standardNormal')],
    });
    const drawn = net.layers.map(arraysOf).flatMap(({ weights, biases }) => [...weights, ...biases]);
    expect(new Set(drawn).size).toBe(2 * (16 + 4));
  });

  const fanIn = 300;
  const units = 101;
  const glorot = 2 / (fanIn + units);
  it.each<{ initializer: InitializerName; variance: number; kurtosis: number; biasVariance: number }>([
    { initializer: 'glorotUniform', variance: glorot, kurtosis: 9 / 5, biasVariance: 0 },
    { initializer: 'glorotNormal', variance: glorot, kurtosis: 3, biasVariance: 0 },
    { initializer: 'heUniform', variance: 2 / fanIn, kurtosis: 9 / 5, biasVariance: 0 },
    { initializer: 'heNormal', variance: 2 / fanIn, kurtosis: 3, biasVariance: 0 },
    { initializer: 'lecunUniform', variance: 1 / fanIn, kurtosis: 9 / 5, biasVariance: 0 },
    { initializer: 'lecunNormal', variance: 1 / fanIn, kurtosis: 3, biasVariance: 0 },
    { initializer: 'scaledNormal', variance: 1 / fanIn, kurtosis: 3, biasVariance: 1 },
    { initializer: 'standardNormal', variance: 1, kurtosis: 3, biasVariance: 1 },
  ])('$initializer has mean 0 and its variance', async ({ initializer, variance, kurtosis, biasVariance }) => {
    const net = await createNetwork({ inputs: fanIn, layers: [layer(units, 'tanh', initializer)], seed: 3 });
    const { weights, biases } = arraysOf(net.layers[0]);
    // The tolerance is four standard errors. That of a mean of n numbers is sqrt(variance / n), that of a variance is
    // variance sqrt((kurtosis - 1) / n).
    const expectMoments = (values: Float32Array, expected: number) => {
      const n = values.length;
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const square = values.reduce((sum, value) => sum + value ** 2, 0) / n;
      expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(expected / n));
      expect(Math.abs(square - expected)).toBeLessThan(4 * expected * Math.sqrt((kurtosis - 1) / n));
    };
    expectMoments(weights, variance);
    if (biasVariance) expectMoments(biases, biasVariance);
    else expect(biases).toEqual(new Float32Array(units));
    // a uniform distribution ends at sqrt(3) deviations, a normal one of 30,300 numbers does not
    const largest = weights.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
    const end = Math.sqrt(3 * variance);
    if (kurtosis < 3) expect(largest).toBeLessThanOrEqual(Math.fround(end));
    else expect(largest).toBeGreaterThan(2 * end);
  });

  it('zeros makes every weight and bias 0', async () => {
    const net = await createNetwork({ inputs: 5, layers: [layer(6, 'tanh', 'zeros')] });
    expect(net.layers[0].getWeights().every((w) => w === 0)).toBe(true);
    // none is -0: with -0 as the start of a sum, the result would depend on whether inputs that are 0 are left out
    expect(bits(net.layers[0].getBiases())).toEqual(new Uint32Array(6));
  });

  it('initialises relu layers with heNormal and all others with glorotUniform', async () => {
    const first = await createNetwork({ inputs: 9, layers: [layer(8, 'relu'), layer(4, 'tanh')] });
    const named = await createNetwork({
      inputs: 9,
      layers: [layer(8, 'relu', 'heNormal'), layer(4, 'tanh', 'glorotUniform')],
    });
    expect(parameterBits(first)).toEqual(parameterBits(named));
  });

  it('shows its options as properties', async () => {
    const net = await createNetwork({ ...classifier, l2: 2 });
    expect(net).toMatchObject({ inputs: 7, outputs: 3, cost: 'categoricalCrossEntropy', l2: 2, seed: 11 });
    expect(net.parameters).toBe(8 * 19 + 20 * 5 + 6 * 3);
    expect(net.layers.map(({ fanIn, units, activation }) => [fanIn, units, activation])).toEqual([
      [7, 19, 'tanh'],
      [19, 5, 'relu'],
      [5, 3, 'softmax'],
    ]);
    expect(net.optimizer).toEqual(sgd({ learningRate: 0.1 }));
    expect(net.trainingSamples).toBeUndefined();
  });

  it('has the cost that belongs to the output activation', async () => {
    const costOf = async (activation: ActivationName) =>
      (await createNetwork({ inputs: 1, layers: [layer(2, activation)] })).cost;
    expect(await costOf('sigmoid')).toBe('binaryCrossEntropy');
    expect(await costOf('softmax')).toBe('categoricalCrossEntropy');
    expect(await costOf('tanh')).toBe('quadratic');
    expect(await costOf('relu')).toBe('quadratic');
    expect(await costOf('linear')).toBe('quadratic');
  });

  it('returns the weights and biases that were assigned, for any widths', async () => {
    for (const [inputs, units] of [
      [1, 1],
      [2, 3],
      [3, 4],
      [5, 15],
      [15, 16],
      [16, 17],
      [33, 31],
      [7, 65],
    ]) {
      const net = await createNetwork({ inputs, layers: [layer(units), layer(3)] });
      const next = bits(net.layers[1].getWeights());
      const weights = randomFloats(inputs * units, 1);
      const biases = randomFloats(units, 2);
      net.layers[0].setWeights(weights);
      net.layers[0].setBiases(biases);
      expect(bits(net.layers[0].getWeights())).toEqual(bits(weights));
      expect(bits(net.layers[0].getBiases())).toEqual(bits(biases));
      // each read returns a copy: writing into it changes nothing
      net.layers[0].getWeights().fill(0);
      net.layers[0].getBiases().fill(0);
      expect(net.layers[0].getWeights()).toEqual(weights);
      expect(net.layers[0].getBiases()).toEqual(biases);
      expect(bits(net.layers[1].getWeights())).toEqual(next);
    }
  });

  it('has w_jk at j * fanIn + k: row j holds the weights of unit j', async () => {
    const net = await createNetwork({ inputs: 3, layers: [layer(2, 'linear')] });
    net.layers[0].setWeights(new Float32Array([1, 2, 4, 8, 16, 32]));
    net.layers[0].setBiases(new Float32Array([64, 128]));
    expect(net.predict(new Float32Array([1, 0, 0, 0, 1, 1]))).toEqual(new Float32Array([65, 136, 70, 176]));
  });
});
