import {
  ADADELTA,
  ADADELTA_EPSILON,
  ADADELTA_RHO,
  ADAGRAD,
  ADAGRAD_EPSILON,
  ADAM,
  ADAMW,
  ADAMW_WEIGHT_DECAY,
  ADAM_BETA1,
  ADAM_BETA2,
  ADAM_EPSILON,
  COEFFICIENTS,
  HEADER,
  HYPER,
  IRPROP,
  IRPROP_ETA_MINUS,
  IRPROP_ETA_PLUS,
  IRPROP_STEP_MAX,
  IRPROP_STEP_MIN,
  LEARNING_RATE,
  LION,
  LION_BETA1,
  LION_BETA2,
  LION_WEIGHT_DECAY,
  MOMENTUM,
  MOMENTUM_MU,
  MOMENTUM_PRODUCT,
  NADAM,
  NADAM_WARMTH,
  NESTEROV,
  OPTIMIZER_STEPS,
  PREVIOUS_COST,
  RMSPROP,
  RMSPROP_ALPHA,
  RMSPROP_EPSILON,
  SGD,
  STEP_COST,
} from './abi';
import { penalty } from './cost';
import { addScaled, flushed, signed, TINY } from './float-arrays';
import { madd } from './simd';

// The optimizers: what each prepares once for each step, and the rule by which it moves parameters w along their
// gradient g. A rule is a kernel for `floats` parameters, a multiple of four, and the optimizer's slots for them.
// update.ts calls it block by block. c0 to c7 below are the COEFFICIENTS that prepareRule has put into the header for
// the step.
//
//   optimizer   its numbers in HYPER (abi.ts)                      slots of STATE
//   sgd                                                            none
//   momentum    mu                                                 m
//   nesterov    mu                                                 m
//   adagrad     epsilon                                            v
//   rmsprop     alpha, epsilon                                     v
//   adadelta    rho, epsilon                                       v, u
//   adam        beta1, beta2, epsilon                              m, v
//   adamw       beta1, beta2, epsilon, weightDecay                 m, v
//   nadam       beta1, beta2, epsilon, 0.96^momentumDecay          m, v
//   lion        beta1, beta2, weightDecay                          m
//   irprop      etaPlus, etaMinus, stepMin, stepMax                step, sign of the last gradient
//   lbfgs       history, tolerance                                 the gradient, and those of src/training/lbfgs.ts
//
// A moment without new gradients shrinks by a constant factor in each step, and would end as a subnormal number, with
// which processors compute many times more slowly. WebAssembly cannot flush such numbers to 0, so the rules replace
// moments below TINY by 0, and scaleFloats does so for weights that decay. The root of TINY, 1e-15, is far below the
// least epsilon, 1e-12. It is also below the least epsilon in Adam's first step, which is multiplied by the root of 1 -
// beta2, unless 1 - beta2 is less than 1e-6.
//
// Constants are read from memory, because inside a loop V8 builds a splatted constant again at each use, through a
// general register. docs/kernels.md says what this and the flushing gain.

/** True for optimizers whose step is a factor times a sum of gradients, so that it shrinks with the gradient. */
export function isDescent(optimizer: i32): bool {
  return optimizer == SGD || optimizer == MOMENTUM || optimizer == NESTEROV;
}

/** The weight decay of an optimizer that shrinks w by 1 - eta weightDecay before each step; 0 for all others. */
export function weightDecay(optimizer: i32): f64 {
  if (optimizer == ADAMW) return hyper(ADAMW_WEIGHT_DECAY);
  if (optimizer == LION) return hyper(LION_WEIGHT_DECAY);
  return 0;
}

/** Moves w [floats] by the optimizer's rule for the gradient g. The parameters of L-BFGS are moved by src/. */
export function followRule(optimizer: i32, w: usize, g: usize, slot0: usize, slot1: usize, floats: i32): void {
  if (optimizer == SGD) addScaled(w, g, floats, <f32>-load<f64>(HEADER, LEARNING_RATE));
  else if (optimizer == MOMENTUM || optimizer == NESTEROV) followMomentum(w, g, slot0, floats);
  else if (optimizer == ADAGRAD || optimizer == RMSPROP) followScaled(w, g, slot0, floats);
  else if (optimizer == ADADELTA) followAdadelta(w, g, slot0, slot1, floats);
  else if (optimizer == ADAM || optimizer == ADAMW) followAdam(w, g, slot0, slot1, floats);
  else if (optimizer == NADAM) followNAdam(w, g, slot0, slot1, floats);
  else if (optimizer == LION) followLion(w, g, slot0, floats);
  else if (optimizer == IRPROP) followSign(w, g, slot0, slot1, floats);
}

/** Puts the coefficients of this step into the header. For iRPROP+, STEP_COST must be the cost of this step. */
export function prepareRule(optimizer: i32): void {
  const eta = load<f64>(HEADER, LEARNING_RATE);
  if (optimizer == MOMENTUM || optimizer == NESTEROV) {
    const isNesterov = optimizer == NESTEROV;
    const mu = hyper(MOMENTUM_MU);
    setCoefficient(0, mu);
    setCoefficient(1, isNesterov ? eta : 0);
    setCoefficient(2, isNesterov ? eta * mu : eta);
  } else if (optimizer == ADAGRAD) {
    prepareScaled(1, 1, eta, hyper(ADAGRAD_EPSILON));
  } else if (optimizer == RMSPROP) {
    const alpha = hyper(RMSPROP_ALPHA);
    prepareScaled(alpha, 1 - alpha, eta, hyper(RMSPROP_EPSILON));
  } else if (optimizer == ADADELTA) {
    const rho = hyper(ADADELTA_RHO);
    prepareScaled(rho, 1 - rho, eta, hyper(ADADELTA_EPSILON));
  } else if (optimizer == ADAM || optimizer == ADAMW || optimizer == NADAM) {
    prepareAdam(optimizer, eta);
  } else if (optimizer == LION) {
    prepareMeans(hyper(LION_BETA1), hyper(LION_BETA2), eta);
  } else if (optimizer == IRPROP) {
    prepareSign(eta);
  }
}

/** One of the optimizer's own numbers, by its offset in HYPER. */
function hyper(place: i32): f64 {
  return load<f64>(HEADER + place, HYPER);
}

function setCoefficient(index: i32, value: f64): void {
  store<f32>(HEADER + (index << 2), <f32>value, COEFFICIENTS);
}

/** The coefficients of the rules that keep a mean or sum of squares: Adagrad, RMSprop and Adadelta. */
function prepareScaled(keep: f64, add: f64, eta: f64, epsilon: f64): void {
  setCoefficient(0, keep);
  setCoefficient(1, add);
  setCoefficient(2, eta);
  setCoefficient(3, epsilon);
}

/** The first five coefficients of the rules with beta1 and beta2: Adam, AdamW, NAdam and Lion. */
function prepareMeans(beta1: f64, beta2: f64, rate: f64): void {
  setCoefficient(0, beta1);
  setCoefficient(1, 1 - beta1);
  setCoefficient(2, beta2);
  setCoefficient(3, 1 - beta2);
  setCoefficient(4, rate);
}

/** The coefficients of Adam, AdamW and NAdam, with the corrections of both means. */
function prepareAdam(optimizer: i32, eta: f64): void {
  const beta1 = hyper(ADAM_BETA1);
  const beta2 = hyper(ADAM_BETA2);
  const t = load<u32>(HEADER, OPTIMIZER_STEPS);
  const correction = Math.sqrt(1 - power(beta2, t));
  let rate = eta * correction;
  if (optimizer == NADAM) {
    // mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2) and the product of all mu so far
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
  prepareMeans(beta1, beta2, rate);
  setCoefficient(5, hyper(ADAM_EPSILON) * correction);
}

/** The coefficients of iRPROP+. Stores the step's cost with the penalties for the next step. */
function prepareSign(eta: f64): void {
  setCoefficient(0, hyper(IRPROP_ETA_PLUS));
  setCoefficient(1, hyper(IRPROP_ETA_MINUS));
  setCoefficient(2, hyper(IRPROP_STEP_MIN));
  setCoefficient(3, hyper(IRPROP_STEP_MAX));
  setCoefficient(4, eta);
  const cost = load<f64>(HEADER, STEP_COST) + penalty();
  setCoefficient(5, cost > load<f64>(HEADER, PREVIOUS_COST) ? 1 : 0);
  store<f64>(HEADER, cost, PREVIOUS_COST);
}

/** x^n, with the same bits everywhere. */
function power(x: f64, n: u32): f64 {
  let result: f64 = 1;
  for (; n; n >>= 1) {
    if (n & 1) result *= x;
    x *= x;
  }
  return result;
}

const ONE = memory.data<f32>([1]);

/** c0 to c7, by their index. */
function coefficient(index: i32): v128 {
  return v128.load32_splat(HEADER + (index << 2), COEFFICIENTS);
}

/** v, or 0 if it is below `tiny`. NaN stays NaN. v is a sum or mean of squares, so it is never negative. */
function flushedSquare(v: v128, tiny: v128): v128 {
  return v128.andnot(v, f32x4.lt(v, tiny));
}

/** The mean keep m + add g. */
function movedMean(m: v128, g: v128, keep: v128, add: v128, tiny: v128): v128 {
  return flushed(madd(f32x4.mul(keep, m), add, g), tiny);
}

/** Replaces m by the mean keep m + add g, and returns it. */
function moveMean(m: usize, g: v128, keep: v128, add: v128, tiny: v128): v128 {
  const mean = movedMean(v128.load(m), g, keep, add, tiny);
  v128.store(m, mean);
  return mean;
}

/** The mean keep v + add g^2. */
function movedSquare(v: v128, g: v128, keep: v128, add: v128, tiny: v128): v128 {
  return flushedSquare(madd(f32x4.mul(keep, v), f32x4.mul(add, g), g), tiny);
}

/** Replaces v by the mean keep v + add g^2, and returns it. */
function moveSquare(v: usize, g: v128, keep: v128, add: v128, tiny: v128): v128 {
  const square = movedSquare(v128.load(v), g, keep, add, tiny);
  v128.store(v, square);
  return square;
}

/**
 * m = c0 m + g; w -= c1 g + c2 m.
 * Momentum (Polyak, 1964): c0 = mu, c1 = 0, c2 = eta. Nesterov's momentum in the form of Sutskever et al. (2013), as in
 * PyTorch: c0 = mu, c1 = eta, c2 = eta mu.
 */
function followMomentum(w: usize, g: usize, m: usize, floats: i32): void {
  const mu = coefficient(0);
  const ofGradient = coefficient(1);
  const ofMoment = coefficient(2);
  const tiny = v128.load32_splat(TINY);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    const gradient = v128.load(g);
    const moment = flushed(madd(gradient, mu, v128.load(m)), tiny);
    v128.store(m, moment);
    v128.store(w, f32x4.sub(v128.load(w), madd(f32x4.mul(ofGradient, gradient), ofMoment, moment)));
    g += 16;
    m += 16;
  }
}

/**
 * v = c0 v + c1 g^2; w -= c2 g / (sqrt v + c3).
 * Adagrad (Duchi et al., 2011): c0 = c1 = 1, c2 = eta, c3 = epsilon. RMSprop (Tieleman and Hinton, 2012): c0 = alpha,
 * c1 = 1 - alpha, c2 = eta, c3 = epsilon.
 */
function followScaled(w: usize, g: usize, v: usize, floats: i32): void {
  const keep = coefficient(0);
  const add = coefficient(1);
  const eta = coefficient(2);
  const epsilon = coefficient(3);
  const tiny = v128.load32_splat(TINY);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    const gradient = v128.load(g);
    const square = moveSquare(v, gradient, keep, add, tiny);
    const step = f32x4.div(f32x4.mul(eta, gradient), f32x4.add(f32x4.sqrt(square), epsilon));
    v128.store(w, f32x4.sub(v128.load(w), step));
    g += 16;
    v += 16;
  }
}

/**
 * v = c0 v + c1 g^2; d = sqrt((u + c3) / (v + c3)) g; u = c0 u + c1 d^2; w -= c2 d.
 * Adadelta (Zeiler, 2012): c0 = rho, c1 = 1 - rho, c2 = eta, c3 = epsilon.
 */
function followAdadelta(w: usize, g: usize, v: usize, u: usize, floats: i32): void {
  const keep = coefficient(0);
  const add = coefficient(1);
  const eta = coefficient(2);
  const epsilon = coefficient(3);
  const tiny = v128.load32_splat(TINY);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    const gradient = v128.load(g);
    const square = moveSquare(v, gradient, keep, add, tiny);
    const moved = v128.load(u);
    const ratio = f32x4.div(f32x4.add(moved, epsilon), f32x4.add(square, epsilon));
    const d = f32x4.mul(f32x4.sqrt(ratio), gradient);
    v128.store(u, flushedSquare(madd(f32x4.mul(keep, moved), f32x4.mul(add, d), d), tiny));
    v128.store(w, f32x4.sub(v128.load(w), f32x4.mul(eta, d)));
    g += 16;
    v += 16;
    u += 16;
  }
}

/**
 * m = c0 m + c1 g; v = c2 v + c3 g^2; w -= c4 m / (sqrt v + c5).
 * Adam (Kingma and Ba, 2015): c0 = beta1, c1 = 1 - beta1, c2 = beta2, c3 = 1 - beta2, in the faster form at the end of
 * their section 2: c4, made of eta, and c5, made of epsilon, have the corrections of both means. For AdamW (Loshchilov
 * and Hutter, 2019) w has been shrunk before.
 *
 * `floats` is a multiple of eight. Two neighbouring vectors are loaded before either is stored, so that wide mode can
 * combine them.
 */
function followAdam(w: usize, g: usize, m: usize, v: usize, floats: i32): void {
  const keepMean = coefficient(0);
  const addMean = coefficient(1);
  const keepSquare = coefficient(2);
  const addSquare = coefficient(3);
  const rate = coefficient(4);
  const epsilon = coefficient(5);
  const tiny = v128.load32_splat(TINY);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 32) {
    const g0 = v128.load(g);
    const g1 = v128.load(g, 16);
    const m0 = movedMean(v128.load(m), g0, keepMean, addMean, tiny);
    const m1 = movedMean(v128.load(m, 16), g1, keepMean, addMean, tiny);
    const v0 = movedSquare(v128.load(v), g0, keepSquare, addSquare, tiny);
    const v1 = movedSquare(v128.load(v, 16), g1, keepSquare, addSquare, tiny);
    const ratio0 = f32x4.div(m0, f32x4.add(f32x4.sqrt(v0), epsilon));
    const ratio1 = f32x4.div(m1, f32x4.add(f32x4.sqrt(v1), epsilon));
    const w0 = f32x4.sub(v128.load(w), f32x4.mul(rate, ratio0));
    const w1 = f32x4.sub(v128.load(w, 16), f32x4.mul(rate, ratio1));
    v128.store(m, m0);
    v128.store(m, m1, 16);
    v128.store(v, v0);
    v128.store(v, v1, 16);
    v128.store(w, w0);
    v128.store(w, w1, 16);
    g += 32;
    m += 32;
    v += 32;
  }
}

/**
 * m = c0 m + c1 g; v = c2 v + c3 g^2; w -= c4 (c6 g + c7 m) / (sqrt v + c5).
 * NAdam (Dozat, 2016). It has a loop of its own because one loop for both slows Adam down: see docs/kernels.md.
 */
function followNAdam(w: usize, g: usize, m: usize, v: usize, floats: i32): void {
  const keepMean = coefficient(0);
  const addMean = coefficient(1);
  const keepSquare = coefficient(2);
  const addSquare = coefficient(3);
  const rate = coefficient(4);
  const epsilon = coefficient(5);
  const ofGradient = coefficient(6);
  const ofMean = coefficient(7);
  const tiny = v128.load32_splat(TINY);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    const gradient = v128.load(g);
    const mean = moveMean(m, gradient, keepMean, addMean, tiny);
    const size = f32x4.add(f32x4.sqrt(moveSquare(v, gradient, keepSquare, addSquare, tiny)), epsilon);
    const ahead = madd(f32x4.mul(ofGradient, gradient), ofMean, mean);
    v128.store(w, f32x4.sub(v128.load(w), f32x4.mul(rate, f32x4.div(ahead, size))));
    g += 16;
    m += 16;
    v += 16;
  }
}

/**
 * w -= c4 sign(c0 m + c1 g); m = c2 m + c3 g.
 * Lion (Chen et al., 2023): c0 = beta1, c1 = 1 - beta1, c2 = beta2, c3 = 1 - beta2, c4 = eta. w has been shrunk before.
 */
function followLion(w: usize, g: usize, m: usize, floats: i32): void {
  const keepHere = coefficient(0);
  const addHere = coefficient(1);
  const keep = coefficient(2);
  const add = coefficient(3);
  const eta = coefficient(4);
  const tiny = v128.load32_splat(TINY);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    const gradient = v128.load(g);
    const step = signed(eta, madd(f32x4.mul(keepHere, v128.load(m)), addHere, gradient));
    v128.store(w, f32x4.sub(v128.load(w), step));
    moveMean(m, gradient, keep, add, tiny);
    g += 16;
    m += 16;
  }
}

/**
 * iRPROP+ (Igel and Huesken, 2003): every parameter has a step of its own, and its gradient gives only the direction.
 * c0 = etaPlus, c1 = etaMinus, c2 = stepMin, c3 = stepMax, c4 = eta, c5 = 1 if the cost has grown, else 0.
 *
 * Where the sign of the gradient stays, the step becomes c0 times as long, c3 at most. Where the sign has changed, the
 * step becomes c1 times as long, c2 at least, the last move is undone if c5 is 1, and the next step starts as if
 * there had been none. A step of 0 stands for the first one, c4. `previous` holds the sign of the last gradient, from
 * which the last move follows: - sign . step.
 */
function followSign(w: usize, g: usize, step: usize, previous: usize, floats: i32): void {
  const grow = coefficient(0);
  const shrink = coefficient(1);
  const shortest = coefficient(2);
  const longest = coefficient(3);
  const first = coefficient(4);
  const takeBack = coefficient(5);
  const zero = f32x4.splat(0);
  const one = v128.load32_splat(ONE);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    const direction = signed(one, v128.load(g));
    const last = v128.load(previous);
    const stored = v128.load(step);
    const old = v128.bitselect(first, stored, f32x4.eq(stored, zero));
    const agreement = f32x4.mul(direction, last);
    const isReversed = f32x4.lt(agreement, zero);
    const longer = f32x4.pmin(f32x4.mul(old, grow), longest);
    const shorter = f32x4.pmax(f32x4.mul(old, shrink), shortest);
    const length = v128.bitselect(longer, v128.bitselect(shorter, old, isReversed), f32x4.gt(agreement, zero));
    v128.store(step, length);
    v128.store(previous, v128.andnot(direction, isReversed));
    const back = f32x4.mul(f32x4.mul(last, old), takeBack);
    const on = f32x4.neg(f32x4.mul(direction, length));
    v128.store(w, f32x4.add(v128.load(w), v128.bitselect(back, on, isReversed)));
    g += 16;
    step += 16;
    previous += 16;
  }
}
