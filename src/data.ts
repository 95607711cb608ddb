import * as abi from '../assembly/abi.js';
import type { Arena } from './arena.js';
import { checkObject, outOfRange, wrongType } from './errors.js';
import type { SetSize } from './plan.js';
import type { Spec } from './spec.js';
import type { DataSet, Inputs, Targets } from './types.js';

// Data at the door: lengths, labels and numbers are checked here, then copied into the network's memory as they are.

/** Samples that fit the network: lengths agree, labels are classes, floats are finite. */
export interface CheckedData {
  readonly samples: number;
  readonly inputs: Inputs;
  readonly targets: Targets;
}

export function checkData(where: string, data: unknown, spec: Spec): CheckedData {
  checkObject(where, data, ['inputs', 'targets']);
  const { inputs, targets } = data as DataSet;
  const samples = checkInputs(`${where}.inputs`, inputs, spec.inputs);
  checkTargets(`${where}.targets`, targets, samples, spec);
  return { samples, inputs, targets };
}

/** Number of samples in `inputs`. */
export function checkInputs(where: string, inputs: unknown, width: number): number {
  if (!(inputs instanceof Float32Array || inputs instanceof Uint8Array || inputs instanceof Uint8ClampedArray)) {
    throw wrongType(where, inputs, 'a Float32Array, Uint8Array or Uint8ClampedArray');
  }
  if (inputs.length === 0 || inputs.length % width !== 0) {
    throw outOfRange(where, `${inputs.length} numbers`, `rows of ${width} numbers, at least one`);
  }
  if (inputs instanceof Float32Array) checkFinite(where, inputs, width);
  return inputs.length / width;
}

export function checkTargets(where: string, targets: unknown, samples: number, spec: Spec): void {
  const outputs = spec.layers[spec.layers.length - 1].units;
  if (targets instanceof Uint8Array || targets instanceof Int32Array) {
    if (targets.length !== samples)
      throw outOfRange(where, `${targets.length} labels`, `${samples}, one for each sample`);
    const classes = Math.max(outputs, 2);
    for (let i = 0; i < samples; i++) {
      if (targets[i] < 0 || targets[i] >= classes) {
        throw outOfRange(`${where}[${i}]`, targets[i], `a label from 0 to ${classes - 1}`);
      }
    }
  } else if (targets instanceof Float32Array) {
    if (targets.length !== samples * outputs) {
      throw outOfRange(
        where,
        `${targets.length} numbers`,
        `${samples * outputs}, ${outputs} for each of ${samples} samples`,
      );
    }
    checkFinite(where, targets, outputs);
    if (spec.cost !== 'quadratic') checkProbabilities(where, targets, outputs, spec);
  } else {
    throw wrongType(where, targets, 'a Float32Array of rows, or a Uint8Array or Int32Array of labels');
  }
}

function checkFinite(where: string, values: Float32Array, width: number): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw outOfRange(`${where}[${i}] (row ${Math.floor(i / width)})`, values[i], 'a finite number');
    }
  }
}

/** The cross-entropies are costs of probabilities; the categorical one's gradient a - y also needs rows that add up to 1. */
function checkProbabilities(where: string, targets: Float32Array, outputs: number, spec: Spec): void {
  for (let i = 0; i < targets.length; i++) {
    if (targets[i] < 0 || targets[i] > 1) throw outOfRange(`${where}[${i}]`, targets[i], `0 to 1 for ${spec.cost}`);
  }
  if (spec.cost !== 'categoricalCrossEntropy') return;
  for (let start = 0; start < targets.length; start += outputs) {
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += targets[start + k];
    if (Math.abs(sum - 1) > 1e-4) {
      throw outOfRange(`${where}, row ${start / outputs}`, `a sum of ${sum}`, `1 for ${spec.cost}`);
    }
  }
}

export function setSize({ samples, inputs, targets }: CheckedData): SetSize {
  return {
    samples,
    inputBytes: inputs.byteLength,
    targetBytes: targets instanceof Float32Array ? targets.byteLength : samples * 4,
  };
}

/** Copies samples [first, first + rows) to the window and from there, in order, to x and y. */
export function loadBatch(arena: Arena, data: CheckedData, first: number, rows: number): void {
  const { plan } = arena;
  copyInputs(arena, abi.WINDOW, plan.windowInputs, data.inputs, first, rows);
  copyTargets(arena, abi.WINDOW, plan.windowTargets, data.targets, first, rows);
  arena.core.loadWindow(rows);
}

/** The same for inputs alone: y stays as it is. */
export function loadInputs(arena: Arena, inputs: Inputs, first: number, rows: number): void {
  copyInputs(arena, abi.WINDOW, arena.plan.windowInputs, inputs, first, rows);
  arena.header.setUint32(abi.WINDOW + abi.SET_TARGETS, 0, true);
  arena.core.loadWindow(rows);
}

/** The same for targets alone: x stays as it is. */
export function loadTargets(arena: Arena, targets: Targets, rows: number): void {
  copyTargets(arena, abi.WINDOW, arena.plan.windowTargets, targets, 0, rows);
  arena.header.setUint32(abi.WINDOW + abi.SET_INPUTS, 0, true);
  arena.core.loadWindow(rows);
}

/** Copies a whole data set to where the training steps read it. */
export function loadTrainingSet(arena: Arena, data: CheckedData): void {
  const { plan } = arena;
  copyInputs(arena, abi.TRAINING_SET, plan.setInputs, data.inputs, 0, data.samples);
  copyTargets(arena, abi.TRAINING_SET, plan.setTargets, data.targets, 0, data.samples);
  arena.header.setUint32(abi.TRAINING_SET + abi.SET_SAMPLES, data.samples, true);
}

/** Samples [first, first + rows) to `address`, and the description of the set that the core reads. */
function copyInputs(arena: Arena, set: number, address: number, inputs: Inputs, first: number, rows: number): void {
  const { header, spec } = arena;
  const isAll = rows * spec.inputs === inputs.length;
  arena.write(address, isAll ? inputs : inputs.subarray(first * spec.inputs, (first + rows) * spec.inputs));
  header.setUint32(set + abi.SET_INPUTS, address, true);
  header.setUint32(set + abi.SET_INPUT_TYPE, inputs instanceof Float32Array ? abi.F32 : abi.U8, true);
}

function copyTargets(arena: Arena, set: number, address: number, targets: Targets, first: number, rows: number): void {
  const { header, spec } = arena;
  header.setUint32(set + abi.SET_TARGETS, address, true);
  if (targets instanceof Float32Array) {
    const outputs = spec.layers[spec.layers.length - 1].units;
    const part = targets.subarray(first * outputs, (first + rows) * outputs);
    arena.floats(address, part.length).set(part);
    header.setUint32(set + abi.SET_TARGET_TYPE, abi.ROWS, true);
  } else {
    arena.words(address, rows).set(targets.subarray(first, first + rows));
    header.setUint32(set + abi.SET_TARGET_TYPE, abi.LABELS, true);
  }
}
