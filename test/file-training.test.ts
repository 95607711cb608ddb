import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { adam, lbfgs, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { editJson, jsonOf, sectionOf, sectionsOf, withSection } from './saved-files.js';

const data = { inputs: Float32Array.of(0, 1, 2, 3), targets: Float32Array.of(1, 3, 5, 7) };
const options = { inputs: 1, layers: [{ units: 1, activation: 'linear' as const }] };

describe('the sections of a training', () => {
  let net: Network;
  let file: Uint8Array;
  beforeAll(async () => {
    net = await createNetwork(options);
    const training = { epochs: 9, batchSize: 2, optimizer: adam(), validation: data, earlyStopping: {} };
    await net.fit(data, {
      ...training,
      onBatch: async () => {
        if (net.steps === 5) file = await net.save({ training: true });
      },
    });
  });

  it('hold the values of the optimizer and the best epoch, besides the JSON', () => {
    expect(sectionsOf(file).map(({ name, type, required, bytes }) => [name, type, required, bytes.length])).toEqual([
      ['network', 'json', true, expect.any(Number)],
      ['parameters', 'f32', true, 8],
      ['task', 'json', false, expect.any(Number)],
      ['optimizer', 'json', false, expect.any(Number)],
      ['training', 'json', false, expect.any(Number)],
      ['training.slots', 'f32', false, 2 * 8],
      ['training.best', 'f32', false, 8],
    ]);
    expect(jsonOf(file, 'training')).toMatchObject({ steps: 5, slots: 2, place: { stopper: { hasParameters: true } } });
  });

  it('are refused if they contradict each other, or belong to another network', async () => {
    const { bytes } = sectionOf(file, 'training.best');
    const cases: [Uint8Array, RegExp][] = [
      [withSection(file, 'training.sums', { type: 'f32', bytes }), /^load: got a section "training\.sums", want none/],
      [withSection(file, 'training.best', { name: 'best' }), /^load: got no section "training\.best", want one for/],
      [withSection(file, 'training', { name: 'other' }), /^load: got a section "training\.slots", want none for this/],
      [
        withSection(file, 'training.best', { bytes: new Uint8Array(12) }),
        /^load: got 12 bytes of training\.best, want 8/,
      ],
      [editJson(file, 'training', (json) => ({ ...json, slots: 1 })), /^load: training\.slots: got 1, want 0 or 2 for/],
      [
        editJson(file, 'training', (json) => {
          json.place.options.earlyStopping.patience = 0;
        }),
        /^load: place\.options\.earlyStopping\.patience: got 0, want an integer from 1/,
      ],
      [
        editJson(file, 'training', (json) => {
          json.place.options.optimizer.beta1 = 2;
        }),
        /^load: place\.options\.optimizer\.beta1: got 2, want/,
      ],
    ];
    for (const [changed, message] of cases) await expect(loadNetwork(changed)).rejects.toThrow(message);
  });

  it('are left out of a plain file', async () => {
    const plain = await loadNetwork(file, { training: false });
    expect(plain.steps).toBe(0);
    expect(sectionsOf(await plain.save()).map(({ name }) => name)).toEqual([
      'network',
      'parameters',
      'task',
      'optimizer',
    ]);
  });
});

describe('the memory that load takes', () => {
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;

  it.skipIf(process.platform !== 'linux')('is that of the network, without the slots of its optimizer', async () => {
    const layers = [{ units: 65_536 }, { units: 1 }];
    const saved = await createNetwork({ inputs: 1, layers });
    // the optimizer would need 203 slots of 4.5 MB
    const file = editJson(await saved.save(), 'optimizer', (json) => ({ ...json, optimizer: lbfgs({ history: 100 }) }));
    expect(file.length).toBeLessThan(0.8e6);
    const before = rss();
    const net = await loadNetwork(file);
    expect(net.predict(Float32Array.of(1))).toHaveLength(1);
    expect(rss() - before).toBeLessThan(100);
    saved.dispose();
    net.dispose();
  });

  it('gets slots of zeros when training begins, whatever the memory held before', async () => {
    const layers = [
      { units: 40, activation: 'tanh' as const },
      { units: 1, activation: 'linear' as const },
    ];
    const x = Float32Array.from({ length: 300 }, (_, i) => i / 300);
    const y = x.map((value) => 3 - value);
    const fresh = await createNetwork({ inputs: 1, layers, batchSize: 8 });
    fresh.optimizer = adam();
    const loaded = await loadNetwork(await fresh.save(), { batchSize: 8 });
    expect((await loaded.inspect()).moments(0)).toEqual((await fresh.inspect()).moments(0));
    expect(jsonOf(await loaded.save({ training: true }), 'training').slots).toBe(0);
    const again = await loadNetwork(await loaded.save({ training: true }), { batchSize: 8 });
    const results = [fresh, loaded, again].map(async (net) => {
      net.forward(x);
      net.backward(y);
      net.applyGradients();
      return [net.trainBatch(x, y), (await net.evaluate({ inputs: x, targets: y })).cost];
    });
    const costs = await Promise.all(results);
    expect(costs[1]).toEqual(costs[0]);
    expect(costs[2]).toEqual(costs[0]);
  });
});

describe('a learning rate that throws at the first step', () => {
  const refusing = sgd({
    learningRate: () => {
      throw new Error('no rate');
    },
  });
  const wrong = sgd({ learningRate: () => Number.NaN });

  it('is refused by every call that uses it, and nothing changes: the network can be saved and trained', async () => {
    const net = await createNetwork(options);
    await net.fit(data, { epochs: 3, optimizer: adam() });
    const before = await net.save({ training: true });
    for (const [optimizer, message] of [
      [refusing, 'no rate'],
      [wrong, 'learningRate of step 0, epoch 0: got NaN'],
    ] as const) {
      await expect(net.fit(data, { epochs: 1, optimizer })).rejects.toThrow(message);
      await expect(net.fit(data, { epochs: 1, optimizer, validationSplit: 0.5 })).rejects.toThrow(message);
      await expect(net.fitStream(() => [data], { optimizer })).rejects.toThrow(message);
      await expect(net.replayTo(20, data, { optimizer })).rejects.toThrow(message);
      await expect(net.trainFor(data, 1, { optimizer })).rejects.toThrow(message);
      expect(() => {
        net.optimizer = optimizer;
      }).toThrow(message);
      expect(await net.save({ training: true })).toEqual(before);
    }
    await net.fit(data, { epochs: 1 });
    expect(net.optimizer).toEqual(adam());
  });

  it('is also refused between two calls of trainFor', async () => {
    const net = await createNetwork(options);
    await net.trainFor(data, 1e-30, { batchSize: 2 });
    const before = await net.save({ training: true });
    await expect(net.trainFor(data, 1e-30, { batchSize: 2, optimizer: refusing })).rejects.toThrow('no rate');
    expect(await net.save({ training: true })).toEqual(before);
    expect((await net.trainFor(data, 1e-30, { batchSize: 2 })).step).toBe(0);
  });

  it('can be saved if it throws in a later step, with the last rate that it returned', async () => {
    let isOver = false;
    const learningRate = (step: number, epoch: number) => {
      // throws if step and epoch contradict each other: each epoch has two steps
      if (isOver || Math.floor(step / 2) !== epoch) throw new Error('over');
      return 0.1 / (1 + step);
    };
    const net = await createNetwork(options);
    const training = { epochs: 9, batchSize: 2, optimizer: sgd({ learningRate }) };
    const onBatch = () => {
      isOver = net.steps === 3;
    };
    await expect(net.fit(data, { ...training, onBatch })).rejects.toThrow('over');
    expect((await loadNetwork(await net.save())).optimizer).toEqual(sgd({ learningRate: 0.1 / 3 }));
    const file = await net.save({ training: true });
    await expect(loadNetwork(file, { learningRate })).rejects.toThrow('over');
    isOver = false;
    expect((await loadNetwork(file, { learningRate })).steps).toBe(3);
  });
});
