import { outOfRange } from '../check/errors.js';
import type { FloatArray } from '../data/numbers.js';

/** The error for outputs that are not finite. */
export class OutputsError extends RangeError {
  /** `values` [rows × outputs]; `first`: the number of the first row. */
  constructor(where: string, values: FloatArray, outputs: number, first = 0) {
    const bad = values.findIndex((value: number) => !Number.isFinite(value));
    const row = `${where}, row ${first + Math.floor(bad / outputs)}`;
    const wanted = 'finite outputs: the weights or the inputs of this row are too large';
    super(outOfRange(row, `${values[bad]} at output ${bad % outputs}`, wanted).message);
  }
}
