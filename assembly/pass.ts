import {
  A,
  ACTIVATION,
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
  ROW_COSTS,
  ROW_WEIGHTS,
  SLOPES,
  SLOPE_DELTA,
  STEP_COST,
  STRIDE,
  UNITS,
  Y,
  Y_STRIDE,
  Z,
} from './abi';
import { isElementwise } from './activation';
import { outputError, rowCosts } from './cost';
import { backwardLayer } from './delta';
import { drop } from './dropout';
import { forwardLayer } from './forward';
import { addGradients, scaleRows } from './gradient';
import { isSparse } from './sparse';
import { agree, barrier, isEven, threads, unitEnd, unitStart } from './team';

// One pass of the batch through the network: z, a and costs forward, the errors delta backward, and the gradients.
// step.ts and round.ts decide which rows are in the batch and what becomes of the gradients.
//
// All threads of a call run the same functions (team.ts). Each thread computes the costs of its rows of the batch. Of
// the gradient, it has some panels. The layers between are shared by rows or by panels. Threads wait for each other
// before each layer that is shared by panels.

export const FIRST_LAYER: usize = LAYERS;

/** The output layer's row in the layer table. */
export function lastLayer(): usize {
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
export function forwardShare(row: i32, own: i32, rows: i32, isTraining: bool): void {
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
export function costRows(row: i32, rows: i32): void {
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

/** `sum` + ROW_COSTS of rows [row, row + rows), in the order of the rows. */
export function addCosts(sum: f64, row: i32, rows: i32): f64 {
  let costs = <usize>load<u32>(HEADER, ROW_COSTS) + ((<usize>row) << 3);
  for (const end = costs + ((<usize>rows) << 3); costs < end; costs += 8) sum += load<f64>(costs);
  return sum;
}

/** True if a step of this cost must not be taken. */
export function isWrong(cost: f64): bool {
  return !isFinite(cost) && !load<u32>(HEADER, IGNORE_NON_FINITE);
}

/** COST_SUM += the cost of some samples. One thread calls it. */
export function noteCost(cost: f64): void {
  store<f64>(HEADER, load<f64>(HEADER, COST_SUM) + cost, COST_SUM);
}

/** Adds to STEP_COST the cost of a chunk that begins with row `stepRow` of a step. One thread calls it. */
export function noteStepCost(cost: f64, stepRow: i32, stepRows: i32): void {
  store<f64>(HEADER, (stepRow ? load<f64>(HEADER, STEP_COST) : 0) + cost / <f64>stepRows, STEP_COST);
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
export function backwardShare(row: i32, own: i32, rows: i32): void {
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
 * Adds scale . (sum over rows [row, row + rows) of the gradients), for this thread's panels. The targets are `shift`
 * bytes behind the addresses that each layer's row holds in the words `weightsWord`, `biasesWord` and `slopesWord`.
 */
export function addAllGradients(
  weightsWord: usize,
  biasesWord: usize,
  slopesWord: usize,
  shift: usize,
  row: i32,
  rows: i32,
  scale: f32,
): void {
  const isListed = isSparse(row, rows);
  for (let layer = FIRST_LAYER, last = lastLayer(); layer <= last; layer += LAYER_BYTES) {
    const isFirst = layer == FIRST_LAYER;
    const slopes = <usize>load<u32>(layer + slopesWord);
    addGradients(
      layer,
      <usize>load<u32>(layer + weightsWord) + shift,
      <usize>load<u32>(layer + biasesWord) + shift,
      slopes ? slopes + shift : 0,
      row,
      rows,
      isFirst && isListed,
      scale,
      false,
    );
  }
}
