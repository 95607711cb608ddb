import { describe, expect, it } from 'vitest';
import type { CustomCost, NetworkOptions, Optimizer } from '../src/index.js';
import { adam, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';

// While a call trains a network, nothing that its reports and files are about can be changed. What evaluate and save
// read at the call cannot be changed by anything that comes after it.

const options: NetworkOptions = {
  inputs: 2,
  layers: [{ units: 3, activation: 'tanh' }, { units: 2, activation: 'softmax' }],
  classes: ['a', 'b'],
  seed: 1,
}; // biome-ignore format: a table
const inputs = [[1, 0], [0, 1], [1, 0.1], [0.1, 1]]; // biome-ignore format: a table
const data = { inputs, targets: [0, 1, 0, 1] };
const scale = { means: [0, 0], deviations: [1, 1] };

const changes: [string, (net: Network) => void][] = [
  ['classes', (net) => { net.classes = ['b', 'a']; }],
  ['columns', (net) => { net.columns = ['c', 'd']; }],
  ['task', (net) => { net.task = undefined; }],
  ['l1', (net) => { net.l1 = 0.1; }],
  ['l2', (net) => { net.l2 = 0.1; }],
  ['labelSmoothing', (net) => { net.labelSmoothing = 0.1; }],
  ['layers[0].dropout', (net) => { net.layers[0].dropout = 0.1; }],
  ['layers[0].maxNorm', (net) => { net.layers[0].maxNorm = 1; }],
  ['setStandardization', (net) => net.setStandardization(scale)],
  ['setTargetStandardization', (net) => net.setTargetStandardization(undefined)],
]; // biome-ignore format: a table

/** Calls that train, and `now`, which is called while they do. */
const calls: [string, string, (net: Network, now: () => void) => Promise<unknown>][] = [
  ['fit', 'in a callback', (net, now) => net.fit(data, { epochs: 1, onEpoch: now })],
  ['fit', 'at once', (net, now) => after(net.fit(data, { epochs: 1, validation: data }), now)],
  ['fitStream', 'in a callback', (net, now) => net.fitStream(() => [data], { onEpoch: now })],
  [
    'fitStream',
    'at once',
    (net, now) =>
      after(
        net.fitStream(() => [data]),
        now,
      ),
  ],
  ['trainFor', 'at once', (net, now) => after(net.trainFor(data, 1e-30), now)],
  ['trainFor', 'in the function of its rate', (net, now) => net.trainFor(data, 1e-30, { optimizer: asking(now) })],
  ['replayTo', 'at once', (net, now) => after(net.replayTo(net.steps + 1, data, { epochs: 1, batchSize: 2 }), now)],
  [
    'train',
    'between two reports',
    async (net, now) => {
      for await (const _ of net.train(data, { epochs: 2 })) now();
    },
  ],
];

function after(call: Promise<unknown>, now: () => void): Promise<unknown> {
  now();
  return call;
}

const asking = (now: () => void) =>
  sgd({
    learningRate: () => {
      now();
      return 0.1;
    },
  });

describe.each(changes)('%s', (name, change) => {
  it.each(calls)('is refused by %s, %s, and can be changed afterwards', async (call, _, run) => {
    const net = await createNetwork(options);
    const errors: string[] = [];
    const refusal = `${name}: got a new one while this network is being trained by ${call}, want it before or after`;
    const now = () => {
      try {
        change(net);
      } catch (error) {
        errors.push((error as Error).message);
      }
    };
    await run(net, now);
    expect(errors.length).toBeGreaterThan(0);
    expect(new Set(errors)).toEqual(new Set([refusal]));
    await loadNetwork(await net.save());
    change(net);
    net.trainBatch(inputs, data.targets);
  });

  it('can be changed after a call that has failed', async () => {
    const net = await createNetwork(options);
    await expect(net.fit({ inputs, targets: [7, 7, 7, 7] })).rejects.toThrow(RangeError);
    await expect(net.fitStream(() => [])).rejects.toThrow(RangeError);
    await expect(net.trainFor({ inputs, targets: [7, 7, 7, 7] }, 1)).rejects.toThrow(RangeError);
    await expect(net.replayTo(7, { inputs, targets: [7, 7, 7, 7] })).rejects.toThrow(RangeError);
    for await (const _ of net.train(data)) break;
    change(net);
  });

  it('is refused after dispose()', async () => {
    const net = await createNetwork(options);
    net.dispose();
    expect(() => change(net)).toThrow(/^Network: got a call after dispose\(\), want a network in use$/);
  });

  it.each(['evaluate', 'save'] as const)('after %s does not change its result', async (call) => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    for (const each of [net, other]) await each.fit(data, { epochs: 1 });
    const result = (call === 'save' ? net.save() : net.evaluate(data)).catch((error: Error) => error.message);
    change(net);
    const changed =
      'evaluate: got other weights or settings before it had ended, want them to stay until it is awaited';
    const wanted = await (call === 'save' ? other.save() : other.evaluate(data));
    expect([wanted, changed]).toContainEqual(await result);
    if (['classes', 'columns', 'task'].includes(name) || call === 'save') expect(await result).toEqual(wanted);
  });
});

describe('a cost of its own', () => {
  const uses: [string, (net: Network) => unknown][] = [
    ...changes.filter(([name]) => name !== 'labelSmoothing'),
    ['optimizer', (net) => { net.optimizer = sgd({ learningRate: 1 }); }],
    ['trainingSamples', (net) => { net.trainingSamples = 1; }],
    ['setWeights', (net) => net.layers[0].setWeights(new Float32Array(6))],
    ['setBiases', (net) => net.layers[0].setBiases(new Float32Array(3))],
    ['dispose', (net) => net.dispose()],
    ['fit', (net) => net.fit(data)],
    ['fitStream', (net) => net.fitStream(() => [data])],
    ['trainFor', (net) => net.trainFor(data, 1)],
    ['train', (net) => net.train(data)],
    ['replayTo', (net) => net.replayTo(9, data)],
    ['save', (net) => net.save()],
  ]; // biome-ignore format: a table

  it.each(uses)('cannot use its network in the middle of a step: %s', async (_, use) => {
    let net: Network | undefined;
    let answer: Promise<unknown> | undefined;
    const cost: CustomCost = {
      value: (a, y) => {
        answer ??= net && (async () => use(net))();
        answer?.catch(() => {});
        return (a[0] - y[0]) ** 2;
      },
      gradient: (a, y, out) => {
        out[0] = 2 * (a[0] - y[0]);
      },
    };
    net = await createNetwork({ ...options, cost });
    const other = await createNetwork({ ...options, cost: { ...cost, value: (a, y) => (a[0] - y[0]) ** 2 } });
    net.trainBatch(inputs, data.targets);
    other.trainBatch(inputs, data.targets);
    await expect(answer).rejects.toThrow(
      /^Network: got a call from inside its own cost, want a cost of a and y alone$/,
    );
    expect(await net.save()).toEqual(await other.save());
    await net.fit(data, { epochs: 1 });
  });
});

describe('what a callback may change', () => {
  it('are weights, trainingSamples, and the numbers of the optimizer', async () => {
    const net = await createNetwork(options);
    const onBatch = () => {
      net.layers[1].setBiases([0, 0]);
      net.trainingSamples = 7;
      net.optimizer = adam({ learningRate: 0.5 });
    };
    await net.fit(data, { epochs: 1, batchSize: 2, optimizer: adam(), onBatch });
    expect(net.layers[1].getBiases()).toEqual(Float32Array.of(0, 0));
    expect([net.trainingSamples, net.optimizer]).toEqual([7, adam({ learningRate: 0.5 })]);
  });

  it('trainingSamples, in a stream, does not change its penalties', async () => {
    const weights = async (samples: number | undefined) => {
      const net = await createNetwork({ ...options, l2: 1 });
      net.trainingSamples = 8;
      const onBatch = () => {
        net.trainingSamples = samples;
      };
      await net.fitStream(() => [data, data], { epochs: 2, onBatch });
      return net.layers[0].getWeights();
    };
    expect(await weights(undefined)).toEqual(await weights(8));
  });
});

describe('an optimizer that is assigned right after the call', () => {
  const [slow, quick]: Optimizer[] = [sgd({ learningRate: 0.01 }), sgd({ learningRate: 0.7 })];
  const waiting = () => new Promise((resolve) => setTimeout(resolve, 5));
  async function* late() {
    await waiting();
    yield data;
  }

  it('is that of the call, with other numbers', async () => {
    const train = async (run: (net: Network, optimizer: Optimizer) => Promise<unknown>, given: Optimizer) => {
      const net = await createNetwork(options);
      net.optimizer = adam();
      const running = run(net, given);
      if (given === slow) net.optimizer = quick;
      await running;
      expect(net.optimizer).toEqual(quick);
      return net.layers[0].getWeights();
    };
    const fit = (net: Network, optimizer: Optimizer) => net.fit(data, { epochs: 2, optimizer, standardize: true });
    expect(await train(fit, slow)).toEqual(await train(fit, quick));
  });

  it('is kept by a stream that still waits for its first part', async () => {
    const train = async (given: Optimizer) => {
      const net = await createNetwork(options);
      let assigned = given !== slow;
      const source = () => {
        if (!assigned) net.optimizer = quick;
        assigned = true;
        return late();
      };
      await net.fitStream(source, { optimizer: given, batchSize: 2 });
      expect(net.optimizer).toEqual(quick);
      return net.layers[0].getWeights();
    };
    expect(await train(slow)).toEqual(await train(quick));
  });

  it('is refused if it is of another kind than that of the call', async () => {
    const net = await createNetwork(options);
    net.optimizer = adam();
    const running = net.fit(data, { epochs: 2, optimizer: slow, standardize: true });
    expect(() => {
      net.optimizer = adam({ learningRate: 0.3 });
    }).toThrow(/^optimizer: got another one, adam, during fit, want sgd until it ends$/);
    await running;
    expect(net.optimizer).toEqual(slow);
  });
});

it('two calls of trainFor at the same time are refused, also while its code is loaded', async () => {
  const net = await createNetwork(options);
  const first = net.trainFor(data, 1e-30);
  await expect(net.trainFor(data, 1e-30)).rejects.toThrow(
    /^trainFor: got a call while this network is being trained by trainFor, want one at a time$/,
  );
  expect((await first).stepsTaken).toBeGreaterThan(0);
});
