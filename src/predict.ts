export { loadPredictor, Predictor, type PredictorOptions } from './predict/predictor.js';
