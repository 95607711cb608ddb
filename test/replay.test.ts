import { describe, expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import { permutation } from '../src/data/philox.js';
import type { DataSet, NetworkOptions, TrainOptions } from '../src/index.js';
import { adam, lbfgs, NonFiniteError, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { arraysOf, hashOf } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

const SAMPLES = 50;
const SEED = 12;
const random = randomNumbers(41);
const data: DataSet = {
  inputs: randomFloats(SAMPLES * 3, random),
  targets: Float32Array.from({ length: SAMPLES * 2 }, random),
};
const network: NetworkOptions = {
  inputs: 3,
  layers: [
    { units: 6, activation: 'relu', dropout: 0.25 },
    { units: 2, activation: 'linear' },
  ],
  seed: SEED,
};

const hasFiniteWeights = (net: Network) =>
  net.layers.map(arraysOf).every(({ weights, biases }) => [...weights, ...biases].every(Number.isFinite));

/**
 * Trains without interruption. Returns the weights after each step, and the checkpoints for as long as the weights are
 * finite.
 */
async function trainOn(set: DataSet, options: TrainOptions) {
  const net = await createNetwork(network);
  const hashes = [hashOf(net)];
  const files: (Uint8Array | undefined)[] = [undefined];
  await net.fit(set, {
    ...options,
    onBatch: async () => {
      hashes.push(hashOf(net));
      files.push(hasFiniteWeights(net) ? await net.save({ training: true }) : undefined);
    },
  });
  return { net, hashes, files };
}

/** Finds the first step after which the weights are not finite, by bisection from a checkpoint before it. */
async function findStep(load: () => Promise<Network>, last: number, set: DataSet, options: TrainOptions) {
  let low = (await load()).steps;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const net = await load();
    await net.replayTo(middle, set, options);
    if (hasFiniteWeights(net)) low = middle;
    else high = middle;
  }
  return high;
}

describe('the origin of a number that is not finite', () => {
  it('is found in the step that uses the bad sample', async () => {
    const sample = 23;
    const inputs = data.inputs.slice() as Float32Array;
    inputs.fill(1e30, 3 * sample, 3 * sample + 3);
    const poisoned = { ...data, inputs };
    const options: TrainOptions = { batchSize: 2, optimizer: sgd({ learningRate: 0.1 }), ignoreNonFinite: true };
    const { hashes, files } = await trainOn(poisoned, options);
    const place = permutation(SAMPLES, SEED, abi.RANDOM_ORDER, 0).indexOf(sample);
    const wanted = Math.floor(place / 2) + 1;
    // with this seed, it is far from both ends
    expect(wanted).toBeGreaterThan(6);
    expect(wanted).toBeLessThan(24);
    expect(files[wanted - 1]).toBeDefined();

    const found = await findStep(() => loadNetwork(files[4]!), 25, poisoned, options);
    expect(found).toBe(wanted);
    for (const step of [found - 1, found, found + 1]) {
      const net = await loadNetwork(files[4]!);
      await net.replayTo(step, poisoned, options);
      expect(net.steps).toBe(step);
      expect(hashOf(net)).toBe(hashes[step]);
    }
  });

  it('is found in the step with the huge learning rate, epochs after the checkpoint', async () => {
    const learningRate = (step: number) => (step === 71 ? 3e38 : 0.05);
    const options: TrainOptions = {
      epochs: 7,
      batchSize: 4,
      optimizer: adam({ learningRate }),
      ignoreNonFinite: true,
    };
    const whole = await trainOn(data, options);
    const load = () => loadNetwork(whole.files[8]!, { learningRate });
    const found = await findStep(load, 91, data, options);
    expect(found).toBe(whole.files.findIndex((file, step) => step > 0 && !file));
    const net = await load();
    await net.replayTo(found, data, options);
    expect(hashOf(net)).toBe(whole.hashes[found]);
    expect(found).toBeGreaterThanOrEqual(72);
    expect(found).toBeLessThan(75);
  });

  it('is an error in a training that checks its numbers, and the step before it can be replayed', async () => {
    const learningRate = (step: number) => (step === 30 ? 3e38 : 0.05);
    const options: TrainOptions = { epochs: 4, batchSize: 4, optimizer: sgd({ learningRate, clipNorm: 1e38 }) };
    const net = await createNetwork(network);
    let file: Uint8Array | undefined;
    const error = await net
      .fit(data, {
        ...options,
        onBatch: async () => {
          if (net.steps === 20) file = await net.save({ training: true });
        },
      })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NonFiniteError);
    const { epoch, step, layer, stepsUndone: steps } = error as NonFiniteError;
    const stopped = await createNetwork(network);
    await stopped.fit(data, { ...options, onBatch: () => stopped.steps < steps });
    const loaded = await loadNetwork(file!, { learningRate });
    await loaded.replayTo(steps, data, options);
    expect(hashOf(loaded)).toBe(hashOf(stopped));
    const same = { name: 'NonFiniteError', epoch, step, layer, stepsUndone: 0 };
    await expect(loaded.replayTo(steps + 1, data, options)).rejects.toMatchObject(same);
    expect(hashOf(loaded)).toBe(hashOf(stopped));
  });
});

describe('the state at a step', () => {
  const options: TrainOptions = {
    epochs: 3,
    batchSize: 4,
    optimizer: adam({ learningRate: 0.02 }),
    validation: data,
    earlyStopping: { patience: 1, minDelta: 10 },
  };

  it('is that of an uninterrupted training, to the last bit of its file, and training can continue from it', async () => {
    const { net, files } = await trainOn(data, options);
    for (const [from, first, second] of [
      [1, 12, 13],
      [5, 13, 14],
      [11, 14, 26],
      [13, 26, 26],
    ]) {
      const loaded = await loadNetwork(files[from]!);
      for (const step of [first, second]) {
        await loaded.replayTo(step, data, options);
        expect(await loaded.save({ training: true })).toEqual(files[step]);
      }
      await loaded.fit(data, options);
      expect(await loaded.save({ training: true })).toEqual(await net.save({ training: true }));
    }
  });

  it('can be reached by a training that begins here', async () => {
    const { files } = await trainOn(data, options);
    const fresh = await createNetwork(network);
    await fresh.replayTo(17, data, options);
    expect(await fresh.save({ training: true })).toEqual(files[17]);
  });

  it('can be reached by a stream', async () => {
    const source = function* () {
      yield { inputs: data.inputs.slice(0, 60), targets: data.targets.slice(0, 40) };
      yield { inputs: data.inputs.slice(60), targets: data.targets.slice(40) };
    };
    const streaming = { epochs: 3, batchSize: 4, optimizer: adam() };
    const net = await createNetwork(network);
    const files: Uint8Array[] = [];
    await net.fitStream(source, {
      ...streaming,
      onBatch: async () => void files.push(await net.save({ training: true })),
    });
    const loaded = await loadNetwork(files[3]);
    for (const step of [5, 6, 13, 14, 33]) {
      await loaded.replayTo(step, source, streaming);
      expect(await loaded.save({ training: true })).toEqual(files[step - 1]);
    }
  });

  it('is reached with the same calls of callbacks as in training', async () => {
    const steps: number[] = [];
    const epochs: number[] = [];
    const net = await createNetwork(network);
    await net.replayTo(15, data, {
      ...options,
      onBatch: ({ step }) => void steps.push(step),
      onEpoch: ({ epoch }) => void epochs.push(epoch),
    });
    expect(steps).toEqual([...Array.from({ length: 13 }, (_, i) => i + 1), 1, 2]);
    expect(epochs).toEqual([0]);
  });

  it('is refused if there is no such step', async () => {
    const net = await createNetwork(network);
    await net.replayTo(10, data, options);
    const file = await net.save({ training: true });
    await expect(net.replayTo(9, data, options)).rejects.toThrow('step: got 9, want an integer from 10 to 4294967295');
    await expect(net.replayTo(10.5, data, options)).rejects.toThrow('step: got 10.5, want an integer from 10');
    await expect(net.replayTo('11' as never, data, options)).rejects.toThrow(TypeError);
    await expect(net.replayTo(11, data, { ...options, batchSize: 5 })).rejects.toThrow('options.batchSize');
    await expect(net.replayTo(11, data, { ...options, optimizer: lbfgs() })).rejects.toThrow(
      'replayTo: got lbfgs, want an optimizer that takes a step at a time: for lbfgs fit with fewer epochs',
    );
    await expect(net.replayTo(11, null as never, options)).rejects.toThrow('data: got null, want an object');
    await expect(net.replayTo(11, data, null as never)).rejects.toThrow('options: got null, want an object');
    // a step after the end of training is refused before the first step is taken: optimizer, standardisation and names
    // stay
    for (const step of [40, 2 ** 31, 2 ** 32 - 1]) {
      await expect(net.replayTo(step, data, options)).rejects.toThrow(
        `step: got ${step}, want at most 39, where training ends`,
      );
    }
    expect(await net.save({ training: true })).toEqual(file);
    const fresh = await createNetwork(network);
    const empty = await fresh.save({ training: true });
    const given = { ...data, columns: ['a', 'b', 'c'] };
    await expect(
      fresh.replayTo(2 ** 31, given, { ...options, optimizer: adam(), standardize: 'both' }),
    ).rejects.toThrow(`step: got ${2 ** 31}, want at most 39, where training ends`);
    expect(await fresh.save({ training: true })).toEqual(empty);
    await fresh.replayTo(26, data, options);
    await net.replayTo(26, data, options);
    expect(hashOf(fresh)).toBe(hashOf(net));
    // early stopping ends training before step 39
    await expect(net.replayTo(39, data, options)).rejects.toThrow(
      'step: got 39, want at most 26, where training has ended',
    );
  });

  it('is found missing at the end by a stream, and by callbacks, which may take steps of their own', async () => {
    const streamed = await createNetwork(network);
    await expect(streamed.replayTo(99, () => [data], { epochs: 2, batchSize: 4 })).rejects.toThrow(
      'step: got 99, want at most 26, where training has ended',
    );
    expect(streamed.steps).toBe(26);
    const net = await createNetwork(network);
    const onBatch = () => void net.trainBatch(data.inputs, data.targets);
    await net.replayTo(51, data, { ...options, onBatch });
    expect(net.steps).toBe(52);
  });

  it.each([
    ['onBatch', 5, 'options.onBatch: got 5, want a function'],
    ['onBatch', null, 'options.onBatch: got null, want a function'],
    ['onEpoch', 'log', 'options.onEpoch: got "log", want a function'],
    ['onProgress', {}, 'options.onProgress: got an object (Object), want a function'],
    ['signal', {}, 'options.signal: got an object (Object), want an AbortSignal'],
    ['optimizer', 5, 'optimizer: got 5, want'],
    ['optimizer', null, 'optimizer: got null, want'],
    ['ignoreNonFinite', 1, 'options.ignoreNonFinite: got 1, want true or false'],
    ['epochs', 0, 'options.epochs: got 0, want an integer from 1'],
    ['onStep', () => {}, 'options: got the unknown key "onStep"'],
  ])('is refused with a wrong %s: %j, and nothing changes', async (name, value, message) => {
    const net = await createNetwork(network);
    await net.replayTo(10, data, options);
    const file = await net.save({ training: true });
    const wrong = { ...options, [name]: value };
    await expect(net.replayTo(12, data, wrong)).rejects.toThrow(message);
    await expect(net.replayTo(12, () => [data], { epochs: 3, [name]: value })).rejects.toThrow(message);
    // the options are checked even if no step is to be taken
    if (name === 'onBatch') await expect(net.replayTo(10, data, wrong)).rejects.toThrow(message);
    expect(await net.save({ training: true })).toEqual(file);
  });
});
