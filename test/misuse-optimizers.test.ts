import { describe, expect, it } from 'vitest';
import type { NetworkOptions } from '../src/index.js';
import type { Network } from '../src/network.js';
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  irprop,
  lbfgs,
  lion,
  momentum,
  nadam,
  nesterov,
  rmsprop,
  sgd,
} from '../src/spec/optimizer.js';
import { createNetwork } from './build.js';
import { createGolden, data, golden } from './optimizer-runs.js';
import { arraysOf } from './parameters.js';
import { flatten } from './reference-optimizers.js';

describe('misuse', () => {
  const wrong: [string, () => unknown, RegExp][] = [
    [
      'momentum 1',
      () => momentum({ learningRate: 1, momentum: 1 }),
      /^momentum\.momentum: got 1, want a number from 0 to below 1$/,
    ],
    [
      'no learning rate',
      () => nesterov({} as never),
      /^nesterov\.learningRate: got undefined, want a positive number$/,
    ],
    ['learning rate 0', () => adam({ learningRate: 0 }), /^adam\.learningRate: got 0, want a positive number/],
    ['beta1 below 0', () => adam({ beta1: -0.1 }), /^adam\.beta1: got -0.1, want a number from 0 to below 1$/],
    ['beta2 NaN', () => nadam({ beta2: Number.NaN }), /^nadam\.beta2: got NaN, want/],
    ['epsilon 0', () => adagrad({ epsilon: 0 }), /^adagrad\.epsilon: got 0, want a positive number from 1e-12 to/],
    [
      'an epsilon so small that squares of its size become 0',
      () => adam({ epsilon: 1e-20 }),
      /^adam\.epsilon: got 1e-20, want a positive number from 1e-12/,
    ],
    [
      'an epsilon that is 0 in f32',
      () => rmsprop({ epsilon: 1e-50 }),
      /^rmsprop\.epsilon: got 1e-50, want a positive number from 1e-12/,
    ],
    [
      'rho "0.9"',
      () => adadelta({ rho: '0.9' as never }),
      /^adadelta\.rho: got "0.9", want a number from 0 to below 1: 0.9 without quotes$/,
    ],
    ['weight decay below 0', () => adamw({ weightDecay: -1 }), /^adamw\.weightDecay: got -1, want a number from 0 up$/],
    ['infinite weight decay', () => lion({ weightDecay: Infinity }), /^lion\.weightDecay: got Infinity, want/],
    [
      'weight decay of adam',
      () => adam({ weightDecay: 1 } as never),
      /^adam: got the unknown key "weightDecay", want learningRate, beta1, beta2, epsilon, clipValue, clipNorm$/,
    ],
    ['a spread of 1', () => irprop({ spread: 1 }), /^irprop\.spread: got 1, want a number from 0 to below 1$/],
    ['etaPlus 1', () => irprop({ etaPlus: 1 }), /^irprop\.etaPlus: got 1, want a number above 1$/],
    ['etaMinus 1', () => irprop({ etaMinus: 1 }), /^irprop\.etaMinus: got 1, want a number above 0 and below 1$/],
    [
      'a smallest step above the largest',
      () => irprop({ stepMin: 2, stepMax: 1 }),
      /^irprop\.stepMin: got 2, want at most stepMax = 1$/,
    ],
    ['history 0', () => lbfgs({ history: 0 }), /^lbfgs\.history: got 0, want an integer from 1 to 100$/],
    ['a tolerance below 0', () => lbfgs({ tolerance: -1 }), /^lbfgs\.tolerance: got -1, want a number from 0 up$/],
    ['clipping with lbfgs', () => lbfgs({ clipNorm: 1 } as never), /^lbfgs: got the unknown key "clipNorm"/],
    ['clipNorm 0', () => sgd({ learningRate: 1, clipNorm: 0 }), /^sgd\.clipNorm: got 0, want a positive number/],
    ['clipValue -1', () => adam({ clipValue: -1 }), /^adam\.clipValue: got -1, want a positive number/],
    [
      'a name as options',
      () => adam('fast' as never),
      /^adam: got "fast", want an object such as \{ learningRate: \.\.\. \}$/,
    ],
  ];
  it.each(wrong)('refuses %s', (_name, call, message) => {
    expect(call).toThrow(message);
  });

  it('has the defaults of PyTorch', () => {
    expect(adam()).toEqual({ name: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
    expect(adamw().weightDecay).toBe(0.01);
    expect(nadam()).toMatchObject({ learningRate: 0.002, momentumDecay: 0.004 });
    expect(adagrad()).toEqual({ name: 'adagrad', learningRate: 0.01, epsilon: 1e-10 });
    expect(adadelta()).toEqual({ name: 'adadelta', learningRate: 1, rho: 0.9, epsilon: 1e-6 });
    expect(rmsprop()).toEqual({ name: 'rmsprop', learningRate: 0.01, alpha: 0.99, epsilon: 1e-8 });
    expect(irprop()).toMatchObject({ learningRate: 0.01, etaPlus: 1.2, etaMinus: 0.5, stepMin: 1e-6, stepMax: 50 });
    expect(Object.isFrozen(adam())).toBe(true);
  });

  const refused: [string, (net: Network) => unknown, RegExp][] = [
    [
      'mini-batches with irprop',
      (net) => net.fit(data, { epochs: 1, batchSize: 8, optimizer: irprop() }),
      /^options\.batchSize: got 8, want all 9 samples for irprop, or none given$/,
    ],
    [
      'accumulated mini-batches with lbfgs',
      (net) => net.fit(data, { epochs: 1, batchSize: 4, accumulate: 2, optimizer: lbfgs() }),
      /^options\.batchSize: got 8, want all 9 samples for lbfgs, or none given$/,
    ],
    [
      'a batch with lbfgs',
      (net) => {
        net.optimizer = lbfgs();
        net.trainBatch(data.inputs, data.targets);
      },
      /^trainBatch: got one batch with lbfgs, want fit for this optimizer$/,
    ],
    [
      'a part of the samples with irprop',
      (net) => {
        net.optimizer = irprop();
        net.trainingSamples = 10;
        net.trainBatch(data.inputs, data.targets);
      },
      /^trainBatch: got 9 rows with irprop, want all 10 \(trainingSamples\) for this optimizer$/,
    ],
    [
      'another optimizer during fit',
      (net) =>
        net.fit(data, {
          epochs: 1,
          onEpoch: () => {
            net.optimizer = adam();
          },
        }),
      /^optimizer: got another one, adam, during fit, want sgd until it ends$/,
    ],
  ];
  it.each(refused)('refuses %s', async (_name, call, message) => {
    const net = await createGolden();
    await expect((async () => call(net))()).rejects.toThrow(message);
  });

  it('requires a new forward pass after a change to an optimizer with another number of slots', async () => {
    const net = await createGolden();
    net.forward(data.inputs);
    net.optimizer = sgd({ learningRate: 0.5 });
    net.backward(data.targets);
    net.optimizer = adam();
    expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients of the last batch, want forward/);
    expect(() => net.backward(data.targets)).toThrow(/^backward: got no forward pass/);
    expect(() => net.layers[0].getZ()).toThrow(/getZ: got no batch yet/);
  });

  const unfit: [string, Partial<NetworkOptions>, RegExp][] = [
    [
      'dropout',
      { layers: [{ units: 3, dropout: 0.5 }, { units: 3 }] },
      /^layers\[0\]\.dropout: got 0.5 with lbfgs, want 0/,
    ],
    ['max-norm', { layers: [{ units: 3, maxNorm: 2 }] }, /^layers\[0\]\.maxNorm: got 2 with lbfgs, want none/],
    ['L1', { layers: [{ units: 3 }], l1: 0.5 }, /^l1: got 0.5 with lbfgs, want 0/],
  ];
  it.each(unfit)('refuses lbfgs with %s, and changes nothing', async (_name, options, message) => {
    const net = await createNetwork({ ...(options as NetworkOptions), inputs: golden.inputs });
    const before = flatten(net.layers.map(arraysOf));
    await expect(net.fit(data, { epochs: 1, optimizer: lbfgs() })).rejects.toThrow(message);
    expect(flatten(net.layers.map(arraysOf))).toEqual(before);
    expect(net.optimizer.name).toBe('sgd');
  });
});
