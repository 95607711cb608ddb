/**
 * Loads a saved network and predicts, nothing else, in one small file that imports nothing while it runs.
 *
 * @module
 */

export type { WasmModule } from './core/core-options.js';
export type { InputArray, Inputs } from './data/inputs.js';
export type { Task } from './data/task.js';
export type { Classified, ClassifyOptions, Label } from './model/classify.js';
export { loadPredictor, Predictor, type PredictorOptions } from './predict/predictor.js';
