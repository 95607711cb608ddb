import { CORE_KEYS } from '../core/core-options.js';
import type { TypedDataSet } from '../data/data-set.js';
import { holdBack, type ValidationSplit } from '../data/split.js';
import type { MetricNumbers } from '../model/metrics.js';
import { OutputsError } from '../model/outputs-error.js';
import { Network, type NetworkOptions } from '../network.js';
import { NonFiniteError } from '../training/non-finite.js';
import type { TrainOptions } from '../training/options.js';
import { checkExperiment, dataOf, type Experiment, metricsIn, type Parts, trainAndEvaluate } from './experiment.js';
import { dealFolds, type FoldOptions, partsOfFold } from './folds.js';

// One training of a search: one setting, on one part of the data. It is the same in this thread and in a worker.

/** The data of a search, and how they are divided: into folds, by a split, or into data that are given apart. */
export interface Material {
  readonly data: TypedDataSet;
  readonly validation: TypedDataSet | undefined;
  readonly folds: FoldOptions | undefined;
  readonly split: ValidationSplit | undefined;
}

export interface Job {
  /** The number of the setting. */
  readonly trial: number;
  /** The number of the fold. */
  readonly part: number;
  /** The number of the round of halving. */
  readonly round: number;
  readonly network: NetworkOptions;
  readonly options: TrainOptions;
  /** The epochs of each call of fit, one after another. */
  readonly calls: readonly (number | undefined)[];
  /** The network after all calls but the last, as a file; undefined: it is trained from the beginning. */
  readonly saved: Uint8Array | undefined;
  /** True if the network is to be returned. */
  readonly isSaved: boolean;
}

/** The result of a training. */
export interface Outcome {
  /** undefined if the training has failed. */
  readonly metrics?: MetricNumbers | undefined;
  readonly warnings?: readonly string[] | undefined;
  /** Why the training has failed: numbers were no longer finite. */
  readonly error?: string | undefined;
  readonly saved?: Uint8Array | undefined;
}

/** The training and the validation data of a part. */
function partsOf(experiment: Experiment, { folds, split }: Material, part: number): Parts {
  const { data, validation, spec } = experiment;
  if (folds) return partsOfFold(data, dealFolds(experiment, folds), part, spec);
  const parts = validation ? { training: data, validation } : splitOf(experiment, split);
  return { training: dataOf(parts.training), validation: dataOf(parts.validation) };
}

/** The training data and those that are held back. */
export function splitOf({ data, spec, goal, network: { classes } }: Experiment, split: unknown) {
  return holdBack('options.validationSplit', split, data, { spec, goal, classes });
}

/** Trains and evaluates. Numbers that are no longer finite are a result; every other error is thrown. */
export async function trainPart(material: Material, job: Job, signal?: AbortSignal): Promise<Outcome> {
  const { network, saved, isSaved } = job;
  const given = { ...job.options, validation: material.validation, signal };
  const experiment = checkExperiment(network, material.data, given, []);
  const parts = partsOf(experiment, material, job.part);
  const calls = job.calls.map((epochs) => ({ ...experiment.options, epochs }));
  const net = await (saved ? Network.load(saved, coreOptionsOf(network)) : Network.create(experiment.network));
  try {
    const { history, validation } = await trainAndEvaluate(
      net,
      parts,
      saved ? calls.slice(-1) : calls,
      experiment.goal,
      false,
    );
    const { warnings } = history;
    return {
      metrics: metricsIn(validation),
      ...(warnings.length > 0 && { warnings }),
      ...(isSaved && { saved: await net.save({ training: true }) }),
    };
  } catch (error) {
    if (error instanceof NonFiniteError || error instanceof OutputsError) return { error: error.message };
    throw error;
  } finally {
    net.dispose();
  }
}

const coreOptionsOf = (network: NetworkOptions) => Object.fromEntries(CORE_KEYS.map((key) => [key, network[key]]));
