import { checkObject, outOfRange, wrongType } from './errors.js';
import {
  CHECKSUM_BYTES,
  countParameters,
  crc32,
  MAGIC,
  PREFIX_BYTES,
  type SavedHeader,
  type SavedNetwork,
  VERSION,
} from './file.js';
import { checkOptimizer } from './optimizer.js';
import { checkClockState } from './schedule.js';
import { checkSpec, isCustomCost, SPEC_KEYS } from './spec.js';
import { checkStandardization } from './standardize.js';
import type { CustomCost, NetworkOptions } from './types.js';

// Reads what file.ts writes. Everything in it is checked as if a stranger had written it.

/** `cost`: the functions of a network that was trained with a cost of its user's own; a file cannot hold them. */
export function decode(bytes: unknown, cost: CustomCost | undefined): SavedNetwork {
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
  const { standardized, ...header } = checkHeader(bytes.subarray(PREFIX_BYTES, parametersStart), cost);
  const { inputs } = header.spec;
  const parameters = countParameters(header.spec);
  const wanted = 4 * (parameters + (standardized ? 2 * inputs : 0));
  const got = checksumStart - parametersStart;
  if (got !== wanted) throw outOfRange('load', `${got} bytes of parameters`, `${wanted} for this network`);
  // a copy: the file may start at an odd address (and a Buffer's slice would not copy)
  const floats = new Float32Array(new Uint8Array(bytes.subarray(parametersStart, checksumStart)).buffer);
  const standardization = standardized && {
    means: floats.subarray(parameters, parameters + inputs),
    deviations: floats.subarray(parameters + inputs),
  };
  return {
    ...header,
    standardization: standardization && checkStandardization('load: standardization', standardization, inputs),
    parameters: floats.subarray(0, parameters),
  };
}

function checkHeader(bytes: Uint8Array, cost: CustomCost | undefined): SavedHeader {
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new RangeError('load: got a header that is no JSON, want the one that save() wrote', { cause: error });
  }
  const keys = ['network', 'optimizer', 'trainingSamples', 'epochsTrained', 'schedule', 'standardized'];
  checkObject('load: header', header, keys);
  checkObject('load: network', header.network, SPEC_KEYS);
  const { trainingSamples, epochsTrained, standardized } = header as unknown as SavedHeader;
  if (standardized !== undefined && standardized !== true) {
    throw wrongType('load: standardized', standardized, 'true or nothing');
  }
  if (!Number.isSafeInteger(epochsTrained) || epochsTrained < 0) {
    throw outOfRange('load: epochsTrained', epochsTrained, 'an integer from 0 up');
  }
  if (trainingSamples !== undefined && !(Number.isSafeInteger(trainingSamples) && trainingSamples > 0)) {
    throw outOfRange('load: trainingSamples', trainingSamples, 'an integer from 1 up');
  }
  const options = header.network as Omit<NetworkOptions, 'cost'> & { cost: unknown };
  const isCustom = options.cost === 'custom';
  if (cost !== undefined && !isCustomCost(cost)) throw wrongType('load: options.cost', cost, '{ value, gradient }');
  if (isCustom !== (cost !== undefined)) {
    const got = isCustom
      ? 'none for a network with a cost of its own'
      : `one for a network with a cost of the library's`;
    throw new TypeError(`load: options.cost: got ${got}, want ${isCustom ? '{ value, gradient }' : 'none'}`);
  }
  const spec = checkSpec({ ...options, cost: cost ?? (options.cost as NetworkOptions['cost']) });
  const schedule = header.schedule === undefined ? undefined : checkClockState('load: schedule', header.schedule);
  const optimizer = checkOptimizer(header.optimizer);
  return { spec, optimizer, trainingSamples, epochsTrained, schedule, standardized };
}
