import { arrayType, type NumberArray, newLike } from '../check/arrays.js';
import { checkInteger, checkObject, keysOf, outOfRange, wrongType } from '../check/errors.js';
import { isNested, isPlain } from '../check/plain-arrays.js';
import { DATA_KEYS, type DataSet } from './data-set.js';
import { isFloats, isIntegers } from './numbers.js';
import { drawParts, type Keys, type PartOf, type PartOptions, strataIn, TEST, TRAINING, VALIDATION } from './parts.js';

// Splits data sets in plain or typed arrays into training, validation and test parts, as table.split does for tables.

/** A value for each sample: samples of equal values are alike. */
export type SampleKeys = ArrayLike<number | string | boolean>;

/** Options of `splitData`. */
export interface SplitDataOptions extends PartOptions {
  /**
   * true: each class has the same share of the samples in each part, rounded by the method of largest remainders. The
   * classes are the labels, the largest number of a row of targets, or the numbers of targets that are one number each.
   * Or [samples] values, which then count as the classes. If the sizes allow it, a class of two samples or more is in
   * the training part and in the part that is drawn. Default false.
   */
  stratify?: boolean | SampleKeys;
  /**
   * [samples] values, such as the patient of each: all samples with the same value are in the same part. The parts come
   * as near to their sizes as whole groups allow.
   */
  group?: SampleKeys;
  /** The number of samples. It is only needed where flat arrays of numbers alone do not tell it. */
  samples?: number;
}

const OPTION_KEYS = keysOf<SplitDataOptions>({
  validation: true,
  test: true,
  seed: true,
  stratify: true,
  group: true,
  from: true,
  samples: true,
});

/** The parts of a data set. A part that was not asked for is undefined. */
export type DataParts<Data, Options extends SplitDataOptions = SplitDataOptions> = {
  training: Data;
  validation: PartOf<Options['validation'], Data>;
  test: PartOf<Options['test'], Data>;
};

/** The keys of a data set that have a value or a row for each sample. */
const ARRAYS = ['inputs', 'targets', 'weights'] as const;

type Given = { readonly [Name in keyof DataSet]?: unknown };

/** An array with `width` values for each sample. */
interface Column {
  readonly name: string;
  readonly values: readonly unknown[] | NumberArray;
  readonly width: number;
}

/**
 * Divides a data set into parts for training, validation and test, by share or number of samples. Samples are drawn
 * with a seed, with the same shares of each class (`stratify`) or with whole groups of samples (`group`), or are taken
 * from the end. All parts keep the order of the samples and the types of the arrays, and are data sets for `fit` and
 * `evaluate`. Typed arrays of parts from the end share their memory with those given; rows of plain arrays are always
 * shared, and everything else is copied. Data without targets can be split too. Throws a TypeError or RangeError for
 * wrong arguments.
 *
 * @example
 * const { training, validation, test } = splitData(data, { validation: 0.2, test: 0.2, stratify: true, seed: 1 });
 * await net.fit(training, { validation });
 */
export function splitData<Data extends Partial<DataSet>, const Options extends SplitDataOptions>(
  data: Data,
  options: Options,
): DataParts<Data, Options> {
  checkObject('data', data, DATA_KEYS, 'an object { inputs, targets }');
  checkObject('options', options, OPTION_KEYS);
  const samples = samplesOf(data, options);
  const columns = ARRAYS.filter((name) => data[name] !== undefined).map((name) => columnOf(name, data[name], samples));
  if (columns.length === 0) throw outOfRange('data', 'no arrays', 'inputs, targets or both');
  const { stratify, group, from } = options;
  const ways = { ...options, stratify: stratify === false ? undefined : stratify };
  const parts = drawParts(samples, 'samples', ways, (way) => {
    if (way === 'group') return keysOfValues('options.group', group, samples);
    const keys =
      stratify === true ? classesOf(data.targets, samples) : keysOfValues('options.stratify', stratify, samples);
    const { different, areTooMany } = strataIn(keys);
    if (!areTooMany) return keys;
    const got = `${different} different values in ${samples} samples`;
    throw outOfRange('options.stratify', got, 'values that occur twice or more, on average');
  });
  const partOf = (part: number) => {
    const rows = Uint32Array.from(parts.keys()).filter((row) => parts[row] === part);
    if (rows.length === 0) return undefined;
    const take = from ? viewOf : copyOf;
    return { ...data, ...Object.fromEntries(columns.map((column) => [column.name, take(column, rows)])) };
  };
  return { training: partOf(TRAINING), validation: partOf(VALIDATION), test: partOf(TEST) } as unknown as DataParts<
    Data,
    Options
  >;
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
    const wanted = isEach ? `${samples}, one for each sample` : `the same number for each of ${samples} samples`;
    throw outOfRange(where, `${values.length} ${isPlain(values) && isNested(values) ? 'rows' : 'values'}`, wanted);
  }
  return { name, values, width };
}

/** The rows of a part from the end: they follow one another. */
function viewOf({ values, width }: Column, rows: Uint32Array): unknown {
  const [first, end] = [rows[0] * width, (rows[rows.length - 1] + 1) * width];
  return isPlain(values) ? values.slice(first, end) : values.subarray(first, end);
}

function copyOf({ values, width }: Column, rows: Uint32Array): unknown {
  if (isPlain(values)) return Array.from(rows).flatMap((row) => values.slice(row * width, (row + 1) * width));
  const copy = newLike(values, rows.length * width);
  rows.forEach((row, i) => {
    copy.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return copy;
}

/** The class of each sample, from its targets. */
function classesOf(targets: unknown, samples: number): Keys {
  if (targets === undefined) throw outOfRange('options.stratify', 'true for data without targets', 'values of samples');
  const { values, width } = columnOf('targets', targets, samples);
  if (isPlain(values) && isNested(values)) {
    const rows = values as readonly ArrayLike<unknown>[];
    const classes = rows.map((row) => (row.length === 1 ? row[0] : largestOf(row, 0, row.length)));
    return keysOfValues('data.targets', classes, samples);
  }
  if (width === 1) return keysOfValues('data.targets', values, samples);
  return Uint32Array.from({ length: samples }, (_, row) => largestOf(values, row * width, width));
}

/** The place of the largest number of a row. */
function largestOf(values: ArrayLike<unknown>, start: number, width: number): number {
  let largest = 0;
  for (let k = 1; k < width; k++) {
    if ((values[start + k] as number) > (values[start + largest] as number)) largest = k;
  }
  return largest;
}

/** A number for each value, the same for the same values. */
function keysOfValues(where: string, values: unknown, samples: number): Keys {
  const type = arrayType(values);
  if (!isPlain(values) && (type === undefined || type.startsWith('Big'))) {
    throw wrongType(where, values, `an array with a value for each of ${samples} samples`);
  }
  const list = values as ArrayLike<unknown>;
  if (list.length !== samples) throw outOfRange(where, `${list.length} values`, `${samples}, one for each sample`);
  const numbers = new Map<unknown, number>();
  return Uint32Array.from({ length: samples }, (_, row) => {
    const value = list[row];
    const isKey = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
    if (!isKey) throw wrongType(`${where}[${row}]`, value, 'a text, a boolean or a finite number');
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    return number;
  });
}
