import type { Arena } from '../core/arena.js';
import { largestWeightOf } from './non-finite.js';

/** A cost does not grow by this factor by chance. */
const GROWN = 100;
/** Costs below this are mostly rounding errors. */
const LEAST_COST = 1e-10;

/** Watches the costs of epochs, and reports if training moves away from its goal although all numbers are finite. */
export class CostGrowth {
  /** The least cost so far, without costs that had already grown. */
  #least: number | undefined;
  #leastEpoch = 0;
  #hasWarned = false;
  /** True if the cost of the last epoch is larger than an earlier one by orders of magnitude. */
  isGrown = false;

  /**
   * To be called with the cost of each epoch. `first`: the cost of the first samples that were trained. `start`: the
   * address of the parameters at the start, if they are kept. Returns a sentence when the cost has grown for the first
   * time.
   */
  observe(epoch: number, cost: number, first: number | undefined, arena: Arena, start?: number): string | undefined {
    const before = this.#least ?? first ?? cost;
    const since = this.#least === undefined ? 'the first samples' : `epoch ${this.#leastEpoch}`;
    this.isGrown = cost > GROWN * Math.max(before, LEAST_COST);
    // the cost of a few samples may be small by chance; grown weights show that this was not chance
    if (this.#least === undefined && this.isGrown) this.isGrown = haveGrown(arena, start);
    if (!this.isGrown) {
      if (this.#least === undefined || cost < this.#least) {
        this.#least = cost;
        this.#leastEpoch = epoch;
      }
      return undefined;
    }
    this.#least ??= before;
    if (this.#hasWarned) return undefined;
    this.#hasWarned = true;
    const [from, to] = [before, cost].map((number) => Number(number.toPrecision(3)));
    return (
      `epoch ${epoch}: the cost has grown from ${from} (${since}) to ${to}, want a smaller learning rate, or inputs ` +
      'and targets that are scaled'
    );
  }
}

/** True if the largest weight has grown by orders of magnitude. */
function haveGrown(arena: Arena, start: number | undefined): boolean {
  return largestWeightOf(arena) >= GROWN * Math.max(1, start === undefined ? 0 : largestWeightOf(arena, start));
}
