import { describe, expect, it } from 'vitest';
import { createNetwork } from './build.js';
import { classifier, layer, randomSamples, rowsOf } from './classifier.js';
import { arraysOf, bits } from './parameters.js';
import { randomFloats, randomLabels } from './random-numbers.js';

describe('prediction', () => {
  it('gives the same bits for a row alone, in any batch, and in batches larger than the capacity', async () => {
    const { inputs } = randomSamples(300);
    const net = await createNetwork(classifier);
    const small = await createNetwork({ ...classifier, batchSize: 4 });
    const all = bits(net.predict(inputs));
    expect(all).toHaveLength(900);
    expect(bits(small.predict(inputs))).toEqual(all);
    for (const [first, rows] of [
      [0, 1],
      [5, 1],
      [299, 1],
      [1, 2],
      [0, 3],
      [126, 5],
      [0, 128],
      [0, 129],
      [44, 256],
    ]) {
      const part = all.subarray(3 * first, 3 * (first + rows));
      expect(bits(net.predict(rowsOf(inputs, 7, first, rows)))).toEqual(part);
      expect(bits(small.predict(rowsOf(inputs, 7, first, rows)))).toEqual(part);
    }
  });

  it('gives the same bits with and without the inputs that are 0', async () => {
    const inputs = 600;
    const net = await createNetwork({ inputs, layers: [layer(21, 'tanh'), layer(3, 'linear')], seed: 9 });
    net.layers[0].setBiases(Float32Array.from({ length: 21 }, (_, j) => (j % 3) - 1));
    const dense = randomFloats(inputs, 1);
    const sparse = [0, 1, 3, 50, 300, 590].map((used) => {
      const row = new Float32Array(inputs);
      // -0 is left out like 0
      row.fill(-0, 100, 200);
      for (let i = 0; i < used; i++) row[(i * 7) % inputs] = dense[i];
      return row;
    });
    for (const row of sparse) {
      const alone = bits(net.predict(row));
      const amongDense = bits(net.predict(Float32Array.of(...dense, ...row, ...dense)));
      expect(amongDense.subarray(3, 6)).toEqual(alone);
    }
  });

  it('does not change the weights of inputs that are 0 in all samples: their gradients are 0', async () => {
    const net = await createNetwork({ inputs: 40, layers: [layer(19, 'tanh'), layer(2, 'softmax')], seed: 2 });
    const before = net.layers[0].getWeights();
    const x = randomFloats(5 * 40, 3).map((value, i) => (i % 40 < 9 ? value : 0));
    net.trainBatch(x, randomLabels(5, 2, 1));
    const after = net.layers[0].getWeights();
    const { weightGradients } = arraysOf(net.layers[0]);
    before.forEach((w, i) => {
      if (i % 40 < 9) {
        expect(weightGradients[i]).not.toBe(0);
        expect(after[i]).not.toBe(w);
      } else {
        expect(weightGradients[i]).toBe(0);
        expect(after[i]).toBe(w);
      }
    });
  });

  it('returns a new array each time', async () => {
    const net = await createNetwork(classifier);
    const { inputs } = randomSamples(2);
    const first = net.predict(inputs);
    const copy = first.slice();
    net.predict(inputs.map((value) => -value));
    expect(first).toEqual(copy);
    expect(first.buffer.byteLength).toBe(first.byteLength);
  });
});
