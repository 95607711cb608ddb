import { outOfRange } from '../check/errors.js';
import type { Scaling } from '../core/arena.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { CallOptions, Place } from './place.js';

// Decides whether a call resumes where an earlier one stopped. This file is loaded only if a network gets a
// training that is partly done: from a file, or by replayTo.

const OF_SAVED = 'of the training that was saved, or a network loaded with training: false';

/** The names under which users know the options of CallOptions. */
const NAMES: Readonly<Record<keyof CallOptions, string>> = {
  call: 'call',
  samples: 'number of samples (data, options.validationSplit)',
  data: 'data, options.validationSplit or options.classWeights',
  optimizer: 'options.optimizer',
  stepRows: 'options.batchSize · accumulate',
  longSteps: 'options.batches',
  shuffle: 'options.shuffle',
  ignoreNonFinite: 'options.ignoreNonFinite',
  slots: 'options.optimizer',
  validation: 'validation data',
  earlyStopping: 'options.earlyStopping',
};

/** True if two values of options are equal, in whatever order their keys are. */
function isSame(a: unknown, b: unknown): boolean {
  // a file cannot hold a function, so it is passed to load again and cannot be compared
  if (typeof a === 'function' || typeof b === 'function') return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => isSame(left[key], right[key]));
}

/** The place of a call that was saved or replayed in its middle. The next call may resume there. */
export class Resumption {
  place: Place;
  /** The standardisation of the saved training. */
  readonly #scaling: Scaling;
  /** true: the network has got another optimizer since. */
  #hasOtherOptimizer = false;

  /** `arena`: that of the network, as it was saved. */
  constructor(place: Place, { standardization, targetScale }: Scaling) {
    this.place = place;
    this.#scaling = { standardization, targetScale };
  }

  /** The network has got this optimizer, so that no call can resume with the one before. */
  replaceOptimizer(optimizer: Optimizer): void {
    const { options } = this.place;
    this.#hasOtherOptimizer = true;
    if (options.optimizer) this.place = { ...this.place, options: { ...options, optimizer } };
  }

  /**
   * The place, if the call has equal options and equal data. Otherwise, if the earlier call was trainFor, returns
   * undefined: the call starts from the beginning. If the earlier call was a fit or a stream, throws. `current`: the
   * network's optimizer; `arena`: its arena.
   */
  placeFor(options: CallOptions, current: Optimizer, arena: Scaling): Place | undefined {
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
    if (differs === 'data') this.checkScaling(options.call, arena);
    const isData = differs === 'data' || differs === 'validation';
    const where = `${options.call}: ${NAMES[differs]}`;
    if (isData) throw outOfRange(where, 'others', `those ${OF_SAVED}`);
    const got = show(options[differs]);
    if (!this.#hasOtherOptimizer) throw outOfRange(where, got, `${show(saved[differs])} ${OF_SAVED}`);
    if (differs === 'optimizer') throw outOfRange(where, got, `${show(optimizer)}, which net.optimizer was set to`);
    throw outOfRange(
      where,
      `${got} (net.optimizer, which was set, changes the default)`,
      `${show(saved[differs])} ${OF_SAVED}`,
    );
  }

  /** Refuses another standardisation than that of the saved training. */
  checkScaling(call: string, { standardization, targetScale }: Scaling): void {
    const { standardization: inputs, targetScale: targets } = this.#scaling;
    if (standardization === inputs && targetScale === targets) return;
    const [what, method] =
      standardization === inputs ? ['targets', 'setTargetStandardization'] : ['inputs', 'setStandardization'];
    const got = `another, by options.standardize or ${method}`;
    throw outOfRange(`${call}: standardisation of the ${what}`, got, `that ${OF_SAVED}`);
  }
}
