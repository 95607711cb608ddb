import { describe, expect, it } from 'vitest';
import { adam, type CopyWeightsOptions, type Layer, lbfgs, type NetworkOptions, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { expectError } from './expected-errors.js';
import { randomFloats, randomLabels } from './random-numbers.js';

// What can be changed in a network that exists, and what can be read of it for new data.

const OPTIONS: NetworkOptions = {
  inputs: 5,
  layers: [
    { units: 7, activation: 'tanh' },
    { units: 6, activation: 'relu' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 4,
};
const data = { inputs: randomFloats(40 * 5, 1), targets: randomLabels(40, 3, 2) };
const TRAINING = { epochs: 2, batchSize: 8, optimizer: sgd({ learningRate: 0.2 }) };
const weightsOf = (net: Network) => net.layers.flatMap((layer) => [layer.getWeights(), layer.getBiases()]);

describe('numbers that are assigned', () => {
  const changes: [string, Partial<NetworkOptions>, (net: Network, [first]: readonly Layer[]) => void][] = [
    ['l2', { l2: 0.3 }, (net) => { net.l2 = 0.3; }],
    ['l1', { l1: 0.2 }, (net) => { net.l1 = 0.2; }],
    ['labelSmoothing', { labelSmoothing: 0.2 }, (net) => { net.labelSmoothing = 0.2; }],
    ['dropout', { layers: OPTIONS.layers.map((layer, l) => (l ? layer : { ...layer, dropout: 0.4 })) }, (_, [first]) => { first.dropout = 0.4; }],
    ['maxNorm', { layers: OPTIONS.layers.map((layer, l) => (l ? layer : { ...layer, maxNorm: 0.9 })) }, (_, [first]) => { first.maxNorm = 0.9; }],
  ]; // biome-ignore format: a table

  it.each(changes)(
    '%s trains with the bits of a network made with it, and stays in the file',
    async (_, made, change) => {
      const wanted = await createNetwork({ ...OPTIONS, ...made });
      const [net, plain] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
      await net.evaluate(data);
      change(net, net.layers);
      for (const each of [net, wanted, plain]) await each.fit(data, TRAINING);
      expect(weightsOf(net)).toEqual(weightsOf(wanted));
      expect(weightsOf(net)).not.toEqual(weightsOf(plain));
      expect(await net.evaluate(data)).toEqual(await wanted.evaluate(data));
      const loaded = await loadNetwork(await net.save());
      expect(numbersOf(loaded)).toEqual(numbersOf(wanted));
      expect(numbersOf(net)).toEqual(numbersOf(wanted));
    },
  );

  it('dropout of 0 again gives the bits of a network without it', async () => {
    const net = await createNetwork(OPTIONS);
    net.layers[1].dropout = 0.5;
    net.layers[1].dropout = 0;
    const plain = await createNetwork(OPTIONS);
    await net.fit(data, TRAINING);
    await plain.fit(data, TRAINING);
    expect(weightsOf(net)).toEqual(weightsOf(plain));
  });

  it('keep the state of the optimizer, and the place of trainFor', async () => {
    const [net, plain] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
    const options = { batchSize: 8, optimizer: adam() };
    const results = [net, plain].map(async (each) => {
      await each.trainFor(data, 1e-30, options);
      if (each === net) net.layers[0].dropout = 0.3;
      if (each === net) net.layers[0].dropout = 0;
      return await each.trainFor(data, 1e-30, options);
    });
    const reports = await Promise.all(results);
    expect(reports[0].step).toBe(2);
    expect(reports[0].cost).toBe(reports[1].cost);
    expect(weightsOf(net)).toEqual(weightsOf(plain));
  });

  const refused: [string, (net: Network) => void, string][] = [
    ['a negative l2', (net) => { net.l2 = -1; }, 'l2: got -1, want'],
    ['an l1 of text', (net) => { net.l1 = '1' as unknown as number; }, 'l1: got "1", want'],
    ['dropout on the output layer', (net) => { net.layers[2].dropout = 0.5; }, 'layers[2].dropout: got 0.5, want none on the output layer'],
    ['dropout of 1', (net) => { net.layers[0].dropout = 1; }, 'layers[0].dropout: got 1, want'],
    ['a negative maxNorm', (net) => { net.layers[0].maxNorm = -1; }, 'layers[0].maxNorm: got -1, want'],
    ['smoothing of 1', (net) => { net.labelSmoothing = 1; }, 'labelSmoothing: got 1, want'],
  ]; // biome-ignore format: a table

  it.each(refused)('refuses %s, and nothing changes', async (_, change, message) => {
    const net = await createNetwork(OPTIONS);
    const before = await net.save({ training: true });
    expect(() => change(net)).toThrow(message);
    expect(await net.save({ training: true })).toEqual(before);
  });

  it('refuses smoothing for other costs, and every change while the network is being trained', async () => {
    const net = await createNetwork({ inputs: 5, layers: [{ units: 2 }, { units: 3 }] });
    expect(() => { net.labelSmoothing = 0.1; }).toThrow('labelSmoothing: got 0.1 with the cost "binaryCrossEntropy"'); // biome-ignore format: short
    const changes = [() => { net.l2 = 1; }, () => { net.layers[0].dropout = 0.5; }]; // biome-ignore format: short
    let refusals = 0;
    const onEpoch = () => {
      for (const change of changes) expect(change).toThrow('while this network is being trained');
      refusals++;
    };
    await net.fit(data, { epochs: 1, onEpoch });
    expect(refusals).toBe(1);
    net.dispose();
    expect(changes[0]).toThrow('after dispose()');
  });

  it('lbfgs refuses dropout that was assigned', async () => {
    const net = await createNetwork(OPTIONS);
    net.layers[0].dropout = 0.5;
    await expect(net.fit(data, { epochs: 1, optimizer: lbfgs() })).rejects.toThrow(
      'layers[0].dropout: got 0.5 with lbfgs',
    );
  });
});

const numbersOf = ({ l1, l2, labelSmoothing, layers }: Network) =>
  [l1, l2, labelSmoothing, ...layers.flatMap(({ dropout, maxNorm }) => [dropout, maxNorm])]; // biome-ignore format: one line

describe('activations', () => {
  it('are those of the forward pass, for any number of rows, and of the outputs those of predict', async () => {
    const net = await createNetwork({ ...OPTIONS, batchSize: 16 });
    const few = data.inputs.subarray(0, 16 * 5);
    net.forward(few);
    const each = net.layers.map((layer) => layer.getA());
    for (const [l, wanted] of each.entries()) {
      expect(net.activations(few, l)).toEqual(wanted);
      const all = net.activations(data.inputs, l);
      expect(all).toHaveLength(40 * net.layers[l].units);
      expect(all.subarray(0, wanted.length)).toEqual(wanted);
    }
    expect(net.activations(data.inputs, 2)).toEqual(net.predict(data.inputs));
    // plain arrays of numbers are accepted, and inputs are standardised
    net.setStandardization({ means: new Float64Array(5).fill(1), deviations: new Float64Array(5).fill(2) });
    const moved = data.inputs.map((x) => 2 * x + 1);
    const rows = Array.from({ length: 16 }, (_, row) => [...moved.subarray(5 * row, 5 * row + 5)]);
    net.activations(rows, 0).forEach((value, i) => {
      expect(value).toBeCloseTo(each[0][i], 5);
    });
  });

  it('of dropout are those without it', async () => {
    const net = await createNetwork(OPTIONS);
    const wanted = net.activations(data.inputs, 1);
    net.layers[0].dropout = 0.5;
    net.layers[1].dropout = 0.5;
    expect(net.activations(data.inputs, 1)).toEqual(wanted);
  });

  it.each([
    ['a layer that is not there', data.inputs, 3, RangeError, /^layer: got 3, want an integer from 0 to 2$/],
    ['no layer', data.inputs, undefined, TypeError, /^layer: got undefined, want/],
    ['other inputs', new Float32Array(4), 0, RangeError, /^x: got 4 numbers, want rows of 5/],
    ['NaN', [1, 2, 3, 4, Number.NaN], 0, RangeError, /^x\[4\] \(row 0, column 4\): got NaN/],
  ])('refuse %s', async (_, inputs, layer, error, message) => {
    const net = await createNetwork(OPTIONS);
    await expectError(() => net.activations(inputs, layer as number), error, message);
  });
});

describe('copyWeights', () => {
  it('copies every bit, or blends in doubles, and keeps the rest', async () => {
    const [net, other] = [await createNetwork(OPTIONS), await createNetwork({ ...OPTIONS, seed: 9 })];
    const [before, theirs] = [weightsOf(net), weightsOf(other)];
    net.copyWeights(other, { share: 0.01 });
    for (const [i, values] of weightsOf(net).entries()) {
      expect(values).toEqual(before[i].map((w, j) => w + 0.01 * (theirs[i][j] - w)));
    }
    net.optimizer = adam();
    net.copyWeights(other);
    expect(weightsOf(net)).toEqual(theirs);
    expect(weightsOf(other)).toEqual(theirs);
    expect(net.optimizer.name).toBe('adam');
    // a blend of two equal networks is equal to both
    net.copyWeights(other, { share: 0.3 });
    net.copyWeights(net, { share: 0.3 });
    expect(weightsOf(net)).toEqual(theirs);
    expect(net.predict(data.inputs)).toEqual(other.predict(data.inputs));
  });

  const narrow: NetworkOptions = { ...OPTIONS, layers: [{ units: 7 }, { units: 5 }, { units: 3 }] };
  const biasless: NetworkOptions = {
    ...OPTIONS,
    layers: OPTIONS.layers.map((layer, l) => ({ ...layer, bias: l > 0 })),
  };
  it.each([
    ['other widths', narrow, {}, RangeError, /^other: got the layers 5-7-5-3, want 5-7-6-3, as this network has them$/],
    [
      'other biases',
      biasless,
      {},
      RangeError,
      /^other: got the layers 5-7-6-3 without biases in layers\[0\], want 5-7-6-3/,
    ],
    ['a share of 0', OPTIONS, { share: 0 }, RangeError, /^options\.share: got 0, want a number above 0, at most 1$/],
    ['a share above 1', OPTIONS, { share: 1.5 }, RangeError, /^options\.share: got 1\.5, want/],
    ['another option', OPTIONS, { tau: 1 }, TypeError, /^options: got the unknown key "tau"/],
  ])('refuses %s', async (_, options, blend, error, message) => {
    const [net, other] = [await createNetwork(OPTIONS), await createNetwork(options)];
    const before = weightsOf(net);
    await expectError(() => net.copyWeights(other, blend as CopyWeightsOptions), error, message);
    expect(weightsOf(net)).toEqual(before);
  });

  it.each([undefined, {}, 'net'])('refuses %j', async (other) => {
    const net = await createNetwork(OPTIONS);
    expect(() => net.copyWeights(other as unknown as Network)).toThrow(
      /^other: got .+, want a Network of the same import$/,
    );
  });
});
