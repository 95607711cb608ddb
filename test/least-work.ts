/** In place of src/thread-work.ts: any work is worth every thread. */
export const THREAD_WORK = 1;
