/** [false positive rate, true positive rate] */
export type RocPoint = readonly [number, number];

/**
 * The corners of an ROC curve from [0, 0] to [1, 1]: samples of equal score are on the same side of every threshold, so
 * they make one straight piece. undefined if there are no positive or no negative samples. Fawcett, An introduction to
 * ROC analysis (2006), algorithm 1.
 */
export function rocPoints(scores: Float64Array, isPositive: (sample: number) => boolean): RocPoint[] | undefined {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || 0);
  let [positives, negatives] = [0, 0];
  const counts: [number, number][] = [[0, 0]];
  for (const [place, sample] of order.entries()) {
    if (isPositive(sample)) positives++;
    else negatives++;
    const isLastOfScore = place === order.length - 1 || scores[order[place + 1]] !== scores[sample];
    if (isLastOfScore) addCorner(counts, negatives, positives);
  }
  if (positives === 0 || negatives === 0) return undefined;
  return counts.map(([below, above]) => [below / negatives, above / positives]);
}

/** Adds a corner. The last one is no corner if the three are on one line. */
function addCorner(counts: [number, number][], x: number, y: number): void {
  const [before, last] = counts.slice(-2);
  if (last && (last[0] - before[0]) * (y - last[1]) === (last[1] - before[1]) * (x - last[0])) counts.pop();
  counts.push([x, y]);
}

/** The area below the curve: the share of pairs of a positive and a negative sample that are in the right order. */
export function rocArea(points: readonly RocPoint[]): number {
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    area += ((points[i][0] - points[i - 1][0]) * (points[i][1] + points[i - 1][1])) / 2;
  }
  return area;
}
