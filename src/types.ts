/** Activation functions by name. `softmax` belongs to the output layer. */
export type ActivationName = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'softmax';

/**
 * Cost functions by name, each a mean over the samples:
 * - `quadratic`: 1/2 |y - a|², with any output activation;
 * - `binaryCrossEntropy`: -Σ [ y ln a + (1 - y) ln(1 - a) ], with sigmoid outputs;
 * - `categoricalCrossEntropy`: -Σ y ln a, with a softmax output.
 */
export type CostName = 'quadratic' | 'binaryCrossEntropy' | 'categoricalCrossEntropy';

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
  | 'zeros';

export interface LayerOptions {
  /** Number of neurons, 1 to 65,536. */
  units: number;
  /** Default `'sigmoid'`. */
  activation?: ActivationName;
  /** Default: `heNormal` for relu, `glorotUniform` for everything else. */
  initializer?: InitializerName;
}

/** Which build of the core runs: `relaxed` fuses multiply and add where the CPU can, and gives up bit-reproducibility. */
export type BuildName = 'simd' | 'relaxed';

export interface NetworkOptions {
  /** Width of the input layer, 1 to 65,536. */
  inputs: number;
  /** The layers after the input layer, in order; the last one is the output layer. */
  layers: readonly LayerOptions[];
  /** Default: the one that belongs to the output's activation: binaryCrossEntropy for sigmoid, categoricalCrossEntropy for softmax, else quadratic. */
  cost?: CostName;
  /** λ of the L2 term λ/(2n) Σ w² over the weights (biases are spared), n the number of training samples. Default 0. */
  l2?: number;
  /** An integer from 0 to 2⁵³ - 1: every random number of the network comes from it. Default 0. */
  seed?: number;
  /** What each byte of Uint8Array inputs is multiplied with, in training and in prediction alike. Default 1/255. */
  scale?: number;
  /** Rows that one call into the core can hold; larger batches make the network grow. Default 128. */
  batchSize?: number;
  /** Default `'simd'`. */
  build?: BuildName;
  /** The compiled core, where it cannot be compiled from bytes here: the module of `simdprop/simd.wasm` or `simdprop/relaxed.wasm`. */
  wasm?: WebAssembly.Module;
}

/** Plain gradient descent: w -= η dC/dw. */
export interface Sgd {
  readonly name: 'sgd';
  /** η, a positive number. */
  readonly learningRate: number;
}

export type Optimizer = Sgd;

/** One sample a row, row-major. Bytes are multiplied by the network's `scale`. */
export type Inputs = Float32Array | Uint8Array | Uint8ClampedArray;

/** Rows of floats, or one class label a sample: an integer from 0 to outputs - 1 (0 or 1 where there is one output). */
export type Targets = Float32Array | Uint8Array | Int32Array;

export interface DataSet {
  /** [samples × inputs] */
  inputs: Inputs;
  /** Float32Array: [samples × outputs]. Uint8Array, Int32Array: [samples] labels. */
  targets: Targets;
}

export interface TrainOptions {
  /** How often every sample is used. Default 1. */
  epochs?: number;
  /** Samples per step; the last step of an epoch takes what is left. Default 32; 1 is online training, the number of samples full batch. */
  batchSize?: number;
  /** Replaces the network's optimizer. */
  optimizer?: Optimizer;
  /** A new order of the samples for each epoch, drawn from the network's seed and the count of epochs trained so far. Default true. */
  shuffle?: boolean;
  /** Evaluated after each epoch. */
  validation?: DataSet;
  /** Stops training after the step in progress; `fit` then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each epoch. */
  onEpoch?: (report: EpochReport) => void;
  /** Called after each mini-batch. */
  onBatch?: (report: ProgressReport) => void;
  /** Called some sixty times a second at most, between steps. */
  onProgress?: (report: ProgressReport) => void;
}

export interface ProgressReport {
  /** Counted from 0 for this call. */
  epoch: number;
  epochs: number;
  /** Steps of this epoch done so far, of `steps`. */
  step: number;
  steps: number;
  /** Samples of this epoch done so far. */
  samples: number;
  /** Mean cost over these samples, each taken before its own step; without the L2 term. */
  cost: number;
}

export interface EpochReport {
  /** Counted from 0 for this call. */
  epoch: number;
  epochs: number;
  /** Mean cost over the epoch's samples, each taken before its own step; without the L2 term. */
  cost: number;
  learningRate: number;
  samples: number;
  /** Time spent on the epoch's steps; validation and callbacks are not counted. */
  elapsedMs: number;
  samplesPerSecond: number;
  validation?: Evaluation;
}

export interface Evaluation {
  /** Mean cost over the samples, without the L2 term. */
  cost: number;
  samples: number;
  /** Samples whose class (largest output; for one output, whether it exceeds 1/2) is that of the target. */
  correct: number;
  /** correct / samples */
  accuracy: number;
  /** Row = class of the target, column = class predicted. For up to 256 outputs; one output counts as two classes. */
  confusion: Uint32Array[] | undefined;
}
