/** Replaces src/threads/thread-work.ts: all threads share any work, however small it is. */
export const THREAD_WORK = 1;
export const IS_MEASURED = false;
