import { constantOf } from '../spec/activations.js';
import type { Activation, ActivationName } from '../spec/network-options.js';

// Activation functions in double precision, to compare what files compute with what a network would compute. An
// activation that is added to the core is added to ACTIVATION_FUNCTIONS, and every reader knows it.

/** A function of one number. */
export type Scalar = (z: number) => number;

/** An activation of one unit. */
export type UnitActivation = Exclude<Activation, 'softmax'>;

/** An activation that a name alone determines. */
export type NamedActivation = Exclude<ActivationName, 'softmax' | 'prelu'>;

export const SELU_LAMBDA = 1.0507009873554805;
export const SELU_ALPHA = 1.6732632423543772;

/** For very negative z, exp(-z) is infinite, and 1 / infinity is 0, as it should be. */
export const sigmoid: Scalar = (z) => 1 / (1 + Math.exp(-z));

/** ln(1 + e^z), written so that no exp overflows. */
export const softplus: Scalar = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/**
 * The error function, within 1e-15: its Taylor series in the middle, where 1 - the continued fraction of erfc would
 * cancel, and that continued fraction beyond.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let sum = a;
    for (let n = 1, term = a; n < 80; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / ((a + fraction) * Math.sqrt(Math.PI)));
}

/** x limited to [low, high]. */
export const clip = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

export const leakyRelu =
  (slope: number): Scalar =>
  (z) =>
    z > 0 ? z : slope * z;

export const elu =
  (alpha: number): Scalar =>
  (z) =>
    z > 0 ? z : alpha * Math.expm1(z);

const hardSigmoid: Scalar = (z) => clip(z / 6 + 0.5, 0, 1);

export const ACTIVATION_FUNCTIONS: Readonly<Record<NamedActivation, Scalar>> = {
  linear: (z) => z,
  sigmoid,
  tanh: Math.tanh,
  relu: (z) => Math.max(0, z),
  leakyRelu: leakyRelu(0.01),
  relu6: (z) => clip(z, 0, 6),
  elu: elu(1),
  selu: (z) => SELU_LAMBDA * elu(SELU_ALPHA)(z),
  gelu: (z) => 0.5 * z * (1 + erf(z / Math.SQRT2)),
  geluTanh: (z) => z * sigmoid(2 * Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)),
  silu: (z) => z * sigmoid(z),
  mish: (z) => z * Math.tanh(softplus(z)),
  softplus,
  softsign: (z) => z / (1 + Math.abs(z)),
  hardSigmoid,
  hardSwish: (z) => z * hardSigmoid(z),
};

/** The function of a unit. `slope`: that of prelu. */
export function functionOf(activation: UnitActivation, slope = 0): Scalar {
  if (activation === 'prelu') return leakyRelu(slope);
  if (typeof activation === 'string') return ACTIVATION_FUNCTIONS[activation];
  return activation.name === 'elu' ? elu(activation.alpha) : leakyRelu(constantOf(activation));
}

/** z above 0 and slope · z below, by the name that it has for this slope. */
export function leakyReluOf(slope: number): UnitActivation {
  if (slope === 0) return 'relu';
  if (slope === 1) return 'linear';
  return slope === constantOf('leakyRelu') ? 'leakyRelu' : { name: 'leakyRelu', slope };
}

/**
 * Functions that files have and this library does not, for messages. One that becomes an activation moves to
 * ACTIVATION_FUNCTIONS.
 */
export const LACKING: Readonly<Record<string, Scalar>> = {
  'quick gelu': (z) => z * sigmoid(1.702 * z),
  exp: Math.exp,
  square: (z) => z * z,
  sine: Math.sin,
  arctangent: Math.atan,
  tanhshrink: (z) => z - Math.tanh(z),
  'softshrink(0.5)': (z) => z - clip(z, -0.5, 0.5),
  'hardshrink(0.5)': (z) => (Math.abs(z) > 0.5 ? z : 0),
};

/** The name of a function that this library does not have, if it is a known one. */
export function nameOfLacking(h: Scalar): string | undefined {
  const is = (f: Scalar) => [-4.1, -1.3, -0.2, 0.4, 1.1, 2.7].every((z) => Math.abs(h(z) - f(z)) < 1e-5);
  return Object.keys(LACKING).find((name) => is(LACKING[name]));
}
