import { describe, expect, it } from 'vitest';
import { unpack } from '../src/core/parameters.js';
import type { EpochReport, LearningRate, NetworkOptions } from '../src/index.js';
import { adam, cosine, exponential, inverseTime, irprop, oneCycle, polynomial, sgd, step } from '../src/index.js';
import type { Network } from '../src/network.js';
import { EarlyStopper } from '../src/training/early-stopping.js';
import { createNetwork, startArena } from './build.js';
import { parametersOf } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

// Numbers right at a limit, on both of its sides.

const random = randomNumbers(3);
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

describe('rows of targets that add up to nearly 1', () => {
  const options: NetworkOptions = { inputs: 1, layers: [{ units: 2, activation: 'softmax' }] };
  const x = Float32Array.of(0.5, 1);
  const rowsOf = (sum: number) => Float64Array.of(0.25, 0.75, 0.5, sum - 0.5);
  const calls: [string, string, (net: Network, y: Float64Array) => unknown][] = [
    ['fit', 'data.targets', (net, targets) => net.fit({ inputs: x, targets }, { epochs: 1 })],
    ['fitStream', 'targets', (net, targets) => net.fitStream(() => [{ inputs: x, targets }])],
    ['trainFor', 'data.targets', (net, targets) => net.trainFor({ inputs: x, targets }, 1)],
    ['trainBatch', 'y', (net, targets) => net.trainBatch(x, targets)],
    ['evaluate', 'targets', (net, targets) => net.evaluate({ inputs: x, targets })],
    [
      'backward',
      'y',
      (net, targets) => {
        net.forward(x);
        net.backward(targets);
      },
    ],
    [
      'validation',
      'options.validation.targets',
      (net, targets) =>
        net.fit({ inputs: x, targets: Uint8Array.of(0, 1) }, { epochs: 1, validation: { inputs: x, targets } }),
    ],
  ];

  it.each(calls)('%s accepts sums within 1e-4 of 1 and refuses others', async (_, where, call) => {
    const net = await createNetwork(options);
    const before = await net.save();
    for (const cost of ['categoricalCrossEntropy', 'kullbackLeibler'] as const) {
      const each = await createNetwork({ ...options, cost });
      for (const sum of [1.0002, 0.9998, 1.000101, 0.999899]) {
        const message = `, row 1: got a sum of ${0.5 + (sum - 0.5)}, want 1 for ${cost}`;
        const refused = (async () => call(each, rowsOf(sum)))();
        await expect(refused, `${sum}`).rejects.toThrow(message);
        await expect(refused, `${sum}`).rejects.toThrow(where);
      }
      expect(await each.save()).not.toHaveLength(0);
      expect(parametersOf(each)).toEqual(parametersOf(net));
    }
    expect(await net.save()).toEqual(before);
    for (const sum of [1, 1.00009, 0.99991, 1.000099]) await (async () => call(net, rowsOf(sum)))();
  });
});

describe('learning rates at the end of f32', () => {
  const options: NetworkOptions = { inputs: 1, layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }] };
  const flat = { inputs: Float32Array.of(1, 2), targets: new Float32Array(2) };
  const schedules: [string, (rate: number) => LearningRate][] = [
    ['step', (initial) => step({ initial, steps: 3 })],
    ['exponential', (initial) => exponential({ initial, factor: 0.5, steps: 3 })],
    ['inverseTime', (initial) => inverseTime({ initial, steps: 3 })],
    ['polynomial', (initial) => polynomial({ initial, steps: 3 })],
    ['cosine', (initial) => cosine({ initial, steps: 3 })],
    ['oneCycle', (maximum) => oneCycle({ maximum, steps: 3 })],
  ];

  it.each(schedules)('%s: 1e39, the next double and 0 are refused, the largest f32 is accepted', (_, make) => {
    for (const rate of [1e39, LARGEST * (1 + 2 ** -52), 0, 2 ** -150]) {
      expect(() => make(rate), `${rate}`).toThrow(/: got .+, want a positive number/);
    }
    make(LARGEST);
  });

  it('of a function, which may also be 0: are refused at their step by every call, and no weight has moved', async () => {
    for (const rate of [1e39, -1, -(2 ** -149), Number.NaN, Number.POSITIVE_INFINITY]) {
      const optimizer = sgd({ learningRate: (steps: number) => (steps < 2 ? 0.5 : rate) });
      const wanted = new RegExp(`^learningRate of step 2, epoch .: got ${String(rate).replace('+', '\\+')}`);
      const targets = Float32Array.of(1, 0);
      const fitted = await createNetwork(options);
      await expect(
        fitted.fit({ ...flat, targets }, { optimizer, batchSize: 1, shuffle: false, epochs: 3 }),
      ).rejects.toThrow(wanted);
      const batched = await createNetwork(options);
      batched.optimizer = optimizer;
      for (let i = 0; i < 2; i++) batched.trainBatch(flat.inputs.subarray(i, i + 1), targets.subarray(i, i + 1));
      const before = parametersOf(batched);
      expect(() => batched.trainBatch(flat.inputs, targets)).toThrow(wanted);
      expect(parametersOf(batched)).toEqual(before);
      expect(parametersOf(fitted)).toEqual(before);
    }
  });

  it('the largest and the smallest are accepted, as numbers and from functions', async () => {
    for (const rate of [LARGEST, 2 ** -149]) {
      for (const learningRate of [rate, () => rate]) {
        const net = await createNetwork(options);
        // the cost is 0, so no weight moves at any rate
        const { last } = await net.fit(flat, { epochs: 1, optimizer: sgd({ learningRate }) });
        expect(last).toMatchObject({ learningRate: rate, cost: 0 });
      }
    }
  });
});

describe('iRPROP+ whose steps have one length', () => {
  it('stepMin = stepMax: every move has this length, whatever the signs', async () => {
    const data = { inputs: randomFloats(60, random), targets: randomFloats(20, random) };
    const linear = { units: 1, activation: 'linear' as const };
    const net = await createNetwork({ inputs: 3, layers: [{ units: 4, activation: 'tanh' }, linear], seed: 2 });
    const length = 2 ** -6;
    const optimizer = irprop({ learningRate: length, stepMin: length, stepMax: length });
    let before = parametersOf(net);
    const turned = new Set<number>();
    const onEpoch = () => {
      const now = parametersOf(net);
      now.forEach((values, i) => {
        values.forEach((value, k) => {
          const moved = Math.abs(value - before[i][k]);
          // a weight does not move in a step in which its gradient has changed its sign; weights below 2 are rounded to
          // 2^-23
          if (moved === 0) turned.add(k);
          else expect(Math.abs(moved - length)).toBeLessThanOrEqual(2 ** -23);
        });
      });
      before = now;
    };
    await net.fit(data, { epochs: 60, optimizer, onEpoch });
    expect(turned.size).toBeGreaterThan(0);
  });

  it.each([
    [0.5, 0.5, true],
    [0.5 + 2 ** -53, 0.5, false],
    [2 ** -149, 2 ** -149, true],
    [LARGEST, LARGEST, true],
  ])('stepMin %d, stepMax %d: %s', (stepMin, stepMax, isTaken) => {
    if (isTaken) expect(irprop({ stepMin, stepMax })).toMatchObject({ stepMin, stepMax });
    else
      expect(() => irprop({ stepMin, stepMax })).toThrow(/^irprop\.stepMin: got 0\.5\d*, want at most stepMax = 0\.5$/);
  });
});

describe('the best epoch of early stopping', () => {
  const start = () => startArena({ inputs: 2, layers: [{ units: 1 }] }, 1);
  const spec = { patience: 2, minDelta: 0, restoreBest: true };
  const evaluation = (value: number) => ({ cost: value, accuracy: value }) as never;

  /** The result of the stopper for these values of `monitor`, one for each epoch. */
  async function observe(monitor: 'cost' | 'accuracy', values: readonly number[]) {
    const arena = await start();
    const stopper = new EarlyStopper({ ...spec, monitor });
    const seen = values.map((value, epoch) => {
      // the weights are set to the number of the epoch, counted from 1
      arena.floats(arena.plan.parameters, 2).fill(epoch + 1);
      const isOver = stopper.observe(epoch, evaluation(value), arena);
      return [isOver, stopper.bestEpoch];
    });
    stopper.restore(arena);
    return { seen, kept: unpack(arena, arena.plan.parameters)[0] };
  }

  it.each([
    ['cost', [3, 2, 1]],
    ['accuracy', [0.1, 0.2, 0.3]],
  ] as const)('NaN first under %s: any number after it is better', async (monitor, later) => {
    const { seen, kept } = await observe(monitor, [Number.NaN, ...later]);
    expect(seen).toEqual([
      [false, 0],
      [false, 1],
      [false, 2],
      [false, 3],
    ]);
    expect(kept).toBe(4);
  });

  it.each(['cost', 'accuracy'] as const)(
    'NaN always under %s: the first is kept, and the patience ends',
    async (monitor) => {
      const { seen, kept } = await observe(monitor, [Number.NaN, Number.NaN, Number.NaN]);
      expect(seen).toEqual([
        [false, 0],
        [false, 0],
        [true, 0],
      ]);
      expect(kept).toBe(1);
    },
  );

  it('a value that is better by more than minDelta is an improvement; an equal one, or one better by minDelta, is not', async () => {
    expect((await observe('cost', [1, 1, 1])).seen.map(([, best]) => best)).toEqual([0, 0, 0]);
    const arena = await start();
    const stopper = new EarlyStopper({ ...spec, monitor: 'cost', minDelta: 0.25 });
    const bests = [1, 0.75, 0.75 - 2 ** -53].map((value, epoch) => {
      stopper.observe(epoch, evaluation(value), arena);
      return stopper.bestEpoch;
    });
    expect(bests).toEqual([0, 0, 2]);
  });

  it('if NaN in the first epoch is ignored, the network ends with the best weights', async () => {
    let calls = 0;
    const cost = {
      // the validation of the first epoch, which comes after its two batches
      value: (a: Float32Array) => (++calls === 3 ? Number.NaN : a[0] ** 2 / 2),
      gradient: (a: Float32Array, _y: Float32Array, out: Float32Array) => {
        out[0] = a[0];
      },
    };
    const net = await createNetwork({
      inputs: 1,
      layers: [{ units: 1, activation: 'linear', initializer: { constant: 1 }, bias: false }],
      cost,
    });
    const data = { inputs: Float32Array.of(1, 1), targets: new Float32Array(2) };
    const one = { inputs: Float32Array.of(1), targets: new Float32Array(1) };
    const reports: EpochReport[] = [];
    await net.fit(data, {
      onEpoch: (report) => void reports.push(report),
      epochs: 4,
      batchSize: 1,
      optimizer: adam({ learningRate: 0.125 }),
      validation: one,
      earlyStopping: { patience: 3 },
      ignoreNonFinite: true,
    });
    expect(reports[0].validation?.cost).toBeNaN();
    expect(reports.map(({ bestEpoch }) => bestEpoch)).toEqual([0, 1, 2, 3]);
  });
});
