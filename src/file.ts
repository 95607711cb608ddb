import { checkObject, outOfRange, wrongType } from './errors.js';
import { checkOptimizer } from './optimizer.js';
import { checkSpec, type Spec } from './spec.js';
import type { Optimizer } from './types.js';

// A saved network:
//
//   0       8         12             16
//   | magic | version | header bytes | header: JSON | weights and biases, layer by layer: f32 | CRC-32 |
//
// Numbers are little-endian. The checksum covers everything before it.

const MAGIC = 'SIMDPROP';
const VERSION = 1;
const PREFIX_BYTES = 16;
const CHECKSUM_BYTES = 4;

export interface SavedNetwork {
  readonly spec: Spec;
  readonly optimizer: Optimizer;
  readonly trainingSamples: number | undefined;
  readonly epochsTrained: number;
  /** For each layer w [units x fanIn] row-major, then b [units]. */
  readonly parameters: Float32Array;
}

export function encode({ parameters, ...header }: SavedNetwork): Uint8Array {
  const json = JSON.stringify(header);
  // spaces up to the next multiple of four: the parameters are aligned
  const headerBytes = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 4) * 4));
  const parametersStart = PREFIX_BYTES + headerBytes.length;
  const checksumStart = parametersStart + parameters.byteLength;
  const bytes = new Uint8Array(checksumStart + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, headerBytes.length, true);
  bytes.set(headerBytes, PREFIX_BYTES);
  bytes.set(new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength), parametersStart);
  view.setUint32(checksumStart, crc32(bytes.subarray(0, checksumStart)), true);
  return bytes;
}

export function decode(bytes: unknown): SavedNetwork {
  if (!(bytes instanceof Uint8Array)) throw wrongType('load', bytes, 'a Uint8Array that save() made');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksumStart = bytes.length - CHECKSUM_BYTES;
  if (checksumStart < PREFIX_BYTES) {
    throw outOfRange('load', `${bytes.length} bytes`, `a file of at least ${PREFIX_BYTES + CHECKSUM_BYTES}`);
  }
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw outOfRange('load', `a file that begins with ${JSON.stringify(magic)}`, `"${MAGIC}"`);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw outOfRange('load', `a file of version ${version}`, `version ${VERSION}`);
  const checksum = view.getUint32(checksumStart, true);
  const actual = crc32(bytes.subarray(0, checksumStart));
  if (checksum !== actual) {
    throw outOfRange('load', `contents with the checksum ${actual}`, `${checksum}: the file is damaged or cut short`);
  }
  const parametersStart = PREFIX_BYTES + view.getUint32(12, true);
  if (parametersStart > checksumStart) {
    throw outOfRange('load', `a header of ${parametersStart - PREFIX_BYTES} bytes`, 'one that ends within the file');
  }
  const header = checkHeader(bytes.subarray(PREFIX_BYTES, parametersStart));
  const wanted = 4 * countParameters(header.spec);
  const got = checksumStart - parametersStart;
  if (got !== wanted) throw outOfRange('load', `${got} bytes of parameters`, `${wanted} for this network`);
  // a copy: the file may start at an odd address (and a Buffer's slice would not copy)
  return {
    ...header,
    parameters: new Float32Array(new Uint8Array(bytes.subarray(parametersStart, checksumStart)).buffer),
  };
}

export function countParameters(spec: Spec): number {
  let fanIn = spec.inputs;
  let count = 0;
  for (const { units } of spec.layers) {
    count += units * (fanIn + 1);
    fanIn = units;
  }
  return count;
}

function checkHeader(bytes: Uint8Array): Omit<SavedNetwork, 'parameters'> {
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new RangeError('load: got a header that is no JSON, want the one that save() wrote', { cause: error });
  }
  checkObject('load: header', header, ['spec', 'optimizer', 'trainingSamples', 'epochsTrained']);
  checkObject('load: spec', header.spec, ['inputs', 'layers', 'cost', 'l2', 'seed', 'scale']);
  const { trainingSamples, epochsTrained } = header as unknown as SavedNetwork;
  if (!Number.isSafeInteger(epochsTrained) || epochsTrained < 0) {
    throw outOfRange('load: epochsTrained', epochsTrained, 'an integer from 0 up');
  }
  if (trainingSamples !== undefined && !(Number.isSafeInteger(trainingSamples) && trainingSamples > 0)) {
    throw outOfRange('load: trainingSamples', trainingSamples, 'an integer from 1 up');
  }
  const spec = checkSpec(header.spec as Spec);
  return { spec, optimizer: checkOptimizer(header.optimizer), trainingSamples, epochsTrained };
}

/** CRC-32 as in ISO 3309, zip and PNG. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
