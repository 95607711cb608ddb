import { describe, expect, it } from 'vitest';
import {
  cosine,
  type LearningRate,
  oneCycle,
  type PlateauSchedule,
  RateClock,
  rateAt,
  reduceOnPlateau,
} from '../src/spec/schedule.js';

// The rates that PyTorch's tests expect of its own schedulers: test/optim/test_lrscheduler.py (pytorch/pytorch, BSD-3).

/** PyTorch's own tolerance is 1e-5. Here both sides are formulas in f64, which round about a dozen times. */
const ROUNDINGS = 1e-14;

function expectRates(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((rate, i) => {
    expect(Math.abs(got[i] - rate), `step ${i}: got ${got[i]}, want ${rate}`).toBeLessThanOrEqual(ROUNDINGS * rate);
  });
}

const rates = (rate: LearningRate, count: number) => Array.from({ length: count }, (_, i) => rateAt(rate, i, 0));

it('OneCycleLR with cosines: rises to 25 in three of ten steps, then falls to half of its start', () => {
  const down = (share: number) => 0.5 + ((25 - 0.5) / 2) * (1 + Math.cos(Math.PI * share));
  const wanted = [1, 13, 25, ...[1, 2, 3, 4, 5, 6].map((i) => down(i / 7)), 0.5];
  expectRates(rates(oneCycle({ maximum: 25, finalDivisor: 2, steps: 10 }), 10), wanted);
});

describe.each([0.05, 0.5])('CosineAnnealingWarmRestarts from %d', (initial) => {
  it.each([1, 2, 4])('for a hundred steps: the first fall takes ten, each further one %d times as long', (growth) => {
    const final = 1e-10;
    const wanted: number[] = [];
    let [position, length] = [0, 10];
    for (let i = 0; i < 100; i++) {
      wanted.push(final + ((initial - final) * (1 + Math.cos((Math.PI * position) / length))) / 2);
      position++;
      if (position === length) [position, length] = [0, length * growth];
    }
    expectRates(rates(cosine({ initial, final, steps: 10, restarts: 100, growth }), 100), wanted);
  });
});

describe('ReduceLROnPlateau', () => {
  // in PyTorch, patience is the number of epochs without a gain after which the rate stays; here, the rate falls after
  // this number of epochs
  const PATIENCE = 5 + 1;

  const counted = (...runs: [rate: number, epochs: number][]) =>
    runs.flatMap(([rate, epochs]) => new Array<number>(epochs).fill(rate));

  /** The rate after each epoch's cost. */
  function ratesAfter(schedule: PlateauSchedule, costs: readonly number[]): number[] {
    const clock = new RateClock(schedule);
    return costs.map((cost) => {
      clock.endEpoch(cost);
      return clock.next();
    });
  }

  it('keeps the rate if every epoch gains more than minDelta', () => {
    const costs = Array.from({ length: 20 }, (_, i) => 10 - i * 0.0167);
    const schedule = reduceOnPlateau({ initial: 0.5, minDelta: 0.01, patience: PATIENCE, cooldown: 5 });
    expectRates(ratesAfter(schedule, costs), counted([0.5, 20]));
  });

  it('reduces the rate if only one epoch in seven gains enough', () => {
    const costs = Array.from({ length: 22 }, (_, i) => 10 - i * 0.0165);
    const schedule = reduceOnPlateau({ initial: 0.5, minDelta: 0.1, patience: PATIENCE });
    expectRates(ratesAfter(schedule, costs), counted([0.5, 6], [0.05, 7], [0.005, 7], [0.0005, 2]));
  });

  it('counts no epoch during the cooldown', () => {
    // PyTorch's test uses the mode "max"; here the numbers are negated
    const costs = counted([0.8, 2], [0.234, 20]);
    const schedule = reduceOnPlateau({ initial: 0.5, patience: PATIENCE, cooldown: 5 });
    expectRates(ratesAfter(schedule, costs), counted([0.5, 8], [0.05, 11], [0.005, 3]));
  });

  it('counts no gain during the cooldown, but remembers it', () => {
    // PyTorch's test has a relative threshold of 0.1; on these costs, minDelta 0.05 gives the same decisions
    const costs = counted([1, 7], [0.6, 1], [0.5, 12]);
    const schedule = reduceOnPlateau({ initial: 0.5, minDelta: 0.05, patience: PATIENCE, cooldown: 5 });
    expectRates(ratesAfter(schedule, costs), counted([0.5, 6], [0.05, 11], [0.005, 3]));
  });
});
