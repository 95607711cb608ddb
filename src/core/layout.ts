import * as abi from '../../assembly/abi.js';

// How matrices lie in the memory: the sizes of their rows and of the regions that hold them.

const LINE_FLOATS = abi.LINE_BYTES / 4;

/** A named range of the memory. `start`: its address. */
export interface Region {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
}

/** Regions of the memory, one after another. */
export class Regions {
  readonly list: Region[] = [];
  end: number;

  constructor(start: number) {
    this.end = start;
  }

  /** Adds a region, which starts on a cache line. Returns its address. */
  reserve(name: string, bytes: number): number {
    const start = Math.ceil(this.end / abi.LINE_BYTES) * abi.LINE_BYTES;
    this.end = start + bytes;
    this.list.push({ name, start, bytes });
    return start;
  }
}

/** The number of floats that `units` floats take in whole cache lines. */
export function paddedFloats(units: number): number {
  return Math.ceil(units / LINE_FLOATS) * LINE_FLOATS;
}

/**
 * The bytes from one row of a matrix to the next: whole cache lines, and for long rows an odd number of them. If rows
 * were a power of two apart, the numbers of a column would compete for a few sets of the first-level cache.
 */
export function rowStride(units: number): number {
  const lines = Math.ceil(units / LINE_FLOATS);
  return (lines >= 8 && lines % 2 === 0 ? lines + 1 : lines) * abi.LINE_BYTES;
}

/** The number of floats that a layer's weights take in panels of 16 units. The last panel is filled up with zeros. */
export function weightFloats(fanIn: number, units: number): number {
  return paddedFloats(units) * fanIn;
}
