import { crc32 } from '../check/crc32.js';
import { checkFloats, checkObject, outOfRange, wrongType } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import type { SetWords } from '../core/header.js';
import type { SetSize } from '../core/memory-plan.js';
import { F32, LABELS, ROWS, U8 } from '../spec/codes.js';
import { BYTE_SCALE, outputsOf, type Spec } from '../spec/spec.js';

// Checks data once, when they are given: lengths, labels and numbers. The data are then copied into the network's
// memory without further checks.

/**
 * Inputs [samples × inputs], row-major. Float64Array and Int32Array are rounded to 32-bit floats; bytes and integers
 * are multiplied by the network's `scale`.
 */
export type Inputs = Float32Array | Float64Array | Uint8Array | Uint8ClampedArray | Int32Array;

/**
 * Targets: rows of floats [samples × outputs], or a class label for each sample [samples]. A label is an integer from 0
 * to outputs - 1, or 0 or 1 if there is one output.
 */
export type Targets = Float32Array | Float64Array | Uint8Array | Int32Array;

/** Samples to train on or to evaluate. */
export interface DataSet {
  /** [samples × inputs] */
  inputs: Inputs;
  /** Float32Array and Float64Array are rows [samples × outputs]; Uint8Array and Int32Array are labels [samples]. */
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

/** Checks inputs and returns the number of samples. */
export function checkInputs(where: string, inputs: unknown, { inputs: width, scale }: Spec): number {
  if (!(isFloats(inputs) || isBytes(inputs) || inputs instanceof Int32Array)) {
    throw wrongType(where, inputs, 'a Float32Array, Float64Array, Uint8Array, Uint8ClampedArray or Int32Array');
  }
  if (inputs.length === 0 || inputs.length % width !== 0) {
    throw outOfRange(where, `${inputs.length} numbers`, `rows of ${width} numbers, at least one`);
  }
  if (isFloats(inputs)) checkAllFinite(where, inputs, width);
  else checkScaled(where, inputs, scale ?? (isBytes(inputs) ? BYTE_SCALE : 1));
  return inputs.length / width;
}

export function isFloats(values: unknown): values is Float32Array | Float64Array {
  return values instanceof Float32Array || values instanceof Float64Array;
}

function isBytes(values: unknown): values is Uint8Array | Uint8ClampedArray {
  return values instanceof Uint8Array || values instanceof Uint8ClampedArray;
}

export function checkTargets(where: string, targets: unknown, samples: number, spec: Spec): void {
  const outputs = outputsOf(spec);
  if (targets instanceof Uint8Array || targets instanceof Int32Array) {
    if (targets.length !== samples)
      throw outOfRange(where, `${targets.length} labels`, `${samples}, one for each sample`);
    const classes = Math.max(outputs, 2);
    for (let i = 0; i < samples; i++) {
      if (targets[i] < 0 || targets[i] >= classes) {
        throw outOfRange(`${where}[${i}]`, targets[i], `a label from 0 to ${classes - 1}`);
      }
    }
  } else if (isFloats(targets)) {
    if (targets.length !== samples * outputs) {
      throw outOfRange(
        where,
        `${targets.length} numbers`,
        `${samples * outputs}, ${outputs} for each of ${samples} samples`,
      );
    }
    checkAllFinite(where, targets, outputs);
    checkTargetsForCost(where, targets, outputs, spec);
  } else {
    throw wrongType(where, targets, 'a Float32Array or Float64Array of rows, or a Uint8Array or Int32Array of labels');
  }
}

function checkAllFinite(where: string, values: Float32Array | Float64Array, width: number): void {
  const { fround } = Math;
  const { length } = values;
  let i = 0;
  // 0 times a sum is 0 only if all its terms are finite; one test for four numbers is faster, see docs/kernels.md
  while (
    i + 4 <= length &&
    0 * (fround(values[i]) + fround(values[i + 1]) + fround(values[i + 2]) + fround(values[i + 3])) === 0
  ) {
    i += 4;
  }
  for (; i < length; i++) {
    if (!Number.isFinite(fround(values[i]))) {
      const wanted = Number.isFinite(values[i]) ? 'a number that is finite in 32 bits' : 'a finite number';
      throw outOfRange(`${where}[${i}] (row ${Math.floor(i / width)})`, values[i], wanted);
    }
  }
}

/** Refuses integers that are not finite in f32 once they are multiplied by a large scale. */
function checkScaled(where: string, values: Uint8Array | Uint8ClampedArray | Int32Array, scale: number): void {
  const factor = Math.fround(scale);
  const fits = (value: number) => Number.isFinite(Math.fround(Math.fround(value) * factor));
  if (fits(values instanceof Int32Array ? -(2 ** 31) : 255)) return;
  const bad = values.findIndex((value) => !fits(value));
  if (bad >= 0) {
    throw outOfRange(
      `${where}[${bad}]`,
      `${values[bad]} times the scale ${scale}`,
      'a number that is finite in 32 bits',
    );
  }
}

/**
 * Refuses rows of targets that the cost cannot use. Costs take probabilities, which for some must add up to 1, signs,
 * or counts.
 */
function checkTargetsForCost(
  where: string,
  targets: Float32Array | Float64Array,
  outputs: number,
  { cost }: Spec,
): void {
  const checkEach = (fits: (y: number) => boolean, wanted: string) => {
    const bad = targets.findIndex((y) => !fits(y));
    if (bad >= 0) throw outOfRange(`${where}[${bad}]`, targets[bad], `${wanted} for ${cost}`);
  };
  if (cost === 'hinge') checkEach((y) => y === -1 || y === 1, '-1 or 1');
  if (cost === 'poisson') checkEach((y) => y >= 0, '0 or more');
  const isDistribution = cost === 'categoricalCrossEntropy' || cost === 'kullbackLeibler';
  if (isDistribution || cost === 'binaryCrossEntropy') checkEach((y) => y >= 0 && y <= 1, '0 to 1');
  if (!isDistribution) return;
  // delta = a - y is right only for rows that add up to 1
  for (let start = 0; start < targets.length; start += outputs) {
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += targets[start + k];
    if (Math.abs(sum - 1) > 1e-4) {
      throw outOfRange(`${where}, row ${start / outputs}`, `a sum of ${sum}`, `1 for ${cost}`);
    }
  }
}

export function checkWeights(where: string, weights: unknown, samples: number): void {
  const isWanted = (weight: number) => weight >= 0 && weight < Number.POSITIVE_INFINITY;
  checkFloats(where, weights, samples, isWanted, 'a finite number from 0 up');
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
  window.inputType = typeOf(data.inputs);
  copyTargets(arena, window, plan.windowTargets, data.targets, first, rows);
  copyWeights(arena, window, plan.windowWeights, data.weights, first, rows);
}

/** Computes z and a of the samples [first, first + rows). The targets y of the batch stay as they are. */
export function forwardInputs(arena: Arena, inputs: Inputs, first: number, rows: number): void {
  writeInputs(arena, arena.plan.windowInputs, inputs, first, rows);
  arena.core.forwardWindow(rows, typeOf(inputs));
}

/**
 * Copies a batch's targets and weights to the window, and from there into the batch. The inputs x of the batch stay as
 * they are.
 */
export function loadTargets(arena: Arena, targets: Targets, weights: Float32Array | undefined, rows: number): void {
  const { plan, header, core } = arena;
  copyTargets(arena, header.window, plan.windowTargets, targets, 0, rows);
  copyWeights(arena, header.window, plan.windowWeights, weights, 0, rows);
  core.loadWindowTargets(rows);
}

/** Copies a whole data set to the place that training steps read. */
export function loadTrainingSet(arena: Arena, { inputs, targets, weights, samples }: CheckedData): void {
  const { plan, header } = arena;
  const { trainingSet } = header;
  writeInputs(arena, plan.setInputs, inputs, 0, samples);
  trainingSet.inputs = plan.setInputs;
  trainingSet.inputType = typeOf(inputs);
  copyTargets(arena, trainingSet, plan.setTargets, targets, 0, samples);
  copyWeights(arena, trainingSet, plan.setWeights, weights, 0, samples);
  trainingSet.samples = samples;
}

const typeOf = (inputs: Inputs) => (isBytes(inputs) ? U8 : F32);

/** Copies the inputs of the samples [first, first + rows) to `address`. */
function writeInputs(arena: Arena, address: number, inputs: Inputs, first: number, rows: number): void {
  const { spec } = arena;
  const isAll = rows * spec.inputs === inputs.length;
  const part = isAll ? inputs : inputs.subarray(first * spec.inputs, (first + rows) * spec.inputs);
  arena.write(address, part);
  if (part instanceof Int32Array) arena.core.convertIntegers(address, part.length, spec.scale ?? 1);
}

function copyTargets(
  arena: Arena,
  set: SetWords,
  address: number,
  targets: Targets,
  first: number,
  rows: number,
): void {
  set.targets = address;
  if (isFloats(targets)) {
    const outputs = outputsOf(arena.spec);
    const part = targets.subarray(first * outputs, (first + rows) * outputs);
    arena.floats(address, part.length).set(part);
    set.targetType = ROWS;
  } else {
    arena.words(address, rows).set(targets.subarray(first, first + rows));
    set.targetType = LABELS;
  }
}

function copyWeights(
  arena: Arena,
  set: SetWords,
  address: number,
  weights: Float32Array | undefined,
  first: number,
  rows: number,
): void {
  if (weights) arena.floats(address, rows).set(weights.subarray(first, first + rows));
  set.weights = weights ? address : 0;
}
