import { type NumberArray, newLike } from '../check/arrays.js';

// Lists of numbers of unknown length. They grow by blocks, so they are not copied as a whole until they are complete.
// At most one block of each is empty, and only one column at a time is in memory twice at the end.

/** The largest block. */
const BLOCK = 65_536;
const FIRST_BLOCK = 64;

// in a table with very many columns, some lists stay empty
const NO_DOUBLES = new Float64Array(0);
const NO_INTEGERS = new Int32Array(0);

/** A list of doubles. */
export class Doubles {
  #blocks: Float64Array[] = [];
  #block: Float64Array = NO_DOUBLES;
  #used = 0;

  push(value: number): void {
    if (this.#used === this.#block.length) this.#grow();
    this.#block[this.#used++] = value;
  }

  #grow(): void {
    if (this.#used === BLOCK) this.#used = 0;
    this.#block = nextBlock(this.#blocks, this.#block);
  }

  /** All numbers in one array. The list is empty afterwards. */
  take(): Float64Array {
    const all = joined(this.#blocks, this.#block, this.#used);
    this.#blocks = [];
    this.#block = NO_DOUBLES;
    this.#used = 0;
    return all;
  }
}

/**
 * A list of 32-bit integers. It is a separate class, because a `push` that serves two types of arrays is slower for
 * both.
 */
export class Integers {
  #blocks: Int32Array[] = [];
  #block: Int32Array = NO_INTEGERS;
  #used = 0;

  push(value: number): void {
    if (this.#used === this.#block.length) this.#grow();
    this.#block[this.#used++] = value;
  }

  #grow(): void {
    if (this.#used === BLOCK) this.#used = 0;
    this.#block = nextBlock(this.#blocks, this.#block);
  }

  /** All numbers in one array. The list is empty afterwards. */
  take(): Int32Array {
    const all = joined(this.#blocks, this.#block, this.#used);
    this.#blocks = [];
    this.#block = NO_INTEGERS;
    this.#used = 0;
    return all;
  }
}

/** A block for more numbers than a full one: a larger copy of it, or a new one behind it if it cannot be larger. */
function nextBlock<T extends NumberArray>(blocks: T[], block: T): T {
  const { length } = block;
  if (length === BLOCK) {
    blocks.push(block);
    return newLike(block, BLOCK);
  }
  const larger = newLike(block, Math.max(FIRST_BLOCK, length * 4));
  larger.set(block);
  return larger;
}

/** The numbers of all blocks, and the first `used` numbers of the last block. */
function joined<T extends NumberArray>(blocks: readonly T[], last: T, used: number): T {
  const all = newLike(last, blocks.length * BLOCK + used);
  blocks.forEach((block, i) => {
    all.set(block, i * BLOCK);
  });
  all.set(last.subarray(0, used), blocks.length * BLOCK);
  return all;
}
