/** In place of src/threads/thread-work.ts: any work is worth every thread, whatever it takes. */
export const THREAD_WORK = 1;
export const IS_MEASURED = false;
