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

// Every thread runs the same steps (step.ts) on its own rows, then on its own panels, and meets the others in between.
// No sum is split, so the number of threads cannot change a bit. Besides simd.ts this is the only file that knows for
// which build it is compiled: in a build without threads its functions are constants or do nothing.
//
// The words by which threads meet are those of TEAM: see TEAM_GENERATION and the words after it in abi.ts.

/** The bits of TEAM_CALL that say for how many threads the call is. */
const COUNT_MASK = 255;

/**
 * How often a thread looks at a word before it goes to sleep. It looks for longer than the shares of a step differ,
 * because sleep and waking cost more than a small step: see docs/kernels.md.
 */
const SPINS = 1 << 17;

/**
 * How often a thread looks beyond SPINS, once after a waking. Linux on a virtual machine often puts a thread on the
 * core of the one that wakes it, though another core is idle, leaves both there as long as they sleep in turns, and
 * parts them after some milliseconds in which both want to run. A thread is not this patient at every meeting, because
 * it would take the core from other processes: see docs/kernels.md.
 */
const PATIENCE = 1 << 23;

/** True if this thread has slept before a call, or has woken another for one, and has not been kept waiting since. */
let isFresh = false;
/** How many looks of PATIENCE are left. */
let patience = 0;

// Sleep and waking are functions of the host. Pages forbid the main thread to sleep, the host knows how long is too
// long, and the baseline compiler of Node 20 loses its local variables over an atomic.wait of the core's own.

/**
 * Returns once the word may have changed, and possibly earlier. Throws if a thread that is waited for will not come.
 */
declare function sleep(word: usize, old: i32): void;
/** Sleeps like `sleep`, for a thread that has no call: it waits as long as it takes. */
declare function idle(word: usize, old: i32): void;
/** Wakes all threads that sleep at the word. */
declare function wake(word: usize): void;

let index = 0;

/** Makes this instance the thread of that number. Thread 0 makes the calls. */
export function join(thread: i32): void {
  index = thread;
}

/** The number of this thread. */
export function thread(): i32 {
  return ASC_FEATURE_THREADS ? index : 0;
}

/** The number of threads that take part in the present call. */
export function threads(): i32 {
  return ASC_FEATURE_THREADS ? load<i32>(HEADER, THREADS) : 1;
}

/** The first of `count` rows that this thread has. */
export function shareStart(count: i32): i32 {
  return ASC_FEATURE_THREADS ? (count * index) / load<i32>(HEADER, THREADS) : 0;
}

/** The first of `count` rows after those that this thread has. */
export function shareEnd(count: i32): i32 {
  return ASC_FEATURE_THREADS ? (count * (index + 1)) / load<i32>(HEADER, THREADS) : count;
}

/** The first of a layer's `panels` that this thread has: it computes their gradient and moves their parameters. */
export function panelStart(panels: i32): i32 {
  return ASC_FEATURE_THREADS ? panelsBefore(panels, index) : 0;
}

/** The first of a layer's `panels` after those that this thread has. */
export function panelEnd(panels: i32): i32 {
  return ASC_FEATURE_THREADS ? panelsBefore(panels, index + 1) : panels;
}

/**
 * How many of a layer's `panels` the threads before this one have. A panel belongs to the thread that has its middle.
 */
function panelsBefore(panels: i32, thread: i32): i32 {
  const count = load<i32>(HEADER, THREADS);
  return (2 * panels * thread + count - 1) / (2 * count);
}

/** The address of this thread's own room, at a word such as PACKED: that of the next thread is THREAD_BYTES further. */
export function ownAddress(offset: usize): usize {
  const address = <usize>load<u32>(<usize>HEADER + offset);
  return ASC_FEATURE_THREADS ? address + <usize>index * <usize>load<u32>(HEADER, THREAD_BYTES) : address;
}

/**
 * Stores a word for which all threads have the same value. A word that has it already is not written, so that its cache
 * line stays with every thread.
 */
export function agree(offset: usize, value: u32): void {
  const word = <usize>HEADER + offset;
  if (!ASC_FEATURE_THREADS || load<u32>(word) != value) store<u32>(word, value);
}

/** Looks at the word for a while. Returns true if it is `old` at the end too. */
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

/** Waits until all threads of the call are here. After it each thread sees what every other wrote before it. */
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

/**
 * Called by thread 0: `count` threads, itself among them, are to perform a command. It then performs its own share and
 * calls `dismiss`.
 */
export function summon(count: i32, command: i32, a: i32, b: i32): void {
  if (ASC_FEATURE_THREADS) {
    store<i32>(HEADER, count, THREADS);
    if (count == 1) return;
    const team = <usize>load<u32>(HEADER, TEAM);
    store<i32>(team, command, TEAM_COMMAND);
    store<i32>(team, a, TEAM_COMMAND + 4);
    store<i32>(team, b, TEAM_COMMAND + 8);
    // number and count are one word, so that a thread that wakes late cannot mix those of two calls
    atomic.store<i32>(team, ((atomic.load<i32>(team, TEAM_CALL) & ~COUNT_MASK) + (COUNT_MASK + 1)) | count, TEAM_CALL);
    if (atomic.load<i32>(team, TEAM_SLEEPING)) {
      isFresh = true;
      wake(team + TEAM_CALL);
    }
  }
}

/** Called by thread 0 at the end of its share: waits for the other threads of the call. */
export function dismiss(): void {
  if (ASC_FEATURE_THREADS) {
    barrier();
    store<i32>(HEADER, 1, THREADS);
  }
}

/**
 * Called by the other threads: waits for the next call after `last` in which this one takes part. Returns its
 * TEAM_CALL.
 */
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

/** A word of the call: 0 is its command, 1 and 2 are the command's numbers a and b. */
export function callWord(word: i32): i32 {
  return load<i32>(<usize>load<u32>(HEADER, TEAM) + ((<usize>word) << 2), TEAM_COMMAND);
}
