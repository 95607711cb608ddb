import { compileLoops, startLoops } from './loops.js';
import type { Contender } from './turns.js';

// The two roofs under which products are measured, on this machine and in this engine: the speed of multiply-adds that
// wait for no memory, and the speed of reading.

/** The loop of multiplications and additions has a sum for each of ROWS x COLUMNS products. */
const ROWS = 2;
const COLUMNS = 4;
/** It reads the rows' factors from this many bytes, which the first-level cache holds. */
const FACTOR_BYTES = 16_384;
/** Passes over these bytes in a call, and calls in a run. */
const PASSES = 40;
const CALLS = 150;
/** A run reads about this many bytes. */
const RUN_BYTES = 1e8;

const repeated = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

/**
 * The loop of the first roof: a tile whose data are all in registers or in the first-level cache. `width` is the number
 * of vectors in a register: two neighbouring ones in wide mode. If `isFused`, multiplications and additions are fused.
 *
 * Products do not wait for each other, and there are more sums than additions in progress, so the processor can begin
 * as many of both as it has units for. In an earlier loop, c = c x + y, each multiplication waited for an addition. In
 * 128 bits both loops reach 41 GFLOP/s; in wide mode, that one reaches 67 and this one 80, where the units allow 82
 * (Intel Xeon, Sapphire Rapids, Node 20.20 and 24.22, 2026-11-30).
 */
function multiplyAddLoop(width: number, isFused: boolean): string {
  const vector = (row: number, column: number, v: number) => (row * COLUMNS + column) * width + v;
  const factorsOf = (row: number) => repeated(width, (v) => `x${v} = v128.load(p, ${16 * (row * width + v)});`);
  const add = (c: number, v: number, y: number) =>
    isFused ? `c${c} = f32x4.relaxed_madd(x${v}, y${y}, c${c});` : `c${c} = f32x4.add(c${c}, f32x4.mul(x${v}, y${y}));`;
  const sums = ROWS * COLUMNS * width;
  return `export function multiplyAdd(target: usize, source: usize, passes: i32): void {
    ${repeated(width, (v) => `let x${v}: v128;`)}
    ${repeated(COLUMNS * width, (y) => `const y${y} = v128.load(source, ${16 * y});`)}
    ${repeated(sums, (c) => `let c${c} = v128.load(source, ${16 * c});`)}
    for (; passes > 0; --passes) {
      let p = source;
      for (const end = source + ${FACTOR_BYTES}; p < end; p += ${16 * ROWS * width}) {
        ${repeated(
          ROWS,
          (row) => `${factorsOf(row)}
        ${repeated(COLUMNS, (column) => repeated(width, (v) => add(vector(row, column, v), v, column * width + v)))}`,
        )}
      }
    }
    ${repeated(sums, (c) => `v128.store(target, c${c}, ${16 * c});`)}
  }`;
}

const READ_LOOP = `export function read(target: usize, source: usize, bytes: usize): void {
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

type Loop = (target: number, source: number, amount: number) => void;
/** Where the loops read. They write to address 0. */
const SOURCE = 4096;

const repeat = (calls: number, call: () => void) => () => {
  for (let i = calls; i > 0; --i) call();
};

/** The first roof, in this process. For `isWide`, V8's flag for wide registers must be set. */
export async function startMultiplyAdd({ isWide = false, isFused = false } = {}): Promise<Roof> {
  const source = multiplyAddLoop(isWide ? 2 : 1, isFused);
  const loops = startLoops(await compileLoops(source, isFused), SOURCE + FACTOR_BYTES);
  const multiplyAdd = loops.multiplyAdd as Loop;
  return {
    name: 'multiply-adds',
    run: repeat(CALLS, () => multiplyAdd(0, SOURCE, PASSES)),
    isAsync: false,
    // each factor is multiplied with COLUMNS others, and each product is added
    amount: CALLS * PASSES * (FACTOR_BYTES / 4) * COLUMNS * 2,
  };
}

/** `mostBytes`: the largest number of bytes that `read` will be called with. */
export async function startRoofs(mostBytes: number): Promise<Roofs> {
  const read = startLoops(await compileLoops(READ_LOOP), SOURCE + mostBytes + 128).read as Loop;
  return {
    multiplyAdd: await startMultiplyAdd(),
    read(bytes) {
      const calls = Math.max(1, Math.round(RUN_BYTES / bytes));
      // the loop reads 128 bytes in each iteration
      const length = Math.ceil(bytes / 128) * 128;
      return {
        name: `read ${bytes} bytes`,
        run: repeat(calls, () => read(0, SOURCE, length)),
        isAsync: false,
        amount: calls * length,
      };
    },
  };
}
