import { checkData } from './data.js';
import { checkInteger, outOfRange } from './errors.js';
import { Network } from './index.js';
import { checkSpec } from './spec.js';
import { checkStratify, foldsOf, pick } from './split.js';
import type { CrossValidation, CrossValidationOptions, DataSet, FoldReport, NetworkOptions } from './types.js';

export type { CrossValidation, CrossValidationOptions, FoldReport };

/**
 * Trains `folds` networks of the same options, each on all samples but those of one fold, which it is evaluated on: every sample is
 * validated with once. Which sample is in which fold is drawn from the seed.
 */
export async function crossValidate(
  options: NetworkOptions,
  data: DataSet,
  { folds = 5, stratify = false, onFold, ...training }: CrossValidationOptions = {},
): Promise<CrossValidation> {
  const { batchSize: _rows, build: _build, wasm: _wasm, ...specOptions } = options;
  const spec = checkSpec(specOptions);
  const checked = checkData('data', data, spec);
  checkInteger('options.folds', folds, 2, 2 ** 31 - 1);
  if (folds > checked.samples)
    throw outOfRange('options.folds', folds, `at most one for each of ${checked.samples} samples`);
  checkStratify('options.stratify', stratify, checked);
  for (const name of ['validation', 'validationSplit'] as const) {
    if (name in training)
      throw new TypeError(`options.${name}: got one, want none: each fold is validated with in turn`);
  }
  const foldOf = foldsOf(checked, folds, stratify, spec.seed);
  const reports: FoldReport[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const network = await Network.create(options);
    try {
      const validation = pick(checked, foldOf, fold, spec);
      const others = pick(checked, foldOf, fold, spec, true);
      const { samples: _samples, ...held } = validation;
      const { samples: _trained, ...rest } = others;
      const epochs = await network.fit(rest, { ...training, validation: held });
      const report: FoldReport = { fold, epochs, validation: network.evaluate(held) };
      reports.push(report);
      onFold?.(report);
    } finally {
      network.dispose();
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
