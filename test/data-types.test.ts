import { createContext, runInContext } from 'node:vm';
import { describe, expect, it, test } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import type { Inputs, NetworkOptions, Targets } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import { randomLabels, randomNumbers } from './random-numbers.js';

// Gives inputs and targets of every type to every call, and compares each with the Float32Array of the same numbers.

const INPUTS = 7;
const SAMPLES = 23;
const OPTIONS: NetworkOptions = {
  inputs: INPUTS,
  layers: [
    { units: 6, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 2,
  // several windows in predict and evaluate, and a last one that is not full
  batchSize: 9,
};

const random = randomNumbers(4);
const labels = randomLabels(SAMPLES, 3, random);
const rows = Float64Array.from({ length: SAMPLES * 3 }, (_, i) => (labels[Math.floor(i / 3)] === i % 3 ? 1 : 0));

/** Everything a network computes from inputs and targets, as bits. */
async function resultsOf(options: NetworkOptions, inputs: Inputs, targets: Targets): Promise<unknown> {
  const net = await createNetwork(options);
  const data = { inputs, targets };
  const predicted = net.predict(inputs);
  await net.fit(data, { batchSize: 5, epochs: 2, validation: data });
  const cost = net.trainBatch(inputs, targets);
  const evaluation = net.evaluate(data);
  net.forward(inputs);
  const forward = net.layers[0].a;
  const backward = net.backward(targets);
  const { weights, biases, weightGradients } = net.layers[0];
  return { predicted, cost, evaluation, forward, backward, weights, biases, weightGradients };
}

// random() has 32 bits, more than an f32 keeps
const doubles = Float64Array.from({ length: SAMPLES * INPUTS }, () => 2 * random() - 1);
const integers = Int32Array.from(doubles, (x) => Math.round(x * 1000));
// odd numbers beyond 2^24 have to be rounded
const large = Int32Array.from(doubles, (x) => Math.trunc(x * 2 ** 31) | 1);
const bytes = Uint8Array.from(doubles, (x) => Math.floor(128 * (x + 1)));
// a product of a float and an integer is exact in doubles, and rounded once
const scaled = (values: ArrayLike<number>, scale: number) =>
  Float32Array.from(values, (value) => value * Math.fround(scale));
const small = Int8Array.from(doubles, (x) => Math.round(x * 100));
const unsigned = Uint32Array.from(doubles, (x) => Math.trunc((x + 1) * 2 ** 31) | 0);

const CASES: [string, NetworkOptions, Inputs, Float32Array][] = [
  ['Float64Array', OPTIONS, doubles, Float32Array.from(doubles)],
  ['Float64Array, whatever the scale', { ...OPTIONS, scale: 0.5 }, doubles, Float32Array.from(doubles)],
  ['Int32Array', OPTIONS, integers, Float32Array.from(integers)],
  ['Int32Array with a scale', { ...OPTIONS, scale: 0.001 }, integers, scaled(integers, 0.001)],
  ['Int32Array of large numbers', { ...OPTIONS, scale: 1e-9 }, large, scaled(large, 1e-9)],
  ['Int8Array', OPTIONS, small, Float32Array.from(small)],
  ['Int16Array', OPTIONS, Int16Array.from(integers), Float32Array.from(integers)],
  ['Int16Array with a scale', { ...OPTIONS, scale: 0.001 }, Int16Array.from(integers), scaled(integers, 0.001)],
  ['Uint16Array', OPTIONS, Uint16Array.from(bytes), Float32Array.from(bytes)],
  ['Uint32Array with a scale', { ...OPTIONS, scale: 1e-9 }, unsigned, scaled(unsigned, 1e-9)],
  ['Uint8Array', OPTIONS, bytes, scaled(bytes, 1 / 255)],
  ['Uint8ClampedArray', OPTIONS, new Uint8ClampedArray(bytes), scaled(bytes, 1 / 255)],
  ['Uint8ClampedArray with a scale', { ...OPTIONS, scale: 0.3 }, new Uint8ClampedArray(bytes), scaled(bytes, 0.3)],
];

describe('inputs', () => {
  test.each(CASES)('%s: the floats it stands for, bit for bit', async (_, options, inputs, floats) => {
    expect(await resultsOf(options, inputs, labels)).toEqual(await resultsOf(options, floats, labels));
  });

  it('gives an Int32Array with a scale what the same bytes with that scale give', async () => {
    const options = { ...OPTIONS, scale: 0.3 };
    expect(await resultsOf(options, Int32Array.from(bytes), labels)).toEqual(await resultsOf(options, bytes, labels));
  });

  it('takes a part of a larger buffer', async () => {
    const within = (values: Int32Array) => {
      const array = new Int32Array(values.length + 8).fill(77);
      array.set(values, 3);
      return array.subarray(3, 3 + values.length);
    };
    expect(await resultsOf(OPTIONS, within(integers), labels)).toEqual(await resultsOf(OPTIONS, integers, labels));
  });
});

it.each([Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array])(
  'targets: labels in an %o are those in a Uint8Array',
  async (type) => {
    const results = await resultsOf(OPTIONS, doubles, type.from(labels));
    expect(results).toEqual(await resultsOf(OPTIONS, doubles, labels));
  },
);

test('targets: integers for a regression are refused, and say that numbers belong in floats', async () => {
  for (const activation of ['linear', 'relu'] as const) {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation }] });
    for (const targets of [Int32Array.of(0, 300), Int16Array.of(0, -3)]) {
      expect(() => net.evaluate({ inputs: Float32Array.of(1, 2), targets })).toThrow(
        `data.targets[1]: got ${targets[1]}, want a label from 0 to 1: integers are labels of classes; numbers belong in a Float32Array`,
      );
    }
  }
});

describe('arrays and objects of another realm', () => {
  const realm = createContext({});
  const foreign = <T>(code: string): T => runInContext(`(${code})`, realm);
  /** A copy of the numbers in an array of the other realm. */
  const abroad = <T extends Inputs>(values: T): T => foreign<T>(`new ${values.constructor.name}([${values}])`);

  it.each<[string, Inputs]>([
    ['Float32Array', Float32Array.from(doubles)],
    ['Float64Array', doubles],
    ['Uint8Array', bytes],
    ['Int32Array', integers],
  ])('are taken as inputs: %s', async (_, inputs) => {
    const other = abroad(inputs);
    expect(other).not.toBeInstanceOf(inputs.constructor);
    expect(await resultsOf(OPTIONS, other, labels)).toEqual(await resultsOf(OPTIONS, inputs, labels));
  });

  it('are taken as targets, weights, parameters, standardisation and class weights, with a split and in folds', async () => {
    const inputs = Float32Array.from(doubles);
    const weights = Float32Array.from(labels, (label) => 1 + label);
    for (const targets of [labels, Float32Array.from(rows)]) {
      const [net, other] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
      await net.fit({ inputs, targets, weights }, { validationSplit: 0.3 });
      await other.fit(
        foreign<never>(
          `{ inputs: new Float32Array([${inputs}]), targets: new ${targets.constructor.name}([${targets}]), weights: new Float32Array([${weights}]) }`,
        ),
        foreign('{ validationSplit: 0.3 }'),
      );
      expect(other.save()).toEqual(net.save());
      expect(other.evaluate({ inputs: abroad(inputs), targets: abroad(targets), weights: abroad(weights) })).toEqual(
        net.evaluate({ inputs, targets, weights }),
      );
    }
    const [net, other] = [await createNetwork(OPTIONS), await createNetwork(foreign(JSON.stringify(OPTIONS)))];
    net.layers[0].weights = Float32Array.from(doubles.subarray(0, 42));
    other.layers[0].weights = abroad(Float32Array.from(doubles.subarray(0, 42)));
    const classWeights = Float32Array.of(1, 2, 3);
    await net.fit({ inputs, targets: labels }, { classWeights });
    await other.fit({ inputs, targets: labels }, { classWeights: abroad(classWeights) });
    expect(other.save()).toEqual(net.save());
    net.standardization = { means: new Float64Array(INPUTS), deviations: new Float64Array(INPUTS).fill(2) };
    other.standardization = foreign('{ means: new Float64Array(7), deviations: new Float64Array(7).fill(2) }');
    expect(other.predict(inputs)).toEqual(net.predict(inputs));
    expect(other.standardization?.means).toBeInstanceOf(Float64Array);
    const folds = await crossValidate(OPTIONS, { inputs: abroad(inputs), targets: abroad(labels) }, { folds: 2 });
    expect(folds.mean).toEqual((await crossValidate(OPTIONS, { inputs, targets: labels }, { folds: 2 })).mean);
  });

  it('abort a call by a signal, also by one that can do less', async () => {
    const net = await createNetwork(OPTIONS);
    const data = { inputs: doubles, targets: labels };
    const little = {
      aborted: true,
      reason: 'enough' as string | undefined,
      addEventListener() {},
      removeEventListener() {},
      [Symbol.toStringTag]: 'AbortSignal',
    };
    for (const signal of [AbortSignal.abort('enough'), little as never]) {
      await expect(net.fit(data, { signal })).rejects.toBe('enough');
      await expect(net.fitStream(() => [data], { signal })).rejects.toBe('enough');
    }
    little.reason = undefined;
    await expect(net.fit(data, { signal: little as never })).rejects.toThrow('aborted');
    for (const signal of [{}, 'now', { aborted: true }, { [Symbol.toStringTag]: 'AbortSignal' }]) {
      await expect(net.fit(data, { signal: signal as never })).rejects.toThrow(
        /^options\.signal: got .+, want an AbortSignal$/,
      );
    }
  });
});

test('targets: a Float64Array gives what the Float32Array of its numbers gives', async () => {
  expect(await resultsOf(OPTIONS, doubles, rows)).toEqual(await resultsOf(OPTIONS, doubles, Float32Array.from(rows)));
  const regression: NetworkOptions = { ...OPTIONS, layers: [{ units: 3, activation: 'linear' }] };
  const targets = doubles.slice(0, SAMPLES * 3);
  const rounded = Float32Array.from(targets);
  expect(await resultsOf(regression, doubles, targets)).toEqual(await resultsOf(regression, doubles, rounded));
});

test('targets: a Float64Array is rows of targets wherever labels would be something else', async () => {
  const floats = Float32Array.from(rows);
  const net = await createNetwork(OPTIONS);
  const evaluation = net.evaluate({ inputs: doubles, targets: rows }, { rocAuc: true });
  expect(evaluation).toEqual(net.evaluate({ inputs: doubles, targets: floats }, { rocAuc: true }));
  const [fitted, other] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
  const [report] = await fitted.fit({ inputs: doubles, targets: rows }, { validationSplit: 0.3 });
  const [wanted] = await other.fit({ inputs: doubles, targets: floats }, { validationSplit: 0.3 });
  expect(report.validation).toEqual(wanted.validation);
  expect(fitted.layers[0].weights).toEqual(other.layers[0].weights);
  const folds = await crossValidate(OPTIONS, { inputs: doubles, targets: rows }, { folds: 2 });
  const wantedFolds = await crossValidate(OPTIONS, { inputs: doubles, targets: floats }, { folds: 2 });
  expect(folds.mean.cost).toBe(wantedFolds.mean.cost);
  const refused = /labels/;
  const data = { inputs: doubles, targets: rows };
  await expect(net.fit(data, { classWeights: [1, 2, 3] })).rejects.toThrow(refused);
});

describe('numbers that 32 bits cannot hold are refused, and change nothing', () => {
  const nearMax = 3.4028235677973366e38; // the smallest double that rounds to infinity
  const put = (at: number, value: number) => {
    const values = doubles.slice();
    values[at] = value;
    return values;
  };
  const cases: [string, NetworkOptions, Inputs, Targets, RegExp][] = [
    [
      '1e39',
      OPTIONS,
      put(9, 1e39),
      labels,
      /inputs\[9\] \(row 1\): got 1e\+39, want a number that is finite in 32 bits$/,
    ],
    ['the smallest that rounds up', OPTIONS, put(0, nearMax), labels, /inputs\[0\] \(row 0\): got 3\.40\d+e\+38, want/],
    ['NaN', OPTIONS, put(2, Number.NaN), labels, /inputs\[2\] \(row 0\): got NaN, want a finite number$/],
    ['-Infinity', OPTIONS, put(2, -Infinity), labels, /inputs\[2\] \(row 0\): got -Infinity, want a finite number$/],
    [
      'a target of -1e300',
      { ...OPTIONS, layers: [{ units: 3, activation: 'linear' }] },
      doubles,
      put(4, -1e300).slice(0, SAMPLES * 3),
      /targets\[4\] \(row 1\): got -1e\+300, want a number that is finite in 32 bits$/,
    ],
    [
      'an integer times its scale',
      { ...OPTIONS, scale: 1e36 },
      Int32Array.from(integers, (_, i) => (i === 8 ? -1000 : 1)),
      labels,
      /inputs\[8\] \(row 1\): got -1000 times the scale 1e\+36, want a number that is finite in 32 bits$/,
    ],
    [
      'a byte times its scale',
      { ...OPTIONS, scale: 1e37 },
      Uint8Array.from(bytes, (_, i) => (i === 8 ? 255 : 1)),
      labels,
      /inputs\[8\] \(row 1\): got 255 times the scale 1e\+37, want a number that is finite in 32 bits$/,
    ],
  ];

  it.each(cases)('%s', async (_, options, inputs, targets, message) => {
    const net = await createNetwork(options);
    const before = net.save();
    await expect(net.fit({ inputs, targets })).rejects.toThrow(message);
    await expect(net.fit({ inputs, targets })).rejects.toThrow(RangeError);
    expect(() => net.evaluate({ inputs, targets })).toThrow(message);
    expect(() => net.trainBatch(inputs, targets)).toThrow(/^[xy]\[\d+\]/);
    expect(net.save()).toEqual(before);
  });

  it('takes the largest numbers that fit', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }] });
    expect([...net.predict(Float64Array.of(3.4028235677973362e38, -3.4028234663852886e38))]).toEqual([0, 0]);
    const scaled = await createNetwork({
      inputs: 1,
      layers: [{ units: 1, initializer: { constant: 0 } }],
      scale: 1e37,
    });
    expect([...scaled.predict(Int32Array.of(34, -34))]).toEqual([0.5, 0.5]);
  });
});

it('keeps in the file whether a scale was given', async () => {
  for (const scale of [undefined, 0.5]) {
    const net = await createNetwork({ ...OPTIONS, scale });
    const loaded = await loadNetwork(net.save());
    expect(loaded.predict(integers)).toEqual(net.predict(integers));
    expect(loaded.predict(bytes)).toEqual(net.predict(bytes));
  }
});

test('a number that is not finite is named wherever it stands, the first of several', async () => {
  const net = await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
  for (let length = 1; length <= 11; length++) {
    for (let at = 0; at < length; at++) {
      for (const bad of [Number.NaN, Infinity, -Infinity, 1e39]) {
        const inputs = new Float64Array(length).fill(3.4e38);
        inputs[at] = bad;
        inputs[length - 1] = at === length - 1 ? bad : -Infinity;
        expect(() => net.predict(inputs)).toThrow(`x[${at}] (row ${at}): got ${bad}, want`);
      }
    }
    expect(net.predict(new Float32Array(length).fill(-3.4e38))).toHaveLength(length);
  }
});
