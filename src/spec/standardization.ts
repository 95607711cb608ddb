import { arrayType } from '../check/arrays.js';
import { checkEach, checkObject, counted, wrongType } from '../check/errors.js';
import { checkNotLonger, flatNumbers, isPlain } from '../check/plain-arrays.js';

/**
 * The change of every input before the first layer: x becomes (x - mean) / deviation, where each column has its own
 * numbers. x has already been multiplied by `scale`. The result is computed in doubles and rounded once.
 */
export interface Standardization {
  /** [inputs], each a finite number. */
  means: Float64Array;
  /** [inputs], each a positive finite number. */
  deviations: Float64Array;
}

/** A standardisation whose numbers may be in plain arrays. */
export interface GivenStandardization {
  /** Each a finite number. */
  means: Float64Array | readonly number[];
  /** Each a positive finite number. */
  deviations: Float64Array | readonly number[];
}

export const copyOfScale = (scale: Standardization | undefined): Standardization | undefined =>
  scale && { means: scale.means.slice(), deviations: scale.deviations.slice() };

/** A copy of `value`. Throws if it does not fit a network with this many inputs. */
export function checkStandardization(where: string, value: unknown, inputs: number): Standardization {
  checkObject(where, value, ['means', 'deviations']);
  const { means, deviations } = value as GivenStandardization;
  const isPositive = (deviation: number) => deviation > 0 && Number.isFinite(deviation);
  return {
    means: checkDoubles(`${where}.means`, means, inputs, Number.isFinite, 'a finite number'),
    deviations: checkDoubles(`${where}.deviations`, deviations, inputs, isPositive, 'a positive finite number'),
  };
}

function checkDoubles(
  where: string,
  values: unknown,
  count: number,
  isWanted: (value: number) => boolean,
  wanted: string,
): Float64Array {
  checkNotLonger(where, values, count);
  const doubles = isPlain(values) ? flatNumbers(where, values) : values;
  if (arrayType(doubles) !== 'Float64Array') {
    const hint = arrayType(doubles) ? ': Float64Array.from(values)' : '';
    throw wrongType(where, doubles, `a Float64Array or an array of ${counted(count, 'number')}${hint}`);
  }
  return Float64Array.from(checkEach(where, doubles as Float64Array, count, isWanted, wanted));
}
