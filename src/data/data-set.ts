import { isShared } from '../check/arrays.js';
import { checkIsObject, checkObject, keysOf, tableHint, wrongType } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import type { SetSize } from '../core/memory-plan.js';
import { F32, LABELS, U8 } from '../spec/codes.js';
import { checkClassNames, checkNames, knownNames, type Names, namesFor } from '../spec/names.js';
import { outputsOf } from '../spec/spec.js';
import {
  checkInputs,
  type InputArray,
  type InputMemory,
  type Inputs,
  type Preparation,
  scaleOf,
  storedBytesOf,
  writeInputs,
} from './inputs.js';
import { BLOCK_NUMBERS, isFloats } from './numbers.js';
import { isOwn, own } from './own-arrays.js';
import { type CheckedRows, weighted } from './pick.js';
import { areNames, rowsOf, typedInputs, typedTargets, typedWeights } from './plain-data.js';
import {
  checkTargets,
  checkWeights,
  type SampleWeights,
  type TargetArray,
  type Targets,
  writeTargets,
  writeWeights,
} from './targets.js';

// Data sets are read at the call. They are checked as they are given, so that a refusal changes nothing. Then they are
// copied into the network's memory at once, before other code can run; if other code may run before that, they are
// copied to other arrays first. In the memory, targets are checked again: the core computes addresses from labels, so a
// wrong label must never reach it. So are inputs that another thread may have changed since the first check.

/**
 * Samples to train on or to evaluate. They are read at the call, so later changes of the arrays have no effect.
 */
export interface DataSet {
  /** [samples × inputs], or [samples] rows. */
  inputs: Inputs;
  /** Rows [samples × outputs], or labels [samples]: see `Targets`. */
  targets: Targets;
  /**
   * [samples], each 0 or more: the weight w_x that a sample's cost is multiplied by, C = 1/n Σ w_x C_x. Here n is the
   * number of samples, not the sum of the weights. A sample of weight 0 counts nowhere, as if it had not been given.
   * @defaultValue 1 for each sample
   */
  weights?: SampleWeights | undefined;
  /**
   * Names of the classes, in the order of the labels. A network that has none takes them from the first data that it
   * is trained on; one that has others refuses the data.
   * @defaultValue none
   */
  classes?: readonly string[] | undefined;
  /**
   * Names of the input columns [inputs], in the same way.
   * @defaultValue none
   */
  columns?: readonly string[] | undefined;
}

/** A data set in typed arrays. */
export interface TypedDataSet extends DataSet {
  inputs: InputArray;
  targets: TargetArray;
  weights?: Float32Array | undefined;
}

/**
 * A checked copy of a data set, which `Network.prepareData` makes. It cannot be changed, so a network that has it in
 * its memory need not check and copy it again.
 *
 * @example
 * import { Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const data = await net.prepareData({ inputs: [[-1], [0], [1]], targets: [[0], [0], [1]] });
 * console.log(data.samples); // 3
 */
export class PreparedData {
  /** The number of samples, without those of weight 0. */
  readonly samples: number;
  readonly #contents: TypedDataSet;

  /** @internal */
  constructor(contents: TypedDataSet, samples: number) {
    this.#contents = contents;
    this.samples = samples;
    Object.freeze(this);
  }

  /** @internal The data set in prepared data; everything else is returned unchanged. */
  static open<T>(data: T | PreparedData): T {
    return #contents in Object(data) ? ((data as PreparedData).#contents as T) : (data as T);
  }
}

/** Samples that fit the network. */
export interface CheckedData extends CheckedRows {
  /** The names that come with the data. */
  readonly given?: Names;
}

/** The keys of a data set. */
export const DATA_KEYS = keysOf<DataSet>({ inputs: true, targets: true, weights: true, classes: true, columns: true });

/** Accepts an object that may be a data set, and no table, whose keys are others. */
export function checkIsData(where: string, data: unknown): asserts data is object {
  const wanted = 'an object { inputs, targets }';
  if (Array.isArray(data) || data instanceof PreparedData || 'toRecords' in Object(data)) {
    throw wrongType(where, data, wanted + tableHint(data));
  }
  checkIsObject(where, data, wanted);
}

/** What names are checked by. */
type Named = Pick<Arena, 'spec' | 'names'>;

/** Checks the names that come with a data set. */
function namesOf(where: string, data: unknown, { spec }: Named): Names {
  checkIsData(where, data);
  checkObject(where, data, DATA_KEYS);
  const { classes, columns } = data as DataSet;
  const outputs = outputsOf(spec);
  // one output has one name for its label, or two for two classes
  const count = outputs === 1 && classes?.length !== 1 ? 2 : outputs;
  return {
    classes: checkClassNames(`${where}.classes`, classes, count),
    columns: checkNames(`${where}.columns`, columns, spec.inputs),
  };
}

/** The network with the names that come with a data set, by which other data of the same call are checked. */
export function namedBy(where: string, data: unknown, network: Named): Named {
  return { spec: network.spec, names: namesFor(where, namesOf(where, data, network), network.names) };
}

/** The numbers of a data set in typed arrays: plain arrays are copied into new ones. Its names are checked. */
function typed(where: string, data: unknown, network: Named): TypedDataSet {
  const names = namesOf(where, data, network);
  const { spec } = network;
  const known = { spec, names: namesFor(where, names, network.names) };
  const given = data as DataSet;
  const inputs = typedInputs(`${where}.inputs`, given.inputs, known);
  const targets = typedTargets(`${where}.targets`, given.targets, rowsOf(inputs, spec), known);
  const weights = typedWeights(`${where}.weights`, given.weights, rowsOf(inputs, spec));
  // labels keep the names that they were given as, should the network get others before they are used
  const classes = areNames(given.targets) ? known.names.classes : names.classes;
  return { inputs, targets, weights, classes, columns: names.columns } as TypedDataSet;
}

/**
 * Tells a data set from others, without reading its numbers: its arrays and their lengths. An array that has lost its
 * memory has the length 0.
 */
export const identityOf = ({ inputs, targets, weights }: DataSet): readonly unknown[] =>
  [inputs, targets, weights].flatMap((values) => [values, values?.length]);

/** Copies the given data before other code can run. The copies are not checked yet. */
export function ownData(where: string, data: unknown, network: Named): TypedDataSet {
  const { inputs, targets, weights, ...names } = typed(where, data, network);
  return { inputs: own(inputs), targets: own(targets), weights: own(weights), ...names };
}

/** The arrays of samples. */
export type Arrays = Pick<CheckedData, 'inputs' | 'targets' | 'weights'>;

/**
 * Checks a data set, and leaves out its samples of weight 0. Refuses one that has no others. `isLoaded`: says of arrays
 * whether the network's memory holds them, so that their numbers have been checked.
 */
export function checkData(
  where: string,
  data: unknown,
  preparation: Preparation,
  isLoaded?: (arrays: Arrays) => boolean,
): CheckedData {
  return weighted(checkSamples(where, data, preparation, isLoaded), preparation.spec);
}

/** Checks a data set. Its samples of weight 0 are still there. */
export function checkSamples(
  where: string,
  data: unknown,
  preparation: Preparation,
  isLoaded?: (arrays: Arrays) => boolean,
): CheckedData {
  const { inputs, targets, weights, classes, columns } = typed(where, data, preparation);
  const names = [`${where}.inputs`, `${where}.targets`, `${where}.weights`] as const;
  const { spec, standardization } = preparation;
  const known = knownNames(preparation.names, { columns });
  const given = (classes || columns) && { given: { classes, columns } };
  const isChecked = isLoaded?.({ inputs, targets, weights });
  const samples = isChecked
    ? rowsOf(inputs, spec)
    : checkInputs(names[0], inputs, { spec, names: known, standardization });
  if (!isChecked) {
    checkTargets(names[1], targets, samples, spec);
    if (weights !== undefined) checkWeights(names[2], weights, samples);
  }
  return { names, samples, inputs, targets, weights, ...given };
}

const NAMES = ['data.inputs', 'data.targets', 'data.weights'] as const;

/** The room that a data set takes in the memory. */
export function setSize(arena: Arena, { samples, inputs, targets, weights }: CheckedData): SetSize {
  return {
    samples,
    inputBytes: storedBytesOf(arena, inputs, samples),
    targetBytes: 4 * samples * (isFloats(targets) ? outputsOf(arena.spec) : 1),
    weightBytes: weights ? 4 * samples : 0,
  };
}

/** Copies the samples [first, first + rows) to the window. */
export function writeWindow(arena: Arena, data: CheckedData, first: number, rows: number): void {
  const { plan, header } = arena;
  const { window } = header;
  const { names = NAMES, inputs, targets, weights } = data;
  window.inputType = writeInputs(names[0], arena, plan.windowInputs, inputs, first, rows);
  writeTargets(names[1], arena, window, plan.windowTargets, targets, first, rows);
  writeWeights(names[2], arena, window, plan.windowWeights, weights, first, rows);
}

/**
 * Makes the samples [first, first + rows) of the training set in the memory those of the window, where they lie.
 * `window.inputs` must be put back to the plan's `windowInputs` afterwards.
 */
export function showTrainingRows(arena: Arena, first: number): void {
  const { header, spec } = arena;
  const { window, trainingSet } = header;
  const { inputs, inputType, targets, targetType, weights } = trainingSet;
  window.inputType = inputType;
  window.inputs = inputs + first * spec.inputs * (inputType === U8 ? 1 : 4);
  window.targetType = targetType;
  window.targets = targets + first * 4 * (targetType === LABELS ? 1 : outputsOf(spec));
  window.weights = weights && weights + first * 4;
}

/** Copies the inputs of the samples [first, first + rows) to the window. Returns the type they are stored as. */
export function writeWindowInputs(
  where: string,
  arena: InputMemory & { readonly plan: { readonly windowInputs: number } },
  inputs: InputArray,
  first: number,
  rows: number,
): number {
  return writeInputs(where, arena, arena.plan.windowInputs, inputs, first, rows);
}

/** Copies a batch's targets and weights to the window. The inputs x of the batch stay as they are. */
export function writeWindowTargets(
  arena: Arena,
  targets: TargetArray,
  weights: Float32Array | undefined,
  rows: number,
): void {
  const { plan, header } = arena;
  writeTargets('y', arena, header.window, plan.windowTargets, targets, 0, rows);
  writeWeights('weights', arena, header.window, plan.windowWeights, weights, 0, rows);
}

/**
 * Standardises the inputs of a data set into the place that training steps read, in blocks. `pause` is awaited between
 * them, so that the event loop can run; the memory may have been planned anew when it is done.
 */
export async function loadInputsInBlocks(
  arena: Arena,
  { names = NAMES, inputs, samples }: CheckedData,
  pause: () => Promise<void>,
): Promise<void> {
  // nothing trains on it before all of it is there
  arena.header.trainingSet.samples = 0;
  const width = arena.spec.inputs;
  const most = Math.ceil(BLOCK_NUMBERS / width);
  for (let first = 0; first < samples; first += most) {
    const address = arena.plan.setInputs + 4 * first * width;
    const type = writeInputs(names[0], arena, address, inputs, first, Math.min(most, samples - first));
    arena.header.trainingSet.inputType = type;
    await pause();
  }
}

/** Copies the inputs of a whole data set, which has just been checked. Returns the type they are stored as. */
function loadInputs(arena: Arena, where: string, inputs: InputArray, samples: number): number {
  const { plan, spec, standardization } = arena;
  // floats that stay as they are, and that no other thread can have changed, need no second check
  const areReady = isFloats(inputs) && scaleOf(inputs, spec) === 1 && !standardization && !isShared(inputs);
  if (!areReady) return writeInputs(where, arena, plan.setInputs, inputs, 0, samples);
  arena.writeFloats(plan.setInputs, inputs, samples * spec.inputs);
  return F32;
}

/**
 * Copies a whole data set, which has just been checked, to the place that training steps read. `hasInputs`: its inputs
 * are there already.
 */
export function loadTrainingSet(arena: Arena, data: CheckedData, hasInputs = false): void {
  const { plan, header } = arena;
  const { names = NAMES, inputs, targets, weights, samples } = data;
  const { trainingSet } = header;
  // no step can use the data before all of them are copied
  trainingSet.samples = 0;
  if (!hasInputs) trainingSet.inputType = loadInputs(arena, names[0], inputs, samples);
  trainingSet.inputs = plan.setInputs;
  writeTargets(names[1], arena, trainingSet, plan.setTargets, targets, 0, samples);
  writeWeights(names[2], arena, trainingSet, plan.setWeights, weights, 0, samples);
  trainingSet.samples = samples;
}

/** Tells whether these arrays are later given again, unchanged. undefined: others may change them. */
export function sameArrays(arrays: Arrays): ((later: Arrays) => boolean) | undefined {
  const listOf = ({ inputs, targets, weights }: Arrays) => [inputs, targets, ...(weights ? [weights] : [])];
  const list = listOf(arrays);
  if (!list.every(isOwn)) return undefined;
  // prepared data that the user has dropped can be collected
  const refs = list.map((values) => new WeakRef<object>(values));
  return (later) => {
    const given = listOf(later);
    return given.length === refs.length && given.every((values, i) => values === refs[i].deref());
  };
}
