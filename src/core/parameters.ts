import { PANEL_UNITS } from '../../assembly/abi.js';
import { countParameters } from '../spec/spec.js';
import type { Arena } from './arena.js';
import type { Plan } from './memory-plan.js';

// Weights and biases as users and files have them, and as the core keeps them: in panels of PANEL_UNITS units (see assembly/abi.ts).

/** Calls with the position of w_jk in the panels of a layer, j and k. */
export function eachWeight(
  { units, fanIn }: { readonly units: number; readonly fanIn: number },
  visit: (packed: number, j: number, k: number) => void,
): void {
  for (let j = 0; j < units; j++) {
    const column = Math.floor(j / PANEL_UNITS) * PANEL_UNITS * fanIn + (j % PANEL_UNITS);
    for (let k = 0; k < fanIn; k++) visit(column + k * PANEL_UNITS, j, k);
  }
}

/** Calls with the place, in floats, of each parameter in a region laid out as they are: for each layer w row-major, then b. */
function eachParameter({ parameters, layers }: Plan, visit: (packed: number) => void): void {
  for (const layer of layers) {
    eachWeight(layer, (packed) => visit((layer.weights - parameters) / 4 + packed));
    for (let j = 0; j < layer.units; j++) visit((layer.biases - parameters) / 4 + j);
  }
}

/** The numbers of a region that is laid out as the parameters, as a file has them: for each layer w [units × fanIn], then b [units]. */
export function unpack(arena: Arena, address: number): Float32Array {
  const floats = arena.floats(address, arena.plan.parameterFloats);
  const values = new Float32Array(countParameters(arena.spec));
  let i = 0;
  eachParameter(arena.plan, (packed) => {
    values[i++] = floats[packed];
  });
  return values;
}

/** Writes what `unpack` has read; what fills rows becomes 0. */
export function pack(arena: Arena, address: number, values: Float32Array): void {
  const floats = arena.floats(address, arena.plan.parameterFloats).fill(0);
  let i = 0;
  eachParameter(arena.plan, (packed) => {
    floats[packed] = values[i++];
  });
}
