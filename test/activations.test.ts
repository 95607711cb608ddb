import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { MAX_FLOAT } from '../src/check/errors.js';
import { activationOf, activations, type ReferenceFunction } from '../src/inspection/reference.js';
import { ACTIVATIONS, activationName, constantOf, FIRST_SLOPE, showActivation } from '../src/spec/activations.js';
import { ulp } from './bounds.js';
import { buildName, createNetwork, EPSILON, type Kernels, startKernels } from './build.js';
import { hashOfWords } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

// The activations that work unit by unit: kernels against the reference, and both against PyTorch's values.

interface Promised {
  /**
   * Largest error of the activation for z >= -87, in ulp. For z < -1/2, gelu has a larger error: see valueBound.
   */
  ulps: number;
  /** Largest error of sigma', in 2^-24: half an ulp just below 1. */
  slope: number;
}

// The errors that the kernels promise: each consists of a few roundings.
const KERNELS: Readonly<Record<string, Promised>> = {
  linear: { ulps: 0, slope: 0 },
  sigmoid: { ulps: 2.6, slope: 2 },
  tanh: { ulps: 2.8, slope: 5.5 },
  relu: { ulps: 0, slope: 0 },
  // 0.01 is rounded, and so is the product
  leakyRelu: { ulps: 1, slope: 0.1 },
  'leakyRelu(0.2)': { ulps: 1, slope: 0.5 },
  'leakyRelu(-1.5)': { ulps: 0.5, slope: 0 },
  'leakyRelu(3)': { ulps: 0.5, slope: 0 },
  prelu: { ulps: 0.5, slope: 0 },
  relu6: { ulps: 0, slope: 0 },
  elu: { ulps: 3.5, slope: 2.5 },
  'elu(0.5)': { ulps: 3, slope: 1.5 },
  // the error of expm1, and a rounding of the product
  'elu(2.5)': { ulps: 4, slope: 8 },
  selu: { ulps: 4, slope: 5 },
  gelu: { ulps: 5.9, slope: 3.2 },
  geluTanh: { ulps: 3.7, slope: 4.5 },
  silu: { ulps: 3.6, slope: 4.4 },
  mish: { ulps: 4.91, slope: 4 },
  softplus: { ulps: 3, slope: 1.6 },
  softsign: { ulps: 1.5, slope: 2 },
  hardSigmoid: { ulps: 1.5, slope: 0.1 },
  hardSwish: { ulps: 3, slope: 2 },
};
const NAMES = Object.keys(KERNELS);

/** The floats with the largest errors, which walks over all floats have found: `npm run bench:ulp`. */
const WORST: Readonly<Record<string, readonly number[]>> = {
  sigmoid: [-1.9502558708190918],
  tanh: [0.1733778715133367],
  elu: [-0.13096337020397186],
  selu: [-0.2954701781272888],
  gelu: [0.014850533567368984],
  geluTanh: [-0.3319801092147827],
  silu: [-1.8925467729568481, 0.40581780672073364],
  mish: [-4.272674560546875, -0.23815298080444336],
  softplus: [-0.4334523677825928],
};

/** Functions that have a constant, in the form that the reference takes. */
const FUNCTIONS: readonly ReferenceFunction[] = [
  ...[0.2, -1.5, 3].map((slope) => ({ name: 'leakyRelu', slope }) as const),
  ...[0.5, 2.5].map((alpha) => ({ name: 'elu', alpha }) as const),
];
const functionOf = (name: string): ReferenceFunction =>
  FUNCTIONS.find((one) => showActivation(one) === name) ?? (name as ReferenceFunction);
const referenceFor = (name: string) => activationOf({ activation: functionOf(name) });

const START = 1 << 16;
const COUNT = 1 << 16;
const Z = START;
const A = Z + COUNT * 4;
const DELTA = A + COUNT * 4;
const CONSTANTS = DELTA + COUNT * 4;
const TERMS = CONSTANTS + COUNT * 4;

let core: Kernels;
let z: Float32Array;
let a: Float32Array;
let delta: Float32Array;
let constants: Float32Array;

beforeAll(async () => {
  const kernels = await startKernels(TERMS + COUNT * 4);
  core = kernels.core;
  z = new Float32Array(kernels.memory.buffer, Z, COUNT);
  a = new Float32Array(kernels.memory.buffer, A, COUNT);
  delta = new Float32Array(kernels.memory.buffer, DELTA, COUNT);
  constants = new Float32Array(kernels.memory.buffer, CONSTANTS, COUNT);
});

/** sigma of [rows x units] z, and dC/da times sigma'. */
function pass(name: string, stride: number, units: number, rows: number): void {
  const activation = functionOf(name);
  const id = ACTIVATIONS[activationName(activation)];
  if (name === 'prelu') constants.fill(FIRST_SLOPE, 0, units);
  else constants[0] = constantOf(activation);
  core.activate(id, CONSTANTS, A, Z, stride, units, rows);
  if (name === 'prelu') core.multiplyByPreluSlope(TERMS, CONSTANTS, DELTA, Z, stride, units, rows);
  else core.multiplyBySlope(id, CONSTANTS, DELTA, Z, A, stride, units, rows);
}

/** sigma and, with dC/da = 1, sigma' of the first `count` z. */
function run(name: string, count: number): void {
  delta.fill(1, 0, count);
  pass(name, count * 4, count, 1);
}

function valueBound(name: string, zj: number, wanted: number): number {
  // 5.9 ulp above -1/2, 2 ulp more down to -2, and below that z^2 / 2 ulp more, through e^(-z^2 / 2)
  let tail = name === 'gelu' && zj < -0.5 ? 2 + (zj < -2 ? zj ** 2 / 2 : 0) : 0;
  // e^-x with an x that has up to five roundings
  if (name === 'geluTanh' && zj < 0) tail = 2.5 * 1.6 * -zj * (1 + 0.045 * zj ** 2);
  // the smallest result of exp is e^-87.3 = 1.2e-38; silu and mish multiply it by z, and geluTanh by 10
  const least = 1.3e-38 * (name === 'silu' || name === 'mish' ? 87.3 : name === 'geluTanh' ? 10 : 1);
  return (KERNELS[name].ulps + tail) * ulp(wanted) + (Math.abs(zj) > (name === 'geluTanh' ? 9.999 : 13) ? least : 0);
}

/**
 * Sixteen roundings of float64. For elu and selu, PyTorch adds -1 to e^z; for gelu, it adds 1 to erf or tanh and
 * multiplies the sum by z. These round numbers of the size of 1.
 */
function goldenBound(name: string, zj: number, value: number): number {
  const cancels = name.startsWith('elu') || name === 'selu' || name.startsWith('gelu');
  return 2 ** -49 * (cancels ? Math.max(1, Math.abs(zj)) : Math.abs(value));
}

/** At the kinks of hardSwish, PyTorch 1.13 has the slope of either side, depending on the place in the array. */
const isUndecided = (name: string, zj: number) => name === 'hardSwish' && Math.abs(zj) === 3;

/**
 * How far a slope may be from PyTorch's; goldenBound is the same for values. For geluTanh, PyTorch multiplies 1 - tanh²
 * u by z u' / 2, where u' is the slope of the argument u of tanh.
 */
function goldenSlopeBound(name: string, zj: number): number {
  // PyTorch rounds the slope of hardSigmoid, 1/6, to float32 even in float64
  if (name === 'hardSigmoid') return EPSILON / 6;
  return 2 ** -49 + (name === 'geluTanh' ? 2 ** -53 * Math.abs(zj) * (1 + 0.14 * zj ** 2) : 0);
}

function expectNear(where: string, got: number, wanted: number, bound: number): void {
  // a number above the largest float must become infinity
  if (Math.abs(wanted) > MAX_FLOAT && got === Math.fround(wanted)) return;
  if (!(Math.abs(got - wanted) <= bound)) throw new Error(`${where}: got ${got}, want ${wanted} within ${bound}`);
}

function expectKernel(
  name: string,
  count: number,
  value: ArrayLike<number>,
  slope: ArrayLike<number>,
  ownBound: typeof goldenBound = () => 0,
): void {
  for (let i = 0; i < count; i++) {
    if (isUndecided(name, z[i])) continue;
    const bound = valueBound(name, z[i], value[i]) + ownBound(name, z[i], value[i]);
    expectNear(`${name}(${z[i]})`, a[i], value[i], bound);
    expectNear(`${name}'(${z[i]})`, delta[i], slope[i], KERNELS[name].slope * EPSILON + 1.3e-38);
  }
}

function referenceOf(name: string, count: number): { value: Float64Array; slope: Float64Array } {
  const exact = Float64Array.from(z.subarray(0, count));
  const ones = new Float64Array(count).fill(1);
  return { value: referenceFor(name).value(exact), slope: referenceFor(name).backward(exact, ones) };
}

interface Golden {
  z: number[];
  activations: Record<string, { a: number[]; slope: number[] }>;
  prelu: Record<'z' | 'errors' | 'a' | 'dz', number[][]> & Record<'slopes' | 'dslopes', number[]>;
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('./golden-activations/activations.json', import.meta.url), 'utf8'),
);

test.each(Object.entries(WORST))('%s keeps its promise at the floats with the largest errors', (name, worst) => {
  z.set(worst);
  run(name, worst.length);
  const { value } = referenceOf(name, worst.length);
  for (let i = 0; i < worst.length; i++)
    expectNear(`${name}(${z[i]})`, a[i], value[i], KERNELS[name].ulps * ulp(value[i]));
});

test('PyTorch has values for every activation', () => {
  expect(Object.keys(golden.activations).sort()).toEqual(NAMES.toSorted());
  const plain = Object.keys(activations).filter((name) => name !== 'softmax');
  expect(NAMES).toEqual(expect.arrayContaining(plain));
});

test('prelu with a slope for each unit has the values, errors and gradients of PyTorch', async () => {
  const { z: rows, slopes, errors, a: wanted, dz, dslopes } = golden.prelu;
  const units = slopes.length;
  z.set(rows.flat());
  delta.set(errors.flat());
  constants.set(slopes);
  core.activate(ACTIVATIONS.prelu, CONSTANTS, A, Z, 4 * units, units, rows.length);
  core.multiplyByPreluSlope(TERMS, CONSTANTS, DELTA, Z, 4 * units, units, rows.length);
  // all these numbers are exact
  expect([...a.subarray(0, 8)]).toEqual(wanted.flat());
  expect([...delta.subarray(0, 8)]).toEqual(dz.flat());
  // a network with this layer gets the same gradients: its weights are the identity, so its z are the rows, and its
  // dC/da are the errors
  const net = await createNetwork({
    inputs: units,
    layers: [{ units, activation: 'prelu', initializer: { weights: identity(units), slopes } }],
    cost: 'quadratic',
  });
  net.forward(Float32Array.from(rows.flat()));
  net.backward(Float32Array.from(wanted.flat(), (value, i) => value - errors.flat()[i]));
  expect([...net.layers[0].getDelta()]).toEqual(dz.flat());
  expect([...net.layers[0].getSlopeGradients()]).toEqual(dslopes.map((slope) => slope / rows.length));
});

const identity = (units: number) => Float32Array.from({ length: units ** 2 }, (_, i) => Number(i % (units + 1) === 0));

describe.each(NAMES)('%s', (name) => {
  const { a: goldenValues, slope: goldenSlopes } = golden.activations[name];

  test('the reference has the values and slopes of PyTorch in float64', () => {
    const exact = Float64Array.from(golden.z);
    const value = referenceFor(name).value(exact);
    const slope = referenceFor(name).backward(exact, new Float64Array(exact.length).fill(1));
    exact.forEach((zj, i) => {
      if (isUndecided(name, zj)) return;
      expectNear(`${name}(${zj})`, value[i], goldenValues[i], goldenBound(name, zj, goldenValues[i]));
      expectNear(`${name}'(${zj})`, slope[i], goldenSlopes[i], goldenSlopeBound(name, zj));
    });
  });

  test('the core computes them in float32', () => {
    z.set(golden.z);
    z.fill(0, golden.z.length, golden.z.length + 4);
    run(name, golden.z.length);
    expectKernel(name, golden.z.length, goldenValues, goldenSlopes, goldenBound);
  });

  test.each([
    [-87, 87],
    [-12.9, 12.9],
    [-5, 5],
    [-1, 1],
    [-1e-3, 1e-3],
    [-1e-30, 1e-30],
  ])('is within its error from %d to %d', (from, to) => {
    for (let i = 0; i < COUNT; i++) {
      z[i] = from + ((to - from) * i) / (COUNT - 1);
    }
    run(name, COUNT);
    const { value, slope } = referenceOf(name, COUNT);
    expectKernel(name, COUNT, value, slope);
  });

  test('rows of 1 to 33 units, and nothing is written beside them', () => {
    const SENTINEL = 12345.5;
    for (let units = 1; units <= 33; units++) {
      const random = randomNumbers(units);
      const stride = Math.ceil(units / 4) * 4 + 4;
      const rows = 3;
      const count = rows * stride;
      for (let i = 0; i < count; i++) z[i] = (random() - 0.5) * 8;
      a.fill(SENTINEL, 0, count);
      for (let i = 0; i < count; i++) delta[i] = i % stride < stride - 4 ? random() - 0.5 : SENTINEL;
      const before = delta.slice(0, count);
      pass(name, stride * 4, units, rows);
      const { value, slope } = referenceOf(name, count);
      for (let i = 0; i < count; i++) {
        const where = `${units} units: [${i}]`;
        if (i % stride >= stride - 4) {
          expectNear(where, a[i], SENTINEL, 0);
          expectNear(where, delta[i], SENTINEL, 0);
        } else if (i % stride < units) {
          expectNear(where, a[i], value[i], valueBound(name, z[i], value[i]));
          // the product's own rounding
          const wanted = before[i] * slope[i];
          const bound = KERNELS[name].slope * EPSILON * Math.abs(before[i]) + EPSILON * Math.abs(wanted);
          expectNear(where, delta[i], wanted, bound);
        }
      }
    }
  });

  test('values and slopes of the largest, the smallest and the subnormal floats are finite and right', () => {
    const extremes = [0, -0, 1e-38, -1e-38, 1e-45, -1e-45, 13.3, -13.3, 88, -88, 1000, -1000, 1e19, -1e19, 3e38, -3e38];
    z.set(extremes);
    run(name, extremes.length);
    const { value, slope } = referenceOf(name, extremes.length);
    expectKernel(name, extremes.length, value, slope);
  });

  test('NaN gives NaN, in its own lane only', () => {
    for (let lane = 0; lane < 4; lane++) {
      z.fill(0.5, 0, 4);
      z[lane] = Number.NaN;
      run(name, 4);
      expect(Array.from(a.subarray(0, 4), Number.isNaN)).toEqual([0, 1, 2, 3].map((j) => j === lane));
    }
  });
});

test('the limits at both infinities', () => {
  const limits: [string, number, number][] = [
    ['sigmoid', 0, 1],
    ['tanh', -1, 1],
    ['relu', 0, Number.POSITIVE_INFINITY],
    ['elu', -1, Number.POSITIVE_INFINITY],
    ['selu', -Math.fround(1.7580993408473766), Number.POSITIVE_INFINITY],
    ['gelu', 0, Number.POSITIVE_INFINITY],
    ['silu', 0, Number.POSITIVE_INFINITY],
    ['geluTanh', 0, Number.POSITIVE_INFINITY],
    ['mish', 0, Number.POSITIVE_INFINITY],
    ['hardSwish', 0, Number.POSITIVE_INFINITY],
    ['relu6', 0, 6],
    ['leakyRelu(-1.5)', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['softplus', 0, Number.POSITIVE_INFINITY],
    ['hardSigmoid', 0, 1],
  ];
  for (const [name, low, high] of limits) {
    z.set([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0]);
    run(name, 4);
    if (low === Number.POSITIVE_INFINITY) expect(a[0], name).toBe(low);
    else expect(Math.abs(a[0] - low), name).toBeLessThanOrEqual(2e-36);
    expect(a[1], name).toBe(high);
  }
});

test('at a jump of the slope, it is that of PyTorch: the one from below, but 0 at both ends of hard sigmoid', () => {
  const sixth = Math.fround(1 / 6);
  const jumps: [string, number[], number[]][] = [
    ['relu', [-1e-45, 0, -0, 1e-45], [0, 0, 0, 1]],
    ['leakyRelu', [-1e-45, 0, -0, 1e-45], [0.01, 0.01, 0.01, 1].map(Math.fround)],
    ['elu', [-1e-45, 0, -0, 1e-45], [1, 1, 1, 1]],
    ['selu', [-1e-45, 0, -0, 1e-45], [1.7580993408473766, 1.7580993408473766, 1.7580993408473766, 1.0507009873554805]],
    ['leakyRelu(3)', [-1e-45, 0, -0, 1e-45], [3, 3, 3, 1]],
    ['prelu', [-1e-45, 0, -0, 1e-45], [0.25, 0.25, 0.25, 1]],
    ['elu(2.5)', [-1e-45, 0, -0, 1e-45], [2.5, 2.5, 2.5, 1]],
    ['relu6', [0, 6, 1e-45, 6 - 2 ** -21], [0, 0, 1, 1]],
    ['hardSwish', [-3, 3, -3 - 2 ** -22, 3 + 2 ** -22], [0, 1, 0, 1]],
    ['hardSigmoid', [-3, 3, -3 + 2 ** -22, 3 - 2 ** -22], [0, 0, sixth, sixth]],
  ];
  for (const [name, at, slopes] of jumps) {
    z.set(at);
    run(name, 4);
    expect([...delta.subarray(0, 4)], name).toEqual(slopes.map(Math.fround));
  }
});

/** Where functions have their minimum, rounded up. */
const MINIMA: Readonly<Record<string, number>> = {
  gelu: -0.75,
  geluTanh: -0.75,
  silu: -1.27,
  mish: -1.19,
  hardSwish: -1.5,
};

test('every function rises, within its error, from its minimum on', () => {
  for (const name of NAMES) {
    const rising = MINIMA[name] ?? (name === 'leakyRelu(-1.5)' ? 0 : -20);
    for (let i = 0; i < 4096; i++) z[i] = rising + ((20 - rising) * i) / 4095;
    run(name, 4096);
    const falls = a.subarray(1, 4096).findIndex((value, i) => value < a[i] - 4 * ulp(value));
    expect(falls, `${name} at ${z[falls]}`).toBe(-1);
  }
});

// A hash of results for fixed inputs. It must be the same in every engine, and must not change unnoticed from version
// to version.
test.skipIf(buildName === 'relaxed')('many values and slopes have the same bits everywhere', () => {
  const hashes = NAMES.map((name) => {
    for (let i = 0; i < COUNT; i++) z[i] = (i - COUNT / 2) / 2500;
    run(name, COUNT);
    return hashOfWords(delta.subarray(0, COUNT), hashOfWords(a.subarray(0, COUNT)));
  });
  expect(Object.fromEntries(NAMES.map((name, i) => [name, hashes[i]]))).toMatchInlineSnapshot(`
    {
      "elu": 3200899011,
      "elu(0.5)": 139057091,
      "elu(2.5)": 369186556,
      "gelu": 1304955512,
      "geluTanh": 2176007842,
      "hardSigmoid": 2025296909,
      "hardSwish": 3186849919,
      "leakyRelu": 3921200477,
      "leakyRelu(-1.5)": 2451972692,
      "leakyRelu(0.2)": 1605394295,
      "leakyRelu(3)": 1470505556,
      "linear": 3287046634,
      "mish": 2126725570,
      "prelu": 451697130,
      "relu": 524484950,
      "relu6": 2612500449,
      "selu": 3127199037,
      "sigmoid": 1497546368,
      "silu": 3790703348,
      "softplus": 4213229434,
      "softsign": 4061814277,
      "tanh": 3233290821,
    }
  `);
});
