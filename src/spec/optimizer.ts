import {
  checkFraction,
  checkFrom,
  checkInteger,
  checkIsObject,
  checkName,
  checkNoMore,
  checkNotNegative,
  checkNumber,
  checkObject,
  checkPositive,
  checkShare,
  orDefault,
  outOfRange,
} from '../check/errors.js';
import * as codes from './codes.js';
import { powerOf096 } from './exact-math.js';
import { checkLearningRate, type LearningRate } from './schedule.js';

// Optimizers as data: the name, options and state of each. assembly/update-rules.ts contains their steps, and
// training/lbfgs.ts the loop of L-BFGS.

/**
 * Options of every optimizer except L-BFGS, which limit the gradient. The gradients of L1 and L2 are added afterwards.
 */
export interface Clipping {
  /**
   * Every number of the mean gradient is limited to [-clipValue, clipValue], after `clipNorm`. A positive number.
   * @defaultValue no limit
   */
  readonly clipValue?: number | undefined;
  /**
   * If the mean gradient of all weights and biases together is longer than this, it is scaled back to this length. A
   * positive number.
   * @defaultValue no limit
   */
  readonly clipNorm?: number | undefined;
}

/** Plain gradient descent: w -= η dC/dw. */
export interface Sgd extends Clipping {
  readonly name: 'sgd';
  /** η, a positive number or a schedule. Required. */
  readonly learningRate: LearningRate;
}

/** Gradient descent with momentum: m = μ m + g; w -= η m. `nesterov` looks ahead: w -= η (g + μ m). */
export interface Momentum extends Clipping {
  /** Whether the step looks ahead. */
  readonly name: 'momentum' | 'nesterov';
  /** η, a positive number or a schedule. Required. */
  readonly learningRate: LearningRate;
  /**
   * μ, from 0 to below 1.
   * @defaultValue `0.9`
   */
  readonly momentum: number;
}

/** Adagrad: v = v + g²; w -= η g / (√v + ε). */
export interface Adagrad extends Clipping {
  readonly name: 'adagrad';
  /**
   * η, a positive number or a schedule.
   * @defaultValue `0.01`
   */
  readonly learningRate: LearningRate;
  /**
   * ε, at least 1e-12.
   * @defaultValue `1e-10`
   */
  readonly epsilon: number;
}

/** Adadelta: v = ρ v + (1 - ρ) g²; d = √((u + ε) / (v + ε)) g; u = ρ u + (1 - ρ) d²; w -= η d. */
export interface Adadelta extends Clipping {
  readonly name: 'adadelta';
  /**
   * η, a positive number or a schedule.
   * @defaultValue `1`
   */
  readonly learningRate: LearningRate;
  /**
   * ρ, from 0 to below 1.
   * @defaultValue `0.9`
   */
  readonly rho: number;
  /**
   * ε, at least 1e-12.
   * @defaultValue `1e-6`
   */
  readonly epsilon: number;
}

/** RMSprop: v = α v + (1 - α) g²; w -= η g / (√v + ε). */
export interface RmsProp extends Clipping {
  readonly name: 'rmsprop';
  /**
   * η, a positive number or a schedule.
   * @defaultValue `0.01`
   */
  readonly learningRate: LearningRate;
  /**
   * α, from 0 to below 1.
   * @defaultValue `0.99`
   */
  readonly alpha: number;
  /**
   * ε, at least 1e-12.
   * @defaultValue `1e-8`
   */
  readonly epsilon: number;
}

/**
 * Adam: m = β₁ m + (1 - β₁) g; v = β₂ v + (1 - β₂) g²; w -= η m̂ / (√v̂ + ε).
 * Here m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ).
 */
export interface Adam extends Clipping {
  readonly name: 'adam';
  /**
   * η, a positive number or a schedule.
   * @defaultValue `0.001`
   */
  readonly learningRate: LearningRate;
  /**
   * β₁, from 0 to below 1.
   * @defaultValue `0.9`
   */
  readonly beta1: number;
  /**
   * β₂, from 0 to below 1.
   * @defaultValue `0.999`
   */
  readonly beta2: number;
  /**
   * ε, at least 1e-12.
   * @defaultValue `1e-8`
   */
  readonly epsilon: number;
}

/**
 * AdamW: first w -= η weightDecay w, then a step of Adam. Biases do not decay unless the network has `penalizeBiases`.
 */
export interface AdamW extends Omit<Adam, 'name'> {
  readonly name: 'adamw';
  /**
   * A number from 0 up.
   * @defaultValue `0.01`
   */
  readonly weightDecay: number;
}

/** NAdam: Adam with Nesterov's look ahead. In place of m̂ it uses (1 - μₜ) g / (1 - Π μ) + μₜ₊₁ m / (1 - Π μ μₜ₊₁). */
export interface NAdam extends Omit<Adam, 'name'> {
  readonly name: 'nadam';
  /**
   * η, a positive number or a schedule.
   * @defaultValue `0.002`
   */
  readonly learningRate: LearningRate;
  /**
   * ψ of μₜ = β₁ (1 - 0.96^(t ψ) / 2), a number from 0 up.
   * @defaultValue `0.004`
   */
  readonly momentumDecay: number;
}

/**
 * Lion: w -= η (sign(β₁ m + (1 - β₁) g) + weightDecay w); m = β₂ m + (1 - β₂) g. Biases do not decay unless the network
 * has `penalizeBiases`.
 */
export interface Lion extends Clipping {
  readonly name: 'lion';
  /**
   * η, a positive number or a schedule.
   * @defaultValue `0.0001`
   */
  readonly learningRate: LearningRate;
  /**
   * β₁, from 0 to below 1.
   * @defaultValue `0.9`
   */
  readonly beta1: number;
  /**
   * β₂, from 0 to below 1.
   * @defaultValue `0.99`
   */
  readonly beta2: number;
  /**
   * A number from 0 up.
   * @defaultValue `0`
   */
  readonly weightDecay: number;
}

/**
 * iRPROP+: every parameter has its own step length, which grows as long as the gradient keeps its sign. For full
 * batches only. Clipping does not change signs, so it matters only if there are penalties, which are added afterwards.
 */
export interface IRprop extends Clipping {
  readonly name: 'irprop';
  /**
   * The first step length of every parameter, a positive number or a schedule.
   * @defaultValue `0.01`
   */
  readonly learningRate: LearningRate;
  /**
   * From 0 to below 1. Each parameter's first step is drawn uniformly from (1 - spread) to (1 + spread) times the
   * learning rate, from the network's seed. Prechelt (PROBEN1, 1994) uses 0.6 at the rate 0.125.
   * @defaultValue `0`: all first steps are the same (Igel and Hüsken, 2003)
   */
  readonly spread: number;
  /**
   * The factor of a step length while the sign stays, above 1.
   * @defaultValue `1.2`
   */
  readonly etaPlus: number;
  /**
   * The factor of a step length when the sign changes, above 0 and below 1.
   * @defaultValue `0.5`
   */
  readonly etaMinus: number;
  /**
   * The smallest step length, a positive number.
   * @defaultValue `1e-6`
   */
  readonly stepMin: number;
  /**
   * The largest step length, at least `stepMin`.
   * @defaultValue `50`
   */
  readonly stepMax: number;
}

/**
 * L-BFGS: a line search along a direction that uses the curvature of the last steps. For full batches without dropout,
 * `maxNorm` and L1. An epoch is one step, which passes through the samples once or more. Training ends before `epochs`
 * if the gradient is at most `tolerance` long (`stopped: 'converged'`), or if steps no longer lower the cost by more
 * than rounding (`stopped: 'stalled'`).
 */
export interface Lbfgs {
  readonly name: 'lbfgs';
  /**
   * The first step length that a line search tries, a positive multiple of the direction's length.
   * @defaultValue `1`
   */
  readonly learningRate: number;
  /**
   * How many of the last steps are remembered, 1 to 100. Each takes twice as much memory as the weights.
   * @defaultValue `10`
   */
  readonly history: number;
  /**
   * The length of the gradient at which training ends, a number from 0 up.
   * @defaultValue `1e-7`
   */
  readonly tolerance: number;
}

/** An optimizer. The functions `sgd` to `lbfgs` make one from its options. */
export type Optimizer = Sgd | Momentum | Adagrad | Adadelta | RmsProp | Adam | AdamW | NAdam | Lion | IRprop | Lbfgs;

type Name = Optimizer['name'];
type Check = (where: string, value: unknown) => number;

function checkAboveOne(where: string, value: unknown): number {
  return checkNumber(where, value, (x) => x > 1 && Number.isFinite(x), 'a number above 1');
}

/** An epsilon must be far above the square root of the smallest numbers v that the core does not set to 0. */
const checkEpsilon: Check = (where, value) => checkFrom(where, value, 1e-12);

/** An option: its check and its default. An option without a default must be given. */
type Option = readonly [check: Check, fallback?: number];

/** The facts about one optimizer. */
interface OptimizerFacts {
  /** The code by which the core knows it. */
  readonly code: number;
  /**
   * The numbers that it keeps for each parameter, by their symbols in docs/optimizers.md. Each has a slot in the core's
   * memory.
   */
  readonly slots: readonly string[];
  /** Its options, except for the learning rate. */
  readonly options: Readonly<Record<string, Option>>;
  /** The offsets in bytes at which the core's rule reads its options. */
  readonly offsets: Readonly<Record<string, number>>;
  /** The default learning rate; undefined if it must be given. */
  readonly learningRate?: number;
}

const adamOptions = {
  beta1: [checkFraction, 0.9],
  beta2: [checkFraction, 0.999],
  epsilon: [checkEpsilon, 1e-8],
} as const;

const adamOffsets = { beta1: codes.ADAM_BETA1, beta2: codes.ADAM_BETA2, epsilon: codes.ADAM_EPSILON };

/** All optimizers, with the defaults of PyTorch. */
const OPTIMIZERS: Readonly<Record<Name, OptimizerFacts>> = {
  sgd: { code: codes.SGD, slots: [], options: {}, offsets: {} },
  momentum: {
    code: codes.MOMENTUM,
    slots: ['m'],
    options: { momentum: [checkFraction, 0.9] },
    offsets: { momentum: codes.MOMENTUM_MU },
  },
  nesterov: {
    code: codes.NESTEROV,
    slots: ['m'],
    options: { momentum: [checkFraction, 0.9] },
    offsets: { momentum: codes.MOMENTUM_MU },
  },
  adagrad: {
    code: codes.ADAGRAD,
    slots: ['v'],
    options: { epsilon: [checkEpsilon, 1e-10] },
    offsets: { epsilon: codes.ADAGRAD_EPSILON },
    learningRate: 0.01,
  },
  adadelta: {
    code: codes.ADADELTA,
    slots: ['v', 'u'],
    options: { rho: [checkFraction, 0.9], epsilon: [checkEpsilon, 1e-6] },
    offsets: { rho: codes.ADADELTA_RHO, epsilon: codes.ADADELTA_EPSILON },
    learningRate: 1,
  },
  rmsprop: {
    code: codes.RMSPROP,
    slots: ['v'],
    options: { alpha: [checkFraction, 0.99], epsilon: [checkEpsilon, 1e-8] },
    offsets: { alpha: codes.RMSPROP_ALPHA, epsilon: codes.RMSPROP_EPSILON },
    learningRate: 0.01,
  },
  adam: {
    code: codes.ADAM,
    slots: ['m', 'v'],
    options: adamOptions,
    offsets: adamOffsets,
    learningRate: 0.001,
  },
  adamw: {
    code: codes.ADAMW,
    slots: ['m', 'v'],
    options: { ...adamOptions, weightDecay: [checkNotNegative, 0.01] },
    offsets: { ...adamOffsets, weightDecay: codes.ADAMW_WEIGHT_DECAY },
    learningRate: 0.001,
  },
  nadam: {
    code: codes.NADAM,
    slots: ['m', 'v'],
    options: { ...adamOptions, momentumDecay: [checkNotNegative, 0.004] },
    offsets: { ...adamOffsets, momentumDecay: codes.NADAM_WARMTH },
    learningRate: 0.002,
  },
  lion: {
    code: codes.LION,
    slots: ['m'],
    options: { beta1: [checkFraction, 0.9], beta2: [checkFraction, 0.99], weightDecay: [checkNotNegative, 0] },
    offsets: { beta1: codes.LION_BETA1, beta2: codes.LION_BETA2, weightDecay: codes.LION_WEIGHT_DECAY },
    learningRate: 1e-4,
  },
  irprop: {
    code: codes.IRPROP,
    slots: ['step', 'sign'],
    options: {
      spread: [checkFraction, 0],
      etaPlus: [checkAboveOne, 1.2],
      etaMinus: [checkShare, 0.5],
      stepMin: [checkPositive, 1e-6],
      stepMax: [checkPositive, 50],
    },
    offsets: {
      etaPlus: codes.IRPROP_ETA_PLUS,
      etaMinus: codes.IRPROP_ETA_MINUS,
      stepMin: codes.IRPROP_STEP_MIN,
      stepMax: codes.IRPROP_STEP_MAX,
    },
    learningRate: 0.01,
  },
  lbfgs: {
    code: codes.LBFGS,
    // it remembers whole steps, not numbers for each parameter: see slotsOf
    slots: [],
    // SciPy's history: PyTorch's 100 would take two hundred times the memory of the weights
    options: {
      history: [(where, value) => checkInteger(where, value, 1, 100), 10],
      tolerance: [checkNotNegative, 1e-7],
    },
    offsets: {},
    learningRate: 1,
  },
};

const CLIPPING = ['clipValue', 'clipNorm'] as const;

/**
 * Checks the options of an optimizer and fills in the defaults. `none`: a further argument, which is refused. `where`:
 * the beginning of error messages.
 */
function makeOptimizer<T extends Optimizer>(
  name: T['name'],
  given: unknown,
  none?: undefined,
  where: string = name,
): T {
  checkNoMore(where, 2, none);
  const { options, learningRate } = OPTIMIZERS[name];
  const clipping = name === 'lbfgs' ? [] : CLIPPING;
  checkObject(where, given, ['learningRate', ...Object.keys(options), ...clipping]);
  const values = given as Record<string, unknown>;
  // a line search starts with a single number
  const checkRate = name === 'lbfgs' ? checkPositive : checkLearningRate;
  const optimizer: Record<string, unknown> = {
    name,
    learningRate: checkRate(`${where}.learningRate`, orDefault(values.learningRate, learningRate)),
  };
  for (const [key, [check, fallback]] of Object.entries(options)) {
    optimizer[key] = check(`${where}.${key}`, orDefault(values[key], fallback));
  }
  const { stepMin, stepMax } = optimizer as Partial<IRprop>;
  if (stepMin !== undefined && stepMax !== undefined && stepMin > stepMax) {
    throw outOfRange(`${where}.stepMin`, stepMin, `at most stepMax = ${stepMax}`);
  }
  for (const key of clipping) {
    if (values[key] !== undefined) optimizer[key] = checkPositive(`${where}.${key}`, values[key]);
  }
  return Object.freeze(optimizer) as unknown as T;
}

/** The options of the function that makes an optimizer. `Required`: those without a default. */
export type OptimizerOptions<T, Required extends keyof T = never> = Pick<T, Required> & {
  readonly [Key in keyof Omit<T, 'name' | Required>]?: T[Key & keyof T] | undefined;
};

/**
 * Plain gradient descent, w -= η dC/dw.
 *
 * @param options η, and the limits of the gradient
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { Network, sgd } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = sgd({ learningRate: 0.5 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.learningRate); // 0.5
 */
export function sgd(options: OptimizerOptions<Sgd, 'learningRate'>, none?: undefined): Sgd {
  return makeOptimizer('sgd', options, none);
}

/**
 * Gradient descent with momentum (Polyak, 1964), in the form of PyTorch's SGD.
 *
 * @param options its numbers, of which `learningRate` is required
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { momentum, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = momentum({ learningRate: 0.1 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.momentum); // 0.9
 */
export function momentum(options: OptimizerOptions<Momentum, 'learningRate'>, none?: undefined): Momentum {
  return makeOptimizer('momentum', options, none);
}

/**
 * Gradient descent with Nesterov momentum (Sutskever et al., 2013), in the form of PyTorch's SGD.
 *
 * @param options its numbers, of which `learningRate` is required
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { nesterov, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = nesterov({ learningRate: 0.1, momentum: 0.95 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.name); // nesterov
 */
export function nesterov(options: OptimizerOptions<Momentum, 'learningRate'>, none?: undefined): Momentum {
  return makeOptimizer('nesterov', options, none);
}

/**
 * Adagrad (Duchi et al., 2011): each step is divided by the root of the sum of all squared gradients.
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { adagrad, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = adagrad({ learningRate: 0.05 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.epsilon); // 1e-10
 */
export function adagrad(options: OptimizerOptions<Adagrad> = {}, none?: undefined): Adagrad {
  return makeOptimizer('adagrad', options, none);
}

/**
 * Adadelta (Zeiler, 2012): steps have the units of the parameters.
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { adadelta, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = adadelta({ rho: 0.95 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.rho); // 0.95
 */
export function adadelta(options: OptimizerOptions<Adadelta> = {}, none?: undefined): Adadelta {
  return makeOptimizer('adadelta', options, none);
}

/**
 * RMSprop (Tieleman and Hinton, 2012): each step is divided by the root of the mean squared gradient.
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { Network, rmsprop } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = rmsprop({ clipNorm: 1 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.learningRate); // 0.01
 */
export function rmsprop(options: OptimizerOptions<RmsProp> = {}, none?: undefined): RmsProp {
  return makeOptimizer('rmsprop', options, none);
}

/**
 * Adam (Kingma and Ba, 2015).
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { adam, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = adam({ learningRate: 0.003 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.beta1); // 0.9
 */
export function adam(options: OptimizerOptions<Adam> = {}, none?: undefined): Adam {
  return makeOptimizer('adam', options, none);
}

/**
 * AdamW: Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { adamw, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = adamw({ learningRate: 0.003, weightDecay: 0.1 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.beta2); // 0.999
 */
export function adamw(options: OptimizerOptions<AdamW> = {}, none?: undefined): AdamW {
  return makeOptimizer('adamw', options, none);
}

/**
 * NAdam: Adam with Nesterov's look ahead (Dozat, 2016).
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { nadam, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = nadam({ learningRate: 0.003 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.momentumDecay); // 0.004
 */
export function nadam(options: OptimizerOptions<NAdam> = {}, none?: undefined): NAdam {
  return makeOptimizer('nadam', options, none);
}

/**
 * Lion (Chen et al., 2023): all parameters take steps of one length, along the sign of the mean gradient.
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { lion, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = lion({ learningRate: 0.0003, weightDecay: 1 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.beta2); // 0.99
 */
export function lion(options: OptimizerOptions<Lion> = {}, none?: undefined): Lion {
  return makeOptimizer('lion', options, none);
}

/**
 * iRPROP+ (Igel and Hüsken, 2003), for full batches.
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { irprop, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = irprop({ learningRate: 0.1 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.etaPlus); // 1.2
 */
export function irprop(options: OptimizerOptions<IRprop> = {}, none?: undefined): IRprop {
  return makeOptimizer('irprop', options, none);
}

/**
 * L-BFGS (Liu and Nocedal, 1989) with a line search, for full batches.
 *
 * @param options its numbers, each of which has a default
 * @returns the optimizer, a frozen object
 * @throws TypeError or RangeError for an unknown option or a number out of its range
 *
 * @example
 * import { lbfgs, Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
 * const data = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] };
 * const optimizer = lbfgs({ history: 20 });
 * await net.fit(data, { optimizer, epochs: 10 });
 * console.log(optimizer.tolerance); // 1e-7
 */
export function lbfgs(options: OptimizerOptions<Lbfgs> = {}, none?: undefined): Lbfgs {
  return makeOptimizer('lbfgs', options, none);
}

/** A checked copy of an optimizer, which may come from a file or from the user's own code. */
export function checkOptimizer(value: unknown, where = 'optimizer'): Optimizer {
  checkIsObject(where, value, 'an optimizer, which adam() and others return');
  const { name, ...options } = value as { name: unknown };
  return makeOptimizer(checkName(`${where}.name`, name, Object.keys(OPTIMIZERS) as Name[]), options, undefined, where);
}

/** True if each of its steps must be on all samples. */
export function isFullBatch({ name }: Optimizer): boolean {
  return name === 'irprop' || name === 'lbfgs';
}

/** The numbers that the optimizer keeps for each parameter, by their symbols in docs/optimizers.md. */
export function slotNames(optimizer: Optimizer): readonly string[] {
  return OPTIMIZERS[optimizer.name].slots;
}

/** Vectors that L-BFGS keeps besides its pairs: two gradients, the weights it started from, and the direction. */
const LBFGS_VECTORS = 4;

/** How many floats the optimizer keeps for each parameter. */
export function slotsOf(optimizer: Optimizer): number {
  if (optimizer.name === 'lbfgs') return LBFGS_VECTORS + 2 * optimizer.history;
  return OPTIMIZERS[optimizer.name].slots.length;
}

/** True if an optimizer cannot continue with the state of the other: it is another one, or has more or fewer slots. */
export function isOtherKind(optimizer: Optimizer, other: Optimizer): boolean {
  return optimizer.name !== other.name || slotsOf(optimizer) !== slotsOf(other);
}

/** Everything that the core reads of an optimizer, except its learning rate. */
export interface OptimizerNumbers {
  readonly code: number;
  /** The optimizer's own numbers, and the offsets in bytes at which its rule reads them. */
  readonly hyper: readonly { readonly offset: number; readonly value: number }[];
  /** 0: no limit. */
  readonly clipValue: number;
  /** 0: no limit. */
  readonly clipNorm: number;
}

export function numbersOf(optimizer: Optimizer): OptimizerNumbers {
  const { code, offsets } = OPTIMIZERS[optimizer.name];
  const values = optimizer as unknown as Readonly<Record<string, number | undefined>>;
  return {
    code,
    hyper: Object.entries(offsets).map(([name, offset]) => {
      const value = values[name] as number;
      // the core takes 0.96^psi instead of psi
      return { offset, value: name === 'momentumDecay' ? powerOf096(value) : value };
    }),
    clipValue: values.clipValue ?? 0,
    clipNorm: values.clipNorm ?? 0,
  };
}

/** The optimizer of a new network. `npm run bench:defaults` measures its rate. */
export const defaultOptimizer = (): Optimizer => adam({ learningRate: 0.01 });
