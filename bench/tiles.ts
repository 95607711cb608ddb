import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { leaveAt, leaveOrStoreAt, product } from '../scripts/make-tiles.mjs';
import { compileSource } from './loops.js';
import { alignTable } from './machine.js';
import { nodeBinary } from './nodes.js';
import { lastError } from './rival.js';
import type { Section } from './turns.js';

// Times register tiles of several shapes alone, to show why the shipped ones were chosen. All come from the template of
// the shipped tiles. Each engine is a process, in which the tiles take turns on a panel and rows that fit into the
// first caches.

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The shapes of the tiles: rows x columns. */
const SHAPES = ['2x16', '4x8', '5x8', '6x8', '3x12', '3x16', '4x16', '5x16'];
/** The exit between two steps that shipped tiles have, for each number of steps before the loop checks for its end. */
const LEAVES = { 1: leaveAt, 2: leaveOrStoreAt, 8: leaveAt };
const STEPS = [1, 2, 8] as const;
const CASES = SHAPES.flatMap((shape) => STEPS.map((steps) => ({ tile: `${shape}by${steps}`, shape, steps })));
const TILES = CASES.map(({ tile }) => tile);

const MULTIPLY_ADD = {
  simd: 'f32x4.add(c, f32x4.mul(a, b))',
  relaxed: 'f32x4.relaxed_madd(a, b, c)',
};
type Build = keyof typeof MULTIPLY_ADD;

interface Engine {
  node: number;
  build: Build;
  flags: string[];
}

const ENGINES: Record<string, Engine> = {
  ...Object.fromEntries([20, 22, 24, 26].map((node) => [`Node ${node}`, { node, build: 'simd', flags: [] }])),
  'Node 24 fused': { node: 24, build: 'relaxed', flags: [] },
  'Node 24 wide': { node: 24, build: 'simd', flags: ['--experimental-wasm-revectorize'] },
};

const nameOf = (tile: string) => `tile${tile}`;

function sourceOf(build: Build): string {
  const tiles = CASES.map(({ tile, shape, steps }) => {
    const [height, columns] = shape.split('x').map(Number);
    return product({ name: nameOf(tile), height, vectors: columns / 4, steps, leave: LEAVES[steps], doc: tile });
  });
  return `function madd(c: v128, a: v128, b: v128): v128 { return ${MULTIPLY_ADD[build]}; }\n${tiles.join('\n')}`;
}

interface Row {
  tile: string;
  /** 10^9 operations per second in each engine: the median of the rounds. */
  gigaflops: Record<string, number>;
}

export const tiles: Section = {
  name: 'tile',
  rows: Object.keys(ENGINES),
  async measure(names) {
    const directory = mkdtempSync(join(tmpdir(), 'simdprop-tiles-'));
    const rows: Row[] = TILES.map((tile) => ({ tile, gigaflops: {} }));
    const notes: string[] = [];
    try {
      for (const build of ['simd', 'relaxed'] as const) {
        const enable = build === 'relaxed' ? ['simd', 'relaxed-simd'] : ['simd'];
        writeFileSync(join(directory, `${build}.wasm`), await compileSource(sourceOf(build), enable));
      }
      for (const name of names) {
        process.stderr.write(`tile ${name} ...\n`);
        const { node, build, flags } = ENGINES[name];
        const args = [...flags, here('tile-probe.mjs'), join(directory, `${build}.wasm`), ...TILES];
        try {
          const { stdout } = await promisify(execFile)(nodeBinary(node), args);
          const figures = JSON.parse(stdout) as Record<string, number>;
          for (const row of rows) row.gigaflops[name] = figures[row.tile];
        } catch (error) {
          const { stderr, message } = error as Error & { stderr?: string };
          notes.push(`${name}: not measured: ${lastError(String(stderr || message))}`);
        }
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
    const cells = rows.map(({ tile, gigaflops }) => [tile, ...names.map((name) => gigaflops[name]?.toFixed(1) ?? '')]);
    const title =
      'register tiles, rows x columns by steps, timed alone at a depth of 256: GFLOP/s, median of the rounds';
    return { rows, table: [title, alignTable([['', ...names], ...cells]), ...notes].join('\n') };
  },
};
