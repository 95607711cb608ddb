import { outOfRange, wrongType } from '../check/errors.js';

// Ratios without samples behind them are those of scikit-learn, which everyone compares with.

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

/**
 * Precision, recall and F1 of each class, and their means, from a confusion matrix with a row for each class of the targets and a column
 * for each class predicted, as `evaluate` returns it. A ratio without samples behind it is 0; the means leave out classes
 * that are neither among the targets nor predicted.
 *
 * @example
 * const { confusion } = net.evaluate(test);
 * classificationReport(confusion!).macro.f1;
 */
export function classificationReport(confusion: readonly ArrayLike<number>[]): ClassificationReport {
  checkConfusion(confusion);
  const classes = confusion.map((row, c) => {
    const hits = row[c];
    let support = 0;
    let predicted = 0;
    for (let other = 0; other < confusion.length; other++) {
      support += row[other];
      predicted += confusion[other][c];
    }
    return {
      precision: predicted ? hits / predicted : 0,
      recall: support ? hits / support : 0,
      f1: support + predicted ? (2 * hits) / (support + predicted) : 0,
      support,
      predicted,
    };
  });
  const seen = classes.filter(({ support, predicted }) => support + predicted > 0);
  const mean = (name: 'precision' | 'recall' | 'f1') =>
    seen.reduce((sum, metrics) => sum + metrics[name], 0) / (seen.length || 1);
  return { classes, macro: { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') } };
}

function checkConfusion(confusion: unknown): void {
  if (!Array.isArray(confusion)) throw wrongType('confusion', confusion, 'an array of rows of counts');
  confusion.forEach((row, c) => {
    if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
      throw wrongType(`confusion[${c}]`, row, `a row of ${confusion.length} counts`);
    }
    const counts = Array.from(row as unknown as ArrayLike<unknown>);
    if (counts.length !== confusion.length) {
      throw outOfRange(`confusion[${c}]`, `${counts.length} counts`, `${confusion.length}, one for each class`);
    }
    const bad = counts.findIndex((count) => !(Number.isSafeInteger(count) && (count as number) >= 0));
    if (bad >= 0) throw outOfRange(`confusion[${c}][${bad}]`, counts[bad], 'a count');
  });
}
