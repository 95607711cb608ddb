import { describe, expect, it } from 'vitest';
import type { DataSet, NetworkOptions, TrainForOptions, TrainOptions } from '../src/index.js';
import { adam, lbfgs, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork, slowClock } from './build.js';
import { parametersOf } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

// A call that fails before its first step, or whose steps are all undone, leaves nothing of what it has changed.

const random = randomNumbers(8);
const SAMPLES = 24;
const data = {
  inputs: randomFloats(2 * SAMPLES, random).map((x) => 5 + x),
  targets: randomFloats(SAMPLES, random).map((y) => 3 * y + 1),
  columns: ['width', 'height'],
} satisfies DataSet;

type Call = (net: Network, options: TrainOptions) => unknown;
const calls: [string, Call][] = [
  ['fit', (net, options) => net.fit(data, options)],
  [
    'train',
    async (net, options) => {
      for await (const _ of net.train(data, options));
    },
  ],
  ['fitStream', (net, options) => net.fitStream(() => [data], options)],
  [
    'trainFor',
    (net, { standardize: _, epochs, ...options }) =>
      net.trainFor(data, epochs === 9 ? 1e4 : 1e-30, options as TrainForOptions),
  ],
];

/** What a call may change before its first step. */
const settingsOf = async (net: Network) => ({
  standardization: net.getStandardization(),
  targets: net.getTargetStandardization(),
  task: net.task,
  columns: net.columns,
  trainingSamples: net.trainingSamples,
  file: await net.save(),
});

/** A network whose cost throws while `isBroken` is true. */
async function fragile() {
  const state = { isBroken: false };
  const cost = {
    value(a: Float32Array, y: Float32Array) {
      if (state.isBroken) throw new Error('broken');
      return (a[0] - y[0]) ** 2;
    },
    gradient(a: Float32Array, y: Float32Array, out: Float32Array) {
      out[0] = 2 * (a[0] - y[0]);
    },
  };
  const layers: NetworkOptions['layers'] = [
    { units: 3, activation: 'tanh' },
    { units: 1, activation: 'linear' },
  ];
  return { state, net: await createNetwork({ inputs: 2, layers, cost, seed: 2 }) };
}

describe.each(calls)('%s', (name, call) => {
  it.each(['both', true, false] as const)(
    'leaves nothing if its first step fails, standardize: %s',
    async (standardize) => {
      const [{ net, state }, { net: other }] = [await fragile(), await fragile()];
      const before = await settingsOf(net);
      const options: TrainOptions = { epochs: 2, batchSize: 8, standardize };
      state.isBroken = true;
      await expect((async () => call(net, options))()).rejects.toThrow('broken');
      expect(await settingsOf(net)).toEqual(before);
      // a later call has the same results as the first one of another network
      state.isBroken = false;
      for (const each of [net, other]) await call(each, options);
      expect(await settingsOf(net)).toEqual(await settingsOf(other));
      expect(other.getTargetStandardization() !== undefined).toBe(standardize === 'both' && name !== 'trainFor');
    },
  );

  it('keeps what it has changed if it fails after a step', async () => {
    const { net, state } = await fragile();
    const options: TrainOptions = {
      epochs: 2,
      batchSize: 8,
      standardize: 'both',
      onBatch: () => {
        state.isBroken = true;
      },
    };
    if (name === 'trainFor') return;
    await expect((async () => call(net, options))()).rejects.toThrow('broken');
    expect(net.steps).toBe(1);
    // a stream knows its targets only after an epoch
    const task = name === 'fitStream' ? undefined : 'numbers';
    expect([net.task, net.columns]).toEqual([task, data.columns]);
    expect(net.getTargetStandardization()).toBeDefined();
  });

  it('leaves nothing after a NonFiniteError', async () => {
    const layers: NetworkOptions['layers'] = [
      { units: 3, activation: 'tanh' },
      { units: 1, activation: 'linear' },
    ];
    const net = await createNetwork({ inputs: 2, layers, cost: 'quadratic' });
    net.optimizer = sgd({ learningRate: 3e38 });
    const before = await settingsOf(net);
    const options: TrainOptions = { epochs: 9, batchSize: 8, standardize: 'both' };
    await expect((async () => call(net, options))()).rejects.toMatchObject({ name: 'NonFiniteError' });
    expect(await settingsOf(net)).toEqual(before);
  });

  it('can still resume, in a network that was loaded from within the call', async () => {
    const { net, state } = await fragile();
    const options: TrainOptions = { epochs: 2, batchSize: 8, shuffle: false, optimizer: sgd({ learningRate: 0.01 }) };
    let file = new Uint8Array();
    if (name === 'trainFor') {
      await call(net, { batchSize: 8, shuffle: false, optimizer: options.optimizer });
      file = await net.save({ training: true });
    } else {
      const onBatch = async () => {
        if (net.steps === 2) file = await net.save({ training: true });
      };
      await call(net, { ...options, onBatch });
    }
    const cost = {
      value(a: Float32Array, y: Float32Array) {
        if (state.isBroken) throw new Error('broken');
        return (a[0] - y[0]) ** 2;
      },
      gradient(a: Float32Array, y: Float32Array, out: Float32Array) {
        out[0] = 2 * (a[0] - y[0]);
      },
    };
    const loaded = await loadNetwork(file, { cost });
    const again = name === 'trainFor' ? { batchSize: 8, shuffle: false, optimizer: options.optimizer } : options;
    state.isBroken = true;
    await expect((async () => call(loaded, again))()).rejects.toThrow('broken');
    state.isBroken = false;
    for (let i = 0; i < (name === 'trainFor' ? 5 : 1); i++) {
      await call(loaded, again);
      if (name === 'trainFor') await call(net, again);
    }
    expect(parametersOf(loaded)).toEqual(parametersOf(net));
    expect(loaded.steps).toBe(net.steps);
  });
});

it('a call with L-BFGS leaves nothing if its first pass fails', async () => {
  const { net, state } = await fragile();
  net.optimizer = lbfgs();
  const before = await settingsOf(net);
  state.isBroken = true;
  await expect(net.fit(data, { standardize: 'both' })).rejects.toThrow('broken');
  expect(await settingsOf(net)).toEqual(before);
  // nor does it leave anything if a later pass of the first step fails
  state.isBroken = false;
  const onBatch = () => {
    state.isBroken = true;
  };
  await expect(net.fit(data, { standardize: 'both', onBatch })).rejects.toThrow('broken');
  expect(await settingsOf(net)).toEqual(before);
  expect(net.steps).toBe(0);
});

describe('the function of a learning rate', () => {
  const layers: NetworkOptions['layers'] = [{ units: 1, activation: 'linear' }];

  it.each(['at once', 'in blocks'])('is asked as often, whether data are standardised %s or not', async (how) => {
    const net = await createNetwork({ inputs: 2, layers });
    const asked: number[] = [];
    const learningRate = (step: number) => {
      asked.push(step);
      return 0.01;
    };
    await net.fit(data, {
      epochs: 1,
      batchSize: SAMPLES,
      standardize: how === 'in blocks',
      optimizer: sgd({ learningRate }),
    });
    // the rate is asked twice: before the call changes anything, and for the step
    expect(asked).toEqual([0, 0]);
  });

  it('may throw at any time: the network is as it was, and still trains', async () => {
    for (const from of [1, 2]) {
      const net = await createNetwork({ inputs: 2, layers });
      const before = await settingsOf(net);
      let asked = 0;
      const learningRate = () => {
        if (++asked === from) throw new Error('mine');
        return 0.01;
      };
      const options: TrainOptions = { epochs: 1, standardize: 'both', optimizer: adam({ learningRate }) };
      await expect(net.fit(data, options)).rejects.toThrow('mine');
      if (from === 1) expect(await settingsOf(net)).toEqual(before);
      else expect({ ...(await settingsOf(net)), file: 0 }).toEqual({ ...before, file: 0 });
      await net.fit(data, options);
      expect(net.steps).toBe(1);
    }
  });
});

describe('train', () => {
  const options: NetworkOptions = {
    inputs: 2,
    layers: [
      { units: 3, activation: 'tanh' },
      { units: 1, activation: 'linear' },
    ],
  };

  it('has read and checked its data and options when it has returned', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const copies = () => ({
      data: { inputs: data.inputs.slice(), targets: data.targets.slice() },
      validationSplit: { share: 0.25 },
      earlyStopping: { patience: 2 },
      optimizer: { ...sgd({ learningRate: 0.05 }) },
    });
    const { data: given, ...nested } = copies();
    const settings: TrainOptions = { epochs: 4, standardize: 'both', ...nested };
    const reports = net.train(given, settings);
    given.inputs.fill(Number.NaN);
    given.targets.fill(Number.NaN);
    Object.assign(nested.validationSplit, { share: 7 });
    Object.assign(nested.earlyStopping, { patience: -1 });
    Object.assign(nested.optimizer, { learningRate: -1 });
    settings.epochs = 0;
    for await (const _ of reports);
    const { data: same, ...rest } = copies();
    await other.fit(same, { epochs: 4, standardize: 'both', ...rest });
    expect(await net.save()).toEqual(await other.save());
    expect(() => net.train({ ...given }, {})).toThrow(/^data\.inputs\[0\].*: got NaN/);
    expect(() => net.train(data, { epochs: 0 })).toThrow(/^options\.epochs: got 0/);
    expect(() => net.train(data, { optimizer: { name: 'other' } as never })).toThrow(/^optimizer\.name: got "other"/);
  });

  it('leaves the network free until its first report is asked for, and checks again what has changed until then', async () => {
    const net = await createNetwork(options);
    const [unused, reports] = [net.train(data), net.train(data, { epochs: 1 })];
    await unused.return();
    await net.fit(data, { epochs: 1 });
    expect((await reports.next()).value).toMatchObject({ epoch: 0 });
    await reports.return();
    const refused = net.train(data, { epochs: 1 });
    net.task = undefined;
    net.columns = ['a', 'b'];
    await expect(refused.next()).rejects.toThrow(/^data\.columns/);
    await net.fit({ inputs: data.inputs, targets: data.targets }, { epochs: 1 });
  });
});

it('nested options are read at the call by every call', async () => {
  const options: NetworkOptions = {
    inputs: 2,
    layers: [
      { units: 3, activation: 'tanh' },
      { units: 1, activation: 'linear' },
    ],
  };
  const [net, other] = [await createNetwork(options), await createNetwork(options)];
  const make = () => ({ validationSplit: { share: 0.25 }, earlyStopping: { patience: 3 } });
  const nested = make();
  const clock = slowClock(5);
  try {
    const history = net.fit(data, { epochs: 5, ...nested });
    Object.assign(nested.validationSplit, { share: 0.5 });
    Object.assign(nested.earlyStopping, { patience: 1 });
    await history;
  } finally {
    clock.mockRestore();
  }
  await other.fit(data, { epochs: 5, ...make() });
  expect(await net.save()).toEqual(await other.save());
});
