import { describe, expect, it, vi } from 'vitest';
import type { DataSet, EpochReport, NetworkOptions, ProgressReport, TrainForReport } from '../src/index.js';
import { lbfgs, reduceOnPlateau, sgd, step } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { parametersOf } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';
import { jsonOf } from './saved-files.js';

const options: NetworkOptions = {
  inputs: 5,
  layers: [
    { units: 17, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 9,
};

function samples(count: number, seed: number) {
  const random = randomNumbers(seed);
  const inputs = randomFloats(5 * count, random);
  // the inputs determine the class, except that a fifth of the samples get a random one
  const targets = Uint8Array.from({ length: count }, (_, i) =>
    random() < 0.2 ? Math.floor(3 * random()) : inputs[5 * i] > 0.3 ? 2 : inputs[5 * i + 1] > 0 ? 1 : 0,
  );
  return { inputs, targets };
}

const data = samples(60, 1);
const validation = samples(60, 2);
const training = { epochs: 400, batchSize: 4, optimizer: sgd({ learningRate: 0.5 }) };

describe('early stopping', () => {
  it('ends when validation has not improved for `patience` epochs, with the best weights', async () => {
    for (const monitor of ['cost', 'accuracy'] as const) {
      const net = await createNetwork(options);
      const patience = 6;
      const reports = [...(await net.fit(data, { ...training, validation, earlyStopping: { monitor, patience } }))];
      const last = reports[reports.length - 1];
      expect(reports.length).toBeLessThan(400);
      expect(last.stopped).toBe('earlyStopping');
      expect(reports.slice(0, -1).every((report) => report.stopped === undefined)).toBe(true);
      const values = reports.map((report) =>
        monitor === 'cost' ? report.validation!.cost : -report.validation!.accuracy!,
      );
      const best = values.indexOf(Math.min(...values));
      expect(reports.length - 1).toBe(best + patience);
      expect(last.bestEpoch).toBe(best);
      reports.forEach(({ bestEpoch }, epoch) => {
        expect(bestEpoch).toBe(values.indexOf(Math.min(...values.slice(0, epoch + 1))));
      });
      // the weights have the bits of the best epoch, not of the last one
      const other = await createNetwork(options);
      await other.fit(data, { ...training, epochs: best + 1 });
      expect(parametersOf(net)).toEqual(parametersOf(other));
      expect(await net.evaluate(validation)).toEqual(reports[best].validation);
    }
  });

  it('also restores the best weights after the last epoch, and if a callback ends training', async () => {
    const other = await createNetwork(options);
    const reports = [...(await other.fit(data, { ...training, epochs: 40, validation }))];
    const costs = reports.map((report) => report.validation!.cost);
    const best = costs.indexOf(Math.min(...costs));
    expect(best).toBeLessThan(39);
    for (const fit of [{ epochs: 40 }, { onEpoch: ({ epoch }: EpochReport) => epoch < 39 }]) {
      const net = await createNetwork(options);
      const earlyStopping = { patience: 400 };
      const own = [...(await net.fit(data, { ...training, validation, earlyStopping, ...fit }))];
      expect(own).toHaveLength(40);
      expect(own[39].stopped).toBe('epochs' in fit ? undefined : 'callback');
      expect(await net.evaluate(validation)).toEqual(reports[best].validation);
    }
  });

  it('keeps the last weights with restoreBest: false, and counts only improvements by more than minDelta', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const earlyStopping = { patience: 2, minDelta: 10, restoreBest: false };
    const reports = [...(await net.fit(data, { ...training, validation, earlyStopping }))];
    expect(reports.map(({ bestEpoch }) => bestEpoch)).toEqual([0, 0, 0]);
    await other.fit(data, { ...training, epochs: 3 });
    expect(parametersOf(net)).toEqual(parametersOf(other));
  });

  it('does not prevent further training, which uses new orders', async () => {
    const net = await createNetwork(options);
    const first = await net.fit(data, { ...training, validation, earlyStopping: { patience: 1 } });
    const file = await net.save();
    expect(jsonOf(file, 'optimizer')).toMatchObject({ epochsTrained: first.length });
    const loaded = await loadNetwork(file);
    await loaded.fit(data, { epochs: 2, batchSize: 4 });
    await net.fit(data, { epochs: 2, batchSize: 4 });
    expect(parametersOf(net)).toEqual(parametersOf(loaded));
  });

  it('refuses metrics that it cannot watch', async () => {
    const net = await createNetwork(options);
    const before = await net.save();
    await expect(net.fit(data, { epochs: 1, earlyStopping: {} })).rejects.toThrow(
      /^options\.earlyStopping: got no validation data, want validation or validationSplit$/,
    );
    // biome-ignore lint/suspicious/noExplicitAny: what would not compile
    const wrong: [any, RegExp][] = [
      [3, /^options\.earlyStopping: got 3, want an object such as \{ patience: 3 \}$/],
      [
        { monitor: 'loss' },
        /^options\.earlyStopping\.monitor: got "loss", want one of cost, accuracy, balancedAccuracy, macroF1, topKAccuracy, rocAuc: did you mean cost\?$/,
      ],
      [{ patience: 0 }, /^options\.earlyStopping\.patience: got 0, want an integer from 1/],
      [{ minDelta: -1 }, /^options\.earlyStopping\.minDelta: got -1, want a number from 0 up$/],
      [{ restoreBest: 'yes' }, /^options\.earlyStopping\.restoreBest: got "yes", want true or false$/],
      [
        { restore: true },
        /^options\.earlyStopping: got the unknown key "restore", want patience, .*: did you mean restoreBest\?$/,
      ],
    ];
    for (const [earlyStopping, message] of wrong) {
      await expect(net.fit(data, { epochs: 1, validation, earlyStopping })).rejects.toThrow(message);
    }
    expect(await net.save()).toEqual(before);
  });
});

describe('callbacks', () => {
  it('end training after an epoch if they return false', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const reports = [...(await net.fit(data, { ...training, onEpoch: ({ epoch }) => epoch !== 2 }))];
    expect(reports.map(({ stopped }) => stopped)).toEqual([undefined, undefined, 'callback']);
    expect(reports[2].secondsLeft).toBe(0);
    const { last } = await other.fit(data, { ...training, epochs: 3, onEpoch: ({ epoch }) => epoch !== 2 });
    expect(last).not.toHaveProperty('stopped');
    expect(await net.save()).toEqual(await other.save());
  });

  it('end training after a step; its epoch counts as an epoch and is not validated', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const onBatch = ({ epoch, step: done }: ProgressReport) => epoch < 1 || done < 4;
    const reports = [...(await net.fit(data, { ...training, shuffle: false, validation, onBatch }))];
    expect(reports.map(({ samples: count, stopped }) => [count, stopped])).toEqual([
      [60, undefined],
      [16, 'callback'],
    ]);
    expect(reports[1]).not.toHaveProperty('validation');
    const fresh = await createNetwork(options);
    const stopping = { validation, earlyStopping: {}, onBatch: () => false };
    const [first] = await fresh.fit(data, { ...training, ...stopping });
    expect(first).not.toHaveProperty('bestEpoch');
    await other.fit(data, { ...training, epochs: 1, shuffle: false });
    const rest = { inputs: data.inputs.subarray(0, 5 * 16), targets: data.targets.subarray(0, 16) };
    await other.fit(rest, { ...training, epochs: 1, shuffle: false });
    other.trainingSamples = 60;
    expect(await net.save()).toEqual(await other.save());
    // any other return value of the callback does not matter
    for (const value of [undefined, null, 0, '', true, Promise.resolve(), Promise.resolve(0)]) {
      expect(await net.fit(data, { epochs: 2, onEpoch: () => value, onBatch: () => value })).toHaveLength(2);
    }
  });

  it('do not count as the reason for the end after the last step of the last epoch', async () => {
    const net = await createNetwork(options);
    const onBatch = ({ epoch, step }: ProgressReport) => epoch < 1 || step < 15;
    const reports = [...(await net.fit(data, { epochs: 2, batchSize: 4, onBatch }))];
    expect(reports.map(({ samples: count, stopped }) => [count, stopped])).toEqual([
      [60, undefined],
      [60, undefined],
    ]);
  });

  it('get the learning rate, the speed and the time left', async () => {
    const net = await createNetwork(options);
    const steps: ProgressReport[] = [];
    const learningRate = step({ initial: 0.5, factor: 0.5, epochs: 1 });
    const start = performance.now();
    const reports = [
      ...(await net.fit(data, {
        epochs: 3,
        optimizer: sgd({ learningRate }),
        validation,
        onBatch: (report) => steps.push(report),
      })),
    ];
    const seconds = (performance.now() - start) / 1000;
    expect(reports.map((report) => report.learningRate)).toEqual([0.5, 0.25, 0.125]);
    for (const report of steps) {
      expect(report.learningRate).toBe(0.5 ** (report.epoch + 1));
      expect(report.samplesPerSecond).toBeGreaterThan(60 / seconds / 10);
      const done = 60 * report.epoch + report.samples;
      // the time left is estimated from the time of the steps done, which is at most `seconds`
      expect(report.secondsLeft).toBeLessThanOrEqual((seconds * (180 - done)) / done);
      expect((report.secondsLeft ?? 0) > 0).toBe(done < 180);
    }
    expect(reports[2].secondsLeft).toBe(0);
    expect(reports[0].secondsLeft).toBeGreaterThan(0);
  });

  it('get a time left that includes validation', async () => {
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    // the cost function takes a second for each sample whose target is 1
    const cost = {
      value: (_a: Float32Array, [y]: Float32Array) => {
        now += 1000 * y;
        return 0;
      },
      gradient: () => {},
    };
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], cost });
    const [inputs, ones] = [new Float32Array(2), Float32Array.of(1, 1)];
    const training = { inputs, targets: new Float32Array(2) };
    const reports = [...(await net.fit(training, { epochs: 4, validation: { inputs, targets: ones } }))];
    clock.mockRestore();
    expect(reports.map(({ elapsedMs, secondsLeft }) => [elapsedMs, secondsLeft])).toEqual([
      [0, 6],
      [0, 4],
      [0, 2],
      [0, 0],
    ]);
  });

  it('get no speed if the clock has not moved on', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const net = await createNetwork(options);
    const speeds: unknown[] = [];
    const note = ({ epoch, samples, samplesPerSecond, secondsLeft }: ProgressReport | EpochReport) => {
      speeds.push(samplesPerSecond);
      if (epoch === 0 && samples < 60) expect(secondsLeft).toBeUndefined();
    };
    const callbacks = { onBatch: note, onEpoch: note, onProgress: note, epochs: 2 };
    await net.fit(data, callbacks);
    await net.fit(data, { ...callbacks, optimizer: lbfgs() });
    await net.fitStream(() => [data, validation], { ...callbacks, optimizer: sgd({ learningRate: 0.1 }) });
    clock.mockRestore();
    expect(speeds.length).toBeGreaterThan(10);
    expect(speeds.every((speed) => speed === undefined)).toBe(true);
  });

  it('may leave the iterator waiting: nothing happens meanwhile, and the bits are the same', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const iterator = net.train(data, { ...training, epochs: 3 });
    await iterator.next();
    const paused = parametersOf(net);
    const now = performance.now.bind(performance);
    const anHourLater = vi.spyOn(performance, 'now').mockImplementation(() => now() + 3_600_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(parametersOf(net)).toEqual(paused);
    const { value } = await iterator.next();
    // pauses do not count
    expect((value as EpochReport).secondsLeft).toBeLessThan(600);
    await iterator.next();
    anHourLater.mockRestore();
    await other.fit(data, { ...training, epochs: 3 });
    expect(parametersOf(net)).toEqual(parametersOf(other));
    await iterator.return();
  });
});

describe('training for a time', () => {
  const pieces = { batchSize: 7, optimizer: sgd({ learningRate: step({ initial: 0.5, factor: 0.7, steps: 11 }) }) };

  /** Calls trainFor until `steps` steps are done. */
  async function trainSteps(net: Network, steps: number): Promise<TrainForReport[]> {
    const reports: TrainForReport[] = [];
    for (let taken = 0; taken < steps; taken += reports[reports.length - 1].stepsTaken) {
      // each call takes at least one step, and this time is too short for a second one
      reports.push(await net.trainFor(data, 1e-9, pieces));
    }
    return reports;
  }

  it('takes the steps of fit, at least one in each call, also in the middle of an epoch', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const reports = await trainSteps(net, 27);
    expect(reports).toHaveLength(27);
    expect(reports.map(({ epoch, step: done, samples: count }) => [epoch, done, count])).toEqual(
      [0, 1, 2].flatMap((epoch) =>
        Array.from({ length: 9 }, (_, i) => (i < 8 ? [epoch, i + 1, 7] : [epoch + 1, 0, 4])),
      ),
    );
    const expected = [...(await other.fit(data, { ...pieces, epochs: 3 }))];
    expect(await net.save()).toEqual(await other.save());
    expect(reports[26].learningRate).toBe(expected[2].learningRate);
    const cost = reports.slice(18).reduce((sum, report) => sum + report.cost * report.samples, 0) / 60;
    expect(cost).toBeCloseTo(expected[2].cost, 12);
  });

  it('gives the same bits however the time is divided, with predictions and other batches in between', async () => {
    const net = await createNetwork(options);
    let steps = 0;
    for (const time of [1, 0.01, 3, 0.5, 7]) {
      const { stepsTaken } = await net.trainFor(data, time, pieces);
      expect(stepsTaken).toBeGreaterThan(0);
      steps += stepsTaken;
      net.predict(validation.inputs);
      await net.evaluate(validation);
      net.forward(data.inputs.subarray(0, 35));
    }
    const other = await createNetwork(options);
    const epochs = Math.floor(steps / 9);
    for (let taken = 0; taken < epochs * 9; ) taken += (await other.trainFor(data, 1e-9, pieces)).stepsTaken;
    const whole = await createNetwork(options);
    if (epochs > 0) await whole.fit(data, { ...pieces, epochs });
    expect(parametersOf(other)).toEqual(parametersOf(whole));
    for (let taken = epochs * 9; taken < steps; taken++) await other.trainFor(data, 1e-9, pieces);
    expect(parametersOf(net)).toEqual(parametersOf(other));
  });

  it('returns within its time if steps are short, and after one step if that is longer', async () => {
    let now = 0;
    let msPerSample = 0.1;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    const cost = {
      value: () => {
        now += msPerSample;
        return 0;
      },
      gradient: () => {},
    };
    const net = await createNetwork({ ...options, cost });
    const set = { inputs: data.inputs, targets: new Float32Array(60 * 3) };
    for (let call = 0; call < 20; call++) {
      const start = now;
      const report = await net.trainFor(set, 8, pieces);
      expect(report.elapsedMs).toBe(now - start);
      // trainFor stops if the next step would end late: a step of 7 samples takes 0.7 ms, but is expected to take 0.4
      // ms after a step of 4
      expect(report.elapsedMs).toBeGreaterThan(7.2);
      expect(report.elapsedMs).toBeLessThan(8.31);
      expect(report.samples).toBeCloseTo(report.elapsedMs / 0.1, 6);
      expect(report.samplesPerSecond).toBeCloseTo(10_000, 6);
    }
    msPerSample = 10;
    // a call plans its steps by the duration of earlier ones, so the first call at the new speed may take more than one
    await net.trainFor(set, 8, pieces);
    for (let call = 0; call < 20; call++) expect((await net.trainFor(set, 8, pieces)).stepsTaken).toBe(1);
    clock.mockRestore();
  });

  it.each([0.1, 1, 5])('returns in its time if many epochs fit into a tick of the clock, of %f ms', async (tick) => {
    let time = 7.3;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => Math.floor(time / tick) * tick);
    const cost = {
      value: () => {
        time += 2e-4;
        return 0;
      },
      gradient: () => {},
    };
    const net = await createNetwork({ ...options, cost });
    const set = { inputs: data.inputs, targets: new Float32Array(60 * 3) };
    for (let call = 0; call < 6; call++) {
      time += 3.7;
      const start = time;
      const report = await net.trainFor(set, 10, { batchSize: 7 });
      expect(time - start).toBeGreaterThan(10 - 1.1 * tick - 0.1);
      expect(time - start).toBeLessThan(10 + tick + 0.1);
      expect(report.samples).toBeCloseTo((time - start) / 2e-4, 0);
      expect(Math.abs(report.elapsedMs - (time - start))).toBeLessThan(1.01 * tick);
    }
    clock.mockRestore();
  });

  it('uses its whole time after a call in which steps seemed to be long', async () => {
    let time = 0;
    let msPerSample = 2e-4;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => Math.floor(time));
    const cost = {
      value: () => {
        time += msPerSample;
        return 0;
      },
      gradient: () => {},
    };
    const net = await createNetwork({ ...options, cost });
    const set = { inputs: data.inputs, targets: new Float32Array(60 * 3) };
    for (const ms of [2e-4, 30, 2e-4]) {
      msPerSample = ms;
      const start = time;
      await net.trainFor(set, 10, { batchSize: 7 });
      expect(time - start).toBeGreaterThan(8.8);
    }
    clock.mockRestore();
  });

  it('returns even if a test has stopped the clock', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
    const one = { inputs: new Float32Array(1), targets: new Float32Array(1) };
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const report = await net.trainFor(one, 5);
    clock.mockRestore();
    expect(report.elapsedMs).toBe(0);
    expect(report.samplesPerSecond).toBeUndefined();
    expect(report.samples).toBeGreaterThan(1000);
  });

  it('begins a new epoch with other data or options, and after fit', async () => {
    const net = await createNetwork(options);
    const position = (report: TrainForReport) => [report.epoch, report.step];
    await trainSteps(net, 3);
    expect(position(await net.trainFor(validation, 1e-9, pieces))).toEqual([0, 1]);
    expect(position(await net.trainFor(validation, 1e-9, pieces))).toEqual([0, 2]);
    expect(position(await net.trainFor(validation, 1e-9, { ...pieces, batchSize: 8 }))).toEqual([0, 1]);
    expect(position(await net.trainFor({ ...validation }, 1e-9, { ...pieces, batchSize: 8 }))).toEqual([0, 2]);
    await net.fit(data, { epochs: 1 });
    expect(position(await net.trainFor(validation, 1e-9, { ...pieces, batchSize: 8 }))).toEqual([0, 1]);
  });

  it('notices in a later call all that a first call would: lengths, lost memory, names, the task', async () => {
    const CLASSES = ['a', 'b', 'c'];
    const start = async (given: DataSet = data, classes?: string[]) => {
      const net = await createNetwork({ ...options, classes });
      for (let call = 0; call < 2; call++) await net.trainFor(given, 1e-9, pieces);
      return net;
    };
    const again = (net: Network, given: DataSet) => net.trainFor(given, 1e-9, pieces);
    const copies = () => ({ inputs: data.inputs.slice(), targets: data.targets.slice() });
    // names
    const named = await start({ ...data, classes: CLASSES });
    await expect(again(named, { ...data, classes: CLASSES.toReversed() })).rejects.toThrow(
      'data.classes[0]: got "c", want "a", as this network or its data have it',
    );
    await expect(again(named, { ...data, classes: ['a'] })).rejects.toThrow('data.classes: got 1 name, want 3');
    await expect(again(named, { ...data, other: 1 } as DataSet)).rejects.toThrow('data: got the unknown key "other"');
    expect(await again(named, { ...data, classes: CLASSES })).toMatchObject({ step: 3 });
    expect(await again(named, data)).toMatchObject({ step: 4 });
    const unnamed = await start();
    await again(unnamed, { ...data, classes: CLASSES });
    expect(unnamed.classes).toEqual(CLASSES);
    // labels that were given as names mean other classes once the network has other names
    const targets = Array.from(data.targets, (label) => CLASSES[label]);
    const inputs = data.inputs;
    const [renamed, other] = [await start({ inputs, targets }, CLASSES), await start({ inputs, targets }, CLASSES)];
    for (const net of [renamed, other]) net.classes = CLASSES.toReversed();
    for (let call = 0; call < 3; call++) await again(renamed, { inputs, targets });
    const fresh = { inputs, targets: [...targets] };
    for (let call = 0; call < 3; call++) await again(other, fresh);
    expect(parametersOf(renamed)).toEqual(parametersOf(other));
    // memory and lengths
    for (const name of ['inputs', 'targets'] as const) {
      const given = copies();
      const net = await start(given);
      structuredClone(given[name], { transfer: [given[name].buffer] });
      await expect(again(net, given)).rejects.toThrow(new RegExp(`^data\\.${name}: got .* whose memory has gone`));
    }
    const plain = { inputs: Array.from(data.inputs), targets: Array.from(data.targets) };
    const growing = await start(plain);
    plain.inputs.push(...plain.inputs.slice(0, options.inputs));
    plain.targets.push(plain.targets[0]);
    expect(await again(growing, plain)).toMatchObject({ epoch: 0, step: 1 });
    expect(growing.trainingSamples).toBe(data.targets.length + 1);
    // the task
    const relearning = await start();
    relearning.task = undefined;
    await again(relearning, data);
    expect(relearning.task).toBe('classes');
  });

  it('continues after a batch that was too large for the memory, so that data and order have moved', async () => {
    const weights = new Float32Array(data.targets.length).map((_, i) => 1 + (i % 3));
    for (const set of [data, { ...data, weights }]) {
      const net = await createNetwork(options);
      const other = await createNetwork(options);
      for (let step = 0; step < 20; step++) {
        const report = await net.trainFor(set, 1e-9, pieces);
        expect(report).toMatchObject({ stepsTaken: 1, step: (step + 1) % 9 });
        await other.trainFor(set, 1e-9, pieces);
        if (step % 6 === 3) net.forward(new Float32Array(5 * 300 * step));
        if (step % 6 === 5) {
          net.forward(new Float32Array(5 * 300 * step));
          expect(await net.save({ training: true })).toEqual(await other.save({ training: true }));
        }
      }
      expect(parametersOf(net)).toEqual(parametersOf(other));
    }
  });

  it('takes whole steps of several chunks, and the plateau of its epochs', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const many = samples(1500, 4);
    const fit = {
      batchSize: 600,
      optimizer: sgd({ learningRate: reduceOnPlateau({ initial: 0.5, factor: 0.5, patience: 1, minDelta: 10 }) }),
    };
    let steps = 0;
    while (steps < 12) steps += (await net.trainFor(many, 1e-9, fit)).stepsTaken;
    const reports = [...(await other.fit(many, { ...fit, epochs: 4 }))];
    expect(parametersOf(net)).toEqual(parametersOf(other));
    expect(reports[3].learningRate).toBe(0.125);
    expect((await net.trainFor(many, 1e-9, fit)).learningRate).toBe(0.0625);
  });

  it('refuses wrong calls, which change nothing', async () => {
    const net = await createNetwork(options);
    await trainSteps(net, 3);
    const before = await net.save();
    // biome-ignore lint/suspicious/noExplicitAny: what would not compile
    const any = net as any;
    const wrong: [() => Promise<unknown>, RegExp][] = [
      [() => any.trainFor(), /^data: got undefined, want an object \{ inputs, targets \}$/],
      [() => any.trainFor(data), /^milliseconds: got undefined, want a positive number$/],
      [() => any.trainFor(data, 0), /^milliseconds: got 0, want a positive number/],
      [() => any.trainFor(null, 1), /^data: got null, want an object \{ inputs, targets \}$/],
      [() => any.trainFor({ inputs: data.inputs }, 1), /^data\.targets: got undefined, want/],
      [() => any.trainFor(data, 1, { epochs: 3 }), /^options: got the unknown key "epochs", want batchSize, /],
      [() => any.trainFor(data, 1, { batchSize: 0 }), /^options\.batchSize: got 0, want an integer/],
    ];
    for (const [call, message] of wrong) await expect(call()).rejects.toThrow(message);
    expect(await net.save()).toEqual(before);
    // the next call resumes where this one stopped
    expect((await net.trainFor(data, 1e-9, pieces)).step).toBe(4);
    const training = net.fit(data, { epochs: 2 });
    await expect(net.trainFor(data, 1)).rejects.toThrow(/^trainFor: got a call while this network is being trained/);
    await training;
    net.dispose();
    await expect(net.trainFor(data, 1)).rejects.toThrow(/dispose/);
  });
});
