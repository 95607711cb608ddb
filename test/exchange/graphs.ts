import {
  bytesField,
  floatField,
  integerField,
  joined,
  messageField,
  textField,
  type Written,
} from '../../src/exchange/protobuf-write.js';

// ONNX files made node by node, to look like those of exporters that cannot be run here. The structure of each is the
// one that docs/exchange.md describes.

export type Attribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | TensorLike
  | { readonly float: number };

export interface TensorLike {
  readonly shape: readonly number[];
  readonly values: readonly number[] | Float32Array | Float64Array;
  /** Default 'float'. */
  readonly type?: keyof typeof TYPES | 'items';
}

/** The code of each type in TensorProto.DataType, and how many bytes a number of it has. */
const TYPES = { float: [1, 4], double: [11, 8], int64: [7, 8], int8: [3, 1], uint8: [2, 1] } as const;

export interface NodeLike {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  readonly name?: string;
}

export interface GraphLike {
  readonly opset?: number;
  readonly format?: number;
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly constants?: Readonly<Record<string, TensorLike>>;
  readonly nodes: readonly NodeLike[];
  readonly functions?: readonly Written[];
  /** The codes of the types of outputs in TensorProto.DataType. Default 1, float. */
  readonly types?: Readonly<Record<string, number>>;
  /** Further fields of the graph. */
  readonly more?: readonly Written[];
}

export const node = (
  op: string,
  inputs: string,
  outputs: string,
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = '',
): NodeLike => ({ op, inputs: inputs.split(' ').filter(Boolean).map((name) => (name === '-' ? '' : name)), outputs: outputs.split(' '), attributes, domain }); // biome-ignore format: one line

const isTensor = (value: Attribute): value is TensorLike => typeof value === 'object' && 'shape' in value;

export function tensorFields({ shape, values, type = 'float' }: TensorLike, name = ''): Written[] {
  const sizes = shape.map((size) => integerField(1, size));
  if (type === 'items') {
    const items = Array.from(values, (value) => floatField(4, value));
    return [...sizes, integerField(2, 1), textField(8, name), ...items];
  }
  const [code, width] = TYPES[type];
  const bytes = new Uint8Array(width * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of [...values].entries()) {
    if (type === 'float') view.setFloat32(4 * i, value, true);
    else if (type === 'double') view.setFloat64(8 * i, value, true);
    else if (type === 'int64') view.setBigInt64(8 * i, BigInt(value), true);
    else bytes[i] = value;
  }
  return [...sizes, integerField(2, code), textField(8, name), bytesField(9, bytes)];
}

function attributeFields(name: string, value: Attribute): Written[] {
  const key = textField(1, name);
  if (typeof value === 'number') return [key, integerField(3, value), integerField(20, 2)];
  if (typeof value === 'string') return [key, textField(4, value), integerField(20, 3)];
  if (isTensor(value)) return [key, messageField(5, tensorFields(value)), integerField(20, 4)];
  if ('float' in value) return [key, floatField(2, value.float), integerField(20, 1)];
  if (value.every((item): item is string => typeof item === 'string')) {
    return [key, ...value.map((item) => textField(9, item)), integerField(20, 8)];
  }
  const numbers = value as readonly number[];
  if (numbers.every(Number.isInteger)) return [key, ...numbers.map((n) => integerField(8, n)), integerField(20, 7)];
  return [key, ...numbers.map((n) => floatField(7, n)), integerField(20, 6)];
}

export const nodeFields = ({ op, inputs, outputs, attributes = {}, domain = '', name = '' }: NodeLike): Written[] => [
  ...inputs.map((input) => textField(1, input)),
  ...outputs.map((output) => textField(2, output)),
  textField(3, name),
  textField(4, op),
  ...Object.entries(attributes).map(([key, value]) => messageField(5, attributeFields(key, value))),
  textField(7, domain),
];

const valueField = (number: number, name: string, shape: readonly (number | string)[], type = 1): Written =>
  messageField(number, [
    textField(1, name),
    messageField(2, [
      messageField(1, [
        integerField(1, type),
        messageField(
          2,
          shape.map((size) => messageField(1, [typeof size === 'number' ? integerField(1, size) : textField(2, size)])),
        ),
      ]),
    ]),
  ]);

export function onnxFile({
  opset = 13,
  format = 7,
  inputs,
  outputs,
  constants = {},
  nodes,
  functions = [],
  types = {},
  more = [],
}: GraphLike) {
  const domains = new Set(nodes.map(({ domain }) => domain).filter((domain) => domain));
  return joined([
    integerField(1, format),
    messageField(7, [
      ...nodes.map((n) => messageField(1, nodeFields(n))),
      textField(2, 'graph'),
      ...Object.entries(constants).map(([name, tensor]) => messageField(5, tensorFields(tensor, name))),
      ...Object.entries(inputs).map(([name, shape]) => valueField(11, name, shape)),
      ...Object.entries(outputs).map(([name, shape]) => valueField(12, name, shape, types[name])),
      ...more,
    ]),
    messageField(8, [textField(1, ''), integerField(2, opset)]),
    ...[...domains].map((domain) => messageField(8, [textField(1, domain ?? ''), integerField(2, 1)])),
    ...functions,
  ]);
}
