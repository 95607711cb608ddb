/**
 * Networks from the files of FANN.
 *
 * @module
 */

import { type Bytes, checkBytes } from './check/bytes.js';
import { checkNoMore } from './check/errors.js';
import { readFannFile } from './exchange/fann.js';
import { advisedOn, checkImportOptions, type Imported, type ImportOptions, networkOf } from './imported.js';

export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/**
 * The network in a file of FANN's `fann_save` (`FANN_FLO_2.0` and `2.1`): layers that are connected with the next, each
 * neuron with its function and steepness.
 *
 * @param file the whole file
 * @param options options of the network
 * @returns the network, and what the file says besides
 * @throws TypeError or RangeError for other files, shortcuts, fixed-point files, and functions that this library does
 *   not have, such as the stepwise sigmoids, which are up to 0.03 away from sigmoids
 *
 * @example
 * import { readFann } from 'simdprop/fann';
 *
 * const file = `FANN_FLO_2.1
 * network_type=0
 * layer_sizes=3 2
 * neurons (num_inputs, activation_function, activation_steepness)=(0, 0, 0) (0, 0, 0) (0, 0, 0) (3, 3, 0.5) (0, 0, 0)
 * connections (connected_to_neuron, weight)=(0, 4) (1, -4) (2, 1)
 * `;
 * const { network } = await readFann(new TextEncoder().encode(file));
 * console.log(network.predict([[0, 0]])[0]); // close to 0.73 (within 0.01)
 */
export async function readFann(file: Bytes, options: ImportOptions = {}, none?: undefined): Promise<Imported> {
  return await advisedOn(file, 'fann', async () => {
    checkNoMore('readFann', 3, none);
    const bytes = checkBytes('readFann', file, 'the bytes of a file of fann_save');
    const own = checkImportOptions(options);
    return await networkOf(readFannFile(bytes), own);
  });
}
