import { awaitCall, barrier, callWord } from './team';
import { perform } from './step';

// The entry of the builds with threads: the core, and what its other threads run.

export * from './index';
export { join } from './team';

/** The life of a thread that is not the first: calls, until it is ended from outside. */
export function serve(): void {
  for (let call = 0; ; ) {
    call = awaitCall(call);
    perform(callWord(0), callWord(1), callWord(2));
    barrier();
  }
}
