/**
 * How many multiplications of a pass over the rows (rows times weights) are worth one more thread, if threads run on
 * cores near each other. See docs/kernels.md.
 */
export const THREAD_WORK = 100_000;

/** true: the program measures whether sharing a call pays, see sharing.ts. */
export const IS_MEASURED: boolean = true;
