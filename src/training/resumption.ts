import { outOfRange } from '../check/errors.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { CallOptions, Place } from './place.js';

// Decides whether a call resumes where an earlier one stopped. This file is loaded only if a network gets a
// training that is partly done: from a file, or by replayTo.

/** The names under which users know the options of CallOptions. */
const NAMES: Readonly<Record<keyof CallOptions, string>> = {
  call: 'call',
  samples: 'data: number of samples',
  data: 'data',
  stepRows: 'options.batchSize · accumulate',
  longSteps: 'options.batches',
  shuffle: 'options.shuffle',
  ignoreNonFinite: 'options.ignoreNonFinite',
  slots: 'options.optimizer',
  validation: 'validation data',
  earlyStopping: 'options.earlyStopping',
  optimizer: 'options.optimizer',
};

/** True if two values of options are equal, in whatever order their keys are. */
function isSame(a: unknown, b: unknown): boolean {
  // a file cannot hold a function, so that load gets it again: the two cannot be compared
  if (typeof a === 'function' || typeof b === 'function') return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => isSame(left[key], right[key]));
}

/** The place of a call that was saved or replayed in its middle. The next call may resume there. */
export class Resumption {
  place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  /** The network has got this optimizer, so that no call can resume with the one before. */
  replaceOptimizer(optimizer: Optimizer): void {
    const { options } = this.place;
    if (options.optimizer) this.place = { ...this.place, options: { ...options, optimizer } };
  }

  /**
   * The place, if the call has equal options and equal data. Otherwise, if the earlier call was trainFor, returns
   * undefined: the call starts from the beginning. If the earlier call was a fit or a stream, throws. `current`: the
   * network's optimizer.
   */
  placeFor(options: CallOptions, current: Optimizer): Place | undefined {
    const saved = this.place.options;
    const { optimizer } = saved;
    const differs = (Object.keys(NAMES) as (keyof CallOptions)[]).find((key) => {
      if (key !== 'optimizer') return !isSame(saved[key], options[key]);
      // the call may also use the network's optimizer, whose numbers a callback may have changed
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
