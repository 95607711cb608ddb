import type { Task } from '../data/task.js';
import type { ClassMetrics } from './classification-report.js';

// The metrics of each task. A network has those of its task and no others, because a metric of another task would be a
// number without a meaning. A ratio of no samples has the value that scikit-learn gives it, so that results can be
// compared.

/** The fields of every evaluation. */
interface Evaluated<Name extends Task> {
  /** The task of the network. It determines which metrics there are. */
  task: Name;
  /** Mean over the samples of the cost times the sample's weight, with label smoothing, without L1 and L2. */
  cost: number;
  /** Number of samples. */
  samples: number;
}

/** The evaluation of a network that learns classes. */
export interface ClassesEvaluation extends Evaluated<'classes'> {
  /**
   * Number of samples whose predicted class is that of the target. The predicted class is that of the largest output;
   * of equal outputs, the first counts as the largest. With one output, it is 1 if the output exceeds the threshold,
   * else 0.
   */
  correct: number;
  /** correct / samples */
  accuracy: number;
  /** Mean of the recall of the classes that the samples have. undefined for more than 256 outputs. */
  balancedAccuracy: number | undefined;
  /**
   * Mean of the F1 of the classes that occur among the targets or the predictions. undefined for more than 256 outputs.
   */
  macroF1: number | undefined;
  /** The names of the network's classes, in the order of `confusion`. undefined if it has none. */
  classes?: readonly string[] | undefined;
  /**
   * [classes] rows of [classes] counts: a row for each class of the targets, a column for each class predicted. One
   * output counts as two classes. undefined for more than 256 outputs.
   */
  confusion: Uint32Array[] | undefined;
  /**
   * Share of the samples whose class is among the `topK` largest outputs. Among equal outputs, the first counts as
   * larger. undefined without `topK`.
   */
  topKAccuracy?: number | undefined;
  /**
   * Area under the ROC curve. With several outputs, it is computed for each output against the rest, and averaged over
   * the outputs that have both positive and negative samples; NaN if there is none. undefined unless asked for.
   */
  rocAuc?: number | undefined;
}

/** The evaluation of a network that learns labels. */
export interface LabelsEvaluation extends Evaluated<'labels'> {
  /** Share of the samples for which every label is predicted correctly. */
  exactMatch: number;
  /** The share of labels predicted correctly, among all labels of all samples: 1 - the Hamming loss. */
  labelAccuracy: number;
  /** F1 of all labels of all samples, counted together; 0 if no sample has a label or is predicted to have one. */
  microF1: number;
  /** Mean of the labels' F1. A label that no sample has or is predicted to have counts as 0. */
  macroF1: number;
  /** [outputs], the numbers of each label, with its name if it has one. */
  byLabel: ClassMetrics[];
  /** The names of the network's labels, in the order of `byLabel`. undefined if it has none. */
  classes?: readonly string[] | undefined;
  /** Area under the ROC curve of each label, averaged as for classes. undefined unless asked for. */
  rocAuc?: number | undefined;
}

/** Errors of outputs a with respect to their targets y. */
export interface NumberErrors {
  /** Mean of |y - a|. */
  meanAbsoluteError: number;
  /** Mean of (y - a)². */
  meanSquaredError: number;
  /**
   * The coefficient of determination R²: 1 - Σ (y - a)² / Σ (y - mean y)². If all targets of an output are equal, as
   * those of a single sample are, it is 1 if they are met exactly, else 0.
   */
  r2: number;
}

/** The evaluation of a network that learns numbers: means over the outputs, and the numbers of each output. */
export interface NumbersEvaluation extends Evaluated<'numbers'>, NumberErrors {
  /** [outputs] */
  byOutput: NumberErrors[];
  /**
   * `'standardized'` if the network's targets are standardised: `cost` is then that of standardised outputs and
   * targets, which training lowers, while all errors are in the units of the targets. Otherwise undefined, and all are
   * in the units of the targets.
   */
  costUnits?: 'standardized' | undefined;
}

type KeysOf<Union> = Union extends Union ? keyof Union : never;

/**
 * A union in which each member also has the keys of the others, as undefined. All keys can then be read before it is
 * known which member it is.
 */
type OneOf<Union, Key extends PropertyKey = KeysOf<Union>> = Union extends Union
  ? Union & Partial<Record<Exclude<Key, keyof Union>, undefined>>
  : never;

/** The result of `evaluate`. `task` says which metrics there are; all others are undefined. */
export type Evaluation = OneOf<ClassesEvaluation | LabelsEvaluation | NumbersEvaluation>;

/** The metrics of each task that are a single number. */
const METRICS = {
  classes: ['cost', 'accuracy', 'balancedAccuracy', 'macroF1', 'topKAccuracy', 'rocAuc'],
  labels: ['cost', 'exactMatch', 'labelAccuracy', 'microF1', 'macroF1', 'rocAuc'],
  numbers: ['cost', 'meanAbsoluteError', 'meanSquaredError', 'r2'],
} as const satisfies Readonly<Record<Task, readonly (keyof Evaluation)[]>>;

/** The name of a metric that is a single number. */
export type MetricName = (typeof METRICS)[Task][number];

/** A number for the cost and for each metric of a task that is a single number. */
export type MetricNumbers = { cost: number } & { [Name in MetricName]?: number | undefined };

export function metricsOf(task: Task): readonly MetricName[] {
  return METRICS[task];
}

/** True if a smaller value is better. */
export function isLoss(metric: MetricName): boolean {
  return metric === 'cost' || metric === 'meanAbsoluteError' || metric === 'meanSquaredError';
}
