import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readBrain } from '../../src/brain.js';
import { readFann } from '../../src/fann.js';
import { distanceOf } from './onnxruntime.js';

const read = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const jsonOf = (name: string) => JSON.parse(new TextDecoder().decode(read(name)));

describe.each([1, 2])('brain.js %i.x', (version) => {
  const nets = jsonOf(`brain-${version}.json`);

  it.each(['sigmoid', 'tanh', 'relu', 'leaky-relu'])('%s', async (name) => {
    const { json, x, y } = nets[name];
    const { network, notes } = await readBrain(json);
    const isUnsaid = version === 1 && name === 'leaky-relu';
    expect(notes).toEqual([
      ...(isUnsaid ? ['leakyReluAlpha is not in the file: 0.01 was taken, as brain.js does'] : []),
      'trainOpts stay behind: learningRate 0.1, momentum 0.1, iterations 200',
    ]);
    expect(network.cost).toBe('quadratic');
    // brain.js 1.6 computes 0 below and 0.01 z above, which is a scaled relu
    const activation = name === 'leaky-relu' ? (version === 1 ? 'relu' : 'leakyRelu') : name;
    expect(network.layers.map((layer) => layer.activation)).toEqual(network.layers.map(() => activation));
    expect(distanceOf(network.predict(x), y.flat())).toBeLessThan(1e-6);
    const text = JSON.stringify(json);
    for (const same of [text, new TextEncoder().encode(text)]) {
      expect((await readBrain(same)).network.predict(x)).toEqual(network.predict(x));
    }
  });

  it('names of inputs and outputs, and the threshold', async () => {
    const { json, x, y } = nets.names;
    const { network, threshold } = await readBrain(json, { network: { task: 'labels' } });
    expect(network.columns).toEqual(['r', 'g', 'b']);
    expect(network.classes).toEqual(['black', 'white', 'light "blue"']);
    expect(threshold).toBe(version === 1 ? undefined : 0.25);
    const rows = x.map((row: Record<string, number>) => network.columns?.map((name) => row[name]));
    const wanted = y.flatMap((row: Record<string, number>) => network.classes?.map((name) => row[name]));
    expect(distanceOf(network.predict(rows), wanted)).toBeLessThan(1e-6);
    expect(network.classify(rows, { threshold: 0.25 })).toHaveLength(2);
  });
});

it('the first versions of brain.js 2.x name the type, but have the layers of 1.x', async () => {
  const { json, x, y } = jsonOf('brain-1.json').tanh;
  const { network } = await readBrain({ ...json, type: 'NeuralNetwork' });
  expect(distanceOf(network.predict(x), y.flat())).toBeLessThan(1e-6);
});

it('leaky relu of brain.js 2 has the slope of the file', async () => {
  const { json } = jsonOf('brain-2.json')['leaky-relu'];
  const trainOpts = { activation: 'leaky-relu', leakyReluAlpha: 0.2 };
  const { network } = await readBrain({ ...json, trainOpts });
  expect(network.layers[0].activation).toEqual({ name: 'leakyRelu', slope: 0.2 });
});

describe('what is no network of brain.js is refused', () => {
  const { json } = jsonOf('brain-2.json')['leaky-relu'];
  const with2 = (more: object) => ({ ...json, ...more });
  it.each([
    ['a recurrent network', with2({ type: 'LSTM' }), 'got "LSTM", want "NeuralNetwork": it is recurrent'],
    ['layers of other kinds', with2({ type: 'FeedForward' }), '"NeuralNetwork": its layers are of other kinds'],
    ['a recurrent network of 1.x', { options: {}, hiddenLayers: [], input: {} }, 'this library has no loops'],
    [
      'a slope that is no number',
      with2({ trainOpts: { activation: 'leaky-relu', leakyReluAlpha: '0.2' } }),
      'leakyReluAlpha: got "0.2", want a finite number',
    ],
    [
      'another function',
      with2({ trainOpts: { activation: 'swish' } }),
      'activation: got "swish", want one of sigmoid, relu',
    ],
    ['no layers', with2({ layers: [] }), 'layers: got 0, want 2 or more'],
    [
      'a weight that is null',
      with2({ layers: [{}, { weights: [[1, null]], biases: [1] }] }),
      'weights[0][1]: got null, want a number',
    ],
    ['a row that is short', with2({ layers: [{}, { weights: [[1]], biases: [1] }] }), 'got 1 number, want 2'],
    ['a list', [], 'want what net.toJSON() of brain.js returns'],
    ['__proto__', JSON.parse('{"__proto__": {"layers": [[], []]}}'), 'layers: got undefined'],
    ['text', '{', 'got no JSON'],
  ])('%s', async (_, value, message) => {
    await expect(readBrain(value)).rejects.toThrow(message);
  });
});

describe('FANN', () => {
  const expected = jsonOf('fann.json');

  it.each(['sigmoid', 'symmetric', 'elliot', 'piece', 'sparse'])('%s', async (name) => {
    const { network, notes } = await readFann(read(`fann-${name}.net`));
    expect(notes).toEqual([
      ...(name === 'piece' ? [expect.stringContaining('a linear layer was added')] : []),
      'the options of training stay behind: training_algorithm, learning_rate and others',
    ]);
    expect(network.cost).toBe('quadratic');
    const { x, y } = expected[name];
    expect(distanceOf(network.predict(x), y)).toBeLessThan(2e-6);
  });

  const text = new TextDecoder().decode(read('fann-sigmoid.net'));
  /** Another function for a neuron of the first layer with weights. */
  const withFunction = (neuron: number, code: number) => {
    let next = 0;
    return text.replace(/\(4, 3, /g, (entry) => (next++ === neuron ? `(4, ${code}, ` : entry));
  };
  // in the order of fann_activationfunc_enum
  const UNKNOWN = [
    'THRESHOLD',
    'THRESHOLD_SYMMETRIC',
    'SIGMOID_STEPWISE',
    'SIGMOID_SYMMETRIC_STEPWISE',
    'GAUSSIAN',
    'GAUSSIAN_SYMMETRIC',
    'GAUSSIAN_STEPWISE',
    'SIN_SYMMETRIC',
    'COS_SYMMETRIC',
    'SIN',
    'COS',
  ];
  const CODES = [1, 2, 4, 6, 7, 8, 9, 14, 15, 16, 17];
  it.each<[string, string, string]>([
    [
      'a stepwise sigmoid',
      new TextDecoder().decode(read('fann-stepwise.net')),
      'layer 1, neuron 0: got FANN_SIGMOID_STEPWISE, want LINEAR, SIGMOID, SIGMOID_SYMMETRIC, ELLIOT, ELLIOT_SYMMETRIC, LINEAR_PIECE, LINEAR_PIECE_SYMMETRIC, LINEAR_PIECE_RECT, LINEAR_PIECE_RECT_LEAKY (FANN_SIGMOID is at most 0.034 away): call fann_set_activation_function,', // biome-ignore format: one line
    ],
    ['a gaussian', new TextDecoder().decode(read('fann-gaussian.net')), 'layer 1, neuron 0: got FANN_GAUSSIAN, want'],
    ['fixed-point numbers', text.replace('FLO', 'FIX'), 'a file of fixed-point numbers'],
    ['shortcuts', text.replace('network_type=0', 'network_type=1'), 'a network with shortcuts'],
    ['another file', 'hello', 'got a file that begins with "hello"'],
    ['absurd layers', text.replace(/layer_sizes=.*/, 'layer_sizes=4 1e9 3'), 'layer_sizes'],
    ['fewer connections', text.replace(/ \(\d+, [^()]*\) *\n$/, '\n'), 'got 4 connections, want 5'],
    [
      'a connection from far',
      text.replace(/(weight\)=)\(0,/, '$1(9,'),
      'a connection from neuron 9, want one of the layer before',
    ],
    ['a number that is none', text.replace(/(weight\)=\(0, )[^)]*/, '$1x'), 'connections[0]: got "0, x"'],
    ['no neurons', text.replace(/neurons .*/, ''), 'no line "neurons ..."'],
    ['a function of a later FANN', withFunction(4, 20), 'neuron 4: got the activation function 20, want 0 to 19'],
    ...UNKNOWN.map((name, i): [string, string, string] => [
      `FANN_${name}`,
      withFunction(i % 5, CODES[i]),
      `layer 1, neuron ${i % 5}: got FANN_${name}, want LINEAR, SIGMOID, SIGMOID_SYMMETRIC`,
    ]),
  ])('refuses %s', async (_, file, message) => {
    await expect(readFann(new TextEncoder().encode(file))).rejects.toThrow(message);
  });
});
