import {
  HEADER,
  TEAM,
  TEAM_ARRIVED,
  TEAM_CALL,
  TEAM_COMMAND,
  TEAM_GENERATION,
  TEAM_SLEEPING,
  THREAD_BYTES,
  THREADS,
} from './abi';

// Threads: every one runs the same steps (step.ts) on its share of the rows, then of the panels, and meets the others between. No sum is
// split, so their number changes no bit. The only file besides vec.ts that knows which build it is compiled for: without threads, all of
// this is 0 and 1 and nothing.

/** The bits of TEAM_CALL that say how many threads the call is for. */
const COUNT_MASK = 255;

/**
 * Looks at a word before a thread goes to sleep: some 100 us, longer than the shares of a step differ. Sleep costs 50 us: with 2^13 looks,
 * 784-30-10 at batch 10 had a quarter of the speed (EPYC 9004, 2 cores, Node 20, 2026-11-24).
 */
const SPINS = 1 << 17;

/**
 * Looks beyond those, some 6 ms, once after a waking. Linux on a virtual machine often puts a thread on the core of the one that wakes it,
 * though another is idle, leaves both there while they sleep in turns, and parts them after some ms in which both want to run. Five
 * predictions of 256 rows through 784-512-512-10 after 0.3 s of rest take 0.64 of the time, wide 0.67 (EPYC, 2 cores, Node 20 and 24,
 * 2026-11-27). Not at every meeting: where other processes want the cores, 784-30-10 trained at 0.2x or less.
 */
const PATIENCE = 1 << 23;

/** Whether this thread has slept before a call or woken another for one, and has not been kept waiting since. */
let isFresh = false;
/** Of PATIENCE, the looks that are left. */
let patience = 0;

// Sleep and waking are calls of the host's: pages forbid the main thread to sleep, the host knows how long is too long, and the baseline
// compiler of Node 20 loses its local variables over an atomic.wait of the core's own.
/** Returns once the word may be another, at any time; throws where a thread that is waited for will not come. */
declare function sleep(word: usize, old: i32): void;
/** The same for a thread without a call, which waits as long as it takes. */
declare function idle(word: usize, old: i32): void;
/** Wakes all that sleep at the word. */
declare function wake(word: usize): void;

let index = 0;

/** Says which thread this instance is. Thread 0 makes the calls. */
export function join(thread: i32): void {
  index = thread;
}

export function thread(): i32 {
  return ASC_FEATURE_THREADS ? index : 0;
}

/** Threads that take part in this call. */
export function threads(): i32 {
  return ASC_FEATURE_THREADS ? load<i32>(HEADER, THREADS) : 1;
}

/** The first of this thread's `count` things, or of the one's `later` after it. */
export function share(count: i32, later: i32): i32 {
  return ASC_FEATURE_THREADS ? (count * (index + later)) / load<i32>(HEADER, THREADS) : count * later;
}

/**
 * The first of this thread's panels of a layer with so many, or of the one's `later` after it: whoever has a panel computes its gradient
 * and moves its parameters. The middle of a panel decides.
 */
export function panelShare(panels: i32, later: i32): i32 {
  if (!ASC_FEATURE_THREADS) return panels * later;
  const count = load<i32>(HEADER, THREADS);
  return (2 * panels * (index + later) + count - 1) / (2 * count);
}

/** What each thread has for itself lies THREAD_BYTES from the last one's. */
export function ownAddress(offset: usize): usize {
  const address = <usize>load<u32>(<usize>HEADER + offset);
  return ASC_FEATURE_THREADS ? address + <usize>index * <usize>load<u32>(HEADER, THREAD_BYTES) : address;
}

/** Stores a word that all threads agree on, and leaves its cache line to them where it is that already. */
export function agree(offset: usize, value: u32): void {
  const word = <usize>HEADER + offset;
  if (!ASC_FEATURE_THREADS || load<u32>(word) != value) store<u32>(word, value);
}

/** Looks at the word for a while. Returns whether it is still `old`. */
function isStill(word: usize, old: i32): bool {
  for (let i = 0; i < SPINS; ++i) if (atomic.load<i32>(word) != old) return false;
  for (; patience > 0; --patience) if (atomic.load<i32>(word) != old) return false;
  return true;
}

/** Waits until the word is no longer `old`. */
function awaitChange(word: usize, old: i32): void {
  if (ASC_FEATURE_THREADS) {
    if (!isStill(word, old)) return;
    if (isFresh) {
      isFresh = false;
      patience = PATIENCE;
      if (!isStill(word, old)) return;
    }
    const team = <usize>load<u32>(HEADER, TEAM);
    atomic.add<i32>(team, 1, TEAM_SLEEPING);
    while (atomic.load<i32>(word) == old) sleep(word, old);
    atomic.sub<i32>(team, 1, TEAM_SLEEPING);
  }
}

/** All threads of the call meet here: what each has written before, every one sees after. */
export function barrier(): void {
  if (ASC_FEATURE_THREADS) {
    const count = load<i32>(HEADER, THREADS);
    if (count == 1) return;
    const team = <usize>load<u32>(HEADER, TEAM);
    const generation = atomic.load<i32>(team, TEAM_GENERATION);
    if (atomic.add<i32>(team, 1, TEAM_ARRIVED) + 1 < count) {
      awaitChange(team + TEAM_GENERATION, generation);
      return;
    }
    atomic.store<i32>(team, 0, TEAM_ARRIVED);
    atomic.store<i32>(team, generation + 1, TEAM_GENERATION);
    if (atomic.load<i32>(team, TEAM_SLEEPING)) wake(team + TEAM_GENERATION);
  }
}

/** Thread 0: has `count` threads, itself among them, perform a command. It performs its own share, and ends with `dismiss`. */
export function summon(count: i32, command: i32, a: i32, b: i32): void {
  if (ASC_FEATURE_THREADS) {
    store<i32>(HEADER, count, THREADS);
    if (count == 1) return;
    const team = <usize>load<u32>(HEADER, TEAM);
    store<i32>(team, command, TEAM_COMMAND);
    store<i32>(team, a, TEAM_COMMAND + 4);
    store<i32>(team, b, TEAM_COMMAND + 8);
    // one word, so that a thread that wakes late takes no call's number for another's count
    atomic.store<i32>(team, ((atomic.load<i32>(team, TEAM_CALL) & ~COUNT_MASK) + (COUNT_MASK + 1)) | count, TEAM_CALL);
    if (atomic.load<i32>(team, TEAM_SLEEPING)) {
      isFresh = true;
      wake(team + TEAM_CALL);
    }
  }
}

export function dismiss(): void {
  if (ASC_FEATURE_THREADS) {
    barrier();
    store<i32>(HEADER, 1, THREADS);
  }
}

/** The other threads: waits for the call after `last` that this one takes part in. Returns its number. */
export function awaitCall(last: i32): i32 {
  if (ASC_FEATURE_THREADS) {
    const team = <usize>load<u32>(HEADER, TEAM);
    for (;;) {
      if (isStill(team + TEAM_CALL, last)) {
        atomic.add<i32>(team, 1, TEAM_SLEEPING);
        while (atomic.load<i32>(team, TEAM_CALL) == last) idle(team + TEAM_CALL, last);
        atomic.sub<i32>(team, 1, TEAM_SLEEPING);
        isFresh = true;
      }
      last = atomic.load<i32>(team, TEAM_CALL);
      if (index < (last & COUNT_MASK)) break;
    }
  }
  return last;
}

/** A word of the call: 0 command, 1 and 2 its numbers. */
export function callWord(word: i32): i32 {
  return load<i32>(<usize>load<u32>(HEADER, TEAM) + ((<usize>word) << 2), TEAM_COMMAND);
}
