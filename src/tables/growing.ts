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
  #block = NO_DOUBLES;
  #used = 0;

  push(value: number): void {
    if (this.#used === this.#block.length) this.#grow();
    this.#block[this.#used++] = value;
  }

  #grow(): void {
    const { length } = this.#block;
    if (length === BLOCK) {
      this.#blocks.push(this.#block);
      this.#block = new Float64Array(BLOCK);
      this.#used = 0;
    } else {
      const larger = new Float64Array(Math.max(FIRST_BLOCK, length * 4));
      larger.set(this.#block);
      this.#block = larger;
    }
  }

  /** All numbers in one array. The list is empty afterwards. */
  take(): Float64Array {
    const all = new Float64Array(this.#blocks.length * BLOCK + this.#used);
    this.#blocks.forEach((block, i) => {
      all.set(block, i * BLOCK);
    });
    all.set(this.#block.subarray(0, this.#used), this.#blocks.length * BLOCK);
    this.#blocks = [];
    this.#block = NO_DOUBLES;
    this.#used = 0;
    return all;
  }
}

/** A list of 32-bit integers: a separate class, because code that serves two types of arrays is slower for both. */
export class Integers {
  #blocks: Int32Array[] = [];
  #block = NO_INTEGERS;
  #used = 0;

  push(value: number): void {
    if (this.#used === this.#block.length) this.#grow();
    this.#block[this.#used++] = value;
  }

  #grow(): void {
    const { length } = this.#block;
    if (length === BLOCK) {
      this.#blocks.push(this.#block);
      this.#block = new Int32Array(BLOCK);
      this.#used = 0;
    } else {
      const larger = new Int32Array(Math.max(FIRST_BLOCK, length * 4));
      larger.set(this.#block);
      this.#block = larger;
    }
  }

  /** All numbers in one array. The list is empty afterwards. */
  take(): Int32Array {
    const all = new Int32Array(this.#blocks.length * BLOCK + this.#used);
    this.#blocks.forEach((block, i) => {
      all.set(block, i * BLOCK);
    });
    all.set(this.#block.subarray(0, this.#used), this.#blocks.length * BLOCK);
    this.#blocks = [];
    this.#block = NO_INTEGERS;
    this.#used = 0;
    return all;
  }
}
