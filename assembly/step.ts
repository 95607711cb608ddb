import {
  A,
  BIASES,
  BIAS_GRADIENTS,
  CHUNK_ROWS,
  COST_SUM,
  HEADER,
  IS_WEIGHTED,
  LAYER_BYTES,
  LEARNING_RATE,
  LONG_STEPS,
  OPTIMIZER_STEPS,
  RATES,
  ROUND_CHUNKS,
  SCORED,
  SCORE_CLASSES,
  SCORE_ERRORS,
  SCORING,
  SET_INPUT_TYPE,
  SET_SAMPLES,
  SLOPES,
  SLOPE_GRADIENTS,
  STEP_COUNT,
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
} from './abi';
import { copySample, gather, gatherInputs, gatherTargets, isCopied } from './gather-samples';
import { startMasks } from './dropout';
import { addGradients, isMovedInBlocks } from './gradient';
import { addVectorGradients, backwardVectors, forwardVectors, isTinyNetwork, outputVector } from './tiny-network';
import { addErrors, countClasses, noteNotFinite } from './metrics';
import { isSparse } from './sparse';
import {
  barrier,
  copyEnd,
  copyStart,
  dismiss,
  isDivided,
  meetGradients,
  meetParameters,
  meetRows,
  shareEnd,
  shareStart,
  summon,
  thread,
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
import {
  FIRST_LAYER,
  addAllGradients,
  addCosts,
  backwardShare,
  costRows,
  forwardShare,
  isWrong,
  lastLayer,
  noteCost,
  noteStepCost,
} from './pass';
import { hasRounds, trainRounds } from './round';

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
// each layer that is shared by panels. In a step of many chunks of a small network, each thread computes chunks of its
// own instead (round.ts).

/** Returns the sum of the batch's ROW_COSTS and adds it to COST_SUM. */
function sumCosts(rows: i32): f64 {
  const sum = addCosts(0, 0, rows);
  if (thread() == 0) noteCost(sum);
  return sum;
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
      0,
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

/**
 * Takes a step on the one sample that is in x and y, for a tiny network. `step` is its number in the network's life;
 * the caller counts it. If the cost is not finite, takes no step and returns false.
 */
function trainVectors(step: u32): bool {
  const cost = outputVector(forwardVectors());
  noteCost(cost);
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
  startMasks(stepRow);
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
    if (!isDescent) noteStepCost(cost, stepRow, stepRows);
    if (isLast) countSteps(1);
    if (isLast && !isDescent) prepareStep();
  }
  if (isDescent) {
    // the gradient is not kept, nor by moveLayers: until the next forward pass, it can be computed from delta and a
    decayForDescent(step);
    addAllGradients(WEIGHTS, BIASES, SLOPES, 0, 0, rows, <f32>(-load<f64>(HEADER, LEARNING_RATE) / <f64>rows));
  } else if (isWhole && !isLimited()) {
    // all threads need the coefficients that thread 0 has prepared, from the parameters before the step
    barrier();
    moveLayers(rows);
  } else {
    if (stepRow == 0) clearShare();
    addAllGradients(WEIGHT_GRADIENTS, BIAS_GRADIENTS, SLOPE_GRADIENTS, 0, 0, rows, <f32>(1 / <f64>stepRows));
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
    // every thread computes and stores the same number
    if (rate) store<f64>(HEADER, load<f64>(rate), LEARNING_RATE);
    // all chunks of a step but the last one
    if (hasRounds()) {
      const chunks = trainRounds(position, count, position - stepStart, stepEnd - stepStart);
      position += chunks * chunkRows;
      count -= chunks;
    }
    const rows = min(chunkRows, stepEnd - position);
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

/** Makes a call, as thread 0, with as many threads as are worthwhile for `rows` rows between two of their meetings. */
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
  addAllGradients(WEIGHT_GRADIENTS, BIAS_GRADIENTS, SLOPE_GRADIENTS, 0, 0, rows, <f32>(1 / <f64>counted));
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
  // in rounds, threads meet after ROUND_CHUNKS chunks
  const most = max(1, load<i32>(HEADER, ROUND_CHUNKS)) * load<i32>(HEADER, CHUNK_ROWS);
  const rows = min(most, load<i32>(HEADER, STEP_ROWS));
  return call(TRAIN_CHUNKS, position, count, rows);
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
  store<f64>(HEADER, addCosts(load<f64>(HEADER, COST_SUM), 0, rows), COST_SUM);
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
