import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MAX_FLOAT } from '../src/check/errors.js';
import { Header } from '../src/core/header.js';
import type { ActivationName, CustomCost, Layer, NetworkOptions, Optimizer, Targets } from '../src/index.js';
import type { GradientCheck } from '../src/inspection/check-gradients.js';
import { Network } from '../src/network.js';
import { activationAt, hasSlopes } from '../src/spec/activations.js';
import { adam, irprop, lbfgs, momentum, numbersOf, sgd } from '../src/spec/optimizer.js';
import { ELEMENTWISE } from './bounds.js';
import { buildName, createNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomFloats, randomNumbers, SEED, TIMES } from './random-numbers.js';

// checkGradients finds the gradients of every kind of network right, and finds wrong gradients.

/** |a - y|^4 / 4 + sin(a), whose slope differs from place to place. */
const quartic: CustomCost = {
  value: (a, y) => a.reduce((sum, ak, k) => sum + (ak - y[k]) ** 4 / 4 + Math.sin(ak), 0),
  gradient(a, y, out) {
    for (let k = 0; k < a.length; k++) out[k] = (a[k] - y[k]) ** 3 + Math.cos(a[k]);
  },
};

const outputs: readonly { cost: NetworkOptions['cost']; activation: ActivationName | 'any' }[] = [
  { cost: 'quadratic', activation: 'any' },
  { cost: 'quadratic', activation: 'softmax' },
  { cost: 'meanAbsoluteError', activation: 'any' },
  { cost: 'huber', activation: 'any' },
  { cost: { name: 'huber', delta: 0.25 }, activation: 'any' },
  { cost: quartic, activation: 'any' },
  { cost: quartic, activation: 'softmax' },
  { cost: 'binaryCrossEntropy', activation: 'sigmoid' },
  { cost: 'categoricalCrossEntropy', activation: 'softmax' },
  { cost: 'kullbackLeibler', activation: 'softmax' },
  { cost: 'hinge', activation: 'linear' },
  { cost: 'hinge', activation: 'tanh' },
  { cost: 'poisson', activation: 'softplus' },
];

const optimizers: readonly Optimizer[] = [
  sgd({ learningRate: 0.1 }),
  sgd({ learningRate: 0.1, clipNorm: 1e-3 }),
  sgd({ learningRate: 0.1, clipValue: 1e-3 }),
  momentum({ learningRate: 0.1 }),
  adam(),
  irprop(),
  lbfgs(),
];

const width = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 17, 33));
const activation = fc.constantFrom<ActivationName | 'mixed'>(...ELEMENTWISE, 'mixed', 'mixed');

const scenario = fc.record({
  inputs: fc.oneof(width, fc.constant(40)),
  hidden: fc.array(
    fc.record({
      units: width,
      activation,
      bias: fc.boolean(),
      dropout: fc.constantFrom(0, 0, 0.3),
      maxNorm: fc.constantFrom(0, 0, 0, 1),
    }),
    { maxLength: 3 },
  ),
  output: fc.record({ units: width, kind: fc.constantFrom(...outputs), any: activation, bias: fc.boolean() }),
  rows: fc.integer({ min: 1, max: 9 }),
  l1: fc.constantFrom(0, 0, 0.1),
  l2: fc.constantFrom(0, 0, 0.3),
  penalizeBiases: fc.boolean(),
  labelSmoothing: fc.constantFrom(0, 0.1),
  isWeighted: fc.boolean(),
  isStandardized: fc.boolean(),
  trainingSamples: fc.constantFrom(undefined, 100),
  optimizer: fc.constantFrom(...optimizers),
  inputKind: fc.constantFrom('floats', 'bytes', 'zeros'),
  seed: fc.nat(),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function targetsFor(cost: NetworkOptions['cost'], rows: number, units: number, random: () => number): Targets {
  const y = Float32Array.from({ length: rows * units }, random);
  if (cost === 'hinge') return y.map((value) => (value < 0.5 ? -1 : 1));
  if (cost === 'poisson') return y.map((value) => Math.floor(4 * value));
  if (cost === 'kullbackLeibler' || cost === 'categoricalCrossEntropy') {
    for (let row = 0; row < rows; row++) {
      const own = y.subarray(row * units, (row + 1) * units);
      const sum = own.reduce((s, value) => s + value, 0);
      for (let k = 0; k < units; k++) own[k] /= sum;
    }
  }
  return y;
}

async function build(given: Scenario) {
  const { inputs, hidden, output, rows, seed } = given;
  const random = randomNumbers(seed);
  const { cost, activation } = output.kind;
  const units = activation === 'softmax' ? Math.max(2, output.units) : output.units;
  const named = (name: ActivationName | 'mixed', count: number) =>
    name === 'mixed'
      ? Array.from({ length: count }, () => ELEMENTWISE[Math.floor(random() * ELEMENTWISE.length)])
      : name;
  const net = await createNetwork({
    inputs,
    layers: [
      ...hidden.map((layer) => ({ ...layer, activation: named(layer.activation, layer.units) })),
      { units, activation: named(activation === 'any' ? output.any : activation, units), bias: output.bias },
    ],
    cost,
    l1: given.l1,
    l2: given.l2,
    penalizeBiases: given.penalizeBiases && [...hidden, output].some(({ bias }) => bias),
    labelSmoothing: cost === 'categoricalCrossEntropy' ? given.labelSmoothing : 0,
    batchSize: 4,
    seed,
  });
  net.layers.forEach((layer, l) => {
    const hasBias = l < hidden.length ? hidden[l].bias : output.bias;
    if (hasBias) layer.setBiases(randomFloats(layer.units, random));
    const slopeOf = (_: unknown, j: number) => (activationAt(layer.activation, j) === 'prelu' ? random() - 0.25 : 0);
    layer.setSlopes(Float32Array.from({ length: layer.units }, slopeOf));
  });
  net.optimizer = given.optimizer;
  net.trainingSamples = given.trainingSamples;
  if (given.isStandardized) {
    net.setStandardization({
      means: Float64Array.from({ length: inputs }, random),
      deviations: Float64Array.from({ length: inputs }, () => 0.5 + random()),
    });
  }
  const numbers = Float32Array.from({ length: rows * inputs }, () => (random() < 0.6 ? 4 * random() - 2 : 0));
  const x = given.inputKind === 'bytes' ? Uint8Array.from(numbers, (value) => Math.abs(100 * value)) : numbers;
  if (given.inputKind === 'zeros') x.fill(0);
  const y = targetsFor(cost, rows, units, random);
  const weights = given.isWeighted ? Float32Array.from({ length: rows }, () => 2 * random()) : undefined;
  return { net, x, y, weights };
}

function describeWorst({ error, referenceError, worst }: GradientCheck) {
  return `error ${error}, reference ${referenceError}, worst ${JSON.stringify(worst)}`;
}

describe('checkGradients', () => {
  it('finds the gradients of every kind of network right: activations, costs, penalties, masks, weights, optimizers', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { net, x, y, weights } = await build(given);
        const inspector = await net.inspect();
        const check = inspector.checkGradients(x, y, { weights, differences: 20 });
        expect(check.error, describeWorst(check)).toBeLessThanOrEqual(1e-3);
        expect(check.referenceError, describeWorst(check)).toBeLessThanOrEqual(1e-7);
        const { cost, exactCost } = check;
        expect(Math.abs(cost - exactCost), `cost ${cost}, exact ${exactCost}`).toBeLessThan(1e-4 * (1 + exactCost));
        const biases = [...given.hidden, given.output].map(({ bias }) => bias);
        const ofUnit = ({ fanIn, activation }: Layer, l: number) =>
          fanIn + Number(biases[l]) + Number(hasSlopes(activation));
        const wanted = net.layers.reduce((n, layer, l) => n + layer.units * ofUnit(layer, l), 0);
        expect(check.parameters).toBe(wanted);
        net.dispose();
      }),
      { seed: SEED, numRuns: 60 * TIMES },
    );
  });

  const xor: NetworkOptions = {
    inputs: 2,
    layers: [
      { units: 3, activation: 'tanh' },
      { units: 1, activation: 'linear' },
    ],
    seed: 1,
  };
  const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
  const y = Float32Array.of(0, 1, 1, 0);

  it('returns the worst parameter with its gradient in three ways', async () => {
    const net = await createNetwork(xor);
    const { error, referenceError, worst, parameters, moved } = (await net.inspect()).checkGradients(x, y);
    expect([parameters, moved]).toEqual([13, 13]);
    const { layer, unit, input, gradient, exact, difference, uncertainty } = worst;
    net.forward(x);
    net.backward(y);
    const { weightGradients, biasGradients, fanIn } = arraysOf(net.layers[layer]);
    const own = input === undefined ? biasGradients[unit] : weightGradients[unit * fanIn + input];
    expect(Math.abs(gradient - own)).toBeLessThanOrEqual(1e-6 * Math.abs(own));
    expect(Math.abs(gradient - exact)).toBeLessThanOrEqual(error * Math.max(Math.abs(exact), 1));
    expect(Math.abs(exact - difference)).toBeLessThanOrEqual(referenceError + uncertainty);
    expect(error).toBeLessThan(1e-5);
  });

  it('compares every parameter, and moves as many of each layer as the option says', async () => {
    const net = await createNetwork({ inputs: 50, layers: [{ units: 20 }, { units: 10 }], seed: 1 });
    const random = randomNumbers(1);
    const inputs = Float32Array.from({ length: 200 }, random);
    const inspector = await net.inspect();
    const { parameters, moved } = inspector.checkGradients(inputs, Uint8Array.of(0, 3, 9, 9), { differences: 12 });
    expect(parameters).toBe(50 * 20 + 20 + 20 * 10 + 10);
    // it moves the parameters with the largest errors and others at even distances; some parameters are in both groups
    expect(moved).toBeGreaterThan(12 + 12 + 12 + 10 - 18);
    expect(moved).toBeLessThanOrEqual(12 + 12 + 12 + 10);
  });

  it('finds no error exactly at a kink: relu at z = 0, |a - y| at 0, the limit of Huber, the hinge', async () => {
    const flat = { units: 2, activation: 'relu', bias: false } as const;
    const zeros = new Float32Array(4);
    for (const [cost, target] of [
      ['quadratic', 1],
      ['meanAbsoluteError', 0],
      ['huber', 1],
      ['huber', -1],
    ] as const) {
      const net = await createNetwork({ inputs: 2, layers: [flat, { units: 2, activation: 'linear' }], cost, seed: 2 });
      const check = (await net.inspect()).checkGradients(zeros, new Float32Array(4).fill(target));
      expect(check.error, describeWorst(check)).toBeLessThan(1e-5);
      expect(check.referenceError, describeWorst(check)).toBeLessThan(1e-9);
    }
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], cost: 'hinge' });
    net.layers[0].setWeights(Float32Array.of(1));
    const check = (await net.inspect()).checkGradients(Float32Array.of(1, -1), Float32Array.of(1, -1));
    expect(check.error, describeWorst(check)).toBeLessThan(1e-5);
  });

  it('finds no error where gradients vanish, cancel or saturate', async () => {
    // ten sigmoid layers; outputs that hit their targets to seven digits; z up to 1000
    const deep = await createNetwork({
      inputs: 2,
      layers: Array.from({ length: 10 }, () => ({ units: 3 })),
      cost: 'quadratic',
      seed: 4,
    });
    const fitted = await createNetwork(xor);
    const saturated = await createNetwork({
      ...xor,
      layers: [
        { units: 4, activation: 'sigmoid' },
        { units: 2, activation: 'softmax' },
      ],
    });
    saturated.layers[0].setWeights(saturated.layers[0].getWeights().map((w) => 500 * w));
    saturated.layers[1].setWeights(saturated.layers[1].getWeights().map((w) => 100 * w));
    for (const [net, targets] of [
      [deep, new Float32Array(12).fill(0.3)],
      [fitted, fitted.predict(x)],
      [saturated, Uint8Array.of(0, 1, 1, 0)],
    ] as const) {
      const check = (await net.inspect()).checkGradients(x, targets);
      expect(check.error, describeWorst(check)).toBeLessThanOrEqual(1e-3);
      expect(check.referenceError, describeWorst(check)).toBeLessThanOrEqual(1e-7);
    }
  });

  it('changes nothing: training continues with the same bits, also in the middle of an epoch', async () => {
    const options: NetworkOptions = {
      inputs: 2,
      layers: [
        { units: 6, activation: 'relu', dropout: 0.4 },
        { units: 1, activation: 'sigmoid' },
      ],
      l2: 0.01,
      seed: 5,
    };
    const [net, other] = await Promise.all([createNetwork(options), createNetwork(options)]);
    const inspector = await net.inspect();
    const data = { inputs: x, targets: y };
    for (const each of [net, other]) {
      each.optimizer = adam();
      await each.trainFor(data, 1e-9, { batchSize: 1 });
    }
    inspector.checkGradients(x, y, { weights: Float32Array.of(1, 2, 3, 4) });
    for (const each of [net, other]) {
      await each.trainFor(data, 1e-9, { batchSize: 1 });
      each.trainBatch(x, y);
    }
    expect(await net.save({ training: true })).toEqual(await other.save({ training: true }));
  });

  it('refuses costs and gradients that are not finite, and undoes the step', async () => {
    const net = await createNetwork(xor);
    const inspector = await net.inspect();
    const before = await net.save({ training: true });
    net.layers[1].setWeights(net.layers[1].getWeights().map((w) => 1e30 * w));
    expect(() => inspector.checkGradients(x, y)).toThrow(
      /^checkGradients: got a cost that is not finite, want a finite one$/,
    );
    const healed = await createNetwork(xor);
    for (const l of [0, 1]) net.layers[l].setWeights(healed.layers[l].getWeights());
    expect(await net.save({ training: true })).toEqual(before);
    const line = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
    const inspectorOfLine = await line.inspect();
    expect(() => inspectorOfLine.checkGradients(Float32Array.of(1e4), Float32Array.of(1e17))).toThrow(
      /^checkGradients: gradient 0: got one that is not finite, want less than 2\^67$/,
    );
  });

  it.each<[string, { maxNorm?: number }, Optimizer, boolean]>([
    ['sgd', {}, sgd({ learningRate: 0.1 }), true],
    ['sgd with clipped values', {}, sgd({ learningRate: 0.1, clipValue: 1 }), false],
    ['sgd with a clipped norm', {}, sgd({ learningRate: 0.1, clipNorm: 1 }), false],
    ['sgd with a largest norm of weights', { maxNorm: 2 }, sgd({ learningRate: 0.1 }), false],
    ['momentum', {}, momentum({ learningRate: 0.1 }), false],
  ])('takes the path of a training step: %s', async (_, hidden, optimizer, isPlain) => {
    const layers: NetworkOptions['layers'] = [
      { units: 3, activation: 'tanh', ...hidden },
      { units: 2, activation: 'linear' },
    ];
    const net = await createNetwork({ inputs: 2, layers });
    net.optimizer = optimizer;
    const inspector = await net.inspect();
    const set = vi.spyOn(Header.prototype, 'setOptimizer');
    try {
      inspector.checkGradients(
        [0.5, -1, 2, 0.25],
        [
          [0.5, 1],
          [-1, 0],
        ],
      );
      // with a limit for clipping, the step goes through the sums of gradients, which plain steps do not use
      const limit = isPlain ? {} : { clipValue: MAX_FLOAT };
      expect(set.mock.calls).toEqual([[numbersOf(sgd({ learningRate: 1, ...limit }))]]);
    } finally {
      set.mockRestore();
    }
  });
});

describe('checkGradients finds', () => {
  const x = Float32Array.of(0.5, -1, 2, 0.25);
  const y = Float32Array.of(0.5, 1, -1, 0);

  it.each<[string, (a: number, y: number) => number]>([
    ['a wrong sign', (a, y) => -(a - y)],
    ['a missing factor', (a, y) => 2 * (a - y)],
    ['a derivative that is off by 1 %', (a, y) => 1.01 * (a - y)],
    ['a derivative without one of its terms', (a) => a],
    ['a derivative that is always 0', () => 0],
  ])('%s in a custom cost', async (_, slope) => {
    const net = await createNetwork({
      inputs: 2,
      layers: [
        { units: 3, activation: 'tanh' },
        { units: 2, activation: 'linear' },
      ],
      cost: {
        value: (a, y) => a.reduce((sum, ak, k) => sum + (ak - y[k]) ** 2 / 2, 0),
        gradient(a, y, out) {
          for (let k = 0; k < a.length; k++) out[k] = slope(a[k], y[k]);
        },
      },
      seed: 3,
    });
    const check = (await net.inspect()).checkGradients(x, y);
    expect(check.error).toBeGreaterThan(5e-3);
    // the chain rule uses the user's dC/da as it is, so only differences show that it is wrong
    expect(check.referenceError).toBeGreaterThan(5e-3);
    const { gradient, exact, difference } = check.worst;
    expect(Math.abs(gradient - exact)).toBeLessThan(1e-5);
    expect(Math.abs(exact - difference)).toBeGreaterThan(1e-3 * Math.abs(difference));
  });

  const bytes = readFileSync(new URL(`../build/${buildName}.wasm`, import.meta.url));

  /** The core with every occurrence of a constant made 1 % larger. */
  function mutant(constant: number): WebAssembly.Module {
    const pattern = Buffer.alloc(4);
    pattern.writeFloatLE(constant);
    const changed = Buffer.from(bytes);
    let found = 0;
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
      changed.writeFloatLE(1.01 * constant, at);
      found++;
    }
    expect(found).toBeGreaterThan(0);
    return new WebAssembly.Module(changed);
  }

  it.each<[string, ActivationName, number]>([
    ['2 sqrt(2 / pi) of geluTanh', 'geluTanh', 1.5957691216057308],
    ['1/3 of hardSwish', 'hardSwish', 1 / 3],
    ['lambda of selu', 'selu', 1.0507009873554805],
    ['lambda alpha of selu', 'selu', 1.7580993408473766],
    ['1/6 of hardSigmoid', 'hardSigmoid', 1 / 6],
    ['the density of gelu at 0', 'gelu', 0.3989422804014327],
  ])('%s off by 1 % in the core', async (_, activation, constant) => {
    const errorOf = async (wasm: WebAssembly.Module) => {
      const layers: NetworkOptions['layers'] = [
        { units: 16, activation },
        { units: 2, activation: 'linear' },
      ];
      const net = await Network.create({ wasm, inputs: 2, layers, seed: 1 });
      return (await net.inspect()).checkGradients(x, y).error;
    };
    expect(await errorOf(new WebAssembly.Module(bytes))).toBeLessThan(1e-4);
    expect(await errorOf(mutant(constant))).toBeGreaterThan(1e-3);
  });
});
