import type { ActivationName, CostName, LayerOptions, Network, NetworkOptions } from '../../src/index.js';
import { ACTIVATIONS, activationAt } from '../../src/spec/activations.js';
import { COSTS, keys } from '../../src/spec/spec.js';
import { createNetwork } from '../build.js';
import { randomNumbers } from '../random-numbers.js';

// Networks that stand for all that a file can have to hold: every activation in every place, every cost, and every
// option that changes what a network predicts.

const UNITS = keys(ACTIVATIONS).filter((name) => name !== 'softmax');

const OUTPUT: Partial<Record<CostName, ActivationName>> = {
  binaryCrossEntropy: 'sigmoid',
  categoricalCrossEntropy: 'softmax',
  kullbackLeibler: 'softmax',
  poisson: 'softplus',
  hinge: 'tanh',
};

const NAMED_COSTS = keys(COSTS).filter((name) => name !== 'custom') as CostName[];

/** A network that the number decides: its layers, the order of all activations in one of them, and its cost. */
function randomNetwork(number: number): NetworkOptions {
  const random = randomNumbers(number);
  const draw = (below: number) => Math.floor(below * random());
  const cost = NAMED_COSTS[number % NAMED_COSTS.length];
  const hidden = Array.from({ length: draw(3) }, () => (draw(3) === 0 ? mix(1 + draw(9), draw(12)) : UNITS[draw(UNITS.length)])); // biome-ignore format: one line
  // every activation meets every cost
  const all = mix(UNITS.length, draw(UNITS.length));
  const activations = [...hidden.slice(0, 1), all, ...hidden.slice(1), OUTPUT[cost] ?? 'linear'];
  return options(activations, { seed: number, cost, ...(draw(2) === 0 && { l2: 0.01 }), ...(draw(3) === 0 && { scale: 0.5 }) }); // biome-ignore format: one line
}

/** Options by a name for the test's title. */
export const NETWORKS: Readonly<Record<string, NetworkOptions>> = {
  ...Object.fromEntries(
    UNITS.map((name, seed) => [`${name}, ${name} outputs`, options([name, name], { seed, cost: 'quadratic' })]),
  ),
  ...(Object.fromEntries(
    NAMED_COSTS.map((cost, seed) => [`cost ${cost}`, options(['tanh', OUTPUT[cost] ?? 'linear'], { seed, cost })]),
  ) as Record<string, NetworkOptions>),
  'a mixed layer': options([mix(7, 0), 'softmax'], { seed: 3 }),
  'mixed layers and mixed outputs': options([mix(9, 1), mix(6, 4), mix(3, 2)], { seed: 4, cost: 'quadratic' }),
  'leakyRelu and elu with constants of their own': options(
    [
      { name: 'leakyRelu', slope: 0.2 },
      { name: 'elu', alpha: 0.5 },
      { name: 'leakyRelu', slope: -1.5 },
    ],
    { seed: 13, cost: 'quadratic' },
  ),
  'units with constants of their own, and slopes': options(
    [
      ['prelu', { name: 'leakyRelu', slope: 0.2 }, 'prelu', { name: 'leakyRelu', slope: 3 }, 'leakyRelu', 'tanh'],
      ['prelu', { name: 'elu', alpha: 2.5 }, 'linear'],
    ],
    { seed: 14, cost: 'quadratic' },
  ),
  'no biases': options(['relu', 'linear'], { seed: 5, bias: false }),
  'biases in the first layer only': {
    ...options(['relu', 'linear'], { seed: 6 }),
    layers: [{ units: 5, activation: 'relu' }, { units: 3, activation: 'linear', bias: false }], // biome-ignore format: one line
  },
  'one layer': options(['softmax'], { seed: 7 }),
  'one output': {
    ...options(['elu', 'sigmoid'], { seed: 8 }),
    layers: [{ units: 4, activation: 'elu' }, { units: 1 }],
  },
  'a deep one': options(['relu', 'tanh', 'gelu', 'silu', 'selu', 'softplus', 'softmax'], { seed: 9 }),
  'huber with delta': options(['tanh', 'linear'], { seed: 10, cost: { name: 'huber', delta: 0.25 } }),
  'every option of training': {
    ...options(['tanh', 'softmax'], { seed: 11, l1: 0.01, l2: 0.02, penalizeBiases: true, labelSmoothing: 0.1 }),
    layers: [
      { units: 5, activation: 'tanh', dropout: 0.25, maxNorm: 3 },
      { units: 3, activation: 'softmax', maxNorm: 2 },
    ],
  },
  ...Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`random ${i}`, randomNetwork(i)])),
  'names and scale': options(['tanh', 'softmax'], {
    seed: 12,
    scale: 1 / 255,
    classes: ['a "b"', '</script>', '__proto__'],
    columns: ['x\n*/', 'é\u2028', 'constructor', ''],
    task: 'classes',
  }),
};

function options(activations: readonly LayerOptions['activation'][], more: Partial<NetworkOptions>): NetworkOptions {
  const last = activations.length - 1;
  const widthOf = (activation: LayerOptions['activation'], l: number) =>
    Array.isArray(activation) ? activation.length : l === last ? 3 : 5 + l;
  return {
    inputs: 4,
    layers: activations.map((activation, l) => ({
      units: widthOf(activation, l),
      activation,
      initializer: 'scaledNormal' as const,
    })),
    ...more,
    ...(more.bias === false && {
      layers: activations.map((activation, l) => ({ units: widthOf(activation, l), activation })),
    }),
  };
}

/** A name for each of `count` units, beginning with activation `first`. */
function mix(count: number, first: number): ActivationName[] {
  return Array.from({ length: count }, (_, j) => UNITS[(first + 5 * j) % UNITS.length]);
}

/** Rows of inputs, some large, some small, some zero. */
export const INPUTS = Float32Array.from({ length: 4 * 200 }, (_, i) => Math.sin(i * i) * 2 ** ((i % 7) - 3) * (i % 11));

export async function make(name: string): Promise<Network> {
  const net = await createNetwork(NETWORKS[name]);
  const isRandom = /^random \d*[13579]$/.test(name);
  if (name.startsWith('cost') || name === 'one layer' || isRandom) {
    // random networks are deep enough without large inputs
    const deviations = [1, 0.3, 7, isRandom ? 2 : 1e-2];
    net.setStandardization({ means: [0.1, -2, 1e3 / 3, 5], deviations });
  }
  for (const layer of net.layers) {
    const slopeOf = (_: unknown, j: number) => (activationAt(layer.activation, j) === 'prelu' ? 0.3 * j - 0.4 : 0);
    layer.setSlopes(Array.from({ length: layer.units }, slopeOf));
  }
  if (name === 'cost huber') net.setTargetStandardization({ means: [1 / 3, 2, -1e4], deviations: [1, 0.1, 100] });
  return net;
}

/** What two networks must have in common if nothing was lost. */
export function contentsOf(net: Network) {
  return {
    inputs: net.inputs,
    layers: net.layers.map((layer) => ({
      activation: layer.activation,
      weights: layer.getWeights(),
      biases: layer.getBiases(),
      slopes: layer.getSlopes(),
    })),
    cost: net.cost,
    l2: net.l2,
    seed: net.seed,
    scale: net.scale,
    classes: net.classes,
    columns: net.columns,
    task: net.task,
    standardization: net.getStandardization(),
    targets: net.getTargetStandardization(),
  };
}
