import { awaitCall, barrier, callWord } from './team';
import { perform } from './step';

// The entry of the builds with threads: exports everything that index.ts exports, and the functions that all threads
// but the first run.

export * from './index';
export { join } from './team';

// Tiles for wide registers, which only these builds use
export { productWide, productWideAhead } from './generated/tile';

/** The life of a thread other than the first: it performs call after call, until the host ends it. */
export function serve(): void {
  for (let call = 0; ; ) {
    call = awaitCall(call);
    perform(callWord(0), callWord(1), callWord(2));
    barrier();
  }
}
