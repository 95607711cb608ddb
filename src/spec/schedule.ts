import {
  checkInteger,
  checkName,
  checkNotNegative,
  checkNumber,
  checkObject,
  checkPositive,
  checkShare,
  MAX_FLOAT,
  wrongType,
} from '../check/errors.js';
import { cosineOfTurn, power } from './exact-math.js';

// Learning rates that change. A schedule is a plain object: what a rate is follows from the steps and epochs trained under it alone, but
// for reduceOnPlateau, whose state is four numbers. So training can stop anywhere and go on with the same bits.

/** How long a schedule is: counted in steps (updates), or in epochs, and then constant throughout each. */
export type Span =
  | { readonly steps: number; readonly epochs?: undefined }
  | { readonly epochs: number; readonly steps?: undefined };

export type StepSchedule = { readonly name: 'step'; readonly initial: number; readonly factor: number } & Span;
export type ExponentialSchedule = {
  readonly name: 'exponential';
  readonly initial: number;
  readonly factor: number;
} & Span;
export type InverseTimeSchedule = {
  readonly name: 'inverseTime';
  readonly initial: number;
  readonly decay: number;
} & Span;
export type PolynomialSchedule = {
  readonly name: 'polynomial';
  readonly initial: number;
  readonly final: number;
  readonly power: number;
} & Span;
export type CosineSchedule = {
  readonly name: 'cosine';
  readonly initial: number;
  readonly final: number;
  readonly warmUp: number;
  readonly restarts: number;
  readonly growth: number;
} & Span;
export type OneCycleSchedule = {
  readonly name: 'oneCycle';
  readonly maximum: number;
  readonly rise: number;
  readonly initialDivisor: number;
  readonly finalDivisor: number;
} & Span;
export interface PlateauSchedule {
  readonly name: 'reduceOnPlateau';
  readonly initial: number;
  readonly factor: number;
  readonly patience: number;
  readonly minDelta: number;
  readonly cooldown: number;
  readonly minimum: number;
}

/** The rate of step `step` in epoch `epoch`, both counted from 0 under this schedule. Must depend on nothing else. */
export type ScheduleFunction = (step: number, epoch: number) => number;

export type Schedule =
  | StepSchedule
  | ExponentialSchedule
  | InverseTimeSchedule
  | PolynomialSchedule
  | CosineSchedule
  | OneCycleSchedule
  | PlateauSchedule
  | ScheduleFunction;

export type LearningRate = number | Schedule;

const MAX_COUNT = 2 ** 31 - 1;

/** An option: its check, which is told the rate at the start, and its default unless it must be given. */
type Option = readonly [check: (where: string, value: unknown, initial: number) => number, fallback?: number];

const integer =
  (from: number, to: number): Option[0] =>
  (where, value) =>
    checkInteger(where, value, from, to);

const initial: Option = [checkPositive];
const final: Option = [checkFinal, 0];

/** What each takes, beside its span. */
const KINDS: Readonly<Record<Exclude<Schedule, ScheduleFunction>['name'], Readonly<Record<string, Option>>>> = {
  step: { initial, factor: [checkShare, 0.1] },
  exponential: { initial, factor: [checkShare] },
  inverseTime: { initial, decay: [checkPositive, 1] },
  polynomial: { initial, final, power: [checkPositive, 1] },
  cosine: {
    initial,
    final,
    warmUp: [integer(0, MAX_COUNT), 0],
    restarts: [integer(0, 10_000), 0],
    growth: [integer(1, 1000), 1],
  },
  oneCycle: {
    maximum: [checkPositive],
    rise: [checkShare, 0.3],
    initialDivisor: [checkPositive, 25],
    finalDivisor: [checkPositive, 10_000],
  },
  reduceOnPlateau: {
    initial,
    factor: [checkShare, 0.1],
    patience: [integer(1, MAX_COUNT), 10],
    minDelta: [checkNotNegative, 1e-4],
    cooldown: [integer(0, MAX_COUNT), 0],
    minimum: [checkFinal, 0],
  },
};

/** The schedule of that name, with the defaults filled in. */
function make<T extends Schedule>(name: keyof typeof KINDS, given: unknown): T {
  const options = KINDS[name];
  const spanKeys = name === 'reduceOnPlateau' ? [] : ['steps', 'epochs'];
  checkObject(name, given, [...Object.keys(options), ...spanKeys]);
  const values = given as Record<string, unknown>;
  const checked = (key: string, initial: number) => {
    const [check, fallback] = options[key];
    return check(`${name}.${key}`, values[key] ?? fallback, initial);
  };
  // first: other options are held against it
  const start = 'initial' in options ? checked('initial', Number.NaN) : Number.NaN;
  const schedule: Record<string, unknown> = { name };
  for (const key of Object.keys(options)) schedule[key] = checked(key, start);
  if (spanKeys.length > 0) Object.assign(schedule, checkSpan(name, values as unknown as Span));
  return Object.freeze(schedule) as unknown as T;
}

/** `initial` · `factor`^⌊t⌋, t the steps done divided by `steps`, or the epochs by `epochs`. `factor`: default 0.1. */
export function step(options: { initial: number; factor?: number } & Span): StepSchedule {
  return make('step', options);
}

/** `initial` · `factor`^t, t the steps done divided by `steps`, or the epochs by `epochs`. */
export function exponential(options: { initial: number; factor: number } & Span): ExponentialSchedule {
  return make('exponential', options);
}

/** `initial` / (1 + `decay` · t), t the steps done divided by `steps`, or the epochs by `epochs`. `decay`: default 1. */
export function inverseTime(options: { initial: number; decay?: number } & Span): InverseTimeSchedule {
  return make('inverseTime', options);
}

/** From `initial` to `final` (default 0) as (1 - t)^`power` (default 1: a line), in `steps` or `epochs`; `final` from then on. */
export function polynomial(options: { initial: number; final?: number; power?: number } & Span): PolynomialSchedule {
  return make('polynomial', options);
}

/**
 * Half a cosine from `initial` to `final` (default 0) in `steps` or `epochs`, `final` from then on (Loshchilov and Hutter, "SGDR", 2017).
 * Before it, `warmUp` steps or epochs (default 0) rise to `initial` on a line. After it, `restarts` (default 0) more of its kind, each
 * `growth` times (default 1) as long as the one before.
 */
export function cosine(
  options: { initial: number; final?: number; warmUp?: number; restarts?: number; growth?: number } & Span,
): CosineSchedule {
  return make('cosine', options);
}

/**
 * One rise and fall over `steps` or `epochs` in all (Smith and Topin, "Super-convergence", 2018): by half a cosine from `maximum` /
 * `initialDivisor` (default 25) to `maximum` in the first `rise` (default 0.3) of them, then by another to the start / `finalDivisor`
 * (default 10,000), where it stays.
 */
export function oneCycle(
  options: { maximum: number; rise?: number; initialDivisor?: number; finalDivisor?: number } & Span,
): OneCycleSchedule {
  return make('oneCycle', options);
}

/**
 * `initial`, multiplied by `factor` (default 0.1) whenever the cost has not fallen by more than `minDelta` (default 1e-4) below its best
 * for `patience` epochs (default 10), but never below `minimum` (default 0). For `cooldown` epochs (default 0) after that, none counts. The
 * cost is that of the validation data if there are any, else the epoch's.
 */
export function reduceOnPlateau(options: {
  initial: number;
  factor?: number;
  patience?: number;
  minDelta?: number;
  cooldown?: number;
  minimum?: number;
}): PlateauSchedule {
  return make('reduceOnPlateau', options);
}

/** A copy of `value` if it is a learning rate, whoever made it. */
export function checkLearningRate(where: string, value: unknown): LearningRate {
  if (typeof value === 'function') return value as ScheduleFunction;
  if (typeof value !== 'object' || value === null) return checkPositive(where, value);
  const { name, ...options } = value as { name: unknown };
  return make(checkName(`${where}.name`, name, Object.keys(KINDS) as (keyof typeof KINDS)[]), options);
}

/** What a file can hold of a learning rate: for a function, the rate it has come to. */
export function savedLearningRate(rate: LearningRate, clock: RateClock): LearningRate {
  if (typeof rate !== 'function') return rate;
  let reached: number;
  try {
    reached = clock.next();
  } catch {
    // no rate for a step that nobody takes: that of the last
    const last = new RateClock(rate);
    const { steps, epochs, plateau } = clock.state;
    last.state = { steps: Math.max(steps - 1, 0), epochs: Math.max(epochs - 1, 0), plateau };
    reached = last.next();
  }
  // what is read must be above 0 and fit a float
  return Math.min(Math.max(reached, 2 ** -149), MAX_FLOAT);
}

function checkSpan(where: string, { steps, epochs }: Span): Span {
  if ((steps === undefined) === (epochs === undefined)) {
    throw new TypeError(`${where}: got ${steps === undefined ? 'neither' : 'both'} steps and epochs, want one of them`);
  }
  return steps === undefined
    ? { epochs: checkInteger(`${where}.epochs`, epochs, 1, MAX_COUNT) }
    : { steps: checkInteger(`${where}.steps`, steps, 1, MAX_COUNT) };
}

function checkFinal(where: string, value: unknown, initial: number): number {
  const isWanted = (x: number) => x >= 0 && x < initial;
  return checkNumber(where, value, isWanted, `a number from 0 to below the initial rate, ${initial}`);
}

/** What a plateau schedule remembers. */
export interface PlateauState {
  readonly reductions: number;
  /** The lowest cost so far; none before the first epoch. */
  readonly best: number | undefined;
  /** Epochs since then. */
  readonly waited: number;
  readonly cooldown: number;
}

const NO_EPOCH: PlateauState = { reductions: 0, best: undefined, waited: 0, cooldown: 0 };

/** The rate of a step. The plateau's state counts for that schedule alone. */
export function rateAt(rate: LearningRate, step: number, epoch: number, plateau: PlateauState = NO_EPOCH): number {
  if (typeof rate === 'number') return rate;
  if (typeof rate === 'function') return rate(step, epoch);
  if (rate.name === 'reduceOnPlateau') {
    return Math.max(rate.initial * power(rate.factor, plateau.reductions), rate.minimum);
  }
  const done = rate.steps === undefined ? epoch : step;
  const span = rate.steps ?? rate.epochs;
  switch (rate.name) {
    case 'step':
      return rate.initial * power(rate.factor, Math.floor(done / span));
    case 'exponential':
      return rate.initial * power(rate.factor, done / span);
    case 'inverseTime':
      return rate.initial / (1 + (rate.decay * done) / span);
    case 'polynomial':
      return rate.final + (rate.initial - rate.final) * power(1 - Math.min(done / span, 1), rate.power);
    case 'cosine':
      return cosineRate(rate, done, span);
    case 'oneCycle':
      return oneCycleRate(rate, done, span);
  }
}

/** From `from` to `to` by half a cosine, t from 0 to 1. */
const anneal = (from: number, to: number, t: number) => to + ((from - to) * (1 + cosineOfTurn(t))) / 2;

function cosineRate({ initial, final, warmUp, restarts, growth }: CosineSchedule, done: number, span: number): number {
  if (done < warmUp) return (initial * (done + 1)) / (warmUp + 1);
  let at = done - warmUp;
  let length = span;
  for (let left = restarts; left > 0 && at >= length; left--) {
    at -= length;
    length *= growth;
  }
  return anneal(initial, final, Math.min(at / length, 1));
}

function oneCycleRate(
  { maximum, rise, initialDivisor, finalDivisor }: OneCycleSchedule,
  done: number,
  span: number,
): number {
  const start = maximum / initialDivisor;
  // the last of `span` steps has the last rate
  const top = rise * span - 1;
  const end = span - 1;
  if (done < top) return anneal(start, maximum, done / top);
  return anneal(maximum, start / finalDivisor, done < end ? (done - top) / (end - top) : 1);
}

/** Where a learning rate has come to. */
export interface ClockState {
  readonly steps: number;
  readonly epochs: number;
  readonly plateau: PlateauState;
}

/** The state that a file holds. */
export function checkClockState(where: string, value: unknown): ClockState {
  checkObject(where, value, ['steps', 'epochs', 'plateau']);
  const { steps, epochs, plateau } = value as ClockState;
  checkObject(`${where}.plateau`, plateau, ['reductions', 'best', 'waited', 'cooldown']);
  const { best } = plateau;
  if (best !== undefined && !Number.isFinite(best)) throw wrongType(`${where}.plateau.best`, best, 'a finite number');
  const count = (name: string, number: unknown) => checkInteger(`${where}.${name}`, number, 0, Number.MAX_SAFE_INTEGER);
  return {
    steps: count('steps', steps),
    epochs: count('epochs', epochs),
    plateau: {
      reductions: count('plateau.reductions', plateau.reductions),
      best,
      waited: count('plateau.waited', plateau.waited),
      cooldown: count('plateau.cooldown', plateau.cooldown),
    },
  };
}

/** Counts the steps and epochs under a learning rate. */
export class RateClock {
  /** Steps and epochs done. */
  steps = 0;
  epochs = 0;
  readonly rate: LearningRate;
  #plateau = NO_EPOCH;

  constructor(rate: LearningRate) {
    this.rate = rate;
  }

  get state(): ClockState {
    return { steps: this.steps, epochs: this.epochs, plateau: this.#plateau };
  }

  set state({ steps, epochs, plateau }: ClockState) {
    this.steps = steps;
    this.epochs = epochs;
    this.#plateau = plateau;
  }

  /** The rate of the step that comes next. */
  next(): number {
    const { steps, epochs } = this;
    const rate = rateAt(this.rate, steps, epochs, this.#plateau);
    return checkNumber(`learningRate of step ${steps}, epoch ${epochs}`, rate, isRate, 'a finite number from 0 up');
  }

  /**
   * Fills `rates` with those of the steps that come next. Stops before one that is no rate or whose function throws, unless it is the first,
   * so that where training ends does not depend on how many are asked for. Returns their number.
   */
  fill(rates: Float64Array): number {
    for (let i = 0; i < rates.length; i++) {
      let rate = Number.NaN;
      try {
        rate = rateAt(this.rate, this.steps + i, this.epochs, this.#plateau);
      } catch (error) {
        if (i === 0) throw error;
      }
      if (!isRate(rate)) {
        if (i > 0) return i;
        this.next(); // throws
      }
      rates[i] = rate;
    }
    return rates.length;
  }

  /** Whether it goes on where this one is when it is given again. */
  isOf(rate: LearningRate): boolean {
    if (typeof rate === 'object' && typeof this.rate === 'object')
      return JSON.stringify(rate) === JSON.stringify(this.rate);
    return rate === this.rate;
  }

  /** After an epoch: `cost` is what a plateau is seen in. */
  endEpoch(cost: number): void {
    this.epochs++;
    if (typeof this.rate !== 'object' || this.rate.name !== 'reduceOnPlateau') return;
    const { patience, minDelta, cooldown } = this.rate;
    const state = this.#plateau;
    if (Number.isFinite(cost) && (state.best === undefined || cost < state.best - minDelta)) {
      this.#plateau = { ...state, best: cost, waited: 0, cooldown: Math.max(state.cooldown - 1, 0) };
    } else if (state.cooldown > 0) {
      this.#plateau = { ...state, waited: 0, cooldown: state.cooldown - 1 };
    } else if (state.waited + 1 < patience) {
      this.#plateau = { ...state, waited: state.waited + 1 };
    } else {
      this.#plateau = { ...state, reductions: state.reductions + 1, waited: 0, cooldown };
    }
  }
}

/** 0 is the end of many schedules. */
function isRate(rate: unknown): boolean {
  return typeof rate === 'number' && rate >= 0 && Number.isFinite(Math.fround(rate));
}
