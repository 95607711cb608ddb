import { describe, expect, it } from 'vitest';
import { sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork } from './build.js';
import { layer } from './classifier.js';
import { arraysOf, bits } from './parameters.js';

describe('l2', () => {
  /**
   * All inputs are 0 and the targets equal the bias, so there is nothing to learn: a step consists of the decay alone.
   */
  async function decaying(): Promise<{ net: Network; weights: Float32Array; biases: Float32Array }> {
    const net = await createNetwork({ inputs: 5, layers: [layer(3, 'linear', 'standardNormal')], l2: 0.75, seed: 1 });
    net.optimizer = sgd({ learningRate: 0.5 });
    const { weights, biases } = arraysOf(net.layers[0]);
    return { net, weights, biases };
  }
  const decayed = (weights: Float32Array, samples: number, steps: number) => {
    const factor = Math.fround(1 - (0.5 * 0.75) / samples);
    for (let step = 0; step < steps; step++) weights = weights.map((w) => w * factor);
    return weights;
  };

  it('multiplies weights by 1 - eta lambda / n in each step, with n the samples of fit, and leaves biases as they are', async () => {
    const { net, weights, biases } = await decaying();
    const targets = Float32Array.from({ length: 6 * 3 }, (_, i) => biases[i % 3]);
    await net.fit({ inputs: new Float32Array(6 * 5), targets }, { batchSize: 2, epochs: 2 });
    expect(net.trainingSamples).toBe(6);
    expect(bits(net.layers[0].getWeights())).toEqual(bits(decayed(weights, 6, 6)));
    expect(bits(net.layers[0].getBiases())).toEqual(bits(biases));
  });

  it('uses the rows of the batch as n until trainingSamples is known', async () => {
    for (const trainingSamples of [undefined, 100]) {
      const { net, weights, biases } = await decaying();
      net.trainingSamples = trainingSamples;
      const n = trainingSamples ?? 4;
      const x = new Float32Array(4 * 5);
      const y = Float32Array.from({ length: 4 * 3 }, (_, i) => biases[i % 3]);
      expect(net.trainBatch(x, y)).toBe(0);
      expect(bits(net.layers[0].getWeights())).toEqual(bits(decayed(weights, n, 1)));
      net.forward(x);
      net.backward(y);
      expect(net.layers[0].getWeightGradients()).toEqual(new Float32Array(15));
      net.applyGradients();
      expect(bits(net.layers[0].getWeights())).toEqual(bits(decayed(weights, n, 2)));
      expect(bits(net.layers[0].getBiases())).toEqual(bits(biases));
      expect(net.trainingSamples).toBe(trainingSamples);
    }
  });
});
