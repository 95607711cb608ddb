/**
 * Activation functions by name: `leakyRelu` has the slope 0.01 below 0, `elu` α = 1, `gelu` is x Φ(x), `hardSigmoid` clamps x/6 + 1/2.
 * `softmax` belongs to the output layer.
 */
export type ActivationName =
  | 'linear'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leakyRelu'
  | 'elu'
  | 'selu'
  | 'gelu'
  | 'silu'
  | 'softplus'
  | 'softsign'
  | 'hardSigmoid'
  | 'softmax';

/**
 * Cost functions by name, each a mean over the samples of a sum over the outputs:
 * - `quadratic`: 1/2 (y - a)²;
 * - `binaryCrossEntropy`: -[ y ln a + (1 - y) ln(1 - a) ], with sigmoid outputs;
 * - `categoricalCrossEntropy`: -y ln a, with softmax outputs;
 * - `meanAbsoluteError`: |y - a|, with the slope 0 at 0;
 * - `huber`: 1/2 (y - a)² up to |y - a| = δ, δ (|y - a| - δ/2) beyond;
 * - `hinge`: max(0, 1 - y a) for targets -1 and 1 (a label stands for 1 at its output and -1 at the others), with linear or tanh outputs;
 *   the slope at y a = 1 is 0;
 * - `kullbackLeibler`: y ln(y / a), with softmax outputs;
 * - `poisson`: a - y ln a, with softplus outputs.
 */
export type CostName =
  | 'quadratic'
  | 'binaryCrossEntropy'
  | 'categoricalCrossEntropy'
  | 'meanAbsoluteError'
  | 'huber'
  | 'hinge'
  | 'kullbackLeibler'
  | 'poisson';

/** The Huber cost with a δ of one's own; `'huber'` has δ = 1. */
export interface HuberCost {
  name: 'huber';
  /** A positive number. */
  delta: number;
}

/**
 * A cost of one's own: a function of the outputs alone, averaged over the samples. Both are called once a sample with copies of
 * [outputs] numbers that are valid during the call only, and may not use the network. What they throw comes out of the call that asked for
 * them, and no weight changes.
 */
export interface CustomCost {
  /** C_x */
  value(a: Float32Array, y: Float32Array): number;
  /** Writes dC_x/da to `out`, which is all zeros before. */
  gradient(a: Float32Array, y: Float32Array, out: Float32Array): void;
}

/**
 * How the weights and biases of a layer start. By name:
 * `glorotUniform`, `glorotNormal` (variance 2 / (fanIn + units)), `heUniform`, `heNormal` (2 / fanIn), `lecunUniform`,
 * `lecunNormal` (1 / fanIn), all with biases 0; `scaledNormal`: weights N(0, 1/√fanIn), biases N(0, 1);
 * `standardNormal`: both N(0, 1); `zeros`. `standardNormal` and `scaledNormal` are the "large" and the "default" initialisation
 * of Nielsen's book.
 */
export type InitializerName =
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'lecunUniform'
  | 'lecunNormal'
  | 'scaledNormal'
  | 'standardNormal'
  | 'orthogonal'
  | 'zeros';

/** Every weight the same number, every bias another (default 0). */
export interface ConstantInitializer {
  constant: number;
  bias?: number;
}

/** Given numbers: w [units × fanIn] row-major, b [units] (default 0). */
export interface GivenInitializer {
  weights: Float32Array;
  biases?: Float32Array;
}

export interface LayerOptions {
  /** Number of neurons, 1 to 65,536. */
  units: number;
  /** One function for the layer, or a name for each unit. Default `'sigmoid'`. */
  activation?: ActivationName | readonly ActivationName[];
  /** Default: `heNormal` where all units are relu, leakyRelu, elu, gelu or silu, `lecunNormal` for selu, else `glorotUniform`. */
  initializer?: InitializerName | ConstantInitializer | GivenInitializer;
  /** false: no biases. Default: the network's `bias`. */
  bias?: boolean;
  /** The share of this layer's activations that is dropped in training, 0 to below 1. Default 0. Not for the output layer. */
  dropout?: number;
  /** The largest length a unit's weight vector may have after a step; longer ones are scaled back to it. Default: none. */
  maxNorm?: number;
}

/** What a network is, whatever build of the core runs it. */
export interface SpecOptions {
  /** Width of the input layer, 1 to 65,536. */
  inputs: number;
  /** The layers after the input layer, in order; the last one is the output layer. */
  layers: readonly LayerOptions[];
  /** Default: the one that belongs to the output's activation: binaryCrossEntropy for sigmoid, categoricalCrossEntropy for softmax, else quadratic. */
  cost?: CostName | HuberCost | CustomCost;
  /** λ of the L2 term λ/(2n) Σ w² over the weights, n the number of training samples. Default 0. */
  l2?: number;
  /** λ of the L1 term λ/n Σ |w|. Default 0. */
  l1?: number;
  /** true: L1 and L2 count the biases too. Default false. */
  penalizeBiases?: boolean;
  /** s: targets become y (1 - s) + s / outputs. For categoricalCrossEntropy. Default 0. */
  labelSmoothing?: number;
  /** false: no layer has biases unless it says so. Default true. */
  bias?: boolean;
  /** An integer from 0 to 2⁵³ - 1: every random number of the network comes from it. Default 0. */
  seed?: number;
  /** What integer inputs are multiplied with, in training and in prediction alike. Default 1/255 for bytes, 1 for Int32Array. */
  scale?: number;
}
