import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/onnx.js';
import { type GraphLike, node, onnxFile } from './graphs.js';
import { floats, scalar, sizes, tensor } from './numbers.js';
import { distanceOf, runOnnx } from './onnxruntime.js';

const FIXTURES = new URL('fixtures/', import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FIXTURES)));

describe('files of PyTorch', () => {
  const expected: Record<string, { x: number[]; y: number[] }> = JSON.parse(
    new TextDecoder().decode(read('pytorch.json')),
  );
  const refused: Record<string, string> = {
    layernorm: 'got the operator "LayerNormalization", want BatchNormalization',
  };
  const files = readdirSync(FIXTURES).filter((name) => /^pytorch-.*\.onnx$/.test(name));

  it('are there for every model', () => {
    const models = new Set(files.map((file) => file.replace(/^pytorch-(.*)-\d+\.onnx$/, '$1')));
    expect([...models].sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(files)('%s', async (file) => {
    const name = file.replace(/^pytorch-(.*)-\d+\.onnx$/, '$1');
    const { x, y } = expected[name];
    if (name in refused) {
      await expect(readOnnx(read(file))).rejects.toThrow(RangeError);
      await expect(readOnnx(read(file))).rejects.toThrow(refused[name]);
      return;
    }
    const { network, notes } = await readOnnx(read(file));
    const wanted = name === 'logsoftmax' ? y.map(Math.exp) : y;
    expect(distanceOf(network.predict(Float32Array.from(x)), wanted)).toBeLessThan(1e-6);
    const changed = {
      logsoftmax: 'logarithms of a softmax',
      prelu: 'the one slope of',
    }[name];
    expect(notes).toEqual(changed ? [expect.stringContaining(changed)] : []);
    expect(network.task).toBe(name.includes('softmax') || name === 'standardized' ? 'classes' : undefined);
    const activation = {
      leaky02: { name: 'leakyRelu', slope: 0.2 },
      elu05: { name: 'elu', alpha: 0.5 },
      gelu: 'gelu',
      gelutanh: 'geluTanh',
      hardswish: 'hardSwish',
      mish: 'mish',
      prelu: 'prelu',
      relu6: 'relu6',
    }[name];
    if (name === 'scaled') expect(network.layers[1].activation).toBe('relu6');
    if (activation) expect(network.layers[0].activation).toEqual(activation);
    if (name === 'prelu') expect([...network.layers[0].getSlopes()]).toEqual(new Array(5).fill(0.25));
  });

  it('come in with their standardisation', async () => {
    const { network } = await readOnnx(read('pytorch-standardized-17.onnx'));
    expect([...network.getStandardization()!.means]).toEqual([1, 2, 3, 4]);
    expect([...network.getStandardization()!.deviations]).toEqual([0.5, 2, 1, 3]);
  });

  it('come in with the nearest activation, if that is asked for', async () => {
    const graph: GraphLike = {
      inputs: { x: ['N', 4] },
      outputs: { out: ['N', 3] },
      constants: { w0: tensor([4, 5]), w1: tensor([5, 3], 2), small: scalar(2 ** -12) },
      nodes: [
        node('MatMul', 'x w0', 'z0'),
        node('Tanh', 'z0', 't0'),
        node('Mul', 'z0 small', 's0'),
        node('Add', 't0 s0', 'a0'),
        node('MatMul', 'a0 w1', 'out'),
      ],
    };
    const file = onnxFile(graph);
    await expect(readOnnx(file)).rejects.toThrow('nearest is tanh, off by 0.0049: pass approximate: true to take it');
    const { network, notes } = await readOnnx(file, { approximate: true });
    expect(notes).toEqual(['the function after "z0" was replaced by tanh, which is off by at most 0.0049']);
    const x = floats(40);
    const off = distanceOf(network.predict(x), await runOnnx(file, x, 10));
    expect(off).toBeGreaterThan(1e-7);
    expect(off).toBeLessThan(1e-2);
    const exp = onnxFile({ ...graph, nodes: [node('MatMul', 'x w0', 'z0'), node('Exp', 'z0', 'a0'), node('MatMul', 'a0 w1', 'out')] }); // biome-ignore format: one line
    await expect(readOnnx(exp, { approximate: true })).rejects.toThrow('which is exp');
  });

  it('can be trained', async () => {
    const { network } = await readOnnx(read('pytorch-batchnorm-17.onnx'), { network: { cost: 'quadratic', l2: 0.1 } });
    const inputs = floats(400);
    const targets = floats(300, 7);
    const history = [...(await network.fit({ inputs, targets }, { epochs: 5 }))];
    expect(history[4].cost).toBeLessThan(history[0].cost);
    expect(network.l2).toBe(0.1);
  });
});

/** Graphs as exporters write them: what this library reads of each must be what onnxruntime computes. */
const GRAPHS: Readonly<Record<string, GraphLike & { readonly note?: string }>> = {
  'keras2onnx, with Cast and Reshape in front': {
    opset: 11,
    inputs: { input: ['N', 2, 2, 1] },
    outputs: { out: ['N', 3] },
    constants: {
      shape: sizes(-1, 4),
      w0: tensor([4, 5]),
      b0: tensor([5], 1),
      w1: tensor([5, 3], 2),
      b1: tensor([3], 3),
    },
    nodes: [
      node('Cast', 'input', 'cast', { to: 1 }),
      node('Reshape', 'cast shape', 'flat'),
      node('MatMul', 'flat w0', 'm0'),
      node('Add', 'm0 b0', 'z0'),
      node('Tanh', 'z0', 'a0'),
      node('MatMul', 'a0 w1', 'm1'),
      node('Add', 'm1 b1', 'z1'),
      node('Softmax', 'z1', 'p'),
      node('Identity', 'p', 'out'),
    ],
  },
  'tf2onnx, with a Normalization layer of constants that are computed': {
    opset: 15,
    inputs: { input: ['unk__10', 4] },
    outputs: { out: ['unk__11', 1] },
    constants: {
      mean: { shape: [1, 4], values: [1, -2, 30, 0.5] },
      variance: { shape: [1, 4], values: [4, 0.25, 100, 1] },
      epsilon: scalar(1e-7),
      w0: tensor([4, 6]),
      b0: tensor([6], 1),
      w1: tensor([6, 1], 2),
      b1: tensor([1], 3),
    },
    nodes: [
      node('Sqrt', 'variance', 'root'),
      node('Max', 'root epsilon', 'deviation'),
      node('Sub', 'input mean', 'centred'),
      node('Div', 'centred deviation', 'standardised'),
      node('MatMul', 'standardised w0', 'm0'),
      node('Add', 'm0 b0', 'z0'),
      node('Relu', 'z0', 'a0'),
      node('MatMul', 'a0 w1', 'm1'),
      node('Add', 'm1 b1', 'z1'),
      node('Sigmoid', 'z1', 'out'),
    ],
  },
  'MATLAB, of images of one row': {
    opset: 9,
    format: 4,
    inputs: { input: [1, 1, 1, 4] },
    outputs: { out: [1, 3] },
    constants: { mean: { shape: [1, 1, 1, 4], values: [1, 2, 3, 4] }, w0: tensor([4, 5]), b0: tensor([5], 1), w1: tensor([5, 3], 2), b1: tensor([3], 3) }, // biome-ignore format: a table
    nodes: [
      node('Sub', 'input mean', 'centred'),
      node('Flatten', 'centred', 'flat', { axis: 1 }),
      node('MatMul', 'flat w0', 'm0'),
      node('Add', 'm0 b0', 'z0'),
      node('Relu', 'z0', 'a0'),
      node('MatMul', 'a0 w1', 'm1'),
      node('Add', 'm1 b1', 'out'),
    ],
  },
  'the dynamo exporter, with gelu as an operator and softplus by Where': {
    opset: 20,
    format: 10,
    inputs: { x: ['s0', 4] },
    outputs: { out: ['s0', 2] },
    constants: { w0: tensor([5, 4]), b0: tensor([5], 1), w1: tensor([5, 5], 2), b1: tensor([5], 3), w2: tensor([2, 5], 4), b2: tensor([2], 5), limit: scalar(20), one: scalar(1) }, // biome-ignore format: a table
    nodes: [
      node('Gemm', 'x w0 b0', 'z0', { transB: 1, alpha: { float: 1 }, beta: { float: 1 } }),
      node('Gelu', 'z0', 'a0', { approximate: 'none' }),
      node('Gemm', 'a0 w1 b1', 'z1', { transB: 1 }),
      node('Greater', 'z1 limit', 'large'),
      node('Exp', 'z1', 'e'),
      node('Add', 'e one', 'e1'),
      node('Log', 'e1', 'soft'),
      node('Where', 'large z1 soft', 'a1'),
      node('Gemm', 'a1 w2 b2', 'out', { transB: 1 }),
    ],
  },
  'weights that are transposed by nodes, and a Gemm with alpha and beta': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: { w0: tensor([5, 4]), w1: tensor([3, 5], 2), b1: tensor([1, 3], 3) },
    nodes: [
      node('Transpose', 'w0', 'w0t', { perm: [1, 0] }),
      node('MatMul', 'x w0t', 'z0'),
      node('Sigmoid', 'z0', 'a0'),
      node('Gemm', 'a0 w1 b1', 'out', { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }),
    ],
  },
  'hard sigmoid of Keras 2, by Clip': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: { w0: tensor([4, 5]), w1: tensor([5, 3], 2), slope: scalar(0.2), half: scalar(0.5), zero: scalar(0), one: scalar(1) }, // biome-ignore format: a table
    nodes: [
      node('MatMul', 'x w0', 'z0'),
      node('Mul', 'z0 slope', 'scaled'),
      node('Add', 'scaled half', 'moved'),
      node('Clip', 'moved zero one', 'a0'),
      node('MatMul', 'a0 w1', 'out'),
    ],
  },
  'every operator of its own for an activation, of later opsets too': {
    opset: 20,
    format: 9,
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 5] },
    constants: { w0: tensor([4, 5]), w1: tensor([5, 5], 1), w2: tensor([5, 5], 2), w3: tensor([5, 5], 3), w4: tensor([5, 5], 4), w5: tensor([5, 5], 5), slopes: { shape: [5], values: [0.5, -0.25, 0, 1, 2] }, zero: scalar(0), six: scalar(6) }, // biome-ignore format: a table
    nodes: [
      node('MatMul', 'x w0', 'z0'),
      node('Gelu', 'z0', 'a0', { approximate: 'tanh' }),
      node('MatMul', 'a0 w1', 'z1'),
      node('HardSwish', 'z1', 'a1'),
      node('MatMul', 'a1 w2', 'z2'),
      node('Mish', 'z2', 'a2'),
      node('MatMul', 'a2 w3', 'z3'),
      node('PRelu', 'z3 slopes', 'a3'),
      node('MatMul', 'a3 w4', 'z4'),
      node('Clip', 'z4 zero six', 'a4'),
      node('MatMul', 'a4 w5', 'z5'),
      node('LeakyRelu', 'z5', 'out', { alpha: { float: -0.5 } }),
    ],
  },
  'silu of a batch normalisation, units in another order': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: {
      w0: tensor([4, 5]),
      g: tensor([5], 1),
      b: tensor([5], 2),
      m: tensor([5], 3),
      v: { shape: [5], values: [1, 2, 3, 0.5, 0.1] },
      order: sizes(3, 1, 4, 0),
      w1: tensor([4, 3], 4),
    },
    nodes: [
      node('MatMul', 'x w0', 'z0'),
      node('BatchNormalization', 'z0 g b m v', 'n0', { epsilon: { float: 1e-3 } }),
      node('Sigmoid', 'n0', 's0'),
      node('Mul', 's0 n0', 'a0'),
      node('Gather', 'a0 order', 'some', { axis: 1 }),
      node('MatMul', 'some w1', 'out'),
    ],
  },
  'a unit that has two functions, and inputs that are left out': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 2] },
    constants: { start: sizes(1), end: sizes(3), axis: sizes(1), w0: tensor([2, 3]), b0: tensor([3]), w1: tensor([6, 2], 1) }, // biome-ignore format: a table
    nodes: [
      node('Slice', 'x start end axis', 'two'),
      node('MatMul', 'two w0', 'm0'),
      node('Add', 'b0 m0', 'z0'),
      node('Neg', 'z0', 'minus'),
      node('Relu', 'z0', 'up'),
      node('Relu', 'minus', 'down'),
      node('Concat', 'up down', 'both', { axis: -1 }),
      node('MatMul', 'both w1', 'out'),
    ],
  },
  'outputs that are scaled after their function': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 2] },
    constants: { w0: tensor([4, 2]), ten: scalar(10), five: { shape: [2], values: [5, -5] } },
    nodes: [node('MatMul', 'x w0', 'z0'), node('Tanh', 'z0', 'a0'), node('Mul', 'a0 ten', 's'), node('Sub', 's five', 'out')], // biome-ignore format: one line
    note: 'a linear layer was added',
  },
  'inputs that are scaled by one number': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 2] },
    constants: { w0: tensor([4, 2]), by: scalar(1 / 255) },
    nodes: [node('Mul', 'x by', 's'), node('MatMul', 's w0', 'out')],
  },
  'a transposition and a fixed batch': {
    inputs: { x: [1, 2, 2] },
    outputs: { out: [1, 3] },
    constants: { shape: sizes(1, 4), w0: tensor([4, 3]) },
    nodes: [node('Transpose', 'x', 't', { perm: [0, 2, 1] }), node('Reshape', 't shape', 'flat'), node('MatMul', 'flat w0', 'out')], // biome-ignore format: one line
  },
  'weights of 8 bits, with a scale for each unit and for all': {
    opset: 13,
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: {
      w0: { shape: [4, 5], values: Array.from({ length: 20 }, (_, i) => ((37 * i) % 200) - 100), type: 'int8' },
      s0: { shape: [5], values: [0.01, 0.02, 0.03, 0.015, 0.005] },
      z0: { shape: [5], values: [0, 1, -2, 3, 4], type: 'int8' },
      w1: { shape: [3, 5], values: Array.from({ length: 15 }, (_, i) => (91 * i) % 256), type: 'uint8' },
      s1: scalar(0.01),
      z1: { shape: [], values: [128], type: 'uint8' },
    },
    nodes: [
      node('DequantizeLinear', 'w0 s0 z0', 'f0', { axis: 1 }),
      node('MatMul', 'x f0', 'm0'),
      node('Relu', 'm0', 'a0'),
      node('DequantizeLinear', 'w1 s1 z1', 'f1'),
      node('Gemm', 'a0 f1', 'out', { transB: 1 }),
    ],
  },
  'operators that onnxruntime has joined': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: { w0: tensor([4, 5]), b0: tensor([5], 1), w1: tensor([5, 5], 2), b1: tensor([5], 3), w2: tensor([3, 5], 4) }, // biome-ignore format: a table
    nodes: [
      node(
        'FusedGemm',
        'x w0 b0',
        'a0',
        { activation: 'LeakyRelu', activation_alpha: { float: 0.01 } },
        'com.microsoft',
      ),
      node('MatMul', 'a0 w1', 'm1'),
      node('BiasGelu', 'm1 b1', 'a1', {}, 'com.microsoft'),
      node('FusedMatMul', 'a1 w2', 'out', { transB: 1, alpha: { float: 0.5 } }, 'com.microsoft'),
    ],
  },
  'constants of nodes, an old Dropout with two outputs, and Sum': {
    opset: 9,
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    nodes: [
      node('Constant', '', 'w0', { value: tensor([4, 5]) }),
      node('Constant', '', 'b0', { value: tensor([1, 5], 1) }),
      node('MatMul', 'x w0', 'm0'),
      node('Sum', 'm0 b0', 'z0'),
      node('Dropout', 'z0', 'd0 mask', { ratio: { float: 0.5 } }),
      node('Elu', 'd0', 'a0', { alpha: { float: 1 } }),
      node('Constant', '', 'w1', { value: tensor([5, 3], 2) }),
      node('MatMul', 'a0 w1', 'out'),
    ],
  },
  'columns of different widths as inputs of their own, by FeatureVectorizer': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 2] },
    constants: { w: tensor([4, 2]), start: sizes(0, 2), end: sizes(2, 4), axis: sizes(1), a: sizes(0), b: sizes(2), c: sizes(4) }, // biome-ignore format: a table
    nodes: [
      node('Slice', 'x a b axis', 'left'),
      node('Slice', 'x b c axis', 'right'),
      node('FeatureVectorizer', 'right left', 'f', { inputdimensions: [2, 2] }, 'ai.onnx.ml'),
      node('MatMul', 'f w', 'out'),
    ],
  },
  'numbers that are items, not raw bytes': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 1] },
    constants: { w0: { shape: [4, 1], values: [1, 2, 3, 4], type: 'items' } },
    nodes: [node('MatMul', 'x w0', 'out')],
  },
  'Max, Min and Clip with one number, which are relu moved and mirrored': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: { w0: tensor([4, 5]), w1: tensor([5, 5], 1), w2: tensor([5, 5], 2), w3: tensor([5, 5], 3), w4: tensor([5, 5], 4), w5: tensor([5, 3], 5), zero: scalar(0), one: scalar(1), half: scalar(-0.5), some: tensor([5], 7) }, // biome-ignore format: a table
    nodes: [
      node('MatMul', 'x w0', 'z0'),
      node('Max', 'z0 zero', 'a0'),
      node('MatMul', 'a0 w1', 'z1'),
      node('Max', 'half z1', 'a1'),
      node('MatMul', 'a1 w2', 'z2'),
      node('Min', 'z2 one', 'a2'),
      node('MatMul', 'a2 w3', 'z3'),
      node('Clip', 'z3 - one', 'a3'),
      node('MatMul', 'a3 w4', 'z4'),
      node('Max', 'z4 some', 'a4'),
      node('MatMul', 'a4 w5', 'out'),
    ],
  },
  'relu6 by Min and Max in either order': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: { w0: tensor([4, 5]), w1: tensor([5, 5], 1), w2: tensor([5, 3], 2), zero: scalar(0), six: scalar(6) },
    nodes: [
      node('MatMul', 'x w0', 'z0'),
      node('Max', 'z0 zero', 'm0'),
      node('Min', 'm0 six', 'a0'),
      node('MatMul', 'a0 w1', 'z1'),
      node('Min', 'six z1', 'm1'),
      node('Max', 'zero m1', 'a1'),
      node('MatMul', 'a1 w2', 'out'),
    ],
  },
  'a batch normalisation of the channels of images': {
    inputs: { x: ['N', 2, 3, 1] },
    outputs: { out: ['N', 3] },
    constants: { g: tensor([2], 1), b: tensor([2], 2), m: tensor([2], 3), v: { shape: [2], values: [1, 0.25] }, w: tensor([6, 3]) }, // biome-ignore format: a table
    nodes: [
      node('BatchNormalization', 'x g b m v', 'n'),
      node('Flatten', 'n', 'flat'),
      node('MatMul', 'flat w', 'out'),
    ],
  },
  'gelu by its parts, and then a batch normalisation': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: { w0: tensor([4, 5]), root: scalar(Math.SQRT2), one: scalar(1), half: scalar(0.5), g: tensor([5], 1), b: tensor([5], 2), m: tensor([5], 3), v: { shape: [5], values: [1, 2, 3, 0.5, 0.1] }, w1: tensor([5, 3], 4) }, // biome-ignore format: a table
    nodes: [
      node('MatMul', 'x w0', 'z0'),
      node('Div', 'z0 root', 'd0'),
      node('Erf', 'd0', 'e0'),
      node('Add', 'e0 one', 's0'),
      node('Mul', 'z0 s0', 'p0'),
      node('Mul', 'p0 half', 'a0'),
      node('BatchNormalization', 'a0 g b m v', 'n0'),
      node('MatMul', 'n0 w1', 'out'),
    ],
  },
  'functions that follow one another: relu, a batch normalisation, silu, prelu': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: { w0: tensor([4, 5]), g: tensor([5], 1), b: tensor([5], 2), m: tensor([5], 3), v: { shape: [5], values: [1, 2, 3, 0.5, 0.1] }, slopes: tensor([5], 5), w1: tensor([5, 3], 4) }, // biome-ignore format: a table
    nodes: [
      node('MatMul', 'x w0', 'z0'),
      node('Relu', 'z0', 'r0'),
      node('BatchNormalization', 'r0 g b m v', 'n0'),
      node('Sigmoid', 'n0', 's0'),
      node('Mul', 'n0 s0', 'u0'),
      node('PRelu', 'u0 slopes', 'a0'),
      node('MatMul', 'a0 w1', 'out'),
    ],
    note: 'a layer was added between the functions that follow one another behind "z0',
  },
  'columns that are picked by ArrayFeatureExtractor': {
    inputs: { x: ['N', 4] },
    outputs: { out: ['N', 3] },
    constants: { places: sizes(2, 0), w: tensor([2, 3]) },
    nodes: [node('ArrayFeatureExtractor', 'x places', 'some', {}, 'ai.onnx.ml'), node('MatMul', 'some w', 'out')],
  },
  'one sample without a batch': {
    inputs: { x: [4] },
    outputs: { out: [3] },
    constants: { w0: tensor([3, 4]), b0: tensor([3]) },
    nodes: [node('MatMul', 'w0 x', 'z0'), node('Add', 'z0 b0', 'z'), node('Elu', 'z', 'out')],
  },
};

describe.each(Object.keys(GRAPHS))('a graph of %s', (name) => {
  it('is what onnxruntime computes', async () => {
    const { note, ...graph } = GRAPHS[name];
    const file = onnxFile(graph);
    const { network, notes } = await readOnnx(file);
    expect(new Set(notes)).toEqual(new Set(note ? notes.filter((one) => one.includes(note)) : []));
    if (note) expect(notes.length).toBeGreaterThan(0);
    const [shape] = Object.values(graph.inputs);
    const rows = typeof shape[0] === 'string' ? 7 : 1;
    const x = floats(rows * network.inputs, 5).map((value) => 4 * value);
    expect(distanceOf(network.predict(x), await runOnnx(file, x, rows))).toBeLessThan(2e-6);
  });
});

/** The layers of an MLPClassifier as skl2onnx writes them. */
const SKL = {
  inputs: { X: ['N', 4] },
  constants: { w0: tensor([4, 5]), b0: tensor([1, 5], 1), one: { shape: [1], values: [1] } },
  nodes: [
    node('Scaler', 'X', 'scaled', { offset: [0.5, 1.5, -2.25, 0.1], scale: [2.5, 0.5, 1.25, 3.1] }, 'ai.onnx.ml'),
    node('Cast', 'scaled', 'cast', { to: 1 }),
    node('MatMul', 'cast w0', 'm0'),
    node('Add', 'm0 b0', 'z0'),
    node('Relu', 'z0', 'a0'),
  ],
};

describe('classifiers of scikit-learn', () => {
  const end = (probabilities: string, classes: readonly string[]) => [
    node('ArgMax', probabilities, 'place', { axis: 1 }),
    node('ArrayFeatureExtractor', 'names place', 'name', {}, 'ai.onnx.ml'),
    node('Reshape', 'name shape', 'label'),
    node('ZipMap', probabilities, 'output_probability', { classlabels_strings: classes }, 'ai.onnx.ml'),
    node('Identity', 'label', 'output_label'),
  ];
  const x = floats(28, 9);

  it('of several classes come in with scaler and names', async () => {
    const names = ['setosa', 'versicolor', 'virginica'];
    const nodes = [...SKL.nodes, node('MatMul', 'a0 w1', 'm1'), node('Add', 'm1 b1', 'z1'), node('Softmax', 'z1', 'p')];
    const constants = { ...SKL.constants, w1: tensor([5, 3], 2), b1: tensor([1, 3], 3) };
    const shown = onnxFile({ ...SKL, constants, nodes, outputs: { p: ['N', 3] } });
    const file = onnxFile({
      ...SKL,
      constants: { ...constants, names: sizes(0, 1, 2), shape: sizes(-1) },
      nodes: [...nodes, ...end('p', names)],
      outputs: { output_label: ['N'], output_probability: [] },
    });
    const { network, notes } = await readOnnx(file);
    expect(network.classes).toEqual(names);
    expect(network.task).toBe('classes');
    expect(notes).toEqual(['the output "output_label" was left out']);
    expect(network.getStandardization()!.means[2]).toBe(-2.25);
    expect(network.getStandardization()!.deviations[1]).toBe(2);
    expect(distanceOf(network.predict(x), await runOnnx(shown, x, 7))).toBeLessThan(1e-6);
    expect(names).toContain(network.classify(x)[0]);
  });

  it('take their names from a LabelEncoder', async () => {
    const nodes = [
      ...SKL.nodes,
      node('MatMul', 'a0 w1', 'm1'),
      node('Softmax', 'm1', 'p'),
      node('ArgMax', 'p', 'place', { axis: 1 }),
      node('LabelEncoder', 'place', 'label', { keys_int64s: [0, 1], values_strings: ['no', 'yes'] }, 'ai.onnx.ml'),
    ];
    const constants = { ...SKL.constants, w1: tensor([5, 2], 2) };
    const { network } = await readOnnx(
      onnxFile({ ...SKL, constants, nodes, outputs: { label: ['N', 1], p: ['N', 2] } }),
    );
    expect(network.classes).toEqual(['no', 'yes']);
  });

  it('of two classes come in as a softmax', async () => {
    const nodes = [
      ...SKL.nodes,
      node('MatMul', 'a0 w1', 'm1'),
      node('Add', 'm1 b1', 'z1'),
      node('Sigmoid', 'z1', 'p1'),
      node('Sub', 'one p1', 'p0'),
      node('Concat', 'p0 p1', 'p', { axis: 1 }),
    ];
    const constants = { ...SKL.constants, w1: tensor([5, 1], 2), b1: tensor([1, 1], 3) };
    const shown = onnxFile({ ...SKL, constants, nodes, outputs: { p: ['N', 2] } });
    const file = onnxFile({
      ...SKL,
      constants: { ...constants, names: sizes(0, 1), shape: sizes(-1) },
      nodes: [...nodes, ...end('p', ['no', 'yes'])],
      outputs: { output_label: ['N'], output_probability: [] },
    });
    const { network, notes } = await readOnnx(file);
    expect(network.classes).toEqual(['no', 'yes']);
    expect(notes[1]).toContain('come in as a softmax of two units');
    expect(distanceOf(network.predict(x), await runOnnx(shown, x, 7))).toBeLessThan(1e-6);
  });

  it('come in with the threshold that they decide by', async () => {
    const nodes = [
      ...SKL.nodes,
      node('MatMul', 'a0 w1', 'z1'),
      node('Sigmoid', 'z1', 'p'),
      node('Greater', 'p limit', 'yes'),
      node('Cast', 'yes', 'label', { to: 7 }),
    ];
    const constants = { ...SKL.constants, w1: tensor([5, 1], 2), limit: scalar(0.25) };
    const { threshold, notes } = await readOnnx(
      onnxFile({ ...SKL, constants, nodes, outputs: { yes: ['N', 1], p: ['N', 1] } }),
    );
    expect(threshold).toBe(0.25);
    expect(notes).toEqual(['the output "yes" was left out']);
  });

  it('may take each column as an input of its own', async () => {
    const file = onnxFile({
      inputs: { width: ['N', 1], height: ['N', 1] },
      outputs: { out: ['N', 3] },
      constants: { w: tensor([2, 3]) },
      nodes: [node('Concat', 'width height', 'x', { axis: 1 }), node('MatMul', 'x w', 'out')],
    });
    const { network } = await readOnnx(file);
    expect(network.columns).toEqual(['width', 'height']);
    const [width, height] = [floats(5), floats(5, 50)];
    const rows = Float32Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? width[i / 2] : height[(i - 1) / 2]));
    expect(distanceOf(network.predict(rows), await runOnnx(file, { width, height }, 5))).toBeLessThan(1e-6);
  });
});

describe('what no network of this library computes is refused', () => {
  const w = { w: tensor([4, 3]), v: tensor([3, 3]), one: scalar(1) };
  const cases: [string, GraphLike, string][] = [
    ['a convolution', { inputs: { x: ['N', 1, 2, 2] }, outputs: { y: ['N'] }, constants: { k: tensor([1, 1, 2, 2]) }, nodes: [node('Conv', 'x k', 'y')] }, 'node Conv "y": got the operator "Conv", want fully connected layers'], // biome-ignore format: a table
    ['an unknown operator of a domain', { inputs: { x: ['N', 4] }, outputs: { y: ['N'] }, nodes: [node('Magic', 'x', 'y', {}, 'com.x')] }, 'got the operator "com.x.Magic"'], // biome-ignore format: a table
    ['an operator of somebody else that is called Relu', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('MatMul', 'x w', 'z'), node('Relu', 'z', 'y', {}, 'com.x')] }, 'got the operator "com.x.Relu"'], // biome-ignore format: a table
    ['a number for each sample', { inputs: { x: [3, 4] }, outputs: { y: [3, 3] }, constants: { ...w, b: tensor([3, 1]) }, nodes: [node('Gemm', 'x w b', 'y')] }, 'got biases of the shape [3,1], want [3]'], // biome-ignore format: a table
    ['an old operator along another axis', { opset: 6, inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('MatMul', 'x w', 'z'), node('Add', 'z v', 'y', { axis: 1, broadcast: 1 })] }, 'got axis=1 of opset 6, want an export with opset 13 or later'], // biome-ignore format: a table
    ['rounded numbers of the samples', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: { ...w, zero: scalar(0) }, nodes: [node('QuantizeLinear', 'x one', 'q'), node('MatMul', 'q w', 'y')] }, 'export the model before quantisation'], // biome-ignore format: a table
    ['branches that meet', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('MatMul', 'x w', 'a'), node('MatMul', 'x w', 'b'), node('Add', 'a b', 'y')] }, 'node Add "y": got branches of different layers that meet'], // biome-ignore format: a table
    ['a product of units', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 1] }, constants: w, nodes: [node('MatMul', 'x w', 'a'), node('Split', 'a', 'p q r', { axis: 1 }), node('Mul', 'p q', 'y')] }, 'node Mul "y": got different units of a layer that meet'], // biome-ignore format: a table
    ['Flatten with axis=0', { inputs: { x: ['N', 2, 2] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('Flatten', 'x', 'f', { axis: 0 }), node('MatMul', 'f w', 'y')] }, 'got axis=0 on [batch,2,2], which mixes the batch'], // biome-ignore format: a table
    ['Reshape that mixes samples', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: { ...w, s: sizes(-1, 1) }, nodes: [node('Reshape', 'x s', 'y')] }, 'got [batch,4] to [-1,1], want [-1,4] or another shape that keeps samples apart'], // biome-ignore format: a table
    ['several outputs of a regressor in one column', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 1] }, constants: { ...w, s: sizes(-1, 1) }, nodes: [node('MatMul', 'x w', 'z'), node('Reshape', 'z s', 'y')] }, 'got [batch,3] to [-1,1]'], // biome-ignore format: a table
    ['softmax amid the network', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('MatMul', 'x w', 'z'), node('Softmax', 'z', 'a'), node('MatMul', 'a v', 'y')] }, 'node MatMul "y": got a softmax amid the network'], // biome-ignore format: a table
    ['softmax over the batch', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('MatMul', 'x w', 'z'), node('Softmax', 'z', 'y', { axis: 0 })] }, 'got axis 0 of [batch,3]'], // biome-ignore format: a table
    ['a function of the inputs', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('Log', 'x', 'l'), node('MatMul', 'l w', 'y')] }, 'a function of the inputs, before the first layer'], // biome-ignore format: a table
    ['no layer at all', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 4] }, nodes: [node('Relu', 'x', 'y')] }, 'no layer with weights'], // biome-ignore format: a table
    ['an open width', { inputs: { x: ['N', 'M'] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('MatMul', 'x w', 'y')] }, 'export with a fixed width'], // biome-ignore format: a table
    ['weights of another width', { inputs: { x: ['N', 5] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('MatMul', 'x w', 'y')] }, 'got weights of the shape [4,3], want 5 inputs'], // biome-ignore format: a table
    ['transA', { inputs: { x: [4, 4] }, outputs: { y: [4, 3] }, constants: w, nodes: [node('Gemm', 'x w', 'y', { transA: 1 })] }, 'transA=1, which mixes samples'], // biome-ignore format: a table
    ['two outputs', { inputs: { x: ['N', 4] }, outputs: { a: ['N', 3], y: ['N', 3] }, constants: w, nodes: [node('MatMul', 'x w', 'a'), node('Tanh', 'a', 'y')] }, 'pass options.output, one of "a", "y"'], // biome-ignore format: a table
    ['a value that is missing', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, nodes: [node('MatMul', 'x w', 'y')] }, 'the input "w", which nothing computes before'], // biome-ignore format: a table
    ['a softmax of one unit', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 1] }, constants: { w: tensor([4, 1]) }, nodes: [node('MatMul', 'x w', 'z'), node('Softmax', 'z', 'y')] }, 'a softmax of one unit, which is always 1'], // biome-ignore format: a table
    ['quantised weights', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: w, nodes: [node('DequantizeLinear', 'x one', 'y')] }, 'export the model before quantisation'], // biome-ignore format: a table
    ['a step function', { inputs: { x: ['N', 4] }, outputs: { y: ['N', 3] }, constants: { ...w, zero: scalar(0) }, nodes: [node('MatMul', 'x w', 'z'), node('Sign', 'z', 's'), node('MatMul', 's v', 'y')] }, 'which no activation computes, want an activation of this library; nearest is tanh'], // biome-ignore format: a table
  ];
  it.each(cases)('%s', async (_, graph, message) => {
    await expect(readOnnx(onnxFile(graph))).rejects.toThrow(RangeError);
    await expect(readOnnx(onnxFile(graph))).rejects.toThrow(message);
  });

  it('one of several outputs can be chosen', async () => {
    const [, graph] = cases.find(([name]) => name === 'two outputs') as (typeof cases)[number];
    const { network, notes } = await readOnnx(onnxFile(graph), { output: 'y' });
    expect(network.layers[0].activation).toBe('tanh');
    expect(notes).toEqual(['the output "a" was left out']);
    await expect(readOnnx(onnxFile(graph), { output: 'z' })).rejects.toThrow(
      'options.output: got "z", which nothing in the file computes, want an output, "a", "y", or a value before it',
    );
  });
});
