/**
 * L-BFGS in plain double precision, for any function of a vector, written from the papers that src/training/lbfgs.ts
 * names. The steps and passes of the core are compared with it. It has its own copies of all constants.
 */

/** The value and the gradient at w. */
export type Objective = (w: Float64Array) => { value: number; gradient: Float64Array };

export interface LbfgsOptions {
  learningRate?: number;
  history?: number;
  tolerance?: number;
  epochs: number;
}

/** The result of an epoch: the weights that it reached, and its number of passes. */
export interface LbfgsEpoch {
  w: Float64Array;
  value: number;
  gradientLength: number;
  passes: number;
  stopped: 'converged' | 'stalled' | undefined;
}

interface Trial {
  t: number;
  value: number;
  slope: number;
  w: Float64Array;
  gradient: Float64Array;
}

const dot = (u: Float64Array, v: Float64Array) => u.reduce((sum, x, i) => sum + x * v[i], 0);
const lengthOf = (u: Float64Array) => Math.sqrt(dot(u, u));
const along = (u: Float64Array, t: number, v: Float64Array) => u.map((x, i) => x + t * v[i]);

/** The direction from the gradient g and the pairs, oldest first (Nocedal and Wright, algorithm 7.4). */
function directionOf(g: Float64Array, pairs: readonly [s: Float64Array, y: Float64Array][]): Float64Array {
  let q = g.slice();
  const alphas = new Map<number, number>();
  for (let i = pairs.length - 1; i >= 0; i--) {
    const [s, y] = pairs[i];
    const alpha = dot(s, q) / dot(s, y);
    alphas.set(i, alpha);
    q = along(q, -alpha, y);
  }
  const newest = pairs.at(-1);
  const scale = newest ? dot(newest[0], newest[1]) / dot(newest[1], newest[1]) : Math.min(1, 1 / lengthOf(g));
  q = q.map((x) => x * scale);
  pairs.forEach(([s, y], i) => {
    q = along(q, (alphas.get(i) as number) - dot(y, q) / dot(s, y), s);
  });
  return q.map((x) => -x);
}

/**
 * The place of the minimum of the cubic with these values and slopes at both ends, limited to the inner four fifths.
 */
function inside(low: Trial, high: Trial): number {
  const width = high.t - low.t;
  if (high.value === Number.POSITIVE_INFINITY) {
    if (low.t > 0) return Math.sqrt(low.t * high.t);
    return high.t > 2 ? Math.sqrt(high.t) : high.t / 2;
  }
  // the cubic is c1 u + c2 u^2 + c3 u^3, with u from 0 at low to 1 at high
  const rise = high.value - low.value;
  const c1 = low.slope * width;
  const c2 = 3 * rise - 2 * c1 - high.slope * width;
  const c3 = c1 + high.slope * width - 2 * rise;
  const root = Math.sqrt(c2 * c2 - 3 * c1 * c3);
  // the root of the derivative at which the second derivative is positive
  const u = Math.abs(c3) < 1e-300 ? -c1 / (2 * c2) : (root - c2) / (3 * c3);
  return Number.isNaN(u) ? low.t + width / 2 : low.t + width * Math.min(Math.max(u, 0.1), 0.9);
}

export function lbfgsReference(objective: Objective, start: Float64Array, options: LbfgsOptions): LbfgsEpoch[] {
  const { learningRate = 1, history = 10, tolerance = 1e-7, epochs } = options;
  let passes = 0;
  const at = (w: Float64Array, t: number, direction?: Float64Array): Trial => {
    passes++;
    const { value, gradient } = objective(w);
    const isUsable = Number.isFinite(lengthOf(gradient)) && Number.isFinite(value);
    return {
      t,
      w,
      gradient,
      value: isUsable ? value : Number.POSITIVE_INFINITY,
      slope: direction ? dot(gradient, direction) : 0,
    };
  };
  const search = (from: Trial, direction: Float64Array, first: number): Trial | undefined => {
    const begin = { ...from, t: 0, slope: dot(from.gradient, direction) };
    if (!(begin.slope < 0)) return undefined;
    const noise = 2 ** -22 * Math.abs(begin.value);
    let low = begin;
    let high: Trial | undefined;
    let t = first;
    for (let trial = 1; trial <= 30; trial++) {
      const now = at(along(begin.w, t, direction), t, direction);
      for (const end of [low, high]) {
        if (end && Number.isFinite(now.value) && end.value === now.value && end.slope === now.slope) return undefined;
      }
      const isLower =
        now.value <= begin.value + 1e-4 * t * begin.slope ||
        (now.value <= begin.value + noise && now.slope <= (2e-4 - 1) * begin.slope);
      if (isLower && now.slope >= 0.9 * begin.slope) return now;
      if (isLower) low = now;
      else high = now;
      t = high ? inside(low, high) : 2 * t;
    }
    return undefined;
  };

  let reached = at(start, 0);
  let pairs: [Float64Array, Float64Array][] = [];
  let [leastValue, leastLength, idle] = [reached.value, lengthOf(reached.gradient), 0];
  const done: LbfgsEpoch[] = [];
  const end = (stopped: LbfgsEpoch['stopped']) => {
    const { w, value, gradient } = reached;
    done.push({ w, value, gradientLength: lengthOf(gradient), passes, stopped });
    passes = 0;
    return stopped;
  };
  while (done.length < epochs) {
    if (lengthOf(reached.gradient) <= tolerance) {
      end('converged');
      break;
    }
    let next = search(reached, directionOf(reached.gradient, pairs), learningRate);
    if (!next && (pairs.length > 0 || learningRate !== 1)) {
      pairs = [];
      next = search(reached, directionOf(reached.gradient, pairs), 1);
    }
    if (!next) {
      end('stalled');
      break;
    }
    const s = along(next.w, -1, reached.w);
    const y = along(next.gradient, -1, reached.gradient);
    if (dot(s, y) > 2 ** -24 * Math.sqrt(dot(s, s) * dot(y, y)))
      pairs = [...pairs, [s, y] as [Float64Array, Float64Array]].slice(-history);
    else if (pairs.length >= history) pairs = [];
    const length = lengthOf(next.gradient);
    idle++;
    if (next.value < leastValue - 2 ** -22 * Math.abs(leastValue)) [leastValue, idle] = [next.value, 0];
    if (length < leastLength / 2) [leastLength, idle] = [length, 0];
    reached = next;
    if (end(length <= tolerance ? 'converged' : idle >= 10 ? 'stalled' : undefined)) break;
  }
  return done;
}
