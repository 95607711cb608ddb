import { describe, expect, it, test } from 'vitest';
import { readCsv } from '../src/io/csv.js';
import { findDelimiter } from '../src/io/csv-delimiter.js';

const find = (text: string, comment = '', decimal: '.' | ',' = '.') => findDelimiter('csv', text, comment, decimal);

describe('the detected delimiter', () => {
  const lines = (rows: number, line: (i: number) => string) =>
    Array.from({ length: rows }, (_, i) => line(i)).join('\n');

  it.each([',', ';', '\t', '|'])(
    'is %j for any number of rows, with or without a line end, header or empty row',
    (d) => {
      for (let rows = 1; rows <= 60; rows++) {
        const body = lines(rows, (i) => `${i}${d}${2 * i}`);
        for (const text of [body, `${body}\n`, `x${d}y\n${body}\n\n\n`, `\n \n${body}`, `x${d}y\n\n${body}`]) {
          expect(find(text)).toBe(d);
        }
      }
    },
  );

  test.each([
    // decimal commas, as spreadsheets write them in countries where semicolons divide the columns
    ['1 row', '0,5;1,5', ';'],
    ['numbers in two columns', lines(20, (i) => `${i},5;${i},25`), ';'],
    ['as many of each', lines(20, (i) => `${i},5;yes`), ';'],
    ['tabs', lines(20, (i) => `${i},5\t-${i},25e3`), '\t'],
    ['bars', lines(20, (i) => `,5|${i},`), '|'],
    ['a header', `x;y\n${lines(20, (i) => `${i},5;${i},25`)}\n`, ';'],
    ['a title above', `Messung vom 3. Mai\nx;y\n${lines(20, (i) => `${i},5;${i},25`)}\n`, ';'],
    ['a title above, no header', `Messung vom 3. Mai\n${lines(20, (i) => `${i},5;${i},25`)}\n`, ';'],
    ['whole numbers among them', 'x;y\n1;2\n1,5;2\n3;4,5', ';'],
    // other delimiters inside fields
    ['semicolons in some fields', 'a,b\nx;y,2\nz,3', ','],
    ['bars in some fields', 'film,genres\nA,x|y\nB,z\nC,x|y|z', ','],
    ['commas in some fields', 'name;age\n"Smith, John";3\nDoe, Jane;4\nX;5', ';'],
    ['all candidates within quotes', 'a,b\n"1;2",3\n"4;5",6', ','],
    ['quotes that match only for one delimiter', '"a";"b,c"\n"d";"e,f"', ';'],
    ['quotes that match only for one delimiter, in a later row', 'a,b;c\nd,"e";f', ';'],
    ['a delimiter that divides all rows evenly, and one that does not', 'a;b\n1,2,3;4\n5,6;7', ';'],
    // no delimiter
    ['a single column', 'a\n1\n2', undefined],
    ['a single cell', '5', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, text, wanted) => {
    expect(find(text)).toBe(wanted);
  });

  it('is the one with which most rows agree, if none divides all rows evenly', () => {
    expect(find('x,y\n1,2\n3,4\n(2 rows)')).toBe(',');
    expect(find('1,2\n3,4\nx;y')).toBe(',');
    expect(find('a title, with a comma\nx;y\n1;2\n3;4')).toBe(';');
    expect(find(`${lines(10, (i) => `${i};${i}`)}\nsee a, b, c`)).toBe(';');
  });

  it('is found without the comments, and is neither the comment nor the decimal character', () => {
    expect(find('#a;b;c\n1,2\n#d;e\n3,4', '#')).toBe(',');
    expect(
      find(
        lines(5, (i) => `${i},5`),
        '',
        ',',
      ),
    ).toBe(undefined);
    expect(
      find(
        lines(5, (i) => `${i};5`),
        '',
        ',',
      ),
    ).toBe(';');
    expect(
      find(
        lines(5, (i) => `|;${i};5`),
        '|',
      ),
    ).toBe(undefined);
  });

  it('is not the comment character', () => {
    expect(find('1;2\n3;4', ';')).toBe(undefined);
  });

  it('is found in the first 50 rows', () => {
    const rest = lines(200, (i) => `${i};${i}`);
    expect(find(`${lines(50, (i) => `${i},${i}`)}\n${rest}`)).toBe(',');
    expect(find(`${lines(25, (i) => `${i},${i}\n\n`)}${lines(25, (i) => `${i},${i}`)}\n${rest}`)).toBe(',');
    expect(find(`${lines(20, (i) => `${i},${i}`)}\n${rest}`)).toBe(';');
  });

  it('must be given if two delimiters fit equally well', () => {
    // the comma is a delimiter in the header and a decimal comma in the row below
    expect(() => find('a,b;c\n1,5;2')).toThrow(/^csv: got rows that "," and ";" divide evenly/);
    expect(() => find('a;b,c\nd;e,f')).toThrow(
      /^csv: got rows that "," and ";" divide evenly, want options\.delimiter, which says what divides them$/,
    );
    expect(() => readCsv('1,x|2', { header: false, name: 'my.csv' })).toThrow(
      /^my\.csv: got rows that "," and "\|" divide evenly/,
    );
    expect(readCsv('1,x|2', { header: false, delimiter: ',', inputs: [0] }).inputs).toEqual(Float64Array.of(1));
  });

  it('is found in the first rows of a wide text, as in those of a long one', () => {
    const row = Array.from({ length: 300_000 }, (_, i) => i).join(';');
    expect(find(`${row}\n${row}\n${row}\n`)).toBe(';');
  });

  it('is the one that a first line sep= states, and that line is not a row', () => {
    for (const [line, end] of [
      ['sep=;', '\r\n'],
      ['SEP=|', '\n'],
      ['\ufeffsep=\t', '\r'],
    ]) {
      const d = line.at(-1) as string;
      const text = `${line}${end}a${d}b${end}1,5${d}2${end}`;
      expect(readCsv(text, { decimal: ',' })).toMatchObject({ inputs: Float64Array.of(1.5, 2), columns: ['a', 'b'] });
      expect(() => readCsv(text)).toThrow(/^csv: row 2, column "a": got "1,5", want a number with "\."/);
    }
    expect(readCsv('sep=;\na,b\n1,2', { delimiter: ',' }).columns).toEqual(['a', 'b']);
    expect(readCsv('sep=;x\n1', { delimiter: ',' }).columns).toEqual(['sep=;x']);
  });
});

describe('a file with decimal commas', () => {
  const rows = Array.from({ length: 20 }, (_, i) => `${i},5;${i % 2 ? 'yes' : 'no'}`).join('\n');

  it('is read if the option says so', () => {
    const { inputs, classes } = readCsv(rows, { header: false, decimal: ',', target: 1, labels: true });
    expect(inputs).toEqual(Float64Array.from({ length: 20 }, (_, i) => i + 0.5));
    expect(classes).toEqual(['no', 'yes']);
    expect(readCsv('x;y\r\n-0,25;1e3\r\n,5;2,5E-1\r\n+3,;4\r\n', { decimal: ',' }).inputs).toEqual(
      Float64Array.of(-0.25, 1000, 0.5, 0.25, 3, 4),
    );
    // within quotes, commas may be decimal commas even if the comma is the delimiter
    expect(readCsv('"0,5","1,5"', { header: false, decimal: ',', delimiter: ',' }).inputs).toEqual(
      Float64Array.of(0.5, 1.5),
    );
    expect(readCsv('x\n0,5\n1,5', { decimal: ',' }).inputs).toEqual(Float64Array.of(0.5, 1.5));
  });

  it('is refused without the option, and never divided at these commas', () => {
    for (const options of [{ header: false }, { header: false, inputs: [0] }]) {
      expect(() => readCsv(rows, options)).toThrow(
        /^csv: row 1, column "0": got "0,5", want a number with "\.": \{ decimal: "," \} reads numbers such as 0,5$/,
      );
    }
    expect(() => readCsv(rows, { header: false, target: 2 })).toThrow(
      /^options\.target: got 2, want a column from 0 to 1: the delimiter found is ";", options\.delimiter sets another$/,
    );
  });

  it('has its classes sorted as numbers with decimal commas', () => {
    const options = { decimal: ',', target: 1, labels: true } as const;
    expect(readCsv('x;y\n1;10,5\n1;9,5\n1;-2', options).classes).toEqual(['-2', '9,5', '10,5']);
  });
});
