export type { CheckGradientsOptions, GradientCheck } from './check-gradients.js';
export { NonFiniteError, type NonFiniteReason } from './finite.js';
export type { CheckedParameter } from './gradient-errors.js';
export type { Inspector, JacobianOptions, LayerParameters, Perturbation } from './inspect.js';
export type { Layer } from './layer.js';
export { classificationReport } from './metrics.js';
export { Network } from './network.js';
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
} from './optimizer.js';
export type { LearningRate, Schedule, ScheduleFunction, Span } from './schedule.js';
export { cosine, exponential, inverseTime, oneCycle, polynomial, reduceOnPlateau, step } from './schedule.js';
export type {
  ActivationName,
  Adadelta,
  Adagrad,
  Adam,
  AdamW,
  BuildName,
  ClassificationReport,
  ClassMetrics,
  Clipping,
  CostName,
  CustomCost,
  DataSet,
  DataSource,
  EarlyStopping,
  EpochReport,
  EvaluateOptions,
  Evaluation,
  HuberCost,
  InitializerName,
  Inputs,
  IRprop,
  LayerOptions,
  Lbfgs,
  Lion,
  LoadOptions,
  Momentum,
  NAdam,
  NetworkOptions,
  Optimizer,
  PageWorker,
  ProgressReport,
  RmsProp,
  SavedBytes,
  SaveOptions,
  Sgd,
  Standardization,
  StreamOptions,
  Targets,
  TrainForOptions,
  TrainForReport,
  TrainOptions,
  ValidationSplit,
  WasmModule,
} from './types.js';
