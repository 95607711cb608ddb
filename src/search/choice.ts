import { checkFinite, checkInteger, checkNoMore, checkPositive, outOfRange, wrongType } from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import { power } from '../spec/exact-math.js';

// Choices stand in place of the options that a search is to choose: lists of values, or ranges of numbers.

/** The values of a choice. */
export interface Dimension {
  /** The number of values; Infinity for a range of numbers. */
  readonly size: number;
  /** The value with this index, or for a range, the value at this share of it, from 0 to below 1. */
  readonly valueAt: (place: number) => unknown;
}

/**
 * A choice among values of the type T, in place of an option. `oneOf`, `integers`, `uniform` and `logUniform` make
 * choices. The same choice in two places has the same value in both.
 *
 * @example
 * import { oneOf, search } from 'simdprop/search';
 *
 * const units = oneOf([2, 4]);
 * // the second layer is twice as wide as the first one
 * const layers = [{ units }, { units: units.map((n) => 2 * n) }, { units: 1 }];
 * const data = { inputs: [[0], [1], [2], [3]], targets: [0, 0, 1, 1] };
 * const { trials } = await search({ inputs: 1, layers }, data, { folds: 2, workers: 0 });
 * console.log(trials.map(({ network }) => network.layers[1].units)); // [ 4, 8 ]
 */
export class Choice<T> {
  /** @internal */
  readonly notCloned = notCloned('a choice: search takes it');
  /** @internal Choices with the same dimension have the same value, before `map`. */
  readonly dimension: Dimension;
  readonly #changes: readonly ((value: never) => unknown)[];

  /** @internal */
  constructor(dimension: Dimension, changes: readonly ((value: never) => unknown)[] = []) {
    this.dimension = dimension;
    this.#changes = changes;
    Object.freeze(this);
  }

  /**
   * The choice whose values the function makes of the values of this choice.
   * @param change a function of its argument alone; its result may contain further choices
   * @returns a choice that uses the same value as this choice in each setting
   * @throws TypeError if `change` is no function
   */
  map<U>(change: (value: T) => U, none?: undefined): Choice<U> {
    checkNoMore('map', 2, none);
    if (typeof change !== 'function') throw wrongType('map', change, 'a function');
    return new Choice<U>(this.dimension, [...this.#changes, change]);
  }

  /** @internal The value that the option gets for a value of the dimension. */
  changed(value: unknown): unknown {
    return this.#changes.reduce((changed, change) => change(changed as never), value);
  }
}

/**
 * A choice among the values of an array: numbers, names, layers, optimizers.
 *
 * @param values at least one
 * @returns the choice
 * @throws TypeError or RangeError for anything but an array with a value
 *
 * @example
 * import { adam, sgd } from 'simdprop';
 * import { oneOf, search } from 'simdprop/search';
 *
 * const data = { inputs: [[0], [1], [2], [3]], targets: [0, 0, 1, 1] };
 * const optimizer = oneOf([adam(), sgd({ learningRate: 0.1 })]);
 * const { trials } = await search({ inputs: 1, layers: [{ units: 1 }] }, data, { optimizer, folds: 2, workers: 0 });
 * console.log(trials.length); // 2
 */
export function oneOf<const T>(values: readonly T[], none?: undefined): Choice<T> {
  if (!Array.isArray(values)) throw wrongType('oneOf', values, 'an array of the values: oneOf([8, 16, 32])');
  checkNoMore('oneOf', 2, none);
  if (values.length === 0) throw outOfRange('oneOf', 'an array of 0', 'at least one value');
  const own = Array.from(values);
  return new Choice<T>({ size: own.length, valueAt: (index) => own[index] });
}

/**
 * A choice among the integers from `from` to `to`, both included.
 *
 * @param from the first integer
 * @param to the last integer, at least `from`
 * @returns the choice
 * @throws TypeError or RangeError for anything but two safe integers in this order
 *
 * @example
 * import { integers, search } from 'simdprop/search';
 *
 * const data = { inputs: [[0], [1], [2], [3]], targets: [0, 0, 1, 1] };
 * const options = { folds: 2, workers: 0 };
 * const { trials } = await search({ inputs: 1, layers: [{ units: integers(2, 4) }, { units: 1 }] }, data, options);
 * console.log(trials.map(({ network }) => network.layers[0].units)); // [ 2, 3, 4 ]
 */
export function integers(from: number, to: number, none?: undefined): Choice<number> {
  checkNoMore('integers', 3, none);
  const first = checkInteger('integers: from', from, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const last = checkInteger('integers: to', to, first, Number.MAX_SAFE_INTEGER);
  return new Choice({ size: last - first + 1, valueAt: (index) => first + index });
}

/**
 * A choice of a number from `from` to `to`, all equally likely. Such a choice has no grid: it needs the option
 * `trials`.
 *
 * @param from the least number
 * @param to the largest number, above `from`
 * @returns the choice
 * @throws TypeError or RangeError for anything but two finite numbers in this order
 *
 * @example
 * import { uniform, search } from 'simdprop/search';
 *
 * const data = { inputs: [[0], [1], [2], [3]], targets: [0, 0, 1, 1] };
 * const options = { trials: 3, folds: 2, workers: 0, seed: 1 };
 * const { trials } = await search({ inputs: 1, layers: [{ units: 1 }], l2: uniform(0, 0.1) }, data, options);
 * console.log(trials.every(({ network }) => network.l2 <= 0.1)); // true
 */
export function uniform(from: number, to: number, none?: undefined): Choice<number> {
  checkNoMore('uniform', 3, none);
  checkOrder('uniform', checkFinite('uniform: from', from), checkFinite('uniform: to', to));
  return new Choice({ size: Number.POSITIVE_INFINITY, valueAt: (share) => Math.min(from + share * (to - from), to) });
}

/**
 * A choice of a positive number from `from` to `to`, whose logarithms are all equally likely: as many numbers are drawn
 * between 0.001 and 0.01 as between 0.01 and 0.1. Such a choice has no grid: it needs the option `trials`.
 *
 * @param from the least number, positive
 * @param to the largest number, above `from`
 * @returns the choice
 * @throws TypeError or RangeError for anything but two positive numbers in this order
 *
 * @example
 * import { logUniform, search } from 'simdprop/search';
 *
 * const data = { inputs: [[0], [1], [2], [3]], targets: [0, 0, 1, 1] };
 * const options = { trials: 3, folds: 2, workers: 0, seed: 1 };
 * const { trials } = await search({ inputs: 1, layers: [{ units: 1 }], l2: logUniform(1e-3, 1) }, data, options);
 * console.log(trials.every(({ network }) => network.l2 >= 1e-3)); // true
 */
export function logUniform(from: number, to: number, none?: undefined): Choice<number> {
  checkNoMore('logUniform', 3, none);
  checkOrder('logUniform', checkPositive('logUniform: from', from), checkPositive('logUniform: to', to));
  const ratio = to / from;
  // rounding may lead out of the range
  const valueAt = (share: number) => Math.min(Math.max(from * power(ratio, share), from), to);
  return new Choice({ size: Number.POSITIVE_INFINITY, valueAt });
}

function checkOrder(call: string, from: number, to: number): void {
  if (from < to) return;
  throw outOfRange(`${call}: to`, to, `a number above ${from}; oneOf([${from}]) is a single value`);
}
