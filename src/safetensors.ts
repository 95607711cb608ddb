/**
 * Networks from and to safetensors files.
 *
 * @module
 */

import { type Bytes, checkBytes } from './check/bytes.js';
import { checkName, checkNoMore, checkObject, orDefault } from './check/errors.js';
import { readSafetensorsFile, writeSafetensorsFile } from './exchange/safetensors-network.js';
import { STATE_KEYS, type StateOptions } from './exchange/state-dict.js';
import {
  advised,
  advisedOn,
  checkImportOptions,
  exchangedWith,
  type Imported,
  type ImportOptions,
  networkOf,
} from './imported.js';
import type { Network } from './network.js';

export { ActivationsError, type LinearLayer, type StateOptions } from './exchange/state-dict.js';
export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/** Options of `readSafetensors`. `StateOptions` are only for files that another program wrote. */
export interface SafetensorsOptions extends ImportOptions, StateOptions {}

/**
 * The network in a safetensors file: one that `writeSafetensors` made, one with the same names and metadata (see
 * docs/exchange.md), or a state dict of PyTorch, tinygrad and others, whose activations must be given.
 *
 * @param file the whole file
 * @param options what such files do not say, and options of the network
 * @returns the network, and what the file says besides
 * @throws TypeError or RangeError for files that are no such network, which says what is missing; ActivationsError if
 *   the activations are
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { readSafetensors } from 'simdprop/safetensors';
 *
 * const { network } = await readSafetensors(await readFile('iris.safetensors'));
 * console.log(network.inputs, network.outputs); // 4 3
 */
export async function readSafetensors(
  file: Bytes,
  options: SafetensorsOptions = {},
  none?: undefined,
): Promise<Imported> {
  return await advisedOn(file, 'safetensors', async () => {
    checkNoMore('readSafetensors', 3, none);
    const bytes = checkBytes('readSafetensors', file, 'the bytes of a safetensors file');
    const own = checkImportOptions(options, STATE_KEYS);
    const { network: _, ...state } = options;
    return await networkOf(readSafetensorsFile(bytes, state), own);
  });
}

/** Options of `writeSafetensors`. */
export interface SafetensorsWriteOptions {
  /**
   * From which output up a class or a label counts: `readSafetensors` returns it again.
   * @defaultValue the file has none
   */
  threshold?: number | undefined;
  /**
   * `'f16'`: weights, biases and slopes are rounded to 16 bits, which halves the file: see docs/saving.md. Refused for
   * parameters of more than 65,504 in size. `'f32'`: every bit is kept.
   * @defaultValue `'f32'`
   */
  precision?: 'f32' | 'f16' | undefined;
}

/**
 * The network as a safetensors file, which PyTorch, NumPy and others can read: docs/exchange.md describes names and
 * metadata. In f32, `readSafetensors` returns a network of the same bits. The optimizer and the state of training stay
 * behind.
 *
 * @param network the network
 * @param options what the network does not know
 * @returns the bytes of the file
 * @throws TypeError or RangeError for other objects and wrong options; RangeError if a weight is not finite, or too
 *   large for f16
 *
 * @example
 * import { Network } from 'simdprop';
 * import { readSafetensors, writeSafetensors } from 'simdprop/safetensors';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3, activation: 'gelu' }, { units: 1 }], seed: 1 });
 * const { network } = await readSafetensors(await writeSafetensors(net));
 * console.log(network.predict([1, 2])[0] === net.predict([1, 2])[0]); // true
 */
export async function writeSafetensors(
  network: Network,
  options: SafetensorsWriteOptions = {},
  none?: undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  return await advised(async () => {
    checkNoMore('writeSafetensors', 3, none);
    checkObject('options', options, ['threshold', 'precision']);
    const precision = checkName('options.precision', orDefault(options.precision, 'f32'), ['f32', 'f16']);
    return writeSafetensorsFile(exchangedWith('writeSafetensors', network, options.threshold), precision === 'f16');
  });
}
