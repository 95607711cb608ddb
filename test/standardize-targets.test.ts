import { describe, expect, it } from 'vitest';
import { learningCurve } from '../src/charts.js';
import { crossValidate } from '../src/cross-validation.js';
import { adam, type NetworkOptions, type Standardize } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';

// Targets far from 0: prices of 17,000 + 30 x.
const SAMPLES = 64;
const inputs = Float64Array.from({ length: SAMPLES }, (_, i) => i - 32);
const prices = Array.from(inputs, (x) => 17_000 + 30 * x);
const data = { inputs, targets: prices };
const OPTIONS: NetworkOptions = { inputs: 1, layers: [{ units: 1, activation: 'linear' }], seed: 1 };
const TRAINING = { epochs: 300, batchSize: 8, optimizer: adam({ learningRate: 0.02 }) };

const moments = (values: readonly number[]) => {
  const mean = values.reduce((sum, y) => sum + y, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, y) => sum + (y - mean) ** 2, 0) / values.length) };
};

describe('standardised targets', () => {
  it('prices near 17,000 are learnt, and predicted and evaluated in their own units', async () => {
    const net = await createNetwork(OPTIONS);
    const history = await net.fit(data, { ...TRAINING, standardize: 'both', validation: data });
    const { mean, deviation } = moments(prices);
    const scale = net.getTargetStandardization();
    expect(scale?.means[0]).toBeCloseTo(mean, 9);
    expect(scale?.deviations[0]).toBeCloseTo(deviation, 9);
    expect(history.warnings).toEqual([]);
    const predictions = net.predict(inputs);
    const errors = prices.map((y, i) => y - predictions[i]);
    const square = errors.reduce((sum, e) => sum + e * e, 0) / SAMPLES;
    expect(Math.sqrt(square)).toBeLessThan(5);
    const evaluation = await net.evaluate(data);
    expect(evaluation.meanSquaredError).toBeCloseTo(square, 2);
    expect(evaluation.meanAbsoluteError).toBeCloseTo(errors.reduce((sum, e) => sum + Math.abs(e), 0) / SAMPLES, 2);
    expect(evaluation.byOutput?.[0].meanSquaredError).toBe(evaluation.meanSquaredError);
    expect(evaluation.r2).toBeGreaterThan(0.9999);
    // the cost is computed from standardised numbers
    expect(evaluation.costUnits).toBe('standardized');
    expect(evaluation.cost).toBeCloseTo(square / 2 / deviation ** 2, 6);
    expect(history.last?.validation).toEqual(evaluation);
    expect(await net.evaluate(data)).toEqual(evaluation);
    // every report says that its cost is computed from standardised numbers
    expect([history.last, ...history].map((report) => report?.costUnits)).not.toContain(undefined);
    expect([...history][0].validation?.costUnits).toBe('standardized');
    expect((await net.trainFor(data, 1)).costUnits).toBe('standardized');
    const { last } = await net.fitStream(function* () {
      yield data;
    });
    expect(last?.costUnits).toBe('standardized');
    expect(learningCurve(history)).toContain('cost (standardised targets)');
    expect(learningCurve(JSON.parse(JSON.stringify(history)))).toContain('cost (standardised targets)');
    expect(learningCurve(history, { unit: 'points' })).toContain('cost (points)');
    expect(learningCurve(history, { metric: 'meanAbsoluteError' })).not.toContain('standardised');
  });

  it('without it, the same training does not get there, and the report says what to do', async () => {
    const net = await createNetwork(OPTIONS);
    const history = await net.fit(data, { ...TRAINING, standardize: true });
    expect(net.getTargetStandardization()).toBeUndefined();
    expect((await net.evaluate(data)).costUnits).toBeUndefined();
    expect([...history].some((report) => 'costUnits' in report)).toBe(false);
    expect(learningCurve(history)).not.toContain('standardised');
    expect((await net.evaluate(data)).meanAbsoluteError).toBeGreaterThan(10_000);
    expect(history.warnings).toEqual([
      "data.targets: spreads far from 1 (output 0: 17000 ± 554), want standardize: 'targets', or 'both' with the inputs",
    ]);
  });

  it('every way to train learns the standardised numbers', async () => {
    const two = { ...OPTIONS, layers: [{ units: 2, activation: 'linear' }] } as const;
    const targets = Float64Array.from(prices.flatMap((y) => [y, y / 1000]));
    const [net, reference] = [await createNetwork(two), await createNetwork(two)];
    net.setTargetStandardization({ means: [17_000, 17], deviations: [500, 0.5] });
    expect(net.task).toBe('numbers');
    const standardized = targets.map((y, i) => (i % 2 ? (y - 17) / 0.5 : (y - 17_000) / 500));
    const raw = { inputs, targets };
    const own = { inputs, targets: standardized };
    const options = { epochs: 2, batchSize: 10, optimizer: adam() };
    await net.fit(raw, options);
    await reference.fit(own, options);
    await net.fitStream(() => [raw], options);
    await reference.fitStream(() => [own], options);
    expect(net.trainBatch(inputs, targets)).toBe(reference.trainBatch(inputs, standardized));
    net.forward(inputs);
    reference.forward(inputs);
    expect(net.backward(targets)).toBe(reference.backward(standardized));
    net.applyGradients();
    reference.applyGradients();
    await net.trainFor(raw, 1e-3, { batchSize: 64 });
    await reference.trainFor(own, 1e-3, { batchSize: 64 });
    expect(net.steps).toBe(reference.steps);
    expect(net.layers[0].getWeights()).toEqual(reference.layers[0].getWeights());
    const outputs = reference.predict(inputs);
    const expected = outputs.map((a, i) => (i % 2 ? 17 + 0.5 * a : 17_000 + 500 * a));
    expect(net.predict(inputs)).toEqual(expected);
    expect((await net.evaluate(raw)).cost).toBe((await reference.evaluate(own)).cost);
  });

  it('fitStream measures the targets as fit does', async () => {
    const [net, same] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
    const options = { epochs: 3, batchSize: 8, standardize: 'both' } as const;
    await net.fit(data, options);
    await same.fitStream(() => [data], options);
    expect(same.getTargetStandardization()).toEqual(net.getTargetStandardization());
    expect(same.predict(inputs)).toEqual(net.predict(inputs));
  });

  it('only what is asked for is standardised, and once', async () => {
    const measured = async (standardize: Standardize) => {
      const net = await createNetwork(OPTIONS);
      await net.fit(data, { epochs: 1, standardize });
      return [net.getStandardization() !== undefined, net.getTargetStandardization() !== undefined];
    };
    expect(await measured(false)).toEqual([false, false]);
    expect(await measured(true)).toEqual([true, false]);
    expect(await measured('inputs')).toEqual([true, false]);
    expect(await measured('targets')).toEqual([false, true]);
    expect(await measured('both')).toEqual([true, true]);
    const net = await createNetwork(OPTIONS);
    await net.fit(data, { epochs: 1, standardize: 'targets' });
    const scale = net.getTargetStandardization();
    await net.fit({ inputs, targets: prices.map((y) => 2 * y) }, { epochs: 1, standardize: 'targets' });
    expect(net.getTargetStandardization()).toEqual(scale);
  });

  it('a file keeps it to the bit, and training resumes from it', async () => {
    const net = await createNetwork(OPTIONS);
    let file: Uint8Array | undefined;
    const options = { ...TRAINING, epochs: 3, standardize: 'both' } as const;
    const onEpoch = async ({ epoch }: { epoch: number }) => {
      if (epoch === 0) file = await net.save({ training: true });
    };
    await net.fit(data, { ...options, onEpoch });
    const loaded = await loadNetwork(await net.save());
    expect(loaded.getTargetStandardization()).toEqual(net.getTargetStandardization());
    expect(loaded.predict(inputs)).toEqual(net.predict(inputs));
    expect(await loaded.evaluate(data)).toEqual(await net.evaluate(data));
    expect(await loaded.save()).toEqual(await net.save());
    const resumed = await loadNetwork(file as Uint8Array);
    await resumed.fit(data, options);
    expect(resumed.predict(inputs)).toEqual(net.predict(inputs));
  });

  it('cross-validation speaks the units of the targets', async () => {
    const { mean } = await crossValidate(OPTIONS, data, { ...TRAINING, epochs: 5, standardize: 'both', folds: 2 });
    expect(mean.meanAbsoluteError).toBeGreaterThan(20);
    expect(mean.meanAbsoluteError).toBeLessThan(2000);
  });

  const layer = (activation: string, units = 1) => ({ layers: [{ units, activation }] }) as Partial<NetworkOptions>;
  const where = 'options.standardize: got standardised targets for';
  const classes = { inputs: [0, 1], targets: [0, 1] };

  it.each<[string, Partial<NetworkOptions>, object, string]>([
    [
      'softmax',
      layer('softmax', 2),
      { inputs: [0], targets: [[0, 1]] },
      `${where} softmax outputs, want linear, leakyRelu or prelu outputs`,
    ],
    ['sigmoid', layer('sigmoid'), data, `${where} sigmoid outputs, want linear, leakyRelu or prelu outputs`],
    ['relu', layer('relu'), data, `${where} relu outputs`],
    [
      'hinge',
      { cost: 'hinge' },
      data,
      `${where} the cost hinge, want one of quadratic, meanAbsoluteError, huber, custom`,
    ],
    [
      'classes',
      {},
      classes,
      `${where} a network that learns classes, want a network that learns numbers: task: "numbers"`,
    ],
    ['labels', layer('linear', 2), { inputs: [0, 1, 2], targets: [0, 1, 0] }, `${where} a network that learns classes`],
  ])('is refused for %s, and changes nothing', async (_, options, given, message) => {
    for (const standardize of ['targets', 'both'] as const) {
      const net = await createNetwork({ ...OPTIONS, ...options });
      const before = await net.save();
      await expect(net.fit(given as typeof data, { epochs: 1, standardize })).rejects.toThrow(message);
      await expect(net.fitStream(() => [given as typeof data], { standardize })).rejects.toThrow(message);
      expect(await net.save()).toEqual(before);
    }
  });

  it('targets of 0 and 1 are numbers if the task says so', async () => {
    const net = await createNetwork({ ...OPTIONS, task: 'numbers' });
    await net.fit(classes, { epochs: 1, standardize: 'targets' });
    expect(net.getTargetStandardization()?.means[0]).toBe(0.5);
    expect(() => {
      net.task = 'classes';
    }).toThrow('task: got standardised targets for a network that learns classes');
  });

  it('refuses other values of the option and of the setter', async () => {
    const net = await createNetwork(OPTIONS);
    const fit = net.fit(data, { epochs: 1, standardize: 'all' as never });
    await expect(fit).rejects.toThrow(
      'options.standardize: got "all", want true, false, "inputs", "targets" or "both"',
    );
    const set = (value: unknown) => () => net.setTargetStandardization(value as never);
    expect(set({ means: [0], deviations: [0] })).toThrow(
      'setTargetStandardization.deviations[0]: got 0, want a positive finite number',
    );
    expect(set({ means: [0, 1], deviations: [1] })).toThrow('setTargetStandardization.means: got 2 numbers, want 1');
    const sigmoid = await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
    expect(() => sigmoid.setTargetStandardization({ means: [0], deviations: [1] })).toThrow('for sigmoid outputs');
  });

  it.each<[string, string, number[], string[]]>([
    ['sigmoid', 'quadratic', [3, 6], ['data.targets: numbers that outputs never reach (output 0: 3 to 6 for sigmoid, which is from 0 to 1), want linear outputs, or other targets']], // biome-ignore format: a table
    ['tanh', 'huber', [-2, 0.5], ['data.targets: numbers that outputs never reach (output 0: -2 to 0.5 for tanh, which is from -1 to 1), want linear outputs, or other targets']], // biome-ignore format: a table
    ['relu', 'meanAbsoluteError', [-1, 2], ['data.targets: numbers that outputs never reach (output 0: -1 to 2 for relu, which is from 0 to Infinity), want linear outputs, or other targets']], // biome-ignore format: a table
    ['sigmoid', 'quadratic', [0, 1], []],
    ['linear', 'quadratic', [-1, 2], []],
    ['linear', 'quadratic', [0.001, 0.002], ["data.targets: spreads far from 1 (output 0: 0.0015 ± 0.0005), want standardize: 'targets', or 'both' with the inputs"]], // biome-ignore format: a table
  ])('%s outputs with the cost %s for %j: the report warns', async (activation, cost, targets, warnings) => {
    const options = { ...OPTIONS, ...layer(activation), cost } as NetworkOptions;
    const net = await createNetwork(options);
    const history = await net.fit({ inputs: [0, 1], targets }, { epochs: 1 });
    expect(history.warnings).toEqual(warnings);
    expect((await (await createNetwork(options)).trainFor({ inputs: [0, 1], targets }, 0.01)).warnings ?? []).toEqual(
      warnings,
    );
    const stream = await (await createNetwork(options)).fitStream(() => [{ inputs: [0, 1], targets }]);
    expect(stream.warnings).toEqual(warnings.map((text) => text.replace('data.', 'source: part 0.')));
  });
});
