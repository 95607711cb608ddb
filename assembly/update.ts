import {
  BIASES,
  BLOCK_FLOATS,
  CLIPPING,
  CLIP_NORM,
  CLIP_VALUE,
  EFFECTIVE,
  FAN_IN,
  GRADIENTS,
  HEADER,
  L1,
  L2,
  LAYERS,
  LAYER_BYTES,
  LAYER_COUNT,
  LBFGS,
  LEARNING_RATE,
  MAX_NORM,
  OPTIMIZER,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  PARAMETERS,
  PARAMETER_FLOATS,
  PENALIZE_BIASES,
  SGD,
  SLOPES,
  STATE,
  STEP_COUNT,
  TRAINING_SAMPLES,
  UNITS,
  WEIGHTS,
} from './abi';
import { dot, scaleFloats, signed } from './float-arrays';
import { madd } from './simd';
import { ownAddress, panelEnd, panelStart } from './team';
import { followRule, isDescent, prepareRule, weightDecay } from './update-rules';

// The step of the optimizer, as flat loops over the parameters: the weights, the biases and the slopes of prelu of each
// layer, each a multiple of 16 floats. Fill lanes hold 0 and have the gradient 0, and every rule leaves such a
// parameter at 0.
//
// A step prepares the coefficients of the optimizer's rule. If the length of the gradient is limited, it also prepares
// the factor that shortens the gradient. Then, block by block, it computes the gradient that the optimizer sees and
// moves the parameters by the rule (update-rules.ts). Blocks are small, so that this gradient stays in the first-level
// cache. The gradient itself is not changed.

/**
 * True if a step may add its gradient directly to the weights: plain descent, no penalty except L2 on the weights, and
 * no limit on the gradient or the weights.
 */
export function isPlainDescent(): bool {
  if (load<u32>(HEADER, OPTIMIZER) != SGD) return false;
  if (load<f64>(HEADER, L1) != 0 || load<u32>(HEADER, PENALIZE_BIASES)) return false;
  if (load<f64>(HEADER, CLIP_VALUE) != 0 || load<f64>(HEADER, CLIP_NORM) != 0) return false;
  return !hasMaxNorm();
}

function hasMaxNorm(): bool {
  let layer: usize = LAYERS;
  for (let l = load<i32>(HEADER, LAYER_COUNT); l > 0; --l) {
    if (load<f64>(layer, MAX_NORM) != 0) return true;
    layer += LAYER_BYTES;
  }
  return false;
}

/**
 * The least distance from 1 of the factor by which a step shrinks the weights. Rounding a factor nearer to 1 to f32
 * would change this distance by more than 1 %, or make it 0. In that case, the weights are shrunk once for several
 * steps.
 */
const LEAST_DECAY: f64 = 1 / <f64>(1 << 18);

/**
 * w *= 1 - eta lambda / n for every weight of this thread, but for no bias. In a plain step, this is the effect of the
 * L2 term, whose gradient is lambda / n . w. `step` is the number of the step in the network's life.
 */
export function decayForDescent(step: u32): void {
  const lambda = load<f64>(HEADER, L2);
  if (lambda == 0) return;
  let decay = (load<f64>(HEADER, LEARNING_RATE) * lambda) / load<f64>(HEADER, TRAINING_SAMPLES);
  // the number of steps is a power of two, so that it changes rarely while the rate changes slowly
  let steps: u32 = 1;
  for (; Math.abs(decay) < LEAST_DECAY && steps < 1 << 30; steps <<= 1) decay *= 2;
  if (step & (steps - 1)) return;
  const factor = 1 - decay;
  for (let layer: usize = LAYERS, last = endOfLayers(); layer < last; layer += LAYER_BYTES) {
    const from = weightsBefore(layer, firstPanel(layer));
    const floats = weightsBefore(layer, endPanel(layer)) - from;
    scaleFloats(<usize>load<u32>(HEADER, PARAMETERS) + ((<usize>from) << 2), floats, <f32>factor);
  }
}

function endOfLayers(): usize {
  return <usize>LAYERS + <usize>load<i32>(HEADER, LAYER_COUNT) * LAYER_BYTES;
}

/** The first panel of a layer that this thread has, that is, whose gradient it has computed. */
function firstPanel(layer: usize): i32 {
  return panelStart(load<i32>(layer, UNITS));
}

/** The panel after the last panel of a layer that this thread has. */
function endPanel(layer: usize): i32 {
  return panelEnd(load<i32>(layer, UNITS));
}

/** The number of parameters before the weights of a layer's panel. */
function weightsBefore(layer: usize, panel: i32): i32 {
  return parametersBefore(load<u32>(layer, WEIGHTS)) + panel * load<i32>(layer, FAN_IN) * PANEL_UNITS;
}

/** The number of parameters before the biases of a layer's panel. */
function biasesBefore(layer: usize, panel: i32): i32 {
  return parametersBefore(load<u32>(layer, BIASES)) + panel * PANEL_UNITS;
}

/** The number of parameters before the slopes of a layer's panel, for a layer that has slopes. */
function slopesBefore(layer: usize, panel: i32): i32 {
  return parametersBefore(load<u32>(layer, SLOPES)) + panel * PANEL_UNITS;
}

function parametersBefore(address: u32): i32 {
  return <i32>((address - load<u32>(HEADER, PARAMETERS)) >> 2);
}

/** This thread's gradients = 0. */
export function clearShare(): void {
  for (let layer: usize = LAYERS, last = endOfLayers(); layer < last; layer += LAYER_BYTES) clearLayer(layer, true);
}

/** This thread's gradients of one layer = 0, or only those of the biases and slopes. */
export function clearLayer(layer: usize, withWeights: bool): void {
  const first = firstPanel(layer);
  const end = endPanel(layer);
  if (withWeights) clearFloats(weightsBefore(layer, first), weightsBefore(layer, end));
  clearFloats(biasesBefore(layer, first), biasesBefore(layer, end));
  if (load<u32>(layer, SLOPES)) clearFloats(slopesBefore(layer, first), slopesBefore(layer, end));
}

function clearFloats(from: i32, to: i32): void {
  memory.fill(<usize>load<u32>(HEADER, GRADIENTS) + ((<usize>from) << 2), 0, (<usize>(to - from)) << 2);
}

/**
 * This thread's gradients += scale . each of `count` sums, one after the other. Each is laid out like the parameters,
 * the first one at `sums`.
 */
export function addToShare(sums: usize, count: i32, scale: f32): void {
  for (let layer: usize = LAYERS, last = endOfLayers(); layer < last; layer += LAYER_BYTES) {
    const first = firstPanel(layer);
    const end = endPanel(layer);
    addToSpan(weightsBefore(layer, first), weightsBefore(layer, end), sums, count, scale);
    addToSpan(biasesBefore(layer, first), biasesBefore(layer, end), sums, count, scale);
    if (load<u32>(layer, SLOPES)) addToSpan(slopesBefore(layer, first), slopesBefore(layer, end), sums, count, scale);
  }
}

/** GRADIENTS of the parameters [from, to) += scale . each of `count` sums. */
function addToSpan(from: i32, to: i32, sums: usize, count: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  const bytes = (<usize>load<u32>(HEADER, PARAMETER_FLOATS)) << 2;
  const gradients = <usize>load<u32>(HEADER, GRADIENTS);
  for (let at = (<usize>from) << 2, end = (<usize>to) << 2; at < end; at += 16) {
    let g = v128.load(gradients + at);
    let sum = sums + at;
    for (let i = 0; i < count; ++i) {
      g = madd(g, s, v128.load(sum));
      sum += bytes;
    }
    v128.store(gradients + at, g);
  }
}

/**
 * One step of the optimizer on the mean gradients of this thread's panels. `prepareStep` must have been called before.
 * If the length of the gradient is limited, `limitGradient` must have been called after the whole gradient was
 * computed.
 */
export function updateParameters(): void {
  // the step has been counted already
  if (isPlainDescent()) decayForDescent(load<u32>(HEADER, STEP_COUNT) - 1);
  for (let layer: usize = LAYERS, last = endOfLayers(); layer < last; layer += LAYER_BYTES) updateLayer(layer, true);
}

/** The part of updateParameters for one layer. Without `withWeights`, moveWeights has moved the weights. */
export function updateLayer(layer: usize, withWeights: bool): void {
  const optimizer = load<i32>(HEADER, OPTIMIZER);
  const isPenalized = load<u32>(HEADER, PENALIZE_BIASES) != 0;
  const first = firstPanel(layer);
  const end = endPanel(layer);
  if (withWeights) updateSpan(weightsBefore(layer, first), weightsBefore(layer, end), !isPlainDescent());
  updateSpan(biasesBefore(layer, first), biasesBefore(layer, end), isPenalized);
  // as in the paper of prelu, no penalty pulls its slopes to 0
  if (load<u32>(layer, SLOPES)) updateSpan(slopesBefore(layer, first), slopesBefore(layer, end), false);
  if (optimizer != LBFGS) limitNorms(layer);
}

/** Moves the weights [floats] at `weights` along their gradient at `g`, in a step that is not of plain descent. */
export function moveWeights(weights: usize, g: usize, floats: i32): void {
  const from = parametersBefore(<u32>weights);
  moveSpan(from, from + floats, g, true);
}

/**
 * Prepares the coefficients of a step. It must be called once for each step, by one thread, when STEP_COST and the
 * counts of steps are those of this step.
 */
export function prepareStep(): void {
  store<f32>(HEADER, 1, CLIPPING);
  prepareRule(load<i32>(HEADER, OPTIMIZER));
}

/** True if a step depends on the length of the whole gradient. */
export function isLimited(): bool {
  return load<f64>(HEADER, CLIP_NORM) != 0;
}

/**
 * CLIPPING = the factor by which the length of the whole gradient becomes at most CLIP_NORM, as in PyTorch's
 * clip_grad_norm_. One thread calls it.
 */
export function limitGradient(): void {
  const g = <usize>load<u32>(HEADER, GRADIENTS);
  const length = Math.sqrt(dot(g, g, load<i32>(HEADER, PARAMETER_FLOATS)));
  store<f32>(HEADER, <f32>min(1, load<f64>(HEADER, CLIP_NORM) / (length + 1e-6)), CLIPPING);
}

/** Moves the parameters [from, to) along their GRADIENTS by the optimizer's rule. */
function updateSpan(from: i32, to: i32, isPenalized: bool): void {
  moveSpan(from, to, <usize>load<u32>(HEADER, GRADIENTS) + ((<usize>from) << 2), isPenalized);
}

/**
 * Moves the parameters [from, to) along their gradient at `gradient` by the optimizer's rule, with the penalties if
 * `isPenalized`. The gradient is multiplied by CLIPPING first.
 */
function moveSpan(from: i32, to: i32, gradient: usize, isPenalized: bool): void {
  const optimizer = load<i32>(HEADER, OPTIMIZER);
  const scale = load<f32>(HEADER, CLIPPING);
  const n = load<f64>(HEADER, TRAINING_SAMPLES);
  const clipValue = load<f64>(HEADER, CLIP_VALUE);
  const limit = clipValue == 0 ? <f32>Infinity : <f32>clipValue;
  const l1 = isPenalized ? <f32>(load<f64>(HEADER, L1) / n) : 0;
  const l2 = isPenalized ? <f32>(load<f64>(HEADER, L2) / n) : 0;
  const isPlain = scale == 1 && clipValue == 0 && l1 == 0 && l2 == 0;
  const decay = isPenalized ? <f32>(1 - load<f64>(HEADER, LEARNING_RATE) * weightDecay(optimizer)) : 1;
  const slotBytes = (<usize>load<u32>(HEADER, PARAMETER_FLOATS)) << 2;
  const parameters = <usize>load<u32>(HEADER, PARAMETERS);
  const state = <usize>load<u32>(HEADER, STATE);
  for (let i = from; i < to; i += BLOCK_FLOATS) {
    const floats = min(BLOCK_FLOATS, to - i);
    const at = (<usize>i) << 2;
    const w = parameters + at;
    const slot0 = state + at;
    const slot1 = slot0 + slotBytes;
    let g = gradient + ((<usize>(i - from)) << 2);
    // Weights that are moved only by the L2 term must end at 0 too. Steps of the other rules do not shrink with the
    // gradient.
    if (l2 != 0 && isDescent(optimizer)) scaleFloats(w, floats, 1);
    if (!isPlain || optimizer == LBFGS) {
      const target = optimizer == LBFGS ? slot0 : ownAddress(EFFECTIVE);
      addPenalties(target, g, w, floats, scale, limit, l1, l2);
      g = target;
    }
    if (decay != 1) scaleFloats(w, floats, decay);
    followRule(optimizer, w, g, slot0, slot1, floats);
  }
}

/** target [floats] = clip(scale g) + l2 w + l1 sign(w), where clip limits each number to [-limit, limit]. */
function addPenalties(target: usize, g: usize, w: usize, floats: i32, scale: f32, limit: f32, l1: f32, l2: f32): void {
  const s = f32x4.splat(scale);
  const low = f32x4.splat(-limit);
  const high = f32x4.splat(limit);
  const absolute = f32x4.splat(l1);
  const quadratic = f32x4.splat(l2);
  for (const end = g + ((<usize>floats) << 2); g < end; g += 16) {
    const clipped = f32x4.pmin(f32x4.pmax(f32x4.mul(v128.load(g), s), low), high);
    const parameter = v128.load(w);
    v128.store(target, f32x4.add(madd(clipped, quadratic, parameter), signed(absolute, parameter)));
    w += 16;
    target += 16;
  }
}

/**
 * If the weight vector of one of this thread's units is longer than MAX_NORM of the layer, scales it back to that
 * length (Srebro et al., 2005).
 */
function limitNorms(layer: usize): void {
  const limit = <f32>load<f64>(layer, MAX_NORM);
  if (limit == 0) return;
  // each vector of a panel row holds weights of four units
  const panelBytes = <usize>load<i32>(layer, FAN_IN) * PANEL_ROW_BYTES;
  const parameters = <usize>load<u32>(HEADER, PARAMETERS);
  const start = parameters + ((<usize>weightsBefore(layer, firstPanel(layer))) << 2);
  const end = parameters + ((<usize>weightsBefore(layer, endPanel(layer))) << 2);
  for (let panel = start; panel < end; panel += panelBytes) {
    for (let column: usize = 0; column < <usize>PANEL_ROW_BYTES; column += 16) {
      limitColumns(panel + column, panel + panelBytes, limit);
    }
  }
}

/**
 * If one of the four columns at `from` is longer than `limit`, scales it to that length. The last row of the columns
 * ends before `end`.
 */
function limitColumns(from: usize, end: usize, limit: f32): void {
  let sum = f32x4.splat(0);
  for (let p = from; p < end; p += PANEL_ROW_BYTES) {
    const w = v128.load(p);
    sum = madd(sum, w, w);
  }
  const most = f32x4.splat(limit);
  const length = f32x4.sqrt(sum);
  const isLonger = f32x4.gt(length, most);
  if (!v128.any_true(isLonger)) return;
  // a length that is not finite gives NaN, so that training ends here instead of continuing with weights of 0
  const shrink = f32x4.add(f32x4.div(most, length), f32x4.sub(length, length));
  const factor = v128.bitselect(shrink, f32x4.splat(1), isLonger);
  for (let p = from; p < end; p += PANEL_ROW_BYTES) v128.store(p, f32x4.mul(v128.load(p), factor));
}
