import { afterEach, describe, expect, it, vi } from 'vitest';
import { firstOf } from '../src/check/arrays.js';
import { checkBytes } from '../src/check/bytes.js';
import { Arena } from '../src/core/arena.js';
import { ColumnMoments } from '../src/data/measure-columns.js';
import type { NetworkOptions } from '../src/index.js';
import { parseIdx } from '../src/io/idx.js';
import type { Network } from '../src/network.js';
import { Table, windows } from '../src/tabular.js';
import { createNetwork, loadNetwork } from './build.js';
import { parameterBits } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';

// An array without a length of its own, in memory that can grow, is longer as soon as another thread makes the memory
// longer. Here the memory grows in the middle of a call, at the moment when the call asks for its own memory.

const ROWS = 20;
const INPUTS = 3;
const options: NetworkOptions = {
  inputs: INPUTS,
  layers: [
    { units: 5, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 6,
};

interface Growing {
  readonly array: Float32Array | Float64Array | Int16Array | Uint8Array;
  grow(): void;
}

/** An array of random numbers that grows to a thousand times its length, all of them 100. */
function growing(type: 'Float32Array' | 'Float64Array' | 'Int16Array' | 'Uint8Array', length: number): Growing {
  const Type = { Float32Array, Float64Array, Int16Array, Uint8Array }[type];
  const bytes = length * Type.BYTES_PER_ELEMENT;
  // TypeScript does not know growable memory
  const memory = new (SharedArrayBuffer as new (bytes: number, options: object) => SharedArrayBuffer)(bytes, {
    maxByteLength: 1000 * bytes,
  }) as SharedArrayBuffer & { grow(bytes: number): void };
  const array = new Type(memory as never);
  const random = randomNumbers(3);
  for (let i = 0; i < length; i++)
    array[i] = type === 'Float32Array' || type === 'Float64Array' ? random() : 9 * random();
  return {
    array,
    grow() {
      if (array.length > length) return;
      memory.grow(1000 * bytes);
      array.fill(100, length);
    },
  };
}

/** Calls `grow` whenever data are about to be written into an arena. */
function growAt(grow: () => void): void {
  const { writeFloats, writeBytes } = Arena.prototype;
  const memory = Object.getOwnPropertyDescriptor(Arena.prototype, 'floatMemory')
    ?.get as () => Float32Array<ArrayBuffer>;
  vi.spyOn(Arena.prototype, 'floatMemory', 'get').mockImplementation(function (this: Arena) {
    grow();
    return memory.call(this);
  });
  vi.spyOn(Arena.prototype, 'writeFloats').mockImplementation(function (this: Arena, ...copied) {
    grow();
    writeFloats.apply(this, copied);
  });
  vi.spyOn(Arena.prototype, 'writeBytes').mockImplementation(function (this: Arena, ...copied) {
    grow();
    writeBytes.apply(this, copied);
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

const labels = randomLabels(ROWS, 3, randomNumbers(5));

const TYPES = ['Float32Array', 'Float64Array', 'Int16Array', 'Uint8Array'] as const;
const PREPARED: [string, (net: Network) => void, NetworkOptions][] = [
  ['as they are', () => {}, options],
  ['scaled', () => {}, { ...options, scale: 0.5 }],
  ['standardised', (net) => net.setStandardization({ means: [0.1, 0.2, 0.3], deviations: [1, 2, 3] }), options],
];

describe.each(PREPARED)('inputs in memory that grows, %s', (_, prepare, created) => {
  describe.each(TYPES)('as %s', (type) => {
    const calls: [string, (net: Network, inputs: Growing['array']) => unknown, number][] = [
      ['predict', (net, x) => net.predict(x), ROWS],
      ['predict of few numbers', (net, x) => net.predict(x), 2],
      ['trainBatch', (net, x) => net.trainBatch(x, labels), ROWS],
      ['evaluate', (net, inputs) => net.evaluate({ inputs, targets: labels }), ROWS],
      [
        'trainFor',
        async (net, inputs) => (await net.trainFor({ inputs, targets: labels }, 1e-30, { batchSize: 8 })).cost,
        ROWS,
      ],
      [
        'fit',
        async (net, inputs) => (await net.fit({ inputs, targets: labels }, { epochs: 2, batchSize: 8 })).last?.cost,
        ROWS,
      ],
      [
        'fitStream',
        async (net, inputs) =>
          (await net.fitStream(() => [{ inputs, targets: labels }], { standardize: true })).last?.cost,
        ROWS,
      ],
    ];

    it.each(calls)(
      '%s takes the numbers that were there at the call, and writes no others',
      async (_name, call, rows) => {
        const [net, other] = [await createNetwork(created), await createNetwork(created)];
        for (const each of [net, other]) prepare(each);
        const fixed = growing(type, INPUTS * rows).array.slice();
        const wanted = await call(other, fixed);
        const { array, grow } = growing(type, INPUTS * rows);
        growAt(grow);
        expect(await call(net, array)).toEqual(wanted);
        expect(array.length).toBe(1000 * INPUTS * rows);
        expect(parameterBits(net)).toEqual(parameterBits(other));
      },
    );
  });
});

it('the view that is copied keeps its length', () => {
  const { array, grow } = growing('Uint8Array', 10);
  const first = firstOf(array, 10);
  const file = checkBytes('file', array, 'bytes');
  const whole = checkBytes('file', new Uint8Array(5).buffer, 'bytes');
  const moments = new ColumnMoments(1);
  grow();
  moments.add(array, 10, 1);
  expect([array.length, first.length, file.length, whole.length]).toEqual([10_000, 10, 10, 5]);
  expect(moments.standardizationOf('inputs').means[0]).toBeLessThan(9);
  // an array whose memory cannot grow is returned itself, not a view of it
  const plain = new Float32Array(10);
  expect(firstOf(plain, 10)).toBe(plain);
});

it('a table has as many rows as its columns had at the call', () => {
  const { array, grow } = growing('Float64Array', 3);
  const first = Object.defineProperty([1, 2, 3], 1, {
    get() {
      grow();
      return 2;
    },
  });
  const table = Table.fromColumns({ first, second: array });
  expect(array).toHaveLength(3000);
  expect((table.column('second') as { values: Float64Array }).values).toEqual(array.slice(0, 3));
});

it('windows are those of the series at the call', () => {
  const { array, grow } = growing('Float64Array', 10);
  const check = vi.spyOn(Number, 'isFinite').mockImplementation((value) => {
    grow();
    return typeof value === 'number' && value - value === 0;
  });
  try {
    expect(windows(array, { length: 3 }).targets).toHaveLength(7);
    expect(array).toHaveLength(10_000);
  } finally {
    check.mockRestore();
  }
});

it('files in memory that can grow are read', async () => {
  const net = await createNetwork(options);
  const file = await net.save();
  const memory = new (SharedArrayBuffer as new (bytes: number, options: object) => SharedArrayBuffer)(file.length, {
    maxByteLength: 2 * file.length,
  });
  const bytes = new Uint8Array(memory);
  bytes.set(file);
  expect(await (await loadNetwork(bytes)).save()).toEqual(file);
  const idx = new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 5, 6]);
  expect(parseIdx(idx).data).toEqual(Uint8Array.of(5, 6));
});
