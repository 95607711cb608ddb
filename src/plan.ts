import * as abi from '../assembly/abi.js';
import { ACTIVATIONS, COSTS, type Spec } from './spec.js';

// Where everything lies in a network's linear memory. A plan is numbers only; `writeTables` puts it where the core reads it.
//
//   tables | lists | parameters | gradients | transposed weights |  x y, z a delta of each layer | window | training set
//   ------------------- depends on the spec ------------------- | -- rows of a batch as well -- |        | and its size
//
// The first part never moves, so a network that grows for a larger batch or data set keeps its parameters where they are.
// Every region starts on a cache line.

const LINE_BYTES = 64;
const LINE_FLOATS = 16;
/** A WebAssembly memory addresses 4 GiB; its last page stays free so that addresses past an end do not wrap. */
export const MAX_BYTES = 2 ** 32 - 65_536;
/** Kernels read whole vectors: up to 16 bytes past the last sample's end. */
const SLACK_BYTES = 16;
const MAX_CONFUSION_OUTPUTS = 256;

export interface LayerPlan {
  readonly fanIn: number;
  readonly units: number;
  readonly input: number;
  readonly inputStride: number;
  readonly stride: number;
  readonly z: number;
  readonly a: number;
  readonly delta: number;
  readonly weights: number;
  readonly biases: number;
  readonly weightGradients: number;
  readonly biasGradients: number;
  readonly transposed: number;
}

export interface Region {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
}

export interface Plan {
  readonly capacity: number;
  readonly x: number;
  readonly xStride: number;
  readonly y: number;
  readonly yStride: number;
  readonly active: number;
  readonly identity: number;
  readonly zeros: number;
  readonly confusion: number;
  /** Rows and columns of the confusion matrix, 0 if there is none. */
  readonly classes: number;
  readonly randomBlock: number;
  readonly parameters: number;
  readonly weightFloats: number;
  readonly parameterFloats: number;
  readonly gradients: number;
  readonly layers: readonly LayerPlan[];
  readonly windowInputs: number;
  readonly windowTargets: number;
  readonly setInputs: number;
  readonly setTargets: number;
  readonly order: number;
  /** All of it, from address 0. */
  readonly bytes: number;
  readonly regions: readonly Region[];
}

/** What a training set takes beside the network: bytes as stored. */
export interface SetSize {
  readonly samples: number;
  readonly inputBytes: number;
  readonly targetBytes: number;
}

const EMPTY_SET: SetSize = { samples: 0, inputBytes: 0, targetBytes: 0 };

/** Floats of a row or panel rounded up to whole cache lines. */
export function paddedFloats(units: number): number {
  return Math.ceil(units / LINE_FLOATS) * LINE_FLOATS;
}

/**
 * Bytes from one row of a matrix to the next: whole cache lines, an odd number of them where rows are long. Rows a power of two
 * apart would all compete for the same few sets of the first-level cache.
 */
export function rowStride(units: number): number {
  const lines = Math.ceil(units / LINE_FLOATS);
  return (lines >= 8 && lines % 2 === 0 ? lines + 1 : lines) * LINE_BYTES;
}

/** Floats of a layer's weights in panels of 16 units: the last panel is filled up with zeros. */
export function weightFloats(fanIn: number, units: number): number {
  return paddedFloats(units) * fanIn;
}

export function makePlan(spec: Spec, capacity: number, set: SetSize = EMPTY_SET): Plan {
  const regions: Region[] = [];
  let end = abi.LAYERS + spec.layers.length * abi.LAYER_BYTES;
  const reserve = (name: string, bytes: number): number => {
    const start = Math.ceil(end / LINE_BYTES) * LINE_BYTES;
    end = start + bytes;
    regions.push({ name, start, bytes });
    return start;
  };

  const outputs = spec.layers[spec.layers.length - 1].units;
  const shapes = spec.layers.map(({ units }, l) => ({ fanIn: l ? spec.layers[l - 1].units : spec.inputs, units }));
  const widest = Math.max(spec.inputs, ...shapes.map(({ units }) => units));

  const zeros = reserve('zeros', paddedFloats(widest) * 4);
  const identity = reserve('identity', widest * 4);
  // the list is written sixteen entries at a time
  const active = reserve('active', (spec.inputs + 16) * 4);
  const randomBlock = reserve('random block', 16);
  const classes = outputs <= MAX_CONFUSION_OUTPUTS ? Math.max(outputs, 2) : 0;
  const confusion = reserve('confusion', classes * classes * 4);

  const allWeights = shapes.reduce((sum, { fanIn, units }) => sum + weightFloats(fanIn, units), 0);
  const allFloats = shapes.reduce((sum, { units }) => sum + paddedFloats(units), allWeights);
  const parameters = reserve('parameters', allFloats * 4);
  const gradients = reserve('gradients', allFloats * 4);
  const transposed = shapes.map(({ fanIn, units }, l) =>
    l === 0 ? 0 : reserve(`layers[${l}] transposed`, paddedFloats(fanIn) * Math.ceil(units / 4) * 4 * 4),
  );

  const xStride = rowStride(spec.inputs);
  const x = reserve('x', capacity * xStride);
  const yStride = rowStride(outputs);
  const y = reserve('y', capacity * yStride);
  let weightOffset = 0;
  let biasOffset = allWeights * 4;
  let input = x;
  let inputStride = xStride;
  const layers = shapes.map(({ fanIn, units }, l): LayerPlan => {
    const stride = rowStride(units);
    const layer = {
      fanIn,
      units,
      input,
      inputStride,
      stride,
      z: reserve(`layers[${l}].z`, capacity * stride),
      a: reserve(`layers[${l}].a`, capacity * stride),
      delta: reserve(`layers[${l}].delta`, capacity * stride),
      weights: parameters + weightOffset,
      biases: parameters + biasOffset,
      weightGradients: gradients + weightOffset,
      biasGradients: gradients + biasOffset,
      transposed: transposed[l],
    };
    weightOffset += weightFloats(fanIn, units) * 4;
    biasOffset += paddedFloats(units) * 4;
    input = layer.a;
    inputStride = stride;
    return layer;
  });

  const windowInputs = reserve('window inputs', capacity * spec.inputs * 4 + SLACK_BYTES);
  const windowTargets = reserve('window targets', capacity * outputs * 4 + SLACK_BYTES);
  const setInputs = reserve('set inputs', set.inputBytes + SLACK_BYTES);
  const setTargets = reserve('set targets', set.targetBytes + SLACK_BYTES);
  const order = reserve('order', set.samples * 4);

  return {
    capacity,
    x,
    xStride,
    y,
    yStride,
    active,
    identity,
    zeros,
    confusion: classes ? confusion : 0,
    classes,
    randomBlock,
    parameters,
    weightFloats: allWeights,
    parameterFloats: allFloats,
    gradients,
    layers,
    windowInputs,
    windowTargets,
    setInputs,
    setTargets,
    order,
    bytes: end,
    regions,
  };
}

/** Writes the header and the layer table. Nothing else in the memory changes, but for the constant identity list. */
export function writeTables(buffer: ArrayBuffer, spec: Spec, plan: Plan): void {
  const view = new DataView(buffer);
  const word = (address: number, value: number) => view.setUint32(address, value, true);
  const header = (offset: number, value: number) => word(abi.HEADER + offset, value);
  header(abi.LAYER_COUNT, plan.layers.length);
  header(abi.COST, COSTS[spec.cost]);
  header(abi.X, plan.x);
  header(abi.X_STRIDE, plan.xStride);
  header(abi.INPUTS, spec.inputs);
  header(abi.Y, plan.y);
  header(abi.Y_STRIDE, plan.yStride);
  header(abi.OUTPUTS, plan.layers[plan.layers.length - 1].units);
  header(abi.ACTIVE, plan.active);
  header(abi.IDENTITY, plan.identity);
  header(abi.ZEROS, plan.zeros);
  header(abi.PARAMETERS, plan.parameters);
  header(abi.WEIGHT_FLOATS, plan.weightFloats);
  header(abi.PARAMETER_FLOATS, plan.parameterFloats);
  header(abi.GRADIENTS, plan.gradients);
  header(abi.CONFUSION, plan.confusion);
  header(abi.RANDOM_BLOCK, plan.randomBlock);
  header(abi.SEED_LOW, spec.seed % 2 ** 32);
  header(abi.SEED_HIGH, Math.floor(spec.seed / 2 ** 32));
  view.setFloat32(abi.HEADER + abi.SCALE, spec.scale, true);
  view.setFloat64(abi.HEADER + abi.L2, spec.l2, true);
  plan.layers.forEach((layer, l) => {
    const row = (offset: number, value: number) => word(abi.LAYERS + l * abi.LAYER_BYTES + offset, value);
    row(abi.FAN_IN, layer.fanIn);
    row(abi.UNITS, layer.units);
    row(abi.ACTIVATION, ACTIVATIONS[spec.layers[l].activation]);
    row(abi.INPUT, layer.input);
    row(abi.INPUT_STRIDE, layer.inputStride);
    row(abi.STRIDE, layer.stride);
    row(abi.Z, layer.z);
    row(abi.A, layer.a);
    row(abi.DELTA, layer.delta);
    row(abi.WEIGHTS, layer.weights);
    row(abi.BIASES, layer.biases);
    row(abi.WEIGHT_GRADIENTS, layer.weightGradients);
    row(abi.BIAS_GRADIENTS, layer.biasGradients);
    row(abi.TRANSPOSED, layer.transposed);
  });
  const identity = new Uint32Array(buffer, plan.identity);
  const widest = Math.max(spec.inputs, ...plan.layers.map(({ units }) => units));
  for (let k = 0; k < widest; k++) identity[k] = 4 * k;
}
