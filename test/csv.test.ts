import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type CsvOptions, readCsv } from '../src/io/csv.js';
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
      inputs: Float32Array.of(5.1, 3.5, 7, 3.2, 6.3, 3.3, 4.9, 3),
      targets: Int32Array.of(0, 1, 2, 0),
      classes: ['setosa', 'versicolor', 'virginica'],
      columns: ['sepal length', 'sepal width'],
    });
  });

  it('takes classes in the order given, such as that of the training data', () => {
    const labels = ['virginica', 'versicolor', 'setosa', 'another'];
    const { targets, classes } = readCsv(IRIS, { target: 2, labels });
    expect([targets, classes]).toEqual([Int32Array.of(2, 1, 0, 2), labels]);
  });

  it('sorts classes that are numbers as numbers, whatever the order of the rows', () => {
    const { targets, classes } = readCsv('x,y\n0,10\n0,9\n0,2\n0,10', { target: 'y', labels: true });
    expect([targets, classes]).toEqual([Int32Array.of(2, 1, 0, 2), ['2', '9', '10']]);
  });

  it('takes numbers as targets, of one column or several', () => {
    const text = 'a,b,c\n1,2,3\n4,5,6\n';
    const one = readCsv(text, { target: 'b' });
    expect([one.inputs, one.targets]).toEqual([Float32Array.of(1, 3, 4, 6), Float32Array.of(2, 5)]);
    const two = readCsv(text, { target: ['c', 0] });
    expect([two.inputs, two.targets]).toEqual([Float32Array.of(2, 5), Float32Array.of(3, 1, 6, 4)]);
    expect(readCsv(text)).toEqual({
      inputs: Float32Array.of(1, 2, 3, 4, 5, 6),
      targets: undefined,
      classes: undefined,
      columns: ['a', 'b', 'c'],
    });
  });

  it('takes the input columns that are asked for, in their order', () => {
    const { inputs, columns } = readCsv('id,a,b,y\nx7,1,2,3', { target: 'y', inputs: ['b', 1] });
    expect([inputs, columns]).toEqual([Float32Array.of(2, 1), ['b', 'a']]);
  });

  it('reads files without a header', () => {
    expect(readCsv('1,2\n3,4', { header: false, target: 1 })).toEqual({
      inputs: Float32Array.of(1, 3),
      targets: Float32Array.of(2, 4),
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
    ['other ways to write numbers', 'a,b\n+1.,2.000\n.3e1,400E-2'],
  ])('reads %s', (_, text) => {
    const { inputs, columns } = readCsv(text);
    expect([inputs, columns]).toEqual([Float32Array.of(1, 2, 3, 4), ['a', 'b']]);
  });

  it('reads a single column, and a delimiter of its own', () => {
    expect(readCsv('a\n1\n2').inputs).toEqual(Float32Array.of(1, 2));
    expect(readCsv('a:b\n1:2', { delimiter: ':' }).inputs).toEqual(Float32Array.of(1, 2));
  });

  it('gives back what was written: every f32, any name, any class', () => {
    // what a spreadsheet would have to quote comes up often; names are told apart by more than the spaces around them
    const word = fc
      .string({ unit: fc.constantFrom('a', 'B', '"', ',', ';', '\n', "'", ' ', 'é', '0') })
      .map((text) => `_${text}_`);
    const field = (text: string) => (/[",;\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
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
        expect(read.inputs).toEqual(Float32Array.from(values.flat(), (x) => x + 0));
        expect([...(read.targets as Int32Array)].map((label) => read.classes?.[label])).toEqual(classes);
        expect(read.columns).toEqual(names);
      }),
      runs,
    );
  });
});

const wrong: [string, unknown, unknown, RegExp][] = [
  ['no text', undefined, {}, /^csv: got undefined, want a string: the text of the file$/],
  ['bytes', new Uint8Array(3), {}, /^csv: got Uint8Array of 3 bytes, want a string/],
  ['an empty file', '', {}, /^csv: got no rows, want one row of numbers or more$/],
  ['empty rows alone', '\n\n', {}, /^csv: got no rows, want/],
  ['a header alone', 'a,b\n', {}, /^csv: got a header alone, want one row of numbers or more$/],
  ['a word', 'a,b\n1,2\n3,four', {}, /^csv: row 3, column "b": got "four", want a number$/],
  ['a word after empty rows', 'a,b\n\n\n1,two', {}, /^csv: row 4, column "b": got "two", want a number$/],
  ['a word without a header', '1,2\nx,4', { header: false }, /^csv: row 2, column "0": got "x", want a number$/],
  ['an empty field', 'a,b\n1,', {}, /^csv: row 2, column "b": got an empty field, want a number$/],
  ['a number in hexadecimal', 'a\n0x10', {}, /^csv: row 2, column "a": got "0x10", want a number$/],
  ['NaN', 'a\nNaN', {}, /^csv: row 2, column "a": got "NaN", want a number$/],
  ['Infinity', 'a\n-Infinity', {}, /^csv: row 2, column "a": got "-Infinity", want a number$/],
  ['a decimal comma', 'a;b\n1,5;2', {}, /^csv: row 2, column "a": got "1,5", want a number$/],
  [
    'a number beyond f32',
    'a\n1e39',
    {},
    /^csv: row 2, column "a": got "1e39", want a number that is finite in 32 bits$/,
  ],
  ['a long word', `a\n${'x'.repeat(99)}`, {}, /got "x{40}\.\.\.", want a number$/],
  ['a field too few', 'a,b\n1,2\n3', {}, /^csv: row 3: got 1 fields, want 2, as in the first row$/],
  ['a field too many', 'a,b\n1,2,3', {}, /^csv: row 2: got 3 fields, want 2, as in the first row$/],
  [
    'a quote that stays open',
    'a,b\n1,2\n"3,4\n5,6',
    {},
    /^csv: row 3: got .*, want quotes that are opened and closed$/,
  ],
  ['a quote within a field', 'a,b\n1,2\n"3"x,4', {}, /^csv: row 3: got .*, want quotes that are opened and closed$/],
  ['the name of the file', 'a\nb', { name: 'my.csv' }, /^my\.csv: row 2, column "a": got "b"/],
  [
    'an empty class',
    'x,y\n1,a\n1, ',
    { target: 'y', labels: true },
    /^csv: row 3, column "y": got an empty field, want the/,
  ],
  ['a class not listed', 'x,y\n1,a', { target: 'y', labels: ['b', 'c'] }, /column "y": got "a", want one of b, c$/],
  ['words without labels', IRIS, { target: 'species' }, /^csv: row 2, column "species": got "setosa", want a number$/],
  [
    'labels without a target',
    IRIS,
    { labels: true },
    /^options\.labels: got labels of 0 target columns, want those of one$/,
  ],
  [
    'labels of two',
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
    /^options\.target: got "petal", want one of sepal length, sepal width, sp/,
  ],
  ['a column too far', IRIS, { target: 3 }, /^options\.target: got 3, want a column from 0 to 2$/],
  ['column -1', IRIS, { target: -1 }, /^options\.target: got -1, want a column from 0 to 2$/],
  ['half a column', IRIS, { target: [0.5] }, /^options\.target\[0\]: got 0.5, want a column from 0 to 2$/],
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
  ['null as options', IRIS, null, /^options: got null, want an object$/],
  ['header as a number', IRIS, { header: 1 }, /^options\.header: got 1, want true or false$/],
  [
    'a delimiter of two',
    IRIS,
    { delimiter: '::' },
    /^options\.delimiter: got "::", want one character that is no quote/,
  ],
  ['a quote as delimiter', IRIS, { delimiter: '"' }, /^options\.delimiter: got "\\"", want one character/],
  ['a delimiter that is none', IRIS, { delimiter: 3 }, /^options\.delimiter: got 3, want one character/],
  ['a name that is none', IRIS, { name: 3 }, /^options\.name: got 3, want a string$/],
];
test.each(wrong)('readCsv refuses %s', (_, text, options, message) => {
  expect(() => readCsv(text as string, options as CsvOptions)).toThrow(message);
});
