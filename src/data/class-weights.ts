import { outOfRange, wrongType } from '../check/errors.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import type { CheckedData } from './data-set.js';
import { isFloats, isIntegers } from './numbers.js';
import { checkWeights } from './targets.js';

// This file is loaded only if class weights are given.

/**
 * The data with each sample's weight multiplied by the weight of its class. `classWeights`: [classes], two for one
 * output.
 */
export function withClassWeights(where: string, classWeights: unknown, data: CheckedData, spec: Spec): CheckedData {
  const { samples, targets, weights } = data;
  if (!Array.isArray(classWeights) && !isFloats(classWeights) && !isIntegers(classWeights)) {
    throw wrongType(where, classWeights, 'an array of numbers, a weight for each class');
  }
  const classes = Math.max(outputsOf(spec), 2);
  if (classWeights.length !== classes) {
    throw outOfRange(where, `${classWeights.length} weights`, `${classes}, one for each class`);
  }
  // Array.from also visits the holes of a sparse array, so that they are refused
  const each = Float32Array.from(classWeights as ArrayLike<unknown>, (weight: unknown, c) => {
    if (typeof weight !== 'number') throw wrongType(`${where}[${c}]`, weight, 'a finite number from 0 up');
    return weight;
  });
  checkWeights(where, each, classes);
  if (isFloats(targets)) {
    throw new TypeError(`${where}: got weights of classes for rows of targets, want labels as targets`);
  }
  const products = new Float32Array(samples);
  for (let i = 0; i < samples; i++) products[i] = each[targets[i]] * (weights ? weights[i] : 1);
  checkWeights(`${where} times data.weights`, products, samples);
  return { ...data, weights: products };
}
