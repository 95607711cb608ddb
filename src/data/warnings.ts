import { isFloat32Array } from '../check/arrays.js';
import type { CheckedData } from './data-set.js';
import { isBytes, type Preparation, scaleOf } from './inputs.js';

// What is legal in data but hardly meant. It is said in the report of the call that trains on them.

/** Rows that are looked at, evenly spread over the data. */
const MOST_ROWS = 4096;

/** Columns that are named in one warning. */
const MOST_NAMED = 5;

/** A spread of a column is lost where rounding to 32 bits moves its numbers by so much of it. */
const LOST_SHARE = 1e-3;

/** Sentences on data that a network will be trained on as `preparation` says. */
export function warningsOf(data: CheckedData, preparation: Preparation): string[] {
  return preparation.standardization ? [] : [...plainBytes(data, preparation), ...lostSpreads(data, preparation)];
}

/** Bytes that are as large as those of pictures, where units expect numbers near 1. */
function plainBytes({ names, inputs }: CheckedData, { spec }: Preparation): string[] {
  if (!isBytes(inputs) || spec.scale !== undefined || !inputs.some((byte) => byte > 1)) return [];
  return [
    `${nameOf(names)}: bytes above 1 are taken as they are, want scale: 1 / 255 at create for those of pictures, or ` +
      'standardize: true',
  ];
}

const nameOf = (names: CheckedData['names']) => names?.[0] ?? 'data.inputs';

/** Columns of numbers that 32 bits cannot keep apart, such as time stamps. */
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
