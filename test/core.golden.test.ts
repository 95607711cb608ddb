import { describe, expect, test } from 'vitest';
import { step } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { sgd } from '../src/spec/optimizer.js';
import { expectWithin, noErrors, passErrors, stepErrors } from './bounds.js';
import { createNetwork } from './build.js';
import { type GoldenFile, goldenFiles } from './golden-files.js';

/** The golden network in the core, with PyTorch's starting weights. */
async function networkOf(golden: GoldenFile): Promise<Network> {
  const { inputs, layers, cost, l2, learningRate, trainingSamples } = golden;
  const net = await createNetwork({
    inputs,
    layers: layers.map(({ units, activation }) => ({ units, activation })),
    cost,
    l2,
  });
  net.optimizer = sgd({ learningRate });
  net.trainingSamples = trainingSamples;
  layers.forEach(({ weights, biases }, l) => {
    net.layers[l].setWeights(Float32Array.from(weights));
    net.layers[l].setBiases(Float32Array.from(biases));
  });
  return net;
}

describe.each(goldenFiles)('$name, computed by PyTorch in float64', (golden) => {
  const x = Float32Array.from(golden.x);
  const y = Float32Array.from(golden.y);

  test('z, a, delta, gradients and cost agree element by element', async () => {
    const net = await networkOf(golden);
    const bounds = passErrors(golden, noErrors(golden), golden.x, golden.y);
    net.forward(x);
    const cost = net.backward(y);
    golden.layers.forEach((layer, l) => {
      const got = net.layers[l];
      expectWithin(`layers[${l}].z`, got.getZ(), layer.z, bounds[l].z);
      expectWithin(`layers[${l}].a`, got.getA(), layer.a, bounds[l].a);
      expectWithin(`layers[${l}].delta`, got.getDelta(), layer.delta, bounds[l].delta);
      expectWithin(`layers[${l}].weightGradients`, got.getWeightGradients(), layer.weightGradients, bounds[l].dW);
      expectWithin(`layers[${l}].biasGradients`, got.getBiasGradients(), layer.biasGradients, bounds[l].db);
    });
    // |dC/dz| <= |delta|, so the error of C is at most the sum of |delta| times the error of z, and the roundings of
    // C's terms
    const last = golden.layers.length - 1;
    const { delta } = golden.layers[last];
    const moved = bounds[last].z.reduce((sum, bound, i) => sum + Math.abs(delta[i]) * bound, 0) / golden.rows;
    expect(Math.abs(cost - golden.costs[0])).toBeLessThanOrEqual(1.05 * moved + 16 * 2 ** -24 * (1 + golden.costs[0]));
  });

  test.each([
    ['trainBatch', (net: Network) => void net.trainBatch(x, y)],
    [
      'forward, backward, applyGradients',
      (net: Network) => {
        net.forward(x);
        net.backward(y);
        net.applyGradients();
      },
    ],
  ])('the parameters agree after one and after five steps of %s', async (_name, trainStep) => {
    const net = await networkOf(golden);
    let reference = golden as Parameters<typeof step>[0];
    let errors = noErrors(golden);
    for (let i = 1; i <= 5; i++) {
      errors = stepErrors(reference, errors, golden.x, golden.y, golden);
      reference = step(reference, golden.x, golden.y, golden);
      trainStep(net);
      if (i !== 1 && i !== 5) continue;
      golden.layers.forEach((layer, l) => {
        const { weights, biases } = i === 1 ? layer.afterOneStep : layer.afterFiveSteps;
        expectWithin(`step ${i} layers[${l}].weights`, net.layers[l].getWeights(), weights, errors[l].weights);
        expectWithin(`step ${i} layers[${l}].biases`, net.layers[l].getBiases(), biases, errors[l].biases);
      });
    }
  });
});
