import { checkSignal } from '../check/abort.js';
import { checkCallback, checkInteger, checkObject, keysOf, orDefault, outOfRange, wrongType } from '../check/errors.js';
import { checksum } from '../data/checksums.js';
import { checkIsData, type DataSet, namedBy, ownData, type TypedDataSet } from '../data/data-set.js';
import { NETWORK_KEYS, Network } from '../network.js';
import { checkNetworkNames } from '../spec/names.js';
import { checkSpec } from '../spec/spec.js';
import { checkCreateWorker, coresOfHost, hasWorkers } from '../threads/host.js';
import { copyOfOption, TRAIN_KEYS } from '../training/options.js';
import { checkSendable } from './check-setting.js';
import { halvingRounds, type Round } from './halving.js';
import { checkLog, type Identity, type SearchLog } from './log.js';
import { logFile } from './log-file.js';
import type { Material } from './part.js';
import type { CreateWorker } from './pool.js';
import { keyOf, type Setting, settingsOf } from './space.js';
import type { NotSearched, OwnSearchOptions, SearchedNetwork, SearchOptions } from './types.js';

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

const FIT_KEYS = TRAIN_KEYS.filter((key) => !NOT_SEARCHED.includes(key));

const DEFAULT_FOLDS = 5;

/** What a search has to do. */
export interface SearchPlan extends Pick<OwnSearchOptions, 'signal' | 'onProgress'> {
  readonly settings: readonly Setting[];
  readonly material: Material;
  /** The number of trainings of a setting in a round. */
  readonly parts: number;
  readonly rounds: readonly Round[];
  /** It is checked once the task is known. */
  readonly metric: unknown;
  /** 0: this thread trains. */
  readonly workers: number;
  readonly createWorker: CreateWorker;
  readonly log: SearchLog | undefined;
  readonly identity: Identity;
}

/** Reads and checks the arguments, except for the values of the settings. `createWorker`: the default. */
export function planSearch(
  network: SearchedNetwork,
  data: DataSet,
  options: SearchOptions,
  createWorker: () => unknown,
): SearchPlan {
  if (network instanceof Network) throw wrongType('network', network, 'the options of create: each fold has a new one');
  checkObject('network', network, NETWORK_KEYS);
  checkIsData('data', data);
  checkObject('options', options, [...OWN_KEYS, ...FIT_KEYS]);
  const { trials, halving, signal, onProgress, metric = 'cost' } = options;
  const seed = checkInteger('options.seed', orDefault(options.seed, 0), 0, Number.MAX_SAFE_INTEGER);
  const given = Object.entries(options).filter(
    ([key, value]) => FIT_KEYS.includes(key as never) && value !== undefined,
  );
  const settings = settingsOf({ network, options: Object.fromEntries(given) }, trials, seed);
  const rounds = roundsFor(settings, halving);
  const material = materialFor(settings[0], data, options);
  checkSignal('options.signal', signal);
  checkCallback('options.onProgress', onProgress);
  checkCreateWorker('options.createWorker', options.createWorker);
  const parts = material.folds?.folds ?? 1;
  const workers = Math.min(checkWorkers(options), settings.length * parts);
  if (workers > 0) for (const setting of settings) checkSendable(setting);
  return {
    settings,
    material,
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
function materialFor({ network }: Setting, data: DataSet, options: SearchOptions): Material {
  const { folds, stratify, group, validation, validationSplit } = options;
  const ways = Object.entries({ folds, validation, validationSplit }).filter(([, value]) => value !== undefined);
  if (ways.length > 1) throw new TypeError(`options.${ways[1][0]}: got ${ways[0][0]} too, want one of them`);
  const byFolds = validation === undefined && validationSplit === undefined;
  const dealing = Object.entries({ stratify, group }).find(([, value]) => value !== undefined);
  if (dealing && !byFolds) throw outOfRange(`options.${dealing[0]}`, 'one without folds', 'folds, or none');
  const spec = checkSpec(network);
  const names = checkNetworkNames('network.', network, spec, network.task);
  const named = namedBy('data', data, { spec, names });
  return {
    data: ownData('data', data, { spec, names }),
    validation: validation && ownData('options.validation', validation, named),
    folds: byFolds
      ? { folds: orDefault(folds, DEFAULT_FOLDS), stratify: copyOfOption(stratify), group: copyOfOption(group) }
      : undefined,
    split: copyOfOption(validationSplit) as Material['split'],
  };
}

function checkWorkers({ workers, createWorker }: SearchOptions): number {
  const areThere = createWorker !== undefined || hasWorkers();
  const count = checkInteger('options.workers', orDefault(workers, areThere ? coresOfHost() : 0), 0, 1024);
  if (count > 0 && !areThere) throw outOfRange('options.workers', `${count} where there are no workers`, '0');
  return count;
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
  const ofText = (text: string) => checksum([new TextEncoder().encode(text)]).toString(16);
  const ofData = ({ inputs, targets, weights, ...names }: TypedDataSet) =>
    `${checksum([inputs, targets, weights]).toString(16)} ${ofText(JSON.stringify(names))}`;
  return {
    data: ofData(data),
    settings: `${settings.length} ${ofText(settings.map(keyOf).join('\n'))}`,
    division: `${ofText(JSON.stringify({ folds, split }))} ${validation ? ofData(validation) : ''}`,
    rounds: JSON.stringify(rounds.map(({ epochs }) => epochs)),
  };
}
