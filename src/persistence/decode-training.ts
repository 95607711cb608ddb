import {
  checkBoolean,
  checkInteger,
  checkIsObject,
  checkName,
  checkObject,
  keysOf,
  outOfRange,
  wrongType,
} from '../check/errors.js';
import type { Task } from '../data/task.js';
import { checkOptimizer, type Optimizer, slotsOf } from '../spec/optimizer.js';
import { checkClockState } from '../spec/schedule.js';
import { checkEarlyStopping } from '../training/early-stopping.js';
import {
  type CallOptions,
  checkRun,
  type LbfgsPlace,
  type PartsPlace,
  type Place,
  type SavedTraining,
  type StopperPlace,
  type TrainedEpoch,
} from '../training/place.js';
import { Resumption } from '../training/resumption.js';
import type { Trainer } from '../training/trainer.js';
import type { PlaceJson, TrainingJson } from './encode.js';
import type { Contents } from './read-sections.js';

// Reads the sections that save({ training: true }) adds to a file. They are checked as untrusted input.

const MAX_WORD = 2 ** 32 - 1;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

type RunJson = NonNullable<PlaceJson['run']>;
type StopperJson = NonNullable<PlaceJson['stopper']>;

const KEYS = {
  training: keysOf<TrainingJson>({
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
  place: keysOf<PlaceJson>({
    options: true,
    epoch: true,
    run: true,
    parts: true,
    trained: true,
    stopper: true,
    lbfgs: true,
    stopped: true,
    isOfVersion1: true,
  }),
  options: keysOf<CallOptions>({
    call: true,
    samples: true,
    data: true,
    stepRows: true,
    longSteps: true,
    shuffle: true,
    ignoreNonFinite: true,
    slots: true,
    validation: true,
    earlyStopping: true,
    optimizer: true,
  }),
  run: keysOf<RunJson>({ cost: true, position: true, learningRate: true, step: true }),
  step: keysOf<NonNullable<RunJson['step']>>({ cost: true }),
  parts: keysOf<PartsPlace>({ parts: true, samples: true, steps: true, cost: true, learningRate: true, data: true }),
  trained: keysOf<TrainedEpoch>({ cost: true, samples: true, learningRate: true, gradientLength: true, outcome: true }),
  stopper: keysOf<StopperJson>({ best: true, waited: true, bestEpoch: true, hasParameters: true }),
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

/** What the options of a call depend on. `task`: undefined if it is not decided. */
interface Learner {
  readonly task: Task | undefined;
  readonly outputs: number;
}

/** The state of a training, from a file of a network with `parameters` parameters. */
export function decodeTraining(
  contents: Contents,
  optimizer: Optimizer,
  parameters: number,
  learner: Learner,
): SavedTraining | undefined {
  if (!contents.has('training')) {
    checkArrays(contents, []);
    return undefined;
  }
  const json = objectAt<TrainingJson>('load: training', contents.json('training'), KEYS.training);
  const { slots } = json;
  // 0: all slots are still zeros and are not in the file
  if (slots !== 0 && slots !== slotsOf(optimizer)) {
    throw outOfRange('load: training.slots', slots, `0 or ${slotsOf(optimizer)} for ${optimizer.name}`);
  }
  const place = json.place === undefined ? undefined : checkPlace(json.place, optimizer, learner);
  checkArrays(contents, [
    ...(slots ? ['training.slots'] : []),
    ...(place?.run?.step ? ['training.sums'] : []),
    ...(place?.stopper?.hasParameters ? ['training.best'] : []),
  ]);
  const joined = slots ? contents.floats('training.slots', slots * parameters) : new Float32Array(0);
  return {
    steps: wordAt('load: training.steps', json.steps),
    optimizerSteps: wordAt('load: training.optimizerSteps', json.optimizerSteps),
    pairs: wordAt('load: training.pairs', json.pairs),
    previousCost: numberAt('load: training.previousCost', json.previousCost),
    momentumProduct: numberAt('load: training.momentumProduct', json.momentumProduct),
    clock: checkClockState('load: training.clock', json.clock),
    hasFunction: checkBoolean('load: training.hasFunction', json.hasFunction),
    slots: Array.from({ length: slots }, (_, slot) => joined.subarray(slot * parameters, (slot + 1) * parameters)),
    ...(place && { place: placeOf(place, contents, parameters) }),
  };
}

/** Restores a saved training in a network that already has its parameters and its optimizer. */
export function restoreTraining({ slots, place, hasFunction: _, ...counts }: SavedTraining, trainer: Trainer): void {
  trainer.state.counts = counts;
  trainer.state.writeSlots(slots);
  if (place) trainer.call.resumption = new Resumption(place, trainer.arena);
}

/** Checks that the file has exactly the arrays that the JSON of the training announces. */
function checkArrays(contents: Contents, wanted: readonly string[]): void {
  for (const name of contents.known.filter((each) => each.startsWith('training.'))) {
    if (contents.has(name) === wanted.includes(name)) continue;
    const [got, want] = contents.has(name) ? [`a section "${name}"`, 'none'] : [`no section "${name}"`, 'one'];
    throw outOfRange('load', got, `${want} for this training`);
  }
}

/** The place that the JSON describes, together with its arrays. */
function placeOf({ run, stopper, ...others }: PlaceJson, contents: Contents, parameters: number): Place {
  const array = (name: string) => contents.floats(name, parameters);
  return {
    ...others,
    ...(run && { run: { ...run, step: run.step && { ...run.step, sums: array('training.sums') } } }),
    ...(stopper && { stopper: stopperOf(stopper, stopper.hasParameters ? array('training.best') : undefined) }),
  };
}

function stopperOf({ hasParameters: _, ...stopper }: StopperJson, parameters: Float32Array | undefined): StopperPlace {
  return { ...stopper, ...(parameters && { parameters }) };
}

function checkPlace(value: unknown, optimizer: Optimizer, learner: Learner): PlaceJson {
  const where = 'load: place';
  const place = objectAt<PlaceJson>(where, value, KEYS.place);
  const options = checkOptions(`${where}.options`, place.options, learner);
  // a call cannot change to an optimizer of another kind, whose slots would be missing
  if (options.optimizer) checkName(`${where}.options.optimizer.name`, options.optimizer.name, [optimizer.name]);
  const run = place.run === undefined ? undefined : readRun(`${where}.run`, place.run);
  if (run && options.samples !== undefined) checkRun(`${where}.run`, run, { ...options, samples: options.samples });
  return {
    ...place,
    options,
    epoch: countAt(`${where}.epoch`, place.epoch),
    ...(run && { run }),
    ...(place.parts !== undefined && { parts: readParts(`${where}.parts`, place.parts) }),
    ...(place.trained !== undefined && { trained: readTrained(`${where}.trained`, place.trained, options) }),
    ...(place.stopper !== undefined && { stopper: readStopper(`${where}.stopper`, place.stopper, place.epoch) }),
    ...(place.lbfgs !== undefined && { lbfgs: readLbfgs(`${where}.lbfgs`, place.lbfgs) }),
    ...(place.stopped !== undefined && {
      stopped: checkName(`${where}.stopped`, place.stopped, [
        'earlyStopping',
        'stopAt',
        'converged',
        'stalled',
        'callback',
      ]),
    }),
  };
}

function checkOptions(where: string, value: unknown, { task, outputs }: Learner): CallOptions {
  const options = objectAt<CallOptions>(where, value, KEYS.options);
  const {
    call,
    samples,
    data,
    stepRows,
    longSteps,
    shuffle,
    ignoreNonFinite,
    slots,
    validation,
    earlyStopping,
    optimizer,
  } = options;
  checkName(`${where}.call`, call, ['fit', 'trainFor', 'fitStream']);
  if (call !== 'fitStream') {
    checkInteger(`${where}.samples`, samples, 1, MAX_WORD);
    wordAt(`${where}.data`, data);
  }
  checkInteger(`${where}.stepRows`, stepRows, 1, MAX_COUNT);
  if (longSteps !== undefined) {
    checkInteger(`${where}.longSteps`, longSteps, 1, MAX_WORD);
    checkInteger(`${where}.stepRows`, stepRows, 2, MAX_COUNT);
  }
  checkBoolean(`${where}.shuffle`, shuffle);
  checkBoolean(`${where}.ignoreNonFinite`, ignoreNonFinite);
  if (slots !== undefined) countAt(`${where}.slots`, slots);
  if (validation !== undefined) wordAt(`${where}.validation`, validation);
  if (earlyStopping !== undefined) checkEarlyStopping(`${where}.earlyStopping`, earlyStopping, task, outputs);
  // a file cannot hold a learning rate that is a function
  if (optimizer !== undefined) {
    checkIsObject(`${where}.optimizer`, optimizer);
    const rated = { ...optimizer, learningRate: optimizer.learningRate ?? 1 } as Optimizer;
    checkOptimizer(rated, `${where}.optimizer`);
  }
  return options;
}

function readRun(where: string, value: unknown): RunJson {
  const { cost, position, learningRate, step } = objectAt<RunJson>(where, value, KEYS.run);
  return {
    cost: numberAt(`${where}.cost`, cost),
    position: wordAt(`${where}.position`, position),
    learningRate: numberAt(`${where}.learningRate`, learningRate),
    ...(step !== undefined && { step: readStep(`${where}.step`, step) }),
  };
}

function readStep(where: string, value: unknown): RunJson['step'] {
  const { cost } = objectAt<NonNullable<RunJson['step']>>(where, value, KEYS.step);
  return { cost: numberAt(`${where}.cost`, cost) };
}

function readTrained(where: string, value: unknown, { call, samples: all }: CallOptions): TrainedEpoch {
  const { cost, samples, learningRate, gradientLength, outcome } = objectAt<TrainedEpoch>(where, value, KEYS.trained);
  if (call !== 'fit') throw outOfRange(where, `one of ${call}`, 'one of fit');
  return {
    cost: numberAt(`${where}.cost`, cost),
    samples: checkInteger(`${where}.samples`, samples, 1, all as number),
    learningRate: numberAt(`${where}.learningRate`, learningRate),
    ...(gradientLength !== undefined && { gradientLength: numberAt(`${where}.gradientLength`, gradientLength) }),
    ...(outcome !== undefined && {
      outcome: checkName(`${where}.outcome`, outcome, ['converged', 'stalled'] as const),
    }),
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

/** `epochs`: the number of epochs done. */
function readStopper(where: string, value: unknown, epochs: number): StopperJson {
  const { best, waited, bestEpoch, hasParameters } = objectAt<StopperJson>(where, value, KEYS.stopper);
  const least = numberAt(`${where}.best`, best);
  // no later epoch would count as better than NaN
  if (Number.isNaN(least)) throw outOfRange(`${where}.best`, best, 'a number, or an infinity');
  return {
    best: least,
    waited: checkInteger(`${where}.waited`, waited, 0, epochs),
    bestEpoch: checkInteger(`${where}.bestEpoch`, bestEpoch, 0, Math.max(epochs - 1, 0)),
    hasParameters: checkBoolean(`${where}.hasParameters`, hasParameters),
  };
}

function readLbfgs(where: string, value: unknown): LbfgsPlace {
  const place = objectAt<LbfgsPlace>(where, value, KEYS.lbfgs);
  const cost = numberAt(`${where}.cost`, place.cost);
  // older files lack these three
  const { leastCost = cost, leastLength = Number.POSITIVE_INFINITY, idle = 0 } = place;
  return {
    cost,
    meanCost: numberAt(`${where}.meanCost`, place.meanCost),
    leastCost: numberAt(`${where}.leastCost`, leastCost),
    leastLength: numberAt(`${where}.leastLength`, leastLength),
    idle: checkInteger(`${where}.idle`, idle, 0, MAX_WORD),
  };
}
