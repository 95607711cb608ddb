import type { Optimizer } from '../src/index.js';
import { deltas, forward, gradients, meanCost, type ReferenceNetwork } from '../src/inspection/reference.js';

/**
 * The optimizers in plain double precision, one parameter at a time, written from their papers. They are what the core
 * is compared with if PyTorch lacks an optimizer. Run with disturbed numbers, they show how far roundings may lead.
 */

export interface Penalties {
  l1: number;
  l2: number;
  penalizeBiases: boolean;
  /** One for each layer; 0: none. */
  maxNorms: number[];
}

/**
 * Adds an error to a value, to estimate the effect of roundings. `roundings`: the relative error may be this many times
 * 2^-24.
 */
export type Disturb = (value: number, roundings: number) => number;

const exact: Disturb = (value) => value;

/** The weights and biases of all layers, one after another: w^1, b^1, w^2, ... */
export function flatten(layers: readonly { weights: ArrayLike<number>; biases: ArrayLike<number> }[]): Float64Array {
  return Float64Array.from(layers.flatMap(({ weights, biases }) => [...Array.from(weights), ...Array.from(biases)]));
}

function unflatten(network: ReferenceNetwork, values: Float64Array): ReferenceNetwork {
  let offset = 0;
  const take = (count: number) => {
    offset += count;
    return values.slice(offset - count, offset);
  };
  const layers = network.layers.map((layer) => ({
    ...layer,
    weights: take(layer.weights.length),
    biases: take(layer.biases.length),
  }));
  return { ...network, layers };
}

/** The values that an optimizer keeps for one parameter. */
interface Memory {
  m: number;
  v: number;
  /** NAdam: the product of all mu so far. */
  product: number;
  /** iRPROP+: step, last gradient, last move. */
  step: number;
  last: number;
  move: number;
}

/**
 * Returns the parameter after step t (1, 2, ...) along its gradient g. `decays`: decoupled weight decay applies to it.
 */
function move(o: Optimizer, w: number, g: number, memory: Memory, t: number, grew: boolean, decays: boolean): number {
  const eta = o.learningRate as number;
  switch (o.name) {
    case 'sgd':
      return w - eta * g;
    case 'momentum':
      memory.m = o.momentum * memory.m + g;
      return w - eta * memory.m;
    case 'nesterov':
      memory.m = o.momentum * memory.m + g;
      return w - eta * (g + o.momentum * memory.m);
    case 'adagrad':
      memory.v += g * g;
      return w - (eta * g) / (Math.sqrt(memory.v) + o.epsilon);
    case 'rmsprop':
      memory.v = o.alpha * memory.v + (1 - o.alpha) * g * g;
      return w - (eta * g) / (Math.sqrt(memory.v) + o.epsilon);
    case 'adadelta': {
      memory.v = o.rho * memory.v + (1 - o.rho) * g * g;
      const d = (Math.sqrt(memory.m + o.epsilon) / Math.sqrt(memory.v + o.epsilon)) * g;
      memory.m = o.rho * memory.m + (1 - o.rho) * d * d;
      return w - eta * d;
    }
    case 'adam':
    case 'adamw':
    case 'nadam': {
      memory.m = o.beta1 * memory.m + (1 - o.beta1) * g;
      memory.v = o.beta2 * memory.v + (1 - o.beta2) * g * g;
      let mean = memory.m / (1 - o.beta1 ** t);
      if (o.name === 'nadam') {
        const mu = (i: number) => o.beta1 * (1 - 0.5 * 0.96 ** (i * o.momentumDecay));
        memory.product *= mu(t);
        const { product } = memory;
        mean = ((1 - mu(t)) * g) / (1 - product) + (mu(t + 1) * memory.m) / (1 - product * mu(t + 1));
      }
      const kept = o.name === 'adamw' && decays ? w - eta * o.weightDecay * w : w;
      return kept - (eta * mean) / (Math.sqrt(memory.v / (1 - o.beta2 ** t)) + o.epsilon);
    }
    case 'lion': {
      const direction = Math.sign(o.beta1 * memory.m + (1 - o.beta1) * g);
      memory.m = o.beta2 * memory.m + (1 - o.beta2) * g;
      return w - eta * (direction + (decays ? o.weightDecay * w : 0));
    }
    case 'irprop': {
      // follows the listing of Igel and Huesken, 2003
      const agreement = g * memory.last;
      if (t === 1) memory.step = eta;
      if (agreement < 0) {
        memory.step = Math.max(memory.step * o.etaMinus, o.stepMin);
        memory.last = 0;
        const back = grew ? -memory.move : 0;
        memory.move = 0;
        return w + back;
      }
      if (agreement > 0) memory.step = Math.min(memory.step * o.etaPlus, o.stepMax);
      memory.move = -Math.sign(g) * memory.step;
      memory.last = g;
      return w + memory.move;
    }
    case 'lbfgs':
      throw new Error('lbfgs is in reference-lbfgs.ts');
  }
}

/** An optimizer, or the optimizers of the steps 1, 2, ..., of one kind but with different numbers. */
export type Optimizers = Optimizer | ((t: number) => Optimizer);

/**
 * The network after each of `steps` full-batch steps, flat. Gradient bounds for `disturb` come from `gradientErrors`.
 */
export function train(
  start: ReferenceNetwork,
  x: Float64Array,
  y: Float64Array,
  optimizers: Optimizers,
  { l1, l2, penalizeBiases, maxNorms }: Penalties,
  steps: number,
  disturb: Disturb = exact,
  gradientErrors?: (network: ReferenceNetwork) => Float64Array,
): Float64Array[] {
  const n = x.length / start.inputs;
  const isWeight = Array.from(flatten(start.layers), () => false);
  let offset = 0;
  for (const { weights, biases } of start.layers) {
    isWeight.fill(true, offset, offset + weights.length);
    offset += weights.length + biases.length;
  }
  const counts = isWeight.map((weight) => weight || penalizeBiases);
  const memories = isWeight.map((): Memory => ({ m: 0, v: 0, product: 1, step: 0, last: 0, move: 0 }));
  const results: Float64Array[] = [];
  let network = start;
  let lastCost = Number.POSITIVE_INFINITY;
  for (let t = 1; t <= steps; t++) {
    const optimizer = typeof optimizers === 'function' ? optimizers(t) : optimizers;
    const clipping = optimizer as { clipNorm?: number; clipValue?: number };
    const values = forward(network, x);
    const w = flatten(network.layers);
    const penalty = w.reduce((sum, wi, i) => sum + (counts[i] ? (l2 / 2) * wi * wi + l1 * Math.abs(wi) : 0), 0) / n;
    const cost = meanCost(network, values, y) + penalty;
    const g = flatten(
      gradients(network, x, values, deltas(network, values, y)).map(({ dW, db }) => ({ weights: dW, biases: db })),
    );
    const errors = gradientErrors?.(network);
    if (errors) for (let i = 0; i < g.length; i++) g[i] += disturb(errors[i] * 2 ** 24, 1) - errors[i] * 2 ** 24;
    const norm = Math.sqrt(g.reduce((sum, gi) => sum + gi * gi, 0));
    const scale = clipping.clipNorm ? Math.min(1, clipping.clipNorm / (norm + 1e-6)) : 1;
    const limit = clipping.clipValue ?? Number.POSITIVE_INFINITY;
    const moved = w.map((wi, i) => {
      let gi = Math.max(-limit, Math.min(limit, g[i] * scale));
      if (counts[i]) gi += (l2 / n) * wi + (l1 / n) * Math.sign(wi);
      const memory = memories[i];
      const after = move(optimizer, wi, disturb(gi, 4), memory, t, cost > lastCost, counts[i]);
      memory.m = disturb(memory.m, 4);
      memory.v = disturb(memory.v, 4);
      // the step has a handful of roundings of its own
      return disturb(after, 2) + (disturb(after - wi, 8) - (after - wi));
    });
    network = unflatten(network, moved);
    network = { ...network, layers: network.layers.map((layer, l) => limitNorms(layer, maxNorms[l])) };
    lastCost = cost;
    results.push(flatten(network.layers));
  }
  return results;
}

function limitNorms(layer: ReferenceNetwork['layers'][number], limit: number): ReferenceNetwork['layers'][number] {
  const fanIn = layer.weights.length / layer.units;
  const weights = layer.weights.slice();
  for (let j = 0; limit && j < layer.units; j++) {
    const incoming = weights.subarray(j * fanIn, (j + 1) * fanIn);
    const length = Math.hypot(...incoming);
    if (length > limit) for (let k = 0; k < fanIn; k++) incoming[k] *= limit / length;
  }
  return { ...layer, weights };
}
