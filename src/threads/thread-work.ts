/**
 * Multiplications of a call's pass over the rows (rows times weights) that are worth one more thread, where threads are near each other.
 * Two are as fast as one from some 150,000 on (EPYC 9004, 2 cores, Node 20, 2026-11-24): 784-30-10 at batch 10 has 238,200.
 */
export const THREAD_WORK = 100_000;

/** Whether it is measured if sharing pays: see sharing.ts. */
export const IS_MEASURED: boolean = true;
