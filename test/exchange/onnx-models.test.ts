import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/onnx.js';
import { hasModel, readModel } from './models.js';
import { distanceOf, runOnnx } from './onnxruntime.js';

interface Accepted {
  readonly shape: string;
  readonly classes?: readonly string[];
  /** The output of numbers, if the first is none. */
  readonly output?: string;
  readonly notes?: readonly string[];
}

/** What becomes of each file: the network, whose outputs are those of onnxruntime, or the reason of the refusal. */
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
  // a linear classifier is one softmax layer, which is exact; onnxruntime-node cannot show its sequence of maps
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
    // one row: some files fix the size of the batch
    for (let row = 0; row < 20; row++) {
      const x = Float32Array.from({ length: network.inputs }, (_, i) => Math.sin(i * 1.7 + row) * (row % 3));
      // sums of up to 784 products in f32, in another order
      expect(distanceOf(network.predict(x), await runOnnx(file, x, 1, expected.output))).toBeLessThan(1e-5);
    }
  });
});
