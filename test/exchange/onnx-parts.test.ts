import { describe, expect, it } from 'vitest';
import { bytesField, joined, messageField, textField } from '../../src/exchange/protobuf-write.js';
import { readOnnx } from '../../src/onnx.js';
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
