import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph, type Node, type Operation, unroll } from '../src/graph/index.js';
import type { Activation, ActivationName, CostName, NetworkOptions } from '../src/index.js';
import { forward, meanCost, type ReferenceNetwork } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { showActivation } from '../src/spec/activations.js';
import { expectWithin, noErrors, passErrors } from './bounds.js';
import { createNetwork, EPSILON } from './build.js';
import { arraysOf } from './parameters.js';
import { randomFloats, randomNumbers, SEED } from './random-numbers.js';

/** Rounding error of one operation in f64. */
const DOUBLE_EPSILON = 2 ** -53;

/** c = a + b, d = b + 1, e = c d */
function example() {
  const graph = new Graph();
  const a = graph.input(2, 'a');
  const b = graph.input(1, 'b');
  const one = graph.constant(1);
  const c = graph.add(a, b, 'c');
  const d = graph.add(b, one, 'd');
  const e = graph.multiply(c, d, 'e');
  return { graph, a, b, one, c, d, e };
}

/** a -1-> c -2-> e = 2 */
function show(graph: Graph, from: Node, to: Node): string[] {
  return Array.from(graph.paths(from, to), ({ nodes, slopes, product }) => {
    const edges = slopes.map((slope, i) => ` -${slope}-> ${nodes[i + 1].name}`).join('');
    return `${nodes[0].name}${edges} = ${product}`;
  });
}

const edgesOf = ({ nodes }: Graph) => nodes.reduce((sum, { operands }) => sum + operands.length, 0);

/** The largest possible difference between two sums of the same products, in any order. */
function pathBound(graph: Graph, from: Node, to: Node): number {
  let paths = 0;
  let size = 0;
  for (const { product } of graph.paths(from, to)) {
    paths++;
    size += Math.abs(product);
  }
  // in either order of the sum, a term passes through at most one multiplication for each edge, and one addition for
  // each path or edge
  return (paths + 3 * edgesOf(graph)) * DOUBLE_EPSILON * size;
}

/** Compares path sum, reverse mode and forward mode for every pair of nodes. */
function expectThreeWaysAgree(graph: Graph): void {
  const reverse = graph.nodes.map((to) => graph.reverse(to));
  for (const from of graph.nodes) {
    const forwardMode = graph.forward(from);
    for (const to of graph.nodes) {
      const sum = graph.pathSum(from, to);
      const bound = pathBound(graph, from, to);
      const where = `d ${to.name} / d ${from.name}`;
      expectWithin(`${where} in reverse mode`, [reverse[to.index][from.index]], [sum], [bound]);
      expectWithin(`${where} in forward mode`, [forwardMode[to.index]], [sum], [bound]);
    }
  }
}

describe('c = a + b, d = b + 1, e = c d at a = 2, b = 1', () => {
  it('evaluates each node and the derivative at each edge', () => {
    const { graph, c, d, e } = example();
    expect([c.value, d.value, e.value]).toEqual([3, 2, 6]);
    expect([c.slopes, d.slopes, e.slopes]).toEqual([
      [1, 1],
      [1, 1],
      [2, 3],
    ]);
    expect(graph.nodes.map(({ name }) => name)).toEqual(['a', 'b', '1', 'c', 'd', 'e']);
  });

  it('shows every path with its product', () => {
    const { graph, a, b, one, c, d, e } = example();
    expect(show(graph, a, e)).toEqual(['a -1-> c -2-> e = 2']);
    expect(show(graph, b, e)).toEqual(['b -1-> c -2-> e = 2', 'b -1-> d -3-> e = 3']);
    expect(show(graph, one, e)).toEqual(['1 -1-> d -3-> e = 3']);
    expect(show(graph, c, e)).toEqual(['c -2-> e = 2']);
    expect(show(graph, d, e)).toEqual(['d -3-> e = 3']);
    expect(show(graph, a, c)).toEqual(['a -1-> c = 1']);
    expect(show(graph, a, d)).toEqual([]);
    expect(show(graph, e, b)).toEqual([]);
    expect(show(graph, e, e)).toEqual(['e = 1']);
  });

  it('has de/da = 2 and de/db = 5 in every way', () => {
    const { graph, a, b, e } = example();
    expect([...graph.reverse(e)]).toEqual([2, 5, 3, 2, 3, 1]);
    expect([...graph.forward(a)]).toEqual([1, 0, 0, 1, 0, 2]);
    expect([...graph.forward(b)]).toEqual([0, 1, 0, 1, 1, 5]);
    expect([graph.pathSum(a, e), graph.pathSum(b, e)]).toEqual([2, 5]);
    expect([graph.countPaths(a, e), graph.countPaths(b, e)]).toEqual([1, 2]);
  });

  it('computes everything again for other inputs', () => {
    const { graph, a, b, e } = example();
    graph.evaluate(new Map([[b, -3]]));
    expect(e.value).toBe(2);
    expect([...graph.reverse(e)]).toEqual([-2, -3, -1, -2, -1, 1]);
    graph.evaluate([
      [a, 2],
      [b, 1],
    ]);
    expect([...graph.reverse(e)]).toEqual([2, 5, 3, 2, 3, 1]);
  });
});

describe('a graph', () => {
  it('has the slope of the operation at each edge, compared with central differences', () => {
    const points = [-2.5, -1, -0.3, 0.2, 0.9, 3];
    const h = 1e-5;
    const unary = ['exp', 'log', 'sigmoid', 'tanh', 'relu'] as const satisfies Operation[];
    const binary = ['add', 'subtract', 'multiply', 'divide'] as const satisfies Operation[];
    const check = (operation: string, make: (graph: Graph, operands: Node[]) => Node, at: number[]) => {
      const graph = new Graph();
      const operands = at.map((value) => graph.input(value));
      const node = make(graph, operands);
      const slopes = [...node.slopes];
      operands.forEach((operand, k) => {
        const valueAt = (moved: number) => {
          graph.evaluate([[operand, moved]]);
          return node.value;
        };
        const difference = (valueAt(at[k] + h) - valueAt(at[k] - h)) / (2 * h);
        graph.evaluate([[operand, at[k]]]);
        // the error is h^2 / 6 times the third derivative, which is at most 2 / 0.2^3 (logarithm) or 6 * 3 / 0.2^4
        // (quotient), and two roundings divided by h
        expect(Math.abs(slopes[k] - difference), `${operation}(${at}) by ${k}`).toBeLessThan(2e-7);
      });
    };
    for (const u of points) {
      for (const operation of unary) {
        if (operation !== 'log' || u > 0) check(operation, (graph, [node]) => graph[operation](node), [u]);
      }
      for (const v of points) {
        for (const operation of binary)
          check(operation, (graph, [left, right]) => graph[operation](left, right), [u, v]);
      }
    }
    check('sum', (graph, operands) => graph.sum(operands), points);
  });

  it('computes the functions that its operations are named after', () => {
    const graph = new Graph();
    const [u, v] = [graph.input(3), graph.input(-2)];
    const values = [
      graph.add(u, v),
      graph.subtract(u, v),
      graph.multiply(u, v),
      graph.divide(u, v),
      graph.sum([u, v, v]),
    ];
    expect(values.map(({ value }) => value)).toEqual([1, 5, -6, -1.5, -1]);
    const functions = [graph.exp(v), graph.log(u), graph.tanh(v), graph.relu(u), graph.relu(v)];
    expect(functions.map(({ value }) => value)).toEqual([Math.exp(-2), Math.log(3), Math.tanh(-2), 3, 0]);
    expect(graph.sigmoid(graph.constant(0)).value).toBe(0.5);
  });

  it('has the same derivatives by path sums, reverse mode and forward mode, for random operations', () => {
    let paths = 0;
    const step = fc.record({ operation: fc.nat(8), left: fc.nat(), right: fc.nat() });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -128, max: 128 }), { minLength: 1, maxLength: 3 }),
        fc.array(step, { minLength: 1, maxLength: 14, size: 'max' }),
        (inputs, steps) => {
          const graph = new Graph();
          for (const value of inputs) graph.input(value / 64);
          for (const { operation, left, right } of steps) {
            // operands are among the last few nodes, so that paths meet often
            const [u, v] = [left, right].map(
              (back) => graph.nodes[graph.nodes.length - 1 - (back % Math.min(4, graph.nodes.length))],
            );
            // values stay moderate: large ones go through tanh; small ones are not made smaller, and are no divisors
            const isSmall = Math.abs(u.value) < 0.01 || Math.abs(v.value) < 0.01;
            if (Math.abs(u.value) > 8) graph.tanh(u);
            else if (operation === 0) graph.add(u, v);
            else if (operation === 1) graph.subtract(u, v);
            else if (operation === 2 && !isSmall) graph.multiply(u, v);
            else if (operation === 3 && !isSmall) graph.divide(u, v);
            else if (operation === 4 && u.value > 0.1) graph.log(u);
            else if (operation === 5) graph.sum([u, v, u]);
            else if (operation === 6) graph.sigmoid(u);
            else if (operation === 7) graph.relu(u);
            else graph.exp(u);
          }
          const last = graph.nodes[graph.nodes.length - 1];
          const most = Math.max(...graph.nodes.map((from) => graph.countPaths(from, last)));
          fc.pre(most <= 2_000);
          paths = Math.max(paths, most);
          expectThreeWaysAgree(graph);
        },
      ),
      { seed: SEED, numRuns: 400 },
    );
    expect(paths).toBeGreaterThan(50);
  });

  it('counts both edges of an operand that is used twice', () => {
    const graph = new Graph();
    const u = graph.input(3, 'u');
    const square = graph.multiply(u, u, 'u^2');
    expect(show(graph, u, square)).toEqual(['u -3-> u^2 = 3', 'u -3-> u^2 = 3']);
    expect(graph.reverse(square)[u.index]).toBe(6);
    expect(graph.forward(u)[square.index]).toBe(6);
  });

  it('does not multiply an infinite slope into derivatives that do not contain it', () => {
    const graph = new Graph();
    const u = graph.input(0);
    const one = graph.constant(1);
    const infinite = graph.log(u);
    const v = graph.add(u, one);
    expect(graph.reverse(v)[u.index]).toBe(1);
    expect(graph.pathSum(u, v)).toBe(1);
    expect(graph.forward(one)[infinite.index]).toBe(0);
    expect(graph.pathSum(one, infinite)).toBe(0);
  });

  it('counts more paths than anybody could follow, and refuses to follow them', () => {
    const graph = new Graph();
    const first = graph.input(1, 'first');
    let last = first;
    for (let i = 0; i < 50; i++) last = graph.add(last, last, `twice ${i}`);
    expect(graph.countPaths(first, last)).toBe(2 ** 50);
    expect(graph.reverse(last)[first.index]).toBe(2 ** 50);
    expect(() => graph.paths(first, last)).toThrow(
      new RangeError('paths from first to twice 49: got 1125899906842624 paths, want at most 10000, or a larger limit'),
    );
    expect(() => graph.pathSum(first, last)).toThrow(RangeError);
  });

  it('follows as many paths as the limit allows', () => {
    const graph = new Graph();
    const first = graph.input(1);
    let last = first;
    for (let i = 0; i < 14; i++) last = graph.add(last, last);
    expect(() => graph.pathSum(first, last, { limit: 2 ** 14 - 1 })).toThrow('got 16384 paths, want at most 16383');
    expect(graph.pathSum(first, last, { limit: 2 ** 14 })).toBe(2 ** 14);
    expect(graph.pathSum(last, first, { limit: 0 })).toBe(0);
  });

  it('does not search for paths if there are none', () => {
    const graph = new Graph();
    const [elsewhere, from] = [graph.input(1), graph.input(3)];
    let last = elsewhere;
    for (let i = 0; i < 50; i++) last = graph.add(last, last);
    const to = graph.multiply(last, from);
    expect(graph.pathSum(from, to)).toBe(2 ** 50);
  });

  it('follows a path of 100,000 edges', () => {
    const graph = new Graph();
    const first = graph.input(1);
    let last = first;
    for (let i = 0; i < 100_000; i++) last = graph.tanh(last);
    expect(graph.pathSum(first, last)).toBeGreaterThan(0);
  });

  it('refuses wrong arguments with clear messages, and does not change', () => {
    const { graph, a, b, c, e } = example();
    const stranger = new Graph().input(1);
    const count = graph.nodes.length;
    const notOurs = 'want a node of this graph';
    expect(() => graph.add(a, stranger)).toThrow(`add: operand 1: got an object (Object), ${notOurs}`);
    expect(() => graph.exp(undefined as unknown as Node)).toThrow(`exp: operand 0: got undefined, ${notOurs}`);
    expect(() => graph.sum([a, null as unknown as Node])).toThrow(`add: operand 1: got null, ${notOurs}`);
    expect(() => graph.sum([])).toThrow('sum: operands: got none, want 1 or more');
    expect(() => graph.sum(a as unknown as Node[])).toThrow(TypeError);
    expect(() => graph.reverse(stranger)).toThrow(`reverse: output: got an object (Object), ${notOurs}`);
    expect(() => graph.forward(stranger)).toThrow(`forward: input: got an object (Object), ${notOurs}`);
    expect(() => graph.paths(stranger, e)).toThrow(`paths: from: got an object (Object), ${notOurs}`);
    expect(() => graph.countPaths(a, stranger)).toThrow(`countPaths: to: got an object (Object), ${notOurs}`);
    expect(() => graph.paths(a, e, { limit: 0.5 })).toThrow('paths: options.limit: got 0.5, want an integer from 0');
    expect(() => graph.paths(a, e, { most: 1 } as object)).toThrow('paths: options: got the unknown key "most"');
    expect(() => graph.input(Number.NaN)).toThrow('input: got NaN, want a finite number');
    expect(() => graph.constant('1' as unknown as number)).toThrow('constant: got "1", want a finite number');
    const change = (node: Node, value: number) => () =>
      graph.evaluate([
        [a, 7],
        [node, value],
      ]);
    expect(change(c, 1)).toThrow('evaluate: node 1 (c): got a node of add, want an input');
    expect(change(stranger, 1)).toThrow(`evaluate: node 1: got an object (Object), ${notOurs}`);
    expect(change(b, Number.POSITIVE_INFINITY)).toThrow('evaluate: value 1 (b): got Infinity, want a finite number');
    expect(graph.nodes.length).toBe(count);
    expect([a.value, e.value]).toEqual([2, 6]);
  });

  it.each([
    [
      'an object by names',
      () => ({ a: 1 }),
      /^evaluate: values: got an object \(Object\), want pairs of a node and a number/,
    ],
    ['nothing', () => undefined, /^evaluate: values: got undefined, want pairs of a node and a number/],
    ['null', () => null, /^evaluate: values: got null, want pairs of a node and a number/],
    ['a number', () => 1, /^evaluate: values: got 1, want pairs of a node and a number/],
    ['a word', () => '', /^evaluate: values: got "", want pairs of a node and a number/],
    [
      'a pair that is not in a list of pairs',
      (a) => [a, 1],
      /^evaluate: pair 0: got an object \(Object\), want \[node, number\]$/,
    ],
    ['a number among pairs', (a) => [[a, 1], 2], /^evaluate: pair 1: got 2, want \[node, number\]$/],
    ['a set of nodes', (a) => new Set([a]), /^evaluate: pair 0: got an object \(Object\), want \[node, number\]$/],
    ['a node alone', (a) => [[a]], /^evaluate: pair 0: got an array of 1, want \[node, number\]$/],
    ['three in a pair', (a) => [[a, 1, 2]], /^evaluate: pair 0: got an array of 3, want \[node, number\]$/],
  ] satisfies [string, (a: Node) => unknown, RegExp][])('does not evaluate %s', (_, values, message) => {
    const { graph, a, e } = example();
    expect(() => graph.evaluate(values(a) as Iterable<[Node, number]>)).toThrow(message);
    expect([a.value, e.value]).toEqual([2, 6]);
  });

  it('cannot have a cycle', () => {
    const { c, e } = example();
    expect(() => (c.operands as Node[]).push(e)).toThrow(TypeError);
  });
});

type Shape = readonly number[];

interface Given {
  shape: Shape;
  hidden: ReferenceNetwork['layers'][number]['activation'];
  output: ReferenceNetwork['layers'][number]['activation'];
  cost: ReferenceNetwork['cost'];
}

/** Chosen so that with relu, in every shape, some units are active and some are not. */
const NETWORK_SEED = 24;

const SHAPES: Shape[] = [
  [1, 1],
  [2, 2, 1],
  [2, 3, 2],
];

const GIVEN: Given[] = SHAPES.flatMap((shape) =>
  (['sigmoid', 'tanh', 'relu', 'linear'] as const).flatMap((hidden) =>
    (
      [
        ['linear', 'quadratic'],
        ['sigmoid', 'quadratic'],
        ['tanh', 'quadratic'],
        ['relu', 'quadratic'],
        ['softmax', 'quadratic'],
        ['sigmoid', 'binaryCrossEntropy'],
        ['softmax', 'categoricalCrossEntropy'],
      ] as const
    )
      .filter(([output]) => output !== 'softmax' || shape[shape.length - 1] > 1)
      .map(([output, cost]) => ({ shape, hidden, output, cost })),
  ),
);

/**
 * A network in the core and in the reference, with the same weights, and `rows` samples. All numbers are exact in f32.
 */
async function build({ shape, hidden, output, cost }: Given, rows: number) {
  const random = randomNumbers(NETWORK_SEED);
  const floats = (count: number) => randomFloats(count, random);
  const outputs = shape[shape.length - 1];
  const net = await createNetwork({
    inputs: shape[0],
    layers: shape.slice(1).map((units, l) => ({ units, activation: l === shape.length - 2 ? output : hidden })),
    cost,
    batchSize: rows,
  });
  for (const layer of net.layers) {
    layer.setWeights(floats(layer.units * layer.fanIn));
    layer.setBiases(floats(layer.units));
  }
  const x = floats(rows * shape[0]);
  const y = Float32Array.from({ length: rows * outputs }, random);
  // the samples have the classes in turn
  if (output === 'softmax') {
    for (let i = 0; i < y.length; i++) y[i] = Number(i % outputs === Math.floor(i / outputs) % outputs);
  }
  const network: ReferenceNetwork = {
    inputs: shape[0],
    cost,
    layers: net.layers.map(arraysOf).map(({ units, activation, weights, biases }) => ({
      units,
      activation: activation as Given['hidden'],
      weights: Float64Array.from(weights),
      biases: Float64Array.from(biases),
    })),
  };
  return { net, network, x, y };
}

const valuesOf = (nodes: readonly Node[]) => nodes.map(({ value }) => value);

describe('an unrolled network', () => {
  it.each(GIVEN)(
    'of $shape with $hidden, $output, $cost has the gradients of the core, path by path',
    async (given) => {
      const { net, network, x, y } = await build(given, 1);
      const { graph, layers, cost } = unroll(net, x, y);
      // some costs have no term for a target of 0 or 1
      const targets = graph.nodes.map(({ name }) => name).filter((name) => name.startsWith('y_'));
      expect(Array.from(y, (_, k) => `y_${k + 1}`)).toEqual(expect.arrayContaining(targets));
      net.forward(x);
      const coreCost = net.backward(y);
      const reverse = graph.reverse(cost);
      const bounds = passErrors(network, noErrors(network), Float64Array.from(x), Float64Array.from(y));
      layers.forEach(({ weights, biases, z, a }, l) => {
        const layer = net.layers[l];
        expectWithin(`layers[${l}].z`, layer.getZ(), valuesOf(z), bounds[l].z);
        expectWithin(`layers[${l}].a`, layer.getA(), valuesOf(a), bounds[l].a);
        const check = (name: string, nodes: readonly Node[], core: Float32Array, bound: Float64Array) => {
          const sums = nodes.map((node) => graph.pathSum(node, cost));
          const slack = nodes.map((node) => pathBound(graph, node, cost));
          expectWithin(
            `${name} in reverse mode`,
            nodes.map(({ index }) => reverse[index]),
            sums,
            slack,
          );
          expectWithin(`${name} of the core`, core, sums, bound);
        };
        check(`layers[${l}].delta`, z, layer.getDelta(), bounds[l].delta);
        check(`layers[${l}].weightGradients`, weights, layer.getWeightGradients(), bounds[l].dW);
        check(`layers[${l}].biasGradients`, biases, layer.getBiasGradients(), bounds[l].db);
      });
      // C_x of the reference. Both are in f64 and differ by a few roundings of numbers below 10
      const values = forward(network, Float64Array.from(x));
      const wanted = meanCost(network, values, Float64Array.from(y));
      expect(Math.abs(cost.value - wanted)).toBeLessThan(100 * DOUBLE_EPSILON);
      const last = layers.length - 1;
      const carried = layers[last].z.reduce(
        (sum, z, j) =>
          sum +
          Math.abs(reverse[z.index]) * bounds[last].z[j] +
          Math.abs(reverse[layers[last].a[j].index]) * bounds[last].a[j],
        0,
      );
      expect(Math.abs(coreCost - cost.value)).toBeLessThanOrEqual(carried + 16 * EPSILON * (1 + Math.abs(cost.value)));
    },
  );

  it.each(SHAPES.slice(1))('of %i-%i-%i has relu units on both sides of the kink', async (...shape) => {
    const { net, x } = await build({ shape, hidden: 'relu', output: 'relu', cost: 'quadratic' }, 1);
    const [hidden, output] = unroll(net, x).layers.map(({ a }) => a.filter(({ value }) => value > 0).length);
    expect(hidden).toBeGreaterThan(0);
    expect(hidden).toBeLessThan(shape[1]);
    expect(output).toBeGreaterThan(0);
  });

  it('has, averaged over the samples, the gradients of a batch', async () => {
    const given = { shape: [2, 3, 2], hidden: 'tanh', output: 'softmax', cost: 'categoricalCrossEntropy' } as const;
    const rows = 5;
    const { net, network, x, y } = await build(given, rows);
    net.forward(x);
    net.backward(y);
    const bounds = passErrors(network, noErrors(network), Float64Array.from(x), Float64Array.from(y));
    const means = net.layers.map(arraysOf).map(({ weights }) => new Float64Array(weights.length));
    for (let r = 0; r < rows; r++) {
      const { graph, layers, cost } = unroll(net, x.subarray(2 * r, 2 * r + 2), y.subarray(2 * r, 2 * r + 2));
      const gradient = graph.reverse(cost);
      layers.forEach(({ weights }, l) => {
        weights.forEach(({ index }, i) => {
          means[l][i] += gradient[index] / rows;
        });
      });
    }
    net.layers.map(arraysOf).forEach(({ weightGradients }, l) => {
      expectWithin(`layers[${l}].weightGradients`, weightGradients, means[l], bounds[l].dW);
    });
  });

  it('uses the activation of each unit', async () => {
    const names: ActivationName[] = ['tanh', 'relu', 'linear'];
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3, activation: names }, { units: 1 }], seed: 3 });
    const { layers } = unroll(net, [0.5, -0.25]);
    const z = valuesOf(layers[0].z);
    expect(valuesOf(layers[0].a)).toEqual([Math.tanh(z[0]), Math.max(z[1], 0), z[2]]);
    expect(layers[0].a.map(({ operation }) => operation)).toEqual(['tanh', 'relu', 'add']);
  });

  it('has 1 path from a weight of the last layer, and from earlier weights one for each way through the units', async () => {
    const net = await createNetwork({
      inputs: 1,
      layers: [{ units: 3 }, { units: 4 }, { units: 1 }],
      cost: 'binaryCrossEntropy',
    });
    const { graph, layers, cost, x } = unroll(net, [1], [1]);
    expect(layers.map(({ weights }) => graph.countPaths(weights[0], cost))).toEqual([4, 1, 1]);
    expect(graph.countPaths(x[0], cost)).toBe(12);
  });

  it('names its nodes as textbooks do, and ends at the outputs if there are no targets', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }, { units: 2, activation: 'softmax' }] });
    const { graph, x, layers, cost } = unroll(net, [1, 2]);
    expect(cost).toBeUndefined();
    expect(x.map(({ name }) => name)).toEqual(['x_1', 'x_2']);
    expect(layers[0].weights.map(({ name }) => name)).toEqual(['w^2_1,1', 'w^2_1,2']);
    expect(layers[1].weights.map(({ name }) => name)).toEqual(['w^3_1,1', 'w^3_2,1']);
    const names = [layers[1].biases[1], layers[1].z[1], layers[1].a[1]].map(({ name }) => name);
    expect(names).toEqual(['b^3_2', 'z^3_2', 'a^3_2']);
    expect(graph.nodes[graph.nodes.length - 1]).toBe(layers[1].a[1]);
  });

  it('computes softmax of large weighted inputs', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 2, activation: 'softmax' }] });
    net.layers[0].setWeights(Float32Array.of(1000, 1001));
    const { layers } = unroll(net, [1]);
    const p = 1 / (1 + Math.exp(1));
    expectWithin('a', valuesOf(layers[0].a), [p, 1 - p], [8 * DOUBLE_EPSILON, 8 * DOUBLE_EPSILON]);
  });

  it('agrees with the network after its inputs have changed', async () => {
    const { net, network, x } = await build(
      { shape: [2, 3, 2], hidden: 'sigmoid', output: 'softmax', cost: 'categoricalCrossEntropy' },
      1,
    );
    const unrolled = unroll(net, [0, 0]);
    unrolled.graph.evaluate(unrolled.x.map((node, k) => [node, x[k]]));
    const values = forward(network, Float64Array.from(x));
    unrolled.layers.forEach(({ a }, l) => {
      expectWithin(
        `layers[${l}].a`,
        valuesOf(a),
        values[l].a,
        values[l].a.map(() => 100 * DOUBLE_EPSILON),
      );
    });
  });

  it('multiplies x by the scale as the network does, before it is standardised', async () => {
    const options: NetworkOptions = { inputs: 2, layers: [{ units: 1, activation: 'linear' }], seed: 3 };
    const [net, plain] = [await createNetwork({ ...options, scale: 0.25 }), await createNetwork(options)];
    const [x, quarters] = [Float32Array.of(3, -8), Float32Array.of(0.75, -2)];
    for (const standardization of [undefined, { means: Float64Array.of(0.5, -2), deviations: Float64Array.of(2, 4) }]) {
      net.setStandardization(standardization);
      plain.setStandardization(standardization);
      const unrolled = unroll(net, x);
      expect(valuesOf(unrolled.x)).toEqual([...x]);
      expect(valuesOf(unrolled.layers[0].a)).toEqual(valuesOf(unroll(plain, quarters).layers[0].a));
      expect(net.predict(x)).toEqual(plain.predict(quarters));
    }
  });

  it('standardises x as the network does, and has derivatives with respect to x before that', async () => {
    const given = { shape: [2, 3, 2], hidden: 'tanh', output: 'softmax', cost: 'categoricalCrossEntropy' } as const;
    const { net, network, y } = await build(given, 1);
    const deviations = Float64Array.of(2, 0.25);
    net.setStandardization({ means: Float64Array.of(0.5, -2), deviations });
    const x = Float32Array.of(0.75, -0.25);
    // the standardised inputs, which are exact in f32
    const standardized = Float64Array.of(0.125, 7);
    const unrolled = unroll(net, x, y);
    const { graph, layers, cost } = unrolled;
    expect(valuesOf(unrolled.x)).toEqual([...x]);
    const first = graph.nodes.filter(({ name }) => /^a\^1_\d$/.test(name));
    expect(valuesOf(first)).toEqual([...standardized]);

    net.forward(x);
    net.backward(y);
    const bounds = passErrors(network, noErrors(network), standardized, Float64Array.from(y));
    const gradient = graph.reverse(cost);
    net.layers.map(arraysOf).forEach(({ a, weightGradients }, l) => {
      expectWithin(`layers[${l}].a`, a, valuesOf(layers[l].a), bounds[l].a);
      const slopes = layers[l].weights.map(({ index }) => gradient[index]);
      expectWithin(`layers[${l}].weightGradients`, weightGradients, slopes, bounds[l].dW);
    });
    const inputGradients = (await net.inspect()).inputGradients();
    unrolled.x.forEach((node, k) => {
      const [{ index }, { weights, delta }] = [node, arraysOf(net.layers[0])];
      const wanted = delta.reduce((sum, d, j) => sum + weights[2 * j + k] * d, 0) / deviations[k];
      // the tolerance is for three products in f32 of numbers near 1
      expect(Math.abs(gradient[index] - wanted)).toBeLessThan(16 * EPSILON);
      expect(Math.abs(gradient[index] - inputGradients[k])).toBeLessThan(16 * EPSILON);
      expect(graph.pathSum(node, cost)).toBeCloseTo(gradient[index], 12);
    });

    graph.evaluate(unrolled.x.map((node) => [node, 0.25]));
    expect(valuesOf(first)).toEqual([-0.125, 9]);
  });

  it('has the values and derivatives of the core for all other activations, with their constants and slopes', async () => {
    const activations: Activation[] = [
      'leakyRelu',
      { name: 'leakyRelu', slope: -0.5 },
      'prelu',
      'relu6',
      'elu',
      { name: 'elu', alpha: 2 },
      'geluTanh',
      'silu',
      'mish',
      'softplus',
      'hardSigmoid',
      'hardSwish',
    ];
    const units = activations.length;
    const net = await createNetwork({
      inputs: 1,
      layers: [
        { units, activation: activations },
        { units: 1, activation: 'linear' },
      ],
      cost: 'quadratic',
    });
    net.layers[0].setSlopes(activations.map((name) => (name === 'prelu' ? 0.75 : 0)));
    net.layers[0].setWeights(new Float32Array(units).fill(1));
    net.layers[1].setWeights(Float32Array.from({ length: units }, (_, j) => 1 + j / 4));
    // kinks, their neighbourhood, and numbers at which a plain exp would overflow
    for (const x of [0, -0.5, 0.5, -3, 3, -2, 2, 6, 5, -7, 7, 800, -800]) {
      const { graph, layers, cost } = unroll(net, [x], [1]);
      net.forward([x]);
      net.backward(Float32Array.of(1));
      const reverse = graph.reverse(cost);
      const [first] = net.layers;
      const [error] = net.layers[1].getDelta();
      const expectNear = (name: string, nodes: readonly Node[], of: (node: Node) => number, core: Float32Array) => {
        for (const [j, node] of nodes.entries()) {
          const [got, wanted] = [of(node), core[j]];
          const where = `${name} of ${showActivation(activations[j])} at ${x}`;
          // derivatives are slopes times dC/da = (1 + j / 4) error, which multiplies their rounding errors
          const size = name === 'a' ? wanted : Math.max(Math.abs(wanted), Math.abs((1 + j / 4) * error));
          expect(Math.abs(got - wanted), where).toBeLessThan(2e-6 * (1 + Math.abs(size)));
        }
      };
      expectNear('a', layers[0].a, ({ value }) => value, first.getA());
      expectNear('delta', layers[0].z, ({ index }) => reverse[index], first.getDelta());
      expectNear('slope', layers[0].slopes, ({ index }) => reverse[index], first.getSlopeGradients());
    }
  });

  it('has outputs and targets in the units of the targets, if the network standardises them', async () => {
    const net = await createNetwork({
      inputs: 2,
      layers: [
        { units: 3, activation: 'tanh' },
        { units: 2, activation: 'linear' },
      ],
      seed: 2,
    });
    const x = [0.5, -1];
    const y = [17_000, 0.02];
    const plain = unroll(net, x, y);
    expect(plain.outputs).toEqual(plain.layers[1].a);
    net.setTargetStandardization({ means: [16_500, 0.01], deviations: [300, 0.004] });
    const { graph, layers, outputs, cost } = unroll(net, x, y);
    expect(outputs.map(({ name }) => name)).toEqual(['output_1', 'output_2']);
    const predicted = net.predict(x);
    for (const [k, { value }] of outputs.entries()) {
      expect(Math.abs(value - predicted[k])).toBeLessThan(8 * EPSILON * Math.abs(value));
    }
    net.forward(x);
    // standardised, the targets are 5/3 and 5/2
    expect(cost.value).toBeCloseTo(net.backward(y), 6);
    const [a1, a2] = valuesOf(layers[1].a);
    expect(cost.value).toBeCloseTo(((a1 - 5 / 3) ** 2 + (a2 - 5 / 2) ** 2) / 2, 12);
    // dC/dw is that of the core; d(price)/da is the deviation
    const gradient = graph.reverse(cost);
    const slopes = layers[0].weights.map(({ index }) => gradient[index]);
    const wanted = net.layers[0].getWeightGradients();
    for (const [i, slope] of slopes.entries()) expect(slope).toBeCloseTo(wanted[i], 5);
    expect(graph.reverse(outputs[0])[layers[1].a[0].index]).toBe(300);
    expect(unroll(net, x).cost).toBeUndefined();
  });

  it('refuses functions that it does not know, by name, and samples that do not fit', async () => {
    const make = (activation: ActivationName, cost?: CostName) =>
      createNetwork({ inputs: 2, layers: [{ units: 2 }, { units: 2, activation }], cost });
    const gelu = await make('gelu');
    const x = [0, 1];
    expect(() => unroll(gelu, x)).toThrow(
      new RangeError(
        'layers[1].activation: got "gelu", want one of linear, sigmoid, tanh, relu, leakyRelu, prelu, relu6, elu, ' +
          'geluTanh, silu, mish, softplus, hardSigmoid, hardSwish',
      ),
    );
    const mixed = await createNetwork({ inputs: 2, layers: [{ units: 2, activation: ['tanh', 'selu'] }] });
    expect(() => unroll(mixed, x)).toThrow('layers[0].activation[1]: got "selu"');
    const huber = await make('linear', 'huber');
    expect(() => unroll(huber, x, x)).toThrow(
      new RangeError('cost: got "huber", want one of quadratic, binaryCrossEntropy, categoricalCrossEntropy'),
    );
    expect(unroll(huber, x).cost).toBeUndefined();
    const softmax = await make('softmax');
    expect(() => unroll(softmax, [1])).toThrow('x: got 1 number, want 2');
    expect(() => unroll(softmax, [1, Number.NaN])).toThrow('x[1]: got NaN, want a finite number');
    expect(() => unroll(softmax, new Uint8Array(2) as unknown as number[])).toThrow('x: got Uint8Array of 2 bytes');
    expect(() => unroll(softmax, x, [1])).toThrow('y: got 1 number, want 2');
    expect(() => unroll(softmax, x, null as unknown as number[])).toThrow('y: got null');
    expect(() => unroll(softmax, x, [2, -1])).toThrow('y[0]: got 2, want 0 to 1 for categoricalCrossEntropy');
    expect(() => unroll(softmax, x, [0.5, 0.25])).toThrow('y: got a sum of 0.75, want 1');
    const nothing = undefined as unknown as Network;
    expect(() => unroll(nothing, x)).toThrow('network: got undefined, want a Network');
  });
});
