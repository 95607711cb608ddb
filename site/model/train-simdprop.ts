import { sgd } from 'simdprop';
import type { Trainer } from '../../bench/peers/arrays.mjs';
import { createNetwork, type Job } from './bench.js';

/** simdprop with its defaults: one thread, on the bytes of the images. */
export async function createSimdprop({ contest, inputs, outputs, layers, x, y }: Job): Promise<Trainer> {
  const { batchSize, learningRate } = contest;
  const net = await createNetwork(contest);
  const optimizer = sgd({ learningRate });
  return {
    reset() {
      layers.forEach(({ weights, biases }, l) => {
        net.layers[l].setWeights(weights);
        net.layers[l].setBiases(biases);
      });
    },
    async train(samples, epochs) {
      const data = { inputs: x.subarray(0, samples * inputs), targets: y.subarray(0, samples * outputs) };
      const { last } = await net.fit(data, { epochs, batchSize, optimizer, shuffle: false });
      return last?.cost ?? Number.NaN;
    },
  };
}
