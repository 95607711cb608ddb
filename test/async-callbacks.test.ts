import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import type { EpochReport, NetworkOptions, ProgressReport } from '../src/index.js';
import { sgd } from '../src/index.js';
import { createNetwork, loadNetwork, slowClock } from './build.js';
import { parameterBits } from './parameters.js';

const options: NetworkOptions = { inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 };
const data = {
  inputs: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
  targets: Uint8Array.from({ length: 20 }, (_, i) => i % 2),
};
const training = { epochs: 4, batchSize: 5, shuffle: false };
const stream = () => [data];

describe('callbacks that return a promise', () => {
  it('are awaited, one after the other, and nothing is trained meanwhile', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const order: string[] = [];
    const slowly =
      (name: string) =>
      async ({ epoch }: { epoch: number }) => {
        const { steps } = net;
        order.push(`${name} ${epoch}`);
        await wait(1);
        expect(net.steps).toBe(steps);
        order.push('done');
      };
    const callbacks = { onEpoch: slowly('epoch'), onBatch: slowly('batch') };
    await net.fit(data, { ...training, epochs: 2, ...callbacks });
    const epoch = (number: number) => [`batch ${number}`, 'done'];
    expect(order).toEqual(
      [0, 1].flatMap((e) => [...epoch(e), ...epoch(e), ...epoch(e), ...epoch(e), `epoch ${e}`, 'done']),
    );
    await other.fit(data, { ...training, epochs: 2 });
    expect(parameterBits(net)).toEqual(parameterBits(other));
  });

  it('end training with a promise of false, after an epoch or a step, of fit and of a stream', async () => {
    const onEpoch = async ({ epoch }: EpochReport) => epoch < 1;
    const onBatch = async ({ step }: ProgressReport) => step < 3;
    for (const asStream of [false, true]) {
      const fit = async (callbacks: object) => {
        const net = await createNetwork(options);
        return await (asStream
          ? net.fitStream(stream, { ...training, ...callbacks })
          : net.fit(data, { ...training, ...callbacks }));
      };
      const [byEpoch, byBatch] = [await fit({ onEpoch }), await fit({ onBatch })];
      expect([byEpoch.length, byEpoch.stopped]).toEqual([2, 'callback']);
      expect([byBatch.length, byBatch.samples, byBatch.stopped]).toEqual([1, 15, 'callback']);
      // only false stops training
      for (const answer of [Promise.resolve(0), Promise.resolve(), 'false']) {
        expect(await fit({ onEpoch: () => answer, onBatch: () => answer })).toHaveLength(4);
      }
    }
  });

  it.each(['onEpoch', 'onBatch', 'onProgress'])('reject the call if they reject: %s', async (name) => {
    const net = await createNetwork(options);
    const error = new Error('no');
    const callback = { [name]: async () => await Promise.reject(error) };
    slowClock(20);
    await expect(net.fit(data, { ...training, ...callback })).rejects.toBe(error);
    await expect(net.fitStream(stream, { ...training, ...callback })).rejects.toBe(error);
    // and the network can be trained again
    expect(await net.fit(data, training)).toHaveLength(4);
  });

  it('are followed by the error if the signal is aborted, or the network disposed of, while they are awaited', async () => {
    const net = await createNetwork(options);
    const controller = new AbortController();
    const onBatch = async () => {
      await wait(1);
      controller.abort(new Error('enough'));
    };
    await expect(net.fit(data, { ...training, onBatch, signal: controller.signal })).rejects.toThrow('enough');
    expect(net.steps).toBe(1);
    const onEpoch = async () => {
      await wait(1);
      net.dispose();
    };
    await expect(net.fit(data, { ...training, onEpoch })).rejects.toThrow(/after dispose/);
  });

  it('may save before they resolve: the call then resumes after them', async () => {
    const net = await createNetwork(options);
    const files: Uint8Array[] = [];
    const save = async () => {
      await wait(1);
      files.push(await net.save({ training: true }));
    };
    await net.fit(data, { ...training, epochs: 3, onBatch: save, onEpoch: save });
    expect(files).toHaveLength(net.steps + 3);
    for (const file of files) {
      const copy = await loadNetwork(file);
      await copy.fit(data, { ...training, epochs: 3 });
      expect(parameterBits(copy)).toEqual(parameterBits(net));
    }
  });

  it('are awaited by replayTo', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    let calls = 0;
    const onBatch = async () => {
      await wait(1);
      calls++;
    };
    await net.replayTo(6, data, { ...training, onBatch });
    expect([net.steps, calls]).toEqual([6, 6]);
    await other.fit(data, { ...training, onBatch: () => other.steps < 6 });
    expect(parameterBits(net)).toEqual(parameterBits(other));
  });

  it('are awaited by crossValidate, which rejects as onFold does', async () => {
    const folds: number[] = [];
    const onFold = async ({ fold }: { fold: number }) => {
      await wait(1);
      folds.push(fold);
      if (fold === 1) throw new Error('no');
    };
    await expect(crossValidate(options, data, { folds: 3, ...training, onFold })).rejects.toThrow('no');
    expect(folds).toEqual([0, 1]);
  });
});

describe('functions whose result is needed at once', () => {
  const rejects = async (): Promise<never> => await Promise.reject(new Error('nobody awaits this'));

  it('must not return a promise, and its rejection does not end the process', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: what would not compile
    const any = (value: unknown): any => value;
    const costs = [
      [
        { value: rejects, gradient: () => {} },
        /^cost\.value: got an object \(Promise\), want a function .* without async$/,
      ],
      [{ value: () => 1, gradient: rejects }, /^cost\.gradient: got an object \(Promise\), want .*, without async$/],
    ] as const;
    for (const [cost, message] of costs) {
      const net = await createNetwork({ ...options, cost: any(cost) });
      await expect(net.fit({ ...data, targets: new Float32Array(20) }, training)).rejects.toThrow(message);
    }
    const net = await createNetwork(options);
    const rate = sgd({ learningRate: any(rejects) });
    const message =
      /^learningRate of step 0, epoch 0: got an object \(Promise\), want a finite number from 0 up, without async$/;
    await expect(net.fit(data, { ...training, optimizer: rate })).rejects.toThrow(message);
    await expect(net.trainFor(data, 1, { batchSize: 5, optimizer: rate })).rejects.toThrow(message);
    expect(() => {
      net.optimizer = rate;
    }).toThrow(message);
    await expect(net.fitStream(any(rejects), { ...training, optimizer: sgd({ learningRate: 1 }) })).rejects.toThrow(
      /^source: got an object \(Promise\), want a function that returns an iterable .*, such as async function\*$/,
    );
    await wait(5);
  });
});
