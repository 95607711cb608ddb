import {
  checkBoolean,
  checkFraction,
  checkInteger,
  checkName,
  checkNotNegative,
  checkObject,
  checkPositive,
  counted,
  keysOf,
  orDefault,
  outOfRange,
  wrongType,
} from '../check/errors.js';
import { checkActivation, hasSlopes, isMixed, showActivation } from './activations.js';
import * as codes from './codes.js';
import type { Activation, CostName, CustomCost, LayerOptions, SpecOptions } from './network-options.js';

// The options of a network, checked once and with defaults filled in. All other folders rely on these checks.
// model/initializer.ts handles the initial weights and biases.

export interface LayerSpec {
  readonly units: number;
  /** One function for the layer, or a list with one for each unit if they differ. */
  readonly activation: Activation | readonly Activation[];
  readonly bias: boolean;
  readonly dropout: number;
  /** The largest length of a unit's weight vector; 0: no limit. */
  readonly maxNorm: number;
}

/**
 * The arrays of inputs that are multiplied by the scale: all of them. In networks from old files, it is only those of
 * integers, or only those of bytes.
 */
export type ScaledArrays = 'all' | 'integers' | 'bytes';

export interface Spec {
  readonly inputs: number;
  readonly layers: readonly LayerSpec[];
  readonly cost: CostName | 'custom';
  readonly huberDelta: number;
  readonly labelSmoothing: number;
  readonly l1: number;
  readonly l2: number;
  readonly penalizeBiases: boolean;
  readonly seed: number;
  /** The factor that inputs are multiplied by; undefined: none was given, and inputs are not multiplied. */
  readonly scale: number | undefined;
  readonly scaled: ScaledArrays;
}

/** The part of a network that its outputs depend on, besides its parameters. */
export type ForwardSpec = Pick<Spec, 'inputs' | 'layers' | 'scale' | 'scaled'>;

export const COSTS: Readonly<Record<Spec['cost'], number>> = {
  quadratic: codes.QUADRATIC,
  binaryCrossEntropy: codes.BINARY_CROSS_ENTROPY,
  categoricalCrossEntropy: codes.CATEGORICAL_CROSS_ENTROPY,
  meanAbsoluteError: codes.MEAN_ABSOLUTE_ERROR,
  huber: codes.HUBER,
  hinge: codes.HINGE,
  kullbackLeibler: codes.KULLBACK_LEIBLER,
  poisson: codes.POISSON,
  custom: codes.CUSTOM_COST,
};

/** The output activations that a cost requires. A cost that is not listed accepts any. */
export const REQUIRED_OUTPUTS: Partial<Record<Spec['cost'], readonly Activation[]>> = {
  binaryCrossEntropy: ['sigmoid'],
  categoricalCrossEntropy: ['softmax'],
  hinge: ['linear', 'tanh'],
  kullbackLeibler: ['softmax'],
  poisson: ['softplus'],
};

const MAX_WIDTH = 65_536;
const MAX_LAYERS = 1_024;

export const keys = <T extends string>(table: Readonly<Record<T, unknown>>) => Object.keys(table) as T[];

/** The number of outputs. */
export function outputsOf({ layers }: { readonly layers: readonly { readonly units: number }[] }): number {
  return layers[layers.length - 1].units;
}

export function isCustomCost(cost: SpecOptions['cost']): cost is CustomCost {
  return typeof cost === 'object' && cost !== null && ('value' in cost || 'gradient' in cost);
}

/** The default cost for an output activation. For sigmoid, softmax and linear outputs, delta^L is then a^L - y. */
export function naturalCost(output: LayerSpec['activation']): CostName {
  if (output === 'sigmoid') return 'binaryCrossEntropy';
  return output === 'softmax' ? 'categoricalCrossEntropy' : 'quadratic';
}

const LAYER_KEYS = keysOf<LayerOptions>({
  units: true,
  activation: true,
  initializer: true,
  bias: true,
  dropout: true,
  maxNorm: true,
});

function checkLayer(where: string, options: unknown, isOutput: boolean, bias: boolean): LayerSpec {
  checkObject(where, options, LAYER_KEYS, 'an object such as { units: 10 }');
  const layer = options as Record<string, unknown>;
  const units = checkInteger(`${where}.units`, layer.units, 1, MAX_WIDTH);
  const dropout = checkDropout(`${where}.dropout`, orDefault(layer.dropout, 0), isOutput);
  return {
    units,
    activation: checkActivation(`${where}.activation`, layer.activation, units, isOutput),
    bias: checkBoolean(`${where}.bias`, orDefault(layer.bias, bias)),
    dropout,
    maxNorm: checkMaxNorm(`${where}.maxNorm`, layer.maxNorm),
  };
}

export function checkDropout(where: string, value: unknown, isOutput: boolean): number {
  const dropout = checkFraction(where, value);
  if (dropout && isOutput) throw outOfRange(where, dropout, 'none on the output layer');
  return dropout;
}

/** The largest length of a weight vector. 0 and undefined: no limit. */
export const checkMaxNorm = (where: string, value: unknown) =>
  value === undefined || value === 0 ? 0 : checkPositive(where, value);

export function checkSmoothing(value: unknown, cost: Spec['cost']): number {
  const smoothing = checkFraction('labelSmoothing', value);
  if (smoothing && cost !== 'categoricalCrossEntropy') {
    throw outOfRange('labelSmoothing', `${smoothing} with the cost "${cost}"`, 'categoricalCrossEntropy');
  }
  return smoothing;
}

/** The name of the cost, and delta of the Huber cost. */
function checkCost(value: unknown, output: LayerSpec['activation']): Pick<Spec, 'cost' | 'huberDelta'> {
  let cost: Spec['cost'];
  let huberDelta = 1;
  if (isCustomCost(value as SpecOptions['cost'])) {
    checkObject('cost', value, ['value', 'gradient']);
    for (const key of ['value', 'gradient'] as const) {
      const part = (value as CustomCost)[key];
      if (typeof part !== 'function') throw wrongType(`cost.${key}`, part, 'a function');
    }
    cost = 'custom';
  } else if (typeof value === 'object' && value !== null) {
    checkObject('cost', value, ['name', 'delta']);
    const { name, delta } = value as Record<string, unknown>;
    cost = checkName('cost.name', name, ['huber']);
    huberDelta = checkPositive('cost.delta', delta);
  } else {
    const names = keys(COSTS).filter((name): name is CostName => name !== 'custom');
    cost = checkName('cost', orDefault(value, naturalCost(output)), names);
  }
  const wanted = REQUIRED_OUTPUTS[cost];
  if (wanted && !wanted.some((name) => name === output)) {
    const got = isMixed(output) ? 'mixed' : showActivation(output);
    throw outOfRange('cost', `"${cost}" with ${got} outputs`, `${wanted.join(' or ')} outputs for this cost`);
  }
  return { cost, huberDelta };
}

/** Refuses a penalty on biases where no layer has any: it would have no effect. */
function checkPenalizeBiases(value: unknown, layers: readonly LayerSpec[]): boolean {
  const isPenalized = checkBoolean('penalizeBiases', orDefault(value, false));
  if (isPenalized && !layers.some(({ bias }) => bias)) {
    throw outOfRange('penalizeBiases', 'true for a network without biases', 'false, or a layer with biases');
  }
  return isPenalized;
}

export const SPEC_KEYS = keysOf<SpecOptions>({
  inputs: true,
  layers: true,
  cost: true,
  l1: true,
  l2: true,
  penalizeBiases: true,
  labelSmoothing: true,
  bias: true,
  seed: true,
  scale: true,
});

/** The part of the network that its outputs depend on. */
export function checkForwardSpec(options: Pick<SpecOptions, 'inputs' | 'layers' | 'bias' | 'scale'>): ForwardSpec {
  const inputs = checkInteger('inputs', options.inputs, 1, MAX_WIDTH);
  const { layers } = options;
  if (!Array.isArray(layers))
    throw wrongType('layers', layers, 'an array with an object for each layer after the input');
  if (layers.length < 1 || layers.length > MAX_LAYERS) {
    throw outOfRange('layers', counted(layers.length, 'layer'), `1 to ${MAX_LAYERS}`);
  }
  const bias = checkBoolean('bias', orDefault(options.bias, true));
  // Array.from visits the holes of a sparse array, which map would skip
  const checked = Array.from(layers, (layer, l) => checkLayer(`layers[${l}]`, layer, l === layers.length - 1, bias));
  const scale = options.scale === undefined ? undefined : checkPositive('scale', options.scale);
  return { inputs, layers: checked, scale, scaled: 'all' };
}

/** The network that `options` describe. The caller must have checked that there are no unknown keys. */
export function checkSpec(options: SpecOptions): Spec {
  const { inputs, layers, scale, scaled } = checkForwardSpec(options);
  const { cost, huberDelta } = checkCost(options.cost, layers[layers.length - 1].activation);
  return {
    inputs,
    layers,
    cost,
    huberDelta,
    labelSmoothing: checkSmoothing(orDefault(options.labelSmoothing, 0), cost),
    l1: checkNotNegative('l1', orDefault(options.l1, 0)),
    l2: checkNotNegative('l2', orDefault(options.l2, 0)),
    penalizeBiases: checkPenalizeBiases(options.penalizeBiases, layers),
    seed: checkInteger('seed', orDefault(options.seed, 0), 0, Number.MAX_SAFE_INTEGER),
    scale,
    scaled,
  };
}

/** Number of parameters of a layer: its weights, its biases, which may be zeros, and the slopes of prelu. */
export const parametersOf = ({ units, activation }: LayerSpec, fanIn: number): number =>
  units * (fanIn + 1 + Number(hasSlopes(activation)));

/** Number of parameters of all layers. */
export function countParameters({ inputs, layers }: Pick<Spec, 'inputs' | 'layers'>): number {
  return layers.reduce((sum, layer, l) => sum + parametersOf(layer, l ? layers[l - 1].units : inputs), 0);
}
