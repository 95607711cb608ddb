const STEPS = 10;
/** Of a cost in f64, relative to it: those of its last operations. */
const ROUNDINGS = 4;

export interface Difference {
  readonly slope: number;
  /** How far off the slope may be. */
  readonly uncertainty: number;
}

/**
 * f'(0) by central differences with steps halved from h on, extrapolated to a step of 0 (Ridders, 1982): of all these the one that is surest,
 * by how far it is from its neighbours and by what rounding in f makes of it.
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
