import { checkFloats, checkObject, MAX_FLOAT } from '../check/errors.js';
import type { Arena } from '../core/arena.js';

// Standardises inputs: x becomes (x - mean) / deviation, column by column. The core does it; this file writes the
// numbers that the core needs.

/**
 * The change that every input undergoes before the first layer: x becomes (x - mean) / deviation, each column with its
 * own numbers. Bytes and integers are multiplied by `scale` before.
 */
export interface Standardization {
  /** [inputs], each a finite number. */
  means: Float32Array;
  /** [inputs], each a positive number. */
  deviations: Float32Array;
}

/** The smallest deviation whose reciprocal f32 can hold. */
export const MIN_DEVIATION = 1 / MAX_FLOAT;

/** A copy of `value`. Throws if it does not fit a network with this many inputs. */
export function checkStandardization(where: string, value: unknown, inputs: number): Standardization {
  checkObject(where, value, ['means', 'deviations']);
  const { means, deviations } = value as Standardization;
  const isWanted = (deviation: number) => deviation >= MIN_DEVIATION && deviation < Number.POSITIVE_INFINITY;
  const wanted = `a finite number from ${MIN_DEVIATION} up`;
  return {
    means: Float32Array.from(checkFloats(`${where}.means`, means, inputs)),
    deviations: Float32Array.from(checkFloats(`${where}.deviations`, deviations, inputs, isWanted, wanted)),
  };
}

/** Sets what the core does to every input from now on; undefined: nothing. */
export function writeStandardization(arena: Arena, standardization: Standardization | undefined): void {
  const { header, plan, spec } = arena;
  header.means = standardization ? plan.means : 0;
  header.inverseDeviations = standardization ? plan.inverseDeviations : 0;
  if (!standardization) return;
  arena.floats(plan.means, spec.inputs).set(standardization.means);
  const inverses = arena.floats(plan.inverseDeviations, spec.inputs);
  standardization.deviations.forEach((deviation, k) => {
    inverses[k] = 1 / deviation;
  });
}
