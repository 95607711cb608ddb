import { outOfRange } from '../check/errors.js';
import { outputsOf } from '../spec/spec.js';
import type { InputArray } from './inputs.js';
import { isFloats } from './numbers.js';
import { newOwn } from './own-arrays.js';
import type { TargetArray } from './targets.js';

/** Samples that fit the network: the lengths agree, labels are classes, and floats are finite. */
export interface CheckedRows {
  /** The names of the inputs, the targets and the weights in messages. Default: the parts of `data`. */
  readonly names?: readonly [string, string, string];
  readonly samples: number;
  readonly inputs: InputArray;
  readonly targets: TargetArray;
  /** [samples], each above 0 once `weighted` has left out the others; undefined: 1 for each sample. */
  readonly weights: Float32Array | undefined;
  /** If samples have been left out: the places of the others among the `of` samples that were given. */
  readonly counting?: { readonly rows: Uint32Array; readonly of: number };
}

/** What says how many numbers a row of inputs and of targets has: a Spec, or less. */
interface Widths {
  readonly inputs: number;
  readonly layers: readonly { readonly units: number }[];
}

/** A copy of the samples for which `isChosen` is true. */
export function pick(data: CheckedRows, isChosen: (sample: number) => boolean, spec: Widths): CheckedRows {
  const rows = Uint32Array.from({ length: data.samples }, (_, i) => i).filter((sample) => isChosen(sample));
  return pickRows(data, rows, spec);
}

function pickRows({ inputs, targets, weights }: CheckedRows, rows: Uint32Array, spec: Widths): CheckedRows {
  return {
    samples: rows.length,
    inputs: rowsOf(inputs, rows, spec.inputs),
    targets: rowsOf(targets, rows, isFloats(targets) ? outputsOf(spec) : 1),
    weights: weights && rowsOf(weights, rows, 1),
  };
}

/** Copies rows of `width` numbers to an array of the same type. */
function rowsOf<T extends CheckedRows['inputs' | 'targets']>(values: T, rows: Uint32Array, width: number): T {
  const copy = newOwn(values, rows.length * width);
  rows.forEach((row, i) => {
    copy.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return copy;
}

/** The samples whose weight is not 0; all others are left out. Refuses data in which all weights are 0. */
export function weighted<T extends CheckedRows>(data: T, spec: Widths): T {
  const counted = withoutZeros(data, spec);
  if (!counted) throw noWeight(data.names?.[2] ?? 'data.weights');
  return counted;
}

/** The samples whose weight is not 0; undefined: there are none. */
export function withoutZeros<T extends CheckedRows>(data: T, spec: Widths): T | undefined {
  const { weights } = data;
  if (!weights?.includes(0)) return data;
  if (!weights.some((weight) => weight > 0)) return undefined;
  const rows = Uint32Array.from(weights.keys()).filter((sample) => weights[sample] > 0);
  return { ...data, ...pickRows(data, rows, spec), counting: { rows, of: data.samples } };
}

/** The error for samples that all have the weight 0. */
export const noWeight = (where: string) => outOfRange(where, '0 for every sample', 'a weight above 0 for one or more');
