import { describe, expect, it } from 'vitest';
import { adam, cosine, sgd } from '../src/index.js';
import { logUniform, oneOf, type SearchJob, type SearchOptions, search, trainer } from '../src/search.js';
import { type Anything, expectError } from './expected-errors.js';
import { SEARCHED, searchData, textLog } from './searched.js';

// Searches whose trainings run on other machines. Here, text in JSON stands for the way to them and back.

const data = searchData();

const GRID: SearchOptions = {
  epochs: 2,
  folds: 3,
  optimizer: oneOf([adam({ learningRate: cosine({ initial: 0.1, epochs: 2 }) }), sgd({ learningRate: 1 })]),
};

/** Sends jobs to a trainer as text, and remembers them. */
function send(train: ReturnType<typeof trainer>) {
  const sent: SearchJob[] = [];
  const options = {
    train: async (job: SearchJob) => {
      sent.push(job);
      return JSON.parse(JSON.stringify(await train(JSON.parse(JSON.stringify(job)))));
    },
  };
  return { sent, options };
}

/** The first job of a search. */
async function jobOf(options: SearchOptions, network = SEARCHED, set = data): Promise<SearchJob> {
  let first: SearchJob | undefined;
  const train = (job: SearchJob) => {
    first ??= job;
    return Promise.reject(new Error('enough'));
  };
  await expect(search(network, set, { ...options, train })).rejects.toThrow('enough');
  return first as SearchJob;
}

describe('a search on other machines', () => {
  it.each<[string, SearchOptions, number]>([
    ['a grid by folds', GRID, 18],
    ['folds by values of the samples', { ...GRID, group: data.targets.map((_, i) => i >> 1) }, 18],
    ['folds with equal shares of the classes', { ...GRID, stratify: data.targets }, 18],
    ['validation data', { epochs: 1, validation: searchData(8), classWeights: [1, 2] }, 3],
    [
      'halving of random settings by a validation split',
      {
        trials: 5,
        optimizer: { name: 'adam', learningRate: logUniform(1e-3, 1) },
        validationSplit: { share: 0.3, stratify: true },
        halving: { budget: 45 },
        metric: 'accuracy',
      },
      10,
    ],
  ])('has the winner and the figures of a search in this thread: %s', async (_, options, jobs) => {
    const { sent, options: sending } = send(trainer(data, { validation: options.validation }));
    const wanted = await search(SEARCHED, data, { ...options, workers: 0 });
    expect(await search(SEARCHED, data, { ...options, ...sending })).toEqual(wanted);
    expect(sent).toHaveLength(jobs);
    // each place once
    expect(new Set(sent.map(({ trial, part, round }) => `${trial}/${part}/${round}`)).size).toBe(jobs);
    for (const job of sent) expect(JSON.parse(JSON.stringify(job))).toEqual(job);
  });

  it('sends options only, no data', async () => {
    const job = await jobOf({ ...GRID, batchSize: 4 });
    expect(Object.keys(job)).toEqual(['trial', 'part', 'round', 'network', 'options', 'folds', 'data']);
    expect(job).toMatchObject({ trial: 0, part: 0, round: 0, folds: 3, options: { epochs: 2, batchSize: 4 } });
    expect(job.network).toEqual({ inputs: 3, layers: [{ units: 2, activation: 'tanh' }, { units: 1 }], seed: 4 });
    expect(JSON.stringify(job).length).toBeLessThan(600);
  });

  it('returns failures, numbers that are not finite and warnings', async () => {
    const targets = Float32Array.from(data.targets, (y) => 1000 * y);
    const set = { inputs: data.inputs, targets };
    const network = { inputs: 3, layers: [{ units: 1, activation: 'linear' as const }] };
    const options: SearchOptions = {
      optimizer: oneOf([1e30, 0.1]).map((learningRate) => sgd({ learningRate })),
      epochs: 2,
      folds: 2,
    };
    const result = await search(network, set, { ...options, ...send(trainer(set)).options });
    expect(result.trials[0].error).toBeDefined();
    expect(result.trials[1].warnings.length).toBeGreaterThan(0);
    expect(result).toEqual(await search(network, set, { ...options, workers: 0 }));
    // one fold has the only sample of class 1, so the ROC AUC of others is NaN, for which JSON has no number
    const rare = { inputs: data.inputs, targets: Uint8Array.from({ length: 60 }, (_, i) => Number(i === 0)) };
    const one = { inputs: 3, layers: [{ units: 1 }] };
    const { best } = await search(one, rare, { epochs: 1, folds: 2, ...send(trainer(rare)).options });
    expect(best.folds.map((fold) => fold?.rocAuc)).toContainEqual(Number.NaN);
  });

  it('has at most `workers` jobs at the same time, all at once by default', async () => {
    const most = async (workers: number | undefined) => {
      const train = trainer(data);
      let [now, highest] = [0, 0];
      await search(SEARCHED, data, {
        ...GRID,
        workers,
        train: async (job) => {
          highest = Math.max(highest, ++now);
          const result = await train(job);
          now--;
          return result;
        },
      });
      return highest;
    };
    expect(await most(4)).toBe(4);
    expect(await most(undefined)).toBe(18);
  });

  it('writes a log, and takes from it what an earlier search has got', async () => {
    const log = textLog();
    const train = trainer(data);
    let left = 5;
    const failing = (job: SearchJob) => (left-- > 0 ? train(job) : Promise.reject(new Error('the queue is gone')));
    await expect(search(SEARCHED, data, { ...GRID, log, train: failing, workers: 1 })).rejects.toThrow('queue is gone');
    const { sent, options } = send(train);
    const result = await search(SEARCHED, data, { ...GRID, log, ...options });
    expect(sent).toHaveLength(13);
    expect(result).toEqual(await search(SEARCHED, data, { ...GRID, workers: 0 }));
  });

  it('ends at once when its signal is aborted', async () => {
    const controller = new AbortController();
    const train = () => {
      setTimeout(() => controller.abort(new Error('enough')));
      return new Promise<never>(() => {});
    };
    await expect(search(SEARCHED, data, { ...GRID, train, signal: controller.signal })).rejects.toThrow('enough');
  });
});

describe('a trainer', () => {
  it('reads data in plain arrays, with names of classes, for searches that read them in different ways', async () => {
    const names = { inputs: [[1], [2], [3], [4]], targets: ['b', 'a', 'b', 'a'] };
    const network = { inputs: 1, classes: ['a', 'b'], layers: [{ units: 1 }], seed: 1 };
    const train = trainer(names);
    const options: SearchOptions = { folds: 2, epochs: 1 };
    for (const classes of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'b'],
    ]) {
      const other = { ...network, classes };
      expect(await search(other, names, { ...options, ...send(train).options })).toEqual(
        await search(other, names, { ...options, workers: 0 }),
      );
    }
  });

  it.each<[string, Anything, string]>([
    ['no object', 'text', 'job: got "text", want a job that search has given to options.train'],
    ['an unknown key', { path: '/tmp/x.mjs' }, 'job: got the unknown key "path", want trial, part, round, network,'],
    [
      'an unknown option of create',
      { network: { inputs: 3, layers: [{ units: 1 }], import: 'x' } },
      'job.network: got the unknown key "import", want inputs,',
    ],
    [
      'an unknown option of a layer',
      { network: { inputs: 3, layers: [{ units: 1, code: 'x' }] } },
      'layers[0]: got the unknown key "code", want units,',
    ],
    [
      'code of the core',
      { network: { inputs: 3, layers: [{ units: 1 }], wasm: 'x' } },
      'job.network.wasm: got "x", want none: a job has no code',
    ],
    [
      'a worker',
      { network: { inputs: 3, layers: [{ units: 1 }], createWorker: 'x' } },
      'job.network.createWorker: got "x", want none',
    ],
    [
      'a team of processes',
      { network: { inputs: 3, layers: [{ units: 1 }], team: { rank: 0, size: 2 } } },
      'job.network: got the unknown key "team", want inputs,',
    ],
    ['an unknown option of fit', { options: { epoch: 3 } }, 'job.options: got the unknown key "epoch", want epochs,'],
    ['a callback', { options: { onEpoch: 'x' } }, 'job.options: got the unknown key "onEpoch", want epochs,'],
    [
      'a wrong value of create',
      { network: { inputs: 3, layers: [{ units: 1e9 }] } },
      'layers[0].units: got 1000000000, want an integer from 1 to 65536',
    ],
    ['a wrong value of fit', { options: { batchSize: 0 } }, 'options.batchSize: got 0, want an integer from 1 to'],
    [
      'an unknown optimizer',
      { options: { optimizer: { name: 'sdg', learningRate: 1 } } },
      'optimizer.name: got "sdg", want one of',
    ],
    ['other data', { data: '0 0' }, 'job.data: got a job for other data, want the data of the search here too'],
    ['a fold too many', { part: 3 }, 'job.part: got 3, want an integer from 0 to 2'],
    ['no fold', { folds: undefined, part: 1 }, 'job.part: got 1, want an integer from 0 to 0'],
    ['folds that are none', { folds: 'x' }, 'options.folds: got "x", want an integer from 2'],
    ['two ways of validation', { validationSplit: 0.2 }, 'job.validationSplit: got folds too, want one of them'],
    ['a trial that is no number', { trial: '0' }, 'job.trial: got "0", want an integer from 0'],
    ['epochs that are no list', { epochs: 3 }, 'job.epochs: got 3, want a list of the epochs of each call of fit'],
    ['half an epoch', { epochs: [0.5] }, 'options.epochs: got 0.5, want an integer from 1'],
  ])('refuses %s', async (_, change, message) => {
    const job = await jobOf(GRID);
    const changed = typeof change === 'string' ? change : { ...job, ...(change as object) };
    const error = await trainer(data)(changed as SearchJob).then(
      () => new Error('nothing was refused'),
      (reason: Error) => reason,
    );
    expect(['TypeError', 'RangeError']).toContain(error.name);
    expect(error.message.slice(0, message.length)).toBe(message);
  });

  it('refuses jobs whose JSON would change prototypes', async () => {
    const job = JSON.stringify(await jobOf(GRID));
    for (const evil of [
      `${job.slice(0, -1)},"__proto__":{"inputs":1}}`,
      job.replace('{"inputs"', '{"__proto__":{},"inputs"'),
    ]) {
      await expect(trainer(data)(JSON.parse(evil))).rejects.toThrow(/^job.*: got the unknown key "__proto__"/);
    }
    expect(({} as { inputs?: unknown }).inputs).toBeUndefined();
  });

  it('refuses a job of a search with other validation data, or without them', async () => {
    const job = await jobOf({ epochs: 1, validation: searchData(8) });
    for (const options of [{}, { validation: searchData(9) }]) {
      await expect(trainer(data, options)(job)).rejects.toThrow('job.data: got a job for other data');
    }
    expect((await trainer(data, { validation: searchData(8) })(job)).metrics?.cost).toBeGreaterThan(0);
  });

  it('refuses wrong arguments', async () => {
    await expectError(() => trainer(undefined as Anything), TypeError, /^data: got undefined, want an object/);
    await expectError(
      () => trainer(data, { folds: 3 } as Anything),
      TypeError,
      /^options: got the unknown key "folds"/,
    );
    await expectError(() => trainer(data, { validation: 3 } as Anything), TypeError, /^options\.validation: got 3/);
  });
});

describe('options for a search on other machines', () => {
  const train = () => Promise.reject(new Error('a job was sent'));
  const misuse = (network: Anything, options: Anything) => search(network, data, { ...GRID, train, ...options });

  it.each<[string, Anything, Anything, string]>([
    ['no function', SEARCHED, { train: 'http://127.0.0.1' }, 'options.train: got "http://127.0.0.1", want a function'],
    [
      'workers of this process too',
      SEARCHED,
      { createWorker: () => {} },
      'options.createWorker: got train too, want one',
    ],
    ['no job at all', SEARCHED, { workers: 0 }, 'options.workers: got 0, want an integer from 1 to 1024'],
    [
      'functions',
      SEARCHED,
      { optimizer: sgd({ learningRate: () => 1 }) },
      'options.optimizer.learningRate: got a function, want what JSON can hold, since options.train gets its jobs as JSON',
    ],
    [
      'numbers that JSON cannot hold',
      SEARCHED,
      { stopAt: Number.NEGATIVE_INFINITY },
      'options.stopAt: got -Infinity, want what JSON',
    ],
    [
      'a compiled core',
      { ...SEARCHED, wasm: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) },
      {},
      'network.wasm: got an object (Module), want what JSON',
    ],
  ])('are refused: %s', async (_, network, options, message) => {
    const error = await misuse(network, options).then(
      () => new Error('nothing was refused'),
      (reason: Error) => reason,
    );
    expect(error.message.slice(0, message.length)).toBe(message);
  });

  it.each<[string, Anything, string]>([
    ['nothing', undefined, 'options.train: got undefined, want what the function of trainer resolves to'],
    ['text', '{"metrics":{}}', 'options.train: got "{\\"metrics\\":{}}", want what the function of trainer'],
    ['an unknown key', { metrics: { cost: 1 }, by: 1 }, 'options.train: got the unknown key "by", want metrics'],
    ['no metrics', {}, 'options.train.metrics: got undefined, want what the function of trainer'],
    ['an unknown metric', { metrics: { costs: 1 } }, 'options.train.metrics: got the unknown key "costs"'],
    ['a text as metric', { metrics: { cost: '1' } }, 'options.train.metrics.cost: got "1", want what'],
    ['null, as JSON writes NaN', { metrics: { cost: null } }, 'options.train.metrics.cost: got null, want what'],
    ['an error and metrics', { metrics: { cost: 1 }, error: 'e' }, 'options.train.error: got "e", want what'],
    ['an error that is no text', { error: 1 }, 'options.train.error: got 1, want what'],
    [
      'warnings that are no list',
      { metrics: { cost: 1 }, warnings: 'w' },
      'options.train.warnings: got "w", want what',
    ],
  ])('are refused if they answer %s', async (_, result, message) => {
    const answer = async () => result as Anything;
    const error = await search(SEARCHED, data, { ...GRID, train: answer }).then(
      () => new Error('nothing was refused'),
      (reason: Error) => reason,
    );
    expect(error.message.slice(0, message.length)).toBe(message);
  });
});
