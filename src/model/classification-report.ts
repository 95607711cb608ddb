import { checkNoMore, counted, outOfRange, wrongType } from '../check/errors.js';
import { checkNames } from '../spec/names.js';

// A ratio of no samples has the value that scikit-learn gives it, so that results can be compared.

/** Precision, recall and F1 of one class. */
export interface ClassMetrics {
  /** The name of the class, if it has one. */
  name?: string | undefined;
  /** The share of the samples predicted as this class that belong to it; 0 if there are none. */
  precision: number;
  /** The share of the samples of this class that were predicted as such; 0 if there are none. */
  recall: number;
  /** Harmonic mean of precision and recall; 0 if there are no samples for either. */
  f1: number;
  /** Number of samples of this class. */
  support: number;
  /** Number of samples predicted as this class. */
  predicted: number;
}

type Ratios = Pick<ClassMetrics, 'precision' | 'recall' | 'f1'>;

/** The result of `classificationReport`. */
export interface ClassificationReport {
  /** [classes] */
  classes: ClassMetrics[];
  /** Share of the samples that are predicted right; 0 if there are none. */
  accuracy: number;
  /** Means over the classes that occur among the targets or the predictions. */
  macro: Ratios;
  /** Means over the classes, each weighted with its support. */
  weighted: Ratios;
}

/**
 * The ratios of a class or a label. `hits`: the number of samples that have it and are predicted to have it;
 * `support`: of samples that have it; `predicted`: of samples that are predicted to have it.
 */
export function ratiosOf(hits: number, support: number, predicted: number): ClassMetrics {
  return {
    precision: predicted ? hits / predicted : 0,
    recall: support ? hits / support : 0,
    f1: support + predicted ? (2 * hits) / (support + predicted) : 0,
    support,
    predicted,
  };
}

/** What `classificationReport` takes of the result of `evaluate`. */
export interface Confusion {
  /**
   * A row for each class of the targets, a column for each class predicted; undefined for more than 256 classes.
   * @defaultValue none; without a matrix there is no report
   */
  readonly confusion?: readonly ArrayLike<number>[] | undefined;
  /**
   * The names of the classes, in the same order.
   * @defaultValue none: the classes have only their numbers
   */
  readonly classes?: readonly string[] | undefined;
}

/**
 * Accuracy, and precision, recall and F1 of each class and their means, from the result of `evaluate` or from a
 * confusion matrix alone: a row for each class of the targets, a column for each class predicted. A ratio of no samples
 * is 0, and the macro means leave out classes that occur neither among the targets nor among the predictions, as in
 * scikit-learn.
 *
 * @param result the result of `evaluate` for a network that learns classes, or its matrix [classes × classes]
 * @returns the metrics of each class, the accuracy and the means
 * @throws TypeError or RangeError if there is no square matrix of counts, or not a name for each class
 *
 * @example
 * import { classificationReport } from 'simdprop';
 *
 * // of 10 samples of class 0, 8 are predicted as such; of 5 samples of class 1, 4
 * const report = classificationReport([[8, 2], [1, 4]]);
 * console.log(report.accuracy, report.classes[0].recall); // 0.8 0.8
 */
export function classificationReport(
  result: Confusion | readonly ArrayLike<number>[],
  none?: undefined,
): ClassificationReport {
  checkNoMore('classificationReport', 2, none);
  const { confusion, classes: given } = readResult(result);
  checkConfusion(confusion);
  const names = checkNames('classes', given, confusion.length);
  const classes = classesOf(confusion).map((metrics, c) => named(names, c, metrics));
  const samples = classes.reduce((sum, { support }) => sum + support, 0);
  const hits = confusion.reduce((sum, row, c) => sum + row[c], 0);
  return {
    classes,
    accuracy: hits / (samples || 1),
    macro: meanOf(classes, occurs),
    weighted: meanOf(classes, ({ support }) => support),
  };
}

/** The metrics of each class of a confusion matrix. */
function classesOf(confusion: readonly ArrayLike<number>[]): ClassMetrics[] {
  return confusion.map((row, c) => {
    let support = 0;
    let predicted = 0;
    for (let other = 0; other < confusion.length; other++) {
      support += row[other];
      predicted += confusion[other][c];
    }
    return ratiosOf(row[c], support, predicted);
  });
}

/** 1 for a class that occurs among the targets or the predictions, else 0. */
const occurs = ({ support, predicted }: ClassMetrics) => Number(support + predicted > 0);

/** Mean of the recall of the classes that samples have. `confusion`: as `evaluate` returns it. */
export function balancedAccuracyOf(confusion: readonly ArrayLike<number>[]): number {
  return meanOf(classesOf(confusion), ({ support }) => Number(support > 0)).recall;
}

/** Mean of the F1 of the classes that occur. `confusion`: as `evaluate` returns it. */
export function macroF1Of(confusion: readonly ArrayLike<number>[]): number {
  return meanOf(classesOf(confusion), occurs).f1;
}

function meanOf(classes: readonly ClassMetrics[], weightOf: (metrics: ClassMetrics) => number): Ratios {
  const weights = classes.reduce((sum, metrics) => sum + weightOf(metrics), 0) || 1;
  const mean = (name: keyof Ratios) =>
    classes.reduce((sum, metrics) => sum + weightOf(metrics) * metrics[name], 0) / weights;
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** The metrics of class `c`, with its name if there are names. */
export function named(names: readonly string[] | undefined, c: number, metrics: ClassMetrics): ClassMetrics {
  return names ? { name: names[c], ...metrics } : metrics;
}

function readResult(result: Confusion | readonly ArrayLike<number>[]): Confusion {
  if (Array.isArray(result)) return { confusion: result };
  const { confusion, classes } = Object(result) as Confusion;
  return { confusion, classes };
}

function checkConfusion(confusion: unknown): asserts confusion is readonly ArrayLike<number>[] {
  if (!Array.isArray(confusion)) {
    const wanted = 'an array of rows of counts, which evaluate returns for networks that learn up to 256 classes';
    throw wrongType('confusion', confusion, wanted);
  }
  confusion.forEach((row, c) => {
    if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
      throw wrongType(`confusion[${c}]`, row, `a row of ${counted(confusion.length, 'count')}`);
    }
    const counts = Array.from(row as unknown as ArrayLike<unknown>);
    if (counts.length !== confusion.length) {
      throw outOfRange(`confusion[${c}]`, counted(counts.length, 'count'), `${confusion.length}, one for each class`);
    }
    const bad = counts.findIndex((count) => !(Number.isSafeInteger(count) && (count as number) >= 0));
    if (bad >= 0) throw outOfRange(`confusion[${c}][${bad}]`, counts[bad], 'a count');
  });
}
