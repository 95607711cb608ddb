import { arrayType, isKind } from '../check/arrays.js';
import { foreignContents } from '../check/contents.js';
import { awaited, counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { checkMarks, checkText } from '../io/csv-text.js';
import { type PartsStream, readAll } from '../io/read-all.js';
import type { Columns } from './column.js';
import { type CsvBlock, type CsvDialect, CsvTableReader } from './csv-table-reader.js';
import { checkHeaderOption, checkReading, type Reading, TABLE_KEYS, type TableOptions } from './reading.js';

/** Options of `Table.fromCsv`. */
export interface CsvTableOptions extends TableOptions {
  /**
   * true: the first row has the names of the columns; an empty name is replaced by the column's number, such as `column
   * 3`. false: all columns are named in this way.
   * @defaultValue `true`; but if a field of the first row is a number, there is no default, because the row may hold
   *   values, which would be lost
   */
  header?: boolean | undefined;
  /**
   * The names of all columns, in place of those of the header.
   * @defaultValue the names of the header
   */
  names?: readonly string[] | undefined;
  /**
   * The character between two fields.
   * @defaultValue the one in a first line such as `sep=;`, or else comma, semicolon, tab or bar, whichever fits; a
   *   RangeError asks for it if two of them fit
   */
  delimiter?: string | undefined;
  /**
   * A character such as `#`: rows that begin with it are comments and are left out.
   * @defaultValue there are no comments
   */
  comment?: string | undefined;
}

/** Options of `Table.fromCsvStream`. */
export interface CsvStreamOptions extends CsvTableOptions {
  /**
   * How bytes are decoded: a label of `TextDecoder`, such as `'windows-1252'`.
   * @defaultValue `'utf-8'`
   */
  encoding?: string | undefined;
}

/**
 * A text that comes in parts, as strings or bytes: a stream of a page or of Node, the `Response` of `fetch`, a `Blob`
 * or `File`, or any iterable, async or not.
 */
export type CsvSource =
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>
  | PartsStream
  | { readonly body: PartsStream | null }
  | { stream(): PartsStream };

const CSV_KEYS: readonly string[] = [
  ...TABLE_KEYS,
  ...(['header', 'names', 'delimiter', 'comment'] satisfies (keyof CsvTableOptions)[]),
];
const STREAM_KEYS: readonly string[] = [...CSV_KEYS, 'encoding'];

/** The most characters in a row of a stream. Without a limit, a quote that is never closed would take all memory. */
const MOST_IN_ROW = 2 ** 22;
/** A block of rows ends when its text has this many characters. */
const MOST_IN_BLOCK = 2 ** 22;

export function columnsFromCsv(text: string, options: CsvTableOptions): Columns {
  const { reading, dialect } = checkOptions(options, CSV_KEYS);
  checkText(reading.name, text);
  const reader = new CsvTableReader(reading, dialect);
  reader.push(text);
  return reader.finish();
}

export async function columnsFromCsvStream(source: unknown, options: CsvStreamOptions): Promise<Columns> {
  const { reader, pushed } = readerOf(source, options, false);
  for await (const _ of pushed);
  return reader.finish();
}

/** The rows of a stream, some after others: at least `rows` at a time, or fewer if they are long. */
export async function* blocksFromCsvStream(
  source: unknown,
  options: CsvStreamOptions,
  rows: number,
): AsyncGenerator<CsvBlock, void, undefined> {
  const { reader, pushed } = readerOf(source, options, true);
  let characters = 0;
  for await (const length of pushed) {
    characters += length;
    if (reader.rows === 0 || (reader.rows < rows && characters < MOST_IN_BLOCK)) continue;
    yield reader.take();
    characters = 0;
  }
  reader.end();
  if (reader.rows > 0) yield reader.take();
}

/** A reader, and the lengths of the texts of a stream, each of which has been pushed to it. */
function readerOf(source: unknown, options: CsvStreamOptions, keepsFields: boolean) {
  const { reading, dialect } = checkOptions(options, STREAM_KEYS);
  const decoder = decoderOf(options.encoding);
  const reader = new CsvTableReader(reading, dialect, keepsFields);
  return { reader, pushed: pushAll(reader, reading.name, source, decoder) };
}

async function* pushAll(
  reader: CsvTableReader,
  name: string,
  source: unknown,
  decoder: TextDecoder,
): AsyncGenerator<number, void, undefined> {
  const push = (text: string): number => {
    reader.push(text);
    const { row, characters } = reader.open;
    if (characters > MOST_IN_ROW) {
      const wanted = `at most ${MOST_IN_ROW}: perhaps a quote is never closed; if not, Table.fromCsv accepts the whole text`;
      throw outOfRange(`${name}: row ${row}`, counted(characters, 'character'), wanted);
    }
    return text.length;
  };
  let isFirst = true;
  for await (const part of partsOf(name, source)) {
    if (isFirst && part.length > 0) {
      const foreign = foreignContents(part);
      if (foreign) throw outOfRange(name, foreign, 'the text of a CSV file');
      isFirst = false;
    }
    yield push(typeof part === 'string' ? part : decode(name, decoder, part));
  }
  yield push(decode(name, decoder));
}

function checkOptions(
  options: CsvTableOptions,
  keys: readonly string[],
): { readonly reading: Reading; readonly dialect: CsvDialect } {
  const reading = checkReading('csv', options, keys);
  const { header, names, delimiter, comment = '' } = options;
  checkHeaderOption(header);
  checkMarks(delimiter, options.comment, reading.decimal);
  return {
    reading,
    dialect: { header, names: names === undefined ? undefined : checkNames(names), delimiter, comment },
  };
}

function checkNames(names: unknown): readonly string[] {
  if (!Array.isArray(names)) throw wrongType('options.names', names, 'an array of names');
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (typeof name !== 'string') throw wrongType(`options.names[${i}]`, name, 'a name');
    if (seen.has(name)) throw outOfRange(`options.names[${i}]`, quote(name), 'names that differ');
    seen.add(name);
  }
  return names;
}

function decoderOf(encoding: unknown): TextDecoder {
  if (encoding !== undefined && typeof encoding !== 'string') {
    throw wrongType('options.encoding', encoding, 'a label of TextDecoder, such as "windows-1252"');
  }
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw outOfRange('options.encoding', quote(String(encoding)), 'a label of TextDecoder, such as "windows-1252"');
  }
}

/** The text of a part of the bytes. Without a part: the rest of the last character. */
function decode(name: string, decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: bytes !== undefined });
  } catch {
    const wanted = 'another options.encoding, such as "windows-1252" for files of Excel';
    throw outOfRange(name, `bytes that are no text in ${decoder.encoding}`, wanted);
  }
}

/** The parts of a source. Values other than strings and bytes are refused. */
async function* partsOf(name: string, source: unknown): AsyncGenerator<string | Uint8Array, void, undefined> {
  for await (const part of iterableOf(name, source)) {
    if (typeof part === 'string') yield part;
    else if (arrayType(part) === 'Uint8Array') yield part as Uint8Array;
    else if (isKind(part, 'ArrayBuffer')) yield new Uint8Array(part as ArrayBuffer);
    else throw wrongType(`${name}: a part of the stream`, part, 'a string or a Uint8Array');
  }
}

function iterableOf(name: string, source: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  const isPlace = typeof source === 'string' || isKind(source, 'URL');
  const way = isPlace
    ? ': createReadStream(path) or await fetch(url); Table.fromCsv takes a text'
    : awaited(source, '');
  const wanted = `a stream, a Response, a Blob or an iterable of strings or bytes${way}`;
  if (typeof source !== 'object' || source === null) throw wrongType(name, source, wanted);
  if (Symbol.asyncIterator in source) return source as AsyncIterable<unknown>;
  if (Symbol.iterator in source && !ArrayBuffer.isView(source)) return source as Iterable<unknown>;
  if ('ok' in source && source.ok === false) {
    throw outOfRange(
      name,
      `a response of status ${String(Object(source).status)}`,
      'one that is ok: the address may be wrong',
    );
  }
  if ('getReader' in source) return readAll(source as PartsStream);
  if ('body' in source && source.body) return iterableOf(name, source.body);
  if ('stream' in source && typeof source.stream === 'function') return iterableOf(name, source.stream());
  throw wrongType(name, source, wanted);
}
