import { PANEL_UNITS } from '../../assembly/abi.js';
import { countParameters } from '../spec/spec.js';
import type { Arena } from './arena.js';
import type { ForwardLayer } from './forward-plan.js';

// Parameters have two layouts: that of users and files, for each layer w [units × fanIn], then b [units], then the
// slopes [units] of prelu, if it has them; and that of the core, in panels of PANEL_UNITS units (see assembly/abi.ts).

/** The index of w_j0 in the panels of a layer. */
function columnOf(j: number, fanIn: number): number {
  return Math.floor(j / PANEL_UNITS) * PANEL_UNITS * fanIn + (j % PANEL_UNITS);
}

/** Calls `visit` for each weight w_jk of a layer, row by row. `packed`: its index in the layer's panels. */
export function eachWeight(
  { units, fanIn }: { readonly units: number; readonly fanIn: number },
  visit: (packed: number, j: number, k: number) => void,
): void {
  for (let j = 0; j < units; j++) {
    const column = columnOf(j, fanIn);
    for (let k = 0; k < fanIn; k++) visit(column + k * PANEL_UNITS, j, k);
  }
}

/** Copies w [units × fanIn] of the units [first, last) from panels to `values`, from index `start` of `values` on. */
export function readWeights(
  panels: Float32Array,
  fanIn: number,
  first: number,
  last: number,
  values: Float32Array,
  start = 0,
): void {
  let i = start;
  for (let j = first; j < last; ) {
    let packed = columnOf(j, fanIn);
    const end = i + fanIn;
    // four neighbours in a panel together take two thirds of the time
    if (j % 4 === 0 && j + 4 <= last) {
      for (let i1 = end, i2 = i1 + fanIn, i3 = i2 + fanIn; i < end; packed += PANEL_UNITS) {
        values[i++] = panels[packed];
        values[i1++] = panels[packed + 1];
        values[i2++] = panels[packed + 2];
        values[i3++] = panels[packed + 3];
      }
      i += 3 * fanIn;
      j += 4;
    } else {
      for (; i < end; packed += PANEL_UNITS) values[i++] = panels[packed];
      j++;
    }
  }
}

/** Copies w to panels: the reverse of `readWeights`, in less code, because simdprop/predict has it too. */
export function writeWeights(
  panels: Float32Array,
  fanIn: number,
  first: number,
  last: number,
  values: Float32Array,
  start = 0,
): void {
  let i = start;
  for (let j = first; j < last; j++) {
    let packed = columnOf(j, fanIn);
    for (const end = i + fanIn; i < end; packed += PANEL_UNITS) panels[packed] = values[i++];
  }
}

/** The parameters in a plan. */
interface PlannedParameters {
  readonly parameters: number;
  readonly parameterFloats: number;
  readonly layers: readonly ForwardLayer[];
}

/** A memory with the parameters of a network. */
interface ParameterMemory {
  readonly plan: PlannedParameters;
  /** A view of `count` floats. */
  floats(address: number, count: number): Float32Array;
}

/**
 * Calls `copyWeights` for the weights and `copyUnits` for the biases and slopes of each layer, with their starts in the
 * region and in the order of files.
 */
function eachLayer(
  { parameters, layers }: PlannedParameters,
  copyWeights: (layer: ForwardLayer, from: number, start: number) => void,
  copyUnits: (units: number, from: number, start: number) => void,
): void {
  let start = 0;
  for (const layer of layers) {
    const { units, weights, biases, slopes } = layer;
    copyWeights(layer, (weights - parameters) / 4, start);
    start += units * layer.fanIn;
    for (const address of [biases, ...(slopes ? [slopes] : [])]) {
      copyUnits(units, (address - parameters) / 4, start);
      start += units;
    }
  }
}

/**
 * Reads a region that is laid out like the core's parameters. Returns its numbers in the order of files.
 */
export function unpack(arena: Arena, address: number): Float32Array {
  const floats = arena.floats(address, arena.plan.parameterFloats);
  const values = new Float32Array(countParameters(arena.spec));
  eachLayer(
    arena.plan,
    ({ units, fanIn }, from, start) => readWeights(floats.subarray(from), fanIn, 0, units, values, start),
    (units, from, start) => values.set(floats.subarray(from, from + units), start),
  );
  return values;
}

/**
 * Writes numbers in the order of files to a region that is laid out like the core's parameters. Lanes that only fill up
 * rows become 0.
 */
export function pack(arena: ParameterMemory, address: number, values: Float32Array): void {
  const floats = arena.floats(address, arena.plan.parameterFloats).fill(0);
  eachLayer(
    arena.plan,
    ({ units, fanIn }, from, start) => writeWeights(floats.subarray(from), fanIn, 0, units, values, start),
    (units, from, start) => floats.set(values.subarray(start, start + units), from),
  );
}
