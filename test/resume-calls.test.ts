import { describe, expect, it, vi } from 'vitest';
import type { EpochReport, ProgressReport, TrainForReport } from '../src/index.js';
import { adam, cosine, exponential, nadam, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork, slowClock } from './build.js';
import { hashOf } from './parameters.js';
import { data, INPUTS, makeData, network, type Saved, text, validation } from './resuming.js';

describe('other ways to train', () => {
  const optimizer = adam({ learningRate: 0.02 });
  const dropping = { ...network, layers: [{ units: 9, dropout: 0.3 }, ...network.layers.slice(1)] };

  it('trainBatch resumes exactly after any number of batches', async () => {
    for (const chosen of [optimizer, nadam({ learningRate: exponential({ initial: 0.1, factor: 0.9, steps: 2 }) })]) {
      const net = await createNetwork(dropping);
      net.optimizer = chosen;
      const files = [];
      const costs: number[] = [];
      const labels = data.targets as Uint8Array;
      const batch = (from: Network, i: number) =>
        from.trainBatch(
          (data.inputs as Float32Array).subarray(i * INPUTS, (i + 5) * INPUTS),
          labels.subarray(i, i + 5),
        );
      for (let i = 0; i < 40; i += 5) {
        files.push(await net.save({ training: true }));
        costs.push(batch(net, i));
      }
      for (const [n, file] of files.entries()) {
        const loaded = await loadNetwork(file);
        const rest: number[] = [];
        for (let i = 5 * n; i < 40; i += 5) rest.push(batch(loaded, i));
        expect(rest).toEqual(costs.slice(n));
        expect(await loaded.save({ training: true })).toEqual(await net.save({ training: true }));
      }
    }
  });

  it('trainFor resumes in the middle of an epoch, and begins anew if the data or the options differ', async () => {
    const training = { batchSize: 8, optimizer: adam({ learningRate: cosine({ initial: 0.1, steps: 17 }) }) };
    // each call takes one step
    const train = (net: Network, set = data, options = training): Promise<TrainForReport> =>
      net.trainFor(set, 1e-30, options);
    const net = await createNetwork(dropping);
    const files: Uint8Array[] = [];
    const reports: string[] = [];
    for (let i = 0; i < 17; i++) {
      reports.push(text(await train(net)));
      files.push(await net.save({ training: true }));
    }
    for (const [n, file] of files.entries()) {
      const loaded = await loadNetwork(file);
      // other arrays with the same numbers count as the same data
      const copy = { inputs: Float64Array.from(data.inputs), targets: Int32Array.from(data.targets) };
      const rest: string[] = [];
      for (let i = n + 1; i < 17; i++) rest.push(text(await train(loaded, copy)));
      expect(rest).toEqual(reports.slice(n + 1));
      expect(await loaded.save({ training: true })).toEqual(await net.save({ training: true }));
    }
    const other = makeData(30);
    for (const [set, options] of [
      [other, training],
      [data, { ...training, batchSize: 9 }],
      [data, { ...training, optimizer: sgd({ learningRate: 0.1 }) }],
    ] as const) {
      const whole = await loadNetwork(files[9]);
      for (let i = 10; i < 12; i++) await train(whole);
      const loaded = await loadNetwork(await whole.save({ training: true }));
      expect(text(await train(loaded, set, options as typeof training))).toBe(
        text(await train(whole, set, options as typeof training)),
      );
      await loaded.fit(set, { epochs: 1 });
      await whole.fit(set, { epochs: 1 });
      expect(hashOf(loaded)).toBe(hashOf(whole));
    }
  });

  it('measures times from the loading on', async () => {
    const training = { epochs: 3, batchSize: 10, optimizer };
    const net = await createNetwork(dropping);
    let file: Uint8Array | undefined;
    await net.fit(data, {
      ...training,
      onBatch: async ({ epoch, step }) => {
        if (epoch === 1 && step === 5) file = await net.save({ training: true });
      },
    });
    const loaded = await loadNetwork(file!);
    const [first, second] = await loaded.fit(data, training);
    // the file was saved when only the report was missing
    expect(first).toMatchObject({
      epoch: 1,
      samples: 50,
      samplesPerSecond: undefined,
      elapsedMs: 0,
      secondsLeft: undefined,
    });
    expect(second).toMatchObject({ epoch: 2, samples: 50, secondsLeft: 0 });
    expect(second.samplesPerSecond).toBeCloseTo((1000 * 50) / second.elapsedMs);
  });

  it('train resumes between two reports, also in another process', async () => {
    const training = { epochs: 6, batchSize: 8, optimizer };
    const net = await createNetwork(dropping);
    const files: Uint8Array[] = [];
    const reports: string[] = [];
    for await (const report of net.train(data, training)) {
      reports.push(text(report));
      files.push(await net.save({ training: true }));
    }
    expect(files).toHaveLength(6);
    for (const [n, file] of files.entries()) {
      const loaded = await loadNetwork(file);
      const rest: string[] = [];
      for await (const report of loaded.train(data, training)) rest.push(text(report));
      expect(rest).toEqual(reports.slice(n + 1));
      expect(hashOf(loaded)).toBe(hashOf(net));
    }
  });

  it('resumes from a file that a timer saved during fit', async () => {
    const training = { epochs: 4, batchSize: 1, optimizer };
    const net = await createNetwork(dropping);
    let file: Promise<Uint8Array> | undefined;
    // setImmediate runs after the first slice of the epoch
    slowClock(20);
    setImmediate(() => {
      file = net.save({ training: true });
    });
    await net.fit(data, training);
    vi.restoreAllMocks();
    const loaded = await loadNetwork((await file)!);
    await loaded.fit(data, training);
    expect(hashOf(loaded)).toBe(hashOf(net));
  });

  it('resumes if the arrays of the data were transferred after the first step', async () => {
    const net = await createNetwork(dropping);
    const given = { inputs: data.inputs.slice(), targets: data.targets.slice() };
    let file: Uint8Array | undefined;
    await net.fit(given, {
      epochs: 2,
      batchSize: 8,
      optimizer,
      onBatch: async ({ epoch, step }) => {
        if (epoch > 0 || step !== 1) return;
        for (const { buffer } of [given.inputs, given.targets]) structuredClone(buffer, { transfer: [buffer] });
        file = await net.save({ training: true });
      },
    });
    expect(given.inputs).toHaveLength(0);
    const loaded = await loadNetwork(file!);
    await loaded.fit(data, { epochs: 2, batchSize: 8, optimizer });
    expect(hashOf(loaded)).toBe(hashOf(net));
  });

  it('a second fit begins a new call, as without interruption', async () => {
    const net = await createNetwork(dropping);
    await net.fit(data, { epochs: 2, batchSize: 8, optimizer });
    const loaded = await loadNetwork(await net.save({ training: true }));
    for (const each of [net, loaded]) await each.fit(validation, { epochs: 2, batchSize: 3 });
    expect(await loaded.save({ training: true })).toEqual(await net.save({ training: true }));
  });

  describe('fitStream', () => {
    const cut = (samples: readonly number[]) => {
      let first = 0;
      return samples.map((count) => {
        const part = {
          inputs: data.inputs.slice(first * INPUTS, (first + count) * INPUTS),
          targets: data.targets.slice(first, first + count),
        };
        first += count;
        return part;
      });
    };
    const parts = cut([20, 7, 23]);
    const source = () => parts;
    const training = { epochs: 3, batchSize: 4, optimizer, validation, standardize: true };

    it('resumes in the middle of a part', async () => {
      const net = await createNetwork(dropping);
      const files: Saved[] = [];
      const batches: string[] = [];
      const epochs: string[] = [];
      const listen = (to: { batches: string[]; epochs: string[] }) => ({
        onBatch: (report: ProgressReport) => void to.batches.push(text(report)),
        onEpoch: (report: EpochReport) => void to.epochs.push(text(report)),
      });
      const { onBatch, onEpoch } = listen({ batches, epochs });
      const keep = async () =>
        files.push({ bytes: await net.save({ training: true }), epochs: epochs.length, batches: batches.length });
      await net.fitStream(source, {
        ...training,
        onBatch: async (report) => {
          onBatch(report);
          await keep();
        },
        onEpoch: async (report) => {
          onEpoch(report);
          await keep();
        },
      });
      expect(files).toHaveLength(3 * (5 + 2 + 6 + 1));
      for (const file of files) {
        const loaded = await loadNetwork(file.bytes);
        expect(await loaded.save({ training: true })).toEqual(file.bytes);
        const rest = { batches: [] as string[], epochs: [] as string[] };
        await loaded.fitStream(source, { ...training, ...listen(rest) });
        expect(rest.batches).toEqual(batches.slice(file.batches));
        expect(rest.epochs).toEqual(epochs.slice(file.epochs));
        expect(await loaded.save({ training: true })).toEqual(await net.save({ training: true }));
      }
    });

    it('resumes between parts, while it waits for the next one', async () => {
      const net = await createNetwork(dropping);
      const files: Uint8Array[] = [];
      const slow = async function* () {
        for (const part of parts) {
          yield part;
          files.push(await net.save({ training: true }));
        }
      };
      const { standardize: _, ...rest } = training;
      await net.fitStream(slow, rest);
      expect(files).toHaveLength(9);
      for (const file of files) {
        const loaded = await loadNetwork(file);
        await loaded.fitStream(source, rest);
        expect(await loaded.save({ training: true })).toEqual(await net.save({ training: true }));
      }
    });

    it('refuses a source of other parts, and resumes with the right one after that', async () => {
      const net = await createNetwork(dropping);
      let file: Uint8Array | undefined;
      await net.fitStream(source, {
        ...training,
        onBatch: async () => {
          if (net.steps === 6) file = await net.save({ training: true });
        },
      });
      const loaded = await loadNetwork(file!);
      const wanted = ', want the parts of the training that was saved, or a network loaded with training: false';
      await expect(loaded.fitStream(() => cut([21, 6, 23]), training)).rejects.toThrow(
        `source: got 21 samples before part 1${wanted}`,
      );
      await expect(loaded.fitStream(() => cut([20]), training)).rejects.toThrow(`source: got no part 1${wanted}`);
      await expect(loaded.fitStream(() => cut([20, 8, 22]), training)).rejects.toThrow(
        `source: got another part 1${wanted}`,
      );
      expect(await loaded.save({ training: true })).toEqual(file);
      await loaded.fitStream(source, training);
      expect(hashOf(loaded)).toBe(hashOf(net));
    });
  });
});
