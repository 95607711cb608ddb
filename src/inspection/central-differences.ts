/** How many central differences are taken. Each has half the width of the one before. */
const STEPS = 10;
/**
 * An estimate of the rounding error of a cost in f64, in units of 2^-53 times the cost. Its last operations dominate.
 */
const ROUNDINGS = 4;

export interface Difference {
  readonly slope: number;
  /** An estimate of how far off the slope may be. */
  readonly uncertainty: number;
}

/**
 * f'(0) by central differences with the steps h, h/2, h/4, ..., extrapolated to a step of 0 (Ridders, 1982). The result
 * is the extrapolation with the least estimated error. The estimate adds the distance from its neighbours and the
 * effect of rounding in f.
 */
export function differentiate(f: (move: number) => number, h: number): Difference {
  let best = { slope: Number.NaN, uncertainty: Number.POSITIVE_INFINITY };
  let before: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const width = h / 2 ** i;
    const [above, below] = [f(width), f(-width)];
    const rounding = (ROUNDINGS * 2 ** -53 * Math.max(Math.abs(above), Math.abs(below))) / width;
    const row = [(above - below) / (2 * width)];
    for (let j = 0; j < before.length; j++) {
      const slope = row[j] + (row[j] - before[j]) / (4 ** (j + 1) - 1);
      row.push(slope);
      const uncertainty = rounding + Math.max(Math.abs(slope - row[j]), Math.abs(slope - before[j]));
      if (uncertainty <= best.uncertainty) best = { slope, uncertainty };
    }
    before = row;
  }
  return best;
}
