import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DataSet, NetworkOptions, PreparedData, TrainOptions } from '../src/index.js';
import { adam, lbfgs } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { parameterBits } from './parameters.js';
import { makeData, network, text, validation } from './resuming.js';

const SAMPLES = 50;
const data = makeData(SAMPLES);
const other = makeData(SAMPLES);
const scaled = { ...network, layers: [...network.layers.slice(0, -1), { units: 2, activation: 'linear' as const }] };

/** Runs with prepared data in one network and with the arrays in another, which must end with the same bits. */
async function compare(
  given: DataSet,
  run: (net: Network, data: DataSet | PreparedData) => Promise<unknown>,
  options: NetworkOptions = network,
): Promise<void> {
  const [net, same] = [await createNetwork(options), await createNetwork(options)];
  const results = [await run(net, await net.prepareData(given)), await run(same, given)];
  expect(text([results[0]])).toBe(text([results[1]]));
  expect(parameterBits(net)).toEqual(parameterBits(same));
}

const fitTwice = (options: TrainOptions) => async (net: Network, given: DataSet | PreparedData) => [
  ...(await net.fit(given, { epochs: 2, ...options })),
  ...(await net.fit(given, { epochs: 1, ...options })),
];

/** Counts copies of as many numbers as the inputs have, by the method that makes them. */
function countCopies() {
  const set = vi.spyOn(Float32Array.prototype, 'set');
  return () => set.mock.calls.filter(([values]) => values.length === data.inputs.length).length;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('prepared data', () => {
  const rows = Array.from({ length: SAMPLES }, (_, i) => Array.from(data.inputs.slice(5 * i, 5 * i + 5)));
  const weights = Float32Array.from({ length: SAMPLES }, (_, i) => (i % 4) / 2);
  it.each<[string, DataSet]>([
    ['typed arrays', data],
    ['doubles', { ...data, inputs: Float64Array.from(data.inputs) }],
    ['bytes', { ...data, inputs: Uint8Array.from(data.inputs, (x) => 100 * Math.abs(x)) }],
    ['plain rows', { inputs: rows, targets: Array.from(data.targets) }],
    ['names of classes', { ...data, targets: Array.from(data.targets, (k) => 'abc'[k]), classes: ['a', 'b', 'c'] }],
    ['weights', { ...data, weights: weights.map((weight) => weight + 1) }],
    ['weights of which some are 0', { ...data, weights }],
  ])('give the bits of %s', async (_, given) => {
    await compare(given, fitTwice({ batchSize: 8 }));
  });

  it.each<[string, TrainOptions]>([
    ['validationSplit and early stopping', { validationSplit: 0.3, earlyStopping: { patience: 1 } }],
    ['classWeights', { classWeights: 'balanced' }],
    ['standardize', { standardize: true }],
    ['trainingMetrics', { trainingMetrics: true }],
    ['L-BFGS', { optimizer: lbfgs() }],
  ])('give the bits of arrays with %s', async (_, options) => {
    await compare(data, fitTwice(options));
  });

  it('give the bits of arrays with standardised targets', async () => {
    const targets = Float64Array.from({ length: 2 * SAMPLES }, (_, i) => 100 + (i % 7));
    await compare({ ...data, targets }, fitTwice({ standardize: 'both' }), scaled);
  });

  it('are copied into the memory by the first call only, whatever calls there are', async () => {
    const net = await createNetwork(network);
    const prepared = await net.prepareData(data);
    const copies = countCopies();
    await net.fit(prepared, { epochs: 1 });
    expect(copies()).toBe(1);
    await net.fit(prepared, { epochs: 1, batchSize: 7 });
    for await (const _ of net.train(prepared, { epochs: 2 }));
    await net.trainFor(prepared, 1e-30);
    await net.trainFor(prepared, 1e-30);
    net.trainBatch(data.inputs.subarray(0, 10), data.targets.subarray(0, 2));
    await net.fit(prepared, { epochs: 1, validation, optimizer: adam({ learningRate: 0.02 }) });
    expect(copies()).toBe(1);
    await net.fit(data, { epochs: 1 });
    expect(copies()).toBe(2);
    await net.fit(data, { epochs: 1 });
    expect(copies()).toBe(3);
  });

  it('are copied again after other data, another standardisation, and a refusal', async () => {
    const standardization = { means: [1, 2, 3, 4, 5], deviations: [2, 2, 2, 2, 2] };
    const bad = { ...other, inputs: other.inputs.map((x, i) => (i === 70 ? Number.NaN : x)) };
    await compare(data, async (net, given) => {
      await net.fit(given, { epochs: 1 });
      await net.fit(other, { epochs: 1 });
      await net.fit(given, { epochs: 1 });
      await net.fit(given, { epochs: 1, validationSplit: 0.5 });
      await net.fit(given, { epochs: 1 });
      await net.trainFor(other, 1e-30);
      await net.fit(given, { epochs: 1 });
      net.setStandardization(standardization);
      await net.fit(given, { epochs: 1 });
      net.setStandardization(undefined);
      await net.fit(given, { epochs: 1 });
      await net.fit(bad, { epochs: 1 }).catch(() => {});
      await net.fit({ ...other, targets: data.targets.map((k) => k + 1) }, { epochs: 1 }).catch(() => {});
      await net.fit(given, { epochs: 1 });
      await net.fitStream(() => [data, other], { epochs: 1 });
      await net.fit(given, { epochs: 1 });
    });
  });

  it('are copied again after a call that was aborted while it copied other data', async () => {
    const large = makeData(60_000);
    await compare(data, async (net, given) => {
      await net.fit(large, { epochs: 1, batchSize: 6000, standardize: true });
      await net.fit(given, { epochs: 1 });
      const controller = new AbortController();
      const call = net.fit(large, { epochs: 1, signal: controller.signal });
      controller.abort();
      await expect(call).rejects.toThrow('abort');
      await net.fit(given, { epochs: 1 });
    });
  });

  it('stay where they are when the memory grows', async () => {
    await compare({ ...data, weights: weights.map((weight) => weight + 1) }, async (net, given) => {
      await net.fit(given, { epochs: 1, batchSize: 4 });
      net.predict(new Float32Array(5 * 3000));
      net.layers[0].dropout = 0.2;
      await net.fit(given, { epochs: 1, batchSize: 50, optimizer: adam() });
    });
  });

  it('are copied again if a call had other weights, even if their array has been collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await compare(data, async (net, given) => {
      await net.fit(given, { epochs: 1, classWeights: [1, 20, 300] });
      await new Promise((resolve) => setTimeout(resolve));
      collect();
      await net.fit(given, { epochs: 1 });
    });
  });

  it('do not change with the arrays', async () => {
    const given = { inputs: data.inputs.slice(), targets: data.targets.slice() };
    const [net, same] = [await createNetwork(network), await createNetwork(network)];
    const prepared = await net.prepareData(given);
    given.inputs.fill(7);
    given.targets.fill(0);
    for (let i = 0; i < 2; i++) {
      await net.fit(prepared, { epochs: 1 });
      await same.fit(data, { epochs: 1 });
    }
    expect(parameterBits(net)).toEqual(parameterBits(same));
  });

  it('are taken by evaluate and as validation data', async () => {
    await compare(data, async (net, given) => [
      await net.evaluate(given),
      ...(await net.fit(given, { epochs: 2, validation: given })),
      ...(await net.fit(other, { epochs: 2, validation: given })),
      await net.evaluate(given, { topK: 2 }),
    ]);
  });

  it('are taken by trainFor and replayTo, which resume with them', async () => {
    await compare(data, async (net, given) => [
      // each call takes one step
      await net.trainFor(given, 1e-30, { batchSize: 8 }),
      await net.trainFor(given, 1e-30, { batchSize: 8 }),
      await net.replayTo(net.steps + 3, given, { epochs: 2 }),
      ...(await net.fit(given, { epochs: 2 })),
    ]);
  });

  it('resume a training that was saved with arrays, and the other way round', async () => {
    const options = { epochs: 3, batchSize: 8 };
    const net = await createNetwork(network);
    const prepared = await net.prepareData(data);
    const files: Uint8Array[] = [];
    const keep = async (from: Network) => files.push(await from.save({ training: true }));
    await net.fit(prepared, { epochs: 1 });
    await net.fit(prepared, { ...options, onBatch: () => keep(net).then(() => true) });
    for (const [i, file] of files.entries()) {
      const loaded = await loadNetwork(file);
      await loaded.fit(i % 2 === 0 ? data : prepared, options);
      expect(parameterBits(loaded)).toEqual(parameterBits(net));
      expect(loaded.steps).toBe(net.steps);
    }
    expect(files.length).toBe(21);
  });

  it('are taken by other networks of the same widths', async () => {
    const net = await createNetwork(network);
    const prepared = await net.prepareData(data);
    net.dispose();
    const [second, same] = [await createNetwork(network), await createNetwork(network)];
    await second.fit(prepared, { epochs: 1 });
    await same.fit(data, { epochs: 1 });
    expect(parameterBits(second)).toEqual(parameterBits(same));
    const wide = await createNetwork({ ...network, inputs: 4 });
    await expect(wide.fit(prepared)).rejects.toThrow('data.inputs: got');
  });

  it('keep the classes that they were named by', async () => {
    const net = await createNetwork({ ...network, classes: ['a', 'b', 'c'] });
    const prepared = await net.prepareData({ ...data, targets: Array.from(data.targets, (k) => 'abc'[k]) });
    const renamed = await createNetwork({ ...network, classes: ['c', 'b', 'a'] });
    await expect(renamed.fit(prepared)).rejects.toThrow('data.classes[0]: got "a", want "c"');
  });

  it('say how many samples they have, without those of weight 0', async () => {
    const net = await createNetwork(network);
    expect((await net.prepareData(data)).samples).toBe(SAMPLES);
    const prepared = await net.prepareData({ ...data, weights: weights.map((_, i) => Number(i < 20)) });
    expect(prepared.samples).toBe(20);
    expect(() => Object.assign(prepared, { samples: 1 })).toThrow(TypeError);
  });

  it('are refused where arrays are needed, with the way out', async () => {
    const net = await createNetwork(network);
    const prepared = (await net.prepareData(data)) as unknown as DataSet;
    const wanted = 'want an object { inputs, targets }: the arrays that it was prepared from';
    const { splitData } = await import('../src/split.js');
    const { crossValidate } = await import('../src/cross-validation.js');
    await expect(net.prepareData(prepared)).rejects.toThrow(`data: got an object (PreparedData), ${wanted}`);
    await expect(net.fitStream(() => [prepared], { epochs: 1 })).rejects.toThrow(
      'part 0: got an object (PreparedData)',
    );
    await expect(crossValidate(network, prepared)).rejects.toThrow(wanted);
    expect(() => splitData(prepared, { test: 0.5 })).toThrow(
      'got an object (PreparedData), want an object { inputs, targets }',
    );
  });

  it('are refused like the arrays', async () => {
    const net = await createNetwork(network);
    const bad = { ...data, inputs: data.inputs.map((x, i) => (i === 7 ? Number.NaN : x)) };
    await expect(net.prepareData(bad)).rejects.toThrow('data.inputs[7] (row 1, column 2): got NaN');
    await expect(net.prepareData({ ...data, targets: new Uint8Array(SAMPLES).fill(3) })).rejects.toThrow(
      'data.targets',
    );
    await expect(net.prepareData({ ...data, weights: new Float32Array(SAMPLES) })).rejects.toThrow('data.weights');
    net.dispose();
    await expect(net.prepareData(data)).rejects.toThrow('after dispose()');
  });
});
