import { checkNumber, counted, outOfRange, quote } from '../check/errors.js';
import type { Standardization } from '../spec/standardization.js';
import { type ApproximateOption, layersOf } from './chain.js';
import { type Column, type Columns, Composer, columnsOf, scaled } from './columns.js';
import type { Exchanged } from './exchanged.js';
import { type OwnMetadata, ownMetadataOf } from './onnx-metadata.js';
import { type ExternalData, type OnnxModel, type OnnxNode, type OnnxValue, parseModel } from './onnx-model.js';
import { evaluate } from './onnx-nodes.js';
import { type Data, type Reading, showShape, type Value } from './onnx-values.js';

// Reads an ONNX file as a network: follows the samples from the inputs of the graph to its outputs, as columns, and
// makes layers of the columns at the end.

export interface OnnxOptions extends ApproximateOption {
  /**
   * The files beside an ONNX file that hold its weights, by the names that it has for them.
   * @defaultValue none: the file has all of its weights
   */
  externalData?: Readonly<Record<string, Uint8Array | ArrayBuffer>> | undefined;
  /**
   * The name of the output to take, if the file has several.
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
  const columns = addInputs(model.inputs, values);
  new Evaluation(model, reading).run(model.nodes, values, 0);
  const own = ownMetadataOf(WHERE, model.metadata);
  const found = outputOf(model, values, output, reading.notes);
  const before = own?.targets && beforeTargets(values, found, own);
  const last = before ?? found.data.columns;
  // tied weights may be used several times
  const mostParameters = Math.max(2 ** 22, 4 * bytes);
  const { notes, scale, standardization, ...layers } = layersOf(last, { where: WHERE, approximate, mostParameters });
  const outputs = layers.layers[layers.layers.length - 1].units;
  const classes = own?.classes ?? fitting(reading.classes, outputs);
  // a file that writeOnnx made says itself what its network learns
  const task = own ? own.task : last.whole || classes ? 'classes' : undefined;
  return {
    ...layers,
    ...exactly(layers.inputs, { scale, standardization }, own),
    ...(before && own?.targets && { targetScale: own.targets }),
    ...(classes && { classes }),
    ...((own?.columns ?? columns) && { columns: own?.columns ?? columns }),
    ...(task && { task }),
    ...(own?.training && { training: own.training }),
    ...(found.threshold !== undefined && { threshold: found.threshold }),
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
function addInputs(inputs: readonly OnnxValue[], values: Map<string, Value>): readonly string[] | undefined {
  if (inputs.length === 0) throw outOfRange(WHERE, 'no input', 'one');
  const shapes = inputs.map(({ name, shape }) => {
    const where = `${WHERE}: input ${quote(name)}`;
    if (!shape) throw outOfRange(where, 'no shape', 'one: export the model with the shapes of its inputs');
    const hasBatch = shape.length > 1 || typeof shape[0] === 'string';
    const own = hasBatch ? shape.slice(1) : shape;
    return {
      hasBatch,
      shape: own.map((size) =>
        checkNumber(
          where,
          typeof size === 'number' ? size : Number.NaN,
          (n) => n >= 1 && n <= MOST_INPUTS,
          `sizes from 1 to ${MOST_INPUTS} behind the batch, as [batch, 4] has: export with a fixed width`,
        ),
      ),
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

/** Runs through the nodes of a graph, and of the functions that it calls. */
class Evaluation {
  readonly #model: OnnxModel;
  readonly #reading: Reading;
  #nodes = 0;

  constructor(model: OnnxModel, reading: Reading) {
    this.#model = model;
    this.#reading = reading;
  }

  run(nodes: readonly OnnxNode[], values: Map<string, Value>, depth: number): void {
    for (const node of nodes) {
      if (++this.#nodes > MOST_NODES) throw outOfRange(WHERE, `more than ${MOST_NODES} nodes`, 'fewer');
      const where = `${WHERE}: node ${node.op} ${quote(node.name || (node.outputs[0] ?? ''))}`;
      const inputs = node.inputs.map((name) => {
        if (name === '') return undefined;
        const value = values.get(name);
        if (!value)
          throw outOfRange(where, `the input ${quote(name)}, which nothing computes before`, 'one that is there');
        return value;
      });
      const called = this.#model.functions.get(`${node.domain}.${node.op}`);
      if (called) {
        if (depth >= DEEPEST)
          throw outOfRange(where, `functions that call each other ${DEEPEST} times`, 'fewer levels');
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
        continue;
      }
      const reading = this.#reading;
      const results = evaluate({ ...reading, reading, node, where, inputs });
      for (const [i, name] of node.outputs.entries()) if (name !== '' && results[i]) values.set(name, results[i]);
    }
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

interface Output {
  readonly name: string;
  readonly data: Data;
  readonly threshold?: number;
}

/** The output that is the network's: numbers that no other output is decided by. */
function outputOf(
  { outputs }: OnnxModel,
  values: ReadonlyMap<string, Value>,
  wanted: string | undefined,
  notes: Set<string>,
): Output {
  const all = outputs.map(({ name }) => ({ name, value: values.get(name) }));
  const names = all.map(({ name }) => quote(name)).join(', ');
  const numbers = all.filter((output): output is { name: string; value: Data } => output.value?.kind === 'data');
  const plain = numbers.filter(({ value }) => value.threshold === undefined);
  const chosen = wanted === undefined ? plain : numbers.filter(({ name }) => name === wanted);
  if (chosen.length !== 1) {
    const got = wanted === undefined ? `the outputs ${names}` : `no output ${quote(wanted)} of numbers beside ${names}`;
    const way =
      chosen.length > 1 ? `: pass options.output, one of ${chosen.map(({ name }) => quote(name)).join(', ')}` : '';
    throw outOfRange(WHERE, got, `one output that is numbers${way}`);
  }
  const [{ name, value }] = chosen;
  const others = all.filter((output) => output.name !== name);
  for (const other of others) notes.add(`the output ${quote(other.name)} was left out`);
  const threshold = numbers.map((output) => output.value.threshold).find((t) => t !== undefined);
  const width = value.shape[value.shape.length - 1] ?? 1;
  if (
    value.columns.columns.length !== width &&
    value.shape.some((size) => size !== 1 && size !== value.columns.columns.length)
  ) {
    throw outOfRange(`${WHERE}: output ${quote(name)}`, `the shape ${showShape(value)}`, 'one row a sample');
  }
  return { name, data: value, ...(threshold !== undefined && { threshold }) };
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
