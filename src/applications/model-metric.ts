import { checkName } from '../check/errors.js';
import type { Task } from '../data/task.js';
import { type MetricName, metricsOf } from '../model/metrics.js';

/** A metric that a model of a table can be judged by: a single number of its task, other than topKAccuracy. */
export type ModelMetric = Exclude<MetricName, 'topKAccuracy'>;

export function checkMetric(where: string, metric: unknown, task: Task): ModelMetric {
  const known = metricsOf(task).filter((name): name is ModelMetric => name !== 'topKAccuracy');
  return checkName(where, metric, known);
}
