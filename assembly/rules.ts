import { COEFFICIENTS, HEADER } from './abi';
import { flushed, signed, TINY } from './vector';
import { madd } from './vec';

// The rules by which parameters w move along their gradient g: one kernel a family, over `floats` of them (a multiple of four), with
// the optimizer's slots beside. update.ts calls them block by block and has put their coefficients into the header; c0 to c7 below
// are those.
//
// A moment that is no longer fed shrinks by a constant factor a step and would end as a subnormal number, with which processors
// calculate many times slower; WebAssembly cannot flush them to 0, so the rules do, from TINY down, as scaleFloats does with weights that
// decay. Steps of 1M parameters on moments of 1e-39 without this: Adam 83 ms, not 0.8; momentum 24, not 0.3; RMSprop 42, not 0.5 (Intel
// Xeon, Node 20.20, November 2026). The root of TINY, 1e-15, is far below the least epsilon, 1e-12, and below what
// Adam's first step makes of that, times the root of 1 - beta2, unless beta2 comes within 1e-6 of 1.
//
// Constants are read from memory: V8 builds a splatted one anew at each use inside a loop, through a general register. Steps of 1M
// parameters from the cache are 1.27x as fast (Adadelta), 1.17x (Lion), 1.12x (Adam), 1.05x (RMSprop) with TINY read once and no
// absolute value of what is never negative; in Node 24 1.24x, 1.45x, 1.21x, 1.02x, and momentum with L2 1.35x (AMD EPYC, Node 20.20.2
// and 24.21.0, 2026-11-26).
//
// A root and a division for four parameters keep that processor's divider busy for 2.7 ns, in a loop of nothing else; RMSprop and Adagrad
// take 2.7 in all. A plain copy of their bytes takes 1.6: from a cache they cannot come to more than 0.6 of it.

const ONE = memory.data<f32>([1]);

function coefficient(index: i32): v128 {
  return v128.load32_splat(HEADER + (index << 2), COEFFICIENTS);
}

/** v, a sum or mean of squares, which is never negative, or 0 where it is nearly that. NaN stays. */
function flushedSquare(v: v128, tiny: v128): v128 {
  return v128.andnot(v, f32x4.lt(v, tiny));
}

/** The mean keep m + add g, which takes the place of m. */
function moveMean(m: usize, g: v128, keep: v128, add: v128, tiny: v128): v128 {
  const mean = flushed(madd(f32x4.mul(keep, v128.load(m)), add, g), tiny);
  v128.store(m, mean);
  return mean;
}

/** The mean keep v + add g^2, which takes the place of v. */
function moveSquare(v: usize, g: v128, keep: v128, add: v128, tiny: v128): v128 {
  const square = flushedSquare(madd(f32x4.mul(keep, v128.load(v)), f32x4.mul(add, g), g), tiny);
  v128.store(v, square);
  return square;
}

/** w += scale g: plain descent with scale = -eta. */
export function addScaled(w: usize, g: usize, floats: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    v128.store(w, madd(v128.load(w), s, v128.load(g)));
    g += 16;
  }
}

/**
 * m = c0 m + g; w -= c1 g + c2 m.
 * Momentum (Polyak, 1964): c0 = mu, c1 = 0, c2 = eta. Nesterov's in the form of Sutskever et al. (2013), as in PyTorch: c1 = eta,
 * c2 = eta mu.
 */
export function followMomentum(w: usize, g: usize, m: usize, floats: i32): void {
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
 * Adagrad (Duchi et al., 2011): c0 = c1 = 1. RMSprop (Tieleman and Hinton, 2012): c0 = alpha, c1 = 1 - alpha. c2 = eta, c3 = epsilon.
 */
export function followScaled(w: usize, g: usize, v: usize, floats: i32): void {
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
export function followAdadelta(w: usize, g: usize, v: usize, u: usize, floats: i32): void {
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
 * Adam (Kingma and Ba, 2015) in the form that the end of its section 2 gives: the corrections of both means are in c4 and c5, which
 * takes 0.87 of the time. AdamW (Loshchilov and Hutter, 2019) has shrunk w before.
 */
export function followAdam(w: usize, g: usize, m: usize, v: usize, floats: i32): void {
  const keepMean = coefficient(0);
  const addMean = coefficient(1);
  const keepSquare = coefficient(2);
  const addSquare = coefficient(3);
  const rate = coefficient(4);
  const epsilon = coefficient(5);
  const tiny = v128.load32_splat(TINY);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    const gradient = v128.load(g);
    const mean = moveMean(m, gradient, keepMean, addMean, tiny);
    const size = f32x4.add(f32x4.sqrt(moveSquare(v, gradient, keepSquare, addSquare, tiny)), epsilon);
    v128.store(w, f32x4.sub(v128.load(w), f32x4.mul(rate, f32x4.div(mean, size))));
    g += 16;
    m += 16;
    v += 16;
  }
}

/** The same, but w -= c4 (c6 g + c7 m) / (sqrt v + c5): NAdam (Dozat, 2016). In one loop for both Adam took 1.09 times as long. */
export function followNAdam(w: usize, g: usize, m: usize, v: usize, floats: i32): void {
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
 * Lion (Chen et al., 2023): c0 = beta1, c1 = 1 - beta1, c2 = beta2, c3 = 1 - beta2, c4 = eta. It has shrunk w before.
 */
export function followLion(w: usize, g: usize, m: usize, floats: i32): void {
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
 * A step of its own for each parameter, whose gradient only gives the sign: c0 times as long (c3 at most) where the sign stays, c1
 * times (c2 at least) where it has changed; there the last move is taken back if the cost has grown (c5 = 1), and the next step starts
 * as if there had been none. A step of 0 stands for the first, c4.
 * iRPROP+ (Igel and Huesken, 2003): c0 = etaPlus, c1 = etaMinus, c2 = stepMin, c3 = stepMax, c4 = eta. `previous` holds the last
 * gradient's sign, of which the last move follows: - sign . step.
 */
export function followSign(w: usize, g: usize, step: usize, previous: usize, floats: i32): void {
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
    const turned = f32x4.lt(agreement, zero);
    const longer = f32x4.pmin(f32x4.mul(old, grow), longest);
    const shorter = f32x4.pmax(f32x4.mul(old, shrink), shortest);
    const length = v128.bitselect(longer, v128.bitselect(shorter, old, turned), f32x4.gt(agreement, zero));
    v128.store(step, length);
    v128.store(previous, v128.andnot(direction, turned));
    const back = f32x4.mul(f32x4.mul(last, old), takeBack);
    const on = f32x4.neg(f32x4.mul(direction, length));
    v128.store(w, f32x4.add(v128.load(w), v128.bitselect(back, on, turned)));
    g += 16;
    step += 16;
    previous += 16;
  }
}
