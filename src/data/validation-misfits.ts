import { outputsOf, type Spec } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import type { CheckedData } from './data-set.js';
import { type Preparation, scaleOf } from './inputs.js';
import { type Comparison, FEWEST_ROWS, MOST_ROWS, misfits } from './misfit.js';
import { isFloats } from './numbers.js';
import { type Units, unitsOf } from './units.js';
import { columnOf } from './warnings.js';

// This file is loaded only for calls with validation data.

const TRAINING: Comparison = { measured: 'the training data', wanted: 'the same units in both' };

/** The warnings about validation data that do not fit the data that are trained on. */
export function validationMisfits(
  validation: CheckedData,
  { inputs, targets, samples }: CheckedData,
  preparation: Pick<Preparation, 'spec' | 'names'>,
): string[] {
  if (samples < FEWEST_ROWS) return [];
  const { spec } = preparation;
  const ofInputs = momentsOf(inputs, samples, spec.inputs, scaleOf(inputs, spec));
  const ofTargets = isFloats(targets) ? momentsOf(targets, samples, outputsOf(spec), 1) : undefined;
  const units = unitsOf(validation.inputs);
  if (units) return misfitsInUnits(validation, units, spec, ofInputs, ofTargets);
  return misfits(validation, preparation, ofInputs, ofTargets, TRAINING);
}

/** The warnings in the numbers that the user gave, about inputs and targets that are numbers alike. */
function misfitsInUnits(
  { inputs, targets, samples }: CheckedData,
  { where, columns, means, deviations }: Units,
  spec: Spec,
  ofInputs: Standardization,
  ofTargets: Standardization | undefined,
): string[] {
  const numbers = ofTargets?.means.length ?? 0;
  const width = spec.inputs + numbers;
  const rowStep = Math.ceil(samples / MOST_ROWS);
  const rows = Math.ceil(samples / rowStep);
  const values = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const from = row * rowStep;
    for (let k = 0; k < spec.inputs; k++) {
      values[row * width + k] = inputs[from * spec.inputs + k] * deviations[k] + means[k];
    }
    for (let t = 0; t < numbers; t++) values[row * width + spec.inputs + t] = targets[from * numbers + t];
  }
  const measured = {
    means: Float64Array.from([
      ...Array.from(ofInputs.means, (mean, k) => mean * deviations[k] + means[k]),
      ...(ofTargets?.means ?? []),
    ]),
    deviations: Float64Array.from([
      ...Array.from(ofInputs.deviations, (deviation, k) => deviation * deviations[k]),
      ...(ofTargets?.deviations ?? []),
    ]),
  };
  const all = { names: [where, where, where], samples: rows, inputs: values, targets, weights: undefined } as const;
  return misfits(all, { spec: { ...spec, scale: 1 }, names: { columns } }, measured, undefined, TRAINING);
}

/** Mean and deviation of each column, from some of the rows. */
function momentsOf(values: ArrayLike<number>, samples: number, width: number, scale: number): Standardization {
  const columns = Array.from({ length: width }, (_, k) => columnOf(values, samples, width, k));
  return {
    means: Float64Array.from(columns, ({ mean }) => scale * mean),
    deviations: Float64Array.from(columns, ({ deviation }) => scale * deviation),
  };
}
