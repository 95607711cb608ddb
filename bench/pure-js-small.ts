import type { PlainLayerOptions } from './pure-js.js';

// The rival of simdprop for small networks that are trained in batches: plain JavaScript on the numbers that JavaScript
// computes with, doubles, so that nothing is converted. Each sample passes through the network forward and backward
// while everything is in the first-level cache, and its gradient is added up. Hidden layers are tanh or relu, outputs
// linear with the quadratic cost, or softmax with cross-entropy.

class SmallLayer {
  readonly fanIn: number;
  readonly units: number;
  readonly activation: string;
  /** [units x fanIn] */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
  readonly weightGradients: Float64Array;
  readonly biasGradients: Float64Array;
  /** The first and the second moments of the weights, then those of the biases. */
  readonly moments: Float64Array[];
  readonly a: Float64Array;
  readonly delta: Float64Array;

  constructor(fanIn: number, { units, activation }: PlainLayerOptions) {
    this.fanIn = fanIn;
    this.units = units;
    this.activation = activation;
    this.weights = new Float64Array(units * fanIn);
    this.biases = new Float64Array(units);
    this.weightGradients = new Float64Array(units * fanIn);
    this.biasGradients = new Float64Array(units);
    this.moments = [units * fanIn, units * fanIn, units, units].map((length) => new Float64Array(length));
    this.a = new Float64Array(units);
    this.delta = new Float64Array(units);
  }
}

export class PlainSmallNetwork {
  readonly #layers: SmallLayer[];
  readonly #input: Float64Array;
  #steps = 0;

  constructor(inputs: number, layers: readonly PlainLayerOptions[]) {
    const last = layers.length - 1;
    layers.forEach(({ activation }, l) => {
      const known = l < last ? ['tanh', 'relu'] : ['linear', 'softmax'];
      if (!known.includes(activation)) {
        throw new RangeError(`layers[${l}].activation: got ${activation}, want ${known.join(' or ')}`);
      }
    });
    this.#layers = layers.map((options, l) => new SmallLayer(l ? layers[l - 1].units : inputs, options));
    this.#input = new Float64Array(inputs);
    layers.forEach(({ weights, biases }, l) => {
      this.setParameters(l, weights, biases);
    });
  }

  /** `weights` [units x fanIn], row-major. Adam starts anew. */
  setParameters(layer: number, weights: Float32Array, biases: Float32Array): void {
    const target = this.#layers[layer];
    target.weights.set(weights);
    target.biases.set(biases);
    for (const moment of target.moments) moment.fill(0);
    this.#steps = 0;
  }

  /** [units x fanIn], row-major. */
  weights(layer: number): Float32Array {
    return Float32Array.from(this.#layers[layer].weights);
  }

  biases(layer: number): Float32Array {
    return Float32Array.from(this.#layers[layer].biases);
  }

  /** Trains on all samples once, in the order given. Returns the mean cost, each sample's taken before its step. */
  trainEpoch(x: Float32Array, y: Float32Array, batchSize: number, learningRate: number, isAdam: boolean): number {
    const samples = x.length / this.#input.length;
    let sum = 0;
    for (let first = 0; first < samples; first += batchSize) {
      const end = Math.min(first + batchSize, samples);
      for (let sample = first; sample < end; ++sample) {
        this.#forward(x, sample);
        sum += outputError(this.#layers[this.#layers.length - 1], y, sample);
        this.#backward();
      }
      this.#update(1 / (end - first), learningRate, isAdam);
    }
    return sum / samples;
  }

  #forward(x: Float32Array, sample: number): void {
    let input = this.#input;
    for (let k = 0, from = sample * input.length; k < input.length; ++k) input[k] = x[from + k];
    for (const layer of this.#layers) {
      weightedInputs(layer, input);
      activate(layer.activation, layer.a);
      input = layer.a;
    }
  }

  #backward(): void {
    const layers = this.#layers;
    for (let l = layers.length - 1; l > 0; --l) {
      const before = layers[l - 1];
      addGradientsAndErrors(layers[l], before.a, before.delta);
      multiplyBySlope(before);
    }
    addGradients(layers[0], this.#input);
  }

  #update(scale: number, learningRate: number, isAdam: boolean): void {
    this.#steps++;
    const correction = Math.sqrt(1 - 0.999 ** this.#steps);
    const rate = (learningRate * correction) / (1 - 0.9 ** this.#steps);
    for (const { weights, biases, weightGradients, biasGradients, moments } of this.#layers) {
      if (isAdam) {
        adam(weights, weightGradients, moments[0], moments[1], scale, rate, 1e-8 * correction);
        adam(biases, biasGradients, moments[2], moments[3], scale, rate, 1e-8 * correction);
      } else {
        descend(weights, weightGradients, learningRate * scale);
        descend(biases, biasGradients, learningRate * scale);
      }
    }
  }
}

function weightedInputs({ weights, biases, a, fanIn, units }: SmallLayer, input: Float64Array): void {
  let j = 0;
  let w = 0;
  for (; j + 3 < units; j += 4) {
    let [z0, z1, z2, z3] = [biases[j], biases[j + 1], biases[j + 2], biases[j + 3]];
    for (let k = 0; k < fanIn; ++k, ++w) {
      const xk = input[k];
      z0 += weights[w] * xk;
      z1 += weights[w + fanIn] * xk;
      z2 += weights[w + 2 * fanIn] * xk;
      z3 += weights[w + 3 * fanIn] * xk;
    }
    a[j] = z0;
    a[j + 1] = z1;
    a[j + 2] = z2;
    a[j + 3] = z3;
    w += 3 * fanIn;
  }
  for (; j < units; ++j) {
    let z = biases[j];
    for (let k = 0; k < fanIn; ++k, ++w) z += weights[w] * input[k];
    a[j] = z;
  }
}

function activate(activation: string, a: Float64Array): void {
  if (activation === 'tanh') {
    for (let j = 0; j < a.length; ++j) a[j] = 1 - 2 / (Math.exp(2 * a[j]) + 1);
  } else if (activation === 'relu') {
    for (let j = 0; j < a.length; ++j) if (a[j] < 0) a[j] = 0;
  } else if (activation === 'softmax') {
    let largest = a[0];
    for (let j = 1; j < a.length; ++j) if (a[j] > largest) largest = a[j];
    let sum = 0;
    for (let j = 0; j < a.length; ++j) {
      a[j] = Math.exp(a[j] - largest);
      sum += a[j];
    }
    for (let j = 0; j < a.length; ++j) a[j] /= sum;
  }
}

/** Computes delta^L, a - y for both costs, and returns the cost of the sample. */
function outputError({ a, delta, units, activation }: SmallLayer, y: Float32Array, sample: number): number {
  let cost = 0;
  for (let j = 0, at = sample * units; j < units; ++j, ++at) {
    const d = a[j] - y[at];
    delta[j] = d;
    if (activation === 'linear') cost += 0.5 * d * d;
    else if (y[at] !== 0) cost -= y[at] * Math.log(a[j]);
  }
  return cost;
}

/** Adds delta a^T to the gradients and computes `error` = W^T delta in the same pass. */
function addGradientsAndErrors(layer: SmallLayer, input: Float64Array, error: Float64Array): void {
  const { weights, weightGradients, biasGradients, delta, fanIn, units } = layer;
  error.fill(0);
  for (let j = 0, w = 0; j < units; ++j) {
    const d = delta[j];
    biasGradients[j] += d;
    for (let k = 0; k < fanIn; ++k, ++w) {
      weightGradients[w] += d * input[k];
      error[k] += d * weights[w];
    }
  }
}

function addGradients({ weightGradients, biasGradients, delta, fanIn, units }: SmallLayer, input: Float64Array): void {
  for (let j = 0, w = 0; j < units; ++j) {
    const d = delta[j];
    biasGradients[j] += d;
    for (let k = 0; k < fanIn; ++k, ++w) weightGradients[w] += d * input[k];
  }
}

function multiplyBySlope({ activation, a, delta }: SmallLayer): void {
  if (activation === 'tanh') for (let j = 0; j < a.length; ++j) delta[j] *= 1 - a[j] * a[j];
  else for (let j = 0; j < a.length; ++j) if (a[j] === 0) delta[j] = 0;
}

/** Plain descent. The gradient, a sum over the batch, becomes 0 for the next one. */
function descend(parameters: Float64Array, gradients: Float64Array, rate: number): void {
  for (let i = 0; i < parameters.length; ++i) {
    parameters[i] -= rate * gradients[i];
    gradients[i] = 0;
  }
}

/** Adam, with the factors that are the same for all parameters combined. */
function adam(
  parameters: Float64Array,
  gradients: Float64Array,
  first: Float64Array,
  second: Float64Array,
  scale: number,
  rate: number,
  epsilon: number,
): void {
  for (let i = 0; i < parameters.length; ++i) {
    const g = scale * gradients[i];
    first[i] += 0.1 * (g - first[i]);
    second[i] += 0.001 * (g * g - second[i]);
    parameters[i] -= (rate * first[i]) / (Math.sqrt(second[i]) + epsilon);
    gradients[i] = 0;
  }
}
