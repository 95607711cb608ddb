import { describe, expect, it } from 'vitest';
import { createNetwork, EPSILON } from './build.js';
import { classifier, layer, randomSamples } from './classifier.js';

describe('evaluation', () => {
  /** The class of the largest output; of equal ones, the first. */
  const classOf = (row: Float32Array) => row.indexOf(row.reduce((largest, value) => Math.max(largest, value)));

  it('gives the same counts and costs as a plain loop over predict', async () => {
    const samples = 300;
    const net = await createNetwork({ ...classifier, cost: 'quadratic' });
    const data = randomSamples(samples);
    const outputs = net.predict(data.inputs);
    let cost = 0;
    const confusion = Array.from({ length: 3 }, () => new Uint32Array(3));
    for (let i = 0; i < samples; i++) {
      const a = outputs.subarray(3 * i, 3 * i + 3);
      confusion[data.targets[i]][classOf(a)]++;
      for (let k = 0; k < 3; k++) cost += (a[k] - Number(k === data.targets[i])) ** 2 / 2;
    }
    const correct = confusion.reduce((sum, row, c) => sum + row[c], 0);
    const evaluation = await net.evaluate(data);
    expect(evaluation).toMatchObject({ samples, correct, accuracy: correct / samples, confusion });
    expect(correct).toBeGreaterThan(0);
    expect(correct).toBeLessThan(samples);
    // (a - y)^2 in f32: the rounding of the difference counts twice, that of the square once
    expect(Math.abs(evaluation.cost - cost / samples)).toBeLessThan((3.01 * EPSILON * cost) / samples);
    // batches of another size must not change the result
    const small = await createNetwork({ ...classifier, cost: 'quadratic', batchSize: 7 });
    expect(await small.evaluate(data)).toMatchObject({ samples, correct, confusion });
  });

  it('predicts class 1 if a single output is above 1/2', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(1, 'linear')] });
    net.layers[0].setWeights(new Float32Array([1]));
    const data = {
      inputs: new Float32Array([0.2, 0.5, 0.51, 2, -1, 0.7]),
      targets: new Uint8Array([0, 1, 1, 1, 1, 0]),
    };
    const expected = { samples: 6, correct: 3, accuracy: 0.5, confusion: [Uint32Array.of(1, 1), Uint32Array.of(2, 2)] };
    expect(await net.evaluate(data)).toMatchObject(expected);
    expect(await net.evaluate({ inputs: data.inputs, targets: Float32Array.from(data.targets) })).toMatchObject(
      expected,
    );
  });

  it('predicts the first of equal outputs', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(3, 'linear', 'zeros')] });
    const { confusion } = await net.evaluate({ inputs: new Float32Array(3), targets: new Uint8Array([0, 1, 2]) });
    expect(confusion).toEqual([Uint32Array.of(1, 0, 0), Uint32Array.of(1, 0, 0), Uint32Array.of(1, 0, 0)]);
  });

  it('has no confusion matrix for more than 256 outputs, but its other counts', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(257, 'linear', 'zeros')] });
    net.layers[0].setBiases(Float32Array.from({ length: 257 }, (_, j) => j));
    const evaluation = await net.evaluate({ inputs: new Float32Array(2), targets: new Int32Array([256, 0]) });
    expect(evaluation).toMatchObject({ correct: 1, accuracy: 0.5, confusion: undefined });
  });

  it('has the balanced accuracy and the macro F1 of scikit-learn', async () => {
    // predictions are those of scikit-learn's own definitions: balanced_accuracy_score, f1_score(average='macro')
    const net = await createNetwork({ inputs: 4, layers: [layer(4, 'linear', 'zeros')] });
    net.layers[0].setWeights(Float32Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0)));
    const predicted = [0, 0, 0, 1, 1, 0, 2, 0];
    const targets = Uint8Array.from([0, 0, 0, 0, 1, 1, 1, 0]);
    const inputs = Float32Array.from(predicted.flatMap((p) => [0, 1, 2, 3].map((k) => Number(k === p))));
    const { balancedAccuracy, macroF1 } = await net.evaluate({ inputs, targets });
    // recall 4/5 and 1/3; class 2 is predicted only, class 3 does not occur
    expect(balancedAccuracy).toBeCloseTo((4 / 5 + 1 / 3) / 2, 15);
    expect(macroF1).toBeCloseTo((8 / 10 + 2 / 5 + 0) / 3, 15);
  });

  it('has neither of them for more than 256 outputs, and early stopping refuses to watch them', async () => {
    const net = await createNetwork({ inputs: 1, layers: [layer(257, 'linear', 'zeros')] });
    const data = { inputs: new Float32Array(4), targets: new Int32Array([256, 0, 1, 1]) };
    const { balancedAccuracy, macroF1 } = await net.evaluate(data);
    expect([balancedAccuracy, macroF1]).toEqual([undefined, undefined]);
    for (const monitor of ['balancedAccuracy', 'macroF1'] as const) {
      await expect(net.fit(data, { validation: data, earlyStopping: { monitor } })).rejects.toThrow(
        `options.earlyStopping.monitor: got "${monitor}" for 257 outputs, want at most 256 outputs, or another metric`,
      );
    }
  });

  it('starts its counts anew each time, and changes nothing', async () => {
    const net = await createNetwork(classifier);
    const before = await net.save();
    const data = randomSamples(200);
    expect(await net.evaluate(data)).toEqual(await net.evaluate(data));
    expect(await net.save()).toEqual(before);
  });
});
