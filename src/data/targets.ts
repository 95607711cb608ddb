import type { NumberArray } from '../check/arrays.js';
import { checkFloats, counted, countOf, outOfRange, tableHint, wayOut, wrongType } from '../check/errors.js';
import { placeOf } from '../check/plain-arrays.js';
import type { Arena } from '../core/arena.js';
import type { SetWords } from '../core/header.js';
import { LABELS, ROWS } from '../spec/codes.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import { type FloatArray, firstUnfit, type IntegerArray, isFloats, isIntegers, nestedHint } from './numbers.js';
import { scaleTargets } from './target-scale.js';

// Targets of samples, and the samples' weights: their checks, and how they get into the memory.

/** Targets in one typed array: rows of floats [samples × outputs], or labels as integers [samples]. */
export type TargetArray = NumberArray;

/**
 * Targets: rows of numbers [samples × outputs], or a class label for each sample [samples]. A label is an integer from
 * 0 to outputs - 1, or 0 or 1 if there is one output; under the hinge cost, -1 and 1 stand for these two as well.
 * - A Float32Array or Float64Array holds rows; a typed array of integers holds labels.
 * - An array of arrays holds rows.
 * - A plain array of numbers holds rows if there is one output. If there are several, it holds labels if it has one
 *   number for each sample, else rows.
 * - A plain array of strings holds the names of classes, of a network that has them.
 */
export type Targets =
  | TargetArray
  | readonly number[]
  | readonly (readonly number[] | NumberArray)[]
  | readonly string[];

/** Weights of samples, each 0 or more: an array of any numbers. */
export type SampleWeights = readonly number[] | NumberArray;

export function checkTargets(where: string, targets: unknown, samples: number, spec: Spec): void {
  if (isIntegers(targets)) checkLabels(where, targets, samples, spec);
  else if (isFloats(targets)) checkRows(where, targets, samples, spec);
  else {
    throw wrongType(
      where,
      targets,
      `an array of rows, numbers or labels, plain or typed${wayOut(targets) || tableHint(targets)}`,
    );
  }
}

function checkLabels(where: string, labels: IntegerArray, samples: number, spec: Spec): void {
  const outputs = outputsOf(spec);
  if (labels.length !== samples) {
    const isRows = outputs > 1 && labels.length === samples * outputs;
    const hint = isRows ? ': rows of numbers belong in a Float32Array' : widthHint(labels.length, samples, spec);
    throw outOfRange(
      where,
      countOf(labels, 'label'),
      `${samples}, one for each sample of ${counted(spec.inputs, 'input')}${hint}`,
    );
  }
  const classes = Math.max(outputs, 2);
  for (let i = 0; i < samples; i++) {
    if (!(labels[i] >= 0 && labels[i] < classes)) {
      const wanted = `a label from 0 to ${classes - 1}${labelHint(labels, classes, spec)}`;
      throw outOfRange(`${where}[${i}]`, labels[i], wanted);
    }
  }
}

/** The error for another number of targets than the samples need. `got`: their number in words. */
function wrongCount(where: string, got: string, count: number, samples: number, spec: Spec, hint = ''): RangeError {
  const outputs = outputsOf(spec);
  const each = `${outputs} for each of ${counted(samples, 'sample')} of ${counted(spec.inputs, 'input')}`;
  const way = hint || widthHint(count / outputs, samples, spec);
  return outOfRange(where, got, `${samples * outputs}, ${each}${way}`);
}

/** Refuses a plain array of more targets than the samples need, unread: it may have any length. */
export function checkNotMore(
  where: string,
  targets: readonly unknown[],
  each: number,
  samples: number,
  spec: Spec,
): void {
  const count = targets.length * each;
  if (samples >= 1 && Number.isInteger(samples) && count > samples * outputsOf(spec)) {
    throw wrongCount(where, counted(count, 'number'), count, samples, spec);
  }
}

/** The end of the message for another number of targets than samples: the inputs may have had other rows. */
function widthHint(meant: number, samples: number, { inputs }: Spec): string {
  const width = (samples * inputs) / meant;
  return Number.isInteger(meant) && Number.isInteger(width)
    ? `: or inputs: ${width} at create, if there are ${counted(meant, 'sample')}`
    : '';
}

/** The end of the message for labels that are not valid: what the numbers may have been meant to be. */
function labelHint(labels: IntegerArray, classes: number, { layers, cost }: Spec): string {
  const { activation } = layers[layers.length - 1];
  if (cost === 'hinge' && classes === 2) return ', or all of them -1 or 1';
  if (activation !== 'softmax' && activation !== 'sigmoid') {
    return ': integers are labels of classes; numbers belong in a Float32Array';
  }
  const isFromOne = labels.every((label: number) => label >= 1 && label <= classes);
  return isFromOne ? ': labels are counted from 0, these seem to be counted from 1' : '';
}

function checkRows(where: string, targets: FloatArray, samples: number, spec: Spec): void {
  const outputs = outputsOf(spec);
  const { length } = targets;
  if (length !== samples * outputs) {
    // whole rows that add up to 1 are no labels
    let sum = 0;
    for (const y of targets) sum += y;
    const isLabels =
      length === samples && sum * outputs !== length && targets.every((y: number) => Number.isInteger(y));
    const hint = isLabels ? ': labels of classes belong in a Uint8Array or Int32Array' : nestedHint(targets);
    throw wrongCount(where, countOf(targets), length, samples, spec, hint);
  }
  const bad = firstUnfit(targets);
  if (bad >= 0) {
    const wanted = Number.isFinite(targets[bad]) ? 'a number that is finite in 32 bits' : 'a finite number';
    const place = `${where}[${bad}]${placeOf(bad, outputs)}`;
    throw outOfRange(place, targets[bad], wanted + nestedHint(targets));
  }
  checkForCost(where, targets, outputs, spec);
}

/** The way out where a sigmoid output, the default of the last layer, is given other numbers than 0 to 1. */
const LINEAR = ": activation: 'linear' on the last layer learns other numbers";

/**
 * Refuses rows of targets that the cost cannot use. Costs take probabilities, which for some must add up to 1, signs,
 * or counts.
 */
function checkForCost(where: string, targets: FloatArray, outputs: number, { cost }: Spec): void {
  const checkEach = (fits: (y: number) => boolean, wanted: string, hint = '') => {
    const bad = targets.findIndex((y: number) => !fits(y));
    if (bad >= 0) throw outOfRange(`${where}[${bad}]`, targets[bad], `${wanted} for ${cost}${hint}`);
  };
  if (cost === 'hinge') checkEach((y) => y === -1 || y === 1, '-1 or 1');
  if (cost === 'poisson') checkEach((y) => y >= 0, '0 or more');
  const isDistribution = cost === 'categoricalCrossEntropy' || cost === 'kullbackLeibler';
  const isProbability = (y: number) => y >= 0 && y <= 1;
  if (isDistribution) checkEach(isProbability, '0 to 1');
  if (cost === 'binaryCrossEntropy') checkEach(isProbability, '0 to 1', LINEAR);
  if (!isDistribution) return;
  // delta = a - y is right only for rows that add up to 1
  for (let start = 0; start < targets.length; start += outputs) {
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += targets[start + k];
    if (Math.abs(sum - 1) > 1e-4) {
      throw outOfRange(`${where}, row ${start / outputs}`, `a sum of ${sum}`, `1 for ${cost}`);
    }
  }
}

export function checkWeights(where: string, weights: unknown, samples: number): void {
  const isWanted = (weight: number) => weight >= 0 && weight < Number.POSITIVE_INFINITY;
  checkFloats(where, weights, samples, isWanted, 'a finite number from 0 up');
}

/**
 * Copies the targets of the samples [first, first + rows) to `address`, and makes them the targets of `set`. Throws if
 * the copied targets are no longer valid: another thread may have changed them since they were checked.
 */
export function writeTargets(
  where: string,
  arena: Arena,
  set: SetWords,
  address: number,
  targets: TargetArray,
  first: number,
  rows: number,
): void {
  set.targets = address;
  const place = first ? `${where}, from sample ${first} on` : where;
  if (isFloats(targets)) {
    const outputs = outputsOf(arena.spec);
    const copy = arena.floats(address, rows * outputs);
    const part = targets.subarray(first * outputs, (first + rows) * outputs);
    if (arena.targetScale) scaleTargets(copy, part, arena.targetScale);
    else copy.set(part);
    checkRows(place, copy, rows, arena.spec);
    set.targetType = ROWS;
  } else {
    const copy = arena.words(address, rows);
    copy.set(targets.subarray(first, first + rows));
    checkLabels(place, copy, rows, arena.spec);
    set.targetType = LABELS;
  }
}

/** Writes the samples' weights as `writeTargets` writes targets; undefined: 1 for each sample. */
export function writeWeights(
  where: string,
  arena: Arena,
  set: SetWords,
  address: number,
  weights: Float32Array | undefined,
  first: number,
  rows: number,
): void {
  set.weights = weights ? address : 0;
  if (!weights) return;
  const copy = arena.floats(address, rows);
  copy.set(weights.subarray(first, first + rows));
  checkWeights(first ? `${where}, from sample ${first} on` : where, copy, rows);
}
