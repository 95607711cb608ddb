import * as abi from '../assembly/abi.js';
import { ACTIVATIONS, BYTE_SCALE, COSTS, outputsOf, type Spec } from './spec.js';
import type { ActivationName } from './types.js';

// Where everything lies in a network's linear memory. A plan is numbers only; `writeTables` puts it where the core reads it.
//
//   tables | parameters | gradients | state | x y, lists, z a delta of each layer | each thread's own | window | training set
//   ----- depends on the spec ----- | slots | ------------------- rows of a batch as well -------------------- | and its size
//
// The first part never moves, so a network that grows for a larger batch or data set keeps its parameters where they are.
// Every region starts on a cache line.

const LINE_BYTES = 64;
const LINE_FLOATS = 16;
/** A WebAssembly memory addresses 4 GiB; its last page stays free so that addresses past an end do not wrap. */
export const MAX_BYTES = 2 ** 32 - 65_536;
/** Kernels read whole vectors, of floats two at a time: up to 32 bytes past the last sample's end. */
const SLACK_BYTES = 32;
const MAX_CONFUSION_OUTPUTS = 256;
/** Steps one call can make under a learning rate that changes from step to step. */
export const MAX_RATES = 1024;

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
  /** MIXED: the records of abi.RUNS, one for each function that occurs. */
  readonly runs: number;
  readonly dropped: number;
  readonly dropoutMask: number;
}

export interface Region {
  readonly start: number;
  readonly bytes: number;
}

export interface Plan {
  readonly capacity: number;
  readonly x: number;
  readonly xStride: number;
  readonly y: number;
  readonly yStride: number;
  readonly positions: number;
  /** Of what is not zero in the batch's rows: see assembly/sparse.ts. 0 bytes for few inputs. */
  readonly lists: number;
  readonly listStride: number;
  readonly listCounts: number;
  readonly union: number;
  readonly masks: number;
  readonly maskStride: number;
  readonly sums: number;
  /** For the gradients' products: see assembly/gradient.ts. */
  readonly packed: number;
  readonly zeros: number;
  readonly confusion: number;
  /** Rows and columns of the confusion matrix, 0 if there is none. */
  readonly classes: number;
  /** abi.ERROR_SUMS */
  readonly errorSums: number;
  readonly team: Team;
  /** What threads meet at: see assembly/team.ts. 0 bytes for one. */
  readonly teamWords: number;
  /** From randomBlock, effective, union, sums, packed and scratch of one thread to the next one's. */
  readonly threadBytes: number;
  /** f64 [rows] */
  readonly rowCosts: number;
  readonly randomBlock: number;
  readonly parameters: number;
  readonly weightFloats: number;
  readonly parameterFloats: number;
  readonly gradients: number;
  /** Slots of the optimizer, each of parameterFloats. */
  readonly slots: number;
  readonly state: number;
  /** A block of the gradient, clipped and with the penalties. */
  readonly effective: number;
  /** Learning rates of the steps of one call. */
  readonly rates: number;
  readonly means: number;
  readonly inverseDeviations: number;
  /** f64 {m, m, s, s} for each pair of inputs: see assembly/standardize.ts. */
  readonly moments: number;
  readonly rowWeights: number;
  readonly scratch: number;
  readonly layers: readonly LayerPlan[];
  readonly windowInputs: number;
  readonly windowTargets: number;
  readonly windowWeights: number;
  readonly setInputs: number;
  readonly setTargets: number;
  readonly setWeights: number;
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
  readonly weightBytes: number;
}

/** Who computes. */
export interface Team {
  readonly threads: number;
  /** In 256-bit registers, by tiles of five rows. */
  readonly isWide: boolean;
  /** Multiplications of a pass over the rows that are worth one more thread. */
  readonly threadWork: number;
}

const NO_TEAM: Team = { threads: 1, isWide: false, threadWork: 1 };

const EMPTY_SET: SetSize = { samples: 0, inputBytes: 0, targetBytes: 0, weightBytes: 0 };

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

/** What an evaluation sums up for each pair of outputs: {s, |a - y|, (a - y)^2, y - s, (y - s)^2}, two doubles each. */
export const ERROR_RECORD_DOUBLES = 10;

export function errorPairs(outputs: number): number {
  return Math.ceil(outputs / 2);
}

export function makePlan(
  spec: Spec,
  capacity: number,
  set: SetSize = EMPTY_SET,
  slots = 0,
  team: Team = NO_TEAM,
): Plan {
  const regions: Region[] = [];
  let end = abi.LAYERS + spec.layers.length * abi.LAYER_BYTES;
  const reserve = (bytes: number): number => {
    const start = Math.ceil(end / LINE_BYTES) * LINE_BYTES;
    end = start + bytes;
    regions.push({ start, bytes });
    return start;
  };

  const outputs = outputsOf(spec);
  const shapes = spec.layers.map(({ units }, l) => ({ fanIn: l ? spec.layers[l - 1].units : spec.inputs, units }));
  const widestLayer = Math.max(...shapes.map(({ units }) => units));

  const isListed = spec.inputs >= abi.LISTED_INPUTS;
  const zeros = reserve(abi.PANEL_ROW_BYTES);
  const positions = reserve(isListed ? 2048 : 0);
  const teamWords = reserve(team.threads > 1 ? abi.TEAM_BYTES : 0);
  const classes = outputs <= MAX_CONFUSION_OUTPUTS ? Math.max(outputs, 2) : 0;
  const confusion = reserve(classes * classes * 4);
  const errorSums = reserve(errorPairs(outputs) * ERROR_RECORD_DOUBLES * 8);

  const allWeights = shapes.reduce((sum, { fanIn, units }) => sum + weightFloats(fanIn, units), 0);
  const allFloats = shapes.reduce((sum, { units }) => sum + paddedFloats(units), allWeights);
  const parameters = reserve(allFloats * 4);
  const gradients = reserve(allFloats * 4);
  const rates = reserve(MAX_RATES * 8);
  const means = reserve(paddedFloats(spec.inputs) * 4);
  const inverseDeviations = reserve(paddedFloats(spec.inputs) * 4);
  const moments = reserve(Math.ceil(spec.inputs / 2) * 32);
  const runs = spec.layers.map(({ activation, units }) =>
    typeof activation === 'string' ? 0 : reserve(new Set(activation).size * RUN_HEAD_BYTES + units * 4),
  );

  const state = reserve(slots * allFloats * 4);

  const xStride = rowStride(spec.inputs);
  const x = reserve(capacity * xStride);
  // a list is written eight entries at a time, and read past its end by none
  const listStride = isListed ? (Math.ceil(spec.inputs / 8) + 1) * 16 : 0;
  const lists = reserve(capacity * listStride);
  const listCounts = reserve(isListed ? capacity * 4 : 0);
  const maskStride = isListed ? Math.ceil(spec.inputs / 64) * 8 : 0;
  const masks = reserve(capacity * maskStride);
  const yStride = rowStride(outputs);
  const y = reserve(capacity * yStride);
  const rowWeights = reserve(capacity * 4);
  const rowCosts = reserve(capacity * 8);
  let weightOffset = 0;
  let biasOffset = allWeights * 4;
  let input = x;
  let inputStride = xStride;
  const layers = shapes.map(({ fanIn, units }, l): LayerPlan => {
    const stride = rowStride(units);
    const z = reserve(capacity * stride);
    const layer = {
      fanIn,
      units,
      input,
      inputStride,
      stride,
      z,
      // of a linear layer, both are one
      a: spec.layers[l].activation === 'linear' ? z : reserve(capacity * stride),
      delta: reserve(capacity * stride),
      weights: parameters + weightOffset,
      biases: parameters + biasOffset,
      weightGradients: gradients + weightOffset,
      biasGradients: gradients + biasOffset,
      runs: runs[l],
      dropped: spec.layers[l].dropout ? reserve(capacity * stride) : 0,
      dropoutMask: spec.layers[l].dropout ? reserve(capacity * stride) : 0,
    };
    weightOffset += weightFloats(fanIn, units) * 4;
    biasOffset += paddedFloats(units) * 4;
    input = layer.dropped || layer.a;
    inputStride = stride;
    return layer;
  });

  // what each thread has for itself, the first one's here
  const randomBlock = reserve(16);
  const effective = reserve(abi.BLOCK_FLOATS * 4);
  const union = reserve(listStride);
  const sums = reserve(isListed ? spec.inputs * abi.PANEL_ROW_BYTES : 0);
  const turnedStride = (Math.ceil(capacity / LINE_FLOATS) | 1) * LINE_BYTES;
  const gradientBytes = 4 * capacity * paddedFloats(widestLayer) + abi.BLOCK_ROWS * turnedStride;
  const packed = reserve(Math.max(gradientBytes, paddedFloats(widestLayer) * abi.PANEL_ROW_BYTES));
  const mixed = spec.layers.filter(({ activation }) => typeof activation !== 'string');
  const scratch = reserve(3 * abi.MIXED_ROWS * Math.max(0, ...mixed.map(({ units }) => rowStride(units))));
  const threadBytes = Math.ceil((end - randomBlock) / LINE_BYTES) * LINE_BYTES;
  reserve((team.threads - 1) * threadBytes);

  const windowInputs = reserve(capacity * spec.inputs * 4 + SLACK_BYTES);
  const windowTargets = reserve(capacity * outputs * 4 + SLACK_BYTES);
  const windowWeights = reserve(capacity * 4);
  const setInputs = reserve(set.inputBytes + SLACK_BYTES);
  const setTargets = reserve(set.targetBytes + SLACK_BYTES);
  const setWeights = reserve(set.weightBytes);
  const order = reserve(set.samples * 4);

  return {
    capacity,
    x,
    xStride,
    y,
    yStride,
    positions,
    lists,
    listStride,
    listCounts,
    union,
    masks,
    maskStride,
    sums,
    packed,
    zeros,
    confusion: classes ? confusion : 0,
    classes,
    errorSums,
    team,
    teamWords,
    threadBytes,
    rowCosts,
    randomBlock,
    parameters,
    weightFloats: allWeights,
    parameterFloats: allFloats,
    gradients,
    slots,
    state,
    effective,
    rates,
    means,
    inverseDeviations,
    moments,
    rowWeights,
    scratch,
    layers,
    windowInputs,
    windowTargets,
    windowWeights,
    setInputs,
    setTargets,
    setWeights,
    order,
    bytes: end,
    regions,
  };
}

/** Writes the header and the layer table. Nothing else in the memory changes, but for the constant lists. */
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
  header(abi.OUTPUTS, outputsOf(spec));
  header(abi.WINDOW + abi.SET_INPUTS, plan.windowInputs);
  header(abi.ROW_WEIGHTS, plan.rowWeights);
  header(abi.LISTS, plan.listStride && plan.lists);
  header(abi.LIST_STRIDE, plan.listStride);
  header(abi.LIST_COUNTS, plan.listStride && plan.listCounts);
  header(abi.UNION, plan.union);
  header(abi.MASKS, plan.masks);
  header(abi.MASK_STRIDE, plan.maskStride);
  header(abi.POSITIONS, plan.positions);
  header(abi.SUMS, plan.sums);
  header(abi.PACKED, plan.packed);
  header(abi.TEAM, plan.teamWords);
  header(abi.TEAM_THREADS, plan.team.threads);
  header(abi.THREADS, 1);
  header(abi.THREAD_WORK, plan.team.threadWork);
  header(abi.THREAD_BYTES, plan.threadBytes);
  header(abi.WIDE, Number(plan.team.isWide));
  header(abi.ROW_COSTS, plan.rowCosts);
  header(abi.ZEROS, plan.zeros);
  header(abi.PARAMETERS, plan.parameters);
  header(abi.WEIGHT_FLOATS, plan.weightFloats);
  header(abi.PARAMETER_FLOATS, plan.parameterFloats);
  header(abi.GRADIENTS, plan.gradients);
  header(abi.STATE, plan.state);
  header(abi.EFFECTIVE, plan.effective);
  header(abi.SCRATCH, plan.scratch);
  header(abi.CONFUSION, plan.confusion);
  header(abi.ERROR_SUMS, plan.errorSums);
  header(abi.RANDOM_BLOCK, plan.randomBlock);
  header(abi.SEED_LOW, spec.seed % 2 ** 32);
  header(abi.SEED_HIGH, Math.floor(spec.seed / 2 ** 32));
  view.setFloat32(abi.HEADER + abi.SCALE, spec.scale ?? BYTE_SCALE, true);
  view.setFloat32(abi.HEADER + abi.COST_PARAMETER, spec.huberDelta, true);
  view.setFloat32(abi.HEADER + abi.LABEL_SMOOTHING, spec.labelSmoothing, true);
  view.setFloat64(abi.HEADER + abi.L1, spec.l1, true);
  view.setFloat64(abi.HEADER + abi.L2, spec.l2, true);
  header(abi.PENALIZE_BIASES, Number(spec.penalizeBiases));
  plan.layers.forEach((layer, l) => {
    const row = (offset: number, value: number) => word(abi.LAYERS + l * abi.LAYER_BYTES + offset, value);
    row(abi.FAN_IN, layer.fanIn);
    row(abi.UNITS, layer.units);
    const { activation, bias, dropout, maxNorm } = spec.layers[l];
    row(abi.ACTIVATION, typeof activation === 'string' ? ACTIVATIONS[activation] : abi.MIXED);
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
    row(abi.HAS_BIAS, Number(bias));
    row(abi.DROPPED, layer.dropped);
    row(abi.DROPOUT_MASK, layer.dropoutMask);
    view.setFloat64(abi.LAYERS + l * abi.LAYER_BYTES + abi.DROPOUT_RATE, dropout, true);
    view.setFloat64(abi.LAYERS + l * abi.LAYER_BYTES + abi.MAX_NORM, maxNorm, true);
    row(abi.RUNS, layer.runs);
    row(abi.RUN_COUNT, typeof activation === 'string' ? 0 : writeRuns(buffer, layer.runs, activation));
  });
  if (!plan.listStride) return;
  const positions = new Uint8Array(buffer, plan.positions);
  for (let byte = 0; byte < 256; byte++) {
    let next = 8 * byte;
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) positions[next++] = bit;
  }
}

const RUN_HEAD_BYTES = 8;

/** One record for each function that occurs. Returns their number. */
function writeRuns(buffer: ArrayBuffer, address: number, activation: readonly ActivationName[]): number {
  const functions = [...new Set(activation)];
  let record = address;
  for (const name of functions) {
    const offsets = activation.flatMap((other, j) => (other === name ? [4 * j] : []));
    const words = [ACTIVATIONS[name], offsets.length, ...offsets];
    new Uint32Array(buffer, record, words.length).set(words);
    record += 4 * words.length;
  }
  return functions.length;
}
