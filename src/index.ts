/**
 * Networks, their training and what it reports; optimizers and learning rates that change.
 *
 * @module
 */

export type { BuildName, PageWorker, WasmModule } from './core/core-options.js';
export type { ClassWeights } from './data/class-weights.js';
export type { DataSet, PreparedData, TypedDataSet } from './data/data-set.js';
export type { InputArray, Inputs } from './data/inputs.js';
export type { SampleKeys } from './data/keys.js';
export type { SplitOptions, ValidationSplit } from './data/split.js';
export type { SampleWeights, TargetArray, Targets } from './data/targets.js';
export type { Task } from './data/task.js';
export type { CheckGradientsOptions, GradientCheck } from './inspection/check-gradients.js';
export type { CheckedParameter } from './inspection/gradient-errors.js';
export type { Inspector, JacobianOptions, LayerParameters, Perturbation } from './inspection/inspector.js';
export type { ClassificationReport, ClassMetrics, Confusion } from './model/classification-report.js';
export { classificationReport } from './model/classification-report.js';
export type { Classified, ClassifyOptions, Label } from './model/classify.js';
export type { CopyWeightsOptions } from './model/copy-weights.js';
export type { EvaluateOptions } from './model/evaluate-options.js';
export type { Layer } from './model/layer.js';
export type {
  ClassesEvaluation,
  Evaluation,
  LabelsEvaluation,
  MetricName,
  NumberErrors,
  NumbersEvaluation,
} from './model/metrics.js';
export type { NetworkOptions } from './network.js';
export { Network } from './network.js';
export type { LoadOptions } from './persistence/decode.js';
export type { SaveOptions } from './persistence/saved-network.js';
export type { SavedBytes } from './persistence/sections.js';
export type {
  Activation,
  ActivationName,
  ConstantInitializer,
  CostName,
  CustomCost,
  Elu,
  GivenInitializer,
  HuberCost,
  InitializerName,
  LayerOptions,
  LeakyRelu,
} from './spec/network-options.js';
export type {
  Adadelta,
  Adagrad,
  Adam,
  AdamW,
  Clipping,
  IRprop,
  Lbfgs,
  Lion,
  Momentum,
  NAdam,
  Optimizer,
  OptimizerOptions,
  RmsProp,
  Sgd,
} from './spec/optimizer.js';
export {
  adadelta,
  adagrad,
  adam,
  adamw,
  irprop,
  lbfgs,
  lion,
  momentum,
  nadam,
  nesterov,
  rmsprop,
  sgd,
} from './spec/optimizer.js';
export type {
  CosineOptions,
  ExponentialOptions,
  InverseTimeOptions,
  LearningRate,
  OneCycleOptions,
  PolynomialOptions,
  ReduceOnPlateauOptions,
  Schedule,
  ScheduleFunction,
  Span,
  StepOptions,
} from './spec/schedule.js';
export { cosine, exponential, inverseTime, oneCycle, polynomial, reduceOnPlateau, step } from './spec/schedule.js';
export type { GivenStandardization, Standardization } from './spec/standardization.js';
export type { EarlyStopping, Monitor } from './training/early-stopping.js';
export { type EpochSummary, History, type HistoryColumn } from './training/history.js';
export { NonFiniteError, type NonFiniteReason } from './training/non-finite.js';
export type { Standardize, StreamOptions, TrainForOptions, TrainOptions } from './training/options.js';
export type { DataSource } from './training/parts.js';
export type { EpochReport, ProgressReport, TrainForReport } from './training/reports.js';
