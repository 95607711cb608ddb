import { type Bytes, checkBytes } from './check/bytes.js';
import { checkInteger, checkIsObject, checkNoMore, checkObject, quote, wrongType } from './check/errors.js';
import { checkApproximate } from './exchange/chain.js';
import { externalNamesOf } from './exchange/onnx-external.js';
import { type OnnxOptions, readOnnxFile } from './exchange/onnx-network.js';
import { FIRST_OPSET, LAST_OPSET, type OnnxWriteOptions, writeOnnxFile } from './exchange/onnx-write.js';
import { checkImportOptions, exchangedOf, type Imported, type ImportOptions, networkOf } from './imported.js';
import type { Network } from './network.js';

export type { OnnxWriteOptions } from './exchange/onnx-write.js';
export type { Imported, ImportedNetworkOptions, ImportOptions } from './imported.js';

/** Options of `readOnnx`. */
export interface OnnxReadOptions extends ImportOptions, OnnxOptions {}

/**
 * The network in an ONNX file, of PyTorch, TensorFlow, Keras, scikit-learn, MATLAB or `writeOnnx`: layers with weights,
 * functions of single units however they are written, batch normalisation, softmax at the end; scaled inputs become the
 * standardisation, and names of classes come along. Throws a RangeError that names the node for everything else.
 */
export async function readOnnx(file: Bytes, options: OnnxReadOptions = {}): Promise<Imported> {
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
  return await networkOf(readOnnxFile(bytes, external, { approximate, output }), own);
}

/**
 * The names of the files beside an ONNX file that hold its weights, as the newer exporter of PyTorch writes them: what
 * `externalData` of `readOnnx` must have. Empty if the file has all of its weights. Throws a RangeError for files that
 * are not of ONNX. A name may be anything: check it before you open a file or an address of this name.
 */
export function externalNames(file: Bytes, none?: undefined): string[] {
  checkNoMore('externalNames', 2, none);
  return externalNamesOf('externalNames', checkBytes('externalNames', file, 'the bytes of an ONNX file'));
}

/**
 * The network as an ONNX file, which onnxruntime and many other programs run: inputs [batch, inputs] under the name
 * `input`, outputs [batch, outputs] under the name `output`, in 32 bits. `readOnnx` returns a network of the same bits.
 * The optimizer and the state of training stay behind.
 */
export async function writeOnnx(network: Network, options: OnnxWriteOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  checkObject('options', options, ['opset']);
  const opset = checkInteger('options.opset', options.opset ?? FIRST_OPSET, FIRST_OPSET, LAST_OPSET);
  return writeOnnxFile(exchangedOf('writeOnnx', network), opset);
}
