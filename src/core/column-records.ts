import * as abi from '../../assembly/abi.js';
import type { Arena } from './arena.js';

// The core's records about columns consist of doubles, and describe two columns each.

/** The double of column `j` that lies `offset` bytes into its record. The first record lies at `address`. */
function numberAt(arena: Arena, address: number, recordBytes: number, j: number, offset: number): number {
  const record = address + Math.floor(j / abi.RECORD_COLUMNS) * recordBytes;
  return arena.doubles(record + offset + 8 * (j % abi.RECORD_COLUMNS), 1)[0];
}

/** Sums for output `j` over the samples evaluated: of |a - y|, (a - y)², y - s and (y - s)², where s is a constant. */
export function errorSumsOf(arena: Arena, j: number) {
  const read = (offset: number) => numberAt(arena, arena.plan.errorSums, abi.ERROR_BYTES, j, offset);
  return {
    absolute: read(abi.ERROR_ABSOLUTE),
    square: read(abi.ERROR_SQUARE),
    centred: read(abi.ERROR_CENTRED),
    centredSquare: read(abi.ERROR_CENTRED_SQUARE),
  };
}

/** The bytes of the sums of all outputs. Every evaluation must begin with zeros, because the core only adds to them. */
export function errorSumBytesOf(arena: Arena): Uint8Array<ArrayBuffer> {
  const { errorSums, outputs } = arena.plan;
  return arena.bytes(errorSums, Math.ceil(outputs / abi.RECORD_COLUMNS) * abi.ERROR_BYTES);
}
