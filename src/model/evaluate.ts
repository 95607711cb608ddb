import { checkBoolean, checkInteger, checkObject, keysOf, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { clearErrorSums, errorSumsOf } from '../core/column-records.js';
import { type CheckedData, writeWindow } from '../data/data-set.js';
import { isFloats } from '../data/numbers.js';
import type { Targets } from '../data/targets.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import type { Pass } from './pass.js';

// Evaluates a network on data. A ratio of no samples has the value that scikit-learn gives it, so that results can be
// compared.

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** k of `topKAccuracy`: from 1 to the number of outputs, of which there must be at least two. Default: none. */
  topK?: number;
  /** true: computes `rocAuc`, which takes memory for a copy of all outputs meanwhile. Default false. */
  rocAuc?: boolean;
}

const EVALUATE_KEYS = keysOf<EvaluateOptions>({ topK: true, rocAuc: true });

/** The result of `evaluate`. */
export interface Evaluation {
  /** Mean over the samples of the cost times the sample's weight, with label smoothing, without L1 and L2. */
  cost: number;
  /** Number of samples. */
  samples: number;
  /**
   * Number of samples whose predicted class is that of the target. The predicted class is the largest output. With one
   * output, it is 1 if the output exceeds a threshold, else 0. The threshold is 1/2, with the hinge cost 0.
   */
  correct: number;
  /** correct / samples */
  accuracy: number;
  /**
   * [classes] rows of [classes] counts: a row for each class of the targets, a column for each class predicted. One
   * output counts as two classes. undefined for more than 256 outputs.
   */
  confusion: Uint32Array[] | undefined;
  /**
   * Mean of |y - a| over samples and outputs. y is the target as the cost uses it: labels are rows, and are smoothed if
   * the network smooths labels.
   */
  meanAbsoluteError: number;
  /** Mean of (y - a)² over samples and outputs, with y as for `meanAbsoluteError`. */
  meanSquaredError: number;
  /**
   * The coefficient of determination R²: 1 - Σ (y - a)² / Σ (y - mean y)² for each output, averaged over the outputs.
   * An output whose targets are all equal counts as 1 if they are met exactly, else as 0.
   */
  r2: number;
  /**
   * Share of the samples whose class is among the `topK` largest outputs. Among equal outputs, the first counts as
   * larger. undefined without `topK`.
   */
  topKAccuracy: number | undefined;
  /**
   * Area under the ROC curve. With several outputs, it is computed for each output against the rest, and averaged over
   * the outputs that have both positive and negative samples; NaN if there is none. In rows of targets, a number is
   * positive if it exceeds 1/2, with the hinge cost 0. undefined unless asked for.
   */
  rocAuc: number | undefined;
}

export function checkEvaluation(options: unknown, spec: Spec): void {
  checkObject('options', options, EVALUATE_KEYS);
  const { topK, rocAuc = false } = options as EvaluateOptions;
  checkBoolean('options.rocAuc', rocAuc);
  if (topK === undefined) return;
  const outputs = outputsOf(spec);
  if (outputs === 1) throw outOfRange('options.topK', `${topK} for one output`, 'two outputs or more');
  checkInteger('options.topK', topK, 1, outputs);
}

/** Evaluates the network on checked data. Afterwards the batch buffers hold the last rows. */
export function evaluate(
  arena: Arena,
  pass: Pass,
  data: CheckedData,
  { topK, rocAuc }: EvaluateOptions = {},
): Evaluation {
  const { plan, core, header, spec } = arena;
  clearScores(arena, topK ?? 0);
  const { samples, targets } = data;
  const { classes } = plan;
  const outputs = outputsOf(spec);
  const output = plan.layers[plan.layers.length - 1];
  const scores = new Float32Array(rocAuc ? samples * outputs : 0);
  for (let first = 0; first < samples; first += plan.capacity) {
    const rows = Math.min(plan.capacity, samples - first);
    pass.holdForward(rows);
    writeWindow(arena, data, first, rows);
    core.evaluateRows(rows);
    if (rocAuc) arena.readRows(scores, first * outputs, output.a, output, rows);
  }
  const counts = arena.words(plan.confusion, classes * classes);
  const correct = header.correct;
  return {
    cost: header.costSum / samples,
    samples,
    correct,
    accuracy: correct / samples,
    confusion: classes
      ? Array.from({ length: classes }, (_, c) => counts.slice(c * classes, (c + 1) * classes))
      : undefined,
    ...readErrors(arena, samples),
    topKAccuracy: topK ? header.topKHits / samples : undefined,
    rocAuc: rocAuc ? meanRocAuc(scores, outputs, targets, spec.cost === 'hinge' ? 0 : 0.5) : undefined,
  };
}

/** Sets the sums to 0 that an evaluation in the core adds to. */
function clearScores(arena: Arena, topK: number): void {
  const { header, plan } = arena;
  header.costSum = 0;
  header.correct = 0;
  header.topK = topK;
  header.topKHits = 0;
  header.scored = 0;
  arena.words(plan.confusion, plan.classes ** 2).fill(0);
  clearErrorSums(arena);
}

/** Mean errors and R², from the sums over the samples. */
function readErrors(arena: Arena, samples: number): Pick<Evaluation, 'meanAbsoluteError' | 'meanSquaredError' | 'r2'> {
  const { outputs } = arena.plan;
  let absolute = 0;
  let square = 0;
  let r2 = 0;
  for (let j = 0; j < outputs; j++) {
    const sums = errorSumsOf(arena, j);
    absolute += sums.absolute;
    square += sums.square;
    const total = sums.centredSquare - (sums.centred * sums.centred) / samples;
    // if all targets are equal, they are either met or not
    if (total > 0) r2 += 1 - sums.square / total;
    else if (sums.square === 0) r2 += 1;
  }
  const count = samples * outputs;
  return { meanAbsoluteError: absolute / count, meanSquaredError: square / count, r2: r2 / outputs };
}

/**
 * The area under the ROC curve of each output against the rest, averaged over the outputs that have both positive and
 * negative samples; NaN if there is none. scores [samples × outputs]. A label is positive for its own output; in rows,
 * a target is positive if it exceeds `threshold`.
 */
function meanRocAuc(scores: Float32Array, outputs: number, targets: Targets, threshold: number): number {
  const samples = scores.length / outputs;
  const areas: number[] = [];
  for (let k = 0; k < outputs; k++) {
    const isPositive = (i: number) => {
      if (isFloats(targets)) return targets[i * outputs + k] > threshold;
      return targets[i] === (outputs === 1 ? 1 : k);
    };
    const positives = new Float32Array(samples);
    const negatives = new Float32Array(samples);
    let count = 0;
    for (let i = 0; i < samples; i++) {
      const score = scores[i * outputs + k];
      if (isPositive(i)) positives[count++] = score;
      else negatives[i - count] = score;
    }
    const area = rocAuc(positives.subarray(0, count).sort(), negatives.subarray(0, samples - count).sort());
    if (!Number.isNaN(area)) areas.push(area);
  }
  return areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

/**
 * The share of all pairs of a positive and a negative in which the positive has the larger score; equal scores count as
 * half. It is the statistic U of Mann and Whitney (1947), divided by the number of pairs. Both arrays are ascending.
 */
function rocAuc(positives: Float32Array, negatives: Float32Array): number {
  let below = 0;
  let upTo = 0;
  let halves = 0;
  for (const score of positives) {
    while (below < negatives.length && negatives[below] < score) below++;
    while (upTo < negatives.length && negatives[upTo] <= score) upTo++;
    halves += below + upTo;
  }
  return halves / 2 / (positives.length * negatives.length);
}
