import { describe, expect, it } from 'vitest';
import type { LayerOptions } from '../src/index.js';
import { sgd } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import { classifier, layer, randomSamples, rowsOf, trainInOrder } from './classifier.js';
import { arraysOf, parameterBits } from './parameters.js';
import { randomFloats, randomLabels } from './random-numbers.js';

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
    const reports = [...(await net.fit(xor, { epochs: 3000, batchSize: 4, optimizer: sgd({ learningRate: 0.3 }) }))];
    const outputs = net.predict(xor.inputs);
    const wanted = [...xor.targets].flatMap((label) => (net.outputs === 1 ? [label] : [1 - label, label]));
    outputs.forEach((a, i) => {
      expect(Math.abs(a - wanted[i])).toBeLessThan(0.25);
    });
    expect((await net.evaluate(xor)).accuracy).toBe(1);
    expect(reports[2999].cost).toBeLessThan(reports[0].cost / 4);
  });

  it('takes a step that was computed by hand: one weight, one bias', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(1, 'linear')] });
    net.layers[0].setWeights(new Float32Array([2]));
    net.layers[0].setBiases(new Float32Array([1]));
    net.optimizer = sgd({ learningRate: 0.125 });
    // z = 2 . 3 + 1 = 7, C = (7 - 5)^2 / 2, delta = 2, dC/dw = 2 . 3
    expect(net.trainBatch(new Float32Array([3]), new Float32Array([5]))).toBe(2);
    expect([...net.layers[0].getZ(), ...net.layers[0].getA(), ...net.layers[0].getDelta()]).toEqual([7, 7, 2]);
    expect([...net.layers[0].getWeightGradients(), ...net.layers[0].getBiasGradients()]).toEqual([6, 2]);
    expect([...net.layers[0].getWeights(), ...net.layers[0].getBiases()]).toEqual([2 - 6 / 8, 1 - 2 / 8]);
  });

  it('takes a step that was computed by hand: three layers of one unit each', async () => {
    const net = await createNetwork({
      inputs: 1,
      layers: [layer(1, 'linear'), layer(1, 'linear'), layer(1, 'linear')],
    });
    const weights = [2, -3, 0.5];
    for (const [l, w] of weights.entries()) net.layers[l].setWeights(new Float32Array([w]));
    net.optimizer = sgd({ learningRate: 0.25 });
    // a = 1, 2, -6, -3; delta^L = -3 + 1 = -2, then -2 . 0.5 = -1, then -1 . -3 = 3
    expect(net.trainBatch(new Float32Array([1]), new Float32Array([-1]))).toBe(2);
    expect(net.layers.map(arraysOf).map(({ a }) => a[0])).toEqual([2, -6, -3]);
    expect(net.layers.map(arraysOf).map(({ delta }) => delta[0])).toEqual([3, -1, -2]);
    expect(net.layers.map(arraysOf).map(({ weights: [w] }) => w)).toEqual([
      2 - 0.25 * 3,
      -3 + 0.25 * 2,
      0.5 - 0.25 * 12,
    ]);
    expect(net.layers.map(arraysOf).map(({ biases: [b] }) => b)).toEqual([-0.75, 0.25, 0.5]);
  });

  it('learns with odd widths: 33-17-5', async () => {
    const net = await createNetwork({ inputs: 33, layers: [layer(17), layer(5)], seed: 2 });
    const data = { inputs: randomFloats(33 * 40, 1), targets: randomLabels(40, 5, 2) };
    await net.fit(data, { epochs: 200, batchSize: 7, optimizer: sgd({ learningRate: 2 }) });
    expect((await net.evaluate(data)).accuracy).toBe(1);
  });

  it('uses every sample once in each epoch, also those of a smaller last batch', async () => {
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
    const [report] = await whole.fit(data, { epochs: 1, batchSize: 5, shuffle: false });
    let sum = 0;
    for (let first = 0; first < 23; first += 5) {
      const rows = Math.min(5, 23 - first);
      sum += rows * stepwise.trainBatch(rowsOf(data.inputs, 7, first, rows), rowsOf(data.targets, 1, first, rows));
    }
    // the report adds the same numbers in f64, in another order
    expect(Math.abs(report.cost - sum / 23)).toBeLessThan(23 * 2 ** -52 * report.cost);
  });

  /**
   * The samples in the order in which the steps took them. The weights stay at 0, or nearly so, and sample i has the
   * target i. It then costs i^2 / 2, and onBatch reports the running mean of the costs.
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

  it('shuffles: every epoch has another order of the samples, the same for the same seed', async () => {
    const orders = await ordersOf(5, 3);
    const stored = Array.from({ length: 50 }, (_, i) => i);
    for (const order of orders) expect([...order].sort((i, j) => i - j)).toEqual(stored);
    expect(new Set([stored, ...orders].map(String)).size).toBe(4);
    expect(await ordersOf(5, 3)).toEqual(orders);
    expect(await ordersOf(6, 3)).not.toEqual(orders);
    expect(await ordersOf(5, 2, { shuffle: false })).toEqual([stored, stored]);
  });

  it('gives the same bits each time', async () => {
    const data = randomSamples(100);
    const train = async () => {
      const net = await createNetwork(classifier);
      await net.fit(data, { epochs: 5, batchSize: 8 });
      return await net.save();
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
    const loaded = await loadNetwork(await parts.save());
    for (const net of [parts, loaded]) {
      // the optimizer of the first fit has become the network's
      await net.fit(data, { batchSize: 4, epochs: 3 });
      expect(await net.save()).toEqual(await whole.save());
    }
  });

  it('accepts data of another size and another batch size in a second call', async () => {
    const [net, stepwise] = [await createNetwork({ ...classifier, batchSize: 2 }), await createNetwork(classifier)];
    for (const [samples, batchSize] of [
      [10, 2],
      [300, 150],
      [3, 1],
      [40, 40],
    ]) {
      const data = randomSamples(samples, samples);
      await net.fit(data, { epochs: 1, batchSize, shuffle: false });
      trainInOrder(stepwise, data, batchSize);
    }
    expect(parameterBits(net)).toEqual(parameterBits(stepwise));
  });
});
