import { checkNumber, counted, keysOf, MAX_FLOAT, outOfRange, wrongType } from '../check/errors.js';
import { isFloats } from '../data/numbers.js';
import { type Outputs, outputActivations } from '../data/target-scale.js';
import type { Task } from '../data/task.js';
import { activationName } from '../spec/activations.js';
import type { ActivationName } from '../spec/network-options.js';
import { outputsOf } from '../spec/spec.js';

// The part of evaluate that classify needs too.

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /**
   * k of `topKAccuracy`, from 1 to the number of outputs. For networks that learn classes, with two outputs or more.
   * @defaultValue none: `topKAccuracy` is not computed
   */
  topK?: number | undefined;
  /**
   * true: computes `rocAuc`, which needs memory for a copy of all outputs during the call. For classes and labels.
   * @defaultValue `false`
   */
  rocAuc?: boolean | undefined;
  /**
   * For two classes: class 1 is predicted if its output, the only one or the second, exceeds this number. For labels:
   * a label is predicted if its output exceeds this number, or its own in an array of [outputs]. From 0 to 1 for
   * outputs that are probabilities, from -1 to 1 for `tanh` and `softsign`, any number for others.
   * @defaultValue 1/2, or 0 for a network whose targets are -1 and 1; of two outputs for two classes, the larger one is
   *   predicted
   */
  threshold?: number | readonly number[] | Float32Array | Float64Array | undefined;
  /**
   * Aborting it ends the evaluation: `evaluate` rejects with the signal's reason.
   * @defaultValue none
   */
  signal?: AbortSignal | undefined;
}

export const EVALUATE_KEYS = keysOf<EvaluateOptions>({ topK: true, rocAuc: true, threshold: true, signal: true });

/** Refuses an option that has no meaning for the network's task. */
export function checkOption(where: string, value: unknown, task: Task, isMeant: boolean, wanted: string): void {
  if (!isMeant) throw outOfRange(where, `${value} for a network that learns ${task}`, `${wanted} (net.task)`);
}

/** Activations whose outputs are probabilities. */
export const PROBABILITIES: readonly ActivationName[] = ['softmax', 'sigmoid', 'hardSigmoid'];
const SIGNED: readonly ActivationName[] = ['tanh', 'softsign'];

export function checkThreshold(threshold: unknown, task: Task, spec: Outputs): Float32Array {
  const where = 'options.threshold';
  const outputs = outputsOf(spec);
  const activations = outputActivations(spec);
  const isForTwo = task === 'classes' && outputs <= 2;
  if (task === 'classes' && !isForTwo)
    throw outOfRange(where, `one for ${counted(outputs, 'class')}`, 'two classes, or labels');
  checkOption(where, 'one', task, task !== 'numbers', 'classes or labels');
  const checkLimit = (place: string, value: unknown, k: number) => {
    const activation = activationName(activations[k] ?? activations[0]);
    const least = PROBABILITIES.includes(activation) ? 0 : SIGNED.includes(activation) ? -1 : -MAX_FLOAT;
    const most = least < -1 ? MAX_FLOAT : 1;
    const wanted = least < -1 ? 'a number that is finite in 32 bits' : `a number from ${least} to 1`;
    return checkNumber(place, value, (x) => x >= least && x <= most, wanted);
  };
  if (isForTwo) return Float32Array.of(checkLimit(where, threshold, outputs - 1));
  if (typeof threshold === 'number')
    return Float32Array.from({ length: outputs }, (_, k) => checkLimit(where, threshold, k));
  if (!Array.isArray(threshold) && !isFloats(threshold)) {
    throw wrongType(where, threshold, `a number, or an array of ${outputs}, one for each output`);
  }
  if (threshold.length !== outputs) {
    throw outOfRange(where, counted(threshold.length, 'number'), `${outputs}, one for each output`);
  }
  return Float32Array.from(threshold as ArrayLike<unknown>, (value: unknown, k) =>
    checkLimit(`${where}[${k}]`, value, k),
  );
}
