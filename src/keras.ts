/**
 * Networks from the files of Keras.
 *
 * @module
 */

import { type Bytes, checkBytes } from './check/bytes.js';
import { checkNoMore } from './check/errors.js';
import { type ApproximateOption, checkApproximate } from './exchange/chain.js';
import { readKerasFile } from './exchange/keras.js';
import { advisedOn, checkImportOptions, type Imported, type ImportOptions, networkOf } from './imported.js';

export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/** Options of `readKeras`. */
export interface KerasOptions extends ImportOptions, ApproximateOption {}

/**
 * The network in a file of Keras' `model.save`, `.keras` or `.h5`: dense layers, activations, batch normalisation,
 * `Normalization` and `Rescaling`.
 *
 * @param file the whole file
 * @param options options of the network
 * @returns the network, and what the file says besides
 * @throws TypeError or RangeError for other files; RangeError that names the layer for models of other layers
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { readKeras } from 'simdprop/keras';
 *
 * const { network } = await readKeras(await readFile('iris.keras'));
 * console.log(network.inputs, network.outputs); // 4 3
 */
export async function readKeras(file: Bytes, options: KerasOptions = {}, none?: undefined): Promise<Imported> {
  return await advisedOn(file, 'keras', async () => {
    checkNoMore('readKeras', 3, none);
    const bytes = checkBytes('readKeras', file, 'the bytes of a .keras or .h5 file');
    const own = checkImportOptions(options, ['approximate']);
    return await networkOf(await readKerasFile(bytes, { approximate: checkApproximate(options) }), own);
  });
}
