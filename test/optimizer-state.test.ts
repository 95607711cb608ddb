import { describe, expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import { Header } from '../src/core/header.js';
import { makePlan, writeTables } from '../src/core/memory-plan.js';
import type { NetworkOptions, Optimizer } from '../src/index.js';
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
  numbersOf,
  rmsprop,
  sgd,
  slotsOf,
} from '../src/spec/optimizer.js';
import { checkSpec } from '../src/spec/spec.js';
import { createNetwork, loadNetwork, startKernels } from './build.js';
import { createGolden, data, rows } from './optimizer-runs.js';
import { arraysOf, setParameters } from './parameters.js';
import { randomNumbers } from './random-numbers.js';
import { flatten } from './reference-optimizers.js';
import { editJson } from './saved-files.js';

/** An optimizer of each kind except lbfgs, whose step is a line search. `itsLion` is the one of the kind lion. */
function everyStepper(itsLion: Optimizer): Optimizer[] {
  return [
    sgd({ learningRate: 0.1 }),
    momentum({ learningRate: 0.1 }),
    nesterov({ learningRate: 0.1 }),
    adagrad(),
    adadelta(),
    rmsprop(),
    adam(),
    adamw(),
    nadam(),
    itsLion,
    irprop(),
  ];
}

describe('a step', () => {
  const all = everyStepper(lion({ weightDecay: 0.5 }));

  it.each(all.map((optimizer) => [optimizer.name, optimizer] as const))(
    'of %s leaves the fill lanes of the last panel 0, with every penalty',
    async (_name, optimizer) => {
      const spec = checkSpec({
        inputs: 5,
        layers: [{ units: 3, activation: 'tanh', maxNorm: 0.5 }, { units: 2 }],
        l1: 1,
        l2: 1,
        penalizeBiases: true,
      });
      const plan = makePlan(spec, 4, undefined, slotsOf(optimizer));
      const { core, memory } = await startKernels(plan.bytes);
      writeTables(memory.buffer as ArrayBuffer, spec, plan);
      const header = new Header(memory.buffer as ArrayBuffer);
      header.setOptimizer(numbersOf(optimizer));
      header.learningRate = optimizer.learningRate as number;
      header.trainingSamples = 4;
      header.clipNorm = 0.125;
      const isUsed = new Array<boolean>(plan.parameterFloats).fill(false);
      for (const { weights, biases, fanIn, units } of plan.layers) {
        for (let j = 0; j < units; j++) {
          isUsed[(biases - plan.parameters) / 4 + j] = true;
          for (let k = 0; k < fanIn; k++) isUsed[(weights - plan.parameters) / 4 + k * abi.PANEL_UNITS + j] = true;
        }
      }
      const random = randomNumbers(3);
      const w = new Float32Array(memory.buffer, plan.parameters, plan.parameterFloats);
      const g = new Float32Array(memory.buffer, plan.gradients, plan.parameterFloats);
      w.set(isUsed.map((used) => (used ? random() - 0.5 : 0)));
      const before = w.slice();
      for (let t = 0; t < 3; t++) {
        g.set(isUsed.map((used) => (used ? random() - 0.5 : 0)));
        core.applyGradients();
      }
      isUsed.forEach((used, i) => {
        if (used) expect(w[i]).not.toBe(before[i]);
        else expect(w[i]).toBe(0);
      });
    },
  );

  it('does not change the stored gradient, whatever is clipped or added', async () => {
    const net = await createGolden({ l1: 1, l2: 1 }, [0.5, 0.5]);
    net.optimizer = adam({ clipNorm: 0.01, clipValue: 0.001 });
    net.forward(data.inputs);
    net.backward(data.targets);
    const before = net.layers
      .map(arraysOf)
      .map(({ weightGradients, biasGradients }) => [weightGradients, biasGradients]);
    net.applyGradients();
    expect(
      net.layers.map(arraysOf).map(({ weightGradients, biasGradients }) => [weightGradients, biasGradients]),
    ).toEqual(before);
  });

  it('computes the length of the gradient without old numbers in memory that the batch has grown into', async () => {
    const random = randomNumbers(17);
    const numbers = (count: number) => Float32Array.from({ length: count }, () => 100 * random());
    // a row of errors of ten outputs is written as 12 numbers and read as 16
    const options: NetworkOptions = { inputs: 5, layers: [{ units: 10, activation: 'linear' }], batchSize: 1 };
    const [net, fresh] = [await createNetwork(options), await createNetwork(options)];
    const [weights] = net.layers.map((layer) => layer.getWeights());
    await net.fit(
      { inputs: numbers(5 * 500), targets: numbers(10 * 500) },
      { epochs: 1, batchSize: 1, optimizer: sgd({ learningRate: 1e-9 }) },
    );
    net.layers[0].setWeights(weights);
    net.layers[0].setBiases(new Float32Array(10));
    const batch = { inputs: numbers(5 * 60), targets: numbers(10 * 60) };
    for (const each of [net, fresh]) {
      const optimizer = momentum({ learningRate: 0.1, clipNorm: 0.01 });
      await each.fit(batch, { epochs: 1, batchSize: 60, shuffle: false, optimizer });
    }
    expect(net.layers[0].getWeights()).toEqual(fresh.layers[0].getWeights());
  });

  it.each(all.map((optimizer) => [optimizer.name, optimizer] as const))(
    'of %s has the same bits through fit, trainBatch and applyGradients',
    async (_name, optimizer) => {
      const nets = await Promise.all([createGolden(), createGolden(), createGolden()]);
      const [fitted, batched, applied] = nets;
      for (const net of nets) net.optimizer = optimizer;
      await fitted.fit(data, { epochs: 5, batchSize: rows, shuffle: false });
      for (let t = 0; t < 5; t++) {
        batched.trainBatch(data.inputs, data.targets);
        applied.forward(data.inputs);
        applied.backward(data.targets);
        applied.applyGradients();
      }
      expect(flatten(batched.layers.map(arraysOf))).toEqual(flatten(fitted.layers.map(arraysOf)));
      // sgd adds each row's part to the weights, but applyGradients adds their sum, which is rounded otherwise
      if (optimizer.name !== 'sgd')
        expect(flatten(applied.layers.map(arraysOf))).toEqual(flatten(fitted.layers.map(arraysOf)));
    },
  );
});

describe('a step that moves large layers block by block', () => {
  const clipValue = 0.01;
  const optimizers = [
    sgd({ learningRate: 0.1, clipValue }),
    momentum({ learningRate: 0.1 }),
    adam({ clipValue }),
    adamw(),
    irprop(),
  ];
  // 400 inputs are more than a block; the last layer is not moved in blocks, because rows of 21 and 5 units are short
  const options: NetworkOptions = {
    inputs: 400,
    layers: [{ units: 70, maxNorm: 0.9 }, { units: 40, activation: 'prelu' }, { units: 21 }, { units: 5 }],
    l1: 0.1,
    l2: 0.1,
    penalizeBiases: true,
    seed: 3,
  };

  it.each(optimizers.flatMap((optimizer) => [2, 3, 40].map((rows) => [optimizer.name, rows, optimizer] as const)))(
    'with %s and %i rows has the bits of a step on stored gradients, and the gradients can be read',
    async (_name, rows, optimizer) => {
      const random = randomNumbers(23);
      const numbers = (count: number) => Float32Array.from({ length: count }, random);
      const [x, y] = [numbers(rows * 400), numbers(rows * 5)];
      const [moved, applied] = [await createNetwork(options), await createNetwork(options)];
      for (const net of [moved, applied]) net.optimizer = optimizer;
      for (let step = 0; step < 3; step++) {
        moved.trainBatch(x, y);
        applied.forward(x);
        applied.backward(y);
        const gradients = applied.layers.map((layer) => layer.getWeightGradients());
        applied.applyGradients();
        expect(moved.layers.map((layer) => layer.getWeightGradients())).toEqual(gradients);
      }
      expect(flatten(moved.layers.map(arraysOf))).toEqual(flatten(applied.layers.map(arraysOf)));
    },
  );
});

describe('moments', () => {
  const shrinking: [Optimizer, number][] = [
    [momentum({ learningRate: 0.1 }), 1],
    [nesterov({ learningRate: 0.1 }), 1],
    [rmsprop(), 1],
    [adadelta(), 2],
    [adam(), 2],
    [adamw(), 2],
    [nadam(), 2],
    [lion(), 1],
  ];

  it.each(shrinking.map(([optimizer, slots]) => [optimizer.name, optimizer, slots] as const))(
    'of %s are 0 below 1e-30, kept above, and NaN stays NaN',
    async (_name, optimizer, slots) => {
      const spec = checkSpec({ inputs: 16, layers: [{ units: 16, activation: 'linear' }] });
      const plan = makePlan(spec, 1, undefined, slots);
      const { core, memory } = await startKernels(plan.bytes);
      writeTables(memory.buffer as ArrayBuffer, spec, plan);
      const header = new Header(memory.buffer as ArrayBuffer);
      header.setOptimizer(numbersOf(optimizer));
      header.learningRate = 0.1;
      header.trainingSamples = 1;
      const state = new Float32Array(memory.buffer, plan.state, slots * plan.parameterFloats);
      const perSlot = plan.parameterFloats;
      const tried = [0, 1e-45, 1e-40, -1e-40, 1e-35, 0.9e-30, 1e-25, 1, Number.NaN];
      state.set(Float32Array.from(state, (_, i) => tried[(i % perSlot) % tried.length]));
      core.applyGradients();
      state.forEach((moment, i) => {
        const before = Math.fround(tried[(i % perSlot) % tried.length]);
        if (Number.isNaN(before)) expect(moment).toBeNaN();
        else if (Math.abs(before) < 1e-30) expect(moment).toBe(0);
        else expect(moment / before).toBeGreaterThan(0.8);
      });
    },
  );

  // number: the weights are above 0 after this many steps, and 0 after the next one
  it.each<[string, Optimizer, Partial<NetworkOptions>, number]>([
    ['adamw', adamw({ learningRate: 1, weightDecay: 0.5 }), {}, 99],
    ['lion', lion({ learningRate: 1, weightDecay: 0.5 }), {}, 99],
    ['sgd with l2', sgd({ learningRate: 1 }), { l2: 0.5 }, 99],
    ['sgd with l2 and clipping', sgd({ learningRate: 1, clipNorm: 1 }), { l2: 0.5 }, 100],
    ['nesterov with l2', nesterov({ learningRate: 1, momentum: 1e-30 }), { l2: 0.5 }, 100],
  ])(
    'and weights too: if only the decay of %s moves them, they end at 0, not as subnormal numbers',
    async (_, optimizer, penalties, steps) => {
      const layers: NetworkOptions['layers'] = [{ units: 3, activation: 'linear', initializer: { constant: 1 } }];
      const net = await createNetwork({ inputs: 2, layers, ...penalties });
      net.optimizer = optimizer;
      net.trainingSamples = 1;
      const halves: number[] = [];
      for (let step = 0; step < 160; step++) {
        net.trainBatch(new Float32Array(2), new Float32Array(3));
        const { weights } = arraysOf(net.layers[0]);
        expect(new Set(weights).size).toBe(1);
        halves.push(weights[0]);
      }
      expect(halves).toEqual(halves.map((_w, step) => (step < steps ? 2 ** -(step + 1) : 0)));
    },
  );

  it.each([adam(), adamw(), nadam()])('continue beyond the last step that $name can count', async (optimizer) => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 2 }, { units: 1 }] });
    net.optimizer = optimizer;
    const [x, y] = [Float32Array.of(0, 1, 1, 1), Float32Array.of(1, 0)];
    net.trainBatch(x, y);
    const saved = await net.save({ training: true });
    const far = await loadNetwork(
      editJson(saved, 'training', (training) => {
        training.optimizerSteps = 2 ** 32 - 3;
      }),
    );
    const costs = Array.from({ length: 6 }, () => far.trainBatch(x, y));
    expect(costs.map((cost, i) => i === 0 || cost < costs[i - 1])).not.toContain(false);
  });

  it.each([
    [1, 1],
    [3, 1],
    [300, 1],
    [1, 2],
  ])(
    'and an L2 term that is too small for the factor of a step in f32 has its effect, at batch size %i, accumulated %i',
    async (batchSize, accumulate) => {
      const layers: NetworkOptions['layers'] = [
        { units: 1, activation: 'linear', bias: false, initializer: { constant: 1 } },
      ];
      const steps = 20_000;
      // only the L2 term moves the weight. eta lambda / n starts below 2^-25, where 1 - eta lambda / n is 1 in f32
      for (const decay of [2e-8, 1e-7, 1e-6, 3.8e-6]) {
        const rows = 10 * batchSize * accumulate;
        const net = await createNetwork({ inputs: 1, layers, l2: (decay * rows) / 0.5 });
        const set = { inputs: new Float32Array(rows), targets: new Float32Array(rows) };
        await net.fit(set, { batchSize, accumulate, epochs: steps / 10, optimizer: sgd({ learningRate: 0.5 }) });
        const lost = 1 - net.layers[0].getWeights()[0];
        expect(lost / (1 - (1 - decay) ** steps)).toBeGreaterThan(0.98);
        expect(lost / (1 - (1 - decay) ** steps)).toBeLessThan(1.02);
      }
    },
  );

  it('are kept in a second fit, and if only numbers of the optimizer change', async () => {
    const [whole, parts] = await Promise.all([createGolden(), createGolden()]);
    const options = { batchSize: rows, shuffle: false };
    await whole.fit(data, { ...options, epochs: 6, optimizer: nadam() });
    await parts.fit(data, { ...options, epochs: 3, optimizer: nadam() });
    await parts.fit(data, { ...options, epochs: 2 });
    await parts.evaluate(data);
    await parts.fit(data, { ...options, epochs: 1, optimizer: nadam() });
    expect(flatten(parts.layers.map(arraysOf))).toEqual(flatten(whole.layers.map(arraysOf)));
    const fresh = await createGolden();
    for (const [l, { weights, biases }] of whole.layers.map(arraysOf).entries())
      setParameters(fresh.layers[l], { weights, biases });
    await Promise.all([whole, fresh].map((net) => net.fit(data, { ...options, optimizer: nadam({ beta1: 0.5 }) })));
    expect(flatten(whole.layers.map(arraysOf))).not.toEqual(flatten(fresh.layers.map(arraysOf)));
  });

  const kinds = [...everyStepper(lion()), lbfgs({ history: 3 })];

  it.each(kinds.map((optimizer) => [optimizer.name, optimizer] as const))(
    'of %s start from zeros after any other optimizer, whatever that one keeps',
    async (_, optimizer) => {
      const options = { batchSize: rows, shuffle: false };
      for (const other of kinds) {
        if (other.name === optimizer.name) continue;
        const [used, fresh] = await Promise.all([createGolden(), createGolden()]);
        await used.fit(data, { ...options, epochs: 4, optimizer });
        await used.fit(data, { ...options, epochs: 2, optimizer: other });
        for (const [l, layer] of used.layers.map(arraysOf).entries()) setParameters(fresh.layers[l], layer);
        for (const net of [used, fresh]) await net.fit(data, { ...options, epochs: 3, optimizer });
        expect(flatten(used.layers.map(arraysOf)), `${optimizer.name}, ${other.name}`).toEqual(
          flatten(fresh.layers.map(arraysOf)),
        );
        used.dispose();
        fresh.dispose();
      }
    },
  );

  it('start from zeros after another optimizer that was assigned but not used', async () => {
    for (const optimizer of kinds) {
      const [used, fresh] = await Promise.all([createGolden(), createGolden()]);
      const options = { batchSize: rows, shuffle: false };
      await used.fit(data, { ...options, epochs: 4, optimizer });
      used.optimizer = optimizer.name === 'adam' ? adadelta() : adam();
      for (const [l, layer] of used.layers.map(arraysOf).entries()) setParameters(fresh.layers[l], layer);
      for (const net of [used, fresh]) await net.fit(data, { ...options, epochs: 3, optimizer });
      expect(flatten(used.layers.map(arraysOf)), optimizer.name).toEqual(flatten(fresh.layers.map(arraysOf)));
    }
  });
});
