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

  it.each([
    ['text', new TextEncoder().encode('hello world'), 'got a file that begins with "hello wo", want an HDF5 file'],
    ['half of a .h5 file', read('keras-3.h5').subarray(0, 900), 'of a file of 900'],
    ['half of a .keras file', read('keras-3.keras').subarray(0, 900), 'no directory at the end'],
    ['a state dict of PyTorch', read('pytorch-state.pt'), 'an archive without config.json'],
  ])('%s is refused', async (_, file, message) => {
    await expect(readKeras(file)).rejects.toThrow(message);
  });
});
