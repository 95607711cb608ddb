import { checkFinite, checkName, checkObject, checkPositive, counted, MAX_FLOAT, outOfRange } from '../check/errors.js';
import * as codes from './codes.js';
import type { Activation, ActivationName } from './network-options.js';

// The activation functions by name, and those that have a constant of their own.

export const ACTIVATIONS: Readonly<Record<ActivationName, number>> = {
  linear: codes.LINEAR,
  sigmoid: codes.SIGMOID,
  tanh: codes.TANH,
  relu: codes.RELU,
  leakyRelu: codes.LEAKY_RELU,
  prelu: codes.PRELU,
  relu6: codes.RELU6,
  elu: codes.ELU,
  selu: codes.SELU,
  gelu: codes.GELU,
  geluTanh: codes.GELU_TANH,
  silu: codes.SILU,
  mish: codes.MISH,
  softplus: codes.SOFTPLUS,
  softsign: codes.SOFTSIGN,
  hardSigmoid: codes.HARD_SIGMOID,
  hardSwish: codes.HARD_SWISH,
  softmax: codes.SOFTMAX,
};

/** The slope that every unit of prelu starts with, as in the paper of He et al. (2015) and in PyTorch. */
export const FIRST_SLOPE = 0.25;

/** The constants of functions that are given by name alone. */
const USUAL = { leakyRelu: 0.01, elu: 1 };

/** True for a list with a function for each unit. */
export const isMixed = (activation: Activation | readonly Activation[]): activation is readonly Activation[] =>
  Array.isArray(activation);

export const activationName = (activation: Activation): ActivationName =>
  typeof activation === 'string' ? activation : activation.name;

/** The slope of leakyRelu or α of elu; 0 for every other function. */
export function constantOf(activation: Activation): number {
  if (typeof activation === 'string') return USUAL[activation as keyof typeof USUAL] ?? 0;
  return activation.name === 'elu' ? activation.alpha : activation.slope;
}

/** A function in one word, different for different functions: `tanh`, `leakyRelu(0.2)`. */
export const showActivation = (activation: Activation): string =>
  typeof activation === 'string' ? activation : `${activation.name}(${constantOf(activation)})`;

/** The function of unit `j`. */
export const activationAt = (activation: Activation | readonly Activation[], j: number): Activation =>
  isMixed(activation) ? activation[j] : activation;

/** True for a layer that has slopes to train. */
export const hasSlopes = (activation: Activation | readonly Activation[]): boolean =>
  isMixed(activation) ? activation.includes('prelu') : activation === 'prelu';

/** Checks the activation of a layer: of all its units, or a list with one for each. */
export function checkActivation(
  where: string,
  value: unknown,
  units: number,
  isOutput: boolean,
): Activation | readonly Activation[] {
  if (!Array.isArray(value)) {
    const activation = checkOne(where, value === undefined ? 'sigmoid' : value);
    if (activation !== 'softmax') return activation;
    if (!isOutput) throw outOfRange(where, '"softmax"', 'softmax on the last layer only');
    if (units === 1) throw outOfRange(where, '"softmax" for one unit', 'at least 2 units, whose outputs add up to 1');
    return activation;
  }
  if (value.length !== units) throw outOfRange(where, counted(value.length, 'name'), `${units}, one for each unit`);
  const each = Array.from(value, (one, j) => checkOne(`${where}[${j}]`, one));
  const softmax = each.indexOf('softmax');
  if (softmax >= 0)
    throw outOfRange(`${where}[${softmax}]`, '"softmax"', 'a function of one unit: softmax needs the whole layer');
  const first = showActivation(each[0]);
  return each.every((one) => showActivation(one) === first) ? each[0] : Object.freeze(each);
}

/** A name, or a frozen object for a function with another constant than its name alone stands for. */
function checkOne(where: string, value: unknown): Activation {
  if (typeof value !== 'object' || value === null) {
    return checkName(where, value, Object.keys(ACTIVATIONS) as ActivationName[]);
  }
  const { name, slope, alpha } = value as Record<string, unknown>;
  const known = checkName(`${where}.name`, name, Object.keys(USUAL) as (keyof typeof USUAL)[]);
  const isElu = known === 'elu';
  checkObject(where, value, ['name', isElu ? 'alpha' : 'slope']);
  const constant = isElu ? checkPositive(`${where}.alpha`, alpha) : checkFinite(`${where}.slope`, slope);
  if (Math.abs(constant) > MAX_FLOAT)
    throw outOfRange(`${where}.slope`, constant, 'a number that is finite in 32 bits');
  if (constant === USUAL[known]) return known;
  return Object.freeze(isElu ? { name: known, alpha: constant } : { name: 'leakyRelu', slope: constant });
}
