import { arrayType, type NumberArray } from '../check/arrays.js';
import { counted, countOf, outOfRange, tableHint, wayOut, wrongType } from '../check/errors.js';
import { firstInfinite } from '../check/finite.js';
import { placeOf, plainNumbers } from '../check/plain-arrays.js';
import type { Arena } from '../core/arena.js';
import { F32, U8 } from '../spec/codes.js';
import type { ForwardSpec } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import { firstUnfit, isFloats, isIntegers, nestedHint } from './numbers.js';

// Inputs of a network: their arrays, and how their numbers are changed on the way into the memory.

/** Inputs in one typed array [samples × inputs], row-major. */
export type InputArray = Exclude<NumberArray, Uint8ClampedArray>;

/**
 * Inputs: numbers [samples × inputs], row-major, in a typed array or a plain one, so that a plain array of `inputs`
 * numbers is one sample; or an array of rows [samples] of `inputs` numbers each, plain or typed. Typed arrays are the
 * fast path: other arrays are copied into one first.
 *
 * The type of the array does not change what its numbers mean. All are multiplied by the network's `scale`. Numbers
 * that 32-bit floats cannot hold are rounded once, after the network's standardisation. A Uint8ClampedArray is refused:
 * the pixels of a canvas are four numbers each, which would pass as four times as many inputs.
 */
export type Inputs = InputArray | readonly number[] | readonly (readonly number[] | InputArray)[];

/** The settings that decide how data are changed. */
export type Preparation = Pick<Arena, 'spec' | 'names' | 'standardization' | 'targetScale'>;

/** The settings that decide how inputs are changed. */
export interface InputSettings extends Pick<Arena, 'names' | 'standardization'> {
  readonly spec: ForwardSpec;
}

/** A memory that inputs are copied into: an arena, or that of a predictor. */
export interface InputMemory extends InputSettings {
  /** The whole memory as floats: valid until it grows. */
  readonly floatMemory: Float32Array;
  writeFloats(address: number, values: NumberArray, count: number): void;
  writeBytes(address: number, values: Uint8Array, count: number): void;
  /** True if `count` floats at `address` are finite. Only a whole core has this test. */
  areFinite?(address: number, count: number): boolean;
}

/** For up to this many floats, a loop is faster than a call of the core. */
const SHORT = 32;

/** What a call standardises. */
export interface Standardized {
  readonly inputs: boolean;
  readonly targets: boolean;
}

const NOT_MEASURED: Standardization = { means: new Float64Array(0), deviations: new Float64Array(0) };

/**
 * The settings for checking the data of a training: what it standardises will be standardised, even if the columns have
 * not been measured yet.
 */
export function preparationOf(
  { spec, names, standardization, targetScale }: Preparation,
  { inputs, targets }: Standardized,
): Preparation {
  return {
    spec,
    names,
    standardization: standardization ?? (inputs ? NOT_MEASURED : undefined),
    targetScale: targetScale ?? (targets ? NOT_MEASURED : undefined),
  };
}

export function isBytes(inputs: InputArray): inputs is Uint8Array {
  return arrayType(inputs) === 'Uint8Array';
}

/** The factor that inputs are multiplied by. */
export function scaleOf(inputs: InputArray, { scale = 1, scaled }: ForwardSpec): number {
  const isScaled = scaled === 'all' || (scaled === 'bytes' ? isBytes(inputs) : !isFloats(inputs));
  return isScaled ? scale : 1;
}

/** The numbers of a plain array of inputs, or of rows. */
export const plainInputs = (
  where: string,
  inputs: readonly unknown[],
  { spec, names }: Pick<InputSettings, 'spec' | 'names'>,
) => plainNumbers(where, inputs, spec.inputs, 'one for each input', names.columns) as InputArray;

/** The end of the message for the pixels of a canvas. */
const CANVAS =
  ': pixels of a canvas are four numbers each; Uint8Array.from(data.filter((_, i) => i % 4 === 0)) takes one of the four';

/** Checks the type and the length of inputs, and returns the number of samples. */
export function checkInputShape(where: string, inputs: unknown, { inputs: width }: ForwardSpec): number {
  const isClamped = arrayType(inputs) === 'Uint8ClampedArray';
  if (isClamped || (!isFloats(inputs) && !isIntegers(inputs))) throw wrongArray(where, inputs);
  if (inputs.length === 0 || inputs.length % width !== 0) throw wrongLength(where, inputs, width);
  return inputs.length / width;
}

function wrongArray(where: string, inputs: unknown): TypeError {
  const wanted = 'an array of numbers or of rows, plain or typed';
  return wrongType(
    where,
    inputs,
    wanted + (arrayType(inputs) === 'Uint8ClampedArray' ? CANVAS : wayOut(inputs) || tableHint(inputs)),
  );
}

function wrongLength(where: string, inputs: NumberArray, width: number): RangeError {
  return outOfRange(where, countOf(inputs), `rows of ${counted(width, 'number')}, at least one${nestedHint(inputs)}`);
}

/** Checks inputs, their numbers too, and returns the number of samples. */
export function checkInputs(where: string, inputs: unknown, preparation: InputSettings): number {
  const samples = checkInputShape(where, inputs, preparation.spec);
  const bad = firstBad(inputs as InputArray, preparation);
  if (bad >= 0) throw badInput(where, inputs as InputArray, bad, preparation);
  return samples;
}

/** The place of the first number that cannot be used; -1: there is none. */
function firstBad(inputs: InputArray, { spec, standardization }: InputSettings): number {
  // the results of standardisation are checked when they are computed
  if (standardization) return isFloats(inputs) ? firstInfinite(inputs) : -1;
  return firstUnfit(inputs, Math.fround(scaleOf(inputs, spec)));
}

function badInput(
  where: string,
  inputs: InputArray,
  at: number,
  { spec, names, standardization }: InputSettings,
): RangeError {
  const value = inputs[at];
  const place = `${where}[${at}]${placeOf(at, spec.inputs, names.columns)}`;
  if (!Number.isFinite(value)) return outOfRange(place, value, `a finite number${nestedHint(inputs)}`);
  const scale = scaleOf(inputs, spec);
  const got = scale === 1 ? `${value}` : `${value} times the scale ${scale}`;
  const wanted = 'a number that is finite in 32 bits';
  return outOfRange(place, got, standardization ? `${wanted} once it is standardised` : wanted);
}

/** True if inputs are stored as bytes, which the core multiplies by the scale. All others are stored as floats. */
function areStoredAsBytes(arena: InputMemory, inputs: InputArray): inputs is Uint8Array {
  return !arena.standardization && isBytes(inputs);
}

export const storedBytesOf = (arena: InputMemory, inputs: InputArray, samples: number) =>
  samples * arena.spec.inputs * (areStoredAsBytes(arena, inputs) ? 1 : 4);

/**
 * Copies the inputs of the samples [first, first + rows) to `address`. They are scaled and standardised, unless they
 * are stored as bytes. Throws if a copied number cannot be used.
 * Returns the type that they are stored as.
 */
export function writeInputs(
  where: string,
  arena: InputMemory,
  address: number,
  inputs: InputArray,
  first: number,
  rows: number,
): number {
  const width = arena.spec.inputs;
  const start = first * width;
  // another thread can make an array in growable memory longer at any moment: only `count` numbers have a place
  const count = rows * width;
  const part = count === inputs.length ? inputs : inputs.subarray(start, start + count);
  const areBytes = areStoredAsBytes(arena, part);
  const bad = areBytes ? writeAsBytes(arena, address, part, count) : writeAsFloats(arena, address, part, count);
  if (bad >= 0) throw badInput(where, inputs, start + bad, arena);
  return areBytes ? U8 : F32;
}

/** Returns the place of the first number that cannot be used; -1: there is none, and the bytes are copied. */
function writeAsBytes(arena: InputMemory, address: number, inputs: Uint8Array, count: number): number {
  const bad = firstBad(inputs, arena);
  if (bad < 0) arena.writeBytes(address, inputs, count);
  return bad;
}

/** Returns the place of the first copied number that cannot be used; -1: there is none. */
function writeAsFloats(arena: InputMemory, address: number, inputs: InputArray, count: number): number {
  const { floatMemory, standardization, spec } = arena;
  const at = address / 4;
  const scale = scaleOf(inputs, spec);
  if (standardization) standardize(floatMemory, at, inputs, count, scale, standardization);
  else if (scale === 1) arena.writeFloats(address, inputs, count);
  else multiply(floatMemory, at, inputs, count, Math.fround(scale));
  if (count > SHORT && arena.areFinite?.(address, count)) return -1;
  const bad = firstInfinite(floatMemory, at, at + count);
  return bad < 0 ? bad : bad - at;
}

/** target[at ...] = factor · values, of which there are `count`, rounded once. */
function multiply(target: Float32Array, at: number, values: NumberArray, count: number, factor: number): void {
  for (let i = 0; i < count; i++) target[at + i] = values[i] * factor;
}

/** target[at ...] = (scale · values - mean) / deviation, column by column, in doubles, rounded once. */
function standardize(
  target: Float32Array,
  at: number,
  values: NumberArray,
  count: number,
  scale: number,
  { means, deviations }: Standardization,
): void {
  for (let i = 0; i < count; ) {
    for (let k = 0; k < means.length; k++, i++) target[at + i] = (values[i] * scale - means[k]) / deviations[k];
  }
}
