import { fileURLToPath } from 'node:url';
import { compileC } from './compile.js';
import { wideNode } from './contestants.js';
import { alignTable } from './machine.js';
import { median } from './medians.js';
import { type Command, Rival } from './rival.js';
import { type Roofs, startRoofs } from './roofs.js';
import { type Contender, type Section, takeTurns } from './turns.js';

// Times matrix products in the three forms that training needs, by default, in wide mode and with fused multiply-add,
// beside OpenBLAS limited to 128-bit and to 256-bit kernels, and oneDNN with all that the processor has. Each
// contestant has one thread and a process of its own.
//   forward   z [rows x units]       = a [rows x fanIn] . w
//   error     delta [rows x fanIn]   = delta [rows x units] . w^T
//   gradient  dw [fanIn x units]     = a^T . delta
// Our products are those of whole layers (product-server.ts). The native libraries get the weights in the layout that
// their products like best. Ours are also given as a share of their roof: the speed of a loop that only multiplies and
// adds, in the same engine and in registers of the same size.

export const FORMS = ['forward', 'error', 'gradient'] as const;
export type Form = (typeof FORMS)[number];

export interface Shape {
  rows: number;
  fanIn: number;
  units: number;
}

const SQUARES = [128, 256, 512, 1024];
const BATCHES = [1, 2, 10, 32, 128, 256];
const LAYERS = [
  [784, 10],
  [784, 30],
  [30, 10],
  [784, 128],
  [784, 512],
  [512, 512],
  [512, 10],
  [1024, 2048],
  [4096, 4096],
  [10, 4096],
  [97, 61],
  [333, 257],
  [1021, 509],
];

const SHAPES: Shape[] = [
  ...SQUARES.map((n) => ({ rows: n, fanIn: n, units: n })),
  ...LAYERS.flatMap(([fanIn, units]) => BATCHES.map((rows) => ({ rows, fanIn, units }))),
];

/** Operations of one call, where a multiplication and an addition count as two. */
export const operationsOf = ({ rows, fanIn, units }: Shape) => 2 * rows * fanIn * units;
/** Bytes of the three matrices. */
export const bytesOf = ({ rows, fanIn, units }: Shape) => 4 * (rows * fanIn + fanIn * units + rows * units);
/** The least number of bytes that must move: each matrix once, and a gradient twice, because it is read and written. */
const bytesMoved = (form: Form, shape: Shape) =>
  bytesOf(shape) + (form === 'gradient' ? 4 * shape.fanIn * shape.units : 0);

const nameOf = (form: Form, { rows, fanIn, units }: Shape) => `${form} ${rows}x${fanIn}x${units}`;
const CASES = FORMS.flatMap((form) => SHAPES.map((shape) => ({ form, shape, name: nameOf(form, shape) })));

const ROUNDS = { rounds: 7, warmUpRounds: 2, iterations: 1 };
/** A run has as many calls as are needed for about this many operations. */
const RUN_OPERATIONS = 50e6;
/** Shapes of more operations than this should reach SHARE_WANTED of the speed of the best square. */
const LARGE_OPERATIONS = 1e6;
const SHARE_WANTED = 0.6;
/** If all sizes of a product are at least ROOFED_SIZE, wide mode should reach this share of its roof. */
const ROOF_SHARE_WANTED = 0.92;
const ROOFED_SIZE = 128;

const DEFAULT = 'simdprop';
const WIDE = 'simdprop, wide';
/** With multiplications and additions fused. */
const FUSED = 'simdprop, fused';
const WIDE_FUSED = 'simdprop, wide, fused';
const OURS = [DEFAULT, WIDE, FUSED, WIDE_FUSED];
/**
 * On squares of at least `from` rows, `ours` should be `wanted` times as fast as OpenBLAS with the kernels of `core`
 * (OPENBLAS_CORETYPE: Penryn has SSE, Haswell AVX2).
 */
const TARGETS = [
  { ours: DEFAULT, core: 'Penryn', from: 128, wanted: 1.15 },
  { ours: WIDE, core: 'Haswell', from: 256, wanted: 0.85 },
];

export interface ProductRow {
  product: string;
  operations: number;
  /** Operations for each byte that must move. */
  intensity: number;
  /**
   * Below this intensity, the memory or the cache that holds these bytes limits the speed; above it, the processor
   * does.
   */
  ridge: number;
  isSquare: boolean;
  /** 10^9 operations per second of each contestant: the median of the rounds. */
  gigaflops: Record<string, number>;
  /** The share of its roof that each of ours reaches: the median of the rounds' shares. */
  shares: Record<string, number>;
  /** For each core of TARGETS, how many times as fast ours is: the median of the rounds' ratios. */
  ratios: Record<string, number>;
}

/** A run of many calls in a product server, which measures the time itself. */
export function productContender(server: Rival, form: Form, shape: Shape): Contender & { calls: number } {
  const calls = Math.max(1, Math.round(RUN_OPERATIONS / operationsOf(shape)));
  const order = `${nameOf(form, shape)} ${calls}`;
  const run = async () => ({ overriddenDuration: (await server.ask(order)).elapsedMs });
  return { name: server.name, run, isAsync: true, calls };
}

/** The loop that only multiplies and adds, in a product server. */
function roofContender(server: Rival): Contender & { amount: number } {
  const run = async () => {
    const { elapsedMs, value } = await server.ask('roof');
    contender.amount = value;
    return { overriddenDuration: elapsedMs };
  };
  const contender = { name: `roof of ${server.name}`, run, isAsync: true, amount: 0 };
  return contender;
}

async function measure(form: Form, shape: Shape, contestants: readonly Rival[], roofs: Roofs): Promise<ProductRow> {
  const { rows, fanIn, units } = shape;
  const operations = operationsOf(shape);
  const contenders = contestants.map((rival) => productContender(rival, form, shape));
  const { multiplyAdd } = roofs;
  const read = roofs.read(bytesOf(shape));
  const ours = contestants.filter(({ name }) => OURS.includes(name));
  const ourRoofs = ours.map(roofContender);
  const times = await takeTurns([...contenders, ...ourRoofs, multiplyAdd, read], ROUNDS);
  const [multiplyAddMs, readMs] = times.slice(-2);
  const roofTimes = times.slice(contenders.length);
  const timesOf = new Map(contestants.map(({ name }, c) => [name, times[c]]));
  const met = TARGETS.filter(({ ours, core }) => timesOf.has(ours) && timesOf.has(core));
  return {
    product: nameOf(form, shape),
    operations,
    intensity: operations / bytesMoved(form, shape),
    ridge: median(multiplyAddMs.map((ms, round) => multiplyAdd.amount / ms / (read.amount / readMs[round]))),
    isSquare: rows === fanIn && fanIn === units,
    gigaflops: Object.fromEntries(
      contenders.map(({ name, calls }, c) => [name, (operations * calls) / median(times[c]) / 1e6]),
    ),
    shares: Object.fromEntries(
      ours.map(({ name }, o) => {
        const work = operations * contenders.find((contender) => contender.name === name)!.calls;
        const speeds = roofTimes[o].map((ms) => ourRoofs[o].amount / ms);
        return [name, median(timesOf.get(name)!.map((ms, round) => work / ms / speeds[round]))];
      }),
    ),
    ratios: Object.fromEntries(
      met.map(({ ours, core }) => [core, median(timesOf.get(ours)!.map((ms, r) => timesOf.get(core)![r] / ms))]),
    ),
  };
}

/**
 * Says which targets a row misses. Squares are compared with OpenBLAS, large products in wide mode with their roof, and
 * large shapes by default with the best square of the run. If memory is the limit, the mark says so.
 */
export function markProduct(
  { product, isSquare, ratios, shares, operations, intensity, ridge, gigaflops }: ProductRow,
  bestSquare: number,
): string {
  const marks = [];
  const size = Math.min(...Array.from(product.matchAll(/\d+/g), Number));
  for (const { core, from, wanted } of TARGETS) {
    if (isSquare && size >= from && ratios[core] < wanted) marks.push(`MISSED ${wanted}x ${core}`);
  }
  if (size >= ROOFED_SIZE && shares[WIDE] < ROOF_SHARE_WANTED) {
    marks.push(`WIDE AT ${Math.round(100 * shares[WIDE])} % OF ITS ROOF`);
  }
  if (operations > LARGE_OPERATIONS && gigaflops[DEFAULT] < SHARE_WANTED * bestSquare) {
    marks.push(`${Math.round((100 * gigaflops[DEFAULT]) / bestSquare)} % OF THE BEST SQUARE`);
    if (intensity < ridge) marks.push(`bound by memory: ${intensity.toFixed(1)} operations per byte`);
  }
  return marks.join(', ');
}

/** The command for our product server, by default or with the arguments `wide` and `fused`. */
export function productServer(name: string, command: string, ...args: string[]): Command {
  const script = fileURLToPath(new URL('product-server.ts', import.meta.url));
  return { name, command, args: ['--import', import.meta.resolve('tsx'), script, ...args] };
}

function listContestants(): Command[] {
  const command = compileC('sgemm', 'openblas');
  return [
    productServer(DEFAULT, process.execPath),
    productServer(WIDE, wideNode(), 'wide'),
    // Node 20 has no relaxed SIMD
    productServer(FUSED, wideNode(), 'fused'),
    productServer(WIDE_FUSED, wideNode(), 'wide', 'fused'),
    ...TARGETS.map(({ core }) => {
      const env = { OPENBLAS_CORETYPE: core, OPENBLAS_NUM_THREADS: '1' };
      return { name: core, command, args: [], env };
    }),
    { name: 'oneDNN', command: compileC('sgemm', 'dnnl', '-DONEDNN'), args: [], env: { OMP_NUM_THREADS: '1' } },
  ];
}

async function startAll(): Promise<{ contestants: Rival[]; missing: string[] }> {
  const contestants: Rival[] = [];
  const missing: string[] = [];
  for (const command of listContestants()) {
    const rival = await Rival.start(command);
    if (rival instanceof Rival) contestants.push(rival);
    else missing.push(`${command.name}: not measured: ${rival}`);
  }
  return { contestants, missing };
}

export const products: Section = {
  name: 'product',
  rows: CASES.map(({ name }) => name),
  async measure(names) {
    const { contestants, missing } = await startAll();
    const chosen = CASES.filter(({ name }) => names.includes(name));
    const rows: ProductRow[] = [];
    try {
      const roofs = await startRoofs(Math.max(...chosen.map(({ shape }) => bytesOf(shape))));
      for (const { form, shape, name } of chosen) {
        process.stderr.write(`product ${name} ...\n`);
        rows.push(await measure(form, shape, contestants, roofs));
      }
    } finally {
      for (const rival of contestants) rival.stop();
    }
    const bestSquare = Math.max(...rows.filter(({ isSquare }) => isSquare).map(({ gigaflops }) => gigaflops[DEFAULT]));
    const ours = OURS.filter((name) => contestants.some((contestant) => contestant.name === name));
    const ratioOf = ({ ratios }: ProductRow, core: string) => (core in ratios ? `${ratios[core].toFixed(2)}x` : '');
    const cells = rows.map((row) => [
      row.product,
      ...contestants.map(({ name }) => row.gigaflops[name].toFixed(1)),
      ...ours.map((name) => `${(100 * row.shares[name]).toFixed(0)} %`),
      ...TARGETS.map(({ core }) => ratioOf(row, core)),
      markProduct(row, bestSquare),
    ]);
    const roofHeads = ours.map((name) => `${name} / roof`);
    const heads = [
      ...contestants.map(({ name }) => name),
      ...roofHeads,
      ...TARGETS.map(({ ours, core }) => `${ours} / ${core}`),
    ];
    const table = [
      `matrix products, rows x fanIn x units, in GFLOP/s, one thread, median of ${ROUNDS.rounds} rounds: simdprop, OpenBLAS with the kernels of two core types, and oneDNN`,
      ...contestants.map(({ name, version }) => `${name}: ${version}`),
      ...missing,
      alignTable([['', ...heads, ''], ...cells]),
    ].join('\n');
    const versions = Object.fromEntries(contestants.map(({ name, version }) => [name, version]));
    return { rows: [{ versions, missing, products: rows }], table };
  },
};
