import { checkName, checkObject, checkPositive } from './errors.js';
import type { Optimizer, Sgd } from './types.js';

/** Plain gradient descent, w -= η dC/dw. */
export function sgd(options: { learningRate: number }): Sgd {
  checkObject('sgd', options, ['learningRate']);
  return Object.freeze({ name: 'sgd', learningRate: checkPositive('sgd.learningRate', options.learningRate) });
}

/** A copy of `value` if it is an optimizer, whoever made it. */
export function checkOptimizer(value: unknown): Optimizer {
  checkObject('optimizer', value, ['name', 'learningRate']);
  const { name, ...options } = value as Sgd;
  checkName('optimizer.name', name, ['sgd']);
  return sgd(options);
}
