import { describe, expect, it } from 'vitest';
import type { NetworkOptions, Optimizer } from '../src/index.js';
import type { LayerParameters } from '../src/inspection/inspector.js';
import { adadelta, adam, adamw, irprop, lbfgs, lion, momentum, nadam, rmsprop, sgd } from '../src/spec/optimizer.js';
import { createNetwork, EPSILON } from './build.js';
import { expectAllClose, float64, numbers } from './inspected.js';
import { arraysOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

describe('moments', () => {
  const options: NetworkOptions = {
    inputs: 3,
    layers: [
      { units: 17, activation: 'tanh' },
      { units: 2, bias: false },
    ],
    seed: 2,
  };
  const x = numbers(randomNumbers(1), 12);
  const y = new Float32Array(8).fill(0.3);

  /** The network after `steps` steps, and the gradient of each step. */
  async function afterSteps(optimizer: Optimizer, steps: number) {
    const net = await createNetwork(options);
    net.optimizer = optimizer;
    const taken: LayerParameters[][] = [];
    for (let t = 0; t < steps; t++) {
      net.forward(x);
      net.backward(y);
      taken.push(
        net.layers
          .map(arraysOf)
          .map(({ weightGradients, biasGradients }) => ({ weights: weightGradients, biases: biasGradients })),
      );
      net.applyGradients();
    }
    return { net, taken, inspector: await net.inspect() };
  }

  const names: readonly [Optimizer, readonly string[]][] = [
    [sgd({ learningRate: 0.1 }), []],
    [momentum({ learningRate: 0.1 }), ['m']],
    [rmsprop(), ['v']],
    [adadelta(), ['v', 'u']],
    [adam(), ['m', 'v']],
    [adamw(), ['m', 'v']],
    [nadam(), ['m', 'v']],
    [lion(), ['m']],
    [irprop(), ['step', 'sign']],
    [lbfgs(), []],
  ];
  it.each(names.map(([optimizer, symbols]) => ({ optimizer, symbols, name: optimizer.name })))(
    'of $name are called $symbols, in the shapes of weights and biases',
    async ({ optimizer, symbols }) => {
      const net = await createNetwork(options);
      const inspector = await net.inspect();
      net.optimizer = optimizer;
      net.layers.map(arraysOf).forEach(({ weights, biases }, l) => {
        const moments = inspector.moments(l);
        expect(Object.keys(moments)).toEqual(symbols);
        for (const values of Object.values(moments)) {
          expect(values).toEqual({ weights: weights.map(() => 0), biases: biases.map(() => 0) });
        }
      });
    },
  );

  it('of Adam are the means of the gradients and of their squares, for the weights and biases of each layer', async () => {
    const { taken, inspector } = await afterSteps(adam(), 2);
    for (const l of [0, 1]) {
      const { m, v } = inspector.moments(l);
      for (const key of ['weights', 'biases'] as const) {
        const [first, second] = taken.map((layers) => float64(layers[l][key]));
        const mean = first.map((g, i) => 0.9 * 0.1 * g + 0.1 * second[i]);
        const squares = first.map((g, i) => 0.999 * 0.001 * g * g + 0.001 * second[i] ** 2);
        expectAllClose(
          `m of ${l}`,
          m[key],
          mean,
          (i) => 8 * EPSILON * (Math.abs(first[i]) + Math.abs(second[i])) + 1e-12,
        );
        expectAllClose(`v of ${l}`, v[key], squares, (i) => 1e-4 * squares[i] + 1e-12);
      }
    }
  });

  it('of iRPROP+ contain the signs of the last gradients', async () => {
    const { taken, inspector } = await afterSteps(irprop(), 1);
    const { step, sign } = inspector.moments(0);
    expect(sign.weights).toEqual(taken[0][0].weights.map(Math.sign));
    expect(new Set(step.biases)).toEqual(new Set([Math.fround(0.01)]));
  });

  it('are copies', async () => {
    const { inspector } = await afterSteps(momentum({ learningRate: 0.1 }), 1);
    const before = inspector.moments(0);
    inspector.moments(0).m.weights.fill(7);
    expect(inspector.moments(0)).toEqual(before);
  });
});
