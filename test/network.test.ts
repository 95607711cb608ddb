import { describe, expect, it, vi } from 'vitest';
import type {
  ActivationName,
  DataSet,
  EpochReport,
  InitializerName,
  Inputs,
  LayerOptions,
  NetworkOptions,
  ProgressReport,
  Targets,
} from '../src/index.js';
import { sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, EPSILON, loadNetwork, randomNumbers, slowClock } from './build.js';

const layer = (units: number, activation: ActivationName = 'sigmoid', initializer?: InitializerName): LayerOptions => ({
  units,
  activation,
  initializer,
});

/** Odd widths, so that every kind of padding is there. */
const classifier: NetworkOptions = {
  inputs: 7,
  layers: [layer(19, 'tanh'), layer(5, 'relu'), layer(3, 'softmax')],
  seed: 11,
};

function randomFloats(count: number, seed: number): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from({ length: count }, () => 2 * random() - 1);
}

function randomLabels(count: number, classes: number, seed: number): Uint8Array {
  const random = randomNumbers(seed);
  return Uint8Array.from({ length: count }, () => Math.floor(classes * random()));
}

/** A task for `classifier`. */
function randomSamples(samples: number, seed = 1): { inputs: Float32Array; targets: Uint8Array } {
  return { inputs: randomFloats(samples * 7, seed), targets: randomLabels(samples, 3, seed + 1) };
}

/** Every weight and bias, as bits: -0 is not 0 and NaN is NaN. */
function parameterBits({ layers }: Network): Uint32Array[] {
  return layers.flatMap(({ weights, biases }) => [bits(weights), bits(biases)]);
}

const bits = (values: Float32Array) => new Uint32Array(values.slice().buffer);

const rowsOf = <T extends Inputs | Targets>(values: T, width: number, first: number, rows: number) =>
  values.subarray(first * width, (first + rows) * width) as T;

/** The steps of an epoch in the order stored, one call each. */
function trainInOrder(net: Network, { inputs, targets }: DataSet, batchSize: number): void {
  const samples = inputs.length / net.inputs;
  const targetWidth = targets.length / samples;
  for (let first = 0; first < samples; first += batchSize) {
    const rows = Math.min(batchSize, samples - first);
    net.trainBatch(rowsOf(inputs, net.inputs, first, rows), rowsOf(targets, targetWidth, first, rows));
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('creation', () => {
  it('draws the same weights for the same seed, others for another', async () => {
    const options: NetworkOptions = {
      inputs: 9,
      layers: [layer(17, 'tanh', 'standardNormal'), layer(3, 'sigmoid', 'scaledNormal')],
    };
    const first = await createNetwork({ ...options, seed: 42 });
    const again = await createNetwork({ ...options, seed: 42, batchSize: 1 });
    expect(parameterBits(again)).toEqual(parameterBits(first));
    // the high half of the seed counts too
    for (const seed of [undefined, 43, 42 + 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const other = await createNetwork({ ...options, seed });
      parameterBits(other).forEach((values, i) => {
        expect(values).not.toEqual(parameterBits(first)[i]);
      });
    }
  });

  it('draws other numbers for each layer, and for weights than for biases', async () => {
    const net = await createNetwork({
      inputs: 4,
      layers: [layer(4, 'linear', 'standardNormal'), layer(4, 'linear', 'standardNormal')],
    });
    const drawn = net.layers.flatMap(({ weights, biases }) => [...weights, ...biases]);
    expect(new Set(drawn).size).toBe(2 * (16 + 4));
  });

  const fanIn = 300;
  const units = 101;
  const glorot = 2 / (fanIn + units);
  it.each<{ initializer: InitializerName; variance: number; kurtosis: number; biasVariance: number }>([
    { initializer: 'glorotUniform', variance: glorot, kurtosis: 9 / 5, biasVariance: 0 },
    { initializer: 'glorotNormal', variance: glorot, kurtosis: 3, biasVariance: 0 },
    { initializer: 'heUniform', variance: 2 / fanIn, kurtosis: 9 / 5, biasVariance: 0 },
    { initializer: 'heNormal', variance: 2 / fanIn, kurtosis: 3, biasVariance: 0 },
    { initializer: 'lecunUniform', variance: 1 / fanIn, kurtosis: 9 / 5, biasVariance: 0 },
    { initializer: 'lecunNormal', variance: 1 / fanIn, kurtosis: 3, biasVariance: 0 },
    { initializer: 'scaledNormal', variance: 1 / fanIn, kurtosis: 3, biasVariance: 1 },
    { initializer: 'standardNormal', variance: 1, kurtosis: 3, biasVariance: 1 },
  ])('$initializer has mean 0 and its variance', async ({ initializer, variance, kurtosis, biasVariance }) => {
    const net = await createNetwork({ inputs: fanIn, layers: [layer(units, 'tanh', initializer)], seed: 3 });
    const { weights, biases } = net.layers[0];
    // Four standard errors: of a mean of n, sqrt(variance / n); of a variance, variance sqrt((kurtosis - 1) / n).
    const expectMoments = (values: Float32Array, expected: number) => {
      const n = values.length;
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const square = values.reduce((sum, value) => sum + value ** 2, 0) / n;
      expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(expected / n));
      expect(Math.abs(square - expected)).toBeLessThan(4 * expected * Math.sqrt((kurtosis - 1) / n));
    };
    expectMoments(weights, variance);
    if (biasVariance) expectMoments(biases, biasVariance);
    else expect(biases).toEqual(new Float32Array(units));
    // a uniform distribution ends at sqrt(3) deviations, a normal one of 30,300 numbers does not
    const largest = weights.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
    const end = Math.sqrt(3 * variance);
    if (kurtosis < 3) expect(largest).toBeLessThanOrEqual(Math.fround(end));
    else expect(largest).toBeGreaterThan(2 * end);
  });

  it('zeros makes every weight and bias 0', async () => {
    const net = await createNetwork({ inputs: 5, layers: [layer(6, 'tanh', 'zeros')] });
    expect(net.layers[0].weights.every((w) => w === 0)).toBe(true);
    // no -0: a sum that starts from it would show whether inputs that are 0 were left out
    expect(bits(net.layers[0].biases)).toEqual(new Uint32Array(6));
  });

  it('initialises relu layers with heNormal and all others with glorotUniform', async () => {
    const first = await createNetwork({ inputs: 9, layers: [layer(8, 'relu'), layer(4, 'tanh')] });
    const named = await createNetwork({
      inputs: 9,
      layers: [layer(8, 'relu', 'heNormal'), layer(4, 'tanh', 'glorotUniform')],
    });
    expect(parameterBits(first)).toEqual(parameterBits(named));
  });

  it('says what it is', async () => {
    const net = await createNetwork({ ...classifier, l2: 2 });
    expect(net).toMatchObject({ inputs: 7, outputs: 3, cost: 'categoricalCrossEntropy', l2: 2, seed: 11 });
    expect(net.parameters).toBe(8 * 19 + 20 * 5 + 6 * 3);
    expect(net.layers.map(({ fanIn, units, activation }) => [fanIn, units, activation])).toEqual([
      [7, 19, 'tanh'],
      [19, 5, 'relu'],
      [5, 3, 'softmax'],
    ]);
    expect(net.optimizer).toEqual(sgd({ learningRate: 0.1 }));
    expect(net.trainingSamples).toBeUndefined();
  });

  it('takes the cost that belongs to the output activation', async () => {
    const costOf = async (activation: ActivationName) =>
      (await createNetwork({ inputs: 1, layers: [layer(2, activation)] })).cost;
    expect(await costOf('sigmoid')).toBe('binaryCrossEntropy');
    expect(await costOf('softmax')).toBe('categoricalCrossEntropy');
    expect(await costOf('tanh')).toBe('quadratic');
    expect(await costOf('relu')).toBe('quadratic');
    expect(await costOf('linear')).toBe('quadratic');
  });

  it('gives back the weights and biases that were written, for any widths', async () => {
    for (const [inputs, units] of [
      [1, 1],
      [2, 3],
      [3, 4],
      [5, 15],
      [15, 16],
      [16, 17],
      [33, 31],
      [7, 65],
    ]) {
      const net = await createNetwork({ inputs, layers: [layer(units), layer(3)] });
      const next = bits(net.layers[1].weights);
      const weights = randomFloats(inputs * units, 1);
      const biases = randomFloats(units, 2);
      net.layers[0].weights = weights;
      net.layers[0].biases = biases;
      expect(bits(net.layers[0].weights)).toEqual(bits(weights));
      expect(bits(net.layers[0].biases)).toEqual(bits(biases));
      // a copy each time: writing into it changes nothing
      net.layers[0].weights.fill(0);
      net.layers[0].biases.fill(0);
      expect(net.layers[0].weights).toEqual(weights);
      expect(net.layers[0].biases).toEqual(biases);
      expect(bits(net.layers[1].weights)).toEqual(next);
    }
  });

  it('reads w_jk at j * fanIn + k: unit j takes its inputs from row j', async () => {
    const net = await createNetwork({ inputs: 3, layers: [layer(2, 'linear')] });
    net.layers[0].weights = new Float32Array([1, 2, 4, 8, 16, 32]);
    net.layers[0].biases = new Float32Array([64, 128]);
    expect(net.predict(new Float32Array([1, 0, 0, 0, 1, 1]))).toEqual(new Float32Array([65, 136, 70, 176]));
  });
});

describe('learning', () => {
  const xor = { inputs: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), targets: new Uint8Array([0, 1, 1, 0]) };

  it.each<{ name: string; layers: LayerOptions[] }>([
    { name: 'tanh and one sigmoid', layers: [layer(8, 'tanh'), layer(1)] },
    { name: 'sigmoid and one sigmoid', layers: [layer(8, 'sigmoid', 'standardNormal'), layer(1)] },
    { name: 'relu and softmax', layers: [layer(16, 'relu'), layer(2, 'softmax')] },
    { name: 'tanh and linear', layers: [layer(8, 'tanh'), layer(2, 'linear')] },
    { name: 'two hidden layers and tanh', layers: [layer(8, 'tanh'), layer(8, 'tanh'), layer(2, 'tanh')] },
  ])('learns XOR with $name', async ({ layers }) => {
    const net = await createNetwork({ inputs: 2, layers, seed: 1 });
    const reports = await net.fit(xor, { epochs: 3000, batchSize: 4, optimizer: sgd({ learningRate: 0.3 }) });
    const outputs = net.predict(xor.inputs);
    const wanted = [...xor.targets].flatMap((label) => (net.outputs === 1 ? [label] : [1 - label, label]));
    outputs.forEach((a, i) => {
      expect(Math.abs(a - wanted[i])).toBeLessThan(0.25);
    });
    expect(net.evaluate(xor).accuracy).toBe(1);
    expect(reports[2999].cost).toBeLessThan(reports[0].cost / 4);
  });

  it('computes by hand: one weight, one bias, one step', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(1, 'linear')] });
    net.layers[0].weights = new Float32Array([2]);
    net.layers[0].biases = new Float32Array([1]);
    net.optimizer = sgd({ learningRate: 0.125 });
    // z = 2 . 3 + 1 = 7, C = (7 - 5)^2 / 2, delta = 2, dC/dw = 2 . 3
    expect(net.trainBatch(new Float32Array([3]), new Float32Array([5]))).toBe(2);
    expect([...net.layers[0].z, ...net.layers[0].a, ...net.layers[0].delta]).toEqual([7, 7, 2]);
    expect([...net.layers[0].weightGradients, ...net.layers[0].biasGradients]).toEqual([6, 2]);
    expect([...net.layers[0].weights, ...net.layers[0].biases]).toEqual([2 - 6 / 8, 1 - 2 / 8]);
  });

  it('computes by hand: a chain of three layers of one unit', async () => {
    const net = await createNetwork({
      inputs: 1,
      layers: [layer(1, 'linear'), layer(1, 'linear'), layer(1, 'linear')],
    });
    const weights = [2, -3, 0.5];
    for (const [l, w] of weights.entries()) net.layers[l].weights = new Float32Array([w]);
    net.optimizer = sgd({ learningRate: 0.25 });
    // a = 1, 2, -6, -3; delta^L = -3 + 1 = -2, then -2 . 0.5 = -1, then -1 . -3 = 3
    expect(net.trainBatch(new Float32Array([1]), new Float32Array([-1]))).toBe(2);
    expect(net.layers.map(({ a }) => a[0])).toEqual([2, -6, -3]);
    expect(net.layers.map(({ delta }) => delta[0])).toEqual([3, -1, -2]);
    expect(net.layers.map(({ weights: [w] }) => w)).toEqual([2 - 0.25 * 3, -3 + 0.25 * 2, 0.5 - 0.25 * 12]);
    expect(net.layers.map(({ biases: [b] }) => b)).toEqual([-0.75, 0.25, 0.5]);
  });

  it('learns with odd widths: 33-17-5', async () => {
    const net = await createNetwork({ inputs: 33, layers: [layer(17), layer(5)], seed: 2 });
    const data = { inputs: randomFloats(33 * 40, 1), targets: randomLabels(40, 5, 2) };
    await net.fit(data, { epochs: 200, batchSize: 7, optimizer: sgd({ learningRate: 2 }) });
    expect(net.evaluate(data).accuracy).toBe(1);
  });

  it('uses every sample once an epoch, a smaller last mini-batch included', async () => {
    const data = randomSamples(23);
    const [whole, stepwise] = [await createNetwork(classifier), await createNetwork(classifier)];
    await whole.fit(data, { epochs: 2, batchSize: 5, shuffle: false, optimizer: sgd({ learningRate: 0.5 }) });
    stepwise.optimizer = sgd({ learningRate: 0.5 });
    for (let epoch = 0; epoch < 2; epoch++) trainInOrder(stepwise, data, 5);
    expect(parameterBits(whole)).toEqual(parameterBits(stepwise));
  });

  it.each([
    { name: 'online', batchSize: 1 },
    { name: 'in one full batch', batchSize: 23 },
    { name: 'in batches larger than the data', batchSize: 1_000_000 },
  ])('trains $name', async ({ batchSize }) => {
    const data = randomSamples(23);
    const [whole, stepwise] = [await createNetwork(classifier), await createNetwork(classifier)];
    const before = parameterBits(whole);
    await whole.fit(data, { epochs: 2, batchSize, shuffle: false });
    for (let epoch = 0; epoch < 2; epoch++) trainInOrder(stepwise, data, batchSize);
    expect(parameterBits(whole)).toEqual(parameterBits(stepwise));
    expect(parameterBits(whole)).not.toEqual(before);
  });

  it('reports the mean cost of the samples, each before its own step', async () => {
    const data = randomSamples(23);
    const [whole, stepwise] = [await createNetwork(classifier), await createNetwork(classifier)];
    const [report] = await whole.fit(data, { batchSize: 5, shuffle: false });
    let sum = 0;
    for (let first = 0; first < 23; first += 5) {
      const rows = Math.min(5, 23 - first);
      sum += rows * stepwise.trainBatch(rowsOf(data.inputs, 7, first, rows), rowsOf(data.targets, 1, first, rows));
    }
    // both add up the same numbers in f64, in another order
    expect(Math.abs(report.cost - sum / 23)).toBeLessThan(23 * 2 ** -52 * report.cost);
  });

  /**
   * Which sample each step took: with weights that stay (all but) 0, sample i with target i costs i^2 / 2, and onBatch gives
   * the running mean of the costs.
   */
  async function ordersOf(seed: number, epochs: number, options: { shuffle?: boolean } = {}): Promise<number[][]> {
    const samples = 50;
    const net = await createNetwork({ inputs: 1, layers: [layer(1, 'linear', 'zeros')], seed });
    const orders: number[][] = Array.from({ length: epochs }, () => []);
    let sum = 0;
    await net.fit(
      { inputs: new Float32Array(samples).fill(1), targets: Float32Array.from({ length: samples }, (_, i) => i) },
      {
        ...options,
        epochs,
        batchSize: 1,
        optimizer: sgd({ learningRate: 1e-20 }),
        onBatch: ({ epoch, step, cost }) => {
          const previous = step === 1 ? 0 : sum;
          sum = cost * step;
          orders[epoch].push(Math.round(Math.sqrt(2 * (sum - previous))));
        },
      },
    );
    return orders;
  }

  it('shuffles: every epoch is another permutation of the samples, the same for the same seed', async () => {
    const orders = await ordersOf(5, 3);
    const stored = Array.from({ length: 50 }, (_, i) => i);
    for (const order of orders) expect([...order].sort((i, j) => i - j)).toEqual(stored);
    expect(new Set([stored, ...orders].map(String)).size).toBe(4);
    expect(await ordersOf(5, 3)).toEqual(orders);
    expect(await ordersOf(6, 3)).not.toEqual(orders);
    expect(await ordersOf(5, 2, { shuffle: false })).toEqual([stored, stored]);
  });

  it('trains to the same bits each time', async () => {
    const data = randomSamples(100);
    const train = async () => {
      const net = await createNetwork(classifier);
      await net.fit(data, { epochs: 5, batchSize: 8 });
      return net.save();
    };
    expect(await train()).toEqual(await train());
  });

  it('continues where the first fit ended, also after save and load', async () => {
    const data = randomSamples(30);
    const options = { batchSize: 4, optimizer: sgd({ learningRate: 0.2 }) };
    const whole = await createNetwork(classifier);
    await whole.fit(data, { ...options, epochs: 5 });
    const parts = await createNetwork(classifier);
    await parts.fit(data, { ...options, epochs: 2 });
    const loaded = await loadNetwork(parts.save());
    for (const net of [parts, loaded]) {
      // the optimizer of the first fit has become the network's own
      await net.fit(data, { batchSize: 4, epochs: 3 });
      expect(net.save()).toEqual(whole.save());
    }
  });

  it('takes data of another size and another batch in a second fit', async () => {
    const [net, stepwise] = [await createNetwork({ ...classifier, batchSize: 2 }), await createNetwork(classifier)];
    for (const [samples, batchSize] of [
      [10, 2],
      [300, 150],
      [3, 1],
      [40, 40],
    ]) {
      const data = randomSamples(samples, samples);
      await net.fit(data, { batchSize, shuffle: false });
      trainInOrder(stepwise, data, batchSize);
    }
    expect(parameterBits(net)).toEqual(parameterBits(stepwise));
  });
});

describe('data', () => {
  it('takes bytes as the floats that byte times scale gives, in training and in prediction', async () => {
    const random = randomNumbers(8);
    for (const scale of [undefined, 1 / 16, 0.3]) {
      const bytes = Uint8Array.from({ length: 23 * 7 }, () => Math.floor(256 * random()));
      const factor = Math.fround(scale ?? 1 / 255);
      // one rounding: the product of a byte and an f32 is exact in f64
      const floats = Float32Array.from(bytes, (byte) => byte * factor);
      const { targets } = randomSamples(23);
      const [first, second] = await Promise.all([bytes, floats].map(() => createNetwork({ ...classifier, scale })));
      expect(bits(first.predict(bytes))).toEqual(bits(second.predict(floats)));
      await first.fit({ inputs: bytes, targets }, { batchSize: 5, epochs: 2 });
      await second.fit({ inputs: floats, targets }, { batchSize: 5, epochs: 2 });
      expect(first.trainBatch(bytes, targets)).toBe(second.trainBatch(floats, targets));
      expect(parameterBits(first)).toEqual(parameterBits(second));
      expect(first.evaluate({ inputs: bytes, targets })).toEqual(second.evaluate({ inputs: floats, targets }));
    }
  });

  it.each([1, 3, 4, 17])('takes labels as one-hot rows of %i outputs', async (outputs) => {
    const classes = Math.max(outputs, 2);
    const options: NetworkOptions = { inputs: 7, layers: [layer(6, 'tanh'), layer(outputs)], seed: 4 };
    const { inputs } = randomSamples(23);
    const labels = randomLabels(23, classes, 5);
    const rows = new Float32Array(23 * outputs);
    labels.forEach((label, i) => {
      if (outputs === 1) rows[i] = label;
      else rows[i * outputs + label] = 1;
    });
    const results = [];
    for (const targets of [rows, labels, Int32Array.from(labels)]) {
      const net = await createNetwork(options);
      const reports = await net.fit({ inputs, targets }, { epochs: 2, batchSize: 5 });
      const trained = net.trainBatch(inputs, targets);
      net.forward(inputs);
      const cost = net.backward(targets);
      const costs = reports.map((report) => report.cost);
      const evaluation = net.evaluate({ inputs, targets });
      results.push({ costs, trained, cost, evaluation, file: net.save() });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('takes views into larger buffers', async () => {
    const { inputs, targets } = randomSamples(10);
    const wide = new Float32Array(inputs.length + 9);
    wide.set(inputs, 3);
    const labels = new Uint8Array(30);
    labels.set(targets, 13);
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    await net.fit({ inputs: wide.subarray(3, 3 + inputs.length), targets: labels.subarray(13, 23) });
    await other.fit({ inputs, targets });
    expect(net.save()).toEqual(other.save());
  });

  it('does not keep the data: what is changed during fit has no effect', async () => {
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const data = randomSamples(20);
    await other.fit(randomSamples(20), { epochs: 3, batchSize: 5 });
    await net.fit(data, { epochs: 3, batchSize: 5, onBatch: () => data.inputs.fill(9) });
    expect(net.save()).toEqual(other.save());
  });
});

describe('l2', () => {
  /** With inputs 0 and the bias as target nothing is to be learned: a step is the decay alone. */
  async function decaying(): Promise<{ net: Network; weights: Float32Array; biases: Float32Array }> {
    const net = await createNetwork({ inputs: 5, layers: [layer(3, 'linear', 'standardNormal')], l2: 0.75, seed: 1 });
    net.optimizer = sgd({ learningRate: 0.5 });
    const { weights, biases } = net.layers[0];
    return { net, weights, biases };
  }
  const decayed = (weights: Float32Array, samples: number, steps: number) => {
    const factor = Math.fround(1 - (0.5 * 0.75) / samples);
    for (let step = 0; step < steps; step++) weights = weights.map((w) => w * factor);
    return weights;
  };

  it('shrinks weights by 1 - eta lambda / n a step, n the samples of fit, and spares biases', async () => {
    const { net, weights, biases } = await decaying();
    const targets = Float32Array.from({ length: 6 * 3 }, (_, i) => biases[i % 3]);
    await net.fit({ inputs: new Float32Array(6 * 5), targets }, { batchSize: 2, epochs: 2 });
    expect(net.trainingSamples).toBe(6);
    expect(bits(net.layers[0].weights)).toEqual(bits(decayed(weights, 6, 6)));
    expect(bits(net.layers[0].biases)).toEqual(bits(biases));
  });

  it('takes the rows of the batch for n until trainingSamples is known', async () => {
    for (const trainingSamples of [undefined, 100]) {
      const { net, weights, biases } = await decaying();
      net.trainingSamples = trainingSamples;
      const n = trainingSamples ?? 4;
      const x = new Float32Array(4 * 5);
      const y = Float32Array.from({ length: 4 * 3 }, (_, i) => biases[i % 3]);
      expect(net.trainBatch(x, y)).toBe(0);
      expect(bits(net.layers[0].weights)).toEqual(bits(decayed(weights, n, 1)));
      net.forward(x);
      net.backward(y);
      expect(net.layers[0].weightGradients).toEqual(new Float32Array(15));
      net.applyGradients();
      expect(bits(net.layers[0].weights)).toEqual(bits(decayed(weights, n, 2)));
      expect(bits(net.layers[0].biases)).toEqual(bits(biases));
      expect(net.trainingSamples).toBe(trainingSamples);
    }
  });
});

describe('steps by hand', () => {
  it.each([0, 0.5])('trainBatch is forward, backward and applyGradients, up to rounding (l2 %d)', async (l2) => {
    const learningRate = 0.3;
    for (const rows of [1, 2, 9]) {
      const { inputs, targets } = randomSamples(rows);
      const [net, parts] = [await createNetwork({ ...classifier, l2 }), await createNetwork({ ...classifier, l2 })];
      net.optimizer = sgd({ learningRate });
      parts.optimizer = sgd({ learningRate });
      const cost = net.trainBatch(inputs, targets);
      parts.forward(inputs);
      expect(parts.backward(targets)).toBe(cost);
      parts.applyGradients();
      parts.layers.forEach((layer, l) => {
        const expectClose = (actual: Float32Array, wanted: Float32Array, gradients: Float32Array) =>
          actual.forEach((w, i) => {
            // Both add up the same sum S. One adds f32(eta/m) S: two roundings. The other f32(eta) (f32(1/m) S): four. Then each rounds w.
            const tolerance = EPSILON * (6.01 * learningRate * Math.abs(gradients[i]) + 2.01 * Math.abs(w));
            expect(Math.abs(w - wanted[i])).toBeLessThanOrEqual(tolerance);
          });
        expectClose(layer.weights, net.layers[l].weights, layer.weightGradients);
        expectClose(layer.biases, net.layers[l].biases, layer.biasGradients);
      });
    }
  });

  it('gives copies of z, a, delta and the gradients in their shapes', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(6);
    net.forward(inputs);
    net.backward(targets);
    for (const { fanIn, units, z, a, delta, weightGradients, biasGradients } of net.layers) {
      expect([z, a, delta].map(({ length }) => length)).toEqual(Array(3).fill(6 * units));
      expect(weightGradients).toHaveLength(units * fanIn);
      expect(biasGradients).toHaveLength(units);
    }
    const { a, delta, biasGradients } = net.layers[2];
    // delta is that of each sample, the gradients are means: six additions in f32, 1/6 rounded, a product
    biasGradients.forEach((gradient, j) => {
      const errors = Array.from({ length: 6 }, (_, row) => delta[3 * row + j]);
      const sum = errors.reduce((total, error) => total + error, 0);
      const size = errors.reduce((total, error) => total + Math.abs(error), 0);
      expect(Math.abs(gradient - sum / 6)).toBeLessThan((8.01 * EPSILON * size) / 6);
    });
    expect(a).toEqual(net.predict(inputs));
    // copies: writing into them changes nothing
    net.layers[2].a.fill(0);
    expect(net.layers[2].a).toEqual(a);
  });

  it('has no z, a, delta or gradients before there was a pass', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(2);
    const [first] = net.layers;
    for (const name of ['z', 'a'] as const) {
      expect(() => first[name]).toThrow(new Error(`layers[0].${name}: got no batch yet, want a forward pass before`));
    }
    const names = ['delta', 'weightGradients', 'biasGradients'] as const;
    const refuse = () => {
      for (const name of names) {
        expect(() => first[name]).toThrow(
          new Error(`layers[0].${name}: got no backward pass since the last forward pass, want one before`),
        );
      }
    };
    refuse();
    net.forward(inputs);
    expect(first.z).toHaveLength(2 * 19);
    refuse();
    net.backward(targets);
    for (const name of names) expect(first[name].length).toBeGreaterThan(0);
    // a new forward pass: the errors are those of another batch
    net.predict(inputs);
    refuse();
  });

  it('refuses applyGradients without gradients of the last batch', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(2);
    const before = parameterBits(net);
    const refuse = () =>
      expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients of the last batch/);
    refuse();
    net.forward(inputs);
    refuse();
    net.backward(targets);
    net.predict(inputs);
    refuse();
    expect(parameterBits(net)).toEqual(before);
  });

  it('gives the gradients of a training step when they are asked for', async () => {
    const [net, parts] = [await createNetwork(classifier), await createNetwork(classifier)];
    const { inputs, targets } = randomSamples(6);
    net.trainBatch(inputs, targets);
    parts.forward(inputs);
    parts.backward(targets);
    net.layers.forEach(({ z, a, delta, weightGradients, biasGradients }, l) => {
      expect({ z, a, delta, weightGradients, biasGradients }).toMatchObject({
        z: parts.layers[l].z,
        a: parts.layers[l].a,
        delta: parts.layers[l].delta,
        weightGradients: parts.layers[l].weightGradients,
        biasGradients: parts.layers[l].biasGradients,
      });
    });
  });

  it('refuses a backward pass through weights that have changed since the forward pass', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(4);
    const refused = /^backward: got no forward pass of these weights/;
    net.trainBatch(inputs, targets);
    expect(() => net.backward(targets)).toThrow(refused);
    net.forward(inputs);
    const { weights } = net.layers[0];
    net.layers[0].weights = weights;
    expect(() => net.backward(targets)).toThrow(refused);
    net.forward(inputs);
    net.backward(targets);
    net.applyGradients();
    expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients/);
    expect(() => net.backward(targets)).toThrow(refused);
  });

  it('refuses a backward pass through the batch of a prediction or an evaluation', async () => {
    const net = await createNetwork(classifier);
    const data = randomSamples(4);
    const others = [() => net.predict(data.inputs.map((value) => -value)), () => net.evaluate(data)];
    for (const other of others) {
      net.forward(data.inputs);
      other();
      expect(() => net.backward(data.targets)).toThrow(/^backward: got no forward pass of these weights/);
    }
  });

  it('refuses applyGradients after a training step, whether its gradients were looked at or not', async () => {
    const { inputs, targets } = randomSamples(6);
    for (const look of [false, true]) {
      const net = await createNetwork(classifier);
      net.trainBatch(inputs, targets);
      if (look) expect(net.layers[0].weightGradients).toHaveLength(7 * 19);
      expect(() => net.applyGradients(), `looked: ${look}`).toThrow(
        /^applyGradients: got no gradients of the last batch/,
      );
    }
  });

  it('keeps the batch where a training is refused before its first step', async () => {
    const optimizer = sgd({ learningRate: () => Number.NaN });
    const { inputs, targets } = randomSamples(1000);
    const net = await createNetwork(classifier);
    const wrong = /^learningRate of step 0/;
    for (const train of [
      () => net.fit({ inputs, targets }, { batchSize: 500, optimizer }),
      async () => net.trainFor({ inputs, targets }, 1, { batchSize: 600, optimizer }),
    ]) {
      net.forward(inputs.subarray(0, 14));
      await expect(train()).rejects.toThrow(wrong);
      expect(net.backward(targets.subarray(0, 2))).toBeGreaterThan(0);
    }
    net.optimizer = sgd({ learningRate: (step) => (step === 0 ? 0.1 : Number.NaN) });
    net.trainBatch(inputs, targets);
    net.forward(inputs.subarray(0, 14));
    const before = net.layers[0].z;
    expect(() => net.trainBatch(inputs, targets)).toThrow(/^learningRate of step 1/);
    expect(net.layers[0].z).toEqual(before);
    expect(net.backward(targets.subarray(0, 2))).toBeGreaterThan(0);
  });

  it('grows for a larger batch and keeps its weights', async () => {
    const [net, large] = [await createNetwork({ ...classifier, batchSize: 2 }), await createNetwork(classifier)];
    const before = parameterBits(net);
    const { inputs, targets } = randomSamples(1000);
    net.forward(inputs);
    expect(net.layers[2].a).toHaveLength(3000);
    expect(parameterBits(net)).toEqual(before);
    expect(net.trainBatch(inputs, targets)).toBe(large.trainBatch(inputs, targets));
    expect(parameterBits(net)).toEqual(parameterBits(large));
    // and after that smaller ones as before
    expect(net.trainBatch(inputs.subarray(0, 7), targets.subarray(0, 1))).toBe(
      large.trainBatch(inputs.subarray(0, 7), targets.subarray(0, 1)),
    );
    expect(parameterBits(net)).toEqual(parameterBits(large));
  });

  it('allocates nothing in 10,000 steps, predictions and evaluations', async () => {
    const net = await createNetwork({ inputs: 2, layers: [layer(2), layer(1)] });
    const data = { inputs: randomFloats(8, 1), targets: new Uint8Array([0, 1, 1, 0]) };
    await net.fit(data, { batchSize: 4 });
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const create = vi.spyOn(WebAssembly, 'Memory');
    try {
      for (let step = 0; step < 10_000; step++) net.trainBatch(data.inputs, data.targets);
      for (let step = 0; step < 100; step++) {
        net.predict(data.inputs);
        net.evaluate(data);
      }
      await net.fit(data, { batchSize: 4, epochs: 100 });
      expect(grow).not.toHaveBeenCalled();
      expect(create).not.toHaveBeenCalled();
      // the spies do see growth
      net.trainBatch(randomFloats(2 * 5000, 2), randomLabels(5000, 2, 3));
      expect(grow).toHaveBeenCalledTimes(1);
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe('prediction', () => {
  it('gives the same bits for a row alone, in any batch and across the capacity', async () => {
    const { inputs } = randomSamples(300);
    const net = await createNetwork(classifier);
    const small = await createNetwork({ ...classifier, batchSize: 4 });
    const all = bits(net.predict(inputs));
    expect(all).toHaveLength(900);
    expect(bits(small.predict(inputs))).toEqual(all);
    for (const [first, rows] of [
      [0, 1],
      [5, 1],
      [299, 1],
      [1, 2],
      [0, 3],
      [126, 5],
      [0, 128],
      [0, 129],
      [44, 256],
    ]) {
      const part = all.subarray(3 * first, 3 * (first + rows));
      expect(bits(net.predict(rowsOf(inputs, 7, first, rows)))).toEqual(part);
      expect(bits(small.predict(rowsOf(inputs, 7, first, rows)))).toEqual(part);
    }
  });

  it('gives the same bits whether inputs that are 0 are left out or not', async () => {
    const inputs = 600;
    const net = await createNetwork({ inputs, layers: [layer(21, 'tanh'), layer(3, 'linear')], seed: 9 });
    net.layers[0].biases = Float32Array.from({ length: 21 }, (_, j) => (j % 3) - 1);
    const dense = randomFloats(inputs, 1);
    const sparse = [0, 1, 3, 50, 300, 590].map((used) => {
      const row = new Float32Array(inputs);
      // -0 counts as 0, wherever it stands
      row.fill(-0, 100, 200);
      for (let i = 0; i < used; i++) row[(i * 7) % inputs] = dense[i];
      return row;
    });
    for (const row of sparse) {
      const alone = bits(net.predict(row));
      const amongDense = bits(net.predict(Float32Array.of(...dense, ...row, ...dense)));
      expect(amongDense.subarray(3, 6)).toEqual(alone);
    }
  });

  it('trains with inputs that are 0 throughout: their weights stay, their gradients are 0', async () => {
    const net = await createNetwork({ inputs: 40, layers: [layer(19, 'tanh'), layer(2, 'softmax')], seed: 2 });
    const before = net.layers[0].weights;
    const x = randomFloats(5 * 40, 3).map((value, i) => (i % 40 < 9 ? value : 0));
    net.trainBatch(x, randomLabels(5, 2, 1));
    const after = net.layers[0].weights;
    const { weightGradients } = net.layers[0];
    before.forEach((w, i) => {
      if (i % 40 < 9) {
        expect(weightGradients[i]).not.toBe(0);
        expect(after[i]).not.toBe(w);
      } else {
        expect(weightGradients[i]).toBe(0);
        expect(after[i]).toBe(w);
      }
    });
  });

  it('returns arrays of its own', async () => {
    const net = await createNetwork(classifier);
    const { inputs } = randomSamples(2);
    const first = net.predict(inputs);
    const copy = first.slice();
    net.predict(inputs.map((value) => -value));
    expect(first).toEqual(copy);
    expect(first.buffer.byteLength).toBe(first.byteLength);
  });
});

describe('evaluation', () => {
  /** The first of the largest. */
  const classOf = (row: Float32Array) => row.indexOf(row.reduce((largest, value) => Math.max(largest, value)));

  it('counts classes and costs as a plain loop over predict does', async () => {
    const samples = 300;
    const net = await createNetwork({ ...classifier, cost: 'quadratic' });
    const data = randomSamples(samples);
    const outputs = net.predict(data.inputs);
    let cost = 0;
    const confusion = Array.from({ length: 3 }, () => new Uint32Array(3));
    for (let i = 0; i < samples; i++) {
      const a = outputs.subarray(3 * i, 3 * i + 3);
      confusion[data.targets[i]][classOf(a)]++;
      for (let k = 0; k < 3; k++) cost += (a[k] - Number(k === data.targets[i])) ** 2 / 2;
    }
    const correct = confusion.reduce((sum, row, c) => sum + row[c], 0);
    const evaluation = net.evaluate(data);
    expect(evaluation).toMatchObject({ samples, correct, accuracy: correct / samples, confusion });
    expect(correct).toBeGreaterThan(0);
    expect(correct).toBeLessThan(samples);
    // (a - y)^2 in f32: the difference is rounded and counts twice, the square is rounded once
    expect(Math.abs(evaluation.cost - cost / samples)).toBeLessThan((3.01 * EPSILON * cost) / samples);
    // the same in pieces of another size
    const small = await createNetwork({ ...classifier, cost: 'quadratic', batchSize: 7 });
    expect(small.evaluate(data)).toMatchObject({ samples, correct, confusion });
  });

  it('takes one output above 1/2 for class 1', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(1, 'linear')] });
    net.layers[0].weights = new Float32Array([1]);
    const data = {
      inputs: new Float32Array([0.2, 0.5, 0.51, 2, -1, 0.7]),
      targets: new Uint8Array([0, 1, 1, 1, 1, 0]),
    };
    const expected = { samples: 6, correct: 3, accuracy: 0.5, confusion: [Uint32Array.of(1, 1), Uint32Array.of(2, 2)] };
    expect(net.evaluate(data)).toMatchObject(expected);
    expect(net.evaluate({ inputs: data.inputs, targets: Float32Array.from(data.targets) })).toMatchObject(expected);
  });

  it('takes the first of equal outputs', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(3, 'linear', 'zeros')] });
    const { confusion } = net.evaluate({ inputs: new Float32Array(3), targets: new Uint8Array([0, 1, 2]) });
    expect(confusion).toEqual([Uint32Array.of(1, 0, 0), Uint32Array.of(1, 0, 0), Uint32Array.of(1, 0, 0)]);
  });

  it('has no confusion matrix above 256 outputs, but counts', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(257, 'linear', 'zeros')] });
    net.layers[0].biases = Float32Array.from({ length: 257 }, (_, j) => j);
    const evaluation = net.evaluate({ inputs: new Float32Array(2), targets: new Int32Array([256, 0]) });
    expect(evaluation).toMatchObject({ correct: 1, accuracy: 0.5, confusion: undefined });
  });

  it('starts from nothing each time and changes nothing', async () => {
    const net = await createNetwork(classifier);
    const before = net.save();
    const data = randomSamples(200);
    expect(net.evaluate(data)).toEqual(net.evaluate(data));
    expect(net.save()).toEqual(before);
  });
});

describe('training in the background', () => {
  it('reports each epoch, with an evaluation if there is validation data', async () => {
    const net = await createNetwork(classifier);
    const [data, validation] = [randomSamples(50), randomSamples(20, 7)];
    const optimizer = sgd({ learningRate: 0.25 });
    const seen: EpochReport[] = [];
    const reports = await net.fit(data, {
      epochs: 3,
      batchSize: 8,
      optimizer,
      validation,
      onEpoch: (report) => {
        expect(report.validation).toEqual(net.evaluate(validation));
        seen.push(report);
      },
    });
    expect(seen).toEqual(reports);
    expect(reports.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    for (const report of reports) {
      expect(report).toMatchObject({ epochs: 3, learningRate: 0.25, samples: 50 });
      expect(report.elapsedMs).toBeGreaterThan(0);
      expect(report.samplesPerSecond).toBeCloseTo(50_000 / report.elapsedMs, 6);
    }
    expect(net.optimizer).toEqual(optimizer);
    const [withoutValidation] = await net.fit(data);
    expect(withoutValidation).not.toHaveProperty('validation');
  });

  it('calls onBatch after every mini-batch, with the position in the epoch', async () => {
    const net = await createNetwork(classifier);
    const reports: ProgressReport[] = [];
    await net.fit(randomSamples(10), { epochs: 2, batchSize: 4, onBatch: (report) => reports.push(report) });
    expect(reports.map(({ epoch, epochs, step, steps, samples }) => [epoch, epochs, step, steps, samples])).toEqual([
      [0, 2, 1, 3, 4],
      [0, 2, 2, 3, 8],
      [0, 2, 3, 3, 10],
      [1, 2, 1, 3, 4],
      [1, 2, 2, 3, 8],
      [1, 2, 3, 3, 10],
    ]);
    for (const { cost } of reports) expect(cost).toBeGreaterThan(0);
  });

  it('calls onProgress at most every 16 ms, keeps the event loop alive, and stops when told so', async () => {
    const net = await createNetwork({ inputs: 20, layers: [layer(30), layer(3, 'softmax')] });
    const data = { inputs: randomFloats(20 * 2000, 1), targets: randomLabels(2000, 3, 2) };
    const controller = new AbortController();
    const reports: ProgressReport[] = [];
    let ticks = 0;
    const start = performance.now();
    const interval = setInterval(() => {
      ticks++;
      // by the clock alone: an event loop that is not alive would never get here
      if (performance.now() - start > 200 && reports.length > 2) controller.abort();
    }, 1);
    const training = net.fit(data, {
      epochs: 1_000_000,
      signal: controller.signal,
      onProgress: (report) => reports.push(report),
    });
    await expect(training).rejects.toThrow(/abort/i);
    const elapsed = performance.now() - start;
    clearInterval(interval);
    // a turn of the event loop comes at least with every third report's time
    expect(ticks).toBeGreaterThanOrEqual(reports.length / 3);
    expect(reports.length).toBeLessThanOrEqual(elapsed / 16 + 1);
    for (const { epoch, epochs, step, steps, samples, cost } of reports) {
      expect(epoch).toBeLessThan(epochs);
      expect(steps).toBe(63);
      expect(samples).toBe(Math.min(step * 32, 2000));
      expect(Number.isFinite(cost)).toBe(true);
    }
    for (const values of net.layers.flatMap(({ weights, biases }) => [weights, biases])) {
      expect(values.every(Number.isFinite)).toBe(true);
    }
    // usable after
    expect(await net.fit(data)).toHaveLength(1);
    expect(net.predict(data.inputs)).toHaveLength(6000);
  });

  it('is an iterator of reports too: an epoch is trained when its report is asked for, break stops', async () => {
    const data = randomSamples(30);
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const reports: EpochReport[] = [];
    for await (const report of net.train(data, { epochs: 10, batchSize: 4 })) {
      reports.push(report);
      if (reports.length === 2) break;
    }
    const expected = await other.fit(data, { epochs: 2, batchSize: 4 });
    expect(reports.map(({ epoch, cost }) => [epoch, cost])).toEqual(expected.map(({ epoch, cost }) => [epoch, cost]));
    await nextTurn();
    expect(net.save()).toEqual(other.save());
    // the network is free again
    await net.fit(data, { batchSize: 4 });
    await other.fit(data, { batchSize: 4 });
    expect(net.save()).toEqual(other.save());
  });

  it('trains nothing when the signal was aborted before', async () => {
    const net = await createNetwork(classifier);
    const before = net.save();
    const reason = new Error('not today');
    const training = net.fit(randomSamples(5), {
      signal: AbortSignal.abort(reason),
      optimizer: sgd({ learningRate: 9 }),
    });
    await expect(training).rejects.toBe(reason);
    expect(net.save()).toEqual(before);
  });

  it('stops after the step in progress and rejects with the reason of the signal', async () => {
    const [net, stepwise] = [await createNetwork(classifier), await createNetwork(classifier)];
    const data = randomSamples(30);
    const controller = new AbortController();
    const reason = { why: 'enough' };
    const training = net.fit(data, {
      epochs: 5,
      batchSize: 4,
      shuffle: false,
      signal: controller.signal,
      onBatch: ({ step }) => {
        if (step === 3) controller.abort(reason);
      },
    });
    await expect(training).rejects.toBe(reason);
    trainInOrder(stepwise, { inputs: rowsOf(data.inputs, 7, 0, 12), targets: data.targets.subarray(0, 12) }, 4);
    expect(parameterBits(net)).toEqual(parameterBits(stepwise));
    expect(await net.fit(data, { epochs: 2 })).toHaveLength(2);
  });

  it('takes no step more when it is aborted between two epochs', async () => {
    const data = randomSamples(30);
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const controller = new AbortController();
    const training = net.fit(data, {
      epochs: 3,
      batchSize: 4,
      signal: controller.signal,
      onEpoch: () => controller.abort(),
    });
    await expect(training).rejects.toThrow(/abort/i);
    await other.fit(data, { batchSize: 4 });
    expect(parameterBits(net)).toEqual(parameterBits(other));
  });

  it('passes on what a callback throws, and is free to train again', async () => {
    const net = await createNetwork(classifier);
    const error = new Error('from the callback');
    const fail = () => {
      throw error;
    };
    for (const options of [{ onEpoch: fail }, { onBatch: fail }, { onProgress: fail }]) {
      await expect(net.fit(randomSamples(10), options)).rejects.toBe(error);
    }
    expect(await net.fit(randomSamples(10))).toHaveLength(1);
  });

  it('refuses a second fit at the same time, and the first one does not notice', async () => {
    const data = randomSamples(200);
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const first = net.fit(data, { epochs: 20 });
    const refused = net.fit(randomSamples(3), { optimizer: sgd({ learningRate: 7 }) });
    await expect(refused).rejects.toThrow(/^fit: got a call while this network is being trained, want one at a time$/);
    await first;
    await other.fit(data, { epochs: 20 });
    expect(net.save()).toEqual(other.save());
  });

  it('trains the same bits whatever is predicted or evaluated in callbacks', async () => {
    const [data, asked] = [randomSamples(50), randomSamples(300, 9)];
    const [net, quiet] = [await createNetwork({ ...classifier, l2: 1 }), await createNetwork({ ...classifier, l2: 1 })];
    const ask = () => {
      net.predict(asked.inputs);
      net.evaluate(asked);
      net.forward(asked.inputs.subarray(0, 7 * 9));
      net.backward(asked.targets.subarray(0, 9));
      expect(net.layers[0].weightGradients).toHaveLength(7 * 19);
      net.save();
    };
    const options = { epochs: 3, batchSize: 8 };
    const reports = await net.fit(data, { ...options, onBatch: ask, onEpoch: ask, onProgress: ask });
    const expected = await quiet.fit(data, options);
    expect(net.save()).toEqual(quiet.save());
    expect(reports.map(({ cost }) => cost)).toEqual(expected.map(({ cost }) => cost));
  });

  it('trains the same bits whatever is predicted between its slices', async () => {
    const [data, asked] = [randomSamples(500), randomSamples(300, 9)];
    const [net, quiet] = [await createNetwork(classifier), await createNetwork(classifier)];
    const epochs = 3;
    // a clock of its own: a slice takes long enough to give the event loop a turn after it
    const clock = slowClock(10);
    let done = false;
    const training = net.fit(data, { epochs, batchSize: 3 }).finally(() => {
      done = true;
    });
    let turns = 0;
    for (; !done; turns++) {
      net.predict(asked.inputs);
      net.evaluate(asked);
      // larger than the batches so far: refused, since the training set must stay where it is
      expect(() => net.forward(asked.inputs)).toThrow(/^x: got 300 rows during fit, want at most batchSize = 128$/);
      await nextTurn();
    }
    await training;
    clock.mockRestore();
    expect(turns).toBeGreaterThan(10);
    await quiet.fit(data, { epochs, batchSize: 3 });
    expect(net.save()).toEqual(quiet.save());
  });

  it('trains the rest of an epoch as planned when a callback trains a batch with another optimizer', async () => {
    const data = randomSamples(20);
    const [batch, plain] = [randomSamples(4, 9), await createNetwork(classifier)];
    await plain.fit(data, { batchSize: 4, optimizer: sgd({ learningRate: 0.5 }) });
    const disturbed = await createNetwork(classifier);
    let rate: unknown;
    await disturbed.fit(data, {
      batchSize: 4,
      optimizer: sgd({ learningRate: 0.5 }),
      onBatch: () => {
        const { layers, trainingSamples, optimizer } = disturbed;
        const before = layers.map(({ weights, biases }) => ({ weights, biases }));
        disturbed.trainingSamples = 1;
        disturbed.trainBatch(batch.inputs, batch.targets);
        rate = optimizer.learningRate;
        for (const [l, parameters] of before.entries()) Object.assign(layers[l], parameters);
        disturbed.trainingSamples = trainingSamples;
      },
    });
    expect(rate).toBe(0.5);
    expect(parameterBits(disturbed)).toEqual(parameterBits(plain));
  });

  it('checks validation labels again before each evaluation: they may have been changed since', async () => {
    const net = await createNetwork(classifier);
    const data = randomSamples(20);
    const validation = { inputs: data.inputs, targets: Int32Array.from(data.targets) };
    const before = net.layers[0].weights;
    const onBatch = () => {
      validation.targets[0] = -2112;
    };
    await expect(net.fit(data, { validation, onBatch })).rejects.toThrow(
      /^options\.validation\.targets\[0\]: got -2112, want/,
    );
    expect(net.layers[0].weights).not.toEqual(before);
    expect(net.layers[0].weights.every(Number.isFinite)).toBe(true);
  });

  it('shows the mini-batch that was trained last, in every callback', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(10);
    const rows: number[] = [];
    await net.fit(
      { inputs, targets },
      {
        epochs: 2,
        batchSize: 4,
        shuffle: false,
        onBatch: () => {
          rows.push(net.layers[2].delta.length / 3);
          // looking at the gradients, or predicting, must not hide those of the next step
          expect(net.layers[2].biasGradients).toHaveLength(3);
          net.predict(inputs.subarray(0, 7));
        },
      },
    );
    expect(rows).toEqual([4, 4, 2, 4, 4, 2]);
  });

  it('gives the gradients of the mini-batch in onBatch, not those looked at before', async () => {
    const [net, stepwise] = [await createNetwork(classifier), await createNetwork(classifier)];
    const data = randomSamples(8);
    const gradients: Float32Array[] = [];
    await net.fit(data, {
      epochs: 2,
      batchSize: 4,
      shuffle: false,
      onEpoch: () => net.layers[2].biasGradients,
      onBatch: ({ epoch }) => {
        if (epoch === 1) gradients.push(net.layers[2].biasGradients);
      },
    });
    trainInOrder(stepwise, data, 4);
    const expected = [0, 4].map((first) => {
      stepwise.trainBatch(rowsOf(data.inputs, 7, first, 4), rowsOf(data.targets, 1, first, 4));
      return stepwise.layers[2].biasGradients;
    });
    expect(gradients).toEqual(expected);
  });
});

describe('dispose', () => {
  const { inputs, targets } = randomSamples(4);
  const calls: [string, (net: Network) => unknown][] = [
    ['fit', (net) => net.fit({ inputs, targets })],
    ['train', (net) => net.train({ inputs, targets }).next()],
    ['trainBatch', (net) => net.trainBatch(inputs, targets)],
    ['predict', (net) => net.predict(inputs)],
    ['evaluate', (net) => net.evaluate({ inputs, targets })],
    ['forward', (net) => net.forward(inputs)],
    ['backward', (net) => net.backward(targets)],
    ['applyGradients', (net) => net.applyGradients()],
    ['save', (net) => net.save()],
    [
      'optimizer =',
      (net) => {
        net.optimizer = sgd({ learningRate: 1 });
      },
    ],
    [
      'trainingSamples =',
      (net) => {
        net.trainingSamples = 4;
      },
    ],
    ['layers[0].weights', (net) => net.layers[0].weights],
    ['layers[0].biases', (net) => net.layers[0].biases],
    [
      'layers[0].weights =',
      (net) => {
        net.layers[0].weights = new Float32Array(7 * 19);
      },
    ],
    [
      'layers[0].biases =',
      (net) => {
        net.layers[0].biases = new Float32Array(19);
      },
    ],
    ['layers[0].z', (net) => net.layers[0].z],
    ['layers[0].a', (net) => net.layers[0].a],
    ['layers[0].delta', (net) => net.layers[0].delta],
    ['layers[0].weightGradients', (net) => net.layers[0].weightGradients],
    ['layers[0].biasGradients', (net) => net.layers[0].biasGradients],
  ];

  it.each(calls)('%s says that the network was disposed', async (_name, call) => {
    const fresh = await createNetwork(classifier);
    const used = await createNetwork(classifier);
    used.forward(inputs);
    used.backward(targets);
    for (const net of [used, fresh]) {
      net.dispose();
      await expect((async () => call(net))()).rejects.toThrow(/dispose/);
    }
  });

  it('may be called twice, and by using', async () => {
    const net = await createNetwork(classifier);
    net[Symbol.dispose]();
    net.dispose();
    expect(() => net.predict(inputs)).toThrow(/^Network: got a call after dispose\(\), want a network in use$/);
  });

  it('ends a fit in progress', async () => {
    const net = await createNetwork(classifier);
    const training = net.fit({ inputs, targets }, { epochs: 1_000_000 });
    setImmediate(() => net.dispose());
    await expect(training).rejects.toThrow(/dispose/);
  });

  it('leaves other networks alone', async () => {
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const before = other.predict(inputs);
    net.dispose();
    expect(other.predict(inputs)).toEqual(before);
  });
});
