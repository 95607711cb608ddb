import { describe, expect, it } from 'vitest';
import { makePlan } from '../src/core/memory-plan.js';
import type { EpochReport, NetworkOptions, TrainForOptions, TypedDataSet } from '../src/index.js';
import { adam, momentum, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { checkSpec } from '../src/spec/spec.js';
import { createNetwork, loadNetwork, slowClock } from './build.js';
import { failureOf } from './expected-errors.js';
import { parametersOf } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

// After a NonFiniteError a network is usable: it is as it was when the call began, or after its best epoch.

const options: NetworkOptions = {
  inputs: 6,
  layers: [
    { units: 19, activation: 'tanh' },
    { units: 7, activation: 'relu' },
    { units: 3, activation: 'linear' },
  ],
  cost: 'quadratic',
  seed: 5,
};
const random = randomNumbers(2);
const samplesOf = (samples: number) => ({
  inputs: randomFloats(6 * samples, random),
  targets: randomFloats(3 * samples, random),
});
const data = samplesOf(70);

/** Rates that are suitable for some steps of a clock, and far too large after that. */
const failsAfter = (steps: number) => (step: number) => (step < steps ? 0.01 : 1e8);

/** Everything that training changes, besides the clock of the learning rate: the bits of a file. */
const stateOf = (net: Network) => net.save({ training: true });

/** A call that trains for a few epochs. */
type Call = (net: Network, given: TypedDataSet, options: TrainForOptions & { epochs?: number }) => unknown;
const calls: [string, Call][] = [
  ['fit', (net, given, fit) => net.fit(given, { epochs: 50, ...fit })],
  [
    'train',
    async (net, given, fit) => {
      for await (const _ of net.train(given, { epochs: 50, ...fit }));
    },
  ],
  [
    'fitStream',
    (net, given, fit) => {
      const first = { inputs: given.inputs.subarray(0, 180), targets: given.targets.subarray(0, 90) } as TypedDataSet;
      const second = { inputs: given.inputs.subarray(180), targets: given.targets.subarray(90) } as TypedDataSet;
      return net.fitStream(() => [first, second], { epochs: 50, ...fit });
    },
  ],
  ['trainFor', (net, given, { epochs: _, ...fit }) => net.trainFor(given, 1e4, fit)],
];

describe.each(calls)('after a NonFiniteError of %s', (_, call) => {
  it.each([
    ['sgd', sgd],
    ['momentum', momentum],
    ['adam', adam],
  ] as const)('the network is as it was before the call: %s', async (name, make) => {
    const net = await createNetwork(options);
    const learningRate = failsAfter(40);
    const optimizer = name === 'adam' ? adam({ learningRate: (t) => (t < 40 ? 0.01 : 1e38) }) : make({ learningRate });
    // two epochs first, so that the optimizer's state and the counts are not zero
    await net.fit(data, { epochs: 2, batchSize: 10, optimizer });
    const before = await stateOf(net);
    const { optimizer: kept } = net;
    const error = await failureOf(() => call(net, data, { batchSize: 10, optimizer: kept }));
    expect(error.stepsUndone).toBeGreaterThan(0);
    expect(net.steps).toBe(14);
    const [trained, whole] = [await net.save(), await createNetwork(options)];
    await whole.fit(data, { epochs: 2, batchSize: 10, optimizer });
    expect(trained).toEqual(await whole.save());
    expect(await stateOf(net)).toEqual(before);
    // the network continues to train like the one that has not failed
    for (const network of [net, whole]) {
      await network.fit(data, { epochs: 2, batchSize: 10, optimizer: kept });
      expect(network.steps).toBe(28);
    }
    expect(await stateOf(net)).toEqual(await stateOf(whole));
  });

  it('predictions are the same as before, and training with a smaller rate succeeds', async () => {
    const net = await createNetwork(options);
    const before = net.predict(data.inputs);
    const error = await failureOf(() => call(net, data, { batchSize: 10, optimizer: sgd({ learningRate: 100 }) }));
    expect(error.epoch).toBe(error.stepsUndone < 7 ? 0 : error.epoch);
    expect(net.predict(data.inputs)).toEqual(before);
    const { last } = await net.fit(data, { epochs: 20, batchSize: 10, optimizer: sgd({ learningRate: 0.02 }) });
    expect(last?.cost).toBeLessThan(1);
  });
});

describe.each(calls)('another optimizer than before, after a NonFiniteError of %s,', (name, call) => {
  const good = momentum({ learningRate: 0.01 });

  it.each([
    ['in the options', 0],
    ['in the options', 3],
    ['assigned before the call', 0],
    ['assigned before the call', 3],
  ])('%s, stays with an empty state, after %i steps that are undone; all else is as it was', async (where, steps) => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    for (const each of [net, other]) await each.fit(data, { epochs: 2, batchSize: 10, optimizer: adam() });
    const failing = momentum({ learningRate: (t) => (t < steps ? 0.01 : 1e38) });
    if (where !== 'in the options') net.optimizer = failing;
    const given = where === 'in the options' ? { batchSize: 10, optimizer: failing } : { batchSize: 10 };
    const error = await failureOf(() => call(net, data, given));
    expect(error.stepsUndone).toBeGreaterThanOrEqual(steps);
    expect([net.optimizer, net.steps, net.epochs]).toEqual([failing, other.steps, other.epochs]);
    for (const each of [net, other]) each.optimizer = good;
    expect(await stateOf(net)).toEqual(await stateOf(other));
    for (const each of [net, other]) await each.fit(data, { epochs: 2, batchSize: 10 });
    expect(await stateOf(net)).toEqual(await stateOf(other));
  });

  it('assigned to a network from within a call, does not keep the call from resuming', async () => {
    if (name === 'trainFor') return;
    const net = await createNetwork(options);
    let file = new Uint8Array();
    const onBatch = async () => {
      if (net.steps === 4) file = await net.save({ training: true });
    };
    await call(net, data, { epochs: 2, batchSize: 10, optimizer: adam(), onBatch } as never);
    const [failed, other] = [await loadNetwork(file), await loadNetwork(file)];
    failed.optimizer = momentum({ learningRate: () => 1e38 });
    await failureOf(() => call(failed, data, { epochs: 2, batchSize: 10 }));
    for (const each of [failed, other]) each.optimizer = good;
    expect(await stateOf(failed)).toEqual(await stateOf(other));
    for (const each of [failed, other]) await call(each, data, { epochs: 2, batchSize: 10 });
    expect(failed.steps).toBe(net.steps);
    expect(await stateOf(failed)).toEqual(await stateOf(other));
  });
});

describe('a call that fails', () => {
  it('removes its standardisation again, as fit and as a stream', async () => {
    const far = { ...data, inputs: data.inputs.map((x) => 100 + x) };
    for (const asStream of [false, true]) {
      const net = await createNetwork(options);
      const before = parametersOf(net);
      const fit = { epochs: 50, batchSize: 10, standardize: true, optimizer: sgd({ learningRate: 1e6 }) };
      await failureOf(() => (asStream ? net.fitStream(() => [far], fit) : net.fit(far, fit)));
      expect(net.getStandardization()).toBeUndefined();
      expect(parametersOf(net)).toEqual(before);
      // a standardisation that was set before the call is kept
      net.setStandardization({ means: new Float64Array(6).fill(100), deviations: new Float64Array(6).fill(1) });
      const standardization = net.getStandardization();
      await failureOf(() => (asStream ? net.fitStream(() => [far], fit) : net.fit(far, fit)));
      expect(net.getStandardization()).toEqual(standardization);
    }
  });

  it('returns to the best epoch that early stopping has found', async () => {
    const validation = samplesOf(20);
    const optimizer = adam({ learningRate: (step) => (step < 60 ? 0.01 : 1e38) });
    const fit = { epochs: 50, batchSize: 10, optimizer, validation, earlyStopping: { patience: 50 } };
    const net = await createNetwork(options);
    let best = -1;
    let cost = Number.POSITIVE_INFINITY;
    const onEpoch = (report: EpochReport) => {
      if (report.bestEpoch !== report.epoch) return;
      best = report.epoch;
      cost = report.validation?.cost ?? Number.NaN;
    };
    const error = await failureOf(() => net.fit(data, { ...fit, onEpoch }));
    expect(best).toBeGreaterThan(0);
    expect(error.stepsUndone).toBe(60 + (error.epoch === 8 ? error.step - 4 : 0) - 7 * (best + 1));
    expect((await net.evaluate(validation)).cost).toBe(cost);
    expect(net.steps).toBe(7 * (best + 1));
    // training that ends at the best epoch gives the same network
    const other = await createNetwork(options);
    await other.fit(data, { ...fit, epochs: best + 1, earlyStopping: undefined });
    expect(await stateOf(net)).toEqual(await stateOf(other));
  });

  it('does not count an epoch as the best if its cost grew during the epoch', async () => {
    const validation = samplesOf(20);
    const net = await createNetwork(options);
    const before = parametersOf(net);
    const fit = { epochs: 50, batchSize: 10, optimizer: sgd({ learningRate: 3 }) };
    const costs: number[] = [];
    const onEpoch = ({ validation: evaluation }: EpochReport) => {
      costs.push(evaluation?.cost ?? 0);
    };
    await failureOf(() => net.fit(data, { ...fit, validation, earlyStopping: { patience: 50 }, onEpoch }));
    expect(parametersOf(net)).toEqual(before);
    expect(costs[0]).toBeGreaterThan(100 * (await net.evaluate(validation)).cost);
  });

  it('returns to its start if outputs of the validation are not finite, although all weights are', async () => {
    const layers: NetworkOptions['layers'] = [
      { units: 1, activation: 'linear', initializer: { constant: 1 }, bias: false },
    ];
    const net = await createNetwork({ inputs: 1, layers });
    const given = { inputs: Float32Array.of(1, 1), targets: Float32Array.of(1e15, 1e15) };
    const far = { inputs: Float32Array.of(1e30), targets: Float32Array.of(1) };
    for (const asStream of [false, true]) {
      const fit = { epochs: 3, optimizer: sgd({ learningRate: 1 }), validation: far };
      const call = asStream ? net.fitStream(() => [given], fit) : net.fit(given, fit);
      await expect(call).rejects.toThrow(/^options\.validation, row 0: got .* want finite outputs/);
      expect([net.layers[0].getWeights()[0], net.steps]).toEqual([1, 0]);
    }
  });

  it('keeps weights that a callback has set, and numbers that it gave the optimizer', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear', bias: false }] });
    const given = { inputs: new Float32Array(200).fill(1), targets: new Float32Array(200).fill(1) };
    const error = await failureOf(() =>
      net.fit(given, {
        epochs: 1,
        batchSize: 1,
        optimizer: sgd({ learningRate: 0.1 }),
        onBatch: ({ step }) => {
          if (step === 50) net.layers[0].setWeights(Float32Array.of(0.25));
          if (step === 80) net.optimizer = sgd({ learningRate: 1e20 });
        },
      }),
    );
    expect(net.layers[0].getWeights()).toEqual(Float32Array.of(0.25));
    expect(net.steps).toBe(50);
    expect(error.stepsUndone).toBe(error.step - 50);
    expect(net.optimizer.learningRate).toBe(1e20);
  });

  it.each([
    ['its update overflows', 2, (t: number) => (t < 2 ? 0.1 : 3e38), 1e5, 2],
    ['its own later samples overflow', 2, () => 0.1, 3e38, 2],
    ['the cost of the next step overflows', 3, (t: number) => (t < 2 ? 0.1 : 1e20), 1e5, 2],
    ['steps later, an update overflows', 4, (t: number) => (t < 4 ? 0.01 : 3e38), 1e5, 2],
  ])('keeps weights that were set within a step of several chunks: %s', async (_, failed, learningRate, set, steps) => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear', bias: false }] });
    const given = { inputs: new Float32Array(700).fill(1), targets: new Float32Array(700).fill(1) };
    let isSet = false;
    const clock = slowClock(10);
    try {
      const error = await failureOf(() =>
        net.fit(given, {
          epochs: 9,
          batchSize: 700,
          optimizer: sgd({ learningRate }),
          onProgress: ({ epoch, samples }) => {
            if (epoch !== 2 || samples !== 256) return;
            net.layers[0].setWeights([set]);
            isSet = true;
          },
        }),
      );
      expect(isSet).toBe(true);
      expect([error.epoch, error.stepsUndone]).toEqual([failed, failed - steps]);
    } finally {
      clock.mockRestore();
    }
    expect(net.layers[0].getWeights()).toEqual(Float32Array.of(set));
    expect(net.steps).toBe(steps);
  });

  it('returns to its start if the weights that a callback has set leave others that are not finite', async () => {
    const net = await createNetwork({
      inputs: 1,
      layers: [
        { units: 1, activation: 'linear', initializer: { constant: 1 } },
        { units: 1, activation: 'linear', initializer: { constant: 1 } },
      ],
    });
    const before = parametersOf(net);
    const given = { inputs: Float32Array.of(1, 1), targets: Float32Array.of(1e15, 1e15) };
    await failureOf(() =>
      net.fit(given, {
        epochs: 9,
        batchSize: 1,
        optimizer: sgd({ learningRate: (t) => (t < 2 ? 1e-30 : 3e38) }),
        onBatch: ({ epoch, step }) => {
          if (epoch === 1 && step === 1) net.layers[0].setWeights([1]);
        },
      }),
    );
    expect(parametersOf(net)).toEqual(before);
    expect(net.steps).toBe(0);
  });

  it('returns to the place where it resumed, in a network that was loaded from within the call', async () => {
    const learningRate = failsAfter(40);
    const fit = { epochs: 50, batchSize: 10, optimizer: sgd({ learningRate }) };
    const net = await createNetwork(options);
    let file = new Uint8Array();
    let given: Float32Array[] = [];
    const onBatch = async () => {
      if (net.steps !== 30) return;
      file = await net.save({ training: true });
      given = parametersOf(net);
    };
    const error = await failureOf(() => net.fit(data, { ...fit, onBatch }));
    expect(net.steps).toBe(0);
    const loaded = await loadNetwork(file, { learningRate });
    const again = await failureOf(() => loaded.fit(data, fit));
    expect([again.epoch, again.step, again.stepsUndone]).toEqual([error.epoch, error.step, error.stepsUndone - 30]);
    expect([parametersOf(loaded), loaded.steps]).toEqual([given, 30]);
  });
});

it('has the room in its memory from the start', () => {
  const spec = checkSpec(options);
  for (const slots of [0, 1, 2]) {
    const plan = makePlan(spec, 1, undefined, slots);
    const bytes = (name: string) => plan.regions.find((region) => region.name === name)?.bytes;
    expect(bytes('fallback')).toBe((1 + slots) * Number(bytes('parameters')));
    expect(plan.regions.find(({ name }) => name === 'fallback')?.start).toBe(plan.fallback);
  }
});
