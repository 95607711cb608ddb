import { describe, expect, it } from 'vitest';
import { readKeras } from '../../src/keras.js';
import { readOnnx } from '../../src/onnx.js';
import { type Imported, readSafetensors } from '../../src/safetensors.js';
import { readTfjs } from '../../src/tfjs.js';
import { filesOfModels, hasModel, hasModels, readModel } from './models.js';
import { distanceOf, runOnnx } from './onnxruntime.js';
import { hasModules, runPython, snippetOf } from './python.js';

// Networks of other people, in a table: each file comes in and computes what its producer's runtime computes, or is
// refused for the reason that is expected.

interface Accepted {
  readonly shape: string;
  readonly classes?: readonly string[];
  readonly notes?: readonly string[];
}

/** ONNX: the network, whose outputs are those of onnxruntime, or the reason of the refusal. */
const MODELS: Readonly<Record<string, Accepted | string>> = {
  'marabou/ACASXU_experimental_v2a_1_1.onnx': { shape: '5-50-50-50-50-50-50-5 relu/linear' },
  'marabou/fc1.onnx': { shape: '2-25-25-25-2 relu/linear' },
  'marabou/fc_2-2-3.onnx': { shape: '2-2-3 relu/linear' },
  'marabou/mnist2x10.onnx': { shape: '784-10-10-10 relu/linear' },
  'marabou/mnist2x5_sigmoid.onnx': { shape: '784-5-5-10 sigmoid/linear' },
  'digits-keras/digitd.onnx': { shape: '64-64-32-16-10 relu/softmax' },
  'pytorch-iris/iris.onnx': { shape: '4-5-6-3 relu/softmax' },
  'marabou/fc2.onnx':
    'node Flatten "5": got axis=0 on [batch,28,28], which mixes the batch and the numbers of its samples',
  'marabou/KJ_TinyTaxiNet.onnx': 'node Conv "conv2d/Conv2D": got the operator "Conv", want fully connected layers',
  'marabou/traffic-classifier64.onnx': 'got the operator "Conv", want fully connected layers',
  'marabou/oneInput_twoBranches.onnx': 'node Add "add1": got branches of different layers that meet',
  'knet/branch1.onnx': 'got branches of different layers that meet',
  // a linear classifier is read as one softmax layer, which computes the same; its outputs are not compared, because
  // onnxruntime-node cannot return a sequence of maps
  'skl2onnx-iris/iris.onnx': {
    shape: '4-3 softmax',
    classes: ['0', '1', '2'],
    notes: ['the output "output_label" was left out'],
  },
};

describe.each(Object.entries(MODELS))('%s', (path, expected) => {
  it.skipIf(!hasModel(path))(typeof expected === 'string' ? 'is refused' : 'is accepted', async () => {
    const file = readModel(path);
    if (typeof expected === 'string') {
      await expect(readOnnx(file)).rejects.toThrow(RangeError);
      await expect(readOnnx(file)).rejects.toThrow(expected);
      return;
    }
    const { network, notes } = await readOnnx(file);
    expect(String(network)).toContain(expected.shape);
    expect(network.classes).toEqual(expected.classes);
    expect(notes).toEqual(expected.notes ?? []);
    if (expected.classes) return;
    // one row at a time, because some files fix the size of the batch at 1
    for (let row = 0; row < 20; row++) {
      const x = Float32Array.from({ length: network.inputs }, (_, i) => Math.sin(i * 1.7 + row) * (row % 3));
      // sums of up to 784 products in f32, in another order
      expect(distanceOf(network.predict(x), await runOnnx(file, x, 1))).toBeLessThan(1e-5);
    }
  });
});

/** The outputs of layers with these functions, in doubles. */
function computed({ network }: Imported, x: readonly number[], functions: readonly ((z: number[]) => number[])[]) {
  return network.layers.reduce<number[]>((a, layer, l) => {
    const [w, b] = [layer.getWeights(), layer.getBiases()];
    const z = Array.from(b, (bias, j) => a.reduce((sum, value, k) => sum + value * w[j * a.length + k], bias));
    return functions[l](z);
  }, Array.from(x));
}

const relu = (z: number[]) => z.map((value) => Math.max(0, value));
const sigmoid = (z: number[]) => z.map((value) => 1 / (1 + Math.exp(-value)));
const softmax = (z: number[]) => {
  const e = z.map((value) => Math.exp(value - Math.max(...z)));
  return e.map((value) => value / e.reduce((sum, part) => sum + part));
};
const linear = (z: number[]) => z;

const inputsOf = (network: Imported['network'], row = 1) =>
  Array.from({ length: network.inputs }, (_, i) => Math.fround(Math.sin(i * 1.7 + row)));

/** Whether a file has the weights of a layer as Keras stores them, [inputs, units], in one piece. */
function hasKernel(file: Uint8Array, { network }: Imported, l: number): boolean {
  const layer = network.layers[l];
  const w = layer.getWeights();
  const kernel = Float32Array.from(w, (_, i) => w[(i % layer.units) * layer.fanIn + Math.floor(i / layer.units)]);
  return Buffer.from(file.buffer, file.byteOffset, file.length).includes(Buffer.from(kernel.buffer));
}

const FILES = {
  digits: 'digits-keras/digits.keras',
  iris: 'iris-h5/iris_model.h5',
  mnist: 'mnist-safetensors/model.safetensors',
  abalone: 'tfjs-abalone/model.json',
  weights: 'tfjs-abalone/weights.bin',
};

it.skipIf(!hasModel(FILES.digits))(`${FILES.digits} has the bits of the same network as ONNX`, async () => {
  const { network, notes } = await readKeras(readModel(FILES.digits));
  const onnx = (await readOnnx(readModel('digits-keras/digitd.onnx'))).network;
  expect(notes).toEqual([
    'the optimizer, Adam (learning_rate 0.001), stays behind: pass one to fit',
    'the metrics, accuracy, stay behind: evaluate has those of the task',
  ]);
  expect(String(network)).toContain('64-64-32-16-10 relu/softmax');
  for (const [l, layer] of network.layers.entries()) {
    expect(layer.getWeights()).toEqual(onnx.layers[l].getWeights());
    expect(layer.getBiases()).toEqual(onnx.layers[l].getBiases());
  }
});

it.skipIf(!hasModel(FILES.iris))(`${FILES.iris} comes in with its kernels transposed`, async () => {
  const file = readModel(FILES.iris);
  const imported = await readKeras(file);
  expect(imported.notes).toEqual([
    'the optimizer, RMSprop (learning_rate 0.001), stays behind: pass one to fit',
    'the metrics, acc, stay behind: evaluate has those of the task',
  ]);
  expect(String(imported.network)).toContain('4-16-16-8-3 relu/softmax');
  for (let l = 0; l < 4; l++) expect(hasKernel(file, imported, l)).toBe(true);
  const x = inputsOf(imported.network);
  expect(distanceOf(imported.network.predict(x), computed(imported, x, [relu, relu, relu, softmax]))).toBeLessThan(
    1e-6,
  );
});

it.skipIf(!hasModel(FILES.abalone))(`${FILES.abalone} comes in with its kernels transposed`, async () => {
  const weights = readModel(FILES.weights);
  const imported = await readTfjs(readModel(FILES.abalone), { 'weights.bin': weights });
  expect(imported.notes).toEqual([]);
  expect(String(imported.network)).toContain('8-50-50-1 sigmoid/linear');
  for (let l = 0; l < 3; l++) expect(hasKernel(weights, imported, l)).toBe(true);
  const x = inputsOf(imported.network);
  expect(distanceOf(imported.network.predict(x), computed(imported, x, [sigmoid, sigmoid, linear]))).toBeLessThan(1e-6);
});

describe(FILES.mnist, () => {
  it.skipIf(!hasModel(FILES.mnist))('is refused without the activations, which it does not have', async () => {
    const wanted = 'want 2 activations, one for each of "l1" 784 to 128, "l2" 128 to 10: the file does not say them';
    await expect(readSafetensors(readModel(FILES.mnist))).rejects.toThrow(wanted);
  });

  it.skipIf(!hasModel(FILES.mnist) || !hasModules('torch'))('computes with them what PyTorch computes', async () => {
    const file = readModel(FILES.mnist);
    const { network, notes } = await readSafetensors(file, { activations: ['relu', 'linear'] });
    expect(notes).toEqual([]);
    expect(String(network)).toContain('784-128-10 relu/linear');
    const x = Float32Array.from([0, 1, 2].flatMap((row) => inputsOf(network, row)));
    const program = `${snippetOf('docs/exchange.md', 'read_safetensors')}
t, _ = read_safetensors('model.safetensors')
x = torch.frombuffer(bytearray(open('x', 'rb').read()), dtype=torch.float32).reshape(-1, 784)
(torch.relu(x @ t['l1.weight'].T) @ t['l2.weight'].T).numpy().tofile('y')
`;
    const given = { 'model.safetensors': file, x: new Uint8Array(x.buffer) };
    const { written } = runPython(program, given, ['y']);
    expect(distanceOf(network.predict(x), new Float32Array(written.y.slice().buffer))).toBeLessThan(1e-5);
  });
});

it.skipIf(!hasModels())('every file of the folder is in the table', () => {
  const known = [...Object.keys(MODELS), ...Object.values(FILES)];
  expect(filesOfModels().filter((path) => !known.includes(path))).toEqual([]);
});
