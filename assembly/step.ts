import {
  A,
  ACTIVATION,
  ACTIVE,
  ACTIVE_COUNT,
  BATCH_ROWS,
  BIAS_GRADIENTS,
  BIASES,
  COST,
  COST_SUM,
  DELTA,
  FAN_IN,
  GRADIENTS,
  HEADER,
  IDENTITY,
  INPUTS,
  L2,
  LAYER_BYTES,
  LAYER_COUNT,
  LAYERS,
  LEARNING_RATE,
  PARAMETER_FLOATS,
  PARAMETERS,
  SET_SAMPLES,
  STRIDE,
  TRAINING_SAMPLES,
  TRAINING_SET,
  UNITS,
  WEIGHT_FLOATS,
  WEIGHT_GRADIENTS,
  WEIGHTS,
  WINDOW,
  Y,
  Y_STRIDE,
  Z,
} from './abi';
import { gather } from './batch';
import { costSum, outputError } from './cost';
import { backwardLayer } from './delta';
import { forwardLayer } from './forward';
import { addGradients } from './gradient';
import { score } from './score';
import { addScaled, scaleFloats } from './update';

// The order of work: the only file that knows a step from end to end.

const FIRST_LAYER: usize = LAYERS;

function lastLayer(): usize {
  return FIRST_LAYER + <usize>(load<i32>(HEADER, LAYER_COUNT) - 1) * LAYER_BYTES;
}

/** a^1 = x -> z, a of every layer. */
export function forward(rows: i32): void {
  const count = load<i32>(HEADER, ACTIVE_COUNT);
  // the list pays once an eighth of the inputs is left out
  const listed = count <= load<i32>(HEADER, INPUTS) - (load<i32>(HEADER, INPUTS) >> 3);
  forwardLayer(FIRST_LAYER, rows, listed ? <usize>load<u32>(HEADER, ACTIVE) : 0, count);
  for (let layer = FIRST_LAYER + LAYER_BYTES, last = lastLayer(); layer <= last; layer += LAYER_BYTES) {
    forwardLayer(layer, rows, 0, 0);
  }
}

/** C summed over the rows, from the last forward pass and y: added to the header's sum. */
export function addCost(rows: i32): void {
  const last = lastLayer();
  const sum = costSum(
    load<i32>(HEADER, COST),
    <usize>load<u32>(last, Z),
    <usize>load<u32>(last, A),
    <usize>load<u32>(HEADER, Y),
    <usize>load<u32>(last, STRIDE),
    <usize>load<u32>(HEADER, Y_STRIDE),
    load<i32>(last, UNITS),
    rows,
  );
  store<f64>(HEADER, load<f64>(HEADER, COST_SUM) + sum, COST_SUM);
}

/** delta^L from y, then delta^l of every layer down to the first. */
export function backward(rows: i32): void {
  const last = lastLayer();
  outputError(
    load<i32>(HEADER, COST),
    load<i32>(last, ACTIVATION),
    <usize>load<u32>(last, DELTA),
    <usize>load<u32>(last, A),
    <usize>load<u32>(HEADER, Y),
    <usize>load<u32>(last, STRIDE),
    <usize>load<u32>(HEADER, Y_STRIDE),
    load<i32>(last, UNITS),
    rows,
  );
  for (let layer = last; layer > FIRST_LAYER; layer -= LAYER_BYTES) backwardLayer(layer, rows);
}

/** Adds scale . (sum over rows of the gradients) to targets that lie at the given words of each layer's row. */
function addAllGradients(weightsWord: usize, biasesWord: usize, rows: i32, scale: f32): void {
  for (let layer = FIRST_LAYER, last = lastLayer(); layer <= last; layer += LAYER_BYTES) {
    const first = layer == FIRST_LAYER;
    addGradients(
      layer,
      <usize>load<u32>(layer + weightsWord),
      <usize>load<u32>(layer + biasesWord),
      rows,
      <usize>load<u32>(HEADER + (first ? ACTIVE : IDENTITY)),
      first ? load<i32>(HEADER, ACTIVE_COUNT) : load<i32>(layer, FAN_IN),
      scale,
    );
  }
}

/** dC/dW and dC/db of the batch: the mean over its rows, without the L2 term, which belongs to the step. */
export function computeGradients(rows: i32): void {
  const gradients = <usize>load<u32>(HEADER, GRADIENTS);
  memory.fill(gradients, 0, (<usize>load<u32>(HEADER, PARAMETER_FLOATS)) << 2);
  addAllGradients(WEIGHT_GRADIENTS, BIAS_GRADIENTS, rows, 1 / <f32>rows);
}

/** w *= 1 - eta lambda / n for every weight, no bias. */
function decayWeights(): void {
  const lambda = load<f64>(HEADER, L2);
  if (lambda == 0) return;
  const factor = 1 - (load<f64>(HEADER, LEARNING_RATE) * lambda) / load<f64>(HEADER, TRAINING_SAMPLES);
  scaleFloats(<usize>load<u32>(HEADER, PARAMETERS), load<i32>(HEADER, WEIGHT_FLOATS), <f32>factor);
}

/** Gradient descent with the gradients that computeGradients has left. */
export function applyGradients(): void {
  decayWeights();
  addScaled(
    <usize>load<u32>(HEADER, PARAMETERS),
    <usize>load<u32>(HEADER, GRADIENTS),
    load<i32>(HEADER, PARAMETER_FLOATS),
    <f32>-load<f64>(HEADER, LEARNING_RATE),
  );
}

/**
 * Gradient descent straight into the parameters: w -= (eta/m) sum of delta a^T. No gradient is stored; it can be computed
 * from delta and a until the next forward pass.
 */
function descend(rows: i32): void {
  decayWeights();
  addAllGradients(WEIGHTS, BIASES, rows, <f32>(-load<f64>(HEADER, LEARNING_RATE) / <f64>rows));
}

/** One step on the rows that lie in x and y. */
export function trainRows(rows: i32): void {
  forward(rows);
  addCost(rows);
  backward(rows);
  descend(rows);
}

/** Mini-batches [first, first + count) of the epoch; the last one of an epoch may be smaller. */
export function trainSteps(first: i32, count: i32): void {
  const batchRows = load<i32>(HEADER, BATCH_ROWS);
  const samples = load<i32>(HEADER + TRAINING_SET, SET_SAMPLES);
  for (let step = first; step < first + count; ++step) {
    const start = step * batchRows;
    const rows = min(batchRows, samples - start);
    gather(HEADER + TRAINING_SET, start, rows);
    trainRows(rows);
  }
}

/** Rows of the window into x and y. */
export function loadWindow(rows: i32): void {
  gather(HEADER + WINDOW, 0, rows);
}

/** Cost and classes of the rows that lie in x and y, added to the header's sums. */
export function evaluateRows(rows: i32): void {
  forward(rows);
  addCost(rows);
  const last = lastLayer();
  score(
    <usize>load<u32>(last, A),
    <usize>load<u32>(HEADER, Y),
    <usize>load<u32>(last, STRIDE),
    <usize>load<u32>(HEADER, Y_STRIDE),
    load<i32>(last, UNITS),
    rows,
  );
}
