import type { Arena } from '../core/arena.js';
import { momentsOf } from '../core/column-records.js';
import type { Standardization } from './standardization.js';
import { MIN_DEVIATION } from './standardization.js';

// Measures the input columns of a training set, by the core. This file is loaded only for that.

/**
 * Adds the training set that lies in the arena to the moments of its columns. The network must not be standardised yet.
 * `seen`: how many samples were measured before. `yieldIfDue` is awaited between calls into the core, so that the event
 * loop can run.
 */
export async function addToMoments(
  arena: Arena,
  samples: number,
  seen: number,
  yieldIfDue: () => Promise<void>,
): Promise<void> {
  const { capacity, moments } = arena.plan;
  arena.header.trainingSet.order = 0;
  for (let first = 0; first < samples; first += capacity) {
    arena.core.measureColumns(moments, first, Math.min(capacity, samples - first), seen + first);
    await yieldIfDue();
  }
}

/**
 * Means and deviations of the samples measured. Deviations are those of a population: the sum of squares is divided by
 * n. A constant column gets the deviation 1.
 */
export function standardizationFromMoments(arena: Arena, samples: number): Standardization {
  const { inputs } = arena.spec;
  const means = new Float32Array(inputs);
  const deviations = new Float32Array(inputs);
  for (let k = 0; k < inputs; k++) {
    const { mean, squares } = momentsOf(arena, k);
    means[k] = mean;
    deviations[k] = Math.sqrt(squares / samples);
    if (deviations[k] < MIN_DEVIATION) deviations[k] = 1;
  }
  return { means, deviations };
}
