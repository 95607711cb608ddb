import { beforeAll, describe, expect, it } from 'vitest';
import type { EpochReport, TrainOptions } from '../src/index.js';
import { adam, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { parametersOf } from './parameters.js';
import { randomFloats, randomLabels, randomNumbers } from './random-numbers.js';
import { editJson, jsonOf } from './saved-files.js';

// The place in a call that a training file holds, forged with a right checksum: impossible places are refused, and
// accepted ones are followed exactly.

const random = randomNumbers(5);
const samplesOf = (rows: number) => ({
  inputs: randomFloats(3 * rows, random),
  targets: randomLabels(rows, 2, random),
});
const data = samplesOf(10);
const validation = samplesOf(6);
const training: TrainOptions = {
  epochs: 9,
  batchSize: 4,
  shuffle: false,
  optimizer: adam(),
  validation,
  earlyStopping: { patience: 3 },
};
const create = () => createNetwork({ inputs: 3, layers: [{ units: 4, activation: 'tanh' }, { units: 2 }], seed: 3 });

/** A file after `steps` steps of `training`, of which an epoch has three. */
async function fileAfter(steps: number, set = data, options = training): Promise<Uint8Array> {
  const net = await create();
  let file: Uint8Array | undefined;
  await net.fit(set, {
    ...options,
    onBatch: async () => {
      if (net.steps === steps) file = await net.save({ training: true });
      return file === undefined;
    },
  });
  return file as Uint8Array;
}

/** The file with another value at a path of its training. */
function forged(file: Uint8Array, path: string, value: unknown): Uint8Array {
  return editJson(file, 'training', (json) => {
    const keys = path.split('.');
    const last = keys.pop() as string;
    const owner = keys.reduce((object, key) => object[key], json);
    owner[last] = value;
  });
}

/** The reports of resuming, and how many steps were taken. */
async function resume(file: Uint8Array, options = training, set = data) {
  const net: Network = await loadNetwork(file);
  const before = net.steps;
  const reports: EpochReport[] = [];
  await net.fit(set, { ...options, onEpoch: (report) => void reports.push(report) });
  return { net, reports, steps: net.steps - before };
}

describe('a forged place', () => {
  let file: Uint8Array;
  beforeAll(async () => {
    // after the first step of the fourth epoch
    file = await fileAfter(10);
    expect(jsonOf(file, 'training').place).toMatchObject({
      epoch: 3,
      run: { position: 4 },
      stopper: { waited: expect.any(Number), bestEpoch: expect.any(Number), best: expect.any(Number) },
    });
  });

  const COUNTS = [-1, 0.5, 2 ** 53, '1', null, true, [1], 'Infinity'];
  const cases: [path: string, refused: unknown[], accepted: unknown[]][] = [
    ['steps', [...COUNTS, 2 ** 32], [0, 10, 2 ** 32 - 1]],
    ['optimizerSteps', [...COUNTS, 2 ** 32], [0, 10, 2 ** 32 - 1]],
    ['pairs', [...COUNTS, 2 ** 32], [0, 2 ** 32 - 1]],
    ['slots', [...COUNTS, 1, 3], [2]],
    ['place.epoch', COUNTS, [3, 4, 2 ** 53 - 1]],
    ['place.run.position', [...COUNTS, 1, 3, 5, 7, 9, 11, 12, 2 ** 32], [0, 4, 8, 10]],
    ['place.run.cost', ['1', null, true, {}], [0, 'NaN', 'Infinity', '-Infinity', 1e308]],
    ['place.stopper.waited', [...COUNTS, 4], [0, 1, 2, 3]],
    ['place.stopper.bestEpoch', [...COUNTS, 3, 4], [0, 1, 2]],
    ['place.stopper.best', ['NaN', '1', null, true], [0, -1, 'Infinity', '-Infinity']],
    ['place.options.samples', [...COUNTS, 0, 2 ** 32], [9, 10]],
    ['place.options.stepRows', [...COUNTS, 0], [4, 2, 1]],
    ['place.options.optimizer', [null, 1, 'adam', []], []],
    ['place.stopped', ['done', 1, true, null], ['earlyStopping', 'converged', 'stalled', 'callback']],
  ];

  it.each(cases)('%s: impossible values are refused by name', async (path, refused) => {
    for (const value of refused) {
      const changed = forged(file, path, value);
      const message = new RegExp(`^load: (training\\.)?${path.replaceAll('.', '\\.')}: got .*, want `);
      await expect(loadNetwork(changed), `${path} = ${JSON.stringify(value)}`).rejects.toThrow(message);
    }
  });

  it.each(cases)('%s: possible values are kept as they are', async (path, _refused, accepted) => {
    for (const value of accepted) {
      const changed = forged(file, path, value);
      const again = await (await loadNetwork(changed)).save({ training: true });
      expect(jsonOf(again, 'training'), `${path} = ${value}`).toEqual(jsonOf(changed, 'training'));
    }
  });

  it.each([
    [0, 3],
    [4, 2],
    [8, 1],
    [10, 0],
  ])('position %i: %i steps of the epoch are left', async (position, left) => {
    const { steps, reports } = await resume(forged(file, 'place.run.position', position), { ...training, epochs: 4 });
    expect(steps).toBe(left);
    expect(reports.map(({ epoch, samples }) => [epoch, samples])).toEqual([[3, 10]]);
  });

  it.each([0, 1, 2])('waited %i: this many epochs of the patience have passed', async (waited) => {
    // the best cost is -Infinity, so no epoch is better
    const never = forged(forged(file, 'place.stopper.best', '-Infinity'), 'place.stopper.waited', waited);
    const { reports, net } = await resume(never);
    expect(reports).toHaveLength(3 - waited);
    expect(reports[reports.length - 1].stopped).toBe('earlyStopping');
    // the network gets the parameters of the best epoch from the file
    const best = await resume(forged(never, 'place.stopped', 'earlyStopping'));
    expect(best.reports).toEqual([]);
    expect(parametersOf(net)).toEqual(parametersOf(best.net));
  });

  it('bestEpoch: is reported until another epoch is better', async () => {
    const never = forged(file, 'place.stopper.best', '-Infinity');
    const { reports } = await resume(forged(never, 'place.stopper.bestEpoch', 1), { ...training, epochs: 4 });
    expect(reports.map(({ bestEpoch }) => bestEpoch)).toEqual([1]);
    const always = forged(file, 'place.stopper.best', 'Infinity');
    const better = await resume(forged(always, 'place.stopper.bestEpoch', 1), { ...training, epochs: 4 });
    expect(better.reports.map(({ bestEpoch }) => bestEpoch)).toEqual([3]);
  });

  it('the end of the epochs: nothing is trained, and the best parameters are restored', async () => {
    const { reports, steps, net } = await resume(forged(file, 'place.epoch', 2 ** 53 - 1));
    expect([reports.length, steps]).toEqual([0, 0]);
    expect(net.predict(data.inputs).every(Number.isFinite)).toBe(true);
  });
});

describe('a forged place within a step of several chunks', () => {
  const set = samplesOf(700);
  const options: TrainOptions = { epochs: 2, batchSize: 600, shuffle: false, optimizer: sgd({ learningRate: 0.1 }) };

  it('is at the end of a chunk, with the sums of the step, or at the end of a step, without', async () => {
    const net = await create();
    let file: Uint8Array | undefined;
    const onProgress = async ({ samples }: { samples: number }) => {
      if (samples === 256) file ??= await net.save({ training: true });
    };
    // each reading of the clock is much later than the one before, so that each chunk is reported
    let now = 0;
    const { performance: clock } = globalThis;
    const read = clock.now;
    clock.now = () => (now += 20);
    try {
      await net.fit(set, { ...options, onProgress });
    } finally {
      clock.now = read;
    }
    const within = file as Uint8Array;
    const at = (position: number) => loadNetwork(forged(within, 'place.run.position', position));
    for (const position of [256, 512]) await at(position);
    for (const position of [1, 255, 257, 511, 513, 599, 601, 699, 701, 856]) {
      await expect(at(position), `${position}`).rejects.toThrow(/^load: place\.run\.position: got .*, want the end of/);
    }
    for (const position of [0, 600, 700]) {
      await expect(at(position), `${position}`).rejects.toThrow(/^load: place\.run\.step: got one, want none between/);
    }
    const [whole, resumed] = [net, await loadNetwork(within)];
    await resumed.fit(set, options);
    expect(parametersOf(resumed)).toEqual(parametersOf(whole));
  });
});
