import { isFloat32Array } from '../check/arrays.js';
import { nameAt } from '../check/plain-arrays.js';
import { activationName, constantOf, showActivation } from '../spec/activations.js';
import { knownNames } from '../spec/names.js';
import type { Activation, ActivationName } from '../spec/network-options.js';
import { outputsOf } from '../spec/spec.js';
import type { CheckedData } from './data-set.js';
import { isBytes, type Preparation, scaleOf } from './inputs.js';
import { isFloats } from './numbers.js';
import { isScalable, outputActivations } from './target-scale.js';

// Finds data that are accepted but probably not meant. The report of the call that trains on them then has a warning.

/** The most rows that are checked, evenly spread over the data. */
const MOST_ROWS = 4096;

/** The most columns that one warning names. */
const MOST_NAMED = 5;

/** The spread of a column counts as lost if rounding to 32 bits moves its numbers by more than this share of it. */
const LOST_SHARE = 1e-3;

/** The warnings for data on which a network will be trained with this `preparation`. */
export function warningsOf(data: CheckedData, preparation: Preparation): string[] {
  return [
    ...(preparation.standardization ? [] : [...plainBytes(data, preparation), ...lostSpreads(data, preparation)]),
    ...(preparation.targetScale || !isFloats(data.targets) ? [] : targetWarnings(data, preparation)),
  ];
}

/** The outputs that units can reach, from the least to the largest. All others can reach any number. */
const RANGES: { readonly [Name in ActivationName]?: readonly [least: number, largest: number] } = {
  sigmoid: [0, 1],
  hardSigmoid: [0, 1],
  softmax: [0, 1],
  tanh: [-1, 1],
  softsign: [-1, 1],
  relu: [0, Number.POSITIVE_INFINITY],
  softplus: [0, Number.POSITIVE_INFINITY],
  relu6: [0, 6],
  selu: [-1.758, Number.POSITIVE_INFINITY],
  gelu: [-0.17, Number.POSITIVE_INFINITY],
  geluTanh: [-0.171, Number.POSITIVE_INFINITY],
  silu: [-0.279, Number.POSITIVE_INFINITY],
  mish: [-0.309, Number.POSITIVE_INFINITY],
  hardSwish: [-0.375, Number.POSITIVE_INFINITY],
};

function rangeOf(activation: Activation): readonly [least: number, largest: number] {
  const name = activationName(activation);
  const constant = constantOf(activation);
  if (name === 'elu') return [-constant, Number.POSITIVE_INFINITY];
  if (name === 'leakyRelu' && constant <= 0) return [0, Number.POSITIVE_INFINITY];
  return RANGES[name] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

/** A mean or a deviation above this takes many steps to reach. */
const FAR = 10;

/** For a deviation below this, steps are large. */
const SMALL = 0.01;

/** Targets that outputs cannot reach, or only after many steps. */
function targetWarnings(data: CheckedData, { spec, names: own }: Preparation): string[] {
  const { names, targets, samples } = data;
  const where = names?.[1] ?? 'data.targets';
  const outputs = outputsOf(spec);
  const { classes } = knownNames(own, data.given);
  const nameOf = (k: number) => `output ${nameAt(k, classes?.length === outputs ? classes : undefined)}`;
  const activations = outputActivations(spec);
  const [unreachable, far]: [string[], string[]] = [[], []];
  for (let k = 0; k < outputs; k++) {
    const { least, most, mean, deviation, areMarks } = columnOf(targets, samples, outputs, k);
    const activation = activations[k] ?? activations[0];
    const [lowest, highest] = rangeOf(activation);
    if (least < lowest || most > highest) {
      const got = `${nameOf(k)}: ${least} to ${most} for ${showActivation(activation)}`;
      unreachable.push(`${got}, which is from ${lowest} to ${highest}`);
    }
    const isFar = Math.max(Math.abs(mean), deviation) > FAR || (deviation > 0 && deviation < SMALL);
    if (isFar && !areMarks) far.push(`${nameOf(k)}: ${shortly(mean)} ± ${shortly(deviation)}`);
  }
  return [
    ...(unreachable.length > 0
      ? [`${where}: numbers that outputs never reach (${listed(unreachable)}), want linear outputs, or other targets`]
      : []),
    ...(far.length > 0 && isScalable(spec)
      ? [`${where}: spreads far from 1 (${listed(far)}), want standardize: 'targets', or 'both' with the inputs`]
      : []),
  ];
}

/** A number as short as a message needs it. */
export const shortly = (value: number, digits = 3) => Number(value.toPrecision(digits));

/** As many of the items as a message has room for. */
export const listed = (items: readonly string[]) =>
  items.slice(0, MOST_NAMED).join('; ') + (items.length > MOST_NAMED ? '; ...' : '');

/** Range, mean and deviation of a column, from some of the rows. `areMarks`: all are 0, 1 or -1. */
export function columnOf(values: ArrayLike<number>, samples: number, width: number, k: number) {
  const rowStep = Math.ceil(samples / MOST_ROWS);
  let [least, most, mean, square, count, areMarks] = [Infinity, -Infinity, 0, 0, 0, true];
  for (let row = 0; row < samples; row += rowStep) {
    const y = values[row * width + k];
    least = Math.min(least, y);
    most = Math.max(most, y);
    if (y !== 0 && y !== 1 && y !== -1) areMarks = false;
    // Welford's recurrence, as in measure-columns.ts
    const away = y - mean;
    mean += away / ++count;
    square += away * (y - mean);
  }
  return { least, most, mean, deviation: Math.sqrt(square / count), areMarks };
}

/** Bytes as large as those of pictures, although units expect numbers near 1. */
function plainBytes({ names, inputs }: CheckedData, { spec }: Preparation): string[] {
  if (!isBytes(inputs) || spec.scale !== undefined || !inputs.some((byte) => byte > 1)) return [];
  return [
    `${inputsName(names)}: bytes above 1 are used as they are, want scale: 1 / 255 at create for pictures, or ` +
      'standardize: true',
  ];
}

const inputsName = (names: CheckedData['names']) => names?.[0] ?? 'data.inputs';

/** Columns in which different numbers, such as time stamps, become equal in 32 bits. */
function lostSpreads({ names, inputs, samples, given }: CheckedData, { spec, names: own }: Preparation): string[] {
  if (isFloat32Array(inputs) || inputs.BYTES_PER_ELEMENT < 4) return [];
  const { inputs: width } = spec;
  const scale = scaleOf(inputs, spec);
  const rowStep = Math.ceil(samples / MOST_ROWS);
  const least = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  const moved = new Float64Array(width);
  // row by row, as the numbers lie in memory: column by column takes several times as long
  for (let row = 0; row < samples; row += rowStep) {
    for (let k = 0; k < width; k++) {
      const x = inputs[row * width + k] * scale;
      least[k] = Math.min(least[k], x);
      most[k] = Math.max(most[k], x);
      moved[k] = Math.max(moved[k], Math.abs(Math.fround(x) - x));
    }
  }
  const isLost = (k: number) => moved[k] > LOST_SHARE * (most[k] - least[k]) && most[k] > least[k];
  const lost = Array.from(moved.keys()).filter(isLost);
  if (lost.length === 0) return [];
  const { columns: known } = knownNames(own, given);
  const first = lost.slice(0, MOST_NAMED).map((k) => nameAt(k, known));
  const named = first.join(', ') + (lost.length > MOST_NAMED ? ', ...' : '');
  const columns = lost.length === 1 ? `column ${named} has` : `columns ${named} have`;
  return [
    `${inputsName(names)}: ${columns} numbers that 32 bits cannot keep apart, want standardize: true, or ` +
      'the distances from a number near them',
  ];
}
