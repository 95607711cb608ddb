import type {
  ActivationName,
  InitializerName,
  InputArray,
  LayerOptions,
  NetworkOptions,
  TargetArray,
  TypedDataSet,
} from '../src/index.js';
import type { Network } from '../src/network.js';
import { randomFloats, randomLabels } from './random-numbers.js';

export const layer = (
  units: number,
  activation: ActivationName = 'sigmoid',
  initializer?: InitializerName,
): LayerOptions => ({
  units,
  activation,
  initializer,
});

/** Odd widths, so that every kind of padding occurs. */
export const classifier: NetworkOptions = {
  inputs: 7,
  layers: [layer(19, 'tanh'), layer(5, 'relu'), layer(3, 'softmax')],
  seed: 11,
};

/** Samples for `classifier` to learn. */
export function randomSamples(samples: number, seed = 1): { inputs: Float32Array; targets: Uint8Array } {
  return { inputs: randomFloats(samples * 7, seed), targets: randomLabels(samples, 3, seed + 1) };
}

export const rowsOf = <T extends InputArray | TargetArray>(values: T, width: number, first: number, rows: number) =>
  values.subarray(first * width, (first + rows) * width) as T;

/** Takes the steps of an epoch with trainBatch, in the order in which the samples are stored. */
export function trainInOrder(net: Network, { inputs, targets }: TypedDataSet, batchSize: number): void {
  const samples = inputs.length / net.inputs;
  const targetWidth = targets.length / samples;
  for (let first = 0; first < samples; first += batchSize) {
    const rows = Math.min(batchSize, samples - first);
    net.trainBatch(rowsOf(inputs, net.inputs, first, rows), rowsOf(targets, targetWidth, first, rows));
  }
}

export const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
