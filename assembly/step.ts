import {
  A,
  ACTIVATION,
  BIASES,
  BIAS_GRADIENTS,
  CHUNK_ROWS,
  COST,
  COST_SUM,
  DELTA,
  DROPPED,
  FAN_IN,
  HEADER,
  IGNORE_NON_FINITE,
  IS_TRAINING,
  IS_WEIGHTED,
  LAYERS,
  LAYER_BYTES,
  LAYER_COUNT,
  LEARNING_RATE,
  OPTIMIZER_STEPS,
  RATES,
  ROW_COSTS,
  ROW_WEIGHTS,
  SCORED,
  SCORE_CLASSES,
  SCORE_ERRORS,
  SCORING,
  SET_INPUT_TYPE,
  SET_SAMPLES,
  SLOPES,
  SLOPE_DELTA,
  SLOPE_GRADIENTS,
  STEP_COST,
  STEP_COUNT,
  STEP_ROW,
  LONG_STEPS,
  STEP_ROWS,
  STOPPED,
  STRIDE,
  TEAM_THREADS,
  THREAD_WORK,
  TRAINING_SET,
  UNITS,
  WEIGHTS,
  WEIGHT_FLOATS,
  WEIGHT_GRADIENTS,
  WINDOW,
  Y,
  Y_STRIDE,
  Z,
} from './abi';
import { isElementwise } from './activation';
import { copySample, gather, gatherInputs, gatherTargets, isCopied } from './gather-samples';
import { outputError, rowCosts } from './cost';
import { backwardLayer } from './delta';
import { drop } from './dropout';
import { forwardLayer } from './forward';
import { addGradients, isMovedInBlocks, scaleRows } from './gradient';
import { addVectorGradients, backwardVectors, forwardVectors, isTinyNetwork, outputVector } from './tiny-network';
import { addErrors, countClasses, noteNotFinite } from './metrics';
import { isSparse } from './sparse';
import {
  agree,
  barrier,
  copyEnd,
  copyStart,
  dismiss,
  isDivided,
  isEven,
  meetGradients,
  meetParameters,
  meetRows,
  shareEnd,
  shareStart,
  summon,
  thread,
  threads,
  unitEnd,
  unitStart,
} from './team';
import {
  clearLayer,
  clearShare,
  decayForDescent,
  isLimited,
  isPlainDescent,
  limitGradient,
  prepareStep,
  updateLayer,
  updateParameters,
} from './update';

// The order of the work. This is the only file that knows a step from end to end.
//
// An epoch is divided into steps of STEP_ROWS samples, and a step into chunks of CHUNK_ROWS, which pass through the
// network together. A step of one chunk with plain descent adds its gradient directly to the weights; with another
// optimizer, it moves each layer right after its gradient. A step of several chunks adds up its gradient chunk by chunk
// and moves the parameters at its end, so that a full batch takes no more memory than a chunk. So does a step that
// needs the length of its whole gradient.
//
// All threads of a call run the same functions (team.ts). Each thread gathers some rows of the batch and computes their
// costs. From the gradient to the update, it has some panels of the parameters. The layers between are shared by rows
// or by panels. Threads wait for each other where one needs what others have written: twice in each step, and before
// each layer that is shared by panels.

const FIRST_LAYER: usize = LAYERS;

/** The output layer's row in the layer table. */
function lastLayer(): usize {
  return FIRST_LAYER + <usize>(load<i32>(HEADER, LAYER_COUNT) - 1) * LAYER_BYTES;
}

/**
 * True if the threads share a product whose results are z or the errors of a layer by panels instead of rows: each then
 * has all rows of some of the layer's units. It reads only the weights of these units, which fit better into its cache;
 * in the forward pass, they are those that it has updated itself. With many rows, the rows that it needs from other
 * threads take longer than the weights: see docs/kernels.md. Each result is a sum of `depth` terms. The output layer is
 * shared by rows, because its costs are.
 */
function isSharedByPanels(layer: usize, depth: i32, rows: i32): bool {
  if (threads() == 1 || layer == lastLayer() || !isElementwise(load<i32>(layer, ACTIVATION))) return false;
  const units = load<i32>(layer, UNITS);
  return isEven(units) && 2 * <f64>rows * <f64>(depth + units) <= <f64>depth * <f64>units;
}

/**
 * z, a and dropout of every layer. This thread has rows [row, row + own) of x, all of whose rows are `rows`. With
 * `isTraining`, units are dropped.
 */
function forwardShare(row: i32, own: i32, rows: i32, isTraining: bool): void {
  agree(IS_TRAINING, u32(isTraining));
  let wasByPanels: bool = false;
  for (let layer = FIRST_LAYER, last = lastLayer(); layer <= last; layer += LAYER_BYTES) {
    const byPanels = isSharedByPanels(layer, load<i32>(layer, FAN_IN), rows);
    // the threads have other parts of this layer than of its inputs, or both by panels, which need all inputs
    if (byPanels || wasByPanels) barrier();
    const units = load<i32>(layer, UNITS);
    if (byPanels) forwardPart(layer, 0, rows, unitStart(units), unitEnd(units));
    else forwardPart(layer, row, own, 0, units);
    wasByPanels = byPanels;
  }
}

/** z, a and dropout of rows [row, row + rows) of a layer and its units from `first` to `end`. */
function forwardPart(layer: usize, row: i32, rows: i32, first: i32, end: i32): void {
  forwardLayer(layer, row, rows, first, end - first, layer == FIRST_LAYER && isSparse(row, rows));
  if (load<u32>(layer, DROPPED)) drop(layer, row, rows, first, end - first);
}

/** ROW_COSTS of rows [row, row + rows), from their forward pass and y. */
function costRows(row: i32, rows: i32): void {
  const last = lastLayer();
  const stride = <usize>load<u32>(last, STRIDE);
  const yStride = <usize>load<u32>(HEADER, Y_STRIDE);
  rowCosts(
    <usize>load<u32>(HEADER, ROW_COSTS) + ((<usize>row) << 3),
    load<i32>(HEADER, COST),
    <usize>load<u32>(last, Z) + <usize>row * stride,
    <usize>load<u32>(last, A) + <usize>row * stride,
    <usize>load<u32>(HEADER, Y) + <usize>row * yStride,
    load<u32>(HEADER, IS_WEIGHTED) ? <usize>load<u32>(HEADER, ROW_WEIGHTS) + ((<usize>row) << 2) : 0,
    stride,
    yStride,
    load<i32>(last, UNITS),
    rows,
  );
}

/** `sum` + the batch's ROW_COSTS, in the order of the rows. */
function addCosts(sum: f64, rows: i32): f64 {
  let costs = <usize>load<u32>(HEADER, ROW_COSTS);
  for (const end = costs + ((<usize>rows) << 3); costs < end; costs += 8) sum += load<f64>(costs);
  return sum;
}

/** Returns the sum of the batch's ROW_COSTS and adds it to COST_SUM. */
function sumCosts(rows: i32): f64 {
  const sum = addCosts(0, rows);
  if (thread() == 0) store<f64>(HEADER, load<f64>(HEADER, COST_SUM) + sum, COST_SUM);
  return sum;
}

/** delta^L of rows [row, row + rows) from y. */
function outputErrors(row: i32, rows: i32): void {
  const last = lastLayer();
  const stride = <usize>load<u32>(last, STRIDE);
  const yStride = <usize>load<u32>(HEADER, Y_STRIDE);
  const offset = <usize>row * stride;
  const delta = <usize>load<u32>(last, DELTA) + offset;
  const units = load<i32>(last, UNITS);
  outputError(
    load<i32>(HEADER, COST),
    load<i32>(last, ACTIVATION),
    last,
    delta,
    <usize>load<u32>(last, Z) + offset,
    <usize>load<u32>(last, A) + offset,
    <usize>load<u32>(HEADER, Y) + <usize>row * yStride,
    stride,
    yStride,
    units,
    rows,
  );
  if (!load<u32>(HEADER, IS_WEIGHTED)) return;
  const weights = <usize>load<u32>(HEADER, ROW_WEIGHTS) + ((<usize>row) << 2);
  scaleRows(delta, weights, stride, units, rows);
  if (load<u32>(last, SLOPES)) scaleRows(<usize>load<u32>(last, SLOPE_DELTA) + offset, weights, stride, units, rows);
}

/**
 * delta^L of this thread's rows [row, row + own) from y, then delta^l of every layer down to the first. The threads
 * share the layers as in forwardShare.
 */
function backwardShare(row: i32, own: i32, rows: i32): void {
  // a thread may have no rows of a small batch
  if (own > 0) outputErrors(row, own);
  let wasByPanels: bool = false;
  for (let layer = lastLayer(); layer > FIRST_LAYER; layer -= LAYER_BYTES) {
    const byPanels = isSharedByPanels(layer - LAYER_BYTES, load<i32>(layer, UNITS), rows);
    if (byPanels || wasByPanels) barrier();
    const inputs = load<i32>(layer, FAN_IN);
    if (byPanels) {
      const first = unitStart(inputs);
      backwardLayer(layer, 0, rows, first, unitEnd(inputs) - first);
    } else if (own > 0) backwardLayer(layer, row, own, 0, inputs);
    wasByPanels = byPanels;
  }
}

/**
 * Adds scale . (sum over the rows of the gradients), for this thread's panels. The targets are at the addresses that
 * each layer's row holds in the words `weightsWord`, `biasesWord` and `slopesWord`.
 */
function addAllGradients(weightsWord: usize, biasesWord: usize, slopesWord: usize, rows: i32, scale: f32): void {
  const isListed = isSparse(0, rows);
  for (let layer = FIRST_LAYER, last = lastLayer(); layer <= last; layer += LAYER_BYTES) {
    const isFirst = layer == FIRST_LAYER;
    addGradients(
      layer,
      load<u32>(layer + weightsWord),
      load<u32>(layer + biasesWord),
      load<u32>(layer + slopesWord),
      rows,
      isFirst && isListed,
      scale,
      false,
    );
  }
}

/**
 * The gradients of one chunk, and the optimizer's step on them, for this thread's panels: each layer is moved right
 * after its gradient was computed, a large layer block by block.
 */
function moveLayers(rows: i32): void {
  const scale = <f32>(1 / <f64>rows);
  for (let layer = FIRST_LAYER, last = lastLayer(); layer <= last; layer += LAYER_BYTES) {
    const isListed = layer == FIRST_LAYER && isSparse(0, rows);
    const inBlocks = isMovedInBlocks(layer, rows, isListed);
    clearLayer(layer, !inBlocks);
    addGradients(
      layer,
      load<u32>(layer, WEIGHT_GRADIENTS),
      load<u32>(layer, BIAS_GRADIENTS),
      load<u32>(layer, SLOPE_GRADIENTS),
      rows,
      isListed,
      scale,
      inBlocks,
    );
    updateLayer(layer, !inBlocks);
  }
}

/** Counts steps that have been taken. */
function countSteps(steps: i32): void {
  store<u32>(HEADER, load<u32>(HEADER, STEP_COUNT) + steps, STEP_COUNT);
  // the count never starts from 0 again, because Adam would divide by 0; long before the largest count, all its
  // corrections are 1
  const before = load<u32>(HEADER, OPTIMIZER_STEPS);
  store<u32>(HEADER, max(before, before + steps), OPTIMIZER_STEPS);
}

// The kinds of steps. A step gives its gradients to the optimizer; or it adds them directly to the parameters; or it
// does the latter for one sample of a tiny network (tiny-network.ts). The kind is determined once for each call,
// because doing so in each step would slow down small networks.
const ACCUMULATED = 0;
const PLAIN = 1;
const VECTORS = 2;

function kindOfSteps(): i32 {
  if (!isPlainDescent()) return ACCUMULATED;
  return isTinyNetwork() && !isDivided() ? VECTORS : PLAIN;
}

/** True if a step of this cost must not be taken. */
function isWrong(cost: f64): bool {
  return !isFinite(cost) && !load<u32>(HEADER, IGNORE_NON_FINITE);
}

/**
 * Takes a step on the one sample that is in x and y, for a tiny network. `step` is its number in the network's life;
 * the caller counts it. If the cost is not finite, takes no step and returns false.
 */
function trainVectors(step: u32): bool {
  const cost = outputVector(forwardVectors());
  store<f64>(HEADER, load<f64>(HEADER, COST_SUM) + cost, COST_SUM);
  if (isWrong(cost)) return false;
  backwardVectors();
  decayForDescent(step);
  addVectorGradients(<f32>-load<f64>(HEADER, LEARNING_RATE));
  return true;
}

/** x and y of the batch's rows that this thread needs = those of the `rows` samples from `first` on. */
function gatherShare(set: usize, first: i32, rows: i32): void {
  const row = copyStart(rows);
  gather(set, first + row, row, copyEnd(rows) - row);
}

/**
 * Takes a step, or a part of one: `rows` of its `stepRows` rows, beginning with its row `stepRow`. This thread has rows
 * [row, row + own); gatherShare must have been called. If the cost is not finite, updates nothing and returns false.
 */
function trainChunk(row: i32, own: i32, rows: i32, stepRow: i32, stepRows: i32, kind: i32): bool {
  const step = load<u32>(HEADER, STEP_COUNT);
  agree(STEP_ROW, stepRow);
  forwardShare(row, own, rows, true);
  costRows(row, own);
  backwardShare(row, own, rows);
  meetRows(rows);
  const cost = sumCosts(rows);
  if (isWrong(cost)) return false;
  const isWhole = rows == stepRows;
  const isDescent = kind != ACCUMULATED && isWhole;
  const isLast = stepRow + rows == stepRows;
  if (thread() == 0) {
    if (!isDescent) store<f64>(HEADER, (stepRow ? load<f64>(HEADER, STEP_COST) : 0) + cost / <f64>stepRows, STEP_COST);
    if (isLast) countSteps(1);
    if (isLast && !isDescent) prepareStep();
  }
  if (isDescent) {
    // the gradient is not kept, nor by moveLayers: until the next forward pass, it can be computed from delta and a
    decayForDescent(step);
    addAllGradients(WEIGHTS, BIASES, SLOPES, rows, <f32>(-load<f64>(HEADER, LEARNING_RATE) / <f64>rows));
  } else if (isWhole && !isLimited()) {
    // all threads need the coefficients that thread 0 has prepared, from the parameters before the step
    barrier();
    moveLayers(rows);
  } else {
    if (stepRow == 0) clearShare();
    addAllGradients(WEIGHT_GRADIENTS, BIAS_GRADIENTS, SLOPE_GRADIENTS, rows, <f32>(1 / <f64>stepRows));
    if (isLast) update();
  }
  meetParameters(isDescent || isLast);
  return true;
}

/** The optimizer's step on the gradients. `prepareStep` must have been called before. */
function update(): void {
  const isShortened = isLimited();
  meetGradients(isShortened);
  if (isShortened) {
    if (thread() == 0) limitGradient();
    barrier();
  }
  updateParameters();
}

/** This thread's part of trainChunks. */
function performChunks(position: i32, count: i32): i32 {
  const stepRows = load<i32>(HEADER, STEP_ROWS);
  const chunkRows = load<i32>(HEADER, CHUNK_ROWS);
  const samples = load<i32>(HEADER + TRAINING_SET, SET_SAMPLES);
  const kind = kindOfSteps();
  if (kind == VECTORS && stepRows == 1) return performVectors(position, count);
  let rate = <usize>load<u32>(HEADER, RATES);
  // from here on, steps have one row less; 0: nowhere
  const longEnd = load<i32>(HEADER, LONG_STEPS) * stepRows;
  let isShort = longEnd > 0 && position >= longEnd;
  let stepStart = position - (isShort ? (position - longEnd) % (stepRows - 1) : position % stepRows);
  for (; count > 0 && position < samples; --count) {
    const stepEnd = min(stepStart + stepRows - i32(isShort), samples);
    const rows = min(chunkRows, stepEnd - position);
    // every thread computes and stores the same number
    if (rate) store<f64>(HEADER, load<f64>(rate), LEARNING_RATE);
    const row = shareStart(rows);
    const own = shareEnd(rows) - row;
    gatherShare(HEADER + TRAINING_SET, position, rows);
    if (!trainChunk(row, own, rows, position - stepStart, stepEnd - stepStart, kind)) {
      if (thread() == 0) store<u32>(HEADER, 1, STOPPED);
      break;
    }
    position += rows;
    if (position == stepEnd) {
      stepStart = stepEnd;
      isShort = longEnd > 0 && position >= longEnd;
      if (rate) rate += 8;
    }
  }
  return position;
}

/** Does what performChunks does, for steps of the kind VECTORS, on one sample each. */
function performVectors(position: i32, count: i32): i32 {
  let rate = <usize>load<u32>(HEADER, RATES);
  const set = HEADER + TRAINING_SET;
  const left = load<i32>(set, SET_SAMPLES) - position;
  const isCopy = isCopied(set);
  if (isCopy) store<u32>(HEADER, 0, IS_WEIGHTED);
  const start = position;
  const first = load<u32>(HEADER, STEP_COUNT) - position;
  for (const end = position + min(count, left); position < end; ++position) {
    if (rate) {
      store<f64>(HEADER, load<f64>(rate), LEARNING_RATE);
      rate += 8;
    }
    if (isCopy) copySample(set, position);
    else gather(set, position, 0, 1);
    if (!trainVectors(first + position)) {
      store<u32>(HEADER, 1, STOPPED);
      break;
    }
  }
  countSteps(position - start);
  return position;
}

/** This thread's part of trainRows. */
function performRows(rows: i32): bool {
  const kind = kindOfSteps();
  if (kind == VECTORS && rows == 1) {
    gather(HEADER + WINDOW, 0, 0, 1);
    const isMade = trainVectors(load<u32>(HEADER, STEP_COUNT));
    if (isMade) countSteps(1);
    return isMade;
  }
  const row = shareStart(rows);
  const own = shareEnd(rows) - row;
  gatherShare(HEADER + WINDOW, 0, rows);
  return trainChunk(row, own, rows, 0, rows, kind);
}

/** This thread's part of forward, or of forwardWindow, which gathers x first. */
function performForward(rows: i32, isFromWindow: bool): void {
  const row = shareStart(rows);
  const own = shareEnd(rows) - row;
  if (isFromWindow) gatherInputs(HEADER + WINDOW, row, row, own);
  forwardShare(row, own, rows, false);
}

/** This thread's part of evaluateRows. */
function performEvaluation(rows: i32): void {
  const row = shareStart(rows);
  const own = shareEnd(rows) - row;
  gather(HEADER + WINDOW, row, row, own);
  forwardShare(row, own, rows, false);
  costRows(row, own);
  barrier();
  if (thread() == 0) scoreRows(rows);
}

// The commands of a call
const TRAIN_CHUNKS = 0;
const TRAIN_ROWS = 1;
const FORWARD = 2;
const FORWARD_WINDOW = 3;
const EVALUATE = 4;

/** Performs this thread's share of a call: a command with its two numbers a and b. */
export function perform(command: i32, a: i32, b: i32): i32 {
  if (command == TRAIN_CHUNKS) return performChunks(a, b);
  if (command == TRAIN_ROWS) return i32(performRows(a));
  if (command == EVALUATE) performEvaluation(a);
  else performForward(a, command == FORWARD_WINDOW);
  return 0;
}

/** Makes a call, as thread 0, with as many threads as are worthwhile for a pass over `rows` rows. */
function call(command: i32, a: i32, b: i32, rows: i32): i32 {
  const work = <f64>rows * <f64>load<i32>(HEADER, WEIGHT_FLOATS);
  const worth = work / <f64>load<u32>(HEADER, THREAD_WORK);
  summon(<i32>max(1, min(worth, <f64>load<i32>(HEADER, TEAM_THREADS))), command, a, b);
  const result = perform(command, a, b);
  dismiss();
  return result;
}

/** z and a of every layer from x, without dropout. */
export function forward(rows: i32): void {
  call(FORWARD, rows, 0, rows);
}

/**
 * z and a of every layer for rows of the window's inputs, whose type is F32 or U8. The inputs are then in x; y does not
 * change.
 */
export function forwardWindow(rows: i32, inputType: i32): void {
  store<i32>(HEADER + WINDOW, inputType, SET_INPUT_TYPE);
  if (rows == 1 && isTinyNetwork()) {
    // a tiny network predicts faster without the calls of the general path
    gatherInputs(HEADER + WINDOW, 0, 0, 1);
    forwardVectors();
  } else {
    call(FORWARD_WINDOW, rows, 0, rows);
  }
}

/**
 * Returns the sum of C_x over the rows, from the last forward pass and y, each multiplied by its sample's weight. Adds
 * the sum to COST_SUM.
 */
export function addCost(rows: i32): f64 {
  costRows(0, rows);
  return sumCosts(rows);
}

/** delta^L from y, then delta^l of every layer down to the first. */
export function backward(rows: i32): void {
  backwardShare(0, rows, rows);
}

/**
 * dC/dW and dC/db = their means over the `counted` rows whose weight is not 0. With `adds`, += these means. The
 * penalties are not included: the optimizer's step adds them.
 */
export function meanGradients(rows: i32, counted: i32, adds: bool): void {
  if (!adds) clearShare();
  addAllGradients(WEIGHT_GRADIENTS, BIAS_GRADIENTS, SLOPE_GRADIENTS, rows, <f32>(1 / <f64>counted));
}

/** The optimizer's step on the gradients that have been accumulated. */
export function applyGradients(): void {
  countSteps(1);
  prepareStep();
  update();
}

/**
 * Takes one step on rows of the window, which are then in x and y. If the cost is not finite, updates nothing and
 * returns false.
 */
export function trainRows(rows: i32): bool {
  return call(TRAIN_ROWS, rows, 0, rows) != 0;
}

/**
 * Trains on up to `count` chunks of the epoch, from sample `position` of its order on. Returns the position reached: at
 * most the end of the epoch. It stops before the first chunk whose cost is not finite; STOPPED is then 1.
 */
export function trainChunks(position: i32, count: i32): i32 {
  store<u32>(HEADER, 0, STOPPED);
  return call(TRAIN_CHUNKS, position, count, load<i32>(HEADER, CHUNK_ROWS));
}

/** Gathers rows of the window's targets into y; x does not change. */
export function loadWindowTargets(rows: i32): void {
  gatherTargets(HEADER + WINDOW, 0, 0, rows);
}

/** Adds the cost of rows of the window, and what SCORING asks for, to the sums. The rows are then in x and y. */
export function evaluateRows(rows: i32): void {
  call(EVALUATE, rows, 0, rows);
}

/** Adds the cost of the batch's rows, and what SCORING asks for, to the sums. */
function scoreRows(rows: i32): void {
  // costs are added one by one, so that the sum does not depend on how many rows the batch has room for
  store<f64>(HEADER, addCosts(load<f64>(HEADER, COST_SUM), rows), COST_SUM);
  const last = lastLayer();
  const a = <usize>load<u32>(last, A);
  const y = <usize>load<u32>(HEADER, Y);
  const stride = <usize>load<u32>(last, STRIDE);
  const yStride = <usize>load<u32>(HEADER, Y_STRIDE);
  const units = load<i32>(last, UNITS);
  const scoring = load<i32>(HEADER, SCORING);
  noteNotFinite(a, stride, units, rows);
  if (scoring == SCORE_CLASSES) countClasses(a, y, stride, yStride, units, rows);
  else if (scoring == SCORE_ERRORS) addErrors(a, y, stride, yStride, units, rows);
  store<u32>(HEADER, load<u32>(HEADER, SCORED) + rows, SCORED);
}
