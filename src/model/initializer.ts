import { checkFloats, checkName, checkNumber, checkObject, outOfRange } from '../check/errors.js';
import { plainFloats } from '../check/plain-arrays.js';
import type { Arena } from '../core/arena.js';
import { activationAt, activationName, FIRST_SLOPE, hasSlopes, isMixed } from '../spec/activations.js';
import { RANDOM_BIASES, RANDOM_WEIGHTS } from '../spec/codes.js';
import type {
  ActivationName,
  ConstantInitializer,
  GivenInitializer,
  InitializerName,
  LayerOptions,
} from '../spec/network-options.js';
import { keys, type LayerSpec } from '../spec/spec.js';
import { checkSlopes, type Layer } from './layer.js';

// Initial weights and biases. Named initialisers draw random numbers in the order of w_jk and b_j, so that the numbers
// do not depend on how the core stores them.

interface Distribution {
  readonly kind: 'normal' | 'uniform';
  /** Variance of the weights. */
  readonly variance: (fanIn: number, units: number) => number;
  /** Standard deviation of the biases, which are normally distributed. Default 0. */
  readonly biasDeviation?: number;
}

const glorot = (fanIn: number, units: number) => 2 / (fanIn + units);
const he = (fanIn: number) => 2 / fanIn;
const lecun = (fanIn: number) => 1 / fanIn;

const DISTRIBUTIONS: Readonly<Record<InitializerName, Distribution>> = {
  glorotUniform: { kind: 'uniform', variance: glorot },
  glorotNormal: { kind: 'normal', variance: glorot },
  heUniform: { kind: 'uniform', variance: he },
  heNormal: { kind: 'normal', variance: he },
  lecunUniform: { kind: 'uniform', variance: lecun },
  lecunNormal: { kind: 'normal', variance: lecun },
  scaledNormal: { kind: 'normal', variance: lecun, biasDeviation: 1 },
  standardNormal: { kind: 'normal', variance: () => 1, biasDeviation: 1 },
  zeros: { kind: 'normal', variance: () => 0 },
  // the variance of the random numbers before they are made orthogonal
  orthogonal: { kind: 'normal', variance: () => 1 },
};

export type CheckedInitializer = InitializerName | ConstantInitializer | GivenInitializer;

const HE_FAMILY: readonly ActivationName[] = [
  'relu',
  'leakyRelu',
  'prelu',
  'relu6',
  'elu',
  'gelu',
  'geluTanh',
  'silu',
  'mish',
  'hardSwish',
];

/** The initialiser of a layer for which none is given. */
function defaultInitializer({ activation }: LayerSpec): InitializerName {
  if (activation === 'selu') return 'lecunNormal';
  const units = isMixed(activation) ? activation : [activation];
  return units.every((unit) => HE_FAMILY.includes(activationName(unit))) ? 'heNormal' : 'glorotUniform';
}

/** The initialiser of each layer. Numbers that are given are checked and copied. */
export function checkInitializers(
  layers: readonly LayerOptions[],
  specs: readonly LayerSpec[],
  inputs: number,
): CheckedInitializer[] {
  return specs.map((spec, l): CheckedInitializer => {
    const where = `layers[${l}].initializer`;
    const value: unknown = layers[l].initializer;
    if (value === undefined) return defaultInitializer(spec);
    if (typeof value !== 'object' || value === null) {
      return checkName(where, value, keys(DISTRIBUTIONS));
    }
    if ('constant' in value) {
      checkObject(where, value, ['constant', 'bias']);
      const { constant, bias = 0 } = value as ConstantInitializer;
      checkFloat(`${where}.constant`, constant);
      checkFloat(`${where}.bias`, bias);
      checkNoBias(`${where}.bias`, spec, bias !== 0);
      return { constant, bias };
    }
    checkObject(where, value, ['weights', 'biases', 'slopes']);
    const { weights, biases, slopes } = value as GivenInitializer;
    const fanIn = l ? specs[l - 1].units : inputs;
    checkNoBias(`${where}.biases`, spec, biases !== undefined);
    const count = spec.units * fanIn;
    const w = plainFloats(`${where}.weights`, weights, count, fanIn, 'one for each input of the layer');
    const b = plainFloats(`${where}.biases`, biases, spec.units, spec.units, 'one for each unit');
    return {
      weights: checkFloats(`${where}.weights`, w, count).slice(),
      ...(biases !== undefined && { biases: checkFloats(`${where}.biases`, b, spec.units).slice() }),
      ...(slopes !== undefined && { slopes: checkSlopes(`${where}.slopes`, slopes, spec).slice() }),
    };
  });
}

function checkFloat(where: string, value: unknown): void {
  const isWanted = (x: number) => Number.isFinite(Math.fround(x));
  checkNumber(where, value, isWanted, 'a number that is finite in 32 bits', 'a finite number');
}

function checkNoBias(where: string, { bias }: LayerSpec, isGiven: boolean): void {
  if (isGiven && !bias) throw outOfRange(where, 'biases', 'none for a layer with bias: false');
}

/** Sets the initial weights, biases and slopes of layer `l` of a new network. */
export async function initialize(
  arena: Arena,
  layer: Layer,
  l: number,
  initializer: CheckedInitializer,
): Promise<void> {
  const { units, fanIn } = layer;
  const count = units * fanIn;
  const hasBias = arena.spec.layers[l].bias;
  const { slopes } = initializer as GivenInitializer;
  if (hasSlopes(layer.activation)) {
    const firstSlope = (_: unknown, j: number) => Number(activationAt(layer.activation, j) === 'prelu') * FIRST_SLOPE;
    layer.setSlopes(slopes ?? Float32Array.from({ length: units }, firstSlope));
  }
  if (typeof initializer === 'object') {
    if ('constant' in initializer) {
      layer.setWeights(new Float32Array(count).fill(initializer.constant));
      if (hasBias) layer.setBiases(new Float32Array(units).fill(initializer.bias ?? 0));
    } else {
      layer.setWeights(initializer.weights);
      if (initializer.biases) layer.setBiases(initializer.biases);
    }
    return;
  }
  const { core } = arena;
  // the region of the gradients is free until the first backward pass
  const { gradients } = arena.plan;
  const { kind, variance, biasDeviation = 0 } = DISTRIBUTIONS[initializer];
  const deviation = Math.sqrt(variance(fanIn, units));
  // a uniform distribution over [-r, r] has the variance r^2 / 3
  if (kind === 'uniform') core.fillUniform(gradients, count, Math.sqrt(3) * deviation, RANDOM_WEIGHTS, l);
  else core.fillNormal(gradients, count, deviation, RANDOM_WEIGHTS, l);
  const weights = arena.floats(gradients, count);
  if (initializer === 'orthogonal') (await import('./orthogonal.js')).orthogonalize(weights, units, fanIn);
  layer.setWeights(weights);
  // the memory of a new network is zeros
  if (!hasBias || biasDeviation === 0) return;
  core.fillNormal(gradients, units, biasDeviation, RANDOM_BIASES, l);
  layer.setBiases(arena.floats(gradients, units));
}
