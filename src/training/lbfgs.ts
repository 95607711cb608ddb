import { outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import type { Pass } from '../model/pass.js';
import type { Lbfgs, Optimizer } from '../spec/optimizer.js';
import type { Spec } from '../spec/spec.js';
import { type EpochResult, type Epochs, type StepStart, speedOf } from './epochs.js';
import { diagnose, largestWeightOf, NonFiniteError } from './non-finite.js';
import type { TrainOptions } from './options.js';
import type { Counts, LbfgsPlace } from './place.js';

// L-BFGS (Liu and Nocedal, 1989; Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5). This file
// contains the loop, and assembly/float-arrays.ts all operations on vectors. The vectors are the slots of abi.STATE:
//
//   0             g, the gradient with the penalties: the core writes it at the end of each pass over the samples
//   1             g at the start of the line search
//   2             w at the start of the line search; between two steps, the weights reached
//   3             d, the direction
//   4 5, 6 7 ...  s and y of the last steps: a step, and how it changed the gradient. The pairs are a ring

const GRADIENT = 0;
const START_GRADIENT = 1;
const START = 2;
const DIRECTION = 3;
const FIRST_PAIR = 4;

/** Refuses a network whose cost has kinks or differs from pass to pass, which a line search cannot handle. */
export function checkLbfgs(spec: Spec, { shuffle }: Pick<TrainOptions, 'shuffle'>): void {
  if (shuffle) {
    throw outOfRange('options.shuffle', 'true with lbfgs', 'none: each pass must add up its sums in the same order');
  }
  if (spec.l1 !== 0) throw outOfRange('l1', `${spec.l1} with lbfgs`, '0: its slope jumps where a weight is 0');
  spec.layers.forEach(({ dropout, maxNorm }, l) => {
    if (dropout) {
      throw outOfRange(`layers[${l}].dropout`, `${dropout} with lbfgs`, '0: every pass must give the same cost');
    }
    if (maxNorm) throw outOfRange(`layers[${l}].maxNorm`, `${maxNorm} with lbfgs`, 'none: it moves weights by itself');
  });
}

/**
 * The Wolfe conditions: the cost must fall by at least the share DECREASE of the slope at the start times the step, and
 * at most the share CURVATURE of that slope may be left.
 */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
/**
 * Two costs whose relative difference is below this may differ only by rounding, since the core computes them in f32.
 * The slope then decides (Hager and Zhang, 2005, the approximate Wolfe conditions).
 */
const NOISE = 2 ** -22;
/** Trials of a line search. */
const MAX_TRIALS = 30;
/**
 * The number of steps without a gain after which training ends. A single one proves nothing: if inputs lie far from 0,
 * the cost is flat along one direction. The first steps along it gain less than rounding, but their gradients give the
 * direction that leads to the minimum.
 */
const MAX_IDLE = 10;
/** A gradient that is this many times as long as the shortest so far is a gain, whatever the cost. */
const GAIN = 0.5;

/**
 * A trial of the line search, `step` directions from the start: its cost with and without the penalties, and its slope
 * along the direction.
 */
interface Point {
  readonly step: number;
  readonly cost: number;
  readonly meanCost: number;
  readonly slope: number;
}

/** The parts of a network that L-BFGS uses. */
interface Trained {
  readonly arena: Arena;
  readonly pass: Pass;
  counts: Counts;
  readonly optimizer: Optimizer;
}

/** When callbacks can set weights: a line search tries others, and returns to its own. */
const WHEN_SET = 'in onEpoch, or between two reports of train: a step of lbfgs would overwrite them';

/** The epochs of a call with L-BFGS. `passes` pass over the samples without taking a step. */
export function makeLbfgs(trained: Trained, passes: Epochs, place?: LbfgsPlace): Epochs {
  return new LbfgsEpochs(trained, passes, place);
}

/** Epochs of one step each. A step passes over the samples once or more. */
class LbfgsEpochs implements Epochs {
  /** undefined: a line search cannot resume, so that a step in progress is taken again from its start. */
  readonly place = undefined;
  readonly #trained: Trained;
  readonly #arena: Arena;
  readonly #passes: Epochs;
  readonly #floats: number;
  /** The cost at the weights reached; undefined before the first pass. */
  #reached: LbfgsPlace | undefined;
  /** The start of the step in progress; undefined between two steps. */
  #start: (StepStart & { readonly reached: LbfgsPlace | undefined }) | undefined;
  #elapsedMs = 0;
  #epoch = 0;
  #isStopped = false;
  /** The result of the last pass over the samples. */
  #last: EpochResult | undefined;

  constructor(trained: Trained, passes: Epochs, place: LbfgsPlace | undefined) {
    this.#trained = trained;
    this.#arena = trained.arena;
    this.#passes = passes;
    this.#reached = place;
    this.#floats = trained.arena.plan.parameterFloats;
    // a state that was cleared has no pairs
    if (this.#arena.header.optimizerSteps === 0) this.#pairs = 0;
  }

  /** The cost at the weights reached; during a step, that at its start. */
  get lbfgs(): LbfgsPlace | undefined {
    return this.#start ? this.#start.reached : this.#reached;
  }

  /** A callback may give it other numbers during the call. */
  get #optimizer(): Lbfgs {
    return this.#trained.optimizer as Lbfgs;
  }

  get stepStart(): StepStart | undefined {
    return this.#start;
  }

  get secondsLeft(): number | undefined {
    return this.#passes.secondsLeft;
  }

  timed<T>(work: () => T): T {
    return this.#passes.timed(work);
  }

  /**
   * Takes one step. Returns the mean cost before it, without the penalties, the length of the gradient after it, and
   * the time that its passes took. If anything throws, the weights and all counts are those before the step.
   */
  async run(epoch: number): Promise<EpochResult> {
    this.#epoch = epoch;
    this.#elapsedMs = 0;
    if (this.#reached && this.#distance() !== 0) this.#reached = undefined;
    this.#copyToSlot(START, this.#parameters);
    const { counts } = this.#trained;
    this.#start = { reached: this.#reached, counts, parameters: this.#slot(START) };
    this.#trained.pass.lock(WHEN_SET);
    try {
      this.#reached ??= await this.#startingPoint();
      const { meanCost } = this.#reached;
      const outcome = await this.#step(this.#reached);
      // there was no pass if training has resumed from weights that leave nothing to gain
      const samples = this.#last?.samples ?? this.#arena.header.trainingSet.samples;
      return {
        cost: meanCost,
        elapsedMs: this.#elapsedMs,
        samples,
        samplesPerSecond: speedOf(samples, this.#elapsedMs),
        learningRate: this.#optimizer.learningRate,
        gradientLength: this.#length(START_GRADIENT),
        ...(outcome && { outcome }),
        isStopped: this.#isStopped,
      };
    } catch (error) {
      this.#reached = undefined;
      this.#copyTo(this.#parameters, this.#slot(START));
      this.#trained.counts = counts;
      throw error;
    } finally {
      this.#trained.pass.unlock();
      this.#start = undefined;
    }
  }

  /** The cost at the present weights. Their gradient is then in the slots. */
  async #startingPoint(): Promise<LbfgsPlace> {
    const { cost, meanCost } = await this.#gradient();
    if (!Number.isFinite(cost)) {
      const { trainingSet } = this.#arena.header;
      const { rows } = this.#trained.pass;
      const found = diagnose(this.#arena, {
        searched: 'z',
        rows,
        set: trainingSet,
        samples: trainingSet.samples,
        learningRate: undefined,
        largestWeight: largestWeightOf(this.#arena),
      });
      throw new NonFiniteError({ epoch: this.#epoch, step: 0, stepsUndone: 0, ...found });
    }
    this.#copyToSlot(START_GRADIENT, this.#slot(GRADIENT));
    return { cost, meanCost, leastCost: cost, leastLength: this.#length(START_GRADIENT), idle: 0 };
  }

  /**
   * Takes a step from the weights in the slots and writes the place that it reaches to `#reached`. If there is no next
   * step, returns the reason.
   */
  async #step(start: LbfgsPlace): Promise<EpochResult['outcome']> {
    const { learningRate, tolerance } = this.#optimizer;
    if (this.#length(START_GRADIENT) <= tolerance) return 'converged';
    let point = await this.#search(start.cost, learningRate);
    if (!point && (this.#pairs > 0 || learningRate !== 1)) {
      // the history misleads or belongs to another cost, or the first step is far too long: starts again along the
      // gradient
      this.#pairs = 0;
      point = await this.#search(start.cost, 1);
    }
    if (!point) {
      this.#copyTo(this.#parameters, this.#slot(START));
      return 'stalled';
    }
    this.#remember();
    this.#copyToSlot(START, this.#parameters);
    this.#copyToSlot(START_GRADIENT, this.#slot(GRADIENT));
    const length = this.#length(START_GRADIENT);
    this.#reached = reachedFrom(start, point, length);
    if (length <= tolerance) return 'converged';
    return this.#reached.idle >= MAX_IDLE ? 'stalled' : undefined;
  }

  /** Computes d = -H g by the two loops over the pairs. Returns the slope g d. */
  #findDirection(): number {
    const { core } = this.#arena;
    const d = this.#slot(DIRECTION);
    this.#copyToSlot(DIRECTION, this.#slot(START_GRADIENT));
    const { history } = this.#optimizer;
    const last = this.#pairs;
    const first = Math.max(0, last - history);
    const alphas: number[] = [];
    for (let i = last - 1; i >= first; i--) {
      const [s, y] = this.#pair(i);
      const alpha = this.#dot(s, d) / this.#dot(s, y);
      core.addScaled(d, y, this.#floats, -alpha);
      alphas.push(alpha);
    }
    let scale: number;
    if (last > 0) {
      const [s, y] = this.#pair(last - 1);
      scale = this.#dot(s, y) / this.#dot(y, y);
    } else {
      // the first step is as long as the gradient, but not longer than 1
      scale = Math.min(1, 1 / this.#length(START_GRADIENT));
    }
    core.scaleFloats(d, this.#floats, scale);
    for (let i = first; i < last; i++) {
      const [s, y] = this.#pair(i);
      const alpha = alphas.pop() as number;
      core.addScaled(d, s, this.#floats, alpha - this.#dot(y, d) / this.#dot(s, y));
    }
    core.scaleFloats(d, this.#floats, -1);
    return this.#dot(this.#slot(START_GRADIENT), d);
  }

  /**
   * Finds a step along the direction that fulfils the Wolfe conditions, by bracketing (Lewis and Overton, 2013,
   * algorithm 2.6) with cubic interpolation. `first` is tried first. The weights and the gradient are then those of the
   * point that is returned; undefined: rounding hides every such step.
   */
  async #search(cost: number, first: number): Promise<Point | undefined> {
    const slope = this.#findDirection();
    if (!(slope < 0)) return undefined;
    const start: Point = { step: 0, cost, meanCost: Number.NaN, slope };
    let low = start;
    let high: Point | undefined;
    let step = first;
    for (let trial = 0; trial < MAX_TRIALS; trial++) {
      this.#copyTo(this.#parameters, this.#slot(START));
      this.#arena.core.addScaled(this.#parameters, this.#slot(DIRECTION), this.#floats, step);
      const point = {
        step,
        ...(await this.#gradient()),
        slope: this.#dot(this.#slot(GRADIENT), this.#slot(DIRECTION)),
      };
      // rounding has made this trial equal to an earlier one: all points between the two would be equal to them too
      if (isAlike(point, low) || (high && isAlike(point, high))) return undefined;
      if (!hasFallen(start, point)) high = point;
      else if (point.slope < CURVATURE * slope) low = point;
      else return point;
      step = high ? interpolate(low, high) : 2 * step;
    }
    return undefined;
  }

  /** Keeps the step as a pair, if the cost curves upwards along it as far as f32 can tell. */
  #remember(): void {
    const { core } = this.#arena;
    const [s, y] = this.#pair(this.#pairs);
    this.#copyTo(s, this.#parameters);
    core.addScaled(s, this.#slot(START), this.#floats, -1);
    this.#copyTo(y, this.#slot(GRADIENT));
    core.addScaled(y, this.#slot(START_GRADIENT), this.#floats, -1);
    const curvature = this.#dot(s, y);
    if (curvature > 2 ** -24 * Math.sqrt(this.#dot(s, s) * this.#dot(y, y))) this.#pairs++;
    // the pair that was refused has overwritten the oldest one
    else if (this.#pairs >= this.#optimizer.history) this.#pairs = 0;
  }

  /**
   * Passes once over the samples. Returns the cost at the present weights with penalties, and the mean cost without.
   * The gradient is in its slot.
   */
  async #gradient(): Promise<{ cost: number; meanCost: number }> {
    this.#last = await this.#passes.run(this.#epoch, 0);
    const { cost, elapsedMs, isStopped } = this.#last;
    this.#elapsedMs += elapsedMs;
    // a search in progress is completed before the call stops
    this.#isStopped ||= isStopped;
    // weights with an infinite gradient are as useless as weights with an infinite cost
    const isUsable = Number.isFinite(this.#length(GRADIENT));
    return { cost: isUsable ? cost + this.#arena.core.penalty() : Number.POSITIVE_INFINITY, meanCost: cost };
  }

  /**
   * The distance from the weights last reached to the present ones. It is not 0 if the caller has set other weights.
   */
  #distance(): number {
    this.#copyToSlot(DIRECTION, this.#parameters);
    this.#arena.core.addScaled(this.#slot(DIRECTION), this.#slot(START), this.#floats, -1);
    return this.#length(DIRECTION);
  }

  get #parameters(): number {
    return this.#arena.plan.parameters;
  }

  /** How many pairs have been stored. The last `history` of them are there. */
  get #pairs(): number {
    return this.#arena.header.pairs;
  }

  set #pairs(count: number) {
    this.#arena.header.pairs = count;
  }

  /** The addresses of s and y of pair i. */
  #pair(i: number): [number, number] {
    const slot = FIRST_PAIR + 2 * (i % this.#optimizer.history);
    return [this.#slot(slot), this.#slot(slot + 1)];
  }

  #slot(i: number): number {
    return this.#arena.plan.state + 4 * i * this.#floats;
  }

  #copyToSlot(slot: number, source: number): void {
    this.#copyTo(this.#slot(slot), source);
  }

  #copyTo(target: number, source: number): void {
    this.#arena.copy(target, source, this.#floats);
  }

  #dot(u: number, v: number): number {
    return this.#arena.core.dot(u, v, this.#floats);
  }

  #length(slot: number): number {
    return Math.sqrt(this.#dot(this.#slot(slot), this.#slot(slot)));
  }
}

/** The first Wolfe condition; if the costs differ only by rounding, its approximation by slopes. */
function hasFallen(start: Point, { step, cost, slope }: Point): boolean {
  if (cost <= start.cost + DECREASE * step * start.slope) return true;
  return cost <= start.cost + NOISE * Math.abs(start.cost) && slope <= (2 * DECREASE - 1) * start.slope;
}

/** True if both trials seem to be at the same weights. Costs that have overflowed are equal too, but show nothing. */
function isAlike(a: Point, b: Point): boolean {
  return a.cost === b.cost && a.slope === b.slope && Number.isFinite(a.cost);
}

/**
 * A step between two others, well inside: the minimum of the cubic that has the costs and slopes of both ends (Nocedal
 * and Wright, 3.59). If the cost at the upper end overflows, that end is too far by an unknown power of ten. The step
 * is then their geometric mean, which halves the distance of the exponents.
 */
function interpolate(low: Point, high: Point): number {
  const width = high.step - low.step;
  if (high.cost === Number.POSITIVE_INFINITY) {
    if (low.step > 0) return Math.sqrt(low.step * high.step);
    return high.step > 2 ? Math.sqrt(high.step) : high.step / 2;
  }
  const a = low.slope + high.slope - (3 * (low.cost - high.cost)) / (low.step - high.step);
  const root = Math.sqrt(a * a - low.slope * high.slope);
  const step = high.step - (width * (high.slope + root - a)) / (high.slope - low.slope + 2 * root);
  if (Number.isNaN(step)) return low.step + width / 2;
  return Math.min(Math.max(step, low.step + 0.1 * width), high.step - 0.1 * width);
}

/** The place at a point whose gradient has this length, after a step from `start`. */
function reachedFrom(start: LbfgsPlace, { cost, meanCost }: Point, length: number): LbfgsPlace {
  const { leastCost, leastLength, idle } = start;
  const isLower = cost < leastCost - NOISE * Math.abs(leastCost);
  const isShorter = length < GAIN * leastLength;
  return {
    cost,
    meanCost,
    leastCost: isLower ? cost : leastCost,
    leastLength: isShorter ? length : leastLength,
    idle: isLower || isShorter ? 0 : idle + 1,
  };
}
