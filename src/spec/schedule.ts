import {
  checkInteger,
  checkName,
  checkNoMore,
  checkNotNegative,
  checkNumber,
  checkObject,
  checkPositive,
  checkShare,
  MAX_FLOAT,
  orDefault,
  outOfRange,
  wrongType,
} from '../check/errors.js';
import { dropPromise, isPromise } from '../check/promises.js';
import { cosPi, power } from './exact-math.js';

// Learning rates that change. A schedule is a plain object. The rate of a step depends only on the steps and epochs
// trained under the schedule; reduceOnPlateau also has four numbers of state. Training can therefore stop anywhere and
// resume with the same bits.

/**
 * The length of a schedule, 1 to 2³¹ - 1. Counted in steps (updates), the rate may change with each step; counted in
 * epochs, it is constant throughout each epoch.
 */
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

/**
 * Returns the rate of step `step` in epoch `epoch`, a finite number from 0 up. Both are counted from 0 under this
 * schedule. The rate must depend on nothing else.
 */
export type ScheduleFunction = (step: number, epoch: number) => number;

/** A learning rate that changes. The functions `step` to `reduceOnPlateau` make one from its options. */
export type Schedule =
  | StepSchedule
  | ExponentialSchedule
  | InverseTimeSchedule
  | PolynomialSchedule
  | CosineSchedule
  | OneCycleSchedule
  | PlateauSchedule
  | ScheduleFunction;

/** A positive number or a schedule. */
export type LearningRate = number | Schedule;

const MAX_COUNT = 2 ** 31 - 1;

/**
 * An option: its check, which also gets the initial rate, and its default. An option without a default must be given.
 */
type Option = readonly [check: (where: string, value: unknown, initial: number) => number, fallback?: number];

const integerFrom =
  (from: number, to: number): Option[0] =>
  (where, value) =>
    checkInteger(where, value, from, to);

const initial: Option = [checkPositive];
const final: Option = [checkFinal, 0];

/** The options of each schedule, except for its length. */
const OPTIONS: Readonly<Record<Exclude<Schedule, ScheduleFunction>['name'], Readonly<Record<string, Option>>>> = {
  step: { initial, factor: [checkShare, 0.1] },
  exponential: { initial, factor: [checkShare] },
  inverseTime: { initial, decay: [checkPositive, 1] },
  polynomial: { initial, final, power: [checkPositive, 1] },
  cosine: {
    initial,
    final,
    warmUp: [integerFrom(0, MAX_COUNT), 0],
    restarts: [integerFrom(0, 10_000), 0],
    growth: [integerFrom(1, 1000), 1],
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
    patience: [integerFrom(1, MAX_COUNT), 10],
    minDelta: [checkNotNegative, 1e-4],
    cooldown: [integerFrom(0, MAX_COUNT), 0],
    minimum: [checkFinal, 0],
  },
};

/** Checks the options of a schedule and fills in the defaults. `none`: a further argument, which is refused. */
function makeSchedule<T extends Schedule>(name: keyof typeof OPTIONS, given: unknown, none?: undefined): T {
  checkNoMore(name, 2, none);
  const options = OPTIONS[name];
  const spanKeys = name === 'reduceOnPlateau' ? [] : ['steps', 'epochs'];
  checkObject(name, given, [...Object.keys(options), ...spanKeys]);
  const values = given as Record<string, unknown>;
  const checked = (key: string, initial: number) => {
    const [check, fallback] = options[key];
    return check(`${name}.${key}`, orDefault(values[key], fallback), initial);
  };
  // checked first, because other options are compared with it
  const start = 'initial' in options ? checked('initial', Number.NaN) : Number.NaN;
  const schedule: Record<string, unknown> = { name };
  for (const key of Object.keys(options)) schedule[key] = checked(key, start);
  if (spanKeys.length > 0) Object.assign(schedule, checkSpan(name, values as unknown as Span));
  return Object.freeze(schedule) as unknown as T;
}

/** Options of `step`, besides its length. */
export interface StepOptions {
  /** The first rate, a positive number. */
  initial: number;
  /**
   * Above 0 and below 1.
   * @defaultValue `0.1`
   */
  factor?: number | undefined;
}

/**
 * `initial` · `factor`^⌊t⌋, where t is the number of steps done divided by `steps`, or of epochs divided by `epochs`.
 *
 * @param options its numbers, and the length: `steps` or `epochs`
 * @returns the schedule, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { Network, sgd, step } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const optimizer = sgd({ learningRate: step({ initial: 1, factor: 0.5, epochs: 2 }) });
 * const history = await net.fit({ inputs: [[0], [1]], targets: [[0], [1]] }, { optimizer, epochs: 10 });
 * console.log(history.column('learningRate').slice(0, 4)); // close to 1, 1, 0.5, 0.5 (within 0.001)
 */
export function step(options: StepOptions & Span, none?: undefined): StepSchedule {
  return makeSchedule('step', options, none);
}

/** Options of `exponential`, besides its length. */
export interface ExponentialOptions {
  /** The first rate, a positive number. */
  initial: number;
  /** Above 0 and below 1. */
  factor: number;
}

/**
 * `initial` · `factor`^t, where t is the number of steps done divided by `steps`, or of epochs divided by `epochs`.
 *
 * @param options its numbers, and the length: `steps` or `epochs`
 * @returns the schedule, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { exponential, Network, sgd } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const optimizer = sgd({ learningRate: exponential({ initial: 1, factor: 0.5, epochs: 1 }) });
 * const history = await net.fit({ inputs: [[0], [1]], targets: [[0], [1]] }, { optimizer, epochs: 10 });
 * console.log(history.column('learningRate').slice(0, 4)); // close to 1, 0.5, 0.25, 0.125 (within 0.001)
 */
export function exponential(options: ExponentialOptions & Span, none?: undefined): ExponentialSchedule {
  return makeSchedule('exponential', options, none);
}

/** Options of `inverseTime`, besides its length. */
export interface InverseTimeOptions {
  /** The first rate, a positive number. */
  initial: number;
  /**
   * A positive number.
   * @defaultValue `1`
   */
  decay?: number | undefined;
}

/**
 * `initial` / (1 + `decay` · t), where t is the number of steps done divided by `steps`, or of epochs divided by
 * `epochs`.
 *
 * @param options its numbers, and the length: `steps` or `epochs`
 * @returns the schedule, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { inverseTime, Network, sgd } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const optimizer = sgd({ learningRate: inverseTime({ initial: 1, epochs: 1 }) });
 * const history = await net.fit({ inputs: [[0], [1]], targets: [[0], [1]] }, { optimizer, epochs: 10 });
 * console.log(history.column('learningRate').slice(0, 4)); // close to 1, 0.5, 0.333, 0.25 (within 0.001)
 */
export function inverseTime(options: InverseTimeOptions & Span, none?: undefined): InverseTimeSchedule {
  return makeSchedule('inverseTime', options, none);
}

/** Options of `polynomial`, besides its length. */
export interface PolynomialOptions {
  /** The first rate, a positive number. */
  initial: number;
  /**
   * The last rate, from 0 to below `initial`.
   * @defaultValue `0`
   */
  final?: number | undefined;
  /**
   * A positive number; 1 is a straight line.
   * @defaultValue `1`
   */
  power?: number | undefined;
}

/**
 * From `initial` to `final` in the given number of steps or epochs, along (1 - t)^`power`; then constant.
 *
 * @param options its numbers, and the length: `steps` or `epochs`
 * @returns the schedule, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { Network, polynomial, sgd } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const optimizer = sgd({ learningRate: polynomial({ initial: 1, epochs: 4 }) });
 * const history = await net.fit({ inputs: [[0], [1]], targets: [[0], [1]] }, { optimizer, epochs: 10 });
 * console.log(history.column('learningRate').slice(0, 4)); // close to 1, 0.75, 0.5, 0.25 (within 0.001)
 */
export function polynomial(options: PolynomialOptions & Span, none?: undefined): PolynomialSchedule {
  return makeSchedule('polynomial', options, none);
}

/** Options of `cosine`, besides its length. */
export interface CosineOptions {
  /** The highest rate, a positive number. */
  initial: number;
  /**
   * The last rate, from 0 to below `initial`.
   * @defaultValue `0`
   */
  final?: number | undefined;
  /**
   * The length of the rise, in steps or epochs: an integer from 0 to 2³¹ - 1.
   * @defaultValue `0`
   */
  warmUp?: number | undefined;
  /**
   * How often the half cosine is repeated: an integer from 0 to 10,000.
   * @defaultValue `0`
   */
  restarts?: number | undefined;
  /**
   * How many times as long as before each repetition is: an integer from 1 to 1000. Only with `restarts`.
   * @defaultValue `1`
   */
  growth?: number | undefined;
}

/**
 * Half a cosine from `initial` to `final` in the given number of steps or epochs; then constant (Loshchilov and Hutter,
 * "SGDR", 2017). Before it, the rate rises to `initial` in a straight line: step or epoch k of the rise, counted from
 * 0, has the rate `initial` (k + 1) / (`warmUp` + 1). After it, the half cosine can be repeated.
 *
 * @param options its numbers, and the length: `steps` or `epochs`
 * @returns the schedule, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { cosine, Network, sgd } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const optimizer = sgd({ learningRate: cosine({ initial: 1, epochs: 4, warmUp: 1 }) });
 * const history = await net.fit({ inputs: [[0], [1]], targets: [[0], [1]] }, { optimizer, epochs: 10 });
 * console.log(history.column('learningRate').slice(0, 4)); // close to 0.5, 1, 0.854, 0.5 (within 0.001)
 */
export function cosine(options: CosineOptions & Span, none?: undefined): CosineSchedule {
  const schedule = makeSchedule<CosineSchedule>('cosine', options, none);
  if (schedule.restarts === 0 && options.growth !== undefined) {
    throw outOfRange('cosine.growth', `${options.growth} without restarts`, 'restarts too, or none');
  }
  return schedule;
}

/** Options of `oneCycle`, besides its length. */
export interface OneCycleOptions {
  /** The highest rate, a positive number. */
  maximum: number;
  /**
   * The share of the time in which the rate rises, above 0 and below 1.
   * @defaultValue `0.3`
   */
  rise?: number | undefined;
  /**
   * A positive number.
   * @defaultValue `25`
   */
  initialDivisor?: number | undefined;
  /**
   * A positive number.
   * @defaultValue `10000`
   */
  finalDivisor?: number | undefined;
}

/**
 * One rise and one fall within the given number of steps or epochs (Smith and Topin, "Super-convergence", 2018). The
 * rate starts at `maximum` / `initialDivisor` and rises to `maximum` by half a cosine. It then falls by half a cosine
 * to its start / `finalDivisor`, and stays there.
 *
 * @param options its numbers, and the length: `steps` or `epochs`
 * @returns the schedule, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { Network, oneCycle, sgd } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const optimizer = sgd({ learningRate: oneCycle({ maximum: 1, rise: 0.5, epochs: 5 }) });
 * const history = await net.fit({ inputs: [[0], [1]], targets: [[0], [1]] }, { optimizer, epochs: 10 });
 * console.log(history.column('learningRate').slice(0, 4)); // close to 0.04, 0.76, 0.905, 0.345 (within 0.001)
 */
export function oneCycle(options: OneCycleOptions & Span, none?: undefined): OneCycleSchedule {
  return makeSchedule('oneCycle', options, none);
}

/** Options of `reduceOnPlateau`. */
export interface ReduceOnPlateauOptions {
  /** The first rate, a positive number. */
  initial: number;
  /**
   * Above 0 and below 1.
   * @defaultValue `0.1`
   */
  factor?: number | undefined;
  /**
   * How many epochs to wait: an integer from 1 to 2³¹ - 1.
   * @defaultValue `10`
   */
  patience?: number | undefined;
  /**
   * The cost has to fall by more than this: a number from 0 up.
   * @defaultValue `1e-4`
   */
  minDelta?: number | undefined;
  /**
   * How many epochs do not count after each reduction: an integer from 0 to 2³¹ - 1.
   * @defaultValue `0`
   */
  cooldown?: number | undefined;
  /**
   * The rate never falls below this: from 0 to below `initial`.
   * @defaultValue `0`
   */
  minimum?: number | undefined;
}

/**
 * `initial`, multiplied by `factor` whenever the cost has not fallen enough below its best value for `patience` epochs.
 * The cost is that of the validation data if there are any, else that of the epoch.
 *
 * @param options its numbers
 * @returns the schedule, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { Network, reduceOnPlateau, sgd } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const optimizer = sgd({ learningRate: reduceOnPlateau({ initial: 0.1, patience: 1, minDelta: 10 }) });
 * const history = await net.fit({ inputs: [[0], [1]], targets: [[0], [1]] }, { optimizer, epochs: 10 });
 * console.log(history.column('learningRate').slice(0, 4)); // close to 0.1, 0.1, 0.01, 0.001 (within 0.0001)
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions, none?: undefined): PlateauSchedule {
  return makeSchedule('reduceOnPlateau', options, none);
}

/** A checked copy of a learning rate, which may come from a file or from the user's own code. */
export function checkLearningRate(where: string, value: unknown): LearningRate {
  if (typeof value === 'function') return value as ScheduleFunction;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return checkPositive(where, value);
  const { name, ...options } = value as { name: unknown };
  return makeSchedule(checkName(`${where}.name`, name, Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]), options);
}

/** The learning rate as a file can hold it. A function is replaced by the rate that it has reached. */
export function savedLearningRate(rate: LearningRate, clock: RateClock): LearningRate {
  // rates in a file must be positive and fit in an f32
  return typeof rate === 'function' ? Math.min(Math.max(rateReached(rate, clock), 2 ** -149), MAX_FLOAT) : rate;
}

/**
 * The rate of the next step. That step is perhaps never taken, so if the function gives no valid rate for it, returns
 * the rate of the last step.
 */
function rateReached(rate: ScheduleFunction, clock: RateClock): number {
  try {
    return clock.next();
  } catch {
    if (clock.last !== undefined) return clock.last;
    const before = new RateClock(rate);
    const { steps, epochs, plateau } = clock.state;
    before.state = { steps: Math.max(steps - 1, 0), epochs: Math.max(epochs - 1, 0), plateau };
    return before.next();
  }
}

function checkSpan(where: string, { steps, epochs }: Span): Span {
  if ((steps === undefined) === (epochs === undefined)) {
    throw new TypeError(
      `${where}: got ${steps === undefined ? 'neither steps nor' : 'both steps and'} epochs, want one of them`,
    );
  }
  return steps === undefined
    ? { epochs: checkInteger(`${where}.epochs`, epochs, 1, MAX_COUNT) }
    : { steps: checkInteger(`${where}.steps`, steps, 1, MAX_COUNT) };
}

function checkFinal(where: string, value: unknown, initial: number): number {
  const isWanted = (x: number) => x >= 0 && x < initial;
  return checkNumber(where, value, isWanted, `a number from 0 to below the initial rate, ${initial}`);
}

/** The state of reduceOnPlateau. */
export interface PlateauState {
  /** How many times the rate has been reduced. */
  readonly reductions: number;
  /** The lowest cost so far; undefined before the first epoch. */
  readonly best: number | undefined;
  /** Epochs since the lowest cost. */
  readonly waited: number;
  /** Epochs that still do not count. */
  readonly cooldown: number;
}

const NO_EPOCH: PlateauState = { reductions: 0, best: undefined, waited: 0, cooldown: 0 };

/** The rate of a step. Only reduceOnPlateau uses `plateau`. */
export function rateAt(rate: LearningRate, step: number, epoch: number, plateau: PlateauState = NO_EPOCH): number {
  if (typeof rate === 'number') return rate;
  if (typeof rate === 'function') {
    const given: unknown = rate(step, epoch);
    // it is refused where the rate is checked
    if (typeof given !== 'number') dropPromise(given);
    return given as number;
  }
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

/** The rate after the share t, from 0 to 1, of half a cosine between two rates. */
const anneal = (from: number, to: number, t: number) => to + ((from - to) * (1 + cosPi(t))) / 2;

function cosineRate({ initial, final, warmUp, restarts, growth }: CosineSchedule, done: number, span: number): number {
  if (done < warmUp) return (initial * (done + 1)) / (warmUp + 1);
  let position = done - warmUp;
  let length = span;
  for (let left = restarts; left > 0 && position >= length; left--) {
    position -= length;
    length *= growth;
  }
  return anneal(initial, final, Math.min(position / length, 1));
}

function oneCycleRate(
  { maximum, rise, initialDivisor, finalDivisor }: OneCycleSchedule,
  done: number,
  span: number,
): number {
  const start = maximum / initialDivisor;
  // the last of the `span` steps has the final rate
  const top = rise * span - 1;
  const end = span - 1;
  if (done < top) return anneal(start, maximum, done / top);
  return anneal(maximum, start / finalDivisor, done < end ? (done - top) / (end - top) : 1);
}

/** How far training has come under a learning rate. */
export interface ClockState {
  readonly steps: number;
  readonly epochs: number;
  readonly plateau: PlateauState;
}

/** Checks the state that a file holds. */
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

/** Counts the steps and epochs that are trained under a learning rate. */
export class RateClock {
  /** Steps done. */
  steps = 0;
  /** Epochs done. */
  epochs = 0;
  readonly rate: LearningRate;
  /** The last valid rate that was asked for. */
  last: number | undefined;
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

  /** The rate of the next step. Throws if it is not a finite number from 0 up. */
  next(): number {
    const { steps, epochs } = this;
    const rate = rateAt(this.rate, steps, epochs, this.#plateau);
    const wanted = `a finite number from 0 up${isPromise(rate) ? ', without async' : ''}`;
    this.last = checkNumber(`learningRate of step ${steps}, epoch ${epochs}`, rate, isRate, wanted);
    return this.last;
  }

  /**
   * Fills `rates` with the rates of the next steps, and returns how many it has filled. It stops before a rate that is
   * invalid or whose function throws; if that is the first one, it throws. The step at which training ends thus does
   * not depend on how many rates are asked for at once.
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
      this.last = rate;
    }
    return rates.length;
  }

  /**
   * True if training under `rate` continues this count: it is the same number, the same function, or an equal schedule.
   */
  isContinuedBy(rate: LearningRate): boolean {
    if (typeof rate === 'object' && typeof this.rate === 'object')
      return JSON.stringify(rate) === JSON.stringify(this.rate);
    return rate === this.rate;
  }

  /** To be called after an epoch. `cost`: the cost that reduceOnPlateau watches. */
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

/** True for a finite number from 0 up. Many schedules end with 0. */
function isRate(rate: unknown): boolean {
  return typeof rate === 'number' && rate >= 0 && Number.isFinite(Math.fround(rate));
}
