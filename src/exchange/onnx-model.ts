import { counted, outOfRange, quote } from '../check/errors.js';
import { fromHalf } from '../check/half-floats.js';
import { textOf } from './json.js';
import { type Field, fieldsOf, integersOf } from './protobuf.js';
import { BYTES_OF, type Dtype, numbersOf, sizeOf, type Tensor } from './tensor.js';

// The parts of an ONNX file (onnx.proto) that networks need: nodes, constants, inputs and outputs.

/** Where data lie that a file keeps in others beside it: name to bytes. */
export type ExternalData = ReadonlyMap<string, Uint8Array>;

export interface OnnxTensor extends Tensor {
  /** The items of a tensor of strings. */
  readonly strings?: readonly string[];
}

export interface OnnxAttribute {
  readonly name: string;
  readonly f?: number;
  readonly i?: number;
  readonly s?: string;
  readonly t?: OnnxTensor;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly strings: readonly string[];
  /** In a function of the file: the attribute of the call that this one stands for. */
  readonly reference?: string;
}

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** What messages call a layer. */
export const nameOf = ({ name, outputs }: OnnxNode) => name || (outputs[0] ?? '');

/** What messages call a node. */
export const showNode = (node: OnnxNode) => `node ${node.op} ${quote(nameOf(node))}`;

/** An input or output of the graph. */
export interface OnnxValue {
  readonly name: string;
  /** The code of the type of its numbers in TensorProto.DataType; 0: the file does not say. */
  readonly type: number;
  /** undefined: the file does not say. A size that is a name, or unknown, is a string. */
  readonly shape?: readonly (number | string)[];
}

/** A function that a file defines: its nodes stand for each call. */
export interface OnnxFunction {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
}

export interface OnnxModel {
  /** The version of the operators of ONNX. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: ReadonlyMap<string, string>;
  /** By domain and name. */
  readonly functions: ReadonlyMap<string, OnnxFunction>;
}

/** The codes of types of numbers in TensorProto.DataType. */
const DTYPES: Readonly<Record<number, Dtype>> = {
  1: 'f32',
  2: 'u8',
  3: 'i8',
  4: 'u16',
  5: 'i16',
  6: 'i32',
  7: 'i64',
  9: 'bool',
  10: 'f16',
  11: 'f64',
  12: 'u32',
  13: 'u64',
  16: 'bf16',
};
export const STRINGS = 8;

/** Floats of 16 bits: f16 and bf16. */
export const HALVES: readonly number[] = [10, 16];

/** The newest operators that ONNX had published when this was written: later ones may compute something else. */
const NEWEST_OPSETS: ReadonlyMap<string, number> = new Map([['', 27], ['ai.onnx.ml', 5]]); // biome-ignore format: one line

export function parseModel(where: string, file: Uint8Array, external: ExternalData): OnnxModel {
  let graph: Uint8Array | undefined;
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const functions = new Map<string, OnnxFunction>();
  for (const field of fieldsOf(where, file)) {
    if (field.number === 7) graph = field.bytes;
    else if (field.number === 8) {
      const { domain, version } = opsetOf(where, field.bytes);
      if ((opsets.get(domain) ?? version) !== version) {
        throw twice(where, `opsets of ${showDomain(domain)}, ${opsets.get(domain)} and ${version}`);
      }
      opsets.set(domain, version);
    } else if (field.number === 14) addPair(where, metadata, field.bytes);
    else if (field.number === 25) addFunction(where, functions, field.bytes, external);
  }
  if (!graph) throw outOfRange(where, 'no graph', 'an ONNX file');
  // files of the first versions of the format do not say it
  return { ...parseGraph(where, graph, external), opset: opsets.get('') ?? 1, metadata, functions };
}

const showDomain = (domain: string) => domain || 'ai.onnx';

/** The error for something that a file has in two forms, of which one must be meant. */
const twice = (where: string, what: string) =>
  outOfRange(where, `two ${what}`, 'one of them: the file is damaged, or was put together by hand');

/** Refuses names that stand for two values: nothing says which of them is meant. */
function checkNames(where: string, inputs: Iterable<string>, nodes: readonly OnnxNode[]): void {
  const makers = new Map<string, string>();
  for (const name of inputs) {
    if (makers.has(name)) throw twice(where, `inputs or constants of the name ${quote(name)}`);
    makers.set(name, 'an input or constant');
  }
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      const other = makers.get(name);
      if (other) throw twice(where, `values of the name ${quote(name)}, one of ${other} and one of ${showNode(node)}`);
      makers.set(name, showNode(node));
    }
  }
}

function parseGraph(
  where: string,
  graph: Uint8Array,
  external: ExternalData,
): Pick<OnnxModel, 'nodes' | 'constants' | 'inputs' | 'outputs'> {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  for (const { number, bytes } of fieldsOf(where, graph)) {
    if (number === 1) nodes.push(nodeOf(where, bytes, external));
    else if (number === 5) {
      const { name, tensor } = tensorAt(where, bytes, external);
      if (constants.has(name)) throw twice(where, `constants of the name ${quote(name)}`);
      constants.set(name, tensor);
    } else if (number === 11) inputs.push(graphValueOf(where, bytes));
    else if (number === 12) outputs.push(graphValueOf(where, bytes));
    else if (number === 15) {
      throw outOfRange(where, 'sparse constants', 'dense ones: export the model without sparsity');
    }
  }
  // in old files, constants are also inputs, whose values may be replaced
  const own = inputs.filter(({ name }) => !constants.has(name));
  checkNames(where, [...own.map(({ name }) => name), ...constants.keys()], nodes);
  return { nodes, constants, outputs, inputs: own };
}

function opsetOf(where: string, message: Uint8Array): { domain: string; version: number } {
  let [domain, version] = ['', 0];
  for (const { number, bytes, integer } of fieldsOf(where, message)) {
    if (number === 1) domain = textOf(where, bytes);
    else if (number === 2) version = integer;
  }
  const known = domain === 'ai.onnx' ? '' : domain;
  const newest = NEWEST_OPSETS.get(known) ?? Number.POSITIVE_INFINITY;
  if (!(version >= 1 && version <= newest)) {
    const wanted = `one from 1 to ${newest}: later operators may compute something else, so export with a lower opset`;
    throw outOfRange(where, `opset ${version} of ${showDomain(known)}`, wanted);
  }
  return { domain: known, version };
}

/** Adds a message of a key and a value, both texts. */
export function addPair(where: string, pairs: Map<string, string>, message: Uint8Array): void {
  let [key, value] = ['', ''];
  for (const { number, bytes } of fieldsOf(where, message)) {
    if (number === 1) key = textOf(where, bytes);
    else if (number === 2) value = textOf(where, bytes);
  }
  pairs.set(key, value);
}

function addFunction(
  where: string,
  functions: Map<string, OnnxFunction>,
  message: Uint8Array,
  external: ExternalData,
): void {
  let [name, domain] = ['', ''];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const nodes: OnnxNode[] = [];
  for (const { number, bytes } of fieldsOf(where, message)) {
    if (number === 1) name = textOf(where, bytes);
    else if (number === 4) inputs.push(textOf(where, bytes));
    else if (number === 5) outputs.push(textOf(where, bytes));
    else if (number === 7) nodes.push(nodeOf(where, bytes, external));
    else if (number === 10) domain = textOf(where, bytes);
  }
  const key = `${domain}.${name}`;
  if (functions.has(key)) throw twice(where, `functions of the name ${quote(key)}`);
  checkNames(`${where}: function ${quote(key)}`, inputs, nodes);
  functions.set(key, { inputs, outputs, nodes });
}

function nodeOf(where: string, message: Uint8Array, external: ExternalData): OnnxNode {
  let [op, domain, name] = ['', '', ''];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  for (const { number, bytes } of fieldsOf(where, message)) {
    if (number === 1) inputs.push(textOf(where, bytes));
    else if (number === 2) outputs.push(textOf(where, bytes));
    else if (number === 3) name = textOf(where, bytes);
    else if (number === 4) op = textOf(where, bytes);
    else if (number === 5) {
      const attribute = attributeOf(where, bytes, external);
      if (attributes.has(attribute.name))
        throw twice(where, `attributes of the name ${quote(attribute.name)} in a node`);
      attributes.set(attribute.name, attribute);
    } else if (number === 7) domain = textOf(where, bytes);
  }
  return { op, domain: domain === 'ai.onnx' ? '' : domain, name, inputs, outputs, attributes };
}

function attributeOf(where: string, message: Uint8Array, external: ExternalData): OnnxAttribute {
  let name = '';
  const one: { f?: number; i?: number; s?: string; t?: OnnxTensor; reference?: string } = {};
  const [floats, ints, strings]: [number[], number[], string[]] = [[], [], []];
  for (const field of fieldsOf(where, message)) {
    const { number, bytes, integer } = field;
    if (number === 1) name = textOf(where, bytes);
    else if (number === 2) one.f = floatsIn(where, bytes)[0];
    else if (number === 3) one.i = integer;
    else if (number === 4) one.s = textOf(where, bytes);
    else if (number === 5) one.t = tensorAt(where, bytes, external).tensor;
    else if (number === 7) for (const value of floatsIn(where, bytes)) floats.push(value);
    else if (number === 8) for (const value of integersOf(where, field)) ints.push(value);
    else if (number === 9) strings.push(textOf(where, bytes));
    else if (number === 21) one.reference = textOf(where, bytes);
  }
  return { name, ...one, floats, ints, strings };
}

function graphValueOf(where: string, message: Uint8Array): OnnxValue {
  let [name, type] = ['', 0];
  let shape: (number | string)[] | undefined;
  for (const { number, bytes } of fieldsOf(where, message)) {
    if (number === 1) name = textOf(where, bytes);
    // type, then its tensor type, then the shape of that
    else if (number === 2) {
      for (const kind of fieldsOf(where, bytes)) {
        if (kind.number !== 1) continue;
        for (const part of fieldsOf(where, kind.bytes)) {
          if (part.number === 1) type = part.integer;
          else if (part.number === 2) shape = shapeOf(where, part.bytes);
        }
      }
    }
  }
  return { name, type, ...(shape && { shape }) };
}

function shapeOf(where: string, message: Uint8Array): (number | string)[] {
  return Array.from(fieldsOf(where, message), ({ bytes }) => {
    let size: number | string = '?';
    for (const { number, integer, bytes: text } of fieldsOf(where, bytes)) {
      if (number === 1) size = integer;
      else if (number === 2) size = textOf(where, text);
    }
    return typeof size === 'number' && size < 0 ? '?' : size;
  });
}

function tensorAt(where: string, message: Uint8Array, external: ExternalData): { name: string; tensor: OnnxTensor } {
  let [name, type, isExternal] = ['', 0, false];
  const shape: number[] = [];
  const strings: string[] = [];
  let raw: Uint8Array | undefined;
  const items: Field[] = [];
  const places = new Map<string, string>();
  for (const field of fieldsOf(where, message)) {
    const { number, bytes, integer } = field;
    if (number === 1) for (const size of integersOf(where, field)) shape.push(size);
    else if (number === 2) type = integer;
    else if (number === 6) strings.push(textOf(where, bytes));
    else if (number === 8) name = textOf(where, bytes);
    else if (number === 9) raw = bytes;
    else if (number === 13) addPair(where, places, bytes);
    else if (number === 14) isExternal = integer === 1;
    else if ([4, 5, 7, 10, 11].includes(number)) items.push(field);
  }
  const label = `${where}: constant ${quote(name)}`;
  const size = sizeOf(label, shape);
  if (type === STRINGS) return { name, tensor: { shape, values: new Float64Array(0), strings } };
  const dtype = DTYPES[type];
  if (!dtype) throw outOfRange(label, `the type ${type}`, `numbers, one of ${Object.values(DTYPES).join(', ')}`);
  const bytes = isExternal ? externalBytes(label, places, external, size * BYTES_OF[dtype]) : raw;
  const values = bytes ? numbersOf(dtype, exactly(label, bytes, size * BYTES_OF[dtype])) : itemsOf(label, dtype, items);
  if (values.length !== size)
    throw outOfRange(label, counted(values.length, 'number'), `${size} for the shape [${shape}]`);
  return { name, tensor: { shape, values } };
}

function exactly(where: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw outOfRange(where, counted(bytes.length, 'byte'), `${length} for its shape`);
  return bytes;
}

/** What ONNX files call `./name` is `name`. */
export const nameOfFile = (location: string): string => location.replace(/^\.\//, '');

/** The part of another file that holds a constant. The caller has given that file; none is ever opened here. */
function externalBytes(
  where: string,
  places: ReadonlyMap<string, string>,
  external: ExternalData,
  length: number,
): Uint8Array {
  const location = places.get('location') ?? '';
  const name = nameOfFile(location);
  const data = external.get(name);
  if (!data) {
    const wanted = `its bytes: pass options.externalData: { ${quote(name)}: bytes }`;
    throw outOfRange(where, `data in another file, ${quote(location, 200)}`, wanted);
  }
  const start = Number(places.get('offset') ?? 0);
  const stated = Number(places.get('length') ?? length);
  if (stated !== length || !Number.isSafeInteger(start) || start < 0 || start + length > data.length) {
    const got = `bytes ${start} to ${start + stated} of ${quote(name)}, which has ${data.length}`;
    throw outOfRange(where, got, `${counted(length, 'byte')} within the file`);
  }
  return data.subarray(start, start + length);
}

/** Numbers that are not raw bytes but fields of their own. Halves are the bits of integers. */
function itemsOf(where: string, dtype: Dtype, items: readonly Field[]): Float32Array | Float64Array {
  const numbers: number[] = [];
  for (const field of items) {
    const part: Iterable<number> =
      field.number === 4
        ? floatsIn(where, field.bytes)
        : field.number === 10
          ? numbersOf('f64', field.bytes)
          : integersOf(where, field);
    for (const value of part) numbers.push(value);
  }
  if (dtype === 'f16') return Float64Array.from(numbers, fromHalf);
  if (dtype === 'bf16') return numbersOf('bf16', new Uint8Array(Uint16Array.from(numbers).buffer));
  return dtype === 'f32' ? Float32Array.from(numbers) : Float64Array.from(numbers);
}

function floatsIn(where: string, bytes: Uint8Array): Float32Array | Float64Array {
  if (bytes.length % 4 !== 0) throw outOfRange(where, `${counted(bytes.length, 'byte')} of floats`, 'a multiple of 4');
  return numbersOf('f32', bytes);
}
