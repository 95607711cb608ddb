import type { NumberArray } from '../check/arrays.js';
import { outOfRange } from '../check/errors.js';
import { nameAt } from '../check/plain-arrays.js';
import type { Standardization } from '../spec/standardization.js';
import { BLOCK_NUMBERS } from './numbers.js';

// Measures columns, in doubles and from the numbers as they are given: those of inputs and targets, and of tables. A
// network loads this file only to standardise.

/**
 * Mean and deviation of each column, by Welford's recurrence (Technometrics 4, 1962): after n samples m is their mean
 * and s is the sum of (x - m)². It takes one pass, nothing cancels, and s of a constant column is exactly 0. It is
 * applied to the distance from the column's first number, so that a large offset costs no digits.
 */
export class ColumnMoments {
  readonly #first: Float64Array;
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  /** Samples measured. */
  #samples = 0;

  constructor(columns: number) {
    this.#first = new Float64Array(columns);
    this.#means = new Float64Array(columns);
    this.#squares = new Float64Array(columns);
  }

  /** Adds samples. `scale`: what their numbers are multiplied by. */
  add(values: NumberArray, samples: number, scale: number): void {
    this.#add(values, 0, samples, scale);
  }

  /** Does what `add` does, in blocks. `yieldIfDue` is awaited between them, so that the event loop can run. */
  async addInBlocks(values: NumberArray, scale: number, yieldIfDue: () => Promise<void>): Promise<void> {
    const { length: width } = this.#means;
    const samples = values.length / width;
    const rows = Math.ceil(BLOCK_NUMBERS / width);
    for (let first = 0; first < samples; first += rows) {
      this.#add(values, first, Math.min(first + rows, samples), scale);
      await yieldIfDue();
    }
  }

  #add(values: NumberArray, from: number, to: number, scale: number): void {
    const [first, means, squares] = [this.#first, this.#means, this.#squares];
    const { length: width } = means;
    if (this.#samples === 0) for (let k = 0; k < width; k++) first[k] = values[k] * scale;
    let at = from * width;
    for (let row = from; row < to; row++) {
      const share = 1 / ++this.#samples;
      for (let k = 0; k < width; k++) {
        const x = values[at++] * scale - first[k];
        const away = x - means[k];
        means[k] += away * share;
        squares[k] += away * (x - means[k]);
      }
    }
  }

  get means(): Float64Array {
    return this.#means.map((mean, k) => this.#first[k] + mean);
  }

  /**
   * Deviations of a population (divided by n). A constant column gets the deviation 1; one whose squares are too small
   * for doubles, the mean distance from its first number.
   */
  get deviations(): Float64Array {
    return this.#squares.map((square, k) => Math.sqrt(square / this.#samples) || Math.abs(this.#means[k]) || 1);
  }

  /** `columns`: their names, for messages. */
  standardizationOf(what: 'inputs' | 'targets', columns?: readonly string[]): Standardization {
    const { means, deviations } = this;
    const bad = deviations.findIndex((deviation) => !Number.isFinite(deviation));
    if (bad >= 0) {
      const wanted = 'numbers whose squares are finite';
      throw outOfRange(
        `standardize: column ${nameAt(bad, columns)}${what === 'inputs' ? '' : ' of the targets'}`,
        `a deviation of ${deviations[bad]}`,
        wanted,
      );
    }
    return { means, deviations };
  }
}
