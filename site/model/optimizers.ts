import {
  adadelta,
  adagrad,
  adam,
  adamw,
  irprop,
  lbfgs,
  lion,
  momentum,
  nadam,
  nesterov,
  type Optimizer,
  rmsprop,
  sgd,
} from 'simdprop';

// The twelve optimizers, with rates that suit the small networks of the playground.

interface Entry {
  readonly rate: number;
  readonly make: (rate: { learningRate: number }) => Optimizer;
}

export const OPTIMIZERS = {
  sgd: { rate: 0.03, make: sgd },
  momentum: { rate: 0.01, make: momentum },
  nesterov: { rate: 0.01, make: nesterov },
  adagrad: { rate: 0.05, make: adagrad },
  adadelta: { rate: 1, make: adadelta },
  rmsprop: { rate: 0.005, make: rmsprop },
  adam: { rate: 0.01, make: adam },
  adamw: { rate: 0.01, make: adamw },
  nadam: { rate: 0.01, make: nadam },
  lion: { rate: 0.002, make: lion },
  irprop: { rate: 0.01, make: irprop },
  lbfgs: { rate: 1, make: lbfgs },
} as const satisfies Record<string, Entry>;

export type OptimizerName = keyof typeof OPTIMIZERS;
export const OPTIMIZER_NAMES = Object.keys(OPTIMIZERS) as OptimizerName[];

/** The optimizers that always take all samples for a step. */
export const isFullBatch = (name: OptimizerName): boolean => name === 'irprop' || name === 'lbfgs';

/** L-BFGS searches along lines and cannot be paused between two frames, so it takes part only in the race. */
export const STEPWISE_OPTIMIZERS = OPTIMIZER_NAMES.filter((name) => name !== 'lbfgs');

export const makeOptimizer = (name: OptimizerName, rate: number): Optimizer =>
  OPTIMIZERS[name].make({ learningRate: rate });
