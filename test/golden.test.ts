import { describe, expect, it } from 'vitest';
import { deltas, forward, gradients, meanCost, type ReferenceNetwork, step } from '../src/inspection/reference.js';
import { type GoldenFile, goldenFiles } from './golden-files.js';

const largest = (values: Float64Array) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/**
 * PyTorch adds in another order and rounds functions such as exp differently. In each of the two computations, a value
 * passes through sums, forward and backward, and each term of a sum adds at most one rounding of 2^-53 of the largest
 * number of the network. The terms of a layer are fanIn products forward, `units` products backward, and 8 for its
 * activation. The mean adds one term for each row. All of this is repeated in each step.
 */
function toleranceOf(golden: GoldenFile, steps: number): number {
  const terms = golden.layers.reduce((n, { units, weights }) => n + weights.length / units + units + 8, golden.rows);
  const everything = golden.layers.flatMap(({ weights, biases, z, delta }) => [weights, biases, z, delta]);
  const magnitude = Math.max(1, largest(golden.costs), ...everything.map(largest));
  return 2 * 2 * terms * 2 ** -53 * magnitude * steps;
}

function expectClose(where: string, got: Float64Array, want: Float64Array, tolerance: number) {
  expect(got.length, `${where}: length`).toBe(want.length);
  const errors = got.map((value, i) => Math.abs(value - want[i]));
  const worst = errors.reduce((w, error, i) => (error > errors[w] || Number.isNaN(error) ? i : w), 0);
  expect(errors[worst], `${where}[${worst}]: got ${got[worst]}, want ${want[worst]}`).toBeLessThanOrEqual(tolerance);
}

it('there are golden files for every activation and cost of the core', () => {
  const activations = new Set(goldenFiles.flatMap(({ layers }) => layers.map(({ activation }) => activation)));
  expect([...activations].sort()).toEqual(['linear', 'relu', 'sigmoid', 'softmax', 'tanh']);
  const costs = new Set(goldenFiles.map(({ cost }) => cost));
  expect([...costs].sort()).toEqual(['binaryCrossEntropy', 'categoricalCrossEntropy', 'quadratic']);
});

describe.each(goldenFiles)('the reference computes what PyTorch does: $name', (golden) => {
  it('the starting numbers are exact in float32', () => {
    for (const array of [golden.x, golden.y, ...golden.layers.flatMap(({ weights, biases }) => [weights, biases])]) {
      expect(Float64Array.from(Float32Array.from(array))).toEqual(array);
    }
  });

  it('z, a, cost, delta and mean gradients', () => {
    const { x, y, layers } = golden;
    const values = forward(golden, x);
    const delta = deltas(golden, values, y);
    const gradient = gradients(golden, x, values, delta);
    const tolerance = toleranceOf(golden, 1);
    layers.forEach((layer, l) => {
      expectClose(`layers[${l}].z`, values[l].z, layer.z, tolerance);
      expectClose(`layers[${l}].a`, values[l].a, layer.a, tolerance);
      expectClose(`layers[${l}].delta`, delta[l], layer.delta, tolerance);
      expectClose(`layers[${l}].weightGradients`, gradient[l].dW, layer.weightGradients, tolerance);
      expectClose(`layers[${l}].biasGradients`, gradient[l].db, layer.biasGradients, tolerance);
    });
    expectClose('cost', Float64Array.of(meanCost(golden, values, y)), golden.costs.subarray(0, 1), tolerance);
  });

  it('costs, weights and biases over five steps', () => {
    const tolerance = toleranceOf(golden, 5);
    const costs: number[] = [];
    let network: ReferenceNetwork = golden;
    const expectParameters = (key: 'afterOneStep' | 'afterFiveSteps') => {
      golden.layers.forEach((layer, l) => {
        expectClose(`layers[${l}].${key}.weights`, network.layers[l].weights, layer[key].weights, tolerance);
        expectClose(`layers[${l}].${key}.biases`, network.layers[l].biases, layer[key].biases, tolerance);
      });
    };
    for (let count = 1; count <= 5; count++) {
      costs.push(meanCost(network, forward(network, golden.x), golden.y));
      network = step(network, golden.x, golden.y, golden);
      if (count === 1) expectParameters('afterOneStep');
    }
    expectParameters('afterFiveSteps');
    expectClose('costs', Float64Array.from(costs), golden.costs, tolerance);
  });
});
