const sumOfFour = (values: Floats, i: number) => values[i] + values[i + 1] + values[i + 2] + values[i + 3];

type Floats = Float32Array | Float64Array;

/** The place of the first of the numbers [start, end) that is not finite; -1: there is none. */
export function firstInfinite(values: Floats, start = 0, end = values.length): number {
  let i = start;
  // 0 times a sum is 0 only if all terms are finite: one test for eight numbers, which is faster (docs/kernels.md). If
  // the sum of large numbers is infinite, each number is tested by itself from there on
  while (i + 8 <= end && 0 * (sumOfFour(values, i) + sumOfFour(values, i + 4)) === 0) i += 8;
  while (i < end && Number.isFinite(values[i])) i++;
  return i < end ? i : -1;
}
