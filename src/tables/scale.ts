import { outOfRange, quote } from '../check/errors.js';
import { ColumnMoments } from '../data/measure-columns.js';

// The numbers of a column become (x - mean) / deviation, in doubles, as a network standardises its inputs.

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
  const filled = values.map((value) => (Number.isNaN(value) ? (fill ?? 0) : value));
  const [mean, deviation] = momentsOf(filled);
  if (!Number.isFinite(deviation)) {
    const [least, most] = [filled.reduce((a, b) => Math.min(a, b)), filled.reduce((a, b) => Math.max(a, b))];
    throw outOfRange(`column ${quote(column)}`, `numbers from ${least} to ${most}`, 'numbers whose squares are finite');
  }
  return { fill, mean, deviation };
}

function momentsOf(values: Float64Array): readonly [mean: number, deviation: number] {
  const moments = new ColumnMoments(1);
  moments.add(values, values.length, 1);
  return [moments.means[0], moments.deviations[0]];
}

/** The mean or the median of the values that are not missing. There is at least one. */
function fillOf(values: Float64Array, rule: 'mean' | 'median'): number {
  let count = 0;
  const copy = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) copy[count++] = values[i];
  const present = copy.subarray(0, count);
  if (rule === 'median') return medianOf(present);
  return momentsOf(present)[0];
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
