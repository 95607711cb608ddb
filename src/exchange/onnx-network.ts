import { counted, outOfRange, quote } from '../check/errors.js';
import type { Standardization } from '../spec/standardization.js';
import { type ApproximateOption, layersOf } from './chain.js';
import { type Column, type Columns, Composer, columnsOf, scaled } from './columns.js';
import type { Exchanged } from './exchanged.js';
import { type OwnMetadata, ownMetadataOf } from './onnx-metadata.js';
import {
  type ExternalData,
  HALVES,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
  parseModel,
  STRINGS,
  showNode,
} from './onnx-model.js';
import { evaluate } from './onnx-nodes.js';
import { type Output, outputOf } from './onnx-output.js';
import type { Reading, Value } from './onnx-values.js';

// Reads an ONNX file as a network: follows the samples from the inputs of the graph to its outputs, as columns, and
// makes layers of the columns at the end.

export interface OnnxOptions extends ApproximateOption {
  /**
   * The files beside an ONNX file that hold its weights, by the names that it has for them.
   * @defaultValue none: the file has all of its weights
   */
  externalData?: Readonly<Record<string, Uint8Array | ArrayBuffer>> | undefined;
  /**
   * The name of the output to take, if the file has several; or of a value within the graph, to leave out what follows.
   * @defaultValue none: the only output
   */
  output?: string | undefined;
}

const WHERE = 'readOnnx';

/** The largest number of inputs of a network. */
const MOST_INPUTS = 65_536;

/** How many nodes a file may have, those of its functions counted at every call. */
const MOST_NODES = 100_000;

/** How deeply functions of a file may call each other. */
const DEEPEST = 32;

export function readOnnxFile(
  file: Uint8Array,
  external: ExternalData,
  { approximate = false, output }: Pick<OnnxOptions, 'approximate' | 'output'>,
): Exchanged {
  const model = parseModel(WHERE, file, external);
  const bytes = [...external.values()].reduce((sum, { length }) => sum + length, file.length);
  const reading: Reading = {
    composer: new Composer(),
    opset: model.opset,
    batch: batchOf(model.inputs),
    mostNumbers: Math.max(MOST_INPUTS, bytes),
    computed: 0,
    notes: new Set(),
  };
  const values = new Map<string, Value>();
  for (const [name, tensor] of model.constants) values.set(name, { kind: 'constant', ...tensor });
  const columns = addInputs(model.inputs, values, reading.notes);
  const names = model.outputs.map(({ name }) => name);
  // what only leads to other outputs may say something of this one, but need not be understood
  const needed = ancestorsOf(model.nodes, output === undefined ? names : [output]);
  const helpful = ancestorsOf(model.nodes, names);
  const nodes = model.nodes.filter((node) => needed.has(node) || helpful.has(node));
  new Evaluation(model, reading, (node) => !needed.has(node)).run(nodes, values, 0);
  // what writeOnnx wrote is about the outputs
  const own = output === undefined || names.includes(output) ? ownMetadataOf(WHERE, model.metadata) : undefined;
  const found = outputOf(WHERE, model, values, output, reading.notes);
  const before = own?.targets && beforeTargets(values, found, own);
  const last = before ?? found.data.columns;
  // tied weights may be used several times
  const mostParameters = Math.max(2 ** 22, 4 * bytes);
  const { notes, scale, standardization, ...layers } = layersOf(last, { where: WHERE, approximate, mostParameters });
  const { units: outputs, activation } = layers.layers[layers.layers.length - 1];
  const classes = own?.classes ?? fitting(reading.classes, outputs);
  // outputs of a softmax are never labels: only the largest one counts
  const { task: said, threshold: limit } = activation === 'softmax' && found.task === 'labels' ? {} : found;
  // a file that writeOnnx made says itself what its network learns
  const task = own ? own.task : (said ?? (last.whole || classes ? 'classes' : undefined));
  const threshold = own?.threshold ?? limit;
  return {
    ...layers,
    ...exactly(layers.inputs, { scale, standardization }, own),
    ...(before && own?.targets && { targetScale: own.targets }),
    ...(classes && { classes }),
    ...((own?.columns ?? columns) && { columns: own?.columns ?? columns }),
    ...(task && { task }),
    ...(own?.training && { training: own.training }),
    ...(threshold !== undefined && { threshold }),
    notes: [...reading.notes, ...notes],
  };
}

/** The size of the batch that the file fixes; undefined: it may have any size. */
function batchOf(inputs: readonly OnnxValue[]): number | undefined {
  const sizes = inputs.map(({ shape }) => (shape && shape.length > 1 ? shape[0] : undefined));
  return typeof sizes[0] === 'number' && sizes.every((size) => size === sizes[0]) ? sizes[0] : undefined;
}

/**
 * Makes columns of the inputs. Several inputs are one after another, as a table has columns: returns their names if
 * each is one column.
 */
function addInputs(
  inputs: readonly OnnxValue[],
  values: Map<string, Value>,
  notes: Set<string>,
): readonly string[] | undefined {
  if (inputs.length === 0) throw outOfRange(WHERE, 'no input beside constants', 'one for the samples');
  const shapes = inputs.map(({ name, shape, type }) => {
    const where = `${WHERE}: input ${quote(name)}`;
    if (type === STRINGS)
      throw outOfRange(where, 'texts', 'numbers: encode them with simdprop/tabular, and export the network alone');
    if (HALVES.includes(type)) notes.add(`the file computes in 16 bits, from ${quote(name)} on: the network, in 32`);
    if (!shape) throw outOfRange(where, 'no shape', 'one: export the model with the shapes of its inputs');
    const hasBatch = shape.length > 1 || typeof shape[0] === 'string';
    const own = hasBatch ? shape.slice(1) : shape;
    return {
      hasBatch,
      shape: own.map((size) => {
        if (typeof size === 'number' && size >= 1 && size <= MOST_INPUTS) return size;
        const wanted = `sizes from 1 to ${MOST_INPUTS} behind the batch, as [batch,4] has: export with a fixed width`;
        throw outOfRange(where, `the shape [${shape}]`, wanted);
      }),
    };
  });
  const widths = shapes.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  const units = widths.reduce((sum, width) => sum + width, 0);
  if (units > MOST_INPUTS) throw outOfRange(WHERE, counted(units, 'input'), `at most ${MOST_INPUTS}`);
  const source = { units, name: 'the inputs', hasBias: false };
  const all = columnsOf(source);
  let start = 0;
  for (const [i, { name }] of inputs.entries()) {
    const columns = { source, columns: all.columns.slice(start, start + widths[i]) };
    values.set(name, { kind: 'data', ...shapes[i], columns });
    start += widths[i];
  }
  const isTable = inputs.length > 1 && widths.every((width) => width === 1);
  return isTable ? inputs.map(({ name }) => name) : undefined;
}

/** The nodes that these values follow from. */
function ancestorsOf(nodes: readonly OnnxNode[], names: readonly string[]): ReadonlySet<OnnxNode> {
  const wanted = new Set(names);
  const found = new Set<OnnxNode>();
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    found.add(node);
    for (const name of node.inputs) if (name !== '') wanted.add(name);
  }
  return found;
}

/** Runs through the nodes of a graph, and of the functions that it calls. */
class Evaluation {
  readonly #model: OnnxModel;
  readonly #reading: Reading;
  readonly #mayFail: (node: OnnxNode) => boolean;
  #nodes = 0;

  /** `mayFail`: nodes of the graph whose results are left out if this library cannot compute them. */
  constructor(model: OnnxModel, reading: Reading, mayFail: (node: OnnxNode) => boolean) {
    this.#model = model;
    this.#reading = reading;
    this.#mayFail = mayFail;
  }

  run(nodes: readonly OnnxNode[], values: Map<string, Value>, depth: number): void {
    for (const node of nodes) {
      try {
        this.#add(node, values, depth);
      } catch (error) {
        if (depth > 0 || !(error instanceof RangeError && this.#mayFail(node))) throw error;
      }
    }
  }

  #add(node: OnnxNode, values: Map<string, Value>, depth: number): void {
    if (++this.#nodes > MOST_NODES) throw outOfRange(WHERE, `more than ${MOST_NODES} nodes`, 'fewer');
    const where = `${WHERE}: ${showNode(node)}`;
    const inputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      const value = values.get(name);
      if (value) return value;
      const wanted = 'an input of the graph, a constant, or the result of a node before: the file is damaged';
      throw outOfRange(where, `the input ${quote(name)}, which nothing computes before`, wanted);
    });
    const called = this.#model.functions.get(`${node.domain}.${node.op}`);
    if (called) {
      if (depth >= DEEPEST) throw outOfRange(where, `functions that call each other ${DEEPEST} times`, 'fewer levels');
      const own = new Map<string, Value>();
      for (const [i, name] of called.inputs.entries()) {
        const value = inputs[i];
        if (value) own.set(name, value);
      }
      const bound = called.nodes.map((inner) => withAttributes(inner, node));
      this.run(bound, own, depth + 1);
      for (const [i, name] of node.outputs.entries()) {
        const value = own.get(called.outputs[i]);
        if (value) values.set(name, value);
      }
      return;
    }
    const reading = this.#reading;
    const results = evaluate({ ...reading, reading, node, where, inputs });
    for (const [i, name] of node.outputs.entries()) if (name !== '' && results[i]) values.set(name, results[i]);
  }
}

/** A node of a function, with the attributes that the call gives in place of those that it refers to. */
function withAttributes(node: OnnxNode, call: OnnxNode): OnnxNode {
  if (![...node.attributes.values()].some(({ reference }) => reference)) return node;
  const attributes = new Map(node.attributes);
  for (const [name, { reference }] of node.attributes) {
    if (!reference) continue;
    const given = call.attributes.get(reference);
    if (given) attributes.set(name, { ...given, name });
    else attributes.delete(name);
  }
  return { ...node, attributes };
}

/** The names of classes if there are as many as this network needs. */
function fitting(classes: readonly string[] | undefined, outputs: number): readonly string[] | undefined {
  const wanted = outputs === 1 ? 2 : outputs;
  return classes?.length === wanted && new Set(classes).size === wanted && !classes.includes('') ? classes : undefined;
}

/** How inputs are scaled before the first layer. */
type Scales = Pick<Exchanged, 'scale' | 'standardization'>;

/** The doubles that writeOnnx wrote, if they are those that the graph has as f32; otherwise those of the graph. */
function exactly(inputs: number, graph: Scales, own: Scales | undefined): Scales {
  const areSame = (a: Scales, b: Scales) =>
    Array.from({ length: inputs }, (_, i) => i).every((i) => {
      const [[p, q], [r, s]] = [a, b].map((scales) => affineOf(scales, i));
      return close(p, r) && close(q, s);
    });
  const { scale, standardization } = own && areSame(graph, own) ? own : graph;
  return { ...(scale !== undefined && { scale }), ...(standardization && { standardization }) };
}

/** Input i becomes slope · x + shift. */
function affineOf({ scale = 1, standardization }: Scales, i: number): [slope: number, shift: number] {
  if (!standardization) return [scale, 0];
  const { means, deviations } = standardization;
  return [scale / deviations[i], -means[i] / deviations[i]];
}

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b)) + 1e-30;

/** The outputs before the scale of the targets, if they are with it what the file gives. */
function beforeTargets(values: ReadonlyMap<string, Value>, { data }: Output, own: OwnMetadata): Columns | undefined {
  const value = values.get(own.output ?? '');
  const { means, deviations } = own.targets as Standardization;
  const { columns, source } = data.columns;
  if (value?.kind !== 'data' || value.columns.source !== source || means.length !== columns.length) return undefined;
  if (value.columns.columns.length !== columns.length || deviations.length !== columns.length) return undefined;
  const again = scaled(value.columns, (i) => deviations[i], (i) => means[i]); // biome-ignore format: one line
  const isSame = (a: Column, b: Column) =>
    a.unit === b.unit &&
    a.f === b.f &&
    (['slope', 'shift', 'scale', 'offset'] as const).every((k) => close(a[k], b[k]));
  return again.columns.every((column, i) => isSame(column, columns[i])) ? value.columns : undefined;
}
