import * as abi from '../../assembly/abi.js';
import type { ActivationName } from '../spec/network-options.js';
import { ACTIVATIONS, COSTS, outputsOf, type Spec } from '../spec/spec.js';
import { Header, LayerRow, type LayerWords, PLANNED_WORDS, type PlannedWords, tablesOf } from './header.js';

// The place of everything in a network's linear memory. A plan consists only of numbers; `writeTables` writes it where
// the core reads it.
//
//   | tables parameters gradients | state     | x y lists, z a delta of each layer, threads, window | training set |
//   | size depends on the spec    | and slots | and on the rows of a batch                          | and its size |
//
// The first part never moves, so that a network that grows for a larger batch or training set keeps its parameters
// where they are. Every region starts on a cache line.

const LINE_FLOATS = abi.LINE_BYTES / 4;
/**
 * The largest memory. WebAssembly addresses 4 GiB; the last page stays free, so that addresses past the end do not
 * wrap.
 */
export const MAX_BYTES = 2 ** 32 - 65_536;
const MAX_CONFUSION_OUTPUTS = 256;
/** The most steps that one call into the core can take if the learning rate changes from step to step. */
export const MAX_RATES = 1024;

/**
 * The most rows that pass through the network at once. A larger batch is divided into chunks of this size, whose
 * gradients are added up, which keeps memory and caches small. This is a constant because it determines how the sums
 * over a batch are grouped, and with it their rounding.
 */
export const MAX_CHUNK_ROWS = 256;

/** A named range of the memory. `start`: its address. */
export interface Region {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
}

/** The size of a training set: its samples, and the bytes of its inputs, targets and weights as they are stored. */
export interface SetSize {
  readonly samples: number;
  readonly inputBytes: number;
  readonly targetBytes: number;
  readonly weightBytes: number;
}

/** The threads that compute, and how. */
export interface Team {
  readonly threads: number;
  /** true: they use 256-bit registers, and tiles of five rows. */
  readonly isWide: boolean;
  /** One more thread takes part for each this many multiplications in a pass over the rows. */
  readonly threadWork: number;
}

const NO_TEAM: Team = { threads: 1, isWide: false, threadWork: 1 };

const EMPTY_SET: SetSize = { samples: 0, inputBytes: 0, targetBytes: 0, weightBytes: 0 };

/** The words of a layer's row in the layer table. */
export type LayerPlan = Readonly<LayerWords>;

/** The words of the header that follow from the plan, and further numbers that only src/ needs. */
export interface Plan extends Readonly<PlannedWords> {
  /** The most rows of a batch. */
  readonly capacity: number;
  /** The number of rows, and of columns, of the confusion matrix; 0 if there is none. */
  readonly classes: number;
  readonly team: Team;
  /**
   * Address of the state that training falls back to: a copy of the parameters, then one of the optimizer's slots.
   */
  readonly fallback: number;
  /** The number of the optimizer's slots. Each has parameterFloats floats. */
  readonly slots: number;
  /** Address of f64 [MAX_RATES]: the learning rates of the steps of one call. */
  readonly rateTable: number;
  readonly layers: readonly LayerPlan[];
  readonly windowTargets: number;
  readonly windowWeights: number;
  readonly setInputs: number;
  readonly setTargets: number;
  readonly setWeights: number;
  readonly order: number;
  /** The size of the memory, from address 0. */
  readonly bytes: number;
  readonly regions: readonly Region[];
}

/** Regions of the memory, one after another. */
class Regions {
  readonly list: Region[] = [];
  end: number;

  constructor(start: number) {
    this.end = start;
  }

  /** Adds a region, which starts on a cache line. Returns its address. */
  reserve(name: string, bytes: number): number {
    const start = Math.ceil(this.end / abi.LINE_BYTES) * abi.LINE_BYTES;
    this.end = start + bytes;
    this.list.push({ name, start, bytes });
    return start;
  }
}

interface Shape {
  readonly fanIn: number;
  readonly units: number;
}

/** The number of floats that `units` floats take in whole cache lines. */
export function paddedFloats(units: number): number {
  return Math.ceil(units / LINE_FLOATS) * LINE_FLOATS;
}

/**
 * The bytes from one row of a matrix to the next: whole cache lines, and in long rows an odd number of them. If rows
 * were a power of two apart, those of a column would compete for a few sets of the first-level cache.
 */
export function rowStride(units: number): number {
  const lines = Math.ceil(units / LINE_FLOATS);
  return (lines >= 8 && lines % 2 === 0 ? lines + 1 : lines) * abi.LINE_BYTES;
}

/** The number of floats that a layer's weights take in panels of 16 units. The last panel is filled up with zeros. */
export function weightFloats(fanIn: number, units: number): number {
  return paddedFloats(units) * fanIn;
}

/** The number of records that describe this many columns. */
function recordsOf(columns: number): number {
  return Math.ceil(columns / abi.RECORD_COLUMNS);
}

/**
 * The plan of a network for batches of `capacity` rows, with a training set, `slots` of the optimizer and the threads
 * of `team`.
 */
export function makePlan(
  spec: Spec,
  capacity: number,
  set: SetSize = EMPTY_SET,
  slots = 0,
  team: Team = NO_TEAM,
): Plan {
  const tables = tablesOf(spec.layers.length);
  const regions = new Regions(tables.start + tables.bytes);
  const shapes = spec.layers.map(({ units }, l) => ({ fanIn: l ? spec.layers[l - 1].units : spec.inputs, units }));
  const { zeros, positions, teamWords } = planConstants(regions, spec, team);
  const { classes, confusion, errorSums } = planScores(regions, outputsOf(spec));
  const parameterPlan = planParameters(regions, shapes);
  const { parameters, gradients, rateTable, parameterFloats } = parameterPlan;
  const runs = spec.layers.map((layer) => regions.reserve('runs', 4 * runWords(layer.activation).length));
  const state = regions.reserve('state', slots * parameterFloats * 4);
  const fallback = regions.reserve('fallback', (1 + slots) * parameterFloats * 4);
  const batch = planBatch(regions, spec, capacity);
  const { x, xStride, y, yStride, rowWeights, rowCosts } = batch;
  const { lists, listStride, listCounts, masks, maskStride } = batch;
  const layers = planLayers(regions, spec, capacity, shapes, { ...parameterPlan, x, xStride, runs });
  const threadRoom = planThreads(regions, spec, capacity, team, listStride);
  const { randomBlock, effective, union, sums, packed, scratch, threadBytes } = threadRoom;
  const { windowInputs, windowTargets, windowWeights } = planWindow(regions, spec, capacity);
  const { setInputs, setTargets, setWeights, order } = planTrainingSet(regions, set);
  // one literal with all names: V8 makes a slow dictionary of an object that is put together from many parts
  return {
    layerCount: layers.length,
    cost: COSTS[spec.cost],
    inputs: spec.inputs,
    outputs: outputsOf(spec),
    seedLow: spec.seed % 2 ** 32,
    seedHigh: Math.floor(spec.seed / 2 ** 32),
    penalizeBiases: Number(spec.penalizeBiases),
    teamThreads: team.threads,
    isWide: Number(team.isWide),
    threadWork: team.threadWork,
    zeros,
    positions,
    teamWords,
    classes,
    confusion,
    errorSums,
    weightFloats: parameterPlan.weightFloats,
    parameterFloats,
    parameters,
    gradients,
    rateTable,
    state,
    fallback,
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
    layers,
    randomBlock,
    effective,
    union,
    sums,
    packed,
    scratch,
    threadBytes,
    windowInputs,
    windowTargets,
    windowWeights,
    setInputs,
    setTargets,
    setWeights,
    order,
    capacity,
    slots,
    team,
    bytes: regions.end,
    regions: regions.list,
  };
}

/**
 * True if the core lists the inputs that are not zero, which it does for networks with many inputs: see
 * assembly/sparse.ts.
 */
const isListed = ({ inputs }: Spec) => inputs >= abi.LISTED_INPUTS;

/** Reserves tables that do not change, and the words by which threads meet. */
function planConstants(regions: Regions, spec: Spec, team: Team) {
  return {
    zeros: regions.reserve('zeros', abi.PANEL_ROW_BYTES),
    positions: isListed(spec) ? regions.reserve('positions', abi.POSITIONS_BYTES) : 0,
    teamWords: regions.reserve('teamWords', team.threads > 1 ? abi.TEAM_BYTES : 0),
  };
}

/** Reserves the counts and sums of an evaluation. */
function planScores(regions: Regions, outputs: number) {
  const classes = outputs <= MAX_CONFUSION_OUTPUTS ? Math.max(outputs, abi.LEAST_CLASSES) : 0;
  return {
    classes,
    confusion: classes && regions.reserve('confusion', classes * classes * 4),
    errorSums: regions.reserve('errorSums', recordsOf(outputs) * abi.ERROR_BYTES),
  };
}

function planParameters(regions: Regions, shapes: readonly Shape[]) {
  const weights = shapes.reduce((sum, { fanIn, units }) => sum + weightFloats(fanIn, units), 0);
  const parameterFloats = shapes.reduce((sum, { units }) => sum + paddedFloats(units), weights);
  return {
    weightFloats: weights,
    parameterFloats,
    parameters: regions.reserve('parameters', parameterFloats * 4),
    gradients: regions.reserve('gradients', parameterFloats * 4),
    rateTable: regions.reserve('rateTable', MAX_RATES * 8),
  };
}

/** Reserves the inputs and targets of a batch. */
function planBatch(regions: Regions, spec: Spec, capacity: number) {
  const hasLists = isListed(spec);
  const xStride = rowStride(spec.inputs);
  const yStride = rowStride(outputsOf(spec));
  // the core writes several entries of a list at a time, also past its end
  const listEntries = (Math.ceil(spec.inputs / abi.LISTED_AT_ONCE) + 1) * abi.LISTED_AT_ONCE;
  const listStride = hasLists ? 2 * listEntries : 0;
  const maskStride = hasLists ? (Math.ceil(spec.inputs / abi.MASK_WORD_INPUTS) * abi.MASK_WORD_INPUTS) / 8 : 0;
  return {
    xStride,
    yStride,
    listStride,
    maskStride,
    x: regions.reserve('x', capacity * xStride),
    lists: hasLists ? regions.reserve('lists', capacity * listStride) : 0,
    listCounts: regions.reserve('listCounts', hasLists ? capacity * 4 : 0),
    masks: regions.reserve('masks', capacity * maskStride),
    y: regions.reserve('y', capacity * yStride),
    rowWeights: regions.reserve('rowWeights', capacity * 4),
    rowCosts: regions.reserve('rowCosts', capacity * 8),
  };
}

/**
 * Reserves z, a and delta of each layer, and finds its place among the parameters and gradients, where all weights come
 * first, then all biases.
 */
function planLayers(
  regions: Regions,
  spec: Spec,
  capacity: number,
  shapes: readonly Shape[],
  planned: { parameters: number; gradients: number; weightFloats: number; x: number; xStride: number; runs: number[] },
): LayerPlan[] {
  let weightOffset = 0;
  let biasOffset = planned.weightFloats * 4;
  let input = planned.x;
  let inputStride = planned.xStride;
  return shapes.map(({ fanIn, units }, l) => {
    const { activation, bias, dropout } = spec.layers[l];
    const isMixed = typeof activation !== 'string';
    const stride = rowStride(units);
    const z = regions.reserve('z', capacity * stride);
    // z and a of a linear layer are the same numbers
    const a = activation === 'linear' ? z : regions.reserve('a', capacity * stride);
    const layer = {
      fanIn,
      units,
      activation: isMixed ? abi.MIXED : ACTIVATIONS[activation],
      hasBias: Number(bias),
      input,
      inputStride,
      stride,
      z,
      a,
      delta: regions.reserve('delta', capacity * stride),
      weights: planned.parameters + weightOffset,
      biases: planned.parameters + biasOffset,
      weightGradients: planned.gradients + weightOffset,
      biasGradients: planned.gradients + biasOffset,
      runs: isMixed ? planned.runs[l] : 0,
      runCount: isMixed ? new Set(activation).size : 0,
      dropped: dropout ? regions.reserve('dropped', capacity * stride) : 0,
      dropoutMask: dropout ? regions.reserve('dropoutMask', capacity * stride) : 0,
    };
    weightOffset += weightFloats(fanIn, units) * 4;
    biasOffset += paddedFloats(units) * 4;
    input = layer.dropped || layer.a;
    inputStride = stride;
    return layer;
  });
}

/**
 * Reserves the regions that each thread has to itself. The addresses are those of the first thread; those of each
 * further thread lie `threadBytes` further.
 */
function planThreads(regions: Regions, spec: Spec, capacity: number, team: Team, listStride: number) {
  const widest = paddedFloats(Math.max(...spec.layers.map(({ units }) => units)));
  const mixed = spec.layers.filter(({ activation }) => typeof activation !== 'string');
  const widestMixed = Math.max(0, ...mixed.map(({ units }) => rowStride(units)));
  const gradientBytes = 4 * capacity * widest + abi.BLOCK_ROWS * abi.transposedStride(capacity);
  const errorBytes = widest * abi.PANEL_ROW_BYTES;
  const room = {
    randomBlock: regions.reserve('randomBlock', abi.RANDOM_BLOCK_BYTES),
    effective: regions.reserve('effective', abi.BLOCK_FLOATS * 4),
    union: regions.reserve('union', listStride),
    sums: regions.reserve('sums', isListed(spec) ? spec.inputs * abi.PANEL_ROW_BYTES : 0),
    packed: regions.reserve('packed', Math.max(gradientBytes, errorBytes)),
    scratch: regions.reserve('scratch', 3 * abi.MIXED_ROWS * widestMixed),
  };
  const threadBytes = Math.ceil((regions.end - room.randomBlock) / abi.LINE_BYTES) * abi.LINE_BYTES;
  regions.reserve('otherThreads', (team.threads - 1) * threadBytes);
  return { ...room, threadBytes };
}

/** Reserves the window: the rows of a batch as the caller gives them, before the core copies them into the batch. */
function planWindow(regions: Regions, spec: Spec, capacity: number) {
  return {
    windowInputs: regions.reserve('windowInputs', capacity * spec.inputs * 4 + abi.SLACK_BYTES),
    windowTargets: regions.reserve('windowTargets', capacity * outputsOf(spec) * 4 + abi.SLACK_BYTES),
    windowWeights: regions.reserve('windowWeights', capacity * 4),
  };
}

function planTrainingSet(regions: Regions, set: SetSize) {
  return {
    setInputs: regions.reserve('setInputs', set.inputBytes + abi.SLACK_BYTES),
    setTargets: regions.reserve('setTargets', set.targetBytes + abi.SLACK_BYTES),
    setWeights: regions.reserve('setWeights', set.weightBytes),
    order: regions.reserve('order', set.samples * 4),
  };
}

/** Writes the header, the layer table, and lists that do not change. It leaves the rest of the memory as it is. */
export function writeTables(buffer: ArrayBuffer, spec: Spec, plan: Plan): void {
  const header = new Header(buffer);
  for (const name of PLANNED_WORDS) header[name] = plan[name];
  header.callThreads = 1;
  header.scale = spec.scale ?? 1;
  header.costParameter = spec.huberDelta;
  header.labelSmoothing = spec.labelSmoothing;
  header.l2 = spec.l2;
  header.l1 = spec.l1;
  plan.layers.forEach((layer, l) => {
    const { activation, dropout, maxNorm } = spec.layers[l];
    Object.assign(new LayerRow(buffer, l), layer, { dropoutRate: dropout, maxNorm });
    const words = runWords(activation);
    new Uint32Array(buffer, layer.runs, words.length).set(words);
  });
  if (plan.positions) writePositions(new Uint8Array(buffer, plan.positions, abi.POSITIONS_BYTES));
}

/** Writes, for each value of a byte, the places of its bits that are set: see assembly/sparse.ts. */
function writePositions(positions: Uint8Array): void {
  for (let byte = 0; byte < 256; byte++) {
    let next = abi.POSITIONS_ENTRY_BYTES * byte;
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) positions[next++] = bit;
  }
}

/** The records of abi.RUNS: one for each function that occurs in a mixed layer, none for a layer with one function. */
function runWords(activation: ActivationName | readonly ActivationName[]): number[] {
  if (typeof activation === 'string') return [];
  return [...new Set(activation)].flatMap((name) => {
    const offsets = activation.flatMap((other, j) => (other === name ? [4 * j] : []));
    return [ACTIVATIONS[name], offsets.length, ...offsets];
  });
}
