export type { Layer } from './layer.js';
export { Network } from './network.js';
export { sgd } from './optimizer.js';
export type {
  ActivationName,
  BuildName,
  CostName,
  DataSet,
  EpochReport,
  Evaluation,
  InitializerName,
  Inputs,
  LayerOptions,
  NetworkOptions,
  Optimizer,
  ProgressReport,
  Sgd,
  Targets,
  TrainOptions,
} from './types.js';
