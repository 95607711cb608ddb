// Whether two contestants did the same work: their costs may differ by rounding alone.

interface Shape {
  readonly inputs: number;
  readonly layers: readonly { readonly units: number }[];
}

/**
 * The largest relative difference between two values that rounding explains. A sum of n terms in float32 is off by up
 * to n roundings of 2^-24, and each step starts from the result of the step before.
 */
export function toleranceOf({ inputs, layers }: Shape, steps: number): number {
  return Math.max(inputs, ...layers.map(({ units }) => units)) * steps * 2 ** -24;
}

export function checkSame(contest: string, name: string, value: number, expected: number, tolerance: number): void {
  if (Math.abs(value - expected) <= tolerance * Math.abs(expected)) return;
  throw new Error(
    `${contest}: got ${value} of ${name}, want ${expected} of simdprop, within ${tolerance.toExponential(1)} of its size`,
  );
}
