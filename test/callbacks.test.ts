import { describe, expect, it } from 'vitest';
import type { EpochReport, ProgressReport } from '../src/index.js';
import { sgd } from '../src/index.js';
import { createNetwork, slowClock } from './build.js';
import { classifier, layer, nextTurn, randomSamples, rowsOf, trainInOrder } from './classifier.js';
import { arraysOf, parameterBits, setParameters } from './parameters.js';
import { randomFloats, randomLabels } from './random-numbers.js';

describe('training in the background', () => {
  it('reports each epoch, with an evaluation if there are validation data', async () => {
    const net = await createNetwork(classifier);
    const [data, validation] = [randomSamples(50), randomSamples(20, 7)];
    const optimizer = sgd({ learningRate: 0.25 });
    const seen: EpochReport[] = [];
    const history = await net.fit(data, {
      epochs: 3,
      batchSize: 8,
      optimizer,
      validation,
      onEpoch: async (report) => {
        expect(report.validation).toEqual(await net.evaluate(validation));
        seen.push(report);
      },
    });
    expect(history.last).toBe(seen[2]);
    expect(seen.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    for (const report of seen) {
      expect(report).toMatchObject({ epochs: 3, learningRate: 0.25, samples: 50 });
      expect(report.elapsedMs).toBeGreaterThan(0);
      expect(report.samplesPerSecond).toBeCloseTo(50_000 / report.elapsedMs, 6);
    }
    expect(net.optimizer).toEqual(optimizer);
    const [withoutValidation] = await net.fit(data, { epochs: 1 });
    expect(withoutValidation).not.toHaveProperty('validation');
  });

  it('calls onBatch after every mini-batch, with the position in the epoch', async () => {
    const net = await createNetwork(classifier);
    const reports: ProgressReport[] = [];
    await net.fit(randomSamples(10), { epochs: 2, batchSize: 4, onBatch: (report) => reports.push(report) });
    expect(reports.map(({ epoch, epochs, step, steps, samples }) => [epoch, epochs, step, steps, samples])).toEqual([
      [0, 2, 1, 3, 4],
      [0, 2, 2, 3, 8],
      [0, 2, 3, 3, 10],
      [1, 2, 1, 3, 4],
      [1, 2, 2, 3, 8],
      [1, 2, 3, 3, 10],
    ]);
    for (const { cost } of reports) expect(cost).toBeGreaterThan(0);
  });

  it('calls onProgress at most every 16 ms, lets the event loop run, and stops when it is aborted', async () => {
    const net = await createNetwork({ inputs: 20, layers: [layer(30), layer(3, 'softmax')] });
    const data = { inputs: randomFloats(20 * 2000, 1), targets: randomLabels(2000, 3, 2) };
    const controller = new AbortController();
    const reports: ProgressReport[] = [];
    let ticks = 0;
    const start = performance.now();
    const interval = setInterval(() => {
      ticks++;
      // decided by the clock alone, because timers would not run if the event loop did not
      if (performance.now() - start > 200 && reports.length > 2) controller.abort();
    }, 1);
    const training = net.fit(data, {
      epochs: 1_000_000,
      signal: controller.signal,
      onProgress: (report) => reports.push(report),
    });
    await expect(training).rejects.toThrow(/abort/i);
    const elapsed = performance.now() - start;
    clearInterval(interval);
    // the event loop runs at least once for every third report
    expect(ticks).toBeGreaterThanOrEqual(reports.length / 3);
    expect(reports.length).toBeLessThanOrEqual(elapsed / 16 + 1);
    for (const { epoch, epochs, step, steps, samples, cost } of reports) {
      expect(epoch).toBeLessThan(epochs);
      expect(steps).toBe(63);
      expect(samples).toBe(Math.min(step * 32, 2000));
      expect(Number.isFinite(cost)).toBe(true);
    }
    for (const values of net.layers.map(arraysOf).flatMap(({ weights, biases }) => [weights, biases])) {
      expect(values.every(Number.isFinite)).toBe(true);
    }
    // the network can be used afterwards
    expect(await net.fit(data, { epochs: 1 })).toHaveLength(1);
    expect(net.predict(data.inputs)).toHaveLength(6000);
  });

  it('can be iterated: an epoch is trained when its report is asked for, and break stops training', async () => {
    const data = randomSamples(30);
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const reports: EpochReport[] = [];
    for await (const report of net.train(data, { epochs: 10, batchSize: 4 })) {
      reports.push(report);
      if (reports.length === 2) break;
    }
    const expected = [...(await other.fit(data, { epochs: 2, batchSize: 4 }))];
    expect(reports.map(({ epoch, cost }) => [epoch, cost])).toEqual(expected.map(({ epoch, cost }) => [epoch, cost]));
    await nextTurn();
    expect(await net.save()).toEqual(await other.save());
    // the network is free again
    await net.fit(data, { epochs: 1, batchSize: 4 });
    await other.fit(data, { epochs: 1, batchSize: 4 });
    expect(await net.save()).toEqual(await other.save());
  });

  it('trains nothing if the signal was aborted before the call', async () => {
    const net = await createNetwork(classifier);
    const before = await net.save();
    const reason = new Error('not today');
    const training = net.fit(randomSamples(5), {
      epochs: 1,
      signal: AbortSignal.abort(reason),
      optimizer: sgd({ learningRate: 9 }),
    });
    await expect(training).rejects.toBe(reason);
    expect(await net.save()).toEqual(before);
  });

  it('stops after the step in progress and rejects with the reason of the signal', async () => {
    const [net, stepwise] = [await createNetwork(classifier), await createNetwork(classifier)];
    const data = randomSamples(30);
    const controller = new AbortController();
    const reason = { why: 'enough' };
    const training = net.fit(data, {
      epochs: 5,
      batchSize: 4,
      shuffle: false,
      signal: controller.signal,
      onBatch: ({ step }) => {
        if (step === 3) controller.abort(reason);
      },
    });
    await expect(training).rejects.toBe(reason);
    trainInOrder(stepwise, { inputs: rowsOf(data.inputs, 7, 0, 12), targets: data.targets.subarray(0, 12) }, 4);
    expect(parameterBits(net)).toEqual(parameterBits(stepwise));
    expect(await net.fit(data, { epochs: 2 })).toHaveLength(2);
  });

  it('takes no further step if it is aborted between two epochs', async () => {
    const data = randomSamples(30);
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const controller = new AbortController();
    const training = net.fit(data, {
      epochs: 3,
      batchSize: 4,
      signal: controller.signal,
      onEpoch: () => controller.abort(),
    });
    await expect(training).rejects.toThrow(/abort/i);
    await other.fit(data, { epochs: 1, batchSize: 4 });
    expect(parameterBits(net)).toEqual(parameterBits(other));
  });

  it('throws what a callback throws, and the network can be trained again', async () => {
    const net = await createNetwork(classifier);
    const error = new Error('from the callback');
    const fail = () => {
      throw error;
    };
    for (const options of [{ onEpoch: fail }, { onBatch: fail }, { onProgress: fail }]) {
      await expect(net.fit(randomSamples(10), options)).rejects.toBe(error);
    }
    expect(await net.fit(randomSamples(10), { epochs: 1 })).toHaveLength(1);
  });

  it('refuses a second fit at the same time, which does not affect the first one', async () => {
    const data = randomSamples(200);
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const first = net.fit(data, { epochs: 20 });
    const refused = net.fit(randomSamples(3), { epochs: 1, optimizer: sgd({ learningRate: 7 }) });
    await expect(refused).rejects.toThrow(
      /^fit: got a call while this network is being trained by fit, want one at a time$/,
    );
    await first;
    await other.fit(data, { epochs: 20 });
    expect(await net.save()).toEqual(await other.save());
  });

  it('trains the same bits whatever is predicted or evaluated in callbacks', async () => {
    const [data, asked] = [randomSamples(50), randomSamples(300, 9)];
    const [net, quiet] = [await createNetwork({ ...classifier, l2: 1 }), await createNetwork({ ...classifier, l2: 1 })];
    let calls = 0;
    const ask = async () => {
      calls++;
      net.predict(asked.inputs);
      await net.evaluate(asked);
      net.forward(asked.inputs.subarray(0, 7 * 9));
      net.backward(asked.targets.subarray(0, 9));
      expect(net.layers[0].getWeightGradients()).toHaveLength(7 * 19);
      await net.save();
    };
    const options = { epochs: 3, batchSize: 8 };
    const reports = [...(await net.fit(data, { ...options, onBatch: ask, onEpoch: ask, onProgress: ask }))];
    expect(calls).toBeGreaterThanOrEqual(net.steps + 3);
    const expected = [...(await quiet.fit(data, options))];
    expect(await net.save()).toEqual(await quiet.save());
    expect(reports.map(({ cost }) => cost)).toEqual(expected.map(({ cost }) => cost));
  });

  it('trains the same bits whatever is predicted between its slices', async () => {
    const [data, asked] = [randomSamples(500), randomSamples(300, 9)];
    const [net, quiet] = [await createNetwork(classifier), await createNetwork(classifier)];
    const epochs = 3;
    // with this clock, a slice takes so long that the event loop runs after it
    const clock = slowClock(10);
    let done = false;
    const training = net.fit(data, { epochs, batchSize: 3 }).finally(() => {
      done = true;
    });
    let turns = 0;
    const refused: string[] = [];
    for (; !done; turns++) {
      net.predict(asked.inputs);
      // training continues between the slices of this evaluation, so the evaluation is refused
      net.evaluate(asked).catch(({ message }) => refused.push(message));
      // a batch that is larger than all before it is refused, because the training set must not move in memory
      expect(() => net.forward(asked.inputs)).toThrow(/^x: got 300 rows during fit, want at most batchSize = 128$/);
      await nextTurn();
    }
    await training;
    clock.mockRestore();
    expect(turns).toBeGreaterThan(10);
    expect(refused.length).toBeGreaterThan(5);
    expect(new Set(refused)).toEqual(
      new Set(['evaluate: got other weights or settings before it had ended, want them to stay until it is awaited']),
    );
    await quiet.fit(data, { epochs, batchSize: 3 });
    expect(await net.save()).toEqual(await quiet.save());
  });

  it('trains the rest of an epoch as before if a callback trains a batch with another optimizer', async () => {
    const data = randomSamples(20);
    const [batch, plain] = [randomSamples(4, 9), await createNetwork(classifier)];
    await plain.fit(data, { epochs: 1, batchSize: 4, optimizer: sgd({ learningRate: 0.5 }) });
    const disturbed = await createNetwork(classifier);
    let rate: unknown;
    await disturbed.fit(data, {
      epochs: 1,
      batchSize: 4,
      optimizer: sgd({ learningRate: 0.5 }),
      onBatch: () => {
        const { layers, trainingSamples, optimizer } = disturbed;
        const before = layers.map(arraysOf).map(({ weights, biases }) => ({ weights, biases }));
        disturbed.trainingSamples = 1;
        disturbed.trainBatch(batch.inputs, batch.targets);
        rate = optimizer.learningRate;
        for (const [l, parameters] of before.entries()) setParameters(layers[l], parameters);
        disturbed.trainingSamples = trainingSamples;
      },
    });
    expect(rate).toBe(0.5);
    expect(parameterBits(disturbed)).toEqual(parameterBits(plain));
  });

  it('validates with the data as they were at the call, whatever a callback writes to the arrays', async () => {
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const data = randomSamples(20);
    const validation = { inputs: data.inputs.slice(), targets: Int32Array.from(data.targets) };
    const onBatch = () => {
      validation.targets[0] = -2112;
      validation.inputs.fill(Number.NaN);
    };
    const [report] = await net.fit(data, { epochs: 1, validation, onBatch });
    const [wanted] = await other.fit(data, { epochs: 1, validation: data });
    expect(report.validation).toEqual(wanted.validation);
    expect(parameterBits(net)).toEqual(parameterBits(other));
  });

  it('shows the mini-batch that was trained last, in every callback', async () => {
    const net = await createNetwork(classifier);
    const { inputs, targets } = randomSamples(10);
    const rows: number[] = [];
    await net.fit(
      { inputs, targets },
      {
        epochs: 2,
        batchSize: 4,
        shuffle: false,
        onBatch: () => {
          rows.push(net.layers[2].getDelta().length / 3);
          // reading gradients, or predicting, must not prevent reading the gradients of the next step
          expect(net.layers[2].getBiasGradients()).toHaveLength(3);
          net.predict(inputs.subarray(0, 7));
        },
      },
    );
    expect(rows).toEqual([4, 4, 2, 4, 4, 2]);
  });

  it('gives the gradients of the present mini-batch in onBatch, not those that were read before', async () => {
    const [net, stepwise] = [await createNetwork(classifier), await createNetwork(classifier)];
    const data = randomSamples(8);
    const gradients: Float32Array[] = [];
    await net.fit(data, {
      epochs: 2,
      batchSize: 4,
      shuffle: false,
      onEpoch: () => net.layers[2].getBiasGradients(),
      onBatch: ({ epoch }) => {
        if (epoch === 1) gradients.push(net.layers[2].getBiasGradients());
      },
    });
    trainInOrder(stepwise, data, 4);
    const expected = [0, 4].map((first) => {
      stepwise.trainBatch(rowsOf(data.inputs, 7, first, 4), rowsOf(data.targets, 1, first, 4));
      return stepwise.layers[2].getBiasGradients();
    });
    expect(gradients).toEqual(expected);
  });
});
