import { PANEL_UNITS } from '../../assembly/abi.js';
import { countParameters } from '../spec/spec.js';
import type { Arena } from './arena.js';
import type { Plan } from './memory-plan.js';

// Weights and biases have two layouts: that of users and files, for each layer w [units × fanIn] and then b [units],
// and that of the core, in panels of PANEL_UNITS units (see assembly/abi.ts).

/** Calls `visit` for each weight w_jk of a layer, row by row. `packed`: its index in the layer's panels. */
export function eachWeight(
  { units, fanIn }: { readonly units: number; readonly fanIn: number },
  visit: (packed: number, j: number, k: number) => void,
): void {
  for (let j = 0; j < units; j++) {
    const column = Math.floor(j / PANEL_UNITS) * PANEL_UNITS * fanIn + (j % PANEL_UNITS);
    for (let k = 0; k < fanIn; k++) visit(column + k * PANEL_UNITS, j, k);
  }
}

/**
 * Calls `visit` for each parameter, in the order of files. `packed`: its index in a region laid out like the core's
 * parameters.
 */
function eachParameter({ parameters, layers }: Plan, visit: (packed: number) => void): void {
  for (const layer of layers) {
    eachWeight(layer, (packed) => visit((layer.weights - parameters) / 4 + packed));
    for (let j = 0; j < layer.units; j++) visit((layer.biases - parameters) / 4 + j);
  }
}

/**
 * Reads a region that is laid out like the core's parameters. Returns its numbers in the order of files: for each layer
 * w [units × fanIn], then b [units].
 */
export function unpack(arena: Arena, address: number): Float32Array {
  const floats = arena.floats(address, arena.plan.parameterFloats);
  const values = new Float32Array(countParameters(arena.spec));
  let i = 0;
  eachParameter(arena.plan, (packed) => {
    values[i++] = floats[packed];
  });
  return values;
}

/**
 * Writes numbers in the order of files to a region that is laid out like the core's parameters. Lanes that only fill up
 * rows become 0.
 */
export function pack(arena: Arena, address: number, values: Float32Array): void {
  const floats = arena.floats(address, arena.plan.parameterFloats).fill(0);
  let i = 0;
  eachParameter(arena.plan, (packed) => {
    floats[packed] = values[i++];
  });
}
