import { checkSignal, throwIfAborted } from '../check/abort.js';
import { checkInteger, checkObject, keysOf, outOfRange } from '../check/errors.js';
import { permutation } from '../data/philox.js';
import type { Task } from '../data/task.js';
import type { EvaluateOptions } from '../model/evaluate-options.js';
import { isLoss } from '../model/metrics.js';
import type { Network } from '../network.js';
import { RANDOM_SPLIT } from '../spec/codes.js';
import type { EncodedData, Encoder } from '../tables/encoder.js';
import { checkMetric, type ModelMetric } from './model-metric.js';

// Permutation importance by column. This file is loaded only when it is asked for.

/** Options of `importance`. */
export interface ImportanceOptions {
  /**
   * How often each column is shuffled, 1 to 1000.
   * @defaultValue `5`
   */
  repeats?: number | undefined;
  /**
   * The seed of the shuffles. An integer from 0 to 2^53 - 1.
   * @defaultValue `0`
   */
  seed?: number | undefined;
  /**
   * The metric, one of the model's task.
   * @defaultValue accuracy for classes, labelAccuracy for labels, r2 for numbers
   */
  metric?: ModelMetric | undefined;
  /**
   * Aborting it ends the call: `importance` rejects with the signal's reason.
   * @defaultValue none
   */
  signal?: AbortSignal | undefined;
}

/** The importance of an input column. */
export interface ColumnImportance {
  /** The name of the column. */
  column: string;
  /**
   * How much worse the metric is when the column's values are shuffled: the mean over the repeats. About 0 if the model
   * does not use the column; below 0 if it does better without.
   */
  importance: number;
  /** The standard deviation over the repeats. The sum of squares is divided by their number. */
  deviation: number;
}

const KEYS = keysOf<ImportanceOptions>({ repeats: true, seed: true, metric: true, signal: true });

const DEFAULT_METRIC = { classes: 'accuracy', labels: 'labelAccuracy', numbers: 'r2' } as const;

/** The streams of random numbers: one for each repeat. All columns are shuffled in the same ways. */
const FIRST_STREAM = 2;

export async function permutationImportance(
  network: Network,
  { columns, widths, width }: Encoder,
  { inputs, targets }: EncodedData,
  options: ImportanceOptions,
): Promise<ColumnImportance[]> {
  checkObject('options', options, KEYS);
  const { repeats = 5, seed = 0, signal } = options;
  checkInteger('options.repeats', repeats, 1, 1000);
  checkInteger('options.seed', seed, 0, Number.MAX_SAFE_INTEGER);
  checkSignal('options.signal', signal);
  const task = network.task as Task;
  const { metric: asked = DEFAULT_METRIC[task] } = options;
  const metric = checkMetric('options.metric', asked, task);
  const rows = inputs.length / width;
  if (rows < 2) throw outOfRange('data', `${rows} row`, 'two or more, which can be shuffled');
  throwIfAborted(signal);

  const evaluation: EvaluateOptions = metric === 'rocAuc' ? { rocAuc: true } : {};
  const scoreOf = async (x: EncodedData['inputs']) =>
    (await network.evaluate({ inputs: x, targets }, { ...evaluation, signal }))[metric] as number;
  const sign = isLoss(metric) ? -1 : 1;
  const base = await scoreOf(inputs);
  const orders = Array.from({ length: repeats }, (_, r) => permutation(rows, seed, RANDOM_SPLIT, FIRST_STREAM + r));
  const shuffled = inputs.slice();
  const result: ColumnImportance[] = [];
  let first = 0;
  for (const [c, column] of columns.entries()) {
    const falls: number[] = [];
    for (const order of orders) {
      copyColumn(shuffled, inputs, order, { first, count: widths[c], width });
      falls.push(sign * (base - (await scoreOf(shuffled))));
    }
    copyColumn(shuffled, inputs, undefined, { first, count: widths[c], width });
    result.push({ column, ...momentsOf(falls) });
    first += widths[c];
  }
  return result.sort((p, q) => q.importance - p.importance);
}

/** Copies the inputs of one column, in the order of the rows `order`. */
function copyColumn(
  to: EncodedData['inputs'],
  from: EncodedData['inputs'],
  order: Uint32Array | undefined,
  { first, count, width }: { first: number; count: number; width: number },
): void {
  for (let row = 0; row < to.length / width; row++) {
    const start = (order ? order[row] : row) * width + first;
    to.set(from.subarray(start, start + count), row * width + first);
  }
}

function momentsOf(values: readonly number[]): { importance: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { importance: mean, deviation: Math.sqrt(variance) };
}
