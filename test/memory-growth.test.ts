import { afterEach, describe, expect, it, vi } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import type { DataSet, NetworkOptions } from '../src/index.js';
import { adam, irprop, lbfgs, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { randomFloats, randomLabels, randomNumbers } from './random-numbers.js';

// The host may refuse memory at any growth. The call then fails, names the memory that it needed, and leaves the
// network as it was.

const random = randomNumbers(12);
const options: NetworkOptions = {
  inputs: 40,
  layers: [
    { units: 50, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 6,
  batchSize: 1,
};
const samplesOf = (rows: number): DataSet & { inputs: Float32Array } => ({
  inputs: randomFloats(40 * rows, random),
  targets: randomLabels(rows, 3, random),
});
// each takes more than a page, so that the memory must grow
const data = samplesOf(3000);
const more = samplesOf(6000);
const weighted = { ...more, weights: new Float32Array(6000).fill(0.5) };

const OUT_OF_MEMORY =
  /^memory: got a network and data of \d+ bytes, want less than this process can still get: dispose/;

/** Lets growth number `failing` fail, counted from 0. Returns a function that returns the number of growths. */
function failGrowth(failing: number): () => number {
  const grow = WebAssembly.Memory.prototype.grow;
  let count = 0;
  vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(function (this: WebAssembly.Memory, pages) {
    if (count++ === failing) throw new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory');
    return grow.call(this, pages);
  });
  return () => count;
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** Calls that make the memory grow; the number of growths of each. */
const calls: [string, (net: Network) => unknown, number][] = [
  ['forward', (net) => net.forward(data.inputs), 1],
  ['predict', (net) => net.predict(data.inputs), 0],
  ['evaluate', (net) => net.evaluate(data), 0],
  ['trainBatch', (net) => net.trainBatch(data.inputs, data.targets), 1],
  ['trainFor', (net) => net.trainFor(data, 1e-9, { batchSize: 32 }), 1],
  ['fit', (net) => net.fit(data, { epochs: 1 }), 1],
  ['fit with weights', (net) => net.fit(weighted, { epochs: 1, batchSize: 300 }), 1],
  ['fit with adam', (net) => net.fit(data, { epochs: 1, optimizer: adam() }), 2],
  ['fit with irprop', (net) => net.fit(data, { optimizer: irprop(), epochs: 2 }), 2],
  ['fit with lbfgs', (net) => net.fit(data, { optimizer: lbfgs({ history: 5 }), epochs: 2 }), 2],
  ['fit with standardize', (net) => net.fit(data, { epochs: 1, standardize: true }), 1],
  ['fit with a split', (net) => net.fit(data, { epochs: 1, validationSplit: 0.2, earlyStopping: {} }), 1],
  ['fitStream', (net) => net.fitStream(() => [data, more], { epochs: 2 }), 2],
  ['fitStream with standardize', (net) => net.fitStream(() => [data, more], { standardize: true }), 2],
  [
    'an optimizer with more slots',
    (net) => {
      net.optimizer = lbfgs({ history: 30 });
    },
    1,
  ],
];

describe('a growth that fails', () => {
  it.each(calls)(
    '%s: is named and changes nothing, and the call succeeds when there is memory again',
    async (_, call, most) => {
      const [plain, net] = [await createNetwork(options), await createNetwork(options)];
      const count = failGrowth(-1);
      await call(plain);
      const growths = count();
      vi.restoreAllMocks();
      // memory grows by whole pages, so a later growth may already find enough room
      expect(growths).toBeLessThanOrEqual(most);
      expect(growths).toBeGreaterThan(most - 2);
      const before = await net.save({ training: true });
      for (let failing = 0; failing < growths; failing++) {
        const each = failing === 0 ? net : await createNetwork(options);
        failGrowth(failing);
        await expect((async () => call(each))()).rejects.toThrow(OUT_OF_MEMORY);
        vi.restoreAllMocks();
        // steps that were taken before a growth that fails are not undone, so only the first growth leaves the network
        // unchanged
        if (failing === 0) expect(Buffer.compare(await each.save({ training: true }), before)).toBe(0);
        expect(each.predict(data.inputs.subarray(0, 40)).every(Number.isFinite)).toBe(true);
        expect((await each.evaluate(samplesOf(7))).cost).toBeGreaterThan(0);
        // the network does not count as being trained any more
        await each.fit(samplesOf(2), { epochs: 1, optimizer: sgd({ learningRate: 1e-30 }) });
      }
      const again = await createNetwork(options);
      if (growths > 0) {
        failGrowth(0);
        await expect((async () => call(again))()).rejects.toThrow(OUT_OF_MEMORY);
        vi.restoreAllMocks();
      }
      await call(again);
      expect(Buffer.compare(await again.save({ training: true }), await plain.save({ training: true }))).toBe(0);
    },
  );

  it('during training: other callers are refused, and fit does not notice', async () => {
    const [net, plain] = [await createNetwork(options), await createNetwork(options)];
    const training = { epochs: 1, batchSize: 32, optimizer: adam() };
    let refused = 0;
    await net.fit(data, {
      ...training,
      onEpoch: () => {
        failGrowth(0);
        // calls that need more memory while the training set must stay in place
        expect(() => net.forward(data.inputs)).toThrow(/^x: got 3000 rows during fit/);
        expect(net.predict(data.inputs)).toHaveLength(9000);
        vi.restoreAllMocks();
        refused++;
      },
    });
    expect(refused).toBe(1);
    await plain.fit(data, training);
    expect(await net.save()).toEqual(await plain.save());
  });
});

describe('memory that cannot be allocated', () => {
  const none = () => {
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(
      class {
        constructor() {
          throw new RangeError('WebAssembly.Memory(): could not allocate memory');
        }
      } as never,
    );
  };

  it('create, load and crossValidate say so, and nothing is left behind', async () => {
    const file = await (await createNetwork(options)).save();
    none();
    await expect(createNetwork(options)).rejects.toThrow(OUT_OF_MEMORY);
    await expect(loadNetwork(file)).rejects.toThrow(OUT_OF_MEMORY);
    await expect(crossValidate({ ...options }, samplesOf(20), { folds: 2 })).rejects.toThrow(OUT_OF_MEMORY);
    vi.restoreAllMocks();
    expect(await (await loadNetwork(file)).save()).toEqual(file);
  });

  it('load of a training whose slots have no room says so', async () => {
    const net = await createNetwork(options);
    await net.fit(samplesOf(4), { optimizer: lbfgs({ history: 20 }), epochs: 2 });
    const file = await net.save({ training: true });
    const count = failGrowth(0);
    await expect(loadNetwork(file)).rejects.toThrow(OUT_OF_MEMORY);
    expect(count()).toBe(1);
    vi.restoreAllMocks();
    expect(Buffer.compare(await (await loadNetwork(file)).save({ training: true }), file)).toBe(0);
  });
});

it('every fold of a cross-validation gives its memory back, even if one fails', async () => {
  const set = samplesOf(24);
  const { Network: Class } = await import('../src/network.js');
  const create = vi.spyOn(Class, 'create');
  const isDisposed = async (made: Promise<Network>) => {
    const net = await made;
    try {
      net.predict(set.inputs);
      return false;
    } catch (error) {
      return /after dispose/.test(String(error));
    }
  };
  const ended = async () => Promise.all(create.mock.results.map(({ value }) => isDisposed(value)));
  await crossValidate(options, set, { folds: 3 });
  expect(await ended()).toEqual([true, true, true]);
  create.mockClear();
  let seen = 0;
  const failing = crossValidate(options, set, {
    folds: 3,
    onFold: () => {
      if (++seen === 2) throw new Error('enough');
    },
  });
  await expect(failing).rejects.toThrow('enough');
  expect(await ended()).toEqual([true, true]);
  create.mockClear();
  const far = { ...set, inputs: set.inputs.map((x) => x * 1e30) };
  await expect(
    crossValidate(options, far, { folds: 3, epochs: 9, optimizer: sgd({ learningRate: 1e38 }) }),
  ).rejects.toThrow(/finite/);
  expect(await ended()).toEqual([true]);
});
