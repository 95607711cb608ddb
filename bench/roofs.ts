import { compileLoops, startLoops } from './loops.js';
import type { Contender } from './turns.js';

// The two roofs under which products are measured, on this machine and in this engine: the speed of multiply-adds that
// wait for no memory, and the speed of reading.

const CHAINS = 12;
/** Iterations of the loop in a call of multiplyAdd. Each has two multiply-adds for each chain. */
const LENGTH = 1000;
/** Calls of multiplyAdd in a run. */
const CALLS = 1000;
/** A run reads about this many bytes. */
const RUN_BYTES = 1e8;

const chains = (line: (chain: number) => string) =>
  Array.from({ length: CHAINS }, (_, chain) => line(chain)).join('\n');

/**
 * The loops of the two roofs.
 *
 * A multiplication and the addition after it take about 6 cycles, and two of each can begin in a cycle. So twelve
 * independent chains keep the processor busy; with their operands, they fit into 15 registers. The compiled code
 * depends on the numbers of chains and rounds: loops of 6 to 14 chains and 1 to 8 rounds reached 14 to 50 GFLOP/s. This
 * loop reached 44 to 47 in nearly every run (AMD EPYC, Node 20.20.2, 2026-11-26). The numbers grow to Infinity, which
 * takes no longer.
 */
const LOOPS = `export function multiplyAdd(target: usize, source: usize, length: i32): void {
    const x = v128.load(source);
    const y = v128.load(source, 16);
    ${chains((c) => `let c${c} = v128.load(source, ${16 * c});`)}
    for (; length > 0; --length) {
      ${chains((c) => `c${c} = f32x4.add(f32x4.mul(c${c}, x), y);`)}
      ${chains((c) => `c${c} = f32x4.add(f32x4.mul(c${c}, x), y);`)}
    }
    ${chains((c) => `v128.store(target, c${c}, ${16 * c});`)}
  }
  export function read(target: usize, source: usize, bytes: usize): void {
    let r0 = v128.load(source);
    let r1 = r0;
    let r2 = r0;
    let r3 = r0;
    for (const end = source + bytes; source < end; source += 128) {
      r0 = v128.xor(r0, v128.xor(v128.load(source), v128.load(source, 64)));
      r1 = v128.xor(r1, v128.xor(v128.load(source, 16), v128.load(source, 80)));
      r2 = v128.xor(r2, v128.xor(v128.load(source, 32), v128.load(source, 96)));
      r3 = v128.xor(r3, v128.xor(v128.load(source, 48), v128.load(source, 112)));
    }
    v128.store(target, v128.xor(v128.xor(r0, r1), v128.xor(r2, r3)));
  }`;

/** A contender that takes turns with the products that it limits. */
export interface Roof extends Contender {
  /** Operations or bytes in a run. */
  amount: number;
}

export interface Roofs {
  multiplyAdd: Roof;
  /** Reads this many bytes again and again: the speed depends on the cache that holds them. */
  read(bytes: number): Roof;
}

/** `mostBytes`: the largest number of bytes that `read` will be called with. */
export async function startRoofs(mostBytes: number): Promise<Roofs> {
  const first = 4096;
  const exports = startLoops(await compileLoops(LOOPS), first + mostBytes + 128);
  const [multiplyAdd, read] = ['multiplyAdd', 'read'].map(
    (name) => exports[name] as (target: number, source: number, amount: number) => void,
  );
  const repeat = (calls: number, call: () => void) => () => {
    for (let i = calls; i > 0; --i) call();
  };
  return {
    multiplyAdd: {
      name: 'multiply-adds',
      run: repeat(CALLS, () => multiplyAdd(0, first, LENGTH)),
      isAsync: false,
      // four lanes, two multiply-adds in an iteration, two operations in each
      amount: CALLS * LENGTH * CHAINS * 4 * 2 * 2,
    },
    read(bytes) {
      const calls = Math.max(1, Math.round(RUN_BYTES / bytes));
      // the loop reads 128 bytes in each iteration
      const length = Math.ceil(bytes / 128) * 128;
      return {
        name: `read ${bytes} bytes`,
        run: repeat(calls, () => read(0, first, length)),
        isAsync: false,
        amount: calls * length,
      };
    },
  };
}
