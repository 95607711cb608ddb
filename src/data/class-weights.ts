import { checkIsObject, checkNumber, counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import type { CheckedData } from './data-set.js';
import { isFloats, isIntegers } from './numbers.js';
import { markOwn } from './own-arrays.js';
import { weighted } from './pick.js';
import { checkWeights } from './targets.js';
import type { Goal } from './task.js';

// This file is loaded only if class weights are given.

/**
 * Weights for the classes: a number for each, in the order of the labels; by the names or numbers of the classes, 1 for
 * those that are left out; or `'balanced'`, which gives all classes that occur the same sum of weights, n / (k · n_c)
 * for a class of n_c of the n samples and k classes (King and Zeng, 2001; as in scikit-learn).
 */
export type ClassWeights = readonly number[] | Float32Array | Readonly<Record<string, number>> | 'balanced';

/**
 * The data with each sample's weight multiplied by the weight of its class. `names`: those of the classes, if there are
 * any.
 */
export function withClassWeights(
  where: string,
  given: unknown,
  data: CheckedData,
  spec: Spec,
  goal: Goal,
  names: readonly string[] | undefined,
): CheckedData {
  const { samples, weights } = data;
  const classes = Math.max(outputsOf(spec), 2);
  const listed = given === 'balanced' ? undefined : listOf(where, given, classes, names);
  const labels = labelsOf(where, data, outputsOf(spec), goal);
  const each = listed ?? balanced(labels, classes);
  const products = markOwn(new Float32Array(samples));
  for (let i = 0; i < samples; i++) products[i] = each[labels[i]] * (weights ? weights[i] : 1);
  checkWeights(`${where} times data.weights`, products, samples);
  return weighted({ ...data, names: namesOf(where, data), weights: products }, spec);
}

/** What messages call the inputs, the targets, and the weights, which are products with class weights. */
const namesOf = (where: string, { names }: CheckedData) =>
  [names?.[0] ?? 'data.inputs', names?.[1] ?? 'data.targets', `${where} times data.weights`] as const;

/** A weight for each class. */
function listOf(where: string, given: unknown, classes: number, names: readonly string[] | undefined): Float32Array {
  const isList = Array.isArray(given) || isFloats(given) || isIntegers(given);
  if (isList && given.length !== classes) {
    throw outOfRange(where, counted(given.length, 'weight'), `${classes}, one for each class`);
  }
  // Array.from also visits the holes of a sparse array, so that they are refused
  const list = isList ? Array.from(given as ArrayLike<unknown>) : listOfObject(where, given, classes, names);
  const isWeight = (weight: number) => weight >= 0 && Number.isFinite(weight);
  const each = Float32Array.from(list, (weight, c) =>
    checkNumber(`${where}[${c}]`, weight, isWeight, 'a finite number from 0 up'),
  );
  checkWeights(where, each, classes);
  return each;
}

/** The weights of an object whose keys are classes; 1 for those that it lacks. */
function listOfObject(where: string, given: unknown, classes: number, names: readonly string[] | undefined): unknown[] {
  const wanted = `"balanced", an array of ${counted(classes, 'number')}, or an object with numbers by class`;
  checkIsObject(where, given, wanted);
  if (Object.keys(given).length === 0) throw wrongType(where, given, wanted);
  const keys = names ?? Array.from({ length: classes }, (_, c) => String(c));
  const list: unknown[] = keys.map(() => 1);
  const places = new Map(keys.map((key, c) => [key, c]));
  for (const [key, weight] of Object.entries(given)) {
    const c = places.get(key);
    if (c === undefined) {
      const known = keys.slice(0, MOST_LISTED).map((name) => quote(name));
      const rest = keys.length > MOST_LISTED ? ', ...' : '';
      throw outOfRange(where, `the class ${quote(key)}`, `one of ${known.join(', ')}${rest}`);
    }
    list[c] = weight;
  }
  return list;
}

/** The most names in a message. */
const MOST_LISTED = 10;

/** The label of each sample. */
function labelsOf(where: string, { samples, targets }: CheckedData, outputs: number, goal: Goal): ArrayLike<number> {
  if (!isFloats(targets)) return targets;
  if (goal.task !== 'classes') {
    throw outOfRange(where, `weights of classes for a network that learns ${goal.task}`, 'classes (net.task)');
  }
  const other = goal.isSigned ? -1 : 0;
  const isMark = (y: number) => y === 1 || y === other;
  return Uint32Array.from({ length: samples }, (_, row) => {
    const marks = targets.subarray(row * outputs, (row + 1) * outputs);
    const bad = marks.findIndex((y: number) => !isMark(y));
    if (bad >= 0) {
      const got = `weights of classes for the target ${marks[bad]} of row ${row}`;
      throw outOfRange(where, got, `targets of ${other} and 1, or labels`);
    }
    // rows of several outputs have been checked to have a single 1
    return outputs === 1 ? Number(marks[0] === 1) : marks.indexOf(1);
  });
}

function balanced(labels: ArrayLike<number>, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  const occurring = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? labels.length / (occurring * count) : 1));
}
