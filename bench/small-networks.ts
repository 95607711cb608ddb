import type { ActivationName, CostName } from 'simdprop';
import { parkMiller, type Workload } from './workload.js';

// Workloads of small networks that are trained in batches, with SGD and with Adam. The inputs are dense, as
// measurements are, so nothing is gained by leaving out zeros.

interface Shape {
  inputs: number;
  hidden: number[];
  activation: ActivationName;
  outputs: number;
  /** Linear outputs have the quadratic cost, softmax outputs cross-entropy. */
  output: 'linear' | 'softmax';
}

const hyperbolic = { activation: 'tanh', output: 'linear' } as const;

const SHAPES: Record<string, Shape> = {
  '4-32-16-4': { inputs: 4, hidden: [32, 16], outputs: 4, ...hyperbolic },
  '16-32-16-16': { inputs: 16, hidden: [32, 16], outputs: 16, ...hyperbolic },
  '2-8-8-1': { inputs: 2, hidden: [8, 8], outputs: 1, ...hyperbolic },
  '13-64-32-1': { inputs: 13, hidden: [64, 32], outputs: 1, ...hyperbolic },
  '30-16-2': { inputs: 30, hidden: [16], outputs: 2, activation: 'tanh', output: 'softmax' },
};

/** The number of samples of a full batch. */
const FULL = 10_000;
/** A number of samples that fills batches of 32. */
const BATCHED = 312 * 32;

/** The network of the BBC micro:bit's editor for machine learning: eight features of three axes, four classes. */
const MICROBIT: Shape = { inputs: 24, hidden: [16], outputs: 4, activation: 'relu', output: 'softmax' };
const MICROBIT_SAMPLES = 240;

/** Inputs that are uniform in (-1, 1). Each target is the product of two neighbouring inputs, or the class of those. */
function samplesOf({ inputs, outputs, output }: Shape, count: number): Pick<Workload, 'data' | 'targetRows'> {
  const random = parkMiller();
  const x = Float32Array.from({ length: count * inputs }, () => 2 * random() - 1);
  const neighbours = (sample: number, k: number) =>
    x[sample * inputs + (k % inputs)] * x[sample * inputs + ((k + 1) % inputs)];
  if (output === 'linear') {
    const targets = Float32Array.from({ length: count * outputs }, (_, i) =>
      neighbours(Math.floor(i / outputs), i % outputs),
    );
    return { data: { inputs: x, targets }, targetRows: targets };
  }
  const targets = new Uint8Array(count);
  const targetRows = new Float32Array(count * outputs);
  for (let sample = 0; sample < count; ++sample) {
    // the class is the number of the largest product
    for (let k = 1; k < outputs; ++k)
      if (neighbours(sample, k) > neighbours(sample, targets[sample])) targets[sample] = k;
    targetRows[sample * outputs + targets[sample]] = 1;
  }
  return { data: { inputs: x, targets }, targetRows };
}

function workloadOf(shape: Shape, samples: number, batchSize: number): Omit<Workload, 'name'> {
  const { inputs, hidden, activation, outputs, output } = shape;
  const cost: CostName = output === 'linear' ? 'quadratic' : 'categoricalCrossEntropy';
  return {
    inputs,
    layers: [...hidden.map((units) => ({ units, activation })), { units: outputs, activation: output }],
    cost,
    learningRate: 0.05,
    batchSize,
    epochs: 20,
    ...samplesOf(shape, samples),
    inference: { samples: 0, batchSizes: [] },
  };
}

const ADAM = { optimizer: 'adam', learningRate: 0.001 } as const;

/** The workloads, by name. The hidden units are tanh, except in the network of the micro:bit, where they are relu. */
export const SMALL_NETWORKS: Record<string, () => Omit<Workload, 'name'>> = {
  ...Object.fromEntries(
    Object.entries(SHAPES).flatMap(([name, shape]) => {
      const full = () => workloadOf(shape, FULL, FULL);
      const batched = () => workloadOf(shape, BATCHED, 32);
      return [
        [`${name} full batch`, full],
        [`${name} Adam full batch`, () => ({ ...full(), ...ADAM })],
        [`${name} batch 32`, batched],
        [`${name} Adam batch 32`, () => ({ ...batched(), ...ADAM })],
      ];
    }),
  ),
  'micro:bit 24-16-4 batch 16': () => ({
    ...workloadOf(MICROBIT, MICROBIT_SAMPLES, 16),
    learningRate: 0.1,
    epochs: 160,
  }),
};
