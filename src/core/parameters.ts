import { PANEL_ROW_BYTES, PANEL_UNITS } from '../../assembly/abi.js';
import { countParameters } from '../spec/spec.js';
import type { Arena } from './arena.js';
import type { ForwardLayer } from './forward-plan.js';
import { paddedFloats, weightFloats } from './layout.js';

// Parameters have two layouts: that of users and files, for each layer w [units × fanIn], then b [units], then the
// slopes [units] of prelu, if it has them; and that of the core, in panels of PANEL_UNITS units (see assembly/abi.ts).

/** The index of w_j0 in the panels of a layer. */
function columnOf(j: number, fanIn: number): number {
  return Math.floor(j / PANEL_UNITS) * PANEL_UNITS * fanIn + (j % PANEL_UNITS);
}

interface Shape {
  readonly units: number;
  readonly fanIn: number;
}

/** Calls `visit` for each weight w_jk of a layer, row by row. `packed`: its index in the layer's panels. */
export function eachWeight({ units, fanIn }: Shape, visit: (packed: number, j: number, k: number) => void): void {
  for (let j = 0; j < units; j++) {
    const column = columnOf(j, fanIn);
    for (let k = 0; k < fanIn; k++) visit(column + k * PANEL_UNITS, j, k);
  }
}

/**
 * Copies w_jk of the units [first, last), from input k on, from panels to `values`, where those of the first unit begin
 * at index `start`.
 */
export function readUnits(
  panels: Float32Array,
  fanIn: number,
  first: number,
  last: number,
  values: Float32Array,
  start = 0,
  k = 0,
): void {
  for (let j = first, row = start; j < last; j++, row += fanIn) {
    let packed = columnOf(j, fanIn) + k * PANEL_UNITS;
    for (let i = row + k; i < row + fanIn; packed += PANEL_UNITS) values[i++] = panels[packed];
  }
}

/** Copies w to panels: the reverse of `readUnits`. */
export function writeUnits(
  panels: Float32Array,
  fanIn: number,
  first: number,
  last: number,
  values: Float32Array,
  start = 0,
  k = 0,
): void {
  for (let j = first, row = start; j < last; j++, row += fanIn) {
    let packed = columnOf(j, fanIn) + k * PANEL_UNITS;
    for (let i = row + k; i < row + fanIn; packed += PANEL_UNITS) panels[packed] = values[i++];
  }
}

/** The part of a layer that the core transposes: whole panels, and whole groups of four inputs. */
function wholePart({ fanIn, units }: Shape): { readonly units: number; readonly inputs: number } {
  return { units: units - (units % PANEL_UNITS), inputs: fanIn - (fanIn % 4) };
}

/** Copies w [units × fanIn] of a layer from its panels at `address` to `values`, from index `start` on. */
export function readWeights(arena: Arena, address: number, layer: Shape, values: Float32Array, start = 0): void {
  const { fanIn, units } = layer;
  const panels = arena.floats(address, weightFloats(fanIn, units));
  const whole = wholePart(layer);
  const { packed } = arena.plan;
  const rows = arena.floats(packed, PANEL_UNITS * fanIn);
  for (let j = 0; j < whole.units; j += PANEL_UNITS) {
    const panel = address + 4 * j * fanIn;
    arena.core.transposeRows(packed, 4 * fanIn, panel, PANEL_ROW_BYTES, PANEL_UNITS, whole.inputs);
    values.set(rows, start + j * fanIn);
  }
  readUnits(panels, fanIn, 0, whole.units, values, start, whole.inputs);
  readUnits(panels, fanIn, whole.units, units, values, start + whole.units * fanIn);
}

/** Copies w to panels: the reverse of `readWeights`. Lanes that only fill up the last panel become 0. */
export function writeWeights(arena: Arena, address: number, layer: Shape, values: Float32Array, start = 0): void {
  const { fanIn, units } = layer;
  const panels = arena.floats(address, weightFloats(fanIn, units));
  const whole = wholePart(layer);
  const { packed } = arena.plan;
  const rows = arena.floats(packed, PANEL_UNITS * fanIn);
  for (let j = 0; j < whole.units; j += PANEL_UNITS) {
    const from = start + j * fanIn;
    rows.set(values.subarray(from, from + rows.length));
    const panel = address + 4 * j * fanIn;
    arena.core.transposeRows(panel, PANEL_ROW_BYTES, packed, 4 * fanIn, whole.inputs, PANEL_UNITS);
  }
  panels.fill(0, whole.units * fanIn);
  writeUnits(panels, fanIn, 0, whole.units, values, start, whole.inputs);
  writeUnits(panels, fanIn, whole.units, units, values, start + whole.units * fanIn);
}

/** The parameters in a plan. */
interface PlannedParameters {
  readonly parameters: number;
  readonly layers: readonly ForwardLayer[];
}

/**
 * Calls `copyWeights` for the weights and `copyUnits` for the biases and slopes of each layer of a region that is laid
 * out like the core's parameters. `address`: where they are in it. `start`: their place in the order of files.
 */
export function eachLayer(
  { parameters, layers }: PlannedParameters,
  region: number,
  copyWeights: (layer: ForwardLayer, address: number, start: number) => void,
  copyUnits: (units: number, address: number, start: number) => void,
): void {
  let start = 0;
  for (const layer of layers) {
    const { units, weights, biases, slopes } = layer;
    copyWeights(layer, region + weights - parameters, start);
    start += units * layer.fanIn;
    for (const address of [biases, ...(slopes ? [slopes] : [])]) {
      copyUnits(units, region + address - parameters, start);
      start += units;
    }
  }
}

/**
 * Reads a region that is laid out like the core's parameters. Returns its numbers, `values`, in the order of files.
 */
export function unpack(
  arena: Arena,
  region: number,
  values: Float32Array = new Float32Array(countParameters(arena.spec)),
): Float32Array {
  eachLayer(
    arena.plan,
    region,
    (layer, address, start) => readWeights(arena, address, layer, values, start),
    (units, address, start) => values.set(arena.floats(address, units), start),
  );
  return values;
}

/**
 * Writes numbers in the order of files to a region that is laid out like the core's parameters. Lanes that only fill up
 * rows become 0.
 */
export function pack(arena: Arena, region: number, values: Float32Array): void {
  eachLayer(
    arena.plan,
    region,
    (layer, address, start) => writeWeights(arena, address, layer, values, start),
    (units, address, start) => {
      arena
        .floats(address, paddedFloats(units))
        .fill(0)
        .set(values.subarray(start, start + units));
    },
  );
}
