import { type LayerOptions, Network, sgd } from 'simdprop';
import { alignTable, median } from './machine.js';
import type { Section } from './turns.js';

// How the time of a training step grows with width, depth and batch, beside the count of its operations. One network after another, each
// measured by itself: not a comparison, the shape of a curve.

interface Size {
  width: number;
  /** Layers of `width` units. */
  depth: number;
  batch: number;
}

const powers = (from: number, to: number) => {
  const all = [];
  for (let n = from; n <= to; n *= 2) all.push(n);
  return all;
};

const AXES: Record<string, Size[]> = {
  width: powers(8, 4096).map((width) => ({ width, depth: 2, batch: 32 })),
  depth: powers(1, 64).map((depth) => ({ width: 256, depth, batch: 32 })),
  batch: powers(1, 4096).map((batch) => ({ width: 256, depth: 2, batch })),
};

const ROUNDS = 7;
/** An epoch is as many steps as make up so many operations. */
const EPOCH_OPERATIONS = 100e6;
/** From so many on, time should follow the count within WANTED. */
const LARGE_OPERATIONS = 1e6;
const WANTED = 2;

export interface GrowthRow {
  axis: string;
  size: number;
  operations: number;
  /** Of a step, the median of the rounds. */
  stepMs: number;
  gigaflops: number;
}

/** Multiplications and additions of a step: forward and gradient of each layer, errors of all but the first; each layer as wide as the input. */
export function operationsOf({ width, depth, batch }: Size): number {
  return 2 * batch * width * width * (3 * depth - 1);
}

/** How far the speeds of the large steps of an axis are apart: the largest over the least. */
export function deviationOf(rows: readonly GrowthRow[]): number {
  const large = rows.filter(({ operations }) => operations >= LARGE_OPERATIONS).map(({ gigaflops }) => gigaflops);
  return large.length > 0 ? Math.max(...large) / Math.min(...large) : 1;
}

async function measure(axis: string, size: Size): Promise<GrowthRow> {
  const { width, depth, batch } = size;
  const operations = operationsOf(size);
  const steps = Math.max(1, Math.round(EPOCH_OPERATIONS / operations));
  const layers: LayerOptions[] = Array.from({ length: depth }, () => ({ units: width, activation: 'relu' }));
  const net = await Network.create({ inputs: width, layers, cost: 'quadratic', seed: 1 });
  try {
    const samples = Math.min(steps, 16) * batch;
    const inputs = Float32Array.from({ length: samples * width }, (_, i) => 0.1 + (i % 97) / 97);
    const data = { inputs, targets: new Float32Array(samples * width) };
    const epochs = Math.ceil(steps / 16);
    const options = { epochs, batchSize: batch, optimizer: sgd({ learningRate: 1e-9 }), shuffle: false };
    const times: number[] = [];
    // the first warms up; the epochs' own time is without copying the data
    for (let round = 0; round <= ROUNDS; ++round) {
      const history = await net.fit(data, options);
      const elapsed = history.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
      times.push((elapsed * batch) / (samples * epochs));
    }
    const stepMs = median(times.slice(1));
    return { axis, size: size[axis as keyof Size], operations, stepMs, gigaflops: operations / stepMs / 1e6 };
  } finally {
    net.dispose();
  }
}

export const growth: Section = {
  name: 'growth',
  rows: Object.keys(AXES),
  async measure(names) {
    const rows: GrowthRow[] = [];
    const tables: string[] = [];
    for (const axis of names) {
      process.stderr.write(`growth ${axis} ...\n`);
      const measured: GrowthRow[] = [];
      for (const size of AXES[axis]) measured.push(await measure(axis, size));
      rows.push(...measured);
      const cells = measured.map(({ size, operations, stepMs, gigaflops }) => [
        `${axis} ${size}`,
        (operations / 1e6).toPrecision(3),
        (1000 * stepMs).toPrecision(4),
        gigaflops.toFixed(1),
      ]);
      const deviation = deviationOf(measured);
      tables.push(
        alignTable([['', 'MFLOP a step', 'µs a step', 'GFLOP/s'], ...cells]),
        `${deviation <= WANTED ? 'met' : 'MISSED'}: from 1 MFLOP up the speeds differ by a factor of ${deviation.toFixed(2)}, wanted ${WANTED}`,
      );
    }
    const title = `a training step of layers of one width, median of ${ROUNDS}: width at depth 2 and batch 32, depth and batch at width 256`;
    return { rows, table: [title, ...tables].join('\n') };
  },
};
