import { type Bytes, checkBytes } from './check/bytes.js';
import { readFannFile } from './exchange/fann.js';
import { checkImportOptions, type Imported, type ImportOptions, networkOf } from './imported.js';

export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/**
 * The network in a file of FANN's `fann_save` (`FANN_FLO_2.0` and `2.1`): layers that are connected with the next, each
 * neuron with its function and steepness. Throws a RangeError for shortcuts, fixed-point files, and functions that this
 * library does not have, such as the stepwise sigmoids, which are up to 0.03 away from sigmoids.
 */
export async function readFann(file: Bytes, options: ImportOptions = {}): Promise<Imported> {
  const bytes = checkBytes('readFann', file, 'the bytes of a file of fann_save');
  const own = checkImportOptions(options);
  return await networkOf(readFannFile(bytes), own);
}
