import {
  BINARY_CROSS_ENTROPY,
  CATEGORICAL_CROSS_ENTROPY,
  LINEAR,
  QUADRATIC,
  RELU,
  SIGMOID,
  SOFTMAX,
  TANH,
} from '../assembly/abi.js';
import { checkInteger, checkName, checkObject, checkPositive, outOfRange, wrongType } from './errors.js';
import type { ActivationName, BuildName, CostName, InitializerName, NetworkOptions } from './types.js';

// What a network is: options checked once, defaults filled in. Everything behind this file trusts a Spec.

export interface LayerSpec {
  readonly units: number;
  readonly activation: ActivationName;
  readonly initializer: InitializerName;
}

export interface Spec {
  readonly inputs: number;
  readonly layers: readonly LayerSpec[];
  readonly cost: CostName;
  readonly l2: number;
  readonly seed: number;
  readonly scale: number;
}

export const ACTIVATIONS: Readonly<Record<ActivationName, number>> = {
  linear: LINEAR,
  sigmoid: SIGMOID,
  tanh: TANH,
  relu: RELU,
  softmax: SOFTMAX,
};

export const COSTS: Readonly<Record<CostName, number>> = {
  quadratic: QUADRATIC,
  binaryCrossEntropy: BINARY_CROSS_ENTROPY,
  categoricalCrossEntropy: CATEGORICAL_CROSS_ENTROPY,
};

interface Initializer {
  readonly distribution: 'normal' | 'uniform';
  /** Variance of the weights. */
  readonly variance: (fanIn: number, units: number) => number;
  /** Standard deviation of the biases, which are normal. */
  readonly biasDeviation: number;
}

const glorot = (fanIn: number, units: number) => 2 / (fanIn + units);
const he = (fanIn: number) => 2 / fanIn;
const lecun = (fanIn: number) => 1 / fanIn;

export const INITIALIZERS: Readonly<Record<InitializerName, Initializer>> = {
  glorotUniform: { distribution: 'uniform', variance: glorot, biasDeviation: 0 },
  glorotNormal: { distribution: 'normal', variance: glorot, biasDeviation: 0 },
  heUniform: { distribution: 'uniform', variance: he, biasDeviation: 0 },
  heNormal: { distribution: 'normal', variance: he, biasDeviation: 0 },
  lecunUniform: { distribution: 'uniform', variance: lecun, biasDeviation: 0 },
  lecunNormal: { distribution: 'normal', variance: lecun, biasDeviation: 0 },
  scaledNormal: { distribution: 'normal', variance: lecun, biasDeviation: 1 },
  standardNormal: { distribution: 'normal', variance: () => 1, biasDeviation: 1 },
  zeros: { distribution: 'normal', variance: () => 0, biasDeviation: 0 },
};

export const BUILDS: readonly BuildName[] = ['simd', 'relaxed'];

export const DEFAULT_CAPACITY = 128;
const MAX_WIDTH = 65_536;
const MAX_LAYERS = 1_024;

const names = <T extends string>(table: Readonly<Record<T, unknown>>) => Object.keys(table) as T[];

/** The cost that belongs to an output activation: with it, delta^L = a^L - y. */
function naturalCost(output: ActivationName): CostName {
  if (output === 'sigmoid') return 'binaryCrossEntropy';
  return output === 'softmax' ? 'categoricalCrossEntropy' : 'quadratic';
}

function checkLayer(where: string, options: unknown, isOutput: boolean): LayerSpec {
  checkObject(where, options, ['units', 'activation', 'initializer']);
  const layer = options as Record<string, unknown>;
  const units = checkInteger(`${where}.units`, layer.units, 1, MAX_WIDTH);
  const activation = checkName(`${where}.activation`, layer.activation ?? 'sigmoid', names(ACTIVATIONS));
  if (activation === 'softmax' && !isOutput) {
    throw outOfRange(`${where}.activation`, '"softmax"', 'softmax on the last layer only');
  }
  if (activation === 'softmax' && units === 1) {
    throw outOfRange(`${where}.units`, 1, '2 or more for softmax, whose outputs add up to 1');
  }
  const standard = activation === 'relu' ? 'heNormal' : 'glorotUniform';
  const initializer = checkName(`${where}.initializer`, layer.initializer ?? standard, names(INITIALIZERS));
  return { units, activation, initializer };
}

function checkCost(value: unknown, output: ActivationName): CostName {
  const cost = checkName('cost', value ?? naturalCost(output), names(COSTS));
  const wanted = { quadratic: output, binaryCrossEntropy: 'sigmoid', categoricalCrossEntropy: 'softmax' }[cost];
  if (output !== wanted)
    throw outOfRange('cost', `"${cost}" with ${output} outputs`, `${wanted} outputs for this cost`);
  return cost;
}

/** The network that `options` describe. Keys that are not the network's own are the caller's to check. */
export function checkSpec(options: Omit<NetworkOptions, 'batchSize' | 'build' | 'wasm'>): Spec {
  const inputs = checkInteger('inputs', options.inputs, 1, MAX_WIDTH);
  const { layers } = options;
  if (!Array.isArray(layers))
    throw wrongType('layers', layers, 'an array with an object for each layer after the input');
  if (layers.length < 1 || layers.length > MAX_LAYERS) {
    throw outOfRange('layers', `${layers.length} layers`, `1 to ${MAX_LAYERS}`);
  }
  // Array.from visits the holes of a sparse array, which map would skip
  const checked = Array.from(layers, (layer, l) => checkLayer(`layers[${l}]`, layer, l === layers.length - 1));
  const cost = checkCost(options.cost, checked[checked.length - 1].activation);
  const l2 = options.l2 ?? 0;
  if (typeof l2 !== 'number') throw wrongType('l2', l2, 'a number from 0 up');
  if (!(l2 >= 0 && Number.isFinite(l2))) throw outOfRange('l2', l2, 'a number from 0 up');
  const seed = checkInteger('seed', options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER);
  const scale = checkPositive('scale', options.scale ?? 1 / 255);
  return { inputs, layers: checked, cost, l2, seed, scale };
}
