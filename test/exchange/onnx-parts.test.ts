import { describe, expect, it } from 'vitest';
import {
  bytesField,
  floatField,
  integerField,
  joined,
  messageField,
  textField,
  type Written,
} from '../../src/exchange/protobuf-write.js';
import { externalNames, readOnnx } from '../../src/onnx.js';
import { node, nodeFields, onnxFile } from './graphs.js';
import { outside, withConstants } from './onnx-external.js';

// Files whose weights lie in other files, as the newer exporter of PyTorch writes them, and files with functions of
// their own.

describe('weights in another file', () => {
  const weights = Float32Array.of(1, 2, 3, 4, 5, 6);
  const biases = Float32Array.of(0.5, -0.5, 0.25);
  const data = new Uint8Array(64);
  data.set(new Uint8Array(weights.buffer), 4);
  data.set(new Uint8Array(biases.buffer), 40);
  const file = (more: Readonly<Record<string, string>> = {}) =>
    withConstants([
      outside('w', [3, 2], { location: 'net.onnx.data', offset: '4', length: '24', ...more }),
      outside('b', [3], { location: './net.onnx.data', offset: '40', length: '12' }),
    ]);

  it('are read from the bytes that the caller gives', async () => {
    const { network } = await readOnnx(file(), { externalData: { 'net.onnx.data': data } });
    expect(network.layers[0].getWeights()).toEqual(weights);
    expect(network.layers[0].getBiases()).toEqual(biases);
  });

  it('are refused without them, and outside of them', async () => {
    await expect(readOnnx(file())).rejects.toThrow('pass options.externalData: { "net.onnx.data": bytes }');
    const given = { externalData: { 'net.onnx.data': data } };
    await expect(readOnnx(file({ offset: '60' }), given)).rejects.toThrow('want 24 bytes within the file');
    await expect(readOnnx(file({ length: '9999999' }), given)).rejects.toThrow('want 24 bytes within the file');
    await expect(readOnnx(file({ location: '../secret' }), given)).rejects.toThrow('data in another file, "../secret"');
    await expect(readOnnx(file(), { externalData: { 'net.onnx.data': 'x' as never } })).rejects.toThrow('externalData');
  });
});

describe('the numbers of a constant', () => {
  // numbers that f16 and bf16 have exactly
  const w = [1, -2, 0.5, 3, -0.25, 6];
  const HALVES = [0x3c00, 0xc000, 0x3800, 0x4200, 0xb400, 0x4600];
  const bfloats = (numbers: readonly number[]) =>
    [...new Uint32Array(Float32Array.from(numbers).buffer)].map((bits) => bits >>> 16);
  const bytesOf = (array: ArrayBufferView<ArrayBuffer>) => bytesField(9, new Uint8Array(array.buffer));
  const packed = (number: number, integers: readonly number[]) =>
    bytesField(number, joined(integers.map((value) => integerField(1, value).subarray(1))));
  const forms: Record<string, [type: number, data: readonly Written[]]> = {
    'f32, raw': [1, [bytesOf(Float32Array.from(w))]],
    'f32, packed': [1, [bytesField(4, new Uint8Array(Float32Array.from(w).buffer))]],
    'f32, one by one': [1, w.map((value) => floatField(4, value))],
    'f64, raw': [11, [bytesOf(Float64Array.from(w))]],
    'f64, packed': [11, [bytesField(10, new Uint8Array(Float64Array.from(w).buffer))]],
    'f16, raw': [10, [bytesOf(Uint16Array.from(HALVES))]],
    'f16, as integers': [10, [packed(5, HALVES)]],
    'f16, as integers one by one': [10, HALVES.map((bits) => integerField(5, bits))],
    'bf16, raw': [16, [bytesOf(Uint16Array.from(bfloats(w)))]],
    'bf16, as integers': [16, [packed(5, bfloats(w))]],
  };
  const graph = { inputs: { x: ['N', 2] }, outputs: { y: ['N', 3] } };
  const tensor = ([type, data]: [number, readonly Written[]]) => [integerField(1, 2), integerField(1, 3), integerField(2, type), ...data]; // biome-ignore format: one line

  it.each(Object.keys(forms))('%s', async (name) => {
    const asConstant = onnxFile({ ...graph, nodes: [node('MatMul', 'x w', 'y')], more: [messageField(5, [...tensor(forms[name]), textField(8, 'w')])] }); // biome-ignore format: one line
    const value = messageField(5, [textField(1, 'value'), messageField(5, tensor(forms[name])), integerField(20, 4)]);
    const made = messageField(1, [textField(2, 'w'), textField(4, 'Constant'), value]);
    const used = messageField(1, nodeFields(node('MatMul', 'x w', 'y')));
    const asNode = onnxFile({ ...graph, nodes: [], more: [made, used] });
    for (const file of [asConstant, asNode]) {
      const { network } = await readOnnx(file);
      expect([...network.layers[0].getWeights()]).toEqual([1, 3, -2, -0.25, 0.5, 6]);
    }
  });

  it('may lie outside of the file for nodes of functions, too', async () => {
    const data = Float32Array.from(w);
    const places = Object.entries({ location: 'far', offset: '0', length: '24' }).map(([key, value]) => messageField(13, [textField(1, key), textField(2, value)])); // biome-ignore format: one line
    const value = messageField(5, [textField(1, 'value'), messageField(5, [...tensor([1, []]), ...places, integerField(14, 1)])]); // biome-ignore format: one line
    const inner = [joined([textField(2, 'w'), textField(4, 'Constant'), value]), joined(nodeFields(node('MatMul', 'a w', 'b')))]; // biome-ignore format: one line
    const call = messageField(25, [textField(1, 'Far'), textField(4, 'a'), textField(5, 'b'), ...inner.map((one) => bytesField(7, one)), textField(10, 'own')]); // biome-ignore format: one line
    const file = onnxFile({ ...graph, nodes: [node('Far', 'x', 'y', {}, 'own')], functions: [call] });
    expect(externalNames(file)).toEqual(['far']);
    const { network } = await readOnnx(file, { externalData: { far: new Uint8Array(data.buffer) } });
    expect([...network.layers[0].getWeights()]).toEqual([1, 3, -2, -0.25, 0.5, 6]);
  });
});

it('functions of the file stand for the nodes in them', async () => {
  const constants = { w: { shape: [2, 3], values: [1, -2, 3, -4, 5, -6] }, b: { shape: [3], values: [1, 2, 3] } };
  const call = { ...node('Linear', 'x w b', 'z', {}, 'own'), name: 'call' };
  const inner = [
    node('MatMul', 'a w', 'm'),
    node('Add', 'm b', 's'),
    node('Sigmoid', 's', 'g'),
    node('Mul', 's g', 'out'),
  ];
  const functions = [
    messageField(25, [
      textField(1, 'Linear'),
      ...['a', 'w', 'b'].map((name) => textField(4, name)),
      textField(5, 'out'),
      ...inner.map((n) => messageField(7, nodeFields(n))),
      textField(10, 'own'),
    ]),
  ];
  const nodes = [call, node('Identity', 'z', 'y')];
  const graph = { opset: 18, format: 10, inputs: { x: ['N', 2] }, outputs: { y: ['N', 3] } };
  const file = onnxFile({ ...graph, constants, nodes, functions });
  const { network } = await readOnnx(file);
  expect(network.layers[0].activation).toBe('silu');
  expect([...network.layers[0].getWeights()]).toEqual([1, -4, -2, 5, 3, -6]);
});

it('a message that is no ONNX is refused', async () => {
  await expect(readOnnx(new Uint8Array(0))).rejects.toThrow('readOnnx: got no graph, want an ONNX file');
  await expect(readOnnx(joined([bytesField(7, Uint8Array.of(255))]))).rejects.toThrow('want a complete file');
});
