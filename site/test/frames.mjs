// Counts the frames of a page while it works, and compares them with those of the same page at rest.

/** The least frames per second, as a share of those at rest. */
const LEAST_SHARE = 0.8;
/** The longest time between two frames: this many ms, or this many times the longest at rest. */
const LONGEST_GAP_MS = 100;
const LONGEST_GAP_IDLE = 4;

/** Counts for this many milliseconds: { framesPerSecond, longestGapMs }. */
export const framesDuring = (page, ms) =>
  page.evaluate(
    (longest) =>
      new Promise((resolve) => {
        const started = performance.now();
        let [last, frames, longestGapMs] = [started, 0, 0];
        const frame = () => {
          const now = performance.now();
          longestGapMs = Math.max(longestGapMs, now - last);
          last = now;
          frames++;
          if (now - started < longest) requestAnimationFrame(frame);
          else resolve({ framesPerSecond: (1000 * frames) / (now - started), longestGapMs });
        };
        requestAnimationFrame(frame);
      }),
    ms,
  );

export function judge(idle, busy) {
  const share = busy.framesPerSecond / idle.framesPerSecond;
  const gapLimitMs = Math.max(LONGEST_GAP_MS, LONGEST_GAP_IDLE * idle.longestGapMs);
  const text =
    `${busy.framesPerSecond.toFixed(1)} frames a second, at rest ${idle.framesPerSecond.toFixed(1)} ` +
    `(share ${share.toFixed(2)}, want ${LEAST_SHARE}); longest gap ${busy.longestGapMs.toFixed(0)} ms, ` +
    `want at most ${gapLimitMs.toFixed(0)}`;
  return { text, isGood: share >= LEAST_SHARE && busy.longestGapMs <= gapLimitMs };
}
