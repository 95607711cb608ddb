import { checkInteger } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { writeWindowInputs } from '../data/data-set.js';
import { checkInputs, type InputArray } from '../data/inputs.js';
import { OutputsError } from './outputs-error.js';
import type { Pass } from './pass.js';

/** The activations [rows × units] of layer `l` for inputs [rows × inputs], with any number of rows. */
export function activationsOf(arena: Arena, pass: Pass, inputs: InputArray, l: unknown): Float32Array {
  const layer = checkInteger('layer', l, 0, arena.plan.layers.length - 1);
  const rows = checkInputs('x', inputs, arena);
  const { plan } = arena;
  const { units } = plan.layers[layer];
  const activations = new Float32Array(rows * units);
  for (let first = 0; first < rows; first += plan.capacity) {
    const count = Math.min(plan.capacity, rows - first);
    const type = writeWindowInputs('x', arena, inputs, first, count);
    pass.holdForward(count);
    arena.core.forwardWindow(count, type);
    const areFinite = arena.readRows(activations, first * units, plan.layers[layer].a, plan.layers[layer], count);
    if (!areFinite) throw new OutputsError('x', activations, units);
  }
  return activations;
}
