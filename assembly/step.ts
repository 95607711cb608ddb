import {
  A,
  ACTIVATION,
  BIAS_GRADIENTS,
  BIASES,
  CHUNK_ROWS,
  COST,
  COST_SUM,
  DELTA,
  GRADIENTS,
  HEADER,
  IGNORE_NON_FINITE,
  IS_TRAINING,
  IS_WEIGHTED,
  LAYER_BYTES,
  LAYER_COUNT,
  LAYERS,
  LEARNING_RATE,
  OPTIMIZER_STEPS,
  PARAMETER_FLOATS,
  RATES,
  ROW_WEIGHTS,
  SET_INPUT_TYPE,
  SET_SAMPLES,
  STEP_COST,
  STEP_COUNT,
  STEP_ROW,
  STEP_ROWS,
  STOPPED,
  STRIDE,
  TRAINING_SET,
  UNITS,
  WEIGHT_GRADIENTS,
  WEIGHTS,
  WINDOW,
  Y,
  Y_STRIDE,
  Z,
} from './abi';
import { gather, gatherInputs, gatherTargets } from './batch';
import { costSum, outputError } from './cost';
import { backwardLayer } from './delta';
import { forwardLayer } from './forward';
import { addGradients, scaleRows } from './gradient';
import { addVectorGradients, backwardVectors, forwardVectors, isVectorWide } from './online';
import { addErrors, score } from './score';
import { isSparse } from './sparse';
import { decayForDescent, isPlainDescent, updateParameters } from './update';

// The order of work: the only file that knows a step from end to end.
//
// An epoch is cut into steps of STEP_ROWS samples, a step into chunks of CHUNK_ROWS, what goes through the network at once. A
// step of one chunk with plain descent goes straight into the weights; every other adds up its gradient chunk by chunk and
// updates at its end. So a full batch takes no more memory than a chunk.

const FIRST_LAYER: usize = LAYERS;

function lastLayer(): usize {
  return FIRST_LAYER + <usize>(load<i32>(HEADER, LAYER_COUNT) - 1) * LAYER_BYTES;
}

/** a^1 = x -> z, a of every layer, without dropout. */
export function forward(rows: i32): void {
  forwardPass(rows, false);
}

/** The same, with dropout where it is training: the backward pass on what lies in the buffers then has the same masks. */
function forwardPass(rows: i32, isTraining: bool): void {
  store<u32>(HEADER, u32(isTraining), IS_TRAINING);
  forwardLayer(FIRST_LAYER, rows, isSparse(0, rows));
  for (let layer = FIRST_LAYER + LAYER_BYTES, last = lastLayer(); layer <= last; layer += LAYER_BYTES) {
    forwardLayer(layer, rows, false);
  }
}

/** The rows' costs, each times its sample's weight, from the last forward pass and y: added to the header's sum and returned. */
export function addCost(rows: i32): f64 {
  const last = lastLayer();
  const sum = costSum(
    load<i32>(HEADER, COST),
    <usize>load<u32>(last, Z),
    <usize>load<u32>(last, A),
    <usize>load<u32>(HEADER, Y),
    load<u32>(HEADER, IS_WEIGHTED) ? <usize>load<u32>(HEADER, ROW_WEIGHTS) : 0,
    <usize>load<u32>(last, STRIDE),
    <usize>load<u32>(HEADER, Y_STRIDE),
    load<i32>(last, UNITS),
    rows,
  );
  store<f64>(HEADER, load<f64>(HEADER, COST_SUM) + sum, COST_SUM);
  return sum;
}

/** delta^L from y, then delta^l of every layer down to the first. */
export function backward(rows: i32): void {
  computeOutputErrors(rows);
  for (let layer = lastLayer(); layer > FIRST_LAYER; layer -= LAYER_BYTES) backwardLayer(layer, rows);
}

/** delta^L from y. */
function computeOutputErrors(rows: i32): void {
  const last = lastLayer();
  const delta = <usize>load<u32>(last, DELTA);
  const stride = <usize>load<u32>(last, STRIDE);
  const units = load<i32>(last, UNITS);
  outputError(
    load<i32>(HEADER, COST),
    load<i32>(last, ACTIVATION),
    last,
    delta,
    <usize>load<u32>(last, Z),
    <usize>load<u32>(last, A),
    <usize>load<u32>(HEADER, Y),
    stride,
    <usize>load<u32>(HEADER, Y_STRIDE),
    units,
    rows,
  );
  if (load<u32>(HEADER, IS_WEIGHTED)) scaleRows(delta, <usize>load<u32>(HEADER, ROW_WEIGHTS), stride, units, rows);
}

/** Adds scale . (sum over rows of the gradients) to targets that lie at the given words of each layer's row. */
function addAllGradients(weightsWord: usize, biasesWord: usize, rows: i32, scale: f32): void {
  for (let layer = FIRST_LAYER, last = lastLayer(); layer <= last; layer += LAYER_BYTES) {
    const isListed = layer == FIRST_LAYER && isSparse(0, rows);
    addGradients(layer, load<u32>(layer + weightsWord), load<u32>(layer + biasesWord), rows, isListed, scale);
  }
}

export function clearGradients(): void {
  memory.fill(<usize>load<u32>(HEADER, GRADIENTS), 0, (<usize>load<u32>(HEADER, PARAMETER_FLOATS)) << 2);
}

/** dC/dW and dC/db += scale . (sum over the rows), without the penalties, which belong to the update. */
export function accumulateGradients(rows: i32, scale: f64): void {
  addAllGradients(WEIGHT_GRADIENTS, BIAS_GRADIENTS, rows, <f32>scale);
}

function countStep(): void {
  store<u32>(HEADER, load<u32>(HEADER, STEP_COUNT) + 1, STEP_COUNT);
  store<u32>(HEADER, load<u32>(HEADER, OPTIMIZER_STEPS) + 1, OPTIMIZER_STEPS);
}

/** The optimizer's step on the gradients that have been accumulated. */
export function applyGradients(): void {
  countStep();
  updateParameters();
}

/**
 * Plain gradient descent straight into the parameters: w -= (eta/m) sum of delta a^T. No gradient is stored; it can be computed from
 * delta and a until the next forward pass.
 */
function descend(rows: i32): void {
  countStep();
  decayForDescent();
  addAllGradients(WEIGHTS, BIASES, rows, <f32>(-load<f64>(HEADER, LEARNING_RATE) / <f64>rows));
}

/**
 * How steps go, which is asked once a call, since it costs an online step of a small network a tenth: gradients added up and handed to
 * the optimizer, straight into the parameters, or that for one sample of a network of vectors.
 */
const ACCUMULATED = 0;
const PLAIN = 1;
const VECTORS = 2;

function kindOfSteps(): i32 {
  if (!isPlainDescent()) return ACCUMULATED;
  return isVectorWide() ? VECTORS : PLAIN;
}

/** A step, or the part of one that `rows` of its `stepRows` make, from row `stepRow` on. False: the cost is not finite. */
function trainChunk(rows: i32, stepRow: i32, stepRows: i32, kind: i32): bool {
  store<u32>(HEADER, stepRow, STEP_ROW);
  const isVector = kind == VECTORS && stepRows == 1;
  if (isVector) forwardVectors();
  else forwardPass(rows, true);
  const cost = addCost(rows);
  if (!isFinite(cost) && !load<u32>(HEADER, IGNORE_NON_FINITE)) return false;
  if (isVector) {
    computeOutputErrors(1);
    backwardVectors();
    countStep();
    decayForDescent();
    addVectorGradients(<f32>-load<f64>(HEADER, LEARNING_RATE));
    return true;
  }
  backward(rows);
  if (rows == stepRows && kind != ACCUMULATED) {
    descend(rows);
  } else {
    store<f64>(HEADER, (stepRow ? load<f64>(HEADER, STEP_COST) : 0) + cost / <f64>stepRows, STEP_COST);
    if (stepRow == 0) clearGradients();
    accumulateGradients(rows, 1 / <f64>stepRows);
    if (stepRow + rows == stepRows) applyGradients();
  }
  return true;
}

/** One step on the rows that lie in x and y. False: its cost is not finite, and nothing was updated. */
export function trainRows(rows: i32): bool {
  return trainChunk(rows, 0, rows, kindOfSteps());
}

/**
 * Up to `count` chunks of the epoch from sample `position` of its order on. Returns the position reached: the end of the epoch at
 * most, or that of the first chunk whose cost is not finite, with STOPPED set.
 */
export function trainChunks(position: i32, count: i32): i32 {
  const stepRows = load<i32>(HEADER, STEP_ROWS);
  const chunkRows = load<i32>(HEADER, CHUNK_ROWS);
  const samples = load<i32>(HEADER + TRAINING_SET, SET_SAMPLES);
  const kind = kindOfSteps();
  let rate = <usize>load<u32>(HEADER, RATES);
  let stepStart = position - (position % stepRows);
  store<u32>(HEADER, 0, STOPPED);
  for (; count > 0 && position < samples; --count) {
    const stepEnd = min(stepStart + stepRows, samples);
    const rows = min(chunkRows, stepEnd - position);
    if (rate) store<f64>(HEADER, load<f64>(rate), LEARNING_RATE);
    gather(HEADER + TRAINING_SET, position, rows);
    if (!trainChunk(rows, position - stepStart, stepEnd - stepStart, kind)) {
      store<u32>(HEADER, 1, STOPPED);
      break;
    }
    position += rows;
    if (position == stepEnd) {
      stepStart = stepEnd;
      if (rate) rate += 8;
    }
  }
  return position;
}

/** Rows of the window into x and y. */
export function loadWindow(rows: i32): void {
  gather(HEADER + WINDOW, 0, rows);
}

/** Rows of the window's targets into y; x stays as it is. */
export function loadWindowTargets(rows: i32): void {
  gatherTargets(HEADER + WINDOW, 0, rows);
}

/** Rows of the window's inputs, of that type, into x; y stays as it is. */
export function loadWindowInputs(rows: i32, inputType: i32): void {
  store<i32>(HEADER + WINDOW, inputType, SET_INPUT_TYPE);
  gatherInputs(HEADER + WINDOW, 0, rows);
}

/** Cost, classes and errors of the rows that lie in x and y, added to the sums. */
export function evaluateRows(rows: i32): void {
  forward(rows);
  addCost(rows);
  const last = lastLayer();
  const a = <usize>load<u32>(last, A);
  const y = <usize>load<u32>(HEADER, Y);
  const stride = <usize>load<u32>(last, STRIDE);
  const yStride = <usize>load<u32>(HEADER, Y_STRIDE);
  const units = load<i32>(last, UNITS);
  score(a, y, stride, yStride, units, rows);
  addErrors(a, y, stride, yStride, units, rows);
}
