import { beforeAll, describe, expect, test } from 'vitest';
import * as abi from '../assembly/abi.js';
import { EPSILON, type Kernels, randomNumbers, startKernels } from './build.js';
import { activations, costs, type ReferenceActivation, type ReferenceCost } from './reference.js';

// Every kernel against plain f64 loops, on sizes 1 to 33 and strides longer than a row. Where the kernel promises a region it
// does not touch, sentinels stand around it.

const START = 1 << 16;
const SENTINEL = 12345.5;
const SIZES = Array.from({ length: 33 }, (_, i) => i + 1);
const roundUp = (n: number, to: number) => Math.ceil(n / to) * to;

let core: Kernels;
let memory: Float32Array;
let words: Uint32Array;
let next: number;

beforeAll(async () => {
  const kernels = await startKernels(8 << 20);
  core = kernels.core;
  memory = new Float32Array(kernels.memory.buffer);
  words = new Uint32Array(kernels.memory.buffer);
});

/** A fresh region of `floats` numbers at a 64-byte line, its neighbours filled with sentinels. */
function place(floats: number, value: (i: number) => number): { address: number; index: number } {
  const index = roundUp(next, 16) + 16;
  memory.fill(SENTINEL, index - 16, index);
  for (let i = 0; i < floats; i++) memory[index + i] = value(i);
  next = index + floats;
  memory.fill(SENTINEL, next, next + 16);
  return { address: index * 4, index };
}

function startOver(): void {
  next = START / 4;
}

/** c + sum of n products: n + 1 roundings of the absolute sum. */
function expectClose(name: string, got: number, wanted: number, size: number, roundings: number): void {
  const bound = roundings * EPSILON * size;
  if (!(Math.abs(got - wanted) <= bound)) throw new Error(`${name}: got ${got}, want ${wanted} within ${bound}`);
}

describe('product, productActive and productNarrow', () => {
  test.each(SIZES)('%i inputs, 1 to 33 rows: the panel product, row by row, and nothing beside it', (depth) => {
    for (const rows of [1, 2, 3, 4, 7, 10, 33]) {
      startOver();
      const random = randomNumbers(depth * 100 + rows);
      const signed = () => random() * 2 - 1;
      const aStride = depth + 3;
      const cStride = 48;
      const a = place(rows * aStride, signed);
      const panel = place(depth * 16, signed);
      const init = place(16, signed);
      const c = place(rows * cStride, () => SENTINEL);
      // every other input, and its value in every row
      const active = Array.from({ length: depth }, (_, k) => k).filter((k) => k % 2 === 0);
      const list = place(active.length, () => 0);
      active.forEach((k, i) => {
        words[list.index + i] = 4 * k;
      });
      const all = Array.from({ length: depth }, (_, k) => k);
      const narrow = all.slice();
      for (const inputs of [all, active, narrow]) {
        memory.fill(SENTINEL, c.index, c.index + rows * cStride);
        const isNarrow = inputs === narrow;
        if (isNarrow) {
          core.productNarrow(
            c.address,
            cStride * 4,
            a.address,
            aStride * 4,
            panel.address,
            init.address,
            0,
            depth,
            rows,
          );
        } else if (inputs === active) {
          core.productActive(
            c.address,
            cStride * 4,
            a.address,
            aStride * 4,
            panel.address,
            init.address,
            0,
            list.address,
            active.length,
            rows,
          );
        } else {
          core.product(c.address, cStride * 4, a.address, aStride * 4, panel.address, init.address, 0, depth, rows);
        }
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < (isNarrow ? 4 : 16); j++) {
            let sum = memory[init.index + j];
            let size = Math.abs(sum);
            for (const k of inputs) {
              const term = memory[a.index + i * aStride + k] * memory[panel.index + k * 16 + j];
              sum += term;
              size += Math.abs(term);
            }
            expectClose(`c[${i}][${j}]`, memory[c.index + i * cStride + j], sum, size, inputs.length + 1);
          }
          expect(memory[c.index + i * cStride + (isNarrow ? 4 : 16)]).toBe(SENTINEL);
        }
        expect(memory[c.index - 1]).toBe(SENTINEL);
      }
    }
  });

  test('added up in blocks, the bits are those of one product', () => {
    startOver();
    const random = randomNumbers(5);
    const depth = 33;
    const rows = 3;
    const a = place(rows * depth, () => random() - 0.5);
    const panel = place(depth * 16, () => random() - 0.5);
    const init = place(16, () => random() - 0.5);
    const whole = place(rows * 16, () => 0);
    const blocked = place(rows * 16, () => 0);
    core.product(whole.address, 64, a.address, depth * 4, panel.address, init.address, 0, depth, rows);
    core.product(blocked.address, 64, a.address, depth * 4, panel.address, init.address, 0, 20, rows);
    const rest = panel.address + 20 * 64;
    core.product(blocked.address, 64, a.address + 80, depth * 4, rest, blocked.address, 64, 13, rows);
    expect(words.slice(blocked.index, blocked.index + rows * 16)).toEqual(
      words.slice(whole.index, whole.index + rows * 16),
    );
  });

  test('an input that is zero in every row leaves the same bits whether it is listed or not', () => {
    startOver();
    const random = randomNumbers(6);
    const depth = 21;
    const rows = 5;
    const a = place(rows * depth, (i) => ((i % depth) % 3 ? 0 : random() - 0.5));
    const panel = place(depth * 16, () => random() - 0.5);
    const init = place(16, () => 0);
    const dense = place(rows * 16, () => 0);
    const sparse = place(rows * 16, () => 0);
    const list = place(7, () => 0);
    for (let i = 0; i < 7; i++) words[list.index + i] = 4 * 3 * i;
    core.product(dense.address, 64, a.address, depth * 4, panel.address, init.address, 0, depth, rows);
    core.productActive(sparse.address, 64, a.address, depth * 4, panel.address, init.address, 0, list.address, 7, rows);
    expect(words.slice(sparse.index, sparse.index + rows * 16)).toEqual(
      words.slice(dense.index, dense.index + rows * 16),
    );
  });
});

describe('addOuterProducts and addOuterProductsNarrow', () => {
  test.each(SIZES)('%i inputs, 1 to 33 rows: panel += scale . sum of a delta, listed inputs only', (depth) => {
    for (const rows of [1, 2, 3, 10, 33]) {
      startOver();
      const random = randomNumbers(depth * 100 + rows);
      const signed = () => random() * 2 - 1;
      const aStride = depth + 1;
      const a = place(rows * aStride, signed);
      const delta = place(rows * 32, signed);
      const panel = place(depth * 16, signed);
      const before = memory.slice(panel.index, panel.index + depth * 16);
      const active = Array.from({ length: depth }, (_, k) => k).filter((k) => depth < 3 || k % 3 !== 1);
      const list = place(active.length, () => 0);
      active.forEach((k, i) => {
        words[list.index + i] = 4 * k;
      });
      const scale = Math.fround(-0.3);
      for (const columns of [16, 4]) {
        memory.set(before, panel.index);
        const add = columns === 16 ? core.addOuterProducts : core.addOuterProductsNarrow;
        add(panel.address, a.address, aStride * 4, delta.address, 128, list.address, active.length, rows, scale);
        for (let k = 0; k < depth; k++) {
          for (let j = 0; j < 16; j++) {
            const got = memory[panel.index + k * 16 + j];
            const old = before[k * 16 + j];
            if (!active.includes(k) || j >= columns) {
              expect(got).toBe(old);
              continue;
            }
            let sum = old;
            let size = Math.abs(old);
            for (let i = 0; i < rows; i++) {
              const term = scale * memory[a.index + i * aStride + k] * memory[delta.index + i * 32 + j];
              sum += term;
              size += Math.abs(term);
            }
            expectClose(`panel[${k}][${j}]`, got, sum, size, rows + 3);
          }
        }
      }
      expect(memory[panel.index - 1]).toBe(SENTINEL);
      expect(memory[panel.index + depth * 16]).toBe(SENTINEL);
    }
  });
});

test.each(SIZES)('addColumnSums adds the scaled sums of %i columns', (columns) => {
  for (const rows of [1, 2, 7, 33]) {
    startOver();
    const random = randomNumbers(columns + rows);
    const stride = roundUp(columns, 4) + 4;
    const m = place(rows * stride, () => random() - 0.5);
    const target = place(roundUp(columns, 4), () => random());
    const before = memory.slice(target.index, target.index + columns);
    core.addColumnSums(target.address, m.address, stride * 4, columns, rows, 0.25);
    for (let j = 0; j < columns; j++) {
      let sum = before[j];
      let size = Math.abs(sum);
      for (let i = 0; i < rows; i++) {
        sum += 0.25 * memory[m.index + i * stride + j];
        size += 0.25 * Math.abs(memory[m.index + i * stride + j]);
      }
      expectClose(`sum[${j}]`, memory[target.index + j], sum, size, rows + 2);
    }
    expect(memory[target.index + roundUp(columns, 4)]).toBe(SENTINEL);
  }
});

test.each(SIZES)('transpose turns panels of units into panels of inputs: %i inputs, 1 to 33 units', (fanIn) => {
  for (const units of SIZES) {
    startOver();
    const weights = place(roundUp(units, 16) * fanIn, (i) => i + 1);
    const rows = roundUp(units, 4);
    const target = place(roundUp(fanIn, 16) * rows, () => SENTINEL);
    core.transpose(target.address, weights.address, fanIn, units);
    for (let j = 0; j < units; j++) {
      for (let k = 0; k < roundUp(fanIn, 16); k++) {
        const got = memory[target.index + (k >> 4) * rows * 16 + j * 16 + (k & 15)];
        const last = Math.min(16, fanIn - (k & ~15));
        // of a panel of 8 inputs or less, only the groups of four that are used
        const isLeft = last <= 8 && (k & 15) >= roundUp(last, 4);
        const wanted = isLeft
          ? SENTINEL
          : k < fanIn
            ? memory[weights.index + ((j >> 4) * fanIn + k) * 16 + (j & 15)]
            : 0;
        if (got !== wanted) throw new Error(`w[${j}][${k}]: got ${got}, want ${wanted}`);
      }
    }
    expect(memory[target.index + roundUp(fanIn, 16) * rows]).toBe(SENTINEL);
  }
});

const ACTIVATIONS: [ReferenceActivation, number][] = [
  ['linear', abi.LINEAR],
  ['sigmoid', abi.SIGMOID],
  ['tanh', abi.TANH],
  ['relu', abi.RELU],
  ['softmax', abi.SOFTMAX],
];

describe.each(ACTIVATIONS)('%s', (name, id) => {
  const reference = activations[name];

  test.each(SIZES)('forward and backward on rows of %i units', (units) => {
    for (const rows of [1, 3]) {
      startOver();
      const random = randomNumbers(units);
      const stride = roundUp(units, 4) + 4;
      const z = place(rows * stride, () => (random() - 0.5) * 8);
      const a = place(rows * stride, () => SENTINEL);
      const delta = place(rows * stride, (i) => (i % stride < units ? random() - 0.5 : 0));
      core.activate(id, a.address, z.address, stride * 4, units, rows);
      const dCda = Float64Array.from(memory.slice(delta.index, delta.index + rows * stride));
      core.multiplyBySlope(id, delta.address, z.address, a.address, stride * 4, units, rows);
      for (let i = 0; i < rows; i++) {
        const at = (m: { index: number }, j: number) => memory[m.index + i * stride + j];
        const zRow = Float64Array.from({ length: units }, (_, j) => at(z, j));
        const wanted = reference.value(zRow);
        const slopes = reference.backward(zRow, dCda.slice(i * stride, i * stride + units));
        for (let j = 0; j < units; j++) {
          // each of these is below 2 ulp; softmax adds the sum of its row and a division
          expectClose(`a[${i}][${j}]`, at(a, j), wanted[j], Math.abs(wanted[j]), 8 + (name === 'softmax' ? units : 0));
          // |sigma'| and the terms it is made of are at most 1
          expectClose(`delta[${i}][${j}]`, at(delta, j), slopes[j], 1, 16 + (name === 'softmax' ? units : 0));
        }
        expect(at(a, roundUp(units, 4))).toBe(SENTINEL);
      }
    }
  });

  test('extreme weighted inputs give finite activations and slopes', () => {
    startOver();
    const extremes = [0, -0, 1e-38, -1e-38, 88, -88, 1000, -1000, 3e38, -3e38, 1e-45, 0.625];
    const z = place(12, (i) => extremes[i]);
    const a = place(12, () => 0);
    const delta = place(12, () => 1);
    core.activate(id, a.address, z.address, 48, 12, 1);
    core.multiplyBySlope(id, delta.address, z.address, a.address, 48, 12, 1);
    const wanted = reference.value(Float64Array.from(memory.slice(z.index, z.index + 12)));
    for (let j = 0; j < 12; j++) {
      // the smallest result of exp is e^-87.3 = 1.2e-38
      const got = memory[a.index + j];
      expect(Math.abs(got - wanted[j])).toBeLessThanOrEqual(8 * EPSILON * Math.abs(wanted[j]) + 1.3e-38);
      expect(memory[delta.index + j]).toSatisfy(Number.isFinite);
    }
  });

  test('NaN in, NaN out', () => {
    startOver();
    const z = place(4, (i) => (i === 1 ? Number.NaN : 0.5));
    const a = place(4, () => 0);
    core.activate(id, a.address, z.address, 16, 4, 1);
    expect(memory[a.index + 1]).toBeNaN();
    if (name !== 'softmax') expect(memory[a.index]).not.toBeNaN();
  });
});

test('relu passes no gradient at exactly 0', () => {
  startOver();
  const a = place(4, (i) => [0, -0, 1, 0][i]);
  const delta = place(4, () => 7);
  core.multiplyBySlope(abi.RELU, delta.address, 0, a.address, 16, 4, 1);
  expect([...memory.slice(delta.index, delta.index + 4)]).toEqual([0, 0, 7, 0]);
});

const COSTS: [ReferenceCost, number, ReferenceActivation, number][] = [
  ['quadratic', abi.QUADRATIC, 'linear', abi.LINEAR],
  ['quadratic', abi.QUADRATIC, 'sigmoid', abi.SIGMOID],
  ['quadratic', abi.QUADRATIC, 'tanh', abi.TANH],
  ['quadratic', abi.QUADRATIC, 'relu', abi.RELU],
  ['quadratic', abi.QUADRATIC, 'softmax', abi.SOFTMAX],
  ['binaryCrossEntropy', abi.BINARY_CROSS_ENTROPY, 'sigmoid', abi.SIGMOID],
  ['categoricalCrossEntropy', abi.CATEGORICAL_CROSS_ENTROPY, 'softmax', abi.SOFTMAX],
];

describe.each(COSTS)('%s on %s outputs', (costName, cost, activationName, activation) => {
  test.each(SIZES)('cost and delta of rows of %i units', (units) => {
    const rows = 3;
    startOver();
    const random = randomNumbers(units);
    const stride = roundUp(units, 4) + 4;
    const yStride = roundUp(units, 4) + 8;
    const z = place(rows * stride, () => (random() - 0.5) * 10);
    const a = place(rows * stride, () => SENTINEL);
    // a probability for each unit, or one-hot rows; the fill lanes hold what must not count
    const hot = Array.from({ length: rows }, () => Math.floor(random() * units));
    const y = place(rows * yStride, (i) => {
      const column = i % yStride;
      if (column >= units) return SENTINEL;
      return activationName === 'softmax' ? Number(hot[Math.floor(i / yStride)] === column) : random();
    });
    const delta = place(rows * stride, () => SENTINEL);
    core.activate(activation, a.address, z.address, stride * 4, units, rows);
    const sum = core.costSum(cost, z.address, a.address, y.address, 0, stride * 4, yStride * 4, units, rows);
    core.outputError(
      cost,
      activation,
      0,
      delta.address,
      z.address,
      a.address,
      y.address,
      stride * 4,
      yStride * 4,
      units,
      rows,
    );
    let wantedSum = 0;
    let size = 0;
    for (let i = 0; i < rows; i++) {
      const rowOf = (m: { index: number }, s: number) =>
        Float64Array.from(memory.slice(m.index + i * s, m.index + i * s + units));
      const zRow = rowOf(z, stride);
      const yRow = rowOf(y, yStride);
      const exactA = activations[activationName].value(zRow);
      wantedSum += costs[costName].value(yRow, zRow, exactA);
      // the terms that are added and taken away are at most this large
      for (let j = 0; j < units; j++) size += Math.abs(zRow[j]) + (exactA[j] - yRow[j]) ** 2 + 1;
      const wanted = costs[costName].delta(yRow, zRow, exactA, activations[activationName]);
      for (let j = 0; j < units; j++) {
        const scale = activationName === 'relu' || activationName === 'linear' ? 1 + Math.abs(zRow[j]) : 2;
        const got = memory[delta.index + i * stride + j];
        expectClose(`delta[${i}][${j}]`, got, wanted[j], scale, 16 + (activationName === 'softmax' ? units : 0));
      }
      for (let j = units; j < roundUp(units, 4); j++) expect(Math.abs(memory[delta.index + i * stride + j])).toBe(0);
      expect(memory[delta.index + i * stride + roundUp(units, 4)]).toBe(SENTINEL);
    }
    expectClose('cost', sum, wantedSum, size, 16);
  });
});

test.each([
  ['binaryCrossEntropy', abi.BINARY_CROSS_ENTROPY, abi.SIGMOID],
  ['categoricalCrossEntropy', abi.CATEGORICAL_CROSS_ENTROPY, abi.SOFTMAX],
] as const)(
  '%s stays finite and keeps its gradient where the output saturates at the wrong end',
  (_name, cost, activation) => {
    startOver();
    const z = place(4, (i) => [-500, 500, 0, 0][i]);
    const a = place(4, () => 0);
    const y = place(4, (i) => [1, 0, 0, 0][i]);
    const delta = place(4, () => 0);
    core.activate(activation, a.address, z.address, 16, 2, 1);
    core.outputError(cost, activation, 0, delta.address, z.address, a.address, y.address, 16, 16, 2, 1);
    // two sigmoids each wrong by 500; one softmax whose right class is 1000 below the other
    expect(core.costSum(cost, z.address, a.address, y.address, 0, 16, 16, 2, 1)).toBeCloseTo(1000, 3);
    expect(memory[delta.index]).toBeCloseTo(-1, 6);
    expect(memory[delta.index + 1]).toBeCloseTo(1, 6);
  },
);
