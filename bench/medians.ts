// How runs of several contestants that took turns are summed up.

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of the ratios theirs / ours of the rounds. */
export function pairedRatio(theirs: readonly number[], ours: readonly number[]): number {
  return median(theirs.map((ms, round) => ms / ours[round]));
}
