import { describe, expect, it } from 'vitest';
import { Graph, type Node } from '../src/graph/index.js';
import { adam, type Network, sgd } from '../src/index.js';
import type { ArenaLayer } from '../src/model/layer.js';
import { Encoder, Table } from '../src/tabular.js';
import { createNetwork } from './build.js';

// Everything that would have no effect is refused: assignments, arguments, copies without memory.

const options = {
  inputs: 3,
  layers: [
    { units: 20, activation: ['tanh', ...new Array(19).fill('relu')] },
    { units: 2, activation: 'softmax' as const },
  ],
  seed: 1,
};
const x = Float32Array.of(1, 2, 3, 4, 5, 6);
const y = Uint8Array.of(0, 1);

/** `object[name] = value` as in JavaScript, without types. */
const assign = (object: object, name: PropertyKey, value: unknown) => {
  (object as Record<PropertyKey, unknown>)[name] = value;
};

describe('an assignment throws', () => {
  const attempts: [name: string, attempt: (net: Network) => void][] = [
    ['net.learningRate', (net) => assign(net, 'learningRate', 0.1)],
    ['net.parameters', (net) => assign(net, 'parameters', 1)],
    ['net.inputs', (net) => assign(net, 'inputs', 1)],
    ['net.steps', (net) => assign(net, 'steps', 0)],
    ['net.seed', (net) => assign(net, 'seed', 2)],
    ['net.epochs', (net) => assign(net, 'epochs', 0)],
    ['net.cost', (net) => assign(net, 'cost', 'quadratic')],
    ['net.predict', (net) => assign(net, 'predict', () => x)],
    ['net.layers', (net) => assign(net, 'layers', [])],
    ['net.layers[0]', (net) => assign(net.layers, 0, net.layers[1])],
    ['net.standardization', (net) => assign(net, 'standardization', undefined)],
    ['net.optimizer.learningRate', (net) => assign(net.optimizer, 'learningRate', 0.5)],
    ['layer.trainable', (net) => assign(net.layers[0], 'trainable', false)],
    ['layer.activation', (net) => assign(net.layers[1], 'activation', 'tanh')],
    ['layer.activation[0]', (net) => assign(net.layers[0].activation as object, 0, 'relu')],
    ['layer.weights', (net) => assign(net.layers[0], 'weights', new Float32Array(60))],
    ['layer.biases', (net) => assign(net.layers[0], 'biases', new Float32Array(20))],
    ['layer.units', (net) => assign(net.layers[0], 'units', 3)],
  ];

  it.each(attempts)('to %s', async (_, attempt) => {
    const net = await createNetwork(options);
    net.optimizer = adam();
    const before = await net.save({ training: true });
    expect(() => attempt(net)).toThrow(TypeError);
    expect(await net.save({ training: true })).toEqual(before);
  });

  it('but not to properties that can be assigned', async () => {
    const net = await createNetwork(options);
    net.optimizer = sgd({ learningRate: 0.5 });
    net.trainingSamples = 10;
    net.task = 'classes';
    expect([net.optimizer.learningRate, net.trainingSamples, net.task]).toEqual([0.5, 10, 'classes']);
  });
});

describe('weights', () => {
  it('of one unit are read and set, across panels', async () => {
    const net = await createNetwork(options);
    const [layer] = net.layers;
    const all = layer.getWeights();
    for (const unit of [0, 15, 16, 19]) {
      expect(layer.getWeights(unit)).toEqual(all.slice(3 * unit, 3 * unit + 3));
      const values = Float32Array.of(unit, -1, 0.5);
      layer.setWeights(values, unit);
      all.set(values, 3 * unit);
      expect(layer.getWeights()).toEqual(all);
    }
    layer.setWeights(all.map((w) => 2 * w));
    expect(layer.getWeights()).toEqual(all.map((w) => 2 * w));
  });

  it('of one unit, when they are set, change the outputs and make the last batch invalid', async () => {
    const net = await createNetwork(options);
    net.forward(x);
    net.layers[0].setWeights(new Float32Array(3).fill(1), 19);
    expect(() => net.backward(y)).toThrow(/^backward: got no forward pass of these weights/);
    net.forward(x);
    expect([...net.layers[0].getA()].filter((_, i) => i % 20 === 19)).toEqual([6, 15]);
  });

  it.each([
    [20, RangeError, /^layers\[0\]\.setWeights: unit: got 20, want an integer from 0 to 19$/],
    [-1, RangeError, /^layers\[0\]\.setWeights: unit: got -1, want/],
    ['1', TypeError, /^layers\[0\]\.setWeights: unit: got "1", want/],
    [{}, TypeError, /^layers\[0\]\.setWeights: unit: got an object \(Object\), want/],
  ])('of the unit %s are refused', async (unit, type, message) => {
    const net = await createNetwork(options);
    const before = await net.save();
    const set = () => net.layers[0].setWeights(new Float32Array(3), unit as number);
    expect(set).toThrow(type);
    expect(set).toThrow(message);
    expect(() => net.layers[0].getWeights(unit as number)).toThrow(type);
    expect(await net.save()).toEqual(before);
  });

  it('must be fanIn numbers for one unit, and units × fanIn numbers without a unit', async () => {
    const [layer] = (await createNetwork(options)).layers;
    expect(() => layer.setWeights(new Float32Array(60), 1)).toThrow(
      /^layers\[0\]\.setWeights: got 60 numbers, want 3$/,
    );
    expect(() => layer.setWeights(new Float32Array(3))).toThrow(/^layers\[0\]\.setWeights: got 3 numbers, want 60$/);
    const bad = Float32Array.of(0, Number.NaN, 0);
    expect(() => layer.setWeights(bad, 19)).toThrow(/^layers\[0\]\.setWeights\[1\]: got NaN, want a finite number$/);
  });
});

describe('an argument that the method does not take is refused', () => {
  const unwanted = { layer: 1 } as unknown as undefined;
  const attempts: [call: string, attempt: (net: Network) => unknown, message: RegExp][] = [
    ['predict', (net) => net.predict(x, unwanted), /^predict: argument 2: got an object \(Object\), want none/],
    ['forward', (net) => net.forward(x, unwanted), /^forward: argument 2: got an object \(Object\), want none/],
    ['backward', (net) => net.backward(y, undefined, unwanted), /^backward: argument 3: got/],
    ['trainBatch', (net) => net.trainBatch(x, y, undefined, unwanted), /^trainBatch: argument 4: got/],
    ['applyGradients', (net) => net.applyGradients(unwanted), /^applyGradients: argument 1: got .*, want none$/],
    [
      'getBiases',
      (net) => (net.layers[0] as ArenaLayer).getBiases(unwanted),
      /^layers\[0\]\.getBiases: argument 1: got/,
    ],
    [
      'setBiases',
      (net) => (net.layers[0] as ArenaLayer).setBiases(new Float32Array(20), unwanted),
      /^layers\[0\]\.setBiases: argument 2/,
    ],
  ];

  it.each(attempts)('by %s', async (_, attempt, message) => {
    const net = await createNetwork(options);
    net.forward(x);
    net.backward(y);
    const before = await net.save({ training: true });
    expect(() => attempt(net)).toThrow(TypeError);
    expect(() => attempt(net)).toThrow(message);
    expect(await net.save({ training: true })).toEqual(before);
  });

  it('by inspect', async () => {
    const net = await createNetwork(options);
    await expect(net.inspect(unwanted)).rejects.toThrow(/^inspect: argument 1: got an object \(Object\), want none/);
  });
});

it('structuredClone of a network, its layers or one of them throws and says how to copy', async () => {
  const net = await createNetwork(options);
  for (const object of [net, net.layers, net.layers[0], { net }]) {
    expect(() => structuredClone(object)).toThrow(/Network\.load\(await net\.save\(\)\) makes a copy/);
  }
});

it('structuredClone of an inspector, a graph and a history throws too', async () => {
  const net = await createNetwork(options);
  const history = await net.fit({ inputs: x, targets: y }, { epochs: 1 });
  expect(() => structuredClone(history)).toThrow(/a History: \[\.\.\.history\] are its reports/);
  expect(structuredClone([...history])).toEqual([...history]);
  expect(structuredClone.bind(null, await net.inspect())).toThrow(/an Inspector: await net\.inspect\(\) makes one/);
  expect(() => structuredClone(new Graph())).toThrow(/a Graph: it cannot be copied/);
});

it('structuredClone of a table and an encoder throws and says how to make one', () => {
  const table = Table.fromColumns({ size: [1, 2, 3], kind: ['a', 'b', 'a'] });
  const encoder = Encoder.fit(table, { target: 'kind' });
  expect(() => structuredClone(table)).toThrow(/a Table: Table\.fromCsv, fromRecords or fromColumns makes one/);
  expect(() => structuredClone({ encoder })).toThrow(
    /an Encoder: Encoder\.fromJSON\(encoder\.toJSON\(\)\) makes a copy/,
  );
  const copy = Encoder.fromJSON(structuredClone(encoder.toJSON()));
  expect(copy.encode(table)).toEqual(encoder.encode(table));
});

describe('an inspector', () => {
  it('refuses arguments that it does not take, and assignments', async () => {
    const net = await createNetwork(options);
    net.forward(x);
    net.backward(y);
    const inspector = await net.inspect();
    const unwanted = 'm' as unknown as undefined;
    expect(() => inspector.moments(0, unwanted)).toThrow(/^moments: argument 2: got "m", want none$/);
    expect(() => inspector.inputGradients(unwanted)).toThrow(/^inputGradients: argument 1: got "m", want none/);
    const change = { layer: 0, unit: 0, amount: 0.1 };
    expect(() => inspector.perturb(change, unwanted)).toThrow(/^perturb: argument 2: got "m", want none/);
    expect(() => assign(inspector, 'epsilon', 1)).toThrow(TypeError);
  });
});

describe('a graph', () => {
  it.each([
    ['node.value', (node: Node) => assign(node, 'value', 7)],
    ['node.slopes', (node: Node) => assign(node, 'slopes', [7, 7])],
    ['node.slopes[0]', (node: Node) => assign(node.slopes, 0, 7)],
    ['node.operands[0]', (node: Node) => assign(node.operands, 0, node)],
    ['node.operation', (node: Node) => assign(node, 'operation', 'add')],
    ['node.name', (node: Node) => assign(node, 'name', 'z')],
    ['node.delta', (node: Node) => assign(node, 'delta', 1)],
    ['graph.nodes[0]', (node: Node, graph: Graph) => assign(graph.nodes, 0, node)],
    ['graph.nodes', (_: Node, graph: Graph) => assign(graph, 'nodes', [])],
    ['graph.limit', (_: Node, graph: Graph) => assign(graph, 'limit', 5)],
  ])('refuses to assign %s, and evaluate still changes its nodes', (_, attempt) => {
    const graph = new Graph();
    const [a, b] = [graph.input(2), graph.input(3)];
    expect(graph.nodes).toEqual([a, b]);
    const node = graph.multiply(a, b);
    expect(graph.nodes).toEqual([a, b, node]);
    expect(() => attempt(node, graph)).toThrow(TypeError);
    expect([node.value, node.slopes, node.operands]).toEqual([6, [3, 2], [a, b]]);
    graph.evaluate([[a, 5]]);
    expect([a.value, node.value, node.slopes]).toEqual([5, 15, [3, 5]]);
    expect(graph.nodes[2]).toBe(node);
  });
});
