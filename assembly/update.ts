import {
  ADADELTA,
  ADADELTA_EPSILON,
  ADADELTA_RHO,
  ADAGRAD,
  ADAGRAD_EPSILON,
  ADAMW,
  ADAMW_WEIGHT_DECAY,
  ADAM_BETA1,
  ADAM_BETA2,
  ADAM_EPSILON,
  BIASES,
  BLOCK_FLOATS,
  CLIPPING,
  CLIP_NORM,
  CLIP_VALUE,
  COEFFICIENTS,
  EFFECTIVE,
  FAN_IN,
  GRADIENTS,
  HEADER,
  HYPER,
  IRPROP,
  IRPROP_ETA_MINUS,
  IRPROP_ETA_PLUS,
  IRPROP_STEP_MAX,
  IRPROP_STEP_MIN,
  L1,
  L2,
  LAYERS,
  LAYER_BYTES,
  LAYER_COUNT,
  LBFGS,
  LEARNING_RATE,
  LION,
  LION_BETA1,
  LION_BETA2,
  LION_WEIGHT_DECAY,
  MAX_NORM,
  MOMENTUM,
  MOMENTUM_MU,
  MOMENTUM_PRODUCT,
  NADAM,
  NADAM_WARMTH,
  NESTEROV,
  OPTIMIZER,
  OPTIMIZER_STEPS,
  PANEL_ROW_BYTES,
  PANEL_UNITS,
  PARAMETERS,
  PARAMETER_FLOATS,
  PENALIZE_BIASES,
  PREVIOUS_COST,
  RMSPROP,
  RMSPROP_ALPHA,
  RMSPROP_EPSILON,
  SGD,
  STATE,
  STEP_COST,
  STEP_COUNT,
  TRAINING_SAMPLES,
  UNITS,
  WEIGHTS,
  WEIGHT_FLOATS,
} from './abi';
import {
  addScaled,
  followAdadelta,
  followAdam,
  followLion,
  followMomentum,
  followNAdam,
  followScaled,
  followSign,
} from './rules';
import { ownAddress, panelShare } from './team';
import { madd } from './vec';
import { absoluteSum, dot, scaleFloats, signed } from './vector';

// What moves the parameters, as flat loops over them: weights first, then biases, a multiple of 16 floats each. Fill lanes hold 0
// and have gradient 0, and every rule leaves such a parameter at 0.
//
// A step is: the optimizer's coefficients, the norm of the gradient where it is limited, then block by block the gradient as the
// optimizer is to see it and its rule (rules.ts). Blocks are small: what is calculated of the gradient stays in the first-level cache,
// and the gradients themselves stay what they are.
//
//   optimizer            HYPER                                          slots of STATE
//   sgd                                                                 none
//   momentum, nesterov   momentum                                       m
//   adagrad              epsilon                                        v
//   rmsprop              alpha, epsilon                                 v
//   adadelta             rho, epsilon                                   v, u
//   adam, adamw, nadam   beta1, beta2, epsilon, weightDecay or 0.96^momentumDecay    m, v
//   lion                 beta1, beta2, weightDecay                      m
//   irprop               etaPlus, etaMinus, stepMin, stepMax            step, sign of the last gradient
//   lbfgs                                                               see src/training/lbfgs.ts; the core computes the first, the gradient

/** Whether a step may go straight into the weights: plain descent, no penalty but L2 on the weights, nothing that needs the whole gradient. */
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
 * What is so near to 1 that its distance in f32 would be wrong by more than 1 %: below half of that it would be none at all. Weights that a
 * step shrinks by less are shrunk for several at a time.
 */
const LEAST_DECAY: f64 = 1 / <f64>(1 << 18);

/**
 * w *= 1 - eta lambda / n for every weight of this thread, no bias: what the L2 term, lambda / n . w, makes of a plain step. `step`: its
 * number in the network's life.
 */
export function decayForDescent(step: u32): void {
  const lambda = load<f64>(HEADER, L2);
  if (lambda == 0) return;
  let decay = (load<f64>(HEADER, LEARNING_RATE) * lambda) / load<f64>(HEADER, TRAINING_SAMPLES);
  // a power of two: a rate that changes slowly keeps it for long
  let steps: u32 = 1;
  for (; Math.abs(decay) < LEAST_DECAY && steps < 1 << 30; steps <<= 1) decay *= 2;
  if (step & (steps - 1)) return;
  const factor = 1 - decay;
  for (let layer: usize = LAYERS, last = endOfLayers(); layer < last; layer += LAYER_BYTES) {
    const from = firstFloat(layer, 0, true);
    const floats = firstFloat(layer, 1, true) - from;
    scaleFloats(<usize>load<u32>(HEADER, PARAMETERS) + ((<usize>from) << 2), floats, <f32>factor);
  }
}

function endOfLayers(): usize {
  return <usize>LAYERS + <usize>load<i32>(HEADER, LAYER_COUNT) * LAYER_BYTES;
}

/**
 * Where this thread's share of a layer's weights or biases begins, or the one's `later` after it: floats from the first of all parameters.
 * It has the panels whose gradients it has computed.
 */
function firstFloat(layer: usize, later: i32, isWeights: bool): i32 {
  const panel = panelShare((load<i32>(layer, UNITS) + PANEL_UNITS - 1) / PANEL_UNITS, later);
  const address = load<u32>(layer + (isWeights ? WEIGHTS : BIASES));
  const panelFloats = isWeights ? load<i32>(layer, FAN_IN) * PANEL_UNITS : PANEL_UNITS;
  return <i32>((address - load<u32>(HEADER, PARAMETERS)) >> 2) + panel * panelFloats;
}

/** This thread's gradients = 0. */
export function clearShare(): void {
  for (let layer: usize = LAYERS, last = endOfLayers(); layer < last; layer += LAYER_BYTES) {
    clearFloats(firstFloat(layer, 0, true), firstFloat(layer, 1, true));
    clearFloats(firstFloat(layer, 0, false), firstFloat(layer, 1, false));
  }
}

function clearFloats(from: i32, to: i32): void {
  memory.fill(<usize>load<u32>(HEADER, GRADIENTS) + ((<usize>from) << 2), 0, (<usize>(to - from)) << 2);
}

/** lambda2 / (2n) sum of w^2 + lambda1 / n sum of |w|: what is minimised beside the mean cost. */
export function penalty(): f64 {
  const w = <usize>load<u32>(HEADER, PARAMETERS);
  const floats = load<i32>(HEADER + (load<u32>(HEADER, PENALIZE_BIASES) ? PARAMETER_FLOATS : WEIGHT_FLOATS));
  const l1 = load<f64>(HEADER, L1);
  const l2 = load<f64>(HEADER, L2);
  let sum: f64 = 0;
  if (l2 != 0) sum += 0.5 * l2 * dot(w, w, floats);
  if (l1 != 0) sum += l1 * absoluteSum(w, floats);
  return sum / load<f64>(HEADER, TRAINING_SAMPLES);
}

/**
 * One step of the optimizer on the mean gradients of this thread's panels. `prepareStep` has gone before, and where the gradient is
 * limited by its length, `limitGradient`, once all of it was there.
 */
export function updateParameters(): void {
  const optimizer = load<i32>(HEADER, OPTIMIZER);
  const isPlain = isPlainDescent();
  const isPenalized = load<u32>(HEADER, PENALIZE_BIASES) != 0;
  const scale = load<f32>(HEADER, CLIPPING);
  // the step has been counted
  if (isPlain) decayForDescent(load<u32>(HEADER, STEP_COUNT) - 1);
  for (let layer: usize = LAYERS, last = endOfLayers(); layer < last; layer += LAYER_BYTES) {
    updateSpan(optimizer, firstFloat(layer, 0, true), firstFloat(layer, 1, true), !isPlain, scale);
    updateSpan(optimizer, firstFloat(layer, 0, false), firstFloat(layer, 1, false), isPenalized, scale);
    if (optimizer != LBFGS) limitNorms(layer);
  }
}

/** What a step needs to know before its gradients: once a step, by one thread. */
export function prepareStep(): void {
  const optimizer = load<i32>(HEADER, OPTIMIZER);
  store<f32>(HEADER, 1, CLIPPING);
  if (optimizer != SGD) prepare(optimizer);
}

/** Whether a step depends on the length of the whole gradient. */
export function isLimited(): bool {
  return load<f64>(HEADER, CLIP_NORM) != 0;
}

/** What the whole gradient is multiplied with so that its length is at most CLIP_NORM: PyTorch's clip_grad_norm_. By one thread. */
export function limitGradient(): void {
  const g = <usize>load<u32>(HEADER, GRADIENTS);
  const length = Math.sqrt(dot(g, g, load<i32>(HEADER, PARAMETER_FLOATS)));
  store<f32>(HEADER, <f32>min(1, load<f64>(HEADER, CLIP_NORM) / (length + 1e-6)), CLIPPING);
}

/** One of the optimizer's own numbers, by its place in HYPER. */
function hyper(offset: i32): f64 {
  return load<f64>(HEADER + offset, HYPER);
}

function setCoefficient(index: i32, value: f64): void {
  store<f32>(HEADER + (index << 2), <f32>value, COEFFICIENTS);
}

/** x^n, the same bits everywhere. */
function power(x: f64, n: u32): f64 {
  let result: f64 = 1;
  for (; n; n >>= 1) {
    if (n & 1) result *= x;
    x *= x;
  }
  return result;
}

/** Puts the coefficients of this step's rule into the header; rules.ts says what they are. */
function prepare(optimizer: i32): void {
  const eta = load<f64>(HEADER, LEARNING_RATE);
  if (optimizer == MOMENTUM || optimizer == NESTEROV) {
    const isNesterov = optimizer == NESTEROV;
    const mu = hyper(MOMENTUM_MU);
    setCoefficient(0, mu);
    setCoefficient(1, isNesterov ? eta : 0);
    setCoefficient(2, isNesterov ? eta * mu : eta);
  } else if (optimizer == ADAGRAD) {
    setMeanOfSquares(1, 1, eta, hyper(ADAGRAD_EPSILON));
  } else if (optimizer == RMSPROP) {
    const alpha = hyper(RMSPROP_ALPHA);
    setMeanOfSquares(alpha, 1 - alpha, eta, hyper(RMSPROP_EPSILON));
  } else if (optimizer == ADADELTA) {
    const rho = hyper(ADADELTA_RHO);
    setMeanOfSquares(rho, 1 - rho, eta, hyper(ADADELTA_EPSILON));
  } else if (optimizer == LION) {
    setMeans(hyper(LION_BETA1), hyper(LION_BETA2), eta);
  } else if (optimizer == IRPROP) {
    setCoefficient(0, hyper(IRPROP_ETA_PLUS));
    setCoefficient(1, hyper(IRPROP_ETA_MINUS));
    setCoefficient(2, hyper(IRPROP_STEP_MIN));
    setCoefficient(3, hyper(IRPROP_STEP_MAX));
    setCoefficient(4, eta);
    const cost = load<f64>(HEADER, STEP_COST) + penalty();
    setCoefficient(5, cost > load<f64>(HEADER, PREVIOUS_COST) ? 1 : 0);
    store<f64>(HEADER, cost, PREVIOUS_COST);
  } else if (optimizer != LBFGS) {
    prepareAdam(optimizer, eta);
  }
}

/** The coefficients of a rule with a mean of squares: v = keep v + add g^2. */
function setMeanOfSquares(keep: f64, add: f64, eta: f64, epsilon: f64): void {
  setCoefficient(0, keep);
  setCoefficient(1, add);
  setCoefficient(2, eta);
  setCoefficient(3, epsilon);
}

/** The first coefficients of a rule with two moving means, which keep the shares beta1 and beta2. */
function setMeans(beta1: f64, beta2: f64, rate: f64): void {
  setCoefficient(0, beta1);
  setCoefficient(1, 1 - beta1);
  setCoefficient(2, beta2);
  setCoefficient(3, 1 - beta2);
  setCoefficient(4, rate);
}

function prepareAdam(optimizer: i32, eta: f64): void {
  const beta1 = hyper(ADAM_BETA1);
  const beta2 = hyper(ADAM_BETA2);
  const t = load<u32>(HEADER, OPTIMIZER_STEPS);
  const correction = Math.sqrt(1 - power(beta2, t));
  let rate = eta * correction;
  if (optimizer == NADAM) {
    // mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2) and the product of all so far
    const warmth = power(hyper(NADAM_WARMTH), t);
    const mu = beta1 * (1 - 0.5 * warmth);
    const next = beta1 * (1 - 0.5 * warmth * hyper(NADAM_WARMTH));
    const product = (t == 1 ? 1 : load<f64>(HEADER, MOMENTUM_PRODUCT)) * mu;
    store<f64>(HEADER, product, MOMENTUM_PRODUCT);
    setCoefficient(6, (1 - mu) / (1 - product));
    setCoefficient(7, next / (1 - product * next));
  } else {
    rate /= 1 - power(beta1, t);
  }
  setMeans(beta1, beta2, rate);
  setCoefficient(5, hyper(ADAM_EPSILON) * correction);
}

/** The optimizer's rule on the parameters [from, to), with the penalties if `isPenalized`. */
function updateSpan(optimizer: i32, from: i32, to: i32, isPenalized: bool, scale: f32): void {
  const n = load<f64>(HEADER, TRAINING_SAMPLES);
  const clipValue = load<f64>(HEADER, CLIP_VALUE);
  const limit = clipValue == 0 ? <f32>Infinity : <f32>clipValue;
  const l1 = isPenalized ? <f32>(load<f64>(HEADER, L1) / n) : 0;
  const l2 = isPenalized ? <f32>(load<f64>(HEADER, L2) / n) : 0;
  const isPlain = scale == 1 && clipValue == 0 && l1 == 0 && l2 == 0;
  let decay: f32 = 1;
  if (isPenalized && (optimizer == ADAMW || optimizer == LION)) {
    decay = <f32>(
      (1 - load<f64>(HEADER, LEARNING_RATE) * hyper(optimizer == LION ? LION_WEIGHT_DECAY : ADAMW_WEIGHT_DECAY))
    );
  }
  const slotBytes = (<usize>load<u32>(HEADER, PARAMETER_FLOATS)) << 2;
  const parameters = <usize>load<u32>(HEADER, PARAMETERS);
  const gradients = <usize>load<u32>(HEADER, GRADIENTS);
  const state = <usize>load<u32>(HEADER, STATE);
  for (let i = from; i < to; i += BLOCK_FLOATS) {
    const floats = min(BLOCK_FLOATS, to - i);
    const at = (<usize>i) << 2;
    const w = parameters + at;
    const slot0 = state + at;
    const slot1 = slot0 + slotBytes;
    let g = gradients + at;
    // what the L2 term alone moves is to end at 0 too; the other rules' steps do not shrink with it
    if (l2 != 0 && optimizer <= NESTEROV) scaleFloats(w, floats, 1);
    if (!isPlain || optimizer == LBFGS) {
      const target = optimizer == LBFGS ? slot0 : ownAddress(EFFECTIVE);
      addPenalties(target, g, w, floats, scale, limit, l1, l2);
      g = target;
    }
    if (decay != 1) scaleFloats(w, floats, decay);
    if (optimizer == SGD) addScaled(w, g, floats, <f32>-load<f64>(HEADER, LEARNING_RATE));
    else if (optimizer <= NESTEROV) followMomentum(w, g, slot0, floats);
    else if (optimizer == ADADELTA) followAdadelta(w, g, slot0, slot1, floats);
    else if (optimizer <= RMSPROP) followScaled(w, g, slot0, floats);
    else if (optimizer <= ADAMW) followAdam(w, g, slot0, slot1, floats);
    else if (optimizer == NADAM) followNAdam(w, g, slot0, slot1, floats);
    else if (optimizer == LION) followLion(w, g, slot0, floats);
    else if (optimizer == IRPROP) followSign(w, g, slot0, slot1, floats);
  }
}

/** target = clip(scale g) + l2 w + l1 sign(w), where clip holds each number to [-limit, limit]. */
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

/** Each of this thread's units' weights scaled back to the length MAX_NORM of the layer, where they are longer (Srebro et al., 2005). */
function limitNorms(layer: usize): void {
  const limit = <f32>load<f64>(layer, MAX_NORM);
  if (limit == 0) return;
  // every vector of a panel row holds the weights of four units
  const panelBytes = <usize>load<i32>(layer, FAN_IN) * PANEL_ROW_BYTES;
  const parameters = <usize>load<u32>(HEADER, PARAMETERS);
  const end = parameters + ((<usize>firstFloat(layer, 1, true)) << 2);
  for (let panel = parameters + ((<usize>firstFloat(layer, 0, true)) << 2); panel < end; panel += panelBytes) {
    for (let column: usize = 0; column < <usize>PANEL_ROW_BYTES; column += 16) {
      limitColumns(panel + column, panel + panelBytes, limit);
    }
  }
}

/** Four columns of a panel, of which each is scaled to the length `limit` if it is longer. */
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
  // NaN of a length that is not finite: the training is to end there, not to go on with weights of 0
  const shrink = f32x4.add(f32x4.div(most, length), f32x4.sub(length, length));
  const factor = v128.bitselect(shrink, f32x4.splat(1), isLonger);
  for (let p = from; p < end; p += PANEL_ROW_BYTES) v128.store(p, f32x4.mul(v128.load(p), factor));
}
