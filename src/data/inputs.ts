import { arrayType, type NumberArray } from '../check/arrays.js';
import { countOf, outOfRange, wrongType } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { F32, U8 } from '../spec/codes.js';
import { BYTE_SCALE, type Spec } from '../spec/spec.js';
import { checkAllFinite, type IntegerArray, isFloats, isIntegers, nestedHint, wayOut } from './numbers.js';

// Inputs of a network: the arrays they come in, and how they get into the memory.

/**
 * Inputs [samples × inputs], row-major. Numbers that 32-bit floats cannot hold are rounded; bytes and integers are
 * multiplied by the network's `scale`.
 */
export type Inputs = NumberArray;

/** True for inputs that are stored as bytes; all others are stored as floats. */
export function isBytes(inputs: Inputs): inputs is Uint8Array | Uint8ClampedArray {
  const type = arrayType(inputs);
  return type === 'Uint8Array' || type === 'Uint8ClampedArray';
}

const scaleOf = (inputs: IntegerArray, { scale }: Spec) => scale ?? (isBytes(inputs) ? BYTE_SCALE : 1);

/** Checks inputs and returns the number of samples. */
export function checkInputs(where: string, inputs: unknown, spec: Spec): number {
  if (!isFloats(inputs) && !isIntegers(inputs)) {
    const wanted = 'a Float32Array, a Float64Array or an array of integers such as Uint8Array or Int32Array';
    throw wrongType(where, inputs, wanted + wayOut(inputs));
  }
  const { inputs: width } = spec;
  if (inputs.length === 0 || inputs.length % width !== 0) {
    throw outOfRange(where, countOf(inputs), `rows of ${width} numbers, at least one${nestedHint(inputs)}`);
  }
  if (isFloats(inputs)) checkAllFinite(where, inputs, width);
  else checkScaled(where, inputs, scaleOf(inputs, spec));
  return inputs.length / width;
}

/** Refuses integers that are not finite in f32 once they are multiplied by a large scale. */
function checkScaled(where: string, values: IntegerArray, scale: number): void {
  const factor = Math.fround(scale);
  const fits = (value: number) => Number.isFinite(Math.fround(value * factor));
  if (fits(2 ** (8 * values.BYTES_PER_ELEMENT))) return;
  const bad = values.findIndex((value: number) => !fits(value));
  if (bad >= 0) {
    throw outOfRange(
      `${where}[${bad}]`,
      `${values[bad]} times the scale ${scale}`,
      'a number that is finite in 32 bits',
    );
  }
}

export const storedTypeOf = (inputs: Inputs) => (isBytes(inputs) ? U8 : F32);

/** Copies the inputs of the samples [first, first + rows) to `address`. */
export function writeInputs(arena: Arena, address: number, inputs: Inputs, first: number, rows: number): void {
  const { spec } = arena;
  const isAll = rows * spec.inputs === inputs.length;
  const part = isAll ? inputs : inputs.subarray(first * spec.inputs, (first + rows) * spec.inputs);
  if (isBytes(part)) {
    arena.writeBytes(address, part);
    return;
  }
  arena.writeFloats(address, part);
  if (isFloats(part)) return;
  const factor = Math.fround(scaleOf(part, spec));
  if (factor === 1) return;
  const floats = arena.floats(address, part.length);
  // a product of two floats is exact in doubles: it is rounded once
  for (let i = 0; i < part.length; i++) floats[i] = part[i] * factor;
}
