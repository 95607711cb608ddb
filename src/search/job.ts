import {
  advise,
  checkInteger,
  checkIsObject,
  checkNoMore,
  checkObject,
  keysOf,
  outOfRange,
  wrongType,
} from '../check/errors.js';
import { checkIsData, type DataSet } from '../data/data-set.js';
import { NETWORK_KEYS, type NetworkOptions } from '../network.js';
import { checkNetworkNames } from '../spec/names.js';
import { checkSpec, outputsOf } from '../spec/spec.js';
import { type SearchJobResult, writeOutcome } from './outcome-json.js';
import { type Job, type Material, trainPart } from './part.js';
import { FIT_KEYS, readData } from './plan.js';
import { toJson } from './space.js';
import { sumOfMaterial } from './sums.js';
import type { SearchJob, TrainerOptions } from './types.js';

// Trainings on other machines. A job holds options only: nothing that is run or imported, and no data.

const JOB_KEYS = keysOf<SearchJob>({
  trial: true,
  part: true,
  round: true,
  network: true,
  options: true,
  epochs: true,
  folds: true,
  stratify: true,
  group: true,
  validationSplit: true,
  data: true,
});

/** Options of create that jobs may not have: code to run. */
const CODE_KEYS: readonly string[] = keysOf<Pick<NetworkOptions, 'wasm' | 'createWorker'>>({
  wasm: true,
  createWorker: true,
});
/** A team consists of the processes that run the search. */
const SENT_KEYS = NETWORK_KEYS.filter((key) => !CODE_KEYS.includes(key) && key !== 'team');

const WANTED = 'a job that search has given to options.train';

/** A job as plain JSON. `data`: the checksum of the data. */
export function jobToSend(job: Job, { folds, split }: Material, data: string): SearchJob {
  const { trial, part, round, network, options, calls } = job;
  const epochs = calls.some((count) => count !== options.epochs) ? calls : undefined;
  return JSON.parse(toJson({ trial, part, round, network, options, epochs, ...folds, validationSplit: split, data }));
}

/**
 * Trains for searches on other machines: returns the function that takes the jobs that they give to `options.train`.
 * A job has the options of one training as plain JSON, and neither data nor code. It is checked like any options, and
 * refused if it has others, or if it is for other data.
 *
 * @param data the same samples as those of the search. They are copied when the first job comes
 * @param options the validation data, if the search has some
 * @returns a function of a job, which resolves to the result of its training as plain JSON, and rejects with a
 * TypeError or RangeError for jobs that it refuses
 * @throws TypeError for wrong arguments
 *
 * @example
 * import { oneOf, search, trainer } from 'simdprop/search';
 *
 * const data = { inputs: [[0], [1], [2], [3]], targets: [0, 0, 1, 1] };
 * // on another machine
 * const train = trainer(data);
 * // here, in place of a queue between the two
 * const { trials } = await search({ inputs: 1, layers: [{ units: 1 }], l2: oneOf([0, 0.1]) }, data, {
 *   folds: 2,
 *   train: async (job) => JSON.parse(JSON.stringify(await train(JSON.parse(JSON.stringify(job))))),
 * });
 * console.log(trials.length); // 2
 */
export function trainer(
  data: DataSet,
  options: TrainerOptions = {},
  none?: undefined,
): (job: SearchJob) => Promise<SearchJobResult> {
  checkNoMore('trainer', 3, none);
  checkIsData('data', data);
  checkObject('options', options, ['validation']);
  const { validation } = options;
  if (validation !== undefined) checkIsData('options.validation', validation);
  let known: { readonly key: string; readonly read: ReadData; readonly sum: string } | undefined;
  /** The data as the network reads them. They are read again only if it reads them in another way. */
  const dataFor = (network: NetworkOptions) => {
    const spec = checkSpec(network);
    const names = checkNetworkNames('network.', network, spec, network.task);
    const key = JSON.stringify([spec.inputs, outputsOf(spec), spec.cost, names]);
    if (known?.key !== key) {
      const read = readData({ network }, data, validation);
      known = { key, read, sum: sumOfMaterial(read) };
    }
    return known;
  };
  return async (given) => {
    try {
      const job = checkJob(given);
      const { read, sum } = dataFor(job.network);
      if (sum !== given.data) throw outOfRange('job.data', 'a job for other data', 'the data of the search here too');
      const { folds, stratify, group, validationSplit: split } = given;
      const material = { ...read, folds: folds === undefined ? undefined : { folds, stratify, group }, split };
      return JSON.parse(JSON.stringify(writeOutcome(await trainPart(material, job))));
    } catch (error) {
      return await advise(error);
    }
  };
}

type ReadData = Pick<Material, 'data' | 'validation'>;

/** Checks a job, except for the options of its network and of its training. */
function checkJob(job: SearchJob): Job {
  checkObject('job', job, JOB_KEYS, WANTED);
  const { trial, part, round, network, options, epochs, folds, validationSplit } = job;
  checkIsObject('job.network', network, WANTED);
  for (const key of CODE_KEYS) {
    if (key in network) throw wrongType(`job.network.${key}`, network[key as 'wasm'], 'none: a job has no code');
  }
  checkObject('job.network', network, SENT_KEYS, WANTED);
  checkObject('job.options', options, FIT_KEYS, WANTED);
  if (folds !== undefined && validationSplit !== undefined) {
    throw new TypeError('job.validationSplit: got folds too, want one of them');
  }
  for (const [key, value] of Object.entries({ trial, round })) {
    checkInteger(`job.${key}`, value, 0, Number.MAX_SAFE_INTEGER);
  }
  checkInteger('job.part', part, 0, typeof folds === 'number' ? folds - 1 : 0);
  if (epochs !== undefined && !(Array.isArray(epochs) && epochs.length > 0)) {
    throw wrongType('job.epochs', epochs, 'a list of the epochs of each call of fit');
  }
  return { trial, part, round, network, options, calls: epochs ?? [options.epochs], saved: undefined, isSaved: false };
}
