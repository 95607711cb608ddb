import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readBrain } from '../../src/brain.js';
import { readFann } from '../../src/fann.js';
import { readKeras } from '../../src/keras.js';
import { readOnnx } from '../../src/onnx.js';
import { readPyTorch } from '../../src/pytorch.js';
import { readSafetensors } from '../../src/safetensors.js';
import { readTfjs } from '../../src/tfjs.js';
import { SEED } from '../random-numbers.js';
import { damagedFile, drawing, isRefused, READERS, TFJS } from './damaged.js';
import { node, onnxFile } from './graphs.js';

// Every reader reads damaged files. It must return a network, or throw a TypeError or RangeError of this library. It
// must not throw any other error, run for ever, or take more memory than the file can account for.

describe.each(Object.keys(READERS))('%s', (name) => {
  it('takes or refuses every damaged file', async () => {
    const [filesOf, reader] = READERS[name];
    const files = await filesOf();
    expect(files.length).toBeGreaterThan(0);
    const draw = drawing(SEED + name.length);
    let refused = 0;
    for (let i = 0; i < 500; i++) {
      if (await isRefused(reader, damagedFile(files[i % files.length], draw), `file ${i}`)) refused++;
    }
    expect(refused).toBeGreaterThan(50);
  });
});

describe('files that were written to do harm', () => {
  const constants = { w: { shape: [1, 1], values: [1] } };
  const chain = (op: string, count: number, arity: 1 | 2) =>
    onnxFile({
      inputs: { x0: ['N', 1] },
      outputs: { y: ['N', 1] },
      constants,
      nodes: [
        node('MatMul', 'x0 w', 'x1'),
        ...Array.from({ length: count }, (_, i) =>
          node(op, arity === 1 ? `x${i + 1}` : `x${i + 1} x${i + 1}`, i === count - 1 ? 'y' : `x${i + 2}`),
        ),
      ],
    });

  it('ONNX: a function that doubles with every node', async () => {
    await expect(readOnnx(chain('Mul', 60, 2))).rejects.toThrow('a function of more than 2000 operations');
  });

  it('ONNX: functions within functions', async () => {
    await expect(readOnnx(chain('Sigmoid', 20_000, 1))).rejects.toThrow('a function of more than 2000 operations');
  });

  it('ONNX: absurd inputs and constants', async () => {
    const wide = onnxFile({ inputs: { x: ['N', 2 ** 40] }, outputs: { y: ['N'] }, nodes: [node('Relu', 'x', 'y')] });
    await expect(readOnnx(wide)).rejects.toThrow('want sizes from 1 to 65536');
    const many = onnxFile({
      inputs: { x: ['N', 65_536, 65_536] },
      outputs: { y: ['N'] },
      nodes: [node('Relu', 'x', 'y')],
    });
    await expect(readOnnx(many)).rejects.toThrow('want at most 65536');
    const large = onnxFile({
      inputs: { x: ['N', 1] },
      outputs: { y: ['N', 1] },
      constants: { ...constants, s: { shape: [2], values: [65_536, 65_536], type: 'int64' } },
      nodes: [node('ConstantOfShape', 's', 'c'), node('MatMul', 'x c', 'y')],
    });
    await expect(readOnnx(large)).rejects.toThrow('numbers that are computed');
  });

  it('ONNX: constants and columns that are computed again and again', async () => {
    const nodes = (op: string, first: string, count: number, more: string) =>
      Array.from({ length: count }, (_, i) =>
        node(op, `${i === 0 ? first : `v${i - 1}`}${more}`, `v${i}`, { axis: 1 }),
      );
    const w = { shape: [256, 256], values: new Float32Array(65_536) };
    const inputs = { x: ['N', 256] };
    const negated = onnxFile({
      inputs,
      outputs: { v299: ['N', 256] },
      constants: { w },
      nodes: nodes('Neg', 'w', 300, ''),
    });
    await expect(readOnnx(negated)).rejects.toThrow('computed numbers, want a network of fewer nodes');
    const all = { shape: [65_536], values: Array.from({ length: 65_536 }, (_, i) => i % 256), type: 'int64' as const };
    const gathered = onnxFile({ inputs, outputs: { v599: ['N', 256] }, constants: { all }, nodes: nodes('Gather', 'x', 600, ' all') }); // biome-ignore format: one line
    await expect(readOnnx(gathered)).rejects.toThrow('numbers to follow, want a network of fewer nodes');
    const axes = { shape: [100], values: Array.from({ length: 100 }, (_, i) => i + 2), type: 'int64' as const };
    const deep = onnxFile({ inputs, outputs: { y: ['N'] }, constants: { axes }, nodes: [node('Unsqueeze', 'x axes', 'y')] }); // biome-ignore format: one line
    await expect(readOnnx(deep)).rejects.toThrow('got 101 axes, want at most 64');
  });

  it('ONNX: a function of its own for each unit, and a slope for each of very many', async () => {
    const x = { x: ['N', 256] };
    const w = { shape: [256, 5000], values: new Float32Array(256 * 5000) };
    const each = { shape: [5000], values: Float32Array.from({ length: 5000 }, (_, i) => i) };
    const functions = (op: string) =>
      onnxFile({ inputs: x, outputs: { y: ['N', 5000] }, constants: { w, each }, nodes: [node('MatMul', 'x w', 'z'), node(op, 'z each', 'y')] }); // biome-ignore format: one line
    await expect(readOnnx(functions('Max'))).rejects.toThrow(
      'node Max "y": got more than 4096 different functions of units',
    );
    const { network } = await readOnnx(functions('PRelu'));
    expect(network.layers[0].getSlopes()).toEqual(each.values);
  });

  it('ONNX: very many outputs', async () => {
    const outputs = Array.from({ length: 5000 }, (_, i) => `y${i}`);
    const file = onnxFile({
      inputs: { x: ['N', 1] },
      outputs: Object.fromEntries(outputs.map((name) => [name, ['N', 1]])),
      constants,
      nodes: [node('MatMul', 'x w', 'z'), ...outputs.map((name) => node('Identity', 'z', name))],
    });
    await expect(readOnnx(file)).rejects.toThrow('readOnnx: got 5000 outputs, want at most 4096');
  });

  it('ONNX: a batch normalisation after the functions of many units takes no time for each of them', async () => {
    const ones = { shape: [2000], values: Float32Array.from({ length: 2000 }, (_, i) => 1 + Math.sin(i) / 2) };
    const file = onnxFile({
      inputs: { x: ['N', 2] },
      outputs: { y: ['N', 1] },
      constants: { w: { shape: [2, 2000], values: new Float32Array(4000).fill(0.5) }, ones, v: { shape: [2000, 1], values: ones.values } }, // biome-ignore format: one line
      nodes: [
        node('MatMul', 'x w', 'z'),
        node('Tanh', 'z', 'a'),
        node('BatchNormalization', 'a ones ones ones ones', 'n'),
        node('MatMul', 'n v', 'y'),
      ],
    });
    const before = performance.now();
    const { network } = await readOnnx(file);
    // 5 s before scales were tried for a few of the units alone
    expect(performance.now() - before).toBeLessThan(2000);
    expect(network.layers[0].activation).toBe('tanh');
  });

  it('zip: a bomb, and entries that share their bytes', async () => {
    const packed = deflateRawSync(new Uint8Array(2 ** 25));
    const one = zipOf([{ name: 'config.json', size: 2 ** 25 }], packed);
    await expect(readKeras(one)).rejects.toThrow('got an archive without model.weights.h5');
    const names = ['config.json', 'model.weights.h5'];
    const both = zipOf(names.map((name) => ({ name, size: 2 ** 25 })), packed); // biome-ignore format: one line
    await expect(readKeras(both)).rejects.toThrow('got 33554432 bytes when it is unpacked, want at most 16777216');
    const small = deflateRawSync(new Uint8Array(2 ** 20));
    const many = Array.from({ length: 100 }, (_, i) => ({ name: `a/data/${i}`, size: 2 ** 20 }));
    const shared = zipOf([...many, { name: 'a/data.pkl', size: 2 ** 20 }], small);
    await expect(readPyTorch(shared)).rejects.toThrow('bytes when it is unpacked, want at most 16777216');
  });

  it('pickles: keys whose text would be endless, and tensors of very many axes', async () => {
    // (('a', 'a'), ('a', 'a')), 60 times: its text would have 2^60 letters
    const laughs = [...[0x8c, 1, 0x61], ...Array.from({ length: 60 }, () => [0x32, 0x86]).flat()];
    const dict = Uint8Array.of(0x80, 4, 0x7d, ...laughs, 0x4e, 0x73, 0x2e);
    await expect(readPyTorch(zipOf([{ name: 'a/data.pkl', size: dict.length }], dict, 0))).rejects.toThrow(
      'no state dict among "a list"',
    );
    const header = JSON.stringify({ w: { dtype: 'F32', shape: Array(1e5).fill(1), data_offsets: [0, 4] } });
    const file = new Uint8Array(8 + header.length + 4);
    new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
    file.set(new TextEncoder().encode(header), 8);
    await expect(readSafetensors(file)).rejects.toThrow('got 100000 axes, want at most 64');
  });

  it('FANN: layers that claim more weights than the file has connections', async () => {
    const count = 20_001;
    const file = [
      'FANN_FLO_2.1',
      'network_type=0',
      `layer_sizes=${count} ${count} `,
      `neurons (num_inputs, activation_function, activation_steepness)=${'(0, 0, 0) '.repeat(2 * count)}`,
      'connections (connected_to_neuron, weight)=',
    ].join('\n');
    await expect(readFann(new TextEncoder().encode(file))).rejects.toThrow('got room for 20000 times 20000 weights');
  });

  it('HDF5: a table of names that is in a tree very often', async () => {
    await expect(readKeras(tableBomb(5000, 5000))).rejects.toThrow('got more than 50000 objects');
  });

  it('JSON: a file of weights that is named very often, and a count that no network has', async () => {
    const [model, files] = TFJS;
    const [group] = model.weightsManifest;
    const often = { ...model, weightsManifest: [{ ...group, paths: Array(1e5).fill('weights.bin') }] };
    await expect(readTfjs(often, files)).rejects.toThrow('got "weights.bin" a second time, want each file once');
    const wide = { type: 'NeuralNetwork', sizes: [1e12, 1], layers: [{}, { weights: [], biases: [] }], inputLookup: { a: 0 } }; // biome-ignore format: one line
    await expect(readBrain(wide)).rejects.toThrow('sizes[0]: got 1000000000000, want an integer from 1 to 65536');
    await expect(readBrain('['.repeat(1e6))).rejects.toThrow('want at most 200 levels');
  });

  it('JSON: __proto__ and constructor are names like others', async () => {
    const json = JSON.parse('{"type":"NeuralNetwork","sizes":[1,1],"layers":[{},{"weights":[[1]],"biases":[1]}],"inputLookup":{"__proto__":0}}'); // biome-ignore format: one line
    const { network } = await readBrain(json);
    expect(network.columns).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)[0]).toBeUndefined();
  });
});

interface ZipEntry {
  readonly name: string;
  readonly size: number;
}

/** An archive whose entries all have the same packed bytes. `method`: 8 for deflate, 0 for stored. */
function zipOf(entries: readonly ZipEntry[], packed: Uint8Array, method = 8): Uint8Array {
  const text = (name: string) => new TextEncoder().encode(name);
  const fields = (bytes: number, at: Readonly<Record<number, number>>) => {
    const header = new DataView(new ArrayBuffer(bytes));
    for (const [place, value] of Object.entries(at)) {
      if (value > 65_535 || place === '0') header.setUint32(Number(place), value, true);
      else header.setUint16(Number(place), value, true);
    }
    return new Uint8Array(header.buffer);
  };
  const directory = entries.flatMap(({ name, size }) => [
    ...fields(46, { 0: 0x02014b50, 10: method, 20: packed.length, 24: size, 28: name.length }),
    ...text(name),
  ]);
  const start = 30 + packed.length;
  const count = entries.length;
  const end = fields(22, { 0: 0x06054b50, 8: count, 10: count, 12: directory.length, 16: start });
  return Uint8Array.from([...fields(30, { 0: 0x04034b50 }), ...packed, ...directory, ...end]);
}

/** An HDF5 file whose root has `nodes` times the same table of `entries` names. */
function tableBomb(nodes: number, entries: number): Uint8Array {
  const [header, tree, heap] = [96, 136, 144 + 32 + 16 * nodes];
  const names = heap + 32;
  const table = names + 8;
  const file = new Uint8Array(table + 8 + 40 * entries);
  const view = new DataView(file.buffer);
  const write = (at: number, letters: string) =>
    file.set(
      Uint8Array.from(letters, (c) => c.charCodeAt(0)),
      at,
    );
  const address = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  write(0, '\x89HDF\r\n\x1a\n');
  file.set([8, 8], 13);
  address(64, header);
  // the header has one message: the addresses of the tree and of the heap of names
  view.setUint32(header + 8, 24, true);
  file.set([0x11, 0, 16, 0], header + 16);
  address(header + 24, tree);
  address(header + 32, heap);
  write(tree, 'TREE');
  view.setUint16(tree + 6, nodes, true);
  for (let i = 0; i < nodes; i++) address(tree + 32 + 16 * i, table);
  write(heap, 'HEAP');
  address(heap + 8, 8);
  address(heap + 24, names);
  write(names, 'a');
  write(table, 'SNOD');
  view.setUint16(table + 6, entries, true);
  for (let i = 0; i < entries; i++) address(table + 8 + 40 * i + 8, header);
  return file;
}
