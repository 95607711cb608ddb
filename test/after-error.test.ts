import { describe, expect, it, vi } from 'vitest';
import type { CustomCost, DataSet, NetworkOptions, TrainOptions } from '../src/index.js';
import { adam, momentum, NonFiniteError, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork } from './build.js';
import { watchCompiling } from './compiling.js';
import { parameterBits } from './parameters.js';

// What the next call does after a call that failed or was stopped.

const unit: NetworkOptions = {
  inputs: 1,
  layers: [{ units: 1, activation: 'linear', initializer: { constant: 1 }, bias: false }],
};

/** The third step of training on these data makes the weight infinite. The cost of that step is still finite. */
const SAMPLES = 8;
const overflowing: DataSet = {
  inputs: new Float32Array(SAMPLES).fill(1),
  targets: Float32Array.from({ length: SAMPLES }, (_, i) => (i === 2 ? 1e18 : 1)),
};
const learningRate = (step: number) => (step === 2 ? 3e38 : 0);
const steps = { batchSize: 1, shuffle: false, optimizer: sgd({ learningRate }) };
const training = { epochs: 1, ...steps };

describe('an overflow in the step at which a call stops', () => {
  const stop = new AbortController();
  const stops: [string, (net: Network) => unknown][] = [
    ['onBatch of fit', (net) => net.fit(overflowing, { ...training, onBatch: ({ step }) => step < 3 })],
    ['a promise of onBatch', (net) => net.fit(overflowing, { ...training, onBatch: async ({ step }) => step < 3 })],
    [
      'onBatch of fitStream',
      (net) => net.fitStream(() => [overflowing], { ...training, onBatch: ({ step }) => step < 3 }),
    ],
    [
      'the signal',
      (net) => {
        const onBatch = ({ step }: { step: number }) => {
          if (step === 3) stop.abort(new Error('enough'));
        };
        return net.fit(overflowing, { ...training, onBatch, signal: stop.signal });
      },
    ],
    ['the last step of an epoch', (net) => net.fit(firstOf(overflowing, 3), { ...training, epochs: 2 })],
    ['the last step of a stream', (net) => net.fitStream(() => [firstOf(overflowing, 3)], training)],
    [
      'the end of an epoch that train has trained',
      async (net) => {
        for await (const _ of net.train(firstOf(overflowing, 3), { ...training, epochs: 2 })) break;
      },
    ],
    [
      'the end of the time of trainFor',
      async (net) => {
        for (let call = 0; call < 3; call++) await net.trainFor(overflowing, 1e-30, steps);
      },
    ],
    ['replayTo', (net) => net.replayTo(3, overflowing, training)],
  ];

  it.each(stops)('%s', async (name, call) => {
    const net = await createNetwork(unit);
    const error = await (async () => call(net))().then(
      () => 'the call has ended well',
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ epoch: 0, step: 2, layer: 0 });
    expect(net.layers[0].getWeights()).toEqual(Float32Array.of(1));
    expect(net.steps).toBe(name.includes('trainFor') ? 2 : 0);
    // the next call works like any other
    const { last } = await net.fit(overflowing, { ...training, optimizer: sgd({ learningRate: 1e-20 }) });
    expect(last?.samples).toBe(SAMPLES);
  });
});

function firstOf({ inputs, targets }: DataSet, samples: number): DataSet {
  return { inputs: inputs.slice(0, samples), targets: targets.slice(0, samples) };
}

describe('single batches after one that was refused', () => {
  const x = Float32Array.of(1);
  const y = Float32Array.of(2);

  /** A network that records the steps for which it asks for a rate. */
  async function watched() {
    const net = await createNetwork(unit);
    const state = { rate: 1e-6, asked: [] as number[] };
    net.optimizer = sgd({
      learningRate: (step) => {
        state.asked.push(step);
        return state.rate;
      },
    });
    state.asked = [];
    return { net, state };
  }

  it('count the steps that are undone, and the steps of the rates, from the state that was restored', async () => {
    const { net, state } = await watched();
    for (const quiet of [3, 2, 0, 1]) {
      state.asked = [];
      state.rate = 1e-6;
      for (let i = 0; i < quiet; i++) net.trainBatch(x, y);
      state.rate = 3.4e38;
      let error: unknown;
      try {
        net.trainBatch(x, Float32Array.of(1e10));
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ name: 'NonFiniteError', step: quiet, stepsUndone: quiet });
      expect(state.asked).toEqual(Array.from({ length: quiet + 1 }, (_, step) => step));
      expect([net.steps, ...net.layers[0].getWeights()]).toEqual([0, 1]);
    }
  });

  it.each<[string, (net: Network) => unknown]>([
    ['targets of another length', (net) => net.trainBatch(x, new Float32Array(2))],
    ['a target that is NaN', (net) => net.trainBatch(x, Float32Array.of(Number.NaN))],
    ['a cost that is not finite', (net) => net.trainBatch(x, Float32Array.of(3e38))],
    ['gradients that are missing', (net) => net.applyGradients()],
  ])('%s: the next one is the next step, with its rate', async (_, refused) => {
    const { net, state } = await watched();
    const other = (await watched()).net;
    for (const each of [net, other]) for (let i = 0; i < 3; i++) each.trainBatch(x, y);
    expect(() => refused(net)).toThrow();
    state.asked = [];
    for (const each of [net, other]) for (let i = 0; i < 2; i++) each.trainBatch(x, y);
    expect(state.asked).toEqual([3, 4]);
    expect([net.steps, ...parameterBits(net)]).toEqual([other.steps, ...parameterBits(other)]);
    // a snapshot is taken at the first step, and no refused call takes another one
    state.rate = 3.4e38;
    expect(() => net.trainBatch(x, Float32Array.of(1e10))).toThrow(expect.objectContaining({ stepsUndone: 5 }));
  });
});

describe('a cost of the user that throws once', () => {
  const options: NetworkOptions = { inputs: 2, layers: [{ units: 3, activation: 'tanh' }], seed: 3 };
  const samples = 600;
  const data: DataSet = {
    inputs: Float32Array.from({ length: 2 * samples }, (_, i) => Math.sin(i)),
    targets: Float32Array.from({ length: 3 * samples }, (_, i) => Math.cos(i) / 2),
  };
  const quadratic: CustomCost = {
    value: (a, y) => a.reduce((sum, ak, k) => sum + (ak - y[k]) ** 2 / 2, 0),
    gradient: (a, y, out) => {
      for (let k = 0; k < a.length; k++) out[k] = a[k] - y[k];
    },
  };

  it.each<[keyof CustomCost, number, Pick<TrainOptions, 'batchSize' | 'accumulate'>, number]>([
    ['value', 25, { batchSize: 10 }, 2],
    ['gradient', 25, { batchSize: 10 }, 2],
    // within a step of several chunks, when gradients have been added up
    ['value', 290, { batchSize: 300 }, 0],
    ['gradient', 290, { batchSize: 150, accumulate: 2 }, 0],
    ['value', 0, { batchSize: 1 }, 0],
  ])(
    '%s, after %i samples: the next trainFor begins an epoch, with the steps before kept',
    async (part, at, fit, done) => {
      let left = Number.POSITIVE_INFINITY;
      const call = (...row: [Float32Array, Float32Array, Float32Array]) => {
        if (left-- === 0) throw new Error('once');
        return (quadratic[part] as (...row: unknown[]) => number)(...row);
      };
      const net = await createNetwork({ ...options, cost: { ...quadratic, [part]: call } as CustomCost });
      const other = await createNetwork({ ...options, cost: quadratic });
      const each = { ...fit, optimizer: sgd({ learningRate: 0.5 }) };
      await net.trainFor(data, 1e-30, each);
      left = at;
      await expect(net.trainFor(data, 1e4, each)).rejects.toThrow('once');
      expect(net.steps).toBe(1 + done);
      // trainFor continues the epoch that the error has interrupted, as it does after a stop
      await other.fit(data, { ...each, onBatch: () => other.steps < 1 + done });
      const reports = [await net.trainFor(data, 1e-30, each), await other.trainFor(data, 1e-30, each)];
      expect(reports[0]).toMatchObject({ epoch: 0, step: 1, stepsTaken: 1, cost: reports[1].cost });
      expect(parameterBits(net)).toEqual(parameterBits(other));
    },
  );
});

describe('code that could not be loaded', () => {
  it('is tried again: the core', async () => {
    vi.resetModules();
    const { Network: Fresh } = await import('../src/network.js');
    const { compile, restore } = watchCompiling();
    compile.mockImplementationOnce(() => {
      throw new RangeError('not now');
    });
    await expect(Fresh.create(unit)).rejects.toThrow();
    const net = await Fresh.create(unit);
    expect(net.predict(Float32Array.of(3))).toEqual(Float32Array.of(3));
    // once it has been compiled, the code is kept
    await Fresh.create(unit);
    expect(compile).toHaveBeenCalledTimes(2);
    restore();
  });

  it('is tried again: wide registers', async () => {
    vi.resetModules();
    const { switchOnWide } = await import('../src/threads/wide.js');
    const { inflate } = await import('../src/core/inflate.js');
    const { base64 } = await import('../src/generated/threads.js');
    const core = await inflate(base64);
    const look = vi.spyOn(process, 'getBuiltinModule').mockImplementationOnce(() => {
      throw new Error('not now');
    });
    await expect(switchOnWide('simd', core)).rejects.toThrow('not now');
    const wide = await switchOnWide('simd', core);
    expect(wide.module ?? wide.reason).toBeDefined();
    // once there is an answer, it is kept
    const calls = look.mock.calls.length;
    expect(await switchOnWide('simd', core)).toBe(wide);
    expect(look.mock.calls).toHaveLength(calls);
    look.mockRestore();
  });
});

describe('data that are refused while they are standardised', () => {
  const data = {
    inputs: Float32Array.from({ length: 16 }, (_, i) => i / 16),
    targets: Float32Array.from({ length: 8 }, (_, i) => i % 2),
  };
  // 1e20 is finite, and so are the offsets and scales, but not the standardised number
  const bad = { ...data, inputs: data.inputs.map((value, i) => (i === 7 ? 1e20 : value)) };
  const optimizer = momentum({ learningRate: 0.1 });
  const calls: [string, (net: Network) => unknown][] = [
    ['fit', (net) => net.fit(bad, { optimizer })],
    ['fitStream', (net) => net.fitStream(() => [bad], { optimizer })],
    ['trainFor', (net) => net.trainFor(bad, 1, { optimizer })],
  ];

  it.each(calls)('by %s leave the optimizer and its state as they were', async (_, call) => {
    const layers = [{ units: 3 }, { units: 1 }];
    const net = await createNetwork({ inputs: 2, layers, cost: 'quadratic', task: 'numbers' });
    net.setStandardization({ means: new Float64Array(2), deviations: new Float64Array(2).fill(1e-30) });
    net.optimizer = adam();
    net.trainBatch(
      data.inputs.map((value) => value * 1e-30),
      data.targets,
    );
    const before = await net.save({ training: true });
    await expect((async () => call(net))()).rejects.toThrow(RangeError);
    expect(net.optimizer.name).toBe('adam');
    expect(await net.save({ training: true })).toEqual(before);
  });
});
