import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type {
  DataSet,
  EpochReport,
  NetworkOptions,
  Optimizer,
  ProgressReport,
  TrainForReport,
  TrainOptions,
} from '../src/index.js';
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  cosine,
  exponential,
  inverseTime,
  irprop,
  lbfgs,
  lion,
  momentum,
  NonFiniteError,
  nadam,
  nesterov,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  rmsprop,
  sgd,
  step,
} from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork, randomNumbers, slowClock } from './build.js';

// Each test trains once without a break, saving on the way, and then goes on from every file in a network of its own: the weights must
// have the same SHA-256 at the end, and every report must be the same but for times.

const INPUTS = 5;
const CLASSES = 3;
const random = randomNumbers(31);

function makeData(samples: number): DataSet {
  return {
    inputs: Float32Array.from({ length: samples * INPUTS }, () => 2 * random() - 1),
    targets: Uint8Array.from({ length: samples }, () => Math.floor(random() * CLASSES)),
  };
}

const data = makeData(50);
const validation = makeData(20);

const network: NetworkOptions = {
  inputs: INPUTS,
  layers: [
    { units: 9, activation: 'tanh' },
    { units: 19, activation: 'gelu' },
    { units: CLASSES, activation: 'softmax' },
  ],
  seed: 2 ** 33 + 5,
};

const TIMES = new Set(['elapsedMs', 'samplesPerSecond', 'secondsLeft']);
/** A report without its times, exact to the bit. */
const text = (report: object) => JSON.stringify(report, (key, value) => (TIMES.has(key) ? undefined : value));

function hashOf(net: Network): string {
  const hash = createHash('sha256');
  for (const { weights, biases } of net.layers) hash.update(weights).update(biases);
  return hash.digest('hex');
}

interface Run {
  hash: string;
  epochs: string[];
  batches: string[];
  file: Uint8Array;
}

interface Saved {
  bytes: Uint8Array;
  /** Reports that had been given. */
  epochs: number;
  batches: number;
}

/** A training to its end; `atBatch` is called after each step with what has been reported so far. */
async function trainOn(
  net: Network,
  options: TrainOptions,
  atBatch?: (epochs: number, batches: number) => void,
  atEpoch?: (epochs: number, batches: number) => void,
): Promise<Run> {
  const epochs: string[] = [];
  const batches: string[] = [];
  const returned = await net.fit(data, {
    ...options,
    onBatch(report) {
      batches.push(text(report));
      const answer = options.onBatch?.(report);
      atBatch?.(epochs.length, batches.length);
      return answer;
    },
    onEpoch(report) {
      epochs.push(text(report));
      const answer = options.onEpoch?.(report);
      atEpoch?.(epochs.length, batches.length);
      return answer;
    },
  });
  expect(returned.map(text)).toEqual(epochs);
  return { hash: hashOf(net), epochs, batches, file: net.save({ training: true }) };
}

/** Trains without a break, and again from files of every `every`-th step and of each epoch's end. */
async function expectExact(
  options: NetworkOptions,
  training: TrainOptions,
  { every = 5, load = {} }: { every?: number; load?: Parameters<typeof loadNetwork>[1] } = {},
): Promise<{ run: Run; files: Saved[] }> {
  const files: Saved[] = [];
  const net = await createNetwork(options);
  const keep = (epochs: number, batches: number) =>
    files.push({ bytes: net.save({ training: true }), epochs, batches });
  const run = await trainOn(
    net,
    training,
    (epochs, batches) => {
      if (batches % every === 0) keep(epochs, batches);
    },
    keep,
  );
  // a training that was never looked at is the same
  const quiet = await createNetwork(options);
  await quiet.fit(data, training);
  expect(hashOf(quiet)).toBe(run.hash);
  expect(files.length).toBeGreaterThan(3);
  for (const { bytes, epochs, batches } of files) {
    const loaded = await loadNetwork(bytes, load);
    expect(loaded.save({ training: true })).toEqual(bytes);
    const rest = await trainOn(loaded, training);
    expect(rest.epochs).toEqual(run.epochs.slice(epochs));
    if (training.optimizer?.name !== 'lbfgs') expect(rest.batches).toEqual(run.batches.slice(batches));
    expect(rest.hash).toBe(run.hash);
    expect(rest.file).toEqual(run.file);
  }
  return { run, files };
}

const OPTIMIZERS: Optimizer[] = [
  sgd({ learningRate: 0.1 }),
  sgd({ learningRate: 0.1, clipNorm: 0.5 }),
  momentum({ learningRate: 0.05 }),
  nesterov({ learningRate: 0.05 }),
  adagrad(),
  adadelta(),
  rmsprop(),
  adam({ learningRate: 0.01, clipValue: 0.1 }),
  adamw({ learningRate: 0.01 }),
  nadam({ learningRate: 0.01 }),
  lion({ learningRate: 0.01 }),
  irprop(),
];

describe.each(OPTIMIZERS.map((optimizer) => [JSON.stringify(optimizer), optimizer] as const))('%s', (_, optimizer) => {
  it('goes on exactly after every fifth step and every epoch', async () => {
    const batchSize = optimizer.name === 'irprop' ? 50 : 8;
    const every = optimizer.name === 'irprop' ? 1 : 5;
    await expectExact(network, { epochs: 4, batchSize, optimizer }, { every });
  });
});

describe('L-BFGS', () => {
  // a network it does not get to the bottom of
  const hard: NetworkOptions = { ...network, l2: 0.01 };

  it('goes on exactly with its pairs after each step, and takes a line search again that was amid its passes', async () => {
    const { run, files } = await expectExact(hard, { epochs: 14, optimizer: lbfgs({ history: 3 }) }, { every: 3 });
    // amid a search: fewer steps than passes
    expect(files.length).toBeGreaterThan(run.epochs.length);
  });

  it('goes on exactly where the next step is the last', async () => {
    const easy: NetworkOptions = { inputs: INPUTS, layers: [{ units: CLASSES, activation: 'softmax' }], l2: 1 };
    const { run } = await expectExact(easy, { epochs: 100, optimizer: lbfgs() }, { every: 2 });
    expect(run.epochs.at(-1)).toContain('"stopped":"converged"');
  });

  it('reports weights that have nothing left to gain, without a pass', async () => {
    const easy: NetworkOptions = { inputs: INPUTS, layers: [{ units: CLASSES, activation: 'softmax' }], l2: 1 };
    const optimizer = lbfgs({ tolerance: 1e-3 });
    const whole = await createNetwork(easy);
    const reports = await whole.fit(data, { epochs: 50, optimizer });
    expect(reports.at(-1)?.stopped).toBe('converged');
    const net = await createNetwork(easy);
    let file = net.save();
    const onEpoch = () => {
      file = net.save({ training: true });
    };
    await net.fit(data, { epochs: reports.length - 1, optimizer, onEpoch });
    const loaded = await loadNetwork(file);
    const [last, ...rest] = await loaded.fit(data, { epochs: 50, optimizer });
    expect(rest).toEqual([]);
    expect(last).toMatchObject({ stopped: 'converged', epoch: reports.length - 1, samples: 50, learningRate: 1 });
    expect(Number.isFinite(last.cost) && Number.isFinite(last.samplesPerSecond)).toBe(true);
    expect(hashOf(loaded)).toBe(hashOf(whole));
  });
});

const RATES = {
  step: step({ initial: 0.2, factor: 0.5, steps: 9 }),
  exponential: exponential({ initial: 0.2, factor: 0.5, epochs: 1 }),
  inverseTime: inverseTime({ initial: 0.2, steps: 4 }),
  polynomial: polynomial({ initial: 0.2, power: 2, steps: 25 }),
  cosine: cosine({ initial: 0.2, warmUp: 3, restarts: 2, growth: 2, steps: 5 }),
  oneCycle: oneCycle({ maximum: 0.3, steps: 28 }),
  reduceOnPlateau: reduceOnPlateau({ initial: 0.5, factor: 0.5, patience: 1, minDelta: 0.05, cooldown: 1 }),
};

describe.each(Object.entries(RATES))('the schedule %s', (name, learningRate) => {
  it('goes on exactly, with and without a validation', async () => {
    const training: TrainOptions = { epochs: 5, batchSize: 8, optimizer: momentum({ learningRate }) };
    const { run } = await expectExact(network, training, { every: 6 });
    await expectExact(network, { ...training, validation }, { every: 6 });
    const rates = new Set(run.batches.map((report) => JSON.parse(report).learningRate));
    expect(rates.size, name).toBeGreaterThan(1);
  });
});

describe('a learning rate that is a function', () => {
  const learningRate = (count: number, epoch: number) => 0.2 / (1 + count + epoch);
  const training = { epochs: 4, batchSize: 8, optimizer: adam({ learningRate }) };

  it('goes on exactly where it is given again', async () => {
    await expectExact(network, training, { load: { learningRate } });
  });

  it('goes on exactly without an optimizer in the options of the call', async () => {
    const net = await createNetwork(network);
    let file: Uint8Array | undefined;
    const hash = await net.fit(data, {
      ...training,
      onBatch: () => {
        if (net.steps === 11) file = net.save({ training: true });
      },
    });
    expect(hash).toHaveLength(4);
    const loaded = await loadNetwork(file!, { learningRate });
    const { optimizer: _, ...rest } = training;
    await loaded.fit(data, rest);
    expect(hashOf(loaded)).toBe(hashOf(net));
  });

  it('is asked for, and refused where none is wanted', async () => {
    const net = await createNetwork(network);
    await net.fit(data, training);
    const file = net.save({ training: true });
    await expect(loadNetwork(file)).rejects.toThrow(
      'load: options.learningRate: got none for a training under a function, want it again (or training: false)',
    );
    await expect(loadNetwork(file, { learningRate: 0.1 as never })).rejects.toThrow(
      'load: options.learningRate: got 0.1, want the function of the training that was saved',
    );
    const plain = await loadNetwork(file, { training: false });
    expect(plain.optimizer.learningRate).toBe(learningRate(28, 4));
    const none = 'load: options.learningRate: got one for a training that is under none, want none';
    await expect(loadNetwork(net.save(), { learningRate })).rejects.toThrow(none);
    await expect(loadNetwork(file, { learningRate, training: false })).rejects.toThrow(none);
  });
});

describe('what else a training depends on', () => {
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

  it('early stopping: its count, the best epoch, and that one\u2019s weights', async () => {
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
    // the last file is that of the last report: only the weights were left to be put back
    expect(files.at(-1)!.epochs).toBe(run.epochs.length);
    await expectExact(
      network,
      { ...training, earlyStopping: { patience: 2, monitor: 'accuracy', restoreBest: false } },
      { every: 16 },
    );
  });

  it('numbers that a callback has given the optimizer amid the call', async () => {
    const training: TrainOptions = { epochs: 4, batchSize: 8, optimizer };
    const net = await createNetwork(network);
    const files: Uint8Array[] = [];
    await net.fit(data, {
      ...training,
      onEpoch: ({ epoch }) => {
        if (epoch === 1) net.optimizer = adam({ learningRate: step({ initial: 0.1, steps: 3 }) });
      },
      onBatch: () => {
        if (net.steps % 4 === 0) files.push(net.save({ training: true }));
      },
    });
    for (const file of files.slice(-3)) {
      const loaded = await loadNetwork(file);
      await loaded.fit(data, training);
      expect(hashOf(loaded)).toBe(hashOf(net));
    }
  });

  it('a cost of one\u2019s own', async () => {
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

  it('irprop\u2019s last cost and nadam\u2019s product, of their first steps', async () => {
    for (const chosen of [irprop({ learningRate: 0.5 }), nadam({ learningRate: 0.5 })]) {
      await expectExact(network, { epochs: 12, batchSize: 50, optimizer: chosen }, { every: 1 });
    }
  });
});

describe('amid a step of several chunks', () => {
  const big = makeData(1000);
  const training: TrainOptions = {
    epochs: 2,
    batchSize: 350,
    accumulate: 2,
    optimizer: adam({ learningRate: 0.01, clipNorm: 0.1 }),
  };
  // its steps look at their cost
  const fullBatch: TrainOptions = { epochs: 4, optimizer: irprop({ learningRate: 0.5 }) };
  const options = { ...network, layers: [{ units: 9, dropout: 0.3 }, ...network.layers.slice(1)] };
  afterEach(() => void vi.restoreAllMocks());

  // by the slow clock a slice stays one chunk long, and each is reported
  it.each([
    [training, false],
    [training, true],
    [fullBatch, false],
    [fullBatch, true],
  ])('goes on exactly (%o, gradients read before: %s)', async (training, isRead) => {
    slowClock(20);
    const net = await createNetwork(options);
    const files: { bytes: Uint8Array; samples: number; reports: number }[] = [];
    const reports: string[] = [];
    const result = await net.fit(big, {
      ...training,
      onProgress: (report) => {
        reports.push(text(report));
        if (isRead) net.layers[1].weightGradients;
        files.push({ bytes: net.save({ training: true }), samples: report.samples, reports: reports.length });
      },
    });
    const ends = training === fullBatch ? [256, 512, 768, 1000] : [256, 512, 700, 956, 1000];
    expect(files.map(({ samples }) => samples)).toEqual(Array(training.epochs).fill(ends).flat());
    for (const { bytes, reports: given } of files) {
      const loaded = await loadNetwork(bytes);
      loaded.predict(big.inputs);
      expect(loaded.save({ training: true })).toEqual(bytes);
      const rest: string[] = [];
      const ended = await loaded.fit(big, { ...training, onProgress: (report) => void rest.push(text(report)) });
      expect(rest).toEqual(reports.slice(given));
      expect(ended.map(text)).toEqual(result.map(text).slice(-ended.length));
      expect(hashOf(loaded)).toBe(hashOf(net));
    }
  });

  it('goes back to the last finite weights, as the whole run does, by steps from the middle of one', async () => {
    slowClock(20);
    const targets = new Float32Array(1400);
    // the first step makes both parameters 1, the second's gradient is beyond 1e3
    targets[0] = 7e-35;
    targets[700] = 1e6;
    const far = { inputs: new Float32Array(1400).fill(1), targets };
    const steep: TrainOptions = { batchSize: 700, shuffle: false, optimizer: sgd({ learningRate: 1e37 }) };
    const net = await createNetwork({
      inputs: 1,
      layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }],
    });
    const files: Uint8Array[] = [];
    const onProgress = ({ samples }: ProgressReport) => {
      if (samples < 700) files.push(net.save({ training: true }));
    };
    const error = await net.fit(far, { ...steep, onProgress }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ epoch: 0, step: 1, layer: 0 });
    expect(net.layers[0].weights[0]).toBeCloseTo(1);
    expect(files).toHaveLength(2);
    // time stands still: no snapshot between the two steps
    vi.spyOn(performance, 'now').mockReturnValue(1e6);
    for (const file of files) {
      const loaded = await loadNetwork(file);
      const again = await loaded.fit(far, steep).catch((thrown) => thrown);
      expect({ ...again, message: again.message }).toEqual({ ...error, message: error.message });
      expect(hashOf(loaded)).toBe(hashOf(net));
    }
  });
});

describe('other ways to train', () => {
  const optimizer = adam({ learningRate: 0.02 });
  const dropping = { ...network, layers: [{ units: 9, dropout: 0.3 }, ...network.layers.slice(1)] };

  it('trainBatch goes on exactly after any number of batches', async () => {
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
        files.push(net.save({ training: true }));
        costs.push(batch(net, i));
      }
      for (const [n, file] of files.entries()) {
        const loaded = await loadNetwork(file);
        const rest: number[] = [];
        for (let i = 5 * n; i < 40; i += 5) rest.push(batch(loaded, i));
        expect(rest).toEqual(costs.slice(n));
        expect(loaded.save({ training: true })).toEqual(net.save({ training: true }));
      }
    }
  });

  it('trainFor goes on amid an epoch, and begins anew where the data or the options are others', async () => {
    const training = { batchSize: 8, optimizer: adam({ learningRate: cosine({ initial: 0.1, steps: 17 }) }) };
    // one step a call
    const train = (net: Network, set = data, options = training): TrainForReport => net.trainFor(set, 1e-30, options);
    const net = await createNetwork(dropping);
    const files: Uint8Array[] = [];
    const reports: string[] = [];
    for (let i = 0; i < 17; i++) {
      reports.push(text(train(net)));
      files.push(net.save({ training: true }));
    }
    for (const [n, file] of files.entries()) {
      const loaded = await loadNetwork(file);
      // other arrays with the same numbers are the same data
      const copy = { inputs: Float64Array.from(data.inputs), targets: Int32Array.from(data.targets) };
      const rest: string[] = [];
      for (let i = n + 1; i < 17; i++) rest.push(text(train(loaded, copy)));
      expect(rest).toEqual(reports.slice(n + 1));
      expect(loaded.save({ training: true })).toEqual(net.save({ training: true }));
    }
    const other = makeData(30);
    for (const [set, options] of [
      [other, training],
      [data, { ...training, batchSize: 9 }],
      [data, { ...training, optimizer: sgd({ learningRate: 0.1 }) }],
    ] as const) {
      const whole = await loadNetwork(files[9]);
      for (let i = 10; i < 12; i++) train(whole);
      const loaded = await loadNetwork(whole.save({ training: true }));
      expect(text(train(loaded, set, options as typeof training))).toBe(
        text(train(whole, set, options as typeof training)),
      );
      await loaded.fit(set, { epochs: 1 });
      await whole.fit(set, { epochs: 1 });
      expect(hashOf(loaded)).toBe(hashOf(whole));
    }
  });

  it('counts times from the loading on', async () => {
    const training = { epochs: 3, batchSize: 10, optimizer };
    const net = await createNetwork(dropping);
    let file: Uint8Array | undefined;
    await net.fit(data, {
      ...training,
      onBatch: ({ epoch, step }) => {
        if (epoch === 1 && step === 5) file = net.save({ training: true });
      },
    });
    const loaded = await loadNetwork(file!);
    const [first, second] = await loaded.fit(data, training);
    // all but the report was done
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

  it('train goes on between two reports, also where they were asked for in another process', async () => {
    const training = { epochs: 6, batchSize: 8, optimizer };
    const net = await createNetwork(dropping);
    const files: Uint8Array[] = [];
    const reports: string[] = [];
    for await (const report of net.train(data, training)) {
      reports.push(text(report));
      files.push(net.save({ training: true }));
    }
    for (const [n, file] of files.entries()) {
      const loaded = await loadNetwork(file);
      const rest: string[] = [];
      for await (const report of loaded.train(data, training)) rest.push(text(report));
      expect(rest).toEqual(reports.slice(n + 1));
      expect(hashOf(loaded)).toBe(hashOf(net));
    }
  });

  it('goes on from a timer that rings amid fit', async () => {
    const training = { epochs: 4, batchSize: 1, optimizer };
    const net = await createNetwork(dropping);
    let file: Uint8Array | undefined;
    // in the first turn that a slice gives the event loop
    slowClock(20);
    setImmediate(() => {
      file = net.save({ training: true });
    });
    await net.fit(data, training);
    vi.restoreAllMocks();
    const loaded = await loadNetwork(file!);
    await loaded.fit(data, training);
    expect(hashOf(loaded)).toBe(hashOf(net));
  });

  it('goes on where the arrays of the data were given away after the first step', async () => {
    const net = await createNetwork(dropping);
    const given = { inputs: data.inputs.slice(), targets: data.targets.slice() };
    let file: Uint8Array | undefined;
    await net.fit(given, {
      epochs: 2,
      batchSize: 8,
      optimizer,
      onBatch: ({ epoch, step }) => {
        if (epoch > 0 || step !== 1) return;
        for (const { buffer } of [given.inputs, given.targets]) structuredClone(buffer, { transfer: [buffer] });
        file = net.save({ training: true });
      },
    });
    expect(given.inputs).toHaveLength(0);
    const loaded = await loadNetwork(file!);
    await loaded.fit(data, { epochs: 2, batchSize: 8, optimizer });
    expect(hashOf(loaded)).toBe(hashOf(net));
  });

  it('a second fit begins anew, as without a break', async () => {
    const net = await createNetwork(dropping);
    await net.fit(data, { epochs: 2, batchSize: 8, optimizer });
    const loaded = await loadNetwork(net.save({ training: true }));
    for (const each of [net, loaded]) await each.fit(validation, { epochs: 2, batchSize: 3 });
    expect(loaded.save({ training: true })).toEqual(net.save({ training: true }));
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

    it('goes on amid a part', async () => {
      const net = await createNetwork(dropping);
      const files: Saved[] = [];
      const batches: string[] = [];
      const epochs: string[] = [];
      const listen = (to: { batches: string[]; epochs: string[] }) => ({
        onBatch: (report: ProgressReport) => void to.batches.push(text(report)),
        onEpoch: (report: EpochReport) => void to.epochs.push(text(report)),
      });
      const { onBatch, onEpoch } = listen({ batches, epochs });
      const keep = () =>
        files.push({ bytes: net.save({ training: true }), epochs: epochs.length, batches: batches.length });
      await net.fitStream(source, {
        ...training,
        onBatch: (report) => {
          onBatch(report);
          keep();
        },
        onEpoch: (report) => {
          onEpoch(report);
          keep();
        },
      });
      expect(files).toHaveLength(3 * (5 + 2 + 6 + 1));
      for (const file of files) {
        const loaded = await loadNetwork(file.bytes);
        expect(loaded.save({ training: true })).toEqual(file.bytes);
        const rest = { batches: [] as string[], epochs: [] as string[] };
        await loaded.fitStream(source, { ...training, ...listen(rest) });
        expect(rest.batches).toEqual(batches.slice(file.batches));
        expect(rest.epochs).toEqual(epochs.slice(file.epochs));
        expect(loaded.save({ training: true })).toEqual(net.save({ training: true }));
      }
    });

    it('goes on between parts, while the next is waited for', async () => {
      const net = await createNetwork(dropping);
      const files: Uint8Array[] = [];
      const slow = async function* () {
        for (const part of parts) {
          yield part;
          files.push(net.save({ training: true }));
        }
      };
      const { standardize: _, ...rest } = training;
      await net.fitStream(slow, rest);
      expect(files).toHaveLength(9);
      for (const file of files) {
        const loaded = await loadNetwork(file);
        await loaded.fitStream(source, rest);
        expect(loaded.save({ training: true })).toEqual(net.save({ training: true }));
      }
    });

    it('refuses a source of other parts, and goes on with the right one after that', async () => {
      const net = await createNetwork(dropping);
      let file: Uint8Array | undefined;
      await net.fitStream(source, {
        ...training,
        onBatch: () => {
          if (net.steps === 6) file = net.save({ training: true });
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
      expect(loaded.save({ training: true })).toEqual(file);
      await loaded.fitStream(source, training);
      expect(hashOf(loaded)).toBe(hashOf(net));
    });
  });
});

describe('other data and options than those of the training that was saved', () => {
  const training: TrainOptions = {
    epochs: 4,
    batchSize: 8,
    optimizer: adam(),
    validation,
    earlyStopping: { patience: 9 },
  };
  const files = (async () => {
    const net = await createNetwork(network);
    const saved: Uint8Array[] = [];
    await net.fit(data, { ...training, onBatch: () => void saved.push(net.save({ training: true })) });
    return { file: saved[10], hash: hashOf(net) };
  })();
  const same = { inputs: data.inputs.slice(), targets: data.targets.slice() };
  const changed = { ...same, inputs: same.inputs.map((value, i) => (i === 7 ? 0.125 : value)) };
  const ofTraining = ' of the training that was saved, or a network loaded with training: false';

  it.each<[string, DataSet, TrainOptions, string]>([
    ['one input', changed, training, 'fit: data: got others, want those'],
    [
      'one label',
      { ...same, targets: same.targets.map((c, i) => (i ? c : (c + 1) % 3)) },
      training,
      'fit: data: got others, want those',
    ],
    ['weights', { ...same, weights: new Float32Array(50).fill(1) }, training, 'fit: data: got others, want those'],
    ['fewer samples', validation, training, 'fit: data: number of samples: got 20, want 50'],
    ['batchSize', same, { ...training, batchSize: 7 }, 'fit: options.batchSize · accumulate: got 7, want 8'],
    ['shuffle', same, { ...training, shuffle: false }, 'fit: options.shuffle: got false, want true'],
    [
      'ignoreNonFinite',
      same,
      { ...training, ignoreNonFinite: true },
      'fit: options.ignoreNonFinite: got true, want false',
    ],
    ['validation', same, { ...training, validation: data }, 'fit: validation data: got others, want those'],
    [
      'earlyStopping',
      same,
      { ...training, earlyStopping: undefined },
      'fit: options.earlyStopping: got undefined, want {"monitor":"cost","patience":9,"minDelta":0,"restoreBest":true}',
    ],
    [
      'optimizer',
      same,
      { ...training, optimizer: adam({ beta1: 0.8 }) },
      'fit: options.optimizer: got {"name":"adam",',
    ],
    ['another optimizer', same, { ...training, optimizer: nadam() }, 'fit: options.optimizer: got {"name":"nadam",'],
  ])('%s: refused, and nothing changes', async (_, set, options, message) => {
    const { file, hash } = await files;
    const loaded = await loadNetwork(file);
    const refused = loaded.fit(set, options);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(ofTraining);
    await expect(refused).rejects.toThrow(RangeError);
    expect(loaded.save({ training: true })).toEqual(file);
    await loaded.fit(same, training);
    expect(hashOf(loaded)).toBe(hash);
  });

  it('an optimizer that the loaded network has been given: the call goes on with it, and with no other', async () => {
    const { file } = await files;
    for (const given of [adam({ learningRate: 0.5 }), sgd({ learningRate: 0.5 })]) {
      const loaded = await loadNetwork(file);
      loaded.optimizer = given;
      await expect(loaded.fit(same, training)).rejects.toThrow('fit: options.optimizer: got {"name":"adam",');
      const reports = await loaded.fit(same, { ...training, optimizer: undefined });
      expect(reports.map(({ epoch, learningRate }) => [epoch, learningRate])).toEqual([
        [1, 0.5],
        [2, 0.5],
        [3, 0.5],
      ]);
      expect(loaded.optimizer).toEqual(given);
    }
  });

  it('the same validation in arrays of other types: none other', async () => {
    const { file, hash } = await files;
    const inputs = Float64Array.from(validation.inputs);
    const targets = Int32Array.from(validation.targets as Uint8Array);
    const loaded = await loadNetwork(file);
    await loaded.fit(same, { ...training, validation: { inputs, targets } });
    expect(hashOf(loaded)).toBe(hash);
  });

  it('another call: refused', async () => {
    const { file } = await files;
    const loaded = await loadNetwork(file);
    expect(() => loaded.trainFor(data, 1)).toThrow(`trainFor: call: got trainFor, want fit${ofTraining}`);
    await expect(loaded.fitStream(() => [data])).rejects.toThrow(
      `fitStream: call: got fitStream, want fit${ofTraining}`,
    );
    expect(loaded.save({ training: true })).toEqual(file);
  });

  it('training: false begins anew, as a network from a plain file does', async () => {
    const { file } = await files;
    const [loaded, again] = [await loadNetwork(file, { training: false }), await loadNetwork(file)];
    const plain = await loadNetwork(again.save());
    for (const each of [loaded, plain]) await each.fit(validation, { epochs: 2 });
    expect(hashOf(loaded)).toBe(hashOf(plain));
  });

  it('more epochs go on, fewer end there', async () => {
    const { file } = await files;
    const net = await createNetwork(network);
    const reports = (await net.fit(data, { ...training, epochs: 6 })).map((report) => report.cost);
    const longer = await loadNetwork(file);
    expect((await longer.fit(data, { ...training, epochs: 6 })).map((report) => report.cost)).toEqual(reports.slice(1));
    expect(hashOf(longer)).toBe(hashOf(net));
    const shorter = await loadNetwork(file);
    expect(await shorter.fit(data, { ...training, epochs: 1 })).toEqual([]);
  });

  it('an option of save or load that is none', async () => {
    const { file } = await files;
    const net = await loadNetwork(file);
    expect(() => net.save({ trainig: true } as never)).toThrow('options: got the unknown key "trainig", want training');
    expect(() => net.save({ training: 1 } as never)).toThrow('options.training: got 1, want true or false');
    await expect(loadNetwork(file, { training: 1 } as never)).rejects.toThrow(
      'options.training: got 1, want true or false',
    );
    await expect(loadNetwork(file, { resume: true } as never)).rejects.toThrow(
      'options: got the unknown key "resume", want batchSize, build, wasm, threads, wide, createWorker, cost, learningRate, training',
    );
  });
});
