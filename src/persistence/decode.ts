import { foreignContents } from '../check/contents.js';
import { crc32 } from '../check/crc32.js';
import {
  checkBoolean,
  checkIsObject,
  checkName,
  checkObject,
  counted,
  keysOf,
  orDefault,
  outOfRange,
  quote,
  wrongType,
} from '../check/errors.js';
import { CORE_KEYS, type CoreOptions } from '../core/core-options.js';
import { checkScalable } from '../data/target-scale.js';
import { checkNamedTask, checkScaledTask, checkTask, goalGiven, type KnownGoal } from '../data/task.js';
import { checkNetworkNames, type Names } from '../spec/names.js';
import type { CustomCost, SpecOptions } from '../spec/network-options.js';
import { checkOptimizer, defaultOptimizer, type Optimizer } from '../spec/optimizer.js';
import { checkClockState, type ScheduleFunction } from '../spec/schedule.js';
import {
  checkSpec,
  countParameters,
  isCustomCost,
  outputsOf,
  type ScaledArrays,
  SPEC_KEYS,
  type Spec,
} from '../spec/spec.js';
import { checkStandardization, type Standardization } from '../spec/standardization.js';
import { TRAINING_SECTIONS } from './encode.js';
import { Contents, inFile, NEWER, readJson, readSections } from './read-sections.js';
import type { SavedNetwork, SavedOptimizer } from './saved-network.js';
import { CHECKSUM_BYTES, jsonSection, MAGIC, PREFIX_BYTES, type Section, VERSION } from './sections.js';

// Reads what encode.ts writes. A file is untrusted input: every part of it is checked, and memory is allocated only for
// contents that the file is long enough to hold.

/** Options of `load`. */
export interface LoadOptions extends CoreOptions {
  /**
   * The functions of the network's custom cost, which a file cannot hold. Required for such a network, refused for
   * others.
   * @defaultValue none
   */
  cost?: CustomCost | undefined;
  /**
   * The function that is the learning rate, which a file cannot hold. Required if the file was saved with `training:
   * true` under such a function and `training` is not false here; else refused.
   * @defaultValue none
   */
  learningRate?: ScheduleFunction | undefined;
  /**
   * false: ignores everything that `save({ training: true })` has added to the file.
   * @defaultValue `true`
   */
  training?: boolean | undefined;
}

const OWN_KEYS = keysOf<Omit<LoadOptions, keyof CoreOptions>>({ cost: true, learningRate: true, training: true });

const SECTIONS = [
  'network',
  'activations',
  'parameters',
  'standardization',
  'targets',
  'names',
  'task',
  'optimizer',
  ...TRAINING_SECTIONS,
];

/** `file`: a copy of the user's bytes. `options`: those of load that say what a file cannot hold. */
export async function decode(file: Uint8Array, options: LoadOptions): Promise<SavedNetwork> {
  checkObject('options', options, [...CORE_KEYS, ...OWN_KEYS]);
  const isResumed = checkBoolean('options.training', orDefault(options.training, true));
  const contents = new Contents(await sectionsOf(file), SECTIONS);
  const spec = decodeSpec(networkOf(contents), options.cost);
  const count = countParameters(spec);
  const parameters = contents.floatsOrHalves('parameters', count);
  const saved = decodeOptimizer(contents);
  const goal = decodeGoal(contents, spec);
  const training = TRAINING_SECTIONS.some((name) => contents.has(name))
    ? (await loadTraining()).decodeTraining(contents, saved.optimizer, count, {
        task: goal.task,
        outputs: outputsOf(spec),
      })
    : undefined;
  const learningRate = checkFunction(options.learningRate, isResumed && training?.hasFunction === true);
  return {
    ...saved,
    ...(learningRate && { optimizer: { ...saved.optimizer, learningRate } as Optimizer }),
    spec,
    goal,
    parameters,
    standardization: decodeStandardization(contents, 'standardization', spec.inputs),
    targetScale: decodeTargetScale(contents, spec, goal),
    names: decodeNames(contents, spec, goal),
    training: isResumed ? training : undefined,
    unknown: contents.unknown,
  };
}

/** Loaded only for files that have sections of a training. */
export const loadTraining = () => import('./decode-training.js');

/** The sections of a file, whose checksum is verified. */
export async function sectionsOf(file: Uint8Array): Promise<Section[]> {
  const hasMagic = magicOf(file) === MAGIC;
  const way = hasMagic ? '' : (await import('../check/network-files.js')).wayToReader(file, 'simdprop');
  if (checkFile(file, way) > 1) return readSections(file);
  const { json, start } = readJson(file, 'header');
  const { sectionsOfVersion1 } = await import('./version-1.js');
  return sectionsOfVersion1(json, file.subarray(start, file.length - CHECKSUM_BYTES), jsonSection);
}

const magicOf = (file: Uint8Array) => String.fromCharCode(...file.subarray(0, MAGIC.length));

/** Checks that a file is complete. Returns its version. `way`: what reads a file of another format. */
function checkFile(file: Uint8Array, way: string): number {
  const foreign = foreignContents(file);
  if (foreign) throw outOfRange('load', foreign, `a file that save() made${way}`);
  const checksumStart = file.length - CHECKSUM_BYTES;
  if (checksumStart < PREFIX_BYTES) {
    throw outOfRange('load', counted(file.length, 'byte'), `a file of at least ${PREFIX_BYTES + CHECKSUM_BYTES}`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = magicOf(file);
  if (magic !== MAGIC) throw outOfRange('load', `a file that begins with ${quote(magic)}`, `"${MAGIC}"${way}`);
  const version = view.getUint32(8, true);
  if (version < 1 || version > VERSION) {
    const wanted = `version 1 to ${VERSION}${version > VERSION ? `: ${NEWER}` : ''}`;
    throw outOfRange('load', `a file of version ${version}`, wanted);
  }
  const checksum = view.getUint32(checksumStart, true);
  const actual = crc32(file.subarray(0, checksumStart));
  if (checksum !== actual) {
    throw outOfRange('load', `contents with the checksum ${actual}`, `${checksum}: the file is damaged or cut short`);
  }
  return version;
}

/** Refuses an object with an unknown key, which comes from another version. */
function checkKeys(where: string, value: unknown, keys: readonly string[]): void {
  checkIsObject(where, value);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown === undefined) return;
  throw outOfRange(where, `the unknown key ${JSON.stringify(unknown)}`, `${keys.join(', ')}, or ${NEWER}`);
}

/** The options of the network, with the activations of a section of their own, if the file has one. */
function networkOf(contents: Contents): unknown {
  const network = contents.json('network');
  if (!contents.has('activations')) return network;
  const activations = contents.json('activations');
  const { layers } = Object(network) as { layers: unknown };
  if (!Array.isArray(layers) || !Array.isArray(activations) || activations.length !== layers.length) {
    throw outOfRange('load: activations', 'another list', 'one activation for each layer');
  }
  const whole = layers.map((layer: object, l) => ({ ...layer, activation: activations[l] as unknown }));
  return { ...(network as object), layers: whole };
}

function decodeSpec(value: unknown, cost: CustomCost | undefined): Spec {
  checkKeys('load: network', value, [...SPEC_KEYS, 'scaled']);
  const { scaled, ...options } = value as Omit<SpecOptions, 'cost'> & { cost: unknown; scaled: unknown };
  const isCustom = options.cost === 'custom';
  if (cost !== undefined && !isCustomCost(cost)) throw wrongType('load: options.cost', cost, '{ value, gradient }');
  if (isCustom !== (cost !== undefined)) {
    const got = isCustom ? 'none for a network with a cost of its own' : 'one for a network with a built-in cost';
    throw new TypeError(`load: options.cost: got ${got}, want ${isCustom ? '{ value, gradient }' : 'none'}`);
  }
  return inFile('load: ', () => ({
    ...checkSpec({ ...options, ...ofNoBiases(options), cost: cost ?? (options.cost as SpecOptions['cost']) }),
    ...(scaled === undefined ? oldScale(options) : { scaled: checkName('scaled', scaled, SCALED) }),
  }));
}

/** Versions before accepted a penalty on biases for a network without biases, where it has no effect. */
function ofNoBiases({ layers, penalizeBiases }: Pick<SpecOptions, 'layers' | 'penalizeBiases'>): Partial<SpecOptions> {
  const hasNone = Array.isArray(layers) && layers.every((layer) => Object(layer).bias === false);
  return hasNone && penalizeBiases === true ? { penalizeBiases: false } : {};
}

const SCALED: readonly ScaledArrays[] = ['all', 'integers', 'bytes'];

/** The scale of a file that does not say to which arrays it applies. If it has none, bytes were multiplied by 1/255. */
function oldScale({ scale }: Pick<SpecOptions, 'scale'>): Partial<Spec> {
  return scale === undefined ? { scale: 1 / 255, scaled: 'bytes' } : { scaled: 'integers' };
}

/** The goal of the network. If it is not decided yet, the file has no such section, and nothing is known. */
function decodeGoal(contents: Contents, spec: Spec): KnownGoal {
  if (!contents.has('task')) return {};
  const value = contents.json('task');
  checkKeys('load: task', value, ['task', 'isSigned']);
  const { task, isSigned } = value as KnownGoal;
  const given = goalGiven(checkTask('load: task.task', task, spec), spec);
  if (isSigned === undefined) return given;
  checkBoolean('load: task.isSigned', isSigned);
  if (given.isSigned !== undefined && isSigned !== given.isSigned) {
    throw outOfRange(
      'load: task.isSigned',
      isSigned,
      `${given.isSigned} for the task ${task} and the cost ${spec.cost}`,
    );
  }
  return { ...given, isSigned };
}

const OPTIMIZER_KEYS = keysOf<SavedOptimizer>({
  optimizer: true,
  trainingSamples: true,
  epochsTrained: true,
  schedule: true,
});

/** The optimizer of the file, or that of a new network if the file has none. */
function decodeOptimizer(contents: Contents): SavedOptimizer {
  if (!contents.has('optimizer')) {
    return { optimizer: defaultOptimizer(), trainingSamples: undefined, epochsTrained: 0, schedule: undefined };
  }
  const value = contents.json('optimizer');
  checkKeys('load: optimizer', value, OPTIMIZER_KEYS);
  const { optimizer, trainingSamples, epochsTrained, schedule } = value as SavedOptimizer;
  if (!Number.isSafeInteger(epochsTrained) || epochsTrained < 0) {
    throw outOfRange('load: epochsTrained', epochsTrained, 'an integer from 0 up');
  }
  if (trainingSamples !== undefined && !(Number.isSafeInteger(trainingSamples) && trainingSamples > 0)) {
    throw outOfRange('load: trainingSamples', trainingSamples, 'an integer from 1 up');
  }
  return {
    optimizer: checkOptimizer(optimizer, 'load: optimizer'),
    trainingSamples,
    epochsTrained,
    schedule: schedule === undefined ? undefined : checkClockState('load: schedule', schedule),
  };
}

function decodeNames(contents: Contents, spec: Spec, { task }: KnownGoal): Names {
  if (!contents.has('names')) return {};
  const value = contents.json('names');
  checkKeys('load: names', value, keysOf<Names>({ classes: true, columns: true }));
  const names = checkNetworkNames('load: names.', value as Names, spec, task);
  checkNamedTask('load: names.classes', names.classes, task, spec);
  return names;
}

/** The standardisation of the targets. Only some networks can have it: the file may have been forged. */
function decodeTargetScale(contents: Contents, spec: Spec, { task }: KnownGoal): Standardization | undefined {
  const scale = decodeStandardization(contents, 'targets', outputsOf(spec));
  if (scale) {
    checkScalable('load: targets', spec);
    checkScaledTask('load: targets', task);
  }
  return scale;
}

function decodeStandardization(contents: Contents, name: string, columns: number): Standardization | undefined {
  if (!contents.has(name)) return undefined;
  const doubles = contents.doubles(name, 2 * columns);
  const parts = { means: doubles.subarray(0, columns), deviations: doubles.subarray(columns) };
  return checkStandardization(`load: ${name}`, parts, columns);
}

/**
 * Checks the option `learningRate`. It must be given if, and only if, the training in the file has a function as its
 * learning rate.
 */
function checkFunction(given: unknown, isNeeded: boolean): ScheduleFunction | undefined {
  if (given !== undefined && typeof given !== 'function') {
    throw wrongType('load: options.learningRate', given, 'the function of the training that was saved');
  }
  if (isNeeded !== (given !== undefined)) {
    const message = isNeeded
      ? 'got none for a training whose learning rate is a function, want that function (or training: false)'
      : 'got one for a training whose learning rate is not a function, want none';
    throw new TypeError(`load: options.learningRate: ${message}`);
  }
  return given as ScheduleFunction | undefined;
}
