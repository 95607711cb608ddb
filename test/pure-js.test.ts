import { describe, expect, test } from 'vitest';
import { PlainNetwork } from '../bench/pure-js.js';
import { forward, meanCost, type ReferenceNetwork, step } from '../src/inspection/reference.js';
import { EPSILON } from './build.js';
import { randomNumbers, SEED } from './random-numbers.js';

// The rival of the benchmarks computes what it claims to compute. A fast but wrong rival would prove nothing.

interface Case {
  name: string;
  inputs: number;
  layers: { units: number; activation: 'sigmoid' | 'relu' | 'softmax' }[];
  cost: ReferenceNetwork['cost'];
  batchSize: number;
  bytes: boolean;
}

// With these widths, loops that take eight, six, four or two numbers at a time are left with every possible remainder.
// With 25 samples, the last batch is smaller. A batch of 20 is large enough that weights are updated input by input.
const cases: Case[] = [
  {
    name: 'sigmoid, quadratic cost, bytes',
    inputs: 37,
    layers: [
      { units: 13, activation: 'sigmoid' },
      { units: 3, activation: 'sigmoid' },
    ],
    cost: 'quadratic',
    batchSize: 4,
    bytes: true,
  },
  {
    name: 'sigmoid, binary cross-entropy, floats',
    inputs: 21,
    layers: [
      { units: 16, activation: 'sigmoid' },
      { units: 10, activation: 'sigmoid' },
    ],
    cost: 'binaryCrossEntropy',
    batchSize: 25,
    bytes: false,
  },
  {
    name: 'relu and softmax, categorical cross-entropy, three layers',
    inputs: 30,
    layers: [
      { units: 27, activation: 'relu' },
      { units: 14, activation: 'relu' },
      { units: 5, activation: 'softmax' },
    ],
    cost: 'categoricalCrossEntropy',
    batchSize: 20,
    bytes: true,
  },
  {
    name: 'online, wide',
    inputs: 19,
    layers: [
      { units: 18, activation: 'relu' },
      { units: 2, activation: 'sigmoid' },
    ],
    cost: 'quadratic',
    batchSize: 1,
    bytes: false,
  },
  {
    name: 'online, narrow (its own loops)',
    inputs: 2,
    layers: [
      { units: 5, activation: 'relu' },
      { units: 3, activation: 'sigmoid' },
      { units: 1, activation: 'sigmoid' },
    ],
    cost: 'quadratic',
    batchSize: 1,
    bytes: false,
  },
];

const SAMPLES = 25;
const EPOCHS = 2;
const LEARNING_RATE = 0.5;
const SCALE = 1 / 255;

function makeProblem({ inputs, layers, cost, bytes }: Case) {
  const random = randomNumbers(SEED);
  const uniform = (count: number, limit: number) =>
    Float32Array.from({ length: count }, () => limit * (2 * random() - 1));
  let fanIn = inputs;
  const parameters = layers.map(({ units, activation }) => {
    const layer = {
      units,
      activation,
      weights: uniform(units * fanIn, 1 / Math.sqrt(fanIn)),
      biases: uniform(units, 0.5),
    };
    fanIn = units;
    return layer;
  });
  const sparse = (value: number) => (random() < 0.6 ? 0 : value);
  const x = bytes
    ? Uint8Array.from({ length: SAMPLES * inputs }, () => sparse(Math.floor(256 * random())))
    : Float32Array.from({ length: SAMPLES * inputs }, () => sparse(2 * random() - 1));
  const y = new Float32Array(SAMPLES * fanIn);
  // each sample has one class; with one output, samples have 0 and 1 in turn
  for (let sample = 0; sample < SAMPLES; ++sample) {
    if (fanIn === 1) y[sample] = sample % 2;
    else y[sample * fanIn + Math.floor(fanIn * random())] = 1;
  }
  const scale = bytes ? SCALE : 1;
  const reference: ReferenceNetwork = {
    inputs,
    cost,
    layers: parameters.map(({ weights, biases, ...rest }) => ({
      ...rest,
      weights: Float64Array.from(weights),
      biases: Float64Array.from(biases),
    })),
  };
  return { parameters, reference, x, scale, x64: Float64Array.from(x, (value) => value * scale), y };
}

/** Trains the reference on the same batches. Returns the mean cost of each epoch. */
function trainReference(start: ReferenceNetwork, x: Float64Array, y: Float32Array, batchSize: number) {
  let network = start;
  const outputs = y.length / SAMPLES;
  const settings = { learningRate: LEARNING_RATE, l2: 0, trainingSamples: SAMPLES };
  const epochCosts = Array.from({ length: EPOCHS }, () => {
    let sum = 0;
    for (let first = 0; first < SAMPLES; first += batchSize) {
      const end = Math.min(first + batchSize, SAMPLES);
      const batchX = x.slice(first * network.inputs, end * network.inputs);
      const batchY = Float64Array.from(y.subarray(first * outputs, end * outputs));
      sum += meanCost(network, forward(network, batchX), batchY) * (end - first);
      network = step(network, batchX, batchY, settings);
    }
    return sum / SAMPLES;
  });
  return { network, epochCosts };
}

function expectClose(what: string, got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number) {
  expect(got.length).toBe(want.length);
  let worst = 0;
  for (let i = 1; i < got.length; ++i) {
    if (!(Math.abs(got[i] - want[i]) <= Math.abs(got[worst] - want[worst]))) worst = i;
  }
  const error = Math.abs(got[worst] - want[worst]);
  expect(error, `${what}[${worst}]: got ${got[worst]}, want ${want[worst]} (seed ${SEED})`).toBeLessThanOrEqual(
    tolerance,
  );
}

describe.each(cases)('the plain JavaScript rival: $name', (example) => {
  const { parameters, reference, x, scale, x64, y } = makeProblem(example);
  const { inputs, cost, batchSize } = example;
  const make = () => new PlainNetwork(inputs, parameters, cost, SAMPLES);
  const trained = trainReference(reference, x64, y, batchSize);
  // Every number stays below 2. A step rounds each parameter at most once per row. It rounds each value that leads to
  // the parameter (a and delta of every layer) at most once per eight terms of its sum. Each rounding is at most one
  // part in 2²⁴, and later steps start from the errors of earlier ones.
  const roundings = Math.max(inputs, ...parameters.map(({ units }) => units)) * 2 * parameters.length;
  const steps = EPOCHS * Math.ceil(SAMPLES / batchSize);
  const tolerance = 2 * EPSILON * roundings * steps;

  test('predicts what the reference computes', () => {
    const a = forward(reference, x64).at(-1)!.a;
    expectClose('a', make().predict(x, scale), a, 2 * EPSILON * roundings);
  });

  test('after two epochs its costs, weights and biases are those of the reference', () => {
    const net = make();
    const epochCosts = Array.from({ length: EPOCHS }, () => net.trainEpoch(x, scale, y, batchSize, LEARNING_RATE));
    expectClose('cost', epochCosts, trained.epochCosts, tolerance);
    trained.network.layers.forEach(({ weights, biases }, l) => {
      expectClose(`layer ${l} weights`, net.weights(l), weights, tolerance);
      expectClose(`layer ${l} biases`, net.biases(l), biases, tolerance);
    });
  });

  test('starts again from parameters that are set', () => {
    const net = make();
    net.trainEpoch(x, scale, y, batchSize, LEARNING_RATE);
    parameters.forEach(({ weights, biases }, l) => {
      net.setParameters(l, weights, biases);
    });
    expect(net.predict(x, scale)).toEqual(make().predict(x, scale));
  });
});

test('the rival refuses networks that it cannot train', () => {
  const layer = { units: 1, weights: new Float32Array(1), biases: new Float32Array(1) };
  const linear = { ...layer, activation: 'linear' as const };
  const sigmoid = { ...layer, activation: 'sigmoid' as const };
  expect(() => new PlainNetwork(1, [linear], 'quadratic', 1)).toThrow('quadratic of linear');
  expect(() => new PlainNetwork(1, [linear, sigmoid], 'quadratic', 1)).toThrow('want sigmoid or relu');
  const net = new PlainNetwork(1, [sigmoid], 'quadratic', 1);
  expect(() => net.predict(new Float32Array(2), 1)).toThrow('rows: got 2, want at most 1');
});
