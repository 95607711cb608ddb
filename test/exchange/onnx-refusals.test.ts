import { describe, expect, it } from 'vitest';
import { integerField, messageField, textField, type Written } from '../../src/exchange/protobuf-write.js';
import { readOnnx } from '../../src/onnx.js';
import { type GraphLike, node, nodeFields, onnxFile, type TensorLike, tensorFields } from './graphs.js';
import { floats, scalar, sizes, tensor } from './numbers.js';

// Each refusal names the node, what it has, what is supported, and what to do.

const GRAPH: GraphLike = {
  inputs: { x: ['N', 4] },
  outputs: { y: ['N', 3] },
  constants: { w: tensor([4, 5]), v: tensor([5, 3]) },
  nodes: [node('MatMul', 'x w', 'z'), node('Relu', 'z', 'a'), node('MatMul', 'a v', 'y')],
};

const refusalOf = async (file: Uint8Array): Promise<string> => {
  try {
    (await readOnnx(file)).network.dispose();
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return (error as Error).message;
  }
};

/** The graph with this operator in place of the relu. */
const withHidden = (op: string, attributes = {}): GraphLike => ({
  ...GRAPH,
  nodes: [GRAPH.nodes[0], node(op, 'z', 'a', attributes), GRAPH.nodes[2]],
});

/** The graph with further nodes behind it, the last of which makes the output. */
const withEnd = (nodes: GraphLike['nodes'], constants = {}): GraphLike => ({
  ...GRAPH,
  outputs: { out: ['N', 1] },
  constants: { ...GRAPH.constants, ...constants },
  nodes: [...GRAPH.nodes, ...nodes],
});

describe('functions', () => {
  it.each<[GraphLike, string]>([
    [withHidden('ThresholdedRelu', { alpha: { float: 0.5 } }), 'node ThresholdedRelu "a": got the function after "z", which no activation computes, want an activation of this library; nearest is silu, off by 0.30, too far for approximate: true'], // biome-ignore format: a table
    [withHidden('Shrink', { lambd: { float: 0.5 } }), 'node Shrink "a": got the function after "z", which is hardshrink(0.5)'], // biome-ignore format: a table
    [withHidden('Sin'), 'node Sin "a": got the function after "z", which is sine'],
    [withHidden('Atan'), 'node Atan "a": got the function after "z", which is arctangent'],
    [{ ...GRAPH, nodes: [node('Log', 'x', 'a'), node('MatMul', 'a w', 'y')] }, 'node Log "a": got a function of the inputs, before the first layer, want inputs that are at most scaled'], // biome-ignore format: a table
  ])('%#', async (graph, wanted) => {
    expect(await refusalOf(onnxFile(graph))).toContain(wanted);
  });
});

describe('nodes that join units or samples', () => {
  const joining = 'want no function that joins the units of a layer: softmax may be the last node, and a sum or a mean is a layer with weights that are not trained; or pass options.output: "y" for the numbers before this node'; // biome-ignore format: one line
  it.each<[string, GraphLike, string]>([
    ['ReduceSum', withEnd([node('ReduceSum', 'y axis', 'out')], { axis: sizes(1) }), `node ReduceSum "out": got the operator "ReduceSum", ${joining}`], // biome-ignore format: a table
    ['ReduceMean', withEnd([node('ReduceMean', 'y', 'out', { axes: [1] })]), `node ReduceMean "out": got the operator "ReduceMean", ${joining}`], // biome-ignore format: a table
    ['TopK', withEnd([node('TopK', 'y k', 'out places')], { k: sizes(1) }), `node TopK "out": got the operator "TopK", ${joining}`], // biome-ignore format: a table
    ['Softmax', withEnd([node('Softmax', 'y', 'out', { axis: 0 })]), 'node Softmax "out": got axis 0 of [batch,3], want the axis along which the outputs of a sample lie, -1 as a rule; or pass options.output: "y" for'], // biome-ignore format: a table
    ['Reshape', withEnd([node('Reshape', 'y shape', 'out')], { shape: sizes(-1, 1) }), 'node Reshape "out": got [batch,3] to [-1,1], want [-1,3] or another shape that keeps samples apart; or pass options.output: "y" for'], // biome-ignore format: a table
    ['Dropout in training', withEnd([node('Dropout', 'y half yes', 'out')], { half: scalar(0.5), yes: scalar(1) }), 'node Dropout "out": got training_mode=true, want a model in inference mode'], // biome-ignore format: a table
    ['rounding', withEnd([node('Cast', 'y', 'out', { to: 7 })]), 'node Cast "out": got numbers rounded to integers, of which the output "out" is made, want outputs that are numbers: pass options.output: "y" for those before this node'], // biome-ignore format: a table
    ['two constants', withEnd([node('MatMul', 'w v', 'c'), node('MatMul', 'y c', 'out')]), 'node MatMul "c": got a product of two constants, want samples as input 0 and constant weights as input 1'], // biome-ignore format: a table
    ['a constant on the left of Gemm', withEnd([node('Gemm', 'w y', 'out')]), 'node Gemm "out": got a constant as input 0, want samples as input 0, and weights as input 1'], // biome-ignore format: a table
  ])('%s', async (_, graph, wanted) => {
    expect(await refusalOf(onnxFile(graph))).toContain(wanted);
  });
});

describe('lists of integers', () => {
  const slice = (step: TensorLike, start = sizes(0)) =>
    withEnd([node('Slice', 'y start end axis step', 'out')], { start, end: sizes(3), axis: sizes(1), step });
  const half: TensorLike = { shape: [1], values: [0.5], type: 'double' };
  const tiny: TensorLike = { shape: [1], values: [5e-324], type: 'double' };
  it.each<[string, GraphLike, string]>([
    ['a step so small that a slice would never end', slice(tiny), 'node Slice "out": got 5e-324 among the steps, want integers'], // biome-ignore format: a table
    ['half a place', slice(sizes(1), half), 'node Slice "out": got 0.5 among the starts, want integers'],
    ['a part below 0, and one far above the size', withEnd([node('Split', 'y parts', 'out more', { axis: 1 })], { parts: sizes(2 ** 40, 3 - 2 ** 40) }), 'node Split "out": got parts of 1099511627776,-1099511627773 numbers, want 2 parts that make up 3'], // biome-ignore format: a table
  ])('%s', async (_, graph, wanted) => {
    expect(await refusalOf(onnxFile(graph))).toContain(wanted);
  });
});

describe('inputs and outputs', () => {
  it.each<[string, GraphLike, string]>([
    ['an open width', { ...GRAPH, inputs: { x: ['N', 'M'] } }, 'input "x": got the shape [N,M], want sizes from 1 to 65536 behind the batch, as [batch,4] has: export with a fixed width'], // biome-ignore format: a table
    ['no input', { ...GRAPH, inputs: {}, constants: { ...GRAPH.constants, x: tensor([1, 4]) } }, 'got no input beside constants, want one for the samples'], // biome-ignore format: a table
    ['no output', { ...GRAPH, outputs: {} }, 'got no output, want one'],
    ['an output that nothing computes', { ...GRAPH, outputs: { q: ['N', 3] } }, 'output "q": got a name that nothing in the file computes, want numbers that are computed from the inputs'], // biome-ignore format: a table
    ['an output that is a constant', { ...GRAPH, outputs: { v: [5, 3] } }, 'output "v": got numbers that do not depend on the inputs, want'], // biome-ignore format: a table
    ['two outputs', { ...GRAPH, outputs: { a: ['N', 5], y: ['N', 3] } }, 'got 2 outputs of numbers, "a" of node Relu "a", "y" of node MatMul "y", want one: pass options.output, one of "a", "y"'], // biome-ignore format: a table
  ])('%s', async (_, graph, wanted) => {
    expect(await refusalOf(onnxFile(graph))).toContain(wanted);
  });
});

describe('what a file says twice, or in a later version', () => {
  const twice = 'want one of them: the file is damaged, or was put together by hand';
  const call = (name: string): Written =>
    messageField(25, [
      textField(1, name),
      textField(4, 'a'),
      textField(5, 'b'),
      ...['b', 'b'].map((output) => messageField(7, nodeFields(node('Relu', 'a', output)))),
      textField(10, 'own'),
    ]);
  const opset = (domain: string, version: number): Written =>
    messageField(8, [textField(1, domain), integerField(2, version)]);
  const attribute = messageField(5, [textField(1, 'axis'), integerField(3, 1), integerField(20, 2)]);
  it.each<[string, GraphLike, string]>([
    ['opset 99', { ...GRAPH, opset: 99 }, 'got opset 99 of ai.onnx, want one from 1 to 27: later operators may compute something else, so export with a lower opset'], // biome-ignore format: a table
    ['opset 0', { ...GRAPH, opset: 0 }, 'got opset 0 of ai.onnx, want one from 1 to 27'],
    ['a later version of another domain', { ...GRAPH, functions: [opset('ai.onnx.ml', 9)] }, 'got opset 9 of ai.onnx.ml, want one from 1 to 5'], // biome-ignore format: a table
    ['two opsets', { ...GRAPH, functions: [opset('ai.onnx', 17)] }, `got two opsets of ai.onnx, 13 and 17, ${twice}`],
    ['constants', { ...GRAPH, more: [messageField(5, tensorFields(tensor([4, 5], 9), 'w'))] }, `got two constants of the name "w", ${twice}`], // biome-ignore format: a table
    ['results', { ...GRAPH, nodes: [...GRAPH.nodes.slice(0, 2), node('Tanh', 'z', 'a'), GRAPH.nodes[2]] }, `got two values of the name "a", one of node Relu "a" and one of node Tanh "a", ${twice}`], // biome-ignore format: a table
    ['a result and a constant', { ...GRAPH, nodes: [node('Relu', 'x', 'w'), ...GRAPH.nodes] }, `got two values of the name "w", one of an input or constant and one of node Relu "w", ${twice}`], // biome-ignore format: a table
    ['functions', { ...GRAPH, functions: [call('f')] }, `function "own.f": got two values of the name "b"`],
    ['attributes', { ...GRAPH, more: [messageField(1, [...nodeFields(node('Softmax', 'y', 's')), attribute, attribute])] }, `got two attributes of the name "axis" in a node, ${twice}`], // biome-ignore format: a table
  ])('%s', async (_, graph, wanted) => {
    expect(await refusalOf(onnxFile(graph))).toContain(wanted);
  });
});

it('files in 16 bits come in with a note', async () => {
  const nodes = [node('MatMul', 'x w', 'z'), node('Cast', 'z', 'h', { to: 10 }), node('Cast', 'h', 'a', { to: 1 }), node('MatMul', 'a v', 'y')]; // biome-ignore format: one line
  const { network, notes } = await readOnnx(onnxFile({ ...GRAPH, nodes }));
  expect(notes).toEqual(['the file rounds numbers of its layers to 16 bits, which the network does not']);
  expect(network.predict(floats(4))).toHaveLength(3);
});
