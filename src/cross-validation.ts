import { checkCallback, checkInteger, checkObject, keysOf, outOfRange } from './check/errors.js';
import { checkData, type DataSet } from './data/data-set.js';
import { checkStratify, foldsOf, pick } from './data/split.js';
import type { Evaluation } from './model/evaluate.js';
import { NETWORK_KEYS, Network, type NetworkOptions } from './network.js';
import { checkSpec } from './spec/spec.js';
import { TRAIN_KEYS, type TrainOptions } from './training/options.js';
import type { EpochReport } from './training/reports.js';

/**
 * Options of `crossValidate`: those of `fit`, except for validation data, since every fold serves as validation data
 * once.
 */
export interface CrossValidationOptions extends Omit<TrainOptions, 'validation' | 'validationSplit'> {
  /** The number of folds, an integer from 2 to the number of samples. Default 5. */
  folds?: number;
  /**
   * true: each fold has the same share of each label's samples, as nearly as possible. Targets must then be labels.
   * Default false.
   */
  stratify?: boolean;
  /** Called after each fold. */
  onFold?: (report: FoldReport) => void;
}

const OWN_KEYS = keysOf<Omit<CrossValidationOptions, keyof TrainOptions>>({
  folds: true,
  stratify: true,
  onFold: true,
});

/** The result of one fold. */
export interface FoldReport {
  /** The number of the fold, counted from 0. */
  fold: number;
  /** The reports of training on all other folds. */
  epochs: EpochReport[];
  /** The evaluation of the trained network on this fold. */
  validation: Evaluation;
}

/** The results of all folds. */
export interface CrossValidation {
  folds: FoldReport[];
  /** Mean over the folds of the validation cost. */
  cost: number;
  /** Standard deviation over the folds of the validation cost: the sum of squares is divided by n - 1. */
  costDeviation: number;
  /** Mean over the folds of the validation accuracy. */
  accuracy: number;
  /** Standard deviation over the folds of the validation accuracy: the sum of squares is divided by n - 1. */
  accuracyDeviation: number;
}

/**
 * k-fold cross-validation (Geisser, 1975): trains `folds` networks with the same options, each on all samples except
 * those of one fold, and evaluates it on that fold. Each sample is thus used once for validation. The network's seed
 * determines which sample is in which fold. Throws a TypeError or RangeError if an argument is wrong, and what `fit`
 * throws.
 */
export async function crossValidate(
  network: NetworkOptions,
  data: DataSet,
  options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  checkObject('network', network, NETWORK_KEYS);
  checkObject('options', options, [...OWN_KEYS, ...TRAIN_KEYS]);
  const { folds = 5, stratify = false, onFold, ...training } = options;
  const spec = checkSpec(network);
  const checked = checkData('data', data, spec);
  checkInteger('options.folds', folds, 2, 2 ** 31 - 1);
  if (folds > checked.samples)
    throw outOfRange('options.folds', folds, `at most one for each of ${checked.samples} samples`);
  checkStratify('options.stratify', stratify, checked);
  checkCallback('options.onFold', onFold);
  for (const name of ['validation', 'validationSplit'] as const) {
    if ((training as TrainOptions)[name] !== undefined)
      throw new TypeError(`options.${name}: got one, want none: each fold is validated with in turn`);
  }
  const foldOf = foldsOf(checked, folds, stratify, spec.seed);
  const reports: FoldReport[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const net = await Network.create(network);
    try {
      const validation = pick(checked, (sample) => foldOf[sample] === fold, spec);
      const others = pick(checked, (sample) => foldOf[sample] !== fold, spec);
      const { samples: _samples, ...held } = validation;
      const { samples: _trained, ...rest } = others;
      const epochs = await net.fit(rest, { ...training, validation: held });
      const report: FoldReport = { fold, epochs, validation: net.evaluate(held) };
      reports.push(report);
      onFold?.(report);
    } finally {
      net.dispose();
    }
  }
  const costs = summarize(reports.map(({ validation }) => validation.cost));
  const accuracies = summarize(reports.map(({ validation }) => validation.accuracy));
  return {
    folds: reports,
    cost: costs.mean,
    costDeviation: costs.deviation,
    accuracy: accuracies.mean,
    accuracyDeviation: accuracies.deviation,
  };
}

/** Mean and standard deviation of a sample: the sum of squares is divided by n - 1. */
function summarize(values: number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
