import { nameAt } from '../check/plain-arrays.js';
import { knownNames } from '../spec/names.js';
import type { Standardization } from '../spec/standardization.js';
import type { CheckedData } from './data-set.js';
import { type Preparation, scaleOf } from './inputs.js';
import { isFloats } from './numbers.js';
import { listed, shortly } from './warnings.js';

// Finds data that do not fit the standardisation that a network has from other data, such as prices in another unit.

/** The most rows that are checked, evenly spread over the data. */
const MOST_ROWS = 256;

/** The fewest rows whose spread means anything. */
const FEWEST_ROWS = 16;

/**
 * Of the data that were measured, one number in a hundred at most is so many deviations away from its mean (Chebyshev,
 * 1867). A column does not fit if more than half of its numbers are.
 */
const FAR = 10;

/**
 * A column has shrunk if its numbers differ by a hundredth of a deviation at most, half a deviation or more away from
 * the mean. Columns of data that fit can be as narrow, but only at their mean: there, rare numbers make the deviation.
 */
const NARROW = 0.01;
const AWAY = 0.5;

/** The warnings about data that do not fit the network's standardisations; NOT_MEASURED fits all. */
export function misfitsOf(data: CheckedData, { spec, names, standardization, targetScale }: Preparation): string[] {
  const [where, targetsWhere] = data.names ?? ['data.inputs', 'data.targets'];
  const { columns } = knownNames(names, data.given);
  const { inputs, targets, samples } = data;
  const column = (k: number) => `column ${nameAt(k, columns)}`;
  const output = (k: number) => `output ${k}`;
  return [
    ...(standardization ? misfits(where, inputs, samples, scaleOf(inputs, spec), standardization, column) : []),
    ...(targetScale && isFloats(targets) ? misfits(targetsWhere, targets, samples, 1, targetScale, output) : []),
  ];
}

function misfits(
  where: string,
  values: ArrayLike<number>,
  samples: number,
  scale: number,
  { means, deviations }: Standardization,
  nameOf: (k: number) => string,
): string[] {
  const rowStep = Math.ceil(samples / MOST_ROWS);
  const found: string[] = [];
  for (let k = 0; k < means.length; k++) {
    let [least, most, far, rows] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (let row = 0; row < samples; row += rowStep, rows++) {
      const z = (values[row * means.length + k] * scale - means[k]) / deviations[k];
      least = Math.min(least, z);
      most = Math.max(most, z);
      if (Math.abs(z) > FAR) far++;
    }
    const hasShrunk =
      rows >= FEWEST_ROWS && most > least && most - least < NARROW && Math.min(Math.abs(least), Math.abs(most)) > AWAY;
    if (2 * far <= rows && !hasShrunk) continue;
    const [from, to] = [least, most].map((z) => shortly(means[k] + z * deviations[k]));
    found.push(`${nameOf(k)}: ${from} to ${to} for ${shortly(means[k])} ± ${shortly(deviations[k])}`);
  }
  if (found.length === 0) return [];
  const wanted = 'the units of the data that it was measured on, or another standardisation';
  return [`${where}: do not fit the network's standardisation (${listed(found)}), want ${wanted}`];
}
