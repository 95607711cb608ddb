import { describe, expect, test } from 'vitest';
import type { ActivationName, LayerOptions } from '../src/index.js';
import { type ReferenceNetwork, step } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { sgd } from '../src/spec/optimizer.js';
import { expectWithin, noErrors, stepErrors } from './bounds.js';
import { createNetwork } from './build.js';
import { arraysOf, bits } from './parameters.js';
import { randomFloats, randomLabels, randomNumbers } from './random-numbers.js';

// A bias can be written as the weight of an input that is always 1.
//
// If that input is the first of its layer, a network without biases has the same bits as one with them. The chain of
// additions of z then starts with 0 + w . 1 instead of the bias. Both dC/db and the gradient of that weight are the sum
// of 0 + delta . 1 over the rows in ascending order.
//
// If that input is elsewhere, the additions of z come in another order, and the results agree up to rounding.

const SAMPLES = 90;
const learningRate = 0.125;

/** The matrix [rows x columns] with a column of `value` inserted before column `at`. */
function withColumn(matrix: Float32Array, columns: number, at: number, value: (row: number) => number): Float32Array {
  const rows = matrix.length / columns;
  return Float32Array.from({ length: rows * (columns + 1) }, (_, i) => {
    const row = Math.floor(i / (columns + 1));
    const column = i % (columns + 1);
    return column === at ? value(row) : matrix[row * columns + column - Number(column > at)];
  });
}

function withoutColumn(matrix: Float32Array, columns: number, at: number): Float32Array {
  return matrix.filter((_, i) => i % columns !== at);
}

interface Shape {
  inputs: number;
  /** In the network without biases, every layer except the output layer gets a unit that is always 1. */
  layers: { units: number; activation: ActivationName }[];
}

const shapes: [string, Shape][] = [
  ['one layer', { inputs: 7, layers: [{ units: 5, activation: 'sigmoid' }] }],
  [
    'softmax after tanh',
    {
      inputs: 7,
      layers: [
        { units: 9, activation: 'tanh' },
        { units: 5, activation: 'softmax' },
      ],
    },
  ],
  [
    'wide layers of relu and gelu',
    {
      inputs: 300,
      layers: [
        { units: 33, activation: 'relu' },
        { units: 18, activation: 'gelu' },
        { units: 5, activation: 'sigmoid' },
      ],
    },
  ],
];

async function withBiases({ inputs, layers }: Shape): Promise<Network> {
  const net = await createNetwork({ inputs, layers, seed: 3 });
  net.layers.forEach((layer, l) => {
    layer.setBiases(randomFloats(layer.units, 10 + l));
  });
  return net;
}

/**
 * Makes a network without biases that computes the same as `net`. Its input 0 is always 1. Unit 0 of every hidden layer
 * is always 1 too: a hardSigmoid whose z is 6 times the 1 of the layer before. It is saturated, so its slope is 0 and
 * training does not change it.
 */
async function withoutBiases({ inputs, layers }: Shape, net: Network): Promise<Network> {
  const output = layers.length - 1;
  const always: ActivationName = 'hardSigmoid';
  const free = await createNetwork({
    inputs: inputs + 1,
    layers: layers.map(({ units, activation }, l): LayerOptions => {
      if (l === output) return { units, activation };
      return { units: units + 1, activation: [always, ...Array<ActivationName>(units).fill(activation)] };
    }),
    bias: false,
    seed: 3,
  });
  net.layers.map(arraysOf).forEach(({ weights, biases, fanIn }, l) => {
    const rows = withColumn(weights, fanIn, 0, (j) => biases[j]);
    const one = new Float32Array(fanIn + 1);
    one[0] = 6;
    free.layers[l].setWeights(l === output ? rows : Float32Array.of(...one, ...rows));
  });
  return free;
}

/** Weights and biases of every layer. In the network without biases, the biases are read from the first column. */
function parametersOf(net: Network, isFree: boolean): Uint32Array[] {
  return net.layers.map(arraysOf).flatMap(({ weights, biases, fanIn }, l) => {
    if (!isFree) return [bits(weights), bits(biases)];
    const own = l === net.layers.length - 1 ? weights : weights.subarray(fanIn);
    return [bits(withoutColumn(own, fanIn, 0)), bits(own.filter((_, i) => i % fanIn === 0))];
  });
}

describe.each(shapes)('%s', (_name, shape) => {
  const outputs = shape.layers[shape.layers.length - 1].units;
  // a third of the numbers are 0, as in pictures; the first three inputs are 0 in every sample, so the core leaves them
  // out
  const inputs = randomFloats(SAMPLES * shape.inputs, 1).map((x, i) =>
    i % shape.inputs < 3 ? 0 : Math.max(0, x + 1 / 3),
  );
  const random = randomNumbers(2);
  const targets = randomLabels(SAMPLES, outputs, random);
  const freeInputs = withColumn(inputs, shape.inputs, 0, () => 1);

  test('a first input of 1 instead of biases has the same bits after epochs of training', async () => {
    const net = await withBiases(shape);
    const free = await withoutBiases(shape, net);
    expect(parametersOf(free, true)).toEqual(parametersOf(net, false));
    const options = { epochs: 4, batchSize: 8, optimizer: sgd({ learningRate }) };
    const before = net.layers[0].getBiases();
    const costs = (await net.fit({ inputs, targets }, options)).column('cost');
    const freeCosts = (await free.fit({ inputs: freeInputs, targets }, options)).column('cost');
    expect(freeCosts).toEqual(costs);
    expect(parametersOf(free, true)).toEqual(parametersOf(net, false));
    expect(bits(free.predict(freeInputs))).toEqual(bits(net.predict(inputs)));
    // training has changed the parameters
    expect(costs[3]).toBeLessThan(costs[0]);
    expect(net.layers[0].getBiases()).not.toEqual(before);
  });

  test('the weights of the input that is 1 have the gradients of the biases, bit for bit', async () => {
    const net = await withBiases(shape);
    const free = await withoutBiases(shape, net);
    const rows = 10;
    net.forward(inputs.subarray(0, rows * shape.inputs));
    free.forward(freeInputs.subarray(0, rows * (shape.inputs + 1)));
    expect(free.backward(targets.subarray(0, rows))).toBe(net.backward(targets.subarray(0, rows)));
    net.layers.map(arraysOf).forEach(({ biasGradients }, l) => {
      const { weightGradients, fanIn } = arraysOf(free.layers[l]);
      const own = l === net.layers.length - 1 ? weightGradients : weightGradients.subarray(fanIn);
      expect(bits(own.filter((_, i) => i % fanIn === 0))).toEqual(bits(biasGradients));
    });
  });
});

test('an input of 1 in the last place gives the same results up to rounding', async () => {
  const inputs = 11;
  const units = 6;
  const rows = 9;
  const weights = randomFloats(units * inputs, 1);
  const biases = randomFloats(units, 2);
  const x = randomFloats(rows * inputs, 3);
  const y = randomFloats(rows * units, 4).map(Math.abs);
  const net = await createNetwork({ inputs: inputs + 1, layers: [{ units, bias: false }] });
  net.layers[0].setWeights(withColumn(weights, inputs, inputs, (j) => biases[j]));
  net.optimizer = sgd({ learningRate });
  let reference: ReferenceNetwork = {
    inputs,
    layers: [{ units, activation: 'sigmoid', weights: Float64Array.from(weights), biases: Float64Array.from(biases) }],
    cost: 'binaryCrossEntropy',
  };
  let errors = noErrors(reference);
  const [exactX, exactY] = [Float64Array.from(x), Float64Array.from(y)];
  const settings = { learningRate, l2: 0, trainingSamples: rows };
  for (let i = 0; i < 5; i++) {
    // the bounds hold for a sum in any order
    errors = stepErrors(reference, errors, exactX, exactY, settings);
    reference = step(reference, exactX, exactY, settings);
    net.trainBatch(
      withColumn(x, inputs, inputs, () => 1),
      y,
    );
  }
  const trained = net.layers[0].getWeights();
  const column = trained.filter((_, i) => i % (inputs + 1) === inputs);
  expectWithin('weights', withoutColumn(trained, inputs + 1, inputs), reference.layers[0].weights, errors[0].weights);
  expectWithin('biases', column, reference.layers[0].biases, errors[0].biases);
});

describe('bias: false', () => {
  test('for the network applies to every layer that does not say otherwise', async () => {
    const layers: LayerOptions[] = [{ units: 3 }, { units: 3, bias: true }, { units: 2 }];
    const net = await createNetwork({ inputs: 4, layers, bias: false });
    net.layers[1].setBiases(Float32Array.of(1, 2, 3));
    expect(() => {
      net.layers[0].setBiases(Float32Array.of(0, 1, 0));
    }).toThrow('layers[0].setBiases: got biases, want zeros for a layer with bias: false');
    // zeros may be assigned, so that a network can be copied layer by layer
    net.layers[2].setBiases(new Float32Array(2));
    expect(net.layers[1].getBiases()).toEqual(Float32Array.of(1, 2, 3));
  });

  test('keeps the biases and their gradients at 0, whatever the step does', async () => {
    const net = await createNetwork({ inputs: 4, layers: [{ units: 5, bias: false }, { units: 2 }], l2: 0.5 });
    const inputs = randomFloats(40 * 4, 1);
    const targets = Uint8Array.from({ length: 40 }, (_, i) => i % 2);
    await net.fit({ inputs, targets }, { epochs: 2, batchSize: 8, accumulate: 2 });
    await net.fit({ inputs, targets }, { epochs: 2, batchSize: 8 });
    net.forward(inputs);
    net.backward(targets);
    expect(net.layers[0].getBiasGradients()).toEqual(new Float32Array(5));
    net.applyGradients();
    expect(net.layers[0].getBiases()).toEqual(new Float32Array(5));
    expect(net.layers[1].getBiases().every((b) => b !== 0)).toBe(true);
  });

  test('makes a linear network the product of its matrices', async () => {
    // a^L = W^3 W^2 x, for integers that float32 holds exactly
    const layers: LayerOptions[] = [
      { units: 3, activation: 'linear' },
      { units: 2, activation: 'linear' },
    ];
    const net = await createNetwork({ inputs: 2, layers, bias: false });
    net.layers[0].setWeights(Float32Array.of(1, 2, 3, 4, 5, 6));
    net.layers[1].setWeights(Float32Array.of(1, 0, -1, 2, 1, 0));
    expect(net.predict(Float32Array.of(7, -1))).toEqual(Float32Array.of(5 - 29, 2 * 5 + 17));
  });

  test.each([0, 1, 'no'])('%j is refused', async (bias) => {
    await expect(createNetwork({ inputs: 1, layers: [{ units: 1 }], bias: bias as never })).rejects.toThrow(
      /^bias: got .*, want true or false$/,
    );
  });
});
