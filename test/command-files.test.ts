import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simdprop } from './run-command.js';

// The command with files as people have them, and with files that are larger than the memory. The model's inputs are a
// category and a number.

let folder: string;
let model: string;
const at = (name: string) => join(folder, name);

const ROWS = Array.from({ length: 60 }, (_, i) => `${i % 2 ? 'red' : 'blue'},${i % 7},${i % 2 ? 'yes' : 'of course'}`);
const TABLE = ['colour,size,answer', ...ROWS].join('\n');
const ANSWERS = ROWS.map((row) => row.slice(row.lastIndexOf(',') + 1));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simdprop-files-'));
  model = at('model.simdprop');
  const { code, err } = await simdprop(['train', '-', '--target', 'answer', '--test', '0', '--save', model], {
    input: TABLE,
  });
  expect(code, err).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NEW = ['colour,size', ...ROWS.map((row) => row.slice(0, row.lastIndexOf(',')))].join('\n');
const predict = (input: string | AsyncIterable<string | Uint8Array>, ...flags: string[]) =>
  simdprop(['predict', model, '-', ...flags], { input });
const only = async (input: string, ...flags: string[]) => {
  const { code, out, err } = await predict(input, '--only', ...flags);
  expect(code, err).toBe(0);
  return out.trimEnd().split('\n').slice(1);
};

describe('a file of any size', () => {
  const HEADER = 'colour,size\n';
  const ROWS_OF_PART = 4000;
  const PARTS = 25;
  const PART = 'red,1\nblue,2\n'.repeat(ROWS_OF_PART / 2);

  it('is predicted part by part: the first rows are written long before the last are read', async () => {
    let written = 0;
    const before: number[] = [];
    const input = (async function* () {
      yield HEADER;
      for (let part = 0; part < PARTS; part++) {
        before.push(written);
        yield PART;
      }
    })();
    const onOut = (text: string) => {
      written += text.length;
    };
    const { code, out } = await simdprop(['predict', model, '-'], { input, onOut });
    expect(code).toBe(0);
    // predictions are written while later parts are still to be read: only the first parts, in which the delimiter is
    // searched, and one block of rows are held back
    expect(before[15]).toBeGreaterThan(8 * PART.length);
    expect(before[PARTS - 1]).toBeGreaterThan((PARTS - 5) * PART.length);
    expect(out).toBe(
      `colour,size,predicted answer\n${'red,1,yes\nblue,2,of course\n'.repeat((PARTS * ROWS_OF_PART) / 2)}`,
    );
  });

  it('is read no faster than its predictions are taken', async () => {
    let partsRead = 0;
    let take: (() => void) | undefined;
    const input = (async function* () {
      yield HEADER;
      for (; partsRead < PARTS; partsRead++) yield PART;
    })();
    const onOut = () =>
      new Promise<void>((resolve) => {
        take = resolve;
      });
    const done = simdprop(['predict', model, '-', '--only'], { input, onOut });
    const turns = async () => {
      for (let i = 0; i < 200; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    while (!take) await turns();
    const readBefore = partsRead;
    // the parts in which the delimiter is searched
    expect(readBefore).toBeLessThan(15);
    await turns();
    expect(partsRead).toBe(readBefore);
    let isDone = false;
    const end = done.then((result) => {
      isDone = true;
      return result;
    });
    while (!isDone) {
      take?.();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect((await end).out.length).toBe(
      'predicted answer\n'.length + ((PARTS * ROWS_OF_PART) / 2) * 'yes\nof course\n'.length,
    );
  });

  it('is valid JSON, with all rows', async () => {
    const { out } = await predict(HEADER + PART.repeat(5), '--json');
    const values = (JSON.parse(out) as { value: string }[]).map(({ value }) => value);
    expect(values.length).toBe(5 * ROWS_OF_PART);
    expect(new Set(values.filter((_, i) => i % 2 === 0))).toEqual(new Set(['yes']));
  });

  it('ends with its row number at a row that is wrong, behind the rows that are right', async () => {
    const parts = (async function* () {
      yield HEADER;
      for (let part = 0; part < PARTS; part++) yield PART;
      yield 'red,1,2\n';
    })();
    const { code, out, err } = await predict(parts);
    expect(code).toBe(1);
    expect(err).toContain('standard input: row 100002: got 3 fields, want 2, as in row 1');
    expect(out.split('\n').length).toBeGreaterThan(20_000);
  });

  it('takes time linear in its length', async () => {
    const time = async (times: number, parts: number) => {
      const start = performance.now();
      for (let i = 0; i < times; i++) await predict(HEADER + PART.repeat(parts), '--only');
      return performance.now() - start;
    };
    let ratio = Number.POSITIVE_INFINITY;
    for (let attempts = 0; attempts < 10 && ratio >= 4; attempts++) ratio = (await time(1, 8)) / (await time(8, 1));
    expect(ratio).toBeLessThan(4);
  });
});

describe('a file as people have it', () => {
  const expected = ANSWERS;

  it.each<[string, string, string[]]>([
    ['line ends of Windows', NEW.replaceAll('\n', '\r\n'), []],
    ['line ends of old Macs', NEW.replaceAll('\n', '\r'), []],
    ['a byte order mark', `\ufeff${NEW}`, []],
    ['no line end at the end', NEW.trimEnd(), []],
    ['many of them', `${NEW}\n\n\n`, []],
    ['semicolons', NEW.replaceAll(',', ';'), []],
    ['a line sep=', `sep=;\n${NEW.replaceAll(',', ';')}`, []],
    ['tabs', NEW.replaceAll(',', '\t'), []],
    ['quotes', NEW.replace(/[^,\n]+/g, '"$&"'), []],
    ['blanks around the fields', NEW.replaceAll(',', ' , '), []],
    ['comments', `# made today\n${NEW}\n# the end`, ['--comment', '#']],
  ])('may have %s', async (_, input, flags) => {
    expect(await only(input, ...flags)).toEqual(expected);
    writeFileSync(at('as-people-have-it.csv'), input);
    const file = await simdprop(['predict', model, at('as-people-have-it.csv'), '--only', ...flags]);
    expect(file.out.trimEnd().split('\n').slice(1)).toEqual(expected);
    const bytes = new TextEncoder().encode(input);
    const cut = (async function* () {
      for (let from = 0; from < bytes.length; from += 7) yield bytes.subarray(from, from + 7);
    })();
    expect((await predict(cut, '--only', ...flags)).out.trimEnd().split('\n').slice(1)).toEqual(expected);
  });

  it('may be written in another encoding', async () => {
    const training = TABLE.replaceAll('red', 'röd');
    const bytes = Uint8Array.from(training, (character) => character.charCodeAt(0));
    writeFileSync(at('latin.csv'), bytes);
    const path = at('latin.simdprop');
    const args = ['--target', 'answer', '--test', '0', '--save', path];
    const refused = await simdprop(['train', at('latin.csv'), ...args]);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain('got bytes that are no text in utf-8, want another --encoding, such as');
    const { code, err } = await simdprop(['train', at('latin.csv'), ...args, '--encoding', 'windows-1252']);
    expect(code).toBe(0);
    expect(err).toContain('röd 30');
    const predicted = await simdprop(['predict', path, at('latin.csv'), '--encoding', 'windows-1252']);
    expect(predicted.out.split('\n')[2]).toBe('röd,1,yes,yes');
  });

  it('may have a single row', async () => {
    expect(await only('colour,size\nred,1\n')).toEqual(['yes']);
    const trained = await simdprop(['train', '-', '--target', 'answer'], { input: 'size,answer\n1,2\n' });
    expect(trained).toMatchObject({ code: 2, out: '' });
    const way = '--test: got 0.2 of 1 rows, want a part of at least one: --test 0 measures on the training rows';
    expect(trained.err).toContain(way);
    const alone = await simdprop(['train', '-', '--target', 'answer', '--test', '0', '--json'], {
      input: 'size,answer\n1,2\n',
    });
    expect(alone.code).toBe(0);
    expect(JSON.parse(alone.out).rows).toEqual({ training: 1, test: 0, withoutTarget: 0 });
  });

  it.each([
    ['nothing', '', 'got no rows, want one row or more'],
    ['blank lines', '\n\n  \n', 'got no rows, want one row or more'],
    ['a header alone', 'colour,size,answer\n', 'got a header alone, want one row of values or more'],
  ])('is refused if it has %s, by every command', async (_, input, message) => {
    for (const args of [
      ['predict', model, '-'],
      ['predict', model, '-', '--json'],
      ['evaluate', model, '-'],
      ['train', '-', '--target', 'answer'],
    ]) {
      const { code, out, err } = await simdprop(args, { input });
      expect([code, out], args.join(' ')).toEqual([1, '']);
      expect(err).toBe(`simdprop: standard input: ${message}\n`);
    }
  });

  it('may have a column without values', async () => {
    expect((await only('colour,size\nred,\nblue,NA\n')).length).toBe(2);
    const rows = ROWS.map((row) => `,${row}`);
    const args = ['train', '-', '--target', 'answer', '--epochs', '2', '--json'];
    const { code, out, err } = await simdprop(args, { input: ['empty,colour,size,answer', ...rows].join('\n') });
    expect(code).toBe(0);
    expect(JSON.parse(out).inputs).toEqual(['colour', 'size']);
    expect(err).toMatch(/\nempty +ignored +no values\n/);
    const nothing = ROWS.map((row) => `,${row.slice(row.lastIndexOf(',') + 1)}`);
    const none = await simdprop(args, { input: ['empty,answer', ...nothing].join('\n') });
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toContain('the table: got no column with values besides "answer", want an input');
  });

  it('may lack the target only where it is predicted', async () => {
    const evaluated = await simdprop(['evaluate', model, '-'], { input: NEW });
    expect(evaluated).toMatchObject({ code: 1, out: '' });
    expect(evaluated.err).toContain('standard input: got the columns "colour", "size", want "answer" too');
    const trained = await simdprop(['train', '-', '--target', 'answer'], { input: NEW });
    expect(trained).toMatchObject({ code: 2, out: '' });
    expect(trained.err).toContain('--target: got "answer", want a column of the table: "colour", "size"');
  });

  it('needs two classes, but one number will do', async () => {
    const classes = await simdprop(['train', '-', '--target', 'y'], {
      input: ['x,y', ...ROWS.map((_, i) => `${i},same`)].join('\n'),
    });
    expect(classes).toMatchObject({ code: 2, out: '' });
    expect(classes.err).toContain('--target: got "y" with the class "same" alone, want two classes or more');
    const numbers = await simdprop(['train', '-', '--target', 'y', '--json'], {
      input: ['x,y', ...ROWS.map((_, i) => `${i},5`)].join('\n'),
    });
    expect(numbers.code).toBe(0);
    expect(JSON.parse(numbers.out).test.meanAbsoluteError).toBeLessThan(1e-6);
  });
});

describe('a file that has the columns of an earlier prediction', () => {
  it('gets others, whose names are free', async () => {
    const first = await predict(NEW, '--probabilities');
    const header = 'colour,size,predicted answer,probability of course,probability yes';
    expect(first.out.split('\n')[0]).toBe(header);
    expect(first.err).toBe('');
    const second = await predict(first.out, '--probabilities');
    const named = ['predicted answer 2', 'probability of course 2', 'probability yes 2'];
    expect(second.out.split('\n')[0]).toBe([header, ...named].join(','));
    const message = 'The file has a column "predicted answer": that of this prediction is named "predicted answer 2".';
    expect(second.err.split('\n')[0]).toBe(message);
    const third = await predict(second.out);
    expect(third.code).toBe(0);
    expect(third.out.split('\n')[0]).toMatch(/,predicted answer 3$/);
    expect((await predict(second.out, '--only')).out.split('\n')[0]).toBe('predicted answer');
  });
});

describe('rows that belong together', () => {
  /** A table in which the answer follows from the patient alone, and the number of rows of each patient. */
  const patients = (count: number) =>
    ['x,y,patient', ...Array.from({ length: 8 * count }, (_, i) => `${i % 5},${(i % count) % 2},p${i % count}`)].join(
      '\n',
    );

  it('stay together in the validation too: the model never sees those that decide when training ends', async () => {
    // the answer of each ward can only be learnt by heart: it says nothing about other wards
    const rows = Array.from({ length: 400 }, (_, i) => `w${i % 40},${((i % 40) * 7919) % 13 > 5 ? 1 : 0},p${i % 40}`);
    const input = ['ward,y,patient', ...rows].join('\n');
    const args = ['train', '-', '--target', 'y', '--l2', '0', '--epochs', '60', '--json'];
    const random = JSON.parse((await simdprop([...args, '--ignore', 'patient'], { input })).out);
    const grouped = JSON.parse((await simdprop([...args, '--group', 'patient'], { input })).out);
    expect(random.test.accuracy).toBe(1);
    // a validation drawn at random has the same wards, so it improves for a long time
    expect(random.bestEpoch).toBeGreaterThan(10);
    expect(grouped.bestEpoch).toBeLessThan(8);
    expect(grouped.rows).toEqual({ training: 320, test: 80, withoutTarget: 0 });
  });

  it('are drawn with --validation, or not held back at all', async () => {
    const input = patients(10);
    const args = ['train', '-', '--target', 'y', '--group', 'patient', '--epochs', '5', '--json'];
    for (const validation of ['0', '0.5']) {
      const { code, out, err } = await simdprop([...args, '--validation', validation], { input });
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ inputs: ['x'], epochs: 5 });
    }
  });

  it('must be of three groups or more, unless no rows are held back', async () => {
    const input = patients(2).concat(
      `\n${Array.from({ length: 40 }, (_, i) => `${i % 5},${(i >> 1) % 2},p${i % 2}`).join('\n')}`,
    );
    const args = ['train', '-', '--target', 'y', '--group', 'patient', '--test', '0.5', '--epochs', '5'];
    const { code, out, err } = await simdprop(args, { input });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('--group: got 1 group for 2 parts, want at least one group for each part: training and');
    expect(err).toContain('validation (--validation 0 holds no rows back)');
    expect((await simdprop([...args, '--validation', '0'], { input })).code).toBe(0);
  });

  it('in the order of time: the validation is what comes between the training and the test', async () => {
    // from row 320 on, the answers are reversed
    const rows = Array.from({ length: 500 }, (_, i) => `${i % 10},${(i % 10 > 4) === i < 320 ? 1 : 0}`);
    const input = ['x,y', ...rows].join('\n');
    const args = ['train', '-', '--target', 'y', '--from-end', '--epochs', '60', '--json'];
    const { out, code } = await simdprop(args, { input });
    expect(code).toBe(0);
    const result = JSON.parse(out);
    expect(result.rows).toEqual({ training: 400, test: 100, withoutTarget: 0 });
    // the validation rows have reversed answers: the better the training rows are learnt, the worse the validation
    expect(result.bestEpoch).toBeLessThan(4);
    const last = JSON.parse((await simdprop([...args, '--validation', '0'], { input })).out);
    expect(last.epochs).toBe(60);
  });
});

describe('names that would act in a terminal', () => {
  const EVIL = 'a\u001b[31m\nb\u202e';

  it('are escaped in everything but the data, which stay as they are', async () => {
    const name = `"${EVIL}"`;
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 3},${i % 2 ? name : 'plain'}`);
    const input = [`x,${name}`, ...rows].join('\n');
    const path = at('evil.simdprop');
    const args = ['train', '-', '--target', EVIL, '--epochs', '3', '--importance', '--save', path];
    const texts = [
      await simdprop(args, { input }),
      await simdprop(['info', path]),
      await simdprop(['evaluate', path, '-', '--importance'], { input }),
      await simdprop(['evaluate', path, '-'], { input: 'x,other\n1,2\n' }),
      await simdprop(['train', '-', '--target', `${EVIL}?`], { input }),
      await simdprop(['train', `${EVIL}.csv`, '--target', 'x']),
      await simdprop(['train', '-', '--target', 'x', '--kind', `${EVIL}=number`], { input }),
      await simdprop([EVIL]),
    ];
    for (const { out, err } of texts) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for
      expect(out + err).not.toMatch(/[\u001b\u202e]/);
      expect(out + err).not.toMatch(/^b(\u202e|\\u202e)/m);
    }
    const predicted = await simdprop(['predict', path, '-'], { input });
    expect(predicted.err).toBe('');
    expect(predicted.out.startsWith(`x,${name},"predicted ${EVIL}"\n`)).toBe(true);
    const twice = await simdprop(['predict', path, '-'], { input: predicted.out });
    expect(twice.err).toContain('\\u001b[31m\\nb\\u202e');
    expect(twice.err).not.toContain('\u001b');
  });
});

describe('--json', () => {
  it('is one JSON value for every command, whatever the task', async () => {
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${i},${i % 2},${i % 3 ? 'true' : 'false'},${i % 4}.5,${i % 2 ? '"q""' : '"\\'}"`,
    );
    const input = ['x,a,b,c,d', ...rows].join('\n');
    for (const targets of [['a'], ['a', 'b'], ['c'], ['d'], ['x', 'c']]) {
      const path = at(`json-${targets.join('-')}.simdprop`);
      const flags = targets.flatMap((target) => ['--target', target]);
      const train = ['train', '-', ...flags, '--epochs', '2', '--importance', '--json', '--save', path];
      const commands = [
        train,
        ['predict', path, '-', '--json'],
        ['evaluate', path, '-', '--json', '--importance'],
        ['info', path, '--json'],
      ];
      for (const args of commands) {
        const { code, out, err } = await simdprop(args, { input });
        expect(code, `${args.join(' ')}: ${err}`).toBe(0);
        const value = JSON.parse(out);
        expect(out.endsWith('\n')).toBe(true);
        if (args[0] === 'predict') expect(value.length).toBe(40);
        if (args[0] === 'info') expect(value.targets).toEqual(targets);
      }
    }
    expect(readFileSync(at('json-d.simdprop')).length).toBeGreaterThan(100);
  });
});
