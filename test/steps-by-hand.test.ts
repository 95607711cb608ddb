import { describe, expect, it, vi } from 'vitest';
import { sgd } from '../src/index.js';
import { createNetwork, EPSILON } from './build.js';
import { classifier, layer, randomSamples } from './classifier.js';
import { arraysOf, parameterBits } from './parameters.js';
import { randomFloats, randomLabels } from './random-numbers.js';

describe('steps by hand', () => {
  it.each([0, 0.5])('trainBatch is forward, backward and applyGradients, up to rounding (l2 %d)', async (l2) => {
    const learningRate = 0.3;
    for (const rows of [1, 2, 9]) {
      const { inputs, targets } = randomSamples(rows);
      const [net, parts] = [await createNetwork({ ...classifier, l2 }), await createNetwork({ ...classifier, l2 })];
      net.optimizer = sgd({ learningRate });
      parts.optimizer = sgd({ learningRate });
      const cost = net.trainBatch(inputs, targets);
      parts.forward(inputs);
      expect(parts.backward(targets)).toBe(cost);
      parts.applyGradients();
      parts.layers.forEach((layer, l) => {
        const expectClose = (actual: Float32Array, wanted: Float32Array, gradients: Float32Array) =>
          actual.forEach((w, i) => {
            // Both ways compute the same sum S. trainBatch adds f32(eta/m) S to w, with two roundings; backward and
            // applyGradients add f32(eta) (f32(1/m) S), with four. Then w is rounded.
            const tolerance = EPSILON * (6.01 * learningRate * Math.abs(gradients[i]) + 2.01 * Math.abs(w));
            expect(Math.abs(w - wanted[i])).toBeLessThanOrEqual(tolerance);
          });
        expectClose(layer.getWeights(), net.layers[l].getWeights(), layer.getWeightGradients());
        expectClose(layer.getBiases(), net.layers[l].getBiases(), layer.getBiasGradients());
      });
    }
  });

  it('gives copies of z, a, delta and the gradients in their shapes', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(6);
    net.forward(inputs);
    net.backward(targets);
    for (const { fanIn, units, z, a, delta, weightGradients, biasGradients } of net.layers.map(arraysOf)) {
      expect([z, a, delta].map(({ length }) => length)).toEqual(Array(3).fill(6 * units));
      expect(weightGradients).toHaveLength(units * fanIn);
      expect(biasGradients).toHaveLength(units);
    }
    const { a, delta, biasGradients } = arraysOf(net.layers[2]);
    // delta is for each sample, the gradients are means: six additions in f32, the rounding of 1/6, and a product
    biasGradients.forEach((gradient, j) => {
      const errors = Array.from({ length: 6 }, (_, row) => delta[3 * row + j]);
      const sum = errors.reduce((total, error) => total + error, 0);
      const size = errors.reduce((total, error) => total + Math.abs(error), 0);
      expect(Math.abs(gradient - sum / 6)).toBeLessThan((8.01 * EPSILON * size) / 6);
    });
    expect(a).toEqual(net.predict(inputs));
    // getters return copies: writing into them changes nothing
    net.layers[2].getA().fill(0);
    expect(net.layers[2].getA()).toEqual(a);
  });

  it('has no z, a, delta or gradients before the first pass', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(2);
    const [first] = net.layers;
    for (const name of ['getZ', 'getA'] as const) {
      expect(() => first[name]()).toThrow(new Error(`layers[0].${name}: got no batch yet, want a forward pass before`));
    }
    const names = ['getDelta', 'getWeightGradients', 'getBiasGradients'] as const;
    const refuse = () => {
      for (const name of names) {
        expect(() => first[name]()).toThrow(
          new Error(`layers[0].${name}: got no backward pass since the last forward pass, want one before`),
        );
      }
    };
    refuse();
    net.forward(inputs);
    expect(first.getZ()).toHaveLength(2 * 19);
    refuse();
    net.backward(targets);
    for (const name of names) expect(first[name]().length).toBeGreaterThan(0);
    // after another forward pass, delta would belong to an earlier batch
    net.predict(inputs);
    refuse();
  });

  it('refuses applyGradients without gradients of the last batch', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(2);
    const before = parameterBits(net);
    const refuse = () =>
      expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients of the last batch/);
    refuse();
    net.forward(inputs);
    refuse();
    net.backward(targets);
    net.predict(inputs);
    refuse();
    expect(parameterBits(net)).toEqual(before);
  });

  it('computes the gradients of a training step when they are read', async () => {
    const [net, parts] = [await createNetwork(classifier), await createNetwork(classifier)];
    const { inputs, targets } = randomSamples(6);
    net.trainBatch(inputs, targets);
    parts.forward(inputs);
    parts.backward(targets);
    net.layers.map(arraysOf).forEach(({ z, a, delta, weightGradients, biasGradients }, l) => {
      expect({ z, a, delta, weightGradients, biasGradients }).toMatchObject({
        z: parts.layers[l].getZ(),
        a: parts.layers[l].getA(),
        delta: parts.layers[l].getDelta(),
        weightGradients: parts.layers[l].getWeightGradients(),
        biasGradients: parts.layers[l].getBiasGradients(),
      });
    });
  });

  it('refuses a backward pass through weights that have changed since the forward pass', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(4);
    const refused = /^backward: got no forward pass of these weights/;
    net.trainBatch(inputs, targets);
    expect(() => net.backward(targets)).toThrow(refused);
    net.forward(inputs);
    const { weights } = arraysOf(net.layers[0]);
    net.layers[0].setWeights(weights);
    expect(() => net.backward(targets)).toThrow(refused);
    net.forward(inputs);
    net.backward(targets);
    net.applyGradients();
    expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients/);
    expect(() => net.backward(targets)).toThrow(refused);
  });

  it('refuses a backward pass through the batch of a prediction or an evaluation', async () => {
    const net = await createNetwork(classifier);
    const data = randomSamples(4);
    const others = [() => net.predict(data.inputs.map((value) => -value)), () => net.evaluate(data)];
    for (const other of others) {
      net.forward(data.inputs);
      await other();
      expect(() => net.backward(data.targets)).toThrow(/^backward: got no forward pass of these weights/);
    }
  });

  it('refuses applyGradients after a training step, whether its gradients were read or not', async () => {
    const { inputs, targets } = randomSamples(6);
    for (const look of [false, true]) {
      const net = await createNetwork(classifier);
      net.trainBatch(inputs, targets);
      if (look) expect(net.layers[0].getWeightGradients()).toHaveLength(7 * 19);
      expect(() => net.applyGradients(), `looked: ${look}`).toThrow(
        /^applyGradients: got no gradients of the last batch/,
      );
    }
  });

  it('keeps the batch if a training is refused before its first step', async () => {
    const optimizer = sgd({ learningRate: () => Number.NaN });
    const { inputs, targets } = randomSamples(1000);
    const net = await createNetwork(classifier);
    const wrong = /^learningRate of step 0/;
    for (const train of [
      () => net.fit({ inputs, targets }, { epochs: 1, batchSize: 500, optimizer }),
      () => net.trainFor({ inputs, targets }, 1, { batchSize: 600, optimizer }),
    ]) {
      net.forward(inputs.subarray(0, 14));
      await expect(train()).rejects.toThrow(wrong);
      expect(net.backward(targets.subarray(0, 2))).toBeGreaterThan(0);
    }
    net.optimizer = sgd({ learningRate: (step) => (step === 0 ? 0.1 : Number.NaN) });
    net.trainBatch(inputs, targets);
    net.forward(inputs.subarray(0, 14));
    const before = net.layers[0].getZ();
    expect(() => net.trainBatch(inputs, targets)).toThrow(/^learningRate of step 1/);
    expect(net.layers[0].getZ()).toEqual(before);
    expect(net.backward(targets.subarray(0, 2))).toBeGreaterThan(0);
  });

  it('grows for a larger batch and keeps its weights', async () => {
    const [net, large] = [await createNetwork({ ...classifier, batchSize: 2 }), await createNetwork(classifier)];
    const before = parameterBits(net);
    const { inputs, targets } = randomSamples(1000);
    net.forward(inputs);
    expect(net.layers[2].getA()).toHaveLength(3000);
    expect(parameterBits(net)).toEqual(before);
    expect(net.trainBatch(inputs, targets)).toBe(large.trainBatch(inputs, targets));
    expect(parameterBits(net)).toEqual(parameterBits(large));
    // smaller batches work after the larger one
    expect(net.trainBatch(inputs.subarray(0, 7), targets.subarray(0, 1))).toBe(
      large.trainBatch(inputs.subarray(0, 7), targets.subarray(0, 1)),
    );
    expect(parameterBits(net)).toEqual(parameterBits(large));
  });

  it('allocates nothing in 10,000 steps, predictions and evaluations', async () => {
    const net = await createNetwork({ inputs: 2, layers: [layer(2), layer(1)] });
    const data = { inputs: randomFloats(8, 1), targets: new Uint8Array([0, 1, 1, 0]) };
    await net.fit(data, { epochs: 1, batchSize: 4 });
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const create = vi.spyOn(WebAssembly, 'Memory');
    try {
      for (let step = 0; step < 10_000; step++) net.trainBatch(data.inputs, data.targets);
      for (let step = 0; step < 100; step++) {
        net.predict(data.inputs);
        await net.evaluate(data);
      }
      await net.fit(data, { batchSize: 4, epochs: 100 });
      expect(grow).not.toHaveBeenCalled();
      expect(create).not.toHaveBeenCalled();
      // a batch that needs more memory calls `grow` once, so the spy works
      net.trainBatch(randomFloats(2 * 5000, 2), randomLabels(5000, 2, 3));
      expect(grow).toHaveBeenCalledTimes(1);
    } finally {
      vi.restoreAllMocks();
    }
  });
});
