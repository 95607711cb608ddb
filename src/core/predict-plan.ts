import * as abi from '../../assembly/abi.js';
import type { ForwardSpec } from '../spec/spec.js';
import {
  type ForwardLayer,
  parameterSizes,
  planInputs,
  planLayers,
  planPositions,
  planRuns,
  planScratch,
  planWindowInputs,
  writeConstants,
} from './forward-plan.js';
import { Regions } from './layout.js';

// The place of everything in the memory of a network that only predicts. Its tables have the layout of abi.ts, but only
// the words that a forward pass reads. As in memory-plan.ts, the parameters never move.

/** The words of the header, by the names that the plan has for them. */
const HEADER_WORDS = {
  layerCount: abi.LAYER_COUNT,
  inputs: abi.INPUTS,
  x: abi.X,
  xStride: abi.X_STRIDE,
  lists: abi.LISTS,
  listStride: abi.LIST_STRIDE,
  listCounts: abi.LIST_COUNTS,
  masks: abi.MASKS,
  maskStride: abi.MASK_STRIDE,
  positions: abi.POSITIONS,
  randomBlock: abi.RANDOM_BLOCK,
  scratch: abi.SCRATCH,
  windowInputs: abi.WINDOW + abi.SET_INPUTS,
};

/** The words of a layer's row that are u32. */
const LAYER_WORDS: Readonly<Record<Exclude<keyof ForwardLayer, 'activationConstant'>, number>> = {
  fanIn: abi.FAN_IN,
  units: abi.UNITS,
  activation: abi.ACTIVATION,
  input: abi.INPUT,
  inputStride: abi.INPUT_STRIDE,
  stride: abi.STRIDE,
  z: abi.Z,
  a: abi.A,
  weights: abi.WEIGHTS,
  biases: abi.BIASES,
  slopes: abi.SLOPES,
  runs: abi.RUNS,
  runCount: abi.RUN_COUNT,
};

export type PredictPlan = Readonly<Record<keyof typeof HEADER_WORDS, number>> & {
  /** The most rows of a batch. */
  readonly capacity: number;
  readonly parameters: number;
  readonly parameterFloats: number;
  readonly layers: readonly ForwardLayer[];
  /** The size of the memory, from address 0. */
  readonly bytes: number;
};

/** The plan for batches of `capacity` rows. */
export function makePredictPlan(spec: ForwardSpec, capacity: number): PredictPlan {
  const layerCount = spec.layers.length;
  const regions = new Regions(abi.LAYERS + layerCount * abi.LAYER_BYTES);
  const sizes = parameterSizes(spec);
  const parameters = regions.reserve('parameters', 4 * sizes.parameterFloats);
  const runs = planRuns(regions, spec);
  const fixed = {
    ...sizes,
    parameters,
    layerCount,
    inputs: spec.inputs,
    capacity,
    positions: planPositions(regions, spec),
    randomBlock: regions.reserve('randomBlock', abi.RANDOM_BLOCK_BYTES),
    scratch: planScratch(regions, spec),
  };
  const inputs = planInputs(regions, spec, capacity);
  const layers = planLayers(regions, spec, capacity, { ...fixed, ...inputs, runs }, (layer) => layer);
  const windowInputs = planWindowInputs(regions, spec, capacity);
  return { ...fixed, ...inputs, layers, windowInputs, bytes: regions.end };
}

/** Writes the header, the layer table, and lists that do not change. */
export function writePredictTables(buffer: ArrayBuffer, spec: ForwardSpec, plan: PredictPlan): void {
  const view = new DataView(buffer);
  const write = <Name extends string>(
    address: number,
    words: Readonly<Record<Name, number>>,
    values: Readonly<Record<NoInfer<Name>, number>>,
  ) => {
    for (const name in words) view.setUint32(address + words[name], values[name], true);
  };
  write(abi.HEADER, HEADER_WORDS, plan);
  plan.layers.forEach((layer, l) => {
    const row = abi.LAYERS + l * abi.LAYER_BYTES;
    write(row, LAYER_WORDS, layer);
    view.setFloat32(row + abi.ACTIVATION_CONSTANT, layer.activationConstant, true);
  });
  view.setFloat32(abi.HEADER + abi.SCALE, spec.scale ?? 1, true);
  writeConstants(buffer, spec, plan);
}
