import * as abi from '../../assembly/abi.js';
import { checkBoolean, checkInteger, checkObject, outOfRange, wrongType } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { ERROR_RECORD_DOUBLES, errorPairs } from '../core/memory-plan.js';
import { type CheckedData, isFloats, writeWindow } from '../data/data-set.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import type { ClassificationReport, EvaluateOptions, Evaluation, Targets } from '../spec/types.js';
import type { Pass } from './layer.js';

// What an evaluation says beside cost and accuracy. Undefined ratios are those of scikit-learn, which everyone compares with.

export function checkEvaluation(options: unknown, spec: Spec): void {
  checkObject('options', options, ['topK', 'rocAuc']);
  const { topK, rocAuc = false } = options as EvaluateOptions;
  checkBoolean('options.rocAuc', rocAuc);
  if (topK === undefined) return;
  const outputs = outputsOf(spec);
  if (outputs === 1) throw outOfRange('options.topK', `${topK} for one output`, 'two outputs or more');
  checkInteger('options.topK', topK, 1, outputs);
}

/** What the network gives for data that are checked. The batch buffers hold its last rows then. */
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
    pass.rows = rows;
    pass.done = 'forward';
    pass.isCurrent = false;
    writeWindow(arena, data, first, rows);
    core.evaluateRows(rows);
    if (rocAuc) arena.readRows(scores, first * outputs, output.a, output, rows);
  }
  const counts = arena.words(plan.confusion, classes * classes);
  const correct = header.getUint32(abi.CORRECT, true);
  return {
    cost: header.getFloat64(abi.COST_SUM, true) / samples,
    samples,
    correct,
    accuracy: correct / samples,
    confusion: classes
      ? Array.from({ length: classes }, (_, c) => counts.slice(c * classes, (c + 1) * classes))
      : undefined,
    ...readErrors(arena, samples),
    topKAccuracy: topK ? header.getUint32(abi.TOP_K_HITS, true) / samples : undefined,
    rocAuc: rocAuc ? meanRocAuc(scores, outputs, targets, spec.cost === 'hinge' ? 0 : 0.5) : undefined,
  };
}

/** Sums that the core's evaluations add to: they start from nothing. */
function clearScores(arena: Arena, topK: number): void {
  const { header, plan, spec } = arena;
  header.setFloat64(abi.COST_SUM, 0, true);
  header.setUint32(abi.CORRECT, 0, true);
  header.setUint32(abi.TOP_K, topK, true);
  header.setUint32(abi.TOP_K_HITS, 0, true);
  header.setUint32(abi.SCORED, 0, true);
  arena.words(plan.confusion, plan.classes ** 2).fill(0);
  arena.doubles(plan.errorSums, errorPairs(outputsOf(spec)) * ERROR_RECORD_DOUBLES).fill(0);
}

/** Mean errors and R² from the sums of `samples` samples. */
function readErrors(arena: Arena, samples: number): Pick<Evaluation, 'meanAbsoluteError' | 'meanSquaredError' | 'r2'> {
  const { plan, spec } = arena;
  const outputs = outputsOf(spec);
  let absolute = 0;
  let square = 0;
  let r2 = 0;
  for (let j = 0; j < outputs; j++) {
    const record = arena.doubles(plan.errorSums + (j >> 1) * ERROR_RECORD_DOUBLES * 8, ERROR_RECORD_DOUBLES);
    const sum = (i: number) => record[2 * i + (j & 1)];
    absolute += sum(1);
    square += sum(2);
    const total = sum(4) - (sum(3) * sum(3)) / samples;
    // a constant target is either met or not
    if (total > 0) r2 += 1 - sum(2) / total;
    else if (sum(2) === 0) r2 += 1;
  }
  const count = samples * outputs;
  return { meanAbsoluteError: absolute / count, meanSquaredError: square / count, r2: r2 / outputs };
}

/**
 * The area under the ROC curve of each output against the rest, averaged over the outputs that have samples of both kinds; NaN if none
 * has. scores [samples × outputs]; a target is positive if it is the output's label, or in rows if it exceeds `threshold`.
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

/** The share of pairs whose positive has the larger score, equal ones counting half: Mann and Whitney's U. Both ascending. */
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
