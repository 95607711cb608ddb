import * as abi from '../../assembly/abi.js';
import type { Arena } from './arena.js';

// What the core gathers of columns in doubles, two columns to a record.

/** The double at byte `place` of the record of column `j`, from the records at `address`. */
function numberAt(arena: Arena, address: number, recordBytes: number, j: number, place: number): number {
  const record = address + Math.floor(j / abi.RECORD_COLUMNS) * recordBytes;
  return arena.doubles(record + place + 8 * (j % abi.RECORD_COLUMNS), 1)[0];
}

/** Of input `j` of the samples measured: their mean, and the sum of (x - mean)². */
export function momentsOf(arena: Arena, j: number): { readonly mean: number; readonly squares: number } {
  const at = (place: number) => numberAt(arena, arena.plan.moments, abi.MOMENT_BYTES, j, place);
  return { mean: at(abi.MOMENT_MEAN), squares: at(abi.MOMENT_SQUARES) };
}

/** Of output `j` of the samples evaluated, sums: |a - y|, (a - y)², and with y shifted by a constant, y and y². */
export function errorSumsOf(arena: Arena, j: number) {
  const at = (place: number) => numberAt(arena, arena.plan.errorSums, abi.ERROR_BYTES, j, place);
  return {
    absolute: at(abi.ERROR_ABSOLUTE),
    square: at(abi.ERROR_SQUARE),
    centred: at(abi.ERROR_CENTRED),
    centredSquare: at(abi.ERROR_CENTRED_SQUARE),
  };
}

/** Evaluations add to the sums: they start from nothing. */
export function clearErrorSums(arena: Arena): void {
  const { errorSums, outputs } = arena.plan;
  arena.bytes(errorSums, Math.ceil(outputs / abi.RECORD_COLUMNS) * abi.ERROR_BYTES).fill(0);
}
