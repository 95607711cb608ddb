import { describe, expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import type { Arena } from '../src/core/arena.js';
import { loadTrainingSet, writeWindow } from '../src/data/data-set.js';
import { philox } from '../src/data/philox.js';
import type { NetworkOptions } from '../src/index.js';
import { sgd } from '../src/index.js';
import { deltas, forward, gradients, numericGradients, type ReferenceNetwork } from '../src/inspection/reference.js';
import { ArenaLayer } from '../src/model/layer.js';
import { Pass } from '../src/model/pass.js';
import { expectWithin, noErrors, passErrors } from './bounds.js';
import { createNetwork, EPSILON, startArena } from './build.js';
import { arraysOf, parametersOf, setParameters } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';

const SEED = 3 * 2 ** 32 + 17;
const options: NetworkOptions = {
  inputs: 6,
  layers: [
    { units: 21, activation: 'tanh', dropout: 0.25 },
    { units: 10, activation: 'sigmoid', dropout: 0.5 },
    { units: 4, activation: 'softmax' },
  ],
  seed: SEED,
};
const RATES = [0.25, 0.5];

const ROWS = 11;
const random = randomNumbers(21);
const signed = (scale: number) => Math.fround((2 * random() - 1) * scale);
const batch = {
  samples: ROWS,
  inputs: Float32Array.from({ length: 6 * ROWS }, () => signed(1)),
  targets: randomLabels(ROWS, 4, random),
  weights: undefined,
};
const shapes = [
  [21, 6],
  [10, 21],
  [4, 10],
];
const parameters = shapes.map(([units, fanIn]) => ({
  weights: Float32Array.from({ length: units * fanIn }, () => signed(1)),
  biases: Float32Array.from({ length: units }, () => signed(0.5)),
}));

/** The memory of a network, and its layers, which show the last pass. */
async function start(capacity = ROWS) {
  const arena = await startArena(options, capacity, {
    samples: ROWS,
    inputBytes: 4 * batch.inputs.length,
    targetBytes: 4 * ROWS,
    weightBytes: 0,
  });
  const pass = new Pass();
  const layers = parameters.map((given, l) => {
    const layer = new ArenaLayer(arena, l, pass, () => {});
    setParameters(layer, given);
    return layer;
  });
  return { arena, pass, layers };
}

/** Takes a step at the learning rate 0: no weight changes, and everything that the step has computed can be read. */
function trainStep(arena: Arena, pass: Pass, step: number) {
  writeWindow(arena, batch, 0, ROWS);
  arena.header.stepCount = step;
  arena.header.learningRate = 0;
  expect(arena.core.trainRows(ROWS)).toBeTruthy();
  pass.holdBackward(ROWS);
}

/** The mask [rows × units] of a layer, from the memory. */
function maskOf(arena: Arena, l: number, rows = ROWS): Float32Array {
  const layer = arena.plan.layers[l];
  const mask = new Float32Array(rows * layer.units);
  arena.readRows(mask, 0, layer.dropoutMask, layer, rows);
  return mask;
}

/**
 * The mask [rows × units] by the definition of the random numbers: a unit is dropped if its word is below rate · 2³².
 */
function expectedMask(l: number, step: number, rows = ROWS): Float32Array {
  const units = shapes[l][0];
  const blocks = Math.ceil(units / 4);
  return Float32Array.from({ length: rows * units }, (_, i) => {
    const [row, j] = [Math.floor(i / units), i % units];
    const words = philox([row * blocks + (j >> 2), l, abi.RANDOM_DROPOUT, step], SEED);
    return words[j % 4] < RATES[l] * 2 ** 32 ? 0 : 1 / (1 - RATES[l]);
  });
}

describe('the mask', () => {
  it('is a function of the seed, the layer, the step and the place in the step, so it can be made again', async () => {
    const { arena, pass } = await start();
    for (const step of [0, 1, 2, 1, 1_000_000, 2 ** 32 - 1, 0]) {
      trainStep(arena, pass, step);
      for (const l of [0, 1]) expect(maskOf(arena, l)).toEqual(expectedMask(l, step));
    }
  });

  it('does not depend on how a step is divided into chunks', async () => {
    for (const chunkRows of [1, 2, 3, 4, 11]) {
      const { arena } = await start();
      loadTrainingSet(arena, batch);
      arena.header.stepRows = ROWS;
      arena.header.chunkRows = chunkRows;
      for (let first = 0; first < ROWS; first += chunkRows) {
        const rows = Math.min(chunkRows, ROWS - first);
        expect(arena.core.trainChunks(first, 1)).toBe(first + rows);
        for (const l of [0, 1]) {
          const units = shapes[l][0];
          expect(maskOf(arena, l, rows)).toEqual(expectedMask(l, 0).subarray(first * units, (first + rows) * units));
        }
      }
      expect(arena.header.stepCount).toBe(1);
    }
  });

  it('drops the share given by the option, in all places alike, and keeps the expected value', async () => {
    const { arena, pass } = await start();
    const steps = 400;
    for (const l of [0, 1]) {
      const units = shapes[l][0];
      const dropped = new Array(ROWS * units).fill(0);
      let others = 0;
      for (let step = 0; step < steps; step++) {
        trainStep(arena, pass, step);
        maskOf(arena, l).forEach((value, i) => {
          dropped[i] += Number(value === 0);
          others += Number(value !== 0 && value !== Math.fround(1 / (1 - RATES[l])));
        });
      }
      expect(others).toBe(0);
      // the counts are binomial: each may be off by five standard deviations, and their sum by four
      const deviation = Math.sqrt(RATES[l] * (1 - RATES[l]));
      for (const count of dropped) {
        expect(Math.abs(count / steps - RATES[l])).toBeLessThan((5 * deviation) / Math.sqrt(steps));
      }
      const total = dropped.reduce((sum, count) => sum + count, 0) / (steps * ROWS * units);
      expect(Math.abs(total - RATES[l])).toBeLessThan((4 * deviation) / Math.sqrt(steps * ROWS * units));
    }
  });

  it('does not change what lies between the rows, whatever it is', async () => {
    const [{ arena, pass, layers }, poisoned] = [await start(), await start()];
    for (const { dropoutMask, dropped, stride } of poisoned.arena.plan.layers.slice(0, 2)) {
      poisoned.arena.words(dropoutMask, (ROWS * stride) / 4).fill(0xffffffff);
      poisoned.arena.words(dropped, (ROWS * stride) / 4).fill(0xffffffff);
    }
    trainStep(arena, pass, 3);
    trainStep(poisoned.arena, poisoned.pass, 3);
    layers.forEach((layer, l) => {
      expect(layer.getWeightGradients()).toEqual(poisoned.layers[l].getWeightGradients());
      expect(layer.getBiasGradients()).toEqual(poisoned.layers[l].getBiasGradients());
    });
    const { gradients: address, parameterFloats } = poisoned.arena.plan;
    expect(poisoned.arena.floats(address, parameterFloats).every(Number.isFinite)).toBe(true);
  });
});

it('is used in back-propagation: z, delta and gradients are those of the reference without the dropped inputs', async () => {
  const { arena, pass, layers } = await start();
  trainStep(arena, pass, 7);
  const masks = [maskOf(arena, 0), maskOf(arena, 1)];
  const sums = shapes.map(([units, fanIn]) => ({
    dW: new Float64Array(units * fanIn),
    db: new Float64Array(units),
    dWBound: new Float64Array(units * fanIn),
    dbBound: new Float64Array(units),
  }));
  for (let r = 0; r < ROWS; r++) {
    // for a single sample, dropping an input is the same as a weight of 0, and keeping it the same as a larger weight
    const factor = (l: number, k: number) => (l ? masks[l - 1][r * shapes[l][1] + k] : 1);
    const network: ReferenceNetwork = {
      inputs: 6,
      cost: 'categoricalCrossEntropy',
      layers: (['tanh', 'sigmoid', 'softmax'] as const).map((activation, l) => ({
        units: shapes[l][0],
        activation,
        weights: Float64Array.from(parameters[l].weights, (w, i) => w * factor(l, i % shapes[l][1])),
        biases: Float64Array.from(parameters[l].biases),
      })),
    };
    const x = Float64Array.from(batch.inputs.subarray(6 * r, 6 * r + 6));
    const y = Float64Array.from({ length: 4 }, (_, k) => Number(k === batch.targets[r]));
    // the core multiplies the activation by the mask and rounds; here the weight is multiplied, which is rounded
    // otherwise
    const errors = noErrors(network).map((none, l) => ({
      ...none,
      weights: l ? network.layers[l].weights.map((w) => EPSILON * Math.abs(w)) : none.weights,
    }));
    const bounds = passErrors(network, errors, x, y);
    const values = forward(network, x);
    const delta = deltas(network, values, y);
    const gradient = gradients(network, x, values, delta);
    const numeric = numericGradients(network, x, y, 1e-5);
    layers.forEach((layer, l) => {
      const [units, fanIn] = shapes[l];
      const row = (values: Float32Array) => values.subarray(r * units, (r + 1) * units);
      expectWithin(`row ${r}, layers[${l}].z`, row(layer.getZ()), values[l].z, bounds[l].z);
      expectWithin(`row ${r}, layers[${l}].delta`, row(layer.getDelta()), delta[l], bounds[l].delta);
      // the differences have errors too: h² times the third derivative, and the rounding of C divided by h
      const wide = bounds[l].delta.map((bound) => bound + 1e-7);
      expectWithin(`row ${r}, slopes by layers[${l}].z`, row(layer.getDelta()), numeric[l].db, wide);
      for (let j = 0; j < units; j++) {
        sums[l].db[j] += gradient[l].db[j] / ROWS;
        sums[l].dbBound[j] += (bounds[l].db[j] + (ROWS + 2) * EPSILON * Math.abs(gradient[l].db[j])) / ROWS;
        for (let k = 0; k < fanIn; k++) {
          const i = j * fanIn + k;
          const g = gradient[l].dW[i] * factor(l, k);
          sums[l].dW[i] += g / ROWS;
          sums[l].dWBound[i] += (bounds[l].dW[i] * factor(l, k) + (ROWS + 3) * EPSILON * Math.abs(g)) / ROWS;
        }
      }
    });
  }
  layers.forEach((layer, l) => {
    expectWithin(`layers[${l}].weightGradients`, layer.getWeightGradients(), sums[l].dW, sums[l].dWBound);
    expectWithin(`layers[${l}].biasGradients`, layer.getBiasGradients(), sums[l].db, sums[l].dbBound);
  });
});

describe('networks', () => {
  const plainOptions = { ...options, layers: options.layers.map((layer) => ({ ...layer, dropout: 0 })) };
  const count = 700;
  const inputs = Float32Array.from({ length: 6 * count }, () => signed(1));
  const targets = Uint8Array.from(
    { length: count },
    (_, i) => Number(inputs[6 * i] > 0) + 2 * Number(inputs[6 * i + 1] > 0),
  );

  it('drop no unit in predict, evaluate, forward and backward, before and after training', async () => {
    const [net, plain] = [await createNetwork(options), await createNetwork(plainOptions)];
    const { inputs: x, targets: y } = batch;
    for (let i = 0; i < 2; i++) {
      net.layers.map(arraysOf).forEach(({ weights, biases }, l) => {
        setParameters(plain.layers[l], { weights, biases });
      });
      expect(net.predict(x)).toEqual(plain.predict(x));
      expect(await net.evaluate({ inputs: x, targets: y })).toEqual(await plain.evaluate({ inputs: x, targets: y }));
      for (const network of [net, plain]) {
        network.forward(x);
        network.backward(y);
      }
      net.layers.forEach((layer, l) => {
        expect(layer.getDelta()).toEqual(plain.layers[l].getDelta());
        expect(layer.getWeightGradients()).toEqual(plain.layers[l].getWeightGradients());
      });
      await net.fit({ inputs, targets }, { epochs: 1 });
    }
  });

  it('drop units in training: the weights differ from those without dropout and with another seed, not from run to run', async () => {
    const fit = { epochs: 2, batchSize: 20, optimizer: sgd({ learningRate: 0.5 }) };
    const train = async (given: NetworkOptions) => {
      const net = await createNetwork(given);
      await net.fit({ inputs, targets }, fit);
      return parametersOf(net);
    };
    const trained = await train(options);
    expect(await train(options)).toEqual(trained);
    expect(await train(plainOptions)).not.toEqual(trained);
    expect(await train({ ...options, seed: SEED + 1 })).not.toEqual(trained);
  });

  it('take the same step whether a batch of 700 passes in chunks or at once', async () => {
    const [net, whole] = [await createNetwork(options), await createNetwork(options)];
    const optimizer = sgd({ learningRate: 0.5 });
    await net.fit({ inputs, targets }, { epochs: 1, batchSize: count, shuffle: false, optimizer });
    whole.optimizer = optimizer;
    whole.trainBatch(inputs, targets);
    // |delta| and |a| are at most 2 here: sums of 700 products, rounded each time
    const bound = 0.5 * 4 * (count + 4) * EPSILON;
    const after = parametersOf(whole);
    parametersOf(net).forEach((values, i) => {
      expectWithin(`parameters[${i}]`, values, after[i], new Float32Array(values.length).fill(bound));
    });
  });

  it('learn', async () => {
    const net = await createNetwork(options);
    const reports = [
      ...(await net.fit({ inputs, targets }, { epochs: 60, batchSize: 10, optimizer: sgd({ learningRate: 0.5 }) })),
    ];
    expect((await net.evaluate({ inputs, targets })).accuracy).toBeGreaterThan(0.95);
    // the cost that training reports is that of the network with dropped units
    expect(reports[59].cost).toBeGreaterThan((await net.evaluate({ inputs, targets })).cost);
  });
});
