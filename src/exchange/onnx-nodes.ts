import { counted, outOfRange, quote } from '../check/errors.js';
import { dense } from './chain.js';
import { type Columns, PRELU, scaled, sharedSlope } from './columns.js';
import { ACTIVATION_FUNCTIONS } from './functions.js';
import { decided, decisionOf, indexOfNames, largest, ruleOf } from './onnx-decisions.js';
import { elementwiseOf, numberAt } from './onnx-elementwise.js';
import { axisOf, broadcast, broadcastShape, productOf } from './onnx-layout.js';
import { keepClasses, OF_LEARNING } from './onnx-ml.js';
import { HALVES, nameOf, type OnnxAttribute, type OnnxNode } from './onnx-model.js';
import { MOVES } from './onnx-moves.js';
import { dequantized } from './onnx-quantized.js';
import {
  beforeIt,
  type Call,
  type Constant,
  checkRow,
  constantAt,
  type Data,
  dataAt,
  inputAt,
  type Operator,
  shapeOf,
  showShape,
  type Value,
} from './onnx-values.js';
import { MOST_AXES, transposed } from './tensor.js';

// The operators of ONNX that a network of this library can compute. Any other is refused by name.

/** The result of a node. */
export function evaluate(call: Call): readonly Value[] {
  const { node } = call;
  // whatever is made of a decision is one
  const decision = call.inputs.find((value) => value?.kind === 'decision') ?? indexOfNames(call);
  if (decision) {
    keepClasses(call);
    const result = decided(call, decision);
    return node.outputs.map(() => result);
  }
  const operator = operatorOf(node);
  if (!operator) throw unknownOperator(call);
  const result = operator(call);
  const results: readonly Value[] = Array.isArray(result) ? result : [result as Value];
  for (const value of results) count(call, value);
  return results;
}

/** Throws a RangeError if a file computes more than any network needs. */
function count({ where, reading, composer, mostNumbers }: Call, value: Value): void {
  if (value.kind === 'decision') return;
  if (value.shape.length > MOST_AXES) throw outOfRange(where, `${value.shape.length} axes`, `at most ${MOST_AXES}`);
  if (value.kind === 'data') {
    composer.count(where, value.columns.columns.length);
    return;
  }
  reading.computed += value.values.length;
  const most = MOST_TIMES * mostNumbers;
  if (reading.computed > most)
    throw outOfRange(where, `more than ${most} computed numbers`, 'a network of fewer nodes');
}

/** How many numbers may be computed before they become weights, as a multiple of the bytes of a file. */
const MOST_TIMES = 4;

function operatorOf(node: OnnxNode): Operator | undefined {
  const { op, domain } = node;
  // an operator of somebody else may have any name
  if (!DOMAINS.has(domain)) return undefined;
  if (Object.hasOwn(OPERATORS, op)) return OPERATORS[op];
  const found = elementwiseOf(node);
  return found && ((call) => elementwise(call, found.f, found.key));
}

/** Those of ONNX, of its models of statistics, and of onnxruntime. */
const DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx.ml', 'com.microsoft']);

/** What may stand for an operator that joins units. */
const JOINING = 'softmax may be the last node, and a sum or a mean is a layer with weights that are not trained';

/** Operators of other kinds of models, for messages. */
const OF_OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^(Conv|ConvTranspose|ConvInteger|.*Pool)$/, 'fully connected layers: this library has no convolutions and pooling'],
  [/^(LSTM|GRU|RNN|Loop|If|Scan|.*Attention)$/, 'fully connected layers: this library has no loops and attention'],
  [/Normalization$/, 'BatchNormalization: other normalisations mix the units of a layer'],
  [/quantize|Integer$|^QLinear|NBits$/i, 'numbers that are not quantised: export the model before quantisation'],
  [/^(TreeEnsemble|SVM)/, 'neural networks: this model is none'],
  [
    /^(OneHotEncoder|LabelEncoder|CategoryMapper|DictVectorizer|StringNormalizer|TfIdfVectorizer)$/,
    'numbers as inputs: encode categories with simdprop/tabular, and export the network alone',
  ],
  [/^(Imputer)$/, 'complete inputs: fill what is missing with simdprop/tabular, and export the network alone'],
  [/^(Reduce.*|CumSum|LpNormalization|TopK|ArgMin)$/, `no function that joins the units of a layer: ${JOINING}`],
  [
    /^(Einsum|Tile|Expand|Pad|Trilu|ScatterND|GatherND|GatherElements|OneHot)$/,
    'MatMul or Gemm, Gather, Slice and Concat',
  ],
];

function unknownOperator(call: Call): RangeError {
  const { domain, op } = call.node;
  const wanted = OF_OTHERS.find(([pattern]) => pattern.test(op))?.[1] ?? 'layers with weights and activation functions';
  return outOfRange(call.where, `the operator ${quote(domain ? `${domain}.${op}` : op)}`, `${wanted}${beforeIt(call)}`);
}

/** Columns that only functions of one unit were applied to: same operators, element by element. */
function elementwise(call: Call, f: (...x: number[]) => number, key: string): Value {
  const { where, node } = call;
  const rule = ruleOf(call);
  // a softmax has no functions behind it, but it may be compared
  if (rule?.of.columns.whole) return { ...decisionOf(call, 'comparisons'), rule };
  const given = call.inputs.filter((value): value is Data | Constant => value !== undefined);
  const data = given.filter((value): value is Data => value.kind === 'data');
  if (data.length === 0) return folded(call, f, given as Constant[]);
  // an optional input between others, such as the missing minimum of a Clip
  const holes = call.inputs.slice(0, -1).some((value) => value === undefined);
  const [{ hasBatch }] = data;
  checkAxis(call, given);
  const shapes = given.map((value) => (value.kind === 'data' ? value.shape : withoutBatch(call, value, data)));
  const shape = broadcastShape(shapes);
  if (!shape || data.some((value) => value.hasBatch !== hasBatch)) {
    throw outOfRange(where, `the shapes ${given.map(showShape).join(' and ')}`, 'shapes that fit together');
  }
  call.composer.count(where, productOf(shape));
  const operands = given.map((value, i) => {
    if (value.kind === 'constant') return constantOperand(value, shapes[i], shape);
    return productOf(shapes[i]) === productOf(shape) ? value.columns : repeated(value, shape);
  });
  const columns =
    affine(node, operands) ??
    call.composer.compose(
      where,
      holes ? `${key}[${call.inputs.map(Boolean)}]` : key,
      holes ? (...x) => f(...spread(call.inputs, x)) : f,
      operands,
    );
  const other = given.find((value) => value.kind === 'constant');
  if (node.op === PRELU && other?.values.length === 1 && productOf(shape) > 1) {
    call.reading.notes.add(sharedSlope(nameOf(node)));
  }
  return { kind: 'data', shape, hasBatch, columns, ...(rule && { rule }) };
}

/** Before opset 7, an attribute says along which axes the second input lies. Since then, it is the last ones. */
function checkAxis({ node, opset, where }: Call, given: readonly (Data | Constant)[]): void {
  const axis = opset < 7 && ARITHMETIC.has(node.op) ? node.attributes.get('axis')?.i : undefined;
  if (axis === undefined || given.length !== 2) return;
  const [first, second] = given.map((value) => shapeOf(value).length);
  if ((axis < 0 ? axis + first : axis) + second === first) return;
  throw outOfRange(where, `axis=${axis} of opset ${opset}`, 'an export with opset 13 or later');
}

const ARITHMETIC: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** Numbers with undefined where an input is missing. */
function spread(inputs: Call['inputs'], x: readonly number[]): number[] {
  const rest = [...x];
  return inputs.map((value) => (value ? rest.shift() : undefined) as number);
}

type Operand = Columns | ((i: number) => number);

/** Sums, products and quotients with constants, which are no functions but scales. */
function affine({ op }: OnnxNode, operands: readonly Operand[]): Columns | undefined {
  const [a, b] = operands;
  if (op === 'Neg' && typeof a === 'object' && !a.whole) return scaled(a, () => -1);
  if (op === 'Sum') return sum(operands);
  if (operands.length !== 2 || typeof a === typeof b) return undefined;
  const [columns, constant, isRight] = typeof a === 'object' ? [a, b, true] : [b, a, false];
  if (typeof columns === 'function' || typeof constant === 'object' || columns.whole) return undefined;
  if (op === 'Add') return scaled(columns, () => 1, constant);
  if (op === 'Sub') return isRight ? scaled(columns, () => 1, (i) => -constant(i)) : scaled(columns, () => -1, constant); // biome-ignore format: one line
  if (op === 'Mul') return scaled(columns, constant);
  return op === 'Div' && isRight ? scaled(columns, (i) => 1 / constant(i)) : undefined;
}

/** The sum of one operand that depends on the samples, and constants. */
function sum(operands: readonly Operand[]): Columns | undefined {
  const constants = operands.filter((operand) => typeof operand === 'function');
  const [columns, more] = operands.filter((operand) => typeof operand === 'object');
  if (more || constants.length === 0 || columns.whole) return undefined;
  return scaled(columns, () => 1, (i) => constants.reduce((total, constant) => total + constant(i), 0)); // biome-ignore format: one line
}

/** The shape of a constant beside samples, without the axis of the batch. */
function withoutBatch({ where }: Call, constant: Constant, data: readonly Data[]): readonly number[] {
  const [{ hasBatch, shape }] = data;
  const rank = shape.length + Number(hasBatch);
  const { shape: own } = constant;
  if (!hasBatch || own.length < rank) return own;
  const extra = own.length - shape.length;
  if (own.slice(0, extra).some((size) => size !== 1)) {
    throw outOfRange(
      where,
      `a constant of the shape [${own}] beside ${showShape(data[0])}`,
      'the same for each sample',
    );
  }
  return own.slice(extra);
}

function constantOperand(value: Constant, shape: readonly number[], wanted: readonly number[]): (i: number) => number {
  const { values } = value;
  if (values.length === 1) return () => values[0];
  if (values.length === productOf(wanted)) return (i) => values[i];
  const { map } = broadcast(shape, wanted);
  return (i) => values[map[i]];
}

function repeated(value: Data, wanted: readonly number[]): Columns {
  const { map } = broadcast(value.shape, wanted);
  return { ...value.columns, columns: Array.from(map, (place) => value.columns.columns[place]) };
}

/** An operator of constants alone, which is computed at once. */
function folded(call: Call, f: (...x: number[]) => number, given: readonly Constant[]): Constant {
  const shape = broadcastShape(given.map((value) => value.shape));
  if (!shape)
    throw outOfRange(call.where, `the shapes ${given.map(showShape).join(' and ')}`, 'shapes that fit together');
  checkSize(call, shape);
  const operands = given.map((value) => constantOperand(value, value.shape, shape));
  return {
    kind: 'constant',
    shape,
    values: Float64Array.from({ length: productOf(shape) }, (_, i) => f(...operands.map((operand) => operand(i)))),
  };
}

function checkSize({ where, mostNumbers }: Call, shape: readonly number[]): void {
  const size = productOf(shape);
  if (size <= mostNumbers) return;
  throw outOfRange(
    where,
    `${counted(size, 'number')} that are computed`,
    `at most ${mostNumbers}, about as many as the file has`,
  );
}

function gemm(call: Call): Value {
  const { node, where } = call;
  if (numberAt(node, 'transA', 0)) throw outOfRange(where, 'transA=1, which mixes samples', 'transA=0');
  if (inputAt(call, 0).kind === 'constant') {
    throw outOfRange(where, 'a constant as input 0', 'samples as input 0, and weights as input 1');
  }
  const c = constantAt(call, 2);
  const [alpha, beta] = [numberAt(node, 'alpha', 1), numberAt(node, 'beta', 1)];
  const isTurned = numberAt(node, 'transB', 0) === 1;
  return layer(call, { isTurned, alpha, biases: c && { ...c, values: times(c.values, beta) } });
}

/** A Gemm and the function that follows it, as onnxruntime writes models that it has optimised. */
function fusedGemm(call: Call): Value | readonly Value[] {
  const { attributes } = call.node;
  const name = attributes.get('activation')?.s ?? '';
  const own = ['alpha', 'beta'].flatMap((key) => {
    const given = attributes.get(`activation_${key}`);
    return given ? [{ ...given, name: key }] : [];
  });
  return evaluate(withNode({ ...call, inputs: [gemm(call)] }, name, own));
}

/** The call of another operator in place of this one. */
const withNode = (call: Call, op: string, attributes: readonly OnnxAttribute[]): Call => ({
  ...call,
  node: { ...call.node, op, attributes: new Map(attributes.map((attribute) => [attribute.name, attribute])) },
});

const times = (values: Constant['values'], factor: number) =>
  factor === 1 ? values : Float64Array.from(values, (value) => value * factor);

interface LayerOptions {
  /** true: w is [units × columns], false: [columns × units]. */
  readonly isTurned: boolean;
  readonly alpha?: number;
  readonly biases?: Constant;
}

/** A layer: samples times constant weights. */
function layer(call: Call, { isTurned, alpha = 1, biases }: LayerOptions): Value {
  const { where } = call;
  const x = inputAt(call, 0);
  const w = inputAt(call, 1);
  if (x.kind === 'constant' && w.kind === 'data') return layerFromTheLeft(call, x, w);
  if (x.kind !== 'data' || w.kind !== 'constant') {
    const got = `a product of two ${x.kind === 'data' ? 'values that depend on the samples' : 'constants'}`;
    throw outOfRange(where, got, `samples as input 0 and constant weights as input 1${beforeIt(call)}`);
  }
  refuseWhole(call, x);
  const width = checkRow(call, x);
  const sizes = w.shape.slice(-2);
  if (productOf(w.shape) !== productOf(sizes) || w.shape.length === 0) {
    throw outOfRange(where, `weights of the shape [${w.shape}]`, 'two axes');
  }
  const [rows, columns = 1] = sizes;
  const [fanIn, units] = isTurned ? [columns, rows] : [rows, columns];
  if (fanIn !== width)
    throw outOfRange(where, `weights of the shape [${w.shape}]`, `${counted(width, 'input')}, as ${showShape(x)} has`);
  const weights = () => times(isTurned || units === 1 ? w.values : transposed(w.values, fanIn, units), alpha);
  const b = biases && biasesOf(call, biases, units);
  const shape = sizes.length === 1 ? x.shape.slice(0, -1) : [...x.shape.slice(0, -1), units];
  call.composer.count(where, units);
  return { ...x, shape, columns: dense(nameOf(call.node), x.columns, units, weights, b) };
}

/** W x with samples as columns: weights are [units × fanIn] as they are. */
function layerFromTheLeft(call: Call, w: Constant, x: Data): Value {
  refuseWhole(call, x);
  const [units, fanIn] = w.shape;
  const isColumn = (x.shape.length === 2 && x.shape[1] === 1) || (x.shape.length === 1 && !x.hasBatch);
  if (w.shape.length !== 2 || !isColumn || x.shape[0] !== fanIn) {
    throw outOfRange(
      call.where,
      `weights [${w.shape}] times ${showShape(x)}`,
      'samples times weights, or columns of samples',
    );
  }
  const columns = dense(nameOf(call.node), x.columns, units, () => w.values, undefined);
  return { ...x, shape: [units, ...x.shape.slice(1)], columns };
}

function refuseWhole(call: Call, { columns }: Data): void {
  if (!columns.whole) return;
  throw outOfRange(call.where, 'a softmax amid the network', `softmax at its end alone${beforeIt(call)}`);
}

function biasesOf({ where }: Call, { shape, values }: Constant, units: number): ArrayLike<number> {
  // [units, 1] would be a number for each sample
  if (values.length === units && shape[shape.length - 1] === units) return values;
  if (values.length === 1) return new Float64Array(units).fill(values[0]);
  throw outOfRange(where, `biases of the shape [${shape}]`, `[${units}], one for each unit`);
}

function batchNormalization(call: Call): Value {
  const { node, where } = call;
  const x = dataAt(call, 0);
  refuseWhole(call, x);
  if (numberAt(node, 'training_mode', 0))
    throw outOfRange(where, 'training_mode=1', 'a model in inference mode: model.eval()');
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => constantAt(call, i)?.values);
  if (!gamma || !beta || !mean || !variance)
    throw outOfRange(where, 'not all of 5 inputs', 'scale, bias, mean and variance as constants');
  const [channels, ...inner] = x.shape;
  if (!x.hasBatch || [gamma, beta, mean, variance].some(({ length }) => length !== channels)) {
    throw outOfRange(where, `${gamma.length} channels for ${showShape(x)}`, 'as many as the units of a layer');
  }
  const epsilon = numberAt(node, 'epsilon', 1e-5);
  const channelOf = (i: number) => Math.floor(i / productOf(inner));
  const mul = (c: number) => gamma[c] / Math.sqrt(variance[c] + epsilon);
  const add = (c: number) => beta[c] - mean[c] * mul(c);
  return { ...x, columns: scaled(x.columns, (i) => mul(channelOf(i)), (i) => add(channelOf(i))) }; // biome-ignore format: one line
}

function softmax(call: Call): Value {
  const x = dataAt(call, 0);
  refuseWhole(call, x);
  const { where, node, opset } = call;
  const rank = x.shape.length + Number(x.hasBatch);
  const axis = axisOf(where, numberAt(node, 'axis', opset < 13 ? 1 : -1), rank) - Number(x.hasBatch);
  // before opset 13, all axes from this one on are one row
  const row = axis < 0 ? 0 : opset < 13 ? productOf(x.shape.slice(axis)) : x.shape[axis];
  if (row !== productOf(x.shape)) {
    throw outOfRange(
      where,
      `axis ${numberAt(node, 'axis', -1)} of ${showShape(x)}`,
      `the axis along which the outputs of a sample lie, -1 as a rule${beforeIt(call)}`,
    );
  }
  return { ...x, columns: { ...x.columns, whole: node.op === 'Softmax' ? 'softmax' : 'logSoftmax' } };
}

/** exp of the logarithms of a softmax is that softmax, and the other way round. */
function expOrLog(call: Call): Value | readonly Value[] {
  const x = inputAt(call, 0);
  const isExp = call.node.op === 'Exp';
  if (x.kind === 'data' && x.columns.whole === (isExp ? 'logSoftmax' : 'softmax')) {
    return { ...x, columns: { ...x.columns, whole: isExp ? 'softmax' : 'logSoftmax' } };
  }
  return elementwise(call, isExp ? Math.exp : Math.log, call.node.op);
}

/** TensorProto.DataType */
const BOOL = 9;

function cast(call: Call): Value {
  const value = inputAt(call, 0);
  const to = numberAt(call.node, 'to', 1);
  const isFloat = [1, 10, 11, 16].includes(to) || call.node.op === 'CastLike';
  if (value.kind === 'data' && HALVES.includes(to)) call.reading.notes.add(HALVED);
  if (isFloat || value.kind === 'decision') return value;
  // yes and no stay 1 and 0
  if (value.kind === 'data' && value.rule) return value;
  if (value.kind === 'data')
    return to === BOOL
      ? elementwise(call, (x) => Number(x !== 0), 'Bool')
      : decisionOf(call, 'numbers rounded to integers');
  return { ...value, values: Float64Array.from(value.values, to === BOOL ? (v) => Number(v !== 0) : Math.trunc) };
}

/** Nothing, unless the file is one for training. */
function dropout(call: Call): readonly Value[] {
  const isTraining = constantAt(call, 2)?.values[0];
  if (isTraining) throw outOfRange(call.where, 'training_mode=true', 'a model in inference mode: model.eval()');
  return asItIs(call) as readonly Value[];
}

const HALVED = 'the file rounds numbers of its layers to 16 bits, which the network does not';

const asItIs: Operator = (call) => call.node.outputs.map(() => inputAt(call, 0));

const OPERATORS: Readonly<Record<string, Operator>> = {
  ...MOVES,
  ...OF_LEARNING,
  ArgMax: largest,
  BatchNormalization: batchNormalization,
  Cast: cast,
  CastLike: cast,
  // as onnxruntime writes models that it has optimised
  BiasGelu: (call) => {
    const sum = elementwise(withNode(call, 'Add', []), (a, b) => a + b, 'Add');
    return elementwise(withNode({ ...call, inputs: [sum] }, 'Gelu', []), ACTIVATION_FUNCTIONS.gelu, 'Gelu');
  },
  Constant: ({ node, where }) => {
    const { attributes } = node;
    const tensor = attributes.get('value')?.t;
    if (tensor) return { kind: 'constant', ...tensor };
    const one = attributes.get('value_float')?.f ?? attributes.get('value_int')?.i;
    if (one !== undefined) return { kind: 'constant', shape: [], values: Float64Array.of(one) };
    const list = attributes.get('value_floats')?.floats ?? attributes.get('value_ints')?.ints;
    if (list) return { kind: 'constant', shape: [list.length], values: Float64Array.from(list) };
    throw outOfRange(where, `the attributes ${[...attributes.keys()]}`, 'value, value_float(s) or value_int(s)');
  },
  ConstantOfShape: (call) => {
    const shape = Array.from(constantAt(call, 0)?.values ?? []);
    if (shape.some(Number.isNaN))
      throw outOfRange(
        call.where,
        'a constant of the size of the batch',
        'one of a fixed size: export with do_constant_folding=True, or with a fixed batch',
      );
    checkSize(call, shape);
    const value = call.node.attributes.get('value')?.t?.values[0] ?? 0;
    return { kind: 'constant', shape, values: new Float64Array(productOf(shape)).fill(value) };
  },
  DequantizeLinear: dequantized,
  Dropout: dropout,
  Exp: expOrLog,
  FusedGemm: fusedGemm,
  FusedMatMul: gemm,
  Gemm: gemm,
  Hardmax: largest,
  Identity: asItIs,
  Log: expOrLog,
  LogSoftmax: softmax,
  MatMul: (call) => layer(call, { isTurned: false }),
  Softmax: softmax,
};
