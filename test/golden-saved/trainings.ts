import type { DataSet, EpochReport, NetworkOptions, TrainOptions } from '../../src/index.js';
import { adam, cosine, momentum } from '../../src/index.js';
import type { Network } from '../../src/network.js';

// The networks whose files are in this folder, one of each for every version of the format, and how they were trained.

/** Numbers in [0, 1) by integer arithmetic alone: Park and Miller's generator. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

const INPUTS = 3;
const CLASSES = 4;

/** The class depends on the first two inputs. */
function makeData(samples: number, seed: number): { inputs: Float32Array; targets: Uint8Array } {
  const random = numbers(seed);
  const inputs = Float32Array.from({ length: samples * INPUTS }, () => 2 * random() - 1);
  const isAbove = (i: number) => Number(inputs[i] > 0);
  return {
    inputs,
    targets: Uint8Array.from({ length: samples }, (_, i) => 2 * isAbove(INPUTS * i) + isAbove(INPUTS * i + 1)),
  };
}

const floats = makeData(700, 7);
const bytes: DataSet = { ...floats, inputs: Uint8Array.from(floats.inputs, (x) => 128 + Math.floor(100 * x)) };

export interface SavedTraining {
  readonly network: NetworkOptions;
  readonly data: DataSet;
  /** The options of `fit`, except callbacks. */
  readonly training: TrainOptions;
  /** The file was written after this number of steps, or in the middle of the next step if `isAmidStep`. */
  readonly steps: number;
  readonly isAmidStep: boolean;
}

export const TRAININGS: Readonly<Record<string, SavedTraining>> = {
  // has the state of Adam, a schedule, dropout, a best epoch, and the sums of a step that is not complete
  training: {
    network: {
      inputs: INPUTS,
      layers: [
        { units: 5, activation: 'tanh', dropout: 0.25 },
        { units: CLASSES, activation: 'softmax' },
      ],
      l2: 0.5,
      seed: 2 ** 40 + 3,
    },
    data: floats,
    training: {
      epochs: 6,
      batchSize: 300,
      optimizer: adam({ learningRate: cosine({ initial: 0.05, epochs: 6 }) }),
      validation: makeData(60, 11),
      earlyStopping: { patience: 5 },
    },
    steps: 10,
    isAmidStep: true,
  },
  // has inputs of bytes whose columns are standardised
  standardized: {
    network: {
      inputs: INPUTS,
      layers: [
        { units: 6, activation: ['tanh', 'relu', 'gelu', 'tanh', 'sigmoid', 'linear'] },
        { units: CLASSES, activation: 'softmax' },
      ],
      labelSmoothing: 0.1,
      seed: 5,
    },
    data: bytes,
    training: { epochs: 4, batchSize: 50, standardize: true, optimizer: momentum({ learningRate: 0.1 }) },
    steps: 30,
    isAmidStep: false,
  },
  // a scale for arrays of every type, which newer files of version 2 have
  scaled: {
    network: {
      inputs: INPUTS,
      layers: [
        { units: 5, activation: 'tanh' },
        { units: CLASSES, activation: 'softmax' },
      ],
      scale: 1 / 255,
      seed: 6,
    },
    data: bytes,
    training: { epochs: 4, batchSize: 50, optimizer: momentum({ learningRate: 0.1 }) },
    steps: 30,
    isAmidStep: false,
  },
  // numbers, whose targets are standardised too
  targets: {
    network: {
      inputs: INPUTS,
      layers: [
        { units: 5, activation: 'tanh' },
        { units: 2, activation: 'linear' },
      ],
      columns: ['length', 'width', 'height "in cm"'],
      scale: 1,
      seed: 7,
    },
    data: {
      inputs: floats.inputs,
      targets: Float64Array.from(
        { length: 1400 },
        (_, i) => (i % 2 ? 0.001 : 17_000) * (2 + floats.inputs[3 * (i >> 1)]),
      ),
    },
    training: { epochs: 4, batchSize: 50, standardize: 'both', optimizer: adam({ learningRate: 0.01 }) },
    steps: 30,
    isAmidStep: false,
  },
  // names of classes, some of which are hostile
  names: {
    network: {
      inputs: INPUTS,
      layers: [
        { units: 5, activation: 'tanh' },
        { units: CLASSES, activation: 'softmax' },
      ],
      classes: ['setosa', '</script>', 'Löwe 🦁', '\u001b[31m\ud800'],
      scale: 1,
      seed: 8,
    },
    data: floats,
    training: { epochs: 4, batchSize: 50, optimizer: momentum({ learningRate: 0.1 }) },
    steps: 30,
    isAmidStep: false,
  },
  // activations that newer files of version 2 have, in a section of their own, and slopes that are trained
  activations: {
    network: {
      inputs: INPUTS,
      layers: [
        { units: 6, activation: ['prelu', { name: 'leakyRelu', slope: 0.2 }, 'mish', 'prelu', 'geluTanh', 'relu6'] },
        { units: 5, activation: { name: 'elu', alpha: 0.5 } },
        { units: 4, activation: 'prelu' },
        { units: CLASSES, activation: 'softmax' },
      ],
      scale: 1,
      seed: 9,
    },
    data: floats,
    training: { epochs: 4, batchSize: 50, optimizer: adam({ learningRate: 0.01 }) },
    steps: 30,
    isAmidStep: false,
  },
};

/** The kinds of files that each version of the format has. */
export const KINDS: Readonly<Record<number, readonly string[]>> = {
  1: ['training', 'standardized'],
  2: ['training', 'standardized', 'scaled', 'targets', 'names', 'activations'],
};

/** The file that is written in the middle of training, and the reports on the epochs that end after it. */
export async function trainAndSave(net: Network, { data, training, steps, isAmidStep }: SavedTraining) {
  let file: Uint8Array | undefined;
  const reports: EpochReport[] = [];
  const onEpoch = (report: EpochReport) => {
    if (file) reports.push(report);
  };
  if (isAmidStep) {
    const onProgress = async ({ samples }: { samples: number }) => {
      if (net.steps === steps && samples % 300 === 256) file ??= await net.save({ training: true });
    };
    await withSlowClock(() => net.fit(data, { ...training, onEpoch, onProgress }));
  } else {
    const onBatch = async () => {
      if (net.steps === steps) file = await net.save({ training: true });
    };
    await net.fit(data, { ...training, onEpoch, onBatch });
  }
  if (!file) throw new Error(`no file was written at step ${steps}`);
  return { file, reports };
}

/** With this clock, each chunk of a step takes so long that training pauses after it and reports its progress. */
async function withSlowClock(work: () => Promise<unknown>): Promise<void> {
  const { now } = performance;
  let time = 1000;
  performance.now = () => {
    time += 1000;
    return time;
  };
  try {
    await work();
  } finally {
    performance.now = now;
  }
}

/** The inputs for which a loaded network is asked to predict. */
export const QUESTIONS = makeData(10, 13).inputs;
export const BYTES = Uint8Array.from(QUESTIONS, (x) => 128 + Math.floor(100 * x));
