import { describe, expect, it } from 'vitest';
import type { DataSet, NetworkOptions } from '../src/index.js';
import { adam, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { expectWithin } from './bounds.js';
import { createNetwork, EPSILON, slowClock } from './build.js';
import { arraysOf, parameterBits, parametersOf } from './parameters.js';
import { randomFloats, randomLabels, randomNumbers } from './random-numbers.js';

// Two features used together. The tests of each feature by itself are elsewhere.

const random = randomNumbers(71);
const options: NetworkOptions = {
  inputs: 5,
  layers: [
    { units: 9, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 4,
};
const samplesOf = (rows: number): DataSet & { inputs: Float32Array; targets: Uint8Array } => ({
  inputs: randomFloats(5 * rows, random),
  targets: randomLabels(rows, 3, random),
});
const weightsOf = (rows: number) => Float32Array.from({ length: rows }, () => 0.25 + 4 * random());

/** Sets the parameters of a network to those of a copy. */
function setParameters(net: Network, [weights0, biases0, weights1, biases1]: Float32Array[]): void {
  net.layers[0].setWeights(weights0);
  net.layers[0].setBiases(biases0);
  net.layers[1].setWeights(weights1);
  net.layers[1].setBiases(biases1);
}

describe('weights of samples and an inspection', () => {
  const { inputs: x, targets: y } = samplesOf(7);
  const w = weightsOf(7);

  it('Jacobians are the same before and after a weighted backward, batch, evaluation or fit', async () => {
    const net = await createNetwork(options);
    const inspector = await net.inspect();
    net.optimizer = sgd({ learningRate: 1e-30 });
    const wanted = [inspector.jacobian(x), inspector.jacobian(x, { of: 0 })];
    const weighted: [string, () => unknown][] = [
      ['backward', () => [net.forward(x), net.backward(y, w)]],
      ['trainBatch', () => net.trainBatch(x, y, w)],
      ['evaluate', () => net.evaluate({ inputs: x, targets: y, weights: w })],
      ['fit', () => net.fit({ inputs: x, targets: y, weights: w }, { epochs: 1, batchSize: 3 })],
    ];
    for (const [name, call] of weighted) {
      await call();
      expect([inspector.jacobian(x), inspector.jacobian(x, { of: 0 })], name).toEqual(wanted);
    }
  });

  it('a weighted backward after a Jacobian is still weighted', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const inspector = await net.inspect();
    for (const each of [net, other]) each.forward(x);
    net.backward(y, w);
    inspector.jacobian(x);
    net.forward(x);
    expect(net.backward(y, w)).toBe(other.backward(y, w));
    expect(net.layers.map(arraysOf).map(({ weightGradients }) => weightGradients)).toEqual(
      other.layers.map(arraysOf).map(({ weightGradients }) => weightGradients),
    );
  });

  it('after a weighted backward, the demon changes the weighted cost of its sample', async () => {
    const net = await createNetwork(options);
    const inspector = await net.inspect();
    const changes = [undefined, w].map((weights) => {
      net.forward(x);
      net.backward(y, weights);
      return inspector.perturb({ layer: 0, unit: 2, sample: 4, amount: 0.5 });
    });
    expect(Math.abs(changes[0])).toBeGreaterThan(1e-3);
    // each change is the difference of two costs in f64, and the weighting rounds each of these once
    expect(Math.abs(changes[1] / changes[0] - w[4])).toBeLessThan(1e-9);
  });
});

describe('within a step of several chunks', () => {
  const ROWS = 700;
  const chunks = [
    [0, 256],
    [256, 512],
    [512, 700],
  ];
  const data = samplesOf(ROWS);
  const other = samplesOf(30);
  const rate = 0.25;
  // No gradient reaches the limit. With a limit, the gradient of another batch is stored in the memory that holds the
  // sums of the step in progress.
  const fit = { epochs: 1, batchSize: ROWS, shuffle: false, optimizer: sgd({ learningRate: rate, clipValue: 1e30 }) };

  /** Calls back within the step: after its first chunk and after its second. */
  async function fitWith(net: Network, within: (chunk: number) => unknown, epochs = 1) {
    const seen: number[] = [];
    const clock = slowClock(10);
    try {
      await net.fit(data, {
        ...fit,
        epochs,
        onProgress: async ({ samples }) => {
          const chunk = chunks.findIndex(([, end]) => end === samples);
          if (chunk < 2) {
            await within(chunk);
            seen.push(chunk);
          }
        },
      });
    } finally {
      clock.mockRestore();
    }
    return seen;
  }

  it('a callback may train another batch: with the weights restored, the result of the step is the same', async () => {
    const [net, plain] = [await createNetwork(options), await createNetwork(options)];
    const seen = await fitWith(
      net,
      () => {
        const before = parametersOf(net);
        net.trainBatch(other.inputs, other.targets, weightsOf(30));
        expect(parametersOf(net)).not.toEqual(before);
        setParameters(net, before);
      },
      2,
    );
    expect(seen).toEqual([0, 1, 0, 1]);
    await plain.fit(data, { ...fit, epochs: 2 });
    expect(parameterBits(net)).toEqual(parameterBits(plain));
  });

  it('a callback may set other weights: the rest of the step takes their gradient, and updates them', async () => {
    const net = await createNetwork(options);
    const probe = await createNetwork(options);
    const given = [0, 1].map(() => parametersOf(net).map((values) => randomFloats(values.length, random)));
    const seen = await fitWith(net, (chunk) => setParameters(net, given[chunk]));
    expect(seen).toEqual([0, 1]);
    // each chunk's part of the gradient, at the weights with which the chunk was computed
    const parts = chunks.map(([start, end], chunk) => {
      if (chunk > 0) setParameters(probe, given[chunk - 1]);
      probe.forward(data.inputs.subarray(5 * start, 5 * end));
      probe.backward(data.targets.subarray(start, end));
      const share = (end - start) / ROWS;
      return probe.layers
        .map(arraysOf)
        .flatMap(({ weightGradients, biasGradients }) =>
          [weightGradients, biasGradients].map((values) => Float64Array.from(values, (g) => share * g)),
        );
    });
    parametersOf(net).forEach((values, i) => {
      const wanted = Float64Array.from(
        given[1][i],
        (w, k) => w - rate * (parts[0][i][k] + parts[1][i][k] + parts[2][i][k]),
      );
      // the core adds in another order, scales the sum and adds it to the weight: 8 roundings of the numbers that are
      // added
      const bound = Float64Array.from(given[1][i], (w, k) => {
        const sizes = parts.reduce((sum, part) => sum + Math.abs(part[i][k]), 0);
        return 8 * EPSILON * (Math.abs(w) + rate * (sizes + 1));
      });
      expectWithin(`parameters[${i}]`, values, wanted, bound);
    });
  });

  it('a callback may run a backward pass of its own, and save: the result of the step is the same', async () => {
    const [net, plain] = [await createNetwork(options), await createNetwork(options)];
    const files: Uint8Array[] = [];
    await fitWith(net, async () => {
      net.forward(other.inputs);
      net.backward(other.targets, weightsOf(30));
      files.push(await net.save({ training: true }));
      net.predict(data.inputs);
    });
    expect(files).toHaveLength(2);
    await plain.fit(data, fit);
    expect(parameterBits(net)).toEqual(parameterBits(plain));
  });
});

describe('the weights of the best epoch', () => {
  const data = samplesOf(40);
  const x = data.inputs.subarray(0, 5 * 6);
  const y = data.targets.subarray(0, 6);
  const stopping = { patience: 2 };

  it('are not those of an earlier forward pass: backward and applyGradients are refused', async () => {
    const net = await createNetwork(options);
    const inspector = await net.inspect();
    const { last } = await net.fit(data, {
      epochs: 50,
      // a rate so large that the validation cost soon gets worse
      optimizer: adam({ learningRate: 0.5 }),
      validation: samplesOf(20),
      earlyStopping: stopping,
      onEpoch: () => {
        net.forward(x);
        net.backward(y);
      },
    });
    expect(last?.stopped).toBe('earlyStopping');
    expect(last?.bestEpoch).toBe((last?.epoch ?? 0) - stopping.patience);
    const before = await net.save();
    expect(() => net.backward(y)).toThrow(/^backward: got /);
    expect(() => net.applyGradients()).toThrow(/^applyGradients: got no gradients of the last batch/);
    expect(() => inspector.inputGradients()).toThrow(/^inputGradients: got no backward pass of these weights/);
    expect(await net.save()).toEqual(before);
    // after a new forward pass, the gradients are those of a new network with these weights
    const fresh = await createNetwork(options);
    setParameters(fresh, parametersOf(net));
    for (const each of [net, fresh]) each.forward(x);
    expect(net.backward(y)).toBe(fresh.backward(y));
    expect(net.layers[0].getWeightGradients()).toEqual(fresh.layers[0].getWeightGradients());
  });
});
