import { checkSignal } from '../check/abort.js';
import { checkCallback, checkInteger, checkObject, keysOf, orDefault, outOfRange, wrongType } from '../check/errors.js';
import { checkIsData, type DataSet, namedBy, ownData } from '../data/data-set.js';
import { NETWORK_KEYS, Network } from '../network.js';
import { checkNetworkNames } from '../spec/names.js';
import { checkSpec } from '../spec/spec.js';
import { checkCreateWorker, coresOfHost, hasWorkers } from '../threads/host.js';
import { copyOfOption, TRAIN_KEYS } from '../training/options.js';
import { checkJson, checkSendable } from './check-setting.js';
import { halvingRounds, type Round } from './halving.js';
import { checkLog, type Identity, type SearchLog } from './log.js';
import { logFile } from './log-file.js';
import type { Material } from './part.js';
import type { CreateWorker } from './pool.js';
import { checkShare, trialsOf } from './share.js';
import { keyOf, type Setting, settingsOf } from './space.js';
import { sumOfData, sumOfText } from './sums.js';
import type { NotSearched, OwnSearchOptions, SearchedNetwork, SearchOptions, TrainTrialsOptions } from './types.js';

// The arguments of search, read before other code can run.

const OWN_KEYS = keysOf<OwnSearchOptions>({
  trials: true,
  seed: true,
  halving: true,
  folds: true,
  stratify: true,
  group: true,
  validation: true,
  validationSplit: true,
  metric: true,
  workers: true,
  createWorker: true,
  signal: true,
  train: true,
  log: true,
  onProgress: true,
});

const NOT_SEARCHED: readonly string[] = keysOf<Record<NotSearched, true>>({
  validation: true,
  validationSplit: true,
  signal: true,
  onEpoch: true,
  onBatch: true,
  onProgress: true,
});

/** The options of `fit` in which choices may stand. */
export const FIT_KEYS = TRAIN_KEYS.filter((key) => !NOT_SEARCHED.includes(key));

const DEFAULT_FOLDS = 5;
const MOST_WORKERS = 1024;

/** What a search has to do. */
export interface SearchPlan extends Pick<OwnSearchOptions, 'signal' | 'onProgress' | 'train'> {
  readonly settings: readonly Setting[];
  /** The numbers of the settings that are trained: all, or those of a share. */
  readonly trials: readonly number[];
  readonly material: Material;
  /** The number of trainings of a setting in a round. */
  readonly parts: number;
  readonly rounds: readonly Round[];
  /** It is checked once the task is known. */
  readonly metric: unknown;
  /** The number of trainings at the same time. 0: this thread trains, unless there is `train`. */
  readonly workers: number;
  readonly createWorker: CreateWorker;
  readonly log: SearchLog | undefined;
  readonly identity: Identity;
}

/** Reads and checks the arguments of `search`, except for the values of the settings. `createWorker`: the default. */
export function planSearch(
  network: SearchedNetwork,
  data: DataSet,
  options: SearchOptions,
  createWorker: () => unknown,
): SearchPlan {
  return planOf(network, data, options, createWorker, OWN_KEYS);
}

/** Reads and checks the arguments of `trainTrials`. */
export function planShare(
  network: SearchedNetwork,
  data: DataSet,
  options: TrainTrialsOptions,
  createWorker: () => unknown,
): SearchPlan {
  const plan = planOf(network, data, options, createWorker, ['only', ...OWN_KEYS]);
  const { only, halving } = options;
  if (halving !== undefined) throw wrongType('options.halving', halving, 'none: it compares the trials of all shares');
  const trials = trialsOf(checkShare('options.only', only, plan.settings.length), plan.settings.length);
  return {
    ...plan,
    trials,
    rounds: [{ settings: trials.length, epochs: undefined }],
    workers: Math.min(plan.workers, trials.length * plan.parts),
  };
}

function planOf(
  network: SearchedNetwork,
  data: DataSet,
  options: SearchOptions,
  createWorker: () => unknown,
  ownKeys: readonly string[],
): SearchPlan {
  if (network instanceof Network) throw wrongType('network', network, 'the options of create: each fold has a new one');
  checkObject('network', network, NETWORK_KEYS);
  checkIsData('data', data);
  checkObject('options', options, [...ownKeys, ...FIT_KEYS]);
  const { trials, halving, signal, onProgress, train, metric = 'cost' } = options;
  const seed = checkInteger('options.seed', orDefault(options.seed, 0), 0, Number.MAX_SAFE_INTEGER);
  if (trials === undefined && options.seed !== undefined) {
    throw outOfRange('options.seed', `${seed} without trials`, 'trials too, or none: a grid has no random settings');
  }
  const given = Object.entries(options).filter(
    ([key, value]) => FIT_KEYS.includes(key as never) && value !== undefined,
  );
  const settings = settingsOf({ network, options: Object.fromEntries(given) }, trials, seed);
  const rounds = roundsFor(settings, halving);
  const material = materialFor(settings[0], data, options);
  checkSignal('options.signal', signal);
  checkCallback('options.onProgress', onProgress);
  checkCreateWorker('options.createWorker', options.createWorker);
  checkCallback('options.train', train);
  const parts = material.folds?.folds ?? 1;
  const workers = Math.min(train ? checkJobs(options) : checkWorkers(options), settings.length * parts);
  if (workers > 0) settings.forEach(train ? checkJson : checkSendable);
  return {
    settings,
    trials: settings.map((_, trial) => trial),
    material,
    train,
    parts,
    rounds,
    metric,
    workers,
    createWorker: { make: options.createWorker ?? createWorker, isOwn: options.createWorker !== undefined },
    signal,
    onProgress,
    log: logOf(options.log),
    identity: identityOf(settings, material, rounds),
  };
}

function roundsFor(settings: readonly Setting[], halving: unknown): Round[] {
  if (halving === undefined) return [{ settings: settings.length, epochs: undefined }];
  if (settings.some(({ options }) => options.epochs !== undefined)) {
    throw new TypeError('options.epochs: got some with halving, want none: its budget says how many');
  }
  return halvingRounds(settings.length, halving);
}

/** The data as the first setting reads them, in typed arrays, and how they are divided. */
function materialFor(setting: Setting, data: DataSet, options: SearchOptions): Material {
  const { folds, stratify, group, validation, validationSplit } = options;
  const ways = Object.entries({ folds, validation, validationSplit }).filter(([, value]) => value !== undefined);
  if (ways.length > 1) throw new TypeError(`options.${ways[1][0]}: got ${ways[0][0]} too, want one of them`);
  const byFolds = validation === undefined && validationSplit === undefined;
  const dealing = Object.entries({ stratify, group }).find(([, value]) => value !== undefined);
  if (dealing && !byFolds) throw outOfRange(`options.${dealing[0]}`, 'one without folds', 'folds, or none');
  return {
    ...readData(setting, data, validation),
    folds: byFolds
      ? { folds: orDefault(folds, DEFAULT_FOLDS), stratify: copyOfOption(stratify), group: copyOfOption(group) }
      : undefined,
    split: copyOfOption(validationSplit) as Material['split'],
  };
}

/** Copies the data, as the network reads them, into typed arrays. */
export function readData(
  { network }: Pick<Setting, 'network'>,
  data: DataSet,
  validation: DataSet | undefined,
): Pick<Material, 'data' | 'validation'> {
  const spec = checkSpec(network);
  const names = checkNetworkNames('network.', network, spec, network.task);
  const named = namedBy('data', data, { spec, names });
  return {
    data: ownData('data', data, { spec, names }),
    validation: validation && ownData('options.validation', validation, named),
  };
}

function checkWorkers({ workers, createWorker }: SearchOptions): number {
  const areThere = createWorker !== undefined || hasWorkers();
  const count = checkInteger('options.workers', orDefault(workers, areThere ? coresOfHost() : 0), 0, MOST_WORKERS);
  if (count > 0 && !areThere) throw outOfRange('options.workers', `${count} where there are no workers`, '0');
  if (count === 0 && createWorker !== undefined) {
    throw outOfRange('options.createWorker', 'one with workers: 0', 'none, or workers');
  }
  return count;
}

/** The number of jobs at the same time. */
function checkJobs({ workers, createWorker }: SearchOptions): number {
  if (createWorker) throw new TypeError('options.createWorker: got train too, want one of them');
  return checkInteger('options.workers', orDefault(workers, MOST_WORKERS), 1, MOST_WORKERS);
}

function logOf(log: unknown): SearchLog | undefined {
  if (log === undefined) return undefined;
  return typeof log === 'string' && log !== '' ? logFile(log) : checkLog('options.log', log);
}

function identityOf(
  settings: readonly Setting[],
  { data, validation, folds, split }: Material,
  rounds: readonly Round[],
): Identity {
  return {
    data: sumOfData(data),
    settings: `${settings.length} ${sumOfText(settings.map(keyOf).join('\n'))}`,
    division: `${sumOfText(JSON.stringify({ folds, split }))} ${validation ? sumOfData(validation) : ''}`,
    rounds: JSON.stringify(rounds.map(({ epochs }) => epochs)),
  };
}
