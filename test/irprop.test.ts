import { describe, expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import { philox } from '../src/data/philox.js';
import { irprop } from '../src/spec/optimizer.js';
import { createNetwork, EPSILON, loadNetwork } from './build.js';
import { createGolden, data, start } from './optimizer-runs.js';
import { arraysOf } from './parameters.js';
import { flatten } from './reference-optimizers.js';

describe('the first steps of irprop', () => {
  const optimizer = irprop({ learningRate: 0.125, spread: 0.6 });
  const moved = async (seed: number, options = {}) => {
    const net = await createGolden({ seed, ...options });
    await net.fit(data, { epochs: 1, optimizer, shuffle: false });
    return flatten(net.layers.map(arraysOf)).map((value, i) => Math.abs(value - start[i]));
  };

  it('are drawn from the seed for each parameter, around the learning rate', async () => {
    const steps = await moved(9);
    // computed with the generator of assembly/random.ts in plain JavaScript; RANDOM_STEPS is the purpose of the numbers
    const words = Array.from({ length: steps.length }, (_, i) => philox([i >> 2, 0, abi.RANDOM_STEPS, 0], 9)[i % 4]);
    const wanted = words.map((word) => 0.125 * (1 + 0.6 * (((word + 0.5) / 2 ** 32) * 2 - 1)));
    steps.forEach((length, i) => {
      expect(Math.abs(length - wanted[i])).toBeLessThan(2 * EPSILON * (1 + Math.abs(start[i])));
    });
    expect(Math.min(...steps)).toBeGreaterThan(0.05 - 1e-6);
    expect(Math.max(...steps)).toBeLessThan(0.2 + 1e-6);
    expect(Math.max(...steps) - Math.min(...steps)).toBeGreaterThan(0.1);
    expect(await moved(9, { batchSize: 1 })).toEqual(steps);
    expect(await moved(10)).not.toEqual(steps);
  });

  it('follow the first rate of a schedule, also in single steps', async () => {
    const steps = await moved(9);
    const net = await createGolden({ seed: 9 });
    net.optimizer = irprop({ learningRate: (step) => (step === 0 ? 0.125 : 9), spread: 0.6 });
    for (const count of [1, 2]) {
      net.trainBatch(data.inputs, data.targets);
      if (count === 1)
        expect(flatten(net.layers.map(arraysOf)).map((value, i) => Math.abs(value - start[i]))).toEqual(steps);
    }
    const fitted = await createGolden({ seed: 9 });
    await fitted.fit(data, { epochs: 2, optimizer, shuffle: false });
    expect(flatten(net.layers.map(arraysOf))).toEqual(flatten(fitted.layers.map(arraysOf)));
  });

  it('are not drawn again by a network that was saved', async () => {
    const [net, other] = [await createGolden({ seed: 9 }), await createGolden({ seed: 9 })];
    await net.fit(data, { epochs: 7, optimizer });
    await other.fit(data, { epochs: 3, optimizer });
    const loaded = await loadNetwork(await other.save({ training: true }));
    await loaded.fit(data, { epochs: 4, optimizer });
    expect(flatten(loaded.layers.map(arraysOf))).toEqual(flatten(net.layers.map(arraysOf)));
  });
});

it.each([0, 0.6])('irprop solves XOR from at least 160 of 200 starts in 100 epochs: spread %f', async (spread) => {
  // the example of libfann, which solves it from 175 of 200 starts with its own RPROP
  const inputs = new Float32Array([-1, -1, -1, 1, 1, -1, 1, 1]);
  const targets = new Float32Array([-1, 1, 1, -1]);
  const layers = [3, 1].map((units) => ({ units, activation: 'tanh' as const }));
  let solved = 0;
  for (let seed = 0; seed < 200; seed++) {
    const net = await createNetwork({ inputs: 2, layers, cost: 'quadratic', seed });
    await net.fit({ inputs, targets }, { epochs: 100, optimizer: irprop({ learningRate: 0.1, spread }) });
    // half of 0.004, the mean squared error at which libfann stops
    if ((await net.evaluate({ inputs, targets })).cost < 0.002) solved++;
    net.dispose();
  }
  expect(solved).toBeGreaterThanOrEqual(160);
});
