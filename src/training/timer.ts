// The host's clock, taken once: if a test puts another one in its place, to move time by hand, training does not wait
// for that one to move. An AudioWorklet has no `performance`.
const clock: { now(): number } = globalThis.performance ?? Date;

/** Milliseconds, for differences alone. In a page they come in ticks of 0.1 ms (Chromium), 1 ms (Firefox) or more. */
export function readTimer(): number {
  return clock.now();
}
