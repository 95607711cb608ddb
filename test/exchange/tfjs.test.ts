import { describe, expect, it } from 'vitest';
import { readTfjs } from '../../src/tfjs.js';
import { hasModel, readModel } from './models.js';
import { distanceOf } from './onnxruntime.js';
import { dense, floats, INPUT, saved, WEIGHTS, type Weight } from './tfjs-models.js';

const x = floats(21, 9);

/** What Keras computes: kernels are [inputs, units]. */
function layer(rows: number[][], { values: w, shape }: Weight, { values: b }: Weight, f: (z: number) => number) {
  return rows.map((row) =>
    Array.from(b, (bias, j) => f(row.reduce((sum, value, k) => sum + value * w[k * shape[1] + j], bias))),
  );
}
const rowsOf = (values: Float32Array, width: number) =>
  Array.from({ length: values.length / width }, (_, r) => [...values.subarray(r * width, (r + 1) * width)]);

describe('a layers model of TensorFlow.js', () => {
  it.each([
    ['tanh', Math.tanh],
    ['hardSigmoid', (z: number) => Math.min(1, Math.max(0, 0.2 * z + 0.5))],
    ['relu6', (z: number) => Math.min(6, Math.max(0, z))],
    ['swish', (z: number) => z / (1 + Math.exp(-z))],
  ])('with %s is computed as Keras does', async (name, f) => {
    const [model, files] = saved([dense('a', 4, name, INPUT), { class_name: 'Dropout', config: { name: 'd', rate: 0.5 } }, dense('b', 2, 'linear')], WEIGHTS); // biome-ignore format: one line
    const hidden = layer(rowsOf(x, 3), WEIGHTS[0], WEIGHTS[1], f);
    const wanted = layer(hidden, WEIGHTS[2], WEIGHTS[3], (z) => z).flat();
    for (const given of [model, JSON.stringify(model)]) {
      const { network, notes } = await readTfjs(given, files);
      expect(notes).toEqual([]);
      expect(distanceOf(network.predict(x), wanted)).toBeLessThan(1e-6);
    }
  });

  it('has batch normalisation, activations of their own and softmax', async () => {
    const norm: Weight[] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name, i) => ({
      name: `n/${name}`,
      shape: [4],
      values: i === 3 ? Float32Array.of(1, 2, 0.5, 4) : floats(4, 70 + i),
    }));
    const [model, files] = saved(
      [dense('a', 4, 'linear', INPUT), { class_name: 'BatchNormalization', config: { name: 'n', epsilon: 0.01 } }, { class_name: 'ELU', config: { name: 'e', alpha: 1 } }, dense('b', 2, 'softmax')], // biome-ignore format: one line
      [...WEIGHTS, ...norm],
    );
    const [g, b, m, v] = norm.map(({ values }) => values);
    const z = layer(rowsOf(x, 3), WEIGHTS[0], WEIGHTS[1], (value) => value);
    const a = z.map((row) => row.map((value, j) => ((value - m[j]) / Math.sqrt(v[j] + 0.01)) * g[j] + b[j]));
    const hidden = a.map((row) => row.map((value) => (value > 0 ? value : Math.expm1(value))));
    const wanted = layer(hidden, WEIGHTS[2], WEIGHTS[3], Math.exp).flatMap(([p, q]) => [p / (p + q), q / (p + q)]);
    const { network } = await readTfjs(model, files);
    expect(network.task).toBe('classes');
    expect(distanceOf(network.predict(x), wanted)).toBeLessThan(1e-6);
  });

  it.each([
    [
      'a convolution',
      [{ class_name: 'Conv2D', config: { name: 'c', batch_input_shape: [null, 3] } }],
      'layer Conv2D "c": got a layer of the class "Conv2D"',
    ],
    [
      'a leaky relu of Keras',
      [dense('a', 4, 'linear', INPUT), { class_name: 'LeakyReLU', config: { name: 'l' } }, dense('b', 2, 'linear')],
      'leakyRelu with the slope 0.3 in place of 0.01',
    ],
    ['an unknown activation', [dense('a', 4, 'magic', INPUT)], 'got the activation "magic", want one of relu'],
    ['weights that are missing', [dense('z', 4, 'relu', INPUT)], 'layer Dense "z": got no kernel of two axes'],
    ['an open width', [dense('a', 4, 'relu', { batch_input_shape: [null, null, 3] })], 'a fixed width'],
  ])('with %s is refused', async (_, layers, message) => {
    const [model, files] = saved(layers, WEIGHTS);
    await expect(readTfjs(model, files)).rejects.toThrow(message);
  });

  it('with missing or short files is refused', async () => {
    const [model, files] = saved([dense('a', 4, 'relu', INPUT)], WEIGHTS);
    await expect(readTfjs(model, {})).rejects.toThrow('got no bytes of "weights.bin"');
    const short = { 'weights.bin': files['weights.bin'].subarray(0, 40) };
    await expect(readTfjs(model, short)).rejects.toThrow('want complete files');
    await expect(readTfjs({ ...model, format: 'graph-model' }, files)).rejects.toThrow('graph-model');
  });
});

const ABALONE = 'tfjs-abalone/model.json';

it.skipIf(!hasModel(ABALONE))('the abalone model of tfjs-examples comes in', async () => {
  const bytes = readModel('tfjs-abalone/weights.bin');
  const { network, notes } = await readTfjs(readModel(ABALONE), { 'weights.bin': bytes });
  expect(notes).toEqual([]);
  expect(String(network)).toContain('8-50-50-1 sigmoid/linear');
  const all = new Float32Array(bytes.slice().buffer);
  let at = 0;
  const take = (shape: readonly number[], count: number): Weight => {
    at += count;
    return { name: '', shape, values: all.subarray(at - count, at) };
  };
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  const inputs = floats(80, 3);
  let rows = rowsOf(inputs, 8);
  for (const [fanIn, units] of [
    [8, 50],
    [50, 50],
    [50, 1],
  ]) {
    // biome-ignore format: one line
    const [w, b] = [take([fanIn, units], fanIn * units), take([units], units)];
    rows = layer(rows, w, b, units === 1 ? (z) => z : sigmoid);
  }
  expect(distanceOf(network.predict(inputs), rows.flat())).toBeLessThan(1e-5);
});
