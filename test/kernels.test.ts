import { beforeAll, describe, expect, test } from 'vitest';
import * as abi from '../assembly/abi.js';
import { activations, costs, type ReferenceActivation, type ReferenceCost } from '../src/inspection/reference.js';
import { buildName, costSum, EPSILON, type Kernels, startKernels, startWideTiles } from './build.js';
import { randomNumbers } from './random-numbers.js';

// Compares every kernel with plain f64 loops, on sizes 1 to 33 and strides longer than a row. Sentinels surround each
// region that a kernel promises not to touch.

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

/** A new region of `floats` numbers that begins on a cache line, with sentinels around it. */
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

/**
 * The tolerance is `roundings` times the rounding of `size`. For c plus a sum of n products, these are n + 1 and the
 * sum of the absolute values of all terms.
 */
function expectClose(name: string, got: number, wanted: number, size: number, roundings: number): void {
  const bound = roundings * EPSILON * size;
  if (!(Math.abs(got - wanted) <= bound)) throw new Error(`${name}: got ${got}, want ${wanted} within ${bound}`);
}

describe('product, productAhead, productTwelve, productNarrow, productShallow and the tiles for wide registers', () => {
  test.each(SIZES)(
    '%i inputs, 1 to 33 rows: the panel product, row by row, and nothing is written beside it or beyond the rows of a tile',
    (depth) => {
      const wideBytes = 4 * START;
      const wideTiles = startWideTiles(memory, wideBytes);
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
        for (const [tile, columns, written, height, ahead] of [
          [core.product, 16, 16, 1],
          [core.productAhead, 16, 16, 2, (done: number) => memory.byteLength - (done / 2) * Math.ceil(depth / 2) * 32],
          [core.productTwelve, 12, 16, 3],
          [core.productNarrow, 4, 4, 1],
          [core.productShallow, 8, 8, 1],
          [wideTiles[0], 16, 16, 5],
          [wideTiles[1], 16, 16, 5, (done: number) => wideBytes - (done / 5) * Math.ceil(depth / 8) * 64],
        ] as const) {
          if (tile === core.productShallow && depth > 2) continue;
          memory.fill(SENTINEL, c.index, c.index + rows * cStride);
          // what is read ahead lies at the end of the memory, so that reading more of it throws
          const done = rows - (rows % height);
          tile(
            c.address,
            cStride * 4,
            a.address,
            aStride * 4,
            panel.address,
            init.address,
            depth,
            done,
            0,
            0,
            ahead ? ahead(done) : 0,
          );
          for (let i = 0; i < done; i++) {
            for (let j = 0; j < columns; j++) {
              let sum = memory[init.index + j];
              let size = Math.abs(sum);
              for (let k = 0; k < depth; k++) {
                const term = memory[a.index + i * aStride + k] * memory[panel.index + k * 16 + j];
                sum += term;
                size += Math.abs(term);
              }
              expectClose(`c[${i}][${j}]`, memory[c.index + i * cStride + j], sum, size, depth + 1);
            }
            const rest = memory.subarray(c.index + i * cStride + columns, c.index + i * cStride + written);
            expect(rest.every((value) => value === 0)).toBe(true);
            expect(memory[c.index + i * cStride + written]).toBe(SENTINEL);
          }
          expect(memory.slice(c.index + done * cStride, c.index + rows * cStride).every((x) => x === SENTINEL)).toBe(
            true,
          );
          expect(memory[c.index - 1]).toBe(SENTINEL);
        }
      }
    },
  );
});

// some sizes have more rows than a block of panelProduct, or more inputs than a block of addProducts. The fused build
// rounds differently, so it is left out
describe.skipIf(buildName === 'relaxed')('whole layers: the bits of one chain of additions for each output', () => {
  const fround = Math.fround;
  /** A new region, to whose address a word of the header is set. Returns the address in bytes. */
  const point = (offset: number, floats: number) => {
    words[(abi.HEADER + offset) / 4] = place(floats, () => 0).address;
  };

  test.each([
    [1, 1, 1],
    [3, 300, 50],
    [400, 33, 7],
    [5, 520, 25],
    // a depth of 1 or 2 uses the shallow tile if there are more than four units
    [7, 1, 5],
    [7, 2, 8],
    [7, 2, 29],
    // 12 units use tiles of twelve, 13 units tiles of sixteen
    [7, 9, 12],
    [7, 9, 13],
    [7, 9, 29],
  ])('panelProduct: %i rows, %i deep, %i wide', (rows, depth, width) => {
    startOver();
    const random = randomNumbers(rows + depth + width);
    const signed = () => random() - 0.5;
    const cStride = roundUp(width, 16);
    const a = place(rows * depth, signed);
    const panels = place(depth * cStride, signed);
    const init = place(cStride, signed);
    const c = place(rows * cStride, () => SENTINEL);
    core.panelProduct(
      c.address,
      cStride * 4,
      a.address,
      depth * 4,
      panels.address,
      depth * 64,
      init.address,
      depth,
      width,
      rows,
    );
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < width; j++) {
        let sum = memory[init.index + j];
        for (let k = 0; k < depth; k++) {
          const w = memory[panels.index + ((j >> 4) * depth + k) * 16 + (j & 15)];
          sum = fround(sum + fround(memory[a.index + i * depth + k] * w));
        }
        if (memory[c.index + i * cStride + j] !== sum) throw new Error(`c[${i}][${j}]: got another chain`);
      }
    }
  });

  test.each([
    [1, 1],
    [3, 5],
    [33, 16],
    [127, 18],
    [300, 50],
  ])('errorsOfTwo: %i inputs, %i units, and zeros beyond the inputs', (fanIn, units) => {
    for (const rows of [1, 2]) {
      startOver();
      const random = randomNumbers(rows + fanIn + units);
      const signed = () => random() - 0.5;
      const width = roundUp(units, 16);
      const targetStride = roundUp(fanIn, 16);
      const weights = place(fanIn * width, (i) => (isUnit(i) ? signed() : 0));
      // a lane beyond the last unit or input must add nothing to a sum
      place(64, () => Number.NaN);
      const delta = place(rows * width, (i) => (i % width < units ? signed() : 0));
      const target = place(rows * targetStride, () => SENTINEL);
      const second = rows === 2 ? targetStride * 4 : 0;
      core.errorsOfTwo(target.address, second, delta.address, width * 4, weights.address, fanIn, fanIn, units);
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < roundUp(fanIn, 4); k++) {
          let sum = 0;
          for (let j = 0; k < fanIn && j < units; j++) {
            const w = memory[weights.index + ((j >> 4) * fanIn + k) * 16 + (j & 15)];
            sum = fround(sum + fround(memory[delta.index + i * width + j] * w));
          }
          const got = memory[target.index + i * targetStride + k];
          if (got !== sum) throw new Error(`errors[${i}][${k}]: got ${got}, want the chain ${sum}`);
        }
      }
      expect(memory[target.index + rows * targetStride]).toBe(SENTINEL);

      /** True if float i of the panels is a weight, not a fill lane. */
      function isUnit(i: number): boolean {
        return Math.floor(i / (16 * fanIn)) * 16 + (i & 15) < units;
      }
    }
  });

  test.each([
    [1, 1, 1],
    [1, 30, 33],
    [2, 90, 50],
    [2, 5, 3],
    [3, 300, 50],
    [33, 200, 7],
    [300, 20, 25],
    [32, 1, 1],
    [33, 4, 32],
    [40, 13, 3],
    [33, 30, 8],
    [256, 9, 17],
    [16, 21, 12],
  ])('addProducts: %i rows, %i inputs, %i units', (rows, fanIn, units) => {
    startOver();
    const random = randomNumbers(rows + fanIn + units);
    const signed = () => random() - 0.5;
    const width = roundUp(units, 16);
    point(abi.ZEROS, 32);
    point(abi.PACKED, rows * width + 256 * roundUp(rows + 16, 32));
    const a = place(rows * fanIn, signed);
    const delta = place(rows * width, signed);
    const panels = place(fanIn * width, signed);
    const before = memory.slice(panels.index, panels.index + fanIn * width);
    const scale = fround(-0.3);
    core.addProducts(panels.address, a.address, fanIn * 4, delta.address, width * 4, fanIn, units, rows, scale);
    for (let k = 0; k < fanIn; k++) {
      for (let j = 0; j < units; j++) {
        let sum = 0;
        for (let i = 0; i < rows; i++) {
          sum = fround(sum + fround(memory[a.index + i * fanIn + k] * memory[delta.index + i * width + j]));
        }
        const at = ((j >> 4) * fanIn + k) * 16 + (j & 15);
        const wanted = fround(before[at] + fround(scale * sum));
        if (memory[panels.index + at] !== wanted) throw new Error(`w[${j}][${k}]: got another chain`);
      }
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

test.each(SIZES)(
  'transposePanel turns panels of 16 units into panels of 16 inputs: %i inputs, 1 to 33 units',
  (fanIn) => {
    for (const units of SIZES) {
      startOver();
      const weights = place(roundUp(units, 16) * fanIn, (i) => i + 1);
      const transposed = place(roundUp(units, 4) * 16, () => SENTINEL);
      for (let first = 0; first < fanIn; first += 16) {
        const inputs = fanIn - first;
        memory.fill(SENTINEL, transposed.index, transposed.index + roundUp(units, 4) * 16);
        core.transposePanel(transposed.address, weights.address + first * 64, fanIn, units, inputs);
        for (let j = 0; j < units; j++) {
          for (let k = 0; k < 16; k++) {
            const got = memory[transposed.index + j * 16 + k];
            // with 8 inputs or fewer, only the groups of four that are used are written
            const isLeft = inputs <= 8 && k >= roundUp(inputs, 4);
            const beyond = isLeft ? SENTINEL : 0;
            const wanted = k < inputs ? memory[weights.index + ((j >> 4) * fanIn + first + k) * 16 + (j & 15)] : beyond;
            if (got !== wanted) throw new Error(`w[${j}][${first + k}]: got ${got}, want ${wanted}`);
          }
        }
        expect(memory[transposed.index + roundUp(units, 4) * 16]).toBe(SENTINEL);
      }
    }
  },
);

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
      core.activate(id, 0, a.address, z.address, stride * 4, units, rows);
      const dCda = Float64Array.from(memory.slice(delta.index, delta.index + rows * stride));
      core.multiplyBySlope(id, 0, delta.address, z.address, a.address, stride * 4, units, rows);
      for (let i = 0; i < rows; i++) {
        const at = (m: { index: number }, j: number) => memory[m.index + i * stride + j];
        const zRow = Float64Array.from({ length: units }, (_, j) => at(z, j));
        const wanted = reference.value(zRow);
        const slopes = reference.backward(zRow, dCda.slice(i * stride, i * stride + units));
        for (let j = 0; j < units; j++) {
          // the errors of these functions are below 2 ulp; softmax adds those of the sum of its row and of a division
          expectClose(`a[${i}][${j}]`, at(a, j), wanted[j], Math.abs(wanted[j]), 8 + (name === 'softmax' ? units : 0));
          // |sigma'| and its terms are at most 1
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
    core.activate(id, 0, a.address, z.address, 48, 12, 1);
    core.multiplyBySlope(id, 0, delta.address, z.address, a.address, 48, 12, 1);
    const wanted = reference.value(Float64Array.from(memory.slice(z.index, z.index + 12)));
    for (let j = 0; j < 12; j++) {
      // the smallest result of exp is e^-87.3 = 1.2e-38
      const got = memory[a.index + j];
      expect(Math.abs(got - wanted[j])).toBeLessThanOrEqual(8 * EPSILON * Math.abs(wanted[j]) + 1.3e-38);
      expect(memory[delta.index + j]).toSatisfy(Number.isFinite);
    }
  });

  test('NaN gives NaN', () => {
    startOver();
    const z = place(4, (i) => (i === 1 ? Number.NaN : 0.5));
    const a = place(4, () => 0);
    core.activate(id, 0, a.address, z.address, 16, 4, 1);
    expect(memory[a.index + 1]).toBeNaN();
    if (name !== 'softmax') expect(memory[a.index]).not.toBeNaN();
  });
});

test.each(SIZES)('softmax of a row of %i units far below its fill lanes, which must not count', (units) => {
  startOver();
  const stride = roundUp(units, 4) + 4;
  // if the 0 of a fill lane were taken for the largest z, every e^(z - 0) would underflow and the result would be 0 / 0
  const z = place(stride, (i) => (i < units ? -300 - (i % 2) : 0));
  const a = place(stride, () => SENTINEL);
  core.activate(abi.SOFTMAX, 0, a.address, z.address, stride * 4, units, 1);
  const row = Float64Array.from(memory.slice(z.index, z.index + units));
  const wanted = activations.softmax.value(row);
  for (let j = 0; j < units; j++) {
    expectClose(`a[${j}]`, memory[a.index + j], wanted[j], Math.abs(wanted[j]), 8 + units);
  }
});

test('relu passes no gradient at exactly 0', () => {
  startOver();
  const a = place(4, (i) => [0, -0, 1, 0][i]);
  const delta = place(4, () => 7);
  core.multiplyBySlope(abi.RELU, 0, delta.address, 0, a.address, 16, 4, 1);
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
    const rows = 6;
    startOver();
    const random = randomNumbers(units);
    const stride = roundUp(units, 4) + 4;
    const yStride = roundUp(units, 4) + 8;
    const z = place(rows * stride, () => (random() - 0.5) * 10);
    const a = place(rows * stride, () => SENTINEL);
    // targets are a probability for each unit, or one-hot rows; the fill lanes hold numbers that must not count
    const hot = Array.from({ length: rows }, () => Math.floor(random() * units));
    const y = place(rows * yStride, (i) => {
      const column = i % yStride;
      if (column >= units) return SENTINEL;
      return activationName === 'softmax' ? Number(hot[Math.floor(i / yStride)] === column) : random();
    });
    const delta = place(rows * stride, () => SENTINEL);
    core.activate(activation, 0, a.address, z.address, stride * 4, units, rows);
    const sum = costSum(core, memory, cost, z.address, a.address, y.address, 0, stride * 4, yStride * 4, units, rows);
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
      // a bound for the terms that are added and subtracted
      for (let j = 0; j < units; j++) size += Math.abs(zRow[j]) + (exactA[j] - yRow[j]) ** 2 + 1;
      const wanted = costs[costName].delta(yRow, zRow, exactA, (dCda) =>
        activations[activationName].backward(zRow, dCda),
      );
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

describe.each([
  ['quadratic', abi.QUADRATIC, abi.TANH],
  ['categoricalCrossEntropy', abi.CATEGORICAL_CROSS_ENTROPY, abi.SOFTMAX],
] as const)('%s', (_name, cost, activation) => {
  test.each([1, 2, 3, 4, 5])('rows of %i units have the same a, cost and delta in a batch as alone', (units) => {
    startOver();
    const rows = 11;
    const random = randomNumbers(units);
    const z = place(rows * 8, () => (random() - 0.5) * 6);
    const y = place(rows * 8, () => random());
    // crossEntropies reads three rows beyond the last one
    const results = [1, rows].map((atOnce) => {
      const a = place((rows + 3) * 8, () => 0);
      const delta = place(rows * 8, () => 0);
      const costs = place(2 * rows, () => 0);
      for (let row = 0; row < rows; row += atOnce) {
        const at = ({ address }: { address: number }) => address + row * 32;
        core.activate(activation, 0, at(a), at(z), 32, units, atOnce);
        core.rowCosts(costs.address + row * 8, cost, at(z), at(a), at(y), 0, 32, 32, units, atOnce);
        core.outputError(cost, activation, 0, at(delta), at(z), at(a), at(y), 32, 32, units, atOnce);
      }
      return [
        words.slice(a.index, a.index + rows * 8),
        words.slice(delta.index, delta.index + rows * 8),
        new Float64Array(memory.buffer.slice(costs.address, costs.address + rows * 8)),
      ];
    });
    expect(results[1]).toEqual(results[0]);
    if (units > 1) expect(results[0][2].every((cost) => cost > 0)).toBe(true);
  });
});

// three rows of five units, and seven rows of three units, of which four are computed at once
describe.each([
  [5, 3],
  [3, 7],
])('rows of %i units', (units, rows) => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'if a z of softmax is %f, its row costs NaN, and no other',
    (bad) => {
      for (let at = 0; at < units; at++) {
        startOver();
        const z = place(rows * 8, (i) => (i === 8 + at ? bad : i % 8));
        const a = place((rows + 1) * 8, () => 0);
        const y = place(rows * 8, (i) => Number(i % 8 === 2));
        core.activate(abi.SOFTMAX, 0, a.address, z.address, 32, units, rows);
        const costs = place(2 * rows, () => 0).address;
        core.rowCosts(costs, abi.CATEGORICAL_CROSS_ENTROPY, z.address, a.address, y.address, 0, 32, 32, units, rows);
        const isWrong = Array.from(new Float64Array(memory.buffer, costs, rows), Number.isNaN);
        expect(isWrong).toEqual(isWrong.map((_, row) => row === 1));
      }
    },
  );
});

test.each([
  ['binaryCrossEntropy', abi.BINARY_CROSS_ENTROPY, abi.SIGMOID],
  ['categoricalCrossEntropy', abi.CATEGORICAL_CROSS_ENTROPY, abi.SOFTMAX],
] as const)(
  '%s stays finite and keeps its gradient if the output saturates at the wrong end',
  (_name, cost, activation) => {
    startOver();
    const z = place(4, (i) => [-500, 500, 0, 0][i]);
    const a = place(4, () => 0);
    const y = place(4, (i) => [1, 0, 0, 0][i]);
    const delta = place(4, () => 0);
    core.activate(activation, 0, a.address, z.address, 16, 2, 1);
    core.outputError(cost, activation, 0, delta.address, z.address, a.address, y.address, 16, 16, 2, 1);
    // the cost of two sigmoids that are each wrong by 500, or of a softmax whose right class is 1000 below the other
    expect(costSum(core, memory, cost, z.address, a.address, y.address, 0, 16, 16, 2, 1)).toBeCloseTo(1000, 10);
    expect(memory[delta.index]).toBeCloseTo(-1, 6);
    expect(memory[delta.index + 1]).toBeCloseTo(1, 6);
  },
);
