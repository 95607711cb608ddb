import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/safetensors.js';
import { readTfjs } from '../../src/tfjs.js';
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
    ['mish', (z: number) => z * Math.tanh(Math.log1p(Math.exp(z)))],
    ['gelu_new', (z: number) => 0.5 * z * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)))],
    ['hard_swish', (z: number) => z * Math.min(1, Math.max(0, z / 6 + 0.5))],
    ['leaky_relu', (z: number) => (z > 0 ? z : 0.2 * z)],
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

  it('may have weights that are rounded to 8 or 16 bits', async () => {
    const [model, files] = saved([dense('a', 4, 'tanh', INPUT), dense('b', 2, 'linear')], WEIGHTS);
    const scale = { uint8: 0.01, uint16: 4e-5, float16: 1 } as const;
    const dtypes = ['uint8', 'uint16', 'float16', 'float32'] as const;
    const parts: Uint8Array[] = [];
    const rounded = WEIGHTS.map(({ name, shape, values }, i) => {
      const dtype = dtypes[i];
      if (dtype === 'float32') {
        parts.push(new Uint8Array(values.buffer));
        return { name, shape, dtype, values };
      }
      // 1, -1, 2 and 0.5 as half floats
      const halves = Uint16Array.from(values, (_, k) => [0x3c00, 0xbc00, 0x4000, 0x3800][k % 4]);
      const integers = Array.from(values, (value) => Math.round((value + 1) / scale[dtype]));
      const stored =
        dtype === 'float16' ? halves : dtype === 'uint8' ? Uint8Array.from(integers) : Uint16Array.from(integers);
      parts.push(new Uint8Array(stored.buffer));
      const numbers = dtype === 'float16' ? Array.from(values, (_, k) => [1, -1, 2, 0.5][k % 4]) : integers.map((n) => n * scale[dtype] - 1); // biome-ignore format: one line
      const quantization = { dtype, ...(dtype !== 'float16' && { scale: scale[dtype], min: -1 }) };
      return { name, shape, dtype: 'float32', quantization, values: Float32Array.from(numbers) };
    });
    const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
    const weights = rounded.map(({ values: _, ...entry }) => entry);
    const { network } = await readTfjs(
      { ...model, weightsManifest: [{ paths: ['weights.bin'], weights }] },
      { ...files, 'weights.bin': bytes },
    );
    const [w0, b0, w1, b1] = rounded;
    const wanted = layer(layer(rowsOf(x, 3), w0, b0, Math.tanh), w1, b1, (z) => z).flat();
    expect(distanceOf(network.predict(x), wanted)).toBeLessThan(1e-6);
  });

  it('undoes a normalisation that is inverted, and takes scales for each column', async () => {
    const layers = [
      { class_name: 'Rescaling', config: { name: 'r', scale: [2, 0.5, 4], offset: [1, 0, -1], ...INPUT } },
      dense('a', 4, 'tanh'),
      dense('b', 2, 'linear'),
      { class_name: 'Normalization', config: { name: 'n', invert: true, mean: [10, -20], variance: [4, 0.25] } },
    ];
    const [model, files] = saved(layers, WEIGHTS);
    const inputs = rowsOf(x, 3).map(([p, q, r]) => [2 * p + 1, 0.5 * q, 4 * r - 1]);
    const outputs = layer(layer(inputs, WEIGHTS[0], WEIGHTS[1], Math.tanh), WEIGHTS[2], WEIGHTS[3], (z) => z);
    const { network } = await readTfjs(model, files);
    const wanted = outputs.flatMap(([p, q]) => [10 + 2 * p, -20 + 0.5 * q]);
    expect(distanceOf(network.predict(x), wanted)).toBeLessThan(1e-6);
  });

  it('may have models as layers, whose layers have the same names', async () => {
    const model = (name: string, layers: object[]) => ({ class_name: 'Sequential', config: { name, layers } });
    const inner = [model('m', [dense('d', 4, 'tanh', INPUT)]), model('k', [dense('d', 2, 'linear')])];
    const named = WEIGHTS.map((weight) => ({ ...weight, name: weight.name.replace('a/', 'm/d/').replace('b/', 'k/d/') })); // biome-ignore format: one line
    const [nested, files] = saved(inner, named);
    const wanted = layer(layer(rowsOf(x, 3), WEIGHTS[0], WEIGHTS[1], Math.tanh), WEIGHTS[2], WEIGHTS[3], (z) => z);
    expect(distanceOf((await readTfjs(nested, files)).network.predict(x), wanted.flat())).toBeLessThan(1e-6);
  });

  it('has leaky relu with its own slope, elu with its own alpha, and the slopes of PReLU', async () => {
    const wide = { name: 'c/kernel', shape: [4, 4], values: floats(16, 90) };
    const alpha = { name: 'p/alpha', shape: [4], values: Float32Array.of(0.5, -0.25, 0, 2) };
    const [model, files] = saved(
      [
        dense('a', 4, 'linear', INPUT),
        { class_name: 'LeakyReLU', config: { name: 'l' } },
        dense('c', 4, 'linear'),
        { class_name: 'PReLU', config: { name: 'p' } },
        dense('b', 2, 'linear'),
        { class_name: 'ELU', config: { name: 'e', alpha: 0.5 } },
      ],
      [...WEIGHTS, wide, { name: 'c/bias', shape: [4], values: floats(4, 95) }, alpha],
    );
    const first = layer(rowsOf(x, 3), WEIGHTS[0], WEIGHTS[1], (z) => (z > 0 ? z : 0.3 * z));
    const second = layer(first, wide, { name: '', shape: [4], values: floats(4, 95) }, (z) => z);
    const a = second.map((row) => row.map((z, j) => (z > 0 ? z : alpha.values[j] * z)));
    const wanted = layer(a, WEIGHTS[2], WEIGHTS[3], (z) => (z > 0 ? z : 0.5 * Math.expm1(z))).flat();
    const { network, notes } = await readTfjs(model, files);
    expect(notes).toEqual([]);
    expect(network.layers.map(({ activation }) => activation)).toEqual([
      { name: 'leakyRelu', slope: 0.3 },
      'prelu',
      { name: 'elu', alpha: 0.5 },
    ]);
    expect(network.layers[1].getSlopes()).toEqual(alpha.values);
    expect(distanceOf(network.predict(x), wanted)).toBeLessThan(1e-6);
  });

  it('has slopes that are very small', async () => {
    const after = { class_name: 'LeakyReLU', config: { name: 'l', alpha: 0.00049123 } };
    const [model, files] = saved([dense('a', 4, 'linear', INPUT), after, dense('b', 2, 'linear')], WEIGHTS);
    expect((await readTfjs(model, files)).network.layers[0].activation).toEqual({
      name: 'leakyRelu',
      slope: 0.00049123,
    });
  });

  it.each(['LeakyReLU', 'ELU'])('has a constant of its own for each %s', async (className) => {
    const f = (alpha: number) => (z: number) => (z > 0 ? z : alpha * (className === 'ELU' ? Math.expm1(z) : z));
    const after = (name: string, alpha: number) => ({ class_name: className, config: { name, alpha } });
    const layers = [dense('a', 4, 'linear', INPUT), after('e', 0.2), dense('b', 2, 'linear'), after('f', 0.6)];
    const [model, files] = saved(layers, WEIGHTS);
    const hidden = layer(rowsOf(x, 3), WEIGHTS[0], WEIGHTS[1], f(0.2));
    const wanted = layer(hidden, WEIGHTS[2], WEIGHTS[3], f(0.6)).flat();
    expect(distanceOf((await readTfjs(model, files)).network.predict(x), wanted)).toBeLessThan(1e-6);
  });

  it.each([
    [
      'two layers of one',
      'a',
      [['a', 0, 0]],
      [['b', 0, 0]],
      'layer "b": got the inputs "in", "a", want one layer after',
    ],
    ['several outputs', '', [['in', 0, 0]], [['a', 0, 0], ['b', 0, 0]], 'output_layers: got "a", "b", want the last layer alone'], // biome-ignore format: a table
    [
      'an output before the last layer',
      '',
      [['in', 0, 0]],
      [['a', 0, 0]],
      'output_layers: got "a", want the last layer',
    ],
    ['a second input', 'b', [['in', 0, 0]], [['b', 0, 0]], 'layer "more": got inputs of its own, want one layer after'],
  ])('with %s is refused', async (_, kind, __, output, message) => {
    const at = (...names: string[]) => [names.map((name) => [name, 0, 0, {}])];
    const layers = [
      { class_name: 'InputLayer', config: { name: 'in', ...INPUT }, inbound_nodes: [] },
      { ...dense('a', 4, 'relu'), inbound_nodes: at('in') },
      ...(kind === 'b' ? [{ class_name: 'InputLayer', config: { name: 'more', ...INPUT }, inbound_nodes: [] }] : []),
      { ...dense('b', 2, 'linear'), inbound_nodes: kind === 'a' ? at('in', 'a') : at('a') },
    ];
    const [model, files] = saved(layers, WEIGHTS, 'Functional');
    Object.assign(model.modelTopology.config, { output_layers: output });
    await expect(readTfjs(model, files)).rejects.toThrow(message);
  });

  it.each([
    [
      'code',
      [dense('a', 4, 'relu', INPUT), { class_name: 'Lambda', config: { name: 'f', function: 'print(1)' } }],
      'want layers without code: what a file contains is never run',
    ],
    [
      'words as inputs',
      [{ class_name: 'StringLookup', config: { name: 's', ...INPUT } }],
      'want numbers as inputs: encode them with simdprop/tabular',
    ],
    ['loops', [{ class_name: 'LSTM', config: { name: 'l', ...INPUT } }], 'this library has no loops'],
    [
      'quantised weights of Keras',
      [dense('a', 4, 'relu', { ...INPUT, dtype: { class_name: 'QuantizedDTypePolicy', config: {} } })],
      'got quantised weights',
    ],
    [
      'scales of another width',
      [{ class_name: 'Rescaling', config: { name: 'r', scale: [1, 2], ...INPUT } }, dense('a', 4, 'relu')],
      'scale of the shape [2], want [3]',
    ],
    [
      'a convolution',
      [{ class_name: 'Conv2D', config: { name: 'c', batch_input_shape: [null, 3] } }],
      'layer Conv2D "c": got a layer of the class "Conv2D"',
    ],
    [
      'a softmax over the batch',
      [dense('a', 4, 'linear', INPUT), { class_name: 'Softmax', config: { name: 's', axis: 0 } }],
      'got the axis 0, want -1: a softmax over the units of each sample',
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

describe.each([1, 2, 3, 4])('a model that TensorFlow.js %i.x itself has saved', (version) => {
  const made = JSON.parse(readFileSync(new URL(`fixtures/tfjs-${version}.json`, import.meta.url), 'utf8'));
  const readMade = (name: string) =>
    readTfjs(made[name].model, { 'weights.bin': new Uint8Array(Buffer.from(made[name].weights, 'base64')) });

  it('predicts the same, with layers of every kind', async () => {
    const { network, notes } = await readMade('layers');
    expect(network.layers.map((layer) => [layer.activation, layer.dropout, layer.maxNorm])).toEqual([
      ['relu6', 0.25, 2],
      [{ name: 'leakyRelu', slope: 0.2 }, 0, 0],
      ['prelu', 0, 0],
      [{ name: 'leakyRelu', slope: 0.3 }, 0, 0],
      ['hardSigmoid', 0, 0],
      ['softmax', 0, 0],
    ]);
    expect(distanceOf(network.predict(made.layers.x), made.layers.y)).toBeLessThan(1e-6);
    const names = made.layers.model.modelTopology.config.layers.map(
      ({ config }: { config: { name: string } }) => config.name,
    );
    expect(notes).toEqual([
      `kernel_regularizer of layer Dense "${names[2]}", L1L2 (l2 0.01), stays behind: with n training samples, ` +
        'l2: 2 * n * 0.01 of the network is the same for all layers',
      `the batch normalisation "${names[3]}" became part of the weights: training here does not normalise batches`,
      'the optimizer, Adam (learningRate 0.01), stays behind: pass one to fit',
      'the metrics, accuracy, stay behind: evaluate has those of the task',
    ]);
  });

  it('predicts the same, and has its loss, as a functional model', async () => {
    const { network } = await readMade('functional');
    expect(String(network)).toContain('3-4-1 selu/linear,');
    expect(network.cost).toBe('meanAbsoluteError');
    expect(distanceOf(network.predict(made.functional.x), made.functional.y)).toBeLessThan(1e-6);
  });
});

/** A model with these layers, 3 inputs and 2 outputs, and what model.compile was given. */
async function readCompiled(hidden: object, between: object[], output: string, trainingConfig?: object) {
  const layers = [dense('a', 4, 'relu', { ...INPUT, ...hidden }), ...between, dense('b', 2, output)];
  const [model, files] = saved(layers, WEIGHTS);
  return await readTfjs({ ...model, ...(trainingConfig && { trainingConfig }) }, files);
}

const dropout = (name: string, rate: number, more: object = {}) => ({
  class_name: 'Dropout',
  config: { name, rate, ...more },
});

describe('what only training needs', () => {
  it('comes along as dropout and maxNorm of layers', async () => {
    const constraint = { class_name: 'MaxNorm', config: { max_value: 2, axis: 0 } };
    const { network, notes } = await readCompiled({ kernel_constraint: constraint }, [dropout('d', 0.25)], 'linear');
    expect(notes).toEqual([]);
    expect(network.layers.map((layer) => [layer.dropout, layer.maxNorm])).toEqual([
      [0.25, 2],
      [0, 0],
    ]);
  });

  const behind = 'stays behind: only training has it';
  const elsewhere = `${behind}, and here only right behind the function of a hidden layer`;
  it.each<[string, object, object[], string[]]>([
    [
      'noise',
      {},
      [{ class_name: 'GaussianNoise', config: { name: 'n', stddev: 0.1 } }],
      [`layer GaussianNoise "n" (stddev 0.1) ${behind}`],
    ],
    [
      'a penalty of activations as a layer',
      {},
      [{ class_name: 'ActivityRegularization', config: { name: 'r', l1: 0.009999999776482582, l2: 0 } }],
      [`layer ActivityRegularization "r" (l1 0.01) ${behind}`],
    ],
    [
      'penalties',
      {
        kernel_regularizer: { class_name: 'L1L2', config: { l1: 0.5, l2: 0.009999999776482582 } },
        bias_regularizer: 'l2',
      },
      [],
      [
        'kernel_regularizer of layer Dense "a", L1L2 (l1 0.5, l2 0.01), stays behind: with n training samples, ' +
          'l1: n * 0.5, l2: 2 * n * 0.01 of the network is the same for all layers',
        'bias_regularizer of layer Dense "a", l2, stays behind',
      ],
    ],
    [
      'other constraints',
      { kernel_constraint: { class_name: 'MaxNorm', config: { max_value: 2, axis: 1 } }, bias_constraint: 'non_neg' },
      [],
      [
        'kernel_constraint of layer Dense "a", MaxNorm (max_value 2), stays behind',
        'bias_constraint of layer Dense "a", non_neg, stays behind',
      ],
    ],
    [
      'a layer that is frozen',
      { trainable: false },
      [],
      ['layer Dense "a" is frozen in the file: training here changes it'],
    ],
    [
      'another precision',
      { dtype: { class_name: 'Policy', config: { name: 'mixed_bfloat16' } } },
      [],
      ['the model computes in mixed_bfloat16: the network computes in 32 bits'],
    ],
    [
      'dropout of units that belong together',
      {},
      [dropout('d', 0.5, { noise_shape: [null, 1] })],
      [`layer Dropout "d" (rate 0.5) ${behind}`],
    ],
  ])('is named in the notes: %s', async (_, hidden, between, notes) => {
    expect((await readCompiled(hidden, between, 'linear')).notes).toEqual(notes);
  });

  it('is dropout of this library only right behind the function of a hidden layer', async () => {
    const layers = [
      dropout('inputs', 0.1, INPUT),
      dense('a', 4, 'linear'),
      dropout('early', 0.2),
      { class_name: 'Activation', config: { name: 't', activation: 'tanh' } },
      dense('b', 2, 'softmax'),
      dropout('late', 0.3),
    ];
    const [model, files] = saved(layers, WEIGHTS);
    const { network, notes } = await readTfjs(model, files);
    expect(network.layers.map((layer) => layer.dropout)).toEqual([0, 0]);
    expect(notes).toEqual(
      ['inputs', 'early', 'late'].map((name, i) => `layer Dropout "${name}" (rate 0.${i + 1}) ${elsewhere}`),
    );
  });

  it.each<[output: string, loss: unknown, cost: string, note?: string]>([
    ['linear', 'mse', 'quadratic'],
    ['sigmoid', 'mean_squared_error', 'quadratic'],
    ['sigmoid', 'binary_crossentropy', 'binaryCrossEntropy'],
    ['softmax', 'sparse_categorical_crossentropy', 'categoricalCrossEntropy'],
    ['softmax', { class_name: 'CategoricalCrossentropy', config: { from_logits: false } }, 'categoricalCrossEntropy'],
    ['softmax', ['kl_divergence'], 'kullbackLeibler'],
    ['linear', { b: 'mean_absolute_error' }, 'meanAbsoluteError'],
    ['linear', { class_name: 'Huber', config: { delta: 0.5 } }, 'huber'],
    ['tanh', 'hinge', 'hinge'],
    ['softplus', { class_name: 'function', config: 'poisson' }, 'poisson'],
    [
      'linear',
      { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true } },
      'quadratic',
      'the loss, SparseCategoricalCrossentropy of logits, stays behind: categoricalCrossEntropy needs softmax outputs, and the network has linear ones', // biome-ignore format: one line
    ],
    ['linear', 'log_cosh', 'quadratic', 'the loss, log_cosh, stays behind: it is no cost of this library'],
    ['linear', ['mse', 'mae'], 'quadratic', 'the loss, "of a form of its own", stays behind: it is no cost of this library'], // biome-ignore format: one line
  ])('is the cost with %s outputs: %j', async (output, loss, cost, note) => {
    const { network, notes } = await readCompiled({}, [], output, { loss });
    expect(network.cost).toBe(cost);
    expect(notes).toEqual(note ? [note] : []);
  });

  it('has the constants of the loss, and what the caller says comes first', async () => {
    const smooth = { class_name: 'CategoricalCrossentropy', config: { label_smoothing: 0.1 } };
    const { network } = await readCompiled({}, [], 'softmax', { loss: smooth });
    expect(network.labelSmoothing).toBe(0.1);
    const huber = { class_name: 'Huber', config: { delta: 0.5 } };
    const ofHuber = (await readCompiled({}, [], 'linear', { loss: huber })).network;
    const written = Buffer.from(await writeSafetensors(ofHuber)).toString('latin1');
    expect(written).toContain(String.raw`{\"name\":\"huber\",\"delta\":0.5}`);
    const [model, files] = saved([dense('a', 4, 'relu', INPUT), dense('b', 2, 'linear')], WEIGHTS);
    const given = { network: { cost: 'meanAbsoluteError' } } as const;
    expect((await readTfjs({ ...model, trainingConfig: { loss: 'mse' } }, files, given)).network.cost).toBe(
      'meanAbsoluteError',
    );
  });

  it('is named as far as it is optimizer, metrics and data of the user', async () => {
    const optimizer = { class_name: 'Adam', config: { learning_rate: 0.0010000000474974513, beta_1: 0.9 } };
    const trainingConfig = { loss: 'mse', optimizer_config: optimizer, metrics: ['accuracy', 'mae'] };
    const [model, files] = saved([dense('a', 4, 'relu', INPUT), dense('b', 2, 'linear')], WEIGHTS);
    const { notes } = await readTfjs({ ...model, trainingConfig, userDefinedMetadata: { by: 'me' } }, files);
    expect(notes).toEqual([
      'the optimizer, Adam (learning_rate 0.001), stays behind: pass one to fit',
      'the metrics, accuracy, mae, stay behind: evaluate has those of the task',
      'userDefinedMetadata stays behind',
    ]);
  });
});
