import { describe, expect, it } from 'vitest';
import { readOnnx, writeOnnx } from '../../src/onnx.js';
import { createNetwork } from '../build.js';
import { type GraphLike, type NodeLike, node, onnxFile, type TensorLike } from './graphs.js';
import { floats, scalar, sizes, tensor } from './numbers.js';
import { distanceOf, runOnnx } from './onnxruntime.js';

// Files that decide for classes or labels: what they decide by is no part of the network, but says its task, from which
// output up a class counts, and which outputs are its own.

const LIMITS = { quarter: scalar(0.25), half: scalar(0.5), zero: scalar(0), one: scalar(1), each: { shape: [3], values: [0.125, 0.5, 0.25] } }; // biome-ignore format: a table

/** A graph of one hidden layer and `units` logits `z`, with the nodes behind them. */
function graphOf(
  nodes: readonly NodeLike[],
  outputs: readonly string[],
  units = 3,
  more: Readonly<Record<string, TensorLike>> = {},
): GraphLike {
  // biome-ignore format: one line
  return {
    inputs: { x: ['N', 4] },
    outputs: Object.fromEntries(outputs.map((name) => [name, ['N', units]])),
    types: Object.fromEntries(nodes.flatMap((one) => one.outputs.map((name) => [name, typeOf(one)]))),
    constants: { w0: tensor([4, 5]), w1: tensor([5, units], 2), b1: tensor([units], 1), ...LIMITS, ...more },
    nodes: [node('Gemm', 'x w0', 'z0'), node('Tanh', 'z0', 'a0'), node('Gemm', 'a0 w1 b1', 'z'), ...nodes],
  };
}

/** The code of the type of what a node makes. */
function typeOf({ op, attributes = {} }: NodeLike): number {
  if (op === 'Cast') return attributes.to as number;
  if (op === 'ArgMax') return 7;
  return /^(Greater|Less)|^Not$/.test(op) ? 9 : 1;
}

const SIGMOID = node('Sigmoid', 'z', 'p');
const LEFT = 'the output "yes" was left out';

describe('labels', () => {
  const rules: [string, readonly NodeLike[], Readonly<{ threshold?: number; note?: string }>][] = [
    ['Greater', [node('Greater', 'p quarter', 'yes')], { threshold: 0.25 }],
    ['Greater and Cast', [node('Greater', 'p quarter', 'g'), node('Cast', 'g', 'yes', { to: 7 })], { threshold: 0.25 }],
    ['Greater and Cast to floats', [node('Greater', 'p quarter', 'g'), node('Cast', 'g', 'yes', { to: 1 })], { threshold: 0.25 }], // biome-ignore format: a table
    ['Less with the limit first', [node('Less', 'quarter p', 'yes')], { threshold: 0.25 }],
    ['LessOrEqual and Not', [node('LessOrEqual', 'p quarter', 'l'), node('Not', 'l', 'yes')], { threshold: 0.25 }],
    ['Not behind Cast', [node('LessOrEqual', 'p quarter', 'l'), node('Cast', 'l', 'c', { to: 7 }), node('Cast', 'c', 'd', { to: 9 }), node('Not', 'd', 'yes')], { threshold: 0.25 }], // biome-ignore format: a table
    ['Where of 1 and 0', [node('Greater', 'p quarter', 'g'), node('Where', 'g one zero', 'yes')], { threshold: 0.25 }],
    [
      'Where of 0 and 1',
      [node('LessOrEqual', 'p quarter', 'g'), node('Where', 'g zero one', 'yes')],
      { threshold: 0.25 },
    ],
    ['Binarizer', [node('Binarizer', 'p', 'b', { threshold: { float: 0.75 } }, 'ai.onnx.ml'), node('Cast', 'b', 'yes', { to: 7 })], { threshold: 0.75 }], // biome-ignore format: a table
    ['Round', [node('Round', 'p', 'yes')], { threshold: 0.5 }],
    ['a comparison of what the sigmoid is given', [node('Greater', 'z zero', 'yes')], { threshold: 0.5 }],
    ['GreaterOrEqual', [node('GreaterOrEqual', 'p quarter', 'yes')], { threshold: 0.25, note: `${LEFT}: there, 0.25 itself counts too` }], // biome-ignore format: a table
    ['Less', [node('Less', 'p quarter', 'yes')], { note: `${LEFT}: it is true where an output is not above 0.25` }],
    ['a limit for each output', [node('Greater', 'p each', 'yes')], { note: `${LEFT}: pass its limits to classify, { threshold: [0.125, 0.5, 0.25] }` }], // biome-ignore format: a table
  ];
  it.each(rules)('by %s', async (_, nodes, { threshold, note = LEFT }) => {
    const file = onnxFile(graphOf([SIGMOID, ...nodes], ['p', 'yes']));
    const read = await readOnnx(file);
    expect(read.network.task).toBe('labels');
    expect(read.threshold).toBe(threshold);
    expect(read.notes).toEqual([note]);
    const x = floats(28, 9);
    expect(distanceOf(read.network.predict(x), await runOnnx(file, x, 7, 'p'))).toBeLessThan(1e-6);
    if (threshold === undefined) return;
    const answers = await runOnnx(file, x, 7, 'yes');
    const wanted = Array.from({ length: 7 }, (_row, i) => [0, 1, 2].filter((k) => answers[3 * i + k] === 1));
    expect(read.network.classify(x, { threshold })).toEqual(wanted);
  });

  it('are the outputs by which a file decides that shows only the decision', async () => {
    const nodes = [SIGMOID, node('Greater', 'p quarter', 'g'), node('Cast', 'g', 'yes', { to: 7 })];
    const { network, threshold, notes } = await readOnnx(onnxFile(graphOf(nodes, ['yes'])));
    expect([network.task, threshold]).toEqual(['labels', 0.25]);
    expect(notes).toEqual(['the network gives "p", by which the file decides', LEFT]);
  });

  it('are classes if there is one output, or two of a softmax', async () => {
    const one = await readOnnx(onnxFile(graphOf([SIGMOID, node('Greater', 'p quarter', 'yes')], ['p', 'yes'], 1)));
    expect([one.network.task, one.threshold]).toEqual(['classes', 0.25]);
    const nodes = [
      node('Softmax', 'z', 'p'),
      node('Gather', 'p second', 'q', { axis: 1 }),
      node('Greater', 'q quarter', 'yes'),
    ];
    const two = await readOnnx(onnxFile(graphOf(nodes, ['p', 'yes'], 2, { second: sizes(1) })));
    expect([two.network.task, two.threshold]).toEqual(['classes', 0.25]);
    expect(two.network.classify(floats(28), { threshold: two.threshold })).toHaveLength(7);
  });

  it('are none if the file compares other numbers than its outputs', async () => {
    const nodes = [node('Tanh', 'z', 't'), node('MatMul', 't more', 'y'), node('Greater', 'z quarter', 'yes')];
    const { network, threshold, notes } = await readOnnx(onnxFile(graphOf(nodes, ['y', 'yes'], 3, { more: tensor([3, 3]) }))); // biome-ignore format: one line
    expect([network.task, threshold]).toEqual([undefined, undefined]);
    expect(notes).toEqual([`${LEFT}: it compares "z" with 0.25`]);
  });
});

describe('the class of the largest output', () => {
  const argMax = node('ArgMax', 'z', 'yes', { axis: 1 });

  it('is what a file shows whose last node is ArgMax', async () => {
    const x = floats(28, 3);
    const file = onnxFile(graphOf([argMax], ['yes'], 3));
    const { network, notes } = await readOnnx(file);
    expect(network.task).toBe('classes');
    expect(notes).toEqual(['the network gives "z", by which the file decides', LEFT]);
    expect(network.classify(x)).toEqual([...(await runOnnx(file, x, 7))]);
  });

  it('comes in with the names of the classes', async () => {
    const names = { names: sizes(3, 5, 7) };
    const last = node('ArrayFeatureExtractor', 'names yes', 'name', {}, 'ai.onnx.ml');
    const { network } = await readOnnx(onnxFile(graphOf([argMax, last], ['name'], 3, names)));
    expect(network.classes).toEqual(['3', '5', '7']);
  });

  it('is that of Hardmax too', async () => {
    const { network } = await readOnnx(onnxFile(graphOf([node('Hardmax', 'z', 'yes', { axis: -1 })], ['yes'])));
    expect(network.task).toBe('classes');
  });

  it('is refused along the samples', async () => {
    const along = graphOf([node('ArgMax', 'z', 'yes', { axis: 0 })], ['yes']);
    await expect(readOnnx(onnxFile(along))).rejects.toThrow(
      'node ArgMax "yes": got axis=0, which mixes samples or rows, of which the output "yes" is made, want outputs ' +
        'that are numbers: pass options.output: "z" for those before this node',
    );
  });
});

describe('options.output', () => {
  it('takes a value within the graph, and leaves out what follows', async () => {
    const mean = graphOf([node('ReduceMean', 'z', 'y', { axes: [1] })], ['y']);
    await expect(readOnnx(onnxFile(mean))).rejects.toThrow('pass options.output: "z" for the numbers before this node');
    const { network, notes } = await readOnnx(onnxFile(mean), { output: 'z' });
    expect(network.outputs).toBe(3);
    expect(notes).toEqual(['the output "y" was left out']);
  });

  it('keeps what the other outputs say', async () => {
    const nodes = [SIGMOID, node('Binarizer', 'p', 'yes', { threshold: { float: 0.5 } }, 'ai.onnx.ml'), node('Magic', 'p', 'm')]; // biome-ignore format: one line
    const file = onnxFile(graphOf(nodes, ['p', 'yes', 'm']));
    await expect(readOnnx(file)).rejects.toThrow('node Magic "m": got the operator "Magic"');
    const { network, threshold, notes } = await readOnnx(file, { output: 'p' });
    expect([network.task, threshold]).toEqual(['labels', 0.5]);
    expect(notes).toEqual([LEFT, 'the output "m" was left out']);
  });
});

describe('several outputs', () => {
  it('of one column each come in as one', async () => {
    const parts = [0, 1, 2].map((i) => node('Gather', `p i${i}`, `p${i}`, { axis: 1 }));
    const places = Object.fromEntries([0, 1, 2].map((i) => [`i${i}`, { shape: [], values: [i], type: 'int64' as const }])); // biome-ignore format: one line
    const nodes = [node('Softmax', 'z', 'p'), ...parts];
    const file = onnxFile(graphOf(nodes, ['p2', 'p0', 'p1'], 3, places));
    const { network, notes } = await readOnnx(file);
    expect(notes).toEqual(['the outputs "p2", "p0", "p1" come in as one, in this order']);
    const x = floats(28);
    const outputs = await Promise.all(['p2', 'p0', 'p1'].map((name) => runOnnx(file, x, 7, name)));
    const rows = Array.from({ length: 21 }, (_, i) => outputs[i % 3][Math.floor(i / 3)]);
    expect(distanceOf(network.predict(x), rows)).toBeLessThan(1e-6);
  });

  it('that are the same numbers are one', async () => {
    const { network, notes } = await readOnnx(onnxFile(graphOf([SIGMOID, node('Identity', 'p', 'q')], ['p', 'q'])));
    expect([network.outputs, notes]).toEqual([3, []]);
  });

  it('that are some of a softmax are refused: their sum depends on the others', async () => {
    const nodes = [node('Softmax', 'z', 'p'), node('Gather', 'p two', 'y', { axis: 1 })];
    const wanted = 'got some outputs of a softmax without the others, want all of them';
    await expect(readOnnx(onnxFile(graphOf(nodes, ['y'], 3, { two: sizes(0, 1) })))).rejects.toThrow(wanted);
    const { network } = await readOnnx(onnxFile(graphOf(nodes, ['y'], 3, { two: sizes(2, 0, 1) })));
    expect(network.outputs).toBe(3);
  });
});

describe('the threshold of a network', () => {
  it('is kept from writeOnnx to readOnnx', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3, activation: 'sigmoid' }], task: 'labels' });
    const file = await writeOnnx(net, { threshold: 0.3 });
    const { network, threshold, notes } = await readOnnx(file);
    expect([network.task, threshold, notes]).toEqual(['labels', 0.3, []]);
    expect((await readOnnx(await writeOnnx(net))).threshold).toBeUndefined();
    await expect(writeOnnx(net, { threshold: Number.NaN })).rejects.toThrow('options.threshold: got NaN');
  });
});
