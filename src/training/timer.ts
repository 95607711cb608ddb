import type { TeamedCore } from '../core/team-calls.js';

// The host's clock, read from the global scope only once. If a test later replaces the clock by one that it moves by
// hand, training still uses the first one and does not wait. An AudioWorklet has no `performance`.
const clock: { now(): number } = globalThis.performance ?? Date;

/**
 * The time in milliseconds, of which only differences have a meaning. In a page they come in ticks of 0.1 ms
 * (Chromium), 1 ms (Firefox) or more. `core`: that of the network, if the time decides which steps it takes: the
 * processes of a team must have the same time then.
 */
export function readTimer(core?: TeamedCore): number {
  return (core?.team ?? clock).now();
}
