import { createReadStream, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { toNumber } from '../src/io/csv-numbers.js';
import { toDate } from '../src/tables/dates.js';
import { numberAt } from '../src/tables/field-number.js';
import { type CsvSource, type CsvTableOptions, Table } from '../src/tabular.js';
import { SEED } from './random-numbers.js';

const FILE = fileURLToPath(new URL('../bench/data/penguins.csv', import.meta.url));
const PENGUINS = readFileSync(FILE, 'utf8');

const contentsOf = (table: Table) => [table.kinds, table.toRecords()];
/** The text in parts of `length` characters, as bytes. */
function* cut(text: string, length: number): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

describe('a CSV text', () => {
  it('has no numbers that lose digits: identifiers are categories, or are ignored with the reason', () => {
    const ids = ['12345678901234567890', '12345678901234567891', '9007199254740993'];
    const textOf = (rows: number, id: (row: number) => string) =>
      `id,size\n${Array.from({ length: rows }, (_, row) => `${id(row)},${row}`).join('\n')}`;
    const few = Table.fromCsv(textOf(9, (row) => ids[row % 3]));
    expect(few.kinds).toEqual({ id: 'category', size: 'number' });
    expect(few.toRecords().map(({ id }) => id)).toEqual(Array.from({ length: 9 }, (_, row) => ids[row % 3]));
    const reason = 'integers of more digits than numbers keep, such as "1234567890123450001": identifiers?';
    for (const rows of [900, 5000]) {
      const many = Table.fromCsv(textOf(rows, (row) => `${1234567890123450000n + BigInt(row)}`));
      expect(many.column('id')).toEqual({ kind: 'ignored', reason });
      expect(many.profile()).toContain(reason);
    }
  });

  it('has numbers of many digits if doubles keep them, or if that is asked for, which the profile says', () => {
    const kept = ['100000000000000000000', '-9007199254740992', '18014398509481984', '0.12345678901234567890'];
    expect(Table.fromCsv(`a\n${kept.join('\n')}`).column('a')).toEqual({
      kind: 'number',
      values: Float64Array.from(kept, Number),
    });
    const asked = Table.fromCsv('id\n12345678901234567890\n12345678901234567891', { kinds: { id: 'number' } });
    expect(asked.kinds).toEqual({ id: 'number' });
    expect(asked.profile()).toContain('digits after the 16th are lost: an identifier?');
    expect(Table.fromRecords([{ a: 2 ** 63 + 2 ** 12 }, { a: 2 }]).kinds).toEqual({ a: 'number' });
  });

  it('is the same table as that of its records', () => {
    const table = Table.fromCsv(PENGUINS);
    expect(contentsOf(Table.fromRecords(table.toRecords()))).toEqual(contentsOf(table));
    expect(table.toRecords()[3]).toEqual({
      Species: 'Adelie',
      Island: 'Torgersen',
      'Beak Length (mm)': null,
      'Beak Depth (mm)': null,
      'Flipper Length (mm)': null,
      'Body Mass (g)': null,
      Sex: null,
    });
  });

  test.each<[string, string, CsvTableOptions, object[]]>([
    [
      'quotes',
      'a,"b ""c"""\n"1","x, y"\n2,"z\nw"',
      {},
      [
        { a: 1, 'b "c"': 'x, y' },
        { a: 2, 'b "c"': 'z\nw' },
      ],
    ],
    [
      'semicolons and commas',
      'a;b\n0,5;x\n1;y',
      { decimal: ',' },
      [
        { a: 0.5, b: 'x' },
        { a: 1, b: 'y' },
      ],
    ],
    ['sep=', 'sep=|\na|b\n1|2', {}, [{ a: 1, b: 2 }]],
    [
      'no header',
      '1,x\n2,y',
      { header: false },
      [
        { 'column 1': 1, 'column 2': 'x' },
        { 'column 1': 2, 'column 2': 'y' },
      ],
    ],
    ['names', 'a,a\n1,2', { names: ['p', 'q'] }, [{ p: 1, q: 2 }]],
    ['names without header', '1,2', { header: false, names: ['p', 'q'] }, [{ p: 1, q: 2 }]],
    [
      'an index of pandas',
      ',a\n0,x\n1,y',
      {},
      [
        { 'column 1': 0, a: 'x' },
        { 'column 1': 1, a: 'y' },
      ],
    ],
    ['comments and empty rows', '#c\na,b\n\n1,x\n,\n#d', { comment: '#' }, [{ a: 1, b: 'x' }]],
    ['one column', 'a\n1\n2', {}, [{ a: 1 }, { a: 2 }]],
    ['blanks', ' a , b \n 1 ,\u00a0x\u00a0', {}, [{ a: 1, b: 'x' }]],
    [
      'carriage returns',
      'a,b\r1,x\r2,y\r',
      {},
      [
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ],
    ],
    ['a byte order mark', '\ufeffa,b\n1,x', {}, [{ a: 1, b: 'x' }]],
    ['prototype', '__proto__,constructor\n1,x', {}, [JSON.parse('{"__proto__":1,"constructor":"x"}')]],
  ])('with %s', async (_, text, options, records) => {
    expect(JSON.stringify(Table.fromCsv(text, options).toRecords())).toBe(JSON.stringify(records));
    for (const length of [1, 3, 1000]) {
      const table = await Table.fromCsvStream(cut(text, length), options);
      expect(JSON.stringify(table.toRecords())).toBe(JSON.stringify(records));
    }
  });

  test.each<[string, unknown, object, string]>([
    ['no text', Uint8Array.of(1), {}, 'csv: got Uint8Array of 1 bytes, want a string: the text of the file'],
    ['nothing', '', {}, 'csv: got 0 bytes: the file is empty, want the text of a CSV file'],
    ['JSON', '[{"a": 1}]', {}, 'csv: got JSON, want the text of a CSV file'],
    ['a header', 'a,b\n', {}, 'csv: got a header alone, want one row of values or more'],
    ['blank rows', ' \n', {}, 'csv: got no rows, want one row or more'],
    [
      'a number as name',
      '1,b\n2,c',
      {},
      'csv: row 1: got the number "1" in the place of a column\'s name, want { header',
    ],
    [
      'a name twice',
      'a,a\n1,2',
      {},
      'csv: row 1: got "a" as the name of more than one column, want names that differ: opt',
    ],
    ['few names', 'a,b\n1,2', { names: ['a'] }, 'options.names: got 1 name, want 2, as many as csv: row 1 has fields'],
    ['names twice', 'a,b\n1,2', { names: ['a', 'a'] }, 'options.names[1]: got "a", want names that differ'],
    ['more fields', 'a,b\n1,2\n1,2,3', {}, 'csv: row 3: got 3 fields, want 2, as in row 1: the delimiter found is ","'],
    ['fewer fields', 'a,b\n\n1', { name: 'f.csv', delimiter: ',' }, 'f.csv: row 3: got 1 field, want 2, as in row 1'],
    ['a quote', 'a,b\n1,"2', {}, 'csv: row 2: got the quote of "\\"2", which is never closed, want quotes'],
    ['codes 0', 'a\0,b', {}, 'csv: got text with characters of code 0, want text that is decoded as it was written'],
    ['a kind of none', 'a,b\n1,2', { kinds: { c: 'number' } }, 'options.kinds: got "c", want one of "a", "b"'],
    ['an unknown option', 'a,b\n1,2', { encoding: 'utf-8' }, 'options: got the unknown key "encoding", want kinds'],
    ['an option of another type', 'a\n1', { header: 1 }, 'options.header: got 1, want true or false'],
    ['no boolean', 'a,b\n1,no\n3,maybe', { kinds: { b: 'boolean' } }, 'csv: row 3, column "b": got "maybe", want true'],
    [
      'a decimal comma',
      'a;b\n1,5;2',
      { kinds: { a: 'number' } },
      'csv: row 2, column "a": got "1,5", want a number with ".": { decimal: "," } reads numbers such as 0,5; the table option { missing',
    ],
    ['columns', `${'a,'.repeat(70_000)}b\n`, { names: [] }, 'csv: row 1: got 70001 columns, want at most 65536'],
  ])('is refused: %s', (_, text, options, message) => {
    expect(() => Table.fromCsv(text as string, options)).toThrow(message);
  });

  it('is refused if a text follows more than 1000 different numbers, and the message says what to do', async () => {
    const text = `x,y\n${Array.from({ length: 1500 }, (_, i) => `${i},${i % 9}\n`).join('')}oops,1\n`;
    const message =
      'csv: row 1502, column "x": got "oops", want a number; the column has had only numbers before; the table option { kinds: { "x": "category" } }';
    expect(() => Table.fromCsv(text)).toThrow(message);
    await expect(Table.fromCsvStream(cut(text, 100))).rejects.toThrow(message);
    expect(Table.fromCsv(text, { missing: ['oops'] }).toRecords()[1500]).toEqual({ x: null, y: 1 });
    expect(Table.fromCsv(text, { kinds: { x: 'category' } }).toRecords()[1500]).toEqual({ x: 'oops', y: 1 });
  });
});

describe('a stream', () => {
  it('of any form is the same table as the whole text', async () => {
    const wanted = contentsOf(Table.fromCsv(PENGUINS));
    const bytes = new TextEncoder().encode(PENGUINS);
    const withReaderAlone = { getReader: () => new Blob([PENGUINS]).stream().getReader() };
    const sources: (CsvSource | ReadableStream)[] = [
      createReadStream(FILE),
      createReadStream(FILE, 'utf8'),
      new Response(PENGUINS),
      new Blob([PENGUINS]),
      new Blob([PENGUINS]).stream(),
      withReaderAlone as ReadableStream,
      [bytes],
      [PENGUINS],
      cut(PENGUINS, 7),
    ];
    for (const source of sources) expect(contentsOf(await Table.fromCsvStream(source))).toEqual(wanted);
  });

  it('may be cut anywhere: within characters, line ends, quotes and numbers', async () => {
    const field = fc.string({
      unit: fc.constantFrom('a', '1', '"', ',', ';', '\n', '\r', ' ', 'é', '📏'),
      maxLength: 6,
    });
    const rows = fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 8 });
    const end = fc.constantFrom('\n', '\r\n', '\r');
    await fc.assert(
      fc.asyncProperty(rows, end, fc.integer({ min: 1, max: 9 }), async (all, newline, length) => {
        const quoted = all.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
        const text = ['x,y', ...quoted, 'end,"1"'].join(newline);
        const kinds = { x: 'category', y: 'category' } as const;
        const wanted = Table.fromCsv(text, { kinds, delimiter: ',' }).toRecords();
        const table = await Table.fromCsvStream(cut(text, length), { kinds, delimiter: ',' });
        expect(table.toRecords()).toEqual(wanted);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('is read before it has ended: parts of large ones end within rows', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},"a ${i % 3}\r\nb",${(i / 7).toFixed(4)}\r\n`).join('');
    const text = `n,s,x\r\n${rows}`;
    const wanted = Table.fromCsv(text);
    for (const length of [1000, 65_537]) {
      const table = await Table.fromCsvStream(cut(text, length));
      for (const name of ['n', 's', 'x']) expect(table.column(name)).toEqual(wanted.column(name));
    }
  });

  it('is decoded as options.encoding says', async () => {
    const latin = Uint8Array.from('a,b\n1,\u00e9\n', (c) => c.charCodeAt(0));
    const table = await Table.fromCsvStream([latin], { encoding: 'windows-1252' });
    expect(table.toRecords()).toEqual([{ a: 1, b: 'é' }]);
    await expect(Table.fromCsvStream([latin])).rejects.toThrow(
      'csv: got bytes that are no text in utf-8, want another',
    );
    await expect(Table.fromCsvStream([latin], { encoding: 'x' })).rejects.toThrow(
      'options.encoding: got "x", want a label',
    );
  });

  test.each<[string, unknown, string]>([
    ['a text', 'a,b', 'csv: got "a,b", want a stream, a Response, a Blob or an iterable of strings or bytes'],
    ['bytes', Uint8Array.of(1), 'csv: got Uint8Array of 1 bytes, want a stream'],
    ['numbers', [1], 'csv: a part of the stream: got 1, want a string or a Uint8Array'],
    ['nothing', [], 'csv: got no rows, want one row or more'],
    [
      'an HTML page',
      ['<!doctype html>'],
      'csv: got an HTML or XML page: the address may be wrong, want the text of a CSV',
    ],
    ['no source', {}, 'csv: got an object (Object), want a stream'],
  ])('is refused: %s', async (_, source, message) => {
    await expect(Table.fromCsvStream(source as CsvSource)).rejects.toThrow(message);
  });

  it('that throws ends with its error, and one that is refused is closed', async () => {
    async function* broken() {
      yield 'a,b\n1,2\n';
      throw new Error('the line is dead');
    }
    await expect(Table.fromCsvStream(broken())).rejects.toThrow('the line is dead');
    let isClosed = false;
    function* endless() {
      try {
        yield 'a,b\n';
        for (;;) yield '1,2,3\n'.repeat(100_000);
      } finally {
        isClosed = true;
      }
    }
    await expect(Table.fromCsvStream(endless())).rejects.toThrow('csv: row 2: got 3 fields, want 2');
    expect(isClosed).toBe(true);
  });

  it('of a page is cancelled before its refusal is told', async () => {
    let isCancelled = false;
    const reader = {
      read: async () => ({ done: false, value: 'a,b\n1,2,3\n4,5,6\n' }),
      cancel: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        isCancelled = true;
      },
    };
    // in some browsers, a stream has a reader but is not iterable itself
    await expect(Table.fromCsvStream({ getReader: () => reader } as never)).rejects.toThrow('csv: row 2: got 3 fields');
    expect(isCancelled).toBe(true);
  });
});

describe('hostile texts', () => {
  it('a quote that is never closed does not take all memory', async () => {
    let made = 0;
    function* endless() {
      yield 'a,b\n1,"';
      for (; made < 1000; made++) yield 'x,\n'.repeat(20_000);
    }
    await expect(Table.fromCsvStream(endless())).rejects.toThrow(
      /csv: row 2: got 42\d+ characters, want at most 4194304: perhaps a quote is never closed/,
    );
    expect(made).toBeLessThan(100);
  });

  it('a line that never ends does not take all memory', async () => {
    function* endless() {
      for (let i = 0; i < 1000; i++) yield 'x'.repeat(60_000);
    }
    await expect(Table.fromCsvStream(endless())).rejects.toThrow(
      /csv: row 1: got \d+ characters, want at most 4194304: perhaps a quote/,
    );
  });

  test.each<[string, (n: number) => string]>([
    ['one long field', (n) => `a,b\n1,"${'x\n'.repeat(n / 2)}"\n`],
    ['many quotes', (n) => `a,b\n1,"${'""'.repeat(n / 2)}"\n`],
    ['many columns', (n) => `${Array.from({ length: n / 50 }, (_, i) => `c${i}`).join()}\n${',1'.repeat(n / 50 - 1)}`],
    ['texts that all differ', (n) => `a,b\n${Array.from({ length: n / 10 }, (_, i) => `text${i},1`).join('\n')}`],
    ['blanks', (n) => `a,b\n${`${' '.repeat(100)},${' '.repeat(100)}\n`.repeat(n / 200)}1,2\n`],
    ['missing values in all cases', (n) => `a,b\n${Array.from({ length: n / 10 }, () => 'nUlL,NaN').join('\n')}`],
  ])('%s take linear time, in parts of 100 bytes too', async (_, make) => {
    const time = async (text: string, times: number) => {
      const start = performance.now();
      for (let i = 0; i < times; i++) await Table.fromCsvStream(cut(text, 100)).catch(() => undefined);
      return performance.now() - start;
    };
    const [long, short] = [make(800_000), make(50_000)];
    let ratio = Number.POSITIVE_INFINITY;
    for (let attempts = 0; attempts < 20 && ratio >= 6; attempts++)
      ratio = (await time(long, 1)) / (await time(short, 16));
    expect(ratio).toBeLessThan(6);
  });
});

describe('a field', () => {
  it('is the number that toNumber reads, to the last bit', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 20 });
    const number = fc
      .tuple(
        fc.constantFrom('', '-', '+'),
        digits,
        fc.constantFrom('', '.', ','),
        digits,
        fc.constantFrom('', 'e', 'E-', 'e+'),
        digits,
      )
      .map((parts) => parts.join(''));
    const text = fc.string({ unit: fc.constantFrom(...'0123456789+-.,eE x'), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(number, text, fc.double().map(String)), fc.constantFrom('.', ','), (field, decimal) => {
        const read = numberAt(`,${field},`, 1, field.length + 1, decimal);
        expect(Object.is(read, toNumber(field, decimal))).toBe(true);
      }),
      { seed: SEED, numRuns: 20_000 },
    );
  });

  test.each([
    ['2026-12-31', '2026-12-31T00:00:00.000Z'],
    ['2024/2/29', '2024-02-29T00:00:00.000Z'],
    ['2026-12', '2026-12-01T00:00:00.000Z'],
    ['2026-12-31T23:59', '2026-12-31T23:59:00.000Z'],
    ['2026-12-31 23:59:58.57', '2026-12-31T23:59:58.570Z'],
    ['2026-12-31T23:59:58,123456Z', '2026-12-31T23:59:58.123Z'],
    ['2026-12-31T00:30:00+01:00', '2026-12-30T23:30:00.000Z'],
    ['2026-12-31T00:30-0130', '2026-12-31T02:00:00.000Z'],
    ['0099-01-01', '0099-01-01T00:00:00.000Z'],
    ['+012026-01-01', '+012026-01-01T00:00:00.000Z'],
    ['2026-02-29', undefined],
    ['2026-13-01', undefined],
    ['2026-00-10', undefined],
    ['2026-12-31T24:00', undefined],
    ['2026-12T10:00', undefined],
    ['2026-12/31', undefined],
    ['31.12.2026', undefined],
    ['2026', undefined],
    [`2026-12-31T00:00:00.${'0'.repeat(50)}`, undefined],
  ])('is a date or not: %s', (text, wanted) => {
    const time = toDate(text);
    expect(Number.isNaN(time) ? undefined : new Date(time).toISOString()).toBe(wanted);
  });
});
