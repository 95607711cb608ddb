import { MANY_BYTES } from './loops.js';
import { alignTable, describeMachine } from './machine.js';
import { median } from './medians.js';
import { bytesOf, FORMS, operationsOf, productContender, productServer, type Shape } from './products.js';
import { Rival } from './rival.js';
import { drawRoofline, readable } from './roofline-plot.js';
import type { RooflineRow, RoofRow } from './roofline-rows.js';
import { type Roofs, startRoofs } from './roofs.js';
import { type Section, takeTurns } from './turns.js';

// Measures the products of products.ts, by default and on one thread, under two roofs. The first is the speed of a loop
// that only multiplies and adds. The second follows from the speed of reading, because each of the three matrices must
// be read once. A loop measures that speed on a buffer as large as the matrices, which it reads from the cache that
// holds it, or from memory.

const SHAPES: Shape[] = [
  [1, 4096, 4096],
  [1, 1024, 2048],
  [2, 4096, 4096],
  [4, 1024, 2048],
  [10, 784, 128],
  [32, 784, 512],
  [128, 784, 512],
  [256, 512, 512],
  [512, 512, 512],
  [1024, 1024, 1024],
].map(([rows, fanIn, units]) => ({ rows, fanIn, units }));

const nameOf = ({ rows, fanIn, units }: Shape) => `${rows}x${fanIn}x${units}`;

const ROUNDS = { rounds: 7, warmUpRounds: 2, iterations: 1 };
/**
 * The sizes that are read for the slopes of the plot. The first fits into the second-level cache, the second only into
 * the third-level cache, the third into no cache.
 */
const READ_BYTES = [2 ** 18, 2 ** 23, MANY_BYTES];

export function roofAt(intensity: number, gigaflops: number, gigabytes: number): number {
  return Math.min(gigaflops, gigabytes * intensity);
}

async function measureRoofs(roofs: Roofs): Promise<RoofRow> {
  const all = [roofs.multiplyAdd, ...READ_BYTES.map((bytes) => roofs.read(bytes))];
  const times = await takeTurns(all, ROUNDS);
  const [multiplyAddGigaflops, ...speeds] = all.map(({ amount }, i) => amount / median(times[i]) / 1e6);
  return { multiplyAddGigaflops, reads: READ_BYTES.map((bytes, i) => ({ bytes, gigabytes: speeds[i] })) };
}

async function measureShape(shape: Shape, server: Rival, roofs: Roofs): Promise<RooflineRow> {
  const intensity = operationsOf(shape) / bytesOf(shape);
  const read = roofs.read(bytesOf(shape));
  const { multiplyAdd } = roofs;
  const products = FORMS.map((form) => ({ ...productContender(server, form, shape), name: form }));
  const [multiplyAddMs, readMs, ...productMs] = await takeTurns([multiplyAdd, read, ...products], ROUNDS);
  const gigabytes = readMs.map((ms) => read.amount / ms / 1e6);
  const roof = multiplyAddMs.map((ms, round) => roofAt(intensity, multiplyAdd.amount / ms / 1e6, gigabytes[round]));
  const reached = FORMS.map((form, f) => {
    const gigaflops = productMs[f].map((ms) => (operationsOf(shape) * products[f].calls) / ms / 1e6);
    return [
      form,
      { gigaflops: median(gigaflops), share: median(gigaflops.map((speed, round) => speed / roof[round])) },
    ];
  });
  return {
    shape: nameOf(shape),
    intensity,
    gigabytes: median(gigabytes),
    roof: median(roof),
    forms: Object.fromEntries(reached) as RooflineRow['forms'],
  };
}

export const roofline: Section = {
  name: 'roofline',
  rows: SHAPES.map(nameOf),
  async measure(names) {
    const server = await Rival.start(productServer('simdprop', process.execPath));
    if (!(server instanceof Rival)) throw new Error(server);
    try {
      const roofs = await startRoofs(MANY_BYTES);
      process.stderr.write('roofs ...\n');
      const machineRoofs = await measureRoofs(roofs);
      const rows: RooflineRow[] = [];
      for (const shape of SHAPES.filter((shape) => names.includes(nameOf(shape)))) {
        process.stderr.write(`roofline ${nameOf(shape)} ...\n`);
        rows.push(await measureShape(shape, server, roofs));
      }
      const cells = rows.map(({ shape, intensity, gigabytes, roof, forms }) => [
        shape,
        intensity.toFixed(1),
        gigabytes.toFixed(1),
        roof.toFixed(1),
        ...FORMS.flatMap((form) => [forms[form].gigaflops.toFixed(1), `${(100 * forms[form].share).toFixed(0)} %`]),
      ]);
      const heads = FORMS.flatMap((form) => [form, 'of the roof']);
      const reads = machineRoofs.reads.map(({ bytes, gigabytes }) => `${gigabytes.toFixed(1)} from ${readable(bytes)}`);
      const table = [
        `matrix products, rows x fanIn x units, in GFLOP/s and as a share of their roof, one thread, median of ${ROUNDS.rounds} rounds`,
        `multiply-adds in registers: ${machineRoofs.multiplyAddGigaflops.toFixed(1)} GFLOP/s; reading in GB/s: ${reads.join(', ')}`,
        alignTable([['', 'operations per byte', 'read GB/s', 'roof', ...heads], ...cells]),
      ].join('\n');
      return {
        rows: [{ roofs: machineRoofs, products: rows }],
        table,
        plot: drawRoofline(machineRoofs, rows, describeMachine()),
      };
    } finally {
      server.stop();
    }
  },
};
