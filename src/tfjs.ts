/**
 * Networks from layers models of TensorFlow.js.
 *
 * @module
 */

import { arrayType } from './check/arrays.js';
import { type Bytes, checkBytes } from './check/bytes.js';
import { checkIsObject, checkNoMore, quote } from './check/errors.js';
import { type ApproximateOption, checkApproximate } from './exchange/chain.js';
import { parseUntrusted } from './exchange/json.js';
import { readTfjsModel } from './exchange/tfjs.js';
import { advisedOn, checkImportOptions, type Imported, type ImportOptions, networkOf } from './imported.js';

export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/** Options of `readTfjs`. */
export interface TfjsOptions extends ImportOptions, ApproximateOption {}

/**
 * A layers model of TensorFlow.js: dense layers, activations, batch normalisation, `Normalization` and `Rescaling`.
 *
 * @param model what model.json contains, as an object, text or bytes
 * @param weights the files that it names, by their paths, such as `{ 'weights.bin': bytes }`
 * @param options options of the network
 * @returns the network, and what the model says besides
 * @throws TypeError or RangeError for other files; RangeError that names the layer for graph models and layers of other
 *   kinds
 *
 * @example
 * import { readTfjs } from 'simdprop/tfjs';
 *
 * const config = { name: 'd', units: 1, batch_input_shape: [null, 2], activation: 'relu' };
 * const model = {
 *   format: 'layers-model',
 *   modelTopology: { class_name: 'Sequential', config: { layers: [{ class_name: 'Dense', config }] } },
 *   weightsManifest: [
 *     {
 *       paths: ['weights.bin'],
 *       weights: [
 *         { name: 'd/kernel', shape: [2, 1], dtype: 'float32' },
 *         { name: 'd/bias', shape: [1], dtype: 'float32' },
 *       ],
 *     },
 *   ],
 * };
 * const { network } = await readTfjs(model, { 'weights.bin': new Uint8Array(new Float32Array([1, 2, 3]).buffer) });
 * console.log(network.predict([10, 20])[0]); // 53
 */
export async function readTfjs(
  model: object | string,
  weights: Readonly<Record<string, Bytes>>,
  options: TfjsOptions = {},
  none?: undefined,
): Promise<Imported> {
  return await advisedOn(model, 'tfjs', async () => {
    checkNoMore('readTfjs', 4, none);
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
  });
}
