/**
 * Divides `total` samples among classes of `counts` samples (1 or more each) by the method of largest remainders, which
 * is Hamilton's of 1792: each class gets its share of the total, rounded down or up. The largest remainders are rounded
 * up; among equal remainders, those of the classes that come first in `ties`, a permutation of the classes.
 *
 * If the total allows it for all classes, a class of two samples or more gives at least one and keeps at least one, and
 * a class of one sample keeps it.
 */
export function apportion(counts: readonly number[], total: number, ties: ArrayLike<number>): number[] {
  const least = total >= counts.filter((count) => count > 1).length ? 1 : 0;
  const left = sumOf(counts) - total >= counts.length ? 1 : 0;
  const lowest = (c: number) => Math.min(least, counts[c] - 1);
  const highest = (c: number) => counts[c] - left;
  const taken = new Array<number>(counts.length).fill(0);
  let open = Array.from(ties);
  for (;;) {
    const rest = total - sumOf(taken);
    const samples = sumOf(open.map((c) => counts[c]));
    const shareOf = (c: number) => (counts[c] * rest) / samples;
    const raised = sumOf(open.map((c) => Math.max(lowest(c) - shareOf(c), 0)));
    const lowered = sumOf(open.map((c) => Math.max(shareOf(c) - highest(c), 0)));
    if (raised === 0 && lowered === 0) {
      for (const c of open) taken[c] = Math.floor(shareOf(c));
      const remainderOf = (c: number) => (counts[c] * rest) % samples;
      // sort is stable, so equal remainders stay in the order of `ties`
      const byRemainder = open.sort((p, q) => remainderOf(q) - remainderOf(p));
      for (const c of byRemainder.slice(0, total - sumOf(taken))) taken[c]++;
      return taken;
    }
    // If the lower bounds raise shares by more than the upper bounds lower others, less is left for the other shares. A
    // share below its lower bound then stays below it, so this class is settled at the bound, while a share above its
    // upper bound may still fall below that. If the upper bounds lower by more, the same holds with the bounds
    // exchanged.
    const isSettled = (c: number) => (raised >= lowered ? shareOf(c) < lowest(c) : shareOf(c) > highest(c));
    for (const c of open.filter(isSettled)) taken[c] = raised >= lowered ? lowest(c) : highest(c);
    open = open.filter((c) => !isSettled(c));
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
