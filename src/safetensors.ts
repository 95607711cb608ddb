import { type Bytes, checkBytes } from './check/bytes.js';
import { checkFinite, checkObject } from './check/errors.js';
import { readSafetensorsFile, writeSafetensorsFile } from './exchange/safetensors-network.js';
import { STATE_KEYS, type StateOptions } from './exchange/state-dict.js';
import { checkImportOptions, exchangedOf, type Imported, type ImportOptions, networkOf } from './imported.js';
import type { Network } from './network.js';

export { ActivationsError, type LinearLayer, type StateOptions } from './exchange/state-dict.js';
export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/** Options of `readSafetensors`. `StateOptions` are only for files that another program wrote. */
export interface SafetensorsOptions extends ImportOptions, StateOptions {}

/**
 * The network in a safetensors file: one that `writeSafetensors` made, one with the same names and metadata (see
 * docs/exchange.md), or a state dict of PyTorch, tinygrad and others, whose activations must be given. Throws a
 * TypeError or RangeError for files that are no such network, and says what is missing.
 */
export async function readSafetensors(file: Bytes, options: SafetensorsOptions = {}): Promise<Imported> {
  const bytes = checkBytes('readSafetensors', file, 'the bytes of a safetensors file');
  const own = checkImportOptions(options, STATE_KEYS);
  const { network: _, ...state } = options;
  return await networkOf(readSafetensorsFile(bytes, state), own);
}

/** Options of `writeSafetensors`. */
export interface SafetensorsWriteOptions {
  /** From which output up a class or a label counts: `readSafetensors` returns it again. Default: the file has none. */
  threshold?: number | undefined;
}

/**
 * The network as a safetensors file, which PyTorch, NumPy and others can read: docs/exchange.md describes names and
 * metadata. `readSafetensors` returns a network of the same bits. The optimizer and the state of training stay behind.
 */
export async function writeSafetensors(
  network: Network,
  options: SafetensorsWriteOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkObject('options', options, ['threshold']);
  const { threshold } = options;
  if (threshold !== undefined) checkFinite('options.threshold', threshold);
  return writeSafetensorsFile({ ...exchangedOf('writeSafetensors', network), threshold });
}
