import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Arena } from '../src/core/arena.js';
import { crossValidate } from '../src/cross-validation.js';
import type { History, Network, Optimizer, TrainOptions, TypedDataSet } from '../src/index.js';
import { sgd } from '../src/index.js';
import { createNetwork, loadNetwork, slowClock } from './build.js';
import { parameterBits } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';

// Data are read at the call, whatever the options are. Changes by the caller or by another thread between the call and
// its end have no effect.

const SAMPLES = 60;
const INPUTS = 4;
const options = {
  inputs: INPUTS,
  layers: [
    { units: 5, activation: 'tanh' as const },
    { units: 3, activation: 'softmax' as const },
  ],
  seed: 3,
  batchSize: 16,
};

function makeData(seed: number, samples = SAMPLES): TypedDataSet & { weights: Float32Array } {
  const random = randomNumbers(seed);
  return {
    inputs: Float32Array.from({ length: samples * INPUTS }, () => 2 * random() - 1),
    targets: randomLabels(samples, 3, random),
    weights: Float32Array.from({ length: samples }, () => 1 + random()),
  };
}

/** Overwrites every array, with numbers that would be refused and others that would not. */
function spoil({ inputs, targets, weights }: TypedDataSet & { weights: Float32Array }): void {
  inputs.fill(Number.NaN);
  inputs[0] = 7;
  targets.fill(200);
  weights.fill(-1);
}

// parts of fit are loaded by the first call that needs them: with new modules, each test makes that first call
beforeEach(() => {
  vi.resetModules();
});

async function freshNetwork(): Promise<Network> {
  const { createNetwork: create } = await import('./build.js');
  return (await create(options)) as never;
}

const LBFGS = { name: 'lbfgs' } as const;

const CASES: [string, (validation: TypedDataSet, classWeights: number[]) => TrainOptions][] = [
  ['no options', () => ({})],
  ['validation', (validation) => ({ validation })],
  ['early stopping', (validation) => ({ validation, earlyStopping: { patience: 1 } })],
  ['a split', () => ({ validationSplit: 0.3 })],
  [
    'a stratified split with early stopping',
    () => ({
      validationSplit: { share: 0.3, stratify: true },
      earlyStopping: {},
    }),
  ],
  ['class weights', (_, classWeights) => ({ classWeights })],
  ['standardisation', (validation) => ({ standardize: true, validation })],
  [
    'standardisation of a split with class weights',
    (_, classWeights) => ({
      standardize: true,
      validationSplit: 0.3,
      classWeights,
    }),
  ],
  ['L-BFGS', (validation) => ({ optimizer: LBFGS as never, batchSize: SAMPLES, validation })],
];

describe.each(CASES)('with %s', (_, optionsOf) => {
  const settings = { epochs: 3, batchSize: 16 };

  it('fit has read data and options when it has returned its promise', async () => {
    const [net, other] = [await freshNetwork(), await createNetwork(options)];
    const wanted = await other.fit(makeData(1), { ...settings, ...optionsOf(makeData(2), [1, 2, 3]) });
    // the first call loads code; at the second call, this code has been loaded
    for (const network of [net, await freshNetwork()]) {
      const [data, validation, classWeights] = [makeData(1), makeData(2), [1, 2, 3]];
      const given: TrainOptions = { ...settings, ...optionsOf(validation, classWeights) };
      const reports = network.fit(data, given);
      spoil(data);
      spoil(validation);
      classWeights.fill(-5);
      given.epochs = 1;
      const costs = [...(await reports)].map(({ cost, validation }) => [cost, validation?.cost]);
      expect(costs).toEqual([...wanted].map(({ cost, validation }) => [cost, validation?.cost]));
      expect(await network.save()).toEqual(await other.save());
    }
  });

  it('train has read data and options when it has been asked for the first report', async () => {
    const [net, other] = [await freshNetwork(), await createNetwork(options)];
    await other.fit(makeData(1), { ...settings, ...optionsOf(makeData(2), [1, 2, 3]) });
    const [data, validation, classWeights] = [makeData(1), makeData(2), [1, 2, 3]];
    const reports = net.train(data, { ...settings, ...optionsOf(validation, classWeights) });
    const first = reports.next();
    spoil(data);
    spoil(validation);
    await first;
    for await (const _ of reports);
    expect(await net.save()).toEqual(await other.save());
  });

  it('replayTo has read its data when it has returned its promise', async () => {
    const asked = optionsOf(makeData(2), [1, 2, 3]);
    if (asked.optimizer) return;
    const [net, other] = [await freshNetwork(), await createNetwork(options)];
    await other.replayTo(5, makeData(1), { ...settings, ...asked });
    const [data, validation, classWeights] = [makeData(1), makeData(2), [1, 2, 3]];
    const done = net.replayTo(5, data, { ...settings, ...optionsOf(validation, classWeights) });
    spoil(data);
    spoil(validation);
    classWeights.fill(-5);
    await done;
    expect(await net.save()).toEqual(await other.save());
  });
});

it('fit counts as running from the call on, even while it loads code', async () => {
  const net = await freshNetwork();
  const first = net.fit(makeData(1), { epochs: 1, validationSplit: 0.3 });
  await expect(net.fit(makeData(1), { epochs: 1 })).rejects.toThrow(
    /^fit: got a call while this network is being trained/,
  );
  expect(() => {
    net.task = 'classes';
  }).toThrow(/^task: got a new one while/);
  await first;
  await expect(net.fit(makeData(1), { epochs: 1, validationSplit: 1.5 })).rejects.toThrow(
    /^options\.validationSplit: got 1.5/,
  );
  await net.fit(makeData(1), { epochs: 1 });
});

it('fitStream has read the validation data, and each part when it comes', async () => {
  const [net, other] = [await freshNetwork(), await createNetwork(options)];
  const settings = { epochs: 2, batchSize: 16 };
  const wanted = await other.fitStream(() => [makeData(1), makeData(4)], { ...settings, validation: makeData(2) });
  const validation = makeData(2);
  async function* parts() {
    const data = makeData(1);
    yield data;
    Object.assign(data, makeData(4));
    yield data;
    spoil(data);
  }
  const reports = net.fitStream(parts, { ...settings, validation });
  spoil(validation);
  const validations = (history: History) => [...history].map((report) => report.validation);
  expect(validations(await reports)).toEqual(validations(wanted));
  expect(await net.save()).toEqual(await other.save());
});

it('validation data are read once, not in each epoch', async () => {
  for (const key of ['inputs', 'targets', 'weights'] as const) {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const settings = { epochs: 4, batchSize: 16, earlyStopping: { patience: 2 } };
    const wanted = await other.fit(makeData(1), { ...settings, validation: makeData(2) });
    const validation = makeData(2);
    const reports = await net.fit(makeData(1), {
      ...settings,
      validation,
      onEpoch: ({ epoch }) => epoch > 0 || validation[key].fill(key === 'targets' ? 99 : Number.NaN),
    });
    expect([...reports].map((report) => report.validation)).toEqual([...wanted].map((report) => report.validation));
    expect(reports.last?.bestEpoch).toBe(wanted.last?.bestEpoch);
  }
});

it('evaluate has read its data when it has returned its promise', async () => {
  const net = await createNetwork({ ...options, task: 'labels', layers: [{ units: 3 }] });
  const { inputs } = makeData(5, 400);
  const data = { inputs, targets: Float32Array.from({ length: 1200 }, (_, i) => Number(i % 7 > 3)) };
  const wanted = await net.evaluate(data, { threshold: [0.4, 0.5, 0.6], rocAuc: true });
  // by this clock the event loop runs after every window
  const clock = slowClock(13);
  try {
    const asked = { threshold: [0.4, 0.5, 0.6], rocAuc: true };
    const evaluation = net.evaluate(data, asked);
    data.inputs.fill(9);
    data.targets.fill(1);
    asked.threshold.fill(0);
    asked.rocAuc = false;
    expect(await evaluation).toEqual(wanted);
  } finally {
    clock.mockRestore();
  }
});

it('evaluate is refused if the network changes straight after the call, while its code is loaded', async () => {
  const net = await freshNetwork();
  const data = makeData(5);
  const evaluation = net.evaluate(data);
  net.trainBatch(data.inputs.subarray(0, INPUTS), data.targets.subarray(0, 1));
  await expect(evaluation).rejects.toThrow(/^evaluate: got other weights or settings before it had ended/);
  vi.resetModules();
  const other = await freshNetwork();
  const disposed = other.evaluate(data);
  other.dispose();
  await expect(disposed).rejects.toThrow(/after dispose/);
});

it('save has read the network when it has returned its promise', async () => {
  const net = await createNetwork(options);
  const { inputs, targets } = makeData(5);
  const training = { epochs: 3, batchSize: 20, validation: makeData(6), earlyStopping: { patience: 2 } };
  const files: [Promise<Uint8Array>, Uint8Array][] = [];
  const change = () => {
    net.trainBatch(inputs.subarray(0, INPUTS), targets.subarray(0, 1));
    net.optimizer = sgd({ learningRate: 0.5 });
    net.trainingSamples = 7;
    net.task = 'classes';
    net.classes = ['a', 'b', 'c'];
    net.setStandardization({ means: new Float64Array(INPUTS), deviations: new Float64Array(INPUTS).fill(2) });
  };
  for (const isTraining of [false, true]) {
    const wanted = await net.save({ training: isTraining });
    const file = net.save({ training: isTraining });
    change();
    expect(await file).toEqual(wanted);
  }
  // here the callbacks do not wait for the promise of save
  await net.fit(
    { inputs, targets },
    {
      ...training,
      onBatch: async () => {
        const wanted = await net.save({ training: true });
        files.push([net.save({ training: true }), wanted]);
      },
      onEpoch: () => void net.save(),
    },
  );
  for (const [file, wanted] of files) expect(await file).toEqual(wanted);
});

it('an optimizer that is assigned while fit loads code or standardises is used from the first step on', async () => {
  const data = { inputs: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), targets: new Float32Array([0, 1, 1, 0]) };
  const trained = async (options: TrainOptions, rate: number, assigned?: number) => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3 }, { units: 1 }] });
    net.optimizer = sgd({ learningRate: rate });
    const history = net.fit(data, options);
    if (assigned !== undefined) net.optimizer = sgd({ learningRate: assigned });
    await history;
    return parameterBits(net);
  };
  for (const options of [{}, { standardize: true }, { optimizer: sgd({ learningRate: 0.1 }), standardize: true }]) {
    const { optimizer: _, ...others } = options as TrainOptions;
    expect(await trained(options, 0.1, 0.7)).toEqual(await trained(others, 0.7));
  }
});

it('crossValidate has read the options of its networks when it has returned its promise', async () => {
  const data = { inputs: new Float32Array([0, 1, 2, 3]), targets: new Float32Array([0, 1, 1, 0]) };
  const network = { inputs: 1, layers: [{ units: 2 }, { units: 1 }], seed: 0 };
  const costs = async (change?: () => void) => {
    const folds = crossValidate(network, data, { folds: 2 });
    change?.();
    return (await folds).folds.map(({ validation }) => validation.cost);
  };
  const expected = await costs();
  expect(await costs(() => (network.seed = 99))).toEqual(expected);
});

it('crossValidate has read its data and class weights when it has returned its promise', async () => {
  const { crossValidate } = await import('../src/cross-validation.js');
  const wanted = await crossValidate(options, makeData(1), { folds: 3, classWeights: [1, 2, 3], stratify: true });
  const [data, classWeights] = [makeData(1), [1, 2, 3]];
  const result = crossValidate(options, data, { folds: 3, classWeights, stratify: true });
  spoil(data);
  classWeights.fill(-5);
  expect((await result).mean).toEqual(wanted.mean);
});

it('trainFor has read its data after the first call', async () => {
  const [net, other] = [await createNetwork(options), await createNetwork(options)];
  const [data, same] = [makeData(1), makeData(1)];
  while (net.steps < 8) {
    await net.trainFor(data, 1e-30, { batchSize: 16 });
    spoil(data);
  }
  while (other.steps < 8) await other.trainFor(same, 1e-30, { batchSize: 16 });
  expect(await net.save()).toEqual(await other.save());
});

it('trainFor has read its data when it has returned its promise, even while its code is loaded', async () => {
  const [net, other] = [await freshNetwork(), await createNetwork(options)];
  const [data, same] = [makeData(1), makeData(1)];
  const { inputs } = data;
  const first = net.trainFor(data, 1e-30, { batchSize: 16 });
  spoil(data);
  data.inputs = new Float32Array(SAMPLES * INPUTS);
  await first;
  // these are the arrays of the first call, although data.inputs has been replaced since
  await net.trainFor({ ...data, inputs }, 1e-30, { batchSize: 16 });
  for (let call = 0; call < 2; call++) await other.trainFor(same, 1e-30, { batchSize: 16 });
  expect(await net.save()).toEqual(await other.save());
});

it('load and readIdx have read their bytes when they have returned their promise', async () => {
  const net = await createNetwork(options);
  const file = await net.save();
  const kept = file.slice();
  for (const bytes of [file, file.slice().buffer]) {
    const loading = loadNetwork(bytes);
    new Uint8Array(bytes instanceof Uint8Array ? bytes.buffer : bytes).fill(0);
    expect(await (await loading).save()).toEqual(kept);
  }
  const { readIdx } = await import('../src/io/idx.js');
  const images = new Uint8Array(16 + 784 * 500).map((_, i) => i * 7);
  images.set([0, 0, 8, 3, 0, 0, 1, 244, 0, 0, 0, 28, 0, 0, 0, 28]);
  const bytes = new Uint8Array(gzipSync(images));
  const reading = readIdx(bytes);
  bytes.fill(0);
  expect((await reading).data).toEqual(images.subarray(16));
});

describe('memory that another thread changes', () => {
  /** Labels that a thread sets to 1, 0 and 2^30 - 1 again and again, until the function is called. */
  async function restless(count: number): Promise<[Int32Array, () => Promise<number>]> {
    const memory = new SharedArrayBuffer(4 * count);
    const code = `const labels = new Int32Array(require('node:worker_threads').workerData);
      require('node:worker_threads').parentPort.postMessage(0);
      for (;;) for (const label of [1, 0, ${2 ** 30 - 1}]) labels.fill(label);`;
    const worker = new Worker(code, { eval: true, workerData: memory });
    await new Promise((resolve) => worker.once('message', resolve));
    return [new Int32Array(memory), () => worker.terminate()];
  }

  it('is read once: labels are those that were checked, or are refused by name', async () => {
    const count = 20_000;
    const [targets, stop] = await restless(count);
    try {
      const net = await createNetwork(options);
      const inputs = new Float32Array(count * INPUTS);
      const parameters = () => net.layers.flatMap((layer) => [...layer.getWeights(), ...layer.getBiases()]);
      const before = parameters();
      let [done, refused] = [0, 0];
      const end = performance.now() + 3000;
      while (performance.now() < end && (done < 5 || refused < 5)) {
        try {
          const { confusion } = await net.evaluate({ inputs, targets });
          done++;
          expect(confusion!.flatMap((row) => [...row]).reduce((sum, n) => sum + n, 0)).toBe(count);
        } catch (error) {
          refused++;
          expect(String(error)).toMatch(/^RangeError: data\.targets\[\d+\]: got \d+, want a label from 0 to 2$/);
        }
        expect(parameters()).toEqual(before);
      }
      expect(done + refused).toBeGreaterThan(0);
      for (const given of [{}, { classWeights: [1, 2, 3] }, { validationSplit: { share: 0.3, stratify: true } }]) {
        for (let i = 0; i < 5; i++) {
          const [report] = await net
            .fit({ inputs, targets }, { epochs: 1, batchSize: 5000, ...given })
            .catch((error) => {
              expect(String(error)).toMatch(/^RangeError: data\.targets\[\d+\]: got \d+, want a label from 0 to 2$/);
              return [];
            });
          if (report) expect(report.cost).toBeLessThan(10);
        }
      }
      expect(parameters().every(Number.isFinite)).toBe(true);
    } finally {
      await stop();
    }
  });

  it('is read once if it is given as rows of targets: what is trained has been held against the task', async () => {
    const labels = { inputs: INPUTS, layers: [{ units: 3, activation: 'sigmoid' as const }], task: 'labels' as const };
    const x = makeData(1, 2).inputs;
    const calls: ((net: Network, y: Float32Array) => unknown)[] = [
      (net, y) => net.trainBatch(x, y),
      (net, y) => {
        net.forward(x);
        net.backward(y);
        net.applyGradients();
      },
    ];
    for (const call of calls) {
      const [net, other] = [await createNetwork(labels), await createNetwork(labels)];
      call(other, Float32Array.of(0, 1, 1, 1, 0, 1));
      const memory = new Float32Array(new SharedArrayBuffer(24));
      memory.set([0, 1, 1, 1, 0, 1]);
      const { floats } = Arena.prototype;
      // another thread changes them as soon as they have been checked
      const copy = vi.spyOn(Arena.prototype, 'floats').mockImplementation(function (this: Arena, ...place) {
        memory.fill(0.5);
        return floats.apply(this, place);
      });
      try {
        call(net, memory);
      } finally {
        copy.mockRestore();
      }
      expect(memory[0]).toBe(0.5);
      expect(parameterBits(net)).toEqual(parameterBits(other));
    }
  });

  it('is read once if it is given as sample weights, and by the inspector', async () => {
    const x = makeData(1, 2).inputs;
    const labels = Uint8Array.of(1, 2);
    const calls: ((net: Network, y: Uint8Array, weights: Float32Array) => Promise<unknown>)[] = [
      async (net, y, weights) => net.trainBatch(x, y, weights),
      async (net, y, weights) => {
        net.forward(x);
        return [net.backward(y, weights), net.layers[0].getWeightGradients()];
      },
      async (net, y, weights) => (await net.inspect()).sampleGradients(x, y, weights),
      async (net, y, weights) => (await net.inspect()).checkGradients(x, y, { weights }),
    ];
    for (const call of calls) {
      const [net, other] = [await createNetwork(options), await createNetwork(options)];
      const wanted = await call(other, labels, Float32Array.of(0.5, 2));
      const y = new Uint8Array(new SharedArrayBuffer(2));
      const weights = new Float32Array(new SharedArrayBuffer(8));
      y.set(labels);
      weights.set([0.5, 2]);
      const { words } = Arena.prototype;
      // another thread changes them as soon as they have been checked
      const write = vi.spyOn(Arena.prototype, 'words').mockImplementation(function (this: Arena, ...place) {
        y.fill(0);
        weights.fill(3);
        return words.apply(this, place);
      });
      try {
        expect(await call(net, y, weights)).toEqual(wanted);
        expect([...y, ...weights]).toEqual([0, 0, 3, 3]);
      } finally {
        write.mockRestore();
      }
      expect(parameterBits(net)).toEqual(parameterBits(other));
    }
  });

  it('is read after the function of a learning rate, which may change it too, has been asked', async () => {
    const labels = { inputs: INPUTS, layers: [{ units: 3, activation: 'linear' as const }], task: 'labels' as const };
    const { inputs } = makeData(1, 2);
    const calls: ((net: Network, targets: Float32Array, optimizer: Optimizer) => unknown)[] = [
      (net, targets, optimizer) => net.fit({ inputs, targets }, { epochs: 1, optimizer }),
      (net, targets, optimizer) => net.trainFor({ inputs, targets }, 1e-30, { optimizer }),
      (net, targets, optimizer) => {
        net.optimizer = optimizer;
        net.trainBatch(inputs, targets);
      },
    ];
    for (const call of calls) {
      const net = await createNetwork(labels);
      const targets = Float32Array.of(0, 1, 1, 1, 0, 1);
      await net.fit({ inputs, targets }, { epochs: 1 });
      const { steps } = net;
      const learningRate = () => {
        targets.fill(0.5);
        return 0.1;
      };
      const result = (async () => call(net, targets, sgd({ learningRate })))();
      await expect(result).rejects.toThrow(/got 0\.5, want 0 or 1: this network learns labels/);
      expect(net.steps).toBe(steps);
    }
  });

  it('is read once if it is given as weights and biases', async () => {
    const net = await createNetwork(options);
    const memory = new Float32Array(new SharedArrayBuffer(4 * 20));
    const { floats } = Arena.prototype;
    // another thread changes the numbers after they have been checked, and before they are written
    const write = vi.spyOn(Arena.prototype, 'floats').mockImplementation(function (this: Arena, ...place) {
      memory.fill(Number.NaN);
      return floats.apply(this, place);
    });
    try {
      net.layers[0].setWeights(memory.fill(0.5));
      net.layers[0].setBiases(memory.fill(0.25).subarray(0, 5));
    } finally {
      // the panels of the weights, the room to transpose them, and the biases
      expect(write).toHaveBeenCalledTimes(3);
      write.mockRestore();
    }
    expect(net.layers[0].getWeights()).toEqual(new Float32Array(20).fill(0.5));
    expect(net.layers[0].getBiases()).toEqual(new Float32Array(5).fill(0.25));
    expect(() => net.layers[0].setWeights(memory)).toThrow(/^layers\[0\]\.setWeights\[0\]: got NaN, want/);
  });

  it('is accepted by every call if nobody changes it', async () => {
    const shared = <T extends Float32Array | Uint8Array>(values: T): T => {
      const copy = new (values.constructor as new (memory: SharedArrayBuffer) => T)(
        new SharedArrayBuffer(values.byteLength),
      );
      copy.set(values);
      return copy;
    };
    const data = makeData(1) as { inputs: Float32Array; targets: Uint8Array; weights: Float32Array };
    const abroad = { inputs: shared(data.inputs), targets: shared(data.targets), weights: shared(data.weights) };
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    for (const given of [{}, { validationSplit: 0.3 }, { standardize: true, validation: abroad }]) {
      await net.fit(abroad, given);
      await other.fit(data, given);
    }
    for (let i = 0; i < 5; i++) {
      await net.trainFor(abroad, 1e-30, { batchSize: 16 });
      await other.trainFor(data, 1e-30, { batchSize: 16 });
    }
    expect(net.steps).toBe(other.steps);
    expect(await net.save({ training: true })).toEqual(await other.save({ training: true }));
    expect(await net.evaluate(abroad)).toEqual(await other.evaluate(data));
  });
});
