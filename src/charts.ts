/**
 * Learning curves, confusion matrices, ROC curves and the importance of columns, as SVG text.
 *
 * @module
 */

export { type ConfusionEvaluation, type ConfusionMatrixOptions, confusionMatrix } from './charts/confusion-matrix.js';
export { type ImportanceOf, type ImportanceOptions, importance } from './charts/importance.js';
export { type LearningCurveOptions, type LearningReport, learningCurve } from './charts/learning-curve.js';
export type { ChartOptions } from './charts/picture.js';
export { type RocCurveOptions, rocCurve } from './charts/roc-curve.js';
export type { ChartTheme } from './charts/theme.js';
