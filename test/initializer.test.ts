import { describe, expect, test } from 'vitest';
import * as abi from '../assembly/abi.js';
import type { InitializerName, LayerOptions } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, EPSILON, startKernels } from './build.js';
import { arraysOf, bits } from './parameters.js';

// Initial weights. The moments of the named distributions are tested in network-create.test.ts.

function create(inputs: number, layer: LayerOptions, seed = 0, bias?: boolean): Promise<Network> {
  return createNetwork({ inputs, layers: [layer], seed, ...(bias !== undefined && { bias }) });
}

describe('orthogonal', () => {
  test.each([
    [1, 1],
    [1, 9],
    [9, 1],
    [5, 5],
    [17, 33],
    [33, 17],
    [64, 64],
    [10, 784],
    [128, 20],
  ])('%i units of %i inputs: the shorter side is orthonormal', async (units, inputs) => {
    const { weights } = arraysOf((await create(inputs, { units, initializer: 'orthogonal' })).layers[0]);
    const byRows = units <= inputs;
    const count = Math.min(units, inputs);
    const length = Math.max(units, inputs);
    const at = (vector: number, i: number) => weights[byRows ? vector * inputs + i : i * inputs + vector];
    // The second pass of the orthogonalisation starts from vectors that are orthogonal up to rounding. Each of its
    // subtractions, of which there are at most `count`, rounds a vector of length 1 to float32; so does the scaling.
    // The other vector of a product is rounded too.
    const bound = (count + 4) * EPSILON;
    for (let p = 0; p < count; p++) {
      for (let q = 0; q <= p; q++) {
        let dot = 0;
        for (let i = 0; i < length; i++) dot += at(p, i) * at(q, i);
        const wanted = p === q ? 1 : 0;
        if (!(Math.abs(dot - wanted) <= bound))
          throw new Error(`${p} . ${q}: got ${dot}, want ${wanted} within ${bound}`);
      }
    }
  });

  test('keeps the length of vectors that pass through it', async () => {
    const net = await create(24, { units: 24, activation: 'linear', initializer: 'orthogonal' });
    const x = Float32Array.from({ length: 24 }, (_, k) => Math.sin(k + 1));
    const length = (v: Float32Array) => Math.hypot(...v);
    // z has 25 roundings; each of the 24 rows of the matrix has at most 28
    expect(Math.abs(length(net.predict(x)) / length(x) - 1)).toBeLessThanOrEqual((25 + 24 * 28) * EPSILON);
  });

  test('has no preferred direction: its entries have mean 0 and variance 1 / length', async () => {
    const inputs = 400;
    const units = 20;
    const { weights } = arraysOf((await create(inputs, { units, initializer: 'orthogonal' })).layers[0]);
    // rows have length 1, so the mean square is exact up to rounding; the mean is that of 8,000 nearly independent
    // numbers
    const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length;
    const square = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(inputs * weights.length));
    expect(Math.abs(square * inputs - 1)).toBeLessThanOrEqual((units + 4) * EPSILON);
    // the first row is a random direction: a normal vector divided by its length, so its kurtosis is 3 within 5 sqrt(24
    // / n)
    const fourth = weights.reduce((sum, w) => sum + (w * w * inputs) ** 2, 0) / weights.length;
    expect(Math.abs(fourth - 3)).toBeLessThan(5 * Math.sqrt(24 / weights.length) + 6 / inputs);
  });

  test('depends on the seed and the layer, and leaves biases at 0', async () => {
    const layer: LayerOptions = { units: 6, initializer: 'orthogonal' };
    const draw = async (seed: number) => createNetwork({ inputs: 6, layers: [layer, layer], seed });
    const [net, again, other] = [await draw(1), await draw(1), await draw(2)];
    const [first, second] = net.layers.map(arraysOf).map(({ weights }) => bits(weights));
    expect(again.layers.map(arraysOf).map(({ weights }) => bits(weights))).toEqual([first, second]);
    expect(bits(other.layers[0].getWeights())).not.toEqual(first);
    expect(second).not.toEqual(first);
    expect(bits(net.layers[1].getBiases())).toEqual(new Uint32Array(6));
  });
});

describe('given numbers', () => {
  test('constant: all weights are one number, all biases another', async () => {
    const { weights, biases } = arraysOf(
      (await create(5, { units: 19, initializer: { constant: -0.3, bias: 0.7 } })).layers[0],
    );
    expect(weights).toEqual(new Float32Array(95).fill(-0.3));
    expect(biases).toEqual(new Float32Array(19).fill(0.7));
  });

  test('constant without bias leaves the biases at 0', async () => {
    const { weights, biases } = arraysOf((await create(5, { units: 3, initializer: { constant: 2 } })).layers[0]);
    expect(weights).toEqual(new Float32Array(15).fill(2));
    expect(bits(biases)).toEqual(new Uint32Array(3));
  });

  test('arrays are w_jk row by row, and b; they are copied', async () => {
    const weights = Float32Array.from({ length: 4 * 18 }, (_, i) => i + 1);
    const biases = Float32Array.from({ length: 18 }, (_, j) => -j - 1);
    const creating = create(4, { units: 18, activation: 'linear', initializer: { weights, biases } });
    const [before, beforeBiases] = [weights.slice(), biases.slice()];
    // create has checked and copied them before its first await
    weights.fill(Number.NaN);
    biases.fill(Number.NaN);
    const net = await creating;
    expect(net.layers[0].getWeights()).toEqual(before);
    expect(net.layers[0].getBiases()).toEqual(beforeBiases);
    // the second input alone: column k = 1
    const z = net.predict(Float32Array.of(0, 1, 0, 0));
    expect(z).toEqual(Float32Array.from({ length: 18 }, (_, j) => 4 * j + 2 - j - 1));
  });

  test('weights alone leave the biases at 0', async () => {
    const { biases } = arraysOf(
      (await create(2, { units: 2, initializer: { weights: Float32Array.of(1, 2, 3, 4) } })).layers[0],
    );
    expect(bits(biases)).toEqual(new Uint32Array(2));
  });
});

test('named initialisers draw in the order of w_jk, in whatever layout the core stores them', async () => {
  const seed = 2 ** 33 + 7;
  const { core, memory } = await startKernels(1 << 18);
  const [block, target, count] = [1 << 16, (1 << 16) + 64, 21 * 35];
  const header = new DataView(memory.buffer, abi.HEADER);
  header.setUint32(abi.RANDOM_BLOCK, block, true);
  header.setUint32(abi.SEED_LOW, seed % 2 ** 32, true);
  header.setUint32(abi.SEED_HIGH, Math.floor(seed / 2 ** 32), true);
  core.fillNormal(target, count, 1, abi.RANDOM_WEIGHTS, 0);
  const drawn = new Float32Array(memory.buffer, target, count).slice();
  const net = await create(35, { units: 21, initializer: 'standardNormal' }, seed);
  expect(bits(net.layers[0].getWeights())).toEqual(bits(drawn));
});

describe('the default', () => {
  const defaults: [LayerOptions['activation'], InitializerName][] = [
    ['linear', 'glorotUniform'],
    ['sigmoid', 'glorotUniform'],
    ['tanh', 'glorotUniform'],
    ['softmax', 'glorotUniform'],
    ['softplus', 'glorotUniform'],
    ['softsign', 'glorotUniform'],
    ['hardSigmoid', 'glorotUniform'],
    ['relu', 'heNormal'],
    ['leakyRelu', 'heNormal'],
    ['elu', 'heNormal'],
    ['gelu', 'heNormal'],
    ['silu', 'heNormal'],
    ['selu', 'lecunNormal'],
    [['relu', 'gelu', 'elu'], 'heNormal'],
    [['relu', 'gelu', 'tanh'], 'glorotUniform'],
    [['selu', 'selu', 'relu'], 'glorotUniform'],
    [['selu', 'selu', 'selu'], 'lecunNormal'],
  ];
  test.each(defaults)('for %j is %s', async (activation, initializer) => {
    const unnamed = await create(7, { units: 3, activation });
    const named = await create(7, { units: 3, activation, initializer });
    const others = await Promise.all(
      (['glorotUniform', 'heNormal', 'lecunNormal'] as const)
        .filter((name) => name !== initializer)
        .map((name) => create(7, { units: 3, activation, initializer: name })),
    );
    expect(bits(unnamed.layers[0].getWeights())).toEqual(bits(named.layers[0].getWeights()));
    for (const other of others)
      expect(bits(other.layers[0].getWeights())).not.toEqual(bits(unnamed.layers[0].getWeights()));
  });
});

test.each<InitializerName>([
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunUniform',
  'lecunNormal',
  'scaledNormal',
  'standardNormal',
  'orthogonal',
  'zeros',
])('%s gives a layer without biases the same weights and no biases', async (initializer) => {
  const [net, free] = [
    await create(6, { units: 5, initializer }),
    await create(6, { units: 5, initializer }, 0, false),
  ];
  expect(bits(free.layers[0].getWeights())).toEqual(bits(net.layers[0].getWeights()));
  expect(bits(free.layers[0].getBiases())).toEqual(new Uint32Array(5));
  const hasBiases = initializer === 'scaledNormal' || initializer === 'standardNormal';
  expect(net.layers[0].getBiases().every((b) => b !== 0)).toBe(hasBiases);
});

describe('what is refused', () => {
  const six = new Float32Array(6);
  const refusals: [string, unknown, ErrorConstructor | RangeErrorConstructor, string][] = [
    ['an unknown name', 'xavier', RangeError, 'layers[0].initializer: got "xavier", want one of glorotUniform, '],
    ['a number', 1, TypeError, 'layers[0].initializer: got 1, want one of glorotUniform, '],
    ['null', null, TypeError, 'layers[0].initializer: got null, want one of glorotUniform, '],
    ['a function', () => 0, TypeError, 'layers[0].initializer: got a function, want one of glorotUniform, '],
    ['an array', [1, 2], TypeError, 'layers[0].initializer: got an array of 2, want an object'],
    [
      'a misspelt key',
      { constnat: 1 },
      TypeError,
      'layers[0].initializer: got the unknown key "constnat", want weights, biases',
    ],
    [
      'constant and weights',
      { constant: 1, weights: six },
      TypeError,
      'layers[0].initializer: got the unknown key "weights", want constant, bias',
    ],
    [
      'a constant that is not a number',
      { constant: '1' },
      TypeError,
      'layers[0].initializer.constant: got "1", want a finite number',
    ],
    [
      'a constant that is not finite',
      { constant: Number.NaN },
      RangeError,
      'layers[0].initializer.constant: got NaN, want a number that is finite in 32 bits',
    ],
    [
      'a constant that is too large',
      { constant: 1e39 },
      RangeError,
      'layers[0].initializer.constant: got 1e+39, want a number that is finite in 32 bits',
    ],
    [
      'a bias that is not finite',
      { constant: 0, bias: Number.POSITIVE_INFINITY },
      RangeError,
      'layers[0].initializer.bias: got Infinity, want ',
    ],
    ['no weights', {}, TypeError, 'layers[0].initializer.weights: got undefined, want an array of 6 numbers'],
    [
      'too short a plain array',
      { weights: [1, 2, 3, 4, 5] },
      RangeError,
      'layers[0].initializer.weights: got 5 numbers, want 6',
    ],
    [
      'too few weights',
      { weights: new Float32Array(5) },
      RangeError,
      'layers[0].initializer.weights: got 5 numbers, want 6',
    ],
    [
      'a weight that is NaN',
      { weights: Float32Array.of(0, 0, 0, 0, Number.NaN, 0) },
      RangeError,
      'layers[0].initializer.weights[4]: got NaN, want a finite number',
    ],
    [
      'too many biases',
      { weights: six, biases: six },
      RangeError,
      'layers[0].initializer.biases: got 6 numbers, want 2',
    ],
    [
      'an infinite bias',
      { weights: six, biases: Float32Array.of(0, Number.NEGATIVE_INFINITY) },
      RangeError,
      'layers[0].initializer.biases[1]: got -Infinity, want a finite number',
    ],
  ];
  test.each(refusals)('%s', async (_name, initializer, kind, message) => {
    const refused = create(3, { units: 2, initializer: initializer as InitializerName });
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toThrow(message);
  });

  test.each([
    ['given biases', { weights: six, biases: new Float32Array(2) }, 'layers[0].initializer.biases'],
    ['a constant bias', { constant: 1, bias: 2 }, 'layers[0].initializer.bias'],
  ])('%s for a layer with bias: false', async (_name, initializer, where) => {
    const refused = create(3, { units: 2, bias: false, initializer });
    await expect(refused).rejects.toThrow(`${where}: got biases, want none for a layer with bias: false`);
  });

  test('numbers for a later layer that do not fit the one before it', async () => {
    const layers: LayerOptions[] = [{ units: 4 }, { units: 2, initializer: { weights: new Float32Array(6) } }];
    await expect(createNetwork({ inputs: 3, layers })).rejects.toThrow(
      'layers[1].initializer.weights: got 6 numbers, want 8',
    );
  });
});
