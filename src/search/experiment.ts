import { checkObject, wrongType } from '../check/errors.js';
import { type CheckedData, checkData, checkIsData, type DataSet, namedBy, ownData } from '../data/data-set.js';
import { type Preparation, preparationOf } from '../data/inputs.js';
import type { CheckedRows } from '../data/pick.js';
import { checkNamedTask, checkScaledTask, checkTask, type Goal, goalGiven, settleGoal } from '../data/task.js';
import { type Evaluation, type MetricNumbers, metricsOf } from '../model/metrics.js';
import { FIT_UNWATCHED, NETWORK_KEYS, Network, type NetworkOptions } from '../network.js';
import { checkNetworkNames, namesFor } from '../spec/names.js';
import { checkSpec, type Spec } from '../spec/spec.js';
import type { History } from '../training/history.js';
import { checkStandardize, TRAIN_KEYS, type TrainOptions, takeOptions } from '../training/options.js';

// Networks that are trained on one part of the data and evaluated on another: in cross-validation, and for each setting
// of a search.

/** Options of a network and of its training, checked together with the data. */
export interface Experiment<Options extends TrainOptions = TrainOptions> {
  /** The options of create, with the names that come with the data. */
  readonly network: NetworkOptions;
  readonly spec: Spec;
  readonly options: Options;
  readonly data: CheckedData;
  /** Validation data that are given as such. */
  readonly validation: CheckedData | undefined;
  readonly goal: Goal;
  /** The settings that decide how the data are changed. */
  readonly preparation: Preparation;
}

/** The parts of the data for one network. */
export interface Parts {
  readonly training: DataSet;
  readonly validation: DataSet;
}

/** Checks the options of networks and the data for them. `ownKeys`: the options that `fit` does not have. */
export function checkExperiment<Options extends TrainOptions>(
  network: NetworkOptions,
  data: DataSet,
  options: Options,
  ownKeys: readonly string[],
): Experiment<Options> {
  if (network instanceof Network) throw wrongType('network', network, 'the options of create: each fold has a new one');
  checkObject('network', network, NETWORK_KEYS);
  checkIsData('data', data);
  const given = { ...network };
  const spec = checkSpec(given);
  const { task } = given;
  const names = checkNetworkNames('network.', given, spec, task);
  const named = { spec, names };
  const taken = takeOptions(options, [...ownKeys, ...TRAIN_KEYS], namedBy('data', data, named));
  const standardized = checkStandardize('options.standardize', taken.standardize, spec);
  const unmeasured = { ...named, standardization: undefined, targetScale: undefined };
  const preparation = preparationOf(unmeasured, standardized);
  const checked = checkData('data', ownData('data', data, named), preparation);
  const validation =
    taken.validation === undefined ? undefined : checkData('options.validation', taken.validation, preparation);
  const allNames = namesFor('data', checked.given ?? {}, names);
  namesFor('options.validation', validation?.given ?? {}, allNames);
  const targets = {
    'data.targets': checked.targets,
    ...(validation && { 'options.validation.targets': validation.targets }),
  };
  const known = task === undefined ? undefined : checkTask('network.task', task, spec);
  const goal = settleGoal(goalGiven(known, spec), targets, spec);
  if (standardized.targets) checkScaledTask('options.standardize', goal.task);
  checkNamedTask('data.classes', allNames.classes, goal.task, spec);
  return {
    network: { ...given, ...allNames },
    spec,
    options: taken,
    data: checked,
    validation,
    goal,
    preparation: { ...unmeasured, names: allNames },
  };
}

/**
 * Trains a network by one call of `fit` or more, and evaluates it on the validation data. Returns the history of the
 * last call. `goal`: what the network learns; `isWatched`: false if the history need not have the validation.
 */
export async function trainAndEvaluate(
  net: Network,
  { training, validation }: Parts,
  calls: readonly TrainOptions[],
  { task }: Goal,
  isWatched: boolean,
): Promise<{ history: History; validation: Evaluation }> {
  let history: History | undefined;
  for (const options of calls) {
    const given = { ...options, validation };
    history = await (isWatched ? net.fit(training, given) : net[FIT_UNWATCHED](training, given));
  }
  const signal = calls[0].signal;
  const evaluation = await net.evaluate(validation, { rocAuc: task !== 'numbers', signal });
  return { history: history as History, validation: evaluation };
}

/** The data set of checked samples. */
export const dataOf = ({ inputs, targets, weights }: CheckedRows): DataSet => ({
  inputs,
  targets,
  ...(weights && { weights }),
});

/** The metrics of an evaluation that are a single number. */
export function metricsIn(evaluation: Evaluation): MetricNumbers {
  const names = metricsOf(evaluation.task).filter((name) => evaluation[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, evaluation[name]])) as MetricNumbers;
}

/**
 * Means and standard deviations of each metric that all evaluations have. The sums of squares are divided by n - 1, so
 * that the deviation of a single number is NaN.
 */
export function summarize(all: readonly MetricNumbers[]): { mean: MetricNumbers; deviation: MetricNumbers } {
  const mean: Partial<MetricNumbers> = {};
  const deviation: Partial<MetricNumbers> = {};
  for (const metric of Object.keys(all[0]) as (keyof MetricNumbers)[]) {
    const values = all.map((numbers) => numbers[metric]);
    if (!values.every((value) => value !== undefined)) continue;
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
    mean[metric] = average;
    deviation[metric] = Math.sqrt(squares / (values.length - 1));
  }
  return { mean: mean as MetricNumbers, deviation: deviation as MetricNumbers };
}
