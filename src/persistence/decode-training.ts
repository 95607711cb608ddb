import { checkBoolean, checkInteger, checkName, checkObject, keysOf, outOfRange, wrongType } from '../check/errors.js';
import { type Optimizer, slotsOf } from '../spec/optimizer.js';
import { checkClockState } from '../spec/schedule.js';
import {
  type CallOptions,
  checkRun,
  type LbfgsPlace,
  type PartsPlace,
  type Place,
  type RunPlace,
  type SavedTraining,
  type StopperPlace,
} from '../training/place.js';
import type { SavedHeader } from './encode.js';

// Reads the part of a file that save({ training: true }) adds. It is checked as if a stranger had written it.

const MAX_WORD = 2 ** 32 - 1;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

const KEYS = {
  training: keysOf<SavedTraining>({
    steps: true,
    optimizerSteps: true,
    pairs: true,
    previousCost: true,
    momentumProduct: true,
    clock: true,
    hasFunction: true,
    slots: true,
    place: true,
  }),
  place: keysOf<Place>({
    options: true,
    epoch: true,
    run: true,
    parts: true,
    stopper: true,
    lbfgs: true,
    stopped: true,
  }),
  options: keysOf<CallOptions>({
    call: true,
    samples: true,
    data: true,
    stepRows: true,
    shuffle: true,
    ignoreNonFinite: true,
    slots: true,
    validation: true,
    earlyStopping: true,
    optimizer: true,
  }),
  run: keysOf<RunPlace>({ cost: true, position: true, learningRate: true, step: true }),
  step: keysOf<NonNullable<RunPlace['step']>>({ cost: true, sums: true }),
  parts: keysOf<PartsPlace>({ parts: true, samples: true, steps: true, cost: true, learningRate: true, data: true }),
  stopper: keysOf<StopperPlace>({ best: true, waited: true, bestEpoch: true, parameters: true }),
  lbfgs: keysOf<LbfgsPlace>({ cost: true, meanCost: true, leastCost: true, leastLength: true, idle: true }),
};

/** Checks the keys of an object. Its values remain to be checked. */
function objectAt<T>(where: string, value: unknown, keys: readonly (keyof T & string)[]): T {
  checkObject(where, value, keys);
  return value as T;
}

/** Checks a number. Infinities and NaN are strings in the file, because JSON does not have them. */
function numberAt(where: string, value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw wrongType(where, value, 'a number');
}

const wordAt = (where: string, value: unknown) => checkInteger(where, value, 0, MAX_WORD);
const countAt = (where: string, value: unknown) => checkInteger(where, value, 0, MAX_COUNT);

/**
 * Reads the "training" of a header: first the lengths of the arrays that follow the header, then, with these arrays,
 * the state.
 */
export class TrainingReader {
  /**
   * The lengths of the arrays, in the order of the file: the slots, the sums of a step in progress, the best epoch's
   * parameters.
   */
  readonly lengths: readonly number[];
  readonly #state: SavedTraining;

  constructor(value: unknown, { optimizer }: Pick<SavedHeader, 'optimizer'>, parameters: number) {
    const state = objectAt<SavedTraining>('load: training', value, KEYS.training);
    const slots: unknown = state.slots;
    const wanted = slotsOf(optimizer);
    if (!Array.isArray(slots) || slots.length !== wanted) {
      throw outOfRange('load: training.slots', Array.isArray(slots) ? `${slots.length}` : slots, `${wanted} lengths`);
    }
    const place = state.place === undefined ? undefined : checkPlace(state.place, optimizer);
    const arrays: unknown[] = [...slots];
    if (place?.run?.step) arrays.push(place.run.step.sums);
    if (place?.stopper?.parameters !== undefined) arrays.push(place.stopper.parameters);
    this.lengths = arrays.map((length) => checkInteger('load: length of an array', length, parameters, parameters));
    this.#state = {
      ...state,
      steps: wordAt('load: training.steps', state.steps),
      optimizerSteps: wordAt('load: training.optimizerSteps', state.optimizerSteps),
      pairs: wordAt('load: training.pairs', state.pairs),
      previousCost: numberAt('load: training.previousCost', state.previousCost),
      momentumProduct: numberAt('load: training.momentumProduct', state.momentumProduct),
      clock: checkClockState('load: training.clock', state.clock),
      hasFunction: checkBoolean('load: training.hasFunction', state.hasFunction),
      ...(place && { place }),
    };
  }

  read(arrays: readonly Float32Array[]): SavedTraining {
    const state = this.#state;
    let next = state.slots.length;
    const { place } = state;
    if (!place) return { ...state, slots: arrays };
    const { run, stopper } = place;
    return {
      ...state,
      slots: arrays.slice(0, next),
      place: {
        ...place,
        ...(run && { run: { ...run, ...(run.step && { step: { ...run.step, sums: arrays[next++] } }) } }),
        ...(stopper && {
          stopper: { ...stopper, ...(stopper.parameters !== undefined && { parameters: arrays[next] }) },
        }),
      },
    };
  }
}

function checkPlace(value: unknown, optimizer: Optimizer): Place {
  const where = 'load: place';
  const place = objectAt<Place>(where, value, KEYS.place);
  const options = checkOptions(`${where}.options`, place.options);
  // a call cannot change to an optimizer of another kind, whose slots would be missing
  if (options.optimizer) checkName(`${where}.options.optimizer.name`, options.optimizer.name, [optimizer.name]);
  const run = place.run === undefined ? undefined : readRun(`${where}.run`, place.run);
  if (run && options.samples !== undefined) checkRun(`${where}.run`, run, options.samples, options.stepRows);
  return {
    ...place,
    options,
    epoch: countAt(`${where}.epoch`, place.epoch),
    ...(run && { run }),
    ...(place.parts !== undefined && { parts: readParts(`${where}.parts`, place.parts) }),
    ...(place.stopper !== undefined && { stopper: readStopper(`${where}.stopper`, place.stopper) }),
    ...(place.lbfgs !== undefined && { lbfgs: readLbfgs(`${where}.lbfgs`, place.lbfgs) }),
    ...(place.stopped !== undefined && {
      stopped: checkName(`${where}.stopped`, place.stopped, ['earlyStopping', 'converged', 'stalled', 'callback']),
    }),
  };
}

function checkOptions(where: string, value: unknown): CallOptions {
  const options = objectAt<CallOptions>(where, value, KEYS.options);
  const { call, samples, data, stepRows, shuffle, ignoreNonFinite, slots, validation } = options;
  checkName(`${where}.call`, call, ['fit', 'trainFor', 'fitStream']);
  if (call !== 'fitStream') {
    checkInteger(`${where}.samples`, samples, 1, MAX_WORD);
    wordAt(`${where}.data`, data);
  }
  checkInteger(`${where}.stepRows`, stepRows, 1, MAX_COUNT);
  checkBoolean(`${where}.shuffle`, shuffle);
  checkBoolean(`${where}.ignoreNonFinite`, ignoreNonFinite);
  if (slots !== undefined) countAt(`${where}.slots`, slots);
  if (validation !== undefined) wordAt(`${where}.validation`, validation);
  return options;
}

function readRun(where: string, value: unknown): RunPlace {
  const run = objectAt<RunPlace>(where, value, KEYS.run);
  const { cost, position, learningRate } = run;
  const step =
    run.step === undefined ? undefined : objectAt<NonNullable<RunPlace['step']>>(`${where}.step`, run.step, KEYS.step);
  return {
    cost: numberAt(`${where}.cost`, cost),
    position: wordAt(`${where}.position`, position),
    learningRate: numberAt(`${where}.learningRate`, learningRate),
    ...(step && { step: { cost: numberAt(`${where}.step.cost`, step.cost), sums: step.sums } }),
  };
}

function readParts(where: string, value: unknown): PartsPlace {
  const parts = objectAt<PartsPlace>(where, value, KEYS.parts);
  if (parts.data !== undefined) wordAt(`${where}.data`, parts.data);
  return {
    ...parts,
    parts: countAt(`${where}.parts`, parts.parts),
    samples: countAt(`${where}.samples`, parts.samples),
    steps: countAt(`${where}.steps`, parts.steps),
    cost: numberAt(`${where}.cost`, parts.cost),
    learningRate: numberAt(`${where}.learningRate`, parts.learningRate),
  };
}

function readStopper(where: string, value: unknown): StopperPlace {
  const stopper = objectAt<StopperPlace>(where, value, KEYS.stopper);
  return {
    ...stopper,
    best: numberAt(`${where}.best`, stopper.best),
    waited: countAt(`${where}.waited`, stopper.waited),
    bestEpoch: countAt(`${where}.bestEpoch`, stopper.bestEpoch),
  };
}

function readLbfgs(where: string, value: unknown): LbfgsPlace {
  const place = objectAt<LbfgsPlace>(where, value, KEYS.lbfgs);
  const cost = numberAt(`${where}.cost`, place.cost);
  // files of 0.1.0 have no more than the costs
  const { leastCost = cost, leastLength = Number.POSITIVE_INFINITY, idle = 0 } = place;
  return {
    cost,
    meanCost: numberAt(`${where}.meanCost`, place.meanCost),
    leastCost: numberAt(`${where}.leastCost`, leastCost),
    leastLength: numberAt(`${where}.leastLength`, leastLength),
    idle: checkInteger(`${where}.idle`, idle, 0, MAX_WORD),
  };
}
