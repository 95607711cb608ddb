import type { Trainer } from '../../bench/peers/arrays.mjs';
import { PlainNetwork } from '../../bench/pure-js.js';
import type { Job } from './bench.js';

/** Plain JavaScript on flat typed arrays, on the bytes of the images: bench/pure-js.ts. */
export function createPlain({ contest, inputs, outputs, layers, x, y }: Job): Trainer {
  const { batchSize, learningRate } = contest;
  const net = new PlainNetwork(inputs, layers, contest.cost, batchSize);
  return {
    reset() {
      layers.forEach(({ weights, biases }, l) => {
        net.setParameters(l, weights, biases);
      });
    },
    train(samples, epochs) {
      const [images, targets] = [x.subarray(0, samples * inputs), y.subarray(0, samples * outputs)];
      let cost = 0;
      for (let epoch = 0; epoch < epochs; epoch++)
        cost = net.trainEpoch(images, 1 / 255, targets, batchSize, learningRate);
      return cost;
    },
  };
}
