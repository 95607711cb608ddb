import type { Arena } from '../core/arena.js';
import type { LayerPlan } from '../core/memory-plan.js';
import { writeWindowInputs } from '../data/data-set.js';
import { checkInputShape, checkInputs, type InputArray } from '../data/inputs.js';
import { OutputsError } from './outputs-error.js';
import type { Pass } from './pass.js';

/** The activations [rows × units] of a layer for inputs [rows × inputs], with any number of rows. */
export function activationsOf(arena: Arena, pass: Pass, x: InputArray, layer: LayerPlan): Float32Array {
  const rows = checkInputShape('x', x, arena.spec);
  const { capacity } = arena.plan;
  // the numbers of each batch are checked in the memory. If there are several batches, all are checked before the first
  if (rows > capacity) checkInputs('x', x, arena);
  const { a, units } = layer;
  const activations = new Float32Array(rows * units);
  for (let first = 0; first < rows; first += capacity) {
    const count = Math.min(capacity, rows - first);
    const type = writeWindowInputs('x', arena, x, first, count);
    pass.holdForward(count);
    arena.core.forwardWindow(count, type);
    const areFinite = arena.readRows(activations, first * units, a, layer, count);
    if (!areFinite) throw new OutputsError('x', activations, units);
  }
  return activations;
}
