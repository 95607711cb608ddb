import { isFloats } from '../data/numbers.js';
import type { TargetArray } from '../data/targets.js';

/**
 * The area under the ROC curve of each output against the rest, averaged over the outputs that have both positive and
 * negative samples; NaN if there is none. scores [samples × outputs]. A class label is positive for its own output; in
 * rows, a target is positive if it exceeds `threshold`.
 */
export function meanRocAuc(scores: Float32Array, outputs: number, targets: TargetArray, threshold: number): number {
  const samples = scores.length / outputs;
  const isRows = isFloats(targets);
  const areas: number[] = [];
  for (let k = 0; k < outputs; k++) {
    const isPositive = (i: number) => {
      if (isRows) return targets[i * outputs + k] > threshold;
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
