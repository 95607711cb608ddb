import { checkObject, counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { RANDOM_SPLIT } from '../spec/codes.js';
import type { Names } from '../spec/names.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import type { CheckedData } from './data-set.js';
import { keysOfValues, type SampleKeys, strataOf, valuesIn } from './keys.js';
import { isFloats } from './numbers.js';
import {
  byKey,
  checkStrata,
  drawParts,
  type Found,
  HOLD_BACK_KEYS,
  type HoldBack,
  heldOf,
  type Keys,
  type Strata,
  VALIDATION,
} from './parts.js';
import { permutation } from './philox.js';
import { pick } from './pick.js';
import type { TargetArray } from './targets.js';
import type { Goal } from './task.js';

// Splits the data set of a network into training and validation data, or into folds. All parts keep the order of the
// samples.

/**
 * Says which samples are held back for validation, as `splitData` of simdprop/split does: `share` or `count` of them.
 * Samples of weight 0 are in no part.
 */
export interface SplitOptions extends HoldBack {
  /**
   * true: the same share of each class is held back, rounded by the method of largest remainders. If the size allows it
   * for all classes, every class is in both parts. For a network that learns classes. Or [samples] values, which then
   * count as the classes, for any network. A class of one sample is refused, or kept for training: see `singles`.
   * @defaultValue `false`
   */
  stratify?: boolean | SampleKeys | undefined;
  /**
   * [samples] values, such as the patient of each: all samples with the same value are in the same part. The size is
   * met as nearly as whole groups allow.
   * @defaultValue none
   */
  group?: SampleKeys | undefined;
}

/**
 * The samples that are held back for validation. A number is a share of the samples, above 0 and below 1, or their
 * number, from 1 up; they are then drawn from the network's seed.
 */
export type ValidationSplit = number | SplitOptions;

const WANTED = 'a share, a number of samples, or an object such as { share: 0.2 }';

/** The streams of random numbers of folds. */
const SAMPLE_ORDER = 0;
const CLASS_ORDER = 1;

/** The facts by which a data set is split: the network, and what it learns. */
export interface Splitting {
  readonly spec: Spec;
  readonly goal: Goal;
  /** The names of the classes, for messages. */
  readonly classes: Names['classes'];
}

/** The training data and the samples that are held back for validation. */
export function holdBack(
  where: string,
  value: unknown,
  data: CheckedData,
  splitting: Splitting,
): { training: CheckedData; validation: CheckedData } {
  const { spec } = splitting;
  const { samples, counting } = data;
  if (typeof value !== 'number') checkObject(where, value, HOLD_BACK_KEYS, WANTED);
  const options: SplitOptions = typeof value === 'number' ? {} : (value as SplitOptions);
  const what = counting ? 'samples of weight above 0' : 'samples';
  const sizes = heldOf(where, value as ValidationSplit, samples, what);
  const nameOf = (option: string) => `${where}.${option}`;
  const { stratify, group } = options;
  const ways = { ...options, stratify: stratify === false ? undefined : stratify };
  const found = foundIn({ stratify, group }, nameOf, data, splitting);
  const parts = drawParts(samples, sizes, ways, nameOf, found, spec.seed);
  const isHeld = (sample: number) => parts[sample] === VALIDATION;
  return {
    training: options.from
      ? firstOf(data, samples - sizes.validation, spec)
      : pick(data, (sample) => !isHeld(sample), spec),
    validation: pick(data, isHeld, spec),
  };
}

/** The first samples, as views of the same arrays: training copies them into the network's memory. */
function firstOf({ inputs, targets, weights }: CheckedData, samples: number, spec: Spec): CheckedData {
  return {
    samples,
    inputs: inputs.subarray(0, samples * spec.inputs),
    targets: targets.subarray(0, samples * (isFloats(targets) ? outputsOf(spec) : 1)),
    weights: weights?.subarray(0, samples),
  };
}

/** The values that samples are drawn by: classes of the targets, or what is given for each sample. */
export function foundIn(
  { stratify, group }: { readonly stratify?: unknown; readonly group?: unknown },
  nameOf: (option: string) => string,
  data: CheckedData,
  splitting: Splitting,
): Found {
  const { samples, counting = { of: samples, rows: Uint32Array.from({ length: samples }, (_, row) => row) } } = data;
  const given = (option: string, values: unknown) => valuesIn(nameOf(option), values, counting.of);
  return {
    strata: () => {
      const isOfClasses = checkStratify(nameOf('stratify'), stratify, splitting.goal);
      if (isOfClasses) return classStrata(data, counting.rows, splitting);
      return strataOf(given('stratify', stratify), counting.rows);
    },
    groups: () => keysOfValues(given('group', group), counting.rows),
  };
}

/** True if the samples are stratified by the classes that the network learns, not by values of their own. */
function checkStratify(where: string, stratify: unknown, { task }: Goal): boolean {
  if (typeof stratify === 'object' && stratify !== null) return false;
  if (stratify !== true) throw wrongType(where, stratify, 'true, false or an array with a value for each sample');
  if (task === 'classes') return true;
  const wanted = 'classes (net.task), false, or a value for each sample';
  throw outOfRange(where, `true for a network that learns ${task}`, wanted);
}

/** The classes that the network learns. */
function classStrata({ targets }: CheckedData, rows: Uint32Array, { spec, classes }: Splitting): Strata {
  const classOf = classesOf(targets, outputsOf(spec));
  const show = (place: number) => {
    const label = classOf(place);
    const name = classes?.[label];
    return { value: name === undefined ? `class ${label}` : quote(name), row: rows[place] };
  };
  return { keys: Uint32Array.from(rows, (_, place) => classOf(place)), name: '', show };
}

/** The class of a sample: its label or the largest target of its row; for one output, 1 if the target exceeds 1/2. */
function classesOf(targets: TargetArray, outputs: number): (sample: number) => number {
  if (!isFloats(targets)) return (sample) => targets[sample];
  if (outputs === 1) return (sample) => Number(targets[sample] > 0.5);
  return (sample) => {
    const row = targets.subarray(sample * outputs, (sample + 1) * outputs);
    return row.indexOf(Math.max(...row));
  };
}

/** How samples are dealt to folds. */
interface FoldOptions {
  readonly stratify: unknown;
  readonly group: unknown;
}

/**
 * The fold of each sample. The sizes of the folds differ by at most one; if stratified, so do the numbers of samples of
 * each class in them. With groups, all samples of a group are in one fold, and the sizes are as equal as whole groups
 * allow. The seed decides which folds get one more. `nameOf`: what an option is called in messages.
 */
export function foldsOf(
  data: CheckedData,
  folds: number,
  { stratify, group }: FoldOptions,
  nameOf: (option: string) => string,
  splitting: Splitting,
): Uint32Array {
  const { seed } = splitting.spec;
  const isStratified = stratify !== undefined && stratify !== false;
  if (isStratified && group !== undefined) {
    throw outOfRange(nameOf('stratify'), 'stratify and group together', 'one of them');
  }
  const found = foundIn({ stratify, group }, nameOf, data, splitting);
  const foldOf = new Uint32Array(data.samples);
  if (group !== undefined) {
    dealGroups(nameOf('group'), foldOf, folds, found.groups(), seed);
    return foldOf;
  }
  const order = permutation(data.samples, seed, RANDOM_SPLIT, SAMPLE_ORDER);
  const strata = isStratified ? found.strata() : undefined;
  if (strata) checkStrata(nameOf('stratify'), strata);
  const classes = strata ? byKey(order, strata.keys) : [order];
  let dealt = 0;
  for (const place of permutation(classes.length, seed, RANDOM_SPLIT, CLASS_ORDER)) {
    for (const sample of classes[place]) foldOf[sample] = dealt++ % folds;
  }
  return foldOf;
}

/** Deals whole groups, the largest first, each to the fold that is the smallest so far. */
function dealGroups(where: string, foldOf: Uint32Array, folds: number, keys: Keys, seed: number): void {
  const groups = byKey(foldOf.keys(), keys);
  if (groups.length < folds) {
    throw outOfRange(where, counted(groups.length, 'group'), `at least one for each of ${folds} folds`);
  }
  const drawn = Array.from(permutation(groups.length, seed, RANDOM_SPLIT, CLASS_ORDER), (place) => groups[place]);
  const sizes = new Uint32Array(folds);
  // sort is stable, so that equal groups stay in the order in which they were drawn
  for (const group of drawn.sort((p, q) => q.length - p.length)) {
    const fold = sizes.indexOf(Math.min(...sizes));
    for (const sample of group) foldOf[sample] = fold;
    sizes[fold] += group.length;
  }
}
