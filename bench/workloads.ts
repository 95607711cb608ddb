import { CLASSES, type Digits, packagedData, readDigits } from '../examples/digits/idx.js';
import { SMALL_NETWORKS } from './small-networks.js';
import { parkMiller, type Workload } from './workload.js';

export const PIXELS = 784;

/** The pixels of the digits are bytes, from 0 to 255. */
export const BYTE_SCALE = 1 / 255;

/** The real digits: 60,000 for training and 10,000 for testing. */
export function loadDigits(): { train: Digits; test: Digits } {
  const directory = packagedData();
  return { train: readDigits(directory, 'train'), test: readDigits(directory, 't10k') };
}

/** Digits [first, first + count) as a data set; nothing is copied. */
export function digitsRange({ images, labels }: Digits, first: number, count: number) {
  return {
    inputs: images.subarray(first * PIXELS, (first + count) * PIXELS),
    targets: labels.subarray(first, first + count),
  };
}

/** Points around the corners of the unit square. The class is 1 where exactly one coordinate is high (exclusive or). */
function exclusiveOr(samples: number): { inputs: Float32Array; targets: Float32Array } {
  const random = parkMiller();
  const inputs = new Float32Array(2 * samples);
  const targets = new Float32Array(samples);
  for (let sample = 0; sample < samples; ++sample) {
    const [left, right] = [(sample >> 1) & 1, sample & 1];
    inputs[2 * sample] = left + 0.5 * (random() - 0.5);
    inputs[2 * sample + 1] = right + 0.5 * (random() - 0.5);
    targets[sample] = left ^ right;
  }
  return { inputs, targets };
}

const SMALL = {
  inputs: 2,
  layers: [
    { units: 2, activation: 'sigmoid' },
    { units: 1, activation: 'sigmoid' },
  ] satisfies Workload['layers'],
  cost: 'quadratic' as const,
  learningRate: 0.5,
  batchSize: 1,
};

/** The first digits of the training set, and their labels as rows. */
function digits(count: number): Pick<Workload, 'scale' | 'data' | 'targetRows'> {
  const data = digitsRange(loadDigits().train, 0, count);
  const targetRows = new Float32Array(count * CLASSES);
  data.targets.forEach((label, sample) => {
    targetRows[sample * CLASSES + label] = 1;
  });
  return { scale: BYTE_SCALE, data, targetRows };
}

/** Dense samples, uniform in [0, 1). Their classes are 0 to 9 in turn. */
function dense(inputs: number, samples: number): Pick<Workload, 'data' | 'targetRows'> {
  const random = parkMiller();
  const data = { inputs: new Float32Array(samples * inputs), targets: new Uint8Array(samples) };
  const targetRows = new Float32Array(samples * CLASSES);
  for (let i = 0; i < data.inputs.length; ++i) data.inputs[i] = random();
  for (let sample = 0; sample < samples; ++sample) {
    data.targets[sample] = sample % CLASSES;
    targetRows[sample * CLASSES + data.targets[sample]] = 1;
  }
  return { data, targetRows };
}

const ADAM = { optimizer: 'adam', learningRate: 0.001 } satisfies Partial<Workload>;

const WORKLOADS: Record<string, () => Omit<Workload, 'name'>> = {
  '2-2-1 online': () => {
    const data = exclusiveOr(2000);
    return {
      ...SMALL,
      epochs: 200,
      data,
      targetRows: data.targets,
      inference: { samples: 2000, batchSizes: [1, 256] },
    };
  },
  '784-30-10 batch 10': () => ({
    inputs: PIXELS,
    layers: [
      { units: 30, activation: 'sigmoid' },
      { units: CLASSES, activation: 'sigmoid' },
    ],
    cost: 'quadratic',
    learningRate: 3,
    batchSize: 10,
    epochs: 1,
    ...digits(10_000),
    inference: { samples: 5120, batchSizes: [1, 256] },
  }),
  '784-128-10 batch 32': () => ({
    inputs: PIXELS,
    layers: [
      { units: 128, activation: 'relu' },
      { units: CLASSES, activation: 'softmax' },
    ],
    cost: 'categoricalCrossEntropy',
    learningRate: 0.1,
    batchSize: 32,
    epochs: 1,
    ...digits(4000),
    inference: { samples: 2560, batchSizes: [1, 256] },
  }),
  '784-512-512-10 batch 128': () => ({
    inputs: PIXELS,
    layers: [
      { units: 512, activation: 'relu' },
      { units: 512, activation: 'relu' },
      { units: CLASSES, activation: 'softmax' },
    ],
    cost: 'categoricalCrossEntropy',
    learningRate: 0.1,
    batchSize: 128,
    epochs: 1,
    ...digits(1280),
    inference: { samples: 1024, batchSizes: [1, 256] },
  }),
};

/** Workloads that plain JavaScript does not run: for large networks it has no Adam, and they would take it too long. */
const MORE_WORKLOADS: typeof WORKLOADS = {
  '784-128-10 Adam batch 32': () => ({ ...WORKLOADS['784-128-10 batch 32'](), ...ADAM }),
  '784-512-512-10 Adam batch 128': () => ({ ...WORKLOADS['784-512-512-10 batch 128'](), ...ADAM }),
  '1024-2048-2048-10 Adam batch 256': () => ({
    inputs: 1024,
    layers: [
      { units: 2048, activation: 'relu' },
      { units: 2048, activation: 'relu' },
      { units: CLASSES, activation: 'softmax' },
    ],
    cost: 'categoricalCrossEntropy',
    ...ADAM,
    batchSize: 256,
    epochs: 1,
    ...dense(1024, 1024),
    inference: { samples: 1024, batchSizes: [1, 256] },
  }),
};

/** The workloads that plain JavaScript runs too. */
export const workloadNames = [...Object.keys(WORKLOADS), ...Object.keys(SMALL_NETWORKS)];

export function makeWorkload(name: string): Workload {
  return { name, ...{ ...WORKLOADS, ...MORE_WORKLOADS, ...SMALL_NETWORKS }[name]() };
}
