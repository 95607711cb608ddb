import {
  checkFraction,
  checkFrom,
  checkInteger,
  checkIsObject,
  checkName,
  checkNotNegative,
  checkNumber,
  checkObject,
  checkPositive,
  checkShare,
  outOfRange,
} from '../check/errors.js';
import * as codes from './codes.js';
import { powerOf096 } from './exact-math.js';
import { checkLearningRate, type LearningRate } from './schedule.js';

// Optimizers as data: the name, options and state of each. What a step does to a parameter is in assembly/; the loop of L-BFGS is in
// training/lbfgs.ts.

/** What every optimizer that follows the gradient's size takes. The penalties are added after clipping. */
export interface Clipping {
  /** Every number of the mean gradient is held to [-clipValue, clipValue], after `clipNorm`. Default: none. */
  readonly clipValue?: number;
  /** The mean gradient of all weights and biases is scaled back to this length where it is longer. Default: none. */
  readonly clipNorm?: number;
}

/** Plain gradient descent: w -= η dC/dw. */
export interface Sgd extends Clipping {
  readonly name: 'sgd';
  /** η, a positive number or a schedule. */
  readonly learningRate: LearningRate;
}

/** m = μ m + g; w -= η m. With Nesterov's look ahead, w -= η (g + μ m). */
export interface Momentum extends Clipping {
  readonly name: 'momentum' | 'nesterov';
  readonly learningRate: LearningRate;
  /** μ, from 0 to below 1. Default 0.9. */
  readonly momentum: number;
}

/** v = v + g²; w -= η g / (√v + ε). */
export interface Adagrad extends Clipping {
  readonly name: 'adagrad';
  /** Default 0.01. */
  readonly learningRate: LearningRate;
  /** Default 1e-10. */
  readonly epsilon: number;
}

/** v = ρ v + (1 - ρ) g²; d = √((u + ε) / (v + ε)) g; u = ρ u + (1 - ρ) d²; w -= η d. */
export interface Adadelta extends Clipping {
  readonly name: 'adadelta';
  /** Default 1. */
  readonly learningRate: LearningRate;
  /** Default 0.9. */
  readonly rho: number;
  /** Default 1e-6. */
  readonly epsilon: number;
}

/** v = α v + (1 - α) g²; w -= η g / (√v + ε). */
export interface RmsProp extends Clipping {
  readonly name: 'rmsprop';
  /** Default 0.01. */
  readonly learningRate: LearningRate;
  /** Default 0.99. */
  readonly alpha: number;
  /** Default 1e-8. */
  readonly epsilon: number;
}

/** m = β₁ m + (1 - β₁) g; v = β₂ v + (1 - β₂) g²; w -= η m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ). */
export interface Adam extends Clipping {
  readonly name: 'adam';
  /** Default 0.001. */
  readonly learningRate: LearningRate;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.999. */
  readonly beta2: number;
  /** Default 1e-8. */
  readonly epsilon: number;
}

/** Adam after w -= η weightDecay w. Biases are spared unless the network has `penalizeBiases`. */
export interface AdamW extends Omit<Adam, 'name'> {
  readonly name: 'adamw';
  /** Default 0.01. */
  readonly weightDecay: number;
}

/** Adam with Nesterov's look ahead: in place of m̂, (1 - μₜ) g / (1 - Π μ) + μₜ₊₁ m / (1 - Π μ μₜ₊₁). */
export interface NAdam extends Omit<Adam, 'name'> {
  readonly name: 'nadam';
  /** Default 0.002. */
  readonly learningRate: LearningRate;
  /** ψ of μₜ = β₁ (1 - 0.96^(t ψ) / 2). Default 0.004. */
  readonly momentumDecay: number;
}

/** w -= η (sign(β₁ m + (1 - β₁) g) + weightDecay w); m = β₂ m + (1 - β₂) g. Biases do not decay unless the network has `penalizeBiases`. */
export interface Lion extends Clipping {
  readonly name: 'lion';
  /** Default 0.0001. */
  readonly learningRate: LearningRate;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.99. */
  readonly beta2: number;
  /** Default 0. */
  readonly weightDecay: number;
}

/**
 * iRPROP+: every parameter has a step of its own, which grows while its gradient keeps its sign. For full batches. A clipped gradient
 * has the same sign: clipping only tells it apart from the penalties.
 */
export interface IRprop extends Clipping {
  readonly name: 'irprop';
  /** The first step of every parameter. Default 0.01. */
  readonly learningRate: LearningRate;
  /** What a step is multiplied with while the sign stays, above 1. Default 1.2. */
  readonly etaPlus: number;
  /** What it is multiplied with when the sign changes, above 0 and below 1. Default 0.5. */
  readonly etaMinus: number;
  /** Default 1e-6. */
  readonly stepMin: number;
  /** Default 50. */
  readonly stepMax: number;
}

/**
 * L-BFGS: directions from the last steps' curvature, a line search along each. For full batches without dropout, `maxNorm` and L1. An
 * epoch is one step, for which the samples are gone through once or more. Training ends before `epochs` once the gradient is at most
 * `tolerance` long (`stopped: 'converged'`), or once steps no longer lower the cost by more than rounding (`stopped: 'stalled'`).
 */
export interface Lbfgs {
  readonly name: 'lbfgs';
  /** The first length that a line search tries, in steps of its direction. Default 1. */
  readonly learningRate: number;
  /** How many of the last steps are remembered, 1 to 100; each takes as much memory as the weights, twice. Default 10. */
  readonly history: number;
  /** Default 1e-7. */
  readonly tolerance: number;
}

export type Optimizer = Sgd | Momentum | Adagrad | Adadelta | RmsProp | Adam | AdamW | NAdam | Lion | IRprop | Lbfgs;

type Name = Optimizer['name'];
type Check = (where: string, value: unknown) => number;

function checkAboveOne(where: string, value: unknown): number {
  return checkNumber(where, value, (x) => x > 1 && Number.isFinite(x), 'a number above 1');
}

/** An epsilon must be far above the root of the smallest mean of squares that the core does not flush to 0. */
const checkEpsilon: Check = (where, value) => checkFrom(where, value, 1e-12);

/** An option: its check, and its default. An option without a default must be given. */
type Option = readonly [check: Check, fallback?: number];

/** A row of the table of optimizers. */
interface Kind {
  /** What the core calls it. */
  readonly code: number;
  /** The state that it keeps for each parameter, by the symbols of docs/optimizers.md: one slot of the core's memory each. */
  readonly slots: readonly string[];
  /** Its options beside learningRate. */
  readonly options: Readonly<Record<string, Option>>;
  /** Where the core's rule reads them, in bytes. */
  readonly places: Readonly<Record<string, number>>;
  /** The default learning rate. Without one it must be given. */
  readonly learningRate?: number;
}

const adamOptions = {
  beta1: [checkFraction, 0.9],
  beta2: [checkFraction, 0.999],
  epsilon: [checkEpsilon, 1e-8],
} as const;

const adamPlaces = { beta1: codes.ADAM_BETA1, beta2: codes.ADAM_BETA2, epsilon: codes.ADAM_EPSILON };

/** The defaults are PyTorch's. */
const KINDS: Readonly<Record<Name, Kind>> = {
  sgd: { code: codes.SGD, slots: [], options: {}, places: {} },
  momentum: {
    code: codes.MOMENTUM,
    slots: ['m'],
    options: { momentum: [checkFraction, 0.9] },
    places: { momentum: codes.MOMENTUM_MU },
  },
  nesterov: {
    code: codes.NESTEROV,
    slots: ['m'],
    options: { momentum: [checkFraction, 0.9] },
    places: { momentum: codes.MOMENTUM_MU },
  },
  adagrad: {
    code: codes.ADAGRAD,
    slots: ['v'],
    options: { epsilon: [checkEpsilon, 1e-10] },
    places: { epsilon: codes.ADAGRAD_EPSILON },
    learningRate: 0.01,
  },
  adadelta: {
    code: codes.ADADELTA,
    slots: ['v', 'u'],
    options: { rho: [checkFraction, 0.9], epsilon: [checkEpsilon, 1e-6] },
    places: { rho: codes.ADADELTA_RHO, epsilon: codes.ADADELTA_EPSILON },
    learningRate: 1,
  },
  rmsprop: {
    code: codes.RMSPROP,
    slots: ['v'],
    options: { alpha: [checkFraction, 0.99], epsilon: [checkEpsilon, 1e-8] },
    places: { alpha: codes.RMSPROP_ALPHA, epsilon: codes.RMSPROP_EPSILON },
    learningRate: 0.01,
  },
  adam: {
    code: codes.ADAM,
    slots: ['m', 'v'],
    options: adamOptions,
    places: adamPlaces,
    learningRate: 0.001,
  },
  adamw: {
    code: codes.ADAMW,
    slots: ['m', 'v'],
    options: { ...adamOptions, weightDecay: [checkNotNegative, 0.01] },
    places: { ...adamPlaces, weightDecay: codes.ADAMW_WEIGHT_DECAY },
    learningRate: 0.001,
  },
  nadam: {
    code: codes.NADAM,
    slots: ['m', 'v'],
    options: { ...adamOptions, momentumDecay: [checkNotNegative, 0.004] },
    places: { ...adamPlaces, momentumDecay: codes.NADAM_WARMTH },
    learningRate: 0.002,
  },
  lion: {
    code: codes.LION,
    slots: ['m'],
    options: { beta1: [checkFraction, 0.9], beta2: [checkFraction, 0.99], weightDecay: [checkNotNegative, 0] },
    places: { beta1: codes.LION_BETA1, beta2: codes.LION_BETA2, weightDecay: codes.LION_WEIGHT_DECAY },
    learningRate: 1e-4,
  },
  irprop: {
    code: codes.IRPROP,
    slots: ['step', 'sign'],
    options: {
      etaPlus: [checkAboveOne, 1.2],
      etaMinus: [checkShare, 0.5],
      stepMin: [checkPositive, 1e-6],
      stepMax: [checkPositive, 50],
    },
    places: {
      etaPlus: codes.IRPROP_ETA_PLUS,
      etaMinus: codes.IRPROP_ETA_MINUS,
      stepMin: codes.IRPROP_STEP_MIN,
      stepMax: codes.IRPROP_STEP_MAX,
    },
    learningRate: 0.01,
  },
  lbfgs: {
    code: codes.LBFGS,
    // its memory is of whole steps, not of parameters: see slotsOf
    slots: [],
    // scipy's history: PyTorch's 100 would take two hundred times the memory of the weights
    options: {
      history: [(where, value) => checkInteger(where, value, 1, 100), 10],
      tolerance: [checkNotNegative, 1e-7],
    },
    places: {},
    learningRate: 1,
  },
};

const CLIPPING = ['clipValue', 'clipNorm'] as const;

/** The optimizer of that name, with the defaults filled in; `where` begins the messages. */
function make<T extends Optimizer>(name: T['name'], given: unknown, where: string = name): T {
  const { options, learningRate } = KINDS[name];
  const clipping = name === 'lbfgs' ? [] : CLIPPING;
  checkObject(where, given, ['learningRate', ...Object.keys(options), ...clipping]);
  const values = given as Record<string, unknown>;
  // the first step of a line search is one number
  const checkRate = name === 'lbfgs' ? checkPositive : checkLearningRate;
  const optimizer: Record<string, unknown> = {
    name,
    learningRate: checkRate(`${where}.learningRate`, values.learningRate ?? learningRate),
  };
  for (const [key, [check, fallback]] of Object.entries(options)) {
    optimizer[key] = check(`${where}.${key}`, values[key] ?? fallback);
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

/** What a factory takes: `Required` names the options without a default. */
type Options<T, Required extends keyof T = never> = Pick<T, Required> & Partial<Omit<T, 'name' | Required>>;

/** Plain gradient descent, w -= η dC/dw. */
export function sgd(options: Options<Sgd, 'learningRate'>): Sgd {
  return make('sgd', options);
}

/** Gradient descent with momentum (Polyak, 1964), as PyTorch's SGD has it. */
export function momentum(options: Options<Momentum, 'learningRate'>): Momentum {
  return make('momentum', options);
}

/** Momentum with Nesterov's look ahead (Sutskever et al., 2013), as PyTorch's SGD has it. */
export function nesterov(options: Options<Momentum, 'learningRate'>): Momentum {
  return make('nesterov', options);
}

/** Adagrad (Duchi et al., 2011): steps divided by the root of the sum of all squared gradients. */
export function adagrad(options: Options<Adagrad> = {}): Adagrad {
  return make('adagrad', options);
}

/** Adadelta (Zeiler, 2012): steps in the units of the parameters. */
export function adadelta(options: Options<Adadelta> = {}): Adadelta {
  return make('adadelta', options);
}

/** RMSprop (Tieleman and Hinton, 2012): steps divided by the root of the mean squared gradient. */
export function rmsprop(options: Options<RmsProp> = {}): RmsProp {
  return make('rmsprop', options);
}

/** Adam (Kingma and Ba, 2015). */
export function adam(options: Options<Adam> = {}): Adam {
  return make('adam', options);
}

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019). */
export function adamw(options: Options<AdamW> = {}): AdamW {
  return make('adamw', options);
}

/** Adam with Nesterov's look ahead (Dozat, 2016). */
export function nadam(options: Options<NAdam> = {}): NAdam {
  return make('nadam', options);
}

/** Lion (Chen et al., 2023): steps of one length, along the sign of the mean gradient. */
export function lion(options: Options<Lion> = {}): Lion {
  return make('lion', options);
}

/** iRPROP+ (Igel and Hüsken, 2003), for full batches. */
export function irprop(options: Options<IRprop> = {}): IRprop {
  return make('irprop', options);
}

/** L-BFGS (Liu and Nocedal, 1989) with a line search, for full batches. */
export function lbfgs(options: Options<Lbfgs> = {}): Lbfgs {
  return make('lbfgs', options);
}

/** A copy of `value` if it is an optimizer, whoever made it. */
export function checkOptimizer(value: unknown): Optimizer {
  checkIsObject('optimizer', value);
  const { name, ...options } = value as { name: unknown };
  return make(checkName('optimizer.name', name, Object.keys(KINDS) as Name[]), options, 'optimizer');
}

/** Whether each of its steps must be on all samples. */
export function isFullBatch({ name }: Optimizer): boolean {
  return name === 'irprop' || name === 'lbfgs';
}

/** What the optimizer keeps for each parameter, by the symbols of docs/optimizers.md. */
export function slotNames(optimizer: Optimizer): readonly string[] {
  return KINDS[optimizer.name].slots;
}

/** Vectors of L-BFGS beside its pairs: two gradients, the weights it started from, the direction. */
const LBFGS_VECTORS = 4;

/** Floats of state that the optimizer keeps for each parameter. */
export function slotsOf(optimizer: Optimizer): number {
  if (optimizer.name === 'lbfgs') return LBFGS_VECTORS + 2 * optimizer.history;
  return KINDS[optimizer.name].slots.length;
}

/** What the core reads of an optimizer, its learning rate excepted. */
export interface OptimizerNumbers {
  readonly code: number;
  /** Its own numbers, and where its rule reads them. */
  readonly hyper: readonly { readonly place: number; readonly value: number }[];
  /** 0: no limit. */
  readonly clipValue: number;
  readonly clipNorm: number;
}

export function numbersOf(optimizer: Optimizer): OptimizerNumbers {
  const { code, places } = KINDS[optimizer.name];
  const values = optimizer as unknown as Readonly<Record<string, number | undefined>>;
  return {
    code,
    hyper: Object.entries(places).map(([name, place]) => {
      const value = values[name] as number;
      // the core takes psi as 0.96^psi
      return { place, value: name === 'momentumDecay' ? powerOf096(value) : value };
    }),
    clipValue: values.clipValue ?? 0,
    clipNorm: values.clipNorm ?? 0,
  };
}
