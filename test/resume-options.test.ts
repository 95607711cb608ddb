import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NetworkOptions, ProgressReport, TrainOptions } from '../src/index.js';
import { adam, irprop, NonFiniteError, nadam, sgd, step } from '../src/index.js';
import { createNetwork, loadNetwork, slowClock } from './build.js';
import { hashOf } from './parameters.js';
import { CLASSES, data, expectExact, makeData, network, text, validation } from './resuming.js';

describe('a training resumes exactly with', () => {
  const optimizer = adam({ learningRate: 0.02 });
  const short = { epochs: 3, batchSize: 8, optimizer };

  it.each<[string, NetworkOptions, TrainOptions]>([
    [
      'dropout',
      { ...network, layers: network.layers.map((layer, l) => (l < 2 ? { ...layer, dropout: 0.4 } : layer)) },
      short,
    ],
    ['no shuffle', network, { ...short, shuffle: false }],
    ['standardisation', network, { ...short, standardize: true }],
    ['class weights', network, { ...short, classWeights: [1, 2, 0.5] }],
    ['a stratified split', network, { ...short, validationSplit: { share: 0.25, stratify: true } }],
    [
      'L1, L2, max-norm',
      { ...network, l1: 0.01, l2: 0.1, layers: [{ units: 7, maxNorm: 1 }, ...network.layers.slice(2)] },
      short,
    ],
    ['accumulation', network, { ...short, batchSize: 4, accumulate: 3 }],
    ['weights that may be lost', network, { ...short, ignoreNonFinite: true }],
  ])('%s', async (_, options, training) => {
    await expectExact(options, training);
  });

  it('early stopping: its count, the best epoch, and the weights of that epoch', async () => {
    const training: TrainOptions = {
      epochs: 60,
      batchSize: 8,
      optimizer: adam({ learningRate: 0.05 }),
      validation,
      earlyStopping: { patience: 4 },
    };
    const { run, files } = await expectExact(network, training, { every: 16 });
    const last = JSON.parse(run.epochs.at(-1)!);
    expect(last.stopped).toBe('earlyStopping');
    expect(last.bestEpoch).toBe(last.epoch - 4);
    // the last file was saved during the last report, when nothing was left to do except to restore the best weights
    expect(files.at(-1)!.epochs).toBe(run.epochs.length);
    await expectExact(
      network,
      { ...training, earlyStopping: { patience: 2, monitor: 'accuracy', restoreBest: false } },
      { every: 16 },
    );
  });

  it('numbers that a callback has given the optimizer during the call', async () => {
    const training: TrainOptions = { epochs: 4, batchSize: 8, optimizer };
    const net = await createNetwork(network);
    const files: Uint8Array[] = [];
    await net.fit(data, {
      ...training,
      onEpoch: ({ epoch }) => {
        if (epoch === 1) net.optimizer = adam({ learningRate: step({ initial: 0.1, steps: 3 }) });
      },
      onBatch: async () => {
        if (net.steps % 4 === 0) files.push(await net.save({ training: true }));
      },
    });
    expect(files).toHaveLength(Math.floor(net.steps / 4));
    for (const file of files.slice(-3)) {
      const loaded = await loadNetwork(file);
      await loaded.fit(data, training);
      expect(hashOf(loaded)).toBe(hashOf(net));
    }
  });

  it('a custom cost', async () => {
    const cost = {
      value: (a: Float32Array, y: Float32Array) => a.reduce((sum, output, j) => sum + (output - y[j]) ** 4, 0),
      gradient: (a: Float32Array, y: Float32Array, out: Float32Array) => {
        a.forEach((output, j) => {
          out[j] = 4 * (output - y[j]) ** 3;
        });
      },
    };
    await expectExact({ ...network, layers: [{ units: 4 }, { units: CLASSES }], cost }, short, { load: { cost } });
  });

  it('the last cost of irprop and the product of nadam, from their first steps', async () => {
    for (const chosen of [irprop({ learningRate: 0.5 }), nadam({ learningRate: 0.5 })]) {
      await expectExact(network, { epochs: 12, batchSize: 50, optimizer: chosen }, { every: 1 });
    }
  });
});

describe('in the middle of a step of several chunks', () => {
  const big = makeData(1000);
  const training: TrainOptions = {
    epochs: 2,
    batchSize: 350,
    accumulate: 2,
    optimizer: adam({ learningRate: 0.01, clipNorm: 0.1 }),
  };
  // irprop compares the cost of each step with that of the step before
  const fullBatch: TrainOptions = { epochs: 4, optimizer: irprop({ learningRate: 0.5 }) };
  const options = { ...network, layers: [{ units: 9, dropout: 0.3 }, ...network.layers.slice(1)] };
  afterEach(() => void vi.restoreAllMocks());

  // with the slow clock, each slice is one chunk long, and progress is reported after it
  it.each([
    [training, false],
    [training, true],
    [fullBatch, false],
    [fullBatch, true],
  ])('resumes exactly (%o, gradients read before: %s)', async (training, isRead) => {
    slowClock(20);
    const net = await createNetwork(options);
    const files: { bytes: Uint8Array; samples: number; reports: number }[] = [];
    const reports: string[] = [];
    const result = [
      ...(await net.fit(big, {
        ...training,
        onProgress: async (report) => {
          reports.push(text(report));
          if (isRead) net.layers[1].getWeightGradients();
          files.push({ bytes: await net.save({ training: true }), samples: report.samples, reports: reports.length });
        },
      })),
    ];
    const ends = training === fullBatch ? [256, 512, 768, 1000] : [256, 512, 700, 956, 1000];
    expect(files.map(({ samples }) => samples)).toEqual(Array(training.epochs).fill(ends).flat());
    for (const { bytes, reports: given } of files) {
      const loaded = await loadNetwork(bytes);
      loaded.predict(big.inputs);
      expect(await loaded.save({ training: true })).toEqual(bytes);
      const rest: string[] = [];
      const ended = [...(await loaded.fit(big, { ...training, onProgress: (report) => void rest.push(text(report)) }))];
      expect(rest).toEqual(reports.slice(given));
      expect(ended.map(text)).toEqual(result.map(text).slice(-ended.length));
      expect(hashOf(loaded)).toBe(hashOf(net));
    }
  });

  it('fails like the whole run, and returns to its start, also from the middle of a step', async () => {
    slowClock(20);
    const targets = new Float32Array(1400);
    // the first step makes both parameters 1; the gradient of the second is above 1e3
    targets[0] = 7e-35;
    targets[700] = 1e6;
    const far = { inputs: new Float32Array(1400).fill(1), targets };
    const steep: TrainOptions = { epochs: 1, batchSize: 700, shuffle: false, optimizer: sgd({ learningRate: 1e37 }) };
    const net = await createNetwork({
      inputs: 1,
      layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }],
    });
    const files: Uint8Array[] = [];
    const onProgress = async ({ samples }: ProgressReport) => {
      if (samples < 700) files.push(await net.save({ training: true }));
    };
    const error = await net.fit(far, { ...steep, onProgress }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ epoch: 0, step: 1, layer: 0, stepsUndone: 1 });
    expect(net.layers[0].getWeights()[0]).toBe(0);
    expect(files).toHaveLength(2);
    // the clock stands still, so there is no snapshot between the two steps
    vi.spyOn(performance, 'now').mockReturnValue(1e6);
    for (const file of files) {
      const loaded = await loadNetwork(file);
      const again = await loaded.fit(far, steep).catch((thrown) => thrown);
      expect({ ...again, message: again.message }).toEqual({ ...error, message: error.message });
      expect(hashOf(loaded)).toBe(hashOf(net));
    }
  });
});
