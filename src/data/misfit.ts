import { nameAt } from '../check/plain-arrays.js';
import { knownNames } from '../spec/names.js';
import type { Standardization } from '../spec/standardization.js';
import type { CheckedData } from './data-set.js';
import { type Preparation, scaleOf } from './inputs.js';
import { isFloats } from './numbers.js';
import { listed, shortly } from './warnings.js';

// Finds data that do not fit what was measured on other data, such as prices in another unit.

/** The most rows that are checked, evenly spread over the data. */
export const MOST_ROWS = 256;

/** The fewest rows whose spread means anything. */
export const FEWEST_ROWS = 16;

/**
 * At most one in a hundred of the numbers that were measured is FAR deviations away from their mean (Chebyshev, 1867).
 * A column does not fit if more than half of its numbers are that far away. It fits if all its numbers lie within
 * LEAST_SPREAD deviations: they can be from the same day, and another unit would spread them.
 */
const FAR = 10;
const LEAST_SPREAD = 1;

/**
 * A column has shrunk if its numbers differ by less than NARROW deviations, are at least AWAY deviations away from the
 * mean, and are less than SMALL of mean and deviation. Columns that fit can also be narrow, but then they lie at their
 * mean, if the deviation comes from rare numbers, or far from 0.
 */
const NARROW = 0.01;
const AWAY = 0.5;
const SMALL = 0.05;

/** What data are compared with, in a message, and what is wanted instead. */
export interface Comparison {
  readonly measured: string;
  readonly wanted: string;
}

const NETWORK: Comparison = {
  measured: "the network's standardisation",
  wanted: 'the units of the data that it was measured on, or another standardisation',
};

/** The warnings about data that do not fit the network's standardisations; NOT_MEASURED fits all. */
export function misfitsOf(data: CheckedData, preparation: Preparation): string[] {
  return misfits(data, preparation, preparation.standardization, preparation.targetScale, NETWORK);
}

/** The warnings about data that do not fit these means and deviations of inputs and targets. */
export function misfits(
  data: CheckedData,
  { spec, names }: Pick<Preparation, 'spec' | 'names'>,
  ofInputs: Standardization | undefined,
  ofTargets: Standardization | undefined,
  comparison: Comparison,
): string[] {
  const [where, targetsWhere] = data.names ?? ['data.inputs', 'data.targets'];
  const { columns } = knownNames(names, data.given);
  const { inputs, targets, samples } = data;
  const column = (k: number) => `column ${nameAt(k, columns)}`;
  const output = (k: number) => `output ${k}`;
  const warning = (name: string, found: readonly string[]) =>
    found.length > 0
      ? [`${name}: do not fit ${comparison.measured} (${listed(found)}), want ${comparison.wanted}`]
      : [];
  return [
    ...(ofInputs ? warning(where, misfitting(inputs, samples, scaleOf(inputs, spec), ofInputs, column)) : []),
    ...(ofTargets && isFloats(targets)
      ? warning(targetsWhere, misfitting(targets, samples, 1, ofTargets, output))
      : []),
  ];
}

/** The columns that do not fit, each as a part of a message. */
function misfitting(
  values: ArrayLike<number>,
  samples: number,
  scale: number,
  { means, deviations }: Standardization,
  nameOf: (k: number) => string,
): string[] {
  if (samples < FEWEST_ROWS) return [];
  const rowStep = Math.ceil(samples / MOST_ROWS);
  const found: string[] = [];
  for (const [k, mean] of means.entries()) {
    const deviation = deviations[k];
    let [least, most, far, rows, areMarks] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, true];
    for (let row = 0; row < samples; row += rowStep, rows++) {
      const x = values[row * means.length + k] * scale;
      least = Math.min(least, x);
      most = Math.max(most, x);
      if (Math.abs(x - mean) > FAR * deviation) far++;
      if (x !== 0 && x !== 1) areMarks = false;
    }
    const spread = most - least;
    const isFar = 2 * far > rows && spread > LEAST_SPREAD * deviation;
    const isAway = least > mean + AWAY * deviation || most < mean - AWAY * deviation;
    const isSmall = Math.max(Math.abs(least), Math.abs(most)) < SMALL * (Math.abs(mean) + deviation);
    const hasShrunk = spread > 0 && spread < NARROW * deviation && isAway && isSmall;
    // the deviation of a constant column says nothing about units
    if (areMarks || deviation === 0 || !(isFar || hasShrunk)) continue;
    const show = (value: number) => shortly(value, digitsOf(least, most));
    found.push(`${nameOf(k)}: ${show(least)} to ${show(most)} for ${show(mean)} ± ${shortly(deviation)}`);
  }
  return found;
}

/** The fewest digits, at least three, with which two different numbers look different. */
function digitsOf(a: number, b: number): number {
  let digits = 3;
  while (digits < 17 && shortly(a, digits) === shortly(b, digits)) digits++;
  return digits;
}
