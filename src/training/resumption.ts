import { outOfRange } from '../check/errors.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { CallOptions, Place } from './place.js';

// Whether a call resumes where another one stopped.

/** What users call the options of CallOptions. */
const NAMES: Readonly<Record<keyof CallOptions, string>> = {
  call: 'call',
  samples: 'data: number of samples',
  data: 'data',
  stepRows: 'options.batchSize · accumulate',
  shuffle: 'options.shuffle',
  ignoreNonFinite: 'options.ignoreNonFinite',
  slots: 'options.optimizer',
  validation: 'validation data',
  earlyStopping: 'options.earlyStopping',
  optimizer: 'options.optimizer',
};

/** Whether two values of options are equal, whatever the order of their keys. */
function isSame(a: unknown, b: unknown): boolean {
  // a file cannot hold a function: load wants it again, and nobody can compare the two
  if (typeof a === 'function' || typeof b === 'function') return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => isSame(left[key], right[key]));
}

/** A call that a network has been loaded, or replayed, into the middle of. */
export class Resumption {
  place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  /** The network has been given this optimizer: no call goes on with the one before. */
  follow(optimizer: Optimizer): void {
    const { options } = this.place;
    if (options.optimizer) this.place = { ...this.place, options: { ...options, optimizer } };
  }

  /**
   * The place, for a call with the same options on the same data. undefined: the call begins anew, as it would where trainFor was the last
   * one. Refuses other data and options for a fit or a stream that was amid its work. `current`: the network's optimizer.
   */
  enter(options: CallOptions, current: Optimizer): Place | undefined {
    const saved = this.place.options;
    const { optimizer } = saved;
    const differs = (Object.keys(NAMES) as (keyof CallOptions)[]).find((key) => {
      if (key !== 'optimizer') return !isSame(saved[key], options[key]);
      // not given, it is the network's, which a callback may have changed
      const isOwn = current.name === optimizer?.name && isSame(options.optimizer, current);
      return !(isSame(options.optimizer, optimizer) || isOwn);
    });
    if (!differs) return this.place;
    if (saved.call === 'trainFor') return undefined;
    const show = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
    const isData = differs === 'data' || differs === 'validation';
    throw outOfRange(
      `${options.call}: ${NAMES[differs]}`,
      isData ? 'others' : show(options[differs]),
      `${isData ? 'those' : show(saved[differs])} of the training that was saved, or a network loaded with training: false`,
    );
  }
}
