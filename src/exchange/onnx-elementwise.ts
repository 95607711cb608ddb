import { PRELU, preluOf } from './columns.js';
import { clip, elu, erf, ACTIVATION_FUNCTIONS as F, leakyRelu, SELU_ALPHA, SELU_LAMBDA } from './functions.js';
import type { OnnxNode } from './onnx-model.js';

// The operators of ONNX that compute each number from numbers at the same place, as functions of doubles. Booleans are
// 0 and 1.

type Elementwise = (...x: number[]) => number;

/** The attribute `name` as a number; `missing` if the node does not have it. */
export const numberAt = ({ attributes }: OnnxNode, name: string, missing: number): number => {
  const { f, i } = attributes.get(name) ?? {};
  return f ?? i ?? missing;
};

const { sigmoid, softplus, softsign, relu, gelu, geluTanh, silu } = F;

/** Operators without attributes that change what they compute. */
const PLAIN: Readonly<Record<string, Elementwise>> = {
  Abs: Math.abs,
  Acos: Math.acos,
  Acosh: Math.acosh,
  Add: (a, b) => a + b,
  And: (a, b) => Number(a !== 0 && b !== 0),
  Asin: Math.asin,
  Asinh: Math.asinh,
  Atan: Math.atan,
  Atanh: Math.atanh,
  Ceil: Math.ceil,
  Cos: Math.cos,
  Cosh: Math.cosh,
  Div: (a, b) => a / b,
  Equal: (a, b) => Number(a === b),
  Erf: erf,
  Exp: Math.exp,
  Floor: Math.floor,
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  HardSwish: F.hardSwish,
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Log: Math.log,
  Max: (...x) => Math.max(...x),
  Mean: (...x) => x.reduce((sum, value) => sum + value) / x.length,
  Min: (...x) => Math.min(...x),
  Mish: F.mish,
  Mul: (a, b) => a * b,
  Neg: (x) => -x,
  Not: (x) => Number(x === 0),
  Or: (a, b) => Number(a !== 0 || b !== 0),
  [PRELU]: preluOf,
  Pow: (a, b) => a ** b,
  Reciprocal: (x) => 1 / x,
  Relu: relu,
  Round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  Sigmoid: sigmoid,
  Sign: Math.sign,
  Sin: Math.sin,
  Sinh: Math.sinh,
  Softplus: softplus,
  Softsign: softsign,
  Sqrt: Math.sqrt,
  Sub: (a, b) => a - b,
  Sum: (...x) => x.reduce((sum, value) => sum + value),
  Tan: Math.tan,
  Tanh: Math.tanh,
  Where: (condition, a, b) => (condition ? a : b),
};

/** Operators whose attributes are part of the function. */
const WITH_ATTRIBUTES: Readonly<Record<string, (node: OnnxNode) => Elementwise>> = {
  Binarizer: (node) => {
    const threshold = numberAt(node, 'threshold', 0);
    return (x) => Number(x > threshold);
  },
  Celu: (node) => {
    const alpha = numberAt(node, 'alpha', 1);
    return (x) => (x > 0 ? x : alpha * Math.expm1(x / alpha));
  },
  Clip: (node) => {
    const [low, high] = [
      numberAt(node, 'min', Number.NEGATIVE_INFINITY),
      numberAt(node, 'max', Number.POSITIVE_INFINITY),
    ];
    return (x, min = low, max = high) => clip(x, min, max);
  },
  Elu: (node) => elu(numberAt(node, 'alpha', 1)),
  Gelu: ({ attributes }) => (attributes.get('approximate')?.s === 'tanh' ? geluTanh : gelu),
  FastGelu: () => geluTanh,
  HardSigmoid: (node) => {
    const [alpha, beta] = [numberAt(node, 'alpha', 0.2), numberAt(node, 'beta', 0.5)];
    return (x) => clip(alpha * x + beta, 0, 1);
  },
  LeakyRelu: (node) => leakyRelu(numberAt(node, 'alpha', 0.01)),
  QuickGelu: (node) => {
    const alpha = numberAt(node, 'alpha', 1.702);
    return (x) => x * sigmoid(alpha * x);
  },
  Selu: (node) => {
    const [alpha, gamma] = [numberAt(node, 'alpha', SELU_ALPHA), numberAt(node, 'gamma', SELU_LAMBDA)];
    return (x) => gamma * elu(alpha)(x);
  },
  Shrink: (node) => {
    const [lambda, bias] = [numberAt(node, 'lambd', 0.5), numberAt(node, 'bias', 0)];
    return (x) => (x < -lambda ? x + bias : x > lambda ? x - bias : 0);
  },
  Swish: (node) => {
    const alpha = numberAt(node, 'alpha', 1);
    return alpha === 1 ? silu : (x) => x * sigmoid(alpha * x);
  },
  ThresholdedRelu: (node) => {
    const alpha = numberAt(node, 'alpha', 1);
    return (x) => (x > alpha ? x : 0);
  },
};

/** The function of an operator, and a name that equal functions share; undefined if it is none of them. */
export function elementwiseOf(node: OnnxNode): { f: Elementwise; key: string } | undefined {
  if (Object.hasOwn(PLAIN, node.op)) return { f: PLAIN[node.op], key: node.op };
  if (!Object.hasOwn(WITH_ATTRIBUTES, node.op)) return undefined;
  const attributes = [...node.attributes.values()].map(({ name, f, i, s }) => `${name}=${f ?? i ?? s}`);
  return { f: WITH_ATTRIBUTES[node.op](node), key: `${node.op}{${attributes.join()}}` };
}
