import { beforeAll, describe, expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import { permutation, philox } from '../src/data/philox.js';
import type { NetworkOptions } from '../src/index.js';
import { sgd } from '../src/index.js';
import { buildName, createNetwork, type Kernels, startKernels } from './build.js';
import { arraysOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

// Results of the core are compared, bit for bit, with the same results computed here from their definitions, one
// rounding after the other. The published hashes also depend on these bits, but do not say how they come about.

const f = Math.fround;
const SEED = 5 * 2 ** 32 + 77;

/** Word `index` of a stream of the seed. */
const wordOf = (purpose: number, stream: number, index: number) =>
  philox([index >>> 2, stream, purpose, 0], SEED)[index & 3];
/** A word as a number in (0, 1). */
const unitOf = (word: number) => (word + 0.5) * 2 ** -32;

let core: Kernels;
let memory: Float32Array;
const [SOURCE, TARGET, OTHER] = [1 << 16, 1 << 17, 3 << 16];
beforeAll(async () => {
  const kernels = await startKernels(1 << 19);
  core = kernels.core;
  memory = new Float32Array(kernels.memory.buffer);
});
const put = (address: number, values: ArrayLike<number>) => memory.set(values, address / 4);
const get = (address: number, count: number) => memory.slice(address / 4, address / 4 + count);

describe('random numbers are the words of their purpose and stream', () => {
  const layersOf = (initializer: 'glorotUniform' | 'heNormal'): NetworkOptions => ({
    inputs: 5,
    layers: [
      { units: 7, initializer, activation: 'tanh' },
      { units: 3, initializer, activation: 'linear' },
    ],
    seed: SEED,
  });

  it('the purposes have these numbers: with others, every seed would give another network', () => {
    expect([abi.RANDOM_WEIGHTS, abi.RANDOM_BIASES, abi.RANDOM_ORDER, abi.RANDOM_DROPOUT]).toEqual([1, 2, 3, 4]);
    expect([abi.RANDOM_STEPS, abi.RANDOM_SPLIT, abi.RANDOM_SEARCH]).toEqual([5, 16, 17]);
  });

  it('uniform weights: w_jk is word j * fanIn + k of stream l, in [-r, r]', async () => {
    const net = await createNetwork(layersOf('glorotUniform'));
    net.layers.map(arraysOf).forEach(({ units, fanIn, weights }, l) => {
      const limit = Math.sqrt(3) * Math.sqrt(2 / (fanIn + units));
      const wanted = Float32Array.from(weights, (_, i) => limit * (2 * unitOf(wordOf(abi.RANDOM_WEIGHTS, l, i)) - 1));
      expect(weights, `layers[${l}]`).toEqual(wanted);
    });
  });

  it('normal weights: the quantiles of the same words', async () => {
    const net = await createNetwork(layersOf('heNormal'));
    net.layers.map(arraysOf).forEach(({ fanIn, weights }, l) => {
      const deviation = Math.sqrt(2 / fanIn);
      const wanted = Float32Array.from(
        weights,
        (_, i) => deviation * core.normalQuantile(unitOf(wordOf(abi.RANDOM_WEIGHTS, l, i))),
      );
      expect(weights, `layers[${l}]`).toEqual(wanted);
    });
  });

  it('the order of an epoch is the permutation of its number', async () => {
    // the weight is 1, so the output of a sample is its number
    const inputs = Float32Array.from({ length: 30 }, (_, i) => i);
    const net = await createNetwork({
      inputs: 1,
      layers: [{ units: 1, activation: 'linear', bias: false, initializer: { constant: 1 } }],
      seed: SEED,
    });
    const seen: number[] = [];
    const onBatch = () => void seen.push(net.layers[0].getZ()[0]);
    const data = { inputs, targets: inputs };
    for (const epochs of [2, 1])
      await net.fit(data, { epochs, batchSize: 1, optimizer: sgd({ learningRate: 0.1 }), onBatch });
    expect(seen).toEqual([0, 1, 2].flatMap((epoch) => [...permutation(30, SEED, abi.RANDOM_ORDER, epoch)]));
  });
});

// the fused build rounds a product and its sum once
describe.skipIf(buildName === 'relaxed')('functions, operation by operation', () => {
  const madd = (c: number, a: number, b: number) => f(c + f(a * b));

  const LIMIT = f(87.3);
  const [C1, C2] = [f(0.693359375), f(-2.1219444e-4)];

  /** x, limited, as n ln 2 + r. */
  function reduced(given: number): { n: number; r: number } {
    const x = Math.min(Math.max(given, -LIMIT), LIMIT);
    const shift = 12582912;
    const n = f(f(f(x * f(Math.LOG2E)) + shift) - shift);
    return { n, r: f(f(x - f(n * C1)) - f(n * C2)) };
  }

  /** Cephes' expf, with its terms in pairs. */
  function exp(x: number): number {
    const { n, r } = reduced(x);
    const square = f(r * r);
    const [c0, c1, c2, c3, c4, c5] = [
      1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
    ].map(f);
    let p = madd(c1, c0, r);
    p = madd(madd(c3, c2, r), p, square);
    p = madd(madd(c5, c4, r), p, square);
    return f(f(madd(r, p, square) + 1) * 2 ** n);
  }

  /** e / (e + 1 - t), where e = 2^n (1 + t) and t = tanh(r / 2), so that e^x is e / (1 - t). */
  function sigmoid(x: number): number {
    const { n, r } = reduced(x);
    const square = f(r * r);
    const t = f(r * madd(0.5, madd(f(-0.041664090007543564), f(0.0040970719419419765), square), square));
    const e = f(f(1 + t) * 2 ** n);
    return f(e / f(e + f(1 - t)));
  }

  /** ((p + 1) t - q) / (p + 1 - q t), where 2x = n ln 2 + 2u, t = tanh u, p = 2^n and q = 1 - p. */
  function tanh(given: number): number {
    const x = Math.min(Math.max(given, f(-9.1)), f(9.1));
    const shift = 12582912;
    const n = f(f(f(x * f(2 * Math.LOG2E)) + shift) - shift);
    const u = f(x - f(n * f(Math.LN2 / 2)));
    const square = f(u * u);
    const t = f(u * madd(1, madd(f(-0.3333127200603485), f(0.13110630214214325), square), square));
    const p = 2 ** n;
    const [sum, q] = [f(p + 1), f(1 - p)];
    return f(f(f(sum * t) - q) / f(sum - f(q * t)));
  }

  const random = randomNumbers(3);
  const xs = Float32Array.from({ length: 4000 }, (_, i) => (random() - 0.5) * [0.5, 2, 20, 180][i % 4]);

  it.each<[string, number, (x: number) => number]>([
    ['sigmoid', abi.SIGMOID, sigmoid],
    ['tanh', abi.TANH, tanh],
  ])('%s', (_, activation, wanted) => {
    put(SOURCE, xs);
    core.activate(activation, 0, TARGET, SOURCE, 4 * xs.length, xs.length, 1);
    expect(get(TARGET, xs.length)).toEqual(xs.map(wanted));
  });

  it.each([4, 5, 7, 8, 30])(
    'softmax of %i: e^(z - max) over a sum of four lanes, added as (0 + 2) + (1 + 3)',
    (units) => {
      const z = xs.subarray(0, units).map((x) => f(x / 8));
      put(SOURCE, new Float32Array(40));
      put(SOURCE, z);
      core.activate(abi.SOFTMAX, 0, TARGET, SOURCE, 160, units, 1);
      const top = Math.max(...z);
      const e = z.map((value) => exp(f(value - top)));
      const lanes = [0, 0, 0, 0];
      e.forEach((value, j) => {
        lanes[j % 4] = f(lanes[j % 4] + value);
      });
      const scale = f(1 / f(f(lanes[0] + lanes[2]) + f(lanes[1] + lanes[3])));
      expect(get(TARGET, units)).toEqual(e.map((value) => f(value * scale)));
    },
  );

  it.each([1, 3, 4, 6, 23])(
    'the quadratic cost of %i outputs: a sum in doubles of terms in floats, two lanes apart',
    (units) => {
      const [a, y] = [xs.subarray(0, units), xs.subarray(100, 100 + units)];
      put(SOURCE, new Float32Array(32));
      put(SOURCE, a);
      put(OTHER, y);
      core.rowCosts(TARGET, abi.QUADRATIC, SOURCE, SOURCE, OTHER, 0, 128, 128, units, 1);
      const sums = [0, 0];
      a.forEach((value, j) => {
        const d = f(value - y[j]);
        sums[j % 2] += f(f(0.5 * d) * d);
      });
      expect(new Float64Array(memory.buffer, TARGET, 1)[0]).toBe(sums[0] + sums[1]);
    },
  );

  it('the length of a gradient: products in doubles, in four lanes', () => {
    const count = 400;
    const [u, v] = [xs.subarray(0, count), xs.subarray(count, 2 * count)];
    put(SOURCE, u);
    put(OTHER, v);
    const lanes = [0, 0, 0, 0];
    u.forEach((value, i) => {
      lanes[i % 4] += value * v[i];
    });
    expect(core.dot(SOURCE, OTHER, count)).toBe(lanes[0] + lanes[2] + (lanes[1] + lanes[3]));
  });
});
