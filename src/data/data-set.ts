import { crc32 } from '../check/crc32.js';
import { checkObject } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import type { SetSize } from '../core/memory-plan.js';
import type { Spec } from '../spec/spec.js';
import { checkInputs, type Inputs, isBytes, storedTypeOf, writeInputs } from './inputs.js';
import { isFloats } from './numbers.js';
import { checkTargets, checkWeights, type Targets, writeTargets, writeWeights } from './targets.js';

// Checks data once, when they are given: lengths, labels and numbers. The data are then copied into the network's
// memory without further checks.

/** Samples to train on or to evaluate. */
export interface DataSet {
  /** [samples × inputs] */
  inputs: Inputs;
  /** Float32Array and Float64Array are rows [samples × outputs]; arrays of integers are labels [samples]. */
  targets: Targets;
  /**
   * [samples], each 0 or more: the weight w_x that a sample's cost is multiplied by, C = 1/n Σ w_x C_x. Here n is the
   * number of samples, not the sum of the weights. Default: 1 for each sample.
   */
  weights?: Float32Array;
}

/** Samples that fit the network: the lengths agree, labels are classes, and floats are finite. */
export interface CheckedData {
  readonly samples: number;
  readonly inputs: Inputs;
  readonly targets: Targets;
  /** [samples]; undefined: 1 for each sample. */
  readonly weights: Float32Array | undefined;
}

export function checkData(where: string, data: unknown, spec: Spec): CheckedData {
  checkObject(where, data, ['inputs', 'targets', 'weights']);
  const { inputs, targets, weights } = data as DataSet;
  const samples = checkInputs(`${where}.inputs`, inputs, spec);
  checkTargets(`${where}.targets`, targets, samples, spec);
  if (weights !== undefined) checkWeights(`${where}.weights`, weights, samples);
  return { samples, inputs, targets, weights };
}

export function setSize({ samples, inputs, targets, weights }: CheckedData): SetSize {
  return {
    samples,
    inputBytes: isBytes(inputs) ? inputs.length : inputs.length * 4,
    targetBytes: isFloats(targets) ? targets.length * 4 : samples * 4,
    weightBytes: weights ? weights.byteLength : 0,
  };
}

/** Checksum of the training set that lies in the arena, as it is stored there. */
export function checksumOfSet(arena: Arena): number {
  const { plan } = arena;
  const { inputBytes, targetBytes, weightBytes } = arena.set as SetSize;
  return checksum([
    arena.bytes(plan.setInputs, inputBytes),
    arena.bytes(plan.setTargets, targetBytes),
    arena.bytes(plan.setWeights, weightBytes),
  ]);
}

/** Checksum of data that do not lie in the arena. To be compared only with other checksums of this function. */
export function checksumOf({ inputs, targets, weights }: CheckedData): number {
  return checksum([isBytes(inputs) ? inputs : Float32Array.from(inputs), Float32Array.from(targets), weights]);
}

/** Checksum of several arrays, one after another. */
function checksum(parts: readonly (ArrayBufferView | undefined)[]): number {
  const bytes = (part: ArrayBufferView) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  return parts.reduce((crc, part) => (part ? crc32(bytes(part), crc) : crc), 0);
}

/** Copies the samples [first, first + rows) to the window. */
export function writeWindow(arena: Arena, data: CheckedData, first: number, rows: number): void {
  const { plan, header } = arena;
  const { window } = header;
  writeInputs(arena, plan.windowInputs, data.inputs, first, rows);
  window.inputType = storedTypeOf(data.inputs);
  writeTargets(arena, window, plan.windowTargets, data.targets, first, rows);
  writeWeights(arena, window, plan.windowWeights, data.weights, first, rows);
}

/** Computes z and a of the samples [first, first + rows). The targets y of the batch stay as they are. */
export function forwardInputs(arena: Arena, inputs: Inputs, first: number, rows: number): void {
  writeInputs(arena, arena.plan.windowInputs, inputs, first, rows);
  arena.core.forwardWindow(rows, storedTypeOf(inputs));
}

/**
 * Copies a batch's targets and weights to the window, and from there into the batch. The inputs x of the batch stay as
 * they are.
 */
export function loadTargets(arena: Arena, targets: Targets, weights: Float32Array | undefined, rows: number): void {
  const { plan, header, core } = arena;
  writeTargets(arena, header.window, plan.windowTargets, targets, 0, rows);
  writeWeights(arena, header.window, plan.windowWeights, weights, 0, rows);
  core.loadWindowTargets(rows);
}

/** Copies a whole data set to the place that training steps read. */
export function loadTrainingSet(arena: Arena, { inputs, targets, weights, samples }: CheckedData): void {
  const { plan, header } = arena;
  const { trainingSet } = header;
  writeInputs(arena, plan.setInputs, inputs, 0, samples);
  trainingSet.inputs = plan.setInputs;
  trainingSet.inputType = storedTypeOf(inputs);
  writeTargets(arena, trainingSet, plan.setTargets, targets, 0, samples);
  writeWeights(arena, trainingSet, plan.setWeights, weights, 0, samples);
  trainingSet.samples = samples;
}
