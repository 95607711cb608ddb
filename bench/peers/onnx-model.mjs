// Writes a network as an ONNX model, with a Gemm and an activation for each layer. The format is Protocol Buffers, and
// these few lines write the part of it that is needed (onnx.proto: ModelProto, GraphProto, NodeProto, TensorProto).

const text = new TextEncoder();

function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  return [...bytes, number];
}

const integer = (field, number) => Buffer.from([...varint(field * 8), ...varint(number)]);
const bytes = (field, content) =>
  Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
const string = (field, content) => bytes(field, text.encode(content));

function tensor(name, dimensions, floats) {
  const FLOAT = 1;
  const data = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  return Buffer.concat([...dimensions.map((d) => integer(1, d)), integer(2, FLOAT), string(8, name), bytes(9, data)]);
}

function node(operator, inputs, output, attributes = []) {
  return Buffer.concat([
    ...inputs.map((name) => string(1, name)),
    string(2, output),
    string(4, operator),
    ...attributes.map((attribute) => bytes(5, attribute)),
  ]);
}

function integerAttribute(name, number) {
  const INT = 2;
  return Buffer.concat([string(1, name), integer(3, number), integer(20, INT)]);
}

/** Describes a float32 matrix [rows x width] with any number of rows. */
function value(name, width) {
  const shape = Buffer.concat([bytes(1, string(2, 'rows')), bytes(1, integer(1, width))]);
  return Buffer.concat([string(1, name), bytes(2, bytes(1, Buffer.concat([integer(1, 1), bytes(2, shape)])))]);
}

const OPERATORS = { sigmoid: 'Sigmoid', relu: 'Relu', softmax: 'Softmax' };

/** The model that computes a [rows x outputs] from x [rows x inputs]. */
export function modelOf({ inputs, layers, outputs }) {
  const nodes = [];
  const initializers = [];
  layers.forEach(({ units, fanIn, weights, biases, activation }, l) => {
    const last = l === layers.length - 1;
    initializers.push(tensor(`w${l}`, [units, fanIn], weights), tensor(`b${l}`, [units], biases));
    nodes.push(node('Gemm', [l ? `a${l - 1}` : 'x', `w${l}`, `b${l}`], `z${l}`, [integerAttribute('transB', 1)]));
    nodes.push(node(OPERATORS[activation], [`z${l}`], last ? 'a' : `a${l}`));
  });
  const graph = Buffer.concat([
    ...nodes.map((each) => bytes(1, each)),
    string(2, 'network'),
    ...initializers.map((each) => bytes(5, each)),
    bytes(11, value('x', inputs)),
    bytes(12, value('a', outputs)),
  ]);
  // IR version 8, operator set 13
  return Buffer.concat([integer(1, 8), bytes(8, integer(2, 13)), bytes(7, graph)]);
}
