/**
 * Finds the best options of `Network.create` and `fit`: grids, random draws and successive halving, in workers.
 *
 * @module
 */

import { advise } from './check/errors.js';
import type { DataSet } from './data/data-set.js';
import { planSearch } from './search/plan.js';
import { runSearch } from './search/run.js';
import type { SearchedNetwork, SearchOptions, SearchResult } from './search/types.js';
import { nodeThreads } from './threads/host.js';

export { type Choice, integers, logUniform, oneOf, uniform } from './search/choice.js';
export type { SearchLog } from './search/log.js';
export type {
  Halving,
  OwnSearchOptions,
  Searched,
  SearchedNetwork,
  SearchedParts,
  SearchMetric,
  SearchOptions,
  SearchProgress,
  SearchResult,
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
): Promise<SearchResult> {
  try {
    return await runSearch(planSearch(network, data, options, createWorker));
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
