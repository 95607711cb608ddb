import {
  checkCallback,
  checkFinite,
  checkFraction,
  checkInteger,
  checkName,
  checkNotNegative,
  checkObject,
  counted,
  keysOf,
  orDefault,
  outOfRange,
  wrongType,
} from '../check/errors.js';
import { CORE_KEYS, type CoreOptions } from '../core/core-options.js';
import type { DataSet } from '../data/data-set.js';
import { HOLD_BACK_KEYS } from '../data/parts.js';
import type { SampleWeights } from '../data/targets.js';
import { TASKS, type Task } from '../data/task.js';
import { ACTIVATIONS } from '../spec/activations.js';
import type { ActivationName } from '../spec/network-options.js';
import { adam, checkOptimizer, isFullBatch, type Optimizer } from '../spec/optimizer.js';
import type { EncoderOptions } from '../tables/encoder-options.js';
import type { HoldBackOptions } from '../tables/split.js';
import { Table } from '../tables/table.js';
import { copyOfOption, type TrainOptions } from '../training/options.js';
import { checkMetric, type ModelMetric } from './model-metric.js';

/** Options of `TableModel.fit`. Only `target` must be given. */
export interface TableModelOptions
  extends Omit<EncoderOptions, 'target'>,
    Pick<
      TrainOptions,
      'batchSize' | 'classWeights' | 'stopAt' | 'trainingMetrics' | 'signal' | 'onEpoch' | 'onBatch' | 'onProgress'
    > {
  /** The column, or columns, to be learned. */
  target: string | readonly string[];
  /**
   * What is learned. `'classes'` also takes a column of numbers, each of which is then a class.
   * @defaultValue what follows from the columns: one category or boolean is `'classes'`, several booleans are
   *   `'labels'`, and numbers are `'numbers'`; numbers that are all 0 or 1 count as booleans, and a single column of
   *   only -1 and 1 as classes
   */
  task?: Task | undefined;
  /**
   * The rule by which a training step changes the weights, which also has the learning rate.
   * @defaultValue `adam({ learningRate: 0.015 })`
   */
  optimizer?: Optimizer | undefined;
  /**
   * The widths of the hidden layers; `[]`: none.
   * @defaultValue `[64]`
   */
  hidden?: readonly number[] | undefined;
  /**
   * The activation of the hidden layers.
   * @defaultValue `'tanh'`
   */
  activation?: ActivationName | undefined;
  /**
   * The share of the hidden activations that is dropped in training: see `LayerOptions`.
   * @defaultValue `0`
   */
  dropout?: number | undefined;
  /**
   * λ of the L2 term: see `NetworkOptions`.
   * @defaultValue `0.5`
   */
  l2?: number | undefined;
  /**
   * The most passes over the training rows.
   * @defaultValue as many as make 2000 steps, without validation 200 steps, and at least 20
   */
  epochs?: number | undefined;
  /**
   * The rows that decide when training ends: some of the training rows, which are then held back, or rows of their own,
   * as a table or as records. A number is a share of the training rows, above 0 and below 1, or their number, from 1
   * up; they are drawn with the seed, and with the same share of each class. `{ share: 0.2, group: 'patient' }` holds
   * back whole groups, `{ share: 0.2, from: 'end' }` the last rows: see `HoldBackOptions`. The encoder of the inputs is
   * fitted without the rows that are held back; their classes are known. false: none, and training has all its epochs.
   * @defaultValue 0.2; false for fewer than 20 rows
   */
  validation?: number | HoldBackOptions | false | Table | readonly object[] | undefined;
  /**
   * The weights of the rows, each 0 or more: the name of a column of numbers, which is then no input, or [rows]
   * numbers. The cost of a row is multiplied by its weight; a row of weight 0 counts nowhere, as if it had been left
   * out. Rows that are held back keep their weights; validation rows of their own have those of the column, if they
   * have it.
   * @defaultValue 1 for each row
   */
  weights?: string | SampleWeights | undefined;
  /**
   * The number that is watched, from the evaluation of the validation rows: `'cost'`, or a metric of the task that is a
   * single number, such as `'accuracy'`, `'rocAuc'` or `'r2'`.
   * @defaultValue `'cost'`
   */
  monitor?: ModelMetric | undefined;
  /**
   * The number of epochs without a better `monitor` that ends training. The model gets the weights of its best epoch.
   * @defaultValue as many as make 100 steps, and at least 5
   */
  patience?: number | undefined;
  /**
   * The seed of every random number. An integer from 0 to 2^53 - 1.
   * @defaultValue `0`
   */
  seed?: number | undefined;
  /**
   * How the network runs, such as `{ threads: 2 }`: see `NetworkOptions`.
   * @defaultValue the defaults of `Network.create`
   */
  network?: CoreOptions | undefined;
}

const KEYS = keysOf<TableModelOptions>({
  inputs: true,
  target: true,
  encodings: true,
  missing: true,
  markMissing: true,
  rare: true,
  task: true,
  hidden: true,
  activation: true,
  dropout: true,
  l2: true,
  optimizer: true,
  batchSize: true,
  epochs: true,
  validation: true,
  patience: true,
  monitor: true,
  weights: true,
  classWeights: true,
  stopAt: true,
  trainingMetrics: true,
  seed: true,
  network: true,
  signal: true,
  onEpoch: true,
  onBatch: true,
  onProgress: true,
});

const OPTIONS_WANTED = "an object such as { target: 'species' }";

const WIDEST = 65_536;
const MOST_HIDDEN = 1023;

const ACTIVATIONS_OF_HIDDEN = (Object.keys(ACTIVATIONS) as ActivationName[]).filter((name) => name !== 'softmax');

/** Options of training that are passed on to `fit` as they are. */
const PASSED = [
  'batchSize',
  'classWeights',
  'stopAt',
  'trainingMetrics',
  'signal',
  'onEpoch',
  'onBatch',
  'onProgress',
] as const satisfies readonly (keyof TrainOptions)[];

type Passed = Pick<TrainOptions, 'optimizer' | (typeof PASSED)[number]>;

/** Checked options that say how a model is trained, with all defaults. */
export interface ModelPlan {
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  readonly dropout: number;
  readonly l2: number;
  readonly epochs: number | undefined;
  readonly validation: TableModelOptions['validation'];
  readonly patience: number | undefined;
  readonly monitor: ModelMetric | undefined;
  readonly weights: TableModelOptions['weights'];
  readonly seed: number;
  readonly task: Task | undefined;
  readonly encoder: EncoderOptions;
  readonly network: CoreOptions;
  readonly passed: Passed;
}

/**
 * Checks all options that do not need the table, and copies them. The rest is checked by the calls that they are passed
 * on to.
 */
export function checkModelOptions(options: TableModelOptions): ModelPlan {
  checkObject('options', options, KEYS, OPTIONS_WANTED);
  const { target, inputs, encodings, missing, markMissing, rare } = options;
  if (target === undefined) throw wrongType('options.target', target, 'the name of the column to be learned');
  if (Array.isArray(target) && target.length > WIDEST) {
    throw outOfRange('options.target', target, `at most ${WIDEST} columns`);
  }
  const { task, hidden = HIDDEN, activation = ACTIVATION, dropout = 0, l2 = L2 } = options;
  const { epochs, validation, patience, monitor, weights, seed = 0, network, optimizer, stopAt } = options;
  if (network !== undefined) checkObject('options.network', network, CORE_KEYS);
  for (const name of ['onEpoch', 'onBatch', 'onProgress'] as const) checkCallback(`options.${name}`, options[name]);
  if (stopAt !== undefined) checkFinite('options.stopAt', stopAt);
  for (const name of ['batchSize', 'epochs', 'patience'] as const) {
    if (options[name] !== undefined) checkInteger(`options.${name}`, options[name], 1, 2 ** 31 - 1);
  }
  if (validation === false) refuseStopping(options, 'one without validation', 'none, or rows for validation');
  for (const name of ['activation', 'dropout'] as const) {
    if (options[name] === undefined || checkHidden(hidden).length > 0) continue;
    throw outOfRange(`options.${name}`, `${name} without a hidden layer`, 'none, or options.hidden');
  }
  return {
    hidden: checkHidden(hidden),
    activation: checkName('options.activation', activation, ACTIVATIONS_OF_HIDDEN),
    dropout: checkFraction('options.dropout', dropout),
    l2: checkNotNegative('options.l2', l2),
    epochs,
    validation: checkValidation(validation),
    patience,
    monitor,
    weights,
    seed: checkInteger('options.seed', seed, 0, Number.MAX_SAFE_INTEGER),
    task: task === undefined ? undefined : checkName('options.task', task, TASKS),
    encoder: { target, inputs, encodings, missing, markMissing, rare },
    network: { ...network },
    passed: {
      ...(optimizer !== undefined && { optimizer: checkOptimizer(optimizer, 'options.optimizer') }),
      ...Object.fromEntries(PASSED.map((name) => [name, copyOfOption(options[name])])),
    },
  };
}

/** Refuses the options that only say when validation rows end training. */
function refuseStopping(options: Pick<TableModelOptions, 'patience' | 'monitor'>, got: string, wanted: string): void {
  const unused = (['patience', 'monitor'] as const).find((name) => options[name] !== undefined);
  if (unused) throw outOfRange(`options.${unused}`, got, wanted);
}

function checkHidden(hidden: unknown): readonly number[] {
  const wanted = 'an array of the widths of the hidden layers, such as [32, 16]';
  if (!Array.isArray(hidden)) throw wrongType('options.hidden', hidden, wanted);
  if (hidden.length > MOST_HIDDEN) throw outOfRange('options.hidden', hidden, `at most ${MOST_HIDDEN} widths`);
  return Array.from(hidden, (units, l) => checkInteger(`options.hidden[${l}]`, units, 1, WIDEST));
}

function checkValidation(validation: unknown): TableModelOptions['validation'] {
  if (validation === undefined || validation === false || typeof validation === 'number') return validation;
  if (validation instanceof Table || Array.isArray(validation)) return validation;
  const wanted = 'a share, a number of rows, an object such as { share: 0.2 }, a Table, an array of objects, or false';
  checkObject('options.validation', validation, HOLD_BACK_KEYS, wanted);
  return { ...validation };
}

/** The rows of their own that decide when training ends. */
export type ValidationRows = Table | readonly object[];

export const areRows = (validation: TableModelOptions['validation']): validation is ValidationRows =>
  validation instanceof Table || Array.isArray(validation);

// The defaults. `npm run bench:model-defaults` measures them, and docs/model.md has its figures.

const HIDDEN = [64];
const ACTIVATION = 'tanh';
const L2 = 0.5;
const LEARNING_RATE = 0.015;
const BATCH_SIZE = 32;
/** SHARE of the rows decide when training ends. Tables of fewer than LEAST_ROWS rows are too small for that. */
const SHARE = 0.2;
const LEAST_ROWS = 20;
/**
 * By default, epochs have at most this many steps, with validation and without, but there are at least LEAST_EPOCHS.
 */
const STEPS = 2000;
const STEPS_WITHOUT_VALIDATION = 200;
const LEAST_EPOCHS = 20;
/**
 * By default, training ends after this many steps without improvement, but after no fewer epochs than LEAST_PATIENCE.
 */
const PATIENCE_STEPS = 100;
const LEAST_PATIENCE = 5;

/** The share that is held back of this number of training rows by default. */
export const defaultShareOf = (rows: number): number | false => (rows < LEAST_ROWS ? false : SHARE);

/** The options of `fit` for this number of training rows. `validation`: the rows that decide when training ends. */
export function trainingOf(
  { epochs, patience, monitor, passed }: ModelPlan,
  rows: number,
  task: Task,
  validation: DataSet | undefined,
): TrainOptions {
  const { optimizer = adam({ learningRate: LEARNING_RATE }) } = passed;
  if (!validation) {
    const wanted = `none, or options.validation: of fewer than ${counted(LEAST_ROWS, 'row')} none are held back by default`;
    refuseStopping({ patience, monitor }, `one for ${counted(rows, 'row')}`, wanted);
  }
  const batchSize = passed.batchSize ?? (isFullBatch(optimizer) ? rows : BATCH_SIZE);
  const epochsWith = (steps: number, least: number) =>
    Math.max(least, Math.ceil((steps * Math.min(batchSize, rows)) / rows));
  const isStopped = validation !== undefined;
  return {
    ...passed,
    optimizer,
    // without validation, nothing ends training early, so it must be shorter
    epochs: epochs ?? epochsWith(isStopped ? STEPS : STEPS_WITHOUT_VALIDATION, LEAST_EPOCHS),
    standardize: task === 'numbers' ? 'targets' : false,
    validation,
    earlyStopping: isStopped
      ? {
          patience: patience ?? epochsWith(PATIENCE_STEPS, LEAST_PATIENCE),
          monitor: checkMetric('options.monitor', orDefault(monitor, 'cost'), task),
        }
      : undefined,
  };
}
