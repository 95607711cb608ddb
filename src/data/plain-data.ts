import { isFloat32Array, type NumberArray } from '../check/arrays.js';
import { outOfRange, quote, wrongType } from '../check/errors.js';
import { checkNotLonger, flatNumbers, isNested, isPlain, rowNumbers } from '../check/plain-arrays.js';
import type { Arena } from '../core/arena.js';
import { type ForwardSpec, outputsOf, type Spec } from '../spec/spec.js';
import { type InputSettings, plainInputs } from './inputs.js';
import { isFloats, isIntegers } from './numbers.js';
import { markOwn, ownIfShared } from './own-arrays.js';
import { checkNotMore } from './targets.js';

// Plain arrays of inputs, targets and weights become typed arrays here, at the call, and nowhere else. Typed arrays,
// and whatever is neither, are returned as they are; only targets and weights that other threads can change are copied,
// because they are read more than once. Inputs are checked in the place to which they are copied.

/** What decides how plain arrays are read. */
type Named = Pick<Arena, 'spec' | 'names'>;

/** Inputs as a typed array [samples × inputs]. */
export function typedInputs(where: string, inputs: unknown, settings: Pick<InputSettings, 'spec' | 'names'>): unknown {
  return isPlain(inputs) ? ours(plainInputs(where, inputs, settings)) : inputs;
}

/** The number of samples in typed inputs; NaN for everything else. */
export const rowsOf = (inputs: unknown, { inputs: width }: ForwardSpec) =>
  isFloats(inputs) || isIntegers(inputs) ? inputs.length / width : Number.NaN;

/** Targets as rows in an array of floats, or as labels in one of integers. */
export function typedTargets(where: string, targets: unknown, samples: number, { spec, names }: Named): unknown {
  if (!isPlain(targets)) {
    const unshared = ownIfShared(targets);
    return spec.cost === 'hinge' ? labelsOfSigns(unshared, spec) : unshared;
  }
  const outputs = outputsOf(spec);
  const isEach = isNested(targets) || areNames(targets);
  checkNotMore(where, targets, isEach ? outputs : 1, samples, spec);
  if (areNames(targets)) return ours(labelsOfNames(where, targets, names.classes));
  if (isNested(targets)) {
    const rows = rowNumbers(where, targets, outputs, `one for each output${labelHint(targets, outputs)}`);
    // rows of integers are rows of numbers too, not labels
    return ours(isFloats(rows) ? rows : Float64Array.from(rows));
  }
  const areLabels = outputs > 1 && targets.length === samples;
  const numbers = flatNumbers(where, targets, areLabels ? 0 : outputs);
  return ours(areLabels ? labelsOf(where, numbers) : numbers);
}

/** True for targets that are names of classes. */
export const areNames = (targets: unknown) => isPlain(targets) && typeof targets[0] === 'string';

/** Weights as a Float32Array [samples]; NaN samples: it is not known how many are wanted. */
export function typedWeights(where: string, weights: unknown, samples: number): unknown {
  checkNotLonger(where, weights, samples);
  if (isFloat32Array(weights)) return ownIfShared(weights);
  if (isPlain(weights)) return ours(Float32Array.from(flatNumbers(where, weights)));
  return isFloats(weights) || isIntegers(weights) ? ours(Float32Array.from(weights)) : weights;
}

/** Labels 0 and 1 for integers -1 and 1 of one output; everything else as it is. */
function labelsOfSigns(targets: unknown, spec: Spec): unknown {
  if (!isIntegers(targets) || outputsOf(spec) > 1 || !targets.includes(-1)) return targets;
  const isSign = (label: number) => label === -1 || label === 1;
  return targets.every(isSign) ? ours(Int32Array.from(targets, (label) => (label + 1) / 2)) : targets;
}

function labelsOf(where: string, numbers: Float64Array): Int32Array {
  const bad = numbers.findIndex((label) => label !== Math.trunc(label) || Math.abs(label) >= 2 ** 31);
  if (bad >= 0) {
    const wanted = 'an integer: as many numbers as samples are labels of classes; targets of several outputs are rows';
    throw outOfRange(`${where}[${bad}]`, numbers[bad], wanted);
  }
  return Int32Array.from(numbers);
}

/** Labels as the numbers of the classes that they name. */
function labelsOfNames(where: string, labels: readonly unknown[], classes: readonly string[] | undefined): Int32Array {
  if (!classes) {
    const way = 'Network.create({ classes: [...] }) lets names of classes be labels';
    throw wrongType(`${where}[0]`, labels[0], `a number: ${way}`);
  }
  const numbers = new Map<unknown, number>(classes.map((name, c) => [name, c]));
  return Int32Array.from(labels, (label, i) => {
    const c = numbers.get(label);
    if (c !== undefined) return c;
    const known = classes.slice(0, MOST_LISTED).map((name) => quote(name));
    const wanted = `the name of a class: ${known.join(', ')}${classes.length > MOST_LISTED ? ', ...' : ''}`;
    throw typeof label === 'string'
      ? outOfRange(`${where}[${i}]`, quote(label), wanted)
      : wrongType(`${where}[${i}]`, label, wanted);
  });
}

/** The most names in a message. */
const MOST_LISTED = 10;

/** The end of the message for rows of one number: labels are not nested. */
const labelHint = (rows: readonly unknown[], outputs: number) =>
  outputs > 1 && rows.every((row) => (row as ArrayLike<unknown>)?.length === 1)
    ? ': labels of classes are not nested: [0, 2, 1]'
    : '';

const ours = <T>(values: T): T => markOwn(values as NumberArray & T);
