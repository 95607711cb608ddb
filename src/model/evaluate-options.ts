import { checkNumber, keysOf, MAX_FLOAT, outOfRange, wrongType } from '../check/errors.js';
import { isFloats } from '../data/numbers.js';
import type { Task } from '../data/task.js';

// The part of evaluate that classify needs too.

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /**
   * k of `topKAccuracy`, from 1 to the number of outputs. For networks that learn classes, with two outputs or more.
   * Default: undefined, and `topKAccuracy` is not computed.
   */
  topK?: number | undefined;
  /**
   * true: computes `rocAuc`, which needs memory for a copy of all outputs during the call. For classes and labels.
   * Default false.
   */
  rocAuc?: boolean | undefined;
  /**
   * For two classes: class 1 is predicted if its output, the only one or the second, exceeds this number. For labels: a
   * label is predicted if its output exceeds this number, or its own in an array of [outputs]. Default: 1/2, or 0 for a
   * network whose targets are -1 and 1; of two outputs for two classes, the larger one is predicted.
   */
  threshold?: number | readonly number[] | Float32Array | Float64Array | undefined;
  /** Aborting it ends the evaluation: `evaluate` rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export const EVALUATE_KEYS = keysOf<EvaluateOptions>({ topK: true, rocAuc: true, threshold: true, signal: true });

/** Refuses an option that has no meaning for the network's task. */
export function checkOption(where: string, value: unknown, task: Task, isMeant: boolean, wanted: string): void {
  if (!isMeant) throw outOfRange(where, `${value} for a network that learns ${task}`, `${wanted} (net.task)`);
}

export function checkThreshold(threshold: unknown, task: Task, outputs: number): Float32Array {
  const where = 'options.threshold';
  const isForTwo = task === 'classes' && outputs <= 2;
  if (task === 'classes' && !isForTwo) throw outOfRange(where, `one for ${outputs} classes`, 'two classes, or labels');
  checkOption(where, 'one', task, task !== 'numbers', 'classes or labels');
  if (isForTwo || typeof threshold === 'number') {
    return new Float32Array(isForTwo ? 1 : outputs).fill(checkLimit(where, threshold));
  }
  if (!Array.isArray(threshold) && !isFloats(threshold)) {
    throw wrongType(where, threshold, `a number, or an array of ${outputs}, one for each output`);
  }
  if (threshold.length !== outputs) {
    throw outOfRange(where, `${threshold.length} numbers`, `${outputs}, one for each output`);
  }
  return Float32Array.from(threshold as ArrayLike<unknown>, (value: unknown, k) => checkLimit(`${where}[${k}]`, value));
}

function checkLimit(where: string, value: unknown): number {
  return checkNumber(where, value, (x) => Math.abs(x) <= MAX_FLOAT, 'a number that is finite in 32 bits');
}
