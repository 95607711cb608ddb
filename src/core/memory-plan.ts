import * as abi from '../../assembly/abi.js';
import { COSTS, outputsOf, type Spec } from '../spec/spec.js';
import {
  type BeforeLayers,
  isListed,
  parameterSizes,
  planInputs,
  planLayers,
  planPositions,
  planRuns,
  planScratch,
  planWindowInputs,
  writeConstants,
} from './forward-plan.js';
import { Header, LayerRow, type LayerWords, PLANNED_WORDS, type PlannedWords, tablesOf } from './header.js';
import { paddedFloats, type Region, Regions, rowStride } from './layout.js';

// The place of everything in a network's linear memory. A plan consists only of numbers; `writeTables` writes it where
// the core reads it.
//
//   | tables parameters gradients | state     | x y lists, z a delta of each layer, threads, window | training set |
//   | size depends on the spec    | and slots | and on the rows of a batch                          | and its size |
//
// The first part never moves, so that a network that grows for a larger batch or training set keeps its parameters
// where they are. Every region starts on a cache line.

/**
 * The largest memory. WebAssembly addresses 4 GiB; the last page stays free, so that addresses past the end do not
 * wrap.
 */
export const MAX_BYTES = 2 ** 32 - 65_536;
export const MAX_CONFUSION_OUTPUTS = 256;
/** The most steps that one call into the core can take if the learning rate changes from step to step. */
export const MAX_RATES = 1024;

/**
 * The most rows that pass through the network at once. A larger batch is divided into chunks of this size, whose
 * gradients are added up, which keeps memory and caches small. This is a constant because it determines how the sums
 * over a batch are grouped, and with it their rounding.
 */
export const MAX_CHUNK_ROWS = 256;

/** In a round of several threads, each has at most this many chunks: see assembly/round.ts and docs/kernels.md. */
const MAX_ROUND_CHUNKS = 8;
/** The sums of gradients of a thread's chunks in a round take at most this many bytes, so that caches hold them. */
const MAX_ROUND_BYTES = 2 ** 18;

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
  const { zeros, positions, teamWords } = planConstants(regions, spec, team);
  const { classes, confusion, errorSums } = planScores(regions, outputsOf(spec));
  const parameterPlan = planParameters(regions, spec);
  const { parameters, gradients, rateTable, parameterFloats } = parameterPlan;
  const runs = planRuns(regions, spec);
  const state = regions.reserve('state', slots * parameterFloats * 4);
  const fallback = regions.reserve('fallback', (1 + slots) * parameterFloats * 4);
  const rounds = planRounds(regions, parameterFloats, capacity, team);
  const { roundChunks, roundSums, roundCosts, rows } = rounds;
  const batch = planBatch(regions, spec, rows);
  const { x, xStride, y, yStride, rowWeights, rowCosts } = batch;
  const { lists, listStride, listCounts, masks, maskStride } = batch;
  const layers = planTrainedLayers(regions, spec, rows, { ...parameterPlan, x, xStride, runs });
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
    penalizedFloats: spec.penalizeBiases ? parameterPlan.slopesStart : parameterPlan.weightFloats,
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
    roundChunks,
    roundSums,
    roundCosts,
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

/** Reserves tables that do not change, and the words by which threads meet. */
function planConstants(regions: Regions, spec: Spec, team: Team) {
  return {
    zeros: regions.reserve('zeros', abi.PANEL_ROW_BYTES),
    positions: planPositions(regions, spec),
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

function planParameters(regions: Regions, spec: Spec) {
  const sizes = parameterSizes(spec);
  const { parameterFloats } = sizes;
  return {
    ...sizes,
    parameters: regions.reserve('parameters', parameterFloats * 4),
    gradients: regions.reserve('gradients', parameterFloats * 4),
    rateTable: regions.reserve('rateTable', MAX_RATES * 8),
  };
}

/**
 * Reserves what rounds need if threads may train in rounds: in a small network with batches of at least a whole chunk.
 * `rows`: the rows of the batch. Each thread of a round has those of a chunk.
 */
function planRounds(regions: Regions, parameterFloats: number, capacity: number, { threads }: Team) {
  const each = Math.min(Math.floor(MAX_ROUND_BYTES / (4 * parameterFloats)), MAX_ROUND_CHUNKS);
  const roundChunks = threads > 1 && capacity >= MAX_CHUNK_ROWS ? threads * each : 0;
  return {
    roundChunks,
    roundSums: regions.reserve('roundSums', roundChunks * parameterFloats * 4),
    roundCosts: regions.reserve('roundCosts', roundChunks * 8),
    rows: roundChunks ? Math.max(capacity, threads * MAX_CHUNK_ROWS) : capacity,
  };
}

/** Reserves the inputs and targets of a batch. */
function planBatch(regions: Regions, spec: Spec, capacity: number) {
  const yStride = rowStride(outputsOf(spec));
  return {
    ...planInputs(regions, spec, capacity),
    yStride,
    y: regions.reserve('y', capacity * yStride),
    rowWeights: regions.reserve('rowWeights', capacity * 4),
    rowCosts: regions.reserve('rowCosts', capacity * 8),
  };
}

/** Reserves z, a and delta of each layer, and finds its place among the parameters and gradients. */
function planTrainedLayers(
  regions: Regions,
  spec: Spec,
  capacity: number,
  before: BeforeLayers & { readonly gradients: number },
): LayerPlan[] {
  const fromParameters = before.gradients - before.parameters;
  return planLayers(regions, spec, capacity, before, (layer, l) => {
    const { bias, dropout } = spec.layers[l];
    const bytes = capacity * layer.stride;
    return {
      ...layer,
      hasBias: Number(bias),
      delta: regions.reserve('delta', bytes),
      weightGradients: layer.weights + fromParameters,
      biasGradients: layer.biases + fromParameters,
      slopeGradients: layer.slopes && layer.slopes + fromParameters,
      slopeDelta: layer.slopes && regions.reserve('slopeDelta', bytes),
      dropped: dropout ? regions.reserve('dropped', bytes) : 0,
      dropoutMask: dropout ? regions.reserve('dropoutMask', bytes) : 0,
    };
  });
}

/**
 * Reserves the regions that each thread has to itself. The addresses are those of the first thread; those of each
 * further thread lie `threadBytes` further.
 */
function planThreads(regions: Regions, spec: Spec, capacity: number, team: Team, listStride: number) {
  const widest = paddedFloats(Math.max(...spec.layers.map(({ units }) => units)));
  const gradientBytes = 4 * capacity * widest + abi.BLOCK_INPUTS * abi.transposedStride(capacity);
  // a transposed panel, for errors or for weights that are read or set
  const panelBytes = Math.max(widest, spec.inputs) * abi.PANEL_ROW_BYTES;
  const room = {
    randomBlock: regions.reserve('randomBlock', abi.RANDOM_BLOCK_BYTES),
    effective: regions.reserve('effective', abi.BLOCK_FLOATS * 4),
    union: regions.reserve('union', listStride),
    sums: regions.reserve('sums', isListed(spec) ? spec.inputs * abi.PANEL_ROW_BYTES : 0),
    packed: regions.reserve('packed', Math.max(gradientBytes, panelBytes)),
    scratch: planScratch(regions, spec),
  };
  const threadBytes = Math.ceil((regions.end - room.randomBlock) / abi.LINE_BYTES) * abi.LINE_BYTES;
  regions.reserve('otherThreads', (team.threads - 1) * threadBytes);
  return { ...room, threadBytes };
}

/** Reserves the window: the rows of a batch as the caller gives them, before the core copies them into the batch. */
function planWindow(regions: Regions, spec: Spec, capacity: number) {
  return {
    windowInputs: planWindowInputs(regions, spec, capacity),
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
    const { dropout, maxNorm } = spec.layers[l];
    Object.assign(new LayerRow(buffer, l), layer, { dropoutRate: dropout, maxNorm });
  });
  writeConstants(buffer, spec, plan);
}
