import { outOfRange } from '../check/errors.js';
import { activationName, constantOf, isMixed, showActivation } from '../spec/activations.js';
import type { Activation, ActivationName } from '../spec/network-options.js';
import type { Spec } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import type { FloatArray } from './numbers.js';

// Standardised targets: which networks can have them, and how their outputs get back to the units of the targets.

/** Units whose outputs can be any number. No other unit can reach all standardised targets. */
const UNBOUNDED: readonly ActivationName[] = ['linear', 'leakyRelu', 'prelu'];

const isUnbounded = (activation: Activation) =>
  UNBOUNDED.includes(activationName(activation)) &&
  (activationName(activation) !== 'leakyRelu' || constantOf(activation) > 0);

/** Costs that compare numbers of any size. */
const COSTS: readonly Spec['cost'][] = ['quadratic', 'meanAbsoluteError', 'huber', 'custom'];

/** What says which outputs a network has: a Spec, or less. */
export interface Outputs {
  readonly layers: readonly { readonly units: number; readonly activation: Activation | readonly Activation[] }[];
}

/** The activations of a network's outputs. */
export function outputActivations({ layers }: Outputs): readonly Activation[] {
  const { activation } = layers[layers.length - 1];
  return isMixed(activation) ? activation : [activation];
}

/** True if the outputs and the cost of a network go with standardised targets. */
export function isScalable(spec: Spec): boolean {
  return COSTS.includes(spec.cost) && outputActivations(spec).every(isUnbounded);
}

/** Refuses standardised targets for a network that cannot have them. */
export function checkScalable(where: string, spec: Spec): void {
  const bounded = outputActivations(spec).find((activation) => !isUnbounded(activation));
  if (bounded) {
    const got = `standardised targets for ${showActivation(bounded)} outputs`;
    throw outOfRange(where, got, 'linear, leakyRelu or prelu outputs');
  }
  if (!COSTS.includes(spec.cost)) {
    throw outOfRange(where, `standardised targets for the cost ${spec.cost}`, `one of ${COSTS.join(', ')}`);
  }
}

/** The units of costs, for reports: none are stated unless the targets are standardised. */
export function costUnitsOf({ targetScale }: { readonly targetScale: Standardization | undefined }): {
  costUnits?: 'standardized';
} {
  return targetScale ? { costUnits: 'standardized' } : {};
}

/** target[i] = (values[i] - mean) / deviation, column by column, in doubles, rounded once. */
export function scaleTargets(
  target: Float32Array,
  values: ArrayLike<number>,
  { means, deviations }: Standardization,
): void {
  for (let i = 0; i < values.length; ) {
    for (let k = 0; k < means.length; k++, i++) target[i] = (values[i] - means[k]) / deviations[k];
  }
}

/**
 * Turns outputs into the units of the targets, in doubles, which an array of floats rounds once. Returns true if all
 * are finite.
 */
export function toTargetUnits(outputs: FloatArray, { means, deviations }: Standardization): boolean {
  let areFinite = true;
  for (let i = 0; i < outputs.length; ) {
    for (let k = 0; k < means.length; k++, i++) {
      outputs[i] = means[k] + deviations[k] * outputs[i];
      areFinite &&= Number.isFinite(outputs[i]);
    }
  }
  return areFinite;
}
