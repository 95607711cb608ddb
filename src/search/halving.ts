import { checkInteger, checkObject, counted, outOfRange } from '../check/errors.js';

// Successive halving (Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization",
// AISTATS 2016, figure 3). Of n settings, each in the set S_k is trained in round k for r_k = ⌊B / (|S_k| ⌈log₂ n⌉)⌋
// more epochs, where B is the budget. The better half of S_k becomes S_k+1. Halves are rounded up, as in Karnin, Koren
// and Somekh ("Almost optimal exploration in multi-armed bandits", ICML 2013), so that exactly one setting is left
// after ⌈log₂ n⌉ rounds, whatever n is. If n is a power of two, no half is rounded.

/** A round of trainings. */
export interface Round {
  /** How many settings are trained. */
  readonly settings: number;
  /** The epochs of each training; undefined: as many as its own options say. */
  readonly epochs: number | undefined;
}

/** The number of settings that a round leaves. */
export const halfOf = (settings: number) => Math.ceil(settings / 2);

/** The rounds for n settings. Throws a RangeError unless the budget has an epoch for each setting in each round. */
export function halvingRounds(n: number, halving: unknown): Round[] {
  checkObject('options.halving', halving, ['budget']);
  const { budget } = halving as { budget: unknown };
  if (n < 2) throw outOfRange('options.halving', counted(n, 'setting'), 'two or more');
  const sizes: number[] = [];
  for (let left = n; left > 1; left = halfOf(left)) sizes.push(left);
  const total = checkInteger('options.halving.budget', budget, n * sizes.length, Number.MAX_SAFE_INTEGER);
  return sizes.map((settings) => ({ settings, epochs: Math.floor(total / (settings * sizes.length)) }));
}
