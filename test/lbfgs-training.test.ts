import { describe, expect, it } from 'vitest';
import { forward, meanCost, type ReferenceNetwork } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { lbfgs } from '../src/spec/optimizer.js';
import { expectWithin, noErrors, passErrors } from './bounds.js';
import { createNetwork, EPSILON } from './build.js';
import { createGolden, data, golden, network, rows, x, y } from './optimizer-runs.js';
import { arraysOf } from './parameters.js';
import { randomLabels, randomNumbers } from './random-numbers.js';
import { flatten } from './reference-optimizers.js';

describe('lbfgs', () => {
  /** The cost with the L2 term, in f64. */
  function costOf(net: Network, l2: number): number {
    const layers = net.layers.map(arraysOf).map(({ units, weights, biases }, l) => ({
      units,
      activation: l === net.layers.length - 1 ? ('sigmoid' as const) : ('tanh' as const),
      weights: Float64Array.from(weights),
      biases: Float64Array.from(biases),
    }));
    const now = { ...network, layers };
    const squares = layers.reduce((sum, { weights }) => sum + weights.reduce((s, w) => s + w * w, 0), 0);
    return meanCost(now, forward(now, x), y) + (l2 / (2 * rows)) * squares;
  }

  it.each(golden.lbfgs)('gets as low as torch.optim.LBFGS in float64: l2 $l2, hidden layer $hidden', async (wanted) => {
    const { l2, hidden, cost } = wanted;
    const single = { inputs: golden.inputs, layers: [{ units: 3, initializer: 'zeros' as const }], l2 };
    const net = await (hidden ? createGolden({ l2 }) : createNetwork(single));
    const reports = [...(await net.fit(data, { epochs: 500, optimizer: lbfgs() }))];
    expect(reports.length).toBeLessThan(100);
    // at the minimum, an error e of the weights changes the cost only by about e^2; in f32, e is about the root of
    // EPSILON
    expect(costOf(net, l2)).toBeLessThanOrEqual(cost * (1 + 4 * EPSILON));
  });

  /** Linear regression on orthogonal columns: the Hessian is diagonal, and the solution is a quotient of sums. */
  const columns = [1, 1 / 2, 1 / 4].map((size, k) =>
    Array.from({ length: 8 }, (_, i) => (((i >> k) & 1) === 1 ? size : -size)),
  );
  const quadratic = {
    inputs: Float32Array.from({ length: 24 }, (_, i) => columns[i % 3][Math.floor(i / 3)]),
    targets: Float32Array.from([0.5, -1, 2, 0.25, 1.5, -0.75, 3, 1]),
  };

  it('solves a quadratic problem up to rounding', async () => {
    const net = await createNetwork({ inputs: 3, layers: [{ units: 1, activation: 'linear' }], seed: 3 });
    await net.fit(quadratic, { epochs: 100, optimizer: lbfgs() });
    const sum = (values: ArrayLike<number>) => Array.from(values).reduce((s, value) => s + value, 0);
    const wanted = columns.map(
      (column) => sum(column.map((c, i) => c * quadratic.targets[i])) / sum(column.map((c) => c * c)),
    );
    const got = [...net.layers[0].getWeights(), net.layers[0].getBiases()[0]];
    // where the computed gradient is 0, the true gradient is at most its rounding error, and w is off by that error
    // divided by the curvature
    const solved: ReferenceNetwork = {
      inputs: 3,
      cost: 'quadratic',
      layers: [
        {
          units: 1,
          activation: 'linear',
          weights: Float64Array.from(wanted),
          biases: Float64Array.of(sum(quadratic.targets) / 8),
        },
      ],
    };
    const [{ dW, db }] = passErrors(
      solved,
      noErrors(solved),
      Float64Array.from(quadratic.inputs),
      Float64Array.from(quadratic.targets),
    );
    const curvature = [1, 1 / 4, 1 / 16];
    expectWithin(
      'solution',
      got,
      [...wanted, sum(quadratic.targets) / 8],
      [...dW.map((error, k) => error / curvature[k]), db[0]],
    );
  });

  it('reaches the same weights with chunks of any size, and a second fit continues the first', async () => {
    const many = 700;
    const random = randomNumbers(4);
    const large = {
      inputs: Float32Array.from({ length: many * golden.inputs }, () => random() - 0.5),
      targets: randomLabels(many, 3, random),
    };
    const [once, twice] = await Promise.all([createGolden(), createGolden()]);
    const optimizer = lbfgs({ history: 4 });
    const reports = [...(await once.fit(large, { epochs: 12, optimizer }))];
    await twice.fit(large, { epochs: 5, optimizer });
    await twice.evaluate(large);
    await twice.fit(large, { epochs: 7 });
    expect(flatten(twice.layers.map(arraysOf))).toEqual(flatten(once.layers.map(arraysOf)));
    // a report has the cost of all samples before the step
    const start = await createGolden();
    expect(reports[0].cost).toBeCloseTo((await start.evaluate(large)).cost, 12);
    reports.slice(1).forEach(({ cost }, i) => {
      expect(cost).toBeLessThan(reports[i].cost);
    });
  });

  it('ends at once if there is nothing to gain, with a single report that says so', async () => {
    const net = await createNetwork({ inputs: 3, layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }] });
    const flat = { inputs: quadratic.inputs, targets: new Float32Array(8) };
    expect(await net.fit(flat, { epochs: 50, optimizer: lbfgs() })).toHaveLength(1);
    expect(flatten(net.layers.map(arraysOf)).every((value) => value === 0)).toBe(true);
  });

  it('starts again from weights that were assigned between two steps', async () => {
    const net = await createGolden({ l2: 1 });
    const costs: number[] = [];
    for await (const { epoch, cost } of net.train(data, { epochs: 200, optimizer: lbfgs() })) {
      if (epoch === 3) net.layers[0].setWeights(new Float32Array(24).fill(3));
      costs.push(cost);
    }
    expect(costs[4]).toBeGreaterThan(costs[3]);
    const untouched = await createGolden({ l2: 1 });
    expect(costOf(net, 1)).toBeLessThan(costOf(untouched, 1));
  });

  it('refuses weights during a step, which would be lost, and takes them in onEpoch', async () => {
    const net = await createGolden();
    let refused = 0;
    const set = (where: 'setWeights' | 'setBiases') => {
      const message = new RegExp(`^layers\\[0\\]\\.${where}: got new parameters during a step, want them in onEpoch`);
      expect(() => net.layers[0][where](net.layers[0][where === 'setWeights' ? 'getWeights' : 'getBiases']())).toThrow(
        message,
      );
      refused++;
    };
    await net.fit(data, {
      epochs: 3,
      optimizer: lbfgs(),
      onBatch: () => set('setWeights'),
      onProgress: () => set('setBiases'),
      onEpoch: () => net.layers[0].setWeights(new Float32Array(net.layers[0].getWeights().length).fill(0.5)),
    });
    expect(refused).toBeGreaterThanOrEqual(3);
    expect(net.layers[0].getWeights().every((value) => value === 0.5)).toBe(true);
    const other = await createGolden();
    const copy = net.fit(data, { epochs: 1, optimizer: lbfgs(), onBatch: () => net.copyWeights(other) });
    await expect(copy).rejects.toThrow(/^copyWeights: got new parameters during a step, want them in onEpoch/);
    // parameters can be set again after an error within a step
    const stop = net.fit(data, { epochs: 3, optimizer: lbfgs(), onBatch: () => Promise.reject(new Error('mine')) });
    await expect(stop).rejects.toThrow('mine');
    net.layers[0].setWeights(net.layers[0].getWeights());
  });

  it('takes numbers that a callback gives the optimizer from the next step on', async () => {
    const net = await createGolden();
    const history = await net.fit(data, {
      epochs: 50,
      optimizer: lbfgs(),
      onEpoch: ({ epoch }) => {
        if (epoch === 1) net.optimizer = lbfgs({ tolerance: 1e10 });
      },
    });
    expect([history.last?.epoch, history.last?.stopped]).toEqual([2, 'converged']);
  });

  it('restores the weights of the last step if it is stopped in the middle of a step', async () => {
    const net = await createGolden();
    const controller = new AbortController();
    let passes = 0;
    let weights: Float64Array | undefined;
    const fit = net.fit(data, {
      epochs: 50,
      batchSize: rows,
      optimizer: lbfgs(),
      signal: controller.signal,
      onEpoch: () => {
        weights = flatten(net.layers.map(arraysOf));
      },
      onBatch: () => {
        if (++passes > 6) controller.abort();
      },
    });
    await expect(fit).rejects.toThrow(/abort/);
    expect(flatten(net.layers.map(arraysOf))).toEqual(weights);
  });

  it('ends after the step in which a callback has returned false once, and never reports a negative time left', async () => {
    const net = await createGolden();
    net.optimizer = lbfgs();
    const left: (number | undefined)[] = [];
    const onProgress = ({ secondsLeft }: { secondsLeft?: number }) => left.push(secondsLeft);
    const reports = [...(await net.fit(data, { epochs: 10, onProgress }))];
    left.push(...reports.map(({ secondsLeft }) => secondsLeft));
    expect(Math.min(...left.map(Number))).toBeGreaterThanOrEqual(0);
    let passes = 0;
    const stopped = [...(await net.fit(data, { epochs: 10, onBatch: () => ++passes !== 1 }))];
    expect(stopped.map((report) => report.stopped)).toEqual(['callback']);
  });
});
