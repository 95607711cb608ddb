import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import * as abi from '../assembly/abi.js';
import type { Core } from '../src/core/engine.js';
import { Sharing, shareWhereFaster } from '../src/threads/sharing.js';
import { SEED } from './random-numbers.js';

// A call is shared by several threads, or made by one thread alone, whichever has been measured to be faster. The
// slower way is tried again from time to time, more and more rarely.

/**
 * Makes calls of 10 rows for `ms` milliseconds, where a row takes `shared` or `alone` milliseconds. Returns the number
 * of rows, divided by the number that the faster way alone would have done.
 */
function run(sharing: Sharing, ms: number, shared: number, alone: number): number {
  let rows = 0;
  let elapsed = 0;
  while (elapsed < ms) {
    const call = 10 * (sharing.isShared ? shared : alone);
    sharing.record(call, 10);
    elapsed += call;
    rows += 10;
  }
  return (rows * Math.min(shared, alone)) / elapsed;
}

test('begins with all threads, and after two seconds has 98 % of the speed of the faster way, whichever that is', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 0.2, noNaN: true }),
      fc.double({ min: 0.3, max: 3, noNaN: true }),
      (shared, ratio) => {
        const sharing = new Sharing();
        expect(sharing.isShared).toBe(true);
        run(sharing, 2000, shared, shared * ratio);
        expect(run(sharing, 4000, shared, shared * ratio)).toBeGreaterThan(0.98);
      },
    ),
    { seed: SEED },
  );
});

test('notices within a few seconds that the other way has become faster', () => {
  const sharing = new Sharing();
  run(sharing, 10_000, 1, 2);
  expect(run(sharing, 2000, 1, 2)).toBeGreaterThan(0.98);
  run(sharing, 5000, 1, 0.5);
  expect(run(sharing, 2000, 1, 0.5)).toBeGreaterThan(0.98);
});

test('a trial with all threads does not count its first milliseconds, in which threads that slept share a core', () => {
  const sharing = new Sharing();
  // one thread has been faster, as it is while another process uses the other core
  run(sharing, 1000, 2, 1);
  let sinceWoken = 0;
  let shared = 0;
  for (let call = 0; call < 3000; call++) {
    const ms = sharing.isShared ? (sinceWoken < 5 ? 1.2 : 0.5) : 1;
    sinceWoken = sharing.isShared ? sinceWoken + ms : 0;
    if (sharing.isShared && call >= 2000) shared++;
    sharing.record(ms, 1);
  }
  expect(shared).toBeGreaterThan(900);
});

let clock = 0;

afterEach(() => vi.restoreAllMocks());

/** A core whose calls take as long as the test says, by a clock of its own. */
function fakeCore(memory: WebAssembly.Memory, msPerRow: { shared: number; alone: number }) {
  const header = new Uint32Array(memory.buffer, abi.HEADER);
  const seen = { shared: 0, alone: 0 };
  const wait = (rows: number) => {
    const way = header[abi.THREAD_WORK / 4] === THREAD_WORK ? 'shared' : 'alone';
    seen[way] += rows;
    clock += rows * msPerRow[way];
  };
  const core = {
    trainChunks(position: number, count: number) {
      wait(count * header[abi.CHUNK_ROWS / 4]);
      return position + count * header[abi.CHUNK_ROWS / 4];
    },
    forward: wait,
  } as unknown as Core;
  return { core, seen, header };
}

const THREAD_WORK = 1000;
const plan = { weightFloats: 100, team: { threadWork: THREAD_WORK } };

test('steps that are slower together are then taken alone; calls that are too small for two threads are not measured', () => {
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { core, seen, header } = fakeCore(memory, { shared: 0.02, alone: 0.005 });
  header[abi.STEP_ROWS / 4] = 20;
  header[abi.CHUNK_ROWS / 4] = 20;
  header[abi.THREAD_WORK / 4] = THREAD_WORK;
  const measured = shareWhereFaster(core, memory, plan);
  // 19 rows of 100 weights are too little work for two threads
  for (let i = 0; i < 100; i++) measured.forward(19);
  expect(seen).toEqual({ shared: 1900, alone: 0 });
  seen.shared = 0;
  for (let i = 0, position = 0; i < 200; i++) {
    const reached = measured.trainChunks(position, 10);
    expect(reached).toBe(position + 200);
    position = reached;
  }
  expect(seen.shared + seen.alone).toBe(40_000);
  expect(seen.alone).toBeGreaterThan(4 * seen.shared);
});

test('in rounds, the rows of all chunks between two meetings count', () => {
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { core, seen, header } = fakeCore(memory, { shared: 0.02, alone: 0.005 });
  header[abi.STEP_ROWS / 4] = 50;
  header[abi.CHUNK_ROWS / 4] = 5;
  header[abi.THREAD_WORK / 4] = THREAD_WORK;
  const measured = shareWhereFaster(core, memory, plan);
  // a chunk is too little work for two threads, and is not measured
  for (let i = 0; i < 1000; i++) measured.trainChunks(0, 10);
  expect(seen).toEqual({ shared: 50_000, alone: 0 });
  header[abi.ROUND_CHUNKS / 4] = 4;
  for (let i = 0; i < 1000; i++) measured.trainChunks(0, 10);
  expect(seen.alone).toBeGreaterThan(40_000);
});

test('a measurement holds for passes of about as many rows, in any order', () => {
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { core, seen, header } = fakeCore(memory, { shared: 0.02, alone: 0.005 });
  header[abi.THREAD_WORK / 4] = THREAD_WORK;
  const measured = shareWhereFaster(core, memory, plan);
  for (let i = 0; i < 400; i++) for (const rows of [100, 101, 21]) measured.forward(rows);
  expect(seen.shared + seen.alone).toBe(400 * 222);
  expect(seen.alone).toBeGreaterThan(4 * seen.shared);
});
