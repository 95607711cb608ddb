import {
  HEADER,
  PANEL_UNITS,
  TEAM,
  TEAM_ARRIVED,
  TEAM_CALL,
  TEAM_COMMAND,
  TEAM_GENERATION,
  TEAM_SLEEPING,
  THREAD_BYTES,
  THREADS,
} from './abi';

// All threads run the same steps (step.ts): each on its own rows or its own panels, or on chunks of its own (round.ts),
// with waits for the others in between. No sum is divided between threads, so the number of threads cannot change a
// bit. Only this file and simd.ts know for which build they are compiled: in a build without threads, the functions of
// this file are constants or do nothing.
//
// A team of processes divides rows and panels in the same way, with all layers by rows. Each process has a memory of
// its own, with a copy of everything. In place of a wait, the host copies what each process has computed to all others
// (src/processes). Each of them counts steps and adds up costs by itself, as thread 0 does.
//
// The words by which threads wait for each other begin with TEAM_GENERATION in abi.ts.

/** True in the build for teams of processes. */
const IS_PROCESS: bool = isDefined(TEAM_OF_PROCESSES);

/** True if the rows and panels of a call may be divided. */
const IS_DIVIDED: bool = ASC_FEATURE_THREADS || IS_PROCESS;

/** The bits of TEAM_CALL that say for how many threads the call is. */
const COUNT_MASK = 255;

/**
 * How often a waiting thread checks a word before it goes to sleep. This takes longer than the difference between the
 * threads' shares of a step, because sleeping and waking cost more than a small step: see docs/kernels.md.
 */
const SPINS = 1 << 17;

/**
 * How many more times a thread checks beyond SPINS, once after a thread has been woken. Linux on a virtual machine
 * often puts a woken thread on the core of the thread that woke it, although another core is idle. It leaves both there
 * as long as they sleep in turn, and separates them after some milliseconds in which both want to run. Threads do not
 * wait this long at every meeting, because that would take the core from other processes: see docs/kernels.md.
 */
const PATIENCE = 1 << 23;

/** True if this thread has slept before a call, or has woken another one for it, and has not had to wait since. */
let isFresh = false;
/** How many checks of PATIENCE are left. */
let patience = 0;

// Sleeping and waking are functions of the host, for three reasons. Pages forbid the main thread to sleep; the host
// decides how long a wait is too long; and code of Node 20's baseline compiler loses its local variables if the core
// itself executes atomic.wait.

/** Returns when the word may have changed, or earlier. Throws if a thread that is waited for will not come. */
declare function sleep(word: usize, old: i32): void;
/** Sleeps like `sleep`, without a limit of time: for a thread that has no call. */
declare function idle(word: usize, old: i32): void;
/** Wakes all threads that sleep at the word. */
declare function wake(word: usize): void;

/** Gives every process the rows of all: what gradients are computed from, and the costs. */
declare function exchangeRows(rows: i32): void;
/** Gives every process the gradients of all panels. */
declare function exchangeGradients(): void;
/** Gives every process the parameters of all panels; for L-BFGS, the gradients with the penalties. */
declare function exchangeParameters(): void;

let index = 0;
/** True while this thread computes a chunk of its own. */
let isAlone = false;
/** The number of this process in its team. It is the index only in calls that are divided. */
let rank = 0;

/** Makes this instance thread number `thread`. Thread 0 makes the calls. For a process: its number in the team. */
export function join(thread: i32): void {
  if (IS_PROCESS) rank = thread;
  else index = thread;
}

/** The number of this thread in its memory. */
export function thread(): i32 {
  return ASC_FEATURE_THREADS ? index : 0;
}

/** The number of threads in this memory that share what this thread computes. */
export function threads(): i32 {
  return ASC_FEATURE_THREADS ? sharers() : 1;
}

/** True if this thread or process has only a part of the present call's rows and panels. */
export function isDivided(): bool {
  return IS_DIVIDED && sharers() > 1;
}

/**
 * From here on until `rejoin`, this thread has all rows and panels of what it computes: a chunk of its own (round.ts).
 * It must not wait for the others before `rejoin`.
 */
export function workAlone(): void {
  isAlone = true;
}

/** This thread shares rows and panels with the others again. */
export function rejoin(): void {
  isAlone = false;
}

/** How many threads or processes share rows and panels with this one, including itself. */
function sharers(): i32 {
  return ASC_FEATURE_THREADS && isAlone ? 1 : load<i32>(HEADER, THREADS);
}

/** The number of this thread or process among those that share rows and panels. */
function place(): i32 {
  return ASC_FEATURE_THREADS && isAlone ? 0 : index;
}

/** The first of `count` rows that this thread copies into the batch: its own; a process needs all of them. */
export function copyStart(count: i32): i32 {
  return IS_PROCESS ? 0 : shareStart(count);
}

/** The row after the last of `count` rows that this thread copies into the batch. */
export function copyEnd(count: i32): i32 {
  return IS_PROCESS ? count : shareEnd(count);
}

/** The first of `count` rows that this thread has. */
export function shareStart(count: i32): i32 {
  return IS_DIVIDED ? (count * place()) / sharers() : 0;
}

/** The row after the last of `count` rows that this thread has. */
export function shareEnd(count: i32): i32 {
  return IS_DIVIDED ? (count * (place() + 1)) / sharers() : count;
}

/**
 * The first panel that this thread has of a layer with `units` units. The thread computes the gradient of its panels
 * and updates their parameters.
 */
export function panelStart(units: i32): i32 {
  return IS_DIVIDED ? panelsBefore(panelsOf(units), place()) : 0;
}

/** The panel after the last one that this thread has of a layer with `units` units. */
export function panelEnd(units: i32): i32 {
  const panels = panelsOf(units);
  return IS_DIVIDED ? panelsBefore(panels, place() + 1) : panels;
}

/** The first of a layer's `units` that this thread has: that of a panel. */
export function unitStart(units: i32): i32 {
  return panelStart(units) * PANEL_UNITS;
}

/** The unit after the last of a layer's `units` that this thread has. */
export function unitEnd(units: i32): i32 {
  return min(panelEnd(units) * PANEL_UNITS, units);
}

function panelsOf(units: i32): i32 {
  return (units + PANEL_UNITS - 1) / PANEL_UNITS;
}

/** True if no thread has over a fifth more of a layer's panels than the mean of all threads. */
export function isEven(units: i32): bool {
  const panels = panelsOf(units);
  const count = sharers();
  return 5 * count * ((panels + count - 1) / count) <= 6 * panels;
}

/**
 * How many of a layer's `panels` belong to the threads before this one. A panel belongs to the thread whose share
 * contains its middle.
 */
function panelsBefore(panels: i32, thread: i32): i32 {
  const count = sharers();
  return (2 * panels * thread + count - 1) / (2 * count);
}

/** The address that a word such as PACKED has for this thread. For the next thread it is THREAD_BYTES larger. */
export function ownAddress(offset: usize): usize {
  const address = <usize>load<u32>(<usize>HEADER + offset);
  return ASC_FEATURE_THREADS ? address + <usize>index * <usize>load<u32>(HEADER, THREAD_BYTES) : address;
}

/**
 * Stores a word for which all threads have the same value. If the word has the value already, it is not written, so
 * that all threads keep its cache line.
 */
export function agree(offset: usize, value: u32): void {
  const word = <usize>HEADER + offset;
  if (!ASC_FEATURE_THREADS || load<u32>(word) != value) store<u32>(word, value);
}

/** Checks the word for a while. Returns true if it is still `old`. */
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

/** Waits until all threads of the call have arrived. Each thread then sees everything that the others wrote before. */
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

/** All have computed their rows of the batch: waits until each can read those of the others. */
export function meetRows(rows: i32): void {
  barrier();
  if (IS_PROCESS && isDivided()) exchangeRows(rows);
}

/** All have the gradients of their panels. If the whole gradient is needed, waits until each can read all of it. */
export function meetGradients(isWholeNeeded: bool): void {
  barrier();
  if (IS_PROCESS && isWholeNeeded && isDivided()) exchangeGradients();
}

/** All are done with a chunk. If they have moved the parameters, waits until each can read those of the others. */
export function meetParameters(haveMoved: bool): void {
  barrier();
  if (IS_PROCESS && haveMoved && isDivided()) exchangeParameters();
}

/**
 * Called by thread 0: starts a command for `count` threads, including itself. Thread 0 then performs its own share and
 * calls `dismiss`.
 */
export function summon(count: i32, command: i32, a: i32, b: i32): void {
  // the other processes make the same call by themselves
  if (IS_PROCESS) {
    store<i32>(HEADER, count, THREADS);
    index = count > 1 ? rank : 0;
  }
  if (ASC_FEATURE_THREADS) {
    store<i32>(HEADER, count, THREADS);
    if (count == 1) return;
    const team = <usize>load<u32>(HEADER, TEAM);
    store<i32>(team, command, TEAM_COMMAND);
    store<i32>(team, a, TEAM_COMMAND + 4);
    store<i32>(team, b, TEAM_COMMAND + 8);
    // number and count are in one word, so that a thread that wakes late cannot combine those of two calls
    atomic.store<i32>(team, ((atomic.load<i32>(team, TEAM_CALL) & ~COUNT_MASK) + (COUNT_MASK + 1)) | count, TEAM_CALL);
    if (atomic.load<i32>(team, TEAM_SLEEPING)) {
      isFresh = true;
      wake(team + TEAM_CALL);
    }
  }
}

/** Called by thread 0 at the end of its share: waits for the other threads of the call. */
export function dismiss(): void {
  barrier();
  if (IS_DIVIDED) store<i32>(HEADER, 1, THREADS);
  if (IS_PROCESS) index = 0;
}

/**
 * Called by the other threads: waits for the next call after `last` in which this thread takes part. Returns the
 * TEAM_CALL of that call.
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
