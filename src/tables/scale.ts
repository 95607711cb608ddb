import { outOfRange, quote } from '../check/errors.js';

// The numbers of a column become (x - mean) / deviation, in doubles. Both are measured in two passes; the second one
// corrects the rounding of the first.

/** The number that replaces a missing one; `refuse` refuses missing values. */
export type MissingRule = 'mean' | 'median' | 'refuse' | number;

/** How the numbers of a column become inputs. */
export interface Scale {
  /** Replaces a missing value; null: missing values are refused. */
  readonly fill: number | null;
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Measures the numbers of a column, where NaN stands for a missing one. The deviation is that of a population, after
 * missing values have been replaced; a constant column has the deviation 1. Without `isScaled`, mean and deviation are
 * 0 and 1.
 */
export function measure(column: string, values: Float64Array, rule: MissingRule, isScaled: boolean): Scale {
  const fill = rule === 'refuse' ? null : typeof rule === 'number' ? rule : fillOf(values, rule);
  if (!isScaled) return { fill, mean: 0, deviation: 1 };
  const { length } = values;
  const other = fill ?? 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const value = Number.isNaN(values[i]) ? other : values[i];
    if (value < least) least = value;
    if (value > most) most = value;
    sum += value;
  }
  if (least === most) return { fill, mean: least, deviation: 1 };
  const mean = sum / length;
  let squares = 0;
  let rest = 0;
  for (let i = 0; i < length; i++) {
    const difference = (Number.isNaN(values[i]) ? other : values[i]) - mean;
    squares += difference * difference;
    rest += difference;
  }
  const deviation = Math.sqrt(Math.max(0, squares - (rest * rest) / length) / length);
  if (!Number.isFinite(deviation)) {
    throw outOfRange(`column ${quote(column)}`, `numbers from ${least} to ${most}`, 'numbers whose squares are finite');
  }
  // the squares of tiny numbers are 0
  return { fill, mean: mean + rest / length, deviation: deviation > 0 ? deviation : most - least };
}

/** The mean or the median of the values that are not missing. There is at least one. */
function fillOf(values: Float64Array, rule: 'mean' | 'median'): number {
  let count = 0;
  const copy = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) copy[count++] = values[i];
  const present = copy.subarray(0, count);
  if (rule === 'median') return medianOf(present);
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  return mean + present.reduce((sum, value) => sum + (value - mean), 0) / present.length;
}

/** The median; of an even number of values, the mean of the two in the middle. Changes the order of the values. */
export function medianOf(values: Float64Array): number {
  const middle = values.length >> 1;
  const upper = select(values, middle);
  if (values.length % 2 === 1) return upper;
  let lower = values[0];
  for (let i = 1; i < middle; i++) if (values[i] > lower) lower = values[i];
  return lower + (upper - lower) / 2;
}

/** The most rounds of selection that are tried before the rest is sorted. */
const MOST_ROUNDS = 64;

/**
 * Moves the value of rank k to its place, with smaller values before it and larger ones after it, and returns it
 * (Hoare, 1961). Usually the time is linear in the number of values. For values arranged to make it slow, it is the
 * time of sorting.
 */
function select(values: Float64Array, k: number): number {
  let low = 0;
  let high = values.length - 1;
  for (let round = 0; low < high; round++) {
    if (round === MOST_ROUNDS) {
      values.subarray(low, high + 1).sort();
      break;
    }
    const pivot = middleOf(values[low], values[(low + high) >> 1], values[high]);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}

const middleOf = (a: number, b: number, c: number) => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
