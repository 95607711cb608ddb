import { describe, expect, test } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import type { ClassWeights, NetworkOptions, Optimizer, TrainOptions } from '../src/index.js';
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
} from '../src/index.js';
import { deltas, forward, meanCost, type ReferenceNetwork, step } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { sgd } from '../src/spec/optimizer.js';
import { expectWithin, noErrors, passErrors, stepErrors } from './bounds.js';
import { createNetwork, EPSILON } from './build.js';
import { arraysOf } from './parameters.js';
import { randomFloats, randomLabels, randomNumbers } from './random-numbers.js';

// Sample weights, class weights and label smoothing: C = 1/n times the sum of w_x C_x, where n is the number of
// samples whose weight is not 0.

const CLASSES = 3;
const options: NetworkOptions = {
  inputs: 4,
  layers: [
    { units: 6, activation: 'tanh' },
    { units: CLASSES, activation: 'softmax' },
  ],
  seed: 3,
};

function problem(samples: number) {
  const random = randomNumbers(samples);
  const inputs = randomFloats(samples * 4, random);
  const labels = randomLabels(samples, CLASSES, random);
  // every third weight is 0
  const weights = Float32Array.from({ length: samples }, (_, i) => (i % 3 ? 3 * random() : 0));
  return { inputs, labels, weights };
}

/** The samples of `problem` whose weight is not 0. */
function counted({ inputs, labels, weights }: ReturnType<typeof problem>): ReturnType<typeof problem> {
  const kept = [...weights.keys()].filter((i) => weights[i] > 0);
  return {
    inputs: Float32Array.from(kept.flatMap((i) => [...inputs.subarray(4 * i, 4 * i + 4)])),
    labels: Uint8Array.from(kept, (i) => labels[i]),
    weights: Float32Array.from(kept, (i) => weights[i]),
  };
}

function oneHot(labels: Uint8Array): Float64Array {
  const rows = new Float64Array(labels.length * CLASSES);
  labels.forEach((label, i) => {
    rows[i * CLASSES + label] = 1;
  });
  return rows;
}

function referenceOf(net: Network): ReferenceNetwork {
  return {
    inputs: net.inputs,
    cost: 'categoricalCrossEntropy',
    layers: net.layers.map(arraysOf).map(({ units, weights, biases }, l) => ({
      units,
      activation: l ? 'softmax' : 'tanh',
      weights: Float64Array.from(weights),
      biases: Float64Array.from(biases),
    })),
  };
}

describe('sample weights', () => {
  const learningRate = 0.5;
  const steps: [string, (net: Network, data: ReturnType<typeof problem>) => unknown][] = [
    ['trainBatch', (net, { inputs, labels, weights }) => net.trainBatch(inputs, labels, weights)],
    [
      'forward, backward, applyGradients',
      (net, { inputs, labels, weights }) => {
        net.forward(inputs);
        net.backward(labels, weights);
        net.applyGradients();
      },
    ],
    [
      'fit, the full batch',
      (net, { inputs, labels, weights }) =>
        net.fit({ inputs, targets: labels, weights }, { epochs: 1, batchSize: labels.length, shuffle: false }),
    ],
    [
      'fit, the full batch shuffled and in chunks',
      (net, { inputs, labels, weights }) =>
        net.fit({ inputs, targets: labels, weights }, { epochs: 1, batchSize: 100, accumulate: 4 }),
    ],
  ];
  test.each(steps)('%s: the step is that of the reference', async (name, take) => {
    const samples = name.includes('chunks') ? 301 : 20;
    const data = problem(samples);
    const net = await createNetwork(options);
    net.optimizer = sgd({ learningRate });
    const reference = referenceOf(net);
    const { inputs, labels, weights } = counted(data);
    const settings = { learningRate, l2: 0, trainingSamples: labels.length };
    const [x, y, w] = [Float64Array.from(inputs), oneHot(labels), Float64Array.from(weights)];
    const errors = stepErrors(reference, noErrors(reference), x, y, settings, w);
    await take(net, data);
    step(reference, x, y, settings, w).layers.forEach(({ weights, biases }, l) => {
      expectWithin(`layers[${l}].weights`, net.layers[l].getWeights(), weights, errors[l].weights);
      expectWithin(`layers[${l}].biases`, net.layers[l].getBiases(), biases, errors[l].biases);
    });
  });

  test('stay with their samples in the shuffle: if all but one are 0, an epoch is the step of that sample', async () => {
    const { inputs, labels } = problem(17);
    for (const only of [0, 5, 16]) {
      const weights = new Float32Array(17);
      weights[only] = 1.5;
      const [net, single] = [await createNetwork(options), await createNetwork(options)];
      await net.fit(
        { inputs, targets: labels, weights },
        { epochs: 1, batchSize: 1, optimizer: sgd({ learningRate }) },
      );
      single.optimizer = sgd({ learningRate });
      single.trainBatch(
        inputs.subarray(only * 4, only * 4 + 4),
        labels.subarray(only, only + 1),
        weights.subarray(only, only + 1),
      );
      net.layers.forEach((layer, l) => {
        expect(layer.getWeights()).toEqual(single.layers[l].getWeights());
        expect(layer.getBiases()).toEqual(single.layers[l].getBiases());
      });
    }
  });

  test('of 1 change no bit, and those of a batch do not affect the next batch', async () => {
    const { inputs, labels, weights } = problem(20);
    const [net, plain] = [await createNetwork(options), await createNetwork(options)];
    const ones = new Float32Array(20).fill(1);
    expect(net.trainBatch(inputs, labels, ones)).toBe(plain.trainBatch(inputs, labels));
    expect(await net.save()).toEqual(await plain.save());
    await net.evaluate({ inputs, targets: labels, weights });
    await net.fit({ inputs, targets: labels }, { epochs: 1, batchSize: 7 });
    await plain.fit({ inputs, targets: labels }, { epochs: 1, batchSize: 7 });
    expect(await net.save()).toEqual(await plain.save());
    net.forward(inputs);
    plain.forward(inputs);
    net.backward(labels, weights);
    expect(net.backward(labels)).toBe(plain.backward(labels));
    expect(net.layers[1].getDelta()).toEqual(plain.layers[1].getDelta());
  });

  test('affect only the cost, in evaluate and in the reports of fit', async () => {
    const { inputs, labels, weights } = counted(problem(450));
    const net = await createNetwork({ ...options, batchSize: 7 });
    const reference = referenceOf(net);
    const values = forward(reference, Float64Array.from(inputs));
    const plain = await net.evaluate({ inputs, targets: labels });
    const weighted = await net.evaluate({ inputs, targets: labels, weights });
    const y = oneHot(labels);
    const x = Float64Array.from(inputs);
    const bounds = passErrors(reference, noErrors(reference), x, y);
    const last = bounds.length - 1;
    for (const [got, w] of [[plain.cost], [weighted.cost, Float64Array.from(weights)]] as const) {
      const wanted = meanCost(reference, values, y, w);
      // the slope of each sample's cost times the error of its z, and the roundings of the cost itself
      const slopes = deltas(reference, values, y, w)[last];
      const moved = slopes.reduce((sum, delta, i) => sum + Math.abs(delta) * bounds[last].z[i], 0) / 300;
      expectWithin('cost', [got], [wanted], [1.05 * moved + 16 * EPSILON * wanted]);
    }
    expect(Math.abs(weighted.cost - plain.cost)).toBeGreaterThan(0.01);
    expect({ ...weighted, cost: 0 }).toEqual({ ...plain, cost: 0 });
    const [{ cost, validation }] = await net.fit(
      { inputs, targets: labels, weights },
      { epochs: 1, batchSize: 300, validation: { inputs, targets: labels, weights } },
    );
    // the same numbers, added in another order
    expect(cost).toBeCloseTo(weighted.cost, 12);
    expect(validation!.cost).toBe((await net.evaluate({ inputs, targets: labels, weights })).cost);
  });

  test('of any type of numbers are taken, with the bits of a Float32Array', async () => {
    const { inputs, labels } = counted(problem(30));
    const given = Uint8Array.from(labels, (_, i) => (i % 5) + 1);
    const results = await Promise.all(
      [given, Float32Array.from(given), Float64Array.from(given), Int32Array.from(given), [...given]].map(
        async (weights) => {
          const net = await createNetwork(options);
          const { last } = await net.fit({ inputs, targets: labels, weights }, { epochs: 2, batchSize: 8 });
          return [last!.cost, net.trainBatch(inputs, labels, weights), await net.save()];
        },
      ),
    );
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test.each([
    [
      'text in a plain array',
      ['1', 1],
      TypeError,
      /^weights\[0\]: got "1", want a finite number: Number\(value\) converts it$/,
    ],
    ['too few', new Float32Array(1), RangeError, /^weights: got 1 number, want 2$/],
    ['a negative one', new Float32Array([1, -1]), RangeError, /^weights\[1\]: got -1, want a finite number from 0 up$/],
    ['a NaN', new Float32Array([Number.NaN, 1]), RangeError, /^weights\[0\]: got NaN, want/],
  ])('%s is refused, and nothing changes', async (_name, weights, error, message) => {
    const net = await createNetwork(options);
    const { inputs, labels } = problem(2);
    net.forward(inputs);
    const before = await net.save();
    for (const call of [
      () => net.trainBatch(inputs, labels, weights as Float32Array),
      () => net.backward(labels, weights as Float32Array),
    ]) {
      expect(call).toThrow(error);
      expect(call).toThrow(message);
    }
    const data = { inputs, targets: labels, weights: weights as Float32Array };
    await expect(net.evaluate(data)).rejects.toThrow(error);
    await expect(net.fit(data, { epochs: 1 })).rejects.toThrow(error);
    expect(await net.save()).toEqual(before);
  });
});

describe('a weight of 0 is the same as no sample', () => {
  const data = problem(45);
  const rest = counted(data);
  const all = { inputs: data.inputs, targets: data.labels, weights: data.weights };
  const left = { inputs: rest.inputs, targets: rest.labels, weights: rest.weights };

  const trainings: [string, TrainOptions][] = [
    ...[adam(), sgd({ learningRate: 0.3 }), momentum({ learningRate: 0.1 }), irprop(), lbfgs()].map(
      (optimizer): [string, TrainOptions] => [optimizer.name, { epochs: 3, optimizer }],
    ),
    ['small batches', { epochs: 2, batchSize: 4, optimizer: adam() }],
    ['a split, standardised', { epochs: 2, validationSplit: 0.3, standardize: true }],
    ['early stopping', { epochs: 2, validation: all, earlyStopping: {} }],
  ];
  test.each(trainings)('in fit: %s', async (_, training) => {
    const [net, other] = [await createNetwork({ ...options, l2: 0.1 }), await createNetwork({ ...options, l2: 0.1 })];
    const wanted = (await other.fit(left, training)).last!;
    const { samples, cost, validation } = (await net.fit(all, training)).last!;
    expect([samples, cost, validation]).toEqual([wanted.samples, wanted.cost, wanted.validation]);
    expect(await net.save({ training: true })).toEqual(await other.save({ training: true }));
  });

  test('of a class, of a part of a stream, of trainFor and of cross-validation', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const ofClass = { ...all, weights: Float32Array.from(data.labels, (label) => Number(label !== 1)) };
    await net.fit({ inputs: all.inputs, targets: all.targets }, { epochs: 1, classWeights: [1, 0, 1] });
    await other.fit(ofClass, { epochs: 1 });
    expect(net.trainingSamples).toBe(data.labels.filter((label) => label !== 1).length);
    await net.fitStream(() => [all, all]);
    await other.fitStream(() => [left, left]);
    expect((await net.trainFor(all, 1e-30)).samples).toBe((await other.trainFor(left, 1e-30)).samples);
    expect(await net.save()).toEqual(await other.save());
    const training = { epochs: 2, folds: 3 };
    const folds = await crossValidate(options, all, training);
    expect(folds.mean).toEqual((await crossValidate(options, left, training)).mean);
  });

  test('in evaluate, in all its numbers', async () => {
    const net = await createNetwork(options);
    expect(await net.evaluate(all, { rocAuc: true, topK: 2 })).toEqual(
      await net.evaluate(left, { rocAuc: true, topK: 2 }),
    );
    expect(await net.evaluate(all)).toEqual(await net.evaluate(left));
    const linear = await createNetwork({ inputs: 4, layers: [{ units: 1, activation: 'linear' }] });
    const numbers = { ...all, targets: Float32Array.from(data.labels) };
    expect(await linear.evaluate(numbers)).toEqual(
      await linear.evaluate({ ...left, targets: Float32Array.from(rest.labels) }),
    );
  });

  test('in one batch: trainBatch, backward and the gradients of the inspector', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    for (const each of [net, other]) each.optimizer = adam();
    for (let step = 0; step < 3; step++) {
      expect(net.trainBatch(all.inputs, all.targets, all.weights)).toBe(
        other.trainBatch(left.inputs, left.targets, left.weights),
      );
    }
    net.forward(all.inputs);
    other.forward(left.inputs);
    const [cost, wanted] = [net.backward(all.targets, all.weights), other.backward(left.targets, left.weights)];
    expect(Math.abs(cost - wanted)).toBeLessThan(1e-15);
    for (const [l, layer] of net.layers.entries()) {
      expect(layer.getWeightGradients()).toEqual(other.layers[l].getWeightGradients());
      expect(layer.getBiasGradients()).toEqual(other.layers[l].getBiasGradients());
    }
    // rows of weight 0 keep their z and a
    expect(net.layers[0].getA()).toHaveLength(45 * 6);
    net.applyGradients();
    other.applyGradients();
    expect(await net.save()).toEqual(await other.save());
    const inspector = await net.inspect();
    const check = inspector.checkGradients(all.inputs, all.targets, { weights: all.weights });
    expect(check).toEqual((await other.inspect()).checkGradients(left.inputs, left.targets, { weights: left.weights }));
    const gradients = inspector.sampleGradients(all.inputs, all.targets, all.weights)[1].biases;
    const zeros = [...data.weights.keys()].filter((i) => data.weights[i] === 0);
    for (const i of zeros) expect([...gradients.subarray(3 * i, 3 * i + 3)]).toEqual([0, 0, 0]);
    expect(gradients.subarray(3, 6).some((value) => value !== 0)).toBe(true);
  });

  test.each(
    [
      sgd({ learningRate: 0.3 }),
      momentum({ learningRate: 0.1 }),
      nesterov({ learningRate: 0.1 }),
      adagrad(),
      rmsprop(),
      adadelta(),
      adam(),
      nadam(),
      adamw(),
      lion(),
      irprop(),
    ].map((optimizer): [string, Optimizer] => [optimizer.name, optimizer]),
  )('in forward, backward and applyGradients with L1 and L2: %s', async (_, optimizer) => {
    for (const trainingSamples of [undefined, left.weights.length]) {
      const penalized = { ...options, l1: 0.3, l2: 0.2 };
      const [net, other] = [await createNetwork(penalized), await createNetwork(penalized)];
      for (const each of [net, other]) Object.assign(each, { optimizer, trainingSamples });
      for (let step = 0; step < 3; step++) {
        net.forward(all.inputs);
        net.backward(all.targets, all.weights);
        net.applyGradients();
        other.forward(left.inputs);
        other.backward(left.targets, left.weights);
        other.applyGradients();
      }
      expect(await net.save({ training: true })).toEqual(await other.save({ training: true }));
    }
  });

  test('for all samples is refused, and nothing changes', async () => {
    const net = await createNetwork(options);
    net.forward(all.inputs);
    const before = await net.save({ training: true });
    const zeros = new Float32Array(45);
    const wanted = 'got 0 for every sample, want a weight above 0 for one or more';
    expect(() => net.trainBatch(all.inputs, all.targets, zeros)).toThrow(`weights: ${wanted}`);
    expect(() => net.backward(all.targets, zeros)).toThrow(`weights: ${wanted}`);
    const none = { ...all, weights: zeros };
    await expect(net.evaluate(none)).rejects.toThrow(`data.weights: ${wanted}`);
    await expect(net.fit(none)).rejects.toThrow(`data.weights: ${wanted}`);
    await expect(net.fit(all, { validation: none })).rejects.toThrow(`options.validation.weights: ${wanted}`);
    await expect(net.fit(left, { classWeights: [0, 0, 0] })).rejects.toThrow(
      `options.classWeights times data.weights: ${wanted}`,
    );
    expect(await net.save({ training: true })).toEqual(before);
  });
});

describe('class weights', () => {
  test.each([
    ['alone', false],
    ['times sample weights', true],
  ])('%s: the bits are those of the products as sample weights', async (_name, isWeighted) => {
    const { inputs, labels, weights } = problem(50);
    const classWeights = [0.5, 0, 3];
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const products = weights.map((weight, i) => classWeights[labels[i]] * (isWeighted ? weight : 1));
    const given = isWeighted ? { inputs, targets: labels, weights } : { inputs, targets: labels };
    const reports = [
      ...(await net.fit(given, {
        epochs: 1,
        batchSize: 8,
        classWeights: Float32Array.from(classWeights),
        validation: given,
      })),
    ];
    const wanted = [
      ...(await other.fit(
        { inputs, targets: labels, weights: products },
        { epochs: 1, batchSize: 8, validation: given },
      )),
    ];
    expect(await net.save()).toEqual(await other.save());
    expect(reports[0].cost).toBe(wanted[0].cost);
    // class weights have no effect on the validation
    expect(reports[0].validation).toEqual(wanted[0].validation);
    // fit does not change the arrays of the user
    expect(weights).toEqual(problem(50).weights);
  });

  test('do not affect validation on a split', async () => {
    const { inputs, labels, weights } = problem(50);
    const costs = await Promise.all(
      [
        [1, 1, 1],
        [0.5, 0, 3],
      ].map(async (classWeights) => {
        const net = await createNetwork(options);
        const data = { inputs, targets: labels, weights };
        const still = sgd({ learningRate: 1e-30 });
        const [{ validation }] = await net.fit(data, {
          epochs: 1,
          classWeights,
          validationSplit: 0.4,
          optimizer: still,
        });
        return validation?.cost;
      }),
    );
    expect(costs[1]).toBe(costs[0]);
  });

  test('of one output are for the labels 0 and 1', async () => {
    const one = { ...options, layers: [{ units: 1, activation: 'sigmoid' as const }] };
    const { inputs } = problem(9);
    const targets = Uint8Array.from({ length: 9 }, (_, i) => i % 2);
    const [net, other] = [await createNetwork(one), await createNetwork(one)];
    await net.fit({ inputs, targets }, { epochs: 1, classWeights: [2, 5] });
    await other.fit(
      { inputs, targets, weights: Float32Array.from(targets, (label) => (label ? 5 : 2)) },
      { epochs: 1 },
    );
    expect(await net.save()).toEqual(await other.save());
  });

  test.each([
    [
      'a number',
      2,
      TypeError,
      /^options\.classWeights: got 2, want "balanced", an array of 3 numbers, or an object with numbers by class$/,
    ],
    ['too few', [1, 2], RangeError, /^options\.classWeights: got 2 weights, want 3, one for each class$/],
    ['a negative one', [1, -2, 1], RangeError, /^options\.classWeights\[1\]: got -2, want a finite number from 0 up$/],
    ['one that f32 cannot hold', [1, 1e39, 1], RangeError, /^options\.classWeights\[1\]: got Infinity, want/],
    ['a string', [1, 2, '3'], TypeError, /^options\.classWeights\[2\]: got "3", want a finite number/],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is refused
    ['a hole', [1, , 3], TypeError, /^options\.classWeights\[1\]: got undefined, want/],
    [
      'the class of another network',
      { a: 1 },
      RangeError,
      /^options\.classWeights: got the class "a", want one of "0", "1", "2"$/,
    ],
    ['no class', {}, TypeError, /^options\.classWeights: got an object \(Object\), want "balanced", an array of 3/],
    ['a Map', new Map([[0, 1]]), TypeError, /^options\.classWeights: got an object \(Map\), want "balanced"/],
    ['another word', 'even', TypeError, /^options\.classWeights: got "even", want "balanced"/],
    [
      'text in an object',
      { 1: '2' },
      TypeError,
      /^options\.classWeights\[1\]: got "2", want a finite number from 0 up: 2 without quotes$/,
    ],
  ] as [string, unknown, ErrorConstructor, RegExp][])(
    'refuses %s, and nothing changes',
    async (_name, classWeights, error, message) => {
      const net = await createNetwork(options);
      const before = await net.save();
      const { inputs, labels } = problem(6);
      const fit = net.fit({ inputs, targets: labels }, { epochs: 1, classWeights: classWeights as number[] });
      await expect(fit).rejects.toThrow(message);
      await expect(fit).rejects.toBeInstanceOf(error);
      expect(await net.save()).toEqual(before);
    },
  );

  describe.each([
    ['labels', (labels: Uint8Array) => labels],
    ['one-hot rows', (labels: Uint8Array) => Float32Array.from(oneHot(labels))],
  ])('for %s', (_name, targetsOf) => {
    test.each<[string, ClassWeights, (counts: number[]) => number[]]>([
      ["'balanced' gives all classes the same sum", 'balanced', (counts) => counts.map((count) => 50 / (3 * count))],
      ['an object has the names of classes, and 1 for the others', { b: 0.25, c: 4 }, () => [1, 0.25, 4]],
    ])('%s', async (_title, classWeights, weightsOf) => {
      const { inputs, labels } = problem(50);
      const named = { ...options, classes: ['a', 'b', 'c'] };
      const [net, other] = [await createNetwork(named), await createNetwork(named)];
      const counts = [0, 1, 2].map((label) => labels.filter((each) => each === label).length);
      const each = weightsOf(counts).map(Math.fround);
      const targets = targetsOf(labels);
      await net.fit({ inputs, targets }, { epochs: 2, classWeights });
      await other.fit({ inputs, targets, weights: Float32Array.from(labels, (label) => each[label]) }, { epochs: 2 });
      expect(await net.save()).toEqual(await other.save());
    });
  });

  test("'balanced' leaves out classes that do not occur, and counts only the training part of a split", async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const { inputs } = problem(20);
    // the last eight samples are the validation part, in which the shares of the classes differ
    const targets = Uint8Array.from({ length: 20 }, (_, i) => (i % 4 === 0 || i >= 12 ? 2 : 0));
    const validationSplit = { share: 0.4, from: 'end' } as const;
    await net.fit({ inputs, targets }, { epochs: 2, classWeights: 'balanced', validationSplit });
    await other.fit({ inputs, targets }, { epochs: 2, classWeights: [12 / (2 * 9), 1, 12 / (2 * 3)], validationSplit });
    expect(await net.save()).toEqual(await other.save());
  });

  test('of signs are for the labels 0 and 1; shares and numbers have none', async () => {
    const signed: NetworkOptions = { inputs: 4, layers: [{ units: 1, activation: 'tanh' }], cost: 'hinge', seed: 2 };
    const { inputs } = problem(9);
    const targets = Float32Array.from({ length: 9 }, (_, i) => (i % 3 ? -1 : 1));
    const [net, other] = [await createNetwork(signed), await createNetwork(signed)];
    await net.fit({ inputs, targets }, { epochs: 1, classWeights: 'balanced' });
    const weights = targets.map((y) => (y > 0 ? 9 / (2 * 3) : 9 / (2 * 6)));
    await other.fit({ inputs, targets, weights }, { epochs: 1 });
    expect(await net.save()).toEqual(await other.save());
    const refused = async (given: NetworkOptions, y: number[][], message: string) => {
      const data = { inputs: inputs.subarray(0, 4 * y.length), targets: y };
      const fit = (await createNetwork(given)).fit(data, { epochs: 1, classWeights: 'balanced' });
      await expect(fit).rejects.toThrow(message);
    };
    const shares = 'options.classWeights: got weights of classes for the target 0.5 of row 1, want targets of 0 and 1';
    await refused(options, [[0, 1, 0], [0.5, 0.5, 0]], shares); // biome-ignore format: short
    const linear: NetworkOptions = { inputs: 4, layers: [{ units: 1, activation: 'linear' }] };
    await refused(
      linear,
      [[0.5], [3]],
      'options.classWeights: got weights of classes for a network that learns numbers',
    );
  });

  test('refuses products that f32 cannot hold', async () => {
    const net = await createNetwork(options);
    const { inputs, labels } = problem(6);
    const weights = new Float32Array(6).fill(1e30);
    await expect(
      net.fit({ inputs, targets: labels, weights }, { epochs: 1, classWeights: [1e30, 1e30, 1e30] }),
    ).rejects.toThrow(/^options\.classWeights times data\.weights\[0\]: got Infinity, want a finite number/);
  });
});

describe('label smoothing', () => {
  test('trains and evaluates as with the smoothed rows, for labels and for rows', async () => {
    const smoothing = 0.25;
    const { inputs, labels } = problem(30);
    const rows = oneHot(labels);
    // exact in f32 except for the third
    const smoothed = Float32Array.from(rows, (y) =>
      Math.fround(Math.fround(y * (1 - smoothing)) + Math.fround(smoothing / CLASSES)),
    );
    const plain = await createNetwork(options);
    await plain.fit({ inputs, targets: smoothed }, { batchSize: 4, epochs: 2 });
    const wanted = await plain.evaluate({ inputs, targets: smoothed });
    for (const targets of [labels, Float32Array.from(rows)]) {
      const net = await createNetwork({ ...options, labelSmoothing: smoothing });
      await net.fit({ inputs, targets }, { batchSize: 4, epochs: 2 });
      expect(net.predict(inputs)).toEqual(plain.predict(inputs));
      expect(await net.evaluate({ inputs, targets })).toEqual(wanted);
    }
  });
});
