import { describe, expect, it } from 'vitest';
import { sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork } from './build.js';
import { classifier, randomSamples } from './classifier.js';

describe('dispose', () => {
  const { inputs, targets } = randomSamples(4);
  const calls: [string, (net: Network) => unknown][] = [
    ['fit', (net) => net.fit({ inputs, targets }, { epochs: 1 })],
    ['train', (net) => net.train({ inputs, targets }, { epochs: 1 }).next()],
    ['trainBatch', (net) => net.trainBatch(inputs, targets)],
    ['predict', (net) => net.predict(inputs)],
    ['evaluate', (net) => net.evaluate({ inputs, targets })],
    ['forward', (net) => net.forward(inputs)],
    ['backward', (net) => net.backward(targets)],
    ['applyGradients', (net) => net.applyGradients()],
    ['save', (net) => net.save()],
    [
      'optimizer =',
      (net) => {
        net.optimizer = sgd({ learningRate: 1 });
      },
    ],
    [
      'trainingSamples =',
      (net) => {
        net.trainingSamples = 4;
      },
    ],
    ['layers[0].getWeights', (net) => net.layers[0].getWeights()],
    ['layers[0].getBiases', (net) => net.layers[0].getBiases()],
    [
      'layers[0].setWeights',
      (net) => {
        net.layers[0].setWeights(new Float32Array(7 * 19));
      },
    ],
    [
      'layers[0].setBiases',
      (net) => {
        net.layers[0].setBiases(new Float32Array(19));
      },
    ],
    ['layers[0].getZ', (net) => net.layers[0].getZ()],
    ['layers[0].getA', (net) => net.layers[0].getA()],
    ['layers[0].getDelta', (net) => net.layers[0].getDelta()],
    ['layers[0].getWeightGradients', (net) => net.layers[0].getWeightGradients()],
    ['layers[0].getBiasGradients', (net) => net.layers[0].getBiasGradients()],
  ];

  it.each(calls)('%s then throws an error that says so', async (_name, call) => {
    const fresh = await createNetwork(classifier);
    const used = await createNetwork(classifier);
    used.forward(inputs);
    used.backward(targets);
    for (const net of [used, fresh]) {
      net.dispose();
      await expect((async () => call(net))()).rejects.toThrow(/dispose/);
    }
  });

  it('can be called twice, and by `using`', async () => {
    const net = await createNetwork(classifier);
    net[Symbol.dispose]();
    net.dispose();
    expect(() => net.predict(inputs)).toThrow(/^Network: got a call after dispose\(\), want a network in use$/);
  });

  it('ends a fit in progress', async () => {
    const net = await createNetwork(classifier);
    const training = net.fit({ inputs, targets }, { epochs: 1_000_000 });
    setImmediate(() => net.dispose());
    await expect(training).rejects.toThrow(/dispose/);
  });

  it('does not affect other networks', async () => {
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const before = other.predict(inputs);
    net.dispose();
    expect(other.predict(inputs)).toEqual(before);
  });
});
