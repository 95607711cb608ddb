import { describe, expect, it } from 'vitest';
import { type DataSet, type InputArray, Network } from '../src/index.js';
import { readCsv } from '../src/io/csv.js';
import { type SplitDataOptions, splitData, splitWindows, windows } from '../src/split.js';
import { Table } from '../src/tabular.js';

const SAMPLES = 100;
/** Three classes of 60, 30 and 10 samples, as in the test of table.split. */
const labels = Array.from({ length: SAMPLES }, (_, i) => (i % 10 === 0 ? 2 : i % 10 <= 3 ? 1 : 0));
const names = labels.map((label) => 'abc'[label]);
const persons = Array.from({ length: SAMPLES }, (_, i) => `p${(i * i) % 37}`);
const ids = Array.from({ length: SAMPLES }, (_, i) => i);
const oneHot = labels.flatMap((label) => [0, 1, 2].map((c) => Number(c === label)));

type Parts = { training: Partial<DataSet>; validation?: Partial<DataSet>; test?: Partial<DataSet> };
/** The numbers of the samples in each part; the first input of a sample is its number. */
function idsOf({ training, validation, test }: Parts): number[][] {
  return [training, validation, test].map((part) => {
    const inputs = part?.inputs as ArrayLike<number | ArrayLike<number>> | undefined;
    if (!inputs) return [];
    if (typeof inputs[0] === 'object') return Array.from(inputs, (row) => (row as ArrayLike<number>)[0]);
    return Array.from(inputs as ArrayLike<number>).filter((_, i) => i % 2 === 0);
  });
}

const flat = ids.flatMap((id) => [id, -id]);
const forms: [string, DataSet][] = [
  ['rows and labels', { inputs: ids.map((id) => [id, -id]), targets: labels }],
  ['typed rows', { inputs: ids.map((id) => Float32Array.of(id, -id)), targets: Uint8Array.from(labels) }],
  ['a Float32Array', { inputs: Float32Array.from(flat), targets: Int32Array.from(labels) }],
  ['a Uint8Array', { inputs: Uint8Array.from(flat, Math.abs), targets: Uint8Array.from(labels) }],
  ['names', { inputs: flat, targets: names, classes: ['a', 'b', 'c'] }],
  [
    'one-hot rows and weights',
    { inputs: Float64Array.from(flat), targets: Float32Array.from(oneHot), weights: ids.map((id) => id + 1) },
  ],
  ['columns', { inputs: Float64Array.from(flat), targets: Float64Array.from(labels), columns: ['id', 'minus'] }],
];

describe('splitData', () => {
  it.each(forms)('of %s: each sample is in one part, in order, with its row, target and weight', (_, data) => {
    const parts = splitData(data, { validation: 0.2, test: 15, seed: 3 });
    const all = idsOf(parts);
    expect(all.map(({ length }) => length)).toEqual([65, 20, 15]);
    expect(all.flat().sort((p, q) => p - q)).toEqual(ids);
    for (const part of all) expect(part).toEqual(part.toSorted((p, q) => p - q));
    // table.split draws the same rows
    const table = Table.fromColumns({ id: ids }).split({ validation: 0.2, test: 15, seed: 3 });
    expect(all[2]).toEqual(table.test.toRecords().map(({ id }) => id));
    const { inputs, targets, weights, ...others } = parts.test;
    expect(Object.prototype.toString.call(inputs)).toBe(Object.prototype.toString.call(data.inputs));
    expect(others).toEqual({
      ...(data.classes && { classes: data.classes }),
      ...(data.columns && { columns: data.columns }),
    });
    const wanted = all[2].map((id) => labels[id]);
    const width = (targets as ArrayLike<unknown>).length / 15;
    const got = Array.from({ length: 15 }, (_x, i) => {
      const row = Array.from(targets as ArrayLike<unknown>).slice(i * width, (i + 1) * width);
      return width === 3 ? row.indexOf(1) : typeof row[0] === 'string' ? 'abc'.indexOf(row[0]) : row[0];
    });
    expect(got).toEqual(wanted);
    if (data.weights) expect(weights).toEqual(all[2].map((id) => id + 1));
  });

  it.each(forms)('of %s is stratified by class, whatever form the targets have', (_, data) => {
    for (let seed = 0; seed < 10; seed++) {
      const parts = idsOf(splitData(data, { validation: 0.2, test: 0.3, stratify: true, seed }));
      const counts = parts.map((part) => [0, 1, 2].map((c) => part.filter((id) => labels[id] === c).length));
      expect(counts).toEqual([
        [30, 15, 5],
        [12, 6, 2],
        [18, 9, 3],
      ]);
      expect(idsOf(splitData(data, { validation: 0.2, test: 0.3, stratify: names, seed }))).toEqual(parts);
    }
  });

  it.each(forms)('of %s keeps the samples of a group together', (_, data) => {
    for (let seed = 0; seed < 20; seed++) {
      const parts = idsOf(splitData(data, { validation: 0.25, test: 0.25, group: persons, seed }));
      const sets = parts.map((part) => new Set(part.map((id) => persons[id])));
      expect(sets.reduce((sum, { size }) => sum + size, 0)).toBe(new Set(persons).size);
      for (const part of parts.slice(1)) expect(Math.abs(part.length - 25)).toBeLessThanOrEqual(3);
    }
  });

  it.each(forms)('of %s from the end shares memory and rows', (_, data) => {
    const { training, test } = splitData(data, { test: 0.1, from: 'end' });
    expect(idsOf({ training, test })).toEqual([ids.slice(0, 90), [], ids.slice(90)]);
    const [given, got] = [data.inputs, test.inputs] as [InputArray, InputArray];
    if (ArrayBuffer.isView(given)) expect(got.buffer).toBe(given.buffer);
    else if (typeof given[0] === 'object') expect(got[0]).toBe(given[90]);
  });

  it('changes nothing that it was given, and copies rows that it draws from typed arrays', () => {
    const inputs = Float32Array.from(flat);
    const { test } = splitData({ inputs, targets: names }, { test: 0.5, seed: 1 });
    test.inputs.fill(7);
    expect(inputs).toEqual(Float32Array.from(flat));
  });

  it('takes what readCsv returns, and its parts go to fit and evaluate', async () => {
    const text = ['id,other,name', ...ids.map((id) => `${id},${-id},${names[id]}`)].join('\n');
    const flowers = readCsv(text, { target: 'name', labels: true });
    const { training, validation, test } = splitData(flowers, { validation: 0.1, test: 0.2, stratify: true });
    const net = await Network.create({ inputs: 2, layers: [{ units: 3, activation: 'softmax' }] });
    const { last } = await net.fit(training, { epochs: 1, validation });
    expect([last!.samples, last!.validation!.samples]).toEqual([70, 10]);
    const evaluation = await net.evaluate(test);
    expect([evaluation.samples, net.classes]).toEqual([20, ['a', 'b', 'c']]);
    const unknown = splitData({ inputs: [[1], [2], [3], [4]] }, { test: 1 });
    expect([unknown.training.inputs, unknown.test.inputs].flat()).toHaveLength(4);
  });

  it('samples of weight 0 count nowhere: the parts are those of the data without them', () => {
    const isLeft = (id: number) => id % 7 === 0 || id % 10 === 0;
    const kept = ids.filter((id) => !isLeft(id));
    const inputs = ids.map((id) => [id, -id]);
    for (const weights of [
      ids.map((id) => (isLeft(id) ? 0 : id)),
      Float32Array.from(ids, (id) => Number(!isLeft(id))),
    ]) {
      const data = { inputs, targets: names, weights };
      const without = {
        inputs: kept.map((id) => inputs[id]),
        targets: kept.map((id) => names[id]),
        weights: Array.isArray(weights) ? kept.map((id) => weights[id]) : weights.filter((weight) => weight > 0),
      };
      const picked = (values: (string | number)[]) => kept.map((id) => values[id]);
      for (const [ways, waysWithout] of [
        [{}, {}],
        [{ stratify: true }, { stratify: true }],
        [{ stratify: labels.map((label) => label % 2) }, { stratify: picked(labels.map((label) => label % 2)) }],
        [{ group: persons }, { group: picked(persons) }],
        [{ from: 'end' }, { from: 'end' }],
      ] as [SplitDataOptions, SplitDataOptions][]) {
        for (const sizes of [{ test: 0.3 }, { validation: 7, test: 0.25 }]) {
          const { rows, ...parts } = splitData(data, { ...sizes, ...ways });
          const { rows: rowsWithout, ...wanted } = splitData(without, { ...sizes, ...waysWithout });
          expect(parts).toEqual(wanted);
          for (const part of ['training', 'validation', 'test'] as const) {
            expect(rows[part]).toEqual(rowsWithout[part]?.map((row) => kept[row]));
          }
        }
      }
    }
    const { training, test } = splitData({ inputs: [[1], [2], [3], [4]], weights: [1, 0, 0, 2] }, { test: 0.5 });
    expect([...training.inputs, ...test.inputs].sort()).toEqual([[1], [4]]);
  });

  it('keeps the place of what is missing in a plain array, so that fit can name it', () => {
    // biome-ignore lint/suspicious/noSparseArray: a hole
    const inputs = [0, , 2, 3] as number[];
    for (const ways of [{ seed: 1 }, { from: 'end' }] as const) {
      const { training, test } = splitData({ inputs, weights: [1, 2, 3, 4] }, { test: 1, ...ways });
      expect([training.inputs.length, test.inputs.length]).toEqual([3, 1]);
      for (const part of [training, test]) {
        expect(Array.from(part.inputs, (x) => (x ?? 1) + 1)).toEqual(Array.from(part.weights));
      }
    }
    // biome-ignore lint/suspicious/noSparseArray: a hole
    const rows = [[0], , [2], [3]] as number[][];
    const { training, test } = splitData({ inputs: rows }, { test: 1, seed: 1 });
    expect([...training.inputs, ...test.inputs].filter((row) => row === undefined)).toHaveLength(1);
  });

  it('leaves values that occur once in the training part if it is asked to', () => {
    const targets = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'c', 'd'];
    for (let seed = 0; seed < 10; seed++) {
      const data = { inputs: targets.map((_, i) => [i]), targets };
      const { training, test } = splitData(data, { test: 4, stratify: true, singles: 'training', seed });
      expect(training.targets.filter((name) => name > 'b')).toEqual(['c', 'd']);
      expect(test.targets).toEqual(['a', 'a', 'b', 'b']);
      const table = Table.fromColumns({ targets });
      const parts = table.split({ test: 4, stratify: 'targets', singles: 'training', seed });
      expect(parts.test.toRecords().map((record) => record.targets)).toEqual(test.targets);
    }
  });

  it('needs the number of samples where flat arrays do not tell it', () => {
    const data = { inputs: Float32Array.from(flat), targets: Float32Array.from(labels) };
    expect(() => splitData(data, { test: 0.2 })).toThrow(
      'options.samples: got undefined, want the number of samples: flat arrays of numbers do not tell it',
    );
    expect(idsOf(splitData(data, { test: 0.2, samples: 100 }))).toEqual(
      idsOf(splitData({ ...data, targets: Uint8Array.from(labels) }, { test: 0.2 })),
    );
  });

  const [[, rows]] = forms;
  it.each<[string, Partial<DataSet>, SplitDataOptions, string]>([
    ['no part', rows, {}, 'options: got neither validation nor test, want one of them, or both'],
    ['a share of 1.5', rows, { test: 1.5 }, 'options.test: got 1.5, want a share above 0 and below 1, or a number of samples'],
    ['all of it', rows, { test: 0.5, validation: 0.5 }, 'options.validation and options.test: got 50 for validation and 50 for'],
    ['two ways', rows, { test: 1, from: 'end', stratify: true }, 'options.stratify: got stratify and from together'],
    ['another key', rows, { share: 0.2 } as object, 'options: got the unknown key "share", want validation, test'],
    ['no data', {}, { test: 1, samples: 3 }, 'data: got no arrays, want inputs, targets or both'],
    ['an array of rows', [[1], [2]] as never, { test: 1 }, 'data: got an array of 2, want an object: splitData({ inputs: data }, options); targets go with them: { inputs, targets }'],
    ['an array of numbers', [1, 2] as never, { test: 1 }, 'data: got an array of 2, want an object: splitData({ inputs: data }'],
    ['a typed array', new Float32Array(2) as never, { test: 1 }, 'data: got Float32Array of 8 bytes, want an object: splitData({ inputs: data }'],
    ['another key of data', { rows: 1 } as object, { test: 1 }, 'data: got the unknown key "rows", want inputs'],
    ['too few targets', { ...rows, targets: Uint8Array.of(1) }, { test: 1 }, 'data.targets: got 1 value, want 100, one for each'],
    ['too few weights', { ...rows, weights: [1] }, { test: 1 }, 'data.weights: got 1 value, want 100, one for each'],
    ['half a row', { inputs: [1, 2, 3], targets: ['a', 'b'] }, { test: 1 }, 'data.inputs: got 3 values, want the same number'],
    ['text', { ...rows, inputs: 'x' as never }, { test: 1, samples: 3 }, 'data.inputs: got "x", want a plain array or a typed'],
    ['no targets', { inputs: rows.inputs }, { test: 1, stratify: true }, 'options.stratify: got true for data without targets'],
    ['ids as classes', rows, { test: 1, stratify: ids }, 'options.stratify: got 100 different values in 100 rows'],
    ['a short group', rows, { test: 1, group: [1] }, 'options.group: got 1 value, want 100, one for each sample'],
    ['a group that is missing', rows, { test: 1, group: ids.map((id) => (id ? 1 : null)) as number[] }, 'options.group[0]: got null, want'],
    ['a sample without a weight', { ...rows, weights: [1, undefined as never, ...ids.slice(2)] }, { test: 1 }, 'data.weights[1]: got undefined, want'],
    ['a weight below 0', { ...rows, weights: ids.map((id) => id - 1) }, { test: 1 }, 'data.weights[0]: got -1, want a finite number from 0'],
    ['weights of 0', { ...rows, weights: new Float32Array(100) }, { test: 1 }, 'data.weights: got 0 for every sample, want a weight above 0'],
    ['one weight above 0', { ...rows, weights: ids.map((id) => Number(id === 5)) }, { test: 1 }, 'options.test: got 1, want'],
    ['more than what has weights', { ...rows, weights: ids.map((id) => Number(id < 9)) }, { test: 9 }, 'options.test: got 9, want a share above 0 and below 1, or a number of samples of weight above 0 from 1 to 8'],
    ['classes of targets that are numbers', { inputs: rows.inputs, targets: ids.map((id) => (id % 4) / 2) }, { test: 0.5, stratify: true }, 'options.stratify: got true for targets that are numbers (data.targets[1] is 0.5), want classes: labels, names or one-hot rows; or a value for each sample'],
    ['classes of typed numbers', { inputs: rows.inputs, targets: Float64Array.from(ids, (id) => (id % 4) / 2) }, { test: 0.5, stratify: true }, 'options.stratify: got true for targets that are numbers (data.targets[1] is 0.5)'],
    ['classes of rows of one number', { inputs: rows.inputs, targets: ids.map((id) => [(id % 4) / 2]) }, { test: 0.5, stratify: true }, 'options.stratify: got true for targets that are numbers (data.targets[1] is 0.5)'],
    ['classes of rows of numbers', { inputs: rows.inputs, targets: ids.map((id) => [id, 2, 3]) }, { test: 0.5, stratify: true }, 'options.stratify: got true for targets of several numbers or labels (row 0), want classes'],
    ['classes of rows of labels', { inputs: rows.inputs, targets: Float32Array.from({ length: 300 }, (_, i) => Number(i < 30 || i % 3 === 0)) }, { test: 0.5, stratify: true }, 'options.stratify: got true for targets of several numbers or labels (row 0), want classes'],
    ['rows that are missing', { inputs: rows.inputs, targets: ids.map((id) => (id === 3 ? (null as never) : [0, 1])) }, { test: 0.5, stratify: true }, 'data.targets[3]: got null, want a row'],
    ['a class of one sample', { inputs: rows.inputs, targets: ids.map((id) => (id === 8 ? 'odd' : 'a')) }, { test: 0.5, stratify: true }, 'options.stratify: got "odd" once (row 8), want each value twice or more; { singles: "training" } leaves such rows in the training part'],
    ['classes of one sample', { inputs: rows.inputs, targets: ids.map((id) => (id < 3 ? id : 7)) }, { test: 0.5, stratify: true }, 'options.stratify: got 0 once (row 0) and 2 more such values, want each'],
    ['values of one sample', rows, { test: 0.5, stratify: ids.map((id) => id > 98) }, 'options.stratify: got true once (row 99), want each value twice'],
    ['singles without classes', rows, { test: 0.5, singles: 'training' }, 'options.singles: got "training" without stratify, want none'],
    ['another word for singles', rows, { test: 0.5, stratify: true, singles: 'test' as never }, 'options.singles: got "test", want training'],
    ['one group', rows, { test: 1, group: labels.map(() => 1) }, 'options.group: got 1 group for 2 parts, want at least one'],
  ])('refuses %s', (_, data, options, message) => {
    expect(() => splitData(data, options)).toThrow(message);
  }); // biome-ignore format: a table

  it('has the types of the options', () => {
    const data = { inputs: Float32Array.from(flat), targets: Uint8Array.from(labels) };
    const { test, validation }: { test: typeof data; validation: undefined } = splitData(data, { test: 0.2 });
    expect([test.targets.length, validation]).toEqual([20, undefined]);
  });
});

describe('windows over rows', () => {
  const series = [1, 2, 3, 4].map((day) => [day, 10 * day]);

  it('are those of the columns, in plain and typed rows', () => {
    const wanted = windows(series, { length: 2, target: 1 });
    expect(wanted).toEqual({
      inputs: Float64Array.of(1, 10, 2, 20, 2, 20, 3, 30),
      targets: Float64Array.of(30, 40),
    });
    expect(windows(series.map((row) => Float32Array.from(row)), { length: 2, target: 1 })).toEqual(wanted); // biome-ignore format: short
    expect(windows(series, { length: 1, inputs: [1], target: [1, 0] }).targets).toEqual(
      Float64Array.of(20, 2, 30, 3, 40, 4),
    );
    const { training, test } = splitWindows(series, { length: 1, test: 1 });
    expect([[...training.targets], [...test.inputs]]).toEqual([
      [2, 20, 3, 30],
      [3, 30],
    ]);
  });

  it.each<[string, unknown, object, string]>([
    ['rows of two lengths', [[1, 2], [3]], { length: 1 }, 'series[1]: got a row of 1, want 2 numbers, as the first row has'],
    ['NaN', [[1, 2], [3, Number.NaN]], { length: 1 }, 'series[1][1] (row 1, column 1): got NaN, want a finite number'],
    ['a column that is not there', [[1], [2]], { length: 1, inputs: [1] }, 'options.inputs[0]: got 1, want an integer from 0 to 0'],
    ['a name', [[1], [2]], { length: 1, target: 'a' }, 'options.target: got "a", want an integer from 0 to 0'],
    ['no column', [[1], [2]], { length: 1, inputs: [] }, 'options.inputs: got no columns, want one or more'],
    ['a table', Table.fromColumns({ x: [1, 2] }), { length: 1 }, 'series: got an object (Table), want an array of numbers or of rows, or a typed array: windows and splitWindows of simdprop/tabular take tables'],
    ['records', [{ x: 1 }], { length: 1 }, 'series[0]: got an object (Object), want a finite number: windows and splitWindows of simdprop/tabular take'],
    ['columns of no rows', [1, 2], { length: 1, target: 0 }, 'series: got an array of 2, want an array of rows, because options.target names its columns'],
    ['empty rows', [[], []], { length: 1 }, 'series[0]: got an empty row, want one number or more'],
  ])('refuse %s', (_, given, options, message) => {
    expect(() => windows(given as number[], options as never)).toThrow(message);
  }); // biome-ignore format: a table
});
