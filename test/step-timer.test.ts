import { expect, it } from 'vitest';
import { StepTimer } from '../src/training/step-timer.js';

/** Random numbers in [0, 1): Park and Miller's generator. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** A clock with ticks of 1 ms as in Firefox: each tick comes at a random time within its millisecond. */
function jitteredClock(random: () => number): (time: number) => number {
  const ticks = new Map<number, number>();
  return (time) => {
    const ms = Math.floor(time);
    const within = ticks.get(ms) ?? random();
    ticks.set(ms, within);
    return time - ms < within ? ms : ms + 1;
  };
}

it('uses the whole time of trainFor with a clock whose ticks come at random times', () => {
  const random = numbers(17);
  const clock = jitteredClock(random);
  const [calls, milliseconds, stepMs] = [500, 10, 0.002];
  let now = 0;
  let longest = 0;
  for (let call = 0; call < calls; call++) {
    const started = now;
    const timer = new StepTimer(clock(now));
    do {
      now += stepMs;
      timer.addSteps(1, clock(now));
    } while (timer.elapsedMs + timer.stepMs < milliseconds);
    longest = Math.max(longest, now - started);
  }
  expect(now / calls).toBeGreaterThan(0.93 * milliseconds);
  expect(longest).toBeLessThan(milliseconds + 2);
});
