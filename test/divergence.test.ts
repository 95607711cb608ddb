import { describe, expect, it } from 'vitest';
import type { EpochReport, NetworkOptions, TrainForReport } from '../src/index.js';
import { adam, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { buildName, createNetwork } from './build.js';
import { failureOf } from './expected-errors.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

// Reports about training that fails: the likely cause, costs that have grown, and outputs that are not finite.

const random = randomNumbers(3);
const inputs = randomFloats(2 * 40, random);
const targets = Float32Array.from({ length: 40 }, (_, i) => inputs[2 * i] - inputs[2 * i + 1]);
const linear: NetworkOptions = { inputs: 2, layers: [{ units: 1, activation: 'linear' }], seed: 1 };
const scaled = (factor: number, values: Float32Array) => values.map((value) => factor * value);

describe('the likely cause of a NonFiniteError', () => {
  const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  it.each([
    ['inputs up to 28, which a rate of 0.1 stands only if they are scaled', 28, 1, 0.1, 'inputs'],
    ['inputs up to 1000', 1000, 1, 0.01, 'inputs'],
    ['targets up to 1e30', 1, 1e30, 0.1, 'targets'],
    ['both, the inputs further', 1000, 300, 0.1, 'inputs'],
    ['both, the targets further', 20, 1e30, 0.1, 'targets'],
    ['a learning rate of 100', 1, 1, 100, 'cost'],
    ['a learning rate of 100, for inputs up to 28 too', 28, 1, 100, 'cost'],
  ])('%s', async (_, inputFactor, targetFactor, learningRate, reason) => {
    const given = { inputs: scaled(inputFactor, inputs), targets: scaled(targetFactor, targets) };
    const training = { epochs: 500, batchSize: 4, shuffle: false, optimizer: sgd({ learningRate }) };
    const advice = {
      inputs: `inputs are as large as ${largest(given.inputs)}: scale or standardise them, or take a smaller learning rate than ${learningRate}`,
      targets: `targets are as large as ${largest(given.targets)}: scale them, or take a smaller learning rate than ${learningRate}`,
      cost: `the outputs have grown too large for the cost: a smaller learning rate than ${learningRate} or smaller targets may help`,
    }[reason];
    const net = await createNetwork(linear);
    const error = await failureOf(() => net.fit(given, training));
    expect(error.reason === 'weights' ? 'cost' : error.reason).toBe(reason);
    expect([error.largestInput, error.largestTarget]).toEqual([largest(given.inputs), largest(given.targets)]);
    if (error.reason !== 'weights') expect(error.message).toContain(`(${advice}`);
    expect(Object.keys(error)).not.toContain('learningRate');
    // trainFor fails for the same reason
    const { epochs: _epochs, ...steps } = training;
    const again = await failureOf(() => net.trainFor(given, 1e4, steps));
    expect(again.reason).toBe(error.reason);
  });

  it('is found in the whole training set, or in a single batch', async () => {
    // only the last sample is large, but later steps begin with weights that it has changed
    const uneven = inputs.slice();
    uneven[78] = 500;
    const net = await createNetwork(linear);
    const training = { epochs: 500, batchSize: 1, shuffle: false, optimizer: sgd({ learningRate: 0.1 }) };
    expect(await failureOf(() => net.fit({ inputs: uneven, targets }, training))).toMatchObject({
      reason: 'inputs',
      largestInput: 500,
    });
    net.optimizer = sgd({ learningRate: 0.1 });
    const large = scaled(200, inputs);
    const error = await failureOf(() => {
      for (let i = 0; i < 500; i++) net.trainBatch(large, targets);
    });
    expect(error).toMatchObject({ reason: 'inputs', largestInput: largest(large), epoch: undefined });
  });

  it.each<[string, number, number, number, number, string]>([
    ['weights alone', 1e30, 1, 1, 0.1, 'weights'],
    ['weights, with inputs up to 28', 1e30, 28, 1, 0.1, 'weights'],
    ['weights, with targets up to 1e5', 1e30, 1, 1e5, 0.1, 'weights'],
    ['weights, at a rate of 100', 1e30, 1, 1, 100, 'weights'],
    ['targets that need such weights', 1e5, 1, 1e35, 0.1, 'targets'],
    ['inputs, with weights of 2000', 2000, 1e30, 1, 0.1, 'inputs'],
  ])('%s, in every call: weights of %d, inputs times %d, targets times %d', async (_, weight, ...factors) => {
    const [inputFactor, targetFactor, learningRate, reason] = factors;
    const given = { inputs: scaled(inputFactor, inputs), targets: scaled(targetFactor, targets) };
    const optimizer = sgd({ learningRate });
    const calls: ((net: Network) => unknown)[] = [
      (net) => net.fit(given, { epochs: 500, batchSize: 40 }),
      (net) => net.fitStream(() => [given], { epochs: 500, batchSize: 40 }),
      (net) => net.trainFor(given, 1e4, { batchSize: 40 }),
      (net) => {
        for (let i = 0; i < 500; i++) net.trainBatch(given.inputs, given.targets);
      },
    ];
    for (const call of calls) {
      const net = await createNetwork(linear);
      net.optimizer = optimizer;
      net.layers[0].setWeights([weight, -weight]);
      const error = await failureOf(async () => call(net));
      expect(error).toMatchObject({ reason, largestWeight: Math.fround(weight) });
      if (reason !== 'weights') continue;
      const advice = `weights were as large as ${Math.fround(weight)} before: load a saved network or create one, and take a smaller learning rate than ${learningRate}`;
      expect(error.message).toContain(`(${advice}`);
    }
  });

  it.each<[string, number, number, number, number, string]>([
    ['sample weights up to 1e6', 1e6, 1, 1, 0.1, 'sampleWeights'],
    ['sample weights up to 1e30', 1e30, 1, 1, 0.1, 'sampleWeights'],
    ['sample weights up to 1e30, at a rate of 100', 1e30, 1, 1, 100, 'sampleWeights'],
    ['sample weights further than inputs', 1e6, 28, 1, 0.1, 'sampleWeights'],
    ['inputs further than sample weights', 1e3, 1e6, 1, 0.1, 'inputs'],
    ['targets further than sample weights', 1e3, 1, 1e30, 0.1, 'targets'],
  ])('%s, in every call: sample weights of %d, inputs times %d, targets times %d', async (_, weight, ...factors) => {
    const [inputFactor, targetFactor, learningRate, reason] = factors;
    const weights = Float32Array.from({ length: 40 }, (_, i) => (i % 2 ? weight : 1));
    const given = { inputs: scaled(inputFactor, inputs), targets: scaled(targetFactor, targets), weights };
    const calls: ((net: Network) => unknown)[] = [
      (net) => net.fit(given, { epochs: 500, batchSize: 40 }),
      (net) => net.fitStream(() => [given], { epochs: 500, batchSize: 40 }),
      (net) => net.trainFor(given, 1e4, { batchSize: 40 }),
      (net) => {
        for (let i = 0; i < 500; i++) net.trainBatch(given.inputs, given.targets, weights);
      },
    ];
    for (const call of calls) {
      const net = await createNetwork(linear);
      net.optimizer = sgd({ learningRate });
      const error = await failureOf(async () => call(net));
      expect(error).toMatchObject({ reason, largestSampleWeight: Math.fround(weight) });
      if (reason !== 'sampleWeights') continue;
      const advice = `sample weights are as large as ${Math.fround(weight)}: divide them by their mean, or take a smaller learning rate than ${learningRate}`;
      expect(error.message).toContain(`(${advice}`);
    }
  });

  it('counts the weights of classes, and is 1 where samples have no weight', async () => {
    const labels = Uint8Array.from(targets, (y) => Number(y > 0));
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }], seed: 1 });
    const options = { epochs: 500, optimizer: sgd({ learningRate: 0.1 }) };
    const weighted = await failureOf(() =>
      net.fit({ inputs, targets: labels }, { ...options, classWeights: [1, 3e38] }),
    );
    expect(weighted).toMatchObject({ reason: 'sampleWeights', largestSampleWeight: Math.fround(3e38) });
    const plain = await createNetwork(linear);
    const error = await failureOf(() => plain.fit({ inputs: scaled(1000, inputs), targets }, options));
    expect(error).toMatchObject({ reason: 'inputs', largestSampleWeight: 1 });
  });

  it('single batches blame what they were given first, and then the weights that are left of them', async () => {
    const net = await createNetwork(linear);
    net.optimizer = sgd({ learningRate: 0.01 });
    const large = scaled(28, inputs);
    const batches = async (x: Float32Array) =>
      failureOf(() => {
        for (let i = 0; i < 5000; i++) net.trainBatch(x, targets);
      });
    const first = await batches(large);
    expect(first).toMatchObject({ reason: 'inputs', largestInput: largest(large) });
    expect(first.largestWeight).toBeLessThan(2);
    const left = largest(net.layers[0].getWeights());
    expect(left).toBeGreaterThan(1000);
    expect(await batches(large)).toMatchObject({ reason: 'weights', largestWeight: left });
    expect(await failureOf(net.fit({ inputs: large, targets }))).toMatchObject({ reason: 'weights' });
    net.layers[0].setWeights([1, 1]);
    net.layers[0].setBiases([0]);
    expect(await batches(large)).toMatchObject({ reason: 'inputs', largestWeight: 1 });
  });

  it('says so of weights that are not finite', async () => {
    const net = await createNetwork(linear);
    const given = { inputs, targets };
    await net.fit(given, { epochs: 500, optimizer: sgd({ learningRate: 100 }), ignoreNonFinite: true });
    net.optimizer = sgd({ learningRate: 0.1 });
    for (const call of [() => net.fit(given), () => net.trainFor(given, 1), () => net.trainBatch(inputs, targets)]) {
      const error = await failureOf(async () => call());
      expect([error.reason, Number.isFinite(error.largestWeight)]).toEqual(['weights', false]);
      expect(error.message).toMatch(
        /\(weights were as large as (NaN|Infinity) before: load a saved network or create one/,
      );
    }
  });

  it('can be bytes above 10, and outliers of standardised inputs', async () => {
    const net = await createNetwork(linear);
    const training = { epochs: 500, batchSize: 4, optimizer: sgd({ learningRate: 0.1 }) };
    const bytes = Uint8Array.from({ length: 80 }, (_, i) => (37 * i) % 256);
    const most = Math.max(...bytes);
    expect(await failureOf(() => net.fit({ inputs: bytes, targets }, training))).toMatchObject({
      reason: 'inputs',
      largestInput: most,
    });
    net.setStandardization({ means: new Float64Array(2), deviations: new Float64Array(2).fill(1e-3) });
    const error = await failureOf(() => net.fit({ inputs, targets }, training));
    expect(error.message).toMatch(
      /\(inputs are as large as \d+\.\d+: look for outliers, and columns that hardly vary, or/,
    );
  });

  it('does not name a learning rate that is a function', async () => {
    const net = await createNetwork(linear);
    const training = { epochs: 500, batchSize: 40, optimizer: sgd({ learningRate: () => 1e5 }) };
    const error = await failureOf(() => net.fit({ inputs, targets }, training));
    expect(error.message).toMatch(/a smaller learning rate( than 100000)? or/);
  });
});

describe('a cost that has grown by orders of magnitude, while all numbers are finite', () => {
  const given = { inputs, targets };
  /** The warnings of each epoch, and of the history. */
  async function warningsOf(net: Network, learningRate: number, epochs: number, asStream: boolean) {
    const each: EpochReport['warnings'][] = [];
    const costs: number[] = [];
    const onEpoch = ({ warnings, cost }: EpochReport) => {
      each.push(warnings);
      costs.push(cost);
    };
    const fit = { epochs, batchSize: 40, optimizer: sgd({ learningRate }), onEpoch };
    const history = await (asStream ? net.fitStream(() => [given], fit) : net.fit(given, fit));
    return { each, costs, warnings: history.warnings };
  }

  it.each([false, true])('is in the warnings of its epoch, once: as a stream %s', async (asStream) => {
    const net = await createNetwork(linear);
    const { each, costs, warnings } = await warningsOf(net, 20, 12, asStream);
    const first = costs.findIndex((cost, i) => cost > 100 * Math.min(...costs.slice(0, i)));
    expect(first).toBeGreaterThan(0);
    expect(warnings).toHaveLength(1);
    const [from, to] = [costs[0], costs[first]].map((cost) => Number(cost.toPrecision(3)));
    expect(warnings[0]).toBe(
      `epoch ${first}: the cost has grown from ${from} (epoch 0) to ${to}, want a smaller learning rate, or inputs and targets that are scaled`,
    );
    expect(each.map((list) => list?.length ?? 0)).toEqual(costs.map((_, epoch) => Number(epoch === first)));
  });

  it('within the first epoch', async () => {
    const net = await createNetwork(linear);
    const { warnings, last } = await net.fit(given, { epochs: 1, batchSize: 4, optimizer: sgd({ learningRate: 20 }) });
    expect(last?.cost).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^epoch 0: the cost has grown from \S+ \(the first samples\) to \S+e\+\d+, want/);
  });

  it('in the report of trainFor', async () => {
    const net = await createNetwork(linear);
    const optimizer = sgd({ learningRate: 20 });
    const reports: TrainForReport[] = [];
    while (reports.length < 8) reports.push(await net.trainFor(given, 1e-30, { batchSize: 40, optimizer }));
    expect(reports.flatMap(({ warnings }) => warnings ?? [])).toHaveLength(1);
  });

  it('is not in the warnings if the first samples were easier than the others, or if costs are nearly 0', async () => {
    const net = await createNetwork({ ...linear, layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }] });
    // the first sample costs 1e-6
    const easy = { inputs, targets: targets.slice().fill(1e-3, 0, 1) };
    const fit = { epochs: 2, batchSize: 1, shuffle: false, optimizer: adam({ learningRate: 1e-3 }) };
    expect((await net.fit(easy, fit)).warnings).toEqual([]);
    const good = await net.fit(
      { inputs, targets: net.predict(inputs) },
      { epochs: 50, optimizer: sgd({ learningRate: 0.1 }) },
    );
    expect(good.at(0)?.cost).toBe(0);
    expect(good.warnings).toEqual([]);
  });
});

// fused multiply-add does not round the second product to infinity, so the result, infinity - 9e76, is not NaN
describe.skipIf(buildName === 'relaxed')('predict', () => {
  // the first output is x; the second is infinity - infinity, which is NaN, for large inputs
  const options: NetworkOptions = {
    inputs: 2,
    layers: [{ units: 2, activation: 'linear', initializer: { weights: Float32Array.of(1, 0, 3e38, -3e38) } }],
  };

  it.each([1, 2, 100])('names the first row and output that is not finite: %i rows at a time', async (batchSize) => {
    const net = await createNetwork({ ...options, batchSize });
    const rows = new Float32Array(2 * 9);
    expect(net.predict(rows)).toHaveLength(18);
    rows.fill(3e38, 10, 12);
    const message =
      'x, row 5: got NaN at output 1, want finite outputs: the weights or the inputs of this row are too large';
    expect(() => net.predict(rows)).toThrow(new RangeError(message));
    expect(() => net.predict(rows.subarray(10, 12))).toThrow(message.replace('5', '0'));
    expect(net.predict(rows.subarray(0, 10))).toHaveLength(10);
  });

  it('throws after a training that continued without finite numbers', async () => {
    const net = await createNetwork(linear);
    await net.fit({ inputs, targets }, { epochs: 500, optimizer: sgd({ learningRate: 100 }), ignoreNonFinite: true });
    expect(() => net.predict(inputs)).toThrow(/^x, row 0: got (NaN|-?Infinity) at output 0, want finite outputs/);
  });
});
