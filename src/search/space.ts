import { checkInteger, outOfRange } from '../check/errors.js';
import { permutation, philox } from '../data/philox.js';
import type { NetworkOptions } from '../network.js';
import { RANDOM_SEARCH } from '../spec/codes.js';
import type { TrainOptions } from '../training/options.js';
import { Choice, type Dimension } from './choice.js';

// The settings of a search: options in which every choice has been replaced by one of its values.

/** Options in which choices may stand anywhere. */
export interface Space {
  readonly network: unknown;
  readonly options: unknown;
}

/** Options without choices. */
export interface Setting {
  readonly network: NetworkOptions;
  readonly options: TrainOptions;
  /** The value of each choice, before `map`, by its place: `network.layers[0].units`. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Gives the value of a dimension, which is the `n`th that the setting needs. */
type Decide = (dimension: Dimension, place: string, n: number) => unknown;

/** The most settings of a grid. */
export const MOST_SETTINGS = 100_000;

/**
 * In a grid of up to this many settings, all are equally likely to be drawn. In larger ones, each value is drawn by
 * itself.
 */
const MOST_LISTED = 10_000;

/** The most draws of the same setting in a row, after which there are probably no others. */
const MOST_REPEATED = 1000;

/** The stream of random numbers that chooses among the settings of a grid; trial t draws its values from stream t. */
const GRID_ORDER = 2 ** 32 - 1;

/** Replaces the choices of the options. */
function settingOf(space: Space, decide: Decide): Setting {
  const values: Record<string, unknown> = {};
  const decided = new Map<Dimension, unknown>();
  const resolve = (place: string, value: unknown): unknown => {
    if (value instanceof Choice) {
      const { dimension } = value;
      if (!decided.has(dimension)) decided.set(dimension, decide(dimension, place, decided.size));
      values[place] = decided.get(dimension);
      // the value may contain choices
      return resolve(place, value.changed(values[place]));
    }
    if (Array.isArray(value)) return value.map((item, i) => resolve(`${place}[${i}]`, item));
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(`${place}.${key}`, item)]));
  };
  const [network, options] = [resolve('network', space.network), resolve('options', space.options)];
  return { network: network as NetworkOptions, options: options as TrainOptions, values };
}

/** True for an object literal of any realm. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * The first settings of the grid, at most `most`. Of two choices, the values of the later one change first. `onRange`
 * is called for each range of numbers, which takes part with its first number only.
 */
function firstOfGrid(space: Space, most: number, onRange: (place: string) => void): Setting[] {
  const settings: Setting[] = [];
  const decisions: { index: number; readonly size: number }[] = [];
  do {
    settings.push(
      settingOf(space, ({ size, valueAt }, place, n) => {
        const isRange = size === Number.POSITIVE_INFINITY;
        if (isRange) onRange(place);
        decisions[n] ??= { index: 0, size: isRange ? 1 : size };
        return valueAt(decisions[n].index);
      }),
    );
    // the last choice that has a further value takes it; all choices after it start again with their first value
    while (decisions.length > 0 && decisions[decisions.length - 1].index + 1 === decisions[decisions.length - 1].size) {
      decisions.pop();
    }
    if (decisions.length > 0) decisions[decisions.length - 1].index++;
  } while (decisions.length > 0 && settings.length < most);
  return settings;
}

/** Random settings, all different. With the same seed and more trials, the first settings are the same. */
function drawSettings(space: Space, trials: number, seed: number): Setting[] {
  const drawn = new Map<string, Setting>();
  for (let draw = 0, repeated = 0; drawn.size < trials; draw++) {
    const setting = settingOf(space, ({ size, valueAt }, _, n) => {
      const [high, low] = philox([n, draw, RANDOM_SEARCH, 0], seed);
      const share = (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
      return valueAt(size === Number.POSITIVE_INFINITY ? share : Math.floor(share * size));
    });
    const key = keyOf(setting);
    repeated = drawn.has(key) ? repeated + 1 : 0;
    if (repeated > MOST_REPEATED) {
      throw outOfRange('options.trials', trials, `fewer: ${drawn.size} different settings have been found`);
    }
    if (repeated === 0) drawn.set(key, setting);
  }
  return [...drawn.values()];
}

/** A text that is the same for equal options. Functions count as equal if they have the same code. */
export const keyOf = ({ network, options }: Pick<Setting, 'network' | 'options'>): string => toJson([network, options]);

/** JSON in which typed arrays are lists of numbers, and functions their code. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'function') return String(inner);
    return ArrayBuffer.isView(inner) ? Array.from(inner as Uint8Array) : inner;
  });
}

/**
 * The settings of a search: the whole grid, or `trials` random ones. Throws a RangeError if there are too many, or
 * fewer than `trials`.
 */
export function settingsOf(space: Space, trials: number | undefined, seed: number): Setting[] {
  if (trials === undefined) {
    const settings = firstOfGrid(space, MOST_SETTINGS + 1, (place) => {
      throw outOfRange(place, 'a range of numbers in a grid', 'oneOf([...]), or trials: 20 for 20 random draws');
    });
    if (settings.length <= MOST_SETTINGS) return settings;
    throw outOfRange('options', `more than ${MOST_SETTINGS} settings`, 'fewer, or trials: 20 for 20 random draws');
  }
  checkInteger('options.trials', trials, 1, MOST_SETTINGS);
  let hasRange = false;
  const listed = firstOfGrid(space, MOST_LISTED + 1, () => {
    hasRange = true;
  });
  if (hasRange || listed.length > MOST_LISTED) return drawSettings(space, trials, seed);
  if (trials > listed.length) throw outOfRange('options.trials', trials, `at most ${listed.length}, all settings`);
  return Array.from(permutation(listed.length, seed, RANDOM_SEARCH, GRID_ORDER).subarray(0, trials), (i) => listed[i]);
}
