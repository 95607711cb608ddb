import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SearchOptions, search, type Trial, trainTrials, trial } from '../src/search.js';
import { type Anything, expectError } from './expected-errors.js';
import { SEARCHED, SHARED, searchData, textLog } from './searched.js';

// The trials of the processes of a job array, and their logs.

const data = searchData();
const VARIABLES = /^(SLURM_ARRAY_|JOB_COMPLETION_)/;

/** The variables that Slurm sets for a task. */
const slurm = (id: number, count: number, first = 0, step = 1, last = first + (count - 1) * step) => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_COUNT: String(count),
  SLURM_ARRAY_TASK_MIN: String(first),
  SLURM_ARRAY_TASK_MAX: String(last),
  SLURM_ARRAY_TASK_STEP: String(step),
});

describe('trial', () => {
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (VARIABLES.test(name)) delete process.env[name];
  });

  it('is that of its arguments, whatever the environment says', () => {
    expect(trial(2, 8)).toEqual({ index: 2, count: 8 });
    Object.assign(process.env, slurm(1, 4));
    expect(trial(0, 1)).toEqual({ index: 0, count: 1 });
  });

  it.each<[string, Record<string, string>, number | undefined, number, number]>([
    ['--array=0-3', slurm(2, 4), undefined, 2, 4],
    ['--array=1-10', slurm(10, 10, 1), undefined, 9, 10],
    ['--array=1-10, with the same number given', slurm(1, 10, 1), 10, 0, 10],
    ['--array=10-19:3', slurm(16, 4, 10, 3), undefined, 2, 4],
    ['--array=10-20:3, whose last number no task has', slurm(19, 4, 10, 3, 20), undefined, 3, 4],
    ['--array=0,2', slurm(2, 2, 0, 2), undefined, 1, 2],
    ['--array=5', slurm(5, 1, 5), undefined, 0, 1],
    [
      'a Slurm without MAX and STEP',
      { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '1' },
      undefined,
      2,
      4,
    ],
    ['an Indexed Job', { JOB_COMPLETION_INDEX: '3' }, 5, 3, 5],
  ])('finds its numbers in the environment of %s', (_, variables, n, index, count) => {
    Object.assign(process.env, variables);
    expect(trial(undefined, n)).toEqual({ index, count });
  });

  it.each<[string, Record<string, string>, Anything[], string]>([
    [
      'no variables',
      {},
      [],
      'trial: got neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX in the environment, want trial(i, n) with the number of this process and of all',
    ],
    ['no variables but a number', {}, [undefined, 4], 'trial: got neither SLURM_ARRAY_TASK_ID nor'],
    ['i without n', {}, [1], 'trial: n: got undefined, want an integer from 1 to'],
    ['i above', {}, [4, 4], 'trial: i: got 4, want an integer from 0 to 3'],
    ['i below', {}, [-1, 4], 'trial: i: got -1, want an integer from 0 to 3'],
    ['i as text', {}, ['1', 4], 'trial: i: got "1", want an integer from 0 to 3: 1 without quotes'],
    ['no process at all', {}, [0, 0], 'trial: n: got 0, want an integer from 1 to'],
    [
      'an Indexed Job without its completions',
      { JOB_COMPLETION_INDEX: '3' },
      [],
      'trial: got JOB_COMPLETION_INDEX 3 alone, want the completions of the job, as trial(undefined, 8)',
    ],
    [
      'an Indexed Job with fewer completions',
      { JOB_COMPLETION_INDEX: '3' },
      [undefined, 3],
      'trial: i: got 3, want an integer from 0 to 2',
    ],
    [
      'an index that is no number',
      { JOB_COMPLETION_INDEX: 'three' },
      [undefined, 8],
      'trial: JOB_COMPLETION_INDEX: got "three", want a number; or trial(i, n)',
    ],
    [
      'an empty index',
      { JOB_COMPLETION_INDEX: '' },
      [undefined, 8],
      'trial: JOB_COMPLETION_INDEX: got "", want a number',
    ],
    [
      'both schedulers',
      { ...slurm(0, 2), JOB_COMPLETION_INDEX: '0' },
      [],
      'trial: got both SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX, want one of them',
    ],
    [
      'an ID alone',
      { SLURM_ARRAY_TASK_ID: '0' },
      [],
      'trial: SLURM_ARRAY_TASK_COUNT: got none, want a number; or trial(i, n)',
    ],
    [
      'an array with gaps',
      slurm(3, 3, 1, 1, 7),
      [],
      'trial: got task 3 of an array of 3 from 1 to 7 in steps of 1, want an array without gaps, such as --array=0-7; or trial(i, n)',
    ],
    [
      'an ID out of the array',
      slurm(9, 4),
      [],
      'trial: got task 9 of an array of 4 from 0 to 3 in steps of 1, want an array',
    ],
    [
      'an ID between steps',
      slurm(1, 2, 0, 2),
      [],
      'trial: got task 1 of an array of 2 from 0 to 2 in steps of 2, want an array',
    ],
    [
      'another number than that of Slurm',
      slurm(1, 4),
      [undefined, 8],
      'trial: n: got 8, want 4, which is SLURM_ARRAY_TASK_COUNT; or trial(i, n)',
    ],
  ])('refuses %s', async (_, variables, args, message) => {
    Object.assign(process.env, variables);
    const call = () => trial(...(args as [number, number]));
    expect(call).toThrow(Error);
    try {
      call();
    } catch (error) {
      expect(['TypeError', 'RangeError']).toContain((error as Error).name);
      expect((error as Error).message.slice(0, message.length)).toBe(message);
    }
  });
});

describe('trainTrials', () => {
  it('gives the trials of all processes the figures of one search, each once', async () => {
    const { trials } = await search(SEARCHED, data, SHARED);
    for (const count of [1, 2, 4, 9]) {
      const found: Trial[] = [];
      for (let index = 0; index < count; index++) {
        const own = await trainTrials(SEARCHED, data, { ...SHARED, only: trial(index, count) });
        expect(own.map((one) => one.trial)).toEqual(trials.map((one) => one.trial).filter((t) => t % count === index));
        found.push(...own);
      }
      expect(found.sort((a, b) => a.trial - b.trial)).toEqual(trials);
    }
  });

  it('reports the progress of its own trials, in workers too', async () => {
    const reports: string[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => void reports.push(`${done}/${total}`);
    const own = await trainTrials(SEARCHED, data, { ...SHARED, workers: 2, only: trial(1, 4), onProgress });
    expect(own.map((one) => one.trial)).toEqual([1, 5]);
    expect(reports.sort()).toEqual(['1/4', '2/4', '3/4', '4/4']);
  });

  it('returns trials that have failed', async () => {
    const failing: SearchOptions = { ...SHARED, optimizer: { name: 'sgd', learningRate: 1e30 } };
    const linear = { inputs: 3, layers: [{ units: 1, activation: 'linear' as const }] };
    const own = await trainTrials(linear, data, { ...failing, only: trial(0, 1) });
    expect(own).toHaveLength(1);
    expect(own[0].score).toBeNaN();
    expect(own[0].error).toBeDefined();
  });

  it.each<[string, Anything, string]>([
    ['no share', {}, 'options.only: got undefined, want trial(i, n), or trial() in a job array'],
    ['a number', { only: 3 }, 'options.only: got 3, want trial(i, n)'],
    ['half a share', { only: { index: 1 } }, 'options.only.count: got undefined, want an integer from 1'],
    [
      'a share of its own making',
      { only: { index: 4, count: 4 } },
      'options.only.index: got 4, want an integer from 0 to 3',
    ],
    [
      'more processes than settings',
      { only: trial(3, 10) },
      'options.only: got trial 3 of 10 for 9 settings, want at most one process for each',
    ],
    [
      'halving',
      { only: trial(0, 2), epochs: undefined, halving: { budget: 99 } },
      'options.halving: got an object (Object), want none: it compares the trials of all shares',
    ],
    ['an unknown option', { only: trial(0, 2), onlly: 1 }, 'options: got the unknown key "onlly", want only, trials'],
  ])('refuses %s', async (_, options, message) => {
    const error = await trainTrials(SEARCHED, data, { ...SHARED, ...(options as SearchOptions) } as Anything).then(
      () => new Error('nothing was refused'),
      (reason: Error) => reason,
    );
    expect(['TypeError', 'RangeError']).toContain(error.name);
    expect(error.message.slice(0, message.length)).toBe(message);
  });

  it('is what knows a share: search refuses one', async () => {
    await expectError(
      () => search(SEARCHED, data, { ...SHARED, only: trial(0, 2) } as Anything),
      TypeError,
      /^options: got the unknown key "only"/,
    );
  });
});

describe('the logs of the processes of a job array', () => {
  let folder: string;
  const fileOf = (name: string) => join(folder, name);
  const linesOf = (text: string) => text.trimEnd().split('\n');

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'simdprop-shares-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a task. Returns the numbers of its trials, as it prints them. */
  function runTask(log: string, variables: Record<string, string>, count: string[] = []): Promise<string> {
    const others = Object.entries(process.env).filter(([name]) => !VARIABLES.test(name));
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/share-process.ts', log, ...count], {
      env: { ...Object.fromEntries(others), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [printed, errors] = ['', ''];
    child.stdout.on('data', (text) => {
      printed += text;
    });
    child.stderr.on('data', (text) => {
      errors += text;
    });
    return new Promise((resolve, reject) => {
      child.on('exit', (code) => (code === 0 ? resolve(printed.trim()) : reject(new Error(errors))));
    });
  }

  /** Searches with the text of logs. Returns the result and what the search has added to the log. */
  async function resume(text: string, options: SearchOptions = SHARED) {
    const log = textLog(text);
    return { result: await search(SEARCHED, data, { ...options, log }), added: log.text.slice(text.length) };
  }

  it.each<[string, Record<string, string>[], string[]]>([
    ['Slurm, --array=1-7:3', [1, 4, 7].map((id) => slurm(id, 3, 1, 3)), []],
    ['Kubernetes, completions: 3', ['0', '1', '2'].map((index) => ({ JOB_COMPLETION_INDEX: index })), ['3']],
  ])('are one log, one behind another: %s', async (name, tasks, count) => {
    const paths = tasks.map((_, i) => fileOf(`${name.slice(0, 5)}-${i}.jsonl`));
    const printed = await Promise.all(tasks.map((variables, i) => runTask(paths[i], variables, count)));
    expect(printed).toEqual(['0 3 6', '1 4 7', '2 5 8']);
    const texts = paths.map((path) => readFileSync(path, 'utf8'));
    const wanted = await search(SEARCHED, data, SHARED);
    // in any order, and with other lines between, such as those of a cluster
    for (const text of [texts.join(''), texts.reverse().join('pod/sweep-1-x7 started\n')]) {
      expect(await resume(text)).toEqual({ result: wanted, added: '' });
    }
    const places = texts.flatMap((text) => linesOf(text).slice(1)).map((line) => JSON.parse(line));
    expect(new Set(places.map(({ trial, part }) => `${trial}/${part}`)).size).toBe(18);
    expect(places).toHaveLength(18);
    // a task that runs again trains nothing
    await runTask(paths[0], tasks[0], count);
    expect(readFileSync(paths[0], 'utf8')).toBe(texts.reverse()[0]);
  });

  it('lack what a task has not done, which the search then trains', async () => {
    const path = fileOf('some.jsonl');
    await trainTrials(SEARCHED, data, { ...SHARED, only: trial(1, 3), log: path });
    const { result, added } = await resume(readFileSync(path, 'utf8'));
    expect(result).toEqual(await search(SEARCHED, data, SHARED));
    expect(linesOf(added)).toHaveLength(12);
  });

  it('are refused if one is that of another search, also behind a line that was cut off', async () => {
    const texts: string[] = [];
    for (const set of [data, searchData(6)]) {
      const log = textLog();
      await trainTrials(SEARCHED, set, { ...SHARED, only: trial(0, 9), log });
      texts.push(log.text);
    }
    const [own, other] = texts;
    for (const text of [own + other, other + own, own.slice(0, -20) + other, own.slice(0, -1) + other]) {
      await expect(resume(text)).rejects.toThrow(
        'options.log: got the log of a search with other data, want that of this',
      );
    }
    // a cut line costs one training, not the log behind it
    const cut = own.slice(0, -20);
    const { added } = await resume(cut + own);
    expect(linesOf(added)).toHaveLength(16);
  });

  it('are refused if two have different figures for one training', async () => {
    const log = textLog();
    await search(SEARCHED, data, { ...SHARED, log });
    expect((await resume(log.text + log.text)).added).toBe('');
    // as if a build whose sums are rounded differently had made it
    const other = textLog();
    await search({ ...SEARCHED, seed: 5 }, data, { ...SHARED, log: other });
    const others = linesOf(other.text).slice(1).join('\n');
    await expect(resume(`${log.text}${others}\n`)).rejects.toThrow(
      'options.log: got two results of trial 0, part 0, that differ, want those of one version and one build of simdprop, or a new log',
    );
  });
});
