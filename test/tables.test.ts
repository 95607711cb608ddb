import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, test } from 'vitest';
import { Table } from '../src/tabular.js';

const PENGUINS = readFileSync(new URL('../bench/data/penguins.csv', import.meta.url), 'utf8');

/** The kind of a column of these values. */
const kindOf = (values: unknown[], options = {}) => Table.fromColumns({ x: values }, options).kinds.x;
const valuesOf = (values: unknown[], options = {}) =>
  Table.fromColumns({ x: values }, options)
    .toRecords()
    .map(({ x }) => x);
const refusal = (call: () => unknown): Error => {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('not refused');
};
const from = (length: number, value: (i: number) => unknown) => Array.from({ length }, (_, i) => value(i));

describe('the kind of a column', () => {
  test.each<[string, unknown[], string]>([
    ['numbers', [1, 2.5, null], 'number'],
    ['numbers as texts', ['1', ' -2.5e3 ', '.5'], 'number'],
    ['numbers and texts of numbers', [1, '2', 3n], 'number'],
    ['numbers too large for a double', ['1e999', '1'], 'category'],
    ['texts', ['a', 'b', 'a'], 'category'],
    ['a text among numbers', [1, 2, 'b'], 'category'],
    ['words for true and false', ['true', 'FALSE', null], 'boolean'],
    ['booleans', [true, false], 'boolean'],
    ['yes and no', ['yes', 'no'], 'category'],
    ['dates as texts', ['2026-12-31', '2026/1/1', '2026-12'], 'date'],
    ['dates', [new Date(0), null], 'date'],
    ['years', ['2026', '2025'], 'number'],
    ['dates that do not exist', ['2026-02-30'], 'category'],
    ['nothing', [null, '', 'NA', undefined, Number.NaN], 'ignored'],
    ['21 texts that all differ', from(21, (i) => `t${i}`), 'ignored'],
    ['20 texts that all differ', from(20, (i) => `t${i}`), 'category'],
    ['21 texts, each twice', from(42, (i) => `t${i % 21}`), 'category'],
    ['1000 texts, each twice', from(2000, (i) => `t${i % 1000}`), 'category'],
    ['1001 texts, each twice', from(2002, (i) => `t${i % 1001}`), 'ignored'],
    ['many numbers', from(3000, (i) => `${i}.5`), 'number'],
    ['many dates', from(3000, (i) => new Date(i * 1e9)), 'date'],
    ['a long text', ['x'.repeat(257)], 'ignored'],
  ])('of %s', (_, values, kind) => {
    expect(kindOf(values)).toBe(kind);
  });

  it('can be given', () => {
    expect(valuesOf([10, 9, null], { kinds: { x: 'category' } })).toEqual(['10', '9', null]);
    expect(valuesOf(['yes', 'F', 1, 'n', null], { kinds: { x: 'boolean' } })).toEqual([true, false, true, false, null]);
    expect(valuesOf([86_400_000, '1970-01-03'], { kinds: { x: 'date' } })).toEqual([
      new Date(86_400_000),
      new Date(2 * 86_400_000),
    ]);
    expect(kindOf([1, 2], { kinds: { x: 'ignored' } })).toBe('ignored');
    const many = from(5000, (i) => `t${i}`);
    expect(Table.fromColumns({ x: many }, { kinds: { x: 'category' } }).toRecords()[4999]).toEqual({ x: 't4999' });
  });

  it('does not depend on the order of the values, and neither do the codes', () => {
    const column = Table.fromColumns({ x: ['b', '10', 'a', null, '9'] }).column('x');
    expect(column).toEqual({
      kind: 'category',
      codes: Int32Array.of(3, 0, 2, -1, 1),
      categories: ['10', '9', 'a', 'b'],
    });
    const numbers = Table.fromColumns({ x: ['10', '9'] }, { kinds: { x: 'category' } }).column('x');
    expect(numbers).toMatchObject({ categories: ['9', '10'] });
  });

  it('is final after 1000 different numbers: values before and after are kept', () => {
    const values = from(2500, (i) => (i % 7 === 3 ? null : i / 8));
    expect(valuesOf(values)).toEqual(values);
    const dates = from(2500, (i) => (i % 7 === 3 ? null : new Date(i * 1e8)));
    expect(valuesOf(dates)).toEqual(dates);
  });

  it('is final earlier in a table with many columns', () => {
    const wide = Object.fromEntries(
      from(3000, (c) => [`c${c}`, from(90, (i) => `t${i % 88}`)]) as [string, unknown[]][],
    );
    expect(Table.fromColumns(wide).column('c0')).toEqual({ kind: 'ignored', reason: 'more than 87 different texts' });
  });
});

describe('records', () => {
  it('make a table with all their keys as columns, and missing values for missing keys', () => {
    const table = Table.fromRecords([{ a: 1 }, { b: 'x', a: undefined }, { a: 2, b: null }]);
    expect(table.columns).toEqual(['a', 'b']);
    expect(table.toRecords()).toEqual([
      { a: 1, b: null },
      { a: null, b: 'x' },
      { a: 2, b: null },
    ]);
  });

  it('of another realm are accepted, with their Dates', () => {
    const records = runInNewContext('[{ a: 1, d: new Date(0) }, { a: 2, d: new Date(1) }]') as object[];
    expect(Table.fromRecords(records).kinds).toEqual({ a: 'number', d: 'date' });
  });

  it('without prototype, or with keys of Object.prototype, are read by their own keys', () => {
    const hostile = JSON.parse('[{"__proto__": 1, "constructor": "a", "toString": 2, "hasOwnProperty": 3}]');
    const table = Table.fromRecords(hostile);
    expect(table.columns).toEqual(['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
    expect(JSON.stringify(table.toRecords())).toBe(JSON.stringify(hostile));
    expect(Object.entries(table.kinds).length).toBe(4);
    expect(({} as Record<string, unknown>).a).toBeUndefined();
    expect(Table.fromRecords([Object.assign(Object.create({ inherited: 1 }), { a: 1 })]).columns).toEqual(['a']);
    expect(Table.fromRecords([Object.assign(Object.create(null), { a: 1 })]).toRecords()).toEqual([{ a: 1 }]);
  });

  test.each<[string, unknown, string]>([
    ['no array', {}, 'records: got an object (Object), want an array of objects'],
    ['no record', [], 'records: got 0 records without values, want one value or more'],
    ['empty records', [{}, {}], 'records: got 2 records without values'],
    ['null', [{ a: 1 }, null], 'records[1]: got null, want an object'],
    ['an array', [[1, 2]], 'records[0]: got an array of 2, want an object'],
    [
      'an infinite number',
      [{ a: 1 }, { a: -1 / 0 }],
      'records[1], column "a": got -Infinity, want a finite number, or NaN',
    ],
    [
      'an object',
      [{ a: { b: 1 } }],
      'records[0], column "a": got an object, want a number, a text, true, false, a Date, or',
    ],
    ['a function', [{ a: () => 1 }], 'records[0], column "a": got a function, want'],
    ['an array in a record', [{ 'a\n': [1] }], 'records[0], column "a\\n": got an array of 1, want'],
    ['an invalid Date', [{ a: new Date(Number.NaN) }], 'records[0], column "a": got an invalid Date, want'],
  ])('are refused: %s', (_, records, message) => {
    expect(() => Table.fromRecords(records as object[])).toThrow(message);
  });
});

describe('columns', () => {
  it('can be typed arrays of any numbers, which are copied', () => {
    const values = Float32Array.of(1, Number.NaN, 3);
    const table = Table.fromColumns({ a: values, b: Uint8Array.of(0, 255, 1), c: BigInt64Array.of(1n, 2n, 3n) });
    values[0] = 9;
    expect(table.column('a')).toEqual({ kind: 'number', values: Float64Array.of(1, Number.NaN, 3) });
    expect(table.kinds).toEqual({ a: 'number', b: 'number', c: 'number' });
    const codes = Table.fromColumns({ a: Uint8Array.of(2, 0) }, { kinds: { a: 'category' } });
    expect(codes.toRecords()).toEqual([{ a: '2' }, { a: '0' }]);
  });

  test.each<[string, unknown, object, string]>([
    ['none', {}, {}, 'columns: got no columns, want one or more'],
    ['no rows', { a: [] }, {}, 'columns["a"]: got no values, want one row or more'],
    ['other lengths', { a: [1], b: [1, 2] }, {}, 'columns["b"]: got 2 values, want 1, as "a" has'],
    ['no array', { a: 'text' }, {}, 'columns["a"]: got "text", want an array or a typed array'],
    ['infinite', { a: Float64Array.of(1, 1 / 0) }, {}, 'columns["a"][1]: got Infinity, want a finite number, or NaN'],
    ['an unknown option', { a: [1] }, { kind: {} }, 'options: got the unknown key "kind", want kinds, others, missing'],
    [
      'an unknown kind',
      { a: [1] },
      { kinds: { a: 'text' } },
      'options.kinds["a"]: got "text", want one of number, cat',
    ],
    [
      'a kind of no column',
      { A: [1] },
      { kinds: { a: 'number' } },
      'options.kinds: got "a", want "A", which differs in',
    ],
    ['no list of texts', { a: [1] }, { missing: 'NA' }, 'options.missing: got "NA", want an array of texts, such as'],
    ['a number as text', { a: [1] }, { missing: [-999] }, 'options.missing[0]: got -999, want a text'],
    ['other kinds', { a: [1] }, { others: 'number' }, 'options.others: got "number", want ignored'],
    ['a date order', { a: [1] }, { dateOrder: 'ymd' }, 'options.dateOrder: got "ymd", want one of dmy, mdy'],
    [
      'no boolean',
      { a: ['maybe'] },
      { kinds: { a: 'boolean' } },
      'columns["a"][0]: got "maybe", want true, false, yes',
    ],
    [
      'no number',
      { a: [1, 'x'] },
      { kinds: { a: 'number' } },
      'columns["a"][1]: got "x", want a number; the table option { missing: ["NA", "N/A", "#NA", "#N/A", "NaN", "null", "none", "nil", "?", "-", ".", "x"] } if it',
    ],
    [
      'no number, with texts for missing values',
      { a: [1, 'x'] },
      { kinds: { a: 'number' }, missing: ['-999', 'none'] },
      'columns["a"][1]: got "x", want a number; the table option { missing: ["-999", "none", "x"] } if it stands for a missing value',
    ],
    [
      'no boolean, with many texts for missing values',
      { a: ['maybe'] },
      { kinds: { a: 'boolean' }, missing: from(100, String) as string[] },
      '"category" } } takes every text, { missing: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", ..., "maybe"] } takes',
    ],
    ['no date', { a: ['1.2.2026'] }, { kinds: { a: 'date' } }, 'columns["a"][0]: got "1.2.2026", want a date, such as'],
  ])('are refused: %s', (_, columns, options, message) => {
    expect(() => Table.fromColumns(columns as Record<string, unknown[]>, options)).toThrow(message);
  });

  describe('with texts for missing values that are numbers or dates', () => {
    const options = { missing: ['-999', '-99.5', '1900-01-01', '1900-01-01T00:00:00.000Z'] };
    // the missing values are among the first 1000 values, by which kinds are inferred, and among those after them
    const numbers = Array.from({ length: 3000 }, (_, i) => (i % 10 === 9 ? -999 : i));
    const dates = Array.from({ length: 3000 }, (_, i) => new Date(i % 10 === 9 ? '1900-01-01' : i * 864e5));
    const missingIn = (table: Table) => table.toRecords().filter(({ x }) => x === null).length;

    test.each<[string, ArrayLike<unknown>]>([
      ['numbers', numbers],
      ['texts of numbers', numbers.map(String)],
      ['texts with blanks', numbers.map((x) => ` ${x} `)],
      ['big integers', numbers.map((x) => BigInt(x))],
      ['a Float64Array', Float64Array.from(numbers)],
      ['an Int32Array', Int32Array.from(numbers)],
      ['a BigInt64Array', BigInt64Array.from(numbers, BigInt)],
      ['few numbers', numbers.map((x) => Math.min(x, 5))],
      ['dates', dates],
      ['texts of dates', dates.map((x) => x.toISOString().slice(0, 10))],
    ])('are missing in %s, however they are stored', (_, values) => {
      const guessed = Table.fromColumns({ x: values }, options);
      const { x: kind } = guessed.kinds;
      expect(['number', 'date']).toContain(kind);
      const given = Table.fromColumns({ x: values }, { ...options, kinds: { x: kind } });
      const records = Table.fromRecords(
        Array.from(values, (x) => ({ x })),
        { ...options, kinds: { x: kind } },
      );
      expect([guessed, given, records].map(missingIn)).toEqual([300, 300, 300]);
      expect(missingIn(Table.fromColumns({ x: values }, { missing: [] }))).toBe(0);
    });

    it('are missing in CSV files, and with a decimal comma', () => {
      const csv = `x;y\n${numbers.map((x) => `${x};a\n`).join('')}`;
      expect(missingIn(Table.fromCsv(csv, options))).toBe(300);
      expect(missingIn(Table.fromCsv(csv, { ...options, kinds: { x: 'number' } }))).toBe(300);
      const comma = { missing: ['-99,5'], decimal: ',' } as const;
      for (const x of [[-99.5, 1], ['-99,5', '1'], Float32Array.of(-99.5, 1)] as ArrayLike<unknown>[]) {
        expect(Table.fromColumns({ x }, comma).toRecords()).toEqual([{ x: null }, { x: 1 }]);
        expect(Table.fromColumns({ x }, { ...comma, kinds: { x: 'number' } }).toRecords()[0]).toEqual({ x: null });
      }
      expect(valuesOf([-999, 1], { ...options, kinds: { x: 'date' } })).toEqual([null, new Date(1)]);
    });
  });

  it('repeat the default list in a message, all of whose texts it takes', () => {
    const { message } = refusal(() => Table.fromColumns({ x: [1, 'thirty'] }, { kinds: { x: 'number' } }));
    const missing = JSON.parse(/missing: (\[[^\]]*\])/.exec(message)?.[1] ?? '');
    expect(missing).toHaveLength(12);
    expect(valuesOf(['NA', 'thirty', 2, ...missing], { kinds: { x: 'number' }, missing }).slice(0, 3)).toEqual([
      null,
      null,
      2,
    ]);
    expect(valuesOf(missing.slice(0, -1), { kinds: { x: 'number' } })).toEqual(from(11, () => null));
  });

  it('accept other texts as missing, and other dates, as the options say', () => {
    expect(valuesOf(['-999', 'NA', ''], { missing: ['-999'], kinds: { x: 'category' } })).toEqual([null, 'NA', null]);
    expect(valuesOf(['31.12.2026 12:30'], { dateOrder: 'dmy' })).toEqual([new Date('2026-12-31T12:30Z')]);
    expect(valuesOf(['12/31/2026'], { dateOrder: 'mdy' })).toEqual([new Date('2026-12-31Z')]);
    expect(valuesOf(['0,5', 2.25], { decimal: ',' })).toEqual([0.5, 2.25]);
  });
});

describe('a table', () => {
  const table = Table.fromColumns({
    a: [1, 2, 3, null],
    b: ['x', null, 'y', 'x'],
    id: from(4, () => null),
    d: [true, false, null, true],
  });

  it('cannot be set, nor its columns', () => {
    // neither can tables that are parts or copies of another table
    for (const each of [table, table.slice(0, 2), table.pick([1, 0]), table.select(['b', 'id'])]) {
      const { rows } = each;
      for (const object of [each, each.columns, each.column('b'), each.column('id')]) {
        for (const key of Object.keys(object)) expect(() => Object.assign(object, { [key]: 99 })).toThrow(TypeError);
        expect(() => Object.assign(object, { more: 1 })).toThrow(TypeError);
      }
      const column = each.column('b');
      expect(column.kind).toBe('category');
      if (column.kind === 'category') expect(() => (column.categories as string[]).push('z')).toThrow(TypeError);
      expect(each.rows).toBe(rows);
    }
  });

  it('returns parts of its columns and rows', () => {
    expect(table.rows).toBe(4);
    expect(table.select(['b', 'a']).columns).toEqual(['b', 'a']);
    expect(table.without(['id', 'a']).columns).toEqual(['b', 'd']);
    const slice = table.slice(1, 3);
    expect(slice.toRecords()).toEqual([
      { a: 2, b: null, d: false },
      { a: 3, b: 'y', d: null },
    ]);
    expect(slice.slice(1).rows).toBe(1);
    expect(
      table
        .pick([3, 0, 0])
        .toRecords()
        .map(({ a }) => a),
    ).toEqual([null, 1, 1]);
    expect(table.slice(2).column('b')).toMatchObject({ codes: Int32Array.of(1, 0), categories: ['x', 'y'] });
    expect(table.withoutMissing().toRecords()).toEqual([{ a: 1, b: 'x', d: true }]);
    expect(table.withoutMissing(['a']).rows).toBe(3);
    expect([table.has('a'), table.has('toString')]).toEqual([true, false]);
  });

  it('shares values with slices and selections, and copies the rows that are picked', () => {
    const buffer = (part: Table) => {
      const column = part.column('a');
      return column.kind === 'number' && column.values.buffer;
    };
    expect(buffer(table.slice(1).select(['a']))).toBe(buffer(table));
    expect(buffer(table.pick([0]))).not.toBe(buffer(table));
  });

  test.each<[string, () => unknown, string]>([
    ['column', () => table.column('A'), 'name: got "A", want "a", which differs in case or blanks'],
    ['column', () => table.column('zz'), 'name: got "zz", want one of "a", "b", "id", "d"'],
    ['select', () => table.select(['a', 'c']), 'names[1]: got "c", want one of'],
    ['select', () => table.select(['a', 'a']), 'names[1]: got "a" once more, want another column'],
    ['select', () => table.select('a' as never), 'names: got "a", want an array of names'],
    [
      'without',
      () => table.without(['a', 'b', 'id', 'd']),
      'names: got no column that is left, want one column or more',
    ],
    ['slice', () => table.slice(2, 1), 'to: got 1, want an integer from 2 to 4'],
    ['pick', () => table.pick([4]), 'rows[0]: got 4, want an integer from 0 to 3'],
    [
      'withoutMissing',
      () => table.withoutMissing(['id']),
      'names[0]: got "id", which is ignored (no values), want a column',
    ],
  ])('refuses what it does not have: %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe('a profile', () => {
  it('has a line for each column', () => {
    expect(Table.fromCsv(PENGUINS).profile()).toBe(`344 rows, 7 columns
column               kind      missing  values
Species              category        0  3 different: Adelie 152, Gentoo 124, Chinstrap 68
Island               category        0  3 different: Biscoe 168, Dream 124, Torgersen 52
Beak Length (mm)     number          2  32.1 to 59.6, mean 43.922, 164 different
Beak Depth (mm)      number          2  13.1 to 21.5, mean 17.151, 80 different
Flipper Length (mm)  number          2  172 to 231, mean 200.92, 55 different
Body Mass (g)        number          2  2700 to 6300, mean 4201.8, 94 different
Sex                  category       11  2 different: MALE 168, FEMALE 165`);
  });

  it('gives hints', () => {
    const [, head, ...lines] = Table.fromColumns({
      id: from(40, (i) => 1000 + i),
      constant: from(40, () => 5),
      one: from(40, () => 'same'),
      cylinders: from(40, (i) => 4 + 2 * (i % 3)),
      rare: from(40, (i) => (i < 10 ? i / 8 : null)),
      when: from(40, (i) => (i % 2 ? '2026-01-01' : '2026-03-01')),
      minutes: from(40, (i) => new Date(i * 90_000)),
      is: from(40, (i) => i % 4 === 0),
      names: from(40, (i) => `name ${i}`),
      nothing: from(40, () => null),
    })
      .profile()
      .split('\n');
    expect(lines.map((line) => line.slice(head.indexOf('values')))).toEqual([
      '1000 to 1039, mean 1019.5, 40 different (every value differs: an identifier?)',
      '5 to 5, mean 5, 1 different (constant)',
      '1 different: same 40 (constant)',
      '4 to 8, mean 5.95, 3 different (few whole numbers: a category?)',
      '0 to 1.125, mean 0.5625, 10 different (more than half is missing)',
      '2026-01-01 to 2026-03-01, 2 different',
      '1970-01-01T00:00:00 to 1970-01-01T00:58:30, 40 different',
      'true 10, false 30',
      '40 different texts, most of them once',
      'no values',
    ]);
  });

  it('contains nothing that a terminal would act on', () => {
    const bad = '\u001b[2J\n\r\u009b\u202e';
    const text = Table.fromColumns({ [bad]: [bad, 'b', bad], [`${bad}2`]: [1, 2, 3] }).profile();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text.split('\n').length).toBe(4);
  });
});

describe('withKinds', () => {
  const table = Table.fromColumns({
    digit: [10, 2, null, 2, -1],
    passed: [1, 0, null, 1, 0],
    name: ['a', 'b', 'a', 'b', 'a'],
  });

  it('makes categories of numbers, sorted as numbers, and booleans of 0 and 1; missing values stay missing', () => {
    const changed = table.withKinds({ digit: 'category', passed: 'boolean', name: 'category' });
    expect(changed.kinds).toEqual({ digit: 'category', passed: 'boolean', name: 'category' });
    expect(changed.column('digit')).toEqual({
      kind: 'category',
      categories: ['-1', '2', '10'],
      codes: Int32Array.of(2, 1, -1, 1, 0),
    });
    expect(changed.column('passed')).toEqual({ kind: 'boolean', values: Int8Array.of(1, 0, -1, 1, 0) });
    expect(changed.column('name')).toBe(table.column('name'));
    // the result is the same as reading the records with these kinds
    const read = Table.fromRecords(table.toRecords(), { kinds: { digit: 'category', passed: 'boolean' } });
    expect(changed.toRecords()).toEqual(read.toRecords());
    expect(table.kinds.digit).toBe('number');
  });

  it('refuses what cannot be converted', () => {
    expect(() => table.withKinds({ digit: 'boolean' })).toThrow(
      'kinds["digit"]: got "digit" with 10 in row 0, want only 0 and 1',
    );
    expect(() => table.withKinds({ name: 'boolean' })).toThrow(
      'kinds["name"]: got "name", a column of the kind category, want a column of numbers, or { kinds: { "name": "boolean" } }',
    );
    expect(() => table.withKinds({ digit: 'number' as 'category' })).toThrow(
      'kinds["digit"]: got "number", want one of category, boolean',
    );
    expect(() => table.withKinds({ digits: 'category' })).toThrow('kinds: got "digits", want one of "digit"');
    expect(() => table.withKinds('digit' as never)).toThrow('kinds: got "digit", want an object');
  });
});
