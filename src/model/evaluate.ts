import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkObject,
  keysOf,
  MAX_FLOAT,
  outOfRange,
  wrongType,
} from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { clearErrorSums, errorSumsOf } from '../core/column-records.js';
import { type CheckedData, writeWindow } from '../data/data-set.js';
import { isFloats } from '../data/numbers.js';
import type { Goal, Task } from '../data/task.js';
import { SCORE_CLASSES, SCORE_ERRORS, SCORE_NOTHING } from '../spec/codes.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import { LabelCounts } from './label-counts.js';
import type { Evaluation, NumberErrors } from './metrics.js';
import type { Pass } from './pass.js';
import { meanRocAuc } from './roc-auc.js';

// Evaluates a network on data. metrics.ts says what the results mean.

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** k of `topKAccuracy`, from 1 to the number of outputs, of which there must be at least two. For classes. Default: none. */
  topK?: number;
  /** true: computes `rocAuc`, which takes memory for a copy of all outputs meanwhile. For classes and labels. Default false. */
  rocAuc?: boolean;
  /**
   * For two classes: class 1 is predicted if its output, the only one or the second, exceeds this number. For labels: a
   * label is predicted if its output exceeds this number, or its own in an array of [outputs]. Default: 1/2, or 0 for a
   * network whose targets are -1 and 1; of two outputs for two classes, the larger one is predicted.
   */
  threshold?: number | readonly number[] | Float32Array | Float64Array;
}

const EVALUATE_KEYS = keysOf<EvaluateOptions>({ topK: true, rocAuc: true, threshold: true });

/** Checked options. */
export interface EvaluateSpec {
  readonly topK?: number;
  readonly rocAuc?: boolean;
  /** [outputs] for labels, [1] for classes. */
  readonly thresholds?: Float32Array;
}

export function checkEvaluation(options: unknown, { task }: Goal, spec: Spec): EvaluateSpec {
  checkObject('options', options, EVALUATE_KEYS);
  const { topK, rocAuc = false, threshold } = options as EvaluateOptions;
  const outputs = outputsOf(spec);
  checkBoolean('options.rocAuc', rocAuc);
  if (rocAuc) checkOption('options.rocAuc', 'true', task, task !== 'numbers', 'classes or labels');
  if (topK !== undefined) {
    checkOption('options.topK', topK, task, task === 'classes', 'classes');
    if (outputs === 1) throw outOfRange('options.topK', `${topK} for one output`, 'two outputs or more');
    checkInteger('options.topK', topK, 1, outputs);
  }
  return { topK, rocAuc, thresholds: threshold === undefined ? undefined : checkThreshold(threshold, task, outputs) };
}

/** Refuses an option that has no meaning for the network's task. */
function checkOption(where: string, value: unknown, task: Task, isMeant: boolean, wanted: string): void {
  if (!isMeant) throw outOfRange(where, `${value} for a network that learns ${task}`, `${wanted} (net.task)`);
}

function checkThreshold(threshold: unknown, task: Task, outputs: number): Float32Array {
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

/**
 * Evaluates the network on checked data, whose name in messages is `where`. Afterwards the batch buffers hold the last
 * rows. Throws if an output is not finite. If it `ignoresNonFinite`, such a row counts as wrong for classes and labels,
 * and makes errors NaN or infinite.
 */
export function evaluate(
  where: string,
  arena: Arena,
  pass: Pass,
  data: CheckedData,
  goal: Goal,
  options: EvaluateSpec = {},
  ignoresNonFinite = false,
): Evaluation {
  const { plan, core, header, spec } = arena;
  const { samples, targets } = data;
  const outputs = outputsOf(spec);
  const output = plan.layers[plan.layers.length - 1];
  const defaultThreshold = goal.isSigned ? 0 : 0.5;
  startScores(arena, goal, options, defaultThreshold);
  const scores = new Float32Array(options.rocAuc ? samples * outputs : 0);
  const labels = goal.task === 'labels' ? new LabelCounts(outputs, options.thresholds, defaultThreshold) : undefined;
  for (let first = 0; first < samples; first += plan.capacity) {
    const rows = Math.min(plan.capacity, samples - first);
    pass.holdForward(rows);
    writeWindow(arena, data, first, rows);
    core.evaluateRows(rows);
    if (header.notFinite && !ignoresNonFinite) throw notFinite(where, arena, header.notFinite - 1, first);
    if (options.rocAuc) arena.readRows(scores, first * outputs, output.a, output, rows);
    labels?.add(arena, rows);
  }
  const common = { cost: header.costSum / samples, samples };
  if (goal.task === 'numbers') return { task: 'numbers', ...common, ...readErrors(arena, samples) };
  const meanAuc = () => (header.notFinite ? Number.NaN : meanRocAuc(scores, outputs, targets, defaultThreshold));
  const rocAuc = options.rocAuc && { rocAuc: meanAuc() };
  if (labels) return { task: 'labels', ...common, ...labels.metrics, ...rocAuc };
  return { task: 'classes', ...common, ...readClasses(arena, samples, options), ...rocAuc };
}

/** Tells the core what to count, and sets the sums to 0 that it adds to. */
function startScores(arena: Arena, { task }: Goal, { topK, thresholds }: EvaluateSpec, defaultThreshold: number): void {
  const { header, plan } = arena;
  header.costSum = 0;
  header.scored = 0;
  header.notFinite = 0;
  header.scoring = { classes: SCORE_CLASSES, labels: SCORE_NOTHING, numbers: SCORE_ERRORS }[task];
  header.correct = 0;
  header.topK = topK ?? 0;
  header.topKHits = 0;
  header.threshold = thresholds?.[0] ?? (plan.outputs === 1 ? defaultThreshold : Number.POSITIVE_INFINITY);
  header.targetThreshold = defaultThreshold;
  arena.words(plan.confusion, plan.classes ** 2).fill(0);
  clearErrorSums(arena);
}

/** The error for sample `index`, which has an output that is not finite. The window begins with sample `first`. */
function notFinite(where: string, arena: Arena, index: number, first: number): RangeError {
  const { layers } = arena.plan;
  const { a, stride, units } = layers[layers.length - 1];
  const row = arena.floats(a + (index - first) * stride, units);
  const bad = row.findIndex((value) => !Number.isFinite(value));
  const wanted = 'finite outputs: the weights or the inputs of this row are too large';
  return outOfRange(`${where}, row ${index}`, `${row[bad]} at output ${bad}`, wanted);
}

/** The metrics of classes, from the counts of samples. */
function readClasses(arena: Arena, samples: number, { topK }: EvaluateSpec) {
  const { header, plan } = arena;
  const { correct, topKHits } = header;
  const { classes } = plan;
  const counts = arena.words(plan.confusion, classes * classes);
  return {
    correct,
    accuracy: correct / samples,
    confusion: classes
      ? Array.from({ length: classes }, (_, c) => counts.slice(c * classes, (c + 1) * classes))
      : undefined,
    ...(topK && { topKAccuracy: topKHits / samples }),
  };
}

/** Mean errors and R² of each output, from the sums over the samples, and their means over the outputs. */
function readErrors(arena: Arena, samples: number): NumberErrors & { byOutput: NumberErrors[] } {
  const { outputs } = arena.plan;
  const byOutput = Array.from({ length: outputs }, (_, j): NumberErrors => {
    const sums = errorSumsOf(arena, j);
    const total = sums.centredSquare - (sums.centred * sums.centred) / samples;
    return {
      meanAbsoluteError: sums.absolute / samples,
      meanSquaredError: sums.square / samples,
      r2: total > 0 ? 1 - sums.square / total : r2OfConstant(sums.square),
    };
  });
  const mean = (name: keyof NumberErrors) => byOutput.reduce((sum, errors) => sum + errors[name], 0) / outputs;
  return {
    meanAbsoluteError: mean('meanAbsoluteError'),
    meanSquaredError: mean('meanSquaredError'),
    r2: mean('r2'),
    byOutput,
  };
}

/** R² of targets that are all equal, which are either met or not. NaN if the errors are not finite. */
function r2OfConstant(square: number): number {
  return square === 0 ? 1 : 0 * square;
}
