import type { DataSet } from '../data/data-set.js';
import type { SampleKeys } from '../data/keys.js';
import type { ValidationSplit } from '../data/split.js';
import type { MetricName, MetricNumbers } from '../model/metrics.js';
import type { NetworkOptions } from '../network.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { TrainOptions } from '../training/options.js';
import type { Choice } from './choice.js';
import type { SearchLog } from './log.js';
import type { SearchJobResult } from './outcome-json.js';
import type { TrialShare } from './share.js';

// The arguments and the result of search.

/** A value of the type T, a choice among such values, or a list or an object that contains choices. */
export type Searched<T> = [T] extends [undefined] ? T : T | Choice<T> | SearchedParts<T>;

/** A list or an object of the type T that may contain choices. */
export type SearchedParts<T> = T extends readonly (infer Item)[]
  ? readonly Searched<Item>[]
  : T extends ((...none: never[]) => unknown) | ArrayBufferView
    ? T
    : T extends object
      ? { [Key in keyof T]: Searched<T[Key]> }
      : T;

/** An optimizer as an object with a learning rate: other options that are left out have their defaults. */
type GivenOptimizer<O> = O extends { readonly learningRate: unknown }
  ? Pick<O, Extract<keyof O, 'name' | 'learningRate'>> & Partial<Omit<O, 'name' | 'learningRate'>>
  : O;

/** Options of create that belong to the data or to the program, and are the same in all settings. */
type FixedInNetwork = 'inputs' | 'classes' | 'columns' | 'task' | 'wasm' | 'createWorker' | 'team';

/** Options of `Network.create` in which choices may stand. */
export interface SearchedNetwork
  extends SearchedParts<Omit<NetworkOptions, FixedInNetwork>>,
    Pick<NetworkOptions, FixedInNetwork> {}

/** Options of `fit` that a search uses itself, or that have another meaning here. */
export type NotSearched = 'validation' | 'validationSplit' | 'signal' | 'onEpoch' | 'onBatch' | 'onProgress';

/** Options of `search` that `fit` does not have, or that have another meaning there. */
export interface OwnSearchOptions {
  /**
   * The number of random settings, all different, drawn from `seed`: an integer from 1 to 100,000.
   * @defaultValue all combinations of the values of the choices
   */
  trials?: number | undefined;
  /**
   * The seed of the random settings, an integer from 0 to 2⁵³ - 1.
   * @defaultValue `0`
   */
  seed?: number | undefined;
  /**
   * Successive halving: all settings are trained for a few epochs, the better half for some more, and so on, until one
   * is left. `epochs` must then be left out.
   * @defaultValue none: each setting is trained once
   */
  halving?: Halving | undefined;
  /**
   * The number of folds of the cross-validation by which each setting is judged, an integer from 2 to the number of
   * samples.
   * @defaultValue `5`, unless `validation` or `validationSplit` is given
   */
  folds?: number | undefined;
  /**
   * true: each fold has the same share of each class's samples, as nearly as possible. Or [samples] values that count
   * as the classes.
   * @defaultValue `false`
   */
  stratify?: boolean | SampleKeys | undefined;
  /**
   * [samples] values, such as the patient of each: all samples with the same value are in the same fold.
   * @defaultValue none
   */
  group?: SampleKeys | undefined;
  /**
   * Data by which each setting is judged, instead of folds. They are copied at the call.
   * @defaultValue none
   */
  validation?: DataSet | undefined;
  /**
   * The part of the data by which each setting is judged, instead of folds, as `fit` takes it.
   * @defaultValue none
   */
  validationSplit?: ValidationSplit | undefined;
  /**
   * The number by which settings are compared: the mean of this metric over the folds. The cost and errors are better
   * if they are smaller, all others if they are larger.
   * @defaultValue `'cost'`
   */
  metric?: SearchMetric | undefined;
  /**
   * The number of workers that train at the same time, 0 to 1024; 0: this thread trains. The results are the same for
   * any number. With `train`: the number of jobs at the same time, 1 to 1024.
   * @defaultValue as many as the host has cores; with `train`, 1024
   */
  workers?: number | undefined;
  /**
   * Returns a worker that runs `simdprop/search-worker`, for bundlers and pages that do not find its file: see
   * docs/search.md.
   * @defaultValue workers of the file in the package
   */
  createWorker?: (() => unknown) | undefined;
  /**
   * Trains elsewhere, such as on other machines, instead of in workers: takes a job, which is plain JSON, and resolves
   * to what the function of `trainer` resolves to for this job there. If it rejects, so does `search`.
   * @defaultValue none
   */
  train?: ((job: SearchJob) => Promise<SearchJobResult>) | undefined;
  /**
   * Aborting it ends the search, which then rejects with the signal's reason.
   * @defaultValue none
   */
  signal?: AbortSignal | undefined;
  /**
   * The path of a file, in Node, or an object that reads and appends text. Every training that has ended is written to
   * it, and the same search continues with those that are missing. The log of another search is refused. Logs of
   * several processes, one behind another, are one log.
   * @defaultValue none
   */
  log?: string | SearchLog | undefined;
  /**
   * Called after each training. A promise that it returns is awaited; if it throws or rejects, so does `search`.
   * @defaultValue none
   */
  onProgress?: ((report: SearchProgress) => unknown) | undefined;
}

/** Options of `search`: those of `fit`, in which choices may stand, and its own. */
export interface SearchOptions extends SearchedParts<Omit<TrainOptions, NotSearched | 'optimizer'>>, OwnSearchOptions {
  /**
   * The optimizer: made by a function such as `adam`, a choice among such optimizers, or an object with choices:
   * `{ name: 'adam', learningRate: logUniform(1e-4, 1e-1) }`.
   * @defaultValue as in `fit`
   */
  optimizer?: Searched<Optimizer> | SearchedParts<GivenOptimizer<Optimizer>> | undefined;
}

/** Options of `trainTrials`: those of `search`, except for `halving`, which is refused, and which trials to train. */
export interface TrainTrialsOptions extends SearchOptions {
  /** The trials of this process: `trial(i, n)`, or `trial()` in a job array. At most as many shares as settings. */
  only: TrialShare;
}

/** Options of `trainer`. */
export interface TrainerOptions {
  /**
   * The same validation data as those of the search.
   * @defaultValue none
   */
  validation?: DataSet | undefined;
}

/**
 * One training of a search as plain JSON: one setting, on one part of the data. It has options only, and neither data
 * nor code. Equal jobs have equal results.
 */
export interface SearchJob extends Pick<OwnSearchOptions, 'folds' | 'stratify' | 'group' | 'validationSplit'> {
  /** The number of the setting, counted from 0. */
  trial: number;
  /** The number of the fold, counted from 0. */
  part: number;
  /** The number of the round of halving, counted from 0. */
  round: number;
  /** The options of `create`. */
  network: NetworkOptions;
  /** The options of `fit`. */
  options: TrainOptions;
  /**
   * The epochs of each call of `fit`, one after another, in a search by halving.
   * @defaultValue one call, as `options` says
   */
  epochs?: readonly number[] | undefined;
  /** A checksum of the data. */
  data: string;
}

/** Options of successive halving. */
export interface Halving {
  /**
   * The number of epochs of all settings together, in each fold: at least one for each setting in each of the ⌈log₂ n⌉
   * rounds for n settings. Each round gets the same share of it.
   */
  budget: number;
}

/** A metric by which settings can be compared. */
export type SearchMetric = Exclude<MetricName, 'topKAccuracy'>;

/** How far a search has come. */
export interface SearchProgress {
  /** The number of trainings that have ended, those of an earlier run included. */
  done: number;
  /** The number of all trainings: one for each setting and fold, in each round of halving. */
  total: number;
  /** Milliseconds since the call. */
  elapsedMs: number;
  /** The time that the rest takes at the pace so far; undefined if no training of this call has ended. */
  secondsLeft: number | undefined;
  /** The number of the best setting among those of which all trainings have ended. */
  best: number | undefined;
  /** The score of this setting. */
  bestScore: number | undefined;
}

/** The result of one setting. */
export interface Trial {
  /** The number of the setting, counted from 0. */
  trial: number;
  /** The value of each choice, before `map`, by its place, such as `network.layers[0].units`. */
  values: Readonly<Record<string, unknown>>;
  /** The options of `create`. */
  network: NetworkOptions;
  /** The options of `fit`. With halving, `epochs` is the number that the setting was trained for, in several calls. */
  options: TrainOptions;
  /** The mean of the metric over the folds; NaN if one of the trainings has failed. */
  score: number;
  /** Means over the folds of the validation. undefined if one of the trainings has failed. */
  mean: MetricNumbers | undefined;
  /**
   * Standard deviations over the folds: the sum of squares is divided by n - 1. undefined if one of the trainings has
   * failed, and without folds.
   */
  deviation: MetricNumbers | undefined;
  /** The metrics of each fold, or of the validation data; undefined where the training has failed. */
  folds: readonly (MetricNumbers | undefined)[];
  /** Why the first of the failed trainings has failed: its numbers were no longer finite. */
  error?: string | undefined;
  /** Sentences about what is probably wrong with the data: see `EpochReport`. */
  warnings: readonly string[];
}

/** The result of a search. */
export interface SearchResult {
  /** The best setting. If several are equal, the first of them; with halving, the one that is left. */
  best: Trial;
  /** All settings, in their order. */
  trials: readonly Trial[];
  /** The metric by which they were compared. */
  metric: SearchMetric;
}
