import * as abi from '../assembly/abi.js';
import type { Arena } from './arena.js';
import { checkFloats, checkObject, MAX_FLOAT, outOfRange } from './errors.js';
import type { Standardization } from './types.js';

// Standardised inputs: (x - mean) / deviation, column by column. The core measures a training set and applies what lies in the
// memory; here stands what a column's deviation is, and how it gets there.

/** The smallest deviation whose reciprocal an f32 holds. */
const MIN_DEVIATION = 1 / MAX_FLOAT;

/** A copy of `value` if it fits a network of `inputs`. */
export function checkStandardization(where: string, value: unknown, inputs: number): Standardization {
  checkObject(where, value, ['means', 'deviations']);
  const { means, deviations } = value as Standardization;
  const checked = {
    means: checkFloats(`${where}.means`, means, inputs),
    deviations: checkFloats(`${where}.deviations`, deviations, inputs),
  };
  const bad = checked.deviations.findIndex((deviation) => deviation < MIN_DEVIATION);
  if (bad >= 0) {
    throw outOfRange(`${where}.deviations[${bad}]`, deviations[bad], `a number from ${MIN_DEVIATION} up`);
  }
  return checked;
}

/** What the core does to every input from now on; undefined: nothing. */
export function writeStandardization(arena: Arena, standardization: Standardization | undefined): void {
  const { header, plan, spec } = arena;
  header.setUint32(abi.MEANS, standardization ? plan.means : 0, true);
  header.setUint32(abi.INVERSE_DEVIATIONS, standardization ? plan.inverseDeviations : 0, true);
  if (!standardization) return;
  arena.floats(plan.means, spec.inputs).set(standardization.means);
  const inverses = arena.floats(plan.inverseDeviations, spec.inputs);
  standardization.deviations.forEach((deviation, k) => {
    inverses[k] = 1 / deviation;
  });
}

/**
 * Adds the training set that lies in the arena, of a network that is not standardised, to the moments of its columns. `seen`: samples
 * measured before. `turn` gives the event loop its turns.
 */
export async function measure(arena: Arena, samples: number, seen: number, turn: () => Promise<void>): Promise<void> {
  const { capacity, moments } = arena.plan;
  arena.header.setUint32(abi.TRAINING_SET + abi.SET_ORDER, 0, true);
  for (let first = 0; first < samples; first += capacity) {
    arena.core.measureColumns(moments, first, Math.min(capacity, samples - first), seen + first);
    await turn();
  }
}

/** Means and deviations (of the population: divided by n) of the samples measured. A column that is constant has the deviation 1. */
export function measured(arena: Arena, samples: number): Standardization {
  const { inputs } = arena.spec;
  const moments = arena.doubles(arena.plan.moments, 4 * Math.ceil(inputs / 2));
  const means = new Float32Array(inputs);
  const deviations = new Float32Array(inputs);
  for (let k = 0; k < inputs; k++) {
    const at = 4 * (k >> 1) + (k & 1);
    means[k] = moments[at];
    deviations[k] = Math.sqrt(moments[at + 2] / samples);
    if (deviations[k] < MIN_DEVIATION) deviations[k] = 1;
  }
  return { means, deviations };
}
