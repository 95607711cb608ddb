import { describe, expect, it, test } from 'vitest';
import type { NetworkOptions } from '../src/index.js';
import type { Network } from '../src/network.js';
import { sgd } from '../src/spec/optimizer.js';
import { createNetwork, randomNumbers } from './build.js';

// The products of the first layer leave out inputs that are zero, with lists of the inputs that are not. A network that
// is standardised to itself, (x - 0) / 1, has no such lists and computes with all inputs: both must give the same bits.

const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);
const parametersOf = (net: Network) => net.layers.flatMap(({ weights, biases }) => [bits(weights), bits(biases)]);

/** Two networks of the same weights: one with lists, one without. */
async function twins(options: NetworkOptions): Promise<[Network, Network]> {
  const [listed, whole] = [await createNetwork(options), await createNetwork(options)];
  whole.standardization = {
    means: new Float32Array(options.inputs),
    deviations: new Float32Array(options.inputs).fill(1),
  };
  return [listed, whole];
}

function inputsOf<T extends Float32Array | Uint8Array>(x: T, density: number, seed: number): T {
  const random = randomNumbers(seed);
  for (let i = 0; i < x.length; i++) {
    const value = x instanceof Uint8Array ? 1 + Math.floor(255 * random()) : random() - 0.5;
    x[i] = random() < density ? value : x instanceof Uint8Array || random() < 0.5 ? 0 : -0;
  }
  return x;
}

const options = (inputs: number, units: number): NetworkOptions => ({
  inputs,
  layers: [
    { units, activation: 'tanh' },
    { units: 3, activation: 'sigmoid' },
  ],
  cost: 'quadratic',
  seed: 5,
});

describe.each([
  ['floats', (length: number) => new Float32Array(length)],
  ['bytes', (length: number) => new Uint8Array(length)],
] as const)('inputs with zeros, as %s', (_, make) => {
  test.each([
    [32, 1],
    [33, 16],
    [47, 17],
    [63, 5],
    [64, 40],
    [100, 33],
    [784, 30],
  ])('%i inputs, %i units: z, gradients and steps have the bits of all inputs', async (inputs, units) => {
    const [listed, whole] = await twins(options(inputs, units));
    for (const density of [0, 0.02, 0.2, 0.39, 0.5, 1]) {
      for (const rows of [1, 2, 7, 33]) {
        const x = inputsOf(make(rows * inputs), density, rows + inputs);
        const y = inputsOf(new Float32Array(rows * 3), 1, rows);
        for (const net of [listed, whole]) {
          net.forward(x);
          net.backward(y);
        }
        for (const [l, layer] of listed.layers.entries()) {
          const other = whole.layers[l];
          expect(bits(layer.z)).toEqual(bits(other.z));
          expect(bits(layer.weightGradients)).toEqual(bits(other.weightGradients));
          expect(bits(layer.biasGradients)).toEqual(bits(other.biasGradients));
        }
        expect(listed.trainBatch(x, y)).toBe(whole.trainBatch(x, y));
        expect(parametersOf(listed)).toEqual(parametersOf(whole));
      }
    }
  });

  it('in training, batch after batch of other zeros', async () => {
    const [listed, whole] = await twins(options(70, 20));
    const inputs = make(101 * 70);
    // some rows of zeros, some without one
    for (let row = 0; row < 101; row++) inputsOf(inputs.subarray(70 * row, 70 * (row + 1)), (row % 11) / 10, row + 1);
    const targets = inputsOf(new Float32Array(101 * 3), 1, 3);
    for (const batchSize of [1, 8, 40]) {
      const training = { epochs: 2, batchSize, optimizer: sgd({ learningRate: 0.5 }) };
      const [report] = await listed.fit({ inputs, targets }, training);
      expect(report.cost).toBe((await whole.fit({ inputs, targets }, training))[0].cost);
      expect(parametersOf(listed)).toEqual(parametersOf(whole));
    }
    expect(bits(listed.predict(inputs))).toEqual(bits(whole.predict(inputs)));
  });
});
