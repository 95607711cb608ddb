import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Network } from '../src/index.js';
import { createNetwork } from './build.js';
import { type Anything, expectError } from './expected-errors.js';

// Mistakes of users who know another library, or who write JavaScript without types. Each message says where the wrong
// value is, what it is, what is wanted, and what to do.

const ROWS = Array.from({ length: 8 }, (_, i) => [1, 2, 3, 4, 5, i]);
const inputs = Float32Array.from(ROWS.flat());
const targets = Uint8Array.from({ length: 8 }, (_, i) => i % 4);
const options = { inputs: 6, layers: [{ units: 4, activation: 'softmax' as const }] };

/** An array whose memory has been transferred. */
function detached(values: Float32Array): Float32Array {
  const copy = values.slice();
  structuredClone(copy, { transfer: [copy.buffer] });
  return copy;
}

type Call = (net: Anything) => unknown;

const calls: [name: string, call: Call, error: typeof TypeError | typeof RangeError, message: RegExp][] = [
  [
    'a list of text as weights',
    (net) => net.layers[0].setWeights(new Array(24).fill('0')),
    TypeError,
    /^layers\[0\]\.setWeights\[0\] \(row 0, column 0\): got "0", want a finite number: Number\(value\) converts it$/,
  ],
  [
    'too many rows as weights',
    (net) => net.layers[0].setWeights(ROWS),
    RangeError,
    /^layers\[0\]\.setWeights: got 48 numbers, want 24$/,
  ],
  [
    'doubles as weights',
    (net) => net.layers[0].setWeights(new Float64Array(24)),
    TypeError,
    /got Float64Array of 192 bytes, want an array of 24 numbers: Float32Array\.from\(values\) converts an array$/,
  ],
  [
    'BigInts as sample weights',
    (net) => net.evaluate({ inputs, targets, weights: new BigInt64Array(8) }),
    TypeError,
    /^data\.weights: got BigInt64Array .+, want an array of 8 numbers: Float64Array\.from\(values, Number\) converts BigInts$/,
  ],
  [
    'a promise of weights',
    (net) => net.layers[0].setWeights(Promise.resolve(new Float32Array(24))),
    TypeError,
    /got an object \(Promise\), want an array of 24 numbers: await the promise$/,
  ],
  [
    'detached weights',
    (net) => net.layers[0].setWeights(detached(new Float32Array(24))),
    RangeError,
    /^layers\[0\]\.setWeights: got a Float32Array whose memory has gone, transferred or grown: .+, want 24$/,
  ],
  [
    'detached inputs',
    (net) => net.predict(detached(inputs)),
    RangeError,
    /^x: got a Float32Array whose memory has gone, transferred or grown: only a copy made before is of use, want rows of 6 numbers/,
  ],
  [
    'what has the prototype of a Float32Array, and no memory',
    (net) => net.predict(Object.create(Float32Array.prototype)),
    TypeError,
    /^x: got an object that only looks like a Float32Array, want an array of numbers or of rows, /,
  ],
  [
    'what says that it is a Float32Array',
    (net) => net.predict({ length: 6, constructor: Float32Array }),
    TypeError,
    /^x: got an object that only looks like a Float32Array, want an array of numbers or of rows, /,
  ],
  [
    'an object of a class whose name ends in Array',
    (net) => net.predict(new (class DataArray {})()),
    TypeError,
    /^x: got an object \(DataArray\), want an array of numbers or of rows, plain or typed$/,
  ],
  [
    'names of classes as targets',
    (net) => net.fit({ inputs, targets: ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd'] }, { epochs: 1 }),
    TypeError,
    /^data\.targets\[0\]: got "a", want a number: Network\.create\(\{ classes: \[\.\.\.\] \}\) lets names of classes be labels$/,
  ],
  [
    'a promise of data',
    (net) => net.fit(Promise.resolve({ inputs, targets }), { epochs: 1 }),
    TypeError,
    /^data: got an object \(Promise\), want an object \{ inputs, targets \}: await the promise$/,
  ],
  [
    'a promise of another realm as data',
    (net) => net.fit(runInNewContext('Promise.resolve()'), { epochs: 1 }),
    TypeError,
    /^data: got an object \(Promise\), want an object \{ inputs, targets \}: await the promise$/,
  ],
  [
    'inputs alone as data',
    (net) => net.evaluate(inputs),
    TypeError,
    /^data: got Float32Array of 192 bytes, want an object \{ inputs, targets \}: x and y are one argument, \{ inputs: x, targets: y \}$/,
  ],
  [
    'inputs and targets as two arguments',
    (net) => net.fit(inputs, targets),
    TypeError,
    /^data: got Float32Array of 192 bytes, want an object \{ inputs, targets \}: x and y are one argument, \{ inputs: x, targets: y \}$/,
  ],
  [
    'the name of an optimizer',
    (net) => net.fit({ inputs, targets }, { epochs: 1, optimizer: 'adam' }),
    TypeError,
    /^optimizer: got "adam", want an optimizer, which adam\(\) and others return$/,
  ],
  [
    'new Network',
    () => new (Network as Anything)(options),
    TypeError,
    /^Network: got new Network\(\), want await Network\.create\(options\)$/,
  ],
  [
    'widths as layers',
    () => Network.create({ inputs: 6, layers: [3, 4] } as Anything),
    TypeError,
    /^layers\[0\]: got 3, want an object such as \{ units: 10 \}$/,
  ],
  [
    'a missing number in an initializer',
    () => createNetwork({ inputs: 1, layers: [{ units: 1, initializer: { weights: [null] as Anything } }] }),
    TypeError,
    /^layers\[0\]\.initializer\.weights\[0\] \(row 0\): got null, want a finite number: a value is missing$/,
  ],
];

describe('the way out is named for', () => {
  it.each(calls)('%s', async (_, call, error, message) => {
    const net = await createNetwork(options);
    const before = await net.save({ training: true });
    await expectError(() => call(net), error, message);
    expect(await net.save({ training: true })).toEqual(before);
  });
});
