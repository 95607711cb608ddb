import { describe, expect, it } from 'vitest';
import type { EpochReport, NetworkOptions, TrainOptions } from '../src/index.js';
import { sgd } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import { randomFloats, randomLabels } from './random-numbers.js';

// stopAt, trainingMetrics, the monitor of top-k accuracy, and the labels -1 and 1 of the hinge cost.

const OPTIONS: NetworkOptions = {
  inputs: 4,
  layers: [
    { units: 6, activation: 'tanh', dropout: 0.2 },
    { units: 3, activation: 'softmax' },
  ],
  seed: 5,
};
const samples = 70;
const data = { inputs: randomFloats(samples * 4, 1), targets: randomLabels(samples, 3, 2) };
const TRAINING: TrainOptions = { epochs: 12, batchSize: 16, optimizer: sgd({ learningRate: 0.3 }) };

describe('stopAt', () => {
  it('ends training after the first epoch whose cost is at most this, in fit and in fitStream', async () => {
    const costs = [...(await (await createNetwork(OPTIONS)).fit(data, TRAINING))].map(({ cost }) => cost);
    const stopAt = costs[4];
    const first = costs.findIndex((cost) => cost <= stopAt);
    for (const call of ['fit', 'fitStream'] as const) {
      const net = await createNetwork(OPTIONS);
      const history =
        call === 'fit'
          ? await net.fit(data, { ...TRAINING, stopAt })
          : await net.fitStream(() => [data], { ...TRAINING, stopAt });
      expect([history.length, history.stopped]).toEqual([first + 1, 'stopAt']);
      expect(history.last!.secondsLeft ?? 0).toBe(0);
    }
  });

  it('is no reason after the last epoch, and is a number', async () => {
    const net = await createNetwork(OPTIONS);
    const history = await net.fit(data, { ...TRAINING, epochs: 1, stopAt: 100 });
    expect(history.stopped).toBeUndefined();
    await expect(net.fit(data, { stopAt: Number.NaN })).rejects.toThrow(
      'options.stopAt: got NaN, want a finite number',
    );
    await expect(net.fit(data, { stopAt: '1' as unknown as number })).rejects.toThrow('options.stopAt: got "1", want');
  });

  it('a checkpoint of its last report resumes to nothing', async () => {
    const net = await createNetwork(OPTIONS);
    const files: Uint8Array[] = [];
    const onEpoch = async () => void files.push(await net.save({ training: true }));
    await net.fit(data, { ...TRAINING, stopAt: 100, onEpoch });
    const resumed = await loadNetwork(files[0]);
    expect((await resumed.fit(data, { ...TRAINING, stopAt: 100 })).length).toBe(0);
  });
});

describe('trainingMetrics', () => {
  it.each<[string, Partial<NetworkOptions>, object]>([
    ['classes', {}, {}],
    [
      'bytes and weights',
      {},
      { weights: randomFloats(samples, 3).map(Math.abs), inputs: Uint8Array.from(data.inputs, (x) => 40 * x + 40) },
    ],
    [
      'labels',
      { layers: [{ units: 2 }] },
      { targets: Float32Array.from({ length: 2 * samples }, (_, i) => Number(i % 3 > 0)) },
    ],
    ['numbers', { layers: [{ units: 2, activation: 'linear' }] }, { targets: randomFloats(2 * samples, 7) }],
    ['large batches in small windows', { batchSize: 8 }, {}],
  ])('of %s are those of evaluate after the epoch, and change no bit', async (_, more, given) => {
    const options = { ...OPTIONS, ...more };
    const set = { ...data, ...given };
    const [net, plain] = [await createNetwork(options), await createNetwork(options)];
    const wanted: unknown[] = [];
    const training = { ...TRAINING, epochs: 3, optimizer: sgd({ learningRate: 0.01 }) };
    const reports: EpochReport[] = [];
    const onEpoch = async (report: EpochReport) => {
      reports.push(report);
      wanted.push(await net.evaluate(set));
    };
    const history = await net.fit(set, { ...training, trainingMetrics: true, validation: set, onEpoch });
    expect(reports.map(({ training: metrics }) => metrics)).toEqual(wanted);
    expect(reports.map(({ validation }) => validation)).toEqual(wanted);
    expect(history.column('training.cost')).toEqual(
      Float64Array.from(reports, ({ training: metrics }) => metrics!.cost),
    );
    expect(history.at(0)!.training!.cost).toBe(reports[0].training!.cost);
    expect(history.at(0)!.training!.task).toBe(net.task);
    await plain.fit(set, { ...training });
    expect(net.layers[0].getWeights()).toEqual(plain.layers[0].getWeights());
  });

  it('standardised, with class weights, on the part that a split leaves', async () => {
    const net = await createNetwork(OPTIONS);
    const options = {
      standardize: true,
      classWeights: [1, 2, 3],
      validationSplit: { share: 0.3, from: 'end' },
    } as const;
    const { last } = await net.fit(data, { ...TRAINING, ...options, trainingMetrics: true });
    const rows = samples - Math.ceil(samples * 0.3 - 0.5);
    const targets = data.targets.subarray(0, rows);
    const part = { inputs: data.inputs.subarray(0, 4 * rows), targets };
    expect(last!.training).toEqual(
      await net.evaluate({ ...part, weights: Float32Array.from(targets, (label) => label + 1) }),
    );
  });

  it('is refused for streams, and where it is no boolean', async () => {
    const net = await createNetwork(OPTIONS);
    const options = { trainingMetrics: true };
    await expect(net.fitStream(() => [data], options as object)).rejects.toThrow(
      'options: got the unknown key "trainingMetrics"',
    );
    const fit = net.fit(data, { trainingMetrics: 1 as unknown as boolean });
    await expect(fit).rejects.toThrow('options.trainingMetrics: got 1, want true or false');
  });
});

describe('the monitor of top-k accuracy', () => {
  it('is that of evaluate with this k', async () => {
    const net = await createNetwork(OPTIONS);
    const earlyStopping = { monitor: 'topKAccuracy', topK: 2, patience: 50 } as const;
    const reports = [...(await net.fit(data, { ...TRAINING, validation: data, earlyStopping }))];
    const values = reports.map(({ validation }) => validation!.topKAccuracy!);
    expect(reports.at(-1)!.bestEpoch).toBe(values.indexOf(Math.max(...values)));
    expect((await net.evaluate(data, { topK: 2 })).topKAccuracy).toBe(Math.max(...values));
  });

  it.each([
    [{ monitor: 'topKAccuracy' }, 'options.earlyStopping.topK: got undefined, want an integer from 1 to 3'],
    [{ monitor: 'topKAccuracy', topK: 4 }, 'options.earlyStopping.topK: got 4, want an integer from 1 to 3'],
    [{ topK: 2 }, 'options.earlyStopping.topK: got 2, want none, or monitor: "topKAccuracy"'],
  ])('refuses %j', async (earlyStopping, message) => {
    const net = await createNetwork(OPTIONS);
    const fit = net.fit(data, { validation: data, earlyStopping } as TrainOptions);
    await expect(fit).rejects.toThrow(message);
  });

  it('is saved with a checkpoint', async () => {
    const net = await createNetwork(OPTIONS);
    const options = { ...TRAINING, validation: data, earlyStopping: { monitor: 'topKAccuracy', topK: 2 } } as const;
    const files: Uint8Array[] = [];
    const onEpoch = async () => void files.push(await net.save({ training: true }));
    await net.fit(data, { ...options, onEpoch });
    const resumed = await loadNetwork(files[2]);
    await resumed.fit(data, options);
    expect(await resumed.save()).toEqual(await net.save());
  });
});

describe('the hinge cost', () => {
  const hinge: NetworkOptions = { inputs: 4, layers: [{ units: 1, activation: 'linear' }], cost: 'hinge', seed: 1 };
  const signs = Int8Array.from(data.targets, (label) => (label === 1 ? 1 : -1));

  it.each<[string, TrainOptions & { targets: Int8Array | Int32Array | number[] }]>([
    ['an Int8Array', { targets: signs }],
    ['an Int32Array', { targets: Int32Array.from(signs) }],
    ['a plain array', { targets: [...signs] }],
  ])('takes labels -1 and 1 in %s, with the bits of 0 and 1', async (_, { targets }) => {
    const [net, other] = [await createNetwork(hinge), await createNetwork(hinge)];
    const labels = Uint8Array.from(signs, (sign) => Number(sign > 0));
    await net.fit({ inputs: data.inputs, targets }, TRAINING);
    await other.fit({ inputs: data.inputs, targets: labels }, TRAINING);
    expect(net.layers[0].getWeights()).toEqual(other.layers[0].getWeights());
    const result = await net.evaluate({ inputs: data.inputs, targets });
    expect(result).toEqual(await net.evaluate({ inputs: data.inputs, targets: labels }));
    expect(net.trainBatch(data.inputs, targets)).toBe(other.trainBatch(data.inputs, labels));
    expect(signs).toEqual(Int8Array.from(data.targets, (label) => (label === 1 ? 1 : -1)));
  });

  it('refuses other labels and both kinds together', async () => {
    const net = await createNetwork(hinge);
    const wanted = 'want a label from 0 to 1, or all of them -1 or 1';
    const evaluate = (targets: Int8Array) => net.evaluate({ inputs: data.inputs.subarray(0, 12), targets });
    await expect(evaluate(Int8Array.of(1, -1, 0))).rejects.toThrow(`data.targets[1]: got -1, ${wanted}`);
    await expect(evaluate(Int8Array.of(1, 2, 0))).rejects.toThrow(`data.targets[1]: got 2, ${wanted}`);
    const three = await createNetwork({ ...hinge, layers: [{ units: 3, activation: 'linear' }] });
    const call = () => three.evaluate({ inputs: data.inputs.subarray(0, 12), targets: Int8Array.of(1, -1, 0) });
    await expect(call()).rejects.toThrow('data.targets[1]: got -1, want a label from 0 to 2');
    // other costs have labels from 0
    const sigmoid = await createNetwork({ inputs: 4, layers: [{ units: 1 }] });
    const labels = sigmoid.evaluate({ inputs: data.inputs, targets: signs });
    await expect(labels).rejects.toThrow('want a label from 0 to 1');
  });
});
