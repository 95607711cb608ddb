import { isKind } from '../check/arrays.js';
import { foreignContents } from '../check/contents.js';
import { awaited, outOfRange, quote, wrongType } from '../check/errors.js';
import { findDelimiter, readSeparatorLine } from './csv-delimiter.js';
import { type Decimal, looksLikeNumber } from './csv-numbers.js';
import type { Part } from './csv-rows.js';

// The checks and decisions that all readers of CSV texts share, before they read values.

/** Checks the options `delimiter`, `comment` and `decimal`. */
export function checkMarks(delimiter: unknown, comment: unknown, decimal: unknown): void {
  checkMark('options.delimiter', delimiter);
  checkMark('options.comment', comment);
  if (decimal !== undefined && decimal !== '.' && decimal !== ',') {
    throw wrongType('options.decimal', decimal, '"." or ","');
  }
  if (comment !== undefined && comment === delimiter) {
    throw outOfRange('options.comment', quote(comment as string), 'another character than options.delimiter');
  }
}

function checkMark(where: string, mark: unknown): void {
  if (mark === undefined) return;
  const wanted = 'one character that is no quote and no line end';
  if (typeof mark !== 'string') throw wrongType(where, mark, wanted);
  if (mark.length !== 1 || '\r\n"\ufeff'.includes(mark)) throw outOfRange(where, quote(mark), wanted);
}

/** One field that looks like the path or the address of a file. */
const PATH = /^[^\n\r,;\t|]+\.(csv|tsv|tab|txt|data|dat|json|parquet|gz|zip|xlsx?)$|^[a-z]+:\/\/\S+$/i;
const FROM_PATH = ": readFileSync(path, 'utf8') or (await fetch(url)).text() gets it";

/** The end of the message for a value that is not the text of a file, but says where it is. */
function wayToText(value: unknown): string {
  if (isKind(value, 'URL')) return FROM_PATH;
  return ArrayBuffer.isView(value) || isKind(value, 'ArrayBuffer')
    ? ': new TextDecoder().decode(bytes) gets it from bytes'
    : awaited(value, 'text');
}

/** Accepts a string that may be the text of a CSV file. */
export function checkText(name: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') {
    throw wrongType(name, text, `a string: the text of the file${wayToText(text)}`);
  }
  if (PATH.test(text)) throw outOfRange(name, quote(text), `the text of the file${FROM_PATH}`);
  const foreign = foreignContents(text);
  if (foreign) throw outOfRange(name, foreign, 'the text of a CSV file');
  checkCharacters(name, text);
}

/** Refuses characters of code 0, which a text in UTF-16 contains if it was decoded as something else. */
export function checkCharacters(name: string, text: string): void {
  if (!text.includes('\0')) return;
  const wanted = 'text that is decoded as it was written (of UTF-16: new TextDecoder("utf-16le").decode(bytes))';
  throw outOfRange(name, 'text with characters of code 0', wanted);
}

/** How a text is divided into fields. */
export interface Divided {
  /** The text without a first line such as `sep=;`. */
  readonly text: string;
  readonly delimiter: string;
  /** The end of messages whose cause may be a wrong delimiter. Empty if the delimiter was given. */
  readonly hint: string;
}

/** Finds the delimiter of a text, or of the first part of a text. `given` is the option `delimiter`. */
export function divide(
  name: string,
  text: string,
  given: string | undefined,
  comment: string,
  decimal: Decimal,
  part?: Part,
): Divided {
  const { declared, rest } = readSeparatorLine(text);
  const stated = given ?? declared;
  const found = stated ?? findDelimiter(name, rest, comment, decimal, part);
  // a file with a single column has no delimiter; a comma would divide its decimal commas, so a semicolon is taken
  const delimiter = found ?? (decimal === ',' ? ';' : ',');
  const shown = found === undefined ? 'none' : quote(found);
  const hint = stated === undefined ? `: the delimiter found is ${shown}, options.delimiter sets another` : '';
  return { text: rest, delimiter, hint };
}

/** Refuses a number among the names of columns: the first row may be a sample, which would be lost. */
export function checkHeader(where: string, names: readonly string[]): void {
  const number = names.find(looksLikeNumber);
  if (number === undefined) return;
  const wanted = '{ header: false } if the first row is a sample, { header: true } if it has the names';
  throw outOfRange(where, `the number ${quote(number)} in the place of a column's name`, wanted);
}

/** The error for a row with another number of fields than the first one. */
export function wrongCount(
  name: string,
  row: number,
  fields: readonly string[],
  { wanted, first, comment, hint }: { wanted: number; first: number; comment: string; hint: string },
): RangeError {
  const leaves = /^\s*[#%]/.exec(fields[0])?.[0].trim();
  const comments = comment === '' && leaves ? `: { comment: ${quote(leaves)} } leaves comments out` : '';
  const got = `${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`;
  return outOfRange(`${name}: row ${row}`, got, `${wanted}, as in row ${first}${comments}${hint}`);
}
