import { afterAll, describe, expect, it } from 'vitest';
import type { NetworkOptions, Optimizer, TrainOptions, TypedDataSet } from '../src/index.js';
import { deltas, forward, meanCost, type ReferenceNetwork } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  irprop,
  lbfgs,
  lion,
  momentum,
  nadam,
  nesterov,
  rmsprop,
  sgd,
} from '../src/spec/optimizer.js';
import { cosine, exponential, inverseTime, oneCycle, polynomial, step } from '../src/spec/schedule.js';
import { expectWithin, noErrors, passErrors } from './bounds.js';
import { createNetwork, EPSILON } from './build.js';
import { arraysOf } from './parameters.js';
import { randomNumbers, SEED } from './random-numbers.js';

// Random networks, data and options. After every valid call, the network computes what the reference does with its
// weights. Every invalid call is refused with a TypeError or a RangeError, and not one byte changes.

const NETWORKS = 80;
const ATTACKS = 12;

// biome-ignore lint/suspicious/noExplicitAny: what would not compile
type Anything = any;

const random = randomNumbers(SEED);
const below = (count: number) => Math.floor(random() * count);
const pick = <T>(values: readonly T[]): T => values[below(values.length)];
const chance = (share: number) => random() < share;
const count = { trained: 0, refused: 0 };

const ACTIVATIONS = ['sigmoid', 'tanh', 'relu', 'leakyRelu', 'elu', 'gelu', 'silu', 'softsign', 'linear'] as const;
const OUTPUTS = [
  ['quadratic', 'linear'],
  ['quadratic', 'sigmoid'],
  ['quadratic', 'tanh'],
  ['huber', 'linear'],
  ['binaryCrossEntropy', 'sigmoid'],
  ['categoricalCrossEntropy', 'softmax'],
] as const;

const rate = (learningRate: number) => {
  const span = chance(0.5) ? { steps: 1 + below(20) } : { epochs: 1 + below(4) };
  return pick([
    learningRate,
    step({ initial: learningRate, ...span }),
    exponential({ initial: learningRate, factor: 0.9, ...span }),
    inverseTime({ initial: learningRate, ...span }),
    polynomial({ initial: learningRate, ...span }),
    cosine({ initial: learningRate, warmUp: below(3), ...span }),
    oneCycle({ maximum: learningRate, ...span }),
    () => learningRate,
  ]);
};

function randomOptimizer(): Optimizer {
  const clipping = pick([{}, { clipNorm: 0.5 }, { clipValue: 0.25 }]);
  return pick([
    () => sgd({ learningRate: rate(0.1), ...clipping }),
    () => momentum({ learningRate: rate(0.02), momentum: random(), ...clipping }),
    () => nesterov({ learningRate: rate(0.02), ...clipping }),
    () => adagrad({ learningRate: rate(0.05), ...clipping }),
    () => adadelta({ rho: random(), ...clipping }),
    () => rmsprop({ alpha: 0.9, ...clipping }),
    () => adam({ learningRate: rate(0.01), beta1: random(), ...clipping }),
    () => adamw({ weightDecay: random(), ...clipping }),
    () => nadam({ momentumDecay: random() }),
    () => lion({ learningRate: rate(0.002) }),
    () => irprop({ spread: random() }),
    () => lbfgs({ history: 1 + below(5) }),
  ])();
}

/** Inputs, targets and perhaps weights of samples. */
function randomData(
  inputs: number,
  outputs: number,
  isClasses: boolean,
  isSigned: boolean,
): TypedDataSet & { weights: Float32Array } {
  const rows = 2 + below(20);
  const targets = new Float32Array(rows * outputs);
  for (let i = 0; i < rows; i++) {
    if (isClasses) targets[i * outputs + below(outputs)] = 1;
    // multiples of 1/3 are neither labels nor rows of 0 and 1
    else for (let k = 0; k < outputs; k++) targets[i * outputs + k] = (1 + below(2)) / 3 - (isSigned ? 0.5 : 0);
  }
  return {
    inputs: Float32Array.from({ length: rows * inputs }, () => 4 * random() - 2),
    targets,
    weights: Float32Array.from({ length: rows }, () => 0.5 + random()),
  };
}

interface Scenario {
  options: NetworkOptions;
  data: TypedDataSet & { weights: Float32Array };
  training: TrainOptions;
}

function randomScenario(): Scenario {
  const [cost, activation] = pick(OUTPUTS);
  const isClasses = activation === 'softmax';
  const inputs = 1 + below(6);
  const outputs = isClasses ? 2 + below(4) : 1 + below(5);
  const optimizer = randomOptimizer();
  const isWhole = optimizer.name === 'irprop' || optimizer.name === 'lbfgs';
  const isPlain = optimizer.name === 'lbfgs';
  const hidden = Array.from({ length: below(3) }, () => ({
    units: 1 + below(9),
    activation: pick(ACTIVATIONS),
    bias: chance(0.8),
    ...(chance(0.2) && !isPlain ? { dropout: 0.25 } : {}),
    ...(chance(0.2) && !isPlain ? { maxNorm: 1 } : {}),
  }));
  const data = randomData(inputs, outputs, isClasses, activation !== 'sigmoid');
  const options: NetworkOptions = {
    inputs,
    layers: [...hidden, { units: outputs, activation }],
    cost: cost as Anything,
    seed: below(2 ** 31),
    batchSize: 1 + below(20),
    ...(chance(0.3) ? { l2: random() } : {}),
    ...(chance(0.2) && !isPlain ? { l1: random() / 10 } : {}),
  };
  const training: TrainOptions = {
    epochs: 1 + below(3),
    optimizer,
    // lbfgs refuses true; the draw is made for all, so that the cases of other optimizers stay the same
    shuffle: chance(0.5) && !isPlain,
    ...(isWhole ? {} : { batchSize: 1 + below(25), ...(chance(0.3) ? { accumulate: 1 + below(3) } : {}) }),
    ...(chance(0.3) ? { validation: { inputs: data.inputs, targets: data.targets } } : {}),
    ...(chance(0.2) ? { onBatch: () => {} } : {}),
    ...(chance(0.2) ? { onEpoch: () => {} } : {}),
  };
  return { options, data, training };
}

const f64 = (values: ArrayLike<number>) => Float64Array.from(values);

/** Compares the network's outputs, cost and gradients with the reference, which gets the same weights. */
async function expectReference(net: Network, { options, data }: Scenario): Promise<void> {
  const network = {
    inputs: options.inputs,
    cost: net.cost,
    layers: net.layers.map(arraysOf).map(({ units, activation, weights, biases }) => ({
      units,
      activation,
      weights: f64(weights),
      // a layer without biases has none
      biases: biases.length ? f64(biases) : new Float64Array(units),
    })),
  } as ReferenceNetwork;
  const [x, y, w] = [f64(data.inputs as Float32Array), f64(data.targets), f64(data.weights)];
  const values = forward(network, x);
  const bounds = passErrors(network, noErrors(network), x, y);
  const last = bounds.length - 1;
  expectWithin('predict', net.predict(data.inputs), values[last].a, bounds[last].a);
  if (options.l1 || options.l2) return;
  const wanted = meanCost(network, values, y, w);
  // each sample's cost may be off by its slope times the error of its z, and by the roundings of the cost itself
  const slopes = deltas(network, values, y, w)[last];
  const moved = slopes.reduce((sum, delta, i) => sum + Math.abs(delta) * bounds[last].z[i], 0) / w.length;
  expectWithin('cost', [(await net.evaluate(data)).cost], [wanted], [1.05 * moved + 32 * EPSILON * (1 + wanted)]);
}

const NO_COUNTS = [Number.NaN, -1, 0, 1.5, Number.POSITIVE_INFINITY, 2 ** 31, '3', true, [], {}, 3n, Symbol('3')];
const NO_NUMBERS = [Number.NaN, -1, Number.POSITIVE_INFINITY, '1', true, [], {}, 1n, Symbol('1')];
const NO_BOOLEANS = [0, 1, 'true', {}, [], Number.NaN, () => true];
const NO_FUNCTIONS = [0, 1, 'f', {}, [], true];
const NO_OBJECTS = [1, 'x', true, [], { unknown: 1 }, Symbol('x')];
const NO_OPTIMIZERS: Anything[] = [
  ...NO_OBJECTS,
  {},
  { name: 'sgd' },
  { name: 'none', learningRate: 1 },
  ...NO_NUMBERS.filter((value) => typeof value !== 'object').map((learningRate) => ({ name: 'sgd', learningRate })),
  ...NO_NUMBERS.map((beta1) => ({ name: 'adam', beta1 })),
  ...NO_NUMBERS.map((clipNorm) => ({ name: 'adam', clipNorm })),
  { name: 'adam', beta2: 1 },
  { name: 'adam', mu: 0.9 },
  { name: 'lbfgs', clipNorm: 1 },
];

/** Arrays that must be refused in place of `values`. `isAnyCount`: an array of another length is valid. */
function wrongArrays(values: Float32Array, isAnyCount = false): Anything[] {
  const detached = values.slice();
  structuredClone(detached, { transfer: [detached.buffer] });
  const withOne = (value: number) => {
    const copy = values.slice();
    copy[below(copy.length)] = value;
    return copy;
  };
  return [
    null,
    5,
    'values',
    {},
    Array.from(values, String),
    [...values.slice(1), null],
    [values, values.slice(1)],
    new BigInt64Array(values.length),
    values.buffer,
    { length: values.length, 0: 1 },
    detached,
    new Float32Array(0),
    ...(isAnyCount ? [] : [Float32Array.of(...values, 0.5, ...values)]),
    withOne(Number.NaN),
    withOne(Number.NEGATIVE_INFINITY),
  ];
}

const withWrong = (given: object, wrong: Readonly<Record<string, readonly unknown[]>>): Anything => {
  const copy: Record<string, unknown> = { ...given };
  const keys = Object.keys(wrong);
  // one wrong value, and sometimes a second one beside it
  for (let left = chance(0.3) ? 2 : 1; left > 0; left--) {
    const key = pick(keys);
    copy[key] = pick(wrong[key]);
  }
  return copy;
};

const wrongData = (data: TypedDataSet & { weights: Float32Array }) =>
  chance(0.1)
    ? pick<Anything>([undefined, null, 1, 'data', [], {}, { ...data, labels: data.targets }])
    : withWrong(data, {
        inputs: wrongArrays(data.inputs as Float32Array),
        targets: wrongArrays(data.targets as Float32Array),
        weights: [...wrongArrays(data.weights as Float32Array).slice(1), data.weights.map((w) => -w)],
      });

const wrongTraining = (training: TrainOptions) =>
  withWrong(training, {
    epochs: NO_COUNTS,
    batchSize: NO_COUNTS,
    accumulate: NO_COUNTS,
    shuffle: NO_BOOLEANS,
    standardize: NO_BOOLEANS,
    ignoreNonFinite: NO_BOOLEANS,
    onEpoch: NO_FUNCTIONS,
    onBatch: NO_FUNCTIONS,
    onProgress: NO_FUNCTIONS,
    optimizer: NO_OPTIMIZERS,
    validation: [...NO_OBJECTS, {}],
    earlyStopping: [...NO_OBJECTS, ...NO_COUNTS.map((patience) => ({ patience }))],
    validationSplit: [-0.1, 0, 1.5, 2 ** 40, Number.NaN, 'half', true, [], { unknown: 1 }],
    signal: [...NO_OBJECTS, {}],
    epoch: [1],
    learningRate: [0.1],
  });

const wrongOptions = (options: NetworkOptions) =>
  withWrong(options, {
    inputs: NO_COUNTS,
    layers: [
      1,
      'layers',
      {},
      [],
      [{}],
      [1],
      [{ units: 1, activation: 'none' }],
      ...NO_COUNTS.map((units) => [{ units }]),
    ],
    cost: [1, 'none', {}, [], { name: 'huber', delta: -1 }, { value: 1, gradient: 1 }],
    l1: NO_NUMBERS,
    l2: NO_NUMBERS,
    seed: [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, '1', {}],
    batchSize: NO_COUNTS,
    bias: NO_BOOLEANS,
    penalizeBiases: NO_BOOLEANS,
    labelSmoothing: [1, ...NO_NUMBERS],
    hidden: [3],
  });

/** Makes one call that must be refused. Returns its name and its arguments. */
function attack(net: Network, { options, data, training }: Scenario): [string, unknown, () => unknown] {
  const inputs: Anything = pick(wrongArrays(data.inputs as Float32Array));
  const rows: Anything = pick(wrongArrays(data.inputs as Float32Array, options.inputs === 1));
  const targets: Anything = pick(wrongArrays(data.targets as Float32Array));
  const wrong = { data: wrongData(data), training: wrongTraining(training), optimizer: pick(NO_OPTIMIZERS) };
  const created = wrongOptions(options);
  return pick<[string, unknown, () => unknown]>([
    ['fit data', wrong.data, () => net.fit(wrong.data, training)],
    ['fit options', wrong.training, () => net.fit(data, wrong.training)],
    ['fit both', wrong, () => net.fit(wrong.data, wrong.training)],
    ['evaluate', wrong.data, () => net.evaluate(wrong.data)],
    ['predict', rows, () => net.predict(rows)],
    ['forward', rows, () => net.forward(rows)],
    ['trainBatch inputs', inputs, () => net.trainBatch(inputs, data.targets)],
    ['trainBatch targets', targets, () => net.trainBatch(data.inputs, targets)],
    [
      'optimizer',
      wrong.optimizer,
      () => {
        net.optimizer = wrong.optimizer;
      },
    ],
    ['create', created, () => createNetwork(created)],
  ]);
}

/** A value as text, for messages about failures. */
const shown = (value: unknown) =>
  JSON.stringify(value, (_key, part) => {
    if (ArrayBuffer.isView(part)) return `${part.constructor.name}(${(part as Float32Array).length})`;
    return typeof part === 'number' || ['bigint', 'symbol', 'function'].includes(typeof part) ? String(part) : part;
  });

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe(`random networks, seed ${SEED}`, () => {
  it('valid calls agree with the reference, invalid ones throw and change nothing', async () => {
    for (let i = 0; i < NETWORKS; i++) {
      const scenario = randomScenario();
      const { options, data, training } = scenario;
      const net = await createNetwork(options);
      const given = chance(0.5) ? data : { inputs: data.inputs, targets: data.targets };
      const reports = await net.fit(given, training);
      expect(reports.length).toBeLessThanOrEqual(training.epochs!);
      await expectReference(net, scenario);
      count.trained++;
      const before = await net.save({ training: true });
      for (let k = 0; k < ATTACKS; k++) {
        const [name, value, call] = attack(net, scenario);
        const error = await thrownBy(call);
        const where = `network ${i}, ${name} ${shown(value)}: ${error}`;
        expect(error instanceof TypeError || error instanceof RangeError, where).toBe(true);
        expect(Buffer.compare(await net.save({ training: true }), before), where).toBe(0);
        count.refused++;
      }
      // the refused calls have no effect on later training
      await net.fit(given, training);
      await expectReference(net, scenario);
      net.dispose();
    }
  });

  afterAll(() => {
    console.log(`attack: ${count.trained} networks trained, ${count.refused} invalid calls refused, seed ${SEED}`);
  });
});
