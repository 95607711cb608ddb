/** How many samples each step of an epoch takes. */
export interface StepSizes {
  readonly samples: number;
  /** Samples of a step, or of the first `longSteps` steps. The last step of an epoch may have fewer. */
  readonly stepRows: number;
  /** The number of steps of `stepRows` samples, if all others have one sample less; undefined: all have `stepRows`. */
  readonly longSteps?: number;
}

/** The sizes of `batches` steps that differ by one sample at most. */
export function sizesOfBatches(samples: number, batches: number): StepSizes {
  const longSteps = samples % batches;
  const stepRows = Math.ceil(samples / batches);
  return longSteps === 0 ? { samples, stepRows } : { samples, stepRows, longSteps };
}

/** The steps of an epoch: where each of them begins and ends. Positions are numbers of samples that are done. */
export class Steps {
  readonly #samples: number;
  readonly #rows: number;
  readonly #long: number;
  /** The position after the long steps. */
  readonly #longEnd: number;
  /** The number of steps. */
  readonly count: number;

  constructor({ samples, stepRows, longSteps = Number.POSITIVE_INFINITY }: StepSizes) {
    this.#samples = samples;
    this.#rows = stepRows;
    this.#long = longSteps;
    this.#longEnd = longSteps * stepRows;
    this.count =
      longSteps < Number.POSITIVE_INFINITY
        ? longSteps + Math.ceil((samples - this.#longEnd) / (stepRows - 1))
        : Math.ceil(samples / stepRows);
  }

  /** Steps that are done at a position. */
  doneAt(position: number): number {
    if (position === this.#samples) return this.count;
    if (position < this.#longEnd) return Math.floor(position / this.#rows);
    return this.#long + Math.floor((position - this.#longEnd) / (this.#rows - 1));
  }

  /** The samples of the step at a position that are done. */
  doneWithin(position: number): number {
    if (position === this.#samples) return 0;
    return position < this.#longEnd ? position % this.#rows : (position - this.#longEnd) % (this.#rows - 1);
  }

  /** The end of the step at a position. */
  endAfter(position: number): number {
    const rows = position < this.#longEnd ? this.#rows : this.#rows - 1;
    return Math.min(position - this.doneWithin(position) + rows, this.#samples);
  }

  /** The chunks of `count` steps from the one at a position on, if a chunk has `chunkRows` samples at most. */
  chunksOf(position: number, count: number, chunkRows: number): number {
    const long = Math.min(Math.max(this.#long - this.doneAt(position), 0), count);
    const within = Math.floor(this.doneWithin(position) / chunkRows);
    return long * Math.ceil(this.#rows / chunkRows) + (count - long) * Math.ceil((this.#rows - 1) / chunkRows) - within;
  }
}
