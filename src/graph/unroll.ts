import { arrayType } from '../check/arrays.js';
import { checkName, checkNoMore, counted, outOfRange, wrongType } from '../check/errors.js';
import { activationAt, activationName, constantOf, hasSlopes, isMixed } from '../spec/activations.js';
import type { Activation, ActivationName } from '../spec/network-options.js';
import { Graph, type Node } from './scalar-graph.js';

/** The nodes of one layer. */
export interface UnrolledLayer {
  /** w [units × fanIn], inputs of the graph. w_jk is at j · fanIn + k, as in `getWeights` of `Layer`. */
  readonly weights: readonly Node[];
  /** b [units], inputs of the graph. */
  readonly biases: readonly Node[];
  /** The slopes [units] of prelu, inputs of the graph; empty for a layer without them. */
  readonly slopes: readonly Node[];
  /** Weighted inputs [units]. */
  readonly z: readonly Node[];
  /** Activations [units]. In a linear layer, these are the nodes of z. */
  readonly a: readonly Node[];
}

/** The graph of a network and one sample. */
export interface Unrolled {
  /** The graph, with all nodes. */
  readonly graph: Graph;
  /** [inputs], inputs of the graph: the sample before `scale` and standardisation. */
  readonly x: readonly Node[];
  /** The nodes of each layer after the inputs. */
  readonly layers: readonly UnrolledLayer[];
  /**
   * [outputs], as `predict` returns them. If the network's targets are standardised, they are mean + deviation · a of
   * the last layer; else they are its nodes a.
   */
  readonly outputs: readonly Node[];
  /** C_x; undefined if no targets were given. If targets are standardised, it is the cost of the standardised ones. */
  readonly cost: Node | undefined;
}

type Floats = readonly number[] | Float32Array | Float64Array;

/** The numbers of a standardisation (x - mean) / deviation, both [inputs], or [outputs] for targets. */
interface Standardized {
  readonly means: Floats;
  readonly deviations: Floats;
}

/** The properties of a network that `unroll` reads. A `Network` has them all. */
export interface Unrollable {
  /** Width of the input layer. */
  readonly inputs: number;
  /** Width of the output layer. */
  readonly outputs: number;
  /** The name of the cost function. */
  readonly cost: string;
  /** The layers after the input layer. */
  readonly layers: readonly {
    readonly fanIn: number;
    readonly units: number;
    readonly activation: Activation | readonly Activation[];
    /** [units × fanIn] */
    getWeights(): Float32Array;
    /** [units] */
    getBiases(): Float32Array;
    /** [units] */
    getSlopes(): Float32Array;
  }[];
  /**
   * What x is multiplied by before the standardisation.
   * @defaultValue `1`
   */
  readonly scale?: number | undefined;
  /**
   * The standardisation of the inputs.
   *
   * @returns the means and deviations [inputs]; undefined if there is none
   */
  getStandardization(): Standardized | undefined;
  /**
   * The standardisation of the targets: like `getStandardization`, with numbers [outputs].
   * @defaultValue none
   */
  getTargetStandardization?: (() => Standardized | undefined) | undefined;
}

/** `constant` returns the slope of leakyRelu and prelu, or α of elu. */
type UnitActivation = (graph: Graph, z: Node, name: string, constant: () => Node) => Node;

const UNIT_ACTIVATIONS = {
  linear: (_, z) => z,
  sigmoid: (graph, z, name) => graph.sigmoid(z, name),
  tanh: (graph, z, name) => graph.tanh(z, name),
  relu: (graph, z, name) => graph.relu(z, name),
  leakyRelu,
  prelu: leakyRelu,
  relu6: (graph, z, name) => relu6(graph, z, name),
  elu: (graph, z, name, alpha) => {
    const above = graph.relu(z);
    const power = graph.exp(graph.subtract(z, above));
    return graph.add(above, graph.multiply(alpha(), graph.subtract(power, graph.constant(1))), name);
  },
  geluTanh: (graph, z, name) => {
    const cube = graph.multiply(z, graph.multiply(z, z));
    const sum = graph.add(z, graph.multiply(graph.constant(0.044715), cube));
    const argument = graph.multiply(graph.constant(2 * Math.sqrt(2 / Math.PI)), sum);
    return graph.multiply(z, graph.sigmoid(argument), name);
  },
  silu: (graph, z, name) => graph.multiply(z, graph.sigmoid(z), name),
  mish: (graph, z, name) => graph.multiply(z, graph.tanh(softplus(graph, z)), name),
  softplus: (graph, z, name) => softplus(graph, z, name),
  hardSigmoid: (graph, z, name) => hardSigmoid(graph, z, name),
  hardSwish: (graph, z, name) => graph.multiply(z, hardSigmoid(graph, z), name),
} satisfies Partial<Record<ActivationName, UnitActivation>>;

/** slope z + (1 - slope) relu(z) */
function leakyRelu(graph: Graph, z: Node, name: string, constant: () => Node): Node {
  const slope = constant();
  const above = graph.multiply(graph.subtract(graph.constant(1), slope), graph.relu(z));
  return graph.add(graph.multiply(slope, z), above, name);
}

/** 6 - relu(6 - relu(z)), whose derivative is 0 at both ends, as that of the core. */
function relu6(graph: Graph, z: Node, name?: string): Node {
  const six = graph.constant(6);
  return graph.subtract(six, graph.relu(graph.subtract(six, graph.relu(z))), name);
}

const hardSigmoid = (graph: Graph, z: Node, name?: string): Node =>
  graph.divide(relu6(graph, graph.add(z, graph.constant(3))), graph.constant(6), name);

/** r + ln(e^-r + e^(z - r)) with r = relu(z), in which no exp overflows. */
function softplus(graph: Graph, z: Node, name?: string): Node {
  const above = graph.relu(z);
  const powers = graph.add(graph.exp(graph.subtract(graph.constant(0), above)), graph.exp(graph.subtract(z, above)));
  return graph.add(above, graph.log(powers), name);
}

const keys = <T extends string>(table: Readonly<Record<T, unknown>>) => Object.keys(table) as T[];

/**
 * The terms of C_x from the outputs a. y [outputs] become constants. A term that is 0 because y is 0 or 1 is left out.
 */
const COSTS = {
  quadratic: (graph, a, y) => {
    const half = graph.constant(1 / 2);
    return a.map((ak, k) => {
      const difference = graph.subtract(ak, graph.constant(y[k], `y_${k + 1}`));
      return graph.multiply(half, graph.multiply(difference, difference));
    });
  },
  binaryCrossEntropy: (graph, a, y) => {
    const one = graph.constant(1);
    return a.flatMap((ak, k) => [
      ...(y[k] === 0 ? [] : [graph.multiply(graph.constant(-y[k]), graph.log(ak))]),
      ...(y[k] === 1 ? [] : [graph.multiply(graph.constant(y[k] - 1), graph.log(graph.subtract(one, ak)))]),
    ]);
  },
  categoricalCrossEntropy: (graph, a, y) =>
    a.flatMap((ak, k) => (y[k] === 0 ? [] : [graph.multiply(graph.constant(-y[k]), graph.log(ak))])),
} satisfies Record<string, (graph: Graph, a: readonly Node[], y: Floats) => Node[]>;

/**
 * A network and one sample as a graph that ends in the outputs, with a node for each operation. That is about two nodes
 * for each weight, so it is for small networks. Weights and biases are those that the network has now. x is multiplied
 * by the network's `scale` and standardised as the network does. If the network's targets are standardised, the outputs
 * are in the units of the targets, as everywhere. Nodes are named as in textbooks, with indices from 1: w^2_1,3 leads
 * from the third input to the first unit after the inputs.
 *
 * @param network a `Network`, or an object with the same properties
 * @param x one sample [inputs]
 * @returns the graph, and its nodes by what they stand for
 * @throws TypeError or RangeError if `x` does not fit, and for the activations selu, gelu and softsign
 *
 * @example
 * import { Network } from 'simdprop';
 * import { unroll } from 'simdprop/graph';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 2 }, { units: 1 }], seed: 1 });
 * const { graph, layers, cost } = unroll(net, [0, 1], [1]);
 * // from the first weight to C_x: through the first unit
 * console.log(graph.countPaths(layers[0].weights[0], cost) > 0); // true
 */
export function unroll(network: Unrollable, x: Floats): Unrolled;
/**
 * The same graph with the cost at its end: C_x, without L1, L2, dropout and label smoothing. If the network's targets
 * are standardised, it is the cost of the standardised ones.
 *
 * The cross-entropies are computed from the outputs, as they are defined. If f64 rounds an output to 0 or 1, they may
 * be infinite and their derivatives NaN. Training does not have this problem, because its delta^L is a^L - y.
 *
 * @param network a `Network`, or an object with the same properties
 * @param x one sample [inputs]
 * @param y a row of targets [outputs], in their own units
 * @returns the graph, and its nodes by what they stand for
 * @throws TypeError or RangeError if `x` or `y` does not fit, for the activations selu, gelu and softsign, and for
 *   costs other than quadratic, binaryCrossEntropy and categoricalCrossEntropy
 */
export function unroll(network: Unrollable, x: Floats, y: Floats): Unrolled & { readonly cost: Node };
export function unroll(network: Unrollable, x: Floats, y?: Floats, none?: undefined): Unrolled {
  checkNoMore('unroll', 4, none);
  const hasLayers = Array.isArray((network as Unrollable | undefined)?.layers);
  if (!hasLayers) throw wrongType('network', network, 'a Network');
  checkFloats('x', x, network.inputs);
  const activations = network.layers.map(({ activation, units }, l) =>
    activation === 'softmax' ? activation : unitActivations(`layers[${l}].activation`, activation, units),
  );
  const scale = network.getTargetStandardization?.();
  const costOf = y === undefined ? undefined : costTo(y, network, scale);

  const graph = new Graph();
  const inputs = Array.from(x, (value, k) => graph.input(value, `x_${k + 1}`));
  let previous = standardize(graph, scaled(graph, inputs, network.scale), network.getStandardization());
  const layers = network.layers.map((layer, l) => {
    const { fanIn } = layer;
    const nameOf = (symbol: string, j: number) => `${symbol}^${l + 2}_${j + 1}`;
    const weights = Array.from(layer.getWeights(), (w, i) =>
      graph.input(w, `${nameOf('w', Math.floor(i / fanIn))},${(i % fanIn) + 1}`),
    );
    const biases = Array.from(layer.getBiases(), (b, j) => graph.input(b, nameOf('b', j)));
    const slopes = hasSlopes(layer.activation)
      ? Array.from(layer.getSlopes(), (slope, j) => graph.input(slope, nameOf('s', j)))
      : [];
    const z = biases.map((b, j) => {
      const products = previous.map((a, k) => graph.multiply(weights[j * fanIn + k], a));
      return graph.sum([...products, b], nameOf('z', j));
    });
    const sigma = activations[l];
    const a =
      sigma === 'softmax'
        ? softmax(graph, z, (j) => nameOf('a', j))
        : z.map((zj, j) => sigma[j](graph, zj, nameOf('a', j), slopes[j]));
    previous = a;
    return { weights, biases, slopes, z, a };
  });
  const outputs = toTargetUnits(graph, previous, scale);
  return { graph, x: inputs, layers, outputs, cost: costOf && graph.sum(costOf(graph, previous), 'C') };
}

/** Multiplies each x_k by `scale`. */
function scaled(graph: Graph, x: readonly Node[], scale = 1): readonly Node[] {
  if (scale === 1) return x;
  return x.map((xk) => graph.multiply(xk, graph.constant(scale)));
}

/** a^1_k = (x_k - mean) / deviation, or x_k if the network is not standardised. */
function standardize(graph: Graph, x: readonly Node[], standardization: Standardized | undefined): readonly Node[] {
  if (!standardization) return x;
  const { means, deviations } = standardization;
  return x.map((xk, k) =>
    graph.divide(graph.subtract(xk, graph.constant(means[k])), graph.constant(deviations[k]), `a^1_${k + 1}`),
  );
}

/** mean + deviation · a_k, or a_k if targets are not standardised. */
function toTargetUnits(graph: Graph, a: readonly Node[], scale: Standardized | undefined): readonly Node[] {
  if (!scale) return a;
  const { means, deviations } = scale;
  return a.map((ak, k) => {
    const distance = graph.multiply(graph.constant(deviations[k]), ak);
    return graph.add(graph.constant(means[k]), distance, `output_${k + 1}`);
  });
}

/** The function of each unit. Those of prelu take their slope from the last argument, others do not need it. */
function unitActivations(
  where: string,
  activation: Activation | readonly Activation[],
  units: number,
): ((graph: Graph, z: Node, name: string, slope: Node | undefined) => Node)[] {
  return Array.from({ length: units }, (_, j) => {
    const one = activationAt(activation, j);
    const place = isMixed(activation) ? `${where}[${j}]` : where;
    const f: UnitActivation = UNIT_ACTIVATIONS[checkName(place, activationName(one), keys(UNIT_ACTIVATIONS))];
    return (graph, z, name, slope) =>
      f(graph, z, name, () => (one === 'prelu' && slope ? slope : graph.constant(constantOf(one))));
  });
}

/**
 * a_j = e^z_j / Σ e^z_k. The largest z is subtracted from every z: the quotients stay the same, and no exp overflows.
 */
function softmax(graph: Graph, z: readonly Node[], nameOf: (j: number) => string): Node[] {
  const largest = graph.constant(Math.max(...z.map(({ value }) => value)));
  const powers = z.map((zj) => graph.exp(graph.subtract(zj, largest)));
  const sum = graph.sum(powers);
  return powers.map((power, j) => graph.divide(power, sum, nameOf(j)));
}

function checkFloats(where: string, values: Floats, length: number): void {
  if (!Array.isArray(values) && arrayType(values) !== 'Float32Array' && arrayType(values) !== 'Float64Array') {
    throw wrongType(where, values, 'an array of numbers, a Float32Array or a Float64Array');
  }
  if (values.length !== length) throw outOfRange(where, counted(values.length, 'number'), `${length}`);
  values.forEach((value: unknown, i: number) => {
    if (!Number.isFinite(value)) throw outOfRange(`${where}[${i}]`, value, 'a finite number');
  });
}

/**
 * Checks y and returns a function that adds the terms of C_x to a graph. `scale` standardises y. The cross-entropies
 * take probabilities, which for softmax must add up to 1.
 */
function costTo(
  y: Floats,
  { cost, outputs }: Unrollable,
  scale: Standardized | undefined,
): (graph: Graph, a: readonly Node[]) => Node[] {
  const name = checkName('cost', cost, keys(COSTS));
  checkFloats('y', y, outputs);
  if (name !== 'quadratic') {
    const bad = y.findIndex((value) => value < 0 || value > 1);
    if (bad >= 0) throw outOfRange(`y[${bad}]`, y[bad], `0 to 1 for ${name}`);
  }
  let sum = 0;
  for (const value of y) sum += value;
  // this is the tolerance for the floats of training sets too
  if (name === 'categoricalCrossEntropy' && Math.abs(sum - 1) > 1e-4) {
    throw outOfRange('y', `a sum of ${sum}`, `1 for ${name}`);
  }
  const own = scale ? Array.from(y, (value, k) => (value - scale.means[k]) / scale.deviations[k]) : y;
  return (graph, a) => COSTS[name](graph, a, own);
}
