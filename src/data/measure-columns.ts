import type { Arena } from '../core/arena.js';
import { momentsOf } from '../core/column-records.js';
import type { Standardization } from './standardization.js';
import { MIN_DEVIATION } from './standardization.js';

// What the columns of a training set are: measured by the core. Loaded where it is asked for.

/**
 * Adds the training set that lies in the arena, of a network that is not standardised, to the moments of its columns. `seen`: samples
 * measured before. `turn` gives the event loop its turns.
 */
export async function measure(arena: Arena, samples: number, seen: number, turn: () => Promise<void>): Promise<void> {
  const { capacity, moments } = arena.plan;
  arena.header.trainingSet.order = 0;
  for (let first = 0; first < samples; first += capacity) {
    arena.core.measureColumns(moments, first, Math.min(capacity, samples - first), seen + first);
    await turn();
  }
}

/** Means and deviations (of the population: divided by n) of the samples measured. A column that is constant has the deviation 1. */
export function measured(arena: Arena, samples: number): Standardization {
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
