/**
 * Networks from and to ONNX files.
 *
 * @module
 */

import { type Bytes, checkBytes } from './check/bytes.js';
import {
  checkInteger,
  checkIsObject,
  checkNoMore,
  checkObject,
  orDefault,
  outOfRange,
  quote,
  wrongType,
} from './check/errors.js';
import { checkApproximate } from './exchange/chain.js';
import { externalNamesOf } from './exchange/onnx-external.js';
import { type OnnxOptions, readOnnxFile } from './exchange/onnx-network.js';
import { FIRST_OPSET, LAST_OPSET, type OnnxWriteOptions, writeOnnxFile } from './exchange/onnx-write.js';
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

export type { OnnxWriteOptions } from './exchange/onnx-write.js';
export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/** Options of `readOnnx`. */
export interface OnnxReadOptions extends ImportOptions, OnnxOptions {}

/**
 * The network in an ONNX file, of PyTorch, TensorFlow, Keras, scikit-learn, MATLAB or `writeOnnx`: layers with weights,
 * functions of single units however they are written, batch normalisation, softmax at the end; scaled inputs become the
 * standardisation, and names of classes come along.
 *
 * @param file the whole file
 * @param options the files beside it, and options of the network
 * @returns the network, and what the file says besides
 * @throws TypeError or RangeError for wrong options and damaged files; RangeError that names the node for everything
 *   that is no such network
 *
 * @example
 * import { Network } from 'simdprop';
 * import { readOnnx, writeOnnx } from 'simdprop/onnx';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3, activation: 'silu' }, { units: 1 }], seed: 1 });
 * const { network, notes } = await readOnnx(await writeOnnx(net));
 * console.log(network.layers[0].activation, notes); // silu []
 */
export async function readOnnx(file: Bytes, options: OnnxReadOptions = {}, none?: undefined): Promise<Imported> {
  return await advisedOn(file, 'onnx', async () => {
    checkNoMore('readOnnx', 3, none);
    const bytes = checkBytes('readOnnx', file, 'the bytes of an ONNX file');
    const own = checkImportOptions(options, ['approximate', 'externalData', 'output']);
    const { externalData = {}, output } = options;
    checkIsObject('options.externalData', externalData, 'an object of bytes by the names of files');
    if (output !== undefined && typeof output !== 'string') throw wrongType('options.output', output, 'a name');
    const external = new Map(
      Object.entries(externalData).map(([name, data]): [string, Uint8Array] => [
        name,
        checkBytes(`options.externalData[${quote(name)}]`, data, 'the bytes of the file'),
      ]),
    );
    const approximate = checkApproximate(options);
    const names = external.size > 0 ? externalNamesOf('readOnnx', bytes) : [];
    const other = [...external.keys()].find((name) => !names.includes(name));
    if (other !== undefined) {
      const wanted = `${names.length > 0 ? names.map((name) => quote(name)).join(', ') : 'none'}, as externalNames(file) says`;
      throw outOfRange('options.externalData', quote(other), wanted);
    }
    return await networkOf(readOnnxFile(bytes, external, { approximate, output }), own);
  });
}

/**
 * The names of the files beside an ONNX file that hold its weights, as the newer exporter of PyTorch writes them: what
 * `externalData` of `readOnnx` must have. Empty if the file has all of its weights. A name may be anything: check it
 * before you open a file or an address of this name.
 *
 * @param file the whole ONNX file
 * @returns the names, as the file has them; empty if the file has all of its weights
 * @throws TypeError or RangeError for files that are not of ONNX
 *
 * @example
 * import { Network } from 'simdprop';
 * import { externalNames, writeOnnx } from 'simdprop/onnx';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 1 }] });
 * console.log(externalNames(await writeOnnx(net))); // []
 */
export function externalNames(file: Bytes, none?: undefined): string[] {
  checkNoMore('externalNames', 2, none);
  return externalNamesOf('externalNames', checkBytes('externalNames', file, 'the bytes of an ONNX file'));
}

/**
 * The network as an ONNX file, which onnxruntime and many other programs run: inputs [batch, inputs] under the name
 * `input`, outputs [batch, outputs] under the name `output`, in 32 bits. `readOnnx` returns a network of the same bits.
 * The optimizer and the state of training stay behind.
 *
 * @param network the network
 * @param options the version of ONNX
 * @returns the bytes of the file
 * @throws TypeError or RangeError for other objects and wrong options; RangeError if a weight is not finite
 *
 * @example
 * import { Network } from 'simdprop';
 * import { writeOnnx } from 'simdprop/onnx';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const file = await writeOnnx(net, { opset: 17 });
 * console.log(file instanceof Uint8Array); // true
 */
export async function writeOnnx(
  network: Network,
  options: OnnxWriteOptions = {},
  none?: undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  return await advised(async () => {
    checkNoMore('writeOnnx', 3, none);
    checkObject('options', options, ['opset', 'threshold']);
    const opset = checkInteger('options.opset', orDefault(options.opset, FIRST_OPSET), FIRST_OPSET, LAST_OPSET);
    return writeOnnxFile(exchangedWith('writeOnnx', network, options.threshold), opset);
  });
}
