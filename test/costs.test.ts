import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as abi from '../assembly/abi.js';
import type { ActivationName, CostName, HuberCost } from '../src/index.js';
import {
  activations,
  costOf,
  deltas,
  forward,
  type LayerGradients,
  meanCost,
  numericGradients,
  type ReferenceActivation,
  type ReferenceCost,
  type ReferenceLayer,
  type ReferenceNetwork,
} from '../src/inspection/reference.js';
import { sgd } from '../src/spec/optimizer.js';
import { expectWithin, noErrors, passErrors } from './bounds.js';
import { costSum, createNetwork, EPSILON, type Kernels, startKernels } from './build.js';
import { randomNumbers, SEED, TIMES } from './random-numbers.js';
import { readGolden } from './read-golden.js';

// Tests every cost: its kernels, its values compared with PyTorch, and in whole networks, that its gradient is the
// slope of its value.

const START = 1 << 16;
const SENTINEL = 12345.5;
const SIZES = Array.from({ length: 33 }, (_, i) => i + 1);
const HUBER_DELTA = 0.5;

const PAIRS: [ReferenceCost, ReferenceActivation][] = [
  ['quadratic', 'linear'],
  ['quadratic', 'sigmoid'],
  ['quadratic', 'softmax'],
  ['binaryCrossEntropy', 'sigmoid'],
  ['categoricalCrossEntropy', 'softmax'],
  ['meanAbsoluteError', 'linear'],
  ['meanAbsoluteError', 'sigmoid'],
  ['meanAbsoluteError', 'tanh'],
  ['meanAbsoluteError', 'softmax'],
  ['huber', 'linear'],
  ['huber', 'sigmoid'],
  ['huber', 'tanh'],
  ['huber', 'softmax'],
  ['hinge', 'linear'],
  ['hinge', 'tanh'],
  ['kullbackLeibler', 'softmax'],
  ['poisson', 'softplus'],
];

const COST_CODES: Record<ReferenceCost, number> = {
  quadratic: abi.QUADRATIC,
  binaryCrossEntropy: abi.BINARY_CROSS_ENTROPY,
  categoricalCrossEntropy: abi.CATEGORICAL_CROSS_ENTROPY,
  meanAbsoluteError: abi.MEAN_ABSOLUTE_ERROR,
  huber: abi.HUBER,
  hinge: abi.HINGE,
  kullbackLeibler: abi.KULLBACK_LEIBLER,
  poisson: abi.POISSON,
};

const ACTIVATION_CODES: Partial<Record<ReferenceActivation, number>> = {
  linear: abi.LINEAR,
  sigmoid: abi.SIGMOID,
  tanh: abi.TANH,
  softmax: abi.SOFTMAX,
  softplus: abi.SOFTPLUS,
};

/**
 * A row of `outputs` targets that the cost accepts, exact in f32. Distributions are in 256ths, and some of them are
 * one-hot.
 */
function targetRow(cost: ReferenceCost, outputs: number, random: () => number): number[] {
  const row = Array.from({ length: outputs }, () => Math.fround(random()));
  if (cost === 'hinge') return row.map((y) => (y < 0.5 ? -1 : 1));
  if (cost === 'poisson') return row.map((y) => Math.floor(y * 6));
  if (cost === 'kullbackLeibler' || cost === 'categoricalCrossEntropy') {
    const parts = new Array<number>(outputs).fill(0);
    const [first, second] = [Math.floor(random() * outputs), Math.floor(random() * outputs)];
    const share = Math.floor(random() * 257) / 256;
    parts[first] += share;
    parts[second] += 1 - share;
    return parts;
  }
  return row;
}

/** The distance of an output from the nearest place where the slope of the cost jumps. */
function kinkDistance(cost: ReferenceCost, a: number, y: number): number {
  if (cost === 'meanAbsoluteError') return Math.abs(a - y);
  if (cost === 'hinge') return Math.abs(1 - y * a);
  return Number.POSITIVE_INFINITY;
}

/**
 * The sum of the absolute values of the terms of C_x. The error of C_x is at most a few roundings of this sum. For a
 * difference, both operands are added. For a logarithm, 1 is added as well, for the relative error of its argument.
 */
function sizeOf(cost: ReferenceCost, y: Float64Array, z: Float64Array, a: Float64Array): number {
  return y.reduce((sum, yk, k) => {
    const operands = Math.abs(yk) + Math.abs(a[k]);
    if (cost === 'quadratic' || cost === 'huber') return sum + operands * Math.abs(a[k] - yk);
    if (cost === 'meanAbsoluteError') return sum + operands;
    if (cost === 'hinge') return sum + 1 + operands;
    if (cost === 'binaryCrossEntropy') return sum + 2 * Math.abs(z[k]) + 1;
    if (cost === 'poisson') return sum + a[k] + yk * (Math.abs(Math.log(a[k])) + 1);
    return sum + yk * (2 * z.reduce((m, zk) => Math.max(m, Math.abs(zk)), 0) + Math.log(z.length) + 6);
  }, 0);
}

describe.each(PAIRS)('%s on %s outputs, the kernels', (cost, activation) => {
  let core: Kernels;
  let memory: Float32Array;

  beforeAll(async () => {
    const kernels = await startKernels(1 << 20);
    core = kernels.core;
    memory = new Float32Array(kernels.memory.buffer);
    memory[(abi.HEADER + abi.COST_PARAMETER) / 4] = HUBER_DELTA;
  });

  test.each(SIZES)('value and delta of rows of %i units, with weights, and nothing is written beside them', (units) => {
    const rows = 3;
    const random = randomNumbers(units);
    const stride = Math.ceil(units / 4) * 4 + 4;
    const yStride = stride + 4;
    const [z, a, y, delta, weights] = [0, 1, 2, 3, 4].map((i) => START / 4 + i * 1024);
    for (const start of [z, a, y, delta]) memory.fill(SENTINEL, start, start + rows * yStride);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < stride; j++) memory[z + i * stride + j] = (random() - 0.5) * 10;
      memory.set(targetRow(cost, units, random), y + i * yStride);
      memory[weights + i] = i * random();
    }
    const [code, activationCode] = [COST_CODES[cost], ACTIVATION_CODES[activation]!];
    core.activate(activationCode, 0, a * 4, z * 4, stride * 4, units, rows);
    const value = costSum(core, memory, code, z * 4, a * 4, y * 4, 0, stride * 4, yStride * 4, units, rows);
    const weighted = costSum(
      core,
      memory,
      code,
      z * 4,
      a * 4,
      y * 4,
      weights * 4,
      stride * 4,
      yStride * 4,
      units,
      rows,
    );
    core.outputError(code, activationCode, 0, delta * 4, z * 4, a * 4, y * 4, stride * 4, yStride * 4, units, rows);

    const rowOf = (start: number, i: number, width: number) =>
      Float64Array.from(memory.subarray(start + i * width, start + i * width + units));
    let wanted = 0;
    let wantedWeighted = 0;
    let size = 0;
    const reference = costOf({ cost, huberDelta: HUBER_DELTA, inputs: 0, layers: [] });
    for (let i = 0; i < rows; i++) {
      const [zRow, yRow] = [rowOf(z, i, stride), rowOf(y, i, yStride)];
      const aRow = activations[activation].value(zRow);
      const own = reference.value(yRow, zRow, aRow);
      wanted += own;
      wantedWeighted += memory[weights + i] * own;
      size += sizeOf(cost, yRow, zRow, aRow);
      const exact = reference.delta(yRow, zRow, aRow, (dCda) => activations[activation].backward(zRow, dCda));
      // softmax adds up as many products as there are units
      const roundings = 16 + (activation === 'softmax' ? units : 0);
      for (let j = 0; j < units; j++) {
        if (kinkDistance(cost, aRow[j], yRow[j]) < 1e-5) continue;
        const got = memory[delta + i * stride + j];
        const scale = 1 + Math.abs(aRow[j]) + Math.abs(yRow[j]);
        expect(Math.abs(got - exact[j]), `delta[${i}][${j}]`).toBeLessThanOrEqual(roundings * EPSILON * scale);
      }
      for (let j = units; j < Math.ceil(units / 4) * 4; j++) {
        expect(Math.abs(memory[delta + i * stride + j])).toBe(0);
      }
      expect(memory[delta + i * stride + Math.ceil(units / 4) * 4]).toBe(SENTINEL);
    }
    expect(Math.abs(value - wanted)).toBeLessThanOrEqual(16 * EPSILON * size);
    // the factor 2: all sample weights are below 2
    expect(Math.abs(weighted - wantedWeighted)).toBeLessThanOrEqual(2 * 16 * EPSILON * size);
  });

  test('where there is no slope it is 0, and an output that is NaN makes the cost NaN', () => {
    const [z, a, y, delta] = [0, 1, 2, 3].map((i) => START / 4 + i * 1024);
    const code = COST_CODES[cost];
    const run = (zs: number[], ys: number[]) => {
      memory.set(zs, z);
      memory.set(zs, a);
      memory.set(ys, y);
      core.outputError(code, ACTIVATION_CODES[activation]!, 0, delta * 4, z * 4, a * 4, y * 4, 16, 16, 4, 1);
      return costSum(core, memory, code, z * 4, a * 4, y * 4, 0, 16, 16, 4, 1);
    };
    if (activation === 'linear') {
      if (cost === 'hinge') expect(run([1, -1, 0.5, -2], [1, -1, 1, -1])).toBe(0.5);
      else expect(run([3, 0, -0, 0.25], [3, 0, 0, 1])).toBeGreaterThan(0);
      const slope = { quadratic: -0.75, meanAbsoluteError: -1, huber: -HUBER_DELTA }[cost as string];
      const wanted = cost === 'hinge' ? [0, 0, -1, 0] : [0, 0, 0, slope];
      expect([...memory.subarray(delta, delta + 4)].map((d) => d + 0)).toEqual(wanted);
    }
    expect(run([Number.NaN, 0, 0, 0], [1, 0, 0, 0])).toBeNaN();
  });
});

describe('extremes', () => {
  async function single(cost: CostName | HuberCost, activation: ActivationName, z: number[], y: number[]) {
    const units = z.length;
    const net = await createNetwork({ inputs: 1, layers: [{ units, activation, initializer: 'zeros' }], cost });
    net.layers[0].setBiases(Float32Array.from(z));
    net.forward(new Float32Array([0]));
    return { cost: net.backward(Float32Array.from(y)), delta: [...net.layers[0].getDelta()] };
  }

  test.each([
    ['meanAbsoluteError', 'linear', [3e38, -1e30], [0, 0], 3e38, [1, -1]],
    ['meanAbsoluteError', 'linear', [0, 2], [1e-45, 1], 1, [-1, 1]],
    ['huber', 'linear', [3e38, -1e30], [0, 0], 3e38, [1, -1]],
    ['hinge', 'linear', [1e30, -1e30], [-1, -1], 1e30, [1, 0]],
    ['hinge', 'tanh', [500, -500], [-1, -1], 2, [0, 0]],
    ['kullbackLeibler', 'softmax', [-500, 500], [1, 0], 1000, [-1, 1]],
    ['kullbackLeibler', 'softmax', [1000, -1000], [1, 0], 0, [0, 0]],
    ['kullbackLeibler', 'softmax', [0, 0], [0.5, 0.5], 0, [0, 0]],
    // y ln a with an a that underflows in f32 and in f64, with y = 0, and with a very large a
    ['poisson', 'softplus', [-500, -500], [2, 0], 1000, [-2, 0]],
    ['poisson', 'softplus', [-1e5, 1e30], [1, 4], 1e30, [-1, 1]],
    ['poisson', 'softplus', [-87.5, -87.2], [1, 1], 174.7, [-1, -1]],
    ['poisson', 'softplus', [-30.5, -29.5], [1, 1], 60, [-1, -1]],
  ] as [CostName, ActivationName, number[], number[], number, number[]][])(
    '%s, %s outputs, z = %j, y = %j',
    async (name, activation, z, y, cost, delta) => {
      const got = await single(name, activation, z, y);
      expectWithin('cost', [got.cost], [cost], [16 * EPSILON * (1 + cost)]);
      expectWithin(
        'delta',
        got.delta,
        delta,
        delta.map((d) => 16 * EPSILON * Math.abs(d) + 1e-12),
      );
    },
  );

  test('poisson agrees with the reference from z = -40 to 40, also where ln a becomes z', async () => {
    for (let z = -40; z <= 40; z += 0.5) {
      const [zs, y] = [Float64Array.of(z), Float64Array.of(3)];
      const reference = costOf({ cost: 'poisson', inputs: 1, layers: [] });
      const a = activations.softplus.value(zs);
      const wanted = reference.delta(y, zs, a, (dCda) => activations.softplus.backward(zs, dCda));
      const got = await single('poisson', 'softplus', [z], [3]);
      const bound = 16 * EPSILON * sizeOf('poisson', y, zs, a);
      expectWithin(`cost at ${z}`, [got.cost], [reference.value(y, zs, a)], [bound]);
      expectWithin(`delta at ${z}`, got.delta, wanted, [16 * EPSILON * 4]);
    }
  });

  test('the slope of a huge error is the Huber delta', async () => {
    const { cost, delta } = await single({ name: 'huber', delta: 0.25 }, 'linear', [1e30, -7], [0, -7.125]);
    expect(Math.abs(cost / 0.25e30 - 1)).toBeLessThan(8 * EPSILON);
    expect(delta).toEqual([0.25, 0.125]);
  });
});

interface GoldenCost {
  name: string;
  inputs: number;
  cost: ReferenceCost;
  labelSmoothing: number;
  huberDelta: number;
  x: Float64Array;
  y: Float64Array;
  rowWeights: Float64Array | null;
  value: number;
  layers: (ReferenceLayer & { delta: Float64Array; weightGradients: Float64Array; biasGradients: Float64Array })[];
}

const golden = readGolden<{ cases: GoldenCost[] }>('golden-costs/costs.json');

interface Setup {
  labelSmoothing?: number;
  rowWeights?: Float64Array;
}

/**
 * Runs one pass of the core over a network of the reference. Returns the value, the deltas, the gradients and the error
 * bounds of all of them.
 */
async function runCore(network: ReferenceNetwork, x: Float64Array, y: Float64Array, setup: Setup) {
  const { labelSmoothing = 0, rowWeights } = setup;
  const { huberDelta: delta } = network;
  const net = await createNetwork({
    inputs: network.inputs,
    layers: network.layers.map(({ units, activation }) => ({ units, activation })),
    cost: network.cost === 'huber' && delta ? { name: 'huber', delta } : network.cost,
    labelSmoothing,
  });
  network.layers.forEach(({ weights, biases }, l) => {
    net.layers[l].setWeights(Float32Array.from(weights));
    net.layers[l].setBiases(Float32Array.from(biases));
  });
  net.forward(Float32Array.from(x));
  const value = net.backward(Float32Array.from(y), rowWeights && Float32Array.from(rowWeights));
  const smoothed = y.map((yk) => yk * (1 - labelSmoothing) + labelSmoothing / net.outputs);
  const bounds = passErrors(network, noErrors(network), x, smoothed, rowWeights);
  // smoothing rounds the targets three times: y (1 - s), s / outputs and their sum
  const extra = labelSmoothing && 3 * EPSILON * 1.1 * Math.max(1, ...(rowWeights ?? []));
  const values = forward(network, x);
  const { z, a } = values.at(-1)!;
  const rows = x.length / network.inputs;
  let valueBound = 0;
  const output = bounds.at(-1)!;
  const d = deltas(network, values, smoothed, rowWeights).at(-1)!;
  for (let r = 0; r < rows; r++) {
    const part = (m: Float64Array) => m.subarray(r * net.outputs, (r + 1) * net.outputs);
    const weight = rowWeights ? rowWeights[r] : 1;
    const size = sizeOf(network.cost, part(smoothed), part(z), part(a));
    // An error of z changes C by |delta| times that error. An error of a changes it by at most |dC/da| times that
    // error, where |dC/da| <= max(1, |a - y|), or |y - a / y| for costs with logarithms
    valueBound += weight * 16 * EPSILON * (1 + size);
    for (let k = 0; k < net.outputs; k++) {
      const i = r * net.outputs + k;
      valueBound += 1.1 * Math.abs(d[i]) * output.z[i];
      const isFused = costOf(network).output !== undefined;
      if (!isFused) valueBound += 1.1 * weight * Math.max(1, Math.abs(a[i] - y[i])) * output.a[i];
      else if (labelSmoothing) valueBound += extra * (Math.abs(z[i]) + 2);
    }
  }
  return { net, value, valueBound: valueBound / rows, bounds, extra };
}

describe('PyTorch in float64', () => {
  test.each(golden.cases)('$name: value, delta and gradients', async (file) => {
    const { x, y, rowWeights } = file;
    const { net, value, valueBound, bounds, extra } = await runCore(file, x, y, {
      labelSmoothing: file.labelSmoothing,
      rowWeights: rowWeights ?? undefined,
    });
    // PyTorch's mean also counts the rows of weight 0
    const rows = x.length / net.inputs;
    const share = rows / (rowWeights?.filter((weight) => weight > 0).length ?? rows);
    const scaled = (values: Float64Array) => values.map((each) => each * share);
    expectWithin('value', [value], [file.value * share], [valueBound * share]);
    // a rounded target changes delta of the output by `extra`; on its way to the first layer, this error is multiplied
    // by at most the product of the largest weights
    let reach = extra;
    const biggest = (m: Float64Array) => m.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    for (let l = file.layers.length - 1; l >= 0; l--) {
      const { delta, weightGradients, biasGradients, weights } = file.layers[l];
      const wider = (bound: Float64Array, by: number) => bound.map((b) => b + by);
      expectWithin(`layers[${l}].delta`, net.layers[l].getDelta(), delta, wider(bounds[l].delta, reach));
      expectWithin(
        `layers[${l}].dW`,
        net.layers[l].getWeightGradients(),
        scaled(weightGradients),
        scaled(wider(bounds[l].dW, reach * biggest(x))),
      );
      const db = scaled(wider(bounds[l].db, reach));
      expectWithin(`layers[${l}].db`, net.layers[l].getBiasGradients(), scaled(biasGradients), db);
      reach *= file.layers[l].units * biggest(weights);
    }
  });
});

/** How many random networks a test tries. */
const CASES = 10 * TIMES;

const width = fc.oneof(fc.integer({ min: 2, max: 9 }), fc.constantFrom(16, 17));

describe.each(PAIRS)('%s on %s outputs, whole networks', (cost, activation) => {
  test('the value is that of the reference, and the gradient is its slope by central differences', async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          inputs: width,
          hidden: fc.array(
            fc.record({ units: width, activation: fc.constantFrom('tanh', 'sigmoid', 'linear' as const) }),
            { maxLength: 2 },
          ),
          outputs: activation === 'softmax' ? width : fc.integer({ min: 1, max: 17 }),
          rows: fc.integer({ min: 1, max: 6 }),
          isWeighted: fc.boolean(),
          seed: fc.nat(),
        }),
        async ({ inputs, hidden, outputs, rows, isWeighted, seed }) => {
          const random = randomNumbers(seed);
          const signed = (scale: number) => Math.fround((random() * 2 - 1) * scale);
          const shapes = [...hidden, { units: outputs, activation }];
          const network: ReferenceNetwork = {
            inputs,
            cost,
            huberDelta: HUBER_DELTA,
            layers: shapes.map((shape, l) => {
              const fanIn = l ? shapes[l - 1].units : inputs;
              return {
                ...shape,
                weights: Float64Array.from({ length: shape.units * fanIn }, () => signed(2 / Math.sqrt(fanIn))),
                biases: Float64Array.from({ length: shape.units }, () => signed(1)),
              };
            }),
          };
          const x = Float64Array.from({ length: rows * inputs }, () => signed(1));
          const y = Float64Array.from(Array.from({ length: rows }, () => targetRow(cost, outputs, random)).flat());
          // a third of the sample weights are tiny. They are not 0, because a sample of weight 0 is not counted in the
          // mean
          const some = () => Math.fround(Math.max(2 ** -126, 3 * random() - 1));
          const rowWeights = isWeighted ? Float64Array.from({ length: rows }, some) : undefined;
          const values = forward(network, x);
          const { a } = values.at(-1)!;
          const gap = (i: number) =>
            Math.min(kinkDistance(cost, a[i], y[i]), Math.abs(Math.abs(a[i] - y[i]) - HUBER_DELTA));
          if (a.some((_, i) => gap(i) < 1e-3)) return;
          checked++;
          const { net, value, valueBound, bounds } = await runCore(network, x, y, { rowWeights });
          expectWithin('value', [value], [meanCost(network, values, y, rowWeights)], [valueBound]);
          const numeric: LayerGradients[] = numericGradients(network, x, y, 1e-5, rowWeights);
          net.layers.forEach((layer, l) => {
            // the differences are not exact either: they are off by h^2 times the third derivative, and by the rounding
            // of C divided by h
            const own = (bound: Float64Array) => bound.map((b) => b + 1e-8 * (1 + value));
            expectWithin(`layers[${l}].dW`, layer.getWeightGradients(), numeric[l].dW, own(bounds[l].dW));
            expectWithin(`layers[${l}].db`, layer.getBiasGradients(), numeric[l].db, own(bounds[l].db));
          });
        },
      ),
      { seed: SEED, numRuns: CASES },
    );
    expect(checked).toBeGreaterThan(0.48 * CASES);
  });
});

test('a label of the hinge cost is 1 at its output and -1 at the others', async () => {
  const x = new Float32Array([0.5, -1, 2, 0.25, 1, -0.5]);
  for (const [units, labels, rows] of [
    [3, [2, 0, 1], [-1, -1, 1, 1, -1, -1, -1, 1, -1]],
    [1, [1, 0, 0], [1, -1, -1]],
  ] as const) {
    const net = await createNetwork({ inputs: 2, layers: [{ units, activation: 'linear' }], cost: 'hinge' });
    const pass = (y: Uint8Array | Float32Array) => {
      net.forward(x);
      return { cost: net.backward(y), delta: net.layers[0].getDelta().slice() };
    };
    expect(pass(Uint8Array.from(labels))).toEqual(pass(Float32Array.from(rows)));
  }
});

describe('training minimises the chosen cost', () => {
  // a network of one bias, with targets of 0, 0, 0, 1 and 9: each cost has its minimum at another place
  const targets = new Float32Array([0, 0, 0, 1, 9]);
  test.each([
    ['quadratic', 'the mean', 2],
    ['meanAbsoluteError', 'the median', 0],
    // at the minimum, 3 b + (b - 1) equals delta, the slope of the target that is further away
    [{ name: 'huber', delta: 1 }, 'between the two', 0.5],
    [{ name: 'huber', delta: 100 }, 'the mean, with a delta beyond every error', 2],
  ] as [CostName | HuberCost, string, number][])('%j: %s', async (cost, _name, wanted) => {
    const net = await createNetwork({
      inputs: 1,
      layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }],
      cost,
    });
    net.layers[0].setBiases(new Float32Array([3]));
    const inputs = new Float32Array(5);
    await net.fit({ inputs, targets }, { epochs: 400, batchSize: 5, optimizer: sgd({ learningRate: 0.125 }) });
    // with the absolute error, the distance from the minimum is up to the length of a step
    expect(Math.abs(net.predict(new Float32Array(1))[0] - wanted)).toBeLessThan(
      cost === 'meanAbsoluteError' ? 0.126 : 1e-5,
    );
  });
});
