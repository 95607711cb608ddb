import { describe, expect, it, vi } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import { permutation } from '../src/data/philox.js';
import { adam, cosine, Network, type NetworkOptions, reduceOnPlateau, sgd, type TrainOptions } from '../src/index.js';
import { halvingRounds } from '../src/search/halving.js';
import { settingsOf } from '../src/search/space.js';
import { ranked } from '../src/search/tally.js';
import { integers, logUniform, oneOf, type SearchOptions, search, uniform } from '../src/search.js';
import { RANDOM_SEARCH } from '../src/spec/codes.js';
import { type Features, loaded } from '../src/training/features.js';
import { randomNumbers } from './random-numbers.js';
import { SEARCHED, searchData } from './searched.js';

describe('a grid', () => {
  it('has all combinations, of which the values of later choices change first', () => {
    const space = {
      network: { layers: [{ units: oneOf([2, 4]) }, { units: 1 }], l2: oneOf([0, 0.1]) },
      options: { batchSize: oneOf([8, 16]) },
    };
    expect(settingsOf(space, undefined, 0).map(({ values }) => Object.values(values))).toEqual([
      [2, 0, 8],
      [2, 0, 16],
      [2, 0.1, 8],
      [2, 0.1, 16],
      [4, 0, 8],
      [4, 0, 16],
      [4, 0.1, 8],
      [4, 0.1, 16],
    ]);
    const [first] = settingsOf(space, undefined, 0);
    expect(Object.keys(first.values)).toEqual(['network.layers[0].units', 'network.l2', 'options.batchSize']);
    expect(first.network).toEqual({ layers: [{ units: 2 }, { units: 1 }], l2: 0 });
    expect(first.options).toEqual({ batchSize: 8 });
  });

  it('has one setting if there is no choice', () => {
    expect(settingsOf({ network: { inputs: 1 }, options: {} }, undefined, 0)).toHaveLength(1);
  });

  it('gives the same choice in two places the same value, also after map', () => {
    const units = oneOf([2, 3]);
    const space = { network: { layers: [{ units }, { units: units.map((n) => 2 * n) }] }, options: {} };
    expect(settingsOf(space, undefined, 0).map(({ network }) => network.layers.map((layer) => layer.units))).toEqual([
      [2, 4],
      [3, 6],
    ]);
  });

  it('has choices within values of choices only where these values are taken', () => {
    const optimizer = oneOf([
      { name: 'sgd', learningRate: oneOf([0.1, 0.2]) },
      { name: 'momentum', learningRate: 0.1, momentum: oneOf([0.8, 0.9]) },
      adam(),
    ]);
    expect(
      settingsOf({ network: {}, options: { optimizer } }, undefined, 0).map(({ options }) => options.optimizer),
    ).toEqual([
      { name: 'sgd', learningRate: 0.1 },
      { name: 'sgd', learningRate: 0.2 },
      { name: 'momentum', learningRate: 0.1, momentum: 0.8 },
      { name: 'momentum', learningRate: 0.1, momentum: 0.9 },
      adam(),
    ]);
  });
});

describe('random settings', () => {
  const valuesOf = (options: object, trials: number, seed = 0) =>
    settingsOf({ network: {}, options }, trials, seed).map(({ values }) => Object.values(values));

  it('of a grid are a random part of it, without repetition', () => {
    const space = { batchSize: oneOf([1, 2, 3, 4]), accumulate: oneOf([1, 2, 3]) };
    const all = valuesOf(space, 12);
    expect(new Set(all.map(String)).size).toBe(12);
    const grid = settingsOf({ network: {}, options: space }, undefined, 0).map(({ values }) => Object.values(values));
    const order = permutation(12, 5, RANDOM_SEARCH, 2 ** 32 - 1);
    expect(valuesOf(space, 4, 5)).toEqual(Array.from(order.subarray(0, 4), (i) => grid[i]));
  });

  it('of ranges are within them, and as often in each part of them as they should be', () => {
    const n = 2000;
    const space = { a: uniform(-1, 3), b: logUniform(1e-4, 1), c: integers(1, 2 ** 40) };
    const drawn = valuesOf(space, n, 3) as [number, number, number][];
    const sharesOf = (share: (values: [number, number, number]) => number) => {
      const shares = drawn.map(share);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...shares)).toBeLessThanOrEqual(1);
      // each quarter gets n/4, with a deviation of √(3n/16)
      for (let quarter = 0; quarter < 4; quarter++) {
        const count = shares.filter((x) => x >= quarter / 4 && x < (quarter + 1) / 4).length;
        expect(Math.abs(count - n / 4)).toBeLessThan(4 * Math.sqrt((3 * n) / 16));
      }
    };
    sharesOf(([a]) => (a + 1) / 4);
    sharesOf(([, b]) => Math.log10(b) / 4 + 1);
    sharesOf(([, , c]) => (c - 1) / 2 ** 40);
    expect(drawn.every(([, , c]) => Number.isInteger(c))).toBe(true);
    // independent of each other: the mean of the product of two centred shares has the deviation 1 / (12 √n)
    const product = drawn.reduce((sum, [a, b]) => sum + ((a + 1) / 4 - 0.5) * (Math.log10(b) / 4 + 0.5), 0) / n;
    expect(Math.abs(product)).toBeLessThan(4 / (12 * Math.sqrt(n)));
  });

  it('depend on the seed, and fewer are the first of more', () => {
    const space = { a: uniform(0, 1) };
    expect(valuesOf(space, 3, 1)).toEqual(valuesOf(space, 8, 1).slice(0, 3));
    expect(valuesOf(space, 3, 1)).not.toEqual(valuesOf(space, 3, 2));
  });
});

describe('the order of settings', () => {
  const of = (...scores: number[]) => scores.map((score, trial) => ({ trial, score }));
  const order = (metric: 'cost' | 'accuracy', ...scores: number[]) =>
    ranked(of(...scores), metric).map(({ trial }) => trial);

  it('is that of the scores: errors upwards, all others downwards; equal ones by number, NaN last', () => {
    expect(order('cost', 3, 1, 2, 1)).toEqual([1, 3, 2, 0]);
    expect(order('accuracy', 0.3, 0.1, 0.3, 0.9)).toEqual([3, 0, 2, 1]);
    expect(order('cost', Number.NaN, 2, Number.POSITIVE_INFINITY, Number.NaN, 1)).toEqual([4, 1, 2, 0, 3]);
    expect(order('accuracy', Number.NaN, 0, Number.NEGATIVE_INFINITY)).toEqual([1, 2, 0]);
  });
});

describe('search in this thread', () => {
  const data = searchData();

  it('gives each setting the figures of crossValidate', async () => {
    const options: SearchOptions = {
      epochs: 4,
      folds: 3,
      stratify: true,
      optimizer: oneOf([adam({ learningRate: 0.05 }), sgd({ learningRate: 0.5 })]),
      workers: 0,
    };
    const { best, trials, metric } = await search(SEARCHED, data, options);
    expect(metric).toBe('cost');
    expect(trials).toHaveLength(6);
    for (const { network, options: training, mean, deviation, folds, score } of trials) {
      const wanted = await crossValidate(network, data, { ...training, folds: 3, stratify: true });
      expect({ mean, deviation }).toEqual({ mean: wanted.mean, deviation: wanted.deviation });
      expect(folds.map((fold) => fold?.cost)).toEqual(wanted.folds.map(({ validation }) => validation.cost));
      expect(score).toBe(wanted.mean.cost);
    }
    expect(best).toBe(trials.reduce((least, trial) => (trial.score < least.score ? trial : least)));
  });

  it('deals folds by values of the samples, as crossValidate does', async () => {
    const group = Array.from({ length: 60 }, (_, i) => `patient ${i % 7}`);
    const stratify = Float32Array.from({ length: 60 }, (_, i) => i % 5);
    for (const dealing of [{ group }, { stratify }]) {
      const options = { epochs: 2, folds: 3, ...dealing };
      const searching = search(SEARCHED, data, { ...options, workers: 0 });
      const [first] = (await searching).trials;
      expect(first.mean).toEqual((await crossValidate(first.network, data, options)).mean);
    }
  });

  it('gives each setting the figures of fit on validation data, and of a validation split', async () => {
    const validation = searchData(9);
    const given = await search(SEARCHED, data, { epochs: 3, validation, metric: 'accuracy', workers: 0 });
    const split = await search(SEARCHED, data, { epochs: 3, validationSplit: 0.25, metric: 'accuracy', workers: 0 });
    for (const [result, training] of [
      [given, { validation }],
      [split, { validationSplit: 0.25 }],
    ] as const) {
      for (const { network, options, mean, deviation, score } of result.trials) {
        const net = await Network.create(network);
        const { last } = await net.fit(data, { ...options, ...training });
        expect(mean?.cost).toBe(last?.validation?.cost);
        expect(score).toBe(last?.validation?.accuracy);
        expect(deviation).toBeUndefined();
      }
      expect(result.best.score).toBe(Math.max(...result.trials.map(({ score }) => score)));
    }
  });

  it('evaluates the best epoch if early stopping restores it', async () => {
    const training: TrainOptions = {
      epochs: 30,
      earlyStopping: { patience: 2 },
      optimizer: adam({ learningRate: 0.3 }),
    };
    const { trials } = await search(SEARCHED, data, { ...(training as SearchOptions), folds: 2, workers: 0 });
    for (const { network, options, mean } of trials) {
      expect(mean).toEqual((await crossValidate(network, data, { ...options, folds: 2 })).mean);
    }
  });

  it('evaluates each epoch only where training depends on it, with the same figures', async () => {
    const plateau = reduceOnPlateau({ initial: 0.3, factor: 0.1, patience: 1, minDelta: 0.05 });
    const ways: [count: number, training: TrainOptions][] = [
      [0, { optimizer: sgd({ learningRate: 0.3 }) }],
      [0, { optimizer: adam({ learningRate: cosine({ initial: 0.1, steps: 20 }) }), stopAt: 0.1 }],
      [2 * 8, { optimizer: sgd({ learningRate: plateau }) }],
      [2 * 8, { earlyStopping: { patience: 8 } }],
    ];
    const network: NetworkOptions = { inputs: 3, layers: [{ units: 4 }, { units: 1 }], seed: 4 };
    for (const [count, training] of ways) {
      const options = { ...training, epochs: 8, folds: 2 };
      const wanted = await crossValidate(network, data, options);
      const validate = vi.spyOn(loaded as Features, 'validate');
      const { best } = await search(network, data, { ...(options as SearchOptions), workers: 0 });
      expect(validate).toHaveBeenCalledTimes(count);
      validate.mockRestore();
      expect(best.mean).toEqual(wanted.mean);
    }
  });

  it('has read its arguments when it has returned its promise', async () => {
    const wanted = await search(SEARCHED, data, { epochs: 2, folds: 2, workers: 0 });
    const changed = searchData();
    const network = structuredClone({ ...SEARCHED, layers: [{ units: 2 }, { units: 1 }] });
    const alone = await search(network, changed, { epochs: 2, folds: 2, workers: 0 });
    const running = search(SEARCHED, changed, { epochs: 2, folds: 2, workers: 0 });
    const runningAlone = search(network, changed, { epochs: 2, folds: 2, workers: 0 });
    changed.inputs.fill(0);
    changed.targets.fill(1);
    network.layers[0].units = 9;
    expect((await running).trials).toEqual(wanted.trials);
    expect((await runningAlone).trials).toEqual(alone.trials);
  });

  it('makes numbers that are no longer finite the result of their setting', async () => {
    const optimizer = oneOf([1e30, 0.1]).map((learningRate) => sgd({ learningRate }));
    const layers: NetworkOptions['layers'] = [
      { units: 3, activation: 'relu' },
      { units: 1, activation: 'linear' },
    ];
    const targets = Float32Array.from(data.targets);
    const { best, trials } = await search(
      { inputs: 3, layers },
      { ...data, targets },
      { epochs: 3, optimizer, folds: 2, workers: 0 },
    );
    expect(best.trial).toBe(1);
    expect(trials[0]).toMatchObject({ score: Number.NaN, mean: undefined, deviation: undefined });
    expect(trials[0].error).toMatch(
      /^training: epoch \d+, step \d+: got .* that (are|is) not finite, want finite ones/,
    );
    expect(trials[0].folds).toEqual([undefined, undefined]);
    expect(trials[1].error).toBeUndefined();
    const all = search(
      { inputs: 3, layers },
      { ...data, targets },
      { epochs: 3, optimizer: sgd({ learningRate: 1e30 }), workers: 0 },
    );
    await expect(all).rejects.toThrow(/^search: got no setting with a score \(training: .*\), want other settings/);
  });

  it('takes data in plain arrays, with names of classes, and warns as fit does', async () => {
    const names = ['no', 'yes'];
    const named = {
      inputs: Array.from({ length: 60 }, (_, i) => Array.from(data.inputs.subarray(3 * i, 3 * i + 3))),
      targets: Array.from(data.targets, (label) => names[label]),
      classes: names,
    };
    const layers = [{ units: 2, activation: oneOf(['tanh', 'relu']) }, { units: 1 }];
    const [typed, plain] = [
      await search({ inputs: 3, layers }, data, { epochs: 2, folds: 2, workers: 0 }),
      await search({ inputs: 3, layers }, named, { epochs: 2, folds: 2, workers: 0 }),
    ];
    expect(plain.trials.map(({ mean }) => mean)).toEqual(typed.trials.map(({ mean }) => mean));
    const far = { inputs: data.inputs, targets: Float32Array.from(data.targets, (y) => 1000 * y + 1) };
    const linear = [{ units: 1, activation: 'linear' as const }];
    const { best } = await search({ inputs: 3, layers: linear }, far, { epochs: 1, folds: 2, workers: 0 });
    expect(best.warnings.join()).toMatch(/standardize: 'targets'/);
  });

  it('reports progress in plain numbers', async () => {
    const reports: unknown[] = [];
    let isWaiting = false;
    await search(SEARCHED, data, {
      epochs: 2,
      folds: 2,
      workers: 0,
      onProgress: async (report) => {
        expect(isWaiting).toBe(false);
        isWaiting = true;
        await new Promise((resolve) => setTimeout(resolve, 2));
        isWaiting = false;
        reports.push(report);
      },
    });
    expect(reports.map((report) => (report as { done: number }).done)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(reports[0]).toEqual({
      done: 1,
      total: 6,
      elapsedMs: expect.any(Number),
      secondsLeft: expect.any(Number),
      best: undefined,
      bestScore: undefined,
    });
    expect(reports[5]).toMatchObject({ done: 6, total: 6, secondsLeft: 0, best: expect.any(Number) });
    const failing = search(SEARCHED, data, {
      epochs: 2,
      workers: 0,
      onProgress: () => Promise.reject(new Error('no')),
    });
    await expect(failing).rejects.toThrow('no');
  });

  it('ends with the reason of a signal', async () => {
    const controller = new AbortController();
    let done = 0;
    const running = search(SEARCHED, data, {
      epochs: 2,
      folds: 2,
      workers: 0,
      signal: controller.signal,
      onProgress: () => {
        done++;
        if (done === 2) controller.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(done).toBe(2);
    await expect(search(SEARCHED, data, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  });
});

describe('successive halving', () => {
  const data = searchData();

  /**
   * The algorithm as figure 3 of the paper has it, for n that is a power of two. `loss(i, R)`: of arm i after R pulls.
   */
  function plainReading(n: number, budget: number, loss: (arm: number, pulls: number) => number): number {
    let arms = Array.from({ length: n }, (_, i) => i);
    let pulls = 0;
    for (let k = 0; k <= Math.ceil(Math.log2(n)) - 1; k++) {
      pulls += Math.floor(budget / (arms.length * Math.ceil(Math.log2(n))));
      const losses = arms.map((arm) => loss(arm, pulls)).sort((a, b) => a - b);
      const median = losses[Math.floor(arms.length / 2) - 1];
      arms = arms.filter((arm) => loss(arm, pulls) <= median);
    }
    expect(arms).toHaveLength(1);
    return arms[0];
  }

  it('has the rounds of the paper', () => {
    // 8 settings, 48 epochs in 3 rounds of 16
    expect(halvingRounds(8, { budget: 48 })).toEqual([
      { settings: 8, epochs: 2 },
      { settings: 4, epochs: 4 },
      { settings: 2, epochs: 8 },
    ]);
    expect(halvingRounds(5, { budget: 61 })).toEqual([
      { settings: 5, epochs: 4 },
      { settings: 3, epochs: 6 },
      { settings: 2, epochs: 10 },
    ]);
    for (let n = 2; n < 70; n++) {
      const rounds = halvingRounds(n, { budget: 10_000 });
      expect(rounds).toHaveLength(Math.ceil(Math.log2(n)));
      expect(rounds.at(-1)?.settings).toBe(2);
      const spent = rounds.reduce((sum, { settings, epochs = 0 }) => sum + settings * epochs, 0);
      expect(spent).toBeLessThanOrEqual(10_000);
    }
  });

  it('chooses the setting that a plain reading of the paper chooses, after the same calls of fit', async () => {
    const network = (units: number): NetworkOptions => ({
      inputs: 3,
      layers: [{ units, activation: 'tanh' }, { units: 1 }],
      seed: 4,
    });
    const rates = [0.001, 0.01, 0.1, 1];
    const options: SearchOptions = {
      optimizer: oneOf(rates).map((learningRate) => adam({ learningRate })),
      validationSplit: 0.3,
      halving: { budget: 48 },
      workers: 0,
    };
    const space = { ...network(0), layers: [{ units: oneOf([2, 5]), activation: 'tanh' as const }, { units: 1 }] };
    const result = await search(space, data, options);
    // the losses of all arms after any number of epochs, in the calls of fit that the rounds consist of
    const losses = new Map<string, number>();
    for (const [arm, { values }] of result.trials.entries()) {
      const net = await Network.create(network(values['network.layers[0].units'] as number));
      const optimizer = adam({ learningRate: values['options.optimizer'] as number });
      let pulls = 0;
      for (const epochs of [2, 4, 8]) {
        pulls += epochs;
        const { last } = await net.fit(data, { epochs, optimizer, validationSplit: 0.3 });
        losses.set(`${arm} ${pulls}`, last?.validation?.cost as number);
      }
    }
    const lossOf = (arm: number, pulls: number) => losses.get(`${arm} ${pulls}`) as number;
    expect(result.best.trial).toBe(plainReading(8, 48, lossOf));
    // each setting has the score of its last round
    expect(result.trials.map(({ options: { epochs } }) => epochs).sort()).toEqual([14, 14, 2, 2, 2, 2, 6, 6]);
    for (const { trial, score, options: training } of result.trials) {
      expect(score).toBe(lossOf(trial, training.epochs as number));
    }
  });

  it('gives a setting with functions, which is trained from the beginning, the same figures', async () => {
    const searched = (learningRate: number | (() => number)): SearchOptions => ({
      optimizer: sgd({ learningRate }),
      batchSize: oneOf([4, 8, 16, 32]),
      folds: 2,
      halving: { budget: 24 },
      workers: 0,
    });
    const plain = await search({ ...SEARCHED, layers: [{ units: 2 }, { units: 1 }] }, data, searched(0.5));
    const own = await search(
      { ...SEARCHED, layers: [{ units: 2 }, { units: 1 }] },
      data,
      searched(() => 0.5),
    );
    expect(own.trials.map(({ folds }) => folds)).toEqual(plain.trials.map(({ folds }) => folds));
  });
});

describe('the winner', () => {
  it('is found where it is known: the one rate at which a line can be learned', async () => {
    const random = randomNumbers(3);
    const inputs = Float32Array.from({ length: 64 }, () => random() - 0.5);
    const targets = inputs.map((x) => 2 * x);
    const { best } = await search(
      { inputs: 1, layers: [{ units: 1, activation: 'linear' }] },
      { inputs, targets },
      { epochs: 20, optimizer: oneOf([1e-6, 0.5, 1e-5]).map((learningRate) => sgd({ learningRate })), workers: 0 },
    );
    expect(best.values).toEqual({ 'options.optimizer': 0.5 });
  });
});
