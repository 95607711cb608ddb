import { describe, expect, test } from 'vitest';
import type { ActivationName, CustomCost, LayerOptions } from '../src/index.js';
import { activations } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { sgd } from '../src/spec/optimizer.js';
import { createNetwork, loadNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

// The units of a layer may have different activations. A unit's results then depend only on its own activation: they
// have the same bits as in a layer in which all units have this activation.

const NAMES = (Object.keys(activations) as ActivationName[]).filter((name) => name !== 'softmax');
const INPUTS = 5;

function numbers(count: number, seed: number): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from({ length: count }, () => random() * 4 - 2);
}

/** Uses y as dC/da, so that the output's error does not depend on what the network predicts. */
const given: CustomCost = { value: () => 0, gradient: (_a, y, out) => out.set(y) };

/**
 * A network with a layer of these activations, as the output layer or before one. The weights do not depend on the
 * activations.
 */
async function networkOf(units: number, activation: LayerOptions['activation'], isOutput: boolean): Promise<Network> {
  const net = await createNetwork({
    inputs: INPUTS,
    layers: [{ units, activation }, ...(isOutput ? [] : [{ units: 3, activation: 'linear' as const }])],
    cost: given,
    batchSize: 4,
  });
  net.layers.forEach((layer, l) => {
    layer.setWeights(numbers(layer.units * layer.fanIn, 2 * l));
    layer.setBiases(numbers(layer.units, 2 * l + 1));
  });
  return net;
}

/** Column j of [rows x units], as bits. */
function column(values: Float32Array, units: number, j: number): number[] {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Array.from({ length: words.length / units }, (_, row) => words[row * units + j]);
}

const drawn = (units: number) => {
  const random = randomNumbers(units);
  return Array.from({ length: units }, () => NAMES[Math.floor(random() * NAMES.length)]);
};
const patterns: [string, (units: number) => ActivationName[]][] = [
  ['all in turn', (units) => Array.from({ length: units }, (_, j) => NAMES[j % NAMES.length])],
  ['two halves', (units) => Array.from({ length: units }, (_, j) => (2 * j < units ? 'gelu' : 'relu'))],
  ['one among others', (units) => Array.from({ length: units }, (_, j) => (j === units - 1 ? 'selu' : 'tanh'))],
  ['drawn', drawn],
];

describe.each(patterns)('functions: %s', (_name, pattern) => {
  test.each([2, 3, 4, 5, 15, 16, 17, 33, 130])(
    'each of %i units has the bits of a layer in which all units have its function',
    async (units) => {
      const names = pattern(units);
      for (const isOutput of [false, true]) {
        const mixed = await networkOf(units, names, isOutput);
        const uniform = new Map<ActivationName, Network>();
        for (const name of new Set(names)) uniform.set(name, await networkOf(units, name, isOutput));
        // kernels take rows one by one, four at once and eight at once: these numbers need every mixture, and 33 is
        // more than the network was made for
        for (const rows of [1, 3, 4, 7, 8, 9, 13, 33]) {
          const x = numbers(rows * INPUTS, rows);
          const y = numbers(rows * mixed.outputs, rows + 1);
          for (const net of [mixed, ...uniform.values()]) {
            net.forward(x);
            net.backward(y);
          }
          const { z, a, delta } = arraysOf(mixed.layers[0]);
          const alone = new Map([...uniform].map(([name, net]) => [name, values(net)]));
          names.forEach((name, j) => {
            const other = alone.get(name)!;
            expect(column(z, units, j), `z of unit ${j}`).toEqual(column(other.z, units, j));
            expect(column(a, units, j), `a of unit ${j}, ${name}`).toEqual(column(other.a, units, j));
            expect(column(delta, units, j), `delta of unit ${j}, ${name}`).toEqual(column(other.delta, units, j));
          });
        }
      }
    },
  );
});

function values(net: Network) {
  const { z, a, delta } = arraysOf(net.layers[0]);
  return { z, a, delta };
}

const OPTIONS = {
  inputs: INPUTS,
  layers: [
    { units: 21, activation: drawn(21) },
    { units: 13, activation: drawn(13), dropout: 0.25 },
    // outputs that can reach any target
    { units: 4, activation: ['linear', 'prelu', 'leakyRelu', 'linear'] },
  ],
  cost: 'quadratic',
  seed: 5,
} as const;

const data = { inputs: numbers(50 * INPUTS, 1), targets: numbers(50 * 4, 2) };

async function trained(batchSize: number): Promise<Network> {
  const net = await createNetwork({ ...OPTIONS, batchSize });
  await net.fit(data, { epochs: 3, batchSize: 11, optimizer: sgd({ learningRate: 0.02 }) });
  return net;
}

test('training mixed layers has the same bits for any batch size at create', async () => {
  expect(await (await trained(1)).save()).toEqual(await (await trained(100)).save());
});

test('training mixed layers lowers the cost', async () => {
  const net = await createNetwork(OPTIONS);
  const before = (await net.evaluate(data)).cost;
  await net.fit(data, { epochs: 100, batchSize: 10, optimizer: sgd({ learningRate: 0.02 }) });
  expect((await net.evaluate(data)).cost).toBeLessThan(0.8 * before);
});

test('the functions of a layer can be read, but not changed', async () => {
  const net = await networkOf(2, ['relu', 'tanh'], false);
  const { activation } = net.layers[0];
  expect(() => {
    (activation as string[])[0] = 'linear';
  }).toThrow(TypeError);
  expect(activation).toEqual(['relu', 'tanh']);
});

test('a saved network keeps the function of each unit', async () => {
  const net = await trained(8);
  const loaded = await loadNetwork(await net.save());
  expect(loaded.layers.map(({ activation }) => activation)).toEqual(OPTIONS.layers.map(({ activation }) => activation));
  expect(loaded.predict(data.inputs)).toEqual(net.predict(data.inputs));
});

test('a list of equal names becomes one name for the layer', async () => {
  const net = await createNetwork({ inputs: 2, layers: [{ units: 3, activation: ['tanh', 'tanh', 'tanh'] }] });
  expect(net.layers[0].activation).toBe('tanh');
});

test.each<[string, LayerOptions['activation'], RegExp]>([
  ['too few names', ['tanh', 'relu'], /^layers\[0\]\.activation: got 2 names, want 3, one for each unit$/],
  ['no name', [], /^layers\[0\]\.activation: got 0 names, want 3, one for each unit$/],
  [
    'an unknown name',
    ['tanh', 'swish' as never, 'relu'],
    /^layers\[0\]\.activation\[1\]: got "swish", want one of linear, /,
  ],
  // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
  ['a hole', ['tanh', , 'relu'] as never, /^layers\[0\]\.activation\[1\]: got undefined, want one of linear, /],
  [
    'softmax for one unit',
    ['tanh', 'softmax', 'relu'],
    /^layers\[0\]\.activation\[1\]: got "softmax", want a function of one unit/,
  ],
])('%s is refused', async (_name, activation, message) => {
  await expect(createNetwork({ inputs: 2, layers: [{ units: 3, activation }] })).rejects.toThrow(message);
});

test.each(['binaryCrossEntropy', 'categoricalCrossEntropy', 'hinge', 'kullbackLeibler', 'poisson'] as const)(
  'mixed outputs with %s are refused',
  async (cost) => {
    const layers: LayerOptions[] = [{ units: 2, activation: ['sigmoid', 'tanh'] }];
    await expect(createNetwork({ inputs: 2, layers, cost })).rejects.toThrow(
      `cost: got "${cost}" with mixed outputs, want`,
    );
  },
);

test('mixed outputs have the quadratic cost by default', async () => {
  const net = await createNetwork({ inputs: 2, layers: [{ units: 2, activation: ['sigmoid', 'tanh'] }] });
  expect(net.cost).toBe('quadratic');
});
