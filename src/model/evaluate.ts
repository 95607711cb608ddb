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
import { errorSumBytesOf, errorSumsOf } from '../core/column-records.js';
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
  /**
   * k of `topKAccuracy`, from 1 to the number of outputs. For networks that learn classes, with two outputs or more.
   * Default: undefined, and `topKAccuracy` is not computed.
   */
  topK?: number;
  /**
   * true: computes `rocAuc`, which needs memory for a copy of all outputs during the call. For classes and labels.
   * Default false.
   */
  rocAuc?: boolean;
  /**
   * For two classes: class 1 is predicted if its output, the only one or the second, exceeds this number. For labels: a
   * label is predicted if its output exceeds this number, or its own in an array of [outputs]. Default: 1/2, or 0 for a
   * network whose targets are -1 and 1; of two outputs for two classes, the larger one is predicted.
   */
  threshold?: number | readonly number[] | Float32Array | Float64Array;
}

export const EVALUATE_KEYS = keysOf<EvaluateOptions>({ topK: true, rocAuc: true, threshold: true });

/** Checked options. */
export interface EvaluateSpec {
  readonly topK?: number;
  readonly rocAuc?: boolean;
  /** [outputs] for labels, [1] for classes. */
  readonly thresholds?: Float32Array;
}

/** Checks the options of an evaluation. `keys`: all that the call takes. */
export function checkEvaluation(
  options: unknown,
  { task }: Goal,
  spec: Spec,
  keys: readonly string[] = EVALUATE_KEYS,
): EvaluateSpec {
  checkObject('options', options, keys);
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
  const scoring = new Scoring(where, arena, pass, data, goal, options, ignoresNonFinite);
  while (!scoring.isDone) scoring.advance();
  return scoring.result;
}

/**
 * An evaluation in progress: `evaluate` in pieces. The core adds its sums up in the memory, where another evaluation
 * overwrites them.
 */
export class Scoring {
  readonly #where: string;
  readonly #arena: Arena;
  readonly #pass: Pass;
  readonly #data: CheckedData;
  readonly #goal: Goal;
  readonly #options: EvaluateSpec;
  readonly #ignoresNonFinite: boolean;
  readonly #scores: Float32Array | undefined;
  readonly #labels: LabelCounts | undefined;
  #position = 0;

  constructor(
    where: string,
    arena: Arena,
    pass: Pass,
    data: CheckedData,
    goal: Goal,
    options: EvaluateSpec,
    ignoresNonFinite: boolean,
  ) {
    this.#where = where;
    this.#arena = arena;
    this.#pass = pass;
    this.#data = data;
    this.#goal = goal;
    this.#options = options;
    this.#ignoresNonFinite = ignoresNonFinite;
    const outputs = outputsOf(arena.spec);
    startScores(arena, goal, options, this.#defaultThreshold);
    if (options.rocAuc) this.#scores = new Float32Array(data.samples * outputs);
    if (goal.task === 'labels') this.#labels = new LabelCounts(outputs, options.thresholds, this.#defaultThreshold);
  }

  get #defaultThreshold(): number {
    return this.#goal.isSigned ? 0 : 0.5;
  }

  get isDone(): boolean {
    return this.#position === this.#data.samples;
  }

  /** Passes the next rows through the network, as many as it has room for. */
  advance(): void {
    const arena = this.#arena;
    const { plan, core, header } = arena;
    const first = this.#position;
    const rows = Math.min(plan.capacity, this.#data.samples - first);
    writeWindow(arena, this.#data, first, rows);
    this.#pass.holdForward(rows);
    core.evaluateRows(rows);
    const output = plan.layers[plan.layers.length - 1];
    if (header.notFinite && !this.#ignoresNonFinite) {
      const index = header.notFinite - 1;
      const row = arena.floats(output.a + (index - first) * output.stride, output.units);
      throw new OutputsError(this.#where, row, output.units, index);
    }
    if (this.#scores) arena.readRows(this.#scores, first * output.units, output.a, output, rows);
    this.#labels?.add(arena, rows);
    this.#position += rows;
  }

  /** Copies the sums so far. Returns the function that puts them back after other calls. */
  keepSums(): () => void {
    return keepScores(this.#arena);
  }

  /** The result. Read it when the evaluation is done, and before any other call. */
  get result(): Evaluation {
    const arena = this.#arena;
    const { header } = arena;
    const { samples, targets } = this.#data;
    const { task } = this.#goal;
    const scores = this.#scores;
    const common = { cost: header.costSum / samples, samples };
    if (task === 'numbers') {
      const costUnits = arena.targetScale && ({ costUnits: 'standardized' } as const);
      return { task, ...common, ...costUnits, ...readErrors(arena, samples) };
    }
    const meanAuc = (all: Float32Array) => meanRocAuc(all, outputsOf(arena.spec), targets, this.#defaultThreshold);
    const rocAuc = scores && { rocAuc: header.notFinite ? Number.NaN : meanAuc(scores) };
    const { classes } = arena.names;
    const names = classes && { classes };
    if (this.#labels) return { task: 'labels', ...common, ...this.#labels.metrics(classes), ...names, ...rocAuc };
    return { task: 'classes', ...common, ...readClasses(arena, samples, this.#options), ...names, ...rocAuc };
  }
}

/** Tells the core what to count, and sets its sums to 0. */
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
  errorSumBytesOf(arena).fill(0);
}

/** Copies everything that `startScores` sets. Returns the function that puts it back. */
function keepScores(arena: Arena): () => void {
  const { header, plan } = arena;
  const { costSum, scored, notFinite, scoring, correct, topK, topKHits, threshold, targetThreshold } = header;
  const words = { costSum, scored, notFinite, scoring, correct, topK, topKHits, threshold, targetThreshold };
  const confusion = arena.words(plan.confusion, plan.classes ** 2).slice();
  const errorSums = errorSumBytesOf(arena).slice();
  return () => {
    Object.assign(arena.header, words);
    arena.words(arena.plan.confusion, confusion.length).set(confusion);
    errorSumBytesOf(arena).set(errorSums);
  };
}

/** The error for outputs that are not finite. */
export class OutputsError extends RangeError {
  /** `values` [rows × outputs]; `first`: the number of the first row. */
  constructor(where: string, values: Float32Array, outputs: number, first = 0) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    const row = `${where}, row ${first + Math.floor(bad / outputs)}`;
    const wanted = 'finite outputs: the weights or the inputs of this row are too large';
    super(outOfRange(row, `${values[bad]} at output ${bad % outputs}`, wanted).message);
  }
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
    // R² is the same in all units
    const unit = arena.targetScale?.deviations[j] ?? 1;
    const total = sums.centredSquare - (sums.centred * sums.centred) / samples;
    return {
      meanAbsoluteError: (sums.absolute / samples) * unit,
      meanSquaredError: (sums.square / samples) * unit ** 2,
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
