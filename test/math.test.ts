import { beforeAll, describe, expect, test } from 'vitest';
import { ulp } from './bounds.js';
import { buildName, type Kernels, startKernels } from './build.js';
import { hashOfWords } from './parameters.js';

const SOURCE = 1 << 16;
const COUNT = 1 << 18;
const TARGET = SOURCE + COUNT * 4;

let core: Kernels;
let source: Float32Array;
let target: Float32Array;

beforeAll(async () => {
  const kernels = await startKernels(TARGET + COUNT * 4);
  core = kernels.core;
  source = new Float32Array(kernels.memory.buffer, SOURCE, COUNT);
  target = new Float32Array(kernels.memory.buffer, TARGET, COUNT);
});

/** The largest error in ulp over COUNT floats between `from` and `to`, spread evenly. */
function worstError(f: number, exact: (x: number) => number, from: number, to: number): number {
  for (let i = 0; i < COUNT; i++) source[i] = from + ((to - from) * i) / (COUNT - 1);
  core.mapFloats(f, TARGET, SOURCE, COUNT);
  let worst = 0;
  for (let i = 0; i < COUNT; i++) {
    const wanted = exact(source[i]);
    const error = Math.abs(target[i] - wanted) / ulp(wanted);
    if (!(error <= worst)) worst = error;
    if (Number.isNaN(error) && wanted !== 0) throw new Error(`f(${source[i]}): got ${target[i]}, want ${wanted}`);
  }
  return worst;
}

// The largest errors that the header of math.ts promises, in ulp. They also hold for the fused build, which rounds less
// often.
const FUNCTIONS: [string, number, (x: number) => number, number, [number, number][]][] = [
  [
    'exp',
    0,
    Math.exp,
    1.1,
    [
      [-87.3, 87.3],
      [-1, 1],
      [-1e-3, 1e-3],
    ],
  ],
  [
    'log',
    1,
    Math.log,
    1.1,
    [
      [1e-3, 2],
      [0.5, 1.5],
      [1, 1e6],
      [1.2e-38, 1e-36],
      [0.999, 1.001],
    ],
  ],
  [
    'log1p',
    2,
    Math.log1p,
    2.1,
    [
      [0, 1],
      [0, 1e-3],
      [0, 1e-7],
    ],
  ],
  [
    'tanh',
    3,
    Math.tanh,
    2.8,
    [
      // the largest error of all floats is at 0.17337787: npm run bench:ulp
      [0.1733, 0.1734],
      [-10, 10],
      [-1, 1],
      [-1e-3, 1e-3],
      [0.6, 0.65],
    ],
  ],
  [
    'sigmoid',
    4,
    (x) => 1 / (1 + Math.exp(-x)),
    2.6,
    [
      [-87, 87],
      [-10, 10],
      [-1e-3, 1e-3],
    ],
  ],
];

describe.each(FUNCTIONS)('%s', (_name, f, exact, bound, ranges) => {
  test.each(ranges)('is within its error from %d to %d', (from, to) => {
    expect(worstError(f, exact, from, to)).toBeLessThanOrEqual(bound);
  });

  test('NaN stays NaN', () => {
    source.fill(Number.NaN, 0, 4);
    core.mapFloats(f, TARGET, SOURCE, 4);
    // log is only called with positive numbers
    if (f !== 1) expect(target[0]).toBeNaN();
  });
});

test('exp, tanh and sigmoid have their limits at both infinities', () => {
  source.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30]);
  core.mapFloats(0, TARGET, SOURCE, 4);
  expect(target[1]).toBeLessThan(1.3e-38);
  expect(target[0]).toSatisfy(Number.isFinite);
  core.mapFloats(3, TARGET, SOURCE, 4);
  expect([...target.subarray(0, 4)]).toEqual([1, -1, 1, -1]);
  core.mapFloats(4, TARGET, SOURCE, 4);
  expect(target[0]).toBe(1);
  expect(target[1]).toBeLessThan(1.3e-38);
});

test('tanh is never beyond 1, and is 1 from 8.84 on', () => {
  for (let i = 0; i < COUNT; i++) source[i] = 8 + (1.2 * i) / COUNT;
  core.mapFloats(3, TARGET, SOURCE, COUNT);
  expect(target.subarray(0, COUNT).every((value, i) => (source[i] < 8.84 ? value <= 1 : value === 1))).toBe(true);
});

test('tanh keeps the sign of zero', () => {
  source.set([-0, 0, -1e-45, 1e-45]);
  core.mapFloats(3, TARGET, SOURCE, 4);
  expect([...target.subarray(0, 4)]).toEqual([...source.subarray(0, 4)]);
});

test('tanh is odd', () => {
  source.set([0.3, -0.3, 0.7, -0.7, 3, -3, 1e-30, -1e-30]);
  core.mapFloats(3, TARGET, SOURCE, 8);
  for (let i = 0; i < 8; i += 2) expect(target[i]).toBe(-target[i + 1]);
});

// A hash of results for fixed inputs. It must be the same in every engine, and must not change unnoticed from version
// to version.
test.skipIf(buildName === 'relaxed')('many results have the same bits everywhere', () => {
  const hashes = FUNCTIONS.map(([, f]) => {
    for (let i = 0; i < COUNT; i++) source[i] = f === 1 ? (i + 1) / 1000 : f === 2 ? i / COUNT : (i - COUNT / 2) / 3000;
    core.mapFloats(f, TARGET, SOURCE, COUNT);
    return hashOfWords(target.subarray(0, COUNT));
  });
  expect(hashes).toMatchInlineSnapshot(`
    [
      1615310477,
      210479635,
      424589378,
      2677388989,
      3650423582,
    ]
  `);
});
