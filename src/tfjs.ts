import { arrayType } from './check/arrays.js';
import { type Bytes, checkBytes } from './check/bytes.js';
import { checkIsObject, quote } from './check/errors.js';
import { type ApproximateOption, checkApproximate } from './exchange/chain.js';
import { parseUntrusted } from './exchange/json.js';
import { readTfjsModel } from './exchange/tfjs.js';
import { checkImportOptions, type Imported, type ImportOptions, networkOf } from './imported.js';

export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/** Options of `readTfjs`. */
export interface TfjsOptions extends ImportOptions, ApproximateOption {}

/**
 * A layers model of TensorFlow.js: dense layers, activations, batch normalisation, `Normalization` and `Rescaling`.
 * `model`: what model.json contains, as an object, text or bytes; `weights`: the files that it names, by their paths,
 * such as `{ 'weights.bin': bytes }`. Throws a RangeError that names the layer for graph models and layers of other
 * kinds.
 */
export async function readTfjs(
  model: object | string,
  weights: Readonly<Record<string, Bytes>>,
  options: TfjsOptions = {},
): Promise<Imported> {
  const own = checkImportOptions(options, ['approximate']);
  const approximate = checkApproximate(options);
  checkIsObject('readTfjs: weights', weights, 'an object of bytes by the paths of model.json');
  const files = Object.entries(weights).map(([path, data]): [string, Uint8Array] => [
    path,
    checkBytes(`readTfjs: weights[${quote(path)}]`, data, 'the bytes of the file'),
  ]);
  const isText = typeof model === 'string' || arrayType(model) !== undefined || model instanceof ArrayBuffer;
  const text = typeof model === 'string' ? model : isText ? checkBytes('readTfjs: model', model, 'model.json') : '';
  const json = isText ? parseUntrusted('readTfjs: model', text) : model;
  return await networkOf(readTfjsModel(json, new Map(files), { approximate }), own);
}
