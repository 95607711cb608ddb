import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it, test, vi } from 'vitest';
import { readCsv } from '../src/io/csv.js';
import { type Row, readRows } from '../src/io/csv-rows.js';
import { SEED } from './random-numbers.js';

const read = (text: string, delimiter = ',', comment = ''): Row[] => [
  ...readRows('file', text, { delimiter, comment }),
];
const fieldsOf = (text: string, delimiter = ',') => read(text, delimiter).map(({ fields }) => fields);

describe('the rows of a CSV text', () => {
  test.each([
    [
      'fields',
      'a,b\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a line end after the last row', 'a,b\n', [['a', 'b']]],
    ['the three line ends', 'a\r\nb\rc\nd', [['a'], ['b'], ['c'], ['d']]],
    [
      'empty fields',
      ',a,\n"",b,""',
      [
        ['', 'a', ''],
        ['', 'b', ''],
      ],
    ],
    ['a byte order mark', '\ufeff"a",b', [['a', 'b']]],
    ['quotes', '"a,b","c\nd","e""f"', [['a,b', 'c\nd', 'e"f']]],
    ['quotes alone', '"""",""""""', [['"', '""']]],
    ['quotes at the end', 'a,"b"', [['a', 'b']]],
    ['all line ends within quotes', '"a\r\nb\rc\nd"\r\ne', [['a\r\nb\rc\nd'], ['e']]],
    [
      'a quote in the middle of a field',
      '5" pipe,a"b"\n"c",d',
      [
        ['5" pipe', 'a"b"'],
        ['c', 'd'],
      ],
    ],
    [
      'blanks around quotes',
      '"a" , "b" ,\t"c"\t\n "d", e,f',
      [
        ['a', 'b', 'c'],
        ['d', ' e', 'f'],
      ],
    ],
    [
      'blanks without quotes',
      ' a , b\n"c", d ',
      [
        [' a ', ' b'],
        ['c', ' d '],
      ],
    ],
  ])('%s', (_, text, wanted) => {
    expect(fieldsOf(text)).toEqual(wanted);
  });

  it('are divided by any character', () => {
    for (const delimiter of [';', '\t', ' ', '|', ':', 'x', '.', '\\', '€']) {
      const text = ['1', `"2${delimiter}"`, '3"', '4'].join(delimiter);
      expect(fieldsOf(text, delimiter)).toEqual([['1', `2${delimiter}`, '3"', '4']]);
    }
  });

  it('are numbered together with the rows that are left out: empty rows, blanks, rows of empty fields, comments', () => {
    const text = '#x\n\na,b\n  \n,\n" ",""\r\n#"c\r\nd,#e\n\n"#f",g\n\n';
    expect(read(text, ',', '#')).toEqual([
      { number: 3, fields: ['a', 'b'] },
      { number: 8, fields: ['d', '#e'] },
      { number: 10, fields: ['#f', 'g'] },
    ]);
    expect(read('\n\r\n \n')).toEqual([]);
    expect(read('')).toEqual([]);
  });

  it('count as one row if a field has several lines, as in a spreadsheet', () => {
    expect(read('a\n"b\n\nc"\nd').map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  test.each([
    [
      'a\n"b\nc',
      'file: row 2: got the quote of "\\"b\\nc", which is never closed, want quotes that are opened and closed, and "" for',
    ],
    ['"', 'file: row 1: got the quote of "\\"", which is never closed, want quotes'],
    ['"a""', 'file: row 1: got the quote of "\\"a\\"\\"", which is never closed, want quotes'],
    [
      'a\n\nb,"c"d\n',
      'file: row 3: got "\\"d\\n" where field 2 is closed, want "," or a line end there, and "" for a quote',
    ],
    [
      '"5" pipe",1',
      'file: row 1: got "\\" pipe\\",1" where field 1 is closed, want "," or a line end there, and "" for',
    ],
  ])('are refused for quotes that do not match: %j', (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(RangeError);
  });

  it('are the rows that papaparse reads', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '1', '"', ',', ';', '\n', '\r', "'", ' ', 'é', '📏') });
    const tables = fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 });
    const written = fc.record({
      rows: tables,
      delimiter: fc.constantFrom(',', ';', '\t'),
      newline: fc.constantFrom('\n', '\r\n', '\r'),
      quotes: fc.boolean(),
      ending: fc.boolean(),
    });
    fc.assert(
      fc.property(written, ({ rows, delimiter, newline, quotes, ending }) => {
        const text = Papa.unparse(rows, { delimiter, newline, quotes }) + (ending ? newline : '');
        const { data } = Papa.parse<string[]>(text, { delimiter, newline });
        const isFilled = (fields: readonly string[]) => fields.some((value) => value.trim() !== '');
        expect(fieldsOf(text, delimiter)).toEqual(data.filter(isFilled));
        expect(fieldsOf(text, delimiter)).toEqual(rows.filter(isFilled));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

// Texts of `n` characters, or a few more, for which a careless reader takes quadratic time.
const repeat = (text: string, n: number) => text.repeat(Math.ceil(n / text.length));
const HOSTILE: [string, (n: number) => string][] = [
  ['a row of quoted fields', (n) => repeat('"a",', n)],
  ['a column of quoted fields', (n) => repeat('"a"\n', n)],
  ['a column that ends like old Macintosh files', (n) => repeat('"a"\r', n)],
  ['quotes within one field', (n) => `"${repeat('a""', n)}"`],
  ['a quote that is never closed', (n) => `"${repeat('a,\n', n)}`],
  ['quotes in the middle of a field', (n) => repeat('a"b', n)],
  ['quotes in the middle of fields', (n) => repeat('a"b,', n)],
  ['text after a closing quote', (n) => `"${repeat('" x', n / 2)}${' '.repeat(n / 2)},`],
  ['blanks before quotes', (n) => repeat(`${' '.repeat(50)}"a",`, n)],
  ['one long line of blanks', (n) => ' '.repeat(n)],
  ['empty fields', (n) => ','.repeat(n)],
  ['empty rows', (n) => repeat('\r\n', n)],
  ['comments', (n) => repeat('#"\n', n)],
  ['digits and a letter', (n) => `a,b\n${'1'.repeat(n)}x,2`],
  ['digits, a point, digits and a letter', (n) => `a,b\n${'1'.repeat(n / 2)}.${'1'.repeat(n / 2)}x,2`],
  ['a very long number', (n) => `a,b\n${'1'.repeat(n)},2`],
  ['a very long fraction', (n) => `a,b\n0.${'1'.repeat(n)},2`],
  ['a very long exponent', (n) => `a,b\n1e${'0'.repeat(n)},2`],
  ['very many marks between thousands', (n) => `a,b\n1${repeat(',234', n)};2`],
  ['a long name', (n) => `a,${'b'.repeat(n)}\n1,2`],
  ['a long line that looks like HTML', (n) => repeat(' <', n)],
];

function attempt(text: string): void {
  try {
    readCsv(text, { comment: '#' });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    expect(error.message.length).toBeLessThan(1000);
  }
}

describe('hostile texts', () => {
  it.each(HOSTILE)('%s: searches pass each character only a few times', (_, make) => {
    const text = make(100_000);
    let searched = 0;
    const { indexOf } = String.prototype;
    const spy = vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (this: string, mark, from = 0) {
      const found = indexOf.call(this, mark, from);
      searched += (found < 0 ? this.length : found) - from;
      return found;
    });
    try {
      attempt(text);
    } finally {
      spy.mockRestore();
    }
    // four marks are searched with each of the four delimiters that are tried, and once more with the delimiter that is
    // used
    expect(searched).toBeLessThan(30 * text.length);
  });

  it.each(HOSTILE)('%s: reading takes linear time', (_, make) => {
    // one long text is compared with sixteen short ones that have as many characters together: with a reader of
    // quadratic time, the long one would take sixteen times as long
    const long = make(160_000);
    const short = make(10_000);
    const time = (text: string, times: number) => {
      const start = performance.now();
      for (let i = 0; i < times; i++) attempt(text);
      return performance.now() - start;
    };
    // on a busy machine, one measurement may be wrong, but not all of them
    let ratio = Number.POSITIVE_INFINITY;
    for (let attempts = 0; attempts < 20 && ratio >= 6; attempts++) ratio = time(long, 1) / time(short, 16);
    expect(ratio).toBeLessThan(6);
  });
});
