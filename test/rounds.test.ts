import { afterEach, describe, expect, test, vi } from 'vitest';
import { makePlan } from '../src/core/memory-plan.js';
import type { LayerOptions, NetworkOptions, TrainOptions, TypedDataSet } from '../src/index.js';
import { Network } from '../src/network.js';
import { adam, irprop, sgd } from '../src/spec/optimizer.js';
import { inverseTime } from '../src/spec/schedule.js';
import { checkSpec } from '../src/spec/spec.js';
import { slowClock } from './build.js';
import { hashOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';

// Rounds of assembly/round.ts: in a step of many chunks, each thread computes chunks of its own. Bits, and what is left
// in the batch at the end, are those of one thread.

// all threads share any work here, because work that would use them by default takes too long for a test
vi.mock('../src/threads/thread-work.js', () => ({ THREAD_WORK: 1, IS_MEASURED: false }));

const nets: Network[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const net of nets.splice(0)) net.dispose();
});

async function create(options: NetworkOptions): Promise<Network> {
  const net = await Network.create(options);
  nets.push(net);
  return net;
}

const INPUTS = 40;
const SAMPLES = 3000;

/** Only a third of the inputs are not zero, so that lists are used, or all of them. */
function makeData(isSparse = true, isWeighted = false): TypedDataSet {
  const random = randomNumbers(SAMPLES);
  return {
    inputs: new Float32Array(SAMPLES * INPUTS).map(() => (!isSparse || random() < 0.3 ? random() - 0.5 : 0)),
    targets: Int32Array.from({ length: SAMPLES }, () => Math.floor(4 * random())),
    ...(isWeighted && { weights: new Float32Array(SAMPLES).map(() => random()) }),
  };
}

const withHidden = (...hidden: LayerOptions[]): NetworkOptions => ({
  inputs: INPUTS,
  layers: [...hidden, { units: 4, activation: 'softmax' }],
  cost: 'categoricalCrossEntropy',
  seed: 5,
});

const SMALL = withHidden({ units: 20, activation: 'tanh' });

const RATE = inverseTime({ initial: 0.3, steps: 2 });

const CASES: [string, NetworkOptions, TrainOptions, TypedDataSet?][] = [
  ['a full batch', SMALL, { batchSize: SAMPLES }],
  ['a full batch of dense inputs', SMALL, { batchSize: SAMPLES }, makeData(false)],
  ['Adam', SMALL, { batchSize: SAMPLES, optimizer: adam() }],
  ['iRPROP+, which looks at the cost of a step', SMALL, { batchSize: SAMPLES, optimizer: irprop() }],
  [
    'a gradient of limited length',
    SMALL,
    { batchSize: SAMPLES, optimizer: sgd({ learningRate: 0.3, clipNorm: 0.01 }) },
  ],
  ['steps that end with a smaller chunk', SMALL, { batchSize: 700 }],
  ['steps of whole chunks', SMALL, { batchSize: 1024, optimizer: adam() }],
  ['a rate that changes from step to step', SMALL, { batchSize: 700, optimizer: sgd({ learningRate: RATE }) }],
  ['gradients of several batches', SMALL, { batchSize: 300, accumulate: 3 }],
  ['weighted samples', SMALL, { batchSize: 700 }, makeData(true, true)],
  [
    'dropout, prelu and activations of each unit',
    withHidden(
      { units: 20, activation: 'prelu', dropout: 0.3 },
      { units: 18, activation: Array.from({ length: 18 }, (_, j) => (j % 3 ? 'tanh' : 'relu')), dropout: 0.1 },
    ),
    { batchSize: 1500 },
  ],
  [
    'layers that few rows share by panels',
    withHidden({ units: 96, activation: 'relu' }, { units: 96 }),
    { batchSize: 1500 },
  ],
];

/** Everything that a training leaves behind: its costs, the parameters, and z, a and delta of the last chunk. */
async function train(net: Network, training: TrainOptions, data = makeData()): Promise<unknown[]> {
  const history = await net.fit(data, { epochs: 2, optimizer: sgd({ learningRate: 0.3 }), ...training });
  const last = net.layers.map((layer) => [layer.getZ(), layer.getA(), layer.getDelta()].map((values) => [...values]));
  return [hashOf(net), [...history].map(({ cost }) => cost), last];
}

describe('rounds have the bits of one thread', () => {
  test.each(CASES)('%s', async (_, options, training, data) => {
    const alone = await train(await create(options), training, data);
    for (const threads of [2, 3]) {
      expect(await train(await create({ ...options, threads }), training, data), `${threads} threads`).toEqual(alone);
    }
  });

  test('in slices of a few chunks', async () => {
    const training = { batchSize: SAMPLES, optimizer: adam() };
    const alone = await train(await create(SMALL), training);
    // slices stay as short as they begin
    slowClock(1000);
    expect(await train(await create({ ...SMALL, threads: 2 }), training)).toEqual(alone);
  });
});

describe('a cost that is not finite', () => {
  /** A sample in the fourth chunk has targets whose cost overflows. */
  const makeWrong = () => {
    const inputs = makeData().inputs as Float32Array;
    const targets = new Float32Array(SAMPLES);
    targets[3 * 256 + 17] = 1e30;
    return { inputs, targets };
  };
  const options: NetworkOptions = {
    inputs: INPUTS,
    layers: [
      { units: 20, activation: 'tanh' },
      { units: 1, activation: 'linear' },
    ],
    cost: 'quadratic',
  };

  test('ends training with the error and the parameters of one thread', async () => {
    const left: unknown[] = [];
    for (const threads of [1, 2, 3]) {
      const net = await create({ ...options, threads });
      const error = await net.fit(makeWrong(), { batchSize: SAMPLES, epochs: 1 }).catch(({ message }) => message);
      left.push([error, hashOf(net), net.layers.map((layer) => [...layer.getZ()])]);
    }
    expect(left[0]).toEqual([expect.stringMatching(/not finite/), expect.anything(), expect.anything()]);
    expect(left[1]).toEqual(left[0]);
    expect(left[2]).toEqual(left[0]);
  });

  test('is passed over on request, as by one thread', async () => {
    const training = { batchSize: SAMPLES, epochs: 1, ignoreNonFinite: true };
    const alone = await train(await create(options), training, makeWrong());
    expect(await train(await create({ ...options, threads: 2 }), training, makeWrong())).toEqual(alone);
  });
});

describe('the memory of rounds', () => {
  const planOf = (hidden: number, capacity: number, threads: number) =>
    makePlan(checkSpec(withHidden({ units: hidden })), capacity, undefined, 0, {
      threads,
      isWide: false,
      threadWork: 1,
    });

  test('is there for small networks with several threads and batches of a whole chunk or more', () => {
    expect(planOf(20, 256, 3).roundChunks).toBe(24);
    expect(planOf(20, 256, 1).roundChunks).toBe(0);
    expect(planOf(20, 255, 3).roundChunks).toBe(0);
    expect(planOf(2000, 256, 3).roundChunks).toBe(0);
  });

  test('has rows of a chunk for each thread', () => {
    const bytesOf = (threads: number) => {
      const { regions } = planOf(20, 256, threads);
      return regions.find(({ name }) => name === 'x')?.bytes;
    };
    expect(bytesOf(3)).toBe(3 * (bytesOf(1) as number));
  });
});
