import { type ActivationName, type LayerOptions, Network, sgd } from 'simdprop';
import * as abi from '../assembly/abi.js';
import { CLASSES } from '../examples/digits/idx.js';
import { ACTIVATIONS, constantOf, FIRST_SLOPE } from '../src/spec/activations.js';
import { startKernels } from '../test/build.js';
import { alignTable } from './machine.js';
import { median } from './medians.js';
import { type Contender, type Section, takeTurns } from './turns.js';
import { BYTE_SCALE, digitsRange, loadDigits, PIXELS } from './workloads.js';

// Times activations, layers of mixed activations and dropout. Activation kernels are timed alone, on a few rows that
// stay in the first-level cache. Layers are timed in training steps of whole networks on real digits, whose dark pixels
// take less time than other inputs.

const NAMES = Object.keys(ACTIVATIONS) as ActivationName[];

// Activations

const UNITS = 512;
const ROWS = 4;
const ELEMENTS = UNITS * ROWS;
const ROW_BYTES = UNITS * 4;
/** Calls of a kernel that are timed together, because one call takes a few microseconds or less. */
const CALLS = 100;
const KERNEL_ROUNDS = { rounds: 21, warmUpRounds: 3, iterations: 5 };
const KERNEL_ARENA = 65_536;

interface ActivationRow {
  activation: string;
  /** All times are nanoseconds per element: the median of the rounds and the least. */
  forward: number;
  forwardLeast: number;
  backward: number;
  backwardLeast: number;
}

/** What is timed: two kernels for each activation, forward and backward. */
async function prepareKernels(names: readonly string[]): Promise<Contender[]> {
  const matrixBytes = ELEMENTS * 4;
  const z = KERNEL_ARENA;
  const delta = z + matrixBytes;
  const slopes = delta + matrixBytes;
  const terms = slopes + ROW_BYTES;
  const constants = terms + matrixBytes;
  const outputs = constants + names.length * 16;
  const { core, memory } = await startKernels(outputs + names.length * matrixBytes);
  new Float32Array(memory.buffer, slopes, UNITS).fill(FIRST_SLOPE);
  core.fillNormal(z, ELEMENTS, 2, abi.RANDOM_WEIGHTS, 0);
  // delta is 0 and stays 0. It is multiplied in place, so other values would fade to subnormal numbers, which take many
  // times as long.
  return names.flatMap((name, n) => {
    const activation = ACTIVATIONS[name as ActivationName];
    const isPrelu = name === 'prelu';
    const a = outputs + n * matrixBytes;
    const own = isPrelu ? slopes : constants + n * 16;
    if (!isPrelu) new Float32Array(memory.buffer, own, 1)[0] = constantOf(name as ActivationName);
    const forward = () => {
      for (let call = 0; call < CALLS; ++call) core.activate(activation, own, a, z, ROW_BYTES, UNITS, ROWS);
    };
    const backward = () => {
      for (let call = 0; call < CALLS; ++call) {
        if (isPrelu) core.multiplyByPreluSlope(terms, slopes, delta, z, ROW_BYTES, UNITS, ROWS);
        else core.multiplyBySlope(activation, own, delta, z, a, ROW_BYTES, UNITS, ROWS);
      }
    };
    return [
      { name: `${name} forward`, run: forward, isAsync: false },
      { name: `${name} backward`, run: backward, isAsync: false },
    ];
  });
}

export const activations: Section = {
  name: 'activation',
  rows: NAMES,
  async measure(names) {
    process.stderr.write('activation kernels ...\n');
    const times = await takeTurns(await prepareKernels(names), KERNEL_ROUNDS);
    const nanoseconds = (ms: number) => (ms * 1e6) / (CALLS * ELEMENTS);
    const rows = names.map((activation, n): ActivationRow => {
      const [forward, backward] = [times[2 * n], times[2 * n + 1]];
      return {
        activation,
        forward: nanoseconds(median(forward)),
        forwardLeast: nanoseconds(Math.min(...forward)),
        backward: nanoseconds(median(backward)),
        backwardLeast: nanoseconds(Math.min(...backward)),
      };
    });
    const cells = rows.map(({ activation, forward, forwardLeast, backward, backwardLeast }) => [
      activation,
      ...[forward, forwardLeast, backward, backwardLeast].map((ns) => ns.toFixed(2)),
    ]);
    const table = [
      `activation kernels, ns per element, rows of ${UNITS} units: median and least of the rounds`,
      alignTable([['', 'forward', 'least', 'backward', 'least'], ...cells]),
    ].join('\n');
    return { rows, table };
  },
};

// Training steps

interface Steps {
  name: string;
  layers: LayerOptions[];
  batchSize: number;
  /** Steps of an epoch. What is timed is a whole epoch. */
  steps: number;
}

/**
 * Trains the networks in turns. Returns the milliseconds of a step for each network and round. The learning rate is so
 * small that the weights hardly move and all steps are the same work.
 */
async function timeSteps(cases: readonly Steps[], rounds: number): Promise<number[][]> {
  const { train } = loadDigits();
  const nets: Network[] = [];
  try {
    const contenders: Contender[] = [];
    for (const { name, layers, batchSize, steps } of cases) {
      const net = await Network.create({ inputs: PIXELS, layers, scale: BYTE_SCALE, seed: 1 });
      nets.push(net);
      const data = digitsRange(train, 0, batchSize * steps);
      const options = { batchSize, optimizer: sgd({ learningRate: 1e-6 }), shuffle: false };
      const run = async () => {
        const [{ elapsedMs }] = await net.fit(data, options);
        return { overriddenDuration: elapsedMs / steps };
      };
      contenders.push({ name, run, isAsync: true });
    }
    return await takeTurns(contenders, { rounds, warmUpRounds: 3, iterations: 1 });
  } finally {
    for (const net of nets) net.dispose();
  }
}

const output: LayerOptions = { units: CLASSES, activation: 'softmax' };
const microseconds = (ms: number) => (1000 * ms).toFixed(0);

// Layers of mixed activations

const MIXED_UNITS = 128;
const MIXED_WANTED = 1.3;
const MIXED_ROUNDS = 21;

const MIXES: Record<string, ActivationName[]> = {
  'relu and tanh in turn': ['relu', 'tanh'],
  'all but softmax in turn': NAMES.filter((name) => name !== 'softmax'),
};

interface MixedRow {
  mix: string;
  /** Milliseconds of a step with mixed activations in the hidden layer: the median of the rounds. */
  mixed: number;
  /** Milliseconds of a step with one activation in the hidden layer: the mean over the activations of the mix. */
  uniform: number;
  /** mixed / uniform: the median of the rounds' ratios. */
  ratio: number;
  /** mixed / the fastest of the uniform networks: the median of the rounds' ratios. */
  toFastest: number;
  wanted: number;
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

async function measureMix(mix: string): Promise<MixedRow> {
  const functions = MIXES[mix];
  const hidden: LayerOptions['activation'][] = [
    Array.from({ length: MIXED_UNITS }, (_, j) => functions[j % functions.length]),
    ...functions,
  ];
  const cases = hidden.map((activation) => ({
    name: typeof activation === 'string' ? activation : 'mixed',
    layers: [{ units: MIXED_UNITS, activation }, output],
    batchSize: 32,
    steps: 40,
  }));
  const [mixed, ...uniform] = await timeSteps(cases, MIXED_ROUNDS);
  const means = mixed.map((_, round) => mean(uniform.map((times) => times[round])));
  const fastest = uniform.reduce((least, times) => (median(times) < median(least) ? times : least));
  return {
    mix,
    mixed: median(mixed),
    uniform: median(means),
    ratio: median(mixed.map((ms, round) => ms / means[round])),
    toFastest: median(mixed.map((ms, round) => ms / fastest[round])),
    wanted: MIXED_WANTED,
  };
}

export const mixedLayers: Section = {
  name: 'mixed',
  rows: Object.keys(MIXES),
  async measure(names) {
    const rows: MixedRow[] = [];
    for (const name of names) {
      process.stderr.write(`mixed ${name} ...\n`);
      rows.push(await measureMix(name));
    }
    const cells = rows.map(({ mix, mixed, uniform, ratio, toFastest, wanted }) => [
      mix,
      microseconds(mixed),
      microseconds(uniform),
      `${ratio.toFixed(2)}x`,
      `${toFastest.toFixed(2)}x`,
      `${wanted.toFixed(2)}x`,
      ratio > wanted ? 'MISSED' : '',
    ]);
    const table = [
      `time of a training step of ${PIXELS}-${MIXED_UNITS}-${CLASSES}, batch 32, in µs: mixed activations in the hidden layer, and the mean of networks with only one of them`,
      alignTable([['', 'mixed', 'uniform', 'mixed / uniform', 'mixed / fastest uniform', 'wanted', ''], ...cells]),
    ].join('\n');
    return { rows, table };
  },
};

// Dropout

const DROPOUT_UNITS = 512;
const DROPOUT_RATES = [0.2];
const DROPOUT_ROUNDS = 21;

interface DropoutRow {
  rate: number;
  /** Milliseconds of a step with dropout: the median of the rounds. */
  dropout: number;
  /** Milliseconds of a step without dropout: the median of the rounds. */
  without: number;
  /** dropout / without: the median of the rounds' ratios. */
  ratio: number;
}

async function measureDropout(rate: number): Promise<DropoutRow> {
  const cases = [rate, 0].map((share): Steps => {
    const hidden: LayerOptions = { units: DROPOUT_UNITS, activation: 'relu', dropout: share };
    return { name: `dropout ${share}`, layers: [hidden, hidden, output], batchSize: 128, steps: 4 };
  });
  const [dropped, without] = await timeSteps(cases, DROPOUT_ROUNDS);
  const ratio = median(dropped.map((ms, round) => ms / without[round]));
  return { rate, dropout: median(dropped), without: median(without), ratio };
}

export const dropout: Section = {
  name: 'dropout',
  rows: DROPOUT_RATES.map(String),
  async measure(names) {
    const rows: DropoutRow[] = [];
    for (const name of names) {
      process.stderr.write(`dropout ${name} ...\n`);
      rows.push(await measureDropout(Number(name)));
    }
    const cells = rows.map((row) => [
      `dropout ${row.rate}`,
      microseconds(row.dropout),
      microseconds(row.without),
      `${row.ratio.toFixed(2)}x`,
    ]);
    const table = [
      `time of a training step of ${PIXELS}-${DROPOUT_UNITS}-${DROPOUT_UNITS}-${CLASSES}, batch 128, in µs`,
      alignTable([['', 'with dropout', 'without', 'with / without'], ...cells]),
    ].join('\n');
    return { rows, table };
  },
};
