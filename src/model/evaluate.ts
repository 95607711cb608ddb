import { checkSignal } from '../check/abort.js';
import { checkBoolean, checkInteger, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { errorSumBytesOf, errorSumsOf } from '../core/column-records.js';
import { type CheckedData, showTrainingRows, writeWindow } from '../data/data-set.js';
import { costUnitsOf } from '../data/target-scale.js';
import type { TargetArray } from '../data/targets.js';
import type { Goal } from '../data/task.js';
import { SCORE_CLASSES, SCORE_ERRORS, SCORE_NOTHING } from '../spec/codes.js';
import type { Names } from '../spec/names.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import { balancedAccuracyOf, macroF1Of } from './classification-report.js';
import { checkOption, checkThreshold, type EvaluateOptions } from './evaluate-options.js';
import { LabelCounts } from './label-counts.js';
import type { Evaluation, NumberErrors } from './metrics.js';
import { OutputsError } from './outputs-error.js';
import type { Pass } from './pass.js';
import { meanRocAuc } from './roc-auc.js';

// Evaluates a network on data. metrics.ts says what the results mean. Loaded by the first evaluation.

/** Checked options. */
export interface EvaluateSpec {
  readonly topK?: number;
  readonly rocAuc?: boolean;
  /** [outputs] for labels, [1] for classes. */
  readonly thresholds?: Float32Array;
}

/** Checks the options of an evaluation. */
export function checkEvaluation(options: EvaluateOptions, { task }: Goal, spec: Spec): EvaluateSpec {
  const { topK, rocAuc = false, threshold, signal } = options;
  const outputs = outputsOf(spec);
  checkSignal('options.signal', signal);
  checkBoolean('options.rocAuc', rocAuc);
  if (rocAuc) checkOption('options.rocAuc', 'true', task, task !== 'numbers', 'classes or labels');
  if (topK !== undefined) {
    checkOption('options.topK', topK, task, task === 'classes', 'classes');
    checkTopK('options.topK', topK, outputs);
  }
  return { topK, rocAuc, thresholds: threshold === undefined ? undefined : checkThreshold(threshold, task, spec) };
}

export function checkTopK(where: string, topK: unknown, outputs: number): void {
  if (outputs === 1) throw outOfRange(where, `${topK} for one output`, 'two outputs or more');
  checkInteger(where, topK, 1, outputs);
}

/**
 * An evaluation in progress, of the network on checked data, whose name in messages is `where`. The core adds its sums
 * up in the memory, where another evaluation overwrites them. Afterwards the batch buffers hold the last rows. Throws
 * if an output is not finite. If it `ignoresNonFinite`, such a row counts as wrong for classes and labels, and makes
 * errors NaN or infinite.
 */
export class Scoring {
  readonly #where: string;
  readonly #arena: Arena;
  readonly #pass: Pass;
  readonly #data: CheckedData | undefined;
  readonly #samples: number;
  readonly #goal: Goal;
  readonly #classes: Names['classes'];
  readonly #options: EvaluateSpec;
  readonly #ignoresNonFinite: boolean;
  readonly #scores: Float32Array | undefined;
  readonly #labels: LabelCounts | undefined;
  #position = 0;

  /** `data`: undefined for the training set that lies in the memory, whose ROC curves are not computed. */
  constructor(
    where: string,
    arena: Arena,
    pass: Pass,
    data: CheckedData | undefined,
    { goal, classes }: { readonly goal: Goal; readonly classes: Names['classes'] },
    options: EvaluateSpec,
    ignoresNonFinite: boolean,
  ) {
    this.#where = where;
    this.#arena = arena;
    this.#pass = pass;
    this.#data = data;
    this.#samples = data?.samples ?? arena.header.trainingSet.samples;
    this.#goal = goal;
    this.#classes = classes;
    this.#options = options;
    this.#ignoresNonFinite = ignoresNonFinite;
    const outputs = outputsOf(arena.spec);
    startScores(arena, goal, options, this.#defaultThreshold);
    if (options.rocAuc) this.#scores = new Float32Array(this.#samples * outputs);
    if (goal.task === 'labels') this.#labels = new LabelCounts(outputs, options.thresholds, this.#defaultThreshold);
  }

  get #defaultThreshold(): number {
    return this.#goal.isSigned ? 0 : 0.5;
  }

  get isDone(): boolean {
    return this.#position === this.#samples;
  }

  /** Passes the next rows through the network, as many as it has room for. */
  advance(): void {
    const arena = this.#arena;
    const { plan, core, header } = arena;
    const first = this.#position;
    const rows = Math.min(plan.capacity, this.#samples - first);
    if (this.#data) writeWindow(arena, this.#data, first, rows);
    else showTrainingRows(arena, first);
    this.#pass.holdForward(rows);
    core.evaluateRows(rows);
    header.window.inputs = plan.windowInputs;
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
    const samples = this.#samples;
    const { task } = this.#goal;
    const scores = this.#scores;
    const common = { cost: header.costSum / samples, samples };
    if (task === 'numbers') {
      return { task, ...common, ...costUnitsOf(arena), ...readErrors(arena, samples) };
    }
    const targets = this.#data?.targets;
    const meanAuc = (all: Float32Array, y: TargetArray) =>
      meanRocAuc(all, outputsOf(arena.spec), y, this.#defaultThreshold);
    const rocAuc = scores && targets && { rocAuc: header.notFinite ? Number.NaN : meanAuc(scores, targets) };
    const classes = this.#classes;
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

/** The metrics of classes, from the counts of samples. */
function readClasses(arena: Arena, samples: number, { topK }: EvaluateSpec) {
  const { header, plan } = arena;
  const { correct, topKHits } = header;
  const { classes } = plan;
  const counts = arena.words(plan.confusion, classes * classes);
  const confusion = classes
    ? Array.from({ length: classes }, (_, c) => counts.slice(c * classes, (c + 1) * classes))
    : undefined;
  // samples whose outputs are not finite are in no row
  const isWhole = header.notFinite === 0;
  return {
    correct,
    accuracy: correct / samples,
    balancedAccuracy: confusion && (isWhole ? balancedAccuracyOf(confusion) : Number.NaN),
    macroF1: confusion && (isWhole ? macroF1Of(confusion) : Number.NaN),
    confusion,
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
