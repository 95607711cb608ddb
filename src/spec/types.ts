import type { LearningRate, ScheduleFunction } from './schedule.js';

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

/** Which build of the core runs: `relaxed` fuses multiply and add where the CPU can, and gives up bit-reproducibility. */
export type BuildName = 'simd' | 'relaxed';

/**
 * The DOM's `WebAssembly.Module`, for programs whose TypeScript has the DOM's types. For others, such as those with Node's alone, any
 * object: they compile without, and what is no module is refused when it comes.
 */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object;

/** The DOM's `Worker`; where TypeScript does not have it, any object. */
export type PageWorker = typeof globalThis extends { Worker: { prototype: infer W } } ? W : object;

export interface NetworkOptions {
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
  /** Rows that one call into the core can hold; larger batches make the network grow. Default 128. */
  batchSize?: number;
  /** Default `'simd'`. */
  build?: BuildName;
  /**
   * The compiled core, where it cannot be compiled from bytes here: the module of `simdprop/simd.wasm` or `simdprop/relaxed.wasm`; with
   * threads, of `simdprop/threads.wasm` or `simdprop/relaxed-threads.wasm`.
   */
  wasm?: WasmModule;
  /**
   * How many threads share the work, this one among them: 1 to 64; more than there are cores are of no use. Default 1. Work too small for
   * them is done by this one alone. The bits are the same for every number. Pages must be cross-origin isolated.
   */
  threads?: number;
  /**
   * Computes in registers of 256 bits, where that can be had: in Node 24 and later on x64, by a flag of V8 that is set for the whole process.
   * The same bits; where a trial finds others, or on other hosts, the network goes without, and `wideReason` says why. Default false.
   */
  wide?: boolean;
  /** Makes a worker of `simdprop/worker`, for pages whose Content-Security-Policy forbids those from a blob. */
  createWorker?: () => PageWorker;
}

export interface LoadOptions
  extends Pick<NetworkOptions, 'batchSize' | 'build' | 'wasm' | 'threads' | 'wide' | 'createWorker'> {
  /** The functions of a network with a cost of one's own. */
  cost?: CustomCost;
  /** The function of a network that was saved with `training: true` under a learning rate that is one: a file cannot hold it. */
  learningRate?: ScheduleFunction;
  /** false: what `training: true` has saved beside the network is left aside. Default true. */
  training?: boolean;
}

/** What `Blob` and `fetch` take: Uint8Array<ArrayBuffer>, in words for TypeScript before 5.7 too, whose Uint8Array is not generic. */
export type SavedBytes = ReturnType<Uint8Array['slice']>;

export interface SaveOptions {
  /** true: with all that training needs to go on exactly. Default false. */
  training?: boolean;
}

/** What every optimizer that follows the gradient's size takes. The penalties are added after clipping. */
export interface Clipping {
  /** Every number of the mean gradient is held to [-clipValue, clipValue], after `clipNorm`. Default: none. */
  readonly clipValue?: number;
  /** The mean gradient of all weights and biases is scaled back to this length where it is longer. Default: none. */
  readonly clipNorm?: number;
}

/** Plain gradient descent: w -= η dC/dw. */
export interface Sgd extends Clipping {
  readonly name: 'sgd';
  /** η, a positive number or a schedule. */
  readonly learningRate: LearningRate;
}

/** m = μ m + g; w -= η m. With Nesterov's look ahead, w -= η (g + μ m). */
export interface Momentum extends Clipping {
  readonly name: 'momentum' | 'nesterov';
  readonly learningRate: LearningRate;
  /** μ, from 0 to below 1. Default 0.9. */
  readonly momentum: number;
}

/** v = v + g²; w -= η g / (√v + ε). */
export interface Adagrad extends Clipping {
  readonly name: 'adagrad';
  /** Default 0.01. */
  readonly learningRate: LearningRate;
  /** Default 1e-10. */
  readonly epsilon: number;
}

/** v = ρ v + (1 - ρ) g²; d = √((u + ε) / (v + ε)) g; u = ρ u + (1 - ρ) d²; w -= η d. */
export interface Adadelta extends Clipping {
  readonly name: 'adadelta';
  /** Default 1. */
  readonly learningRate: LearningRate;
  /** Default 0.9. */
  readonly rho: number;
  /** Default 1e-6. */
  readonly epsilon: number;
}

/** v = α v + (1 - α) g²; w -= η g / (√v + ε). */
export interface RmsProp extends Clipping {
  readonly name: 'rmsprop';
  /** Default 0.01. */
  readonly learningRate: LearningRate;
  /** Default 0.99. */
  readonly alpha: number;
  /** Default 1e-8. */
  readonly epsilon: number;
}

/** m = β₁ m + (1 - β₁) g; v = β₂ v + (1 - β₂) g²; w -= η m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ). */
export interface Adam extends Clipping {
  readonly name: 'adam';
  /** Default 0.001. */
  readonly learningRate: LearningRate;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.999. */
  readonly beta2: number;
  /** Default 1e-8. */
  readonly epsilon: number;
}

/** Adam after w -= η weightDecay w. Biases are spared unless the network has `penalizeBiases`. */
export interface AdamW extends Omit<Adam, 'name'> {
  readonly name: 'adamw';
  /** Default 0.01. */
  readonly weightDecay: number;
}

/** Adam with Nesterov's look ahead: in place of m̂, (1 - μₜ) g / (1 - Π μ) + μₜ₊₁ m / (1 - Π μ μₜ₊₁). */
export interface NAdam extends Omit<Adam, 'name'> {
  readonly name: 'nadam';
  /** Default 0.002. */
  readonly learningRate: LearningRate;
  /** ψ of μₜ = β₁ (1 - 0.96^(t ψ) / 2). Default 0.004. */
  readonly momentumDecay: number;
}

/** w -= η (sign(β₁ m + (1 - β₁) g) + weightDecay w); m = β₂ m + (1 - β₂) g. Biases do not decay unless the network has `penalizeBiases`. */
export interface Lion extends Clipping {
  readonly name: 'lion';
  /** Default 0.0001. */
  readonly learningRate: LearningRate;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.99. */
  readonly beta2: number;
  /** Default 0. */
  readonly weightDecay: number;
}

/**
 * iRPROP+: every parameter has a step of its own, which grows while its gradient keeps its sign. For full batches. A clipped gradient
 * has the same sign: clipping only tells it apart from the penalties.
 */
export interface IRprop extends Clipping {
  readonly name: 'irprop';
  /** The first step of every parameter. Default 0.01. */
  readonly learningRate: LearningRate;
  /** What a step is multiplied with while the sign stays, above 1. Default 1.2. */
  readonly etaPlus: number;
  /** What it is multiplied with when the sign changes, above 0 and below 1. Default 0.5. */
  readonly etaMinus: number;
  /** Default 1e-6. */
  readonly stepMin: number;
  /** Default 50. */
  readonly stepMax: number;
}

/**
 * L-BFGS: directions from the last steps' curvature, a line search along each. For full batches without dropout, `maxNorm` and L1. An
 * epoch is one step, for which the samples are gone through once or more; training ends before `epochs` once the gradient is at most
 * `tolerance` long or no step along it lowers the cost any more.
 */
export interface Lbfgs {
  readonly name: 'lbfgs';
  /** The first length that a line search tries, in steps of its direction. Default 1. */
  readonly learningRate: number;
  /** How many of the last steps are remembered, 1 to 100; each takes as much memory as the weights, twice. Default 10. */
  readonly history: number;
  /** Default 1e-7. */
  readonly tolerance: number;
}

export type Optimizer = Sgd | Momentum | Adagrad | Adadelta | RmsProp | Adam | AdamW | NAdam | Lion | IRprop | Lbfgs;

/**
 * One sample a row, row-major. Float64Array and Int32Array are rounded to 32-bit floats; bytes and integers are multiplied by the
 * network's `scale`.
 */
export type Inputs = Float32Array | Float64Array | Uint8Array | Uint8ClampedArray | Int32Array;

/** Rows of floats, or one class label a sample: an integer from 0 to outputs - 1 (0 or 1 where there is one output). */
export type Targets = Float32Array | Float64Array | Uint8Array | Int32Array;

export interface DataSet {
  /** [samples × inputs] */
  inputs: Inputs;
  /** Float32Array, Float64Array: [samples × outputs]. Uint8Array, Int32Array: [samples] labels. */
  targets: Targets;
  /**
   * [samples], 0 or more each: what a sample's cost is multiplied with, C = 1/n Σ w_x C_x. n is the number of samples, not the sum of the
   * weights. Default: 1 each.
   */
  weights?: Float32Array;
}

/** What inputs become before the first layer: (x - mean) / deviation, each column with its own; bytes and integers after `scale`. */
export interface Standardization {
  /** [inputs] */
  means: Float32Array;
  /** [inputs], each a positive number. */
  deviations: Float32Array;
}

export interface TrainOptions {
  /** How often every sample is used. Default 1. */
  epochs?: number;
  /**
   * Samples per step; the last step of an epoch takes what is left. Default 32; 1 is online training, the number of samples full batch,
   * which is all that irprop and lbfgs take, and their default.
   */
  batchSize?: number;
  /** Batches whose gradients are added up before one update: a batch of accumulate · batchSize samples. Default 1. */
  accumulate?: number;
  /** Replaces the network's optimizer. */
  optimizer?: Optimizer;
  /**
   * true: before the first step, takes mean and standard deviation (of the population, whatever the samples' weights) of each input
   * column of the training data and makes them the network's `standardization`. A column that is constant gets the deviation 1 and
   * becomes 0. A network that is standardised already stays as it is, so that a second `fit` continues the first. Default false.
   */
  standardize?: boolean;
  /** A new order of the samples for each epoch, drawn from the network's seed and the count of epochs trained so far. Default true. */
  shuffle?: boolean;
  /**
   * [classes], 0 or more each (two classes for one output): what the cost of a sample with that label is multiplied with, beside its own
   * weight. For labels as targets. Validation does not use them.
   */
  classWeights?: readonly number[] | Float32Array;
  /** Evaluated after each epoch. */
  validation?: DataSet;
  /** Holds samples back and evaluates them after each epoch, instead of `validation`. Which ones is drawn from the network's seed. */
  validationSplit?: ValidationSplit;
  /** Ends the training once the validation gets no better. */
  earlyStopping?: EarlyStopping;
  /**
   * true: training goes on where costs or weights are no longer finite. Default false: it throws a NonFiniteError, and the network
   * keeps its last finite weights.
   */
  ignoreNonFinite?: boolean;
  /** Stops training after the step in progress; `fit` then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each epoch. Returning false ends the training. */
  onEpoch?: (report: EpochReport) => unknown;
  /** Called after each step. Returning false ends the training: the epoch stays as it is, and counts as one. */
  onBatch?: (report: ProgressReport) => unknown;
  /** Called some sixty times a second at most, between steps. */
  onProgress?: (report: ProgressReport) => void;
}

/** Starts an epoch's data anew: parts that fit into memory one by one, from a file, a socket or a generator. */
export type DataSource = () => AsyncIterable<DataSet> | Iterable<DataSet>;

/** As for `fit`; in progress reports `steps` counts those of the parts that have come so far. */
export type StreamOptions = Pick<
  TrainOptions,
  | 'epochs'
  | 'batchSize'
  | 'accumulate'
  | 'optimizer'
  | 'standardize'
  | 'shuffle'
  | 'ignoreNonFinite'
  | 'validation'
  | 'signal'
  | 'onEpoch'
  | 'onBatch'
  | 'onProgress'
>;

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
  /** Of the last step. */
  learningRate: number;
  /** Over this epoch so far. */
  samplesPerSecond: number;
  /** What the rest of the call will take at its pace so far. undefined where nobody knows: a stream does not say how long it is. */
  secondsLeft: number | undefined;
}

export interface EpochReport {
  /** Counted from 0 for this call. */
  epoch: number;
  epochs: number;
  /** Mean cost over the epoch's samples, each taken before its own step; without the L2 term. */
  cost: number;
  /** Of the epoch's last step. */
  learningRate: number;
  /** Samples trained: all, but where onBatch has ended the epoch. */
  samples: number;
  /** Time spent on the epoch's steps; validation and callbacks are not counted. */
  elapsedMs: number;
  samplesPerSecond: number;
  /** What the rest of the call will take at its pace so far, 0 in the last report; undefined for a stream, as in progress reports. */
  secondsLeft: number | undefined;
  /** Of the validation data, after the epoch. */
  validation?: Evaluation;
  /** With earlyStopping: the epoch that has been the best so far. */
  bestEpoch?: number;
  /**
   * Why this is the last report although epochs were left: `earlyStopping`, `converged` where lbfgs has nothing left to gain, or a
   * callback that returned false.
   */
  stopped?: 'earlyStopping' | 'converged' | 'callback';
}

/** The share of the samples to hold back, above 0 and below 1. `stratify`: the same share of each label's samples. Default false. */
export type ValidationSplit = number | { share: number; stratify?: boolean };

/**
 * Training ends once `patience` epochs in a row have not improved on the best one. Wherever training ends but by an error, an aborted signal
 * or a `break`, the network then has the weights of its best epoch; the optimizer's state stays that of the last.
 */
export interface EarlyStopping {
  /** What is watched on the validation data. Default `'cost'`. */
  monitor?: 'cost' | 'accuracy';
  /** Default 5. */
  patience?: number;
  /** An improvement is one by more than this. Default 0. */
  minDelta?: number;
  /** false: the network keeps the weights of its last epoch. Default true. */
  restoreBest?: boolean;
}

/** What `trainFor` takes of the options of `fit`. */
export type TrainForOptions = Pick<
  TrainOptions,
  'batchSize' | 'accumulate' | 'optimizer' | 'shuffle' | 'ignoreNonFinite'
>;

export interface TrainForReport {
  /** Epochs of these data that are done. */
  epoch: number;
  /** Steps of the epoch in progress that are done, of `steps`. */
  step: number;
  steps: number;
  /** Steps and samples of this call. */
  stepsTaken: number;
  samples: number;
  /** Mean cost over the samples of this call, each taken before its own step; without the L2 term. */
  cost: number;
  /** Of the last step. */
  learningRate: number;
  elapsedMs: number;
  samplesPerSecond: number;
}

/** The options of `fit`, but for the validation, which is each fold in turn. */
export interface CrossValidationOptions extends Omit<TrainOptions, 'validation' | 'validationSplit'> {
  /** Default 5. */
  folds?: number;
  /** The same share of each label's samples in each fold. Default false. */
  stratify?: boolean;
  /** Called after each fold. */
  onFold?: (report: FoldReport) => void;
}

export interface FoldReport {
  /** Counted from 0. */
  fold: number;
  epochs: EpochReport[];
  /** Of the trained network, on the fold it was not trained on. */
  validation: Evaluation;
}

export interface CrossValidation {
  folds: FoldReport[];
  /** Means and standard deviations over the folds. */
  cost: number;
  costDeviation: number;
  accuracy: number;
  accuracyDeviation: number;
}

export interface EvaluateOptions {
  /** k of `topKAccuracy`, from 1 to the number of outputs, which must be two or more. */
  topK?: number;
  /** true: computes `rocAuc`, which takes a copy of all outputs meanwhile. Default false. */
  rocAuc?: boolean;
}

export interface Evaluation {
  /** Mean cost over the samples, each times its weight, with label smoothing, without the L2 term. */
  cost: number;
  samples: number;
  /** Samples whose class (largest output; for one output, whether it exceeds 1/2, or 0 with the hinge cost) is that of the target. */
  correct: number;
  /** correct / samples */
  accuracy: number;
  /** Row = class of the target, column = class predicted. For up to 256 outputs; one output counts as two classes. */
  confusion: Uint32Array[] | undefined;
  /** Mean of |y - a| over samples and outputs, y as the cost sees it: labels as rows, smoothed if they are. */
  meanAbsoluteError: number;
  /** Mean of (y - a)² over samples and outputs. */
  meanSquaredError: number;
  /**
   * R²: 1 - Σ (y - a)² / Σ (y - mean y)² of each output, averaged over the outputs. An output whose targets are all equal counts 1 if
   * they are met exactly, else 0.
   */
  r2: number;
  /** Share of the samples whose class is among the `topK` largest outputs, of equal ones the first first. */
  topKAccuracy: number | undefined;
  /**
   * Area under the ROC curve; with several outputs of each against the rest, averaged over those that have samples of both kinds. NaN if
   * none has. A target in a row is positive if it exceeds 1/2, or 0 with the hinge cost.
   */
  rocAuc: number | undefined;
}

export interface ClassMetrics {
  /** Samples of this class predicted as such / samples predicted as such. */
  precision: number;
  /** Samples of this class predicted as such / samples of this class. */
  recall: number;
  /** Harmonic mean of both. */
  f1: number;
  /** Samples of this class. */
  support: number;
  /** Samples predicted as this class. */
  predicted: number;
}

/** See `classificationReport`. */
export interface ClassificationReport {
  classes: ClassMetrics[];
  /** Means over the classes. */
  macro: { precision: number; recall: number; f1: number };
}
