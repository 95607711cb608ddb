import { fileURLToPath } from 'node:url';
import { compileC } from './compile.js';
import { wideNode } from './contestants.js';
import { alignTable, median } from './machine.js';
import { type Command, Rival } from './rival.js';
import { type Contender, type Section, takeTurns } from './turns.js';

// Matrix products in the three forms of a training, by default and wide, beside OpenBLAS held to 128-bit and to 256-bit kernels, one thread
// each and a process of its own:
//   forward   z [rows x units]       = a [rows x fanIn] . w
//   error     delta [rows x fanIn]   = delta [rows x units] . w^T
//   gradient  dw [fanIn x units]     = a^T . delta
// Ours are whole layers (product-server.ts). OpenBLAS gets weights that lie as its product likes them best.

const FORMS = ['forward', 'error', 'gradient'] as const;
type Form = (typeof FORMS)[number];

interface Shape {
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

const nameOf = (form: Form, { rows, fanIn, units }: Shape) => `${form} ${rows}x${fanIn}x${units}`;
const CASES = FORMS.flatMap((form) => SHAPES.map((shape) => ({ form, shape, name: nameOf(form, shape) })));

const ROUNDS = { rounds: 7, warmUpRounds: 2, iterations: 1 };
/** A run is as many calls as make up so many operations. */
const RUN_OPERATIONS = 50e6;
/** Shapes of more operations should reach this share of the best square. */
const LARGE_OPERATIONS = 1e6;
const SHARE_WANTED = 0.6;

const DEFAULT = 'simdprop';
const WIDE = 'simdprop, wide';
/** Whom each is held against, by OPENBLAS_CORETYPE (SSE, AVX2), on squares from which size, and how much faster it should be. */
const TARGETS = [
  { ours: DEFAULT, core: 'Penryn', from: 128, wanted: 1.15 },
  { ours: WIDE, core: 'Haswell', from: 256, wanted: 0.85 },
];

export interface ProductRow {
  product: string;
  /** Of one call: a multiplication and an addition for each. */
  operations: number;
  isSquare: boolean;
  /** 10^9 operations a second of each contestant, the median of the rounds. */
  gigaflops: Record<string, number>;
  /** Of each target's pair, how often faster ours is: the median of the rounds' ratios. */
  ratios: Record<string, number>;
}

async function measure(form: Form, shape: Shape, contestants: readonly Rival[]): Promise<ProductRow> {
  const { rows, fanIn, units } = shape;
  const product = nameOf(form, shape);
  const operations = 2 * rows * fanIn * units;
  const calls = Math.max(1, Math.round(RUN_OPERATIONS / operations));
  const contenders = contestants.map((rival): Contender => {
    const run = async () => ({ overriddenDuration: (await rival.ask(`${product} ${calls}`)).elapsedMs });
    return { name: rival.name, run, isAsync: true };
  });
  const times = await takeTurns(contenders, ROUNDS);
  const timesOf = new Map(contestants.map(({ name }, c) => [name, times[c]]));
  const met = TARGETS.filter(({ ours, core }) => timesOf.has(ours) && timesOf.has(core));
  return {
    product,
    operations,
    isSquare: rows === fanIn && fanIn === units,
    gigaflops: Object.fromEntries([...timesOf].map(([name, ms]) => [name, (operations * calls) / median(ms) / 1e6])),
    ratios: Object.fromEntries(
      met.map(({ ours, core }) => [core, median(timesOf.get(ours)!.map((ms, r) => timesOf.get(core)![r] / ms))]),
    ),
  };
}

/** What misses its target: squares against OpenBLAS, and large shapes by default against the best square of the run. */
export function markProduct(
  { product, isSquare, ratios, operations, gigaflops }: ProductRow,
  bestSquare: number,
): string {
  const marks = [];
  const size = Number(product.split('x').at(-1));
  for (const { core, from, wanted } of TARGETS) {
    if (isSquare && size >= from && ratios[core] < wanted) marks.push(`MISSED ${wanted}x ${core}`);
  }
  if (operations > LARGE_OPERATIONS && gigaflops[DEFAULT] < SHARE_WANTED * bestSquare) {
    marks.push(`${Math.round((100 * gigaflops[DEFAULT]) / bestSquare)} % OF THE BEST SQUARE`);
  }
  return marks.join(', ');
}

function listContestants(): Command[] {
  const script = ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('product-server.ts', import.meta.url))];
  const command = compileC('sgemm', 'openblas');
  return [
    { name: DEFAULT, command: process.execPath, args: script },
    { name: WIDE, command: wideNode(), args: [...script, 'wide'] },
    ...TARGETS.map(({ core }) => {
      const env = { OPENBLAS_CORETYPE: core, OPENBLAS_NUM_THREADS: '1' };
      return { name: core, command, args: [], env };
    }),
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
    const rows: ProductRow[] = [];
    try {
      for (const { form, shape, name } of CASES) {
        if (!names.includes(name)) continue;
        process.stderr.write(`product ${name} ...\n`);
        rows.push(await measure(form, shape, contestants));
      }
    } finally {
      for (const rival of contestants) rival.stop();
    }
    const bestSquare = Math.max(...rows.filter(({ isSquare }) => isSquare).map(({ gigaflops }) => gigaflops[DEFAULT]));
    const ratioOf = ({ ratios }: ProductRow, core: string) => (core in ratios ? `${ratios[core].toFixed(2)}x` : '');
    const cells = rows.map((row) => [
      row.product,
      ...contestants.map(({ name }) => row.gigaflops[name].toFixed(1)),
      ...TARGETS.map(({ core }) => ratioOf(row, core)),
      markProduct(row, bestSquare),
    ]);
    const heads = [...contestants.map(({ name }) => name), ...TARGETS.map(({ ours, core }) => `${ours} / ${core}`)];
    const table = [
      `products rows x fanIn x units in GFLOP/s, one thread, median of ${ROUNDS.rounds} rounds: simdprop and OpenBLAS by core type`,
      ...contestants.map(({ name, version }) => `${name}: ${version}`),
      ...missing,
      alignTable([['', ...heads, ''], ...cells]),
    ].join('\n');
    const versions = Object.fromEntries(contestants.map(({ name, version }) => [name, version]));
    return { rows: [{ versions, missing, products: rows }], table };
  },
};
