import * as abi from '../../assembly/abi.js';
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
import { checkLearningRate } from './schedule.js';
import type {
  Adadelta,
  Adagrad,
  Adam,
  AdamW,
  IRprop,
  Lbfgs,
  Lion,
  Momentum,
  NAdam,
  Optimizer,
  RmsProp,
  Sgd,
} from './types.js';

// Optimizers as data: what each is called, takes and keeps. Their rules are in assembly/rules.ts, L-BFGS in lbfgs.ts.

type Name = Optimizer['name'];
type Check = (where: string, value: unknown) => number;

function checkAboveOne(where: string, value: unknown): number {
  return checkNumber(where, value, (x) => x > 1 && Number.isFinite(x), 'a number above 1');
}

/** Far above the root of what is flushed to 0 in the mean of squares: see rules.ts. */
const checkEpsilon: Check = (where, value) => checkFrom(where, value, 1e-12);

/** An option: its check, and its default unless it must be given. */
type Option = readonly [check: Check, fallback?: number];

interface Kind {
  readonly code: number;
  /** Floats of state for each parameter. */
  readonly slots: number;
  /** Beside learningRate, in the order of abi.HYPER. */
  readonly options: Readonly<Record<string, Option>>;
  readonly learningRate?: number;
}

const adamOptions = {
  beta1: [checkFraction, 0.9],
  beta2: [checkFraction, 0.999],
  epsilon: [checkEpsilon, 1e-8],
} as const;

/** The defaults are PyTorch's. */
const KINDS: Readonly<Record<Name, Kind>> = {
  sgd: { code: abi.SGD, slots: 0, options: {} },
  momentum: { code: abi.MOMENTUM, slots: 1, options: { momentum: [checkFraction, 0.9] } },
  nesterov: { code: abi.NESTEROV, slots: 1, options: { momentum: [checkFraction, 0.9] } },
  adagrad: { code: abi.ADAGRAD, slots: 1, options: { epsilon: [checkEpsilon, 1e-10] }, learningRate: 0.01 },
  adadelta: {
    code: abi.ADADELTA,
    slots: 2,
    options: { rho: [checkFraction, 0.9], epsilon: [checkEpsilon, 1e-6] },
    learningRate: 1,
  },
  rmsprop: {
    code: abi.RMSPROP,
    slots: 1,
    options: { alpha: [checkFraction, 0.99], epsilon: [checkEpsilon, 1e-8] },
    learningRate: 0.01,
  },
  adam: { code: abi.ADAM, slots: 2, options: adamOptions, learningRate: 0.001 },
  adamw: {
    code: abi.ADAMW,
    slots: 2,
    options: { ...adamOptions, weightDecay: [checkNotNegative, 0.01] },
    learningRate: 0.001,
  },
  nadam: {
    code: abi.NADAM,
    slots: 2,
    options: { ...adamOptions, momentumDecay: [checkNotNegative, 0.004] },
    learningRate: 0.002,
  },
  lion: {
    code: abi.LION,
    slots: 1,
    options: { beta1: [checkFraction, 0.9], beta2: [checkFraction, 0.99], weightDecay: [checkNotNegative, 0] },
    learningRate: 1e-4,
  },
  irprop: {
    code: abi.IRPROP,
    slots: 2,
    options: {
      etaPlus: [checkAboveOne, 1.2],
      etaMinus: [checkShare, 0.5],
      stepMin: [checkPositive, 1e-6],
      stepMax: [checkPositive, 50],
    },
    learningRate: 0.01,
  },
  lbfgs: {
    code: abi.LBFGS,
    // see lbfgs.ts; two more for each step of the history
    slots: 4,
    // scipy's history: PyTorch's 100 would take two hundred times the memory of the weights
    options: {
      history: [(where, value) => checkInteger(where, value, 1, 100), 10],
      tolerance: [checkNotNegative, 1e-7],
    },
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

/** Floats of state the optimizer keeps for each parameter. */
export function slotsOf(optimizer: Optimizer): number {
  const { slots } = KINDS[optimizer.name];
  return optimizer.name === 'lbfgs' ? slots + 2 * optimizer.history : slots;
}

/** What the core reads of an optimizer, its learning rate excepted. */
export function writeOptimizer(header: DataView, optimizer: Optimizer): void {
  const { code, options } = KINDS[optimizer.name];
  const values = optimizer as unknown as Record<string, number | undefined>;
  header.setUint32(abi.OPTIMIZER, code, true);
  Object.keys(options).forEach((key, i) => {
    const value = values[key] as number;
    header.setFloat64(abi.HYPER + 8 * i, key === 'momentumDecay' ? powerOf096(value) : value, true);
  });
  header.setFloat64(abi.CLIP_VALUE, values.clipValue ?? 0, true);
  header.setFloat64(abi.CLIP_NORM, values.clipNorm ?? 0, true);
}

/** 0.96^x, the same bits everywhere: (e^(x ln 0.96 / 1024))^1024, the inner one by its series. Beyond 25,000 it is 0 in f64. */
function powerOf096(x: number): number {
  const exponent = (Math.min(x, 25_000) * -0.040821994520255166) / 1024;
  let power = 1;
  for (let k = 12; k > 0; k--) power = 1 + (exponent * power) / k;
  for (let i = 0; i < 10; i++) power *= power;
  return power;
}
