import { isFloat32Array } from '../check/arrays.js';
import type { CheckedData } from './data-set.js';
import { isBytes, type Preparation, scaleOf } from './inputs.js';

// Finds data that are accepted but probably not meant. The report of the call that trains on them then has a warning.

/** The most rows that are checked, evenly spread over the data. */
const MOST_ROWS = 4096;

/** The most columns that one warning names. */
const MOST_NAMED = 5;

/** The spread of a column counts as lost if rounding to 32 bits moves its numbers by more than this share of it. */
const LOST_SHARE = 1e-3;

/** The warnings for data on which a network will be trained with this `preparation`. */
export function warningsOf(data: CheckedData, preparation: Preparation): string[] {
  return preparation.standardization ? [] : [...plainBytes(data, preparation), ...lostSpreads(data, preparation)];
}

/** Bytes as large as those of pictures, although units expect numbers near 1. */
function plainBytes({ names, inputs }: CheckedData, { spec }: Preparation): string[] {
  if (!isBytes(inputs) || spec.scale !== undefined || !inputs.some((byte) => byte > 1)) return [];
  return [
    `${nameOf(names)}: bytes above 1 are used as they are, want scale: 1 / 255 at create for pictures, or ` +
      'standardize: true',
  ];
}

const nameOf = (names: CheckedData['names']) => names?.[0] ?? 'data.inputs';

/** Columns in which different numbers, such as time stamps, become equal in 32 bits. */
function lostSpreads({ names, inputs, samples }: CheckedData, { spec }: Preparation): string[] {
  if (isFloat32Array(inputs) || inputs.BYTES_PER_ELEMENT < 4) return [];
  const { inputs: width } = spec;
  const scale = scaleOf(inputs, spec);
  const rowStep = Math.ceil(samples / MOST_ROWS);
  const lost: number[] = [];
  for (let k = 0; k < width; k++) {
    let [least, most, moved] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (let row = 0; row < samples; row += rowStep) {
      const x = inputs[row * width + k] * scale;
      least = Math.min(least, x);
      most = Math.max(most, x);
      moved = Math.max(moved, Math.abs(Math.fround(x) - x));
    }
    if (moved > LOST_SHARE * (most - least) && most > least) lost.push(k);
  }
  if (lost.length === 0) return [];
  const named = lost.slice(0, MOST_NAMED).join(', ') + (lost.length > MOST_NAMED ? ', ...' : '');
  const columns = lost.length === 1 ? `column ${named} has` : `columns ${named} have`;
  return [
    `${nameOf(names)}: ${columns} numbers that 32 bits cannot keep apart, want standardize: true, or ` +
      'the distances from a number near them',
  ];
}
