import { describe, expect, it, test } from 'vitest';
import {
  type DateColumn,
  type SplitWindowOptions,
  type SplitWindows,
  splitWindows,
  Table,
  type TableSplitOptions,
  type Windows,
  windows,
} from '../src/tabular.js';

const ROWS = 100;
/** Rows of 3 classes of 60, 30 and 10 rows, and of 21 persons. */
const table = Table.fromColumns({
  id: Array.from({ length: ROWS }, (_, i) => i),
  class: Array.from({ length: ROWS }, (_, i) => (i % 10 === 0 ? 'c' : i % 10 <= 3 ? 'b' : 'a')),
  person: Array.from({ length: ROWS }, (_, i) => (i * i) % 37),
  rare: Array.from({ length: ROWS }, (_, i) => (i === 4 ? 'x' : i === 9 ? 'y' : 'z')),
  gap: Array.from({ length: ROWS }, (_, i) => (i === 7 || i === 9 ? null : i % 2)),
  hole: Array.from({ length: ROWS }, (_, i) => (i === 6 ? null : i % 2)),
});
const idsOf = (part: Table | undefined) => (part ? part.toRecords().map(({ id }) => id as number) : []);
const valuesOf = (part: Table, name: string) => part.toRecords().map((record) => record[name]);

describe('a split', () => {
  it('puts each row into one part, in order, by share or by number', () => {
    const { training, validation, test: last } = table.split({ validation: 0.2, test: 15, seed: 3 });
    expect([training.rows, validation.rows, last.rows]).toEqual([65, 20, 15]);
    const all = [training, validation, last].map(idsOf);
    expect(all.flat().sort((a, b) => a - b)).toEqual(idsOf(table));
    for (const ids of all) expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(idsOf(last)).not.toEqual(idsOf(table).slice(-15));
    expect(training.columns).toEqual(table.columns);
    const { validation: none } = table.split({ test: 0.5 });
    expect(none).toBeUndefined();
  });

  it('depends only on the seed', () => {
    const drawn = (seed?: number) => idsOf(table.split({ test: 0.3, seed }).test);
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
    expect(drawn()).toEqual(drawn(0));
  });

  it('gives each part the same share of each value if it is stratified', () => {
    const count = (part: Table) =>
      ['a', 'b', 'c'].map((name) => valuesOf(part, 'class').filter((c) => c === name).length);
    for (let seed = 0; seed < 10; seed++) {
      const { training, validation, test: last } = table.split({ validation: 0.2, test: 0.3, stratify: 'class', seed });
      expect([training, validation, last].map(count)).toEqual([
        [30, 15, 5],
        [12, 6, 2],
        [18, 9, 3],
      ]);
    }
    // in the test part of 3 rows, one has a missing value: missing values are stratified like any other value
    const gaps = table.split({ test: 0.1, stratify: 'gap' }).test;
    expect(valuesOf(gaps, 'gap').filter((value) => value === null).length).toBe(1);
  });

  it('keeps the rows of a group together', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { training, validation, test: last } = table.split({ validation: 0.25, test: 0.25, group: 'person', seed });
      const persons = [training, validation, last].map((part) => new Set(valuesOf(part, 'person')));
      for (const [p, q] of [
        [0, 1],
        [0, 2],
        [1, 2],
      ]) {
        expect([...persons[p]].filter((person) => persons[q].has(person))).toEqual([]);
      }
      expect(training.rows + validation.rows + last.rows).toBe(ROWS);
      // a group has at most 6 rows
      for (const part of [validation, last]) expect(Math.abs(part.rows - 25)).toBeLessThanOrEqual(3);
    }
  });

  it('has at least one group in each part, however large the groups are', () => {
    for (const sizes of [
      [1, 99],
      [99, 1],
      [50, 49, 1],
      [1, 1, 98],
      [98, 1, 1],
    ]) {
      const groups = sizes.flatMap((size, g) => Array.from({ length: size }, () => g));
      const both = sizes.length > 2;
      for (let seed = 0; seed < 6; seed++) {
        const options = { test: 0.9, ...(both && { test: 0.45, validation: 0.45 }), group: 'g', seed };
        const { training, validation, test: last } = Table.fromColumns({ g: groups }).split(options);
        expect([training, last, ...(both ? [validation] : [])].every((part) => part && part.rows > 0)).toBe(true);
      }
    }
  });

  it('says which rows are in each part', () => {
    for (const ways of [{ seed: 5 }, { stratify: 'class' }, { group: 'person' }, { from: 'end' }] as const) {
      const { rows, ...parts } = table.split({ validation: 0.2, test: 15, ...ways });
      // the id of a row is its number
      for (const part of ['training', 'validation', 'test'] as const) {
        expect(Array.from(rows[part])).toEqual(idsOf(parts[part]));
      }
    }
    expect(table.split({ test: 0.5 }).rows.validation).toBeUndefined();
  });

  it('is refused with a seed if nothing is drawn', () => {
    expect(() => table.split({ test: 5, from: 'end', seed: 1 })).toThrow(
      'options.seed: got 1 with from: "end", want none: the last rows are taken, and nothing is drawn',
    );
  });

  it('from the end shares the values', () => {
    const { training, validation, test: last } = table.split({ validation: 0.2, test: 0.1, from: 'end' });
    expect([training, validation, last].map((part) => [idsOf(part)[0], part.rows])).toEqual([
      [0, 70],
      [70, 20],
      [90, 10],
    ]);
    const bufferOf = (part: Table) => {
      const column = part.column('id');
      return column.kind === 'number' && column.values.buffer;
    };
    expect(bufferOf(last)).toBe(bufferOf(table));
  });

  test.each<[object, string]>([
    [{}, 'options: got neither validation nor test, want one of them, or both'],
    [{ test: 0 }, 'options.test: got 0, want a share above 0 and below 1, or a number of rows from 1 to 99'],
    [{ test: 1.5 }, 'options.test: got 1.5, want a share'],
    [{ test: 100 }, 'options.test: got 100, want a share'],
    [{ test: '0.2' }, 'options.test: got "0.2", want a share'],
    [{ test: 0.001 }, 'options.test: got 0.001 of 100 rows, want a part of at least one'],
    [
      { test: 0.5, validation: 0.5 },
      'options.validation and options.test: got 50 for validation and 50 for the test, of',
    ],
    [{ test: 0.2, seed: -1 }, 'options.seed: got -1, want an integer from 0'],
    [{ test: 0.2, from: 'start' }, 'options.from: got "start", want end'],
    [{ test: 0.2, from: 'end', group: 'person' }, 'options.group: got group and from together, want one of them'],
    [{ test: 0.2, stratify: 'class', group: 'person' }, 'options.stratify: got stratify and group together, want one'],
    [{ test: 0.2, stratify: 'Class' }, 'options.stratify: got "Class", want "class", which differs in case or blanks'],
    [{ test: 0.2, stratify: 'id' }, 'options.stratify: got "id", with 100 different values in 100 rows, want values'],
    [
      { test: 0.2, stratify: 'rare' },
      'options.stratify: got "x" once (row 4) and 1 more such value, want each value twice',
    ],
    [
      { test: 0.2, stratify: 'hole' },
      'options.stratify: got a missing value once (row 6), want each value twice or more',
    ],
    [
      { test: 0.2, stratify: 'id', singles: 'training' },
      'options.stratify: got "id", with 100 different values in 100 rows, want values that repeat: 20 rows or more must',
    ],
    [{ test: 0.2, singles: 'training' }, 'options.singles: got "training" without stratify, want none'],
    [{ test: 0.2, group: 'gap' }, 'options.group: got "gap", with 2 missing values, the first in row 7, want none'],
    [
      { share: 0.2 },
      'options: got the unknown key "share", want validation, test, seed, stratify, singles, group, from',
    ],
  ])('is refused with %j', (options, message) => {
    expect(() => table.split(options)).toThrow(message);
  });

  it('keeps values that occur once for training, however much is drawn', () => {
    const values = Table.fromColumns({ x: ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'c', 'd', 'e'] });
    for (let seed = 0; seed < 10; seed++) {
      const { training, test: drawn } = values.split({ test: 0.6, stratify: 'x', singles: 'training', seed });
      expect(drawn.rows).toBe(6);
      expect(valuesOf(training, 'x').filter((x) => x === 'c' || x === 'd' || x === 'e')).toHaveLength(3);
    }
  });

  it('leaves a row for training', () => {
    const { training, test: last } = Table.fromColumns({ x: [1, 2] }).split({ test: 0.9 });
    expect([training.rows, last.rows]).toEqual([1, 1]);
    expect(() => Table.fromColumns({ x: [1] }).split({ test: 1 })).toThrow(
      'options.test: got 1, want a share above 0 and below 1, or more rows than one',
    );
  });

  it('is refused with fewer groups than parts', () => {
    const one = Table.fromColumns({ g: [1, 1, 1] });
    expect(() => one.split({ test: 1, group: 'g' })).toThrow(
      'options.group: got 1 group for 2 parts, want at least one',
    );
  });
});

describe('windows', () => {
  it('are rows and what follows them', () => {
    expect(windows([1, 2, 3, 4, 5], { length: 3 })).toEqual({
      inputs: Float64Array.of(1, 2, 3, 2, 3, 4),
      targets: Float64Array.of(4, 5),
    });
    expect(windows(Float32Array.of(1, 2, 3, 4, 5, 6, 7), { length: 2, horizon: 2, step: 3 })).toEqual({
      inputs: Float64Array.of(1, 2, 4, 5),
      targets: Float64Array.of(3, 4, 6, 7),
    });
  });

  it('of a table contain its number columns, or those that are named', () => {
    const series = Table.fromColumns({ a: [1, 2, 3, 4], b: [10, 20, 30, 40], day: ['x', 'x', 'y', 'y'] });
    expect(windows(series, { length: 2, target: 'b' })).toEqual({
      inputs: Float64Array.of(1, 10, 2, 20, 2, 20, 3, 30),
      targets: Float64Array.of(30, 40),
    });
    expect(windows(series, { length: 1, inputs: ['b'], target: ['b', 'a'] }).targets).toEqual(
      Float64Array.of(20, 2, 30, 3, 40, 4),
    );
  });

  describe('of a table with dates', () => {
    const dates = ['2026-01-01', '2026-01-02', '2026-01-02', '2026-01-04'];
    const series = Table.fromColumns({ day: dates, x: [1, 2, 3, 4] });
    const options = { length: 1 } as const;

    it('need the rows in the order of time', () => {
      expect(windows(series, options).targets).toEqual(Float64Array.of(2, 3, 4));
      const backwards = series.pick([3, 2, 1, 0]);
      const message =
        'column "day": got 2026-01-02 in row 1 after 2026-01-04 in row 0, want rows in the order of time: ' +
        'table.pick([...dates.keys()].sort((p, q) => dates[p] - dates[q])), where dates are ' +
        'table.column("day").values; if these are not the times of the rows, table.without(["day"])';
      expect(() => windows(backwards, options)).toThrow(new RangeError(message));
      expect(() => splitWindows(backwards, { length: 1, test: 1 })).toThrow(new RangeError(message));
      // the ways out
      const { values } = backwards.column('day') as DateColumn;
      const sorted = backwards.pick([...values.keys()].sort((p, q) => values[p] - values[q]));
      expect(windows(sorted, options).targets).toEqual(Float64Array.of(3, 2, 4));
      expect(windows(backwards.without(['day']), options).targets).toEqual(Float64Array.of(3, 2, 1));
    });

    it('are those of the order of any of the columns, and of each series', () => {
      const both = Table.fromColumns({ born: [...dates].reverse(), day: dates, x: [1, 2, 3, 4] });
      expect(windows(both, options).targets).toHaveLength(3);
      expect(() => windows(both.without(['day']), options)).toThrow('column "born": got 2026-01-02 in row 1 after');
      const shops = Table.fromColumns({
        shop: ['a', 'a', 'b', 'b'],
        day: ['2026-01-03', '2026-01-04', '2026-01-01', '2026-01-02'],
        x: [1, 2, 3, 4],
      });
      expect(windows(shops, { length: 1, series: 'shop' }).targets).toEqual(Float64Array.of(2, 4));
      expect(() => windows(shops, options)).toThrow('column "day": got 2026-01-01 in row 2 after 2026-01-04 in row 1');
      const missing = Table.fromColumns({ day: ['2026-01-02', null, '2026-01-03', '2026-01-01'], x: [1, 2, 3, 4] });
      expect(() => windows(missing, options)).toThrow('got 2026-01-01 in row 3 after 2026-01-03 in row 2');
    });

    it('name the rows of a file as its reader does', () => {
      const file = Table.fromCsv('day,x\n2026-01-02,1\n\n2026-01-01T12:00,2\n', { name: 'sales.csv' });
      expect(() => windows(file, options)).toThrow(
        'column "day": got 2026-01-01T12:00:00.000Z in sales.csv: row 4 after 2026-01-02 in sales.csv: row 2, want',
      );
    });
  });

  describe('of several series', () => {
    /** Three shops, whose rows are mixed; a shop's sales are its hundreds and the day. */
    const days = [...Array(20).keys()].flatMap((day) =>
      ['b', 'a', 'c'].filter((shop) => shop !== 'c' || day >= 8).map((shop) => ({ shop, day })),
    );
    const rows = days.map(({ shop, day }) => ({
      shop,
      id: 'abc'.indexOf(shop),
      sold: 100 * 'abc'.indexOf(shop) + day,
    }));
    const sold = rows.map((row) => row.sold);
    const shops = rows.map(({ shop }) => shop);
    const records = Table.fromRecords(rows);
    const shopOf = (value: number) => Math.floor(value / 100);

    it.each<[string, (options: SplitWindowOptions) => Windows]>([
      ['an array', (options) => windows(sold, { ...options, series: shops })],
      [
        'rows',
        (options) =>
          windows(
            sold.map((x) => [x, 0]),
            { ...options, series: shops, inputs: [0] },
          ),
      ],
      ['a table', (options) => windows(records, { ...options, series: 'shop', inputs: ['sold'] })],
      [
        'a table with a number for each series',
        (options) => windows(records.without(['shop']), { ...options, series: 'id' }),
      ],
    ])('in %s: no window has rows of two, and each has those of its own', (_, make) => {
      for (const [length, horizon, step] of [
        [3, 1, 1],
        [2, 3, 2],
      ]) {
        const { inputs, targets } = make({ length, horizon, step });
        const counts = [20, 20, 12].map((n) => Math.floor((n - length - horizon) / step) + 1);
        expect(targets.length).toBe(horizon * (counts[0] + counts[1] + counts[2]));
        for (let w = 0; w < targets.length / horizon; w++) {
          const window = [
            ...inputs.slice(w * length, (w + 1) * length),
            ...targets.slice(w * horizon, (w + 1) * horizon),
          ];
          expect(window).toEqual(window.map((_, i) => window[0] + i));
          expect(shopOf(window[length + horizon - 1])).toBe(shopOf(window[0]));
        }
        // one series after the other, as they begin
        expect([...new Set([...targets].map(shopOf))]).toEqual([1, 0, 2]);
      }
    });

    it('each is divided from its end', () => {
      for (const parts of [
        splitWindows(sold, { length: 2, validation: 0.2, test: 3, series: shops }),
        splitWindows(records, {
          length: 2,
          validation: 0.2,
          test: 3,
          series: 'shop',
          inputs: ['sold'],
          target: 'sold',
        }),
      ]) {
        for (const [shop, first, end] of [
          [0, 0, 20],
          [1, 0, 20],
          [2, 8, 20],
        ]) {
          const held = Math.ceil((end - first) * 0.2 - 0.5);
          const daysOf = ({ targets }: Windows) => [...targets].filter((x) => shopOf(x) === shop).map((x) => x % 100);
          const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
          expect(daysOf(parts.training)).toEqual(range(first + 2, end - 3 - held));
          expect(daysOf(parts.validation)).toEqual(range(end - 3 - held, end - 3));
          expect(daysOf(parts.test)).toEqual(range(end - 3, end));
        }
      }
    });

    test.each<[object, string]>([
      [
        { length: 13 },
        'series: got 12 of 12 rows of the series "c", want enough for a window of 13 and a horizon of 1, or none of such a series',
      ],
      [{ length: 20 }, 'series: got 20 of 20 rows of the series "b" (and too few in 2 more of 3 series), want enough'],
      [
        { length: 1, test: 12 },
        'options.test: got 12, want a share above 0 and below 1, or a number of rows of the series "c" from 1 to 11',
      ],
      [{ length: 1, test: 0.02 }, 'options.test: got 0.02 of 20 rows of the series "b", want a part of at least one'],
      [{ length: 1, horizon: 4, test: 0.2 }, 'the test part: got 2 of 12 rows of the series "c", want enough for'],
      [{ length: 1, series: ['a'] }, 'options.series: got 1 value, want 52, one for each row'],
      [{ length: 1, series: 'shop' }, 'options.series: got "shop", want an array with a value for each of 52 rows'],
    ])('are refused with %j', (options, message) => {
      const call = 'test' in options ? splitWindows : windows;
      expect(() => call(sold, { series: shops, ...options } as never)).toThrow(message);
    });

    it('are refused with a column that is not there, or has gaps', () => {
      expect(() => windows(records, { length: 1, series: 'Shop' })).toThrow('options.series: got "Shop", want "shop"');
      expect(() => windows(table, { length: 1, series: 'hole', inputs: ['id'] })).toThrow(
        'options.series: got "hole", with 1 missing value, the first in row 6, want none',
      );
    });
  });

  it('do not leak: no part sees a target of a later part, and every target is used once', () => {
    const series = Array.from({ length: 50 }, (_, i) => i);
    for (const [length, horizon] of [
      [5, 1],
      [3, 4],
      [10, 2],
    ]) {
      const parts = splitWindows(series, { length, horizon, validation: 10, test: 0.2 });
      const {
        training,
        validation,
        test: last,
      } = parts as { [name in keyof typeof parts]-?: NonNullable<(typeof parts)[name]> };
      expect(Math.max(...training.inputs, ...training.targets)).toBe(29);
      expect([Math.min(...validation.targets), Math.max(...validation.targets)]).toEqual([30, 39]);
      expect(Math.max(...validation.inputs)).toBeLessThan(40);
      expect([Math.min(...last.targets), Math.max(...last.targets)]).toEqual([40, 49]);
      // the inputs of the first window of the test are the rows before the test
      expect([...last.inputs.slice(0, length)]).toEqual(series.slice(40 - length, 40));
      expect(last.targets.length).toBe((10 - horizon + 1) * horizon);
    }
    const { training, validation } = splitWindows(series, { length: 4, step: 3, test: 20 });
    expect([...training.targets]).toEqual([4, 7, 10, 13, 16, 19, 22, 25, 28]);
    expect(validation).toBeUndefined();
  });

  test.each<[unknown, object, string]>([
    [[1, 2, 3], { length: 3 }, 'series: got 3 of 3 rows, want enough for a window of 3 and a horizon of 1'],
    [[1, 2, 3], {}, 'options.length: got undefined, want an integer from 1'],
    [[1, Number.NaN, 3], { length: 1 }, 'series[1]: got NaN, want a finite number'],
    [[1, '2', 3], { length: 1 }, 'series[1]: got "2", want a finite number'],
    ['123', { length: 1 }, 'series: got "123", want an array of numbers or of rows, a typed array or a table'],
    [
      [{ x: 1 }, { x: 2 }],
      { length: 1 },
      'series[0]: got an object (Object), want a finite number: windows and splitWindows of simdprop/tabular take tables, such as Table.fromRecords(records)',
    ],
    [
      [1, 2],
      { length: 1, target: 'a' },
      'series: got an array of 2, want rows or a table, because options.target names its columns',
    ],
    [table, { length: 1 }, 'column "gap": got 2 missing values, the first in row 7, want none: windows need every'],
    [
      table,
      { length: 1, inputs: ['class'] },
      'options.inputs[0]: got "class", of kind category, want a column of numbers',
    ],
    [table, { length: 1, inputs: ['x'] }, 'options.inputs[0]: got "x", want one of "id", "class"'],
    [[1, 2, 3], { length: 1, lag: 1 }, 'options: got the unknown key "lag", want length, horizon'],
  ])('are refused: %j %j', (series, options, message) => {
    expect(() => windows(series as number[], options as never)).toThrow(message);
  });

  it('are refused if a part has no room for one', () => {
    const series = Array.from({ length: 20 }, (_, i) => i);
    expect(() => splitWindows(series, { length: 3, horizon: 3, test: 2 })).toThrow(
      'the test part: got 2 of 20 rows, want',
    );
    expect(() => splitWindows(series, { length: 10, test: 12 })).toThrow(
      'the training part: got 8 of 20 rows, want enough',
    );
    expect(() => splitWindows(series, { length: 2 })).toThrow('options: got neither validation nor test');
  });
});

describe('the types of the parts', () => {
  // the types are checked by tsc
  it('are those of the options', () => {
    const series = [1, 2, 3, 4, 5, 6, 7, 8];
    const parts = splitWindows(series, { length: 1, test: 0.25 });
    const { test }: { test: Windows } = parts;
    const { validation }: { validation: undefined } = parts;
    expect([test.targets.length, validation]).toEqual([2, undefined]);
    const both: { validation: Windows; test: Windows } = splitWindows(series, { length: 1, test: 2, validation: 2 });
    expect(both.validation.targets).toEqual(Float64Array.of(5, 6));
    const noTest: { training: Windows; test: undefined } = splitWindows(series, { length: 1, validation: 2 });
    expect(noTest.test).toBe(undefined);
  });

  it('are open if it is not known which options are given', () => {
    const options: SplitWindowOptions = { length: 1, test: 2 };
    const parts: SplitWindows = splitWindows([1, 2, 3, 4], options);
    // @ts-expect-error: possibly undefined
    expect(parts.test.targets.length).toBe(2);
    const sizes: TableSplitOptions = { test: 2 };
    const split = Table.fromColumns({ x: [1, 2, 3, 4] }).split(sizes);
    const { test }: { test: Table | undefined } = split;
    expect(test?.rows).toBe(2);
  });
});
