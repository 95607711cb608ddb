import { describe, expect, it } from 'vitest';
import type { NetworkOptions } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import { classifier, layer, randomSamples } from './classifier.js';
import { bits, parameterBits } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';

describe('data', () => {
  it('reads each byte as byte times scale, in training and in prediction', async () => {
    const random = randomNumbers(8);
    for (const scale of [undefined, 1 / 16, 1 / 255]) {
      const bytes = randomLabels(23 * 7, 256, random);
      const factor = Math.fround(scale ?? 1);
      // one rounding: the product of a byte and an f32 is exact in f64
      const floats = Float32Array.from(bytes, (byte) => byte * factor);
      const { targets } = randomSamples(23);
      const [first, second] = [await createNetwork({ ...classifier, scale }), await createNetwork(classifier)];
      expect(bits(first.predict(bytes))).toEqual(bits(second.predict(floats)));
      await first.fit({ inputs: bytes, targets }, { batchSize: 5, epochs: 2 });
      await second.fit({ inputs: floats, targets }, { batchSize: 5, epochs: 2 });
      expect(first.trainBatch(bytes, targets)).toBe(second.trainBatch(floats, targets));
      expect(parameterBits(first)).toEqual(parameterBits(second));
      expect(await first.evaluate({ inputs: bytes, targets })).toEqual(
        await second.evaluate({ inputs: floats, targets }),
      );
    }
  });

  it('keeps the order apart from the samples if there are more samples in fewer bytes than before', async () => {
    const few = {
      inputs: new Float32Array(8000 * 7).fill(0.5),
      targets: Float32Array.from({ length: 3 * 8000 }, (_, i) => Number(i % 3 === 0)),
    };
    const many = { inputs: randomLabels(23_900 * 7, 2, 4), targets: randomLabels(23_900, 3, 5) };
    // in the core's memory, a label takes 4 bytes. `many` takes fewer bytes than `few`, but the order of its samples
    // takes a page more, and lies at the end of the memory
    expect(many.inputs.byteLength).toBeLessThan(few.inputs.byteLength);
    expect(4 * many.targets.length).toBeLessThan(few.targets.byteLength);
    const used = await createNetwork(classifier);
    await used.fit(few, { epochs: 1, batchSize: 50 });
    // this network has had the same training, but its memory has never held other samples
    const fresh = await loadNetwork(await used.save({ training: true }));
    for (const net of [used, fresh]) await net.fit(many, { epochs: 1, batchSize: 50 });
    expect(parameterBits(used)).toEqual(parameterBits(fresh));
  });

  it.each([1, 3, 4, 17])('reads labels as one-hot rows of %i outputs', async (outputs) => {
    const classes = Math.max(outputs, 2);
    const options: NetworkOptions = { inputs: 7, layers: [layer(6, 'tanh'), layer(outputs)], seed: 4 };
    const { inputs } = randomSamples(23);
    const labels = randomLabels(23, classes, 5);
    const rows = new Float32Array(23 * outputs);
    labels.forEach((label, i) => {
      if (outputs === 1) rows[i] = label;
      else rows[i * outputs + label] = 1;
    });
    const results = [];
    for (const targets of [rows, labels, Int32Array.from(labels)]) {
      const net = await createNetwork(options);
      const reports = [...(await net.fit({ inputs, targets }, { epochs: 2, batchSize: 5 }))];
      const trained = net.trainBatch(inputs, targets);
      net.forward(inputs);
      const cost = net.backward(targets);
      const costs = reports.map((report) => report.cost);
      const evaluation = await net.evaluate({ inputs, targets });
      results.push({ costs, trained, cost, evaluation, file: await net.save() });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('accepts views of larger buffers', async () => {
    const { inputs, targets } = randomSamples(10);
    const wide = new Float32Array(inputs.length + 9);
    wide.set(inputs, 3);
    const labels = new Uint8Array(30);
    labels.set(targets, 13);
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    await net.fit({ inputs: wide.subarray(3, 3 + inputs.length), targets: labels.subarray(13, 23) }, { epochs: 1 });
    await other.fit({ inputs, targets }, { epochs: 1 });
    expect(await net.save()).toEqual(await other.save());
  });

  it('copies the data, so that changes of the arrays during fit have no effect', async () => {
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const data = randomSamples(20);
    await other.fit(randomSamples(20), { epochs: 3, batchSize: 5 });
    await net.fit(data, { epochs: 3, batchSize: 5, onBatch: () => data.inputs.fill(9) });
    expect(await net.save()).toEqual(await other.save());
  });
});
