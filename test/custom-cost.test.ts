import { describe, expect, test } from 'vitest';
import type { CustomCost, NetworkOptions } from '../src/index.js';
import { costImports } from '../src/model/custom-cost.js';
import type { Network } from '../src/network.js';
import { sgd } from '../src/spec/optimizer.js';
import { exponential } from '../src/spec/schedule.js';
import { NonFiniteError } from '../src/training/non-finite.js';
import { createNetwork, EPSILON, loadNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

// Costs that users write: their results, what they must not do, and that a network can be used whatever they have done.

/** The library's quadratic cost, written by a user. */
const quadratic: CustomCost = {
  value: (a, y) => a.reduce((sum, ak, k) => sum + (ak - y[k]) ** 2 / 2, 0),
  gradient: (a, y, out) => {
    for (let k = 0; k < a.length; k++) out[k] = a[k] - y[k];
  },
};

const OUTPUTS: NetworkOptions['layers'][] = [
  [{ units: 5, activation: 'linear' }],
  [
    { units: 7, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  [
    { units: 4, activation: 'sigmoid' },
    { units: 6, activation: ['linear', 'sigmoid', 'tanh', 'relu', 'sigmoid', 'linear'] },
  ],
  [{ units: 1, activation: 'sigmoid' }],
];

const INPUTS = 4;

function problem(outputs: number, samples = 21) {
  const random = randomNumbers(outputs);
  const inputs = randomFloats(samples * INPUTS, random);
  const targets = Float32Array.from({ length: samples * outputs }, () => random());
  const weights = Float32Array.from({ length: samples }, (_, i) => (i % 4) / 2);
  return { inputs, targets, weights };
}

/** Expects equal costs, up to a few roundings to f32 of each term in one of the two. */
const expectSameCost = (got: number, wanted: number) => {
  expect(Math.abs(got - wanted), `got ${got}, want ${wanted}`).toBeLessThanOrEqual(4 * EPSILON * wanted);
};

const expectSame = (net: Network, other: Network) => {
  net.layers.forEach((layer, l) => {
    expect(layer.getWeights()).toEqual(other.layers[l].getWeights());
    expect(layer.getBiases()).toEqual(other.layers[l].getBiases());
  });
};

describe.each(
  OUTPUTS.map(
    (layers) => [layers.map(({ units, activation }) => `${units} ${activation}`).join(', '), layers] as const,
  ),
)('the quadratic cost as a custom cost: %s', (_name, layers) => {
  const { units } = layers[layers.length - 1];
  const create = (cost: NetworkOptions['cost']) =>
    createNetwork({ inputs: INPUTS, layers, cost, seed: 5, batchSize: 8 });
  const data = problem(units);

  test('fit, trainBatch and backward give the bits of the built-in cost', async () => {
    const [net, own] = [await create(quadratic), await create('quadratic')];
    expect(net.cost).toBe('custom');
    const options = { epochs: 2, batchSize: 4, optimizer: sgd({ learningRate: 0.5 }), validation: data };
    const [reports, wanted] = [[...(await net.fit(data, options))], [...(await own.fit(data, options))]];
    expectSame(net, own);
    reports.forEach(({ cost, validation }, i) => {
      expectSameCost(cost, wanted[i].cost);
      expectSameCost(validation!.cost, wanted[i].validation!.cost);
      expect(validation!.r2).toBe(wanted[i].validation!.r2);
    });
    expectSameCost(net.trainBatch(data.inputs, data.targets), own.trainBatch(data.inputs, data.targets));
    expectSame(net, own);
    for (const each of [net, own]) each.forward(data.inputs);
    expectSameCost(net.backward(data.targets), own.backward(data.targets));
    net.layers.forEach((layer, l) => {
      expect(layer.getDelta()).toEqual(own.layers[l].getDelta());
      expect(layer.getWeightGradients()).toEqual(own.layers[l].getWeightGradients());
    });
  });
});

const options: NetworkOptions = { inputs: INPUTS, layers: [{ units: 3, activation: 'tanh' }], seed: 2 };
const data = problem(3);
const withCost = (cost: Partial<CustomCost>) => createNetwork({ ...options, cost: { ...quadratic, ...cost } });

describe('the functions get', () => {
  test('the outputs and targets of each sample, and an array of zeros to write to', async () => {
    const seen: number[][] = [];
    const net = await withCost({
      gradient: (a, y, out) => {
        expect(out).toEqual(new Float32Array(3));
        expect([a.length, y.length]).toEqual([3, 3]);
        seen.push([...a, ...y]);
        out[1] = 1;
      },
    });
    net.forward(data.inputs);
    net.backward(data.targets);
    const outputs = net.predict(data.inputs);
    for (let i = 0; i < 21; i++) {
      expect(seen[i]).toEqual([...outputs.subarray(3 * i, 3 * i + 3), ...data.targets.subarray(3 * i, 3 * i + 3)]);
    }
  });

  test('labels as rows of 0 and 1', async () => {
    const net = await withCost({ value: (_a, y) => y[0] * 1 + y[1] * 10 + y[2] * 100 });
    const evaluation = await net.evaluate({ inputs: data.inputs.subarray(0, 8), targets: Uint8Array.of(2, 1) });
    expect(evaluation.cost).toBe(55);
  });

  test('copies: it changes nothing if they write to them, write past their end, or keep them', async () => {
    const kept: Float32Array[] = [];
    const net = await withCost({
      value: (a, y) => {
        const value = quadratic.value(a, y);
        a.fill(7);
        y.fill(7);
        kept.push(a, y);
        return value;
      },
      gradient: (a, y, out) => {
        quadratic.gradient(a, y, out);
        a.fill(9);
        y.fill(9);
        for (let k = 3; k < 30; k++) out[k] = 1e30;
        out[-1] = 1e30;
        expect(() => out.set([1], 3)).toThrow(RangeError);
        expect(out.buffer.byteLength).toBe(12);
        kept.push(out);
      },
    });
    const own = await createNetwork({ ...options, cost: 'quadratic' });
    await net.fit(data, { epochs: 2, batchSize: 5 });
    for (const array of kept) array.fill(11);
    await own.fit(data, { epochs: 2, batchSize: 5 });
    expectSame(net, own);
  });

  test('new copies after they have detached one', async () => {
    const detach = (...arrays: Float32Array[]) => {
      for (const array of arrays) structuredClone(array, { transfer: [array.buffer] });
    };
    const lengths = new Set<number>();
    const net = await withCost({
      value: (a, y) => {
        lengths.add(a.length).add(y.length);
        const value = quadratic.value(a, y);
        detach(a, y);
        return value;
      },
      gradient: (a, y, out) => {
        lengths.add(a.length).add(y.length).add(out.length);
        quadratic.gradient(a, y, out);
        detach(a, y);
      },
    });
    const own = await createNetwork({ ...options, cost: 'quadratic' });
    for (const each of [net, own]) await each.fit(data, { epochs: 2, batchSize: 5 });
    expectSame(net, own);
    expect([...lengths]).toEqual([3]);
  });

  test('an array whose fill lanes the core then sets to 0, whatever they held', () => {
    const buffer = new ArrayBuffer(96);
    const numbers = new Float32Array(buffer).fill(5);
    const arena = {
      header: { isWeighted: 0 },
      plan: { layers: [{ a: 0, delta: 32, stride: 16 }], y: 64, yStride: 16 },
      floats: (address: number, count: number) => new Float32Array(buffer, address, count),
      lock: (call: () => unknown) => call(),
    };
    costImports(
      { ...quadratic, gradient: (_a, _y, out) => out.fill(2) as never },
      3,
      () => arena as never,
    ).customGradient(2);
    expect([...numbers.subarray(8, 16)]).toEqual([2, 2, 2, 0, 2, 2, 2, 0]);
    expect([...numbers.subarray(16)]).toEqual(new Array(8).fill(5));
  });

  test('no sample weights: these multiply their results', async () => {
    const [net, own] = [await withCost({}), await createNetwork({ ...options, cost: 'quadratic' })];
    expectSameCost(
      net.trainBatch(data.inputs, data.targets, data.weights),
      own.trainBatch(data.inputs, data.targets, data.weights),
    );
    expectSame(net, own);
  });
});

const calls: [string, (net: Network) => unknown][] = [
  ['fit', (net) => net.fit(data, { epochs: 1, batchSize: 4 })],
  ['fit of a full batch', (net) => net.fit(data, { epochs: 1, batchSize: 21 })],
  ['trainBatch', async (net) => net.trainBatch(data.inputs, data.targets)],
  [
    'backward',
    async (net) => {
      net.forward(data.inputs);
      net.backward(data.targets);
    },
  ],
];
const evaluate: [string, (net: Network) => unknown] = ['evaluate', async (net) => await net.evaluate(data)];

const thrown = new Error('my own');
const wrongValues: [string, CustomCost['value'], unknown][] = [
  [
    'throws',
    () => {
      throw thrown;
    },
    thrown,
  ],
  ['returns a string', (() => '1') as never, /^cost\.value: got "1", want a function that returns a number$/],
  ['returns nothing', (() => {}) as never, /^cost\.value: got undefined, want a function that returns a number$/],
  ['returns a promise', (async () => 1) as never, /^cost\.value: got an object \(Promise\), want a function/],
];
const wrongGradients: [string, CustomCost['gradient'], unknown][] = [
  [
    'throws',
    () => {
      throw thrown;
    },
    thrown,
  ],
  [
    'writes NaN',
    (_a, _y, out) => {
      out[2] = Number.NaN;
    },
    /^cost\.gradient: out\[2\]: got NaN, want a finite number$/,
  ],
  [
    'writes Infinity',
    (_a, _y, out) => {
      out[0] = 1e39;
    },
    /^cost\.gradient: out\[0\]: got Infinity, want a finite number$/,
  ],
  [
    'detaches its array',
    (a, y, out) => {
      quadratic.gradient(a, y, out);
      for (const array of [a, y, out]) structuredClone(array, { transfer: [array.buffer] });
    },
    /^cost\.gradient: out: got a detached array, want one that still has its memory: transfer a copy, out\.slice\(\)$/,
  ],
  [
    'returns an array',
    ((a: Float32Array) => a.map((ak) => ak)) as never,
    /^cost\.gradient: got Float32Array of 12 bytes, want a function that writes dC\/da to its third argument$/,
  ],
];

describe('wrong functions', () => {
  test('leave the number of steps as it was, and do not pass options of their call to the next call', async () => {
    let left = 30;
    let end = 0;
    const cost: CustomCost = {
      value() {
        if (left-- === 0) throw new Error('enough');
        return end;
      },
      gradient: (_a, _y, out) => out.fill(1),
    };
    const net = await createNetwork({ inputs: INPUTS, layers: [{ units: 2, activation: 'linear' }], cost });
    const { inputs, targets } = problem(2, 100);
    const learningRate = exponential({ initial: 1, factor: 0.5, steps: 10 });
    const fit = { epochs: 1, batchSize: 1, optimizer: sgd({ learningRate }), ignoreNonFinite: true };
    await expect(net.fit({ inputs, targets }, fit)).rejects.toThrow('enough');
    const [report] = await net.fit({ inputs: inputs.subarray(0, INPUTS), targets: targets.subarray(0, 2) }, fit);
    expect(report.learningRate).toBe(0.5 ** 3);
    left = 1;
    await expect(net.fit({ inputs, targets }, fit)).rejects.toThrow('enough');
    [left, end] = [1, Number.POSITIVE_INFINITY];
    const before = net.layers[0].getWeights();
    expect(() => net.trainBatch(inputs.subarray(0, INPUTS), targets.subarray(0, 2))).toThrow(NonFiniteError);
    expect(net.layers[0].getWeights()).toEqual(before);
  });

  // wrong for one sample in the middle of the batch, so that the step has already begun
  const wrongAt = <F extends (...args: never[]) => unknown>(right: F, wrong: F, from: number) => {
    const state = { calls: 0, isWrong: true };
    const call = ((...args: Parameters<F>) => (state.isWrong && state.calls++ >= from ? wrong : right)(...args)) as F;
    return { state, call };
  };
  const cases = [
    ...wrongValues.map(([name, wrong, message]) => ({ name: `value ${name}`, part: 'value' as const, wrong, message })),
    ...wrongGradients.map(([name, wrong, message]) => ({
      name: `gradient ${name}`,
      part: 'gradient' as const,
      wrong,
      message,
    })),
  ];

  test.each(
    cases.flatMap((each) =>
      (each.part === 'value' ? [...calls, evaluate] : calls).map(
        ([call, run]) => [each.name, call, each, run] as const,
      ),
    ),
  )(
    '%s in %s: the error is thrown, no weight changes, and the network can still be used',
    async (_name, _call, { part, wrong, message }, run) => {
      const { state, call } = wrongAt(quadratic[part] as never, wrong as never, 2);
      const net = await withCost({ [part]: call });
      const before = await net.save();
      const error = await (async () => run(net))().catch((caught: unknown) => caught);
      if (message instanceof RegExp) expect((error as Error).message).toMatch(message);
      else expect(error).toBe(message);
      for (const layer of net.layers) expect(layer.getWeights().every(Number.isFinite)).toBe(true);
      expect(net.predict(data.inputs)).toEqual((await loadNetwork(before, { cost: quadratic })).predict(data.inputs));
      // the network then trains like one that was loaded from its file
      state.isWrong = false;
      const other = await loadNetwork(await net.save(), { cost: quadratic });
      await net.fit(data, { epochs: 1, batchSize: 4 });
      await other.fit(data, { epochs: 1, batchSize: 4 });
      expectSame(net, other);
    },
  );

  test('after an error in a step, there is no forward pass for backward', async () => {
    const { state, call } = wrongAt(
      quadratic.value,
      () => {
        throw thrown;
      },
      0,
    );
    const net = await withCost({ value: call });
    net.forward(data.inputs);
    expect(() => net.trainBatch(data.inputs.subarray(4), data.targets.subarray(3))).toThrow(thrown);
    state.isWrong = false;
    expect(() => net.backward(data.targets)).toThrow(/^backward: got no forward pass/);
    expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients/);
    // an error also ends the validity of a forward pass that a callback has made during fit
    const onBatch = () => {
      net.forward(data.inputs);
      state.isWrong = true;
    };
    await expect(net.fit(data, { epochs: 1, batchSize: 4, onBatch })).rejects.toBe(thrown);
    state.isWrong = false;
    expect(() => net.backward(data.targets)).toThrow(/^backward: got no forward pass/);
    // after a backward that has failed, backward can be called again for the same forward pass
    net.forward(data.inputs);
    state.isWrong = true;
    expect(() => net.backward(data.targets)).toThrow(thrown);
    expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients/);
    state.isWrong = false;
    expect(net.backward(data.targets)).toBeGreaterThan(0);
  });

  test('a result that is not finite stops fit, as with a built-in cost', async () => {
    const net = await withCost({ value: () => Number.NaN });
    const { weights } = arraysOf(net.layers[0]);
    await expect(net.fit(data, { epochs: 1 })).rejects.toThrow(/not finite/);
    expect(net.layers[0].getWeights()).toEqual(weights);
  });

  test.each([
    ['predict', (net: Network) => net.predict(data.inputs)],
    ['trainBatch', (net: Network) => net.trainBatch(data.inputs, data.targets)],
    ['evaluate', (net: Network) => net.evaluate(data)],
    ['save', (net: Network) => net.save()],
    ['reading weights', (net: Network) => net.layers[0].getWeights()],
  ])('may not use the network: %s', async (_name, use) => {
    let net: Network | undefined;
    let isWrong = true;
    let answer: unknown;
    const value: CustomCost['value'] = (a, y) => {
      if (net && isWrong) {
        isWrong = false;
        answer = use(net);
        // the promise of an asynchronous call rejects
        Promise.resolve(answer).catch(() => {});
      }
      return quadratic.value(a, y);
    };
    net = await withCost({ value });
    await expect(net.fit(data, { epochs: 1 }).then(() => answer)).rejects.toThrow(
      /^Network: got a call from inside its own cost, want a cost of a and y alone$/,
    );
    await use(net);
    await net.fit(data, { epochs: 1 });
  });
});

describe('create and load', () => {
  test.each([
    [{ value: quadratic.value }, /^cost\.gradient: got undefined, want a function$/],
    [{ gradient: quadratic.gradient }, /^cost\.value: got undefined, want a function$/],
    [{ ...quadratic, value: 1 }, /^cost\.value: got 1, want a function$/],
    [{ ...quadratic, name: 'mine' }, /^cost: got the unknown key "name", want value, gradient$/],
    [{ name: 'quadratic', delta: 1 }, /^cost\.name: got "quadratic", want huber$/],
    [{ name: 'huber', delta: 0 }, /^cost\.delta: got 0, want a positive number/],
    [{ name: 'huber' }, /^cost\.delta: got undefined, want a positive number$/],
    ['custom', /^cost: got "custom", want one of quadratic, /],
  ])('create refuses %j', async (cost, message) => {
    await expect(createNetwork({ ...options, cost: cost as CustomCost })).rejects.toThrow(message);
  });

  test.each([
    ['hinge', 'sigmoid', 'linear or tanh'],
    ['kullbackLeibler', 'sigmoid', 'softmax'],
    ['poisson', 'linear', 'softplus'],
  ] as const)('create refuses %s with %s outputs', async (cost, activation, wanted) => {
    await expect(createNetwork({ inputs: 1, layers: [{ units: 2, activation }], cost })).rejects.toThrow(
      `cost: got "${cost}" with ${activation} outputs, want ${wanted} outputs for this cost`,
    );
  });

  test('load requires the functions again, and training then continues as before', async () => {
    const net = await withCost({});
    await net.fit(data, { epochs: 1, batchSize: 4 });
    const file = await net.save();
    const loaded = await loadNetwork(file, { cost: quadratic });
    expect(loaded.cost).toBe('custom');
    for (const each of [net, loaded]) await each.fit(data, { epochs: 1, batchSize: 4 });
    expectSame(net, loaded);
    await expect(loadNetwork(file)).rejects.toThrow(
      /^load: options\.cost: got none for a network with a cost of its own/,
    );
    for (const cost of ['quadratic', { name: 'huber', delta: 1 }, null]) {
      await expect(loadNetwork(file, { cost: cost as never })).rejects.toThrow(
        /^load: options\.cost: got .*want \{ value, gradient \}$/,
      );
    }
    const plain = await createNetwork(options);
    await expect(loadNetwork(await plain.save(), { cost: quadratic })).rejects.toThrow(
      /^load: options\.cost: got one for a network/,
    );
  });

  test('the delta of a Huber cost is saved', async () => {
    const net = await createNetwork({ ...options, cost: { name: 'huber', delta: 0.25 } });
    const loaded = await loadNetwork(await net.save());
    expect(await loaded.evaluate(data)).toEqual(await net.evaluate(data));
    expect(await loaded.save()).toEqual(await net.save());
    const other = await createNetwork({ ...options, cost: 'huber' });
    expect((await other.evaluate(data)).cost).not.toBe((await net.evaluate(data)).cost);
  });
});
