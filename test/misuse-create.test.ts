import { describe, expect, it } from 'vitest';
import { Network, sgd } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import { type Anything, type ErrorClass, expectError, options } from './expected-errors.js';

describe('create', () => {
  const hidden = (layer: Anything) => ({ ...options, layers: [layer, { units: 3 }] });
  const wrong: [string, Anything, ErrorClass, RegExp][] = [
    ['nothing', undefined, TypeError, /^options: got undefined, want an object such as \{ inputs: \.\.\. \}$/],
    ['null', null, TypeError, /^options: got null, want an object such as \{ inputs: \.\.\. \}$/],
    ['a list', [2, 3], TypeError, /^options: got an array of 2, want an object such as \{ inputs: \.\.\. \}$/],
    [
      'an unknown key',
      { ...options, epochs: 3 },
      TypeError,
      /^options: got the unknown key "epochs", want inputs, layers, cost, /,
    ],
    [
      'no inputs',
      { layers: options.layers },
      TypeError,
      /^inputs: got undefined, want an integer from 1 to 65536: the number of input columns$/,
    ],
    ['inputs 0', { ...options, inputs: 0 }, RangeError, /^inputs: got 0, want an integer from 1 to 65536$/],
    ['inputs -1', { ...options, inputs: -1 }, RangeError, /^inputs: got -1, want an integer/],
    ['inputs 1.5', { ...options, inputs: 1.5 }, RangeError, /^inputs: got 1.5, want an integer/],
    ['inputs NaN', { ...options, inputs: Number.NaN }, RangeError, /^inputs: got NaN, want an integer/],
    ['inputs "2"', { ...options, inputs: '2' }, TypeError, /^inputs: got "2", want an integer/],
    [
      'inputs 65,537',
      { ...options, inputs: 65_537 },
      RangeError,
      /^inputs: got 65537, want an integer from 1 to 65536$/,
    ],
    [
      'a penalty on biases without biases',
      { ...options, bias: false, penalizeBiases: true },
      RangeError,
      /^penalizeBiases: got true for a network without biases, want false, or a layer with biases$/,
    ],
    ['no layers', { inputs: 2 }, TypeError, /^layers: got undefined, want an array/],
    ['layers as a number', { ...options, layers: 3 }, TypeError, /^layers: got 3, want an array/],
    ['an empty list of layers', { ...options, layers: [] }, RangeError, /^layers: got 0 layers, want 1 to 1024$/],
    [
      '1,025 layers',
      { ...options, layers: Array(1025).fill({ units: 1 }) },
      RangeError,
      /^layers: got 1025 layers, want 1 to 1024$/,
    ],
    [
      'units alone as a layer',
      { ...options, layers: [3] },
      TypeError,
      /^layers\[0\]: got 3, want an object such as \{ units: 10 \}$/,
    ],
    [
      'a list with a hole',
      { ...options, layers: Object.assign(new Array(2), { 1: { units: 3 } }) },
      TypeError,
      /^layers\[0\]: got undefined, want an object such as \{ units: 10 \}$/,
    ],
    [
      'a list of holes',
      { ...options, layers: new Array(2) },
      TypeError,
      /^layers\[0\]: got undefined, want an object such as \{ units: 10 \}$/,
    ],
    ['null as a layer', hidden(null), TypeError, /^layers\[0\]: got null, want an object such as \{ units: 10 \}$/],
    [
      'an unknown key of a layer',
      hidden({ units: 3, threads: 2 }),
      TypeError,
      /^layers\[0\]: got the unknown key "threads", want units, /,
    ],
    [
      'a layer without units',
      hidden({}),
      TypeError,
      /^layers\[0\]\.units: got undefined, want an integer from 1 to 65536: every layer has units, such as \{ units: 10 \}$/,
    ],
    ['units 0', hidden({ units: 0 }), RangeError, /^layers\[0\]\.units: got 0, want an integer from 1 to 65536$/],
    [
      'units Infinity',
      hidden({ units: Number.POSITIVE_INFINITY }),
      RangeError,
      /^layers\[0\]\.units: got Infinity, want/,
    ],
    [
      'units as a bigint',
      hidden({ units: 3n }),
      TypeError,
      /^layers\[0\]\.units: got 3n \(a BigInt\), want an integer/,
    ],
    [
      'an unknown activation',
      hidden({ units: 3, activation: 'swish' }),
      RangeError,
      /^layers\[0\]\.activation: got "swish", want one of linear, sigmoid, tanh, relu, leakyRelu, prelu, relu6, elu, selu, gelu, geluTanh, silu, mish, softplus, softsign, hardSigmoid, hardSwish, softmax: did you mean silu\?$/,
    ],
    [
      'a name of Object.prototype',
      hidden({ units: 3, activation: 'toString' }),
      RangeError,
      /^layers\[0\]\.activation: got "toString"/,
    ],
    [
      'a function as activation',
      hidden({ units: 3, activation: Math.tanh }),
      TypeError,
      /^layers\[0\]\.activation: got a function, want one of/,
    ],
    [
      'a softmax layer before the last',
      hidden({ units: 3, activation: 'softmax' }),
      RangeError,
      /^layers\[0\]\.activation: got "softmax", want softmax on the last layer only$/,
    ],
    [
      'softmax of one output',
      { ...options, layers: [{ units: 1, activation: 'softmax' }] },
      RangeError,
      /^layers\[0\]\.activation: got "softmax" for one unit, want at least 2 units, whose outputs add up to 1$/,
    ],
    [
      'an unknown initializer',
      hidden({ units: 3, initializer: 'he' }),
      RangeError,
      /^layers\[0\]\.initializer: got "he", want one of glorotUniform, /,
    ],
    [
      'an unknown cost',
      { ...options, cost: 'cubic' },
      RangeError,
      /^cost: got "cubic", want one of quadratic, binaryCrossEntropy, categoricalCrossEntropy, meanAbsoluteError, huber, hinge, kullbackLeibler, poisson$/,
    ],
    ['a cost as a function', { ...options, cost: () => 0 }, TypeError, /^cost: got a function, want one of/],
    [
      'the cost of another output',
      { ...options, cost: 'binaryCrossEntropy' },
      RangeError,
      /^cost: got "binaryCrossEntropy" with softmax outputs, want sigmoid outputs/,
    ],
    [
      'categorical cross-entropy of sigmoids',
      { inputs: 2, layers: [{ units: 3 }], cost: 'categoricalCrossEntropy' },
      RangeError,
      /^cost: got "categoricalCrossEntropy" with sigmoid outputs, want softmax outputs/,
    ],
    ['l2 -1', { ...options, l2: -1 }, RangeError, /^l2: got -1, want a number from 0 up$/],
    ['l2 NaN', { ...options, l2: Number.NaN }, RangeError, /^l2: got NaN, want a number from 0 up$/],
    [
      'l2 Infinity',
      { ...options, l2: Number.POSITIVE_INFINITY },
      RangeError,
      /^l2: got Infinity, want a number from 0 up$/,
    ],
    ['l2 "1"', { ...options, l2: '1' }, TypeError, /^l2: got "1", want a number from 0 up: 1 without quotes$/],
    ['seed -1', { ...options, seed: -1 }, RangeError, /^seed: got -1, want an integer from 0 to 9007199254740991$/],
    ['seed 0.5', { ...options, seed: 0.5 }, RangeError, /^seed: got 0.5, want an integer/],
    ['seed 2^53', { ...options, seed: 2 ** 53 }, RangeError, /^seed: got 9007199254740992, want an integer/],
    ['seed "a"', { ...options, seed: 'a' }, TypeError, /^seed: got "a", want an integer/],
    ['scale 0', { ...options, scale: 0 }, RangeError, /^scale: got 0, want a positive number/],
    ['scale -1', { ...options, scale: -1 }, RangeError, /^scale: got -1, want a positive number/],
    ['scale NaN', { ...options, scale: Number.NaN }, RangeError, /^scale: got NaN, want a positive number/],
    ['scale "1"', { ...options, scale: '1' }, TypeError, /^scale: got "1", want a positive number/],
    // in f32, 1e39 is infinite, so bytes would become Infinity and NaN; 1e-46 is 0, so all bytes would become 0
    ['scale 1e39', { ...options, scale: 1e39 }, RangeError, /^scale: got 1e\+39, want /],
    ['scale 1e-46', { ...options, scale: 1e-46 }, RangeError, /^scale: got 1e-46, want /],
    ['batchSize 0', { ...options, batchSize: 0 }, RangeError, /^batchSize: got 0, want an integer from 1/],
    ['batchSize 1.5', { ...options, batchSize: 1.5 }, RangeError, /^batchSize: got 1.5, want an integer/],
    ['batchSize 2^31', { ...options, batchSize: 2 ** 31 }, RangeError, /^batchSize: got 2147483648, want an integer/],
    ['batchSize "8"', { ...options, batchSize: '8' }, TypeError, /^batchSize: got "8", want an integer/],
    ['an unknown build', { ...options, build: 'fast' }, RangeError, /^build: got "fast", want one of simd, relaxed$/],
  ];

  it.each(wrong)('refuses %s', async (_name, wrongOptions, error, message) => {
    await expectError(() => Network.create(wrongOptions), error, message);
  });

  const header = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const foreign: [string, Anything, ErrorClass, RegExp][] = [
    ['bytes', header, TypeError, /^wasm: got Uint8Array of 8 bytes, want a WebAssembly\.Module/],
    ['a promise', Promise.resolve(), TypeError, /^wasm: got an object \(Promise\), want a WebAssembly\.Module/],
    ['null', null, TypeError, /^wasm: got null, want a WebAssembly\.Module/],
    ['the module of something else', new WebAssembly.Module(header), TypeError, /^wasm: .+, want /],
  ];
  it.each(foreign)('refuses %s as wasm', async (_name, wasm, error, message) => {
    await expectError(() => Network.create({ ...options, wasm }), error, message);
  });

  it('shortens long values in its messages', async () => {
    await expectError(
      () => createNetwork({ ...options, cost: 'x'.repeat(10_000) as Anything }),
      RangeError,
      /^cost: got "x{40}\.\.\.", want one of [a-zA-Z, ]{1,150}$/,
    );
  });
});

describe('sgd', () => {
  const wrong: [string, Anything, ErrorClass, RegExp][] = [
    ['nothing', undefined, TypeError, /^sgd: got undefined, want an object such as \{ learningRate: \.\.\. \}$/],
    ['a number', 0.1, TypeError, /^sgd: got 0.1, want an object such as \{ learningRate: 0.1 \}$/],
    ['no learning rate', {}, TypeError, /^sgd\.learningRate: got undefined, want a positive number$/],
    [
      'an unknown key',
      { learningRate: 1, momentum: 0.9 },
      TypeError,
      /^sgd: got the unknown key "momentum", want learningRate, clipValue, clipNorm$/,
    ],
    ['learning rate 0', { learningRate: 0 }, RangeError, /^sgd\.learningRate: got 0, want a positive number/],
    ['learning rate -1', { learningRate: -1 }, RangeError, /^sgd\.learningRate: got -1, want/],
    ['learning rate NaN', { learningRate: Number.NaN }, RangeError, /^sgd\.learningRate: got NaN, want/],
    [
      'learning rate Infinity',
      { learningRate: Number.POSITIVE_INFINITY },
      RangeError,
      /^sgd\.learningRate: got Infinity, want/,
    ],
    // 1e39 is infinite in f32
    [
      'learning rate 1e39',
      { learningRate: 1e39 },
      RangeError,
      /^sgd\.learningRate: got 1e\+39, want a positive number/,
    ],
    ['learning rate "1"', { learningRate: '1' }, TypeError, /^sgd\.learningRate: got "1", want/],
  ];
  it.each(wrong)('refuses %s', async (_name, wrongOptions, error, message) => {
    await expectError(() => sgd(wrongOptions), error, message);
  });
});

describe('load', () => {
  const wrong: [string, Anything, ErrorClass, RegExp][] = [
    [
      'an unknown key',
      { seed: 1 },
      TypeError,
      /^options: got the unknown key "seed", want batchSize, build, wasm, threads, wide, createWorker, team, cost, learningRate, training$/,
    ],
    ['null', null, TypeError, /^options: got null, want an object such as \{ batchSize: \.\.\. \}$/],
    ['batchSize 0', { batchSize: 0 }, RangeError, /^batchSize: got 0, want an integer/],
    ['an unknown build', { build: 'threads' }, RangeError, /^build: got "threads", want one of simd, relaxed$/],
    [
      'bytes as wasm',
      { wasm: new Uint8Array(3) },
      TypeError,
      /^wasm: got Uint8Array of 3 bytes, want a WebAssembly\.Module/,
    ],
  ];
  it.each(wrong)('refuses %s as options', async (_name, wrongOptions, error, message) => {
    const file = await (await createNetwork(options)).save();
    await expectError(() => Network.load(file, wrongOptions), error, message);
    expect(await (await loadNetwork(file)).save()).toEqual(file);
  });
});
