import * as abi from '../../assembly/abi.js';
import { ACTIVATIONS, activationName, constantOf, hasSlopes, isMixed, showActivation } from '../spec/activations.js';
import type { ForwardSpec, LayerSpec } from '../spec/spec.js';
import { paddedFloats, type Regions, rowStride, weightFloats } from './layout.js';

// The part of a memory plan that a forward pass needs. memory-plan.ts adds what training needs; predict-plan.ts is the
// plan of a network that only predicts.

export interface Shape {
  readonly fanIn: number;
  readonly units: number;
}

export function shapesOf({ inputs, layers }: ForwardSpec): Shape[] {
  return layers.map(({ units }, l) => ({ fanIn: l ? layers[l - 1].units : inputs, units }));
}

/**
 * The numbers of floats: of the weights, which come first; of weights and biases; of all parameters, including slopes.
 */
export function parameterSizes(spec: ForwardSpec) {
  const weights = shapesOf(spec).reduce((sum, { fanIn, units }) => sum + weightFloats(fanIn, units), 0);
  const slopesStart = spec.layers.reduce((sum, { units }) => sum + paddedFloats(units), weights);
  const parameterFloats = spec.layers.reduce((sum, layer) => sum + slopeFloats(layer), slopesStart);
  return { weightFloats: weights, slopesStart, parameterFloats };
}

/** The number of floats that the slopes of a layer take. */
export const slopeFloats = ({ activation, units }: LayerSpec): number =>
  hasSlopes(activation) ? paddedFloats(units) : 0;

/**
 * True if the core lists the inputs that are not zero, which it does for networks with many inputs: see
 * assembly/sparse.ts.
 */
export const isListed = ({ inputs }: ForwardSpec) => inputs >= abi.LISTED_INPUTS;

/** Reserves the table of `writeConstants`. */
export const planPositions = (regions: Regions, spec: ForwardSpec) =>
  isListed(spec) ? regions.reserve('positions', abi.POSITIONS_BYTES) : 0;

/** Reserves the records of the functions of mixed layers. */
export const planRuns = (regions: Regions, { layers }: ForwardSpec) =>
  layers.map(({ activation }) => regions.reserve('runs', 4 * runWords(activation).length));

/** Reserves the inputs of a batch, with their lists. */
export function planInputs(regions: Regions, spec: ForwardSpec, capacity: number) {
  const hasLists = isListed(spec);
  const xStride = rowStride(spec.inputs);
  // the core writes several entries of a list at a time, also past its end
  const listEntries = (Math.ceil(spec.inputs / abi.LISTED_AT_ONCE) + 1) * abi.LISTED_AT_ONCE;
  const listStride = hasLists ? 2 * listEntries : 0;
  const maskStride = hasLists ? (Math.ceil(spec.inputs / abi.MASK_WORD_INPUTS) * abi.MASK_WORD_INPUTS) / 8 : 0;
  return {
    xStride,
    listStride,
    maskStride,
    x: regions.reserve('x', capacity * xStride),
    lists: hasLists ? regions.reserve('lists', capacity * listStride) : 0,
    listCounts: regions.reserve('listCounts', hasLists ? capacity * 4 : 0),
    masks: regions.reserve('masks', capacity * maskStride),
  };
}

/** The words of a layer's row that a forward pass reads. */
export interface ForwardLayer extends Shape {
  readonly activation: number;
  readonly input: number;
  readonly inputStride: number;
  readonly stride: number;
  readonly z: number;
  readonly a: number;
  readonly weights: number;
  readonly biases: number;
  readonly slopes: number;
  readonly activationConstant: number;
  readonly runs: number;
  readonly runCount: number;
}

/**
 * The addresses that are known before the layers are planned: of the parameters, of the inputs, and of the records of
 * `planRuns`.
 */
export interface BeforeLayers {
  readonly parameters: number;
  readonly weightFloats: number;
  readonly slopesStart: number;
  readonly x: number;
  readonly xStride: number;
  readonly runs: readonly number[];
}

/**
 * Reserves z and a of each layer, and finds its place among the parameters, where all weights come first, then all
 * biases, then all slopes. `complete` reserves what else belongs to layer l; if that includes `dropped`, the next layer
 * reads it instead of a.
 */
export function planLayers<L extends ForwardLayer & { readonly dropped?: number }>(
  regions: Regions,
  spec: ForwardSpec,
  capacity: number,
  before: BeforeLayers,
  complete: (layer: ForwardLayer, l: number) => L,
): L[] {
  let weights = before.parameters;
  let biases = weights + before.weightFloats * 4;
  let slopes = weights + before.slopesStart * 4;
  let input = before.x;
  let inputStride = before.xStride;
  return shapesOf(spec).map(({ fanIn, units }, l) => {
    const { activation } = spec.layers[l];
    const slopeBytes = 4 * slopeFloats(spec.layers[l]);
    const stride = rowStride(units);
    const z = regions.reserve('z', capacity * stride);
    const layer = complete(
      {
        fanIn,
        units,
        activation: isMixed(activation) ? abi.MIXED : ACTIVATIONS[activationName(activation)],
        input,
        inputStride,
        stride,
        z,
        // z and a of a linear layer are the same numbers
        a: activation === 'linear' ? z : regions.reserve('a', capacity * stride),
        weights,
        biases,
        slopes: slopeBytes && slopes,
        activationConstant: isMixed(activation) ? 0 : constantOf(activation),
        runs: isMixed(activation) ? before.runs[l] : 0,
        runCount: isMixed(activation) ? new Set(activation.map(showActivation)).size : 0,
      },
      l,
    );
    weights += weightFloats(fanIn, units) * 4;
    biases += paddedFloats(units) * 4;
    slopes += slopeBytes;
    input = layer.dropped || layer.a;
    inputStride = stride;
    return layer;
  });
}

/** Reserves the room in which units of one function are gathered. */
export function planScratch(regions: Regions, { layers }: ForwardSpec): number {
  const mixed = layers.filter(({ activation }) => isMixed(activation));
  const widest = Math.max(0, ...mixed.map(({ units }) => rowStride(units)));
  return regions.reserve('scratch', 3 * abi.MIXED_ROWS * widest);
}

/** Reserves the inputs of a batch as the caller gives them, before the core copies them into x. */
export const planWindowInputs = (regions: Regions, { inputs }: ForwardSpec, capacity: number) =>
  regions.reserve('windowInputs', capacity * inputs * 4 + abi.SLACK_BYTES);

/** Writes the lists and tables that do not change. */
export function writeConstants(
  buffer: ArrayBuffer,
  spec: ForwardSpec,
  { positions, layers }: { readonly positions: number; readonly layers: readonly ForwardLayer[] },
): void {
  for (const [l, { runs }] of layers.entries())
    new Uint32Array(buffer).set(runWords(spec.layers[l].activation), runs / 4);
  if (positions) writePositions(new Uint8Array(buffer, positions, abi.POSITIONS_BYTES));
}

/** Writes, for each value of a byte, the places of its bits that are set: see assembly/sparse.ts. */
function writePositions(positions: Uint8Array): void {
  for (let byte = 0; byte < 256; byte++) {
    let next = abi.POSITIONS_ENTRY_BYTES * byte;
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) positions[next++] = bit;
  }
}

/** The records of abi.RUNS: one for each function that occurs in a mixed layer, none for a layer with one function. */
function runWords(activation: LayerSpec['activation']): number[] {
  if (!isMixed(activation)) return [];
  const names = activation.map(showActivation);
  return [...new Set(names)].flatMap((name) => {
    const one = activation[names.indexOf(name)];
    const [constant] = new Uint32Array(Float32Array.of(constantOf(one)).buffer);
    const offsets = names.flatMap((other, j) => (other === name ? [4 * j] : []));
    return [ACTIVATIONS[activationName(one)], constant, offsets.length, ...offsets];
  });
}
