import type { DataSet, TrainOptions } from '../../src/index.js';
import { adam, cosine } from '../../src/index.js';
import { createNetwork, loadNetwork } from '../build.js';
import { hashOf } from '../parameters.js';
import { randomFloats, randomLabels, randomNumbers } from '../random-numbers.js';

// The training of the process that is killed again and again.

const random = randomNumbers(77);
const data: DataSet = {
  inputs: randomFloats(60 * 8, random),
  targets: randomLabels(60, 3, random),
};
export const STEPS = 40 * 12;
const options: TrainOptions = {
  epochs: 40,
  batchSize: 5,
  optimizer: adam({ learningRate: cosine({ initial: 0.01, steps: STEPS }) }),
  validation: data,
  earlyStopping: { patience: 40 },
};

/** Trains from a checkpoint, or from the start, to the end. Returns the SHA-256 of the weights. */
export async function train(checkpoint?: Uint8Array, save?: (bytes: Uint8Array) => void): Promise<string> {
  const net = checkpoint
    ? await loadNetwork(checkpoint)
    : await createNetwork({
        inputs: 8,
        layers: [
          { units: 20, activation: 'relu', dropout: 0.2 },
          { units: 3, activation: 'softmax' },
        ],
        seed: 9,
      });
  await net.fit(data, { ...options, onBatch: save && (async () => save(await net.save({ training: true }))) });
  return hashOf(net);
}
