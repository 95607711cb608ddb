import { activationName, constantOf, isMixed, showActivation } from '../spec/activations.js';
import type { Activation, ActivationName } from '../spec/network-options.js';
import { type Exchanged, type ExchangedLayer, fanInOf } from './exchanged.js';
import { SELU_ALPHA, SELU_LAMBDA } from './functions.js';
import { OWN_KEY, type OwnMetadata, ownJson } from './onnx-metadata.js';
import {
  bytesField,
  floatField,
  integerField,
  joined,
  messageField,
  textField,
  type Written,
} from './protobuf-write.js';

// Writes a network as an ONNX file: for each layer a Gemm and the nodes of its activation. The operators are those of
// opset 13, and mean the same in all later ones. readOnnx gives back the same bits.

/** Options of `writeOnnx`. */
export interface OnnxWriteOptions {
  /**
   * The version of ONNX's operators, 13 to 25: lower ones are understood by older programs.
   * @defaultValue `13`
   */
  opset?: number | undefined;
  /**
   * From which output up a class or a label counts: `readOnnx` returns it again. It is written beside the graph, so
   * that other programs compute the same outputs with it as without.
   * @defaultValue the file has none
   */
  threshold?: number | undefined;
}

export const FIRST_OPSET = 13;
/** The highest one that onnxruntime 1.30, with which it is tested, accepts. */
export const LAST_OPSET = 25;

/** The version of the format that came with each opset, from 13 up. */
const FORMATS = [7, 7, 8, 8, 8, 8, 9, 9, 10, 10, 11, 12, 13];

/** TensorProto.DataType */
const FLOAT = 1;
const INT64 = 7;

const INPUT = 'input';
const OUTPUT = 'output';

export function writeOnnxFile(network: Exchanged, opset: number): Uint8Array<ArrayBuffer> {
  const graph = new Graph();
  const before = addNetwork(graph, network);
  const { inputs, layers, classes, columns, task, threshold, training, scale, standardization, targetScale } = network;
  const own: OwnMetadata = {
    ...(classes && { classes }),
    ...(columns && { columns }),
    ...(task && { task }),
    ...(threshold !== undefined && { threshold }),
    ...(training && { training }),
    ...(scale !== undefined && { scale }),
    ...(standardization && { standardization }),
    ...(targetScale && { targets: targetScale, output: before }),
  };
  const outputs = layers[layers.length - 1].units;
  return joined([
    integerField(1, FORMATS[opset - FIRST_OPSET]),
    textField(2, 'simdprop'),
    messageField(7, [
      ...graph.nodes,
      textField(2, 'network'),
      ...graph.constants,
      valueField(11, INPUT, inputs),
      valueField(12, OUTPUT, outputs),
    ]),
    messageField(8, [textField(1, ''), integerField(2, opset)]),
    messageField(14, [textField(1, OWN_KEY), textField(2, ownJson(own))]),
  ]);
}

/** An input or output of the shape [batch, width]. */
const valueField = (number: number, name: string, width: number): Written =>
  messageField(number, [
    textField(1, name),
    messageField(2, [
      messageField(1, [
        integerField(1, FLOAT),
        messageField(2, [messageField(1, [textField(2, 'batch')]), messageField(1, [integerField(1, width)])]),
      ]),
    ]),
  ]);

/** Attributes of nodes. */
const ofFloat = (name: string, value: number) =>
  messageField(5, [textField(1, name), floatField(2, value), integerField(20, 1)]);
const ofInteger = (name: string, value: number) => messageField(5, [textField(1, name), integerField(3, value), integerField(20, 2)]); // biome-ignore format: one line

class Graph {
  readonly nodes: Written[] = [];
  readonly constants: Written[] = [];
  readonly #scalars = new Map<number, string>();

  /** Adds a node. Returns the name of its result. */
  node(op: string, inputs: readonly string[], output: string, ...attributes: readonly Written[]): string {
    const fields = [...inputs.map((name) => textField(1, name)), textField(2, output), textField(3, output)];
    this.nodes.push(messageField(1, [...fields, textField(4, op), ...attributes]));
    return output;
  }

  floats(name: string, shape: readonly number[], values: ArrayLike<number>): string {
    const bytes = new Uint8Array(4 * values.length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true);
    return this.#constant(name, FLOAT, shape, bytes);
  }

  integers(name: string, values: readonly number[]): string {
    const bytes = new Uint8Array(8 * values.length);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of values.entries()) view.setBigInt64(8 * i, BigInt(value), true);
    return this.#constant(name, INT64, [values.length], bytes);
  }

  scalar(value: number): string {
    const known = this.#scalars.get(value) ?? this.floats(`scalar${this.#scalars.size}`, [], [value]);
    this.#scalars.set(value, known);
    return known;
  }

  #constant(name: string, type: number, shape: readonly number[], bytes: Uint8Array): string {
    const sizes = shape.map((size) => integerField(1, size));
    this.constants.push(messageField(5, [...sizes, integerField(2, type), textField(8, name), bytesField(9, bytes)]));
    return name;
  }
}

/** Adds all layers. Returns the name of the outputs before the scale of the targets. */
function addNetwork(graph: Graph, network: Exchanged): string {
  const { inputs, layers, scale, standardization, targetScale } = network;
  let x = INPUT;
  if (scale !== undefined && scale !== 1) x = graph.node('Mul', [x, graph.scalar(scale)], 'scaled');
  if (standardization) {
    const { means, deviations } = standardization;
    x = graph.node('Sub', [x, graph.floats('means', [inputs], means)], 'centred');
    x = graph.node('Div', [x, graph.floats('deviations', [inputs], deviations)], 'standardized');
  }
  for (const [l, layer] of layers.entries()) {
    const isLast = l === layers.length - 1 && !targetScale;
    x = addLayer(graph, layer, l, fanInOf(network, l), x, isLast ? OUTPUT : `layers.${l}`);
  }
  if (!targetScale) return OUTPUT;
  const { means, deviations } = targetScale;
  const width = [means.length];
  const product = graph.node('Mul', [x, graph.floats('target_deviations', width, deviations)], 'unscaled');
  graph.node('Add', [product, graph.floats('target_means', width, means)], OUTPUT);
  return x;
}

function addLayer(graph: Graph, layer: ExchangedLayer, l: number, fanIn: number, x: string, output: string): string {
  const { units, activation, weights, bias, biases, slopes } = layer;
  const w = graph.floats(`layers.${l}.weight`, [units, fanIn], weights);
  const b = bias ? [graph.floats(`layers.${l}.bias`, [units], biases)] : [];
  const isLinear = activation === 'linear';
  const z = graph.node('Gemm', [x, w, ...b], isLinear ? output : `layers.${l}.z`, ofInteger('transB', 1));
  if (isLinear) return output;
  if (isMixed(activation)) return addMixed(graph, activation, slopes, l, z, output);
  return addActivation(graph, activation, slopes, z, output);
}

/** The units of each function are gathered, and put back into their order afterwards. */
function addMixed(
  graph: Graph,
  activations: readonly Activation[],
  slopes: Float32Array | undefined,
  l: number,
  z: string,
  output: string,
): string {
  const all: number[] = [];
  const names = activations.map(showActivation);
  const parts = [...new Set(names)].map((name) => {
    const units = [...names.keys()].filter((j) => names[j] === name);
    all.push(...units);
    const part = `layers.${l}.${name}`;
    const places = graph.integers(`${part}.units`, units);
    const own = graph.node('Gather', [z, places], `${part}.z`, ofInteger('axis', 1));
    const ownSlopes = slopes && Float32Array.from(units, (j) => slopes[j]);
    return addActivation(graph, activations[units[0]], ownSlopes, own, part);
  });
  const together = graph.node('Concat', parts, `layers.${l}.parts`, ofInteger('axis', 1));
  const back = graph.integers(
    `layers.${l}.order`,
    names.map((_, j) => all.indexOf(j)),
  );
  return graph.node('Gather', [together, back], output, ofInteger('axis', 1));
}

/** `slopes`: those of prelu. */
function addActivation(
  graph: Graph,
  activation: Activation,
  slopes: Float32Array | undefined,
  z: string,
  output: string,
): string {
  const name = activationName(activation);
  const [op, ...attributes] = SINGLE[name] ?? [];
  if (op) return graph.node(op, [z], output, ...attributes);
  const part = (suffix: string) => `${output}.${suffix}`;
  const alpha = () => ofFloat('alpha', constantOf(activation));
  switch (name) {
    case 'leakyRelu':
      return graph.node('LeakyRelu', [z], output, alpha());
    case 'elu':
      return graph.node('Elu', [z], output, alpha());
    case 'prelu': {
      const own = slopes as Float32Array;
      return graph.node('PRelu', [z, graph.floats(part('slopes'), [own.length], own)], output);
    }
    case 'relu6':
      return graph.node('Clip', [z, graph.scalar(0), graph.scalar(6)], output);
    case 'silu':
      return graph.node('Mul', [z, graph.node('Sigmoid', [z], part('sigmoid'))], output);
    case 'hardSwish':
      return graph.node('Mul', [z, graph.node('HardSigmoid', [z], part('sigmoid'), ...HARD_SIGMOID)], output);
    case 'mish':
      return graph.node(
        'Mul',
        [z, graph.node('Tanh', [graph.node('Softplus', [z], part('sum'))], part('tanh'))],
        output,
      );
    case 'geluTanh':
      return addGeluTanh(graph, z, output, part);
    default:
      return addGelu(graph, z, output, part);
  }
}

/** z sigmoid(2 √(2/π) z (1 + 0.044715 z²)) */
function addGeluTanh(graph: Graph, z: string, output: string, part: (suffix: string) => string): string {
  const square = graph.node('Mul', [z, z], part('square'));
  const cubic = graph.node('Mul', [square, graph.scalar(2 * Math.sqrt(2 / Math.PI) * 0.044715)], part('cubic'));
  const sum = graph.node('Add', [cubic, graph.scalar(2 * Math.sqrt(2 / Math.PI))], part('sum'));
  const argument = graph.node('Mul', [z, sum], part('argument'));
  return graph.node('Mul', [z, graph.node('Sigmoid', [argument], part('sigmoid'))], output);
}

/** z (erf(z / √2) + 1) / 2 */
function addGelu(graph: Graph, z: string, output: string, part: (suffix: string) => string): string {
  const ratio = graph.node('Mul', [z, graph.scalar(Math.SQRT1_2)], part('ratio'));
  const erf = graph.node('Erf', [ratio], part('erf'));
  const sum = graph.node('Add', [erf, graph.scalar(1)], part('sum'));
  const product = graph.node('Mul', [z, sum], part('product'));
  return graph.node('Mul', [product, graph.scalar(0.5)], output);
}

const HARD_SIGMOID = [ofFloat('alpha', 1 / 6), ofFloat('beta', 0.5)];

/** Activations that are one operator, with the same attributes everywhere. */
const SINGLE: Readonly<Partial<Record<ActivationName, readonly [string, ...Written[]]>>> = {
  linear: ['Identity'],
  sigmoid: ['Sigmoid'],
  tanh: ['Tanh'],
  relu: ['Relu'],
  selu: ['Selu', ofFloat('alpha', SELU_ALPHA), ofFloat('gamma', SELU_LAMBDA)],
  softplus: ['Softplus'],
  softsign: ['Softsign'],
  hardSigmoid: ['HardSigmoid', ...HARD_SIGMOID],
  softmax: ['Softmax', ofInteger('axis', -1)],
};
