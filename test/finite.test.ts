import { describe, expect, it } from 'vitest';
import type { NetworkOptions, TrainOptions } from '../src/index.js';
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  cosine,
  irprop,
  lbfgs,
  NonFiniteError,
  nadam,
  rmsprop,
  sgd,
} from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, startKernels } from './build.js';
import { failureOf } from './expected-errors.js';
import { arraysOf, parametersOf, setParameters } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';
import { jsonOf, sectionOf } from './saved-files.js';

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

const SAMPLES = 70;
const random = randomNumbers(2);
const data = {
  inputs: randomFloats(6 * SAMPLES, random),
  targets: randomFloats(3 * SAMPLES, random),
};
const hasFinite = (net: Network) => parametersOf(net).every((values) => values.every(Number.isFinite));

/**
 * Checks that training that ignores the error has its first infinite or NaN number after the step that the error names.
 */
async function expectFirst(error: NonFiniteError, given: typeof data, fit: TrainOptions, net: Network) {
  const { epoch = -1, step } = error;
  const steps = Math.ceil(given.targets.length / net.outputs / (fit.batchSize ?? 32));
  const taken = epoch * steps + step;
  expect(error.stepsUndone).toBe(taken);
  let costs = 0;
  let count = 0;
  await net.fit(given, {
    ...fit,
    ignoreNonFinite: true,
    onBatch: ({ cost }) => {
      // onBatch reports the mean cost of the epoch so far
      costs += cost;
      if (++count === taken) expect([hasFinite(net), Number.isFinite(costs)]).toEqual([true, true]);
      return count <= taken;
    },
  });
  expect(count).toBe(taken + 1);
  expect(hasFinite(net) && Number.isFinite(costs)).toBe(false);
}

it('finds the largest magnitude, an infinity and a NaN, at any place in arrays of any length', async () => {
  const { core, memory } = await startKernels(2 ** 18);
  const at = 2 ** 16;
  for (const length of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 40]) {
    const values = new Float32Array(memory.buffer, at, length + 1);
    for (let place = 0; place < length; place++) {
      for (const value of [-2.5, 3, -Infinity, Infinity, Number.NaN, 3.4e38]) {
        values.fill(-1).fill(Number.NaN, length);
        values[place] = value;
        expect(core.largestMagnitude(at, length)).toBe(Math.abs(Math.fround(value)));
      }
    }
  }
  expect(core.largestMagnitude(at, 0)).toBe(0);
});

describe('fit', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'names the step that overflows, and goes back to the start: learning rate 1e%i',
    async (power) => {
      const fit = { epochs: 50, batchSize: 10, optimizer: sgd({ learningRate: 10 ** power }) };
      const net = await createNetwork(options);
      const before = parametersOf(net);
      const error = await failureOf(net.fit(data, fit));
      expect(parametersOf(net)).toEqual(before);
      await expectFirst(error, data, fit, await createNetwork(options));
      expect(error.reason).toBe(error.layer === undefined ? 'cost' : 'weights');
      const { epoch, step } = error;
      expect(error.message).toMatch(
        new RegExp(`^training: epoch ${epoch}, step ${step}: got .+, want finite ones \\(.+ a smaller learning rate`),
      );
    },
  );

  it('does the same with schedules, dropout, shuffling and steps of several chunks, with or without callbacks', async () => {
    const spec = { ...options, layers: options.layers.map((layer, l) => ({ ...layer, dropout: l < 2 ? 0.3 : 0 })) };
    const many = {
      inputs: Float32Array.from({ length: 6 * 2000 }, (_, i) => data.inputs[i % 420]),
      targets: Float32Array.from({ length: 3 * 2000 }, (_, i) => data.targets[i % 210]),
    };
    const fit = {
      epochs: 90,
      batchSize: 300,
      optimizer: sgd({ learningRate: cosine({ initial: 1e4, steps: 9000, warmUp: 30 }) }),
    };
    const nets = [await createNetwork(spec), await createNetwork(spec)];
    const errors = [
      await failureOf(nets[0].fit(many, fit)),
      await failureOf(nets[1].fit(many, { ...fit, onBatch: () => {} })),
    ];
    expect(errors[0]).toEqual(errors[1]);
    expect(parametersOf(nets[0])).toEqual(parametersOf(nets[1]));
    expect(errors[0].stepsUndone).toBeGreaterThan(0);
    expect(parametersOf(nets[0])).toEqual(parametersOf(await createNetwork(spec)));
    await expectFirst(errors[0], many, fit, await createNetwork(spec));
  });

  it('can be trained again, as if the failed call had not been made', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const failed = await failureOf(net.fit(data, { epochs: 1, batchSize: 10, optimizer: sgd({ learningRate: 1e6 }) }));
    expect(failed.step).toBeGreaterThan(0);
    const fit = { epochs: 1, optimizer: sgd({ learningRate: 0.1 }) };
    for (const network of [net, other]) await network.fit(data, fit);
    expect(parametersOf(net)).toEqual(parametersOf(other));
  });

  it.each([nadam({ learningRate: 3e37 }), irprop({ learningRate: 1e37, stepMax: 3e38 })])(
    'repeats steps exactly with the numbers that $name keeps besides its slots',
    async (optimizer) => {
      const layers: NetworkOptions['layers'] = [{ units: 1, activation: 'linear', initializer: 'zeros', bias: false }];
      const far: NetworkOptions = { inputs: 1, layers, cost: 'meanAbsoluteError' };
      const given = { inputs: new Float32Array(6).fill(1e-3), targets: new Float32Array(6).fill(3e38) };
      const fit = { epochs: 50, batchSize: optimizer.name === 'irprop' ? 6 : 1, optimizer };
      const net = await createNetwork(far);
      const error = await failureOf(net.fit(given, fit));
      expect(error.epoch).toBeGreaterThan(0);
      await expectFirst(error, given, fit, await createNetwork(far));
    },
  );

  it('finds the step if a callback has given the optimizer another schedule', async () => {
    const layers: NetworkOptions['layers'] = [{ units: 1, activation: 'linear', initializer: 'zeros', bias: false }];
    const given = { inputs: new Float32Array(200).fill(1e-3), targets: new Float32Array(200).fill(3e38) };
    const net = await createNetwork({ inputs: 1, layers, cost: 'meanAbsoluteError' });
    const seen: number[] = [];
    const onBatch = () => {
      seen.push(net.layers[0].getWeights()[0]);
      if (seen.length === 50) net.optimizer = adam({ learningRate: (t) => (t < 20 ? 1e30 : 6e37) });
    };
    const optimizer = adam({ learningRate: 1e30 });
    const { step } = await failureOf(net.fit(given, { epochs: 1, batchSize: 1, optimizer, onBatch }));
    expect(step).toBeGreaterThan(70);
    expect(seen.findIndex((weight) => !Number.isFinite(weight))).toBe(step);
    expect(net.layers[0].getWeights()[0]).toBe(0);
  });

  it('names the step that overflowed before a callback gave another optimizer', async () => {
    const layers: NetworkOptions['layers'] = [
      { units: 1, activation: 'linear', initializer: { constant: 1 }, bias: false },
    ];
    const net = await createNetwork({ inputs: 1, layers });
    const given = { inputs: new Float32Array(20).fill(1e15), targets: new Float32Array(20).fill(1e15 * 1.001) };
    const rates = [1e-33, 1e-33, 1e-33, 1e-33, 1e15, 1e-33];
    const weights: number[] = [];
    const onBatch = ({ step }: { step: number }) => {
      weights.push(net.layers[0].getWeights()[0]);
      net.optimizer = sgd({ learningRate: rates[step] ?? 1e-33 });
    };
    const fit = { epochs: 1, batchSize: 1, shuffle: false, optimizer: sgd({ learningRate: 1e-33 }), onBatch };
    expect(await failureOf(net.fit(given, fit))).toMatchObject({ step: 4, layer: 0 });
    expect(weights.findIndex((weight) => !Number.isFinite(weight))).toBe(4);
    expect(net.layers[0].getWeights()[0]).toBe(1);
  });

  it('does not undo weights that a callback has set, and names the first step after that', async () => {
    const layers: NetworkOptions['layers'] = [
      { units: 1, activation: 'linear', initializer: { constant: 1 }, bias: false },
    ];
    const net = await createNetwork({ inputs: 1, layers });
    const given = { inputs: new Float32Array(20).fill(1), targets: new Float32Array(20).fill(1) };
    const onBatch = ({ step }: { step: number }) => {
      if (step === 10) net.layers[0].setWeights(new Float32Array([1e12]));
    };
    const fit = { epochs: 1, batchSize: 1, shuffle: false, optimizer: sgd({ learningRate: 1e30 }), onBatch };
    expect(await failureOf(net.fit(given, fit))).toMatchObject({ step: 10, layer: 0, reason: 'weights' });
    expect(net.layers[0].getWeights()).toEqual(new Float32Array([1e12]));
  });

  it('says that the inputs are the cause, if that is likely', async () => {
    const net = await createNetwork({
      ...options,
      layers: [{ units: 9, activation: 'relu' }, ...options.layers.slice(1)],
    });
    const before = parametersOf(net);
    const huge = { ...data, inputs: data.inputs.slice() };
    huge.inputs[6 * 33 + 2] = 3e38;
    for (const layer of net.layers) layer.setWeights(layer.getWeights().fill(2));
    const error = await failureOf(
      net.fit(huge, { epochs: 1, batchSize: 10, shuffle: false, optimizer: sgd({ learningRate: 1e-9 }) }),
    );
    expect(error).toMatchObject({ epoch: 0, step: 3, layer: 0, reason: 'inputs', largestInput: Math.fround(3e38) });
    expect(error.message).toMatch(
      /^training: epoch 0, step 3: got numbers in layers\[0\] .+ as large as 3.+e\+38: scale/,
    );
    expect(hasFinite(net)).toBe(true);
    expect(parametersOf(net)).not.toEqual(before);
  });

  it('names the first layer whose z overflows', async () => {
    const net = await createNetwork({
      ...options,
      layers: options.layers.map((layer) => ({ ...layer, activation: 'linear' })),
    });
    const before = () => parametersOf(net);
    net.layers[1].setWeights(net.layers[1].getWeights().fill(3e38));
    const kept = before();
    const error = await failureOf(net.fit(data, { epochs: 1, batchSize: SAMPLES }));
    expect(error).toMatchObject({ epoch: 0, step: 0, layer: 1, reason: 'weights' });
    expect(before()).toEqual(kept);
    net.layers[1].setWeights(net.layers[1].getWeights().fill(1));
    // outputs that f32 can hold, but not their squares
    net.layers[2].setWeights(net.layers[2].getWeights().fill(1e37));
    const error2 = await failureOf(net.fit(data, { epochs: 1, batchSize: SAMPLES }));
    expect(error2.step).toBe(0);
    expect(error2.epoch).toBe(0);
    expect(hasFinite(net)).toBe(true);
  });

  it('throws the same error for lbfgs if the cost that it starts from is not finite', async () => {
    const net = await createNetwork(options);
    net.layers[1].setWeights(new Float32Array(7 * 19).fill(3e38));
    const before = parametersOf(net);
    // lbfgs cannot search for a lower cost if the first one is not finite, so this cannot be ignored
    for (const ignoreNonFinite of [false, true]) {
      const error = await failureOf(net.fit(data, { epochs: 1, optimizer: lbfgs(), ignoreNonFinite }));
      expect(error).toMatchObject({ epoch: 0, step: 0, layer: 1, reason: 'weights' });
      expect(parametersOf(net)).toEqual(before);
    }
  });

  it('continues with ignoreNonFinite', async () => {
    const net = await createNetwork(options);
    const fit = { epochs: 3, batchSize: 10, optimizer: sgd({ learningRate: 1e6 }), ignoreNonFinite: true };
    const reports = [...(await net.fit(data, fit))];
    expect(reports).toHaveLength(3);
    expect(Number.isFinite(reports[2].cost)).toBe(false);
    expect(hasFinite(net)).toBe(false);
    // now that weights are not finite, a call without ignoreNonFinite is refused
    const before = parametersOf(net);
    const error = await failureOf(net.fit(data, { epochs: 1 }));
    expect(error).toMatchObject({ epoch: 0, step: 0, layer: 0, reason: 'weights' });
    expect(() => net.trainBatch(data.inputs, data.targets)).toThrow(NonFiniteError);
    expect(parametersOf(net)).toEqual(before);
  });

  it('reports an overflow that happened before an abort', async () => {
    const net = await createNetwork(options);
    const controller = new AbortController();
    let finiteBefore = true;
    const fit = net.fit(data, {
      epochs: 50,
      batchSize: 10,
      optimizer: sgd({ learningRate: 1e6 }),
      signal: controller.signal,
      onBatch: () => {
        if (finiteBefore && !hasFinite(net)) controller.abort(new Error('too late'));
        finiteBefore = hasFinite(net);
      },
    });
    await failureOf(fit);
    expect(hasFinite(net)).toBe(true);
  });

  it('accepts finite weights after a training that continued without them', async () => {
    const net = await createNetwork(options);
    const before = net.layers.map(arraysOf).map(({ weights, biases }) => ({ weights, biases }));
    await net.fit(data, { epochs: 50, ignoreNonFinite: true, optimizer: sgd({ learningRate: 1e9 }) });
    expect(hasFinite(net)).toBe(false);
    for (const [l, parameters] of before.entries()) setParameters(net.layers[l], parameters);
    net.optimizer = sgd({ learningRate: 0.1 });
    const fresh = await createNetwork(options);
    const fit = { epochs: 1, optimizer: sgd({ learningRate: 0.1 }), shuffle: false };
    await net.fit(data, fit);
    await fresh.fit(data, fit);
    expect(parametersOf(net)).toEqual(parametersOf(fresh));
  });

  it('stops if max-norm meets a weight vector whose length overflows, instead of making it 0', async () => {
    const layers: NetworkOptions['layers'] = [
      { units: 1, activation: 'linear', initializer: { constant: 1 }, maxNorm: 3 },
    ];
    const net = await createNetwork({ inputs: 2, layers });
    net.optimizer = sgd({ learningRate: 1e20 });
    const step = () => net.trainBatch(new Float32Array([1, 2]), new Float32Array([9]));
    expect(step).toThrow(NonFiniteError);
    expect(net.layers[0].getWeights()).toEqual(new Float32Array([1, 1]));
  });

  it('refuses wrong options', async () => {
    const net = await createNetwork(options);
    // biome-ignore lint/suspicious/noExplicitAny: what would not compile
    await expect(net.fit(data, { epochs: 1, ignoreNonFinite: 1 as any })).rejects.toThrow(
      /^options\.ignoreNonFinite: got 1, want true or false$/,
    );
  });
});

describe('single batches', () => {
  // distant targets, so that gradients are above 1
  const targets = data.targets.map((y) => 1000 * y);
  const batch = (i: number) => {
    const first = (10 * i) % SAMPLES;
    return [data.inputs.subarray(6 * first, 6 * (first + 10)), targets.subarray(3 * first, 3 * (first + 10))] as const;
  };

  it('throw if a cost is not finite or a step would make weights infinite, and keep the weights finite', async () => {
    for (const learningRate of [1e3, 1e6, 1e30, 3e38]) {
      const net = await createNetwork(options);
      net.optimizer = sgd({ learningRate });
      let error: unknown;
      let step = 0;
      try {
        for (; step < 100; step++) {
          expect(Number.isFinite(net.trainBatch(...batch(step)))).toBe(true);
          expect(hasFinite(net)).toBe(true);
        }
      } catch (reason) {
        error = reason;
      }
      expect(error).toBeInstanceOf(NonFiniteError);
      expect(error).toMatchObject({ epoch: undefined, step });
      expect(hasFinite(net)).toBe(true);
    }
  });

  it('undo at most 64 steps, and the error says how many', async () => {
    for (const quiet of [0, 1, 63, 64, 65, 130]) {
      const [net, kept] = [await createNetwork(options), await createNetwork(options)];
      for (const network of [net, kept]) network.optimizer = sgd({ learningRate: 1e-6 });
      // after the quiet steps, the learning rate jumps
      const rate = (step: number) => (step < quiet ? 1e-6 : 3e38);
      net.optimizer = sgd({ learningRate: rate });
      for (let i = 0; i < quiet; i++) net.trainBatch(...batch(i));
      expect(hasFinite(net)).toBe(true);
      let error: unknown;
      try {
        net.trainBatch(...batch(quiet));
      } catch (reason) {
        error = reason;
      }
      const undone = quiet % 64;
      expect(error).toMatchObject({ step: quiet, stepsUndone: undone, reason: 'weights' });
      for (let i = 0; i < quiet - undone; i++) kept.trainBatch(...batch(i));
      expect(parametersOf(net)).toEqual(parametersOf(kept));
    }
  });

  it('do not undo weights that were assigned in between', async () => {
    const net = await createNetwork(options);
    net.optimizer = sgd({ learningRate: (step) => (step < 5 ? 1e-6 : 3e38) });
    for (let i = 0; i < 5; i++) net.trainBatch(...batch(i));
    for (const layer of net.layers) layer.setWeights(layer.getWeights().fill(0.25));
    const before = parametersOf(net);
    expect(() => net.trainBatch(...batch(5))).toThrow(NonFiniteError);
    expect(parametersOf(net)).toEqual(before);
  });

  it('are checked in steps by forward, backward and applyGradients too', async () => {
    const net = await createNetwork(options);
    net.optimizer = sgd({ learningRate: 3e38 });
    const before = parametersOf(net);
    net.forward(batch(0)[0]);
    net.backward(batch(0)[1]);
    expect(() => net.applyGradients()).toThrow(NonFiniteError);
    expect(parametersOf(net)).toEqual(before);
  });
});

describe('numbers that were not finite leave nothing behind', () => {
  const some = (rows: number) => Float32Array.from({ length: 4 * rows }, (_, i) => Math.sin(i));

  it.each([9, 10, 12, 13, 25, 28])('in rows of %i errors, once the weights are finite again', async (units) => {
    const layers: NetworkOptions['layers'] = [
      { units, activation: 'linear' },
      { units: 5, activation: 'linear' },
      { units: 1, activation: 'linear' },
    ];
    for (const rows of [1, 2, 3, 4, 5, 7]) {
      const net = await createNetwork({ inputs: 4, layers, cost: 'meanAbsoluteError', seed: 1 });
      const good = net.layers.map(arraysOf).map(({ weights }) => weights);
      for (const l of [1, 2]) net.layers[l].setWeights(good[l].map((w) => w * 1e20));
      net.forward(some(rows));
      net.backward(new Float32Array(rows));
      expect(net.layers[0].getDelta().every(Number.isFinite)).toBe(false);
      good.forEach((weights, l) => {
        net.layers[l].setWeights(weights);
      });
      for (const next of [1, 2, 3, 6, 9]) {
        expect(net.trainBatch(some(next), new Float32Array(next))).toBeGreaterThan(0);
      }
    }
  });

  // the gradient is finite, but its square is infinite, so the mean of squares is infinite and every step is 0
  const squaring = [adam(), adamw(), nadam(), rmsprop(), adagrad(), adadelta()];
  it.each(squaring)(
    'nor an infinite mean of squares under finite weights, which would no longer move: $name',
    async (optimizer) => {
      const layers: NetworkOptions['layers'] = [{ units: 1, activation: 'linear', bias: false, initializer: 'zeros' }];
      const [x, y] = [Float32Array.of(1e22), Float32Array.of(1)];
      const start = async () => {
        const net = await createNetwork({ inputs: 1, layers, cost: 'quadratic' });
        net.optimizer = optimizer;
        return net;
      };
      const calls: ((net: Network) => unknown)[] = [
        (net) => net.fit({ inputs: x, targets: y }, { epochs: 3 }),
        (net) => net.fitStream(() => [{ inputs: x, targets: y }], { epochs: 3 }),
        (net) => net.trainFor({ inputs: x, targets: y }, 5),
        (net) => net.trainBatch(x, y),
        (net) => {
          net.forward(x);
          net.backward(y);
          net.applyGradients();
        },
      ];
      for (const call of calls) {
        const net = await start();
        const before = await net.save({ training: true });
        const error = await failureOf((async () => call(net))());
        expect(error).toMatchObject({ step: 0, reason: 'inputs', largestInput: Math.fround(1e22) });
        expect(hasFinite(net)).toBe(true);
        const { slots } = jsonOf(before, 'training');
        if (slots)
          expect(sectionOf(await net.save({ training: true }), 'training.slots').bytes.every((b) => b === 0)).toBe(
            true,
          );
        // training continues with smaller inputs
        expect(net.trainBatch(Float32Array.of(1), y)).toBe(0.5);
        expect(net.predict(Float32Array.of(1))[0]).toBeGreaterThan(0);
      }
    },
  );

  it.each([sgd({ learningRate: 0.1 }), irprop(), lbfgs()])(
    'also if only a gradient was infinite under a finite cost: $name',
    async (optimizer) => {
      const layers: NetworkOptions['layers'] = [
        { units: 1, activation: 'relu', bias: false, initializer: { constant: 1e30 } },
        { units: 1, activation: 'sigmoid', bias: false, initializer: { constant: 1 } },
      ];
      const net = await createNetwork({ inputs: 1, layers, cost: 'quadratic' });
      const set = { inputs: Float32Array.of(1e20, 2e20), targets: new Float32Array(2) };
      await failureOf(net.fit(set, { epochs: 3, optimizer }));
      expect(net.layers.map(arraysOf).map(({ weights }) => weights)).toEqual([
        Float32Array.of(1e30),
        Float32Array.of(1),
      ]);
    },
  );
});
