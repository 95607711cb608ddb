import { expect } from 'vitest';
import { type NetworkOptions, NonFiniteError } from '../src/index.js';

// Every wrong call gets an error that says where the wrong value is, what it is and what is wanted, and the call
// changes nothing. The arguments here would not compile in TypeScript, hence `any`.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Anything = any;
export type ErrorClass = typeof TypeError | typeof RangeError | typeof Error;

/**
 * Expects an error of exactly this class, not of a derived one, with this message. Without the message, a TypeError of
 * the engine itself would pass for ours.
 */
export async function expectError(call: () => unknown, error: ErrorClass, message: RegExp): Promise<void> {
  const thrown: unknown = await (async () => call())().then(
    () => 'nothing was thrown',
    (reason) => reason,
  );
  expect(thrown).toBeInstanceOf(Error);
  expect((thrown as Error).message).toMatch(message);
  expect((thrown as Error).constructor).toBe(error);
}

/**
 * The NonFiniteError that a call throws, or that a promise is rejected with. Expects that there is one.
 */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<NonFiniteError> {
  const error: unknown = await (async () => (typeof work === 'function' ? work() : work))().then(
    () => 'nothing was thrown',
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(NonFiniteError);
  return error as NonFiniteError;
}

export const options: NetworkOptions = {
  inputs: 2,
  layers: [
    { units: 5, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 3,
};

/** Inputs of four samples for the network in `options`. */
export const inputs = new Float32Array([0, 0.5, -1, 2, 0.25, 1, 3, -0.5]);
export const targets = new Uint8Array([0, 2, 1, 0]);
export const rows = new Float32Array([1, 0, 0, 0, 0, 1, 0, 1, 0, 0.5, 0.25, 0.25]);
export const changed = <T extends Float32Array | Uint8Array | Int32Array>(values: T, at: number, value: number): T => {
  const copy = values.slice() as T;
  copy[at] = value;
  return copy;
};
