import { createReadStream, statSync } from 'node:fs';
import { quote } from '../check/errors.js';
import { type ColumnKind, type CsvStreamOptions, type Encoder, Table } from '../tabular.js';
import { UsageError } from './failure.js';
import { type Flags, type Given, listOf, textOf, wordOf } from './flags.js';
import { printable, type Terminal } from './terminal.js';

// How the commands read CSV files.

export const DATA_FLAGS: Flags = {
  delimiter: { value: 'CHARACTER', help: 'between two fields; by default it is detected' },
  decimal: { value: 'CHARACTER', help: '"," if numbers are written 0,5; by default "."' },
  header: { help: 'the first row has the names of the columns, although there are numbers in it' },
  'no-header': { help: 'the first row has values; the columns are named "column 1", "column 2", ...' },
  comment: { value: 'CHARACTER', help: 'rows that begin with it are left out' },
  encoding: { value: 'NAME', help: 'such as windows-1252; by default utf-8' },
  missing: { value: 'TEXT', isMultiple: true, help: 'stands for a missing value, in place of NA, ?, ... (repeatable)' },
  'date-order': { value: 'ORDER', help: 'dmy or mdy: also reads dates such as 31.12.2026 or 12/31/2026' },
  kind: {
    value: 'COLUMN=KIND',
    isMultiple: true,
    help: 'number, category, date, boolean or ignored: the kind of a column, in place of the guessed one (repeatable)',
  },
};

/** The flags that say how a file was written. Models keep the kinds of their columns and the texts of `--missing`. */
const FORM_FLAGS = Object.keys(DATA_FLAGS).filter((flag) => flag !== 'kind' && flag !== 'missing');

/** The flags with which further files of the same form are read. */
export function formOf(given: Given): string[] {
  return FORM_FLAGS.flatMap((flag) => {
    const value = given[flag];
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${flag}`];
    return [value].flat().map((text) => `--${flag}=${quote(text, 400)}`);
  });
}

const KINDS: readonly ColumnKind[] = ['number', 'category', 'date', 'boolean', 'ignored'];

/** The options of a table that the flags ask for. */
export function readingOf(given: Given, name: string): CsvStreamOptions {
  if (given.header && given['no-header']) throw new UsageError('--header and --no-header: got both, want one');
  const kinds = kindsOf(listOf(given, 'kind') ?? []);
  return {
    name,
    delimiter: textOf(given, 'delimiter')?.replace(/^\\t$/, '\t'),
    decimal: wordOf(given, 'decimal', ['.', ',']),
    header: given.header ? true : given['no-header'] ? false : undefined,
    comment: textOf(given, 'comment'),
    encoding: textOf(given, 'encoding'),
    missing: listOf(given, 'missing'),
    dateOrder: wordOf(given, 'date-order', ['dmy', 'mdy']),
    kinds: Object.keys(kinds).length > 0 ? kinds : undefined,
  };
}

function kindsOf(list: readonly string[]): Record<string, ColumnKind> {
  const kinds = list.map((text) => {
    // the name itself may contain =
    const place = text.lastIndexOf('=');
    const kind = text.slice(place + 1) as ColumnKind;
    if (place < 0 || !KINDS.includes(kind)) {
      throw new UsageError(`--kind: got ${quote(text)}, want COLUMN=KIND with one of ${KINDS.join(', ')}`);
    }
    return [text.slice(0, place), kind] as const;
  });
  return Object.fromEntries(kinds);
}

/** The kinds of a model's columns, together with the kinds that flags give to other columns. */
export function kindsForModel(own: Readonly<Record<string, ColumnKind>>, given: CsvStreamOptions['kinds'] = {}) {
  for (const [name, kind] of Object.entries(given)) {
    if (!Object.hasOwn(own, name) || own[name] === kind) continue;
    const [got, wanted] = [kind, own[name]].map((it) => quote(`${name}=${it}`, 200));
    throw new UsageError(`--kind: got ${got}, want ${wanted}, as the model has learned it`);
  }
  return { ...own, ...given };
}

/** How files for a model are read: as missing values, with the texts of the training data, unless flags say others. */
export const readingLike = ({ missing }: Encoder, given: CsvStreamOptions): CsvStreamOptions => ({
  ...given,
  missing: given.missing ?? missing,
});

/** What errors call a file. */
export const nameOf = (path: string): string => (path === '-' ? 'standard input' : printable(path));

/** Refuses a folder in place of a file. */
export function checkNoFolder(path: string, wanted: string): void {
  if (statSync(path).isDirectory()) throw new Error(`${quote(path, 400)}: got a folder, want ${wanted}`);
}

export function sourceOf(path: string, terminal: Terminal): AsyncIterable<string | Uint8Array> {
  if (path === '-') return terminal.input;
  checkNoFolder(path, 'a CSV file');
  return createReadStream(path);
}

/**
 * Calls `read`, which reads a file in the kinds that a model wants. If the file lacks one of the columns, the error
 * says that the model needs it.
 */
export async function readForModel<T>(name: string, given: Given, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const [, missing, columns] = /^options\.kinds: got (.*), want one of (.*)$/s.exec((error as Error).message) ?? [];
    if (missing === undefined || given.kind !== undefined) throw error;
    throw new Error(`${name}: got the columns ${columns}, want ${missing} too, which the model needs`, {
      cause: error,
    });
  }
}

/** Reads the table in a file. */
export async function readTable(path: string, reading: CsvStreamOptions, terminal: Terminal): Promise<Table> {
  return await Table.fromCsvStream(sourceOf(path, terminal), reading);
}
