import { checkCallback, checkInteger, checkObject, keysOf, outOfRange } from './check/errors.js';
import { checkData, type DataSet } from './data/data-set.js';
import { checkStratify, foldsOf, pick } from './data/split.js';
import type { Evaluation } from './model/evaluate.js';
import { NETWORK_KEYS, Network, type NetworkOptions } from './network.js';
import { checkSpec } from './spec/spec.js';
import { TRAIN_KEYS, type TrainOptions } from './training/options.js';
import type { EpochReport } from './training/reports.js';

/** The options of `fit`, but for the validation, which is each fold in turn. */
export interface CrossValidationOptions extends Omit<TrainOptions, 'validation' | 'validationSplit'> {
  /** Default 5. */
  folds?: number;
  /** The same share of each label's samples in each fold. Default false. */
  stratify?: boolean;
  /** Called after each fold. */
  onFold?: (report: FoldReport) => void;
}

const OWN_KEYS = keysOf<Omit<CrossValidationOptions, keyof TrainOptions>>({
  folds: true,
  stratify: true,
  onFold: true,
});

export interface FoldReport {
  /** Counted from 0. */
  fold: number;
  epochs: EpochReport[];
  /** Of the trained network, on the fold it was not trained on. */
  validation: Evaluation;
}

export interface CrossValidation {
  folds: FoldReport[];
  /** Means and standard deviations over the folds. */
  cost: number;
  costDeviation: number;
  accuracy: number;
  accuracyDeviation: number;
}

/**
 * Trains `folds` networks of the same options, each on all samples but those of one fold, which it is evaluated on: every sample is
 * validated with once. Which sample is in which fold is drawn from the seed.
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
      const validation = pick(checked, foldOf, fold, spec);
      const others = pick(checked, foldOf, fold, spec, true);
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

/** Mean and standard deviation, with n - 1: the folds are a sample. */
function summarize(values: number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
