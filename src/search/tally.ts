import { isLoss, type MetricNumbers } from '../model/metrics.js';
import { summarize } from './experiment.js';
import type { Outcome } from './part.js';
import type { SearchMetric, Trial } from './types.js';

// The results of the settings, and their order.

/** What the outcomes of all parts of a setting amount to. */
export function tally(
  outcomes: readonly Outcome[],
  metric: SearchMetric,
): Pick<Trial, 'score' | 'mean' | 'deviation' | 'folds' | 'error' | 'warnings'> {
  const folds = outcomes.map(({ metrics }) => metrics);
  const error = outcomes.find((outcome) => outcome.error !== undefined)?.error;
  const warnings = [...new Set(outcomes.flatMap((outcome) => outcome.warnings ?? []))];
  if (!folds.every((metrics): metrics is MetricNumbers => metrics !== undefined)) {
    return { score: Number.NaN, mean: undefined, deviation: undefined, folds, error, warnings };
  }
  const { mean, deviation } = summarize(folds);
  return {
    score: mean[metric] ?? Number.NaN,
    mean,
    deviation: folds.length > 1 ? deviation : undefined,
    folds,
    warnings,
  };
}

/**
 * Sorts settings, the best first: by their score, those without a number last, and equal ones by their number.
 */
export function ranked<T extends Pick<Trial, 'trial' | 'score'>>(trials: readonly T[], metric: SearchMetric): T[] {
  const badness = ({ score }: T) => {
    if (Number.isNaN(score)) return Number.POSITIVE_INFINITY;
    return isLoss(metric) ? score : -score;
  };
  const isNone = ({ score }: T) => Number(Number.isNaN(score));
  // equal infinities have no difference
  const compare = (p: number, q: number) => (p === q ? 0 : p - q);
  return [...trials].sort((p, q) => compare(badness(p), badness(q)) || isNone(p) - isNone(q) || p.trial - q.trial);
}
