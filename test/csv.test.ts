import fc from 'fast-check';
import { describe, expect, it, test, vi } from 'vitest';
import { MAX_FLOAT } from '../src/check/errors.js';
import { type CsvOptions, readCsv } from '../src/io/csv.js';
import { createNetwork } from './build.js';
import { SEED } from './random-numbers.js';

const runs = { seed: SEED, numRuns: 300 };

const IRIS = `sepal length,sepal width,species
5.1,3.5,setosa
7.0,3.2,versicolor
6.3,3.3,virginica
4.9,3.0,setosa
`;

describe('readCsv', () => {
  it('gives inputs, labels, classes and the names of the columns', () => {
    expect(readCsv(IRIS, { target: 'species', labels: true })).toEqual({
      inputs: Float64Array.of(5.1, 3.5, 7, 3.2, 6.3, 3.3, 4.9, 3),
      targets: Int32Array.of(0, 1, 2, 0),
      classes: ['setosa', 'versicolor', 'virginica'],
      columns: ['sepal length', 'sepal width'],
    });
  });

  it('takes classes in the given order, such as that of the training data', () => {
    const labels = ['virginica', 'versicolor', 'setosa', 'another'];
    const { targets, classes } = readCsv(IRIS, { target: 2, labels });
    expect([targets, classes]).toEqual([Int32Array.of(2, 1, 0, 2), labels]);
  });

  it('sorts classes that are numbers as numbers, in whatever order the rows are', () => {
    const { targets, classes } = readCsv('x,y\n0,10\n0,9\n0,2\n0,10', { target: 'y', labels: true });
    expect([targets, classes]).toEqual([Int32Array.of(2, 1, 0, 2), ['2', '9', '10']]);
  });

  it('takes numbers as targets, of one column or several', () => {
    const text = 'a,b,c\n1,2,3\n4,5,6\n';
    const one = readCsv(text, { target: 'b' });
    expect([one.inputs, one.targets]).toEqual([Float64Array.of(1, 3, 4, 6), Float64Array.of(2, 5)]);
    const two = readCsv(text, { target: ['c', 0] });
    expect([two.inputs, two.targets]).toEqual([Float64Array.of(2, 5), Float64Array.of(3, 1, 6, 4)]);
    expect(readCsv(text)).toEqual({
      inputs: Float64Array.of(1, 2, 3, 4, 5, 6),
      targets: undefined,
      classes: undefined,
      columns: ['a', 'b', 'c'],
    });
  });

  it('takes the input columns of the option, in their order', () => {
    const { inputs, columns } = readCsv('id,a,b,y\nx7,1,2,3', { target: 'y', inputs: ['b', 1] });
    expect([inputs, columns]).toEqual([Float64Array.of(2, 1), ['b', 'a']]);
  });

  it('reads files without a header', () => {
    expect(readCsv('1,2\n3,4', { header: false, target: 1 })).toEqual({
      inputs: Float64Array.of(1, 3),
      targets: Float64Array.of(2, 4),
      classes: undefined,
      columns: ['0'],
    });
  });

  test.each([
    ['Windows line ends', 'a,b\r\n1,2\r\n3,4\r\n'],
    ['old Macintosh line ends', 'a,b\r1,2\r3,4'],
    ['semicolons', 'a;b\n1;2\n3;4'],
    ['tabs', 'a\tb\n1\t2\n3\t4'],
    ['a byte order mark', '\ufeffa,b\n1,2\n3,4'],
    ['quotes', '"a","b"\n"1","2"\n"3",4'],
    ['spaces', ' a , b \n 1,2 \n3 , 4'],
    ['empty rows', 'a,b\n\n1,2\n\n  \n3,4\n\n'],
    ['rows of empty fields, as spreadsheets leave them', 'a,b\n1,2\n,\n3,4\n,\n , \n"",""\n'],
    ['blanks around quotes', '"a" , "b"\n "1","2" \n"3", 4'],
    ['other ways to write numbers', 'a,b\n+1.,2.000\n.3e1,400E-2'],
  ])('reads %s', (_, text) => {
    const { inputs, columns } = readCsv(text);
    expect([inputs, columns]).toEqual([Float64Array.of(1, 2, 3, 4), ['a', 'b']]);
  });

  it('reads a single column, and a file with an unusual delimiter', () => {
    expect(readCsv('a\n1\n2').inputs).toEqual(Float64Array.of(1, 2));
    expect(readCsv('a:b\n1:2', { delimiter: ':' }).inputs).toEqual(Float64Array.of(1, 2));
    expect(readCsv('%x\na,b\n%1,2\n1,2\n%', { comment: '%' }).inputs).toEqual(Float64Array.of(1, 2));
  });

  it('reads exactly what was written: every double, any name, any class', () => {
    // texts that must be quoted in CSV occur often; names begin and end with _, so that they do not differ by blanks
    // alone
    const word = fc
      .string({ unit: fc.constantFrom('a', 'B', '"', ',', ';', '\n', "'", ' ', 'é', '0') })
      .map((text) => `_${text}_`);
    const field = (text: string) => (/[",;\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const float = fc.double({ noNaN: true, min: -MAX_FLOAT, max: MAX_FLOAT });
    const tables = fc
      .record({ names: fc.uniqueArray(word, { minLength: 1, maxLength: 6 }), rows: fc.integer({ min: 1, max: 20 }) })
      .chain(({ names, rows }) =>
        fc.record({
          names: fc.constant(names),
          values: fc.array(fc.array(float, { minLength: names.length, maxLength: names.length }), {
            minLength: rows,
            maxLength: rows,
          }),
          classes: fc.array(word, { minLength: rows, maxLength: rows }),
          end: fc.constantFrom('\n', '\r\n'),
        }),
      );
    fc.assert(
      fc.property(tables, ({ names, values, classes, end }) => {
        const rows = [[...names, 'the class'], ...values.map((row, i) => [...row.map(String), classes[i]])];
        const text = rows.map((row) => row.map(field).join(',')).join(end);
        const read = readCsv(text, { target: 'the class', labels: true, delimiter: ',' });
        // String(-0) is "0"
        expect(read.inputs).toEqual(Float64Array.from(values.flat(), (x) => x + 0));
        expect([...(read.targets as Int32Array)].map((label) => read.classes?.[label])).toEqual(classes);
        expect(read.columns).toEqual(names);
      }),
      runs,
    );
  });
});

describe('the first row', () => {
  const SAMPLES = '5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,setosa\n';

  it('is refused if it may be a sample, which would be lost', () => {
    expect(() => readCsv(SAMPLES, { target: 2, labels: true })).toThrow(
      /^csv: row 1: got the number "5\.1" in the place of a column's name, want \{ header: false \} if the first row is a sample, \{ header: true \} if/,
    );
    for (const first of ['a,5', '-1e3,b', '"0,5",b', ' 7 ,b', '.5,a']) {
      expect(() => readCsv(`\n${first}\n1,2`), first).toThrow(/^csv: row 2: got the number "/);
    }
    for (const first of ['a,', 'x5,b', '?,b', '5 m,b', 'NaN,b', '1970s,1e']) {
      expect(readCsv(`${first}\n1,2`, { delimiter: ',' }).inputs, first).toHaveLength(2);
    }
  });

  it('is a sample, or holds names that may be numbers, as the option says', () => {
    const samples = readCsv(SAMPLES, { header: false, target: 2, labels: true });
    expect([samples.inputs.length, samples.classes]).toEqual([6, ['setosa', 'versicolor']]);
    const { inputs, columns } = readCsv('country,1990,1991\n0,5,6', { header: true, inputs: ['1991', '1990'] });
    expect([inputs, columns]).toEqual([Float64Array.of(6, 5), ['1991', '1990']]);
  });
});

it('keeps the digits of doubles: time stamps in seconds, and numbers that f32 would round to 0', () => {
  const { inputs, targets } = readCsv('time,x,y\n1700000000.25,1e-60,0.1\n1700000001.5,123456789,-0', { target: 'y' });
  expect(inputs).toEqual(Float64Array.of(1700000000.25, 1e-60, 1700000001.5, 123456789));
  expect(targets).toEqual(Float64Array.of(0.1, -0));
});

it('returns data that fit accepts', async () => {
  const { inputs, targets } = readCsv('x,y\n0,a\n1,b\n2,b\n', { target: 'y', labels: true });
  const net = await createNetwork({ inputs: 1, layers: [{ units: 2, activation: 'softmax' }] });
  expect((await net.fit({ inputs, targets }, { epochs: 1 })).samples).toBe(3);
  const numbers = readCsv('x,y,z\n0,1,2\n1,2,3', { target: ['y', 'z'] });
  const line = await createNetwork({ inputs: 1, layers: [{ units: 2, activation: 'linear' }] });
  expect(
    (await line.fit(numbers.targets && { inputs: numbers.inputs, targets: numbers.targets }, { epochs: 1 })).length,
  ).toBe(1);
  expect(line.predict(numbers.inputs)).toHaveLength(4);
});

describe('names of classes', () => {
  const classesOf = (...names: string[]) =>
    readCsv(['x,y', ...names.map((name) => `0,${name}`)].join('\n'), { target: 'y', labels: true });

  it('have an order that does not depend on that of the rows: numbers by size, equal numbers as text', () => {
    const sorted = ['-1e1', '-9', '-0', '0', '01', '1', '1.0', '1.00', '1e0', '+2', '2', '10'];
    for (const shift of sorted.keys()) {
      const rotated = [...sorted.slice(shift), ...sorted.slice(0, shift)];
      const { classes, targets } = classesOf(...rotated, ...rotated.toReversed());
      expect(classes).toEqual(sorted);
      expect([...(targets as Int32Array)].map((label) => sorted[label])).toEqual([...rotated, ...rotated.toReversed()]);
    }
    // "x" is not a number, so all names are sorted as words
    expect(classesOf('10', '9', '1.0', '1', 'x').classes).toEqual(['1', '1.0', '10', '9', 'x']);
    expect(classesOf('1e400', '2e400', '-1e400', '1e999').classes).toEqual(['-1e400', '1e400', '1e999', '2e400']);
  });

  it('can be any text, and so can the names of columns', () => {
    const names = ['__proto__', 'constructor', 'toString', '</script>', '*/', 'a\u2028b', '\u001b[31m', "'", 'é'];
    const quoted = names.map((name) => `"${name}"`);
    const { classes, targets } = readCsv(
      [quoted.join(','), ...quoted.map((name) => [name, ...Array(names.length - 1).fill(1)].join(','))].join('\n'),
      { target: '__proto__', labels: names.map((name) => name.trim()), inputs: ['constructor', '*/'] },
    );
    expect(classes).toEqual(names.map((name) => name.trim()));
    expect(targets).toEqual(Int32Array.from(names.keys()));
  });

  it('are escaped in messages', () => {
    const message = (() => {
      try {
        readCsv('"\u001b[2J\u202e",y\n1,2\n"\u009b1m",2');
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message).toBe(
      'csv: row 3, column "\\u001b[2J\\u202e": got "\\u009b1m", want a number: correct it, or leave the column out of options.inputs',
    );
  });
});

describe('a file of 20,000 columns or classes', () => {
  const COUNT = 20_000;
  const names = Array.from({ length: COUNT }, (_, i) => `name ${i}`);
  const row = names.map((_, i) => i).join(',');

  /** The largest number of entries that array searches may look at during the call. */
  function searchedEntries(act: () => void): number {
    let entries = 0;
    const methods = ['indexOf', 'lastIndexOf', 'includes', 'find', 'findIndex'] as const;
    const spies = methods.map((method) => {
      const original = Array.prototype[method] as (...args: unknown[]) => unknown;
      return vi.spyOn(Array.prototype, method).mockImplementation(function (this: unknown[], ...args: unknown[]) {
        entries += this.length;
        return original.apply(this, args) as never;
      });
    });
    try {
      act();
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    return entries;
  }

  it.each<[string, CsvOptions]>([
    ['all columns as inputs', {}],
    ['inputs by name', { inputs: names }],
    ['inputs by place', { inputs: names.map((_, i) => i) }],
    ['targets by name', { target: names.slice(1) }],
    ['targets and inputs', { target: names.slice(0, COUNT / 2), inputs: names.slice(COUNT / 2) }],
  ])('is read without a search through all names for each of them: %s', (_, options) => {
    const text = `${names.join(',')}\n${row}\n`;
    const entries = searchedEntries(() => {
      const { inputs, columns } = readCsv(text, options);
      expect(inputs.length).toBe(columns.length);
    });
    expect(entries).toBeLessThan(10 * COUNT);
  });

  it('has its classes found without a search through all of them for each row', () => {
    const text = `x,y\n${names.map((name) => `1,${name}`).join('\n')}`;
    for (const labels of [true, names]) {
      const entries = searchedEntries(() => {
        expect(readCsv(text, { target: 'y', labels }).classes).toHaveLength(COUNT);
      });
      expect(entries).toBeLessThan(10 * COUNT);
    }
  });

  it('has short messages', () => {
    const text = `${names.join(',')}\n${row}\n`;
    const start = names
      .slice(0, 10)
      .map((name) => `"${name}"`)
      .join(', ');
    expect(() => readCsv(text, { target: 'Name 7' })).toThrow(
      /got "Name 7", want "name 7", which differs in case or blanks/,
    );
    expect(() => readCsv(text, { target: 'x' })).toThrow(
      `got "x", want one of ${start}, ... (20000 in all): the delimiter`,
    );
    expect(() => readCsv('x,y\n1,a', { target: 'y', labels: names })).toThrow(
      `csv: row 2, column "y": got "a", want one of ${start}, ... (20000 in all)`,
    );
    expect(() => readCsv(`${'n'.repeat(1e6)},${'m'.repeat(1e6)}\n1,${'2'.repeat(1e6)}x`)).toThrow(
      /^csv: row 2, column "m{40}\.\.\.": got "2{40}\.\.\.", want a number: correct it/,
    );
  });
});

const wrong: [string, unknown, unknown, RegExp][] = [
  ['no text', undefined, {}, /^csv: got undefined, want a string: the text of the file$/],
  ['bytes', new Uint8Array(3), {}, /^csv: got Uint8Array of 3 bytes, want a string/],
  ['an empty file', '', {}, /^csv: got 0 bytes: the file is empty, want the text of a CSV file$/],
  ['empty rows alone', '\n\n', {}, /^csv: got no rows, want one row of numbers or more$/],
  ['JSON', ' [{"a": 1}]', {}, /^csv: got JSON, want the text of a CSV file$/],
  ['a header alone', 'a,b\n', {}, /^csv: got a header alone, want one row of numbers or more$/],
  [
    'a word',
    'a,b\n1,2\n3,four',
    {},
    /^csv: row 3, column "b": got "four", want a number: correct it, or leave the column out of options\.inputs$/,
  ],
  [
    'a word after empty rows',
    'a,b\n\n\n1,two',
    {},
    /^csv: row 4, column "b": got "two", want a number: correct it, or leave the column out of options\.inputs$/,
  ],
  [
    'a word without a header',
    '1,2\nx,4',
    { header: false },
    /^csv: row 2, column "0": got "x", want a number: correct it, or leave the column out of options\.inputs$/,
  ],
  [
    'an empty field',
    'a,b\n1,',
    {},
    /^csv: row 2, column "b": got an empty field, want a number: fill in the missing value, or leave the row out$/,
  ],
  [
    'a number in hexadecimal',
    'a\n0x10',
    {},
    /^csv: row 2, column "a": got "0x10", want a number: correct it, or leave the column out of options\.inputs$/,
  ],
  [
    'NaN',
    'a\nNaN',
    {},
    /^csv: row 2, column "a": got "NaN", want a number: fill in the missing value, or leave the row out$/,
  ],
  [
    'Infinity',
    'a\n-Infinity',
    {},
    /^csv: row 2, column "a": got "-Infinity", want a number: correct it, or leave the column out of options\.inputs$/,
  ],
  [
    'a decimal comma',
    'a;b\n1,5;2',
    {},
    /^csv: row 2, column "a": got "1,5", want a number with "\.": \{ decimal: "," \} reads numbers such as 0,5$/,
  ],
  [
    'a number that f32 cannot hold',
    'a\n1e39',
    {},
    /^csv: row 2, column "a": got "1e39", want a number that is finite in 32 bits$/,
  ],
  [
    'a long word',
    `a\n${'x'.repeat(99)}`,
    {},
    /got "x{40}\.\.\.", want a number: correct it, or leave the column out of options\.inputs$/,
  ],
  [
    'a missing field',
    'a,b\n1,2\n3',
    {},
    /^csv: row 3: got 1 field, want 2, as in row 1: the delimiter found is ",", options\.delimiter sets another$/,
  ],
  [
    'a superfluous field',
    'a,b\n1,2,3',
    {},
    /^csv: row 2: got 3 fields, want 2, as in row 1: the delimiter found is ",", options\.delimiter sets another$/,
  ],
  [
    'a quote that is never closed',
    'a,b\n1,2\n"3,4\n5,6',
    {},
    /^csv: row 3: got the quote of "\\"3,4\\n5,6", which is never closed, want quotes that are opened and closed, and "" for/,
  ],
  [
    'a quote within a field',
    'a,b\n1,2\n"3"x,4',
    {},
    /^csv: row 3: got "\\"x,4" where field 1 is closed, want "," or a line end there, and "" for a quote within quotes$/,
  ],
  ['the name of the file', 'a\nb', { name: 'my.csv' }, /^my\.csv: row 2, column "a": got "b"/],
  [
    'an empty class',
    'x,y\n1,a\n1, ',
    { target: 'y', labels: true },
    /^csv: row 3, column "y": got an empty field, want the/,
  ],
  ['a class not listed', 'x,y\n1,a', { target: 'y', labels: ['b', 'c'] }, /column "y": got "a", want one of "b", "c"$/],
  [
    'words without labels',
    IRIS,
    { target: 'species' },
    /^csv: row 2, column "species": got "setosa", want a number: \{ labels: true \} takes names of classes$/,
  ],
  [
    'labels without a target',
    IRIS,
    { labels: true },
    /^options\.labels: got labels of 0 target columns, want those of one: options\.target names it$/,
  ],
  [
    'labels of two columns',
    IRIS,
    { target: [0, 2], labels: true },
    /^options\.labels: got labels of 2 target columns, want those/,
  ],
  ['labels as a string', IRIS, { target: 2, labels: 'a' }, /^options\.labels: got "a", want true, false or an array/],
  ['no labels', IRIS, { target: 2, labels: [] }, /^options\.labels: got no names, want one or more$/],
  ['labels twice', IRIS, { target: 2, labels: ['a', 'a'] }, /^options\.labels\[1\]: got "a", want names that differ$/],
  ['labels as numbers', IRIS, { target: 2, labels: [0, 1] }, /^options\.labels\[0\]: got 0, want the name of a class$/],
  [
    'an unknown column',
    IRIS,
    { target: 'petal' },
    /^options\.target: got "petal", want one of "sepal length", "sepal width", "species": the delimiter found is ",", options\.delimiter sets another$/,
  ],
  [
    'a column too far',
    IRIS,
    { target: 3 },
    /^options\.target: got 3, want a column from 0 to 2: the delimiter found is ",", options\.delimiter sets another$/,
  ],
  ['column -1', IRIS, { target: -1 }, /^options\.target: got -1, want a column from 0 to 2$/],
  [
    'a column index that is not an integer',
    IRIS,
    { target: [0.5] },
    /^options\.target\[0\]: got 0.5, want a column from 0 to 2$/,
  ],
  [
    'null as target',
    '1,2',
    { header: false, target: [null] },
    /^options\.target\[0\]: got null, want a column from 0 to 1, w/,
  ],
  [
    'a name without a header',
    '1,2',
    { header: false, target: 'a' },
    /^options\.target: got "a", want a column from 0 to 1, /,
  ],
  [
    'a name of two columns',
    'a,a\n1,2',
    { target: 'a' },
    /^options\.target: got "a", the name of more than one column, wan/,
  ],
  ['no targets', IRIS, { target: [] }, /^options\.target: got none, want one column or more, or no target given$/],
  [
    'no targets for labels',
    IRIS,
    { target: [], labels: true },
    /^options\.target: got none, want one column or more, or no target given$/,
  ],
  [
    'a target twice',
    IRIS,
    { target: [0, 1, 'sepal width'] },
    /^options\.target\[2\]: got "sepal width" once more, want another column$/,
  ],
  [
    'an input twice',
    IRIS,
    { inputs: [1, 1] },
    /^options\.inputs\[1\]: got "sepal width" once more, want another column$/,
  ],
  [
    'the target as input',
    IRIS,
    { target: 1, inputs: [0, 1] },
    /^options\.inputs\[1\]: got the target "sepal width", want/,
  ],
  ['no inputs', IRIS, { target: 'species', inputs: [] }, /^options\.inputs: got none, want one input column or more$/],
  ['nothing but the target', 'y\n1', { target: 'y' }, /^options\.inputs: got none, want one input column or more$/],
  ['inputs as a name', IRIS, { inputs: 'species' }, /^options\.inputs: got "species", want an array of columns$/],
  ['an unknown option', IRIS, { targets: 2 }, /^options: got the unknown key "targets", want target, inputs, /],
  [
    'a BigInt as column',
    IRIS,
    { target: 2n },
    /^options\.target: got 2n \(a BigInt\), want the name of a column, or a column from/,
  ],
  [
    'a name in another case',
    IRIS,
    { target: ' Species' },
    /^options\.target: got " Species", want "species", which differs in case or/,
  ],
  ['a name with an escape sequence', IRIS, { target: '\u001b[2J' }, /^options\.target: got "\\u001b\[2J", want one of/],
  [
    'a promise of the text',
    Promise.resolve(IRIS),
    {},
    /^csv: got an object \(Promise\), want a string: .*: await the promise$/,
  ],
  [
    'an HTML page',
    ' \n<!doctype html><html></html>',
    {},
    /^csv: got an HTML or XML page: the address may be wrong, want the text of a CSV file$/,
  ],
  [
    'a Git LFS pointer',
    'version https://git-lfs.github.com/spec/v1\noid sha256:00\n',
    {},
    /^csv: got a Git LFS pointer: git lfs pull fetches what it stands for, want the text of a CSV file$/,
  ],
  [
    'an Excel workbook',
    'PK\u0003\u0004\u0014\u0000',
    {},
    /^csv: got a zip archive, which \.xlsx files are too: it must be unpacked, or exported, first, want the text/,
  ],
  [
    'UTF-16',
    'a\0,\0b\0',
    {},
    /^csv: got text with characters of code 0, want text .*new TextDecoder\("utf-16le"\)\.decode\(bytes\)\)$/,
  ],
  [
    'a comment',
    'a,b\n#1\n1,2',
    {},
    /^csv: row 2: got 1 field, want 2, as in row 1: \{ comment: "#" \} leaves comments out: the delimiter/,
  ],
  [
    'a decimal point',
    'a;b\n1.5;2',
    { decimal: ',' },
    /^csv: row 2, column "a": got "1\.5", want a number with ",": \{ decimal: "\." \} reads numbers/,
  ],
  [
    'two decimal commas',
    'a;b\n1,5,5;2',
    { decimal: ',' },
    /^csv: row 2, column "a": got "1,5,5", want a number: the delimiter found is ";", options/,
  ],
  [
    'a comma between thousands',
    'a;b\n1,234;2',
    {},
    /got "1,234", want a number without a mark between thousands \(if the mark is a decimal one: \{ decimal: "," \}/,
  ],
  [
    'thousands with points and a comma',
    'a;b\n1.234,5;2',
    {},
    /got "1\.234,5", want a number without a mark between thousands$/,
  ],
  ['thousands with blanks', 'a\n1 234 567', {}, /got "1 234 567", want a number without a mark between thousands$/],
  [
    'a question mark for a missing value',
    'a\n?',
    {},
    /got "\?", want a number: fill in the missing value, or leave the row out$/,
  ],
  ['#N/A, as spreadsheets write it', 'a\n#N/A', {}, /got "#N\/A", want a number: fill in the missing value, or leave/],
  [
    'another delimiter in a field',
    'a,b\n1;2,3',
    {},
    /got "1;2", want a number: the delimiter found is ",", options\.delimiter sets another$/,
  ],
  [
    'a file with another delimiter than the option states',
    'a;b\n1;2',
    { delimiter: ',' },
    /^csv: row 2, column "a;b": got "1;2", want a number: correct it/,
  ],
  [
    'a header with the option header: false',
    'a,b\n1,2',
    { header: false },
    /^csv: row 1, column "0": got "a", want a number: \{ header: false \} says/,
  ],
  ['decimal as a word', IRIS, { decimal: 'comma' }, /^options\.decimal: got "comma", want "\." or ","$/],
  [
    'an empty delimiter',
    IRIS,
    { delimiter: '' },
    /^options\.delimiter: got "", want one character that is no quote and no line end$/,
  ],
  [
    'a comment of two characters',
    IRIS,
    { comment: '//' },
    /^options\.comment: got "\/\/", want one character that is no quote/,
  ],
  [
    'a comment that is the delimiter',
    IRIS,
    { comment: ';', delimiter: ';' },
    /^options\.comment: got ";", want another character than/,
  ],
  ['null as options', IRIS, null, /^options: got null, want an object such as \{ target: \.\.\. \}$/],
  ['header as a number', IRIS, { header: 1 }, /^options\.header: got 1, want true or false$/],
  [
    'a delimiter of two characters',
    IRIS,
    { delimiter: '::' },
    /^options\.delimiter: got "::", want one character that is no quote/,
  ],
  ['a quote as delimiter', IRIS, { delimiter: '"' }, /^options\.delimiter: got "\\"", want one character/],
  ['a delimiter that is not a string', IRIS, { delimiter: 3 }, /^options\.delimiter: got 3, want one character/],
  ['a name that is not a string', IRIS, { name: 3 }, /^options\.name: got 3, want a string$/],
];
test.each(wrong)('readCsv refuses %s', (_, text, options, message) => {
  expect(() => readCsv(text as string, options as CsvOptions)).toThrow(message);
});
