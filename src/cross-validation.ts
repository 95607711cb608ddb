/**
 * k-fold cross-validation: as many networks as there are folds, trained and evaluated.
 *
 * @module
 */

import { advise, checkCallback, checkNoMore, keysOf } from './check/errors.js';
import { isPromise } from './check/promises.js';
import type { DataSet } from './data/data-set.js';
import type { SampleKeys } from './data/keys.js';
import type { Evaluation, MetricNumbers } from './model/metrics.js';
import { Network, type NetworkOptions } from './network.js';
import { checkExperiment, metricsIn, summarize, trainAndEvaluate } from './search/experiment.js';
import { dealFolds, partsOfFold } from './search/folds.js';
import type { History } from './training/history.js';
import type { TrainOptions } from './training/options.js';

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
  none?: undefined,
): Promise<CrossValidation> {
  return validateFolds(network, data, options, none).catch(advise);
}

async function validateFolds(
  network: NetworkOptions,
  data: DataSet,
  options: CrossValidationOptions,
  none: undefined,
): Promise<CrossValidation> {
  checkNoMore('crossValidate', 4, none);
  const experiment = checkExperiment(network, data, options, OWN_KEYS);
  const { folds = 5, stratify, group, onFold, ...training } = experiment.options;
  const { data: checked, spec, goal } = experiment;
  checkCallback('options.onFold', onFold);
  for (const name of ['validation', 'validationSplit'] as const) {
    if ((training as TrainOptions)[name] !== undefined)
      throw new TypeError(`options.${name}: got one, want none: each fold serves as validation data once`);
  }
  const foldOf = dealFolds(experiment, { folds, stratify, group });
  const reports: FoldReport[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const net = await Network.create(experiment.network);
    try {
      const parts = partsOfFold(checked, foldOf, fold, spec);
      const report: FoldReport = { fold, ...(await trainAndEvaluate(net, parts, [training], goal, true)) };
      reports.push(report);
      const answer = onFold?.(report);
      if (isPromise(answer)) await answer;
    } finally {
      net.dispose();
    }
  }
  return { folds: reports, ...summarize(reports.map(({ validation }) => metricsIn(validation))) };
}
