import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { code } from '../src/generated/worker.js';
import type { NetworkOptions, Optimizer, TrainOptions, TypedDataSet } from '../src/index.js';
import { Network } from '../src/network.js';
import { adam, irprop, lbfgs, momentum, nadam, sgd } from '../src/spec/optimizer.js';
import { makeWaitCheck } from '../src/threads/team.js';
import { flagOf, refusal } from '../src/threads/wide.js';
import { slowClock } from './build.js';
import { hashOf } from './parameters.js';
import { outputOf } from './process-output.js';
import { randomNumbers } from './random-numbers.js';
import { sectionOf, withSection } from './saved-files.js';
import { threadsOfSmallestNetwork } from './smallest-network.js';

// A network has the same bits with one, two, three and seven threads, and in a build without threads.

// all threads share any work here, because work that would use them by default takes too long for a test
vi.mock('../src/threads/thread-work.js', () => ({ THREAD_WORK: 1, IS_MEASURED: false }));

setFlagsFromString('--expose-gc');

const THREADS = [2, 3, 7];
const nets: Network[] = [];

async function create(options: NetworkOptions): Promise<Network> {
  const net = await Network.create(options);
  nets.push(net);
  return net;
}

afterEach(() => {
  for (const net of nets.splice(0)) net.dispose();
});

/** The workers that a network has asked for. */
function ownWorkers() {
  const workers: Worker[] = [];
  const createWorker = () => {
    workers.push(new Worker(code, { eval: true }));
    return workers[workers.length - 1] as never;
  };
  return { workers, createWorker };
}

function makeData(samples: number, inputs: number, outputs: number, isWeighted = false): TypedDataSet {
  const random = randomNumbers(samples + inputs);
  return {
    // only a third of the inputs are not zero, so that lists are used
    inputs: new Float32Array(samples * inputs).map(() => (random() < 0.3 ? random() - 0.5 : 0)),
    targets: Int32Array.from({ length: samples }, () => Math.floor(outputs * random())),
    ...(isWeighted && { weights: new Float32Array(samples).map(() => random()) }),
  };
}

const layers = (...units: number[]): NetworkOptions['layers'] => [
  ...units.slice(0, -1).map((count) => ({ units: count, activation: 'tanh' as const })),
  { units: units[units.length - 1], activation: 'softmax' },
];

const COST = 'categoricalCrossEntropy';

// two, three and seven threads have equal parts of 96 or 112 units
const WIDE_LAYERS: NetworkOptions['layers'] = [
  { units: 112, activation: 'prelu' },
  { units: 96, activation: 'gelu', dropout: 0.3 },
  { units: 112, activation: Array.from({ length: 112 }, (_, j) => (j % 3 ? 'tanh' : 'relu')) },
  { units: 96, activation: 'relu', dropout: 0.1 },
  ...layers(112, 4),
];

const CASES: [string, NetworkOptions, TrainOptions, boolean?][] = [
  ['plain descent', { inputs: 40, layers: layers(50, 20, 4), cost: COST }, { batchSize: 8 }],
  ['steps of one sample', { inputs: 40, layers: layers(33, 3), cost: COST }, { batchSize: 1 }],
  ['batches of 7', { inputs: 7, layers: layers(7, 3), cost: COST }, { batchSize: 7 }],
  ['one unit, few inputs', { inputs: 1, layers: layers(1, 2), cost: COST }, { batchSize: 3 }],
  ['more rows than are shared by panels', { inputs: 33, layers: layers(70, 33, 5), cost: COST }, { batchSize: 80 }],
  ['layers that are shared by panels', { inputs: 100, layers: WIDE_LAYERS, cost: COST }, { batchSize: 16 }],
  ['the same, two rows', { inputs: 100, layers: WIDE_LAYERS, cost: COST }, { batchSize: 2 }],
  ['steps of several chunks', { inputs: 33, layers: layers(20, 5), cost: COST }, { batchSize: 90, accumulate: 4 }],
  [
    'dropout',
    { inputs: 40, layers: [{ units: 40, dropout: 0.3, activation: 'relu' }, ...layers(20, 4)], cost: COST },
    {},
  ],
  [
    'activations of each unit',
    {
      inputs: 40,
      layers: [{ units: 3, activation: ['relu', 'gelu', 'tanh'] }, ...layers(4)],
      cost: COST,
    },
    {},
  ],
  ['weighted samples', { inputs: 40, layers: layers(20, 4), cost: COST }, { batchSize: 9 }, true],
  ['L1, L2, biases too', { inputs: 40, layers: layers(20, 4), cost: COST, l1: 0.1, l2: 0.1, penalizeBiases: true }, {}],
  ['max-norm', { inputs: 40, layers: [{ units: 33, maxNorm: 0.5, activation: 'tanh' }, ...layers(4)], cost: COST }, {}],
  ['standardised', { inputs: 40, layers: layers(20, 4), cost: COST }, { standardize: true }],
  ['no biases', { inputs: 40, layers: layers(20, 4).map((layer) => ({ ...layer, bias: false })), cost: COST }, {}],
];

const OPTIMIZERS: Optimizer[] = [
  sgd({ learningRate: 0.3, clipNorm: 0.05 }),
  momentum({ learningRate: 0.1, clipValue: 0.01 }),
  adam(),
  nadam(),
  irprop(),
  lbfgs(),
];

/**
 * The samples of a training: enough for the last batch to be a smaller one. In batches of a few samples, each of seven
 * threads on fewer cores waits at several meetings for each batch.
 */
const samplesFor = ({ batchSize = 32 }: TrainOptions) => (batchSize < 10 ? 40 : 150);

async function train(options: NetworkOptions, training: TrainOptions, isWeighted = false): Promise<unknown[]> {
  const net = await create(options);
  const data = makeData(samplesFor(training), options.inputs, net.outputs, isWeighted);
  const reports = [...(await net.fit(data, { epochs: 2, optimizer: sgd({ learningRate: 0.3 }), ...training }))];
  const { inputs } = data;
  const predictions = createHash('sha256').update(net.predict(inputs)).digest('hex');
  net.forward(inputs.subarray(0, 5 * options.inputs));
  const cost = net.backward(data.targets.subarray(0, 5));
  return [hashOf(net), reports.map((report) => report.cost), predictions, cost, (await net.evaluate(data)).cost];
}

it('the smallest network is computed by all threads in these tests', async () => {
  expect(await threadsOfSmallestNetwork()).toBe(2);
});

describe('any number of threads has the same bits', () => {
  test.each(CASES)('%s', async (_, options, training, isWeighted) => {
    const alone = await train(options, training, isWeighted);
    for (const threads of [1, ...THREADS]) {
      expect(await train({ ...options, threads }, training, isWeighted), `${threads} threads`).toEqual(alone);
    }
  });

  test.each(OPTIMIZERS)('$name', async (optimizer) => {
    const options: NetworkOptions = { inputs: 40, layers: layers(40, 20, 4), cost: COST };
    const training = {
      epochs: 1,
      optimizer,
      batchSize: optimizer.name === 'irprop' || optimizer.name === 'lbfgs' ? 150 : 16,
    };
    const alone = await train(options, training);
    for (const threads of THREADS) {
      expect(await train({ ...options, threads }, training), `${threads} threads`).toEqual(alone);
    }
  });

  it('also after loading, and when the network grows', async () => {
    const options: NetworkOptions = { inputs: 40, layers: layers(40, 4), cost: COST, batchSize: 4 };
    const net = await create({ ...options, threads: 3 });
    expect(net.threads).toBe(3);
    const data = makeData(300, 40, 4);
    await net.fit(data, { epochs: 1, batchSize: 300 });
    const loaded = await Network.load(await net.save(), { threads: 2 });
    nets.push(loaded);
    const plain = await Network.load(await net.save());
    for (const each of [loaded, plain]) await each.fit(data, { epochs: 1, batchSize: 10 });
    expect(hashOf(loaded)).toBe(hashOf(plain));
    expect(plain.threads).toBe(1);
  });
});

describe('a network with threads', () => {
  const options: NetworkOptions = { inputs: 40, layers: layers(40, 4), cost: COST };

  test.each([
    [0, ''],
    [65, ''],
    [1.5, ''],
    ['2', ': 2 without quotes'],
    [null, ''],
  ])('is refused with %j of them', async (threads, way) => {
    // @ts-expect-error: what is refused
    await expect(Network.create({ ...options, threads })).rejects.toThrow(
      new RegExp(`^threads: got .*, want an integer from 1 to 64, or 'auto'${way}$`),
    );
  });

  it('is refused with a custom cost, and with a createWorker that is not a function', async () => {
    const cost = { value: () => 0, gradient: () => {} };
    const own = { inputs: 2, layers: [{ units: 1 }], cost, threads: 2 };
    await expect(Network.create(own)).rejects.toThrow(
      'threads: got 2 with a cost of your own, want 1, or one of the costs that simdprop has',
    );
    // @ts-expect-error: what is refused
    await expect(Network.create({ ...options, threads: 2, createWorker: 'worker.js' })).rejects.toThrow(
      /^createWorker: got "worker.js", want a function that returns a Worker$/,
    );
  });

  it('refuses options that have no effect together', async () => {
    const createWorker = () => {
      throw new Error('no worker is wanted');
    };
    for (const threads of [undefined, 1]) {
      await expect(Network.create({ ...options, threads, createWorker })).rejects.toThrow(
        "createWorker: got one for a single thread, want none, or threads: 'auto'",
      );
    }
    const net = await Network.create(options);
    const bytes = await net.save();
    await expect(Network.load(bytes, { createWorker })).rejects.toThrow('createWorker: got one for a single thread');
    const wasm = await WebAssembly.compile(readFileSync(new URL('../build/simd.wasm', import.meta.url)));
    await expect(Network.create({ ...options, wasm, build: 'relaxed' })).rejects.toThrow(
      'build: got "relaxed" and a wasm module, want one of them',
    );
  });

  it('waits twenty seconds for a thread, without the time for which the process was stopped', () => {
    const look = makeWaitCheck();
    let now = 1e6;
    const lookAfter = (meeting: number, ms: number) => {
      now += ms;
      look(meeting, now);
    };
    for (let i = 0; i < 100; i++) lookAfter(i, 1000);
    for (let i = 0; i <= 10; i++) lookAfter(100, 1000);
    lookAfter(100, 3_600_000);
    for (let i = 0; i < 9; i++) lookAfter(100, 1000);
    expect(() => lookAfter(100, 1000)).toThrow(/^a thread has not come for 20 s$/);
    // in the main thread of a page, checks are short and there are many
    for (let i = 0; i < 19_000; i++) lookAfter(101, 1);
    expect(() => {
      for (let i = 0; i < 1100; i++) lookAfter(101, 1);
    }).toThrow(/^a thread has not come for 20 s$/);
  });

  it('is refused if wasm is not a module', async () => {
    await expect(Network.create({ ...options, threads: 2, wasm: {} })).rejects.toThrow(
      /^wasm: got an object \(Object\), want a WebAssembly\.Module of simdprop\/threads\.wasm/,
    );
  });

  it('is refused with a core without threads, and one thread with a core with threads', async () => {
    const core = (name: string) =>
      new WebAssembly.Module(readFileSync(new URL(`../build/shipped/${name}.wasm`, import.meta.url)));
    const refused = /^wasm: got another module/;
    await expect(Network.create({ ...options, threads: 2, wasm: core('simd') })).rejects.toThrow(refused);
    await expect(Network.create({ ...options, wasm: core('threads') })).rejects.toThrow(refused);
  });

  it('is refused in a page that is not cross-origin isolated, and the message says what the page lacks', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    try {
      await expect(Network.create({ ...options, threads: 2 })).rejects.toThrow(
        /^threads: got 2 in a page that is not cross-origin isolated, want 1, or a page sent with Cross-Origin-Opener-Policy/,
      );
      // one thread does not need an isolated page
      (await create({ ...options, threads: 1 })).predict(new Float32Array(40));
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('is refused if there is no shared memory', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    try {
      await expect(Network.create({ ...options, threads: 2 })).rejects.toThrow(
        'threads: got 2 where there is no SharedArrayBuffer, want 1, or an engine that has it',
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('uses workers that the user makes, and says why one could not start', async () => {
    const { workers, createWorker } = ownWorkers();
    const net = await create({ ...options, threads: 3, createWorker });
    expect(workers).toHaveLength(2);
    const data = makeData(40, 40, 4);
    await net.fit(data, { epochs: 1 });
    const plain = await create(options);
    await plain.fit(data, { epochs: 1 });
    expect(hashOf(net)).toBe(hashOf(plain));
    const broken = () => new Worker('throw new Error("no start")', { eval: true }) as never;
    await expect(create({ ...options, threads: 2, createWorker: broken })).rejects.toThrow(
      'threads: thread 1 of 1 has died: no start',
    );
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['an object (Object)', {}],
    ['an object (Object)', { postMessage() {}, terminate() {} }],
    ['an object (Object)', { on() {}, addEventListener: 1, terminate() {} }],
    ['an object (Promise)', Promise.resolve(new EventTarget())],
    ['a function', Worker],
  ])(
    'is refused if createWorker returns not a worker but %s, and ends the workers that it has returned',
    async (got, value) => {
      const { workers, createWorker } = ownWorkers();
      const ended = vi.fn();
      const second = () => {
        if (workers.length > 0) return value as never;
        const worker = createWorker();
        workers[0].on('exit', ended);
        return worker;
      };
      await expect(create({ ...options, threads: 3, createWorker: second })).rejects.toThrow(
        `createWorker: got ${got}, want a function that returns a Worker`,
      );
      await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1), { timeout: 60_000 });
    },
  );

  it('ends its workers if a file holds numbers that are not finite', async () => {
    const { workers, createWorker } = ownWorkers();
    const file = await (await create({ ...options, threads: 1 })).save();
    const { bytes } = sectionOf(file, 'parameters');
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, Number.NaN, true);
    await expect(
      Network.load(withSection(file, 'parameters', { bytes }), { threads: 3, createWorker }),
    ).rejects.toThrow(/got NaN/);
    expect(workers).toHaveLength(2);
    await Promise.all(workers.map((worker) => worker.threadId === -1 || once(worker, 'exit')));
  });

  it('throws the first error, even if ending the other workers throws too', async () => {
    const { workers, createWorker } = ownWorkers();
    const ends = vi.fn();
    const failing = () => {
      if (workers.length === 2) throw new Error('no more workers');
      const worker = createWorker();
      const own = workers[workers.length - 1];
      const terminate = own.terminate.bind(own);
      own.terminate = () => {
        ends();
        terminate();
        throw new Error('no end');
      };
      return worker;
    };
    await expect(create({ ...options, threads: 4, createWorker: failing })).rejects.toThrow(/^no more workers$/);
    expect(ends).toHaveBeenCalledTimes(2);
  });

  it('stops waiting for a worker that never answers', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const terminate = vi.fn();
      const settled = vi.fn();
      const silent = { postMessage: vi.fn(), addEventListener() {}, terminate };
      const made = create({ ...options, threads: 2, createWorker: () => silent as never });
      made.then(settled, settled);
      await vi.waitUntil(() => silent.postMessage.mock.calls.length > 0, { timeout: 60_000 });
      vi.advanceTimersByTime(29_000);
      await new Promise((resolve) => setTimeout(resolve));
      expect(settled).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1000);
      await expect(made).rejects.toThrow(
        'threads: got no answer from a worker for 30 s, want workers that run simdprop/worker',
      );
      expect(terminate).toHaveBeenCalledTimes(1);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('throws if a thread has died, instead of waiting for it', async () => {
    const { workers, createWorker } = ownWorkers();
    const net = await create({ ...options, threads: 2, createWorker });
    const data = makeData(40, 40, 4);
    await net.fit(data, { epochs: 1 });
    await workers[0].terminate();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(net.fit(data, { epochs: 1 })).rejects.toThrow('threads: thread 1 of 1 has died: exit code 1');
    expect(() => net.predict(data.inputs as Float32Array)).toThrow('has died');
    // calls that need no other thread still work, so the weights can be saved
    const loaded = await Network.load(await net.save());
    expect(hashOf(loaded)).toBe(hashOf(net));
  });

  it('ends all workers after a call in which one thread did not come, and every later call throws immediately', async () => {
    const { workers, createWorker } = ownWorkers();
    const ended = vi.fn();
    // a worker that reports that it is ready, but never takes part in a call
    const absent = {
      postMessage() {},
      terminate: vi.fn(),
      on(type: string, listener: () => void) {
        if (type === 'message') setTimeout(listener);
      },
    };
    const second = () => {
      if (workers.length > 0) return absent as never;
      const worker = createWorker();
      workers[0].on('exit', ended);
      return worker;
    };
    const net = await create({ ...options, threads: 3, createWorker: second });
    const before = hashOf(net);
    const data = makeData(40, 40, 4);
    const wait = vi.spyOn(Atomics, 'wait').mockReturnValue('timed-out');
    const now = slowClock(1000);
    const error = await net.fit(data, { epochs: 1 }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      message: 'threads: a thread has died during a call, want a new network',
      cause: { message: 'a thread has not come for 20 s' },
    });
    wait.mockClear();
    expect(() => net.predict(data.inputs as Float32Array)).toThrow(error as Error);
    await expect(net.trainFor(data, 1)).rejects.toThrow(error as Error);
    expect(wait).not.toHaveBeenCalled();
    for (const mock of [wait, now]) mock.mockRestore();
    expect(absent.terminate).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1), { timeout: 60_000 });
    // no step was taken, and the weights can be saved
    expect(hashOf(net)).toBe(before);
    await (await Network.load(await net.save())).fit(data, { epochs: 1 });
  });

  it('has the bits of one thread after calls that failed because of numbers or arguments', async () => {
    const data = makeData(40, 40, 4);
    const bad = { ...data, targets: new Uint8Array(40).fill(9) };
    const [plain, shared] = [await create(options), await create({ ...options, threads: 3 })];
    for (const net of [plain, shared]) {
      await expect(net.fit(data, { epochs: 500, optimizer: sgd({ learningRate: 1e38 }) })).rejects.toThrow(
        /not finite/,
      );
      await expect(net.fit(bad, { epochs: 1 })).rejects.toThrow(/^data\.targets/);
      const rate = (step: number) => {
        if (step === 2) throw new Error('no rate');
        return 0.1;
      };
      const fit = { epochs: 1, batchSize: 8, optimizer: sgd({ learningRate: rate }) };
      await expect(net.fit(data, fit)).rejects.toThrow('no rate');
      expect(net.steps).toBe(2);
      net.optimizer = adam();
      await net.fit(data, { epochs: 1, batchSize: 8 });
    }
    expect(hashOf(shared)).toBe(hashOf(plain));
  });

  it('keeps its threads while any part of it is used', async () => {
    const { workers, createWorker } = ownWorkers();
    const collect = runInNewContext('gc');
    const layer = (await Network.create({ ...options, threads: 2, createWorker })).layers[0];
    for (let i = 0; i < 5; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(workers[0].threadId).toBeGreaterThan(0);
    expect(layer.getWeights()).toHaveLength(1600);
    await workers[0].terminate();
  });

  it('ends its threads with dispose', async () => {
    const { workers, createWorker } = ownWorkers();
    const net = await create({ ...options, threads: 3, createWorker });
    const ended = workers.map((worker) => once(worker, 'exit'));
    net.dispose();
    await Promise.all(ended);
    expect(() => net.predict(new Float32Array(40))).toThrow('after dispose()');
  });

  test.each([
    ['disposed', 'net.dispose();'],
    ['forgotten', ''],
  ])('lets the process end by itself: %s', async (_, end) => {
    const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
    const program = `
      const { Network } = await import(${JSON.stringify(index)});
      const net = await Network.create({ inputs: 300, layers: [{ units: 300 }], cost: 'quadratic', threads: 3 });
      await net.fit({ inputs: new Float32Array(300 * 64), targets: new Float32Array(300 * 64) }, { epochs: 1, batchSize: 64 });
      ${end}
      console.log('done');
    `;
    const args = ['--import', 'tsx', '--input-type=module', '-e', program];
    expect(await outputOf(spawn(process.execPath, args))).toEqual(['done', 0]);
  });
});

describe("threads: 'auto'", () => {
  const options: NetworkOptions = { inputs: 40, layers: layers(40, 4), cost: COST, threads: 'auto' };
  const core = (name: string) =>
    new WebAssembly.Module(readFileSync(new URL(`../build/shipped/${name}.wasm`, import.meta.url)));

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('takes as many threads as there are cores, up to 8; also in load', async () => {
    for (const [cores, threads] of [
      [3, 3],
      [64, 8],
    ]) {
      vi.spyOn(os, 'availableParallelism').mockReturnValue(cores);
      const net = await create(options);
      const loaded = await Network.load(await net.save(), { threads: 'auto' });
      nets.push(loaded);
      for (const each of [net, loaded]) expect([each.threads, each.threadsReason]).toEqual([threads, undefined]);
      const data = makeData(40, 40, 4);
      const plain = await create({ ...options, threads: 1 });
      for (const each of [net, plain]) await each.fit(data, { epochs: 1 });
      expect(hashOf(net)).toBe(hashOf(plain));
    }
  });

  const own = { value: () => 0, gradient: () => {} };
  const isolated = () => vi.stubGlobal('crossOriginIsolated', false);
  const unshared = () => vi.stubGlobal('SharedArrayBuffer', undefined);
  const alone = () => vi.spyOn(os, 'availableParallelism').mockReturnValue(1);
  const noMore = () => {
    throw new Error('no more workers');
  };
  const broken = () => new Worker('throw new Error("no start")', { eval: true }) as never;
  test.each<[string, () => unknown, Partial<NetworkOptions>, string]>([
    [
      'in a page without isolation',
      isolated,
      {},
      'one thread in a page that is not cross-origin isolated, want a page',
    ],
    ['without SharedArrayBuffer', unshared, {}, 'one thread where there is no SharedArrayBuffer, want an engine that'],
    ['with one core', alone, {}, 'one thread on one core'],
    ['with a custom cost', () => {}, { cost: own }, 'one thread with a cost of your own, want one of the costs'],
    [
      'with a module that has no threads',
      () => {},
      { wasm: core('simd') },
      'one thread with a wasm module that has no',
    ],
    ['on one core with a module for threads', alone, { wasm: core('threads') }, 'one thread on one core'],
    ['if no worker can be made', () => {}, { createWorker: noMore }, 'no more workers'],
    ['if a worker dies', () => {}, { createWorker: broken }, 'threads: thread 1 of 1 has died: no start'],
  ])('takes one %s, says why, and throws nothing', async (_, prepare, more, reason) => {
    vi.spyOn(os, 'availableParallelism').mockReturnValue(2);
    prepare();
    const net = await create({ ...options, ...more });
    expect([net.threads, net.threadsReason]).toEqual([1, expect.stringContaining(reason)]);
    expect(net.predict(new Float32Array(40))).toHaveLength(4);
  });

  it('refuses wrong arguments nevertheless', async () => {
    // @ts-expect-error: what is refused
    await expect(create({ ...options, threads: 'all' })).rejects.toThrow(
      /^threads: got "all", want an integer from 1 to 64, or 'auto'$/,
    );
    // @ts-expect-error: what is refused
    await expect(create({ ...options, createWorker: 'worker.js' })).rejects.toThrow(/^createWorker: got "worker.js"/);
  });
});

/** Workers of a page, whose error events have no message. */
describe('a worker of a page that does not load', () => {
  const options: NetworkOptions = { inputs: 40, layers: layers(40, 4), cost: COST, threads: 2 };
  const failing = () => {
    const worker = Object.assign(new EventTarget(), { postMessage() {}, terminate() {} });
    setTimeout(() => worker.dispatchEvent(new Event('error')), 1);
    return worker as never;
  };

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('gives an error with the source of createWorker, which contains the address, and names worker-src', async () => {
    const at = (_address: string) => failing();
    await expect(create({ ...options, createWorker: () => at('/nowhere.js') })).rejects.toThrow(
      /^threads: thread 1 of 1 did not load from createWorker, \(\) => at\(["']\/nowhere\.js["']\), want createWorker .* worker-src/,
    );
    const createWorker = Object.assign(() => failing(), { toString: () => `() => {\n  ${'x'.repeat(300)}` });
    await expect(create({ ...options, createWorker })).rejects.toThrow(/createWorker, \(\) => \{ x{192}\.\.\., want /);
  });

  it('gives an error that says what the browser has blocked', async () => {
    const page = new EventTarget();
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const blocked = Object.assign(new Event('securitypolicyviolation'), {
      effectiveDirective: 'worker-src',
      blockedURI: 'https://site.test/w.js',
    });
    const createWorker = () => {
      // the page's event comes after the event of the worker
      setTimeout(() => page.dispatchEvent(blocked), 10);
      return failing();
    };
    await expect(create({ ...options, createWorker })).rejects.toThrow(
      ': worker-src has blocked https://site.test/w.js, want createWorker',
    );
  });

  it('from a blob gives an error that names the directive which must allow it; Trusted Types provide its address', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const given = vi.fn();
    class PageWorker extends EventTarget {
      constructor(url: unknown) {
        super();
        given(url);
        setTimeout(() => this.dispatchEvent(new Event('error')), 1);
      }
      postMessage() {}
      terminate() {}
    }
    vi.stubGlobal('Worker', PageWorker);
    const advice = /did not load from a blob: address, want worker-src .* blob: .*trusted-types.* createWorker/;
    await expect(create(options)).rejects.toThrow(advice);
    expect(given).toHaveBeenLastCalledWith(expect.stringMatching(/^blob:/));
    const refused = new TypeError("This document requires 'TrustedScriptURL' assignment.");
    vi.stubGlobal('Worker', vi.fn().mockThrow(refused));
    await expect(create(options)).rejects.toThrow(
      /^threads: got no worker \(.*TrustedScriptURL.*\), want worker-src .* trusted-types to allow simdprop/,
    );
    vi.stubGlobal('Worker', PageWorker);
    const createPolicy = vi.fn(() => ({ createScriptURL: (url: string) => ({ trusted: url }) }));
    vi.stubGlobal('trustedTypes', { createPolicy });
    for (let i = 0; i < 2; i++) await expect(create(options)).rejects.toThrow(advice);
    expect(given).toHaveBeenLastCalledWith({ trusted: expect.stringMatching(/^blob:/) });
    // a page may allow the name of a policy only once
    expect(createPolicy).toHaveBeenCalledTimes(1);
  });
});

describe('wide registers', () => {
  const options: NetworkOptions = { inputs: 40, layers: layers(70, 33, 4), cost: COST };

  it('give the same bits, or are not used and the reason is given', async () => {
    const data = makeData(100, 40, 4);
    const [plain, wide] = [await create(options), await create({ ...options, wide: true })];
    for (const net of [plain, wide]) await net.fit(data, { epochs: 3, batchSize: 33, optimizer: adam() });
    expect(hashOf(wide)).toBe(hashOf(plain));
    expect(plain.wide).toBe(false);
    expect(plain.wideReason).toBeUndefined();
    const isNew = Number.parseInt(process.versions.node, 10) >= 24 && process.arch === 'x64';
    expect(wide.wide).toBe(isNew);
    if (!isNew)
      expect(wide.wideReason).toMatch(/^(Node .* gains nothing, want 24 or later|only x64 has wide registers)/);
  });

  it('leave the flags of V8 as they were', async ({ skip }) => {
    const v8 = process.getBuiltinModule('node:v8');
    const setFlags = vi.spyOn(v8, 'setFlagsFromString');
    vi.resetModules();
    const { switchOnWide } = await import('../src/threads/wide.js');
    const wide = await switchOnWide(
      'simd',
      new Uint8Array(readFileSync(new URL('../build/shipped/threads.wasm', import.meta.url))),
    );
    const last = new Map(setFlags.mock.calls.map(([flag]) => [flag.replace(/^--(no-)?/, ''), flag]));
    setFlags.mockRestore();
    if (wide.module === undefined) return skip(wide.reason);
    expect([...last.values()].sort()).toEqual([
      '--liftoff',
      '--no-experimental-wasm-revectorize',
      '--wasm-inlining',
      '--wasm-lazy-compilation',
    ]);
  });

  test.each([
    [{ node: '26.3.0', v8: '15.0.245', deno: '2.9.6' }, 'x64', /^only Node can .* in Deno they are slower$/],
    [{ node: '26.3.0', v8: '14.6.202', bun: '1.4.5' }, 'x64', /^only Node can .* Bun, whose engine is not V8$/],
    [{ node: '22.1.0', v8: '12.4.254' }, 'x64', /^Node 22.1.0 gains nothing, want 24 or later$/],
    [{ node: '24.1.0', v8: '13.6.233' }, 'arm64', /^only x64 has wide registers, this is arm64$/],
    [{ node: '29.0.0', v8: '15.3.1' }, 'x64', /^the name of the flag in V8 15.3.1 is not known to this version/],
    [{ node: '31.0.0', v8: '16.6.1' }, 'x64', /^the name of the flag in V8 16.6.1 is not known to this version/],
  ])('%o on %s: refused without a trial', (versions, arch, reason) => {
    expect(refusal({ versions, arch } as never)).toMatch(reason);
  });

  it('are switched on by the name of the flag in the version of V8', () => {
    expect(refusal({ versions: { node: '24.1.0', v8: '13.6.233' }, arch: 'x64' } as never)).toBeUndefined();
    for (const v8 of ['13.6.233.17-node.63', '14.6.202', '15.0.1'])
      expect(flagOf(v8)).toBe('experimental-wasm-revectorize');
    expect(flagOf('15.6.8')).toBe('wasm-revectorize');
  });

  it('give the bits of the fused build with that build, after a trial of their own', async () => {
    const fused = { ...options, build: 'relaxed' } as const;
    const major = Number.parseInt(process.versions.node, 10);
    if (major < 21) {
      await expect(Network.create({ ...fused, wide: true })).rejects.toThrow("relaxed SIMD for 'relaxed' (Node 21,");
      return;
    }
    const data = makeData(100, 40, 4);
    // the default build has its trial first, whose module must not be used for the other build
    const nets = [await Network.create({ ...options, wide: true })];
    for (const wide of [false, true]) nets.push(await Network.create({ ...fused, wide }));
    for (const net of nets) await net.fit(data, { epochs: 3, batchSize: 33, optimizer: adam() });
    const [unfused, narrow, wide] = nets;
    expect(hashOf(wide)).toBe(hashOf(narrow));
    const isWide = major >= 24 && process.arch === 'x64';
    expect([narrow.wide, wide.wide]).toEqual([false, isWide]);
    // processors with wide registers fuse
    if (isWide) expect(hashOf(wide)).not.toBe(hashOf(unfused));
  });

  it('are refused if wide is not a boolean', async () => {
    // @ts-expect-error: what is refused
    await expect(Network.create({ ...options, wide: 1 })).rejects.toThrow(/^wide: got 1, want true or false$/);
  });
});
