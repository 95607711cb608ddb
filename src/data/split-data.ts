import { arrayType, type NumberArray, newLike } from '../check/arrays.js';
import { checkInteger, checkNoMore, checkObject, counted, outOfRange, wrongType } from '../check/errors.js';
import { isNested, isPlain } from '../check/plain-arrays.js';
import { withMeant } from '../check/similar.js';
import { checkIsData, DATA_KEYS, type DataSet } from './data-set.js';
import { keysOfValues, type SampleKeys, strataOf, type Values, valuesIn } from './keys.js';
import { isFloats, isIntegers } from './numbers.js';
import { drawParts, PART_KEYS, type PartOptions, type PartsOf, partsOfRows, sizesOf } from './parts.js';
import { typedWeights } from './plain-data.js';
import { checkWeights } from './targets.js';

// Splits data sets in plain or typed arrays into training, validation and test parts, as table.split does for tables.

/** Options of `splitData`. */
export interface SplitDataOptions extends PartOptions {
  /**
   * true: each class has the same share of the samples in each part, rounded by the method of largest remainders. The
   * classes are labels, names, or rows that have one 1 or add up to 1; targets that are other numbers are refused. Or
   * [samples] values, which then count as the classes. If the sizes allow it, each class is in the training part and in
   * the part that is drawn. A class of one sample is refused, or kept in the training part: see `singles`. Default
   * false.
   */
  stratify?: boolean | SampleKeys | undefined;
  /**
   * [samples] values, such as the patient of each: all samples with the same value are in the same part. The parts come
   * as near to their sizes as whole groups allow.
   */
  group?: SampleKeys | undefined;
  /** The number of samples. It is only needed where flat arrays of numbers alone do not tell it. */
  samples?: number | undefined;
}

const OPTION_KEYS = [...PART_KEYS, 'samples'] satisfies readonly (keyof SplitDataOptions)[];

/** The parts of a data set. A part that was not asked for is undefined. */
export type DataParts<Data, Options extends SplitDataOptions = SplitDataOptions> = PartsOf<Options, Data> & {
  /** The numbers of the samples in each part, counted from 0, in their order. */
  rows: PartsOf<Options, Uint32Array>;
};

/** The keys of a data set that have a value or a row for each sample. */
const ARRAYS = ['inputs', 'targets', 'weights'] as const;

type Given = { readonly [Name in keyof DataSet]?: unknown };

/** An array with `width` values for each row. */
interface Column {
  readonly name: string;
  readonly values: readonly unknown[] | NumberArray;
  readonly width: number;
}

/**
 * Divides a data set into parts for training, validation and test, by share or number of samples. Samples are drawn
 * with a seed, with the same shares of each class (`stratify`) or with whole groups of samples (`group`), or are taken
 * from the end. All parts keep the order of the samples and the types of the arrays, and are data sets for `fit` and
 * `evaluate`. Samples of weight 0 are in no part. Typed arrays of parts from the end share their memory with those
 * given, if no sample has the weight 0; rows of plain arrays are always shared, and everything else is copied. Data
 * without targets can be split too.
 *
 * @param data the samples
 * @param options the parts, and how samples are drawn
 * @returns the parts, and the numbers of their samples; a part that was not asked for is undefined
 * @throws TypeError or RangeError for wrong arguments
 *
 * @example
 * import { splitData } from 'simdprop/split';
 *
 * const data = { inputs: [[1], [2], [3], [4], [5]], targets: [0, 1, 0, 1, 0] };
 * const { training, test, rows } = splitData(data, { test: 0.4, seed: 1 });
 * console.log(training.inputs.length, test.inputs.length); // 3 2
 * console.log(rows.test); // ...
 */
export function splitData<Data extends Partial<DataSet>, const Options extends SplitDataOptions>(
  data: Data,
  options: Options,
  none?: undefined,
): DataParts<Data, Options> {
  checkNoMore('splitData', 3, none);
  return withMeant(() => partsOf(data, options));
}

function partsOf<Data extends Partial<DataSet>, Options extends SplitDataOptions>(
  data: Data,
  options: Options,
): DataParts<Data, Options> {
  checkNoArray(data);
  checkIsData('data', data);
  checkObject('data', data, DATA_KEYS);
  checkObject('options', options, OPTION_KEYS);
  const samples = samplesOf(data, options);
  const columns = ARRAYS.filter((name) => data[name] !== undefined).map((name) => columnOf(name, data[name], samples));
  if (columns.length === 0) throw outOfRange('data', 'no arrays', 'inputs, targets or both');
  const { stratify, group } = options;
  const counting = countingRows(data.weights, samples);
  const what = counting.length < samples ? 'samples of weight above 0' : 'samples';
  const sizes = sizesOf(options, counting.length, what);
  const ways = { ...options, stratify: stratify === false ? undefined : stratify };
  const parts = drawParts(counting.length, sizes, ways, (option) => `options.${option}`, {
    strata: () => {
      const values =
        stratify === true
          ? classesOf(data.targets, counting, samples)
          : valuesIn('options.stratify', stratify, samples);
      return strataOf(values, counting);
    },
    groups: () => keysOfValues(valuesIn('options.group', group, samples), counting),
  });
  const take = options.from && counting.length === samples ? viewOf : copyOf;
  const dataOf = (rows: Uint32Array): Data => ({
    ...data,
    ...Object.fromEntries(columns.map((column) => [column.name, take(column, rows)])),
  });
  return partsOfRows<Options, Data>(parts, counting, dataOf);
}

/** Refuses an array in place of a data set, with the way out. Arrays of records are refused later. */
function checkNoArray(data: unknown): void {
  const isNumbers = isPlain(data) ? typeof data[0] === 'number' || isNested(data) : arrayType(data) !== undefined;
  const way = 'splitData({ inputs: data }, options); targets go with them: { inputs, targets }';
  if (isNumbers) throw wrongType('data', data, `an object: ${way}`);
}

/** The samples whose weight is not 0. All others are left out. */
function countingRows(weights: unknown, samples: number): Uint32Array {
  const rows = Uint32Array.from({ length: samples }, (_, row) => row);
  if (weights === undefined) return rows;
  const typed = typedWeights('data.weights', weights, samples) as Float32Array;
  checkWeights('data.weights', typed, samples);
  const counting = rows.filter((row) => typed[row] > 0);
  if (counting.length > 0) return counting;
  throw outOfRange('data.weights', '0 for every sample', 'a weight above 0 for one or more');
}

/** The number of samples: what the arrays that have a value or a row for each of them agree on. */
function samplesOf({ inputs, targets, weights, columns }: Given, options: SplitDataOptions): number {
  const { samples, stratify, group } = options;
  if (samples !== undefined) return checkInteger('options.samples', samples, 1, 2 ** 32 - 1);
  const each = [inputs, targets].filter((values) => isPlain(values) && (isNested(values) || areNames(values)));
  const lists = [...each, weights, ...(isIntegers(targets) ? [targets] : []), stratify, group];
  const counts = lists.map((list) => Object(list).length as unknown).filter((count) => typeof count === 'number');
  const named = isPlain(columns) ? Object(inputs).length / columns.length : undefined;
  const known = counts[0] ?? named;
  if (known !== undefined) return checkInteger('data: the number of samples', known, 1, 2 ** 32 - 1);
  const wanted = 'the number of samples: flat arrays of numbers do not tell it';
  throw wrongType('options.samples', samples, wanted);
}

const areNames = (values: readonly unknown[]) => typeof values[0] === 'string';

function columnOf(name: string, values: unknown, samples: number): Column {
  const where = `data.${name}`;
  const isTyped = isFloats(values) || isIntegers(values);
  if (!isTyped && !isPlain(values)) throw wrongType(where, values, 'a plain array or a typed array');
  const isEach =
    name === 'weights' || (name === 'targets' && isIntegers(values)) || (isPlain(values) && isNested(values));
  const width = values.length / samples;
  if (isEach ? width !== 1 : !Number.isInteger(width) || width === 0) {
    const wanted = isEach
      ? `${samples}, one for each sample`
      : `the same number for each of ${counted(samples, 'sample')}`;
    throw outOfRange(where, counted(values.length, isPlain(values) && isNested(values) ? 'row' : 'value'), wanted);
  }
  return { name, values, width };
}

/** The rows of a part for `from: 'end'`, which are neighbours, so that typed arrays need no copy. */
function viewOf({ values, width }: Column, rows: Uint32Array): unknown {
  const [first, end] = [rows[0] * width, (rows[rows.length - 1] + 1) * width];
  return isPlain(values) ? values.slice(first, end) : values.subarray(first, end);
}

function copyOf({ values, width }: Column, rows: Uint32Array): unknown {
  if (isPlain(values)) {
    // a hole of a sparse array becomes undefined, so that it can be refused later
    return Array.from(
      { length: rows.length * width },
      (_, i) => values[rows[Math.floor(i / width)] * width + (i % width)],
    );
  }
  const copy = newLike(values, rows.length * width);
  rows.forEach((row, i) => {
    copy.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return copy;
}

/** The classes of the samples, from their targets. Refuses targets that are not classes. */
function classesOf(targets: unknown, rows: Uint32Array, samples: number): Values {
  const where = 'data.targets';
  if (targets === undefined) throw outOfRange('options.stratify', 'true for data without targets', 'values of samples');
  const { values, width } = columnOf('targets', targets, samples);
  const isRows = isPlain(values) && isNested(values);
  const first = isRows ? (values[0] as ArrayLike<unknown>).length : width;
  const rowAt = (row: number): ArrayLike<unknown> => {
    if (!isRows) return values.slice(row * width, (row + 1) * width);
    const given = values[row];
    if (isPlain(given) || arrayType(given) !== undefined) return given as ArrayLike<unknown>;
    throw wrongType(`${where}[${row}]`, given, `a row of ${counted(first, 'number')}`);
  };
  const valueAt = (row: number) => {
    const given = rowAt(row);
    return given.length === 1 ? given[0] : Array.from(given).indexOf(Math.max(...(given as number[])));
  };
  for (const row of rows) {
    const given = rowAt(row);
    if (given.length === 1 ? typeof given[0] !== 'number' || Number.isInteger(given[0]) : isOfClass(given)) continue;
    const got =
      given.length === 1
        ? `targets that are numbers (${where}[${row}] is ${given[0]})`
        : `targets of several numbers or labels (row ${row})`;
    const wanted = 'classes: labels, names or one-hot rows; or a value for each sample';
    throw outOfRange('options.stratify', `true for ${got}`, wanted);
  }
  return { where, valueAt };
}

/** True for a row that stands for a class: it adds up to 1, or has one 1 and otherwise -1. */
function isOfClass(row: ArrayLike<unknown>): boolean {
  const numbers = Array.from(row) as number[];
  const sum = numbers.reduce((total, y) => total + y, 0);
  const areShares = numbers.every((y) => y >= 0) && Math.abs(sum - 1) <= 1e-4;
  return areShares || (numbers.every((y) => y === 1 || y === -1) && sum === 2 - numbers.length);
}
