import { describe, expect, it, test, vi } from 'vitest';
import type { NetworkOptions } from '../src/index.js';
import type { Network } from '../src/network.js';
import { sgd } from '../src/spec/optimizer.js';
import { createNetwork } from './build.js';
import { bits, parameterBits } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

// The first layer has lists of the inputs that are not zero, and leaves out all others. In these tests, a second
// network is planned as one with few inputs, which has no lists and computes with all inputs. Both must give the same
// bits.

const plan = vi.hoisted(() => ({ listedInputs: 32 }));
vi.mock('../assembly/abi.js', async (original) => ({
  ...(await original<object>()),
  get LISTED_INPUTS() {
    return plan.listedInputs;
  },
}));

/** Calls a function. Networks that it makes are planned with lists. */
function withLists<T>(call: () => T): T {
  plan.listedInputs = 32;
  return call();
}

function withoutLists<T>(call: () => T): T {
  plan.listedInputs = Number.POSITIVE_INFINITY;
  return call();
}

/** Two networks of the same weights: one with lists, one without. */
async function twins(options: NetworkOptions): Promise<[Network, Network]> {
  return [await withLists(() => createNetwork(options)), await withoutLists(() => createNetwork(options))];
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
  ])('%i inputs, %i units: z, gradients and steps have the same bits as with all inputs', async (inputs, units) => {
    const [listed, whole] = await twins(options(inputs, units));
    for (const density of [0, 0.02, 0.2, 0.39, 0.5, 1]) {
      for (const rows of [1, 2, 7, 33]) {
        const x = inputsOf(make(rows * inputs), density, rows + inputs);
        const y = inputsOf(new Float32Array(rows * 3), 1, rows);
        withLists(() => listed.forward(x));
        withoutLists(() => whole.forward(x));
        for (const net of [listed, whole]) net.backward(y);
        for (const [l, layer] of listed.layers.entries()) {
          const other = whole.layers[l];
          expect(bits(layer.getZ())).toEqual(bits(other.getZ()));
          expect(bits(layer.getWeightGradients())).toEqual(bits(other.getWeightGradients()));
          expect(bits(layer.getBiasGradients())).toEqual(bits(other.getBiasGradients()));
        }
        expect(withLists(() => listed.trainBatch(x, y))).toBe(withoutLists(() => whole.trainBatch(x, y)));
        expect(parameterBits(listed)).toEqual(parameterBits(whole));
      }
    }
  });

  it('training on batches with zeros at different places has the same bits', async () => {
    const [listed, whole] = await twins(options(70, 20));
    const inputs = make(101 * 70);
    // some rows have only zeros, some have none
    for (let row = 0; row < 101; row++) inputsOf(inputs.subarray(70 * row, 70 * (row + 1)), (row % 11) / 10, row + 1);
    const targets = inputsOf(new Float32Array(101 * 3), 1, 3);
    for (const batchSize of [1, 8, 40]) {
      const training = { epochs: 2, batchSize, optimizer: sgd({ learningRate: 0.5 }) };
      const fitListed = await withLists(() => listed.fit({ inputs, targets }, training));
      const fitWhole = await withoutLists(() => whole.fit({ inputs, targets }, training));
      expect(fitListed.column('cost')).toEqual(fitWhole.column('cost'));
      expect(parameterBits(listed)).toEqual(parameterBits(whole));
    }
    expect(bits(listed.predict(inputs))).toEqual(bits(whole.predict(inputs)));
  });
});
