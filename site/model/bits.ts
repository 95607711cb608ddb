import * as library from 'simdprop';
import { hashes } from '../../bench/determinism/bits.mjs';
import published from '../../test/hashes.json';
import type { DigitSets } from './digits.js';

// The trainings whose hashes are published. The tests of the library and npm run determinism run the same file.

export const PUBLISHED: Readonly<Record<string, string>> = published;
export const COUNT = Object.keys(PUBLISHED).length;

/** A message of the worker. */
export type BitsNews =
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'end'; readonly hashes: Readonly<Record<string, string>>; readonly seconds: number }
  | { readonly kind: 'error'; readonly message: string };

/** Trains all networks and returns their hashes by name. `progress` gets the number of those that have begun. */
export async function findHashes({ training, test }: DigitSets, progress: (begun: number) => void) {
  let begun = 0;
  const create = (options: library.NetworkOptions) => {
    progress(begun++);
    return library.Network.create(options);
  };
  const join = (a: Uint8Array, b: Uint8Array) => {
    const both = new Uint8Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  };
  const digits = { inputs: join(training.inputs, test.inputs), targets: join(training.targets, test.targets) };
  return hashes(library, create, digits);
}
