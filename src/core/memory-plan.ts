import * as abi from '../../assembly/abi.js';
import { ACTIVATIONS, BYTE_SCALE, COSTS, outputsOf, type Spec } from '../spec/spec.js';
import type { ActivationName } from '../spec/types.js';

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

/** A layer's row in the layer table: its first words, in their order there (abi.FAN_IN and so on). */
export interface LayerPlan {
  readonly fanIn: number;
  readonly units: number;
  /** abi.MIXED where units have functions of their own. */
  readonly activation: number;
  /** 1 or 0. */
  readonly hasBias: number;
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
  readonly runCount: number;
  readonly dropped: number;
  readonly dropoutMask: number;
}

export interface Region {
  readonly start: number;
  readonly bytes: number;
}

export interface Plan {
  /** The first words of the header, in their order there (abi.LAYER_COUNT to abi.WINDOW). */
  readonly words: readonly number[];
  readonly capacity: number;
  readonly x: number;
  readonly xStride: number;
  readonly y: number;
  readonly yStride: number;
  /** The places of the bits that are set in each byte: see assembly/sparse.ts. 0 for few inputs, which have no lists. */
  readonly positions: number;
  readonly confusion: number;
  /** Rows and columns of the confusion matrix, 0 if there is none. */
  readonly classes: number;
  /** abi.ERROR_SUMS */
  readonly errorSums: number;
  readonly team: Team;
  /** What threads meet at: see assembly/team.ts. 0 bytes for one. */
  readonly teamWords: number;
  /** f64 [rows] */
  readonly rowCosts: number;
  readonly parameters: number;
  readonly weightFloats: number;
  readonly parameterFloats: number;
  readonly gradients: number;
  /** Slots of the optimizer, each of parameterFloats. */
  readonly slots: number;
  readonly state: number;
  /** Learning rates of the steps of one call. */
  readonly rates: number;
  readonly means: number;
  readonly inverseDeviations: number;
  /** f64 {m, m, s, s} for each pair of inputs: see assembly/standardize.ts. */
  readonly moments: number;
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
  const positions = isListed ? reserve(2048) : 0;
  const teamWords = reserve(team.threads > 1 ? abi.TEAM_BYTES : 0);
  const classes = outputs <= MAX_CONFUSION_OUTPUTS ? Math.max(outputs, 2) : 0;
  const confusion = classes && reserve(classes * classes * 4);
  const errorSums = reserve(errorPairs(outputs) * ERROR_RECORD_DOUBLES * 8);

  const allWeights = shapes.reduce((sum, { fanIn, units }) => sum + weightFloats(fanIn, units), 0);
  const allFloats = shapes.reduce((sum, { units }) => sum + paddedFloats(units), allWeights);
  const parameters = reserve(allFloats * 4);
  const gradients = reserve(allFloats * 4);
  const rates = reserve(MAX_RATES * 8);
  const means = reserve(paddedFloats(spec.inputs) * 4);
  const inverseDeviations = reserve(paddedFloats(spec.inputs) * 4);
  const moments = reserve(Math.ceil(spec.inputs / 2) * 32);
  const runs = spec.layers.map(({ activation }) =>
    typeof activation === 'string' ? 0 : reserve(4 * runsOf(activation).length),
  );

  const state = reserve(slots * allFloats * 4);

  const xStride = rowStride(spec.inputs);
  const x = reserve(capacity * xStride);
  // a list is written eight entries at a time, and read past its end by none
  const listStride = isListed ? (Math.ceil(spec.inputs / 8) + 1) * 16 : 0;
  const lists = isListed ? reserve(capacity * listStride) : 0;
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
    const { activation, bias, dropout } = spec.layers[l];
    const stride = rowStride(units);
    const z = reserve(capacity * stride);
    const layer = {
      fanIn,
      units,
      activation: typeof activation === 'string' ? ACTIVATIONS[activation] : abi.MIXED,
      hasBias: Number(bias),
      input,
      inputStride,
      stride,
      z,
      // of a linear layer, both are one
      a: activation === 'linear' ? z : reserve(capacity * stride),
      delta: reserve(capacity * stride),
      weights: parameters + weightOffset,
      biases: parameters + biasOffset,
      weightGradients: gradients + weightOffset,
      biasGradients: gradients + biasOffset,
      runs: runs[l],
      runCount: typeof activation === 'string' ? 0 : new Set(activation).size,
      dropped: dropout ? reserve(capacity * stride) : 0,
      dropoutMask: dropout ? reserve(capacity * stride) : 0,
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

  const words = [
    layers.length,
    COSTS[spec.cost],
    spec.inputs,
    outputs,
    spec.seed % 2 ** 32,
    Math.floor(spec.seed / 2 ** 32),
    Number(spec.penalizeBiases),
    x,
    xStride,
    y,
    yStride,
    rowWeights,
    rowCosts,
    lists,
    listStride,
    listCounts,
    masks,
    maskStride,
    positions,
    zeros,
    parameters,
    allWeights,
    allFloats,
    gradients,
    state,
    confusion,
    errorSums,
    randomBlock,
    effective,
    union,
    sums,
    packed,
    scratch,
    threadBytes,
    teamWords,
    team.threads,
    Number(team.isWide),
    team.threadWork,
    1,
    windowInputs,
  ];

  return {
    words,
    capacity,
    x,
    xStride,
    y,
    yStride,
    positions,
    confusion,
    classes,
    errorSums,
    team,
    teamWords,
    rowCosts,
    parameters,
    weightFloats: allWeights,
    parameterFloats: allFloats,
    gradients,
    slots,
    state,
    rates,
    means,
    inverseDeviations,
    moments,
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

type NumbersOf = Uint32ArrayConstructor | Float32ArrayConstructor | Float64ArrayConstructor;

/** Writes the header and the layer table. Nothing else in the memory changes, but for the constant lists. */
export function writeTables(buffer: ArrayBuffer, spec: Spec, plan: Plan): void {
  const write = (Words: NumbersOf, address: number, values: readonly number[]) =>
    new Words(buffer, address, values.length).set(values);
  write(Uint32Array, abi.HEADER, plan.words);
  // each with those that follow it
  write(Float32Array, abi.HEADER + abi.SCALE, [spec.scale ?? BYTE_SCALE, spec.huberDelta, spec.labelSmoothing]);
  write(Float64Array, abi.HEADER + abi.L2, [spec.l2, spec.l1]);
  plan.layers.forEach((layer, l) => {
    const row = abi.LAYERS + l * abi.LAYER_BYTES;
    const { activation, dropout, maxNorm } = spec.layers[l];
    write(Uint32Array, row, Object.values(layer));
    write(Float64Array, row + abi.DROPOUT_RATE, [dropout, maxNorm]);
    if (typeof activation !== 'string') write(Uint32Array, layer.runs, runsOf(activation));
  });
  if (!plan.positions) return;
  const positions = new Uint8Array(buffer, plan.positions);
  for (let byte = 0; byte < 256; byte++) {
    let next = 8 * byte;
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) positions[next++] = bit;
  }
}

/** The words of one record for each function that occurs. */
function runsOf(activation: readonly ActivationName[]): number[] {
  return [...new Set(activation)].flatMap((name) => {
    const offsets = activation.flatMap((other, j) => (other === name ? [4 * j] : []));
    return [ACTIVATIONS[name], offsets.length, ...offsets];
  });
}
