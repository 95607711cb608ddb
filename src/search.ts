/**
 * Finds the best options of `Network.create` and `fit`: grids, random draws and successive halving, in workers.
 *
 * @module
 */

import { advise, checkNoMore } from './check/errors.js';
import type { DataSet } from './data/data-set.js';
import { planSearch, planShare } from './search/plan.js';
import { runSearch, runShare } from './search/run.js';
import type { SearchedNetwork, SearchOptions, SearchResult, TrainTrialsOptions, Trial } from './search/types.js';
import { nodeThreads } from './threads/host.js';

export { type Choice, integers, logUniform, oneOf, uniform } from './search/choice.js';
export { trainer } from './search/job.js';
export type { SearchLog } from './search/log.js';
export type { SearchJobResult } from './search/outcome-json.js';
export { type TrialShare, trial } from './search/share.js';
export type {
  Halving,
  OwnSearchOptions,
  Searched,
  SearchedNetwork,
  SearchedParts,
  SearchJob,
  SearchMetric,
  SearchOptions,
  SearchProgress,
  SearchResult,
  TrainerOptions,
  TrainTrialsOptions,
  Trial,
} from './search/types.js';

/**
 * Searches for the best options of `create` and `fit`. Choices (`oneOf`, `integers`, `uniform`, `logUniform`) stand in
 * place of the options that are searched. Every setting, which has a value for each choice, is trained and evaluated by
 * cross-validation or on validation data; workers do so at the same time. The result does not depend on their number.
 * A training whose numbers are no longer finite gives its setting the last place.
 *
 * @param network the options of `Network.create`, with choices
 * @param data the samples, which are copied at the call
 * @param options the options of `fit`, with choices, and how to search
 * @returns the best setting, and the results of all
 * @throws TypeError or RangeError for wrong arguments and settings, before the first training; the reason of the signal
 * if it is aborted; an Error if no setting has a score, or if a worker does not start or dies
 *
 * @example
 * import { Network } from 'simdprop';
 * import { logUniform, oneOf, search } from 'simdprop/search';
 *
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [0, 1, 1, 0] };
 * const { best } = await search(
 *   { inputs: 2, layers: [{ units: oneOf([2, 4, 8]), activation: 'tanh' }, { units: 1 }], seed: 1 },
 *   data,
 *   {
 *     optimizer: { name: 'adam', learningRate: logUniform(0.01, 0.3) },
 *     trials: 6,
 *     validation: data,
 *     metric: 'accuracy',
 *   },
 * );
 * console.log(best.score); // 1
 * const net = await Network.create(best.network);
 * await net.fit(data, best.options);
 */
export async function search(
  network: SearchedNetwork,
  data: DataSet,
  options: SearchOptions = {},
  none?: undefined,
): Promise<SearchResult> {
  checkNoMore('search', 4, none);
  try {
    return await runSearch(planSearch(network, data, options, createWorker));
  } catch (error) {
    return await advise(error);
  }
}

/**
 * Trains some of the trials of a search: those of one process of a job array, whose processes need not know of each
 * other. The log of each has its results; `search` with all logs, one behind another, has the results of all.
 *
 * @param network the options of `Network.create`, with choices: the same in all processes
 * @param data the same samples in all processes; they are copied at the call
 * @param options the options of `search`, the same in all processes, and `only`, the trials of this one
 * @returns the results of these trials, in their order. A training whose numbers are no longer finite is a result, too
 * @throws as `search`, and a RangeError if there are more processes than settings
 *
 * @example
 * import { oneOf, search, trainTrials, trial } from 'simdprop/search';
 *
 * const data = { inputs: [[0], [1], [2], [3]], targets: [0, 0, 1, 1] };
 * const network = { inputs: 1, layers: [{ units: 1 }], l2: oneOf([0, 0.01, 0.1]) };
 * let text = '';
 * const log = { read: () => text, append: (more) => void (text += more) };
 * const options = { folds: 2, workers: 0, log };
 * const own = await trainTrials(network, data, { ...options, only: trial(1, 2) });
 * console.log(own.map(({ values }) => values['network.l2'])); // [ 0.01 ]
 * await trainTrials(network, data, { ...options, only: trial(0, 2) });
 * const { trials } = await search(network, data, options); // from the log: nothing is trained again
 * console.log(trials.length); // 3
 */
export async function trainTrials(
  network: SearchedNetwork,
  data: DataSet,
  options: TrainTrialsOptions,
  none?: undefined,
): Promise<readonly Trial[]> {
  checkNoMore('trainTrials', 4, none);
  try {
    return await runShare(planShare(network, data, options, createWorker));
  } catch (error) {
    return await advise(error);
  }
}

/** A worker from the file beside this one. */
function createWorker(): unknown {
  const node = nodeThreads();
  if (!node) return new Worker(new URL('./search-worker.js', import.meta.url), { type: 'module' });
  // split into two statements, because bundlers would take new URL(..., import.meta.url) for a file of a page
  const { url } = import.meta;
  // execArgv: [] keeps the worker from loading the modules of --import
  return new node.Worker(new URL('search-worker.js', url), { execArgv: [] });
}
