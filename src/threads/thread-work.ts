/**
 * One more thread takes part for each this many multiplications (rows times weights) in a pass over the rows, if
 * threads run on cores near each other. See docs/kernels.md.
 */
export const THREAD_WORK = 100_000;

/** true: simdprop measures whether it pays to share a call, see sharing.ts. */
export const IS_MEASURED: boolean = true;
