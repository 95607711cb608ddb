import { outputsOf } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import type { CheckedData } from './data-set.js';
import { type Preparation, scaleOf } from './inputs.js';
import { type Comparison, FEWEST_ROWS, misfits } from './misfit.js';
import { isFloats } from './numbers.js';
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
  return misfits(validation, preparation, ofInputs, ofTargets, TRAINING);
}

/** Mean and deviation of each column, from some of the rows. */
function momentsOf(values: ArrayLike<number>, samples: number, width: number, scale: number): Standardization {
  const columns = Array.from({ length: width }, (_, k) => columnOf(values, samples, width, k));
  return {
    means: Float64Array.from(columns, ({ mean }) => scale * mean),
    deviations: Float64Array.from(columns, ({ deviation }) => scale * deviation),
  };
}
