import { readFileSync } from 'node:fs';
import { describe, expect, it, test, vi } from 'vitest';
import { Network } from '../src/index.js';
import { datePart } from '../src/tables/date-parts.js';
import { medianOf } from '../src/tables/scale.js';
import { Encoder, type EncoderOptions, Table } from '../src/tabular.js';

const FOLDER = new URL('tables/', import.meta.url);
const penguins = Table.fromCsv(readFileSync(new URL('../bench/data/penguins.csv', import.meta.url), 'utf8'));
const golden = JSON.parse(readFileSync(new URL('golden-penguins.json', FOLDER), 'utf8'));
const NUMBERS = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'];

/** The inputs of the rows that are in the golden file, one array a row. */
function encoded(options: EncoderOptions): number[][] {
  const encoder = Encoder.fit(penguins, options);
  const values = encoder.encodeInputs(penguins.pick(golden.rows), 'float64');
  return golden.rows.map((_: number, i: number) => [...values.slice(i * encoder.width, (i + 1) * encoder.width)]);
}

/** Compares numbers that a sum of 344 doubles may round differently. */
function expectClose(got: number[][], wanted: number[][]): void {
  let worst = 0;
  expect(got.map((row) => row.length)).toEqual(wanted.map((row) => row.length));
  for (const [i, row] of wanted.entries())
    for (const [k, x] of row.entries()) worst = Math.max(worst, Math.abs(got[i][k] - x));
  expect(worst).toBeLessThan(344 * 2 ** -52);
}

describe('scikit-learn encodes penguins in the same way:', () => {
  test.each(['median', 'mean'] as const)('missing numbers as %s, scaled', (missing) => {
    expectClose(encoded({ inputs: NUMBERS, missing, markMissing: false }), golden[missing]);
  });

  it('with inputs that mark missing values', () => {
    const marked = encoded({ inputs: NUMBERS }).map((row) => row.filter((_, k) => k % 2 === 1));
    expect(marked).toEqual(golden.marks);
  });

  it('categories one-hot, missing ones with an input of their own', () => {
    expect(encoded({ inputs: ['Island'] })).toEqual(golden.island);
    expect(encoded({ inputs: ['Sex'] })).toEqual(golden.sex);
  });

  it('ordinal categories, scaled', () => {
    expectClose(encoded({ inputs: ['Species'], encodings: { Species: 'ordinal' } }), golden.speciesOrdinal);
  });

  it('rare categories, and unseen ones', () => {
    expect(encoded({ inputs: ['Island'], rare: 100 })).toEqual(golden.rareIsland);
    const encoder = Encoder.fit(penguins, { inputs: ['Island'], rare: 100 });
    expect(encoder.inputs).toEqual(['Island=Biscoe', 'Island=Dream', 'Island other']);
    expect([...encoder.encodeInputs([{ Island: 'Elephant' }])]).toEqual(golden.unseenIsland[0]);
  });
});

describe('an encoder', () => {
  const rows = Table.fromRecords([
    { size: 1, color: 'red', is: true, when: '2024-01-01', y: 10 },
    { size: 3, color: 'blue', is: false, when: '2024-07-01', y: 20 },
    { size: null, color: null, is: null, when: null, y: 30 },
    { size: 8, color: 'red', is: true, when: '2024-04-01', y: 40 },
  ]);

  it('names its inputs and its columns', () => {
    const encoder = Encoder.fit(rows, { target: 'y' });
    expect(encoder.columns).toEqual(['size', 'color', 'is', 'when']);
    expect(encoder.inputs).toEqual([
      'size',
      'size missing',
      'color=blue',
      'color=red',
      'color missing',
      'is',
      'is missing',
      'when elapsed',
      'when month sine',
      'when month cosine',
      'when missing',
    ]);
    expect(encoder.width).toBe(11);
    expect(encoder.widths.reduce((sum, width) => sum + width, 0)).toBe(encoder.width);
    expect([encoder.targets, encoder.task, encoder.classes]).toEqual([['y'], 'numbers', undefined]);
    expect(encoder.kinds).toEqual({ size: 'number', color: 'category', is: 'boolean', when: 'date', y: 'number' });
  });

  it('encodes tables and records, with or without the target', () => {
    const encoder = Encoder.fit(rows, { inputs: ['size', 'color', 'is'], target: 'y', encodings: { size: 'asIs' } });
    const { inputs, targets, columns } = encoder.encode(rows);
    expect(columns).toEqual(encoder.inputs);
    expect([...inputs]).toEqual([
      ...[1, 0, 0, 1, 0, 1, 0],
      ...[3, 0, 1, 0, 0, 0, 0],
      ...[3, 1, 0, 0, 1, 1, 1],
      ...[8, 0, 0, 1, 0, 1, 0],
    ]);
    expect(targets).toEqual(Float64Array.of(10, 20, 30, 40));
    expect(encoder.encode(rows.toRecords())).toEqual({ inputs, targets, columns });
    const [first] = rows.toRecords();
    expect(encoder.encodeInputs([{ size: '1', color: 'red', is: true, more: { a: 1 } }])).toEqual(inputs.slice(0, 7));
    expect(first.size).toBe(1);
  });

  it('gives unseen and missing categories zeros if the training data had none that are rare or missing', () => {
    const full = Encoder.fit(rows.withoutMissing(), { inputs: ['color', 'size'] });
    expect(full.inputs).toEqual(['color=blue', 'color=red', 'size']);
    const [blue, red, size] = full.encodeInputs([{ color: 'green', size: null }], 'float64');
    // a missing number becomes the median, 3
    expect([blue, red]).toEqual([0, 0]);
    expect(size).toBe((3 - 4) / Math.sqrt(26 / 3));
    const rare = Encoder.fit(rows, { inputs: ['color'], rare: 2, markMissing: false });
    expect(rare.inputs).toEqual(['color=red', 'color other']);
    expect([...rare.encodeInputs(rows)]).toEqual([1, 0, 0, 1, 0, 1, 1, 0]);
  });

  it('has ordinal places in the given order, and counts unseen categories as missing', () => {
    const encoder = Encoder.fit(rows, {
      inputs: ['color'],
      encodings: { color: { as: 'ordinal', order: ['red', 'green', 'blue'], missing: 1, markMissing: false } },
    });
    const [r, b, missing, green, unseen] = encoder.encodeInputs(
      ['red', 'blue', null, 'green', 'black'].map((color) => ({ color })),
      'float64',
    );
    expect(missing).toBe(green);
    expect(unseen).toBe(missing);
    expect((b - missing) / (missing - r)).toBeCloseTo(1, 12);
  });

  it('turns dates into parts, and parts that repeat into places on circles', () => {
    const times = Table.fromColumns({ t: ['2024-02-29T00:00', '2024-03-01T06:00', '2024-12-31T18:00'] });
    expect(Encoder.fit(times).inputs).toEqual([
      't elapsed',
      ...['month', 'day', 'weekday', 'hour'].flatMap((part) => [`t ${part} sine`, `t ${part} cosine`]),
    ]);
    const encoder = Encoder.fit(times, { encodings: { t: { parts: ['month', 'day', 'weekday', 'hour'] } } });
    const circle = (share: number) => [Math.sin(2 * Math.PI * share), Math.cos(2 * Math.PI * share)];
    // February 29 was a Thursday, March 1 a Friday, December 31 a Tuesday
    const wanted = [
      [1 / 12, 28 / 29, 3 / 7, 0],
      [2 / 12, 0, 4 / 7, 1 / 4],
      [11 / 12, 30 / 31, 1 / 7, 3 / 4],
    ];
    const values = encoder.encodeInputs(times, 'float64');
    wanted
      .flat()
      .flatMap(circle)
      .forEach((x, i) => {
        expect(Math.abs(values[i] - x)).toBeLessThan(2 ** -49);
      });
    const yearly = Table.fromColumns({ t: ['1970-01-01', '1971-01-01', '1973-01-01'] });
    expect(Encoder.fit(yearly).inputs).toEqual(['t elapsed']);
    expect([...Encoder.fit(yearly, { encodings: { t: { parts: ['year'] } } }).encodeInputs([{ t: null }])]).toEqual([
      expect.closeTo(-1 / 3 / Math.sqrt(14 / 9), 6),
    ]);
  });

  it('reads the calendar as Date does', () => {
    const days = Array.from({ length: 20_000 }, (_, i) => (i - 10_000) * 97 + ((i * i) % 89));
    for (const time of days.map((day) => day * 86_400_000 + ((day * day * 7919) % 86_400_000))) {
      const date = new Date(time);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      const last = new Date(0);
      last.setUTCFullYear(year, month + 1, 0);
      const parts = (['year', 'month', 'day', 'weekday'] as const).map((part) => datePart(part, time));
      const wanted = [year, month / 12, (date.getUTCDate() - 1) / last.getUTCDate(), ((date.getUTCDay() + 6) % 7) / 7];
      if (parts.some((value, i) => value !== wanted[i])) expect([date, parts]).toEqual([date, wanted]);
    }
  });

  it('scales constants to 0, and numbers of any size in doubles', () => {
    const of = (values: number[]) => [
      ...Encoder.fit(Table.fromColumns({ x: values })).encodeInputs(Table.fromColumns({ x: values }), 'float64'),
    ];
    expect(of([0.1, 0.1, 0.1])).toEqual([0, 0, 0]);
    const large = of([1e15, 1e15 + 1, 1e15 + 2]);
    expect(large).toEqual([-Math.sqrt(1.5), 0, Math.sqrt(1.5)].map((x) => expect.closeTo(x, 12)));
    const tiny = of([0, 1e-300, 2e-300]);
    expect(tiny.every((x) => Number.isFinite(x) && Math.abs(x) <= 1)).toBe(true);
    expect(() => of([-1e300, 1e300])).toThrow(
      'column "x": got numbers from -1e+300 to 1e+300, want numbers whose squares',
    );
    const encoder = Encoder.fit(Table.fromColumns({ x: [0, 1e-9] }));
    expect(() => encoder.encodeInputs([{ x: 1 }, { x: 1e300 }])).toThrow(
      'row 1, column "x": got 1e+300, want a number that',
    );
  });

  it('keeps its bits in JSON', () => {
    for (const options of [
      { target: 'Species', rare: 60 },
      { encodings: { Species: 'ordinal' } },
      { inputs: NUMBERS },
    ] as const) {
      const encoder = Encoder.fit(penguins, options);
      const copy = Encoder.fromJSON(JSON.parse(JSON.stringify(encoder)));
      expect(copy.toJSON()).toEqual(encoder.toJSON());
      expect(copy.encodeInputs(penguins, 'float64')).toEqual(encoder.encodeInputs(penguins, 'float64'));
      expect([copy.inputs, copy.classes, copy.kinds]).toEqual([encoder.inputs, encoder.classes, encoder.kinds]);
    }
    const hostile = Table.fromRecords(JSON.parse('[{"__proto__": 1}, {"__proto__": 2}]'));
    const encoder = Encoder.fromJSON(JSON.parse(JSON.stringify(Encoder.fit(hostile))));
    expect([...encoder.encodeInputs(hostile)]).toEqual([-1, 1]);
    expect(Object.keys(encoder.kinds)).toEqual(['__proto__']);
  });

  test.each<[string, EncoderOptions, string]>([
    ['no column', { inputs: ['z'] }, 'options.inputs[0]: got "z", want one of "size", "color"'],
    ['no inputs', { inputs: [] }, 'options.inputs: got no columns, want one or more'],
    ['a target as input', { inputs: ['y'], target: 'y' }, 'options.inputs[0]: got the target "y", want another column'],
    ['an input twice', { inputs: ['size', 'size'] }, 'options.inputs[1]: got "size" twice, want another column'],
    ['no target', { target: 'Y' }, 'options.target: got "Y", want "y", which differs in case or blanks'],
    ['a target twice', { target: ['y', 'y'] }, 'options.target: got "y" twice, want columns that differ'],
    [
      'a date as target',
      { target: 'when' },
      'options.target: got "when", of dates, want a column of numbers, categories',
    ],
    [
      'mixed targets',
      { target: ['y', 'is'] },
      'options.target: got "y" (number), "is" (boolean), want one category, or',
    ],
    ['a missing target', { target: 'color' }, 'missing values: got 1 in "color", want none in targets: table.without'],
    [
      'refused ones',
      { missing: 'refuse' },
      'missing values: got 1 in "size", 1 in "color", 1 in "is", 1 in "when", want none',
    ],
    ['an encoding of none', { encodings: { z: 'scale' } }, 'options.encodings: got "z", want the names of inputs'],
    [
      'another encoding',
      { encodings: { size: 'oneHot' } },
      'options.encodings["size"]: got "oneHot", want scale or asIs for a',
    ],
    [
      'no encoding',
      { encodings: { size: 'x' as never } },
      'options.encodings["size"]: got "x", want scale or asIs for a number',
    ],
    [
      'an unused option',
      { encodings: { size: { rare: 2 } } },
      'options.encodings["size"].rare: got rare for the encoding',
    ],
    [
      'an unused rule',
      { encodings: { color: { missing: 'mean' } } },
      'options.encodings["color"].missing: got "mean", want',
    ],
    [
      'an order that lacks one',
      { encodings: { color: { as: 'ordinal', order: ['red'] } } },
      'options.encodings["color"].order: got no "blue"',
    ],
    [
      'a part of no date',
      { encodings: { when: { parts: ['week' as never] } } },
      'options.encodings["when"].parts[0]: got "week"',
    ],
    ['a rule', { missing: 'zero' as never }, 'options.missing: got "zero", want one of mean, median, refuse'],
    ['rare', { rare: 0 }, 'options.rare: got 0, want an integer from 1'],
    [
      'an unknown option',
      { target: 'y', scale: true } as never,
      'options: got the unknown key "scale", want target, inputs',
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => Encoder.fit(rows, options)).toThrow(message);
  });

  it('cannot be set', () => {
    const fitted = Encoder.fit(rows.withoutMissing(), { target: 'color' });
    for (const encoder of [fitted, Encoder.fromJSON(JSON.parse(JSON.stringify(fitted)))]) {
      for (const key of ['columns', 'inputs', 'width', 'targets', 'task', 'classes'] as const) {
        expect(() => Object.assign(encoder, { [key]: 9 })).toThrow(TypeError);
        const value = encoder[key];
        if (typeof value === 'object') expect(() => Object.assign(value, ['z'])).toThrow(TypeError);
      }
    }
  });

  it('has the kinds that its messages name, for data with and without the targets', () => {
    const training = Table.fromCsv('zone,churn\nA1,yes\n2,no\n2,no\n');
    const encoder = Encoder.fit(training, { target: 'churn' });
    const unlabelled = 'zone\n2\n7\n';
    const labelled = 'zone,churn\n2,yes\n';
    expect(() => encoder.encodeInputs(Table.fromCsv(unlabelled))).toThrow('{ kinds: encoder.inputKinds }');
    expect([...encoder.encodeInputs(Table.fromCsv(unlabelled, { kinds: encoder.inputKinds }))]).toEqual([1, 0, 0, 0]);
    expect(() => encoder.encode(Table.fromCsv(labelled))).toThrow('{ kinds: encoder.kinds }');
    expect([...encoder.encode(Table.fromCsv(labelled, { kinds: encoder.kinds })).targets]).toEqual([1]);
    expect(Object.keys(encoder.inputKinds)).toEqual(['zone']);
  });

  it('refuses data of other columns or kinds, and says how to read them', () => {
    const encoder = Encoder.fit(rows, { inputs: ['size', 'color'] });
    expect(() => encoder.encodeInputs(rows.without(['size']))).toThrow(
      'data: got no column "size", want it among "color"',
    );
    expect(() => encoder.encodeInputs(Table.fromColumns({ size: [1], color: [2] }))).toThrow(
      'column "color": got the kind number, want category, as in the training data: { kinds: encoder.inputKinds }',
    );
    expect(() => encoder.encodeInputs([{ size: 1 }])).toThrow(
      'data: got records of "size" without "color", want it too, or null if it is missing',
    );
    expect(() => encoder.encodeInputs([{ size: 'big', color: 'red' }])).toThrow(
      'data[0], column "size": got "big", want a number',
    );
    expect(() => encoder.encodeInputs([])).toThrow('data: got no records, want one or more');
    expect(() => encoder.encodeInputs({} as never)).toThrow(
      'data: got an object (Object), want a Table, or an array of',
    );
    expect(() => encoder.encode(rows)).toThrow(
      'encode: got an encoder without a target, want options.target, or encodeInputs',
    );
    const strict = Encoder.fit(rows.withoutMissing(), { inputs: ['size', 'color'], missing: 'refuse' });
    expect(() => strict.encodeInputs(rows)).toThrow('missing values: got 1 in "size", 1 in "color", want none');
  });
});

describe('targets and answers', () => {
  const rows = Table.fromRecords([
    { x: 1, color: 'red', a: true, b: false, n: 1, m: 2 },
    { x: 2, color: 'blue', a: false, b: false, n: 3, m: 4 },
    { x: 3, color: 'black', a: true, b: true, n: 5, m: 6 },
  ]);
  const fit = (target: string | string[]) => Encoder.fit(rows, { inputs: ['x'], target });

  it('of a category are labels and names', () => {
    const encoder = fit('color');
    expect([encoder.task, encoder.classes]).toEqual(['classes', ['black', 'blue', 'red']]);
    expect(encoder.encode(rows).targets).toEqual(Int32Array.of(2, 1, 0));
    expect(encoder.decode(Float32Array.of(0.1, 0.2, 0.7, 0.6, 0.3, 0.1), 2)).toEqual(['red', 'black']);
    expect(() => encoder.encode([{ x: 1, color: 'green' }])).toThrow(
      'row 0, column "color": got "green", want a class of',
    );
    expect(() => encoder.encode([{ x: 1, color: null }])).toThrow(
      'missing values: got 1 in "color", want none in targets',
    );
    const two = Encoder.fit(rows.slice(0, 2), { inputs: ['x'], target: 'color' });
    expect([two.decode([0.4, 0.6], 2), two.decode([0.4, 0.6], 1)]).toEqual([['blue', 'red'], ['red']]);
  });

  it('of booleans are one label, or rows of them', () => {
    expect(fit('a').encode(rows).targets).toEqual(Int32Array.of(1, 0, 1));
    expect(fit('a').classes).toEqual(['false', 'true']);
    expect(fit('a').decode([0.6, 0.2], 2)).toEqual([true, false]);
    expect(fit('a').decode([0.6, 0.2], 2, 0.7)).toEqual([false, false]);
    expect(fit(['a', 'b']).task).toBe('labels');
    expect(fit(['a', 'b']).encode(rows).targets).toEqual(Float32Array.of(1, 0, 0, 0, 1, 1));
    expect(fit(['a', 'b']).decode([0.9, 0.1], 1)).toEqual([{ a: true, b: false }]);
  });

  it('of numbers are numbers, in their own units', () => {
    expect(fit('n').encode(rows).targets).toEqual(Float64Array.of(1, 3, 5));
    expect(fit('n').decode(Float32Array.of(2.5, -1), 2)).toEqual([2.5, -1]);
    expect(fit(['n', 'm']).encode(rows).targets).toEqual(Float64Array.of(1, 2, 3, 4, 5, 6));
    expect(fit(['n', 'm']).decode([7, 8], 1)).toEqual([{ n: 7, m: 8 }]);
  });

  it('are refused if the outputs do not fit', () => {
    expect(() => fit('color').decode([1, 2], 1)).toThrow('outputs: got 2 outputs for 1 row, want 3 for each row');
    expect(() => fit('a').decode([1, 2, 3], 1)).toThrow('outputs: got 3 outputs for 1 row, want 1 or 2 for each row');
    expect(() => Encoder.fit(rows).decode([1], 1)).toThrow('decode: got outputs for an encoder without a target');
  });

  it('train a network', async () => {
    const { training, test: last } = penguins.split({ test: 0.3, stratify: 'Species', seed: 1 });
    const encoder = Encoder.fit(training, { target: 'Species' });
    const layers = [
      { units: 8, activation: 'tanh' as const },
      { units: 3, activation: 'softmax' as const },
    ];
    const net = await Network.create({ inputs: encoder.width, layers, seed: 1 });
    await net.fit(encoder.encode(training), { epochs: 40 });
    expect((await net.evaluate(encoder.encode(last))).accuracy).toBeGreaterThan(0.95);
    const answers = encoder.decode(net.predict(encoder.encodeInputs(last)), last.rows);
    const right = last.toRecords().filter(({ Species }, row) => Species === answers[row]);
    expect(right.length / last.rows).toBe((await net.evaluate(encoder.encode(last))).accuracy);
    net.dispose();
  });

  it('returns names with the data, which a network keeps', async () => {
    const table = Table.fromColumns({ x: [1, 2, 3, 4], c: ['a', 'b', 'a', 'b'], p: [true, false, true, false], q: [false, false, true, true] }); // biome-ignore format: short
    const netOf = (outputs: number) => Network.create({ inputs: 1, layers: [{ units: outputs, activation: outputs > 1 ? 'sigmoid' : 'linear' }] }); // biome-ignore format: short
    for (const [target, classes] of [
      ['c', ['a', 'b']],
      ['p', ['false', 'true']],
      [
        ['p', 'q'],
        ['p', 'q'],
      ],
    ] as const) {
      const encoder = Encoder.fit(table, { inputs: ['x'], target });
      const net = await netOf(2);
      await net.fit(encoder.encode(table), { epochs: 1, validation: encoder.encode(table.slice(0, 2)) });
      expect([net.classes, net.columns]).toEqual([classes, ['x']]);
      expect((await Network.load(await net.save())).columns).toEqual(['x']);
      const other = Encoder.fit(table, { inputs: ['p'], target: 'c' });
      await expect(net.fit(other.encode(table))).rejects.toThrow('data.c'); // other classes or columns are refused
    }
    const numbers = Encoder.fit(table, { inputs: ['c'], target: 'x' }).encode(table);
    expect([numbers.classes, numbers.columns]).toEqual([undefined, ['c=a', 'c=b']]);
    // names that are empty or too long for a network
    const empty = Table.fromColumns({ '': [1, 2], long: ['y'.repeat(2000), 'z'] }, { kinds: { long: 'category' } });
    const { classes, columns } = Encoder.fit(empty, { target: 'long' }).encode(empty);
    expect([classes, columns]).toEqual([undefined, undefined]);
  });

  it('refuses inputs that would take more than 2 GiB, before it allocates them, and names the widest column', () => {
    const ids = Array.from({ length: 30_000 }, (_, i) => `id ${i}`);
    const table = Table.fromColumns({ x: ids.map((_, i) => i), id: ids }, { kinds: { id: 'category' } });
    const encoder = Encoder.fit(table, { target: 'x' });
    const wanted =
      'got 30000 rows of 30000 inputs (3.4 GiB), 30000 of them for "id" of 30000 categories, want at most 2 GiB: ' +
      'parts of the rows, such as table.slice(from, to) for fitStream; a larger options.rare, ' +
      'encodings: { [column]: "ordinal" }, or fewer columns in options.inputs';
    expect(() => encoder.encode(table)).toThrow(`encode: ${wanted}`);
    expect(() => encoder.encodeInputs(table)).toThrow(`encodeInputs: ${wanted}`);
    expect(() => encoder.encodeInputs(table.slice(0, 10_000), 'float64')).toThrow('(2.2 GiB)');
    expect(encoder.encodeInputs(table.slice(0, 100)).length).toBe(3_000_000);
  });

  it('says so if the engine cannot allocate the inputs', () => {
    const table = Table.fromRecords([{ color: 'red' }, { color: 'blue' }, { color: null }]);
    const encoder = Encoder.fit(table, { inputs: ['color'] });
    vi.stubGlobal(
      'Float32Array',
      class {
        constructor() {
          throw new RangeError('Array buffer allocation failed');
        }
      },
    );
    try {
      expect(() => encoder.encodeInputs(table)).toThrow(
        'encodeInputs: got 3 rows of 3 inputs (0.0 GiB), 3 of them for "color" of 2 categories, want what this engine can allocate: parts',
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('an encoder from a file', () => {
  const json = () => JSON.parse(JSON.stringify(Encoder.fit(penguins, { target: 'Species' })));
  const withInput = (change: object) => {
    const all = json();
    Object.assign(all.inputs[1], change);
    return all;
  };
  const scale = { fill: 1, mean: 0, deviation: 1 };

  test.each<[unknown, string]>([
    [null, 'encoder: got null, want an object'],
    [{}, 'encoder.version: got none, want 1: a newer simdprop may read it'],
    [{ ...json(), version: 2 }, 'encoder.version: got 2, want 1'],
    [{ ...json(), more: 1 }, 'encoder: got the unknown key "more", want version, inputs, targets'],
    [{ ...json(), inputs: {} }, 'encoder.inputs: got an object (Object), want an array'],
    [{ ...json(), inputs: [] }, 'encoder.inputs: got none, want one or more'],
    [{ ...json(), inputs: [null] }, 'encoder.inputs[0]: got null, want an object'],
    // biome-ignore lint/suspicious/noSparseArray: what is tested
    [{ ...json(), inputs: [,] }, 'encoder.inputs[0]: got undefined, want an object'],
    [{ ...json(), targets: [{ column: 'Sex', kind: 'number' }] }, 'encoder: got "Sex" more than once, want names'],
    [
      { ...json(), targets: [{ column: 'y', kind: 'date' }] },
      'encoder.targets[0].kind: got "date", want one of number',
    ],
    [
      { ...json(), targets: [{ column: 'y', kind: 'category', categories: [] }] },
      'encoder.targets[0].categories: got none',
    ],
    [
      withInput({ kind: 'tree' }),
      'encoder.inputs[1].kind: got "tree", want one of number, boolean, ordinal, oneHot, date',
    ],
    [withInput({ column: 1 }), 'encoder.inputs[1].column: got 1, want a text'],
    [withInput({ more: 1 }), 'encoder.inputs[1]: got the unknown key "more"'],
    [withInput({ marksMissing: 1 }), 'encoder.inputs[1].marksMissing: got 1, want true or false'],
    [
      withInput({ scale: { ...scale, deviation: 0 } }),
      'encoder.inputs[1].scale.deviation: got 0, want a finite number above',
    ],
    [withInput({ scale: { ...scale, mean: null } }), 'encoder.inputs[1].scale.mean: got null, want a finite number'],
    [withInput({ scale: { ...scale, fill: '1' } }), 'encoder.inputs[1].scale.fill: got "1", want a finite number'],
    [withInput({ scale: undefined }), 'encoder.inputs[1].scale: got undefined, want an object'],
  ])('is refused: %#', (value, message) => {
    expect(() => Encoder.fromJSON(value)).toThrow(message);
  });
});

it('the median is that of the sorted values, in any order of them', () => {
  const orders: number[][] = [
    [3],
    [2, 1],
    [5, 5, 5, 5],
    Array.from({ length: 1001 }, (_, i) => (i * 7919) % 1001),
    Array.from({ length: 1000 }, (_, i) => i),
    Array.from({ length: 1000 }, (_, i) => 1000 - i),
    Array.from({ length: 1000 }, (_, i) => Math.min(i, 999 - i)),
    Array.from({ length: 1000 }, (_, i) => i % 3),
  ];
  for (const values of orders) {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = (sorted[Math.floor((values.length - 1) / 2)] + sorted[values.length >> 1]) / 2;
    expect(medianOf(Float64Array.from(values))).toBe(middle);
  }
});
