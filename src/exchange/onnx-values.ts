import { outOfRange, quote } from '../check/errors.js';
import { type Columns, type Composer, picked } from './columns.js';
import { type Layout, productOf } from './onnx-layout.js';
import type { OnnxNode, OnnxTensor } from './onnx-model.js';

// What the values of a graph are while it is read.

/** Numbers that the file has, or that follow from them. NaN among sizes stands for the size of the batch. */
export interface Constant extends OnnxTensor {
  readonly kind: 'constant';
}

/** Numbers of each sample: columns, in a shape without the batch. */
export interface Data {
  readonly kind: 'data';
  /** The shape of a sample. Its product is the number of columns. */
  readonly shape: readonly number[];
  /** true: the samples of a batch lie along axis 0. false: the file is for one sample, and has no such axis. */
  readonly hasBatch: boolean;
  readonly columns: Columns;
  /** These are 0 and 1 by this rule: they decide, and are no outputs of a network. */
  readonly rule?: Rule;
}

/** Something that follows from outputs and is none itself: a class, a yes or no, an integer. */
export interface Decision {
  readonly kind: 'decision';
  /** What the file decides by, if this library can decide so too. */
  readonly rule?: Rule;
  /** For messages: the node that made it, what it made, and the name of the numbers before it. */
  readonly where: string;
  readonly what: string;
  readonly from: string;
}

/** How a file decides for a class or for labels. */
export interface Rule {
  /** The numbers that it decides by, and the name that the file has for them. */
  readonly of: Data;
  readonly name: string;
  /** An output above its limit is a yes: one for all outputs, or for each. undefined: the largest output decides. */
  readonly limits?: readonly number[];
  /** true: an output that is its limit is a yes, too. */
  readonly takesEqual: boolean;
  /** true: yes and no are exchanged. */
  readonly isReversed: boolean;
}

export type Value = Constant | Data | Decision;

/** The state of reading a graph that all operators share. */
export interface Reading {
  readonly composer: Composer;
  readonly opset: number;
  /** The size of the batch if the file fixes it. */
  readonly batch: number | undefined;
  /** How many numbers a constant may have that is computed. */
  readonly mostNumbers: number;
  /** How many numbers of constants have been computed so far. */
  computed: number;
  readonly notes: Set<string>;
  /** The names of classes, if an operator has them. */
  classes?: readonly string[];
}

/** One node, with what it is given. */
export interface Call extends Reading {
  readonly node: OnnxNode;
  /** The beginning of messages. */
  readonly where: string;
  readonly reading: Reading;
  /** undefined: an optional input that is missing. */
  readonly inputs: readonly (Value | undefined)[];
}

/** What an operator makes of its inputs: one value, or one for each output. */
export type Operator = (call: Call) => Value | readonly Value[];

/** The end of a message about a node that may be left out: how to take the numbers that it is given. */
export function beforeIt({ node, inputs }: Call): string {
  const i = inputs.findIndex((value) => value?.kind === 'data' && value.columns.source.from);
  return i < 0 ? '' : `; or pass options.output: ${quote(node.inputs[i])} for the numbers before this node`;
}

/** The whole shape of a value, in which the size of the batch is 1. */
export const shapeOf = (value: Data | Constant): readonly number[] =>
  value.kind === 'data' && value.hasBatch ? [1, ...value.shape] : value.shape;

export function showShape(value: Data | Constant): string {
  const { shape } = value;
  return `[${value.kind === 'data' && value.hasBatch ? ['batch', ...shape] : shape}]`;
}

/** Input `i`, which must be there. */
export function inputAt({ where, inputs }: Call, i: number): Value {
  const value = inputs[i];
  if (!value) throw outOfRange(where, `no input ${i}`, 'it, as the operator needs it');
  return value;
}

export function dataAt(call: Call, i: number): Data {
  const value = inputAt(call, i);
  if (value.kind !== 'data') throw outOfRange(call.where, `a constant as input ${i}`, 'numbers of the samples');
  return value;
}

/** The numbers of input `i`, which must be constant; undefined if it is missing. */
export function constantAt(call: Call, i: number): Constant | undefined {
  const value = call.inputs[i];
  if (!value || value.kind === 'constant') return value;
  throw outOfRange(call.where, `input ${i}, ${quote(call.node.inputs[i])}, that depends on the samples`, 'a constant');
}

/** Integers that old operators have as an attribute and newer ones as input `i`; undefined if there are none. */
export function listAt(call: Call, name: string, i: number): readonly number[] | undefined {
  const constant = constantAt(call, i);
  if (!constant) return call.node.attributes.get(name)?.ints;
  const integers = Array.from(constant.values);
  // the size of a batch that the file does not fix is NaN
  const bad = integers.find((value) => !Number.isInteger(value) && !Number.isNaN(value));
  if (bad !== undefined) throw outOfRange(call.where, `${bad} among the ${name}`, 'integers');
  return integers;
}

/** A value in another order. */
export function moved(value: Data | Constant, { shape, map }: Layout): Data | Constant {
  if (value.kind === 'data') {
    return { ...value, shape: value.hasBatch ? shape.slice(1) : shape, columns: picked(value.columns, map) };
  }
  const { strings } = value;
  const values = new Float64Array(strings ? 0 : map.length);
  for (let i = 0; i < values.length; i++) values[i] = value.values[map[i]];
  return { kind: 'constant', shape, values, ...(strings && { strings: Array.from(map, (place) => strings[place]) }) };
}

/** The same numbers in another shape, which is the whole shape, in which the size of the batch is 1. */
export function reshaped(value: Data | Constant, shape: readonly number[]): Data | Constant {
  if (value.kind === 'constant') return { ...value, shape };
  return { ...value, shape: value.hasBatch ? shape.slice(1) : shape };
}

/** Throws if numbers of a sample are not a single row of `width` columns along the last axis. */
export function checkRow({ where }: Call, value: Data): number {
  const width = value.shape[value.shape.length - 1] ?? 1;
  if (productOf(value.shape) !== width) {
    throw outOfRange(where, `numbers of the shape ${showShape(value)}`, 'one row a sample: flatten them before');
  }
  return width;
}
