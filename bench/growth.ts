import { type LayerOptions, Network, sgd } from 'simdprop';
import { alignTable } from './machine.js';
import { median } from './medians.js';
import type { Section } from './turns.js';

// Measures how the time of a training step grows with width, depth and batch size, beside the number of its operations.
// The networks run one after another: the aim is the shape of the curve, not a comparison between them.

interface Size {
  width: number;
  /** Number of layers, each of `width` units. */
  depth: number;
  batch: number;
}

const powers = (from: number, to: number) => {
  const all = [];
  for (let n = from; n <= to; n *= 2) all.push(n);
  return all;
};

/** The first width and the narrow axes begin at steps of a few thousand operations. */
const AXES: Record<string, Size[]> = {
  width: powers(2, 4096).map((width) => ({ width, depth: 2, batch: 32 })),
  depth: powers(1, 64).map((depth) => ({ width: 256, depth, batch: 32 })),
  batch: powers(1, 4096).map((batch) => ({ width: 256, depth: 2, batch })),
  'narrow depth': powers(1, 64).map((depth) => ({ width: 16, depth, batch: 2 })),
  'narrow batch': powers(1, 4096).map((batch) => ({ width: 16, depth: 2, batch })),
};

const ROUNDS = 7;
/** An epoch has as many steps as are needed for about this many operations. */
const EPOCH_OPERATIONS = 100e6;
/** From this many operations per step, time should be proportional to operations, within a factor of WANTED. */
const LARGE_OPERATIONS = 1e6;
const WANTED = 2;
/** From this many operations on, the factor is printed too. */
const SMALL_OPERATIONS = 1e3;

export interface GrowthRow {
  axis: string;
  size: number;
  operations: number;
  /** Milliseconds of a step: the median of the rounds. */
  stepMs: number;
  gigaflops: number;
}

/**
 * Multiplications and additions of a step. Each layer is as wide as the input. Every layer has a forward product and a
 * gradient product; all but the first also have an error product.
 */
export function operationsOf({ width, depth, batch }: Size): number {
  return 2 * batch * width * width * (3 * depth - 1);
}

/** The largest speed of an axis divided by the least, for steps of `least` operations or more; 1 if there are none. */
export function deviationOf(rows: readonly GrowthRow[], least = LARGE_OPERATIONS): number {
  const large = rows.filter(({ operations }) => operations >= least).map(({ gigaflops }) => gigaflops);
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
    // the first round warms up; elapsedMs leaves out the time for copying the data
    for (let round = 0; round <= ROUNDS; ++round) {
      const { elapsedMs } = await net.fit(data, options);
      times.push((elapsedMs * batch) / (samples * epochs));
    }
    const stepMs = median(times.slice(1));
    const varied = axis.replace('narrow ', '') as keyof Size;
    return { axis, size: size[varied], operations, stepMs, gigaflops: operations / stepMs / 1e6 };
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
      const judged = deviation <= WANTED ? 'met' : 'MISSED';
      const small = deviationOf(measured, SMALL_OPERATIONS);
      tables.push(
        alignTable([['', 'MFLOP per step', 'µs per step', 'GFLOP/s'], ...cells]),
        `${judged}: speeds of steps from 1 MFLOP up differ by a factor of ${deviation.toFixed(2)}, wanted at most ${WANTED}; from 1 KFLOP up, by ${small.toFixed(2)}`,
      );
    }
    const title = `time of a training step, median of ${ROUNDS} rounds; where they do not vary, width is 256 (narrow: 16), depth 2 and batch size 32 (narrow: 2)`;
    return { rows, table: [title, ...tables].join('\n') };
  },
};
