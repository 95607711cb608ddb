import { describe, expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import { type CrossValidationOptions, crossValidate } from '../src/cross-validation.js';
import { apportion } from '../src/data/apportion.js';
import type { CheckedData } from '../src/data/data-set.js';
import { permutation, philox } from '../src/data/philox.js';
import * as split from '../src/data/split.js';
import type { NetworkOptions, SampleKeys, TypedDataSet, ValidationSplit } from '../src/index.js';
import { Network, sgd } from '../src/index.js';
import { checkSpec } from '../src/spec/spec.js';
import { type SplitDataOptions, splitData } from '../src/split.js';
import { createNetwork, startKernels } from './build.js';
import { randomNumbers } from './random-numbers.js';

const options: NetworkOptions = {
  inputs: 2,
  layers: [
    { units: 6, activation: 'tanh' },
    { units: 4, activation: 'softmax' },
  ],
  seed: 2 ** 35 + 7,
};
const spec = checkSpec(options);
const goal = { task: 'classes', isSigned: false } as const;

const holdBack = (value: ValidationSplit, data: CheckedData, to = spec) =>
  split.holdBack('split', value, data, { spec: to, goal, classes: undefined });
const foldsOf = (data: CheckedData, folds: number, stratify: boolean, to: typeof spec, group?: SampleKeys) =>
  split.foldsOf(data, folds, { stratify, group }, (option) => option, { spec: to, goal, classes: undefined });

/** Samples whose inputs identify them. The classes 0 to 3 have very different shares. */
function samples(count: number) {
  const random = randomNumbers(count);
  const targets = Int32Array.from({ length: count }, () => Math.floor(4 * random() ** 2));
  return {
    samples: count,
    inputs: Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? targets[(i - 1) / 2] : i / 2)),
    targets,
    weights: Float32Array.from({ length: count }, (_, i) => (i + 1) / 2),
  };
}
const namesOf = ({ inputs }: TypedDataSet) => [...inputs].filter((_, i) => i % 2 === 0);
const counts = (targets: ArrayLike<number>) =>
  Array.from({ length: 4 }, (_, label) => Array.from(targets).filter((t) => t === label).length);

it('draws the same random numbers as the core, without the core', async () => {
  const { core, memory } = await startKernels(2 ** 18);
  const random = randomNumbers(6);
  const word = () => Math.floor(random() * 2 ** 32);
  for (let i = 0; i < 1000; i++) {
    const [c0, c1, c2, c3, low, high] = [word(), word(), word(), word(), word(), Math.floor(random() * 2 ** 21)];
    core.philox(2 ** 16, c0, c1, c2, c3, low, high);
    expect(philox([c0, c1, c2, c3], high * 2 ** 32 + low)).toEqual([...new Uint32Array(memory.buffer, 2 ** 16, 4)]);
  }
  const header = new DataView(memory.buffer, abi.HEADER);
  header.setUint32(abi.RANDOM_BLOCK, 2 ** 16, true);
  header.setUint32(abi.SEED_LOW, 7, true);
  header.setUint32(abi.SEED_HIGH, 8, true);
  for (const count of [1, 2, 3, 100, 5000]) {
    core.shuffle(2 ** 17, count, 3, 5);
    expect(permutation(count, 8 * 2 ** 32 + 7, 3, 5)).toEqual(new Uint32Array(memory.buffer, 2 ** 17, count).slice());
  }
});

describe('a validation split', () => {
  it('puts every sample into one of two parts, with its target and weight, in the old order', () => {
    for (const count of [2, 3, 10, 99, 1000]) {
      for (const share of [0.5, 0.25, 0.1, 0.9]) {
        for (const stratify of [false, true]) {
          // count * share is rounded, a half down, and at least one sample remains for training
          const held = Math.max(0, Math.min(Math.ceil(count * share - 0.5), count - 1));
          // the classes of so few samples cannot be in both parts
          if (held === 0 || (stratify && count < 99)) continue;
          const { training, validation } = holdBack({ share, stratify }, samples(count));
          expect([training.samples, validation.samples]).toEqual([count - held, held]);
          const names = [...namesOf(training), ...namesOf(validation)];
          expect(names.toSorted((p, q) => p - q)).toEqual(Array.from({ length: count }, (_, i) => i));
          for (const part of [training, validation]) {
            const own = namesOf(part);
            expect(own).toEqual(own.toSorted((p, q) => p - q));
            expect([...part.targets]).toEqual(own.map((i) => samples(count).targets[i]));
            expect([...(part.weights ?? [])]).toEqual(own.map((i) => (i + 1) / 2));
          }
        }
      }
    }
  });

  it('holds back the same share of each class, within one sample, if it is stratified', () => {
    const data = samples(500);
    for (const share of [0.5, 0.2, 1 / 3, 0.07]) {
      const { validation } = holdBack({ share, stratify: true }, data);
      counts(validation.targets).forEach((count, label) => {
        expect(Math.abs(count - share * counts(data.targets)[label])).toBeLessThan(1);
      });
    }
  });

  it("holds back the last samples with from: 'end', for every seed", async () => {
    for (const [count, share, held] of [
      [10, 0.3, 3],
      [7, 0.5, 3],
      [100, 0.29, 29],
      [2, 0.9, 1],
    ]) {
      for (const seed of [0, 1, 2]) {
        const parts = holdBack({ share, from: 'end' }, samples(count), { ...spec, seed });
        const all = Array.from({ length: count }, (_, i) => i);
        expect(namesOf(parts.training)).toEqual(all.slice(0, count - held));
        expect(namesOf(parts.validation)).toEqual(all.slice(count - held));
      }
    }
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
    const inputs = Float32Array.from({ length: 20 }, (_, i) => i / 20);
    const [report] = await net.fit(
      { inputs, targets: inputs },
      { epochs: 1, validationSplit: { share: 0.25, from: 'end' } },
    );
    const wanted = await net.evaluate({ inputs: inputs.slice(15), targets: inputs.slice(15) });
    expect(report.validation).toEqual(wanted);
  });

  const counted = [...samples(40).targets.keys()];
  const persons = counted.map((i) => `p${(i * i) % 13}`);
  const plain = ({ inputs, targets, weights }: TypedDataSet) => ({ inputs, targets, weights });

  it('is that of splitData: by number, by groups, by values of its own, with another seed', () => {
    const data = samples(40);
    const ways: [ValidationSplit, SplitDataOptions][] = [
      [7, { validation: 7 }],
      [{ count: 7 }, { validation: 7 }],
      [
        { count: 7, from: 'end' },
        { validation: 7, from: 'end' },
      ],
      [
        { share: 0.3, group: persons },
        { validation: 0.3, group: persons },
      ],
      [
        { share: 0.3, stratify: persons },
        { validation: 0.3, stratify: persons },
      ],
      [
        { share: 0.3, stratify: [...data.targets] },
        { validation: 0.3, stratify: true },
      ],
    ];
    for (const seed of [0, 1, 2]) {
      for (const [value, options] of ways) {
        // nothing is drawn from the end
        const drawn = options.from ? {} : { seed };
        const wanted = splitData(plain(data), { ...options, ...drawn });
        const parts = [holdBack(value, data, { ...spec, seed })];
        if (typeof value === 'object') parts.push(holdBack({ ...value, ...drawn }, data));
        for (const { training, validation } of parts) {
          expect([plain(training), plain(validation)]).toEqual([wanted.training, wanted.validation]);
        }
      }
    }
    expect(holdBack(7, data).validation.samples).toBe(7);
  });

  it('keeps all samples of a group on one side, and numbers keys by the samples that were given', async () => {
    const data = samples(40);
    // samples of weight 0 are in no part, but have their keys
    const weights = Float32Array.from(counted, (i) => Number(i % 5 > 0));
    const seen: string[][] = [];
    for (const isEnd of [false, true]) {
      const net = await createNetwork(options);
      const validationSplit = isEnd ? { count: 8, from: 'end' as const } : { count: 8, group: persons };
      const { last } = await net.fit({ ...plain(data), weights }, { epochs: 1, validationSplit });
      expect((last?.samples ?? 0) + (last?.validation?.samples ?? 0)).toBe(32);
      if (isEnd) expect(last?.validation?.samples).toBe(8);
    }
    const left = counted.filter((i) => weights[i] > 0);
    const counting = { rows: Uint32Array.from(left), of: 40 };
    const part = {
      inputs: data.inputs.filter((_, i) => weights[i >> 1] > 0),
      targets: data.targets,
      weights: undefined,
    };
    const parts = holdBack({ share: 0.3, group: persons }, { ...part, samples: left.length, counting });
    for (const side of [parts.training, parts.validation]) seen.push(namesOf(side).map((i) => persons[i]));
    expect(seen.flat()).toHaveLength(32);
    expect(seen[0].filter((person) => seen[1].includes(person))).toEqual([]);
  });

  it('copies no training data that are taken from the beginning', () => {
    const data = samples(20);
    const { training, validation } = holdBack({ count: 5, from: 'end' }, data);
    for (const key of ['inputs', 'targets', 'weights'] as const) {
      expect(training[key]?.buffer, key).toBe(data[key].buffer);
      // whoever has given the data can change them during training
      expect(validation[key]?.buffer, key).not.toBe(data[key].buffer);
    }
  });

  it('reads keys at the call', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const given = plain(samples(40));
    const group = [...persons];
    const trained = net.fit(given, { epochs: 2, validationSplit: { share: 0.3, group } });
    group.fill('one');
    await trained;
    await other.fit(given, { epochs: 2, validationSplit: { share: 0.3, group: persons } });
    expect(await net.save()).toEqual(await other.save());
  });

  it('refuses classes of one sample, or keeps them for training', async () => {
    const net = await createNetwork({ ...options, classes: ['a', 'b', 'c', 'd'] });
    const targets = Int32Array.from({ length: 20 }, (_, i) => (i === 6 ? 3 : i % 2));
    const data = { inputs: new Float32Array(40), targets };
    await expect(net.fit(data, { epochs: 1, validationSplit: { share: 0.2, stratify: true } })).rejects.toThrow(
      /^options\.validationSplit\.stratify: got "d" once \(row 6\), want each value twice or more; \{ singles: "training" \} leaves such rows in the training part$/,
    );
    const { last } = await net.fit(data, {
      epochs: 1,
      validationSplit: { share: 0.2, stratify: true, singles: 'training' },
    });
    expect(last?.validation?.confusion?.map((row) => row.reduce((sum, n) => sum + n))).toEqual([2, 2, 0, 0]);
  });

  describe('stratified', () => {
    /** How many samples of each label are held back, for each seed. */
    const heldOf = (labels: number[], share: number, seeds = 40) =>
      Array.from({ length: seeds }, (_, seed) => {
        const targets = Int32Array.from(labels);
        const data = {
          samples: labels.length,
          inputs: new Float32Array(2 * labels.length),
          targets,
          weights: undefined,
        };
        const { validation } = holdBack({ share, stratify: true, singles: 'training' }, data, { ...spec, seed });
        return Array.from(
          { length: Math.max(...labels) + 1 },
          (_, c) => [...validation.targets].filter((t) => t === c).length,
        );
      });
    const labelsOf = (...counts: number[]) => counts.flatMap((count, label) => new Array<number>(count).fill(label));

    it.each([
      ['four classes of three', labelsOf(3, 3, 3, 3), [1, 1, 1, 1]],
      ['classes of 2, 3, 3, 8', labelsOf(2, 3, 3, 8), [1, 1, 1, 2]],
      ['classes of 8, 3, 3, 2', labelsOf(8, 3, 3, 2), [2, 1, 1, 1]],
    ])('with a share of 0.33 %s are in both parts, as in scikit-learn', (_, labels, wanted) => {
      for (const held of heldOf(labels, 0.33)) expect(held).toEqual(wanted);
    });

    it('leaves out a class that depends on the seed, if there are too few samples for all classes', () => {
      const each = heldOf(labelsOf(...new Array<number>(10).fill(9)), 0.1, 200);
      const missing = each.map((held) => held.indexOf(0));
      for (const held of each) expect(held.toSorted()).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
      // counts of 200 draws with the probability 1/10 have a standard deviation of 4.2; five deviations are allowed
      for (let c = 0; c < 10; c++) expect(Math.abs(missing.filter((m) => m === c).length - 20)).toBeLessThan(21);
    });

    it('has rare classes in both parts, and keeps the only sample of a class for training', () => {
      for (const held of heldOf(labelsOf(100, 3, 2, 1), 0.1)) expect(held).toEqual([9, 1, 1, 0]);
      for (const held of heldOf(labelsOf(100, 3, 2, 1), 0.9)) expect(held).toEqual([92, 2, 1, 0]);
    });
  });

  it('depends only on the seed, and holds back every sample for about the same share of the seeds', () => {
    const data = samples(40);
    const held = new Array(40).fill(0);
    for (let seed = 0; seed < 400; seed++) {
      const { validation } = holdBack({ share: 0.25, stratify: seed % 2 === 0 }, data, { ...spec, seed });
      for (const name of namesOf(validation)) held[name]++;
    }
    // counts of 400 draws with the probability 1/4 have a standard deviation of 8.7; five deviations are allowed
    for (const count of held) expect(Math.abs(count - 100)).toBeLessThan(44);
    const half = { share: 0.25, stratify: false };
    expect(holdBack(half, data)).toEqual(holdBack(half, data));
  });

  it('trains with one part and validates with the other', async () => {
    const { samples: _count, ...data } = samples(50);
    // kinds of data that fit accepts: floats, rows as targets, bytes
    const given: TypedDataSet[] = [
      { ...data, inputs: data.inputs.map((x) => x / 50) },
      { inputs: Uint8Array.from(data.inputs), targets: Uint8Array.from(data.targets) },
      {
        inputs: data.inputs.map((x) => x / 50),
        targets: Float32Array.from({ length: 200 }, (_, i) => Number(i % 4 === data.targets[i >> 2])),
      },
    ];
    for (const set of given) {
      const [net, other] = [await createNetwork(options), await createNetwork(options)];
      const fit = { epochs: 3, batchSize: 4, optimizer: sgd({ learningRate: 0.5 }) };
      const reports = [...(await net.fit(set, { ...fit, validationSplit: 0.3 }))];
      const parts = holdBack(0.3, { samples: 50, weights: undefined, ...set });
      const plain = ({ inputs, targets, weights }: TypedDataSet) => ({ inputs, targets, weights });
      const expected = [...(await other.fit(plain(parts.training), { ...fit, validation: plain(parts.validation) }))];
      expect(reports.map(({ cost, validation }) => [cost, validation])).toEqual(
        expected.map(({ cost, validation }) => [cost, validation]),
      );
      expect(reports[0].validation?.samples).toBe(15);
      expect(await net.save()).toEqual(await other.save());
    }
  });

  it('refuses wrong options', async () => {
    const net = await createNetwork(options);
    const before = await net.save();
    const data = { inputs: new Float32Array(8), targets: new Uint8Array(4) };
    const rows = new Float32Array(16).fill(0.25);
    // biome-ignore lint/suspicious/noExplicitAny: what would not compile
    const wrong: [any, RegExp][] = [
      [0, /^options\.validationSplit: got 0, want a share above 0 and below 1, or a number of samples from 1 to 3: /],
      [
        4,
        /^options\.validationSplit: got 4, want a share above 0 and below 1, or a number of samples from 1 to 3: 4 % is /,
      ],
      [1.5, /^options\.validationSplit: got 1.5, want a share/],
      ['0.5', /^options\.validationSplit: got "0.5", want a share, a number of samples, or an object such as \{ share/],
      [
        { part: 0.5 },
        /^options\.validationSplit: got the unknown key "part", want share, count, stratify, group, from/,
      ],
      [{ share: Number.NaN }, /^options\.validationSplit\.share: got NaN, want/],
      [{ count: 4 }, /^options\.validationSplit\.count: got 4, want a number of samples from 1 to 3$/],
      [{ count: 0.5 }, /^options\.validationSplit\.count: got 0.5, want a number of samples/],
      [{ stratify: true }, /^options\.validationSplit: got neither share nor count, want one of them$/],
      [{ share: 0.5, count: 2 }, /^options\.validationSplit: got share and count, want one of them$/],
      [{ share: 0.5, seed: -1 }, /^options\.validationSplit\.seed: got -1, want an integer from 0/],
      [{ share: 0.5, stratify: 1 }, /^options\.validationSplit\.stratify: got 1, want true, false or an array/],
      [
        { share: 0.5, stratify: [1, 2] },
        /^options\.validationSplit\.stratify: got 2 values, want 4, one for each sample/,
      ],
      [{ share: 0.5, stratify: [1, 2, 1, 3] }, /^options\.validationSplit\.stratify: got 3 different values in 4 rows/],
      [
        { share: 0.5, group: 'person' },
        /^options\.validationSplit\.group: got "person", want an array with a value for/,
      ],
      [
        { share: 0.5, group: [1, 2, null, 1] },
        /^options\.validationSplit\.group\[2\]: got null, want a text, a boolean/,
      ],
      [{ share: 0.5, group: [1, 1, 1, 1] }, /^options\.validationSplit\.group: got 1 group for 2 parts, want at least/],
      [{ share: 0.5, from: 'start' }, /^options\.validationSplit\.from: got "start", want end$/],
      [{ share: 0.5, singles: 'training' }, /^options\.validationSplit\.singles: got "training" without stratify/],
      [
        { share: 0.5, from: 'end', stratify: true },
        /^options\.validationSplit\.stratify: got stratify and from together, want one of them$/,
      ],
      [
        { share: 0.1, from: 'end' },
        /^options\.validationSplit\.share: got 0.1 of 4 samples, want a part of at least one/,
      ],
      [0.1, /^options\.validationSplit: got 0.1 of 4 samples, want a part of at least one$/],
    ];
    for (const [validationSplit, message] of wrong) {
      await expect(net.fit(data, { epochs: 1, validationSplit })).rejects.toThrow(message);
    }
    await expect(net.fit(data, { epochs: 1, validationSplit: 0.5, validation: data })).rejects.toThrow(
      /^options\.validationSplit: got validation data too, want one of them$/,
    );
    expect(await net.save()).toEqual(before);
    const layers = [{ units: 4, activation: 'linear' as const }];
    const numbers = await createNetwork({ inputs: 2, layers });
    const stratified = { share: 0.5, stratify: true };
    await expect(numbers.fit({ ...data, targets: rows }, { epochs: 1, validationSplit: stratified })).rejects.toThrow(
      /^options\.validationSplit\.stratify: got true for a network that learns numbers, want classes \(net\.task\), false, or a value for each sample$/,
    );
    await expect(
      crossValidate({ inputs: 2, layers }, { ...data, targets: rows }, { folds: 2, stratify: true }),
    ).rejects.toThrow(/^options\.stratify: got true for a network that learns numbers, want classes/);
  });
});

describe('apportionment', () => {
  const order = (length: number) => Array.from({ length }, (_, c) => c);

  it.each([
    // Hamilton's method: 4.5, 3 and 2.5 of 10 samples, then 3.6, 1.8 and 0.6 of 6
    [[45, 30, 25], 10, [5, 3, 2]],
    [[12, 6, 2], 6, [3, 2, 1]],
    // the shares are 0.2 and 1.8, but the first class needs one sample
    [[10, 90], 2, [1, 1]],
    // more classes than samples to be held back: these go to the largest remainders, and no class is sure of one
    [[5, 3, 2, 4], 2, [1, 0, 0, 1]],
    // 0.9 of each class would leave no sample of the class of two
    [[20, 2], 20, [19, 1]],
    [[1, 1, 4], 2, [0, 0, 2]],
    [[1, 1, 1], 1, [1, 0, 0]],
    [[7], 3, [3]],
    [[7], 0, [0]],
  ])('of %j takes %i', (counts, total, wanted) => {
    expect(apportion(counts, total, order(counts.length))).toEqual(wanted);
  });

  it('gives equal remainders in the order of the ties', () => {
    expect(apportion([3, 3, 3], 4, [0, 1, 2])).toEqual([2, 1, 1]);
    expect(apportion([3, 3, 3], 4, [2, 1, 0])).toEqual([1, 1, 2]);
    expect(apportion([3, 3, 3], 5, [1, 2, 0])).toEqual([1, 2, 2]);
  });

  it('takes the given number of samples, within the bounds of each class, and as near to the shares as these allow', () => {
    const random = randomNumbers(17);
    for (let trial = 0; trial < 2000; trial++) {
      const counts = Array.from({ length: 1 + Math.floor(random() * 8) }, () => 1 + Math.floor(random() ** 3 * 40));
      const samples = counts.reduce((sum, count) => sum + count);
      const total = Math.floor(random() * (samples + 1));
      const taken = apportion(counts, total, order(counts.length));
      expect(taken.reduce((sum, count) => sum + count)).toBe(total);
      const isTaken = total >= counts.filter((count) => count > 1).length;
      const isLeft = samples - total >= counts.length;
      counts.forEach((count, c) => {
        expect(taken[c]).toBeGreaterThanOrEqual(isTaken && count > 1 ? 1 : 0);
        expect(taken[c]).toBeLessThanOrEqual(isLeft ? count - 1 : count);
      });
      // All classes have about the same share, as far as their bounds allow: if one is a sample or more above a share,
      // none is a sample or more below it.
      const shares = counts.map((count, c) => [(taken[c] - 1) / count, (taken[c] + 1) / count]);
      const above = shares.filter((_, c) => taken[c] > (isTaken && counts[c] > 1 ? 1 : 0)).map(([low]) => low);
      const below = shares.filter((_, c) => taken[c] < (isLeft ? counts[c] - 1 : counts[c])).map(([, high]) => high);
      expect(Math.max(...above, 0)).toBeLessThanOrEqual(Math.min(...below, 1));
    }
  });
});

describe('cross-validation', () => {
  const { samples: _count, ...raw } = samples(61);
  const data = { ...raw, inputs: raw.inputs.map((x) => x / 61) };

  it('has every sample in one fold, and folds of equal size; with stratify, also equal shares of the classes', () => {
    for (const stratify of [false, true]) {
      const folds = foldsOf({ ...data, samples: 61 }, 4, stratify, { ...spec, seed: 3 });
      const sizes = [0, 1, 2, 3].map((fold) => folds.filter((f) => f === fold).length);
      expect(sizes.toSorted()).toEqual([15, 15, 15, 16]);
      if (!stratify) continue;
      for (const label of [0, 1, 2, 3]) {
        const each = [0, 1, 2, 3].map((fold) => folds.filter((f, i) => f === fold && data.targets[i] === label).length);
        expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
      }
    }
    expect(foldsOf({ ...data, samples: 61 }, 4, false, { ...spec, seed: 3 })).not.toEqual(
      foldsOf({ ...data, samples: 61 }, 4, false, { ...spec, seed: 4 }),
    );
  });

  it('keeps groups together, in folds as equal as whole groups allow', async () => {
    const persons = Array.from({ length: 61 }, (_, i) => `p${(i * i) % 23}`);
    for (const seed of [0, 1, 2]) {
      const folds = foldsOf({ ...data, samples: 61 }, 4, false, { ...spec, seed }, persons);
      const sets = [0, 1, 2, 3].map((fold) => new Set(persons.filter((_, i) => folds[i] === fold)));
      expect(sets.reduce((sum, { size }) => sum + size, 0)).toBe(new Set(persons).size);
      const sizes = [0, 1, 2, 3].map((fold) => folds.filter((f) => f === fold).length);
      // a group has 6 samples at most
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2);
    }
    const { folds } = await crossValidate(options, data, { folds: 3, group: persons, epochs: 1 });
    expect(folds.reduce((sum, { validation }) => sum + validation.samples, 0)).toBe(61);
    const byValues = await crossValidate(options, data, { folds: 3, stratify: [...data.targets], epochs: 1 });
    const byClass = await crossValidate(options, data, { folds: 3, stratify: true, epochs: 1 });
    expect(byValues.folds.map(({ validation }) => validation.samples)).toEqual(
      byClass.folds.map(({ validation }) => validation.samples),
    );
  });

  it('draws the folds that lack a class which is too small for all', () => {
    const targets = Int32Array.from({ length: 90 }, (_, i) => i % 10);
    const ninety = { samples: 90, inputs: new Float32Array(180), targets, weights: undefined };
    const lacking = Array.from({ length: 200 }, (_, seed) => {
      const folds = foldsOf(ninety, 10, true, { ...spec, seed });
      return [...Array(10).keys()].find((fold) => !folds.some((f, i) => f === fold && targets[i] === 0));
    });
    // counts of 200 draws with the probability 1/10 have a standard deviation of 4.2; five deviations are allowed
    for (let fold = 0; fold < 10; fold++) {
      expect(Math.abs(lacking.filter((l) => l === fold).length - 20)).toBeLessThan(21);
    }
  });

  it('trains a network for each fold on all others, and averages the results', async () => {
    const seen: number[] = [];
    const fit = { epochs: 4, batchSize: 5, optimizer: sgd({ learningRate: 0.4 }) };
    const result = await crossValidate(options, data, {
      ...fit,
      folds: 3,
      stratify: true,
      earlyStopping: { patience: 3 },
      onFold: ({ fold }) => seen.push(fold),
    });
    expect(seen).toEqual([0, 1, 2]);
    expect(result.folds.map(({ validation }) => validation.samples).reduce((sum, count) => sum + count)).toBe(61);
    // computes the result of the second fold a second time
    const folds = foldsOf({ ...data, samples: 61 }, 3, true, spec);
    const part = (isIn: boolean): TypedDataSet => {
      const rows = Array.from({ length: 61 }, (_, i) => i).filter((i) => (folds[i] === 1) === isIn);
      return {
        inputs: Float32Array.from(rows.flatMap((i) => [data.inputs[2 * i], data.inputs[2 * i + 1]])),
        targets: Int32Array.from(rows, (i) => data.targets[i]),
        weights: Float32Array.from(rows, (i) => data.weights[i]),
      };
    };
    const net = await Network.create(options);
    const reports = [
      ...(await net.fit(part(false), { ...fit, validation: part(true), earlyStopping: { patience: 3 } })),
    ];
    expect([...result.folds[1].history].map(({ cost, validation }) => [cost, validation])).toEqual(
      reports.map(({ cost, validation }) => [cost, validation]),
    );
    expect(result.folds[1].validation).toEqual(await net.evaluate(part(true), { rocAuc: true }));
    for (const metric of ['cost', 'accuracy', 'macroF1', 'rocAuc'] as const) {
      const [p, q, r] = result.folds.map(({ validation }) => validation[metric]!);
      // with three numbers, the squared differences of all pairs add up to six times the variance
      const variance = ((p - q) ** 2 + (q - r) ** 2 + (r - p) ** 2) / 6;
      expect(variance).toBeGreaterThan(0);
      expect(Math.abs(result.mean[metric]! / ((p + q + r) / 3) - 1)).toBeLessThan(1e-14);
      expect(Math.abs(result.deviation[metric]! / Math.sqrt(variance) - 1)).toBeLessThan(1e-12);
    }
    expect(Object.keys(result.mean)).toEqual(['cost', 'accuracy', 'balancedAccuracy', 'macroF1', 'rocAuc']);
    expect(Object.keys(result.deviation)).toEqual(['cost', 'accuracy', 'balancedAccuracy', 'macroF1', 'rocAuc']);
  });

  it('keeps a given task, even if the targets would decide for another', async () => {
    const random = randomNumbers(9);
    const inputs = Float32Array.from({ length: 40 }, random);
    // each row has a single 1, so without `task` the targets would be taken for classes
    const targets = Float32Array.from({ length: 40 }, (_, i) => Number(i % 4 === 0 || i % 4 === 3));
    const two = { inputs: 2, layers: [{ units: 2 }], seed: 5 };
    for (const [task, metric] of [
      ['classes', 'accuracy'],
      ['labels', 'exactMatch'],
      ['numbers', 'r2'],
    ] as const) {
      const { folds, mean } = await crossValidate({ ...two, task }, { inputs, targets }, { folds: 2 });
      expect(folds.map(({ validation }) => validation.task)).toEqual([task, task]);
      expect(mean[metric], task).toEqual(expect.any(Number));
    }
    await expect(
      crossValidate({ ...two, task: 'numbers' }, { inputs, targets }, { folds: 2, stratify: true }),
    ).rejects.toThrow(/stratify/);
    expect((await crossValidate(two, { inputs, targets }, { folds: 2 })).folds[0].validation.task).toBe('classes');
  });

  it('averages the metrics of labels and of numbers, whichever targets a fold has', async () => {
    const random = randomNumbers(7);
    const inputs = Float32Array.from({ length: 60 }, random);
    const two = { inputs: 2, layers: [{ units: 2 }], seed: 5 };
    // only one row is not one-hot: folds without this row must not be taken for classes
    const rows = Float32Array.from({ length: 60 }, (_, i) => (i < 2 ? 1 : Number(i % 4 === 0 || i % 4 === 3)));
    const labels = await crossValidate(two, { inputs, targets: rows }, { folds: 3 });
    expect(labels.folds.map(({ validation }) => validation.task)).toEqual(['labels', 'labels', 'labels']);
    const names = ['cost', 'exactMatch', 'labelAccuracy', 'microF1', 'macroF1', 'rocAuc'] as const;
    expect(Object.keys(labels.mean)).toEqual(names);
    const layers = [{ units: 2, activation: 'linear' as const }];
    const targets = inputs.map((x) => 3 * x);
    const numbers = await crossValidate({ ...two, layers }, { inputs, targets }, { folds: 3 });
    expect(Object.keys(numbers.mean)).toEqual(['cost', 'meanAbsoluteError', 'meanSquaredError', 'r2']);
    const errors = numbers.folds.map(({ validation }) => validation.meanSquaredError!);
    expect(numbers.mean.meanSquaredError).toBeCloseTo((errors[0] + errors[1] + errors[2]) / 3, 14);
  });

  it('stratifies one-hot rows and the two values of one output as classes', () => {
    const labels = Int32Array.from({ length: 40 }, (_, i) => Number(i % 5 > 2) + Number(i % 5 > 3));
    const rows = Float32Array.from({ length: 160 }, (_, i) => Number(labels[i >> 2] === i % 4));
    const part = { samples: 40, inputs: new Float32Array(80), weights: undefined };
    const wanted = foldsOf({ ...part, targets: labels }, 4, true, spec);
    expect(foldsOf({ ...part, targets: rows }, 4, true, spec)).toEqual(wanted);
    const one = checkSpec({ ...options, layers: [{ units: 1 }] });
    const halves = foldsOf({ ...part, targets: labels.map((label) => Number(label > 0)) }, 4, true, one);
    for (const [no, yes] of [
      [0, 1],
      [-1, 1],
      [0.2, 0.7],
    ]) {
      const targets = Float64Array.from(labels, (label) => (label > 0 ? yes : no));
      expect(foldsOf({ ...part, targets }, 4, true, one)).toEqual(halves);
    }
  });

  it('treats an undefined option as one that is not given', async () => {
    const given = { validation: undefined, validationSplit: undefined, folds: undefined, onFold: undefined };
    const result = await crossValidate(options, data, given as CrossValidationOptions);
    expect(result.folds).toHaveLength(5);
    expect(result.mean).toEqual((await crossValidate(options, data)).mean);
  });

  it('refuses wrong options', async () => {
    const wrong: [object, RegExp][] = [
      [{ folds: 1 }, /^options\.folds: got 1, want an integer from 2/],
      [{ folds: 62 }, /^options\.folds: got 62, want at most one for each of 61 samples$/],
      [
        { stratify: 'labels' },
        /^options\.stratify: got "labels", want true, false or an array with a value for each sample$/,
      ],
      [{ group: [1, 2] }, /^options\.group: got 2 values, want 61, one for each sample$/],
      [{ group: Array(61).fill('a') }, /^options\.group: got 1 group, want at least one for each of 5 folds$/],
      [{ group: Array(61).fill('a'), stratify: true }, /^options\.stratify: got stratify and group together, want one/],
      [
        { stratify: Array.from({ length: 61 }, (_, i) => i === 3) },
        /^options\.stratify: got true once \(row 3\), want each value twice or more$/,
      ],
      [{ validation: data }, /^options\.validation: got one, want none: each fold serves as validation data once$/],
      [{ validationSplit: 0.5 }, /^options\.validationSplit: got one, want none/],
      [{ fold: 3 }, /^options: got the unknown key "fold", want folds, stratify, group, onFold, epochs, /],
      [{ onFold: 'log' }, /^options\.onFold: got "log", want a function$/],
    ];
    for (const [given, message] of wrong) {
      await expect(crossValidate(options, data, given as CrossValidationOptions)).rejects.toThrow(message);
    }
    await expect(crossValidate({ ...options, inputs: 0 }, data)).rejects.toThrow(/^inputs: got 0, want/);
    const nothing = undefined as unknown as NetworkOptions;
    await expect(crossValidate(nothing, data)).rejects.toThrow(
      /^network: got undefined, want an object such as \{ inputs: \.\.\. \}$/,
    );
    const none = null as unknown as CrossValidationOptions;
    await expect(crossValidate(options, data, none)).rejects.toThrow(
      /^options: got null, want an object such as \{ folds: \.\.\. \}$/,
    );
    // nothing has been trained before the error
    const misspelt = { ...options, layer: [] } as NetworkOptions;
    await expect(crossValidate(misspelt, data, { folds: 1 })).rejects.toThrow(/^network: got the unknown key "layer"/);
  });
});
