import { createContext, runInContext } from 'node:vm';
import { describe, expect, it, test } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import { type InputArray, type NetworkOptions, sgd, type Targets } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';
import { editJson } from './saved-files.js';

// Passes inputs and targets of every type to every call, and compares the results with those of a Float32Array of the
// same numbers.

const INPUTS = 7;
const SAMPLES = 23;
const OPTIONS: NetworkOptions = {
  inputs: INPUTS,
  layers: [
    { units: 6, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 2,
  // so small that predict and evaluate need several windows, of which the last one is not full
  batchSize: 9,
};

const random = randomNumbers(4);
const labels = randomLabels(SAMPLES, 3, random);
const rows = Float64Array.from({ length: SAMPLES * 3 }, (_, i) => (labels[Math.floor(i / 3)] === i % 3 ? 1 : 0));

/** Everything that a network computes from inputs and targets, as bits. */
async function resultsOf(options: NetworkOptions, inputs: InputArray, targets: Targets): Promise<unknown> {
  const net = await createNetwork(options);
  const data = { inputs, targets };
  const predicted = net.predict(inputs);
  await net.fit(data, { batchSize: 5, epochs: 2, validation: data });
  const cost = net.trainBatch(inputs, targets);
  const evaluation = await net.evaluate(data);
  net.forward(inputs);
  const forward = net.layers[0].getA();
  const backward = net.backward(targets);
  const { weights, biases, weightGradients } = arraysOf(net.layers[0]);
  return { predicted, cost, evaluation, forward, backward, weights, biases, weightGradients };
}

// random() has 32 bits, more than an f32 can hold
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

const CASES: [string, number | undefined, InputArray][] = [
  ['Float64Array', undefined, doubles],
  ['Float64Array with a scale', 0.3, doubles],
  ['Float32Array with a scale', 0.3, Float32Array.from(doubles)],
  ['Int32Array', undefined, integers],
  ['Int32Array with a scale', 0.001, integers],
  ['Int32Array of large numbers', 1e-9, large],
  ['Int8Array', undefined, small],
  ['Int16Array', undefined, Int16Array.from(integers)],
  ['Int16Array with a scale', 0.001, Int16Array.from(integers)],
  ['Uint16Array', undefined, Uint16Array.from(bytes)],
  ['Uint32Array with a scale', 1e-9, unsigned],
  ['Uint8Array', undefined, bytes],
  ['Uint8Array with a scale', 1 / 255, bytes],
];

describe('inputs', () => {
  test.each(CASES)('%s: the same bits as the floats that they stand for', async (_, scale, inputs) => {
    const net = await createNetwork({ ...OPTIONS, scale });
    expect(net.scale).toBe(scale ?? 1);
    const results = await resultsOf({ ...OPTIONS, scale }, inputs, labels);
    expect(results).toEqual(await resultsOf(OPTIONS, scaled(inputs, scale ?? 1), labels));
  });

  it('mean the same in every array that can hold them, with a scale and without', async () => {
    const types = [Uint16Array, Int16Array, Int32Array, Uint32Array, Float32Array, Float64Array];
    for (const scale of [undefined, 1, 0.3, 1 / 255]) {
      const wanted = await resultsOf({ ...OPTIONS, scale }, bytes, labels);
      for (const type of types) {
        expect(await resultsOf({ ...OPTIONS, scale }, type.from(bytes), labels)).toEqual(wanted);
      }
    }
  });

  it('of 0 and 1 as bytes are learnt: XOR', async () => {
    const layers = [{ units: 3, activation: 'tanh' as const }, { units: 1 }];
    const net = await createNetwork({ inputs: 2, layers, seed: 1 });
    const inputs = Uint8Array.of(0, 0, 0, 1, 1, 0, 1, 1);
    const training = { epochs: 500, batchSize: 4, optimizer: sgd({ learningRate: 2 }) };
    const [{ warnings }] = await net.fit({ inputs, targets: Uint8Array.of(0, 1, 1, 0) }, training);
    expect(warnings).toBeUndefined();
    expect(Array.from(net.predict(inputs), Math.round)).toEqual([0, 1, 1, 0]);
  });

  it('give the same predictions as floats in a network trained on bytes, also standardised', async () => {
    for (const standardize of [false, true]) {
      const net = await createNetwork(OPTIONS);
      await net.fit({ inputs: bytes, targets: labels }, { standardize, epochs: 3 });
      expect(net.predict(Float32Array.from(bytes))).toEqual(net.predict(bytes));
    }
  });

  it('are refused as pixels of a canvas, wherever they are given', async () => {
    const net = await createNetwork({ inputs: 784, layers: [{ units: 3, activation: 'softmax' }] });
    const pixels = new Uint8ClampedArray(4 * 784) as never;
    const targets = new Uint8Array(4);
    const inputs = new Uint8Array(4 * 784);
    const inspector = await net.inspect();
    const wanted =
      /: got Uint8ClampedArray of 3136 bytes, want .*: pixels of a canvas are four numbers each; Uint8Array\.from\(/;
    const data = { inputs: pixels, targets };
    const before = await net.save();
    for (const call of [
      () => net.predict(pixels),
      () => net.forward(pixels),
      () => net.trainBatch(pixels, targets),
      () => inspector.jacobian(pixels),
    ]) {
      expect(call).toThrow(TypeError);
      expect(call).toThrow(wanted);
    }
    await expect(net.fit(data, { epochs: 1 })).rejects.toThrow(wanted);
    await expect(net.evaluate(data)).rejects.toThrow(wanted);
    await expect(net.trainFor(data, 1)).rejects.toThrow(wanted);
    await expect(net.fit({ inputs, targets }, { epochs: 1, validation: data })).rejects.toThrow(wanted);
    await expect(net.fitStream(() => [data])).rejects.toThrow(wanted);
    expect(await net.save()).toEqual(before);
    const red = Uint8Array.from((pixels as Uint8ClampedArray).filter((_, i) => i % 4 === 0));
    expect(net.predict(red)).toHaveLength(3);
  });

  it('accept a part of a larger buffer', async () => {
    const within = (values: Int32Array) => {
      const array = new Int32Array(values.length + 8).fill(77);
      array.set(values, 3);
      return array.subarray(3, 3 + values.length);
    };
    expect(await resultsOf(OPTIONS, within(integers), labels)).toEqual(await resultsOf(OPTIONS, integers, labels));
  });
});

it.each([Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array])(
  'targets: labels in an %o give the same bits as those in a Uint8Array',
  async (type) => {
    const results = await resultsOf(OPTIONS, doubles, type.from(labels));
    expect(results).toEqual(await resultsOf(OPTIONS, doubles, labels));
  },
);

test('targets: integers for a regression are refused, and say that numbers belong in floats', async () => {
  for (const activation of ['linear', 'relu'] as const) {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation }] });
    for (const targets of [Int32Array.of(0, 300), Int16Array.of(0, -3)]) {
      await expect(net.evaluate({ inputs: Float32Array.of(1, 2), targets })).rejects.toThrow(
        `data.targets[1]: got ${targets[1]}, want a label from 0 to 1: integers are labels of classes; numbers belong in a Float32Array`,
      );
    }
  }
});

describe('arrays and objects of another realm', () => {
  const realm = createContext({});
  const foreign = <T>(code: string): T => runInContext(`(${code})`, realm);
  /** A copy of the numbers in an array that was made in the other realm. */
  const abroad = <T extends InputArray>(values: T): T => foreign<T>(`new ${values.constructor.name}([${values}])`);

  it.each<[string, InputArray]>([
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
      await net.fit({ inputs, targets, weights }, { epochs: 1, validationSplit: 0.3 });
      await other.fit(
        foreign<never>(
          `{ inputs: new Float32Array([${inputs}]), targets: new ${targets.constructor.name}([${targets}]), weights: new Float32Array([${weights}]) }`,
        ),
        foreign('{ epochs: 1, validationSplit: 0.3 }'),
      );
      expect(await other.save()).toEqual(await net.save());
      expect(
        await other.evaluate({ inputs: abroad(inputs), targets: abroad(targets), weights: abroad(weights) }),
      ).toEqual(await net.evaluate({ inputs, targets, weights }));
    }
    const [net, other] = [await createNetwork(OPTIONS), await createNetwork(foreign(JSON.stringify(OPTIONS)))];
    net.layers[0].setWeights(Float32Array.from(doubles.subarray(0, 42)));
    other.layers[0].setWeights(abroad(Float32Array.from(doubles.subarray(0, 42))));
    const classWeights = Float32Array.of(1, 2, 3);
    await net.fit({ inputs, targets: labels }, { epochs: 1, classWeights });
    await other.fit({ inputs, targets: labels }, { epochs: 1, classWeights: abroad(classWeights) });
    expect(await other.save()).toEqual(await net.save());
    net.setStandardization({ means: new Float64Array(INPUTS), deviations: new Float64Array(INPUTS).fill(2) });
    other.setStandardization(foreign('{ means: new Float64Array(7), deviations: new Float64Array(7).fill(2) }'));
    expect(other.predict(inputs)).toEqual(net.predict(inputs));
    expect(other.getStandardization()?.means).toBeInstanceOf(Float64Array);
    const folds = await crossValidate(OPTIONS, { inputs: abroad(inputs), targets: abroad(labels) }, { folds: 2 });
    expect(folds.mean).toEqual((await crossValidate(OPTIONS, { inputs, targets: labels }, { folds: 2 })).mean);
  });

  it('abort a call by a signal, also by one that is implemented only in part', async () => {
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
      await expect(net.fit(data, { epochs: 1, signal })).rejects.toBe('enough');
      await expect(net.fitStream(() => [data], { signal })).rejects.toBe('enough');
    }
    little.reason = undefined;
    await expect(net.fit(data, { epochs: 1, signal: little as never })).rejects.toThrow('aborted');
    for (const signal of [{}, 'now', { aborted: true }, { [Symbol.toStringTag]: 'AbortSignal' }]) {
      await expect(net.fit(data, { epochs: 1, signal: signal as never })).rejects.toThrow(
        /^options\.signal: got .+, want an AbortSignal$/,
      );
    }
  });
});

test('targets: a Float64Array gives the same bits as a Float32Array of its numbers', async () => {
  expect(await resultsOf(OPTIONS, doubles, rows)).toEqual(await resultsOf(OPTIONS, doubles, Float32Array.from(rows)));
  const regression: NetworkOptions = { ...OPTIONS, layers: [{ units: 3, activation: 'linear' }] };
  const targets = doubles.slice(0, SAMPLES * 3);
  const rounded = Float32Array.from(targets);
  expect(await resultsOf(regression, doubles, targets)).toEqual(await resultsOf(regression, doubles, rounded));
});

test('targets: a Float64Array always holds rows, never labels', async () => {
  const floats = Float32Array.from(rows);
  const net = await createNetwork(OPTIONS);
  const evaluation = await net.evaluate({ inputs: doubles, targets: rows }, { rocAuc: true });
  expect(evaluation).toEqual(await net.evaluate({ inputs: doubles, targets: floats }, { rocAuc: true }));
  const [fitted, other] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
  const [report] = await fitted.fit({ inputs: doubles, targets: rows }, { epochs: 1, validationSplit: 0.3 });
  const [wanted] = await other.fit({ inputs: doubles, targets: floats }, { epochs: 1, validationSplit: 0.3 });
  expect(report.validation).toEqual(wanted.validation);
  expect(fitted.layers[0].getWeights()).toEqual(other.layers[0].getWeights());
  const folds = await crossValidate(OPTIONS, { inputs: doubles, targets: rows }, { folds: 2 });
  const wantedFolds = await crossValidate(OPTIONS, { inputs: doubles, targets: floats }, { folds: 2 });
  expect(folds.mean.cost).toBe(wantedFolds.mean.cost);
  const labels = { inputs: doubles, targets: rows.subarray(0, rows.length / 3) };
  await expect(net.evaluate(labels)).rejects.toThrow(/^data\.targets: got \d+ numbers, want \d+, 3 for each of/);
});

describe('numbers that 32 bits cannot hold are refused, and nothing changes', () => {
  const nearMax = 3.4028235677973366e38; // the smallest double that rounds to infinity
  const put = (at: number, value: number) => {
    const values = doubles.slice();
    values[at] = value;
    return values;
  };
  const cases: [string, NetworkOptions, InputArray, Targets, RegExp][] = [
    [
      '1e39',
      OPTIONS,
      put(9, 1e39),
      labels,
      /inputs\[9\] \(row 1, column 2\): got 1e\+39, want a number that is finite in 32 bits$/,
    ],
    [
      'the smallest that rounds up',
      OPTIONS,
      put(0, nearMax),
      labels,
      /inputs\[0\] \(row 0, column 0\): got 3\.40\d+e\+38, want/,
    ],
    ['NaN', OPTIONS, put(2, Number.NaN), labels, /inputs\[2\] \(row 0, column 2\): got NaN, want a finite number$/],
    [
      '-Infinity',
      OPTIONS,
      put(2, -Infinity),
      labels,
      /inputs\[2\] \(row 0, column 2\): got -Infinity, want a finite number$/,
    ],
    [
      'a target of -1e300',
      { ...OPTIONS, layers: [{ units: 3, activation: 'linear' }] },
      doubles,
      put(4, -1e300).slice(0, SAMPLES * 3),
      /targets\[4\] \(row 1, column 1\): got -1e\+300, want a number that is finite in 32 bits$/,
    ],
    [
      'an integer times its scale',
      { ...OPTIONS, scale: 1e36 },
      Int32Array.from(integers, (_, i) => (i === 8 ? -1000 : 1)),
      labels,
      /inputs\[8\] \(row 1, column 1\): got -1000 times the scale 1e\+36, want a number that is finite in 32 bits$/,
    ],
    [
      'a float times its scale',
      { ...OPTIONS, scale: 1e30 },
      put(10, 1e10),
      labels,
      /inputs\[10\] \(row 1, column 3\): got 10000000000 times the scale 1e\+30, want a number that is finite in 32 bits$/,
    ],
    [
      'NaN with a scale',
      { ...OPTIONS, scale: 0.5 },
      put(3, Number.NaN),
      labels,
      /inputs\[3\] \(row 0, column 3\): got NaN, want a finite number$/,
    ],
    [
      'a byte times its scale',
      { ...OPTIONS, scale: 1e37 },
      Uint8Array.from(bytes, (_, i) => (i === 8 ? 255 : 1)),
      labels,
      /inputs\[8\] \(row 1, column 1\): got 255 times the scale 1e\+37, want a number that is finite in 32 bits$/,
    ],
  ];

  it.each(cases)('%s', async (_, options, inputs, targets, message) => {
    const net = await createNetwork(options);
    const before = await net.save();
    await expect(net.fit({ inputs, targets }, { epochs: 1 })).rejects.toThrow(message);
    await expect(net.fit({ inputs, targets }, { epochs: 1 })).rejects.toThrow(RangeError);
    await expect(net.evaluate({ inputs, targets })).rejects.toThrow(message);
    expect(() => net.trainBatch(inputs, targets)).toThrow(/^[xy]\[\d+\]/);
    expect(await net.save()).toEqual(before);
  });

  it('accepts the largest numbers that fit', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }] });
    expect([...net.predict(Float64Array.of(3.4028235677973362e38, -3.4028234663852886e38))]).toEqual([0, 0]);
    const scaled = await createNetwork({
      inputs: 1,
      layers: [{ units: 1, initializer: { constant: 0 } }],
      scale: 1e37,
    });
    expect([...scaled.predict(Int32Array.of(34, -34))]).toEqual([0.5, 0.5]);
    const small = await createNetwork({ inputs: 1, layers: [{ units: 1, initializer: 'zeros' }], scale: 1e-9 });
    expect([...small.predict(Float64Array.of(1e47, -1e47))]).toEqual([0.5, 0.5]);
  });
});

it('keeps the scale in the file', async () => {
  for (const scale of [undefined, 0.5, 1 / 255]) {
    const net = await createNetwork({ ...OPTIONS, scale });
    const loaded = await loadNetwork(await net.save());
    expect(loaded.scale).toBe(scale ?? 1);
    for (const inputs of [integers, bytes, doubles]) expect(loaded.predict(inputs)).toEqual(net.predict(inputs));
    expect(await loaded.save()).toEqual(await net.save());
  }
});

describe('files in which the type of the array decides', () => {
  const old = (scale?: number) =>
    createNetwork({ ...OPTIONS, scale }).then(async (net) =>
      loadNetwork(editJson(await net.save(), 'network', ({ scaled: _, ...network }) => network)),
    );

  it('multiply bytes by 1/255, and nothing else', async () => {
    const first = await old();
    const net = await createNetwork(OPTIONS);
    for (const loaded of [first, await loadNetwork(await first.save())]) {
      expect(loaded.scale).toBeUndefined();
      expect(loaded.predict(bytes)).toEqual(net.predict(scaled(bytes, 1 / 255)));
      expect(loaded.predict(integers)).toEqual(net.predict(integers));
      expect(loaded.predict(Float32Array.from(bytes))).toEqual(net.predict(Float32Array.from(bytes)));
    }
  });

  it('multiply bytes and integers by a scale that was given, and no floats', async () => {
    const first = await old(0.25);
    const net = await createNetwork(OPTIONS);
    for (const loaded of [first, await loadNetwork(await first.save())]) {
      expect(loaded.scale).toBeUndefined();
      for (const inputs of [bytes, integers]) {
        expect(loaded.predict(inputs)).toEqual(net.predict(scaled(inputs, 0.25)));
      }
      expect(loaded.predict(doubles)).toEqual(net.predict(doubles));
    }
  });

  it('are refused if they have another value', async () => {
    const file = await (await createNetwork(OPTIONS)).save();
    for (const value of ['none', 1, null]) {
      const damaged = editJson(file, 'network', (network) => ({ ...network, scaled: value }));
      await expect(loadNetwork(damaged)).rejects.toThrow(/^load: scaled: got .+, want all or integers or bytes|one of/);
    }
  });
});

test('the message names the first number that is not finite, in any place', async () => {
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
