import { describe, expect, it, test, vi } from 'vitest';
import type { CustomCost, DataSet, DataSource, NetworkOptions, ProgressReport, StreamOptions } from '../src/index.js';
import { NonFiniteError, nadam, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, EPSILON, loadNetwork } from './build.js';
import { parameterBits } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

const INPUTS = 5;
const OPTIONS: NetworkOptions = {
  inputs: INPUTS,
  layers: [
    { units: 6, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 2,
};

const random = randomNumbers(4);
const SAMPLES = 96;
const inputs = randomFloats(SAMPLES * INPUTS, random);
const targets = Int32Array.from({ length: SAMPLES }, () => Math.floor(3 * random()));
const data = { inputs, targets };

const part = (from: number, to: number): DataSet => ({
  inputs: inputs.slice(from * INPUTS, to * INPUTS),
  targets: targets.slice(from, to),
});

/** The samples, divided into parts at these positions. */
const cut = (...positions: number[]) => [0, ...positions].map((from, i) => part(from, positions[i] ?? SAMPLES));

async function* oneByOne(parts: DataSet[]): AsyncGenerator<DataSet> {
  for (const each of parts) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    yield each;
  }
}

async function trained(train: (net: Network) => Promise<unknown>, options = OPTIONS) {
  const net = await createNetwork(options);
  await train(net);
  return parameterBits(net);
}

/** A network for samples whose target is their number. Its cost records the order in which it is called for them. */
async function recorder(): Promise<{ net: Network; seen: number[] }> {
  const seen: number[] = [];
  const cost: CustomCost = {
    value: () => 0,
    gradient(_a, y, out) {
      seen.push(y[0]);
      out.fill(0);
    },
  };
  return { net: await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], cost }), seen };
}

const numbered = (from: number, to: number): DataSet => ({
  inputs: new Float32Array(to - from),
  targets: Float32Array.from({ length: to - from }, (_, i) => from + i),
});

describe('fitStream', () => {
  const settings: StreamOptions = { epochs: 3, batchSize: 8, optimizer: sgd({ learningRate: 0.5 }) };

  it('checks the labels that it copies, because a source may go on writing to its arrays', async () => {
    const outcomes = new Set<string>();
    for (let turns = 0; turns < 60; turns++) {
      const reused = { inputs: inputs.slice(), targets: targets.slice() };
      const source = async function* () {
        const spoil = async () => {
          for (let i = 0; i < turns; i++) await undefined;
          reused.targets.fill(100_000);
        };
        void spoil();
        yield reused;
      };
      const net = await createNetwork(OPTIONS);
      const error = await net.fitStream(source, settings).then(
        () => undefined,
        (reason: Error) => reason,
      );
      if (error) expect(error.message).toMatch(/^source: part 0\.targets\[0\]: got 100000, want a label from 0 to 2$/);
      else expect(net.steps).toBeGreaterThan(0);
      outcomes.add(error ? 'refused' : 'trained');
    }
    expect(outcomes).toEqual(new Set(['refused', 'trained']));
  });

  it('gives the weights of fit if all data come in one part', async () => {
    for (const options of [settings, { ...settings, batchSize: 7, accumulate: 2 }, { ...settings, batchSize: 1000 }]) {
      const wanted = await trained((net) => net.fit(data, options));
      expect(await trained((net) => net.fitStream(() => [data], options))).toEqual(wanted);
      expect(await trained((net) => net.fitStream(() => oneByOne([data]), options))).toEqual(wanted);
    }
  });

  it('gives the weights of fit without shuffling if the sizes of the parts are multiples of batchSize', async () => {
    const options = { ...settings, shuffle: false };
    const wanted = await trained((net) => net.fit(data, options));
    for (const parts of [cut(8), cut(40, 48), cut(8, 16, 24, 88)]) {
      expect(await trained((net) => net.fitStream(() => oneByOne(parts), options))).toEqual(wanted);
    }
  });

  it('takes the samples that are left of a part in a step of their own', async () => {
    const options = { ...settings, shuffle: false, epochs: 1 };
    const steps = cut(8, 16, 21, 29, 32); // 8, 8, 5 | 8, 3 | 64 samples in steps of 8
    const wanted = await trained((net) => net.fitStream(() => steps, options));
    expect(await trained((net) => net.fitStream(() => cut(21, 32), options))).toEqual(wanted);
  });

  it('uses every sample once in each epoch, in a new order, one part after another', async () => {
    const { net, seen } = await recorder();
    await net.fitStream(() => [numbered(0, 50), numbered(50, 51), numbered(51, 101)], { epochs: 2, batchSize: 8 });
    expect(seen.length).toBe(202);
    const [first, second] = [seen.slice(0, 101), seen.slice(101)];
    for (const epoch of [first, second]) {
      const sorted = (from: number, to: number) => epoch.slice(from, to).sort((a, b) => a - b);
      expect([...sorted(0, 50), ...sorted(50, 51), ...sorted(51, 101)]).toEqual(
        Array.from({ length: 101 }, (_, i) => i),
      );
    }
    const orders = [first.slice(0, 50), first.slice(51).map((i) => i - 51)];
    orders.push(
      second.slice(0, 50),
      second.slice(51).map((i) => i - 51),
      Array.from({ length: 50 }, (_, i) => i),
    );
    expect(new Set(orders.map(String)).size).toBe(5);
  });

  it('accepts parts of different types and sizes, labels and rows', async () => {
    const rows = Float64Array.from({ length: 16 * 3 }, (_, i) => (targets[32 + Math.floor(i / 3)] === i % 3 ? 1 : 0));
    const mixed = [
      { ...part(0, 32), inputs: Float64Array.from(inputs.slice(0, 32 * INPUTS)) },
      { ...part(32, 48), targets: rows },
      { ...part(48, 96), targets: Uint8Array.from(targets.slice(48)) },
    ];
    const wanted = await trained((net) => net.fitStream(() => cut(32, 48), settings));
    expect(await trained((net) => net.fitStream(() => mixed, settings))).toEqual(wanted);
  });

  it('continues where the earlier call ended', async () => {
    const source = () => cut(24, 80);
    const wanted = await trained((net) => net.fitStream(source, { ...settings, epochs: 2 }));
    const twice = await trained(async (net) => {
      await net.fitStream(source, { ...settings, epochs: 1 });
      await net.fitStream(source, { ...settings, epochs: 1 });
    });
    expect(twice).toEqual(wanted);
  });

  it('reports epochs and steps as for a single training set', async () => {
    const net = await createNetwork(OPTIONS);
    const steps: ProgressReport[] = [];
    const told: unknown[] = [];
    const options = { ...settings, epochs: 2, shuffle: false, validation: part(0, 9) };
    const reports = [
      ...(await net.fitStream(() => cut(20, 70), {
        ...options,
        onBatch: (report) => steps.push(report),
        onEpoch: (report) => told.push(report),
      })),
    ];
    expect(told).toEqual(reports);
    expect(reports.map(({ epoch, epochs, samples, learningRate }) => [epoch, epochs, samples, learningRate])).toEqual([
      [0, 2, 96, 0.5],
      [1, 2, 96, 0.5],
    ]);
    expect(reports[1].validation).toEqual(await net.evaluate(part(0, 9)));
    // 20 = 8 + 8 + 4, 50 = 6 * 8 + 2, 26 = 3 * 8 + 2
    const samples = [8, 16, 20, 28, 36, 44, 52, 60, 68, 70, 78, 86, 94, 96];
    expect(steps.map((report) => [report.epoch, report.step, report.steps, report.samples])).toEqual(
      [0, 1].flatMap((epoch) => samples.map((n, i) => [epoch, i + 1, n <= 20 ? 3 : n <= 70 ? 10 : 14, n])),
    );
    expect(steps[13].cost).toBe(reports[0].cost);
    // the cost before each step, from a network that takes the steps one by one
    const other = await createNetwork(OPTIONS);
    other.optimizer = sgd({ learningRate: 0.5 });
    let sum = 0;
    samples.forEach((to, i) => {
      const from = samples[i - 1] ?? 0;
      const batch = part(from, to);
      sum += other.trainBatch(batch.inputs, batch.targets) * (to - from);
      expect(Math.abs(steps[i].cost - sum / to)).toBeLessThanOrEqual((EPSILON * sum) / to);
    });
  });

  it('standardises by the columns of all parts together, like fit', async () => {
    const options = { ...settings, standardize: true, shuffle: false };
    const [whole, stream] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
    await whole.fit(data, options);
    const source = vi.fn(() => oneByOne(cut(8, 56)));
    await stream.fitStream(source, options);
    expect(source).toHaveBeenCalledTimes(4);
    expect(stream.getStandardization()).toEqual(whole.getStandardization());
    expect(parameterBits(stream)).toEqual(parameterBits(whole));
    await stream.fitStream(source, { ...options, epochs: 1 });
    expect(source).toHaveBeenCalledTimes(5);
  });

  it('does not grow from part to part', async () => {
    const net = await createNetwork(OPTIONS);
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const rows = 20_000;
    const large = { inputs: new Float32Array(rows * INPUTS), targets: new Uint8Array(rows) };
    const calls: number[] = [];
    await net.fitStream(
      function* () {
        for (let i = 0; i < 10; i++) {
          yield large;
          calls.push(grow.mock.calls.length);
          yield part(0, 9);
        }
      },
      { epochs: 2, batchSize: 500 },
    );
    expect(calls).toEqual(Array(20).fill(1));
    grow.mockRestore();
  });

  it('uses trainingSamples as n of the penalties', async () => {
    for (const options of [
      { ...OPTIONS, l2: 0.5 },
      { ...OPTIONS, l1: 0.5 },
    ]) {
      const net = await createNetwork(options);
      const before = parameterBits(net);
      await expect(net.fitStream(() => [data])).rejects.toThrow(
        /^trainingSamples: got undefined, want the number of sa/,
      );
      expect(parameterBits(net)).toEqual(before);
      net.trainingSamples = SAMPLES;
      await net.fitStream(() => [data], settings);
      expect(parameterBits(net)).toEqual(await trained((other) => other.fit(data, settings), options));
    }
  });

  it('lets the event loop run, with any source', async () => {
    const net = await createNetwork(OPTIONS);
    // with this clock, each part takes half a millisecond
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    let turns = 0;
    let immediate = setImmediate(function count() {
      turns++;
      immediate = setImmediate(count);
    });
    await net.fitStream(
      function* () {
        for (; now < 300; now += 0.5) yield data;
      },
      { batchSize: SAMPLES },
    );
    clearImmediate(immediate);
    clock.mockRestore();
    // the event loop runs every 12 ms
    expect(turns).toBeGreaterThanOrEqual(24);
  });

  it('reports its progress at most about sixty times a second, however many parts there are', async () => {
    const net = await createNetwork(OPTIONS);
    let now = 1000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const times: number[] = [];
    const source = function* () {
      for (; now < 1300; now++) yield data;
    };
    await net.fitStream(source, { batchSize: SAMPLES, onProgress: () => times.push(now) });
    clock.mockRestore();
    expect(times.length).toBeGreaterThan(15);
    for (const [i, time] of times.entries()) if (i > 0) expect(time - times[i - 1]).toBeGreaterThan(16);
  });

  it('reports the speed of the epoch so far, not of the part', async () => {
    let now = 0;
    let msPerSample = 100;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const cost: CustomCost = {
      value: () => {
        now += msPerSample;
        return 0;
      },
      gradient: () => {},
    };
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1 }], cost });
    const part = { inputs: new Float32Array(10), targets: new Float32Array(10) };
    const source = function* () {
      yield part;
      msPerSample = 1;
      yield part;
    };
    const speeds: (number | undefined)[] = [];
    const [report] = await net.fitStream(source, {
      batchSize: 5,
      onBatch: ({ samplesPerSecond }) => speeds.push(samplesPerSecond),
    });
    clock.mockRestore();
    const ms = [500, 1000, 1005, 1010];
    expect(speeds).toEqual(ms.map((time, i) => expect.closeTo((1000 * 5 * (i + 1)) / time, 6)));
    expect(report.samplesPerSecond).toBeCloseTo(20_000 / 1010, 6);
  });
});

describe('a stream that ends early', () => {
  const source = (closed: () => void, wait: Promise<DataSet>): DataSource =>
    async function* () {
      try {
        yield data;
        yield await wait;
      } finally {
        closed();
      }
    };

  it('ends when a callback returns false, after an epoch or a step, and closes the source', async () => {
    const net = await createNetwork(OPTIONS);
    const closed = vi.fn();
    const two = source(closed, Promise.resolve(data));
    const reports = [...(await net.fitStream(two, { epochs: 5, onEpoch: ({ epoch }) => epoch < 1 }))];
    expect(reports.map(({ samples, stopped }) => [samples, stopped])).toEqual([
      [192, undefined],
      [192, 'callback'],
    ]);
    expect(parameterBits(net)).toEqual(await trained((other) => other.fitStream(() => [data, data], { epochs: 2 })));
    // returning false after the last epoch has no effect
    const [whole] = await net.fitStream(two, { onEpoch: () => false });
    expect(whole.stopped).toBe(undefined);
    closed.mockClear();
    const onBatch = ({ step }: ProgressReport) => step < 2;
    const [report, ...others] = await net.fitStream(two, { epochs: 5, onBatch, validation: data });
    expect([report.samples, report.stopped, report.validation, others]).toEqual([64, 'callback', undefined, []]);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('does not wait for the source after an abort, and the network can be trained again', async () => {
    const net = await createNetwork(OPTIONS);
    const controller = new AbortController();
    const never = async function* () {
      yield data;
      setTimeout(() => controller.abort(new Error('enough')), 20);
      await new Promise(() => {});
    };
    const training = net.fitStream(never, { signal: controller.signal });
    await expect(training).rejects.toThrow('enough');
    expect(parameterBits(net)).toEqual(await trained((other) => other.fit(data, { epochs: 1 })));
    await net.fitStream(() => [data]);
  });

  it('does not wait for a source that aborts, or disposes of the network, itself', async () => {
    const never = new Promise<DataSet>(() => {});
    const controller = new AbortController();
    const aborted = await createNetwork(OPTIONS);
    const aborting = async function* () {
      controller.abort(new Error('enough'));
      yield await never;
    };
    await expect(aborted.fitStream(aborting, { signal: controller.signal })).rejects.toThrow('enough');
    const disposed = await createNetwork(OPTIONS);
    const disposing = async function* () {
      disposed.dispose();
      yield await never;
    };
    await expect(disposed.fitStream(disposing)).rejects.toThrow(/dispose/);
  });

  it('does not change the optimizer if the first part is refused', async () => {
    const net = await createNetwork(OPTIONS);
    await net.fit(data, { epochs: 1, optimizer: nadam() });
    const before = await net.save({ training: true });
    const failing = (): Iterable<DataSet> => {
      throw new Error('no data');
    };
    const wrong = () => [{ ...data, inputs: data.inputs.subarray(1) }];
    for (const bad of [() => 7 as never, () => [], failing, wrong]) {
      for (const standardize of [false, true]) {
        const stream = net.fitStream(bad, { optimizer: sgd({ learningRate: 0.3 }), standardize });
        await expect(stream).rejects.toThrow();
        expect(await net.save({ training: true })).toEqual(before);
      }
    }
  });

  it('waits until the source has closed, and rejects with the error of closing it', async () => {
    let closed = 0;
    const slowly = (end?: Promise<never>): DataSource =>
      async function* () {
        try {
          for (;;) yield data;
        } finally {
          await new Promise((resolve) => setTimeout(resolve, 20));
          closed++;
          await end;
        }
      };
    // a source is closed in the same way whether or not it is a generator
    const plain = (end?: Promise<never>): DataSource => {
      const source = slowly(end);
      return () => {
        const parts = (source() as AsyncIterable<DataSet>)[Symbol.asyncIterator]();
        const next = () => parts.next();
        return { [Symbol.asyncIterator]: () => ({ next, return: () => parts.return?.() as never }) };
      };
    };
    const net = await createNetwork(OPTIONS);
    const stop = { onBatch: () => false };
    for (const [i, make] of [slowly, plain].entries()) {
      await net.fitStream(make(), stop);
      expect(closed).toBe(2 * i + 1);
      const failing = Promise.reject(new Error('not closed'));
      failing.catch(() => {});
      await expect(net.fitStream(make(failing), stop)).rejects.toThrow('not closed');
      expect(closed).toBe(2 * i + 2);
    }
  });

  it('throws the error of the source, even if closing the source throws another', async () => {
    const net = await createNetwork(OPTIONS);
    const source = () => ({
      [Symbol.iterator]: () => ({
        next: () => {
          throw new Error('no data');
        },
        return: () => {
          throw new Error('not closed');
        },
      }),
    });
    await expect(net.fitStream(source)).rejects.toThrow('no data');
  });

  it.each([
    ['the first part', {}, []],
    ['a later part', {}, [data]],
    ['a part to measure', { standardize: true }, [data]],
    ['a part, with a signal that nobody aborts', { signal: new AbortController().signal }, [data]],
  ])('does not wait for the source after the network was disposed of during %s', async (_, options, parts) => {
    const net = await createNetwork(OPTIONS);
    const closed = vi.fn();
    const next = vi.fn(async () => {
      const value = parts[next.mock.calls.length - 1];
      return value ? { done: false as const, value } : await new Promise<never>(() => {});
    });
    const waiting = { [Symbol.asyncIterator]: () => ({ next, return: closed }) };
    const training = net.fitStream(() => waiting, options);
    await vi.waitFor(() => expect(next).toHaveBeenCalledTimes(parts.length + 1), { timeout: 60_000 });
    net.dispose();
    await expect(training).rejects.toThrow('Network: got a call after dispose(), want a network in use');
    expect(closed).toHaveBeenCalledTimes(1);
  });

  it('does not ask the source for more once a callback has disposed of the network', async () => {
    const net = await createNetwork(OPTIONS);
    const epochs = vi.fn(async function* () {
      if (epochs.mock.calls.length > 1) await new Promise(() => {});
      yield data;
    });
    const training = net.fitStream(epochs, { epochs: 2, onEpoch: () => net.dispose() });
    await expect(training).rejects.toThrow('Network: got a call after dispose(), want a network in use');
  });

  it('closes the source after an abort between parts', async () => {
    const net = await createNetwork(OPTIONS);
    const controller = new AbortController();
    const closed = vi.fn();
    const training = net.fitStream(source(closed, Promise.resolve(data)), {
      signal: controller.signal,
      batchSize: SAMPLES,
      onBatch: () => controller.abort(new Error('enough')),
    });
    await expect(training).rejects.toThrow('enough');
    expect(closed).toHaveBeenCalledTimes(1);
    await expect(net.fitStream(() => [data], { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('does not standardise if measuring was aborted', async () => {
    const net = await createNetwork(OPTIONS);
    const controller = new AbortController();
    const wait = new Promise<DataSet>(() => setTimeout(() => controller.abort(new Error('enough')), 1));
    const training = net.fitStream(
      source(() => {}, wait),
      { signal: controller.signal, standardize: true },
    );
    await expect(training).rejects.toThrow('enough');
    expect(net.getStandardization()).toBeUndefined();
    expect(parameterBits(net)).toEqual(await trained(async () => {}));
  });

  it("rejects with the source's error, and keeps the weights of the part before", async () => {
    const net = await createNetwork(OPTIONS);
    const closed = vi.fn();
    await expect(net.fitStream(source(closed, Promise.reject(new Error('no network'))))).rejects.toThrow('no network');
    expect(closed).toHaveBeenCalledTimes(1);
    expect(parameterBits(net)).toEqual(await trained((other) => other.fit(data, { epochs: 1 })));
    const failing = () => {
      throw new Error('no file');
    };
    await expect(net.fitStream(failing)).rejects.toThrow('no file');
    await net.fitStream(() => [data]);
  });

  it('names the wrong part, closes the source, and keeps the weights of the part before', async () => {
    const net = await createNetwork(OPTIONS);
    const closed = vi.fn();
    const wrong = { inputs, targets: targets.map((label, i) => (i === 5 ? 3 : label)) };
    const training = net.fitStream(source(closed, Promise.resolve(wrong)));
    await expect(training).rejects.toThrow(/^source: part 1\.targets\[5\]: got 3, want a label from 0 to 2$/);
    expect(closed).toHaveBeenCalledTimes(1);
    expect(parameterBits(net)).toEqual(await trained((other) => other.fit(data, { epochs: 1 })));
  });

  it('names the step of the epoch in which numbers of a later part are no longer finite', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
    const part = (x: number) => ({ inputs: new Float32Array(10).fill(x), targets: new Float32Array(10).fill(1) });
    const error = await net.fitStream(() => [part(0), part(1e30)], { batchSize: 4 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({
      epoch: 0,
      step: 3,
      layer: undefined,
      reason: 'inputs',
      largestInput: Math.fround(1e30),
    });
    expect(error.message).toMatch(/^training: epoch 0, step 3: /);
  });

  it('counts a part of samples of weight 0 nowhere, as if it had not come', async () => {
    const zeros = { ...data, targets: targets.map(() => 2), weights: new Float32Array(targets.length) };
    const parts = cut(40, 48);
    const settings: StreamOptions = { epochs: 2, batchSize: 8, optimizer: nadam() };
    for (const standardize of [false, true]) {
      const run = async (source: () => DataSet[]) => {
        const net = await createNetwork(OPTIONS);
        let file = new Uint8Array();
        const onBatch = async ({ step }: { step: number }) => {
          if (step === 6) file = await net.save({ training: true });
        };
        const { last } = await net.fitStream(source, { ...settings, standardize, onBatch });
        const resumed = await loadNetwork(file);
        await resumed.fitStream(source, { ...settings, standardize });
        expect(parameterBits(resumed)).toEqual(parameterBits(net));
        return [last!.samples, last!.cost, net.steps, net.task, await net.save({ training: true })];
      };
      const wanted = await run(() => parts);
      expect(await run(() => [zeros, ...parts])).toEqual(wanted);
      expect(await run(() => [parts[0], zeros, zeros, ...parts.slice(1), zeros])).toEqual(wanted);
      const net = await createNetwork(OPTIONS);
      const before = await net.save({ training: true });
      await expect(net.fitStream(() => [zeros, zeros], { standardize })).rejects.toThrow(
        /^source: weights: got 0 for every sample, want a weight above 0 for one or more$/,
      );
      expect(await net.save({ training: true })).toEqual(before);
      // a part whose weights are all 0 is checked like the others
      const wrong = { ...zeros, targets: targets.map(() => 3) };
      await expect(net.fitStream(() => [wrong, ...parts], { standardize })).rejects.toThrow(
        /^source: part 0\.targets\[0\]: got 3, want a label from 0 to 2/,
      );
    }
  });

  it('is refused while the network is trained, and other training while it runs', async () => {
    const net = await createNetwork(OPTIONS);
    const training = net.fitStream(() => oneByOne([data]));
    await expect(net.fitStream(() => [data])).rejects.toThrow(/^fitStream: got a call while this network is being/);
    await expect(net.fit(data, { epochs: 1 })).rejects.toThrow(/^fit: got a call while this network is being trained/);
    await training;
    await net.fit(data, { epochs: 1 });
  });

  it('rejects after dispose', async () => {
    const net = await createNetwork(OPTIONS);
    const training = net.fitStream(() => oneByOne(cut(10)));
    net.dispose();
    await expect(training).rejects.toThrow(/dispose\(\)/);
    await expect(net.fitStream(() => [data])).rejects.toThrow(/dispose\(\)/);
  });
});

const once = oneByOne([data]);
const wrong: [string, unknown, unknown, RegExp][] = [
  [
    'an iterable as source',
    [data],
    {},
    /^source: got an array of 1, want a function that returns the parts of an epoch/,
  ],
  ['no source', undefined, {}, /^source: got undefined, want a function/],
  ['a source of nothing', () => undefined, {}, /^source: got undefined, want a function that returns an iterable/],
  [
    'a source of one data set',
    () => data,
    {},
    /^source: got an object \(Object\), want a function that returns an iter/,
  ],
  ['a source of a promise', async () => [data], {}, /^source: got an object \(Promise\), want a function that returns/],
  ['no parts', () => [], {}, /^source: got no part, want one or more each time it is called$/],
  ['the same generator in each epoch', () => once, { epochs: 2 }, /^source: got no part, want one or more each time/],
  [
    'an empty part',
    () => [{ inputs: new Float32Array(), targets }],
    {},
    /^source: part 0\.inputs: got 0 numbers, want/,
  ],
  [
    'an array of inputs as source',
    () => [inputs],
    {},
    /^source: part 0: got Float32Array of 1920 bytes, want an object \{ inputs, targets \}$/,
  ],
  ['a hole', () => new Array(1), {}, /^source: part 0: got undefined, want an object \{ inputs, targets \}$/],
  ['an unknown option', () => [data], { steps: 3 }, /^options: got the unknown key "steps", want epochs, batchSize/],
  ['no options', () => [data], null, /^options: got null, want an object such as \{ epochs: \.\.\. \}$/],
  ['epochs 0', () => [data], { epochs: 0 }, /^options\.epochs: got 0, want an integer from 1/],
  ['a signal of another kind', () => [data], { signal: {} }, /^options\.signal: got an object \(Object\), want an Abo/],
];
test.each(wrong)('fitStream refuses %s', async (_, source, options, message) => {
  const net = await createNetwork(OPTIONS);
  await expect(net.fitStream(source as DataSource, options as StreamOptions)).rejects.toThrow(message);
});
