/**
 * Networks of brain.js.
 *
 * @module
 */

import { arrayType } from './check/arrays.js';
import { checkBytes } from './check/bytes.js';
import { checkNoMore } from './check/errors.js';
import { readBrainJson } from './exchange/brain.js';
import { parseUntrusted } from './exchange/json.js';
import { advisedOn, checkImportOptions, type Imported, type ImportOptions, networkOf } from './imported.js';

export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/**
 * A network of brain.js 1.x or 2.x, from what its `toJSON()` returns, or from that as text or bytes. Names of inputs
 * and outputs become `columns` and `classes`; `binaryThresh` is the `threshold`.
 *
 * @param json what `toJSON()` returns, or that as text or bytes
 * @param options options of the network
 * @returns the network, and what the JSON says besides
 * @throws TypeError or RangeError for recurrent networks and for other JSON
 *
 * @example
 * import { readBrain } from 'simdprop/brain';
 *
 * // what net.toJSON() of brain.js 2.x returns
 * const json = {
 *   type: 'NeuralNetwork',
 *   sizes: [2, 1],
 *   layers: [{ weights: [], biases: [] }, { weights: [[4, -4]], biases: [1] }],
 *   trainOpts: { activation: 'sigmoid' },
 *   options: { binaryThresh: 0.25 },
 * };
 * const { network, threshold } = await readBrain(json);
 * console.log(network.predict([0, 0])[0], threshold); // close to 0.73, 0.25 (within 0.01)
 */
export async function readBrain(
  json: object | string | Uint8Array,
  options: ImportOptions = {},
  none?: undefined,
): Promise<Imported> {
  return await advisedOn(json, 'brain', async () => {
    checkNoMore('readBrain', 3, none);
    const own = checkImportOptions(options);
    const isBytes = arrayType(json) !== undefined || json instanceof ArrayBuffer;
    const text = isBytes ? checkBytes('readBrain', json, 'JSON of brain.js') : json;
    const value = isBytes || typeof text === 'string' ? parseUntrusted('readBrain', text as string | Uint8Array) : text;
    return await networkOf(readBrainJson(value), own);
  });
}
