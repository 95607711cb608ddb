import { beforeAll, describe, expect, test } from 'vitest';
import * as abi from '../assembly/abi.js';
import { type Kernels, startKernels } from './build.js';

const BLOCK = 1 << 16;
const TARGET = BLOCK + 64;
const COUNT = 100_000;

let core: Kernels;
let words: Uint32Array;
let floats: Float32Array;
let header: DataView;

beforeAll(async () => {
  const kernels = await startKernels(TARGET + COUNT * 4 + 64);
  core = kernels.core;
  words = new Uint32Array(kernels.memory.buffer, TARGET, COUNT);
  floats = new Float32Array(kernels.memory.buffer, TARGET, COUNT);
  header = new DataView(kernels.memory.buffer, abi.HEADER);
  header.setUint32(abi.RANDOM_BLOCK, BLOCK, true);
  setSeed(42);
});

function setSeed(seed: number): void {
  header.setUint32(abi.SEED_LOW, seed, true);
  header.setUint32(abi.SEED_HIGH, 0, true);
}

describe('philox', () => {
  // Known answers of the authors' library: Random123, kat_vectors, philox4x32 10
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('counter %j under key %j', (counter, key, wanted) => {
    const [c0, c1, c2, c3] = counter;
    core.philox(TARGET, c0, c1, c2, c3, key[0], key[1]);
    expect([...words.subarray(0, 4)]).toEqual(wanted);
  });
});

test('normalQuantile agrees with tables to seven digits and is odd about 1/2', () => {
  // Standard normal quantiles to 15 digits
  const table: [number, number][] = [
    [0.5, 0],
    [0.75, 0.674489750196082],
    [0.9, 1.2815515655446],
    [0.975, 1.95996398454005],
    [0.999, 3.09023230616781],
    [1 - 2 ** -33, 6.33795775],
  ];
  for (const [p, x] of table) {
    expect(Math.abs(core.normalQuantile(p) - x)).toBeLessThan(1e-6 * Math.max(1, x));
    expect(core.normalQuantile(1 - p)).toBeCloseTo(-core.normalQuantile(p), 6);
  }
});

test('fillNormal has the mean, deviation and tails of a normal distribution', () => {
  core.fillNormal(TARGET, COUNT, 2, abi.RANDOM_WEIGHTS, 0);
  const mean = floats.reduce((sum, x) => sum + x, 0) / COUNT;
  const variance = floats.reduce((sum, x) => sum + (x - mean) ** 2, 0) / COUNT;
  const beyond = floats.filter((x) => Math.abs(x) > 4).length / COUNT;
  // five standard errors each
  expect(Math.abs(mean)).toBeLessThan((5 * 2) / Math.sqrt(COUNT));
  expect(Math.abs(variance / 4 - 1)).toBeLessThan(5 * Math.sqrt(2 / COUNT));
  expect(Math.abs(beyond - 0.0455)).toBeLessThan(5 * Math.sqrt(0.0455 / COUNT));
});

test('fillUniform fills [-limit, limit] evenly', () => {
  core.fillUniform(TARGET, COUNT, 3, abi.RANDOM_WEIGHTS, 0);
  const cells = new Array(10).fill(0);
  for (const x of floats) {
    expect(Math.abs(x)).toBeLessThanOrEqual(3);
    cells[Math.min(9, Math.floor(((x + 3) / 6) * 10))]++;
  }
  for (const count of cells) expect(Math.abs(count - COUNT / 10)).toBeLessThan(5 * Math.sqrt(COUNT * 0.09));
});

test('another seed, purpose or stream gives other numbers, the same three give the same numbers', () => {
  const draw = (seed: number, purpose: number, stream: number) => {
    setSeed(seed);
    core.fillNormal(TARGET, 9, 1, purpose, stream);
    return floats.slice(0, 9).join();
  };
  const drawn = [draw(1, 1, 1), draw(2, 1, 1), draw(1, 2, 1), draw(1, 1, 2)];
  expect(new Set(drawn).size).toBe(4);
  expect(draw(1, 1, 1)).toBe(drawn[0]);
  setSeed(42);
});

test.each([1, 2, 3, 7, 33, 1000])('shuffle of %i is a permutation, and another one for each stream', (count) => {
  const draw = (stream: number) => {
    core.shuffle(TARGET, count, abi.RANDOM_ORDER, stream);
    return [...words.subarray(0, count)];
  };
  const first = draw(0);
  expect(first.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  expect(draw(0)).toEqual(first);
  if (count > 3) expect(draw(1)).not.toEqual(first);
});

test('after a shuffle, every sample is equally likely to be at every place', () => {
  const n = 5;
  const draws = 20_000;
  const counts = Array.from({ length: n }, () => new Array(n).fill(0));
  for (let stream = 0; stream < draws; stream++) {
    core.shuffle(TARGET, n, abi.RANDOM_ORDER, stream);
    for (let place = 0; place < n; place++) counts[place][words[place]]++;
  }
  for (const count of counts.flat()) expect(Math.abs(count - draws / n)).toBeLessThan(5 * Math.sqrt(draws * 0.16));
});
