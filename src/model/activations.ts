import type { Arena } from '../core/arena.js';
import type { Matrix } from '../core/rows.js';
import { writeWindowInputs } from '../data/data-set.js';
import { checkInputShape, checkInputs, type InputArray, type InputMemory } from '../data/inputs.js';
import { OutputsError } from './outputs-error.js';

/** A memory through which batches pass. */
interface BatchMemory extends InputMemory, Pick<Arena, 'readRows'> {
  readonly plan: { readonly capacity: number; readonly windowInputs: number };
  readonly core: { forwardWindow(rows: number, inputType: number): void };
}

/**
 * The activations [rows × units] of a layer for inputs [rows × inputs], with any number of rows. `hold` is told of each
 * batch before it passes through the network.
 */
export function activationsOf(
  arena: BatchMemory,
  pass: { holdForward(rows: number): void },
  x: InputArray,
  layer: Matrix & { readonly a: number },
): Float32Array {
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
