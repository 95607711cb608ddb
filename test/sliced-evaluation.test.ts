import { afterEach, describe, expect, it, vi } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import type { EvaluateOptions, History, NetworkOptions, Optimizer, TrainOptions } from '../src/index.js';
import { adam, lbfgs, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork, slowClock } from './build.js';
import { arraysOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const options: NetworkOptions = {
  inputs: 5,
  layers: [
    { units: 9, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 3,
  batchSize: 8,
};

function samples(count: number, seed: number) {
  const random = randomNumbers(seed);
  const inputs = Float32Array.from({ length: 5 * count }, () => 2 * random() - 1);
  return { inputs, targets: Uint8Array.from({ length: count }, () => Math.floor(3 * random())) };
}

const data = samples(60, 1);
const validation = samples(203, 2);
const parametersOf = (net: Network) => net.layers.map(arraysOf).flatMap(({ weights, biases }) => [weights, biases]);

/** Calls `call` whenever the event loop runs, until the work is done. Returns the number of calls. */
async function meanwhile(work: Promise<unknown>, call: () => unknown): Promise<number> {
  let isDone = false;
  let count = 0;
  let last: unknown;
  const end = () => {
    isDone = true;
  };
  work.then(end, end);
  const next = () => {
    if (isDone) return;
    count++;
    last = call();
    setImmediate(next);
  };
  setImmediate(next);
  await work.catch(() => {});
  await last;
  return count;
}

describe('evaluate', () => {
  const random = randomNumbers(7);
  const rows = Float32Array.from({ length: 203 * 3 }, () => Math.round(random()));
  const labels: NetworkOptions = { ...options, layers: [{ units: 3 }], task: 'labels' };
  const numbers: NetworkOptions = { ...options, layers: [{ units: 3, activation: 'linear' }], task: 'numbers' };

  it.each<[string, NetworkOptions, EvaluateOptions, Float32Array?]>([
    ['classes', options, {}],
    ['classes with everything', options, { topK: 2, rocAuc: true }],
    ['labels', labels, { threshold: [0.4, 0.5, 0.6], rocAuc: true }, rows],
    ['numbers', numbers, {}, rows],
  ])('gives the same result whatever happens in between: %s', async (_task, spec, asked, targets) => {
    const net = await createNetwork(spec);
    const set = { inputs: validation.inputs, targets: targets ?? validation.targets };
    const data = {
      inputs: set.inputs.subarray(0, 5 * 60),
      targets: targets?.slice(0, 180) ?? set.targets.slice(0, 60),
    };
    const wanted = await net.evaluate(set, asked);
    slowClock(13);
    let calls = 0;
    const evaluation = net.evaluate(set, asked);
    const turns = await meanwhile(evaluation, async () => {
      calls++;
      net.predict(data.inputs);
      await net.evaluate(data);
      // larger batches move the batch buffers in the memory
      if (calls % 5 === 0) net.forward(new Float32Array(5 * (8 + calls)));
    });
    expect(turns).toBeGreaterThan(5);
    expect(await evaluation).toEqual(wanted);
  });

  it('can run several times at once', async () => {
    const net = await createNetwork(options);
    const wanted = [await net.evaluate(validation), await net.evaluate(data, { topK: 2 })];
    slowClock(13);
    const both = [net.evaluate(validation), net.evaluate(data, { topK: 2 })];
    expect(await Promise.all(both)).toEqual(wanted);
  });

  it('does not use the event loop if it is short', async () => {
    const net = await createNetwork(options);
    vi.spyOn(performance, 'now').mockReturnValue(1000);
    const evaluation = net.evaluate(validation);
    expect(await meanwhile(evaluation, () => {})).toBeLessThan(2);
  });

  it.each<[string, (net: Network) => void]>([
    ['weights', ({ layers: [layer] }) => layer.setWeights(layer.getWeights())],
    ['a step', (net) => net.trainBatch(data.inputs.subarray(0, 40), data.targets.subarray(0, 8))],
    ['a training for a time', (net) => net.trainFor(data, 1e-9)],
    ['a standardisation', (net) => net.setStandardization(undefined)],
  ])('is refused after %s, which it does not mix with what was before', async (_what, change) => {
    const net = await createNetwork(options);
    // a first call loads the code of trainFor, which would otherwise be loaded during the evaluation
    await (await createNetwork(options)).trainFor(data, 1e-9);
    slowClock(13);
    let turn = 0;
    const evaluation = net.evaluate(validation);
    await meanwhile(evaluation, () => {
      if (turn++ === 3) change(net);
    });
    await expect(evaluation).rejects.toThrow(
      /^evaluate: got other weights or settings before it had ended, want them to stay until it is awaited$/,
    );
    expect(await net.evaluate(validation)).toEqual(await net.evaluate(validation));
  });

  it('ends if the signal is aborted, and if the network is disposed of', async () => {
    const net = await createNetwork(options);
    const reason = new Error('enough');
    await expect(net.evaluate(data, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    slowClock(13);
    const controller = new AbortController();
    const aborted = net.evaluate(validation, { signal: controller.signal });
    await meanwhile(aborted, () => controller.abort(reason));
    await expect(aborted).rejects.toBe(reason);
    const disposed = net.evaluate(validation);
    await meanwhile(disposed, () => net.dispose());
    await expect(disposed).rejects.toThrow(/after dispose/);
  });

  it('refuses wrong calls', async () => {
    const net = await createNetwork(options);
    // biome-ignore lint/suspicious/noExplicitAny: what would not compile
    const wrong: [any, any, RegExp][] = [
      [null, {}, /^data: got null, want an object \{ inputs, targets \}$/],
      [
        data,
        { topk: 1 },
        /^options: got the unknown key "topk", want topK, rocAuc, threshold, signal: did you mean topK\?$/,
      ],
      [data, { topK: 4 }, /^options\.topK: got 4, want an integer from 1 to 3$/],
      [data, { signal: true }, /^options\.signal: got true, want an AbortSignal$/],
    ];
    for (const [given, asked, message] of wrong) await expect(net.evaluate(given, asked)).rejects.toThrow(message);
  });
});

describe('the validation of fit', () => {
  const training: TrainOptions = { epochs: 3, batchSize: 20, validation, optimizer: adam() };
  const withoutTimes = (history: History) =>
    Array.from(history, ({ elapsedMs: _, samplesPerSecond: __, secondsLeft: ___, ...report }) => report);

  it('lets the event loop run, and gives the same result', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const wanted = await other.fit(data, training);
    slowClock(13);
    let duringValidation = 0;
    const fit = net.fit(data, training);
    const turns = await meanwhile(fit, () => {
      net.predict(data.inputs);
      // epochs have 3 steps: the steps of this epoch are done and its report is still to come
      if (net.steps % 3 === 0) duringValidation++;
    });
    expect(duringValidation).toBeGreaterThan(20);
    expect(turns).toBeGreaterThan(duringValidation);
    expect(withoutTimes(await fit)).toEqual(withoutTimes(wanted));
    expect(await net.save({ training: true })).toEqual(await other.save({ training: true }));
  });

  it('ends with a signal', async () => {
    const net = await createNetwork(options);
    slowClock(13);
    const controller = new AbortController();
    const fit = net.fit(data, { ...training, signal: controller.signal });
    await meanwhile(fit, () => {
      if (net.steps === 3) controller.abort(new Error('enough'));
    });
    await expect(fit).rejects.toThrow('enough');
    expect(net.steps).toBe(3);
  });

  it('measures the weights that the network has at the end of it', async () => {
    const net = await createNetwork(options);
    slowClock(13);
    let isSet = false;
    const fit = net.fit(data, { ...training, epochs: 1 });
    await meanwhile(fit, () => {
      if (net.steps < 3 || isSet) return;
      isSet = true;
      net.layers[0].setWeights(net.layers[0].getWeights().fill(0.125));
    });
    expect(isSet).toBe(true);
    const [report] = await fit;
    expect(report.validation).toEqual(await net.evaluate(validation));
  });

  it('ends even if a program changes weights each time the event loop runs', async () => {
    const net = await createNetwork(options);
    slowClock(13);
    const fit = net.fit(data, { ...training, epochs: 2 });
    await meanwhile(fit, () => net.layers[0].setWeights(net.layers[0].getWeights()));
    expect(await fit).toHaveLength(2);
  });

  it('has the labels that it had at the call, even if they are changed later', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const wanted = await other.fit(data, training);
    slowClock(13);
    const given = { inputs: validation.inputs, targets: validation.targets.slice() };
    const fit = net.fit(data, { ...training, validation: given });
    await meanwhile(fit, () => {
      if (net.steps === 3) given.targets.fill(9);
    });
    expect(given.targets[202]).toBe(9);
    expect([...(await fit)].map((report) => report.validation)).toEqual([...wanted].map((report) => report.validation));
  });

  const optimizers: Optimizer[] = [adam(), sgd({ learningRate: 0.3 }), lbfgs()];
  it.each(optimizers)('is repeated if the network was saved during it: $name', async (optimizer) => {
    const net = await createNetwork(options);
    const call: TrainOptions = { epochs: 4, validation, optimizer, earlyStopping: { patience: 9 } };
    const files: { epoch: number; file: Uint8Array }[] = [];
    let epoch = 0;
    slowClock(13);
    const fit = net.fit(data, {
      ...call,
      onEpoch: () => {
        epoch++;
      },
    });
    await meanwhile(fit, async () => files.push({ epoch, file: await net.save({ training: true }) }));
    const reports = withoutTimes(await fit);
    vi.restoreAllMocks();
    // at least three runs of the event loop during each of four validations
    expect(files.length).toBeGreaterThan(12);
    for (const { epoch: done, file } of files.filter((_, turn) => turn % 3 === 0)) {
      const copy = await loadNetwork(file);
      expect(withoutTimes(await copy.fit(data, call))).toEqual(reports.slice(done));
      expect(parametersOf(copy)).toEqual(parametersOf(net));
      expect(await copy.save()).toEqual(await net.save());
    }
  });

  it('is repeated in a stream too', async () => {
    const net = await createNetwork(options);
    const parts = [samples(30, 5), samples(21, 6)];
    const files: { epoch: number; file: Uint8Array }[] = [];
    let epoch = 0;
    slowClock(13);
    const onEpoch = () => {
      epoch++;
    };
    const fit = net.fitStream(() => parts, { epochs: 3, batchSize: 10, validation, onEpoch });
    await meanwhile(fit, async () => files.push({ epoch, file: await net.save({ training: true }) }));
    const reports = withoutTimes(await fit);
    vi.restoreAllMocks();
    expect(files.length).toBeGreaterThan(20);
    for (const { epoch: done, file } of files.filter((_, turn) => turn % 9 === 0)) {
      const copy = await loadNetwork(file);
      const rest = await copy.fitStream(() => parts, { epochs: 3, batchSize: 10, validation });
      expect(withoutTimes(rest)).toEqual(reports.slice(done));
      expect(await copy.save()).toEqual(await net.save());
    }
  });

  it('runs in slices in crossValidate too', async () => {
    const call = { folds: 2, epochs: 2, batchSize: 10 };
    const wanted = await crossValidate(options, data, call);
    slowClock(13);
    const result = crossValidate(options, data, call);
    expect(await meanwhile(result, () => {})).toBeGreaterThan(10);
    expect((await result).mean).toEqual(wanted.mean);
  });
});
