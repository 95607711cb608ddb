import { forwardInputs } from '../src/data.js';
import { startArena } from '../test/build.js';
import { compileC } from './compile.js';
import { alignTable, median } from './machine.js';
import { Rival } from './rival.js';
import { type Contender, type Section, takeTurns } from './turns.js';

// Matrix products in the three forms of a training, beside OpenBLAS held to 128-bit and to 256-bit kernels, one thread each:
//   forward   z [rows x units]       = a [rows x fanIn] . w
//   error     delta [rows x fanIn]   = delta [rows x units] . w^T
//   gradient  dw [fanIn x units]     = a^T . delta
// Ours are whole layers, called as a training calls them: with the linear activation, the copies and the transposition that a training
// has too. OpenBLAS gets weights that lie as its product likes them best.

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
const SQUARE_WANTED = 1.15;

/** OPENBLAS_CORETYPE: SSE, AVX2. */
const CORES = ['Penryn', 'Haswell'];

export interface ProductRow {
  product: string;
  /** Of one call: a multiplication and an addition for each. */
  operations: number;
  isSquare: boolean;
  /** 10^9 operations a second, the median of the rounds. */
  gigaflops: number;
  /** The same of OpenBLAS, by core type. */
  openblas: Record<string, number>;
  /** How often faster than each, the median of the rounds' ratios. */
  ratios: Record<string, number>;
}

/** One call of the form on a network that does little else: a single layer, or for errors a layer on top of one of one input. */
async function prepare(form: Form, { rows, fanIn, units }: Shape): Promise<() => void> {
  const layer = { activation: 'linear', initializer: 'lecunNormal' } as const;
  const inputs = form === 'error' ? 1 : fanIn;
  const layers = [{ ...layer, units }];
  if (form === 'error') layers.unshift({ ...layer, units: fanIn });
  const arena = await startArena({ inputs, layers, cost: 'quadratic', bias: false }, rows);
  const { core, plan } = arena;
  // numbers without zeros, which would be left out of the first layer
  const x = Float32Array.from({ length: rows * inputs }, (_, i) => 0.5 + (i % 97) / 97);
  forwardInputs(arena, x, 0, rows);
  arena.floats(plan.parameters, plan.weightFloats).fill(0.01);
  core.forward(rows);
  core.backward(rows);
  if (form === 'forward') return () => core.forward(rows);
  if (form === 'error') return () => core.backward(rows);
  return () => core.accumulateGradients(rows, 0.001);
}

async function measure(form: Form, shape: Shape, blas: readonly Rival[]): Promise<ProductRow> {
  const { rows, fanIn, units } = shape;
  const product = nameOf(form, shape);
  const operations = 2 * rows * fanIn * units;
  const calls = Math.max(1, Math.round(RUN_OPERATIONS / operations));
  const call = await prepare(form, shape);
  const ours = () => {
    const started = performance.now();
    for (let i = 0; i < calls; ++i) call();
    return { overriddenDuration: performance.now() - started };
  };
  const theirs = blas.map((rival): Contender => {
    const run = async () => ({ overriddenDuration: (await rival.ask(`${product} ${calls}`)).elapsedMs });
    return { name: rival.name, run, isAsync: true };
  });
  const [times, ...blasTimes] = await takeTurns([{ name: 'simdprop', run: ours, isAsync: false }, ...theirs], ROUNDS);
  const gigaflops = (ms: readonly number[]) => (operations * calls) / median(ms) / 1e6;
  return {
    product,
    operations,
    isSquare: rows === fanIn && fanIn === units,
    gigaflops: gigaflops(times),
    openblas: Object.fromEntries(blas.map(({ name }, b) => [name, gigaflops(blasTimes[b])])),
    ratios: Object.fromEntries(blas.map(({ name }, b) => [name, median(times.map((ms, r) => blasTimes[b][r] / ms))])),
  };
}

/** What misses its target: squares against SSE, and large shapes against the best square of the run. */
export function markProduct(row: ProductRow, bestSquare: number): string {
  const { isSquare, ratios, operations, gigaflops } = row;
  const marks = [];
  if (isSquare && ratios.Penryn < SQUARE_WANTED) marks.push(`MISSED ${SQUARE_WANTED}x Penryn`);
  if (operations > LARGE_OPERATIONS && gigaflops < SHARE_WANTED * bestSquare) {
    marks.push(`${Math.round((100 * gigaflops) / bestSquare)} % OF THE BEST SQUARE`);
  }
  return marks.join(', ');
}

async function startBlas(): Promise<{ blas: Rival[]; missing: string[] }> {
  const command = compileC('sgemm', 'openblas');
  const blas: Rival[] = [];
  const missing: string[] = [];
  for (const core of CORES) {
    const env = { OPENBLAS_CORETYPE: core, OPENBLAS_NUM_THREADS: '1' };
    const rival = await Rival.start({ name: core, command, args: [], env });
    if (rival instanceof Rival) blas.push(rival);
    else missing.push(`OpenBLAS ${core}: not measured: ${rival}`);
  }
  return { blas, missing };
}

export const products: Section = {
  name: 'product',
  rows: CASES.map(({ name }) => name),
  async measure(names) {
    const { blas, missing } = await startBlas();
    const rows: ProductRow[] = [];
    try {
      for (const { form, shape, name } of CASES) {
        if (!names.includes(name)) continue;
        process.stderr.write(`product ${name} ...\n`);
        rows.push(await measure(form, shape, blas));
      }
    } finally {
      for (const rival of blas) rival.stop();
    }
    const bestSquare = Math.max(...rows.filter(({ isSquare }) => isSquare).map(({ gigaflops }) => gigaflops));
    const cells = rows.map((row) => [
      row.product,
      row.gigaflops.toFixed(1),
      ...blas.flatMap(({ name }) => [row.openblas[name].toFixed(1), `${row.ratios[name].toFixed(2)}x`]),
      markProduct(row, bestSquare),
    ]);
    const table = [
      `products rows x fanIn x units in GFLOP/s, one thread, median of ${ROUNDS.rounds} rounds: simdprop and OpenBLAS by core type`,
      ...blas.map(({ name, version }) => `${name}: ${version}`),
      ...missing,
      alignTable([['', 'simdprop', ...blas.flatMap(({ name }) => [name, 'ratio']), ''], ...cells]),
    ].join('\n');
    const openblas = Object.fromEntries(blas.map(({ name, version }) => [name, version]));
    return { rows: [{ openblas, missing, products: rows }], table };
  },
};
