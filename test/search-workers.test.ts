import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adam, sgd } from '../src/index.js';
import { logUniform, oneOf, type SearchLog, type SearchOptions, search } from '../src/search.js';
import { LONG, SEARCHED, searchData } from './searched.js';

// Searches with workers, and their logs. vitest.config.ts bundles the worker.

const WORKER = fileURLToPath(new URL('../build/test/search-worker.js', import.meta.url));
const data = searchData();

const GRID: SearchOptions = {
  epochs: 3,
  folds: 3,
  optimizer: oneOf([adam({ learningRate: 0.1 }), sgd({ learningRate: 1 })]),
};
const HALVED: SearchOptions = {
  trials: 7,
  optimizer: { name: 'adam', learningRate: logUniform(1e-3, 1) },
  validationSplit: 0.3,
  standardize: true,
  halving: { budget: 63 },
  metric: 'accuracy',
};

describe('the number of workers', () => {
  it.each([
    ['a grid by folds', GRID],
    ['halving of random settings by a validation split', HALVED],
    ['a grid on validation data', { epochs: 2, validation: searchData(8), earlyStopping: { patience: 1 } }],
  ] as const)('does not change the winner and the figures of %s', async (_, options) => {
    const alone = await search(SEARCHED, data, { ...options, workers: 0 });
    for (const workers of [1, 2, 3]) {
      expect(await search(SEARCHED, data, { ...options, workers })).toEqual(alone);
    }
  });

  it('is that of the cores by default', async () => {
    const made: Worker[] = [];
    const createWorker = () => {
      made.push(new Worker(WORKER));
      return made.at(-1);
    };
    const result = await search(SEARCHED, data, { ...GRID, createWorker });
    expect(made.length).toBeGreaterThan(0);
    expect(result).toEqual(await search(SEARCHED, data, { ...GRID, workers: 0 }));
    // all workers have been ended
    await Promise.all(
      made.map((worker) => worker.threadId === -1 || new Promise((resolve) => worker.on('exit', resolve))),
    );
  });

  it('is at most that of the trainings', async () => {
    let made = 0;
    const createWorker = () => {
      made++;
      return new Worker(WORKER);
    };
    await search(SEARCHED, data, { epochs: 1, validationSplit: 0.5, workers: 20, createWorker });
    expect(made).toBe(3);
  });
});

describe('data for workers', () => {
  it('are sent once, in memory that all workers share', async () => {
    const buffers: unknown[] = [];
    const createWorker = () => {
      const worker = new Worker(WORKER);
      const post = worker.postMessage.bind(worker);
      worker.postMessage = (message: { material?: { data: { inputs: Float32Array } } }) => {
        if (message.material) buffers.push(message.material.data.inputs.buffer);
        post(message);
      };
      return worker;
    };
    await search(SEARCHED, data, { ...GRID, workers: 2, createWorker });
    expect(buffers).toHaveLength(2);
    expect(buffers[0]).toBeInstanceOf(SharedArrayBuffer);
    expect(buffers[1]).toBe(buffers[0]);
  });

  it('are copied where there is no such memory', async () => {
    const wanted = await search(SEARCHED, data, { ...GRID, workers: 0 });
    const Shared = globalThis.SharedArrayBuffer;
    Object.assign(globalThis, { SharedArrayBuffer: undefined });
    try {
      expect(await search(SEARCHED, data, { ...GRID, workers: 2 })).toEqual(wanted);
    } finally {
      Object.assign(globalThis, { SharedArrayBuffer: Shared });
    }
  });
});

describe('an end before the end', () => {
  it('is the reason of a signal, at once, and ends the workers', async () => {
    const controller = new AbortController();
    const made: Worker[] = [];
    const running = search(SEARCHED, data, {
      ...LONG,
      epochs: 1_000_000,
      signal: controller.signal,
      createWorker: () => {
        made.push(new Worker(WORKER));
        return made.at(-1);
      },
    });
    const ends = new Promise((resolve) => setTimeout(resolve, 500)).then(() =>
      Promise.all(made.map((worker) => new Promise((resolve) => worker.on('exit', resolve)))),
    );
    setTimeout(() => controller.abort(new Error('enough')), 1000);
    await expect(running).rejects.toThrow('enough');
    await ends;
  });

  it('is an error of a worker', async () => {
    const made: Worker[] = [];
    const createWorker = () => {
      made.push(new Worker(WORKER));
      return made.at(-1);
    };
    const onProgress = () => made[0].terminate();
    await expect(search(SEARCHED, data, { ...LONG, createWorker, onProgress })).rejects.toThrow(
      'search: a worker has died: exit code 1, want it to live; workers: 0 trains in this thread',
    );
  });

  it('is a wrong setting, which is found while the workers start, and ends them', async () => {
    const made: Worker[] = [];
    const createWorker = () => {
      made.push(new Worker(WORKER));
      return made.at(-1);
    };
    const wrong = { ...GRID, optimizer: undefined, batchSize: oneOf([8, 0]), workers: 2, createWorker };
    await expect(search(SEARCHED, data, wrong)).rejects.toThrow('options.batchSize: got 0, want an integer from 1');
    expect(made).toHaveLength(2);
    await Promise.all(
      made.map((worker) => worker.threadId === -1 || new Promise((resolve) => worker.on('exit', resolve))),
    );
  });

  it('is a worker that does not load', async () => {
    const createWorker = () => new Worker('./nowhere.js');
    await expect(search(SEARCHED, data, { ...GRID, createWorker })).rejects.toThrow(
      /^search: a worker did not start from createWorker, .*nowhere\.js.*: Cannot find module .*, want createWorker to return a worker of simdprop\/search-worker: see docs\/search\.md; workers: 0/,
    );
  });

  it.each([
    ['a constructor', () => Worker],
    ['nothing', () => undefined],
  ])('is a createWorker that returns %s', async (_, createWorker) => {
    await expect(search(SEARCHED, data, { ...GRID, createWorker })).rejects.toThrow(
      /^options\.createWorker: got .*, want a function that returns a Worker/,
    );
  });
});

describe('a log', () => {
  let folder: string;
  const fileOf = (name: string) => join(folder, name);
  const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

  /** Searches with a log. Returns the result and the number of trainings that were missing in it. */
  async function resume(path: string, options: SearchOptions) {
    const before = linesOf(path).length;
    const result = await search(SEARCHED, data, { ...options, log: path });
    return { result, trained: linesOf(path).length - before };
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'simdprop-search-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is lines of JSON, and a finished one has all results', async () => {
    const path = fileOf('whole.jsonl');
    const options: SearchOptions = { ...GRID, workers: 0 };
    const wanted = await search(SEARCHED, data, options);
    expect(await search(SEARCHED, data, { ...options, log: path })).toEqual(wanted);
    const lines = linesOf(path).map((line) => JSON.parse(line));
    expect(lines).toHaveLength(1 + 6 * 3);
    expect(lines[0]).toMatchObject({ kind: 'simdprop search 1' });
    expect(lines[1]).toMatchObject({ trial: 0, part: 0, round: 0, metrics: { cost: expect.any(Number) } });
    expect(await resume(path, options)).toEqual({ result: wanted, trained: 0 });
    // a search with another number of workers, or another metric, may use the same log
    expect((await resume(path, { ...options, workers: 2, metric: 'accuracy' })).trained).toBe(0);
  });

  it('of a process that was killed amid a search gives the same result, by any number of workers', async () => {
    const path = fileOf('killed.jsonl');
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/search-process.ts', path, WORKER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    let printed = '';
    child.stdout.on('data', (text) => {
      printed += text;
      if (printed.split('\n').length > 5) child.kill('SIGKILL');
    });
    expect(await ended).toBe('SIGKILL');
    const done = linesOf(path).length - 1;
    expect(done).toBeGreaterThanOrEqual(5);
    expect(done).toBeLessThan(24);
    const wanted = await search(SEARCHED, data, LONG);
    const reports: number[] = [];
    const { result, trained } = await resume(path, {
      ...LONG,
      workers: 1,
      onProgress: ({ done }) => void reports.push(done),
    });
    expect(result).toEqual(wanted);
    expect(trained).toBe(24 - done);
    expect(reports.at(-1)).toBe(24);
  });

  it('that was cut at any place is continued, halving included', async () => {
    const path = fileOf('cut.jsonl');
    const options: SearchOptions = { ...HALVED, trials: 3, halving: { budget: 12 }, workers: 0 };
    const wanted = await search(SEARCHED, data, { ...options, log: path });
    const bytes = readFileSync(path);
    const ends = [...bytes.keys()].filter((i) => bytes[i] === 10);
    // within the first line, within and between others
    for (const length of [0, 1, ends[0] - 5, ends[0], ends[0] + 1, ends[3] - 1, ends[3], ends[3] + 1, ends[4] + 40]) {
      writeFileSync(path, bytes);
      truncateSync(path, length);
      const result = await search(SEARCHED, data, { ...options, log: path });
      expect(result, `${length} bytes`).toEqual(wanted);
      expect((await resume(path, options)).trained, `${length} bytes`).toBe(0);
    }
    // a line with a wrong figure is not believed
    writeFileSync(
      path,
      bytes.toString().replace(/("accuracy":0\.)(\d)/, (_, start, digit) => `${start}${9 - digit}`),
    );
    expect(await resume(path, options)).toEqual({ result: wanted, trained: 1 });
  });

  it('keeps failures, numbers that are not finite and warnings', async () => {
    const path = fileOf('failures.jsonl');
    const targets = Float32Array.from(data.targets, (y) => 1000 * y);
    const set = { inputs: data.inputs, targets };
    const network = { inputs: 3, layers: [{ units: 1, activation: 'linear' as const }] };
    const options: SearchOptions = {
      optimizer: oneOf([1e30, 0.1]).map((learningRate) => sgd({ learningRate })),
      epochs: 2,
      folds: 2,
      workers: 0,
      log: path,
    };
    const wanted = await search(network, set, options);
    expect(wanted.trials[0].error).toBeDefined();
    expect(wanted.trials[1].warnings.join()).toMatch(/standardize: 'targets'/);
    expect(await search(network, set, options)).toEqual(wanted);
    // one fold has the only sample of class 1, so the ROC AUC of others is NaN, for which JSON has no number
    const rare = { inputs: data.inputs, targets: Uint8Array.from({ length: 60 }, (_, i) => Number(i === 0)) };
    const one = { ...network, layers: [{ units: 1 }] };
    const rareLog = { ...options, optimizer: undefined, log: fileOf('rare.jsonl') };
    const { best } = await search(one, rare, rareLog);
    expect(best.folds.map((fold) => fold?.rocAuc)).toContainEqual(Number.NaN);
    expect((await search(one, rare, rareLog)).best).toEqual(best);
  });

  it('may be kept anywhere', async () => {
    let text = '';
    let isAppending = false;
    const log: SearchLog = {
      read: async () => text,
      append: async (more) => {
        expect(isAppending).toBe(false);
        isAppending = true;
        await new Promise((resolve) => setTimeout(resolve, 5));
        isAppending = false;
        text += more;
      },
    };
    const wanted = await search(SEARCHED, data, { ...GRID, workers: 0 });
    expect(await search(SEARCHED, data, { ...GRID, workers: 2, log })).toEqual(wanted);
    const whole = text;
    expect(await search(SEARCHED, data, { ...GRID, workers: 2, log })).toEqual(wanted);
    expect(text).toBe(whole);
    const full = { read: () => '', append: () => Promise.reject(new Error('no room')) };
    await expect(search(SEARCHED, data, { ...GRID, workers: 2, log: full })).rejects.toThrow('no room');
  });

  it('of another search is refused, and so is another file', async () => {
    const path = fileOf('other.jsonl');
    const options: SearchOptions = { ...GRID, workers: 0 };
    await search(SEARCHED, data, { ...options, log: path });
    const before = readFileSync(path, 'utf8');
    const refused = (network: typeof SEARCHED, set: typeof data, more: SearchOptions) =>
      search(network, set, { ...options, ...more, log: path }).then(
        () => 'nothing was refused',
        (error) => error.message,
      );
    const of = (what: string) =>
      `options.log: got the log of a search with ${what}, want that of this search, or a new one`;
    expect(await refused(SEARCHED, searchData(6), {})).toBe(of('other data'));
    expect(await refused({ ...SEARCHED, seed: 5 }, data, {})).toBe(of('other settings'));
    expect(await refused(SEARCHED, data, { epochs: 2 })).toBe(of('other settings'));
    expect(await refused(SEARCHED, data, { folds: 4 })).toBe(of('other folds or validation data'));
    expect(await refused(SEARCHED, data, { folds: undefined, validation: searchData(7) })).toBe(
      of('other folds or validation data'),
    );
    expect(await refused(SEARCHED, data, { epochs: undefined, halving: { budget: 30 } })).toBe(of('other settings'));
    expect(readFileSync(path, 'utf8')).toBe(before);
    for (const text of ['my only copy of the data\n', '{"kind":"mine"}\n', 'no end', '\n']) {
      writeFileSync(path, text);
      expect(await refused(SEARCHED, data, {})).toMatch(
        /^options\.log: got ".*", which is no log of a search, want one/,
      );
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });
});
