import { crc32 } from '../check/crc32.js';
import type { Arena } from '../core/arena.js';
import type { SetSize } from '../core/memory-plan.js';
import type { CheckedData } from './data-set.js';
import { isBytes } from './inputs.js';
import { isFloats } from './numbers.js';

// Checksums show whether data are those of an earlier call. A checksum may only be compared with one of the same
// function.

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

/** Checksum of data that do not lie in the arena. */
export function checksumOf({ inputs, targets, weights }: CheckedData): number {
  return checksum([stored(inputs), Float32Array.from(targets), weights]);
}

/**
 * The checksum of a training set in files of version 1: of the numbers before standardisation, without multiplying
 * integers by a scale.
 */
export function checksumOfVersion1({ inputs, targets, weights }: CheckedData): number {
  return checksum([
    stored(inputs),
    isFloats(targets) ? Float32Array.from(targets) : Uint32Array.from(targets),
    weights,
  ]);
}

const stored = (inputs: CheckedData['inputs']) => (isBytes(inputs) ? inputs : Float32Array.from(inputs));

/** Checksum of the bytes of several arrays, one after another. */
export function checksum(parts: readonly (ArrayBufferView | undefined)[]): number {
  const bytes = (part: ArrayBufferView) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  return parts.reduce((crc, part) => (part ? crc32(bytes(part), crc) : crc), 0);
}
