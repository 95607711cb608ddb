import { beforeAll, describe, expect, it } from 'vitest';
import { type Network, sgd } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import {
  type Anything,
  changed,
  type ErrorClass,
  expectError,
  inputs,
  options,
  rows,
  targets,
} from './expected-errors.js';

/** A copy that has been transferred elsewhere. */
function detached<T extends Float32Array | Uint8Array>(values: T): T {
  const copy = values.slice() as T;
  structuredClone(copy, { transfer: [copy.buffer as ArrayBuffer] });
  return copy;
}

/** The calls on a batch, each with the arguments that it takes. */
const calls = {
  predict: (net: Anything, x: unknown, _y?: Uint8Array) => net.predict(x),
  forward: (net: Anything, x: unknown, _y?: Uint8Array) => net.forward(x),
  trainBatch: (net: Anything, x: unknown, y = targets) => net.trainBatch(x, y),
};

/** Data that every network of `options` refuses: fit, its validation and evaluate give the same errors. */
const wrongData: [string, Anything, ErrorClass, RegExp][] = [
  ['nothing', undefined, TypeError, /DATA: got undefined, want an object \{ inputs, targets \}$/],
  ['null', null, TypeError, /DATA: got null, want an object \{ inputs, targets \}$/],
  [
    'a list',
    [inputs, targets],
    TypeError,
    /DATA: got an array of 2, want an object \{ inputs, targets \}(: x and y are one argument, \{.+\})?$/,
  ],
  [
    'an unknown key',
    { inputs, targets, labels: targets },
    TypeError,
    /DATA: got the unknown key "labels", want inputs, targets, weights, classes, columns$/,
  ],
  [
    'no inputs',
    { targets },
    TypeError,
    /DATA\.inputs: got undefined, want an array of numbers or of rows, plain or typed$/,
  ],
  [
    'text among plain inputs',
    { inputs: ['0', ...inputs.slice(1)], targets },
    TypeError,
    /DATA\.inputs\[0\] \(row 0, column 0\): got "0", want a finite number: Number\(value\) converts it$/,
  ],
  [
    'rows of different lengths',
    { inputs: [[0, 1], [2]], targets },
    RangeError,
    /DATA\.inputs\[1\]: got a row of 1, want 2 numbers, one for each input$/,
  ],
  [
    'BigInts',
    { inputs: new BigInt64Array(8), targets },
    TypeError,
    /DATA\.inputs: got BigInt64Array of 64 bytes, want .+: Float64Array\.from\(values, Number\) converts BigInts$/,
  ],
  [
    'a promise',
    { inputs: Promise.resolve(inputs), targets },
    TypeError,
    /DATA\.inputs: got an object \(Promise\), want .+: await the promise$/,
  ],
  [
    'an object that looks like an array',
    { inputs: Object.create(Float32Array.prototype), targets },
    TypeError,
    /DATA\.inputs: got an object that only looks like a Float32Array, want an array of numbers/,
  ],
  [
    'an object that calls itself an array',
    { inputs: { ...inputs, length: 8, [Symbol.toStringTag]: 'Float32Array' }, targets },
    TypeError,
    /DATA\.inputs: got an object \(Object\), want an array of numbers/,
  ],
  [
    'nested rows taken for numbers',
    { inputs: new Float32Array(inputs.map(() => Number.NaN)), targets },
    RangeError,
    /DATA\.inputs\[0\] \(row 0, column 0\): got NaN, want a finite number: all are NaN, .+ nested rows: use rows\.flat\(\)$/,
  ],
  [
    'an odd number of nested rows taken for numbers',
    { inputs: new Float32Array([[1, 2] as never, [3, 4] as never, [5, 6] as never]), targets },
    RangeError,
    /DATA\.inputs: got 3 numbers, want rows of 2 numbers, at least one: all are NaN, .+ nested rows: use rows\.flat\(\)$/,
  ],
  [
    'an array whose memory is lost',
    { inputs: detached(inputs), targets },
    RangeError,
    /DATA\.inputs: got a Float32Array whose memory has gone, .+, want rows of 2 numbers/,
  ],
  [
    'labels whose memory is lost',
    { inputs, targets: detached(targets) },
    RangeError,
    /DATA\.targets: got a Uint8Array whose memory has gone, .+, want 4, one for each sample of 2 inputs$/,
  ],
  [
    'half a row',
    { inputs: inputs.subarray(0, 7), targets },
    RangeError,
    /DATA\.inputs: got 7 numbers, want rows of 2 numbers, at least one$/,
  ],
  [
    'no rows',
    { inputs: new Float32Array(0), targets: new Uint8Array(0) },
    RangeError,
    /DATA\.inputs: got 0 numbers, want rows of 2 numbers/,
  ],
  [
    'NaN',
    { inputs: changed(inputs, 5, Number.NaN), targets },
    RangeError,
    /DATA\.inputs\[5\] \(row 2, column 1\): got NaN, want a finite number$/,
  ],
  [
    'Infinity',
    { inputs: changed(inputs, 7, Number.POSITIVE_INFINITY), targets },
    RangeError,
    /DATA\.inputs\[7\] \(row 3, column 1\): got Infinity, want/,
  ],
  [
    '-Infinity',
    { inputs: changed(inputs, 0, Number.NEGATIVE_INFINITY), targets },
    RangeError,
    /DATA\.inputs\[0\] \(row 0, column 0\): got -Infinity, want/,
  ],
  [
    'no targets',
    { inputs },
    TypeError,
    /DATA\.targets: got undefined, want an array of rows, numbers or labels, plain or typed$/,
  ],
  [
    'plain targets with a hole',
    { inputs, targets: Object.assign([...targets], { 2: undefined }) },
    TypeError,
    /DATA\.targets\[2\]: got undefined, want a finite number: a value is missing$/,
  ],
  [
    'labels in BigInts',
    { inputs, targets: new BigUint64Array(4) },
    TypeError,
    /DATA\.targets: got BigUint64Array of 32 bytes, want .+: Float64Array\.from\(values, Number\) converts BigInts$/,
  ],
  [
    'a missing label',
    { inputs, targets: targets.subarray(1) },
    RangeError,
    /DATA\.targets: got 3 labels, want 4, one for each sample of 2 inputs$/,
  ],
  [
    'a superfluous label',
    { inputs, targets: new Int32Array(5) },
    RangeError,
    /DATA\.targets: got 5 labels, want 4, one for each sample of 2 inputs$/,
  ],
  [
    'one-hot rows of bytes',
    { inputs, targets: Uint8Array.from(rows) },
    RangeError,
    /DATA\.targets: got 12 labels, want 4, one for each sample of 2 inputs: rows of numbers belong in a Float32Array$/,
  ],
  [
    'a label beyond the last class',
    { inputs, targets: changed(targets, 2, 3) },
    RangeError,
    /DATA\.targets\[2\]: got 3, want a label from 0 to 2$/,
  ],
  [
    'labels that are counted from 1',
    { inputs, targets: Uint16Array.of(1, 3, 2, 1) },
    RangeError,
    /DATA\.targets\[1\]: got 3, want a label from 0 to 2: labels are counted from 0, these seem to be counted from 1$/,
  ],
  [
    'a negative label',
    { inputs, targets: changed(Int32Array.from(targets), 3, -1) },
    RangeError,
    /DATA\.targets\[3\]: got -1, want a label from 0 to 2$/,
  ],
  [
    'a missing target',
    { inputs, targets: rows.subarray(1) },
    RangeError,
    /DATA\.targets: got 11 numbers, want 12, 3 for each of 4 samples of 2 inputs$/,
  ],
  [
    'labels as floats',
    { inputs, targets: Float32Array.from(targets) },
    RangeError,
    /DATA\.targets: got 4 numbers, want 12, 3 for each of 4 samples of 2 inputs: labels of classes belong in a Uint8Array or Int32Array$/,
  ],
  [
    'NaN as target',
    { inputs, targets: changed(rows, 4, Number.NaN) },
    RangeError,
    /DATA\.targets\[4\] \(row 1, column 1\): got NaN, want a finite number$/,
  ],
  [
    'a probability above 1',
    { inputs, targets: changed(rows, 0, 1.5) },
    RangeError,
    /DATA\.targets\[0\]: got 1.5, want 0 to 1 for categoricalCrossEntropy$/,
  ],
  [
    'a probability below 0',
    { inputs, targets: changed(rows, 1, -0.5) },
    RangeError,
    /DATA\.targets\[1\]: got -0.5, want 0 to 1 for categorical/,
  ],
  [
    'probabilities that add up to 0.5',
    { inputs, targets: changed(rows, 10, 0).fill(0, 11) },
    RangeError,
    /DATA\.targets, row 3: got a sum of 0.5, want 1 for categorical/,
  ],
];

const placed = (message: RegExp, where: string) =>
  new RegExp(`^${message.source.replace('DATA', where.replace('.', '\\.'))}`);

/** fit's second argument. */
const wrongOptions: [string, Anything, ErrorClass, RegExp][] = [
  ['null', null, TypeError, /^options: got null, want an object such as \{ epochs: \.\.\. \}$/],
  ['a number', 30, TypeError, /^options: got 30, want an object such as \{ epochs: 30 \}$/],
  [
    'an unknown key',
    { learningRate: 3 },
    TypeError,
    /^options: got the unknown key "learningRate", want epochs, batchSize, /,
  ],
  ['epochs 0', { epochs: 0 }, RangeError, /^options\.epochs: got 0, want an integer from 1/],
  ['epochs 2.5', { epochs: 2.5 }, RangeError, /^options\.epochs: got 2.5, want an integer/],
  [
    'epochs Infinity',
    { epochs: Number.POSITIVE_INFINITY },
    RangeError,
    /^options\.epochs: got Infinity, want an integer/,
  ],
  ['epochs "3"', { epochs: '3' }, TypeError, /^options\.epochs: got "3", want an integer/],
  ['batchSize 0', { batchSize: 0 }, RangeError, /^options\.batchSize: got 0, want an integer from 1/],
  ['batchSize NaN', { batchSize: Number.NaN }, RangeError, /^options\.batchSize: got NaN, want an integer/],
  ['batchSize "all"', { batchSize: 'all' }, TypeError, /^options\.batchSize: got "all", want an integer/],
  ['shuffle 1', { shuffle: 1 }, TypeError, /^options\.shuffle: got 1, want true or false$/],
  [
    'a controller as signal',
    { signal: new AbortController() },
    TypeError,
    /^options\.signal: got an object \(AbortController\), want an AbortSignal$/,
  ],
  [
    'null as signal',
    { signal: null },
    TypeError,
    /^options\.signal: got null, want an AbortSignal: leave it out for none$/,
  ],
  ['onEpoch 5', { onEpoch: 5 }, TypeError, /^options\.onEpoch: got 5, want a function$/],
  ['onBatch {}', { onBatch: {} }, TypeError, /^options\.onBatch: got an object \(Object\), want a function$/],
  ['onProgress true', { onProgress: true }, TypeError, /^options\.onProgress: got true, want a function$/],
  [
    'validation false',
    { validation: false },
    TypeError,
    /^options\.validation: got false, want an object \{ inputs, targets \}: leave it out for none$/,
  ],
  [
    'validation 0',
    { validation: 0 },
    TypeError,
    /^options\.validation: got 0, want an object \{ inputs, targets \}: options\.validationSplit takes a share or a number of samples$/,
  ],
  [
    'validation 0.1',
    { validation: 0.1 },
    TypeError,
    /^options\.validation: got 0.1, want an object \{ inputs, targets \}: options\.validationSplit takes a share or a number of samples$/,
  ],
];

/** Values that are refused as options.optimizer of fit, and by the property net.optimizer. */
const wrongOptimizers: [string, Anything, ErrorClass, RegExp][] = [
  ['a name', 'sgd', TypeError, /^optimizer: got "sgd", want an optimizer, which adam\(\) and others return$/],
  ['false', false, TypeError, /^optimizer: got false, want an optimizer, which adam\(\) and others return$/],
  ['0', 0, TypeError, /^optimizer: got 0, want an optimizer, which adam\(\) and others return$/],
  ['an empty string', '', TypeError, /^optimizer: got "", want an optimizer, which adam\(\) and others return$/],
  ['sgd itself', sgd, TypeError, /^optimizer: got a function, want an optimizer, which adam\(\) and others return$/],
  [
    'an unknown name',
    { name: 'adamax', learningRate: 1 },
    RangeError,
    /^optimizer\.name: got "adamax", want one of sgd, momentum, .* lbfgs(: did you mean adam\?)?$/,
  ],
  ['no name', { learningRate: 1 }, TypeError, /^optimizer\.name: got undefined, want one of sgd, momentum, .* lbfgs$/],
  [
    'an unknown key',
    { name: 'sgd', learningRate: 1, decay: 1 },
    TypeError,
    /^optimizer: got the unknown key "decay", want learningRate, clipValue, clipNorm$/,
  ],
  ['no learning rate', { name: 'sgd' }, TypeError, /learningRate: got undefined, want a positive number$/],
  [
    'a negative learning rate',
    { name: 'sgd', learningRate: -1 },
    RangeError,
    /learningRate: got -1, want a positive number/,
  ],
];

const wrongCalls: [string, (net: Anything) => unknown, ErrorClass, RegExp][] = [
  ...wrongData.flatMap(([name, data, error, message]): typeof wrongCalls => [
    [
      `fit with ${name} as data`,
      (net) => net.fit(data, { epochs: 1, optimizer: sgd({ learningRate: 5 }) }),
      error,
      placed(message, 'data'),
    ],
    [`evaluate with ${name} as data`, (net) => net.evaluate(data), error, placed(message, 'data')],
    [`train with ${name} as data`, (net) => net.train(data, { epochs: 1 }).next(), error, placed(message, 'data')],
  ]),
  ...wrongData
    // validation: undefined is allowed and means that there is none
    .filter(([, data]) => data !== undefined)
    .map(([name, validation, error, message]): (typeof wrongCalls)[number] => [
      `fit with ${name} as validation`,
      (net) => net.fit({ inputs, targets }, { epochs: 1, validation }),
      error,
      placed(message, 'options.validation'),
    ]),
  ...wrongOptions.map(([name, fitOptions, error, message]): (typeof wrongCalls)[number] => [
    `fit with ${name} in its options`,
    (net) => net.fit({ inputs, targets }, fitOptions),
    error,
    message,
  ]),
  ...wrongOptimizers.flatMap(([name, optimizer, error, message]): typeof wrongCalls => [
    [`fit with ${name} as optimizer`, (net) => net.fit({ inputs, targets }, { epochs: 1, optimizer }), error, message],
    [`setting ${name} as optimizer`, (net) => Reflect.set(net, 'optimizer', optimizer), error, message],
  ]),
  [
    'setting no optimizer',
    (net) => Reflect.set(net, 'optimizer', undefined),
    TypeError,
    /^optimizer: got undefined, want an optimizer, which adam\(\) and others return$/,
  ],
  [
    'setting trainingSamples 0',
    (net) => Reflect.set(net, 'trainingSamples', 0),
    RangeError,
    /^trainingSamples: got 0, want an integer from 1/,
  ],
  [
    'setting trainingSamples 1.5',
    (net) => Reflect.set(net, 'trainingSamples', 1.5),
    RangeError,
    /^trainingSamples: got 1.5, want an integer/,
  ],
  [
    'setting trainingSamples "9"',
    (net) => Reflect.set(net, 'trainingSamples', '9'),
    TypeError,
    /^trainingSamples: got "9", want an integer/,
  ],

  ...(['predict', 'forward', 'trainBatch'] as const).flatMap((name): typeof wrongCalls => [
    [
      `${name} of nothing`,
      (net) => net[name](),
      TypeError,
      /^x: got undefined, want an array of numbers or of rows, plain or typed$/,
    ],
    [
      `${name} of a plain list with a hole`,
      (net) => calls[name](net, new Array(2)),
      TypeError,
      /^x\[0\] \(row 0, column 0\): got undefined, want a finite number: a value is missing$/,
    ],
    [
      `${name} of BigInts`,
      (net) => calls[name](net, new BigInt64Array(2) as never),
      TypeError,
      /^x: got BigInt64Array of 16 bytes, want/,
    ],
    [
      `${name} of half a row`,
      (net) => calls[name](net, new Float32Array(3)),
      RangeError,
      /^x: got 3 numbers, want rows of 2 numbers, at least one$/,
    ],
    [
      `${name} of no row`,
      (net) => calls[name](net, new Uint8Array(0)),
      RangeError,
      /^x: got 0 numbers, want rows of 2 numbers, at least one$/,
    ],
    [
      `${name} of NaN`,
      (net) => calls[name](net, new Float32Array([1, 2, Number.NaN, 4]), targets.subarray(0, 2)),
      RangeError,
      /^x\[2\] \(row 1, column 0\): got NaN, want a finite number$/,
    ],
  ]),
  [
    'trainBatch without y',
    (net) => net.trainBatch(inputs),
    TypeError,
    /^y: got undefined, want an array of rows, numbers or labels, plain or typed$/,
  ],
  [
    'trainBatch with a missing label',
    (net) => net.trainBatch(inputs, targets.subarray(1)),
    RangeError,
    /^y: got 3 labels, want 4, one for each sample of 2 inputs$/,
  ],
  [
    'trainBatch with a wrong label',
    (net) => net.trainBatch(inputs, changed(targets, 1, 200)),
    RangeError,
    /^y\[1\]: got 200, want a label from 0 to 2$/,
  ],
  [
    'trainBatch with NaN as target',
    (net) => net.trainBatch(inputs, changed(rows, 1, Number.NaN)),
    RangeError,
    /^y\[1\] \(row 0, column 1\): got NaN, want a finite number$/,
  ],
  [
    'trainBatch with a large batch and a wrong label',
    (net) => net.trainBatch(new Float32Array(2000), new Uint8Array(1000).fill(3)),
    RangeError,
    /^y\[0\]: got 3, want a label/,
  ],

  [
    'setting too few plain weights',
    (net) => net.layers[0].setWeights([1, 2]),
    RangeError,
    /^layers\[0\]\.setWeights: got 2 numbers, want 10$/,
  ],
  [
    'setting a short row of plain weights',
    (net) => net.layers[0].setWeights([[1, 2], [1]]),
    RangeError,
    /^layers\[0\]\.setWeights\[1\]: got a row of 1, want 2 numbers, one for each input of the layer$/,
  ],
  [
    'setting too few weights',
    (net) => net.layers[0].setWeights(new Float32Array(9)),
    RangeError,
    /^layers\[0\]\.setWeights: got 9 numbers, want 10$/,
  ],
  [
    'setting NaN among weights',
    (net) => net.layers[1].setWeights(new Float32Array(15).fill(Number.NaN, 14)),
    RangeError,
    /^layers\[1\]\.setWeights\[14\]: got NaN, want a finite number$/,
  ],
  [
    'setting too many biases',
    (net) => net.layers[0].setBiases(new Float32Array(6)),
    RangeError,
    /^layers\[0\]\.setBiases: got 6 numbers, want 5$/,
  ],
  [
    'setting Infinity among biases',
    (net) => net.layers[1].setBiases(new Float32Array([0, 1, -Infinity])),
    RangeError,
    /^layers\[1\]\.setBiases\[2\]: got -Infinity, want a finite number$/,
  ],
];

const beforeForward: typeof wrongCalls = [
  [
    'backward without forward',
    (net) => net.backward(targets),
    Error,
    /^backward: got no forward pass of these weights, want forward\(x\) first$/,
  ],
  [
    'applyGradients without backward',
    (net) => net.applyGradients(),
    Error,
    /^applyGradients: got no gradients of the last batch, want forward\(x\) and backward\(y\) first$/,
  ],
];

const afterForward: typeof wrongCalls = [
  [
    'backward without y',
    (net) => net.backward(),
    TypeError,
    /^y: got undefined, want an array of rows, numbers or labels, plain or typed$/,
  ],
  [
    'backward with a superfluous label',
    (net) => net.backward(new Uint8Array(5)),
    RangeError,
    /^y: got 5 labels, want 4, one for each sample of 2 inputs$/,
  ],
  [
    'backward with a wrong label',
    (net) => net.backward(changed(targets, 0, 3)),
    RangeError,
    /^y\[0\]: got 3, want a label from 0 to 2$/,
  ],
  [
    'backward with NaN',
    (net) => net.backward(changed(rows, 11, Number.NaN)),
    RangeError,
    /^y\[11\] \(row 3, column 2\): got NaN, want a finite number$/,
  ],
  ['applyGradients without backward', (net) => net.applyGradients(), Error, /^applyGradients: got no gradients/],
];

describe('a network in use', () => {
  let net: Network;
  beforeAll(async () => {
    net = await createNetwork(options);
    await net.fit({ inputs, targets }, { epochs: 2 });
  });

  it('accepts the calls from which the wrong calls are made', async () => {
    const other = await loadNetwork(await net.save());
    for (const y of [targets, Int32Array.from(targets), rows]) {
      await other.fit({ inputs, targets: y }, { epochs: 1, validation: { inputs, targets: y } });
      other.trainBatch(inputs, y);
      other.forward(inputs);
      other.backward(y);
      expect((await other.evaluate({ inputs, targets: y })).samples).toBe(4);
    }
  });

  it.each(wrongCalls)('refuses %s, and does not change', async (_name, call, error, message) => {
    const file = await net.save();
    const outputs = net.predict(inputs);
    // a refused call must also leave the results of the last pass
    net.forward(inputs);
    const cost = net.backward(targets);
    const gradients = net.layers[0].getWeightGradients();

    await expectError(() => call(net), error, message);

    expect(net.layers[0].getWeightGradients()).toEqual(gradients);
    expect(net.backward(targets)).toBe(cost);
    expect(await net.save()).toEqual(file);
    expect(net.predict(inputs)).toEqual(outputs);
  });

  it.each(beforeForward)('refuses %s, and does not change', async (_name, call, error, message) => {
    const fresh = await loadNetwork(await net.save());
    await expectError(() => call(fresh), error, message);
    expect(await fresh.save()).toEqual(await net.save());
    expect(fresh.predict(inputs)).toEqual(net.predict(inputs));
  });

  it.each(afterForward)('refuses %s, and keeps the forward pass', async (_name, call, error, message) => {
    const file = await net.save();
    net.forward(inputs);
    const cost = net.backward(targets);
    net.forward(inputs);
    const a = net.layers[1].getA();

    await expectError(() => call(net), error, message);

    expect(net.layers[1].getA()).toEqual(a);
    expect(net.backward(targets)).toBe(cost);
    expect(await net.save()).toEqual(file);
  });

  it('can be trained after all of this', async () => {
    expect(await net.fit({ inputs, targets }, { epochs: 2 })).toHaveLength(2);
  });
});
