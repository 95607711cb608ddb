import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { fold } from '../src/command/terminal.js';
import { Table } from '../src/tabular.js';
import { createNetwork } from './build.js';
import { simdprop, VERSION } from './run-command.js';
import { elementsOf, parseSvg } from './svg.js';

// scripts/pack/command.mjs tests the same command as a process, from the packed package.

const PENGUINS = fileURLToPath(new URL('../bench/data/penguins.csv', import.meta.url));

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simdprop-command-'));
  const { code } = await simdprop(['train', PENGUINS, '--target', 'Species', '--save', at('penguins.simdprop')]);
  expect(code).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modelOf = () => at('penguins.simdprop');
const withoutSpecies = () => {
  const lines = readFileSync(PENGUINS, 'utf8').trim().split('\n');
  return lines.map((line) => line.slice(line.indexOf(',') + 1)).join('\n');
};

describe('simdprop train', () => {
  it('prints the results alone to the standard output, the rest to the standard error', async () => {
    const { code, out, err } = await simdprop(['train', PENGUINS, '--target', 'Species', '--importance']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Measured on 69 test rows:\naccuracy {2}(9\d|100)\.\d % \(\d+ of 69 rows\)\n/);
    expect(out).toMatch(/\nAdelie +\d\.\d{3} +\d\.\d{3} +\d\.\d{3} +30\n/);
    expect(out).toMatch(/\n +Adelie {2}Chinstrap {2}Gentoo\n/);
    expect(out).toMatch(/\nBeak Length \(mm\) +0\.\d{4} {2}± 0\.\d{4}\n/);
    expect(err).toContain('344 rows, 7 columns\ncolumn ');
    expect(err).toMatch(/\nNetwork \d+-.*-3 .*: \d+ epochs, best in epoch \d+, /);
    expect(out + err).not.toContain('\u001b');
    const quiet = await simdprop(['train', PENGUINS, '--target', 'Species', '--importance', '--quiet']);
    expect(quiet).toEqual({ code: 0, out, err: '' });
  });

  it('prints JSON', async () => {
    const args = [
      '--target',
      'Species',
      '--test',
      '100e-3',
      '--hidden',
      '8,4',
      '--epochs',
      '30',
      '--json',
      '--seed',
      '3',
    ];
    const { code, out } = await simdprop(['train', PENGUINS, ...args, '--save', at('json.simdprop')]);
    expect(code).toBe(0);
    const result = JSON.parse(out);
    expect(result).toMatchObject({ task: 'classes', targets: ['Species'], rows: { training: 310, test: 34 } });
    expect(result.epochs).toBeLessThanOrEqual(30);
    expect(result.bestEpoch).toBeGreaterThanOrEqual(1);
    expect(result.saved).toBe(at('json.simdprop'));
    expect(result.test.confusion.flat().reduce((a: number, b: number) => a + b)).toBe(34);
    expect(result.test.classes).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
    const info = JSON.parse((await simdprop(['info', at('json.simdprop'), '--json'])).out);
    expect(info.layers.map(({ units }: { units: number }) => units)).toEqual([8, 4, 3]);
    const again = JSON.parse((await simdprop(['train', PENGUINS, ...args])).out);
    expect(again.test).toEqual(result.test);
  });

  it('learns numbers, in their units, and leaves out rows without a target', async () => {
    const { code, out, err } = await simdprop(['train', PENGUINS, '--target', 'Body Mass (g)', '--epochs', '100']);
    expect(code).toBe(0);
    const [, r2, mean] = /\nBody Mass \(g\) +(0\.\d+) +([\d.]+) +[\d.]+\n/.exec(out) ?? [];
    expect(Number(r2)).toBeGreaterThan(0.7);
    expect(Number(mean)).toBeGreaterThan(150);
    expect(err).toContain('2 of 344 rows have no target and are left out.');
    const args = ['train', PENGUINS, '--target', 'Body Mass (g)', '--epochs', '1', '--quiet', '--json'];
    const quiet = await simdprop(args);
    expect(quiet.err).toContain('2 of 344 rows have no target and are left out.');
    expect(JSON.parse(quiet.out).rows).toMatchObject({ withoutTarget: 2 });
  });

  it('learns labels, ignores columns, groups rows and takes the last ones', async () => {
    const rows = Array.from({ length: 80 }, (_, i) => `${i % 7},${i % 2},${i % 3 ? 'true' : 'false'},${i % 5 ? 1 : 0}`);
    const input = ['x,id,a,b', ...rows].join('\n');
    const targets = ['--target', 'a', '--target', 'b', '--ignore', 'id', '--epochs', '5', '--hidden', 'none'];
    const { code, out } = await simdprop(['train', '-', ...targets, '--from-end', '--test', '0.25'], { input });
    expect(code).toBe(0);
    expect(out).toContain('Measured on 20 test rows:\nall labels right');
    const group = ['--group', 'id', '--test', '0.5', '--validation', '0', '--json'];
    const grouped = await simdprop(['train', '-', ...targets, ...group], { input });
    expect(JSON.parse(grouped.out)).toMatchObject({ task: 'labels', inputs: ['x'], rows: { training: 40, test: 40 } });
    const whole = await simdprop(['train', '-', ...targets, '--test', '0'], { input });
    expect(whole.out).toMatch(/^Measured on the 80 training rows, because there are no test rows:/);
  });

  it('does not learn from the column that makes the groups', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 2},p${i % 20}`);
    const input = ['x,y,patient', ...rows].join('\n');
    for (const also of [[], ['--ignore', 'patient']]) {
      const args = ['--target', 'y', '--epochs', '3', '--group', 'patient', ...also, '--json'];
      const { code, out, err } = await simdprop(['train', '-', ...args], { input });
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ inputs: ['x'] });
    }
    const none = await simdprop(['train', '-', '--target', 'y', '--group', 'patient', '--ignore', 'x'], { input });
    expect(none).toMatchObject({ code: 2, out: '' });
    expect(none.err).toContain('--ignore, --group: got all columns but the target, want one that is an input');
    const target = await simdprop(['train', '-', '--target', 'y', '--ignore', 'y'], { input });
    expect(target.err).toContain('--ignore: got the target "y", want another column');
  });

  it.each([[0], [-1]])('draws test rows with each class in its share if the classes are %i and 1', async (other) => {
    const rows = Array.from({ length: 100 }, (_, i) => `${i % 7},${i % 10 ? other : 1}`);
    const args = ['train', '-', '--target', 'y', '--epochs', '1', '--json'];
    for (const seed of ['0', '1', '2', '3']) {
      const { out } = await simdprop([...args, '--seed', seed], { input: ['x,y', ...rows].join('\n') });
      const { confusion, classes } = JSON.parse(out).test as { confusion: number[][]; classes: string[] };
      const share = confusion.map((row) => row.reduce((sum, count) => sum + count));
      expect(share[classes.indexOf('1')]).toBe(2);
      expect(share[classes.indexOf(String(other))]).toBe(18);
    }
  });

  it('leaves a class of one row in the training part', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${i === 5 ? 'rare' : i % 2 ? 'odd' : 'even'}`);
    const args = ['train', '-', '--target', 'y', '--epochs', '1', '--json'];
    const { out, err } = await simdprop(args, { input: ['x,y', ...rows].join('\n') });
    const { confusion, classes } = JSON.parse(out || err).test as { confusion: number[][]; classes: string[] };
    expect(classes).toContain('rare');
    expect(confusion[classes.indexOf('rare')].reduce((sum, count) => sum + count)).toBe(0);
  });

  it('writes pictures', async () => {
    const files = ['plot', 'plot-confusion', 'plot-importance'].map((flag) => [`--${flag}`, at(`${flag}.svg`)]);
    const args = ['train', PENGUINS, '--target', 'Species', '--epochs', '20', ...files.flat()];
    const { code, err } = await simdprop(args);
    expect(code).toBe(0);
    expect(err).toContain(`Written: ${files.map(([, path]) => path).join(', ')}`);
    const [curve, confusion, importance] = files.map(([, path]) => parseSvg(readFileSync(path, 'utf8')));
    expect(curve.attributes['aria-label']).toMatch(/^Learning curve: cost after epoch \d+/);
    expect(confusion.attributes['aria-label']).toContain('3 classes');
    expect(elementsOf(importance, 'rect').length).toBe(1 + 6);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('refuses a picture of the confusion of numbers and labels at once, and warns of too many classes', async () => {
    const plot = ['--plot-confusion', at('none.svg')];
    const numbers = await simdprop(['train', PENGUINS, '--target', 'Body Mass (g)', ...plot]);
    expect(numbers).toMatchObject({ code: 2, out: '' });
    expect(numbers.err).toContain('--plot-confusion: got a model that learns numbers, want one that learns classes');
    const path = at('mass.simdprop');
    const args = ['train', PENGUINS, '--target', 'Body Mass (g)', '--epochs', '1', '--save', path];
    expect((await simdprop(args)).code).toBe(0);
    const evaluated = await simdprop(['evaluate', path, PENGUINS, ...plot]);
    expect(evaluated).toMatchObject({ code: 2, out: '' });

    const rows = Array.from({ length: 600 }, (_, i) => `${i % 7},c${i % 300}`);
    const input = ['x,y', ...rows].join('\n');
    const many = await simdprop(['train', '-', '--target', 'y', '--epochs', '1', '--quiet', ...plot], { input });
    expect(many.code).toBe(0);
    expect(many.out).toContain('accuracy');
    expect(many.err).toBe(
      'Warning: --plot-confusion: there are more than 256 classes, so that no picture is written.\n',
    );
    expect(readdirSync(folder)).not.toContain('none.svg');
  });

  it('shows a bar and the learning curve in a terminal, and colours only if they are wanted', async () => {
    const args = ['train', PENGUINS, '--target', 'Species', '--epochs', '20'];
    for (const columns of [80, 40]) {
      const { err, out } = await simdprop(args, { isTTY: true, columns });
      expect(err).toContain('░');
      expect(err).toMatch(/┼|┤/);
      expect(err).toContain('\u001b[34mtraining');
      expect(out).not.toContain('\u001b');
      for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
      const plain = await simdprop(args, { isTTY: true, columns, env: { NO_COLOR: '1' } });
      expect(plain.err).toContain('Cost of validation by epoch, 1 to ');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
      expect(plain.err).not.toMatch(/\u001b\[\d+m/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences
      const lines = (err + plain.err).replaceAll(/\u001b(\[[?\d]*[a-zA-Z]|\d)/g, '').split('\n');
      for (const line of lines.filter((text) => !text.includes('░'))) {
        expect(line.trimEnd().length, line).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('keeps what it has when it is interrupted, and stops at once the second time', async () => {
    const args = ['train', PENGUINS, '--target', 'Species', '--epochs', '1000000', '--validation', '0', '--quiet'];
    const once = await simdprop([...args, '--save', at('once.simdprop'), '--json'], { interrupts: 1 });
    expect(once.code).toBe(130);
    expect(JSON.parse(once.out)).toMatchObject({ epochs: 1, stopped: 'interrupted' });
    expect((await simdprop(['info', at('once.simdprop')])).code).toBe(0);
    expect(once.err).toContain('Interrupted: training ends after this epoch, and its results are kept.');
    const twice = await simdprop([...args, '--save', at('twice.simdprop')], { interrupts: 2 });
    expect(twice).toMatchObject({ code: 130, out: '' });
    expect(twice.err).toContain('simdprop: interrupted: nothing was saved');
    expect(readdirSync(folder)).not.toContain('twice.simdprop');
  });
});

describe('simdprop predict', () => {
  it('adds the predictions to the rows as they stand in the file', async () => {
    const { code, out, err } = await simdprop(['predict', modelOf(), '-'], { input: withoutSpecies() });
    expect([code, err]).toEqual([0, '']);
    const [header, ...lines] = out.trimEnd().split('\n');
    const [givenHeader, ...given] = withoutSpecies().split('\n');
    expect(header).toBe(`${givenHeader},predicted Species`);
    expect(lines.map((line) => line.slice(0, line.lastIndexOf(',')))).toEqual(given);
    const truth = readFileSync(PENGUINS, 'utf8').trim().split('\n').slice(1);
    const right = lines.filter((line, i) => line.endsWith(`,${truth[i].split(',')[0]}`));
    expect(right.length).toBeGreaterThan(330);
  });

  it('prints probabilities that add up to 1, the predictions alone, and JSON', async () => {
    const input = withoutSpecies();
    const { out } = await simdprop(['predict', modelOf(), '-', '--only', '--probabilities'], { input });
    const [header, ...lines] = out.trimEnd().split('\n');
    expect(header).toBe('predicted Species,probability Adelie,probability Chinstrap,probability Gentoo');
    for (const line of lines) {
      const [, ...shares] = line.split(',');
      expect(shares.reduce((sum, share) => sum + Number(share), 0)).toBeCloseTo(1, 5);
    }
    const json = JSON.parse((await simdprop(['predict', modelOf(), '-', '--json'], { input })).out);
    expect(json.map(({ value }: { value: string }) => value)).toEqual(lines.map((line) => line.split(',')[0]));
  });

  it.each([
    ['-1 and 1', ['-1', '1']],
    ['texts and numbers', ['10', '9', 'a']],
  ])('prints probabilities below the names of their classes: %s', async (_, classes) => {
    const rows = Array.from({ length: 90 }, (_, i) => `${i % classes.length},${classes[i % classes.length]}`);
    const input = ['x,y', ...rows].join('\n');
    const path = at('marks.simdprop');
    const args = ['--target', 'y', '--header', '--task', 'classes', '--test', '0', '--save', path];
    expect((await simdprop(['train', '-', ...args], { input })).code).toBe(0);
    const { out } = await simdprop(['predict', path, '-', '--header', '--only', '--probabilities'], { input });
    const [header, ...lines] = out.trimEnd().split('\n');
    const titles = header.split(',').map((title) => title.replace('probability ', ''));
    expect(titles).toEqual(['predicted y', ...classes]);
    for (const line of lines) {
      const [predicted, ...shares] = line.split(',');
      const largest = shares.indexOf(String(Math.max(...shares.map(Number))));
      expect(titles[1 + largest], line).toBe(predicted);
    }
  });

  it('keeps quotes, other delimiters, empty rows and columns that the model does not know apart', async () => {
    const input = [
      'note;Island;Beak Length (mm);Beak Depth (mm);Flipper Length (mm);Body Mass (g);Sex',
      '"a, ""b""; c";Biscoe;50;15;220;5000;MALE',
      '',
      '=1+1;Dream;NA;18,5;190;;',
    ].join('\r\n');
    const { out, code } = await simdprop(['predict', modelOf(), '-', '--decimal', ',', '--kind', 'note=category'], {
      input,
    });
    expect(code).toBe(0);
    const table = Table.fromCsv(out, { kinds: { note: 'category' } });
    expect(table.toRecords().map(({ note }) => note)).toEqual(['a, "b"; c', '=1+1']);
    const safe = await simdprop(
      ['predict', modelOf(), '-', '--decimal', ',', '--kind', 'note=category', '--escape-formulas'],
      { input },
    );
    expect(safe.out).toContain('"\'=1+1"');
  });

  it('takes any columns that the model does not need, and so do evaluate and train --ignore', async () => {
    const rows = Array.from({ length: 2600 }, (_, i) => `${i % 7},${i % 2 ? 'u' : 'v'},${i < 2500 ? i : `page ${i}`}`);
    const input = ['a,y,note', ...rows].join('\n');
    const path = at('notes.simdprop');
    const refused = await simdprop(['train', '-', '--target', 'y'], { input });
    expect(refused.err).toContain('column "note": got "page 2500", want a number');
    const args = ['train', '-', '--target', 'y', '--epochs', '1', '--ignore', 'note', '--save', path];
    const { code, err } = await simdprop(args, { input });
    expect(code, err).toBe(0);
    const predicted = await simdprop(['predict', path, '-'], { input });
    expect(predicted.err).toBe('');
    expect(predicted.out.split('\n')[2501]).toMatch(/^\d,[uv],page 2500,[uv]$/);
    const evaluated = await simdprop(['evaluate', path, '-'], { input });
    expect(evaluated).toMatchObject({ code: 0, err: '' });
    const unknown = await simdprop(['train', '-', '--target', 'y', '--ignore', 'notes'], { input });
    expect(unknown.err).toContain('--ignore: got "notes", want one of "a", "y", "note"');
  });

  it('escapes formulas of several lines, but no numbers, so that its output can be predicted again', async () => {
    const path = at('signs.simdprop');
    const rows = Array.from({ length: 40 }, (_, i) => `${i - 20.5},${i % 2 ? 'u' : '@sum'}`);
    const training = ['a,y', ...rows].join('\n');
    const trained = await simdprop(['train', '-', '--target', 'y', '--save', path], { input: training });
    expect(trained.code).toBe(0);
    const texts = ['"=1+1\ncmd"', '+1-1', '-cmd', '"\t=1"', '-', 'x=1', '+4.5e3', '"-39,1"'];
    const input = ['a,note', ...texts.map((text) => `-39.1,${text}`)].join('\n');
    const { out } = await simdprop(['predict', path, '-', '--escape-formulas'], { input });
    const kinds = { note: 'category' } as const;
    const records = Table.fromCsv(out, { kinds, header: true, missing: [] }).toRecords();
    expect(records.map(({ a }) => a)).toEqual(texts.map(() => -39.1));
    const notes = ["'=1+1\ncmd", "'+1-1", "'-cmd", '-', 'x=1', '+4.5e3', '-39,1'];
    for (const note of notes) expect(records.map((record) => record.note)).toContain(note);
    expect(out).toContain('"\'\t=1"');
    const again = await simdprop(['predict', path, '-', '--only'], { input: out });
    expect(again).toMatchObject({ code: 0, err: '' });
  });

  it('reads many rows in parts', async () => {
    const [header, ...rows] = withoutSpecies().split('\n');
    const input = [header, ...Array.from({ length: 30 }, () => rows).flat()].join('\n');
    const { out } = await simdprop(['predict', modelOf(), '-', '--only'], { input });
    const lines = out.trimEnd().split('\n').slice(1);
    expect(lines.length).toBe(30 * 344);
    expect(lines.slice(-344)).toEqual(lines.slice(0, 344));
    const json = JSON.parse((await simdprop(['predict', modelOf(), '-', '--json'], { input })).out);
    expect(json.length).toBe(30 * 344);
  });
});

describe('simdprop evaluate and info', () => {
  it('evaluate measures a model', async () => {
    const picture = at('evaluate.svg');
    const { code, out } = await simdprop(['evaluate', modelOf(), PENGUINS, '--plot-confusion', picture]);
    expect(code).toBe(0);
    const [, correct] = /^accuracy {2}(?:9\d|100)\.\d % \((\d+) of 344 rows\)/.exec(out) ?? [];
    expect(Number(correct)).toBeGreaterThan(330);
    expect(parseSvg(readFileSync(picture, 'utf8')).attributes['aria-label']).toContain(`${correct} of 344`);
    const json = JSON.parse((await simdprop(['evaluate', modelOf(), PENGUINS, '--json'])).out);
    expect(json).toMatchObject({ task: 'classes', correct: Number(correct), samples: 344 });
  });

  it('info says what is in the file of a model, and of a network alone', async () => {
    const { code, out } = await simdprop(['info', modelOf()]);
    expect(code).toBe(0);
    expect(out).toContain('targets     Species\n');
    expect(out).toContain('Island (category), Beak Length (mm) (number)');
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3 }], seed: 1 });
    writeFileSync(at('net.simdprop'), await net.save());
    expect((await simdprop(['info', at('net.simdprop')])).out).toContain('layers      3 (');
    const refused = await simdprop(['predict', at('net.simdprop'), PENGUINS]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`${at('net.simdprop')}: load: `);
  });
});

describe('help', () => {
  test.each([[['--help']], [['-h']], [['help']]])('%j lists the commands', async (args) => {
    const { code, out, err } = await simdprop(args);
    expect([code, err]).toEqual([0, '']);
    for (const name of ['train', 'predict', 'evaluate', 'info', 'convert']) expect(out).toContain(`  ${name} <`);
  });

  test.each(['train', 'predict', 'evaluate', 'info', 'convert'])(
    'each flag of %s is explained, at 80 and 40 columns',
    async (name) => {
      for (const columns of [80, 40]) {
        const { code, out } = await simdprop([name, '--help'], { isTTY: true, columns });
        expect(code).toBe(0);
        expect(out).toMatch(new RegExp(`^Usage: simdprop ${name} <`));
        const [options, examples] = out.split('Options:')[1].split('Examples:');
        for (const line of options.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
        expect(examples).toContain(`simdprop ${name} `);
        expect((await simdprop(['help', name], { isTTY: true, columns })).out).toBe(out);
      }
    },
  );

  it('the version is printed', async () => {
    expect(await simdprop(['--version'])).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });
});

describe('the exit code', () => {
  const wrong = '/no/such/folder';
  const train = ['train', PENGUINS, '--target', 'Species'];
  const csv = (text: string) => ({ input: text });
  const rows = ['x,y', ...Array.from({ length: 30 }, (_, i) => `${i},${i % 2 ? 'a' : 'b'}`)].join('\n');
  const call = (args: readonly string[], code: number, input = rows): [string, readonly string[], number, string] => [
    args.join(' ').replace(PENGUINS, 'penguins.csv'),
    args,
    code,
    input,
  ];
  const y = ['train', '-', '--target', 'y'];

  test.each([
    // what is to be changed stands in the call
    call([], 2),
    call(['learn'], 2),
    call(['train'], 2),
    call(['info'], 2),
    call(['convert', 'a.onnx'], 2),
    call(['evaluate', 'm.simdprop'], 2),
    call(['predict', '-', PENGUINS], 2),
    call([...train, '--colour'], 2),
    call([...train, '--epochs', 'many'], 2),
    call([...train, '--hidden', '1,x'], 2),
    call([...train, '--activation', 'x'], 2),
    call([...train, '--task', 'numbers'], 2),
    call([...train, '--ignore', 'Nope'], 2),
    call([...train, '--ignore', 'Species'], 2),
    call([...train, '--group', 'Nope'], 2),
    call([...train, '--group', 'Sex'], 2),
    call([...train, '--group', 'Species'], 2),
    call([...train, '--kind', 'Nope=number'], 2),
    call([...train, '--test', '0.001'], 2),
    call([...train, '--test', '344'], 2),
    call([...train, '--validation', '0.001'], 2),
    call([...train, '--save', `${wrong}/m`], 2),
    call([...train, '--save', '.'], 2),
    call([...train, '--save', 'm.png'], 2),
    call([...train, '--plot', 'curve.png'], 2),
    call([...train, '--encoding', 'x'], 2),
    call([...train, '--delimiter', 'xx'], 2),
    call(['train', PENGUINS, '--target', 'Nope'], 2),
    call([...y, '--task', 'labels'], 2),
    call([...y, '--ignore', 'x'], 2),
    call(y, 2, 'x,y\n1,a\n2,a\n3,a'),
    call(['info', PENGUINS], 2),
    call(['convert', PENGUINS, 'm.onnx'], 2),
    call(['convert', PENGUINS, `${wrong}/m.onnx`], 2),
    call(['convert', PENGUINS, 'm.gif'], 2),
    call(['info', PENGUINS, '--from', 'x'], 2),
    // a file, its contents, or the training
    call(['train', `${wrong}.csv`, '--target', 'y'], 1),
    call(['train', '.', '--target', 'y'], 1),
    call(y, 1, ''),
    call(y, 1, 'x,y\n1,2,3'),
    call(y, 1, 'x,x,y\n1,2,3'),
    call([...y, '--kind', 'x=number'], 1, `${rows}\nb,a`),
    call(['info', `${wrong}.onnx`], 1),
    call(['info', PENGUINS, '--from', 'onnx'], 1),
    call(['predict', PENGUINS, PENGUINS], 1),
    call(['predict', `${wrong}.simdprop`, PENGUINS], 1),
    call(['convert', PENGUINS, 'm.onnx', '--from', 'keras'], 1),
  ])('of simdprop %s follows the rule', async (_, args, code, input) => {
    const result = await simdprop(args, csv(input));
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).not.toContain('    at ');
    // whatever names a flag at its beginning is about the call
    expect(/^simdprop: --/.test(result.err) && code !== 2, result.err).toBe(false);
  });
});

describe('a wrong call', () => {
  test.each<[string, string[], number, string]>([
    ['without a command', [], 2, 'Usage: simdprop <command>'],
    [
      'of an unknown command',
      ['trian'],
      2,
      'want one of the commands train, predict, evaluate, info, convert: did you mean train?',
    ],
    ['of no command', ['zzzzz'], 2, 'got "zzzzz", want one of the commands train, predict, evaluate, info, convert\n'],
    [
      'with a target without its flag',
      ['train', 'a.csv', 'Species'],
      2,
      'train: got 2 files, want one: --target "Species" names the column to be learned\n',
    ],
    [
      'with two targets in one',
      ['train', PENGUINS, '--target', 'Species, Sex'],
      2,
      '--target: got "Species, Sex", want a flag for each column: --target "Species" --target "Sex"\n',
    ],
    [
      'with a file for the results',
      ['predict', 'm', 'a.csv', '--out', 'b.csv'],
      2,
      '"--out" is no option of this command: > FILE behind the call writes the results to a file\n',
    ],
    ['of a command of Object', ['toString'], 2, 'got "toString", want one of the commands'],
    ['without a file', ['train', '--target', 'x'], 2, 'train: got 0 files, want one'],
    ['without a target', ['train', 'a.csv'], 2, '--target: got none, want the column to be learned'],
    [
      'with an unknown flag',
      ['train', 'a.csv', '--epoch', '3'],
      2,
      '"--epoch" is no option of this command: did you mean --epochs?',
    ],
    [
      'with a flag without its value',
      ['train', 'a.csv', '--target'],
      2,
      '--target: got no value, want --target COLUMN',
    ],
    [
      'with a word as number',
      ['train', 'a.csv', '--target', 'x', '--epochs', 'ten'],
      2,
      '--epochs: got "ten", want a whole number from 1 to 2147483647',
    ],
    [
      'with a share above 1',
      ['train', 'a.csv', '--target', 'x', '--test', '1.5'],
      2,
      '--test: got "1.5", want 0, a share below 1, such as 0.2, or a number of rows',
    ],
    [
      'with a width of 0',
      ['train', 'a.csv', '--target', 'x', '--hidden', '8,0'],
      2,
      '--hidden: got "0", want a whole number from 1',
    ],
    [
      'with an unknown kind',
      ['train', 'a.csv', '--target', 'x', '--kind', 'a=text'],
      2,
      '--kind: got "a=text", want COLUMN=KIND with',
    ],
    [
      'with both headers',
      ['train', 'a.csv', '--target', 'x', '--header', '--no-header'],
      2,
      '--header and --no-header: got both',
    ],
    ['with a missing file', ['train', 'no.csv', '--target', 'x'], 1, '"no.csv": there is no such file'],
    ['with a folder', ['train', '.', '--target', 'x'], 1, '".": got a folder, want a CSV file'],
    [
      'with a folder that does not exist',
      ['train', PENGUINS, '--target', 'x', '--save', 'no/x'],
      2,
      '--save: got "no/x", whose folder does not exist',
    ],
    [
      'with an unknown column',
      ['train', PENGUINS, '--target', 'x'],
      2,
      '--target: got "x", want a column of the table: "Species", "Island"',
    ],
    [
      'with small letters',
      ['train', PENGUINS, '--target', 'species'],
      2,
      '--target: got "species", want "Species": capital letters matter',
    ],
    [
      'with an unknown activation',
      ['train', PENGUINS, '--target', 'Species', '--activation', 'x'],
      2,
      '--activation: got "x", want one of linear,',
    ],
    ['with one file to predict', ['predict', 'a'], 2, 'predict: got 1 file, want a model and a CSV file'],
    [
      'with a CSV file as model',
      ['predict', PENGUINS, PENGUINS],
      1,
      `${PENGUINS}: load: got a file that begins with "Species,"`,
    ],
  ])('%s is refused', async (_, args, code, message) => {
    const result = await simdprop(args);
    expect(result.err).toContain(message);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).not.toContain('    at ');
  });

  it('names what a model lacks, and flags in place of options', async () => {
    const lacking = await simdprop(['predict', modelOf(), '-'], { input: 'Island,Sex\nBiscoe,MALE\n' });
    expect(lacking).toMatchObject({ code: 1, out: '' });
    expect(lacking.err).toContain('standard input: got the columns "Island", "Sex", want "Beak Length (mm)" too');
    const number = await simdprop(['train', '-', '--target', 'a'], { input: 'a,1\nx,2\n' });
    expect(number.err).toContain('want --no-header if the first row is a sample, --header if it has the names');
    const text = await simdprop(['train', '-', '--target', 'a', '--kind', 'b=number'], { input: 'a,b\nx,2\ny,z\n' });
    expect(text).toMatchObject({ code: 1, out: '' });
  });
});

it('names that would act in a terminal are escaped', async () => {
  const evil = 'red\u001b[31m\u202e';
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 2 ? evil : '</script>'},${i % 2}`);
  const input = [`"${evil}target",x`, ...rows].join('\n');
  const args = ['train', '-', '--target', `${evil}target`, '--epochs', '3', '--plot-confusion', at('evil.svg')];
  const { code, out, err } = await simdprop(args, { input });
  expect(code).toBe(0);
  expect(out + err).not.toMatch(/\u202e/);
  expect(out + err).not.toContain('\u001b');
  expect(out).toContain('"red\\u001b[31m\\u202e"');
  expect(() => parseSvg(readFileSync(at('evil.svg'), 'utf8'))).not.toThrow();
});

test('long lines are folded at blanks, and words that are too long are cut', () => {
  expect(fold('one two three four', 10)).toEqual(['one two', '    three', '    four']);
  expect(fold('abcdefghijklmnop', 8)).toEqual(['abcdefgh', '    ijkl', '    mnop']);
  expect(fold('short', 8)).toEqual(['short']);
});
