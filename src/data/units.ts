import type { InputArray } from './inputs.js';

// Models of tables train on encoded numbers. Warnings about these show the numbers that the user gave.

/** What encoded data stand for. */
export interface Units {
  /** What messages call the data. */
  readonly where: string;
  /** The names of the inputs and of targets that are numbers. */
  readonly columns: readonly string[];
  /** An input times its deviation plus its mean is the number that the user gave. */
  readonly means: ArrayLike<number>;
  readonly deviations: ArrayLike<number>;
}

const known = new WeakMap<object, Units>();

/** Says what these inputs stand for. A copy of them does not know it. */
export function setUnits(inputs: InputArray, units: Units): void {
  known.set(inputs, units);
}

/** What inputs stand for; undefined: for themselves. */
export const unitsOf = (inputs: InputArray): Units | undefined => known.get(inputs);
