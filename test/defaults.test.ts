import { describe, expect, it } from 'vitest';
import { adam, Network } from '../src/index.js';

const XOR = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] }; // biome-ignore format: a table

describe('fit without options', () => {
  it.each([4, 8])('learns XOR with %i hidden units for 20 of 20 seeds', async (units) => {
    for (let seed = 1; seed <= 20; seed++) {
      const net = await Network.create({ inputs: 2, layers: [{ units, activation: 'tanh' }, { units: 1 }], seed });
      const history = await net.fit(XOR);
      expect(history.length).toBe(1000);
      const outputs = net.predict(XOR.inputs);
      for (const [i, [y]] of XOR.targets.entries()) {
        expect(Math.abs(outputs[i] - y), `seed ${seed}, sample ${i}`).toBeLessThan(0.2);
      }
      net.dispose();
    }
  });

  it.each([
    [33, {}, 500],
    [32, {}, 1000],
    [100, { batchSize: 10 }, 100],
    [32_001, {}, 1],
    [70, { validationSplit: 0.5 }, 500],
    [33, { epochs: 2 }, 2],
  ])('of %i samples with %j takes the fewest epochs that have 1000 steps: %i', async (samples, options, epochs) => {
    const net = await Network.create({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
    expect(net.optimizer).toEqual(adam({ learningRate: 0.01 }));
    const inputs = Float32Array.from({ length: samples }, (_, i) => i / samples);
    const history = await net.fit({ inputs, targets: inputs }, options);
    expect([history.length, history.last?.epochs]).toEqual([epochs, epochs]);
    expect(net.optimizer).toEqual(adam({ learningRate: 0.01 }));
  });

  it('of a stream takes one epoch', async () => {
    const net = await Network.create({ inputs: 2, layers: [{ units: 1 }] });
    expect((await net.fitStream(() => [XOR])).length).toBe(1);
  });
});

describe('trainBatch of a new network', () => {
  it('has the rate of its optimizer, as after the optimizer has been assigned or the network loaded', async () => {
    const create = () => Network.create({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], seed: 1 });
    const [fresh, assigned] = [await create(), await create()];
    const loaded = await Network.load(await fresh.save());
    assigned.optimizer = adam({ learningRate: 0.01 });
    const [before] = fresh.layers[0].getWeights();
    for (const net of [fresh, assigned, loaded]) net.trainBatch([[1]], [[5]]);
    const [after] = fresh.layers[0].getWeights();
    // the first step of Adam is as long as the rate
    expect(after - before).toBeCloseTo(0.01, 6);
    for (const net of [assigned, loaded]) expect(net.layers[0].getWeights()).toEqual(fresh.layers[0].getWeights());
  });
});
