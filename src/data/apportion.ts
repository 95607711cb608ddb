// Whole numbers of samples from shares: the method of largest remainders (Hamilton's), with bounds.

/**
 * How many samples of each class are taken where `total` of all are: the class's share of the total, rounded down or up so that the sum is
 * right. The largest remainders are rounded up; of equal ones, those that come first in `ties`, an order of the classes.
 *
 * Every class of two samples or more has at least one taken and at least one left, and a class of one sample is left, where the total
 * allows this for all classes. counts: 1 or more each.
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
      // sort is stable: equal remainders stay in the order of the ties
      const byRemainder = open.sort((p, q) => remainderOf(q) - remainderOf(p));
      for (const c of byRemainder.slice(0, total - sumOf(taken))) taken[c]++;
      return taken;
    }
    // Bounds that raise more than they lower leave less for the others: a class below its bound stays there, and is settled. One that is
    // above may come within. Otherwise it is the reverse.
    const isSettled = (c: number) => (raised >= lowered ? shareOf(c) < lowest(c) : shareOf(c) > highest(c));
    for (const c of open.filter(isSettled)) taken[c] = raised >= lowered ? lowest(c) : highest(c);
    open = open.filter((c) => !isSettled(c));
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
