import { describe, expect, it } from 'vitest';
import { firstInfinite } from '../src/check/finite.js';
import { firstUnfit } from '../src/data/numbers.js';

const BAD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const LENGTH = 21;
/** The largest number that becomes the largest float, and the next one, which becomes infinite. */
const LARGEST = 2 ** 128 - 2 ** 103 - 2 ** 75;
const TOO_LARGE = 2 ** 128 - 2 ** 103;

describe.each([Float32Array, Float64Array])('%o', (Floats) => {
  it('has the place of the first number that is not finite, wherever it stands', () => {
    for (const bad of BAD) {
      for (let at = 0; at < LENGTH; at++) {
        const values = new Floats(LENGTH).fill(1.5);
        values[at] = bad;
        values[LENGTH - 1] = Number.NaN;
        expect([firstInfinite(values), firstUnfit(values)], `${bad} at ${at}`).toEqual([at, at]);
      }
    }
  });

  it('has -1 if all are finite, or if there are none', () => {
    for (let length = 0; length < LENGTH; length++) {
      const values = new Floats(length).fill(-2);
      expect([firstInfinite(values), firstUnfit(values)], `${length} numbers`).toEqual([-1, -1]);
    }
  });

  it('reads only the part from start to end', () => {
    const values = new Floats(LENGTH).fill(Number.NaN).fill(0, 3, 14);
    expect(firstInfinite(values, 3, 14)).toBe(-1);
    expect(firstInfinite(values, 3, 15)).toBe(14);
    expect(firstInfinite(values, 2, 14)).toBe(2);
  });

  it('accepts the largest numbers, whose sums are infinite', () => {
    const most = Floats === Float32Array ? LARGEST : Number.MAX_VALUE;
    const values = new Floats(LENGTH).fill(most);
    expect(firstInfinite(values)).toBe(-1);
    values[17] = Number.NEGATIVE_INFINITY;
    expect(firstInfinite(values)).toBe(17);
  });
});

it('refuses doubles that become infinite in 32 bits, and no others', () => {
  const values = new Float64Array(LENGTH).fill(LARGEST);
  expect(firstUnfit(values)).toBe(-1);
  values[9] = -TOO_LARGE;
  expect([firstInfinite(values), firstUnfit(values)]).toEqual([-1, 9]);
});
