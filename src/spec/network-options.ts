import type { Row } from '../check/plain-arrays.js';

/**
 * Activation functions by name: `leakyRelu` has the slope 0.01 below 0, `elu` has α = 1, `gelu` is x Φ(x), `geluTanh`
 * its approximation by tanh, and `hardSigmoid` is x/6 + 1/2 limited to [0, 1]. `prelu` learns a slope below 0 for each
 * unit. `softmax` is for the output layer only. See docs/activations.md.
 */
export type ActivationName =
  | 'linear'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leakyRelu'
  | 'prelu'
  | 'relu6'
  | 'elu'
  | 'selu'
  | 'gelu'
  | 'geluTanh'
  | 'silu'
  | 'mish'
  | 'softplus'
  | 'softsign'
  | 'hardSigmoid'
  | 'hardSwish'
  | 'softmax';

/** z where z > 0, else slope · z. The name `'leakyRelu'` alone stands for the slope 0.01. */
export interface LeakyRelu {
  readonly name: 'leakyRelu';
  /** Any finite number. */
  readonly slope: number;
}

/** z where z > 0, else α (eᶻ - 1). The name `'elu'` alone stands for α = 1. */
export interface Elu {
  readonly name: 'elu';
  /** α, a positive number. */
  readonly alpha: number;
}

/** An activation function: a name, or an object for a function with another constant than that of its name. */
export type Activation = ActivationName | LeakyRelu | Elu;

/**
 * Cost functions. Each is a mean over the samples of a sum over the outputs:
 *
 * - `quadratic`: 1/2 (y - a)²;
 * - `binaryCrossEntropy`: -[ y ln a + (1 - y) ln(1 - a) ], with sigmoid outputs;
 * - `categoricalCrossEntropy`: -y ln a, with softmax outputs;
 * - `meanAbsoluteError`: |y - a|, with the slope 0 at 0;
 * - `huber`: 1/2 (y - a)² up to |y - a| = δ, δ (|y - a| - δ/2) beyond, with δ = 1;
 * - `hinge`: max(0, 1 - y a) for targets -1 and 1, with linear or tanh outputs. A label stands for 1 at its output and
 *   -1 at the others. The slope at y a = 1 is 0;
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

/** The Huber cost (Huber, 1964) with any δ. The name `'huber'` alone stands for δ = 1. */
export interface HuberCost {
  name: 'huber';
  /** δ, a positive number. */
  delta: number;
}

/**
 * A custom cost: a function C_x of a sample's outputs a and targets y, which is averaged over the samples. Both
 * functions are called once for each sample. Their arguments are copies of [outputs] numbers, valid only during the
 * call. They must not use the network. An error that they throw is thrown by the method that needed the cost, and then
 * no weight changes.
 */
export interface CustomCost {
  /**
   * The cost of one sample.
   *
   * @param a the outputs [outputs]
   * @param y the targets [outputs]
   * @returns C_x, a number
   * @throws whatever your function throws
   */
  value(a: Float32Array, y: Float32Array): number;
  /**
   * The derivatives of the cost of one sample.
   *
   * @param a the outputs [outputs]
   * @param y the targets [outputs]
   * @param out where dC_x/da goes [outputs]; it contains zeros before
   * @throws whatever your function throws
   */
  gradient(a: Float32Array, y: Float32Array, out: Float32Array): void;
}

/**
 * Named initialisers of the weights and biases of a layer:
 *
 * - `glorotUniform`, `glorotNormal`: variance 2 / (fanIn + units), biases 0 (Glorot and Bengio, 2010);
 * - `heUniform`, `heNormal`: variance 2 / fanIn, biases 0 (He et al., 2015);
 * - `lecunUniform`, `lecunNormal`: variance 1 / fanIn, biases 0 (LeCun et al., 1998);
 * - `scaledNormal`: normal weights of variance 1 / fanIn and biases of variance 1, the "default" of Nielsen's book;
 * - `standardNormal`: normal weights and biases of variance 1, the "large" initialisation of Nielsen's book;
 * - `orthogonal`: orthonormal rows, or columns if there are more units than inputs, biases 0 (Saxe et al., 2014);
 * - `zeros`: weights and biases 0.
 *
 * Normal distributions are not truncated.
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

/** One number for every weight, and one for every bias. */
export interface ConstantInitializer {
  /** Every weight; a finite number. */
  constant: number;
  /**
   * Every bias; a finite number.
   * @defaultValue `0`
   */
  bias?: number | undefined;
}

/** Given numbers. */
export interface GivenInitializer {
  /** w [units × fanIn], row-major, or [units] rows. */
  weights: Float32Array | readonly number[] | readonly Row[];
  /**
   * b [units].
   * @defaultValue zeros
   */
  biases?: Float32Array | readonly number[] | undefined;
  /**
   * The slopes [units] of prelu, 0 for units with another function.
   * @defaultValue 0.25 for each unit of prelu
   */
  slopes?: Float32Array | readonly number[] | undefined;
}

/** Options of one layer after the input layer. */
export interface LayerOptions {
  /** Number of units (neurons), 1 to 65,536. */
  units: number;
  /**
   * One function for the layer, or a list with one for each unit.
   * @defaultValue `'sigmoid'`
   */
  activation?: Activation | readonly Activation[] | undefined;
  /**
   * Initial weights and biases.
   * @defaultValue `heNormal` if all units are of the family of relu (relu, leakyRelu, prelu, relu6, elu, gelu,
   *   geluTanh, silu, mish, hardSwish); `lecunNormal` for selu; else `glorotUniform`
   */
  initializer?: InitializerName | ConstantInitializer | GivenInitializer | undefined;
  /**
   * false: the layer has no biases.
   * @defaultValue the network's `bias`
   */
  bias?: boolean | undefined;
  /**
   * The share of this layer's activations that is dropped in training, 0 to below 1 (Srivastava et al., 2014). It
   * must be 0 for the output layer.
   * @defaultValue `0`
   */
  dropout?: number | undefined;
  /**
   * The largest length of a unit's weight vector, a positive number. Longer vectors are scaled back to it after each
   * step.
   * @defaultValue no limit
   */
  maxNorm?: number | undefined;
}

/** Options of what a network computes, whichever build of the core runs it. */
export interface SpecOptions {
  /** Width of the input layer, 1 to 65,536. */
  inputs: number;
  /** The layers after the input layer, in order, 1 to 1,024. The last one is the output layer. */
  layers: readonly LayerOptions[];
  /**
   * The cost function.
   * @defaultValue binaryCrossEntropy for sigmoid outputs, categoricalCrossEntropy for softmax outputs, else quadratic
   */
  cost?: CostName | HuberCost | CustomCost | undefined;
  /**
   * λ of the L2 term λ/(2n) Σ w² over the weights, where n is the number of training samples; 0 or more.
   * @defaultValue `0`
   */
  l2?: number | undefined;
  /**
   * λ of the L1 term λ/n Σ |w|; 0 or more.
   * @defaultValue `0`
   */
  l1?: number | undefined;
  /**
   * true: L1, L2 and decoupled decay act on the biases too. Refused for a network without biases.
   * @defaultValue `false`
   */
  penalizeBiases?: boolean | undefined;
  /**
   * s of label smoothing: targets become y (1 - s) + s / outputs. 0 to below 1, for categoricalCrossEntropy only.
   * @defaultValue `0`
   */
  labelSmoothing?: number | undefined;
  /**
   * false: layers have no biases, unless their own options say otherwise.
   * @defaultValue `true`
   */
  bias?: boolean | undefined;
  /**
   * The seed of every random number of the network, an integer from 0 to 2⁵³ - 1.
   * @defaultValue `0`
   */
  seed?: number | undefined;
  /**
   * The positive number that inputs are multiplied by, in training and everywhere else, whatever the type of their
   * array: 1 / 255 for bytes from 0 to 255. It is kept in the file.
   * @defaultValue `1`
   */
  scale?: number | undefined;
}
