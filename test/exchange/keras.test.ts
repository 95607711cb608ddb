import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readKeras } from '../../src/keras.js';
import { distanceOf } from './onnxruntime.js';

const read = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const expected = JSON.parse(readFileSync(new URL('fixtures/keras.json', import.meta.url), 'utf8'));

describe('a file of Keras', () => {
  it.each([
    ['keras-2.h5', 'y2'],
    ['keras-3.h5', 'y3'],
    ['keras-3.keras', 'y3'],
    ['keras-3-deflated.keras', 'y3'],
  ])('%s comes in with its normalisation', async (name, y) => {
    const { network, notes } = await readKeras(read(name));
    expect(notes).toEqual([
      'the dropout behind "hidden", 0.5, stays behind: an offset behind its function became part of the weights',
      'the batch normalisation "norm" became part of the weights: training here does not normalise batches',
    ]);
    // the hard sigmoid of Keras 2 is steeper
    expect(String(network)).toContain('3-4-2 hardSigmoid/softmax');
    expect(network.task).toBe('classes');
    expect(network.getStandardization()).toBeDefined();
    expect(distanceOf(network.predict(Float64Array.from(expected.x)), expected[y])).toBeLessThan(1e-6);
  });

  it.each(['keras-2-nested.h5', 'keras-3-nested.keras'])('%s: models may be layers of a model', async (name) => {
    const { network, notes } = await readKeras(read(name));
    expect(notes).toEqual([
      'the batch normalisation "body/norm" became part of the weights: training here does not normalise batches',
    ]);
    expect(String(network)).toContain('3-4-2 tanh/linear');
    expect(distanceOf(network.predict(Float64Array.from(expected.x)), expected.nested)).toBeLessThan(1e-6);
  });

  const made = JSON.parse(readFileSync(new URL('fixtures/keras315.json', import.meta.url), 'utf8'));

  it.each<[string, shape: string, cost: string, notes: string[]]>([
    [
      'normalised.keras',
      '3-4-2 hardSigmoid/softmax',
      'categoricalCrossEntropy',
      [
        'the dropout behind "hidden", 0.5, stays behind: an offset behind its function became part of the weights',
        'the batch normalisation "norm" became part of the weights: training here does not normalise batches',
        'the optimizer, Adam (learning_rate 0.01), stays behind: pass one to fit',
        'the metrics, accuracy, stay behind: evaluate has those of the task',
      ],
    ],
    ...['keras', 'h5'].map((ending): [string, string, string, string[]] => [
      `training.${ending}`,
      '3-4-3-2 relu/leakyRelu(0.1)/relu6',
      'huber',
      [
        'kernel_regularizer of layer Dense "a", L2 (l2 0.01), stays behind: with n training samples, ' +
          'l2: 2 * n * 0.01 of the network is the same for all layers',
        'bias_regularizer of layer Dense "b", L1 (l1 0.5), stays behind',
        'kernel_constraint of layer Dense "b", NonNeg, stays behind',
        'layer GaussianNoise "noise" (stddev 0.1) stays behind: only training has it',
        'layer Dense "c" is frozen in the file: training here changes it',
        'layer Dropout "late" (rate 0.1) stays behind: only training has it, and here only right behind the function ' +
          'of a hidden layer',
        'the optimizer, SGD (learning_rate 0.1), stays behind: pass one to fit',
        'the metrics, mae, mse, stay behind: evaluate has those of the task',
      ],
    ]),
    ['nested.keras', '3-4-2 prelu/linear', 'quadratic', []],
    ['nested.h5', '3-4-2 prelu/linear', 'quadratic', []],
    [
      'functional.h5',
      '3-5-4-1 gelu/elu(0.5)/sigmoid',
      'binaryCrossEntropy',
      ['the optimizer, RMSprop (learning_rate 0.001), stays behind: pass one to fit'],
    ],
  ])('of Keras 3.15 itself predicts what Keras computes: %s', async (file, shape, cost, wanted) => {
    const { network, notes } = await readKeras(read(`keras315-${file}`));
    expect(String(network)).toContain(`${shape},`);
    expect(network.cost).toBe(cost);
    expect(notes).toEqual(wanted);
    const { x, y } = made[file.split('.')[0]];
    expect(distanceOf(network.predict(Float64Array.from(x)), y)).toBeLessThan(1e-6);
    if (cost !== 'huber') return;
    expect(network.layers.map((layer) => [layer.dropout, layer.maxNorm])).toEqual([
      [0.25, 2],
      [0, 0],
      [0, 0],
    ]);
    const data = { inputs: new Float32Array(30), targets: new Float32Array(20) };
    await network.fit(data, { epochs: 1 });
  });

  it.each([
    ['text', new TextEncoder().encode('hello world'), 'got a file that begins with "hello wo", want an HDF5 file'],
    ['half of a .h5 file', read('keras-3.h5').subarray(0, 900), 'of a file of 900'],
    ['half of a .keras file', read('keras-3.keras').subarray(0, 900), 'no directory at the end'],
    ['a state dict of PyTorch', read('pytorch-state.pt'), 'an archive without config.json'],
  ])('%s is refused', async (_, file, message) => {
    await expect(readKeras(file)).rejects.toThrow(message);
  });
});
