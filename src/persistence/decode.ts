import { crc32 } from '../check/crc32.js';
import { checkBoolean, checkObject, keysOf, outOfRange, wrongType } from '../check/errors.js';
import { decodeUtf8 } from '../check/utf8.js';
import type { CoreOptions } from '../core/core-options.js';
import { CORE_KEYS } from '../core/core-options.js';
import { checkStandardization } from '../data/standardization.js';
import type { Layer } from '../model/layer.js';
import type { CustomCost, SpecOptions } from '../spec/network-options.js';
import { checkOptimizer, type Optimizer } from '../spec/optimizer.js';
import { checkClockState, type ScheduleFunction } from '../spec/schedule.js';
import { checkSpec, countParameters, isCustomCost, SPEC_KEYS } from '../spec/spec.js';
import type { Trainer } from '../training/trainer.js';
import { TrainingReader } from './decode-training.js';
import { CHECKSUM_BYTES, MAGIC, PREFIX_BYTES, type SavedHeader, type SavedNetwork, VERSION } from './encode.js';

// Reads the files that encode.ts writes. Everything in a file is checked as if a stranger had written it.

/** Options of `load`. */
export interface LoadOptions extends CoreOptions {
  /**
   * The functions of the network's custom cost, which a file cannot hold. Required for such a network, refused for
   * others.
   */
  cost?: CustomCost;
  /**
   * The function that is the learning rate, which a file cannot hold. Required if the file was saved with `training:
   * true` under such a function and `training` is not false here; else refused.
   */
  learningRate?: ScheduleFunction;
  /** false: ignores everything that `save({ training: true })` has added to the file. Default true. */
  training?: boolean;
}

const OWN_KEYS = keysOf<Omit<LoadOptions, keyof CoreOptions>>({ cost: true, learningRate: true, training: true });

/** Reads a file. `options` gives what a file cannot hold. */
export function decode(bytes: unknown, options: LoadOptions): SavedNetwork {
  checkObject('options', options, [...CORE_KEYS, ...OWN_KEYS]);
  const { cost, learningRate } = options;
  const isResumed = checkBoolean('options.training', options.training ?? true);
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
  const { standardized, training, ...header } = checkHeader(bytes.subarray(PREFIX_BYTES, parametersStart), cost);
  const { inputs } = header.spec;
  const parameters = countParameters(header.spec);
  const arrays = [parameters];
  if (standardized) arrays.push(inputs, inputs);
  const reader = training === undefined ? undefined : new TrainingReader(training, header, parameters);
  if (reader) arrays.push(...reader.lengths);
  const wanted = 4 * arrays.reduce((sum, length) => sum + length, 0);
  const got = checksumStart - parametersStart;
  if (got !== wanted) throw outOfRange('load', `${got} bytes of parameters`, `${wanted} for this network`);
  // a copy, because the file may start at an odd address; slice would not copy if it is a Buffer
  const floats = new Float32Array(new Uint8Array(bytes.subarray(parametersStart, checksumStart)).buffer);
  let offset = 0;
  const next = (length: number) => {
    offset += length;
    return floats.subarray(offset - length, offset);
  };
  const parts = arrays.map(next);
  const standardization = standardized && { means: parts[1], deviations: parts[2] };
  const state = reader?.read(parts.slice(standardized ? 3 : 1));
  if (learningRate !== undefined && typeof learningRate !== 'function') {
    throw wrongType('load: options.learningRate', learningRate, 'the function of the training that was saved');
  }
  const needsFunction = isResumed && state?.hasFunction === true;
  if (needsFunction !== (learningRate !== undefined)) {
    const message = needsFunction
      ? 'got none for a training under a function, want it again (or training: false)'
      : 'got one for a training that is under none, want none';
    throw new TypeError(`load: options.learningRate: ${message}`);
  }
  return {
    ...header,
    optimizer: needsFunction ? ({ ...header.optimizer, learningRate } as Optimizer) : header.optimizer,
    standardization: standardization && checkStandardization('load: standardization', standardization, inputs),
    parameters: parts[0],
    training: isResumed ? state : undefined,
  };
}

/** Puts the contents of a file into a new network. */
export function restore(saved: SavedNetwork, layers: readonly Layer[], trainer: Trainer): void {
  let offset = 0;
  const next = (count: number) => {
    offset += count;
    return saved.parameters.subarray(offset - count, offset);
  };
  for (const layer of layers) {
    layer.weights = next(layer.units * layer.fanIn);
    layer.biases = next(layer.units);
  }
  trainer.state.restore(saved);
  if (saved.standardization) trainer.standardize(saved.standardization);
  if (saved.training) trainer.resume(saved.training);
}

const HEADER_KEYS = keysOf<Omit<SavedHeader, 'spec'> & { network: SpecOptions }>({
  network: true,
  optimizer: true,
  trainingSamples: true,
  epochsTrained: true,
  schedule: true,
  standardized: true,
  training: true,
});

function checkHeader(bytes: Uint8Array, cost: CustomCost | undefined): SavedHeader {
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(decodeUtf8(bytes));
  } catch (error) {
    throw new RangeError('load: got a header that is no JSON, want the one that save() wrote', { cause: error });
  }
  checkObject('load: header', header, HEADER_KEYS);
  checkObject('load: network', header.network, SPEC_KEYS);
  const { trainingSamples, epochsTrained, standardized, training } = header as unknown as SavedHeader;
  if (standardized !== undefined && standardized !== true) {
    throw wrongType('load: standardized', standardized, 'true or nothing');
  }
  if (!Number.isSafeInteger(epochsTrained) || epochsTrained < 0) {
    throw outOfRange('load: epochsTrained', epochsTrained, 'an integer from 0 up');
  }
  if (trainingSamples !== undefined && !(Number.isSafeInteger(trainingSamples) && trainingSamples > 0)) {
    throw outOfRange('load: trainingSamples', trainingSamples, 'an integer from 1 up');
  }
  const options = header.network as Omit<SpecOptions, 'cost'> & { cost: unknown };
  const isCustom = options.cost === 'custom';
  if (cost !== undefined && !isCustomCost(cost)) throw wrongType('load: options.cost', cost, '{ value, gradient }');
  if (isCustom !== (cost !== undefined)) {
    const got = isCustom
      ? 'none for a network with a cost of its own'
      : `one for a network with a cost of the library's`;
    throw new TypeError(`load: options.cost: got ${got}, want ${isCustom ? '{ value, gradient }' : 'none'}`);
  }
  const spec = checkSpec({ ...options, cost: cost ?? (options.cost as SpecOptions['cost']) });
  const schedule = header.schedule === undefined ? undefined : checkClockState('load: schedule', header.schedule);
  const optimizer = checkOptimizer(header.optimizer);
  return { spec, optimizer, trainingSamples, epochsTrained, schedule, standardized, training };
}
