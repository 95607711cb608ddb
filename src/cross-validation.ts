import {
  advise,
  checkCallback,
  checkInteger,
  checkObject,
  counted,
  keysOf,
  outOfRange,
  wrongType,
} from './check/errors.js';
import { isPromise } from './check/promises.js';
import { type CheckedData, checkData, checkIsData, type DataSet, ownData } from './data/data-set.js';
import { preparationOf } from './data/inputs.js';
import type { SampleKeys } from './data/keys.js';
import { pick } from './data/pick.js';
import { foldsOf } from './data/split.js';
import { checkNamedTask, checkScaledTask, checkTask, type Goal, goalGiven, settleGoal } from './data/task.js';
import { type Evaluation, type MetricNumbers, metricsOf } from './model/metrics.js';
import { NETWORK_KEYS, Network, type NetworkOptions } from './network.js';
import { checkClassNames, checkNames, classCountOf, namesFor } from './spec/names.js';
import { checkSpec, outputsOf, type Spec } from './spec/spec.js';
import type { History } from './training/history.js';
import { checkStandardize, TRAIN_KEYS, type TrainOptions, takeOptions } from './training/options.js';

/**
 * Options of `crossValidate`: those of `fit`, except for validation data, since every fold serves as validation data
 * once.
 */
export interface CrossValidationOptions extends Omit<TrainOptions, 'validation' | 'validationSplit'> {
  /**
   * The number of folds, an integer from 2 to the number of samples.
   * @defaultValue `5`
   */
  folds?: number | undefined;
  /**
   * true: each fold has the same share of each class's samples, as nearly as possible. The networks must then learn
   * classes. Or [samples] values, which then count as the classes, for any network. A class of one sample is refused,
   * because it cannot be in two folds.
   * @defaultValue `false`
   */
  stratify?: boolean | SampleKeys | undefined;
  /**
   * [samples] values, such as the patient of each: all samples with the same value are in the same fold. The folds are
   * as equal as whole groups allow.
   * @defaultValue none
   */
  group?: SampleKeys | undefined;
  /**
   * Called after each fold. A promise that it returns is awaited; if it rejects, so does `crossValidate`.
   * @defaultValue none
   */
  onFold?: ((report: FoldReport) => unknown) | undefined;
}

const OWN_KEYS = keysOf<Omit<CrossValidationOptions, keyof TrainOptions>>({
  folds: true,
  stratify: true,
  group: true,
  onFold: true,
});

/** The result of one fold. */
export interface FoldReport {
  /** The number of the fold, counted from 0. */
  fold: number;
  /** The history of training on all other folds. */
  history: History;
  /** The evaluation of the trained network on this fold, with `rocAuc` unless the network learns numbers. */
  validation: Evaluation;
}

/** The results of all folds. */
export interface CrossValidation {
  /** The result of each fold, in the order of their numbers. */
  folds: FoldReport[];
  /** Means over the folds of the validation. */
  mean: MetricNumbers;
  /** Standard deviations over the folds of the validation: the sum of squares is divided by n - 1. */
  deviation: MetricNumbers;
}

/**
 * k-fold cross-validation (Geisser, 1975): trains `folds` networks with the same options, each on all samples except
 * those of one fold, and evaluates it on that fold. Each sample is thus used once for validation. The network's seed
 * determines which sample is in which fold. The data are copied at the call.
 *
 * @param network the options of `Network.create`: each fold has a new network
 * @param data the samples
 * @param options how to train, and the folds
 * @returns the results of all folds, and their means and standard deviations
 * @throws TypeError or RangeError for wrong arguments; the errors of `fit`
 *
 * @example
 * import { crossValidate } from 'simdprop/cross-validation';
 *
 * const inputs = Array.from({ length: 40 }, (_, i) => [i]);
 * const data = { inputs, targets: inputs.map(([x]) => Number(x > 20)) };
 * const network = { inputs: 1, layers: [{ units: 1 }], seed: 1 };
 * const { folds, mean } = await crossValidate(network, data, { folds: 4, standardize: true });
 * console.log(folds.length, mean.accuracy > 0.9); // 4 true
 */
export function crossValidate(
  network: NetworkOptions,
  data: DataSet,
  options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  return validateFolds(network, data, options).catch(advise);
}

async function validateFolds(
  network: NetworkOptions,
  data: DataSet,
  options: CrossValidationOptions,
): Promise<CrossValidation> {
  if (network instanceof Network) throw wrongType('network', network, 'the options of create: each fold has a new one');
  checkObject('network', network, NETWORK_KEYS);
  checkIsData('data', data);
  const networkOptions = { ...network };
  const spec = checkSpec(networkOptions);
  const { task, classes, columns } = networkOptions;
  const names = {
    classes: checkClassNames('network.classes', classes, classCountOf(outputsOf(spec), task)),
    columns: checkNames('network.columns', columns, spec.inputs),
  };
  const named = { spec, names };
  const { folds = 5, stratify, group, onFold, ...training } = takeOptions(options, [...OWN_KEYS, ...TRAIN_KEYS], named);
  const standardized = checkStandardize('options.standardize', training.standardize, spec);
  const checked = checkData(
    'data',
    ownData('data', data, named),
    preparationOf({ ...named, standardization: undefined, targetScale: undefined }, standardized),
  );
  checkInteger('options.folds', folds, 2, 2 ** 31 - 1);
  if (folds > checked.samples)
    throw outOfRange('options.folds', folds, `at most one for each of ${counted(checked.samples, 'sample')}`);
  const goal = goalOf(networkOptions, checked, spec);
  if (standardized.targets) checkScaledTask('options.standardize', goal.task);
  const allNames = namesFor('data', checked.given ?? {}, names);
  checkNamedTask('data.classes', allNames.classes, goal.task, spec);
  checkCallback('options.onFold', onFold);
  for (const name of ['validation', 'validationSplit'] as const) {
    if ((training as TrainOptions)[name] !== undefined)
      throw new TypeError(`options.${name}: got one, want none: each fold serves as validation data once`);
  }
  const nameOf = (option: string) => `options.${option}`;
  const foldOf = foldsOf(checked, folds, { stratify, group }, nameOf, { spec, goal, classes: allNames.classes });
  const reports: FoldReport[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const net = await Network.create({ ...networkOptions, ...allNames });
    try {
      const validation = pick(checked, (sample) => foldOf[sample] === fold, spec);
      const others = pick(checked, (sample) => foldOf[sample] !== fold, spec);
      const held = dataOf(validation);
      const history = await net.fit(dataOf(others), { ...training, validation: held });
      const { signal } = training;
      const evaluation = await net.evaluate(held, { rocAuc: goal.task !== 'numbers', signal });
      const report: FoldReport = { fold, history, validation: evaluation };
      reports.push(report);
      const answer = onFold?.(report);
      if (isPromise(answer)) await answer;
    } finally {
      net.dispose();
    }
  }
  return { folds: reports, ...summarize(reports.map(({ validation }) => validation)) };
}

const dataOf = ({ inputs, targets, weights }: Pick<CheckedData, 'inputs' | 'targets' | 'weights'>): DataSet => ({
  inputs,
  targets,
  ...(weights && { weights }),
});

/** The task of the networks of all folds. Each of them gets all targets, some for training and some for validation. */
function goalOf({ task }: NetworkOptions, { targets }: CheckedData, spec: Spec): Goal {
  const given = task === undefined ? undefined : checkTask('network.task', task, spec);
  return settleGoal(goalGiven(given, spec), { 'data.targets': targets }, spec);
}

/** Means and standard deviations of each metric that is a single number. The sums of squares are divided by n - 1. */
function summarize(evaluations: readonly Evaluation[]): Pick<CrossValidation, 'mean' | 'deviation'> {
  const mean: Partial<MetricNumbers> = {};
  const deviation: Partial<MetricNumbers> = {};
  const [{ task }] = evaluations;
  for (const metric of metricsOf(task)) {
    const values = evaluations.map((evaluation) => evaluation[metric]);
    if (!values.every((value) => value !== undefined)) continue;
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
    mean[metric] = average;
    deviation[metric] = Math.sqrt(squares / (values.length - 1));
  }
  return { mean: mean as MetricNumbers, deviation: deviation as MetricNumbers };
}
