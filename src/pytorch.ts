/**
 * Networks from the files of `torch.save`.
 *
 * @module
 */

import { type Bytes, checkBytes } from './check/bytes.js';
import { checkNoMore } from './check/errors.js';
import { type PyTorchOptions, readPyTorchFile } from './exchange/pytorch.js';
import { STATE_KEYS } from './exchange/state-dict.js';
import { advisedOn, checkImportOptions, type Imported, type ImportOptions, networkOf } from './imported.js';

export { ActivationsError, type LinearLayer } from './exchange/state-dict.js';
export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/** Options of `readPyTorch`: `activations` are required, because no such file says them. */
export interface PyTorchReadOptions extends ImportOptions, PyTorchOptions {}

/**
 * The network in a file of `torch.save(model.state_dict(), path)`, or of a checkpoint that contains a state dict:
 * linear layers and batch normalisation. Nothing that the file names is ever run.
 *
 * @param file the whole file
 * @param options the activations, what else such files do not say, and options of the network
 * @returns the network, and what the file says besides
 * @throws TypeError or RangeError for whole models, TorchScript and layers of other kinds, which says what to save
 *   instead; ActivationsError if the activations are missing
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { readPyTorch } from 'simdprop/pytorch';
 *
 * const { network } = await readPyTorch(await readFile('iris.pt'), { activations: ['tanh', 'softmax'] });
 * console.log(network.inputs, network.outputs); // 4 3
 */
export async function readPyTorch(file: Bytes, options: PyTorchReadOptions = {}, none?: undefined): Promise<Imported> {
  return await advisedOn(file, 'pytorch', async () => {
    checkNoMore('readPyTorch', 3, none);
    const bytes = checkBytes('readPyTorch', file, 'the bytes of a file of torch.save');
    const own = checkImportOptions(options, [...STATE_KEYS, 'key']);
    const { network: _, ...state } = options;
    return await networkOf(await readPyTorchFile(bytes, state), own);
  });
}
